// SPDX-License-Identifier: GPL-2.0-only
/*
 * vhost-net behind an IOMMU: it asks the hypervisor for an address by read(), and has the answer by
 * write() (<linux/vhost_types.h>, struct vhost_msg).
 */
#include <poll.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define PORT	   7000
#define PAYLOAD	   100

FIXTURE(vhost_iotlb)
{
	struct vhost v; /* knows where the rings are, and nothing else */
	struct tun t;
	int udp;
};

/* The guest's @len bytes at @start are there, as they are for us. */
static void map(const struct vhost *v, const void *start, size_t len)
{
	struct vhost_msg message = {
		.type = VHOST_IOTLB_MSG,
		.iotlb = {
			.iova = (uintptr_t)start,
			.uaddr = (uintptr_t)start,
			.size = len,
			.perm = VHOST_ACCESS_RW,
			.type = VHOST_IOTLB_UPDATE,
		},
	};

	if (write(v->fd, &message, sizeof(message)) != sizeof(message))
		TH_BAIL("VHOST_IOTLB_UPDATE: %s", strerror(errno));
}

FIXTURE_SETUP(vhost_iotlb)
{
	self->v = vhost_open(VHOST_IOMMU);
	for (int i = 0; i < VHOST_QUEUES; i++) {
		struct vhost_queue *q = &self->v.queue[i];

		map(&self->v, q->ring.desc, q->memory - (uint8_t *)q->ring.desc);
	}
	self->t = peer_create("v0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	self->udp = udp_open(KERNEL_IP4, PORT);
	ASSERT_OK(vhost_attach(&self->v, self->t.fd));
}

FIXTURE_TEARDOWN(vhost_iotlb)
{
	vhost_close(&self->v);
	tun_close(&self->t);
	close(self->udp);
}

static void send_udp(FIXTURE_DATA(vhost_iotlb) *self)
{
	struct frame f;

	peer_udp(&self->t, &f, 4000, PORT, PAYLOAD, 1);
	vhost_send(&self->v, NULL, f.data, f.len);
}

TEST_F(vhost_iotlb, asks,
       .title = "vhost asks for the address of a buffer, with no more than that in its message",
       .behaviours = { 545 }, .needs = { "vhost" }, .guards = { "670ae9caaca4", "CVE-2018-1118" })
{
	struct vhost_queue *q = &self->v.queue[VHOST_TX];
	struct vhost_msg m, expected = { .type = VHOST_IOTLB_MSG };

	send_udp(self);
	ASSERT_EQ(POLLIN, sock_wait(self->v.fd, POLLIN, TIMEOUT_MS) & POLLIN);
	ASSERT_EQ(sizeof(m), read(self->v.fd, &m, sizeof(m)));
	EXPECT_EQ((uintptr_t)q->memory, m.iotlb.iova);
	EXPECT_EQ(VHOST_ACCESS_RO, m.iotlb.perm);
	EXPECT_EQ(VHOST_IOTLB_MISS, m.iotlb.type);
	expected.iotlb = m.iotlb;
	EXPECT_EQ(0, memcmp(expected.padding + sizeof(m.iotlb), m.padding + sizeof(m.iotlb),
			    sizeof(m.padding) - sizeof(m.iotlb)));
	EXPECT_EQ(0, vhost_used(&self->v, VHOST_TX, 1, 0));

	map(&self->v, q->memory, 0x20000);
	ASSERT_EQ(1, vhost_used(&self->v, VHOST_TX, 1, TIMEOUT_MS));
	EXPECT_EQ(PAYLOAD, udp_recv_pattern(self->udp, 1, TIMEOUT_MS));
}

TEST_F(vhost_iotlb, forgotten,
       .title = "a question that nobody has read is gone when the backend is detached",
       .behaviours = { 539 }, .needs = { "vhost" }, .guards = { "9526f9a2b762" })
{
	struct vhost_msg m;

	send_udp(self);
	ASSERT_EQ(POLLIN, sock_wait(self->v.fd, POLLIN, TIMEOUT_MS) & POLLIN);
	ASSERT_OK(vhost_set_backend(self->v.fd, VHOST_TX, -1));
	EXPECT_EQ(0, sock_wait(self->v.fd, POLLIN, 0) & POLLIN);
	EXPECT_ERRNO(EAGAIN, read(self->v.fd, &m, sizeof(m)));
	/* It is asked again. */
	ASSERT_OK(vhost_set_backend(self->v.fd, VHOST_TX, self->t.fd));
	vhost_kick(&self->v, VHOST_TX);
	EXPECT_EQ(POLLIN, sock_wait(self->v.fd, POLLIN, TIMEOUT_MS) & POLLIN);
}
