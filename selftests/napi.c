// SPDX-License-Identifier: GPL-2.0-only
/* IFF_NAPI and IFF_NAPI_FRAGS: writes that go through a NAPI instance of the queue's own. */
#include <net/ethernet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/if_link.h>

#include "device/peer.h"
#include "device/tun.h"
#include "device/way.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/program.h"
#include "netns/sock.h"
#include "netns/sysfs.h"

#define WAIT_MS	   2000
#define PORT	   7
#define MAX_IOVECS 18 /* MAX_SKB_FRAGS + 1 */

FIXTURE(napi)
{
	struct tun t;
	int udp; /* the kernel's socket at KERNEL_IP4:PORT */
};

FIXTURE_VARIANT(napi)
{
	unsigned int type;
};

FIXTURE_VARIANT_ADD(napi, tun){ IFF_TUN };
FIXTURE_VARIANT_ADD(napi, tap){ IFF_TAP };

FIXTURE_SETUP(napi)
{
	self->t = peer_create("t0", variant->type | IFF_NO_PI | IFF_NAPI);
	self->udp = udp_open(KERNEL_IP4, PORT);
}

FIXTURE_TEARDOWN(napi)
{
	close(self->udp);
	tun_close(&self->t);
}

TEST_F(napi, delivers,
       .title = "with IFF_NAPI frames of all sizes arrive whole and in order, each counted",
       .behaviours = { 343 }, .needs = { "napi" })
{
	struct rtnl_link_stats64 stats;
	static struct frame f;
	uint64_t bytes = 0;

	/* Ten at a time, the socket has no room for all. */
	for (int first = 0; first < 100; first += 10) {
		for (int i = first; i < first + 10; i++) {
			peer_udp(&self->t, &f, 4000, PORT, 80 * i, i);
			ASSERT_EQ(f.len, tun_send(&self->t, NULL, &f));
			bytes += f.len;
		}
		for (int i = first; i < first + 10; i++)
			ASSERT_EQ(80 * i, udp_recv_pattern(self->udp, i, WAIT_MS));
	}
	stats = link_stats("t0");
	EXPECT_EQ(100, stats.rx_packets);
	EXPECT_EQ(bytes, stats.rx_bytes);
	EXPECT_EQ(0, stats.rx_dropped);
}

TEST_F(napi, down, .title = "with IFF_NAPI a write to a device that is down gives EIO, counted",
       .behaviours = { 345 }, .needs = { "napi" })
{
	struct rtnl_link_stats64 before, d;
	static struct frame f;

	ASSERT_OK(link_down("t0"));
	before = link_stats("t0");
	peer_udp(&self->t, &f, 4000, PORT, 100, 1);
	EXPECT_ERRNO(EIO, tun_send(&self->t, NULL, &f));
	d = link_stats_since("t0", &before);
	EXPECT_EQ(1, d.rx_dropped);
	EXPECT_EQ(0, d.rx_packets);

	ASSERT_OK(link_up("t0"));
	peer_udp(&self->t, &f, 4000, PORT, 200, 2);
	EXPECT_EQ(f.len, tun_send(&self->t, NULL, &f));
	EXPECT_EQ(200, udp_recv_pattern(self->udp, 2, WAIT_MS));
}

/*
 * Writes three datagrams of 100, 100 and 50 bytes and takes them from the socket. True if they came
 * as one.
 */
static bool send_three(struct __test_metadata *_metadata, const struct tun *t, int udp)
{
	static const size_t sizes[3] = { 100, 100, 50 };
	static struct frame f[3];
	uint8_t buf[512], sent[250];
	size_t total = 0;
	uint16_t gso = 0;

	for (int i = 0; i < 3; i++) {
		peer_udp(t, &f[i], 4000, PORT, sizes[i], i);
		pattern_fill(sent + 100 * i, sizes[i], i);
	}
	for (int i = 0; i < 3; i++) {
		if (tun_send(t, NULL, &f[i]) != f[i].len)
			TH_BAIL("write: %s", strerror(errno));
	}
	while (total < sizeof(sent)) {
		ssize_t n = udp_recv_gro(udp, buf + total, sizeof(buf) - total, WAIT_MS, &gso);

		if (n <= 0)
			TH_BAIL("%zu of %zu bytes came", total, sizeof(sent));
		total += n;
		if (n == sizeof(sent))
			EXPECT_EQ(100, gso);
	}
	EXPECT_EQ(0, memcmp(sent, buf, sizeof(sent)));
	return gso && total == sizeof(sent);
}

