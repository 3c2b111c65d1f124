// SPDX-License-Identifier: GPL-2.0-only
#include "harness/ktap.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/kmsg.h"
#include "harness/output.h"
#include "harness/text.h"

/* Lines of a bad test's output that go into the report; all of it is in its folder. */
#define LOG_LINES 40
/* Of a kernel log without a complaint: other tests' kernels have written it too. */
#define KERNEL_LINES 5
/* Of the command that runs the bad tests again. */
#define AGAIN_SIZE 2000

struct ktap {
	struct run *run;
	FILE *file;	/* results.ktap */
	bool terminal;
	bool progress_shown;
	size_t next;	/* first record not printed yet */
	size_t area;	/* number of the current area, from 1 */
	size_t in_area; /* number of the last test printed in it */
	struct totals totals; /* of the current area */
	const char *skip_reason;
};

static const char *colour(enum result r)
{
	switch (r) {
	case RESULT_PASS:
		return "\033[32m";
	case RESULT_SKIP:
	case RESULT_XFAIL:
	case RESULT_XPASS:
		return "\033[33m";
	default:
		return "\033[31m";
	}
}

static void clear_progress(struct ktap *k)
{
	if (k->progress_shown)
		fputs("\r\033[K", stdout);
	k->progress_shown = false;
}

/* One line to standard output, with colours if that is a terminal, and to the file. */
static void print(struct ktap *k, const char *tint, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	clear_progress(k);
	if (k->terminal && tint)
		fputs(tint, stdout);
	vprintf(fmt, ap);
	if (k->terminal && tint)
		fputs("\033[0m", stdout);
	putchar('\n');
	vfprintf(k->file, fmt, again);
	putc('\n', k->file);
	va_end(again);
	va_end(ap);
}

static void flush(struct ktap *k)
{
	/* In a pipe nobody may be left to read; the files are complete all the same. */
	if (fflush(stdout) && !k->run->stdout_error)
		k->run->stdout_error = errno;
	if (fflush(k->file))
		output_failed(k->run, "results.ktap");
}

static size_t area_end(const struct run *run, size_t from)
{
	size_t i = from;

	while (i < run->count && !strcmp(run->records[i].test->area, run->records[from].test->area))
		i++;
	return i;
}

static void print_missing_features(struct ktap *k)
{
	const struct feature *f;

	for (f = registry_features(); f; f = f->next)
		if (f->probed && !f->present)
			print(k, NULL, "# not here: %s: %s", f->name, f->reason);
}

static const char *expectation(const struct run *run)
{
	if (run->expected)
		return run->expected;
	return run->options->baseline ? "everything passes" :
					"everything passes (no baseline for this kernel)";
}

struct ktap *ktap_begin(struct run *run)
{
	struct ktap *k = calloc(1, sizeof(*k));
	size_t i, areas = 0;
	int fd;

	if (!k)
		return NULL;
	k->run = run;
	k->terminal = isatty(STDOUT_FILENO);
	fd = openat(run->dir_fd, "results.ktap", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	k->file = fd < 0 ? fopen("/dev/null", "we") : fdopen(fd, "w");
	if (!k->file)
		abort();
	if (fd < 0)
		output_failed(run, "results.ktap");
	for (i = 0; i < run->count; i = area_end(run, i))
		areas++;
	print(k, NULL, "KTAP version 1");
	print(k, NULL, "1..%zu", areas);
	print(k, NULL, "# %s %s on Linux %s %s, %u at a time, sandbox: %s", registry_suite()->name,
	      registry_suite()->version, run->kernel.release, run->kernel.machine,
	      run->options->jobs, run->sandbox);
	if (run->options->shuffle)
		print(k, NULL, "# order: --shuffle %llu", (unsigned long long)run->options->shuffle_seed);
	if (run->options->seed != DEFAULT_SEED)
		print(k, NULL, "# choices: --seed %llu", (unsigned long long)run->options->seed);
	if (strcmp(run->kernel_log, "watched"))
		print(k, NULL, "# kernel log: %s; a kernel warning will not fail a test",
		      run->kernel_log);
	print(k, NULL, "# expected: %s", expectation(run));
	print_missing_features(k);
	flush(k);
	return k;
}

/* One line of foreign text, behind "# ". */
static void print_foreign(struct ktap *k, const char *text, size_t len)
{
	char *line = text_clean(text, len);

	print(k, NULL, "  # %s", line ? line : "");
	free(line);
}

/* The last lines of @text. */
static void print_tail(struct ktap *k, const char *text, size_t max_lines)
{
	size_t lines = 0;
	const char *p;

	if (!text)
		return;
	for (p = text + strlen(text); p > text; p--)
		if (p[-1] == '\n' && p[0] && ++lines == max_lines)
			break;
	if (p > text)
		print(k, NULL, "  # ... (the rest is in the log file)");
	while (*p) {
		size_t len = strcspn(p, "\n");

		print_foreign(k, p, len);
		p += len + (p[len] == '\n');
	}
}

/* What the kernel complained of, without what it said of devices; the end if it did not. */
static void print_kernel_log(struct ktap *k, const char *text)
{
	size_t lines = 0, len;
	const char *p;

	for (p = text; *p; p += len + (p[len] == '\n')) {
		char line[256];

		len = strcspn(p, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)len, p);
		if (lines ? kmsg_is_chatter(line) : !kmsg_is_report(line))
			continue;
		if (!lines)
			print(k, NULL, "  # the kernel complained:");
		if (lines++ == LOG_LINES) {
			print(k, NULL, "  # ... (the rest is in the kernel.log file)");
			return;
		}
		print_foreign(k, p, len);
	}
	if (lines)
		return;
	print(k, NULL, "  # end of the kernel log in its time:");
	print_tail(k, text, KERNEL_LINES);
}

