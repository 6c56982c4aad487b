/* A person's mail to a room: no IPSP part, but words. It gets one letter, in
 * its language: a link to join by the browser, or why there is none. */
#include <string.h>

#include "bridge/answer.h"
#include "bridge/arrival.h"
#include "bridge/join_link.h"
#include "bridge/room/entrance.h"
#include "signaling/text.h"

#define MAX_NAMES 10
#define MAX_NAME  64 /* bytes of one */

/* A number tells enough to whoever may write to the room. Names are for those
 * whom its operator has listed, or made its moderators. */
static gboolean may_know_names(const struct arrival *arr)
{
	return arr->hall->rules->answer == CONFIG_ANSWER_LIST ||
	       room_is_moderator(arr->hall->room, arr->msg->from_address);
}

/* NULL: there are none to be told. Caller frees. */
static char *names_of(const struct arrival *arr)
{
	const GPtrArray *members = room_members(arr->hall->room);
	const char *comma = arr->msg->japanese ? "、" : ", ";
	GString *names = g_string_new(NULL);
	guint n = 0;

	if (!may_know_names(arr))
		return g_string_free(names, TRUE);
	for (guint i = 0; i < members->len; i++) {
		const struct member *mem = members->pdata[i];
		g_autofree char *name = NULL;
		g_autofree char *line = NULL;

		if (mem->state != MEMBER_HERE || mem->held)
			continue;
		if (n++ == MAX_NAMES) {
			g_string_append(names, " …");
			break;
		}
		name = member_shown_name(mem);
		line = text_line(name, MAX_NAME);
		g_string_append_printf(names, "%s%s", names->len ? comma : "",
				       line);
	}
	return g_string_free(names, n == 0);
}

/* Why there is no link, or 0. As of an INVITE, who does not know the PIN
 * learns nothing of the lock. */
static guint refusal(const struct arrival *arr)
{
	enum entrance_verdict verdict =
		entrance_judge(room_entrance(arr->hall->room),
			       arr->msg->from_address, NULL, arr->now);

	if (verdict == ENTRANCE_BANNED)
		return IPSP_REJECT_FORBIDDEN;
	if (!arrival_pin_right(arr))
		return IPSP_REJECT_PIN;
	return verdict == ENTRANCE_LOCKED ? IPSP_REJECT_LOCKED : 0;
}

static void answer(struct arrival *arr, const struct answer_letter *letter)
{
	const struct config_room *rules = arr->hall->rules;
	const struct answer_from from = { .account = rules->account,
					  .room = rules->address,
					  .room_name = rules->name };

	arr->post = answer_person(&from, arr->msg, arr->known.digest, letter,
				  arr->now);
}

static void refuse(struct arrival *arr, guint code)
{
	answer(arr, &(struct answer_letter){
			    .kind = code == IPSP_REJECT_PIN ? LETTERS_PIN
							    : LETTERS_REJECT,
			    .reason = letters_reason(code, arr->msg->japanese),
		    });
	arrival_refused(arr, "rejected", letters_reason(code, FALSE));
	g_info("reception: no join link room=%s code=%u",
	       arr->hall->rules->address, code);
}

static void send_link(struct arrival *arr)
{
	struct room *room = arr->hall->room;
	const struct join_guest whom = { .room = arr->hall->rules->address,
					 .address = arr->msg->from_address,
					 .name = arr->msg->from_name };
	const struct room_guest guest = { .address = whom.address,
					  .via = MEMBER_BY_BROWSER };
	g_autofree char *url =
		join_link_make(arr->rec->web_url, &whom, arr->now, &arr->link);
	g_autofree char *names = names_of(arr);

	answer(arr,
	       &(struct answer_letter){
		       .kind = LETTERS_JOIN_LINK,
		       .link = url,
		       .link_s = JOIN_LINK_S,
		       .people = room_people(room),
		       .max = room_capacity(room),
		       .names = names,
		       .lobby = entrance_holds(room_entrance(room), &guest),
	       });
	g_info("reception: join link room=%s", whom.room);
}

/* TRUE: it was answered before. Without a Message-ID the same bytes are the
 * same mail. */
static gboolean is_copy(struct arrival *arr)
{
	arr->sender = g_strdup_printf(
		"%s <%s>", arr->msg->from_address,
		arr->msg->message_id ? arr->msg->message_id : arr->digest);
	if (!store_sender_known(arr->rec->store, arr->sender))
		return FALSE;
	g_info("reception: a second copy of %s", arr->sender);
	g_clear_pointer(&arr->sender, g_free);
	return TRUE;
}

void person_arrived(struct arrival *arr)
{
	guint code;

	if (!arr->hall) {
		arrival_set_aside(arr, "no room of this account is addressed");
		return;
	}
	if (is_copy(arr) || !arrival_may_answer(arr, arr->hall->rules->address))
		return;
	/* Who reads the mail could open the link, but does not know the key. */
	if (!arr->rec->web_url || arr->hall->rules->key) {
		answer(arr,
		       &(struct answer_letter){ .kind = LETTERS_HOW_TO_JOIN });
		return;
	}
	code = refusal(arr);
	if (code)
		refuse(arr, code);
	else
		send_link(arr);
}
