// SPDX-License-Identifier: GPL-2.0-only
/* A macvtap whose link goes, moves or changes while its file is open. */
#include <net/if_arp.h>
#include <poll.h>
#include <unistd.h>

#include "device/blocked.h"
#include "device/macvtap.h"
#include "device/race.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/clock.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/program.h"
#include "netns/sock.h"

#define TIMEOUT_MS 2000
/* A namespace goes when a worker of the kernel comes to it. */
#define NETNS_MS 20000

FIXTURE(macvtap_deleted)
{
	struct tun t;
	struct frame queued; /* was in the queue when the link went */
};

FIXTURE_VARIANT(macvtap_deleted)
{
	const char *victim;
};

FIXTURE_VARIANT_ADD(macvtap_deleted, self) { "rx" };
FIXTURE_VARIANT_ADD(macvtap_deleted, lower) { MACVTAP_LOWER };

FIXTURE_SETUP(macvtap_deleted)
{
	struct macvtap_pair p = macvtap_pair();

	macvtap_pair_frame(&p, &self->queued, 64, 1);
	if (tun_send(&p.tx, NULL, &self->queued) < 0 ||
	    sock_wait(p.rx.fd, POLLIN, TIMEOUT_MS) != POLLIN)
		TH_BAIL("no frame for rx");
	tun_close(&p.tx);
	self->t = p.rx;
	if (link_del(variant->victim))
		TH_BAIL("cannot delete %s: %s", variant->victim, strerror(errno));
}

FIXTURE_TEARDOWN(macvtap_deleted)
{
	tun_close(&self->t);
}

TEST_F(macvtap_deleted, ioctls,
       .title = "without its link the file answers what needs one with ENOLINK, the rest as before",
       .behaviours = { 526, 537 }, .needs = { "macvtap" })
{
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
	int fd = self->t.fd, number;
	unsigned int features;
	uint8_t address[14];
	struct ifreq ifr;
	uint16_t family;

	EXPECT_FALSE(link_exists("rx"));
	EXPECT_ERRNO(ENOLINK, tun_get_iff(fd, &ifr));
	EXPECT_ERRNO(ENOLINK, tun_set_offload(fd, TUN_F_CSUM));
	EXPECT_ERRNO(EINVAL, tun_set_offload(fd, 0x80000000));
	EXPECT_ERRNO(ENOLINK, tun_get_hwaddr(fd, &family, address));
	EXPECT_ERRNO(ENOLINK, tun_set_hwaddr(fd, ARPHRD_ETHER, mac, 6));
	EXPECT_ERRNO(EINVAL, tun_set_queue(fd, IFF_DETACH_QUEUE));
	EXPECT_ERRNO(EINVAL, tun_set_queue(fd, IFF_ATTACH_QUEUE));

	EXPECT_OK(tun_set_iff(fd, NULL, IFF_TAP | IFF_NO_PI));
	EXPECT_OK(tun_get_features(fd, &features));
	EXPECT_OK(tun_set_sndbuf(fd, 10000));
	EXPECT_OK(tun_get_vnet_hdr_sz(fd, &number));
	EXPECT_OK(tun_set_vnet_hdr_sz(&self->t, 12));
	EXPECT_OK(tun_set_vnet_le(fd, 1));
	EXPECT_OK(tun_get_vnet_le(fd, &number));
	EXPECT_EQ(1, number);
}

TEST_F(macvtap_deleted, drained,
       .title = "what was in the queue can be read after the link is gone; a TAP gives EBADFD",
       .behaviours = { 526 }, .needs = { "macvtap" })
{
	uint8_t buf[256];

	EXPECT_TRUE(macvtap_recv_same(&self->t, &self->queued, 0));
	EXPECT_ERRNO(EAGAIN, read(self->t.fd, buf, sizeof(buf)));
}

