/* panel - what moderators see and do (subprotocol ipsp-panel,
 * docs/panel-api.md).
 *
 * A watcher is one connected client. It is told the rooms that it moderates,
 * watches one of them at a time and acts in that one. Events of a room are
 * numbered and the same for all its watchers; levels, figures, tree and cluster
 * are not, the newest is enough. A client that does not keep up is cut off from
 * all that waits and gets a fresh snapshot when it reads again.
 *
 * Lives on the default GLib main context. While somebody watches a timer runs
 * PANEL_HZ times a second; else it is told of the seconds alone. */
#ifndef WEB_PANEL_H
#define WEB_PANEL_H

#include <glib.h>

#include "bridge/room/audit.h"
#include "bridge/room/recording.h"
#include "bridge/room/room.h"
#include "bridge/room/topology.h"
#include "web/who.h"

#define PANEL_HZ 20

struct panel;
struct watcher;

struct panel_events {
	/* struct room *, all rooms; the panel unrefs the array. */
	GPtrArray *(*rooms)(void *arg);
	/* As in web_host; the panel destroys them. */
	struct topology *(*topology)(struct room *room, void *arg);
	struct topology_cluster *(*cluster)(void *arg);
	/* As in web_host. */
	void (*audit)(struct audit_row *row, void *arg);
	GPtrArray *(*audited)(const char *room, gint64 before, guint limit,
			      void *arg);
	GPtrArray *(*recordings)(const char *room, void *arg);
	GPtrArray *(*announcements)(void *arg);
	/* FALSE: too much waits already, nothing was sent. */
	gboolean (*send)(void *socket, GBytes *text, void *arg);
	/* The same of a binary message. */
	gboolean (*send_binary)(void *socket, GBytes *frame, void *arg);
	/* Does nothing wait? */
	gboolean (*idle)(void *socket, void *arg);
	/* Forget what waits. */
	void (*clear)(void *socket, void *arg);
};

struct panel_figures {
	guint watchers;
	guint64 behind; /* cut off from what waited, so far: see above */
};

struct panel *panel_create(const struct panel_events *events, void *arg);
/* All watchers must be closed. */
void panel_destroy(struct panel **panp);

void panel_figures(const struct panel *pan, struct panel_figures *fig_r);

/* Whether anything would be shown to this address. */
gboolean panel_is_moderator(struct panel *pan, const char *address);
/* Whether one moderates this room. */
gboolean panel_moderates(struct panel *pan, const struct who *who,
			 const char *room);

/* A client, for whom it acts, and where it is (peers_name()). */
struct watcher *panel_open(struct panel *pan, void *socket,
			   const struct who *who, const char *peer);
void panel_close(struct watcher **wtrp);
/* A message of the client. */
void panel_message(struct watcher *wtr, const char *text, gsize size);
/* All that waited was taken. */
void panel_drained(struct watcher *wtr);

/* Once a second, whether or not anybody watches: what rooms did of late is kept
 * (history.h). */
void panel_second(struct panel *pan);

/* From room_observer. */
void panel_changed(struct panel *pan, struct room *room, struct member *mem,
		   enum room_change change, const char *by);
/* A recording of the room began, ended or was deleted; by may be NULL. */
void panel_recording(struct panel *pan, struct room *room,
		     const struct recording *row, const char *by);

#endif
