/* offer - whether a room takes the PhoneGate that a caller offers in INVITE
 * (docs/ipsp.md, "Offered PhoneGates"). Pure; control thread. */
#ifndef BRIDGE_OFFER_H
#define BRIDGE_OFFER_H

#include <glib.h>

#include "bridge/config.h"
#include "signaling/ipsp.h"

/* Leaves in invite the first gate whose candidates the room's rules allow, and
 * these alone, or none. address: who sent it. What is not taken is logged with
 * the reason; the caller is welcome all the same. */
void offer_screen(const struct config_room *rules, const char *address,
		  struct ipsp_message *invite);

#endif
