// SPDX-License-Identifier: GPL-2.0-only
/* What the model says of an operation. */
#include <errno.h>
#include <linux/sockios.h>
#include <string.h>

#include "device/op.h"
#include "device/uapi.h"

const struct model_cred op_creds[OP_CREDS] = {
	{ .net_admin = true, .uid = 0, .gid = 0 },
	{ .uid = 1000, .gid = 1000 },
	{ .uid = 2000, .gid = 1000 },
};

const int op_ebpf[OP_EBPF] = { 0, 1, 2, 20, -1, 0x10001 };

const struct op_pointer op_pointers[OP_POINTERS] = {
	{ TUNSETIFF, "TUNSETIFF" },
	{ TUNGETIFF, "TUNGETIFF" },
	{ TUNSETQUEUE, "TUNSETQUEUE" },
	{ SIOCGIFHWADDR, "SIOCGIFHWADDR" },
	{ SIOCSIFHWADDR, "SIOCSIFHWADDR" },
	{ TUNGETFEATURES, "TUNGETFEATURES" },
	{ TUNSETIFINDEX, "TUNSETIFINDEX" },
	{ TUNGETSNDBUF, "TUNGETSNDBUF" },
	{ TUNSETSNDBUF, "TUNSETSNDBUF" },
	{ TUNGETVNETHDRSZ, "TUNGETVNETHDRSZ" },
	{ TUNSETVNETHDRSZ, "TUNSETVNETHDRSZ" },
	{ TUNGETVNETLE, "TUNGETVNETLE" },
	{ TUNSETVNETLE, "TUNSETVNETLE" },
	{ TUNGETVNETBE, "TUNGETVNETBE" },
	{ TUNSETVNETBE, "TUNSETVNETBE" },
	{ TUNSETCARRIER, "TUNSETCARRIER" },
	{ TUNATTACHFILTER, "TUNATTACHFILTER" },
	{ TUNGETFILTER, "TUNGETFILTER" },
	{ TUNSETTXFILTER, "TUNSETTXFILTER" },
	{ TUNSETSTEERINGEBPF, "TUNSETSTEERINGEBPF" },
};

/* Fills in what an ioctl gives back, if the file has a device: @number, 0. */
static void give(struct op_result *r, const struct model_device *d, int64_t number)
{
	r->ret = d ? 0 : -EBADFD;
	r->number = d ? number : 0;
}

static void expect_set_iff(struct model *m, const struct op *op, struct op_result *r,
			   struct model_device **device)
{
	/* The kernel ends the name itself; it is copied back only after success. */
	memcpy(r->name, op->name, sizeof(r->name));
	r->name[IFNAMSIZ - 1] = '\0';
	r->ret = model_set_iff(m, op->file, &op_creds[op->who], r->name, op->flags, device);
	if (r->ret)
		memcpy(r->name, op->name, sizeof(r->name));
}

static void expect_get_iff(struct model *m, const struct op *op, struct op_result *r)
{
	const struct model_device *d = model_device_of(m, &m->files[op->file]);

	r->ret = model_get_iff(m, op->file);
	if (r->ret < 0)
		return;
	r->number = r->ret;
	r->ret = 0;
	strcpy(r->name, d->name);
}

/* SIOCGIFHWADDR: the type, and as many bytes of the address as it has. */
static void expect_get_hwaddr(struct model *m, const struct op *op, struct op_result *r)
{
	const struct model_device *d = model_device_of(m, &m->files[op->file]);

	give(r, d, d ? d->type : 0);
	if (!d)
		return;
	r->len = 14;
	memcpy(r->data, d->address, d->address_len < 6 ? d->address_len : 6);
}

/* TUNGETFILTER: the program as it was passed last. */
static void expect_get_filter(struct model *m, const struct op *op, struct op_result *r)
{
	const struct model_device *d = model_device_of(m, &m->files[op->file]);

	if (d && !d->tap)
		r->ret = -EINVAL;
	else
		give(r, d, d ? d->fprog : 0);
}

/* SIOCGSKNS, TUNGETDEVNETNS: a descriptor of a namespace, for who is administrator there. */
static void expect_netns(const struct op *op, struct op_result *r, int netns)
{
	r->ret = op_creds[op->who].net_admin ? 0 : -EPERM;
	r->number = r->ret ? 0 : netns;
}

static void expect_read(struct model *m, const struct op *op, struct op_result *r)
{
	memset(r->data, 0xaa, sizeof(r->data));
	r->len = op->value;
	/* A read of no bytes takes nothing from the queue. */
	if (m->files[op->file].device >= 0 && !op->value)
		r->ret = 0;
	else
		r->ret = model_read_file(m, op->file, r->data, op->value);
}

