/* The INVITE of reception.h: a seat and an OK, or BUSY, or REJECT; and
 * dialogs that are picked up after a start. */
#include "bridge/arrival.h"

#include <openssl/crypto.h>
#include <string.h>

#include "bridge/answer.h"
#include "bridge/offer.h"
#include "bridge/room/entrance.h"
#include "signaling/letters.h"

#define PAYLOAD_TYPE  111
#define KEEP_S	      15 /* consent interval */
#define BUSY	      486
#define FULL_RETRY_S  30
#define MEDIA_RETRY_S 10
#define CLOCK_SKEW_S  60 /* of callers, ahead of ours */

/* The same dialog again: the same answer, as long as it is of use; no second
 * one whatever happens. */
static gboolean is_repeated(struct arrival *arr)
{
	SCOPED(store_dialog)
	dialog = store_dialog(arr->rec->store, arr->ipsp.did);

	if (!dialog)
		return FALSE;
	if (!g_bytes_equal(dialog->invite, arr->msg->ipsp))
		arrival_set_aside(arr, "its dialog was begun by an INVITE of "
				       "other bytes");
	else if (dialog->deadline <= arr->now)
		arrival_set_aside(arr, "its dialog was answered before and "
				       "is over");
	else if (arrival_may_answer(arr, dialog->room))
		arr->again = dialog->post;
	return TRUE;
}

gboolean arrival_pin_right(const struct arrival *arr)
{
	const char *pin = entrance_pin_for(room_entrance(arr->hall->room),
					   arr->msg->from_address);
	const char *said = *arr->ipsp.pin ? arr->ipsp.pin : arr->detail;

	return !*pin || (strlen(pin) == strlen(said) &&
			 !CRYPTO_memcmp(pin, said, strlen(pin)));
}

static gboolean can_talk(const struct arrival *arr)
{
	return arr->ipsp.audio_opus &&
	       (arr->ipsp.suite_aes128gcm ||
		(arr->ipsp.suite_plain && arr->hall->rules->plain_rtp));
}

/* The REJECT code that it deserves, or 0. Who does not know the PIN learns
 * nothing of the lock. */
static guint refusal(const struct arrival *arr)
{
	enum entrance_verdict verdict;

	if (arr->unknown_version)
		return IPSP_REJECT_UNSUPPORTED;
	if (!arr->hall)
		return IPSP_REJECT_NOT_FOUND;
	if (arr->ipsp.expires <= arr->now ||
	    arr->ipsp.issued > arr->now + CLOCK_SKEW_S)
		return IPSP_REJECT_EXPIRED;
	verdict = entrance_judge(room_entrance(arr->hall->room),
				 arr->msg->from_address, arr->ipsp.device,
				 arr->now);
	if (verdict == ENTRANCE_BANNED)
		return IPSP_REJECT_FORBIDDEN;
	if (!arrival_pin_right(arr))
		return IPSP_REJECT_PIN;
	if (verdict == ENTRANCE_LOCKED)
		return IPSP_REJECT_LOCKED;
	if (!can_talk(arr))
		return IPSP_REJECT_UNSUPPORTED;
	return 0;
}

/* What every answer says. */
static void start_reply(const struct arrival *arr, enum ipsp_method method,
			struct ipsp_message *reply_r)
{
	memset(reply_r, 0, sizeof(*reply_r));
	reply_r->method = method;
	g_strlcpy(reply_r->did, arr->ipsp.did, sizeof(reply_r->did));
	g_strlcpy(reply_r->room, arr->ipsp.room, sizeof(reply_r->room));
	g_strlcpy(reply_r->address, arr->msg->from_address,
		  sizeof(reply_r->address));
	reply_r->issued = arr->now;
	reply_r->expires = arr->now + IPSP_OK_LIFE_S;
	if (arr->hall) {
		reply_r->people = room_people(arr->hall->room);
		reply_r->max = room_capacity(arr->hall->room);
	}
}

/* The answer, and the dialog that it belongs to. */
static void answer(struct arrival *arr, const struct ipsp_message *reply,
		   GBytes *part)
{
	g_autofree char *room = message_address(arr->ipsp.room);
	const struct answer_from from = {
		.account = arr->account->name,
		.room = arr->hall ? arr->hall->rules->address : room,
		.room_name = arr->hall ? arr->hall->rules->name : NULL,
	};
	struct store_dialog *dialog = g_new0(struct store_dialog, 1);

	arr->post = answer_program(&from, arr->msg, reply, part);
	arr->dialog = dialog;
	dialog->did = g_strdup(reply->did);
	dialog->account = g_strdup(from.account);
	dialog->room = g_strdup(from.room);
	dialog->address = g_strdup(arr->msg->from_address);
	dialog->name = g_strdup(arr->msg->from_name);
	dialog->device = g_strdup(arr->ipsp.device);
	dialog->invite = g_bytes_ref(arr->msg->ipsp);
	dialog->answer = g_bytes_ref(part);
	dialog->state = STORE_DIALOG_ENDED;
	dialog->deadline = reply->expires;
}

