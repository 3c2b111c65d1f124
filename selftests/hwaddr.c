// SPDX-License-Identifier: GPL-2.0-only
/* SIOCGIFHWADDR and SIOCSIFHWADDR on the device's file. */
#include <net/if_arp.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device/tun.h"
#include "harness/harness.h"
#include "netns/creds.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/sysfs.h"
#include "netns/tool.h"

#ifndef ARPHRD_NONE
#define ARPHRD_NONE 0xfffe
#endif
#ifndef ARPHRD_TUNNEL6
#define ARPHRD_TUNNEL6 769
#endif

static const uint8_t zero[14];
static const uint8_t address[6] = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 };
static const uint8_t another[6] = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x66 };

FIXTURE(hwaddr)
{
	struct tun t; /* a TAP */
};

FIXTURE_SETUP(hwaddr)
{
	self->t = tun_create("h0", IFF_TAP | IFF_NO_PI);
}

FIXTURE_TEARDOWN(hwaddr)
{
	tun_close(&self->t);
}

TEST_F(hwaddr, get, .title = "SIOCGIFHWADDR on a TAP gives ARPHRD_ETHER and the device's address",
       .behaviours = { 249 })
{
	struct link link;
	uint16_t family;
	uint8_t seen[14];

	ASSERT_OK(link_get("h0", &link));
	EXPECT_OK(tun_get_hwaddr(self->t.fd, &family, seen));
	EXPECT_EQ(ARPHRD_ETHER, family);
	ASSERT_EQ(6, link.address_len);
	EXPECT_EQ(0, memcmp(link.address, seen, 6));
	/* The driver's own choice: of this machine alone, and of one station. */
	EXPECT_EQ(2, seen[0] & 3);
	EXPECT_EQ(0, memcmp(zero, seen + 6, 8));
}

TEST_F(hwaddr, name_ignored, .title = "SIOCGIFHWADDR pays no heed to the name and leaves it alone",
       .behaviours = { 249 })
{
	struct ifreq ifr;
	uint16_t family;
	uint8_t seen[14];

	ASSERT_OK(tun_get_hwaddr(self->t.fd, &family, seen));
	memset(&ifr, 0xa5, sizeof(ifr));
	memcpy(ifr.ifr_name, "lo\0left as it is", IFNAMSIZ);
	EXPECT_OK(ioctl(self->t.fd, SIOCGIFHWADDR, &ifr));
	EXPECT_EQ(0, memcmp("lo\0left as it is", ifr.ifr_name, IFNAMSIZ));
	EXPECT_EQ(ARPHRD_ETHER, ifr.ifr_hwaddr.sa_family);
	EXPECT_EQ(0, memcmp(seen, ifr.ifr_hwaddr.sa_data, 6));
}

TEST(tun_get, .title = "SIOCGIFHWADDR on a TUN gives ARPHRD_NONE and an address of zeroes",
     .behaviours = { 250 })
{
	struct tun t = tun_create("h0", IFF_TUN | IFF_NO_PI);
	struct ifreq ifr;

	memset(&ifr, 0xa5, sizeof(ifr));
	EXPECT_OK(ioctl(t.fd, SIOCGIFHWADDR, &ifr));
	EXPECT_EQ(ARPHRD_NONE, ifr.ifr_hwaddr.sa_family);
	EXPECT_EQ(0, memcmp(zero, ifr.ifr_hwaddr.sa_data, sizeof(zero)));
	tun_close(&t);
}

TEST(read_only, .title = "SIOCGIFHWADDR into memory that can only be read gives EFAULT",
     .behaviours = { 251 })
{
	struct tun t = tun_create("h0", IFF_TAP | IFF_NO_PI);
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, page);
	EXPECT_ERRNO(EFAULT, ioctl(t.fd, SIOCGIFHWADDR, page));
	EXPECT_OK(mprotect(page, 4096, PROT_READ | PROT_WRITE));
	EXPECT_OK(ioctl(t.fd, SIOCGIFHWADDR, page));
	tun_close(&t);
}

