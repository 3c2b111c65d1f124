// SPDX-License-Identifier: GPL-2.0-only
/*
 * The target without an engine: runs the files it is given, in order, and says what came of each.
 *
 *   TARGET-replay [FILE|DIR]...        one after the other; of a recorder's file all inputs
 *   TARGET-replay --split DIR FILE...  all inputs as files
 *   TARGET-replay --program FILE...    all inputs as a program in C that stands alone
 *   TARGET-replay --shrink DIR         makes DIR/best, which fails, smaller: see shrink.h
 *   TARGET-replay --locations OUT ...  also writes which of the kernel's locations were reached
 *   TARGET-replay --seeds DIR          writes the target's seeds
 *   TARGET-replay --dictionary         prints a dictionary for libFuzzer and AFL++
 *   TARGET-replay --time S             how many inputs a second: the seeds over and over
 *   TARGET-replay --time S --bare      the same without all else: only their write()
 *   TARGET-replay --time S --rounds N  both in turn, and the ratio of their medians
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/coverage/locations.h"
#include "fuzz/engine/dictionary.h"
#include "fuzz/engine/engine.h"
#include "fuzz/engine/measure.h"
#include "fuzz/engine/recorder.h"
#include "fuzz/engine/shrink.h"

static uint8_t map[ENGINE_MAP_SIZE];

static int fault(const char *path)
{
	fprintf(stderr, "%s: %s: %s\n", fuzz_target.name, path, strerror(errno));
	return 2;
}

static int run_one(const char *path, const uint8_t *data, size_t size)
{
	size_t edges = 0;

	memset(map, 0, sizeof(map));
	printf("%s: %zu bytes", path, size);
	fflush(stdout);
	if (engine_run(data, size) < 0) {
		puts(", no input of this target");
		return 0;
	}
	for (size_t i = 0; i < sizeof(map); i++)
		edges += map[i] != 0;
	printf(", as the model says, %zu %s\n", edges, engine_has_kcov() ? "edges" : "results");
	return 0;
}

static int write_file(const char *dir, const char *name, const uint8_t *data, size_t size)
{
	char path[4096];
	FILE *out;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	out = fopen(path, "we");
	if (!out)
		return fault(path);
	ok = fwrite(data, 1, size, out) == size;
	return fclose(out) || !ok ? fault(path) : 0;
}

static const char *split_to;

static int split_one(const char *path, const uint8_t *data, size_t size)
{
	static unsigned int n;
	char name[32];

	(void)path;
	snprintf(name, sizeof(name), "%06u", n++);
	return write_file(split_to, name, data, size);
}

static int print_one(const char *path, const uint8_t *data, size_t size)
{
	(void)path;
	engine_program_add(data, size);
	return 0;
}

/* What is done with each input. */
static int (*one)(const char *path, const uint8_t *data, size_t size) = run_one;

/* A recording of another target would only look as if the kernel did all right with it. */
static bool is_ours(const char *path, const struct recording *r)
{
	if (*r->target && strcmp(r->target, fuzz_target.name)) {
		fprintf(stderr, "%s: %s: a recording of the target %s\n", fuzz_target.name, path,
			r->target);
		return false;
	}
	if (r->count < r->recorded || !r->count)
		fprintf(stderr, "%s: %s: %zu of %" PRIu64 " inputs are whole\n", fuzz_target.name,
			path, r->count, r->recorded);
	return r->count || !r->recorded;
}

static int replay_file(const char *path)
{
	struct recording r;
	int status = 0;

	if (recording_load(path, &r))
		return fault(path);
	if (!is_ours(path, &r))
		return 2;
	for (size_t i = 0; i < r.count && !status; i++) {
		char name[4096];

		snprintf(name, sizeof(name), r.count > 1 ? "%s[%zu]" : "%s", path, i);
		status = one(name, r.inputs[i].data, r.inputs[i].size);
	}
	recording_free(&r);
	return status;
}

static int replay(const char *path)
{
	struct dirent **names;
	struct stat st;
	char file[4096];
	int n, status = 0;

	if (stat(path, &st))
		return fault(path);
	if (!S_ISDIR(st.st_mode))
		return replay_file(path);
	n = scandir(path, &names, NULL, alphasort);
	if (n < 0)
		return fault(path);
	for (int i = 0; i < n && !status; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (*names[i]->d_name != '.')
			status = replay_file(file);
		free(names[i]);
	}
	free(names);
	return status;
}

