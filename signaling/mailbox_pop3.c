/* POP3 (RFC 1939), polled: a session is a snapshot of the box taken at its
 * log-in, so each look is a session of its own.
 *
 *   log in (libcurl) - UIDL - DELE what is done - RETR what is new - QUIT
 *
 * The server deletes at QUIT and not before: what was done is remembered
 * until a later UIDL does not name it any more. */
#include "signaling/mailbox_kind.h"

#include <gio/gio.h>
#include <string.h>

#include "signaling/backoff.h"
#include "signaling/mail_conn.h"
#include "signaling/message.h"
#include "signaling/pop3_parse.h"

#define CONNECT_S 60
#define ANSWER_S  60 /* for each answer, or mail */
#define POLL_MS	  3000
#define HURRY_MS  300 /* a session costs a TLS handshake */
#define HURRY_FOR 10000
#define SOON_MS	  200 /* to the session that deletes, or after a cut mail */
#define MAX_MAILS 20000
#define MAX_UID	  70 /* RFC 1939 7 */

enum command {
	NO_COMMAND,
	UIDL,
	DELE,
	RETR,
	QUIT,
};

enum mail_state {
	MAIL_NEW, /* not in the table */
	MAIL_SHOWN,
	MAIL_DONE,
	MAIL_DELETING, /* DELE was answered in this session */
};

struct listed {
	guint number; /* in this session */
	char uid[MAX_UID + 1];
};

struct pop3 {
	struct mailbox base;
	struct mail_server server;
	guint poll_ms;
	struct backoff backoff;
	GSource *wake;
	gint64 hurry_until; /* us */
	GHashTable *mails;  /* UID to enum mail_state */
	gboolean again;	    /* the next session is due soon */

	/* The session; NULL between them. */
	struct mail_conn *conn;
	struct pop3_parser *parser;
	enum command command;
	GArray *list; /* struct listed, of UIDL */
	guint at;     /* in it: the mail under way */
};

static void next_command(struct pop3 *pop);

static gint64 in_ms(guint ms)
{
	return g_get_monotonic_time() + (gint64)ms * 1000;
}

static enum mail_state get_state(struct pop3 *pop, const char *uid)
{
	return GPOINTER_TO_INT(g_hash_table_lookup(pop->mails, uid));
}

static void set_state(struct pop3 *pop, const char *uid, enum mail_state state)
{
	g_hash_table_insert(pop->mails, g_strdup(uid), GINT_TO_POINTER(state));
}

static struct listed *current(struct pop3 *pop)
{
	return &g_array_index(pop->list, struct listed, pop->at);
}

/* ---- session ---- */

static void on_opened(void *arg);
static void on_received(const char *bytes, gsize size, void *arg);
static void on_closed(const char *why, void *arg);

static void end_session(struct pop3 *pop)
{
	GHashTableIter iter;
	gpointer state;

	/* What is really deleted is not listed the next time; what still is,
	 * because QUIT was not heard or the server keeps it, is said again. */
	g_hash_table_iter_init(&iter, pop->mails);
	while (g_hash_table_iter_next(&iter, NULL, &state))
		if (GPOINTER_TO_INT(state) == MAIL_DELETING)
			g_hash_table_iter_replace(&iter,
						  GINT_TO_POINTER(MAIL_DONE));
	mail_conn_destroy(&pop->conn, NULL);
	pop3_parser_destroy(&pop->parser);
	g_array_set_size(pop->list, 0);
	pop->command = NO_COMMAND;
}

static void fail(struct pop3 *pop, const char *reason)
{
	g_autofree char *why = g_strdup(reason); /* may be the parser's */

	end_session(pop);
	g_source_set_ready_time(pop->wake, in_ms(backoff_fail(&pop->backoff)));
	mailbox_tell_state(&pop->base, MAILBOX_FAILED, why);
}