/* What KTAP says of a result that is neither plainly ok nor plainly not. */
static const char *directive(enum result r)
{
	switch (r) {
	case RESULT_SKIP:
		return " # SKIP ";
	case RESULT_XFAIL:
		return " # XFAIL ";
	case RESULT_XPASS:
		return " # XPASS ";
	case RESULT_TIMEOUT:
		return " # TIMEOUT ";
	case RESULT_ERROR:
		return " # ERROR ";
	default:
		return "";
	}
}

static void one_line(char *out, const char *text, size_t size)
{
	char *clean = text_clean(text, strlen(text));

	snprintf(out, size, "%s", clean ? clean : "");
	free(clean);
	for (; *out; out++)
		if (*out == '\n' || *out == '\t' || *out == '#')
			*out = ' ';
}

static void print_details(struct ktap *k, const struct record *r)
{
	const char *const *e;
	char reason[REASON_SIZE];

	one_line(reason, r->reason, sizeof(reason));
	if (result_is_bad(r->result)) {
		print(k, NULL, "  # %s: %s", r->test->id, r->test->tc->data.title);
		if (r->runs > 1)
			print(k, NULL, "  # passed %u of %u runs", r->passes, r->runs);
		if (*r->reason && !(r->log && strstr(r->log, r->reason)))
			print(k, NULL, "  # %s: %s", result_name(r->result), reason);
	}
	if (result_is_bad(r->result) || k->run->options->verbose)
		print_tail(k, r->log, k->run->options->verbose ? (size_t)-1 : LOG_LINES);
	if (!result_is_bad(r->result))
		return;
	if (r->kernel_log)
		print_kernel_log(k, r->kernel_log);
	for (e = r->evidence; *e; e++)
		print(k, NULL, "  # see %s/%s/%s", k->run->dir, r->test->id, *e);
}

static void print_record(struct ktap *k, const struct record *r)
{
	const char *word = directive(r->result);
	char reason[REASON_SIZE] = "";

	if (*word)
		one_line(reason, r->reason, sizeof(reason));
	print_details(k, r);
	print(k, colour(r->result), "  %sok %zu %s%s%s", result_is_bad(r->result) ? "not " : "",
	      ++k->in_area, r->test->id, word, reason);
	k->totals.n[r->result]++;
	if (r->result == RESULT_SKIP && !k->skip_reason)
		k->skip_reason = r->reason;
}

static void begin_area(struct ktap *k)
{
	k->area++;
	k->in_area = 0;
	k->totals = (struct totals){ 0 };
	k->skip_reason = NULL;
	print(k, NULL, "  KTAP version 1");
	print(k, NULL, "  # Subtest: %s", k->run->records[k->next].test->area);
	print(k, NULL, "  1..%zu", area_end(k->run, k->next) - k->next);
}

static bool any_bad(const struct totals *t)
{
	enum result r;

	for (r = 0; r < RESULT_COUNT; r++)
		if (result_is_bad(r) && t->n[r])
			return true;
	return false;
}

static void end_area(struct ktap *k, const char *area)
{
	bool bad = any_bad(&k->totals);
	bool all_skipped = k->totals.n[RESULT_SKIP] == k->in_area;
	char reason[REASON_SIZE] = "";

	if (all_skipped)
		one_line(reason, k->skip_reason, sizeof(reason));
	print(k, colour(bad ? RESULT_FAIL : all_skipped ? RESULT_SKIP : RESULT_PASS), "%sok %zu %s%s%s",
	      bad ? "not " : "", k->area, area, all_skipped ? " # SKIP " : "", reason);
}

