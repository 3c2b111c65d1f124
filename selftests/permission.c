// SPDX-License-Identifier: GPL-2.0-only
/* Who may attach to a device, who may change it, and whom TUNSETOWNER and TUNSETGROUP name. */
#include <grp.h>
#include <linux/filter.h>
#include <net/if_arp.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/creds.h"
#include "netns/link.h"
#include "netns/sock.h"

#define TIMEOUT_MS    2000
#define FLAGS	      (IFF_TUN | IFF_NO_PI)
#define OWNER	      1000
#define OTHER	      1001
#define GROUP	      2000

/* Another effective user, without capabilities; back to root with become_root(). */
static void become(uid_t uid, gid_t gid, gid_t supplementary)
{
	if (setgroups(supplementary != (gid_t)-1, &supplementary) || setresgid(-1, gid, -1) ||
	    setresuid(-1, uid, -1))
		TH_BAIL("cannot become user %u, group %u: %s", uid, gid, strerror(errno));
}

static void become_root(void)
{
	if (setresuid(-1, 0, -1) || setresgid(-1, 0, -1) || setgroups(0, NULL))
		TH_BAIL("cannot become root again: %s", strerror(errno));
}

/* A persistent device that no file is attached to; @owner and @group -1 for none. */
static void make_idle(const char *name, unsigned int flags, uid_t owner, gid_t group)
{
	struct tun t = tun_create(name, flags);

	if (tun_set_persist(t.fd, 1) || (owner != (uid_t)-1 && tun_set_owner(t.fd, owner)) ||
	    (group != (gid_t)-1 && tun_set_group(t.fd, group)))
		TH_BAIL("owner %d, group %d of %s: %s", (int)owner, (int)group, name,
			strerror(errno));
	tun_close(&t);
}

/* Owner and group as rtnetlink tells them, -1 if it does not. */
static long long id_of(const char *name, int attribute)
{
	struct link link;

	if (link_get(name, &link))
		TH_BAIL("no link %s: %s", name, strerror(errno));
	return link.has_data[attribute] ? (long long)link.data[attribute] : -1;
}

static long long owner_of(const char *name)
{
	return id_of(name, TUN_LINK_OWNER);
}

static long long group_of(const char *name)
{
	return id_of(name, TUN_LINK_GROUP);
}

/* Whom the device belongs to. */
#define BY_OWNER 1
#define BY_GROUP 2
#define BY_BOTH	 4

FIXTURE(permission)
{
	int fd;
};

FIXTURE_VARIANT(permission)
{
	int by;
	uid_t owner;
	gid_t group;
};

FIXTURE_VARIANT_ADD(permission, owner)
{
	.by = BY_OWNER,
	.owner = OWNER,
	.group = -1,
};

FIXTURE_VARIANT_ADD(permission, group)
{
	.by = BY_GROUP,
	.owner = -1,
	.group = GROUP,
};

FIXTURE_VARIANT_ADD(permission, owner_and_group)
{
	.by = BY_BOTH,
	.owner = OWNER,
	.group = GROUP,
};

FIXTURE_SETUP(permission)
{
	make_idle("owned", FLAGS, variant->owner, variant->group);
	self->fd = tun_open();
}

FIXTURE_TEARDOWN(permission)
{
	close(self->fd);
}

