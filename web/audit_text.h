/* audit_text - the audit trail for readers: as messages of subprotocol
 * ipsp-panel (docs/panel-api.md) and as CSV (RFC 4180). Pure functions; the
 * caller unrefs each result. */
#ifndef WEB_AUDIT_TEXT_H
#define WEB_AUDIT_TEXT_H

#include <glib.h>

#include "bridge/room/audit.h"

/* One that was just written. */
GBytes *audit_text_row(const struct audit_row *row);
/* The answer to command `id`: the first `limit` of rows (struct audit_row),
 * and whether there are more. */
GBytes *audit_text_rows(gint64 id, const char *room, const GPtrArray *rows,
			guint limit);
/* Adds rows to a CSV text; an empty one gets its header first. */
void audit_text_csv(GString *csv, const GPtrArray *rows);

#endif
