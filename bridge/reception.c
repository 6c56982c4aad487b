#include "bridge/reception.h"

#include <gio/gio.h>
#include <string.h>

#include "bridge/answer.h"
#include "bridge/arrival.h"
#include "bridge/room/expected.h"
#include "signaling/screen.h"

void arrival_set_aside(struct arrival *arr, const char *reason)
{
	g_free(arr->reason);
	arr->reason = g_strdup(reason);
}

static void note_refusal(struct arrival *arr, const char *how,
			 const char *reason, const char *file)
{
	const struct refusal ref = {
		.at = arr->now,
		.account = arr->known.account,
		.from = arr->msg ? arr->msg->from_address : NULL,
		.room = arr->hall	? arr->hall->rules->address
			: arr->has_ipsp ? arr->ipsp.room
					: NULL,
		.how = how,
		.reason = reason,
		.file = file,
	};

	refusals_add(arr->rec->refusals, &ref);
}

void arrival_refused(struct arrival *arr, const char *how, const char *reason)
{
	note_refusal(arr, how, reason, NULL);
}

/* Every answer passes here, also one that is repeated. */
gboolean arrival_may_answer(struct arrival *arr, const char *room)
{
	enum answer_limits_verdict verdict = answer_limits_take(
		arr->rec->limits, room, arr->msg->from_address, arr->monotonic);

	if (verdict == ANSWER_LIMITS_PASS)
		return TRUE;
	arrival_set_aside(arr, answer_limits_reason(verdict));
	return FALSE;
}

void reception_call_failed(const struct reception *rec, const char *did)
{
	GPtrArray *rooms = rooms_all(rec->rooms);

	for (guint i = 0; i < rooms->len; i++)
		expected_end(room_expected(rooms->pdata[i]), did, NULL,
			     EXPECTED_FAILED);
	g_ptr_array_unref(rooms);
}

static void bounced(struct arrival *arr, const char *did)
{
	const struct dialog *dialog = dialogs_find(arr->rec->dialogs, did);

	g_info("reception: bounce did=%s", did);
	reception_call_failed(arr->rec, did);
	if (dialog && dialog->member->state == MEMBER_INVITED)
		room_left(dialog->member->room, dialog->member, LEAVE_NO_SHOW);
}

static void cancel(struct arrival *arr)
{
	const struct dialog *dialog =
		dialogs_find(arr->rec->dialogs, arr->ipsp.did);
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 hash[32];
	gsize size = sizeof(hash);

	if (!dialog || !dialog->has_cancel_hash) {
		arrival_set_aside(arr, "CANCEL of no open dialog");
		return;
	}
	g_checksum_update(sum, arr->ipsp.cancel_preimage,
			  sizeof(arr->ipsp.cancel_preimage));
	g_checksum_get_digest(sum, hash, &size);
	if (memcmp(hash, dialog->cancel_hash, sizeof(hash)) != 0)
		arrival_set_aside(arr, "CANCEL with a wrong preimage");
	else
		room_left(dialog->member->room, dialog->member, LEAVE_BYE);
}

static void bye(struct arrival *arr)
{
	const struct dialog *dialog =
		dialogs_find(arr->rec->dialogs, arr->ipsp.did);

	if (!dialog)
		arrival_set_aside(arr, "BYE of no open dialog");
	else if (!arr->msg->mac ||
		 !keys_mac_right(&dialog->keys, arr->msg->ipsp, arr->msg->mac))
		arrival_set_aside(arr, "BYE with a wrong IPSP-MAC");
	else
		room_left(dialog->member->room, dialog->member, LEAVE_BYE);
}

/* Whom we call and who does not come says so under our own dialog, of which
 * only his mailbox knows. Nobody is mailed for it. */
static gboolean is_declined(struct arrival *arr)
{
	return arr->has_ipsp && arr->ipsp.method == IPSP_REJECT && arr->hall &&
	       expected_end(room_expected(arr->hall->room), arr->ipsp.did,
			    arr->msg->from_address, EXPECTED_DECLINED);
}

/* The screen lets no answer through; this would be a method without rules. */
static void not_for_a_room(struct arrival *arr)
{
	arrival_set_aside(arr, "a method that rooms do not take");
}

static void (*const handlers[IPSP_METHODS])(struct arrival *arr) = {
	[IPSP_INVITE] = invite_arrived, [IPSP_OK] = not_for_a_room,
	[IPSP_BUSY] = not_for_a_room,	[IPSP_REJECT] = not_for_a_room,
	[IPSP_CANCEL] = cancel,		[IPSP_BYE] = bye,
};

/* A room of another account is as unknown as none: its own account answers
 * for it. */
static const struct hall *find_hall(struct arrival *arr, const char *address)
{
	const struct hall *hall = rooms_find(arr->rec->rooms, address,
					     arr->detail, sizeof(arr->detail));

	return hall && !strcmp(hall->rules->account, arr->account->name) ? hall
									 : NULL;
}

