#include "bridge/store/store.h"

#include <gio/gio.h>
#include <sqlite3.h>
#include <string.h>

#include "bridge/store/schema.h"

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[SQL_STATEMENTS];
};

static gboolean failed(struct store *sto, GError **error)
{
	/* A conflict with what is stored comes again at each try. */
	gboolean conflict = sqlite3_errcode(sto->db) == SQLITE_CONSTRAINT;

	g_set_error(error, G_IO_ERROR,
		    conflict ? G_IO_ERROR_EXISTS : G_IO_ERROR_FAILED,
		    "The store does not %s: %s",
		    conflict ? "take this" : "work", sqlite3_errmsg(sto->db));
	return FALSE;
}

static gboolean run_script(struct store *sto, const char *sql, GError **error)
{
	return sqlite3_exec(sto->db, sql, NULL, NULL, NULL) == SQLITE_OK
		       ? TRUE
		       : failed(sto, error);
}

/* Binds the arguments that `types` names: s text or NULL, i gint64, b GBytes
 * or NULL, d a digest. */
static sqlite3_stmt *bind(struct store *sto, enum schema_statement which,
			  const char *types, va_list args)
{
	sqlite3_stmt *stmt = sto->statements[which];

	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	for (int i = 0; types[i]; i++) {
		GBytes *bytes;
		gsize size;
		const void *data;

		switch (types[i]) {
		case 's':
			sqlite3_bind_text(stmt, i + 1, va_arg(args, char *), -1,
					  SQLITE_TRANSIENT);
			break;
		case 'i':
			sqlite3_bind_int64(stmt, i + 1, va_arg(args, gint64));
			break;
		case 'b':
			bytes = va_arg(args, GBytes *);
			if (!bytes)
				break;
			data = g_bytes_get_data(bytes, &size);
			sqlite3_bind_blob64(stmt, i + 1, data, size,
					    SQLITE_TRANSIENT);
			break;
		case 'd':
			sqlite3_bind_blob(stmt, i + 1, va_arg(args, guint8 *),
					  STORE_DIGEST_SIZE, SQLITE_TRANSIENT);
			break;
		default:
			g_assert_not_reached();
		}
	}
	return stmt;
}

/* A statement without rows. */
static gboolean run(struct store *sto, GError **error,
		    enum schema_statement which, const char *types, ...)
{
	sqlite3_stmt *stmt;
	va_list args;
	int result;

	va_start(args, types);
	stmt = bind(sto, which, types, args);
	va_end(args);
	result = sqlite3_step(stmt);
	if (result != SQLITE_DONE)
		failed(sto, error);
	sqlite3_reset(stmt);
	return result == SQLITE_DONE;
}

/* A statement whose rows the caller steps through to the end. */
static sqlite3_stmt *rows(struct store *sto, enum schema_statement which,
			  const char *types, ...)
{
	sqlite3_stmt *stmt;
	va_list args;

	va_start(args, types);
	stmt = bind(sto, which, types, args);
	va_end(args);
	return stmt;
}

static gboolean next(struct store *sto, sqlite3_stmt *stmt)
{
	int result = sqlite3_step(stmt);

	if (result == SQLITE_ROW)
		return TRUE;
	if (result != SQLITE_DONE)
		g_critical("store: reading failed: %s",
			   sqlite3_errmsg(sto->db));
	sqlite3_reset(stmt);
	return FALSE;
}

static char *text(sqlite3_stmt *stmt, int column)
{
	return g_strdup((const char *)sqlite3_column_text(stmt, column));
}

static GBytes *blob(sqlite3_stmt *stmt, int column)
{
	const void *data = sqlite3_column_blob(stmt, column);

	return data ? g_bytes_new(data,
				  (gsize)sqlite3_column_bytes(stmt, column))
		    : NULL;
}

