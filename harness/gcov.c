// SPDX-License-Identifier: GPL-2.0-only
#include "harness/gcov.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/job.h"
#include "harness/registry.h"

#define ROOT	    "/sys/kernel/debug/gcov"
#define NAMESPACES  "/proc/sys/user/max_net_namespaces"
/* The kernel takes milliseconds to take down a namespace, if nothing holds it. */
#define PATIENCE_NS 1000000000LL

struct counters {
	char *path;	  /* the kernel's file */
	const char *name; /* the last part of it */
	char *zero;	  /* its content while nothing is counted */
	size_t zero_size;
};

static struct counters *files;
static size_t file_count;
static int dir_fd = -1;
/* Namespaces that are still there, such as one with a TCP socket that sends its last again. */
static unsigned int left;

static bool failed(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", registry_suite()->name, what, strerror(errno));
	return false;
}

/* To be freed; NULL and errno. */
static char *content(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	ssize_t n = -1;

	*size = 0;
	while (fd >= 0) {
		text = realloc(text, *size + 65536);
		n = text ? read(fd, text + *size, 65536) : -1;
		if (n <= 0)
			break;
		*size += n;
	}
	if (fd >= 0)
		close(fd);
	if (n == 0)
		return text;
	free(text);
	return NULL;
}

static bool put(int dir, const char *name, const char *text, size_t size)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	bool written = fd >= 0 && write(fd, text, size) == (ssize_t)size;

	if (fd >= 0)
		close(fd);
	return written || failed(name);
}

static void put_number(const char *path, unsigned int number)
{
	char text[16];

	put(AT_FDCWD, path, text, snprintf(text, sizeof(text), "%u", number));
}

static int find(const char *path, const struct stat *st __UNUSED, int type, struct FTW *at)
{
	const char *name = path + at->base, *end = strrchr(name, '.');

	if (type != FTW_F || !end || strcmp(end, ".gcda"))
		return 0;
	files = realloc(files, (file_count + 1) * sizeof(*files));
	if (!files)
		return -1;
	files[file_count] = (struct counters){ .path = strdup(path) };
	files[file_count].name = files[file_count].path + at->base;
	file_count++;
	return 0;
}

/* True if there are more network namespaces than @most and @ours: then none can be made. */
static bool more_namespaces(int ours, unsigned int most)
{
	bool more;

	put_number(NAMESPACES, most + 1);
	more = unshare(CLONE_NEWNET) && errno == ENOSPC;
	setns(ours, CLONE_NEWNET);
	return more;
}

/*
 * Until the network namespaces of the test are gone: the kernel takes them down, with the devices
 * in them, some time after their last process.
 */
static void await_namespaces(void)
{
	int64_t until = now_ns() + PATIENCE_NS;
	int ours = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	size_t size;
	char *most = content(NAMESPACES, &size);

	if (ours < 0 || !most)
		return;
	for (;;) {
		/* One made here counts, too, until it is gone: there is one success in each round.
		 */
		if (left && !more_namespaces(ours, left - 1)) {
			left--;
			break;
		}
		if (!more_namespaces(ours, left))
			break;
		usleep(1000);
		left += now_ns() > until;
	}
	put(AT_FDCWD, NAMESPACES, most, size);
	free(most);
	close(ours);
}

static void save(const char *id)
{
	int dir;
	size_t i, size;
	char *now;

	mkdirat(dir_fd, id, 0777);
	dir = openat(dir_fd, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (i = 0; dir >= 0 && i < file_count; i++) {
		now = content(files[i].path, &size);
		if (!now)
			failed(files[i].path);
		else if (size == files[i].zero_size && !memcmp(now, files[i].zero, size))
			unlinkat(dir, files[i].name, 0); /* of an earlier run */
		else
			put(dir, files[i].name, now, size);
		free(now);
	}
	if (dir < 0)
		failed(id);
	else
		close(dir);
}

bool gcov_open(const char *dir)
{
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return failed(dir);
	if (nftw(ROOT, find, 16, FTW_PHYS))
		return failed(ROOT);
	if (!file_count) {
		fprintf(stderr, "%s: nothing in this kernel is counted by gcov\n",
			registry_suite()->name);
		return false;
	}
	save("load");
	return true;
}

void gcov_begin(void)
{
	size_t i;

	await_namespaces();
	put_number(ROOT "/reset", 0);
	for (i = 0; i < file_count; i++)
		files[i].zero = content(files[i].path, &files[i].zero_size);
}

void gcov_end(const char *id, bool keep)
{
	await_namespaces();
	if (keep)
		save(id);
	put_number(ROOT "/reset", 0);
}
