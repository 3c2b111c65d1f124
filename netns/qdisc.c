// SPDX-License-Identifier: GPL-2.0-only
/* The qdiscs of a link by rtnetlink. */
#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "harness/harness.h"
#include "netns/qdisc.h"
#include "netns/rtnl.h"

static struct nlmsghdr *start(void *buf, uint16_t type, uint16_t flags, const char *link)
{
	struct nlmsghdr *nlh = rtnl_start(buf, type, flags, sizeof(struct tcmsg));
	struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);

	tcm->tcm_ifindex = if_nametoindex(link);
	tcm->tcm_parent = TC_H_ROOT;
	return nlh;
}

static struct nlmsghdr *start_new(void *buf, uint16_t flags, const char *link, const char *kind)
{
	struct nlmsghdr *nlh = start(buf, RTM_NEWQDISC, flags, link);

	mnl_attr_put_strz(nlh, TCA_KIND, kind);
	return nlh;
}

static struct nlmsghdr *start_add(void *buf, const char *link, const char *kind)
{
	return start_new(buf, NLM_F_CREATE | NLM_F_EXCL, link, kind);
}

static int put_tbf(struct nlmsghdr *nlh, uint32_t rate, uint32_t burst, uint32_t limit)
{
	struct tc_tbf_qopt opt = {
		.rate = { .rate = rate, .linklayer = TC_LINKLAYER_ETHERNET },
		.limit = limit,
	};
	struct nlattr *options = mnl_attr_nest_start(nlh, TCA_OPTIONS);

	mnl_attr_put(nlh, TCA_TBF_PARMS, sizeof(opt), &opt);
	mnl_attr_put_u32(nlh, TCA_TBF_BURST, burst);
	mnl_attr_nest_end(nlh, options);
	return rtnl_talk(nlh, NULL, NULL);
}

int qdisc_add_tbf(const char *link, uint32_t rate, uint32_t burst, uint32_t limit)
{
	char buf[RTNL_REQUEST_SIZE];

	return put_tbf(start_add(buf, link, "tbf"), rate, burst, limit);
}

int qdisc_change_tbf(const char *link, uint32_t rate, uint32_t burst, uint32_t limit)
{
	char buf[RTNL_REQUEST_SIZE];

	return put_tbf(start_new(buf, 0, link, "tbf"), rate, burst, limit);
}

int qdisc_add_netem(const char *link, uint32_t limit)
{
	struct tc_netem_qopt opt = { .limit = limit };
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = start_add(buf, link, "netem");

	mnl_attr_put(nlh, TCA_OPTIONS, sizeof(opt), &opt);
	return rtnl_talk(nlh, NULL, NULL);
}

int qdisc_add_clsact(const char *link)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = start_add(buf, link, "clsact");
	struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);

	tcm->tcm_parent = TC_H_CLSACT;
	tcm->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	return rtnl_talk(nlh, NULL, NULL);
}

int qdisc_add_bpf(const char *link, enum qdisc_hook hook, int program)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = start(buf, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, link);
	struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	struct nlattr *options;

	tcm->tcm_parent = TC_H_MAKE(TC_H_CLSACT, hook == QDISC_INGRESS ? TC_H_MIN_INGRESS :
									 TC_H_MIN_EGRESS);
	tcm->tcm_info = TC_H_MAKE(1 << 16, htons(ETH_P_ALL)); /* the first, of every protocol */
	mnl_attr_put_strz(nlh, TCA_KIND, "bpf");
	options = mnl_attr_nest_start(nlh, TCA_OPTIONS);
	mnl_attr_put_u32(nlh, TCA_BPF_FD, program);
	mnl_attr_put_strz(nlh, TCA_BPF_NAME, "test");
	mnl_attr_put_u32(nlh, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_nest_end(nlh, options);
	return rtnl_talk(nlh, NULL, NULL);
}

int qdisc_del(const char *link)
{
	char buf[RTNL_REQUEST_SIZE];

	return rtnl_talk(start(buf, RTM_DELQDISC, 0, link), NULL, NULL);
}

static void note_bytes(const struct nlmsghdr *answer, void *arg)
{
	const struct nlattr *attr;
	struct tc_stats stats;

	mnl_attr_for_each(attr, answer, sizeof(struct tcmsg)) {
		if (mnl_attr_get_type(attr) != TCA_STATS)
			continue;
		memcpy(&stats, mnl_attr_get_payload(attr), sizeof(stats));
		*(uint64_t *)arg = stats.bytes;
	}
}

uint64_t qdisc_bytes(const char *link)
{
	uint64_t bytes = 0;
	char buf[RTNL_REQUEST_SIZE];

	if (rtnl_talk(start(buf, RTM_GETQDISC, NLM_F_ECHO, link), note_bytes, &bytes))
		TH_BAIL("qdisc of %s: %s", link, strerror(errno));
	return bytes;
}
