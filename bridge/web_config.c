#include "bridge/web_config.h"

void web_config_read(const struct config *cfg, struct web_config *web_r)
{
	*web_r = (struct web_config){
		.address = cfg->web_address,
		.port = cfg->web_port,
		.url = cfg->web_url,
		.tls_certificate = cfg->tls_certificate,
		.tls_key = cfg->tls_key,
		.connections_per_address = cfg->web_connections_per_address,
		.trusted_proxies = (const char *const *)cfg->trusted_proxies,
		.metrics_token = cfg->metrics_token,
	};
}

void web_config_reload(struct web *web, const struct config *old,
		       const struct config *fresh)
{
	g_autoptr(GError) error = NULL;

	if (!web || !old->tls_certificate || !fresh->tls_certificate)
		return;
	if (!web_reload_tls(web, fresh->tls_certificate, fresh->tls_key,
			    &error))
		g_critical("web: %s; the old one stays", error->message);
}
