// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings of /dev/vhost-net. As long as they are right, what becomes of each buffer and frame is
 * known; afterwards, that nothing outside of the guest's memory changes.
 */
#include <string.h>
#include <unistd.h>
#include <linux/if_ether.h>

#include "device/delivered.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/edit.h"
#include "fuzz/targets/print.h"
#include "fuzz/targets/seed.h"
#include "harness/harness.h"
#include "netns/link.h"

static void die(const char *what)
{
	TH_BAIL("%s: %s", what, strerror(errno));
}

#include "fuzz/targets/vhost/rings.h"

FUZZ_TEXT(vhost_prologue, FUZZ_FILE("fuzz/targets/vhost/rings.h"));

#define HEAD	  2
#define STEP	  16 /* bytes of a step */
#define MAX_STEPS 48
#define MAX_LEN	  16384

enum kind { SEND, POST, ARRIVE, BACKEND, IOCTL, DESC, PUBLISH, KINDS };
enum request { NUM, BASE, ADDR, FEATURES, TABLE, OWNER, NO_SOCKET, GET_BASE, DELETE, REQUESTS };

/* What the input has led to so far, as far as it decides about what comes. */
struct plan {
	const uint8_t *data;
	size_t left;
	int steps;
	uint64_t features;
	bool single, on[2], spoilt[2];
	bool gone;     /* the TAP */
	uint16_t sent; /* buffers given to TX */
};

struct step {
	enum kind kind;
	bool skip;
	int queue, on;
	/* SEND, and POST and ARRIVE */
	struct vnet vnet;
	uint8_t header[12];
	const uint8_t *frame;
	unsigned int len, cut, indirect;
	/* DESC, PUBLISH */
	unsigned int index, place, offset, flags, next, count;
	/* IOCTL */
	enum request request;
	unsigned int value, avail, used;
	int expected;
	bool spoils; /* IOCTL: from here on nothing is known of queue @index */
	bool error;  /* vhost has to tell of one */
};

static int packet;
static uint64_t supported;

static bool plan_begin(struct plan *plan, const uint8_t *data, size_t size)
{
	static const uint64_t bits[] = { RINGS_MRG_RXBUF, RINGS_VERSION_1, RINGS_OWN_HEADER,
					 RINGS_INDIRECT, RINGS_EVENT_IDX };

	if (size < HEAD + STEP)
		return false;
	*plan = (struct plan){ .data = data + HEAD, .left = size - HEAD, .on = { true, true } };
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		plan->features |= data[0] >> i & 1 ? bits[i] : 0;
	plan->single = data[1] & 1;
	return true;
}

/* Known differences of frames in a batch: one that cannot be put into it stops the queue. */
static bool stops_batch(const struct plan *plan, const struct step *s)
{
	unsigned int header = plan->features & (RINGS_MRG_RXBUF | RINGS_VERSION_1) ? 12 : 10;
	unsigned int end = s->vnet.csum_start + s->vnet.csum_offset + 2;

	return !plan->single && !(plan->features & RINGS_OWN_HEADER) && s->vnet.flags & 1 &&
	       (uint16_t)end > header + s->len;
}

static void plan_send(struct plan *plan, const uint8_t *b, struct step *s)
{
	size_t len = plan->left < 2 ? 0 : edit_get16(plan->data);

	s->cut = b[1] | (b[2] & 0xf) << 8;
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
	s->skip = !s->len || !plan->on[RINGS_TX] || plan->spoilt[RINGS_TX] || stops_batch(plan, s);
	if (!s->skip)
		plan->sent++;
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
		plan->spoilt[i] |= s->offset || s->avail || s->used;
		return 0;
	}
	if (plan->on[i])
		return -EBUSY;
	if (s->request == NUM && (!v || v > 0xffff || v & (v - 1)))
		return -EINVAL;
	if (s->request == BASE && v > 0xffff)
		return -EINVAL;
	plan->spoilt[i] |= s->request == BASE || v != RINGS_NUM;
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
		s->expected = expect_queue(plan, s);
		s->spoils = s->index < 2 && plan->spoilt[s->index];
		break;
	case FEATURES:
		s->value %= 64;
		s->skip = supported >> s->value & 1;
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
	plan->spoilt[s->queue] = true;
}

/* The next step of an input, false at its end. */
static bool plan_step(struct plan *plan, struct step *s)
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

/* The write() that a frame amounts to. */
static void expect_send(const struct plan *plan, const struct step *s, struct model_port *port,
			struct model_written *w)
{
	static uint8_t buf[12 + RINGS_FRAME];
	unsigned int size = plan->features & (RINGS_MRG_RXBUF | RINGS_VERSION_1) ? 12 : 10;
	struct iovec iov = { buf, 0 };
	struct link link;

