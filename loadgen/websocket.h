/* websocket - a client of the bridge's ipsp-media WebSockets, for callers
 * whose network lets no UDP through. The one file of callers that sees
 * libwebsockets.
 *
 * Lives on the default GLib main context; every callback comes from there,
 * none from inside websocket_open(). */
#ifndef LOADGEN_WEBSOCKET_H
#define LOADGEN_WEBSOCKET_H

#include <glib.h>

struct websocket_client;
struct websocket;

struct websocket_events {
	/* open is FALSE when it could not be opened or was closed: then it
	 * is gone, and must not be used any more. */
	void (*state)(struct websocket *ws, gboolean open, const char *why,
		      void *arg);
	void (*packet)(struct websocket *ws, const guint8 *buf, gsize size,
		       void *arg);
};

/* ca_file: what wss:// trusts; NULL: the system's. */
struct websocket_client *websocket_client_create(const char *ca_file,
						 GError **error);
/* Closes what is open, without callbacks. */
void websocket_client_destroy(struct websocket_client **clientp);

/* url: ws://HOST[:PORT]/PATH or wss://... Owned by the client; valid until
 * state(FALSE) or websocket_close(). */
struct websocket *websocket_open(struct websocket_client *client,
				 const char *url,
				 const struct websocket_events *events,
				 void *arg, GError **error);
/* One packet as one binary frame; dropped when over 100 ms are queued. */
void websocket_send(struct websocket *ws, const guint8 *buf, gsize size);
/* Sends what is queued, then closes; no callback comes any more. */
void websocket_close(struct websocket *ws);

#endif
