// SPDX-License-Identifier: GPL-2.0-only
#include "harness/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* More output than this from one test is a test that lost its way. */
#define OUTPUT_LIMIT (64u << 20)

#define KEPT_FD 3

const char *sandbox_name(enum sandbox_kind kind)
{
	switch (kind) {
	case SANDBOX_PRIVILEGED:
		return "namespaces";
	case SANDBOX_USER:
		return "namespaces in a user namespace";
	default:
		return "none";
	}
}

/*
 * The runner holds the writing end, the sandboxes' inits the reading end: its end of file tells an
 * init that the runner died before PR_SET_PDEATHSIG was armed.
 */
static int alive_pipe[2] = { -1, -1 };

/* Of what is started. */
static int usual_nice;
static bool caller_is_first;

void sandbox_come_first(void)
{
	usual_nice = getpriority(PRIO_PROCESS, 0);
	caller_is_first = !setpriority(PRIO_PROCESS, 0, -20);
}

static void __attribute__((noreturn, format(printf, 2, 3)))
give_up(struct test_shared *shared, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(shared->sandbox_error, sizeof(shared->sandbox_error), fmt, ap);
	va_end(ap);
	_exit(EXIT_FAILURE);
}

static void write_map(struct test_shared *shared, const char *path, const char *fmt,
		      unsigned int id)
{
	char text[64];
	int len = snprintf(text, sizeof(text), fmt, id);
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, len) != len)
		give_up(shared, "cannot write %s: %s", path, strerror(errno));
	close(fd);
}

static void become_root(struct test_shared *shared, uid_t uid, gid_t gid)
{
	write_map(shared, "/proc/self/setgroups", "deny", 0);
	write_map(shared, "/proc/self/uid_map", "0 %u 1", uid);
	write_map(shared, "/proc/self/gid_map", "0 %u 1", gid);
}

/*
 * What cannot be mounted stays as it was: the tests that rely on it name it as a need, and its
 * probe looks.
 */
static void mount_fresh(void)
{
	mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
	mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
}

/* In a chroot that is no mount point: entering the own namespace again leaves it for a moment. */
static bool make_private_from_chroot(void)
{
	int root = open("/", O_PATH | O_CLOEXEC);
	int self = syscall(SYS_pidfd_open, getpid(), 0);
	bool good = root >= 0 && self >= 0 && !setns(self, CLONE_NEWNS);

	if (good) {
		good = !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
		if (fchdir(root) || chroot("."))
			_exit(EXIT_FAILURE);
	}
	close(root);
	close(self);
	return good;
}

static void die_with_runner(void)
{
	struct pollfd p = { .fd = alive_pipe[0], .events = POLLIN };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (poll(&p, 1, 0) != 0)
		_exit(EXIT_FAILURE);
}

static void limit(void)
{
	struct rlimit none = { 0, 0 };
	struct rlimit output = { OUTPUT_LIMIT, OUTPUT_LIMIT };

	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_FSIZE, &output);
}

static void close_from(int first)
{
	int fd, max = (int)sysconf(_SC_OPEN_MAX);

	if (!syscall(SYS_close_range, first, ~0U, 0))
		return;
	for (fd = first; fd < max; fd++)
		close(fd);
}

static int arrange_descriptors(int log_fd, int keep_fd)
{
	int null = open("/dev/null", O_RDONLY);

	if (null >= 0)
		dup2(null, STDIN_FILENO);
	else
		close(STDIN_FILENO);
	dup2(log_fd, STDOUT_FILENO);
	dup2(log_fd, STDERR_FILENO);
	if (keep_fd >= 0 && keep_fd != KEPT_FD)
		dup2(keep_fd, KEPT_FD);
	close_from(keep_fd < 0 ? KEPT_FD : KEPT_FD + 1);
	return keep_fd < 0 ? -1 : KEPT_FD;
}

/* Signals that the runner ignores: once asked, for it is a system call for each. */
static sigset_t ignored;

static void find_ignored(void)
{
	struct sigaction action;
	int s;

	sigemptyset(&ignored);
	for (s = 1; s < NSIG; s++)
		if (!sigaction(s, NULL, &action) && action.sa_handler != SIG_DFL)
			sigaddset(&ignored, s);
}