TEST_F(napi, merged,
       .title = "with IFF_NAPI and a flush time-out GRO may make one datagram of several writes",
       .behaviours = { 344 }, .needs = { "napi", "sysfs", "init_net_admin" })
{
	int writes = 0;
	bool merged = false;

	/* Nothing is held back but with this, as each write polls on its own. */
	ASSERT_OK(sysfs_set("t0", "gro_flush_timeout", "20000000"));
	udp_enable_gro(self->udp);
	/* What is older than a tick is let go: on a busy machine it takes more than one try. */
	while (!merged && writes < 300) {
		merged = send_three(_metadata, &self->t, self->udp);
		writes += 3;
	}
	EXPECT_TRUE(merged);
	EXPECT_EQ(writes, link_stats("t0").rx_packets);
}

/* A poll that had to wait for ksoftirqd finds more than one, so it is not so every time. */
TEST_F(napi, separate,
       .title = "without a flush time-out a write that is polled at once arrives as it is",
       .behaviours = { 344 }, .needs = { "napi" })
{
	int merged = 0;

	udp_enable_gro(self->udp);
	for (int i = 0; i < 20; i++)
		merged += send_three(_metadata, &self->t, self->udp);
	EXPECT_LT(merged, 20);
	EXPECT_EQ(60, link_stats("t0").rx_packets);
}

TEST_F(napi, threaded,
       .title = "a NAPI thread can be asked for in sysfs, and frames arrive as before",
       .behaviours = { 355 }, .needs = { "napi", "sysfs" })
{
	static struct frame f;

	EXPECT_EQ(0, sysfs_number("t0", "napi_defer_hard_irqs"));
	EXPECT_EQ(0, sysfs_number("t0", "gro_flush_timeout"));
	ASSERT_EQ(0, sysfs_number("t0", "threaded"));
	ASSERT_OK(sysfs_set("t0", "threaded", "1"));
	EXPECT_EQ(1, sysfs_number("t0", "threaded"));
	for (int i = 0; i < 50; i++) {
		peer_udp(&self->t, &f, 4000, PORT, 100, i);
		ASSERT_EQ(f.len, tun_send(&self->t, NULL, &f));
	}
	for (int i = 0; i < 50; i++)
		ASSERT_EQ(100, udp_recv_pattern(self->udp, i, WAIT_MS));
	ASSERT_OK(sysfs_set("t0", "threaded", "0"));
	peer_udp(&self->t, &f, 4000, PORT, 100, 60);
	ASSERT_EQ(f.len, tun_send(&self->t, NULL, &f));
	EXPECT_EQ(100, udp_recv_pattern(self->udp, 60, WAIT_MS));
}

TEST_F(napi, no_napi_id,
       .title = "the NAPI instance is not one to busy-poll: sockets see no id of it",
       .behaviours = { 356 }, .needs = { "napi" }, .guards = { "c39e342a050a" })
{
	unsigned int id = 1;
	socklen_t len = sizeof(id);
	static struct frame f;

	peer_udp(&self->t, &f, 4000, PORT, 100, 1);
	ASSERT_EQ(f.len, tun_send(&self->t, NULL, &f));
	EXPECT_EQ(100, udp_recv_pattern(self->udp, 1, WAIT_MS));
	if (getsockopt(self->udp, SOL_SOCKET, SO_INCOMING_NAPI_ID, &id, &len))
		SKIP(return, "kernel has no SO_INCOMING_NAPI_ID: %s", strerror(errno));
	EXPECT_EQ(0, id);
}

/* A queue with NAPI of a device with another one, both up. */
FIXTURE(detached)
{
	struct tun plain, napi;
	int udp;
	size_t pi;
};

FIXTURE_VARIANT(detached)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(detached, tun){ IFF_TUN | IFF_NO_PI };
FIXTURE_VARIANT_ADD(detached, tun_pi){ IFF_TUN };
FIXTURE_VARIANT_ADD(detached, tap){ IFF_TAP | IFF_NO_PI };

