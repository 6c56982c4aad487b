#include "bridge/directory/directory_kind.h"

#include <gio/gio.h>
#include <string.h>
#include <time.h>

struct finished {
	directory_done_func done;
	void *arg;
	GError *error;
};

struct directory *directory_open(const struct directory_config *cfg,
				 const struct directory_events *events,
				 void *arg, GError **error)
{
	const struct directory_kind *kind =
		cfg->urls ? &directory_etcd : &directory_local;
	struct directory *dir = kind->open(cfg, error);

	if (!dir)
		return NULL;
	dir->kind = kind;
	dir->events = events;
	dir->arg = arg;
	return dir;
}

static void finished_free(void *data)
{
	struct finished *fin = data;

	g_clear_error(&fin->error);
	g_free(fin);
}

void directory_close(struct directory **dirp)
{
	struct directory *dir = g_steal_pointer(dirp);

	if (!dir)
		return;
	directory_stop(&dir->telling);
	g_queue_clear_full(&dir->finished, finished_free);
	g_clear_pointer(&dir->why, g_free);
	dir->kind->close(dir);
}

/* ---- What the kinds share ---- */

void directory_tell_state(struct directory *dir, gboolean up, const char *why)
{
	struct directory_figures *fig = &dir->figures;

	if (up ? fig->up : !fig->up && dir->why)
		return;
	fig->outages += fig->up && !up;
	fig->up = up;
	fig->since_us = g_get_monotonic_time();
	g_free(dir->why);
	dir->why = g_strdup(why);
	if (up)
		g_message("directory: in touch with %s", fig->url);
	else
		g_warning("directory: %s; calls go on, nothing can be changed "
			  "until it is back",
			  why);
	if (dir->events && dir->events->state)
		dir->events->state(up, why, dir->arg);
}

void directory_tell_lease(struct directory *dir, gboolean held)
{
	if (dir->figures.lease_held == held)
		return;
	dir->figures.lease_held = held;
	dir->figures.lease_losses += !held;
	if (held)
		g_message("directory: our keys are in it");
	else
		g_warning("directory: our lease may be over: others may take "
			  "this process for dead");
	if (dir->events && dir->events->lease)
		dir->events->lease(held, dir->arg);
}

static gboolean on_telling(void *data)
{
	struct directory *dir = data;
	struct finished *fin;
	guint n = dir->finished.length;

	/* What is finished by these is told in the next round. */
	while (n-- && (fin = g_queue_pop_head(&dir->finished))) {
		fin->done(fin->error, fin->arg);
		finished_free(fin);
	}
	if (dir->finished.length)
		return G_SOURCE_CONTINUE;
	g_clear_pointer(&dir->telling, g_source_unref);
	return G_SOURCE_REMOVE;
}

void directory_finish(struct directory *dir, directory_done_func done,
		      void *arg, const GError *error)
{
	struct finished *fin;

	if (!done)
		return;
	fin = g_new0(struct finished, 1);
	fin->done = done;
	fin->arg = arg;
	fin->error = error ? g_error_copy(error) : NULL;
	g_queue_push_tail(&dir->finished, fin);
	if (!dir->telling)
		dir->telling = directory_after(dir, 0, on_telling, dir);
}

GError *directory_not_held(const struct directory_claim *claim)
{
	return g_error_new(G_IO_ERROR, G_IO_ERROR_CANCELLED,
			   "%s is not ours to write under", claim->key);
}

GSource *directory_after(struct directory *dir, guint ms, GSourceFunc func,
			 void *arg)
{
	GSource *source = ms ? g_timeout_source_new(ms) : g_idle_source_new();

	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, func, arg, NULL);
	g_source_attach(source, dir->context);
	return source;
}

void directory_stop(GSource **sourcep)
{
	GSource *source = g_steal_pointer(sourcep);

	if (!source)
		return;
	g_source_destroy(source);
	g_source_unref(source);
}

gint64 directory_boottime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* ---- The interface ---- */

static gboolean is_key(const char *key)
{
	gsize length = strlen(key);

	for (gsize i = 0; i < length; i++)
		if (!g_ascii_isgraph(key[i]))
			return FALSE;
	return length <= DIRECTORY_MAX_KEY;
}

