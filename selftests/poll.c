// SPDX-License-Identifier: GPL-2.0-only
/* poll, epoll and SIGIO: which events a file shows, and what wakes those who wait for them. */
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "device/blocked.h"
#include "device/peer.h"
#include "device/sigio.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/sock.h"

#define WAIT_MS 2000
#define PORT	7
/* All there is, so that an event that must not come would be seen. */
#define ANY                                                                                        \
	(POLLIN | POLLRDNORM | POLLRDBAND | POLLPRI | POLLOUT | POLLWRNORM | POLLWRBAND | POLLRDHUP)
#define READ  (POLLIN | POLLRDNORM)
#define WRITE (POLLOUT | POLLWRNORM)

/* The kernel sends a datagram of ten bytes, pattern @seed, to the peer, and it is there to read. */
static void kernel_sends(const struct tun *t, int udp, uint32_t seed)
{
	kernel_udp(udp, 4000, 10, seed);
	if (t && sock_wait(t->fd, POLLIN, WAIT_MS) != POLLIN)
		TH_BAIL("nothing to read on %s", t->name);
}

static void drain(const struct tun *t)
{
	uint8_t buf[256];

	while (read(t->fd, buf, sizeof(buf)) > 0)
		;
}

/* The events that @fd shows now. */
static short events_now(int fd)
{
	return sock_wait(fd, ANY, 0);
}

/* An epoll instance with one descriptor. */
static int epoll_on(int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev))
		TH_BAIL("epoll: %s", strerror(errno));
	return ep;
}

/* The next event of @ep within @timeout_ms, 0 if none comes. */
static uint32_t epoll_next(int ep, int timeout_ms)
{
	struct epoll_event ev;

	return epoll_wait(ep, &ev, 1, timeout_ms) == 1 ? ev.events : 0;
}

FIXTURE(poll)
{
	struct tun t; /* down at first */
};

FIXTURE_VARIANT(poll)
{
	unsigned int type;
};

FIXTURE_VARIANT_ADD(poll, tun){ IFF_TUN };
FIXTURE_VARIANT_ADD(poll, tap){ IFF_TAP };

FIXTURE_SETUP(poll)
{
	self->t = tun_create("t0", variant->type | IFF_NO_PI);
}

FIXTURE_TEARDOWN(poll)
{
	tun_close(&self->t);
}

TEST_F(poll, states,
       .title = "poll: nothing while down, writable when up, readable with a packet, no more",
       .behaviours = { 375, 376, 389, 391 })
{
	int udp;

	EXPECT_EQ(0, events_now(self->t.fd));
	peer_configure(&self->t);
	udp = udp_open(KERNEL_IP4, PORT);
	EXPECT_EQ(WRITE, events_now(self->t.fd));
	kernel_sends(&self->t, udp, 1);
	kernel_sends(&self->t, udp, 2);
	EXPECT_EQ(READ | WRITE, events_now(self->t.fd));

	ASSERT_OK(link_down("t0"));
	EXPECT_EQ(READ, events_now(self->t.fd));
	drain(&self->t);
	EXPECT_EQ(0, events_now(self->t.fd));
	ASSERT_OK(link_up("t0"));
	EXPECT_EQ(WRITE, events_now(self->t.fd));
	close(udp);
}

TEST_F(poll, deleted,
       .title = "poll gives POLLERR alone when the device is gone, even if a packet was queued",
       .behaviours = { 80, 377, 389 })
{
	int udp;

	peer_configure(&self->t);
	udp = udp_open(KERNEL_IP4, PORT);
	kernel_sends(&self->t, udp, 1);
	ASSERT_OK(link_del("t0"));
	EXPECT_EQ(POLLERR, events_now(self->t.fd));
	close(udp);
}

