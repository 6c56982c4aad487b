/* config - the bridge's one configuration file, a GKeyFile
 * (ipsp-bridge.conf(5) is its manual).
 *
 * Every mistake is found in one reading and named by file and line; a file
 * with a mistake is never half used. */
#ifndef BRIDGE_CONFIG_H
#define BRIDGE_CONFIG_H

#include <glib.h>

enum config_answer { /* who is answered: docs/ipsp.md, "The room's mailbox" */
		     CONFIG_ANSWER_OPEN,
		     CONFIG_ANSWER_ALIGNED,
		     CONFIG_ANSWER_LIST,
};

struct config_mail { /* [mail NAME] */
	char *name;
	char *mailbox_url, *mailbox_user, *mailbox_password;
	char *post_url, *post_user, *post_password;
	char *ca_file;	   /* NULL: the system's */
	char *authserv_id; /* NULL: none, RFC 8601 2.5 */
	guint poll_ms;
};

struct config_sound {  /* of a room, from when it is next empty */
	guint talkers; /* heard at once; 0: everybody */
	gboolean stereo, denoise, agc;
};

struct config_room { /* [room ADDRESS] */
	char *address;
	char *name;	  /* for people; defaults to the local part */
	char *account;	  /* a config_mail's name */
	GStrv moderators; /* addresses */
	guint capacity;
	char *pin; /* NULL: none */
	gboolean plain_rtp;
	struct config_sound sound;
	GStrv plain_rtp_networks; /* "192.0.2.0/24": of tools in the clear */
	enum config_answer answer;
	GStrv allowed;	 /* addresses and domains, with CONFIG_ANSWER_LIST */
	GBytes *key;	 /* 16 bytes mixed into the key schedule, or NULL */
	gboolean record; /* moderators may record it */
	guint record_max_minutes, record_max_mb; /* 0: no limit */
	/* Whose PhoneGates are used when they offer one, addresses and domains,
	 * and in which networks these may be. Both or none. */
	GStrv offered_gates, offered_gates_networks;
};

/* Where the processes of a cluster meet; struct directory_config. */
struct config_directory {
	gboolean etcd; /* else local: this process alone, and no more of it */
	GStrv urls;
	char *user, *password;	 /* both or none */
	char *ca;		 /* NULL: the system's */
	char *certificate, *key; /* both or none */
	char *prefix;		 /* ends with a slash */
	/* The same text in all processes, 32 characters or more; NULL: none,
	 * with local only. */
	char *cluster_secret;
};

#define CONFIG_MAX_GATES 100000
#define CONFIG_NO_GATES	 G_MAXUINT

struct config {
	/* [bridge], and but for state_directory, web_files, operators and
	 * answers_per_* also [phonegate] */
	char *state_directory;
	GStrv media_addresses; /* literals to listen on */
	/* Of worker 0; worker n has media_port + n. 0: the kernel chooses, and
	 * then a restart cannot keep an OK that was sent before it. */
	guint media_port;
	guint workers;
	guint sessions_per_gate;
	/* PhoneGates here; 0: as many as it takes. CONFIG_NO_GATES: a bridge
	 * of a cluster that leaves all media to others. */
	guint gates;
	char *site; /* what others call this process, once in a cluster */
	struct config_directory directory;
	GStrv public_addresses; /* literals to announce instead, or NULL */
	char *web_address;	/* NULL: no web listener */
	guint web_port;
	char *web_url;	 /* as people reach it: https://conf.example */
	char *web_files; /* directory of the panel's bundle */
	GStrv operators; /* addresses, or NULL */
	char *tls_certificate, *tls_key; /* both or none */
	guint web_connections_per_address;
	GStrv trusted_proxies;	       /* "192.0.2.0/24", or NULL */
	char *metrics_token;	       /* NULL: no /metrics */
	char *recordings_directory;    /* below state_directory unless given */
	char *announcements_directory; /* NULL: there are none */
	guint bitrate;		       /* bit/s of each mix */
	guint answers_per_address, answers_per_domain; /* in 10 min, 1 min */
	guint answers_per_room;			       /* in 1 min */

	GPtrArray *mails; /* struct config_mail */
	GPtrArray *rooms; /* struct config_room */
};

/* Secrets may stand in files of their own (pin_file, ..._password_file); a
 * relative name is looked up in $CREDENTIALS_DIRECTORY, where systemd puts
 * what LoadCredential= names.
 *
 * On failure NULL, and problems (char *, caller owns) holds a line
 * "FILE:LINE: what is wrong and what would be right" for each mistake. */
struct config *config_load(const char *path, GPtrArray *problems);
/* Of ipsp-phonegate: one group, [phonegate], without mails and rooms. */
struct config *config_load_phonegate(const char *path, GPtrArray *problems);
/* config_load() without what secret files hold, for a command beside the
 * bridge: systemd shows $CREDENTIALS_DIRECTORY to the service alone. */
struct config *config_load_outside(const char *path, GPtrArray *problems);
/* Accepts NULL. */
void config_free(struct config *cfg);

/* The account of that name, or NULL. */
const struct config_mail *config_mail(const struct config *cfg,
				      const char *name);
/* The room of that address, or NULL. */
const struct config_room *config_room(const struct config *cfg,
				      const char *address);

#endif