static void expect_send(struct model *m, const struct op *op, struct op_result *r)
{
	struct model_frame frame = { .len = op->len, .protocol = op->value };

	memcpy(frame.data, op->data, op->len);
	r->ret = model_send(m, op->netns, op->name, &frame, &r->known);
}

static void expect_link(struct model *m, const struct op *op, struct op_result *r,
			struct model_device **device)
{
	const struct model_device *d;

	switch (op->kind) {
	case OP_LINK_UP:
	case OP_LINK_DOWN:
		r->ret = model_link_up(m, op->netns, op->name, op->kind == OP_LINK_UP);
		break;
	case OP_LINK_DEL:
		r->ret = model_link_del(m, op->netns, op->name);
		break;
	case OP_LINK_RENAME:
		d = model_device(m, op->netns, op->name);
		/* Of a device that is up: not before 6.2. */
		r->known = !d || !d->up;
		if (r->known)
			r->ret = model_link_rename(m, op->netns, op->name, op->to);
		break;
	case OP_LINK_TXQUEUELEN:
		r->ret = model_link_txqueuelen(m, op->netns, op->name, op->value);
		break;
	case OP_LINK_MTU:
		r->ret = model_link_mtu(m, op->netns, op->name, op->value);
		break;
	case OP_LINK_NEW:
		r->ret = -EOPNOTSUPP;
		break;
	default:
		r->ret = model_link_move(m, op->netns, op->name, op->value, device);
	}
}

/* ethtool: the driver keeps what it is told, but for more frames than a poll takes. */
static void expect_ethtool(struct model *m, const struct op *op, struct op_result *r)
{
	struct model_device *d = model_device(m, op->netns, op->name);

	if (!d) {
		r->ret = -ENODEV;
		return;
	}
	switch (op->kind) {
	case OP_GET_KIND:
		r->number = (d->tap ? IFF_TAP : IFF_TUN) | d->flags | (d->owner & 0xffff) << 16 |
			    (d->group & 0xffff) << 32;
		break;
	case OP_GET_MSGLEVEL:
		r->number = d->msg_level;
		break;
	case OP_SET_MSGLEVEL:
		d->msg_level = op->value;
		break;
	case OP_GET_RX_FRAMES:
		r->number = d->rx_frames;
		break;
	case OP_SET_RX_FRAMES:
		d->rx_frames = op->value < 64 ? op->value : 64;
		break;
	case OP_GET_SPEED:
		r->known = d->speed;
		r->number = d->speed;
		break;
	default:
		d->speed = op->value;
	}
}

/* Each device once, wherever the list is broken. */
static void expect_list(struct model *m, const struct op *op, struct op_result *r)
{
	for (struct model_device *d = m->devices; d < m->devices + MODEL_DEVICES; d++)
		r->number += d->exists && d->netns == op->netns;
}

/* The line "iff:" has the name of the file's device, or nothing. */
static void expect_fdinfo(struct model *m, const struct op *op, struct op_result *r)
{
	const struct model_device *d = model_device_of(m, &m->files[op->file]);

	if (d)
		strcpy(r->name, d->name);
}

static void expect_set(struct model *m, const struct op *op, struct op_result *r)
{
	switch (op->kind) {
	case OP_SET_PERSIST:
		r->ret = model_set_persist(m, op->file, op->value);
		break;
	case OP_SET_OWNER:
		r->ret = model_set_owner(m, op->file, op->value);
		break;
	case OP_SET_GROUP:
		r->ret = model_set_group(m, op->file, op->value);
		break;
	case OP_SET_LINK:
		r->ret = model_set_link(m, op->file, op->value);
		break;
	case OP_SET_OFFLOAD:
		r->ret = model_set_offload(m, op->file, op->value);
		break;
	case OP_SET_SNDBUF:
		r->ret = model_set_sndbuf(m, op->file, op->value);
		break;
	case OP_SET_VNET_HDR_SZ:
		r->ret = model_set_vnet_hdr_sz(m, op->file, op->value);
		break;
	case OP_SET_VNET_LE:
		r->ret = model_set_vnet_le(m, op->file, op->value);
		break;
	case OP_SET_VNET_BE:
		r->ret = model_set_vnet_be(m, op->file, op->value);
		break;
	case OP_SET_CARRIER:
		r->ret = model_set_carrier(m, op->file, op->value);
		break;
	case OP_SET_DEBUG:
		r->ret = model_set_debug(m, op->file, op->value);
		break;
	case OP_BAD_POINTER:
		r->ret = model_bad_pointer(m, op->file, op_pointers[op->value].request);
		break;
	case OP_SET_TX_FILTER:
		r->ret = model_set_tx_filter(m, op->file, op->flags, op->len / 6,
					     (const void *)op->data);
		break;
	case OP_SET_HWADDR:
		r->ret = model_set_hwaddr(m, op->file, op->value, op->data);
		break;
	case OP_ATTACH_FILTER:
		r->ret = model_attach_filter(m, op->file, op->value);
		break;
	case OP_DETACH_FILTER:
		r->ret = model_detach_filter(m, op->file);
		break;
	case OP_SET_STEERING:
		r->ret = model_set_steering(m, op->file, op->value);
		break;
	case OP_SET_EBPF:
		r->ret = model_set_ebpf(m, op->file, op->value);
		break;
	default: /* TUNSETNOCSUM */
		r->ret = model_ioctl_attached(m, op->file);
	}
}

