// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that race on the files of one multi-queue device. No two runs of an input are the same;
 * what is compared is what every order of its steps has to lead to.
 */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "device/uapi.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/edit.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/link.h"

static void die(const char *what)
{
	TH_BAIL("%s: %s", what, strerror(errno));
}

/* The names are those of lockstep and of the programs. */
static long long race_field(const char *field)
{
	struct link link;

	if (link_get("q0", &link))
		return -1;
	if (!strcmp(field, "ifindex"))
		return link.index;
	if (!strcmp(field, "mtu"))
		return link.mtu;
	if (!strcmp(field, "txqueuelen"))
		return link.txqueuelen;
	if (!strcmp(field, "type"))
		return link.type;
	if (!strcmp(field, "up"))
		return link.flags & IFF_UP;
	if (!strcmp(field, "rx_packets"))
		return link.stats.rx_packets;
	if (!strcmp(field, "persist"))
		return link.data[IFLA_TUN_PERSIST];
	if (!strcmp(field, "queues"))
		return link.data[IFLA_TUN_NUM_QUEUES];
	return link.data[IFLA_TUN_NUM_DISABLED_QUEUES];
}

#include "fuzz/targets/queues/race.h"

FUZZ_TEXT(queues_prologue,
	  FUZZ_LINE("#define race_field(field) link_field(ns[0], RACE_DEVICE, field)")
		  FUZZ_FILE("fuzz/targets/queues/race.h"));

/* An input: two bytes for all, then steps. */
#define HEAD  2
#define STEP  4
#define STEPS (RACE_THREADS * RACE_STEPS)
#define MAX   (HEAD + STEP * STEPS)

static int links;

/* What some order of the steps leads to; more than any does is no fault, less is. */
struct chances {
	bool closed[RACE_FILES], open[RACE_FILES], free[RACE_FILES];
	bool attached[RACE_FILES], detached[RACE_FILES];
	bool vanish, down, up, deleted, sent, small_buffer;
};

struct input {
	struct race race;
	struct race_step steps[RACE_THREADS][RACE_STEPS];
	bool does[RACE_OPS], does_to[RACE_FILES][RACE_OPS];
	bool persist_off, goes_down, napi;
};

static int value_of(enum race_op op, uint8_t byte)
{
	static const int lengths[] = { 60, 14, 13, 0, 61, 576, 1514, 2000 },
			 buffers[] = { 1, INT_MAX, 0, -1, 2000, 4096, 100000, 2 },
			 types[] = { 1, 0xfffe, 512, 778, 24, 801, 32, 0 },
			 lengths_of_queue[] = { 1, 0, 2, 3, 64, 500, 1000, 4096 },
			 mtus[] = { 1500, 68, 1280, 69, 9000, 576, 65000, 1400 };
	unsigned int n = byte % 8;

	switch (op) {
	case RACE_WRITE:
		return lengths[n];
	case RACE_SNDBUF:
		return buffers[n];
	case RACE_SETLINK:
		return types[n];
	case RACE_TXQUEUELEN:
		return lengths_of_queue[n];
	case RACE_MTU:
		return mtus[n];
	case RACE_PERSIST:
	case RACE_CARRIER:
	case RACE_STEERING:
	case RACE_UP:
		return n & 1;
	default:
		return 0;
	}
}

static void note_step(struct input *in, const struct race_step *s)
{
	in->does[s->op] = true;
	in->does_to[s->file][s->op] = true;
	in->persist_off |= s->op == RACE_PERSIST && !s->value;
	in->goes_down |= s->op == RACE_UP && !s->value;
}

/* False if it is too short for an input. */
static bool parse(const uint8_t *data, size_t size, struct input *in)
{
	memset(in, 0, sizeof(*in));
	if (size < HEAD)
		return false;
	in->napi = data[0] & 2 && fuzz_abi.features & IFF_NAPI;
	in->race.flags = (data[0] & 1 ? IFF_TUN : IFF_TAP) | IFF_NO_PI | IFF_MULTI_QUEUE |
			 (in->napi ? IFF_NAPI : 0);
	in->race.persist = data[0] >> 2 & 1;
	for (int i = 0; i < RACE_FILES; i++)
		in->race.files[i] = data[1] >> 2 * i & 3;
	for (size_t at = HEAD; at + STEP <= size; at += STEP) {
		int thread = data[at] >> 6, *count = &in->race.lists[thread].count;
		struct race_step *s = &in->steps[thread][*count];

		if (*count == RACE_STEPS)
			continue;
		++*count;
		s->op = (data[at] & 63) % RACE_OPS;
		s->file = data[at + 1] % RACE_FILES;
		s->value = value_of(s->op, data[at + 2]);
		s->delay = data[at + 3] * data[at + 3];
		note_step(in, s);
	}
	for (int i = 0; i < RACE_THREADS; i++)
		in->race.lists[i].steps = in->steps[i];
	return true;
}