static int version(struct store *sto)
{
	sqlite3_stmt *stmt = NULL;
	int number = -1;

	if (sqlite3_prepare_v2(sto->db, "PRAGMA user_version", -1, &stmt,
			       NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		number = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return number;
}

/* `ipsp-bridge token` may open the store while the bridge makes it: who comes
 * second waits, and looks again at what is left to do. */
static gboolean take_steps(struct store *sto, GError **error)
{
	int step;

	if (!run_script(sto, "BEGIN IMMEDIATE", error))
		return FALSE;
	step = version(sto);
	if (step < 0)
		return failed(sto, error);
	for (; step < SCHEMA_VERSION; step++) {
		g_autofree char *sql =
			g_strdup_printf("%s PRAGMA user_version = %d",
					schema_steps[step], step + 1);

		if (!run_script(sto, sql, error))
			return FALSE;
	}
	return run_script(sto, "COMMIT", error);
}

static gboolean upgrade(struct store *sto, GError **error)
{
	int from = version(sto);

	if (from < 0)
		return failed(sto, error);
	if (from > SCHEMA_VERSION) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			    "The store was written by a newer release "
			    "(version %d, this one knows %d)",
			    from, SCHEMA_VERSION);
		return FALSE;
	}
	return from == SCHEMA_VERSION || take_steps(sto, error);
}

static gboolean prepare(struct store *sto, GError **error)
{
	for (int i = 0; i < SQL_STATEMENTS; i++)
		if (sqlite3_prepare_v3(sto->db, schema_statements[i], -1,
				       SQLITE_PREPARE_PERSISTENT,
				       &sto->statements[i], NULL) != SQLITE_OK)
			return failed(sto, error);
	return TRUE;
}

/* SQLite waits for nobody while it changes the journal's mode, or brings back
 * what the last one to close it took away: that is done again here. */
static gboolean set_up(struct store *sto, GError **error)
{
	/* secure_delete: a wiped private key is overwritten, not unlinked. */
	static const char *const script = "PRAGMA busy_timeout = 5000;"
					  "PRAGMA journal_mode = WAL;"
					  "PRAGMA synchronous = FULL;"
					  "PRAGMA foreign_keys = ON;"
					  "PRAGMA secure_delete = ON;";
	const gint64 until = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
	int result;

	while ((result = sqlite3_exec(sto->db, script, NULL, NULL, NULL)) ==
		       SQLITE_BUSY &&
	       g_get_monotonic_time() < until)
		g_usleep(5000);
	return result == SQLITE_OK ? TRUE : failed(sto, error);
}

struct store *store_open(const char *path, GError **error)
{
	struct store *sto = g_new0(struct store, 1);

	if (sqlite3_open(path, &sto->db) != SQLITE_OK) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			    "Cannot open the store %s: %s", path,
			    sqlite3_errmsg(sto->db));
		store_close(&sto);
		return NULL;
	}
	if (!set_up(sto, error) || !upgrade(sto, error) ||
	    !prepare(sto, error)) {
		g_prefix_error(error, "%s: ", path);
		store_close(&sto);
	}
	return sto;
}

void store_close(struct store **stop)
{
	struct store *sto = *stop;

	*stop = NULL;
	if (!sto)
		return;
	for (int i = 0; i < SQL_STATEMENTS; i++)
		sqlite3_finalize(sto->statements[i]);
	sqlite3_close(sto->db);
	g_free(sto);
}

gboolean store_begin(struct store *sto, GError **error)
{
	return run(sto, error, SQL_BEGIN, "");
}

gboolean store_commit(struct store *sto, GError **error)
{
	if (run(sto, error, SQL_COMMIT, ""))
		return TRUE;
	store_rollback(sto);
	return FALSE;
}

void store_rollback(struct store *sto)
{
	/* SQLite itself may have rolled back, on a full disk for example. */
	if (!sqlite3_get_autocommit(sto->db))
		run(sto, NULL, SQL_ROLLBACK, "");
}

