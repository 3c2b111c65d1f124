/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls on the file of a macvtap that change nothing, but for reopen(). The target "macvtap" and
 * the programs that it writes share it, so it is C that stands alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

enum tap_query {
	TAP_FLAGS,
	TAP_FEATURES,
	TAP_SIZE,
	TAP_LE,
	TAP_BE,
	TAP_ADDRESS, /* the last four bytes of it */
	TAP_POLL,
	TAP_READ,
	TAP_READ_NOTHING,
	TAP_READ_NOWAIT,
	TAP_READ_WAIT, /* until a signal comes */
	TAP_UNKNOWN,   /* an ioctl that is none */
	TAP_BAD,       /* and behind it: the ioctls with a bad pointer, as in tap_bad() */
	TAP_BADS = 12,
	TAP_QUERIES = TAP_BAD + TAP_BADS
};

static inline unsigned long tap_bad(int n)
{
	static const unsigned long requests[TAP_BADS] = {
		TUNSETIFF,    TUNGETIFF,       TUNSETQUEUE,	TUNGETFEATURES,
		TUNSETSNDBUF, TUNGETVNETHDRSZ, TUNSETVNETHDRSZ, TUNGETVNETLE,
		TUNSETVNETLE, TUNGETVNETBE,    SIOCGIFHWADDR,	SIOCSIFHWADDR,
	};

	return requests[n];
}

static inline int tap_ioctl(int fd, unsigned long request, void *arg, const int *value)
{
	if (ioctl(fd, request, arg))
		return -errno;
	return value ? *value : 0;
}

static inline int tap_read_now(int fd, int nowait)
{
	char buf[64];
	struct iovec iov = { buf, sizeof(buf) };
	int ret, flags = nowait ? RWF_NOWAIT : 0;

	if (nowait)
		fcntl(fd, F_SETFL, 0);
	ret = preadv2(fd, &iov, 1, -1, flags) < 0 ? -errno : 0;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return ret == -EOPNOTSUPP ? tap_read_now(fd, 0) : ret;
}

static struct {
	pthread_t thread;
	volatile int done;
} tap_reader;

static inline void *tap_interrupt(void *unused)
{
	while (!tap_reader.done) {
		pthread_kill(tap_reader.thread, SIGRTMIN);
		sched_yield();
	}
	return unused;
}

static inline void tap_ignore(int sig)
{
	(void)sig;
}

static inline int tap_read_wait(int fd)
{
	struct sigaction ignore = { .sa_handler = tap_ignore };
	pthread_t thread;
	char buf[64];
	int ret;

	sigaction(SIGRTMIN, &ignore, NULL);
	tap_reader.thread = pthread_self();
	tap_reader.done = 0;
	fcntl(fd, F_SETFL, 0);
	ret = pthread_create(&thread, NULL, tap_interrupt, NULL);
	if (!ret) {
		ret = read(fd, buf, sizeof(buf)) < 0 ? -errno : 0;
		tap_reader.done = 1;
		pthread_join(thread, NULL);
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return ret;
}

/* A number, or -errno. */
static inline int tap_ask(int fd, int query)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
	struct ifreq ifr = { .ifr_flags = 0 };
	const unsigned char *mac = (void *)ifr.ifr_hwaddr.sa_data;
	int value = 0, ret;

	switch (query) {
	case TAP_FLAGS:
		ret = tap_ioctl(fd, TUNGETIFF, &ifr, NULL);
		return ret ? ret : (unsigned short)ifr.ifr_flags;
	case TAP_FEATURES:
		return tap_ioctl(fd, TUNGETFEATURES, &value, &value);
	case TAP_SIZE:
		return tap_ioctl(fd, TUNGETVNETHDRSZ, &value, &value);
	case TAP_LE:
		return tap_ioctl(fd, TUNGETVNETLE, &value, &value);
	case TAP_BE:
		return tap_ioctl(fd, TUNGETVNETBE, &value, &value);
	case TAP_ADDRESS:
		ret = tap_ioctl(fd, SIOCGIFHWADDR, &ifr, NULL);
		return ret ? ret : mac[2] << 24 | mac[3] << 16 | mac[4] << 8 | mac[5];
	case TAP_POLL:
		poll(&p, 1, 0);
		return p.revents;
	case TAP_READ:
		return tap_read_now(fd, 0);
	case TAP_READ_NOTHING:
		return read(fd, &value, 0) < 0 ? -errno : 0;
	case TAP_READ_NOWAIT:
		return tap_read_now(fd, 1);
	case TAP_READ_WAIT:
		return tap_read_wait(fd);
	case TAP_UNKNOWN:
		return tap_ioctl(fd, TUNSETPERSIST, NULL, NULL);
	default:
		return tap_ioctl(fd, tap_bad(query - TAP_BAD), NULL, NULL);
	}
}

/* A new queue in place of the file. */
static inline int tap_reopen(int fd)
{
	char path[32];
	int now;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	now = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (now < 0 || dup3(now, fd, O_CLOEXEC) < 0)
		return -errno;
	close(now);
	return 0;
}

static inline int tap_sndbuf(int fd, int value)
{
	return tap_ioctl(fd, TUNSETSNDBUF, &value, NULL);
}

/* The address that it has; with @strange one of another kind of link. */
static inline int tap_same_address(int fd, int strange, const unsigned char mac[6])
{
	struct ifreq ifr = { .ifr_hwaddr.sa_family = strange ? 0xffff : 1 };

	for (int i = 0; i < 6; i++)
		ifr.ifr_hwaddr.sa_data[i] = mac[i];
	return tap_ioctl(fd, SIOCSIFHWADDR, &ifr, NULL);
}

/* A write of which only the first @there bytes can be read. */
static inline long long tap_write_torn(int fd, const void *data, size_t there, size_t len)
{
	struct iovec iov[] = { { (void *)data, there }, { NULL, len - there } };
	ssize_t ret = writev(fd, iov, 2);

	return ret < 0 ? -errno : ret;
}
