// SPDX-License-Identifier: GPL-2.0-only
/*
 * One file in several hands: it gets its device, loses it or is closed while another thread is in a
 * read, a write or a poll of it, or another process wants the same name.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/blocked.h"
#include "device/memory.h"
#include "device/race.h"
#include "device/tun.h"
#include "device/way.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define FD	   400 /* where the file is, a number that nothing else gets */
#define FRAME	   60
#define TIMEOUT_MS 20000

/* A fresh file at FD; the one that was there is closed. */
static int renew(void)
{
	int fd = tun_open();
	int result = dup2(fd, FD) == FD ? 0 : -1;

	close(fd);
	return result;
}

static ssize_t write_file(struct race_role *role __UNUSED)
{
	const uint8_t frame[FRAME] = { 2 };

	return race_result(write(FD, frame, sizeof(frame)), sizeof(frame));
}

static ssize_t read_file(struct race_role *role __UNUSED)
{
	uint8_t buf[2048];
	ssize_t n = read(FD, buf, sizeof(buf));

	return n > 0 ? 0 : n ? n : 1;
}

static ssize_t transmit(struct race_role *role)
{
	return race_transmit(role->fd, race_random(role, 2) ? "a0" : "a1");
}

static ssize_t poll_file(struct race_role *role __UNUSED)
{
	struct pollfd p = { .fd = FD, .events = POLLIN | POLLOUT };

	return poll(&p, 1, 1) < 0 ? -1 : 0;
}

/* --- files that get their device ----------------------------------------------------------- */

static ssize_t attach_existing(struct race_role *role)
{
	static const unsigned int flags[] = { 0, IFF_NAPI, IFF_VNET_HDR };

	return renew() || tun_set_iff(FD, "a0", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE |
						flags[race_random(role, ARRAY_SIZE(flags))]) ?
		       -1 :
		       0;
}

static ssize_t attach_new(struct race_role *role)
{
	return renew() || tun_set_iff(FD, "a1", IFF_TAP | IFF_NO_PI |
						(race_random(role, 2) ? IFF_NAPI : 0)) ||
			       link_up("a1") ?
		       -1 :
		       0;
}

/* The index is that of "lo": the device is made, and then cannot be registered. */
static ssize_t fail_late(struct race_role *role __UNUSED)
{
	if (renew() || tun_set_ifindex(FD, 1))
		return -1;
	if (!tun_set_iff(FD, "a1", IFF_TAP | IFF_NO_PI))
		return 1;
	return errno == EBUSY ? 0 : -1;
}

/* Or it is closed by the next. */
static ssize_t attach_and_lose(struct race_role *role)
{
	if (attach_new(role))
		return -1;
	return race_random(role, 2) ? link_del("a1") : 0;
}

/* Into a namespace that ends, and waits until the device has gone with it. */
static ssize_t attach_and_move(struct race_role *role)
{
	struct pollfd p = { .fd = FD, .events = POLLIN };
	int netns;

	if (attach_new(role))
		return -1;
	netns = netns_new();
	if (link_set_netns("a1", netns))
		return -1;
	close(netns);
	while (poll(&p, 1, TIMEOUT_MS) == 1 && !(p.revents & POLLERR))
		;
	return p.revents & POLLERR ? 0 : 1;
}

FIXTURE(race_attach)
{
	int links; /* before */
	struct tun existing;
	int packet;
};

FIXTURE_VARIANT(race_attach)
{
	ssize_t (*attach)(struct race_role *role);
	bool never; /* the file never has a device */
	int error;  /* of the attaching thread */
};

FIXTURE_VARIANT_ADD(race_attach, existing) { .attach = attach_existing };
FIXTURE_VARIANT_ADD(race_attach, fails) { .attach = fail_late, .never = true };
FIXTURE_VARIANT_ADD(race_attach, loses)
{
	/* Until a call on it returns, the file that was closed has the device of that name. */
	.attach = attach_and_lose, .error = EBUSY,
};
FIXTURE_VARIANT_ADD(race_attach, netns_ends) { .attach = attach_and_move };

FIXTURE_SETUP(race_attach)
{
	self->links = race_links();
	self->existing = tun_create("a0", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE);
	if (link_up("a0"))
		TH_BAIL("a0 up: %s", strerror(errno));
	if (renew())
		TH_BAIL("dup2: %s", strerror(errno));
	self->packet = packet_open("a0", 0, PACKET_BYPASS);
}

FIXTURE_TEARDOWN(race_attach)
{
}

