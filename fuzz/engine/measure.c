// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/engine/measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/engine/engine.h"
#include "harness/harness.h"

#define SEEDS  64
#define ROUNDS 100

/* A seed; or what a write() for it writes, and where. */
static struct timed {
	size_t size;
	int fd;
	uint8_t data[2048];
} seeds[SEEDS];
static size_t num_seeds;

static void broken(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", fuzz_target.name, what, strerror(errno));
	exit(2);
}

/* Those of the target's seeds that fit. */
static void load(bool bare)
{
	static uint8_t data[FUZZ_MAX_LEN], written[FUZZ_MAX_LEN + 64];
	const char *name;
	size_t size;

	for (unsigned int i = 0; (size = fuzz_target.seed(i, data, &name)); i++) {
		struct timed *s = &seeds[num_seeds];

		s->size = bare ? fuzz_target.written(data, size, written, &s->fd) : size;
		if (num_seeds == SEEDS || s->size > sizeof(s->data))
			continue;
		memcpy(s->data, bare ? written : data, s->size);
		num_seeds++;
	}
}

static void begin(bool bare)
{
	static uint8_t map[ENGINE_MAP_SIZE];

	if (bare)
		engine_begin_bare();
	else
		engine_begin(map);
	load(bare);
}

/* Inputs a second. */
static double rate(double seconds, bool bare)
{
	struct timespec start, now;
	size_t runs = 0;
	double passed;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		for (int i = 0; i < 500; i++, runs++) {
			const struct timed *s = &seeds[runs % num_seeds];

			if (!bare)
				engine_run(s->data, s->size);
			else if (write(s->fd, s->data, s->size) < 0 && errno != EINVAL)
				broken("write");
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
		passed = now.tv_sec - start.tv_sec + (now.tv_nsec - start.tv_nsec) / 1e9;
	} while (passed < seconds);
	return runs / passed;
}

int measure(double seconds, bool bare)
{
	begin(bare);
	printf("%.0f inputs/s\n", rate(seconds, bare));
	return 0;
}

/* A process that measures once each time it gets a byte: the socket for that. */
static int start(double seconds, bool bare)
{
	int ends[2];
	pid_t pid;
	char c;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		broken("socketpair");
	pid = fork();
	if (pid < 0)
		broken("fork");
	close(ends[!!pid]);
	if (pid)
		return ends[0];
	begin(bare);
	while (read(ends[1], &c, 1) == 1) {
		double result = rate(seconds, bare);

		if (write(ends[1], &result, sizeof(result)) != sizeof(result))
			break;
	}
	_exit(0);
}

static double ask(int socket)
{
	double result = 0;

	if (send(socket, "", 1, MSG_NOSIGNAL) != 1 ||
	    recv(socket, &result, sizeof(result), MSG_WAITALL) != sizeof(result))
		broken("the process that measures");
	return result;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double median(double *values, unsigned int n)
{
	qsort(values, n, sizeof(*values), by_value);
	return values[n / 2];
}

int measure_ratio(double seconds, unsigned int rounds)
{
	double full[ROUNDS], bare[ROUNDS];
	int sockets[2];

	if (rounds > ROUNDS)
		rounds = ROUNDS;
	engine_learn();
	for (int i = 0; i < 2; i++)
		sockets[i] = start(seconds, i);
	for (unsigned int i = 0; i < rounds; i++) {
		full[i] = ask(sockets[0]);
		bare[i] = ask(sockets[1]);
	}
	printf("%s: %.0f inputs/s, the writes alone %.0f/s, ratio %.2f (medians of %u rounds of %g s)\n",
	       fuzz_target.name, median(full, rounds), median(bare, rounds),
	       median(full, rounds) / median(bare, rounds), rounds, seconds);
	return 0;
}
