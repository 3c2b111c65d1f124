// SPDX-License-Identifier: GPL-2.0-only
#include "harness/output.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_FILE	"log"
#define KERNEL_LOG_FILE "kernel.log"

static const char *attachment_file(void)
{
	const char *name = registry_suite()->attachment;

	return name ? name : "attachment";
}

bool output_make_path(const char *path)
{
	char part[PATH_MAX];
	char *slash;

	if (!*path) {
		errno = ENOENT;
		return false;
	}
	if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part)) {
		errno = ENAMETOOLONG;
		return false;
	}
	for (slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0777) && errno != EEXIST)
			return false;
		*slash = '/';
	}
	return !mkdir(part, 0777) || errno == EEXIST;
}

char *output_folder_name(const char *kernel)
{
	char *folder = strdup(kernel), *p;

	for (p = folder; p && *p; p++)
		if (*p == '/' || *p == ' ' || (p == folder && *p == '.'))
			*p = '-';
	return folder;
}

/* Makes TIME-KERNEL (TIME-GUEST), or with -2, -3, ... behind it the first that nobody else has. */
static char *default_dir(const struct run *run)
{
	const char *guest = run->options->guest;
	char stamp[32], suffix[16] = "", *dir, *kernel;
	int n = 1;

	kernel = output_folder_name(guest ? guest : run->kernel.release);
	if (!kernel)
		return NULL;
	output_make_path("results/runs");
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H-%M-%S", localtime(&run->started));
	while (true) {
		if (asprintf(&dir, "results/runs/%s-%s%s", stamp, kernel, suffix) < 0)
			dir = NULL;
		if (!dir || !mkdir(dir, 0777) || errno != EEXIST)
			break;
		free(dir);
		snprintf(suffix, sizeof(suffix), "-%d", ++n);
	}
	free(kernel);
	return dir;
}

static void remove_stale(const struct run *run, const char *id)
{
	int fd = openat(run->dir_fd, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	unlinkat(fd, LOG_FILE, 0);
	unlinkat(fd, KERNEL_LOG_FILE, 0);
	unlinkat(fd, attachment_file(), 0);
	close(fd);
	unlinkat(run->dir_fd, id, AT_REMOVEDIR);
}

bool output_open(struct run *run)
{
	const char *suite = registry_suite()->name;
	size_t i;

	run->dir = run->options->output ? strdup(run->options->output) : default_dir(run);
	if (!run->dir) {
		fprintf(stderr, "%s: out of memory\n", suite);
		return false;
	}
	run->dir_fd = -1;
	if (output_make_path(run->dir))
		run->dir_fd = open(run->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run->dir_fd < 0) {
		fprintf(stderr, "%s: cannot make the output folder %s: %s (--output DIR names another)\n",
			suite, run->dir, strerror(errno));
		return false;
	}
	if (faccessat(run->dir_fd, ".", W_OK, AT_EACCESS)) {
		fprintf(stderr, "%s: cannot write to the output folder %s: %s\n", suite, run->dir,
			strerror(errno));
		return false;
	}
	if (flock(run->dir_fd, LOCK_EX | LOCK_NB)) {
		fprintf(stderr, "%s: another run is writing to the output folder %s\n", suite,
			run->dir);
		return false;
	}
	unlinkat(run->dir_fd, "results.json", 0);
	unlinkat(run->dir_fd, "junit.xml", 0);
	unlinkat(run->dir_fd, "results.jsonl", 0);
	run->lines_fd = openat(run->dir_fd, "results.jsonl",
			       O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (run->lines_fd < 0)
		output_failed(run, "results.jsonl");
	for (i = 0; i < run->count; i++)
		remove_stale(run, run->records[i].test->id);
	return true;
}

void output_failed(struct run *run, const char *what)
{
	if (!run->write_failed)
		fprintf(stderr, "%s: cannot write %s/%s: %s; what was written before is kept\n",
			registry_suite()->name, run->dir, what, strerror(errno));
	run->write_failed = true;
}

/* All of @text or an errno. */
static bool write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		text += n;
		len -= n;
	}
	return true;
}

