#include "bridge/config.h"

#include <gio/gio.h>
#include <string.h>

#include "bridge/config_text.h"
#include "bridge/config_value.h"
#include "bridge/room/room.h"
#include "mixer/mix.h"
#include "signaling/message.h"

#define MAX_LISTEN 4 /* addresses that a media worker can listen on */
#define MAX_ETCD   9 /* members of an etcd cluster, which advises 7 at most */

/* A row of a table of keys; min and max mean what the kind says. */
#define KEY(key, kind, object, field, min, max, secret)                        \
	{                                                                      \
		key, config_read_##kind, offsetof(struct object, field), min,  \
			max, secret, NULL                                      \
	}

/* What [bridge] and [phonegate] have in common. */
static const struct config_key site_keys[] = {
	KEY("media_address", literals, config, media_addresses, 1, MAX_LISTEN,
	    FALSE),
	KEY("media_port", number, config, media_port, 0, 65535, FALSE),
	KEY("workers", number, config, workers, 1, 64, FALSE),
	KEY("sessions_per_gate", number, config, sessions_per_gate, 1, 1000,
	    FALSE),
	KEY("gates", gates, config, gates, 0, CONFIG_MAX_GATES, FALSE),
	KEY("site", site, config, site, 0, 0, FALSE),
	KEY("public_address", literals, config, public_addresses, 1, MAX_LISTEN,
	    FALSE),
	KEY("bitrate", number, config, bitrate, 6000, 510000, FALSE),
	KEY("web_address", literal, config, web_address, 1, 1, FALSE),
	KEY("web_port", number, config, web_port, 0, 65535, FALSE),
	KEY("web_url", web_url, config, web_url, 0, 0, FALSE),
	KEY("tls_certificate", path, config, tls_certificate, 0, 0, FALSE),
	KEY("tls_key", path, config, tls_key, 0, 0, FALSE),
	KEY("web_connections_per_address", number, config,
	    web_connections_per_address, 1, 10000, FALSE),
	KEY("trusted_proxies", networks, config, trusted_proxies, 0, 0, FALSE),
	KEY("metrics_token", text, config, metrics_token, 0, 0, TRUE),
	KEY("directory", directory, config, directory.etcd, 0, 0, FALSE),
	KEY("etcd_url", etcd_urls, config, directory.urls, 1, MAX_ETCD, FALSE),
	KEY("etcd_user", text, config, directory.user, 0, 0, FALSE),
	KEY("etcd_password", text, config, directory.password, 0, 0, TRUE),
	KEY("etcd_ca", path, config, directory.ca, 0, 0, FALSE),
	KEY("etcd_certificate", path, config, directory.certificate, 0, 0,
	    FALSE),
	KEY("etcd_key", path, config, directory.key, 0, 0, FALSE),
	KEY("etcd_prefix", prefix, config, directory.prefix, 0, 0, FALSE),
	KEY("cluster_secret", long_secret, config, directory.cluster_secret, 32,
	    0, TRUE),
	{ 0 },
};

static const struct config_key bridge_keys[] = {
	KEY("state_directory", path, config, state_directory, 0, 0, FALSE),
	KEY("web_files", path, config, web_files, 0, 0, FALSE),
	KEY("recordings_directory", path, config, recordings_directory, 0, 0,
	    FALSE),
	KEY("announcements_directory", path, config, announcements_directory, 0,
	    0, FALSE),
	KEY("operators", addresses, config, operators, 0, 0, FALSE),
	KEY("answers_per_address", number, config, answers_per_address, 1,
	    100000, FALSE),
	KEY("answers_per_domain", number, config, answers_per_domain, 1, 100000,
	    FALSE),
	KEY("answers_per_room", number, config, answers_per_room, 1, 100000,
	    FALSE),
	{ .more = site_keys },
};

