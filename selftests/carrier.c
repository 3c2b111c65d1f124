// SPDX-License-Identifier: GPL-2.0-only
/* Carrier: TUNSETCARRIER, IFF_NO_CARRIER, and what comes and goes with the device's files. */
#include <limits.h>
#include <netinet/in.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/sock.h"
#include "netns/sysfs.h"
#include "netns/tool.h"

#define TIMEOUT_MS 2000
/* The kernel's link watch tells of lost carriers once a second, for all namespaces together. */
#define SETTLE_MS  5000

/* The next event that shows @name with, or without, carrier. */
static bool next_carrier_event(struct link_watch *watch, const char *name, bool on)
{
	struct link_event event;

	return link_watch_next(watch, name, SETTLE_MS, &event) && event.type == RTM_NEWLINK &&
	       !!(event.link.flags & IFF_LOWER_UP) == on;
}

FIXTURE(carrier)
{
	struct tun t;
};

FIXTURE_VARIANT(carrier)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(carrier, tun)
{
	.flags = IFF_TUN | IFF_NO_PI,
};

FIXTURE_VARIANT_ADD(carrier, tap)
{
	.flags = IFF_TAP | IFF_NO_PI,
};

FIXTURE_SETUP(carrier)
{
	self->t = tun_create("c0", variant->flags);
}

FIXTURE_TEARDOWN(carrier)
{
	tun_close(&self->t);
}

TEST_F(carrier, value, .title = "TUNSETCARRIER reads an int: 0 is off, everything else on",
       .behaviours = { 238 })
{
	const int on[] = { 1, 2, 256, -1, INT_MIN };

	EXPECT_TRUE(link_carrier("c0"));
	for (size_t i = 0; i < ARRAY_SIZE(on); i++) {
		EXPECT_OK(tun_set_carrier(self->t.fd, 0));
		EXPECT_FALSE(link_carrier("c0"));
		EXPECT_OK(tun_set_carrier(self->t.fd, on[i]));
		EXPECT_TRUE(link_carrier("c0")) {
			TH_LOG("after TUNSETCARRIER(%d)", on[i]);
		}
	}
}

TEST_F(carrier, bad_use,
       .title = "TUNSETCARRIER gives EFAULT without a pointer, EBADFD without a device",
       .behaviours = { 238 })
{
	int fd = tun_open();

	EXPECT_ERRNO(EBADFD, tun_set_carrier(fd, 0));
	EXPECT_ERRNO(EFAULT, ioctl(self->t.fd, TUNSETCARRIER, NULL));
	EXPECT_TRUE(link_carrier("c0"));
	close(fd);
}

TEST_F(carrier, shown, .title = "rtnetlink, sysfs and ip show the carrier that TUNSETCARRIER sets",
       .behaviours = { 238 }, .needs = { "sysfs", "iproute2" })
{
	struct link link;
	json_t *json;

	ASSERT_OK(link_up("c0"));
	for (int on = 0; on < 2; on++) {
		ASSERT_OK(tun_set_carrier(self->t.fd, on));
		ASSERT_OK(link_get("c0", &link));
		EXPECT_EQ(on ? IFF_LOWER_UP : 0, link.flags & IFF_LOWER_UP);
		EXPECT_EQ(on, sysfs_number("c0", "carrier"));
		json = tool_ip_link("c0");
		EXPECT_EQ(on, tool_has(json, "flags", "LOWER_UP"));
		json_decref(json);
	}
}

TEST_F(carrier, rtnetlink, .title = "rtnetlink sets and clears the same carrier",
       .behaviours = { 240 })
{
	EXPECT_OK(link_set_carrier("c0", false));
	EXPECT_FALSE(link_carrier("c0"));
	EXPECT_OK(tun_set_carrier(self->t.fd, 1));
	EXPECT_TRUE(link_carrier("c0"));
	EXPECT_OK(tun_set_carrier(self->t.fd, 0));
	EXPECT_OK(link_set_carrier("c0", true));
	EXPECT_TRUE(link_carrier("c0"));
}

