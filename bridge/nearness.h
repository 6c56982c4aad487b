/* nearness - how far the networks of callers are from the sites: the round-trip
 * times of those who called, kept for those who call next from there.
 *
 * A network is 24 bits of an IPv4 address, 48 of an IPv6 one. Private addresses
 * are passed over: the same ones are in use behind every NAT. Pure; time is an
 * argument, monotonic. */
#ifndef BRIDGE_NEARNESS_H
#define BRIDGE_NEARNESS_H

#include <glib.h>

#define NEARNESS_MAX   16384		  /* pairs of a network and a site */
#define NEARNESS_TRUST (24 * 3600 * 1000) /* ms */

struct nearness;

struct nearness *nearness_create(void);
/* Accepts NULL; sets *nearp to NULL. */
void nearness_destroy(struct nearness **nearp);

/* Measured with a caller there, one sample. path: as in struct member,
 * "192.0.2.1:5004" or "[2001:db8::1]:5004"; any other text is passed over.
 * Samples are smoothed as in RFC 6298, 2. Where NEARNESS_MAX pairs are known,
 * those that were not measured for long are forgotten. */
void nearness_note(struct nearness *near, const char *path, const char *site,
		   double rtt_ms, gint64 now_ms);

/* Of a caller at this address (a literal). Below 0: not known. */
double nearness_rtt_ms(const struct nearness *near, const char *address,
		       const char *site, gint64 now_ms);

#endif
