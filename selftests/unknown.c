// SPDX-License-Identifier: GPL-2.0-only
/* ioctls that the driver does not know, and those that never reach it. */
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>
#include <linux/sockios.h>

#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"

/* Made up, or another driver's. All take a pointer or nothing. */
static const unsigned long foreign[] = {
	TCGETS,	       FIONREAD, TIOCOUTQ, 0, _IO('T', 199), _IO('T', 250), _IOW('T', 250, int),
	_IO('V', 202),
};

TEST(attached, .title = "an ioctl the driver does not know gives EINVAL on an attached file",
     .behaviours = { 259, 263 })
{
	struct tun t = tun_create("u0", IFF_TUN | IFF_NO_PI);
	/* As large as anything that one of them could want to write. */
	uint8_t buf[256];

	/* ENOTTY is what other drivers say; programs rely on neither. */
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		EXPECT_ERRNO(EINVAL, ioctl(t.fd, foreign[i], buf)) {
			TH_LOG("for ioctl %#lx", foreign[i]);
		}
		EXPECT_ERRNO(EINVAL, ioctl(t.fd, foreign[i], NULL));
	}
	tun_close(&t);
}

TEST(unattached, .title = "an ioctl the driver does not know gives EBADFD without a device",
     .behaviours = { 260, 263 })
{
	uint8_t buf[256];
	int fd = tun_open();

	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		EXPECT_ERRNO(EBADFD, ioctl(fd, foreign[i], buf)) {
			TH_LOG("for ioctl %#lx", foreign[i]);
		}
		EXPECT_ERRNO(EBADFD, ioctl(fd, foreign[i], NULL));
	}
	close(fd);
}

TEST(number_space, .title = "no ioctl of type 'T' below the driver's first is known",
     .behaviours = { 259 })
{
	struct tun t = tun_create("u0", IFF_TAP | IFF_NO_PI);

	for (unsigned int nr = 0; nr < 200; nr++) {
		unsigned long cmd = _IO('T', nr);

		/* The VFS has these for every file. */
		if (cmd == FIONBIO || cmd == FIOASYNC || cmd == FIOCLEX || cmd == FIONCLEX ||
		    cmd == FIOQSIZE)
			continue;
		EXPECT_ERRNO(EINVAL, ioctl(t.fd, cmd, NULL)) {
			TH_LOG("for ioctl %#lx", cmd);
		}
	}
	EXPECT_TRUE(link_exists("u0"));
	tun_close(&t);
}

TEST(socket_ioctls, .title = "ioctls of sockets other than the address pair give EINVAL or EBADFD",
     .behaviours = { 259, 260 })
{
	static const unsigned long commands[] = {
		SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCGIFADDR, SIOCGIFMTU,	 SIOCSIFNAME,
		SIOCETHTOOL,  SIOCGIFINDEX, SIOCGIFNAME, SIOCDEVPRIVATE, 0x89ff,
	};
	struct ifreq ifr = { .ifr_name = "u0" };
	struct tun t = tun_create("u0", IFF_TAP | IFF_NO_PI);
	int fd = tun_open();

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		EXPECT_ERRNO(EINVAL, ioctl(t.fd, commands[i], &ifr)) {
			TH_LOG("for ioctl %#lx", commands[i]);
		}
		EXPECT_ERRNO(EBADFD, ioctl(fd, commands[i], &ifr));
	}
	close(fd);
	tun_close(&t);
}

TEST(socket_ioctls_pointer, .title = "every ioctl of a socket's type reads an ifreq first: EFAULT",
     .behaviours = { 261 })
{
	static const unsigned long commands[] = {
		SIOCGIFFLAGS, SIOCGIFHWADDR, SIOCSIFHWADDR, SIOCATMARK, 0x89ff,
	};
	struct tun t = tun_create("u0", IFF_TAP | IFF_NO_PI);
	int fd = tun_open();

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		EXPECT_ERRNO(EFAULT, ioctl(t.fd, commands[i], NULL)) {
			TH_LOG("for ioctl %#lx", commands[i]);
		}
		/* Even where there is no device to ask. */
		EXPECT_ERRNO(EFAULT, ioctl(fd, commands[i], NULL));
	}
	close(fd);
	tun_close(&t);
}

TEST(exact, .title = "an ioctl of another size or direction than the driver's is unknown",
     .behaviours = { 262 })
{
	static const unsigned long commands[] = {
		_IOW('T', 202, long long), /* TUNSETIFF */
		_IOW('T', 203, long long), /* TUNSETPERSIST */
		_IO('T', 203),
		_IOR('T', 203, int),
		_IOR('T', 210, struct ifreq), /* TUNGETIFF */
		_IOW('T', 210, unsigned int),
		_IOW('T', 226, char), /* TUNSETCARRIER */
		_IOR('T', 227, int),  /* TUNGETDEVNETNS */
	};
	struct tun t = tun_create("u0", IFF_TUN | IFF_NO_PI);
	struct ifreq ifr = { .ifr_name = "u0", .ifr_flags = IFF_TUN };

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		EXPECT_ERRNO(EINVAL, ioctl(t.fd, commands[i], &ifr)) {
			TH_LOG("for ioctl %#lx", commands[i]);
		}
	}
	EXPECT_EQ(0, tun_iff_flags(t.fd) & IFF_PERSIST);
	EXPECT_OK(ioctl(t.fd, TUNGETIFF, &ifr));
	tun_close(&t);
}

FIXTURE(unknown_vfs)
{
	struct tun t;
};

FIXTURE_VARIANT(unknown_vfs)
{
	bool attach;
};

FIXTURE_VARIANT_ADD(unknown_vfs, attached)
{
	.attach = true,
};

FIXTURE_VARIANT_ADD(unknown_vfs, unattached)
{
	.attach = false,
};

FIXTURE_SETUP(unknown_vfs)
{
	if (variant->attach)
		self->t = tun_create("u0", IFF_TUN | IFF_NO_PI);
	else
		self->t = (struct tun){ .fd = tun_open() };
}

FIXTURE_TEARDOWN(unknown_vfs)
{
	tun_close(&self->t);
}

TEST_F(unknown_vfs, non_blocking, .title = "FIONBIO sets and clears O_NONBLOCK",
       .behaviours = { 263 })
{
	int fd = self->t.fd;

	for (int on = 0; on < 2; on++) {
		EXPECT_OK(ioctl(fd, FIONBIO, &on));
		EXPECT_EQ(on ? O_NONBLOCK : 0, fcntl(fd, F_GETFL) & O_NONBLOCK);
	}
	EXPECT_ERRNO(EFAULT, ioctl(fd, FIONBIO, NULL));
}

TEST_F(unknown_vfs, close_on_exec, .title = "FIOCLEX and FIONCLEX set and clear FD_CLOEXEC",
       .behaviours = { 263 })
{
	int fd = self->t.fd;

	EXPECT_OK(ioctl(fd, FIONCLEX));
	EXPECT_EQ(0, fcntl(fd, F_GETFD));
	EXPECT_OK(ioctl(fd, FIOCLEX));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
}

TEST_F(unknown_vfs, async, .title = "FIOASYNC sets and clears O_ASYNC", .behaviours = { 263 })
{
	int fd = self->t.fd;

	for (int on = 1; on >= 0; on--) {
		EXPECT_OK(ioctl(fd, FIOASYNC, &on));
		EXPECT_EQ(on ? O_ASYNC : 0, fcntl(fd, F_GETFL) & O_ASYNC);
	}
}