static const struct config_key mail_keys[] = {
	KEY("mailbox", url, config_mail, mailbox_url, 0, 0, FALSE),
	KEY("mailbox_user", text, config_mail, mailbox_user, 0, 0, FALSE),
	KEY("mailbox_password", text, config_mail, mailbox_password, 0, 0,
	    TRUE),
	KEY("post", url, config_mail, post_url, 0, 0, FALSE),
	KEY("post_user", text, config_mail, post_user, 0, 0, FALSE),
	KEY("post_password", text, config_mail, post_password, 0, 0, TRUE),
	KEY("ca_file", path, config_mail, ca_file, 0, 0, FALSE),
	KEY("authserv_id", text, config_mail, authserv_id, 0, 0, FALSE),
	KEY("poll_ms", number, config_mail, poll_ms, 100, 3600000, FALSE),
	{ 0 },
};

static const struct config_key room_keys[] = {
	KEY("name", text, config_room, name, 0, 0, FALSE),
	KEY("account", text, config_room, account, 0, 0, FALSE),
	KEY("moderators", addresses, config_room, moderators, 0, 0, FALSE),
	KEY("capacity", number, config_room, capacity, 1, ROOM_MAX_CAPACITY,
	    FALSE),
	KEY("pin", text, config_room, pin, 0, 0, TRUE),
	KEY("plain_rtp", yes_no, config_room, plain_rtp, 0, 0, FALSE),
	KEY("plain_rtp_networks", networks, config_room, plain_rtp_networks, 0,
	    0, FALSE),
	KEY("talkers", number, config_room, sound.talkers, 0, MIX_MAX_TALKERS,
	    FALSE),
	KEY("stereo", yes_no, config_room, sound.stereo, 0, 0, FALSE),
	KEY("denoise", yes_no, config_room, sound.denoise, 0, 0, FALSE),
	KEY("agc", yes_no, config_room, sound.agc, 0, 0, FALSE),
	KEY("answer", answer, config_room, answer, 0, 0, FALSE),
	KEY("allowed", addresses, config_room, allowed, 0, 1, FALSE),
	KEY("key", room_key, config_room, key, 0, 0, TRUE),
	KEY("record", yes_no, config_room, record, 0, 0, FALSE),
	KEY("record_max_minutes", number, config_room, record_max_minutes, 0,
	    100000, FALSE),
	KEY("record_max_mb", number, config_room, record_max_mb, 0, 1000000,
	    FALSE),
	KEY("offered_gates", addresses, config_room, offered_gates, 0, 1,
	    FALSE),
	KEY("offered_gates_networks", networks, config_room,
	    offered_gates_networks, 0, 0, FALSE),
	{ 0 },
};

static void free_mail(gpointer data)
{
	struct config_mail *mail = data;

	g_free(mail->name);
	g_free(mail->mailbox_url);
	g_free(mail->mailbox_user);
	g_free(mail->mailbox_password);
	g_free(mail->post_url);
	g_free(mail->post_user);
	g_free(mail->post_password);
	g_free(mail->ca_file);
	g_free(mail->authserv_id);
	g_free(mail);
}

static void free_room(gpointer data)
{
	struct config_room *room = data;

	g_free(room->address);
	g_free(room->name);
	g_free(room->account);
	g_strfreev(room->moderators);
	g_free(room->pin);
	g_strfreev(room->plain_rtp_networks);
	g_strfreev(room->allowed);
	g_strfreev(room->offered_gates);
	g_strfreev(room->offered_gates_networks);
	g_clear_pointer(&room->key, g_bytes_unref);
	g_free(room);
}

static struct config *defaults(void)
{
	static const char *const everywhere[] = { "0.0.0.0", "::", NULL };
	struct config *cfg = g_new0(struct config, 1);

	cfg->media_addresses = g_strdupv((char **)everywhere);
	cfg->media_port = 40000;
	cfg->workers = g_get_num_processors();
	cfg->sessions_per_gate = 5;
	cfg->site = g_strdup(g_get_host_name());
	cfg->directory.prefix = g_strdup("ipsp/1/");
	cfg->web_port = 8080;
	cfg->web_files = g_strdup("/usr/share/ipsp-bridge/panel");
	cfg->web_connections_per_address = 32;
	cfg->bitrate = 32000;
	cfg->answers_per_address = 3;
	cfg->answers_per_domain = 30;
	cfg->answers_per_room = 30;
	cfg->mails = g_ptr_array_new_with_free_func(free_mail);
	cfg->rooms = g_ptr_array_new_with_free_func(free_room);
	return cfg;
}

