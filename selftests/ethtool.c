// SPDX-License-Identifier: GPL-2.0-only
/* The ethtool operations of the driver, by SIOCETHTOOL and by the program. */
#include <stdio.h>
#include <unistd.h>
#include <linux/net_tstamp.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/creds.h"
#include "netns/ethtool.h"
#include "netns/link.h"
#include "netns/sock.h"
#include "netns/tool.h"

#define TIMEOUT_MS  2000
#define MAX_BATCHED 64	/* NAPI_POLL_WEIGHT */
#define MAX_QUEUES  256 /* MAX_TAP_QUEUES */

FIXTURE(ethtool)
{
	struct tun t;
};

FIXTURE_VARIANT(ethtool)
{
	unsigned int flags;
	const char *bus;
};

FIXTURE_VARIANT_ADD(ethtool, tun) { .flags = IFF_TUN, .bus = "tun" };
FIXTURE_VARIANT_ADD(ethtool, tap) { .flags = IFF_TAP, .bus = "tap" };

FIXTURE_SETUP(ethtool)
{
	self->t = tun_create("e0", variant->flags | IFF_NO_PI);
}

FIXTURE_TEARDOWN(ethtool)
{
	tun_close(&self->t);
}

/* SIOCETHTOOL on "e0" with a command structure: 0, or -1 and errno. */
static int ethtool(void *command)
{
	return ethtool_ioctl("e0", command);
}

TEST_F(ethtool, driver,
       .title = "the driver calls itself tun 1.6, on bus tun or tap, without firmware",
       .behaviours = { 454 })
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	ASSERT_OK(ethtool(&info));
	EXPECT_STREQ("tun", info.driver);
	EXPECT_STREQ("1.6", info.version);
	EXPECT_STREQ(variant->bus, info.bus_info);
	EXPECT_STREQ("", info.fw_version);
	EXPECT_EQ(0, info.n_stats);
	EXPECT_EQ(0, info.regdump_len);
}

TEST_F(ethtool, driver_in_tool, .title = "ethtool -i shows the driver's name, version and bus",
       .behaviours = { 454 }, .needs = { "ethtool" })
{
	char text[4096], bus[64];

	ASSERT_EQ(0, tool_run(text, sizeof(text), "ethtool -i e0"))
	{
		TH_LOG("%s", text);
	}
	snprintf(bus, sizeof(bus), "bus-info: %s\n", variant->bus);
	EXPECT_NE(NULL, strstr(text, "driver: tun\n"));
	EXPECT_NE(NULL, strstr(text, "version: 1.6\n"));
	EXPECT_NE(NULL, strstr(text, bus))
	{
		TH_LOG("%s", text);
	}
}

static int set_rx_frames(uint32_t frames)
{
	struct ethtool_coalesce c = { .cmd = ETHTOOL_SCOALESCE, .rx_max_coalesced_frames = frames };

	return ethtool(&c);
}

static struct ethtool_coalesce get_coalesce(void)
{
	struct ethtool_coalesce c = { .cmd = ETHTOOL_GCOALESCE };

	if (ethtool(&c))
		TH_BAIL("ETHTOOL_GCOALESCE: %s", strerror(errno));
	return c;
}

TEST_F(ethtool, rx_frames, .title = "rx-frames is stored up to 64, more is taken for 64",
       .behaviours = { 455 })
{
	static const uint32_t values[] = { 0, 1, 5, 63, 64, 65, 1000, UINT32_MAX, 0 };

	EXPECT_EQ(0, get_coalesce().rx_max_coalesced_frames);
	for (int i = 0; i < ARRAY_SIZE(values); i++) {
		uint32_t stored = values[i] > MAX_BATCHED ? MAX_BATCHED : values[i];

		EXPECT_OK(set_rx_frames(values[i]))
		{
			TH_LOG("rx-frames %u", values[i]);
		}
		EXPECT_EQ(stored, get_coalesce().rx_max_coalesced_frames);
	}
}

