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
		.metrics_token = cfg->metrics_token,
	};
}
