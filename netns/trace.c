// SPDX-License-Identifier: GPL-2.0-only
/* An instance of tracefs for one thread, which has its filter and its buffer apart from others. */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/harness.h"
#include "netns/file.h"
#include "netns/trace.h"

struct trace {
	char mount[32], instance[64];
};

static const char *path(const struct trace *t, const char *file)
{
	static __thread char path[256];

	snprintf(path, sizeof(path), "%s/%s", t->instance, file);
	return path;
}

/* Calls @on_line with each record; they are gone afterwards. False and errno if that fails. */
static bool take(const struct trace *t, void (*on_line)(const char *line, void *arg), void *arg)
{
	FILE *f = fopen(path(t, "trace"), "re");
	char line[1024];

	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		if (line[0] != '#')
			on_line(line, arg);
	}
	fclose(f);
	/* To open it for writing empties it. */
	f = fopen(path(t, "trace"), "we");
	return f && !fclose(f);
}

/* "COMMAND-PID [CPU] ...", the number being that of the first PID namespace. */
static void note_pid(const char *line, void *arg)
{
	const char *end = strstr(line, " [");

	while (end && end > line && *end == ' ')
		end--;
	while (end && end > line && isdigit(end[-1]))
		end--;
	if (end)
		*(int *)arg = atoi(end);
}

/* Only the kernel knows how it calls this thread: its records say. */
static int own_pid(const struct trace *t)
{
	int pid = 0;

	if (file_write(path(t, "trace_marker"), "here") || !take(t, note_pid, &pid))
		return 0;
	return pid;
}

static bool start(const struct trace *t, const char *event)
{
	char pid[16], enable[128];

	snprintf(pid, sizeof(pid), "%d", own_pid(t));
	snprintf(enable, sizeof(enable), "events/%s/enable", event);
	return strcmp(pid, "0") && !file_write(path(t, "set_event_pid"), pid) &&
	       !file_write(path(t, enable), "1");
}

struct trace *trace_open(const char *event)
{
	struct trace *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	snprintf(t->mount, sizeof(t->mount), "/tmp/tracefs-XXXXXX");
	/* The mount's name is new here, the instance's has to be new on the machine. */
	if (!mkdtemp(t->mount) || mount("tracefs", t->mount, "tracefs", 0, NULL))
		goto fail;
	snprintf(t->instance, sizeof(t->instance), "%s/instances/tuntests-%s", t->mount,
		 t->mount + strlen("/tmp/tracefs-"));
	if (mkdir(t->instance, 0700))
		goto fail;
	if (start(t, event))
		return t;
	trace_close(t);
	return NULL;
fail:
	free(t);
	return NULL;
}

struct search {
	const char *text;
	int found;
};

static void note_text(const char *line, void *arg)
{
	struct search *s = arg;
	const char *at = strstr(line, s->text);

	if (at && !isalnum(at[strlen(s->text)]) && at[strlen(s->text)] != '_')
		s->found++;
}

int trace_count(struct trace *t, const char *text)
{
	struct search s = { .text = text };

	if (!take(t, note_text, &s))
		TH_BAIL("cannot read the trace: %s", strerror(errno));
	return s.found;
}

void trace_close(struct trace *t)
{
	int err = errno;

	rmdir(t->instance);
	umount2(t->mount, MNT_DETACH);
	rmdir(t->mount);
	free(t);
	errno = err;
}
