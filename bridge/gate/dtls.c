#include "bridge/gate/dtls.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "mixer/wire.h"

#define RECORD_HEADER 13       /* RFC 6347 4.1: the last two are the length */
#define FIRST_US      100000u  /* RFC 6347 4.2.4.1 says 1 s; sound waits */
#define LONGEST_US    2000000u /* between two repeats */
#define MAX_TRIES     8
#define LIFE_S	      (10l * 366 * 86400) /* nobody looks at it */
#define BACKDATE_S    86400		  /* for clocks that are not right */

struct dtls_identity {
	SSL_CTX *ctx; /* shared by all, on the control thread */
	uint8_t fingerprint[DTLS_FINGERPRINT];
};

struct dtls {
	SSL *ssl;
	BIO *in, *out; /* ssl's */
	struct dtls_identity *idn;
	enum dtls_state state;
	unsigned tries;
	uint8_t fingerprint[DTLS_FINGERPRINT]; /* the peer's is to be this */
	/* What is to be sent: records, one after the other. */
	uint8_t *records;
	size_t size, at;
};

/* By RFC 8827 6.5 and what Chromium, Firefox and libsrtp speak. */
static const struct {
	const char *name;
	enum srtp_suite suite;
	size_t key, salt;
} profiles[] = {
	{ "SRTP_AEAD_AES_128_GCM", SRTP_GCM, 16, 12 },
	{ "SRTP_AES128_CM_SHA1_80", SRTP_CM, 16, 14 },
};
#define PROFILES "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"
#define SUITES                                                                 \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"         \
	"ECDHE-ECDSA-AES256-GCM-SHA384"
#define EXPORTER "EXTRACTOR-dtls_srtp" /* RFC 5764 4.2 */

/* In place of the whole path validation: the fingerprint is the only thing
 * that was promised (RFC 8122 5). */
static int check_certificate(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(
		store, SSL_get_ex_data_X509_STORE_CTX_idx());
	const struct dtls *dtls = SSL_get_app_data(ssl);
	X509 *cert = X509_STORE_CTX_get0_cert(store);
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	(void)arg;
	if (cert && X509_digest(cert, EVP_sha256(), digest, &size) &&
	    size == DTLS_FINGERPRINT &&
	    !CRYPTO_memcmp(digest, dtls->fingerprint, DTLS_FINGERPRINT))
		return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

static bool set_times(X509 *cert)
{
	return X509_gmtime_adj(X509_getm_notBefore(cert), -BACKDATE_S) &&
	       X509_gmtime_adj(X509_getm_notAfter(cert), LIFE_S);
}

static bool set_name(X509 *cert)
{
	X509_NAME *name = X509_get_subject_name(cert);

	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					  (const unsigned char *)"ipsp-bridge",
					  -1, -1, 0) &&
	       X509_set_issuer_name(cert, name);
}

static bool set_serial(X509 *cert)
{
	uint32_t serial;

	return RAND_bytes((uint8_t *)&serial, sizeof(serial)) == 1 &&
	       ASN1_INTEGER_set(X509_get_serialNumber(cert),
				(long)(serial >> 1));
}

static bool use_certificate(struct dtls_identity *idn, EVP_PKEY *key)
{
	X509 *cert = X509_new();
	uint8_t digest[EVP_MAX_MD_SIZE];
	bool done;

	done = cert && X509_set_version(cert, X509_VERSION_3) &&
	       set_serial(cert) && set_times(cert) && set_name(cert) &&
	       X509_set_pubkey(cert, key) &&
	       X509_sign(cert, key, EVP_sha256()) &&
	       X509_digest(cert, EVP_sha256(), digest, NULL) &&
	       SSL_CTX_use_certificate(idn->ctx, cert) == 1 &&
	       SSL_CTX_use_PrivateKey(idn->ctx, key) == 1;
	if (done)
		memcpy(idn->fingerprint, digest, DTLS_FINGERPRINT);
	X509_free(cert);
	return done;
}

static bool configure(SSL_CTX *ctx)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET |
					 SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_NO_COMPRESSION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(
		ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, check_certificate, NULL);
	return SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(ctx, SUITES) == 1 &&
	       SSL_CTX_set1_groups_list(ctx, "X25519:P-256") == 1 &&
	       SSL_CTX_set_tlsext_use_srtp(ctx, PROFILES) == 0;
}