TEST_F(ethtool, other_coalescing,
       .title = "any coalescing parameter but rx-frames gives EOPNOTSUPP", .behaviours = { 455 })
{
	struct ethtool_coalesce c[] = {
		{ .tx_max_coalesced_frames = 1 },
		{ .rx_coalesce_usecs = 1 },
		{ .tx_coalesce_usecs = 1 },
		{ .rx_max_coalesced_frames_irq = 1 },
		{ .use_adaptive_rx_coalesce = 1 },
		{ .rate_sample_interval = 1 },
		{ .rx_max_coalesced_frames_high = 1 },
	};

	ASSERT_OK(set_rx_frames(3));
	for (int i = 0; i < ARRAY_SIZE(c); i++) {
		c[i].cmd = ETHTOOL_SCOALESCE;
		c[i].rx_max_coalesced_frames = 7;
		EXPECT_ERRNO(EOPNOTSUPP, ethtool(&c[i]))
		{
			TH_LOG("parameter %d", i);
		}
	}
	/* Nothing of a refused request is taken. */
	EXPECT_EQ(3, get_coalesce().rx_max_coalesced_frames);
}

TEST_F(ethtool, batching_delays_no_write,
       .title = "with rx-frames set, what write() brings is still received at once",
       .behaviours = { 456 })
{
	struct frame f;
	int udp;

	peer_configure(&self->t);
	udp = udp_open(KERNEL_IP4, 7000);
	ASSERT_OK(set_rx_frames(MAX_BATCHED));
	/* Fewer frames than a batch; the driver waits for more only when told that more comes. */
	for (int i = 0; i < 3; i++) {
		peer_udp(&self->t, &f, 4000, 7000, 64, i);
		ASSERT_EQ(f.len, tun_send(&self->t, NULL, &f));
		ASSERT_EQ(64, udp_recv_pattern(udp, i, TIMEOUT_MS));
	}
	close(udp);
}

/* ETHTOOL_GCHANNELS; false if the kernel's driver does not have it. */
static bool get_channels(struct ethtool_channels *channels)
{
	*channels = (struct ethtool_channels){ .cmd = ETHTOOL_GCHANNELS };
	if (!ethtool(channels))
		return true;
	if (errno != EOPNOTSUPP)
		TH_BAIL("ETHTOOL_GCHANNELS: %s", strerror(errno));
	return false;
}

TEST_F(ethtool, channels,
       .title = "a single-queue device has one combined channel, 0 without a file",
       .behaviours = { 457 })
{
	struct ethtool_channels c;

	if (!get_channels(&c))
		SKIP(return, "kernel has no ETHTOOL_GCHANNELS for TUN");
	EXPECT_EQ(1, c.combined_count);
	EXPECT_EQ(1, c.max_combined);
	EXPECT_EQ(0, c.max_rx + c.max_tx + c.max_other);
	EXPECT_EQ(0, c.rx_count + c.tx_count + c.other_count);
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	tun_close(&self->t);
	ASSERT_TRUE(get_channels(&c));
	EXPECT_EQ(0, c.combined_count);
	EXPECT_EQ(1, c.max_combined);
}

TEST(multi_queue_channels,
     .title = "a multi-queue device has a combined channel for each enabled queue, of 256",
     .behaviours = { 457 }, .needs = { "multi_queue" })
{
	const unsigned int flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun first = tun_create("e0", flags), second = tun_create("e0", flags);
	struct ethtool_channels c;

	if (!get_channels(&c))
		SKIP(return, "kernel has no ETHTOOL_GCHANNELS for TUN");
	EXPECT_EQ(2, c.combined_count);
	EXPECT_EQ(MAX_QUEUES, c.max_combined);
	ASSERT_OK(tun_set_queue(first.fd, IFF_DETACH_QUEUE));
	ASSERT_TRUE(get_channels(&c));
	EXPECT_EQ(1, c.combined_count);
	/* Unlike the stack's own number this one does reach 0. */
	ASSERT_OK(tun_set_queue(second.fd, IFF_DETACH_QUEUE));
	ASSERT_TRUE(get_channels(&c));
	EXPECT_EQ(0, c.combined_count);
	EXPECT_EQ(MAX_QUEUES, c.max_combined);
}

