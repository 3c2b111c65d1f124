// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "device/delivered.h"
#include "device/uapi.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/macvtap/do.h"

/* Frames of which is only known that they are no longer than what was written. */
static void drain_world(const struct side *s, size_t longest)
{
	size_t len;

	sides_settle();
	len = delivered_drain(s->packet);
	if (len > longest)
		fuzz_wrong("%zu bytes at %s of a write of %zu", len, s->world, longest);
}

void do_write(struct side *s, const struct tap_op *o)
{
	static struct expected_write e;
	const struct tap_written *w = &e.w;
	struct delivered d = { 0 };
	const char *what;
	struct iovec iov[2];

	expect_write(s, o, &e);
	iov[0] = (struct iovec){ e.bytes, e.there };
	iov[1] = (struct iovec){ NULL, e.len - e.there };
	d.ret = e.there < e.len ? writev(s->fd[o->queue], iov, 2) :
				  write(s->fd[o->queue], e.bytes, e.len);
	d.err = d.ret < 0 ? errno : 0;
	if (d.ret >= 0 ? d.ret != (ssize_t)e.len || (w->known && w->err) :
			 d.err != (w->known ? w->err : EINVAL))
		fuzz_wrong("write of %zu bytes to %s: model %s%s, kernel %zd (%s)", e.len, s->kind,
			   strerror(w->err), w->known ? "" : " or EINVAL", d.ret, strerror(d.err));
	fuzz_saw(e.arrival << 24 | (uint32_t)d.err << 16 | w->seen.vnet.gso_type << 8 |
		 w->seen.vnet.flags << 1 | w->seen.vlan);
	if (e.arrival == UNKNOWN)
		return drain_world(s, e.len);
	delivered_receive(s->packet, &d);
	if (e.arrival == FRAME && !d.seen) {
		sides_settle();
		delivered_receive(s->packet, &d);
	}
	if (e.arrival == NOTHING && d.seen) {
		fuzz_show("what arrived", d.frame, d.len);
		fuzz_wrong("%zu bytes at %s of a write that is not to get there", d.len, s->world);
	}
	what = e.arrival == FRAME ? delivered_difference(&w->seen, e.bytes + w->seen.at, &d, true) :
				    NULL;
	if (what && d.seen)
		fuzz_show("what arrived", d.frame, d.len);
	if (what)
		fuzz_wrong("%s at %s of a frame of %zu bytes written to %s: flags %#x %#x, type "
			   "%#x %#x, size %u %u, checksum %u+%u %u+%u, %zu bytes",
			   what, s->world, w->seen.len, s->kind, w->seen.vnet.flags, d.vnet.flags,
			   w->seen.vnet.gso_type, d.vnet.gso_type, w->seen.vnet.gso_size,
			   d.vnet.gso_size, w->seen.vnet.csum_start, w->seen.vnet.csum_offset,
			   d.vnet.csum_start, d.vnet.csum_offset, d.len);
}
