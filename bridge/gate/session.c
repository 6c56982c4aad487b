#include "bridge/gate/hub_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

static bool is_tool(const struct session_config *cfg)
{
	return cfg->address.ss_family != AF_UNSPEC;
}

int session_create(struct session **ses_r, const struct session_config *cfg)
{
	struct mix_leg_config leg = cfg->leg;
	struct session *ses;
	uint32_t random[2];
	int r;

	if (!cfg->username[0] || !cfg->password[0] || !cfg->consent_s ||
	    !memchr(cfg->username, 0, sizeof(cfg->username)) ||
	    !memchr(cfg->password, 0, sizeof(cfg->password)) ||
	    (cfg->ice && cfg->stream.suite == SRTP_NONE))
		return -EINVAL;
	ses = calloc(1, sizeof(*ses));
	if (!ses)
		return -ENOMEM;
	ses->member = cfg->member;
	memcpy(ses->username, cfg->username, sizeof(ses->username));
	stun_key_init(&ses->key, cfg->password);
	ses->consent_life_us = cfg->consent_s * 1000000ull;
	ses->srtp = cfg->stream.suite != SRTP_NONE;
	ses->held = cfg->held;
	ses->ice = cfg->ice;
	ses->standby = cfg->standby;
	ses->buffer_max_ms = cfg->leg.jitter.max_ms;
	ses->level = (int)LEVEL_SILENCE;
	ses->messages_end = &ses->messages;
	r = RAND_bytes((uint8_t *)random, sizeof(random)) == 1 ? 0 : -EIO;
	if (is_tool(cfg) &&
	    !path_from_socket(&ses->tool, cfg->port,
			      (const struct sockaddr *)&cfg->address))
		r = -EINVAL;
	ses->random = random[0] | 1;
	ses->next_id = random[1];
	if (cfg->origin &&
	    !(ses->talk = origin_create(ses, cfg->origin, cfg->place)))
		r = -ENOMEM;
	if (!r)
		r = stream_create(&ses->stream, &cfg->stream);
	leg.track = cfg->member;
	if (!r)
		r = mix_leg_create(&ses->leg, &leg);
	if (r)
		session_destroy(&ses);
	else
		*ses_r = ses;
	return r;
}

void session_destroy(struct session **sesp)
{
	struct session *ses = *sesp;

	*sesp = NULL;
	if (!ses)
		return;
	while (ses->messages) {
		struct message *msg = ses->messages;

		ses->messages = msg->next;
		free(msg);
	}
	stream_destroy(&ses->stream);
	mix_leg_destroy(&ses->leg);
	free(ses->talk);
	OPENSSL_cleanse(ses, sizeof(*ses));
	free(ses);
}

int session_level(const struct session *ses)
{
	return atomic_load_explicit(&ses->level, memory_order_relaxed);
}

/* xorshift32 (Marsaglia 2003). */
uint32_t session_random(struct session *ses)
{
	ses->random ^= ses->random << 13;
	ses->random ^= ses->random >> 17;
	ses->random ^= ses->random << 5;
	return ses->random;
}

bool session_has_seen(const struct session *ses, uint32_t id)
{
	unsigned n = ses->n_seen < SESSION_SEEN ? ses->n_seen : SESSION_SEEN;

	for (unsigned i = 0; i < n; i++)
		if (ses->seen[i] == id)
			return true;
	return false;
}

void session_remember(struct session *ses, uint32_t id)
{
	ses->seen[ses->n_seen++ % SESSION_SEEN] = id;
}
