/* Final delivery into local Maildirs: written to tmp/, synced, renamed into
 * new/. It is durable when POST_SENT is told.
 *
 * fsync() may take as long as the disk likes, so a thread of GTask's pool
 * does the writing: one batch at a time, in order. */
#include "signaling/post_kind.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_NAME 200 /* bytes; file systems allow 255 */

struct post_maildir {
	struct post base;
	char *pattern;	    /* a path with %u and %a */
	GQueue waiting;	    /* struct post_mail * */
	struct batch *busy; /* being written, or NULL */
};

struct delivery {
	struct post_mail *mail;
	char *path; /* of the Maildir */
	enum post_result result;
	char *why;
};

/* The thread has the deliveries from g_task_run_in_thread() to its callback,
 * so nothing in it is locked. `handed` counts the hand-overs, for the eyes of
 * ThreadSanitizer, which sees atomics but not the locks within GLib. */
struct batch {
	struct post_maildir *owner; /* {control} NULL once it is destroyed */
	GPtrArray *deliveries;	    /* struct delivery * */
	gint handed;
};

static void start_batch(struct post_maildir *pm);

static void delivery_free(void *arg)
{
	struct delivery *dlv = arg;

	post_mail_free(dlv->mail);
	g_free(dlv->path);
	g_free(dlv->why);
	g_free(dlv);
}

static void batch_free(struct batch *bat)
{
	g_ptr_array_unref(bat->deliveries);
	g_free(bat);
}

/* Letters, digits and a few signs stay; all else becomes %XX, which leaves
 * neither a path nor a Maildir's info separator (":2,"). */
static char *file_name(const char *name)
{
	g_autofree char *escaped = g_uri_escape_string(name, "@+=,", FALSE);

	if (strlen(escaped) > MAX_NAME)
		return g_compute_checksum_for_string(G_CHECKSUM_SHA256, name,
						     -1);
	if (escaped[0] == '.')
		return g_strconcat("%2E", escaped + 1, NULL);
	return g_steal_pointer(&escaped);
}

/* The Maildir of an address: %u is its local part without +detail (RFC 5233),
 * %a the whole address likewise, its domain in lower case. NULL when that
 * would leave the pattern's directory. */
static char *maildir_path(const char *pattern, const char *address)
{
	const char *at = strrchr(address, '@');
	const char *plus = memchr(address, '+', (gsize)(at - address));
	g_autofree char *user = g_strndup(
		address,
		(gsize)((plus && plus > address ? plus : at) - address));
	g_autofree char *domain = g_ascii_strdown(at + 1, -1);
	GString *path = g_string_new(NULL);

	if (strchr(address, '/') || user[0] == '.') {
		g_string_free(path, TRUE);
		return NULL;
	}
	for (const char *c = pattern; *c; c++) {
		if (c[0] != '%' || !strchr("ua%", c[1]) || !c[1]) {
			g_string_append_c(path, *c);
			continue;
		}
		switch (*++c) {
		case 'u':
			g_string_append(path, user);
			break;
		case 'a':
			g_string_append_printf(path, "%s@%s", user, domain);
			break;
		default:
			g_string_append_c(path, '%');
		}
	}
	return g_string_free(path, FALSE);
}

static gboolean write_all(int fd, const char *bytes, gsize size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno != EINTR)
			return FALSE;
		if (n > 0) {
			bytes += n;
			size -= (gsize)n;
		}
	}
	return TRUE;
}

/* The mail behind the header fields of a final delivery, RFC 5321 4.4. */
static gboolean write_mail(int fd, const struct post_mail *mail)
{
	g_autofree char *head =
		g_strdup_printf("Return-Path: <%s>\r\nDelivered-To: %s\r\n",
				mail->envelope_from, mail->recipient);
	gsize size;
	const char *bytes = g_bytes_get_data(mail->mail, &size);

	return write_all(fd, head, strlen(head)) &&
	       write_all(fd, bytes, size) && fsync(fd) == 0;
}

static gboolean sync_directory(int dir)
{
	int fd = openat(dir, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	gboolean synced = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return synced;
}

/* 0 or -errno. dir is the Maildir. */
static int drop_mail(int dir, const struct post_mail *mail)
{
	static gint counter;
	g_autofree char *name = file_name(mail->name);
	g_autofree char *tmp =
		g_strdup_printf("tmp/%s.%d.%d", name, (int)getpid(),
				g_atomic_int_add(&counter, 1));
	g_autofree char *final = g_strconcat("new/", name, NULL);
	int err = 0;
	int fd =
		openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	if (!write_mail(fd, mail))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && (renameat(dir, tmp, dir, final) || !sync_directory(dir)))
		err = -errno;
	if (err)
		unlinkat(dir, tmp, 0);
	return err;
}

