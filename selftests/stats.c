// SPDX-License-Identifier: GPL-2.0-only
/* The counters of a device: what counts, when, and that all who show them agree. */
#include <poll.h>
#include <stdio.h>
#include <unistd.h>
#include <linux/filter.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/sock.h"
#include "netns/sysfs.h"
#include "netns/tool.h"

#define WAIT_MS 2000
#define PORT	7

FIXTURE(stats)
{
	struct tun t;
	int udp; /* the kernel's socket at KERNEL_IP4:PORT */
	size_t headers;
};

FIXTURE_VARIANT(stats)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(stats, tun){ IFF_TUN | IFF_NO_PI };
FIXTURE_VARIANT_ADD(stats, tun_pi){ IFF_TUN };
FIXTURE_VARIANT_ADD(stats, tap){ IFF_TAP | IFF_NO_PI };
FIXTURE_VARIANT_ADD(stats, tap_pi_vnet){ IFF_TAP | IFF_VNET_HDR };

FIXTURE_SETUP(stats)
{
	self->t = peer_create("t0", variant->flags);
	self->udp = udp_open(KERNEL_IP4, PORT);
	self->headers = tun_header_size(&self->t);
}

FIXTURE_TEARDOWN(stats)
{
	close(self->udp);
	tun_close(&self->t);
}

TEST_F(stats, written,
       .title = "a frame written counts in rx_packets, its bytes without headers in rx_bytes",
       .behaviours = { 392 })
{
	uint64_t packets = 0, bytes = 0;
	struct rtnl_link_stats64 stats;
	static struct frame f;

	for (size_t len = 0; len <= 8000; len += 1000) {
		peer_udp(&self->t, &f, 4000, PORT, len, 1);
		ASSERT_EQ(self->headers + f.len, tun_send(&self->t, NULL, &f));
		packets++;
		bytes += f.len;
		stats = link_stats("t0");
		EXPECT_EQ(packets, stats.rx_packets);
		EXPECT_EQ(bytes, stats.rx_bytes);
	}
	EXPECT_EQ(0, stats.rx_dropped);
	EXPECT_EQ(0, stats.tx_packets);
}

TEST_F(stats, read,
       .title = "a packet counts in tx_packets when it is read, its bytes without headers",
       .behaviours = { 393, 394 })
{
	size_t size = self->headers + peer_udp_size(&self->t, 100);
	struct rtnl_link_stats64 stats;
	uint8_t buf[256];

	kernel_udp(self->udp, 4000, 100, 1);
	kernel_udp(self->udp, 4000, 100, 1);
	ASSERT_EQ(POLLIN, sock_wait(self->t.fd, POLLIN, WAIT_MS));
	stats = link_stats("t0");
	EXPECT_EQ(0, stats.tx_packets);
	EXPECT_EQ(0, stats.tx_bytes);

	ASSERT_EQ(size, tun_read(&self->t, buf, sizeof(buf), WAIT_MS));
	stats = link_stats("t0");
	EXPECT_EQ(1, stats.tx_packets);
	EXPECT_EQ(peer_udp_size(&self->t, 100), stats.tx_bytes);

	ASSERT_EQ(size, tun_read(&self->t, buf, sizeof(buf), WAIT_MS));
	stats = link_stats("t0");
	EXPECT_EQ(2, stats.tx_packets);
	EXPECT_EQ(2 * peer_udp_size(&self->t, 100), stats.tx_bytes);
	EXPECT_EQ(0, stats.rx_packets);
}

TEST_F(stats, read_truncated,
       .title = "a packet that was cut by the buffer counts with all its bytes",
       .behaviours = { 393 })
{
	struct rtnl_link_stats64 stats;
	uint8_t buf[256];

	kernel_udp(self->udp, 4000, 100, 1);
	ASSERT_EQ(self->headers + 1, tun_read(&self->t, buf, self->headers + 1, WAIT_MS));
	stats = link_stats("t0");
	EXPECT_EQ(1, stats.tx_packets);
	EXPECT_EQ(peer_udp_size(&self->t, 100), stats.tx_bytes);
}

