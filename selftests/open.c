// SPDX-License-Identifier: GPL-2.0-only
/* /dev/net/tun before a device is attached, and what any descriptor of it does. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/blocked.h"
#include "device/peer.h"
#include "device/sigio.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/sock.h"

#define TIMEOUT_MS 2000
#define PORT	   4000
#define PAYLOAD	   100

/* The kernel sends the peer a datagram: a packet for the file to read. */
static void send_to_peer(uint32_t seed)
{
	int fd = udp_open(KERNEL_IP4, PORT);

	kernel_udp(fd, PORT, PAYLOAD, seed);
	close(fd);
}

/* Is this IP packet the datagram of send_to_peer(@seed)? */
static bool is_datagram(const void *packet, ssize_t len, uint32_t seed)
{
	struct parsed p;

	return len > 0 && frame_parse(packet, len, false, &p) && p.l4_proto == IPPROTO_UDP &&
	       p.l4_checksum_ok && p.payload_len == PAYLOAD &&
	       pattern_check((const uint8_t *)packet + p.payload, PAYLOAD, seed) == -1;
}

/* A TUN without headers that has the addresses of device/peer.h; @oflags for open(). */
static struct tun open_with(int oflags)
{
	struct tun t = { .flags = IFF_TUN | IFF_NO_PI };
	struct ifreq ifr;

	t.fd = open(TUN_NODE, oflags | O_CLOEXEC);
	if (t.fd < 0 || tun_set_iff_ifr(t.fd, &ifr, NULL, t.flags))
		TH_BAIL("a device with open flags %#o: %s", oflags, strerror(errno));
	memcpy(t.name, ifr.ifr_name, sizeof(t.name));
	peer_configure(&t);
	return t;
}

/*
 * gVisor's tests want mode 0666. The driver asks for none, so that devtmpfs makes it 0600 until
 * udev's rules say otherwise: the mode is the administrator's, and not looked at.
 */
