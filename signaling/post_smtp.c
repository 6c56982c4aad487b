/* Submission by SMTP (RFC 6409, RFC 5321): a few links to the server, opened
 * when there is mail and kept for a while, each with one mail at a time. */
#include "signaling/post_kind.h"

#include <stdlib.h>
#include <string.h>

#include "signaling/lines.h"
#include "signaling/mail_conn.h"

#define MAX_LINKS 4
#define CONNECT_S 30
#define REPLY_S	  60 /* RFC 5321 4.5.3.2 has minutes; a caller waits here */
#define KEEP_S	  45 /* an idle link; servers wait 300 s */
#define MAX_LINE  4096
#define MAX_REPLY 200 /* bytes of the server's words that are kept */
#define MAX_LINES 100 /* of one reply */

/* What the next reply answers. */
enum step {
	STEP_CONNECT,
	STEP_EHLO,
	STEP_IDLE, /* nothing was asked */
	STEP_MAIL,
	STEP_RCPT,
	STEP_DATA,
	STEP_TEXT,
	STEP_RSET,
};

struct post_smtp {
	struct post base;
	struct mail_server server;
	GQueue waiting;	  /* struct post_mail * */
	GPtrArray *links; /* struct link *, owned */
	GSource *start;	  /* ready when a mail may start */
};

struct link {
	struct post_smtp *post;
	struct mail_conn *conn;
	struct lines lines;
	enum step step;
	struct post_mail *mail; /* between MAIL and the verdict */
	guint served;		/* replies to mails so far: is it a kept one? */
	guint reply_lines;
	gboolean pipelining, smtputf8, eightbit; /* EHLO keywords */
	gboolean failed; /* the mail under way was judged: read on, then RSET */
};

static void link_free(void *arg)
{
	struct link *lnk = arg;

	mail_conn_destroy(&lnk->conn,
			  lnk->step == STEP_IDLE ? "QUIT\r\n" : NULL);
	lines_fini(&lnk->lines);
	post_mail_free(lnk->mail);
	g_free(lnk);
}

static void start_soon(struct post_smtp *ps)
{
	g_source_set_ready_time(ps->start, 0);
}

static void tell(struct link *lnk, enum post_result result, const char *why)
{
	struct post_mail *mail = g_steal_pointer(&lnk->mail);

	if (mail)
		post_tell(&lnk->post->base, mail, result, why);
}

static void ask(struct link *lnk, enum step step)
{
	lnk->step = step;
	mail_conn_deadline(lnk->conn, REPLY_S);
}

static void rest(struct link *lnk)
{
	lnk->step = STEP_IDLE;
	mail_conn_deadline(lnk->conn, KEEP_S);
	start_soon(lnk->post);
}

/* A mail as DATA wants it: every line ended by CRLF, however it was ended,
 * and a leading dot doubled (RFC 5321 4.5.2). */
static GString *as_data(GBytes *mail)
{
	gsize size;
	const char *bytes = g_bytes_get_data(mail, &size);
	GString *text = g_string_sized_new(size + size / 32 + 8);
	gboolean begin = TRUE;

	for (gsize i = 0; i < size; i++) {
		if (bytes[i] == '\n' || bytes[i] == '\r') {
			if (bytes[i] == '\r' && i + 1 < size &&
			    bytes[i + 1] == '\n')
				i++;
			g_string_append(text, "\r\n");
			begin = TRUE;
			continue;
		}
		if (begin && bytes[i] == '.')
			g_string_append_c(text, '.');
		g_string_append_c(text, bytes[i]);
		begin = FALSE;
	}
	if (!begin)
		g_string_append(text, "\r\n");
	g_string_append(text, ".\r\n");
	return text;
}

static gboolean is_eightbit(GBytes *mail)
{
	gsize size;
	const guchar *bytes = g_bytes_get_data(mail, &size);

	for (gsize i = 0; i < size; i++)
		if (bytes[i] >= 0x80)
			return TRUE;
	return FALSE;
}

static void say_rcpt(struct link *lnk)
{
	mail_conn_say(lnk->conn, "RCPT TO:<%s>\r\n", lnk->mail->recipient);
}

/* MAIL, and where the server takes it (RFC 2920) RCPT and DATA behind it:
 * two round trips for a mail, not four. */
static void begin_mail(struct link *lnk, struct post_mail *mail)
{
	gboolean utf8 = !g_str_is_ascii(mail->recipient) ||
			!g_str_is_ascii(mail->envelope_from);

	lnk->mail = mail;
	lnk->failed = FALSE;
	if (utf8 && !lnk->smtputf8) {
		tell(lnk, POST_REFUSED,
		     "the server does not take addresses beyond ASCII");
		start_soon(lnk->post);
		return;
	}
	mail_conn_say(lnk->conn, "MAIL FROM:<%s>%s%s\r\n", mail->envelope_from,
		      utf8 ? " SMTPUTF8" : "",
		      lnk->eightbit && is_eightbit(mail->mail)
			      ? " BODY=8BITMIME"
			      : "");
	if (lnk->pipelining) {
		say_rcpt(lnk);
		mail_conn_say(lnk->conn, "DATA\r\n");
	}
	ask(lnk, STEP_MAIL);
}