static gboolean any(struct store *sto, sqlite3_stmt *stmt)
{
	gboolean found = next(sto, stmt);

	sqlite3_reset(stmt);
	return found;
}

gboolean store_mail_known(struct store *sto, const struct store_mail *mail)
{
	return any(sto, rows(sto, SQL_MAIL_KNOWN, "ssd", mail->account,
			     mail->id, mail->digest));
}

gboolean store_sender_known(struct store *sto, const char *sender)
{
	return any(sto, rows(sto, SQL_SENDER_KNOWN, "s", sender));
}

gboolean store_add_mail(struct store *sto, const struct store_mail *mail,
			gint64 now, GError **error)
{
	return run(sto, error, SQL_ADD_MAIL, "ssdsi", mail->account, mail->id,
		   mail->digest, mail->sender, now);
}

void store_dialog_free(struct store_dialog *dialog)
{
	if (!dialog)
		return;
	g_free(dialog->did);
	g_free(dialog->account);
	g_free(dialog->room);
	g_free(dialog->address);
	g_free(dialog->name);
	g_free(dialog->device);
	g_clear_pointer(&dialog->invite, g_bytes_unref);
	g_clear_pointer(&dialog->answer, g_bytes_unref);
	g_clear_pointer(&dialog->private_key, g_bytes_unref);
	g_free(dialog->gate);
	g_free(dialog);
}

static struct store_dialog *read_dialog(sqlite3_stmt *stmt)
{
	struct store_dialog *dialog = g_new0(struct store_dialog, 1);
	int i = 0;

	dialog->did = text(stmt, i++);
	dialog->account = text(stmt, i++);
	dialog->room = text(stmt, i++);
	dialog->address = text(stmt, i++);
	dialog->name = text(stmt, i++);
	dialog->device = text(stmt, i++);
	dialog->invite = blob(stmt, i++);
	dialog->answer = blob(stmt, i++);
	dialog->private_key = blob(stmt, i++);
	dialog->worker = (guint)sqlite3_column_int(stmt, i++);
	dialog->gate = text(stmt, i++);
	dialog->state = sqlite3_column_int(stmt, i++);
	dialog->deadline = sqlite3_column_int64(stmt, i++);
	dialog->post = sqlite3_column_int64(stmt, i++);
	return dialog;
}

struct store_dialog *store_dialog(struct store *sto, const char *did)
{
	sqlite3_stmt *stmt = rows(sto, SQL_DIALOG, "s", did);
	struct store_dialog *dialog = NULL;

	if (next(sto, stmt))
		dialog = read_dialog(stmt);
	sqlite3_reset(stmt);
	return dialog;
}

GPtrArray *store_dialogs(struct store *sto, enum store_dialog_state state)
{
	sqlite3_stmt *stmt = rows(sto, SQL_DIALOGS, "i", (gint64)state);
	GPtrArray *dialogs = g_ptr_array_new_with_free_func(
		(GDestroyNotify)store_dialog_free);

	while (next(sto, stmt))
		g_ptr_array_add(dialogs, read_dialog(stmt));
	return dialogs;
}

gboolean store_add_dialog(struct store *sto, const struct store_dialog *dialog,
			  gint64 now, GError **error)
{
	return run(sto, error, SQL_ADD_DIALOG, "ssssssbbbisiiii", dialog->did,
		   dialog->account, dialog->room, dialog->address, dialog->name,
		   dialog->device, dialog->invite, dialog->answer,
		   dialog->private_key, (gint64)dialog->worker, dialog->gate,
		   (gint64)dialog->state, dialog->deadline, dialog->post, now);
}

gboolean store_dialog_here(struct store *sto, const char *did, GError **error)
{
	return run(sto, error, SQL_SET_DIALOG, "is", (gint64)STORE_DIALOG_HERE,
		   did);
}