TEST(node, .title = "/dev/net/tun is character device 10:200", .behaviours = { 1 })
{
	struct stat st;

	ASSERT_OK(stat(TUN_NODE, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(10, major(st.st_rdev));
	EXPECT_EQ(200, minor(st.st_rdev));
}

/* What the driver does not ask for is decided by others: devtmpfs makes it 0600, udev has rules. */
TEST(node_mode, .title = "the driver asks for the name net/tun of its node, and for no mode",
     .behaviours = { 2 }, .needs = { "sysfs" })
{
	FILE *f = fopen("/sys/class/misc/tun/uevent", "re");
	char line[64];
	bool name = false;

	if (!f)
		TH_BAIL("/sys/class/misc/tun/uevent: %s", strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		name |= !strcmp(line, "DEVNAME=net/tun\n");
		EXPECT_NE(0, strncmp(line, "DEVMODE=", strlen("DEVMODE=")));
	}
	EXPECT_TRUE(name);
	fclose(f);
}

TEST(makes_no_device, .title = "open alone makes no device and sends no link event",
     .behaviours = { 1, 22 })
{
	struct link_watch *watch = link_watch_open();
	int fd = tun_open();

	EXPECT_OK(close(fd));
	EXPECT_EQ(0, link_watch_count(watch, NULL, 0));
	link_watch_close(watch);
}

TEST(read_write_unattached, .title = "read and write without a device give EBADFD",
     .behaviours = { 5, 6, 7 })
{
	int fd = tun_open();
	char buf[64] = { 0x45 };

	EXPECT_ERRNO(EBADFD, read(fd, buf, sizeof(buf)));
	EXPECT_ERRNO(EBADFD, write(fd, buf, sizeof(buf)));
	/* The driver looks for its device before it looks at the length. */
	EXPECT_ERRNO(EBADFD, read(fd, buf, 0));
	EXPECT_ERRNO(EBADFD, write(fd, buf, 0));
	close(fd);
}

TEST(empty_vector_unattached, .title = "readv and writev of nothing give 0 even without a device",
     .behaviours = { 8 })
{
	char byte;
	struct iovec nothing[2] = { { &byte, 0 }, { &byte, 0 } };
	int fd = tun_open();

	/* From the VFS, which returns before it calls the driver. */
	EXPECT_EQ(0, readv(fd, nothing, 2));
	EXPECT_EQ(0, writev(fd, nothing, 2));
	close(fd);
}

TEST(poll_unattached, .title = "poll without a device gives POLLERR alone", .behaviours = { 10 },
     .guards = { "3c8a9c63d5fd" })
{
	struct pollfd p = { .fd = tun_open(), .events = POLLIN | POLLOUT | POLLPRI };

	ASSERT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLERR, p.revents);
	close(p.fd);
}

TEST(nowait_unattached,
     .title = "preadv2 and pwritev2 with RWF_NOWAIT give EBADFD without a device",
     .behaviours = { 9 }, .needs = { "nowait" })
{
	char buf[64] = { 0x45 };
	struct iovec iov = { buf, sizeof(buf) };
	int fd = tun_open();

	EXPECT_ERRNO(EBADFD, preadv2(fd, &iov, 1, -1, RWF_NOWAIT));
	EXPECT_ERRNO(EBADFD, pwritev2(fd, &iov, 1, -1, RWF_NOWAIT));
	close(fd);
}

TEST(namespace_of_opener,
     .title = "a device is made in the network namespace the file was opened in",
     .behaviours = { 4 }, .needs = { "net_namespaces" })
{
	int home = netns_self(), other = netns_new(), fd = tun_open(), netns;
	struct ifreq ifr;

	netns_enter(other);
	ASSERT_OK(tun_set_iff_ifr(fd, &ifr, "opener", IFF_TUN | IFF_NO_PI));
	EXPECT_STREQ("opener", ifr.ifr_name);
	EXPECT_FALSE(link_exists("opener"));
	netns = tun_get_sk_netns(fd);
	ASSERT_LE(0, netns);
	EXPECT_EQ(netns_inode(home), netns_inode(netns));
	netns_enter(home);
	EXPECT_TRUE(link_exists("opener"));
	close(netns);
	close(other);
	close(home);
	close(fd);
}

TEST(read_only,
     .title = "a file opened O_RDONLY attaches, takes every ioctl and reads; write gives EBADF",
     .behaviours = { 11 })
{
	struct tun t = open_with(O_RDONLY | O_NONBLOCK);
	uint8_t buf[2048];
	int value;

	EXPECT_EQ(IFF_TUN, tun_iff_flags(t.fd) & (IFF_TUN | IFF_TAP));
	EXPECT_OK(tun_set_persist(t.fd, 1));
	EXPECT_OK(tun_set_persist(t.fd, 0));
	EXPECT_OK(tun_set_offload(t.fd, TUN_F_CSUM));
	EXPECT_OK(tun_set_offload(t.fd, 0));
	EXPECT_OK(tun_set_owner(t.fd, 0));
	EXPECT_OK(tun_set_sndbuf(t.fd, 100000));
	EXPECT_OK(tun_get_sndbuf(t.fd, &value));
	EXPECT_OK(tun_set_carrier(t.fd, 1));

	EXPECT_ERRNO(EBADF, write(t.fd, "\x45", 1));
	send_to_peer(1);
	EXPECT_TRUE(is_datagram(buf, tun_read(&t, buf, sizeof(buf), TIMEOUT_MS), 1));
	tun_close(&t);
}

TEST(write_only, .title = "a file opened O_WRONLY attaches and writes; read gives EBADF",
     .behaviours = { 12 })
{
	struct tun t = open_with(O_WRONLY | O_NONBLOCK);
	int sock = udp_open(KERNEL_IP4, PORT + 1);
	uint8_t buf[PAYLOAD];
	struct frame f;

	EXPECT_EQ(IFF_TUN, tun_iff_flags(t.fd) & (IFF_TUN | IFF_TAP));
	send_to_peer(1);
	EXPECT_ERRNO(EBADF, read(t.fd, buf, sizeof(buf)));

	peer_udp(&t, &f, PORT, PORT + 1, PAYLOAD, 2);
	EXPECT_EQ(f.len, tun_send(&t, NULL, &f));
	EXPECT_EQ(PAYLOAD, udp_recv_pattern(sock, 2, TIMEOUT_MS));
	close(sock);
	tun_close(&t);
}

TEST(path_only, .title = "a file opened O_PATH refuses ioctl, read and write with EBADF",
     .behaviours = { 13 })
{
	int fd = open(TUN_NODE, O_PATH | O_CLOEXEC);
	unsigned int features;
	char byte = 0x45;

	ASSERT_LE(0, fd);
	EXPECT_ERRNO(EBADF, tun_get_features(fd, &features));
	EXPECT_ERRNO(EBADF, tun_set_iff(fd, "path", IFF_TUN | IFF_NO_PI));
	EXPECT_ERRNO(EBADF, read(fd, &byte, 1));
	EXPECT_ERRNO(EBADF, write(fd, &byte, 1));
	EXPECT_FALSE(link_exists("path"));
	close(fd);
}

TEST(no_offset, .title = "lseek gives ESPIPE, yet pread and pwrite take any offset and ignore it",
     .behaviours = { 14 })
{
	static const off_t offsets[] = { 0, 1, 12345, 1LL << 40, INT64_MAX };
	struct tun t = open_with(O_RDWR | O_NONBLOCK);
	int sock = udp_open(KERNEL_IP4, PORT + 1);
	uint8_t buf[2048];
	struct frame f;

	EXPECT_ERRNO(ESPIPE, lseek(t.fd, 0, SEEK_SET));
	EXPECT_ERRNO(ESPIPE, lseek(t.fd, 0, SEEK_CUR));
	EXPECT_ERRNO(ESPIPE, lseek(t.fd, 0, SEEK_END));
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		off_t at = offsets[i];

		/* The VFS refuses a range that ends beyond the largest offset. */
		if (at == INT64_MAX)
			at -= sizeof(buf);
		send_to_peer(i);
		EXPECT_TRUE(is_datagram(buf, pread(t.fd, buf, sizeof(buf), at), i)) {
			TH_LOG("offset %lld", (long long)at);
		}
		peer_udp(&t, &f, PORT, PORT + 1, PAYLOAD, i + 100);
		EXPECT_EQ(f.len, pwrite(t.fd, f.data, f.len, at));
		EXPECT_EQ(PAYLOAD, udp_recv_pattern(sock, i + 100, TIMEOUT_MS));
	}
	close(sock);
	tun_close(&t);
}