/*
 * A TUN on which every counter of the driver's has moved, each by a number of its own:
 * rx_packets 5, rx_dropped 4, rx_frame_errors 3, tx_packets 2, tx_dropped 1.
 */
static struct tun busy_device(void)
{
	struct tun t = peer_create("t0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE);
	int udp = udp_open(KERNEL_IP4, PORT);
	struct vnet bad = { .gso_type = 0x7f };
	uint8_t buf[256] = { 0x55 };
	static struct frame f;
	bool ok = true;

	peer_udp(&t, &f, 4000, PORT, 100, 1);
	for (int i = 0; i < 5; i++)
		ok &= tun_send(&t, NULL, &f) > 0;
	for (int i = 0; i < 4; i++) /* no IP version */
		ok &= tun_send_hdr(&t, NULL, NULL, buf, 20) < 0;
	for (int i = 0; i < 3; i++)
		ok &= tun_send(&t, &bad, &f) < 0;
	for (int i = 0; i < 2; i++) {
		kernel_udp(udp, 4000, 70, 1);
		ok &= tun_read(&t, buf, sizeof(buf), WAIT_MS) > 0;
	}
	ok &= !tun_set_queue(t.fd, IFF_DETACH_QUEUE);
	kernel_udp(udp, 4000, 70, 1);
	ok &= !tun_set_queue(t.fd, IFF_ATTACH_QUEUE);
	if (!ok)
		TH_BAIL("cannot make the traffic");
	close(udp);
	return t;
}

TEST(rtnetlink, .title = "rtnetlink shows each counter, and what the driver does not count stays 0",
     .behaviours = { 392, 393, 396, 397, 398, 399 }, .needs = { "multi_queue" })
{
	struct tun t = busy_device();
	struct rtnl_link_stats64 stats = link_stats("t0");

	EXPECT_EQ(5, stats.rx_packets);
	EXPECT_EQ(5 * peer_udp_size(&t, 100), stats.rx_bytes);
	EXPECT_EQ(4, stats.rx_dropped);
	EXPECT_EQ(3, stats.rx_frame_errors);
	EXPECT_EQ(2, stats.tx_packets);
	EXPECT_EQ(2 * peer_udp_size(&t, 70), stats.tx_bytes);
	EXPECT_EQ(1, stats.tx_dropped);
	EXPECT_EQ(0, stats.rx_errors);
	EXPECT_EQ(0, stats.rx_length_errors);
	EXPECT_EQ(0, stats.rx_crc_errors);
	EXPECT_EQ(0, stats.rx_missed_errors);
	EXPECT_EQ(0, stats.tx_errors);
	EXPECT_EQ(0, stats.tx_carrier_errors);
	EXPECT_EQ(0, stats.collisions);
	EXPECT_EQ(0, stats.multicast);
	tun_close(&t);
}

TEST(proc_net_dev, .title = "/proc/net/dev shows the same counters as rtnetlink",
     .behaviours = { 402 }, .needs = { "multi_queue" })
{
	struct tun t = busy_device();
	struct rtnl_link_stats64 stats = link_stats("t0");
	unsigned long long v[16];
	char line[512];
	int n = 0;
	FILE *f = fopen("/proc/thread-self/net/dev", "re");

	ASSERT_TRUE(f != NULL);
	while (n != 16 && fgets(line, sizeof(line), f))
		n = sscanf(line,
			   " t0: %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu "
			   "%llu %llu %llu",
			   &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8], &v[9],
			   &v[10], &v[11], &v[12], &v[13], &v[14], &v[15]);
	fclose(f);
	ASSERT_EQ(16, n);
	EXPECT_EQ(stats.rx_bytes, v[0]);
	EXPECT_EQ(stats.rx_packets, v[1]);
	EXPECT_EQ(stats.rx_errors, v[2]);
	EXPECT_EQ(stats.rx_dropped, v[3]);
	EXPECT_EQ(stats.rx_fifo_errors, v[4]);
	EXPECT_EQ(stats.rx_frame_errors, v[5]);
	EXPECT_EQ(stats.rx_compressed, v[6]);
	EXPECT_EQ(stats.multicast, v[7]);
	EXPECT_EQ(stats.tx_bytes, v[8]);
	EXPECT_EQ(stats.tx_packets, v[9]);
	EXPECT_EQ(stats.tx_errors, v[10]);
	EXPECT_EQ(stats.tx_dropped, v[11]);
	EXPECT_EQ(stats.tx_fifo_errors, v[12]);
	EXPECT_EQ(stats.collisions, v[13]);
	EXPECT_EQ(stats.tx_carrier_errors, v[14]);
	EXPECT_EQ(stats.tx_compressed, v[15]);
	EXPECT_EQ(5, v[1]);
	tun_close(&t);
}

