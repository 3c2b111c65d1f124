/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory with an end, for calls that are given less than they ask for. */
#ifndef DEVICE_MEMORY_H
#define DEVICE_MEMORY_H

#include <stddef.h>

/*
 * @good bytes, at most a page, behind which nothing can be read or written; copied from @bytes, or
 * zeros if that is NULL. They stay until the process ends. Ends the test if there is no memory.
 */
void *cut_memory(const void *bytes, size_t good);
/* The same below 4 GiB, where the pointers of 32-bit programs go. */
void *cut_memory_low(const void *bytes, size_t good);

#endif /* DEVICE_MEMORY_H */
