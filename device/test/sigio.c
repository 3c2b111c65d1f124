// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <unistd.h>

#include "device/sigio.h"
#include "harness/harness.h"

TEST(sigio, .title = "a signal of O_ASYNC is taken once, with its reason if F_SETSIG asks for that")
{
	int fds[2];

	ASSERT_OK(pipe2(fds, O_CLOEXEC));
	sigio_block(SIGIO);
	sigio_block(SIGRTMIN);
	ASSERT_OK(fcntl(fds[0], F_SETOWN, getpid()));
	ASSERT_OK(fcntl(fds[0], F_SETFL, O_ASYNC));
	EXPECT_EQ(0, sigio_next(SIGIO, fds[0], 0));
	ASSERT_EQ(1, write(fds[1], "x", 1));
	EXPECT_EQ(SI_KERNEL, sigio_next(SIGIO, fds[0], 2000));
	EXPECT_EQ(0, sigio_next(SIGIO, fds[0], 20));

	ASSERT_OK(fcntl(fds[0], F_SETSIG, SIGRTMIN));
	ASSERT_EQ(1, write(fds[1], "x", 1));
	EXPECT_EQ(POLL_IN, sigio_next(SIGRTMIN, fds[0], 2000));
	ASSERT_EQ(1, write(fds[1], "x", 1));
	EXPECT_EQ(-1, sigio_next(SIGRTMIN, fds[1], 2000));
}
