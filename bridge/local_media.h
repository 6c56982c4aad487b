/* local_media - the media plane of a lone bridge: rooms spread over the
 * workers of this process.
 *
 * Control thread only. */
#ifndef BRIDGE_LOCAL_MEDIA_H
#define BRIDGE_LOCAL_MEDIA_H

#include <glib.h>

#include "bridge/media.h"
#include "bridge/stages.h"

struct local_media;

/* What leaves by the web side. */
struct local_media_web {
	/* A packet for a WebSocket, see web_media_send(). */
	void (*websocket)(guint32 connection, const guint8 *buf, gsize size,
			  void *arg);
	/* In band, to who came by a browser: it knows no RTCP of ours. */
	void (*tell)(struct member *mem, const char *json, void *arg);
};

/* Binds the ports and starts the workers. */
struct local_media *local_media_create(const struct stages_config *cfg,
				       const struct local_media_web *web,
				       void *arg, GError **error);
/* Whom it tells; before the main loop runs. */
void local_media_join(struct local_media *med,
		      const struct media_events *events, void *arg);
/* Every session must have been closed. */
void local_media_destroy(struct local_media **medp);

/* Its own. */
struct stages *local_media_stages(const struct local_media *med);

/* The arg of its functions is the struct local_media. */
extern const struct media_ops local_media_ops;

#endif