FIXTURE(open_file)
{
	struct tun t;
};

FIXTURE_VARIANT(open_file)
{
	bool attached;
};

FIXTURE_VARIANT_ADD(open_file, unattached)
{
	.attached = false,
};

FIXTURE_VARIANT_ADD(open_file, attached)
{
	.attached = true,
};

FIXTURE_SETUP(open_file)
{
	if (variant->attached)
		self->t = open_with(O_RDWR | O_NONBLOCK);
	else
		self->t.fd = tun_open();
}

FIXTURE_TEARDOWN(open_file)
{
	tun_close(&self->t);
}

TEST_F(open_file, no_mapping, .title = "mmap gives ENODEV", .behaviours = { 15 })
{
	int fd = self->t.fd;

	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	EXPECT_EQ(ENODEV, errno);
}

TEST_F(open_file, no_sync_no_size, .title = "fsync, fdatasync and ftruncate give EINVAL",
       .behaviours = { 16 })
{
	EXPECT_ERRNO(EINVAL, fsync(self->t.fd));
	EXPECT_ERRNO(EINVAL, fdatasync(self->t.fd));
	EXPECT_ERRNO(EINVAL, ftruncate(self->t.fd, 0));
}

TEST_F(open_file, no_splice,
       .title = "splice and sendfile give EINVAL in both directions and take nothing",
       .behaviours = { 17 })
{
	int fd = self->t.fd, pipe_fds[2], file = memfd_create("file", MFD_CLOEXEC);
	char data[PAYLOAD], back[PAYLOAD + 1];
	uint8_t buf[2048];

	pattern_fill(data, sizeof(data), 5);
	if (pipe2(pipe_fds, O_NONBLOCK | O_CLOEXEC) || file < 0 ||
	    write(file, data, sizeof(data)) != sizeof(data) || lseek(file, 0, SEEK_SET) ||
	    write(pipe_fds[1], data, sizeof(data)) != sizeof(data))
		TH_BAIL("a pipe and a file: %s", strerror(errno));
	if (variant->attached)
		send_to_peer(6);

	EXPECT_ERRNO(EINVAL, splice(pipe_fds[0], NULL, fd, NULL, sizeof(data), SPLICE_F_NONBLOCK));
	EXPECT_ERRNO(EINVAL, sendfile(fd, file, NULL, sizeof(data)));
	EXPECT_ERRNO(EINVAL, splice(fd, NULL, pipe_fds[1], NULL, sizeof(buf), SPLICE_F_NONBLOCK));
	EXPECT_ERRNO(EINVAL, sendfile(pipe_fds[1], fd, NULL, sizeof(buf)));

	EXPECT_EQ(PAYLOAD, read(pipe_fds[0], back, sizeof(back)));
	EXPECT_EQ(0, memcmp(data, back, sizeof(data)));
	EXPECT_EQ(0, lseek(file, 0, SEEK_CUR));
	if (variant->attached) {
		EXPECT_TRUE(is_datagram(buf, read(fd, buf, sizeof(buf)), 6));
	}
	close(file);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void on_alarm(int sig __UNUSED)
{
}

static int set_nonblock_fcntl(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	return fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

static int set_nonblock_ioctl(int fd, bool on)
{
	int value = on;

	return ioctl(fd, FIONBIO, &value);
}

FIXTURE(open_nonblock)
{
	struct tun t;
};

FIXTURE_VARIANT(open_nonblock)
{
	int (*set)(int fd, bool on);
};

FIXTURE_VARIANT_ADD(open_nonblock, fcntl)
{
	.set = set_nonblock_fcntl,
};

FIXTURE_VARIANT_ADD(open_nonblock, fionbio)
{
	.set = set_nonblock_ioctl,
};

FIXTURE_SETUP(open_nonblock)
{
	self->t = open_with(O_RDWR);
}

FIXTURE_TEARDOWN(open_nonblock)
{
	tun_close(&self->t);
}

TEST_F(open_nonblock, nonblock_per_call,
       .title = "O_NONBLOCK counts as it is at the time of the read", .behaviours = { 18 })
{
	struct sigaction action = { .sa_handler = on_alarm };
	/* Again and again, in case one comes before the read has begun. */
	struct itimerval often = { { 0, 10000 }, { 0, 10000 } }, never = { 0 };
	uint8_t buf[2048];

	/* Opened without O_NONBLOCK: only a signal ends a read that waits. */
	sigaction(SIGALRM, &action, NULL);
	for (int i = 0; i < 2; i++) {
		setitimer(ITIMER_REAL, &often, NULL);
		EXPECT_ERRNO(EINTR, read(self->t.fd, buf, sizeof(buf)));
		setitimer(ITIMER_REAL, &never, NULL);

		ASSERT_OK(variant->set(self->t.fd, true));
		EXPECT_EQ(O_NONBLOCK, fcntl(self->t.fd, F_GETFL) & O_NONBLOCK);
		EXPECT_ERRNO(EAGAIN, read(self->t.fd, buf, sizeof(buf)));
		ASSERT_OK(variant->set(self->t.fd, false));
		EXPECT_EQ(0, fcntl(self->t.fd, F_GETFL) & O_NONBLOCK);
	}
	send_to_peer(1);
	EXPECT_TRUE(is_datagram(buf, read(self->t.fd, buf, sizeof(buf)), 1));
}

TEST(fioasync, .title = "FIOASYNC is O_ASYNC: it makes the caller the owner and sends it SIGIO",
     .behaviours = { 19 })
{
	struct tun t = open_with(O_RDWR | O_NONBLOCK);
	int on = 1, off = 0;

	sigio_block(SIGIO);
	EXPECT_EQ(0, fcntl(t.fd, F_GETOWN));
	ASSERT_OK(ioctl(t.fd, FIOASYNC, &on));
	EXPECT_EQ(O_ASYNC, fcntl(t.fd, F_GETFL) & O_ASYNC);
	EXPECT_EQ(getpid(), fcntl(t.fd, F_GETOWN));
	send_to_peer(1);
	EXPECT_EQ(SI_KERNEL, sigio_next(SIGIO, t.fd, TIMEOUT_MS));

	ASSERT_OK(ioctl(t.fd, FIOASYNC, &off));
	EXPECT_EQ(0, fcntl(t.fd, F_GETFL) & O_ASYNC);
	/* The sender itself puts the packet into the queue and raises the signal. */
	send_to_peer(2);
	EXPECT_EQ(0, sigio_next(SIGIO, t.fd, 0));
	tun_close(&t);
}

TEST(dup_shares_queue,
     .title = "a duplicated descriptor shares the queue and keeps the device after the first's "
	      "close",
     .behaviours = { 20 })
{
	struct tun t = open_with(O_RDWR | O_NONBLOCK);
	int second = fcntl(t.fd, F_DUPFD_CLOEXEC, 0);
	struct ifreq ifr;
	uint8_t buf[2048];

	ASSERT_LE(0, second);
	/* One queue: what one has read is gone for the other. */
	send_to_peer(1);
	EXPECT_TRUE(is_datagram(buf, read(second, buf, sizeof(buf)), 1));
	EXPECT_ERRNO(EAGAIN, read(t.fd, buf, sizeof(buf)));

	close(t.fd);
	EXPECT_TRUE(link_exists(t.name));
	EXPECT_OK(tun_get_iff(second, &ifr));
	EXPECT_STREQ(t.name, ifr.ifr_name);
	send_to_peer(2);
	EXPECT_TRUE(is_datagram(buf, read(second, buf, sizeof(buf)), 2));

	close(second);
	EXPECT_FALSE(link_exists(t.name));
}

TEST(fork_shares_queue,
     .title = "a forked child's descriptor keeps the device until the child ends",
     .behaviours = { 20 })
{
	struct tun t = open_with(O_RDWR | O_NONBLOCK);
	uint8_t buf[2048];
	int go[2], status;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC))
		TH_BAIL("a pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		TH_BAIL("fork: %s", strerror(errno));
	if (!pid) {
		/* Until the parent has closed both its end of the pipe and the device. */
		close(go[1]);
		if (read(go[0], buf, 1))
			_exit(2);
		_exit(!is_datagram(buf, read(t.fd, buf, sizeof(buf)), 3));
	}
	close(t.fd);
	EXPECT_TRUE(link_exists(t.name));
	send_to_peer(3);
	close(go[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_FALSE(link_exists(t.name));
	close(go[0]);
}

TEST(passed_over_socket, .title = "a descriptor in flight over a socket keeps the device",
     .behaviours = { 20 })
{
	struct tun t = open_with(O_RDWR | O_NONBLOCK);
	int sockets[2], received;
	uint8_t buf[2048];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		TH_BAIL("a socket pair: %s", strerror(errno));
	sock_pass_fd(sockets[0], t.fd);
	close(t.fd);
	EXPECT_TRUE(link_exists(t.name));
	send_to_peer(4);

	received = sock_take_fd(sockets[1], TIMEOUT_MS);
	EXPECT_TRUE(is_datagram(buf, read(received, buf, sizeof(buf)), 4));
	close(received);
	EXPECT_FALSE(link_exists(t.name));
	close(sockets[0]);
	close(sockets[1]);
}

FIXTURE(open_closing)
{
	struct tun t;
};

FIXTURE_VARIANT(open_closing)
{
	unsigned int type;
	bool up;
};

FIXTURE_VARIANT_ADD(open_closing, tun_up)
{
	.type = IFF_TUN,
	.up = true,
};

FIXTURE_VARIANT_ADD(open_closing, tun_down)
{
	.type = IFF_TUN,
	.up = false,
};

FIXTURE_VARIANT_ADD(open_closing, tap_up)
{
	.type = IFF_TAP,
	.up = true,
};

FIXTURE_VARIANT_ADD(open_closing, tap_down)
{
	.type = IFF_TAP,
	.up = false,
};

FIXTURE_SETUP(open_closing)
{
	self->t = tun_create("closing", variant->type | IFF_NO_PI);
	if (variant->up && link_up("closing"))
		TH_BAIL("cannot bring the device up: %s", strerror(errno));
}

FIXTURE_TEARDOWN(open_closing)
{
	tun_close(&self->t);
}

TEST_F(open_closing, close_events,
       .title = "the last close deletes the device before it returns: RTM_NEWLINK if it was up, "
		"RTM_DELLINK",
       .behaviours = { 21 })
{
	struct link_watch *watch = link_watch_open();
	int index = if_nametoindex("closing");
	struct link_event event;
	uint16_t last = 0;

	ASSERT_LT(0, index);
	EXPECT_OK(close(self->t.fd));
	self->t.fd = -1;
	EXPECT_EQ(0, if_nametoindex("closing"));

	EXPECT_EQ(1, link_watch_count(watch, NULL, RTM_DELLINK));
	EXPECT_EQ(variant->up, !!link_watch_count(watch, NULL, RTM_NEWLINK));
	while (link_watch_next(watch, "closing", 0, &event)) {
		EXPECT_EQ(index, event.link.index);
		/* Whatever is told about a device that goes is that it is down. */
		EXPECT_EQ(0, event.link.flags & IFF_UP);
		last = event.type;
	}
	EXPECT_EQ(RTM_DELLINK, last);
	link_watch_close(watch);
}

TEST(close_under_reader,
     .title = "a thread that waits in read keeps the device when another closes the descriptor",
     .behaviours = { 23 })
{
	struct tun t = open_with(O_RDWR);
	struct blocked r;

	ASSERT_TRUE(blocked_read(&r, t.fd));
	EXPECT_OK(close(t.fd));
	EXPECT_TRUE(link_exists(t.name));

	send_to_peer(7);
	ASSERT_TRUE(blocked_ended(&r, TIMEOUT_MS));
	EXPECT_TRUE(is_datagram(r.buf, r.ret, 7)) {
		TH_LOG("read gave %zd, %s", r.ret, strerror(r.err));
	}
	/* The reader's was the last reference, gone when its read returned. */
	EXPECT_FALSE(link_exists(t.name));
}

TEST(recreate, .title = "right after close the name is free for a device of any other type",
     .behaviours = { 24, 21 })
{
	static const struct {
		unsigned int flags, type;
	} forms[] = {
		{ IFF_TUN, 65534 },
		{ IFF_TAP, 1 },
		{ IFF_TUN | IFF_MULTI_QUEUE, 65534 },
		{ IFF_TAP | IFF_MULTI_QUEUE, 1 },
		{ IFF_TUN, 65534 },
	};
	struct link link;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		int fd = tun_open();

		ASSERT_OK(tun_set_iff(fd, "again", forms[i].flags | IFF_NO_PI)) {
			TH_LOG("flags %#x, number %zu", forms[i].flags, i);
		}
		ASSERT_OK(link_get("again", &link));
		EXPECT_EQ(forms[i].type, link.type);
		EXPECT_EQ(forms[i].flags & IFF_MULTI_QUEUE ? 256 : 1, link.num_tx_queues);
		close(fd);
	}
}

TEST(unread_packets,
     .title = "packets nobody has read are freed at close and do not wait for the next file",
     .behaviours = { 25 })
{
	struct tun t = open_with(O_RDWR | O_NONBLOCK);
	struct pollfd p;
	uint8_t buf[2048];

	if (tun_set_persist(t.fd, 1))
		TH_BAIL("TUNSETPERSIST: %s", strerror(errno));
	for (int i = 0; i < 3; i++)
		send_to_peer(i);
	/* One read shows that they were there. */
	ASSERT_TRUE(is_datagram(buf, read(t.fd, buf, sizeof(buf)), 0));
	close(t.fd);

	t.fd = tun_open();
	ASSERT_OK(tun_set_iff(t.fd, t.name, t.flags));
	p = (struct pollfd){ .fd = t.fd, .events = POLLIN };
	EXPECT_EQ(0, poll(&p, 1, 0));
	EXPECT_ERRNO(EAGAIN, read(t.fd, buf, sizeof(buf)));

	/* What comes next is the next packet. */
	ASSERT_TRUE(link_wait_running(t.name, true, TIMEOUT_MS));
	send_to_peer(9);
	EXPECT_TRUE(is_datagram(buf, tun_read(&t, buf, sizeof(buf), TIMEOUT_MS), 9));
	tun_close(&t);
}
