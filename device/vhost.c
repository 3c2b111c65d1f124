// SPDX-License-Identifier: GPL-2.0-only
/* A user of /dev/vhost-net. The order of the set-up is that of <linux/vhost.h>. */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>
#include <net/ethernet.h>

#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/capture.h"
#include "netns/clock.h"
#include "netns/file.h"
#include "netns/sock.h"

#define RING_BYTES  0x10000 /* for one ring: 56 KiB, in pages */
#define RING_ALIGN  4096
#define CHAIN_BYTES 0x20000 /* for one chain: more than any frame has */
#define QUEUE_BYTES (RING_BYTES + (size_t)VHOST_RING * CHAIN_BYTES)
#define ARENA_BYTES (VHOST_QUEUES * QUEUE_BYTES)

int vhost_node(void)
{
	int fd = open(VHOST_NODE, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		TH_BAIL("cannot open " VHOST_NODE ": %s", strerror(errno));
	return fd;
}

static void set(const struct vhost *v, unsigned long request, const char *name, void *arg)
{
	if (ioctl(v->fd, request, arg))
		TH_BAIL("%s: %s", name, strerror(errno));
}
#define SET(v, request, arg) set(v, request, #request, arg)

static void set_features(struct vhost *v, uint64_t features)
{
	SET(v, VHOST_SET_FEATURES, &features);
	v->header = features & (VHOST_MRG_RXBUF | VHOST_VERSION_1) ? VNET_SIZE_MRG_RXBUF :
								     VNET_SIZE_LEGACY;
	v->mergeable = features & VHOST_MRG_RXBUF;
}

/* One region, in which the guest's addresses are ours. */
static void set_memory(struct vhost *v)
{
	struct vhost_memory *table = calloc(1, sizeof(*table) + sizeof(table->regions[0]));

	v->arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!table || v->arena == MAP_FAILED)
		TH_BAIL("no memory: %s", strerror(errno));
	table->nregions = 1;
	table->regions[0].guest_phys_addr = (uintptr_t)v->arena;
	table->regions[0].userspace_addr = (uintptr_t)v->arena;
	table->regions[0].memory_size = ARENA_BYTES;
	SET(v, VHOST_SET_MEM_TABLE, table);
	free(table);
}

static int event_open(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (fd < 0)
		TH_BAIL("eventfd: %s", strerror(errno));
	return fd;
}

static int set_event(const struct vhost *v, int queue, unsigned long request)
{
	struct vhost_vring_file file = { .index = queue, .fd = event_open() };

	set(v, request, "an eventfd", &file);
	return file.fd;
}

static void set_queue(struct vhost *v, int queue)
{
	uint8_t *memory = (uint8_t *)v->arena + queue * QUEUE_BYTES;
	struct vhost_vring_state state = { .index = queue, .num = VHOST_RING };
	struct vhost_vring_addr addr = { .index = queue };
	struct vhost_queue *q = &v->queue[queue];

	q->memory = memory + RING_BYTES;
	q->free = VHOST_RING;
	vring_init(&q->ring, VHOST_RING, memory, RING_ALIGN);
	addr.desc_user_addr = (uintptr_t)q->ring.desc;
	addr.avail_user_addr = (uintptr_t)q->ring.avail;
	addr.used_user_addr = (uintptr_t)q->ring.used;

	SET(v, VHOST_SET_VRING_NUM, &state);
	state.num = 0;
	SET(v, VHOST_SET_VRING_BASE, &state);
	SET(v, VHOST_SET_VRING_ADDR, &addr);
	q->kick = set_event(v, queue, VHOST_SET_VRING_KICK);
	q->call = set_event(v, queue, VHOST_SET_VRING_CALL);
	q->error = set_event(v, queue, VHOST_SET_VRING_ERR);
}

struct vhost vhost_open(uint64_t features)
{
	struct vhost v = { .fd = vhost_node() };

	SET(&v, VHOST_SET_OWNER, NULL);
	set_features(&v, features);
	set_memory(&v);
	for (int queue = 0; queue < VHOST_QUEUES; queue++)
		set_queue(&v, queue);
	return v;
}

