// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/vhost/plan.h"

#include <string.h>

#include "fuzz/targets/edit.h"
#include "fuzz/targets/vhost/layout.h"
#include "harness/harness.h"

uint64_t plan_supported;

bool plan_begin(struct plan *plan, const uint8_t *data, size_t size)
{
	static const uint64_t bits[] = { RINGS_MRG_RXBUF, RINGS_VERSION_1, RINGS_OWN_HEADER,
					 RINGS_INDIRECT, RINGS_EVENT_IDX };
	static const int verdicts[] = { -1,	      XDP_PASS,	   XDP_DROP, XDP_TX,
					XDP_REDIRECT, XDP_ABORTED, 77,	     -1 },
			 rx_frames[] = { 0, 1, 3, 64 };

	if (size < HEAD + STEP)
		return false;
	*plan = (struct plan){ .data = data + HEAD, .left = size - HEAD, .on = { true, true } };
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		plan->features |= data[0] >> i & 1 ? bits[i] : 0;
	plan->how = data[1] & (RINGS_SINGLE | RINGS_NAPI | RINGS_QUEUES);
	if (plan->how & RINGS_QUEUES)
		plan->how |= data[0] >> 2 & (RINGS_STEERED | RINGS_DETACHED);
	plan->verdict = verdicts[data[1] >> 3 & 7];
	if (harness_feature("vhost_zerocopy")) {
		/* Otherwise XDP meets in the driver those that are copied. */
		plan->how |= RINGS_ZEROCOPY | (plan->verdict < 0 ? 0 : RINGS_SINGLE);
	}
	plan->rx_frames = rx_frames[data[1] >> 6];
	return true;
}

unsigned int plan_header(const struct plan *plan)
{
	return plan->features & (RINGS_MRG_RXBUF | RINGS_VERSION_1) ? 12 : 10;
}

bool plan_alone(const struct plan *plan)
{
	return plan->how & (RINGS_SINGLE | RINGS_ZEROCOPY);
}

/*
 * Where a frame that is not copied may wait in the TAP for the next, vhost waits for it, too: for
 * ever, if its ring is spoilt and there is no next.
 */
static bool may_spoil(const struct plan *plan, unsigned int queue)
{
	return queue != RINGS_TX || !(plan->how & RINGS_ZEROCOPY) ||
	       (!(plan->how & RINGS_NAPI) && !plan->rx_frames);
}

static void spoil(struct plan *plan, int queue)
{
	plan->spoilt[queue] = true;
	if (plan->verdict == XDP_TX)
		plan->spoilt[RINGS_RX] = true;
}

/*
 * XDP sees no frame that is longer than a page, and as an skb sends on none whose header asks for
 * something.
 */
static bool no_xdp(const struct plan *plan, const struct step *s)
{
	bool header = !(plan->features & RINGS_OWN_HEADER);

	if (plan->verdict < 0)
		return false;
	if (s->len > RINGS_XDP_FRAME)
		return true;
	return header && (plan->verdict == XDP_TX || plan->verdict == XDP_REDIRECT) &&
	       (s->vnet.gso_type || (plan->how & RINGS_SINGLE && s->vnet.flags & 1));
}

/* Known differences of frames in a batch: one that cannot be put into it stops the queue. */
static bool stops_batch(const struct plan *plan, const struct step *s)
{
	unsigned int end = s->vnet.csum_start + s->vnet.csum_offset + 2;

	return !plan_alone(plan) && !(plan->features & RINGS_OWN_HEADER) && s->vnet.flags & 1 &&
	       (uint16_t)end > plan_header(plan) + s->len;
}

static void plan_send(struct plan *plan, const uint8_t *b, struct step *s)
{
	/* More than 16 are more than XDP redirects in one go. */
	static const uint8_t times[] = { 1, 2, 3, 4, 5, 8, 17, 32 };
	size_t len = plan->left < 2 ? 0 : edit_get16(plan->data);

	s->cut = b[1] | (b[2] & 0xf) << 8;
	s->times = times[b[2] >> 4 & 7];
	s->indirect = b[2] >> 7 && plan->features & RINGS_INDIRECT;
	memcpy(s->header, b + 3, sizeof(s->header));
	s->vnet = vnet_decode(s->header, sizeof(s->header), false);
	if (plan->left >= 2) {
		plan->data += 2;
		plan->left -= 2;
	}
	len = len < plan->left ? len : plan->left;
	s->frame = plan->data;
	s->len = len < RINGS_FRAME ? len : RINGS_FRAME;
	plan->data += len;
	plan->left -= len;
	s->skip = !s->len || !plan->on[RINGS_TX] || plan->spoilt[RINGS_TX] ||
		  stops_batch(plan, s) || no_xdp(plan, s);
	if (!s->skip)
		plan->sent += s->times;
}

