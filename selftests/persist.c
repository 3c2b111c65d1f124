// SPDX-License-Identifier: GPL-2.0-only
/* TUNSETPERSIST, TUNSETOWNER, TUNSETGROUP: what stays when the file goes, and how it is shown. */
#include <grp.h>
#include <net/if_arp.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/creds.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"
#include "netns/sysfs.h"
#include "netns/tool.h"

#define TIMEOUT_MS 2000

/* Closes the file of a device that stays, and attaches another one. */
static void reattach(struct tun *t)
{
	char name[IFNAMSIZ];
	int index = if_nametoindex(t->name);

	memcpy(name, t->name, sizeof(name));
	tun_close(t);
	if (!index || if_nametoindex(name) != index)
		TH_BAIL("%s did not stay", name);
	*t = tun_create(name, t->flags);
	if (if_nametoindex(name) != index)
		TH_BAIL("%s is another device now", name);
}

FIXTURE(persist)
{
	struct tun t;
};

FIXTURE_VARIANT(persist)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(persist, tun)
{
	.flags = IFF_TUN | IFF_NO_PI,
};

FIXTURE_VARIANT_ADD(persist, tap)
{
	.flags = IFF_TAP | IFF_NO_PI,
};

FIXTURE_VARIANT_ADD(persist, tap_queues)
{
	.flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE,
};

FIXTURE_SETUP(persist)
{
	self->t = tun_create("p0", variant->flags);
}

FIXTURE_TEARDOWN(persist)
{
	tun_close(&self->t);
}

TEST_F(persist, any_value, .title = "TUNSETPERSIST takes every value but 0 for on",
       .behaviours = { 93 })
{
	/* The argument is the value itself, even where it looks like a pointer to 0. */
	int zero = 0;
	const unsigned long values[] = { 1, 7, (unsigned long)&zero, ~(~0UL >> 1), ~0UL };
	int fd = self->t.fd;

	EXPECT_EQ(0, tun_iff_flags(fd) & IFF_PERSIST);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		EXPECT_OK(tun_set_persist(fd, values[i]));
		EXPECT_EQ(IFF_PERSIST, tun_iff_flags(fd) & IFF_PERSIST) {
			TH_LOG("after TUNSETPERSIST(%#lx)", values[i]);
		}
		EXPECT_OK(tun_set_persist(fd, 0));
		EXPECT_EQ(0, tun_iff_flags(fd) & IFF_PERSIST);
	}
}

TEST_F(persist, shown, .title = "rtnetlink, sysfs and ip show persistence as TUNGETIFF does",
       .behaviours = { 93, 94 }, .needs = { "sysfs", "iproute2" })
{
	const unsigned int base = variant->flags;
	char expected[64];
	struct link link;
	json_t *json;

	for (int on = 1; on >= 0; on--) {
		ASSERT_OK(tun_set_persist(self->t.fd, on));
		ASSERT_OK(link_get("p0", &link));
		EXPECT_TRUE(link.has_data[TUN_LINK_PERSIST]);
		EXPECT_EQ(on, link.data[TUN_LINK_PERSIST]);
		snprintf(expected, sizeof(expected), "%#x", base | (on ? IFF_PERSIST : 0));
		EXPECT_STREQ(expected, sysfs_get("p0", "tun_flags"));
		json = tool_ip_link("p0");
		EXPECT_EQ(on, tool_get_bool(json, "linkinfo.info_data.persist"));
		json_decref(json);
	}
}

TEST_F(persist, stays, .title = "a persistent device outlives its last file: up, without carrier",
       .behaviours = { 93, 94 })
{
	struct link_watch *watch = link_watch_open();
	struct link before, after;

	ASSERT_OK(link_up("p0"));
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	ASSERT_OK(link_get("p0", &before));
	EXPECT_TRUE(before.carrier);
	tun_close(&self->t);

	ASSERT_OK(link_get("p0", &after));
	EXPECT_EQ(before.index, after.index);
	EXPECT_EQ(IFF_UP, after.flags & IFF_UP);
	EXPECT_FALSE(after.carrier);
	EXPECT_EQ(1, after.data[TUN_LINK_PERSIST]);
	EXPECT_EQ(0, link_watch_count(watch, "p0", RTM_DELLINK));

	self->t = tun_create("p0", variant->flags);
	ASSERT_OK(link_get("p0", &after));
	EXPECT_EQ(before.index, after.index);
	EXPECT_EQ(IFF_UP, after.flags & IFF_UP);
	EXPECT_TRUE(after.carrier);
	link_watch_close(watch);
}

