/* An IMAP folder (RFC 3501) as a mailbox: one session at a time, a new one
 * after each that failed, and what was seen and done between them. */
#include "signaling/mailbox_kind.h"

#include <stdio.h>

#include "signaling/backoff.h"
#include "signaling/imap_folder.h"
#include "signaling/imap_session.h"
#include "signaling/imap_uids.h"

#define POLL_MS	  5000
#define HURRY_FOR 10000 /* ms */

struct imap {
	struct mailbox base;
	struct mail_server server;
	char *folder; /* quoted */
	guint poll_ms;
	struct imap_uids *uids;
	char *position;		      /* as last told */
	struct imap_session *session; /* NULL: waiting to try again */
	struct backoff backoff;
	GSource *retry;
	gint64 hurry_until;
};

static gint64 in_ms(guint ms)
{
	return g_get_monotonic_time() + (gint64)ms * 1000;
}

static void on_mail(guint32 uid, GBytes *mail, void *arg)
{
	struct imap *imp = arg;
	g_autofree char *id =
		g_strdup_printf("%u:%u", imap_uids_validity(imp->uids), uid);

	mailbox_tell_mail(&imp->base, id, mail);
}

static void on_watching(void *arg)
{
	struct imap *imp = arg;

	mailbox_tell_state(&imp->base, MAILBOX_WATCHING, NULL);
}

static void on_moved(void *arg)
{
	struct imap *imp = arg;
	g_autofree char *position = imap_uids_position(imp->uids);

	if (!position || !g_strcmp0(position, imp->position))
		return;
	g_free(imp->position);
	imp->position = g_steal_pointer(&position);
	mailbox_tell_position(&imp->base, imp->position);
}

static void on_ended(const char *reason, void *arg)
{
	struct imap *imp = arg;
	g_autofree char *why = g_strdup(reason); /* the session's */

	if (imap_session_was_steady(imp->session))
		backoff_reset(&imp->backoff);
	imap_session_destroy(&imp->session);
	g_source_set_ready_time(imp->retry, in_ms(backoff_fail(&imp->backoff)));
	mailbox_tell_state(&imp->base, MAILBOX_FAILED, why);
}

static gboolean on_retry(GSource *source, GSourceFunc func, void *arg)
{
	static const struct imap_session_events events = {
		.mail = on_mail,
		.watching = on_watching,
		.moved = on_moved,
		.ended = on_ended,
	};
	struct imap *imp = arg;
	struct imap_session_config cfg = {
		.server = &imp->server,
		.folder = imp->folder,
		.uids = imp->uids,
		.poll_ms = imp->poll_ms,
		.hurry_until = imp->hurry_until,
	};

	(void)func;
	g_source_set_ready_time(source, -1);
	if (imp->session)
		return G_SOURCE_CONTINUE;
	imp->session = imap_session_create(&cfg, &events, imp);
	mailbox_tell_state(&imp->base, MAILBOX_CONNECTING, NULL);
	return G_SOURCE_CONTINUE;
}

static void imap_done(struct mailbox *mbx, const char *id)
{
	struct imap *imp = (struct imap *)mbx;
	guint validity, uid;

	if (sscanf(id, "%u:%u", &validity, &uid) == 2 &&
	    imap_uids_done(imp->uids, validity, uid) && imp->session)
		imap_session_delete_soon(imp->session);
}

static void imap_hurry(struct mailbox *mbx)
{
	struct imap *imp = (struct imap *)mbx;

	imp->hurry_until = in_ms(HURRY_FOR);
	if (imp->session)
		imap_session_hurry(imp->session, imp->hurry_until);
	else
		g_source_set_ready_time(imp->retry, 0);
}

static void imap_destroy(struct mailbox *mbx)
{
	struct imap *imp = (struct imap *)mbx;

	imap_session_destroy(&imp->session);
	imap_uids_destroy(&imp->uids);
	if (imp->retry) {
		g_source_destroy(imp->retry);
		g_source_unref(imp->retry);
	}
	mail_server_fini(&imp->server);
	g_free(imp->folder);
	g_free(imp->position);
	g_free(imp);
}

static gboolean no_callback(void *arg)
{
	(void)arg;
	return G_SOURCE_CONTINUE;
}

static struct mailbox *imap_create(const struct mailbox_config *cfg,
				   GError **error)
{
	static GSourceFuncs funcs = { .dispatch = on_retry };
	struct imap *imp = g_new0(struct imap, 1);

	if (!mail_server_init(&imp->server, cfg->url, cfg->username,
			      cfg->password, cfg->ca_file, error))
		goto fail;
	imp->folder = imap_folder_quote(
		*imp->server.path ? imp->server.path : "INBOX", error);
	if (!imp->folder)
		goto fail;
	imp->uids = imap_uids_create(cfg->position);
	imp->position = g_strdup(cfg->position);
	imp->poll_ms = cfg->poll_ms ? cfg->poll_ms : POLL_MS;
	imp->retry = g_source_new(&funcs, sizeof(*imp->retry));
	g_source_set_callback(imp->retry, no_callback, imp, NULL);
	g_source_attach(imp->retry, g_main_context_get_thread_default());
	g_source_set_ready_time(imp->retry, 0);
	return &imp->base;

fail:
	imap_destroy(&imp->base);
	return NULL;
}

const struct mailbox_kind mailbox_imap = {
	.create = imap_create,
	.destroy = imap_destroy,
	.done = imap_done,
	.hurry = imap_hurry,
};
