// SPDX-License-Identifier: GPL-2.0-only
#include "cli/bisect.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/common.h"
#include "cli/guest.h"
#include "cli/target.h"
#include "harness/output.h"
#include "harness/registry.h"
#include "harness/results.h"

#define SCHEMA		1
#define DEFAULT_OUTPUT	"results/bisect"
#define DEFAULT_GUEST	"uml-kasan"

/* For `git bisect run`. */
#define GIT_CANNOT_SAY	125
#define GIT_STOP	128

/* In this order: the worst of a run's tests is its verdict. */
enum verdict { UNTRIED, GOOD, CANNOT_SAY, BAD };

static const char *const verdict_names[] = { "untried", "good", "cannot say", "bad" };

/* The plain truth: a failure that is expected is one. */
static const char *const no_baseline[] = { "--baseline", "none", NULL };

static const char *me(void)
{
	return registry_suite()->name;
}

static int usage_error(const char *command, int status)
{
	fprintf(stderr, "Try '%s %s --help'.\n", me(), command);
	return status;
}

/* --- one kernel -------------------------------------------------------------------------- */

static enum verdict verdict_of(enum result result)
{
	switch (result) {
	case RESULT_PASS:
	case RESULT_XPASS:
		return GOOD;
	case RESULT_FAIL:
	case RESULT_XFAIL:
	case RESULT_TIMEOUT:
	case RESULT_CRASH:
		return BAD;
	default:
		return CANNOT_SAY;
	}
}

/*
 * The verdict of the run in @dir: that of its worst test. @reason, to be freed, says which test
 * that is and what it said; "" for a good one. UNTRIED after a line if the results cannot be read.
 */
static enum verdict judge(const char *dir, char **reason)
{
	char *path = join(dir, "results.json");
	enum verdict worst = UNTRIED;
	struct old_results results;
	size_t i;

	*reason = must(strdup(""));
	if (!results_load(path, &results)) {
		free(path);
		return UNTRIED;
	}
	for (i = 0; i < results.count; i++) {
		const struct old_result *test = &results.tests[i];

		if (verdict_of(test->result) <= worst)
			continue;
		worst = verdict_of(test->result);
		if (worst == GOOD)
			continue;
		free(*reason);
		if (asprintf(reason, "%s: %s: %s", test->id, result_name(test->result),
			     test->reason) < 0)
			must(NULL);
	}
	results_free(&results);
	free(path);
	return worst;
}

/* Runs the tests in @guest. UNTRIED after a line on standard error if the suite itself cannot. */
static enum verdict try_guest(const char *guest, const char *dir, char *const *args, char **reason)
{
	if (target_run(guest, dir, no_baseline, args))
		return judge(dir, reason);
	*reason = must(strdup(""));
	return UNTRIED;
}

/* --- the output of a command ------------------------------------------------------------- */

static void free_lines(char **lines)
{
	char **line;

	for (line = lines; line && *line; line++)
		free(*line);
	free(lines);
}

static char **read_lines(FILE *f)
{
	char **lines = must(calloc(1, sizeof(*lines))), *line = NULL;
	size_t count = 0, size = 0;
	ssize_t len;

	while ((len = getline(&line, &size, f)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		lines = must(realloc(lines, (count + 2) * sizeof(*lines)));
		lines[count++] = must(strdup(line));
		lines[count] = NULL;
	}
	free(line);
	return lines;
}

/* The lines that a command prints, NULL ends; NULL if it fails, which it has told. */
static char **lines_of(const char *const *argv)
{
	char **lines = NULL;
	int fds[2], status = -1;
	pid_t pid;
	FILE *f;

	if (pipe(fds)) {
		fault(argv[0], "cannot run ");
		return NULL;
	}
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		execvp(argv[0], (char *const *)argv);
		fault(argv[0], "cannot run ");
		_exit(2);
	}
	close(fds[1]);
	f = must(fdopen(fds[0], "r"));
	if (pid < 0)
		fault(argv[0], "cannot run ");
	else
		lines = read_lines(f);
	fclose(f);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && !status)
		return lines;
	free_lines(lines);
	return NULL;
}

