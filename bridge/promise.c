#include "bridge/promise.h"

#include <gio/gio.h>
#include <string.h>

/* For what still comes of a mail that was answered: copies of it that travel
 * slowly, an INVITE that is sent once more. */
#define KEPT_S 3600

static GBytes *bytes_of(const char *text)
{
	return text ? g_bytes_new(text, strlen(text)) : NULL;
}

static char *text_of(GBytes *bytes)
{
	gsize size;
	const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;

	return data ? g_strndup(data, size) : NULL;
}

static void copy_dialog(struct document_answer *prm,
			const struct store_dialog *dialog)
{
	g_strlcpy(prm->did, dialog->did, sizeof(prm->did));
	g_strlcpy(prm->room, dialog->room, sizeof(prm->room));
	g_strlcpy(prm->address, dialog->address, sizeof(prm->address));
	if (dialog->name)
		g_strlcpy(prm->person, dialog->name, sizeof(prm->person));
	g_strlcpy(prm->device, dialog->device, sizeof(prm->device));
	prm->invite = g_bytes_ref(dialog->invite);
	prm->answer = g_bytes_ref(dialog->answer);
	prm->deadline = dialog->deadline;
	prm->seated = dialog->state == STORE_DIALOG_ANSWERED;
}

void promise_init(struct document_answer *prm_r, const struct store_post *post,
		  const struct store_mail *mail,
		  const struct store_dialog *dialog, gint64 now)
{
	memset(prm_r, 0, sizeof(*prm_r));
	g_strlcpy(prm_r->name, post->name, sizeof(prm_r->name));
	g_strlcpy(prm_r->envelope_from, post->envelope_from,
		  sizeof(prm_r->envelope_from));
	g_strlcpy(prm_r->recipient, post->recipient, sizeof(prm_r->recipient));
	prm_r->mail = g_bytes_ref(post->mail);
	prm_r->expires = post->expires;
	prm_r->until = MAX(post->expires, now) + KEPT_S;
	prm_r->id = bytes_of(mail->id);
	prm_r->sender = bytes_of(mail->sender);
	memcpy(prm_r->digest, mail->digest, sizeof(prm_r->digest));
	if (dialog)
		copy_dialog(prm_r, dialog);
}

gboolean promise_read(struct document_answer *prm_r, const char *text,
		      GError **error)
{
	if (!document_read(DOCUMENT_ANSWER, prm_r, text, strlen(text), error))
		return FALSE;
	if (!*prm_r->did == !(prm_r->invite && prm_r->answer))
		return TRUE;
	document_clear(DOCUMENT_ANSWER, prm_r);
	g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "It is an answer of half a dialog.");
	return FALSE;
}

static gboolean keep_dialog(const struct document_answer *prm,
			    const char *account, gint64 post, gint64 now,
			    struct store *sto, GError **error)
{
	const struct store_dialog dialog = {
		.did = (char *)prm->did,
		.account = (char *)account,
		.room = (char *)prm->room,
		.address = (char *)prm->address,
		.name = (char *)prm->person,
		.device = (char *)prm->device,
		.invite = prm->invite,
		.answer = prm->answer,
		.state = STORE_DIALOG_ENDED,
		.deadline = prm->deadline,
		.post = post,
	};

	return store_add_dialog(sto, &dialog, now, error);
}

static gboolean keep(const struct document_answer *prm, const char *account,
		     gboolean sent, gint64 now, struct store *sto,
		     GError **error)
{
	g_autofree char *id = text_of(prm->id), *sender = text_of(prm->sender);
	struct store_post post = {
		.account = (char *)account,
		.name = (char *)prm->name,
		.envelope_from = (char *)prm->envelope_from,
		.recipient = (char *)prm->recipient,
		.mail = prm->mail,
		.did = *prm->did ? (char *)prm->did : NULL,
		.expires = prm->expires,
	};
	struct store_mail mail = {
		.account = account,
		.id = id,
		.sender = sender,
	};

	memcpy(mail.digest, prm->digest, sizeof(mail.digest));
	return store_add_post(sto, &post, now, error) &&
	       (!sent || store_post_sent(sto, post.id, error)) &&
	       (!*prm->did ||
		keep_dialog(prm, account, post.id, now, sto, error)) &&
	       store_add_mail(sto, &mail, now, error);
}

gboolean promise_keep(const struct document_answer *prm, const char *account,
		      gboolean sent, gint64 now, struct store *sto,
		      GError **error)
{
	if (store_begin(sto, error) &&
	    keep(prm, account, sent, now, sto, error) &&
	    store_commit(sto, error))
		return TRUE;
	store_rollback(sto);
	return FALSE;
}
