// SPDX-License-Identifier: GPL-2.0-only
/* Why a packet was dropped, as the tracepoint skb:kfree_skb says. */
#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>
#include <linux/filter.h>

#include "device/memory.h"
#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/trace.h"

#define SIZE 60

FIXTURE(drop)
{
	struct tun t;
	struct trace *trace;
	int packet; /* sends frames to the device */
	uint8_t frame[SIZE];
};

FIXTURE_VARIANT(drop)
{
	const char *reason;
	unsigned int flags;
	/* makes the device drop the next packet, of which there will be one */
	void (*prepare)(FIXTURE_DATA(drop) *self);
	bool (*drops)(FIXTURE_DATA(drop) *self); /* true if the calls gave what they should */
};

/* Without a qdisc between them the sender hears of it. */
static bool sent(FIXTURE_DATA(drop) *self)
{
	return packet_send(self->packet, self->frame, SIZE) == -1 && errno == ENOBUFS;
}

static bool write_fails(FIXTURE_DATA(drop) *self, const void *frame, int err)
{
	return tun_send_hdr(&self->t, NULL, NULL, frame, SIZE) == -1 && errno == err;
}

static void done(const char *what, int ret)
{
	if (ret)
		TH_BAIL("%s: %s", what, strerror(errno));
}

static void detach(FIXTURE_DATA(drop) *self)
{
	done("TUNSETQUEUE", tun_set_queue(self->t.fd, IFF_DETACH_QUEUE));
}

static void other_address(FIXTURE_DATA(drop) *self)
{
	const uint8_t address[1][6] = { { 2, 0, 0, 0, 0, 99 } };

	done("TUNSETTXFILTER", tun_set_tx_filter(self->t.fd, 0, 1, address) != 1);
}

static void classic_filter(FIXTURE_DATA(drop) *self)
{
	struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);

	done("TUNATTACHFILTER",
	     tun_attach_filter(self->t.fd, &(struct sock_fprog){ .len = 1, .filter = &none }));
}

static void ebpf_filter(FIXTURE_DATA(drop) *self)
{
	int program = bpf_load_return(BPF_PROG_TYPE_SOCKET_FILTER, 0);

	done("TUNSETFILTEREBPF", tun_set_filter_ebpf(self->t.fd, program));
	close(program);
}

static void full_ring(FIXTURE_DATA(drop) *self)
{
	done("txqueuelen", link_set_txqueuelen("t0", 1));
	done("the packet that fills the ring",
	     packet_send(self->packet, self->frame, SIZE) != SIZE);
}

static void down(FIXTURE_DATA(drop) *self __UNUSED)
{
	done("down", link_down("t0"));
}

static bool write_down(FIXTURE_DATA(drop) *self)
{
	return write_fails(self, self->frame, EIO);
}

/* A frame in one page of its own (tun_build_skb()) is copied before there is an skb to drop. */
static void no_page(FIXTURE_DATA(drop) *self)
{
	tun_set_blocking(self->t.fd);
}

static bool write_fault(FIXTURE_DATA(drop) *self)
{
	return write_fails(self, cut_memory(self->frame, SIZE - 10), EFAULT);
}

static void nothing(FIXTURE_DATA(drop) *self __UNUSED)
{
}

static bool write_bad_version(FIXTURE_DATA(drop) *self)
{
	return write_fails(self, self->frame, EINVAL);
}

static bool write_bad_header(FIXTURE_DATA(drop) *self)
{
	struct vnet v = { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4 };

	return tun_send_hdr(&self->t, NULL, &v, self->frame, SIZE) == -1 && errno == EINVAL;
}

#define TAP (IFF_TAP | IFF_NO_PI)

FIXTURE_VARIANT_ADD(drop, detached) { "DEV_READY", TAP | IFF_MULTI_QUEUE, detach, sent };
FIXTURE_VARIANT_ADD(drop, tx_filter) { "TAP_TXFILTER", TAP, other_address, sent };
FIXTURE_VARIANT_ADD(drop, classic_filter) { "SOCKET_FILTER", TAP, classic_filter, sent };
FIXTURE_VARIANT_ADD(drop, ebpf_filter) { "TAP_FILTER", TAP, ebpf_filter, sent };
FIXTURE_VARIANT_ADD(drop, full_ring) { "FULL_RING", TAP, full_ring, sent };
FIXTURE_VARIANT_ADD(drop, write_down) { "DEV_READY", TAP, down, write_down };
FIXTURE_VARIANT_ADD(drop, write_fault) { "SKB_UCOPY_FAULT", TAP, no_page, write_fault };
FIXTURE_VARIANT_ADD(drop, write_version)
{ "NOT_SPECIFIED", IFF_TUN | IFF_NO_PI, nothing, write_bad_version };
FIXTURE_VARIANT_ADD(drop, write_vnet)
{ "NOT_SPECIFIED", TAP | IFF_VNET_HDR, nothing, write_bad_header };

FIXTURE_SETUP(drop)
{
	const struct ether_header header = { .ether_dhost = { 2, 0, 0, 0, 0, 1 },
					     .ether_type = htons(0x88b5) };

	self->t = tun_create("t0", variant->flags);
	done("up", link_up("t0"));
	self->packet = packet_open("t0", 0, PACKET_BYPASS);
	memcpy(self->frame, &header, sizeof(header));
	self->trace = trace_open("skb/kfree_skb");
	if (!self->trace)
		TH_BAIL("tracefs: %s", strerror(errno));
}

FIXTURE_TEARDOWN(drop)
{
	trace_close(self->trace);
	close(self->packet);
	tun_close(&self->t);
}

TEST_F(drop, reason, .title = "a dropped packet is traced once, with the reason",
       .behaviours = { 417 }, .needs = { "tracefs", "packet_socket", "bpf" })
{
	char text[64];

	variant->prepare(self);
	snprintf(text, sizeof(text), "reason: %s", variant->reason);
	trace_count(self->trace, text);
	EXPECT_TRUE(variant->drops(self)) {
		TH_LOG("the call gave %s", strerror(errno));
	}
	EXPECT_EQ(1, trace_count(self->trace, text));
}