TEST_F(persist, off_deletes,
       .title = "with persistence off again the last close deletes the device",
       .behaviours = { 96 })
{
	struct link_watch *watch = link_watch_open();

	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	ASSERT_OK(tun_set_persist(self->t.fd, 0));
	EXPECT_TRUE(link_exists("p0"));
	tun_close(&self->t);
	EXPECT_FALSE(link_exists("p0"));
	EXPECT_EQ(1, link_watch_count(watch, "p0", RTM_DELLINK));
	link_watch_close(watch);
}

TEST_F(persist, of_device, .title = "persistence belongs to the device: a later file can end it",
       .behaviours = { 93, 96, 97 })
{
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	/* One file that leaves it alone ... */
	reattach(&self->t);
	EXPECT_EQ(IFF_PERSIST, tun_iff_flags(self->t.fd) & IFF_PERSIST);
	/* ... and one that does not. */
	reattach(&self->t);
	EXPECT_OK(tun_set_persist(self->t.fd, 0));
	tun_close(&self->t);
	EXPECT_FALSE(link_exists("p0"));
}

TEST_F(persist, repeated,
       .title = "a change of persistence is one link event, repeating it is none",
       .behaviours = { 95, 110 })
{
	struct link_watch *watch = link_watch_open();
	struct link_event event;

	ASSERT_OK(link_up("p0"));
	while (link_watch_next(watch, "p0", 0, &event))
		;
	for (int on = 1; on >= 0; on--) {
		EXPECT_OK(tun_set_persist(self->t.fd, on));
		ASSERT_TRUE(link_watch_next(watch, "p0", 0, &event));
		EXPECT_EQ(RTM_NEWLINK, event.type);
		EXPECT_EQ(on, event.link.data[TUN_LINK_PERSIST]);
		EXPECT_OK(tun_set_persist(self->t.fd, on));
		/* Another value that means the same. */
		EXPECT_OK(tun_set_persist(self->t.fd, on * 2));
		EXPECT_FALSE(link_watch_next(watch, "p0", 0, &event));
		EXPECT_EQ(on ? IFF_PERSIST : 0, tun_iff_flags(self->t.fd) & IFF_PERSIST);
	}
	link_watch_close(watch);
}

TEST_F(persist, silent_while_down,
       .title = "no link event for persistence, owner or group while the device is down",
       .behaviours = { 110 })
{
	struct link_watch *watch = link_watch_open();

	EXPECT_OK(tun_set_persist(self->t.fd, 1));
	EXPECT_OK(tun_set_owner(self->t.fd, geteuid()));
	EXPECT_OK(tun_set_group(self->t.fd, getegid()));
	EXPECT_OK(tun_set_persist(self->t.fd, 0));
	EXPECT_EQ(0, link_watch_count(watch, "p0", 0));
	link_watch_close(watch);
}

TEST_F(persist, keeps_settings,
       .title = "persistence, owner, group and address are those of before the close",
       .behaviours = { 97, 98 })
{
	struct link before, after;

	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	ASSERT_OK(tun_set_owner(self->t.fd, geteuid()));
	ASSERT_OK(tun_set_group(self->t.fd, getegid()));
	ASSERT_OK(link_get("p0", &before));
	reattach(&self->t);
	ASSERT_OK(link_get("p0", &after));

	EXPECT_EQ(1, after.data[TUN_LINK_PERSIST]);
	EXPECT_TRUE(after.has_data[TUN_LINK_OWNER]);
	EXPECT_EQ(geteuid(), after.data[TUN_LINK_OWNER]);
	EXPECT_TRUE(after.has_data[TUN_LINK_GROUP]);
	EXPECT_EQ(getegid(), after.data[TUN_LINK_GROUP]);
	EXPECT_EQ(tun_is_tap(&self->t) ? 6 : 0, after.address_len);
	EXPECT_EQ(before.address_len, after.address_len);
	EXPECT_EQ(0, memcmp(before.address, after.address, sizeof(after.address)));
}

