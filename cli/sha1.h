/* SPDX-License-Identifier: GPL-2.0-only */
/* SHA-1, by which libFuzzer names the files of a corpus. */
#ifndef CLI_SHA1_H
#define CLI_SHA1_H

#include <stddef.h>
#include <stdint.h>

/* 40 hexadecimal digits. */
void sha1_name(const uint8_t *data, size_t size, char name[41]);

#endif /* CLI_SHA1_H */
