/* The Maildir mailbox and the Maildir post, against each other and against
 * what other programs put into a Maildir. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signaling/mailbox.h"
#include "signaling/message.h"
#include "signaling/post.h"

#define PATIENCE_S 10 /* a failing test ends; a passing one never waits it */

struct box {
	char *root, *path, *url;
	struct mailbox *mbx;
	gboolean done_at_once;
	GPtrArray *ids, *mails;
	enum mailbox_state state;
	char *why;
};

static void on_mail(struct mailbox *mbx, const char *id, GBytes *mail,
		    void *arg)
{
	struct box *box = arg;

	g_ptr_array_add(box->ids, g_strdup(id));
	g_ptr_array_add(box->mails, g_bytes_ref(mail));
	if (box->done_at_once)
		mailbox_done(mbx, id);
}

static void on_state(struct mailbox *mbx, enum mailbox_state state,
		     const char *why, void *arg)
{
	struct box *box = arg;

	(void)mbx;
	box->state = state;
	g_free(box->why);
	box->why = g_strdup(why);
}

static const struct mailbox_events box_events = {
	.mail = on_mail,
	.state = on_state,
};

static void box_open(struct box *box)
{
	struct mailbox_config cfg = { .url = box->url, .poll_ms = 200 };
	g_autoptr(GError) error = NULL;

	g_ptr_array_set_size(box->ids, 0);
	g_ptr_array_set_size(box->mails, 0);
	box->state = MAILBOX_CONNECTING;
	box->mbx = mailbox_create(&cfg, &box_events, box, &error);
	g_assert_no_error(error);
}

static void box_init(struct box *box)
{
	*box = (struct box){ 0 };
	box->root = g_dir_make_tmp("maildir-XXXXXX", NULL);
	box->path = g_build_filename(box->root, "room", NULL);
	box->url = g_strconcat("maildir:", box->path, NULL);
	box->ids = g_ptr_array_new_with_free_func(g_free);
	box->mails =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	box_open(box);
}

static void remove_tree(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *child = g_build_filename(path, name, NULL);

		remove_tree(child);
	}
	g_remove(path);
}

static void box_fini(struct box *box)
{
	mailbox_destroy(&box->mbx);
	remove_tree(box->root);
	g_ptr_array_unref(box->ids);
	g_ptr_array_unref(box->mails);
	g_free(box->root);
	g_free(box->path);
	g_free(box->url);
	g_free(box->why);
}

/* Runs the main loop until *value is `wanted`. */
static void wait_for(const guint *value, guint wanted)
{
	gint64 deadline = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;

	while (*value != wanted && g_get_monotonic_time() < deadline)
		if (!g_main_context_iteration(NULL, FALSE))
			g_usleep(200);
	g_assert_cmpuint(*value, ==, wanted);
}

static void settle(guint ms)
{
	gint64 end = g_get_monotonic_time() + ms * 1000;

	while (g_get_monotonic_time() < end)
		if (!g_main_context_iteration(NULL, FALSE))
			g_usleep(200);
}

static void wait_watching(struct box *box)
{
	wait_for((guint *)&box->state, MAILBOX_WATCHING);
}

/* As an MTA does: tmp/, then link() or rename() into new/. */
static void deliver(struct box *box, const char *name, const char *text,
		    gboolean by_link)
{
	g_autofree char *tmp = g_build_filename(box->path, "tmp", name, NULL);
	g_autofree char *final = g_build_filename(box->path, "new", name, NULL);

	g_assert_true(g_file_set_contents(tmp, text, -1, NULL));
	if (by_link) {
		g_assert_cmpint(link(tmp, final), ==, 0);
		g_unlink(tmp);
	} else {
		g_assert_cmpint(g_rename(tmp, final), ==, 0);
	}
}