FIXTURE_SETUP(detached)
{
	/* The device is made without NAPI: what a queue has of it is its own. */
	self->plain = peer_create("t0", variant->flags | IFF_MULTI_QUEUE);
	self->napi = tun_create("t0", variant->flags | IFF_MULTI_QUEUE | IFF_NAPI);
	self->udp = udp_open(KERNEL_IP4, PORT);
	self->pi = tun_header_size(&self->plain);
}

FIXTURE_TEARDOWN(detached)
{
	close(self->udp);
	tun_close(&self->plain);
	tun_close(&self->napi);
}

TEST_F(detached, refused,
       .title = "a write to a detached queue gives EBUSY if it has NAPI, otherwise it passes",
       .behaviours = { 208, 209, 354, 397 }, .needs = { "napi", "multi_queue" },
       .guards = { "82b2bc279467", "CVE-2023-53685", "af3fb24eecb2" })
{
	struct tun_pi pi = { .proto = htons(ETHERTYPE_IP) };
	struct rtnl_link_stats64 before, d;
	static struct frame f;

	ASSERT_OK(tun_set_queue(self->plain.fd, IFF_DETACH_QUEUE));
	ASSERT_OK(tun_set_queue(self->napi.fd, IFF_DETACH_QUEUE));
	before = link_stats("t0");
	peer_udp(&self->plain, &f, 4000, PORT, 32, 1);
	for (int i = 0; i < 10; i++)
		EXPECT_ERRNO(EBUSY, tun_send(&self->napi, NULL, &f));
	if (self->pi)
		EXPECT_ERRNO(EBUSY, tun_write(&self->napi, &pi, sizeof(pi)));
	d = link_stats_since("t0", &before);
	EXPECT_EQ(0, d.rx_packets);
	EXPECT_EQ(0, d.rx_dropped);

	EXPECT_EQ(self->pi + f.len, tun_send(&self->plain, NULL, &f));
	EXPECT_EQ(32, udp_recv_pattern(self->udp, 1, WAIT_MS));
	EXPECT_EQ(1, link_stats_since("t0", &before).rx_packets);
}

TEST_F(detached, attached_again,
       .title = "a NAPI queue attached again delivers again, and nothing from the time in between",
       .behaviours = { 221, 354 }, .needs = { "napi", "multi_queue" })
{
	static struct frame f;

	for (int i = 0; i < 3; i++) {
		peer_udp(&self->napi, &f, 4000, PORT, 100 + i, i);
		EXPECT_EQ(self->pi + f.len, tun_send(&self->napi, NULL, &f));
		EXPECT_EQ(100 + i, udp_recv_pattern(self->udp, i, WAIT_MS));
		ASSERT_OK(tun_set_queue(self->napi.fd, IFF_DETACH_QUEUE));
		EXPECT_ERRNO(EBUSY, tun_send(&self->napi, NULL, &f));
		ASSERT_OK(tun_set_queue(self->napi.fd, IFF_ATTACH_QUEUE));
	}
	EXPECT_ERRNO(EAGAIN, udp_recv(self->udp, f.data, sizeof(f.data), 0));
}

/* Once closing disabled NAPI a second time, which waits for ever. */
TEST_F(detached, closed, .title = "a detached NAPI queue can be closed, and the device goes on",
       .behaviours = { 83, 221 }, .needs = { "napi", "multi_queue" }, .guards = { "a8fc8cb5692a" })
{
	static struct frame f;

	ASSERT_OK(tun_set_queue(self->napi.fd, IFF_DETACH_QUEUE));
	/* A NAPI disabled twice would not come back from here. */
	EXPECT_OK(close(self->napi.fd));
	self->napi.fd = -1;
	peer_udp(&self->plain, &f, 4000, PORT, 100, 1);
	EXPECT_EQ(self->pi + f.len, tun_send(&self->plain, NULL, &f));
	EXPECT_EQ(100, udp_recv_pattern(self->udp, 1, WAIT_MS));
	EXPECT_OK(link_down("t0"));
}