static void find_addressed_hall(struct arrival *arr)
{
	const GPtrArray *to = arr->msg->recipients;

	if (arr->has_ipsp)
		arr->hall = find_hall(arr, arr->ipsp.room);
	for (guint i = 0; !arr->has_ipsp && !arr->hall && i < to->len; i++)
		arr->hall = find_hall(arr, to->pdata[i]);
}

static enum screen_verdict screen(struct arrival *arr, const char **reason_r)
{
	static const enum screen_who who[] = {
		[CONFIG_ANSWER_OPEN] = SCREEN_OPEN,
		[CONFIG_ANSWER_ALIGNED] = SCREEN_ALIGNED,
		[CONFIG_ANSWER_LIST] = SCREEN_LIST,
	};
	struct screen_policy policy = {
		.own = rooms_addresses(arr->rec->rooms),
	};

	if (arr->hall) {
		policy.who = who[arr->hall->rules->answer];
		policy.allowed = (const char *const *)arr->hall->rules->allowed;
	} else {
		/* Nobody's rules: the strictest that the account can have. */
		policy.who = arr->account->authserv_id ? SCREEN_ALIGNED
						       : SCREEN_OPEN;
	}
	return screen_mail(arr->msg, arr->has_ipsp ? &arr->ipsp : NULL, &policy,
			   reason_r);
}

/* FALSE: the part is no IPSP that anyone could act on. */
static gboolean read_part(struct arrival *arr)
{
	g_autoptr(GError) error = NULL;

	if (!arr->msg->ipsp)
		return TRUE;
	arr->has_ipsp = ipsp_decode(&arr->ipsp, arr->msg->ipsp, &error);
	arr->unknown_version =
		g_error_matches(error, IPSP_ERROR, IPSP_ERROR_VERSION);
	arr->has_ipsp |= arr->unknown_version;
	if (!arr->has_ipsp)
		arrival_set_aside(arr, error->message);
	return arr->has_ipsp;
}

static void judge(struct arrival *arr)
{
	char did[IPSP_DID_LENGTH + 1];
	g_autoptr(GError) error = NULL;
	const char *reason;

	arr->msg = message_parse(arr->mail, arr->account->authserv_id, &error);
	if (!arr->msg) {
		arrival_set_aside(arr, error->message);
		return;
	}
	if (screen_bounce(arr->msg, did)) {
		bounced(arr, did);
		return;
	}
	if (!read_part(arr))
		return;
	find_addressed_hall(arr);
	if (is_declined(arr))
		return;
	switch (screen(arr, &reason)) {
	case SCREEN_IGNORE:
		g_info("reception: ignored account=%s: %s", arr->account->name,
		       reason);
		arrival_refused(arr, "ignored", reason);
		break;
	case SCREEN_SET_ASIDE:
		arrival_set_aside(arr, reason);
		break;
	case SCREEN_ANSWER:
		if (arr->has_ipsp)
			handlers[arr->ipsp.method](arr);
		else
			person_arrived(arr);
		break;
	}
}

/* The mail as a file of its own, on the disk before its row. */
static gboolean keep_file(struct arrival *arr, GError **error)
{
	/* Named by its bytes: written once more after a crash, it is the
	 * same file. */
	g_autofree char *path =
		g_build_filename(arr->rec->set_aside, arr->digest, NULL);
	gsize size;
	const char *data = g_bytes_get_data(arr->mail, &size);

	g_message("reception: set aside account=%s file=%s: %s",
		  arr->known.account, arr->digest, arr->reason);
	return g_file_set_contents_full(path, data, (gssize)size,
					G_FILE_SET_CONTENTS_CONSISTENT |
						G_FILE_SET_CONTENTS_DURABLE,
					0600, error) &&
	       store_set_aside(arr->rec->store, arr->known.account, arr->digest,
			       arr->reason, arr->now, error);
}

static gboolean write_decision(struct arrival *arr, GError **error)
{
	struct store *sto = arr->rec->store;

	if (arr->reason && !keep_file(arr, error))
		return FALSE;
	if (arr->post && !store_add_post(sto, arr->post, arr->now, error))
		return FALSE;
	if (arr->link && !store_add_token(sto, arr->link, arr->now, error))
		return FALSE;
	if (arr->dialog) {
		g_assert(arr->post); /* who is seated is answered */
		arr->dialog->post = arr->post->id;
		if (!store_add_dialog(sto, arr->dialog, arr->now, error))
			return FALSE;
	}
	if (arr->again && !store_post_again(sto, arr->again, error))
		return FALSE;
	arr->known.sender = arr->sender;
	return store_add_mail(sto, &arr->known, arr->now, error);
}

/* Who was seated and is not answered has no seat. It may have gone already,
 * while a promise was waited for. */
static void take_seat_back(struct arrival *arr)
{
	const struct dialog *dialog =
		arr->dialog && arr->dialog->state == STORE_DIALOG_ANSWERED
			? dialogs_find(arr->rec->dialogs, arr->dialog->did)
			: NULL;

	if (dialog)
		room_left(dialog->member->room, dialog->member, LEAVE_NO_SHOW);
}

