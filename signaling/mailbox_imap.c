/* IMAP (RFC 3501) with IDLE (RFC 2177) and UIDPLUS (RFC 4315), on one
 * connection that libcurl opened and logged in.
 *
 * One command is under way at a time; when it is answered, next_command()
 * looks at what is due and says the next one, or IDLE when nothing is. Mails
 * are fetched on the same connection: a second one might not see them yet. */
#include "signaling/mailbox_kind.h"

#include <gio/gio.h>
#include <string.h>

#include "signaling/backoff.h"
#include "signaling/imap_folder.h"
#include "signaling/imap_parse.h"
#include "signaling/imap_uids.h"
#include "signaling/mail_conn.h"
#include "signaling/message.h"

#define CONNECT_S  60	  /* to be logged in */
#define ANSWER_S   60	  /* for each response that is awaited */
#define RECHECK_MS 60000  /* IDLE is left, looked behind and renewed */
#define STEADY_MS  60000  /* a connection that held so long was no failure */
#define POLL_MS	   5000	  /* NOOP where there is no IDLE */
#define HURRY_MS   100	  /* NOOP while an answer is awaited, */
#define HURRY_FOR  10000  /* for so many ms: Dovecot holds IDLE back 500 ms */
#define DELETE_MS  1000	  /* deletions are gathered so long */
#define FETCH_SET  50	  /* wanted UIDs in one FETCH */
#define DELETE_SET 500	  /* UIDs in one STORE: a line of at most 5.5 kB */
#define FLOOD	   100000 /* responses to one command */
#define DAY_S	   86400

enum command {
	NO_COMMAND, /* waiting for `wake` */
	CAPABILITY,
	SELECT,
	SEARCH,
	FETCH,
	STORE,
	EXPUNGE,
	NOOP,
	IDLE,
	LEAVE, /* IDLE's end: DONE was said */
};

struct imap {
	struct mailbox base;
	struct mail_server server;
	char *folder; /* quoted */
	guint poll_ms;
	struct backoff backoff;
	struct imap_uids *uids;
	char *position; /* as last told */
	GSource *wake;	/* something is due */
	gint64 hurry_until, delete_at, recheck_at, connected_at; /* us */

	/* The connection; all of it begins anew with each. */
	struct mail_conn *conn; /* NULL: waiting to try again */
	struct imap_parser *parser;
	enum command command; /* under way */
	guint tag, responses;
	gboolean greeted, selected; /* CAPABILITY and SELECT were answered */
	gboolean can_idle, can_uidplus, cannot_delete;
	gboolean idling;	      /* IDLE was taken up: DONE may be said */
	char *deleting;		      /* the set of STORE and EXPUNGE */
	guint32 uidvalidity, uidnext; /* as SELECT says them */
	gboolean search_due, fetch_due, noop_due;
};

static void next_command(struct imap *imp);

static gint64 in_ms(guint ms)
{
	return g_get_monotonic_time() + (gint64)ms * 1000;
}

static gboolean is_past(gint64 when)
{
	return when && g_get_monotonic_time() >= when;
}

static gboolean in_hurry(const struct imap *imp)
{
	return imp->hurry_until && !is_past(imp->hurry_until);
}

static void tell_position(struct imap *imp)
{
	g_autofree char *position = imap_uids_position(imp->uids);

	if (!position || !g_strcmp0(position, imp->position))
		return;
	g_free(imp->position);
	imp->position = g_steal_pointer(&position);
	mailbox_tell_position(&imp->base, imp->position);
}

/* ---- connection ---- */

static void on_opened(void *arg);
static void on_received(const char *bytes, gsize size, void *arg);
static void on_closed(const char *why, void *arg);

static void drop(struct imap *imp, const char *last_words)
{
	mail_conn_destroy(&imp->conn, last_words);
	imap_parser_destroy(&imp->parser);
	imap_uids_lost(imp->uids);
	imp->command = NO_COMMAND;
}