static void free_directory(struct config_directory *dir)
{
	g_strfreev(dir->urls);
	g_free(dir->user);
	g_free(dir->password);
	g_free(dir->ca);
	g_free(dir->certificate);
	g_free(dir->key);
	g_free(dir->prefix);
	g_free(dir->cluster_secret);
}

void config_free(struct config *cfg)
{
	if (!cfg)
		return;
	free_directory(&cfg->directory);
	g_free(cfg->site);
	g_free(cfg->state_directory);
	g_strfreev(cfg->media_addresses);
	g_strfreev(cfg->public_addresses);
	g_free(cfg->web_address);
	g_free(cfg->web_url);
	g_free(cfg->web_files);
	g_free(cfg->recordings_directory);
	g_free(cfg->announcements_directory);
	g_free(cfg->tls_certificate);
	g_free(cfg->tls_key);
	g_strfreev(cfg->trusted_proxies);
	g_strfreev(cfg->operators);
	g_free(cfg->metrics_token);
	g_ptr_array_unref(cfg->mails);
	g_ptr_array_unref(cfg->rooms);
	g_free(cfg);
}

const struct config_mail *config_mail(const struct config *cfg,
				      const char *name)
{
	for (guint i = 0; i < cfg->mails->len; i++) {
		const struct config_mail *mail = cfg->mails->pdata[i];

		if (!strcmp(mail->name, name))
			return mail;
	}
	return NULL;
}

const struct config_room *config_room(const struct config *cfg,
				      const char *address)
{
	for (guint i = 0; i < cfg->rooms->len; i++) {
		const struct config_room *room = cfg->rooms->pdata[i];

		if (!strcmp(room->address, address))
			return room;
	}
	return NULL;
}

/* What must be there and is not. */
static void require(struct config_text *text, const char *group,
		    const char *key, const void *value, const char *like)
{
	if (!value && !config_is_given(text, group, key))
		config_text_mistake(text, group, NULL,
				    "[%s] needs %s, like \"%s = %s\"", group,
				    key, key, like);
}

/* Two keys that mean nothing alone. */
static void together(struct config_text *text, const char *group,
		     const char *one, const char *other)
{
	gboolean has_one = config_is_given(text, group, one);

	if (has_one != config_is_given(text, group, other))
		config_text_mistake(text, group, has_one ? one : other,
				    "give %s and %s, or neither", one, other);
}

/* Whether somebody on the way could read what is sent there. */
static gboolean is_in_the_clear(const char *url)
{
	g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
	g_autoptr(GInetAddress) host =
		g_inet_address_new_from_string(g_uri_get_host(uri));

	return !strcmp(g_uri_get_scheme(uri), "http") &&
	       g_ascii_strcasecmp(g_uri_get_host(uri), "localhost") &&
	       !(host && g_inet_address_get_is_loopback(host));
}

static void check_directory(struct config_text *text, const char *group,
			    const struct config_directory *dir)
{
	together(text, group, "etcd_user", "etcd_password");
	together(text, group, "etcd_certificate", "etcd_key");
	for (guint i = 0; dir->user && dir->urls && dir->urls[i]; i++)
		if (is_in_the_clear(dir->urls[i]))
			config_text_mistake(text, group, "etcd_url",
					    "etcd_url: a password goes by "
					    "https:// only, or to this host");
	if (!dir->etcd && dir->urls)
		config_text_mistake(text, group, "etcd_url",
				    "etcd_url needs directory = etcd");
	if (!dir->etcd)
		return;
	require(text, group, "etcd_url", dir->urls, "http://127.0.0.1:2379");
	if (!config_is_given(text, group, "cluster_secret"))
		config_text_mistake(text, group, "directory",
				    "directory = etcd needs cluster_secret_file"
				    ", the same for all processes");
}

