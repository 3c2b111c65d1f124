/* SPDX-License-Identifier: GPL-2.0-only */
/* A link's files in /sys/class/net. A test that reads them needs the feature "sysfs". */
#ifndef NETNS_SYSFS_H
#define NETNS_SYSFS_H

/*
 * The line in @file ("mtu", "statistics/rx_bytes") of @link; the name of the errno in parentheses,
 * "(EINVAL)", if it cannot be read. Valid until the thread's next call.
 */
const char *sysfs_get(const char *link, const char *file);
/* The same as a number, decimal or 0x...; -1 if there is none, which the test's log then says. */
long long sysfs_number(const char *link, const char *file);
/* Writes @value: 0, or -1 and errno. */
int sysfs_set(const char *link, const char *file, const char *value);
/* How many of its queues begin with @prefix, "rx-" or "tx-". Ends the test if it has no list. */
int sysfs_queues(const char *link, const char *prefix);

#endif /* NETNS_SYSFS_H */
