/* promise - an answer that a room is going to give, as all bridges of a
 * cluster can read it: `answers/ACCOUNT/NAME` in the directory.
 *
 * It is written before the mail that it answers leaves the mailbox. Whoever
 * owns the account from then on posts these bytes, and knows by the rest that
 * neither this mail nor its dialog is to be answered again.
 *
 * Its document is struct document_answer. Control thread; pure. */
#ifndef BRIDGE_PROMISE_H
#define BRIDGE_PROMISE_H

#include <glib.h>

#include "bridge/documents.h"
#include "bridge/store/store.h"

/* Of what was decided; dialog NULL: a letter to a person. */
void promise_init(struct document_answer *prm_r, const struct store_post *post,
		  const struct store_mail *mail,
		  const struct store_dialog *dialog, gint64 now);
/* document_clear() it. FALSE and error when the text is no promise. */
gboolean promise_read(struct document_answer *prm_r, const char *text,
		      GError **error);

/* Into the store of who owns the account now, as if it had decided itself:
 * a post that is due, or `sent` already; a dialog; a mail dealt with. */
gboolean promise_keep(const struct document_answer *prm, const char *account,
		      gboolean sent, gint64 now, struct store *sto,
		      GError **error);

#endif
