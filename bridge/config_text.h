/* config_text - a key file with the line of everything in it, and the list of
 * what is wrong with it. GKeyFile reads the values but forgets the lines, and
 * a person who mends a file wants the line. */
#ifndef BRIDGE_CONFIG_TEXT_H
#define BRIDGE_CONFIG_TEXT_H

#include <glib.h>

struct config_text {
	char *path;
	GKeyFile *file;
	GHashTable *lines; /* "group" or "group\nkey" => line, from 1 */
	GArray *mistakes;  /* struct config_mistake */
	/* Files that hold secrets are not read: see config_load_outside(). */
	gboolean outside;
};

struct config_mistake {
	guint line; /* 0: of the file as a whole */
	char *sentence;
};

/* What cannot be read becomes a mistake; then file is empty. */
void config_text_init(struct config_text *text_r, const char *path);
void config_text_fini(struct config_text *text);

/* Something is wrong with key, or with the group when key is NULL, or with
 * the file when both are. */
void config_text_mistake(struct config_text *text, const char *group,
			 const char *key, const char *format, ...)
	G_GNUC_PRINTF(4, 5);

/* Adds "FILE:LINE: sentence" (char *) for each mistake, by line. */
void config_text_report(struct config_text *text, GPtrArray *problems);

#endif
