// SPDX-License-Identifier: GPL-2.0-only
/* Opening, attaching, and the ioctls. */
#include <fcntl.h>
#include <net/ethernet.h>
#include <stdlib.h>
#include <unistd.h>

#include "device/tun.h"
#include "harness/harness.h"

int tun_open(void)
{
	int fd = open(TUN_NODE, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		TH_BAIL("cannot open %s: %s", TUN_NODE, strerror(errno));
	return fd;
}

/* A persistent device keeps size and byte order from an earlier file. */
static void read_vnet_state(struct tun *t)
{
	int size, le, be;

	if (!(t->flags & IFF_VNET_HDR))
		return;
	if (tun_get_vnet_hdr_sz(t->fd, &size) || tun_get_vnet_le(t->fd, &le))
		TH_BAIL("cannot read the vnet header's layout on %s: %s", t->name, strerror(errno));
	/* Without the kernel option for it there is only the machine's own order. */
	if (tun_get_vnet_be(t->fd, &be))
		be = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	t->vnet_size = size;
	t->vnet_be = be && !le;
}

struct tun tun_create(const char *name, unsigned int flags)
{
	struct tun t = { .fd = tun_open(), .flags = flags };
	struct ifreq ifr;

	if (tun_set_iff_ifr(t.fd, &ifr, name, flags))
		TH_BAIL("TUNSETIFF '%s' with flags %#x: %s", name ?: "", flags, strerror(errno));
	memcpy(t.name, ifr.ifr_name, sizeof(t.name));
	read_vnet_state(&t);
	return t;
}

void tun_close(struct tun *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

bool tun_is_tap(const struct tun *t)
{
	return (t->flags & (IFF_TUN | IFF_TAP)) == IFF_TAP;
}

size_t tun_header_size(const struct tun *t)
{
	return (t->flags & IFF_NO_PI ? 0 : sizeof(struct tun_pi)) + t->vnet_size;
}

size_t tun_l2_size(const struct tun *t)
{
	return tun_is_tap(t) ? ETH_HLEN : 0;
}

void tun_set_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK))
		TH_BAIL("cannot clear O_NONBLOCK: %s", strerror(errno));
}

int tun_set_iff(int fd, const char *name, unsigned int flags)
{
	struct ifreq ifr;

	return tun_set_iff_ifr(fd, &ifr, name, flags);
}

int tun_set_iff_ifr(int fd, struct ifreq *ifr, const char *name, unsigned int flags)
{
	memset(ifr, 0, sizeof(*ifr));
	/* Without a NUL if it is too long: what the kernel makes of that is a test's question. */
	if (name)
		memcpy(ifr->ifr_name, name, strnlen(name, sizeof(ifr->ifr_name)));
	ifr->ifr_flags = flags;
	return ioctl(fd, TUNSETIFF, ifr);
}

int tun_get_iff(int fd, struct ifreq *ifr)
{
	return ioctl(fd, TUNGETIFF, ifr);
}

unsigned int tun_iff_flags(int fd)
{
	struct ifreq ifr;

	if (tun_get_iff(fd, &ifr))
		TH_BAIL("TUNGETIFF: %s", strerror(errno));
	return (unsigned short)ifr.ifr_flags;
}

int tun_get_features(int fd, unsigned int *features)
{
	return ioctl(fd, TUNGETFEATURES, features);
}

int tun_set_persist(int fd, unsigned long on)
{
	return ioctl(fd, TUNSETPERSIST, on);
}

int tun_set_owner(int fd, unsigned long uid)
{
	return ioctl(fd, TUNSETOWNER, uid);
}

int tun_set_group(int fd, unsigned long gid)
{
	return ioctl(fd, TUNSETGROUP, gid);
}

int tun_set_link(int fd, unsigned long arphrd)
{
	return ioctl(fd, TUNSETLINK, arphrd);
}

int tun_set_debug(int fd, unsigned long msg_enable)
{
	return ioctl(fd, TUNSETDEBUG, msg_enable);
}

int tun_set_nocsum(int fd, unsigned long on)
{
	return ioctl(fd, TUNSETNOCSUM, on);
}

int tun_set_offload(int fd, unsigned long mask)
{
	return ioctl(fd, TUNSETOFFLOAD, mask);
}

