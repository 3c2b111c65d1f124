// SPDX-License-Identifier: GPL-2.0-only
/* The program: what can be asked of it, and with which options. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bisect.h"
#include "cli/catalogue.h"
#include "cli/fuzz.h"
#include "cli/guest.h"
#include "cli/list.h"
#include "cli/matrix.h"
#include "cli/model.h"
#include "cli/remote.h"
#include "cli/touching.h"
#include "harness/gcov.h"
#include "harness/registry.h"
#include "harness/results.h"
#include "harness/local.h"
#include "harness/run.h"

/* Tests mostly wait for the kernel's RCU grace periods, not for a processor. */
#define JOBS_PER_CPU 16
#define REALTIME_JOBS_PER_CPU 2

/* A guest has few processors, whatever the host has. */
#define GUEST_JOBS 16

#define MAX_JOBS 1024

#define DEFAULT_TIMEOUT_S 30
/* A real-time kernel on an emulated processor is that slow, and a hang is no less one. */
#define GUEST_TIMEOUT_S 120

#define MODEL_DEFAULT_STEPS 100000
/* Of one chunk; to make a sequence shorter takes time. */
#define MODEL_TIMEOUT_S 300

/* A guest that QEMU emulates on a busy machine takes up to a minute. */
#define DEFAULT_BOOT_TIMEOUT_S 120

static const char *me(void)
{
	return registry_suite()->name;
}

static int usage_error(const char *command)
{
	fprintf(stderr, "Try '%s %s--help'.\n", me(), command);
	return 2;
}

static const char help[] =
	"Usage: %1$s COMMAND [OPTION]... [ARGUMENT]...\n"
	"\n"
	"Tests of Linux TUN/TAP on the running kernel, each in namespaces of its own.\n"
	"\n"
	"  %1$s list [OPTION] [PATTERN]...      tests, what they need and what they guard\n"
	"  %1$s run [OPTION]... [PATTERN]...    run tests\n"
	"  %1$s compare OLD NEW                 difference of two runs\n"
	"  %1$s catalogue                       what the driver does, with the tests, as a page\n"
	"  %1$s matrix [OPTION]... [TARGET]...  results of several kernels side by side, as a page\n"
	"  %1$s bisect --good A --bad B TEST... since which kernel does a test fail?\n"
	"  %1$s bisect-run TEST...              the same in a kernel tree, for `git bisect run`\n"
	"  %1$s model [OPTION]...               random operations against the reference model\n"
	"  %1$s fuzz [OPTION]... TARGET         a fuzzing campaign, in guests by default\n"
	"  %1$s replay [OPTION]... FILE...      run inputs of a fuzz target once more\n"
	"  %1$s reproducer FILE... > repro.c    inputs as a C program that stands alone\n"
	"\n"
	"  %1$s guest list|build|run|shell|clean   guest kernels\n"
	"\n"
	"A PATTERN is a test's id ('open.node'), an area ('open'), a shell pattern\n"
	"('*.write_*'), or the number of a behaviour in the catalogue ('268'). Without\n"
	"one, all tests are meant.\n"
	"'%1$s COMMAND --help' says more about a command.\n"
	"\n"
	"Exit status: 0 all as expected, 1 a test failed or something got worse, 2 wrong\n"
	"usage or broken set-up, 4 every test asked for was skipped.\n";

