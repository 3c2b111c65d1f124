// SPDX-License-Identifier: GPL-2.0-only
/* What has to come of the steps, by the model of files and devices and one of learned flows. */
#include <limits.h>

#include "device/model.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/tx_read/flow_plan.h"

#define DEVICE "flow0"

static struct model m;
static struct model_device *device;
static int learned[FLOW_ALL];	 /* the queue's number, -1 for none */
static bool crowded[FLOW_FILES]; /* somebody has asked for room in the send buffer in vain */

static void start(const struct flow *f)
{
	static const struct model_cred admin = { .net_admin = true };

	model_init(&m, &fuzz_abi);
	for (int i = 0; i < FLOW_ALL; i++)
		learned[i] = -1;
	memset(crowded, 0, sizeof(crowded));
	for (int i = 0; i < flow_files(f->flags); i++) {
		char name[IFNAMSIZ] = DEVICE;
		struct model_device *made;

		model_open(&m, i, 0);
		model_set_iff(&m, i, &admin, name, f->flags, &made);
	}
	device = model_device(&m, 0, DEVICE);
	model_link_up(&m, 0, DEVICE, true);
}

static bool gone(void)
{
	return !device->exists;
}

static struct model_port port_of(const struct flow *f, int file)
{
	return (struct model_port){ .attached = !gone(),
				    .tap = f->flags & IFF_TAP,
				    .pi = !(f->flags & IFF_NO_PI),
				    .vnet_hdr = f->flags & IFF_VNET_HDR,
				    .vnet_size = f->flags & IFF_VNET_HDR ? VNET_SIZE_LEGACY : 0,
				    .up = device->up,
				    .napi = f->flags & IFF_NAPI,
				    .napi_frags = f->flags & IFF_NAPI_FRAGS,
				    .detached = m.files[file].detached,
				    .nonblock = true };
}

/* What it gives and counts, @n times. */
static void write_times(struct flow *f, struct flow_step *s, int n, int how,
			struct model_written *w)
{
	unsigned char buf[FLOW_ROOM];
	struct model_port port = port_of(f, s->file);
	int len = flow_bytes(f->flags, 0, 0, buf), there = flow_there(f->flags, how, len);
	struct iovec iov[] = { { there ? buf : NULL, there ? there : len }, { NULL, len - there } };

	model_write(&fuzz_abi.kernel, &port, iov, there && there < len ? 2 : 1, w);
	n = w->ret < 0 ? 1 : n;
	s->ret = w->ret < 0 ? -w->err : n > 1 ? n : w->ret;
	f->rx_packets += gone() ? 0 : n * w->rx_packets;
	f->rx_dropped += gone() ? 0 : n * w->rx_dropped;
}

/* There is room now: who has asked in vain is woken. What NAPI has not yet done takes room. */
static void wake(const struct flow *f, struct flow_step *s, int file)
{
	if (f->flags & IFF_NAPI || !crowded[file] || m.files[file].sndbuf / 2 <= 1)
		return;
	s->woken |= 1 << file;
	crowded[file] = false;
}

static void expect_write(struct flow *f, struct flow_step *s)
{
	bool many = s->op == FLOW_CROWD;
	struct model_file *file = &m.files[s->file];
	struct model_written w;

	write_times(f, s, many ? FLOW_CROWD_SIZE : 1, many ? (int)FLOW_WHOLE : s->how, &w);
	if (gone() || !w.rx_packets)
		return;
	for (int i = many ? FLOW_FLOWS : s->value; i <= (many ? FLOW_ALL - 1 : s->value); i++) {
		if (device->steering == -2 && device->numqueues > 1 && !file->detached)
			learned[i] = file->queue;
	}
	/* Its memory is given back before the write ends. Without a limit it may be of nobody. */
	if (file->sndbuf != INT_MAX)
		wake(f, s, s->file);
}

/* A bit for each file that may get the answer: several if a hash decides. */
static int receivers(int flow)
{
	int n = device->numqueues, index = -1, all = 0;

	if (device->steering != -2)
		index = device->steering % n;
	else if (learned[flow] >= 0)
		index = learned[flow] < n ? learned[flow] : 0;
	else if (n == 1)
		index = 0;
	for (int i = 0; i < n; i++)
		all |= index < 0 || i == index ? 1 << device->queues[i] : 0;
	return all;
}

