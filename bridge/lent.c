#include "bridge/lent.h"

#include <string.h>

#define PREFIX "lent-"

gboolean lent_is(const char *site)
{
	return g_str_has_prefix(site, PREFIX);
}

char *lent_name(const char *did, guint k)
{
	return g_strdup_printf(PREFIX "%s.%u", did, k);
}

struct seal *lent_seal(const struct seal *cluster, const char *site)
{
	char *secret = seal_lend(cluster, site);
	struct seal *seal = seal_create(secret);

	explicit_bzero(secret, strlen(secret));
	g_free(secret);
	return seal;
}
