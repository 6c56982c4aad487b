#include "loadgen/invite.h"

#include <arpa/inet.h>
#include <gio/gio.h>
#include <openssl/rand.h>
#include <string.h>

#include "loadgen/own_net.h"
#include "signaling/letters.h"
#include "signaling/message.h"

#define LEVEL_ID 1   /* of the level's RTP header extension, as we offer it */
#define DECLINED 603 /* RFC 3261 21.6.2 */
#define LAPS	 2 /* over the first gate's candidates; one over a standby's */

static void random_bytes(guint8 *bytes_r, int size)
{
	if (RAND_bytes(bytes_r, size) != 1)
		g_error("invite: the system has no random numbers");
}

static char *fresh_message_id(const char *address)
{
	const char *at = strrchr(address, '@');
	guint8 bytes[16];
	g_autofree char *id = NULL;

	random_bytes(bytes, sizeof(bytes));
	id = keys_base64url(bytes, sizeof(bytes));
	return g_strdup_printf("%s@%s", id, at ? at + 1 : "localhost");
}

/* What every part of the dialog says. */
static void begin_part(const struct invite *inv, enum ipsp_method method,
		       gint64 now, struct ipsp_message *msg_r)
{
	*msg_r = (struct ipsp_message){ .method = method, .issued = now };
	g_strlcpy(msg_r->did, inv->did, sizeof(msg_r->did));
	g_strlcpy(msg_r->room, inv->room, sizeof(msg_r->room));
	g_strlcpy(msg_r->address, inv->address, sizeof(msg_r->address));
	g_strlcpy(msg_r->device, inv->device, sizeof(msg_r->device));
}

void invite_init(struct invite *inv, const struct invite_offer *offer,
		 gint64 now)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	struct ipsp_message msg;
	gsize size = sizeof(msg.cancel_hash);

	*inv = (struct invite){
		.room = g_strdup(offer->room),
		.address = g_strdup(offer->address),
		.name = g_strdup(offer->name),
		.device = g_strdup(offer->device),
		.message_id = fresh_message_id(offer->address),
		.plain = offer->plain,
		.level_id = offer->no_level ? 0 : LEVEL_ID,
	};
	ipsp_did_generate(inv->did);
	keys_pair_generate(&inv->pair);
	random_bytes(inv->cancel_preimage, sizeof(inv->cancel_preimage));

	begin_part(inv, IPSP_INVITE, now, &msg);
	msg.expires = now + IPSP_INVITE_LIFE_S;
	msg.suite_aes128gcm = !offer->plain;
	msg.suite_plain = offer->plain;
	memcpy(msg.public_key, inv->pair.public_key, sizeof(msg.public_key));
	g_checksum_update(sum, inv->cancel_preimage,
			  sizeof(inv->cancel_preimage));
	g_checksum_get_digest(sum, msg.cancel_hash, &size);
	msg.has_cancel_hash = TRUE;
	msg.audio_opus = TRUE;
	msg.level_id = inv->level_id;
	g_strlcpy(msg.net, own_net_kind(), sizeof(msg.net));
	if (offer->pin)
		g_strlcpy(msg.pin, offer->pin, sizeof(msg.pin));
	if (offer->gate && offer->gate->n_candidates)
		msg.gates[msg.n_gates++] = *offer->gate;
	inv->part = ipsp_encode(&msg);
}

void invite_fini(struct invite *inv)
{
	g_free(inv->room);
	g_free(inv->address);
	g_free(inv->name);
	g_free(inv->device);
	g_free(inv->message_id);
	g_clear_pointer(&inv->part, g_bytes_unref);
	explicit_bzero(inv, sizeof(*inv));
}

/* The room answers in the language that it is written to in. */
static gboolean speaks_japanese(void)
{
	return g_str_has_prefix(g_get_language_names()[0], "ja");
}

