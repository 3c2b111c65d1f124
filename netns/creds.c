// SPDX-License-Identifier: GPL-2.0-only
/* Capabilities and user namespaces. */
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/capability.h>

#include "harness/harness.h"
#include "netns/creds.h"
#include "netns/file.h"

/* Puts the permitted ones of the capabilities in @mask into force, or out of it. */
static void set_effective(const uint32_t mask[_LINUX_CAPABILITY_U32S_3], bool on)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, caps))
		TH_BAIL("capget: %s", strerror(errno));
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		caps[i].effective &= ~mask[i];
		if (on)
			caps[i].effective |= caps[i].permitted & mask[i];
	}
	if (syscall(SYS_capset, &header, caps))
		TH_BAIL("capset: %s", strerror(errno));
}

void creds_capable(bool on)
{
	set_effective((uint32_t[]){ UINT32_MAX, UINT32_MAX }, on);
}

void creds_net_admin(bool on)
{
	set_effective((uint32_t[]){ 1u << CAP_NET_ADMIN, 0 }, on);
}

int creds_unshare(int more)
{
	char uids[32], gids[32];

	snprintf(uids, sizeof(uids), "0 %u 1", geteuid());
	snprintf(gids, sizeof(gids), "0 %u 1", getegid());
	/* Without "deny" the kernel takes no map of groups. */
	if (unshare(CLONE_NEWUSER | more) || file_write("/proc/self/setgroups", "deny") ||
	    file_write("/proc/self/uid_map", uids) || file_write("/proc/self/gid_map", gids))
		return -1;
	return 0;
}

static void wait_for(struct __test_metadata *_metadata, pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		TH_BAIL("fork: %s", strerror(errno));
	EXPECT_EQ(0, status);
}

void creds_child(struct __test_metadata *_metadata, creds_body *body, void *arg)
{
	pid_t pid = fork();

	if (!pid) {
		body(_metadata, arg);
		_exit(0);
	}
	wait_for(_metadata, pid);
}

void creds_userns_child(struct __test_metadata *_metadata, int more, creds_body *body, void *arg)
{
	pid_t pid = fork();

	if (!pid) {
		if (creds_unshare(more))
			TH_BAIL("new user namespace: %s", strerror(errno));
		body(_metadata, arg);
		_exit(0);
	}
	wait_for(_metadata, pid);
}
