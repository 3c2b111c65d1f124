// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <linux/if_ether.h>

#include "device/sweep.h"
#include "device/untaken.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/link.h"
#include "netns/packet.h"

#define WAIT_MS 20000

static bool is_dropped_soon(const struct tun *t)
{
	int64_t deadline = clock_ms() + WAIT_MS;

	while (!untaken_is_dropped(t) && clock_left(deadline))
		;
	return clock_left(deadline);
}

TEST(listener, .title = "what nobody takes is dropped, unless a packet socket takes everything",
     .needs = { "packet_socket" })
{
	struct tun t = tun_create("t0", IFF_TAP | IFF_NO_PI);
	int fd;

	if (link_up(t.name))
		TH_BAIL("up: %s", strerror(errno));
	EXPECT_TRUE(is_dropped_soon(&t));
	fd = packet_open(NULL, ETH_P_ALL, 0);
	EXPECT_FALSE(untaken_is_dropped(&t));
	close(fd);
	EXPECT_TRUE(is_dropped_soon(&t));
	tun_close(&t);
}

TEST(sweep, .title = "a sweep that somebody disturbs all the time says so, and finds no mismatch",
     .needs = { "packet_socket" }, .waits = true)
{
	static const struct sweep_setup setup = { .tap = true, .vnet_size = 10, .unwatched = true };
	static struct sweep s;
	int fd = packet_open(NULL, ETH_P_ALL, 0);

	sweep_open(&s, &setup);
	sweep_random(&s, 1, 2000);
	EXPECT_TRUE(s.disturbed);
	EXPECT_EQ(0, s.mismatches);
	close(fd);
	sweep_again(&s);
	sweep_random(&s, 1, 2000);
	sweep_flush(&s);
	EXPECT_FALSE(s.disturbed);
	EXPECT_EQ(0, s.mismatches);
	sweep_close(&s);
}
