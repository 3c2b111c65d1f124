// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files, queues and devices that come and go in every order and at the same time. The orders are
 * tried all, each step held against a small model; the races run for a bounded number of rounds and
 * allow a set of results. What they really look for the kernel's own checks report.
 */
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/link.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define PAYLOAD	   64

/* Several threads that start their one call together. */
struct racer {
	pthread_t thread;
	pthread_barrier_t *start;
	int (*call)(struct racer *r);
	int fd;
	const char *name;
	unsigned int flags;
	int err; /* 0 or the errno */
};

static void *racer_run(void *arg)
{
	struct racer *r = arg;

	pthread_barrier_wait(r->start);
	r->err = r->call(r) == -1 ? errno : 0;
	return NULL;
}

static void race(struct racer *racers, int n)
{
	pthread_barrier_t start;

	pthread_barrier_init(&start, NULL, n);
	for (int i = 0; i < n; i++) {
		racers[i].start = &start;
		if (pthread_create(&racers[i].thread, NULL, racer_run, &racers[i]))
			TH_BAIL("cannot start a thread");
	}
	for (int i = 0; i < n; i++)
		pthread_join(racers[i].thread, NULL);
	pthread_barrier_destroy(&start);
}

static int call_set_iff(struct racer *r)
{
	return tun_set_iff(r->fd, r->name, r->flags);
}

static int call_close(struct racer *r)
{
	return close(r->fd);
}

static int call_delete(struct racer *r)
{
	return link_del(r->name);
}

/* How many links of ours there are: the kernel may make some in every namespace. */
static int count_links(void)
{
	struct if_nameindex *all = if_nameindex();
	int n = 0;

	if (!all)
		TH_BAIL("if_nameindex: %s", strerror(errno));
	for (struct if_nameindex *i = all; i->if_index; i++)
		n += i->if_name[0] == 'a';
	if_freenameindex(all);
	return n;
}

TEST(attach_race_one_file,
     .title = "of several TUNSETIFF at once on one file one succeeds, the others give EEXIST",
     .behaviours = { 571 })
{
	enum { N = 4 };
	static const char *const names[N] = { "a0", "a1", "a2", "a3" };
	struct racer racers[N];
	int fd, succeeded;

	for (int round = 0; round < 2; round++) {
		fd = tun_open();
		succeeded = 0;
		for (int i = 0; i < N; i++)
			racers[i] = (struct racer){ .call = call_set_iff,
						    .fd = fd,
						    .name = names[i],
						    .flags = IFF_TUN | IFF_NO_PI };
		race(racers, N);
		for (int i = 0; i < N; i++) {
			succeeded += !racers[i].err;
			if (racers[i].err) {
				EXPECT_EQ(EEXIST, racers[i].err);
			}
		}
		EXPECT_EQ(1, succeeded);
		EXPECT_EQ(1, count_links());
		close(fd);
		EXPECT_EQ(0, count_links());
	}
}

FIXTURE(lifetime_create)
{
};

FIXTURE_VARIANT(lifetime_create)
{
	unsigned int first, second; /* what the two ask for */
	int loser;		    /* the errno of the one that comes too late */
};

#define EXCL  (IFF_TAP | IFF_TUN_EXCL)
#define MULTI (IFF_TAP | IFF_MULTI_QUEUE)

FIXTURE_VARIANT_ADD(lifetime_create, same) { IFF_TAP, IFF_TAP, EBUSY };
FIXTURE_VARIANT_ADD(lifetime_create, exclusive) { EXCL, EXCL, EBUSY };
FIXTURE_VARIANT_ADD(lifetime_create, tun_and_tap) { IFF_TUN, IFF_TAP, EINVAL };
FIXTURE_VARIANT_ADD(lifetime_create, one_multi_queue) { IFF_TAP, MULTI, EINVAL };
FIXTURE_VARIANT_ADD(lifetime_create, both_multi_queue) { MULTI, MULTI, 0 };

FIXTURE_SETUP(lifetime_create)
{
}

FIXTURE_TEARDOWN(lifetime_create)
{
}

