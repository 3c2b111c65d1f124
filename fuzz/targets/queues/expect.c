// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/queues/expect.h"

#include <errno.h>
#include <poll.h>
#include <sys/uio.h>

#include "device/model_io.h"
#include "fuzz/fuzz.h"

/* What some order of the steps leads to; more than any does is no fault, less is. */
struct chances {
	bool closed[RACE_FILES], open[RACE_FILES], free[RACE_FILES];
	bool attached[RACE_FILES], detached[RACE_FILES];
	bool vanish, down, up, deleted, sent, small_buffer;
};

static void find_chances(const struct plan *plan, struct chances *c)
{
	*c = (struct chances){
		.vanish = plan->race.may_vanish,
		.deleted = plan->does[RACE_DELETE],
		.sent = plan->does[RACE_SEND],
		.small_buffer = plan->does[RACE_SNDBUF],
		.up = true,
	};
	c->down = c->vanish || plan->goes_down;
	for (int i = 0; i < RACE_FILES; i++) {
		const bool *does = plan->does_to[i];
		enum race_file was = plan->race.files[i];

		c->closed[i] = was == RACE_CLOSED || does[RACE_CLOSE];
		c->open[i] = was != RACE_CLOSED || does[RACE_OPEN];
		c->free[i] = was == RACE_FREE || does[RACE_OPEN] || (c->open[i] && c->deleted);
		c->attached[i] = was == RACE_ATTACHED || (c->free[i] && does[RACE_SETIFF]) ||
				 (was == RACE_DETACHED && does[RACE_ATTACH]);
		c->detached[i] = was == RACE_DETACHED || (c->attached[i] && does[RACE_DETACH]);
	}
}

static void may(struct race_step *s, bool can, int result)
{
	if (can)
		s->may[s->choices++] = result;
}

static void expect_write(const struct plan *plan, const struct chances *c, struct race_step *s,
			 bool held)
{
	struct model_port port = {
		.attached = true, .tap = plan->race.flags & IFF_TAP, .up = true, .nonblock = true
	};
	static uint8_t frame[2048] = { 0x45, [12] = 0x88, [13] = 0xb5 };
	struct iovec iov = { frame, s->value };
	struct model_written w;

	for (int up = 0; up < 2; up++) {
		port.up = up;
		model_write(&fuzz_abi.kernel, &port, &iov, 1, &w);
		may(s, held && (up ? c->up : c->down), w.ret < 0 ? -w.err : w.ret);
	}
	may(s, held && plan->napi && c->detached[s->file], -EBUSY);
	may(s, held && c->small_buffer, -EAGAIN);
}

static void expect_poll(const struct chances *c, struct race_step *s, bool held)
{
	may(s, c->closed[s->file], POLLNVAL);
	may(s, c->free[s->file] || c->deleted, POLLERR);
	may(s, held, POLLOUT);
	may(s, held && (c->down || c->small_buffer), 0);
	may(s, held && c->sent, POLLIN | POLLOUT);
	may(s, held && c->sent && (c->down || c->small_buffer), POLLIN);
}

static void expect_link(const struct chances *c, struct race_step *s)
{
	may(s, true, 0);
	may(s, c->vanish, -ENODEV);
	if (s->op != RACE_SEND)
		return;
	/* The file that a frame is for may have no room, or be none. */
	may(s, true, -ENOBUFS);
	may(s, c->vanish, -ENXIO);
	may(s, c->down, -ENETDOWN);
}

/* The operations that change which files are queues of the device. */
static void expect_change(const struct chances *c, struct race_step *s, bool held)
{
	int i = s->file;

	may(s, s->op != RACE_OPEN && c->closed[i], -EBADF);
	switch (s->op) {
	case RACE_OPEN:
		may(s, true, 0);
		break;
	case RACE_CLOSE:
		may(s, c->open[i], 0);
		break;
	case RACE_SETIFF:
		may(s, c->free[i], 0);
		may(s, held, -EEXIST);
		/* The number of a file's last queue is the ifindex wished for: that of lo is 1. */
		may(s, c->deleted && held, -EBUSY);
		break;
	case RACE_ATTACH:
		may(s, c->detached[i], 0);
		may(s, c->free[i] || c->attached[i], -EINVAL);
		break;
	default:
		may(s, c->attached[i], 0);
		may(s, c->free[i] || c->detached[i], -EINVAL);
	}
}

/* Those that need a device. */
static void expect_use(const struct plan *plan, const struct chances *c, struct race_step *s,
		       bool held)
{
	may(s, c->closed[s->file], -EBADF);
	may(s, c->free[s->file], -EBADFD);
	switch (s->op) {
	case RACE_WRITE:
		expect_write(plan, c, s, held);
		break;
	case RACE_READ:
		may(s, held, -EAGAIN);
		may(s, held && c->sent, RACE_LENGTH);
		/* The device has gone since the read began. */
		may(s, held && c->deleted, -EFAULT);
		break;
	case RACE_SNDBUF:
		may(s, held, s->value > 0 ? 0 : -EINVAL);
		break;
	case RACE_CARRIER:
		may(s, held, 0);
		may(s, s->value && c->detached[s->file], -EPERM);
		break;
	case RACE_SETLINK:
		may(s, held && c->up, -EBUSY);
		may(s, held && c->down, 0);
		break;
	default:
		may(s, held, 0);
	}
}

static void expect_step(const struct plan *plan, const struct chances *c, struct race_step *s)
{
	bool held = c->attached[s->file] || c->detached[s->file];

	if (s->op <= RACE_DETACH)
		expect_change(c, s, held);
	else if (s->op == RACE_POLL)
		expect_poll(c, s, held);
	else if (s->op < RACE_TXQUEUELEN)
		expect_use(plan, c, s, held);
	else
		expect_link(c, s);
}

void expect(struct plan *plan)
{
	struct chances c;

	find_chances(plan, &c);
	for (int t = 0; t < RACE_THREADS; t++) {
		for (int i = 0; i < plan->race.lists[t].count; i++)
			expect_step(plan, &c, &plan->steps[t][i]);
	}
}
