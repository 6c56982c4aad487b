/* etcd_private - the parts of the etcd directory, and what they have in
 * common. Seen by etcd*.c only.
 *
 *   session   which member is in use; log-in, lease, keepalives; tells the
 *             others when it is up and when not
 *   writer    writes, in order; leased keys, whatever becomes of the lease
 *   claim     one key that one process has
 *   follow    what there is in a range of keys, and how it changes
 *
 * A part makes requests only while the session is up. Whatever fails is
 * shown to etcd_session_trouble(), which deals with what concerns all. */
#ifndef BRIDGE_DIRECTORY_ETCD_PRIVATE_H
#define BRIDGE_DIRECTORY_ETCD_PRIVATE_H

#include "bridge/directory/directory_kind.h"
#include "bridge/directory/etcd_http.h"
#include "bridge/directory/etcd_wire.h"
#include "signaling/backoff.h"

struct etcd;

/* ---- Session ---- */

struct etcd_session {
	gboolean up;
	gboolean looked; /* whether we may write, since it was not up */
	char *user, *password;
	guint lease_ms;
	gint64 lease;	    /* 0: none */
	gint64 lease_until; /* us of CLOCK_BOOTTIME, by our own reckoning */
	gint64 asked;	    /* when the call under way was sent */
	struct etcd_call *call;
	GSource *next;	 /* keepalive, or the next try */
	GSource *expiry; /* while the lease is held */
	guint failures;	 /* members of the cluster in a row */
	struct backoff backoff;
};

void etcd_session_init(struct etcd *etcd, const struct directory_config *cfg);
void etcd_session_fini(struct etcd *etcd);
/* TRUE: the session deals with it, and the caller will be started again. */
gboolean etcd_session_trouble(struct etcd *etcd, const GError *error);
/* Something is odd: look at once whether etcd still answers. */
void etcd_session_check(struct etcd *etcd);
/* Whether our lease can still be relied upon, at this very moment. */
gboolean etcd_session_alive(const struct etcd *etcd);

/* ---- Writer ---- */

struct etcd_writer {
	GQueue queue; /* struct entry */
	gsize bytes;  /* of them */
	guint sent;   /* from the head, by the call under way */
	struct etcd_call *call;
	gboolean singly; /* one of those that were sent together is refused */
	char *refusal;	 /* that was logged last */

	GHashTable *leased; /* key to struct leased */
	GQueue dirty;	    /* struct leased, to be written */
	struct etcd_call *leased_call;
	guint leased_sent;
};

void etcd_writer_init(struct etcd *etcd);
void etcd_writer_fini(struct etcd *etcd);
void etcd_writer_start(struct etcd *etcd);
/* Ends calls; what they were about is written again by start. */
void etcd_writer_stop(struct etcd *etcd);
/* The same, only for leased keys. */
void etcd_writer_stop_leased(struct etcd *etcd);
/* There is a new lease: all leased keys are to be put again. */
void etcd_writer_renew(struct etcd *etcd);
/* What waits under this claim fails. */
void etcd_writer_lost(struct etcd *etcd, struct directory_claim *claim);
gboolean etcd_writer_has(struct etcd *etcd,
			 const struct directory_claim *claim);

void etcd_write(struct directory *dir, struct directory_claim *claim,
		const struct directory_write *writes, guint n,
		directory_done_func done, void *arg);
void etcd_lease(struct directory *dir, const char *key, const char *value);

/* ---- Claims: the functions of directory_kind, and ---- */

struct etcd_claim;
/* It is up, or the lease is known to live again. */
void etcd_claims_start(struct etcd *etcd);
void etcd_claims_stop(struct etcd *etcd);
/* The lease is over, for etcd (gone) or by our clock only. */
void etcd_claims_lost(struct etcd *etcd, gboolean gone);
/* The last write under it is done. */
void etcd_claim_written(struct directory_claim *claim);
/* Gives back a reference (g_rc_box). */
void etcd_claim_free(void *claim);

struct directory_claim *etcd_claim(struct directory *dir, const char *key,
				   const char *value);
void etcd_claim_set(struct directory_claim *claim, const char *value);
gint64 etcd_claim_fence(const struct directory_claim *claim);
void etcd_release(struct directory_claim *claim);

/* ---- Follow ---- */

struct etcd_follow;
struct etcd_follow_events {
	/* kv->value NULL: gone. */
	void (*kv)(const struct etcd_kv *kv, void *arg);
	void (*synced)(void *arg);
};
/* All keys that begin with `keys`, or exactly that one. */
struct etcd_follow *etcd_follow_create(struct etcd *etcd, const char *keys,
				       gboolean exactly,
				       const struct etcd_follow_events *events,
				       void *arg);
/* May be called from its events. Accepts NULL; sets *flwp to NULL. */
void etcd_follow_destroy(struct etcd_follow **flwp);
void etcd_follows_start(struct etcd *etcd);
void etcd_follows_stop(struct etcd *etcd);
/* It may be another etcd now: all read everything again. */
void etcd_follows_resync(struct etcd *etcd);

/* ---- All ---- */

struct etcd {
	struct directory base;
	struct etcd_http http;
	char *prefix;
	struct etcd_session session;
	struct etcd_writer writer;
	GPtrArray *claims;  /* struct etcd_claim; those let go come last */
	GPtrArray *follows; /* struct etcd_follow, none owned */
	GPtrArray *watches; /* struct etcd_watch */
};

/* Logs "WHAT: etcd at URL ERROR", unless that is what *lastp says already. */
void etcd_warn(const struct etcd *etcd, char **lastp, const char *what,
	       const char *error);
/* prefix + key; caller frees. */
char *etcd_full_key(const struct etcd *etcd, const char *key);

#endif