static void fail(struct imap *imp, const char *reason)
{
	/* It may be the parser's, which goes. */
	g_autofree char *why = g_strdup(reason);
	guint ms;

	drop(imp, NULL);
	if (imp->connected_at &&
	    is_past(imp->connected_at + (gint64)STEADY_MS * 1000))
		backoff_reset(&imp->backoff);
	ms = backoff_fail(&imp->backoff);
	g_source_set_ready_time(imp->wake, in_ms(ms));
	mailbox_tell_state(&imp->base, MAILBOX_FAILED, why);
}

static void connect_now(struct imap *imp)
{
	static const struct mail_conn_events events = {
		.opened = on_opened,
		.received = on_received,
		.closed = on_closed,
	};

	imp->greeted = imp->selected = FALSE;
	imp->can_idle = imp->can_uidplus = imp->cannot_delete = FALSE;
	imp->uidvalidity = imp->uidnext = 0;
	imp->search_due = imp->fetch_due = imp->noop_due = FALSE;
	imp->idling = FALSE;
	imp->connected_at = 0;
	imp->parser = imap_parser_create(MESSAGE_MAX_SIZE + 1);
	imp->conn = mail_conn_create(&imp->server, CONNECT_S, &events, imp);
	g_source_set_ready_time(imp->wake, -1);
	mailbox_tell_state(&imp->base, MAILBOX_CONNECTING, NULL);
}

static void on_opened(void *arg)
{
	struct imap *imp = arg;

	imp->connected_at = g_get_monotonic_time();
	next_command(imp);
}

static void on_closed(const char *why, void *arg)
{
	fail(arg, why);
}

/* ---- commands ---- */

/* Tags unlike libcurl's A001, whose commands came before on this line. */
G_GNUC_PRINTF(3, 4)
static void say(struct imap *imp, enum command command, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	imp->command = command;
	imp->responses = 0;
	mail_conn_say(imp->conn, "ipsp%u %s\r\n", ++imp->tag, text);
	mail_conn_deadline(imp->conn, ANSWER_S);
}

static void say_search(struct imap *imp)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
					      "May", "Jun", "Jul", "Aug",
					      "Sep", "Oct", "Nov", "Dec" };
	g_autoptr(GDateTime) day = g_date_time_new_from_unix_utc(
		g_get_real_time() / G_USEC_PER_SEC - DAY_S);

	imp->search_due = FALSE;
	say(imp, SEARCH, "UID SEARCH SINCE %d-%s-%d",
	    g_date_time_get_day_of_month(day),
	    months[g_date_time_get_month(day) - 1], g_date_time_get_year(day));
}

/* One byte more than a mail may have tells the parser that it is too large.
 * PEEK: the flag \Seen would tell nobody anything. */
static void say_fetch(struct imap *imp)
{
	g_autofree char *set = imap_uids_fetch_set(imp->uids, FETCH_SET);

	imp->fetch_due = FALSE;
	say(imp, FETCH, "UID FETCH %s (UID FLAGS BODY.PEEK[]<0.%d>)", set,
	    MESSAGE_MAX_SIZE + 1);
}

/* Only flags them; the answer to it expunges. */
static gboolean say_delete(struct imap *imp)
{
	if (imp->cannot_delete || !imap_uids_any_done(imp->uids))
		return FALSE;
	g_free(imp->deleting);
	imp->deleting = imap_uids_delete_set(imp->uids, DELETE_SET);
	imp->delete_at = 0;
	say(imp, STORE, "UID STORE %s +FLAGS.SILENT (\\Deleted)",
	    imp->deleting);
	return TRUE;
}