gboolean store_end_dialog(struct store *sto, const char *did, const char *why,
			  GError **error)
{
	return run(sto, error, SQL_SET_DIALOG, "is", (gint64)STORE_DIALOG_ENDED,
		   did) &&
	       run(sto, error, SQL_DROP_ANSWER, "ss", why, did);
}

void store_post_free(struct store_post *post)
{
	if (!post)
		return;
	g_free(post->account);
	g_free(post->name);
	g_free(post->envelope_from);
	g_free(post->recipient);
	g_clear_pointer(&post->mail, g_bytes_unref);
	g_free(post->did);
	g_free(post);
}

gboolean store_add_post(struct store *sto, struct store_post *post, gint64 now,
			GError **error)
{
	if (!run(sto, error, SQL_ADD_POST, "ssssbsii", post->account,
		 post->name, post->envelope_from, post->recipient, post->mail,
		 post->did, post->expires, now))
		return FALSE;
	post->id = sqlite3_last_insert_rowid(sto->db);
	return TRUE;
}

static struct store_post *read_post(sqlite3_stmt *stmt)
{
	struct store_post *post = g_new0(struct store_post, 1);

	post->id = sqlite3_column_int64(stmt, 0);
	post->account = text(stmt, 1);
	post->name = text(stmt, 2);
	post->envelope_from = text(stmt, 3);
	post->recipient = text(stmt, 4);
	post->mail = blob(stmt, 5);
	post->did = text(stmt, 6);
	post->expires = sqlite3_column_int64(stmt, 7);
	post->attempts = (guint)sqlite3_column_int(stmt, 8);
	return post;
}

/* The first column of all rows, char *. */
static GPtrArray *texts(struct store *sto, sqlite3_stmt *stmt)
{
	GPtrArray *found = g_ptr_array_new_with_free_func(g_free);

	while (next(sto, stmt))
		g_ptr_array_add(found, text(stmt, 0));
	return found;
}

GPtrArray *store_due_accounts(struct store *sto, gint64 now_ms)
{
	return texts(sto, rows(sto, SQL_DUE_ACCOUNTS, "i", now_ms));
}

guint store_waiting_posts(struct store *sto, const char *account)
{
	sqlite3_stmt *stmt = rows(sto, SQL_WAITING_POSTS, "s", account);
	guint n = 0;

	while (next(sto, stmt))
		n = (guint)sqlite3_column_int64(stmt, 0);
	return n;
}

GPtrArray *store_due_posts(struct store *sto, const char *account,
			   gint64 now_ms, guint limit)
{
	sqlite3_stmt *stmt =
		rows(sto, SQL_DUE_POSTS, "sii", account, now_ms, (gint64)limit);
	GPtrArray *posts =
		g_ptr_array_new_with_free_func((GDestroyNotify)store_post_free);

	while (next(sto, stmt))
		g_ptr_array_add(posts, read_post(stmt));
	return posts;
}

gboolean store_post_sent(struct store *sto, gint64 id, GError **error)
{
	return run(sto, error, SQL_POST_SENT, "i", id);
}

gboolean store_post_failed(struct store *sto, gint64 id, gint64 next_ms,
			   const char *why, GError **error)
{
	return run(sto, error, SQL_POST_FAILED, "isi", next_ms, why, id);
}

gboolean store_post_dropped(struct store *sto, gint64 id, const char *why,
			    GError **error)
{
	return run(sto, error, SQL_POST_DROPPED, "si", why, id);
}

gboolean store_post_again(struct store *sto, gint64 id, GError **error)
{
	return run(sto, error, SQL_POST_AGAIN, "i", id);
}

gboolean store_set_aside(struct store *sto, const char *account,
			 const char *file, const char *reason, gint64 now,
			 GError **error)
{
	return run(sto, error, SQL_SET_ASIDE, "sssi", account, file, reason,
		   now);
}

