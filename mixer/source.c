#include "mixer/source.h"

#include <errno.h>
#include <stdlib.h>

#define PLACES_IN_CLEAR 2

int sources_init(struct sources *srcs, uint32_t ssrc, bool encrypted)
{
	*srcs = (struct sources){ .encrypted = encrypted, .max = 1 };
	if (!ssrc)
		srcs->max = encrypted ? SOURCES_MAX : PLACES_IN_CLEAR;
	srcs->list = calloc(srcs->max, sizeof(*srcs->list));
	if (!srcs->list)
		return -ENOMEM;
	if (ssrc) {
		srcs->current = srcs->list;
		srcs->current->ssrc = ssrc;
		sources_keep(srcs, srcs->current);
	}
	return 0;
}

void sources_fini(struct sources *srcs)
{
	free(srcs->list);
	srcs->list = NULL;
}

/* A place for one more; in the clear the one that is not heard gives way. */
static struct source *free_place(struct sources *srcs)
{
	if (srcs->n < srcs->max)
		return &srcs->list[srcs->n];
	if (srcs->encrypted || srcs->max == 1)
		return NULL;
	srcs->n--;
	if (srcs->current == &srcs->list[srcs->n]) {
		srcs->list[0] = *srcs->current;
		srcs->current = srcs->list;
	}
	return &srcs->list[srcs->n];
}

struct source *sources_find(struct sources *srcs, uint32_t ssrc)
{
	struct source *src;

	for (unsigned i = 0; i < srcs->n; i++)
		if (srcs->list[i].ssrc == ssrc)
			return &srcs->list[i];
	src = free_place(srcs);
	if (src)
		*src = (struct source){ .ssrc = ssrc };
	return src;
}

void sources_keep(struct sources *srcs, struct source *src)
{
	if (!src->known)
		srcs->n++;
	src->known = true;
}

bool sources_follow(struct sources *srcs, struct source *src, uint64_t index,
		    uint64_t now_us)
{
	bool in_row = src->next == index;

	src->next = index + 1;
	if (srcs->current && srcs->current != src &&
	    (now_us - srcs->heard_us < SOURCES_SILENCE_US ||
	     !(srcs->encrypted || in_row)))
		return false;
	srcs->current = src;
	srcs->heard_us = now_us;
	return true;
}
