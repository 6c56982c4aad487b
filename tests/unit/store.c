#include "bridge/store/store.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
	char *directory, *path;
};

static void make_place(struct place *place)
{
	place->directory = g_dir_make_tmp("store-XXXXXX", NULL);
	place->path = g_build_filename(place->directory, "store.db", NULL);
}

static void clear_place(struct place *place)
{
	static const char *const tails[] = { "", "-wal", "-shm" };

	for (guint i = 0; i < G_N_ELEMENTS(tails); i++) {
		g_autofree char *path =
			g_strconcat(place->path, tails[i], NULL);

		g_unlink(path);
	}
	g_assert_cmpint(g_rmdir(place->directory), ==, 0);
	g_free(place->directory);
	g_free(place->path);
}

static struct store *open_store(const struct place *place)
{
	GError *error = NULL;
	struct store *sto = store_open(place->path, &error);

	g_assert_no_error(error);
	return sto;
}

static gint64 add_post(struct store *sto, const char *name)
{
	g_autoptr(GBytes) mail = g_bytes_new_static("From: a\r\n", 9);
	struct store_post post = {
		.account = (char *)"main",
		.name = (char *)name,
		.envelope_from = (char *)"bounce@example.net",
		.recipient = (char *)"alice@example.org",
		.mail = mail,
		.did = (char *)"did",
		.expires = 100,
	};

	return store_add_post(sto, &post, 1, NULL) ? post.id : -1;
}

static gboolean add_dialog(struct store *sto, const char *did, gint64 post)
{
	g_autoptr(GBytes) part = g_bytes_new_static("{}", 2);
	g_autoptr(GBytes) key = g_bytes_new_static("secret-private-key", 18);
	const struct store_dialog dialog = {
		.did = (char *)did,
		.account = (char *)"main",
		.room = (char *)"standup@example.net",
		.address = (char *)"alice@example.org",
		.device = (char *)"laptop",
		.invite = part,
		.answer = part,
		.private_key = key,
		.worker = 3,
		.gate = (char *)"local-1",
		.deadline = 60,
		.post = post,
	};

	return store_add_dialog(sto, &dialog, 1, NULL);
}

static gboolean is_due(struct store *sto, gint64 now_ms)
{
	GPtrArray *accounts = store_due_accounts(sto, now_ms);
	gboolean due = accounts->len > 0;

	g_ptr_array_unref(accounts);
	return due;
}

