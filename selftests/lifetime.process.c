// SPDX-License-Identifier: GPL-2.0-only
/* The device file and the end of processes: exec, fork, signals. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/blocked.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/link.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000

/* A process that holds @fd over an exec of cat; what is written to *@to comes back from *@from. */
static pid_t exec_cat(int *to, int *from)
{
	int in[2], out[2];
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		TH_BAIL("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		TH_BAIL("fork: %s", strerror(errno));
	if (pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execlp("cat", "cat", NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	*to = in[1];
	*from = out[0];
	return pid;
}

TEST(exec,
     .title = "a file kept over exec keeps the device until that process ends; one with O_CLOEXEC "
	      "does not",
     .behaviours = { 582 })
{
	struct tun kept = tun_create("a0", IFF_TUN | IFF_NO_PI);
	struct tun closed = tun_create("a1", IFF_TUN | IFF_NO_PI); /* tun_open() sets O_CLOEXEC */
	int to, from, status;
	char byte;
	pid_t pid;

	ASSERT_OK(fcntl(kept.fd, F_SETFD, 0));
	pid = exec_cat(&to, &from);
	tun_close(&kept);
	tun_close(&closed);
	/* With the answer the exec is done. */
	ASSERT_EQ(1, write(to, "x", 1));
	ASSERT_EQ(POLLIN, sock_wait(from, POLLIN, TIMEOUT_MS));
	ASSERT_EQ(1, read(from, &byte, 1));
	EXPECT_TRUE(link_exists("a0"));
	EXPECT_FALSE(link_exists("a1"));

	close(to);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	EXPECT_FALSE(link_exists("a0"));
	close(from);
}

TEST(fork, .title = "a forked process shares the file: the device stays until both closed it",
     .behaviours = { 582 })
{
	struct tun t = tun_create("a0", IFF_TUN | IFF_NO_PI);
	int gate[2], status;
	char byte;
	pid_t pid;

	ASSERT_OK(pipe2(gate, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (pid == 0) {
		close(gate[1]);
		_exit(read(gate[0], &byte, 1) != 0);
	}
	tun_close(&t);
	EXPECT_TRUE(link_exists("a0"));
	close(gate[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_FALSE(link_exists("a0"));
	close(gate[0]);
}

FIXTURE(lifetime_kill)
{
};

FIXTURE_VARIANT(lifetime_kill)
{
	bool poll; /* or read */
	int signal;
};

FIXTURE_VARIANT_ADD(lifetime_kill, read_kill) { .poll = false, .signal = SIGKILL };
FIXTURE_VARIANT_ADD(lifetime_kill, poll_kill) { .poll = true, .signal = SIGKILL };
FIXTURE_VARIANT_ADD(lifetime_kill, read_term) { .poll = false, .signal = SIGTERM };

FIXTURE_SETUP(lifetime_kill)
{
}

FIXTURE_TEARDOWN(lifetime_kill)
{
}

/* In a child: tells with a byte that it is about to wait on a device of its own, and waits. */
static void __attribute__((noreturn)) wait_for_packet(int ready, bool by_poll)
{
	struct tun t = tun_create("a0", IFF_TUN | IFF_NO_PI);
	struct pollfd p = { .fd = t.fd, .events = POLLIN };
	char buf[64];

	tun_set_blocking(t.fd);
	if (write(ready, "x", 1) != 1)
		_exit(1);
	if (by_poll)
		poll(&p, 1, -1);
	else if (read(t.fd, buf, sizeof(buf)) < 0)
		_exit(2);
	_exit(3);
}

/* Waits a little until the process sleeps, if /proc can say so. */
static void wait_sleeping(pid_t pid)
{
	int64_t deadline = clock_ms() + 200;
	char path[32];
	int stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	stat = open(path, O_RDONLY | O_CLOEXEC);
	while (!stat_sleeps(stat) && clock_left(deadline))
		usleep(500);
	close(stat);
}

TEST_F(lifetime_kill, killed_waiting,
       .title = "a signal that ends a process waiting for a packet ends its device",
       .behaviours = { 583 })
{
	int ready[2], status;
	char byte;
	pid_t pid;

	ASSERT_OK(pipe2(ready, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (pid == 0)
		wait_for_packet(ready[1], variant->poll);
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	wait_sleeping(pid);
	EXPECT_TRUE(link_exists("a0"));
	ASSERT_OK(kill(pid, variant->signal));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(variant->signal, WTERMSIG(status));
	EXPECT_FALSE(link_exists("a0"));
	close(ready[0]);
}