	*port = (struct model_port){
		.attached = true, .tap = true, .up = true, .nonblock = true, .watched = true
	};
	if (!(plan->features & RINGS_OWN_HEADER)) {
		port->vnet_hdr = true;
		port->vnet_size = size;
		memcpy(buf, s->header, size);
		iov.iov_len = size;
	}
	memcpy(buf + iov.iov_len, s->frame, s->len);
	iov.iov_len += s->len;
	if (!link_get(rings_name[port->vnet_hdr], &link))
		memcpy(port->mac, link.address, sizeof(port->mac));
	model_write(&fuzz_abi.kernel, port, &iov, 1, w);
	/* How much of it is in one piece is not as for a write(). */
	w->gro = true;
}

/* In a batch fewer headers are refused, but no frame is taken that is shorter than its own. */
static bool is_known(const struct plan *plan, const struct step *s, const struct model_written *w)
{
	return plan->single || w->seen || s->len < ETH_HLEN;
}

static void compare_sent(const struct plan *plan, const struct step *s)
{
	struct model_written w;
	struct model_port port;
	struct delivered d = { 0 };
	const char *what;

	expect_send(plan, s, &port, &w);
	delivered_receive(packet, &d);
	if (!is_known(plan, s, &w))
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

/* A ring that is spoilt may have sent frames all the same. */
static void drain(void)
{
	struct delivered d;

	do {
		d = (struct delivered){ 0 };
		delivered_receive(packet, &d);
	} while (d.seen);
}

static int run(const uint8_t *data, size_t size)
{
	const char *wrong;
	struct plan plan;
	struct step s;

	if (!plan_begin(&plan, data, size))
		return -1;
	rings_open(plan.features, plan.single);
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
	if (plan.spoilt[RINGS_TX])
		drain();
	return 0;
}

static void begin(void)
{
	int fd = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, VHOST_GET_FEATURES, &supported)) {
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

static void print_number(FILE *out, const char *call, int expected)
{
	if (expected < 0)
		fprintf(out, "\t\tCHECK(%s, -%s);\n", call, harness_errno_name(-expected));
	else
		fprintf(out, "\t\tCHECK(%s, %d);\n", call, expected);
}

static void print_ioctl(FILE *out, const struct plan *plan, const struct step *s)
{
	char call[128];

	switch (s->request) {
	case NUM:
	case BASE:
		snprintf(call, sizeof(call), "rings_state(VHOST_SET_VRING_%s, %u, %u)",
			 s->request == NUM ? "NUM" : "BASE", s->index, s->value);
		break;
	case ADDR:
		snprintf(call, sizeof(call), "rings_addr(%u, %#x, %u, %u, %u)", s->index, s->flags,
			 s->offset, s->avail, s->used);
		break;
	case FEATURES:
		snprintf(call, sizeof(call), "rings_features(%#llx | 1ULL << %u)",
			 (unsigned long long)plan->features, s->value);
		break;
	case TABLE:
		snprintf(call, sizeof(call), "rings_table(%u, %u)", s->count, s->flags);
		break;
	case OWNER:
		snprintf(call, sizeof(call), "rings_owner()");
		break;
	case NO_SOCKET:
		snprintf(call, sizeof(call),
			 "rings_file(VHOST_NET_SET_BACKEND, %u, rings.error[0])", s->index);
		break;
	case DELETE:
		snprintf(call, sizeof(call), "link_del(0, \"%s\")",
			 rings_name[!(plan->features & RINGS_OWN_HEADER)]);
		break;
	default:
		snprintf(call, sizeof(call), "rings_base(%u)", s->index);
	}
	print_number(out, call, s->expected);
	if (s->request == DELETE)
		fputs("\t\trings_gone();\n", out);
	if (s->spoils)
		fprintf(out, "\t\trings_spoil(%u);\n", s->index);
}

static void print_send(FILE *out, const struct plan *plan, const struct step *s)
{
	struct model_written w;
	struct model_port port;

	expect_send(plan, s, &port, &w);
	fputs("\t\t{\n", out);
	print_vnet(out, "header", &s->vnet);
	print_bytes(out, "frame", s->frame, s->len);
	fprintf(out, "\n\t\tCHECK(complain(rings_send(&header, frame, %u, %u, %u)), 0);\n", s->len,
		s->cut, s->indirect);
	if (w.seen)
		print_seen(out, &port, &w);
	else
		fputs(is_known(plan, s, &w) ? "\t\tCHECK(receive(), -EAGAIN);\n" :
					      "\t\treceive();\n",
		      out);
	fputs("\t\t}\n", out);
}

static const char *queue_name(int queue)
{
	return queue == RINGS_TX ? "RINGS_TX" : "RINGS_RX";
}

static void print_desc(FILE *out, const struct step *s)
{
	static const char *const places[] = { "RINGS_AT_SLOT", "RINGS_AT_TABLE",  "RINGS_AT_RING",
					      "RINGS_AT_END",  "RINGS_AT_BEHIND", "RINGS_AT_ZERO",
					      "RINGS_AT_TOP" },
				 *const flags[] = { "VRING_DESC_F_NEXT", "VRING_DESC_F_WRITE",
						    "VRING_DESC_F_INDIRECT", "8" };

	fprintf(out, "\t\trings_desc(%s, %u, %s, %u, %u, 0", queue_name(s->queue), s->index,
		places[s->place], s->offset, s->len);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (s->flags >> i & 1)
			fprintf(out, " | %s", flags[i]);
	}
	fprintf(out, ", %u);\n", s->next);
}