/* 4xx: later. 5xx: never, unless it is about our log-in, which is not the
 * mail's fault (RFC 4954 6: 530, 534, 535, 538). */
static void judge(struct link *lnk, int code, const char *text)
{
	gboolean log_in =
		code == 530 || code == 534 || code == 535 || code == 538;
	g_autofree char *why = NULL;

	if (lnk->failed)
		return; /* a consequence of what was judged */
	lnk->failed = TRUE;
	why = g_strdup_printf("%s said: %s", lnk->post->server.url, text);
	tell(lnk, code >= 500 && !log_in ? POST_REFUSED : POST_RETRY, why);
}

static void on_mail_reply(struct link *lnk, int code, const char *text)
{
	if (code / 100 != 2)
		judge(lnk, code, text);
	if (lnk->failed && !lnk->pipelining) {
		rest(lnk);
		return;
	}
	if (!lnk->pipelining)
		say_rcpt(lnk);
	ask(lnk, STEP_RCPT);
}

static void reset(struct link *lnk)
{
	mail_conn_say(lnk->conn, "RSET\r\n");
	ask(lnk, STEP_RSET);
}

static void on_rcpt_reply(struct link *lnk, int code, const char *text)
{
	if (code / 100 != 2)
		judge(lnk, code, text);
	if (lnk->failed && !lnk->pipelining) {
		reset(lnk);
		return;
	}
	if (!lnk->pipelining)
		mail_conn_say(lnk->conn, "DATA\r\n");
	ask(lnk, STEP_DATA);
}

static void on_data_reply(struct link *lnk, int code, const char *text)
{
	g_autoptr(GString) data = NULL;

	if (code != 354) {
		judge(lnk, code, text);
		reset(lnk);
		return;
	}
	/* A server that says 354 without a recipient must be given a text;
	 * it refuses the empty one (RFC 2920 3.1). */
	data = lnk->failed ? g_string_new(".\r\n") : as_data(lnk->mail->mail);
	mail_conn_send(lnk->conn, data->str, data->len);
	ask(lnk, STEP_TEXT);
}

static void on_text_reply(struct link *lnk, int code, const char *text)
{
	if (code / 100 == 2 && !lnk->failed)
		tell(lnk, POST_SENT, NULL);
	else
		judge(lnk, code, text);
	lnk->served++;
	rest(lnk);
}

static void on_ehlo_reply(struct link *lnk, int code, const char *text)
{
	(void)text;
	/* libcurl was answered already; without keywords we do with less. */
	if (code / 100 != 2)
		g_debug("post: EHLO refused code=%d", code);
	rest(lnk);
}

static void on_rset_reply(struct link *lnk, int code, const char *text)
{
	(void)code;
	(void)text;
	lnk->served++;
	rest(lnk);
}

static void (*const on_reply[])(struct link *lnk, int code,
				const char *text) = {
	[STEP_EHLO] = on_ehlo_reply, [STEP_MAIL] = on_mail_reply,
	[STEP_RCPT] = on_rcpt_reply, [STEP_DATA] = on_data_reply,
	[STEP_TEXT] = on_text_reply, [STEP_RSET] = on_rset_reply,
};

/* All waiting mails fail with the way to the server; what `done` posts
 * meanwhile is tried again. */
static void give_up_waiting(struct post_smtp *ps, const char *why)
{
	for (guint n = ps->waiting.length; n; n--)
		post_tell(&ps->base, g_queue_pop_head(&ps->waiting), POST_RETRY,
			  why);
}

static gboolean is_open(const struct link *lnk)
{
	return lnk->step != STEP_CONNECT && lnk->step != STEP_EHLO;
}

/* The link is dead and goes. Its mail, if the server was not given its text
 * and the link is an old one that died unseen, gets another. */
static void lose(struct link *lnk, const char *reason)
{
	struct post_smtp *ps = lnk->post;
	g_autofree char *why =
		g_strdup_printf("%s: %s", ps->server.url, reason);
	gboolean was_open = is_open(lnk);
	gboolean any_open = FALSE;

	if (lnk->mail && lnk->served && lnk->step < STEP_TEXT)
		g_queue_push_head(&ps->waiting, g_steal_pointer(&lnk->mail));
	tell(lnk, POST_RETRY, why);
	g_ptr_array_remove_fast(ps->links, lnk);
	for (guint i = 0; i < ps->links->len; i++)
		any_open |= is_open(ps->links->pdata[i]);
	if (!was_open && !any_open)
		give_up_waiting(ps, why);
	start_soon(ps);
}

static void read_keyword(struct link *lnk, const char *text)
{
	lnk->pipelining |= !g_ascii_strcasecmp(text, "PIPELINING");
	lnk->smtputf8 |= !g_ascii_strcasecmp(text, "SMTPUTF8");
	lnk->eightbit |= !g_ascii_strcasecmp(text, "8BITMIME");
}

