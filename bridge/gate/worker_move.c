/* A room moves from one worker to another. */
#include "bridge/gate/private.h"

#include <errno.h>
#include <stdlib.h>

/* The way from one to the other, made when it is first gone. */
static struct relay *relay_between(struct worker *from, struct worker *to)
{
	struct relay *rly = from->relays;

	while (rly && rly->away != to)
		rly = rly->next;
	if (rly)
		return rly;
	if (relay_create(&rly, from, to))
		return NULL;
	rly->next = from->relays;
	from->relays = rly;
	return rly;
}

static void free_routes(struct route *route)
{
	while (route) {
		struct route *next = route->next;

		free(route);
		route = next;
	}
}

static struct move *make_move(struct worker *from, struct worker *to,
			      struct mix *mix, unsigned sessions)
{
	struct move *mov = calloc(1, sizeof(*mov));

	if (!mov)
		return NULL;
	mov->mix = mix;
	mov->relay = relay_between(from, to);
	for (unsigned i = 0; mov->relay && i < sessions; i++) {
		struct route *route = calloc(1, sizeof(*route));

		if (!route)
			break;
		route->next = mov->routes;
		mov->routes = route;
		if (i == sessions - 1)
			return mov;
	}
	free_routes(mov->routes);
	free(mov);
	return NULL;
}

static void doze(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
}

int worker_move(struct worker *from, struct worker *to, struct mix *mix,
		unsigned sessions)
{
	struct move *mov = make_move(from, to, mix, sessions);
	int r = mov ? worker_command(from,
				     &(struct command){ .kind = COMMAND_DETACH,
							.move = mov })
		    : -ENOMEM;

	if (r) {
		free_routes(mov ? mov->routes : NULL);
		free(mov);
		return r;
	}
	while (!atomic_load_explicit(&mov->detached, memory_order_acquire))
		doze();
	free_routes(mov->routes);
	mov->routes = NULL;
	if (!mov->entry) {
		free(mov);
		return -ENOENT;
	}
	/* The room has no worker now: there is no way back. */
	while (worker_command(
		to, &(struct command){ .kind = COMMAND_ATTACH, .move = mov }))
		doze();
	return 0;
}
