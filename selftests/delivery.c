// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that the device takes and the stack behind it does not: write() succeeds, and the packet
 * is gone. Users report it as a loss in the driver.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/addr.h"
#include "netns/netns.h"
#include "netns/sock.h"

#define WAIT_MS 2000
#define PORT	4001

FIXTURE(delivery)
{
	struct tun t;
	int udp;
};

FIXTURE_VARIANT(delivery)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(delivery, tun) { .flags = IFF_TUN | IFF_NO_PI };
FIXTURE_VARIANT_ADD(delivery, tap) { .flags = IFF_TAP | IFF_NO_PI };

FIXTURE_SETUP(delivery)
{
	self->t = peer_create("dl0", variant->flags);
	self->udp = udp_open(NULL, PORT);
}

FIXTURE_TEARDOWN(delivery)
{
	close(self->udp);
	tun_close(&self->t);
}

/* Whether a datagram that says it comes from @source arrives; one from the peer always does. */
static bool arrives(const struct tun *t, int udp, const char *source)
{
	struct frame f;
	uint8_t buf[256];
	bool seen;

	for (int i = 0; i < 2; i++) {
		uint8_t mac[6];

		frame_start(&f);
		if (tun_is_tap(t)) {
			peer_kernel_mac(t, mac);
			frame_eth(&f, mac, peer_mac, 0x0800);
		}
		frame_ipv4(&f, i ? PEER_IP4 : source, KERNEL_IP4, IPPROTO_UDP);
		frame_udp(&f, 4000, PORT);
		frame_pattern(&f, i ? 2 : 1, 1);
		frame_finish(&f);
		if (tun_send(t, NULL, &f) != f.len)
			TH_BAIL("write: %s", strerror(errno));
	}
	seen = udp_recv(udp, buf, sizeof(buf), WAIT_MS) == 1;
	if (seen && udp_recv(udp, buf, sizeof(buf), WAIT_MS) != 2)
		TH_BAIL("the peer's own datagram does not arrive");
	return seen;
}

static void set_filter(const char *link, int value)
{
	char path[64], text[4];

	snprintf(path, sizeof(path), "ipv4/conf/%s/rp_filter", link);
	snprintf(text, sizeof(text), "%d", value);
	if (netns_sysctl(path, text))
		TH_BAIL("%s: %s", path, strerror(errno));
}

TEST_F(delivery, source,
       .title = "a packet from an address without a route back is dropped by rp_filter, of which the "
		"larger of the device's and the common value counts; the kernel's own addresses are "
		"never a source",
       .behaviours = { 282 }, .needs = { "sysctl" })
{
	static const struct {
		int all, device;
		bool default_route, arrives;
	} cases[] = { { 0, 0, false, true },  { 1, 0, false, false }, { 0, 1, false, false },
		      { 0, 2, false, false }, { 2, 0, false, false }, { 0, 2, true, true },
		      { 2, 1, true, true },   { 0, 1, true, true } };
	bool routed = false;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (cases[i].default_route && !routed)
			ASSERT_OK(route_add("0.0.0.0/0", PEER_IP4, "dl0"));
		routed = cases[i].default_route;
		set_filter("all", cases[i].all);
		set_filter("dl0", cases[i].device);
		EXPECT_EQ(cases[i].arrives, arrives(&self->t, self->udp, "192.0.2.9"))
		{
			TH_LOG("rp_filter %d and %d", cases[i].all, cases[i].device);
		}
		EXPECT_FALSE(arrives(&self->t, self->udp, KERNEL_IP4));
		EXPECT_FALSE(arrives(&self->t, self->udp, "127.0.0.1"));
	}
}

/*
 * Whoever forgets IFF_NO_PI writes packets whose first bytes are taken for the header: the device
 * cannot tell.
 */
TEST(without_pi,
     .title = "a bare IP packet written to a TUN with PI header is taken, and lost",
     .behaviours = { 282, 294 })
{
	struct tun bare = { .flags = IFF_TUN | IFF_NO_PI }, t = peer_create("dl0", IFF_TUN);
	int udp = udp_open(NULL, PORT);
	struct frame f;

	peer_udp(&bare, &f, 4000, PORT, 10, 1);
	EXPECT_EQ(f.len, tun_write(&t, f.data, f.len));
	EXPECT_LT(0, tun_send(&t, NULL, &f));
	EXPECT_EQ(10, udp_recv_pattern(udp, 1, WAIT_MS));
	EXPECT_ERRNO(EAGAIN, udp_recv(udp, f.data, sizeof(f.data), 0));
	close(udp);
	tun_close(&t);
}
