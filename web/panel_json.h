/* panel_json - the messages of subprotocol ipsp-panel as JSON text
 * (docs/panel-api.md). Pure functions; the caller unrefs each result. */
#ifndef WEB_PANEL_JSON_H
#define WEB_PANEL_JSON_H

#include <glib.h>

#include <jansson.h>

#include "bridge/room/room.h"

GBytes *panel_json_hello(const char *address);
/* rooms: struct room *, those that the watcher moderates. */
GBytes *panel_json_rooms(const GPtrArray *rooms);
/* now_ms: Unix. */
GBytes *panel_json_snapshot(const struct room *room, guint64 n, gint64 now_ms);
/* change is one of ROOM_MEMBER_ADDED, _CHANGED, _GONE. by may be NULL. */
GBytes *panel_json_event(const struct member *mem, enum room_change change,
			 const char *by, guint64 n);
/* change is ROOM_STATE, ROOM_BANS or ROOM_EXPECTED. by may be NULL. */
GBytes *panel_json_room_event(const struct room *room, enum room_change change,
			      const char *by, guint64 n);
GBytes *panel_json_closed(const char *room);
/* Of the members at places first to first + n - 1. */
GBytes *panel_json_figures(const struct room *room, guint first, guint n);
GBytes *panel_json_done(gint64 id);
/* id 0: it could not be read. */
GBytes *panel_json_error(gint64 id, const char *code, const char *text);

/* What messages are made of. Takes over the object. */
GBytes *panel_json_bytes(json_t *object);
/* A member's, with its id. */
json_t *panel_json_figures_of(const struct member *mem);
/* Names and addresses come from mail: what is not UTF-8 is replaced, because
 * JSON cannot hold it. */
json_t *panel_json_string(const char *text);
/* In steps of `unit`; what is not finite is 0. */
json_t *panel_json_rounded(double value, double unit);
/* In steps of `unit`; what is not known (below 0) is left out. */
void panel_json_put_known(json_t *object, const char *name, double value,
			  double unit);

#endif
