// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/coverage/scope.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Modules that are in it as a whole; built in, their functions are known by their names. */
static const char *const modules[] = { "[tun]", "[tap]", "[macvtap]", "[ipvtap]", "[vhost_net]" };
static const char *const functions[] = {
	"tun_*",
	"__tun_*",
	"tap_*",
	"macvtap_*",
	"ipvtap_*",
	"*_gro_receive",
	"*_gro_complete",
	"dev_gro_*",
	"napi_gro_*",
	"skb_gro_*",
	"*_gso_segment",
	"__skb_gso_*",
	"skb_segment*",
	"skb_mac_gso_*",
	"skb_udp_tunnel_*",
	"*skb_flow_dissect*",
	"eth_get_headlen",
	"skb_partial_csum_set",
	"skb_checksum_setup*",
	"__udp_gso_segment*",
	"virtio_net_hdr_*",
	"update_filter",
	"set_offload",
	"*xdp_generic*",
};

struct range {
	uint64_t from, to;
};

static struct range *ranges;
static size_t count;

static bool wanted(const char *name, const char *module)
{
	for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++) {
		if (!strcmp(module, modules[i]))
			return true;
	}
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		if (!*module && !fnmatch(functions[i], name, 0))
			return true;
	}
	return false;
}

static void add(uint64_t from)
{
	ranges = realloc(ranges, (count + 1) * sizeof(*ranges));
	if (!ranges)
		abort();
	ranges[count++] = (struct range){ from, UINT64_MAX };
}

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* A function ends where the next symbol begins. */
static void find_ends(uint64_t *starts, size_t n)
{
	size_t merged = 0;

	qsort(starts, n, sizeof(*starts), by_value);
	qsort(ranges, count, sizeof(*ranges), by_start);
	for (size_t i = 0, at = 0; i < count; i++) {
		while (at < n && starts[at] <= ranges[i].from)
			at++;
		ranges[i].to = at < n ? starts[at] : ranges[i].from + 4096;
		if (merged && ranges[merged - 1].to >= ranges[i].from)
			ranges[merged - 1].to = ranges[i].to;
		else
			ranges[merged++] = ranges[i];
	}
	count = merged;
}

bool scope_load(void)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	char line[512], name[256], module[128], type;
	unsigned long long address;
	uint64_t *starts = NULL;
	size_t n = 0, room = 0;

	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		*module = '\0';
		if (sscanf(line, "%llx %c %255s %127s", &address, &type, name, module) < 3 ||
		    !address || !strchr("tTwW", type))
			continue;
		if (n == room) {
			room = room ? 2 * room : 1 << 16;
			starts = realloc(starts, room * sizeof(*starts));
			if (!starts)
				abort();
		}
		starts[n++] = address;
		if (wanted(name, module))
			add(address);
	}
	fclose(f);
	find_ends(starts, n);
	free(starts);
	return count;
}

bool scope_has(uint64_t location)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (location < ranges[middle].from)
			high = middle;
		else if (location >= ranges[middle].to)
			low = middle + 1;
		else
			return true;
	}
	return false;
}