static void print_step(FILE *out, const struct plan *plan, const struct step *s)
{
	switch (s->kind) {
	case SEND:
		print_send(out, plan, s);
		break;
	case POST:
		fprintf(out, "\t\tCHECK(complain(rings_post(%u, %u, %u)), 0);\n", s->len, s->cut,
			s->indirect);
		break;
	case ARRIVE:
		fprintf(out, "\t\tCHECK(complain(rings_arrive(%u)), 0);\n", s->len);
		break;
	case BACKEND:
		fprintf(out, "\t\tCHECK(complain(rings_backend(%s, %d)), 0);\n",
			queue_name(s->queue), s->on);
		break;
	case IOCTL:
		print_ioctl(out, plan, s);
		break;
	case DESC:
		print_desc(out, s);
		break;
	default:
		fprintf(out, "\t\tCHECK(complain(rings_publish(%s, %u, %u)), 0);\n",
			queue_name(s->queue), s->value, s->count);
	}
	if (s->error)
		fputs("\t\tCHECK(rings_error(RINGS_TX), 1);\n", out);
}

static void print(FILE *out, const uint8_t *data, size_t size)
{
	static const char *const names[] = { "RINGS_MRG_RXBUF", "RINGS_VERSION_1",
					     "RINGS_OWN_HEADER", "RINGS_INDIRECT",
					     "RINGS_EVENT_IDX" };
	struct plan plan;
	struct step s;

	if (!plan_begin(&plan, data, size))
		return;
	fputs("\t\tif (watcher < 0)\n\t\t\twatch();\n\t\tenter(ns[0]);\n\t\trings_open(0", out);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (data[0] >> i & 1)
			fprintf(out, " | %s", names[i]);
	}
	fprintf(out, ", %d);\n", plan.single);
	while (plan_step(&plan, &s)) {
		if (!s.skip)
			print_step(out, &plan, &s);
	}
	fputs("\t\trings_close();\n", out);
	if (plan.spoilt[RINGS_TX])
		fputs("\t\twhile (receive() >= 0)\n\t\t\t;\n", out);
}

/* Bytes of the step that begins here: with its frame. */
static size_t step_size(const uint8_t *at, size_t left)
{
	size_t len;

	if (at[0] % KINDS != SEND)
		return STEP;
	if (left < STEP + 2)
		return left;
	len = edit_get16(at + STEP);
	return len < left - STEP - 2 ? STEP + 2 + len : left;
}

/* One byte or word of a step, or of the frame behind it: its new size. */
static size_t edit_step(uint8_t *at, size_t size, size_t left, size_t max, struct draw *draw)
{
	unsigned int field = 1 + draw->below(draw, STEP - 1);
	size_t len;

	if (at[0] % KINDS == SEND && size > STEP + 2 && size == left && edit_chance(draw, 60)) {
		/* The last one can grow. */
		len = edit_frame(at + STEP + 2, size - STEP - 2, max - STEP - 2, true, draw);
		at[STEP] = len;
		at[STEP + 1] = len >> 8;
		return STEP + 2 + len;
	}
	if (edit_chance(draw, 10))
		at[0] = draw->below(draw, KINDS);
	else if (field < 3)
		at[field] = draw->below(draw, edit_chance(draw, 70) ? 8 : 256);
	else
		at[field] = edit_number(at[field], 8, draw);
	return size;
}

static size_t mutate(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	size_t offsets[MAX_STEPS], at = HEAD, n = 0, step, changed;

	if (size < HEAD + STEP) {
		memset(data + size, 0, HEAD + STEP - size);
		return HEAD + STEP;
	}
	while (n < MAX_STEPS && at + STEP <= size) {
		offsets[n++] = at;
		at += step_size(data + at, size - at);
	}
	if (edit_chance(draw, 10)) {
		data[draw->below(draw, HEAD)] = draw->below(draw, 32);
		return size;
	}
	at = offsets[draw->below(draw, n)];
	step = step_size(data + at, size - at);
	if (edit_chance(draw, 15) && n > 1) {
		memmove(data + at, data + at + step, size - at - step);
		return size - step;
	}
	if (edit_chance(draw, 10)) {
		/* The same once more, or several times. */
		for (int times = draw->below(draw, 8); times >= 0 && size + step <= max; times--) {
			memmove(data + at + step, data + at, size - at);
			size += step;
		}
		return size;
	}
	if (edit_chance(draw, 25) && size + STEP <= max) {
		memmove(data + at + STEP, data + at, size - at);
		memset(data + at, 0, STEP);
		data[at] = 1 + draw->below(draw, KINDS - 1);
		for (int i = 1; i < STEP; i++)
			data[at + i] = draw->below(draw, edit_chance(draw, 60) ? 4 : 256);
		return size + STEP;
	}
	changed = edit_step(data + at, step, size - at, max - at, draw);
	return size + changed - step;
}

