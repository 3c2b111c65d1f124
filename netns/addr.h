/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses, routes and neighbours by rtnetlink, IPv4 and IPv6. 0, or -1 and the kernel's errno. */
#ifndef NETNS_ADDR_H
#define NETNS_ADDR_H

#include <netinet/in.h>
#include <stdint.h>

/*
 * @cidr: "10.9.0.1/24" or "fd00::1/64" (set without DAD). The kernel takes packets to a new IPv6
 * address only once a worker has made its local route; peer_configure_ipv6() waits for that.
 */
int addr_add(const char *link, const char *cidr);
int addr_del(const char *link, const char *cidr);
/* @cidr: destination, "0.0.0.0/0" for the default; @via: the gateway or NULL. */
int route_add(const char *cidr, const char *via, const char *link);
/* A permanent neighbour entry. */
int neigh_add(const char *link, const char *ip, const uint8_t mac[6]);

/* A socket address from text, IPv4 or IPv6; its length goes to @len. Ends the test on bad text. */
struct sockaddr_storage sock_addr(const char *ip, uint16_t port, socklen_t *len);

#endif /* NETNS_ADDR_H */
