// SPDX-License-Identifier: GPL-2.0-only
/*
 * TUNSETTXFILTER: which destination addresses a TAP lets through to the file. The first eight of
 * the list are compared, the others, multicast only, go into a hash of 64 bits.
 */
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>
#include <linux/if_packet.h>

#include "device/memory.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/creds.h"
#include "netns/link.h"
#include "netns/packet.h"

#define TIMEOUT_MS 2000
#define PAYLOAD	   46
#define EXACT	   8
#define ETHERTYPE  0x88b5 /* for local experiments */

static const uint8_t mac_a[6] = { 0x02, 0, 0, 0, 0, 0x0a };
static const uint8_t mac_b[6] = { 0x02, 0, 0, 0, 0, 0x0b };
static const uint8_t group_a[6] = { 0x01, 0, 0x5e, 0, 0, 0x0a };
static const uint8_t group_b[6] = { 0x01, 0, 0x5e, 0, 0, 0x0b };
static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

FIXTURE(txfilter)
{
	struct tun t;
	int ps; /* sends on the device, past the qdisc, so that send() tells of a drop */
};

FIXTURE_VARIANT(txfilter)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(txfilter, plain) { .flags = IFF_NO_PI };
FIXTURE_VARIANT_ADD(txfilter, headers) { .flags = IFF_VNET_HDR };

FIXTURE_SETUP(txfilter)
{
	self->t = tun_create("f0", IFF_TAP | variant->flags);
	if (link_up("f0"))
		TH_BAIL("f0 up: %s", strerror(errno));
	self->ps = packet_open("f0", 0, PACKET_BYPASS);
}

FIXTURE_TEARDOWN(txfilter)
{
	close(self->ps);
	tun_close(&self->t);
}

static void build(struct frame *f, const uint8_t dst[6])
{
	frame_start(f);
	frame_eth(f, dst, mac_a, ETHERTYPE);
	frame_pattern(f, PAYLOAD, dst[5]);
}

/* What the device does with a frame to @dst: 1 it reaches the file, 0 dropped, -1 neither. */
static int passes(const struct tun *t, int ps, const uint8_t dst[6])
{
	struct tun_packet packet;
	struct frame f;

	build(&f, dst);
	if (packet_send(ps, f.data, f.len) != f.len)
		return errno == ENOBUFS && !tun_recv(t, &packet, 0) ? 0 : -1;
	if (!tun_recv(t, &packet, TIMEOUT_MS) || packet.len != f.len ||
	    memcmp(packet.data, f.data, f.len))
		return -1;
	return 1;
}

/* @n addresses that differ in their last byte, from @first on. */
static void number(uint8_t (*list)[6], int n, const uint8_t first[6])
{
	for (int i = 0; i < n; i++) {
		memcpy(list[i], first, 6);
		list[i][5] += i;
	}
}

/*
 * The bit of the driver's hash for an address: the Ethernet CRC taken most significant bit first
 * (IEEE 802.3, polynomial 0x04c11db7), its upper six bits.
 */
static int hash_bit(const uint8_t mac[6])
{
	uint32_t crc = 0xffffffff;

	for (int i = 0; i < 48; i++) {
		uint32_t bit = mac[i / 8] >> (i % 8) & 1;

		crc = crc << 1 ^ (crc >> 31 ^ bit ? 0x04c11db7 : 0);
	}
	return crc >> 26;
}

TEST(refused_on_tun, .title = "TUNSETTXFILTER on a TUN gives EINVAL", .behaviours = { 173 })
{
	struct tun t = tun_create("f0", IFF_TUN | IFF_NO_PI);

	EXPECT_ERRNO(EINVAL, tun_set_tx_filter(t.fd, 0, 1, &mac_a));
	EXPECT_ERRNO(EINVAL, tun_set_tx_filter(t.fd, 0, 0, NULL));
	/* The kind of the device is looked at first. */
	EXPECT_ERRNO(EINVAL, ioctl(t.fd, TUNSETTXFILTER, NULL));
	tun_close(&t);
}

