/* sdp - the Session Description (RFC 8866) of a tool that joins by
 * POST /whip: its offer is read, our answer (RFC 3264) written.
 *
 * One audio stream: Opus (RFC 7587) over RTP/AVP or RTP/AVPF in the clear, or
 * over RTP/SAVP or RTP/SAVPF with the keys in the description (SDES, RFC
 * 4568), at an IP literal, RTP and RTCP on one port (RFC 5761). What else is
 * offered is answered with port 0. A browser's UDP/TLS/RTP/SAVPF is known by
 * name and refused.
 *
 * Strict: an offer that is not understood is refused by a sentence that says
 * what would have been right; nothing is guessed. */
#ifndef SIGNALING_SDP_H
#define SIGNALING_SDP_H

#include <sys/socket.h>

#include <glib.h>

#define SDP_MAX_SIZE  65536
#define SDP_MAX_MEDIA 8	 /* m= sections */
#define SDP_MAX_WORD  64 /* bytes of a word that is kept, with its 0 */
#define SDP_MAX_KEY   30 /* bytes of key and salt */

enum sdp_direction { /* bits, as the describing side sees it */
		     SDP_INACTIVE = 0,
		     SDP_SENDONLY = 1,
		     SDP_RECVONLY = 2,
		     SDP_SENDRECV = SDP_SENDONLY | SDP_RECVONLY,
};

enum sdp_suite {
	SDP_PLAIN,		     /* RTP/AVP, RTP/AVPF */
	SDP_AEAD_AES_128_GCM,	     /* RFC 7714; 16 + 12 bytes */
	SDP_AES_CM_128_HMAC_SHA1_80, /* RFC 3711; 16 + 14 bytes */
};

struct sdp_crypto { /* one a=crypto line; wiped by who used it */
	guint tag;
	guint8 key[SDP_MAX_KEY]; /* master key and salt of its sender */
};

/* Bytes of a suite's key and salt; 0 for SDP_PLAIN. */
gsize sdp_key_size(enum sdp_suite suite);

/* A section as it is mirrored. */
struct sdp_section {
	char kind[SDP_MAX_WORD];     /* "audio", "video", … */
	char protocol[SDP_MAX_WORD]; /* "RTP/SAVP", … */
	char format[SDP_MAX_WORD];   /* the first of its list */
	char mid[SDP_MAX_WORD];	     /* "" if none, RFC 5888 */
};

struct sdp_offer {
	char name[SDP_MAX_WORD]; /* s=, one line of UTF-8; "" for "-" */
	struct sdp_section sections[SDP_MAX_MEDIA];
	guint n_sections;

	/* The section that is answered; all below is of it. */
	guint audio;
	struct sockaddr_storage address; /* where it receives, with port */
	enum sdp_direction direction;
	guint8 payload_type; /* of Opus */
	gboolean stereo;     /* it likes to receive it */
	gboolean fec;	     /* it makes use of it */
	gboolean dtx;	     /* it likes DTX */
	guint max_bitrate;   /* bit/s; 0: not said */
	guint level_id;	     /* RFC 6464 header, 1 to 14; 0: none */
	enum sdp_suite suite;
	struct sdp_crypto crypto; /* with a suite other than SDP_PLAIN */
};

/* Reads `size` bytes. `suites` has a bit 1 << suite for each that may be
 * chosen; of several offered the lowest number wins, RFC 4568 5.1.2. FALSE
 * and error (a sentence for whoever wrote the offer) when it is not usable. */
gboolean sdp_parse_offer(struct sdp_offer *offer_r, const char *text,
			 gsize size, guint suites, GError **error);

struct sdp_answer {
	struct sockaddr_storage address; /* ours, with port */
	enum sdp_direction direction;	 /* ours */
	gboolean stereo;		 /* is what we send */
	guint32 ssrc;			 /* that we send with */
	const char *cname;
	guint8 key[SDP_MAX_KEY]; /* ours to send with; per suite */
	guint64 session;	 /* o=: random */
};

/* Caller frees; it holds the key. */
char *sdp_write_answer(const struct sdp_offer *offer,
		       const struct sdp_answer *answer);

#endif
