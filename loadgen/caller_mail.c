#include "loadgen/caller_private.h"

#include <gio/gio.h>
#include <string.h>

#include "signaling/bounce.h"
#include "signaling/message.h"

#define ANSWER_S    IPSP_INVITE_LIFE_S
#define RETRY_S	    2  /* a mail that the server could not take yet */
#define RING_SKEW_S 60 /* of our clock */

static gint64 wall_s(void)
{
	return g_get_real_time() / G_USEC_PER_SEC;
}

static void post_mail(struct caller *caller, GBytes *mail)
{
	g_autofree char *name = NULL;

	caller->mail_id++;
	caller->mail_open = TRUE;
	name = g_strdup_printf("%s.%" G_GINT64_FORMAT, caller->invite.did,
			       caller->mail_id);
	post_send(caller->post, caller->mail_id, name, caller->address,
		  caller->invite.room, mail);
}

void caller_take_back(struct caller *caller)
{
	g_autoptr(GBytes) mail = NULL;

	mail = caller->invite.has_keys
		       ? invite_bye_mail(&caller->invite, wall_s())
		       : invite_cancel_mail(&caller->invite, wall_s());
	post_mail(caller, mail);
}

static void on_ok(struct caller *caller, GBytes *part,
		  const struct ipsp_message *msg)
{
	g_autoptr(GError) error = NULL;

	caller->progress.times.ok_read = g_get_monotonic_time();
	caller_clear_timer(&caller->answer_timer);
	caller_clear_timer(&caller->retry_timer);
	caller->mail_open = FALSE;
	if (invite_accept(&caller->invite, part, msg, caller->cfg.room_key,
			  &error))
		caller_start_media(caller);
	else
		caller_leave(caller, CALLER_BAD_ANSWER, error->message);
}

static void on_busy(struct caller *caller, GBytes *part,
		    const struct ipsp_message *msg)
{
	(void)part;
	caller_leave(caller, CALLER_BUSY,
		     *msg->text ? msg->text : "the room is full");
}

static void on_reject(struct caller *caller, GBytes *part,
		      const struct ipsp_message *msg)
{
	g_autofree char *why = NULL;

	(void)part;
	why = g_strdup_printf("%s (%u)",
			      *msg->text ? msg->text : "the room refused you",
			      msg->code);
	caller_leave(caller, CALLER_REJECTED, why);
}

static void (*const on_answer[IPSP_METHODS])(struct caller *caller,
					     GBytes *part,
					     const struct ipsp_message *msg) = {
	[IPSP_OK] = on_ok,
	[IPSP_BUSY] = on_busy,
	[IPSP_REJECT] = on_reject,
};

/* The INVITE came back: nobody will answer it. The report stays where it is,
 * it is the person's as well. */
static void on_other_mail(struct caller *caller, GBytes *mail)
{
	g_autofree char *said = NULL, *why = NULL;

	if (caller->state != CALLER_INVITING ||
	    !bounce_reports(mail, caller->invite.message_id, &said))
		return;
	why = g_strdup_printf("the INVITE came back%s%s", said ? ": " : "",
			      said ? said : "");
	caller_leave(caller, CALLER_NOT_SENT, why);
}

static gboolean is_ring(const struct caller *caller, const struct message *msg,
			const struct ipsp_message *ipsp)
{
	return caller->events->ring && !caller_in_dialog(caller) &&
	       caller->state != CALLER_LEAVING && ipsp->method == IPSP_INVITE &&
	       *ipsp->called &&
	       !g_ascii_strcasecmp(ipsp->called, caller->address) &&
	       !g_ascii_strcasecmp(ipsp->address, msg->from_address) &&
	       ipsp->expires + RING_SKEW_S > wall_s();
}

static void ring(struct caller *caller, const struct message *msg,
		 const struct ipsp_message *ipsp)
{
	const struct caller_ring what = { .did = ipsp->did,
					  .room = ipsp->room,
					  .name = msg->from_name,
					  .by = ipsp->text };

	caller->events->ring(caller, &what, caller->arg);
}

void caller_decline(struct caller *caller, const char *room, const char *did)
{
	g_autoptr(GBytes) mail = invite_decline_mail(
		&(struct invite){ .room = (char *)room,
				  .address = caller->address,
				  .name = caller->name },
		did, wall_s());
	g_autofree char *name = g_strconcat(did, ".decline", NULL);

	/* Whether it gets there changes nothing for us. */
	post_send(caller->post, ++caller->mail_id, name, caller->address, room,
		  mail);
}

/* A person's own mailbox: what does not answer our INVITE is not ours to
 * touch. */
