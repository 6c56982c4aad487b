#include "loadgen/loadgen_options.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

#include "loadgen/phone_options.h"

char *loadgen_options_expand(const char *pattern, guint number)
{
	GString *text;

	if (!pattern)
		return NULL;
	text = g_string_new(NULL);
	for (const char *p = pattern; *p; p++) {
		if (p[0] == '%' && p[1] == 'd') {
			g_string_append_printf(text, "%u", number);
			p++;
		} else if (p[0] == '%' && p[1] == '%') {
			g_string_append_c(text, '%');
			p++;
		} else {
			g_string_append_c(text, *p);
		}
	}
	return g_string_free(text, FALSE);
}

static gboolean refuse(GError **error, const char *text)
{
	g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			    text);
	return FALSE;
}

static gboolean check(const struct loadgen_options *opt, GError **error)
{
	if (!opt->room || !opt->from || !opt->mailbox || !opt->post)
		return refuse(error, "--room, --from, --mailbox and --post are "
				     "needed");
	if (opt->callers < 2 || opt->callers > LOADGEN_MAX_CALLERS)
		return refuse(error, "--callers takes 2 to 1000");
	if (!strstr(opt->from, "%d") || !strstr(opt->mailbox, "%d"))
		if (!opt->user || !strstr(opt->user, "%d"))
			return refuse(error, "--from and --mailbox (or --user) "
					     "need %d: each caller has an "
					     "address of his own");
	if (opt->joins < 0 || opt->joins > 100000)
		return refuse(error, "--joins takes 0 to 100000");
	if (opt->duration < 0 || opt->duration > 86400 || opt->ramp < 0 ||
	    opt->ramp > 60 || opt->timeout < 1 || opt->timeout > 3600 ||
	    opt->hold < 0 || opt->hold > 86400 || opt->stay < 0 ||
	    opt->stay > 86400)
		return refuse(error,
			      "--duration, --ramp, --hold, --stay or --timeout "
			      "is out of range");
	if (opt->stay > 0 && (opt->hold > 0 || opt->joins))
		return refuse(error, "--stay goes with neither --hold nor "
				     "--joins");
	if (opt->complexity < 0 || opt->complexity > 10)
		return refuse(error, "--complexity takes 0 to 10");
	return TRUE;
}