/* Everything is looked at: waits for news, by IDLE or by the clock. */
static void wait_for_news(struct imap *imp)
{
	mailbox_tell_state(&imp->base, MAILBOX_WATCHING, NULL);
	imp->delete_at = 0; /* what is left cannot be deleted */
	if (!in_hurry(imp) && imp->can_idle) {
		say(imp, IDLE, "IDLE");
		imp->recheck_at = in_ms(RECHECK_MS);
		g_source_set_ready_time(imp->wake, imp->recheck_at);
		return;
	}
	imp->command = NO_COMMAND;
	imp->noop_due = TRUE;
	mail_conn_deadline(imp->conn, 0);
	g_source_set_ready_time(imp->wake,
				in_ms(in_hurry(imp) ? HURRY_MS : imp->poll_ms));
}

static void next_command(struct imap *imp)
{
	g_source_set_ready_time(imp->wake, -1);
	if (!imp->greeted) {
		say(imp, CAPABILITY, "CAPABILITY");
	} else if (!imp->selected) {
		say(imp, SELECT, "SELECT %s", imp->folder);
	} else if (imp->search_due) {
		say_search(imp);
	} else if (imp->fetch_due) {
		say_fetch(imp);
	} else if (say_delete(imp)) {
		return;
	} else if (imp->noop_due) {
		imp->noop_due = FALSE;
		say(imp, NOOP, "NOOP");
	} else {
		wait_for_news(imp);
	}
}

/* ---- IDLE ---- */

static gboolean is_due(const struct imap *imp)
{
	return imp->fetch_due || in_hurry(imp) || is_past(imp->delete_at) ||
	       is_past(imp->recheck_at);
}

static void leave_idle_if_due(struct imap *imp)
{
	if (!imp->idling || !is_due(imp))
		return;
	if (in_hurry(imp) || is_past(imp->recheck_at))
		imp->noop_due = TRUE;
	if (is_past(imp->recheck_at))
		imp->fetch_due = TRUE;
	imp->idling = FALSE;
	imp->command = LEAVE;
	g_source_set_ready_time(imp->wake, -1);
	mail_conn_say(imp->conn, "DONE\r\n");
	mail_conn_deadline(imp->conn, ANSWER_S);
}

static gboolean on_wake(void *arg)
{
	struct imap *imp = arg;

	g_source_set_ready_time(imp->wake, -1);
	if (!imp->conn)
		connect_now(imp);
	else if (imp->command == NO_COMMAND)
		next_command(imp);
	else
		leave_idle_if_due(imp);
	return G_SOURCE_CONTINUE;
}

/* ---- answers ---- */

static void on_capability_ok(struct imap *imp)
{
	imp->greeted = TRUE;
}

static void on_select_ok(struct imap *imp)
{
	if (!imp->uidvalidity || !imp->uidnext) {
		fail(imp, "the server tells no UIDVALIDITY and UIDNEXT");
		return;
	}
	imp->selected = TRUE;
	imp->fetch_due = TRUE;
	if (!imap_uids_select(imp->uids, imp->uidvalidity, imp->uidnext))
		imp->search_due = TRUE;
}

static void on_search_ok(struct imap *imp)
{
	imp->fetch_due = TRUE;
}

static void on_fetch_ok(struct imap *imp)
{
	imp->fetch_due |= imap_uids_fetched(imp->uids);
}

static void on_expunge_ok(struct imap *imp)
{
	imap_uids_expunged(imp->uids);
}

/* Without UIDPLUS the flag must do: EXPUNGE alone would take other people's
 * deleted mails with it. */
static void on_store_ok(struct imap *imp)
{
	if (imp->can_uidplus)
		say(imp, EXPUNGE, "UID EXPUNGE %s", imp->deleting);
	else
		imap_uids_expunged(imp->uids);
}

static void on_nothing_ok(struct imap *imp)
{
	imp->idling = FALSE;
}

