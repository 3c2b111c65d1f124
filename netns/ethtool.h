/* SPDX-License-Identifier: GPL-2.0-only */
/* SIOCETHTOOL in the current namespace. The program `ethtool` is run by netns/tool.h. */
#ifndef NETNS_ETHTOOL_H
#define NETNS_ETHTOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/ethtool.h>

/* @command: a structure of <linux/ethtool.h> that starts with its command. 0, or -1 and errno. */
int ethtool_ioctl(const char *link, void *command);
/* The number a question like ETHTOOL_GLINK answers with; ends the test if it fails. */
uint32_t ethtool_value(const char *link, uint32_t command);

/* A feature by its name in `ethtool -k`; all false if the kernel knows no such name. */
struct ethtool_feature {
	bool known, on, requested, changeable;
};
struct ethtool_feature ethtool_get_feature(const char *link, const char *name);
/* ETHTOOL_SFEATURES for one: 0, ETHTOOL_F_... if it came out otherwise, or -1 and errno. */
int ethtool_set_feature(const char *link, const char *name, bool on);

#endif /* NETNS_ETHTOOL_H */
