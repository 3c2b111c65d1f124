// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files and devices that come and go while others use them. The descriptors are slots, numbers so
 * high that nothing else is opened there: a slot is filled by dup2(), which closes what was in it,
 * and a call may find it empty (EBADF), with a file that has no device yet or any more (EBADFD), or
 * busy with something else.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/blocked.h"
#include "device/frame.h"
#include "device/peer.h"
#include "device/race.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/packet.h"

#define SLOT	    400
#define SLOTS	    4
#define TIMEOUT_MS  5000

extern char **environ;

static int slot(struct race_role *role)
{
	return SLOT + race_random(role, SLOTS);
}

static const char *name(struct race_role *role)
{
	static const char *const names[] = { "a0", "a1" };

	return names[race_random(role, ARRAY_SIZE(names))];
}

/* A slot has a file of its own again, the old one is closed. */
static int fill(int number)
{
	int fd = tun_open();
	int result = dup2(fd, number) == number ? 0 : -1;

	close(fd);
	return result;
}

static ssize_t fill_slot(struct race_role *role)
{
	return fill(slot(role));
}

static ssize_t close_slot(struct race_role *role)
{
	return close(slot(role));
}

static const unsigned int attach_flags[] = {
	IFF_TAP | IFF_MULTI_QUEUE,
	IFF_TAP | IFF_MULTI_QUEUE | IFF_NAPI,
	IFF_TAP | IFF_MULTI_QUEUE | IFF_VNET_HDR,
	IFF_TAP | IFF_MULTI_QUEUE | IFF_NAPI | IFF_VNET_HDR,
	IFF_TAP,
	IFF_TUN | IFF_MULTI_QUEUE | IFF_NAPI,
};

static ssize_t attach(struct race_role *role)
{
	unsigned int flags = attach_flags[race_random(role, ARRAY_SIZE(attach_flags))];

	return tun_set_iff(slot(role), name(role), flags | IFF_NO_PI);
}

/*
 * A TUNSETIFF that fails late: the index it wants is that of "lo". If the slot has another file by
 * then it does not.
 */
static ssize_t attach_taken(struct race_role *role)
{
	int fd = slot(role), result;

	if (tun_set_ifindex(fd, 1))
		return -1;
	result = tun_set_iff(fd, "a2", IFF_TAP | IFF_NO_PI);
	tun_set_ifindex(fd, 0);
	return result;
}

static ssize_t set_queue(struct race_role *role)
{
	return tun_set_queue(slot(role),
			     race_random(role, 2) ? IFF_DETACH_QUEUE : IFF_ATTACH_QUEUE);
}

static ssize_t delete(struct race_role *role)
{
	return link_del(name(role));
}

static ssize_t bring_up(struct race_role *role)
{
	return link_up(name(role));
}

static ssize_t resize(struct race_role *role)
{
	return link_set_txqueuelen(name(role), 1 + race_random(role, 1000));
}

static ssize_t persist(struct race_role *role)
{
	return tun_set_persist(slot(role), race_random(role, 2));
}

/* Frames that are good for either kind of device, and behind ten bytes that may be a header. */
static ssize_t write_slot(struct race_role *role)
{
	uint8_t buf[200] = { 0 };
	size_t len = 60 + race_random(role, 141);

	/* An IPv4 header that leads nowhere, or an Ethernet header that has no meaning. */
	buf[0] = race_random(role, 2) ? 0x45 : 0x02;
	return race_result(write(slot(role), buf, len), len);
}

static ssize_t read_slot(struct race_role *role)
{
	uint8_t buf[2048];
	ssize_t n = read(slot(role), buf, sizeof(buf));

	return n > 0 ? 0 : n ? n : 1;
}

static ssize_t poll_slots(struct race_role *role __UNUSED)
{
	struct pollfd p[SLOTS];

	for (int i = 0; i < SLOTS; i++)
		p[i] = (struct pollfd){ .fd = SLOT + i, .events = POLLIN | POLLOUT };
	return poll(p, SLOTS, 1) < 0 ? -1 : 0;
}