static void run(struct __test_metadata *_metadata, FIXTURE_DATA(race_attach) *self,
		const FIXTURE_VARIANT(race_attach) *variant, int ms)
{
	struct race_role roles[] = {
		{ .name = "attach", .call = variant->attach, .errors = { variant->error } },
		/* EINVAL: what was meant to be a frame is a vnet header's. */
		{ .name = "write", .call = write_file, .may_fail = true,
		  .errors = { EBADFD, EIO, EINVAL } },
		{ .name = "read", .call = read_file, .may_fail = true,
		  .errors = { EBADFD, EAGAIN } },
		{ .name = "poll", .call = poll_file },
		/* ENOBUFS: nobody reads the other queue of "a0". */
		{ .name = "transmit", .call = transmit, .fd = self->packet, .may_fail = true,
		  .errors = { ENXIO, ENODEV, ENETDOWN, ENOBUFS } },
	};

	if (variant->never)
		memset(roles[1].errors + 1, 0, sizeof(roles[1].errors) - sizeof(int));
	race(_metadata, roles, ARRAY_SIZE(roles), ms);
	close(FD);
	close(self->packet);
	tun_close(&self->existing);
	race_settled(_metadata, self->links);
}

#define ATTACH                                                                                  \
	.title = "a file can be read, written and polled at any moment of getting and losing "  \
		 "its device",                                                                  \
	.behaviours = { 502, 573, 574 },                                                        \
	.needs = { "multi_queue", "napi", "net_namespaces", "packet_socket" }

TEST_F(race_attach, used_meanwhile, ATTACH)
{
	run(_metadata, self, variant, RACE_MS);
}

TEST_F(race_attach, used_meanwhile_long, ATTACH, .takes_long = true)
{
	run(_metadata, self, variant, RACE_LONG_MS);
}

/* --- one name ------------------------------------------------------------------------------ */