/* One line of a reply: "250-text" or, the last, "250 text" or "250".
 * FALSE: the link is gone. */
static gboolean on_line(struct link *lnk, const char *line, gsize length)
{
	gboolean numbered = length >= 3 && g_ascii_isdigit(line[0]) &&
			    g_ascii_isdigit(line[1]) &&
			    g_ascii_isdigit(line[2]);
	int code = numbered ? atoi(line) : 0;
	g_autofree char *text = NULL;

	if (code < 200 || code > 599 || ++lnk->reply_lines > MAX_LINES) {
		lose(lnk, "it does not speak SMTP");
		return FALSE;
	}
	if (lnk->step == STEP_EHLO && length > 4)
		read_keyword(lnk, line + 4);
	if (line[3] == '-')
		return TRUE;
	lnk->reply_lines = 0;
	text = g_strndup(line, MIN(length, MAX_REPLY));
	g_strcanon(text,
		   " !\"#$%&'()*+,-./0123456789:;<=>?@"
		   "ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
		   "abcdefghijklmnopqrstuvwxyz{|}~",
		   '?');
	/* 421 ends the link whatever was asked (RFC 5321 3.8). */
	if (code == 421 || lnk->step == STEP_IDLE) {
		lose(lnk, text);
		return FALSE;
	}
	on_reply[lnk->step](lnk, code, text);
	return TRUE;
}

static void on_received(const char *bytes, gsize size, void *arg)
{
	struct link *lnk = arg;
	const char *line;
	gsize length;

	while ((line = lines_next(&lnk->lines, &bytes, &size, &length)))
		if (!on_line(lnk, line, length))
			return;
	if (lnk->lines.too_long)
		lose(lnk, "it says lines without an end");
}

static void on_opened(void *arg)
{
	struct link *lnk = arg;

	/* libcurl said EHLO already but keeps the keywords to itself. */
	mail_conn_say(lnk->conn, "EHLO %s\r\n",
		      *lnk->post->server.path ? lnk->post->server.path
					      : g_get_host_name());
	ask(lnk, STEP_EHLO);
}

static void on_closed(const char *why, void *arg)
{
	lose(arg, why);
}

static void open_link(struct post_smtp *ps)
{
	static const struct mail_conn_events events = {
		.opened = on_opened,
		.received = on_received,
		.closed = on_closed,
	};
	struct link *lnk = g_new0(struct link, 1);

	lnk->post = ps;
	lines_init(&lnk->lines, MAX_LINE);
	lnk->conn = mail_conn_create(&ps->server, CONNECT_S, &events, lnk);
	g_ptr_array_add(ps->links, lnk);
}

/* Gives waiting mails to resting links, and opens links for the rest. */
static gboolean on_start(void *arg)
{
	struct post_smtp *ps = arg;
	guint opening = 0;

	g_source_set_ready_time(ps->start, -1);
	for (guint i = 0; i < ps->links->len; i++) {
		struct link *lnk = ps->links->pdata[i];

		if (lnk->step == STEP_IDLE && ps->waiting.length)
			begin_mail(lnk, g_queue_pop_head(&ps->waiting));
		opening += !is_open(lnk);
	}
	while (ps->links->len < MAX_LINKS && opening < ps->waiting.length) {
		open_link(ps);
		opening++;
	}
	return G_SOURCE_CONTINUE;
}

static gboolean dispatch(GSource *source, GSourceFunc func, void *arg)
{
	(void)source;
	return func(arg);
}

static void smtp_destroy(struct post *pst)
{
	struct post_smtp *ps = (struct post_smtp *)pst;

	g_ptr_array_unref(ps->links);
	g_queue_clear_full(&ps->waiting, (GDestroyNotify)post_mail_free);
	g_source_destroy(ps->start);
	g_source_unref(ps->start);
	mail_server_fini(&ps->server);
	g_free(ps);
}

static struct post *smtp_create(const struct post_config *cfg, GError **error)
{
	static GSourceFuncs funcs = { .dispatch = dispatch };
	struct post_smtp *ps = g_new0(struct post_smtp, 1);

	ps->links = g_ptr_array_new_with_free_func(link_free);
	g_queue_init(&ps->waiting);
	ps->start = g_source_new(&funcs, sizeof(*ps->start));
	g_source_set_callback(ps->start, on_start, ps, NULL);
	g_source_attach(ps->start, g_main_context_get_thread_default());
	if (!mail_server_init(&ps->server, cfg->url, cfg->username,
			      cfg->password, cfg->ca_file, error)) {
		smtp_destroy(&ps->base);
		return NULL;
	}
	return &ps->base;
}

static void smtp_send(struct post *pst, struct post_mail *mail)
{
	struct post_smtp *ps = (struct post_smtp *)pst;

	g_queue_push_tail(&ps->waiting, mail);
	start_soon(ps);
}

const struct post_kind post_smtp = {
	.create = smtp_create,
	.destroy = smtp_destroy,
	.send = smtp_send,
};
