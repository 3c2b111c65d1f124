// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls on the file of a macvtap: the same numbers as on /dev/net/tun, of which tap.c knows
 * fewer, and which here are for the one file more often than for the whole device.
 */
#include <fcntl.h>
#include <limits.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>
#include <linux/filter.h>

#include "device/compat.h"
#include "device/macvtap.h"
#include "device/memory.h"
#include "device/sigio.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/sock.h"

#define TIMEOUT_MS 2000

FIXTURE(macvtap_ioctl)
{
	struct tun t, second; /* two queues of one link */
};

FIXTURE_SETUP(macvtap_ioctl)
{
	self->t = macvtap_bridge("m0");
	self->second = macvtap_attach("m0");
}

FIXTURE_TEARDOWN(macvtap_ioctl)
{
	tun_close(&self->second);
	tun_close(&self->t);
}

TEST_F(macvtap_ioctl, features,
       .title = "TUNGETFEATURES of a macvtap: TAP, MULTI_QUEUE, NO_PI and VNET_HDR, nothing else",
       .behaviours = { 507 }, .needs = { "macvtap" })
{
	unsigned int features = 0;

	ASSERT_OK(tun_get_features(self->t.fd, &features));
	EXPECT_EQ(IFF_TAP | IFF_MULTI_QUEUE | IFF_NO_PI | IFF_VNET_HDR, features);
	EXPECT_ERRNO(EFAULT, ioctl(self->t.fd, TUNGETFEATURES, NULL));
}

TEST_F(macvtap_ioctl, set_iff,
       .title = "TUNSETIFF takes a TAP without PI, with or without VNET_HDR and MULTI_QUEUE only",
       .behaviours = { 509, 508 }, .needs = { "macvtap" })
{
	const unsigned int tap = IFF_TAP | IFF_NO_PI;
	const unsigned int good[] = { tap, tap | IFF_VNET_HDR, tap | IFF_MULTI_QUEUE,
				      tap | IFF_VNET_HDR | IFF_MULTI_QUEUE };
	const unsigned int bad[] = { 0, IFF_TAP, IFF_TUN | IFF_NO_PI, IFF_TUN | tap,
				     tap | IFF_NAPI, tap | IFF_ONE_QUEUE, tap | IFF_TUN_EXCL,
				     tap | IFF_PERSIST, tap | IFF_NO_CARRIER, 0xffff };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		/* Any number of times, unlike on a TAP. */
		EXPECT_OK(tun_set_iff(self->t.fd, NULL, good[i]));
		EXPECT_EQ(good[i], tun_iff_flags(self->t.fd));
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_ERRNO(EINVAL, tun_set_iff(self->t.fd, NULL, bad[i])) {
			TH_LOG("flags %#x", bad[i]);
		}
	}
	EXPECT_EQ(good[3], tun_iff_flags(self->t.fd));
	EXPECT_ERRNO(EFAULT, ioctl(self->t.fd, TUNSETIFF, NULL));
	/* The other queue has its own. */
	EXPECT_EQ(MACVTAP_FLAGS, tun_iff_flags(self->second.fd));
}

TEST_F(macvtap_ioctl, set_iff_name,
       .title = "TUNSETIFF neither looks at the name nor gives one back",
       .behaviours = { 509 }, .needs = { "macvtap" })
{
	struct ifreq ifr;

	EXPECT_OK(tun_set_iff_ifr(self->t.fd, &ifr, "a/b", MACVTAP_FLAGS));
	EXPECT_STREQ("a/b", ifr.ifr_name);
	EXPECT_EQ(MACVTAP_FLAGS, (unsigned short)ifr.ifr_flags);
	EXPECT_FALSE(link_exists("a/b"));
}

TEST_F(macvtap_ioctl, unknown,
       .title = "what a macvtap has no use for gives EINVAL, as an unknown ioctl does: not ENOTTY",
       .behaviours = { 510, 533 }, .needs = { "macvtap" })
{
	static const struct {
		const char *name;
		unsigned long request;
	} calls[] = {
		{ "TUNGETSNDBUF", TUNGETSNDBUF },	  { "TUNSETPERSIST", TUNSETPERSIST },
		{ "TUNSETOWNER", TUNSETOWNER },		  { "TUNSETGROUP", TUNSETGROUP },
		{ "TUNSETLINK", TUNSETLINK },		  { "TUNSETNOCSUM", TUNSETNOCSUM },
		{ "TUNSETDEBUG", TUNSETDEBUG },		  { "TUNSETTXFILTER", TUNSETTXFILTER },
		{ "TUNSETCARRIER", TUNSETCARRIER },	  { "TUNSETIFINDEX", TUNSETIFINDEX },
		{ "TUNGETDEVNETNS", TUNGETDEVNETNS },	  { "SIOCGSKNS", SIOCGSKNS },
		{ "TUNATTACHFILTER", TUNATTACHFILTER },	  { "TUNDETACHFILTER", TUNDETACHFILTER },
		{ "TUNGETFILTER", TUNGETFILTER },	  { "TUNSETFILTEREBPF", TUNSETFILTEREBPF },
		{ "STEERINGEBPF", TUNSETSTEERINGEBPF },	  { "of nobody", _IO('T', 255) },
	};
	/* An argument that would do for any of them. */
	long zeros[16] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		EXPECT_ERRNO(EINVAL, ioctl(self->t.fd, calls[i].request, zeros)) {
			TH_LOG("%s", calls[i].name);
		}
	}
}

