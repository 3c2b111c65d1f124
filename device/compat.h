/* SPDX-License-Identifier: GPL-2.0-only */
/* The ioctl() of 32-bit programs, called from this one of 64 bits. */
#ifndef DEVICE_COMPAT_H
#define DEVICE_COMPAT_H

#include <stdbool.h>

/* True if the kernel takes system calls of 32-bit programs here: x86-64 with IA32 emulation. */
bool compat_works(void);
/*
 * @arg is a number, or a pointer to memory below 4 GiB (cut_memory_low()). Gives what ioctl() does,
 * -1 and errno if it fails. A test needs the feature "compat".
 */
int compat_ioctl(int fd, unsigned int request, const void *arg);

#endif /* DEVICE_COMPAT_H */