/* What a group says of the site; also what follows from several keys. */
static void read_site(struct config_text *text, const char *group,
		      const struct config_key *keys, struct config *cfg)
{
	config_read_group(text, group, keys, cfg);
	together(text, group, "tls_certificate", "tls_key");
	check_directory(text, group, &cfg->directory);
	if (cfg->media_port && cfg->media_port + cfg->workers - 1 > 65535)
		config_text_mistake(text, group, "media_port",
				    "media_port: each worker takes the next "
				    "port, so give at most %u",
				    65536 - cfg->workers);
	if (cfg->web_address && !cfg->web_url) {
		gboolean six = strchr(cfg->web_address, ':') != NULL;

		cfg->web_url = g_strdup_printf("%s://%s%s%s:%u",
					       cfg->tls_key ? "https" : "http",
					       six ? "[" : "", cfg->web_address,
					       six ? "]" : "", cfg->web_port);
	}
}

static void read_bridge(struct config_text *text, const char *group,
			struct config *cfg)
{
	read_site(text, group, bridge_keys, cfg);
	if (cfg->gates == CONFIG_NO_GATES && !cfg->directory.etcd)
		config_text_mistake(text, group, "gates",
				    "gates = none needs directory = etcd: a "
				    "lone bridge has all the gates there are");
	require(text, group, "state_directory", cfg->state_directory,
		"/var/lib/ipsp-bridge");
	if (!cfg->recordings_directory && cfg->state_directory)
		cfg->recordings_directory = g_build_filename(
			cfg->state_directory, "recordings", NULL);
}

static void read_mail(struct config_text *text, const char *group,
		      struct config *cfg)
{
	struct config_mail *mail = g_new0(struct config_mail, 1);

	g_ptr_array_add(cfg->mails, mail);
	mail->name = g_strstrip(g_strdup(group + strlen("mail ")));
	mail->poll_ms = 3000;
	config_read_group(text, group, mail_keys, mail);
	require(text, group, "mailbox", mail->mailbox_url,
		"maildir:/var/mail/rooms");
	require(text, group, "post", mail->post_url, "smtp://localhost");
}

static void read_room(struct config_text *text, const char *group,
		      struct config *cfg)
{
	static const char *const loopback[] = { "127.0.0.0/8", "::1", NULL };
	struct config_room *room = g_new0(struct config_room, 1);
	const char *address = group + strlen("room ");

	room->address = message_address(address);
	room->capacity = 20;
	room->record = TRUE;
	room->record_max_minutes = 300;
	room->record_max_mb = 2000;
	room->plain_rtp_networks = g_strdupv((char **)loopback);
	room->sound.talkers = 5;
	room->answer = CONFIG_ANSWER_OPEN;
	config_read_group(text, group, room_keys, room);
	require(text, group, "account", room->account, "main");
	together(text, group, "offered_gates", "offered_gates_networks");
	if (!room->address) {
		config_text_mistake(text, group, NULL,
				    "\"%s\" is no mail address, like [room "
				    "standup@example.org]",
				    address);
		free_room(room);
		return;
	}
	if (config_room(cfg, room->address))
		config_text_mistake(text, group, NULL,
				    "the room %s is there already",
				    room->address);
	if (!room->name)
		room->name = g_strndup(
			room->address,
			(gsize)(strrchr(room->address, '@') - room->address));
	g_ptr_array_add(cfg->rooms, room);
}

/* What a room says of its account, once all groups are read. */
static void check_room(struct config_text *text, const char *group,
		       struct config *cfg)
{
	g_autofree char *address = message_address(group + strlen("room "));
	struct config_room *room =
		address ? (void *)config_room(cfg, address) : NULL;
	const struct config_mail *mail;

