#include "tests/bench/driver/members.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mixer/srtp_cipher.h"
#include "tests/bench/driver/ear.h"
#include "tests/bench/driver/voices.h"

#define LINE 256

static struct srtp_cipher *make_cipher(const char *hex,
				       enum srtp_direction direction)
{
	struct srtp_cipher *cip = NULL;
	uint8_t key[MEMBERS_KEY];

	if (strlen(hex) != 2 * MEMBERS_KEY)
		errx(2, "a key of %zu characters", strlen(hex));
	for (size_t i = 0; i < MEMBERS_KEY; i++) {
		char byte[3] = { hex[2 * i], hex[2 * i + 1], 0 };

		key[i] = (uint8_t)strtoul(byte, NULL, 16);
	}
	if (srtp_cipher_create(&cip, SRTP_GCM, key, direction))
		errx(1, "no cipher");
	return cip;
}

/* All begin at another word, and with their own numbers (RFC 3550 5.1). */
static void begin(struct member *who, unsigned i)
{
	uint32_t hash = (i + 1) * 2654435761u;

	who->ssrc = hash | 1;
	who->sequence = (uint16_t)(hash >> 17); /* below 2^15: RFC 3711 3.3.1 */
	who->timestamp = hash ^ 0x5bd1e995u;
	who->start = voices_fixed(who->voice) ? 0 : (hash >> 8) % VOICES_FRAMES;
}

static void read_member(struct member *who, unsigned i, const char *line,
			unsigned frames)
{
	char voice[8], send[2 * MEMBERS_KEY + 2] = "", receive[sizeof(send)];
	unsigned port, level_id, expects, ear;
	int n = sscanf(line, "%u %u %7s %u %u %u %57s %57s", &who->room, &port,
		       voice, &level_id, &expects, &ear, send, receive);

	if ((n != 6 && n != 8) || port > 65535 || level_id > 14)
		errx(2, "not a member: %s", line);
	who->port = (uint16_t)port;
	who->level_id = (uint8_t)level_id;
	who->voice = strcmp(voice, "-") ? atoi(voice) : -1;
	if (who->voice >= VOICES)
		errx(2, "no voice %d", who->voice);
	who->expects = expects;
	if (ear)
		who->ear = ear_new(frames);
	if (n == 8)
		who->send = make_cipher(send, SRTP_PROTECT);
	if (n == 8 && ear)
		who->receive = make_cipher(receive, SRTP_UNPROTECT);
	if (voices_bursts(who->voice))
		who->sent_at = calloc(frames, sizeof(*who->sent_at));
	begin(who, i);
}

void members_read(struct members *all, unsigned frames)
{
	unsigned cap = 0;
	char line[LINE];

	all->frames = frames;
	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "go\n"))
			return;
		if (all->n == cap) {
			cap = cap ? 2 * cap : 64;
			all->of = reallocarray(all->of, cap, sizeof(*all->of));
			if (!all->of)
				err(1, "members");
		}
		memset(&all->of[all->n], 0, sizeof(*all->of));
		read_member(&all->of[all->n], all->n, line, frames);
		all->n++;
	}
	errx(2, "the plan has no end");
}

void members_free(struct members *all)
{
	for (unsigned i = 0; i < all->n; i++) {
		ear_free(all->of[i].ear);
		free(all->of[i].sent_at);
		srtp_cipher_destroy(&all->of[i].send);
		srtp_cipher_destroy(&all->of[i].receive);
	}
	free(all->of);
}
