/* directory - the PGDS: what the processes of a cluster know of each other. A
 * tree of small texts under keys, of which a process can put some, watch some
 * and claim some.
 *
 * Two kinds: `local` (in memory, of one process) and `etcd` (3.4, through its
 * HTTP gateway). They behave the same; one test holds them to it. Neither
 * ever blocks: trouble with etcd is a state, and whoever uses the directory
 * goes on with what he knows.
 *
 * Lives on the GLib main context that is the thread's default when it is
 * opened. Every callback comes from there, never from inside a call of this
 * header, and may call everything here but directory_close().
 *
 * Keys are relative to the prefix: 1 to 512 printable ASCII characters,
 * "sites/SITE"; see directory_key(). Values are UTF-8 texts (JSON, as a rule)
 * of at most DIRECTORY_MAX_VALUE bytes. A foreign value that is not is told
 * as absent, and logged. */
#ifndef BRIDGE_DIRECTORY_DIRECTORY_H
#define BRIDGE_DIRECTORY_DIRECTORY_H

#include <glib.h>

#include "signaling/scoped.h"

#define DIRECTORY_MAX_KEY	  512
#define DIRECTORY_MAX_VALUE	  (64 * 1024)  /* bytes */
#define DIRECTORY_MAX_WRITES	  64	       /* in one directory_write() */
#define DIRECTORY_MAX_TRANSACTION (512 * 1024) /* bytes of all its values */
/* Writes that wait for etcd; what is over either fails at once. */
#define DIRECTORY_MAX_QUEUE	  8192
#define DIRECTORY_MAX_QUEUE_BYTES (16 * 1024 * 1024)

struct directory;
struct directory_claim;
struct directory_watch;

/* All strings are copied. */
struct directory_config {
	/* etcd: http://HOST:PORT or https://..., of each member of the
	 * cluster. NULL: local. */
	const char *const *urls;
	const char *user, *password;   /* both or none */
	const char *ca;		       /* PEM file; NULL: the system's */
	const char *certificate, *key; /* PEM files of ours; both or none */
	const char *prefix;	       /* NULL: "ipsp/1/" */
	/* Seconds that others wait for a process which is silent before they
	 * take it for dead. 0: 2, the least that etcd as delivered grants. */
	guint lease_s;
	/* local: share what this other local directory holds, as two processes
	 * share an etcd (scenarios, tests). NULL: begin empty. */
	struct directory *beside;
};

struct directory_events {
	/* Whether the directory answers. why: when it does not, a sentence
	 * that an operator can act on; else NULL. Each change is told once,
	 * and the same line is in the log. At first it is not up. */
	void (*state)(gboolean up, const char *why, void *arg);
	/* Whether this process counts as alive. FALSE is told before others
	 * can see its leased keys go; TRUE once all of them are there (again).
	 * At first it does not. */
	void (*lease)(gboolean held, void *arg);
};

/* NULL and error when the configuration is wrong (URL, unreadable file);
 * an etcd that is not there is a state. */
struct directory *directory_open(const struct directory_config *cfg,
				 const struct directory_events *events,
				 void *arg, GError **error);
/* Gives the lease back, so that others need not wait: what was leased or
 * claimed is gone for them at once, if etcd answers within a second. Claims
 * and watches end without a callback; writes that wait are dropped, their
 * `done` is not called. Accepts NULL; sets *dirp to NULL. */
void directory_close(struct directory **dirp);
SCOPED_DESTROY(directory, directory_close)

/* ---- Writing ---- */

struct directory_write {
	const char *key;
	const char *value; /* NULL: remove */
};

/* error NULL: it is in the directory, for good. Else it is not, or (with
 * claim) not any more ours to say; error->message says why. */
typedef void (*directory_done_func)(const GError *error, void *arg);

/* Writes all or nothing, each key once. With a claim it happens only while
 * that claim is held, which etcd itself compares (a fence): an owner that
 * overslept writes nothing. A claim that is not held fails at once.
 *
 * Writes take effect in the order in which they are given. While etcd is
 * away they wait, until it is back or the claim is lost; a write whose answer
 * was lost is made again. done may be NULL. */
