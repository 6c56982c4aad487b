/* What the control thread wants of a worker, put into its rings. */
#include "bridge/gate/hub_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int worker_add_mix(struct worker *wrk, struct mix *mix)
{
	struct engine_mix *entry = calloc(1, sizeof(*entry));
	int r;

	if (!entry)
		return -ENOMEM;
	entry->mix = mix;
	r = worker_command(wrk, &(struct command){ .kind = COMMAND_ADD_MIX,
						   .entry = entry });
	if (r)
		free(entry);
	return r;
}

int worker_remove_mix(struct worker *wrk, struct mix *mix)
{
	return worker_command(
		wrk,
		&(struct command){ .kind = COMMAND_REMOVE_MIX, .mix = mix });
}

int worker_add_gate(struct worker *wrk, struct phonegate *gate)
{
	return worker_command(wrk, &(struct command){ .kind = COMMAND_ADD_GATE,
						      .gate = gate });
}

int worker_remove_gate(struct worker *wrk, struct phonegate *gate)
{
	return worker_command(
		wrk,
		&(struct command){ .kind = COMMAND_REMOVE_GATE, .gate = gate });
}

int worker_add_session(struct worker *wrk, struct phonegate *gate,
		       struct session *ses)
{
	int r;

	if (!ses->standby && gate->taken >= gate->places)
		return -ENOSPC;
	ses->gate = gate;
	r = worker_command(wrk, &(struct command){ .kind = COMMAND_ADD_SESSION,
						   .ses = ses });
	if (!r)
		gate->taken += !ses->standby;
	return r;
}

int worker_remove_session(struct worker *wrk, struct session *ses)
{
	return worker_command(wrk,
			      &(struct command){ .kind = COMMAND_REMOVE_SESSION,
						 .ses = ses });
}

int worker_admit(struct worker *wrk, struct session *ses)
{
	return worker_command(
		wrk, &(struct command){ .kind = COMMAND_ADMIT, .ses = ses });
}

int worker_mute(struct worker *wrk, struct session *ses, bool muted)
{
	return worker_command(wrk, &(struct command){ .kind = COMMAND_MUTE,
						      .ses = ses,
						      .muted = muted });
}

int worker_deafen(struct worker *wrk, struct session *ses, bool deaf)
{
	return worker_command(wrk, &(struct command){ .kind = COMMAND_DEAFEN,
						      .ses = ses,
						      .deaf = deaf });
}

int worker_set_gain(struct worker *wrk, struct session *ses, float gain)
{
	return worker_command(wrk, &(struct command){ .kind = COMMAND_SET_GAIN,
						      .ses = ses,
						      .gain = gain });
}

/* What is said stands at *msgp in the command. */
static int command_with(struct worker *wrk, const struct command *cmd,
			struct message **msgp, const char *text, size_t size)
{
	int r;

	*msgp = message_create(text, size);
	if (!*msgp)
		return -ENOMEM;
	r = worker_command(wrk, cmd);
	if (r)
		free(*msgp);
	return r;
}

int worker_message(struct worker *wrk, struct session *ses, const char *json)
{
	struct command cmd = { .kind = COMMAND_MESSAGE, .ses = ses };
	size_t size = strlen(json);

	if (size > STREAM_APP_MAX)
		return -EMSGSIZE;
	return command_with(wrk, &cmd, &cmd.message, json, size);
}

int worker_redirect(struct worker *wrk, struct session *ses,
		    const struct sockaddr_storage *alternate)
{
	static const char check[] = "{\"t\":\"check\"}";
	struct command cmd = { .kind = COMMAND_REDIRECT, .ses = ses };

	if (alternate->ss_family &&
	    !path_from_socket(&cmd.alternate, 0,
			      (const struct sockaddr *)alternate))
		return -EINVAL;
	return command_with(wrk, &cmd, &cmd.message, check, sizeof(check) - 1);
}

int worker_send_dtls(struct worker *wrk, struct session *ses,
		     const uint8_t *buf, size_t size)
{
	struct command cmd = { .kind = COMMAND_SEND_DTLS, .ses = ses };

	if (size > RTP_MAX_PACKET)
		return -EMSGSIZE;
	return command_with(wrk, &cmd, &cmd.message, (const char *)buf, size);
}

int worker_set_keys(struct worker *wrk, struct session *ses,
		    const struct stream_config *stream)
{
	struct new_stream *made = calloc(1, sizeof(*made));
	int r = made ? stream_create(&made->stream, stream) : -ENOMEM;

	if (!r)
		r = worker_command(wrk,
				   &(struct command){ .kind = COMMAND_SET_KEYS,
						      .ses = ses,
						      .stream = made });
	if (r)
		worker_free(OBJECT_STREAM, made);
	return r;
}