static void poll_again(struct pop3 *pop)
{
	guint ms = pop->poll_ms;

	if (g_get_monotonic_time() < pop->hurry_until)
		ms = MIN(ms, HURRY_MS);
	if (pop->again)
		ms = MIN(ms, SOON_MS);
	pop->again = FALSE;
	backoff_reset(&pop->backoff);
	g_source_set_ready_time(pop->wake, in_ms(ms));
	mailbox_tell_state(&pop->base, MAILBOX_WATCHING, NULL);
}

static gboolean on_wake(void *arg)
{
	static const struct mail_conn_events events = {
		.opened = on_opened,
		.received = on_received,
		.closed = on_closed,
	};
	struct pop3 *pop = arg;

	g_source_set_ready_time(pop->wake, -1);
	if (pop->conn)
		return G_SOURCE_CONTINUE;
	pop->parser = pop3_parser_create(MESSAGE_MAX_SIZE + 1);
	pop->conn = mail_conn_create(&pop->server, CONNECT_S, &events, pop);
	return G_SOURCE_CONTINUE;
}

/* ---- commands ---- */

G_GNUC_PRINTF(4, 5)
static void say(struct pop3 *pop, enum command command, enum pop3_what answer,
		const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	pop->command = command;
	pop3_parser_expect(pop->parser, answer);
	mail_conn_say(pop->conn, "%s\r\n", text);
	mail_conn_deadline(pop->conn, ANSWER_S);
}

static void on_opened(void *arg)
{
	say(arg, UIDL, POP3_LIST, "UIDL");
}

/* Through the list: deletes what is done, fetches what is new. */
static void next_command(struct pop3 *pop)
{
	for (; pop->at < pop->list->len; pop->at++) {
		const struct listed *lst = current(pop);
		enum mail_state state = get_state(pop, lst->uid);

		if (state == MAIL_NEW) {
			say(pop, RETR, POP3_MAIL, "RETR %u", lst->number);
			return;
		}
		if (state == MAIL_DONE) {
			say(pop, DELE, POP3_STATUS, "DELE %u", lst->number);
			return;
		}
	}
	say(pop, QUIT, POP3_STATUS, "QUIT");
}

/* ---- answers ---- */

/* "NUMBER UID" of UIDL. */
static gboolean on_list_line(struct pop3 *pop, const char *line)
{
	struct listed lst = { 0 };
	char *uid;
	guint64 number = g_ascii_strtoull(line, &uid, 10);

	if (!number || number > G_MAXUINT || *uid != ' ' || !uid[1] ||
	    strlen(uid + 1) > MAX_UID || pop->list->len >= MAX_MAILS)
		return FALSE;
	lst.number = (guint)number;
	g_strlcpy(lst.uid, uid + 1, sizeof(lst.uid));
	g_array_append_val(pop->list, lst);
	return TRUE;
}

static gboolean is_unlisted(void *uid, void *state, void *present)
{
	(void)state;
	return !g_hash_table_contains(present, uid);
}

/* The list is complete: what somebody else deleted is forgotten. */
static void on_list(struct pop3 *pop)
{
	g_autoptr(GHashTable) present =
		g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < pop->list->len; i++)
		g_hash_table_add(
			present,
			g_array_index(pop->list, struct listed, i).uid);
	g_hash_table_foreach_remove(pop->mails, is_unlisted, present);
	pop->at = 0;
}

static void show(struct pop3 *pop)
{
	g_autoptr(GBytes) mail = pop3_parser_mail(pop->parser);
	const struct listed *lst = current(pop);

	set_state(pop, lst->uid, MAIL_SHOWN);
	mailbox_tell_mail(&pop->base, lst->uid, mail);
	/* Done at once? Then it is deleted in the same session. */
	if (get_state(pop, lst->uid) != MAIL_DONE)
		pop->at++;
}

static void on_ok(struct pop3 *pop)
{
	switch (pop->command) {
	case UIDL:
		on_list(pop);
		break;
	case RETR:
		show(pop);
		break;
	case DELE:
		set_state(pop, current(pop)->uid, MAIL_DELETING);
		pop->at++;
		break;
	case QUIT:
		end_session(pop);
		poll_again(pop);
		return;
	case NO_COMMAND:
		fail(pop, "the server answers what was not asked");
		return;
	}
	next_command(pop);
}

