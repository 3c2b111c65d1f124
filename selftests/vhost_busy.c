// SPDX-License-Identifier: GPL-2.0-only
/* vhost-net that waits for a while before it sleeps (VHOST_SET_VRING_BUSYLOOP_TIMEOUT). */
#include <limits.h>
#include <linux/if_link.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/link.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define PORT	   7000
#define PAYLOAD	   100
#define BUSY_US	   50000

FIXTURE(vhost_busy)
{
	struct vhost v;
	struct tun t;
	int udp;
};

FIXTURE_VARIANT(vhost_busy)
{
	uint64_t features;
	uint32_t rx, tx; /* microseconds */
};

FIXTURE_VARIANT_ADD(vhost_busy, rx){ 0, BUSY_US, 0 };
FIXTURE_VARIANT_ADD(vhost_busy, tx){ 0, 0, BUSY_US };
FIXTURE_VARIANT_ADD(vhost_busy, both){ VHOST_MRG_RXBUF, BUSY_US, BUSY_US };

FIXTURE_SETUP(vhost_busy)
{
	struct vhost_vring_state rx = { .index = VHOST_RX, .num = variant->rx },
				 tx = { .index = VHOST_TX, .num = variant->tx };

	self->t = vhost_peer(&self->v, variant->features, 0);
	self->udp = udp_open(KERNEL_IP4, PORT);
	ASSERT_OK(ioctl(self->v.fd, VHOST_SET_VRING_BUSYLOOP_TIMEOUT, &rx));
	ASSERT_OK(ioctl(self->v.fd, VHOST_SET_VRING_BUSYLOOP_TIMEOUT, &tx));
}

FIXTURE_TEARDOWN(vhost_busy)
{
	vhost_close(&self->v);
	tun_close(&self->t);
	close(self->udp);
}

TEST_F(vhost_busy, traffic, .title = "frames pass both ways, with rings that are empty in between",
       .behaviours = { 544, 550 }, .needs = { "vhost" }, .guards = { "e08a9fac5cf8" })
{
	struct tun_packet p;
	struct frame f;

	for (int i = 0; i < 50; i++) {
		peer_udp(&self->t, &f, 4000, PORT, PAYLOAD, i);
		vhost_send(&self->v, NULL, f.data, f.len);
		ASSERT_EQ(1, vhost_used(&self->v, VHOST_TX, 1, TIMEOUT_MS));
		ASSERT_EQ(PAYLOAD, udp_recv_pattern(self->udp, i, TIMEOUT_MS));
		/* Before the buffer and after it. */
		if (i % 2)
			kernel_udp(self->udp, 9, PAYLOAD, i);
		vhost_post(&self->v, 1, 300);
		if (i % 2 == 0)
			kernel_udp(self->udp, 9, PAYLOAD, i);
		ASSERT_TRUE(vhost_recv(&self->v, &p, TIMEOUT_MS));
		ASSERT_EQ(-1, pattern_check(p.data + p.len - PAYLOAD, PAYLOAD, i));
	}
	vhost_kick(&self->v, VHOST_RX);
	vhost_kick(&self->v, VHOST_TX);
	EXPECT_OK(vhost_detach(&self->v));
}

TEST_F(vhost_busy, sent_back,
       .title = "frames that XDP sends back wait for buffers while vhost looks for more to send",
       .behaviours = { 449, 544 }, .needs = { "vhost", "xdp" })
{
	int program = bpf_load_return(BPF_PROG_TYPE_XDP, XDP_TX);
	struct tun_packet p;
	struct frame f;

	ASSERT_OK(tun_set_sndbuf(self->t.fd, INT_MAX));
	ASSERT_OK(link_set_xdp(self->t.name, program, XDP_FLAGS_DRV_MODE));
	for (int i = 0; i < 3; i++) {
		peer_udp(&self->t, &f, 4000, PORT, PAYLOAD, i);
		vhost_send(&self->v, NULL, f.data, f.len);
		ASSERT_EQ(1, vhost_used(&self->v, VHOST_TX, 1, TIMEOUT_MS));
	}
	vhost_post(&self->v, 3, 300);
	for (int i = 0; i < 3; i++) {
		ASSERT_TRUE(vhost_recv(&self->v, &p, TIMEOUT_MS));
		EXPECT_EQ(-1, pattern_check(p.data + p.len - PAYLOAD, PAYLOAD, i));
	}
	close(program);
}