int worker_restart_ice(struct worker *wrk, struct session *ses,
		       const char *username, const char *password)
{
	struct credentials *cred;
	int r;

	if (strlen(username) >= sizeof(cred->username))
		return -EINVAL;
	cred = calloc(1, sizeof(*cred));
	if (!cred)
		return -ENOMEM;
	memcpy(cred->username, username, strlen(username));
	stun_key_init(&cred->key, password);
	r = worker_command(wrk, &(struct command){ .kind = COMMAND_RESTART_ICE,
						   .ses = ses,
						   .credentials = cred });
	if (r)
		worker_free(OBJECT_CREDENTIALS, cred);
	return r;
}

int worker_add_hub(struct worker *wrk, struct mix *mix, struct hub *hub)
{
	hub->mix = mix;
	return worker_command(wrk, &(struct command){ .kind = COMMAND_ADD_HUB,
						      .hub = hub,
						      .place = { .to = mix } });
}

int worker_remove_hub(struct worker *wrk, struct hub *hub)
{
	return worker_command(
		wrk,
		&(struct command){ .kind = COMMAND_REMOVE_HUB, .hub = hub });
}

int worker_set_hub(struct worker *wrk, struct hub *hub, bool root, bool vice)
{
	return worker_command(
		wrk,
		&(struct command){ .kind = COMMAND_SET_HUB,
				   .hub = hub,
				   .place = { .root = root, .vice = vice } });
}

/* By which of the worker's sockets each peer is dialled. */
static void find_ports(const struct worker *wrk, struct trunk *trk)
{
	trk->n_peers = 0;
	for (unsigned i = 0; i < trk->n_addresses; i++)
		for (unsigned port = 0; port < wrk->n_ports; port++) {
			if (wrk->ports[port].address.ss_family !=
			    trk->addresses[i].ss_family)
				continue;
			trk->n_peers += path_from_socket(
				&trk->peers[trk->n_peers],
				wrk->first_port + port,
				(struct sockaddr *)&trk->addresses[i]);
			break;
		}
}

int worker_add_trunk(struct worker *wrk, struct hub *hub, struct trunk *trk)
{
	if (trk->ring)
		atomic_store(&trk->ring->wake_fd[trk->side], wrk->control_fd);
	find_ports(wrk, trk);
	if (!trk->ring && trk->role != TRUNK_CHILD && !trk->n_peers)
		return -EADDRNOTAVAIL;
	return worker_command(wrk, &(struct command){ .kind = COMMAND_ADD_TRUNK,
						      .hub = hub,
						      .added = trk });
}

int worker_remove_trunk(struct worker *wrk, struct trunk *trk)
{
	return worker_command(wrk,
			      &(struct command){ .kind = COMMAND_REMOVE_TRUNK,
						 .trunk = trk });
}

int worker_must_hear(struct worker *wrk, struct session *ses, bool must)
{
	return worker_command(wrk, &(struct command){ .kind = COMMAND_MUST_HEAR,
						      .ses = ses,
						      .must = must });
}

int worker_hub_message(struct worker *wrk, struct hub *hub, uint32_t to,
		       const char *json)
{
	struct command cmd = { .kind = COMMAND_HUB_MESSAGE,
			       .hub = hub,
			       .letter = { .to = to } };
	size_t size = strlen(json);

	if (!size || size > TRUNK_MAX_MESSAGE)
		return -EMSGSIZE;
	return command_with(wrk, &cmd, &cmd.letter.message, json, size);
}

int worker_set_tap(struct worker *wrk, struct mix *mix, struct tap *tap)
{
	return worker_command(wrk, &(struct command){ .kind = COMMAND_SET_TAP,
						      .mix = mix,
						      .tap = tap });
}

int worker_play(struct worker *wrk, struct mix *mix, struct clip *clip)
{
	struct engine_clip *entry = calloc(1, sizeof(*entry));
	int r;

	if (!entry)
		return -ENOMEM;
	entry->clip = clip;
	r = worker_command(wrk, &(struct command){ .kind = COMMAND_PLAY,
						   .mix = mix,
						   .clip = entry });
	if (r)
		free(entry);
	return r;
}

int worker_hush(struct worker *wrk, struct mix *mix)
{
	return worker_command(
		wrk, &(struct command){ .kind = COMMAND_HUSH, .mix = mix });
}

int worker_websocket(struct worker *wrk, uint32_t connection,
		     const uint8_t *buf, size_t size)
{
	if (size > sizeof(wrk->packet.buf))
		return -EMSGSIZE;
	wrk->packet.connection = connection;
	wrk->packet.size = size;
	memcpy(wrk->packet.buf, buf, size);
	if (!ring_push(wrk->eng->packets_down, &wrk->packet)) {
		count(&wrk->eng->counters.dropped_down, 1);
		return -EAGAIN;
	}
	wrk->packets_pushed++;
	thread_wake(wrk->control_fd);
	return 0;
}

int worker_websocket_closed(struct worker *wrk, uint32_t connection)
{
	return worker_command(
		wrk,
		&(struct command){ .kind = COMMAND_WEBSOCKET_CLOSED,
				   .connection = connection,
				   .packets_before = wrk->packets_pushed });
}
