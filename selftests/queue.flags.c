// SPDX-License-Identifier: GPL-2.0-only
/* Which flags a further queue gets, and which the queue of an idle device. */
#include <unistd.h>

#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"

FIXTURE(queue_flags)
{
	int first, second;
};

FIXTURE_VARIANT(queue_flags)
{
	unsigned int first, second; /* besides the common ones */
	bool detached;		    /* the first queue while the second comes */
};

#define COMMON (IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE)

FIXTURE_VARIANT_ADD(queue_flags, keeps_vnet_hdr) { .first = IFF_VNET_HDR };
FIXTURE_VARIANT_ADD(queue_flags, takes_no_vnet_hdr) { .second = IFF_VNET_HDR };
FIXTURE_VARIANT_ADD(queue_flags, keeps_vnet_hdr_detached) { .first = IFF_VNET_HDR,
							   .detached = true };
FIXTURE_VARIANT_ADD(queue_flags, takes_no_vnet_hdr_detached) { .second = IFF_VNET_HDR,
							      .detached = true };

FIXTURE_SETUP(queue_flags)
{
	self->first = tun_create("mq", COMMON | variant->first).fd;
	self->second = tun_open();
}

FIXTURE_TEARDOWN(queue_flags)
{
	close(self->second);
	close(self->first);
}

TEST_F(queue_flags, second_queue,
       .title = "a further queue gets the flags the device has, not those it asks for",
       .behaviours = { 203 }, .needs = { "multi_queue" })
{
	struct ifreq ifr;
	struct link link;

	if (variant->detached) {
		ASSERT_OK(tun_set_queue(self->first, IFF_DETACH_QUEUE));
	}
	ASSERT_OK(tun_set_iff_ifr(self->second, &ifr, "mq", COMMON | variant->second));
	EXPECT_EQ(variant->first, tun_iff_flags(self->second) & IFF_VNET_HDR);
	ASSERT_OK(link_get("mq", &link));
	EXPECT_EQ(!!variant->first, link.data[TUN_LINK_VNET_HDR]);
}

TEST(flags_of_idle,
     .title = "a queue attached to an idle persistent device replaces the device's flags",
     .behaviours = { 203 }, .needs = { "multi_queue" })
{
	struct tun first = tun_create("mq", COMMON | IFF_VNET_HDR);
	int second = tun_open();

	ASSERT_OK(tun_set_persist(first.fd, 1));
	tun_close(&first);
	ASSERT_OK(tun_set_iff(second, "mq", COMMON));
	EXPECT_EQ(0, tun_iff_flags(second) & IFF_VNET_HDR);
	EXPECT_OK(tun_set_persist(second, 0));
	close(second);
}
