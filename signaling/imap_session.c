/* One command is under way at a time; when it is answered, next_command()
 * looks at what is due and says the next one, or IDLE when nothing is. Mails
 * are fetched on the same connection: a second one might not see them yet. */
#include "signaling/imap_session.h"

#include <string.h>

#include "signaling/imap_parse.h"
#include "signaling/mail_conn.h"
#include "signaling/message.h"

#define CONNECT_S  60	 /* to be logged in */
#define ANSWER_S   60	 /* for each response that is awaited */
#define RECHECK_MS 60000 /* IDLE is left, looked behind and renewed */
#define STEADY_MS  60000
#define HURRY_MS   100	  /* between NOOPs: Dovecot holds IDLE back 500 ms */
#define DELETE_MS  1000	  /* deletions are gathered so long */
#define FETCH_SET  50	  /* wanted UIDs in one FETCH */
#define DELETE_SET 500	  /* UIDs in one STORE: a line of at most 5.5 kB */
#define FLOOD	   100000 /* responses to one command */
#define DAY_S	   86400

enum command {
	NO_COMMAND, /* connecting, or waiting for `wake` */
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

struct imap_session {
	struct mail_conn *conn;
	struct imap_parser *parser;
	struct imap_uids *uids;
	const char *folder, *server_url;
	guint poll_ms;
	const struct imap_session_events *events;
	void *arg;
	GSource *wake; /* something is due */
	gint64 opened_at, hurry_until, delete_at, recheck_at; /* us, 0: no */
	char *why;					      /* it is over */

	enum command command; /* under way */
	guint tag, responses;
	gboolean greeted, selected; /* CAPABILITY and SELECT were answered */
	gboolean can_idle, can_uidplus, cannot_delete;
	gboolean idling;	      /* IDLE was taken up: DONE may be said */
	char *deleting;		      /* the set of STORE and EXPUNGE */
	guint32 uidvalidity, uidnext; /* as SELECT says them */
	gboolean search_due, fetch_due, noop_due;
};

static gint64 in_ms(guint ms)
{
	return g_get_monotonic_time() + (gint64)ms * 1000;
}

static gboolean is_past(gint64 when)
{
	return when && g_get_monotonic_time() >= when;
}

static gboolean in_hurry(const struct imap_session *ses)
{
	return ses->hurry_until && !is_past(ses->hurry_until);
}

/* The first reason stays; nothing is said after it. */
static void fail(struct imap_session *ses, const char *why)
{
	if (ses->why)
		return;
	ses->why = g_strdup(why);
	ses->command = NO_COMMAND;
	g_source_set_ready_time(ses->wake, -1);
	mail_conn_destroy(&ses->conn, NULL);
}

/* ---- commands ---- */

/* Tags unlike libcurl's A001, whose commands came before on this line. */
G_GNUC_PRINTF(3, 4)
static void say(struct imap_session *ses, enum command command,
		const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	ses->command = command;
	ses->responses = 0;
	mail_conn_say(ses->conn, "ipsp%u %s\r\n", ++ses->tag, text);
	mail_conn_deadline(ses->conn, ANSWER_S);
}

static void say_search(struct imap_session *ses)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
					      "May", "Jun", "Jul", "Aug",
					      "Sep", "Oct", "Nov", "Dec" };
	g_autoptr(GDateTime) day = g_date_time_new_from_unix_utc(
		g_get_real_time() / G_USEC_PER_SEC - DAY_S);

	ses->search_due = FALSE;
	say(ses, SEARCH, "UID SEARCH SINCE %d-%s-%d",
	    g_date_time_get_day_of_month(day),
	    months[g_date_time_get_month(day) - 1], g_date_time_get_year(day));
}

/* One byte more than a mail may have tells the parser that it is too large.
 * PEEK: the flag \Seen would tell nobody anything. */
static void say_fetch(struct imap_session *ses)
{
	g_autofree char *set = imap_uids_fetch_set(ses->uids, FETCH_SET);

	ses->fetch_due = FALSE;
	say(ses, FETCH, "UID FETCH %s (UID FLAGS BODY.PEEK[]<0.%d>)", set,
	    MESSAGE_MAX_SIZE + 1);
}

