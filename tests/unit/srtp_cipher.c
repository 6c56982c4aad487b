#include "mixer/srtp_cipher.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/hmac.h>
#include <srtp2/srtp.h>

#include "mixer/srtp_transform.h"
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

	if (suite == SRTP_GCM) {
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

static void keystream_is_that_of_rfc_3711_b_2(void)
{
	static const uint8_t key_b2[] = "\x2b\x7e\x15\x16\x28\xae\xd2\xa6"
					"\xab\xf7\x15\x88\x09\xcf\x4f\x3c";
	static const uint8_t stream[] =
		"\xe0\x3e\xad\x09\x35\xc9\x5e\x80\xe1\x66\xb1\x6d\xd9\x2b\x4e"
		"\xb4\xd2\x35\x13\x16\x2b\x02\xd0\xf7\x2a\x43\xa2\xfe\x4a\x5f"
		"\x97\xab\x41\xe9\x5b\x3b\xb0\xa2\xe8\xdd\x47\x79\x01\xe4\xfc"
		"\xa8\x94\xc0";
	struct srtp_keys keys = {
		.evp = EVP_CIPHER_CTX_new(),
		.salt = "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7"
			"\xf8\xf9\xfa\xfb\xfc\xfd",
	};
	/* SSRC and index are 0, and so is the text. */
	uint8_t buf[12 + 48 + SRTP_MAX_GROWTH] = { 0 };

	g_assert_true(EVP_CipherInit_ex(keys.evp, srtp_cm.cipher(), NULL,
					key_b2, NULL, 1));
	g_assert_true(srtp_cm.protect_rtp(&keys, 0, 12, buf, 12 + 48));
	g_assert_cmpmem(buf + 12, 48, stream, 48);
	EVP_CIPHER_CTX_free(keys.evp);
}

/* All three session keys of appendix B.3 have gone into this packet. */
static void session_keys_are_those_of_rfc_3711_b_3(void)
{
	static const uint8_t master[SRTP_MAX_KEY] =
		"\xe1\xf9\x7a\x0d\x3e\x01\x8b\xe0\xd6\x4f\xa3\x2c\x06\xde\x41"
		"\x39\x0e\xc6\x75\xad\x49\x8a\xfe\xeb\xb6\x96\x0b\x3a\xab\xe6";
	static const uint8_t cipher_key[] = "\xc6\x1e\x7a\x93\x74\x4f\x39\xee"
					    "\x10\x73\x4a\xfe\x3f\xf7\xa0\x87";
	static const uint8_t salt[16] = "\x30\xcb\xbc\x08\x86\x3d\x8c\x85"
					"\xd4\x9d\xb3\x4a\x9a\xe1";
	static const uint8_t auth_key[] =
		"\xce\xbe\x32\x1f\x6f\xf7\x71\x6b\x6f\xd4"
		"\xab\x49\xaf\x25\x6a\x15\x6d\x38\xba\xa4";
	EVP_CIPHER_CTX *evp = EVP_CIPHER_CTX_new();
	struct srtp_cipher *cip = NULL;
	uint8_t buf[12 + 20 + SRTP_MAX_GROWTH] = { 0x80 };
	uint8_t right[12 + 20 + 4] = { 0x80 }, mac[20];
	int n;

	/* SSRC and index are 0: the salt is the IV. */
	g_assert_true(EVP_EncryptInit_ex(evp, EVP_aes_128_ctr(), NULL,
					 cipher_key, salt));
	g_assert_true(EVP_EncryptUpdate(evp, right + 12, &n, right + 12, 20));
	EVP_CIPHER_CTX_free(evp);
	HMAC(EVP_sha1(), auth_key, 20, right, sizeof(right), mac, NULL);

	g_assert_cmpint(srtp_cipher_create(&cip, SRTP_CM, master, SRTP_PROTECT),
			==, 0);
	n = srtp_cipher_protect_rtp(cip, 0, 12, buf, 32, sizeof(buf));
	g_assert_cmpint(n, ==, 42);
	g_assert_cmpmem(buf, 32, right, 32);
	g_assert_cmpmem(buf + 32, 10, mac, 10);
	srtp_cipher_destroy(&cip);
}

static void keys_have_the_size_that_the_suite_says(void)
{
	struct srtp_cipher *cip = NULL;

	g_assert_cmpuint(srtp_suite_key_size(SRTP_NONE), ==, 0);
	g_assert_cmpuint(srtp_suite_key_size(SRTP_GCM), ==, 28);
	g_assert_cmpuint(srtp_suite_key_size(SRTP_CM), ==, SRTP_MAX_KEY);
	g_assert_cmpuint(srtp_suite_key_size(99), ==, 0);
	g_assert_cmpint(srtp_cipher_create(&cip, SRTP_NONE, key, SRTP_PROTECT),
			==, -EINVAL);
	g_assert_null(cip);
}

static void what_is_too_short_is_malformed(gconstpointer arg)
{
	enum srtp_suite suite = GPOINTER_TO_UINT(arg);
	struct srtp_cipher *out = NULL, *in = NULL;
	uint8_t buf[128];
	uint32_t index;
	int n;

	g_assert_cmpint(srtp_cipher_create(&out, suite, key, SRTP_PROTECT), ==,
			0);
	g_assert_cmpint(srtp_cipher_create(&in, suite, key, SRTP_UNPROTECT), ==,
			0);
	n = srtp_cipher_protect_rtp(out, 9, 28, buf, make_rtp(buf, 9, 0),
				    sizeof(buf));
	g_assert_cmpint(
		srtp_cipher_unprotect_rtp(in, 9, 28, buf, (size_t)n - 1), ==,
		-EBADMSG);
	g_assert_cmpint(srtp_cipher_unprotect_rtp(in, 9, 28, buf, (size_t)n),
			==, 28);
	g_assert_cmpint(srtp_cipher_protect_rtp(out, 9, 28, buf, 40,
						40 + (size_t)n - 28 - 1),
			==, -ENOBUFS);
	n = srtp_cipher_protect_rtcp(out, 9, buf, 8, sizeof(buf));
	g_assert_cmpint(
		srtp_cipher_unprotect_rtcp(in, &index, buf, (size_t)n - 1), ==,
		-EBADMSG);
	g_assert_cmpint(srtp_cipher_unprotect_rtcp(in, &index, buf, (size_t)n),
			==, 8);
	srtp_cipher_destroy(&out);
	srtp_cipher_destroy(&in);
}

#define EACH(name, test)                                                       \
	g_test_add_data_func("/srtp_cipher/GCM/" name,                         \
			     GUINT_TO_POINTER(SRTP_GCM), test);                \
	g_test_add_data_func("/srtp_cipher/CM/" name,                          \
			     GUINT_TO_POINTER(SRTP_CM), test)

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
	EACH("what is too short is malformed", what_is_too_short_is_malformed);
	g_test_add_func("/srtp_cipher/CM/keystream is that of RFC 3711 B.2",
			keystream_is_that_of_rfc_3711_b_2);
	g_test_add_func(
		"/srtp_cipher/CM/session keys are those of RFC 3711 B.3",
		session_keys_are_those_of_rfc_3711_b_3);
	g_test_add_func("/srtp_cipher/keys have the size that the suite says",
			keys_have_the_size_that_the_suite_says);
	return g_test_run();
}
