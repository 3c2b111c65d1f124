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
	"Fuzzes the driver with one target until it is stopped: `ls build/fuzz` has their names,\n"
	"docs/fuzzing.md what they do, and `make fuzz-programs` makes them.\n"
	"\n"
	"What does not do what the reference model says, what the kernel reports and what hangs is\n"
	"made small and kept in crashes/HASH in the campaign's folder. Read its report.txt first;\n"
	"`%1$s replay` runs its sequence again, and its repro.c is a program that stands alone.\n"
	"\n"
	"  -t, --time S         end after S seconds; booting a guest comes on top\n"
	"      --first          end when the first failure is made small and kept\n"
	"  -j, --jobs N         N guests at a time (default: 1), which share the corpus\n"
	"  -e, --engine NAME    libfuzzer (default) or afl\n"
	"      --guest NAME     the guest (" DEFAULT_GUEST "; KSRC=TREE makes it of another source)\n"
	"      --live           the running kernel instead, which may not survive\n"
	"      --corpus DIR     inputs to begin with; new ones are added (default: OUTPUT/corpus,\n"
	"                       begun with the target's seeds)\n"
	"  -o, --output DIR     the campaign's folder (default: results/fuzz/TARGET); index.html in\n"
	"                       it shows how it goes\n"
	"      --resume         go on with the campaign in that folder\n"
	"\n"
	"Exit status: 0 nothing was found, 1 something was, 2 wrong usage or broken set-up;\n"
	"a signal ends it as such.\n"
	"\n"
	"Examples:\n"
	"  %1$s fuzz --time 60 vnet_write             a minute in a guest\n"
	"  %1$s fuzz --live -t 30 -o here vnet_write  half a minute here\n"
	"  %1$s fuzz --resume --jobs 2 vnet_write     on with it, for as long as you like\n";

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

/* Only user-mode-linux has the host's files, and of it one the memory that outlives it. */
static bool can_share(const char *guest)
{
	if (!strcmp(guest, DEFAULT_GUEST))
		return true;
	fprintf(stderr,
		"%s fuzz: guest %s cannot share a corpus and a recorder with the host: " DEFAULT_GUEST
		" can (KSRC= makes it of another source)\n",
		registry_suite()->name, guest);
	return false;
}

/* Shells work in it; and a guest's kernel is told of it on its command line. */
static bool can_name(const struct campaign *c, const char *folder)
{
	if (!strpbrk(folder, c->guest ? "'\n \t" : "'\n"))
		return true;
	fprintf(stderr,
		"%s fuzz: a folder's name has no place for a quote, a blank or a line's end: %s\n",
		registry_suite()->name, folder);
	return false;
}

static bool make_folders(struct campaign *c, const char *output, const char *corpus)
{
	char *path = NULL;

	if (!output && asprintf(&path, "results/fuzz/%s", c->target) < 0)
		return false;
	c->folder = target_make_folder(output ? output : path);
	free(path);
	if (!c->folder || !can_name(c, c->folder))
		return false;
	path = corpus ? must(strdup(corpus)) : join(c->folder, "corpus");
	c->corpus = target_make_folder(path);
	free(path);
	return c->corpus && can_name(c, c->corpus);
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
	if (strchr(c.target, '/')) {
		fprintf(stderr, "%s fuzz: there is no target %s\n", registry_suite()->name,
			c.target);
		return usage("fuzz");
	}
	if (c.guest && !can_share(c.guest))
		return 2;
	/* Before the folders are made: the engine, and what tries its inputs. */
	program = campaign_program(c.target, "-replay");
	if (!program)
		return 2;
	free(program);
	program = campaign_program(c.target, c.afl ? "-afl" : "");
	if (!program)
		return 2;
	free(program);
	return make_folders(&c, output, corpus) ? campaign_run(&c) : 2;
}
