/* rooms - every room of the configuration, found by the address that a mail
 * names.
 *
 * Control thread only. */
#ifndef BRIDGE_ROOMS_H
#define BRIDGE_ROOMS_H

#include <glib.h>

#include "bridge/config.h"
#include "bridge/room/room.h"

struct rooms;

/* A room and what the configuration says of it. */
struct hall {
	struct room *room;
	const struct config_room *rules; /* of the newest configuration */
};

struct rooms *rooms_create(const struct room_effects *effects,
			   const struct room_observer *observer, void *arg);
/* Closes every room. */
void rooms_destroy(struct rooms **rmsp);

/* Opens new rooms, gives the others their new rules, closes those that are
 * gone: nobody else is dropped. cfg must live until the next call. */
void rooms_configure(struct rooms *rms, const struct config *cfg);

/* The room of `address`, or of room@ when address is room+detail@; then
 * detail_r (of `cap` bytes) holds the detail, else "". NULL: none. */
const struct hall *rooms_find(const struct rooms *rms, const char *address,
			      char *detail_r, gsize cap);

/* Whether one of the rooms of the account is in the domain of address. */
gboolean rooms_own_domain(const struct rooms *rms, const char *account,
			  const char *address);

/* Every room's address, NULL-terminated; until the next configuration. */
const char *const *rooms_addresses(const struct rooms *rms);

/* struct room *; the caller unrefs the array. */
GPtrArray *rooms_all(const struct rooms *rms);
/* Those of an account (NULL: of all), likewise. */
GPtrArray *rooms_of(const struct rooms *rms, const char *account);

#endif
