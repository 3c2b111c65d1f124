// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "device/blocked.h"
#include "harness/harness.h"

static void nothing(int sig __UNUSED)
{
}

TEST(read, .title = "a read that waits is seen to sleep, and what ended it is told")
{
	struct blocked b;
	int fds[2];

	ASSERT_OK(pipe2(fds, O_CLOEXEC));
	ASSERT_TRUE(blocked_read(&b, fds[0]));
	EXPECT_TRUE(blocked_sleeps(&b));
	EXPECT_FALSE(blocked_ended(&b, 20));
	EXPECT_EQ(3, write(fds[1], "abc", 3));
	ASSERT_TRUE(blocked_ended(&b, 2000));
	EXPECT_EQ(3, b.ret);
	EXPECT_EQ(0, b.err);
	EXPECT_EQ(0, memcmp("abc", b.buf, 3));
}

TEST(no_wait, .title = "a call that returns at once is not blocked")
{
	struct blocked b;
	int fds[2];

	ASSERT_OK(pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	EXPECT_FALSE(blocked_read(&b, fds[0]));
	ASSERT_TRUE(blocked_ended(&b, 2000));
	EXPECT_EQ(-1, b.ret);
	EXPECT_EQ(EAGAIN, b.err);
}

TEST(write, .title = "a write that waits for room goes on when there is some")
{
	static char much[1 << 20];
	struct blocked b;
	int fds[2];

	ASSERT_OK(pipe2(fds, O_CLOEXEC));
	ASSERT_TRUE(blocked_write(&b, fds[1], much, sizeof(much)));
	for (size_t left = sizeof(much); left > 0;) {
		ssize_t n = read(fds[0], much, left);

		ASSERT_LT(0, n);
		left -= n;
	}
	ASSERT_TRUE(blocked_ended(&b, 2000));
	EXPECT_EQ(sizeof(much), b.ret);
}

TEST(poll, .title = "a poll that waits tells the events that woke it")
{
	struct blocked b;
	int fds[2];

	ASSERT_OK(pipe2(fds, O_CLOEXEC));
	ASSERT_TRUE(blocked_poll(&b, fds[0], POLLIN));
	close(fds[1]);
	ASSERT_TRUE(blocked_ended(&b, 2000));
	EXPECT_EQ(1, b.ret);
	EXPECT_EQ(POLLHUP, b.revents);
}

TEST(signal, .title = "a signal ends the call, or with SA_RESTART lets it sleep again")
{
	struct sigaction sa = { .sa_handler = nothing, .sa_flags = SA_RESTART };
	struct blocked b;
	int fds[2];

	ASSERT_OK(pipe2(fds, O_CLOEXEC));
	ASSERT_OK(sigaction(SIGUSR1, &sa, NULL));
	ASSERT_TRUE(blocked_read(&b, fds[0]));
	pthread_kill(b.thread, SIGUSR1);
	EXPECT_TRUE(blocked_sleeps_within(&b, 2000));
	EXPECT_FALSE(blocked_ended(&b, 20));
	ASSERT_TRUE(blocked_interrupt(&b, 2000));
	EXPECT_EQ(-1, b.ret);
	EXPECT_EQ(EINTR, b.err);
}