static const struct {
	const char *name;
	void (*ok)(struct imap *imp);
} commands[] = {
	[CAPABILITY] = { "CAPABILITY", on_capability_ok },
	[SELECT] = { "SELECT", on_select_ok },
	[SEARCH] = { "SEARCH", on_search_ok },
	[FETCH] = { "FETCH", on_fetch_ok },
	[STORE] = { "STORE", on_store_ok },
	[EXPUNGE] = { "EXPUNGE", on_expunge_ok },
	[NOOP] = { "NOOP", on_nothing_ok },
	[IDLE] = { "IDLE", on_nothing_ok },
	[LEAVE] = { "IDLE", on_nothing_ok },
};

/* NO or BAD. IDLE and deleting can be done without. */
static void on_refused(struct imap *imp, enum command command, const char *text)
{
	g_autofree char *why = g_strdup_printf("the server refused %s: %s",
					       commands[command].name, text);

	switch (command) {
	case IDLE:
		imp->can_idle = FALSE;
		imp->idling = FALSE;
		break;
	case STORE:
	case EXPUNGE:
		g_warning("mailbox: mails stay url=%s why=%s", imp->base.url,
			  why);
		imp->cannot_delete = TRUE;
		imap_uids_lost(imp->uids);
		break;
	default:
		fail(imp, why);
	}
}

static void on_tagged(struct imap *imp, const struct imap_response *rsp)
{
	g_autofree char *tag = g_strdup_printf("ipsp%u", imp->tag);
	enum command command = imp->command;

	if (command == NO_COMMAND || strcmp(rsp->tag, tag)) {
		fail(imp, "the server answers what was not asked");
		return;
	}
	imp->command = NO_COMMAND;
	if (rsp->status == IMAP_OK)
		commands[command].ok(imp);
	else
		on_refused(imp, command, rsp->text);
	if (!imp->conn)
		return;
	tell_position(imp);
	if (imp->command == NO_COMMAND)
		next_command(imp);
}

static void on_fetch(struct imap *imp, const struct imap_response *rsp)
{
	g_autofree char *id = NULL;

	if (!rsp->uid || !rsp->body)
		return; /* of flags */
	if (rsp->deleted) {
		imap_uids_deleted(imp->uids, rsp->uid);
		return;
	}
	if (!imap_uids_came(imp->uids, rsp->uid))
		return;
	id = g_strdup_printf("%u:%u", imap_uids_validity(imp->uids), rsp->uid);
	mailbox_tell_mail(&imp->base, id, rsp->body);
}

static void on_status(struct imap *imp, const struct imap_response *rsp)
{
	g_autofree char *why = NULL;

	if (rsp->uidvalidity)
		imp->uidvalidity = rsp->uidvalidity;
	if (rsp->uidnext)
		imp->uidnext = rsp->uidnext;
	if (rsp->status != IMAP_BYE)
		return;
	why = g_strdup_printf("the server says goodbye: %s", rsp->text);
	fail(imp, why);
}

static void on_response(struct imap *imp, const struct imap_response *rsp)
{
	switch (rsp->kind) {
	case IMAP_TAGGED:
		on_tagged(imp, rsp);
		break;
	case IMAP_STATUS:
		on_status(imp, rsp);
		break;
	case IMAP_CAPABILITY:
		imp->can_idle = rsp->idle;
		imp->can_uidplus = rsp->uidplus;
		break;
	case IMAP_EXISTS:
		/* One may stand for several mails: it is never counted. */
		imp->fetch_due = TRUE;
		leave_idle_if_due(imp);
		break;
	case IMAP_SEARCH:
		for (guint i = 0; i < rsp->uids->len; i++)
			imap_uids_want(imp->uids,
				       g_array_index(rsp->uids, guint32, i));
		break;
	case IMAP_FETCH:
		on_fetch(imp, rsp);
		break;
	case IMAP_CONTINUE:
		imp->idling = imp->command == IDLE;
		leave_idle_if_due(imp);
		break;
	case IMAP_OTHER:
		break;
	}
}