TEST_F(detached, deleted, .title = "a device with attached and detached NAPI queues can be deleted",
       .behaviours = { 83, 91, 221 }, .needs = { "napi", "multi_queue" })
{
	struct tun second = tun_create("t0", self->napi.flags);
	uint8_t buf[64] = { 0x45 };

	ASSERT_OK(tun_set_queue(self->napi.fd, IFF_DETACH_QUEUE));
	ASSERT_OK(link_del("t0"));
	EXPECT_ERRNO(EBADFD, write(self->napi.fd, buf, sizeof(buf)));
	EXPECT_ERRNO(EBADFD, write(second.fd, buf, sizeof(buf)));
	EXPECT_OK(close(second.fd));
}

/*
 * IFF_NAPI_FRAGS: the first iovec becomes the linear part, each further one a fragment. What
 * arrives is seen by a packet socket, as the frames have a protocol of nobody's.
 */
FIXTURE(frags)
{
	struct tun t;
	int packet;
	long page;
	uint8_t *frame; /* 128 KiB with an Ethernet header and a pattern */
};

FIXTURE_SETUP(frags)
{
	self->t = tun_create("t0", IFF_TAP | IFF_NO_PI | IFF_NAPI | IFF_NAPI_FRAGS);
	if (link_up("t0"))
		TH_BAIL("up: %s", strerror(errno));
	self->packet = packet_open("t0", ETH_P_LOCAL, 0);
	self->page = sysconf(_SC_PAGESIZE);
	self->frame = malloc(128 << 10);
	if (!self->frame)
		TH_BAIL("no memory");
	pattern_fill(self->frame, 128 << 10, 1);
	peer_kernel_mac(&self->t, self->frame);
	memcpy(self->frame + 6, peer_mac, 6);
	self->frame[12] = ETH_P_LOCAL >> 8;
	self->frame[13] = ETH_P_LOCAL & 0xff;
}

FIXTURE_TEARDOWN(frags)
{
	close(self->packet);
	tun_close(&self->t);
	free(self->frame);
}

/* writev() of the frame cut into pieces of @sizes; stores the whole length in @len. */
static ssize_t write_pieces(const FIXTURE_DATA(frags) * self, const size_t *sizes, int n,
			    size_t *len)
{
	struct iovec iov[32];

	*len = 0;
	for (int i = 0; i < n; i++) {
		iov[i] = (struct iovec){ self->frame + *len, sizes[i] };
		*len += sizes[i];
	}
	return writev(self->t.fd, iov, n);
}

/* The packet socket's next frame has to be the first @len bytes of the frame. */
static void expect_frame(struct __test_metadata *_metadata, const FIXTURE_DATA(frags) * self,
			 size_t len)
{
	static uint8_t seen[FRAME_MAX];
	ssize_t n = packet_recv(self->packet, seen, sizeof(seen), WAIT_MS, NULL);

	EXPECT_EQ((ssize_t)len, n);
	if (n == len)
		EXPECT_EQ(0, memcmp(self->frame, seen, len));
}

/* Pieces that are taken and arrive, or that give @err and count in rx_dropped. */
static void expect_pieces(struct __test_metadata *_metadata, const FIXTURE_DATA(frags) * self,
			  int err, const size_t *sizes, int n)
{
	struct rtnl_link_stats64 before = link_stats("t0"), d;
	ssize_t ret;
	size_t len;

	EXPECT_ERRNO(err, ret = write_pieces(self, sizes, n, &len))
	{
		TH_LOG("%d pieces, the first two %zu and %zu", n, sizes[0], n > 1 ? sizes[1] : 0);
	}
	if (ret > 0)
		EXPECT_EQ(len, ret);
	if (ret > 0)
		expect_frame(_metadata, self, len);
	d = link_stats_since("t0", &before);
	EXPECT_EQ(err != 0, d.rx_dropped);
	EXPECT_EQ(err == 0, d.rx_packets);
}

/*
 * Once frames waited for seven more, and were lost with the NAPI instance; the first mend
 * completed a NAPI instance that it did not own, which the kernel log would tell.
 */
TEST_F(frags, one_frame,
       .title = "with IFF_NAPI_FRAGS a single small frame arrives without another to push it",
       .behaviours = { 343, 346 }, .needs = { "napi_frags", "packet_socket" },
       .guards = { "1118b2049d77" })
{
	size_t len = 64;

	expect_pieces(_metadata, self, 0, &len, 1);
}

