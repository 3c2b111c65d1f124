/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtio-net header in front of a frame, in every size the driver knows: 10 (legacy),
 * 12 (num_buffers), 20 (hash) and 24 (UDP tunnel offsets); larger sizes are padded with zeros.
 */
#ifndef DEVICE_VNET_H
#define DEVICE_VNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VNET_SIZE_LEGACY      10
#define VNET_SIZE_MRG_RXBUF   12
#define VNET_SIZE_HASH	      20
#define VNET_SIZE_HASH_TUNNEL 24

/* All fields in host order. A field beyond the header's size is not sent and reads as 0. */
struct vnet {
	uint8_t flags;	  /* VIRTIO_NET_HDR_F_... */
	uint8_t gso_type; /* VIRTIO_NET_HDR_GSO_... */
	uint16_t hdr_len, gso_size, csum_start, csum_offset;
	uint16_t num_buffers;
	uint32_t hash_value;
	uint16_t hash_report;
	uint16_t outer_th_offset, inner_nh_offset;
};

/*
 * Writes @size (at least 10) bytes to @out. The byte order asked for is that of the fields up to
 * num_buffers; those of hash and tunnel, which came later, are little-endian always.
 */
void vnet_encode(const struct vnet *v, void *out, size_t size, bool big_endian);
/* Reads @size (at least 10) bytes. */
struct vnet vnet_decode(const void *in, size_t size, bool big_endian);

#endif /* DEVICE_VNET_H */
