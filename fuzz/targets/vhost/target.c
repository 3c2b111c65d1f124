// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings of /dev/vhost-net. As long as they are right, what becomes of each buffer and frame is
 * known; afterwards, that nothing outside of the guest's memory changes.
 */
#include <linux/if_ether.h>
#include <string.h>
#include <unistd.h>

#include "device/delivered.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/die.h"
#include "fuzz/targets/parts.h"
#include "fuzz/targets/vhost/expect.h"
#include "fuzz/targets/vhost/layout.h"
#include "fuzz/targets/vhost/rings.h"
#include "harness/harness.h"
#include "netns/link.h"

FUZZ_TEXT(vhost_prologue,
	  FUZZ_FILE("fuzz/targets/vhost/layout.h") FUZZ_FILE("fuzz/targets/vhost/rings.h"));

static int packet;

static void compare_sent(const struct plan *plan, const struct step *s)
{
	struct model_written w;
	struct model_port port;
	struct delivered d = { 0 };
	const char *what;

	expect_send(plan, s, &port, &w);
	delivered_receive(packet, &d);
	if (!expect_known(plan, s, &w))
		return;
	d.ret = w.ret;
	d.err = w.err;
	what = delivered_difference(&w, s->frame + w.at - port.vnet_size, &d, true);
	if (what)
		fuzz_wrong("%s of a frame of %u bytes, %s: model %#x %#x %u %u+%u, kernel %#x %#x "
			   "%u %u+%u",
			   what, s->len, plan->single ? "alone" : "in a batch", w.vnet.flags,
			   w.vnet.gso_type, w.vnet.gso_size, w.vnet.csum_start, w.vnet.csum_offset,
			   d.vnet.flags, d.vnet.gso_type, d.vnet.gso_size, d.vnet.csum_start,
			   d.vnet.csum_offset);
	fuzz_saw(d.vnet.gso_type << 8 | d.vnet.flags);
}

static int delete_tap(void)
{
	int ret = link_del(rings_name[!(rings.features & RINGS_OWN_HEADER)]);

	rings_gone();
	return ret ? -errno : 0;
}

static void do_ioctl(const struct step *s)
{
	static const unsigned long requests[] = {
		[NUM] = VHOST_SET_VRING_NUM, [BASE] = VHOST_SET_VRING_BASE
	};
	int ret;

	switch (s->request) {
	case NUM:
	case BASE:
		ret = rings_state(requests[s->request], s->index, s->value);
		break;
	case ADDR:
		ret = rings_addr(s->index, s->flags, s->offset, s->avail, s->used);
		break;
	case FEATURES:
		ret = rings_features(rings.features | 1ULL << s->value);
		break;
	case TABLE:
		ret = rings_table(s->count, s->flags);
		break;
	case OWNER:
		ret = rings_owner();
		break;
	case NO_SOCKET:
		ret = rings_file(VHOST_NET_SET_BACKEND, s->index, rings.error[0]);
		break;
	case DELETE:
		ret = delete_tap();
		break;
	default:
		ret = rings_base(s->index);
	}
	if (ret != s->expected)
		fuzz_wrong("request %d of queue %u with %u: model %d, kernel %d", s->request,
			   s->index, s->value, s->expected, ret);
	if (s->spoils)
		rings_spoil(s->index);
}

static const char *do_step(const struct step *s)
{
	switch (s->kind) {
	case SEND:
		return rings_send(s->header, s->frame, s->len, s->cut, s->indirect);
	case POST:
		return rings_post(s->len, s->cut, s->indirect);
	case ARRIVE:
		return rings_arrive(s->len);
	case BACKEND:
		return rings_backend(s->queue, s->on);
	case IOCTL:
		do_ioctl(s);
		return NULL;
	case DESC:
		rings_desc(s->queue, s->index, s->place, s->offset, s->len, s->flags, s->next);
		return NULL;
	default:
		return rings_publish(s->queue, s->value, s->count);
	}
}

static void open_rings(void *arg)
{
	const struct plan *plan = arg;

	rings_open(plan->features, plan->single);
}

static int run(const uint8_t *data, size_t size)
{
	const char *wrong;
	struct plan plan;
	struct step s;

	if (!plan_begin(&plan, data, size))
		return -1;
	fuzz_remote(open_rings, &plan);
	while (plan_step(&plan, &s)) {
		if (s.skip)
			continue;
		wrong = do_step(&s);
		if (wrong)
			fuzz_wrong("%s", wrong);
		if (s.kind == SEND)
			compare_sent(&plan, &s);
		if (s.error && !rings_error(RINGS_TX))
			fuzz_wrong("vhost tells of no error in a ring that is wrong");
		fuzz_saw(s.kind << 24 | rings.waits << 16 | rings.slots << 8 | rings.spoilt[1]);
	}
	rings_close();
	/* It may have sent frames all the same. */
	if (plan.spoilt[RINGS_TX])
		delivered_drain(packet);
	return 0;
}

static void begin(void)
{
	int fd = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, VHOST_GET_FEATURES, &plan_supported)) {
		fprintf(stderr, "vhost: /dev/vhost-net: %s\n", strerror(errno));
		exit(2);
	}
	close(fd);
	for (int header = 0; header < 2; header++)
		rings_device(header);
	packet = packet_open(NULL, ETH_P_ALL, PACKET_VNET);
}

static void end(void)
{
	for (int header = 0; header < 2; header++) {
		if (rings_taps[header] >= 0)
			close(rings_taps[header]);
		rings_taps[header] = -1;
	}
	close(packet);
}

const struct fuzz_target fuzz_target = {
	.name = "vhost",
	.format =
		"1 byte: features (mergeable buffers, version 1, own header, indirect "
		"descriptors, event index); 1 byte: bit 0 frames alone instead of in batches; "
		"then steps of 16 bytes, the first of which is what is done (send, post a buffer, "
		"a frame arrives, backend, ioctl, a descriptor, publish); behind a send its "
		"length and frame",
	.max_len = MAX_LEN,
	.reset_inputs = 5000,
	.begin = begin,
	.end = end,
	.run = run,
	.prologue = vhost_prologue,
	.print = target_print,
	.mutate = target_mutate,
	.seed = target_seed,
};