TEST_F(permission, attach,
       .title = "attaching without CAP_NET_ADMIN takes the owner's euid and the group, as far as "
		"they are set",
       .behaviours = { 104, 106, 565 }, .needs = { "second_uid" }, .guards = { "a70c7b3cbc06" })
{
	static const struct {
		uid_t uid;
		gid_t gid, supplementary;
		int allowed;
	} callers[] = {
		{ OWNER, OWNER, -1, BY_OWNER },
		{ OWNER, GROUP, -1, BY_OWNER | BY_GROUP | BY_BOTH },
		{ OWNER, OWNER, GROUP, BY_OWNER | BY_GROUP | BY_BOTH },
		{ OWNER, GROUP, OTHER, BY_OWNER | BY_GROUP | BY_BOTH },
		{ OTHER, OTHER, -1, 0 },
		{ OTHER, OWNER, -1, 0 }, /* the owner's number as a group */
		{ OTHER, GROUP, -1, BY_GROUP },
		{ OTHER, OTHER, GROUP, BY_GROUP },
		{ GROUP, OTHER, OTHER, 0 }, /* the group's number as a user */
	};
	struct link link;
	struct ifreq ifr;

	for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
		int err = callers[i].allowed & variant->by ? 0 : EPERM;

		become(callers[i].uid, callers[i].gid, callers[i].supplementary);
		EXPECT_ERRNO(err, tun_set_iff(self->fd, "owned", FLAGS)) {
			TH_LOG("user %u, groups %u and %d", callers[i].uid, callers[i].gid,
			       (int)callers[i].supplementary);
		}
		become_root();
		/* A refusal leaves file and device as they were. */
		EXPECT_ERRNO(err ? EBADFD : 0, tun_get_iff(self->fd, &ifr));
		ASSERT_OK(link_get("owned", &link));
		EXPECT_EQ(!err, link.carrier);
		if (!err) {
			close(self->fd);
			self->fd = tun_open();
		}
	}
}

TEST_F(permission, capability, .title = "CAP_NET_ADMIN attaches whomever the device belongs to",
       .behaviours = { 104 }, .needs = { "second_uid" })
{
	EXPECT_EQ(variant->owner == (uid_t)-1 ? -1 : OWNER, owner_of("owned"));
	EXPECT_EQ(variant->group == (gid_t)-1 ? -1 : GROUP, group_of("owned"));
	creds_capable(false);
	EXPECT_ERRNO(EPERM, tun_set_iff(self->fd, "owned", FLAGS));
	creds_capable(true);
	EXPECT_OK(tun_set_iff(self->fd, "owned", FLAGS));
}

TEST_F(permission, more_queues, .title = "a further queue takes the same permission as the first",
       .behaviours = { 104 }, .needs = { "second_uid", "multi_queue" })
{
	const unsigned int flags = FLAGS | IFF_MULTI_QUEUE;
	struct tun first = tun_create("shared", flags);

	if ((variant->owner != (uid_t)-1 && tun_set_owner(first.fd, variant->owner)) ||
	    (variant->group != (gid_t)-1 && tun_set_group(first.fd, variant->group)))
		TH_BAIL("owner and group: %s", strerror(errno));
	become(OTHER, OTHER, -1);
	EXPECT_ERRNO(EPERM, tun_set_iff(self->fd, "shared", flags));
	become_root();
	become(OWNER, GROUP, -1);
	EXPECT_OK(tun_set_iff(self->fd, "shared", flags));
	become_root();
	tun_close(&first);
}

TEST(own_ids, .title = "own user and group attach without any capability", .behaviours = { 104 },
     .guards = { "a70c7b3cbc06" })
{
	static const struct {
		const char *name;
		uid_t owner;
		gid_t group;
	} devices[] = {
		{ "by_owner", 0, -1 },
		{ "by_group", -1, 0 },
		{ "by_both", 0, 0 },
	};

	/* What a user namespace with one id can show. */
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		int fd = tun_open();

		make_idle(devices[i].name, FLAGS, devices[i].owner, devices[i].group);
		creds_capable(false);
		EXPECT_OK(tun_set_iff(fd, devices[i].name, FLAGS)) {
			TH_LOG("%s", devices[i].name);
		}
		EXPECT_EQ(IFF_TUN, tun_iff_flags(fd) & (IFF_TUN | IFF_TAP));
		creds_capable(true);
		close(fd);
	}
}

/*
 * Until the fix everybody who could open the node could attach. Named after the entry "tun: Require
 * CAP_NET_ADMIN to attach to an ownerless device" in Debian's changelog; measured: 6.12.117 has it,
 * 6.12.115 and 6.18.44 do not.
 */
TEST(ownerless, .title = "a device with neither owner nor group takes CAP_NET_ADMIN to attach",
     .behaviours = { 104 }, .guards = { "CVE-2026-99281" })
{
	int fd = tun_open();

	make_idle("ownerless", FLAGS, -1, -1);
	EXPECT_EQ(-1, owner_of("ownerless"));
	EXPECT_EQ(-1, group_of("ownerless"));
	creds_capable(false);
	EXPECT_ERRNO(EPERM, tun_set_iff(fd, "ownerless", FLAGS));
	creds_capable(true);
	close(fd);
}

