// SPDX-License-Identifier: GPL-2.0-only
/* The independent witness: iproute2 and ethtool, run in the test's namespaces. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/tool.h"

/* In a guest on a busy machine ethtool has taken more than ten seconds. */
#define TIMEOUT_MS  25000
#define MAX_WORDS   64
#define MAX_COMMAND 1024
#define MAX_JSON    (1 << 20)

/* Becomes the command. The administrator's directories may not be in an ordinary user's PATH. */
static __attribute__((noreturn)) void become(char *command, int output)
{
	const char *dirs = getenv("PATH");
	char *argv[MAX_WORDS + 1] = { NULL }, *rest = command, path[4096];

	for (int i = 0; i < MAX_WORDS && (argv[i] = strtok_r(rest, " ", &rest)); i++)
		;
	snprintf(path, sizeof(path), "%s:/usr/sbin:/sbin", dirs ? dirs : "/usr/bin:/bin");
	setenv("PATH", path, 1);
	setenv("LC_ALL", "C", 1);
	dup2(open("/dev/null", O_RDONLY), 0);
	dup2(output, 1);
	dup2(output, 2);
	if (argv[0])
		execvp(argv[0], argv);
	dprintf(2, "%s: %s", command, strerror(errno));
	_exit(127);
}

/* Reads to the end of @fd, dropping what does not fit. False at the deadline. */
static bool drain(int fd, char *out, size_t size)
{
	int64_t deadline = clock_ms() + TIMEOUT_MS;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t used = 0;
	char buf[4096];
	ssize_t n;

	do {
		n = poll(&p, 1, clock_left(deadline));
		if (n == 0)
			return false;
		n = n < 0 ? -1 : read(fd, buf, sizeof(buf));
		for (ssize_t i = 0; i < n && used + 1 < size; i++)
			out[used++] = buf[i];
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (size)
		out[used] = '\0';
	return true;
}

/* @out may be NULL with @size 0. */
static int run(char *command, char *out, size_t size)
{
	int ends[2], status;
	pid_t pid;

	if (size)
		out[0] = '\0';
	if (pipe2(ends, O_CLOEXEC))
		TH_BAIL("pipe for '%s': %s", command, strerror(errno));
	pid = fork();
	if (pid < 0)
		TH_BAIL("fork for '%s': %s", command, strerror(errno));
	if (pid == 0)
		become(command, ends[1]);
	close(ends[1]);
	if (!drain(ends[0], out, size))
		kill(pid, SIGKILL);
	close(ends[0]);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			TH_BAIL("wait for '%s': %s", command, strerror(errno));
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void format(char *command, const char *fmt, va_list ap)
{
	if (vsnprintf(command, MAX_COMMAND, fmt, ap) >= MAX_COMMAND)
		TH_BAIL("command too long: %s", command);
}

int tool_run(char *out, size_t size, const char *fmt, ...)
{
	char command[MAX_COMMAND];
	va_list ap;

	va_start(ap, fmt);
	format(command, fmt, ap);
	va_end(ap);
	return run(command, out, out ? size : 0);
}

/* A command that has to succeed. */
static void must(char *command, char *out, size_t size)
{
	int status = run(command, out, size);

	if (status)
		TH_BAIL("'%s' ended with %d: %s", command, status, out);
}

void tool_must(const char *fmt, ...)
{
	char command[MAX_COMMAND], out[1024];
	va_list ap;

	va_start(ap, fmt);
	format(command, fmt, ap);
	va_end(ap);
	must(command, out, sizeof(out));
}

json_t *tool_json(const char *fmt, ...)
{
	char command[MAX_COMMAND], *out = malloc(MAX_JSON);
	json_error_t err;
	json_t *json;
	va_list ap;

	if (!out)
		TH_BAIL("memory for JSON: %s", strerror(errno));
	va_start(ap, fmt);
	format(command, fmt, ap);
	va_end(ap);
	must(command, out, MAX_JSON);
	/* Some versions of iproute2 print nothing where others print an empty list. */
	json = out[strspn(out, " \n")] ? json_loads(out, 0, &err) : json_array();
	if (!json)
		TH_BAIL("'%s' gave no JSON: %s: %.200s", command, err.text, out);
	free(out);
	return json;
}

json_t *tool_ip_link(const char *name)
{
	json_t *list = tool_json("ip -d -s -j link show %s", name);
	json_t *link = json_incref(json_array_get(list, 0));

	json_decref(list);
	if (!link)
		TH_BAIL("ip shows no link %s", name);
	return link;
}

json_t *tool_get(json_t *json, const char *path)
{
	char copy[256], *rest = copy, *key;

	snprintf(copy, sizeof(copy), "%s", path);
	while (json && (key = strtok_r(rest, ".", &rest)))
		json = json_is_array(json) ? json_array_get(json, strtoul(key, NULL, 10)) :
					     json_object_get(json, key);
	return json;
}

bool tool_has(json_t *json, const char *path, const char *text)
{
	json_t *array = tool_get(json, path), *item;
	size_t i;

	json_array_foreach(array, i, item) {
		if (json_is_string(item) && !strcmp(json_string_value(item), text))
			return true;
	}
	return false;
}

long long tool_get_int(json_t *json, const char *path)
{
	json_t *value = tool_get(json, path);

	return json_is_integer(value) ? json_integer_value(value) : -1;
}

const char *tool_get_string(json_t *json, const char *path)
{
	const char *text = json_string_value(tool_get(json, path));

	return text ? text : "";
}

bool tool_get_bool(json_t *json, const char *path)
{
	return json_is_true(tool_get(json, path));
}