static void refuse(struct arrival *arr, enum ipsp_method method, guint code,
		   guint retry_s)
{
	g_autoptr(GBytes) part = NULL;
	struct ipsp_message reply;

	start_reply(arr, method, &reply);
	reply.code = code;
	reply.retry_s = retry_s;
	g_strlcpy(reply.text, letters_reason(code, arr->msg->japanese),
		  sizeof(reply.text));
	part = ipsp_encode(&reply);
	answer(arr, &reply, part);
	arrival_refused(arr, method == IPSP_BUSY ? "busy" : "rejected",
			letters_reason(code, FALSE));
	g_info("reception: %s %u did=%s room=%s", ipsp_method_name(method),
	       code, reply.did, reply.room);
}

static gboolean open_media(struct reception *rec, const struct hall *hall,
			   struct member *mem,
			   const struct media_places *places,
			   const struct keys *keys,
			   const struct ipsp_message *ok)
{
	const struct media_keys media_keys = {
		.did = mem->did,
		.keys = keys,
		.srtp = ok->suite_aes128gcm,
		.payload_type = ok->payload_type,
		.level_id = ok->level_id,
	};

	return rec->media->open(mem, places, &media_keys, &hall->rules->sound,
				rec->media_arg);
}

/* FALSE: the first place is not there any more. */
static gboolean describe(const struct reception *rec,
			 const struct media_places *places,
			 struct ipsp_message *ok)
{
	for (guint i = 0; i < places->n; i++)
		ok->n_gates += rec->media->describe(&places->at[i],
						    &ok->gates[ok->n_gates],
						    rec->media_arg);
	return ok->n_gates && !strcmp(ok->gates[0].id, places->at[0].gate);
}

static void compose_ok(struct arrival *arr, const struct keys_pair *pair,
		       struct ipsp_message *ok_r)
{
	start_reply(arr, IPSP_OK, ok_r);
	ok_r->suite_aes128gcm = arr->ipsp.suite_aes128gcm;
	ok_r->suite_plain = !ok_r->suite_aes128gcm;
	memcpy(ok_r->public_key, pair->public_key, sizeof(ok_r->public_key));
	ok_r->audio_opus = TRUE;
	ok_r->payload_type = PAYLOAD_TYPE;
	ok_r->level_id = arr->ipsp.level_id;
	ok_r->keep_s = KEEP_S;
}

/* Why there is no OK for a seat. */
enum refused { SEATED, NO_MEDIA, BAD_KEY };

/* The call's keys, from the OK's bytes, and its session. */
static enum refused open_call(struct arrival *arr,
			      const struct media_places *places,
			      const struct keys_pair *pair,
			      const struct ipsp_message *ok)
{
	struct reception *rec = arr->rec;
	g_autoptr(GBytes) part = ipsp_encode(ok);
	struct keys keys;
	enum refused refused = BAD_KEY;

	if (keys_derive(&keys, pair, arr->ipsp.public_key, arr->msg->ipsp, part,
			arr->hall->rules->key, NULL))
		refused =
			open_media(rec, arr->hall, arr->seat, places, &keys, ok)
				? SEATED
				: NO_MEDIA;
	if (refused == SEATED) {
		dialogs_add(rec->dialogs, arr->seat, &keys, &arr->ipsp);
		answer(arr, ok, part);
		arr->dialog->state = STORE_DIALOG_ANSWERED;
		arr->dialog->private_key = g_bytes_new(
			pair->private_key, sizeof(pair->private_key));
		arr->dialog->worker = places->at[0].worker;
		arr->dialog->gate = g_strdup(places->at[0].gate);
		g_info("reception: OK did=%s room=%s member=%u gate=%s",
		       ok->did, ok->room, arr->seat->id, places->at[0].gate);
	}
	explicit_bzero(&keys, sizeof(keys));
	return refused;
}

static enum refused accept_call(struct arrival *arr,
				const struct media_places *places)
{
	struct ipsp_message ok;
	struct keys_pair pair;
	enum refused refused = NO_MEDIA;

	keys_pair_generate(&pair);
	compose_ok(arr, &pair, &ok);
	if (describe(arr->rec, places, &ok))
		refused = open_call(arr, places, &pair, &ok);
	explicit_bzero(&pair, sizeof(pair));
	return refused;
}

/* All rooms of the account are mailed the same way. */
static void note_delay(const struct arrival *arr)
{
	struct reception *rec = arr->rec;
	const char *account = arr->account->name;
	g_autoptr(GPtrArray) rooms = rooms_of(rec->rooms, account);
	struct delay_figures delay;

	delays_note(rec->delays, account, arr->now - arr->ipsp.issued);
	delays_figures(rec->delays, account, &delay);
	for (guint i = 0; i < rooms->len; i++)
		room_set_mail_delay(rooms->pdata[i], delay.median_s);
}

