// SPDX-License-Identifier: GPL-2.0-only
/*
 * For LD_PRELOAD: a kernel that says one byte less of each write of an IPv4 packet that is longer
 * than 40 bytes, if nothing stands in front of it.
 */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

ssize_t write(int fd, const void *data, size_t size)
{
	ssize_t ret = syscall(SYS_write, fd, data, size);

	return ret - (fd > 2 && ret > 40 && *(const unsigned char *)data == 0x45);
}
