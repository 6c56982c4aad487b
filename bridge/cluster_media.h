/* cluster_media - the media plane of the rooms that this bridge owns, at any
 * site of the cluster: it writes what is wanted and reads how it is.
 *
 * A member sits at one place and has a standby at another. Who registers at his
 * standby has moved there: it is his place from then on, the old one is let go,
 * and he is told a new standby. Nobody is in a room twice, and nobody whose
 * site has died stays in it without coming back.
 *
 * Documents in and out (documents.h); no directory, no clock. Control thread.
 */
#ifndef BRIDGE_CLUSTER_MEDIA_H
#define BRIDGE_CLUSTER_MEDIA_H

#include <glib.h>

#include "bridge/cluster_sites.h"
#include "bridge/cluster_tree.h"
#include "bridge/directory/seal.h"
#include "bridge/documents.h"
#include "bridge/media.h"

/* Whose site has died is gone after so long elsewhere than at his standby: a
 * little more than the consent of docs/ipsp.md. */
#define CLUSTER_STRANDED_MS 35000
/* An old place stays for so long beside the new one, so that the caller hears
 * that one before. */
#define CLUSTER_LINGER_MS 3000
/* And one that is to say goodbye. */
#define CLUSTER_ENDING_MS 5000

struct cluster_media;

struct cluster_media_host {
	gint64 (*now_ms)(void *arg);
	/* value NULL: the document goes. In order. */
	cluster_write_func write;
};

/* The sites and the seal outlive it. */
struct cluster_media *
cluster_media_create(struct cluster_sites *sites, const struct seal *seal,
		     guint bitrate, const struct cluster_media_host *host,
		     void *arg);
/* Whom it tells; before there is a room. */
void cluster_media_join(struct cluster_media *cm,
			const struct media_events *events, void *arg);
/* All members have gone by then. Writes nothing. */
void cluster_media_destroy(struct cluster_media **cmp);

/* The arg of its functions is the struct cluster_media. A tool has a place and
 * no standby: when its site dies it is gone, and posts again. */
extern const struct media_ops cluster_media_ops;

/* The rooms that an owner before had, at first as he wrote it: hubs, members
 * (who was adopted: conference_adopt()), sessions; then restored(). */
void cluster_media_restore_hub(struct cluster_media *cm, const char *room,
			       const char *site,
			       const struct document_want_hub *doc);
void cluster_media_restore_member(struct cluster_media *cm, struct member *mem,
				  const struct document_member *doc,
				  const struct document_secret *secret);
/* Is wanted, by somebody's place or by nobody's; then it goes. */
void cluster_media_restore_session(struct cluster_media *cm,
				   const struct document_name *name,
				   const struct document_want_session *doc);
void cluster_media_restored(struct cluster_media *cm, const char *room);
/* The directory came back empty: all that the room has is written again. */
void cluster_media_write_again(struct cluster_media *cm, const char *room);
/* Another bridge has the room: it is forgotten, nothing is written. Its
 * members have been handed on before. */
void cluster_media_forget(struct cluster_media *cm, const char *room);

/* The secret of a member's record, which stands under `key`, and the keys in
 * it. Caller wipes. */
gboolean cluster_media_unseal(const struct seal *seal, const char *key,
			      const struct document_member *doc,
			      struct document_secret *secret_r, GError **error);
void cluster_media_keys(const struct document_secret *secret,
			struct keys *keys_r);

/* A site came, or came back: same_run, with the sessions that it had. Or its
 * lease ran out, long enough ago to be taken for dead; then, and before
 * another run of it comes, it is lost. */
void cluster_media_site_came(struct cluster_media *cm, const char *site,
			     gboolean same_run);
void cluster_media_site_lost(struct cluster_media *cm, const char *site);
/* It drains, or does not any more. */
void cluster_media_site_drains(struct cluster_media *cm, const char *site);
/* How it is at a site; doc NULL: it is not there any more. */
void cluster_media_session_told(struct cluster_media *cm,
				const struct document_name *name,
				const struct document_status_session *doc);
void cluster_media_hub_told(struct cluster_media *cm,
			    const struct document_name *name,
			    const struct document_status_hub *doc);

/* Of all rooms: hubs, and trunks from a root to its farthest hub, at most. */
void cluster_media_trees(const struct cluster_media *cm, guint *hubs_r,
			 guint *depth_r);

/* Plans what has changed, and lets go what is over; whenever something was
 * told, and several times a second. */
void cluster_media_run(struct cluster_media *cm);

#endif
