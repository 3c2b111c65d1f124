// SPDX-License-Identifier: GPL-2.0-only
/* Hardware addresses by rtnetlink, and the IPv6 addresses that come of them. */
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/link.h"
#include "netns/netns.h"

#define TIMEOUT_MS 2000

TEST(address, .title = "IFLA_ADDRESS changes a TAP's address while it is up, the file sees it",
     .behaviours = { 478 })
{
	static const uint8_t mac[6] = { 0x02, 0x12, 0x34, 0x56, 0x78, 0x9a };
	static const uint8_t multicast[6] = { 0x01, 0x12, 0x34, 0x56, 0x78, 0x9a };
	struct tun t = tun_create("n0", IFF_TAP | IFF_NO_PI);
	struct link link;
	uint16_t family;
	uint8_t seen[14];

	ASSERT_OK(link_up("n0"));
	ASSERT_OK(link_set_address("n0", mac, 6));
	ASSERT_OK(link_get("n0", &link));
	EXPECT_EQ(6, link.address_len);
	EXPECT_EQ(0, memcmp(mac, link.address, 6));
	ASSERT_OK(tun_get_hwaddr(t.fd, &family, seen));
	EXPECT_EQ(ARPHRD_ETHER, family);
	EXPECT_EQ(0, memcmp(mac, seen, 6));

	EXPECT_ERRNO(EADDRNOTAVAIL, link_set_address("n0", multicast, 6));
	EXPECT_ERRNO(EINVAL, link_set_address("n0", mac, 5));
	ASSERT_OK(link_get("n0", &link));
	EXPECT_EQ(0, memcmp(mac, link.address, 6));
	tun_close(&t);
}

TEST(no_address, .title = "a TUN has no address and takes none", .behaviours = { 478 })
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	struct tun t = tun_create("n0", IFF_TUN | IFF_NO_PI);
	struct link link;

	EXPECT_ERRNO(EOPNOTSUPP, link_set_address("n0", mac, 6));
	ASSERT_OK(link_get("n0", &link));
	EXPECT_EQ(0, link.address_len);
	EXPECT_EQ(ARPHRD_NONE, link.type);
	tun_close(&t);
}

/*
 * The link-local IPv6 address of @name in hexadecimal digits as the kernel lists it, and its flags;
 * false if it gets none in time.
 */
static bool link_local(const char *name, char address[33], unsigned int *flags)
{
	int64_t deadline = clock_ms() + TIMEOUT_MS;
	char dev[IFNAMSIZ], line[128];
	bool found = false;
	FILE *f;

	while (!found && clock_left(deadline)) {
		f = fopen("/proc/net/if_inet6", "re");
		while (f && !found && fgets(line, sizeof(line), f))
			found = sscanf(line, "%32s %*x %*x %*x %x %15s", address, flags, dev) ==
					3 &&
				!strcmp(dev, name) && !strncmp(address, "fe80", 4);
		if (f)
			fclose(f);
		if (!found)
			usleep(2000);
	}
	return found;
}

/* IPv6 as it is by default, but for the sysctls that matter here. */
static void enable_ipv6(void)
{
	if (netns_sysctl("ipv6/conf/default/disable_ipv6", "0") ||
	    netns_sysctl("ipv6/conf/default/addr_gen_mode", "0") ||
	    netns_sysctl("ipv6/conf/default/accept_dad", "1") ||
	    netns_sysctl("ipv6/conf/default/dad_transmits", "1"))
		TH_BAIL("IPv6 sysctls: %s", strerror(errno));
}

#define ADDRESS_TENTATIVE 0x40 /* IFA_F_TENTATIVE */

/* Waits until the link-local address of @name is not tentative any more. */
static bool usable(const char *name, char address[33])
{
	int64_t deadline = clock_ms() + TIMEOUT_MS;
	unsigned int flags = ADDRESS_TENTATIVE;

	while (link_local(name, address, &flags) && flags & ADDRESS_TENTATIVE &&
	       clock_left(deadline))
		usleep(2000);
	return !(flags & ADDRESS_TENTATIVE);
}

/* How many neighbour solicitations, which duplicate detection starts with, the kernel has sent. */
static int solicitations(const struct tun *t)
{
	struct tun_packet packet;
	struct parsed p;
	int n = 0;

	while (tun_recv_proto(t, &packet, IPPROTO_ICMPV6, 0, &p))
		n += p.icmp_type == ND_NEIGHBOR_SOLICIT;
	return n;
}

TEST(tun_link_local,
     .title = "a TUN gets a random link-local address, usable without duplicate detection",
     .behaviours = { 481, 561 }, .needs = { "ipv6", "sysctl" })
{
	char first[33], second[33];
	struct tun a, b;

	enable_ipv6();
	a = tun_create("n0", IFF_TUN | IFF_NO_PI);
	b = tun_create("n1", IFF_TUN | IFF_NO_PI);
	ASSERT_OK(link_up("n0"));
	ASSERT_OK(link_up("n1"));
	ASSERT_TRUE(usable("n0", first));
	ASSERT_TRUE(usable("n1", second));
	EXPECT_EQ(0, solicitations(&a));
	EXPECT_EQ(0, solicitations(&b));
	/* There is no hardware address it could be made of. */
	EXPECT_STRNE(first, second);
	tun_close(&b);
	tun_close(&a);
}

TEST(tap_link_local, .title = "a TAP's link-local address is made of its Ethernet address (EUI-64)",
     .behaviours = { 481 }, .needs = { "ipv6", "sysctl" })
{
	static const uint8_t mac[6] = { 0x02, 0x12, 0x34, 0x56, 0x78, 0x9a };
	char address[33];
	unsigned int flags;
	struct tun t;

	enable_ipv6();
	t = tun_create("n0", IFF_TAP | IFF_NO_PI);
	ASSERT_OK(link_set_address("n0", mac, 6));
	ASSERT_OK(link_up("n0"));
	ASSERT_TRUE(link_local("n0", address, &flags));
	EXPECT_STREQ("fe80000000000000001234fffe56789a", address);
	tun_close(&t);
}
