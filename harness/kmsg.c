// SPDX-License-Identifier: GPL-2.0-only
#include "harness/kmsg.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "harness/job.h"

#define KMSG_NODE "/dev/kmsg"

/* syslog facility 0: the kernel itself; /dev/kmsg never lets user space write that. */
#define LOG_FACILITY(priority) ((priority) >> 3)

struct record_line {
	int64_t arrived_ns;
	char *text; /* without the prefix */
};

struct kmsg {
	int fd;
	bool any_facility;
	char error[128];
	struct record_line *lines;
	size_t count;
};

bool kmsg_is_report(const char *text)
{
	static const char *const anywhere[] = {
		"WARNING: ",	     /* WARN_ON, and lockdep's titles */
		"BUG: ",	     /* oopses, KASAN, KCSAN, KMSAN, lockups */
		"kernel BUG at ",
		"Oops: ",
		"Unable to handle kernel ",
		"general protection fault",
		"divide error: ",
		"invalid opcode: ",
		"Kernel panic",
		"UBSAN: ",
		"refcount_t: ",
		"unregister_netdevice: waiting for ",
		"blocked for more than ", /* hung task */
		"rcu: INFO: ",		  /* stalls */
		"detected stall",
		"INFO: trying to register non-static key",
		"possible circular locking dependency",
		"possible recursive locking",
		"inconsistent lock state",
		"suspicious RCU usage",
		"new suspected memory leaks",
		"ref_tracker: ",
		"list_add corruption",
		"list_del corruption",
	};
	size_t i;

	/* "traps: NAME[PID] general protection fault": of a program, as 32-bit system calls give it. */
	if (strstr(text, "traps: "))
		return false;
	/* No reference is lost, it is only not watched: allocations fail where tests ask for it. */
	if (strstr(text, "ref_tracker: memory allocation failure"))
		return false;
	for (i = 0; i < sizeof(anywhere) / sizeof(*anywhere); i++)
		if (strstr(text, anywhere[i]))
			return true;
	return false;
}

pid_t kmsg_process(const char *text)
{
	const char *at = strstr(text, " PID: ");
	int pid, end = 0;

	if (!at || sscanf(at, " PID: %d Comm: %n", &pid, &end) != 1 || !end)
		return 0;
	return pid;
}

bool kmsg_is_chatter(const char *text)
{
	size_t word = strcspn(text, " ");

	if (kmsg_is_report(text) || !islower((unsigned char)*text))
		return false;
	return text[word - 1] == ':' || !strncmp(text, "device ", 7);
}

/* Containers like to put /dev/null or a terminal there. The numbers are from devices.txt. */
static bool is_kernel_log(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 11);
}

struct kmsg *kmsg_open(bool any_facility)
{
	struct kmsg *k = calloc(1, sizeof(*k));

	if (!k)
		abort();
	k->any_facility = any_facility;
	k->fd = open(KMSG_NODE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (k->fd >= 0 && is_kernel_log(k->fd) && lseek(k->fd, 0, SEEK_END) >= 0)
		return k;
	snprintf(k->error, sizeof(k->error), "cannot read %s: %s", KMSG_NODE,
		 k->fd >= 0 && !is_kernel_log(k->fd) ? "something else is there in its place" :
						       strerror(errno));
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
	return k;
}

void kmsg_close(struct kmsg *k)
{
	size_t i;

	if (k->fd >= 0)
		close(k->fd);
	for (i = 0; i < k->count; i++)
		free(k->lines[i].text);
	free(k->lines);
	free(k);
}

const char *kmsg_error(const struct kmsg *k)
{
	return *k->error ? k->error : NULL;
}

int kmsg_fd(const struct kmsg *k)
{
	return k->fd;
}

static void keep(struct kmsg *k, const char *text)
{
	struct record_line *lines = realloc(k->lines, (k->count + 1) * sizeof(*lines));

	if (!lines)
		return;
	k->lines = lines;
	lines[k->count].text = strdup(text);
	lines[k->count].arrived_ns = now_ns();
	if (lines[k->count].text)
		k->count++;
}

/* A record reads "PRIORITY,SEQUENCE,TIME,FLAGS;TEXT\n DICTIONARY...". */
static void take(struct kmsg *k, char *record, void (*on_report)(void *, const char *, pid_t),
		 void *arg)
{
	int facility = LOG_FACILITY(atoi(record));
	char *text = strchr(record, ';');

	if (!text++)
		return;
	text[strcspn(text, "\n")] = '\0';
	keep(k, text);
	if (!k->any_facility && facility)
		return;
	if (kmsg_is_report(text))
		on_report(arg, text, 0);
	if (kmsg_process(text))
		on_report(arg, text, kmsg_process(text));
}

void kmsg_drain(struct kmsg *k, void (*on_report)(void *arg, const char *text, pid_t pid),
		void *arg)
{
	char record[8192 + 1];
	ssize_t len;

	if (k->fd < 0)
		return;
	for (;;) {
		len = read(k->fd, record, sizeof(record) - 1);
		/* EPIPE: a record was overwritten before it was read; the next one is there. */
		if (len < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (len <= 0)
			return;
		record[len] = '\0';
		take(k, record, on_report, arg);
	}
}

char *kmsg_between(const struct kmsg *k, int64_t from_ns, int64_t to_ns)
{
	char *text = NULL;
	size_t i, size;
	FILE *f = NULL;

	for (i = 0; i < k->count; i++) {
		if (k->lines[i].arrived_ns < from_ns || k->lines[i].arrived_ns > to_ns)
			continue;
		if (!f && !(f = open_memstream(&text, &size)))
			return NULL;
		fprintf(f, "%s\n", k->lines[i].text);
	}
	if (f)
		fclose(f);
	return text;
}