static void on_mail(struct mailbox *mbx, const char *id, GBytes *mail,
		    void *arg)
{
	struct caller *caller = arg;
	SCOPED(message) msg = message_parse(mail, NULL, NULL);
	struct ipsp_message ipsp;

	gboolean has_ipsp =
		msg && msg->ipsp && ipsp_decode(&ipsp, msg->ipsp, NULL);

	if (has_ipsp && is_ring(caller, msg, &ipsp)) {
		mailbox_done(mbx, id);
		ring(caller, msg, &ipsp);
		return;
	}
	if (!msg || !*caller->invite.did)
		return;
	if (!has_ipsp || strcmp(ipsp.did, caller->invite.did) ||
	    !invite_same_room(msg->from_address, caller->invite.room) ||
	    !on_answer[ipsp.method]) {
		on_other_mail(caller, mail);
		return;
	}
	mailbox_done(mbx, id);
	if (caller->state != CALLER_INVITING)
		return; /* the same answer again */
	caller->progress.mails_in++;
	on_answer[ipsp.method](caller, msg->ipsp, &ipsp);
}

static void on_mailbox_state(struct mailbox *mbx, enum mailbox_state state,
			     const char *why, void *arg)
{
	struct caller *caller = arg;

	(void)mbx;
	caller->watching = state == MAILBOX_WATCHING;
	if (caller->watching) {
		caller->ever_watching = TRUE;
		if (caller->state == CALLER_CONNECTING)
			caller_set_state(caller, CALLER_READY);
		return;
	}
	/* Later failures mend themselves; a wrong password does not. */
	if (state != MAILBOX_FAILED || caller->ever_watching)
		return;
	if (caller_in_dialog(caller)) {
		caller_leave(caller, CALLER_MAILBOX_FAILED, why);
	} else if (caller->state == CALLER_CONNECTING) {
		caller->end = CALLER_MAILBOX_FAILED;
		g_free(caller->why);
		caller->why = g_strdup(why);
		caller_set_state(caller, CALLER_ENDED);
	}
}

const struct mailbox_events caller_mailbox_events = {
	.mail = on_mail,
	.state = on_mailbox_state,
};

static gboolean on_retry(gpointer data)
{
	struct caller *caller = data;
	g_autoptr(GBytes) mail = invite_mail(&caller->invite, wall_s());

	caller->retry_timer = 0;
	post_mail(caller, mail);
	return G_SOURCE_REMOVE;
}

static void on_posted(struct post *pst, gint64 id, enum post_result result,
		      const char *why, void *arg)
{
	struct caller *caller = arg;

	(void)pst;
	if (id != caller->mail_id || !caller->mail_open)
		return;
	caller->mail_open = FALSE;
	if (caller->state == CALLER_LEAVING) {
		caller_finish_leaving(caller);
		return;
	}
	if (caller->state != CALLER_INVITING)
		return;
	switch (result) {
	case POST_SENT:
		caller->progress.times.posted = g_get_monotonic_time();
		break;
	case POST_RETRY:
		g_message("caller: the INVITE waits: %s", why);
		caller->retry_timer =
			g_timeout_add_seconds(RETRY_S, on_retry, caller);
		break;
	case POST_REFUSED:
		caller_leave(caller, CALLER_NOT_SENT, why);
		break;
	}
}

const struct post_events caller_post_events = { .done = on_posted };

static gboolean on_answer_timeout(gpointer data)
{
	struct caller *caller = data;

	caller->answer_timer = 0;
	caller_leave(caller, CALLER_NO_ANSWER,
		     caller->progress.times.posted
			     ? "the room did not answer in time"
			     : "the mail could not be sent in time");
	return G_SOURCE_REMOVE;
}

gboolean caller_invite(struct caller *caller, const char *room, const char *pin,
		       const struct media_sound *sound, void *sound_arg,
		       GError **error)
{
	const struct caller_config *cfg = &caller->cfg;
	g_autofree char *address = message_address(room);
	g_autoptr(GBytes) mail = NULL;

	if (!address || caller_in_dialog(caller) ||
	    caller->state == CALLER_LEAVING) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    address ? "a call is under way already"
				    : "\"%s\" is no mail address",
			    room);
		return FALSE;
	}
	caller->end = caller->bridge_end = CALLER_NOT_ENDED;
	g_clear_pointer(&caller->why, g_free);
	g_clear_pointer(&caller->bridge_why, g_free);
	g_clear_pointer(&caller->moved_to, g_free);
	memset(&caller->progress, 0, sizeof(caller->progress));
	caller->sound = sound;
	caller->sound_arg = sound_arg;
	invite_init(&caller->invite,
		    &(struct invite_offer){ .room = address,
					    .address = caller->address,
					    .name = caller->name,
					    .device = caller->device,
					    .pin = pin,
					    .plain = cfg->plain,
					    .no_level = cfg->no_level,
					    .gate = &caller->gate },
		    wall_s());
	mail = invite_mail(&caller->invite, wall_s());
	caller->answer_timer =
		g_timeout_add_seconds(cfg->answer_s ? cfg->answer_s : ANSWER_S,
				      on_answer_timeout, caller);
	caller->progress.times.submitted = g_get_monotonic_time();
	caller->progress.mails_out++;
	post_mail(caller, mail);
	mailbox_hurry(caller->mailbox);
	caller_set_state(caller, CALLER_INVITING);
	return TRUE;
}
