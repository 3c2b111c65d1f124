// SPDX-License-Identifier: GPL-2.0-only
/* A megabyte of TCP in each direction between a kernel socket and a peer behind the device file. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/sock.h"

#define TOTAL	  (1 << 20)
#define PORT	  4001
#define FIRST_SEQ 1001 /* of the peer's data */
#define WAIT_MS	  5000
#define TSO_MASK  (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)

FIXTURE(tcpstream)
{
	struct tun t;
	struct peer_tcp c;
	uint8_t *data; /* what is sent */
	uint8_t *seen; /* what arrives */
	int mss;
};

FIXTURE_VARIANT(tcpstream)
{
	unsigned int flags;
	unsigned int mask; /* if not 0, the peer too sends super-frames */
	int size;	   /* of the vnet header, where there is one */
	int mtu;
	bool ipv6;
};

#define VNET IFF_VNET_HDR
#define NOPI IFF_NO_PI
FIXTURE_VARIANT_ADD(tcpstream, tun) { .flags = IFF_TUN | NOPI, .mtu = 1500 };
FIXTURE_VARIANT_ADD(tcpstream, tap) { .flags = IFF_TAP | NOPI, .mtu = 1500 };
FIXTURE_VARIANT_ADD(tcpstream, tun_pi) { .flags = IFF_TUN, .mtu = 1500 };
FIXTURE_VARIANT_ADD(tcpstream, tun_ipv6) { .flags = IFF_TUN | NOPI, .mtu = 1500, .ipv6 = true };
FIXTURE_VARIANT_ADD(tcpstream, tap_ipv6) { .flags = IFF_TAP | NOPI, .mtu = 1500, .ipv6 = true };
FIXTURE_VARIANT_ADD(tcpstream, tun_napi) { .flags = IFF_TUN | NOPI | IFF_NAPI, .mtu = 1500 };
FIXTURE_VARIANT_ADD(tcpstream, tap_napi) { .flags = IFF_TAP | NOPI | IFF_NAPI, .mtu = 1500 };
FIXTURE_VARIANT_ADD(tcpstream, tun_csum)
{
	.flags = IFF_TUN | NOPI | VNET, .mask = TUN_F_CSUM, .size = 10, .mtu = 1500
};
FIXTURE_VARIANT_ADD(tcpstream, tun_tso)
{
	.flags = IFF_TUN | NOPI | VNET, .mask = TSO_MASK, .size = 10, .mtu = 1500
};
FIXTURE_VARIANT_ADD(tcpstream, tap_tso)
{
	.flags = IFF_TAP | NOPI | VNET, .mask = TSO_MASK, .size = 12, .mtu = 1500
};
FIXTURE_VARIANT_ADD(tcpstream, tun_tso_ipv6)
{
	.flags = IFF_TUN | NOPI | VNET, .mask = TSO_MASK, .size = 10, .mtu = 1500, .ipv6 = true
};
FIXTURE_VARIANT_ADD(tcpstream, tap_tso_ipv6)
{
	.flags = IFF_TAP | NOPI | VNET, .mask = TSO_MASK, .size = 24, .mtu = 1500, .ipv6 = true
};
FIXTURE_VARIANT_ADD(tcpstream, tun_tso_mtu_576)
{
	.flags = IFF_TUN | NOPI | VNET, .mask = TSO_MASK, .size = 10, .mtu = 576
};
FIXTURE_VARIANT_ADD(tcpstream, tap_tso_mtu_9000)
{
	.flags = IFF_TAP | NOPI | VNET, .mask = TSO_MASK, .size = 12, .mtu = 9000
};
FIXTURE_VARIANT_ADD(tcpstream, tap_tso_napi)
{
	.flags = IFF_TAP | NOPI | VNET | IFF_NAPI, .mask = TSO_MASK, .size = 12, .mtu = 1500
};

FIXTURE_SETUP(tcpstream)
{
	if (variant->ipv6 && !harness_feature("ipv6"))
		SKIP(return, "%s", harness_feature_reason("ipv6"));
	if (variant->flags & IFF_NAPI && !harness_feature("napi"))
		SKIP(return, "%s", harness_feature_reason("napi"));
	if (variant->ipv6)
		netns_ipv6();
	self->t = tun_create("tcp0", variant->flags);
	if ((variant->flags & IFF_VNET_HDR && tun_set_vnet_hdr_sz(&self->t, variant->size)) ||
	    tun_set_offload(self->t.fd, variant->mask) || link_set_mtu(self->t.name, variant->mtu))
		TH_BAIL("cannot prepare %s: %s", self->t.name, strerror(errno));
	peer_configure(&self->t);
	if (variant->ipv6)
		peer_configure_ipv6(&self->t);
	self->mss = variant->mtu - 20 - (variant->ipv6 ? 40 : 20);
	self->c = peer_tcp_connect(&self->t, PORT, variant->ipv6, self->mss);
	self->data = malloc(TOTAL);
	self->seen = calloc(1, TOTAL);
	pattern_fill(self->data, TOTAL, 9);
}

FIXTURE_TEARDOWN(tcpstream)
{
	free(self->data);
	free(self->seen);
}

/* Acknowledges all up to the peer's next expected byte. */
static void send_ack(struct __test_metadata *_metadata, const FIXTURE_DATA(tcpstream) *self)
{
	struct frame f;

	peer_tcp_segment(&self->t, &f, &self->c, 0);
	frame_finish(&f);
	ASSERT_LT(0, tun_send(&self->t, NULL, &f));
}

