// SPDX-License-Identifier: GPL-2.0-only
/* write(): which lengths and contents are taken, and in which order they are checked. */
#include <poll.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "device/memory.h"
#include "device/peer.h"
#include "device/tun.h"
#include "device/way.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define WAIT_MS		       2000
#define PORT		       7

/*
 * A TAP frame becomes an skb in one of two ways: with O_NONBLOCK and up to about a page in one
 * built on a page fragment, otherwise in one allocated from the socket. A TUN only has the second.
 */
FIXTURE(write)
{
	struct tun t;
	int udp; /* the kernel's socket at KERNEL_IP4:PORT */
};

FIXTURE_VARIANT(write)
{
	unsigned int type;
	bool blocking;
};

FIXTURE_VARIANT_ADD(write, tun_blocking){ IFF_TUN, true };
FIXTURE_VARIANT_ADD(write, tun_nonblock){ IFF_TUN, false };
FIXTURE_VARIANT_ADD(write, tap_blocking){ IFF_TAP, true };
FIXTURE_VARIANT_ADD(write, tap_nonblock){ IFF_TAP, false };

FIXTURE_SETUP(write)
{
	self->t = peer_create("t0", variant->type | IFF_NO_PI);
	if (variant->blocking)
		tun_set_blocking(self->t.fd);
	self->udp = udp_open(KERNEL_IP4, PORT);
}

FIXTURE_TEARDOWN(write)
{
	close(self->udp);
	tun_close(&self->t);
}

TEST_F(write, payload, .title = "write takes a frame of any size, and every byte of it arrives",
       .behaviours = { 277 })
{
	/* 3400 to 3440 crosses the limit of the page fragment (3456 on x86). */
	static const size_t sizes[] = { 0,    1,    1472, 1473, 3400, 3410, 3413, 3414, 3415,
					3427, 3428, 3429, 3440, 4067, 4068, 4096, 8000, 65507 };
	static struct frame f;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		peer_udp(&self->t, &f, 4000, PORT, sizes[i], i);
		ASSERT_EQ(f.len, tun_send(&self->t, NULL, &f));
		ASSERT_EQ(sizes[i], udp_recv_pattern(self->udp, i, WAIT_MS));
	}
}

/*
 * gVisor's tests want EMSGSIZE from a TAP above its MTU. The driver does not compare, and need
 * not: the MTU limits what the kernel sends, and a write is what it receives.
 */
TEST_F(write, above_mtu, .title = "write does not look at the MTU", .behaviours = { 277 })
{
	static struct frame f;

	if (link_set_mtu(self->t.name, 576))
		TH_BAIL("MTU 576: %s", strerror(errno));
	peer_udp(&self->t, &f, 4000, PORT, 8000, 1);
	ASSERT_EQ(f.len, tun_send(&self->t, NULL, &f));
	EXPECT_EQ(8000, udp_recv_pattern(self->udp, 1, WAIT_MS));
}

TEST_F(write, huge,
       .title = "write takes frames above 64 KiB; one no skb can hold gives ENOBUFS, counted",
       .behaviours = { 278, 279, 282, 290 })
{
	static const size_t sizes[] = { 65535, 65536, 70000, 200000 };
	const size_t too_much = 8 << 20;
	uint8_t *buf = calloc(1, too_much);
	struct rtnl_link_stats64 before, d;
	static struct frame f;

	if (!buf)
		TH_BAIL("no memory");
	peer_udp(&self->t, &f, 4000, PORT, 100, 1);
	memcpy(buf, f.data, f.len);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ(sizes[i], tun_write(&self->t, buf, sizes[i]));
		/* The datagram in front is a good one, the stack cuts off the rest. */
		EXPECT_EQ(100, udp_recv_pattern(self->udp, 1, WAIT_MS));
	}

	before = link_stats(self->t.name);
	EXPECT_ERRNO(ENOBUFS, tun_write(&self->t, buf, too_much));
	d = link_stats_since(self->t.name, &before);
	EXPECT_EQ(1, d.rx_dropped);
	EXPECT_EQ(0, d.rx_packets);
	free(buf);
}