TEST_F(frags, pieces,
       .title = "each piece arrives with the length and the bytes it was written with",
       .behaviours = { 346 }, .needs = { "napi_frags", "packet_socket" },
       .guards = { "429fde2d81bc" })
{
	expect_pieces(_metadata, self, 0, (size_t[]){ 64, 100, 200 }, 3);
	expect_pieces(_metadata, self, 0, (size_t[]){ 200, 100, 64 }, 3);
	expect_pieces(_metadata, self, 0, (size_t[]){ 14, 1, 4000, 2 }, 4);
}

TEST_F(frags, number,
       .title = "up to 18 pieces are taken, more give EMSGSIZE and count in rx_dropped",
       .behaviours = { 346, 397 }, .needs = { "napi_frags", "packet_socket" },
       .guards = { "950271d7cc0b" })
{
	size_t sizes[24];

	for (int i = 0; i < 24; i++)
		sizes[i] = 20 + i;
	for (int n = 1; n <= 24; n++)
		expect_pieces(_metadata, self, n <= MAX_IOVECS ? 0 : EMSGSIZE, sizes, n);
	expect_pieces(_metadata, self, 0, sizes, MAX_IOVECS);
}

TEST_F(frags, size,
       .title = "a fragment has between 1 byte and a page; the first piece may have anything",
       .behaviours = { 347, 397 }, .needs = { "napi_frags", "packet_socket" },
       .guards = { "a4270d6795b0", "CVE-2020-10720" })
{
	size_t page = self->page;

	expect_pieces(_metadata, self, 0, (size_t[]){ 64, page }, 2);
	expect_pieces(_metadata, self, EINVAL, (size_t[]){ 64, page + 1 }, 2);
	expect_pieces(_metadata, self, 0, (size_t[]){ 64, 1 }, 2);
	expect_pieces(_metadata, self, EINVAL, (size_t[]){ 64, 0 }, 2);
	expect_pieces(_metadata, self, EINVAL, (size_t[]){ 64, 100, 0, 100 }, 4);
	expect_pieces(_metadata, self, 0, (size_t[]){ 3 * page, 100 }, 2);
	expect_pieces(_metadata, self, 0, (size_t[]){ 13, 51 }, 2);
	expect_pieces(_metadata, self, 0, (size_t[]){ 0, 64 }, 2);
	expect_pieces(_metadata, self, 0, (size_t[]){ 0, 14, 0xd77 }, 3);
	expect_pieces(_metadata, self, 0, (size_t[]){ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 },
		      15);
}

TEST_F(frags, short_frame,
       .title = "pieces of less than 14 bytes together give EINVAL, not counted",
       .behaviours = { 275, 347 }, .needs = { "napi_frags", "packet_socket" })
{
	size_t len;

	EXPECT_ERRNO(EINVAL, write_pieces(self, (size_t[]){ 13 }, 1, &len));
	EXPECT_ERRNO(EINVAL, write_pieces(self, (size_t[]){ 10, 3 }, 2, &len));
	EXPECT_EQ(0, link_stats("t0").rx_dropped);
	expect_pieces(_metadata, self, 0, (size_t[]){ 10, 4 }, 2);
}

TEST_F(frags, total,
       .title = "a frame longer than 64 KiB less the headroom gives EMSGSIZE, counted",
       .behaviours = { 348, 397 }, .needs = { "napi_frags", "packet_socket" },
       .guards = { "363a5328f4b0", "CVE-2023-3812" })
{
	/* The headroom (NET_SKB_PAD + NET_IP_ALIGN) differs: at least 32, less than 256 bytes. */
	static const size_t too_long[] = { 65535 - 31, 65535, 65536, 65549, 65550, 100000 };
	size_t len = 5000, pages[17];

	expect_pieces(_metadata, self, 0, &len, 1);
	len = 65535 - 256;
	expect_pieces(_metadata, self, 0, &len, 1);
	for (size_t i = 0; i < ARRAY_SIZE(too_long); i++)
		expect_pieces(_metadata, self, EMSGSIZE, &too_long[i], 1);
	/* In fragments too. */
	for (int i = 0; i < 17; i++)
		pages[i] = 4096;
	expect_pieces(_metadata, self, EMSGSIZE, pages, 17);
	expect_pieces(_metadata, self, 0, pages, 15);
}

