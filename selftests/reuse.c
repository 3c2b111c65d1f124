// SPDX-License-Identifier: GPL-2.0-only
/* A file whose device has been deleted, and its second life. */
#include <fcntl.h>
#include <linux/filter.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/sigio.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/sock.h"

#define TIMEOUT_MS    2000
#define NETNS_EXIT_MS 15000 /* one worker of the kernel ends the namespaces of all tests */
#define PORT	      4000
#define PAYLOAD	      100

static void remove_link(const char *name)
{
	if (link_del(name))
		TH_BAIL("cannot delete %s: %s", name, strerror(errno));
}

static short poll_now(int fd)
{
	return sock_wait(fd, POLLIN | POLLOUT | POLLPRI, 0);
}

/* Everything that wants a device gives EBADFD. */
static void expect_no_device(struct __test_metadata *_metadata, int fd)
{
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, 0xffff);
	struct sock_fprog program = { 1, &code };
	/* Unattached again, TUNSETIFINDEX is the only other one that works. */
	static const struct {
		unsigned long request;
		const char *name;
	} by_pointer[] = {
#define ROW(request) { request, #request }
		ROW(TUNGETIFF),	      ROW(TUNGETSNDBUF),     ROW(TUNGETVNETHDRSZ),
		ROW(TUNSETVNETHDRSZ), ROW(TUNGETVNETLE),     ROW(TUNSETVNETLE),
		ROW(TUNGETVNETBE),    ROW(TUNSETVNETBE),     ROW(TUNSETSNDBUF),
		ROW(TUNSETTXFILTER),  ROW(TUNSETCARRIER),    ROW(TUNSETSTEERINGEBPF),
		ROW(TUNGETFILTER),    ROW(TUNSETFILTEREBPF), ROW(SIOCGIFHWADDR),
		ROW(SIOCSIFHWADDR),   ROW(TUNGETDEVNETNS),
#undef ROW
	};
	char buf[256] = { 0x45 };

	EXPECT_ERRNO(EBADFD, read(fd, buf, sizeof(buf)));
	EXPECT_ERRNO(EBADFD, read(fd, buf, 0));
	EXPECT_ERRNO(EBADFD, write(fd, buf, sizeof(buf)));
	EXPECT_EQ(POLLERR, poll_now(fd));
	for (size_t i = 0; i < ARRAY_SIZE(by_pointer); i++) {
		memset(buf, 0, sizeof(buf));
		EXPECT_ERRNO(EBADFD, ioctl(fd, by_pointer[i].request, buf)) {
			TH_LOG("%s", by_pointer[i].name);
		}
	}
	EXPECT_ERRNO(EBADFD, tun_attach_filter(fd, &program));
	EXPECT_ERRNO(EBADFD, tun_detach_filter(fd));
	EXPECT_ERRNO(EBADFD, tun_set_persist(fd, 1));
	EXPECT_ERRNO(EBADFD, tun_set_persist(fd, 0));
	EXPECT_ERRNO(EBADFD, tun_set_owner(fd, 0));
	EXPECT_ERRNO(EBADFD, tun_set_group(fd, 0));
	EXPECT_ERRNO(EBADFD, tun_set_link(fd, 1));
	EXPECT_ERRNO(EBADFD, tun_set_debug(fd, 0));
	EXPECT_ERRNO(EBADFD, tun_set_nocsum(fd, 0));
	EXPECT_ERRNO(EBADFD, tun_set_offload(fd, 0));
	EXPECT_ERRNO(EINVAL, tun_set_queue(fd, IFF_ATTACH_QUEUE));
	EXPECT_ERRNO(EINVAL, tun_set_queue(fd, IFF_DETACH_QUEUE));
}

FIXTURE(reuse)
{
	struct tun t;
	int udp; /* of the kernel's, on whatever device has its address */
};

FIXTURE_VARIANT(reuse)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(reuse, tun)
{
	.flags = IFF_TUN | IFF_NO_PI,
};

FIXTURE_VARIANT_ADD(reuse, tap)
{
	.flags = IFF_TAP | IFF_NO_PI,
};

