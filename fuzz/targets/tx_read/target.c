// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel sends to a device, and what a read gives of it.
 *
 * Each packet is sent three times. The first two are read into a large buffer, which holds another
 * byte everywhere each time, so that a byte that nobody wrote is told from one that was written.
 * What was read says what waited in the queue; from that the model says what the third gives, which
 * is read into the buffers of the input. What waited is itself compared with what was sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device/uapi.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/parts.h"
#include "fuzz/targets/tx_read/flow_plan.h"
#include "fuzz/targets/tx_read/judge.h"
#include "netns/sock.h"

/* Blank lines: what stands between two of them is left out of a program that does not need it. */
FUZZ_TEXT(tx_read_prologue,
	  FUZZ_FILE("fuzz/targets/tx_read/program.h")
		  FUZZ_LINE("\\n#define flow_field(dev, field) link_field(ns[0], dev, field)")
			  FUZZ_LINE("#define flow_delete(dev) link_del(0, dev)")
				  FUZZ_LINE("#define flow_program program\\n")
					  FUZZ_FILE("fuzz/targets/tx_read/flow_steps.h")
						  FUZZ_LINE("")
							  FUZZ_FILE("fuzz/targets/tx_read/flow.h"));

/* Sets the reader's device to what the input says, where it is not. */
static void set_up(struct plan *p)
{
	struct reader *r = p->r;
	struct model_port *now = &r->port.model;
	int fd = r->port.t.fd, ret;

	if (p->port.vnet_size != now->vnet_size &&
	    tun_set_vnet_hdr_sz(&r->port.t, p->port.vnet_size))
		fuzz_wrong("TUNSETVNETHDRSZ %u: %s", p->port.vnet_size, strerror(errno));
	if (p->port.big_endian != now->big_endian && tun_set_vnet_be(fd, p->port.big_endian))
		fuzz_wrong("TUNSETVNETBE: %s", strerror(errno));
	if (p->mask != r->mask) {
		ret = tun_set_offload(fd, p->mask);
		if ((ret == 0) != p->taken || (ret && errno != EINVAL))
			fuzz_wrong("TUNSETOFFLOAD %#x: model %s, kernel %s", p->mask,
				   p->taken ? "fine" : "EINVAL", ret ? strerror(errno) : "fine");
		if (!p->taken && tun_set_offload(fd, 0))
			fuzz_wrong("TUNSETOFFLOAD 0: %s", strerror(errno));
	}
	r->mask = p->mask;
	r->active = p->active;
	*now = p->port;
}

/* -1 if the packet was refused; errno is of interest to nobody. */
static ssize_t send_packet(const struct plan *p)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(p->protocol),
				  .sll_ifindex = if_nametoindex(p->r->port.t.name) };

	return delivered_send(p->r->packet, &ll, &p->v, p->frame, p->len);
}

/* The driver keeps a packet for as long as it likes, so that it copies what it would only lend. */
static ssize_t send_zerocopy(const struct plan *p)
{
	struct sock_extended_err e = { 0 };
	ssize_t ret = udp_send_flags(p->r->udp, p->frame, p->len, MSG_ZEROCOPY, p->r->peer,
				     READER_PEER_PORT);

	if (ret >= 0 &&
	    (sock_recv_control(p->r->udp, MSG_ERRQUEUE, SOL_IP, IP_RECVERR, &e, sizeof(e)) != 1 ||
	     e.ee_origin != SO_EE_ORIGIN_ZEROCOPY || e.ee_info != e.ee_data ||
	     e.ee_code != SO_EE_CODE_ZEROCOPY_COPIED))
		fuzz_wrong("%zu bytes sent to %s with MSG_ZEROCOPY: origin %u, code %u, %u to %u",
			   p->len, p->r->port.t.name, e.ee_origin, e.ee_code, e.ee_info, e.ee_data);
	return ret;
}

static ssize_t send_it(const struct plan *p, const struct model_written *w)
{
	static uint8_t buf[PORT_ROOM + READER_FRAME];
	struct delivered d;

	if (p->way == WAY_PACKET)
		return send_packet(p);
	if (p->zerocopy)
		return send_zerocopy(p);
	if (p->way == WAY_UDP && p->v.gso_type)
		return udp_send_gso(p->r->udp, p->frame, p->len, p->v.gso_size, p->r->peer,
				    READER_PEER_PORT);
	if (p->way == WAY_UDP)
		return udp_send(p->r->udp, p->frame, p->len, p->r->peer, READER_PEER_PORT);
	d = (struct delivered){ .ret = write(p->r->in.t.fd, buf, plan_assemble(p, buf)) };
	d.err = d.ret < 0 ? errno : 0;
	if (d.ret != w->ret || d.err != w->err)
		port_wrong(&p->r->in, "result", w, &d);
	return d.ret;
}

