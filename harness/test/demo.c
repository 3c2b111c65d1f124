// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program of tests that misbehave, to see what the harness makes of them: the scripts beside it
 * run it and check its reports to the letter.
 */
#include "harness/harness.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

SUITE(.name = "demo", .version = "1", .attachment = "attachment.bin", .kmsg_any_facility = true)

FEATURE(present, "nobody has the present feature")
{
	return true;
}

FEATURE(absent, "kernel has no absent feature")
{
	return false;
}

FEATURE(explained, "kernel has no explained feature")
{
	harness_missing("explained feature: %s", strerror(EPERM));
	return false;
}

FEATURE(broken_probe, "kernel has no broken_probe feature")
{
	raise(SIGSEGV);
	return true;
}

TEST(passes, .title = "a test that passes", .behaviours = { 1, 2 }, .needs = { "present" },
     .guards = { "0123456789ab", "CVE-2000-0001" })
{
	EXPECT_EQ(1, 1);
}

TEST(takes_long, .title = "a test that takes long", .takes_long = true)
{
	TH_LOG("seed %llu", (unsigned long long)harness_seed());
}

TEST(dangerous, .title = "a test that no pattern but its id selects", .dangerous = true)
{
}

TEST(fails, .title = "a failed expectation shows both values and the test goes on",
     .behaviours = { 3 })
{
	int three = 3;

	EXPECT_EQ(4, three);
	EXPECT_LT(5u, 2u)
	{
		TH_LOG("in the block of the failed expectation");
	}
	printf("printed to stdout\n");
	if (write(harness_attachment(), "evidence", 8) != 8)
		TH_BAIL("cannot write the attachment");
}

TEST(asserts, .title = "a failed assertion leaves the test")
{
	ASSERT_STREQ("left", "right");
	TH_LOG("must not be reached");
}

TEST(expects_errno, .title = "a call's errno is shown by name")
{
	EXPECT_ERRNO(EBADF, close(-1));
	EXPECT_ERRNO(ENOENT, close(-1));
	EXPECT_ERRNO(EPERM, 5);
	EXPECT_OK(close(-1));
	EXPECT_OK(1);
}

TEST(truths, .title = "what should be true or false is shown with its value")
{
	int three = 3;

	EXPECT_TRUE(three == 4);
	EXPECT_FALSE(three);
	EXPECT_FALSE(close(-1));
}

TEST(unbraced, .title = "an expectation is one statement")
{
	if (getpid() < 0)
		EXPECT_TRUE(false);
	else
		EXPECT_TRUE(true);
}

TEST(skips, .title = "a test that skips itself")
{
	SKIP(return, "kernel has no %s", "luck");
	TH_LOG("must not be reached");
}

TEST(needs_absent, .title = "a test that needs a missing feature", .needs = { "present", "absent" })
{
	TH_LOG("must not be reached");
}

TEST(needs_explained, .title = "a probe may give the exact reason", .needs = { "explained" })
{
	TH_LOG("must not be reached");
}

TEST(needs_broken_probe, .title = "a probe that crashes counts as missing",
     .needs = { "broken_probe" })
{
	TH_LOG("must not be reached");
}

TEST(hangs, .title = "a test that never ends, nor do its children")
{
	signal(SIGTERM, SIG_IGN);
	if (fork())
		fork();
	for (;;)
		pause();
}

TEST(crashes, .title = "a test that crashes")
{
	TH_LOG("before the crash");
	raise(SIGSEGV);
}

TEST(aborts, .title = "a test that aborts")
{
	abort();
}

TEST_SIGNAL(expected_signal, SIGUSR1, .title = "a test that has to die of a signal")
{
	raise(SIGUSR1);
}

TEST_SIGNAL(missing_signal, SIGUSR1, .title = "a test that should have died of a signal")
{
}

TEST(exits, .title = "a test that leaves by exit(0)")
{
	exit(0);
}

TEST(bails, .title = "a set-up that fails is an error, not a failure")
{
	TH_BAIL("cannot make %s: %s", "it", strerror(ENOSPC));
}

TEST(leaks_child, .title = "a child left behind is an error of the test")
{
	if (!fork())
		for (;;)
			pause();
}

TEST(leaves_things, .title = "what a test leaves in its namespaces goes with them")
{
	int fd = creat("/tmp/demo-left-behind", 0600);

	ASSERT_LE(0, fd);
	if (mount("none", "/tmp", "tmpfs", 0, NULL))
		TH_BAIL("cannot mount: %s", strerror(errno));
	if (sethostname("left-behind", 11))
		TH_BAIL("cannot set the host's name: %s", strerror(errno));
}

