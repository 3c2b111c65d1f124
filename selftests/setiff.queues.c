// SPDX-License-Identifier: GPL-2.0-only
/* TUNSETIFF on a device that has files already: busy, or one more queue. */
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/creds.h"
#include "netns/link.h"
#include "netns/sock.h"
#include "netns/sysfs.h"
#include "selftests/setiff.h"

/* TUNSETIFF with a file of its own, which is closed again: 0 or the errno. */
static int attach_errno(const char *name, unsigned int flags)
{
	int fd = tun_open(), err = tun_set_iff(fd, name, flags) ? errno : 0;

	close(fd);
	return err;
}

TEST_F(setiff, detached_already,
       .title = "TUNSETIFF on a file whose queue is detached gives EEXIST", .behaviours = { 34 },
       .needs = { "multi_queue" })
{
	const unsigned int flags = variant->type | IFF_MULTI_QUEUE;
	struct tun t = tun_create("first", flags);

	ASSERT_OK(tun_set_queue(t.fd, IFF_DETACH_QUEUE));
	EXPECT_ERRNO(EEXIST, tun_set_iff(t.fd, "first", flags));
	EXPECT_ERRNO(EEXIST, tun_set_iff(t.fd, "second", flags));
	EXPECT_EQ(IFF_DETACH_QUEUE, tun_iff_flags(t.fd) & IFF_DETACH_QUEUE);
	EXPECT_OK(tun_set_queue(t.fd, IFF_ATTACH_QUEUE));
	EXPECT_FALSE(link_exists("second"));
	tun_close(&t);
}

FIXTURE(setiff_queues)
{
};

FIXTURE_VARIANT(setiff_queues)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(setiff_queues, single_tun)
{
	.flags = IFF_TUN,
};

FIXTURE_VARIANT_ADD(setiff_queues, single_tap)
{
	.flags = IFF_TAP,
};

FIXTURE_VARIANT_ADD(setiff_queues, multi_tun)
{
	.flags = IFF_TUN | IFF_MULTI_QUEUE,
};

FIXTURE_VARIANT_ADD(setiff_queues, multi_tap)
{
	.flags = IFF_TAP | IFF_MULTI_QUEUE,
};

TEST_F(setiff_queues, wrong_queue_mode,
       .title = "an IFF_MULTI_QUEUE other than the device's gives EINVAL, busy or idle",
       .behaviours = { 47 }, .needs = { "multi_queue" })
{
	const unsigned int flags = variant->flags | IFF_NO_PI;
	struct tun t = tun_create("queued", flags);
	int fd = tun_open();

	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "queued", flags ^ IFF_MULTI_QUEUE));
	ASSERT_OK(tun_set_persist(t.fd, 1));
	tun_close(&t);
	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "queued", flags ^ IFF_MULTI_QUEUE));
	EXPECT_OK(tun_set_iff(fd, "queued", flags));
	close(fd);
}

TEST_F(setiff_queues, exclusive,
       .title = "IFF_TUN_EXCL on any existing name gives EBUSY before all other checks",
       .behaviours = { 49 }, .needs = { "multi_queue" })
{
	const unsigned int flags = variant->flags | IFF_TUN_EXCL;
	struct tun t = tun_create("taken", variant->flags);
	int fd = tun_open();

	for (int idle = 0; idle <= 1; idle++) {
		for (int capable = 1; capable >= 0; capable--) {
			creds_net_admin(capable);
			EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "taken", flags));
			EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "taken", flags ^ IFF_MULTI_QUEUE));
			EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "taken", flags ^ TYPE_MASK));
			EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "taken", IFF_TUN_EXCL));
			EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "lo", flags));
		}
		creds_net_admin(true);
		if (idle)
			break;
		ASSERT_OK(tun_set_persist(t.fd, 1));
		tun_close(&t);
	}
	EXPECT_OK(tun_set_iff(fd, "taken", variant->flags));
	close(fd);
}

TEST_F(setiff, exclusive_new,
       .title = "IFF_TUN_EXCL with a new name makes the device and is forgotten",
       .behaviours = { 50 })
{
	const unsigned int flags = variant->type | IFF_NO_PI;
	struct tun t = tun_create("fresh", flags | IFF_TUN_EXCL);

	EXPECT_EQ(flags, tun_iff_flags(t.fd));
	EXPECT_EQ(flags, stored_flags(&t));
	ASSERT_OK(tun_set_persist(t.fd, 1));
	tun_close(&t);
	/* Not remembered: the device can be shared as any other. */
	EXPECT_EQ(0, attach_errno("fresh", flags));
}

TEST_F(setiff, busy, .title = "a single-queue device that has a file gives EBUSY to another",
       .behaviours = { 48 })
{
	struct tun t = tun_create("busy", variant->type);
	int fd = tun_open();
	struct ifreq ifr;

	EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "busy", variant->type));
	EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "busy", variant->type | IFF_NO_PI | IFF_VNET_HDR));
	EXPECT_ERRNO(EBADFD, tun_get_iff(fd, &ifr));
	/* Neither attempt changed the device. */
	EXPECT_EQ(variant->type, stored_flags(&t));
	ASSERT_OK(tun_set_persist(t.fd, 1));
	tun_close(&t);
	EXPECT_OK(tun_set_iff(fd, "busy", variant->type));
	close(fd);
}