static GBytes *build(const struct invite *inv, enum ipsp_method method,
		     GBytes *part, const char *mac, gint64 now)
{
	static const enum letters_kind kinds[IPSP_METHODS] = {
		[IPSP_INVITE] = LETTERS_INVITE,
		[IPSP_CANCEL] = LETTERS_CANCEL,
		[IPSP_BYE] = LETTERS_BYE,
		[IPSP_REJECT] = LETTERS_DECLINE,
	};
	const struct letters_facts facts = {
		.japanese = speaks_japanese(),
		.room = inv->room,
		.person = inv->address,
	};
	gboolean first = method == IPSP_INVITE;
	g_autofree char *subject = letters_subject(kinds[method], &facts);
	g_autofree char *text = letters_text(kinds[method], &facts);
	g_autofree char *other_id = fresh_message_id(inv->address);
	const struct message_draft draft = {
		.from_address = inv->address,
		.from_name = inv->name,
		.to_address = inv->room,
		.subject = subject,
		.message_id = first ? inv->message_id : other_id,
		.in_reply_to = first ? NULL : inv->message_id,
		.text = text,
		.ipsp = part,
		.method = method,
		.did = inv->did,
		.mac = mac,
		.date = now,
		.expires = first ? now + IPSP_INVITE_LIFE_S : 0,
	};

	return message_build(&draft);
}

GBytes *invite_mail(const struct invite *inv, gint64 now)
{
	return build(inv, IPSP_INVITE, inv->part, NULL, now);
}

GBytes *invite_cancel_mail(const struct invite *inv, gint64 now)
{
	struct ipsp_message msg;
	g_autoptr(GBytes) part = NULL;

	begin_part(inv, IPSP_CANCEL, now, &msg);
	memcpy(msg.cancel_preimage, inv->cancel_preimage,
	       sizeof(msg.cancel_preimage));
	part = ipsp_encode(&msg);
	return build(inv, IPSP_CANCEL, part, NULL, now);
}

GBytes *invite_bye_mail(const struct invite *inv, gint64 now)
{
	struct ipsp_message msg;
	g_autoptr(GBytes) part = NULL;
	g_autofree char *mac = NULL;

	begin_part(inv, IPSP_BYE, now, &msg);
	part = ipsp_encode(&msg);
	mac = keys_mac(&inv->keys, part);
	return build(inv, IPSP_BYE, part, mac, now);
}

GBytes *invite_decline_mail(const struct invite *inv, const char *did,
			    gint64 now)
{
	struct invite call = *inv;
	struct ipsp_message msg = { .method = IPSP_REJECT,
				    .issued = now,
				    .code = DECLINED };
	g_autoptr(GBytes) part = NULL;

	g_strlcpy(call.did, did, sizeof(call.did));
	g_strlcpy(msg.did, did, sizeof(msg.did));
	g_strlcpy(msg.room, inv->room, sizeof(msg.room));
	g_strlcpy(msg.address, inv->room, sizeof(msg.address));
	part = ipsp_encode(&msg);
	return build(&call, IPSP_REJECT, part, NULL, now);
}

gboolean invite_same_room(const char *a, const char *b)
{
	gsize bare_a = strcspn(a, "+@"), bare_b = strcspn(b, "+@");
	const char *at_a = strrchr(a, '@'), *at_b = strrchr(b, '@');

	return bare_a == bare_b && !strncmp(a, b, bare_a) && at_a && at_b &&
	       !g_ascii_strcasecmp(at_a, at_b);
}

gboolean invite_accept(struct invite *inv, GBytes *part,
		       const struct ipsp_message *ok, GBytes *room_key,
		       GError **error)
{
	gboolean right_suite =
		inv->plain ? ok->suite_plain && !ok->suite_aes128gcm
			   : ok->suite_aes128gcm && !ok->suite_plain;

	if (strcmp(ok->did, inv->did) ||
	    !invite_same_room(ok->room, inv->room) ||
	    g_ascii_strcasecmp(ok->address, inv->address)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "the OK names another room, address or dialog "
			    "than the INVITE");
		return FALSE;
	}
	if (!right_suite || !ok->audio_opus || !ok->n_gates ||
	    (ok->level_id && ok->level_id != inv->level_id)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "the OK chose what the INVITE did not offer");
		return FALSE;
	}
	if (!keys_derive(&inv->keys, &inv->pair, ok->public_key, inv->part,
			 part, room_key, error))
		return FALSE;
	inv->ok = *ok;
	inv->has_keys = TRUE;
	return TRUE;
}

