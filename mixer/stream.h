/* stream - one session's RTP in both directions: SRTP, sequence numbers,
 * reception statistics, RTCP.
 *
 * The same object serves a PhoneGate's session and a caller. Created and
 * destroyed by the control thread, used by one media thread. IPSP/1 derives
 * both SSRCs from the dialog's secret; a tool's is found in what it sends. The
 * keys are known at creation, so that no cipher has to be set up, and with it
 * memory allocated, in a tick. */
#ifndef MIXER_STREAM_H
#define MIXER_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mixer/level.h"
#include "mixer/rtp.h"
#include "mixer/srtp_cipher.h"

#define STREAM_APP_MAX 1024 /* bytes of one control message */

struct stream;

struct stream_config {
	enum srtp_suite suite;
	uint8_t send_key[SRTP_MAX_KEY]; /* key and salt, as the suite says */
	uint8_t receive_key[SRTP_MAX_KEY];
	uint32_t send_ssrc;
	uint32_t receive_ssrc; /* 0: any, and its changes (mixer/source.h) */
	uint8_t payload_type;  /* of Opus, both directions */
	/* The header extension of the audio level (RFC 6464), both
	 * directions: 1 to RTP_MAX_LEVEL_ID, 0: not agreed on. */
	uint8_t level_id;
	char cname[64]; /* RTCP SDES; a random token, RFC 7022 */
};

/* What becomes of the packets received, as their player says. */
struct stream_playout {
	/* Frames since the start, all increasing; where one decreases its
	 * player began anew. */
	uint64_t played, concealed, recovered;
	int buffer_ms;	   /* delay of the jitter buffer at this moment */
	int buffer_max_ms; /* what it may become */
	/* The rest of this end's delay, both ways: waiting for a whole frame,
	 * codec, sound card. */
	int other_ms;
	float level_dbov; /* of the newest frame */
	bool talking;
};

/* One direction. Below 0: not known. */
struct stream_figures {
	float loss;	 /* 0..1 of the packets, in the last second */
	float late;	 /* 0..1: came, but too late to be played */
	float concealed; /* 0..1 of the frames: made up */
	float recovered; /* 0..1 of the frames: by error correction */
	float jitter_ms; /* interarrival jitter, RFC 3550 6.4.1 */
	float buffer_ms; /* delay of its receiver's jitter buffer */
	float mos;	 /* estimate, see mixer/emodel.h */
};

/* What is known of the path; RFC 3550 6.4.1 and appendix A. */
struct stream_report {
	uint64_t received, sent; /* packets; those skipped among them */
	uint64_t skipped;	 /* left undecrypted, see stream_skip_rtp() */
	uint64_t bytes_in, bytes_out;
	int64_t lost; /* packets, ours as receiver */
	/* in: what we receive; out: what the peer says of ours. */
	struct stream_figures in, out;
	double round_trip_ms;	/* < 0: not known */
	uint64_t rejected_auth; /* failed SRTP authentication */
	uint64_t rejected_replay;
	uint64_t rejected_malformed;
	uint64_t rejected_ssrc; /* another SSRC or payload type */
};

/* One accepted RTP packet, its counters extended past their wrap. */
struct stream_media {
	uint64_t sequence;
	uint64_t timestamp; /* 1/48000 s */
	bool marker;
	/* Another source than before, or one that started over: counters
	 * begin anew, what the old one sent is to be forgotten. */
	bool restarted;
	/* Nobody can have seen it before us: where it came from is where
	 * the peer is. */
	bool fresh;
	int level_dbov; /* -127 to 0, as the sender says, or LEVEL_NONE */
	const uint8_t *payload;
	size_t payload_size;
};

/* What the peer said by RTCP, besides statistics. APP packets are named
 * "IPSP": subtype 0 carries a 32-bit id and a JSON object padded with spaces,
 * subtype 1 acknowledges the id (docs/ipsp.md, "In-band control"). */
struct stream_control {
	bool bye;
	bool moved; /* BYE: it goes on with another of our kind */
	bool has_message, has_ack;
	uint32_t message_id, ack_id;
	const uint8_t *message; /* into buf, not terminated */
	size_t message_size;
};

/* On success the caller owns *stream_r. Returns 0, -EINVAL or -ENOMEM. */
int stream_create(struct stream **stream_r, const struct stream_config *cfg);

/* Accepts NULL and half-built objects; sets *streamp to NULL. */
void stream_destroy(struct stream **streamp);

/* RT. Takes one received RTP packet, decrypted in place. now_us is
 * CLOCK_MONOTONIC. Returns 0 and fills media_r (pointing into buf), or
 * -EBADMSG (malformed), -EACCES (not authentic), -EALREADY (replayed) or
 * -EADDRNOTAVAIL (another SSRC or payload type). Every refusal is counted. */
int stream_receive_rtp(struct stream *stream, uint8_t *buf, size_t size,
		       uint64_t now_us, struct stream_media *media_r);

/* RT. The same for one compound RTCP packet. */
int stream_receive_rtcp(struct stream *stream, uint8_t *buf, size_t size,
			uint64_t now_us, struct stream_control *control_r);

/* RT. A packet that nobody would hear need not be decrypted. The level that
 * it says it has, -127 to 0, when it may be given to stream_skip_rtp() (which
 * it is only then); LEVEL_NONE when stream_receive_rtp() must take it, and will
 * tell the level. mixer/reception.h says when and why. In the clear
 * nothing is ever skipped: there is nothing to save. */
int stream_peek_level(const struct stream *stream, const uint8_t *buf,
		      size_t size, uint64_t now_us);
void stream_skip_rtp(struct stream *stream, const uint8_t *buf, size_t size,
		     uint64_t now_us);

/* RT. The level of what the next stream_send_rtp() sends, and whether it is
 * a voice; needs level_id. Packets without have no level header. */
void stream_set_level(struct stream *stream, int level_dbov, bool voice);

/* RT. Builds and protects the next RTP packet; the timestamp advances by
 * `samples` (1/48000 s) for the *next* one, also when payload_size is 0
 * (DTX: nothing is written). Returns bytes written, 0, or -ENOBUFS/-EIO. */
int stream_send_rtp(struct stream *stream, const uint8_t *payload,
		    size_t payload_size, unsigned samples, uint8_t *buf,
		    size_t cap);

/* RT. Builds and protects an RTCP compound: SR or RR, SDES CNAME, and what
 * `extra` asks for (may be NULL). wall_us is CLOCK_REALTIME in us since 1970
 * for the NTP stamp. Returns bytes written, -ENOBUFS or -EIO. */
struct stream_extra {
	bool bye;
	bool moved; /* says so in BYE */
	bool ack;
	uint32_t ack_id;
	uint32_t message_id;
	const uint8_t *message; /* NULL: none */
	size_t message_size;	/* <= STREAM_APP_MAX */
};
int stream_send_rtcp(struct stream *stream, const struct stream_extra *extra,
		     uint64_t now_us, uint64_t wall_us, uint8_t *buf,
		     size_t cap);

/* RT. A packet that was received came too late to be played. */
void stream_discard(struct stream *stream, uint64_t sequence);

/* RT. What became of the sound, once a second: the figures of `in` are of the
 * time since the call before, and the peer is told by extended reports. */
void stream_note_playout(struct stream *stream,
			 const struct stream_playout *playout);

/* RT. A copy of the statistics. */
void stream_report(const struct stream *stream, struct stream_report *rep_r);

#endif
