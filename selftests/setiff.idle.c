// SPDX-License-Identifier: GPL-2.0-only
/* TUNSETIFF on a persistent device that no file is attached to. */
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/sock.h"
#include "selftests/setiff.h"

TEST_F(setiff, both_types_existing,
       .title = "IFF_TUN and IFF_TAP together attach to an existing device of either type",
       .behaviours = { 31 })
{
	unsigned int flags = variant->type | IFF_NO_PI;
	struct tun t;
	int fd;

	make_idle("either", flags);
	t = tun_create("either", IFF_TUN | IFF_TAP | IFF_NO_PI);
	EXPECT_EQ(variant->type, tun_iff_flags(t.fd) & TYPE_MASK);
	fd = tun_open();
	EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "either", IFF_TUN | IFF_TAP | IFF_NO_PI));
	close(fd);
	tun_close(&t);
}

TEST_F(setiff, carrier_at_attach,
       .title = "attaching to an idle device sets carrier, or with IFF_NO_CARRIER clears it",
       .behaviours = { 63 }, .needs = { "no_carrier" })
{
	struct tun t;

	make_idle("carrier", variant->type);
	EXPECT_FALSE(link_carrier("carrier"));
	t = tun_create("carrier", variant->type);
	EXPECT_TRUE(link_carrier("carrier"));
	/* Whatever it was before: the last file switched it off. */
	ASSERT_OK(tun_set_carrier(t.fd, 0));
	EXPECT_FALSE(link_carrier("carrier"));
	tun_close(&t);
	t = tun_create("carrier", variant->type);
	EXPECT_TRUE(link_carrier("carrier"));
	tun_close(&t);
	t = tun_create("carrier", variant->type | IFF_NO_CARRIER);
	EXPECT_FALSE(link_carrier("carrier"));
	EXPECT_OK(tun_set_carrier(t.fd, 1));
	EXPECT_TRUE(link_carrier("carrier"));
	tun_close(&t);
}

TEST_F(setiff, idle_flags_replaced,
       .title = "attaching to an idle persistent device replaces all its flags but the type and "
		"persistence",
       .behaviours = { 68 })
{
	static const unsigned int sets[] = {
		IFF_NO_PI | IFF_VNET_HDR, 0, IFF_NO_PI | IFF_ONE_QUEUE, IFF_NAPI, IFF_VNET_HDR,
	};
	unsigned int base = variant->type | 0x800; /* IFF_PERSIST */

	make_idle("idle", variant->type | IFF_NO_PI);
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		struct link link;
		struct tun t;

		if (sets[i] & IFF_NAPI && !harness_feature("napi"))
			continue;
		t = tun_create("idle", variant->type | sets[i]);
		ASSERT_OK(link_get("idle", &link));
		EXPECT_EQ(!(sets[i] & IFF_NO_PI), link.data[TUN_LINK_PI]);
		EXPECT_EQ(!!(sets[i] & IFF_VNET_HDR), link.data[TUN_LINK_VNET_HDR]);
		EXPECT_EQ(1, link.data[TUN_LINK_PERSIST]);
		EXPECT_EQ(base | sets[i], stored_flags(&t));
		tun_close(&t);
	}
	EXPECT_TRUE(link_exists("idle"));
}

TEST_F(setiff, attach_wakes_queue,
       .title = "a running device whose ring was full when its file closed sends again after a "
		"re-attach",
       .behaviours = { 70 })
{
	struct tun t = tun_create("awake", variant->type | IFF_NO_PI);
	int sock;

	if (link_set_txqueuelen("awake", 4) || tun_set_persist(t.fd, 1))
		TH_BAIL("a short queue: %s", strerror(errno));
	peer_configure(&t);
	sock = udp_open(KERNEL_IP4, 4000);
	for (int i = 0; i < 20; i++)
		udp_send_pattern(sock, 64, 1, PEER_IP4, 4000);
	EXPECT_LT(0, link_stats("awake").tx_dropped);
	tun_close(&t);

	t = tun_create("awake", variant->type | IFF_NO_PI);
	ASSERT_TRUE(link_wait_running("awake", true, TIMEOUT_MS));
	for (int i = 0; i < 8; i++) {
		kernel_udp(sock, 4000, 64, 2 + i);
		ASSERT_EQ(64, peer_recv_udp(&t, 2 + i, TIMEOUT_MS));
	}
	close(sock);
	tun_close(&t);
}

TEST_F(setiff, attach_events,
       .title = "a re-attach sends one RTM_NEWLINK if the device is up, none if down",
       .behaviours = { 71 }, .needs = { "no_carrier" })
{
	struct link_watch *watch;
	struct tun t;

	make_idle("told", variant->type);
	watch = link_watch_open();
	t = tun_create("told", variant->type);
	EXPECT_EQ(0, link_watch_count(watch, "told", 0));
	link_watch_close(watch);

	/* Without a change of carrier, which would send its own events at its own time. */
	ASSERT_OK(link_up("told"));
	tun_close(&t);
	ASSERT_TRUE(link_wait_running("told", false, TIMEOUT_MS));
	watch = link_watch_open();
	t = tun_create("told", variant->type | IFF_NO_CARRIER);
	EXPECT_EQ(1, link_watch_count(watch, "told", RTM_NEWLINK));
	EXPECT_EQ(0, link_watch_count(watch, "told", RTM_DELLINK));
	link_watch_close(watch);
	tun_close(&t);
}

TEST_F(setiff, no_memory,
       .title = "an idle device whose ring no memory can hold gives ENOMEM, and attaches when it "
		"can",
       .behaviours = { 74 })
{
	int fd = tun_open();
	struct ifreq ifr;

	make_idle("huge", variant->type);
	/* More than the largest allocation, which the kernel refuses without trying. */
	if (link_set_txqueuelen("huge", UINT32_MAX) && errno == ERANGE)
		SKIP(return, "kernel limits txqueuelen");
	EXPECT_ERRNO(ENOMEM, tun_set_iff(fd, "huge", variant->type));
	EXPECT_ERRNO(EBADFD, tun_get_iff(fd, &ifr));
	EXPECT_FALSE(link_carrier("huge"));
	if (link_set_txqueuelen("huge", 500))
		TH_BAIL("txqueuelen: %s", strerror(errno));
	EXPECT_OK(tun_set_iff(fd, "huge", variant->type));
	close(fd);
}
