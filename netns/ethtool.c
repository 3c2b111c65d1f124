// SPDX-License-Identifier: GPL-2.0-only
/* SIOCETHTOOL. */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/sockios.h>

#include "harness/harness.h"
#include "netns/ethtool.h"

/* Words of 32 features; kernels have two or three. */
#define FEATURE_WORDS 8

int ethtool_ioctl(const char *link, void *command)
{
	struct ifreq ifr = { .ifr_data = command };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret, err;

	if (fd < 0)
		TH_BAIL("socket for SIOCETHTOOL: %s", strerror(errno));
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", link);
	ret = ioctl(fd, SIOCETHTOOL, &ifr);
	err = errno;
	close(fd);
	errno = err;
	return ret;
}

/* ethtool_ioctl() for what the kernel has on every link. */
static void must_answer(const char *link, void *command)
{
	if (ethtool_ioctl(link, command))
		TH_BAIL("ethtool command %#x on %s: %s", *(uint32_t *)command, link,
			strerror(errno));
}

uint32_t ethtool_value(const char *link, uint32_t command)
{
	struct ethtool_value value = { .cmd = command };

	must_answer(link, &value);
	return value.data;
}

/* The names of the kernel's features, the same for every link; asked for once. */
static const struct ethtool_gstrings *feature_names(const char *link)
{
	union {
		struct ethtool_sset_info info;
		uint8_t room[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)];
	} count = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES } };
	static struct ethtool_gstrings *names;
	uint32_t n;

	if (names)
		return names;
	must_answer(link, &count);
	n = count.info.data[0];
	if (n > 32 * FEATURE_WORDS)
		TH_BAIL("the kernel has %u features, more than there is room for", n);
	names = calloc(1, sizeof(*names) + n * ETH_GSTRING_LEN);
	if (!names)
		TH_BAIL("names of features: %s", strerror(errno));
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = n;
	must_answer(link, names);
	return names;
}

/* The number of a feature, -1 if the kernel does not know the name. */
static int feature_bit(const char *link, const char *name)
{
	const struct ethtool_gstrings *names = feature_names(link);

	for (uint32_t i = 0; i < names->len; i++) {
		if (!strncmp((char *)names->data + i * ETH_GSTRING_LEN, name, ETH_GSTRING_LEN))
			return i;
	}
	return -1;
}

struct ethtool_feature ethtool_get_feature(const char *link, const char *name)
{
	union {
		struct ethtool_gfeatures head;
		uint8_t room[sizeof(struct ethtool_gfeatures) +
			     FEATURE_WORDS * sizeof(struct ethtool_get_features_block)];
	} all = { .head = { .cmd = ETHTOOL_GFEATURES, .size = FEATURE_WORDS } };
	const struct ethtool_get_features_block *word;
	int bit = feature_bit(link, name);
	uint32_t mask;

	if (bit < 0)
		return (struct ethtool_feature){ 0 };
	must_answer(link, &all);
	mask = 1U << bit % 32;
	word = &all.head.features[bit / 32];
	return (struct ethtool_feature){
		.known = true,
		.on = word->active & mask,
		.requested = word->requested & mask,
		.changeable = word->available & mask && !(word->never_changed & mask),
	};
}

int ethtool_set_feature(const char *link, const char *name, bool on)
{
	union {
		struct ethtool_sfeatures head;
		uint8_t room[sizeof(struct ethtool_sfeatures) +
			     FEATURE_WORDS * sizeof(struct ethtool_set_features_block)];
	} set = { .head = { .cmd = ETHTOOL_SFEATURES } };
	int bit = feature_bit(link, name);
	uint32_t mask;

	if (bit < 0)
		TH_BAIL("kernel knows no feature %s", name);
	mask = 1U << bit % 32;
	set.head.size = (feature_names(link)->len + 31) / 32;
	set.head.features[bit / 32].valid = mask;
	set.head.features[bit / 32].requested = on ? mask : 0;
	return ethtool_ioctl(link, &set);
}