static guint files_in(struct box *box, const char *part)
{
	g_autofree char *path = g_build_filename(box->path, part, NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	guint n = 0;

	while (g_dir_read_name(dir))
		n++;
	return n;
}

static void a_missing_maildir_is_made(void)
{
	struct box box;

	box_init(&box);
	wait_watching(&box);
	g_assert_cmpuint(files_in(&box, "new"), ==, 0);
	g_assert_cmpuint(files_in(&box, "tmp"), ==, 0);
	g_assert_cmpuint(files_in(&box, "cur"), ==, 0);
	box_fini(&box);
}

static void linked_and_renamed_mails_are_shown_once_and_deleted_when_done(void)
{
	struct box box;

	box_init(&box);
	box.done_at_once = TRUE;
	wait_watching(&box);
	deliver(&box, "1.a", "renamed", FALSE);
	deliver(&box, "2.b", "linked", TRUE);
	wait_for(&box.mails->len, 2);
	settle(500); /* more than a rescan */
	g_assert_cmpuint(box.mails->len, ==, 2);
	g_assert_cmpuint(files_in(&box, "new"), ==, 0);
	g_assert_cmpmem(g_bytes_get_data(box.mails->pdata[1], NULL),
			g_bytes_get_size(box.mails->pdata[1]), "linked", 6);
	box_fini(&box);
}

static void a_mail_that_was_not_done_is_shown_again_after_a_restart(void)
{
	struct box box;

	box_init(&box);
	wait_watching(&box);
	deliver(&box, "1.a", "first", FALSE);
	deliver(&box, "2.b", "second", FALSE);
	wait_for(&box.mails->len, 2);
	mailbox_done(box.mbx, "1.a");
	mailbox_destroy(&box.mbx);
	box_open(&box);
	wait_for(&box.mails->len, 1);
	g_assert_cmpstr(box.ids->pdata[0], ==, "2.b");
	box_fini(&box);
}

static void mails_that_waited_come_in_the_order_of_their_arrival(void)
{
	static const char *const names[] = { "z", "a", "m" };
	struct box box;

	box_init(&box);
	mailbox_destroy(&box.mbx);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path =
			g_build_filename(box.path, "new", names[i], NULL);
		struct timespec times[2] = { { .tv_sec = 1000 + i },
					     { .tv_sec = 1000 + i } };

		deliver(&box, names[i], names[i], FALSE);
		g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
	}
	box_open(&box);
	wait_for(&box.mails->len, 3);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		g_assert_cmpstr(box.ids->pdata[i], ==, names[i]);
	box_fini(&box);
}

static void a_mail_over_the_limit_comes_cut_to_one_byte_more(void)
{
	g_autofree char *big = g_strnfill(MESSAGE_MAX_SIZE + 5000, 'x');
	struct box box;

	box_init(&box);
	deliver(&box, "big", big, FALSE);
	wait_for(&box.mails->len, 1);
	g_assert_cmpuint(g_bytes_get_size(box.mails->pdata[0]), ==,
			 MESSAGE_MAX_SIZE + 1);
	box_fini(&box);
}

static void links_and_fifos_are_never_read(void)
{
	struct box box;
	g_autofree char *fifo = NULL;
	g_autofree char *leak = NULL;

	box_init(&box);
	wait_watching(&box);
	fifo = g_build_filename(box.path, "new", "fifo", NULL);
	leak = g_build_filename(box.path, "new", "leak", NULL);
	g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "*cannot read*");
	g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "*cannot read*");
	g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
	g_assert_cmpint(symlink("/etc/passwd", leak), ==, 0);
	deliver(&box, "mail", "still served", FALSE);
	wait_for(&box.mails->len, 1);
	settle(500);
	g_test_assert_expected_messages();
	g_assert_cmpstr(box.ids->pdata[0], ==, "mail");
	box_fini(&box);
}

static void a_maildir_that_is_replaced_is_watched_again(void)
{
	struct box box;
	g_autofree char *aside = NULL;

	box_init(&box);
	wait_watching(&box);
	aside = g_build_filename(box.root, "aside", NULL);
	g_assert_cmpint(g_rename(box.path, aside), ==, 0);
	settle(500);
	deliver(&box, "after", "in the new directory", FALSE);
	wait_for(&box.mails->len, 1);
	g_assert_cmpstr(box.ids->pdata[0], ==, "after");
	box_fini(&box);
}

