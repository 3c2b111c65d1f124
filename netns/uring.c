// SPDX-License-Identifier: GPL-2.0-only
/* The rings shared with the kernel. */
#include <limits.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/sock.h"
#include "netns/uring.h"

#define ENTRIES 8

static void *map(const struct uring *r, size_t size, off_t what)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, what);

	if (p == MAP_FAILED)
		TH_BAIL("io_uring: %s", strerror(errno));
	return p;
}

static size_t sq_size(const struct uring *r)
{
	return r->p.sq_off.array + r->p.sq_entries * sizeof(uint32_t);
}

static size_t cq_size(const struct uring *r)
{
	return r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe);
}

static size_t sqes_size(const struct uring *r)
{
	return r->p.sq_entries * sizeof(*r->sqes);
}

bool uring_open(struct uring *r)
{
	*r = (struct uring){ 0 };
	r->fd = syscall(SYS_io_uring_setup, ENTRIES, &r->p);
	if (r->fd < 0)
		return false;
	r->sq = map(r, sq_size(r), IORING_OFF_SQ_RING);
	r->cq = map(r, cq_size(r), IORING_OFF_CQ_RING);
	r->sqes = map(r, sqes_size(r), IORING_OFF_SQES);
	return true;
}

/* A mapping keeps the ring, and with it the files registered. */
void uring_close(struct uring *r)
{
	if (r->fd < 0)
		return;
	munmap(r->sq, sq_size(r));
	munmap(r->cq, cq_size(r));
	munmap(r->sqes, sqes_size(r));
	close(r->fd);
	r->fd = -1;
}

struct io_uring_sqe *uring_prepare(struct uring *r, uint8_t op, int fd, const void *buf,
				   size_t len)
{
	uint32_t *tail = (uint32_t *)(r->sq + r->p.sq_off.tail);
	uint32_t *array = (uint32_t *)(r->sq + r->p.sq_off.array);
	uint32_t slot = *tail & (r->p.sq_entries - 1);

	if (r->prepared == ENTRIES)
		TH_BAIL("more than %d requests at a time", ENTRIES);
	r->sqes[slot] = (struct io_uring_sqe){
		.opcode = op,
		.fd = fd,
		.addr = (uintptr_t)buf,
		.len = len,
		.off = -1,
		.user_data = op,
	};
	array[slot] = slot;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	r->prepared++;
	return &r->sqes[slot];
}

void uring_submit(struct uring *r)
{
	int n = syscall(SYS_io_uring_enter, r->fd, r->prepared, 0, 0, NULL, 0);

	if (n != r->prepared)
		TH_BAIL("io_uring_enter: %s", n < 0 ? strerror(errno) : "not all requests taken");
	r->prepared = 0;
}

bool uring_next(struct uring *r, struct io_uring_cqe *cqe, int timeout_ms)
{
	uint32_t *head = (uint32_t *)(r->cq + r->p.cq_off.head);
	uint32_t *tail = (uint32_t *)(r->cq + r->p.cq_off.tail);
	struct io_uring_cqe *cqes = (struct io_uring_cqe *)(r->cq + r->p.cq_off.cqes);

	/* Some completions are posted when the thread next enters the kernel: poll() is enough. */
	if (*head == __atomic_load_n(tail, __ATOMIC_ACQUIRE))
		sock_wait(r->fd, POLLIN, timeout_ms);
	if (*head == __atomic_load_n(tail, __ATOMIC_ACQUIRE))
		return false;
	*cqe = cqes[*head & (r->p.cq_entries - 1)];
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return true;
}

int uring_result(struct uring *r, uint64_t user_data, int timeout_ms)
{
	int64_t deadline = clock_ms() + timeout_ms;
	struct io_uring_cqe cqe;

	while (uring_next(r, &cqe, clock_left(deadline))) {
		if (cqe.user_data == user_data)
			return cqe.res;
	}
	return INT_MIN;
}

void uring_register(struct uring *r, unsigned int what, const void *arg, unsigned int count)
{
	if (syscall(SYS_io_uring_register, r->fd, what, arg, count) < 0)
		TH_BAIL("io_uring_register: %s", strerror(errno));
}