TEST_F(macvtap_deleted, poll, .title = "poll() gives no POLLERR for a link that is gone, but POLLOUT",
       .behaviours = { 524 }, .needs = { "macvtap" })
{
	EXPECT_EQ(POLLIN | POLLOUT, sock_wait(self->t.fd, POLLIN | POLLOUT | POLLPRI, 0));
	EXPECT_TRUE(macvtap_recv_same(&self->t, &self->queued, 0));
	EXPECT_EQ(POLLOUT, sock_wait(self->t.fd, POLLIN | POLLOUT | POLLPRI, 0));
}

TEST_F(macvtap_deleted, no_return, .title = "a new link of the same name is none of the old file's",
       .behaviours = { 526 }, .needs = { "macvtap" })
{
	struct tun again = macvtap_bridge("rx");
	struct ifreq ifr;

	EXPECT_ERRNO(ENOLINK, tun_get_iff(self->t.fd, &ifr));
	EXPECT_OK(tun_get_iff(again.fd, &ifr));
	tun_close(&again);
}

TEST_F(macvtap_deleted, reader,
       .title = "deleting the link does not end a read that waits, as it does on a TAP; a signal does",
       .behaviours = { 525 }, .needs = { "macvtap" })
{
	struct tun t = macvtap_bridge("rx");
	struct blocked reader;

	tun_set_blocking(t.fd);
	ASSERT_TRUE(blocked_read(&reader, t.fd));
	ASSERT_OK(link_del(variant->victim));
	/* Nor will anything else come: it would wait for ever. */
	EXPECT_TRUE(blocked_sleeps_within(&reader, TIMEOUT_MS));
	ASSERT_TRUE(blocked_interrupt(&reader, TIMEOUT_MS));
	EXPECT_EQ(-1, reader.ret);
	EXPECT_EQ(EINTR, reader.err);
	tun_close(&t);
}

TEST_F(macvtap_deleted, later_reader,
       .title = "a read that begins after the link is gone waits, too",
       .behaviours = { 525 }, .needs = { "macvtap" })
{
	struct blocked reader;

	EXPECT_TRUE(macvtap_recv_same(&self->t, &self->queued, 0));
	tun_set_blocking(self->t.fd);
	ASSERT_TRUE(blocked_read(&reader, self->t.fd));
	ASSERT_TRUE(blocked_interrupt(&reader, TIMEOUT_MS));
	EXPECT_EQ(EINTR, reader.err);
}

TEST(closed, .title = "a file that is closed leaves nothing behind, be its link there or gone",
     .behaviours = { 584 }, .needs = { "macvtap" })
{
	struct tun t = macvtap_bridge("m0");

	tun_close(&t);
	race_settled(_metadata, race_links());
	t = macvtap_attach("m0");
	ASSERT_OK(link_del("m0"));
	tun_close(&t);
	race_settled(_metadata, race_links());
}

FIXTURE(macvtap_moved)
{
	struct macvtap_pair p; /* "rx" moves, "tx" stays with the link below */
	int here, other;
};

FIXTURE_SETUP(macvtap_moved)
{
	self->here = netns_self();
	self->other = netns_new();
	self->p = macvtap_pair();
	if (link_set_netns("rx", self->other))
		TH_BAIL("cannot move rx: %s", strerror(errno));
}

FIXTURE_TEARDOWN(macvtap_moved)
{
	macvtap_pair_close(&self->p);
	close(self->other);
	close(self->here);
}

TEST_F(macvtap_moved, works,
       .title = "the file stays with a link that moves to another namespace, both ways",
       .behaviours = { 503, 516 }, .needs = { "macvtap", "net_namespaces" })
{
	struct ifreq ifr;
	struct frame f;

	EXPECT_FALSE(link_exists("rx"));
	ASSERT_OK(tun_get_iff(self->p.rx.fd, &ifr));
	EXPECT_STREQ("rx", ifr.ifr_name);
	/* Moving took it down. */
	netns_enter(self->other);
	ASSERT_OK(link_up("rx"));
	netns_enter(self->here);
	macvtap_frame(&f, self->p.rx_mac, self->p.tx_mac, 64, 1);
	EXPECT_EQ(74, tun_send(&self->p.tx, NULL, &f));
	EXPECT_TRUE(macvtap_recv_same(&self->p.rx, &f, TIMEOUT_MS));
	macvtap_frame(&f, self->p.tx_mac, self->p.rx_mac, 64, 2);
	EXPECT_EQ(74, tun_send(&self->p.rx, NULL, &f));
	EXPECT_TRUE(macvtap_recv_same(&self->p.tx, &f, TIMEOUT_MS));
}