void directory_write(struct directory *dir, struct directory_claim *claim,
		     const struct directory_write *writes, guint n,
		     directory_done_func done, void *arg);
/* One key of the above; value NULL removes it. */
void directory_put(struct directory *dir, struct directory_claim *claim,
		   const char *key, const char *value, directory_done_func done,
		   void *arg);

/* This key shall have this value for as long as this process lives (a lease);
 * NULL: no longer. Only the last value given is written, as soon as can be;
 * nothing is told, nothing fails, and it is independent of the order of
 * directory_write(). Used by one process for each key. */
void directory_lease(struct directory *dir, const char *key, const char *value);

/* ---- Claims: one process at a time ---- */

struct directory_claim_events {
	/* It is ours. fence grows from each holder to the next of this key:
	 * of two, the larger is right. After an outage the same claim may be
	 * told with the same fence: nobody else has had it. */
	void (*held)(struct directory_claim *claim, gint64 fence, void *arg);
	/* It may be another's from about now on: told by our own clock, which
	 * also counts sleep (CLOCK_BOOTTIME), before the lease can run out.
	 * The directory goes on trying to get it. */
	void (*lost)(struct directory_claim *claim, void *arg);
};

/* Creates key with value when nobody has it, and keeps it; else waits until
 * it is gone. events must outlive the claim. */
struct directory_claim *
directory_claim(struct directory *dir, const char *key, const char *value,
		const struct directory_claim_events *events, void *arg);
/* Another value, now or whenever the claim is held. */
void directory_claim_set(struct directory_claim *claim, const char *value);
/* The fence, or 0 when it is not held at this very moment: a process that
 * slept learns it here before it is told. */
gint64 directory_claim_fence(const struct directory_claim *claim);
/* Lets others have it; writes under it that wait still go first. Accepts NULL;
 * sets *claimp to NULL. May be called from its own callbacks. */
void directory_release(struct directory_claim **claimp);

/* ---- Watching ---- */

struct directory_watch_events {
	/* Level-triggered: key has this value now; NULL: it is gone. Changes
	 * that follow each other closely may be told as one, and the same
	 * value may be told twice. */
	void (*changed)(const char *key, const char *value, void *arg);
	/* All that there was at one moment has been told: at first, and again
	 * when after an outage all had to be read anew; then what went away
	 * meanwhile has been told, too. May be NULL. */
	void (*synced)(void *arg);
};

/* All keys that begin with `keys`. During an outage nothing is told, and
 * nothing is taken back. events must outlive the watch. */
struct directory_watch *
directory_watch(struct directory *dir, const char *keys,
		const struct directory_watch_events *events, void *arg);
/* Accepts NULL; sets *watchp to NULL. May be called from its own callbacks;
 * nothing is told afterwards. */
void directory_unwatch(struct directory_watch **watchp);

/* ---- For people and /metrics ---- */

struct directory_figures {
	gboolean up, lease_held;
	gint64 since_us; /* CLOCK_MONOTONIC of the last change of up */
	const char *url; /* of the etcd in use; "local" */
	guint queue;	 /* writes that wait */
	guint leased, claims, watches;
	guint64 writes, changes; /* acknowledged; told to watches */
	guint64 outages;	 /* how often it was up and went */
	guint64 resyncs;	 /* watches that had to read all again */
	guint64 lease_losses;
	guint round_trip_us; /* of the last keepalive; 0: none yet */
};

void directory_figures(const struct directory *dir,
		       struct directory_figures *fig_r);

/* ---- Keys ---- */

/* "want/SITE/ROOM/hub" of its parts, each percent-encoded so that it holds no
 * slash; ends with NULL. Caller frees. */
char *directory_key(const char *first, ...) G_GNUC_NULL_TERMINATED;
/* The parts again, decoded. NULL when one is wrongly encoded. */
GStrv directory_key_parts(const char *key);

#endif
