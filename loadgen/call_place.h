/* call_place - one of the gates where a call may be (docs/ipsp.md, "Standby"):
 * the credentials and candidates by which a caller registers there, and the
 * stream that only this gate and he know.
 *
 * Created and destroyed by the control thread; belongs to the call from when
 * it is given one until that lets it go. */
#ifndef LOADGEN_CALL_PLACE_H
#define LOADGEN_CALL_PLACE_H

#include "loadgen/registration.h"
#include "mixer/stream.h"

struct call_place_config {
	unsigned k;    /* its number; never used twice in a dialog */
	char gate[64]; /* its gate's name, for people */
	struct registration_config registration;
	struct stream_config stream; /* with the SSRCs of k */
};

struct call_place {
	unsigned k;		 /* {const} */
	char gate[64];		 /* {const} */
	uint32_t ssrc;		 /* {const} of what the gate sends */
	struct registration reg; /* {worker} */
	struct stream *stream;	 /* {worker} */
	struct call_place *next; /* {worker} of the call's standbys */
};

/* Returns 0, -EINVAL or -ENOMEM. */
int call_place_create(struct call_place **place_r,
		      const struct call_place_config *cfg);
/* With all that follow it. Accepts NULL; forgets the keys. */
void call_place_destroy(struct call_place **placep);

#endif
