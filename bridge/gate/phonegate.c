#include "bridge/gate/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int phonegate_create(struct phonegate **gate_r, const char *id, struct mix *mix,
		     unsigned sessions)
{
	size_t size = strlen(id) + 1;
	struct phonegate *gate;

	if (!mix || !sessions || size > sizeof(gate->id))
		return -EINVAL;
	gate = calloc(1, sizeof(*gate));
	if (!gate)
		return -ENOMEM;
	memcpy(gate->id, id, size);
	gate->mix = mix;
	gate->places = sessions;
	*gate_r = gate;
	return 0;
}

void phonegate_destroy(struct phonegate **gatep)
{
	free(*gatep);
	*gatep = NULL;
}