/* Only flags them; the answer to it expunges. */
static gboolean say_delete(struct imap_session *ses)
{
	if (ses->cannot_delete || !imap_uids_any_done(ses->uids))
		return FALSE;
	g_free(ses->deleting);
	ses->deleting = imap_uids_delete_set(ses->uids, DELETE_SET);
	ses->delete_at = 0;
	say(ses, STORE, "UID STORE %s +FLAGS.SILENT (\\Deleted)",
	    ses->deleting);
	return TRUE;
}

/* Everything is looked at: waits for news, by IDLE or by the clock. */
static void wait_for_news(struct imap_session *ses)
{
	ses->delete_at = 0; /* what is left cannot be deleted */
	ses->events->watching(ses->arg);
	if (!in_hurry(ses) && ses->can_idle) {
		say(ses, IDLE, "IDLE");
		ses->recheck_at = in_ms(RECHECK_MS);
		g_source_set_ready_time(ses->wake, ses->recheck_at);
		return;
	}
	ses->command = NO_COMMAND;
	ses->noop_due = TRUE;
	mail_conn_deadline(ses->conn, 0);
	g_source_set_ready_time(ses->wake,
				in_ms(in_hurry(ses) ? HURRY_MS : ses->poll_ms));
}

static void next_command(struct imap_session *ses)
{
	g_source_set_ready_time(ses->wake, -1);
	if (!ses->greeted) {
		say(ses, CAPABILITY, "CAPABILITY");
	} else if (!ses->selected) {
		say(ses, SELECT, "SELECT %s", ses->folder);
	} else if (ses->search_due) {
		say_search(ses);
	} else if (ses->fetch_due) {
		say_fetch(ses);
	} else if (say_delete(ses)) {
		return;
	} else if (ses->noop_due) {
		ses->noop_due = FALSE;
		say(ses, NOOP, "NOOP");
	} else {
		wait_for_news(ses);
	}
}

/* ---- IDLE ---- */

static gboolean is_due(const struct imap_session *ses)
{
	return ses->fetch_due || in_hurry(ses) || is_past(ses->delete_at) ||
	       is_past(ses->recheck_at);
}

static void leave_idle_if_due(struct imap_session *ses)
{
	if (!ses->idling || !is_due(ses))
		return;
	if (in_hurry(ses) || is_past(ses->recheck_at))
		ses->noop_due = TRUE;
	if (is_past(ses->recheck_at))
		ses->fetch_due = TRUE;
	ses->idling = FALSE;
	ses->command = LEAVE;
	g_source_set_ready_time(ses->wake, -1);
	mail_conn_say(ses->conn, "DONE\r\n");
	mail_conn_deadline(ses->conn, ANSWER_S);
}

static gboolean on_wake(void *arg)
{
	struct imap_session *ses = arg;

	g_source_set_ready_time(ses->wake, -1);
	if (ses->command == NO_COMMAND)
		next_command(ses);
	else
		leave_idle_if_due(ses);
	return G_SOURCE_CONTINUE;
}

/* ---- answers ---- */

static void on_capability_ok(struct imap_session *ses)
{
	ses->greeted = TRUE;
}

static void on_select_ok(struct imap_session *ses)
{
	if (!ses->uidvalidity || !ses->uidnext) {
		fail(ses, "the server tells no UIDVALIDITY and UIDNEXT");
		return;
	}
	ses->selected = TRUE;
	ses->fetch_due = TRUE;
	if (!imap_uids_select(ses->uids, ses->uidvalidity, ses->uidnext))
		ses->search_due = TRUE;
}

static void on_search_ok(struct imap_session *ses)
{
	imap_uids_searched(ses->uids);
	ses->fetch_due = TRUE;
}

static void on_fetch_ok(struct imap_session *ses)
{
	ses->fetch_due |= imap_uids_fetched(ses->uids);
}

static void on_expunge_ok(struct imap_session *ses)
{
	imap_uids_expunged(ses->uids);
}

/* Without UIDPLUS the flag must do: EXPUNGE alone would take other people's
 * deleted mails with it. */
