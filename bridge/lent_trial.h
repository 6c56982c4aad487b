/* lent_trial - whether a lent PhoneGate is where its lender says: it is given a
 * room of its own, which nobody else is in, and one session there; who answers
 * for that session at an address (lent_probe.h) is the gate.
 *
 * Control thread, on the default GLib main context. */
#ifndef BRIDGE_LENT_TRIAL_H
#define BRIDGE_LENT_TRIAL_H

#include <glib.h>

#include "bridge/directory/seal.h"
#include "bridge/documents.h"

#define LENT_TRIAL_ROOM "probe"

struct lent_trial;

struct lent_trial_events {
	/* A document for the gate; NULL: it is gone. */
	void (*want)(const char *key, const char *text, void *arg);
	/* Comes once: what was reached of what is offered. The trial may be
	 * destroyed here. */
	void (*done)(const struct ipsp_gate *reached, void *arg);
};

/* Of the gate that is known as this site, in this run of it. `cluster` is the
 * cluster's own seal; all but events is copied. */
struct lent_trial *lent_trial_create(const char *site, const char *instance,
				     const struct ipsp_gate *offered,
				     const struct seal *cluster,
				     const struct lent_trial_events *events,
				     void *arg);
/* Accepts NULL; sets *trialp to NULL. The gate is to forget the room. */
void lent_trial_destroy(struct lent_trial **trialp);

/* The gate says how a session of the trial's room is: from its first word on
 * it must answer. */
void lent_trial_told(struct lent_trial *trial,
		     const struct document_name *name);

#endif