static uint64_t sysfs_counter(const char *name)
{
	char file[64];

	snprintf(file, sizeof(file), "statistics/%s", name);
	return sysfs_number("t0", file);
}

TEST(sysfs, .title = "sysfs shows the same counters as rtnetlink", .behaviours = { 402 },
     .needs = { "multi_queue", "sysfs" })
{
	struct tun t = busy_device();
	struct rtnl_link_stats64 stats = link_stats("t0");

	EXPECT_EQ(stats.rx_packets, sysfs_counter("rx_packets"));
	EXPECT_EQ(stats.rx_bytes, sysfs_counter("rx_bytes"));
	EXPECT_EQ(stats.rx_errors, sysfs_counter("rx_errors"));
	EXPECT_EQ(stats.rx_dropped, sysfs_counter("rx_dropped"));
	EXPECT_EQ(stats.rx_frame_errors, sysfs_counter("rx_frame_errors"));
	EXPECT_EQ(stats.tx_packets, sysfs_counter("tx_packets"));
	EXPECT_EQ(stats.tx_bytes, sysfs_counter("tx_bytes"));
	EXPECT_EQ(stats.tx_errors, sysfs_counter("tx_errors"));
	EXPECT_EQ(stats.tx_dropped, sysfs_counter("tx_dropped"));
	EXPECT_EQ(stats.multicast, sysfs_counter("multicast"));
	EXPECT_EQ(stats.collisions, sysfs_counter("collisions"));
	EXPECT_EQ(5, sysfs_counter("rx_packets"));
	tun_close(&t);
}

TEST(ip_tool, .title = "`ip -s -s link` shows the same counters as rtnetlink",
     .behaviours = { 398, 402 }, .needs = { "multi_queue", "iproute2" })
{
	struct tun t = busy_device();
	struct rtnl_link_stats64 stats = link_stats("t0");
	json_t *json = tool_json("ip -s -s -j link show t0");
	json_t *rx = tool_get(json, "0.stats64.rx"), *tx = tool_get(json, "0.stats64.tx");

	EXPECT_EQ(stats.rx_packets, tool_get_int(rx, "packets"));
	EXPECT_EQ(stats.rx_bytes, tool_get_int(rx, "bytes"));
	EXPECT_EQ(stats.rx_errors, tool_get_int(rx, "errors"));
	EXPECT_EQ(stats.rx_dropped, tool_get_int(rx, "dropped"));
	EXPECT_EQ(stats.rx_frame_errors, tool_get_int(rx, "frame_errors"));
	EXPECT_EQ(stats.multicast, tool_get_int(rx, "multicast"));
	EXPECT_EQ(stats.tx_packets, tool_get_int(tx, "packets"));
	EXPECT_EQ(stats.tx_bytes, tool_get_int(tx, "bytes"));
	EXPECT_EQ(stats.tx_errors, tool_get_int(tx, "errors"));
	EXPECT_EQ(stats.tx_dropped, tool_get_int(tx, "dropped"));
	EXPECT_EQ(stats.collisions, tool_get_int(tx, "collisions"));
	EXPECT_EQ(5, tool_get_int(rx, "packets"));
	json_decref(json);
	tun_close(&t);
}

TEST(ethtool, .title = "the driver has no statistics of its own for `ethtool -S`",
     .behaviours = { 401 }, .needs = { "ethtool" })
{
	struct tun t = tun_create("t0", IFF_TAP | IFF_NO_PI);
	char out[512];

	EXPECT_NE(0, tool_run(out, sizeof(out), "ethtool -S t0"));
	EXPECT_TRUE(strstr(out, "no stats available") != NULL)
	{
		TH_LOG("ethtool said: %s", out);
	}
	tun_close(&t);
}

