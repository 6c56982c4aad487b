#include "loadgen/call_place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int call_place_create(struct call_place **place_r,
		      const struct call_place_config *cfg)
{
	struct call_place *place = calloc(1, sizeof(*place));
	int r;

	if (!place)
		return -ENOMEM;
	place->k = cfg->k;
	memcpy(place->gate, cfg->gate, sizeof(place->gate));
	place->ssrc = cfg->stream.receive_ssrc;
	r = registration_init(&place->reg, &cfg->registration, 0);
	if (!r)
		r = stream_create(&place->stream, &cfg->stream);
	if (r)
		call_place_destroy(&place);
	*place_r = place;
	return r;
}

void call_place_destroy(struct call_place **placep)
{
	struct call_place *place = *placep;

	*placep = NULL;
	while (place) {
		struct call_place *next = place->next;

		stream_destroy(&place->stream);
		explicit_bzero(place, sizeof(*place));
		free(place);
		place = next;
	}
}