TEST_F(carrier, needs_file,
       .title = "without a file rtnetlink may clear the carrier, setting it gives EPERM",
       .behaviours = { 239, 240 })
{
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	tun_close(&self->t);
	EXPECT_ERRNO(EPERM, link_set_carrier("c0", true));
	EXPECT_FALSE(link_carrier("c0"));
	EXPECT_OK(link_set_carrier("c0", false));
	self->t = tun_create("c0", variant->flags);
	EXPECT_OK(link_set_carrier("c0", false));
	EXPECT_OK(link_set_carrier("c0", true));
	EXPECT_TRUE(link_carrier("c0"));
}

TEST_F(carrier, needs_file_ip, .title = "without a file ip cannot set the carrier either",
       .behaviours = { 240 }, .needs = { "iproute2" })
{
	char text[256];

	tool_must("ip link set c0 carrier off");
	EXPECT_FALSE(link_carrier("c0"));
	tool_must("ip link set c0 carrier on");
	EXPECT_TRUE(link_carrier("c0"));
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	tun_close(&self->t);
	EXPECT_NE(0, tool_run(text, sizeof(text), "ip link set c0 carrier on"));
	EXPECT_TRUE(strstr(text, "Operation not permitted") != NULL);
	EXPECT_FALSE(link_carrier("c0"));
}

TEST_F(carrier, one_way, .title = "without carrier written packets arrive, those sent are dropped",
       .behaviours = { 241 })
{
	struct rtnl_link_stats64 before, after;
	int fd = udp_open(NULL, 4000);
	struct tun_packet p;
	struct parsed ip;
	struct frame f;

	peer_configure(&self->t);
	ASSERT_OK(tun_set_carrier(self->t.fd, 0));
	ASSERT_TRUE(link_wait_running("c0", false, SETTLE_MS));

	peer_udp(&self->t, &f, 4000, 4000, 100, 1);
	EXPECT_EQ(f.len, tun_send(&self->t, NULL, &f));
	EXPECT_EQ(100, udp_recv_pattern(fd, 1, TIMEOUT_MS));

	before = link_stats("c0");
	EXPECT_EQ(4, udp_send(fd, "lost", 4, PEER_IP4, 4000));
	after = link_stats("c0");
	EXPECT_EQ(before.tx_packets, after.tx_packets);
	/* It is the noop qdisc that drops; old kernels do not count there. */
	EXPECT_GE(1, after.tx_dropped - before.tx_dropped);

	ASSERT_OK(tun_set_carrier(self->t.fd, 1));
	ASSERT_TRUE(link_wait_running("c0", true, SETTLE_MS));
	EXPECT_EQ(4, udp_send(fd, "sent", 4, PEER_IP4, 4000));
	ASSERT_TRUE(tun_recv_proto(&self->t, &p, IPPROTO_UDP, TIMEOUT_MS, &ip));
	ASSERT_EQ(4, ip.payload_len);
	EXPECT_EQ(0, memcmp("sent", p.data + ip.payload, 4));
	close(fd);
}

TEST_F(carrier, events,
       .title = "every change of carrier is one link event and one more carrier_changes",
       .behaviours = { 242 })
{
	struct link_watch *watch;
	struct link before, after;

	ASSERT_OK(link_up("c0"));
	ASSERT_OK(link_get("c0", &before));
	watch = link_watch_open();

	ASSERT_OK(tun_set_carrier(self->t.fd, 0));
	ASSERT_TRUE(next_carrier_event(watch, "c0", false));
	ASSERT_OK(link_get("c0", &after));
	EXPECT_EQ(before.carrier_changes + 1, after.carrier_changes);
	EXPECT_EQ(IF_OPER_DOWN, after.operstate);
	/* What changes nothing is not counted. */
	ASSERT_OK(tun_set_carrier(self->t.fd, 0));

	ASSERT_OK(tun_set_carrier(self->t.fd, 1));
	ASSERT_TRUE(next_carrier_event(watch, "c0", true));
	ASSERT_OK(tun_set_carrier(self->t.fd, 7));
	ASSERT_OK(link_get("c0", &after));
	EXPECT_EQ(before.carrier_changes + 2, after.carrier_changes);
	EXPECT_EQ(IF_OPER_UP, after.operstate);

	/* A second event for one of them would have come before that of the last change. */
	EXPECT_EQ(2, link_watch_count(watch, "c0", 0));
	link_watch_close(watch);
}

