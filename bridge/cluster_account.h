/* The inside of cluster: cluster.c has the accounts, what is written for them
 * and what becomes of answers; cluster_watch.c what the directory tells of
 * sites, wants and statuses; cluster_take.c how an account is taken over. */
#ifndef BRIDGE_CLUSTER_ACCOUNT_H
#define BRIDGE_CLUSTER_ACCOUNT_H

#include "bridge/cluster.h"
#include "bridge/cluster_media.h"
#include "bridge/cluster_sites.h"
#include "bridge/directory/seal.h"

struct cluster {
	char *name, *web_url;
	struct directory *dir;
	struct seal *seal;
	struct cluster_sites *sites;
	struct cluster_media *media;
	struct conference *conf; /* NULL: not joined yet */
	const struct cluster_host *host;
	void *arg;
	GHashTable *accounts; /* name => struct cluster_account */
	GHashTable *rooms;    /* address => its account's name; also of those
			       * that the configuration has no more */
	guint64 takeovers;

	/* As last told. */
	struct directory_watch *watch_sites, *watch_want, *watch_status;
	struct directory_watch *watch_owners;
	gboolean sites_synced, want_synced, status_synced;
	GHashTable *wants;	 /* key => value */
	GHashTable *old_wants;	 /* those not told again yet, or NULL */
	GHashTable *statuses;	 /* key => value */
	GHashTable *shown;	 /* likewise: sites and owners, for people */
	GHashTable *away;	 /* site => struct cluster_away */
	gint64 patient_until_ms; /* sites may be away until then */

	guint flush;	     /* idle */
	GHashTable *waiting; /* struct cluster_wait that etcd has */
};

/* A site that is away, and since when; or that was. */
struct cluster_away {
	char instance[23];
	gint64 since_ms; /* 0: it is here */
	gboolean lost;	 /* cluster_media knows */
};

enum cluster_owning {
	CLUSTER_OTHERS,	 /* another bridge's, or nobody's yet */
	CLUSTER_READING, /* ours; what there is is being read */
	CLUSTER_OWNED,
	/* It was ours and may be another's soon: everything stays as it was,
	 * since nothing is known. */
	CLUSTER_FROZEN,
};

struct cluster_account {
	struct cluster *cl;
	char *name;
	struct directory_claim *claim;
	enum cluster_owning state;
	GPtrArray *batch;    /* struct cluster_entry, in order, each key once */
	GHashTable *answers; /* name => until (gint64 *) */

	/* While it is read. */
	struct directory_watch *watch_answers, *watch_members;
	gboolean answers_synced, members_synced;
	gboolean remembers; /* it was ours until now: CLUSTER_FROZEN */
	GHashTable *read;   /* key => value */
	gint64 since_ms;
};

struct cluster_entry {
	char *key, *value; /* NULL: remove */
};

/* What is wanted of sites is not ours to write before. */
void cluster_account_begin(struct cluster_account *acc);
void cluster_account_end_reading(struct cluster_account *acc);
/* If all has been told. */
void cluster_account_take(struct cluster_account *acc);
/* The rooms go; nothing is written. */
void cluster_account_release(struct cluster_account *acc);
char *cluster_account_answer_key(const struct cluster_account *acc,
				 const char *name, gboolean sent);

/* Of a room of ours; NULL: it is not. */
struct cluster_account *cluster_account_of(const struct cluster *cl,
					   const char *room);

void cluster_watch_begin(struct cluster *cl);
void cluster_watch_end(struct cluster *cl);
/* Reads all wants anew: `want_synced` becomes FALSE until that is done. */
void cluster_watch_wants(struct cluster *cl);
void cluster_watch_run(struct cluster *cl);
/* How the sessions and hubs of a room are, as last told. */
void cluster_watch_tell_again(struct cluster *cl, const char *room);

#endif