void invite_arrived(struct arrival *arr)
{
	struct reception *rec = arr->rec;
	struct media_places places;
	enum refused refused;
	guint code;

	if (*arr->ipsp.called) {
		arrival_set_aside(arr,
				  "a room calls us, and rooms do not come");
		return;
	}
	if (!arr->hall &&
	    !rooms_own_domain(rec->rooms, arr->account->name, arr->ipsp.room)) {
		arrival_set_aside(arr, "its room is not of our domain");
		return;
	}
	if (arr->ipsp.issued)
		note_delay(arr);
	if (is_repeated(arr) ||
	    !arrival_may_answer(arr, arr->hall ? arr->hall->rules->address
					       : arr->ipsp.room))
		return;
	code = refusal(arr);
	if (code) {
		refuse(arr, IPSP_REJECT, code, 0);
		return;
	}
	offer_screen(arr->hall->rules, arr->msg->from_address, &arr->ipsp);
	if (!rec->media->place(arr->hall->room, &arr->ipsp, &places,
			       rec->media_arg)) {
		refuse(arr, IPSP_BUSY, BUSY, MEDIA_RETRY_S);
		return;
	}
	arr->seat = room_seat(
		arr->hall->room,
		&(struct room_guest){ .did = arr->ipsp.did,
				      .address = arr->msg->from_address,
				      .name = arr->msg->from_name,
				      .device = arr->ipsp.device,
				      .gate = places.at[0].gate,
				      .deadline = arr->now + IPSP_OK_LIFE_S });
	if (!arr->seat) {
		refuse(arr, IPSP_BUSY, BUSY, FULL_RETRY_S);
		return;
	}
	refused = accept_call(arr, &places);
	if (refused == SEATED)
		return;
	room_left(arr->hall->room, arr->seat, LEAVE_NO_SHOW);
	arr->seat = NULL;
	if (refused == NO_MEDIA)
		refuse(arr, IPSP_BUSY, BUSY, MEDIA_RETRY_S);
	else
		arrival_set_aside(arr, "its public key gives no secret");
}

/* The keys of a dialog follow from what the store has of it. */
static gboolean restore_keys(const struct store_dialog *dialog,
			     const struct ipsp_message *invite,
			     GBytes *room_key, struct keys *keys_r)
{
	struct keys_pair pair;
	gsize size;
	const guint8 *private_key =
		g_bytes_get_data(dialog->private_key, &size);
	gboolean right = FALSE;

	if (size == KEYS_X25519_SIZE) {
		keys_pair_from_private(&pair, private_key);
		right = keys_derive(keys_r, &pair, invite->public_key,
				    dialog->invite, dialog->answer, room_key,
				    NULL);
		explicit_bzero(&pair, sizeof(pair));
	}
	return right;
}

static gboolean seat_again(struct reception *rec, const struct hall *hall,
			   const struct store_dialog *dialog,
			   const struct ipsp_message *invite,
			   const struct ipsp_message *ok,
			   const struct keys *keys)
{
	struct media_places places = {
		.n = 1,
		.at[0].worker = dialog->worker,
	};
	struct member *mem =
		room_seat(hall->room,
			  &(struct room_guest){ .did = dialog->did,
						.address = dialog->address,
						.name = dialog->name,
						.device = dialog->device,
						.gate = dialog->gate,
						.deadline = dialog->deadline });

	if (!mem)
		return FALSE;
	g_strlcpy(places.at[0].gate, dialog->gate, sizeof(places.at[0].gate));
	dialogs_add(rec->dialogs, mem, keys, invite);
	if (open_media(rec, hall, mem, &places, keys, ok))
		return TRUE;
	room_left(hall->room, mem, LEAVE_NO_SHOW);
	return FALSE;
}

static gboolean restore(struct reception *rec,
			const struct store_dialog *dialog, gint64 now)
{
	char detail[2];
	const struct hall *hall =
		rooms_find(rec->rooms, dialog->room, detail, sizeof(detail));
	struct ipsp_message invite, ok;
	struct keys keys;
	gboolean seated;

	if (dialog->deadline <= now || !hall || !dialog->private_key ||
	    !dialog->gate || !ipsp_decode(&invite, dialog->invite, NULL) ||
	    !ipsp_decode(&ok, dialog->answer, NULL) ||
	    !restore_keys(dialog, &invite, hall->rules->key, &keys))
		return FALSE;
	seated = seat_again(rec, hall, dialog, &invite, &ok, &keys);
	explicit_bzero(&keys, sizeof(keys));
	return seated;
}

static void end(struct reception *rec, const struct store_dialog *dialog)
{
	g_autoptr(GError) error = NULL;

	g_info("reception: ended at start did=%s room=%s", dialog->did,
	       dialog->room);
	if (!store_end_dialog(rec->store, dialog->did, "its dialog ended",
			      &error))
		g_critical("reception: %s", error->message);
}

void reception_restore(struct reception *rec, gint64 now)
{
	GPtrArray *here = store_dialogs(rec->store, STORE_DIALOG_HERE);
	GPtrArray *answered = store_dialogs(rec->store, STORE_DIALOG_ANSWERED);

	for (guint i = 0; i < here->len; i++)
		end(rec, here->pdata[i]);
	for (guint i = 0; i < answered->len; i++)
		if (!restore(rec, answered->pdata[i], now))
			end(rec, answered->pdata[i]);
	g_ptr_array_unref(here);
	g_ptr_array_unref(answered);
}