/* --- halving ----------------------------------------------------------------------------- */

struct bisect {
	char *dir;	  /* where it is written */
	char **kernels;	  /* from the good end to the bad one */
	enum verdict *verdicts;
	size_t good, bad; /* the closest ones known; the ends at first */
	bool backwards;	  /* the good end is the newer one */
	char **args;	  /* for each run: the tests */
	json_t *steps;
};

static json_t *strings_json(char *const *strings, size_t count)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_array_append_new(array, results_text_json(strings[i]));
	return array;
}

static size_t args_count(const struct bisect *b)
{
	size_t n = 0;

	while (b->args[n])
		n++;
	return n;
}

/* bisect.json as things stand; false after a line on standard error. */
static bool write_bisect(const struct bisect *b)
{
	json_t *json = json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:O}",
				 "schema", SCHEMA,
				 "looks_for", b->backwards ? "first good" : "first bad",
				 "good", b->kernels[b->good],
				 "bad", b->kernels[b->bad],
				 "between", strings_json(b->kernels + b->good + 1, b->bad - b->good - 1),
				 "arguments", strings_json(b->args, args_count(b)),
				 "steps", b->steps);
	char *text = must(json_dumps(must(json), JSON_INDENT(1))), *path = join(b->dir, "bisect.json");
	bool written = output_replace_path(path, text) || fault(path, "cannot write ");

	free(path);
	free(text);
	json_decref(json);
	return written;
}

/* How many between the closest ones have not been tried. */
static size_t left(const struct bisect *b)
{
	size_t n = 0, i;

	for (i = b->good + 1; i < b->bad; i++)
		n += b->verdicts[i] == UNTRIED;
	return n;
}

static void note(struct bisect *b, size_t i, const char *reason)
{
	const char *verdict = verdict_names[b->verdicts[i]];
	/* An end is where it is, whatever it turns out to be. */
	bool between = b->good < i && i < b->bad;

	if (between && b->verdicts[i] == GOOD)
		b->good = i;
	if (between && b->verdicts[i] == BAD)
		b->bad = i;
	printf("testing %s: %s, %zu kernel%s left\n", b->kernels[i], verdict, left(b),
	       left(b) == 1 ? "" : "s");
	if (*reason)
		printf("  %s\n", reason);
	fflush(stdout);
	json_array_append_new(b->steps, json_pack("{s:s, s:s, s:o, s:o}",
						  "kernel", b->kernels[i],
						  "verdict", verdict,
						  "reason", results_text_json(reason),
						  "results", json_sprintf("%s/results.json",
									  b->kernels[i])));
}

/* False, after a line on standard error, if it makes no sense to go on. */
static bool try_kernel(struct bisect *b, size_t i)
{
	char *dir = join(b->dir, b->kernels[i]), *reason;
	bool tried;

	b->verdicts[i] = try_guest(b->kernels[i], dir, b->args, &reason);
	tried = b->verdicts[i] != UNTRIED;
	if (tried)
		note(b, i, reason);
	free(reason);
	free(dir);
	return tried && write_bisect(b);
}

/* An end is what it was said to be. */
static bool verify(struct bisect *b, size_t i, enum verdict wanted)
{
	if (!try_kernel(b, i))
		return false;
	if (b->verdicts[i] != wanted)
		fprintf(stderr, "%s: %s is not %s: %s\n", me(), b->kernels[i], verdict_names[wanted],
			verdict_names[b->verdicts[i]]);
	return b->verdicts[i] == wanted;
}

/* The one to try next: as near to the middle as possible. */
static size_t next(const struct bisect *b)
{
	size_t middle = b->good + (b->bad - b->good) / 2, distance;

	for (distance = 0;; distance++) {
		if (middle + distance < b->bad && b->verdicts[middle + distance] == UNTRIED)
			return middle + distance;
		if (middle >= b->good + distance && b->verdicts[middle - distance] == UNTRIED)
			return middle - distance;
	}
}

