// SPDX-License-Identifier: GPL-2.0-only
/* The kernel and the model side by side. */
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "device/lockstep.h"
#include "device/op_run.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/file.h"
#include "netns/link.h"
#include "netns/netns.h"

/* A field of a link, as the C program knows it too. */
struct field {
	const char *name;
	int64_t model, kernel;
};

#define FIELDS 24

struct model_abi lockstep_abi(void)
{
	struct model_abi abi = {
		.kernel = model_kernel_probed(),
		.ownerless_closed = harness_feature("ownerless_closed"),
		.init_net_admin = harness_feature("init_net_admin"),
		.other_ids = harness_feature("second_uid"),
		.bpf = harness_feature("bpf"),
		.own_log = harness_feature("own_log"),
	};
	int fd = tun_open(), sysfs = file_unmounted("sysfs");

	abi.sysfs = sysfs >= 0;
	close(sysfs);
	if (tun_get_features(fd, &abi.features))
		TH_BAIL("TUNGETFEATURES: %s", strerror(errno));
	close(fd);
	return abi;
}

/* The text that printf() makes, once: the first mismatch is the one that counts. */
__attribute__((format(printf, 2, 3))) static bool differs(struct lockstep *ls, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ls->mismatch, sizeof(ls->mismatch), fmt, ap);
	va_end(ap);
	return false;
}

static void result_text(char *out, size_t size, int64_t ret)
{
	if (ret < 0)
		snprintf(out, size, "-%s", harness_errno_name(-ret));
	else
		snprintf(out, size, "%lld", (long long)ret);
}

static bool compare_results(struct lockstep *ls)
{
	const struct op_result *e = &ls->expected, *s = &ls->seen;
	char expected[32], seen[32];

	result_text(expected, sizeof(expected), e->ret);
	result_text(seen, sizeof(seen), s->ret);
	if (e->ret != s->ret)
		return differs(ls, "model says %s, kernel says %s", expected, seen);
	if (e->ret < 0)
		return true;
	if (e->number != s->number)
		return differs(ls, "model says %#llx, kernel says %#llx", (long long)e->number,
			       (long long)s->number);
	if (strncmp(e->name, s->name, IFNAMSIZ))
		return differs(ls, "model says '%.16s', kernel says '%.16s'", e->name, s->name);
	for (int i = 0; i < e->len; i++) {
		if (e->data[i] != s->data[i])
			return differs(ls, "byte %d: model says %#x, kernel says %#x", i,
				       e->data[i], s->data[i]);
	}
	return true;
}

static int64_t address_number(const uint8_t *address, size_t len)
{
	int64_t n = 0;

	for (size_t i = 0; i < 6; i++)
		n = n << 8 | (i < len ? address[i] : 0);
	return n;
}

static int64_t data_of(const struct link *l, int attribute, int64_t missing)
{
	return l->has_data[attribute] ? l->data[attribute] : missing;
}

/* All that can be seen of a device, from both. */
static void fields_of(const struct model_device *d, const struct link *l, struct field *fields)
{
	const struct rtnl_link_stats64 *k = &l->stats;
	const struct model_stats *m = &d->stats;
	bool mq = model_multi_queue(d);
	const struct field all[FIELDS] = {
		{ "ifindex", d->ifindex, l->index },
		{ "up", d->up, !!(l->flags & IFF_UP) },
		{ "carrier", d->carrier, l->carrier },
		{ "type", d->type, l->type },
		{ "address_len", d->address_len, l->address_len },
		{ "address", address_number(d->address, d->address_len),
		  address_number(l->address, l->address_len) },
		{ "mtu", d->mtu, l->mtu },
		{ "txqueuelen", d->txqueuelen, l->txqueuelen },
		{ "owner", d->owner, data_of(l, TUN_LINK_OWNER, -1) },
		{ "group", d->group, data_of(l, TUN_LINK_GROUP, -1) },
		{ "kind", d->tap ? IFF_TAP : IFF_TUN, data_of(l, TUN_LINK_TYPE, -1) },
		{ "pi", !(d->flags & IFF_NO_PI), data_of(l, TUN_LINK_PI, -1) },
		{ "vnet_hdr", !!(d->flags & IFF_VNET_HDR), data_of(l, TUN_LINK_VNET_HDR, -1) },
		{ "persist", !!(d->flags & IFF_PERSIST), data_of(l, TUN_LINK_PERSIST, -1) },
		{ "multi_queue", mq, data_of(l, TUN_LINK_MULTI_QUEUE, -1) },
		{ "queues", mq ? d->numqueues : -1, data_of(l, TUN_LINK_NUM_QUEUES, -1) },
		{ "disabled", mq ? d->numdisabled : -1,
		  data_of(l, TUN_LINK_NUM_DISABLED_QUEUES, -1) },
		{ "rx_packets", m->rx_packets, k->rx_packets },
		{ "rx_bytes", m->rx_bytes, k->rx_bytes },
		{ "rx_dropped", m->rx_dropped, k->rx_dropped },
		{ "rx_frame_errors", m->rx_frame_errors, k->rx_frame_errors },
		{ "tx_packets", m->tx_packets, k->tx_packets },
		{ "tx_bytes", m->tx_bytes, k->tx_bytes },
		{ "tx_dropped", m->tx_dropped, k->tx_dropped },
	};

	memcpy(fields, all, sizeof(all));
}

