// SPDX-License-Identifier: GPL-2.0-only
/* The virtio-net header as bytes. */
#include <string.h>

#include "device/vnet.h"

/* Offsets of the fields behind flags and gso_type. */
enum {
	HDR_LEN = 2,
	GSO_SIZE = 4,
	CSUM_START = 6,
	CSUM_OFFSET = 8,
	NUM_BUFFERS = 10,
	HASH_VALUE = 12,
	HASH_REPORT = 16,
	OUTER_TH_OFFSET = 20,
	INNER_NH_OFFSET = 22,
};

static void put(uint8_t *out, size_t bytes, uint32_t value, bool big_endian)
{
	for (size_t i = 0; i < bytes; i++)
		out[big_endian ? bytes - 1 - i : i] = value >> (8 * i);
}

static uint32_t get(const uint8_t *in, size_t bytes, bool big_endian)
{
	uint32_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value |= (uint32_t)in[big_endian ? bytes - 1 - i : i] << (8 * i);
	return value;
}

static size_t known(size_t size)
{
	return size < VNET_SIZE_HASH_TUNNEL ? size : VNET_SIZE_HASH_TUNNEL;
}

void vnet_encode(const struct vnet *v, void *out, size_t size, bool big_endian)
{
	uint8_t bytes[VNET_SIZE_HASH_TUNNEL] = { v->flags, v->gso_type };

	put(bytes + HDR_LEN, 2, v->hdr_len, big_endian);
	put(bytes + GSO_SIZE, 2, v->gso_size, big_endian);
	put(bytes + CSUM_START, 2, v->csum_start, big_endian);
	put(bytes + CSUM_OFFSET, 2, v->csum_offset, big_endian);
	put(bytes + NUM_BUFFERS, 2, v->num_buffers, big_endian);
	put(bytes + HASH_VALUE, 4, v->hash_value, false);
	put(bytes + HASH_REPORT, 2, v->hash_report, false);
	put(bytes + OUTER_TH_OFFSET, 2, v->outer_th_offset, false);
	put(bytes + INNER_NH_OFFSET, 2, v->inner_nh_offset, false);
	memset(out, 0, size);
	memcpy(out, bytes, known(size));
}

struct vnet vnet_decode(const void *in, size_t size, bool big_endian)
{
	uint8_t bytes[VNET_SIZE_HASH_TUNNEL] = { 0 };

	memcpy(bytes, in, known(size));
	return (struct vnet){
		.flags = bytes[0],
		.gso_type = bytes[1],
		.hdr_len = get(bytes + HDR_LEN, 2, big_endian),
		.gso_size = get(bytes + GSO_SIZE, 2, big_endian),
		.csum_start = get(bytes + CSUM_START, 2, big_endian),
		.csum_offset = get(bytes + CSUM_OFFSET, 2, big_endian),
		.num_buffers = get(bytes + NUM_BUFFERS, 2, big_endian),
		.hash_value = get(bytes + HASH_VALUE, 4, false),
		.hash_report = get(bytes + HASH_REPORT, 2, false),
		.outer_th_offset = get(bytes + OUTER_TH_OFFSET, 2, false),
		.inner_nh_offset = get(bytes + INNER_NH_OFFSET, 2, false),
	};
}
