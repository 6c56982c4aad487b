/* arrival - one mail on its way through the reception, and what was decided
 * about it. Private to reception.c, invite.c and person.c. */
#ifndef BRIDGE_ARRIVAL_H
#define BRIDGE_ARRIVAL_H

#include "bridge/reception.h"
#include "signaling/ipsp.h"
#include "signaling/message.h"

struct arrival {
	struct reception *rec;
	const struct config_mail *account; /* while it is judged */
	struct store_mail known;	   /* its strings are ours */
	GBytes *mail;
	char *digest; /* SHA-256 of mail in hex */
	gint64 now, monotonic;

	/* Read from it. */
	struct message *msg;
	struct ipsp_message ipsp;
	gboolean has_ipsp;
	gboolean unknown_version; /* ipsp holds did, room and address only */
	const struct hall *hall;  /* NULL: no room of the account; likewise */
	char detail[65];	  /* of room+detail@ */

	/* Decided; settled in one transaction. */
	char *reason; /* why it is set aside, or NULL */
	struct store_post *post;
	struct store_dialog *dialog; /* with the post */
	gint64 again;		     /* a post to repeat, or 0 */
	struct member *seat;	     /* given, while it is judged */
	char *sender;		     /* of a person's mail, see store_mail */
	struct store_token *link;    /* in the answer to it, or NULL */
};

void arrival_set_aside(struct arrival *arr, const char *reason);

/* Whether the limits leave one more answer; else it is set aside. */
gboolean arrival_may_answer(struct arrival *arr, const char *room);

/* For the operator: how and why it gave nobody a seat. */
void arrival_refused(struct arrival *arr, const char *how, const char *reason);

/* Whether it says the room's PIN, in the part or in the address. */
gboolean arrival_pin_right(const struct arrival *arr);

void invite_arrived(struct arrival *arr);
/* A mail without a part. */
void person_arrived(struct arrival *arr);

#endif
