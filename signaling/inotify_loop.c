#include "signaling/inotify_loop.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <sys/inotify.h>
#include <unistd.h>

#define WATCHED                                                                \
	(IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct inotify_loop {
	GMainContext *context;
	int fd;
	GSource *source;
	GPtrArray *watches; /* struct inotify_watch *, not owned */
};

struct inotify_watch {
	struct inotify_loop *loop;
	int wd; /* several watches of one directory share it; -1: dead */
	inotify_watch_func func;
	void *arg;
};

/* GMainContext * to struct inotify_loop *, of all threads. */
G_LOCK_DEFINE_STATIC(loops);
static GHashTable *loops;

static void tell(struct inotify_loop *loop, const struct inotify_event *event)
{
	const char *name = event->len ? event->name : NULL;
	gboolean lost = event->mask & IN_Q_OVERFLOW;
	gboolean gone = event->mask & (IN_IGNORED | IN_MOVE_SELF);

	for (guint i = 0; i < loop->watches->len; i++) {
		struct inotify_watch *watch = loop->watches->pdata[i];

		if (!lost && watch->wd != event->wd)
			continue;
		if (gone)
			watch->wd = -1;
		watch->func(lost || gone ? NULL : name, watch->arg);
	}
	if (event->mask & IN_MOVE_SELF)
		inotify_rm_watch(loop->fd, event->wd);
}

static gboolean on_readable(int fd, GIOCondition condition, void *arg)
{
	struct inotify_loop *loop = arg;
	_Alignas(struct inotify_event) char buf[16384];
	ssize_t size = read(fd, buf, sizeof(buf));

	(void)condition;
	for (ssize_t at = 0; at < size;) {
		const struct inotify_event *event = (void *)(buf + at);

		tell(loop, event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	return G_SOURCE_CONTINUE;
}

static struct inotify_loop *loop_create(GMainContext *context, GError **error)
{
	struct inotify_loop *loop;
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0) {
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
			    "the kernel gives no inotify instance: %s",
			    g_strerror(errno));
		return NULL;
	}
	loop = g_new0(struct inotify_loop, 1);
	loop->fd = fd;
	loop->context = g_main_context_ref(context);
	loop->watches = g_ptr_array_new();
	loop->source = g_unix_fd_source_new(fd, G_IO_IN);
	g_source_set_callback(loop->source, G_SOURCE_FUNC(on_readable), loop,
			      NULL);
	g_source_attach(loop->source, context);
	return loop;
}

static void loop_destroy(struct inotify_loop *loop)
{
	g_source_destroy(loop->source);
	g_source_unref(loop->source);
	g_ptr_array_unref(loop->watches);
	close(loop->fd);
	g_main_context_unref(loop->context);
	g_free(loop);
}

/* The loop of this thread's context, made at its first watch. */
static struct inotify_loop *loop_get(GError **error)
{
	g_autoptr(GMainContext) context = g_main_context_ref_thread_default();
	struct inotify_loop *loop;

	G_LOCK(loops);
	if (!loops)
		loops = g_hash_table_new(NULL, NULL);
	loop = g_hash_table_lookup(loops, context);
	if (!loop && (loop = loop_create(context, error)))
		g_hash_table_insert(loops, context, loop);
	G_UNLOCK(loops);
	return loop;
}

/* And freed with its last one. */
static void loop_put(struct inotify_loop *loop)
{
	if (loop->watches->len)
		return;
	G_LOCK(loops);
	g_hash_table_remove(loops, loop->context);
	G_UNLOCK(loops);
	loop_destroy(loop);
}

struct inotify_watch *inotify_watch_create(const char *directory,
					   inotify_watch_func func, void *arg,
					   GError **error)
{
	struct inotify_loop *loop = loop_get(error);
	struct inotify_watch *watch;
	int wd;

	if (!loop)
		return NULL;
	wd = inotify_add_watch(loop->fd, directory, WATCHED);
	if (wd < 0) {
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
			    "%s cannot be watched: %s", directory,
			    g_strerror(errno));
		loop_put(loop);
		return NULL;
	}
	watch = g_new0(struct inotify_watch, 1);
	watch->loop = loop;
	watch->wd = wd;
	watch->func = func;
	watch->arg = arg;
	g_ptr_array_add(loop->watches, watch);
	return watch;
}

void inotify_watch_destroy(struct inotify_watch **watchp)
{
	struct inotify_watch *watch = g_steal_pointer(watchp);
	gboolean shared = FALSE;

	if (!watch)
		return;
	g_ptr_array_remove_fast(watch->loop->watches, watch);
	for (guint i = 0; i < watch->loop->watches->len; i++) {
		struct inotify_watch *other = watch->loop->watches->pdata[i];

		shared |= other->wd == watch->wd;
	}
	if (watch->wd >= 0 && !shared)
		inotify_rm_watch(watch->loop->fd, watch->wd);
	loop_put(watch->loop);
	g_free(watch);
}

gboolean inotify_watch_alive(const struct inotify_watch *watch)
{
	return watch->wd >= 0;
}
