#include <string.h>

#include "bridge/stages.h"

char *stages_config_websocket(const struct config *cfg)
{
	if (!cfg->web_address)
		return NULL;
	return g_strconcat("ws", cfg->web_url + strlen("http"), "/media/",
			   NULL);
}

void stages_config_read(const struct config *cfg, const char *websocket_url,
			struct stages_config *cfg_r)
{
	*cfg_r = (struct stages_config){
		.addresses = (const char *const *)cfg->media_addresses,
		.port = cfg->media_port,
		.workers = cfg->workers,
		.sessions_per_gate = cfg->sessions_per_gate,
		.gates = cfg->gates,
		.bitrate = cfg->bitrate,
		.public_addresses = (const char *const *)cfg->public_addresses,
		.websocket_url = websocket_url,
	};
}
