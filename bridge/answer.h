/* answer - the mails that a room writes: OK, BUSY, REJECT, the letter to a
 * person, a moderator's log-in link. Each ready for the outbox, with a
 * Message-ID and a name that follow from what it answers: made once more from
 * the same, it is the same mail.
 *
 * The caller frees with store_post_free(). */
#ifndef BRIDGE_ANSWER_H
#define BRIDGE_ANSWER_H

#include <glib.h>

#include "bridge/room/expected.h"
#include "bridge/store/store.h"
#include "signaling/ipsp.h"
#include "signaling/letters.h"
#include "signaling/message.h"

struct answer_from {
	const char *account;
	const char *room;      /* address */
	const char *room_name; /* NULL: none */
};

/* reply is the answer to msg, part its bytes. */
struct store_post *answer_program(const struct answer_from *from,
				  const struct message *msg,
				  const struct ipsp_message *reply,
				  GBytes *part);

/* What a person is answered; what its kind does not name is NULL or 0. */
struct answer_letter {
	enum letters_kind kind; /* HOW_TO_JOIN, JOIN_LINK, PIN, REJECT */
	const char *link;	/* JOIN_LINK, and the rest but reason */
	guint link_s;		/* so long it holds */
	guint people, max;
	const char *names; /* see letters_facts */
	gboolean lobby;
	const char *reason; /* REJECT */
};
/* To the person who wrote msg. `digest` is of his mail. */
struct store_post *answer_person(const struct answer_from *from,
				 const struct message *msg,
				 const guint8 digest[STORE_DIGEST_SIZE],
				 const struct answer_letter *letter,
				 gint64 now);

/* link, valid until `expires`, to a moderator. */
struct store_post *answer_moderator(const struct answer_from *from,
				    const char *address, const char *link,
				    gboolean japanese, gint64 now,
				    gint64 expires);

/* An INVITE that calls `address` in, for `by`; its did and what it ends, in the
 * guest. */
struct store_post *answer_call(const struct answer_from *from,
			       const struct expected_guest *guest);

/* link to a recording that has ended, to a moderator. Once for each of them:
 * the same mail again has the same name. */
struct store_post *answer_recording(const struct answer_from *from,
				    const char *address, const char *link,
				    const struct recording *row, gint64 now);

#endif