/* A process of its own, which ends with the device. Its errno is its exit status. */
static ssize_t create_in_process(struct race_role *role)
{
	int *holders = role->arg, status, fd;
	pid_t pid = fork();

	if (!pid) {
		fd = tun_open();
		if (tun_set_iff(fd, "a0", IFF_TAP | IFF_NO_PI))
			_exit(errno);
		if (__atomic_fetch_add(holders, 1, __ATOMIC_SEQ_CST))
			_exit(EDEADLK);
		__atomic_fetch_sub(holders, 1, __ATOMIC_SEQ_CST);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 1;
	errno = WEXITSTATUS(status);
	return errno ? -1 : 0;
}

TEST(processes, .title = "of processes that create one name at once only one has it at a time",
     .behaviours = { 572, 583 })
{
	int *holders = mmap(NULL, sizeof(*holders), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct race_role roles[3];
	int links = race_links();

	ASSERT_NE(MAP_FAILED, holders);
	for (int i = 0; i < ARRAY_SIZE(roles); i++)
		roles[i] = (struct race_role){ .name = "create", .call = create_in_process,
					       .arg = holders, .errors = { EBUSY },
					       .may_fail = true };
	race(_metadata, roles, ARRAY_SIZE(roles), RACE_MS);
	/* Each of them need not be lucky. */
	EXPECT_LT(0, roles[0].good + roles[1].good + roles[2].good);
	race_settled(_metadata, links);
}

/* --- idle devices -------------------------------------------------------------------------- */

/*
 * Attaches a file to the idle device with flags of its own, which the device has from then on, and
 * uses it as these say. Nobody else can attach while it does.
 */
static ssize_t use_idle(struct race_role *role)
{
	static const unsigned int flags[] = { IFF_NO_PI, 0, IFF_NO_PI | IFF_VNET_HDR,
					      IFF_VNET_HDR, IFF_NO_PI | IFF_NAPI };
	/* IFF_NO_PI is hidden there by another bit. */
	const unsigned int kept = IFF_TAP | IFF_VNET_HDR | IFF_NAPI;
	unsigned int own = IFF_TAP | flags[race_random(role, ARRAY_SIZE(flags))];
	struct tun t = { .fd = tun_open(), .flags = own,
			 .vnet_size = own & IFF_VNET_HDR ? VNET_SIZE_LEGACY : 0 };
	uint8_t buf[FRAME + 32] = { 0 };
	size_t len = tun_header_size(&t) + FRAME;
	ssize_t result = -1;

	if (!tun_set_iff(t.fd, "a0", own))
		result = write(t.fd, buf, len) == len && !((tun_iff_flags(t.fd) ^ own) & kept) ?
				 0 :
				 1;
	close(t.fd);
	return result;
}

TEST(idle, .title = "who attaches to an idle device has it to himself, with the flags he gave",
     .behaviours = { 581 }, .needs = { "napi" })
{
	int links = race_links();
	struct race_role roles[] = {
		{ .name = "one", .call = use_idle, .errors = { EBUSY } },
		{ .name = "two", .call = use_idle, .errors = { EBUSY } },
		{ .name = "three", .call = use_idle, .errors = { EBUSY } },
	};
	struct tun t = tun_create("a0", IFF_TAP | IFF_NO_PI);

	ASSERT_OK(tun_set_persist(t.fd, 1));
	ASSERT_OK(link_up("a0"));
	tun_close(&t);
	race(_metadata, roles, ARRAY_SIZE(roles), RACE_MS);
	ASSERT_OK(link_del("a0"));
	race_settled(_metadata, links);
}

/* --- ended --------------------------------------------------------------------------------- */

TEST(closed_while_read,
     .title = "a file closed while another thread reads it keeps its device until the read returns",
     .behaviours = { 573 })
{
	int links = race_links();
	struct tun t = tun_create("a0", IFF_TUN | IFF_NO_PI);
	struct blocked b;

	tun_set_blocking(t.fd);
	ASSERT_TRUE(blocked_read(&b, t.fd));
	ASSERT_OK(close(t.fd));
	EXPECT_TRUE(blocked_sleeps(&b));
	EXPECT_TRUE(link_exists("a0"));
	ASSERT_TRUE(blocked_interrupt(&b, TIMEOUT_MS));
	EXPECT_EQ(-1, b.ret);
	EXPECT_EQ(EINTR, b.err);
	race_settled(_metadata, links);
}

static void *delete_link(void *arg)
{
	*(int *)arg = link_del("a0") ? errno : 0;
	return NULL;
}

/* Such a device is undone and without a name, but its memory stays until the write returns. */
TEST(reused_while_deleted,
     .title = "a detached file can have another device while its old one waits for a write to end",
     .behaviours = { 84, 574 }, .needs = { "multi_queue", "napi", "userfaultfd" },
     .guards = { "3b9bc84d3111" })
{
	const unsigned int flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;
	int links = race_links(), result = -1;
	struct tun writer = tun_create("a0", flags);
	struct tun detached = tun_create("a0", flags | IFF_NAPI);
	struct missing_page m = missing_page();
	int64_t deadline = clock_ms() + TIMEOUT_MS;
	pthread_t deleter;
	struct blocked b;

	ASSERT_OK(link_up("a0"));
	ASSERT_OK(tun_set_queue(detached.fd, IFF_DETACH_QUEUE));
	tun_set_blocking(writer.fd);
	ASSERT_TRUE(blocked_write(&b, writer.fd, m.page, FRAME));
	ASSERT_EQ(0, pthread_create(&deleter, NULL, delete_link, &result));
	while (race_links() != links && clock_left(deadline))
		usleep(1000);
	ASSERT_OK(tun_set_ifindex(detached.fd, 0));
	ASSERT_OK(tun_set_iff(detached.fd, "a1", flags | IFF_NAPI));
	close(detached.fd);
	EXPECT_EQ(-1, result);
	missing_page_supply(&m);
	ASSERT_TRUE(blocked_ended(&b, TIMEOUT_MS));
	EXPECT_EQ(-1, b.ret);
	EXPECT_EQ(EIO, b.err);
	pthread_join(deleter, NULL);
	EXPECT_EQ(0, result);
	close(writer.fd);
	race_settled(_metadata, links);
}

/* Tells the parent where it is seen that we sleep, and writes. To /proc our id may be another. */
static void write_and_exit(const struct way *way, int parent)
{
	sock_pass_fd(parent, open("/proc/self/stat", O_RDONLY | O_CLOEXEC));
	_exit(write(way->in.fd, way->f.data, way->f.len) >= 0);
}

TEST(killed_while_written,
     .title = "a signal that ends a process waiting to write ends its device, though what it wrote "
	      "is still on its way",
     .behaviours = { 583 }, .needs = { "bridge", "tbf" })
{
	int links = race_links(), pair[2], stat, status;
	int64_t deadline;
	struct way way;
	pid_t pid;

	way_make(&way, 0);
	way_fill(&way);
	tun_set_blocking(way.in.fd);
	ASSERT_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		write_and_exit(&way, pair[1]);
	close(way.in.fd);
	EXPECT_TRUE(link_exists("in"));
	stat = sock_take_fd(pair[0], TIMEOUT_MS);
	deadline = clock_ms() + TIMEOUT_MS;
	while (!stat_sleeps(stat) && clock_left(deadline))
		usleep(500);
	EXPECT_TRUE(stat_sleeps(stat));
	close(stat);
	close(pair[0]);
	close(pair[1]);
	ASSERT_OK(kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	EXPECT_FALSE(link_exists("in"));
	close(way.out.fd);
	ASSERT_OK(link_del("br"));
	race_settled(_metadata, links);
}
