/* SPDX-License-Identifier: GPL-2.0-only */
/* Network namespaces: quiet ones, second ones, and moving between them. */
#ifndef NETNS_NETNS_H
#define NETNS_NETNS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Keeps the kernel from sending on its own in the current namespace: no IPv6 on devices made from
 * now on (no router solicitations, DAD or MLD). Needs a writable /proc/sys/net; without one the
 * namespace stays as it is and false is returned.
 */
bool netns_quiet(void);

/*
 * IPv6 without noise, in the current namespace, for devices made from now on: addresses are usable
 * at once (no DAD), no router solicitations, no link-local address. Ends the test if /proc/sys/net
 * cannot be written. Multicast listener reports still appear when an address is added.
 */
void netns_ipv6(void);

/* Writes @value to /proc/sys/net/@path, "ipv4/conf/all/rp_filter". 0, or -1 and errno. */
int netns_sysctl(const char *path, const char *value);

/* A new, quiet network namespace with "lo" up; the caller stays where it is and owns the fd. */
int netns_new(void);
/* The current namespace as a descriptor of the caller's. */
int netns_self(void);
/* Moves the calling thread into @fd's namespace; ends the test if that fails. */
void netns_enter(int fd);
/* The inode number that names @fd's (or with -1 the current) namespace. */
ino_t netns_inode(int fd);

#endif /* NETNS_NETNS_H */
