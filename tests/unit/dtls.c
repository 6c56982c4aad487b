/* DTLS-SRTP with OpenSSL as the browser: datagrams are handed over, dropped,
 * forged. */
#include "bridge/gate/dtls.h"

#include <glib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#define GCM	 "SRTP_AEAD_AES_128_GCM"
#define CM	 "SRTP_AES128_CM_SHA1_80"
#define WAIT_US	 (20 * G_USEC_PER_SEC)
#define EXPORTER "EXTRACTOR-dtls_srtp"

struct client {
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *in, *out;
	uint8_t fingerprint[DTLS_FINGERPRINT];
	uint8_t servers[DTLS_FINGERPRINT]; /* as it saw it */
};

struct bench {
	struct dtls_identity *idn;
	struct client client;
	struct dtls *dtls;
	unsigned sent; /* datagrams of ours */
	gsize largest;
};

static int accept_any(X509_STORE_CTX *store, void *arg)
{
	struct client *client = arg;

	X509_digest(X509_STORE_CTX_get0_cert(store), EVP_sha256(),
		    client->servers, NULL);
	return 1;
}

static void start_client(struct client *client, const char *profiles)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();

	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_sign(cert, key, EVP_sha256());
	X509_digest(cert, EVP_sha256(), client->fingerprint, NULL);
	client->ctx = SSL_CTX_new(DTLS_client_method());
	SSL_CTX_use_certificate(client->ctx, cert);
	SSL_CTX_use_PrivateKey(client->ctx, key);
	SSL_CTX_set_cert_verify_callback(client->ctx, accept_any, client);
	SSL_CTX_set_options(client->ctx, SSL_OP_NO_QUERY_MTU);
	if (profiles)
		g_assert_cmpint(
			SSL_CTX_set_tlsext_use_srtp(client->ctx, profiles), ==,
			0);
	client->ssl = SSL_new(client->ctx);
	client->in = BIO_new(BIO_s_mem());
	client->out = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(client->in, -1);
	BIO_set_mem_eof_return(client->out, -1);
	SSL_set_bio(client->ssl, client->in, client->out);
	SSL_set_mtu(client->ssl, 1200);
	SSL_set_connect_state(client->ssl);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void start(struct bench *bench, const char *profiles)
{
	memset(bench, 0, sizeof(*bench));
	start_client(&bench->client, profiles);
	g_assert_cmpint(dtls_identity_create(&bench->idn), ==, 0);
	g_assert_cmpint(dtls_create(&bench->dtls, bench->idn,
				    bench->client.fingerprint),
			==, 0);
}

static void stop(struct bench *bench)
{
	dtls_destroy(&bench->dtls);
	dtls_identity_destroy(&bench->idn);
	SSL_free(bench->client.ssl);
	SSL_CTX_free(bench->client.ctx);
	ERR_clear_error();
}

/* What the client says goes to us, as one datagram. */
static enum dtls_state give(struct bench *bench)
{
	uint8_t buf[8192];
	int size = BIO_read(bench->client.out, buf, sizeof(buf));

	return dtls_take(bench->dtls, buf, size > 0 ? (size_t)size : 0);
}

/* What we say goes to the client, but for the first `lost`. Returns how many
 * datagrams there were. */
static unsigned take(struct bench *bench, unsigned lost)
{
	uint8_t buf[DTLS_MAX_DATAGRAM];
	unsigned n = 0;
	size_t size;

	for (; (size = dtls_output(bench->dtls, buf)); n++) {
		if (bench->largest < size)
			bench->largest = size;
		if (n >= lost)
			BIO_write(bench->client.in, buf, (int)size);
	}
	bench->sent += n;
	SSL_do_handshake(bench->client.ssl);
	return n;
}

/* To its end; the state that we are in then. */
static enum dtls_state shake(struct bench *bench)
{
	enum dtls_state state = DTLS_SHAKING;

	SSL_do_handshake(bench->client.ssl);
	for (unsigned i = 0; i < 8 && state == DTLS_SHAKING; i++) {
		state = give(bench);
		take(bench, 0);
	}
	return state;
}

/* The keys are the client's, and crosswise. */
static void assert_keys(struct bench *bench, enum srtp_suite suite)
{
	size_t salt = suite == SRTP_GCM ? 12 : 14;
	uint8_t theirs[60];
	struct dtls_keys keys;

	g_assert_cmpint(dtls_keys(bench->dtls, &keys), ==, 0);
	g_assert_cmpint(keys.suite, ==, suite);
	g_assert_cmpint(SSL_export_keying_material(
				bench->client.ssl, theirs, 2 * (16 + salt),
				EXPORTER, strlen(EXPORTER), NULL, 0, 0),
			==, 1);
	g_assert_cmpmem(keys.receive, 16, theirs, 16);
	g_assert_cmpmem(keys.send, 16, theirs + 16, 16);
	g_assert_cmpmem(keys.receive + 16, salt, theirs + 32, salt);
	g_assert_cmpmem(keys.send + 16, salt, theirs + 32 + salt, salt);
}

static void both_ends_have_the_same_keys(void)
{
	static const struct {
		const char *profiles;
		enum srtp_suite suite;
	} cases[] = {
		{ CM ":" GCM, SRTP_GCM },
		{ CM, SRTP_CM },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct bench bench;

		start(&bench, cases[i].profiles);
		g_assert_cmpint(shake(&bench), ==, DTLS_UP);
		g_assert_true(SSL_is_init_finished(bench.client.ssl));
		g_assert_cmpmem(bench.client.servers, DTLS_FINGERPRINT,
				dtls_identity_fingerprint(bench.idn),
				DTLS_FINGERPRINT);
		g_assert_cmpuint(bench.largest, <=, DTLS_MAX_DATAGRAM);
		assert_keys(&bench, cases[i].suite);
		stop(&bench);
	}
}