static void attach_as_ids(struct __test_metadata *_metadata, void *arg)
{
	int fd = *(int *)arg;

	/* Every id but the effective one is the owner's. */
	if (setresgid(OTHER, OTHER, OTHER) || setresuid(OWNER, OTHER, OWNER))
		TH_BAIL("cannot change ids: %s", strerror(errno));
	setfsuid(OWNER);
	EXPECT_ERRNO(EPERM, tun_set_iff(fd, "owned", FLAGS));
	/* Only the effective one is. */
	if (setresuid(OTHER, OWNER, OTHER))
		TH_BAIL("cannot change ids: %s", strerror(errno));
	setfsuid(OTHER);
	EXPECT_OK(tun_set_iff(fd, "owned", FLAGS));
}

TEST(effective_id, .title = "of the caller's user ids the effective one alone decides",
     .behaviours = { 108 }, .needs = { "second_uid" })
{
	int fd = tun_open();

	make_idle("owned", FLAGS, OWNER, -1);
	creds_child(_metadata, attach_as_ids, &fd);
	close(fd);
}

static void create_as_user(struct __test_metadata *_metadata, void *arg)
{
	int fd = *(int *)arg;

	if (setgroups(0, NULL) || setresgid(OWNER, OWNER, OWNER) || setresuid(OWNER, OWNER, OWNER))
		TH_BAIL("cannot become user %d: %s", OWNER, strerror(errno));
	EXPECT_ERRNO(EPERM, tun_set_iff(fd, "fresh", IFF_TUN));
	EXPECT_ERRNO(EPERM, tun_set_iff(fd, "fresh", IFF_TAP));
	EXPECT_ERRNO(EPERM, tun_set_iff(fd, NULL, IFF_TAP));
}

TEST(opened_by_root, .title = "a file that root opened does not let another user make a device",
     .behaviours = { 53 }, .needs = { "second_uid" })
{
	int fd = tun_open();

	creds_child(_metadata, create_as_user, &fd);
	EXPECT_FALSE(link_exists("fresh"));
	EXPECT_OK(tun_set_iff(fd, "fresh", IFF_TUN));
	close(fd);
}

TEST(check_order, .title = "IFF_TUN_EXCL, type and queue mode are checked before the permission",
     .behaviours = { 107 }, .needs = { "multi_queue" })
{
	int fd = tun_open();
	struct tun busy;

	make_idle("single", FLAGS, -1, -1);
	make_idle("multi", FLAGS | IFF_MULTI_QUEUE, -1, -1);
	creds_capable(false);
	EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "single", FLAGS | IFF_TUN_EXCL));
	EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "lo", FLAGS | IFF_TUN_EXCL));
	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "lo", FLAGS));
	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "single", IFF_TAP));
	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "single", 0));
	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "single", FLAGS | IFF_MULTI_QUEUE));
	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "multi", FLAGS));
	/* For a new device it is the other way round, see setiff.no_capability. */
	EXPECT_ERRNO(EPERM, tun_set_iff(fd, "fresh", 0));
	creds_capable(true);

	if (harness_feature("second_uid")) {
		busy = tun_create("busy", FLAGS);
		if (tun_set_owner(busy.fd, OWNER))
			TH_BAIL("TUNSETOWNER: %s", strerror(errno));
		creds_capable(false);
		/* Whether it is busy is nobody's business. */
		EXPECT_ERRNO(EPERM, tun_set_iff(fd, "busy", FLAGS));
		creds_capable(true);
		EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "busy", FLAGS));
		tun_close(&busy);
	}
	close(fd);
}

/* A holder of an attached file who has no capability. */
FIXTURE(permission_holder)
{
	struct tun t;
};

FIXTURE_VARIANT(permission_holder)
{
	unsigned int type;
	bool other_user;
};

FIXTURE_VARIANT_ADD(permission_holder, tun)
{
	.type = IFF_TUN,
	.other_user = false,
};

