// SPDX-License-Identifier: GPL-2.0-only
/*
 * Settings that change under traffic. A device has three queues, one of each kind, which a writer,
 * a reader and a poller use; the kernel sends numbered datagrams to them, and one more thread
 * changes settings all the time. Whatever it changes, nobody gets a result that may not be, and of
 * each queue the numbers come in order, none twice.
 */
#include <fcntl.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_link.h>

#include "device/frame.h"
#include "device/peer.h"
#include "device/race.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/clock.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/packet.h"
#include "netns/program.h"

#define VNET_SIZE  VNET_SIZE_LEGACY
#define QUEUES	   3
#define FLOWS	   16
#define PORT	   4000
#define LARGEST	   1514
#define TIMEOUT_MS 20000
#define CHANGES	   8
#define NAME	   "a0"

struct traffic {
	struct tun queue[QUEUES];
	int packet;			/* a socket that sends past the qdisc */
	struct frame flow[FLOWS];	/* what it sends */
	int64_t last[QUEUES];		/* number that each queue read last, -1 for none */
	int home, away;			/* namespaces */
	ssize_t (*const *change)(struct race_role *role);
};

static const uint8_t multicast[2][6] = {
	{ 0x01, 0x00, 0x5e, 0x00, 0x00, 0x01 },
	{ 0x01, 0x00, 0x5e, 0x00, 0x00, 0x02 },
};

static struct tun *queue(struct race_role *role, int i)
{
	struct traffic *traffic = role->arg;

	return &traffic->queue[i];
}

static int any_queue(struct race_role *role)
{
	return queue(role, race_random(role, QUEUES))->fd;
}

/* --- the traffic --------------------------------------------------------------------------- */

/* A frame of any length, from the peer to nobody. */
static ssize_t write_frame(struct race_role *role)
{
	uint8_t buf[VNET_SIZE + LARGEST] = { 0 };
	size_t len = VNET_SIZE + 60 + race_random(role, LARGEST - 60 + 1);

	memset(buf + VNET_SIZE, 2, 12);
	buf[VNET_SIZE + 12] = ETH_P_LOCAL >> 8;
	buf[VNET_SIZE + 13] = ETH_P_LOCAL & 0xff;
	return race_result(write(any_queue(role), buf, len), len);
}

/* A wrong number is given as the result. */
static ssize_t read_frame(struct race_role *role)
{
	struct traffic *traffic = role->arg;
	int i = race_random(role, QUEUES);
	uint8_t buf[2048];
	const uint8_t *frame = buf + VNET_SIZE;
	uint32_t number;
	struct parsed p;
	ssize_t n = read(traffic->queue[i].fd, buf, sizeof(buf));

	if (n <= VNET_SIZE)
		return n ? n : 1;
	n -= VNET_SIZE;
	/*
	 * What XDP sends back is not ours, nor what IPv6 says where it cannot be turned off; and a
	 * filter may have cut the number off.
	 */
	if (!frame_parse(frame, n, true, &p) || p.ip_version != 4 || p.dport != PORT ||
	    n < p.payload + (ssize_t)sizeof(number))
		return 0;
	memcpy(&number, frame + p.payload, sizeof(number));
	if (number <= traffic->last[i])
		return number ? number : 1;
	traffic->last[i] = number;
	return 0;
}

static ssize_t poll_queues(struct race_role *role)
{
	struct traffic *traffic = role->arg;
	struct pollfd p[QUEUES];
	int n;

	for (int i = 0; i < QUEUES; i++)
		p[i] = (struct pollfd){ .fd = traffic->queue[i].fd, .events = POLLIN | POLLOUT };
	n = poll(p, QUEUES, 2);
	for (int i = 0; i < QUEUES; i++)
		if (p[i].revents & (POLLNVAL | POLLHUP | POLLERR))
			return p[i].revents;
	return n < 0 ? -1 : 0;
}

