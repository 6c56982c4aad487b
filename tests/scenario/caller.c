#include "tests/scenario/caller.h"

#include <stdlib.h>
#include <string.h>

#include "signaling/message.h"

const char *words_get(GHashTable *words, const char *key)
{
	return g_hash_table_lookup(words, key);
}

static const char * or (const char *value, const char *otherwise)
{
	return value ? value : otherwise;
}

static GBytes *with_header(GBytes *mail, const char *header)
{
	gsize size;
	const char *data = g_bytes_get_data(mail, &size);
	GString *text = g_string_new(header);

	if (header)
		g_string_append(text, "\r\n");
	g_string_append_len(text, data, (gssize)size);
	g_bytes_unref(mail);
	return g_string_free_to_bytes(text);
}

static GBytes *program_mail(const struct caller *call, GBytes *part,
			    enum ipsp_method method, GHashTable *words,
			    const char *mac, gint64 now)
{
	g_autofree char *id = g_strdup_printf(
		"%s.%s@caller.example", ipsp_method_name(method), call->did);
	const struct message_draft draft = {
		.from_address = call->address,
		.from_name = words ? words_get(words, "name") : NULL,
		.to_address = call->room,
		.subject = or (words ? words_get(words, "subject") : NULL,
			       "joining"),
		.message_id = id,
		.text = "A program reads this.\n",
		.ipsp = part,
		.method = method,
		.did = call->did,
		.mac = mac,
		.date = now,
	};

	return with_header(message_build(&draft),
			   words ? words_get(words, "header") : NULL);
}

static void fill_invite(struct caller *call, GHashTable *words, gint64 now,
			struct ipsp_message *msg)
{
	const char *suite = or (words_get(words, "suite"), "aes128gcm");
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize size = sizeof(msg->cancel_hash);

	msg->method = IPSP_INVITE;
	g_strlcpy(msg->did, call->did, sizeof(msg->did));
	g_strlcpy(msg->room, call->room, sizeof(msg->room));
	g_strlcpy(msg->address, or (words_get(words, "says"), call->address),
		  sizeof(msg->address));
	g_strlcpy(msg->device, or (words_get(words, "dev"), "telephone"),
		  sizeof(msg->device));
	g_strlcpy(msg->pin, or (words_get(words, "pin"), ""), sizeof(msg->pin));
	msg->issued = now - atoi(or (words_get(words, "age"), "0"));
	msg->expires = msg->issued + atoi(or (words_get(words, "life"), "120"));
	msg->suite_aes128gcm = !strcmp(suite, "aes128gcm");
	msg->suite_plain = !strcmp(suite, "plain");
	msg->audio_opus = TRUE;
	msg->level_id = (guint8)atoi(or (words_get(words, "lv"), "0"));
	if (words_get(words, "at")) {
		msg->n_candidates = 1;
		msg->candidates[0] =
			(struct ipsp_candidate){ .transport = "udp",
						 .port = 5004 };
		g_strlcpy(msg->candidates[0].address, words_get(words, "at"),
			  sizeof(msg->candidates[0].address));
	}
	memcpy(msg->public_key, call->pair.public_key, sizeof(msg->public_key));
	g_checksum_update(sum, call->preimage, sizeof(call->preimage));
	g_checksum_get_digest(sum, msg->cancel_hash, &size);
	msg->has_cancel_hash = TRUE;
}

/* Another version of the protocol, which ipsp_encode() does not speak. */
static GBytes *with_version(GBytes *part, const char *version)
{
	g_autofree char *member = g_strdup_printf("\"ipsp\":%s", version);
	GString *text = g_string_new_len(g_bytes_get_data(part, NULL),
					 (gssize)g_bytes_get_size(part));

	g_assert_cmpuint(g_string_replace(text, "\"ipsp\":1", member, 1), ==,
			 1);
	g_bytes_unref(part);
	return g_string_free_to_bytes(text);
}

struct caller *caller_invite(GHashTable *words, gint64 now)
{
	struct caller *call = g_new0(struct caller, 1);
	struct ipsp_message msg = { 0 };
	const char *version = words_get(words, "version");

	ipsp_did_generate(call->did);
	call->address = g_strdup(words_get(words, "from"));
	call->room = g_strdup(
		or (words_get(words, "room"), "standup@conf.example.net"));
	keys_pair_generate(&call->pair);
	for (guint i = 0; i < sizeof(call->preimage); i++)
		call->preimage[i] = (guint8)g_random_int();
	fill_invite(call, words, now, &msg);
	call->part = ipsp_encode(&msg);
	if (version)
		call->part = with_version(call->part, version);
	call->mail =
		program_mail(call, call->part, IPSP_INVITE, words, NULL, now);
	return call;
}

