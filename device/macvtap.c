// SPDX-License-Identifier: GPL-2.0-only
/* macvtap and ipvtap: links, nodes, queues. */
#include <fcntl.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "device/macvtap.h"
#include "harness/harness.h"
#include "netns/file.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"
#include "netns/sysfs.h"

/* A tmpfs of its own: nodes in the sandbox's /tmp cannot be opened (nodev). */
#define NODES "/tmp/nodes"

int macvtap_add_lower(void)
{
	if (link_add_veth(MACVTAP_LOWER, MACVTAP_WORLD) && errno != EEXIST)
		return -1;
	return link_up(MACVTAP_LOWER) ?: link_up(MACVTAP_WORLD);
}

/* The number of the link's device, 0 and errno if there is none. */
static dev_t device_of(const char *link, int index)
{
	unsigned int major, minor;
	char file[32];

	snprintf(file, sizeof(file), "tap%d/dev", index);
	if (sscanf(sysfs_get(link, file), "%u:%u", &major, &minor) == 2)
		return makedev(major, minor);
	errno = ENOENT;
	return 0;
}

int macvtap_node(const char *link, char path[MACVTAP_NODE_SIZE])
{
	struct link l;
	dev_t device;

	if (link_get(link, &l))
		return -1;
	device = device_of(link, l.index);
	if (!device)
		return -1;
	if (!mkdir(NODES, 0755) && mount("tmpfs", NODES, "tmpfs", MS_NOSUID | MS_NOEXEC, NULL))
		return -1;
	snprintf(path, MACVTAP_NODE_SIZE, NODES "/%u:%u", major(device), minor(device));
	return mknod(path, S_IFCHR | 0600, device) && errno != EEXIST ? -1 : 0;
}

int macvtap_open(const char *link)
{
	char path[MACVTAP_NODE_SIZE];

	return macvtap_node(link, path) ? -1 : open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

static dev_t device_in(int sysfs, const char *link, int index)
{
	unsigned int major = 0, minor = 0;
	char path[96], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "class/net/%s/tap%d/dev", link, index);
	fd = openat(sysfs, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0)
		sscanf(text, "%u:%u", &major, &minor);
	close(fd);
	return makedev(major, minor);
}

int macvtap_open_unmounted(const char *link)
{
	int sysfs = file_unmounted("sysfs"), nodes = file_unmounted("tmpfs"), fd = -1;
	struct link l;

	if (sysfs >= 0 && nodes >= 0 && !link_get(link, &l) &&
	    !mknodat(nodes, "tap", S_IFCHR | 0600, device_in(sysfs, link, l.index)))
		fd = openat(nodes, "tap", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	close(sysfs);
	close(nodes);
	return fd;
}

struct tun macvtap_attach(const char *link)
{
	struct tun t = {
		.fd = macvtap_open(link),
		.flags = MACVTAP_FLAGS,
		.vnet_size = VNET_SIZE_LEGACY,
		.vnet_be = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
	};

	if (t.fd < 0)
		TH_BAIL("cannot open the node of %s: %s", link, strerror(errno));
	snprintf(t.name, sizeof(t.name), "%s", link);
	return t;
}

struct tun macvtap_create(const char *kind, const char *link, uint32_t mode)
{
	if (macvtap_add_lower())
		TH_BAIL("cannot make a veth pair: %s", strerror(errno));
	if (link_add_on(kind, link, MACVTAP_LOWER, mode) || link_up(link))
		TH_BAIL("cannot make %s %s: %s", kind, link, strerror(errno));
	return macvtap_attach(link);
}

struct tun macvtap_bridge(const char *link)
{
	return macvtap_create("macvtap", link, MACVLAN_MODE_BRIDGE);
}

void macvtap_mac(const char *link, uint8_t mac[6])
{
	struct link l;

	if (link_get(link, &l))
		TH_BAIL("address of %s: %s", link, strerror(errno));
	memcpy(mac, l.address, 6);
}

void macvtap_frame(struct frame *f, const uint8_t dst[6], const uint8_t src[6], size_t len,
		   uint32_t seed)
{
	frame_start(f);
	frame_eth(f, dst, src, MACVTAP_ETHERTYPE);
	frame_pattern(f, len - ETH_HLEN, seed);
}

struct macvtap_pair macvtap_pair(void)
{
	struct macvtap_pair p = { .tx = macvtap_bridge("tx"), .rx = macvtap_bridge("rx") };

	macvtap_mac("tx", p.tx_mac);
	macvtap_mac("rx", p.rx_mac);
	return p;
}

void macvtap_pair_close(struct macvtap_pair *p)
{
	tun_close(&p->rx);
	tun_close(&p->tx);
}

void macvtap_tag(struct frame *f, int tags)
{
	for (int i = 0; i < tags; i++)
		frame_vlan(f, i ? ETHERTYPE_VLAN : ETH_P_8021AD, 7);
}

int macvtap_open_network(const char *link)
{
	int fd = packet_open(link, ETH_P_ALL, PACKET_DGRAM), off = 0;

	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &off, sizeof(off)))
		TH_BAIL("PACKET_IGNORE_OUTGOING: %s", strerror(errno));
	return fd;
}

bool macvtap_network_recv(int fd, size_t len, uint32_t seed, int timeout_ms)
{
	uint8_t buf[2048];
	ssize_t n = packet_recv(fd, buf, sizeof(buf), timeout_ms, NULL);

	if (n == (ssize_t)len && pattern_check(buf, len, seed) == -1)
		return true;
	TH_LOG("%zd bytes in place of %zu, or others", n, len);
	return false;
}

void macvtap_pair_frame(const struct macvtap_pair *p, struct frame *f, size_t len, uint32_t seed)
{
	macvtap_frame(f, p->rx_mac, p->tx_mac, len, seed);
}

bool macvtap_recv_same(const struct tun *t, const struct frame *f, int timeout_ms)
{
	struct tun_packet p;

	if (!tun_recv(t, &p, timeout_ms))
		TH_LOG("nothing arrives at %s", t->name);
	else if (p.len != f->len)
		TH_LOG("%s: a frame of %zu bytes in place of %zu", t->name, p.len, f->len);
	else if (memcmp(p.data, f->data, f->len))
		TH_LOG("%s: a frame of other content", t->name);
	else
		return true;
	return false;
}
