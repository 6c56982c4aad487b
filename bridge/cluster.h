/* cluster - several bridges on one directory, which share accounts and rooms.
 *
 * One of them owns each account (a claim, owners/ACCOUNT): it alone reads the
 * mailbox, answers, and wants things of the sites. All write under the claim,
 * so that an owner who overslept writes nothing. Whoever has it next reads
 * back what was promised, who is where, and how it is, and goes on; the sites
 * have noticed nothing, and nor have the people.
 *
 * Without the directory calls go on as they are, and nothing changes: the
 * claim is lost, mails wait in their mailboxes.
 *
 * Control thread only. */
#ifndef BRIDGE_CLUSTER_H
#define BRIDGE_CLUSTER_H

#include <glib.h>

#include "bridge/conference.h"
#include "bridge/config.h"
#include "bridge/directory/directory.h"
#include "bridge/media.h"
#include "bridge/room/topology.h"

/* A site whose lease ran out may only have been away for a moment. */
#define CLUSTER_SITE_GRACE_MS 1000
/* After this bridge itself was without the directory, or is new as an owner,
 * sites have this long to register again. */
#define CLUSTER_RETURN_MS 5000

struct cluster;

struct cluster_config {
	const char *name; /* of this bridge, for people */
	const char *cluster_secret;
	guint bitrate;	     /* of each mix */
	const char *web_url; /* where tools are sent; NULL: it has none */
};

struct cluster_host {
	gint64 (*now_s)(void *arg);  /* Unix seconds */
	gint64 (*now_ms)(void *arg); /* monotonic */
	/* This bridge owns the account now, or not any more: whether it is to
	 * read its mailbox. */
	void (*owns)(const char *account, gboolean owns, void *arg);
};

/* The directory outlives it. The conference comes by cluster_join(). */
struct cluster *cluster_create(const struct cluster_config *cfg,
			       struct directory *dir,
			       const struct cluster_host *host, void *arg);
/* Hands everything on: nobody's call ends. Before the conference is
 * destroyed. Accepts NULL. */
void cluster_destroy(struct cluster **clp);

/* Its conference_host has cluster_media_ops with cluster_media() for an
 * argument, and hands promise and answered to the functions below. */
struct cluster_media *cluster_media_of(const struct cluster *cl);
void cluster_join(struct cluster *cl, struct conference *conf);
/* The accounts of the conference's configuration, at first and when that has
 * changed. */
void cluster_configure(struct cluster *cl);

/* See conference_host. */
void cluster_promise(struct cluster *cl, const char *account,
		     const struct document_answer *prm, guint64 ticket);
void cluster_answered(struct cluster *cl, const char *account,
		      const char *name);

/* directory_events.state, which whoever opened the directory hands on. */
void cluster_connected(struct cluster *cl, gboolean up);

/* Several times a second. */
void cluster_run(struct cluster *cl);

/* See conference_host. */
struct document_owner *cluster_keeper(const struct cluster *cl,
				      const char *account);

struct cluster_figures {
	guint accounts, owned;
	guint sites;
	guint64 takeovers; /* accounts that became ours */
	guint hubs;	   /* of the rooms that are ours */
	guint depth;	   /* trunks from a root to its farthest hub, at most */
};
void cluster_figures(const struct cluster *cl, struct cluster_figures *fig_r);

/* For people, as the directory told last: where a room of the configuration is,
 * whoever keeps it (the caller destroys); struct topology_site, by name (the
 * caller unrefs). */
struct topology *cluster_topology(const struct cluster *cl, const char *room);
GArray *cluster_topology_sites(const struct cluster *cl);

#endif
