#include "bridge/answer.h"

#include <string.h>

#include "signaling/letters.h"

#define LETTER_LIFE_S (24 * 3600) /* a slower mail server has lost it */

static const char *domain_of(const char *address)
{
	return strrchr(address, '@') + 1;
}

/* `local` names the mail: local@domain is its Message-ID. */
static struct store_post *make_post(const struct answer_from *from,
				    const char *local, enum letters_kind kind,
				    const struct letters_facts *facts,
				    struct message_draft *draft)
{
	g_autofree char *subject = letters_subject(kind, facts);
	g_autofree char *text = letters_text(kind, facts);
	g_autofree char *message_id =
		g_strconcat(local, "@", domain_of(from->room), NULL);
	struct store_post *post = g_new0(struct store_post, 1);

	draft->from_address = from->room;
	draft->from_name = from->room_name;
	draft->subject = subject;
	draft->text = text;
	draft->message_id = message_id;
	post->account = g_strdup(from->account);
	post->name = g_strdup(local);
	post->recipient = g_strdup(draft->to_address);
	post->mail = message_build(draft);
	post->did = g_strdup(draft->did);
	post->expires = draft->expires;
	/* A bounce of a program's answer cancels its dialog; that of another
	 * mail would tell us nothing: RFC 3834 3.3, the null sender. */
	post->envelope_from =
		draft->did ? g_strdup_printf("bounce+%s@%s", draft->did,
					     domain_of(from->room))
			   : g_strdup("");
	return post;
}

struct store_post *answer_program(const struct answer_from *from,
				  const struct message *msg,
				  const struct ipsp_message *reply,
				  GBytes *part)
{
	static const enum letters_kind kinds[IPSP_METHODS] = {
		[IPSP_OK] = LETTERS_OK,
		[IPSP_BUSY] = LETTERS_BUSY,
		[IPSP_REJECT] = LETTERS_REJECT,
	};
	const struct letters_facts facts = {
		.japanese = msg->japanese,
		.subject = msg->subject,
		.room = from->room,
		.room_name = from->room_name,
		.person = msg->from_address,
		.people = reply->people,
		.max = reply->max,
		.retry_s = reply->retry_s,
		.reason = reply->text,
	};
	struct message_draft draft = {
		.to_address = msg->from_address,
		.in_reply_to = msg->message_id,
		.ipsp = part,
		.method = reply->method,
		.did = reply->did,
		.date = reply->issued,
		.expires = reply->expires,
		.auto_replied = TRUE,
	};
	g_autofree char *local = g_strconcat("ipsp-re.", reply->did, NULL);

	return make_post(from, local, kinds[reply->method], &facts, &draft);
}

static char *hex(const guint8 *bytes, gsize size)
{
	GString *text = g_string_sized_new(2 * size);

	for (gsize i = 0; i < size; i++)
		g_string_append_printf(text, "%02x", bytes[i]);
	return g_string_free(text, FALSE);
}

struct store_post *answer_person(const struct answer_from *from,
				 const struct message *msg,
				 const guint8 digest[STORE_DIGEST_SIZE],
				 const struct answer_letter *letter, gint64 now)
{
	const struct letters_facts facts = {
		.japanese = msg->japanese,
		.subject = msg->subject,
		.room = from->room,
		.room_name = from->room_name,
		.person = msg->from_address,
		.people = letter->people,
		.max = letter->max,
		.names = letter->names,
		.lobby = letter->lobby,
		.reason = letter->reason,
		.link = letter->link,
		.seconds = letter->link_s,
	};
	struct message_draft draft = {
		.to_address = msg->from_address,
		.in_reply_to = msg->message_id,
		.date = now,
		.expires = now + LETTER_LIFE_S,
		.auto_replied = TRUE,
	};
	g_autofree char *name = hex(digest, IPSP_DID_BYTES);
	g_autofree char *local = g_strconcat("letter.", name, NULL);

	return make_post(from, local, letter->kind, &facts, &draft);
}

struct store_post *answer_moderator(const struct answer_from *from,
				    const char *address, const char *link,
				    gboolean japanese, gint64 now,
				    gint64 expires)
{
	const struct letters_facts facts = {
		.japanese = japanese,
		.room = from->room,
		.room_name = from->room_name,
		.person = address,
		.link = link,
	};
	struct message_draft draft = {
		.to_address = address,
		.date = now,
		.expires = expires,
	};
	char random[IPSP_DID_LENGTH + 1];
	g_autofree char *local = NULL;

	ipsp_did_generate(random);
	local = g_strconcat("login.", random, NULL);
	return make_post(from, local, LETTERS_LOGIN, &facts, &draft);
}

struct store_post *answer_call(const struct answer_from *from,
			       const struct expected_guest *guest)
{
	const struct letters_facts facts = {
		.room = from->room,
		.room_name = from->room_name,
		.person = guest->address,
		.by = guest->by,
	};
	struct ipsp_message invite = { .method = IPSP_INVITE,
				       .issued = guest->at,
				       .expires = guest->until };
	struct message_draft draft = {
		.to_address = guest->address,
		.method = IPSP_INVITE,
		.did = guest->did,
		.date = guest->at,
		.expires = guest->until,
	};
	g_autofree char *local = g_strconcat("ipsp-call.", guest->did, NULL);
	g_autoptr(GBytes) part = NULL;

	g_strlcpy(invite.did, guest->did, sizeof(invite.did));
	g_strlcpy(invite.room, from->room, sizeof(invite.room));
	g_strlcpy(invite.address, from->room, sizeof(invite.address));
	g_strlcpy(invite.called, guest->address, sizeof(invite.called));
	g_strlcpy(invite.text, guest->by, sizeof(invite.text));
	part = ipsp_encode(&invite);
	draft.ipsp = part;
	return make_post(from, local, LETTERS_CALL, &facts, &draft);
}

struct store_post *answer_recording(const struct answer_from *from,
				    const char *address, const char *link,
				    const struct recording *row, gint64 now)
{
	const struct letters_facts facts = {
		.room = from->room,
		.room_name = from->room_name,
		.person = address,
		.link = link,
		.seconds = (guint)(row->frames / RECORDING_HZ),
	};
	struct message_draft draft = {
		.to_address = address,
		.date = now,
		.expires = now + LETTER_LIFE_S,
	};
	g_autofree char *whom =
		g_compute_checksum_for_string(G_CHECKSUM_SHA256, address, -1);
	g_autofree char *local =
		g_strdup_printf("recording.%s.%.12s", row->id, whom);

	return make_post(from, local, LETTERS_RECORDING, &facts, &draft);
}
