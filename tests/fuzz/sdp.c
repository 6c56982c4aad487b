/* links: signaling */
/* A tool's or a browser's offer: it is refused by a sentence, or it can be
 * answered, and the answer is an offer that would be taken. The same as a
 * fragment: its user name is a word, or it is refused. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include "signaling/sdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SUITES                                                                 \
	(1u << SDP_AEAD_AES_128_GCM | 1u << SDP_AES_CM_128_HMAC_SHA1_80 |      \
	 1u << SDP_DTLS)

static void require(gboolean holds)
{
	if (!holds)
		abort();
}

static void check_offer(const struct sdp_offer *offer)
{
	require(offer->n_sections && offer->n_sections <= SDP_MAX_MEDIA);
	require(offer->audio < offer->n_sections);
	require(offer->direction & SDP_SENDRECV);
	require(offer->payload_type < 128 && offer->level_id <= 14);
	if (offer->suite == SDP_DTLS)
		require(*offer->ufrag && !offer->address.ss_family);
	else
		require(offer->address.ss_family == AF_INET ||
			offer->address.ss_family == AF_INET6);
	require(g_utf8_validate(offer->name, -1, NULL));
	require(sdp_key_size(offer->suite) <= SDP_MAX_KEY);
}

/* A browser is the client of DTLS, we are not. */
static void as_offer(char *answer)
{
	char *setup = strstr(answer, "\r\na=setup:passive");

	require(setup != NULL);
	memcpy(setup, "\r\na=setup:actpass", strlen("\r\na=setup:passive"));
}

/* Nothing of the offer breaks out of its line. */
static void check_answer(const struct sdp_offer *offer)
{
	struct sdp_ice ice = { .ufrag = "ours",
			       .password = "0123456789abcdef0123456789abcdef",
			       .n_candidates = 1 };
	struct sdp_answer answer = { .address = offer->address,
				     .direction = SDP_SENDRECV,
				     .ssrc = 1,
				     .cname = "cname",
				     .ice = &ice };
	g_autofree char *text = NULL;
	struct sdp_offer again;
	guint sections = 0;

	if (offer->suite == SDP_DTLS)
		*(struct sockaddr_in *)&answer.address =
			(struct sockaddr_in){ .sin_family = AF_INET,
					      .sin_port = htons(40000) };
	ice.candidates[0] = answer.address;
	text = sdp_write_answer(offer, &answer);
	if (offer->suite == SDP_DTLS)
		as_offer(text);
	for (const char *p = text; (p = strstr(p, "\r\nm=")); p++)
		sections++;
	require(sections == offer->n_sections);
	require(sdp_parse_offer(&again, text, strlen(text), SUITES, NULL));
	require(again.suite == offer->suite);
	require(again.payload_type == offer->payload_type);
	require(again.level_id == offer->level_id);
	require(!memcmp(&again.address, &offer->address,
			sizeof(again.address)));
}

static void check_fragment(const char *text, size_t size)
{
	struct sdp_fragment frag;
	GError *error = NULL;
	gboolean read = sdp_parse_fragment(&frag, text, size, &error);

	require(read == !error);
	require(!strpbrk(frag.ufrag, " :\r\n"));
	g_clear_error(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sdp_offer offer;
	GError *error = NULL;
	gboolean read = sdp_parse_offer(&offer, (const char *)data, size,
					SUITES, &error);

	require(read == !error);
	if (read) {
		check_offer(&offer);
		check_answer(&offer);
	} else {
		require(g_str_has_prefix(error->message, "Line "));
	}
	g_clear_error(&error);
	check_fragment((const char *)data, size);
	return 0;
}