static void what_was_committed_is_there_after_kill_9(void)
{
	struct place place;
	struct store *sto;
	struct store_dialog *dialog;
	pid_t child;
	int status;

	make_place(&place);
	child = fork();
	if (!child) {
		sto = open_store(&place);
		store_begin(sto, NULL);
		add_dialog(sto, "kept", add_post(sto, "kept"));
		store_commit(sto, NULL);
		store_begin(sto, NULL);
		add_dialog(sto, "lost", add_post(sto, "lost"));
		kill(getpid(), SIGKILL);
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_true(WIFSIGNALED(status));

	sto = open_store(&place);
	dialog = store_dialog(sto, "kept");
	g_assert_nonnull(dialog);
	g_assert_cmpstr(dialog->gate, ==, "local-1");
	g_assert_cmpuint(dialog->worker, ==, 3);
	g_assert_null(dialog->name);
	g_assert_cmpuint(g_bytes_get_size(dialog->private_key), ==, 18);
	store_dialog_free(dialog);
	g_assert_null(store_dialog(sto, "lost"));
	g_assert_true(is_due(sto, 0));
	store_close(&sto);
	clear_place(&place);
}

static void a_rolled_back_answer_leaves_neither_dialog_nor_mail(void)
{
	struct place place;
	struct store *sto;

	make_place(&place);
	sto = open_store(&place);
	g_assert_true(store_begin(sto, NULL));
	g_assert_true(add_dialog(sto, "a", add_post(sto, "a")));
	store_rollback(sto);
	g_assert_null(store_dialog(sto, "a"));
	g_assert_false(is_due(sto, G_MAXINT64));
	store_close(&sto);
	clear_place(&place);
}

static void a_dialog_is_answered_once(void)
{
	struct place place;
	struct store *sto;

	make_place(&place);
	sto = open_store(&place);
	g_assert_true(add_dialog(sto, "a", add_post(sto, "a")));
	g_assert_false(add_dialog(sto, "a", add_post(sto, "b")));
	g_assert_cmpint(add_post(sto, "a"), ==, -1);
	store_close(&sto);
	clear_place(&place);
}

/* Whether the bytes are anywhere in the database or its journal. */
static gboolean on_disk(const struct place *place, const char *bytes)
{
	static const char *const tails[] = { "", "-wal" };
	gboolean found = FALSE;

	for (guint i = 0; i < G_N_ELEMENTS(tails); i++) {
		g_autofree char *path =
			g_strconcat(place->path, tails[i], NULL);
		g_autofree char *data = NULL;
		gsize size;

		if (g_file_get_contents(path, &data, &size, NULL))
			found |= memmem(data, size, bytes, strlen(bytes)) !=
				 NULL;
	}
	return found;
}

static void the_private_key_is_wiped_once_somebody_registered(void)
{
	struct place place;
	struct store *sto;
	struct store_dialog *dialog;
	GPtrArray *dialogs;

	make_place(&place);
	sto = open_store(&place);
	g_assert_true(add_dialog(sto, "a", add_post(sto, "a")));
	g_assert_true(on_disk(&place, "secret-private-key"));
	g_assert_true(store_dialog_here(sto, "a", NULL));
	dialog = store_dialog(sto, "a");
	g_assert_null(dialog->private_key);
	store_dialog_free(dialog);
	dialogs = store_dialogs(sto, STORE_DIALOG_ANSWERED);
	g_assert_cmpuint(dialogs->len, ==, 0);
	g_ptr_array_unref(dialogs);
	store_close(&sto);
	g_assert_false(on_disk(&place, "secret-private-key"));
	clear_place(&place);
}

static void posts_come_due_in_order_and_once_sent_never_again(void)
{
	struct place place;
	struct store *sto;
	gint64 first, second;
	GPtrArray *due;

	make_place(&place);
	sto = open_store(&place);
	first = add_post(sto, "first");
	second = add_post(sto, "second");
	due = store_due_posts(sto, "main", 0, 10);
	g_assert_cmpuint(due->len, ==, 2);
	g_assert_cmpint(((struct store_post *)due->pdata[0])->id, ==, first);
	g_ptr_array_unref(due);

	g_assert_true(store_post_failed(sto, first, 2000, "greylisted", NULL));
	g_assert_true(store_post_sent(sto, second, NULL));
	g_assert_false(is_due(sto, 1999));
	g_assert_true(is_due(sto, 2000));
	due = store_due_posts(sto, "main", 1999, 10);
	g_assert_cmpuint(due->len, ==, 0);
	g_ptr_array_unref(due);
	due = store_due_posts(sto, "main", 2000, 10);
	g_assert_cmpuint(due->len, ==, 1);
	g_assert_cmpuint(((struct store_post *)due->pdata[0])->attempts, ==, 1);
	g_ptr_array_unref(due);

	g_assert_true(store_post_dropped(sto, first, "expired", NULL));
	g_assert_false(is_due(sto, G_MAXINT64));
	g_assert_true(store_post_again(sto, second, NULL));
	g_assert_true(is_due(sto, 0));
	store_close(&sto);
	clear_place(&place);
}

static void a_mail_is_known_by_its_id_and_its_bytes(void)
{
	struct place place;
	struct store *sto;
	struct store_mail mail = { .account = "main",
				   .id = "1",
				   .digest = { 1 },
				   .sender = "alice@example.org <1>" };

	make_place(&place);
	sto = open_store(&place);
	g_assert_false(store_mail_known(sto, &mail));
	g_assert_true(store_add_mail(sto, &mail, 10, NULL));
	g_assert_true(store_mail_known(sto, &mail));
	g_assert_true(store_sender_known(sto, "alice@example.org <1>"));
	g_assert_false(store_sender_known(sto, "bob@example.org <1>"));
	mail.digest[0] = 2;
	g_assert_false(store_mail_known(sto, &mail));

	g_assert_true(store_forget(sto, 11, NULL));
	mail.digest[0] = 1;
	g_assert_false(store_mail_known(sto, &mail));
	store_close(&sto);
	clear_place(&place);
}

static void forgetting_keeps_what_is_pending_or_open(void)
{
	struct place place;
	struct store *sto;
	struct store_dialog *dialog;
	gint64 post;

	make_place(&place);
	sto = open_store(&place);
	post = add_post(sto, "a");
	g_assert_true(add_dialog(sto, "a", post));
	g_assert_true(store_forget(sto, 1000, NULL));
	g_assert_true(is_due(sto, 0));
	dialog = store_dialog(sto, "a");
	g_assert_nonnull(dialog);
	store_dialog_free(dialog);

	g_assert_true(store_post_sent(sto, post, NULL));
	g_assert_true(store_end_dialog(sto, "a", "over", NULL));
	g_assert_true(store_forget(sto, 1000, NULL));
	g_assert_null(store_dialog(sto, "a"));
	g_assert_cmpint(add_post(sto, "a"), !=, -1);
	store_close(&sto);
	clear_place(&place);
}

static void what_is_set_aside_is_forgotten_by_age(void)
{
	struct place place;
	struct store *sto;
	GPtrArray *files;

	make_place(&place);
	sto = open_store(&place);
	g_assert_true(store_set_aside(sto, "main", "old", "list", 10, NULL));
	g_assert_true(store_set_aside(sto, "main", "new", "list", 20, NULL));
	files = store_forget_set_aside(sto, 20);
	g_assert_cmpuint(files->len, ==, 1);
	g_assert_cmpstr(files->pdata[0], ==, "old");
	g_ptr_array_unref(files);
	store_close(&sto);
	clear_place(&place);
}

static void positions_are_kept_for_each_account(void)
{
	struct place place;
	struct store *sto;
	char *position;

	make_place(&place);
	sto = open_store(&place);
	g_assert_null(store_position(sto, "main"));
	g_assert_true(store_set_position(sto, "main", "7:42", NULL));
	g_assert_true(store_set_position(sto, "main", "7:43", NULL));
	store_close(&sto);
	sto = open_store(&place);
	position = store_position(sto, "main");
	g_assert_cmpstr(position, ==, "7:43");
	g_free(position);
	store_close(&sto);
	clear_place(&place);
}

static gint64 uses_left(struct store *sto, const guint8 *digest)
{
	SCOPED(store_token) token = store_token(sto, digest);

	return token ? token->uses : -9;
}

static void a_token_has_as_many_uses_as_it_was_given(void)
{
	const struct store_token three = { .digest = { 3 },
					   .room = (char *)"a@example.org",
					   .role = STORE_ROLE_MODERATOR,
					   .name = (char *)"camera",
					   .uses = 3,
					   .expires = 100 };
	const struct store_token any = { .digest = { 4 },
					 .room = (char *)"a@example.org",
					 .uses = -1,
					 .expires = 100 };
	struct place place;
	struct store *sto, *other;

	make_place(&place);
	sto = open_store(&place);
	other = open_store(&place); /* as another process does */
	g_assert_true(store_add_token(other, &three, 1, NULL));
	g_assert_true(store_add_token(other, &any, 1, NULL));
	store_close(&other);
	g_assert_cmpint(uses_left(sto, three.digest), ==, 3);
	for (int left = 2; left >= -1; left--) {
		g_assert_true(store_use_token(sto, &three, NULL));
		g_assert_cmpint(uses_left(sto, three.digest), ==, MAX(left, 0));
	}
	g_assert_true(store_use_token(sto, &any, NULL));
	g_assert_cmpint(uses_left(sto, any.digest), ==, -1);
	store_close(&sto);
	clear_place(&place);
}

static void a_token_is_found_by_its_digest_until_it_is_forgotten(void)
{
	const struct store_token made = { .digest = { 1, 2, 3 },
					  .room = (char *)"a@example.org",
					  .role = STORE_ROLE_LISTENER,
					  .uses = -1,
					  .expires = 100 };
	const guint8 almost[STORE_DIGEST_SIZE] = { 1, 2, 4 };
	struct place place;
	struct store *sto;
	struct store_token *token;

	make_place(&place);
	sto = open_store(&place);
	g_assert_true(store_add_token(sto, &made, 1, NULL));
	g_assert_false(store_add_token(sto, &made, 1, NULL));
	g_assert_null(store_token(sto, almost));
	token = store_token(sto, made.digest);
	g_assert_cmpstr(token->room, ==, made.room);
	g_assert_cmpint(token->role, ==, STORE_ROLE_LISTENER);
	g_assert_null(token->name);
	g_assert_null(token->address);
	g_assert_cmpint(token->expires, ==, 100);
	store_token_free(token);
	g_assert_true(store_forget(sto, 100, NULL));
	g_assert_cmpint(uses_left(sto, made.digest), ==, -1);
	g_assert_true(store_forget(sto, 101, NULL));
	g_assert_null(store_token(sto, made.digest));
	store_close(&sto);
	clear_place(&place);
}

static void a_person_s_token_ends_when_it_is_made_void(void)
{
	const struct store_token ann = { .digest = { 5 },
					 .room = (char *)"a@example.org",
					 .address = (char *)"ann@example.org",
					 .name = (char *)"Ann",
					 .uses = -1,
					 .expires = 100 };
	struct place place;
	struct store *sto;
	struct store_token *token;

	make_place(&place);
	sto = open_store(&place);
	g_assert_true(store_add_token(sto, &ann, 1, NULL));
	token = store_token(sto, ann.digest);
	g_assert_cmpstr(token->address, ==, "ann@example.org");
	g_assert_cmpstr(token->name, ==, "Ann");
	store_token_free(token);
	g_assert_true(store_void_token(sto, ann.digest, NULL));
	g_assert_cmpint(uses_left(sto, ann.digest), ==, 0);
	store_close(&sto);
	clear_place(&place);
}

static void tokens_of_a_room_are_listed_until_they_are_revoked(void)
{
	const struct store_token made[] = {
		{ .digest = { 1 },
		  .room = (char *)"a@example.org",
		  .role = STORE_ROLE_PANEL,
		  .name = (char *)"bot",
		  .uses = -1,
		  .expires = 100 },
		{ .digest = { 2 },
		  .room = (char *)"b@example.org",
		  .uses = -1,
		  .expires = 100 },
		{ .digest = { 3 },
		  .room = (char *)"a@example.org",
		  .uses = 7,
		  .expires = 50 },
	};
	struct place place;
	struct store *sto;
	GPtrArray *tokens;
	const struct store_token *first;

	make_place(&place);
	sto = open_store(&place);
	for (gsize i = 0; i < G_N_ELEMENTS(made); i++)
		g_assert_true(store_add_token(sto, &made[i], (gint64)i, NULL));
	tokens = store_tokens(sto, "a@example.org", 49);
	g_assert_cmpuint(tokens->len, ==, 2);
	first = tokens->pdata[0];
	g_assert_cmpmem(first->digest, STORE_DIGEST_SIZE, made[0].digest,
			STORE_DIGEST_SIZE);
	g_assert_cmpstr(first->name, ==, "bot");
	g_assert_cmpint(first->role, ==, STORE_ROLE_PANEL);
	g_ptr_array_unref(tokens);
	g_assert_true(store_void_token(sto, made[0].digest, NULL));
	tokens = store_tokens(sto, "a@example.org", 50);
	g_assert_cmpuint(tokens->len, ==, 0);
	g_ptr_array_unref(tokens);
	store_close(&sto);
	clear_place(&place);
}

static void sessions_are_kept_until_they_end(void)
{
	const struct store_session ann = { .digest = (char *)"d1",
					   .address = (char *)"ann@x.org",
					   .expires = 100 };
	const struct store_session bob = { .digest = (char *)"d2",
					   .address = (char *)"bob@x.org",
					   .expires = 200 };
	const struct store_session *kept;
	struct place place;
	struct store *sto;
	GPtrArray *all;

	make_place(&place);
	sto = open_store(&place);
	g_assert_true(store_add_session(sto, &ann, NULL));
	g_assert_true(store_add_session(sto, &bob, NULL));
	store_close(&sto);
	sto = open_store(&place);
	all = store_sessions(sto, 100);
	g_assert_cmpuint(all->len, ==, 1);
	kept = all->pdata[0];
	g_assert_cmpstr(kept->digest, ==, "d2");
	g_assert_cmpstr(kept->address, ==, "bob@x.org");
	g_assert_cmpint(kept->expires, ==, 200);
	g_ptr_array_unref(all);
	g_assert_true(store_end_session(sto, "d2", NULL));
	g_assert_true(store_forget(sto, 101, NULL));
	all = store_sessions(sto, 0);
	g_assert_cmpuint(all->len, ==, 0);
	g_ptr_array_unref(all);
	store_close(&sto);
	clear_place(&place);
}

static void recordings_are_kept_with_their_files(void)
{
	struct place place;
	struct store *sto;
	struct recording *row =
		recording_create("a", "r@x.org", "chair@x.org", 100);
	struct recording *other = recording_create("b", "other@x.org", "", 200);
	struct recording *found;
	g_autoptr(GPtrArray) all = NULL, of_room = NULL;
	const struct recording_file *file;

	make_place(&place);
	sto = open_store(&place);
	recording_add_file(row, "mix.opus", "", "", 10);
	g_assert_true(store_save_recording(sto, row, NULL));
	g_assert_true(store_save_recording(sto, other, NULL));
	/* Again: as it is by then. */
	row->why = RECORDING_STOPPED;
	row->frames = 77;
	row->lost = 3;
	row->bytes = 30;
	recording_add_file(row, "001-ann.opus", "ann@x.org", "Ann", 20);
	g_assert_true(store_save_recording(sto, row, NULL));

	all = store_recordings(sto, NULL);
	g_assert_cmpuint(all->len, ==, 2);
	g_assert_cmpstr(((struct recording *)all->pdata[0])->id, ==, "b");
	of_room = store_recordings(sto, "r@x.org");
	g_assert_cmpuint(of_room->len, ==, 1);
	found = store_recording(sto, "a");
	g_assert_nonnull(found);
	g_assert_cmpstr(found->by, ==, "chair@x.org");
	g_assert_cmpint(found->at, ==, 100);
	g_assert_cmpint(found->why, ==, RECORDING_STOPPED);
	g_assert_cmpuint(found->frames, ==, 77);
	g_assert_cmpuint(found->lost, ==, 3);
	g_assert_cmpuint(found->bytes, ==, 30);
	g_assert_cmpuint(found->files->len, ==, 2);
	file = found->files->pdata[1];
	g_assert_cmpstr(file->file, ==, "001-ann.opus");
	g_assert_cmpstr(file->name, ==, "Ann");
	g_assert_cmpuint(file->bytes, ==, 20);
	recording_free(found);
	g_assert_true(store_delete_recording(sto, "a", NULL));
	g_assert_null(store_recording(sto, "a"));
	recording_free(row);
	recording_free(other);
	store_close(&sto);
	clear_place(&place);
}

static void a_newer_schema_is_refused_and_left_alone(void)
{
	struct place place;
	struct store *sto;
	GError *error = NULL;
	sqlite3 *db;

	make_place(&place);
	sto = open_store(&place);
	store_close(&sto);
	g_assert_cmpint(sqlite3_open(place.path, &db), ==, SQLITE_OK);
	sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL);
	sqlite3_close(db);
	g_assert_null(store_open(place.path, &error));
	g_assert_nonnull(strstr(error->message, "newer release"));
	g_clear_error(&error);
	clear_place(&place);
}