static void expect_get(struct model *m, const struct op *op, struct op_result *r)
{
	const struct model_file *f = &m->files[op->file];
	const struct model_device *d = model_device_of(m, f);

	switch (op->kind) {
	case OP_GET_IFF:
		expect_get_iff(m, op, r);
		break;
	case OP_GET_FEATURES:
		r->number = m->abi.features;
		break;
	case OP_GET_SNDBUF:
		give(r, d, f->sndbuf);
		break;
	case OP_GET_VNET_HDR_SZ:
		give(r, d, d ? d->vnet_size : 0);
		break;
	case OP_GET_VNET_LE:
		give(r, d, d && d->vnet_le);
		break;
	case OP_GET_VNET_BE:
		if (d && !m->abi.kernel.cross_le)
			r->ret = -EINVAL;
		else
			give(r, d, d && d->vnet_be);
		break;
	case OP_GET_HWADDR:
		expect_get_hwaddr(m, op, r);
		break;
	case OP_GET_FILTER:
		expect_get_filter(m, op, r);
		break;
	case OP_GET_SK_NETNS:
		expect_netns(op, r, f->netns);
		break;
	default: /* TUNGETDEVNETNS */
		if (d)
			expect_netns(op, r, d->netns);
		else
			r->ret = -EBADFD;
	}
}

/* False for an operation that was made for another state, or another kernel: it is left out. */
static bool fits(const struct model *m, const struct op *op)
{
	bool program = op->kind == OP_SET_STEERING || op->kind == OP_SET_EBPF;

	if (program && op->value != -2 && !m->abi.bpf)
		return false;
	if (op->kind == OP_GET_KIND && !m->abi.sysfs)
		return false;
	return op->kind >= OP_LINK_UP || m->files[op->file].open == (op->kind != OP_OPEN);
}

struct op_result op_expect(struct model *m, const struct op *op, struct model_device **device)
{
	struct op_result r = { .known = true };

	*device = NULL;
	r.known = fits(m, op);
	if (!r.known)
		return r;
	switch (op->kind) {
	case OP_OPEN:
		model_open(m, op->file, op->netns);
		break;
	case OP_CLOSE:
		model_close(m, op->file);
		break;
	case OP_SET_IFF:
		expect_set_iff(m, op, &r, device);
		break;
	case OP_SET_QUEUE:
		r.ret = model_set_queue(m, op->file, op->flags);
		break;
	case OP_SET_IFINDEX:
		r.ret = model_set_ifindex(m, op->file, op->value);
		break;
	case OP_UNKNOWN_IOCTL:
		r.ret = model_ioctl_unknown(m, op->file);
		break;
	case OP_READ:
		expect_read(m, op, &r);
		break;
	case OP_WRITE:
		r.ret = model_write_file(m, op->file, op->data, op->len);
		break;
	case OP_POLL:
		r.ret = model_poll(m, op->file);
		break;
	case OP_SET_ASYNC:
		break;
	case OP_GET_FDINFO:
		expect_fdinfo(m, op, &r);
		break;
	case OP_SEND:
		expect_send(m, op, &r);
		break;
	case OP_LIST:
		expect_list(m, op, &r);
		break;
	case OP_GET_IFF:
	case OP_GET_FEATURES:
	case OP_GET_SNDBUF:
	case OP_GET_VNET_HDR_SZ:
	case OP_GET_VNET_LE:
	case OP_GET_VNET_BE:
	case OP_GET_HWADDR:
	case OP_GET_FILTER:
	case OP_GET_DEV_NETNS:
	case OP_GET_SK_NETNS:
		expect_get(m, op, &r);
		break;
	default:
		if (op->kind < OP_READ)
			expect_set(m, op, &r);
		else if (op_is_ethtool(op->kind))
			expect_ethtool(m, op, &r);
		else
			expect_link(m, op, &r, device);
	}
	return r;
}