TEST(set_channels, .title = "the number of channels cannot be set", .behaviours = { 458 },
     .needs = { "multi_queue" })
{
	struct tun t = tun_create("e0", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE);
	struct ethtool_channels c = { .cmd = ETHTOOL_SCHANNELS, .combined_count = 2 };

	EXPECT_ERRNO(EOPNOTSUPP, ethtool(&c));
	tun_close(&t);
}

/* Link settings with room for the link mode words behind them: three masks of up to 127. */
union settings {
	struct ethtool_link_settings base;
	uint8_t room[sizeof(struct ethtool_link_settings) + 3 * 127 * sizeof(uint32_t)];
};

static union settings get_settings(void)
{
	union settings s = { .base.cmd = ETHTOOL_GLINKSETTINGS };

	/* The first call gives the negative number of words, the second all the rest. */
	if (ethtool(&s.base) || s.base.link_mode_masks_nwords >= 0)
		TH_BAIL("number of words for ETHTOOL_GLINKSETTINGS: %s", strerror(errno));
	s.base.cmd = ETHTOOL_GLINKSETTINGS;
	s.base.link_mode_masks_nwords = -s.base.link_mode_masks_nwords;
	if (ethtool(&s.base))
		TH_BAIL("ETHTOOL_GLINKSETTINGS: %s", strerror(errno));
	return s;
}

TEST_F(ethtool, link_settings,
       .title = "the link is 10 Gbit/s (once 10 Mbit/s), full duplex, twisted pair, not negotiated",
       .behaviours = { 459 })
{
	union settings s = get_settings();

	if (s.base.speed != SPEED_10) {
		EXPECT_EQ(SPEED_10000, s.base.speed);
	}
	EXPECT_EQ(DUPLEX_FULL, s.base.duplex);
	EXPECT_EQ(PORT_TP, s.base.port);
	EXPECT_EQ(AUTONEG_DISABLE, s.base.autoneg);
	EXPECT_EQ(0, s.base.phy_address);
	for (int i = 0; i < 3 * s.base.link_mode_masks_nwords; i++) {
		EXPECT_EQ(0, s.base.link_mode_masks[i]);
	}
}

TEST_F(ethtool, set_link_settings,
       .title = "link settings are stored as given and kept by a persistent device",
       .behaviours = { 459 })
{
	union settings s = get_settings();

	s.base.cmd = ETHTOOL_SLINKSETTINGS;
	s.base.speed = 7;
	s.base.duplex = DUPLEX_HALF;
	s.base.port = PORT_FIBRE;
	ASSERT_OK(ethtool(&s.base));
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	tun_close(&self->t);
	self->t = tun_create("e0", variant->flags | IFF_NO_PI);
	s = get_settings();
	EXPECT_EQ(7, s.base.speed);
	EXPECT_EQ(DUPLEX_HALF, s.base.duplex);
	EXPECT_EQ(PORT_FIBRE, s.base.port);
	EXPECT_OK(tun_set_persist(self->t.fd, 0));
}

TEST_F(ethtool, link_settings_in_tool, .title = "ethtool sets and shows speed, duplex and link",
       .behaviours = { 459, 461 }, .needs = { "ethtool" })
{
	char text[4096];

	tool_must("ethtool -s e0 speed 7 duplex half");
	EXPECT_EQ(7, get_settings().base.speed);
	ASSERT_OK(link_up("e0"));
	ASSERT_EQ(0, tool_run(text, sizeof(text), "ethtool e0"));
	EXPECT_NE(NULL, strstr(text, "Speed: 7Mb/s\n"));
	EXPECT_NE(NULL, strstr(text, "Duplex: Half\n"));
	EXPECT_NE(NULL, strstr(text, "Port: Twisted Pair\n"));
	EXPECT_NE(NULL, strstr(text, "Auto-negotiation: off\n"));
	EXPECT_NE(NULL, strstr(text, "Link detected: yes\n"))
	{
		TH_LOG("%s", text);
	}
}

