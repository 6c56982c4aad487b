#include "bridge/config_value.h"
#include "bridge/lent.h"

#include <arpa/inet.h>
#include <gio/gio.h>
#include <string.h>

#include "bridge/config.h"
#include "signaling/keys.h"
#include "signaling/message.h"

#define MAX_SECRET 4096

char *config_read_text(const struct config_key *key, const char *value,
		       void *field)
{
	char **text = field;

	(void)key;
	if (!*value)
		return g_strdup("give a value, or leave the key out");
	g_free(*text);
	*text = g_strdup(value);
	return NULL;
}

char *config_read_path(const struct config_key *key, const char *value,
		       void *field)
{
	if (!g_path_is_absolute(value))
		return g_strdup_printf("give an absolute path, not \"%s\"",
				       value);
	return config_read_text(key, value, field);
}

char *config_read_number(const struct config_key *key, const char *value,
			 void *field)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(value, 10, key->min, key->max, &number,
					NULL))
		return g_strdup_printf(
			"\"%s\" is not a whole number from %u to %u", value,
			key->min, key->max);
	*(guint *)field = (guint)number;
	return NULL;
}

char *config_read_gates(const struct config_key *key, const char *value,
			void *field)
{
	if (strcmp(value, "none") != 0)
		return config_read_number(key, value, field);
	*(guint *)field = CONFIG_NO_GATES;
	return NULL;
}

char *config_read_yes_no(const struct config_key *key, const char *value,
			 void *field)
{
	gboolean yes = !strcmp(value, "yes") || !strcmp(value, "true");

	(void)key;
	if (!yes && strcmp(value, "no") && strcmp(value, "false"))
		return g_strdup_printf("\"%s\" is neither yes nor no", value);
	*(gboolean *)field = yes;
	return NULL;
}

/* Words between commas, semicolons or blanks. */
static GStrv split(const char *value)
{
	g_auto(GStrv) words = g_strsplit_set(value, ",; \t", -1);
	g_autoptr(GStrvBuilder) full = g_strv_builder_new();

	for (guint i = 0; words[i]; i++)
		if (*words[i])
			g_strv_builder_add(full, words[i]);
	return g_strv_builder_end(full);
}

char *config_read_literals(const struct config_key *key, const char *value,
			   void *field)
{
	g_auto(GStrv) words = split(value);
	guint8 raw[sizeof(struct in6_addr)];

	if (!*words || g_strv_length(words) > key->max)
		return g_strdup_printf("give one to %u addresses", key->max);
	for (guint i = 0; words[i]; i++)
		if (inet_pton(AF_INET, words[i], raw) != 1 &&
		    inet_pton(AF_INET6, words[i], raw) != 1)
			return g_strdup_printf("\"%s\" is no IPv4 or IPv6 "
					       "address, like 192.0.2.1",
					       words[i]);
	g_strfreev(*(GStrv *)field);
	*(GStrv *)field = g_steal_pointer(&words);
	return NULL;
}

char *config_read_networks(const struct config_key *key, const char *value,
			   void *field)
{
	g_auto(GStrv) words = split(value);

	(void)key;
	for (guint i = 0; words[i]; i++) {
		g_autoptr(GInetAddressMask) mask =
			g_inet_address_mask_new_from_string(words[i], NULL);

		if (!mask)
			return g_strdup_printf("\"%s\" is no network, like "
					       "192.0.2.0/24 or 2001:db8::/32",
					       words[i]);
	}
	g_strfreev(*(GStrv *)field);
	*(GStrv *)field = g_steal_pointer(&words);
	return NULL;
}

char *config_read_literal(const struct config_key *key, const char *value,
			  void *field)
{
	g_auto(GStrv) words = NULL;
	char *wrong = config_read_literals(key, value, &words);

	return wrong ? wrong : config_read_text(key, value, field);
}

/* With domains when key->max says so: "example.org" beside "a@example.org". */
char *config_read_addresses(const struct config_key *key, const char *value,
			    void *field)
{
	g_auto(GStrv) words = split(value);

	for (guint i = 0; words[i]; i++) {
		char *address;

		if (key->max && !strchr(words[i], '@')) {
			address = g_ascii_strdown(words[i], -1);
		} else {
			address = message_address(words[i]);
			if (!address)
				return g_strdup_printf("\"%s\" is no mail "
						       "address, like "
						       "anna@example.org",
						       words[i]);
		}
		g_free(words[i]);
		words[i] = address;
	}
	g_strfreev(*(GStrv *)field);
	*(GStrv *)field = g_steal_pointer(&words);
	return NULL;
}

