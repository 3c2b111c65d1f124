// SPDX-License-Identifier: GPL-2.0-only
/* System calls of 32-bit programs: interrupt 0x80, with their numbers, on x86-64. */
#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "device/compat.h"

#define NR_GETPID 20
#define NR_IOCTL  54

#ifdef __x86_64__
static int call(uint32_t nr, uint32_t a, uint32_t b, uint32_t c)
{
	int ret;

	/* Older kernels leave nothing in the registers that 32-bit programs do not have. */
	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(nr), "b"(a), "c"(b), "d"(c)
		     : "memory", "cc", "r8", "r9", "r10", "r11");
	return ret;
}
#else
static int call(uint32_t nr, uint32_t a, uint32_t b, uint32_t c)
{
	(void)nr, (void)a, (void)b, (void)c;
	return -ENOSYS;
}
#endif

bool compat_works(void)
{
	return call(NR_GETPID, 0, 0, 0) == getpid();
}

int compat_ioctl(int fd, unsigned int request, const void *arg)
{
	int ret = call(NR_IOCTL, fd, request, (uintptr_t)arg);

	if (ret >= 0 || ret < -4095)
		return ret;
	errno = -ret;
	return -1;
}