TEST_F(carrier, last_file,
       .title = "a persistent device loses its carrier with the last file and gets it back",
       .behaviours = { 243, 94 })
{
	struct link_watch *watch;
	struct link link;

	ASSERT_OK(link_up("c0"));
	EXPECT_TRUE(link_carrier("c0"));
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	tun_close(&self->t);
	EXPECT_FALSE(link_carrier("c0"));
	/* The stack hears of it: NO-CARRIER. */
	ASSERT_TRUE(link_wait_running("c0", false, SETTLE_MS));
	ASSERT_OK(link_get("c0", &link));
	EXPECT_EQ(IF_OPER_DOWN, link.operstate);
	EXPECT_EQ(IFF_UP, link.flags & IFF_UP);

	watch = link_watch_open();
	self->t = tun_create("c0", variant->flags);
	EXPECT_TRUE(link_carrier("c0"));
	/* One event is that of the attached file. */
	ASSERT_TRUE(link_wait_running("c0", true, SETTLE_MS));
	EXPECT_LE(1, link_watch_count(watch, "c0", RTM_NEWLINK));
	ASSERT_OK(link_get("c0", &link));
	EXPECT_EQ(IF_OPER_UP, link.operstate);
	link_watch_close(watch);
}

TEST_F(carrier, off_at_close,
       .title = "attaching sets the carrier even if TUNSETCARRIER had cleared it",
       .behaviours = { 243 })
{
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	ASSERT_OK(tun_set_carrier(self->t.fd, 0));
	tun_close(&self->t);
	EXPECT_FALSE(link_carrier("c0"));
	self->t = tun_create("c0", variant->flags);
	EXPECT_TRUE(link_carrier("c0"));
}

TEST_F(carrier, no_carrier,
       .title = "with IFF_NO_CARRIER the link is never up before TUNSETCARRIER",
       .behaviours = { 62, 130, 238 }, .needs = { "no_carrier" })
{
	struct link_watch *watch = link_watch_open();
	struct tun t = tun_create("c1", variant->flags | IFF_NO_CARRIER);
	struct link_event event;
	struct link link;

	EXPECT_FALSE(link_carrier("c1"));
	ASSERT_OK(link_up("c1"));
	/* Something else that makes the kernel tell about the link. */
	ASSERT_OK(tun_set_persist(t.fd, 1));
	ASSERT_TRUE(link_wait_running("c1", false, SETTLE_MS));
	ASSERT_OK(link_get("c1", &link));
	EXPECT_EQ(IF_OPER_DOWN, link.operstate);
	EXPECT_EQ(variant->flags | IFF_PERSIST, tun_iff_flags(t.fd));
	EXPECT_LE(3, link_watch_count(watch, "c1", RTM_NEWLINK));
	while (link_watch_next(watch, "c1", 0, &event)) {
		EXPECT_EQ(0, event.link.flags & IFF_LOWER_UP);
	}

	ASSERT_OK(tun_set_carrier(t.fd, 1));
	EXPECT_TRUE(link_carrier("c1"));
	ASSERT_TRUE(link_wait_running("c1", true, SETTLE_MS));
	link_watch_close(watch);
	tun_close(&t);
}

TEST_F(carrier, no_carrier_again, .title = "IFF_NO_CARRIER counts anew for each file that attaches",
       .behaviours = { 63, 243 }, .needs = { "no_carrier" })
{
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	tun_close(&self->t);
	self->t = tun_create("c0", variant->flags | IFF_NO_CARRIER);
	EXPECT_FALSE(link_carrier("c0"));
	tun_close(&self->t);
	self->t = tun_create("c0", variant->flags);
	EXPECT_TRUE(link_carrier("c0"));
}

