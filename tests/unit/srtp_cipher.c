#include "mixer/srtp_cipher.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include <srtp2/srtp.h>

#include "mixer/wire.h"
#include "tests/trap.h"

#define SSRC 0x11223344

static const uint8_t key[SRTP_MAX_KEY] = "0123456789abcdefghijklmnopqrs";

static srtp_t reference(enum srtp_suite suite)
{
	srtp_policy_t policy = { .ssrc = { ssrc_specific, SSRC },
				 .key = (unsigned char *)key,
				 .window_size = 128 };
	srtp_t session;

	if (suite == SRTP_AEAD_AES_128_GCM) {
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
	} else {
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
	}
	g_assert_cmpint(srtp_create(&session, &policy), ==, srtp_err_status_ok);
	return session;
}

/* An RTP packet with two CSRCs and an extension of one word. */
static size_t make_rtp(uint8_t *buf, uint16_t sequence, size_t payload)
{
	memset(buf, 0, 28);
	buf[0] = 0x92;
	buf[1] = 111;
	wire_put16(buf + 2, sequence);
	wire_put32(buf + 4, 960u * sequence);
	wire_put32(buf + 8, SSRC);
	wire_put16(buf + 20, 0xbede);
	wire_put16(buf + 22, 1);
	for (size_t i = 0; i < payload; i++)
		buf[28 + i] = (uint8_t)(i * 7 + sequence);
	return 28 + payload;
}

/* An empty receiver report, padded out with an APP packet. */
static size_t make_rtcp(uint8_t *buf, uint8_t filler)
{
	memset(buf, filler, 40);
	memcpy(buf, "\x80\xc9\x00\x01\x11\x22\x33\x44", 8);
	memcpy(buf + 8, "\x80\xcc\x00\x07\x11\x22\x33\x44", 8);
	return 40;
}

static void rtp_is_byte_for_byte_that_of_libsrtp(gconstpointer arg)
{
	enum srtp_suite suite = GPOINTER_TO_UINT(arg);
	struct srtp_cipher *ours = NULL;
	srtp_t theirs = reference(suite);

	g_assert_cmpint(srtp_cipher_create(&ours, suite, key, SRTP_PROTECT), ==,
			0);
	/* Over the wrap of the sequence number: ROC is in the IV. */
	for (uint64_t index = 32000; index < 66200; index += 7) {
		uint8_t a[1500], b[1500];
		size_t size = make_rtp(a, (uint16_t)index, index % 300);
		int n = (int)size;

		memcpy(b, a, size);
		g_assert_cmpint(srtp_protect(theirs, b, &n), ==, 0);
		g_assert_cmpint(srtp_cipher_protect_rtp(ours, index, 28, a,
							size, sizeof(a)),
				==, n);
		g_assert_cmpmem(a, n, b, n);
	}
	srtp_cipher_destroy(&ours);
	srtp_dealloc(theirs);
}

static void rtp_of_libsrtp_is_read(gconstpointer arg)
{
	enum srtp_suite suite = GPOINTER_TO_UINT(arg);
	struct srtp_cipher *ours = NULL;
	srtp_t theirs = reference(suite);

	g_assert_cmpint(srtp_cipher_create(&ours, suite, key, SRTP_UNPROTECT),
			==, 0);
	for (uint64_t index = 1; index < 400; index++) {
		uint8_t plain[1500], buf[1500];
		size_t size = make_rtp(plain, (uint16_t)index, index);
		int n = (int)size;

		memcpy(buf, plain, size);
		g_assert_cmpint(srtp_protect(theirs, buf, &n), ==, 0);
		g_assert_cmpint(srtp_cipher_unprotect_rtp(ours, index, 28, buf,
							  (size_t)n),
				==, size);
		g_assert_cmpmem(buf, size, plain, size);
	}
	srtp_cipher_destroy(&ours);
	srtp_dealloc(theirs);
}

static void rtcp_goes_to_and_fro_with_libsrtp(gconstpointer arg)
{
	enum srtp_suite suite = GPOINTER_TO_UINT(arg);
	struct srtp_cipher *out = NULL, *in = NULL;
	srtp_t theirs_in = reference(suite), theirs_out = reference(suite);

	g_assert_cmpint(srtp_cipher_create(&out, suite, key, SRTP_PROTECT), ==,
			0);
	g_assert_cmpint(srtp_cipher_create(&in, suite, key, SRTP_UNPROTECT), ==,
			0);
	for (uint32_t i = 1; i < 200; i++) {
		uint8_t plain[128], buf[128];
		size_t size = make_rtcp(plain, (uint8_t)i);
		uint32_t index = 0;
		int n;

		memcpy(buf, plain, size);
		n = srtp_cipher_protect_rtcp(out, i, buf, size, sizeof(buf));
		g_assert_cmpint(n, >, size);
		g_assert_cmpint(srtp_unprotect_rtcp(theirs_in, buf, &n), ==, 0);
		g_assert_cmpmem(buf, n, plain, size);

		g_assert_cmpint(srtp_protect_rtcp(theirs_out, buf, &n), ==, 0);
		g_assert_cmpint(
			srtp_cipher_unprotect_rtcp(in, &index, buf, (size_t)n),
			==, size);
		g_assert_cmpuint(index, ==, i);
		g_assert_cmpmem(buf, size, plain, size);
	}
	srtp_cipher_destroy(&out);
	srtp_cipher_destroy(&in);
	srtp_dealloc(theirs_in);
	srtp_dealloc(theirs_out);
}