static void another_certificate_fails(void)
{
	struct bench bench;
	struct dtls_keys keys;

	start(&bench, GCM);
	dtls_destroy(&bench.dtls);
	bench.client.fingerprint[31] ^= 1;
	g_assert_cmpint(
		dtls_create(&bench.dtls, bench.idn, bench.client.fingerprint),
		==, 0);
	g_assert_cmpint(shake(&bench), ==, DTLS_FAILED);
	g_assert_cmpint(dtls_keys(bench.dtls, &keys), !=, 0);
	stop(&bench);
}

static void without_srtp_it_fails(void)
{
	struct bench bench;

	start(&bench, NULL);
	g_assert_cmpint(shake(&bench), ==, DTLS_FAILED);
	stop(&bench);
}

static void a_lost_flight_is_repeated(void)
{
	struct bench bench;
	gint64 end = g_get_monotonic_time() + WAIT_US;
	unsigned n = 0;

	start(&bench, GCM);
	SSL_do_handshake(bench.client.ssl);
	g_assert_cmpint(give(&bench), ==, DTLS_SHAKING);
	g_assert_cmpuint(take(&bench, G_MAXUINT), >, 0);
	while (!n && g_get_monotonic_time() < end) {
		g_usleep(10000);
		g_assert_cmpint(dtls_repeat(bench.dtls), ==, DTLS_SHAKING);
		n = take(&bench, 0);
	}
	g_assert_cmpuint(n, >, 0);
	g_assert_cmpint(shake(&bench), ==, DTLS_UP);
	assert_keys(&bench, SRTP_GCM);
	stop(&bench);
}

/* The last flight is ours: the client repeats its own to get it. */
static void a_lost_finish_is_answered_again(void)
{
	struct bench bench;
	gint64 end = g_get_monotonic_time() + WAIT_US;

	start(&bench, GCM);
	SSL_do_handshake(bench.client.ssl);
	give(&bench);
	take(&bench, 0);
	g_assert_cmpint(give(&bench), ==, DTLS_UP);
	g_assert_cmpuint(take(&bench, G_MAXUINT), >, 0);
	g_assert_false(SSL_is_init_finished(bench.client.ssl));
	while (!SSL_is_init_finished(bench.client.ssl) &&
	       g_get_monotonic_time() < end) {
		g_usleep(20000);
		DTLSv1_handle_timeout(bench.client.ssl);
		g_assert_cmpint(give(&bench), ==, DTLS_UP);
		take(&bench, 0);
	}
	g_assert_true(SSL_is_init_finished(bench.client.ssl));
	stop(&bench);
}

/* From the peer's address, but not his: it neither ends a handshake nor a
 * call. */
static void a_forged_datagram_ends_nothing(void)
{
	/* An alert; a ClientHello of another; noise; one cut off. */
	static const struct {
		uint8_t bytes[64];
		size_t size;
	} forged[] = {
		{ { 21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40 }, 15 },
		{ { 22, 254, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 1, 0,
		    0,	4,   0,	  0, 0, 0, 0, 0, 0, 4, 1, 2, 3,	 4 },
		  29 },
		{ { 23, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 }, 14 },
		{ { 22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255 }, 13 },
	};
	struct bench bench;

	start(&bench, GCM);
	for (gsize i = 0; i < G_N_ELEMENTS(forged); i++)
		g_assert_cmpint(
			dtls_take(bench.dtls, forged[i].bytes, forged[i].size),
			==, DTLS_SHAKING);
	g_assert_cmpint(shake(&bench), ==, DTLS_UP);
	for (gsize i = 0; i < G_N_ELEMENTS(forged); i++)
		g_assert_cmpint(
			dtls_take(bench.dtls, forged[i].bytes, forged[i].size),
			==, DTLS_UP);
	assert_keys(&bench, SRTP_GCM);
	stop(&bench);
}

static void a_close_is_told(void)
{
	struct bench bench;

	start(&bench, GCM);
	g_assert_cmpint(shake(&bench), ==, DTLS_UP);
	SSL_shutdown(bench.client.ssl);
	g_assert_cmpint(give(&bench), ==, DTLS_CLOSED);
	stop(&bench);
}

static void two_identities_differ(void)
{
	struct dtls_identity *one, *two;

	g_assert_cmpint(dtls_identity_create(&one), ==, 0);
	g_assert_cmpint(dtls_identity_create(&two), ==, 0);
	g_assert_cmpint(memcmp(dtls_identity_fingerprint(one),
			       dtls_identity_fingerprint(two),
			       DTLS_FINGERPRINT),
			!=, 0);
	dtls_identity_destroy(&one);
	dtls_identity_destroy(&two);
	dtls_identity_destroy(&two);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/dtls/both ends have the same keys",
			both_ends_have_the_same_keys);
	g_test_add_func("/dtls/another certificate than the offer's fails",
			another_certificate_fails);
	g_test_add_func("/dtls/without SRTP it fails", without_srtp_it_fails);
	g_test_add_func("/dtls/a lost flight is repeated",
			a_lost_flight_is_repeated);
	g_test_add_func("/dtls/a lost Finished is answered again",
			a_lost_finish_is_answered_again);
	g_test_add_func("/dtls/a forged datagram ends nothing",
			a_forged_datagram_ends_nothing);
	g_test_add_func("/dtls/a close is told", a_close_is_told);
	g_test_add_func("/dtls/two identities differ", two_identities_differ);
	return g_test_run();
}