/* The next number, in one of the flows. */
static ssize_t send_number(struct race_role *role)
{
	struct traffic *traffic = role->arg;
	struct frame *f = &traffic->flow[race_random(role, FLOWS)];

	memcpy(f->data + f->payload, &role->number, sizeof(role->number));
	role->number++;
	return race_result(send(role->fd, f->data, f->len, 0), f->len);
}

/* --- the settings -------------------------------------------------------------------------- */

static ssize_t set_txqueuelen(struct race_role *role)
{
	static const uint32_t lengths[] = { 1, 8, 3, 500, 50, 1000, 16, 200 };

	return link_set_txqueuelen(NAME, lengths[race_random(role, ARRAY_SIZE(lengths))]);
}

static ssize_t set_mtu(struct race_role *role)
{
	return link_set_mtu(NAME, 68 + race_random(role, 9000));
}

static ssize_t set_carrier(struct race_role *role)
{
	return tun_set_carrier(queue(role, 0)->fd, race_random(role, 2));
}

static ssize_t set_sndbuf(struct race_role *role)
{
	static const int sizes[] = { 1, 2000, 100000, INT32_MAX };

	return tun_set_sndbuf(queue(role, 0)->fd, sizes[race_random(role, ARRAY_SIZE(sizes))]);
}

static ssize_t set_offload(struct race_role *role)
{
	static const unsigned int masks[] = { 0, TUN_F_CSUM, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 };

	return tun_set_offload(queue(role, 0)->fd, masks[race_random(role, ARRAY_SIZE(masks))]);
}

static ssize_t set_endian(struct race_role *role)
{
	return tun_set_vnet_le(queue(role, 1)->fd, race_random(role, 2));
}

static ssize_t set_hwaddr(struct race_role *role)
{
	const uint8_t address[6] = { 2, 0, 0, 0, 0, race_random(role, 256) };

	return tun_set_hwaddr(queue(role, 0)->fd, ARPHRD_ETHER, address, sizeof(address));
}

/* The type can be set only while the device is down. */
static ssize_t set_link(struct race_role *role)
{
	static const int types[] = { ARPHRD_NONE, ARPHRD_PPP, ARPHRD_ETHER };

	if (link_down(NAME) ||
	    tun_set_link(queue(role, 0)->fd, types[race_random(role, ARRAY_SIZE(types))]))
		return -1;
	return tun_set_link(queue(role, 0)->fd, ARPHRD_ETHER) || link_up(NAME) ? -1 : 0;
}

static ssize_t set_txfilter(struct race_role *role)
{
	int n = race_random(role, 3);

	return tun_set_tx_filter(queue(role, 0)->fd, 0, n, multicast) == n ? 0 : -1;
}

static ssize_t set_classic_filter(struct race_role *role)
{
	/* Nothing, only the start of it, all */
	const uint32_t keep[] = { 0, 30, UINT32_MAX };
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, keep[race_random(role, 3)]);
	struct sock_fprog program = { .len = 1, .filter = &code };

	if (race_random(role, 3))
		return tun_attach_filter(queue(role, 0)->fd, &program);
	return tun_detach_filter(queue(role, 0)->fd);
}

/*
 * Loads a program, gives it to @set, and leaves it to the device alone. role->number is the
 * identity of the last one.
 */
static ssize_t set_program(struct race_role *role, enum bpf_prog_type type, int32_t value,
			   int (*set)(int fd, int program))
{
	int program = race_random(role, 4) ? bpf_load_return(type, value) : -1;
	int result = set(queue(role, 0)->fd, program);

	if (program < 0)
		return result;
	role->number = program_id(program);
	close(program);
	return result;
}

static ssize_t set_steering(struct race_role *role)
{
	return set_program(role, BPF_PROG_TYPE_SOCKET_FILTER, race_random(role, 5),
			   tun_set_steering_ebpf);
}

static ssize_t set_filter(struct race_role *role)
{
	static const int32_t keep[] = { 0, 30, INT32_MAX };

	return set_program(role, BPF_PROG_TYPE_SOCKET_FILTER, keep[race_random(role, 3)],
			   tun_set_filter_ebpf);
}