static int report(const struct bisect *b)
{
	const char *good = b->kernels[b->good], *bad = b->kernels[b->bad];
	size_t i;

	if (b->backwards)
		printf("first good: %s, last bad: %s\n", good, bad);
	else
		printf("first bad: %s, last good: %s\n", bad, good);
	if (b->bad - b->good == 1)
		return 0;
	printf("or one between them, which cannot be tested:");
	for (i = b->good + 1; i < b->bad; i++)
		printf(" %s", b->kernels[i]);
	putchar('\n');
	return 1;
}

static int halve(struct bisect *b)
{
	if (!write_bisect(b) || !verify(b, b->good, GOOD) || !verify(b, b->bad, BAD))
		return 2;
	while (left(b))
		if (!try_kernel(b, next(b)))
			return 2;
	return report(b);
}

/* The kernels between two ends, both with them. False after a line on standard error. */
static bool find_kernels(struct bisect *b, const char *good, const char *bad)
{
	char *script = guest_script("prepare");
	size_t count = 0;

	if (!script)
		return false;
	b->kernels = lines_of((const char *[]){ script, "--between", good, bad, NULL });
	free(script);
	if (!b->kernels)
		return false;
	while (b->kernels[count])
		count++;
	b->verdicts = must(calloc(count, sizeof(*b->verdicts)));
	b->bad = count - 1;
	b->backwards = strverscmp(b->kernels[0], b->kernels[b->bad]) > 0;
	return true;
}

static int bisect(const char *good, const char *bad, const char *output, char **args)
{
	struct bisect b = { .args = args, .steps = json_array() };
	int status = 2;

	if (find_kernels(&b, good, bad) && (b.dir = target_make_folder(output)))
		status = halve(&b);
	free(b.dir);
	free_lines(b.kernels);
	free(b.verdicts);
	json_decref(b.steps);
	return status;
}

static const char help[] =
	"Usage: %1$s bisect --good A --bad B [-o DIR] TEST...\n"
	"\n"
	"Since when do these tests fail? Tries kernels of the distribution between two of them, in\n"
	"which they are good and bad, and halves until it is known. If A is the newer one, it looks\n"
	"for the first good kernel: since when is it mended?\n"
	"\n"
	"      --good A      in this guest the tests pass\n"
	"      --bad B       in this guest one of them fails, hangs or brings the kernel down\n"
	"  -o, --output DIR  write bisect.json there; each run has the folder DIR/KERNEL\n"
	"                    (default: " DEFAULT_OUTPUT ")\n"
	"\n"
	"A and B are names as `%1$s guest list` has them, of one flavour: debian-6.12-cloud (the\n"
	"newest of 6.12) or debian-6.1.0-53-cloud. A TEST is a pattern of `%1$s run`, or after '--'\n"
	"also an option. A kernel that cannot be fetched, does not boot, or in which a test is\n"
	"skipped or in error, is passed over. No baseline is used: a known failure is a failure.\n"
	"\n"
	"Exit status: 0 found, 1 not found, because kernels at the border cannot be tested, 2 an\n"
	"end is not what it was said to be, wrong usage or broken set-up.\n"
	"\n"
	"Examples:\n"
	"  %1$s bisect --good debian-6.1.0-49-cloud --bad debian-6.1-cloud queue.detach_and_attach\n"
	"  %1$s bisect --good debian-6.1-rt --bad debian-6.12-rt -- --repeat 20 'poll.*'\n";