static int expect_queue(struct plan *plan, const struct step *s)
{
	unsigned int i = s->index, v = s->value;

	if (i > 1)
		return -ENOBUFS;
	if (s->request == ADDR) {
		if (s->flags)
			return -EOPNOTSUPP;
		if (s->avail & 1 || s->used & 3)
			return -EINVAL;
		if (s->offset || s->avail || s->used)
			spoil(plan, i);
		return 0;
	}
	if (plan->on[i])
		return -EBUSY;
	if (s->request == NUM && (!v || v > 0xffff || v & (v - 1)))
		return -EINVAL;
	if (s->request == BASE && v > 0xffff)
		return -EINVAL;
	if (s->request == BASE || v != RINGS_NUM)
		spoil(plan, i);
	return 0;
}

static void plan_ioctl(struct plan *plan, const uint8_t *b, struct step *s)
{
	s->request = b[1] % REQUESTS;
	s->index = b[2] < 250 ? b[2] & 1 : b[2];
	s->value = edit_get32(b + 3);
	s->flags = b[7] & 0xfe;
	s->offset = b[8];
	s->avail = b[9];
	s->used = b[10];
	switch (s->request) {
	case NUM:
	case BASE:
	case ADDR:
		s->skip = !may_spoil(plan, s->index);
		if (!s->skip)
			s->expected = expect_queue(plan, s);
		s->spoils = s->index < 2 && plan->spoilt[s->index];
		break;
	case FEATURES:
		s->value %= 64;
		s->skip = plan_supported >> s->value & 1;
		s->expected = -EOPNOTSUPP;
		break;
	case TABLE:
		s->count = s->value ? 1 : 100000;
		s->expected = s->flags ? -EOPNOTSUPP : s->value ? 0 : -E2BIG;
		break;
	case OWNER:
		s->expected = -EBUSY;
		break;
	case NO_SOCKET:
		s->skip = s->index < 2 && plan->spoilt[s->index];
		s->expected = s->index > 1 ? -ENOBUFS : -ENOTSOCK;
		break;
	case DELETE:
		/* What was on its way is lost, buffers too. */
		s->skip = plan->gone;
		plan->gone = plan->spoilt[0] = plan->spoilt[1] = true;
		break;
	default:
		s->skip = s->index == RINGS_RX || (s->index == RINGS_TX && plan->spoilt[s->index]);
		s->expected = s->index > 1 ? -ENOBUFS : plan->sent;
	}
}

static void plan_wrong(struct plan *plan, const uint8_t *b, struct step *s)
{
	s->queue = b[1] & 1;
	s->index = b[2] % (RINGS_NUM * 5);
	s->place = b[3] % RINGS_PLACES;
	s->offset = edit_get16(b + 4);
	s->len = edit_get32(b + 6);
	s->flags = b[10] & 15;
	s->next = b[11];
	s->value = b[12] < 200 ? edit_get16(b + 4) % RINGS_NUM : edit_get16(b + 4);
	s->count = b[13] < 200 ? 1 : edit_get16(b + 6);
	s->error = s->kind == PUBLISH && s->queue == RINGS_TX && plan->on[RINGS_TX] &&
		   !plan->spoilt[RINGS_TX] &&
		   (s->count > RINGS_NUM || (s->count && s->value >= RINGS_NUM));
	s->skip = !may_spoil(plan, s->queue);
	if (!s->skip)
		spoil(plan, s->queue);
}

bool plan_step(struct plan *plan, struct step *s)
{
	const uint8_t *b = plan->data;

	if (plan->left < STEP || plan->steps++ == MAX_STEPS)
		return false;
	plan->data += STEP;
	plan->left -= STEP;
	*s = (struct step){ .kind = b[0] % KINDS };
	switch (s->kind) {
	case SEND:
		plan_send(plan, b, s);
		break;
	case POST:
		s->len = 1 + edit_get16(b + 1) % RINGS_SIZE;
		s->cut = edit_get16(b + 3) % RINGS_SIZE;
		s->indirect = b[5] & 1 && plan->features & RINGS_INDIRECT;
		s->skip = plan->spoilt[RINGS_RX];
		break;
	case ARRIVE:
		s->len = 14 + edit_get16(b + 1) % 1501;
		s->skip = plan->gone;
		break;
	case BACKEND:
		s->queue = b[1] & 1;
		s->on = b[2] & 1;
		s->skip = plan->gone && s->on;
		if (!s->skip)
			plan->on[s->queue] = s->on;
		break;
	case IOCTL:
		plan_ioctl(plan, b, s);
		break;
	default:
		plan_wrong(plan, b, s);
	}
	return true;
}
