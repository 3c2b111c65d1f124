// SPDX-License-Identifier: GPL-2.0-only
/* Operations at random, or from a fuzzer's input. */
#include <net/if_arp.h>
#include <string.h>
#include <linux/if_ether.h>

#include "device/op.h"
#include "device/uapi.h"
#include "harness/harness.h"

/* xorshift64*, by G. Marsaglia and S. Vigna */
static uint32_t random_below(struct draw *draw, uint32_t n)
{
	draw->state ^= draw->state >> 12;
	draw->state ^= draw->state << 25;
	draw->state ^= draw->state >> 27;
	return (draw->state * 0x2545f4914f6cdd1dULL >> 32) % n;
}

struct draw draw_random(uint64_t seed)
{
	/* Seeds that follow each other make sequences that have nothing in common. */
	uint64_t state = (seed + 1) * 0x9e3779b97f4a7c15ULL;

	return (struct draw){ .below = random_below, .state = state ?: 1 };
}

static uint32_t next_byte(struct draw *draw)
{
	if (!draw->left)
		return 0;
	draw->left--;
	return *draw->data++;
}

static uint32_t bytes_below(struct draw *draw, uint32_t n)
{
	uint32_t v = next_byte(draw);

	if (n > 0x100)
		v = v << 8 | next_byte(draw);
	if (n > 0x10000)
		v = v << 16 | next_byte(draw) << 8 | next_byte(draw);
	return v % n;
}

struct draw draw_bytes(const uint8_t *data, size_t size)
{
	return (struct draw){ .below = bytes_below, .data = data, .left = size };
}

static uint32_t below(struct draw *draw, uint32_t n)
{
	return draw->below(draw, n);
}

static bool chance(struct draw *draw, uint32_t percent)
{
	return below(draw, 100) < percent;
}

#define PICK(draw, array) ((array)[below(draw, ARRAY_SIZE(array))])

/* How often an operation is drawn, relative to the others. */
static const uint8_t weights[OP_KINDS] = {
	[OP_OPEN] = 14,		  [OP_CLOSE] = 5,	    [OP_SET_IFF] = 24,
	[OP_GET_IFF] = 3,	  [OP_SET_QUEUE] = 10,	    [OP_SET_IFINDEX] = 3,
	[OP_GET_FEATURES] = 1,	  [OP_SET_PERSIST] = 4,	    [OP_SET_OWNER] = 2,
	[OP_SET_GROUP] = 2,	  [OP_SET_LINK] = 3,	    [OP_SET_NOCSUM] = 1,
	[OP_SET_OFFLOAD] = 4,	  [OP_GET_SNDBUF] = 2,	    [OP_SET_SNDBUF] = 3,
	[OP_GET_VNET_HDR_SZ] = 1, [OP_SET_VNET_HDR_SZ] = 4, [OP_GET_VNET_LE] = 1,
	[OP_SET_VNET_LE] = 2,	  [OP_GET_VNET_BE] = 1,	    [OP_SET_VNET_BE] = 2,
	[OP_SET_CARRIER] = 3,	  [OP_SET_TX_FILTER] = 2,   [OP_GET_HWADDR] = 2,
	[OP_SET_HWADDR] = 3,	  [OP_ATTACH_FILTER] = 2,   [OP_DETACH_FILTER] = 3,
	[OP_GET_FILTER] = 2,	  [OP_SET_STEERING] = 8,    [OP_SET_EBPF] = 2,
	[OP_GET_DEV_NETNS] = 1,	  [OP_GET_SK_NETNS] = 1,    [OP_UNKNOWN_IOCTL] = 1,
	[OP_SET_DEBUG] = 1,	  [OP_BAD_POINTER] = 6,	    [OP_SET_ASYNC] = 2,
	[OP_GET_FDINFO] = 2,	  [OP_LINK_NEW] = 1,	    [OP_GET_KIND] = 1,
	[OP_GET_MSGLEVEL] = 1,	  [OP_SET_MSGLEVEL] = 1,    [OP_GET_RX_FRAMES] = 2,
	[OP_SET_RX_FRAMES] = 2,	  [OP_GET_SPEED] = 2,	    [OP_SET_SPEED] = 1,
	[OP_READ] = 20,		  [OP_WRITE] = 20,	    [OP_POLL] = 8,
	[OP_LINK_UP] = 20,	  [OP_LINK_DOWN] = 2,	    [OP_LINK_DEL] = 1,
	[OP_LINK_RENAME] = 2,	  [OP_LINK_TXQUEUELEN] = 3, [OP_LINK_MTU] = 2,
	[OP_LINK_MOVE] = 2,	  [OP_SEND] = 30,	    [OP_LIST] = 2,
};

