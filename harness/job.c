// SPDX-License-Identifier: GPL-2.0-only
#include "harness/job.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void body(void *arg, int attachment)
{
	struct job *j = arg;

	if (j->test)
		test_run(j->test, j->shared, attachment);
	else
		probe_run(j->probe, j->shared);
}

static int memory_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	/* several processes of the test write to it */
	if (fd >= 0)
		fcntl(fd, F_SETFL, O_APPEND);
	return fd;
}

bool job_start(struct job *j, enum sandbox_kind kind, char *why)
{
	j->pidfd = -1;
	j->log_fd = memory_file("log");
	j->attachment_fd = memory_file("attachment");
	j->shared = mmap(NULL, sizeof(*j->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (j->shared == MAP_FAILED)
		j->shared = NULL;
	j->start_ns = now_ns();
	if (j->log_fd >= 0 && j->attachment_fd >= 0 && j->shared)
		j->pidfd = sandbox_start(kind, body, j, j->log_fd, j->attachment_fd, j->shared,
					 &j->pid);
	if (j->pidfd >= 0)
		return true;
	snprintf(why, REASON_SIZE, "cannot start: %s", strerror(errno));
	job_free(j);
	return false;
}

void job_kill(struct job *j)
{
	kill(j->pid, SIGKILL);
}

void job_end(struct job *j)
{
	waitpid(j->pid, NULL, 0);
	j->end_ns = now_ns();
	close(j->pidfd);
	j->pidfd = -1;
}

static enum result say(char *reason, enum result r, const char *text)
{
	snprintf(reason, REASON_SIZE, "%s", text);
	return r;
}

/* The signal that ended the test's first process, 0 if none did. */
static int ended_by(const struct test_shared *s)
{
	return WIFSIGNALED(s->wait_status) ? WTERMSIG(s->wait_status) : 0;
}

static enum result verdict_of_death(const struct job *j, char *reason)
{
	const struct test_shared *s = j->shared;
	int wanted = j->test ? j->test->tc->signal : 0;
	int signal = ended_by(s);

	if (signal && signal == wanted && !s->failed && !s->broken)
		return say(reason, RESULT_PASS, "");
	if (signal) {
		snprintf(reason, REASON_SIZE, "killed by SIG%s", sigabbrev_np(signal));
		return RESULT_CRASH;
	}
	if (s->failed)
		return say(reason, RESULT_FAIL, s->failure);
	snprintf(reason, REASON_SIZE, "left by exit(%d) before its end",
		 WEXITSTATUS(s->wait_status));
	return RESULT_ERROR;
}

enum result job_verdict(const struct job *j, char *reason)
{
	const struct test_shared *s = j->shared;

	if (j->killed) {
		snprintf(reason, REASON_SIZE, "no end after %d s", j->timeout_s);
		return RESULT_TIMEOUT;
	}
	if (*s->sandbox_error)
		return say(reason, RESULT_ERROR, s->sandbox_error);
	if (!s->exited)
		return say(reason, RESULT_CRASH, "its namespaces were killed from outside");
	if (!s->done)
		return verdict_of_death(j, reason);
	if (s->failed)
		return say(reason, RESULT_FAIL, s->failure);
	if (s->broken)
		return say(reason, RESULT_ERROR, s->breakage);
	if (j->test && j->test->tc->signal) {
		snprintf(reason, REASON_SIZE, "came to its end, where SIG%s should have ended it",
			 sigabbrev_np(j->test->tc->signal));
		return RESULT_FAIL;
	}
	if (s->leaked)
		return say(reason, RESULT_ERROR, "left a process behind (killed now)");
	if (s->skipped)
		return say(reason, RESULT_SKIP, s->skip);
	return say(reason, RESULT_PASS, "");
}

char *job_log(const struct job *j)
{
	struct stat st;
	ssize_t len, i;
	char *text;

	if (fstat(j->log_fd, &st))
		return NULL;
	text = malloc(st.st_size + 1);
	if (!text)
		return NULL;
	len = pread(j->log_fd, text, st.st_size, 0);
	text[len < 0 ? 0 : len] = '\0';
	for (i = 0; i < len; i++)
		if (!text[i])
			text[i] = '?'; /* it is kept as a string */
	return text;
}

void job_free(struct job *j)
{
	if (j->log_fd >= 0)
		close(j->log_fd);
	if (j->attachment_fd >= 0)
		close(j->attachment_fd);
	if (j->shared)
		munmap(j->shared, sizeof(*j->shared));
	j->log_fd = j->attachment_fd = -1;
	j->shared = NULL;
}
