// SPDX-License-Identifier: GPL-2.0-only
/* A dump of links that comes in messages of any size: each device is in one of them, whole. */
#include <libmnl/libmnl.h>
#include <linux/if_tun.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include "device/tun.h"
#include "harness/harness.h"
#include "netns/rtnl.h"

#define DEVICES	 4
/* The kernel's messages have the size of the longest read before, from a page on. */
#define SMALLEST 4096
/* More than a device takes. */
#define RANGE	 2048
#define STEP	 4

static int count_data(const struct nlattr *attr, void *data)
{
	*(unsigned int *)data |= 1U << mnl_attr_get_type(attr);
	return MNL_CB_OK;
}

/* The kind's attributes as bits; 0 for none. */
static unsigned int info_data(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr, *info;
	unsigned int seen = 0;

	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg)) {
		if (mnl_attr_get_type(attr) != IFLA_LINKINFO)
			continue;
		mnl_attr_for_each_nested(info, attr) {
			if (mnl_attr_get_type(info) == IFLA_INFO_DATA)
				mnl_attr_parse_nested(info, count_data, &seen);
		}
	}
	return seen;
}

static void ask(struct mnl_socket *nl, uint16_t flags, int index)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifm;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	ifm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifm));
	ifm->ifi_index = index;
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		TH_BAIL("RTM_GETLINK: %s", strerror(errno));
}

/* How many devices the dump has with all of the attributes, read @size bytes at a time. */
static int complete(size_t size, unsigned int attributes)
{
	static char buf[SMALLEST + RANGE] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	const struct nlmsghdr *nlh;
	int found = 0, len;
	bool done = false;

	if (!nl)
		TH_BAIL("rtnetlink socket: %s", strerror(errno));
	ask(nl, 0, 1);
	if (mnl_socket_recvfrom(nl, buf, size) < 0)
		TH_BAIL("lo: %s", strerror(errno));
	ask(nl, NLM_F_DUMP, 0);
	while (!done && (len = mnl_socket_recvfrom(nl, buf, size)) > 0) {
		for (nlh = (void *)buf; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
			done |= nlh->nlmsg_type == NLMSG_DONE;
			found += nlh->nlmsg_type == RTM_NEWLINK && info_data(nlh) == attributes;
		}
	}
	mnl_socket_close(nl);
	return done ? found : -1;
}

TEST(dump_sizes,
     .title =
	     "a dump has each device with all of its attributes, wherever the kernel's messages end",
     .behaviours = { 468, 469 }, .needs = { "multi_queue" })
{
	const unsigned int all = 1U << IFLA_TUN_OWNER | 1U << IFLA_TUN_GROUP | 1U << IFLA_TUN_TYPE |
				 1U << IFLA_TUN_PI | 1U << IFLA_TUN_VNET_HDR |
				 1U << IFLA_TUN_PERSIST | 1U << IFLA_TUN_MULTI_QUEUE |
				 1U << IFLA_TUN_NUM_QUEUES | 1U << IFLA_TUN_NUM_DISABLED_QUEUES;
	struct tun t[DEVICES];

	for (int i = 0; i < DEVICES; i++) {
		t[i] = tun_create("d%d", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE);
		ASSERT_OK(tun_set_owner(t[i].fd, 0));
		ASSERT_OK(tun_set_group(t[i].fd, 0));
	}
	for (size_t size = SMALLEST; size < SMALLEST + RANGE; size += STEP) {
		ASSERT_EQ(DEVICES, complete(size, all))
		{
			TH_LOG("messages of %zu bytes", size);
		}
	}
	for (int i = 0; i < DEVICES; i++)
		tun_close(&t[i]);
}