static gboolean read_target(const struct ipsp_candidate *cand,
			    struct registration_target *target_r)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&target_r->address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&target_r->address;

	memset(target_r, 0, sizeof(*target_r));
	if (!strcmp(cand->transport, "wss")) {
		target_r->websocket = TRUE;
		g_strlcpy(target_r->url, cand->url, sizeof(target_r->url));
		return TRUE;
	}
	if (inet_pton(AF_INET, cand->address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(cand->port);
		return TRUE;
	}
	if (inet_pton(AF_INET6, cand->address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(cand->port);
		return TRUE;
	}
	return FALSE;
}

static guint read_targets(const struct ipsp_gate *gate,
			  const struct invite_wish *wish,
			  struct registration_target *targets_r)
{
	const gboolean wanted[] = { wish->udp, wish->wss };
	guint n = 0;

	for (int websocket = 0; websocket < 2; websocket++)
		for (guint c = 0; c < gate->n_candidates; c++) {
			struct registration_target target;

			if (wanted[websocket] &&
			    read_target(&gate->candidates[c], &target) &&
			    target.websocket == websocket)
				targets_r[n++] = target;
		}
	return n;
}

void invite_stream(const struct invite *inv, guint k,
		   struct stream_config *stream_r)
{
	guint8 bytes[12];
	g_autofree char *cname = NULL;

	random_bytes(bytes, sizeof(bytes));
	cname = keys_base64url(bytes, sizeof(bytes));
	*stream_r = (struct stream_config){
		.suite = inv->plain ? SRTP_NONE : SRTP_GCM,
		.payload_type = inv->ok.payload_type,
		.level_id = inv->ok.level_id,
	};
	keys_ssrcs(&inv->keys, k, &stream_r->send_ssrc,
		   &stream_r->receive_ssrc);
	memcpy(stream_r->send_key, inv->keys.srtp_c2b, KEYS_SRTP_SIZE);
	memcpy(stream_r->receive_key, inv->keys.srtp_b2c, KEYS_SRTP_SIZE);
	g_strlcpy(stream_r->cname, cname, sizeof(stream_r->cname));
}

struct call_place *invite_place(const struct invite *inv,
				const struct ipsp_gate *gate,
				const struct invite_wish *wish)
{
	struct call_place_config cfg = {
		.k = gate->place,
		.registration = { .keep_us = wish->keep_us,
				  .laps = gate->place ? 1 : LAPS,
				  .echo = wish->echo },
	};
	struct registration_config *reg = &cfg.registration;
	struct call_place *place;
	int r;

	G_STATIC_ASSERT(IPSP_MAX_CANDIDATES <= REGISTRATION_MAX_TARGETS);
	reg->n_targets = read_targets(gate, wish, reg->targets);
	if (!reg->n_targets)
		return NULL;
	g_strlcpy(cfg.gate, gate->id, sizeof(cfg.gate));
	g_strlcpy(reg->username, inv->did, sizeof(reg->username));
	g_strlcpy(reg->password, inv->keys.stun_password,
		  sizeof(reg->password));
	invite_stream(inv, gate->place, &cfg.stream);
	r = call_place_create(&place, &cfg);
	explicit_bzero(&cfg, sizeof(cfg));
	if (r)
		g_error("invite: a gate's stream: %s", g_strerror(-r));
	return place;
}

struct call_place *invite_places(const struct invite *inv,
				 const struct invite_wish *wish)
{
	struct call_place *first = NULL, **end = &first;

	for (guint i = 0; i < inv->ok.n_gates; i++) {
		*end = invite_place(inv, &inv->ok.gates[i], wish);
		if (*end)
			end = &(*end)->next;
	}
	return first;
}

char *invite_address_text(const struct sockaddr_storage *address)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (address->ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const void *)address;

		inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
		return g_strdup_printf("%s:%u", text, ntohs(v4->sin_port));
	} else {
		const struct sockaddr_in6 *v6 = (const void *)address;

		inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
		return g_strdup_printf("[%s]:%u", text, ntohs(v6->sin6_port));
	}
}