gboolean loadgen_options_parse(struct loadgen_options *opt_r, int argc,
			       char **argv, GError **error)
{
	struct loadgen_options *opt = opt_r;
	g_autofree char *secret = NULL, *transport = NULL, *room_key = NULL;
	gboolean version = FALSE;
	const GOptionEntry entries[] = {
		{ "room", 0, 0, G_OPTION_ARG_STRING, &opt->room,
		  "The room's address", "ADDRESS" },
		{ "callers", 0, 0, G_OPTION_ARG_INT, &opt->callers,
		  "How many join (3)", "N" },
		{ "from", 0, 0, G_OPTION_ARG_STRING, &opt->from,
		  "Their addresses; %d is the number from 1 on", "PATTERN" },
		{ "mailbox", 0, 0, G_OPTION_ARG_STRING, &opt->mailbox,
		  "Where their mail comes in", "URL-PATTERN" },
		{ "post", 0, 0, G_OPTION_ARG_STRING, &opt->post,
		  "Where their mail goes out", "URL-PATTERN" },
		{ "user", 0, 0, G_OPTION_ARG_STRING, &opt->user,
		  "Their names at the mail server", "PATTERN" },
		{ "password-file", 0, 0, G_OPTION_ARG_FILENAME, &secret,
		  "File with the password of all of them", "FILE" },
		{ "ca", 0, 0, G_OPTION_ARG_FILENAME, &opt->ca_file,
		  "Certificates to trust instead of the system's", "FILE" },
		{ "pin", 0, 0, G_OPTION_ARG_STRING, &opt->pin, "The room's PIN",
		  "PIN" },
		{ "room-key-file", 0, 0, G_OPTION_ARG_FILENAME, &room_key,
		  "File that holds the room's key, where it has one", "FILE" },
		{ "duration", 0, 0, G_OPTION_ARG_DOUBLE, &opt->duration,
		  "Talk so long, at least one round (10)", "SECONDS" },
		{ "ramp", 0, 0, G_OPTION_ARG_DOUBLE, &opt->ramp,
		  "Time between two callers' INVITEs (0.1)", "SECONDS" },
		{ "joins", 0, 0, G_OPTION_ARG_INT, &opt->joins,
		  "The last caller joins again until so many joins are "
		  "measured",
		  "N" },
		{ "hold", 0, 0, G_OPTION_ARG_DOUBLE, &opt->hold,
		  "When all are in, wait so long for SIGUSR1, then talk",
		  "SECONDS" },
		{ "stay", 0, 0, G_OPTION_ARG_DOUBLE, &opt->stay,
		  "When all are in, stay for so long and check nothing",
		  "SECONDS" },
		{ "timeout", 0, 0, G_OPTION_ARG_DOUBLE, &opt->timeout,
		  "For each step of the set-up (60)", "SECONDS" },
		{ "transport", 0, 0, G_OPTION_ARG_STRING, &transport,
		  "udp, wss or auto", "KIND" },
		{ "complexity", 0, 0, G_OPTION_ARG_INT, &opt->complexity,
		  "Of the callers' Opus encoders, 0 to 10 (3)", "N" },
		{ "plain", 0, 0, G_OPTION_ARG_NONE, &opt->plain,
		  "Sound in the clear, for lab rooms that allow it", NULL },
		{ "no-echo", 0, 0, G_OPTION_ARG_NONE, &opt->no_echo,
		  "Never echo the gate's cookie: only SRTP proves the path",
		  NULL },
		{ "no-level", 0, 0, G_OPTION_ARG_NONE, &opt->no_level,
		  "Do not say how loud each packet is: all are decoded", NULL },
		{ "allow-late", 0, 0, G_OPTION_ARG_NONE, &opt->allow_late,
		  "Do not fail when our own ticks are late", NULL },
		{ "json", 0, 0, G_OPTION_ARG_FILENAME, &opt->json,
		  "Write the report here too", "FILE" },
		{ "version", 0, 0, G_OPTION_ARG_NONE, &version,
		  "Print the version", NULL },
		{ 0 },
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);

	*opt = (struct loadgen_options){ .callers = 3,
					 .duration = 10,
					 .ramp = 0.1,
					 .timeout = 60,
					 .complexity = 3 };
	g_option_context_set_summary(
		context, "Calls a room with many callers and checks who hears "
			 "whom.");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, error))
		return FALSE;
	if (version) {
		g_print("ipsp-loadgen %s\n", IPSP_VERSION_TEXT);
		exit(0);
	}
	if (argc > 1)
		return refuse(error, "words without a -- in front mean nothing "
				     "here; try --help");
	if (secret) {
		if (!g_file_get_contents(secret, &opt->password, NULL, error))
			return FALSE;
		g_strchomp(opt->password);
	}
	if (room_key &&
	    !phone_options_room_key(room_key, &opt->room_key, error))
		return FALSE;
	if (transport &&
	    !phone_options_transport(transport, &opt->transport, error))
		return FALSE;
	return check(opt, error);
}

void loadgen_options_clear(struct loadgen_options *opt)
{
	g_free(opt->from);
	g_free(opt->mailbox);
	g_free(opt->post);
	g_free(opt->user);
	g_free(opt->room);
	g_free(opt->pin);
	g_clear_pointer(&opt->room_key, g_bytes_unref);
	if (opt->password)
		explicit_bzero(opt->password, strlen(opt->password));
	g_free(opt->password);
	g_free(opt->ca_file);
	g_free(opt->json);
	*opt = (struct loadgen_options){ 0 };
}