static void on_store_ok(struct imap_session *ses)
{
	if (ses->can_uidplus)
		say(ses, EXPUNGE, "UID EXPUNGE %s", ses->deleting);
	else
		imap_uids_expunged(ses->uids);
}

static void on_nothing_ok(struct imap_session *ses)
{
	ses->idling = FALSE;
}

static const struct {
	const char *name;
	void (*ok)(struct imap_session *ses);
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
static void on_refused(struct imap_session *ses, enum command command,
		       const char *text)
{
	g_autofree char *why = g_strdup_printf("the server refused %s: %s",
					       commands[command].name, text);

	switch (command) {
	case IDLE:
		ses->can_idle = FALSE;
		ses->idling = FALSE;
		break;
	case STORE:
	case EXPUNGE:
		g_warning("mailbox: mails stay url=%s why=%s", ses->server_url,
			  why);
		ses->cannot_delete = TRUE;
		imap_uids_lost(ses->uids);
		break;
	default:
		fail(ses, why);
	}
}

static void on_tagged(struct imap_session *ses, const struct imap_response *rsp)
{
	g_autofree char *tag = g_strdup_printf("ipsp%u", ses->tag);
	enum command command = ses->command;

	if (command == NO_COMMAND || strcmp(rsp->tag, tag)) {
		fail(ses, "the server answers what was not asked");
		return;
	}
	ses->command = NO_COMMAND;
	if (rsp->status == IMAP_OK)
		commands[command].ok(ses);
	else
		on_refused(ses, command, rsp->text);
	if (ses->why)
		return;
	ses->events->moved(ses->arg);
	if (ses->command == NO_COMMAND)
		next_command(ses);
}

static void on_fetch(struct imap_session *ses, const struct imap_response *rsp)
{
	if (!rsp->uid || !rsp->body)
		return; /* of flags */
	if (rsp->deleted) {
		imap_uids_deleted(ses->uids, rsp->uid);
		return;
	}
	if (imap_uids_came(ses->uids, rsp->uid))
		ses->events->mail(rsp->uid, rsp->body, ses->arg);
}

static void on_status(struct imap_session *ses, const struct imap_response *rsp)
{
	g_autofree char *why = NULL;

	if (rsp->uidvalidity)
		ses->uidvalidity = rsp->uidvalidity;
	if (rsp->uidnext)
		ses->uidnext = rsp->uidnext;
	if (rsp->status != IMAP_BYE)
		return;
	why = g_strdup_printf("the server says goodbye: %s", rsp->text);
	fail(ses, why);
}

static void on_response(struct imap_session *ses,
			const struct imap_response *rsp)
{
	switch (rsp->kind) {
	case IMAP_TAGGED:
		on_tagged(ses, rsp);
		break;
	case IMAP_STATUS:
		on_status(ses, rsp);
		break;
	case IMAP_CAPABILITY:
		ses->can_idle = rsp->idle;
		ses->can_uidplus = rsp->uidplus;
		break;
	case IMAP_EXISTS:
		/* One may stand for several mails: it is never counted. */
		ses->fetch_due = TRUE;
		leave_idle_if_due(ses);
		break;
	case IMAP_SEARCH:
		for (guint i = 0; i < rsp->uids->len; i++)
			imap_uids_want(ses->uids,
				       g_array_index(rsp->uids, guint32, i));
		break;
	case IMAP_FETCH:
		on_fetch(ses, rsp);
		break;
	case IMAP_CONTINUE:
		ses->idling = ses->command == IDLE;
		leave_idle_if_due(ses);
		break;
	case IMAP_OTHER:
		break;
	}
}

static void take_responses(struct imap_session *ses, const char *bytes,
			   gsize size)
{
	const struct imap_response *rsp;

	while ((rsp = imap_parser_next(ses->parser, &bytes, &size))) {
		on_response(ses, rsp);
		if (++ses->responses > FLOOD)
			fail(ses, "the server talks without end");
		if (ses->why)
			return;
		/* Each response is progress; in IDLE none is awaited. */
		if (ses->command != NO_COMMAND)
			mail_conn_deadline(ses->conn,
					   ses->idling ? 0 : ANSWER_S);
	}
	if (imap_parser_error(ses->parser))
		fail(ses, imap_parser_error(ses->parser));
}

/* ---- the connection ---- */

/* Last of what each event of the connection does: the owner may destroy us
 * in there. */
static void tell_end(struct imap_session *ses)
{
	if (ses->why)
		ses->events->ended(ses->why, ses->arg);
}

static void on_opened(void *arg)
{
	struct imap_session *ses = arg;

	ses->opened_at = g_get_monotonic_time();
	next_command(ses);
}

static void on_received(const char *bytes, gsize size, void *arg)
{
	struct imap_session *ses = arg;

	take_responses(ses, bytes, size);
	tell_end(ses);
}

static void on_closed(const char *why, void *arg)
{
	struct imap_session *ses = arg;

	fail(ses, why);
	tell_end(ses);
}

static gboolean dispatch(GSource *source, GSourceFunc func, void *arg)
{
	(void)source;
	return func(arg);
}

struct imap_session *
imap_session_create(const struct imap_session_config *cfg,
		    const struct imap_session_events *events, void *arg)
{
	static GSourceFuncs funcs = { .dispatch = dispatch };
	static const struct mail_conn_events conn_events = {
		.opened = on_opened,
		.received = on_received,
		.closed = on_closed,
	};
	struct imap_session *ses = g_new0(struct imap_session, 1);

	ses->folder = cfg->folder;
	ses->server_url = cfg->server->url;
	ses->uids = cfg->uids;
	ses->poll_ms = cfg->poll_ms;
	ses->hurry_until = cfg->hurry_until;
	ses->events = events;
	ses->arg = arg;
	ses->parser = imap_parser_create(MESSAGE_MAX_SIZE + 1);
	ses->wake = g_source_new(&funcs, sizeof(*ses->wake));
	g_source_set_callback(ses->wake, on_wake, ses, NULL);
	g_source_attach(ses->wake, g_main_context_get_thread_default());
	ses->conn = mail_conn_create(cfg->server, CONNECT_S, &conn_events, ses);
	return ses;
}

/* What is done is deleted in passing; NULL when there is nobody to tell. */
static char *last_words(struct imap_session *ses)
{
	g_autofree char *set = NULL;
	GString *words;

	if (ses->why || !ses->opened_at)
		return NULL;
	words = g_string_new(ses->idling ? "DONE\r\n" : NULL);
	if (ses->selected && (ses->idling || ses->command == NO_COMMAND))
		set = imap_uids_delete_set(ses->uids, DELETE_SET);
	if (set)
		g_string_append_printf(
			words,
			"ipspS UID STORE %s +FLAGS.SILENT (\\Deleted)\r\n",
			set);
	if (set && ses->can_uidplus)
		g_string_append_printf(words, "ipspE UID EXPUNGE %s\r\n", set);
	g_string_append(words, "ipspL LOGOUT\r\n");
	return g_string_free(words, FALSE);
}

void imap_session_destroy(struct imap_session **sesp)
{
	struct imap_session *ses = g_steal_pointer(sesp);
	g_autofree char *words = ses ? last_words(ses) : NULL;

	if (!ses)
		return;
	mail_conn_destroy(&ses->conn, words);
	imap_parser_destroy(&ses->parser);
	imap_uids_lost(ses->uids);
	g_source_destroy(ses->wake);
	g_source_unref(ses->wake);
	g_free(ses->deleting);
	g_free(ses->why);
	g_free(ses);
}

void imap_session_hurry(struct imap_session *ses, gint64 until)
{
	ses->hurry_until = until;
	if (ses->opened_at &&
	    (ses->command == IDLE || ses->command == NO_COMMAND))
		g_source_set_ready_time(ses->wake, 0);
}

void imap_session_delete_soon(struct imap_session *ses)
{
	if (ses->delete_at)
		return;
	ses->delete_at = in_ms(DELETE_MS);
	if (ses->command == IDLE)
		g_source_set_ready_time(ses->wake,
					MIN(ses->delete_at, ses->recheck_at));
}

gboolean imap_session_was_steady(const struct imap_session *ses)
{
	return ses->opened_at &&
	       is_past(ses->opened_at + (gint64)STEADY_MS * 1000);
}
