/* A Maildir (https://cr.yp.to/proto/maildir.html): mails appear complete in
 * new/, are shown from there, and are deleted when done. cur/ belongs to mail
 * programs and is left alone.
 *
 * inotify tells of each mail at once. The directory is also read at start,
 * every few seconds, and when the kernel lost events: inotify does not see
 * what another host puts on a shared file system. */
#include "signaling/mailbox_kind.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signaling/inotify_loop.h"
#include "signaling/message.h"

#define RESCAN_MS    5000
#define UNWATCHED_MS 1000 /* rescan where inotify is not to be had */
#define BATCH	     16	  /* mails shown in one turn of the main loop */

enum mail_state {
	MAIL_NEW,     /* not in the table */
	MAIL_WAITING, /* in the queue */
	MAIL_SHOWN,
	MAIL_UNREADABLE, /* tried again at each rescan */
	MAIL_DONE,	 /* but unlink() failed: tried again likewise */
};

struct maildir {
	struct mailbox base;
	char *path, *new_path;
	guint rescan_ms;
	struct inotify_watch *watch; /* NULL: rescans alone */
	GHashTable *mails;	     /* file name to enum mail_state */
	GQueue waiting;		     /* char *, file names to show */
	GSource *show;		     /* ready while mails are waiting */
	GSource *rescan;
};

struct found {
	char *name;
	gint64 arrived_ns;
};

static gboolean make_directories(const char *path, GError **error)
{
	static const char *const parts[] = { "tmp", "new", "cur" };

	for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *part = g_build_filename(path, parts[i], NULL);

		if (g_mkdir_with_parents(part, 0700) == 0)
			continue;
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
			    "the Maildir %s cannot be made: %s", part,
			    g_strerror(errno));
		return FALSE;
	}
	return TRUE;
}

/* The mail, cut to MESSAGE_MAX_SIZE and one byte; NULL and errno. Only a
 * regular file is read: a FIFO would block us, a link lead elsewhere. */
static GBytes *read_mail(const char *path)
{
	gsize size = 0, cap = MESSAGE_MAX_SIZE + 1;
	g_autofree char *buf = NULL;
	struct stat st;
	ssize_t n = 1;
	int fd;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		errno = EINVAL;
		return NULL;
	}
	cap = MIN(cap, (gsize)st.st_size);
	buf = g_malloc(cap + 1);
	while (size < cap && n > 0) {
		n = read(fd, buf + size, cap - size);
		size += n > 0 ? (gsize)n : 0;
	}
	close(fd);
	return n < 0 ? NULL : g_bytes_new_take(g_steal_pointer(&buf), size);
}

static enum mail_state get_state(struct maildir *md, const char *name)
{
	return GPOINTER_TO_INT(g_hash_table_lookup(md->mails, name));
}

static void set_state(struct maildir *md, const char *name,
		      enum mail_state state)
{
	g_hash_table_insert(md->mails, g_strdup(name), GINT_TO_POINTER(state));
}

static void show_mail(struct maildir *md, const char *name)
{
	g_autofree char *path = g_build_filename(md->new_path, name, NULL);
	g_autoptr(GBytes) mail = NULL;
	enum mail_state state = get_state(md, name);

	if (state != MAIL_WAITING && state != MAIL_UNREADABLE)
		return;
	mail = read_mail(path);
	if (mail) {
		set_state(md, name, MAIL_SHOWN);
		mailbox_tell_mail(&md->base, name, mail);
	} else if (errno == ENOENT) {
		g_hash_table_remove(md->mails, name);
	} else if (state != MAIL_UNREADABLE) {
		g_warning("mailbox: cannot read mail file=%s why=%s", path,
			  g_strerror(errno));
		set_state(md, name, MAIL_UNREADABLE);
	}
}

static gboolean on_show(void *arg)
{
	struct maildir *md = arg;

	for (int i = 0; i < BATCH && md->waiting.length; i++) {
		g_autofree char *name = g_queue_pop_head(&md->waiting);

		show_mail(md, name);
	}
	if (!md->waiting.length)
		g_source_set_ready_time(md->show, -1);
	return G_SOURCE_CONTINUE;
}

static void enqueue(struct maildir *md, const char *name)
{
	if (get_state(md, name) == MAIL_NEW)
		set_state(md, name, MAIL_WAITING);
	g_queue_push_tail(&md->waiting, g_strdup(name));
	g_source_set_ready_time(md->show, 0);
}

static gboolean forget_file(struct maildir *md, const char *name)
{
	g_autofree char *path = g_build_filename(md->new_path, name, NULL);

	if (unlink(path) == 0 || errno == ENOENT)
		return TRUE;
	g_warning("mailbox: cannot delete mail file=%s why=%s", path,
		  g_strerror(errno));
	return FALSE;
}

static gint by_arrival(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->arrived_ns != y->arrived_ns)
		return x->arrived_ns < y->arrived_ns ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void found_clear(void *arg)
{
	g_free(((struct found *)arg)->name);
}

/* Files of new/ that are to be shown, oldest first, so that a CANCEL does not
 * overtake its INVITE. Also renews `mails`: names that are gone leave it. */
