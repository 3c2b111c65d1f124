// SPDX-License-Identifier: GPL-2.0-only
#include "cli/fuzz.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/campaign.h"
#include "cli/common.h"
#include "cli/target.h"
#include "harness/registry.h"

#define DEFAULT_GUEST "uml-kasan"
#define MAX_JOBS      64

static const char fuzz_help[] =
	"Usage: %1$s fuzz [OPTION]... TARGET\n"
	"\n"
	"Fuzzes the driver with one target (docs/fuzzing.md lists them) until it is stopped. What\n"
	"does not do what the reference model says, what the kernel reports and what hangs is made\n"
	"small and kept in crashes/HASH: report.txt, input, sequence, repro.c, config, kernel.\n"
	"\n"
	"  -t, --time S         end after S seconds\n"
	"      --first          end when the first failure is made small and kept\n"
	"  -j, --jobs N         N guests at a time (default: 1), which share the corpus\n"
	"  -e, --engine NAME    libfuzzer (default) or afl\n"
	"      --guest NAME     the guest (default: " DEFAULT_GUEST "; one of user-mode-linux)\n"
	"      --live           the running kernel instead, which may not survive\n"
	"      --corpus DIR     inputs to begin with; new ones are added (default: OUTPUT/corpus,\n"
	"                       begun with the target's seeds)\n"
	"  -o, --output DIR     the campaign's folder (default: results/fuzz/TARGET); index.html in\n"
	"                       it shows how it goes\n"
	"      --resume         go on with the campaign in that folder\n"
	"\n"
	"Exit status: 0 nothing was found, 1 something was, 2 wrong usage or broken set-up.\n";

static int usage(const char *command)
{
	fprintf(stderr, "Try '%s %s --help'.\n", registry_suite()->name, command);
	return 2;
}

/* A number from 1 on; 0 after a line. */
static unsigned int number(const char *option, const char *text, unsigned int max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text >= '0' && *text <= '9' && !*end && n >= 1 && n <= max)
		return n;
	fprintf(stderr, "%s fuzz: --%s needs a number from 1 to %u, not '%s'\n",
		registry_suite()->name, option, max, text);
	return 0;
}

/* Only a guest with the host's files can share a corpus with it. */
static bool can_share(const char *guest)
{
	if (!strncmp(guest, "uml-", 4))
		return true;
	fprintf(stderr,
		"%s fuzz: guest %s cannot share a corpus with the host: uml-kasan, uml-lockdep or "
		"uml-debian can\n",
		registry_suite()->name, guest);
	return false;
}

static bool make_folders(struct campaign *c, const char *output, const char *corpus)
{
	char *path = NULL;

	if (!output && asprintf(&path, "results/fuzz/%s", c->target) < 0)
		return false;
	c->folder = target_make_folder(output ? output : path);
	free(path);
	if (!c->folder)
		return false;
	path = corpus ? must(strdup(corpus)) : join(c->folder, "corpus");
	c->corpus = target_make_folder(path);
	free(path);
	return c->corpus;
}

static const struct option fuzz_options[] = {
	{ "time", required_argument, NULL, 't' },   { "jobs", required_argument, NULL, 'j' },
	{ "engine", required_argument, NULL, 'e' }, { "guest", required_argument, NULL, 'g' },
	{ "live", no_argument, NULL, 'l' },	    { "corpus", required_argument, NULL, 'c' },
	{ "output", required_argument, NULL, 'o' }, { "resume", no_argument, NULL, 'r' },
	{ "first", no_argument, NULL, 'f' },	    { "help", no_argument, NULL, 'h' },
	{ 0 },
};

int cmd_fuzz(int argc, char **argv)
{
	struct campaign c = { .guest = DEFAULT_GUEST, .jobs = 1 };
	const char *output = NULL, *corpus = NULL;
	char *program;
	int o;

	while ((o = getopt_long(argc, argv, "t:j:e:o:h", fuzz_options, NULL)) != -1) {
		switch (o) {
		case 't':
			if (!(c.seconds = number("time", optarg, INT_MAX)))
				return usage("fuzz");
			break;
		case 'j':
			if (!(c.jobs = number("jobs", optarg, MAX_JOBS)))
				return usage("fuzz");
			break;
		case 'e':
			c.afl = !strcmp(optarg, "afl");
			if (c.afl || !strcmp(optarg, "libfuzzer"))
				break;
			fprintf(stderr, "%s fuzz: there is no engine %s: libfuzzer, afl\n",
				registry_suite()->name, optarg);
			return usage("fuzz");
		case 'g':
			c.guest = optarg;
			break;
		case 'l':
			c.guest = NULL;
			break;
		case 'c':
			corpus = optarg;
			break;
		case 'o':
			output = optarg;
			break;
		case 'r':
			c.resume = true;
			break;
		case 'f':
			c.first = true;
			break;
		case 'h':
			printf(fuzz_help, registry_suite()->name);
			return 0;
		default:
			return usage("fuzz");
		}
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "%s fuzz: one target is needed\n", registry_suite()->name);
		return usage("fuzz");
	}
	c.target = argv[optind];
	if (strchr(c.target, '/') || (c.guest && !can_share(c.guest)))
		return strchr(c.target, '/') ? usage("fuzz") : 2;
	program = campaign_program(c.target, c.afl ? "-afl" : "");
	if (!program)
		return 2;
	free(program);
	return make_folders(&c, output, corpus) ? campaign_run(&c) : 2;
}