static void deliver(struct delivery *dlv)
{
	int dir = open(dlv->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = dir < 0 ? -errno : drop_mail(dir, dlv->mail);

	if (dir >= 0)
		close(dir);
	if (!err)
		return;
	dlv->result =
		err == -ENOENT || err == -ENOTDIR ? POST_REFUSED : POST_RETRY;
	dlv->why = g_strdup_printf("no delivery into %s: %s", dlv->path,
				   g_strerror(-err));
}

static void write_batch(GTask *task, void *source, void *data,
			GCancellable *cancellable)
{
	struct batch *bat = data;

	(void)source;
	(void)cancellable;
	g_assert(g_atomic_int_get(&bat->handed) == 1);
	for (guint i = 0; i < bat->deliveries->len; i++) {
		struct delivery *dlv = bat->deliveries->pdata[i];

		if (dlv->path)
			deliver(dlv);
	}
	g_atomic_int_inc(&bat->handed);
	g_task_return_boolean(task, TRUE);
}

static void on_written(GObject *source, GAsyncResult *result, void *arg)
{
	struct batch *bat = arg;
	struct post_maildir *pm = bat->owner;

	(void)source;
	(void)result;
	g_assert(g_atomic_int_get(&bat->handed) == 2);
	for (guint i = 0; pm && i < bat->deliveries->len; i++) {
		struct delivery *dlv = bat->deliveries->pdata[i];

		post_tell(&pm->base, g_steal_pointer(&dlv->mail), dlv->result,
			  dlv->why);
	}
	if (pm)
		pm->busy = NULL;
	batch_free(bat);
	if (pm)
		start_batch(pm);
}

static void start_batch(struct post_maildir *pm)
{
	g_autoptr(GTask) task = NULL;
	struct post_mail *mail;
	struct batch *bat;

	if (pm->busy || !pm->waiting.length)
		return;
	bat = g_new0(struct batch, 1);
	bat->owner = pm;
	bat->deliveries = g_ptr_array_new_with_free_func(delivery_free);
	while ((mail = g_queue_pop_head(&pm->waiting))) {
		struct delivery *dlv = g_new0(struct delivery, 1);

		dlv->mail = mail;
		dlv->path = maildir_path(pm->pattern, mail->recipient);
		if (!dlv->path) {
			dlv->result = POST_REFUSED;
			dlv->why = g_strdup("the address names no Maildir");
		}
		g_ptr_array_add(bat->deliveries, dlv);
	}
	pm->busy = bat;
	task = g_task_new(NULL, NULL, on_written, bat);
	g_task_set_task_data(task, bat, NULL);
	g_atomic_int_inc(&bat->handed);
	g_task_run_in_thread(task, write_batch);
}

static struct post *maildir_create(const struct post_config *cfg,
				   GError **error)
{
	const char *pattern = cfg->url + strlen("maildir:");
	struct post_maildir *pm;

	if (!strstr(pattern, "%u") && !strstr(pattern, "%a")) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "maildir:%s has neither %%u (local part) nor %%a "
			    "(address): all mail would go to one box",
			    pattern);
		return NULL;
	}
	pm = g_new0(struct post_maildir, 1);
	pm->pattern = g_strdup(pattern);
	g_queue_init(&pm->waiting);
	return &pm->base;
}

static void maildir_destroy(struct post *pst)
{
	struct post_maildir *pm = (struct post_maildir *)pst;

	if (pm->busy)
		pm->busy->owner = NULL;
	g_queue_clear_full(&pm->waiting, (GDestroyNotify)post_mail_free);
	g_free(pm->pattern);
	g_free(pm);
}

static void maildir_send(struct post *pst, struct post_mail *mail)
{
	struct post_maildir *pm = (struct post_maildir *)pst;

	g_queue_push_tail(&pm->waiting, mail);
	start_batch(pm);
}

const struct post_kind post_maildir = {
	.create = maildir_create,
	.destroy = maildir_destroy,
	.send = maildir_send,
};