TEST(bad_use, .title = "without a pointer both give EFAULT, without a device EBADFD",
     .behaviours = { 251, 260, 261 })
{
	struct tun t = tun_create("h0", IFF_TAP | IFF_NO_PI);
	int fd = tun_open();
	uint16_t family;
	uint8_t seen[14];

	EXPECT_ERRNO(EFAULT, ioctl(t.fd, SIOCGIFHWADDR, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(t.fd, SIOCSIFHWADDR, NULL));
	EXPECT_ERRNO(EBADFD, tun_get_hwaddr(fd, &family, seen));
	EXPECT_ERRNO(EBADFD, tun_set_hwaddr(fd, ARPHRD_ETHER, address, 6));
	close(fd);
	tun_close(&t);
}

TEST_F(hwaddr, moved, .title = "both follow the device into another network namespace",
       .behaviours = { 252, 253 }, .needs = { "net_namespaces" })
{
	int home = netns_self(), away = netns_new(), other = tun_open();
	struct link link;
	uint16_t family;
	uint8_t seen[14];

	ASSERT_OK(tun_set_hwaddr(self->t.fd, ARPHRD_ETHER, address, 6));
	ASSERT_OK(link_set_netns("h0", away));
	/* Another device of the same name, where the file was opened. */
	ASSERT_OK(tun_set_iff(other, "h0", IFF_TAP | IFF_NO_PI));

	EXPECT_OK(tun_get_hwaddr(self->t.fd, &family, seen));
	EXPECT_EQ(ARPHRD_ETHER, family);
	EXPECT_EQ(0, memcmp(address, seen, 6));
	EXPECT_OK(tun_set_hwaddr(self->t.fd, ARPHRD_ETHER, another, 6));
	ASSERT_OK(link_get("h0", &link));
	EXPECT_NE(0, memcmp(another, link.address, 6));
	netns_enter(away);
	ASSERT_OK(link_get("h0", &link));
	EXPECT_EQ(0, memcmp(another, link.address, 6));
	netns_enter(home);
	close(other);
	close(home);
	close(away);
}

FIXTURE(hwaddr_set)
{
	struct tun t;
};

FIXTURE_VARIANT(hwaddr_set)
{
	bool up;
};

FIXTURE_VARIANT_ADD(hwaddr_set, down)
{
	.up = false,
};

FIXTURE_VARIANT_ADD(hwaddr_set, up)
{
	.up = true,
};

FIXTURE_SETUP(hwaddr_set)
{
	self->t = tun_create("h0", IFF_TAP | IFF_NO_PI);
	if (variant->up && link_up("h0"))
		TH_BAIL("h0 up: %s", strerror(errno));
}

FIXTURE_TEARDOWN(hwaddr_set)
{
	tun_close(&self->t);
}

TEST_F(hwaddr_set, works, .title = "SIOCSIFHWADDR changes a TAP's address, up or down",
       .behaviours = { 253, 553 })
{
	struct link link;
	uint16_t family;
	uint8_t seen[14];

	EXPECT_OK(tun_set_hwaddr(self->t.fd, ARPHRD_ETHER, address, 6));
	EXPECT_OK(tun_get_hwaddr(self->t.fd, &family, seen));
	EXPECT_EQ(0, memcmp(address, seen, 6));
	ASSERT_OK(link_get("h0", &link));
	EXPECT_EQ(0, memcmp(address, link.address, 6));
	EXPECT_EQ(variant->up ? IFF_UP : 0, link.flags & IFF_UP);
}

TEST_F(hwaddr_set, event, .title = "every SIOCSIFHWADDR is a link event, even for the same address",
       .behaviours = { 253 })
{
	struct link_watch *watch = link_watch_open();
	struct link_event event;

	for (int i = 0; i < 2; i++) {
		EXPECT_OK(tun_set_hwaddr(self->t.fd, ARPHRD_ETHER, address, 6));
		ASSERT_TRUE(link_watch_next(watch, "h0", 0, &event));
		EXPECT_EQ(RTM_NEWLINK, event.type);
		EXPECT_EQ(0, memcmp(address, event.link.address, 6));
		EXPECT_FALSE(link_watch_next(watch, "h0", 0, &event));
	}
	/* One that fails is none. */
	EXPECT_ERRNO(EADDRNOTAVAIL, tun_set_hwaddr(self->t.fd, ARPHRD_ETHER, zero, 6));
	EXPECT_FALSE(link_watch_next(watch, "h0", 0, &event));
	link_watch_close(watch);
}

TEST_F(hwaddr_set, refused, .title = "SIOCSIFHWADDR refuses multicast, zero, and another family",
       .behaviours = { 254 })
{
	static const uint8_t multicast[6] = { 0x03, 0x11, 0x22, 0x33, 0x44, 0x55 };
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	int fd = self->t.fd;
	struct link link;

	ASSERT_OK(tun_set_hwaddr(fd, ARPHRD_ETHER, address, 6));
	EXPECT_ERRNO(EADDRNOTAVAIL, tun_set_hwaddr(fd, ARPHRD_ETHER, multicast, 6));
	EXPECT_ERRNO(EADDRNOTAVAIL, tun_set_hwaddr(fd, ARPHRD_ETHER, broadcast, 6));
	EXPECT_ERRNO(EADDRNOTAVAIL, tun_set_hwaddr(fd, ARPHRD_ETHER, zero, 6));
	EXPECT_ERRNO(EINVAL, tun_set_hwaddr(fd, 0, another, 6));
	EXPECT_ERRNO(EINVAL, tun_set_hwaddr(fd, AF_INET, another, 6));
	EXPECT_ERRNO(EINVAL, tun_set_hwaddr(fd, ARPHRD_NONE, another, 6));
	ASSERT_OK(link_get("h0", &link));
	EXPECT_EQ(0, memcmp(address, link.address, 6));
}

TEST(tun_set, .title = "SIOCSIFHWADDR on a TUN gives EOPNOTSUPP", .behaviours = { 255 })
{
	struct tun t = tun_create("h0", IFF_TUN | IFF_NO_PI);

	EXPECT_ERRNO(EOPNOTSUPP, tun_set_hwaddr(t.fd, ARPHRD_NONE, address, 6));
	/* The lack of the operation is seen before the wrong family. */
	EXPECT_ERRNO(EOPNOTSUPP, tun_set_hwaddr(t.fd, ARPHRD_ETHER, address, 6));
	tun_close(&t);
}

TEST_F(hwaddr, long_type,
       .title = "after TUNSETLINK to 16-byte addresses 6 bytes are set, or EINVAL",
       .behaviours = { 115, 256 })
{
	struct link before, after;

	ASSERT_OK(tun_set_link(self->t.fd, ARPHRD_TUNNEL6));
	ASSERT_OK(link_get("h0", &before));
	ASSERT_EQ(16, before.address_len);
	/*
	 * struct ifreq has room for 14 bytes. Kernels that notice refuse; the others must not touch
	 * more than Ethernet's six.
	 */
	if (!tun_set_hwaddr(self->t.fd, ARPHRD_TUNNEL6, address, 6)) {
		memcpy(before.address, address, 6);
	} else {
		EXPECT_EQ(EINVAL, errno);
	}
	ASSERT_OK(link_get("h0", &after));
	EXPECT_EQ(16, after.address_len);
	EXPECT_EQ(0, memcmp(before.address, after.address, 16));
}

TEST_F(hwaddr, no_capability,
       .title = "SIOCSIFHWADDR on the file needs no capability, on a socket it does",
       .behaviours = { 257 })
{
	struct ifreq ifr = { .ifr_name = "h0", .ifr_hwaddr.sa_family = ARPHRD_ETHER };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint16_t family;
	uint8_t seen[14];

	creds_capable(false);
	EXPECT_OK(tun_set_hwaddr(self->t.fd, ARPHRD_ETHER, address, 6));
	memcpy(ifr.ifr_hwaddr.sa_data, another, 6);
	EXPECT_ERRNO(EPERM, ioctl(fd, SIOCSIFHWADDR, &ifr));
	EXPECT_ERRNO(EPERM, link_set_address("h0", another, 6));
	EXPECT_OK(tun_get_hwaddr(self->t.fd, &family, seen));
	EXPECT_EQ(0, memcmp(address, seen, 6));

	creds_capable(true);
	EXPECT_OK(ioctl(fd, SIOCSIFHWADDR, &ifr));
	EXPECT_OK(tun_get_hwaddr(self->t.fd, &family, seen));
	EXPECT_EQ(0, memcmp(another, seen, 6));
	close(fd);
}

/* addr_assign_type of <linux/netdevice.h>: how the device came by its address. */
static int assign_type(void)
{
	return sysfs_number("h0", "addr_assign_type");
}

TEST_F(hwaddr, assign_type,
       .title = "a TAP's address is random at first and set after SIOCSIFHWADDR",
       .behaviours = { 258 }, .needs = { "sysfs" })
{
	EXPECT_EQ(1, assign_type()); /* NET_ADDR_RANDOM */
	EXPECT_ERRNO(EINVAL, tun_set_hwaddr(self->t.fd, ARPHRD_NONE, address, 6));
	EXPECT_EQ(1, assign_type());
	EXPECT_OK(tun_set_hwaddr(self->t.fd, ARPHRD_ETHER, address, 6));
	EXPECT_EQ(3, assign_type()); /* NET_ADDR_SET */
}

TEST_F(hwaddr, witnesses,
       .title = "ip shows the address that SIOCSIFHWADDR sets, and sets what SIOCGIFHWADDR gives",
       .behaviours = { 249, 253 }, .needs = { "iproute2" })
{
	static const uint8_t ip_set[6] = { 0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee };
	uint16_t family;
	uint8_t seen[14];
	json_t *json;

	EXPECT_OK(tun_set_hwaddr(self->t.fd, ARPHRD_ETHER, address, 6));
	json = tool_ip_link("h0");
	EXPECT_STREQ("02:11:22:33:44:55", tool_get_string(json, "address"));
	json_decref(json);
	tool_must("ip link set h0 address 02:aa:bb:cc:dd:ee");
	EXPECT_OK(tun_get_hwaddr(self->t.fd, &family, seen));
	EXPECT_EQ(0, memcmp(ip_set, seen, 6));
}
