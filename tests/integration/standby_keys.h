/* standby_keys - the secrets of the caller of standby.c and of the gates that
 * it kills: from thin air, no mail. Header only. */
#ifndef TESTS_STANDBY_KEYS_H
#define TESTS_STANDBY_KEYS_H

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

#include "loadgen/call_place.h"

#define STANDBY_PASSWORD "swordfish"

static inline void standby_username(bool announcer,
				    char name_r[STUN_MAX_USERNAME])
{
	g_strlcpy(name_r, announcer ? "announcer" : "dialog",
		  STUN_MAX_USERNAME);
}

/* One key, and SSRCs that no other place has. */
static inline struct stream_config standby_stream(unsigned k, bool caller)
{
	struct stream_config cfg = { .suite = SRTP_GCM,
				     .send_ssrc = 2 * k + 1 + caller,
				     .receive_ssrc = 2 * k + 2 - caller,
				     .payload_type = 111,
				     .level_id = 1,
				     .cname = "test" };

	memset(cfg.send_key, 1 + caller, SRTP_MAX_KEY);
	memset(cfg.receive_key, 2 - caller, SRTP_MAX_KEY);
	return cfg;
}

/* As the caller knows it. */
static inline struct call_place_config standby_place(unsigned k, uint16_t port)
{
	struct call_place_config cfg = {
		.k = k,
		.registration = { .password = STANDBY_PASSWORD,
				  .n_targets = 1,
				  .laps = 1,
				  .keep_us = 15000000,
				  .echo = true },
		.stream = standby_stream(k, true),
	};
	const struct sockaddr_in v4 = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	standby_username(false, cfg.registration.username);
	memcpy(&cfg.registration.targets[0].address, &v4, sizeof(v4));
	return cfg;
}

#endif