/*
 * gVisor's tests write to a TUN that nobody brought up, and want success. The driver looks at
 * IFF_UP before it hands a frame on, since no card receives while it is down.
 */
TEST_F(write, down,
       .title = "write to a device that is down gives EIO and counts rx_dropped, nothing else",
       .behaviours = { 269, 397, 403 })
{
	struct rtnl_link_stats64 before, d;
	static struct frame f;

	if (link_down(self->t.name))
		TH_BAIL("down: %s", strerror(errno));
	before = link_stats(self->t.name);
	peer_udp(&self->t, &f, 4000, PORT, 100, 1);
	EXPECT_ERRNO(EIO, tun_send(&self->t, NULL, &f));
	d = link_stats_since(self->t.name, &before);
	EXPECT_EQ(1, d.rx_dropped);
	EXPECT_EQ(0, d.rx_packets);
	EXPECT_EQ(0, d.rx_bytes);

	if (link_up(self->t.name))
		TH_BAIL("up: %s", strerror(errno));
	peer_udp(&self->t, &f, 4000, PORT, 200, 2);
	EXPECT_EQ(f.len, tun_send(&self->t, NULL, &f));
	EXPECT_EQ(200, udp_recv_pattern(self->udp, 2, WAIT_MS));
}

TEST_F(write, bad_buffer,
       .title = "a frame that cannot be read gives EFAULT, counted in rx_dropped; the next passes",
       .behaviours = { 276, 397 })
{
	struct rtnl_link_stats64 before, d;
	static struct frame f;

	peer_udp(&self->t, &f, 4000, PORT, 100, 1);
	before = link_stats(self->t.name);
	EXPECT_ERRNO(EFAULT, write(self->t.fd, cut_memory(f.data, 0), f.len));
	EXPECT_ERRNO(EFAULT, write(self->t.fd, cut_memory(f.data, f.len - 1), f.len));
	d = link_stats_since(self->t.name, &before);
	EXPECT_EQ(2, d.rx_dropped);
	EXPECT_EQ(0, d.rx_packets);

	EXPECT_EQ(f.len, tun_send(&self->t, NULL, &f));
	EXPECT_EQ(100, udp_recv_pattern(self->udp, 1, WAIT_MS));
}

TEST_F(write, iovecs, .title = "writev of many pieces, empty ones among them, is one frame",
       .behaviours = { 281 })
{
	struct iovec iov[1024] = { 0 };
	struct rtnl_link_stats64 before, d;
	static struct frame f;
	int n = 0;

	/* An empty one in front of each byte. */
	peer_udp(&self->t, &f, 4000, PORT, 300, 1);
	for (size_t i = 0; i < f.len; i++) {
		iov[n++] = (struct iovec){ f.data, 0 };
		iov[n++] = (struct iovec){ f.data + i, 1 };
	}
	before = link_stats(self->t.name);
	ASSERT_EQ(f.len, writev(self->t.fd, iov, n));
	EXPECT_EQ(300, udp_recv_pattern(self->udp, 1, WAIT_MS));
	d = link_stats_since(self->t.name, &before);
	EXPECT_EQ(1, d.rx_packets);
	EXPECT_EQ(f.len, d.rx_bytes);
}