FIXTURE_VARIANT_ADD(permission_holder, tap)
{
	.type = IFF_TAP,
	.other_user = false,
};

FIXTURE_VARIANT_ADD(permission_holder, tap_other_user)
{
	.type = IFF_TAP,
	.other_user = true,
};

FIXTURE_SETUP(permission_holder)
{
	self->t.fd = -1;
	if (variant->other_user && !harness_feature("second_uid"))
		SKIP(return, "%s", harness_feature_reason("second_uid"));
	self->t = tun_create("held", variant->type | IFF_NO_PI);
}

FIXTURE_TEARDOWN(permission_holder)
{
	tun_close(&self->t);
}

static void give_up_power(bool other_user)
{
	if (other_user)
		become(OTHER, OTHER, -1);
	else
		creds_capable(false);
}

static void take_power(bool other_user)
{
	if (other_user)
		become_root();
	else
		creds_capable(true);
}

TEST_F(permission_holder, setters,
       .title = "whoever holds an attached file may change the device without any capability",
       .behaviours = { 100 })
{
	static const uint8_t mac[6] = { 0x02, 1, 2, 3, 4, 5 }, address[1][6] = { { 0x02, 9 } };
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, 0xffff);
	struct sock_fprog program = { 1, &code };
	int fd = self->t.fd, bytes = 0;
	struct link link;

	give_up_power(variant->other_user);
	EXPECT_OK(tun_set_owner(fd, 0));
	EXPECT_OK(tun_set_group(fd, 0));
	EXPECT_OK(tun_set_sndbuf(fd, 54321));
	EXPECT_OK(tun_set_offload(fd, TUN_F_CSUM));
	EXPECT_OK(tun_set_carrier(fd, 0));
	EXPECT_OK(tun_set_vnet_hdr_sz(&self->t, 12));
	EXPECT_OK(tun_set_steering_ebpf(fd, -1));
	EXPECT_OK(tun_set_filter_ebpf(fd, -1));
	EXPECT_OK(tun_set_link(fd, ARPHRD_PPP));
	if (variant->type == IFF_TAP) {
		/* An address takes a type that has one. */
		EXPECT_OK(tun_set_link(fd, ARPHRD_ETHER));
		EXPECT_OK(tun_set_hwaddr(fd, ARPHRD_ETHER, mac, sizeof(mac)));
		EXPECT_EQ(1, tun_set_tx_filter(fd, 0, 1, address));
		EXPECT_OK(tun_attach_filter(fd, &program));
	}
	EXPECT_OK(tun_set_persist(fd, 1));
	take_power(variant->other_user);

	/* And each took effect. */
	ASSERT_OK(link_get("held", &link));
	EXPECT_EQ(0, owner_of("held"));
	EXPECT_EQ(0, group_of("held"));
	EXPECT_EQ(1, link.data[TUN_LINK_PERSIST]);
	EXPECT_FALSE(link.carrier);
	EXPECT_EQ(variant->type == IFF_TAP ? ARPHRD_ETHER : ARPHRD_PPP, link.type);
	if (variant->type == IFF_TAP) {
		EXPECT_EQ(0, memcmp(mac, link.address, sizeof(mac)));
	}
	ASSERT_OK(tun_get_sndbuf(fd, &bytes));
	EXPECT_EQ(54321, bytes);
	ASSERT_OK(tun_get_vnet_hdr_sz(fd, &bytes));
	EXPECT_EQ(12, bytes);
}

TEST_F(permission_holder, deletes,
       .title = "a holder without any capability may end the persistence and with it the device",
       .behaviours = { 100 })
{
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	give_up_power(variant->other_user);
	EXPECT_OK(tun_set_persist(self->t.fd, 0));
	EXPECT_TRUE(link_exists("held"));
	tun_close(&self->t);
	EXPECT_FALSE(link_exists("held"));
	take_power(variant->other_user);
}