void caller_free(gpointer data)
{
	struct caller *call = data;

	g_free(call->address);
	g_free(call->room);
	g_bytes_unref(call->part);
	g_bytes_unref(call->mail);
	g_free(call);
}

GBytes *caller_forge(const struct caller *call, gint64 now)
{
	g_autoptr(GBytes) part = NULL;
	struct ipsp_message msg;

	g_assert_true(ipsp_decode(&msg, call->part, NULL));
	msg.expires--;
	part = ipsp_encode(&msg);
	return program_mail(call, part, IPSP_INVITE, NULL, NULL, now);
}

GBytes *caller_end(const struct caller *call, enum ipsp_method method,
		   gboolean wrong, gint64 now)
{
	struct ipsp_message msg = { .method = method, .issued = now };
	struct keys keys = call->keys;
	g_autoptr(GBytes) part = NULL;
	g_autofree char *mac = NULL;

	g_strlcpy(msg.did, call->did, sizeof(msg.did));
	g_strlcpy(msg.room, call->room, sizeof(msg.room));
	g_strlcpy(msg.address, call->address, sizeof(msg.address));
	memcpy(msg.cancel_preimage, call->preimage,
	       sizeof(msg.cancel_preimage));
	if (wrong) {
		msg.cancel_preimage[0] ^= 1;
		keys.ctl[0] ^= 1;
	}
	part = ipsp_encode(&msg);
	if (method == IPSP_BYE)
		mac = keys_mac(&keys, part);
	return program_mail(call, part, method, NULL, mac, now);
}

struct caller *caller_called(const struct ipsp_message *msg)
{
	struct caller *call = g_new0(struct caller, 1);

	g_strlcpy(call->did, msg->did, sizeof(call->did));
	call->address = g_strdup(msg->called);
	call->room = g_strdup(msg->room);
	call->part = g_bytes_new(NULL, 0);
	call->mail = g_bytes_new(NULL, 0);
	return call;
}

GBytes *caller_decline(const struct caller *call, gint64 now)
{
	struct ipsp_message msg = { .method = IPSP_REJECT,
				    .issued = now,
				    .code = 603 };
	g_autoptr(GBytes) part = NULL;

	g_strlcpy(msg.did, call->did, sizeof(msg.did));
	g_strlcpy(msg.room, call->room, sizeof(msg.room));
	g_strlcpy(msg.address, call->room, sizeof(msg.address));
	part = ipsp_encode(&msg);
	return program_mail(call, part, IPSP_REJECT, NULL, NULL, now);
}

GBytes *caller_bounce(const struct caller *call)
{
	char *text = g_strdup_printf(
		"Return-Path: <>\r\n"
		"From: Mail Delivery System "
		"<MAILER-DAEMON@conf.example.net>\r\n"
		"To: bounce+%s@conf.example.net\r\n"
		"Subject: Undelivered Mail Returned to Sender\r\n"
		"Auto-Submitted: auto-replied\r\n\r\n"
		"<%s>: unknown user\r\n",
		call->did, call->address);

	return g_bytes_new_take(text, strlen(text));
}

GBytes *caller_person(GHashTable *words, gint64 now)
{
	const char *header = words_get(words, "header");
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(now);
	g_autofree char *day =
		g_date_time_format(date, "%a, %d %b %Y %H:%M:%S +0000");
	char *text = g_strdup_printf(
		"%s%sFrom: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\n"
		"Message-ID: <%s@person.example>\r\nMIME-Version: 1.0\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: 8bit\r\n\r\n%s\r\n",
		or (header, ""), header ? "\r\n" : "", words_get(words, "from"),
		or (words_get(words, "to"), "standup@conf.example.net"),
		or (words_get(words, "subject"), "Hello"), day,
		or (words_get(words, "id"), "1"),
		or (words_get(words, "text"), "How do I join?"));

	return g_bytes_new_take(text, strlen(text));
}

gboolean caller_answered(struct caller *call, GBytes *ok,
			 const struct ipsp_message *decoded, GBytes *room_key)
{
	call->answered =
		keys_derive(&call->keys, &call->pair, decoded->public_key,
			    call->part, ok, room_key, NULL);
	call->level_id = decoded->level_id;
	return call->answered;
}