int bisect_command(int argc, char **argv)
{
	enum { OPT_GOOD = 256, OPT_BAD };
	static const struct option options[] = {
		{ "good", required_argument, NULL, OPT_GOOD },
		{ "bad", required_argument, NULL, OPT_BAD },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *good = NULL, *bad = NULL, *output = DEFAULT_OUTPUT;
	int c;

	while ((c = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
		switch (c) {
		case OPT_GOOD:
			good = optarg;
			break;
		case OPT_BAD:
			bad = optarg;
			break;
		case 'o':
			output = optarg;
			break;
		case 'h':
			printf(help, me());
			return 0;
		default:
			return usage_error("bisect", 2);
		}
	}
	if (!good || !bad || optind == argc) {
		fprintf(stderr, "%s: bisect needs --good A, --bad B and a TEST\n", me());
		return usage_error("bisect", 2);
	}
	return bisect(good, bad, output, argv + optind);
}

/* --- git bisect run ---------------------------------------------------------------------- */

/* The guest is built from the kernel tree that we are in. False after a line on standard error. */
static bool use_tree(void)
{
	const char *tree = getenv("KSRC");
	char *kbuild;
	bool is_tree;

	if (!tree || !*tree)
		setenv("KSRC", tree = ".", 1);
	kbuild = join(tree, "Kbuild");
	is_tree = !access(kbuild, R_OK);
	free(kbuild);
	if (!is_tree)
		fprintf(stderr, "%s: %s is no kernel source\n", me(),
			strcmp(tree, ".") ? tree : "this folder");
	return is_tree;
}

/* The folder for this commit, its name last: OUTPUT/COMMIT. To be freed; NULL after a line. */
static char *commit_folder(const char *output)
{
	char **lines = lines_of((const char *[]){ "git", "rev-parse", "--git-path",
						  "tuntests-bisect", "--short=12", "HEAD", NULL });
	char *dir, *folder;

	if (!lines)
		return NULL;
	dir = target_make_folder(output ? output : lines[0]);
	folder = dir ? join(dir, lines[1]) : NULL;
	free(dir);
	free_lines(lines);
	return folder;
}

static int run_step(const char *guest, const char *output, char **args)
{
	static const int status[] = { [UNTRIED] = GIT_STOP, [GOOD] = 0, [BAD] = 1,
				      [CANNOT_SAY] = GIT_CANNOT_SAY };
	char *dir = use_tree() ? commit_folder(output) : NULL, *reason;
	enum verdict verdict;

	if (!dir)
		return GIT_STOP;
	verdict = try_guest(guest, dir, args, &reason);
	if (verdict != UNTRIED)
		printf("%s: %s\n", strrchr(dir, '/') + 1, verdict_names[verdict]);
	if (*reason)
		printf("  %s\n", reason);
	free(reason);
	free(dir);
	return status[verdict];
}

static const char run_help[] =
	"Usage: %1$s bisect-run [--guest NAME] [-o DIR] TEST...\n"
	"\n"
	"For `git bisect run` in a kernel tree: builds the guest NAME from what is checked out, what\n"
	"has changed alone, and runs the tests in it.\n"
	"\n"
	"      --guest NAME  uml-kasan (default) or uml-lockdep\n"
	"  -o, --output DIR  each commit gets the folder DIR/COMMIT, with the compiler's errors in\n"
	"                    guest-console-1 (default: tuntests-bisect in git's own folder)\n"
	"\n"
	"A TEST is a pattern of `%1$s run`, or after '--' also an option.\n"
	"\n"
	"Exit status: 0 good, 1 a test fails, hangs or brings the kernel down, 125 cannot say (it\n"
	"does not compile or boot, a test is skipped or in error), 128 broken set-up, which ends the\n"
	"bisection.\n"
	"\n"
	"Example:\n"
	"  git bisect start BAD GOOD && git bisect run %1$s bisect-run permission.ownerless\n";

int bisect_run_command(int argc, char **argv)
{
	enum { OPT_GUEST = 256 };
	static const struct option options[] = {
		{ "guest", required_argument, NULL, OPT_GUEST },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *guest = DEFAULT_GUEST, *output = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
		switch (c) {
		case OPT_GUEST:
			guest = optarg;
			break;
		case 'o':
			output = optarg;
			break;
		case 'h':
			printf(run_help, me());
			return 0;
		default:
			return usage_error("bisect-run", GIT_STOP);
		}
	}
	if (strcmp(guest, "uml-kasan") && strcmp(guest, "uml-lockdep")) {
		fprintf(stderr, "%s: guest %s is not built from a kernel tree\n", me(), guest);
		return usage_error("bisect-run", GIT_STOP);
	}
	if (optind == argc) {
		fprintf(stderr, "%s: bisect-run needs a TEST\n", me());
		return usage_error("bisect-run", GIT_STOP);
	}
	return run_step(guest, output, argv + optind);
}
