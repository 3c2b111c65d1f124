// SPDX-License-Identifier: GPL-2.0-only
/* The less usual ways to read and write: flags of preadv2 and pwritev2, aio, tee and its kin. */
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/aio_abi.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/sock.h"

#define WAIT_MS 2000
#define PORT	4001

#ifndef RWF_ATOMIC /* 6.11 */
#define RWF_ATOMIC 0x40
#endif

FIXTURE(iocalls)
{
	struct tun t; /* non-blocking */
	int udp;
};

FIXTURE_VARIANT(iocalls)
{
	unsigned int type;
};

FIXTURE_VARIANT_ADD(iocalls, tun) { IFF_TUN };
FIXTURE_VARIANT_ADD(iocalls, tap) { IFF_TAP };

FIXTURE_SETUP(iocalls)
{
	self->t = peer_create("t0", variant->type | IFF_NO_PI);
	self->udp = udp_open(KERNEL_IP4, PORT);
}

FIXTURE_TEARDOWN(iocalls)
{
	close(self->udp);
	tun_close(&self->t);
}

/* There is no disk to sync, no end to append to, and nothing to busy-poll for. */
TEST_F(iocalls, flags_without_effect,
       .title = "RWF_HIPRI, RWF_DSYNC, RWF_SYNC and RWF_APPEND change nothing",
       .behaviours = { 14, 357 })
{
	static const int flags[] = { 0, RWF_HIPRI, RWF_DSYNC, RWF_SYNC, RWF_APPEND };
	ssize_t headers = peer_udp_size(&self->t, 0);
	uint8_t buf[256];
	struct iovec in = { buf, sizeof(buf) };
	static struct frame f;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct iovec out = { f.data, 0 };

		peer_udp(&self->t, &f, 4000, PORT, 40, i);
		out.iov_len = f.len;
		EXPECT_EQ(f.len, pwritev2(self->t.fd, &out, 1, -1, flags[i])) {
			TH_LOG("flags %#x: %s", flags[i], strerror(errno));
		}
		EXPECT_EQ(40, udp_recv_pattern(self->udp, i, WAIT_MS));
		EXPECT_ERRNO(EAGAIN, preadv2(self->t.fd, &in, 1, -1, flags[i]));
		kernel_udp(self->udp, 4000, 30, i);
		EXPECT_EQ(headers + 30, preadv2(self->t.fd, &in, 1, -1, flags[i])) {
			TH_LOG("flags %#x: %s", flags[i], strerror(errno));
		}
		EXPECT_EQ(-1, pattern_check(buf + headers, 30, i));
	}
}

TEST_F(iocalls, unknown_flags, .title = "flags that the file cannot do give EOPNOTSUPP, and take nothing",
       .behaviours = { 14 })
{
	static const int flags[] = { RWF_ATOMIC, 1 << 30 };
	struct rtnl_link_stats64 before = link_stats("t0");
	static struct frame f;
	uint8_t buf[256];
	struct iovec in = { buf, sizeof(buf) }, out = { f.data, 0 };

	peer_udp(&self->t, &f, 4000, PORT, 40, 1);
	out.iov_len = f.len;
	kernel_udp(self->udp, 4000, 30, 2);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_ERRNO(EOPNOTSUPP, pwritev2(self->t.fd, &out, 1, -1, flags[i]));
		EXPECT_ERRNO(EOPNOTSUPP, preadv2(self->t.fd, &in, 1, -1, flags[i]));
	}
	EXPECT_EQ(0, link_stats_since("t0", &before).rx_packets);
	EXPECT_EQ(30, peer_recv_udp(&self->t, 2, WAIT_MS));
}