TEST_F(write, contents_unchecked,
       .title = "write takes cut headers, wrong lengths and wrong checksums; the stack drops them",
       .behaviours = { 282 })
{
	struct rtnl_link_stats64 before, d;
	static struct frame f;

	before = link_stats(self->t.name);
	peer_udp(&self->t, &f, 4000, PORT, 100, 1);
	f.data[f.l4 + 6] ^= 0xff;
	EXPECT_EQ(f.len, tun_send(&self->t, NULL, &f)); /* UDP checksum */
	peer_udp(&self->t, &f, 4000, PORT, 100, 2);
	f.data[f.l3 + 10] ^= 0xff;
	EXPECT_EQ(f.len, tun_send(&self->t, NULL, &f)); /* IP checksum */
	peer_udp(&self->t, &f, 4000, PORT, 100, 3);
	EXPECT_EQ(f.len - 1, tun_write(&self->t, f.data, f.len - 1)); /* shorter than its length */
	EXPECT_EQ(f.l3 + 10, tun_write(&self->t, f.data, f.l3 + 10)); /* half an IP header */

	peer_udp(&self->t, &f, 4000, PORT, 100, 4);
	memset(f.data + f.len, 0xee, 50);
	EXPECT_EQ(f.len + 50, tun_write(&self->t, f.data, f.len + 50)); /* bytes behind it */
	EXPECT_EQ(100, udp_recv_pattern(self->udp, 4, WAIT_MS));
	EXPECT_ERRNO(EAGAIN, udp_recv(self->udp, f.data, sizeof(f.data), 0));
	d = link_stats_since(self->t.name, &before);
	EXPECT_EQ(5, d.rx_packets);
	EXPECT_EQ(0, d.rx_dropped);
}

TEST_F(write, ping, .title = "an echo request written to the device is answered through it",
       .behaviours = { 289 })
{
	static struct tun_packet answer;
	struct parsed p;
	static struct frame f;

	peer_ipv4(&self->t, &f, IPPROTO_ICMP);
	frame_icmp(&f, ICMP_ECHO, 0, 0x1234, 7);
	frame_pattern(&f, 56, 9);
	frame_finish(&f);
	ASSERT_EQ(f.len, tun_send(&self->t, NULL, &f));

	ASSERT_TRUE(tun_recv_proto(&self->t, &answer, IPPROTO_ICMP, WAIT_MS, &p));
	EXPECT_EQ(f.len, answer.len);
	EXPECT_EQ(ICMP_ECHOREPLY, p.icmp_type);
	EXPECT_TRUE(p.l4_checksum_ok);
	EXPECT_STREQ(KERNEL_IP4, p.src);
	EXPECT_STREQ(PEER_IP4, p.dst);
	EXPECT_EQ(0, memcmp(f.data + f.l4 + 4, answer.data + p.l4 + 4, 4)); /* id, sequence */
	ASSERT_EQ(56, p.payload_len);
	EXPECT_EQ(-1, pattern_check(answer.data + p.payload, 56, 9));
	if (tun_is_tap(&self->t))
		EXPECT_EQ(0, memcmp(peer_mac, answer.data, sizeof(peer_mac)));
}

TEST_F(write, no_echo, .title = "a written frame, even a broadcast, does not come back from read",
       .behaviours = { 291 })
{
	static struct tun_packet packet;
	static struct frame f;
	struct parsed p;

	peer_udp(&self->t, &f, 4000, PORT, 100, 1);
	if (tun_is_tap(&self->t))
		memset(f.data, 0xff, 6);
	ASSERT_EQ(f.len, tun_send(&self->t, NULL, &f));
	EXPECT_EQ(100, udp_recv_pattern(self->udp, 1, WAIT_MS));

	/* What the kernel sends next is the first thing to read. */
	ASSERT_EQ(6, udp_send(self->udp, "marker", 6, PEER_IP4, 4001));
	ASSERT_TRUE(tun_recv(&self->t, &packet, WAIT_MS));
	ASSERT_TRUE(frame_parse(packet.data, packet.len, tun_is_tap(&self->t), &p));
	EXPECT_EQ(4001, p.dport);
	EXPECT_EQ(0, memcmp("marker", packet.data + p.payload, 6));
}

/* Every combination of what may stand in front of a frame. */
FIXTURE(length)
{
	struct tun t;
	size_t headers;
};

