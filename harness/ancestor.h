/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HARNESS_ANCESTOR_H
#define HARNESS_ANCESTOR_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The first of @pid, its parent, its parent's parent and so on for which @is(@arg, PID) holds; of a
 * thread, its process. @pid is as the kernel's log has it, of the initial namespace. 0 if there is
 * none, the process has gone, or we live in another namespace and cannot tell.
 */
pid_t ancestor(pid_t pid, bool (*is)(void *arg, pid_t pid), void *arg);

#endif /* HARNESS_ANCESTOR_H */