FIXTURE(vnet)
{
	struct tun t;
};

FIXTURE_VARIANT(vnet)
{
	unsigned int type;
};

FIXTURE_VARIANT_ADD(vnet, tun){ IFF_TUN };
FIXTURE_VARIANT_ADD(vnet, tap){ IFF_TAP };

FIXTURE_SETUP(vnet)
{
	self->t = peer_create("t0", variant->type | IFF_NO_PI | IFF_VNET_HDR);
}

FIXTURE_TEARDOWN(vnet)
{
	tun_close(&self->t);
}

TEST_F(vnet, frame_errors,
       .title = "a vnet header refused counts in rx_frame_errors of a TUN, of a TAP nowhere",
       .behaviours = { 397, 398, 399 })
{
	struct vnet bad = { .gso_type = 0x7f };
	struct rtnl_link_stats64 stats;
	static struct frame f;

	peer_udp(&self->t, &f, 4000, PORT, 100, 1);
	for (int i = 1; i <= 3; i++) {
		EXPECT_ERRNO(EINVAL, tun_send(&self->t, &bad, &f));
		stats = link_stats("t0");
		EXPECT_EQ(tun_is_tap(&self->t) ? 0 : i, stats.rx_frame_errors);
	}
	EXPECT_EQ(0, stats.rx_errors);
	EXPECT_EQ(0, stats.rx_dropped);
	EXPECT_EQ(0, stats.rx_packets);
}

TEST_F(vnet, bad_length, .title = "lengths that are refused before the frame is read count nowhere",
       .behaviours = { 397 })
{
	struct vnet too_long = { .hdr_len = 200 };
	struct rtnl_link_stats64 stats;
	uint8_t buf[64] = { 0x45 };

	EXPECT_ERRNO(EINVAL, tun_write(&self->t, buf, 9));
	EXPECT_ERRNO(EINVAL, tun_send_hdr(&self->t, NULL, &too_long, buf, sizeof(buf)));
	if (tun_is_tap(&self->t))
		EXPECT_ERRNO(EINVAL, tun_write(&self->t, buf, 10 + 13));
	stats = link_stats("t0");
	EXPECT_EQ(0, stats.rx_dropped);
	EXPECT_EQ(0, stats.rx_errors);
	EXPECT_EQ(0, stats.rx_frame_errors);
	EXPECT_EQ(0, stats.rx_packets);
}

TEST(multicast, .title = "multicast and broadcast frames count like any other, not in multicast",
     .behaviours = { 392, 399 })
{
	struct tun t = peer_create("t0", IFF_TAP | IFF_NO_PI);
	static const uint8_t group[6] = { 0x01, 0x00, 0x5e, 0, 0, 1 };
	struct rtnl_link_stats64 stats;
	static struct frame f;

	peer_udp(&t, &f, 4000, PORT, 100, 1);
	memcpy(f.data, group, 6);
	EXPECT_EQ(f.len, tun_send(&t, NULL, &f));
	memset(f.data, 0xff, 6);
	EXPECT_EQ(f.len, tun_send(&t, NULL, &f));
	stats = link_stats("t0");
	EXPECT_EQ(2, stats.rx_packets);
	EXPECT_EQ(2 * f.len, stats.rx_bytes);
	EXPECT_EQ(0, stats.multicast);
	tun_close(&t);
}

TEST(no_queue, .title = "a packet sent while all queues are detached counts in tx_dropped",
     .behaviours = { 210, 396 }, .needs = { "multi_queue" }, .guards = { "9871a9e47a26" })
{
	struct tun t = peer_create("t0", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE);
	int udp = udp_open(KERNEL_IP4, PORT);
	uint8_t buf[64];

	ASSERT_OK(tun_set_queue(t.fd, IFF_DETACH_QUEUE));
	for (int i = 1; i <= 3; i++) {
		kernel_udp(udp, 4000, 100, 1);
		EXPECT_EQ(i, link_stats("t0").tx_dropped);
	}
	EXPECT_ERRNO(EAGAIN, read(t.fd, buf, sizeof(buf)));
	EXPECT_EQ(0, link_stats("t0").tx_packets);
	close(udp);
	tun_close(&t);
}