TEST_F(setiff, queue_numbers,
       .title = "a multi-queue device has room for 256 queues, those in use are the attached ones",
       .behaviours = { 64 }, .needs = { "multi_queue", "sysfs" })
{
	const unsigned int flags = variant->type | IFF_MULTI_QUEUE;
	struct tun q[3] = { tun_create("many", flags) };
	struct link link;

	ASSERT_OK(link_get("many", &link));
	EXPECT_EQ(256, link.num_tx_queues);
	/* Told by a kernel with receive queues in sysfs only (CONFIG_RPS). */
	EXPECT_TRUE(link.num_rx_queues == 256 || link.num_rx_queues == 0);
	EXPECT_EQ(1, sysfs_queues("many", "tx-"));

	q[1] = tun_create("many", flags);
	EXPECT_EQ(2, sysfs_queues("many", "tx-"));
	q[2] = tun_create("many", flags);
	EXPECT_EQ(3, sysfs_queues("many", "tx-"));
	if (link.num_rx_queues) {
		EXPECT_EQ(3, sysfs_queues("many", "rx-"));
	}
	ASSERT_OK(tun_set_queue(q[0].fd, IFF_DETACH_QUEUE));
	EXPECT_EQ(2, sysfs_queues("many", "tx-"));
	ASSERT_OK(tun_set_queue(q[0].fd, IFF_ATTACH_QUEUE));
	EXPECT_EQ(3, sysfs_queues("many", "tx-"));
	tun_close(&q[0]);
	EXPECT_EQ(2, sysfs_queues("many", "tx-"));
	tun_close(&q[1]);
	tun_close(&q[2]);
}

