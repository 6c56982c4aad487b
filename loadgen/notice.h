/* notice - the bridge's word, in-band, that it ends the call and why
 * (docs/ipsp.md, "In-band control"). */
#ifndef LOADGEN_NOTICE_H
#define LOADGEN_NOTICE_H

#include "loadgen/caller.h"

#define NOTICE_WHY_MAX 256 /* bytes */

struct notice {
	enum caller_end end; /* CALLER_NOT_ENDED: a reason unknown to us */
	char *why;	     /* the bridge's sentence, or NULL; caller frees */
};

/* Reads one message. FALSE: it is no "end", or malformed. */
gboolean notice_read(struct notice *notice_r, const char *json, gsize size);

#endif
