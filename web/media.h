/* media - the paths of ipsp-media WebSockets (docs/ipsp.md): each packet
 * goes on to a media worker, which alone can tell whether it is authentic.
 *
 * Nobody logs in here. A path that no worker has sent anything to within
 * MEDIA_UNPROVEN_S has shown no key and is closed; a peer has few such paths
 * at a time. Time is an argument, monotonic microseconds. */
#ifndef WEB_MEDIA_H
#define WEB_MEDIA_H

#include <glib.h>

#define MEDIA_UNPROVEN_S	10
#define MEDIA_UNPROVEN_PER_PEER 8
#define MEDIA_MAX_PACKET	1500

struct media;

struct media_events {
	/* FALSE: no such worker. */
	gboolean (*packet)(guint worker, guint32 connection, const guint8 *buf,
			   gsize size, void *arg);
	void (*closed)(guint worker, guint32 connection, void *arg);
	void (*send)(void *socket, const guint8 *buf, gsize size, void *arg);
	/* Closes the socket; media_closed() may follow later. */
	void (*drop)(void *socket, void *arg);
};

struct media *media_create(const struct media_events *events, void *arg);
void media_destroy(struct media **medp);

/* A number for the path to `worker`, never reused; 0 when the peer has too
 * many that are not proven. */
guint32 media_open(struct media *med, void *socket, guint worker,
		   const char *peer, gint64 now);
void media_packet(struct media *med, guint32 connection, const guint8 *buf,
		  gsize size);
void media_closed(struct media *med, guint32 connection);

/* From a worker. Nothing happens when the path is closed. */
void media_send(struct media *med, guint32 connection, const guint8 *buf,
		gsize size);

/* Drops what is not proven in time; to be called every second or so. */
void media_expire(struct media *med, gint64 now);

#endif