/* One transaction for all that was decided. */
static gboolean commit_decision(struct arrival *arr, GError **error)
{
	struct store *sto = arr->rec->store;

	if (store_begin(sto, error) && write_decision(arr, error) &&
	    store_commit(sto, error))
		return TRUE;
	store_rollback(sto);
	take_seat_back(arr);
	return FALSE;
}

/* Nothing is answered, the mail is kept. */
static void give_up(struct arrival *arr, const char *reason)
{
	g_clear_pointer(&arr->post, store_post_free);
	g_clear_pointer(&arr->dialog, store_dialog_free);
	g_clear_pointer(&arr->link, store_token_free);
	g_clear_pointer(&arr->sender, g_free);
	arr->again = 0;
	arrival_set_aside(arr, reason);
}

/* MAIL_AGAIN: the store is broken, the mail waits. One mail that the store
 * will never take must not make all others wait: it is set aside. */
static enum mail_verdict settle(struct arrival *arr)
{
	g_autoptr(GError) error = NULL;

	if (commit_decision(arr, &error)) {
		if (arr->reason)
			note_refusal(arr, "set-aside", arr->reason,
				     arr->digest);
		return MAIL_DONE;
	}
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_EXISTS)) {
		g_warning("reception: %s", error->message);
		give_up(arr, error->message);
		g_clear_error(&error);
		if (commit_decision(arr, &error)) {
			note_refusal(arr, "set-aside", arr->reason,
				     arr->digest);
			return MAIL_DONE;
		}
	}
	g_critical("reception: a mail waits, nothing was answered: %s",
		   error->message);
	return MAIL_AGAIN;
}

static struct arrival *arrival_create(struct reception *rec,
				      const struct config_mail *account,
				      const char *id, GBytes *mail,
				      const struct reception_time *time)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	struct arrival *arr = g_new0(struct arrival, 1);
	gsize size = sizeof(arr->known.digest);

	arr->rec = rec;
	arr->account = account;
	arr->known.account = g_strdup(account->name);
	arr->known.id = g_strdup(id);
	arr->mail = g_bytes_ref(mail);
	arr->now = time->now;
	arr->monotonic = time->monotonic;
	g_checksum_update(sum, g_bytes_get_data(mail, NULL),
			  (gssize)g_bytes_get_size(mail));
	arr->digest = g_strdup(g_checksum_get_string(sum));
	g_checksum_get_digest(sum, arr->known.digest, &size);
	return arr;
}

static void arrival_free(struct arrival *arr)
{
	if (arr->msg)
		message_free(arr->msg);
	store_post_free(arr->post);
	store_dialog_free(arr->dialog);
	store_token_free(arr->link);
	g_bytes_unref(arr->mail);
	g_free((char *)arr->known.account);
	g_free((char *)arr->known.id);
	g_free(arr->digest);
	g_free(arr->sender);
	g_free(arr->reason);
	g_free(arr);
}

static void free_waiting(gpointer arrival)
{
	arrival_free(arrival);
}

/* The answer goes nowhere before all bridges can know it. */
static void promise(struct arrival *arr)
{
	struct reception *rec = arr->rec;
	guint64 *ticket = g_new(guint64, 1);
	struct document_answer prm;

	*ticket = ++rec->last_ticket;
	if (!rec->waiting)
		rec->waiting = g_hash_table_new_full(
			g_int64_hash, g_int64_equal, g_free, free_waiting);
	g_hash_table_insert(rec->waiting, ticket, arr);
	arr->known.sender = arr->sender;
	promise_init(&prm, arr->post, &arr->known, arr->dialog, arr->now);
	/* Its keys are sealed in the member's record, for every owner. */
	if (arr->dialog)
		g_clear_pointer(&arr->dialog->private_key, g_bytes_unref);
	rec->events->promise(arr->known.account, &prm, *ticket, rec->arg);
	document_clear(DOCUMENT_ANSWER, &prm);
}

void reception_promised(struct reception *rec, guint64 ticket, gboolean kept)
{
	struct arrival *arr = NULL;
	gpointer key;
	enum mail_verdict verdict = MAIL_AGAIN;

	if (!rec->waiting || !g_hash_table_steal_extended(rec->waiting, &ticket,
							  &key, (void **)&arr))
		return;
	g_free(key);
	if (kept)
		verdict = settle(arr);
	else
		take_seat_back(arr);
	rec->events->settled(arr->known.account, arr->known.id, verdict,
			     rec->arg);
	arrival_free(arr);
}

void reception_fini(struct reception *rec)
{
	g_clear_pointer(&rec->waiting, g_hash_table_unref);
}

enum mail_verdict reception_mail(struct reception *rec,
				 const struct config_mail *account,
				 const char *id, GBytes *mail,
				 const struct reception_time *time)
{
	struct arrival *arr = arrival_create(rec, account, id, mail, time);
	enum mail_verdict verdict = MAIL_DONE;

	if (!store_mail_known(rec->store, &arr->known)) {
		judge(arr);
		if (rec->events && arr->post) {
			promise(arr);
			return MAIL_LATER;
		}
		verdict = settle(arr);
	}
	arrival_free(arr);
	return verdict;
}
