/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a test runs: namespaces of its own (PID, network, mount, IPC, UTS, and without the rights
 * for those a user namespace in which the caller is root), with fresh /proc, /sys, /tmp and /run.
 *
 * All of it lives and dies with one process, the sandbox's init, and that dies with the runner.
 */
#ifndef HARNESS_SANDBOX_H
#define HARNESS_SANDBOX_H

#include <sys/types.h>

#include "harness/test.h"

enum sandbox_kind {
	SANDBOX_PRIVILEGED, /* plain namespaces: root with CAP_SYS_ADMIN */
	SANDBOX_USER,	    /* inside a new user namespace */
	SANDBOX_NONE,	    /* neither is possible here */
};

/* "namespaces (root)", ... for people. */
const char *sandbox_name(enum sandbox_kind kind);

/*
 * The best kind that works, by trying; for SANDBOX_NONE @why (REASON_SIZE bytes) says what forbids
 * it, naming the setting.
 */
enum sandbox_kind sandbox_probe(char *why);

/*
 * From now on the caller gets the processor before what it starts, if it may have that: it sees
 * what the kernel says of a process while that is still there.
 */
void sandbox_come_first(void);

/*
 * Starts a sandbox and in it @body(@arg), with standard output and error going to @log_fd and
 * standard input at its end. Of the other descriptors the body finds only @keep_fd, under a new
 * number that it gets as its second argument (-1 if @keep_fd is -1). How the body's process ended
 * goes to @shared.
 *
 * Returns a pidfd of the sandbox's init, which is readable once everything in the sandbox is dead,
 * or -1 and errno. @pid is set to its process id, to be killed and waited for by the caller.
 */
int sandbox_start(enum sandbox_kind kind, void (*body)(void *arg, int kept_fd), void *arg,
		  int log_fd, int keep_fd, struct test_shared *shared, pid_t *pid);

#endif /* HARNESS_SANDBOX_H */
