/* conference - everything that decides: rooms, reception, outbox, store.
 *
 * It waits for nothing and knows no socket, thread or clock: what happens is
 * told to it, what it wants is asked of conference_host. The program gives
 * it mail, media and time; scenarios replay it against fakes. Control
 * thread only. */
#ifndef BRIDGE_CONFERENCE_H
#define BRIDGE_CONFERENCE_H

#include <glib.h>

#include "bridge/config.h"
#include "bridge/delays.h"
#include "bridge/mail_verdict.h"
#include "bridge/media.h"
#include "bridge/promise.h"
#include "bridge/refusals.h"
#include "bridge/room/room.h"
#include "bridge/store/store.h"
#include "signaling/post.h"
#include "web/web.h"

struct conference;

struct conference_host {
	gint64 (*now_ms)(void *arg);	   /* Unix ms */
	gint64 (*monotonic_ms)(void *arg); /* never goes back */
	/* conference_posted() follows, not from inside this call. */
	void (*post)(const struct store_post *post, void *arg);
	const struct media_ops *media; /* called with media_arg */
	void *media_arg;
	/* Several bridges share the accounts; NULL, and the others are not
	 * called: this one is alone, and has what its store holds. All are to
	 * know of this answer before it is given; conference_promised()
	 * follows, not from inside this call. */
	void (*promise)(const char *account, const struct document_answer *prm,
			guint64 ticket, void *arg);
	/* The answer of that name was posted, or never will be. */
	void (*answered)(const char *account, const char *name, void *arg);
	/* The verdict on a mail that was MAIL_LATER. */
	void (*settled)(const char *account, const char *id,
			enum mail_verdict verdict, void *arg);
	/* The bridge that keeps the account's rooms, which is another one.
	 * NULL: nobody is known to. Caller frees. */
	struct document_owner *(*keeper)(const char *account, void *arg);
	/* What rooms want of a studio (studio.h); NULL: there is none. */
	gboolean (*record)(struct room *room, gboolean on, const char *by,
			   GError **error, void *arg);
	gboolean (*announce)(struct room *room, const char *name,
			     GError **error, void *arg);
	void (*hush)(struct room *room, void *arg);
	gboolean (*delete_recording)(struct room *room, const char *id,
				     const char *by, GError **error, void *arg);
	/* Told of every change, with observer_arg. May be NULL. */
	const struct room_observer *observer;
	void *observer_arg;
};

/* Opens the store in the state directory, closes what a crash has left open,
 * and gives those who were answered their seats back; where several bridges
 * share the accounts, they begin empty (conference_keep()). Takes cfg. */
struct conference *conference_create(struct config *cfg,
				     const struct conference_host *host,
				     void *arg, GError **error);
/* Ends every call. Who was answered and has not registered may still do so
 * after the next start. */
void conference_destroy(struct conference **confp);

/* New rooms, rules and accounts; takes cfg. Calls go on. */
void conference_configure(struct conference *conf, struct config *cfg);
const struct config *conference_config(const struct conference *conf);

/* Once a second at least, for what time brings. */
void conference_run(struct conference *conf);

/* A mail in an account's mailbox. MAIL_AGAIN: the store fails. */
enum mail_verdict conference_mail(struct conference *conf, const char *account,
				  const char *id, GBytes *mail);
/* See conference_host.promise. kept FALSE: the account may be another's. */
void conference_promised(struct conference *conf, guint64 ticket,
			 gboolean kept);

/* An account that has become this bridge's is empty at first: what the owner
 * before it had promised, and whom he had in its rooms, is told. sent: the
 * mail need not be posted any more. */
void conference_keep(struct conference *conf, const char *account,
		     const struct document_answer *prm, gboolean sent);
/* Somebody who is in a room, or may register there. NULL: there is no such
 * room, or the dialog is there already. `invite` tells by what a CANCEL proves
 * itself; NULL: it can come no more. */
struct member *conference_adopt(struct conference *conf, const char *room,
				const struct room_guest *guest,
				const struct room_past *past,
				const struct keys *keys, GBytes *invite);
/* Likewise a tool, at the address where it receives; token: the SHA-256 of its
 * bearer's. */
struct member *conference_adopt_tool(struct conference *conf, const char *room,
				     const struct room_guest *guest,
				     const struct room_past *past,
				     const struct sockaddr_storage *address,
				     const guint8 *token);
/* Whether this bridge keeps its rooms, see room_set_kept(). */
void conference_set_kept(struct conference *conf, const char *account,
			 gboolean kept);
/* It is another bridge's. Nobody in its rooms notices. */
void conference_release(struct conference *conf, const char *account);

void conference_posted(struct conference *conf, gint64 id,
		       enum post_result result, const char *why);

/* How tools come and go; see struct whip_host. */
void conference_tool_join(struct conference *conf, const struct whip_join *join,
			  struct whip_answer *answer_r);
void conference_tool_patch(struct conference *conf,
			   const struct whip_patch *patch,
			   struct whip_answer *answer_r);
void conference_tool_leave(struct conference *conf,
			   const struct whip_leave *leave,
			   struct whip_answer *answer_r);

/* How people come by the links of mails; see struct join_host. What they say in
 * band is a message of conference_media_events. */
void conference_look(struct conference *conf, const char *token, gboolean open,
		     struct join_answer *answer_r);
struct member *conference_browser(const struct conference *conf,
				  const char *session, const char *token);

/* The arg of its functions is the struct conference. */
extern const struct media_events conference_media_events;

/* Its store, for what is kept beside it: moderators' log-ins. */
struct store *conference_store(const struct conference *conf);

/* Mails of late that gave nobody a seat. */
const struct refusals *conference_refusals(const struct conference *conf);
/* How long the account's mail was under way. */
void conference_delays(const struct conference *conf, const char *account,
		       struct delay_figures *fig_r);
/* Mails of the account that are to be posted. */
guint conference_waiting(const struct conference *conf, const char *account);

/* struct room *; the caller unrefs the array. */
GPtrArray *conference_rooms(const struct conference *conf);

/* Whether the configuration says so. */
gboolean conference_is_operator(const struct conference *conf,
				const char *address);

/* Mails a log-in link, valid for life_s seconds. */
void conference_mail_login(struct conference *conf, const char *address,
			   const char *link, gboolean japanese, gint64 life_s);

/* Writes down what a moderator did, and when: sets row->id and row->at. What
 * cannot be written is logged, id stays 0. */
void conference_audit(struct conference *conf, struct audit_row *row);
/* See store_audit(). */
GPtrArray *conference_audited(struct conference *conf, const char *room,
			      gint64 before, guint limit);

/* Mails a link to a recording that has ended to who began it, or if that was no
 * person, to all moderators of its room. */
void conference_mail_recording(struct conference *conf,
			       const struct recording *row);

/* Where an account's mailbox was. Caller frees; NULL: unknown. */
char *conference_position(const struct conference *conf, const char *account);
void conference_set_position(struct conference *conf, const char *account,
			     const char *position);

#endif