/* Of one mail it says only that the mail is gone or in use: the others are
 * not given up for it, and the next session asks again. */
static void on_err(struct pop3 *pop)
{
	g_autofree char *why = NULL;

	if (pop->command == RETR || pop->command == DELE) {
		pop->at++;
		next_command(pop);
		return;
	}
	why = g_strescape(pop3_parser_text(pop->parser), NULL);
	fail(pop, why);
}

/* The rest of a mail without bounds is not waited for. Leaving without QUIT
 * deletes nothing; the next session goes on behind this mail. */
static void on_full(struct pop3 *pop)
{
	if (pop->command == RETR)
		show(pop);
	pop->again = TRUE;
	end_session(pop);
	poll_again(pop);
}

static void on_received(const char *bytes, gsize size, void *arg)
{
	struct pop3 *pop = arg;

	while (pop->conn && size) {
		switch (pop3_parser_next(pop->parser, &bytes, &size)) {
		case POP3_MORE:
			break;
		case POP3_OK:
			on_ok(pop);
			break;
		case POP3_ERR:
			on_err(pop);
			break;
		case POP3_LINE:
			if (!on_list_line(pop, pop3_parser_text(pop->parser)))
				fail(pop, "the server's UIDL makes no sense");
			break;
		case POP3_FULL:
			on_full(pop);
			break;
		case POP3_WRONG:
			fail(pop, pop3_parser_text(pop->parser));
			break;
		}
	}
}

static void on_closed(const char *why, void *arg)
{
	fail(arg, why);
}

/* ---- the mailbox ---- */

static void pop3_done(struct mailbox *mbx, const char *id)
{
	struct pop3 *pop = (struct pop3 *)mbx;

	if (get_state(pop, id) != MAIL_SHOWN)
		return;
	set_state(pop, id, MAIL_DONE);
	if (pop->conn)
		pop->again = TRUE; /* this session may be past it */
	else if (!pop->backoff.failures)
		g_source_set_ready_time(pop->wake, in_ms(SOON_MS));
}

static void pop3_hurry(struct mailbox *mbx)
{
	struct pop3 *pop = (struct pop3 *)mbx;

	pop->hurry_until = in_ms(HURRY_FOR);
	if (!pop->conn)
		g_source_set_ready_time(pop->wake, in_ms(HURRY_MS));
}

static void pop3_destroy(struct mailbox *mbx)
{
	struct pop3 *pop = (struct pop3 *)mbx;

	end_session(pop);
	if (pop->wake) {
		g_source_destroy(pop->wake);
		g_source_unref(pop->wake);
	}
	g_hash_table_unref(pop->mails);
	g_array_unref(pop->list);
	mail_server_fini(&pop->server);
	g_free(pop);
}

static gboolean dispatch(GSource *source, GSourceFunc func, void *arg)
{
	(void)source;
	return func(arg);
}

static struct mailbox *pop3_create(const struct mailbox_config *cfg,
				   GError **error)
{
	static GSourceFuncs funcs = { .dispatch = dispatch };
	struct pop3 *pop = g_new0(struct pop3, 1);

	pop->mails =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	pop->list = g_array_new(FALSE, FALSE, sizeof(struct listed));
	if (!mail_server_init(&pop->server, cfg->url, cfg->username,
			      cfg->password, cfg->ca_file, error)) {
		pop3_destroy(&pop->base);
		return NULL;
	}
	pop->poll_ms = cfg->poll_ms ? cfg->poll_ms : POLL_MS;
	pop->wake = g_source_new(&funcs, sizeof(*pop->wake));
	g_source_set_callback(pop->wake, on_wake, pop, NULL);
	g_source_attach(pop->wake, g_main_context_get_thread_default());
	g_source_set_ready_time(pop->wake, 0);
	return &pop->base;
}

const struct mailbox_kind mailbox_pop3 = {
	.create = pop3_create,
	.destroy = pop3_destroy,
	.done = pop3_done,
	.hurry = pop3_hurry,
};
