/* Which part of a file a request means. */
#include "web/download.h"

static void ranges_are_as_the_RFC_has_them(void)
{
	static const struct {
		const char *range;
		guint64 size;
		guint status;
		guint64 at, n;
	} known[] = {
		{ NULL, 1000, 200, 0, 1000 },
		{ "bytes=0-499", 1000, 206, 0, 500 },
		{ "bytes=500-999", 1000, 206, 500, 500 },
		{ "bytes=500-5000", 1000, 206, 500, 500 },
		{ "bytes=999-", 1000, 206, 999, 1 },
		{ "bytes=-300", 1000, 206, 700, 300 },
		{ "bytes=-5000", 1000, 206, 0, 1000 },
		{ "bytes=0-0", 1000, 206, 0, 1 },
		{ "bytes=1000-", 1000, 416, 0, 0 },
		{ "bytes=-0", 1000, 416, 0, 0 },
		{ "bytes=0-", 0, 416, 0, 0 },
		{ "bytes=-1", 0, 416, 0, 0 },
		{ "bytes=9999999999999999999999-", 1000, 200, 0, 1000 },
		/* No range of bytes, or more than one: ignored. */
		{ "lines=0-1", 1000, 200, 0, 1000 },
		{ "bytes=", 1000, 200, 0, 1000 },
		{ "bytes=-", 1000, 200, 0, 1000 },
		{ "bytes=5", 1000, 200, 0, 1000 },
		{ "bytes=9-2", 1000, 200, 0, 1000 },
		{ "bytes=0-1,5-6", 1000, 200, 0, 1000 },
		{ "bytes= 0-1", 1000, 200, 0, 1000 },
		{ "bytes=0--1", 1000, 200, 0, 1000 },
		{ "", 1000, 200, 0, 1000 },
	};

	for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
		guint64 at, n;
		guint status =
			download_range(known[i].range, known[i].size, &at, &n);

		g_test_message("%s of %d", known[i].range, (int)known[i].size);
		g_assert_cmpuint(status, ==, known[i].status);
		if (status == 416)
			continue;
		g_assert_cmpuint(at, ==, known[i].at);
		g_assert_cmpuint(n, ==, known[i].n);
	}
}

static void only_files_are_sent(void)
{
	struct server_reply reply = { 0 };

	g_assert_false(download_reply("/dev/zero", "audio/ogg", NULL, &reply));
	g_assert_false(download_reply("/tmp", "audio/ogg", NULL, &reply));
	g_assert_false(
		download_reply("/none/at/all", "audio/ogg", NULL, &reply));
	g_assert_null(reply.file);
}

int main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/download/ranges are as the RFC has them",
			ranges_are_as_the_RFC_has_them);
	g_test_add_func("/download/only files are sent", only_files_are_sent);
	return g_test_run();
}