static bool audit_device(struct lockstep *ls, const struct model_device *d)
{
	struct field fields[FIELDS];
	struct link link;

	op_run_enter(ls, d->netns);
	if (link_get(d->name, &link))
		return differs(ls, "link %s: model has it, kernel says %s", d->name,
			       harness_errno_name(errno));
	fields_of(d, &link, fields);
	for (struct field *f = fields; f < fields + FIELDS; f++) {
		if (f->model == f->kernel)
			continue;
		strcpy(ls->link, d->name);
		ls->link_netns = d->netns;
		snprintf(ls->field, sizeof(ls->field), "%s", f->name);
		ls->field_expected = f->model;
		return differs(ls, "%s of link %s: model says %lld, kernel says %lld", f->name,
			       d->name, (long long)f->model, (long long)f->kernel);
	}
	return true;
}

bool lockstep_audit(struct lockstep *ls)
{
	for (struct model_device *d = ls->model.devices; d < ls->model.devices + MODEL_DEVICES;
	     d++) {
		if (d->exists && !audit_device(ls, d))
			return false;
	}
	return true;
}

/* Tells the model what the kernel chose for @d. */
static void choose(struct lockstep *ls, struct model_device *d)
{
	struct model_chosen chosen = { 0 };
	struct link link;

	op_run_enter(ls, d->netns);
	if (link_get(d->name, &link))
		return; /* the audit says so */
	chosen.ifindex = link.index;
	/* A device that moved may have a type whose address is shorter. */
	memcpy(chosen.address, link.address_len == 6 ? link.address : d->address, 6);
	model_choose(d, &chosen);
}

void lockstep_begin(struct lockstep *ls, const struct model_abi *abi)
{
	*ls->mismatch = *ls->field = *ls->link = '\0';
	model_init(&ls->model, abi);
	op_run_prepare(ls);
}

bool lockstep_call(struct lockstep *ls, const struct op *op)
{
	struct model_device *device;

	ls->expected = op_expect(&ls->model, op, &device);
	if (!ls->expected.known)
		return true;
	if (ls->spoil)
		ls->spoil(ls, op);
	ls->seen = op_run(ls, op);
	if (!compare_results(ls))
		return false;
	if (device)
		choose(ls, device);
	return true;
}

bool lockstep_step(struct lockstep *ls, const struct op *op)
{
	return lockstep_call(ls, op) && (!ls->expected.known || lockstep_audit(ls));
}

/* The devices in a namespace, "lo" and what comes with every namespace among them. */
static int count_links(struct lockstep *ls, int netns)
{
	struct if_nameindex *all;
	int n = 0;

	op_run_enter(ls, netns);
	all = if_nameindex();
	if (!all)
		TH_BAIL("list of links: %s", strerror(errno));
	while (all[n].if_index)
		n++;
	if_freenameindex(all);
	return n;
}

static bool only_ours(struct lockstep *ls)
{
	static int native = -1; /* in a new namespace */
	int n = 0, total = 0, fd;

	op_run_enter(ls, 0);
	if (native < 0) {
		fd = ls->netns[0];
		ls->netns[0] = netns_new();
		ls->here = -1;
		native = count_links(ls, 0);
		close(ls->netns[0]);
		ls->netns[0] = fd;
		ls->here = -1;
	}
	for (struct model_device *d = ls->model.devices; d < ls->model.devices + MODEL_DEVICES; d++)
		n += d->exists;
	for (int i = 0; i < MODEL_NETNS; i++)
		total += count_links(ls, i) - native;
	return total == n || differs(ls, "model has %d devices, kernel has %d", n, total);
}

bool lockstep_end(struct lockstep *ls)
{
	struct op op = { .kind = OP_CLOSE };
	bool ok = only_ours(ls);

	for (op.file = 0; ok && op.file < MODEL_FILES; op.file++)
		ok = lockstep_step(ls, &op);
	op.kind = OP_LINK_DEL;
	for (struct model_device *d = ls->model.devices;
	     ok && d < ls->model.devices + MODEL_DEVICES; d++) {
		op.netns = d->netns;
		memcpy(op.name, d->name, IFNAMSIZ);
		ok = !d->exists || lockstep_step(ls, &op);
	}
	ok = ok && only_ours(ls);
	op_run_finish(ls);
	return ok;
}

void lockstep_leave(struct lockstep *ls)
{
	op_run_leave(ls);
}

/* The end of a sequence that is not as it should be. */
static bool give_up(struct lockstep *ls)
{
	op_run_finish(ls);
	op_run_leave(ls);
	return false;
}

/* And of one that is, as far as we know. */
static bool finish(struct lockstep *ls)
{
	bool ok = lockstep_end(ls);

	op_run_leave(ls);
	return ok;
}

static void append(struct sequence *sequence, const struct op *op)
{
	if (!sequence)
		return;
	sequence->ops = realloc(sequence->ops, (sequence->count + 1) * sizeof(*op));
	if (!sequence->ops)
		TH_BAIL("a sequence of %zu operations: %s", sequence->count, strerror(errno));
	sequence->ops[sequence->count++] = *op;
}

bool lockstep_run(struct lockstep *ls, const struct model_abi *abi, struct draw *draw, size_t count,
		  struct sequence *sequence)
{
	lockstep_begin(ls, abi);
	for (size_t i = 0; i < count; i++) {
		struct op op = op_draw(draw, &ls->model);

		append(sequence, &op);
		if (!lockstep_step(ls, &op))
			return give_up(ls);
	}
	return finish(ls);
}

bool lockstep_replay(struct lockstep *ls, const struct model_abi *abi,
		     const struct sequence *sequence, size_t *failed_at, struct op_result *results)
{
	lockstep_begin(ls, abi);
	for (size_t i = 0; i < sequence->count; i++) {
		bool same = lockstep_step(ls, &sequence->ops[i]);

		*failed_at = i;
		if (results)
			results[i] = ls->expected;
		if (!same)
			return give_up(ls);
	}
	*failed_at = sequence->count;
	return finish(ls);
}
