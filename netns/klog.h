/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel writes to its log, /dev/kmsg. A test needs the feature "kernel_log". */
#ifndef NETNS_KLOG_H
#define NETNS_KLOG_H

#include <net/if.h>

/* A descriptor at the log's end, the caller's to close; -1 and errno if there is none. */
int klog_open(void);
/* How many of the records since then, or since the last call, hold both texts. */
int klog_count(int fd, const char *name, const char *text);
/* A link's name that no other test has: the log is everybody's. */
void klog_link_name(char name[IFNAMSIZ]);

#endif /* NETNS_KLOG_H */
