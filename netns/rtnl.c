// SPDX-License-Identifier: GPL-2.0-only
/* One rtnetlink request and its answer. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <libmnl/libmnl.h>

#include "netns/rtnl.h"

static __thread char extack[256];

const char *rtnl_extack(void)
{
	return extack;
}

struct nlmsghdr *rtnl_start(void *buf, uint16_t type, uint16_t flags, size_t header)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	mnl_nlmsg_put_extra_header(nlh, header);
	return nlh;
}

static void note_extack(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t offset = sizeof(*err);
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	/* An error comes with a copy of the request, unless the kernel says it left that out. */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		offset += mnl_nlmsg_get_payload_len(&err->msg);
	mnl_attr_for_each(attr, nlh, offset) {
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(extack, sizeof(extack), "%s", mnl_attr_get_str(attr));
	}
}

/* True if @nlh ends the answer; @err is then the errno or 0. */
static bool ends_answer(const struct nlmsghdr *nlh, int *err)
{
	if (nlh->nlmsg_type != NLMSG_ERROR && nlh->nlmsg_type != NLMSG_DONE)
		return false;
	/* Both start with an int, the negative errno. */
	*err = -*(const int *)mnl_nlmsg_get_payload(nlh);
	if (nlh->nlmsg_type == NLMSG_ERROR)
		note_extack(nlh);
	return true;
}

/* 0, or the errno of the answer or of the socket. */
static int read_answer(const struct mnl_socket *nl,
		       void (*on_message)(const struct nlmsghdr *, void *), void *arg)
{
	char buf[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *nlh;
	int len, err;

	for (;;) {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return errno;
		for (nlh = (void *)buf; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
			if (ends_answer(nlh, &err))
				return err;
			if (on_message)
				on_message(nlh, arg);
		}
	}
}

static int talk(int protocol, struct nlmsghdr *request,
		void (*on_message)(const struct nlmsghdr *, void *), void *arg)
{
	struct mnl_socket *nl = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	int on = 1, err;

	extack[0] = '\0';
	if (!nl)
		return -1;
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on));
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) ||
	    mnl_socket_sendto(nl, request, request->nlmsg_len) < 0)
		err = errno;
	else
		err = read_answer(nl, on_message, arg);
	mnl_socket_close(nl);
	errno = err;
	return err ? -1 : 0;
}

int rtnl_talk(struct nlmsghdr *request, void (*on_message)(const struct nlmsghdr *, void *),
	      void *arg)
{
	return talk(NETLINK_ROUTE, request, on_message, arg);
}

int rtnl_talk_generic(struct nlmsghdr *request,
		      void (*on_message)(const struct nlmsghdr *, void *), void *arg)
{
	return talk(NETLINK_GENERIC, request, on_message, arg);
}
