// SPDX-License-Identifier: GPL-2.0-only
/* Addresses, routes and neighbours by rtnetlink. */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "harness/harness.h"
#include "netns/addr.h"
#include "netns/rtnl.h"

struct ip {
	uint8_t family;
	uint8_t len;	/* of @bytes */
	uint8_t prefix; /* bits */
	uint8_t bytes[16];
};

static struct ip parse_ip(const char *text)
{
	struct ip ip = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	ip.len = ip.family == AF_INET6 ? 16 : 4;
	ip.prefix = 8 * ip.len;
	if (inet_pton(ip.family, text, ip.bytes) != 1)
		TH_BAIL("'%s' is not an IP address", text);
	return ip;
}

static struct ip parse_cidr(const char *cidr)
{
	const char *slash = strchr(cidr, '/');
	char text[INET6_ADDRSTRLEN];
	struct ip ip;

	if (!slash)
		TH_BAIL("'%s' has no prefix length", cidr);
	snprintf(text, sizeof(text), "%.*s", (int)(slash - cidr), cidr);
	ip = parse_ip(text);
	ip.prefix = atoi(slash + 1);
	return ip;
}

static int change_addr(uint16_t type, uint16_t flags, const char *link, const char *cidr)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = rtnl_start(buf, type, flags, sizeof(struct ifaddrmsg));
	struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct ip ip = parse_cidr(cidr);

	ifa->ifa_family = ip.family;
	ifa->ifa_prefixlen = ip.prefix;
	ifa->ifa_flags = ip.family == AF_INET6 ? IFA_F_NODAD : 0;
	ifa->ifa_index = if_nametoindex(link);
	if (!ifa->ifa_index)
		return -1;
	mnl_attr_put(nlh, IFA_LOCAL, ip.len, ip.bytes);
	mnl_attr_put(nlh, IFA_ADDRESS, ip.len, ip.bytes);
	return rtnl_talk(nlh, NULL, NULL);
}

int addr_add(const char *link, const char *cidr)
{
	return change_addr(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, link, cidr);
}

int addr_del(const char *link, const char *cidr)
{
	return change_addr(RTM_DELADDR, 0, link, cidr);
}

int route_add(const char *cidr, const char *via, const char *link)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh =
		rtnl_start(buf, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct rtmsg));
	struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	unsigned int index = if_nametoindex(link);
	struct ip ip = parse_cidr(cidr);

	if (!index)
		return -1;
	rtm->rtm_family = ip.family;
	rtm->rtm_dst_len = ip.prefix;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_scope = via ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	rtm->rtm_type = RTN_UNICAST;
	mnl_attr_put(nlh, RTA_DST, ip.len, ip.bytes);
	mnl_attr_put_u32(nlh, RTA_OIF, index);
	if (via) {
		ip = parse_ip(via);
		mnl_attr_put(nlh, RTA_GATEWAY, ip.len, ip.bytes);
	}
	return rtnl_talk(nlh, NULL, NULL);
}

int neigh_add(const char *link, const char *ip_text, const uint8_t mac[6])
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh =
		rtnl_start(buf, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(struct ndmsg));
	struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	struct ip ip = parse_ip(ip_text);

	ndm->ndm_family = ip.family;
	ndm->ndm_state = NUD_PERMANENT;
	ndm->ndm_ifindex = if_nametoindex(link);
	if (!ndm->ndm_ifindex)
		return -1;
	mnl_attr_put(nlh, NDA_DST, ip.len, ip.bytes);
	mnl_attr_put(nlh, NDA_LLADDR, 6, mac);
	return rtnl_talk(nlh, NULL, NULL);
}

struct sockaddr_storage sock_addr(const char *ip_text, uint16_t port, socklen_t *len)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr_in6 *sin6 = (void *)&ss;
	struct sockaddr_in *sin = (void *)&ss;
	struct ip ip = parse_ip(ip_text);

	ss.ss_family = ip.family;
	if (ip.family == AF_INET6) {
		sin6->sin6_port = htons(port);
		memcpy(&sin6->sin6_addr, ip.bytes, ip.len);
		*len = sizeof(*sin6);
	} else {
		sin->sin_port = htons(port);
		memcpy(&sin->sin_addr, ip.bytes, ip.len);
		*len = sizeof(*sin);
	}
	return ss;
}