void ktap_update(struct ktap *k)
{
	const struct run *run = k->run;

	while (k->next < run->count && run->records[k->next].final) {
		const struct record *r = &run->records[k->next];
		bool first = !k->next || strcmp(r[-1].test->area, r->test->area);

		if (first)
			begin_area(k);
		print_record(k, r);
		k->next++;
		if (k->next == run->count || strcmp(r[1].test->area, r->test->area))
			end_area(k, r->test->area);
	}
	flush(k);
}

/*
 * After an interrupted run: what did get a verdict, at its place in the plan. The lines of the
 * others are missing, and their areas are not ok.
 */
static void print_rest(struct ktap *k)
{
	const struct run *run = k->run;
	size_t end, i, final;

	for (; k->next < run->count; k->next = end) {
		end = area_end(run, k->next);
		for (i = k->next, final = 0; i < end; i++)
			final += run->records[i].final;
		if (!k->next || strcmp(run->records[k->next - 1].test->area,
				       run->records[k->next].test->area)) {
			if (!final)
				continue;
			begin_area(k);
		}
		for (i = k->next; i < end; i++) {
			if (run->records[i].final)
				print_record(k, &run->records[i]);
			else
				k->in_area++;
		}
		print(k, colour(RESULT_FAIL), "not ok %zu %s", k->area,
		      run->records[k->next].test->area);
	}
}

void ktap_comment(struct ktap *k, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	print(k, NULL, "# %s", text);
	flush(k);
}

void ktap_progress(struct ktap *k, size_t done, size_t all, const char *const *running,
		   size_t running_count)
{
	struct winsize w = { .ws_col = 80 };
	char line[512];
	size_t i, at;

	if (!k->terminal)
		return;
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
	at = snprintf(line, sizeof(line), "[%zu/%zu]", done, all);
	for (i = 0; i < running_count && at < sizeof(line); i++)
		at += snprintf(line + at, sizeof(line) - at, " %s", running[i]);
	printf("\r\033[K%.*s", w.ws_col > 1 ? w.ws_col - 1 : 79, line);
	fflush(stdout);
	k->progress_shown = true;
}

/* The command that runs the bad tests alone, as it is to be typed. */
static void print_again(struct ktap *k)
{
	const struct run_options *o = k->run->options;
	size_t i, size, more = 0;
	char *line = NULL;
	FILE *f = open_memstream(&line, &size);

	if (!f)
		return;
	fprintf(f, "%s run -v", program_invocation_name);
	if (o->strict)
		fputs(" --strict", f);
	if (o->baseline)
		fprintf(f, " --baseline '%s'", o->baseline);
	if (o->guest)
		fprintf(f, " --guest '%s'", o->guest);
	if (o->seed != DEFAULT_SEED)
		fprintf(f, " --seed %llu", (unsigned long long)o->seed);
	for (i = 0; i < k->run->count; i++) {
		if (!result_is_bad(k->run->records[i].result))
			continue;
		if (ftell(f) < AGAIN_SIZE)
			fprintf(f, " %s", k->run->records[i].test->id);
		else
			more++;
	}
	if (more)
		fprintf(f, " # and %zu more", more);
	fclose(f);
	print(k, NULL, "# again: %s", line);
	free(line);
}

/* Once more what is bad, where the reader looks first. */
static void print_bad(struct ktap *k)
{
	struct totals t = run_totals(k->run);
	char reason[REASON_SIZE];
	size_t i;

	if (!any_bad(&t))
		return;
	for (i = 0; i < k->run->count; i++) {
		const struct record *r = &k->run->records[i];

		if (!result_is_bad(r->result))
			continue;
		one_line(reason, r->reason, sizeof(reason));
		print(k, colour(r->result), "# failed: %s: %s", r->test->id, reason);
	}
	print_again(k);
}

void ktap_end(struct ktap *k)
{
	struct totals t = run_totals(k->run);

	print_rest(k);
	print_bad(k);
	print(k, NULL, "# %.1f s, results in %s", run_seconds(k->run), k->run->dir);
	if (t.n[RESULT_NOTRUN])
		print(k, NULL, "# not run: %u", t.n[RESULT_NOTRUN]);
	print(k, NULL, "# Totals: pass:%u fail:%u xfail:%u xpass:%u skip:%u error:%u",
	      t.n[RESULT_PASS], t.n[RESULT_FAIL] + t.n[RESULT_TIMEOUT] + t.n[RESULT_CRASH],
	      t.n[RESULT_XFAIL], t.n[RESULT_XPASS], t.n[RESULT_SKIP], t.n[RESULT_ERROR]);
	flush(k);
	if (fclose(k->file))
		output_failed(k->run, "results.ktap");
	free(k);
}
