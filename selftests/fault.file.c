// SPDX-License-Identifier: GPL-2.0-only
/* Where allocations fail: open, close, and the ioctls of the device file. */
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <linux/filter.h>

#include "harness/harness.h"
#include "netns/link.h"
#include "selftests/fault.h"

static long call_open(void *bench __UNUSED)
{
	return open("tun", O_RDWR | O_CLOEXEC);
}

void close_result(struct bench *b __UNUSED, long fd)
{
	close(fd);
}

/* The file system of "/", which may be anything, has no part in it. */
static void go_there(struct bench *b __UNUSED)
{
	if (chdir("/dev/net"))
		TH_BAIL("/dev/net: %s", strerror(errno));
}

const struct op fault_op_open = { .no_device = true,
				  .no_file = true,
				  .make = go_there,
				  .call = call_open,
				  .undo = close_result,
				  .errnos = { ENOMEM, ENFILE, EFAULT } };

static void new_file(struct bench *b)
{
	if (b->fd < 0)
		b->fd = tun_open();
}

void close_file(struct bench *b, long ret __UNUSED)
{
	close(b->fd);
	b->fd = -1;
}

/* The second file with the flags of the op: a new device, or a second queue if there is one. */
static long call_set_iff(void *bench)
{
	struct bench *b = bench;

	return tun_set_iff(b->fd, "f0", b->op->flags);
}

/* EINVAL: device_add() says so if there was no memory for the name. */
#define NEW_DEVICE(name, its_flags)                                                                \
	const struct op fault_op_new_##name = { .flags = its_flags,                                \
						.no_device = true,                                 \
						.prepare = new_file,                               \
						.call = call_set_iff,                              \
						.undo = close_file,                                \
						.errnos = { ENOMEM, ENOBUFS, EFAULT, EINVAL },     \
						.late = { EFAULT } }

NEW_DEVICE(tun, IFF_TUN | IFF_NO_PI);
NEW_DEVICE(tap, IFF_TAP);
NEW_DEVICE(multi_queue, IFF_TAP | IFF_MULTI_QUEUE);
NEW_DEVICE(napi_frags, IFF_TAP | IFF_NO_PI | IFF_NAPI | IFF_NAPI_FRAGS);

const struct op fault_op_second_queue = { .flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE,
					  .device = "f0",
					  .prepare = new_file,
					  .call = call_set_iff,
					  .undo = close_file,
					  .errnos = { ENOMEM, EFAULT },
					  .late = { EFAULT } };

/* The device goes, whatever happens. */
static void new_device(struct bench *b)
{
	b->fd = tun_open();
	if (tun_set_iff(b->fd, "f0", b->op->flags))
		TH_BAIL("TUNSETIFF: %s", strerror(errno));
}

static long call_close(void *bench)
{
	struct bench *b = bench;
	int fd = b->fd;

	b->fd = -1;
	return close(fd) ?: link_exists("f0") ? 1 : 0;
}

const struct op fault_op_close = { .flags = IFF_TAP | IFF_NO_PI,
				   .no_device = true,
				   .no_file = true,
				   .prepare = new_device,
				   .call = call_close };

static long call_detach(void *bench)
{
	return tun_set_queue(((struct bench *)bench)->t.fd, IFF_DETACH_QUEUE);
}

static void attach(struct bench *b, long ret __UNUSED)
{
	if (tun_set_queue(b->t.fd, IFF_ATTACH_QUEUE))
		TH_BAIL("IFF_ATTACH_QUEUE: %s", strerror(errno));
}

const struct op fault_op_detach = { .flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE | IFF_NAPI,
				    .call = call_detach,
				    .undo = attach,
				    .errnos = { EFAULT } };

static void detached(struct bench *b)
{
	if (tun_iff_flags(b->t.fd) & IFF_DETACH_QUEUE)
		return;
	if (call_detach(b))
		TH_BAIL("IFF_DETACH_QUEUE: %s", strerror(errno));
}