static void an_id_that_was_never_shown_deletes_nothing(void)
{
	struct box box;
	g_autofree char *victim = NULL;

	box_init(&box);
	wait_watching(&box);
	victim = g_build_filename(box.path, "cur", "victim", NULL);
	g_assert_true(g_file_set_contents(victim, "x", 1, NULL));
	mailbox_done(box.mbx, "../cur/victim");
	g_assert_true(g_file_test(victim, G_FILE_TEST_EXISTS));
	box_fini(&box);
}

static void a_burst_of_2000_mails_is_shown_once_each(void)
{
	struct box box;

	box_init(&box);
	box.done_at_once = TRUE;
	wait_watching(&box);
	for (int i = 0; i < 2000; i++) {
		g_autofree char *name = g_strdup_printf("%d.burst", i);

		deliver(&box, name, name, FALSE);
	}
	wait_for(&box.mails->len, 2000);
	settle(300);
	g_assert_cmpuint(box.mails->len, ==, 2000);
	g_assert_cmpuint(files_in(&box, "new"), ==, 0);
	box_fini(&box);
}

static void hundreds_of_maildirs_share_one_inotify_instance(void)
{
	enum { BOXES = 300 };
	struct box *boxes = g_new0(struct box, BOXES);
	guint shown = 0;

	for (int i = 0; i < BOXES; i++)
		box_init(&boxes[i]);
	for (int i = 0; i < BOXES; i++) {
		wait_watching(&boxes[i]);
		deliver(&boxes[i], "mail", "x", FALSE);
	}
	for (int i = 0; i < BOXES; i++) {
		wait_for(&boxes[i].mails->len, 1);
		shown += boxes[i].mails->len;
		box_fini(&boxes[i]);
	}
	g_assert_cmpuint(shown, ==, BOXES);
	g_free(boxes);
}

struct sent {
	guint n;
	enum post_result results[64];
	gint64 ids[64];
};

static void on_done(struct post *pst, gint64 id, enum post_result result,
		    const char *why, void *arg)
{
	struct sent *sent = arg;

	(void)pst;
	g_assert_true((result == POST_SENT) == (why == NULL));
	sent->ids[sent->n] = id;
	sent->results[sent->n++] = result;
}

static const struct post_events post_events = { .done = on_done };

static struct post *post_into(const char *root, struct sent *sent)
{
	g_autofree char *url = g_strconcat("maildir:", root, "/%u", NULL);
	struct post_config cfg = { .url = url };
	g_autoptr(GError) error = NULL;
	struct post *pst = post_create(&cfg, &post_events, sent, &error);

	g_assert_no_error(error);
	return pst;
}

static void posted_mail_arrives_with_its_envelope_on_top(void)
{
	static const char text[] = "Subject: hello\r\n\r\nbody\r\n";
	static const char expected[] = "Return-Path: <bounce+1@conf.test>\r\n"
				       "Delivered-To: room+4711@conf.test\r\n"
				       "Subject: hello\r\n\r\nbody\r\n";
	g_autoptr(GBytes) mail = g_bytes_new_static(text, sizeof(text) - 1);
	struct sent sent = { 0 };
	struct post *pst;
	struct box box;

	box_init(&box);
	wait_watching(&box);
	pst = post_into(box.root, &sent);
	post_send(pst, 7, "did.ok", "bounce+1@conf.test", "room+4711@conf.test",
		  mail);
	g_assert_cmpuint(sent.n, ==, 0); /* never from inside post_send() */
	wait_for(&sent.n, 1);
	g_assert_cmpint(sent.results[0], ==, POST_SENT);
	g_assert_cmpint(sent.ids[0], ==, 7);
	wait_for(&box.mails->len, 1);
	g_assert_cmpmem(g_bytes_get_data(box.mails->pdata[0], NULL),
			g_bytes_get_size(box.mails->pdata[0]), expected,
			sizeof(expected) - 1);
	g_assert_cmpuint(files_in(&box, "tmp"), ==, 0);
	post_destroy(&pst);
	box_fini(&box);
}

