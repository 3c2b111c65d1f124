/* SPDX-License-Identifier: GPL-2.0-only */
/* What tests and kernels print, made fit for reports. */
#ifndef HARNESS_TEXT_H
#define HARNESS_TEXT_H

#include <stddef.h>

/*
 * A copy of @len bytes of @text, to be freed, that every report can hold: control characters but
 * newline and tab become '?', and so does all beyond ASCII if it is not UTF-8. NULL without memory.
 */
char *text_clean(const char *text, size_t len);

/* The last @max bytes of @text, from the start of a line if there is one; "" for NULL. */
const char *text_tail(const char *text, size_t max);

#endif /* HARNESS_TEXT_H */
