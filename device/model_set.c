// SPDX-License-Identifier: GPL-2.0-only
/* Settings of a device through a file: the cases of __tun_chr_ioctl(). */
#include <errno.h>
#include <net/if_arp.h>
#include <string.h>

#include "device/model.h"
#include "device/uapi.h"

const int model_programs[MODEL_PROGRAMS] = { 0, 20, 0xffff, -1 };

/*
 * __tun_chr_ioctl(): what is looked at before the argument. TUNATTACHFILTER reads it right to where
 * TUNGETFILTER has it from, and what cannot be read becomes zeros there.
 */
int model_bad_pointer(struct model *m, int file, unsigned long request)
{
	struct model_device *d = model_device_of(m, &m->files[file]);

	switch (request) {
	case TUNSETIFF:
	case TUNSETQUEUE:
	case SIOCGIFHWADDR:
	case SIOCSIFHWADDR:
	case TUNGETFEATURES:
		return -EFAULT;
	case TUNSETIFINDEX:
		return d ? -EPERM : -EFAULT;
	}
	if (!d)
		return -EBADFD;
	switch (request) {
	case TUNATTACHFILTER:
		if (d->tap)
			d->fprog = -1;
		/* fall through */
	case TUNSETTXFILTER:
	case TUNGETFILTER:
		return d->tap ? -EFAULT : -EINVAL;
	case TUNSETVNETBE:
	case TUNGETVNETBE:
		return m->abi.kernel.cross_le ? -EFAULT : -EINVAL;
	}
	return -EFAULT;
}

int model_ioctl_attached(struct model *m, int file)
{
	return model_device_of(m, &m->files[file]) ? 0 : -EBADFD;
}

int model_ioctl_unknown(struct model *m, int file)
{
	return model_device_of(m, &m->files[file]) ? -EINVAL : -EBADFD;
}

int model_set_persist(struct model *m, int file, unsigned long on)
{
	struct model_device *d = model_device_of(m, &m->files[file]);

	if (!d)
		return -EBADFD;
	d->flags = on ? d->flags | IFF_PERSIST : d->flags & ~IFF_PERSIST;
	return 0;
}

/* make_kuid(), make_kgid(): -1 is nobody, and where the caller knows no other ids, nor are they. */
static bool id_valid(const struct model *m, uint32_t id)
{
	return id != UINT32_MAX && (!id || m->abi.other_ids);
}

int model_set_owner(struct model *m, int file, uint32_t uid)
{
	struct model_device *d = model_device_of(m, &m->files[file]);

	if (!d)
		return -EBADFD;
	if (!id_valid(m, uid))
		return -EINVAL;
	d->owner = uid;
	return 0;
}

int model_set_group(struct model *m, int file, uint32_t gid)
{
	struct model_device *d = model_device_of(m, &m->files[file]);

	if (!d)
		return -EBADFD;
	if (!id_valid(m, gid))
		return -EINVAL;
	d->group = gid;
	return 0;
}

/* tun_get_addr_len(), for the types that the operations use. */
static uint8_t address_len(uint16_t type)
{
	switch (type) {
	case ARPHRD_LOCALTLK:
		return 1;
	case ARPHRD_ROSE:
		return 5;
	case ARPHRD_ETHER:
	case ARPHRD_FDDI:
	case ARPHRD_IEEE802:
	case ARPHRD_HIPPI:
		return 6;
	case ARPHRD_NETROM:
		return 7;
	case ARPHRD_IEEE802154:
	case ARPHRD_IEEE802154_MONITOR:
	case ARPHRD_6LOWPAN:
		return 8;
	case ARPHRD_IPGRE:
	case ARPHRD_TUNNEL:
	case ARPHRD_SIT:
		return 4;
	case ARPHRD_IP6GRE:
	case ARPHRD_TUNNEL6:
		return 16;
	default:
		return 0;
	}
}

int model_set_link(struct model *m, int file, unsigned long type)
{
	struct model_device *d = model_device_of(m, &m->files[file]);

	if (!d)
		return -EBADFD;
	if (d->up)
		return -EBUSY;
	d->type = type;
	d->address_len = address_len(type);
	return 0;
}

int model_set_offload(struct model *m, int file, unsigned long mask)
{
	struct model_device *d = model_device_of(m, &m->files[file]);

	if (!d)
		return -EBADFD;
	return model_offload(&m->abi.kernel, mask, &d->offload) ? 0 : -EINVAL;
}

/* tun_set_sndbuf(): queues that are detached keep what they have. */
int model_set_sndbuf(struct model *m, int file, int32_t bytes)
{
	struct model_device *d = model_device_of(m, &m->files[file]);

	if (!d)
		return -EBADFD;
	if (bytes <= 0)
		return -EINVAL;
	d->sndbuf = bytes;
	for (size_t i = 0; i < d->numqueues; i++)
		m->files[d->queues[i]].sndbuf = bytes;
	return 0;
}