GPtrArray *store_forget_set_aside(struct store *sto, gint64 before)
{
	GPtrArray *files =
		texts(sto, rows(sto, SQL_OLD_SET_ASIDE, "i", before));

	run(sto, NULL, SQL_FORGET_SET_ASIDE, "i", before);
	return files;
}

char *store_position(struct store *sto, const char *account)
{
	sqlite3_stmt *stmt = rows(sto, SQL_POSITION, "s", account);
	char *position = next(sto, stmt) ? text(stmt, 0) : NULL;

	sqlite3_reset(stmt);
	return position;
}

gboolean store_set_position(struct store *sto, const char *account,
			    const char *position, GError **error)
{
	return run(sto, error, SQL_SET_POSITION, "ss", account, position);
}

void store_token_free(struct store_token *token)
{
	if (!token)
		return;
	g_free(token->room);
	g_free(token->name);
	g_free(token->address);
	g_free(token);
}

gboolean store_add_token(struct store *sto, const struct store_token *token,
			 gint64 now, GError **error)
{
	return run(sto, error, SQL_ADD_TOKEN, "dsisiisi", token->digest,
		   token->room, (gint64)token->role, token->name, token->uses,
		   token->expires, token->address, now);
}

static struct store_token *read_token(sqlite3_stmt *stmt)
{
	struct store_token *token = g_new0(struct store_token, 1);
	const void *digest = sqlite3_column_blob(stmt, 0);

	if (sqlite3_column_bytes(stmt, 0) == sizeof(token->digest))
		memcpy(token->digest, digest, sizeof(token->digest));
	token->room = text(stmt, 1);
	token->role = sqlite3_column_int(stmt, 2);
	token->name = text(stmt, 3);
	token->uses = sqlite3_column_int64(stmt, 4);
	token->expires = sqlite3_column_int64(stmt, 5);
	token->address = text(stmt, 6);
	return token;
}

struct store_token *store_token(struct store *sto,
				const guint8 digest[STORE_DIGEST_SIZE])
{
	sqlite3_stmt *stmt = rows(sto, SQL_TOKEN, "d", digest);
	struct store_token *token = next(sto, stmt) ? read_token(stmt) : NULL;

	sqlite3_reset(stmt);
	return token;
}

GPtrArray *store_tokens(struct store *sto, const char *room, gint64 now)
{
	sqlite3_stmt *stmt = rows(sto, SQL_TOKENS, "si", room, now);
	GPtrArray *tokens = g_ptr_array_new_with_free_func(
		(GDestroyNotify)store_token_free);

	while (next(sto, stmt))
		g_ptr_array_add(tokens, read_token(stmt));
	return tokens;
}

gboolean store_use_token(struct store *sto, const struct store_token *token,
			 GError **error)
{
	/* The common kind costs no write to the disk. */
	return token->uses < 0 ||
	       run(sto, error, SQL_USE_TOKEN, "d", token->digest);
}

gboolean store_void_token(struct store *sto,
			  const guint8 digest[STORE_DIGEST_SIZE],
			  GError **error)
{
	return run(sto, error, SQL_VOID_TOKEN, "d", digest);
}

gboolean store_add_session(struct store *sto, const struct store_session *ses,
			   GError **error)
{
	return run(sto, error, SQL_ADD_SESSION, "ssi", ses->digest,
		   ses->address, ses->expires);
}

gboolean store_end_session(struct store *sto, const char *digest,
			   GError **error)
{
	return run(sto, error, SQL_END_SESSION, "s", digest);
}

static void free_session(gpointer data)
{
	struct store_session *ses = data;

	g_free(ses->digest);
	g_free(ses->address);
	g_free(ses);
}

GPtrArray *store_sessions(struct store *sto, gint64 now)
{
	sqlite3_stmt *stmt = rows(sto, SQL_SESSIONS, "i", now);
	GPtrArray *sessions = g_ptr_array_new_with_free_func(free_session);

	while (next(sto, stmt)) {
		struct store_session *ses = g_new0(struct store_session, 1);

		ses->digest = text(stmt, 0);
		ses->address = text(stmt, 1);
		ses->expires = sqlite3_column_int64(stmt, 2);
		g_ptr_array_add(sessions, ses);
	}
	return sessions;
}

