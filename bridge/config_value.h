/* config_value - how each kind of value of the configuration is read, and the
 * reading of one group by a table of its keys. */
#ifndef BRIDGE_CONFIG_VALUE_H
#define BRIDGE_CONFIG_VALUE_H

#include "bridge/config_text.h"

/* One key of a group. A table of them ends with a row without a name, which may
 * say what other table goes on from there. */
struct config_key {
	const char *name;
	/* Sets the field, or returns what would have been right (caller
	 * frees); then the field keeps its default. */
	char *(*read)(const struct config_key *key, const char *value,
		      void *field);
	gsize offset;	 /* of the field in the object */
	guint min, max;	 /* of numbers; list lengths */
	gboolean secret; /* NAME_file may name the file that holds it */
	const struct config_key *more; /* of the last row; NULL: no more */
};

/* char * */
char *config_read_text(const struct config_key *key, const char *value,
		       void *field);
/* char *, absolute */
char *config_read_path(const struct config_key *key, const char *value,
		       void *field);
/* guint, min to max */
char *config_read_number(const struct config_key *key, const char *value,
			 void *field);
/* guint: as a number, or none: CONFIG_NO_GATES */
char *config_read_gates(const struct config_key *key, const char *value,
			void *field);
/* gboolean */
char *config_read_yes_no(const struct config_key *key, const char *value,
			 void *field);
/* GStrv: IP addresses, at most max */
char *config_read_literals(const struct config_key *key, const char *value,
			   void *field);
/* GStrv: IP networks, "192.0.2.0/24", or addresses */
char *config_read_networks(const struct config_key *key, const char *value,
			   void *field);
/* char *: an IP address */
char *config_read_literal(const struct config_key *key, const char *value,
			  void *field);
/* GStrv: mail addresses; with max also domains */
char *config_read_addresses(const struct config_key *key, const char *value,
			    void *field);
/* enum config_answer */
char *config_read_answer(const struct config_key *key, const char *value,
			 void *field);
/* GBytes * */
char *config_read_room_key(const struct config_key *key, const char *value,
			   void *field);
/* char *: of a mailbox or post */
char *config_read_url(const struct config_key *key, const char *value,
		      void *field);
/* char * */
char *config_read_web_url(const struct config_key *key, const char *value,
			  void *field);
/* gboolean: etcd, not local */
char *config_read_directory(const struct config_key *key, const char *value,
			    void *field);
/* GStrv: of etcd, at most max */
char *config_read_etcd_urls(const struct config_key *key, const char *value,
			    void *field);
/* char *: of keys in a directory */
char *config_read_prefix(const struct config_key *key, const char *value,
			 void *field);
/* char *: of min or more characters */
char *config_read_long_secret(const struct config_key *key, const char *value,
			      void *field);
/* char *: of a site */
char *config_read_site(const struct config_key *key, const char *value,
		       void *field);

/* Whether the group has the key, or the file for it. */
gboolean config_is_given(const struct config_text *text, const char *group,
			 const char *key);

/* Reads every key of the group into object; mistakes go to text. */
void config_read_group(struct config_text *text, const char *group,
		       const struct config_key *keys, void *object);

#endif
