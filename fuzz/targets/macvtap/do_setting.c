// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "device/tun.h"
#include "device/uapi.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/macvtap/do.h"

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
	default:
		return side_set_link(s, o->up, o->lower_up, o->mtu);
	}
}

static const char *const kind_names[] = { "TUNSETIFF",	   "TUNSETVNETHDRSZ", "TUNSETVNETLE/BE",
					  "TUNSETOFFLOAD", "TUNSETQUEUE",     "link" };

void do_setting(struct side *s, const struct tap_op *o)
{
	int err = set(s, o) ? errno : 0, expected = expect_setting(s, o);

	fuzz_saw(o->kind << 8 | err);
	if (err != expected)
		fuzz_wrong("%s with %#x on a queue of %s: model %s, kernel %s", kind_names[o->kind],
			   o->value, s->kind, strerror(expected), strerror(err));
}
