// SPDX-License-Identifier: GPL-2.0-only
#include "harness/journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "harness/base64.h"
#include "harness/job.h"
#include "harness/output.h"
#include "harness/text.h"

/* Of a long log, the end: a serial line is slow. */
#define LOG_SIZE (256 << 10)

struct journal {
	int fd;
	bool failed;
};

struct journal *journal_open(const char *path)
{
	struct journal *j = calloc(1, sizeof(*j));
	struct termios raw;

	if (!j)
		abort();
	j->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0666);
	if (j->fd < 0) {
		fprintf(stderr, "%s: cannot write %s: %s\n", registry_suite()->name, path,
			strerror(errno));
		free(j);
		return NULL;
	}
	/* A serial line must not turn our newlines into something else. */
	if (!tcgetattr(j->fd, &raw)) {
		cfmakeraw(&raw);
		tcsetattr(j->fd, TCSANOW, &raw);
	}
	return j;
}

static void write_all(struct journal *j, const char *text, size_t len)
{
	while (len && !j->failed) {
		ssize_t n = write(j->fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		j->failed |= n < 0;
		text += n;
		len -= n;
	}
}

/* Takes over the reference. */
static void put(struct journal *j, json_t *event)
{
	char *line = event ? json_dumps(event, JSON_COMPACT) : NULL;

	if (line) {
		write_all(j, line, strlen(line));
		write_all(j, "\n", 1);
	}
	j->failed |= !line;
	free(line);
	json_decref(event);
}

void journal_begin(struct journal *j, const struct run *run)
{
	put(j, json_pack("{s:s, s:o}", "event", "begin", "run", results_head_json(run)));
}

void journal_started(struct journal *j, const struct record *r)
{
	put(j, json_pack("{s:s, s:s}", "event", "start", "id", r->test->id));
}

static char *attachment_text(const struct run *run, const struct record *r)
{
	size_t len;
	void *data = output_read_attachment(run, r, &len);
	char *text = data ? base64_encode(data, len) : NULL;

	free(data);
	return text;
}

void journal_result(struct journal *j, const struct run *run, const struct record *r)
{
	char *attachment = attachment_text(run, r);

	put(j, json_pack("{s:s, s:o, s:o, s:o, s:s*}", "event", "result",
			 "test", results_test_json(run, r),
			 "log", results_text_json(text_tail(r->log, LOG_SIZE)),
			 "kernel_log", results_text_json(text_tail(r->kernel_log, LOG_SIZE)),
			 "attachment", attachment));
	free(attachment);
}

bool journal_end(struct journal *j)
{
	bool good;

	put(j, json_pack("{s:s}", "event", "end"));
	if (isatty(j->fd))
		tcdrain(j->fd);
	good = !close(j->fd) && !j->failed;
	free(j);
	return good;
}

static const char *string_in(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

static void read_features(json_t *features)
{
	struct feature *f;

	for (f = registry_features(); f; f = f->next) {
		json_t *value = json_object_get(features, f->name);

		f->probed = value;
		f->present = json_is_true(value);
		snprintf(f->reason, sizeof(f->reason), "%s",
			 json_is_string(value) ? json_string_value(value) : "");
	}
}

void journal_read_begin(struct run *run, const json_t *event)
{
	json_t *head = json_object_get(event, "run");
	json_t *kernel = json_object_get(head, "kernel");

	snprintf(run->kernel.release, sizeof(run->kernel.release), "%s",
		 string_in(kernel, "release"));
	snprintf(run->kernel.version, sizeof(run->kernel.version), "%s",
		 string_in(kernel, "version"));
	snprintf(run->kernel.machine, sizeof(run->kernel.machine), "%s", string_in(kernel, "arch"));
	snprintf(run->sandbox, sizeof(run->sandbox), "%s", string_in(head, "sandbox"));
	snprintf(run->kernel_log, sizeof(run->kernel_log), "%s", string_in(head, "kernel_log"));
	read_features(json_object_get(kernel, "features"));
}

static char *text_or_null(const json_t *event, const char *key)
{
	const char *text = string_in(event, key);

	return *text ? strdup(text) : NULL;
}

static int attachment_file(const json_t *event)
{
	size_t len = 0;
	uint8_t *data = base64_decode(string_in(event, "attachment"), &len);
	int fd = data && len ? memfd_create("attachment", MFD_CLOEXEC) : -1;

	if (fd >= 0 && write(fd, data, len) != (ssize_t)len) {
		close(fd);
		fd = -1;
	}
	free(data);
	return fd;
}

bool journal_read_result(struct run *run, struct record *r, const json_t *event)
{
	json_t *test = json_object_get(event, "test");
	int result = result_from_name(string_in(test, "result")), attachment;
	double ms;

	if (result < 0)
		return false;
	r->result = result;
	snprintf(r->reason, sizeof(r->reason), "%s", string_in(test, "reason"));
	ms = json_number_value(json_object_get(test, "duration_ms"));
	r->duration_ns = ms > 0 && ms < 1e12 ? (int64_t)(ms * 1e6) : 0;
	r->runs = json_is_integer(json_object_get(test, "runs")) ?
			  json_integer_value(json_object_get(test, "runs")) : 1;
	r->passes = json_integer_value(json_object_get(test, "passes"));
	r->log = text_or_null(event, "log");
	r->kernel_log = text_or_null(event, "kernel_log");
	if (result_is_bad(result) || result == RESULT_XFAIL) {
		attachment = attachment_file(event);
		output_evidence(run, r, attachment);
		if (attachment >= 0)
			close(attachment);
	}
	return true;
}
