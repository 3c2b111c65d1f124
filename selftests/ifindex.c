// SPDX-License-Identifier: GPL-2.0-only
/* TUNSETIFINDEX: the interface index of the device that the file will make. */
#include <limits.h>
#include <unistd.h>

#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/sysfs.h"
#include "netns/tool.h"

TEST(accepts, .title = "before attach TUNSETIFINDEX takes 0 and every positive index, taken or not",
     .behaviours = { 222 })
{
	static const int indices[] = { 0, 1, 2, 777, 0x10000, INT_MAX };
	int fd = tun_open();

	for (size_t i = 0; i < ARRAY_SIZE(indices); i++) {
		EXPECT_OK(tun_set_ifindex(fd, indices[i])) {
			TH_LOG("index %d", indices[i]);
		}
	}
	close(fd);
}

TEST(negative, .title = "a negative index gives EINVAL and leaves the one set before",
     .behaviours = { 222, 224 })
{
	static const int indices[] = { -1, -2, -777, INT_MIN };
	int fd = tun_open();

	ASSERT_OK(tun_set_ifindex(fd, 777));
	for (size_t i = 0; i < ARRAY_SIZE(indices); i++) {
		EXPECT_ERRNO(EINVAL, tun_set_ifindex(fd, indices[i])) {
			TH_LOG("index %d", indices[i]);
		}
	}
	ASSERT_OK(tun_set_iff(fd, "kept", IFF_TUN));
	EXPECT_EQ(777, if_nametoindex("kept"));
	close(fd);
}

TEST(bad_address,
     .title = "an index that cannot be read gives EFAULT and leaves the one set before",
     .behaviours = { 222, 224 })
{
	int fd = tun_open();

	ASSERT_OK(tun_set_ifindex(fd, 777));
	EXPECT_ERRNO(EFAULT, ioctl(fd, TUNSETIFINDEX, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(fd, TUNSETIFINDEX, (void *)-1L));
	ASSERT_OK(tun_set_iff(fd, "kept", IFF_TUN));
	EXPECT_EQ(777, if_nametoindex("kept"));
	close(fd);
}

FIXTURE(ifindex)
{
};

FIXTURE_VARIANT(ifindex)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(ifindex, tun)
{
	.flags = IFF_TUN | IFF_NO_PI,
};

FIXTURE_VARIANT_ADD(ifindex, tap)
{
	.flags = IFF_TAP | IFF_NO_PI,
};

TEST_F(ifindex, attached,
       .title = "TUNSETIFINDEX on an attached file gives EPERM, whatever the value",
       .behaviours = { 223 })
{
	struct tun t = tun_create("fixed", variant->flags);
	int index = if_nametoindex("fixed");

	EXPECT_ERRNO(EPERM, tun_set_ifindex(t.fd, 777));
	EXPECT_ERRNO(EPERM, tun_set_ifindex(t.fd, 0));
	EXPECT_ERRNO(EPERM, tun_set_ifindex(t.fd, -1));
	/* The argument is not even read. */
	EXPECT_ERRNO(EPERM, ioctl(t.fd, TUNSETIFINDEX, NULL));
	EXPECT_EQ(index, if_nametoindex("fixed"));
	tun_close(&t);
}

TEST(detached_queue, .title = "TUNSETIFINDEX on a file with a detached queue gives EPERM",
     .behaviours = { 223 }, .needs = { "multi_queue" })
{
	struct tun t = tun_create("fixed", IFF_TUN | IFF_MULTI_QUEUE);

	ASSERT_OK(tun_set_queue(t.fd, IFF_DETACH_QUEUE));
	EXPECT_ERRNO(EPERM, tun_set_ifindex(t.fd, 777));
	EXPECT_OK(tun_set_queue(t.fd, IFF_ATTACH_QUEUE));
	tun_close(&t);
}

TEST_F(ifindex, chosen, .title = "the next TUNSETIFF makes its device with the chosen index",
       .behaviours = { 224 })
{
	static const int indices[] = { 777, 0x10000, 0x12345678, INT_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(indices); i++) {
		struct link_watch *watch = link_watch_open();
		char name[IFNAMSIZ];
		struct link_event event;
		struct link link;
		int fd = tun_open();

		ASSERT_OK(tun_set_ifindex(fd, indices[i]));
		ASSERT_OK(tun_set_iff(fd, "chosen", variant->flags)) {
			TH_LOG("index %d", indices[i]);
		}
		EXPECT_EQ(indices[i], if_nametoindex("chosen"));
		EXPECT_TRUE(if_indextoname(indices[i], name) && !strcmp(name, "chosen"));
		ASSERT_OK(link_get("chosen", &link));
		EXPECT_EQ(indices[i], link.index);
		ASSERT_TRUE(link_watch_next(watch, "chosen", 0, &event));
		EXPECT_EQ(indices[i], event.link.index);
		if (harness_feature("sysfs")) {
			EXPECT_EQ(indices[i], sysfs_number("chosen", "ifindex"));
		}
		if (harness_feature("iproute2")) {
			json_t *json = tool_ip_link("chosen");

			EXPECT_EQ(indices[i], tool_get_int(json, "ifindex"));
			json_decref(json);
		}
		close(fd);
		link_watch_close(watch);
	}
}

TEST(last_counts, .title = "of several indices the last one counts, and 0 means automatic again",
     .behaviours = { 224 })
{
	int fd = tun_open();

	ASSERT_OK(tun_set_ifindex(fd, 777));
	ASSERT_OK(tun_set_ifindex(fd, 778));
	ASSERT_OK(tun_set_iff(fd, "last", IFF_TUN));
	EXPECT_EQ(778, if_nametoindex("last"));
	close(fd);

	fd = tun_open();
	ASSERT_OK(tun_set_ifindex(fd, 777));
	ASSERT_OK(tun_set_ifindex(fd, 0));
	ASSERT_OK(tun_set_iff(fd, "automatic", IFF_TUN));
	EXPECT_NE(777, if_nametoindex("automatic"));
	EXPECT_LT(0, if_nametoindex("automatic"));
	close(fd);
}

TEST_F(ifindex, taken,
       .title = "an index in use makes TUNSETIFF give EBUSY; after a reset to 0 it works",
       .behaviours = { 225 }, .guards = { "158b515f703e", "CVE-2021-47082" })
{
	struct tun owner = tun_create("owner", variant->flags);
	int index = if_nametoindex("owner"), lo = if_nametoindex("lo"), fd = tun_open();

	ASSERT_OK(tun_set_ifindex(fd, lo));
	EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "late", variant->flags));
	EXPECT_FALSE(link_exists("late"));
	ASSERT_OK(tun_set_ifindex(fd, index));
	EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "late", variant->flags));
	ASSERT_OK(tun_set_ifindex(fd, 0));
	EXPECT_OK(tun_set_iff(fd, "late", variant->flags));
	EXPECT_NE(index, if_nametoindex("late"));
	EXPECT_LT(0, if_nametoindex("late"));
	close(fd);

	/* Free again as soon as its owner is gone. */
	tun_close(&owner);
	fd = tun_open();
	ASSERT_OK(tun_set_ifindex(fd, index));
	EXPECT_OK(tun_set_iff(fd, "late", variant->flags));
	EXPECT_EQ(index, if_nametoindex("late"));
	close(fd);
}