/* The device stays as long as a file holds it that was there at first and is never closed. */
static bool may_vanish(const struct input *in)
{
	bool held = in->race.persist && !in->persist_off;

	for (int i = 0; i < RACE_FILES; i++)
		held |= in->race.files[i] >= RACE_ATTACHED && !in->does_to[i][RACE_CLOSE] &&
			!in->does_to[i][RACE_OPEN];
	return !held || in->does[RACE_DELETE];
}

static void find_chances(const struct input *in, struct chances *c)
{
	*c = (struct chances){
		.vanish = in->race.may_vanish,
		.deleted = in->does[RACE_DELETE],
		.sent = in->does[RACE_SEND],
		.small_buffer = in->does[RACE_SNDBUF],
		.up = true,
	};
	c->down = c->vanish || in->goes_down;
	for (int i = 0; i < RACE_FILES; i++) {
		const bool *does = in->does_to[i];
		enum race_file was = in->race.files[i];

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

static void expect_write(const struct input *in, const struct chances *c, struct race_step *s,
			 bool held)
{
	struct model_port port = {
		.attached = true, .tap = in->race.flags & IFF_TAP, .up = true, .nonblock = true
	};
	static uint8_t frame[2048] = { 0x45, [12] = 0x88, [13] = 0xb5 };
	struct iovec iov = { frame, s->value };
	struct model_written w;

	for (int up = 0; up < 2; up++) {
		port.up = up;
		model_write(&fuzz_abi.kernel, &port, &iov, 1, &w);
		may(s, held && (up ? c->up : c->down), w.ret < 0 ? -w.err : w.ret);
	}
	may(s, held && in->napi && c->detached[s->file], -EBUSY);
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
static void expect_use(const struct input *in, const struct chances *c, struct race_step *s,
		       bool held)
{
	may(s, c->closed[s->file], -EBADF);
	may(s, c->free[s->file], -EBADFD);
	switch (s->op) {
	case RACE_WRITE:
		expect_write(in, c, s, held);
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

static void expect(const struct input *in, const struct chances *c, struct race_step *s)
{
	bool held = c->attached[s->file] || c->detached[s->file];

	if (s->op <= RACE_DETACH)
		expect_change(c, s, held);
	else if (s->op == RACE_POLL)
		expect_poll(c, s, held);
	else if (s->op < RACE_TXQUEUELEN)
		expect_use(in, c, s, held);
	else
		expect_link(c, s);
}

static bool prepare(const uint8_t *data, size_t size, struct input *in)
{
	struct chances c;

	if (!parse(data, size, in))
		return false;
	in->race.may_vanish = may_vanish(in);
	find_chances(in, &c);
	for (int t = 0; t < RACE_THREADS; t++) {
		for (int i = 0; i < in->race.lists[t].count; i++)
			expect(in, &c, &in->steps[t][i]);
	}
	return true;
}

/* How many there are, with lo. */
static int count_links(void)
{
	struct if_nameindex *all = if_nameindex();
	int n = 0;

	if (!all)
		die("if_nameindex");
	while (all[n].if_index)
		n++;
	if_freenameindex(all);
	return n;
}

static void begin(void)
{
	race_begin(fuzz_abi.bpf ? bpf_load_return(BPF_PROG_TYPE_SOCKET_FILTER, 1) : -1);
	links = count_links();
}

static void check(void)
{
	int now = count_links();

	if (now != links)
		fuzz_wrong("links: %d, at first %d", now, links);
}

static void end(void)
{
	race_finish();
	if (race_program >= 0)
		close(race_program);
}

static int run(const uint8_t *data, size_t size)
{
	static struct input in;
	const char *wrong;

	if (!prepare(data, size, &in))
		return -1;
	wrong = race_run(&in.race);
	if (wrong)
		fuzz_wrong("%s", wrong);
	for (int t = 0; t < RACE_THREADS; t++) {
		for (int i = 0; i < in.race.lists[t].count; i++)
			fuzz_saw(in.steps[t][i].op << 16 | (uint16_t)race_results[t][i]);
	}
	return 0;
}

static void print_step(FILE *out, const struct race_step *s)
{
	fprintf(out, "\t\t\t{ %s", race_name(s->op));
	if (s->op < RACE_TXQUEUELEN)
		fprintf(out, ", .file = %d", s->file);
	if (s->value)
		fprintf(out, ", .value = %d", s->value);
	if (s->delay)
		fprintf(out, ", .delay = %d", s->delay);
	fputs(", RACE_MAY(", out);
	for (int i = 0; i < s->choices; i++) {
		if (i)
			fputs(", ", out);
		if (s->may[i] < 0)
			fprintf(out, "-%s", harness_errno_name(-s->may[i]));
		else
			fprintf(out, s->op == RACE_POLL ? "%#x" : "%d", s->may[i]);
	}
	fputs(") },\n", out);
}

static void print(FILE *out, const uint8_t *data, size_t size)
{
	static const char *const files[] = { "RACE_CLOSED", "RACE_FREE", "RACE_ATTACHED",
					     "RACE_DETACHED" };
	static struct input in;

	if (!prepare(data, size, &in))
		return;
	for (int t = 0; t < RACE_THREADS; t++) {
		if (!in.race.lists[t].count)
			continue;
		fprintf(out, "\t\tstatic const struct race_step thread%d[] = {\n", t);
		for (int i = 0; i < in.race.lists[t].count; i++)
			print_step(out, &in.steps[t][i]);
		fputs("\t\t};\n", out);
	}
	fprintf(out,
		"\t\tstatic const struct race race = {\n\t\t\t.flags = %s | IFF_NO_PI | "
		"IFF_MULTI_QUEUE%s,\n\t\t\t.persist = %d,\n\t\t\t.files = { ",
		in.race.flags & IFF_TAP ? "IFF_TAP" : "IFF_TUN", in.napi ? " | IFF_NAPI" : "",
		in.race.persist);
	for (int i = 0; i < RACE_FILES; i++)
		fprintf(out, "%s%s", files[in.race.files[i]], i + 1 < RACE_FILES ? ", " : " },\n");
	fputs("\t\t\t.lists = {\n", out);
	for (int t = 0; t < RACE_THREADS; t++) {
		if (in.race.lists[t].count)
			fprintf(out, "\t\t\t\t[%d] = RACE_LIST(thread%d),\n", t, t);
	}
	fprintf(out, "\t\t\t},\n\t\t\t.may_vanish = %d,\n\t\t};\n\n", in.race.may_vanish);
	fputs("\t\tenter(ns[0]);\n\t\trace_begin(program(1));\n"
	      "\t\tCHECK(complain(race_run(&race)), 0);\n\t\trace_finish();\n",
	      out);
}

/* A step anew, or one number of it. */
static void edit_step(uint8_t *step, struct draw *draw)
{
	switch (draw->below(draw, 5)) {
	case 0:
		step[0] = draw->below(draw, RACE_THREADS) << 6 | draw->below(draw, RACE_OPS);
		break;
	case 1:
		step[0] = (step[0] & 0xc0) | draw->below(draw, RACE_OPS);
		break;
	case 2:
		step[1] = draw->below(draw, RACE_FILES);
		break;
	case 3:
		step[2] = draw->below(draw, 8);
		break;
	default:
		step[3] = edit_chance(draw, 50) ? draw->below(draw, 16) : draw->below(draw, 256);
	}
}

static size_t insert_step(uint8_t *data, size_t size, uint8_t *at, struct draw *draw)
{
	memmove(at + STEP, at, data + size - at);
	at[0] = draw->below(draw, RACE_THREADS) << 6 | draw->below(draw, RACE_OPS);
	at[1] = draw->below(draw, RACE_FILES);
	at[2] = draw->below(draw, 8);
	at[3] = draw->below(draw, 32);
	return size + STEP;
}

static size_t mutate(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	size_t steps;
	uint8_t *at;

	if (size < HEAD) {
		data[0] = draw->below(draw, 8);
		data[1] = draw->below(draw, 256);
		size = HEAD;
	}
	steps = (size - HEAD) / STEP;
	size = HEAD + STEP * steps;
	at = data + HEAD + STEP * (steps ? draw->below(draw, steps) : 0);
	switch (draw->below(draw, 8)) {
	case 0:
		data[0] = draw->below(draw, 8);
		return size;
	case 1:
		data[1] ^= draw->below(draw, 4) << 2 * draw->below(draw, RACE_FILES);
		return size;
	case 2:
	case 3:
		if (size + STEP <= max)
			return insert_step(data, size, at, draw);
		break;
	case 4:
		if (steps < 2)
			break;
		memmove(at, at + STEP, data + size - at - STEP);
		return size - STEP;
	}
	if (steps)
		edit_step(at, draw);
	return size;
}

#define ALL(state)		    ((state)*0x55)
#define AT(thread, op, file, value) (thread) << 6 | (op), file, value, 0

static const struct {
	const char *name;
	uint8_t bytes[MAX];
	int steps;
} seeds[] = {
	{ "close_against_write",
	  { 0, ALL(RACE_ATTACHED), AT(0, RACE_WRITE, 0, 0), AT(0, RACE_WRITE, 0, 0),
	    AT(1, RACE_CLOSE, 0, 0), AT(2, RACE_WRITE, 1, 4), AT(3, RACE_POLL, 0, 0) },
	  5 },
	{ "detach_against_send",
	  { 0, ALL(RACE_ATTACHED), AT(0, RACE_SEND, 0, 0), AT(0, RACE_SEND, 0, 0),
	    AT(1, RACE_DETACH, 0, 0), AT(1, RACE_ATTACH, 0, 0), AT(2, RACE_DETACH, 1, 0),
	    AT(3, RACE_READ, 2, 0) },
	  6 },
	{ "resize_against_read",
	  { 0, ALL(RACE_ATTACHED), AT(0, RACE_SEND, 0, 0), AT(1, RACE_TXQUEUELEN, 0, 0),
	    AT(1, RACE_TXQUEUELEN, 0, 5), AT(2, RACE_READ, 0, 0), AT(3, RACE_READ, 1, 0) },
	  5 },
	{ "last_close_against_attach",
	  { 0, RACE_ATTACHED | RACE_FREE << 2 | RACE_FREE << 4, AT(0, RACE_SETIFF, 1, 0),
	    AT(1, RACE_CLOSE, 0, 0), AT(2, RACE_SETIFF, 2, 0), AT(3, RACE_UP, 0, 1) },
	  4 },
	{ "first_of_several",
	  { 1, ALL(RACE_FREE), AT(0, RACE_SETIFF, 0, 0), AT(1, RACE_SETIFF, 1, 0),
	    AT(2, RACE_SETIFF, 2, 0), AT(3, RACE_SETIFF, 3, 0), AT(0, RACE_UP, 0, 1),
	    AT(1, RACE_WRITE, 1, 0) },
	  6 },
	{ "delete_persistent",
	  { 4, ALL(RACE_DETACHED), AT(0, RACE_DELETE, 0, 0), AT(1, RACE_ATTACH, 0, 0),
	    AT(2, RACE_ATTACH, 1, 0), AT(3, RACE_PERSIST, 2, 0) },
	  4 },
	{ "napi_detach",
	  { 2, ALL(RACE_ATTACHED), AT(0, RACE_WRITE, 0, 5), AT(0, RACE_WRITE, 0, 5),
	    AT(1, RACE_DETACH, 0, 0), AT(2, RACE_WRITE, 0, 0), AT(3, RACE_UP, 0, 0) },
	  5 },
	{ "settings",
	  { 1, ALL(RACE_ATTACHED), AT(0, RACE_MTU, 0, 1), AT(1, RACE_MTU, 0, 4),
	    AT(1, RACE_SNDBUF, 1, 0), AT(2, RACE_UP, 0, 0), AT(2, RACE_SETLINK, 0, 2),
	    AT(3, RACE_CARRIER, 3, 0), AT(3, RACE_STEERING, 3, 1) },
	  7 },
};

static size_t seed(unsigned int n, uint8_t *data, const char **name)
{
	if (n >= ARRAY_SIZE(seeds))
		return 0;
	*name = seeds[n].name;
	memcpy(data, seeds[n].bytes, HEAD + STEP * seeds[n].steps);
	return HEAD + STEP * seeds[n].steps;
}

const struct fuzz_target fuzz_target = {
	.name = "queues",
	.format = "1 byte: bit 0 TUN instead of TAP, bit 1 IFF_NAPI, bit 2 persistent; 1 byte: how "
		  "each of four files is, two bits each (closed, open, attached, detached); then "
		  "steps of 4 bytes: thread (the upper two bits) and operation, file, a value, the "
		  "root of a delay. Each of the four threads does its first six",
	.max_len = MAX,
	.reset_inputs = 500,
	.begin = begin,
	.end = end,
	.check = check,
	.run = run,
	.prologue = queues_prologue,
	.print = print,
	.mutate = mutate,
	.seed = seed,
};