FIXTURE_VARIANT_ADD(reuse, tun_napi)
{
	.flags = IFF_TUN | IFF_NO_PI | IFF_NAPI,
};

FIXTURE_VARIANT_ADD(reuse, tap_multi_queue)
{
	.flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE,
};

FIXTURE_SETUP(reuse)
{
	self->t.fd = self->udp = -1;
	if (variant->flags & IFF_NAPI && !harness_feature("napi"))
		SKIP(return, "%s", harness_feature_reason("napi"));
	if (variant->flags & IFF_MULTI_QUEUE && !harness_feature("multi_queue"))
		SKIP(return, "%s", harness_feature_reason("multi_queue"));
	self->t = peer_create("first", variant->flags);
	self->udp = udp_open(NULL, PORT);
}

FIXTURE_TEARDOWN(reuse)
{
	close(self->udp);
	tun_close(&self->t);
}

TEST_F(reuse, deleted,
       .title = "once the device is deleted read, write and every ioctl give EBADFD, TUNSETQUEUE "
		"EINVAL",
       .behaviours = { 80, 81, 82 })
{
	unsigned int features;

	EXPECT_EQ(POLLOUT, poll_now(self->t.fd));
	remove_link("first");
	expect_no_device(_metadata, self->t.fd);
	/* What an unattached file can do it can. */
	EXPECT_OK(tun_get_features(self->t.fd, &features));
	EXPECT_OK(tun_set_ifindex(self->t.fd, 0));
	EXPECT_OK(close(self->t.fd));
	self->t.fd = -1;
}

TEST_F(reuse, namespace_gone,
       .title = "the end of the device's network namespace is the end of the device",
       .behaviours = { 80 }, .needs = { "net_namespaces" })
{
	int other = netns_new();
	struct pollfd p = { .fd = self->t.fd, .events = POLLPRI };

	if (link_set_netns("first", other))
		TH_BAIL("cannot move the device: %s", strerror(errno));
	EXPECT_FALSE(link_exists("first"));
	EXPECT_OK(tun_get_iff(self->t.fd, &(struct ifreq){ 0 }));
	/* The file holds the namespace it was opened in, not that of the device. */
	close(other);
	ASSERT_EQ(1, poll(&p, 1, NETNS_EXIT_MS));
	/* POLLERR comes when the end begins. An ioctl waits until it is over. */
	EXPECT_ERRNO(EBADFD, tun_get_iff(self->t.fd, &(struct ifreq){ 0 }));
	expect_no_device(_metadata, self->t.fd);
}

TEST_F(reuse, attached_again,
       .title = "the file of a deleted device can be attached again, to any device",
       .behaviours = { 84 })
{
	struct tun *t = &self->t;
	struct ifreq ifr;

	remove_link("first");
	ASSERT_OK(tun_set_iff(t->fd, "first", variant->flags));
	peer_configure(t);
	kernel_udp(self->udp, PORT, PAYLOAD, 1);
	EXPECT_EQ(PAYLOAD, peer_recv_udp(t, 1, TIMEOUT_MS));

	/* another name */
	remove_link("first");
	ASSERT_OK(tun_set_iff_ifr(t->fd, &ifr, NULL, variant->flags));
	EXPECT_STREQ(tun_is_tap(t) ? "tap0" : "tun0", ifr.ifr_name);
	memcpy(t->name, ifr.ifr_name, sizeof(t->name));
	peer_configure(t);
	kernel_udp(self->udp, PORT, PAYLOAD, 2);
	EXPECT_EQ(PAYLOAD, peer_recv_udp(t, 2, TIMEOUT_MS));

	/* the other type, and other flags */
	remove_link(t->name);
	t->flags = (variant->flags ^ (IFF_TUN | IFF_TAP)) & ~IFF_NO_PI;
	ASSERT_OK(tun_set_iff(t->fd, "third", t->flags));
	strcpy(t->name, "third");
	peer_configure(t);
	kernel_udp(self->udp, PORT, PAYLOAD, 3);
	EXPECT_EQ(PAYLOAD, peer_recv_udp(t, 3, TIMEOUT_MS));
	EXPECT_FALSE(link_exists("first"));
}