TEST_F(txfilter, bad_pointer,
       .title = "an unreadable filter gives EFAULT and leaves the old one active",
       .behaviours = { 173 }, .needs = { "packet_socket" })
{
	struct tun_filter *filter = cut_memory(NULL, sizeof(*filter) + 6);

	ASSERT_EQ(1, tun_set_tx_filter(self->t.fd, 0, 1, &mac_a));

	EXPECT_ERRNO(EFAULT, ioctl(self->t.fd, TUNSETTXFILTER, NULL));
	/* Two addresses are announced, one can be read. */
	filter->count = 2;
	memcpy(filter->addr[0], mac_b, 6);
	EXPECT_ERRNO(EFAULT, ioctl(self->t.fd, TUNSETTXFILTER, filter));

	EXPECT_EQ(1, passes(&self->t, self->ps, mac_a));
	EXPECT_EQ(0, passes(&self->t, self->ps, mac_b));

	/* As long as it should be, it is taken. */
	filter->count = 1;
	EXPECT_EQ(1, ioctl(self->t.fd, TUNSETTXFILTER, filter));
	EXPECT_EQ(0, passes(&self->t, self->ps, mac_a));
	EXPECT_EQ(1, passes(&self->t, self->ps, mac_b));
}

TEST_F(txfilter, off, .title = "a filter of no addresses lets everything pass, whatever its flags",
       .behaviours = { 174 }, .needs = { "packet_socket" })
{
	for (uint16_t flags = 0; flags <= TUN_FLT_ALLMULTI; flags++) {
		ASSERT_EQ(1, tun_set_tx_filter(self->t.fd, 0, 1, &mac_a));
		ASSERT_EQ(0, passes(&self->t, self->ps, mac_b));
		EXPECT_EQ(0, tun_set_tx_filter(self->t.fd, flags, 0, NULL));
		EXPECT_EQ(1, passes(&self->t, self->ps, mac_b));
		EXPECT_EQ(1, passes(&self->t, self->ps, group_a));
		EXPECT_EQ(1, passes(&self->t, self->ps, broadcast));
	}
}

TEST_F(txfilter, returns_exact,
       .title = "TUNSETTXFILTER returns the number of addresses compared exactly",
       .behaviours = { 175, 176 })
{
	uint8_t list[EXACT + 3][6];

	number(list, EXACT, mac_a);
	number(list + EXACT, 3, group_a);
	for (int n = 0; n <= EXACT + 3; n++) {
		EXPECT_EQ(n < EXACT ? n : EXACT, tun_set_tx_filter(self->t.fd, 0, n, list))
		{
			TH_LOG("%d addresses", n);
		}
	}
}

TEST_F(txfilter, exact, .title = "only the listed addresses pass, broadcast is one like any other",
       .behaviours = { 178 }, .needs = { "packet_socket" })
{
	uint8_t list[3][6];

	memcpy(list[0], mac_a, 6);
	memcpy(list[1], group_a, 6);
	memcpy(list[2], broadcast, 6);
	ASSERT_EQ(2, tun_set_tx_filter(self->t.fd, 0, 2, list));
	EXPECT_EQ(1, passes(&self->t, self->ps, mac_a));
	EXPECT_EQ(1, passes(&self->t, self->ps, group_a));
	EXPECT_EQ(0, passes(&self->t, self->ps, mac_b));
	EXPECT_EQ(0, passes(&self->t, self->ps, group_b));
	EXPECT_EQ(0, passes(&self->t, self->ps, broadcast));
	ASSERT_EQ(3, tun_set_tx_filter(self->t.fd, 0, 3, list));
	EXPECT_EQ(1, passes(&self->t, self->ps, broadcast));
}