TEST_F(persist, keeps_vnet_layout,
       .title = "size and byte order of the vnet header are those of before the close",
       .behaviours = { 97 })
{
	int size, le;

	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	ASSERT_OK(tun_set_vnet_hdr_sz(&self->t, VNET_SIZE_MRG_RXBUF));
	ASSERT_OK(tun_get_vnet_le(self->t.fd, &le));
	ASSERT_OK(tun_set_vnet_le(self->t.fd, !le));
	reattach(&self->t);

	ASSERT_OK(tun_get_vnet_hdr_sz(self->t.fd, &size));
	EXPECT_EQ(VNET_SIZE_MRG_RXBUF, size);
	EXPECT_OK(tun_get_vnet_le(self->t.fd, &size));
	EXPECT_EQ(!le, size);
}

TEST_F(persist, keeps_statistics, .title = "counters go on where they were before the close",
       .behaviours = { 97 })
{
	struct rtnl_link_stats64 before, after;
	struct frame f;

	peer_configure(&self->t);
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	peer_udp(&self->t, &f, 4000, 4000, 100, 1);
	ASSERT_EQ(f.len, tun_send(&self->t, NULL, &f));
	before = link_stats("p0");
	ASSERT_EQ(1, before.rx_packets);
	reattach(&self->t);
	after = link_stats("p0");
	EXPECT_EQ(1, after.rx_packets);
	EXPECT_EQ(before.rx_bytes, after.rx_bytes);
	ASSERT_EQ(f.len, tun_send(&self->t, NULL, &f));
	after = link_stats("p0");
	EXPECT_EQ(2, after.rx_packets);
	EXPECT_EQ(2 * before.rx_bytes, after.rx_bytes);
}

TEST_F(persist, keeps_ethtool_settings,
       .title = "message level and rx-frames of ethtool are those of before the close",
       .behaviours = { 97, 121 }, .needs = { "ethtool" })
{
	char text[4096];

	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	tool_must("ethtool -s p0 msglvl 0x20");
	tool_must("ethtool -C p0 rx-frames 17");
	reattach(&self->t);
	EXPECT_EQ(0, tool_run(text, sizeof(text), "ethtool p0"));
	EXPECT_TRUE(strstr(text, "Current message level: 0x00000020") != NULL);
	EXPECT_EQ(0, tool_run(text, sizeof(text), "ethtool -c p0"));
	EXPECT_TRUE(strstr(text, "rx-frames:\t17\n") || strstr(text, "rx-frames: 17\n"));
}

TEST_F(persist, no_file_drops,
       .title = "what is sent without a file is dropped, and sending succeeds",
       .behaviours = { 99 })
{
	static const char payload[64] = "nobody reads this";
	struct rtnl_link_stats64 before, after;
	int fd = udp_open(NULL, 0);
	struct tun_packet p;

	peer_configure(&self->t);
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	before = link_stats("p0");
	tun_close(&self->t);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(sizeof(payload), udp_send(fd, payload, sizeof(payload), PEER_IP4, 4000));
	after = link_stats("p0");
	EXPECT_EQ(before.tx_packets, after.tx_packets);
	/*
	 * The driver counts what reaches it. Once the link watch has seen that the carrier is gone,
	 * it is the noop qdisc that drops; old kernels do not count there.
	 */
	EXPECT_GE(before.tx_dropped + 3, after.tx_dropped);
	EXPECT_EQ(before.tx_errors, after.tx_errors);

	self->t = tun_create("p0", variant->flags);
	/* The link watch may not have given the device its qdisc back yet. */
	ASSERT_TRUE(link_wait_running("p0", true, TIMEOUT_MS));
	EXPECT_EQ(4, udp_send(fd, "last", 4, PEER_IP4, 4000));
	ASSERT_TRUE(tun_recv(&self->t, &p, TIMEOUT_MS));
	ASSERT_LE(4, p.len);
	EXPECT_EQ(0, memcmp(p.data + p.len - 4, "last", 4));
	EXPECT_ERRNO(EAGAIN, tun_read(&self->t, p.raw, sizeof(p.raw), 0));
	close(fd);
}

