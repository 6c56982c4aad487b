#include "signaling/mailbox.h"

#include <gio/gio.h>

#include "signaling/mailbox_kind.h"

static const struct {
	const char *scheme;
	const struct mailbox_kind *kind;
} schemes[] = {
	{ "maildir", &mailbox_maildir }, { "imap", &mailbox_imap },
	{ "imaps", &mailbox_imap },	 { "pop3", &mailbox_pop3 },
	{ "pop3s", &mailbox_pop3 },
};

static const struct mailbox_kind *find_kind(const char *url, GError **error)
{
	g_autofree char *scheme = g_uri_parse_scheme(url);

	for (guint i = 0; scheme && i < G_N_ELEMENTS(schemes); i++)
		if (!strcmp(scheme, schemes[i].scheme))
			return schemes[i].kind;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
		    "a mailbox is maildir:PATH, imaps://HOST, imap://HOST, "
		    "pop3s://HOST or pop3://HOST, not %s",
		    scheme ? scheme : "an address without a scheme");
	return NULL;
}

struct mailbox *mailbox_create(const struct mailbox_config *cfg,
			       const struct mailbox_events *events, void *arg,
			       GError **error)
{
	const struct mailbox_kind *kind = find_kind(cfg->url, error);
	struct mailbox *mbx;

	if (!kind)
		return NULL;
	mbx = kind->create(cfg, error);
	if (!mbx)
		return NULL;
	mbx->kind = kind;
	mbx->events = events;
	mbx->arg = arg;
	mbx->url = g_strdup(cfg->url);
	mbx->state = MAILBOX_CONNECTING;
	return mbx;
}

void mailbox_destroy(struct mailbox **mbxp)
{
	struct mailbox *mbx = g_steal_pointer(mbxp);

	if (!mbx)
		return;
	g_free(mbx->url);
	g_free(mbx->why);
	mbx->kind->destroy(mbx);
}

void mailbox_done(struct mailbox *mbx, const char *id)
{
	mbx->kind->done(mbx, id);
}

void mailbox_hurry(struct mailbox *mbx)
{
	mbx->kind->hurry(mbx);
}

void mailbox_tell_state(struct mailbox *mbx, enum mailbox_state state,
			const char *why)
{
	if (mbx->state == state && !g_strcmp0(mbx->why, why))
		return;
	mbx->state = state;
	g_free(mbx->why);
	mbx->why = g_strdup(why);

	if (state == MAILBOX_FAILED)
		g_warning("mailbox: failed url=%s why=%s", mbx->url, why);
	else if (state == MAILBOX_WATCHING)
		g_info("mailbox: watching url=%s", mbx->url);
	if (mbx->events->state)
		mbx->events->state(mbx, state, why, mbx->arg);
}

void mailbox_tell_mail(struct mailbox *mbx, const char *id, GBytes *mail)
{
	g_debug("mailbox: mail url=%s id=%s bytes=%zu", mbx->url, id,
		g_bytes_get_size(mail));
	mbx->events->mail(mbx, id, mail, mbx->arg);
}

void mailbox_tell_position(struct mailbox *mbx, const char *position)
{
	if (mbx->events->position)
		mbx->events->position(mbx, position, mbx->arg);
}