/* POLLOUT if the file can be written to now. */
static short writable(const struct tun *t)
{
	return sock_wait(t->fd, POLLOUT, 0) & POLLOUT;
}

TEST_F(macvtap_ioctl, sndbuf,
       .title = "TUNSETSNDBUF is for the file that asks, takes positive numbers, and needs four "
		"bytes for POLLOUT",
       .behaviours = { 511, 524 }, .needs = { "macvtap" },
       .guards = { "93161922c658", "3ea79249e81e" })
{
	const int bad[] = { 0, -1, INT_MIN };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_ERRNO(EINVAL, tun_set_sndbuf(self->t.fd, bad[i]));
	}
	EXPECT_ERRNO(EFAULT, ioctl(self->t.fd, TUNSETSNDBUF, NULL));
	EXPECT_EQ(POLLOUT, writable(&self->t));
	for (int bytes = 1; bytes <= 5; bytes++) {
		ASSERT_OK(tun_set_sndbuf(self->t.fd, bytes));
		EXPECT_EQ(bytes < 4 ? 0 : POLLOUT, writable(&self->t)) {
			TH_LOG("with a send buffer of %d", bytes);
		}
	}
	ASSERT_OK(tun_set_sndbuf(self->t.fd, 1));
	EXPECT_EQ(0, writable(&self->t));
	EXPECT_EQ(POLLOUT, writable(&self->second));
	/* All of its bits count. */
	ASSERT_OK(tun_set_sndbuf(self->t.fd, 1 << 16));
	EXPECT_EQ(POLLOUT, writable(&self->t));
}