static int put_xdp(int fd __UNUSED, int program)
{
	return link_set_xdp(NAME, program, XDP_FLAGS_DRV_MODE);
}

static ssize_t set_xdp(struct race_role *role)
{
	static const int32_t actions[] = { XDP_PASS, XDP_DROP, XDP_TX };

	return set_program(role, BPF_PROG_TYPE_XDP, actions[race_random(role, 3)], put_xdp);
}

/* A queue more, with options of its own, which goes at once. */
static ssize_t attach_another(struct race_role *role)
{
	static const unsigned int flags[] = { 0, IFF_NAPI, IFF_NO_PI, IFF_VNET_HDR };
	int fd = tun_open(), result;

	result = tun_set_iff(fd, NAME,
			     IFF_TAP | IFF_MULTI_QUEUE | flags[race_random(role, 4)]);
	close(fd);
	return result;
}

static ssize_t detach_and_attach(struct race_role *role)
{
	int fd = any_queue(role);

	return tun_set_queue(fd, IFF_DETACH_QUEUE) || tun_set_queue(fd, IFF_ATTACH_QUEUE) ? -1 : 0;
}

/* There and back. It is up again at home alone. */
static ssize_t move(struct race_role *role)
{
	struct traffic *traffic = role->arg;
	ssize_t result = -1;

	if (link_set_netns(NAME, traffic->away))
		return -1;
	netns_enter(traffic->away);
	if (!link_up(NAME))
		result = link_set_netns(NAME, traffic->home);
	netns_enter(traffic->home);
	return result || link_up(NAME) ? -1 : 0;
}

static ssize_t look(struct race_role *role)
{
	struct link link;
	struct ifreq ifr;
	char path[48], text[512];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", queue(role, 1)->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text)) <= 0)
		return -1;
	close(fd);
	return tun_get_iff(queue(role, 2)->fd, &ifr) || link_get(NAME, &link) ? -1 : 0;
}

/* --- the race ------------------------------------------------------------------------------ */

FIXTURE(race_setting)
{
	int links; /* before */
	struct traffic traffic;
};

FIXTURE_VARIANT(race_setting)
{
	ssize_t (*change[CHANGES])(struct race_role *role);
	const char *needs;
	bool loads_programs;
	bool down;  /* the device is, at times */
	int writer; /* what comes of it for those who write */
};

/* What sets a value and no more. */
FIXTURE_VARIANT_ADD(race_setting, values)
{
	.change = { set_mtu, set_offload, set_endian, set_hwaddr, set_txfilter, set_carrier,
		    set_sndbuf, look },
	.writer = EAGAIN,
};
FIXTURE_VARIANT_ADD(race_setting, queues)
{
	.change = { set_txqueuelen, detach_and_attach, attach_another }, .writer = EBUSY,
};
FIXTURE_VARIANT_ADD(race_setting, filters)
{
	.change = { set_steering, set_filter, set_classic_filter }, .needs = "bpf",
	.loads_programs = true,
};
FIXTURE_VARIANT_ADD(race_setting, xdp)
{
	.change = { set_xdp, set_xdp, attach_another }, .needs = "xdp", .loads_programs = true,
};
FIXTURE_VARIANT_ADD(race_setting, link_type) { .change = { set_link }, .down = true };
FIXTURE_VARIANT_ADD(race_setting, netns)
{
	.change = { move }, .needs = "net_namespaces", .down = true,
};

static void make_flows(struct traffic *traffic)
{
	static const uint8_t any[6] = { 0x02, 0x00, 0x00, 0x00, 0x09, 0x01 };
	uint32_t number = 0;

	for (int i = 0; i < FLOWS; i++) {
		struct frame *f = &traffic->flow[i];

		frame_start(f);
		frame_eth(f, i % 4 ? peer_mac : multicast[i % 2], any, ETHERTYPE_IP);
		frame_ipv4(f, KERNEL_IP4, PEER_IP4, IPPROTO_UDP);
		frame_udp(f, PORT + i, PORT);
		frame_payload(f, &number, sizeof(number));
		frame_finish(f);
	}
}