static const char run_help[] =
	"Usage: %1$s run [OPTION]... [PATTERN]...\n"
	"\n"
	"Runs the tests that match (all without a PATTERN) and prints KTAP.\n"
	"\n"
	"  -j, --jobs N         run N tests at a time (default here: %2$u); on a\n"
	"                       real-time kernel at most 2 for each of its processors\n"
	"  -t, --timeout S      kill a test after S seconds (default: %3$u, in a guest %5$u)\n"
	"  -r, --repeat N       run every test N times; the worst result counts\n"
	"  -s, --shuffle SEED   run in an order that depends on SEED only ('random' picks one)\n"
	"      --seed N         what tests choose at random depends on N only (default: %6$u; 'random'\n"
	"                       picks one)\n"
	"      --long           also run tests that take long; without it only those whose id is given\n"
	"                       (the one way to run one that a faulty kernel may not survive)\n"
	"      --strict         a skipped test is a failed test\n"
	"      --first          end at the first failure\n"
	"      --ordered        tests begin in the order in which the PATTERNs name them\n"
	"  -v, --verbose        show what every test printed\n"
	"  -o, --output DIR     write results.json, results.ktap, junit.xml and the evidence of\n"
	"                       failed tests there (default: results/runs/TIME-KERNEL)\n"
	"      --json FILE      write results.json to FILE too\n"
	"      --junit FILE     write junit.xml to FILE too\n"
	"  -b, --baseline FILE  a results.json whose failures are expected: they become xfail\n"
	"                       (default: that of the kernel's family in results/baselines, if\n"
	"                       there is one; 'none' expects everything to pass)\n"
	"      --guest NAME     run the tests in a guest kernel (`%1$s guest list`)\n"
	"      --guests N       split them over N guests at a time (default: 1; if they are many, of\n"
	"                       user-mode-linux one for each processor)\n"
	"      --boot-timeout S the guest's kernel has S seconds to come up (default: %4$u), longer\n"
	"                       where others want the processors\n"
	"      --features FILE  what the kernel can do is not probed if FILE, of an earlier run, says it;\n"
	"                       otherwise FILE is written\n"
	"      --gcov DIR       one test at a time; the counters of what of the kernel it executes, where\n"
	"                       that is counted, go to DIR/ID (`make coverage` does all of it)\n"
	"      --journal FILE   write every event to FILE, a JSON object a line\n"
	"\n"
	"Needs root, or the right to make user namespaces and to open /dev/net/tun.\n"
	"Nothing is changed outside of namespaces that the run makes and the output folder.\n"
	"\n"
	"Exit status: 0 all as expected, 1 a test failed or was not run, 2 wrong usage or broken\n"
	"set-up, 4 every test asked for was skipped.\n"
	"\n"
	"Examples:\n"
	"  %1$s run                            everything\n"
	"  %1$s run setiff 'queue.*detach*'    one area, and some tests of another\n"
	"  %1$s run -j 1 -v open.node          one test, with all it prints\n"
	"  %1$s run 268                        the tests of one behaviour\n"
	"  %1$s run --repeat 20 --shuffle 1    look for flakes\n";

static const char list_help[] =
	"Usage: %1$s list [--json | --areas] [PATTERN]...\n"
	"       %1$s list --touching FILE:LINE [--from TSV] [PATTERN]...\n"
	"\n"
	"Prints the tests that match, with the behaviour each expects. --json adds the features\n"
	"each needs, the fixes (commits, CVEs) it guards, and what the catalogue says of the\n"
	"behaviours it checks.\n"
	"Tests that take long are marked, and those that a kernel with a fault may not survive.\n"
	"--areas prints the areas only, and how many tests each has.\n"
	"\n"
	"--touching prints the ids of the tests that execute a line of the kernel's source, such\n"
	"as drivers/net/tun.c:1234, as `make coverage` has measured it (results/coverage/tests.tsv\n"
	"or TSV).\n";

static const char model_help[] =
	"Usage: %1$s model [OPTION]...\n"
	"\n"
	"Does random operations on TUN/TAP files and devices and compares what the kernel does\n"
	"with what the reference model says. On a mismatch the shortest sequence that shows it is\n"
	"written as a program in C.\n"
	"\n"
	"  -n, --steps N     at least N operations (default: %2$u)\n"
	"  -s, --seed S      which ones ('random' picks a seed; default: 1)\n"
	"  -j, --jobs N      as many sequences at a time (default here: %3$u)\n"
	"  -o, --output DIR  for the results (default: results/runs/TIME-KERNEL)\n"
	"\n"
	"Exit status: 0 no mismatch, 1 a mismatch, 2 wrong usage or broken set-up, 4 the kernel lacks\n"
	"what the model needs.\n";

static const char compare_help[] =
	"Usage: %1$s compare OLD NEW\n"
	"\n"
	"Prints which tests got worse or better from one results.json to another, are no longer\n"
	"tested (skipped or not run now), are new or gone, or are skipped for another reason.\n"
	"OLD and NEW are files, or the folders of runs.\n"
	"\n"
	"Exit status 1 if something got worse or is no longer tested: a feature may be lost.\n";

static unsigned int jobs_at(unsigned int per_cpu)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (cpus < 1)
		cpus = 1;
	return cpus > MAX_JOBS / per_cpu ? MAX_JOBS : (unsigned int)cpus * per_cpu;
}

static unsigned int default_jobs(void)
{
	return jobs_at(JOBS_PER_CPU);
}

/*
 * A real-time kernel does not hurry an RCU grace period for whoever holds the RTNL, and all others
 * wait for that one: with many tests at a time one that needs it a thousand times takes minutes.
 */
static unsigned int most_jobs(void)
{
	FILE *f = fopen("/sys/kernel/realtime", "re");
	bool realtime = f && fgetc(f) == '1';

	if (f)
		fclose(f);
	return realtime ? jobs_at(REALTIME_JOBS_PER_CPU) : MAX_JOBS;
}

/* A whole number from @min to @max, or exit status 2 in one line. */
static unsigned int number(const char *option, const char *text, unsigned long min,
			   unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text >= '0' && *text <= '9' && !*end && value >= min && value <= max)
		return (unsigned int)value;
	fprintf(stderr, "%s: --%s takes a number from %lu to %lu, not '%s'\n", me(), option, min,
		max, text);
	exit(2);
}