/* What is wrong with these writes, or NULL. */
static const char *wrong(const struct directory_write *writes, guint n)
{
	gsize bytes = 0;

	if (!n || n > DIRECTORY_MAX_WRITES)
		return "a transaction is 1 to 64 writes";
	for (guint i = 0; i < n; i++) {
		const char *value = writes[i].value;

		if (!is_key(writes[i].key) || !*writes[i].key)
			return "a key is 1 to 512 printable ASCII characters";
		if (value && (strlen(value) > DIRECTORY_MAX_VALUE ||
			      !g_utf8_validate(value, -1, NULL)))
			return "a value is UTF-8 of at most 64 KiB";
		bytes += value ? strlen(value) : 0;
		for (guint k = 0; k < i; k++)
			if (!strcmp(writes[k].key, writes[i].key))
				return "a key stands twice in a transaction";
	}
	if (bytes > DIRECTORY_MAX_TRANSACTION)
		return "a transaction is at most 512 KiB";
	return NULL;
}

void directory_write(struct directory *dir, struct directory_claim *claim,
		     const struct directory_write *writes, guint n,
		     directory_done_func done, void *arg)
{
	const char *mistake = wrong(writes, n);
	g_autoptr(GError) error = NULL;

	if (mistake)
		error = g_error_new(G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
				    "%s: not written: %s",
				    n ? writes[0].key : "nothing", mistake);
	else if (claim && !directory_claim_fence(claim))
		error = directory_not_held(claim);
	if (error)
		directory_finish(dir, done, arg, error);
	else
		dir->kind->write(dir, claim, writes, n, done, arg);
}

void directory_put(struct directory *dir, struct directory_claim *claim,
		   const char *key, const char *value, directory_done_func done,
		   void *arg)
{
	const struct directory_write one = { key, value };

	directory_write(dir, claim, &one, 1, done, arg);
}

void directory_lease(struct directory *dir, const char *key, const char *value)
{
	const struct directory_write one = { key, value };

	g_return_if_fail(!wrong(&one, 1));
	dir->kind->lease(dir, key, value);
}

struct directory_claim *
directory_claim(struct directory *dir, const char *key, const char *value,
		const struct directory_claim_events *events, void *arg)
{
	const struct directory_write one = { key, value };
	struct directory_claim *claim;

	g_return_val_if_fail(value && !wrong(&one, 1), NULL);
	claim = dir->kind->claim(dir, key, value);
	claim->events = events;
	claim->arg = arg;
	return claim;
}

void directory_claim_set(struct directory_claim *claim, const char *value)
{
	const struct directory_write one = { claim->key, value };

	g_return_if_fail(value && !wrong(&one, 1));
	if (strcmp(claim->value, value) != 0)
		claim->dir->kind->claim_set(claim, value);
}

gint64 directory_claim_fence(const struct directory_claim *claim)
{
	return claim->released ? 0 : claim->dir->kind->claim_fence(claim);
}

void directory_release(struct directory_claim **claimp)
{
	struct directory_claim *claim = g_steal_pointer(claimp);

	if (claim)
		claim->dir->kind->release(claim);
}

struct directory_watch *
directory_watch(struct directory *dir, const char *keys,
		const struct directory_watch_events *events, void *arg)
{
	struct directory_watch *watch;

	g_return_val_if_fail(is_key(keys), NULL);
	watch = dir->kind->watch(dir, keys);
	watch->events = events;
	watch->arg = arg;
	return watch;
}

void directory_unwatch(struct directory_watch **watchp)
{
	struct directory_watch *watch = g_steal_pointer(watchp);

	if (watch)
		watch->dir->kind->unwatch(watch);
}

void directory_figures(const struct directory *dir,
		       struct directory_figures *fig_r)
{
	*fig_r = dir->figures;
	dir->kind->figures(dir, fig_r);
}

/* ---- Keys ---- */

char *directory_key(const char *first, ...)
{
	GString *key = g_string_new(NULL);
	va_list parts;

	va_start(parts, first);
	for (const char *part = first; part; part = va_arg(parts, char *)) {
		if (part != first)
			g_string_append_c(key, '/');
		g_string_append_uri_escaped(key, part, "@:+", FALSE);
	}
	va_end(parts);
	return g_string_free(key, FALSE);
}

GStrv directory_key_parts(const char *key)
{
	g_auto(GStrv) parts = g_strsplit(key, "/", -1);

	for (guint i = 0; parts[i]; i++) {
		char *part = g_uri_unescape_string(parts[i], NULL);

		if (!part)
			return NULL;
		g_free(parts[i]);
		parts[i] = part;
	}
	return g_steal_pointer(&parts);
}