TEST_F(ethtool, message_level, .title = "the message level is the word of TUNSETDEBUG",
       .behaviours = { 460 })
{
	struct ethtool_value level = { .cmd = ETHTOOL_SMSGLVL, .data = 0x40 };

	EXPECT_EQ(0, ethtool_value("e0", ETHTOOL_GMSGLVL));
	/* Bits for which the driver has no messages. */
	ASSERT_OK(tun_set_debug(self->t.fd, 0x80));
	EXPECT_EQ(0x80, ethtool_value("e0", ETHTOOL_GMSGLVL));
	ASSERT_OK(ethtool(&level));
	EXPECT_EQ(0x40, ethtool_value("e0", ETHTOOL_GMSGLVL));
}

TEST_F(ethtool, link_detected, .title = "link detected is the carrier of a device that is up",
       .behaviours = { 461 })
{
	EXPECT_EQ(0, ethtool_value("e0", ETHTOOL_GLINK));
	ASSERT_OK(link_up("e0"));
	EXPECT_EQ(1, ethtool_value("e0", ETHTOOL_GLINK));
	ASSERT_OK(tun_set_carrier(self->t.fd, 0));
	EXPECT_EQ(0, ethtool_value("e0", ETHTOOL_GLINK));
	ASSERT_OK(tun_set_carrier(self->t.fd, 1));
	EXPECT_EQ(1, ethtool_value("e0", ETHTOOL_GLINK));
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	tun_close(&self->t);
	EXPECT_EQ(0, ethtool_value("e0", ETHTOOL_GLINK));
}

TEST_F(ethtool, time_stamps, .title = "the device has software time stamps and no clock",
       .behaviours = { 462 })
{
	struct ethtool_ts_info info = { .cmd = ETHTOOL_GET_TS_INFO };

	ASSERT_OK(ethtool(&info));
	EXPECT_EQ(SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE |
			  SOF_TIMESTAMPING_SOFTWARE,
		  info.so_timestamping);
	EXPECT_EQ(-1, info.phc_index);
	EXPECT_EQ(0, info.tx_types);
	EXPECT_EQ(0, info.rx_filters);
}

TEST_F(ethtool, not_supported,
       .title = "statistics, rings, pause, registers, EEE, RX hash and more give EOPNOTSUPP",
       .behaviours = { 463, 401 })
{
	static const uint32_t commands[] = {
		ETHTOOL_GSTATS,	     ETHTOOL_GRINGPARAM, ETHTOOL_SRINGPARAM, ETHTOOL_GPAUSEPARAM,
		ETHTOOL_SPAUSEPARAM, ETHTOOL_NWAY_RST,	 ETHTOOL_GREGS,	     ETHTOOL_PHYS_ID,
		ETHTOOL_GEEE,	     ETHTOOL_SEEE,	 ETHTOOL_GRSSH,	     ETHTOOL_GRXFHINDIR,
		ETHTOOL_GRXRINGS,    ETHTOOL_GEEPROM,	 ETHTOOL_GWOL,	     ETHTOOL_TEST,
	};

	for (int i = 0; i < ARRAY_SIZE(commands); i++) {
		uint32_t command[256] = { commands[i] };

		EXPECT_ERRNO(EOPNOTSUPP, ethtool(command))
		{
			TH_LOG("command %#x", commands[i]);
		}
	}
}