void vhost_close(struct vhost *v)
{
	close(v->fd);
	v->fd = -1;
	for (struct vhost_queue *q = v->queue; q < v->queue + VHOST_QUEUES; q++) {
		close(q->kick);
		close(q->call);
		close(q->error);
	}
	munmap(v->arena, ARENA_BYTES);
}

int vhost_thread(void)
{
	DIR *tasks = opendir("/proc/self/task");
	char path[300], name[16];
	struct dirent *task;
	int tid = 0;

	while (tasks && !tid && (task = readdir(tasks))) {
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", task->d_name);
		if (!file_read_line(path, name, sizeof(name)) && !strncmp(name, "vhost-", 6))
			tid = atoi(task->d_name);
	}
	if (tasks)
		closedir(tasks);
	return tid;
}

int vhost_set_backend(int vhost_fd, unsigned int queue, int backend)
{
	struct vhost_vring_file file = { .index = queue, .fd = backend };

	return ioctl(vhost_fd, VHOST_NET_SET_BACKEND, &file);
}

int vhost_attach(const struct vhost *v, int backend)
{
	if (vhost_set_backend(v->fd, VHOST_RX, backend))
		return -1;
	return vhost_set_backend(v->fd, VHOST_TX, backend);
}

int vhost_detach(const struct vhost *v)
{
	return vhost_attach(v, -1);
}

struct tun vhost_peer(struct vhost *v, uint64_t features, unsigned int flags)
{
	unsigned int header = features & VHOST_OWN_HEADER ? 0 : IFF_VNET_HDR;
	struct tun t = peer_create("v0", IFF_TAP | IFF_NO_PI | header | flags);

	*v = vhost_open(features);
	if (header && tun_set_vnet_hdr_sz(&t, v->header))
		TH_BAIL("TUNSETVNETHDRSZ: %s", strerror(errno));
	if (vhost_attach(v, t.fd))
		TH_BAIL("VHOST_NET_SET_BACKEND: %s", strerror(errno));
	return t;
}

static uint8_t *chain_memory(const struct vhost_queue *q, unsigned int head)
{
	return q->memory + (size_t)head * CHAIN_BYTES;
}

uint8_t *vhost_add(struct vhost *v, int queue, size_t len)
{
	struct vhost_queue *q = &v->queue[queue];
	uint16_t head = q->next_desc, flags = queue == VHOST_RX ? VRING_DESC_F_WRITE : 0;
	size_t piece = v->piece ?: CHAIN_BYTES;
	uint8_t *memory = chain_memory(q, head);

	if (len > CHAIN_BYTES)
		TH_BAIL("a chain of %zu bytes", len);
	for (size_t at = 0; !at || at < len; at += piece) {
		bool last = len - at <= piece;

		if (!q->free)
			TH_BAIL("the ring is full");
		q->free--;
		q->ring.desc[q->next_desc] = (struct vring_desc){
			.addr = (uintptr_t)(memory + at),
			.len = last ? len - at : piece,
			.flags = flags | (last ? 0 : VRING_DESC_F_NEXT),
			.next = (q->next_desc + 1) % VHOST_RING,
		};
		q->next_desc = (q->next_desc + 1) % VHOST_RING;
	}
	q->ring.avail->ring[q->avail++ % VHOST_RING] = head;
	return memory;
}

struct vring_desc *vhost_next_desc(struct vhost *v, int queue)
{
	return &v->queue[queue].ring.desc[v->queue[queue].next_desc];
}

void vhost_kick(struct vhost *v, int queue)
{
	struct vhost_queue *q = &v->queue[queue];

	__atomic_store_n(&q->ring.avail->idx, q->avail, __ATOMIC_SEQ_CST);
	if (eventfd_write(q->kick, 1))
		TH_BAIL("cannot kick queue %d: %s", queue, strerror(errno));
}

/* Takes back the chain at @head; what is in it stays until its descriptors are used again. */
static void reclaim(struct vhost_queue *q, uint16_t head)
{
	uint16_t at = head;

	while (q->ring.desc[at].flags & VRING_DESC_F_NEXT) {
		q->free++;
		at = q->ring.desc[at].next;
	}
	q->free++;
}