TEST_F(reuse, attached_to_existing,
       .title = "the file of a deleted device can be attached to a device that another left",
       .behaviours = { 84 })
{
	struct tun other = tun_create("idle", variant->flags);

	if (tun_set_persist(other.fd, 1))
		TH_BAIL("TUNSETPERSIST: %s", strerror(errno));
	tun_close(&other);
	remove_link("first");
	ASSERT_OK(tun_set_iff(self->t.fd, "idle", variant->flags));
	strcpy(self->t.name, "idle");
	peer_configure(&self->t);
	ASSERT_TRUE(link_wait_running("idle", true, TIMEOUT_MS));
	kernel_udp(self->udp, PORT, PAYLOAD, 1);
	EXPECT_EQ(PAYLOAD, peer_recv_udp(&self->t, 1, TIMEOUT_MS));
}

TEST_F(reuse, queue_purged, .title = "deleting the device drops the packets its file has not read",
       .behaviours = { 89 })
{
	char buf[256];

	for (int i = 0; i < 3; i++)
		kernel_udp(self->udp, PORT, PAYLOAD, i);
	ASSERT_EQ(PAYLOAD, peer_recv_udp(&self->t, 0, TIMEOUT_MS));
	remove_link("first");
	EXPECT_ERRNO(EBADFD, read(self->t.fd, buf, sizeof(buf)));
	ASSERT_OK(tun_set_iff(self->t.fd, "first", variant->flags));
	EXPECT_EQ(0, poll_now(self->t.fd) & POLLIN);
	EXPECT_ERRNO(EAGAIN, read(self->t.fd, buf, sizeof(buf)));
	/* The next packet is the first of the new device. */
	peer_configure(&self->t);
	kernel_udp(self->udp, PORT, PAYLOAD, 9);
	EXPECT_EQ(PAYLOAD, peer_recv_udp(&self->t, 9, TIMEOUT_MS));
}

TEST_F(reuse, ifindex_again, .title = "TUNSETIFINDEX works again once the device is deleted",
       .behaviours = { 86 })
{
	EXPECT_ERRNO(EPERM, tun_set_ifindex(self->t.fd, 777));
	remove_link("first");
	ASSERT_OK(tun_set_ifindex(self->t.fd, 777));
	ASSERT_OK(tun_set_iff(self->t.fd, "first", variant->flags));
	EXPECT_EQ(777, if_nametoindex("first"));
	remove_link("first");
	ASSERT_OK(tun_set_ifindex(self->t.fd, 0));
	ASSERT_OK(tun_set_iff(self->t.fd, "first", variant->flags));
	EXPECT_NE(777, if_nametoindex("first"));
}

TEST_F(reuse, sndbuf_kept,
       .title = "the file keeps its send buffer over the deletion of its device",
       .behaviours = { 87 })
{
	struct tun other;
	int bytes;

	ASSERT_OK(tun_set_sndbuf(self->t.fd, 54321));
	remove_link("first");
	ASSERT_OK(tun_set_iff(self->t.fd, "first", variant->flags));
	ASSERT_OK(tun_get_sndbuf(self->t.fd, &bytes));
	EXPECT_EQ(54321, bytes);
	/* It is the file's own: a new one starts without a limit. */
	other = tun_create("other", variant->flags);
	ASSERT_OK(tun_get_sndbuf(other.fd, &bytes));
	EXPECT_EQ(INT32_MAX, bytes);
	tun_close(&other);
}

/* Takes a SIGIO that is pending, without waiting. */
static bool takes_sigio(int fd)
{
	return sigio_next(SIGIO, fd, 0) == SI_KERNEL;
}