char *config_read_answer(const struct config_key *key, const char *value,
			 void *field)
{
	static const char *const words[] = {
		[CONFIG_ANSWER_OPEN] = "open",
		[CONFIG_ANSWER_ALIGNED] = "aligned",
		[CONFIG_ANSWER_LIST] = "list",
	};

	(void)key;
	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (!strcmp(value, words[i])) {
			*(enum config_answer *)field = i;
			return NULL;
		}
	return g_strdup_printf("\"%s\" is none of open, aligned, list", value);
}

char *config_read_room_key(const struct config_key *key, const char *value,
			   void *field)
{
	GBytes *room_key = keys_room_key(value);

	(void)key;
	if (!room_key)
		return g_strdup_printf("a room key is %d bytes as base64url "
				       "(22 characters)",
				       KEYS_ROOM_SIZE);
	*(GBytes **)field = room_key;
	return NULL;
}

char *config_read_url(const struct config_key *key, const char *value,
		      void *field)
{
	static const char *const schemes[] = { "maildir:", "imap://",
					       "imaps://", "pop3://",
					       "pop3s://", "smtp://",
					       "smtps://", NULL };

	for (guint i = 0; schemes[i]; i++)
		if (g_str_has_prefix(value, schemes[i]))
			return config_read_text(key, value, field);
	return g_strdup_printf("\"%s\" is no URL of a mailbox or post, like "
			       "maildir:/var/mail/room or smtp://localhost",
			       value);
}

char *config_read_web_url(const struct config_key *key, const char *value,
			  void *field)
{
	if (!g_str_has_prefix(value, "https://") &&
	    !g_str_has_prefix(value, "http://"))
		return g_strdup_printf("\"%s\" does not begin with https://",
				       value);
	if (g_str_has_suffix(value, "/"))
		return g_strdup("leave out the final slash");
	return config_read_text(key, value, field);
}

char *config_read_directory(const struct config_key *key, const char *value,
			    void *field)
{
	gboolean etcd = !strcmp(value, "etcd");

	(void)key;
	if (!etcd && strcmp(value, "local"))
		return g_strdup_printf("\"%s\" is neither local nor etcd",
				       value);
	*(gboolean *)field = etcd;
	return NULL;
}

/* scheme://HOST:PORT and no more. */
static gboolean is_etcd_url(const char *url)
{
	g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
	const char *scheme = uri ? g_uri_get_scheme(uri) : "";

	return (!strcmp(scheme, "http") || !strcmp(scheme, "https")) &&
	       g_uri_get_host(uri) && *g_uri_get_host(uri) &&
	       g_uri_get_port(uri) > 0 && !*g_uri_get_path(uri) &&
	       !g_uri_get_userinfo(uri) && !g_uri_get_query(uri) &&
	       !g_uri_get_fragment(uri);
}

char *config_read_etcd_urls(const struct config_key *key, const char *value,
			    void *field)
{
	g_auto(GStrv) words = split(value);

	if (!*words || g_strv_length(words) > key->max)
		return g_strdup_printf("give one to %u URLs", key->max);
	/* What is wrong is not repeated: it may hold a password. */
	for (guint i = 0; words[i]; i++)
		if (!is_etcd_url(words[i]))
			return g_strdup("each is http://HOST:PORT or "
					"https://HOST:PORT, without a slash at "
					"its end");
	g_strfreev(*(GStrv *)field);
	*(GStrv *)field = g_steal_pointer(&words);
	return NULL;
}

char *config_read_prefix(const struct config_key *key, const char *value,
			 void *field)
{
	gsize length = strlen(value);

	for (gsize i = 0; i < length; i++)
		if (!g_ascii_isgraph(value[i]))
			length = 0;
	if (!length || length > 128 || value[length - 1] != '/')
		return g_strdup_printf("\"%s\" is no prefix: printable ASCII "
				       "with a slash at its end, like ipsp/1/",
				       value);
	return config_read_text(key, value, field);
}

char *config_read_long_secret(const struct config_key *key, const char *value,
			      void *field)
{
	if (strlen(value) < key->min)
		return g_strdup_printf("a secret has %u characters or more; "
				       "\"openssl rand -hex 32\" makes one",
				       key->min);
	return config_read_text(key, value, field);
}

char *config_read_site(const struct config_key *key, const char *value,
		       void *field)
{
	gsize length = strlen(value);

	for (gsize i = 0; i < length; i++)
		if (!g_ascii_isalnum(value[i]) && !strchr("-._", value[i]))
			length = 0;
	if (!length || length > 63)
		return g_strdup_printf("\"%s\" is no name of a site: 1 to 63 "
				       "letters, digits, \"-\", \".\", \"_\"",
				       value);
	if (lent_is(value))
		return g_strdup_printf("\"%s\": names that begin with \""
				       "lent-\" are those of PhoneGates that "
				       "callers offer",
				       value);
	return config_read_text(key, value, field);
}

