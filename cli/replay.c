// SPDX-License-Identifier: GPL-2.0-only
/* One input or a recorded sequence: run once more, or written as a program in C. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/campaign.h"
#include "cli/common.h"
#include "cli/fuzz.h"
#include "cli/guest.h"
#include "fuzz/engine/recorder.h"
#include "harness/registry.h"

static const char replay_help[] =
	"Usage: %1$s replay [OPTION]... FILE...\n"
	"       %1$s reproducer [OPTION]... FILE... > repro.c\n"
	"\n"
	"replay runs inputs of a fuzz target, or the sequences that a flight recorder has left, in\n"
	"order, and says what came of each. reproducer does not run them: it writes them as a C\n"
	"program that stands alone, with what the reference model expects of the kernel.\n"
	"\n"
	"  -t, --target NAME    the target they belong to; needed if the file does not say it (a\n"
	"                       recording does, and so does a folder of that name)\n"
	"      --guest NAME     in that guest instead of on the running kernel\n"
	"      --live           on the running kernel (the default)\n"
	"\n"
	"Exit status: 0 the kernel does what the model says, 1 it does not or died, 2 wrong usage or\n"
	"broken set-up.\n";

static bool is_target(const char *name)
{
	char *path;
	bool is = campaign_has_program(name, "-replay", &path);

	free(path);
	return *name && is;
}

static void read_beside(const char *path, char *name, size_t size)
{
	char beside[PATH_MAX + 8];
	FILE *in;

	snprintf(beside, sizeof(beside), "%.*s/target", (int)(strrchr(path, '/') - path), path);
	in = fopen(beside, "re");
	if (in && fgets(name, size, in))
		name[strcspn(name, "\n")] = '\0';
	if (in)
		fclose(in);
}

/* The target that a recording names, or a folder on the way to the file; NULL after a line. */
static const char *target_of(const char *path)
{
	static char name[NAME_MAX + 1];
	char full[PATH_MAX], *slash;
	struct recording r;

	if (!realpath(path, full) || recording_load(full, &r)) {
		fault(path, "");
		return NULL;
	}
	snprintf(name, sizeof(name), "%s", r.target);
	recording_free(&r);
	/* What a campaign has kept has it in a file beside. */
	if (!is_target(name))
		read_beside(full, name, sizeof(name));
	while (!is_target(name) && (slash = strrchr(full, '/')) && slash > full) {
		*slash = '\0';
		snprintf(name, sizeof(name), "%s", strrchr(full, '/') + 1);
	}
	if (is_target(name))
		return name;
	fprintf(stderr, "%s: %s does not say of which target it is: --target\n",
		registry_suite()->name, path);
	return NULL;
}

/* The words of the target's own program, in a guest or here. NULL after a line. */
static const char **words_of(const char *target, const char *guest, const char *option,
			     char **files, size_t n)
{
	const char **words = must(calloc(4 * n + 16, sizeof(*words))), **word = words;
	char *program = campaign_program(target, "-replay");

	if (!program)
		return NULL;
	if (guest) {
		*word++ = must(guest_script("boot"));
		*word++ = "--append";
		*word++ = "panic_on_warn=1 oops=panic";
		for (size_t i = 0; i < n; i++) {
			*word++ = "--file";
			*word++ = files[i];
		}
		*word++ = guest;
		*word++ = "--";
	}
	*word++ = program;
	if (option)
		*word++ = option;
	memcpy(word, files, n * sizeof(*word));
	return words;
}

/* The child's end as our exit status: whatever killed it, the kernel did not do what it should. */
static int wait_verdict(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		return 2;
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 2)
		return 1;
	return WEXITSTATUS(status);
}

static int run_program(const char *target, const char *guest, const char *option, char **files)
{
	const char **words;
	size_t n = 0;
	pid_t pid;

	for (; files[n]; n++) {
		char *path = realpath(files[n], NULL);

		if (!path)
			return fault(files[n], "") ? 0 : 2;
		files[n] = path;
	}
	words = words_of(target, guest, option, files, n);
	if (!words)
		return 2;
	fflush(NULL);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM); /* also if we are killed */
		execv(words[0], (char *const *)words);
		fault(words[0], "");
		_exit(2);
	}
	free(words);
	return pid < 0 ? 2 : wait_verdict(pid);
}

static const struct option options[] = {
	{ "target", required_argument, NULL, 't' },
	{ "guest", required_argument, NULL, 'g' },
	{ "live", no_argument, NULL, 'l' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static int run(int argc, char **argv, const char *option)
{
	const char *target = NULL, *guest = NULL;
	int o;

	while ((o = getopt_long(argc, argv, "t:h", options, NULL)) != -1) {
		switch (o) {
		case 't':
			target = optarg;
			break;
		case 'g':
			guest = optarg;
			break;
		case 'l':
			guest = NULL;
			break;
		case 'h':
			printf(replay_help, registry_suite()->name);
			return 0;
		default:
			fprintf(stderr, "Try '%s %s --help'.\n", registry_suite()->name, argv[0]);
			return 2;
		}
	}
	if (optind == argc) {
		fprintf(stderr, "%s %s: no file is named\nTry '%s %s --help'.\n",
			registry_suite()->name, argv[0], registry_suite()->name, argv[0]);
		return 2;
	}
	if (!target)
		target = target_of(argv[optind]);
	return target ? run_program(target, guest, option, argv + optind) : 2;
}

int cmd_replay(int argc, char **argv)
{
	return run(argc, argv, NULL);
}

int cmd_reproducer(int argc, char **argv)
{
	return run(argc, argv, "--program");
}
