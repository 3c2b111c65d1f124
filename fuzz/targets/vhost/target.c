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

static struct gain gain;

static void compare_counters(const struct plan *plan, const struct rtnl_link_stats64 *before)
{
	const char *name = rings_name[rings_which(plan->features, plan->how)];
	struct rtnl_link_stats64 s;

	if (!gain.known || plan->gone || plan->spoilt[RINGS_TX])
		return;
	s = link_stats_since(name, before);
	if (s.rx_packets != gain.packets || s.rx_bytes != gain.bytes ||
	    s.rx_dropped != gain.dropped)
		fuzz_wrong("counters of %s: model %u packets, %llu bytes, %u dropped, kernel %llu, "
			   "%llu, %llu",
			   name, gain.packets, (unsigned long long)gain.bytes, gain.dropped,
			   s.rx_packets, s.rx_bytes, s.rx_dropped);
}

static void compare_one(const struct plan *plan, const struct step *s, struct model_written *w)
{
	struct delivered d = { 0 };
	const char *what;

	delivered_receive(packet, &d);
	d.ret = w->ret;
	d.err = w->err;
	what = delivered_difference(w, w->seen ? s->frame + w->at - expect_front(plan) : NULL, &d,
				    true);
	if (what)
		fuzz_wrong("%s of a frame of %u bytes, %s: model %#x %#x %u %u+%u, kernel %#x %#x "
			   "%u %u+%u",
			   what, s->len, plan_alone(plan) ? "alone" : "in a batch",
			   w->vnet.flags, w->vnet.gso_type, w->vnet.gso_size, w->vnet.csum_start,
			   w->vnet.csum_offset, d.vnet.flags, d.vnet.gso_type, d.vnet.gso_size,
			   d.vnet.csum_start, d.vnet.csum_offset);
	fuzz_saw(d.vnet.gso_type << 8 | d.vnet.flags);
}

static void compare_sent(const struct plan *plan, const struct step *s, enum fate fate,
			 struct model_written *w)
{
	struct delivered d = { 0 };

	if (fate != FATE_WRITTEN) {
		delivered_receive(packet, &d);
		if (d.seen)
			fuzz_wrong("a frame of %u bytes arrives that XDP does not pass", s->len);
	} else if (expect_known(plan, s, w)) {
		for (int i = 0; i < s->times; i++)
			compare_one(plan, s, w);
	} else {
		delivered_drain(packet);
	}
	expect_gain(&gain, plan, s, fate, w);
}

static const char *do_send(const struct plan *plan, const struct step *s)
{
	static const char *(*const calls[])(const void *header, const void *frame, unsigned int len,
					    unsigned int cut, int indirect,
					    int times) = { [FATE_WRITTEN] = rings_send,
							   [FATE_GONE] = rings_send,
							   [FATE_BACK] = rings_bounce,
							   [FATE_MOVED] = rings_move };
	struct model_written w;
	struct model_port port;
	const char *wrong;
	enum fate fate;

	expect_send(plan, s, &port, &w);
	fate = expect_fate(plan, s, &w);
	if (fate == FATE_BACK && rings.waits + s->times > RINGS_WAITS)
		return NULL;
	wrong = calls[fate](s->header, s->frame, s->len, s->cut, s->indirect, s->times);
	if (!wrong)
		compare_sent(plan, s, fate, &w);
	return wrong;
}

static int delete_tap(void)
{
	int ret = link_del(rings_name[rings.which]);

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

static const char *do_step(const struct plan *plan, const struct step *s)
{
	switch (s->kind) {
	case SEND:
		return do_send(plan, s);
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

	rings_open(plan->features, plan->how, plan->verdict, plan->rx_frames);
}

static int run(const uint8_t *data, size_t size)
{
	struct rtnl_link_stats64 before;
	const char *wrong;
	struct plan plan;
	struct step s;

	if (!plan_begin(&plan, data, size))
		return -1;
	fuzz_remote(open_rings, &plan);
	before = link_stats(rings_name[rings.which]);
	gain = (struct gain){ .known = true };
	while (plan_step(&plan, &s)) {
		if (s.skip)
			continue;
		wrong = do_step(&plan, &s);
		if (wrong)
			fuzz_wrong("%s", wrong);
		if (s.error && !rings_error(RINGS_TX))
			fuzz_wrong("vhost tells of no error in a ring that is wrong");
		fuzz_saw(s.kind << 24 | rings.waits << 16 | rings.slots << 8 | rings.spoilt[1]);
	}
	compare_counters(&plan, &before);
	rings_close();
	/* It may have sent frames all the same. */
	if (plan.spoilt[RINGS_TX])
		delivered_drain(packet);
	return 0;
}

static void begin(void)
{
	int fd = open("/dev/vhost-net", O_RDWR | O_CLOEXEC), room = 4 << 20;

	if (fd < 0 || ioctl(fd, VHOST_GET_FEATURES, &plan_supported)) {
		fprintf(stderr, "vhost: /dev/vhost-net: %s\n", strerror(errno));
		exit(2);
	}
	close(fd);
	for (int which = 0; which <= RINGS_TAPS; which++)
		rings_device(which);
	packet = packet_open(NULL, ETH_P_ALL, PACKET_VNET);
	/* 32 of the longest frames at a time. */
	setsockopt(packet, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
}

static void end(void)
{
	for (int which = 0; which <= RINGS_TAPS; which++) {
		for (int queue = 0; queue < RINGS_FILES; queue++) {
			if (rings_taps[which][queue])
				close(rings_taps[which][queue]);
			rings_taps[which][queue] = 0;
		}
	}
	close(packet);
}

const struct fuzz_target fuzz_target = {
	.name = "vhost",
	.format =
		"1 byte: features (mergeable buffers, version 1, own header, indirect "
		"descriptors, event index; with several queues, steered, "
		"vhost's detached); 1 byte: bit 0 frames alone instead of in batches, 1 "
		"IFF_NAPI, 2 three queues, 3 to 5 a verdict of XDP, 6 and 7 rx-frames; "
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