static void on_received(const char *bytes, gsize size, void *arg)
{
	struct imap *imp = arg;
	const struct imap_response *rsp;

	while ((rsp = imap_parser_next(imp->parser, &bytes, &size))) {
		on_response(imp, rsp);
		if (imp->conn && ++imp->responses > FLOOD)
			fail(imp, "the server talks without end");
		if (!imp->conn)
			return;
		/* Each response is progress; in IDLE none is awaited. */
		if (imp->command != NO_COMMAND)
			mail_conn_deadline(imp->conn,
					   imp->idling ? 0 : ANSWER_S);
	}
	if (imap_parser_error(imp->parser))
		fail(imp, imap_parser_error(imp->parser));
}

/* ---- the mailbox ---- */

static void imap_done(struct mailbox *mbx, const char *id)
{
	struct imap *imp = (struct imap *)mbx;
	guint validity, uid;

	if (sscanf(id, "%u:%u", &validity, &uid) != 2 ||
	    !imap_uids_done(imp->uids, validity, uid) || imp->delete_at)
		return;
	imp->delete_at = in_ms(DELETE_MS);
	if (imp->command == IDLE)
		g_source_set_ready_time(imp->wake,
					MIN(imp->delete_at, imp->recheck_at));
}

static void imap_hurry(struct mailbox *mbx)
{
	struct imap *imp = (struct imap *)mbx;

	imp->hurry_until = in_ms(HURRY_FOR);
	if (!imp->conn || imp->command == IDLE || imp->command == NO_COMMAND)
		g_source_set_ready_time(imp->wake, 0);
}

/* What is done is deleted, as far as one write without waiting does it. */
static char *last_words(struct imap *imp)
{
	g_autofree char *set = NULL;
	GString *words = g_string_new(NULL);

	if (imp->idling)
		g_string_append(words, "DONE\r\n");
	if (imp->selected && (imp->idling || imp->command == NO_COMMAND))
		set = imap_uids_delete_set(imp->uids, DELETE_SET);
	if (set)
		g_string_append_printf(
			words,
			"ipspS UID STORE %s +FLAGS.SILENT (\\Deleted)\r\n",
			set);
	if (set && imp->can_uidplus)
		g_string_append_printf(words, "ipspE UID EXPUNGE %s\r\n", set);
	g_string_append(words, "ipspL LOGOUT\r\n");
	return g_string_free(words, FALSE);
}

static void imap_destroy(struct mailbox *mbx)
{
	struct imap *imp = (struct imap *)mbx;
	g_autofree char *words = imp->conn ? last_words(imp) : NULL;

	if (imp->uids)
		drop(imp, words);
	imap_uids_destroy(&imp->uids);
	if (imp->wake) {
		g_source_destroy(imp->wake);
		g_source_unref(imp->wake);
	}
	mail_server_fini(&imp->server);
	g_free(imp->folder);
	g_free(imp->deleting);
	g_free(imp->position);
	g_free(imp);
}

static gboolean dispatch(GSource *source, GSourceFunc func, void *arg)
{
	(void)source;
	return func(arg);
}

static struct mailbox *imap_create(const struct mailbox_config *cfg,
				   GError **error)
{
	static GSourceFuncs funcs = { .dispatch = dispatch };
	struct imap *imp = g_new0(struct imap, 1);
	const char *folder;

	if (!mail_server_init(&imp->server, cfg->url, cfg->username,
			      cfg->password, cfg->ca_file, error))
		goto fail;
	folder = *imp->server.path ? imp->server.path : "INBOX";
	imp->folder = imap_folder_quote(folder, error);
	if (!imp->folder)
		goto fail;
	imp->uids = imap_uids_create(cfg->position);
	imp->position = g_strdup(cfg->position);
	imp->poll_ms = cfg->poll_ms ? cfg->poll_ms : POLL_MS;
	imp->wake = g_source_new(&funcs, sizeof(*imp->wake));
	g_source_set_callback(imp->wake, on_wake, imp, NULL);
	g_source_attach(imp->wake, g_main_context_get_thread_default());
	g_source_set_ready_time(imp->wake, 0);
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
