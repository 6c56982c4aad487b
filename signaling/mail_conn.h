/* mail_conn - one connection to a mail server: libcurl resolves, connects,
 * secures and logs in (CURLOPT_CONNECT_ONLY), then the bytes are ours.
 *
 * An ordinary transfer of libcurl's would say QUIT or LOGOUT when it closes,
 * and wait for the answer, up to half a minute of a silent server, in the
 * middle of our main loop. This never does: nothing here blocks.
 *
 * Lives on the GLib main context that is the thread's default. */
#ifndef SIGNALING_MAIL_CONN_H
#define SIGNALING_MAIL_CONN_H

#include <glib.h>

#include "signaling/mail_server.h"

struct mail_conn;

/* mail_conn_destroy() may be called from inside each. */
struct mail_conn_events {
	/* Logged in; the dialog is ours. */
	void (*opened)(void *arg);
	/* What came, as it came: cut anywhere. */
	void (*received)(const char *bytes, gsize size, void *arg);
	/* It failed, ended or missed its deadline. Nothing follows. */
	void (*closed)(const char *why, void *arg);
};

/* Begins to connect; it has `patience_s` to be logged in. srv must outlive
 * it. Nothing is called from inside. */
struct mail_conn *mail_conn_create(const struct mail_server *srv,
				   guint patience_s,
				   const struct mail_conn_events *events,
				   void *arg);

/* Closes without waiting; last_words (NULL: none) are sent if they can be at
 * once. Accepts NULL; sets *connp to NULL. */
void mail_conn_destroy(struct mail_conn **connp, const char *last_words);

/* Sends now or as soon as the server takes it. */
void mail_conn_send(struct mail_conn *conn, const char *bytes, gsize size);
G_GNUC_PRINTF(2, 3)
void mail_conn_say(struct mail_conn *conn, const char *format, ...);

/* It is closed when `seconds` pass without a new deadline; 0: none. */
void mail_conn_deadline(struct mail_conn *conn, guint seconds);

#endif
