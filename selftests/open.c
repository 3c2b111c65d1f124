// SPDX-License-Identifier: GPL-2.0-only
/* /dev/net/tun before a device is attached, and what any descriptor of it does. */
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"

TEST(node, .title = "/dev/net/tun is character device 10:200", .behaviours = { 1 })
{
	struct stat st;

	ASSERT_OK(stat(TUN_NODE, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(10, major(st.st_rdev));
	EXPECT_EQ(200, minor(st.st_rdev));
}

TEST(makes_no_device, .title = "open alone makes no device and sends no link event",
     .behaviours = { 1, 22 })
{
	struct link_watch *watch = link_watch_open();
	int fd = tun_open();

	EXPECT_ERRNO(0, close(fd));
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

TEST(poll_unattached, .title = "poll without a device gives POLLERR alone",
     .behaviours = { 10 }, .guards = { "3c8a9c63d5fd" })
{
	struct pollfd p = { .fd = tun_open(), .events = POLLIN | POLLOUT | POLLPRI };

	ASSERT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLERR, p.revents);
	close(p.fd);
}