/* One frame of the stream, as the mask wants it: true if it is a super-frame. */
static bool check_segment(struct __test_metadata *_metadata, const FIXTURE_DATA(tcpstream) *self,
			  const FIXTURE_VARIANT(tcpstream) *variant,
			  const struct tun_packet *packet, const struct parsed *p)
{
	const struct vnet *v = &packet->vnet;
	bool is_super = p->payload_len > self->mss;

	if (is_super) {
		EXPECT_EQ(variant->ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4,
			  v->gso_type);
		EXPECT_EQ(self->mss, v->gso_size);
	} else {
		EXPECT_EQ(VIRTIO_NET_HDR_GSO_NONE, v->gso_type);
		EXPECT_GE(variant->mtu, p->ip_len);
	}
	EXPECT_EQ(variant->mask & TUN_F_CSUM ? VIRTIO_NET_HDR_F_NEEDS_CSUM : 0, v->flags);
	EXPECT_TRUE(variant->mask & TUN_F_CSUM ? p->l4_checksum_partial : p->l4_checksum_ok);
	return is_super;
}

/* Gives the socket what it takes of the data from @at on, and after that its end: how much. */
static size_t feed_socket(struct __test_metadata *_metadata, const FIXTURE_DATA(tcpstream) *self,
			  size_t at)
{
	ssize_t n = send(self->c.fd, self->data + at, TOTAL - at, MSG_NOSIGNAL);

	ASSERT_TRUE(n >= 0 || errno == EAGAIN);
	if (n < 0)
		return 0;
	if (at + n == TOTAL) {
		ASSERT_OK(shutdown(self->c.fd, SHUT_WR));
	}
	return n;
}

TEST_F(tcpstream, from_socket,
       .title = "a megabyte sent by a kernel socket is read from the file byte by byte, in "
		"segments or super-frames as the mask says",
       .behaviours = { 331, 333, 370 })
{
	uint32_t first = self->c.ack;
	size_t sent = 0, have = 0;
	struct tun_packet packet;
	bool ended = false;
	struct parsed p;
	int supers = 0;

	while (!ended) {
		if (sent < TOTAL)
			sent += feed_socket(_metadata, self, sent);
		ASSERT_TRUE(tun_recv_proto(&self->t, &packet, IPPROTO_TCP, WAIT_MS, &p));
		/* Anything else is sent again, if the kernel found the peer slow. */
		if (p.seq - first == have) {
			supers += check_segment(_metadata, self, variant, &packet, &p);
			ASSERT_LE(have + p.payload_len, TOTAL);
			memcpy(self->seen + have, packet.data + p.payload, p.payload_len);
			have += p.payload_len;
			ended = p.tcp_flags & TH_FIN;
			self->c.ack = first + have + ended;
		}
		send_ack(_metadata, self);
	}
	EXPECT_EQ(TOTAL, have);
	EXPECT_EQ(-1, pattern_check(self->seen, TOTAL, 9));
	EXPECT_EQ(variant->mask == TSO_MASK, supers > 0);
	close(self->c.fd);
}

/* One segment of the peer's, in a super-frame if it is more than one; its last has FIN. */
static void send_data(struct __test_metadata *_metadata, const FIXTURE_DATA(tcpstream) *self,
		      const FIXTURE_VARIANT(tcpstream) *variant, size_t at, size_t len)
{
	struct vnet v = { 0 };
	struct frame f;

	peer_tcp_segment(&self->t, &f, &self->c, at + len == TOTAL ? TH_PUSH | TH_FIN : TH_PUSH);
	frame_payload(&f, self->data + at, len);
	if (len > self->mss)
		v = frame_finish_gso(&f, self->mss);
	else if (variant->mask)
		v = frame_finish_partial(&f);
	else
		frame_finish(&f);
	ASSERT_LT(0, tun_send(&self->t, &v, &f));
}

/* Takes an acknowledgement if one comes: @limit becomes the end of the window it offers. */
static bool recv_ack(const struct tun *t, size_t *limit, int timeout_ms)
{
	struct tun_packet packet;
	struct parsed p;
	size_t end;

	if (!tun_recv_proto(t, &packet, IPPROTO_TCP, timeout_ms, &p))
		return false;
	end = p.ack - FIRST_SEQ + (packet.data[p.l4 + 14] << 8 | packet.data[p.l4 + 15]);
	if (end > *limit)
		*limit = end;
	return true;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

TEST_F(tcpstream, to_socket,
       .title = "a megabyte written to the file in segments or super-frames is received by a "
		"kernel socket byte by byte",
       .behaviours = { 281, 313, 317 })
{
	const size_t most = variant->mask == TSO_MASK ? 40000 : self->mss;
	/* @limit is the end of the window, at first a guess that every kernel offers. */
	size_t sent = 0, have = 0, limit = 10000;
	ssize_t n;

	while (have < TOTAL) {
		size_t len = min3(most, limit - sent, TOTAL - sent);

		if (len)
			send_data(_metadata, self, variant, sent, len);
		sent += len;
		self->c.seq += len;
		/* Without room or data the next thing to happen is an acknowledgement. */
		if (!len) {
			ASSERT_TRUE(recv_ack(&self->t, &limit, WAIT_MS));
		}
		while (recv_ack(&self->t, &limit, 0))
			;
		n = recv(self->c.fd, self->seen + have, TOTAL - have, 0);
		ASSERT_TRUE(n > 0 || (n < 0 && errno == EAGAIN));
		have += n > 0 ? n : 0;
	}
	EXPECT_EQ(-1, pattern_check(self->seen, TOTAL, 9));

	/* The FIN of the last segment. */
	ASSERT_EQ(POLLIN, sock_wait(self->c.fd, POLLIN, WAIT_MS));
	EXPECT_EQ(0, recv(self->c.fd, self->seen, 1, 0));
	close(self->c.fd);
}