static void every_flipped_bit_is_noticed(gconstpointer arg)
{
	enum srtp_suite suite = GPOINTER_TO_UINT(arg);
	struct srtp_cipher *out = NULL, *in = NULL;
	uint8_t rtp[128], rtcp[128], buf[128];
	uint32_t index;
	int n, m;

	g_assert_cmpint(srtp_cipher_create(&out, suite, key, SRTP_PROTECT), ==,
			0);
	g_assert_cmpint(srtp_cipher_create(&in, suite, key, SRTP_UNPROTECT), ==,
			0);
	n = srtp_cipher_protect_rtp(out, 9, 28, rtp, make_rtp(rtp, 9, 20),
				    sizeof(rtp));
	for (int bit = 0; bit < n * 8; bit++) {
		memcpy(buf, rtp, sizeof(buf));
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		g_assert_cmpint(
			srtp_cipher_unprotect_rtp(in, 9, 28, buf, (size_t)n),
			==, -EACCES);
	}
	g_assert_cmpint(
		srtp_cipher_unprotect_rtp(in, 9 + 65536, 28, rtp, (size_t)n),
		==, -EACCES);

	m = srtp_cipher_protect_rtcp(out, 9, rtcp, make_rtcp(rtcp, 1),
				     sizeof(rtcp));
	for (int bit = 0; bit < m * 8; bit++) {
		memcpy(buf, rtcp, sizeof(buf));
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		g_assert_cmpint(
			srtp_cipher_unprotect_rtcp(in, &index, buf, (size_t)m),
			==, -EACCES);
	}
	srtp_cipher_destroy(&out);
	srtp_cipher_destroy(&in);
}

static void no_packet_touches_the_heap(gconstpointer arg)
{
	enum srtp_suite suite = GPOINTER_TO_UINT(arg);
	struct srtp_cipher *out = NULL, *in = NULL;
	uint8_t buf[512];
	uint32_t index;
	bool right = true;

	g_assert_cmpint(srtp_cipher_create(&out, suite, key, SRTP_PROTECT), ==,
			0);
	g_assert_cmpint(srtp_cipher_create(&in, suite, key, SRTP_UNPROTECT), ==,
			0);
	trap_begin();
	for (uint32_t i = 0; i < 200; i++) {
		size_t size = make_rtp(buf, (uint16_t)i, 160);
		int n = srtp_cipher_protect_rtp(out, i, 28, buf, size,
						sizeof(buf));

		/* A forged one first: its failure must cost no heap either. */
		buf[40] ^= 1;
		right &= srtp_cipher_unprotect_rtp(in, i + 1, 28, buf,
						   (size_t)n) == -EACCES;
		size = make_rtcp(buf, 0);
		n = srtp_cipher_protect_rtcp(out, i, buf, size, sizeof(buf));
		right &= srtp_cipher_unprotect_rtcp(in, &index, buf,
						    (size_t)n) == (int)size;
	}
	g_assert_cmpuint(trap_end(), ==, 0);
	g_assert_true(right);
	srtp_cipher_destroy(&out);
	srtp_cipher_destroy(&in);
}

#define EACH(name, test)                                                       \
	g_test_add_data_func("/srtp_cipher/GCM/" name,                         \
			     GUINT_TO_POINTER(SRTP_AEAD_AES_128_GCM), test);   \
	g_test_add_data_func("/srtp_cipher/CM/" name,                          \
			     GUINT_TO_POINTER(SRTP_AES_CM_128_HMAC_SHA1_80),   \
			     test)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_assert_cmpint(srtp_init(), ==, srtp_err_status_ok);
	EACH("RTP is byte for byte that of libsrtp",
	     rtp_is_byte_for_byte_that_of_libsrtp);
	EACH("RTP of libsrtp is read", rtp_of_libsrtp_is_read);
	EACH("RTCP goes to and fro with libsrtp",
	     rtcp_goes_to_and_fro_with_libsrtp);
	EACH("every flipped bit is noticed", every_flipped_bit_is_noticed);
	EACH("no packet touches the heap", no_packet_touches_the_heap);
	return g_test_run();
}
