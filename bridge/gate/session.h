/* session - one member at a PhoneGate: its credentials, the network path it
 * proved, its RTP stream and its leg in the mix.
 *
 * Created and destroyed by the control thread, used by one worker between
 * worker_add_session() and its retirement. */
#ifndef GATE_SESSION_H
#define GATE_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "mixer/mix.h"
#include "mixer/stream.h"

struct session;

struct session_config {
	uint32_t member;    /* the control thread's own number for it */
	char username[64];  /* STUN USERNAME: the dialog id */
	char password[64];  /* STUN short-term password */
	unsigned consent_s; /* drop after so long without consent: 30 */
	/* A tool (docs/whip.md): where it receives, and which of the worker's
	 * sockets serves it; family 0: a phone. In the clear this is its path
	 * at once, unless another has it: GONE_PATH. With SRTP it proves the
	 * address by its first authentic packet. It says no STUN: nobody is
	 * told the password. Its consent is whatever comes from it, and one
	 * that never sends anything is not dropped for that. */
	struct sockaddr_storage address;
	unsigned port;
	/* A browser (docs/whip.md), RFC 8445 as its lite end: username is
	 * "OURS:THEIRS" of both user fragments, password ours. Its stream gets
	 * its keys by worker_set_keys() when DTLS has agreed on them; those
	 * given here are to be random, nothing is known that they open. */
	bool ice;
	/* Answers STUN, but sends nothing with its keys until worker_admit():
	 * so that their first use can be written down before. */
	bool held;
	/* A place beforehand for a member who is elsewhere now (docs/ipsp.md,
	 * "Standby"): it takes none of its gate's places, so that nobody is
	 * turned away in mid-call, and nothing is reported of it until he
	 * registers. */
	bool standby;
	/* In a room of several hubs: the talker's name in the whole room,
	 * unique in its life, and which of the caller's places this is. Sound
	 * of a later place replaces that of an earlier one, in whatever order
	 * they come. Origin 0: heard on this worker only. */
	uint32_t origin;
	uint8_t place;
	struct stream_config stream;
	struct mix_leg_config leg;
};

/* The figures of a second, small: thousands of sessions tell theirs. */
struct session_report {
	struct stream_figures in, out; /* from the member, and to it */
	float round_trip_ms;	       /* < 0: not known */
	float peak_dbov;	       /* loudest frame heard from it */
	uint64_t received;	       /* packets */
	/* Seconds in which it talked and was heard, since it came. */
	uint32_t talked_s;
	/* Seconds since anything but digital silence came from it. */
	uint32_t silent_s;
	bool talking;
	bool registered;
};

/* Returns 0, -EINVAL or -ENOMEM. */
int session_create(struct session **ses_r, const struct session_config *cfg);
/* For a session that no worker was given. Accepts NULL. */
void session_destroy(struct session **sesp);

/* Level of the newest frame heard from it in dBov, -127 to 0, for meters.
 * Control thread, while the session is not retired; never blocks. */
int session_level(const struct session *ses);

#endif
