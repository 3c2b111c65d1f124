// SPDX-License-Identifier: GPL-2.0-only
/*
 * What this kernel's driver can do. Every probe tries the thing and looks whether it took effect;
 * none of them asks for a version.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>

#include "device/compat.h"
#include "device/macvtap.h"
#include "device/tun.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/creds.h"
#include "netns/file.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/packet.h"
#include "netns/program.h"

/* The numbers are from devices.txt. */
static bool is_tun_node(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(10, 200);
}

/* The device's file, or -1 and the reason. */
static int open_node(void)
{
	struct stat st;
	int fd = -1;

	if (!stat(TUN_NODE, &st) && !is_tun_node(&st))
		harness_missing(TUN_NODE " is not the TUN device");
	else if ((fd = open(TUN_NODE, O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0)
		harness_missing("cannot open " TUN_NODE ": %s", strerror(errno));
	return fd;
}

/* A device, or the reason why there is none; t->fd is the caller's, -1 without one. */
static bool create(struct tun *t, unsigned int flags)
{
	struct ifreq ifr;

	*t = (struct tun){ .fd = open_node(), .flags = flags };
	if (t->fd < 0)
		return false;
	if (tun_set_iff_ifr(t->fd, &ifr, NULL, flags)) {
		harness_missing("TUNSETIFF: %s", strerror(errno));
		tun_close(t);
		return false;
	}
	memcpy(t->name, ifr.ifr_name, sizeof(t->name));
	if (flags & IFF_VNET_HDR)
		t->vnet_size = VNET_SIZE_LEGACY;
	return true;
}

/* True if a device made with @flags shows all of @shown in TUNGETIFF. */
static bool shows(unsigned int flags, unsigned int shown)
{
	struct tun t;
	bool present;

	if (!create(&t, flags))
		return false;
	present = (tun_iff_flags(t.fd) & shown) == shown;
	tun_close(&t);
	return present;
}

FEATURE(tun, "kernel has no TUN device")
{
	return shows(IFF_TUN | IFF_NO_PI, IFF_TUN);
}

FEATURE(tap, "kernel has no TAP device")
{
	return shows(IFF_TAP | IFF_NO_PI, IFF_TAP);
}

FEATURE(napi, "kernel has no IFF_NAPI")
{
	return shows(IFF_TAP | IFF_NO_PI | IFF_NAPI, IFF_NAPI);
}

/* Packets of freely chosen fragments are for the owner of the whole machine only. */
FEATURE(napi_frags, "kernel has no IFF_NAPI_FRAGS")
{
	const unsigned int flags = IFF_NAPI | IFF_NAPI_FRAGS;
	struct tun t = { .fd = open_node() };
	bool present = false;

	if (t.fd < 0)
		return false;
	if (!tun_set_iff(t.fd, NULL, IFF_TAP | IFF_NO_PI | flags))
		present = (tun_iff_flags(t.fd) & flags) == flags;
	else if (errno == EPERM)
		harness_missing("no CAP_NET_ADMIN in the initial user namespace: %s",
				strerror(errno));
	else
		harness_missing("TUNSETIFF with IFF_NAPI_FRAGS: %s", strerror(errno));
	tun_close(&t);
	return present;
}

FEATURE(multi_queue, "kernel has no IFF_MULTI_QUEUE")
{
	struct tun first;
	int second;
	bool present;

	if (!create(&first, IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE))
		return false;
	second = tun_open();
	present = tun_iff_flags(first.fd) & IFF_MULTI_QUEUE &&
		  !tun_set_iff(second, first.name, IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE);
	close(second);
	tun_close(&first);
	return present;
}

static bool has_feature_bit(unsigned int bit)
{
	unsigned int features = 0;
	int fd = open_node();

	if (fd < 0)
		return false;
	if (tun_get_features(fd, &features))
		harness_missing("TUNGETFEATURES: %s", strerror(errno));
	close(fd);
	return features & bit;
}

FEATURE(no_carrier, "kernel has no IFF_NO_CARRIER")
{
	struct tun t;
	struct link link;
	bool present;

	if (!has_feature_bit(IFF_NO_CARRIER) || !create(&t, IFF_TAP | IFF_NO_PI | IFF_NO_CARRIER))
		return false;
	present = !link_get(t.name, &link) && !link.carrier;
	tun_close(&t);
	return present;
}

FEATURE(backpressure, "kernel has no IFF_BACKPRESSURE")
{
	return has_feature_bit(IFF_BACKPRESSURE) &&
	       shows(IFF_TAP | IFF_NO_PI | IFF_BACKPRESSURE, IFF_TAP);
}

static bool accepts_offload(unsigned int mask)
{
	struct tun t;
	bool present;

	if (!create(&t, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
		return false;
	present = !tun_set_offload(t.fd, mask);
	tun_close(&t);
	return present;
}

FEATURE(uso, "kernel has no TUN_F_USO4 and TUN_F_USO6")
{
	return accepts_offload(TUN_F_CSUM | TUN_F_USO4 | TUN_F_USO6);
}

FEATURE(udp_tunnel_gso, "kernel has no TUN_F_UDP_TUNNEL_GSO")
{
	return accepts_offload(TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_UDP_TUNNEL_GSO |
			       TUN_F_UDP_TUNNEL_GSO_CSUM);
}

FEATURE(vnet_be, "kernel has no TUNSETVNETBE (CONFIG_TUN_VNET_CROSS_LE)")
{
	struct tun t;
	int on = 0;
	bool present;

	if (!create(&t, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
		return false;
	present = !tun_set_vnet_be(t.fd, 1) && !tun_get_vnet_be(t.fd, &on) && on;
	tun_close(&t);
	return present;
}

FEATURE(dev_netns, "kernel has no TUNGETDEVNETNS")
{
	struct tun t;
	bool present;
	int netns;

	if (!create(&t, IFF_TAP | IFF_NO_PI))
		return false;
	netns = tun_get_dev_netns(t.fd);
	present = netns >= 0 && netns_inode(netns) == netns_inode(-1);
	if (netns >= 0)
		close(netns);
	else if (errno == EPERM)
		harness_missing("TUNGETDEVNETNS: %s", strerror(errno));
	tun_close(&t);
	return present;
}

FEATURE(nowait, "kernel has no RWF_NOWAIT on " TUN_NODE)
{
	uint8_t buf[64];
	struct iovec iov = { buf, sizeof(buf) };
	struct tun t;
	bool present;

	if (!create(&t, IFF_TAP | IFF_NO_PI))
		return false;
	present = preadv2(t.fd, &iov, 1, -1, RWF_NOWAIT) == -1 && errno == EAGAIN;
	tun_close(&t);
	return present;
}

FEATURE(usogso_write, "kernel has no VIRTIO_NET_HDR_GSO_UDP_L4 on write")
{
	struct frame f;
	struct vnet v;
	struct tun t;
	bool present;

	if (!create(&t, IFF_TUN | IFF_NO_PI | IFF_VNET_HDR))
		return false;
	if (link_up(t.name))
		TH_BAIL("cannot bring %s up: %s", t.name, strerror(errno));
	frame_start(&f);
	frame_ipv4(&f, "10.9.0.2", "10.9.0.1", IPPROTO_UDP);
	frame_udp(&f, 4000, 4000);
	frame_pattern(&f, 30, 1);
	v = frame_finish_gso(&f, 10);
	present = tun_send(&t, &v, &f) > 0;
	tun_close(&t);
	return present;
}

FEATURE(xdp, "kernel has no XDP in the driver of a TAP")
{
	int program = bpf_load_return(BPF_PROG_TYPE_XDP, XDP_PASS);
	struct tun t;
	bool present;

	if (program < 0) {
		harness_missing("bpf() loads no XDP program: %s", strerror(errno));
		return false;
	}
	if (!create(&t, IFF_TAP | IFF_NO_PI))
		return false;
	present = !link_set_xdp(t.name, program, XDP_FLAGS_DRV_MODE);
	if (!present)
		harness_missing("XDP cannot be attached to a TAP: %s", strerror(errno));
	tun_close(&t);
	close(program);
	return present;
}

FEATURE(compat, "kernel takes no system calls of 32-bit programs")
{
	return compat_works();
}

/* A TUN with a vnet header of @size bytes, up. */
static bool create_vnet_tun(struct tun *t, int size)
{
	if (!create(t, IFF_TUN | IFF_NO_PI | IFF_VNET_HDR))
		return false;
	if (tun_set_vnet_hdr_sz(t, size) || link_up(t->name))
		TH_BAIL("cannot set up %s: %s", t->name, strerror(errno));
	return true;
}

FEATURE(vnet_slack, "kernel holds hdr_len against the frame alone")
{
	struct vnet v = { .hdr_len = 22 };
	struct frame f = { .data = { 0x45 }, .len = 20 };
	struct tun t;
	bool present;

	if (!create_vnet_tun(&t, VNET_SIZE_MRG_RXBUF))
		return false;
	present = tun_send(&t, &v, &f) > 0;
	tun_close(&t);
	return present;
}

FEATURE(vnet_csum_start, "kernel takes a checksum that starts in the IP header")
{
	struct vnet v = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 19 };
	struct frame f = { .data = { 0x45 }, .len = 40 };
	struct tun t;
	bool present;

	if (!create_vnet_tun(&t, VNET_SIZE_LEGACY))
		return false;
	present = tun_send(&t, &v, &f) == -1;
	tun_close(&t);
	return present;
}

FEATURE(vnet_zeroed, "kernel leaves the rest of a vnet header alone on read")
{
	const uint8_t frame[20] = { 0x45 };
	uint8_t buf[64];
	struct tun t;
	bool present;
	int sock;

	if (!create_vnet_tun(&t, VNET_SIZE_MRG_RXBUF))
		return false;
	sock = packet_open(t.name, 0, 0);
	memset(buf, 0xaa, sizeof(buf));
	if (packet_sendto(sock, frame, sizeof(frame), ETH_P_IP) < 0 ||
	    tun_read(&t, buf, sizeof(buf), 2000) < 0)
		TH_BAIL("no packet of %s: %s", t.name, strerror(errno));
	present = !buf[VNET_SIZE_LEGACY];
	close(sock);
	tun_close(&t);
	return present;
}

FEATURE(tcp_min_gso, "kernel takes TCP segments of any size")
{
	struct vnet v = { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 1 };
	struct frame f = { .data = { 0x45 }, .len = 80 };
	uint8_t buf[128];
	struct tun t;
	int sock;

	if (!create_vnet_tun(&t, VNET_SIZE_LEGACY))
		return false;
	sock = packet_open(t.name, ETH_P_ALL, PACKET_VNET);
	if (tun_send(&t, &v, &f) < 0 || packet_recv(sock, buf, sizeof(buf), 2000, NULL) < 0)
		TH_BAIL("no GSO frame on %s: %s", t.name, strerror(errno));
	close(sock);
	tun_close(&t);
	v = vnet_decode(buf, VNET_SIZE_LEGACY, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	return v.gso_size > 1;
}

/* For the model: whoever may open the node attached to a device of nobody before CVE-2026-99281. */
FEATURE(ownerless_closed, "kernel lets anyone attach to a device without owner and group")
{
	struct tun t;
	bool closed;
	int fd;

	if (!create(&t, IFF_TUN | IFF_NO_PI))
		return false;
	fd = tun_open();
	tun_set_persist(t.fd, 1);
	tun_close(&t);
	creds_capable(false);
	closed = tun_set_iff(fd, t.name, t.flags) && errno == EPERM;
	creds_capable(true);
	close(fd);
	return closed;
}

/* A program that puts eight bytes in front of each frame drops those where it cannot. */
FEATURE(xdp_metadata, "kernel has no XDP metadata on a TAP")
{
	int program = bpf_load_xdp_metadata();
	uint8_t frame[60] = { [12] = 0x88, [13] = 0xb5 };
	struct tun t;
	bool present;

	if (program < 0 || !create(&t, IFF_TAP | IFF_NO_PI))
		return false;
	if (link_up(t.name) || link_set_xdp(t.name, program, XDP_FLAGS_DRV_MODE))
		return false;
	tun_write(&t, frame, sizeof(frame));
	present = link_stats(t.name).rx_packets == 1;
	tun_close(&t);
	close(program);
	return present;
}

/* A link of @kind with a queue whose file answers, or the reason why there is none. */
static bool has_tap_device(const char *kind, uint32_t mode)
{
	unsigned int features = 0;
	bool present = false;
	int fd;

	if (macvtap_add_lower()) {
		harness_missing("kernel has no veth to put a %s on", kind);
		return false;
	}
	if (link_add_on(kind, "probe", MACVTAP_LOWER, mode)) {
		if (errno != EOPNOTSUPP)
			harness_missing("cannot make a %s: %s", kind, strerror(errno));
		return false;
	}
	fd = macvtap_open("probe");
	if (fd < 0)
		harness_missing("cannot make and open the node of a %s: %s", kind, strerror(errno));
	else
		present = !tun_get_features(fd, &features) && features & IFF_TAP;
	close(fd);
	return present;
}

FEATURE(macvtap, "kernel has no macvtap device")
{
	return has_tap_device("macvtap", MACVLAN_MODE_BRIDGE);
}

FEATURE(ipvtap, "kernel has no ipvtap device")
{
	return has_tap_device("ipvtap", IPVLAN_MODE_L2);
}

FEATURE(vhost, "kernel has no vhost-net")
{
	int fd = open(VHOST_NODE, O_RDWR | O_CLOEXEC);
	bool present;

	if (fd < 0) {
		harness_missing("cannot open " VHOST_NODE ": %s", strerror(errno));
		return false;
	}
	present = !ioctl(fd, VHOST_SET_OWNER, NULL);
	if (!present)
		harness_missing("VHOST_SET_OWNER: %s", strerror(errno));
	close(fd);
	return present;
}

FEATURE(vhost_thread, "vhost-net works in a thread of the kernel's, not of ours (before Linux 6.4)")
{
	int fd = open(VHOST_NODE, O_RDWR | O_CLOEXEC);
	bool present;

	if (fd < 0) {
		harness_missing("cannot open " VHOST_NODE ": %s", strerror(errno));
		return false;
	}
	present = !ioctl(fd, VHOST_SET_OWNER, NULL) && vhost_thread();
	close(fd);
	return present;
}

FEATURE(vhost_zerocopy, "vhost_net is not loaded with experimental_zcopytx=1")
{
	char line[8];

	if (access(VHOST_NODE, R_OK | W_OK)) {
		harness_missing("cannot open " VHOST_NODE ": %s", strerror(errno));
		return false;
	}
	return !file_read_line("/sys/module/vhost_net/parameters/experimental_zcopytx", line,
			       sizeof(line)) &&
	       !strcmp(line, "1");
}
