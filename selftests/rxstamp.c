// SPDX-License-Identifier: GPL-2.0-only
/* The time at which the kernel received what was written, as a socket is told it. */
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/sock.h"

#define WAIT_MS 2000
#define PORT	4001

FIXTURE(rxstamp)
{
	struct tun t;
};

FIXTURE_VARIANT(rxstamp)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(rxstamp, tun) { .flags = IFF_TUN | IFF_NO_PI };
FIXTURE_VARIANT_ADD(rxstamp, tap) { .flags = IFF_TAP | IFF_NO_PI };

FIXTURE_SETUP(rxstamp)
{
	self->t = peer_create("rs0", variant->flags);
}

FIXTURE_TEARDOWN(rxstamp)
{
	tun_close(&self->t);
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* The stamp of the datagram that waits at @fd, which is taken; 0 if it has none. */
static int64_t take_stamp(int fd)
{
	struct timespec ts = { 0 };

	if (sock_recv_control(fd, 0, SOL_SOCKET, SO_TIMESTAMPNS, &ts, sizeof(ts)) < 0)
		TH_BAIL("recvmsg: %s", strerror(errno));
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

TEST_F(rxstamp, of_the_write,
       .title = "a socket is told when a frame was written, not when it asked for it",
       .behaviours = { 558 })
{
	int udp = udp_open(KERNEL_IP4, PORT), on = 1;
	int64_t times[4], stamp;
	struct frame f;

	ASSERT_OK(setsockopt(udp, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)));
	/* The kernel begins to stamp in a worker: only then can the stamp be held to anything. */
	do {
		peer_udp(&self->t, &f, 4000, PORT, 10, 1);
		ASSERT_LT(0, tun_send(&self->t, NULL, &f));
		ASSERT_EQ(POLLIN, sock_wait(udp, POLLIN, WAIT_MS));
		times[0] = now_ns();
		stamp = take_stamp(udp);
		ASSERT_NE(0, stamp);
	} while (stamp > times[0]);

	for (int i = 0; i < 3; i++) {
		times[i] = now_ns();
		ASSERT_LT(0, tun_send(&self->t, NULL, &f));
	}
	times[3] = now_ns();
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(POLLIN, sock_wait(udp, POLLIN, WAIT_MS));
		stamp = take_stamp(udp);
		EXPECT_LE(times[i], stamp);
		EXPECT_GE(times[i + 1], stamp);
	}
	close(udp);
}
