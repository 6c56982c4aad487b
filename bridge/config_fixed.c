#include "bridge/config_fixed.h"

#include <string.h>

static void warn_changed(const char *key, gboolean changed)
{
	if (changed)
		g_warning("config: %s has changed; it takes effect at the next "
			  "start",
			  key);
}

static gboolean lists_differ(GStrv a, GStrv b)
{
	return !a != !b || (a && !g_strv_equal((const char *const *)a,
					       (const char *const *)b));
}

static void warn_of_directory(const struct config_directory *old,
			      const struct config_directory *fresh)
{
	warn_changed("directory", old->etcd != fresh->etcd);
	warn_changed("etcd_url", lists_differ(old->urls, fresh->urls));
	warn_changed("etcd_user", g_strcmp0(old->user, fresh->user) != 0);
	warn_changed("etcd_password",
		     g_strcmp0(old->password, fresh->password) != 0);
	warn_changed("etcd_ca", g_strcmp0(old->ca, fresh->ca) != 0);
	warn_changed("etcd_certificate",
		     g_strcmp0(old->certificate, fresh->certificate) != 0);
	warn_changed("etcd_key", g_strcmp0(old->key, fresh->key) != 0);
	warn_changed("etcd_prefix", strcmp(old->prefix, fresh->prefix) != 0);
	warn_changed("cluster_secret", g_strcmp0(old->cluster_secret,
						 fresh->cluster_secret) != 0);
}

void config_warn_of_fixed(const struct config *old, const struct config *fresh)
{
	warn_of_directory(&old->directory, &fresh->directory);
	warn_changed("site", strcmp(old->site, fresh->site) != 0);
	warn_changed("state_directory", g_strcmp0(old->state_directory,
						  fresh->state_directory) != 0);
	warn_changed("media_address", lists_differ(old->media_addresses,
						   fresh->media_addresses));
	warn_changed("media_port", old->media_port != fresh->media_port);
	warn_changed("workers", old->workers != fresh->workers);
	warn_changed("sessions_per_gate",
		     old->sessions_per_gate != fresh->sessions_per_gate);
	warn_changed("public_address", lists_differ(old->public_addresses,
						    fresh->public_addresses));
	warn_changed("web_address",
		     g_strcmp0(old->web_address, fresh->web_address) != 0);
	warn_changed("web_port", old->web_port != fresh->web_port);
	warn_changed("web_url", g_strcmp0(old->web_url, fresh->web_url) != 0);
	warn_changed("recordings_directory",
		     g_strcmp0(old->recordings_directory,
			       fresh->recordings_directory) != 0);
	warn_changed("announcements_directory",
		     g_strcmp0(old->announcements_directory,
			       fresh->announcements_directory) != 0);
	warn_changed("web_files",
		     strcmp(old->web_files, fresh->web_files) != 0);
	/* Other files are read at once, but plain stays plain. */
	warn_changed("tls_certificate",
		     !old->tls_certificate != !fresh->tls_certificate);
	warn_changed("trusted_proxies", lists_differ(old->trusted_proxies,
						     fresh->trusted_proxies));
	warn_changed("bitrate", old->bitrate != fresh->bitrate);
	warn_changed("web_connections_per_address",
		     old->web_connections_per_address !=
			     fresh->web_connections_per_address);
	warn_changed("metrics_token",
		     g_strcmp0(old->metrics_token, fresh->metrics_token) != 0);
	warn_changed("answers_per_address",
		     old->answers_per_address != fresh->answers_per_address);
	warn_changed("answers_per_domain",
		     old->answers_per_domain != fresh->answers_per_domain);
	warn_changed("answers_per_room",
		     old->answers_per_room != fresh->answers_per_room);
}