	if (room && room->offered_gates && !cfg->directory.etcd)
		config_text_mistake(text, group, "offered_gates",
				    "offered_gates needs directory = etcd in "
				    "[bridge]: an offered PhoneGate is a site "
				    "of a cluster");
	if (!room || !room->account)
		return;
	mail = config_mail(cfg, room->account);
	if (!mail)
		config_text_mistake(text, group, "account",
				    "account: there is no [mail %s]",
				    room->account);
	if (!g_key_file_has_key(text->file, group, "answer", NULL) && mail &&
	    mail->authserv_id)
		room->answer = CONFIG_ANSWER_ALIGNED;
	if (room->answer == CONFIG_ANSWER_ALIGNED && mail && !mail->authserv_id)
		config_text_mistake(text, group, "answer",
				    "answer = aligned needs authserv_id in "
				    "[mail %s]: the name that your server "
				    "writes into Authentication-Results",
				    room->account);
	if ((room->answer == CONFIG_ANSWER_LIST) != (room->allowed != NULL))
		config_text_mistake(text, group,
				    room->allowed ? "allowed" : "answer",
				    "answer = list and allowed = ... go "
				    "together");
}

static void read_groups(struct config_text *text, struct config *cfg)
{
	static const struct {
		const char *prefix;
		void (*read)(struct config_text *text, const char *group,
			     struct config *cfg);
	} kinds[] = {
		{ "mail ", read_mail },
		{ "room ", read_room },
	};
	g_auto(GStrv) groups = g_key_file_get_groups(text->file, NULL);

	for (guint i = 0; groups[i]; i++) {
		guint k = 0;

		if (!strcmp(groups[i], "bridge")) {
			read_bridge(text, groups[i], cfg);
			continue;
		}
		while (k < G_N_ELEMENTS(kinds) &&
		       !g_str_has_prefix(groups[i], kinds[k].prefix))
			k++;
		if (k < G_N_ELEMENTS(kinds))
			kinds[k].read(text, groups[i], cfg);
		else
			config_text_mistake(text, groups[i], NULL,
					    "there is no group [%s]; there "
					    "are [bridge], [mail NAME] and "
					    "[room ADDRESS]",
					    groups[i]);
	}
	for (guint i = 0; groups[i]; i++)
		if (g_str_has_prefix(groups[i], "room "))
			check_room(text, groups[i], cfg);
	if (!g_key_file_has_group(text->file, "bridge"))
		config_text_mistake(text, NULL, NULL,
				    "there is no group [bridge]");
	if (!cfg->rooms->len)
		config_text_mistake(text, NULL, NULL,
				    "there is no room: add [room ADDRESS]");
}

static void read_phonegate(struct config_text *text, struct config *cfg)
{
	g_auto(GStrv) groups = g_key_file_get_groups(text->file, NULL);

	for (guint i = 0; groups[i]; i++)
		if (!strcmp(groups[i], "phonegate"))
			read_site(text, groups[i], site_keys, cfg);
		else
			config_text_mistake(text, groups[i], NULL,
					    "there is no group [%s]; there is "
					    "[phonegate]",
					    groups[i]);
	if (cfg->gates == CONFIG_NO_GATES)
		config_text_mistake(text, "phonegate", "gates",
				    "gates: none is for bridges; a PhoneGate "
				    "is there to have some");
	if (!g_key_file_has_group(text->file, "phonegate"))
		config_text_mistake(text, NULL, NULL,
				    "there is no group [phonegate]");
	else if (!cfg->directory.etcd)
		config_text_mistake(text, "phonegate", NULL,
				    "[phonegate] needs directory = etcd: "
				    "bridges find it there");
}

static struct config *load(const char *path, gboolean outside,
			   void (*read)(struct config_text *text,
					struct config *cfg),
			   GPtrArray *problems)
{
	struct config *cfg = defaults();
	struct config_text text;
	gboolean unreadable;

	config_text_init(&text, path);
	text.outside = outside;
	unreadable = !g_hash_table_size(text.lines) && text.mistakes->len;
	if (!unreadable)
		read(&text, cfg);
	if (text.mistakes->len)
		g_clear_pointer(&cfg, config_free);
	config_text_report(&text, problems);
	config_text_fini(&text);
	return cfg;
}

struct config *config_load(const char *path, GPtrArray *problems)
{
	return load(path, FALSE, read_groups, problems);
}

struct config *config_load_outside(const char *path, GPtrArray *problems)
{
	return load(path, TRUE, read_groups, problems);
}

struct config *config_load_phonegate(const char *path, GPtrArray *problems)
{
	return load(path, FALSE, read_phonegate, problems);
}
