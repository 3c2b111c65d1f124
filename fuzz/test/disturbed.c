// SPDX-License-Identifier: GPL-2.0-only
/* Says on standard error that SIGALRM came, instead of calling its handler, for LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

static void say(int signal)
{
	ssize_t ignored = write(STDERR_FILENO, "disturbed\n", 10);

	(void)signal;
	(void)ignored;
}

int sigaction(int signal, const struct sigaction *action, struct sigaction *old)
{
	int (*real)(int, const struct sigaction *, struct sigaction *) = dlsym(RTLD_NEXT, "sigaction");
	const struct sigaction other = { .sa_handler = say };

	return real(signal, action && signal == SIGALRM ? &other : action, old);
}
