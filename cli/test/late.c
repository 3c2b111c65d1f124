// SPDX-License-Identifier: GPL-2.0-only
/* A machine that takes two seconds for flock(), for LD_PRELOAD. */
#define _GNU_SOURCE
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

int flock(int fd, int operation)
{
	sleep(2);
	return syscall(SYS_flock, fd, operation);
}
