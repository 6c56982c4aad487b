/* What the control thread wants. */
#include "bridge/gate/hub_private.h"

#include <string.h>

static void add_mix(struct engine *eng, struct command *cmd)
{
	links_init(&cmd->entry->sessions);
	engine_add_room(eng, cmd->entry);
}

static void remove_mix(struct engine *eng, struct command *cmd)
{
	struct engine_mix **at = &eng->mixes, *entry;

	while (*at && (*at)->mix != cmd->mix)
		at = &(*at)->next;
	entry = *at;
	if (!entry)
		return;
	*at = entry->next;
	play_end(eng, entry);
	engine_retire(eng, &entry->retiree, OBJECT_MIX, entry);
}

static void add_gate(struct engine *eng, struct command *cmd)
{
	struct phonegate *gate = cmd->gate;

	gate->entry = engine_find_mix(eng, gate->mix);
	gate->next = eng->gates;
	eng->gates = gate;
}

static void remove_gate(struct engine *eng, struct command *cmd)
{
	struct phonegate **at = &eng->gates;

	while (*at && *at != cmd->gate)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = cmd->gate->next;
	engine_retire(eng, &cmd->gate->retiree, OBJECT_GATE, cmd->gate);
}

static bool is_taken(const struct engine *eng, const struct path *path)
{
	const struct session *ses = engine_find(eng, path);

	return ses && path_equal(&ses->path, path);
}

/* Nobody loses his path to what a tool only says. */
static void place_tool(struct engine *eng, struct session *ses)
{
	if (ses->srtp) {
		engine_set_candidate(eng, ses, &ses->tool);
	} else if (is_taken(eng, &ses->tool)) {
		ses->why = GONE_PATH;
		engine_owe(eng, ses, OWED_GONE);
		engine_end_session(eng, ses);
	} else {
		engine_adopt_path(eng, ses, &ses->tool, eng->now_us);
	}
}

static void add_session(struct engine *eng, struct command *cmd)
{
	struct session *ses = cmd->ses;

	lookup_insert(&eng->by_name, &ses->by_name,
		      lookup_hash(&eng->by_name, ses->username,
				  strlen(ses->username)),
		      ses);
	links_append(&ses->gate->entry->sessions, &ses->in_room, ses);
	engine_first_beat(eng, ses);
	count(&eng->counters.sessions, 1);
	if (ses->tool.kind != PATH_NONE)
		place_tool(eng, ses);
}

static void remove_session(struct engine *eng, struct command *cmd)
{
	struct session *ses = cmd->ses;

	gate_media_bye(eng, ses, eng->now_us);
	engine_end_session(eng, ses);
	links_remove(&ses->in_room);
	links_remove(&ses->owing); /* who removes it knows that it is gone */
	links_remove(&ses->routing);
	engine_retire(eng, &ses->retiree, OBJECT_SESSION, ses);
	count(&eng->counters.sessions, (uint64_t)-1);
}

static void admit(struct engine *eng, struct command *cmd)
{
	(void)eng;
	cmd->ses->held = false;
}

static void mute(struct engine *eng, struct command *cmd)
{
	(void)eng;
	mix_leg_set_muted(cmd->ses->leg, cmd->muted);
}

static void deafen(struct engine *eng, struct command *cmd)
{
	(void)eng;
	cmd->ses->deaf = cmd->deaf;
}

static void set_gain(struct engine *eng, struct command *cmd)
{
	(void)eng;
	mix_leg_set_gain(cmd->ses->leg, cmd->gain);
}

static void message(struct engine *eng, struct command *cmd)
{
	if (cmd->ses->gone)
		engine_retire(eng, &cmd->message->retiree, OBJECT_MESSAGE,
			      cmd->message);
	else
		message_queue(eng, cmd->ses, cmd->message);
}

static void redirect(struct engine *eng, struct command *cmd)
{
	cmd->ses->alternate = cmd->alternate;
	message(eng, cmd);
}

static void send_dtls(struct engine *eng, struct command *cmd)
{
	ice_send_dtls(eng, cmd->ses, cmd->message);
}

static void set_keys(struct engine *eng, struct command *cmd)
{
	ice_set_keys(eng, cmd->ses, cmd->stream);
}

static void restart_ice(struct engine *eng, struct command *cmd)
{
	ice_restart(eng, cmd->ses, cmd->credentials);
}

static bool take_websocket(struct engine *eng)
{
	struct path from;

	if (!ring_pop(eng->packets_down, &eng->packet))
		return false;
	eng->packets_popped++;
	from = path_from_websocket(eng->packet.connection);
	engine_packet(eng, &from, eng->packet.buf, eng->packet.size,
		      eng->now_us);
	return true;
}

