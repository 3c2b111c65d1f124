// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into user-mode-linux with KASAN. Its kernel forks for each process of the guest, with
 * the page tables of all the shadow memory that was ever used, a hundred MiB, and afterwards takes
 * a fault and a copy for each page that it changes there. The child, which only has to be the
 * guest's process, finds zeros instead, which allow everything.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Nothing else that a kernel maps is so large: an eighth of its address space. */
#define SHADOW_LEAST (1ul << 40)

void *mmap64(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	void *p = (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, offset);

	if (p != MAP_FAILED && (flags & MAP_ANONYMOUS) && len >= SHADOW_LEAST)
		madvise(p, len, MADV_WIPEONFORK);
	return p;
}
