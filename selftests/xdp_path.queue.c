// SPDX-License-Identifier: GPL-2.0-only
/* XDP in the driver, and the queues: detached ones, none at all, those with IFF_NAPI_FRAGS, and
 * their readers. */
#include <fcntl.h>
#include <linux/if_link.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "device/memory.h"
#include "device/sigio.h"
#include "device/tun.h"
#include "device/xdp.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/program.h"

#define SIZE	   60
#define TIMEOUT_MS 2000
#define QUEUES	   (IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE)

static const uint8_t frame[SIZE] = { 2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 4, 0x88, 0xb5 };

/* Puts a program with this verdict on "x0", or takes it away for -1. */
static void set_verdict(int verdict)
{
	int program = verdict < 0 ? -1 : bpf_load_return(BPF_PROG_TYPE_XDP, verdict);

	if ((verdict >= 0 && program < 0) || link_set_xdp("x0", program, XDP_FLAGS_DRV_MODE))
		TH_BAIL("XDP: %s", strerror(errno));
	if (program >= 0)
		close(program);
}

/* What a write to the queue counts. */
static struct rtnl_link_stats64 counts(const struct tun *t)
{
	struct rtnl_link_stats64 before = link_stats("x0");

	if (tun_write(t, frame, SIZE) != SIZE)
		TH_BAIL("write: %s", strerror(errno));
	return link_stats_since("x0", &before);
}

static int dropped(const struct tun *t)
{
	return counts(t).rx_dropped;
}

/* What the program drops is not received; the stack has no use for the frame either. */
static int received(const struct tun *t)
{
	return counts(t).rx_packets;
}

TEST(detached_queue,
     .title = "a program attached or removed while a queue is detached is for that queue, too",
     .behaviours = { 443 }, .needs = { "xdp", "multi_queue" })
{
	struct tun a = tun_create("x0", QUEUES), b = tun_create("x0", QUEUES);

	ASSERT_OK(link_up("x0"));
	ASSERT_OK(tun_set_queue(b.fd, IFF_DETACH_QUEUE));
	set_verdict(XDP_DROP);
	ASSERT_OK(tun_set_queue(b.fd, IFF_ATTACH_QUEUE));
	EXPECT_EQ(0, received(&a));
	EXPECT_EQ(0, received(&b));
	ASSERT_OK(tun_set_queue(b.fd, IFF_DETACH_QUEUE));
	set_verdict(-1);
	ASSERT_OK(tun_set_queue(b.fd, IFF_ATTACH_QUEUE));
	EXPECT_EQ(1, received(&a));
	EXPECT_EQ(1, received(&b));
	tun_close(&a);
	tun_close(&b);
}

TEST(tx_no_queue,
     .title = "XDP_TX of a write to the last queue, which is detached, counts in rx_dropped",
     .behaviours = { 452 }, .needs = { "xdp", "multi_queue" })
{
	struct tun t = tun_create("x0", QUEUES);
	struct tun_packet p;

	ASSERT_OK(link_up("x0"));
	set_verdict(XDP_TX);
	EXPECT_EQ(0, dropped(&t));
	EXPECT_TRUE(tun_recv(&t, &p, TIMEOUT_MS));
	ASSERT_OK(tun_set_queue(t.fd, IFF_DETACH_QUEUE));
	/* Enough for all of a page to come and go. */
	for (int i = 0; i < 100; i++)
		ASSERT_EQ(1, dropped(&t));
	ASSERT_OK(tun_set_queue(t.fd, IFF_ATTACH_QUEUE));
	EXPECT_EQ(0, dropped(&t));
	EXPECT_TRUE(tun_recv(&t, &p, TIMEOUT_MS));
	tun_close(&t);
}

TEST(tx_sigio, .title = "a frame that XDP sends back makes SIGIO, as a packet does",
     .behaviours = { 440 }, .needs = { "xdp" })
{
	struct tun t = tun_create("x0", IFF_TAP | IFF_NO_PI);
	int on = 1;

	ASSERT_OK(link_up("x0"));
	set_verdict(XDP_TX);
	sigio_block(SIGRTMIN);
	ASSERT_OK(fcntl(t.fd, F_SETSIG, SIGRTMIN));
	ASSERT_OK(ioctl(t.fd, FIOASYNC, &on));
	EXPECT_EQ(0, sigio_next(SIGRTMIN, t.fd, 0));
	EXPECT_EQ(SIZE, tun_write(&t, frame, SIZE));
	EXPECT_EQ(POLL_IN, sigio_next(SIGRTMIN, t.fd, TIMEOUT_MS));
	tun_close(&t);
}

TEST(tx_vnet_header,
     .title = "a frame that XDP sent back and that the header finds no room before is lost",
     .behaviours = { 440, 167 }, .needs = { "xdp" })
{
	struct tun t = tun_create("x0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	const size_t header = VNET_SIZE_LEGACY;
	uint8_t buf[header + SIZE];

	ASSERT_OK(link_up("x0"));
	set_verdict(XDP_TX);
	memset(buf, 0, header);
	memcpy(buf + header, frame, SIZE);
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(sizeof(buf), tun_write(&t, buf, sizeof(buf)));
	EXPECT_ERRNO(EINVAL, tun_read(&t, buf, header - 1, TIMEOUT_MS));
	EXPECT_ERRNO(EFAULT, tun_read(&t, cut_memory(NULL, 5), sizeof(buf), TIMEOUT_MS));
	memset(buf, 0xa5, sizeof(buf));
	EXPECT_EQ(sizeof(buf), tun_read(&t, buf, sizeof(buf), TIMEOUT_MS));
	EXPECT_EQ(0, memcmp(buf + header, frame, SIZE));
	EXPECT_ERRNO(EAGAIN, tun_read(&t, buf, sizeof(buf), 0));
	tun_close(&t);
}

TEST(pieces, .title = "a frame in pieces with IFF_NAPI_FRAGS passes a program with frags unchanged",
     .behaviours = { 447, 448 }, .needs = { "xdp", "napi_frags", "packet_socket" })
{
	struct tun t = tun_create("x0", IFF_TAP | IFF_NO_PI | IFF_NAPI | IFF_NAPI_FRAGS);
	uint8_t whole[1000] = { 0 }, got[sizeof(whole)];
	const struct iovec pieces[] = { { whole, 100 },
					{ whole + 100, 400 },
					{ whole + 500, 500 } };
	struct program p;
	int ps;

	memcpy(whole, frame, SIZE);
	for (int i = SIZE; i < sizeof(whole); i++)
		whole[i] = i;
	ASSERT_OK(link_up("x0"));
	ps = packet_open("x0", 0x88b5, 0);
	program_start(&p, BPF_PROG_TYPE_XDP);
	p.flags = BPF_F_XDP_HAS_FRAGS;
	xdp_attach(&t, program_return(&p, XDP_PASS), XDP_AS_SKB);
	for (int n = 1; n <= ARRAY_SIZE(pieces); n++) {
		size_t len = n == 1 ? 100 : n == 2 ? 500 : 1000;

		ASSERT_EQ(len, writev(t.fd, pieces, n));
		ASSERT_EQ(len, packet_recv(ps, got, sizeof(got), TIMEOUT_MS, NULL));
		EXPECT_EQ(0, memcmp(whole, got, len));
	}
	close(ps);
	program_close(&p);
	tun_close(&t);
}