TEST(child_fails, .title = "an expectation that fails in a child fails the test")
{
	pid_t pid = fork();

	if (!pid) {
		ASSERT_EQ(1, 2);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

TEST(child_returns, .title = "a child that returns from the test does not end it")
{
	pid_t pid = fork();

	if (!pid)
		return;
	waitpid(pid, NULL, 0);
	raise(SIGSEGV);
}

static struct __test_metadata *thread_metadata;

static void *failing_thread(void *arg)
{
	struct __test_metadata *_metadata = thread_metadata;

	ASSERT_EQ(1, 2);
	return arg;
}

TEST(thread_fails, .title = "an assertion that fails in a thread ends that thread", .waits = true)
{
	pthread_t thread;
	void *result;

	thread_metadata = _metadata;
	pthread_create(&thread, NULL, failing_thread, _metadata);
	pthread_join(thread, &result);
	EXPECT_NULL(result);
}

TEST(prints_ktap, .title = "what a test prints cannot be taken for the report")
{
	printf("ok 1 fake\nnot ok 2 fake\n# Totals: pass:1000\n");
	EXPECT_TRUE(false);
}

TEST(prints_rubbish, .title = "bytes that no report may hold")
{
	printf("\x01\xff\x1b[31m <&> ]]>\n");
	fwrite("a NUL:\0\n", 1, 8, stdout);
	EXPECT_STREQ("a surrogate", "\xed\xa0\x80");
}

/*
 * A record of user space; the suite says that those count. It ends with a newline: without one
 * the kernel waits for the rest of the line.
 */
static void say_to_kernel_log(const char *text)
{
	int fd = open("/dev/kmsg", O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		TH_BAIL("cannot write /dev/kmsg: %s", strerror(errno));
	close(fd);
}

TEST(warns, .title = "a kernel warning in its time fails a test")
{
	say_to_kernel_log("WARNING: CPU: 0 PID: 1 at demo/demo.c:1 demo_function+0x1/0x2\n");
}

TEST(warns_amid, .title = "the kernel's complaint is shown without what else it logged")
{
	say_to_kernel_log("tap7: entered promiscuous mode\n");
	say_to_kernel_log("WARNING: CPU: 0 PID: 1 at demo/demo.c:3 demo_amid+0x1/0x2\n");
	say_to_kernel_log("tap8: entered promiscuous mode\n");
	say_to_kernel_log("device tap9 entered promiscuous mode\n");
	say_to_kernel_log(" demo_caller+0x1/0x2\n");
}

TEST(logs_and_fails, .title = "of a log without a complaint the end is shown")
{
	char line[32];
	int i;

	for (i = 0; i < 9; i++) {
		snprintf(line, sizeof(line), "tap%d: demo chatter\n", i);
		say_to_kernel_log(line);
	}
	EXPECT_TRUE(false);
}

/* The file named by DEMO_MARK outlives the sandbox and so tells the first run from the second. */
TEST(warns_once, .title = "a kernel warning that does not come again")
{
	const char *mark = getenv("DEMO_MARK");

	if (!mark)
		SKIP(return, "DEMO_MARK is not set");
	if (open(mark, O_CREAT | O_EXCL, 0600) >= 0)
		say_to_kernel_log("WARNING: CPU: 0 PID: 1 at demo/demo.c:2 demo_once+0x1/0x2\n");
	usleep(200000);
}

/* Whoever sees a process of this name adds its number to the log, and makes the file. */
TEST(warns_in_process, .title = "a kernel warning that does not come again, and names a process")
{
	const char *mark = getenv("DEMO_MARK");

	if (!mark)
		SKIP(return, "DEMO_MARK is not set");
	if (!access(mark, F_OK))
		return;
	say_to_kernel_log("WARNING: inconsistent demo state\n");
	prctl(PR_SET_NAME, "demo-warns");
	for (int i = 0; i < 500 && access(mark, F_OK); i++)
		usleep(10000);
	usleep(200000);
}

TEST(fails_once, .title = "a test that fails in one of its runs")
{
	const char *mark = getenv("DEMO_MARK");

	if (!mark)
		SKIP(return, "DEMO_MARK is not set");
	EXPECT_GT(0, open(mark, O_CREAT | O_EXCL, 0600));
}

TEST(innocent, .title = "a test that runs beside the one that warns")
{
	usleep(200000);
}

FIXTURE(box) {
	int value;
	const char *order;
};

FIXTURE_VARIANT(box) {
	int start;
};

FIXTURE_VARIANT_ADD(box, one) { .start = 1 };
FIXTURE_VARIANT_ADD(box, two) { .start = 2 };

FIXTURE_SETUP(box)
{
	self->value = variant->start * 10;
	self->order = "set up";
}

FIXTURE_TEARDOWN(box)
{
	TH_LOG("torn down after %s", self->order);
}

TEST_F(box, variants, .title = "each variant is a test")
{
	EXPECT_EQ(variant->start * 10, self->value);
}

TEST_F(box, xfails, .title = "an expected failure of one variant")
{
	EXPECT_EQ(10, self->value);
}
XFAIL_ADD(box, two, xfails, "the fix deadbeef is missing")

TEST_F(box, xpasses, .title = "a failure that is expected and does not come")
{
	EXPECT_LT(0, self->value);
}
XFAIL_ADD(box, one, xpasses, "a fault that is mended")

TEST_F(box, asserts_in_fixture, .title = "the tear-down runs after a failed assertion")
{
	self->order = "assertion";
	ASSERT_EQ(0, self->value);
}

TEST_F_TIMEOUT(box, own_timeout, 60, .title = "a test with a time-out of its own")
{
	EXPECT_TRUE(true);
}

TEST_F_TIMEOUT(box, sleeps_longer, 60, .title = "a test that takes longer than most may")
{
	usleep(1200000);
}
