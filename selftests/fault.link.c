// SPDX-License-Identifier: GPL-2.0-only
/* Where allocations fail: the link's queue length, its name, and bringing it up. */
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/harness.h"
#include "netns/fault.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "selftests/fault.h"

static long link_ioctl(unsigned long request, const struct ifreq *ifr)
{
	static int fd = -1;

	if (fd < 0)
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return ioctl(fd, request, ifr);
}

/* Has the socket there before anything may fail. */
static void first_ioctl(struct bench *b)
{
	struct ifreq ifr = { 0 };

	memcpy(ifr.ifr_name, b->t.name, sizeof(ifr.ifr_name));
	if (link_ioctl(SIOCGIFFLAGS, &ifr))
		TH_BAIL("SIOCGIFFLAGS: %s", strerror(errno));
}

static long call_txqueuelen(void *bench __UNUSED)
{
	return link_ioctl(SIOCSIFTXQLEN, &(struct ifreq){ .ifr_name = "t0", .ifr_qlen = 100 });
}

static void old_txqueuelen(struct bench *b, long ret __UNUSED)
{
	link_set_txqueuelen(b->t.name, 1000);
}

/* The driver has but NOTIFY_BAD to say that it could not, which becomes EPERM. */
const struct op fault_op_txqueuelen = { .flags = IFF_TAP | IFF_NO_PI,
					.prepare = first_ioctl,
					.call = call_txqueuelen,
					.undo = old_txqueuelen,
					.errnos = { EPERM, ENOMEM, EFAULT } };

static long call_rename(void *bench)
{
	struct bench *b = bench;
	struct ifreq ifr = { .ifr_newname = "renamed" };

	memcpy(ifr.ifr_name, b->t.name, sizeof(ifr.ifr_name));
	return link_ioctl(SIOCSIFNAME, &ifr);
}

static void old_name(struct bench *b, long ret __UNUSED)
{
	if (link_rename("renamed", b->t.name))
		TH_BAIL("rename: %s", strerror(errno));
}

static void go_down(struct bench *b)
{
	first_ioctl(b);
	if (link_down(b->t.name))
		TH_BAIL("down: %s", strerror(errno));
}

const struct op fault_op_rename = { .flags = IFF_TUN | IFF_NO_PI,
				    .prepare = go_down,
				    .call = call_rename,
				    .undo = old_name,
				    .errnos = { ENOMEM, ENOBUFS, EFAULT },
				    .late = { EFAULT } };

static long call_up(void *bench)
{
	struct bench *b = bench;
	struct ifreq ifr = { .ifr_flags = IFF_UP };

	memcpy(ifr.ifr_name, b->t.name, sizeof(ifr.ifr_name));
	return link_ioctl(SIOCSIFFLAGS, &ifr);
}

const struct op fault_op_up = { .flags = IFF_TAP | IFF_NO_PI,
				.prepare = go_down,
				.call = call_up,
				.errnos = { ENOMEM, ENOBUFS, EFAULT } };

/* Without a qdisc in between: how many packets until the ring takes no more. */
static int ring_takes(const struct bench *b, int packet)
{
	static const uint8_t frame[60] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5 };
	int n = 0;

	bench_drain(b);
	while (n < 2000 && packet_send(packet, frame, sizeof(frame)) == sizeof(frame))
		n++;
	return n;
}

TEST(txqueuelen_of_ring,
     .title = "a txqueuelen that is refused for want of memory leaves the ring as long as it was",
     .behaviours = { 409 }, .needs = { "fault_injection", "bpf", "packet_socket" })
{
	static struct bench b;
	struct fault_result r;
	int packet;

	bench_open(&b, &fault_op_txqueuelen);
	packet = packet_open("t0", 0, PACKET_BYPASS);
	first_ioctl(&b);
	for (unsigned int n = 1; n < MANY && fault_nth(n, call_txqueuelen, &b, &r); n++) {
		/* It may take a few less: the places of packets just read are given back later. */
		EXPECT_EQ(r.ret == -1, ring_takes(&b, packet) > 500)
		{
			TH_LOG("failure %u gave %s", n, harness_errno_name(r.err));
		}
		old_txqueuelen(&b, 0);
	}
	EXPECT_GE(100, ring_takes(&b, packet));
	close(packet);
	bench_close(&b);
}
