// SPDX-License-Identifier: GPL-2.0-only
/* The file in io_uring: requests that wait, and what ends them. */
#include <fcntl.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "device/way.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/sock.h"
#include "netns/uring.h"

#define WAIT_MS 2000
#define PORT	4001

/* How a request is made of a file and a buffer. */
enum kind { PLAIN, VECTOR, FIXED_BUFFER, FIXED_FILE };

FIXTURE(uring)
{
	struct tun t; /* blocking */
	int udp;
	struct uring r;
	uint8_t buf[4096];
	struct iovec iov;
};

FIXTURE_VARIANT(uring)
{
	unsigned int type;
	enum kind kind;
};

FIXTURE_VARIANT_ADD(uring, tun) { IFF_TUN, PLAIN };
FIXTURE_VARIANT_ADD(uring, tap) { IFF_TAP, PLAIN };
FIXTURE_VARIANT_ADD(uring, vector) { IFF_TUN, VECTOR };
FIXTURE_VARIANT_ADD(uring, fixed_buffer) { IFF_TAP, FIXED_BUFFER };
FIXTURE_VARIANT_ADD(uring, fixed_file) { IFF_TUN, FIXED_FILE };

FIXTURE_SETUP(uring)
{
	self->t = peer_create("t0", variant->type | IFF_NO_PI);
	tun_set_blocking(self->t.fd);
	self->udp = udp_open(KERNEL_IP4, PORT);
	if (!uring_open(&self->r))
		TH_BAIL("io_uring: %s", strerror(errno));
	self->iov = (struct iovec){ self->buf, sizeof(self->buf) };
	if (variant->kind == FIXED_BUFFER)
		uring_register(&self->r, IORING_REGISTER_BUFFERS, &self->iov, 1);
	if (variant->kind == FIXED_FILE)
		uring_register(&self->r, IORING_REGISTER_FILES, &self->t.fd, 1);
}

FIXTURE_TEARDOWN(uring)
{
	uring_close(&self->r);
	close(self->udp);
	tun_close(&self->t);
}

/* Submits a read into, or a write of @len bytes of, self->buf. */
static struct io_uring_sqe *prepare(FIXTURE_DATA(uring) *self, enum kind kind, bool write,
				    size_t len)
{
	static const uint8_t ops[][2] = {
		[PLAIN] = { IORING_OP_READ, IORING_OP_WRITE },
		[VECTOR] = { IORING_OP_READV, IORING_OP_WRITEV },
		[FIXED_BUFFER] = { IORING_OP_READ_FIXED, IORING_OP_WRITE_FIXED },
		[FIXED_FILE] = { IORING_OP_READ, IORING_OP_WRITE },
	};
	bool vector = kind == VECTOR;
	struct io_uring_sqe *sqe;

	self->iov.iov_len = len;
	sqe = uring_prepare(&self->r, ops[kind][write], kind == FIXED_FILE ? 0 : self->t.fd,
			    vector ? (void *)&self->iov : self->buf, vector ? 1 : len);
	sqe->user_data = write;
	if (kind == FIXED_FILE)
		sqe->flags |= IOSQE_FIXED_FILE;
	return sqe;
}

static void submit(FIXTURE_DATA(uring) *self, enum kind kind, bool write, size_t len)
{
	prepare(self, kind, write, len);
	uring_submit(&self->r);
}

/* True if self->buf has a packet of @len bytes with the datagram of pattern @seed. */
static bool holds(const FIXTURE_DATA(uring) *self, int len, uint32_t seed)
{
	ssize_t headers = peer_udp_size(&self->t, 0);

	return len > headers && pattern_check(self->buf + headers, len - headers, seed) == -1;
}

TEST_F(uring, read, .title = "a read of an empty file waits, and gets the packet that comes",
       .behaviours = { 373 }, .needs = { "io_uring" })
{
	struct io_uring_cqe cqe;

	for (int i = 0; i < 3; i++) {
		submit(self, variant->kind, false, sizeof(self->buf));
		EXPECT_FALSE(uring_next(&self->r, &cqe, 0));
		kernel_udp(self->udp, 4000, 30, i);
		ASSERT_TRUE(uring_next(&self->r, &cqe, WAIT_MS));
		EXPECT_EQ(peer_udp_size(&self->t, 30), cqe.res);
		EXPECT_TRUE(holds(self, cqe.res, i));
	}
}

