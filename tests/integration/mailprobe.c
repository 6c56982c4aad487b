/* mailprobe - mailboxes and posts on one main loop, driven by lines on stdin,
 * telling what happens by lines on stdout: the program under mail.py.
 *
 * Fields are separated by tabs; "-" is none. Commands:
 *   mailbox NAME URL USER PASSWORD CA POSITION
 *   auto NAME            every mail is done as soon as it is shown
 *   done NAME ID | hurry NAME | close NAME
 *   post NAME URL USER PASSWORD CA
 *   send NAME ID FROM TO TEXT    TEXT with C escapes; the mail's name is ID
 * Events, each with CLOCK_MONOTONIC in us behind its first word:
 *   mail TIME NAME ID SIZE PROBE    PROBE: the mail's X-Probe header
 *   state TIME NAME STATE WHY
 *   position TIME NAME POSITION
 *   sent TIME NAME ID RESULT WHY
 * It ends at the end of stdin. */
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "signaling/mailbox.h"
#include "signaling/post.h"

struct box {
	char *name;
	struct mailbox *mbx;
	gboolean automatic;
};

struct way {
	char *name;
	struct post *pst;
};

static GHashTable *boxes, *ways; /* by name */
static GMainLoop *loop;
static GString *input;

G_GNUC_PRINTF(2, 3)
static void say(const char *event, const char *format, ...)
{
	va_list args;

	printf("%s\t%" G_GINT64_FORMAT "\t", event, g_get_monotonic_time());
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

/* The value of X-Probe, or "-"; caller frees. */
static char *probe_of(GBytes *mail)
{
	gsize size;
	const char *bytes = g_bytes_get_data(mail, &size);
	const char *at = g_strstr_len(bytes, (gssize)size, "X-Probe: ");
	gsize length = 0;

	if (!at)
		return g_strdup("-");
	at += strlen("X-Probe: ");
	while (at + length < bytes + size && at[length] > ' ')
		length++;
	return g_strndup(at, length);
}

static void on_mail(struct mailbox *mbx, const char *id, GBytes *mail,
		    void *arg)
{
	struct box *box = arg;
	g_autofree char *probe = probe_of(mail);

	say("mail", "%s\t%s\t%zu\t%s", box->name, id, g_bytes_get_size(mail),
	    probe);
	if (box->automatic)
		mailbox_done(mbx, id);
}

static void on_state(struct mailbox *mbx, enum mailbox_state state,
		     const char *why, void *arg)
{
	static const char *const names[] = {
		[MAILBOX_CONNECTING] = "connecting",
		[MAILBOX_WATCHING] = "watching",
		[MAILBOX_FAILED] = "failed",
	};
	struct box *box = arg;

	(void)mbx;
	say("state", "%s\t%s\t%s", box->name, names[state], why ? why : "-");
}

static void on_position(struct mailbox *mbx, const char *position, void *arg)
{
	struct box *box = arg;

	(void)mbx;
	say("position", "%s\t%s", box->name, position);
}

static void on_done(struct post *pst, gint64 id, enum post_result result,
		    const char *why, void *arg)
{
	static const char *const names[] = {
		[POST_SENT] = "sent",
		[POST_RETRY] = "retry",
		[POST_REFUSED] = "refused",
	};
	struct way *way = arg;

	(void)pst;
	say("sent", "%s\t%" G_GINT64_FORMAT "\t%s\t%s", way->name, id,
	    names[result], why ? why : "-");
}

static const struct mailbox_events box_events = {
	.mail = on_mail,
	.state = on_state,
	.position = on_position,
};

static const struct post_events way_events = { .done = on_done };

static void box_free(void *arg)
{
	struct box *box = arg;

	mailbox_destroy(&box->mbx);
	g_free(box->name);
	g_free(box);
}

static void way_free(void *arg)
{
	struct way *way = arg;

	post_destroy(&way->pst);
	g_free(way->name);
	g_free(way);
}

static const char *field(char **words, guint i)
{
	g_assert_cmpuint(i, <, g_strv_length(words));
	return strcmp(words[i], "-") ? words[i] : NULL;
}

static void open_mailbox(char **words)
{
	struct mailbox_config cfg = {
		.url = field(words, 2),
		.username = field(words, 3),
		.password = field(words, 4),
		.ca_file = field(words, 5),
		.position = field(words, 6),
	};
	struct box *box = g_new0(struct box, 1);
	g_autoptr(GError) error = NULL;

	box->name = g_strdup(words[1]);
	box->mbx = mailbox_create(&cfg, &box_events, box, &error);
	g_assert_no_error(error);
	g_hash_table_replace(boxes, box->name, box);
}

static void open_post(char **words)
{
	struct post_config cfg = {
		.url = field(words, 2),
		.username = field(words, 3),
		.password = field(words, 4),
		.ca_file = field(words, 5),
	};
	struct way *way = g_new0(struct way, 1);
	g_autoptr(GError) error = NULL;

	way->name = g_strdup(words[1]);
	way->pst = post_create(&cfg, &way_events, way, &error);
	g_assert_no_error(error);
	g_hash_table_replace(ways, way->name, way);
}

static struct box *box_of(char **words)
{
	struct box *box = g_hash_table_lookup(boxes, words[1]);

	g_assert_nonnull(box);
	return box;
}

static void set_automatic(char **words)
{
	box_of(words)->automatic = TRUE;
}

static void mark_done(char **words)
{
	mailbox_done(box_of(words)->mbx, field(words, 2));
}

static void hurry(char **words)
{
	mailbox_hurry(box_of(words)->mbx);
}

static void close_mailbox(char **words)
{
	g_hash_table_remove(boxes, words[1]);
}

static void send_mail(char **words)
{
	struct way *way = g_hash_table_lookup(ways, words[1]);
	const char *from = field(words, 3);
	g_autofree char *text = g_strcompress(field(words, 5));
	g_autoptr(GBytes) mail = g_bytes_new(text, strlen(text));

	g_assert_nonnull(way);
	post_send(way->pst, g_ascii_strtoll(words[2], NULL, 10), words[2],
		  from ? from : "", field(words, 4), mail);
}

static const struct {
	const char *name;
	guint words;
	void (*run)(char **words);
} commands[] = {
	{ "mailbox", 7, open_mailbox }, { "auto", 2, set_automatic },
	{ "done", 3, mark_done },	{ "hurry", 2, hurry },
	{ "close", 2, close_mailbox },	{ "post", 6, open_post },
	{ "send", 6, send_mail },
};

static void run_line(const char *line)
{
	g_auto(GStrv) words = g_strsplit(line, "\t", -1);

	for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (strcmp(words[0], commands[i].name))
			continue;
		g_assert_cmpuint(g_strv_length(words), ==, commands[i].words);
		commands[i].run(words);
		return;
	}
	g_error("no such command: %s", words[0]);
}

static gboolean on_input(int fd, GIOCondition condition, void *arg)
{
	char buf[4096];
	ssize_t n = read(fd, buf, sizeof(buf));
	char *end;

	(void)condition;
	(void)arg;
	if (n <= 0) {
		g_main_loop_quit(loop);
		return G_SOURCE_REMOVE;
	}
	g_string_append_len(input, buf, n);
	while ((end = memchr(input->str, '\n', input->len))) {
		*end = '\0';
		run_line(input->str);
		g_string_erase(input, 0, end + 1 - input->str);
	}
	return G_SOURCE_CONTINUE;
}

int main(void)
{
	boxes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, box_free);
	ways = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, way_free);
	loop = g_main_loop_new(NULL, FALSE);
	input = g_string_new(NULL);
	g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_input, NULL);
	g_main_loop_run(loop);

	g_hash_table_unref(boxes);
	g_hash_table_unref(ways);
	g_main_loop_unref(loop);
	g_string_free(input, TRUE);
	return 0;
}