TEST_F(txfilter, allmulti,
       .title = "with TUN_FLT_ALLMULTI all multicast and broadcast pass, unicast as listed",
       .behaviours = { 179 }, .needs = { "packet_socket" })
{
	/* Other bits of the flags have no meaning. */
	for (int i = 0; i < 2; i++) {
		uint16_t flags = i ? 0xffff : TUN_FLT_ALLMULTI;

		ASSERT_EQ(1, tun_set_tx_filter(self->t.fd, flags, 1, &mac_a));
		EXPECT_EQ(1, passes(&self->t, self->ps, mac_a));
		EXPECT_EQ(0, passes(&self->t, self->ps, mac_b));
		EXPECT_EQ(1, passes(&self->t, self->ps, broadcast));
		for (int j = 0; j < 64; j++) {
			uint8_t group[6] = { 0x01, 0, 0x5e, 0, 0, j };

			EXPECT_EQ(1, passes(&self->t, self->ps, group));
		}
	}
	ASSERT_EQ(1, tun_set_tx_filter(self->t.fd, 0xfffe, 1, &mac_a));
	EXPECT_EQ(0, passes(&self->t, self->ps, group_a));
}

TEST_F(txfilter, hashed,
       .title = "beyond the eighth, a group passes if its hash bit is set, so some others do too",
       .behaviours = { 176, 180 }, .needs = { "packet_socket" })
{
	uint8_t list[EXACT + 2][6];
	uint64_t mask;
	int expected, collisions = 0;

	number(list, EXACT, mac_a);
	memcpy(list[EXACT], group_a, 6);
	memcpy(list[EXACT + 1], (uint8_t[]){ 0x33, 0x33, 0, 0, 0, 1 }, 6);
	ASSERT_EQ(EXACT, tun_set_tx_filter(self->t.fd, 0, EXACT + 2, list));
	mask = 1ULL << hash_bit(list[EXACT]) | 1ULL << hash_bit(list[EXACT + 1]);

	EXPECT_EQ(1, passes(&self->t, self->ps, list[EXACT]));
	EXPECT_EQ(1, passes(&self->t, self->ps, list[EXACT + 1]));
	for (int i = 0; i < 256; i++) {
		uint8_t group[6] = { 0x01, 0, 0x5e, 1, 2, i };

		expected = mask >> hash_bit(group) & 1;
		collisions += expected;
		EXPECT_EQ(expected, passes(&self->t, self->ps, group))
		{
			TH_LOG("group %d", i);
		}
	}
	EXPECT_LT(0, collisions);
	/* The hash is for multicast only, also where a unicast address has the same bit. */
	for (int i = 0; i < 64; i++) {
		uint8_t unicast[6] = { 0x02, 1, 2, 3, 4, i };

		EXPECT_EQ(0, passes(&self->t, self->ps, unicast));
	}
}

TEST_F(txfilter, old_hash_forgotten, .title = "a new filter starts with an empty hash",
       .behaviours = { 176 }, .needs = { "packet_socket" })
{
	uint8_t list[EXACT + 1][6];

	number(list, EXACT, mac_a);
	memcpy(list[EXACT], group_a, 6);
	ASSERT_EQ(EXACT, tun_set_tx_filter(self->t.fd, TUN_FLT_ALLMULTI, EXACT + 1, list));
	ASSERT_EQ(1, passes(&self->t, self->ps, broadcast));
	ASSERT_EQ(EXACT, tun_set_tx_filter(self->t.fd, 0, EXACT, list));
	EXPECT_EQ(0, passes(&self->t, self->ps, broadcast));
	EXPECT_EQ(0, passes(&self->t, self->ps, group_a));
}

TEST_F(txfilter, eighth_is_exact,
       .title = "the eighth unicast address is compared, a ninth turns the filter off",
       .behaviours = { 177, 181 }, .needs = { "packet_socket" })
{
	uint8_t list[EXACT + 1][6];

	number(list, EXACT + 1, mac_a);
	ASSERT_EQ(EXACT, tun_set_tx_filter(self->t.fd, 0, EXACT, list));
	for (int i = 0; i < EXACT; i++) {
		EXPECT_EQ(1, passes(&self->t, self->ps, list[i]))
		{
			TH_LOG("address %d", i);
		}
	}
	EXPECT_EQ(0, passes(&self->t, self->ps, list[EXACT]));

	/* No error: the caller has to see the 0. */
	ASSERT_EQ(0, tun_set_tx_filter(self->t.fd, 0, EXACT + 1, list));
	EXPECT_EQ(1, passes(&self->t, self->ps, list[EXACT]));
	EXPECT_EQ(1, passes(&self->t, self->ps, broadcast));
}

