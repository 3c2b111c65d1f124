// SPDX-License-Identifier: GPL-2.0-only
#include "harness/base64.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *data, size_t len)
{
	const uint8_t *in = data;
	char *text = malloc((len + 2) / 3 * 4 + 1), *out = text;
	size_t i;

	for (i = 0; text && i < len; i += 3) {
		uint32_t group = in[i] << 16 | (i + 1 < len ? in[i + 1] << 8 : 0) |
				 (i + 2 < len ? in[i + 2] : 0);

		*out++ = digits[group >> 18];
		*out++ = digits[group >> 12 & 63];
		*out++ = i + 1 < len ? digits[group >> 6 & 63] : '=';
		*out++ = i + 2 < len ? digits[group & 63] : '=';
	}
	if (text)
		*out = '\0';
	return text;
}

uint8_t *base64_decode(const char *text, size_t *len)
{
	size_t size = strlen(text), i;
	uint8_t *out = malloc(size / 4 * 3 + 1);
	uint32_t group = 0;

	*len = 0;
	for (i = 0; out && i < size; i++) {
		const char *digit = strchr(digits, text[i]);
		bool padding = text[i] == '=' && i + 2 >= size && i % 4 >= 2;

		if (size % 4 || (!digit && !padding)) {
			free(out);
			return NULL;
		}
		group = group << 6 | (digit ? digit - digits : 0);
		if (i % 4 != 3)
			continue;
		out[(*len)++] = group >> 16;
		out[(*len)++] = group >> 8;
		out[(*len)++] = group;
	}
	if (out && size)
		*len -= (text[size - 1] == '=') + (text[size - 2] == '=');
	return out;
}