TEST_F(lifetime_create, create_race,
       .title = "two files that create one name at once get one device between them",
       .behaviours = { 572 }, .needs = { "multi_queue" })
{
	struct racer racers[2];
	int failed;

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 2; i++)
			racers[i] = (struct racer){ .call = call_set_iff,
						    .fd = tun_open(),
						    .name = "a0",
						    .flags = i ? variant->second : variant->first };
		race(racers, 2);
		EXPECT_EQ(1, count_links());
		failed = racers[0].err ? racers[0].err : racers[1].err;
		EXPECT_EQ(variant->loser, failed);
		EXPECT_TRUE(!racers[0].err || !racers[1].err);
		close(racers[0].fd);
		close(racers[1].fd);
		EXPECT_EQ(0, count_links());
	}
}

/* What the model knows of a two-queue device: queue 0 is the one the steps are about. */
struct model {
	bool device;
	enum { ATTACHED, DETACHED, LOST, CLOSED } queue[2];
};

enum step { DETACH, ATTACH, CLOSE, DELETE, STEPS };

#define ORDERS 24 /* of four steps */

static int count(const struct model *m, int state)
{
	return (m->queue[0] == state) + (m->queue[1] == state);
}

/* What step @s gives, as an errno, and what comes of it. */
static int model_step(struct model *m, enum step s)
{
	switch (s) {
	case DETACH:
		if (m->queue[0] == CLOSED)
			return EBADF;
		if (m->queue[0] != ATTACHED)
			return EINVAL;
		m->queue[0] = DETACHED;
		return 0;
	case ATTACH:
		if (m->queue[0] == CLOSED)
			return EBADF;
		if (m->queue[0] != DETACHED)
			return EINVAL;
		m->queue[0] = ATTACHED;
		return 0;
	case CLOSE:
		if (m->queue[0] == CLOSED)
			return EBADF;
		m->queue[0] = CLOSED;
		m->device = count(m, ATTACHED) + count(m, DETACHED) > 0;
		return 0;
	default:
		if (!m->device)
			return ENODEV;
		m->device = false;
		for (int i = 0; i < 2; i++) {
			if (m->queue[i] != CLOSED)
				m->queue[i] = LOST;
		}
		return 0;
	}
}

FIXTURE(lifetime_order)
{
	char name[IFNAMSIZ];
	int fd[2];
	struct model model;
};

FIXTURE_VARIANT(lifetime_order)
{
	unsigned int flags;
	int other; /* state of queue 1 all the time */
	enum step first;
};