TEST_F(poll, edge_triggered,
       .title = "epoll ET: an event for up, for each packet even with others unread, no more",
       .behaviours = { 378 }, .guards = { "72b319dc08b4" })
{
	int ep = epoll_on(self->t.fd, EPOLLIN | EPOLLOUT | EPOLLET), udp;
	static struct frame f;

	peer_udp(&self->t, &f, 4000, PORT, 10, 1);
	EXPECT_EQ(0, epoll_next(ep, 0));
	EXPECT_ERRNO(EIO, tun_send(&self->t, NULL, &f));
	/* The refused frame was freed, which makes epoll look again: up has to wake by itself. */
	EXPECT_EQ(0, epoll_next(ep, 0));
	peer_configure(&self->t);
	udp = udp_open(KERNEL_IP4, PORT);
	EXPECT_EQ(EPOLLOUT, epoll_next(ep, WAIT_MS));
	EXPECT_EQ(0, epoll_next(ep, 0));
	EXPECT_EQ(f.len, tun_send(&self->t, NULL, &f));

	for (int i = 0; i < 3; i++) {
		kernel_sends(NULL, udp, i);
		EXPECT_EQ(EPOLLIN | EPOLLOUT, epoll_next(ep, WAIT_MS));
		EXPECT_EQ(0, epoll_next(ep, 0));
	}
	drain(&self->t);
	EXPECT_EQ(0, epoll_next(ep, 0));
	kernel_sends(NULL, udp, 4);
	EXPECT_EQ(EPOLLIN | EPOLLOUT, epoll_next(ep, WAIT_MS));
	close(udp);
	close(ep);
}

TEST_F(poll, level_triggered, .title = "epoll LT shows a packet until it is read",
       .behaviours = { 375 })
{
	int ep = epoll_on(self->t.fd, EPOLLIN), udp;

	peer_configure(&self->t);
	udp = udp_open(KERNEL_IP4, PORT);
	EXPECT_EQ(0, epoll_next(ep, 0));
	kernel_sends(NULL, udp, 1);
	EXPECT_EQ(EPOLLIN, epoll_next(ep, WAIT_MS));
	EXPECT_EQ(EPOLLIN, epoll_next(ep, 0));
	drain(&self->t);
	EXPECT_EQ(0, epoll_next(ep, 0));
	close(udp);
	close(ep);
}

TEST(edge_only_if_missed,
     .title = "epoll ET: no event for down, one for up only if a poll found it not writable",
     .behaviours = { 379 }, .guards = { "2f3ab6221e4c", "72b319dc08b4" })
{
	struct tun t = tun_create("t0", IFF_TUN | IFF_NO_PI);
	int ep;

	ASSERT_OK(link_up("t0"));
	ep = epoll_on(t.fd, EPOLLOUT | EPOLLET);
	EXPECT_EQ(EPOLLOUT, epoll_next(ep, 0));
	ASSERT_OK(link_down("t0"));
	EXPECT_EQ(0, epoll_next(ep, 0));
	/* The event comes inside the request that sets the link up. */
	ASSERT_OK(link_up("t0"));
	EXPECT_EQ(0, epoll_next(ep, 0));

	ASSERT_OK(link_down("t0"));
	EXPECT_EQ(0, events_now(t.fd));
	ASSERT_OK(link_up("t0"));
	EXPECT_EQ(EPOLLOUT, epoll_next(ep, 0));
	EXPECT_EQ(0, epoll_next(ep, 0));
	close(ep);
	tun_close(&t);
}

TEST_F(poll, delete_event, .title = "deletion of the device is an EPOLLERR event, ET and LT",
       .behaviours = { 377, 380 })
{
	int edge = epoll_on(self->t.fd, EPOLLIN | EPOLLET);
	int level = epoll_on(self->t.fd, EPOLLIN);

	EXPECT_EQ(0, epoll_next(edge, 0));
	EXPECT_EQ(0, epoll_next(level, 0));
	ASSERT_OK(link_del("t0"));
	EXPECT_EQ(EPOLLERR, epoll_next(edge, WAIT_MS));
	EXPECT_EQ(0, epoll_next(edge, 0));
	EXPECT_EQ(EPOLLERR, epoll_next(level, WAIT_MS));
	EXPECT_EQ(EPOLLERR, epoll_next(level, 0));
	close(edge);
	close(level);
}

