// SPDX-License-Identifier: GPL-2.0-only
#include <poll.h>

#include "device/way.h"
#include "harness/harness.h"
#include "netns/sock.h"

TEST(hold, .title = "frames on the way are held, dropped when it is opened, and then pass",
     .needs = { "tun", "bridge", "tbf" })
{
	struct tun_packet packet;
	struct way w;
	int n;

	way_make(&w, 0);
	n = way_fill(&w);
	EXPECT_LT(1, n);
	EXPECT_GT(WAY_LIMIT, n);
	EXPECT_EQ(0, sock_wait(w.in.fd, POLLOUT, 0));
	way_hold(false);
	EXPECT_EQ(POLLOUT, sock_wait(w.in.fd, POLLOUT, 0));
	/* What the qdisc let pass at first. */
	while (tun_recv(&w.out, &packet, 0))
		n--;
	EXPECT_LT(0, n);

	EXPECT_EQ(w.f.len, tun_send(&w.in, NULL, &w.f));
	ASSERT_TRUE(tun_recv(&w.out, &packet, 1000));
	EXPECT_EQ(WAY_FRAME, packet.len);
	EXPECT_EQ(0, memcmp(w.f.data, packet.data, packet.len));
	way_close(&w);
}
