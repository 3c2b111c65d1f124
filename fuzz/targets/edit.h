/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes of frames and headers that keep them what they are. */
#ifndef FUZZ_TARGETS_EDIT_H
#define FUZZ_TARGETS_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "device/op.h"
#include "device/vnet.h"

static inline bool edit_chance(struct draw *draw, uint32_t percent)
{
	return draw->below(draw, 100) < percent;
}

/* Numbers as inputs have them: little-endian, so that they mean the same anywhere. */
static inline uint16_t edit_get16(const uint8_t *at)
{
	return at[0] | at[1] << 8;
}

static inline uint32_t edit_get32(const uint8_t *at)
{
	return edit_get16(at) | (uint32_t)edit_get16(at + 2) << 16;
}

static inline void edit_put16(uint8_t *at, uint16_t value)
{
	at[0] = value;
	at[1] = value >> 8;
}

static inline void edit_put32(uint8_t *at, uint32_t value)
{
	edit_put16(at, value);
	edit_put16(at + 2, value >> 16);
}

/* And as frames have them. */
static inline uint16_t edit_get_net16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static inline void edit_put_net16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

/*
 * Makes a gap of @n bytes at @at, for which there has to be room, or takes these out: the new size.
 */
static inline size_t edit_insert(uint8_t *data, size_t size, size_t at, size_t n)
{
	memmove(data + at + n, data + at, size - at);
	return size + n;
}

static inline size_t edit_remove(uint8_t *data, size_t size, size_t at, size_t n)
{
	memmove(data + at, data + at + n, size - at - n);
	return size - n;
}

/* Any change of @size bytes with room for @max: the new size. */
size_t edit_raw(uint8_t *data, size_t size, size_t max, struct draw *draw);

/*
 * A change that knows where the fields of a frame are: types, versions, lengths, protocols, flags
 * of TCP, and mends lengths and checksums mostly. @tap: the frame has an Ethernet header.
 */
size_t edit_frame(uint8_t *frame, size_t size, size_t max, bool tap, struct draw *draw);

#define EDIT_HEADER VNET_SIZE_HASH_TUNNEL
/*
 * A change of a vnet header, of EDIT_HEADER bytes and little-endian: one that fits the frame, or
 * one field that does not.
 */
void edit_header(uint8_t *header, const uint8_t *frame, size_t size, bool tap, struct draw *draw);

/*
 * One of these: with a chance of @percent the vnet header that ends at @front, otherwise the frame
 * that begins there. The new size of all of @data.
 */
size_t edit_header_or_frame(uint8_t *data, size_t size, size_t max, size_t front, uint32_t percent,
			    bool tap, struct draw *draw);

/* A number that is likely to be a limit of something, of @bits bits. */
uint32_t edit_number(uint32_t old, unsigned int bits, struct draw *draw);

#endif /* FUZZ_TARGETS_EDIT_H */