TEST(keeps_offload, .title = "the offload mask is the one of before the close",
     .behaviours = { 97 })
{
	struct tun t = tun_create("p0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);
	int fd = udp_open(NULL, 0);
	struct tun_packet p;

	peer_configure(&t);
	ASSERT_OK(tun_set_persist(t.fd, 1));
	ASSERT_OK(tun_set_offload(t.fd, TUN_F_CSUM));
	reattach(&t);
	/* A checksum left to the reader is what this offload means. */
	ASSERT_TRUE(link_wait_running("p0", true, TIMEOUT_MS));
	ASSERT_EQ(5, udp_send(fd, "hello", 5, PEER_IP4, 4000));
	ASSERT_TRUE(tun_recv(&t, &p, TIMEOUT_MS));
	EXPECT_EQ(VIRTIO_NET_HDR_F_NEEDS_CSUM, p.vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM);

	ASSERT_OK(tun_set_offload(t.fd, 0));
	ASSERT_EQ(5, udp_send(fd, "hello", 5, PEER_IP4, 4000));
	ASSERT_TRUE(tun_recv(&t, &p, TIMEOUT_MS));
	EXPECT_EQ(0, p.vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM);
	tun_close(&t);
	close(fd);
}

TEST(keeps_link_type, .title = "the link type is the one of before the close", .behaviours = { 97 })
{
	struct tun t = tun_create("p0", IFF_TUN | IFF_NO_PI);
	struct link link;

	ASSERT_OK(tun_set_persist(t.fd, 1));
	ASSERT_OK(tun_set_link(t.fd, ARPHRD_PPP));
	reattach(&t);
	ASSERT_OK(link_get("p0", &link));
	EXPECT_EQ(ARPHRD_PPP, link.type);
	tun_close(&t);
}

TEST(keeps_tx_filter, .title = "the TX filter is the one of before the close", .behaviours = { 97 },
     .needs = { "packet_socket" })
{
	static const uint8_t wanted[1][6] = { { 2, 0, 0, 0, 0, 1 } },
			     other[6] = { 2, 0, 0, 0, 0, 2 };
	struct tun t = tun_create("p0", IFF_TAP | IFF_NO_PI);
	struct tun_packet p;
	struct frame f;
	int fd;

	ASSERT_OK(link_up("p0"));
	ASSERT_OK(tun_set_persist(t.fd, 1));
	ASSERT_EQ(1, tun_set_tx_filter(t.fd, 0, 1, wanted));
	reattach(&t);
	ASSERT_TRUE(link_wait_running("p0", true, TIMEOUT_MS));

	fd = packet_open("p0", 0, 0);
	for (int i = 0; i < 2; i++) {
		frame_start(&f);
		frame_eth(&f, i ? wanted[0] : other, peer_mac, 0x88b5);
		frame_pattern(&f, 60, i);
		ASSERT_EQ(f.len, packet_send(fd, f.data, f.len));
	}
	/* The first was dropped, the second comes. */
	ASSERT_TRUE(tun_recv(&t, &p, TIMEOUT_MS));
	ASSERT_EQ(f.len, p.len);
	EXPECT_EQ(0, memcmp(f.data, p.data, f.len));
	EXPECT_ERRNO(EAGAIN, tun_read(&t, p.raw, sizeof(p.raw), 0));
	close(fd);
	tun_close(&t);
}

TEST(keeps_filter_program, .title = "the filter program is the one of before the close",
     .behaviours = { 97 }, .needs = { "bpf" })
{
	struct tun t = tun_create("p0", IFF_TUN | IFF_NO_PI);
	/* What the program returns is the length that is left: here the IPv4 header. */
	int program = bpf_load_return(BPF_PROG_TYPE_SOCKET_FILTER, 20), fd = udp_open(NULL, 0);
	struct tun_packet p;

	peer_configure(&t);
	ASSERT_OK(tun_set_persist(t.fd, 1));
	ASSERT_OK(tun_set_filter_ebpf(t.fd, program));
	close(program);
	reattach(&t);
	ASSERT_TRUE(link_wait_running("p0", true, TIMEOUT_MS));
	ASSERT_EQ(5, udp_send(fd, "hello", 5, PEER_IP4, 4000));
	ASSERT_TRUE(tun_recv(&t, &p, TIMEOUT_MS));
	EXPECT_EQ(20, p.len);
	tun_close(&t);
	close(fd);
}

/* Owner and group, which are alike. */
FIXTURE(persist_id)
{
	struct tun t;
	unsigned long own; /* an id that is mapped for us */
};

FIXTURE_VARIANT(persist_id)
{
	int (*set)(int fd, unsigned long id);
	int attr;
	const char *sysfs, *ip;
};

FIXTURE_VARIANT_ADD(persist_id, owner)
{
	.set = tun_set_owner,
	.attr = TUN_LINK_OWNER,
	.sysfs = "owner",
	.ip = "user",
};

FIXTURE_VARIANT_ADD(persist_id, group)
{
	.set = tun_set_group,
	.attr = TUN_LINK_GROUP,
	.sysfs = "group",
	.ip = "group",
};

FIXTURE_SETUP(persist_id)
{
	self->t = tun_create("p0", IFF_TUN | IFF_NO_PI);
	self->own = variant->set == tun_set_owner ? geteuid() : getegid();
}

FIXTURE_TEARDOWN(persist_id)
{
	tun_close(&self->t);
}

TEST_F(persist_id, unset,
       .title = "without an owner or group rtnetlink and ip show none, and sysfs -1",
       .behaviours = { 109 }, .needs = { "sysfs", "iproute2" })
{
	char path[64];
	struct link link;
	json_t *json;

	ASSERT_OK(link_get("p0", &link));
	EXPECT_FALSE(link.has_data[variant->attr]);
	EXPECT_STREQ("-1", sysfs_get("p0", variant->sysfs));
	json = tool_ip_link("p0");
	snprintf(path, sizeof(path), "linkinfo.info_data.%s", variant->ip);
	EXPECT_NULL(tool_get(json, path));
	json_decref(json);
}

/* `ip` shows a name where there is one. */
static bool ip_shows(json_t *json, const char *path, unsigned long id)
{
	const char *name = tool_get_string(json, path);
	struct passwd *user = getpwuid(id);
	struct group *group = getgrgid(id);

	if (tool_get_int(json, path) == id)
		return true;
	return strstr(path, "user") ? user && !strcmp(user->pw_name, name) :
				      group && !strcmp(group->gr_name, name);
}

TEST_F(persist_id, id_shown,
       .title = "rtnetlink, ip and sysfs show the owner or group that was set",
       .behaviours = { 101, 102, 109 }, .needs = { "sysfs", "iproute2" })
{
	char path[64], expected[64];
	struct link link;
	json_t *json;

	ASSERT_OK(variant->set(self->t.fd, self->own));
	ASSERT_OK(link_get("p0", &link));
	EXPECT_TRUE(link.has_data[variant->attr]);
	EXPECT_EQ(self->own, link.data[variant->attr]);
	snprintf(expected, sizeof(expected), "%lu", self->own);
	EXPECT_STREQ(expected, sysfs_get("p0", variant->sysfs));
	json = tool_ip_link("p0");
	snprintf(path, sizeof(path), "linkinfo.info_data.%s", variant->ip);
	EXPECT_TRUE(ip_shows(json, path, self->own));
	json_decref(json);
	/* ... and not the other one of the two. */
	EXPECT_FALSE(link.has_data[TUN_LINK_OWNER + TUN_LINK_GROUP - variant->attr]);
}

TEST_F(persist_id, another, .title = "an owner or group can be replaced by another",
       .behaviours = { 101, 102, 109 }, .needs = { "second_uid" })
{
	struct link link;

	ASSERT_OK(variant->set(self->t.fd, self->own));
	ASSERT_OK(variant->set(self->t.fd, 1000));
	ASSERT_OK(link_get("p0", &link));
	EXPECT_EQ(1000, link.data[variant->attr]);
}

TEST_F(persist_id, not_cleared,
       .title = "-1 for the owner or group gives EINVAL and changes nothing",
       .behaviours = { 101, 102 })
{
	struct link link;

	EXPECT_ERRNO(EINVAL, variant->set(self->t.fd, -1));
	ASSERT_OK(link_get("p0", &link));
	EXPECT_FALSE(link.has_data[variant->attr]);

	ASSERT_OK(variant->set(self->t.fd, self->own));
	EXPECT_ERRNO(EINVAL, variant->set(self->t.fd, -1));
	/* uid_t has 32 bits, so this is -1 as well. */
	EXPECT_ERRNO(EINVAL, variant->set(self->t.fd, 0xffffffffUL));
	ASSERT_OK(link_get("p0", &link));
	EXPECT_TRUE(link.has_data[variant->attr]);
	EXPECT_EQ(self->own, link.data[variant->attr]);
}

TEST_F(persist_id, low_32_bits, .title = "only the low 32 bits of the argument count",
       .behaviours = { 103 })
{
	struct link link;

	if (sizeof(long) == 4)
		SKIP(return, "the argument has 32 bits here");
	EXPECT_OK(variant->set(self->t.fd, (unsigned long)(5ULL << 32) | self->own));
	ASSERT_OK(link_get("p0", &link));
	EXPECT_EQ(self->own, link.data[variant->attr]);
	EXPECT_ERRNO(EINVAL, variant->set(self->t.fd, (unsigned long)0x1ffffffffULL));
}

TEST_F(persist_id, event,
       .title = "every TUNSETOWNER and TUNSETGROUP on a device that is up is a link event",
       .behaviours = { 110 })
{
	struct link_watch *watch = link_watch_open();
	struct link_event event;

	ASSERT_OK(link_up("p0"));
	while (link_watch_next(watch, "p0", 0, &event))
		;
	/* The second time, too, when nothing changes. */
	for (int i = 0; i < 2; i++) {
		EXPECT_OK(variant->set(self->t.fd, self->own));
		ASSERT_TRUE(link_watch_next(watch, "p0", 0, &event));
		EXPECT_EQ(RTM_NEWLINK, event.type);
		EXPECT_TRUE(event.link.has_data[variant->attr]);
		EXPECT_EQ(self->own, event.link.data[variant->attr]);
		EXPECT_FALSE(link_watch_next(watch, "p0", 0, &event));
	}
	EXPECT_ERRNO(EINVAL, variant->set(self->t.fd, -1));
	EXPECT_FALSE(link_watch_next(watch, "p0", 0, &event));
	link_watch_close(watch);
}

/* What a child in another user namespace needs to know. */
struct other_reader {
	const FIXTURE_VARIANT(persist_id) * variant;
	int fd;
};

static void set_unmapped(struct __test_metadata *_metadata, void *arg)
{
	const struct other_reader *r = arg;

	EXPECT_ERRNO(EINVAL, r->variant->set(r->fd, 5));
	EXPECT_OK(r->variant->set(r->fd, 0));
}

TEST_F(persist_id, unmapped,
       .title = "ids are those of the caller's user namespace, one it lacks is EINVAL",
       .behaviours = { 101, 102, 111 }, .needs = { "user_namespaces" })
{
	struct other_reader r = { variant, self->t.fd };
	struct link link;

	creds_userns_child(_metadata, 0, set_unmapped, &r);
	/* The child's 0 is what we are. */
	ASSERT_OK(link_get("p0", &link));
	EXPECT_TRUE(link.has_data[variant->attr]);
	EXPECT_EQ(self->own, link.data[variant->attr]);
}

static void read_unmapped(struct __test_metadata *_metadata, void *arg)
{
	const struct other_reader *r = arg;
	struct link link;

	/* 65534 unless somebody changed /proc/sys/kernel/overflowuid or -gid. */
	ASSERT_OK(link_get("p0", &link));
	EXPECT_EQ(65534, link.data[r->variant->attr]);
	EXPECT_STREQ("65534", sysfs_get("p0", r->variant->sysfs));
}

TEST_F(persist_id, overflow,
       .title = "a reader whose user namespace lacks the owner or group sees the overflow id",
       .behaviours = { 109 }, .needs = { "second_uid", "sysfs", "user_namespaces" })
{
	struct other_reader r = { variant, self->t.fd };

	ASSERT_OK(variant->set(self->t.fd, 1000));
	creds_userns_child(_metadata, 0, read_unmapped, &r);
}