TEST_F(reuse, async_kept, .title = "O_ASYNC goes on working with the file's next device",
       .behaviours = { 88 })
{
	int on = 1;

	sigio_block(SIGIO);
	ASSERT_OK(ioctl(self->t.fd, FIOASYNC, &on));
	/* The sender itself raises the signal, so that there is nothing to wait for. */
	kernel_udp(self->udp, PORT, PAYLOAD, 1);
	EXPECT_TRUE(takes_sigio(self->t.fd));
	remove_link("first");
	while (takes_sigio(self->t.fd))
		;
	EXPECT_EQ(O_ASYNC, fcntl(self->t.fd, F_GETFL) & O_ASYNC);
	ASSERT_OK(tun_set_iff(self->t.fd, "first", variant->flags));
	peer_configure(&self->t);
	EXPECT_FALSE(takes_sigio(self->t.fd));
	kernel_udp(self->udp, PORT, PAYLOAD, 2);
	EXPECT_TRUE(takes_sigio(self->t.fd));
	EXPECT_EQ(PAYLOAD, peer_recv_udp(&self->t, 2, TIMEOUT_MS));
}

TEST_F(reuse, persistent,
       .title = "a persistent device with a file can be deleted; its file gives EBADFD",
       .behaviours = { 90 })
{
	struct link_watch *watch;

	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	watch = link_watch_open();
	EXPECT_OK(link_del("first"));
	EXPECT_FALSE(link_exists("first"));
	EXPECT_EQ(1, link_watch_count(watch, "first", RTM_DELLINK));
	EXPECT_ERRNO(EBADFD, tun_set_persist(self->t.fd, 0));
	/* Persistence was the device's, and is gone with it. */
	ASSERT_OK(tun_set_iff(self->t.fd, "first", variant->flags));
	tun_close(&self->t);
	EXPECT_FALSE(link_exists("first"));
	EXPECT_EQ(2, link_watch_count(watch, "first", RTM_DELLINK));
	link_watch_close(watch);
}

/* Three queues of a device, in the states a queue can have. */
FIXTURE(reuse_queues)
{
	struct tun q[3]; /* attached, detached, detached and attached again */
};

FIXTURE_VARIANT(reuse_queues)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(reuse_queues, tun)
{
	.flags = IFF_TUN,
};

FIXTURE_VARIANT_ADD(reuse_queues, tap)
{
	.flags = IFF_TAP,
};

FIXTURE_VARIANT_ADD(reuse_queues, tap_napi)
{
	.flags = IFF_TAP | IFF_NAPI,
};

static void make_queues(struct tun q[3], unsigned int flags)
{
	for (int i = 0; i < 3; i++)
		q[i] = tun_create("shared", flags | IFF_NO_PI | IFF_MULTI_QUEUE);
	if (tun_set_queue(q[2].fd, IFF_DETACH_QUEUE) || tun_set_queue(q[2].fd, IFF_ATTACH_QUEUE) ||
	    tun_set_queue(q[1].fd, IFF_DETACH_QUEUE))
		TH_BAIL("TUNSETQUEUE: %s", strerror(errno));
}

FIXTURE_SETUP(reuse_queues)
{
	for (int i = 0; i < 3; i++)
		self->q[i].fd = -1;
	if (variant->flags & IFF_NAPI && !harness_feature("napi"))
		SKIP(return, "%s", harness_feature_reason("napi"));
	make_queues(self->q, variant->flags);
}

FIXTURE_TEARDOWN(reuse_queues)
{
	for (int i = 0; i < 3; i++)
		tun_close(&self->q[i]);
}

TEST_F(reuse_queues, all_queues_deleted,
       .title = "deleting the device unbinds attached, detached and re-attached queues at once",
       .behaviours = { 91, 92, 81 }, .needs = { "multi_queue" })
{
	remove_link("shared");
	for (int i = 0; i < 3; i++)
		expect_no_device(_metadata, self->q[i].fd);
	for (int i = 0; i < 3; i++) {
		EXPECT_OK(close(self->q[i].fd));
		self->q[i].fd = -1;
	}
}