gboolean store_add_audit(struct store *sto, struct audit_row *row,
			 GError **error)
{
	if (!run(sto, error, SQL_ADD_AUDIT, "isssssss", row->at, row->room,
		 row->who, row->from, row->what, row->whom, row->detail,
		 row->outcome))
		return FALSE;
	row->id = sqlite3_last_insert_rowid(sto->db);
	return TRUE;
}

static void free_audit_row(gpointer row)
{
	audit_row_free(row);
}

GPtrArray *store_audit(struct store *sto, const char *room, gint64 before,
		       guint limit)
{
	sqlite3_stmt *stmt =
		rows(sto, SQL_AUDIT, "sii", room, before, (gint64)limit);
	GPtrArray *found = g_ptr_array_new_with_free_func(free_audit_row);

	while (next(sto, stmt)) {
		struct audit_row *row = g_new0(struct audit_row, 1);

		row->id = sqlite3_column_int64(stmt, 0);
		row->at = sqlite3_column_int64(stmt, 1);
		row->room = text(stmt, 2);
		row->who = text(stmt, 3);
		row->from = text(stmt, 4);
		row->what = text(stmt, 5);
		row->whom = text(stmt, 6);
		row->detail = text(stmt, 7);
		row->outcome = text(stmt, 8);
		g_ptr_array_add(found, row);
	}
	return found;
}

static gboolean save_files(struct store *sto, const struct recording *row,
			   GError **error)
{
	if (!run(sto, error, SQL_DELETE_RECORDING_FILES, "s", row->id))
		return FALSE;
	for (guint i = 0; i < row->files->len; i++) {
		const struct recording_file *file = row->files->pdata[i];

		if (!run(sto, error, SQL_ADD_RECORDING_FILE, "sisssi", row->id,
			 (gint64)i, file->file, file->address, file->name,
			 (gint64)file->bytes))
			return FALSE;
	}
	return TRUE;
}

gboolean store_save_recording(struct store *sto, const struct recording *row,
			      GError **error)
{
	if (!store_begin(sto, error))
		return FALSE;
	if (run(sto, error, SQL_SAVE_RECORDING, "sssiiiii", row->id, row->room,
		row->by, row->at, (gint64)row->why, (gint64)row->frames,
		(gint64)row->lost, (gint64)row->bytes) &&
	    save_files(sto, row, error))
		return store_commit(sto, error);
	store_rollback(sto);
	return FALSE;
}

gboolean store_delete_recording(struct store *sto, const char *id,
				GError **error)
{
	if (!store_begin(sto, error))
		return FALSE;
	if (run(sto, error, SQL_DELETE_RECORDING_FILES, "s", id) &&
	    run(sto, error, SQL_DELETE_RECORDING, "s", id))
		return store_commit(sto, error);
	store_rollback(sto);
	return FALSE;
}

static struct recording *read_recording(sqlite3_stmt *stmt)
{
	g_autofree char *id = text(stmt, 0);
	g_autofree char *room = text(stmt, 1);
	g_autofree char *by = text(stmt, 2);
	struct recording *row =
		recording_create(id, room, by, sqlite3_column_int64(stmt, 3));
	const int why = sqlite3_column_int(stmt, 4);

	if (why > 0 && why < RECORDING_WHYS)
		row->why = (enum recording_why)why;
	row->frames = (guint64)sqlite3_column_int64(stmt, 5);
	row->lost = (guint64)sqlite3_column_int64(stmt, 6);
	row->bytes = (guint64)sqlite3_column_int64(stmt, 7);
	return row;
}