int model_set_vnet_hdr_sz(struct model *m, int file, int32_t bytes)
{
	struct model_device *d = model_device_of(m, &m->files[file]);

	if (!d)
		return -EBADFD;
	if (bytes < VNET_SIZE_LEGACY)
		return -EINVAL;
	d->vnet_size = bytes;
	return 0;
}

int model_set_vnet_le(struct model *m, int file, int on)
{
	struct model_device *d = model_device_of(m, &m->files[file]);

	if (!d)
		return -EBADFD;
	d->vnet_le = on;
	return 0;
}

int model_set_vnet_be(struct model *m, int file, int on)
{
	struct model_device *d = model_device_of(m, &m->files[file]);

	if (!d)
		return -EBADFD;
	if (!m->abi.kernel.cross_le)
		return -EINVAL;
	d->vnet_be = on;
	return 0;
}

/* tun_net_change_carrier() */
int model_set_carrier(struct model *m, int file, int on)
{
	struct model_device *d = model_device_of(m, &m->files[file]);

	if (!d)
		return -EBADFD;
	if (on && !d->numqueues)
		return -EPERM;
	d->carrier = on;
	return 0;
}

/* The bit of a group address in the filter: the six highest bits of its CRC (ether_crc()). */
unsigned int model_hash(const uint8_t address[6])
{
	uint32_t crc = UINT32_MAX;

	for (int i = 0; i < 48; i++) {
		bool bit = address[i / 8] >> i % 8 & 1;

		crc = crc << 1 ^ (crc >> 31 ^ bit ? 0x04c11db7 : 0);
	}
	return crc >> 26;
}

/* update_filter(): the number of addresses that are compared, or 0 for no filter. */
/* TUNSETDEBUG: what ethtool calls the message level. */
int model_set_debug(struct model *m, int file, uint32_t level)
{
	struct model_device *d = model_device_of(m, &m->files[file]);

	if (!d)
		return -EBADFD;
	d->msg_level = level;
	return 0;
}

int model_set_tx_filter(struct model *m, int file, unsigned int flags, size_t count,
			const uint8_t (*addresses)[6])
{
	struct model_device *d = model_device_of(m, &m->files[file]);
	size_t exact = count < MODEL_EXACT ? count : MODEL_EXACT;

	if (!d)
		return -EBADFD;
	if (!d->tap)
		return -EINVAL;
	d->exact = 0;
	memcpy(d->addresses, addresses, exact * sizeof(*addresses));
	d->hashed = 0;
	for (size_t i = exact; i < count; i++) {
		if (!(addresses[i][0] & 1))
			return 0;
		d->hashed |= 1ULL << model_hash(addresses[i]);
	}
	if (flags & TUN_FLT_ALLMULTI)
		d->hashed = UINT64_MAX;
	d->exact = exact;
	return exact;
}

/* dev_set_mac_address_user(): what is set already is set without being looked at. */
int model_set_hwaddr(struct model *m, int file, unsigned int family, const uint8_t address[6])
{
	static const uint8_t zero[6];
	struct model_device *d = model_device_of(m, &m->files[file]);
	size_t compared;

	if (!d)
		return -EBADFD;
	if (!d->tap)
		return -EOPNOTSUPP;
	if (family != d->type)
		return -EINVAL;
	compared = d->address_len < 6 ? d->address_len : 6;
	if (!memcmp(d->address, address, compared))
		return 0;
	if (address[0] & 1 || !memcmp(address, zero, 6))
		return -EADDRNOTAVAIL;
	memcpy(d->address, address, 6);
	return 0;
}

/* tun_attach_filter(): on all enabled queues, or, when the program is refused, on none any more. */
int model_attach_filter(struct model *m, int file, int program)
{
	struct model_device *d = model_device_of(m, &m->files[file]);

	if (!d)
		return -EBADFD;
	if (!d->tap)
		return -EINVAL;
	d->fprog = program;
	d->filter_attached = model_programs[program] >= 0 || !d->numqueues;
	if (!d->filter_attached)
		return -EINVAL;
	for (size_t i = 0; i < d->numqueues; i++)
		m->files[d->queues[i]].filter = program;
	return 0;
}

int model_detach_filter(struct model *m, int file)
{
	struct model_device *d = model_device_of(m, &m->files[file]);

	if (!d)
		return -EBADFD;
	if (!d->tap)
		return -EINVAL;
	for (size_t i = 0; i < d->numqueues; i++)
		m->files[d->queues[i]].filter = -1;
	d->filter_attached = false;
	return 0;
}

int model_set_steering(struct model *m, int file, int returns)
{
	struct model_device *d = model_device_of(m, &m->files[file]);

	if (!d)
		return -EBADFD;
	d->steering = returns;
	return 0;
}

int model_set_ebpf(struct model *m, int file, int returns)
{
	struct model_device *d = model_device_of(m, &m->files[file]);

	if (!d)
		return -EBADFD;
	d->ebpf = returns;
	return 0;
}