int dtls_identity_create(struct dtls_identity **idn_r)
{
	struct dtls_identity *idn = calloc(1, sizeof(*idn));
	EVP_PKEY *key;

	if (!idn)
		return -ENOMEM;
	idn->ctx = SSL_CTX_new(DTLS_server_method());
	key = EVP_EC_gen("P-256");
	if (!idn->ctx || !key || !configure(idn->ctx) ||
	    !use_certificate(idn, key))
		dtls_identity_destroy(&idn);
	EVP_PKEY_free(key);
	ERR_clear_error();
	*idn_r = idn;
	return idn ? 0 : -EIO;
}

void dtls_identity_destroy(struct dtls_identity **idnp)
{
	struct dtls_identity *idn = *idnp;

	*idnp = NULL;
	if (!idn)
		return;
	SSL_CTX_free(idn->ctx);
	free(idn);
}

const uint8_t *dtls_identity_fingerprint(const struct dtls_identity *idn)
{
	return idn->fingerprint;
}

static unsigned next_timeout(SSL *ssl, unsigned last_us)
{
	(void)ssl;
	if (!last_us)
		return FIRST_US;
	return last_us < LONGEST_US / 2 ? 2 * last_us : LONGEST_US;
}

/* An empty BIO is one to wait for, not the end. */
static bool set_bios(struct dtls *dtls)
{
	dtls->in = BIO_new(BIO_s_mem());
	dtls->out = BIO_new(BIO_s_mem());
	if (!dtls->in || !dtls->out) {
		BIO_free(dtls->in);
		BIO_free(dtls->out);
		dtls->in = dtls->out = NULL;
		return false;
	}
	BIO_set_mem_eof_return(dtls->in, -1);
	BIO_set_mem_eof_return(dtls->out, -1);
	SSL_set_bio(dtls->ssl, dtls->in, dtls->out);
	return true;
}

static bool begin(struct dtls *dtls)
{
	dtls->tries++;
	dtls->ssl = SSL_new(dtls->idn->ctx);
	if (!dtls->ssl || !set_bios(dtls))
		return false;
	SSL_set_app_data(dtls->ssl, dtls);
	DTLS_set_link_mtu(dtls->ssl, DTLS_MAX_DATAGRAM);
	SSL_set_mtu(dtls->ssl, DTLS_MAX_DATAGRAM);
	DTLS_set_timer_cb(dtls->ssl, next_timeout);
	SSL_set_accept_state(dtls->ssl);
	return true;
}

int dtls_create(struct dtls **dtls_r, struct dtls_identity *idn,
		const uint8_t fingerprint[DTLS_FINGERPRINT])
{
	struct dtls *dtls = calloc(1, sizeof(*dtls));

	if (!dtls)
		return -ENOMEM;
	dtls->idn = idn;
	memcpy(dtls->fingerprint, fingerprint, DTLS_FINGERPRINT);
	if (!begin(dtls)) {
		dtls_destroy(&dtls);
		ERR_clear_error();
		return -ENOMEM;
	}
	*dtls_r = dtls;
	return 0;
}

void dtls_destroy(struct dtls **dtlsp)
{
	struct dtls *dtls = *dtlsp;

	*dtlsp = NULL;
	if (!dtls)
		return;
	SSL_free(dtls->ssl);
	free(dtls->records);
	free(dtls);
}

/* All that OpenSSL wants to say, behind what still waits. */
static void collect(struct dtls *dtls)
{
	int pending = dtls->out ? (int)BIO_ctrl_pending(dtls->out) : 0;
	uint8_t *records;

	if (dtls->at == dtls->size)
		dtls->at = dtls->size = 0;
	if (pending <= 0)
		return;
	records = realloc(dtls->records, dtls->size + (size_t)pending);
	if (records) {
		dtls->records = records;
		pending = BIO_read(dtls->out, records + dtls->size, pending);
		dtls->size += pending > 0 ? (size_t)pending : 0;
	}
	/* Without memory it is lost like a datagram, and repeated. */
	(void)BIO_reset(dtls->out);
}

/* What broke a handshake may have been a datagram that somebody else sent from
 * the peer's address: then it begins anew, and nobody is told. A certificate
 * that is not the promised one is the peer's own fault. */
static void break_off(struct dtls *dtls)
{
	if (SSL_get_verify_result(dtls->ssl) == X509_V_OK &&
	    dtls->tries < MAX_TRIES) {
		SSL_free(dtls->ssl);
		if (begin(dtls))
			return;
	}
	dtls->state = DTLS_FAILED;
}