static long call_attach(void *bench)
{
	return tun_set_queue(((struct bench *)bench)->t.fd, IFF_ATTACH_QUEUE);
}

const struct op fault_op_attach = { .flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE | IFF_NAPI,
				    .prepare = detached,
				    .call = call_attach,
				    .errnos = { ENOMEM, EFAULT } };

static long call_tx_filter(void *bench)
{
	static const uint8_t addresses[9][6] = { { 2, 0, 0, 0, 0, 1 }, { 1, 0, 0x5e, 0, 0, 1 } };

	return tun_set_tx_filter(((struct bench *)bench)->t.fd, 0, 9, addresses);
}

const struct op fault_op_tx_filter = { .flags = IFF_TAP | IFF_NO_PI,
				       .call = call_tx_filter,
				       .errnos = { ENOMEM, EFAULT, EINVAL } };

static long call_attach_filter(void *bench)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, 0xffff);

	return tun_attach_filter(((struct bench *)bench)->t.fd,
				 &(struct sock_fprog){ .len = 1, .filter = &all });
}

static void detach_filter(struct bench *b, long ret __UNUSED)
{
	if (tun_detach_filter(b->t.fd))
		TH_BAIL("TUNDETACHFILTER: %s", strerror(errno));
}

const struct op fault_op_attach_filter = { .flags = IFF_TAP | IFF_NO_PI,
					   .call = call_attach_filter,
					   .undo = detach_filter,
					   .errnos = { ENOMEM, EFAULT } };

static long call_steering(void *bench)
{
	struct bench *b = bench;

	return tun_set_steering_ebpf(b->t.fd, b->program);
}

const struct op fault_op_steering = { .flags = IFF_TAP | IFF_NO_PI,
				      .call = call_steering,
				      .errnos = { ENOMEM, EFAULT } };

static long call_offload(void *bench)
{
	struct bench *b = bench;

	return tun_set_offload(b->t.fd, TUN_F_CSUM | TUN_F_TSO4);
}

static void no_offload(struct bench *b, long ret __UNUSED)
{
	tun_set_offload(b->t.fd, 0);
}

const struct op fault_op_offload = { .flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR,
				     .call = call_offload,
				     .undo = no_offload };

static long call_dev_netns(void *bench)
{
	return tun_get_dev_netns(((struct bench *)bench)->t.fd);
}

const struct op fault_op_dev_netns = {
	.flags = IFF_TUN, .call = call_dev_netns, .undo = close_result, .errnos = { ENOMEM, ENFILE }
};

static long call_fioasync(void *bench)
{
	int on = 1;

	return ioctl(((struct bench *)bench)->t.fd, FIOASYNC, &on);
}

static void no_async(struct bench *b, long ret __UNUSED)
{
	int off = 0;

	ioctl(b->t.fd, FIOASYNC, &off);
}

const struct op fault_op_fioasync = {
	.flags = IFF_TUN, .call = call_fioasync, .undo = no_async, .errnos = { ENOMEM, EFAULT }
};

static long call_poll(void *bench)
{
	struct pollfd p[100];

	/* More than fit on the kernel's stack. */
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = (struct pollfd){ .fd = ((struct bench *)bench)->t.fd, .events = POLLIN };
	return poll(p, ARRAY_SIZE(p), 0);
}

const struct op fault_op_poll = { .flags = IFF_TUN | IFF_NO_PI,
				  .call = call_poll,
				  .errnos = { ENOMEM, EFAULT } };

static long call_epoll(void *bench)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct bench *b = bench;
	int epoll = epoll_create1(EPOLL_CLOEXEC), ret, err;

	if (epoll < 0)
		return -1;
	ret = epoll_ctl(epoll, EPOLL_CTL_ADD, b->t.fd, &event);
	err = errno;
	close(epoll);
	errno = err;
	return ret;
}

const struct op fault_op_epoll = { .flags = IFF_TUN | IFF_NO_PI,
				   .call = call_epoll,
				   .errnos = { ENOMEM, ENFILE, EFAULT } };
