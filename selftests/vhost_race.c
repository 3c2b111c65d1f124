// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors and devices that change while VHOST_NET_SET_BACKEND or vhost's thread looks at them.
 * What is to be seen is that all works afterwards, and that the kernel has nothing to say.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define ROUNDS	   300
#define PORT	   7000
#define PAYLOAD	   100

FIXTURE(vhost_race)
{
	struct vhost v;
	struct tun t;
	int udp;
	/* of the thread */
	pthread_t thread;
	atomic_bool end;
	int number; /* the descriptor whose file changes */
	int files[2];
};

FIXTURE_SETUP(vhost_race)
{
	self->v = vhost_open(0);
	self->t = peer_create("v0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	self->udp = udp_open(KERNEL_IP4, PORT);
}

FIXTURE_TEARDOWN(vhost_race)
{
	vhost_close(&self->v);
	tun_close(&self->t);
	close(self->udp);
}

static void start(FIXTURE_DATA(vhost_race) *self, void *(*body)(void *))
{
	int err = pthread_create(&self->thread, NULL, body, self);

	if (err)
		TH_BAIL("thread: %s", strerror(err));
}

static void stop(FIXTURE_DATA(vhost_race) *self)
{
	self->end = true;
	pthread_join(self->thread, NULL);
}

/* A datagram through vhost each way. */
static bool works(FIXTURE_DATA(vhost_race) *self)
{
	struct tun_packet p;
	struct frame f;

	if (vhost_detach(&self->v) || vhost_attach(&self->v, self->t.fd))
		return false;
	peer_udp(&self->t, &f, 4000, PORT, PAYLOAD, 1);
	vhost_send(&self->v, NULL, f.data, f.len);
	vhost_post(&self->v, 1, 2000);
	kernel_udp(self->udp, 9, PAYLOAD, 1);
	return vhost_used(&self->v, VHOST_TX, 1, TIMEOUT_MS) == 1 &&
	       udp_recv_pattern(self->udp, 1, TIMEOUT_MS) == PAYLOAD &&
	       vhost_recv(&self->v, &p, TIMEOUT_MS);
}

static void *swap_files(void *arg)
{
	FIXTURE_DATA(vhost_race) *self = arg;

	for (int i = 0; !self->end; i++)
		dup3(self->files[i % 2], self->number, O_CLOEXEC);
	return NULL;
}

TEST_F(vhost_race, other_file,
       .title = "a descriptor that becomes another file's is taken for the one or the other",
       .behaviours = { 539 }, .needs = { "vhost", "packet_socket" },
       .guards = { "fb4554c2232e", "CVE-2023-1838" }, .waits = true)
{
	int taken = 0, wrong = 0;

	self->files[0] = self->t.fd;
	self->files[1] = packet_open("v0", 0, PACKET_VNET);
	self->number = dup(self->t.fd);
	start(self, swap_files);
	for (int i = 0; i < ROUNDS; i++) {
		if (!vhost_set_backend(self->v.fd, VHOST_RX, self->number))
			taken++;
		else /* first it was no socket, and then no TAP */
			wrong += errno != ENOTSOCK;
		kernel_udp(self->udp, 9, PAYLOAD, i);
		EXPECT_OK(vhost_set_backend(self->v.fd, VHOST_RX, -1));
	}
	stop(self);
	EXPECT_LT(0, taken);
	EXPECT_EQ(0, wrong);
	EXPECT_TRUE(works(self));
	close(self->number);
	close(self->files[1]);
}

static void *attach_again(void *arg)
{
	FIXTURE_DATA(vhost_race) *self = arg;

	while (!self->end) {
		int fd = tun_open();

		dup3(fd, self->number, O_CLOEXEC);
		close(fd);
		tun_set_iff(self->number, "v1", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	}
	return NULL;
}

TEST_F(vhost_race, being_attached,
       .title = "a file that gets its device just now is taken or gives EINVAL, and never by halves",
       .behaviours = { 538 }, .needs = { "vhost" }, .waits = true)
{
	int wrong = 0;

	self->number = tun_open();
	start(self, attach_again);
	for (int i = 0; i < ROUNDS; i++) {
		for (int again = 0; again < 2; again++) {
			if (vhost_set_backend(self->v.fd, VHOST_TX, self->number))
				wrong += errno != EINVAL;
		}
		EXPECT_OK(vhost_set_backend(self->v.fd, VHOST_TX, -1));
	}
	stop(self);
	EXPECT_EQ(0, wrong);
	EXPECT_TRUE(works(self));
	close(self->number);
}

/* Traffic both ways, until all buffers are lost: a device that is gone does not give them back. */
static void *send_always(void *arg)
{
	FIXTURE_DATA(vhost_race) *self = arg;
	struct frame f;

	peer_udp(&self->t, &f, 4000, PORT, PAYLOAD, 1);
	while (!self->end && self->v.queue[VHOST_TX].free) {
		vhost_send(&self->v, NULL, f.data, f.len);
		vhost_used(&self->v, VHOST_TX, 1, 50);
		udp_send_pattern(self->udp, PAYLOAD, 1, PEER_IP4, 9);
	}
	return NULL;
}

TEST_F(vhost_race, deleted, .title = "a device may be deleted in the midst of vhost's traffic",
       .behaviours = { 549 }, .needs = { "vhost" })
{
	struct rtnl_link_stats64 before = link_stats("v0");

	vhost_post(&self->v, 200, 300);
	ASSERT_OK(vhost_attach(&self->v, self->t.fd));
	start(self, send_always);
	EXPECT_TRUE(link_gains("v0", &before, &before.rx_packets, 50, TIMEOUT_MS));
	EXPECT_OK(link_del("v0"));
	stop(self);
	EXPECT_OK(vhost_detach(&self->v));
}