static uint64_t seed(const char *option, const char *text)
{
	uint64_t value = 0;
	char *end;

	if (!strcmp(text, "random")) {
		if (getentropy(&value, sizeof(value)))
			value = (uint64_t)getpid();
		return value >> 32;
	}
	errno = 0;
	value = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno && value <= INT64_MAX)
		return value;
	fprintf(stderr, "%s: --%s takes a number or 'random', not '%s'\n", me(), option, text);
	exit(2);
}

enum { OPT_STRICT = 256, OPT_JSON, OPT_JUNIT, OPT_JOURNAL, OPT_GUEST, OPT_GUESTS,
       OPT_BOOT_TIMEOUT, OPT_AREAS, OPT_SEED, OPT_LONG, OPT_FIRST, OPT_ORDERED,
       OPT_FEATURES, OPT_GCOV, OPT_TOUCHING, OPT_FROM };

static const struct option run_long[] = {
	{ "jobs", required_argument, NULL, 'j' },
	{ "timeout", required_argument, NULL, 't' },
	{ "repeat", required_argument, NULL, 'r' },
	{ "shuffle", required_argument, NULL, 's' },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "long", no_argument, NULL, OPT_LONG },
	{ "strict", no_argument, NULL, OPT_STRICT },
	{ "first", no_argument, NULL, OPT_FIRST },
	{ "ordered", no_argument, NULL, OPT_ORDERED },
	{ "verbose", no_argument, NULL, 'v' },
	{ "output", required_argument, NULL, 'o' },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "junit", required_argument, NULL, OPT_JUNIT },
	{ "baseline", required_argument, NULL, 'b' },
	{ "features", required_argument, NULL, OPT_FEATURES },
	{ "gcov", required_argument, NULL, OPT_GCOV },
	{ "journal", required_argument, NULL, OPT_JOURNAL },
	{ "guest", required_argument, NULL, OPT_GUEST },
	{ "guests", required_argument, NULL, OPT_GUESTS },
	{ "boot-timeout", required_argument, NULL, OPT_BOOT_TIMEOUT },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

/* A guest has the folder under the same name. */
static bool use_gcov(struct run_options *o)
{
	char *dir = realpath(o->gcov, NULL);

	if (!dir) {
		fprintf(stderr, "%s: folder %s: %s\n", me(), o->gcov, strerror(errno));
		return false;
	}
	o->gcov = dir;
	o->jobs = 1;
	return o->guest || gcov_open(dir);
}

static int cmd_run(int argc, char **argv)
{
	struct run_options o = {
		.journal = getenv("TUNTESTS_CHANNEL"), /* set in a guest */
		.repeat = 1,
		.seed = DEFAULT_SEED,
	};
	struct remote remote = { .boot_timeout_s = DEFAULT_BOOT_TIMEOUT_S };
	bool sound = true;
	struct run run;
	int c, status;

	while ((c = getopt_long(argc, argv, "j:t:r:s:vo:b:h", run_long, NULL)) != -1) {
		switch (c) {
		case 'j':
			o.jobs = number("jobs", optarg, 1, MAX_JOBS);
			break;
		case 't':
			o.timeout_s = number("timeout", optarg, 1, 86400);
			break;
		case 'r':
			o.repeat = number("repeat", optarg, 1, 1000000);
			break;
		case 's':
			o.shuffle = true;
			o.shuffle_seed = seed("shuffle", optarg);
			break;
		case OPT_SEED:
			o.seed = seed("seed", optarg);
			break;
		case OPT_LONG:
			o.takes_long = true;
			break;
		case OPT_STRICT:
			o.strict = true;
			break;
		case OPT_FIRST:
			o.first = true;
			break;
		case OPT_ORDERED:
			o.ordered = true;
			break;
		case 'v':
			o.verbose = true;
			break;
		case 'o':
			o.output = optarg;
			break;
		case OPT_JSON:
			o.json = optarg;
			break;
		case OPT_JUNIT:
			o.junit = optarg;
			break;
		case OPT_GUEST:
			o.guest = optarg;
			break;
		case OPT_GUESTS:
			remote.guests = number("guests", optarg, 1, 64);
			break;
		case OPT_BOOT_TIMEOUT:
			remote.boot_timeout_s = number("boot-timeout", optarg, 1, 86400);
			break;
		case OPT_FEATURES:
			o.features = optarg;
			break;
		case OPT_GCOV:
			o.gcov = optarg;
			break;
		case OPT_JOURNAL:
			o.journal = optarg;
			break;
		case 'b':
			o.baseline = optarg;
			break;
		case 'h':
			printf(run_help, me(), default_jobs(), DEFAULT_TIMEOUT_S,
			       DEFAULT_BOOT_TIMEOUT_S, GUEST_TIMEOUT_S, DEFAULT_SEED);
			return 0;
		default:
			return usage_error("run ");
		}
	}
	o.patterns = (const char *const *)argv + optind;
	o.pattern_count = argc - optind;
	if (!o.timeout_s)
		o.timeout_s = o.guest ? GUEST_TIMEOUT_S : DEFAULT_TIMEOUT_S;
	if (!o.jobs)
		o.jobs = o.guest ? GUEST_JOBS : default_jobs();
	if (!o.guest && o.jobs > most_jobs())
		o.jobs = most_jobs();
	if (!o.guest && remote.guests) {
		fprintf(stderr, "%s: --guests needs --guest NAME\n", me());
		return 2;
	}
	if (o.guest && o.features) {
		fprintf(stderr, "%s: --features is of this kernel, not of a guest\n", me());
		return 2;
	}
	if (o.gcov && !use_gcov(&o))
		return 2;
	remote.guest = o.guest;
	if (o.guest && !(remote.boot = guest_script("boot")))
		return 2;
	if (!run_begin(&run, &o))
		return 2;
	if (o.guest)
		sound = remote_execute(&run, &remote);
	else
		local_execute(&run);
	status = run_end(&run);
	return sound ? status : 2;
}

