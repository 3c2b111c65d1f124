// SPDX-License-Identifier: GPL-2.0-only
/* What a campaign runs, in a guest or on the running kernel. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cli/campaign.h"
#include "cli/campaign_state.h"
#include "cli/common.h"
#include "cli/guest.h"

bool campaign_has_program(const char *target, const char *suffix, char **path)
{
	char *name;
	bool has;

	if (asprintf(&name, "%s%s", target, suffix) < 0)
		must(NULL);
	has = find_beside("fuzz", "../libexec/tuntests/fuzz", name, path);
	free(name);
	return has;
}

char *campaign_program(const char *target, const char *suffix)
{
	char *path;

	if (campaign_has_program(target, suffix, &path))
		return path;
	fault(path, "no program (`make fuzz-programs` makes them) ");
	free(path);
	return NULL;
}

static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return !strncmp(path, folder, n) && (path[n] == '/' || !path[n]);
}

const char **campaign_command(const struct campaign *c, unsigned int job, const char *recorder,
			      const char *const *words)
{
	const char **all, **word;
	static char processor[16];
	size_t n = 0;

	while (words[n])
		n++;
	word = all = must(calloc(n + 24, sizeof(*all)));
	if (c->guest) {
		snprintf(processor, sizeof(processor), "%u", job + 1);
		*word++ = must(guest_script("boot"));
		*word++ = "--share";
		*word++ = c->folder;
		if (!is_below(c->corpus, c->folder)) {
			*word++ = "--share";
			*word++ = c->corpus;
		}
		*word++ = "--processor";
		*word++ = processor;
		*word++ = "--timeout";
		*word++ = "86400";
		/* What the kernel reports is the end, so that the recorder has what led to it. */
		*word++ = "--append";
		*word++ = "panic_on_warn=1 oops=panic";
		*word++ = "--env";
		*word++ = "TUNTESTS_LEAKS=1";
		*word++ = "--env";
		*word++ = "TUNTESTS_ABI";
		if (recorder) {
			*word++ = "--memory";
			*word++ = recorder;
		}
		*word++ = c->guest;
		*word++ = "--";
	}
	memcpy(word, words, n * sizeof(*word));
	return all;
}

pid_t campaign_spawn(const char *const *command, const char *console, const char *recorder)
{
	int fd = open(console, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	pid_t pid = fd < 0 ? -1 : fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		setpgid(0, 0);
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		if (recorder)
			setenv("TUNTESTS_RECORDER", recorder, 1);
		execv(command[0], (char *const *)command);
		fault(command[0], "");
		_exit(CANNOT_BOOT);
	}
	if (fd >= 0)
		close(fd);
	return pid;
}