static void websocket_closed(struct engine *eng, struct command *cmd)
{
	struct path path = path_from_websocket(cmd->connection);
	struct session *ses;

	/* What it sent before it closed is older than its close. */
	while (eng->packets_popped < cmd->packets_before && take_websocket(eng))
		;
	while ((ses = engine_find(eng, &path))) {
		if (path_equal(&ses->candidate, &path))
			engine_forget_candidate(eng, ses);
		if (!path_equal(&ses->path, &path))
			continue;
		ses->why = GONE_PATH;
		engine_owe(eng, ses, OWED_GONE);
		engine_end_session(eng, ses);
	}
}

static void detach(struct engine *eng, struct command *cmd)
{
	relay_detach(eng, cmd->move);
}

static void attach(struct engine *eng, struct command *cmd)
{
	relay_attach(eng, cmd->move);
}

static void forget_route(struct engine *eng, struct command *cmd)
{
	relay_forget(eng, cmd->route);
}

static void add_hub(struct engine *eng, struct command *cmd)
{
	struct engine_mix *entry = engine_find_mix(eng, cmd->place.to);

	if (entry && !entry->hub)
		hub_attach(eng, entry, cmd->hub);
	else
		engine_retire(eng, &cmd->hub->retiree, OBJECT_HUB, cmd->hub);
}

static void remove_hub(struct engine *eng, struct command *cmd)
{
	hub_detach(eng, cmd->hub);
}

static void set_hub(struct engine *eng, struct command *cmd)
{
	hub_set(eng, cmd->hub, cmd->place.root, cmd->place.vice);
}

static void add_trunk(struct engine *eng, struct command *cmd)
{
	hub_add_trunk(eng, cmd->hub, cmd->added);
}

static void remove_trunk(struct engine *eng, struct command *cmd)
{
	hub_remove_trunk(eng, cmd->trunk);
}

static void must_hear(struct engine *eng, struct command *cmd)
{
	(void)eng;
	mix_leg_set_must(cmd->ses->leg, cmd->must);
	if (cmd->ses->talk)
		cmd->ses->talk->talker.must = cmd->must;
}

static void hub_message(struct engine *eng, struct command *cmd)
{
	struct message *msg = cmd->letter.message;

	hub_send(cmd->hub, cmd->letter.to, msg->text, msg->size);
	engine_retire(eng, &msg->retiree, OBJECT_MESSAGE, msg);
}

static void (*const handlers[COMMANDS])(struct engine *eng,
					struct command *cmd) = {
	[COMMAND_ADD_MIX] = add_mix,
	[COMMAND_REMOVE_MIX] = remove_mix,
	[COMMAND_ADD_GATE] = add_gate,
	[COMMAND_REMOVE_GATE] = remove_gate,
	[COMMAND_ADD_SESSION] = add_session,
	[COMMAND_REMOVE_SESSION] = remove_session,
	[COMMAND_ADMIT] = admit,
	[COMMAND_MUTE] = mute,
	[COMMAND_DEAFEN] = deafen,
	[COMMAND_SET_GAIN] = set_gain,
	[COMMAND_MESSAGE] = message,
	[COMMAND_REDIRECT] = redirect,
	[COMMAND_SEND_DTLS] = send_dtls,
	[COMMAND_SET_KEYS] = set_keys,
	[COMMAND_RESTART_ICE] = restart_ice,
	[COMMAND_WEBSOCKET_CLOSED] = websocket_closed,
	[COMMAND_DETACH] = detach,
	[COMMAND_ATTACH] = attach,
	[COMMAND_FORGET_ROUTE] = forget_route,
	[COMMAND_ADD_HUB] = add_hub,
	[COMMAND_REMOVE_HUB] = remove_hub,
	[COMMAND_SET_HUB] = set_hub,
	[COMMAND_ADD_TRUNK] = add_trunk,
	[COMMAND_REMOVE_TRUNK] = remove_trunk,
	[COMMAND_MUST_HEAR] = must_hear,
	[COMMAND_HUB_MESSAGE] = hub_message,
	[COMMAND_SET_TAP] = play_set_tap,
	[COMMAND_PLAY] = play_add,
	[COMMAND_HUSH] = play_hush,
};

/* Bounded by the rings' sizes even while they are being filled. */
void engine_apply(struct engine *eng, uint64_t now_us)
{
	eng->now_us = now_us;
	for (int i = 0; i < COMMAND_SLOTS; i++) {
		struct command cmd;

		if (!ring_pop(eng->commands, &cmd))
			break;
		handlers[cmd.kind](eng, &cmd);
	}
	for (int i = 0; i < PACKET_SLOTS; i++)
		if (!take_websocket(eng))
			break;
	relay_take_updates(eng);
	relay_take_packets(eng, now_us);
	trunk_take_rings(eng, now_us);
}