static int cmd_list(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, OPT_JSON },
		{ "areas", no_argument, NULL, OPT_AREAS },
		{ "touching", required_argument, NULL, OPT_TOUCHING },
		{ "from", required_argument, NULL, OPT_FROM },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *touching = NULL, *from = TOUCHING_FILE;
	enum list_form form = LIST_TEXT;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case OPT_JSON:
			form = LIST_JSON;
			break;
		case OPT_AREAS:
			form = LIST_AREAS;
			break;
		case OPT_TOUCHING:
			touching = optarg;
			break;
		case OPT_FROM:
			from = optarg;
			break;
		case 'h':
			printf(list_help, me());
			return 0;
		default:
			return usage_error("list ");
		}
	}
	if (touching)
		return list_touching(touching, from, (const char *const *)argv + optind,
				     argc - optind);
	return list_tests((const char *const *)argv + optind, argc - optind, form);
}

static int cmd_model(int argc, char **argv)
{
	static const struct option options[] = {
		{ "steps", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct run_options o = { .jobs = default_jobs(), .timeout_s = MODEL_TIMEOUT_S };
	unsigned int steps = MODEL_DEFAULT_STEPS;
	uint64_t first = 1;
	int c;

	while ((c = getopt_long(argc, argv, "n:s:j:o:h", options, NULL)) != -1) {
		switch (c) {
		case 'n':
			steps = number("steps", optarg, 1, 1000000000);
			break;
		case 's':
			first = seed("seed", optarg);
			break;
		case 'j':
			o.jobs = number("jobs", optarg, 1, MAX_JOBS);
			break;
		case 'o':
			o.output = optarg;
			break;
		case 'h':
			printf(model_help, me(), MODEL_DEFAULT_STEPS, default_jobs());
			return 0;
		default:
			return usage_error("model ");
		}
	}
	if (optind < argc) {
		fprintf(stderr, "%s: model takes no argument '%s'\n", me(), argv[optind]);
		return usage_error("model ");
	}
	return model_run(&o, first, steps);
}

static int cmd_compare(int argc, char **argv)
{
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		printf(compare_help, me());
		return 0;
	}
	if (argc != 3) {
		fprintf(stderr, "%s: compare takes two files or folders\n", me());
		return usage_error("compare ");
	}
	return results_compare(argv[1], argv[2]);
}

/* What was to be seen and was not is no success. Who stops reading wants no more. */
static int said(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	if (errno == EPIPE)
		return status;
	fprintf(stderr, "%s: cannot write standard output: %s\n", me(), strerror(errno));
	return 2;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{ "run", cmd_run },
		{ "list", cmd_list },
		{ "compare", cmd_compare },
		{ "catalogue", catalogue_command },
		{ "guest", cmd_guest },
		{ "matrix", matrix_command },
		{ "model", cmd_model },
		{ "fuzz", cmd_fuzz },
		{ "replay", cmd_replay },
		{ "reproducer", cmd_reproducer },
		{ "bisect", bisect_command },
		{ "bisect-run", bisect_run_command },
	};
	size_t i;

	registry_tests();
	if (argc < 2) {
		fprintf(stderr, help, me());
		return 2;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		printf(help, me());
		return said(0);
	}
	if (!strcmp(argv[1], "--version")) {
		printf("%s %s\n", me(), registry_suite()->version);
		return said(0);
	}
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return said(commands[i].run(argc - 1, argv + 1));
	fprintf(stderr, "%s: there is no command '%s'\n", me(), argv[1]);
	return usage_error("");
}