static void a_conflict_is_told_from_a_broken_store(void)
{
	g_autoptr(GBytes) mail = g_bytes_new_static("From: a\r\n", 9);
	struct store_post post = {
		.account = (char *)"main",
		.name = (char *)"one",
		.envelope_from = (char *)"bounce@example.net",
		.recipient = (char *)"alice@example.org",
		.mail = mail,
	};
	g_autoptr(GError) error = NULL;
	struct place place;
	struct store *sto;

	make_place(&place);
	sto = open_store(&place);
	g_assert_cmpint(add_post(sto, "one"), >, 0);
	g_assert_false(store_add_post(sto, &post, 2, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS);
	store_close(&sto);
	clear_place(&place);
}

static gpointer open_and_close(gpointer path)
{
	GError *error = NULL;
	struct store *sto = store_open(path, &error);

	g_assert_no_error(error);
	store_close(&sto);
	return NULL;
}

static void several_who_make_the_store_at_once_all_get_it(void)
{
	for (int round = 0; round < 5; round++) {
		GThread *threads[6];
		struct place place;

		make_place(&place);
		for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
			threads[i] = g_thread_new("open", open_and_close,
						  place.path);
		for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
			g_thread_join(threads[i]);
		clear_place(&place);
	}
}

static void the_trail_is_read_backwards_a_room_at_a_time(void)
{
	static const char *const rooms[] = { "a@x.org", "b@x.org" };
	struct place place;
	struct store *sto;
	const struct audit_row *row;
	GPtrArray *rows;

	make_place(&place);
	sto = open_store(&place);
	for (int i = 0; i < 6; i++) {
		struct audit_row added = {
			.at = 100 + i,
			.room = (char *)rooms[i % 2],
			.who = (char *)"chair@x.org",
			.from = (char *)"192.0.2.9",
			.what = (char *)"kick",
			.whom = (char *)"ann@x.org",
			.detail = (char *)"so",
			.outcome = (char *)"done",
		};

		g_assert_true(store_add_audit(sto, &added, NULL));
		g_assert_cmpint(added.id, ==, i + 1);
	}
	store_close(&sto);
	sto = open_store(&place);
	rows = store_audit(sto, rooms[0], G_MAXINT64, 2);
	g_assert_cmpuint(rows->len, ==, 2);
	row = rows->pdata[0];
	g_assert_cmpint(row->id, ==, 5);
	g_assert_cmpint(row->at, ==, 104);
	g_assert_cmpstr(row->from, ==, "192.0.2.9");
	g_assert_cmpstr(row->detail, ==, "so");
	g_assert_cmpstr(row->outcome, ==, "done");
	row = rows->pdata[1];
	g_assert_cmpint(row->id, ==, 3);
	g_ptr_array_unref(rows);
	rows = store_audit(sto, rooms[0], 3, 2);
	g_assert_cmpuint(rows->len, ==, 1);
	g_ptr_array_unref(rows);
	store_close(&sto);
	clear_place(&place);
}

static void a_door_is_found_as_it_was_left(void)
{
	struct place place;
	struct store *sto;
	struct door *door;
	const struct door_ban *ban;

	make_place(&place);
	sto = open_store(&place);
	door = store_door(sto, "a@x.org");
	g_assert_false(door->lobby);
	g_assert_null(door->pin);
	door->lobby = TRUE;
	door->pin = g_strdup("4711");
	for (int i = 0; i < 2; i++) {
		g_autofree char *address = g_strdup_printf("%d@y.org", i);

		door_ban(door, &(struct door_ban){ .address = address,
						   .at = i,
						   .until = 100 + i,
						   .by = (char *)"c@x.org" });
	}
	g_assert_true(store_set_door(sto, "a@x.org", door, NULL));
	door_unban(door, "0@y.org");
	g_assert_true(store_set_door(sto, "a@x.org", door, NULL));
	door_destroy(&door);
	store_close(&sto);
	sto = open_store(&place);
	door = store_door(sto, "a@x.org");
	g_assert_true(door->lobby);
	g_assert_cmpstr(door->pin, ==, "4711");
	g_assert_cmpuint(door->bans->len, ==, 1);
	ban = door->bans->pdata[0];
	g_assert_cmpstr(ban->address, ==, "1@y.org");
	g_assert_cmpint(ban->until, ==, 101);
	g_assert_cmpstr(ban->by, ==, "c@x.org");
	door_destroy(&door);
	door = store_door(sto, "b@x.org");
	g_assert_cmpuint(door->bans->len, ==, 0);
	door_destroy(&door);
	store_close(&sto);
	clear_place(&place);
}

static void a_ban_is_of_a_person_and_ends(void)
{
	struct door *door = door_create();
	struct door_ban ban = { .address = (char *)"Ann+a@x.org",
				.until = 100,
				.by = (char *)"c@x.org" };

	g_assert_true(door_ban(door, &ban));
	g_assert_nonnull(door_find(door, "ann@X.org", 99));
	g_assert_null(door_find(door, "ann@X.org", 100));
	g_assert_null(door_find(door, "anna@x.org", 99));
	g_assert_null(door_find(door, "+ann@x.org", 99));
	ban.address = (char *)"ann@x.org";
	ban.until = 200;
	g_assert_true(door_ban(door, &ban)); /* instead of the first */
	g_assert_cmpuint(door->bans->len, ==, 1);
	for (int i = 1; i <= DOOR_MAX_BANS; i++) {
		g_autofree char *address = g_strdup_printf("p%d@x.org", i);

		ban.address = address;
		g_assert_cmpint(door_ban(door, &ban), ==, i < DOOR_MAX_BANS);
	}
	g_assert_false(door_expire(door, 199));
	g_assert_true(door_expire(door, 200));
	g_assert_cmpuint(door->bans->len, ==, 0);
	door_destroy(&door);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store/what was committed is there after kill -9",
			what_was_committed_is_there_after_kill_9);
	g_test_add_func(
		"/store/a rolled back answer leaves neither dialog nor mail",
		a_rolled_back_answer_leaves_neither_dialog_nor_mail);
	g_test_add_func("/store/a dialog is answered once",
			a_dialog_is_answered_once);
	g_test_add_func(
		"/store/the private key is wiped once somebody registered",
		the_private_key_is_wiped_once_somebody_registered);
	g_test_add_func(
		"/store/posts come due in order and once sent never again",
		posts_come_due_in_order_and_once_sent_never_again);
	g_test_add_func("/store/a mail is known by its id and its bytes",
			a_mail_is_known_by_its_id_and_its_bytes);
	g_test_add_func("/store/forgetting keeps what is pending or open",
			forgetting_keeps_what_is_pending_or_open);
	g_test_add_func("/store/what is set aside is forgotten by age",
			what_is_set_aside_is_forgotten_by_age);
	g_test_add_func("/store/positions are kept for each account",
			positions_are_kept_for_each_account);
	g_test_add_func("/store/a token has as many uses as it was given",
			a_token_has_as_many_uses_as_it_was_given);
	g_test_add_func(
		"/store/a token is found by its digest until it is forgotten",
		a_token_is_found_by_its_digest_until_it_is_forgotten);
	g_test_add_func("/store/a person's token ends when it is made void",
			a_person_s_token_ends_when_it_is_made_void);
	g_test_add_func("/store/a door is found as it was left",
			a_door_is_found_as_it_was_left);
	g_test_add_func("/door/a ban is of a person and ends",
			a_ban_is_of_a_person_and_ends);
	g_test_add_func("/store/the trail is read backwards a room at a time",
			the_trail_is_read_backwards_a_room_at_a_time);
	g_test_add_func("/store/tokens of a room are listed until they are "
			"revoked",
			tokens_of_a_room_are_listed_until_they_are_revoked);
	g_test_add_func("/store/sessions are kept until they end",
			sessions_are_kept_until_they_end);
	g_test_add_func("/store/recordings are kept with their files",
			recordings_are_kept_with_their_files);
	g_test_add_func("/store/a newer schema is refused and left alone",
			a_newer_schema_is_refused_and_left_alone);
	g_test_add_func("/store/several who make it at once all get it",
			several_who_make_the_store_at_once_all_get_it);
	g_test_add_func("/store/a conflict is told from a broken store",
			a_conflict_is_told_from_a_broken_store);
	return g_test_run();
}
