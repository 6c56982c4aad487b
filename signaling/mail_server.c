#include "signaling/mail_server.h"

#include <gio/gio.h>
#include <string.h>

#define CONNECT_S   20L /* TCP and TLS */
#define RESPONSE_S  30L /* for each answer of the log-in */
#define KEEPALIVE_S 60L

static gboolean is_loopback(const char *host)
{
	g_autoptr(GInetAddress) addr = g_inet_address_new_from_string(host);

	return addr ? g_inet_address_get_is_loopback(addr)
		    : !g_ascii_strcasecmp(host, "localhost");
}

gboolean mail_server_init(struct mail_server *srv, const char *url,
			  const char *username, const char *password,
			  const char *ca_file, GError **error)
{
	g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
	const char *host = uri ? g_uri_get_host(uri) : NULL;
	g_autofree char *port = NULL;
	const char *path;

	memset(srv, 0, sizeof(*srv));
	/* The URL is not repeated: it may hold a password. */
	if (!host || !*host || g_uri_get_query(uri) ||
	    g_uri_get_fragment(uri) || g_uri_get_userinfo(uri)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "the URL of a mail server is "
			    "scheme://HOST[:PORT][/PATH], with user and "
			    "password beside it, not in it");
		return FALSE;
	}
	port = g_uri_get_port(uri) > 0
		       ? g_strdup_printf(":%d", g_uri_get_port(uri))
		       : g_strdup("");
	path = g_uri_get_path(uri);
	srv->url = g_strdup_printf(strchr(host, ':') ? "%s://[%s]%s/"
						     : "%s://%s%s/",
				   g_uri_get_scheme(uri), host, port);
	srv->path = g_strdup(*path == '/' ? path + 1 : path);
	srv->loopback = is_loopback(host);
	srv->username = g_strdup(username);
	srv->password = g_strdup(password);
	srv->ca_file = g_strdup(ca_file);
	return TRUE;
}

void mail_server_fini(struct mail_server *srv)
{
	if (srv->password)
		explicit_bzero(srv->password, strlen(srv->password));
	g_free(srv->url);
	g_free(srv->path);
	g_free(srv->username);
	g_free(srv->password);
	g_free(srv->ca_file);
	memset(srv, 0, sizeof(*srv));
}

void mail_server_apply(const struct mail_server *srv, CURL *easy)
{
	gboolean demand_tls = !srv->loopback || srv->ca_file;

	curl_easy_setopt(easy, CURLOPT_URL, srv->url);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_USERNAME, srv->username);
	curl_easy_setopt(easy, CURLOPT_PASSWORD, srv->password);
	curl_easy_setopt(easy, CURLOPT_USE_SSL,
			 demand_tls ? (long)CURLUSESSL_ALL
				    : (long)CURLUSESSL_NONE);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION,
			 (long)CURL_SSLVERSION_TLSv1_2);
	if (srv->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, srv->ca_file);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, RESPONSE_S);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_S);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* Giving up a name lookup must not wait for its thread. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}
