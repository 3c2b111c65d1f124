// SPDX-License-Identifier: GPL-2.0-only
/* Network namespaces: quiet ones, second ones, and moving between them. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/harness.h"
#include "netns/file.h"
#include "netns/link.h"
#include "netns/netns.h"

#define SELF "/proc/thread-self/ns/net"

int netns_sysctl(const char *path, const char *value)
{
	char file[256];

	snprintf(file, sizeof(file), "/proc/sys/net/%s", path);
	return file_write(file, value);
}

bool netns_quiet(void)
{
	if (!netns_sysctl("ipv6/conf/default/disable_ipv6", "1"))
		return true;
	/* A kernel without IPv6 is quiet as it is. */
	if (errno == ENOENT && !access("/proc/sys/net/ipv4", F_OK))
		return true;
	link_silence();
	return false;
}

void netns_ipv6(void)
{
	static const char *const settings[][2] = {
		{ "disable_ipv6", "0" }, { "accept_dad", "0" },	   { "dad_transmits", "0" },
		{ "accept_ra", "0" },	 { "addr_gen_mode", "1" }, { "router_solicitations", "0" },
	};
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		snprintf(path, sizeof(path), "ipv6/conf/default/%s", settings[i][0]);
		if (netns_sysctl(path, settings[i][1]))
			TH_BAIL("/proc/sys/net/%s: %s", path, strerror(errno));
	}
}

int netns_self(void)
{
	int fd = open(SELF, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		TH_BAIL("%s: %s", SELF, strerror(errno));
	return fd;
}

void netns_enter(int fd)
{
	if (setns(fd, CLONE_NEWNET))
		TH_BAIL("cannot enter network namespace (descriptor %d): %s", fd, strerror(errno));
}

int netns_new(void)
{
	int old = netns_self(), fd;

	if (unshare(CLONE_NEWNET))
		TH_BAIL("new network namespace: %s", strerror(errno));
	netns_quiet();
	if (link_up("lo"))
		TH_BAIL("lo up in a new network namespace: %s", strerror(errno));
	fd = netns_self();
	netns_enter(old);
	close(old);
	return fd;
}

ino_t netns_inode(int fd)
{
	struct stat st;

	if (fd == -1 ? stat(SELF, &st) : fstat(fd, &st))
		TH_BAIL("inode of a network namespace: %s", strerror(errno));
	return st.st_ino;
}