/* The runner blocks and ignores some; a test starts with none of that. */
static void reset_signals(void)
{
	sigset_t none;
	int s;

	for (s = 1; s < NSIG; s++)
		if (sigismember(&ignored, s) == 1)
			signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* As init: reap everybody until the test's own process is done, then look who is left. */
static void __attribute__((noreturn)) init_wait(struct test_shared *shared, pid_t first)
{
	int status;
	pid_t pid;

	do {
		pid = waitpid(-1, &status, 0);
	} while (pid > 0 && pid != first);
	shared->wait_status = status;
	shared->exited = pid == first;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	shared->leaked = !kill(-1, 0);
	_exit(EXIT_SUCCESS);
}

static void __attribute__((noreturn))
init_main(enum sandbox_kind kind, uid_t uid, gid_t gid, void (*body)(void *, int), void *arg,
	  int log_fd, int keep_fd, struct test_shared *shared)
{
	pid_t first;

	if (kind == SANDBOX_USER)
		become_root(shared, uid, gid);
	/* after the change of credentials, which would disarm it */
	die_with_runner();
	setsid();
	if (!mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    (errno == EINVAL && make_private_from_chroot()))
		mount_fresh();
	else if (errno != EINVAL)
		give_up(shared, "cannot make the mounts private: %s", strerror(errno));
	limit();
	keep_fd = arrange_descriptors(log_fd, keep_fd);
	reset_signals();

	/* Signals have no default action for an init, so the test must not be one. */
	first = fork();
	if (first < 0)
		give_up(shared, "cannot fork: %s", strerror(errno));
	if (first)
		init_wait(shared, first);
	if (chdir("/"))
		give_up(shared, "cannot enter /: %s", strerror(errno));
	body(arg, keep_fd);
	_exit(EXIT_SUCCESS);
}

/* fork() with flags. The C library does not know of the child, which therefore forks once more. */
static pid_t raw_clone(unsigned long flags, int *pidfd)
{
#ifdef __s390__
	return syscall(SYS_clone, NULL, flags | SIGCHLD, pidfd, NULL, NULL);
#else
	return syscall(SYS_clone, flags | SIGCHLD, NULL, pidfd, NULL, NULL);
#endif
}

int sandbox_start(enum sandbox_kind kind, void (*body)(void *arg, int kept_fd), void *arg,
		  int log_fd, int keep_fd, struct test_shared *shared, pid_t *pid)
{
	unsigned long flags = CLONE_PIDFD | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWNS |
			      CLONE_NEWIPC | CLONE_NEWUTS;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int pidfd = -1;

	if (alive_pipe[0] < 0) {
		if (pipe2(alive_pipe, O_CLOEXEC))
			return -1;
		find_ignored();
	}
	if (kind == SANDBOX_USER)
		flags |= CLONE_NEWUSER;
	fflush(NULL);
	*pid = raw_clone(flags, &pidfd);
	if (!*pid) {
		close(alive_pipe[1]);
		if (caller_is_first)
			setpriority(PRIO_PROCESS, 0, usual_nice);
		init_main(kind, uid, gid, body, arg, log_fd, keep_fd, shared);
	}
	if (*pid < 0)
		return -1;
	fcntl(pidfd, F_SETFD, FD_CLOEXEC);
	return pidfd;
}

static bool setting_is(const char *path, const char *value)
{
	char text[32] = "";
	FILE *f = fopen(path, "re");
	bool is;

	if (!f)
		return false;
	is = fgets(text, sizeof(text), f) && !strncmp(text, value, strlen(value)) &&
	     text[strlen(value)] == '\n';
	fclose(f);
	return is;
}

/* Which setting made clone() fail with @err, as far as it can be seen. */
static void explain(char *why, int err)
{
	static const struct {
		const char *path, *value;
	} settings[] = {
		{ "/proc/sys/user/max_user_namespaces", "0" },
		{ "/proc/sys/user/max_net_namespaces", "0" },
		{ "/proc/sys/user/max_pid_namespaces", "0" },
		{ "/proc/sys/user/max_mnt_namespaces", "0" },
		{ "/proc/sys/kernel/unprivileged_userns_clone", "0" },
		{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1" },
	};
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		if (!setting_is(settings[i].path, settings[i].value))
			continue;
		snprintf(why, REASON_SIZE, "no namespaces for tests: %s is %s", settings[i].path,
			 settings[i].value);
		return;
	}
	if (err == ENOSPC)
		snprintf(why, REASON_SIZE,
			 "no namespaces for tests: a limit in /proc/sys/user/max_*_namespaces is reached");
	else
		snprintf(why, REASON_SIZE,
			 "no namespaces for tests: %s (in a chroot, forbidden by a seccomp filter "
			 "or a security module, or a kernel without CONFIG_USER_NS or CONFIG_NET_NS)",
			 strerror(err));
}

static void do_nothing(void *arg __UNUSED, int fd __UNUSED)
{
}

static bool works(enum sandbox_kind kind, char *why)
{
	struct test_shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int pidfd, err;
	bool good;
	pid_t pid;

	if (shared == MAP_FAILED) {
		snprintf(why, REASON_SIZE, "out of memory");
		return false;
	}
	pidfd = sandbox_start(kind, do_nothing, NULL, STDERR_FILENO, -1, shared, &pid);
	err = errno;
	if (pidfd >= 0) {
		waitpid(pid, NULL, 0);
		close(pidfd);
	}
	good = pidfd >= 0 && shared->exited;
	if (pidfd < 0)
		explain(why, err);
	else if (!good && kind == SANDBOX_USER &&
		 setting_is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"))
		explain(why, EPERM);
	else if (!good)
		snprintf(why, REASON_SIZE, "no namespaces for tests: %.300s", shared->sandbox_error);
	munmap(shared, sizeof(*shared));
	return good;
}

enum sandbox_kind sandbox_probe(char *why)
{
	if (works(SANDBOX_PRIVILEGED, why))
		return SANDBOX_PRIVILEGED;
	if (works(SANDBOX_USER, why))
		return SANDBOX_USER;
	return SANDBOX_NONE;
}