TEST_F(frags, frags_xdp,
       .title = "with IFF_NAPI_FRAGS a frame that XDP drops is written whole, and the next arrives",
       .behaviours = { 350 }, .needs = { "napi_frags", "packet_socket", "xdp" })
{
	static const size_t sizes[] = { 64, 100, 200 };
	int program = bpf_load_return(BPF_PROG_TYPE_XDP, XDP_DROP);
	size_t len;

	ASSERT_OK(link_set_xdp("t0", program, XDP_FLAGS_DRV_MODE));
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(364, write_pieces(self, sizes, 3, &len));
	}
	EXPECT_EQ(0, link_stats("t0").rx_packets);
	ASSERT_OK(link_set_xdp("t0", -1, XDP_FLAGS_DRV_MODE));
	/* The first to come is this one. */
	expect_pieces(_metadata, self, 0, sizes, 1);
	close(program);
}

TEST_F(frags, frags_xdp_pass,
       .title = "with IFF_NAPI_FRAGS a frame that XDP passes arrives, seen in pieces or not",
       .behaviours = { 350 }, .needs = { "napi_frags", "packet_socket", "xdp" },
       .guards = { "1091860a16a8", "CVE-2025-39984" })
{
	static const uint32_t flags[] = { 0, BPF_F_XDP_HAS_FRAGS };
	static const size_t sizes[] = { 64, 100, 4000 };

	/* For the second one the kernel puts another skb in the place of the one that NAPI has. */
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct program p;

		program_start(&p, BPF_PROG_TYPE_XDP);
		p.flags = flags[i];
		program_count(&p, 0);
		p.shared[1] = XDP_PASS;
		ASSERT_OK(link_set_xdp("t0", program_return_shared(&p, 1), XDP_FLAGS_DRV_MODE));
		for (int n = 1; n <= 3; n++) {
			expect_pieces(_metadata, self, 0, sizes, n);
			EXPECT_EQ(n, p.shared[0]);
		}
		ASSERT_OK(link_set_xdp("t0", -1, XDP_FLAGS_DRV_MODE));
		program_close(&p);
	}
}

/* How often a flow dissector looks at a frame written to @t. */
static int dissections(const struct tun *t, const struct program *p, const uint8_t *frame,
		       size_t len)
{
	int before = p->shared[0];

	if (link_up(t->name) || write(t->fd, frame, len) != len)
		TH_BAIL("write to %s: %s", t->name, strerror(errno));
	return p->shared[0] - before;
}

TEST_F(frags, frags_dissected,
       .title = "a BPF flow dissector sees a frame of IFF_NAPI_FRAGS once more than others",
       .behaviours = { 352 }, .needs = { "napi_frags", "bpf" })
{
	struct tun plain = tun_create("t1", IFF_TAP | IFF_NO_PI);
	struct program p;
	int others;

	program_start(&p, BPF_PROG_TYPE_FLOW_DISSECTOR);
	program_count(&p, 0);
	if (program_return(&p, 0) < 0 || bpf_attach_flow_dissector(p.fd))
		SKIP(return, "no BPF flow dissector: %s", strerror(errno));
	others = dissections(&plain, &p, self->frame, 64);
	/* The driver has the frame dissected for nothing but the exercise (eth_get_headlen()). */
	EXPECT_EQ(others + 1, dissections(&self->t, &p, self->frame, 64));
	program_close(&p);
	tun_close(&plain);
}

TEST_F(frags, frags_down,
       .title = "with IFF_NAPI_FRAGS a device that is down gives EIO; after up writes pass",
       .behaviours = { 349, 397 }, .needs = { "napi_frags", "packet_socket" })
{
	size_t sizes[] = { 64, 100 };

	ASSERT_OK(link_down("t0"));
	expect_pieces(_metadata, self, EIO, sizes, 2);
	expect_pieces(_metadata, self, EIO, sizes, 2);
	ASSERT_OK(link_up("t0"));
	/* Taking the link down is an event for the socket too. */
	close(self->packet);
	self->packet = packet_open("t0", ETH_P_LOCAL, 0);
	expect_pieces(_metadata, self, 0, sizes, 2);
}

