// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>

#include "harness/harness.h"

/* The runner itself ignores SIGPIPE and SIGXFSZ and blocks the signals that end it. */
TEST(signals, .title = "a test starts with no signal ignored, handled or blocked")
{
	struct sigaction action;
	sigset_t blocked;
	int s;

	ASSERT_OK(sigprocmask(SIG_BLOCK, NULL, &blocked));
	for (s = 1; s < NSIG; s++) {
		if (sigaction(s, NULL, &action))
			continue; /* the C library's own */
		EXPECT_TRUE(action.sa_handler == SIG_DFL);
		EXPECT_EQ(0, sigismember(&blocked, s));
	}
}
