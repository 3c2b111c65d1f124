// SPDX-License-Identifier: GPL-2.0-only
#include "harness/harness.h"
#include "netns/ethtool.h"
#include "netns/link.h"

TEST(value, .title = "a question is answered for the link it is about")
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	ASSERT_OK(link_up("lo"));
	EXPECT_EQ(1, ethtool_value("lo", ETHTOOL_GLINK));
	ASSERT_OK(link_down("lo"));
	EXPECT_EQ(0, ethtool_value("lo", ETHTOOL_GLINK));
	EXPECT_ERRNO(ENODEV, ethtool_ioctl("nobody", &info));
	EXPECT_ERRNO(EOPNOTSUPP, ethtool_ioctl("lo", &(uint32_t[64]){ ETHTOOL_GPAUSEPARAM }));
}

TEST(features, .title = "a feature is read and changed by name, unless it is fixed")
{
	struct ethtool_feature f = ethtool_get_feature("lo", "tx-tcp-segmentation");

	EXPECT_TRUE(f.known);
	EXPECT_TRUE(f.on);
	EXPECT_TRUE(f.requested);
	EXPECT_TRUE(f.changeable);
	EXPECT_EQ(0, ethtool_set_feature("lo", "tx-tcp-segmentation", false));
	f = ethtool_get_feature("lo", "tx-tcp-segmentation");
	EXPECT_FALSE(f.on || f.requested);
	EXPECT_TRUE(ethtool_get_feature("lo", "tx-tcp6-segmentation").on);

	f = ethtool_get_feature("lo", "vlan-challenged");
	EXPECT_TRUE(!f.known || !f.changeable);
	f = ethtool_get_feature("lo", "no-such-feature");
	EXPECT_FALSE(f.known || f.on || f.requested || f.changeable);
}