TEST_F(txfilter, late_unicast,
       .title = "one unicast address behind hashed groups turns the filter off",
       .behaviours = { 177 }, .needs = { "packet_socket" })
{
	uint8_t list[EXACT + 3][6];

	number(list, EXACT + 3, group_a);
	ASSERT_EQ(EXACT, tun_set_tx_filter(self->t.fd, 0, EXACT + 3, list));
	EXPECT_EQ(0, passes(&self->t, self->ps, mac_b));
	memcpy(list[EXACT + 2], mac_a, 6);
	EXPECT_EQ(0, tun_set_tx_filter(self->t.fd, TUN_FLT_ALLMULTI, EXACT + 3, list));
	EXPECT_EQ(1, passes(&self->t, self->ps, mac_b));
}

TEST_F(txfilter, longest, .title = "a filter of 65535 addresses is taken", .behaviours = { 176, 184 },
       .needs = { "packet_socket" })
{
	static uint8_t list[UINT16_MAX][6];

	for (int i = 0; i < UINT16_MAX; i++)
		memcpy(list[i], group_a, 6);
	EXPECT_EQ(EXACT, tun_set_tx_filter(self->t.fd, 0, UINT16_MAX, list));
	EXPECT_EQ(1, passes(&self->t, self->ps, group_a));
	EXPECT_EQ(0, passes(&self->t, self->ps, mac_a));
}

TEST_F(txfilter, drops_are_counted,
       .title = "a filtered frame counts as tx_dropped and its sender sees it only past the qdisc",
       .behaviours = { 182 }, .needs = { "packet_socket" })
{
	int queued = packet_open("f0", 0, 0);
	struct frame f;

	ASSERT_EQ(1, tun_set_tx_filter(self->t.fd, 0, 1, &mac_a));
	build(&f, mac_b);
	EXPECT_ERRNO(ENOBUFS, packet_send(self->ps, f.data, f.len));
	EXPECT_EQ(1, link_stats("f0").tx_dropped);
	EXPECT_EQ(f.len, packet_send(queued, f.data, f.len));
	EXPECT_EQ(2, link_stats("f0").tx_dropped);
	EXPECT_EQ(0, link_stats("f0").tx_errors);
	/* What passes is counted when it is read. */
	EXPECT_EQ(1, passes(&self->t, self->ps, mac_a));
	EXPECT_EQ(2, link_stats("f0").tx_dropped);
	EXPECT_EQ(1, link_stats("f0").tx_packets);
	close(queued);
}

TEST_F(txfilter, persists, .title = "the filter is the device's: it outlives the file that set it",
       .behaviours = { 183 }, .needs = { "packet_socket" })
{
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	ASSERT_EQ(1, tun_set_tx_filter(self->t.fd, 0, 1, &mac_a));
	tun_close(&self->t);
	self->t = tun_create("f0", IFF_TAP | variant->flags);
	ASSERT_TRUE(link_wait_running("f0", true, TIMEOUT_MS));
	EXPECT_EQ(1, passes(&self->t, self->ps, mac_a));
	EXPECT_EQ(0, passes(&self->t, self->ps, mac_b));
	EXPECT_EQ(0, tun_set_tx_filter(self->t.fd, 0, 0, NULL));
	EXPECT_EQ(1, passes(&self->t, self->ps, mac_b));
	EXPECT_OK(tun_set_persist(self->t.fd, 0));
}

TEST(all_queues, .title = "the filter holds for every queue of the device, whichever file sets it",
     .behaviours = { 183 }, .needs = { "multi_queue", "packet_socket" })
{
	const unsigned int flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun first = tun_create("f0", flags), second = tun_create("f0", flags);
	struct pollfd p[2] = { { first.fd, POLLIN, 0 }, { second.fd, POLLIN, 0 } };
	struct frame f;
	int ps;

	ASSERT_OK(link_up("f0"));
	ps = packet_open("f0", 0, PACKET_BYPASS);
	ASSERT_EQ(1, tun_set_tx_filter(second.fd, 0, 1, &mac_a));
	/* Flows enough to reach both queues. */
	for (int i = 0; i < 64; i++) {
		frame_start(&f);
		frame_eth(&f, mac_b, mac_a, ETH_P_IP);
		frame_ipv4(&f, "10.9.0.1", "10.9.0.2", IPPROTO_UDP);
		frame_udp(&f, 1000 + i, 2000);
		frame_finish(&f);
		EXPECT_ERRNO(ENOBUFS, packet_send(ps, f.data, f.len));
	}
	EXPECT_EQ(0, poll(p, 2, 0));
	EXPECT_EQ(64, link_stats("f0").tx_dropped);
	close(ps);
	tun_close(&second);
	tun_close(&first);
}

