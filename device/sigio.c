// SPDX-License-Identifier: GPL-2.0-only
/* The signals of O_ASYNC. */
#include <signal.h>
#include <time.h>

#include "device/sigio.h"
#include "harness/harness.h"

static sigset_t only(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	return set;
}

void sigio_block(int sig)
{
	sigset_t set = only(sig);

	if (sigprocmask(SIG_BLOCK, &set, NULL))
		TH_BAIL("cannot block signal %d: %s", sig, strerror(errno));
}

int sigio_next(int sig, int fd, int timeout_ms)
{
	struct timespec limit = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
	sigset_t set = only(sig);
	siginfo_t info;

	if (sigtimedwait(&set, &info, &limit) < 0)
		return 0;
	/* A plain SIGIO names no descriptor. */
	if (info.si_code == SI_KERNEL || info.si_fd == fd)
		return info.si_code;
	TH_LOG("si_code %d for descriptor %d", info.si_code, info.si_fd);
	return -1;
}