TEST_F(permission_holder, queues,
       .title = "detaching and attaching a queue takes no permission, whomever the device belongs "
		"to",
       .behaviours = { 112 }, .needs = { "multi_queue" })
{
	struct tun t = tun_create("shared", variant->type | IFF_MULTI_QUEUE);

	if (harness_feature("second_uid") &&
	    (tun_set_owner(t.fd, OWNER) || tun_set_group(t.fd, GROUP)))
		TH_BAIL("owner and group: %s", strerror(errno));
	give_up_power(variant->other_user);
	EXPECT_OK(tun_set_queue(t.fd, IFF_DETACH_QUEUE));
	EXPECT_EQ(IFF_DETACH_QUEUE, tun_iff_flags(t.fd) & IFF_DETACH_QUEUE);
	EXPECT_OK(tun_set_queue(t.fd, IFF_ATTACH_QUEUE));
	EXPECT_EQ(0, tun_iff_flags(t.fd) & IFF_DETACH_QUEUE);
	take_power(variant->other_user);
	tun_close(&t);
}

TEST(owner_values,
     .title = "TUNSETOWNER and TUNSETGROUP take 32 bits by value; -1 gives EINVAL and clears "
	      "nothing",
     .behaviours = { 101, 102, 103 })
{
	struct tun t = tun_create("values", FLAGS);

	EXPECT_EQ(-1, owner_of("values"));
	EXPECT_EQ(-1, group_of("values"));
	EXPECT_ERRNO(EINVAL, tun_set_owner(t.fd, -1));
	EXPECT_ERRNO(EINVAL, tun_set_group(t.fd, -1));
	EXPECT_ERRNO(EINVAL, tun_set_owner(t.fd, UINT32_MAX));
	EXPECT_ERRNO(EINVAL, tun_set_group(t.fd, UINT32_MAX));
	EXPECT_EQ(-1, owner_of("values"));
	EXPECT_EQ(-1, group_of("values"));

	if (sizeof(long) > sizeof(uint32_t)) {
		/* 1 << 32 and more, without a warning where long has 32 bits */
		unsigned long above = (unsigned long)UINT32_MAX + 1;

		EXPECT_OK(tun_set_owner(t.fd, above));
		EXPECT_OK(tun_set_group(t.fd, 7 * above));
		EXPECT_ERRNO(EINVAL, tun_set_owner(t.fd, above + UINT32_MAX));
	} else {
		EXPECT_OK(tun_set_owner(t.fd, 0));
		EXPECT_OK(tun_set_group(t.fd, 0));
	}
	EXPECT_EQ(0, owner_of("values"));
	EXPECT_EQ(0, group_of("values"));

	EXPECT_ERRNO(EINVAL, tun_set_owner(t.fd, -1));
	EXPECT_ERRNO(EINVAL, tun_set_group(t.fd, -1));
	EXPECT_EQ(0, owner_of("values"));
	EXPECT_EQ(0, group_of("values"));
	tun_close(&t);
}

TEST(owner_changes, .title = "the last TUNSETOWNER and TUNSETGROUP count, whoever calls",
     .behaviours = { 101, 102, 100, 104 }, .needs = { "second_uid" })
{
	int fd = tun_open();
	struct tun t = tun_create("changes", FLAGS);

	EXPECT_OK(tun_set_owner(t.fd, OWNER));
	EXPECT_OK(tun_set_group(t.fd, GROUP));
	EXPECT_EQ(OWNER, owner_of("changes"));
	EXPECT_EQ(GROUP, group_of("changes"));
	/* Neither the new nor the old owner. */
	become(GROUP, OTHER, -1);
	EXPECT_OK(tun_set_owner(t.fd, OTHER));
	EXPECT_OK(tun_set_group(t.fd, OTHER));
	EXPECT_OK(tun_set_persist(t.fd, 1));
	become_root();
	EXPECT_EQ(OTHER, owner_of("changes"));
	EXPECT_EQ(OTHER, group_of("changes"));
	tun_close(&t);

	become(OWNER, GROUP, -1);
	EXPECT_ERRNO(EPERM, tun_set_iff(fd, "changes", FLAGS));
	become_root();
	become(OTHER, OTHER, -1);
	EXPECT_OK(tun_set_iff(fd, "changes", FLAGS));
	become_root();
	close(fd);
}

