// SPDX-License-Identifier: GPL-2.0-only
/* The generic netlink family "netdev". */
#include <errno.h>
#include <net/if.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "netns/netdev.h"
#include "netns/rtnl.h"

/* <linux/netdev.h> */
#define NETDEV_CMD_DEV_GET	  1
#define NETDEV_A_DEV_IFINDEX	  1
#define NETDEV_A_DEV_XDP_FEATURES 3

static struct nlmsghdr *start(void *buf, uint16_t family, uint8_t command)
{
	struct nlmsghdr *nlh = rtnl_start(buf, family, 0, sizeof(struct genlmsghdr));
	struct genlmsghdr *header = mnl_nlmsg_get_payload(nlh);

	header->cmd = command;
	header->version = 1;
	return nlh;
}

static void note_family(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			*(uint16_t *)arg = mnl_attr_get_u16(attr);
	}
}

static void note_features(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == NETDEV_A_DEV_XDP_FEATURES)
			*(uint64_t *)arg = mnl_attr_get_u64(attr);
	}
}

int netdev_xdp_features(const char *link, uint64_t *features)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = start(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	uint16_t family = 0;

	*features = 0;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, "netdev");
	if (rtnl_talk_generic(nlh, note_family, &family))
		return -1;
	nlh = start(buf, family, NETDEV_CMD_DEV_GET);
	mnl_attr_put_u32(nlh, NETDEV_A_DEV_IFINDEX, if_nametoindex(link));
	return rtnl_talk_generic(nlh, note_features, features);
}