TEST_F(uring, write, .title = "a write is done without waiting for anything", .behaviours = { 373 },
       .needs = { "io_uring" })
{
	struct io_uring_cqe cqe;
	static struct frame f;

	for (int i = 0; i < 3; i++) {
		peer_udp(&self->t, &f, 4000, PORT, 40, i);
		memcpy(self->buf, f.data, f.len);
		submit(self, variant->kind, true, f.len);
		ASSERT_TRUE(uring_next(&self->r, &cqe, WAIT_MS));
		EXPECT_EQ(f.len, cqe.res);
		EXPECT_EQ(40, udp_recv_pattern(self->udp, i, WAIT_MS));
	}
}

TEST_F(uring, refused, .title = "what the file refuses is the result of the request",
       .behaviours = { 373, 269 }, .needs = { "io_uring" })
{
	static struct frame f;

	peer_udp(&self->t, &f, 4000, PORT, 40, 1);
	memcpy(self->buf, f.data, f.len);
	if (link_down("t0"))
		TH_BAIL("down: %s", strerror(errno));
	/* Without FMODE_NOWAIT io_uring asks poll() first, which lets it wait for the link. */
	if (harness_feature("nowait")) {
		submit(self, variant->kind, true, f.len);
		EXPECT_EQ(-EIO, uring_result(&self->r, true, WAIT_MS));
	}
	if (link_del("t0"))
		TH_BAIL("delete: %s", strerror(errno));
	submit(self, variant->kind, true, f.len);
	EXPECT_EQ(-EBADFD, uring_result(&self->r, true, WAIT_MS));
	submit(self, variant->kind, false, sizeof(self->buf));
	EXPECT_EQ(-EBADFD, uring_result(&self->r, false, WAIT_MS));
}

TEST_F(uring, deleted, .title = "a waiting read ends with EBADFD when the device is deleted",
       .behaviours = { 373, 367 }, .needs = { "io_uring" })
{
	struct io_uring_cqe cqe;

	submit(self, variant->kind, false, sizeof(self->buf));
	EXPECT_FALSE(uring_next(&self->r, &cqe, 0));
	if (link_del("t0"))
		TH_BAIL("delete: %s", strerror(errno));
	EXPECT_EQ(-EBADFD, uring_result(&self->r, false, WAIT_MS));
}

/*
 * io_uring waits itself, by poll(), where it can try the call without being made to wait: with
 * FMODE_NOWAIT, or O_NONBLOCK if the file had that when it was registered.
 */
TEST_F(uring, nonblocking,
       .title = "O_NONBLOCK is nothing to io_uring: a read waits all the same",
       .behaviours = { 373, 357 }, .needs = { "io_uring" })
{
	struct io_uring_cqe cqe;

	ASSERT_OK(fcntl(self->t.fd, F_SETFL, O_RDWR | O_NONBLOCK));
	submit(self, variant->kind, false, sizeof(self->buf));
	if (variant->kind == FIXED_FILE && !harness_feature("nowait")) {
		EXPECT_EQ(-EAGAIN, uring_result(&self->r, false, WAIT_MS));
		return;
	}
	EXPECT_FALSE(uring_next(&self->r, &cqe, 0));
	kernel_udp(self->udp, 4000, 30, 1);
	ASSERT_TRUE(uring_next(&self->r, &cqe, WAIT_MS));
	EXPECT_TRUE(holds(self, cqe.res, 1));
}

TEST_F(uring, cancelled, .title = "a waiting read can be cancelled, and takes no packet then",
       .behaviours = { 373 }, .needs = { "io_uring" })
{
	struct io_uring_cqe cqe;

	submit(self, variant->kind, false, sizeof(self->buf));
	EXPECT_FALSE(uring_next(&self->r, &cqe, 0));
	/* By the user_data of the read. */
	uring_prepare(&self->r, IORING_OP_ASYNC_CANCEL, -1, (void *)(uintptr_t)false, 0)->off = 0;
	uring_submit(&self->r);
	EXPECT_EQ(-ECANCELED, uring_result(&self->r, false, WAIT_MS));
	kernel_udp(self->udp, 4000, 30, 1);
	EXPECT_EQ(30, peer_recv_udp(&self->t, 1, WAIT_MS));
}