/* The next chain that came back, false if none does until @deadline. */
static bool next_used(struct vhost *v, int queue, int64_t deadline, struct vring_used_elem *elem)
{
	struct vhost_queue *q = &v->queue[queue];
	eventfd_t calls;

	while (__atomic_load_n(&q->ring.used->idx, __ATOMIC_ACQUIRE) == q->used) {
		if (!sock_wait(q->call, POLLIN, clock_left(deadline)))
			return false;
		eventfd_read(q->call, &calls);
	}
	*elem = q->ring.used->ring[q->used % VHOST_RING];
	/* Both rings hold chains in the same order. */
	if (elem->id != q->ring.avail->ring[q->used % VHOST_RING])
		TH_BAIL("chain %u came back where %u was to come", elem->id,
			q->ring.avail->ring[q->used % VHOST_RING]);
	q->used++;
	reclaim(q, elem->id);
	return true;
}

int vhost_used(struct vhost *v, int queue, int n, int timeout_ms)
{
	int64_t deadline = clock_ms() + timeout_ms;
	struct vring_used_elem elem;
	int seen = 0;

	while (seen < n && next_used(v, queue, deadline, &elem))
		seen++;
	return seen;
}

void vhost_put(struct vhost *v, const struct vnet *vnet, const void *frame, size_t len)
{
	struct vnet zero = { 0 };
	uint8_t *memory = vhost_add(v, VHOST_TX, v->header + len);

	vnet_encode(vnet ?: &zero, memory, v->header, false);
	memcpy(memory + v->header, frame, len);
	capture_frame("vhost", CAPTURE_ETHERNET, CAPTURE_INBOUND, frame, len);
}

void vhost_send(struct vhost *v, const struct vnet *vnet, const void *frame, size_t len)
{
	vhost_put(v, vnet, frame, len);
	vhost_kick(v, VHOST_TX);
}

void vhost_post(struct vhost *v, int n, size_t size)
{
	while (n--)
		memset(vhost_add(v, VHOST_RX, size), 0xaa, size);
	vhost_kick(v, VHOST_RX);
}

/* Appends what a chain holds to @p. */
static void collect(const struct vhost *v, const struct vring_used_elem *elem, struct tun_packet *p)
{
	if (p->raw_len + elem->len > sizeof(p->raw))
		TH_BAIL("vhost gave more than %zu bytes", sizeof(p->raw));
	memcpy(p->raw + p->raw_len, chain_memory(&v->queue[VHOST_RX], elem->id), elem->len);
	p->raw_len += elem->len;
}

bool vhost_recv(struct vhost *v, struct tun_packet *p, int timeout_ms)
{
	int64_t deadline = clock_ms() + timeout_ms;
	struct vring_used_elem elem;

	p->raw_len = 0;
	if (!next_used(v, VHOST_RX, deadline, &elem))
		return false;
	collect(v, &elem, p);
	if (p->raw_len < v->header)
		TH_BAIL("a packet of %zu bytes, its header is %zu", p->raw_len, v->header);
	p->pi = (struct tun_pi){ 0 };
	p->vnet = vnet_decode(p->raw, v->header, false);
	/* Without VHOST_MRG_RXBUF the field is not there, or not filled in. */
	for (int i = 1; v->mergeable && i < p->vnet.num_buffers; i++) {
		if (!next_used(v, VHOST_RX, deadline, &elem))
			TH_BAIL("a packet in %u buffers, but only %d came", p->vnet.num_buffers, i);
		collect(v, &elem, p);
	}
	p->data = p->raw + v->header;
	p->len = p->raw_len - v->header;
	capture_frame("vhost", CAPTURE_ETHERNET, CAPTURE_OUTBOUND, p->data, p->len);
	return true;
}

bool vhost_takes_all(const struct tun *t, int timeout_ms)
{
	int64_t deadline = clock_ms() + timeout_ms;

	while (sock_wait(t->fd, POLLIN, 0) & POLLIN) {
		if (!clock_left(deadline))
			return false;
		usleep(1000);
	}
	return true;
}

bool vhost_error(const struct vhost *v, int queue, int timeout_ms)
{
	eventfd_t errors;

	return sock_wait(v->queue[queue].error, POLLIN, timeout_ms) == POLLIN &&
	       !eventfd_read(v->queue[queue].error, &errors);
}
