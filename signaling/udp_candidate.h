/* udp_candidate - "192.0.2.1:40000" or "[2001:db8::1]:40000" of a command line
 * as a candidate. */
#ifndef SIGNALING_UDP_CANDIDATE_H
#define SIGNALING_UDP_CANDIDATE_H

#include <glib.h>

#include "signaling/ipsp.h"

/* FALSE: it is no IP address and port. */
gboolean udp_candidate_parse(struct ipsp_candidate *cand_r, const char *text);

#endif
