/* directory_kind - what each kind of directory gives to directory.c, and what
 * the kinds share. Seen by bridge/directory/ only. */
#ifndef BRIDGE_DIRECTORY_DIRECTORY_KIND_H
#define BRIDGE_DIRECTORY_DIRECTORY_KIND_H

#include "bridge/directory/directory.h"

/* Arguments were checked by directory.c; keys are relative to the prefix. */
struct directory_kind {
	/* cfg is valid during the call only. */
	struct directory *(*open)(const struct directory_config *cfg,
				  GError **error);
	/* Takes half-built objects. */
	void (*close)(struct directory *dir);
	void (*write)(struct directory *dir, struct directory_claim *claim,
		      const struct directory_write *writes, guint n,
		      directory_done_func done, void *arg);
	void (*lease)(struct directory *dir, const char *key,
		      const char *value);
	/* The base is filled in afterwards: they must not call back yet. */
	struct directory_claim *(*claim)(struct directory *dir, const char *key,
					 const char *value);
	void (*claim_set)(struct directory_claim *claim, const char *value);
	gint64 (*claim_fence)(const struct directory_claim *claim);
	void (*release)(struct directory_claim *claim);
	struct directory_watch *(*watch)(struct directory *dir,
					 const char *keys);
	void (*unwatch)(struct directory_watch *watch);
	void (*figures)(const struct directory *dir,
			struct directory_figures *fig_r);
};

extern const struct directory_kind directory_local;
extern const struct directory_kind directory_etcd;

/* The first member of every kind's struct. */
struct directory {
	const struct directory_kind *kind;
	const struct directory_events *events;
	void *arg;
	GMainContext *context;
	struct directory_figures figures; /* counted by the kind */
	char *why;			  /* it is not up; NULL: not told yet */
	GQueue finished;		  /* struct finished: to be told */
	GSource *telling;		  /* while something is */
};

/* Its callbacks may release it: whoever calls them holds a reference. */
struct directory_claim {
	struct directory *dir; /* NULL: closed */
	const struct directory_claim_events *events;
	void *arg;
	char *key, *value;
	gboolean released;
};

struct directory_watch {
	struct directory *dir;
	const struct directory_watch_events *events;
	void *arg;
	char *keys;
	gboolean ended;
};

/* For the kinds: tell the owner, each change once, with a log line. */
void directory_tell_state(struct directory *dir, gboolean up, const char *why);
void directory_tell_lease(struct directory *dir, gboolean held);

/* Calls done from the main loop, with a copy of error. done may be NULL. */
void directory_finish(struct directory *dir, directory_done_func done,
		      void *arg, const GError *error);
/* The error of a write under a claim that is not held. Caller frees. */
GError *directory_not_held(const struct directory_claim *claim);

/* func once, or until it returns FALSE, after ms on the directory's context.
 * End it with directory_stop(). */
GSource *directory_after(struct directory *dir, guint ms, GSourceFunc func,
			 void *arg);
void directory_stop(GSource **sourcep);

/* us of CLOCK_BOOTTIME, which counts sleep: what leases run by. */
gint64 directory_boottime(void);

#endif