TEST(made_by_ip, .title = "a device that ip made and nobody attached has no carrier",
     .behaviours = { 243 }, .needs = { "iproute2" })
{
	struct link link;
	json_t *json;

	tool_must("ip tuntap add c0 mode tap");
	ASSERT_OK(link_up("c0"));
	ASSERT_TRUE(link_wait_running("c0", false, SETTLE_MS));
	ASSERT_OK(link_get("c0", &link));
	EXPECT_FALSE(link.carrier);
	EXPECT_EQ(IF_OPER_DOWN, link.operstate);
	json = tool_ip_link("c0");
	EXPECT_TRUE(tool_has(json, "flags", "NO-CARRIER"));
	json_decref(json);
}

/* A device with several queues. */
FIXTURE(carrier_queues)
{
	struct tun t;
};

FIXTURE_VARIANT(carrier_queues)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(carrier_queues, tun)
{
	.flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE,
};

FIXTURE_VARIANT_ADD(carrier_queues, tap)
{
	.flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE,
};

FIXTURE_SETUP(carrier_queues)
{
	self->t = tun_create("c0", variant->flags);
}

FIXTURE_TEARDOWN(carrier_queues)
{
	tun_close(&self->t);
}

TEST_F(carrier_queues, none_enabled,
       .title = "without an enabled queue the carrier can be cleared but not set",
       .behaviours = { 239 }, .needs = { "multi_queue" })
{
	ASSERT_OK(tun_set_queue(self->t.fd, IFF_DETACH_QUEUE));
	/* Detaching does not take it away. */
	EXPECT_TRUE(link_carrier("c0"));
	EXPECT_ERRNO(EPERM, tun_set_carrier(self->t.fd, 1));
	EXPECT_TRUE(link_carrier("c0"));
	EXPECT_OK(tun_set_carrier(self->t.fd, 0));
	EXPECT_FALSE(link_carrier("c0"));
	EXPECT_ERRNO(EPERM, tun_set_carrier(self->t.fd, 1));
	EXPECT_ERRNO(EPERM, link_set_carrier("c0", true));
	EXPECT_FALSE(link_carrier("c0"));

	ASSERT_OK(tun_set_queue(self->t.fd, IFF_ATTACH_QUEUE));
	EXPECT_FALSE(link_carrier("c0"));
	EXPECT_OK(tun_set_carrier(self->t.fd, 1));
	EXPECT_TRUE(link_carrier("c0"));
}

TEST_F(carrier_queues, others_disabled,
       .title = "a queue that joins disabled ones does not set the carrier", .behaviours = { 244 },
       .needs = { "multi_queue" })
{
	struct tun second;

	ASSERT_OK(tun_set_queue(self->t.fd, IFF_DETACH_QUEUE));
	ASSERT_OK(tun_set_carrier(self->t.fd, 0));
	second = tun_create("c0", variant->flags);
	EXPECT_FALSE(link_carrier("c0"));
	/* Now there is an enabled queue, so any file may. */
	EXPECT_OK(tun_set_carrier(self->t.fd, 1));
	EXPECT_TRUE(link_carrier("c0"));
	tun_close(&second);
}

TEST_F(carrier_queues, last_queue,
       .title = "the carrier goes with the last of several files, not before",
       .behaviours = { 243 }, .needs = { "multi_queue" })
{
	struct tun second = tun_create("c0", variant->flags);

	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	tun_close(&self->t);
	EXPECT_TRUE(link_carrier("c0"));
	/* A disabled queue is a file, too. */
	ASSERT_OK(tun_set_queue(second.fd, IFF_DETACH_QUEUE));
	EXPECT_TRUE(link_carrier("c0"));
	tun_close(&second);
	EXPECT_FALSE(link_carrier("c0"));
	self->t = tun_create("c0", variant->flags);
	EXPECT_TRUE(link_carrier("c0"));
}
