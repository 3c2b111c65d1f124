/* SPDX-License-Identifier: GPL-2.0-only */
/* Base64 (RFC 4648), for bytes inside JSON. */
#ifndef HARNESS_BASE64_H
#define HARNESS_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* NUL-terminated text for @len bytes, to be freed; NULL without memory. */
char *base64_encode(const void *data, size_t len);
/* The bytes of @text, to be freed, their number in @len; NULL for text that is no base64. */
uint8_t *base64_decode(const char *text, size_t *len);

#endif /* HARNESS_BASE64_H */