static ssize_t transmit(struct race_role *role)
{
	return race_transmit(role->fd, name(role));
}

/* A program that has what is in the slots for a moment: they are not close-on-exec. */
static ssize_t exec(struct race_role *role __UNUSED)
{
	char *const argv[] = { "true", NULL };
	int status;
	pid_t pid;

	errno = posix_spawnp(&pid, "true", NULL, NULL, argv, environ);
	if (errno)
		return -1;
	return waitpid(pid, &status, 0) == pid && !status ? 0 : 1;
}

/* A process that ends with the files in its hands. */
static ssize_t fork_and_exit(struct race_role *role __UNUSED)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status ? 0 : -1;
}

/* What is persistent stays when the files are closed. */
static void clear_away(void)
{
	for (int i = 0; i < SLOTS; i++)
		close(SLOT + i);
	link_del("a0");
	link_del("a1");
	link_del("a2");
}

static void churn(struct __test_metadata *_metadata, void *arg)
{
	int links = race_links();
	int packet = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct race_role roles[] = {
		{ .name = "open", .call = fill_slot, .pause_ms = 4, .errors = { EBUSY } },
		{ .name = "close", .call = close_slot, .pause_ms = 60, .may_fail = true,
		  .errors = { EBADF } },
		{ .name = "attach", .call = attach, .pause_ms = 2,
		  .errors = { EBADF, EEXIST, EBUSY, EINVAL } },
		/* EPERM: it has a device; EINVAL: its queue is detached. */
		{ .name = "attach late", .call = attach_taken, .pause_ms = 20, .may_fail = true,
		  .errors = { EBADF, EEXIST, EBUSY, EINVAL, EPERM } },
		{ .name = "queue", .call = set_queue, .pause_ms = 2, .may_fail = true,
		  .errors = { EBADF, EINVAL } },
		{ .name = "delete", .call = delete, .pause_ms = 60, .may_fail = true,
		  .errors = { ENODEV } },
		{ .name = "up", .call = bring_up, .pause_ms = 2, .may_fail = true,
		  .errors = { ENODEV } },
		{ .name = "resize", .call = resize, .pause_ms = 20, .may_fail = true,
		  .errors = { ENODEV } },
		{ .name = "persist", .call = persist, .pause_ms = 10, .may_fail = true,
		  .errors = { EBADF, EBADFD } },
		{ .name = "write", .call = write_slot, .may_fail = true,
		  .errors = { EBADF, EBADFD, EIO, EINVAL, EBUSY } },
		{ .name = "read", .call = read_slot, .may_fail = true,
		  .errors = { EBADF, EBADFD, EAGAIN, EFAULT } },
		{ .name = "poll", .call = poll_slots },
		{ .name = "transmit", .call = transmit, .fd = packet, .may_fail = true,
		  .errors = { ENXIO, ENODEV, ENETDOWN, ENOBUFS } },
		{ .name = "fork", .call = fork_and_exit, .pause_ms = 20 },
		{ .name = "exec", .call = exec, .pause_ms = 40 },
	};

	if (packet < 0)
		TH_BAIL("packet socket: %s", strerror(errno));
	race(_metadata, roles, ARRAY_SIZE(roles), *(const int *)arg);
	close(packet);
	clear_away();
	race_settled(_metadata, links);
}

#define CHURN                                                                                   \
	.title = "whatever is done to files and devices at once, no result is odd and nothing " \
		 "is left of them",                                                             \
	.behaviours = { 573, 574, 575, 582, 584 },                                              \
	.needs = { "multi_queue", "napi", "packet_socket", "net_namespaces" },                  \
	.guards = { "3b9bc84d3111", "9871a9e47a26" }

TEST(churn, CHURN)
{
	int ms = RACE_MS;

	race_in_netns(_metadata, churn, &ms);
}

TEST(churn_long, CHURN, .takes_long = true)
{
	int ms = RACE_LONG_MS;

	race_in_netns(_metadata, churn, &ms);
}
