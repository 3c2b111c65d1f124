// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel shows of an open device file: fdinfo, and the module in use. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"

/* The device's name in a line "iff:\tNAME" of fdinfo; "(none)" without such a line. */
static const char *fdinfo_iff(int fd)
{
	static char name[64];
	char path[64], line[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	if (!f)
		TH_BAIL("%s: %s", path, strerror(errno));
	strcpy(name, "(none)");
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "iff:\t", 5))
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(name, sizeof(name), "%.60s", line + 5);
	}
	fclose(f);
	return name;
}

TEST(fdinfo, .title = "fdinfo shows the device's present name, an empty one without a device",
     .behaviours = { 26 })
{
	int fd = tun_open();

	EXPECT_STREQ("", fdinfo_iff(fd));
	ASSERT_OK(tun_set_iff(fd, "before", IFF_TAP | IFF_NO_PI));
	EXPECT_STREQ("before", fdinfo_iff(fd));
	ASSERT_OK(link_rename("before", "after"));
	EXPECT_STREQ("after", fdinfo_iff(fd));
	ASSERT_OK(link_del("after"));
	EXPECT_STREQ("", fdinfo_iff(fd));
	close(fd);
}

/* How often the module is in use, -1 if it is none or cannot be unloaded. */
static int module_count(void)
{
	FILE *f = fopen("/sys/module/tun/refcnt", "re");
	int count = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%d", &count) != 1)
		count = -1;
	fclose(f);
	return count;
}

TEST(module_in_use, .title = "every open file and every persistent device holds the module",
     .behaviours = { 27 })
{
	int fd = tun_open(), others[20], n = 0;

	if (module_count() < 0)
		SKIP(return, "tun is no module that counts its users");
	/* Other tests use the module at the same time, so that only a lower bound is certain. */
	while (n < 20) {
		others[n++] = tun_open();
		EXPECT_LE(n + 1, module_count());
	}
	ASSERT_OK(tun_set_iff(fd, NULL, IFF_TUN | IFF_NO_PI));
	ASSERT_OK(tun_set_persist(fd, 1));
	EXPECT_LE(n + 2, module_count());
	while (n)
		close(others[--n]);
	close(fd);
	EXPECT_LE(1, module_count());
}

TEST(module_stays, .title = "the module cannot be unloaded while a device persists without a file",
     .behaviours = { 500 })
{
	struct tun t = tun_create(NULL, IFF_TUN | IFF_NO_PI);

	if (module_count() < 0)
		SKIP(return, "tun is no module that counts its users");
	ASSERT_OK(tun_set_persist(t.fd, 1));
	tun_close(&t);
	if (syscall(SYS_delete_module, "tun", O_NONBLOCK) && errno == EPERM)
		SKIP(return, "modules cannot be unloaded: %s", strerror(errno));
	/* What rmmod calls "in use". */
	EXPECT_ERRNO(EAGAIN, syscall(SYS_delete_module, "tun", O_NONBLOCK));
	EXPECT_TRUE(link_exists(t.name));
}