/* The kernel sends an answer: 0 or -errno. */
static int transmit(struct flow *f, struct flow_step *s)
{
	if (gone())
		return -ENXIO;
	if (!device->up)
		return -ENETDOWN;
	if (!device->numqueues) {
		f->tx_dropped++;
		return -ENOBUFS;
	}
	s->from = receivers(s->value);
	return 0;
}

/* The answer is read: of what goes wrong only headers tell. */
static int read_of(struct flow *f, int how)
{
	unsigned char buf[FLOW_ROOM];
	int len = flow_bytes(f->flags, 0, 1, buf);

	if (flow_there(f->flags, how, len) < flow_front(f->flags) &&
	    !(how == FLOW_FOUR && !(f->flags & IFF_VNET_HDR)))
		return -EFAULT;
	f->tx_packets++;
	return len;
}

static int expect_wait(struct flow *f, struct flow_step *s)
{
	int ret;

	if (gone())
		return -EBADFD;
	if (s->how == FLOW_SIGNAL)
		return -EINTR;
	if (s->how == FLOW_GONE) {
		model_link_del(&m, 0, DEVICE);
		f->spent = true;
		return -EFAULT;
	}
	ret = transmit(f, s);
	if (!ret)
		read_of(f, FLOW_WHOLE);
	return ret;
}

static int expect_poll(const struct flow_step *s)
{
	int events = model_poll(&m, s->file) & (POLLIN | POLLOUT | POLLERR);

	crowded[s->file] |= !(events & (POLLOUT | POLLERR));
	return events;
}

/* A queue has left. The number that is forgotten is one behind its: F4 in docs/findings.md. */
static void forget(void)
{
	for (int i = 0; i < FLOW_ALL; i++) {
		if (learned[i] == (int)device->numqueues + 1)
			learned[i] = -1;
	}
}

static int expect_queue(struct flow *f, const struct flow_step *s)
{
	int ret = model_set_queue(&m, s->file, s->value ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE);

	f->spent |= !ret;
	if (!ret && !s->value)
		forget();
	return ret;
}

static int expect_attach(const struct flow *f, const struct flow_step *s)
{
	if (s->value || gone())
		return 0;
	if (!(f->flags & IFF_MULTI_QUEUE))
		return -EBUSY;
	forget();
	return 0;
}

/* A device that comes up has room again for its queues. */
static int expect_up(const struct flow *f, struct flow_step *s)
{
	bool comes = !gone() && !device->up && s->value;
	int ret = model_link_up(&m, 0, DEVICE, s->value);

	for (int i = 0; comes && !ret && i < (int)device->numqueues; i++)
		wake(f, s, device->queues[i]);
	return ret;
}

static int expect_other(struct flow *f, struct flow_step *s)
{
	switch (s->op) {
	case FLOW_EMPTY:
		return gone() ? -EBADFD : -EAGAIN;
	case FLOW_WAIT:
		return expect_wait(f, s);
	case FLOW_POLL:
		return expect_poll(s);
	case FLOW_QUEUE:
		return expect_queue(f, s);
	case FLOW_STEERING:
		return model_set_steering(&m, s->file, s->value < 0 ? -2 : s->value);
	case FLOW_SNDBUF:
		return model_set_sndbuf(&m, s->file, s->value);
	case FLOW_ATTACH:
		return expect_attach(f, s);
	case FLOW_TXQUEUELEN:
		return model_link_txqueuelen(&m, 0, DEVICE, s->value);
	case FLOW_UP:
		return expect_up(f, s);
	default:
		f->spent = true;
		return model_link_del(&m, 0, DEVICE);
	}
}

void flow_expect(struct flow_plan *p)
{
	struct flow *f = &p->flow;

	start(f);
	for (int i = 0; i < f->count; i++) {
		struct flow_step *s = &p->steps[i];

		if (s->op == FLOW_WRITE || s->op == FLOW_CROWD) {
			expect_write(f, s);
		} else if (s->op == FLOW_SEND) {
			s->ret = transmit(f, s);
			s->ret = s->ret ?: read_of(f, s->how);
		} else {
			s->ret = expect_other(f, s);
		}
	}
}