static enum op_kind draw_kind(struct draw *draw)
{
	static uint32_t total;
	uint32_t at;
	int kind;

	if (!total) {
		for (kind = 0; kind < OP_KINDS; kind++)
			total += weights[kind];
	}
	at = below(draw, total);
	for (kind = 0; at >= weights[kind]; kind++)
		at -= weights[kind];
	return kind;
}

/* What an operation wants of its file. */
enum want { CLOSED, OPEN, FREE, ATTACHED, READABLE };

static bool fits(const struct model_file *f, enum want want)
{
	switch (want) {
	case CLOSED:
		return !f->open;
	case OPEN:
		return f->open;
	case FREE:
		return f->open && f->device < 0;
	case ATTACHED:
		return f->open && f->device >= 0;
	default:
		return f->open && f->packets;
	}
}

static uint8_t draw_file(struct draw *draw, const struct model *m, enum want want)
{
	uint8_t fit[MODEL_FILES];
	size_t n = 0;

	for (int i = 0; i < MODEL_FILES; i++) {
		if (fits(&m->files[i], want))
			fit[n++] = i;
	}
	if (n)
		return fit[below(draw, n)];
	/* Rather any open file than none. */
	return want > OPEN ? draw_file(draw, m, OPEN) : below(draw, MODEL_FILES);
}

/* The file for an operation: one for which it means something, mostly. */
static uint8_t file_for(struct draw *draw, const struct model *m, enum op_kind kind)
{
	if (kind == OP_OPEN)
		return draw_file(draw, m, CLOSED);
	if (kind == OP_CLOSE || chance(draw, 10))
		return draw_file(draw, m, OPEN);
	if (kind == OP_SET_IFF || kind == OP_SET_IFINDEX)
		return draw_file(draw, m, FREE);
	return draw_file(draw, m, kind == OP_READ && chance(draw, 70) ? READABLE : ATTACHED);
}

/* One of the devices that are there, NULL if there is none; @useful: one that can be sent to. */
static const struct model_device *draw_device(struct draw *draw, const struct model *m, bool useful)
{
	const struct model_device *fit[MODEL_DEVICES], *d;
	size_t n = 0;

	for (d = m->devices; d < m->devices + MODEL_DEVICES; d++) {
		if (d->exists && (!useful || (d->up && d->numqueues)))
			fit[n++] = d;
	}
	return n ? fit[below(draw, n)] : NULL;
}

static void draw_link(struct draw *draw, const struct model *m, struct op *op)
{
	static const char *const names[] = { "m0", "m1", "tap0" };
	bool useful = op->kind == OP_SEND && chance(draw, 80);
	const struct model_device *d = draw_device(draw, m, useful);

	if (d && chance(draw, 95)) {
		op->netns = d->netns;
		strcpy(op->name, d->name);
	} else {
		op->netns = below(draw, MODEL_NETNS);
		strcpy(op->name, PICK(draw, names));
	}
}

/* Another queue, mostly, if there is a device for it. */
static bool draw_join(struct draw *draw, const struct model *m, struct op *op)
{
	const struct model_device *d = draw_device(draw, m, false);

	if (!d || d->netns != m->files[op->file].netns || !chance(draw, 70))
		return false;
	strcpy(op->name, d->name);
	op->flags = d->tap ? IFF_TAP : IFF_TUN;
	op->flags |=
		d->flags & (IFF_MULTI_QUEUE | (chance(draw, 80) ? IFF_NO_PI | IFF_VNET_HDR : 0));
	op->flags |= chance(draw, 15) ? IFF_NAPI : 0;
	op->flags |= chance(draw, 10) ? IFF_NO_CARRIER : 0;
	return true;
}