static bool replace_at(int dir_fd, const char *name, const char *text)
{
	char part[PATH_MAX];
	int fd, err;

	if (snprintf(part, sizeof(part), "%s.part", name) >= (int)sizeof(part)) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = openat(dir_fd, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return false;
	if (write_all(fd, text, strlen(text)) && !close(fd) &&
	    !renameat(dir_fd, part, dir_fd, name))
		return true;
	err = errno;
	close(fd);
	unlinkat(dir_fd, part, 0);
	errno = err;
	return false;
}

void output_replace(struct run *run, const char *name, const char *text)
{
	if (!replace_at(run->dir_fd, name, text))
		output_failed(run, name);
}

/* One write() for a line, so that a killed runner leaves whole lines. */
void output_line(struct run *run, const char *text)
{
	char *line;
	int len = asprintf(&line, "%s\n", text);

	if (len < 0)
		return;
	if (run->lines_fd >= 0 && !write_all(run->lines_fd, line, len))
		output_failed(run, "results.jsonl");
	free(line);
}

bool output_replace_path(const char *path, const char *text)
{
	struct stat st;
	bool good;
	int fd;

	/* A device or a pipe is written to, not replaced. */
	if (lstat(path, &st) || S_ISREG(st.st_mode))
		return replace_at(AT_FDCWD, path, text);
	/* A pipe without a reader is an error, not a reason to wait. */
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC, 0666);
	if (fd >= 0)
		fcntl(fd, F_SETFL, 0);
	good = fd >= 0 && write_all(fd, text, strlen(text));
	if (fd >= 0)
		close(fd);
	return good;
}

static void add_evidence(struct record *r, const char *name)
{
	size_t i = 0;

	while (r->evidence[i])
		i++;
	r->evidence[i] = name;
}

static void keep_text(struct run *run, struct record *r, int dir_fd, const char *name,
		      const char *text)
{
	if (!text || !*text)
		return;
	if (replace_at(dir_fd, name, text))
		add_evidence(r, name);
	else
		output_failed(run, r->test->id);
}

static void keep_attachment(struct run *run, struct record *r, int dir_fd, int from)
{
	int to = openat(dir_fd, attachment_file(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	char buf[1 << 16];
	off_t at = 0;
	ssize_t n;

	while (to >= 0 && (n = pread(from, buf, sizeof(buf), at)) > 0 && write_all(to, buf, n))
		at += n;
	if (to < 0 || n)
		output_failed(run, r->test->id);
	else
		add_evidence(r, attachment_file());
	if (to >= 0)
		close(to);
}

void output_evidence(struct run *run, struct record *r, int attachment_fd)
{
	const char *id = r->test->id;
	struct stat st;
	int fd = -1;

	memset(r->evidence, 0, sizeof(r->evidence));
	if (!mkdirat(run->dir_fd, id, 0777) || errno == EEXIST)
		fd = openat(run->dir_fd, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		output_failed(run, id);
		return;
	}
	keep_text(run, r, fd, LOG_FILE, r->log);
	keep_text(run, r, fd, KERNEL_LOG_FILE, r->kernel_log);
	if (attachment_fd >= 0 && !fstat(attachment_fd, &st) && st.st_size)
		keep_attachment(run, r, fd, attachment_fd);
	close(fd);
	unlinkat(run->dir_fd, id, AT_REMOVEDIR); /* if there was nothing to keep */
}

void *output_read_attachment(const struct run *run, const struct record *r, size_t *len)
{
	char path[PATH_MAX];
	void *data = NULL;
	struct stat st;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", r->test->id, attachment_file());
	if (!*r->evidence)
		return NULL;
	fd = openat(run->dir_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && st.st_size && (data = malloc(st.st_size))) {
		n = read(fd, data, st.st_size);
		*len = n < 0 ? 0 : n;
	}
	close(fd);
	return data;
}
