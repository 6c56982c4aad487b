#include "web/files.h"

#include <gio/gio.h>
#include <string.h>

#define MAX_FILE_SIZE (4 * 1024 * 1024)

struct files {
	GHashTable *by_path; /* "/name" -> struct file */
};

static const struct {
	const char *extension, *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".txt", "text/plain; charset=utf-8" },
};

static const char *type_of(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		if (g_str_has_suffix(name, types[i].extension))
			return types[i].type;
	return NULL;
}

static void file_free(gpointer data)
{
	struct file *file = data;

	g_bytes_unref(file->bytes);
	g_free(file->etag);
	g_free(file);
}

static gboolean add(struct files *files, const char *directory,
		    const char *name, GError **error)
{
	g_autofree char *full = g_build_filename(directory, name, NULL);
	g_autofree char *digest = NULL;
	const char *type = type_of(name);
	struct file *file;
	char *text;
	gsize size;

	if (!type || !g_file_test(full, G_FILE_TEST_IS_REGULAR))
		return TRUE;
	if (!g_file_get_contents(full, &text, &size, error))
		return FALSE;
	if (size > MAX_FILE_SIZE) {
		g_free(text);
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
			    "%s is larger than %d bytes", full, MAX_FILE_SIZE);
		return FALSE;
	}
	file = g_new0(struct file, 1);
	file->type = type;
	file->bytes = g_bytes_new_take(text, size);
	digest = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, file->bytes);
	file->etag = g_strdup_printf("\"%.32s\"", digest);
	g_hash_table_insert(files->by_path, g_strconcat("/", name, NULL), file);
	return TRUE;
}

struct files *files_create(const char *directory, GError **error)
{
	struct files *files = g_new0(struct files, 1);
	g_autoptr(GDir) dir = NULL;
	const char *name;

	files->by_path = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					       file_free);
	dir = g_dir_open(directory, 0, error);
	if (!dir)
		goto fail;
	while ((name = g_dir_read_name(dir)))
		if (!add(files, directory, name, error))
			goto fail;
	if (files_find(files, "/"))
		return files;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
		    "%s has no index.html: the panel was not built or is not "
		    "installed there",
		    directory);
fail:
	files_destroy(&files);
	return NULL;
}

void files_destroy(struct files **filesp)
{
	struct files *files = *filesp;

	*filesp = NULL;
	if (!files)
		return;
	g_hash_table_destroy(files->by_path);
	g_free(files);
}

const struct file *files_find(const struct files *files, const char *path)
{
	return g_hash_table_lookup(
		files->by_path, strcmp(path, "/") == 0 ? "/index.html" : path);
}
