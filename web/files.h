/* files - the panel's bundle, read into memory once.
 *
 * A path of a request is a key of this table and never a file name, so no
 * path can lead out of the directory. */
#ifndef WEB_FILES_H
#define WEB_FILES_H

#include <glib.h>

struct files;

struct file {
	GBytes *bytes;
	const char *type; /* Content-Type */
	char *etag;	  /* quoted, a digest of the bytes */
};

/* Reads the regular files directly in `directory` whose extension is known;
 * NULL and error when it has no index.html or a file cannot be read. */
struct files *files_create(const char *directory, GError **error);
void files_destroy(struct files **filesp);

/* path as requested, "/panel.js"; "/" is index.html. NULL: no such. */
const struct file *files_find(const struct files *files, const char *path);

#endif