FIXTURE_VARIANT(length)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(length, tun){ IFF_TUN | IFF_NO_PI };
FIXTURE_VARIANT_ADD(length, tun_pi){ IFF_TUN };
FIXTURE_VARIANT_ADD(length, tun_vnet){ IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
FIXTURE_VARIANT_ADD(length, tun_pi_vnet){ IFF_TUN | IFF_VNET_HDR };
FIXTURE_VARIANT_ADD(length, tap){ IFF_TAP | IFF_NO_PI };
FIXTURE_VARIANT_ADD(length, tap_pi){ IFF_TAP };
FIXTURE_VARIANT_ADD(length, tap_vnet){ IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
FIXTURE_VARIANT_ADD(length, tap_pi_vnet){ IFF_TAP | IFF_VNET_HDR };

FIXTURE_SETUP(length)
{
	self->t = tun_create("t0", variant->flags);
	self->headers = tun_header_size(&self->t);
}

FIXTURE_TEARDOWN(length)
{
	tun_close(&self->t);
}

struct verdict {
	int err;      /* 0: taken */
	bool counted; /* in rx_dropped */
};

/* What becomes of a write of @len bytes that is right except for its length. */
static struct verdict expected(const struct tun *t, size_t headers, size_t len, bool up)
{
	if (len < headers)
		return (struct verdict){ EINVAL, false };
	if (tun_is_tap(t) && len - headers < ETH_HLEN)
		return (struct verdict){ EINVAL, false };
	/* Without a byte there is no IP version to see, and that is after the frame was copied. */
	if (!tun_is_tap(t) && t->flags & IFF_NO_PI && len == headers)
		return (struct verdict){ EINVAL, true };
	return up ? (struct verdict){ 0, false } : (struct verdict){ EIO, true };
}

TEST_F(length, shortest,
       .title = "a frame cut inside its headers or (TUN) before the IP version gives EINVAL",
       .behaviours = { 268, 270, 272, 273, 275, 292, 293, 397 })
{
	size_t h = self->headers;
	uint8_t buf[64] = { 0 };

	/* As IPv4 on both kinds: a protocol that every kernel has a handler for. */
	if (!(self->t.flags & IFF_NO_PI))
		buf[2] = ETHERTYPE_IP >> 8;
	if (tun_is_tap(&self->t))
		buf[h + 12] = ETHERTYPE_IP >> 8;
	else
		buf[h] = 0x45;

	for (int up = 0; up <= 1; up++) {
		if (up && link_up(self->t.name))
			TH_BAIL("up: %s", strerror(errno));
		for (size_t len = 0; len <= h + 20; len++) {
			struct verdict v = expected(&self->t, h, len, up);
			struct rtnl_link_stats64 before = link_stats(self->t.name), d;
			ssize_t ret;

			EXPECT_ERRNO(v.err, ret = tun_write(&self->t, buf, len))
			{
				TH_LOG("%zu bytes, %s", len, up ? "up" : "down");
			}
			if (!v.err)
				EXPECT_EQ(len, ret);
			d = link_stats_since(self->t.name, &before);
			EXPECT_EQ(v.counted, d.rx_dropped)
			{
				TH_LOG("%zu bytes, %s", len, up ? "up" : "down");
			}
			EXPECT_EQ(!v.err, d.rx_packets);
		}
	}
	EXPECT_EQ(0, link_stats(self->t.name).rx_frame_errors);
}

TEST_F(length, returns_headers,
       .title = "write returns the bytes of the headers too; rx_bytes counts the frame alone",
       .behaviours = { 280, 392 })
{
	struct rtnl_link_stats64 before, d;
	static struct frame f;
	int udp;

	peer_configure(&self->t);
	udp = udp_open(KERNEL_IP4, PORT);
	before = link_stats(self->t.name);
	peer_udp(&self->t, &f, 4000, PORT, 100, 1);
	EXPECT_EQ(self->headers + f.len, tun_send(&self->t, NULL, &f));
	EXPECT_EQ(100, udp_recv_pattern(udp, 1, WAIT_MS));
	d = link_stats_since(self->t.name, &before);
	EXPECT_EQ(1, d.rx_packets);
	EXPECT_EQ(f.len, d.rx_bytes);
	close(udp);
}

TEST_F(length, empty_vector, .title = "writev of nothing gives 0 and is not counted",
       .behaviours = { 274 })
{
	char byte = 0;
	struct iovec nothing[3] = { { &byte, 0 }, { &byte, 0 }, { NULL, 0 } };

	EXPECT_EQ(0, writev(self->t.fd, nothing, 3));
	EXPECT_EQ(0, link_stats(self->t.name).rx_dropped);
}

/* Faults that a frame may have, in the order the driver looks for them. */
FIXTURE(order)
{
	struct tun t;
	uint8_t good[14 + 60]; /* PI, vnet header, frame */
};

FIXTURE_VARIANT(order)
{
	unsigned int type;
};

FIXTURE_VARIANT_ADD(order, tun){ IFF_TUN };
FIXTURE_VARIANT_ADD(order, tap){ IFF_TAP };

FIXTURE_SETUP(order)
{
	/* Down: the last of the checks here. */
	self->t = tun_create("t0", variant->type | IFF_VNET_HDR);
	self->good[14] = 0x45;
}

FIXTURE_TEARDOWN(order)
{
	tun_close(&self->t);
}

TEST_F(order, first_fault_decides,
       .title = "write checks PI, vnet header, hdr_len, then copies, then looks at GSO type and up",
       .behaviours = { 268, 397, 398 })
{
	static const struct {
		const char *what;
		size_t readable, len;
		uint8_t hdr_len, gso_type;
		int err;
		bool dropped, frame_error;
	} faults[] = {
		{ "PI cut, unreadable", 0, 3, 0, 0, EINVAL, false, false },
		{ "PI unreadable, vnet header cut", 0, 13, 0, 0, EFAULT, false, false },
		{ "vnet header cut, unreadable", 4, 13, 0, 0, EINVAL, false, false },
		{ "vnet header unreadable, frame short", 4, 14 + 5, 0, 0, EFAULT, false, false },
		{ "hdr_len too large, frame unreadable", 14, 14 + 60, 61, 0, EINVAL, false, false },
		{ "frame unreadable, bad GSO type", 14 + 20, 14 + 60, 0, 0x7f, EFAULT, true,
		  false },
		{ "bad GSO type, down", 14 + 60, 14 + 60, 0, 0x7f, EINVAL, false, true },
		{ "down", 14 + 60, 14 + 60, 0, 0, EIO, true, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct rtnl_link_stats64 before = link_stats(self->t.name), d;

		self->good[4 + 1] = faults[i].gso_type;
		self->good[4 + 2] = faults[i].hdr_len;
		EXPECT_ERRNO(faults[i].err,
			     write(self->t.fd, cut_memory(self->good, faults[i].readable),
				   faults[i].len))
		{
			TH_LOG("%s", faults[i].what);
		}
		d = link_stats_since(self->t.name, &before);
		EXPECT_EQ(faults[i].dropped, d.rx_dropped)
		{
			TH_LOG("%s", faults[i].what);
		}
		/* A TAP has no place to show it. */
		EXPECT_EQ(faults[i].frame_error && !tun_is_tap(&self->t), d.rx_frame_errors)
		{
			TH_LOG("%s", faults[i].what);
		}
	}
}

TEST_F(order, ethernet_before_copy,
       .title = "a TAP looks at the length of the Ethernet header before it reads the frame",
       .behaviours = { 268, 275 })
{
	int tap = tun_is_tap(&self->t);

	EXPECT_ERRNO(tap ? EINVAL : EFAULT,
		     write(self->t.fd, cut_memory(self->good, 14), 14 + ETH_HLEN - 1));
	EXPECT_ERRNO(EFAULT, write(self->t.fd, cut_memory(self->good, 14), 14 + ETH_HLEN));
}

TEST(vnet_before_ip_version,
     .title = "a TUN looks at the vnet header before the IP version, and at that before IFF_UP",
     .behaviours = { 268, 270 })
{
	struct tun t = tun_create("t0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);
	struct vnet bad = { .gso_type = 0x7f };
	struct rtnl_link_stats64 stats;
	uint8_t frame[40] = { 0x55 };

	EXPECT_ERRNO(EINVAL, tun_send_hdr(&t, NULL, &bad, frame, sizeof(frame)));
	stats = link_stats(t.name);
	EXPECT_EQ(1, stats.rx_frame_errors);
	EXPECT_EQ(0, stats.rx_dropped);

	EXPECT_ERRNO(EINVAL, tun_send_hdr(&t, NULL, NULL, frame, sizeof(frame)));
	stats = link_stats(t.name);
	EXPECT_EQ(1, stats.rx_frame_errors);
	EXPECT_EQ(1, stats.rx_dropped);

	frame[0] = 0x45;
	EXPECT_ERRNO(EIO, tun_send_hdr(&t, NULL, NULL, frame, sizeof(frame)));
	EXPECT_EQ(2, link_stats(t.name).rx_dropped);
	tun_close(&t);
}

/*
 * An issue of songgao/water (18) calls this EINVAL a bug of the kernel. It is the check that there
 * is an IP packet at all, without PI the only way to know its protocol.
 */
TEST(ip_version,
     .title = "a TUN without PI takes IP version 4 and 6, any other gives EINVAL, counted",
     .behaviours = { 271, 272, 397 }, .needs = { "packet_socket" })
{
	struct tun t = tun_create("t0", IFF_TUN | IFF_NO_PI);
	struct rtnl_link_stats64 before, d;
	uint8_t frame[20] = { 0 };
	int socket;

	if (link_up(t.name))
		TH_BAIL("up: %s", strerror(errno));
	/* A frame that no protocol takes counts as dropped: this socket takes them all. */
	socket = packet_open(t.name, ETH_P_ALL, 0);
	for (int version = 0; version < 16; version++) {
		bool ok = version == 4 || version == 6;

		for (size_t len = 1; len <= sizeof(frame); len += sizeof(frame) - 1) {
			frame[0] = version << 4 | 5;
			before = link_stats(t.name);
			EXPECT_ERRNO(ok ? 0 : EINVAL, tun_write(&t, frame, len))
			{
				TH_LOG("version %d, %zu bytes", version, len);
			}
			d = link_stats_since(t.name, &before);
			EXPECT_EQ(!ok, d.rx_dropped)
			{
				TH_LOG("version %d", version);
			}
			EXPECT_EQ(ok, d.rx_packets);
			EXPECT_EQ(ok ? len : 0, d.rx_bytes);
		}
	}
	close(socket);
	tun_close(&t);
}

TEST(send_buffer_full,
     .title = "with the send buffer full O_NONBLOCK and RWF_NOWAIT give EAGAIN, not counted",
     .behaviours = { 283, 287, 397 }, .needs = { "bridge", "tbf" })
{
	struct rtnl_link_stats64 before, d;
	struct way w;
	struct iovec iov = { w.f.data, WAY_FRAME };
	int n;

	way_make(&w, 0);
	before = link_stats("in");
	n = way_fill(&w);
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_GT(n, 0);
	EXPECT_LT(n, WAY_LIMIT);
	EXPECT_EQ(0, sock_wait(w.in.fd, POLLOUT, 0));
	d = link_stats_since("in", &before);
	EXPECT_EQ(n, d.rx_packets);
	EXPECT_EQ(0, d.rx_dropped);

	if (harness_feature("nowait")) {
		tun_set_blocking(w.in.fd);
		EXPECT_ERRNO(EAGAIN, pwritev2(w.in.fd, &iov, 1, -1, RWF_NOWAIT));
		EXPECT_EQ(0, link_stats_since("in", &before).rx_dropped);
	}

	/* What waited is freed, and that is space again. */
	way_hold(false);
	EXPECT_EQ(POLLOUT, sock_wait(w.in.fd, POLLOUT, WAIT_MS));
	EXPECT_EQ(w.f.len, tun_send(&w.in, NULL, &w.f));
	way_close(&w);
}
