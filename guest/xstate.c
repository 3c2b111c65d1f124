// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into user-mode-linux. Kernels before 6.13 know 2696 bytes of a process's extended registers
 * (HOST_FP_SIZE) and hand so many back to ptrace. Processors with AMX have 11 KiB, their kernel takes
 * all or nothing (EFAULT), and the guest dies before its first process runs. Here what is missing is
 * added: as state in its initial configuration, which is what it was, since a guest's process cannot
 * ask for permission to use it.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define KNOWN 2696
#define XSTATE_BV 512
#define KNOWN_COMPONENTS 0x2ff /* x87, SSE, AVX, MPX, AVX-512, PKRU */
#define NT_XSTATE 0x202

static long set_all(pid_t pid, const struct iovec *part)
{
	static uint8_t all[1 << 16];
	static size_t size;
	struct iovec iov = { all, sizeof(all) };
	uint64_t in_use;

	if (!size) {
		if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_XSTATE, &iov) < 0)
			return -1;
		size = iov.iov_len;
	}
	if (size <= part->iov_len)
		return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_XSTATE, part);
	memcpy(all, part->iov_base, part->iov_len);
	memcpy(&in_use, all + XSTATE_BV, sizeof(in_use));
	in_use &= KNOWN_COMPONENTS;
	memcpy(all + XSTATE_BV, &in_use, sizeof(in_use));
	iov.iov_len = size;
	return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_XSTATE, &iov);
}

long ptrace(enum __ptrace_request request, ...)
{
	va_list args;
	pid_t pid;
	void *addr, *data;

	va_start(args, request);
	pid = va_arg(args, pid_t);
	addr = va_arg(args, void *);
	data = va_arg(args, void *);
	va_end(args);
	if (request == PTRACE_SETREGSET && (long)addr == NT_XSTATE &&
	    ((struct iovec *)data)->iov_len == KNOWN)
		return set_all(pid, data);
	/* libc's own returns what the peek requests find; the system call stores it. */
	if (request > 0 && request < 4) {
		long word = 0;

		if (syscall(SYS_ptrace, request, pid, addr, &word) < 0)
			return -1;
		errno = 0;
		return word;
	}
	return syscall(SYS_ptrace, request, pid, addr, data);
}
