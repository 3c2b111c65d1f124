// SPDX-License-Identifier: GPL-2.0-only
/* VHOST_NET_SET_BACKEND: what may carry the frames of vhost-net, and what becomes of it. */
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define SIZE	   60
#define PORT	   7000

FIXTURE(vhost_backend)
{
	struct vhost v; /* without a backend */
	struct tun t;
	int udp; /* the kernel's, at PORT */
};

FIXTURE_SETUP(vhost_backend)
{
	self->v = vhost_open(0);
	self->t = peer_create("v0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	self->udp = udp_open(KERNEL_IP4, PORT);
}

FIXTURE_TEARDOWN(vhost_backend)
{
	vhost_close(&self->v);
	tun_close(&self->t);
	close(self->udp);
}

static int set_tx(FIXTURE_DATA(vhost_backend) *self, int fd)
{
	return vhost_set_backend(self->v.fd, VHOST_TX, fd);
}

static int set_rx(FIXTURE_DATA(vhost_backend) *self, int fd)
{
	return vhost_set_backend(self->v.fd, VHOST_RX, fd);
}

/* True if a datagram that the guest sends arrives at the kernel. */
static bool sends(FIXTURE_DATA(vhost_backend) *self)
{
	static uint32_t seed;
	struct frame f;

	peer_udp(&self->t, &f, 4000, PORT, SIZE, ++seed);
	vhost_send(&self->v, NULL, f.data, f.len);
	return vhost_used(&self->v, VHOST_TX, 1, TIMEOUT_MS) == 1 &&
	       udp_recv_pattern(self->udp, seed, TIMEOUT_MS) == SIZE;
}

/* True if a datagram that the kernel sends arrives at the guest. */
static bool receives(FIXTURE_DATA(vhost_backend) *self)
{
	struct tun_packet p;

	vhost_post(&self->v, 1, 2000);
	kernel_udp(self->udp, 9, SIZE, 1);
	return vhost_recv(&self->v, &p, TIMEOUT_MS) && p.len == peer_udp_size(&self->t, SIZE);
}

/* A frame that nobody answers. */
static void build_local(struct frame *f)
{
	frame_start(f);
	frame_eth(f, peer_mac, peer_mac, ETH_P_LOCAL);
	frame_pattern(f, SIZE, 1);
}

TEST(order, .title = "the file needs an owner, a queue has to exist and to have memory and a ring",
     .behaviours = { 539 }, .needs = { "vhost" })
{
	struct tun t = tun_create("v0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	int fd = vhost_node();

	EXPECT_ERRNO(EPERM, vhost_set_backend(fd, VHOST_TX, t.fd));
	ASSERT_OK(ioctl(fd, VHOST_SET_OWNER, NULL));
	EXPECT_ERRNO(EBUSY, ioctl(fd, VHOST_SET_OWNER, NULL));
	EXPECT_ERRNO(ENOBUFS, vhost_set_backend(fd, VHOST_QUEUES, t.fd));
	EXPECT_ERRNO(ENOBUFS, vhost_set_backend(fd, VHOST_QUEUES, -1));
	EXPECT_ERRNO(ENOBUFS, vhost_set_backend(fd, -1, t.fd));
	/* The ring is looked at before the descriptor, even where there is to be none. */
	EXPECT_ERRNO(EFAULT, vhost_set_backend(fd, VHOST_TX, t.fd));
	EXPECT_ERRNO(EFAULT, vhost_set_backend(fd, VHOST_TX, fd));
	EXPECT_ERRNO(EFAULT, vhost_set_backend(fd, VHOST_RX, -1));
	EXPECT_ERRNO(EFAULT, ioctl(fd, VHOST_NET_SET_BACKEND, NULL));
	close(fd);
	tun_close(&t);
}

TEST_F(vhost_backend, wrong_descriptors,
       .title = "whatever is no raw packet socket and no TUN or TAP gives ENOTSOCK",
       .behaviours = { 538, 539 }, .needs = { "vhost", "packet_socket" })
{
	int closed = dup(self->t.fd);
	int wrong[] = {
		closed,
		eventfd(0, EFD_CLOEXEC),
		self->v.fd,
		self->udp,
		socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP),
		packet_open("v0", 0, PACKET_DGRAM),
		-2,
	};

	close(closed);
	for (int i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_ERRNO(ENOTSOCK, set_tx(self, wrong[i]))
			TH_LOG("descriptor %d of the list", i);
		EXPECT_ERRNO(ENOTSOCK, set_rx(self, wrong[i]));
	}
	/* What failed leaves the one that is there. */
	ASSERT_OK(vhost_attach(&self->v, self->t.fd));
	EXPECT_ERRNO(ENOTSOCK, set_tx(self, self->udp));
	EXPECT_ERRNO(ENOTSOCK, set_rx(self, self->udp));
	EXPECT_TRUE(sends(self));
	EXPECT_TRUE(receives(self));
}

TEST_F(vhost_backend, unattached,
       .title = "a file without a device gives EINVAL, and the backend before it stays",
       .behaviours = { 538 }, .needs = { "vhost" })
{
	int unattached = tun_open();

	EXPECT_ERRNO(EINVAL, set_tx(self, unattached));
	EXPECT_ERRNO(EINVAL, set_rx(self, unattached));
	ASSERT_OK(vhost_attach(&self->v, self->t.fd));
	EXPECT_ERRNO(EINVAL, set_tx(self, unattached));
	EXPECT_ERRNO(EINVAL, set_rx(self, unattached));
	EXPECT_TRUE(sends(self));
	EXPECT_TRUE(receives(self));
	/* It is no worse for it. */
	ASSERT_OK(tun_set_iff(unattached, "later", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR));
	EXPECT_OK(set_tx(self, unattached));
	close(unattached);
}

TEST_F(vhost_backend, detach,
       .title = "-1 detaches, as often as one likes; the same file may be attached again",
       .behaviours = { 539, 548 }, .needs = { "vhost" })
{
	struct tun_packet p;

	EXPECT_OK(vhost_detach(&self->v));
	for (int i = 0; i < 3; i++) {
		ASSERT_OK(vhost_attach(&self->v, self->t.fd));
		ASSERT_OK(vhost_attach(&self->v, self->t.fd));
		EXPECT_TRUE(sends(self));
		EXPECT_TRUE(receives(self));
		ASSERT_OK(vhost_detach(&self->v));
		EXPECT_OK(vhost_detach(&self->v));
		/* Without vhost the packets are the file's. */
		kernel_udp(self->udp, 9, SIZE, 2);
		EXPECT_TRUE(tun_recv(&self->t, &p, TIMEOUT_MS));
	}
}

TEST_F(vhost_backend, replaced, .title = "another device may take the place of the one that is there",
       .behaviours = { 539 }, .needs = { "vhost" })
{
	struct tun other = tun_create("v1", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	struct rtnl_link_stats64 before = link_stats("v1");
	struct frame f;

	ASSERT_OK(link_up("v1"));
	ASSERT_OK(vhost_attach(&self->v, self->t.fd));
	EXPECT_TRUE(sends(self));
	ASSERT_OK(vhost_attach(&self->v, other.fd));
	build_local(&f);
	vhost_send(&self->v, NULL, f.data, f.len);
	ASSERT_EQ(1, vhost_used(&self->v, VHOST_TX, 1, TIMEOUT_MS));
	EXPECT_EQ(1, link_stats_since("v1", &before).rx_packets);
	ASSERT_OK(vhost_attach(&self->v, self->t.fd));
	EXPECT_TRUE(sends(self));
	EXPECT_TRUE(receives(self));
	tun_close(&other);
}

TEST_F(vhost_backend, packet_socket,
       .title = "a raw packet socket may be the backend too, and a TAP after it",
       .behaviours = { 539 }, .needs = { "vhost", "packet_socket" },
       .guards = { "CVE-2020-10942" })
{
	int raw = packet_open("v0", ETH_P_ALL, PACKET_VNET), unattached = tun_open();
	struct tun_packet p;
	struct frame f;

	ASSERT_OK(vhost_attach(&self->v, raw));
	/* What the guest sends leaves through the TAP's file, and what is written there arrives. */
	build_local(&f);
	vhost_send(&self->v, NULL, f.data, f.len);
	ASSERT_EQ(1, vhost_used(&self->v, VHOST_TX, 1, TIMEOUT_MS));
	ASSERT_TRUE(tun_recv(&self->t, &p, TIMEOUT_MS));
	EXPECT_EQ(f.len, p.len);
	vhost_post(&self->v, 1, 2000);
	ASSERT_LT(0, tun_send(&self->t, NULL, &f));
	ASSERT_TRUE(vhost_recv(&self->v, &p, TIMEOUT_MS));
	EXPECT_EQ(f.len, p.len);
	/* A file without a device is refused; its ring was once taken for that of the socket. */
	EXPECT_ERRNO(EINVAL, set_rx(self, unattached));
	vhost_post(&self->v, 1, 2000);
	ASSERT_LT(0, tun_send(&self->t, NULL, &f));
	EXPECT_TRUE(vhost_recv(&self->v, &p, TIMEOUT_MS));
	ASSERT_OK(vhost_attach(&self->v, self->t.fd));
	EXPECT_TRUE(sends(self));
	EXPECT_TRUE(receives(self));
	close(unattached);
	close(raw);
}

TEST_F(vhost_backend, closed_file,
       .title = "the device of a backend stays when its file is closed, until it is detached",
       .behaviours = { 538 }, .needs = { "vhost" })
{
	ASSERT_OK(vhost_attach(&self->v, self->t.fd));
	close(self->t.fd);
	EXPECT_TRUE(link_exists("v0"));
	EXPECT_TRUE(receives(self));
	ASSERT_OK(set_rx(self, -1));
	EXPECT_TRUE(link_exists("v0"));
	ASSERT_OK(set_tx(self, -1));
	EXPECT_FALSE(link_exists("v0"));
	self->t.fd = -1;
}

TEST_F(vhost_backend, moved,
       .title = "a backend whose device moves to another namespace carries frames there",
       .behaviours = { 549 }, .needs = { "vhost", "net_namespaces" })
{
	int here = netns_self(), there = netns_new();

	ASSERT_OK(vhost_attach(&self->v, self->t.fd));
	EXPECT_TRUE(sends(self));
	close(self->udp);
	ASSERT_OK(link_set_netns("v0", there));
	netns_enter(there);
	peer_configure(&self->t);
	self->udp = udp_open(KERNEL_IP4, PORT);
	EXPECT_TRUE(sends(self));
	EXPECT_TRUE(receives(self));
	netns_enter(here);
	close(here);
	close(there);
}

TEST_F(vhost_backend, deleted,
       .title = "the file of a device that is deleted is refused, and good again with another device",
       .behaviours = { 549 }, .needs = { "vhost" })
{
	ASSERT_OK(vhost_attach(&self->v, self->t.fd));
	EXPECT_TRUE(sends(self));
	ASSERT_OK(link_del("v0"));
	ASSERT_OK(vhost_detach(&self->v));
	EXPECT_ERRNO(EINVAL, set_tx(self, self->t.fd));
	EXPECT_ERRNO(EINVAL, set_rx(self, self->t.fd));

	close(self->udp);
	ASSERT_OK(tun_set_ifindex(self->t.fd, 0));
	ASSERT_OK(tun_set_iff(self->t.fd, "v0", self->t.flags));
	peer_configure(&self->t);
	self->udp = udp_open(KERNEL_IP4, PORT);
	ASSERT_OK(vhost_attach(&self->v, self->t.fd));
	EXPECT_TRUE(sends(self));
	EXPECT_TRUE(receives(self));
}

TEST_F(vhost_backend, deleted_in_traffic,
       .title = "frames for a device that was deleted do no harm, however many there are",
       .behaviours = { 549 }, .needs = { "vhost" }, .guards = { "3c4cea8fa7f7" })
{
	struct frame f;

	ASSERT_OK(vhost_attach(&self->v, self->t.fd));
	EXPECT_TRUE(sends(self));
	vhost_post(&self->v, 10, 2000);
	peer_udp(&self->t, &f, 4000, PORT, SIZE, 1);
	ASSERT_OK(link_del("v0"));
	/* More than vhost collects before it hands them on. */
	for (int i = 0; i < 200; i++)
		vhost_put(&self->v, NULL, f.data, f.len);
	vhost_kick(&self->v, VHOST_TX);
	EXPECT_TRUE(vhost_error(&self->v, VHOST_TX, TIMEOUT_MS));
	EXPECT_OK(vhost_detach(&self->v));
}