TEST_F(frags, frags_bad_buffer,
       .title = "with IFF_NAPI_FRAGS an unreadable piece gives EFAULT; the next write passes",
       .behaviours = { 276, 397 }, .needs = { "napi_frags", "packet_socket" })
{
	void *unreadable = mmap(NULL, self->page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec iov[2] = { { self->frame, 64 }, { unreadable, 100 } };

	ASSERT_NE(MAP_FAILED, unreadable);
	EXPECT_ERRNO(EFAULT, writev(self->t.fd, iov, 2));
	EXPECT_EQ(1, link_stats("t0").rx_dropped);
	expect_pieces(_metadata, self, 0, (size_t[]){ 64, 100 }, 2);
}

TEST(frags_vnet,
     .title = "with IFF_NAPI_FRAGS a vnet header refused gives EINVAL, and the next write passes",
     .behaviours = { 346, 397 }, .needs = { "napi_frags" })
{
	const unsigned int flags = IFF_NO_PI | IFF_VNET_HDR | IFF_NAPI | IFF_NAPI_FRAGS;
	struct tun t = peer_create("t0", IFF_TAP | flags);
	struct vnet bad = { .gso_type = 0x7f };
	int udp = udp_open(KERNEL_IP4, PORT);
	static struct frame f;

	peer_udp(&t, &f, 4000, PORT, 100, 1);
	EXPECT_ERRNO(EINVAL, tun_send(&t, &bad, &f));
	EXPECT_EQ(0, link_stats("t0").rx_dropped);
	EXPECT_EQ(t.vnet_size + f.len, tun_send(&t, NULL, &f));
	EXPECT_EQ(100, udp_recv_pattern(udp, 1, WAIT_MS));
	close(udp);
	tun_close(&t);
}

TEST(frags_busy,
     .title = "with IFF_NAPI_FRAGS a write while NAPI is held (detached) gives EBUSY, not counted",
     .behaviours = { 209, 351, 397 }, .needs = { "napi_frags", "multi_queue" })
{
	const unsigned int flags = IFF_NO_PI | IFF_MULTI_QUEUE | IFF_NAPI | IFF_NAPI_FRAGS;
	struct tun t = peer_create("t0", IFF_TAP | flags);
	int udp = udp_open(KERNEL_IP4, PORT);
	struct rtnl_link_stats64 stats;
	static struct frame f;

	/* A disabled NAPI looks like one that is being polled. */
	ASSERT_OK(tun_set_queue(t.fd, IFF_DETACH_QUEUE));
	peer_udp(&t, &f, 4000, PORT, 100, 1);
	for (int i = 0; i < 3; i++)
		EXPECT_ERRNO(EBUSY, tun_send(&t, NULL, &f));
	stats = link_stats("t0");
	EXPECT_EQ(0, stats.rx_dropped);
	EXPECT_EQ(0, stats.rx_packets);

	ASSERT_OK(tun_set_queue(t.fd, IFF_ATTACH_QUEUE));
	peer_udp(&t, &f, 4000, PORT, 200, 2);
	EXPECT_EQ(f.len, tun_send(&t, NULL, &f));
	EXPECT_EQ(200, udp_recv_pattern(udp, 2, WAIT_MS));
	EXPECT_ERRNO(EAGAIN, udp_recv(udp, f.data, sizeof(f.data), 0));
	close(udp);
	tun_close(&t);
}

/* The same as write.send_buffer_full, where a plain file is full after about ten frames. */
TEST(frags_uncharged,
     .title = "with IFF_NAPI_FRAGS frames under way are not charged to the send buffer",
     .behaviours = { 353 }, .needs = { "napi_frags", "bridge", "tbf" })
{
	struct way w;

	way_make(&w, IFF_NAPI | IFF_NAPI_FRAGS);
	for (int i = 0; i < 100; i++)
		ASSERT_EQ(w.f.len, tun_send(&w.in, NULL, &w.f));
	EXPECT_EQ(POLLOUT, sock_wait(w.in.fd, POLLOUT, 0));
	way_close(&w);
}
