// SPDX-License-Identifier: GPL-2.0-only
#include "harness/test.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct __test_metadata *current;
static pid_t main_pid;
static int attachment_fd = -1;
static uint64_t the_seed = DEFAULT_SEED;

static int gettid_now(void)
{
	return (int)syscall(SYS_gettid);
}

void test_use_seed(uint64_t seed)
{
	the_seed = seed;
}

uint64_t harness_seed(void)
{
	return the_seed;
}

int harness_attachment(void)
{
	return attachment_fd;
}

const char *harness_errno_name(int err)
{
	static __thread char numbers[8][16];
	static __thread unsigned int next;
	const char *name = strerrorname_np(err);
	char *number;

	if (name)
		return name;
	number = numbers[next++ % 8];
	snprintf(number, sizeof(numbers[0]), "%d", err);
	return number;
}

/* One write(), so that lines of several processes do not mix. */
static void log_line(const char *file, int line, const char *fmt, va_list ap)
{
	char text[REASON_SIZE + 256];
	int at = snprintf(text, sizeof(text), "%s:%d: ", file, line);
	int len = vsnprintf(text + at, sizeof(text) - at - 1, fmt, ap);

	len = at + len < (int)sizeof(text) - 1 ? at + len : (int)sizeof(text) - 2;
	text[len++] = '\n';
	fflush(stdout);
	if (write(STDERR_FILENO, text, len) < 0)
		return;
}

void harness_log(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(file, line, fmt, ap);
	va_end(ap);
}

/* Logs the message and keeps it as the reason, unless there already is one. */
static void note(char *reason, const char *file, int line, const char *fmt, va_list ap)
{
	va_list again;
	int at;

	va_copy(again, ap);
	log_line(file, line, fmt, again);
	va_end(again);
	if (*reason)
		return;
	at = snprintf(reason, REASON_SIZE, "%s:%d: ", file, line);
	vsnprintf(reason + at, REASON_SIZE - at, fmt, ap);
}

void __harness_failed(struct __test_metadata *m, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(m->shared->failure, file, line, fmt, ap);
	va_end(ap);
	m->shared->failed = true;
}

void __harness_skip(struct __test_metadata *m, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (!*m->shared->skip)
		vsnprintf(m->shared->skip, REASON_SIZE, fmt, ap);
	va_end(ap);
	harness_log(file, line, "SKIP: %s", m->shared->skip);
	m->shared->skipped = true;
}

static void show(char *out, size_t size, struct value v)
{
	if (v.is_signed)
		snprintf(out, size, "%lld", (long long)v.bits);
	else if (v.bits > 9)
		snprintf(out, size, "%llu, %#llx", v.bits, v.bits);
	else
		snprintf(out, size, "%llu", v.bits);
}

/* -1 may be what a failed call gave: the name of its errno then, or "". */
static const char *errno_of(struct value v)
{
	return v.is_signed && (long long)v.bits == -1 ? harness_errno_name(errno) : "";
}

void __harness_mismatch(struct __test_metadata *m, const char *file, int line,
			const char *expected_text, struct value expected, const char *op,
			const char *seen_text, struct value seen)
{
	const char *err = errno_of(seen);
	char e[64], s[64];

	show(e, sizeof(e), expected);
	show(s, sizeof(s), seen);
	__harness_failed(m, file, line, "Expected %s (%s) %s %s (%s)%s%s", expected_text, e, op,
			 seen_text, s, *err ? ", errno " : "", err);
}

void __harness_untrue(struct __test_metadata *m, const char *file, int line, bool expected,
		      const char *seen_text, struct value seen)
{
	const char *err = errno_of(seen);
	char s[64];

	show(s, sizeof(s), seen);
	__harness_failed(m, file, line, "Expected %s: %s, got %s%s%s", expected ? "true" : "false",
			 seen_text, s, *err ? ", errno " : "", err);
}

void __harness_wrong_errno(struct __test_metadata *m, const char *file, int line, int expected,
			   const char *call, long long ret, int seen)
{
	const char *wanted = expected ? harness_errno_name(expected) : "success";

	if (seen)
		__harness_failed(m, file, line, "Expected %s from %s, got %s", wanted, call,
				 harness_errno_name(seen));
	else if (expected)
		__harness_failed(m, file, line, "Expected %s from %s, got success (%lld)", wanted,
				 call, ret);
	else
		__harness_failed(m, file, line, "Expected 0 from %s, got %lld", call, ret);
}

/* Leaves the test's body: back to test_run(), or out of the child process or thread. */
static void __attribute__((noreturn)) leave(struct __test_metadata *m)
{
	if (getpid() != main_pid)
		_exit(EXIT_FAILURE);
	if (gettid_now() != m->main_tid)
		pthread_exit(NULL);
	longjmp(m->env, 1);
}

bool __harness_bail_out(struct __test_metadata *m, bool assert)
{
	if (assert)
		leave(m);
	return false;
}

void harness_bail(const char *file, int line, const char *fmt, ...)
{
	struct __test_metadata *m = current;
	va_list ap;

	va_start(ap, fmt);
	if (!m) {
		log_line(file, line, fmt, ap);
		exit(2);
	}
	note(m->shared->breakage, file, line, fmt, ap);
	va_end(ap);
	m->shared->broken = true;
	leave(m);
}

void harness_missing(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(current->shared->skip, REASON_SIZE, fmt, ap);
	va_end(ap);
}

static const struct feature *feature(const char *name)
{
	const struct feature *f = registry_feature(name);

	if (!f)
		TH_BAIL("no FEATURE probes '%s'", name);
	return f;
}

bool harness_feature(const char *name)
{
	return feature(name)->present;
}

const char *harness_feature_reason(const char *name)
{
	return feature(name)->reason;
}

static void begin(struct __test_metadata *m)
{
	current = m;
	main_pid = getpid();
	m->main_tid = gettid_now();
}

void test_run(const struct test *t, struct test_shared *shared, int attachment)
{
	struct __test_metadata m = { .test = t->tc, .shared = shared };
	const void *variant = t->variant ? t->variant->data : NULL;
	const struct fixture *f = t->tc->fixture;
	void *volatile self = NULL;
	volatile bool is_set_up = false;

	begin(&m);
	attachment_fd = attachment;
	if (!setjmp(m.env)) {
		if (f && !(self = calloc(1, f->size ? f->size : 1)))
			TH_BAIL("out of memory");
		if (registry_suite()->setup)
			registry_suite()->setup();
		if (f && f->setup)
			f->setup(&m, self, variant);
		is_set_up = true;
		if (!shared->skipped && !shared->failed)
			t->tc->fn(&m, self, variant);
	}
	if (is_set_up && f && f->teardown && !setjmp(m.env))
		f->teardown(&m, self, variant);
	if (getpid() != main_pid)
		_exit(EXIT_FAILURE); /* a child that returned from the test */
	free(self);
	fflush(NULL);
	shared->done = true;
}

void probe_run(const struct feature *f, struct test_shared *shared)
{
	struct __test_metadata m = { .shared = shared };

	begin(&m);
	if (!setjmp(m.env)) {
		if (registry_suite()->setup)
			registry_suite()->setup();
		shared->present = f->probe();
	}
	shared->done = true;
}