static void draw_set_iff(struct draw *draw, const struct model *m, struct op *op)
{
	static const char *const names[] = { "m0", "m0",  "m0",	  "m0", "m1",  "m1",  "m2",
					     "",   "m%d", "tap0", "lo", "a/b", "m%s", "m%d%d" };
	static const struct {
		unsigned int flag, percent;
	} bits[] = {
		{ IFF_NO_PI, 60 },	 { IFF_VNET_HDR, 40 },	  { IFF_MULTI_QUEUE, 60 },
		{ IFF_NAPI, 15 },	 { IFF_NAPI_FRAGS, 5 },	  { IFF_ONE_QUEUE, 5 },
		{ IFF_TUN_EXCL, 3 },	 { IFF_NO_CARRIER, 10 },  { IFF_PERSIST, 3 },
		{ IFF_ATTACH_QUEUE, 2 }, { IFF_DETACH_QUEUE, 2 },
	};
	static const unsigned int types[] = { IFF_TUN, IFF_TUN, IFF_TUN, IFF_TUN,	    IFF_TAP,
					      IFF_TAP, IFF_TAP, IFF_TAP, IFF_TUN | IFF_TAP, 0 };

	if (draw_join(draw, m, op))
		return;
	strcpy(op->name, PICK(draw, names));
	op->flags = PICK(draw, types);
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		op->flags |= chance(draw, bits[i].percent) ? bits[i].flag : 0;
}

