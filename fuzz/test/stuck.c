// SPDX-License-Identifier: GPL-2.0-only
/* A write() that never ends, for LD_PRELOAD: the 300th that is not to standard output or error. */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

ssize_t write(int fd, const void *buf, size_t n)
{
	static int count;

	while (fd > STDERR_FILENO && count >= 300)
		pause();
	count += fd > STDERR_FILENO;
	return syscall(SYS_write, fd, buf, n);
}
