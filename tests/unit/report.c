/* What ipsp-loadgen writes of its run, for programs. */
#include "loadgen/report.h"

#include <glib/gstdio.h>
#include <jansson.h>

static json_t *written(struct report *rep)
{
	g_autofree char *path =
		g_build_filename(g_get_tmp_dir(), "ipsp-report-XXXXXX", NULL);
	g_autoptr(GError) error = NULL;
	int fd = g_mkstemp(path);
	json_t *root;

	g_assert_cmpint(fd, >=, 0);
	g_close(fd, NULL);
	report_write_json(rep, path, &error);
	g_assert_no_error(error);
	root = json_load_file(path, 0, NULL);
	g_unlink(path);
	g_assert_nonnull(root);
	return root;
}

static json_int_t number(json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);

	g_assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static void switches_are_counted_by_why_and_by_what_they_cost(void)
{
	static const struct call_switch switches[] = {
		{ 0, 1, CALL_REFUSED, 40000 },	 { 1, 2, CALL_REFUSED, 99999 },
		{ 0, 1, CALL_SILENT, 620000 },	 { 0, 1, CALL_REDIRECTED, 0 },
		{ 1, 2, CALL_SILENT, 31000000 },
	};
	static const struct {
		int from_ms, n;
	} steps[] = { { 0, 3 }, { 600, 1 }, { 2000, 1 } };
	struct report rep;
	json_t *root, *all, *histogram;
	json_int_t n = 0;

	report_init(&rep, "hall@conf.test", 2);
	for (guint i = 0; i < G_N_ELEMENTS(switches); i++)
		report_switch(&rep, &switches[i]);
	root = written(&rep);
	all = json_object_get(root, "switches");
	g_assert_cmpint(number(all, "silent"), ==, 2);
	g_assert_cmpint(number(all, "refused"), ==, 2);
	g_assert_cmpint(number(all, "redirected"), ==, 1);
	g_assert_cmpfloat_with_epsilon(
		json_real_value(json_object_get(json_object_get(all, "lost_ms"),
						"p50")),
		99.999, 0.001);
	histogram = json_object_get(all, "lost_histogram");
	for (gsize i = 0; i < json_array_size(histogram); i++)
		n += number(json_array_get(histogram, i), "n");
	g_assert_cmpint(n, ==, G_N_ELEMENTS(switches));
	for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
		json_t *step = json_array_get(histogram,
					      (gsize)steps[i].from_ms / 100);

		g_assert_cmpint(number(step, "from_ms"), ==, steps[i].from_ms);
		g_assert_cmpint(number(step, "n"), ==, steps[i].n);
	}
	json_decref(root);
	report_fini(&rep);
}

static void a_run_without_switches_has_none(void)
{
	struct report rep;
	json_t *root, *all;

	report_init(&rep, "hall@conf.test", 2);
	root = written(&rep);
	all = json_object_get(root, "switches");
	g_assert_cmpint(number(all, "silent"), ==, 0);
	g_assert_true(json_is_null(json_object_get(all, "lost_ms")));
	json_decref(root);
	report_fini(&rep);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func(
		"/report/switches are counted by why and by what they cost",
		switches_are_counted_by_why_and_by_what_they_cost);
	g_test_add_func("/report/a run without switches has none",
			a_run_without_switches_has_none);
	return g_test_run();
}