/* Some addresses that filters and frames share: broadcast, two groups, three stations. */
static const uint8_t addresses[][6] = {
	{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	{ 1, 0, 0x5e, 0, 0, 1 },
	{ 0x33, 0x33, 0, 0, 0, 1 },
	{ 2, 0, 0, 0, 0, 1 },
	{ 2, 0, 0, 0, 0, 2 },
	{ 2, 0, 0, 0, 0, 3 },
};

static void draw_tx_filter(struct draw *draw, struct op *op)
{
	size_t n = below(draw, OP_FILTERS + 1);

	op->flags = chance(draw, 20) ? TUN_FLT_ALLMULTI : 0;
	for (size_t i = 0; i < n; i++) {
		/* What is hashed are groups; with another address there is no filter. */
		size_t at = below(draw, i < MODEL_EXACT || chance(draw, 10) ? 6 : 3);

		memcpy(op->data + op->len, addresses[at], 6);
		op->len += 6;
	}
}

/* A frame as a packet socket sends it: with an Ethernet header on a TAP. */
static void draw_frame(struct draw *draw, const struct model *m, struct op *op)
{
	static const uint16_t lengths[] = { 20, 20, 60, 96 };
	const struct model_device *d = model_device((struct model *)m, op->netns, op->name);
	static const uint16_t protocols[] = { ETH_P_IP, ETH_P_ARP, 0x88b5 };

	op->value = PICK(draw, protocols);
	op->len = PICK(draw, lengths);
	for (int i = 0; i < op->len; i++)
		op->data[i] = i;
	if (!d || d->tap) {
		memcpy(op->data, PICK(draw, addresses), 6);
		memcpy(op->data + 6, addresses[3], 6);
		op->data[12] = op->value >> 8;
		op->data[13] = op->value;
	} else {
		op->data[0] = 0x45;
	}
}

static void append(struct op *op, const void *data, size_t len)
{
	if (len > sizeof(op->data) - op->len)
		len = sizeof(op->data) - op->len;
	memcpy(op->data + op->len, data, len);
	op->len += len;
}

/* A vnet header: zeros, or something of everything. */
static void draw_vnet(struct draw *draw, const struct model_device *d, struct op *op)
{
	static const uint8_t types[] = { 0, 1, 3, 4, 5, 0x20, 0x40, 0x80, 0x81, 2 };
	static const uint16_t numbers[] = { 0, 1, 6, 14, 16, 20, 34, 40, 54, 100, 0xffff };
	uint8_t header[64] = { 0 };
	struct vnet v = { 0 };

	if (chance(draw, 50)) {
		v.flags = below(draw, 4);
		v.gso_type = PICK(draw, types);
		v.hdr_len = PICK(draw, numbers);
		v.gso_size = PICK(draw, numbers);
		v.csum_start = PICK(draw, numbers);
		v.csum_offset = PICK(draw, numbers);
	}
	if (d->vnet_size <= sizeof(header))
		vnet_encode(&v, header, d->vnet_size, d->vnet_be && !d->vnet_le);
	append(op, header, d->vnet_size < sizeof(header) ? d->vnet_size : sizeof(header));
}

static void draw_write(struct draw *draw, const struct model *m, struct op *op)
{
	static const uint8_t pi[] = { 0, 0, 8, 0 };
	static const uint16_t lengths[] = { 0, 1, 13, 14, 20, 34, 60, 90 };
	const struct model_file *f = &m->files[op->file];
	const struct model_device *d = f->device < 0 ? NULL : &m->devices[f->device];
	uint8_t frame[96];
	size_t len = PICK(draw, lengths);

	if (d && !(d->flags & IFF_NO_PI))
		append(op, pi, sizeof(pi));
	if (d && d->flags & IFF_VNET_HDR)
		draw_vnet(draw, d, op);
	memset(frame, 0x11, sizeof(frame));
	if (d && d->tap) {
		memcpy(frame, PICK(draw, addresses), 6);
		frame[12] = 8;
		frame[13] = 0;
		frame[14] = 0x45;
	} else {
		frame[0] = chance(draw, 80) ? 0x45 : chance(draw, 50) ? 0x60 : 0;
	}
	append(op, frame, len);
	if (chance(draw, 5))
		op->len = below(draw, op->len + 1);
}

static void draw_value(struct draw *draw, const struct model *m, struct op *op)
{
	static const int64_t offloads[] = { 0,	  1, 3, 5,    7,    0xf,   0x11,  0x1f,	 0x61,
					    0x7f, 2, 8, 0x21, 0x80, 0x183, 0x1ff, 0x200, -1 };
	static const int64_t ids[] = { 0, 1000, 2000, UINT32_MAX };
	static const int64_t types[] = {
		ARPHRD_ETHER,	ARPHRD_NONE,	 ARPHRD_PPP,	     ARPHRD_IPGRE,
		ARPHRD_IP6GRE,	ARPHRD_TUNNEL,	 ARPHRD_TUNNEL6,     ARPHRD_SIT,
		ARPHRD_FDDI,	ARPHRD_HIPPI,	 ARPHRD_IEEE802,     ARPHRD_ROSE,
		ARPHRD_NETROM,	ARPHRD_LOCALTLK, ARPHRD_PHONET_PIPE, ARPHRD_IEEE802154_MONITOR,
		ARPHRD_6LOWPAN, ARPHRD_VOID,
	};
	/* NETIF_MSG_DRV: each ioctl is logged; NETIF_MSG_TX_QUEUED: each packet and flow. */
	static const int64_t levels[] = { 0, 1, 0x101 }, quiet[] = { 0, 2, 4 };
	static const int64_t frames[] = { 0, 1, 63, 64, 65, UINT32_MAX };
	static const int64_t speeds[] = { 10, 1000, 10000, INT32_MAX };
	static const int64_t sndbufs[] = { -1, 0, 1, 3, 4, 2000, INT32_MAX };
	static const int64_t sizes[] = { -1, 9, 10, 12, 20, 24, 40, INT32_MAX };
	static const int64_t indices[] = { 0, 1, 2, 60, 61, 0x10040, -1 };
	static const int64_t lengths[] = { 0, 1, 2, 5, 500, 1000 };
	static const int64_t mtus[] = { 67, 68, 1500, 9000, 65521, 65522, 65535, 65536 };
	static const int64_t reads[] = { 0, 3, 4, 13, 14, 30, OP_DATA, OP_DATA, OP_DATA, OP_DATA };

	switch (op->kind) {
	case OP_SET_IFINDEX:
		op->value = PICK(draw, indices);
		break;
	case OP_SET_PERSIST:
	case OP_SET_NOCSUM:
	case OP_SET_VNET_LE:
	case OP_SET_VNET_BE:
	case OP_SET_CARRIER:
		op->value = below(draw, 3);
		break;
	case OP_SET_OWNER:
	case OP_SET_GROUP:
		op->value = PICK(draw, ids);
		break;
	case OP_SET_LINK:
		op->value = PICK(draw, types);
		break;
	case OP_SET_DEBUG:
	case OP_SET_MSGLEVEL:
		op->value = m->abi.own_log ? PICK(draw, levels) : PICK(draw, quiet);
		break;
	case OP_SET_RX_FRAMES:
		op->value = PICK(draw, frames);
		break;
	case OP_SET_SPEED:
		op->value = PICK(draw, speeds);
		break;
	case OP_SET_ASYNC:
		op->value = below(draw, 2);
		break;
	case OP_BAD_POINTER:
		op->value = below(draw, OP_POINTERS);
		break;
	case OP_SET_OFFLOAD:
		op->value = PICK(draw, offloads);
		break;
	case OP_SET_SNDBUF:
		op->value = PICK(draw, sndbufs);
		break;
	case OP_SET_VNET_HDR_SZ:
		op->value = PICK(draw, sizes);
		break;
	case OP_ATTACH_FILTER:
		op->value = below(draw, MODEL_PROGRAMS);
		break;
	case OP_SET_STEERING:
	case OP_SET_EBPF:
		op->value = chance(draw, 85) ? op_ebpf[below(draw, OP_EBPF)] : -2;
		break;
	case OP_LINK_TXQUEUELEN:
		op->value = PICK(draw, lengths);
		break;
	case OP_LINK_MTU:
		op->value = PICK(draw, mtus);
		break;
	case OP_LINK_MOVE:
		op->value = chance(draw, 90) ? !op->netns : op->netns;
		break;
	case OP_READ:
		op->value = PICK(draw, reads);
		break;
	default:
		break;
	}
}

static void draw_hwaddr(struct draw *draw, const struct model *m, struct op *op)
{
	const struct model_file *f = &m->files[op->file];

	op->value = f->device >= 0 && chance(draw, 80) ? m->devices[f->device].type : ARPHRD_ETHER;
	if (chance(draw, 90))
		memcpy(op->data, PICK(draw, addresses), 6);
	op->len = 6;
}

struct op op_draw(struct draw *draw, const struct model *m)
{
	static const char *const to[] = { "m0", "m1", "m2", "m%d", "n0", "lo", "a/b" };
	static const unsigned int queue[] = { IFF_ATTACH_QUEUE,
					      IFF_DETACH_QUEUE,
					      IFF_ATTACH_QUEUE,
					      IFF_DETACH_QUEUE,
					      IFF_ATTACH_QUEUE | IFF_DETACH_QUEUE,
					      0 };
	struct op op = { .kind = draw_kind(draw) };

	if (op.kind >= OP_LINK_UP)
		draw_link(draw, m, &op);
	else
		op.file = file_for(draw, m, op.kind);
	/* The bytes of an input mean the same where there are no other users. */
	if (op.kind < OP_READ && chance(draw, 15)) {
		op.who = below(draw, OP_CREDS);
		if (!m->abi.other_ids)
			op.who = 0;
	}
	switch (op.kind) {
	case OP_OPEN:
		op.who = 0;
		op.netns = chance(draw, 20);
		break;
	case OP_SET_IFF:
		draw_set_iff(draw, m, &op);
		break;
	case OP_SET_QUEUE:
		op.flags = PICK(draw, queue);
		break;
	case OP_SET_TX_FILTER:
		draw_tx_filter(draw, &op);
		break;
	case OP_SET_HWADDR:
		draw_hwaddr(draw, m, &op);
		break;
	case OP_LINK_RENAME:
		strcpy(op.to, PICK(draw, to));
		break;
	case OP_SEND:
		draw_frame(draw, m, &op);
		break;
	case OP_WRITE:
		draw_write(draw, m, &op);
		break;
	default:
		draw_value(draw, m, &op);
	}
	return op;
}