TEST_F(setiff, second_queue_flags,
       .title = "a further queue leaves the device's flags as its first queue set them",
       .behaviours = { 65 }, .needs = { "multi_queue" })
{
	static const unsigned int sets[][2] = {
		{ IFF_NO_PI | IFF_VNET_HDR, IFF_NO_PI },
		{ IFF_NO_PI, IFF_NO_PI | IFF_VNET_HDR },
		{ 0, IFF_NO_PI | IFF_ONE_QUEUE },
		{ IFF_NO_PI | IFF_ONE_QUEUE, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		const unsigned int base = variant->type | IFF_MULTI_QUEUE;
		struct tun first = tun_create("shared", base | sets[i][0]);
		struct tun second = tun_create("shared", base | sets[i][1]);

		EXPECT_EQ(base | sets[i][0], stored_flags(&second)) {
			TH_LOG("first %#x, second %#x", sets[i][0], sets[i][1]);
		}
		EXPECT_EQ(tun_iff_flags(first.fd), tun_iff_flags(second.fd));
		EXPECT_EQ(sets[i][0] & IFF_VNET_HDR, tun_iff_flags(second.fd) & IFF_VNET_HDR);
		tun_close(&first);
		tun_close(&second);
	}
}

TEST(second_queue_header,
     .title = "a further queue that asks for a vnet header in vain writes and reads without one",
     .behaviours = { 65 }, .needs = { "multi_queue" })
{
	const unsigned int flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun first = peer_create("header", flags);
	int fd = tun_open(), sock = udp_open(KERNEL_IP4, 4000);
	struct tun second = { .fd = fd, .name = "header", .flags = flags };
	struct frame f;

	ASSERT_OK(tun_set_iff(fd, "header", flags | IFF_VNET_HDR));
	peer_udp(&second, &f, 4000, 4000, 120, 3);
	EXPECT_EQ(f.len, tun_write(&second, f.data, f.len));
	EXPECT_EQ(120, udp_recv_pattern(sock, 3, TIMEOUT_MS));

	/* All flows on the second queue: the first is detached. */
	ASSERT_OK(tun_set_queue(first.fd, IFF_DETACH_QUEUE));
	kernel_udp(sock, 4000, 80, 4);
	EXPECT_EQ(80, peer_recv_udp(&second, 4, TIMEOUT_MS));
	close(sock);
	close(fd);
	tun_close(&first);
}

TEST_F(setiff, second_queue_carrier, .title = "a further queue does not touch the carrier",
       .behaviours = { 66 }, .needs = { "multi_queue", "no_carrier" })
{
	const unsigned int flags = variant->type | IFF_MULTI_QUEUE;
	struct tun first = tun_create("steady", flags), second, third;

	second = tun_create("steady", flags | IFF_NO_CARRIER);
	EXPECT_TRUE(link_carrier("steady"));
	ASSERT_OK(tun_set_carrier(first.fd, 0));
	third = tun_create("steady", flags);
	EXPECT_FALSE(link_carrier("steady"));
	tun_close(&third);
	tun_close(&second);
	tun_close(&first);
}

TEST_F(setiff, second_queue_napi,
       .title = "each queue has NAPI or not as its own file asked; the device shows what the first "
		"did",
       .behaviours = { 65, 67 }, .needs = { "multi_queue", "napi" })
{
	const unsigned int base = variant->type | IFF_MULTI_QUEUE | IFF_NO_PI;

	for (int napi_first = 0; napi_first <= 1; napi_first++) {
		struct tun plain, napi, *first = napi_first ? &napi : &plain;
		struct frame f;

		*first = tun_create("mixed", napi_first ? base | IFF_NAPI : base);
		if (napi_first)
			plain = tun_create("mixed", base);
		else
			napi = tun_create("mixed", base | IFF_NAPI);
		EXPECT_EQ(napi_first ? IFF_NAPI : 0, tun_iff_flags(plain.fd) & IFF_NAPI);
		EXPECT_EQ(napi_first ? IFF_NAPI : 0, tun_iff_flags(napi.fd) & IFF_NAPI);

		/* Who has NAPI is seen when detached: without its poller no write is taken. */
		peer_configure(first);
		peer_udp(first, &f, 1, 2, 10, 1);
		EXPECT_EQ(f.len, tun_send(&plain, NULL, &f));
		EXPECT_EQ(f.len, tun_send(&napi, NULL, &f));
		ASSERT_OK(tun_set_queue(plain.fd, IFF_DETACH_QUEUE));
		EXPECT_EQ(f.len, tun_send(&plain, NULL, &f));
		ASSERT_OK(tun_set_queue(plain.fd, IFF_ATTACH_QUEUE));
		ASSERT_OK(tun_set_queue(napi.fd, IFF_DETACH_QUEUE));
		EXPECT_ERRNO(EBUSY, tun_send(&napi, NULL, &f));
		/* Also after the device's flags had a chance to count. */
		ASSERT_OK(tun_set_queue(napi.fd, IFF_ATTACH_QUEUE));
		EXPECT_EQ(f.len, tun_send(&napi, NULL, &f));
		tun_close(&plain);
		tun_close(&napi);
	}
}

TEST_F(setiff, disabled_queues_keep_flags,
       .title = "a device whose queues are all detached keeps flags and carrier for a new queue",
       .behaviours = { 69 }, .needs = { "multi_queue" })
{
	const unsigned int flags = variant->type | IFF_MULTI_QUEUE | IFF_NO_PI;
	struct tun first = tun_create("detached", flags | IFF_VNET_HDR), second;
	struct link link;

	ASSERT_OK(tun_set_queue(first.fd, IFF_DETACH_QUEUE));
	ASSERT_OK(tun_set_carrier(first.fd, 0));
	second = tun_create("detached", flags);
	EXPECT_EQ(flags | IFF_VNET_HDR, stored_flags(&second));
	EXPECT_FALSE(link_carrier("detached"));
	ASSERT_OK(link_get("detached", &link));
	EXPECT_EQ(1, link.data[TUN_LINK_NUM_QUEUES]);
	EXPECT_EQ(1, link.data[TUN_LINK_NUM_DISABLED_QUEUES]);
	tun_close(&second);
	tun_close(&first);
}

TEST_F(setiff, too_many_queues,
       .title = "the 257th queue gives E2BIG, detached ones counted, and the file stays free",
       .behaviours = { 72 }, .needs = { "multi_queue" })
{
	const unsigned int flags = variant->type | IFF_MULTI_QUEUE;
	int fd = tun_open(), queues[256];
	struct link link;
	struct ifreq ifr;

	for (size_t i = 0; i < ARRAY_SIZE(queues); i++) {
		queues[i] = tun_open();
		ASSERT_OK(tun_set_iff(queues[i], "crowd", flags)) {
			TH_LOG("queue %zu", i);
		}
	}
	EXPECT_ERRNO(E2BIG, tun_set_iff(fd, "crowd", flags));
	for (int i = 0; i < 3; i++) {
		ASSERT_OK(tun_set_queue(queues[100 * i], IFF_DETACH_QUEUE));
	}
	ASSERT_OK(link_get("crowd", &link));
	EXPECT_EQ(253, link.data[TUN_LINK_NUM_QUEUES]);
	EXPECT_EQ(3, link.data[TUN_LINK_NUM_DISABLED_QUEUES]);
	EXPECT_ERRNO(E2BIG, tun_set_iff(fd, "crowd", flags));
	/* A detached one has its place still. */
	EXPECT_OK(tun_set_queue(queues[0], IFF_ATTACH_QUEUE));
	EXPECT_ERRNO(EBADFD, tun_get_iff(fd, &ifr));
	close(queues[7]);
	EXPECT_OK(tun_set_iff(fd, "crowd", flags));
	/* Much faster than 256 times close. */
	ASSERT_OK(link_del("crowd"));
	close(fd);
}