TEST(filtered, .title = "a packet refused by the address or the socket filter counts in tx_dropped",
     .behaviours = { 396 })
{
	static const uint8_t other[1][6] = { { 0x02, 0, 0, 0, 0x09, 0x77 } };
	struct sock_filter none[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	struct sock_fprog prog = { 1, none };
	struct tun t = peer_create("t0", IFF_TAP | IFF_NO_PI);
	int udp = udp_open(KERNEL_IP4, PORT);
	uint8_t buf[256];

	ASSERT_EQ(1, tun_set_tx_filter(t.fd, 0, 1, other));
	kernel_udp(udp, 4000, 100, 1);
	EXPECT_EQ(1, link_stats("t0").tx_dropped);
	ASSERT_OK(tun_set_tx_filter(t.fd, 0, 0, NULL));

	ASSERT_OK(tun_attach_filter(t.fd, &prog));
	kernel_udp(udp, 4000, 100, 1);
	EXPECT_EQ(2, link_stats("t0").tx_dropped);
	ASSERT_OK(tun_detach_filter(t.fd));

	kernel_udp(udp, 4000, 101, 1);
	EXPECT_EQ(peer_udp_size(&t, 101), tun_read(&t, buf, sizeof(buf), WAIT_MS));
	EXPECT_EQ(2, link_stats("t0").tx_dropped);
	close(udp);
	tun_close(&t);
}

TEST(full, .title = "with the queue full each packet sent is either read or counted in tx_dropped",
     .behaviours = { 396 })
{
	struct tun t = peer_create("t0", IFF_TUN | IFF_NO_PI);
	int udp = udp_open(KERNEL_IP4, PORT), n = 0;
	struct rtnl_link_stats64 stats;
	uint8_t buf[256];

	ASSERT_OK(link_set_txqueuelen("t0", 10));
	for (int i = 0; i < 40; i++)
		kernel_udp(udp, 4000, 100, 1);
	while (read(t.fd, buf, sizeof(buf)) > 0)
		n++;
	stats = link_stats("t0");
	EXPECT_EQ(10, n);
	EXPECT_EQ(n, stats.tx_packets);
	EXPECT_EQ(40 - n, stats.tx_dropped);
	close(udp);
	tun_close(&t);
}

/* What a device that does nothing must keep. */
static bool same_counters(const struct rtnl_link_stats64 *a, const struct rtnl_link_stats64 *b)
{
	return a->rx_packets == b->rx_packets && a->rx_bytes == b->rx_bytes &&
	       a->rx_dropped == b->rx_dropped && a->rx_frame_errors == b->rx_frame_errors &&
	       a->tx_packets == b->tx_packets && a->tx_bytes == b->tx_bytes &&
	       a->tx_dropped == b->tx_dropped;
}

TEST(survive, .title = "counters outlive detach, link down, the last close and the next attach",
     .behaviours = { 400 }, .needs = { "multi_queue" })
{
	struct tun t = busy_device();
	struct rtnl_link_stats64 before = link_stats("t0"), after;

	ASSERT_OK(tun_set_queue(t.fd, IFF_DETACH_QUEUE));
	after = link_stats("t0");
	EXPECT_TRUE(same_counters(&before, &after));
	ASSERT_OK(tun_set_queue(t.fd, IFF_ATTACH_QUEUE));
	after = link_stats("t0");
	EXPECT_TRUE(same_counters(&before, &after));

	ASSERT_OK(link_down("t0"));
	ASSERT_OK(tun_set_persist(t.fd, 1));
	tun_close(&t);
	after = link_stats("t0");
	EXPECT_TRUE(same_counters(&before, &after));
	t = tun_create("t0", t.flags);
	ASSERT_OK(link_up("t0"));
	after = link_stats("t0");
	EXPECT_TRUE(same_counters(&before, &after));
	ASSERT_OK(tun_set_persist(t.fd, 0));
	tun_close(&t);
}