/* Every order makes a device of its own: one test for each first step, or they would be slow. */
#define EACH_FIRST_STEP(name, flags, other)                                                  \
	FIXTURE_VARIANT_ADD(lifetime_order, name##_detach_first) { flags, other, DETACH };   \
	FIXTURE_VARIANT_ADD(lifetime_order, name##_attach_first) { flags, other, ATTACH };   \
	FIXTURE_VARIANT_ADD(lifetime_order, name##_close_first) { flags, other, CLOSE };     \
	FIXTURE_VARIANT_ADD(lifetime_order, name##_delete_first) { flags, other, DELETE }

EACH_FIRST_STEP(other_attached, IFF_TAP, ATTACHED);
EACH_FIRST_STEP(other_detached, IFF_TUN, DETACHED);
EACH_FIRST_STEP(other_closed, IFF_TAP, CLOSED);
EACH_FIRST_STEP(napi_attached, IFF_TUN | IFF_NAPI, ATTACHED);
EACH_FIRST_STEP(napi_detached, IFF_TAP | IFF_NAPI, DETACHED);

FIXTURE_SETUP(lifetime_order)
{
}

FIXTURE_TEARDOWN(lifetime_order)
{
}

static void two_queues(FIXTURE_DATA(lifetime_order) *self,
		       const FIXTURE_VARIANT(lifetime_order) *variant)
{
	const unsigned int flags = variant->flags | IFF_NO_PI | IFF_MULTI_QUEUE;

	self->fd[0] = tun_create(self->name, flags).fd;
	self->fd[1] = -1;
	self->model = (struct model){ .device = true, .queue = { ATTACHED, variant->other } };
	if (variant->other != CLOSED)
		self->fd[1] = tun_create(self->name, flags).fd;
	if (variant->other == DETACHED && tun_set_queue(self->fd[1], IFF_DETACH_QUEUE))
		TH_BAIL("cannot detach the other queue: %s", strerror(errno));
	if (link_up(self->name))
		TH_BAIL("%s up: %s", self->name, strerror(errno));
}

static int real_step(FIXTURE_DATA(lifetime_order) *self, enum step s)
{
	switch (s) {
	case DETACH:
		return tun_set_queue(self->fd[0], IFF_DETACH_QUEUE);
	case ATTACH:
		return tun_set_queue(self->fd[0], IFF_ATTACH_QUEUE);
	case CLOSE:
		return close(self->fd[0]);
	default:
		return link_del(self->name);
	}
}

static void expect_model(struct __test_metadata *_metadata, const char *name, const struct model *m)
{
	struct link link;

	EXPECT_EQ(m->device, link_exists(name));
	if (!m->device || link_get(name, &link))
		return;
	EXPECT_EQ(count(m, ATTACHED), link.data[TUN_LINK_NUM_QUEUES]);
	EXPECT_EQ(count(m, DETACHED), link.data[TUN_LINK_NUM_DISABLED_QUEUES]);
}

/* The @n-th of the orders of the four steps. */
static void order(int n, enum step steps[STEPS])
{
	enum step left[STEPS] = { DETACH, ATTACH, CLOSE, DELETE };

	for (int i = 0, size = 6; i < STEPS; i++) {
		int at = n / size;

		n %= size;
		steps[i] = left[at];
		memmove(left + at, left + at + 1, (STEPS - 1 - at) * sizeof(left[0]));
		size /= STEPS - 1 - i ? STEPS - 1 - i : 1;
	}
}

/*
 * On a closed file detach and attach never get to the driver: of the orders that differ in where
 * they come after the close, one will do, in which they come last.
 */
static bool is_another(const enum step steps[STEPS])
{
	bool closed = false;

	for (int i = 0; i < STEPS - 1; i++) {
		closed |= steps[i] == CLOSE;
		if (!closed || steps[i] == CLOSE || steps[i] == DELETE)
			continue;
		if (steps[i] == ATTACH || steps[i + 1] == DELETE)
			return true;
	}
	return false;
}

/* Does the steps on a device of its own. */
static void run_order(struct __test_metadata *_metadata, FIXTURE_DATA(lifetime_order) *self,
		      const FIXTURE_VARIANT(lifetime_order) *variant, int n,
		      const enum step steps[STEPS])
{
	static const char *const names[STEPS] = { "detach", "attach", "close", "delete" };

	snprintf(self->name, sizeof(self->name), "a%d", n);
	two_queues(self, variant);
	for (int i = 0; i < STEPS; i++) {
		EXPECT_ERRNO(model_step(&self->model, steps[i]), real_step(self, steps[i]))
		{
			TH_LOG("order %d, step %d: %s", n, i, names[steps[i]]);
		}
		expect_model(_metadata, self->name, &self->model);
	}
	if (self->fd[1] >= 0)
		close(self->fd[1]);
	EXPECT_FALSE(link_exists(self->name));
}

TEST_F(lifetime_order, orders, .title = "detach, attach, close and deletion work in every order",
       .behaviours = { 573 }, .needs = { "multi_queue", "napi" })
{
	enum step steps[STEPS];
	pid_t pid[ORDERS];
	int status, children = 0;

	/* Side by side: it is all waiting for grace periods. */
	for (int n = 0; n < ORDERS; n++) {
		order(n, steps);
		if (steps[0] != variant->first || is_another(steps))
			continue;
		pid[children] = fork();
		if (pid[children] == 0) {
			run_order(_metadata, self, variant, n, steps);
			_exit(0);
		}
		children++;
	}
	for (int i = 0; i < children; i++) {
		EXPECT_EQ(pid[i], waitpid(pid[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	EXPECT_EQ(variant->first == CLOSE ? 1 : 5, children);
	EXPECT_EQ(0, count_links());
}

FIXTURE(lifetime_race)
{
	struct tun t;
};

FIXTURE_VARIANT(lifetime_race)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(lifetime_race, tun) { .flags = IFF_TUN };
FIXTURE_VARIANT_ADD(lifetime_race, tap_napi) { .flags = IFF_TAP | IFF_NAPI };

FIXTURE_SETUP(lifetime_race)
{
	self->t = peer_create("a0", variant->flags | IFF_NO_PI | IFF_MULTI_QUEUE);
}

FIXTURE_TEARDOWN(lifetime_race)
{
	tun_close(&self->t);
}

/* A thread that repeats a call on the device file until it is told to stop or the device is gone.
 */
struct worker {
	pthread_t thread;
	int fd;
	ssize_t (*call)(struct worker *w);
	const struct frame *frame;
	bool stop; /* all accessed atomically */
	int calls;
	int odd; /* first result that may not be */
	int last;
};

/* One write: 0, an errno that may be, or -1. */
static ssize_t work_write(struct worker *w)
{
	ssize_t n = write(w->fd, w->frame->data, w->frame->len);

	if (n == w->frame->len)
		return 0;
	if (n >= 0)
		errno = EMSGSIZE;
	return errno == EIO || errno == EBUSY || errno == EBADFD ? errno : -1;
}

static ssize_t work_read(struct worker *w)
{
	uint8_t buf[2048];
	ssize_t n = read(w->fd, buf, sizeof(buf));

	if (n > 0)
		return 0;
	if (n == 0)
		errno = ENODATA;
	return errno == EAGAIN || errno == EFAULT || errno == EBADFD ? errno : -1;
}

static void *worker_run(void *arg)
{
	struct worker *w = arg;
	ssize_t result = 0;

	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED) && result != EBADFD && result != -1) {
		result = w->call(w);
		__atomic_add_fetch(&w->calls, 1, __ATOMIC_RELAXED);
	}
	if (result == -1)
		w->odd = errno;
	w->last = result;
	return NULL;
}

static void worker_start(struct worker *w)
{
	if (pthread_create(&w->thread, NULL, worker_run, w))
		TH_BAIL("cannot start a thread");
}

/* Waits until the worker did @n more calls. */
static void worker_wait(struct worker *w, int n)
{
	int from = __atomic_load_n(&w->calls, __ATOMIC_RELAXED);
	int64_t deadline = clock_ms() + TIMEOUT_MS;

	while (__atomic_load_n(&w->calls, __ATOMIC_RELAXED) - from < n) {
		if (!clock_left(deadline))
			TH_BAIL("a worker does no calls");
		usleep(100);
	}
}

static void worker_stop(struct worker *w)
{
	struct timespec end;

	__atomic_store_n(&w->stop, true, __ATOMIC_RELAXED);
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 5;
	if (pthread_timedjoin_np(w->thread, NULL, &end))
		TH_BAIL("a worker still waits");
}

TEST_F(lifetime_race, deleted_while_used,
       .title = "deletion under a writer and a reader ends both with EBADFD",
       .behaviours = { 574, 502 }, .needs = { "multi_queue", "napi" })
{
	struct frame f;
	struct worker writer = { .fd = self->t.fd, .call = work_write, .frame = &f };
	struct worker reader = { .fd = self->t.fd, .call = work_read };

	peer_udp(&self->t, &f, 4000, 4001, PAYLOAD, 1);
	worker_start(&writer);
	worker_start(&reader);
	worker_wait(&writer, 50);
	ASSERT_OK(link_del("a0"));
	pthread_join(writer.thread, NULL);
	pthread_join(reader.thread, NULL);
	EXPECT_EQ(0, writer.odd);
	EXPECT_EQ(0, reader.odd);
	EXPECT_EQ(EBADFD, writer.last);
	EXPECT_EQ(EBADFD, reader.last);
}

TEST_F(lifetime_race, deleted_while_closed,
       .title = "closing the files while the device is deleted leaves nothing behind",
       .behaviours = { 502, 573 }, .needs = { "multi_queue", "napi" })
{
	struct racer racers[3];

	tun_close(&self->t);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 2; i++)
			racers[i] = (struct racer){
				.call = call_close,
				.fd = tun_create("a1", variant->flags | IFF_MULTI_QUEUE).fd,
			};
		racers[2] = (struct racer){ .call = call_delete, .name = "a1" };
		race(racers, 3);
		EXPECT_EQ(0, racers[0].err);
		EXPECT_EQ(0, racers[1].err);
		/* It may come too late: the device went with its files. */
		if (racers[2].err) {
			EXPECT_EQ(ENODEV, racers[2].err);
		}
		ASSERT_EQ(0, count_links());
	}
}

TEST_F(lifetime_race, detached_while_written,
       .title = "a write during detach and attach succeeds, or gives EBUSY on an IFF_NAPI queue",
       .behaviours = { 575, 221 }, .needs = { "multi_queue", "napi" })
{
	struct frame f;
	struct worker writer = { .fd = self->t.fd, .call = work_write, .frame = &f };
	struct rtnl_link_stats64 stats;

	peer_udp(&self->t, &f, 4000, 4001, PAYLOAD, 1);
	worker_start(&writer);
	for (int i = 0; i < 2; i++) {
		worker_wait(&writer, 20);
		EXPECT_OK(tun_set_queue(self->t.fd, IFF_DETACH_QUEUE));
		worker_wait(&writer, 20);
		EXPECT_OK(tun_set_queue(self->t.fd, IFF_ATTACH_QUEUE));
	}
	worker_stop(&writer);
	EXPECT_EQ(0, writer.odd);
	stats = link_stats("a0");
	if (variant->flags & IFF_NAPI) {
		EXPECT_GE(writer.calls, stats.rx_packets);
	} else {
		EXPECT_EQ(writer.calls, stats.rx_packets);
	}
}

/* Sends datagrams that carry a number each, which grows, until told to stop. */
static ssize_t work_transmit(struct worker *w)
{
	uint32_t number = __atomic_load_n(&w->calls, __ATOMIC_RELAXED);

	return udp_send(w->fd, &number, sizeof(number), PEER_IP4, 4000) == sizeof(number) ? 0 : -1;
}

TEST_F(lifetime_race, detached_while_transmitting,
       .title = "the stack transmits on while queues come and go", .behaviours = { 431 },
       .needs = { "multi_queue", "napi" })
{
	struct worker sender = { .fd = udp_open(KERNEL_IP4, 0), .call = work_transmit };
	struct tun second;

	worker_start(&sender);
	for (int i = 0; i < 2; i++) {
		second = tun_create("a0", self->t.flags);
		worker_wait(&sender, 20);
		EXPECT_OK(tun_set_queue(self->t.fd, IFF_DETACH_QUEUE));
		worker_wait(&sender, 20);
		tun_close(&second);
		worker_wait(&sender, 20);
		EXPECT_OK(tun_set_queue(self->t.fd, IFF_ATTACH_QUEUE));
	}
	worker_stop(&sender);
	EXPECT_EQ(0, sender.odd);
	close(sender.fd);
}

TEST_F(lifetime_race, resized_while_read,
       .title = "resizing the ring under traffic keeps the packets' order, none comes twice",
       .behaviours = { 576 }, .needs = { "multi_queue", "napi" })
{
	static const uint32_t lengths[] = { 8, 200, 1, 50, 500, 3, 100, 16 };
	struct worker sender = { .fd = udp_open(KERNEL_IP4, 0), .call = work_transmit };
	struct tun_packet packet;
	int64_t last = -1, number;
	struct parsed p;
	int received = 0;

	worker_start(&sender);
	for (int i = 0; i < 16; i++) {
		EXPECT_OK(link_set_txqueuelen("a0", lengths[i % 8]));
		for (int j = 0; j < 20 && tun_recv_proto(&self->t, &packet, IPPROTO_UDP, 100, &p);
		     j++) {
			number = 0;
			memcpy(&number, packet.data + p.payload, sizeof(uint32_t));
			ASSERT_LT(last, number)
			{
				worker_stop(&sender);
			}
			last = number;
			received++;
		}
	}
	worker_stop(&sender);
	EXPECT_EQ(0, sender.odd);
	EXPECT_LT(16, received);
	close(sender.fd);
}