static void read_files(struct store *sto, struct recording *row)
{
	sqlite3_stmt *stmt = rows(sto, SQL_RECORDING_FILES, "s", row->id);

	while (next(sto, stmt)) {
		g_autofree char *file = text(stmt, 0);
		g_autofree char *address = text(stmt, 1);
		g_autofree char *name = text(stmt, 2);

		recording_add_file(row, file, address, name,
				   (guint64)sqlite3_column_int64(stmt, 3));
	}
}

struct recording *store_recording(struct store *sto, const char *id)
{
	sqlite3_stmt *stmt = rows(sto, SQL_RECORDING, "s", id);
	struct recording *row = NULL;

	if (next(sto, stmt)) {
		row = read_recording(stmt);
		sqlite3_reset(stmt);
		read_files(sto, row);
	}
	return row;
}

static void free_recording(gpointer data)
{
	recording_free(data);
}

GPtrArray *store_recordings(struct store *sto, const char *room)
{
	GPtrArray *found = g_ptr_array_new_with_free_func(free_recording);
	sqlite3_stmt *stmt = rows(sto, SQL_RECORDINGS, "s", room);

	while (next(sto, stmt))
		g_ptr_array_add(found, read_recording(stmt));
	for (guint i = 0; i < found->len; i++)
		read_files(sto, found->pdata[i]);
	return found;
}

struct door *store_door(struct store *sto, const char *room)
{
	sqlite3_stmt *stmt = rows(sto, SQL_DOOR, "s", room);
	struct door *door = door_create();

	if (next(sto, stmt)) {
		door->lobby = sqlite3_column_int(stmt, 0);
		door->pin = text(stmt, 1);
	}
	sqlite3_reset(stmt);
	stmt = rows(sto, SQL_BANS, "s", room);
	while (next(sto, stmt)) {
		g_autofree char *address = text(stmt, 0);
		g_autofree char *by = text(stmt, 3);
		g_autofree char *reason = text(stmt, 4);

		door_ban(door, &(struct door_ban){
				       .address = address,
				       .at = sqlite3_column_int64(stmt, 1),
				       .until = sqlite3_column_int64(stmt, 2),
				       .by = by,
				       .reason = reason,
			       });
	}
	return door;
}

static gboolean write_door(struct store *sto, const char *room,
			   const struct door *door, GError **error)
{
	if (!run(sto, error, SQL_SET_DOOR, "sis", room, (gint64)door->lobby,
		 door->pin) ||
	    !run(sto, error, SQL_FORGET_BANS, "s", room))
		return FALSE;
	for (guint i = 0; i < door->bans->len; i++) {
		const struct door_ban *ban = door->bans->pdata[i];

		if (!run(sto, error, SQL_ADD_BAN, "ssiiss", room, ban->address,
			 ban->at, ban->until, ban->by, ban->reason))
			return FALSE;
	}
	return TRUE;
}

gboolean store_set_door(struct store *sto, const char *room,
			const struct door *door, GError **error)
{
	if (!store_begin(sto, error))
		return FALSE;
	if (write_door(sto, room, door, error))
		return store_commit(sto, error);
	store_rollback(sto);
	return FALSE;
}

gboolean store_forget_account(struct store *sto, const char *account,
			      GError **error)
{
	return run(sto, error, SQL_FORGET_ACCOUNT_DIALOGS, "s", account) &&
	       run(sto, error, SQL_FORGET_ACCOUNT_POSTS, "s", account);
}

gboolean store_forget(struct store *sto, gint64 before, GError **error)
{
	return run(sto, error, SQL_FORGET_MAILS, "i", before) &&
	       run(sto, error, SQL_FORGET_DIALOGS, "i", before) &&
	       run(sto, error, SQL_FORGET_POSTS, "i", before) &&
	       run(sto, error, SQL_FORGET_TOKENS, "i", before) &&
	       run(sto, error, SQL_FORGET_SESSIONS, "i", before);
}