TEST_F(txfilter, needs_no_capability,
       .title = "an attached file sets the filter without CAP_NET_ADMIN", .behaviours = { 183 },
       .needs = { "packet_socket" })
{
	int other = tun_open();

	creds_net_admin(false);
	/* The capability is really gone. */
	ASSERT_ERRNO(EPERM, tun_set_iff(other, "f1", IFF_TAP | IFF_NO_PI));
	EXPECT_EQ(1, tun_set_tx_filter(self->t.fd, 0, 1, &mac_a));
	EXPECT_EQ(0, passes(&self->t, self->ps, mac_b));
	EXPECT_EQ(1, passes(&self->t, self->ps, mac_a));
	close(other);
}

/* True if what the file writes to @dst is received by the device. */
static bool received(const struct tun *t, int sniffer, const uint8_t dst[6], int pkttype)
{
	uint8_t buf[2048];
	struct packet_info info;
	struct frame f;

	build(&f, dst);
	return tun_send(t, NULL, &f) >= f.len &&
	       packet_recv(sniffer, buf, sizeof(buf), TIMEOUT_MS, &info) == f.len &&
	       !memcmp(buf, f.data, f.len) && info.from.sll_pkttype == pkttype;
}

TEST_F(txfilter, receives_everything,
       .title = "the device receives whatever the file writes, for any address and any filter",
       .behaviours = { 185 }, .needs = { "packet_socket" })
{
	int sniffer = packet_open("f0", ETHERTYPE, 0);
	uint16_t family;
	uint8_t own[14];

	ASSERT_OK(tun_get_hwaddr(self->t.fd, &family, own));
	ASSERT_EQ(1, tun_set_tx_filter(self->t.fd, 0, 1, &mac_a));
	/* Not promiscuous, no group joined: a network card would take the first and last only. */
	EXPECT_TRUE(received(&self->t, sniffer, own, PACKET_HOST));
	EXPECT_TRUE(received(&self->t, sniffer, mac_b, PACKET_OTHERHOST));
	EXPECT_TRUE(received(&self->t, sniffer, group_a, PACKET_MULTICAST));
	EXPECT_TRUE(received(&self->t, sniffer, broadcast, PACKET_BROADCAST));
	EXPECT_EQ(4, link_stats("f0").rx_packets);
	close(sniffer);
}

TEST_F(txfilter, groups_of_the_stack,
       .title = "the groups and modes the stack sets on the device filter nothing",
       .behaviours = { 185 }, .needs = { "packet_socket" })
{
	int sniffer = packet_open("f0", ETHERTYPE, 0);
	struct packet_mreq join = {
		.mr_ifindex = if_nametoindex("f0"),
		.mr_type = PACKET_MR_MULTICAST,
		.mr_alen = 6,
	};

	memcpy(join.mr_address, group_a, 6);
	ASSERT_OK(setsockopt(sniffer, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &join, sizeof(join)));
	EXPECT_TRUE(received(&self->t, sniffer, group_b, PACKET_MULTICAST));
	EXPECT_EQ(1, passes(&self->t, self->ps, group_b));

	/* Nor do they open the file's filter. */
	ASSERT_EQ(1, tun_set_tx_filter(self->t.fd, 0, 1, &mac_a));
	ASSERT_OK(link_set_flags("f0", IFF_PROMISC | IFF_ALLMULTI, IFF_PROMISC | IFF_ALLMULTI));
	EXPECT_EQ(0, passes(&self->t, self->ps, group_a));
	EXPECT_EQ(0, passes(&self->t, self->ps, mac_b));
	close(sniffer);
}