static GArray *find_mails(struct maildir *md, DIR *dir)
{
	GArray *found = g_array_new(FALSE, FALSE, sizeof(struct found));
	GHashTable *present =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct dirent *entry;

	g_array_set_clear_func(found, found_clear);
	while ((entry = readdir(dir))) {
		const char *name = entry->d_name;
		enum mail_state state = get_state(md, name);
		struct stat st;

		if (name[0] == '.')
			continue;
		if (state == MAIL_DONE && forget_file(md, name))
			continue;
		g_hash_table_insert(present, g_strdup(name),
				    GINT_TO_POINTER(state));
		if ((state == MAIL_NEW || state == MAIL_UNREADABLE) &&
		    !fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW)) {
			struct found one = {
				g_strdup(name),
				st.st_mtim.tv_sec *
						G_GINT64_CONSTANT(1000000000) +
					st.st_mtim.tv_nsec
			};

			g_array_append_val(found, one);
		}
	}
	g_hash_table_unref(md->mails);
	md->mails = present;
	g_array_sort(found, by_arrival);
	return found;
}

static void on_inotify(const char *name, void *arg)
{
	struct maildir *md = arg;

	if (!name)
		g_source_set_ready_time(md->rescan, 0);
	else if (name[0] != '.' && !g_hash_table_contains(md->mails, name))
		enqueue(md, name);
}

/* Watches new/, again if it was replaced. */
static void renew_watch(struct maildir *md)
{
	g_autoptr(GError) error = NULL;

	if (md->watch && inotify_watch_alive(md->watch))
		return;
	inotify_watch_destroy(&md->watch);
	md->watch = inotify_watch_create(md->new_path, on_inotify, md, &error);
	if (!md->watch)
		g_debug("mailbox: rescans only path=%s why=%s", md->path,
			error->message);
}

static gboolean rescan(struct maildir *md, GError **error)
{
	g_autoptr(GArray) found = NULL;
	DIR *dir;

	/* Before reading: what comes in between is seen twice, not missed. */
	if (!make_directories(md->path, error))
		return FALSE;
	renew_watch(md);
	dir = opendir(md->new_path);
	if (!dir) {
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
			    "%s cannot be read: %s", md->new_path,
			    g_strerror(errno));
		return FALSE;
	}
	found = find_mails(md, dir);
	closedir(dir);
	for (guint i = 0; i < found->len; i++)
		enqueue(md, g_array_index(found, struct found, i).name);
	return TRUE;
}

static gboolean on_rescan(void *arg)
{
	struct maildir *md = arg;
	g_autoptr(GError) error = NULL;
	guint ms = md->rescan_ms;

	if (rescan(md, &error))
		mailbox_tell_state(&md->base, MAILBOX_WATCHING, NULL);
	else
		mailbox_tell_state(&md->base, MAILBOX_FAILED, error->message);
	if (!md->watch)
		ms = MIN(ms, UNWATCHED_MS);
	g_source_set_ready_time(md->rescan, g_get_monotonic_time() + ms * 1000);
	return G_SOURCE_CONTINUE;
}

static gboolean dispatch(GSource *source, GSourceFunc func, void *arg)
{
	(void)source;
	return func(arg);
}

/* A source that runs func(md) at its ready time, never by itself. */
static GSource *add_source(struct maildir *md, GSourceFunc func)
{
	static GSourceFuncs funcs = { .dispatch = dispatch };
	GSource *source = g_source_new(&funcs, sizeof(*source));

	g_source_set_callback(source, func, md, NULL);
	g_source_attach(source, g_main_context_get_thread_default());
	return source;
}

static void maildir_destroy(struct mailbox *mbx)
{
	struct maildir *md = (struct maildir *)mbx;

	inotify_watch_destroy(&md->watch);
	g_source_destroy(md->show);
	g_source_unref(md->show);
	g_source_destroy(md->rescan);
	g_source_unref(md->rescan);
	g_queue_clear_full(&md->waiting, g_free);
	g_hash_table_unref(md->mails);
	g_free(md->path);
	g_free(md->new_path);
	g_free(md);
}

static struct mailbox *maildir_create(const struct mailbox_config *cfg,
				      GError **error)
{
	const char *path = cfg->url + strlen("maildir:");
	struct maildir *md;

	if (!*path) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "maildir: needs a path behind it");
		return NULL;
	}
	if (!make_directories(path, error))
		return NULL;

	md = g_new0(struct maildir, 1);
	md->path = g_strdup(path);
	md->new_path = g_build_filename(path, "new", NULL);
	md->rescan_ms = cfg->poll_ms ? cfg->poll_ms : RESCAN_MS;
	md->mails =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_queue_init(&md->waiting);
	md->show = add_source(md, on_show);
	md->rescan = add_source(md, on_rescan);
	g_source_set_ready_time(md->rescan, 0);
	return &md->base;
}

static void maildir_done(struct mailbox *mbx, const char *id)
{
	struct maildir *md = (struct maildir *)mbx;

	/* Only what was shown: an id is no path into our files. */
	if (get_state(md, id) != MAIL_SHOWN)
		return;
	if (forget_file(md, id))
		g_hash_table_remove(md->mails, id);
	else
		set_state(md, id, MAIL_DONE);
}

static void maildir_hurry(struct mailbox *mbx)
{
	(void)mbx; /* inotify is as fast as it gets */
}

const struct mailbox_kind mailbox_maildir = {
	.create = maildir_create,
	.destroy = maildir_destroy,
	.done = maildir_done,
	.hurry = maildir_hurry,
};
