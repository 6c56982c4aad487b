/* local_media - the media plane of this process: rooms spread over the
 * workers, PhoneGates opened as they are needed.
 *
 * Control thread only. */
#ifndef BRIDGE_LOCAL_MEDIA_H
#define BRIDGE_LOCAL_MEDIA_H

#include <glib.h>

#include "bridge/media.h"

struct local_media;

struct local_media_config {
	const char *const *addresses; /* literals to listen on */
	guint port;		      /* of worker 0, see config.h */
	guint workers;
	guint sessions_per_gate;
	guint bitrate;
	/* To announce instead of what is listened on; may be NULL. */
	const char *const *public_addresses;
	/* "wss://conf.example/media/", to which the worker's number is added;
	 * NULL: no media over WebSocket. */
	const char *websocket_url;
};

/* Binds the ports and starts the workers. */
struct local_media *local_media_create(const struct local_media_config *cfg,
				       const struct media_events *events,
				       void *arg, GError **error);
/* Every session must have been closed. */
void local_media_destroy(struct local_media **medp);

/* The arg of its functions is the struct local_media. */
extern const struct media_ops local_media_ops;

/* struct worker_report of each worker; the caller unrefs. */
GArray *local_media_reports(const struct local_media *med);

/* FALSE: no such worker. */
gboolean local_media_websocket(struct local_media *med, guint worker,
			       guint32 connection, const guint8 *buf,
			       gsize size);
void local_media_websocket_closed(struct local_media *med, guint worker,
				  guint32 connection);

#endif