TEST(before_attach,
     .title = "a file added to epoll before its attach never wakes it, added again it does",
     .behaviours = { 381 })
{
	struct tun t = { .fd = tun_open(), .name = "t0", .flags = IFF_TUN | IFF_NO_PI };
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_on(t.fd, ev.events), udp;

	/* poll returned before it had a queue to wait on. */
	EXPECT_EQ(EPOLLERR, epoll_next(ep, 0));
	EXPECT_EQ(0, epoll_next(ep, 0));
	ASSERT_OK(tun_set_iff(t.fd, t.name, t.flags));
	peer_configure(&t);
	udp = udp_open(KERNEL_IP4, PORT);
	kernel_sends(&t, udp, 1);
	EXPECT_EQ(0, epoll_next(ep, 0));

	drain(&t);
	ASSERT_OK(epoll_ctl(ep, EPOLL_CTL_MOD, t.fd, &ev));
	kernel_sends(&t, udp, 2);
	EXPECT_EQ(0, epoll_next(ep, 0));

	drain(&t);
	ASSERT_OK(epoll_ctl(ep, EPOLL_CTL_DEL, t.fd, NULL));
	ASSERT_OK(epoll_ctl(ep, EPOLL_CTL_ADD, t.fd, &ev));
	EXPECT_EQ(0, epoll_next(ep, 0));
	kernel_sends(&t, udp, 3);
	EXPECT_EQ(EPOLLIN, epoll_next(ep, 0));
	close(udp);
	close(ep);
	tun_close(&t);
}

TEST(poll_before_attach,
     .title = "poll cannot wait for the attach: it gives POLLERR at once even if asked for nothing",
     .behaviours = { 382 })
{
	struct pollfd p = { .fd = tun_open() };

	EXPECT_EQ(1, poll(&p, 1, WAIT_MS));
	EXPECT_EQ(POLLERR, p.revents);
	close(p.fd);
}

TEST(exclusive, .title = "EPOLLEXCLUSIVE is taken, and a packet reaches one or more of the waiters",
     .behaviours = { 390 })
{
	struct tun t = peer_create("t0", IFF_TUN | IFF_NO_PI);
	int ep[2], udp = udp_open(KERNEL_IP4, PORT);
	uint32_t seen;

	ep[0] = epoll_on(t.fd, EPOLLIN | EPOLLEXCLUSIVE);
	ep[1] = epoll_on(t.fd, EPOLLIN | EPOLLEXCLUSIVE);
	EXPECT_EQ(0, epoll_next(ep[0], 0) | epoll_next(ep[1], 0));
	kernel_sends(&t, udp, 1);
	seen = epoll_next(ep[0], 0) | epoll_next(ep[1], 0);
	EXPECT_EQ(EPOLLIN, seen);
	close(udp);
	tun_close(&t);
}

TEST_F(poll, up_wakes,
       .title = "link up wakes a poll for POLLOUT, whether or not another looked before it",
       .behaviours = { 375, 379 }, .guards = { "2f3ab6221e4c", "72b319dc08b4" })
{
	struct blocked r;

	for (int polled_before = 0; polled_before <= 1; polled_before++) {
		ASSERT_OK(link_down("t0"));
		if (polled_before)
			EXPECT_EQ(0, events_now(self->t.fd));
		ASSERT_TRUE(blocked_poll(&r, self->t.fd, POLLOUT));
		ASSERT_OK(link_up("t0"));
		ASSERT_TRUE(blocked_ended(&r, WAIT_MS));
		EXPECT_EQ(POLLOUT, r.revents);
	}
}

TEST_F(poll, packet_wakes, .title = "a packet wakes a poll for POLLIN", .behaviours = { 375 })
{
	struct blocked r;
	int udp;

	peer_configure(&self->t);
	udp = udp_open(KERNEL_IP4, PORT);
	ASSERT_TRUE(blocked_poll(&r, self->t.fd, POLLIN));
	kernel_sends(NULL, udp, 1);
	ASSERT_TRUE(blocked_ended(&r, WAIT_MS));
	EXPECT_EQ(POLLIN, r.revents);
	close(udp);
}

TEST_F(poll, delete_wakes, .title = "deletion of the device wakes a poll with POLLERR",
       .behaviours = { 377, 380 })
{
	struct blocked r;

	ASSERT_TRUE(blocked_poll(&r, self->t.fd, POLLIN));
	ASSERT_OK(link_del("t0"));
	ASSERT_TRUE(blocked_ended(&r, WAIT_MS));
	EXPECT_EQ(POLLERR, r.revents);
}

FIXTURE(poll_events)
{
};

FIXTURE_VARIANT(poll_events)
{
	short events;
};

FIXTURE_VARIANT_ADD(poll_events, input) { POLLIN };
FIXTURE_VARIANT_ADD(poll_events, output) { POLLOUT };
FIXTURE_VARIANT_ADD(poll_events, nothing) { 0 };

FIXTURE_SETUP(poll_events)
{
}

