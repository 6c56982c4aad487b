/* joiners - the pages of people who came by a browser: subprotocol ipsp-join,
 * docs/join.md. A WebSocket on the WHIP session's own URL carries in-band
 * control both ways, as phones have it in RTCP, and what a page shows beside:
 * how its person is, who is here, who talks, how good the sound is.
 *
 * Who is held learns nothing of the others. What does not fit a slow page's
 * queue is left out, and told anew when it has taken the rest. Lives on the
 * control thread, on the default GLib main context. */
#ifndef WEB_JOINERS_H
#define WEB_JOINERS_H

#include <glib.h>

#include "web/join.h"

#define JOINERS_MAX_MESSAGE 1024 /* bytes, docs/ipsp.md */
#define JOINERS_HZ	    10	 /* levels */
#define JOINERS_HELLO_S	    10

struct joiners;
struct joiner; /* one WebSocket */

struct joiners_events {
	/* FALSE, and nothing sent: it has too much waiting. */
	gboolean (*send)(void *socket, GBytes *text, void *arg);
	gboolean (*send_binary)(void *socket, GBytes *frame, void *arg);
	/* Nothing is waiting. */
	gboolean (*idle)(void *socket, void *arg);
	/* After what is waiting. TRUE: all is said; else it did wrong. */
	void (*close)(void *socket, gboolean done, void *arg);
};

struct joiners *joiners_create(const struct join_host *host, void *host_arg,
			       const struct joiners_events *events, void *arg);
/* All have been closed. Accepts NULL. */
void joiners_destroy(struct joiners **jnsp);

/* session: of the URL. It proves itself by its first message. */
struct joiner *joiners_open(struct joiners *jns, void *socket,
			    const char *session);
/* The socket has closed. */
void joiners_close(struct joiner **jnrp);
void joiners_message(struct joiner *jnr, const char *text, gsize size);
void joiners_drained(struct joiner *jnr);

/* In band, to the member's page, if it is there. */
void joiners_tell(struct joiners *jns, const struct member *mem,
		  const char *json);
/* As a room_observer. */
void joiners_changed(struct joiners *jns, struct room *room, struct member *mem,
		     enum room_change change);

#endif
