/* bench-micro - what each stage of the media path costs, so that a regression
 * is seen where it happens. On a machine with other work the least is the
 * figure to compare.
 *
 *   bench-micro [--only WORD] [--json FILE] [--brief]
 *
 * --only times the stages whose name has the word in it; --brief takes a few
 * batches only: under callgrind, or to see that all of them run. */
#include "tests/bench/micro/micro.h"

#include <err.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCHES	 101
#define BATCH_NS 200000 /* at least, so that the clock's cost is lost in it */

static const char *only;
static FILE *json;
static unsigned n_printed;
static bool brief;

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool wanted(const char *name)
{
	return !only || strstr(name, only);
}

void micro_print(const char *name, double least_ns, double median_ns)
{
	if (!wanted(name))
		return;
	printf("%-52s %11.1f %11.1f\n", name, least_ns, median_ns);
	fflush(stdout);
	if (json)
		fprintf(json,
			"%s {\"stage\": \"%s\", \"least_ns\": %.1f,"
			" \"median_ns\": %.1f}",
			n_printed ? ",\n" : "", name, least_ns, median_ns);
	n_printed++;
}

static double batch(micro_stage stage, void *context, unsigned n, unsigned *i)
{
	double began = now_ns();

	for (unsigned end = *i + n; *i < end; ++*i)
		stage(context, *i);
	return now_ns() - began;
}

void micro_time(const char *name, micro_stage stage, void *context,
		unsigned times)
{
	unsigned batches = brief ? 3 : BATCHES, n = 1, i = 0;
	double ns[BATCHES];

	if (!wanted(name))
		return;
	/* Grows until a batch is long enough; that warms the caches too. */
	while (batch(stage, context, n, &i) < BATCH_NS && !brief)
		n *= 2;
	for (unsigned b = 0; b < batches; b++)
		ns[b] = batch(stage, context, n, &i) / n / times;
	qsort(ns, batches, sizeof(*ns), compare);
	micro_print(name, ns[0], ns[batches / 2]);
}

static void read_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "only", required_argument, NULL, 'o' },
		{ "json", required_argument, NULL, 'j' },
		{ "brief", no_argument, NULL, 'b' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
		if (c == 'o') {
			only = optarg;
		} else if (c == 'j') {
			json = fopen(optarg, "w");
			if (!json)
				err(1, "%s", optarg);
		} else if (c == 'b') {
			brief = true;
		} else {
			exit(2);
		}
}

int main(int argc, char **argv)
{
	read_options(argc, argv);
	printf("%-52s %11s %11s\n", "ns", "least", "median");
	if (json)
		fprintf(json, "[\n");
	micro_codec();
	micro_sound();
	micro_packets();
	micro_crypto();
	micro_room();
	micro_trunk();
	if (json) {
		fprintf(json, "\n]\n");
		if (fclose(json))
			err(1, "the JSON");
	}
	return n_printed ? 0 : 1;
}
