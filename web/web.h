/* web - the bridge's HTTP and WebSocket side: the moderators' panel
 * (subprotocol ipsp-panel, docs/panel-api.md), log-in by mailed link, media
 * over WebSocket (ipsp-media, docs/ipsp.md), the way in for tools
 * (docs/whip.md) and for people with a browser (docs/join.md), and metrics.
 *
 * Lives on the control thread, on the default GLib main context. It reads
 * rooms through bridge/room/room.h and asks the bridge for all else through
 * web_host. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include <glib.h>

#include "bridge/room/audit.h"
#include "bridge/room/recording.h"
#include "bridge/room/room.h"
#include "bridge/room/topology.h"
#include "web/join.h"
#include "web/login.h"
#include "web/whip.h"
#include "web/who.h"

struct web;

struct web_config {
	const char *address; /* literal to listen on */
	guint port;	     /* 0: the kernel chooses, see web_port() */
	const char *url;     /* as people reach it, without a final slash */
	/* Directory of the panel's bundle. NULL: neither panel nor tools, but
	 * media, /metrics and /healthz, as a PhoneGate has them. */
	const char *files;
	const char *tls_certificate, *tls_key; /* NULL: plain HTTP */
	guint connections_per_address;
	/* Networks or addresses whose X-Forwarded-For is believed; or NULL. */
	const char *const *trusted_proxies;
	const char *metrics_token; /* NULL: there is no /metrics */
};

struct web_host {
	/* struct room *, all rooms; the caller unrefs the array. This,
	 * topology, cluster, what is of moderators and operators, and tools are
	 * not used without a panel. */
	GPtrArray *(*rooms)(void *arg);
	/* Where the room is, now; the caller destroys. Asked for once a second
	 * while it is watched. */
	struct topology *(*topology)(struct room *room, void *arg);
	/* The cluster, likewise. NULL: there is none. */
	struct topology_cluster *(*cluster)(void *arg);
	/* Mails a log-in link to a moderator. */
	void (*mail_login)(const char *address, const char *link,
			   gboolean japanese, void *arg);
	/* Whose token of `ipsp-bridge token --panel` it is, for who_clear();
	 * FALSE: none that is valid now. */
	gboolean (*token)(const char *token, struct who *who_r, void *arg);
	/* Writes down what a moderator did: sets row->id and row->at. */
	void (*audit)(struct audit_row *row, void *arg);
	/* struct audit_row *, which the array frees: of a room, those before
	 * the row `before`, newest first, at most `limit`. */
	GPtrArray *(*audited)(const char *room, gint64 before, guint limit,
			      void *arg);
	/* A log-in, to be kept over a restart: web_restore_session(). */
	struct login_events sessions;
	/* struct recording *, of a room, newest first, and struct
	 * room_announcement *, all that can be played; the caller unrefs. */
	GPtrArray *(*recordings)(const char *room, void *arg);
	GPtrArray *(*announcements)(void *arg);
	/* The path of a recording's file, and the room that it is of; the
	 * caller frees both. NULL: there is none. */
	char *(*recording_file)(const char *id, const char *file, char **room_r,
				void *arg);
	/* ipsp-media: `worker` is the number in the URL /media/N.
	 * FALSE: no such worker, the socket is closed. */
	gboolean (*media_packet)(guint worker, guint32 connection,
				 const guint8 *buf, gsize size, void *arg);
	void (*media_closed)(guint worker, guint32 connection, void *arg);
	/* The text of /metrics; the caller frees. */
	char *(*metrics)(void *arg);
	/* Whether somebody new would be served: /readyz. */
	gboolean (*is_ready)(void *arg);
	/* Who sees the operator's page, and its JSON; the caller frees. */
	gboolean (*is_operator)(const char *address, void *arg);
	char *(*overview)(void *arg);
	struct whip_host tools;
	struct join_host people;
};

/* How the clients of the panel take what they are sent. */
struct web_figures {
	guint panels;
	/* Bytes that wait: for all panels now; for one of them now, and ever,
	 * at most. */
	gsize queued, longest, peak;
	guint64 behind;	 /* panels that began anew: too much waited for them */
	guint64 cut_off; /* connections of any kind past a deadline */
};

struct web *web_create(const struct web_config *cfg,
		       const struct web_host *host, void *arg, GError **error);
void web_destroy(struct web **webp);

void web_figures(const struct web *web, struct web_figures *fig_r);

/* The port it listens on. */
guint web_port(const struct web *web);

/* Reads the certificate again, or another one. Of a listener that was created
 * with one; on failure it keeps what it has. */
gboolean web_reload_tls(struct web *web, const char *certificate,
			const char *key, GError **error);

/* A log-in of before, from web_host.sessions. Before the main loop runs. */
void web_restore_session(struct web *web, const struct login_session *ses);

/* The observer to give to every room; its arg is the struct web. */
extern const struct room_observer web_observer;

/* A recording of the room began, ended or was deleted; by may be NULL. */
void web_recording(struct web *web, struct room *room,
		   const struct recording *row, const char *by);

/* In band, to who came by a browser; lost while his page is not connected,
 * which is told how he is when it is. */
void web_tell(struct web *web, const struct member *mem, const char *json);

/* A packet to a media WebSocket; dropped when the socket is gone or its
 * queue is over 100 ms. */
void web_media_send(struct web *web, guint32 connection, const guint8 *buf,
		    gsize size);

/* A fresh log-in link for address (single use, 10 minutes); caller frees. */
char *web_login_link(struct web *web, const char *address);

#endif