#define S(...)                                                                                     \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

static const struct {
	const char *name;
	uint8_t features, single;
	bool frame; /* a SEND at the end */
	uint8_t steps[6][STEP];
	int count;
} seeds[] = {
	{ "tx_alone", 0, 1, true, {}, 0 },
	{ "tx_batch", 2, 0, true, {}, 0 },
	{ "tx_own_header", 4, 1, true, {}, 0 },
	{ "tx_indirect", 8, 1, true, {}, 0 },
	{ "rx",
	  0,
	  0,
	  false,
	  { S(POST, 208, 7), S(ARRIVE, 86, 4), S(POST, 208, 7, 10), S(ARRIVE, 46) },
	  4 },
	{ "rx_mergeable",
	  3,
	  0,
	  false,
	  { S(ARRIVE, 86, 4), S(POST, 200), S(POST, 5, 0), S(POST, 0, 8), S(POST, 0, 8, 3, 0, 1) },
	  5 },
	{ "rx_too_small", 2, 0, false, { S(POST, 20), S(ARRIVE, 86), S(ARRIVE, 0) }, 3 },
	{ "backend_away",
	  0,
	  0,
	  true,
	  { S(POST, 208, 7), S(BACKEND, 0, 0), S(ARRIVE, 86), S(BACKEND, 1, 0), S(BACKEND, 0, 1),
	    S(BACKEND, 1, 1) },
	  6 },
	{ "requests",
	  0,
	  0,
	  true,
	  { S(IOCTL, NUM, 0, 7), S(BACKEND, 1, 0), S(IOCTL, NUM, 1, 7),
	    S(IOCTL, ADDR, 0, 0, 0, 0, 0, 2), S(BACKEND, 1, 1), S(IOCTL, GET_BASE, 1) },
	  6 },
	{ "tap_away",
	  0,
	  0,
	  false,
	  { S(POST, 208, 7), S(ARRIVE, 86), S(IOCTL, DELETE),
	    S(DESC, 1, 0, RINGS_AT_SLOT, 0, 0, 80),
	    S(PUBLISH, 1, 0, 0, 0, 0, RINGS_NUM, 0, 0, 0, 0, 0, 0, 255), S(BACKEND, 1, 0) },
	  6 },
	{ "tx_bad_head",
	  0,
	  1,
	  true,
	  { S(PUBLISH, 1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 255) },
	  1 },
	{ "tx_loop",
	  0,
	  1,
	  false,
	  { S(DESC, 1, 0, 0, 0, 0, 60, 0, 0, 0, 1, 1), S(DESC, 1, 1, 0, 0, 0, 60, 0, 0, 0, 1, 0),
	    S(PUBLISH, 1) },
	  3 },
	{ "rx_behind_memory",
	  0,
	  0,
	  false,
	  { S(DESC, 0, 0, RINGS_AT_BEHIND, 0, 0, 0, 4, 0, 0, 2), S(PUBLISH, 0), S(ARRIVE, 86) },
	  3 },
};

static size_t seed(unsigned int n, uint8_t *data, const char **name)
{
	static struct seed s;
	uint8_t *at = data + HEAD;
	struct vnet v;

	if (n >= ARRAY_SIZE(seeds))
		return 0;
	*name = seeds[n].name;
	data[0] = seeds[n].features;
	data[1] = seeds[n].single;
	memcpy(at, seeds[n].steps, seeds[n].count * STEP);
	at += seeds[n].count * STEP;
	if (!seeds[n].frame)
		return at - data;
	seed_frame(n % 2 ? 0 : 2, true, &s);
	v = n % 2 ? frame_finish_partial(&s.frame) : frame_finish_gso(&s.frame, 500);
	memset(at, 0, STEP);
	at[0] = SEND;
	at[2] = 0x80;
	vnet_encode(&v, at + 3, 12, false);
	at[STEP] = s.frame.len;
	at[STEP + 1] = s.frame.len >> 8;
	memcpy(at + STEP + 2, s.frame.data, s.frame.len);
	return at + STEP + 2 + s.frame.len - data;
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
	.print = print,
	.mutate = mutate,
	.seed = seed,
};