TEST_F(reuse_queues, any_order,
       .title = "close gives 0 for every kind of queue, before and after the deletion",
       .behaviours = { 83 }, .needs = { "multi_queue" })
{
	/* Who is closed when; 3 is the deletion. The last close deletes the device itself. */
	static const int orders[][4] = {
		{ 3, 0, 1, 2 }, { 0, 3, 2, 1 }, { 1, 3, 0, 2 },
		{ 2, 3, 1, 0 }, { 1, 2, 3, 0 }, { 0, 1, 2, 3 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		if (i)
			make_queues(self->q, variant->flags);
		for (int step = 0; step < 4; step++) {
			int who = orders[i][step];

			if (who == 3 && step == 3) {
				EXPECT_ERRNO(ENODEV, link_del("shared"));
			} else if (who == 3) {
				EXPECT_OK(link_del("shared"));
			} else {
				EXPECT_OK(close(self->q[who].fd)) {
					TH_LOG("order %zu, step %d", i, step);
				}
				self->q[who].fd = -1;
			}
		}
		EXPECT_FALSE(link_exists("shared"));
	}
}

TEST_F(reuse_queues, each_attached_again,
       .title = "each file of a deleted multi-queue device can be attached again on its own",
       .behaviours = { 92, 84 }, .needs = { "multi_queue" })
{
	int udp = udp_open(NULL, PORT);
	char name[IFNAMSIZ];

	remove_link("shared");
	for (int i = 0; i < 3; i++) {
		struct tun *t = &self->q[i];

		snprintf(name, sizeof(name), "own%d", i);
		/* See inherited_index for what would be asked for otherwise. */
		ASSERT_OK(tun_set_ifindex(t->fd, 0));
		t->flags = IFF_TUN | IFF_NO_PI | (variant->flags & IFF_NAPI);
		ASSERT_OK(tun_set_iff(t->fd, name, t->flags));
		strcpy(t->name, name);
	}
	for (int i = 0; i < 3; i++) {
		struct tun *t = &self->q[i];

		peer_configure(t);
		kernel_udp(udp, PORT, PAYLOAD, i);
		EXPECT_EQ(PAYLOAD, peer_recv_udp(t, i, TIMEOUT_MS));
		ASSERT_OK(link_down(t->name));
	}
	close(udp);
	/* Nor has the end of one to do with the others. */
	remove_link("own1");
	EXPECT_EQ(POLLERR, poll_now(self->q[1].fd));
	EXPECT_EQ(0, poll_now(self->q[0].fd) & POLLERR);
	EXPECT_EQ(0, poll_now(self->q[2].fd) & POLLERR);
}

TEST(inherited_index,
     .title = "a file that is reused asks for its old queue number as interface index",
     .behaviours = { 85 }, .needs = { "multi_queue" })
{
	const unsigned int flags = IFF_TUN | IFF_NO_PI;
	struct tun q[12];
	int old;

	for (size_t i = 0; i < ARRAY_SIZE(q); i++)
		q[i] = tun_create("shared", flags | IFF_MULTI_QUEUE);
	old = if_nametoindex("shared");
	remove_link("shared");

	/* Number and index share their place in the driver's memory. 0 is "any index". */
	EXPECT_OK(tun_set_iff(q[0].fd, "was0", flags));
	EXPECT_LT(old, if_nametoindex("was0"));
	/* 1 is "lo" */
	EXPECT_EQ(1, if_nametoindex("lo"));
	EXPECT_ERRNO(EBUSY, tun_set_iff(q[1].fd, "was1", flags));
	EXPECT_FALSE(link_exists("was1"));
	EXPECT_OK(tun_set_iff(q[11].fd, "was11", flags));
	EXPECT_EQ(11, if_nametoindex("was11"));
	/* Of the index of the deleted device itself nobody is left who has it. */
	EXPECT_OK(tun_set_iff(q[old].fd, "was_old", flags));
	EXPECT_EQ(old, if_nametoindex("was_old"));
	/* The way out. */
	EXPECT_OK(tun_set_ifindex(q[1].fd, 0));
	EXPECT_OK(tun_set_iff(q[1].fd, "was1", flags));
	for (size_t i = 0; i < ARRAY_SIZE(q); i++)
		tun_close(&q[i]);
}
