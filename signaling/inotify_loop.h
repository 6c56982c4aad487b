/* inotify_loop - directories watched through one inotify descriptor for each
 * GLib main context.
 *
 * One, because the kernel gives a user 128 of them by default
 * (fs.inotify.max_user_instances) and a process may watch hundreds of
 * Maildirs. Lives on the context that is the thread's default at creation. */
#ifndef SIGNALING_INOTIFY_LOOP_H
#define SIGNALING_INOTIFY_LOOP_H

#include <glib.h>

struct inotify_watch;

/* A file was moved, linked or created in the directory. name is NULL when
 * events were lost or the directory went away: look for yourself, and see
 * inotify_watch_alive(). A watch must not be destroyed from here. */
typedef void (*inotify_watch_func)(const char *name, void *arg);

struct inotify_watch *inotify_watch_create(const char *directory,
					   inotify_watch_func func, void *arg,
					   GError **error);
/* Accepts NULL; sets *watchp to NULL. */
void inotify_watch_destroy(struct inotify_watch **watchp);

/* FALSE once the directory was removed or renamed. */
gboolean inotify_watch_alive(const struct inotify_watch *watch);

#endif
