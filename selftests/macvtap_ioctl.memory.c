// SPDX-License-Identifier: GPL-2.0-only
/* Ioctls of a macvtap whose argument is no memory, or not enough of it. */
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include "device/macvtap.h"
#include "device/memory.h"
#include "harness/harness.h"

/* The kernel's own half of the address space. */
#define KERNEL_POINTER ((void *)-4096L)

/* What can be asked of the file, to be the same afterwards. */
struct settings {
	unsigned int flags;
	int size, le, be;
	uint8_t mac[6];
};

static struct settings settings_of(const struct tun *t)
{
	struct settings s;

	memset(&s, 0, sizeof(s));
	s.flags = tun_iff_flags(t->fd);
	tun_get_vnet_hdr_sz(t->fd, &s.size);
	tun_get_vnet_le(t->fd, &s.le);
	if (harness_feature("vnet_be"))
		tun_get_vnet_be(t->fd, &s.be);
	macvtap_mac(t->name, s.mac);
	return s;
}

TEST(pointers,
     .title =
	     "an ioctl of a macvtap whose argument is no memory of the program gives EFAULT and sets nothing",
     .behaviours = { 508, 513, 532 }, .needs = { "macvtap" })
{
	static const unsigned long requests[] = {
		TUNSETIFF,	 TUNGETIFF,	  TUNSETQUEUE,	TUNGETFEATURES, TUNSETSNDBUF,
		TUNGETVNETHDRSZ, TUNSETVNETHDRSZ, TUNGETVNETLE, TUNSETVNETLE,	SIOCGIFHWADDR,
		SIOCSIFHWADDR,	 TUNGETVNETBE,	  TUNSETVNETBE,
	};
	const size_t n = ARRAY_SIZE(requests) - (harness_feature("vnet_be") ? 0 : 2);
	struct tun t = macvtap_bridge("m0");
	struct settings before = settings_of(&t), after;

	for (size_t i = 0; i < n; i++) {
		EXPECT_ERRNO(EFAULT, ioctl(t.fd, requests[i], NULL))
		{
			TH_LOG("request %#lx", requests[i]);
		}
		EXPECT_ERRNO(EFAULT, ioctl(t.fd, requests[i], KERNEL_POINTER))
		{
			TH_LOG("request %#lx, the kernel's memory", requests[i]);
		}
	}
	after = settings_of(&t);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	tun_close(&t);
}

TEST(cut_answer, .title = "TUNGETIFF and SIOCGIFHWADDR with room for the name alone give EFAULT",
     .behaviours = { 508, 532 }, .needs = { "macvtap" })
{
	struct tun t = macvtap_bridge("m0");

	EXPECT_ERRNO(EFAULT, ioctl(t.fd, TUNGETIFF, cut_memory(NULL, IFNAMSIZ)));
	EXPECT_ERRNO(EFAULT, ioctl(t.fd, SIOCGIFHWADDR, cut_memory(NULL, IFNAMSIZ)));
	tun_close(&t);
}

TEST(vnet_be_off, .title = "TUNSETVNETBE with 0 gives a macvtap's file the byte order of before",
     .behaviours = { 513 }, .needs = { "macvtap", "vnet_be" })
{
	struct macvtap_pair p = macvtap_pair();
	struct tun_packet packet;
	struct frame f;
	struct vnet v;
	int be = -1;

	EXPECT_OK(tun_set_vnet_be(p.rx.fd, 1));
	EXPECT_OK(tun_set_vnet_be(p.rx.fd, 0));
	EXPECT_OK(tun_get_vnet_be(p.rx.fd, &be));
	EXPECT_EQ(0, be);
	frame_start(&f);
	frame_eth(&f, p.rx_mac, p.tx_mac, ETHERTYPE_IP);
	frame_ipv4(&f, "192.0.2.1", "192.0.2.2", IPPROTO_UDP);
	frame_udp(&f, 4000, 4000);
	frame_pattern(&f, 100, 1);
	v = frame_finish_partial(&f);
	ASSERT_LT(0, tun_send(&p.tx, &v, &f));
	ASSERT_TRUE(tun_recv(&p.rx, &packet, 2000));
	EXPECT_EQ(v.csum_start, packet.vnet.csum_start);
	macvtap_pair_close(&p);
}