/* Reads that were made of the packets of one sending. */
static struct got first[READER_QUEUE];

static void keep(const struct plan *p, size_t n, const struct got *g)
{
	if (g->ret < 0)
		fuzz_wrong("a packet of %s cannot be read (way %d): %s", p->r->port.t.name, p->way,
			   strerror(g->err));
	first[n] = *g;
}

/* UDP to be fragmented: in IPv6 the fragments get a number at random. */
static bool is_fragmented(const struct plan *p)
{
	return p->way != WAY_UDP &&
	       (p->v.gso_type & ~VIRTIO_NET_HDR_GSO_ECN) == VIRTIO_NET_HDR_GSO_UDP;
}

/* What may differ between two of the same: the number of an IP packet, and so its checksum. */
static void adopt_number(const struct plan *p, struct got *to, const struct got *from)
{
	static const uint8_t offsets[] = { 4, 5, 10, 11 };
	size_t ip = (p->port.pi ? 4 : 0) + p->port.vnet_size + (p->port.tap ? ETH_HLEN : 0);

	for (size_t i = 0; p->way == WAY_UDP && i < sizeof(offsets); i++) {
		if (from->ret > (ssize_t)(ip + offsets[i]))
			to->bytes[ip + offsets[i]] = from->bytes[ip + offsets[i]];
	}
	if (is_fragmented(p) && from->ret > (ssize_t)ip && to->ret >= from->ret)
		memcpy(to->bytes + ip, from->bytes + ip, from->ret - ip);
}

static void again(const struct plan *p, size_t n, const struct got *g)
{
	struct model_packet q = got_packet(p, &first[n]);

	adopt_number(p, &first[n], g);
	judge_twins(p, &first[n], g);
	judge_read(p, &q, LARGE, &first[n]);
	judge_read(p, &q, LARGE, g);
}

static void cut(const struct plan *p, size_t n, const struct got *g)
{
	struct model_packet q = got_packet(p, &first[n]);

	adopt_number(p, &first[n], g);
	judge_cut(p, &q, g);
}

static int run(const uint8_t *data, size_t size)
{
	static struct expected e;
	struct model_written w = { 0 };
	struct plan p;
	size_t n;
	bool sent;

	if (is_flows(data, size))
		return flows_run(data, size);
	if (!plan_read(data, size, &p))
		return -1;
	set_up(&p);
	expect(&p, &w, &e);
	sent = send_it(&p, &w) >= 0;
	n = read_all(&p, LARGE, 1, 0xa5, keep);
	judge_number(&p, &e, sent, n);
	if (!sent)
		return 0;
	send_it(&p, &w);
	if (read_all(&p, LARGE, 1, 0x5a, again) != n)
		fuzz_wrong("the same packet sent to %s again is another number", p.r->port.t.name);
	for (size_t i = 0; i < n; i++) {
		struct model_packet q = got_packet(&p, &first[i]);

		judge_packet(&p, &e, i, &first[i], &q);
		fuzz_saw(p.way << 24 | e.what << 22 | q.gso_type << 12 | q.partial << 11 |
			 (p.active & 0x3ff));
	}
	send_it(&p, &w);
	if (read_all(&p, p.buffer, p.pieces, 0x5a, cut) != n)
		fuzz_wrong("the same packet sent to %s again is another number", p.r->port.t.name);
	fuzz_saw(0x80000000 | (n > 200 ? 200 : n) << 8 | (data[READER] & 15) << 4 | p.pieces);
	return 0;
}

static void begin(void)
{
	readers_begin();
	flows_begin();
}

static void end(void)
{
	flows_end();
	readers_end();
}

const struct fuzz_target fuzz_target = {
	.name = "tx_read",
	.format =
		"1 byte: bit 0 TAP, 1 PI, 2 vnet header, 3 big-endian; 1 byte: the way: packet "
		"socket, redirected from another device, UDP socket, bit 7 MSG_ZEROCOPY; 1 byte: the header's size less "
		"10; 2 bytes: TUNSETOFFLOAD; 2 bytes: the buffer's size less 1; 1 byte: its pieces "
		"less 1, or bit 7: memory that ends; 1 byte: the length of these; 24 bytes: the vnet header; then the frame, or "
		"the payload of UDP. All numbers are little-endian. Or bit 7 of the first byte, then 1 "
		"byte: bit 0 TAP, 1 PI, 2 vnet header, 3 a single queue, 4 IFF_NAPI, 5 IFF_NAPI_FRAGS; "
		"then steps of 4 bytes: operation, file, flow or "
		"value, how",
	.max_len = FRONT + READER_FRAME,
	.reset_inputs = 10000,
	.begin = begin,
	.end = end,
	.check = readers_check,
	.run = run,
	.print = target_print,
	.prologue = tx_read_prologue,
	.mutate = target_mutate,
	.seed = target_seed,
};