FIXTURE_TEARDOWN(poll_events)
{
}

TEST_F(poll_events, delete_wakes_all,
       .title = "deletion of the device wakes a poll with POLLERR, whatever it asks for",
       .behaviours = { 377, 380 })
{
	/* Down, so that it is not writable. */
	struct tun t = tun_create("t0", IFF_TUN | IFF_NO_PI);
	struct blocked r;
	bool woken;

	ASSERT_TRUE(blocked_poll(&r, t.fd, variant->events));
	/* When this returns the wake-up is over. */
	ASSERT_OK(link_del("t0"));
	woken = blocked_ended(&r, WAIT_MS / 4);
	EXPECT_TRUE(woken);
	/* The event is there: a signal makes poll() look again. */
	if (!woken) {
		ASSERT_TRUE(blocked_interrupt(&r, WAIT_MS));
	}
	EXPECT_EQ(1, r.ret);
	EXPECT_EQ(POLLERR, r.revents);
	tun_close(&t);
}

/*
 * POLLERR ends a poll() for whatever events (poll(2)). But deletion is told by sk_data_ready()
 * alone, and the wake-up in sock_def_readable() has a key of input events, which pollwake() passes
 * on to those who wait for one of them.
 */
XFAIL_ADD(poll_events, output, delete_wakes_all, "docs/findings.md F2");
XFAIL_ADD(poll_events, nothing, delete_wakes_all, "docs/findings.md F2");

TEST(detached_queue,
     .title = "a detached queue shows POLLOUT while the device is up, and no packets",
     .behaviours = { 207, 388 }, .needs = { "multi_queue" })
{
	const unsigned int flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun t = peer_create("t0", flags);
	int udp = udp_open(KERNEL_IP4, PORT);

	kernel_sends(&t, udp, 1);
	ASSERT_OK(tun_set_queue(t.fd, IFF_DETACH_QUEUE));
	EXPECT_EQ(WRITE, events_now(t.fd));
	ASSERT_OK(link_down("t0"));
	EXPECT_EQ(0, events_now(t.fd));
	ASSERT_OK(link_up("t0"));
	EXPECT_EQ(WRITE, events_now(t.fd));
	close(udp);
	tun_close(&t);
}

TEST(detached_not_woken,
     .title = "link up wakes those who wait for POLLOUT on enabled queues, not on detached ones",
     .behaviours = { 387 }, .needs = { "multi_queue" })
{
	const unsigned int flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun enabled = tun_create("t0", flags), detached = tun_create("t0", flags);
	int ep[2];

	ASSERT_OK(tun_set_queue(detached.fd, IFF_DETACH_QUEUE));
	ep[0] = epoll_on(enabled.fd, EPOLLOUT | EPOLLET);
	ep[1] = epoll_on(detached.fd, EPOLLOUT | EPOLLET);
	EXPECT_EQ(0, epoll_next(ep[0], 0));
	EXPECT_EQ(0, epoll_next(ep[1], 0));
	ASSERT_OK(link_up("t0"));
	EXPECT_EQ(EPOLLOUT, epoll_next(ep[0], WAIT_MS));
	EXPECT_EQ(0, epoll_next(ep[1], 0));
}

/* Signal-driven I/O with a signal that queues and says why it came. */
static void async_on(int fd)
{
	sigio_block(SIGRTMIN);
	if (fcntl(fd, F_SETSIG, SIGRTMIN) || fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC))
		TH_BAIL("O_ASYNC: %s", strerror(errno));
}

TEST(sigio, .title = "O_ASYNC sends one POLL_IN signal for each packet, until it is turned off",
     .behaviours = { 383, 385 })
{
	struct tun t = peer_create("t0", IFF_TUN | IFF_NO_PI);
	int udp = udp_open(KERNEL_IP4, PORT);

	async_on(t.fd);
	EXPECT_EQ(0, sigio_next(SIGRTMIN, t.fd, 0));
	for (int i = 0; i < 3; i++)
		kernel_sends(&t, udp, i);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(POLL_IN, sigio_next(SIGRTMIN, t.fd, WAIT_MS));
	EXPECT_EQ(0, sigio_next(SIGRTMIN, t.fd, 0));

	ASSERT_OK(fcntl(t.fd, F_SETFL, O_NONBLOCK));
	kernel_sends(&t, udp, 4);
	EXPECT_EQ(0, sigio_next(SIGRTMIN, t.fd, 0));
	ASSERT_OK(fcntl(t.fd, F_SETFL, O_NONBLOCK | O_ASYNC));
	kernel_sends(&t, udp, 5);
	EXPECT_EQ(POLL_IN, sigio_next(SIGRTMIN, t.fd, WAIT_MS));
	EXPECT_EQ(0, sigio_next(SIGRTMIN, t.fd, 0));
	close(udp);
	tun_close(&t);
}