TEST_F(macvtap_ioctl, offload,
       .title = "TUNSETOFFLOAD of a macvtap refuses unknown bits and no combination of known ones",
       .behaviours = { 512 }, .needs = { "macvtap" })
{
	/* On a TAP segmentation without TUN_F_CSUM is EINVAL. */
	const unsigned int tso = TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
	const unsigned int good[] = { 0, TUN_F_CSUM, TUN_F_TSO4, TUN_F_TSO6, TUN_F_TSO_ECN,
				      TUN_F_UFO, tso, TUN_F_CSUM | tso | TUN_F_UFO };
	const unsigned int uso[] = { TUN_F_USO4, TUN_F_USO6, TUN_F_CSUM | TUN_F_USO4,
				     TUN_F_CSUM | TUN_F_USO4 | TUN_F_USO6, 0x7f };
	const unsigned int bad[] = { TUN_F_UDP_TUNNEL_GSO, TUN_F_UDP_TUNNEL_GSO_CSUM, 0x200,
				     0x80000000, TUN_F_CSUM | 0x200 };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_OK(tun_set_offload(self->t.fd, good[i])) {
			TH_LOG("mask %#x", good[i]);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(uso); i++) {
		EXPECT_ERRNO(harness_feature("uso") ? 0 : EINVAL,
			     tun_set_offload(self->t.fd, uso[i])) {
			TH_LOG("mask %#x", uso[i]);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_ERRNO(EINVAL, tun_set_offload(self->t.fd, bad[i])) {
			TH_LOG("mask %#x", bad[i]);
		}
	}
}

TEST_F(macvtap_ioctl, vnet_hdr_sz,
       .title = "the size of the vnet header is the file's own, ten bytes at first and at least",
       .behaviours = { 513 }, .needs = { "macvtap" })
{
	const int good[] = { 11, 12, 20, 24, 1000, INT_MAX, 10, 12 }, bad[] = { 9, 0, -1, INT_MIN };
	int size = 0;

	ASSERT_OK(tun_get_vnet_hdr_sz(self->t.fd, &size));
	EXPECT_EQ(10, size);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_OK(tun_set_vnet_hdr_sz(&self->t, good[i]));
		ASSERT_OK(tun_get_vnet_hdr_sz(self->t.fd, &size));
		EXPECT_EQ(good[i], size);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_ERRNO(EINVAL, tun_set_vnet_hdr_sz(&self->t, bad[i]));
	}
	EXPECT_ERRNO(EFAULT, ioctl(self->t.fd, TUNSETVNETHDRSZ, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(self->t.fd, TUNGETVNETHDRSZ, NULL));
	ASSERT_OK(tun_get_vnet_hdr_sz(self->t.fd, &size));
	EXPECT_EQ(12, size);
	/* On a TAP it is the device's. */
	ASSERT_OK(tun_get_vnet_hdr_sz(self->second.fd, &size));
	EXPECT_EQ(10, size);
}

TEST_F(macvtap_ioctl, vnet_le,
       .title = "the byte order of the vnet header is the file's own, and no other is asked for at first",
       .behaviours = { 513 }, .needs = { "macvtap" })
{
	int on = 1;

	ASSERT_OK(tun_get_vnet_le(self->t.fd, &on));
	EXPECT_EQ(0, on);
	EXPECT_OK(tun_set_vnet_le(self->t.fd, 5));
	ASSERT_OK(tun_get_vnet_le(self->t.fd, &on));
	EXPECT_EQ(1, on);
	ASSERT_OK(tun_get_vnet_le(self->second.fd, &on));
	EXPECT_EQ(0, on);
	EXPECT_OK(tun_set_vnet_le(self->t.fd, 0));
	ASSERT_OK(tun_get_vnet_le(self->t.fd, &on));
	EXPECT_EQ(0, on);
	EXPECT_ERRNO(EFAULT, ioctl(self->t.fd, TUNSETVNETLE, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(self->t.fd, TUNGETVNETLE, NULL));
}

TEST_F(macvtap_ioctl, vnet_be,
       .title = "TUNSETVNETBE is the file's own where the kernel knows it, EINVAL elsewhere",
       .behaviours = { 513 }, .needs = { "macvtap" })
{
	bool known = harness_feature("vnet_be");
	int on = 0;

	EXPECT_ERRNO(known ? 0 : EINVAL, tun_set_vnet_be(self->t.fd, 1));
	EXPECT_ERRNO(known ? 0 : EINVAL, tun_get_vnet_be(self->t.fd, &on));
	EXPECT_EQ(known, on);
	EXPECT_ERRNO(known ? 0 : EINVAL, tun_get_vnet_be(self->second.fd, &on));
	EXPECT_EQ(0, on);
}

TEST_F(macvtap_ioctl, hwaddr,
       .title = "SIOCSIFHWADDR sets the address of the link, SIOCGIFHWADDR gives its name too",
       .behaviours = { 532 }, .needs = { "macvtap" })
{
	const uint8_t mac[6] = { 2, 0, 0, 0, 9, 9 }, group[6] = { 3, 0, 0, 0, 9, 9 };
	uint8_t address[14], seen[6];
	struct ifreq ifr = { 0 };
	uint16_t family;

	EXPECT_OK(tun_set_hwaddr(self->t.fd, ARPHRD_ETHER, mac, 6));
	macvtap_mac("m0", seen);
	EXPECT_EQ(0, memcmp(mac, seen, 6));
	ASSERT_OK(tun_get_hwaddr(self->second.fd, &family, address));
	EXPECT_EQ(ARPHRD_ETHER, family);
	EXPECT_EQ(0, memcmp(mac, address, 6));
	/* A TAP leaves ifr_name as it was. */
	ASSERT_OK(ioctl(self->t.fd, SIOCGIFHWADDR, &ifr));
	EXPECT_STREQ("m0", ifr.ifr_name);

	EXPECT_ERRNO(EINVAL, tun_set_hwaddr(self->t.fd, ARPHRD_NONE, mac, 6));
	EXPECT_ERRNO(EADDRNOTAVAIL, tun_set_hwaddr(self->t.fd, ARPHRD_ETHER, group, 6));
	EXPECT_ERRNO(EFAULT, ioctl(self->t.fd, SIOCSIFHWADDR, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(self->t.fd, SIOCGIFHWADDR, NULL));
	macvtap_mac("m0", seen);
	EXPECT_EQ(0, memcmp(mac, seen, 6));
}

TEST_F(macvtap_ioctl, hwaddr_taken,
       .title = "an address that another macvtap or the link below has is refused: EADDRINUSE",
       .behaviours = { 532 }, .needs = { "macvtap" })
{
	struct tun other = macvtap_bridge("m1");
	uint8_t mac[6];

	macvtap_mac("m1", mac);
	EXPECT_ERRNO(EADDRINUSE, tun_set_hwaddr(self->t.fd, ARPHRD_ETHER, mac, 6));
	macvtap_mac(MACVTAP_LOWER, mac);
	EXPECT_ERRNO(EADDRINUSE, tun_set_hwaddr(self->t.fd, ARPHRD_ETHER, mac, 6));
	tun_close(&other);
}

TEST_F(macvtap_ioctl, hwaddr_moves,
       .title = "frames to the address set by SIOCSIFHWADDR arrive, those to the one before do not",
       .behaviours = { 532 }, .needs = { "macvtap" })
{
	const uint8_t mac[6] = { 2, 0, 0, 0, 9, 9 };
	struct tun other = macvtap_bridge("m1");
	uint8_t old[6], from[6];
	struct frame lost, found;

	macvtap_mac("m0", old);
	macvtap_mac("m1", from);
	macvtap_frame(&lost, old, from, 60, 1);
	macvtap_frame(&found, mac, from, 60, 2);
	ASSERT_OK(tun_set_queue(self->second.fd, IFF_DETACH_QUEUE));
	ASSERT_OK(tun_set_hwaddr(self->t.fd, ARPHRD_ETHER, mac, 6));
	EXPECT_EQ(70, tun_send(&other, NULL, &lost));
	EXPECT_EQ(70, tun_send(&other, NULL, &found));
	EXPECT_TRUE(macvtap_recv_same(&self->t, &found, TIMEOUT_MS));
	tun_close(&other);
}

TEST_F(macvtap_ioctl, no_fasync,
       .title = "a macvtap sends no SIGIO: FIOASYNC gives ENOTTY, F_SETFL leaves O_ASYNC off and says nothing",
       .behaviours = { 533 }, .needs = { "macvtap" })
{
	int fd = self->t.fd, on = 1, sig = SIGRTMIN;
	struct tun other = macvtap_bridge("m1");
	uint8_t to[6], from[6];
	struct frame f;

	ASSERT_OK(tun_set_queue(self->second.fd, IFF_DETACH_QUEUE));
	sigio_block(sig);
	ASSERT_OK(fcntl(fd, F_SETOWN, getpid()));
	ASSERT_OK(fcntl(fd, F_SETSIG, sig));
	EXPECT_ERRNO(ENOTTY, ioctl(fd, FIOASYNC, &on));
	EXPECT_OK(fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK | O_ASYNC));
	EXPECT_EQ(0, fcntl(fd, F_GETFL) & O_ASYNC);

	macvtap_mac("m0", to);
	macvtap_mac("m1", from);
	macvtap_frame(&f, to, from, 60, 1);
	EXPECT_EQ(70, tun_send(&other, NULL, &f));
	EXPECT_TRUE(macvtap_recv_same(&self->t, &f, TIMEOUT_MS));
	EXPECT_EQ(0, sigio_next(sig, fd, 0));
	tun_close(&other);
}

TEST_F(macvtap_ioctl, no_fdinfo, .title = "the fdinfo of a macvtap's file does not name its link",
       .behaviours = { 533 }, .needs = { "macvtap" })
{
	char path[64], text[512] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->t.fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LT(0, read(fd, text, sizeof(text) - 1));
	EXPECT_TRUE(strstr(text, "flags:"));
	EXPECT_FALSE(strstr(text, "iff:"));
	close(fd);
}

TEST_F(macvtap_ioctl, compat,
       .title = "ioctls of 32-bit programs are those of 64-bit ones, and filters are EINVAL there too",
       .behaviours = { 533 }, .needs = { "macvtap", "compat" })
{
	/* Of 32 bytes, the length of their ifreq. */
	struct ifreq *ifr = cut_memory_low(NULL, 32);
	int *number = cut_memory_low(NULL, sizeof(*number));

	ifr->ifr_flags = IFF_TAP | IFF_NO_PI;
	EXPECT_OK(compat_ioctl(self->t.fd, TUNSETIFF, ifr));
	EXPECT_EQ(IFF_TAP | IFF_NO_PI, tun_iff_flags(self->t.fd));
	EXPECT_OK(compat_ioctl(self->t.fd, TUNGETIFF, ifr));
	EXPECT_STREQ("m0", ifr->ifr_name);
	EXPECT_OK(compat_ioctl(self->t.fd, SIOCGIFHWADDR, ifr));
	EXPECT_EQ(ARPHRD_ETHER, ifr->ifr_hwaddr.sa_family);
	*number = 12;
	EXPECT_OK(compat_ioctl(self->t.fd, TUNSETVNETHDRSZ, number));
	EXPECT_OK(compat_ioctl(self->t.fd, TUNGETFEATURES, number));
	EXPECT_EQ(IFF_TAP | IFF_MULTI_QUEUE | IFF_NO_PI | IFF_VNET_HDR, *number);
	/* With the number for their struct sock_fprog of 8 bytes, and with that for 16. */
	EXPECT_ERRNO(EINVAL, compat_ioctl(self->t.fd, _IOW('T', 213, uint64_t), ifr));
	EXPECT_ERRNO(EINVAL, compat_ioctl(self->t.fd, TUNATTACHFILTER, ifr));
}
