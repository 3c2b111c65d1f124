// SPDX-License-Identifier: GPL-2.0-only
/* Link events: which ioctl, attachment or change of the carrier tells of itself. */
#include <net/if_arp.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"

#define TIMEOUT_MS 2000

static int persist_on(struct tun *t)
{
	return tun_set_persist(t->fd, 1);
}

static int persist_off(struct tun *t)
{
	return tun_set_persist(t->fd, 0);
}

static int owner(struct tun *t)
{
	return tun_set_owner(t->fd, 0);
}

static int group(struct tun *t)
{
	return tun_set_group(t->fd, 0);
}

static int sndbuf(struct tun *t)
{
	return tun_set_sndbuf(t->fd, 4096);
}

static int vnet_size(struct tun *t)
{
	return tun_set_vnet_hdr_sz(t, VNET_SIZE_MRG_RXBUF);
}

static int filter(struct tun *t)
{
	static const uint8_t mac[1][6] = { { 2 } };

	return tun_set_tx_filter(t->fd, 0, 1, mac) == 1 ? 0 : -1;
}

static int debug(struct tun *t)
{
	return tun_set_debug(t->fd, 0x80);
}

static int offload(struct tun *t)
{
	return tun_set_offload(t->fd, TUN_F_CSUM);
}

static int hwaddr(struct tun *t)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

	return tun_set_hwaddr(t->fd, ARPHRD_ETHER, mac, 6);
}

static int link_type(struct tun *t)
{
	return tun_set_link(t->fd, ARPHRD_ETHER);
}

/* One change after the other, the events it makes of a device that is down and of one that is up.
 */
static const struct {
	const char *what;
	int (*change)(struct tun *t);
	int down, up;
} changes[] = {
	{ "persist on", persist_on, 0, 1 },
	{ "persist on again", persist_on, 0, 0 },
	{ "persist off", persist_off, 0, 1 },
	{ "persist off again", persist_off, 0, 0 },
	{ "owner", owner, 0, 1 },
	{ "owner again", owner, 0, 1 },
	{ "group", group, 0, 1 },
	{ "send buffer", sndbuf, 0, 0 },
	{ "vnet header size", vnet_size, 0, 0 },
	{ "TX filter", filter, 0, 0 },
	{ "debug level", debug, 0, 0 },
	{ "offload", offload, 1, 1 },
	{ "offload again", offload, 0, 0 },
	{ "hardware address", hwaddr, 1, 1 },
	{ "link type", link_type, 1, -1 /* refused */ },
};

FIXTURE(rtnl_events)
{
	struct tun t;
};

FIXTURE_VARIANT(rtnl_events)
{
	bool up;
};

FIXTURE_VARIANT_ADD(rtnl_events, down) { .up = false };
FIXTURE_VARIANT_ADD(rtnl_events, up) { .up = true };

FIXTURE_SETUP(rtnl_events)
{
	self->t = tun_create("n0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	if (variant->up && link_up("n0"))
		TH_BAIL("n0 up: %s", strerror(errno));
}

FIXTURE_TEARDOWN(rtnl_events)
{
	tun_close(&self->t);
}

TEST_F(rtnl_events, of_ioctls,
       .title = "which ioctls tell of themselves in a link event depends on whether the device is "
		"up",
       .behaviours = { 474, 475 })
{
	struct link_watch *watch = link_watch_open();
	int before, expected;

	for (int i = 0; i < ARRAY_SIZE(changes); i++) {
		before = link_watch_count(watch, "n0", 0);
		expected = variant->up ? changes[i].up : changes[i].down;
		if (expected < 0) {
			EXPECT_ERRNO(EBUSY, changes[i].change(&self->t));
			expected = 0;
		} else {
			EXPECT_OK(changes[i].change(&self->t));
		}
		EXPECT_EQ(expected, link_watch_count(watch, "n0", 0) - before)
		{
			TH_LOG("%s", changes[i].what);
		}
	}
	EXPECT_EQ(0, link_watch_count(watch, "n0", RTM_DELLINK));
	link_watch_close(watch);
}

TEST(creation_events, .title = "one link event for the creation of a device and one for its end",
     .behaviours = { 474, 476 })
{
	struct link_watch *watch = link_watch_open();
	struct link_event event;
	struct tun t = tun_create("n0", IFF_TUN | IFF_NO_PI);

	EXPECT_EQ(1, link_watch_count(watch, NULL, 0));
	ASSERT_TRUE(link_watch_next(watch, "n0", 0, &event));
	EXPECT_EQ(RTM_NEWLINK, event.type);
	EXPECT_STREQ("tun", event.link.kind);
	EXPECT_EQ(IFF_TUN, event.link.data[TUN_LINK_TYPE]);
	tun_close(&t);
	EXPECT_EQ(2, link_watch_count(watch, NULL, 0));
	ASSERT_TRUE(link_watch_next(watch, "n0", 0, &event));
	EXPECT_EQ(RTM_DELLINK, event.type);
	link_watch_close(watch);
}

TEST_F(rtnl_events, of_attach,
       .title = "attaching to and closing a persistent device is told if it is up",
       .behaviours = { 474, 475 })
{
	struct link_watch *watch;

	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	watch = link_watch_open();
	tun_close(&self->t);
	/* The carrier goes with the file, which the link watch tells later once more. */
	EXPECT_LE(variant->up, link_watch_count(watch, "n0", RTM_NEWLINK));
	EXPECT_EQ(0, link_watch_count(watch, "n0", RTM_DELLINK));
	ASSERT_TRUE(link_wait_running("n0", false, TIMEOUT_MS));
	if (!variant->up) {
		EXPECT_EQ(0, link_watch_count(watch, "n0", 0));
	}
	link_watch_close(watch);
}

/* The number of link events of n0 that say carrier @on, within a time that is enough for one. */
static int carrier_events(struct link_watch *watch, bool on)
{
	struct link_event event;
	int n = 0;

	while (link_watch_next(watch, "n0", n ? 0 : TIMEOUT_MS, &event))
		n += !!(event.link.flags & IFF_LOWER_UP) == on;
	return n;
}

TEST(carrier_events,
     .title = "one link event for each change of the carrier of a device that is up, counted in "
	      "carrier_changes",
     .behaviours = { 475, 242 })
{
	struct tun t = tun_create("n0", IFF_TAP | IFF_NO_PI);
	struct link before, after;
	struct link_watch *watch;

	ASSERT_OK(link_up("n0"));
	ASSERT_OK(link_get("n0", &before));
	watch = link_watch_open();
	ASSERT_OK(tun_set_carrier(t.fd, 0));
	EXPECT_EQ(1, carrier_events(watch, false));
	ASSERT_OK(tun_set_carrier(t.fd, 0));
	ASSERT_OK(tun_set_carrier(t.fd, 1));
	EXPECT_EQ(1, carrier_events(watch, true));
	ASSERT_OK(link_get("n0", &after));
	EXPECT_EQ(before.carrier_changes + 2, after.carrier_changes);
	link_watch_close(watch);
	tun_close(&t);
}