TEST_F(macvtap_moved, node, .title = "the node of a link that moves goes with it, to a sysfs of there",
       .behaviours = { 503 }, .needs = { "macvtap", "net_namespaces" })
{
	char path[MACVTAP_NODE_SIZE];

	EXPECT_ERRNO(ENODEV, macvtap_node("rx", path));
	netns_enter(self->other);
	/* /sys still shows the first namespace. */
	EXPECT_ERRNO(ENOENT, macvtap_node("rx", path));
	netns_enter(self->here);
}

static bool wait_for_no_link(int fd)
{
	int64_t deadline = clock_ms() + NETNS_MS;
	struct ifreq ifr;

	while (!tun_get_iff(fd, &ifr)) {
		if (!clock_left(deadline))
			return false;
		usleep(2000);
	}
	return errno == ENOLINK;
}

TEST_F(macvtap_moved, namespace_ends,
       .title = "a link dies with the namespace it moved to, though its file is open elsewhere",
       .behaviours = { 526 }, .needs = { "macvtap", "net_namespaces" })
{
	struct frame f;

	close(self->other);
	self->other = -1;
	EXPECT_TRUE(wait_for_no_link(self->p.rx.fd));
	macvtap_frame(&f, self->p.tx_mac, self->p.rx_mac, 64, 1);
	EXPECT_EQ(74, tun_send(&self->p.rx, NULL, &f));
	EXPECT_EQ(0, sock_wait(self->p.tx.fd, POLLIN, 0));
}

FIXTURE(macvtap_xdp)
{
	struct macvtap_pair p;
	struct frame first, second;
};

FIXTURE_SETUP(macvtap_xdp)
{
	self->p = macvtap_pair();
	macvtap_pair_frame(&self->p, &self->first, 64, 1);
	macvtap_pair_frame(&self->p, &self->second, 64, 2);
}

FIXTURE_TEARDOWN(macvtap_xdp)
{
	macvtap_pair_close(&self->p);
}

TEST_F(macvtap_xdp, not_native, .title = "a macvtap has no XDP in the driver: EOPNOTSUPP",
       .behaviours = { 534 }, .needs = { "macvtap", "xdp" })
{
	int program = bpf_load_return(BPF_PROG_TYPE_XDP, XDP_PASS);

	EXPECT_ERRNO(EOPNOTSUPP, link_set_xdp("rx", program, XDP_FLAGS_DRV_MODE));
	EXPECT_OK(link_set_xdp("rx", program, XDP_FLAGS_SKB_MODE));
	close(program);
}

TEST_F(macvtap_xdp, generic,
       .title = "XDP of the stack on a macvtap meets what arrives before its queues do, not what is "
		"written",
       .behaviours = { 534 }, .needs = { "macvtap", "xdp" })
{
	struct program p;

	program_start(&p, BPF_PROG_TYPE_XDP);
	program_count(&p, 0);
	ASSERT_LE(0, program_return(&p, XDP_DROP));
	ASSERT_OK(link_set_xdp("tx", p.fd, XDP_FLAGS_SKB_MODE));
	EXPECT_EQ(74, tun_send(&self->p.tx, NULL, &self->first));
	EXPECT_TRUE(macvtap_recv_same(&self->p.rx, &self->first, TIMEOUT_MS));
	EXPECT_EQ(0, p.shared[0]);

	ASSERT_OK(link_set_xdp("rx", p.fd, XDP_FLAGS_SKB_MODE));
	EXPECT_EQ(74, tun_send(&self->p.tx, NULL, &self->second));
	EXPECT_TRUE(program_wait(&p, 0, 1, TIMEOUT_MS));
	EXPECT_EQ(0, sock_wait(self->p.rx.fd, POLLIN, 0));
	program_close(&p);
}
