// SPDX-License-Identifier: GPL-2.0-only
/* Super-frames that vhost-net hands over in a batch: they meet the XDP program as skbs. */
#include <limits.h>
#include <linux/if_link.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define MSS	   500
#define PAYLOAD	   1500 /* three segments, and less than a page with all that is around it */

static void set_verdict(const char *name, int verdict)
{
	int program = bpf_load_return(BPF_PROG_TYPE_XDP, verdict);

	if (program < 0 || link_set_xdp(name, program, XDP_FLAGS_DRV_MODE))
		TH_BAIL("XDP program on %s: %s", name, strerror(errno));
	close(program);
}

TEST(super_frames,
     .title =
	     "a super-frame in a batch meets the program whole: what it passes arrives, what it drops is gone",
     .behaviours = { 434, 449 }, .needs = { "vhost", "xdp", "packet_socket" })
{
	struct vhost v;
	struct tun t = vhost_peer(&v, 0, 0);
	int ps = packet_open(t.name, ETHERTYPE_IP, 0);
	uint8_t buf[2 * PAYLOAD];
	struct rtnl_link_stats64 before;
	struct frame f;
	struct vnet vnet;

	ASSERT_OK(tun_set_sndbuf(t.fd, INT_MAX));
	peer_ipv4(&t, &f, IPPROTO_TCP);
	frame_tcp(&f, 4000, 4000, 1, 1, TH_ACK);
	frame_pattern(&f, PAYLOAD, 1);
	vnet = frame_finish_gso(&f, MSS);
	set_verdict(t.name, XDP_PASS);
	for (int i = 0; i < 3; i++) {
		vhost_send(&v, &vnet, f.data, f.len);
		ASSERT_EQ(1, vhost_used(&v, VHOST_TX, 1, TIMEOUT_MS));
		ASSERT_EQ(f.len, packet_recv(ps, buf, sizeof(buf), TIMEOUT_MS, NULL));
		EXPECT_EQ(0, memcmp(f.data, buf, f.len));
	}
	set_verdict(t.name, XDP_DROP);
	before = link_stats(t.name);
	for (int i = 0; i < 3; i++) {
		vhost_send(&v, &vnet, f.data, f.len);
		ASSERT_EQ(1, vhost_used(&v, VHOST_TX, 1, TIMEOUT_MS));
	}
	EXPECT_EQ(0, sock_wait(ps, POLLIN, 0));
	/* The driver counts what it drops itself, and nobody an skb. */
	EXPECT_EQ(0, link_stats_since(t.name, &before).rx_dropped);
	vhost_close(&v);
	tun_close(&t);
	close(ps);
}
