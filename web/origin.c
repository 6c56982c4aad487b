#include "web/origin.h"

#include <string.h>

#include <gio/gio.h>

char *origin_of_url(const char *url)
{
	g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
	g_autofree char *host = NULL;
	const char *scheme;
	gboolean tls;
	int port;

	if (!uri || !g_uri_get_host(uri) || !*g_uri_get_host(uri) ||
	    g_uri_get_userinfo(uri) || g_uri_get_query(uri) ||
	    g_uri_get_fragment(uri))
		return NULL;
	scheme = g_uri_get_scheme(uri);
	tls = strcmp(scheme, "https") == 0;
	if (!tls && strcmp(scheme, "http") != 0)
		return NULL;
	host = strchr(g_uri_get_host(uri), ':')
		       ? g_strdup_printf("[%s]", g_uri_get_host(uri))
		       : g_ascii_strdown(g_uri_get_host(uri), -1);
	port = g_uri_get_port(uri);
	if (port == -1 || port == (tls ? 443 : 80))
		return g_strdup_printf("%s://%s", scheme, host);
	return g_strdup_printf("%s://%s:%d", scheme, host, port);
}

static gboolean is_literal(const char *origin)
{
	g_autoptr(GUri) uri = g_uri_parse(origin, G_URI_FLAGS_NONE, NULL);
	const char *host = uri ? g_uri_get_host(uri) : NULL;

	return host && (g_hostname_is_ip_address(host) ||
			strcmp(host, "localhost") == 0);
}

gboolean origin_is_ours(const char *ours, const char *origin, const char *host,
			gboolean tls)
{
	g_autofree char *own = NULL;

	if (!origin)
		return FALSE;
	if (strcmp(origin, ours) == 0)
		return TRUE;
	if (!host)
		return FALSE;
	own = g_strconcat(tls ? "https://" : "http://", host, NULL);
	return strcmp(origin, own) == 0 && is_literal(own);
}
