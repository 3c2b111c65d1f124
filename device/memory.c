// SPDX-License-Identifier: GPL-2.0-only
/* Memory with an end, and memory that is not there yet. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/userfaultfd.h>

#include "device/memory.h"
#include "harness/harness.h"

#ifndef MAP_32BIT /* x86 alone has it; other machines may find no such memory */
#define MAP_32BIT 0
#endif

static void *cut(const void *bytes, size_t good, int flags)
{
	long page = sysconf(_SC_PAGESIZE);
	uint8_t *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (map == MAP_FAILED || mprotect(map + page, page, PROT_NONE) || good > page)
		TH_BAIL("%zu bytes of memory with an end: %s", good, strerror(errno));
	if (bytes)
		memcpy(map + page - good, bytes, good);
	return map + page - good;
}

void *cut_memory(const void *bytes, size_t good)
{
	return cut(bytes, good, 0);
}

void *cut_memory_low(const void *bytes, size_t good)
{
	return cut(bytes, good, MAP_32BIT);
}

static struct uffdio_range range_of(const struct missing_page *m)
{
	return (struct uffdio_range){ .start = (uintptr_t)m->page,
				      .len = sysconf(_SC_PAGESIZE) };
}

struct missing_page missing_page(void)
{
	struct missing_page m = { .fd = syscall(SYS_userfaultfd, O_CLOEXEC) };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };

	m.page = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range = range_of(&m);
	if (m.fd < 0 || m.page == MAP_FAILED || ioctl(m.fd, UFFDIO_API, &api) ||
	    ioctl(m.fd, UFFDIO_REGISTER, &reg))
		TH_BAIL("userfaultfd: %s", strerror(errno));
	return m;
}

void missing_page_supply(struct missing_page *m)
{
	struct uffdio_zeropage zero = { .range = range_of(m) };

	if (ioctl(m->fd, UFFDIO_ZEROPAGE, &zero))
		TH_BAIL("UFFDIO_ZEROPAGE: %s", strerror(errno));
	close(m->fd);
}
