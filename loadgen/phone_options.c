#include "loadgen/phone_options.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

#include "signaling/keys.h"

#define GROUP "account"

static void fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void fail(GError **error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (error)
		*error = g_error_new_valist(
			G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, format, args);
	va_end(args);
}

gboolean phone_options_transport(const char *text,
				 enum caller_transport *transport_r,
				 GError **error)
{
	static const char *const names[] = { [CALLER_AUTO] = "auto",
					     [CALLER_UDP] = "udp",
					     [CALLER_WSS] = "wss" };

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		if (!g_strcmp0(text, names[i])) {
			*transport_r = i;
			return TRUE;
		}
	}
	fail(error, "the transport is udp, wss or auto, not \"%s\"", text);
	return FALSE;
}

static char *read_secret(const char *path, GError **error)
{
	char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, error))
		return NULL;
	return g_strchomp(text);
}

gboolean phone_options_room_key(const char *path, GBytes **room_key_r,
				GError **error)
{
	char *text = read_secret(path, error);

	if (!text)
		return FALSE;
	*room_key_r = keys_room_key(text);
	explicit_bzero(text, strlen(text));
	g_free(text);
	if (*room_key_r)
		return TRUE;
	fail(error,
	     "%s holds no room key: %d bytes as base64url (22 characters)",
	     path, KEYS_ROOM_SIZE);
	return FALSE;
}

static gboolean known_key(const char *key)
{
	static const char *const keys[] = {
		"from",	   "name",	"device",   "mailbox",
		"post",	   "user",	"password", "password_file",
		"ca_file", "transport", NULL
	};

	return g_strv_contains(keys, key);
}

static gboolean check_keys(GKeyFile *file, const char *name, GError **error)
{
	g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
	g_auto(GStrv) keys = NULL;

	for (guint i = 0; groups[i]; i++) {
		if (strcmp(groups[i], GROUP)) {
			fail(error,
			     "%s: [%s] is unknown; the one group is [%s]", name,
			     groups[i], GROUP);
			return FALSE;
		}
	}
	keys = g_key_file_get_keys(file, GROUP, NULL, NULL);
	for (guint i = 0; keys && keys[i]; i++) {
		if (!known_key(keys[i])) {
			fail(error,
			     "%s: \"%s\" is unknown; ipsp-phone(1) lists the "
			     "settings",
			     name, keys[i]);
			return FALSE;
		}
	}
	return TRUE;
}

static void take(GKeyFile *file, const char *key, char **value)
{
	if (!*value)
		*value = g_key_file_get_string(file, GROUP, key, NULL);
}

/* Fills what opt leaves open from a GKeyFile's text; name is for errors. */
static gboolean read_file(struct phone_options *opt, const char *name,
			  const char *text, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *transport = NULL, *secret = NULL;

	if (!g_key_file_load_from_data(file, text, (gsize)-1, G_KEY_FILE_NONE,
				       error)) {
		g_prefix_error(error, "%s: ", name);
		return FALSE;
	}
	if (!check_keys(file, name, error))
		return FALSE;
	take(file, "from", &opt->from);
	take(file, "name", &opt->name);
	take(file, "device", &opt->device);
	take(file, "mailbox", &opt->mailbox);
	take(file, "post", &opt->post);
	take(file, "user", &opt->user);
	take(file, "ca_file", &opt->ca_file);
	take(file, "password", &opt->password);
	take(file, "password_file", &secret);
	if (!opt->password && secret) {
		opt->password = read_secret(secret, error);
		if (!opt->password)
			return FALSE;
	}
	take(file, "transport", &transport);
	if (transport && opt->transport == CALLER_AUTO)
		return phone_options_transport(transport, &opt->transport,
					       error);
	return TRUE;
}

static gboolean check(const struct phone_options *opt, GError **error)
{
	const struct {
		const char *name, *value;
	} needed[] = {
		{ "from", opt->from },
		{ "mailbox", opt->mailbox },
		{ "post", opt->post },
	};

	for (guint i = 0; i < G_N_ELEMENTS(needed); i++) {
		if (needed[i].value && *needed[i].value)
			continue;
		fail(error,
		     "give --%s, or \"%s = ...\" under [%s] in "
		     "~/.config/ipsp-phone.conf",
		     needed[i].name, needed[i].name, GROUP);
		return FALSE;
	}
	if (opt->seconds < 0 || opt->seconds > 7 * 86400) {
		fail(error, "--for takes 0 to %d seconds", 7 * 86400);
		return FALSE;
	}
	return TRUE;
}

static gboolean read_config(struct phone_options *opt, const char *path,
			    GError **error)
{
	g_autofree char *standard = NULL, *text = NULL;
	g_autoptr(GError) missing = NULL;

	if (path) {
		return g_file_get_contents(path, &text, NULL, error) &&
		       read_file(opt, path, text, error);
	}
	standard = g_build_filename(g_get_user_config_dir(), "ipsp-phone.conf",
				    NULL);
	if (g_file_get_contents(standard, &text, NULL, &missing))
		return read_file(opt, standard, text, error);
	if (g_error_matches(missing, G_FILE_ERROR, G_FILE_ERROR_NOENT))
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&missing));
	return FALSE;
}

static gboolean take_command(struct phone_options *opt, GStrv words,
			     GError **error)
{
	const guint n = words ? g_strv_length(words) : 0;
	const gboolean waits = n == 1 && !strcmp(words[0], "wait");

	if (!waits && (n != 2 || strcmp(words[0], "call") != 0)) {
		fail(error, "the command is: ipsp-phone call ROOM@DOMAIN, or "
			    "ipsp-phone wait");
		return FALSE;
	}
	if (opt->accept && !waits) {
		fail(error, "--accept is for ipsp-phone wait");
		return FALSE;
	}
	opt->room = waits ? NULL : g_strdup(words[1]);
	return TRUE;
}

