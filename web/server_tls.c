#include "web/server_private.h"

#include <gio/gio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

static gboolean load(SSL_CTX *ctx, const char *certificate, const char *key)
{
	return SSL_CTX_use_certificate_chain_file(ctx, certificate) == 1 &&
	       SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1 &&
	       SSL_CTX_check_private_key(ctx) == 1;
}

static gboolean fail(const char *certificate, const char *key, GError **error)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
		    "cannot use the TLS certificate %s with the key %s: %s",
		    certificate, key, why ? why : "unknown reason");
	ERR_clear_error();
	return FALSE;
}

gboolean server_reload_tls(struct server *srv, const char *certificate,
			   const char *key, GError **error)
{
	SSL_CTX *trial;
	gboolean good;

	g_return_val_if_fail(srv->tls_context, FALSE);
	/* What is half loaded would serve nobody: first beside it. */
	ERR_clear_error();
	trial = SSL_CTX_new(TLS_server_method());
	good = trial && load(trial, certificate, key);
	SSL_CTX_free(trial);
	return (good && load(srv->tls_context, certificate, key)) ||
	       fail(certificate, key, error);
}