static void shake(struct dtls *dtls)
{
	int r = SSL_do_handshake(dtls->ssl);
	int error = r == 1 ? SSL_ERROR_NONE : SSL_get_error(dtls->ssl, r);

	if (error == SSL_ERROR_NONE)
		dtls->state = SSL_get_selected_srtp_profile(dtls->ssl)
				      ? DTLS_UP
				      : DTLS_FAILED;
	else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
		break_off(dtls);
}

/* After the handshake: a repeated Finished is answered by ours, by OpenSSL.
 * Data is nobody's: no data channel was agreed on. What is not authentic ends
 * nothing; consent does, where the peer is dead. */
static void listen_on(struct dtls *dtls)
{
	uint8_t data[256];
	int r;

	do
		r = SSL_read(dtls->ssl, data, sizeof(data));
	while (r > 0);
	if (SSL_get_error(dtls->ssl, r) == SSL_ERROR_ZERO_RETURN)
		dtls->state = DTLS_CLOSED;
}

enum dtls_state dtls_take(struct dtls *dtls, const uint8_t *buf, size_t size)
{
	if (dtls->state > DTLS_UP || !size)
		return dtls->state;
	ERR_clear_error();
	/* What a broken datagram left would stick to the next one. */
	(void)BIO_reset(dtls->in);
	if (BIO_write(dtls->in, buf, (int)size) != (int)size)
		return dtls->state;
	if (dtls->state == DTLS_SHAKING)
		shake(dtls);
	if (dtls->state == DTLS_UP)
		listen_on(dtls);
	ERR_clear_error();
	collect(dtls);
	return dtls->state;
}

enum dtls_state dtls_repeat(struct dtls *dtls)
{
	struct timeval left;

	if (dtls->state != DTLS_SHAKING)
		return dtls->state;
	ERR_clear_error();
	if (DTLSv1_get_timeout(dtls->ssl, &left) && !left.tv_sec &&
	    !left.tv_usec && DTLSv1_handle_timeout(dtls->ssl) < 0)
		break_off(dtls);
	ERR_clear_error();
	collect(dtls);
	return dtls->state;
}

/* As many whole records as fit. */
size_t dtls_output(struct dtls *dtls, uint8_t buf_r[DTLS_MAX_DATAGRAM])
{
	size_t left = dtls->size - dtls->at, size = 0;
	const uint8_t *records;

	if (!left)
		return 0;
	records = dtls->records + dtls->at;
	while (left - size >= RECORD_HEADER) {
		size_t record = RECORD_HEADER +
				wire_get16(records + size + RECORD_HEADER - 2);

		if (record > left - size || size + record > DTLS_MAX_DATAGRAM)
			break;
		size += record;
	}
	if (!size) { /* nothing that can be sent */
		dtls->at = dtls->size;
		return 0;
	}
	memcpy(buf_r, records, size);
	dtls->at += size;
	return size;
}

/* RFC 5764 4.2: the client's key, the server's, the client's salt, the
 * server's. We are the server. */
int dtls_keys(struct dtls *dtls, struct dtls_keys *keys_r)
{
	const SRTP_PROTECTION_PROFILE *chosen =
		SSL_get_selected_srtp_profile(dtls->ssl);
	uint8_t material[2 * SRTP_MAX_KEY];
	size_t key, salt;
	unsigned i = 0;

	while (i < sizeof(profiles) / sizeof(*profiles) &&
	       (!chosen || strcmp(chosen->name, profiles[i].name) != 0))
		i++;
	if (dtls->state != DTLS_UP || i == sizeof(profiles) / sizeof(*profiles))
		return -EIO;
	key = profiles[i].key;
	salt = profiles[i].salt;
	if (SSL_export_keying_material(dtls->ssl, material, 2 * (key + salt),
				       EXPORTER, strlen(EXPORTER), NULL, 0,
				       0) != 1)
		return -EIO;
	memset(keys_r, 0, sizeof(*keys_r));
	keys_r->suite = profiles[i].suite;
	memcpy(keys_r->receive, material, key);
	memcpy(keys_r->send, material + key, key);
	memcpy(keys_r->receive + key, material + 2 * key, salt);
	memcpy(keys_r->send + key, material + 2 * key + salt, salt);
	OPENSSL_cleanse(material, sizeof(material));
	return 0;
}
