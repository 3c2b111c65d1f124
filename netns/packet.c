// SPDX-License-Identifier: GPL-2.0-only
/* AF_PACKET sockets: send and see whole frames on a link. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <linux/sock_diag.h>

#include "harness/harness.h"
#include "netns/capture.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define VNET_SIZE 10 /* of the virtio_net_hdr behind PACKET_VNET_HDR */

static void set_option(int fd, const char *name, int option, const char *text)
{
	int on = 1;

	if (setsockopt(fd, SOL_PACKET, option, &on, sizeof(on)))
		TH_BAIL("%s on %s: %s", text, name ?: "all links", strerror(errno));
}

int packet_open(const char *name, uint16_t proto, int flags)
{
	int type = flags & PACKET_DGRAM ? SOCK_DGRAM : SOCK_RAW, on = 1;
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(proto) };
	/* Protocol 0: nothing arrives before bind() says from which link. */
	int fd = socket(AF_PACKET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		TH_BAIL("packet socket: %s", strerror(errno));
	set_option(fd, name, PACKET_AUXDATA, "PACKET_AUXDATA");
	if (flags & PACKET_VNET)
		set_option(fd, name, PACKET_VNET_HDR, "PACKET_VNET_HDR");
	if (flags & PACKET_BYPASS)
		set_option(fd, name, PACKET_QDISC_BYPASS, "PACKET_QDISC_BYPASS");
	/* Linux 4.20 and later. */
	setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));

	ll.sll_ifindex = name ? if_nametoindex(name) : 0;
	if ((name && !ll.sll_ifindex) || bind(fd, (void *)&ll, sizeof(ll)))
		TH_BAIL("packet socket on %s: %s", name ?: "all links", strerror(errno));
	return fd;
}

static int get_option(int fd, int level, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	getsockopt(fd, level, option, &value, &len);
	return value;
}

/* The name as the socket's namespace has it now: the thread may be in another. */
static void capture(int fd, enum capture_direction direction, const uint8_t *frame, size_t len)
{
	size_t skip = get_option(fd, SOL_PACKET, PACKET_VNET_HDR) ? VNET_SIZE : 0;
	bool dgram = get_option(fd, SOL_SOCKET, SO_TYPE) == SOCK_DGRAM;
	struct sockaddr_ll ll = { 0 };
	socklen_t ll_len = sizeof(ll);
	struct ifreq ifr = { 0 };
	char where[IFNAMSIZ + 8];
	bool ethernet;

	if (len < skip)
		return;
	getsockname(fd, (void *)&ll, &ll_len);
	ifr.ifr_ifindex = ll.sll_ifindex;
	ioctl(fd, SIOCGIFNAME, &ifr);
	snprintf(where, sizeof(where), "packet:%.*s", IFNAMSIZ - 1, ifr.ifr_name);
	ethernet = ll.sll_hatype == ARPHRD_ETHER || ll.sll_hatype == ARPHRD_LOOPBACK;
	capture_frame(where, ethernet && !dgram ? CAPTURE_ETHERNET : CAPTURE_RAW, direction,
		      frame + skip, len - skip);
}

static void take_auxdata(struct msghdr *msg, struct packet_info *info)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&info->aux, CMSG_DATA(c), sizeof(info->aux));
		info->has_aux = true;
	}
}

ssize_t packet_recv(int fd, void *buf, size_t size, int timeout_ms, struct packet_info *info)
{
	char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))]
		__attribute__((aligned(_Alignof(struct cmsghdr))));
	struct iovec iov = { .iov_base = buf, .iov_len = size };
	struct packet_info unused;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len;

	if (!info)
		info = &unused;
	*info = (struct packet_info){ 0 };
	msg.msg_name = &info->from;
	msg.msg_namelen = sizeof(info->from);
	sock_wait(fd, POLLIN, timeout_ms);
	len = recvmsg(fd, &msg, MSG_TRUNC);
	if (len < 0)
		return -1;
	take_auxdata(&msg, info);
	capture(fd, info->from.sll_pkttype == PACKET_OUTGOING ? CAPTURE_OUTBOUND : CAPTURE_INBOUND,
		buf, len < size ? len : size);
	return len;
}

/* Captures what a send call took. */
static ssize_t sent(int fd, const void *frame, ssize_t n)
{
	if (n >= 0)
		capture(fd, CAPTURE_OUTBOUND, frame, n);
	return n;
}

ssize_t packet_send(int fd, const void *frame, size_t len)
{
	return sent(fd, frame, send(fd, frame, len, 0));
}

ssize_t packet_sendto(int fd, const void *frame, size_t len, uint16_t proto)
{
	struct sockaddr_ll ll = { 0 };
	socklen_t ll_len = sizeof(ll);

	if (getsockname(fd, (void *)&ll, &ll_len))
		return -1;
	ll.sll_protocol = htons(proto);
	ll.sll_halen = 6;
	/* With SOCK_DGRAM on Ethernet the frame goes to everyone. */
	memset(ll.sll_addr, 0xff, sizeof(ll.sll_addr));
	return sent(fd, frame, sendto(fd, frame, len, 0, (void *)&ll, sizeof(ll)));
}

uint32_t packet_charged(int fd)
{
	uint32_t info[SK_MEMINFO_VARS];
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len))
		TH_BAIL("SO_MEMINFO: %s", strerror(errno));
	return info[SK_MEMINFO_RMEM_ALLOC];
}

bool packet_settle(int lo, int timeout_ms)
{
	static const uint8_t last[14] = { [12] = PACKET_SETTLE >> 8, [13] = PACKET_SETTLE & 0xff };
	uint8_t frame[sizeof(last)];

	while (packet_recv(lo, frame, sizeof(frame), 0, NULL) >= 0)
		;
	return packet_send(lo, last, sizeof(last)) == sizeof(last) &&
	       packet_recv(lo, frame, sizeof(frame), timeout_ms, NULL) == sizeof(last);
}