static void set_in_one_id_namespace(struct __test_metadata *_metadata, void *arg)
{
	static const unsigned long unmapped[] = { 1, 5, OWNER, 65534, UINT32_MAX };
	int fd = *(int *)arg;

	EXPECT_OK(tun_set_owner(fd, 0));
	EXPECT_OK(tun_set_group(fd, 0));
	for (size_t i = 0; i < ARRAY_SIZE(unmapped); i++) {
		EXPECT_ERRNO(EINVAL, tun_set_owner(fd, unmapped[i])) {
			TH_LOG("id %lu", unmapped[i]);
		}
		EXPECT_ERRNO(EINVAL, tun_set_group(fd, unmapped[i]));
	}
}

TEST(unmapped, .title = "an owner or group the caller's user namespace does not know gives EINVAL",
     .behaviours = { 101, 102, 111 }, .needs = { "user_namespaces" })
{
	struct tun t = tun_create("mapped", FLAGS);

	creds_userns_child(_metadata, 0, set_in_one_id_namespace, &t.fd);
	EXPECT_EQ(0, owner_of("mapped"));
	EXPECT_EQ(0, group_of("mapped"));
	tun_close(&t);
}

static void attach_from_elsewhere(struct __test_metadata *_metadata, void *arg)
{
	int fd = *(int *)arg, second = tun_open();

	/* The file leads to the network namespace it was opened in, where this is nobody. */
	EXPECT_ERRNO(EPERM, tun_set_iff(fd, "fresh", IFF_TUN));
	EXPECT_ERRNO(EPERM, tun_set_iff(fd, NULL, IFF_TAP));
	EXPECT_FALSE(link_exists("owned"));
	/* The owner is the owner everywhere. */
	EXPECT_OK(tun_set_iff(fd, "owned", FLAGS));
	/* A file opened here leads here. */
	EXPECT_OK(tun_set_iff(second, "fresh", IFF_TUN));
	EXPECT_TRUE(link_exists("fresh"));
	close(second);
}

TEST(left_namespace,
     .title =
	     "from a new user and network namespace the file opened before makes no device outside",
     .behaviours = { 54, 104, 4 }, .needs = { "user_namespaces", "net_namespaces" })
{
	int fd = tun_open();

	make_idle("owned", FLAGS, 0, -1);
	creds_userns_child(_metadata, CLONE_NEWNET, attach_from_elsewhere, &fd);
	EXPECT_FALSE(link_exists("fresh"));
	close(fd);
}

static void consume(struct __test_metadata *_metadata, void *arg)
{
	int fd = *(int *)arg;
	struct tun t = { .fd = fd, .name = "ready", .flags = FLAGS };
	struct frame f;

	if (setgroups(0, NULL) || setresgid(OWNER, OWNER, OWNER) || setresuid(OWNER, OWNER, OWNER))
		TH_BAIL("cannot become user %d: %s", OWNER, strerror(errno));
	ASSERT_OK(tun_set_iff(fd, "ready", FLAGS));
	ASSERT_TRUE(link_wait_running("ready", true, TIMEOUT_MS));
	/* The kernel's side echoes what is said to it. */
	peer_udp(&t, &f, 4000, 4000, 100, 1);
	ASSERT_EQ(f.len, tun_send(&t, NULL, &f));
	EXPECT_EQ(50, peer_recv_udp(&t, 2, TIMEOUT_MS));
}

TEST(premade_device,
     .title = "root prepares a persistent device, its unprivileged owner attaches and exchanges "
	      "packets",
     .behaviours = { 104, 94 }, .needs = { "second_uid" })
{
	struct tun t = { .fd = -1, .name = "ready", .flags = FLAGS };
	int fd = tun_open(), sock;
	pid_t pid;

	make_idle("ready", FLAGS, OWNER, -1);
	peer_configure(&t);
	sock = udp_open(KERNEL_IP4, 4000);
	pid = fork();
	if (!pid) {
		/* The kernel's side. */
		EXPECT_EQ(100, udp_recv_pattern(sock, 1, TIMEOUT_MS));
		kernel_udp(sock, 4000, 50, 2);
		_exit(0);
	}
	creds_child(_metadata, consume, &fd);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		TH_BAIL("fork: %s", strerror(errno));
	close(sock);
	close(fd);
}
