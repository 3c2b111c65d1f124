// SPDX-License-Identifier: GPL-2.0-only
/* The device goes while vhost-net has a packet of it that no buffer was there for. */
#include <sys/ioctl.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define PORT	   4000

FIXTURE(vhost_gone)
{
	struct vhost v;
	struct tun t;
	int udp;
};

FIXTURE_VARIANT(vhost_gone)
{
	uint32_t busy; /* microseconds that vhost waits without sleep */
};

FIXTURE_VARIANT_ADD(vhost_gone, sleeps){ 0 };
FIXTURE_VARIANT_ADD(vhost_gone, busy){ 20000 };

FIXTURE_SETUP(vhost_gone)
{
	struct vhost_vring_state busy = { .index = VHOST_RX, .num = variant->busy };

	self->t = vhost_peer(&self->v, 0, 0);
	self->udp = udp_open(KERNEL_IP4, PORT);
	ASSERT_OK(ioctl(self->v.fd, VHOST_SET_VRING_BUSYLOOP_TIMEOUT, &busy));
}

FIXTURE_TEARDOWN(vhost_gone)
{
	vhost_close(&self->v);
	tun_close(&self->t);
	close(self->udp);
}

TEST_F(vhost_gone, with_packet,
       .title = "a packet that vhost had taken when the device went is not delivered, and freed",
       .behaviours = { 538, 549 }, .needs = { "vhost" })
{
	kernel_udp(self->udp, PORT, 100, 1);
	ASSERT_TRUE(vhost_takes_all(&self->t, TIMEOUT_MS));
	ASSERT_OK(link_del(self->t.name));
	vhost_post(&self->v, 2, 300);
	EXPECT_EQ(0, vhost_used(&self->v, VHOST_RX, 1, 300));
	EXPECT_FALSE(vhost_error(&self->v, VHOST_RX, 0));
	vhost_kick(&self->v, VHOST_RX);
	EXPECT_EQ(0, vhost_used(&self->v, VHOST_RX, 1, 300));
	EXPECT_OK(vhost_detach(&self->v));
}
