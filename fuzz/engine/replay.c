// SPDX-License-Identifier: GPL-2.0-only
/*
 * The target without an engine: runs the files it is given, in order, and says what came of each.
 *   TARGET-replay [FILE|DIR]...        one file after the other
 *   TARGET-replay --recorded FILE      the inputs that a flight recorder holds, until one is wrong
 *   TARGET-replay --split DIR FILE     these as files
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/engine/dictionary.h"
#include "fuzz/engine/engine.h"
#include "fuzz/engine/measure.h"
#include "fuzz/engine/recorder.h"

static uint8_t map[ENGINE_MAP_SIZE];

static int fault(const char *path)
{
	fprintf(stderr, "%s: %s: %s\n", fuzz_target.name, path, strerror(errno));
	return 2;
}

static int replay_file(const char *path)
{
	static uint8_t data[FUZZ_MAX_LEN];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, data, sizeof(data));
	size_t edges = 0;

	if (size < 0)
		return fault(path);
	close(fd);
	memset(map, 0, sizeof(map));
	printf("%s: %zd bytes", path, size);
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

static int write_file(const char *dir, const char *name, const uint8_t *data, size_t size)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd))
		return fault(path);
	return 0;
}

/* Each input of a recorder's file: run, or with @dir written there. */
static int recorded(const char *path, const char *dir)
{
	static uint8_t file[RECORDER_SIZE];
	const struct recorder_head *head = (const void *)file;
	const uint8_t *at = file + sizeof(*head), *end;
	int fd = open(path, O_RDONLY | O_CLOEXEC), status = 0;
	ssize_t len = fd < 0 ? -1 : read(fd, file, sizeof(file));

	if (len < (ssize_t)sizeof(*head) || head->magic != RECORDER_MAGIC) {
		errno = len < 0 ? errno : EINVAL;
		return fault(path);
	}
	close(fd);
	end = file + len;
	for (uint64_t i = 0; i < head->count && !status; i++) {
		char name[32];
		uint32_t size;

		memcpy(&size, at, sizeof(size));
		if (at + sizeof(size) > end || size > end - at - sizeof(size))
			break;
		snprintf(name, sizeof(name), "%06llu", (unsigned long long)i);
		if (dir)
			status = write_file(dir, name, at + sizeof(size), size);
		else
			engine_run(at + sizeof(size), size);
		at += sizeof(size) + (size + 3) / 4 * 4;
	}
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

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seeds", required_argument, NULL, 's' },
		{ "time", required_argument, NULL, 't' },
		{ "recorded", required_argument, NULL, 'r' },
		{ "split", required_argument, NULL, 'd' },
		{ "dictionary", no_argument, NULL, 'w' },
		{ "bare", no_argument, NULL, 'b' },
		{ "rounds", required_argument, NULL, 'n' },
		{ 0 },
	};
	const char *record = NULL, *split = NULL;
	double seconds = 0;
	int c, status = 0, rounds = 0;
	bool bare = false;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 's')
			return write_seeds(optarg);
		if (c == 'w') {
			dictionary_print(stdout);
			return 0;
		}
		if (c == 'b')
			bare = true;
		else if (c == 'n')
			rounds = atoi(optarg);
		else if (c == 'r')
			record = optarg;
		else if (c == 'd')
			split = optarg;
		else if (c != 't' || (seconds = atof(optarg)) <= 0)
			return 2;
	}
	if (split)
		return optind < argc ? recorded(argv[optind], split) : 2;
	if (rounds < 0 || ((bare || rounds) && (!seconds || !fuzz_target.written)))
		return 2;
	if (seconds)
		return rounds ? measure_ratio(seconds, rounds) : measure(seconds, bare);
	engine_begin(map);
	if (record)
		status = recorded(record, NULL);
	for (; optind < argc && !status; optind++)
		status = replay(argv[optind]);
	engine_check();
	return status;
}
