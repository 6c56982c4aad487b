#include "web/credential.h"

#include <string.h>

const char *credential_token(const struct server_request *req)
{
	static const char scheme[] = "Bearer ";
	const char *value = req->authorization;

	if (!value || g_ascii_strncasecmp(value, scheme, strlen(scheme)) != 0)
		return NULL;
	value += strlen(scheme);
	return value + strspn(value, " ");
}

static char *cookie_of(const struct server_request *req, const char *name)
{
	g_auto(GStrv) pairs = NULL;

	if (!req->cookie)
		return NULL;
	pairs = g_strsplit(req->cookie, ";", 32);
	for (char **pair = pairs; *pair; pair++) {
		const char *value = g_strstrip(*pair);

		if (g_str_has_prefix(value, name) && value[strlen(name)] == '=')
			return g_strdup(value + strlen(name) + 1);
	}
	return NULL;
}

void credential_read(const struct server_request *req, const char *cookie,
		     struct credential *cred_r)
{
	const char *token = credential_token(req);

	cred_r->is_token = token != NULL;
	cred_r->secret = token ? g_strdup(token) : cookie_of(req, cookie);
}

void credential_clear(struct credential *cred)
{
	g_clear_pointer(&cred->secret, g_free);
}