TEST_F(iocalls, nowait_write, .title = "RWF_NOWAIT on a write that need not wait is a plain write",
       .behaviours = { 283 }, .needs = { "nowait" })
{
	static struct frame f;
	struct iovec out = { f.data, 0 };

	tun_set_blocking(self->t.fd);
	peer_udp(&self->t, &f, 4000, PORT, 40, 1);
	out.iov_len = f.len;
	EXPECT_EQ(f.len, pwritev2(self->t.fd, &out, 1, -1, RWF_NOWAIT));
	EXPECT_EQ(40, udp_recv_pattern(self->udp, 1, WAIT_MS));
}

TEST_F(iocalls, no_pipes, .title = "tee, vmsplice and copy_file_range refuse the file, and take nothing",
       .behaviours = { 17 })
{
	struct iovec iov = { "data", 4 };
	int pipe_fds[2];

	if (pipe2(pipe_fds, O_NONBLOCK | O_CLOEXEC) || write(pipe_fds[1], "data", 4) != 4)
		TH_BAIL("pipe: %s", strerror(errno));
	kernel_udp(self->udp, 4000, 30, 1);
	EXPECT_ERRNO(EINVAL, tee(self->t.fd, pipe_fds[1], 4, SPLICE_F_NONBLOCK));
	EXPECT_ERRNO(EINVAL, tee(pipe_fds[0], self->t.fd, 4, SPLICE_F_NONBLOCK));
	/* It is for pipes alone: others are no file at all. */
	EXPECT_ERRNO(EBADF, vmsplice(self->t.fd, &iov, 1, SPLICE_F_NONBLOCK));
	EXPECT_ERRNO(EINVAL, copy_file_range(self->t.fd, NULL, self->t.fd, NULL, 4, 0));
	EXPECT_EQ(30, peer_recv_udp(&self->t, 1, WAIT_MS));
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

/* Submits one request, which @more may add to, and waits for it: its result, -errno. */
static long aio(aio_context_t context, struct iocb *cb)
{
	struct timespec timeout = { .tv_sec = WAIT_MS / 1000 };
	struct io_event event;

	if (syscall(SYS_io_submit, context, 1, &cb) != 1)
		return -errno;
	if (syscall(SYS_io_getevents, context, 1, 1, &event, &timeout) != 1)
		TH_BAIL("io_getevents: nothing came");
	return event.res;
}

TEST_F(iocalls, aio, .title = "aio reads, writes and polls the file as other calls do",
       .behaviours = { 14, 16, 357, 375 })
{
	ssize_t headers = peer_udp_size(&self->t, 0);
	struct iocb cb = { .aio_fildes = self->t.fd };
	aio_context_t context = 0;
	static struct frame f;
	uint8_t buf[256];

	if (syscall(SYS_io_setup, 4, &context))
		SKIP(return, "kernel has no aio: %s", strerror(errno));
	peer_udp(&self->t, &f, 4000, PORT, 40, 1);
	cb.aio_lio_opcode = IOCB_CMD_PWRITE;
	cb.aio_buf = (uintptr_t)f.data;
	cb.aio_nbytes = f.len;
	EXPECT_EQ(f.len, aio(context, &cb));
	EXPECT_EQ(40, udp_recv_pattern(self->udp, 1, WAIT_MS));

	cb.aio_lio_opcode = IOCB_CMD_PREAD;
	cb.aio_buf = (uintptr_t)buf;
	cb.aio_nbytes = sizeof(buf);
	EXPECT_EQ(-EAGAIN, aio(context, &cb));
	kernel_udp(self->udp, 4000, 30, 2);
	EXPECT_EQ(POLLIN, aio(context, &(struct iocb){ .aio_fildes = self->t.fd,
						       .aio_lio_opcode = IOCB_CMD_POLL,
						       .aio_buf = POLLIN }));
	EXPECT_EQ(headers + 30, aio(context, &cb));
	EXPECT_EQ(-1, pattern_check(buf + headers, 30, 2));
	cb = (struct iocb){ .aio_fildes = self->t.fd, .aio_lio_opcode = IOCB_CMD_FSYNC };
	EXPECT_EQ(-EINVAL, aio(context, &cb));
	syscall(SYS_io_destroy, context);
}
