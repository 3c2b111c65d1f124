// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where allocations fail: vhost-net is set up, and its thread carries a frame. That thread is one
 * of ours, but nobody tells it of an error: the frame is lost or comes later.
 */
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>

#include "device/peer.h"
#include "harness/harness.h"
#include "netns/sock.h"
#include "selftests/fault.h"

#define PAYLOAD 200
/* Until the thread has done what it was kicked for; after that it is kicked again. */
#define TURN_MS 200

static long call_open(void *bench __UNUSED)
{
	return open(VHOST_NODE, O_RDWR | O_CLOEXEC);
}

const struct op fault_op_vhost_open = { .no_device = true,
					.no_file = true,
					.needs = { "vhost" },
					.call = call_open,
					.undo = close_result,
					.errnos = { ENOMEM, ENFILE, EFAULT } };

static void no_owner(struct bench *b)
{
	if (b->fd < 0)
		b->fd = vhost_node();
}

static long call_owner(void *bench)
{
	return ioctl(((struct bench *)bench)->fd, VHOST_SET_OWNER);
}

const struct op fault_op_vhost_owner = { .no_device = true,
					 .no_file = true,
					 .needs = { "vhost" },
					 .prepare = no_owner,
					 .call = call_owner,
					 .undo = close_file,
					 .errnos = { ENOMEM } };

/*
 * The rings are in memory before anything fails: user-mode Linux goes down if there is none for a
 * page table when it copies something there.
 */
static void make_vhost(struct bench *b)
{
	b->v = vhost_open(0);
	for (int q = 0; q < VHOST_QUEUES; q++)
		*(volatile uint16_t *)&b->v.queue[q].ring.used->flags = 0;
}

static long call_memory(void *bench)
{
	struct bench *b = bench;
	uint64_t m[(sizeof(struct vhost_memory) + sizeof(struct vhost_memory_region)) / 8] = { 0 };
	struct vhost_memory *table = (void *)m;

	table->nregions = 1;
	table->regions[0] = (struct vhost_memory_region){
		.guest_phys_addr = (uintptr_t)b->v.arena,
		.userspace_addr = (uintptr_t)b->v.arena,
		.memory_size = 1 << 20,
	};
	return ioctl(b->v.fd, VHOST_SET_MEM_TABLE, table);
}

const struct op fault_op_vhost_memory = { .no_device = true,
					  .no_file = true,
					  .needs = { "vhost" },
					  .make = make_vhost,
					  .call = call_memory,
					  .errnos = { ENOMEM, EFAULT } };

static void no_backend(struct bench *b)
{
	if (vhost_detach(&b->v))
		TH_BAIL("cannot detach: %s", strerror(errno));
}

static long call_backend(void *bench)
{
	struct bench *b = bench;

	return vhost_attach(&b->v, b->t.fd);
}

const struct op fault_op_vhost_backend = { .flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR,
					   .no_file = true,
					   .needs = { "vhost" },
					   .make = make_vhost,
					   .prepare = no_backend,
					   .call = call_backend,
					   .errnos = { ENOMEM, EFAULT } };

static void connect_vhost(struct bench *b)
{
	make_vhost(b);
	b->thread = vhost_thread();
	if (vhost_attach(&b->v, b->t.fd))
		TH_BAIL("VHOST_NET_SET_BACKEND: %s", strerror(errno));
}

static void make_tap(struct bench *b)
{
	peer_udp(&b->t, &b->f, 4000, PORT, PAYLOAD, 1);
	connect_vhost(b);
}

/* Frames go in batches only if the send buffer has no limit. */
static void make_macvtap(struct bench *b)
{
	bench_macvtap(b);
	if (tun_set_sndbuf(b->t.fd, INT_MAX))
		TH_BAIL("TUNSETSNDBUF: %s", strerror(errno));
	connect_vhost(b);
}

static bool arrives(const struct bench *b)
{
	return b->udp < 0 ? macvtap_recv_same(&b->rx, &b->f, WAIT_MS) :
			    udp_recv_pattern(b->udp, 1, WAIT_MS) == PAYLOAD;
}

static void drain(const struct bench *b)
{
	static struct tun_packet p;

	while (b->udp < 0 ? tun_recv(&b->rx, &p, 0) : udp_recv(b->udp, p.raw, PAYLOAD, 0) > 0)
		;
}

/* After a failure the next frame gets through, in a new ring if a buffer did not come back. */
static void gets_through(struct bench *b)
{
	if (b->v.queue[VHOST_TX].free != VHOST_RING) {
		vhost_close(&b->v);
		connect_vhost(b);
	}
	drain(b);
	vhost_send(&b->v, NULL, b->f.data, b->f.len);
	if (vhost_used(&b->v, VHOST_TX, 1, WAIT_MS) != 1 || !arrives(b))
		TH_BAIL("no frame gets through");
}

static long call_send(void *bench)
{
	struct bench *b = bench;

	vhost_send(&b->v, NULL, b->f.data, b->f.len);
	if (vhost_used(&b->v, VHOST_TX, 1, TURN_MS) == 1)
		return 0;
	/* It cannot read the ring, and waits to be asked again. */
	vhost_kick(&b->v, VHOST_TX);
	if (vhost_used(&b->v, VHOST_TX, 1, TURN_MS) == 1)
		return 0;
	errno = ETIMEDOUT;
	return -1;
}

/* ETIMEDOUT: it cannot write into the ring that the buffer comes back, and does not try again. */
const struct op fault_op_vhost_send = { .flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR,
					.no_file = true,
					.needs = { "vhost_thread" },
					.make = make_tap,
					.prepare = gets_through,
					.call = call_send,
					.errnos = { ETIMEDOUT } };

const struct op fault_op_vhost_send_macvtap = { .no_device = true,
						.no_file = true,
						.needs = { "vhost_thread", "macvtap" },
						.make = make_macvtap,
						.prepare = gets_through,
						.call = call_send,
						.errnos = { ETIMEDOUT } };