TEST_F(uring, timed_out, .title = "a linked time-out ends a waiting read, which takes no packet then",
       .behaviours = { 373 }, .needs = { "io_uring" })
{
	struct __kernel_timespec ts = { .tv_nsec = 1000000 };

	prepare(self, variant->kind, false, sizeof(self->buf))->flags |= IOSQE_IO_LINK;
	uring_prepare(&self->r, IORING_OP_LINK_TIMEOUT, -1, &ts, 1)->off = 0;
	uring_submit(&self->r);
	EXPECT_EQ(-ECANCELED, uring_result(&self->r, false, WAIT_MS));
	kernel_udp(self->udp, 4000, 30, 1);
	EXPECT_EQ(30, peer_recv_udp(&self->t, 1, WAIT_MS));
}

TEST_F(uring, closed, .title = "a waiting read keeps the device after close, until the ring goes",
       .behaviours = { 373, 20 }, .needs = { "io_uring" })
{
	struct link_watch *watch = link_watch_open();
	struct link_event event;
	struct io_uring_cqe cqe;

	submit(self, variant->kind, false, sizeof(self->buf));
	tun_close(&self->t);
	EXPECT_TRUE(link_exists("t0"));
	kernel_udp(self->udp, 4000, 30, 1);
	ASSERT_TRUE(uring_next(&self->r, &cqe, WAIT_MS));
	EXPECT_TRUE(holds(self, cqe.res, 1));
	uring_close(&self->r);
	while (link_exists("t0") && link_watch_next(watch, "t0", WAIT_MS, &event))
		;
	EXPECT_FALSE(link_exists("t0"));
	link_watch_close(watch);
}

TEST_F(uring, polled, .title = "one multi-shot poll request tells of every packet",
       .behaviours = { 373, 375 }, .needs = { "io_uring" })
{
	struct io_uring_sqe *sqe = uring_prepare(&self->r, IORING_OP_POLL_ADD, self->t.fd, NULL,
						 IORING_POLL_ADD_MULTI);
	struct io_uring_cqe cqe;

	sqe->off = 0;
	sqe->poll32_events = POLLIN;
	uring_submit(&self->r);
	EXPECT_FALSE(uring_next(&self->r, &cqe, 0));
	for (int i = 0; i < 3; i++) {
		kernel_udp(self->udp, 4000, 30, i);
		ASSERT_TRUE(uring_next(&self->r, &cqe, WAIT_MS));
		EXPECT_TRUE(cqe.res > 0 && cqe.res & POLLIN);
		EXPECT_TRUE(cqe.flags & IORING_CQE_F_MORE);
		EXPECT_EQ(30, peer_recv_udp(&self->t, i, WAIT_MS));
	}
	EXPECT_FALSE(uring_next(&self->r, &cqe, 0));
}

/*
 * poll() asks the file again, which never has POLLWRBAND. io_uring takes the word of the wake-up.
 */
TEST(polled_band, .title = "a poll request for POLLWRBAND is done when the link comes up",
     .behaviours = { 661 }, .needs = { "io_uring" })
{
	struct tun t = tun_create("t0", IFF_TUN | IFF_NO_PI);
	struct io_uring_sqe *sqe;
	struct io_uring_cqe cqe;
	struct uring r;

	ASSERT_TRUE(uring_open(&r));
	sqe = uring_prepare(&r, IORING_OP_POLL_ADD, t.fd, NULL, 0);
	sqe->off = 0;
	sqe->poll32_events = POLLWRBAND;
	uring_submit(&r);
	EXPECT_FALSE(uring_next(&r, &cqe, 0));
	ASSERT_OK(link_up("t0"));
	ASSERT_TRUE(uring_next(&r, &cqe, WAIT_MS));
	EXPECT_EQ(POLLWRBAND, cqe.res);
	uring_close(&r);
	tun_close(&t);
}

/* F1 of docs/findings.md is about writers that nobody polls for; io_uring does. */
TEST(write_waits, .title = "a write waits for send-buffer space and goes on when there is some",
     .behaviours = { 139, 283 }, .needs = { "io_uring", "nowait", "bridge", "tbf" })
{
	struct io_uring_cqe cqe;
	struct uring r;
	struct way w;

	ASSERT_TRUE(uring_open(&r));
	way_make(&w, 0);
	ASSERT_LT(way_fill(&w), WAY_LIMIT);
	tun_set_blocking(w.in.fd);
	uring_prepare(&r, IORING_OP_WRITE, w.in.fd, w.f.data, w.f.len);
	uring_submit(&r);
	EXPECT_FALSE(uring_next(&r, &cqe, 0));
	way_hold(false);
	ASSERT_TRUE(uring_next(&r, &cqe, WAIT_MS));
	EXPECT_EQ(w.f.len, cqe.res);
	uring_close(&r);
	way_close(&w);
}
