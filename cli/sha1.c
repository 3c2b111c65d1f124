// SPDX-License-Identifier: GPL-2.0-only
/* As FIPS 180-4 has it. */
#include "cli/sha1.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

static uint32_t rotated(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static void add_block(uint32_t h[5], const uint8_t *block)
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	memcpy(w, block, 64);
	for (int t = 0; t < 80; t++) {
		uint32_t f, k, next;

		w[t] = t < 16 ? be32toh(w[t]) :
				rotated(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
		if (t < 20) {
			f = (b & c) | (~b & d);
			k = 0x5a827999;
		} else if (t < 40) {
			f = b ^ c ^ d;
			k = 0x6ed9eba1;
		} else if (t < 60) {
			f = (b & c) | (b & d) | (c & d);
			k = 0x8f1bbcdc;
		} else {
			f = b ^ c ^ d;
			k = 0xca62c1d6;
		}
		next = rotated(a, 5) + f + e + k + w[t];
		e = d;
		d = c;
		c = rotated(b, 30);
		b = a;
		a = next;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

void sha1_name(const uint8_t *data, size_t size, char name[41])
{
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	size_t whole = size / 64 * 64, rest = size - whole, end = rest < 56 ? 64 : 128;
	uint64_t bits = htobe64((uint64_t)size * 8);
	uint8_t last[128] = { 0 };

	for (size_t i = 0; i < whole; i += 64)
		add_block(h, data + i);
	memcpy(last, data + whole, rest);
	last[rest] = 0x80;
	memcpy(last + end - sizeof(bits), &bits, sizeof(bits));
	for (size_t i = 0; i < end; i += 64)
		add_block(h, last + i);
	for (int i = 0; i < 5; i++)
		sprintf(name + 8 * i, "%08x", h[i]);
}
