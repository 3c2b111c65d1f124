/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * io_uring by its system calls. A test needs the feature "io_uring".
 *
 *	uring_open(&r);
 *	uring_prepare(&r, IORING_OP_READ, fd, buf, sizeof(buf))->flags = IOSQE_IO_LINK;
 *	uring_submit(&r);
 *	if (uring_next(&r, &cqe, 2000))
 *		... cqe.res ...
 */
#ifndef NETNS_URING_H
#define NETNS_URING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/io_uring.h>

struct uring {
	int fd;
	uint8_t *sq, *cq;
	struct io_uring_sqe *sqes;
	struct io_uring_params p;
	uint32_t prepared; /* requests since the last uring_submit() */
};

/* A ring for eight requests at a time. False and errno if there is no io_uring to use. */
bool uring_open(struct uring *r);
/* Ends what is under way, some time after it returns. May be called twice. */
void uring_close(struct uring *r);

/*
 * Starts a request: @op IORING_OP_... of @fd with @buf and @len, at the file's own position, and
 * @op as user_data. More can be set in what it returns.
 */
struct io_uring_sqe *uring_prepare(struct uring *r, uint8_t op, int fd, const void *buf,
				   size_t len);
/* Hands over the requests prepared; ends the test if the kernel does not take them. */
void uring_submit(struct uring *r);
/* The next completion within @timeout_ms, false if none comes. With 0 only what is there. */
bool uring_next(struct uring *r, struct io_uring_cqe *cqe, int timeout_ms);
/* The result of the next completion that has @user_data, others dropped; INT_MIN if none comes. */
int uring_result(struct uring *r, uint64_t user_data, int timeout_ms);

/* IORING_REGISTER_... of @count things at @arg; ends the test if that fails. */
void uring_register(struct uring *r, unsigned int what, const void *arg, unsigned int count);

#endif /* NETNS_URING_H */
