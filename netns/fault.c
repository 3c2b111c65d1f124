// SPDX-License-Identifier: GPL-2.0-only
/* Fault injection by /proc/thread-self/fail-nth and debugfs, and kmemleak. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <unistd.h>

#include "harness/harness.h"
#include "netns/fault.h"
#include "netns/file.h"

#define DEBUGFS "/sys/kernel/debug"

/* Objects younger than this are not taken for leaks: MSECS_MIN_AGE. */
#define LEAK_AGE_S 5

/* In the test's own /sys nothing is mounted there. */
static bool debugfs(void)
{
	return !access(DEBUGFS "/.", X_OK) &&
	       (!access(DEBUGFS "/kmemleak", F_OK) || !access(DEBUGFS "/failslab", F_OK) ||
		!mount("debugfs", DEBUGFS, "debugfs", 0, NULL));
}

int fault_prepare(void)
{
	static const struct {
		const char *file, *value;
	} settings[] = {
		{ DEBUGFS "/failslab/ignore-gfp-wait", "N" },
		{ DEBUGFS "/fail_page_alloc/ignore-gfp-wait", "N" },
		{ DEBUGFS "/fail_page_alloc/ignore-gfp-highmem", "N" },
		{ DEBUGFS "/fail_page_alloc/min-order", "0" },
		{ DEBUGFS "/failslab/verbose", "0" },
		{ DEBUGFS "/fail_page_alloc/verbose", "0" },
		{ DEBUGFS "/fail_usercopy/verbose", "0" },
	};

	if (!debugfs())
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		if (file_write(settings[i].file, settings[i].value))
			return -1;
	}
	return 0;
}

static bool fail(const char *file, unsigned int nth, long (*call)(void *arg), void *arg,
		 struct fault_result *r)
{
	int fd = open(file, O_RDWR | O_CLOEXEC), len;
	char text[16], left;
	ssize_t n;

	len = snprintf(text, sizeof(text), "%u", nth);
	if (fd < 0 || pwrite(fd, text, len, 0) != len)
		TH_BAIL("%s: %s", file, strerror(errno));
	r->ret = call(arg);
	r->err = r->ret == -1 ? errno : 0;
	/* It counts down. Where it has not come to zero, the copy of this read may be the one. */
	n = pread(fd, &left, 1, 0);
	if (pwrite(fd, "0", 1, 0) != 1 && pwrite(fd, "0", 1, 0) != 1)
		TH_BAIL("%s: %s", file, strerror(errno));
	close(fd);
	return n == 1 && left == '0';
}

bool fault_nth(unsigned int nth, long (*call)(void *arg), void *arg, struct fault_result *r)
{
	return fail("/proc/thread-self/fail-nth", nth, call, arg, r);
}

bool fault_nth_in(int tid, unsigned int nth, long (*call)(void *arg), void *arg,
		  struct fault_result *r)
{
	char file[48];

	snprintf(file, sizeof(file), "/proc/self/task/%d/fail-nth", tid);
	return fail(file, nth, call, arg, r);
}

long fault_available(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	long kib = -1;

	while (f && kib < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "MemAvailable: %ld", &kib);
	if (kib < 0)
		TH_BAIL("/proc/meminfo does not tell MemAvailable");
	fclose(f);
	return kib;
}

void fault_alone(bool on)
{
	static int program = -1;

	/* The program itself is what all of its tests can lock. */
	if (program < 0)
		program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (program < 0 || flock(program, on ? LOCK_EX : LOCK_UN))
		TH_BAIL("cannot lock the program: %s", strerror(errno));
}

bool fault_leaks_known(void)
{
	/* Disabled by an error of its own it is still there, and refuses. */
	return debugfs() && !file_write(DEBUGFS "/kmemleak", "stack=on");
}

/* Logs the objects of @comm: how many. */
static int leaked(const char *comm)
{
	FILE *f = fopen(DEBUGFS "/kmemleak", "re");
	char line[256], object[256] = "", name[64];
	bool ours = false;
	int count = 0;

	if (!f)
		TH_BAIL("kmemleak: %s", strerror(errno));
	snprintf(name, sizeof(name), "comm \"%s\"", comm);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "unreferenced", strlen("unreferenced"))) {
			snprintf(object, sizeof(object), "%s", line);
			ours = false;
		} else if (strstr(line, name)) {
			ours = true;
			count++;
			TH_LOG("%s", object);
		}
		if (ours)
			TH_LOG("%s", line);
	}
	fclose(f);
	return count;
}

int fault_leaks(const char *comm)
{
	if (!debugfs())
		TH_BAIL("debugfs: %s", strerror(errno));
	sleep(LEAK_AGE_S);
	/* The first scan only notes what an object holds: it has to stay the same. */
	for (int i = 0; i < 2; i++) {
		if (file_write(DEBUGFS "/kmemleak", "scan"))
			TH_BAIL("kmemleak: %s", strerror(errno));
	}
	return leaked(comm);
}
