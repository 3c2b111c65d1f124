/* SPDX-License-Identifier: GPL-2.0-only */
/* One rtnetlink request and its answer. */
#ifndef NETNS_RTNL_H
#define NETNS_RTNL_H

#include <stddef.h>
#include <stdint.h>
#include <linux/netlink.h>

/* Room for any request here. */
#define RTNL_REQUEST_SIZE 1024

/*
 * Starts a message of @type (RTM_...) with NLM_F_REQUEST | NLM_F_ACK | @flags in @buf, which has
 * RTNL_REQUEST_SIZE bytes, followed by a zeroed header of @header bytes (struct ifinfomsg, ...).
 */
struct nlmsghdr *rtnl_start(void *buf, uint16_t type, uint16_t flags, size_t header);

/*
 * Sends @request and waits for its answer. @on_message, if not NULL, gets every message of the
 * answer that is not an error or an acknowledgement. 0, or -1 and the kernel's errno.
 * Each call uses a socket of its own, so the calling thread's current namespace decides.
 */
int rtnl_talk(struct nlmsghdr *request, void (*on_message)(const struct nlmsghdr *, void *),
	      void *arg);

/* The same by generic netlink. */
int rtnl_talk_generic(struct nlmsghdr *request,
		      void (*on_message)(const struct nlmsghdr *, void *), void *arg);

/* The kernel's extended acknowledgement of the last of these, "" if it gave none. */
const char *rtnl_extack(void);

#endif /* NETNS_RTNL_H */
