#include "bridge/offer.h"

#include <string.h>

#include "bridge/candidates.h"
#include "signaling/screen.h"

static gboolean may_be_tried(const struct config_room *rules,
			     const struct ipsp_candidate *cand)
{
	struct sockaddr_storage address;

	return *cand->address &&
	       candidates_parse(cand->address, cand->port, &address) &&
	       candidates_in(
		       &address,
		       (const char *const *)rules->offered_gates_networks);
}

/* The gate with what may be tried of it. */
static struct ipsp_gate allowed_part(const struct config_room *rules,
				     const struct ipsp_gate *gate)
{
	struct ipsp_gate part = *gate;

	part.n_candidates = 0;
	memset(part.candidates, 0, sizeof(part.candidates));
	for (guint i = 0; i < gate->n_candidates; i++)
		if (may_be_tried(rules, &gate->candidates[i]))
			part.candidates[part.n_candidates++] =
				gate->candidates[i];
	return part;
}

static const char *choose(const struct config_room *rules, const char *address,
			  const struct ipsp_message *invite,
			  struct ipsp_gate *chosen_r)
{
	if (!rules->offered_gates)
		return "the room takes none";
	if (!screen_is_listed(address,
			      (const char *const *)rules->offered_gates))
		return "the room does not trust this address";
	for (guint i = 0; i < invite->n_gates; i++) {
		*chosen_r = allowed_part(rules, &invite->gates[i]);
		if (chosen_r->n_candidates)
			return NULL;
	}
	return "none of its addresses is in offered_gates_networks";
}

void offer_screen(const struct config_room *rules, const char *address,
		  struct ipsp_message *invite)
{
	struct ipsp_gate chosen;
	const char *why;

	if (!invite->n_gates)
		return;
	why = choose(rules, address, invite, &chosen);
	memset(invite->gates, 0, sizeof(invite->gates));
	invite->n_gates = !why;
	if (!why)
		invite->gates[0] = chosen;
	g_message("reception: the PhoneGate that did=%s offers to room=%s %s%s",
		  invite->did, rules->address,
		  why ? "is not taken: " : "is to be tried", why ? why : "");
}
