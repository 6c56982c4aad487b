#include "bridge/join.h"

#include <string.h>

#include "bridge/join_link.h"
#include "bridge/room/entrance.h"

static enum join_verdict of_link(enum join_link_state state)
{
	static const enum join_verdict verdicts[] = {
		[JOIN_LINK_GOOD] = JOIN_WELCOME,
		[JOIN_LINK_USED] = JOIN_LINK_IS_USED,
		[JOIN_LINK_OLD] = JOIN_LINK_IS_OLD,
		[JOIN_LINK_UNKNOWN] = JOIN_LINK_IS_NONE,
	};

	return verdicts[state];
}

static enum join_verdict of_entrance(enum entrance_verdict verdict)
{
	static const enum join_verdict verdicts[] = {
		[ENTRANCE_OPEN] = JOIN_WELCOME,
		[ENTRANCE_LOCKED] = JOIN_LOCKED,
		[ENTRANCE_BANNED] = JOIN_BANNED,
	};

	return verdicts[verdict];
}

static void describe(const struct hall *hall, const struct store_token *token,
		     const char *device, struct join_answer *answer)
{
	const struct room_guest guest = {
		.address = token->address,
		.device = device,
		.via = MEMBER_BY_BROWSER,
	};

	answer->room = g_strdup(hall->rules->address);
	answer->room_name = g_strdup(room_name(hall->room));
	answer->address = g_strdup(token->address);
	answer->name = g_strdup(token->name);
	answer->lobby = entrance_holds(room_entrance(hall->room), &guest);
	answer->people = room_people(hall->room);
	answer->capacity = room_capacity(hall->room);
}

/* A link is not used up by who finds the door shut. */
static enum join_verdict open_link(struct store *sto,
				   const struct store_token *token,
				   const char *text, gint64 now,
				   struct join_answer *answer)
{
	g_autoptr(GError) error = NULL;

	answer->session = join_link_open(sto, token, text, now, &error);
	if (answer->session)
		return JOIN_WELCOME;
	g_critical("join: %s", error->message);
	return JOIN_NOT_NOW;
}

void join_look(struct store *sto, const struct rooms *rms, const char *text,
	       gboolean open, gint64 now, struct join_answer *answer_r)
{
	enum join_link_state state;
	SCOPED(store_token)
	token = join_link_find(sto, text, now, &state);
	g_autofree char *device = NULL;
	const struct hall *hall;
	char detail[2];

	answer_r->verdict = of_link(state);
	if (!token)
		return;
	hall = rooms_find(rms, token->room, detail, sizeof(detail));
	if (!hall) {
		answer_r->verdict = JOIN_NO_ROOM;
		return;
	}
	device = join_link_device(token->digest);
	describe(hall, token, device, answer_r);
	if (answer_r->verdict == JOIN_WELCOME)
		answer_r->verdict = of_entrance(
			entrance_judge(room_entrance(hall->room),
				       token->address, device, now));
	if (answer_r->verdict == JOIN_WELCOME && open)
		answer_r->verdict = open_link(sto, token, text, now, answer_r);
}