TEST(sigio_plain, .title = "without F_SETSIG the signal is SIGIO", .behaviours = { 383 })
{
	struct tun t = peer_create("t0", IFF_TUN | IFF_NO_PI);
	int udp = udp_open(KERNEL_IP4, PORT);

	sigio_block(SIGIO);
	ASSERT_OK(fcntl(t.fd, F_SETFL, O_NONBLOCK | O_ASYNC));
	kernel_sends(&t, udp, 1);
	EXPECT_EQ(SI_KERNEL, sigio_next(SIGIO, t.fd, WAIT_MS));
	close(udp);
	tun_close(&t);
}

TEST(sigio_owner,
     .title = "O_ASYNC makes the caller the file's owner if it had none; F_SETOWN goes on",
     .behaviours = { 383 })
{
	struct tun t = tun_create("t0", IFF_TUN | IFF_NO_PI);
	int unattached = tun_open();
	struct f_owner_ex thread = { F_OWNER_TID, gettid() }, seen;

	EXPECT_EQ(0, fcntl(t.fd, F_GETOWN));
	async_on(t.fd);
	EXPECT_EQ(getpid(), fcntl(t.fd, F_GETOWN));
	ASSERT_OK(fcntl(t.fd, F_GETOWN_EX, &seen));
	EXPECT_EQ(F_OWNER_PID, seen.type);

	ASSERT_OK(fcntl(t.fd, F_SETOWN_EX, &thread));
	ASSERT_OK(fcntl(t.fd, F_SETFL, O_NONBLOCK));
	ASSERT_OK(fcntl(t.fd, F_SETFL, O_NONBLOCK | O_ASYNC));
	ASSERT_OK(fcntl(t.fd, F_GETOWN_EX, &seen));
	EXPECT_EQ(F_OWNER_TID, seen.type);
	EXPECT_EQ(thread.pid, seen.pid);

	/* Set before the first time, and without a device. */
	ASSERT_OK(fcntl(unattached, F_SETOWN_EX, &thread));
	async_on(unattached);
	ASSERT_OK(fcntl(unattached, F_GETOWN_EX, &seen));
	EXPECT_EQ(F_OWNER_TID, seen.type);
	close(unattached);
	tun_close(&t);
}

TEST(sigio_up,
     .title = "link up sends a POLL_OUT signal if somebody found the file not writable before",
     .behaviours = { 384 }, .guards = { "72b319dc08b4" })
{
	struct tun t = tun_create("t0", IFF_TUN | IFF_NO_PI);

	async_on(t.fd);
	ASSERT_OK(link_up("t0"));
	EXPECT_EQ(0, sigio_next(SIGRTMIN, t.fd, 0));
	ASSERT_OK(link_down("t0"));
	EXPECT_EQ(0, events_now(t.fd));
	EXPECT_EQ(0, sigio_next(SIGRTMIN, t.fd, 0));
	ASSERT_OK(link_up("t0"));
	EXPECT_EQ(POLL_OUT, sigio_next(SIGRTMIN, t.fd, WAIT_MS));
	EXPECT_EQ(0, sigio_next(SIGRTMIN, t.fd, 0));
	tun_close(&t);
}

TEST(sigio_delete, .title = "deletion of the device sends no signal", .behaviours = { 386 })
{
	struct tun t = peer_create("t0", IFF_TUN | IFF_NO_PI);
	int udp = udp_open(KERNEL_IP4, PORT);

	async_on(t.fd);
	kernel_sends(&t, udp, 1);
	EXPECT_EQ(POLL_IN, sigio_next(SIGRTMIN, t.fd, WAIT_MS));
	ASSERT_OK(link_del("t0"));
	EXPECT_EQ(POLLERR, events_now(t.fd));
	EXPECT_EQ(0, sigio_next(SIGRTMIN, t.fd, 0));
	close(udp);
	close(t.fd);
}
