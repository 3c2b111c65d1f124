// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "device/tun.h"
#include "device/uapi.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/macvtap/do.h"
#include "fuzz/targets/macvtap/query.h"
#include "netns/link.h"

/* What gives -errno as what gives -1. */
static int negative(int ret)
{
	errno = -ret;
	return ret ? -1 : 0;
}

static int set(const struct side *s, const struct tap_op *o)
{
	int fd = s->fd[o->queue], value = o->value;

	switch (o->kind) {
	case SET_IFF:
		return tun_set_iff(fd, s->link, value);
	case SET_SIZE:
		return ioctl(fd, TUNSETVNETHDRSZ, &value);
	case SET_ORDER:
		return value & 2 ? tun_set_vnet_be(fd, value & 1) : tun_set_vnet_le(fd, value & 1);
	case SET_OFFLOAD:
		return tun_set_offload(fd, value);
	case SET_QUEUE:
		return tun_set_queue(fd, value & 1 ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE);
	case SET_SNDBUF:
		return negative(tap_sndbuf(fd, value));
	case SET_ADDRESS:
		return negative(tap_same_address(fd, value & 1, s->mac));
	case SET_TXQUEUELEN:
		return link_set_txqueuelen(s->link, value);
	case REOPEN:
		return negative(tap_reopen(fd));
	case DELETE:
		return link_del(s->link);
	default:
		return s->gone ? 0 : side_set_link(s, o->up, o->lower_up, o->mtu);
	}
}

static const char *const kind_names[KINDS] = {
	[SET_IFF] = "TUNSETIFF",	 [SET_SIZE] = "TUNSETVNETHDRSZ",
	[SET_ORDER] = "TUNSETVNETLE/BE", [SET_OFFLOAD] = "TUNSETOFFLOAD",
	[SET_QUEUE] = "TUNSETQUEUE",	 [SET_LINK] = "link",
	[SET_SNDBUF] = "TUNSETSNDBUF",	 [SET_ADDRESS] = "SIOCSIFHWADDR",
	[SET_TXQUEUELEN] = "txqueuelen", [REOPEN] = "open",
	[DELETE] = "deletion",
};

void do_setting(struct side *s, const struct tap_op *o)
{
	int err = set(s, o) ? errno : 0, expected = expect_setting(s, o);

	fuzz_saw(o->kind << 8 | err);
	if (err != expected)
		fuzz_wrong("%s with %#x on a queue of %s: model %s, kernel %s", kind_names[o->kind],
			   o->value, s->kind, strerror(expected), strerror(err));
}

void do_query(const struct side *s, const struct tap_op *o)
{
	int seen = tap_ask(s->fd[o->queue], o->value), expected = expect_query(s, o);

	fuzz_saw(QUERY << 24 | o->value << 16 | (uint16_t)seen);
	if (seen != expected)
		fuzz_wrong("query %u of a queue of %s: model %d, kernel %d", o->value, s->kind,
			   expected, seen);
}
