// SPDX-License-Identifier: GPL-2.0-only
/* A kernel that is wrong by one about TUNGETSNDBUF, for LD_PRELOAD. */
#define _GNU_SOURCE
#include <linux/if_tun.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;
	int ret;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	ret = syscall(SYS_ioctl, fd, request, arg);
	if (!ret && request == TUNGETSNDBUF)
		++*(int *)arg;
	return ret;
}