gboolean phone_options_parse(struct phone_options *opt_r, int argc, char **argv,
			     GError **error)
{
	struct phone_options *opt = opt_r;
	g_autofree char *config = NULL, *secret = NULL, *transport = NULL;
	g_autofree char *room_key = NULL;
	g_auto(GStrv) words = NULL;
	gboolean version = FALSE;
	const GOptionEntry entries[] = {
		{ "from", 0, 0, G_OPTION_ARG_STRING, &opt->from,
		  "Your mail address", "ADDRESS" },
		{ "mailbox", 0, 0, G_OPTION_ARG_STRING, &opt->mailbox,
		  "Where your mail comes in", "URL" },
		{ "post", 0, 0, G_OPTION_ARG_STRING, &opt->post,
		  "Where your mail goes out", "URL" },
		{ "user", 0, 0, G_OPTION_ARG_STRING, &opt->user,
		  "Name at the mail server", "NAME" },
		{ "password-file", 0, 0, G_OPTION_ARG_FILENAME, &secret,
		  "File that holds your password there", "FILE" },
		{ "ca", 0, 0, G_OPTION_ARG_FILENAME, &opt->ca_file,
		  "Certificates to trust instead of the system's", "FILE" },
		{ "name", 0, 0, G_OPTION_ARG_STRING, &opt->name,
		  "Your name, as others see it", "NAME" },
		{ "device", 0, 0, G_OPTION_ARG_STRING, &opt->device,
		  "Name of this device; a second one is a second leg", "NAME" },
		{ "pin", 0, 0, G_OPTION_ARG_STRING, &opt->pin, "The room's PIN",
		  "PIN" },
		{ "room-key-file", 0, 0, G_OPTION_ARG_FILENAME, &room_key,
		  "File that holds the room's key, where it has one", "FILE" },
		{ "accept", 0, 0, G_OPTION_ARG_STRING, &opt->accept,
		  "Waiting: answer this room's call without asking",
		  "ROOM@DOMAIN" },
		{ "send", 0, 0, G_OPTION_ARG_FILENAME, &opt->send,
		  "What to say: a WAV or Opus file, or mic", "FILE" },
		{ "loop", 0, 0, G_OPTION_ARG_NONE, &opt->loop,
		  "Say the file again and again, not once", NULL },
		{ "receive", 0, 0, G_OPTION_ARG_FILENAME, &opt->receive,
		  "Where to put what is heard: a WAV file, or speaker",
		  "FILE" },
		{ "for", 0, 0, G_OPTION_ARG_DOUBLE, &opt->seconds,
		  "Hang up after so long", "SECONDS" },
		{ "transport", 0, 0, G_OPTION_ARG_STRING, &transport,
		  "udp, wss or auto", "KIND" },
		{ "plain", 0, 0, G_OPTION_ARG_NONE, &opt->plain,
		  "Sound in the clear, for lab rooms that allow it", NULL },
		{ "offer-gate", 0, 0, G_OPTION_ARG_STRING, &opt->offer_gate,
		  "Offer the room a PhoneGate at this address of this host",
		  "ADDRESS:PORT" },
		{ "gate-program", 0, 0, G_OPTION_ARG_FILENAME,
		  &opt->gate_program,
		  "Its program, instead of the installed ipsp-phonegate",
		  "FILE" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &opt->json,
		  "JSON lines, also on a terminal", NULL },
		{ "config", 0, 0, G_OPTION_ARG_FILENAME, &config,
		  "Instead of ~/.config/ipsp-phone.conf", "FILE" },
		{ "version", 0, 0, G_OPTION_ARG_NONE, &version,
		  "Print the version", NULL },
		{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &words,
		  NULL, NULL },
		{ 0 },
	};
	g_autoptr(GOptionContext) context =
		g_option_context_new("call ROOM@DOMAIN | wait");

	*opt = (struct phone_options){ 0 };
	g_option_context_set_summary(
		context, "Joins an audio conference by mailing its room, or "
			 "waits until a room calls.");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, error))
		return FALSE;
	if (version) {
		g_print("ipsp-phone %s\n", IPSP_VERSION_TEXT);
		exit(0);
	}
	if (secret) {
		opt->password = read_secret(secret, error);
		if (!opt->password)
			return FALSE;
	}
	if (room_key &&
	    !phone_options_room_key(room_key, &opt->room_key, error))
		return FALSE;
	if (transport &&
	    !phone_options_transport(transport, &opt->transport, error))
		return FALSE;
	return take_command(opt, words, error) &&
	       read_config(opt, config, error) && check(opt, error);
}

void phone_options_clear(struct phone_options *opt)
{
	g_free(opt->room);
	g_free(opt->accept);
	g_free(opt->from);
	g_free(opt->name);
	g_free(opt->device);
	g_free(opt->mailbox);
	g_free(opt->post);
	g_free(opt->user);
	if (opt->password)
		explicit_bzero(opt->password, strlen(opt->password));
	g_free(opt->password);
	g_free(opt->ca_file);
	g_free(opt->pin);
	g_clear_pointer(&opt->room_key, g_bytes_unref);
	g_free(opt->send);
	g_free(opt->receive);
	g_free(opt->offer_gate);
	g_free(opt->gate_program);
	*opt = (struct phone_options){ 0 };
}
