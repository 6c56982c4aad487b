#include "bridge/site_config.h"

/* So long others wait for a process that is silent. */
#define LEASE_S 2

struct directory *site_config_directory(const struct config *cfg,
					const struct directory_events *events,
					void *arg, GError **error)
{
	const struct config_directory *from = &cfg->directory;
	const struct directory_config dir = {
		.urls = from->etcd ? (const char *const *)from->urls : NULL,
		.user = from->user,
		.password = from->password,
		.ca = from->ca,
		.certificate = from->certificate,
		.key = from->key,
		.prefix = from->prefix,
		.lease_s = LEASE_S,
	};

	return directory_open(&dir, events, arg, error);
}

struct site *site_config_open(const struct config *cfg, struct directory *dir,
			      const struct site_events *events, void *arg,
			      GError **error)
{
	g_autofree char *websocket_url = stages_config_websocket(cfg);
	struct site_config site = {
		.name = cfg->site,
		.cluster_secret = cfg->directory.cluster_secret,
	};

	stages_config_read(cfg, websocket_url, &site.media);
	return site_create(&site, dir, events, arg, error);
}