TEST(outlives_refusal,
     .title = "a TUNSETIFF refused before it makes a device leaves the index for the next",
     .behaviours = { 224 })
{
	int fd = tun_open();

	ASSERT_OK(tun_set_ifindex(fd, 777));
	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "a b", IFF_TUN));
	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "typeless", 0));
	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "lo", IFF_TUN));
	EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "lo", IFF_TUN | IFF_TUN_EXCL));
	ASSERT_OK(tun_set_iff(fd, "valid", IFF_TUN));
	EXPECT_EQ(777, if_nametoindex("valid"));
	close(fd);
}

TEST_F(ifindex, existing,
       .title = "the index is ignored when TUNSETIFF attaches to an existing device",
       .behaviours = { 226 })
{
	struct tun t = tun_create("existing", variant->flags);
	int index = if_nametoindex("existing"), fd = tun_open();

	ASSERT_OK(tun_set_persist(t.fd, 1));
	tun_close(&t);
	/* Not even one that is taken is in the way. */
	ASSERT_OK(tun_set_ifindex(fd, 1));
	ASSERT_OK(tun_set_iff(fd, "existing", variant->flags));
	EXPECT_EQ(index, if_nametoindex("existing"));
	close(fd);

	fd = tun_open();
	ASSERT_OK(tun_set_ifindex(fd, 777));
	ASSERT_OK(tun_set_iff(fd, "existing", variant->flags));
	EXPECT_EQ(index, if_nametoindex("existing"));
	close(fd);
}

TEST(second_queue, .title = "the index is ignored for a second queue", .behaviours = { 226 },
     .needs = { "multi_queue" })
{
	const unsigned int flags = IFF_TAP | IFF_MULTI_QUEUE;
	struct tun first = tun_create("shared", flags);
	int index = if_nametoindex("shared"), fd = tun_open();

	ASSERT_OK(tun_set_ifindex(fd, 777));
	ASSERT_OK(tun_set_iff(fd, "shared", flags));
	EXPECT_EQ(index, if_nametoindex("shared"));
	close(fd);
	tun_close(&first);
}

TEST(counter, .title = "a chosen index does not move the kernel's own counter",
     .behaviours = { 227 })
{
	struct tun before = tun_create("before", IFF_TUN), after;
	int fd = tun_open(), index = if_nametoindex("before");

	ASSERT_OK(tun_set_ifindex(fd, 777));
	ASSERT_OK(tun_set_iff(fd, "chosen", IFF_TUN));
	after = tun_create("after", IFF_TUN);
	/* Nothing else makes links here. */
	EXPECT_EQ(index + 1, if_nametoindex("after"));
	close(fd);

	/* One that the counter comes to next is passed over. */
	fd = tun_open();
	ASSERT_OK(tun_set_ifindex(fd, index + 2));
	ASSERT_OK(tun_set_iff(fd, "chosen", IFF_TUN));
	tun_close(&after);
	after = tun_create("after", IFF_TUN);
	EXPECT_EQ(index + 3, if_nametoindex("after"));
	close(fd);
	tun_close(&after);
	tun_close(&before);
}

TEST(two_namespaces, .title = "two network namespaces can have the same index",
     .behaviours = { 227 }, .needs = { "net_namespaces" })
{
	int home = netns_self(), other = netns_new(), here = tun_open(), there;

	ASSERT_OK(tun_set_ifindex(here, 777));
	ASSERT_OK(tun_set_iff(here, "here", IFF_TUN));
	netns_enter(other);
	there = tun_open();
	ASSERT_OK(tun_set_ifindex(there, 777));
	EXPECT_OK(tun_set_iff(there, "there", IFF_TUN));
	EXPECT_EQ(777, if_nametoindex("there"));
	netns_enter(home);
	EXPECT_EQ(777, if_nametoindex("here"));
	close(here);
	close(there);
	close(other);
	close(home);
}