FIXTURE_SETUP(race_setting)
{
	const unsigned int common = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE;
	/* Frames in fragments are for those alone who may, in the initial user namespace. */
	const unsigned int frags = harness_feature("init_net_admin") ? IFF_NAPI_FRAGS : 0;
	struct traffic *traffic = &self->traffic;

	if (variant->needs && !harness_feature(variant->needs))
		SKIP(return, "%s", harness_feature_reason(variant->needs));
	self->links = race_links();
	traffic->queue[0] = tun_create(NAME, common);
	traffic->queue[1] = tun_create(NAME, common | IFF_NAPI);
	traffic->queue[2] = tun_create(NAME, common | IFF_NAPI | frags);
	if (link_up(NAME))
		TH_BAIL(NAME " up: %s", strerror(errno));
	traffic->packet = packet_open(NAME, 0, PACKET_BYPASS);
	make_flows(traffic);
	traffic->home = netns_self();
	traffic->away = harness_feature("net_namespaces") ? netns_new() : -1;
}

FIXTURE_TEARDOWN(race_setting)
{
}

/* Any of the variant's changes. */
static ssize_t change(struct race_role *role)
{
	struct traffic *traffic = role->arg;
	int n = 0;

	while (n < CHANGES && traffic->change[n])
		n++;
	return traffic->change[race_random(role, n)](role);
}

/* The program that @role loaded last goes with the device. */
static void expect_unloaded(struct __test_metadata *_metadata, const struct race_role *role)
{
	int64_t deadline = clock_ms() + TIMEOUT_MS;

	ASSERT_LT(0, role->number);
	while (program_exists(role->number) && clock_left(deadline))
		usleep(1000);
	EXPECT_FALSE(program_exists(role->number));
}

static void run(struct __test_metadata *_metadata, FIXTURE_DATA(race_setting) *self,
		const FIXTURE_VARIANT(race_setting) *variant, int ms)
{
	struct traffic *traffic = &self->traffic;
	struct race_role roles[] = {
		{ .name = "change", .call = change },
		{ .name = "poll", .call = poll_queues },
		{ .name = "write", .call = write_frame, .may_fail = variant->down,
		  .errors = { variant->down ? EIO : variant->writer } },
		{ .name = "read", .call = read_frame, .may_fail = variant->down,
		  .errors = { EAGAIN } },
		/*
		 * ENOBUFS: the ring is full, or what is sent is not wanted. A socket whose link has
		 * gone, if only to another namespace, gets ENXIO for ever.
		 */
		{ .name = "send", .call = send_number, .fd = traffic->packet,
		  .may_fail = variant->down,
		  .errors = { ENOBUFS, variant->down ? ENETDOWN : 0, ENXIO, ENODEV } },
	};

	traffic->change = variant->change;
	for (int i = 0; i < ARRAY_SIZE(roles); i++)
		roles[i].arg = traffic;
	for (int i = 0; i < QUEUES; i++)
		traffic->last[i] = -1;
	race(_metadata, roles, ARRAY_SIZE(roles), ms);
	close(traffic->packet);
	for (int i = 0; i < QUEUES; i++)
		tun_close(&traffic->queue[i]);
	race_settled(_metadata, self->links);
	if (variant->loads_programs)
		expect_unloaded(_metadata, &roles[0]);
}

#define TITLE "a setting that changes under traffic costs nobody a result or the packets' order"

TEST_F(race_setting, under_traffic, .title = TITLE,
       .behaviours = { 575, 576, 577, 578, 580, 581 },
       .needs = { "multi_queue", "napi", "packet_socket" })
{
	run(_metadata, self, variant, RACE_MS);
}

TEST_F(race_setting, under_traffic_long, .title = TITLE,
       .behaviours = { 575, 576, 577, 578, 580, 581 },
       .needs = { "multi_queue", "napi", "packet_socket" }, .takes_long = true)
{
	run(_metadata, self, variant, RACE_LONG_MS);
}
