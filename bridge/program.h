/* program - what the daemons' main functions have in common: options, the
 * configuration, signals, systemd.
 *
 *   SIGHUP           the configuration is read again
 *   SIGTERM, SIGINT  the program lets its callers go elsewhere where they can,
 *                    and ends; it ends at once when asked a second time */
#ifndef BRIDGE_PROGRAM_H
#define BRIDGE_PROGRAM_H

#include <glib.h>

#include "bridge/config.h"

#define EXIT_USAGE  2
#define EXIT_CONFIG 78 /* sysexits.h EX_CONFIG: systemd need not try again */

typedef struct config *(*program_load_func)(const char *path,
					    GPtrArray *problems);

/* A daemon; arg is what program_run() was given. */
struct program {
	const char *name;	     /* "ipsp-bridge" */
	const char *summary;	     /* for --help */
	const char *config_path;     /* unless --config names another */
	const GOptionEntry *options; /* its own */
	/* What is wrong with their values, or NULL. May be NULL itself. */
	const char *(*wrong_options)(void *arg);
	/* What its options want it to do instead of being a daemon; returns
	 * what main() does. Negative: nothing. May be NULL itself. */
	int (*instead)(void *arg);
	program_load_func load;
	/* Takes cfg, also when it fails; close() follows in both cases. */
	gboolean (*open)(struct config *cfg, void *arg, GError **error);
	/* The configuration was read again. Takes cfg. */
	void (*configure)(struct config *cfg, void *arg);
	/* Sends callers elsewhere: for how many seconds they may be waited
	 * for. 0: they have nowhere to go. */
	guint (*leave)(void *arg);
	/* Whether everybody has gone. */
	gboolean (*is_left)(void *arg);
	void (*close)(void *arg);
};

/* The first line of main(): standard descriptors are open, words are UTF-8,
 * files are for this user only. */
void program_begin(void);

/* The rest of main(); returns what it returns. */
int program_run(const struct program *prog, int argc, char **argv, void *arg);

/* For commands beside the daemon. NULL: every mistake was written to
 * stderr. */
struct config *program_load(program_load_func load, const char *path);

#endif