int tun_get_sndbuf(int fd, int *bytes)
{
	return ioctl(fd, TUNGETSNDBUF, bytes);
}

int tun_set_sndbuf(int fd, int bytes)
{
	return ioctl(fd, TUNSETSNDBUF, &bytes);
}

int tun_get_vnet_hdr_sz(int fd, int *bytes)
{
	return ioctl(fd, TUNGETVNETHDRSZ, bytes);
}

int tun_set_vnet_hdr_sz(struct tun *t, int bytes)
{
	int ret = ioctl(t->fd, TUNSETVNETHDRSZ, &bytes);

	if (!ret && (t->flags & IFF_VNET_HDR))
		t->vnet_size = bytes;
	return ret;
}

int tun_get_vnet_le(int fd, int *on)
{
	return ioctl(fd, TUNGETVNETLE, on);
}

int tun_set_vnet_le(int fd, int on)
{
	return ioctl(fd, TUNSETVNETLE, &on);
}

int tun_get_vnet_be(int fd, int *on)
{
	return ioctl(fd, TUNGETVNETBE, on);
}

int tun_set_vnet_be(int fd, int on)
{
	return ioctl(fd, TUNSETVNETBE, &on);
}

int tun_set_queue(int fd, unsigned int flags)
{
	struct ifreq ifr = { .ifr_flags = flags };

	return ioctl(fd, TUNSETQUEUE, &ifr);
}

int tun_set_ifindex(int fd, int ifindex)
{
	return ioctl(fd, TUNSETIFINDEX, &ifindex);
}

int tun_set_carrier(int fd, int on)
{
	return ioctl(fd, TUNSETCARRIER, &on);
}

int tun_get_dev_netns(int fd)
{
	return ioctl(fd, TUNGETDEVNETNS);
}

int tun_get_sk_netns(int fd)
{
	return ioctl(fd, SIOCGSKNS);
}

int tun_set_tx_filter(int fd, uint16_t flags, uint16_t count, const uint8_t (*addresses)[6])
{
	struct tun_filter *filter = malloc(sizeof(*filter) + count * sizeof(*addresses));
	int ret, err;

	if (!filter)
		TH_BAIL("a TX filter of %u addresses: %s", count, strerror(errno));
	filter->flags = flags;
	filter->count = count;
	if (count)
		memcpy(filter->addr, addresses, count * sizeof(*addresses));
	ret = ioctl(fd, TUNSETTXFILTER, filter);
	err = errno;
	free(filter);
	errno = err;
	return ret;
}

int tun_get_hwaddr(int fd, uint16_t *family, uint8_t address[14])
{
	struct ifreq ifr = { 0 };
	int ret = ioctl(fd, SIOCGIFHWADDR, &ifr);

	if (ret)
		return ret;
	*family = ifr.ifr_hwaddr.sa_family;
	memcpy(address, ifr.ifr_hwaddr.sa_data, sizeof(ifr.ifr_hwaddr.sa_data));
	return 0;
}

int tun_set_hwaddr(int fd, uint16_t family, const uint8_t *address, size_t len)
{
	struct ifreq ifr = { .ifr_hwaddr.sa_family = family };

	if (len > sizeof(ifr.ifr_hwaddr.sa_data))
		TH_BAIL("a hardware address of %zu bytes does not fit SIOCSIFHWADDR", len);
	memcpy(ifr.ifr_hwaddr.sa_data, address, len);
	return ioctl(fd, SIOCSIFHWADDR, &ifr);
}

int tun_attach_filter(int fd, const struct sock_fprog *program)
{
	return ioctl(fd, TUNATTACHFILTER, program);
}

int tun_detach_filter(int fd)
{
	return ioctl(fd, TUNDETACHFILTER, NULL);
}

int tun_get_filter(int fd, struct sock_fprog *program)
{
	return ioctl(fd, TUNGETFILTER, program);
}

int tun_set_steering_ebpf(int fd, int program)
{
	return ioctl(fd, TUNSETSTEERINGEBPF, &program);
}

int tun_set_filter_ebpf(int fd, int program)
{
	return ioctl(fd, TUNSETFILTEREBPF, &program);
}