static void a_mail_repeated_under_its_name_replaces_itself(void)
{
	g_autoptr(GBytes) mail = g_bytes_new_static("x", 1);
	struct sent sent = { 0 };
	struct post *pst;
	struct box box;

	box_init(&box);
	mailbox_destroy(&box.mbx);
	pst = post_into(box.root, &sent);
	for (int i = 0; i < 3; i++)
		post_send(pst, i, "../../same:2,S", "", "room@conf.test", mail);
	wait_for(&sent.n, 3);
	g_assert_cmpuint(files_in(&box, "new"), ==, 1);
	post_destroy(&pst);
	box_fini(&box);
}

static void who_has_no_maildir_is_refused(void)
{
	static const char *const addresses[] = {
		"nobody@conf.test", "../room@conf.test",    ".@conf.test",
		"no address",	    "a@b\r\nRCPT TO:<c@d>",
	};
	g_autoptr(GBytes) mail = g_bytes_new_static("x", 1);
	struct sent sent = { 0 };
	struct post *pst;
	struct box box;

	box_init(&box);
	wait_watching(&box);
	pst = post_into(box.path, &sent);
	for (guint i = 0; i < G_N_ELEMENTS(addresses); i++)
		post_send(pst, i, "name", "", addresses[i], mail);
	wait_for(&sent.n, G_N_ELEMENTS(addresses));
	for (guint i = 0; i < sent.n; i++)
		g_assert_cmpint(sent.results[i], ==, POST_REFUSED);
	g_assert_cmpuint(files_in(&box, "new"), ==, 0);
	post_destroy(&pst);
	box_fini(&box);
}

static void a_post_can_go_while_it_writes(void)
{
	g_autoptr(GBytes) mail = g_bytes_new_static("x", 1);
	struct sent sent = { 0 };
	struct post *pst;
	struct box box;

	box_init(&box);
	pst = post_into(box.root, &sent);
	for (int i = 0; i < 50; i++)
		post_send(pst, i, "name", "", "room@conf.test", mail);
	post_destroy(&pst);
	g_assert_null(pst);
	settle(300);
	g_assert_cmpuint(sent.n, ==, 0);
	box_fini(&box);
}

static void an_url_that_means_nothing_is_explained(void)
{
	static const char *const urls[] = { "", "/var/mail",
					    "maildir:", "ftp://host/",
					    "maildir:/dev/null" };

	for (guint i = 0; i < G_N_ELEMENTS(urls); i++) {
		struct mailbox_config in = { .url = urls[i] };
		struct post_config out = { .url = urls[i] };
		g_autoptr(GError) no_box = NULL;
		g_autoptr(GError) no_post = NULL;

		g_assert_null(mailbox_create(&in, &box_events, NULL, &no_box));
		g_assert_nonnull(no_box);
		g_assert_null(post_create(&out, &post_events, NULL, &no_post));
		g_assert_nonnull(no_post);
	}
}

#define ADD(name) g_test_add_func("/maildir/" #name, name)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD(a_missing_maildir_is_made);
	ADD(linked_and_renamed_mails_are_shown_once_and_deleted_when_done);
	ADD(a_mail_that_was_not_done_is_shown_again_after_a_restart);
	ADD(mails_that_waited_come_in_the_order_of_their_arrival);
	ADD(a_mail_over_the_limit_comes_cut_to_one_byte_more);
	ADD(links_and_fifos_are_never_read);
	ADD(a_maildir_that_is_replaced_is_watched_again);
	ADD(an_id_that_was_never_shown_deletes_nothing);
	ADD(a_burst_of_2000_mails_is_shown_once_each);
	ADD(hundreds_of_maildirs_share_one_inotify_instance);
	ADD(posted_mail_arrives_with_its_envelope_on_top);
	ADD(a_mail_repeated_under_its_name_replaces_itself);
	ADD(who_has_no_maildir_is_refused);
	ADD(a_post_can_go_while_it_writes);
	ADD(an_url_that_means_nothing_is_explained);
	return g_test_run();
}
