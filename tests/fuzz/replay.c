/* Runs one fuzzer over every file of a folder: how `meson test` replays a
 * corpus without libFuzzer. Usage: replay FOLDER */
#include <glib.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	g_autoptr(GDir) dir = NULL;
	const char *name;
	unsigned runs = 0;

	g_assert_cmpint(argc, ==, 2);
	dir = g_dir_open(argv[1], 0, NULL);
	g_assert_nonnull(dir);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(argv[1], name, NULL);
		g_autofree char *data = NULL;
		gsize size = 0;

		g_assert_true(g_file_get_contents(path, &data, &size, NULL));
		LLVMFuzzerTestOneInput((const uint8_t *)data, size);
		runs++;
	}
	/* An empty corpus would be a test that cannot fail. */
	g_assert_cmpuint(runs, >, 0);
	return 0;
}
