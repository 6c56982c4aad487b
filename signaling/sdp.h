/* sdp - the Session Description (RFC 8866) of a tool or a browser that joins
 * by POST /whip: its offer is read, our answer (RFC 3264) written.
 *
 * One audio stream: Opus (RFC 7587) over RTP/AVP or RTP/AVPF in the clear, or
 * over RTP/SAVP or RTP/SAVPF with the keys in the description (SDES, RFC
 * 4568), at an IP literal, RTP and RTCP on one port (RFC 5761). Or, as browsers
 * have it, over UDP/TLS/RTP/SAVPF: ICE (RFC 8839), of which we are the lite
 * end, and DTLS-SRTP (RFC 8842), of which we are the server. What else is
 * offered is answered with port 0.
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

#define SDP_MAX_UFRAG	   33 /* of a peer, with its 0; RFC 8839 5.4 has 256 */
#define SDP_FINGERPRINT	   32 /* bytes: SHA-256 */
#define SDP_MAX_CANDIDATES 8

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
	SDP_DTLS,		     /* a browser: agreed on by DTLS */
};

struct sdp_crypto { /* one a=crypto line; wiped by who used it */
	guint tag;
	guint8 key[SDP_MAX_KEY]; /* master key and salt of its sender */
};

/* Bytes of a suite's key and salt; 0 where none is in the description. */
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
	struct sdp_crypto crypto; /* with a suite that has a key here */
	/* With SDP_DTLS; its address is not read then. */
	char ufrag[SDP_MAX_UFRAG];
	guint8 fingerprint[SDP_FINGERPRINT]; /* of its certificate */
	gboolean bundle;		     /* of this section, RFC 9143 */
};

/* Reads `size` bytes. `suites` has a bit 1 << suite for each that may be
 * chosen; of several offered the lowest number wins, RFC 4568 5.1.2. FALSE
 * and error (a sentence for whoever wrote the offer) when it is not usable. */
gboolean sdp_parse_offer(struct sdp_offer *offer_r, const char *text,
			 gsize size, guint suites, GError **error);

/* Our end of ICE. */
struct sdp_ice {
	char ufrag[SDP_MAX_UFRAG], password[33];
	guint8 fingerprint[SDP_FINGERPRINT];
	/* With port; the first is the default one. */
	struct sockaddr_storage candidates[SDP_MAX_CANDIDATES];
	guint n_candidates;
};

struct sdp_answer {
	struct sockaddr_storage address; /* ours, with port */
	enum sdp_direction direction;	 /* ours */
	gboolean stereo;		 /* is what we send */
	guint32 ssrc;			 /* that we send with */
	const char *cname;
	guint8 key[SDP_MAX_KEY];   /* ours to send with; per suite */
	guint64 session;	   /* o=: random */
	const struct sdp_ice *ice; /* with SDP_DTLS */
};

/* Caller frees; it holds the key. */
char *sdp_write_answer(const struct sdp_offer *offer,
		       const struct sdp_answer *answer);

/* What a browser says of its ICE later (RFC 8840 9), by PATCH: candidates,
 * which a lite end has no use for, or that it restarts. FALSE and error as
 * above. */
struct sdp_fragment {
	char ufrag[SDP_MAX_UFRAG]; /* "" when it says none */
};
gboolean sdp_parse_fragment(struct sdp_fragment *frag_r, const char *text,
			    gsize size, GError **error);

/* Our side of a restart, about the section that was answered. Caller frees. */
char *sdp_write_fragment(const struct sdp_offer *offer,
			 const struct sdp_ice *ice);

#endif
