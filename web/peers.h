/* peers - how many things each network address holds, with one limit:
 * connections of the server, unproven media paths.
 *
 * A peer is a text: an IPv4 address, or the /64 of an IPv6 address, because
 * one host has all of that. */
#ifndef WEB_PEERS_H
#define WEB_PEERS_H

#include <sys/socket.h>

#include <glib.h>

struct peers;

struct peers *peers_create(guint limit);
void peers_destroy(struct peers **prsp);

/* The peer of a socket address; IPv4-mapped is IPv4. Caller frees. */
char *peers_name(const struct sockaddr_storage *addr);

/* The address itself: an IPv4-mapped one as IPv4. */
void peers_address(const struct sockaddr_storage *addr,
		   struct sockaddr_storage *plain_r);

/* FALSE, and nothing taken, when the peer is at the limit. */
gboolean peers_take(struct peers *prs, const char *peer);
/* Gives back what one peers_take() took. */
void peers_give(struct peers *prs, const char *peer);

#endif
