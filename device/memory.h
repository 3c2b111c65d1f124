/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory with an end, for calls that are given less than they ask for; and memory that is not there
 * yet, for calls that are to be held up where they first touch it.
 */
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

/*
 * A page that whoever touches it waits for, until it is supplied, all zeros. Needs the feature
 * "userfaultfd". Ends the test if it cannot be had.
 */
struct missing_page {
	int fd;
	void *page;
};

struct missing_page missing_page(void);
void missing_page_supply(struct missing_page *m);

#endif /* DEVICE_MEMORY_H */