TEST_F(ethtool, vlan_features,
       .title = "VLAN tags are inserted by the device on request, and never taken off or filtered",
       .behaviours = { 464 })
{
	static const char *const never[] = { "rx-vlan-hw-parse", "rx-vlan-filter",
					     "rx-vlan-stag-hw-parse", "rx-vlan-stag-filter" };
	static const char *const optional[] = { "tx-vlan-hw-insert", "tx-vlan-stag-hw-insert" };
	struct ethtool_feature s;

	for (int i = 0; i < 4; i++) {
		s = ethtool_get_feature("e0", never[i]);
		EXPECT_TRUE(s.known);
		EXPECT_FALSE(s.on)
		{
			TH_LOG("%s", never[i]);
		}
		EXPECT_FALSE(s.changeable)
		{
			TH_LOG("%s", never[i]);
		}
	}
	for (int i = 0; i < 2; i++) {
		s = ethtool_get_feature("e0", optional[i]);
		EXPECT_TRUE(s.on)
		{
			TH_LOG("%s", optional[i]);
		}
		EXPECT_TRUE(s.changeable)
		{
			TH_LOG("%s", optional[i]);
		}
		EXPECT_EQ(0, ethtool_set_feature("e0", optional[i], false));
		EXPECT_FALSE(ethtool_get_feature("e0", optional[i]).on);
		EXPECT_EQ(0, ethtool_set_feature("e0", optional[i], true));
		EXPECT_TRUE(ethtool_get_feature("e0", optional[i]).on);
	}
	/* No feature any more since it became a plain flag of the device. */
	s = ethtool_get_feature("e0", "tx-lockless");
	if (s.known) {
		EXPECT_TRUE(s.on);
		EXPECT_FALSE(s.changeable);
	}
}

TEST_F(ethtool, offload_features,
       .title = "checksum and segmentation features are off until TUNSETOFFLOAD asks for them",
       .behaviours = { 464 })
{
	static const char *const names[] = { "tx-checksum-ip-generic", "tx-tcp-segmentation",
					     "tx-tcp6-segmentation" };

	for (int i = 0; i < 3; i++) {
		EXPECT_FALSE(ethtool_get_feature("e0", names[i]).on)
		{
			TH_LOG("%s", names[i]);
		}
	}
	/* ethtool may ask, the file's reader has the say. */
	ethtool_set_feature("e0", "tx-tcp-segmentation", true);
	EXPECT_FALSE(ethtool_get_feature("e0", "tx-tcp-segmentation").on);
	ASSERT_OK(tun_set_offload(self->t.fd, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6));
	for (int i = 0; i < 3; i++) {
		EXPECT_TRUE(ethtool_get_feature("e0", names[i]).on)
		{
			TH_LOG("%s", names[i]);
		}
	}
	/* What the reader can take ethtool may forgo. */
	EXPECT_EQ(0, ethtool_set_feature("e0", "tx-tcp-segmentation", false));
	EXPECT_FALSE(ethtool_get_feature("e0", "tx-tcp-segmentation").on);
	EXPECT_TRUE(ethtool_get_feature("e0", "tx-tcp6-segmentation").on);
}

TEST_F(ethtool, needs_net_admin, .title = "settings need CAP_NET_ADMIN, most questions do not",
       .behaviours = { 465 })
{
	struct ethtool_value level = { .cmd = ETHTOOL_SMSGLVL, .data = 0x40 };
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	union settings s = get_settings();

	creds_net_admin(false);
	s.base.cmd = ETHTOOL_SLINKSETTINGS;
	s.base.speed = 7;
	EXPECT_ERRNO(EPERM, ethtool(&s.base));
	EXPECT_ERRNO(EPERM, ethtool(&level));
	EXPECT_ERRNO(EPERM, set_rx_frames(3));
	EXPECT_ERRNO(EPERM, ethtool_set_feature("e0", "tx-vlan-hw-insert", false));
	EXPECT_OK(ethtool(&info));
	EXPECT_NE(7, get_settings().base.speed);
	EXPECT_EQ(0, get_coalesce().rx_max_coalesced_frames);
	EXPECT_TRUE(ethtool_get_feature("e0", "tx-vlan-hw-insert").on);
}

TEST_F(ethtool, gone, .title = "after the device is gone ethtool gives ENODEV",
       .behaviours = { 454 })
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	tun_close(&self->t);
	EXPECT_ERRNO(ENODEV, ethtool(&info));
}