/* This row, or the first of the table that goes on where this one ends; NULL
 * when none does. */
static const struct config_key *row(const struct config_key *key)
{
	while (key && !key->name)
		key = key->more;
	return key;
}

static const struct config_key *find_key(const struct config_key *keys,
					 const char *name)
{
	for (keys = row(keys); keys; keys = row(keys + 1))
		if (!strcmp(keys->name, name))
			return keys;
	return NULL;
}

/* The names of all keys, for whoever mistyped one. Caller frees. */
static char *known_keys(const struct config_key *keys)
{
	GString *names = g_string_new(NULL);

	for (keys = row(keys); keys; keys = row(keys + 1)) {
		const char *also = keys->secret ? "[_file]" : "";

		g_string_append_printf(names, "%s%s%s", names->len ? ", " : "",
				       keys->name, also);
	}
	return g_string_free(names, FALSE);
}

/* The secret in a file, or NULL and what would have been right. */
static char *secret_from_file(const char *name, char **wrong)
{
	const char *directory = g_getenv("CREDENTIALS_DIRECTORY");
	g_autofree char *path = NULL, *data = NULL;
	g_autoptr(GError) error = NULL;
	gsize size;

	if (g_path_is_absolute(name)) {
		path = g_strdup(name);
	} else if (directory) {
		path = g_build_filename(directory, name, NULL);
	} else {
		*wrong = g_strdup_printf("give an absolute path: \"%s\" is "
					 "relative and there is no "
					 "$CREDENTIALS_DIRECTORY",
					 name);
		return NULL;
	}
	if (!g_file_get_contents(path, &data, &size, &error)) {
		*wrong = g_strdup(error->message);
		return NULL;
	}
	if (size > MAX_SECRET || strlen(data) != size) {
		*wrong = g_strdup_printf("%s is no secret: a line of text of "
					 "at most %d bytes",
					 path, MAX_SECRET);
		return NULL;
	}
	g_strchomp(data);
	return g_steal_pointer(&data);
}

/* The key whose secret `name` says where to read: pin for pin_file. */
static const struct config_key *secret_key(const struct config_key *keys,
					   const char *name)
{
	g_autofree char *base = NULL;
	const struct config_key *key;

	if (!g_str_has_suffix(name, "_file"))
		return NULL;
	base = g_strndup(name, strlen(name) - strlen("_file"));
	key = find_key(keys, base);
	return key && key->secret ? key : NULL;
}

static void read_key(struct config_text *text, const char *group,
		     const struct config_key *keys, const char *name,
		     void *object)
{
	g_autofree char *value =
		g_key_file_get_string(text->file, group, name, NULL);
	const struct config_key *key = find_key(keys, name);
	g_autofree char *wrong = NULL;

	if (!value) {
		config_text_mistake(text, group, name,
				    "%s has a wrong escape: write \\\\ for a "
				    "backslash",
				    name);
		return;
	}
	if (!key && (key = secret_key(keys, name))) {
		char *secret;

		if (text->outside)
			return;
		secret = secret_from_file(value, &wrong);
		g_free(value);
		value = secret;
		if (g_key_file_has_key(text->file, group, key->name, NULL))
			config_text_mistake(text, group, name,
					    "give %s or %s, not both",
					    key->name, name);
	}
	if (!key) {
		g_autofree char *names = known_keys(keys);

		config_text_mistake(text, group, name,
				    "[%s] has no key \"%s\"; it has %s", group,
				    name, names);
		return;
	}
	if (!wrong)
		wrong = key->read(key, value, (char *)object + key->offset);
	if (wrong)
		config_text_mistake(text, group, name, "%s: %s", name, wrong);
}

gboolean config_is_given(const struct config_text *text, const char *group,
			 const char *key)
{
	g_autofree char *file = g_strconcat(key, "_file", NULL);

	return g_key_file_has_key(text->file, group, key, NULL) ||
	       g_key_file_has_key(text->file, group, file, NULL);
}

void config_read_group(struct config_text *text, const char *group,
		       const struct config_key *keys, void *object)
{
	g_auto(GStrv) names =
		g_key_file_get_keys(text->file, group, NULL, NULL);

	for (guint i = 0; names[i]; i++)
		read_key(text, group, keys, names[i], object);
}