static int write_seeds(const char *dir)
{
	static uint8_t data[FUZZ_MAX_LEN];
	const char *name;
	int status = 0;
	size_t size;

	for (unsigned int n = 0; !status && (size = fuzz_target.seed(n, data, &name)); n++)
		status = write_file(dir, name, data, size);
	return status;
}

/* All files and folders that are named, as @what says. */
static int each(char **paths, int (*what)(const char *path, const uint8_t *data, size_t size))
{
	int status = 0;

	if (!*paths) {
		fprintf(stderr, "%s: no file and no folder is named\n", fuzz_target.name);
		return 2;
	}
	one = what;
	for (; *paths && !status; paths++)
		status = replay(*paths);
	return status;
}

static int write_program(char **paths)
{
	int status;

	engine_begin(map);
	status = each(paths, print_one);
	engine_program_write(stdout);
	return status;
}

static int run_all(char **paths, const char *locations)
{
	int status;

	if (locations)
		locations_keep();
	engine_begin(map);
	status = each(paths, run_one);
	engine_check();
	if (locations && locations_write(locations))
		return fault(locations);
	return status;
}

/* A number from @min, which is above 0, to @max; 0 after a line. */
static double number(const char *option, const char *text, double min, double max)
{
	char *end;
	double n = strtod(text, &end);

	if (*text && !*end && n >= min && n <= max)
		return n;
	fprintf(stderr, "%s: --%s needs a number from %g to %g, not '%s'\n", fuzz_target.name,
		option, min, max, text);
	return 0;
}

static int time_it(double seconds, unsigned int rounds, bool bare)
{
	if (!seconds)
		fprintf(stderr, "%s: --bare and --rounds need --time\n", fuzz_target.name);
	else if ((bare || rounds) && !fuzz_target.written)
		fprintf(stderr, "%s: no write() that could be timed alone\n", fuzz_target.name);
	else
		return rounds ? measure_ratio(seconds, rounds) : measure(seconds, bare);
	return 2;
}

static int run_options(int argc, char **argv)
{
	enum { SEEDS, SPLIT, PROGRAM, SHRINK, DICTIONARY, TIME, BARE, ROUNDS, LOCATIONS };
	static const struct option options[] = {
		{ "seeds", required_argument, NULL, SEEDS },
		{ "split", required_argument, NULL, SPLIT },
		{ "program", no_argument, NULL, PROGRAM },
		{ "shrink", required_argument, NULL, SHRINK },
		{ "dictionary", no_argument, NULL, DICTIONARY },
		{ "time", required_argument, NULL, TIME },
		{ "bare", no_argument, NULL, BARE },
		{ "rounds", required_argument, NULL, ROUNDS },
		{ "locations", required_argument, NULL, LOCATIONS },
		{ 0 },
	};
	const char *locations = NULL;
	unsigned int rounds = 0;
	double seconds = 0;
	bool bare = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case SEEDS:
			return write_seeds(optarg);
		case SHRINK:
			return shrink(optarg);
		case PROGRAM:
			return write_program(argv + optind);
		case DICTIONARY:
			dictionary_print(stdout);
			return 0;
		case SPLIT:
			split_to = optarg;
			break;
		case BARE:
			bare = true;
			break;
		case ROUNDS:
			rounds = (unsigned int)number("rounds", optarg, 1, 100);
			if (!rounds)
				return 2;
			break;
		case LOCATIONS:
			locations = optarg;
			break;
		case TIME:
			seconds = number("time", optarg, 0.001, 86400);
			if (!seconds)
				return 2;
			break;
		default:
			return 2;
		}
	}
	if (split_to)
		return each(argv + optind, split_one);
	if (seconds || bare || rounds)
		return time_it(seconds, rounds, bare);
	return run_all(argv + optind, locations);
}

int main(int argc, char **argv)
{
	int status = run_options(argc, argv);

	/* What was to be seen and was not is no success. */
	return !fflush(stdout) && !ferror(stdout) ? status : fault("standard output");
}
