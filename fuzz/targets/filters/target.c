// SPDX-License-Identifier: GPL-2.0-only
/*
 * BPF programs on a device: classic filters, eBPF that filters or chooses a queue, XDP on each of
 * its ways; and a frame that meets the program.
 *
 * Left out is what is known to go wrong. No file is attached to a TAP that has a classic filter. On
 * a TUN, XDP does not touch what would be an Ethernet header. And no frame has a vnet header, so
 * that XDP meets neither super-frames nor partial checksums.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device/delivered.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/filters/cbpf.h"
#include "fuzz/targets/filters/ebpf.h"
#include "fuzz/targets/edit.h"
#include "fuzz/targets/print.h"
#include "fuzz/targets/seed.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/link.h"

FUZZ_TEXT(filters_prologue, FUZZ_FILE("fuzz/targets/filters/program.h"));

/* An input begins with what is done. */
enum sort { CLASSIC, FILTER, STEERING, IN_DRIVER, AS_SKB, GENERIC, GENERIC_TUN, FRAGS, SORTS };

#define NUMBERS	  18 /* bytes behind it, of eBPF and XDP */
#define MAX_INSNS 64
#define MAX_FRAME 1514
#define LONGEST	  (2 + MAX_INSNS * 8 + MAX_FRAME)
#define QUEUES	  3
#define ROOM	  4096 /* for what XDP makes of a frame */
#define SURE_HEAD                                                                                  \
	192 /* what XDP promises in front of a frame, without what the kernel uses of it */

struct input {
	enum sort sort;
	/* one of these three */
	struct sock_filter code[MAX_INSNS];
	size_t n;
	struct ebpf_filter filter;
	struct ebpf_xdp xdp;

	const uint8_t *frame;
	size_t len;
};

static struct tun filtered, queues[QUEUES];
static int to_filtered, to_queues; /* send into the device */
static struct port ports[SORTS];   /* those of XDP */
static int packet;		   /* sees what XDP passes */
static struct bpf_slot slot;	   /* the program of all of these */

static const char *const names[SORTS] = { "c0", "c0", "s0", "x0", "x1", "x2", "x3", "x4" };

/* IFF_NAPI_FRAGS is for the owner of the machine. */
static bool has(enum sort s)
{
	return s != FRAGS || fuzz_abi.init_net_admin;
}

/* The device's flags, next to IFF_NO_PI. */
static const char *flags_of(enum sort s)
{
	return s == GENERIC_TUN ? "IFF_TUN" :
	       s == FRAGS	? "IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS" :
				  "IFF_TAP";
}

/* The program is the driver's, not the stack's. */
static bool is_drivers(enum sort s)
{
	return s < GENERIC || s == FRAGS;
}

static int sender(const char *name)
{
	if (link_up(name))
		TH_BAIL("%s does not come up: %s", name, strerror(errno));
	/* Protocol 0: it only sends. */
	return packet_open(name, 0, PACKET_BYPASS);
}

static void open_port(enum sort s)
{
	struct port *p = &ports[s];

	port_create_flags(p, names[s],
			  IFF_NO_PI | (s == GENERIC_TUN ? IFF_TUN : IFF_TAP) |
				  (s == FRAGS ? IFF_NAPI | IFF_NAPI_FRAGS : 0),
			  0);
	p->model.watched = true;
	port_up(p);
	/* With a send buffer that can be full, a frame is an skb before it meets XDP. */
	if (s == AS_SKB && tun_set_sndbuf(p->t.fd, INT_MAX - 1))
		TH_BAIL("TUNSETSNDBUF on %s: %s", names[s], strerror(errno));
	if (link_set_xdp(names[s], slot.program,
			 is_drivers(s) ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE))
		TH_BAIL("XDP program on %s: %s", names[s], strerror(errno));
}

static void begin(void)
{
	filtered = tun_create(names[CLASSIC], IFF_TAP | IFF_NO_PI);
	to_filtered = sender(names[CLASSIC]);
	for (int i = 0; i < QUEUES; i++)
		queues[i] = tun_create(names[STEERING], IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE);
	to_queues = sender(names[STEERING]);
	slot = bpf_slot_xdp();
	for (enum sort s = IN_DRIVER; s < SORTS; s++) {
		if (has(s))
			open_port(s);
	}
	packet = packet_open(NULL, ETH_P_ALL, PACKET_VNET);
}

static void check(void)
{
	for (enum sort s = IN_DRIVER; s < SORTS; s++) {
		if (has(s))
			port_check(&ports[s]);
	}
}

static void end(void)
{
	close(packet);
	close(slot.program);
	close(slot.map);
	close(to_filtered);
	close(to_queues);
	tun_close(&filtered);
	for (int i = 0; i < QUEUES; i++)
		tun_close(&queues[i]);
	for (enum sort s = IN_DRIVER; s < SORTS; s++) {
		if (has(s))
			tun_close(&ports[s].t);
	}
}

static bool is_vlan(uint16_t type)
{
	return type == ETH_P_8021Q || type == ETH_P_8021AD;
}

static void parse_filter(const uint8_t *d, struct ebpf_filter *f)
{
	*f = (struct ebpf_filter){
		.form = d[0] % EBPF_FORMS,
		.value = d[1],
		.at = edit_get16(d + 2) % ROOM,
		.a = edit_get32(d + 10),
		.b = edit_get32(d + 14),
	};
}

/* New bytes in front of a frame are not defined, so that a header has to be written. */
static void parse_xdp(const uint8_t *d, bool tap, struct ebpf_xdp *x)
{
	*x = (struct ebpf_xdp){
		.header = tap && d[0] & 1,
		.byte = d[0] & 2,
		.value = d[1],
		.at = edit_get16(d + 2) % ROOM,
		.type = edit_get16(d + 4),
		.head = tap ? edit_get16(d + 6) : 0,
		.tail = edit_get16(d + 8),
		.verdict = edit_get32(d + 10),
	};
	if (x->head < 0)
		x->header = true;
	if (x->header && is_vlan(x->type))
		x->type ^= 1;
	/* The addresses decide about things that the stack looks at before and after. */
	if (x->at < (tap ? 12 : ETH_HLEN))
		x->at += ETH_HLEN;
}

static bool parse(const uint8_t *data, size_t size, struct input *in)
{
	size_t at = 1;

	memset(in, 0, sizeof(*in));
	if (size < 2)
		return false;
	in->sort = data[0] % SORTS;
	if (!has(in->sort))
		return false;
	if (in->sort == CLASSIC) {
		in->n = data[at++] % (MAX_INSNS + 1);
		if (size < at + in->n * 8)
			return false;
		for (size_t i = 0; i < in->n; i++, at += 8)
			in->code[i] =
				(struct sock_filter){ edit_get16(data + at), data[at + 2],
						      data[at + 3], edit_get32(data + at + 4) };
	} else {
		if (size < at + NUMBERS)
			return false;
		if (in->sort < IN_DRIVER)
			parse_filter(data + at, &in->filter);
		else
			parse_xdp(data + at, in->sort != GENERIC_TUN, &in->xdp);
		at += NUMBERS;
	}
	in->frame = data + at;
	in->len = size - at;
	return in->len >= ETH_HLEN && in->len <= MAX_FRAME;
}

/* What comes out of a filter that returns @value: so many bytes of the frame. */
static size_t kept(const struct input *in, uint32_t value)
{
	return value < in->len ? value : in->len;
}

/* One frame into the device, and what its file gives; @len 0: dropped. */
static void pass(const struct input *in, int to, const struct tun *t, size_t len)
{
	static uint8_t buf[ROOM];
	ssize_t sent = send(to, in->frame, in->len, 0), got;
	int err = sent < 0 ? errno : 0;

	if (err != (len ? 0 : ENOBUFS))
		fuzz_wrong("send of %zu bytes to %s, of which %zu are kept: %zd (%s)", in->len,
			   names[in->sort], len, sent, strerror(err));
	got = read(t->fd, buf, sizeof(buf));
	if (got < 0 && errno == EAGAIN)
		got = 0;
	if (got != (ssize_t)len || memcmp(buf, in->frame, len))
		fuzz_wrong("read from %s: %zu of %zu bytes are kept, read %zd%s", names[in->sort],
			   len, in->len, got, got == (ssize_t)len ? " of other content" : "");
}

/* What a program does that depends on more than the frame: nothing new but a part of it. */
static void pass_unknown(const struct input *in)
{
	static uint8_t buf[ROOM];
	ssize_t got;

	send(to_filtered, in->frame, in->len, 0);
	got = read(filtered.fd, buf, sizeof(buf));
	if (got > (ssize_t)in->len || (got > 0 && memcmp(buf, in->frame, got)))
		fuzz_wrong("read behind a filter: %zd bytes of %zu", got, in->len);
}

static void run_classic(const struct input *in)
{
	struct sock_fprog program = { in->n, (struct sock_filter *)in->code };
	bool valid = cbpf_valid(in->code, in->n);
	int ret = tun_attach_filter(filtered.fd, &program), err = ret ? errno : 0;
	uint32_t value = UINT32_MAX;

	if (err != (valid ? 0 : EINVAL))
		fuzz_wrong("TUNATTACHFILTER of %zu instructions that are %s: %s", in->n,
			   valid ? "valid" : "not valid", strerror(err));
	if (valid && !cbpf_run(in->code, in->n, in->frame, in->len, &value))
		pass_unknown(in);
	else
		pass(in, to_filtered, &filtered, kept(in, value));
	fuzz_saw(err << 8 | (value > in->len) << 1 | !value);
	if (valid && tun_detach_filter(filtered.fd))
		fuzz_wrong("TUNDETACHFILTER: %s", strerror(errno));
}

static int load(enum bpf_prog_type type, const struct ebpf_code *code)
{
	int fd = bpf_load(type, code->insns, code->n);

	if (fd < 0)
		TH_BAIL("a program of %zu instructions is not loaded: %s", code->n,
			strerror(errno));
	return fd;
}

static void run_filter(const struct input *in)
{
	uint32_t value = ebpf_filter_run(&in->filter, in->frame, in->len);
	struct ebpf_code code;
	int program;

	ebpf_filter(&in->filter, &code);
	program = load(BPF_PROG_TYPE_SOCKET_FILTER, &code);
	if (tun_set_filter_ebpf(filtered.fd, program))
		fuzz_wrong("TUNSETFILTEREBPF: %s", strerror(errno));
	close(program);
	pass(in, to_filtered, &filtered, kept(in, value));
	if (tun_set_filter_ebpf(filtered.fd, -1))
		fuzz_wrong("TUNSETFILTEREBPF of none: %s", strerror(errno));
	fuzz_saw(1 << 16 | in->filter.form << 8 | (value > in->len) << 1 | !value);
}

/* The queue is chosen by the low 16 bits. */
static unsigned int queue_of(const struct input *in)
{
	return (uint16_t)ebpf_filter_run(&in->filter, in->frame, in->len) % QUEUES;
}

static void run_steering(const struct input *in)
{
	struct ebpf_code code;
	int program;

	ebpf_filter(&in->filter, &code);
	program = load(BPF_PROG_TYPE_SOCKET_FILTER, &code);
	if (tun_set_steering_ebpf(queues[0].fd, program))
		fuzz_wrong("TUNSETSTEERINGEBPF: %s", strerror(errno));
	close(program);
	pass(in, to_queues, &queues[queue_of(in)], in->len);
	fuzz_saw(2 << 16 | in->filter.form << 8 | queue_of(in));
}

/* What an XDP program does with a frame. */
struct outcome {
	bool sure;    /* false: it may also be dropped, if there is no room for it */
	bool dropped; /* by a helper that fails */
	uint8_t frame[2 * ROOM];
	size_t len, unset; /* up to where, from the header on, bytes in front are not defined */
};

static void edit(const struct input *in, struct outcome *o)
{
	const struct ebpf_xdp *x = &in->xdp;
	int len = in->len - x->head, skip = x->head > 0 ? x->head : 0;

	*o = (struct outcome){ .sure = x->head >= -SURE_HEAD && x->tail <= 0 };
	o->dropped =
		len < ETH_HLEN || len > ROOM || len + x->tail < ETH_HLEN || len + x->tail > ROOM;
	if (o->dropped)
		return;
	o->unset = -x->head > ETH_HLEN ? -x->head : 0;
	o->len = len + x->tail;
	memcpy(o->frame + (x->head < 0 ? -x->head : 0), in->frame + skip, in->len - skip);
	if (x->tail > 0)
		memset(o->frame + len, 0, x->tail);
	if (x->header) {
		memcpy(o->frame, ebpf_xdp_addresses, 12);
		o->frame[12] = x->type >> 8;
		o->frame[13] = x->type;
	}
	if (x->byte && x->at < o->len)
		o->frame[x->at] = x->value;
}

/* The bytes that nobody has set are as they came. */
static void settle(const struct ebpf_xdp *x, struct outcome *o, const uint8_t *seen, size_t len)
{
	for (size_t at = ETH_HLEN; at < o->unset && at < len; at++) {
		if (!x->byte || at != x->at)
			o->frame[at] = seen[at];
	}
}

/* Nobody sees a frame that is too short for its tag, but it is counted. */
static bool is_counted(const struct port *p)
{
	return link_stats(p->t.name).rx_packets != p->sum.rx_packets;
}

static void expect_passed(const struct input *in, struct port *p, struct outcome *o,
			  struct model_written *w, struct delivered *d)
{
	struct iovec iov = { o->frame, o->len };
	const char *what;

	delivered_receive(packet, d);
	if (d->seen && d->len == o->len)
		settle(&in->xdp, o, d->frame, d->len);
	model_write(&fuzz_abi.kernel, &p->model, &iov, 1, w);
	if (!o->sure && !d->seen && (w->seen || !is_counted(p))) {
		o->dropped = true;
		return;
	}
	/* In the stack the type was looked at before, and is again if it has changed. */
	if (in->sort != IN_DRIVER && w->protocol < 0x600)
		w->seen_protocol = ntohs(d->info.from.sll_protocol);
	w->pkt_type = d->info.from.sll_pkttype;
	w->ret = in->len;
	what = delivered_difference(w, o->frame, d, true);
	if (what)
		fuzz_wrong("%s of a frame of %zu bytes that XDP passes on %s: %zu bytes, "
			   "kernel %zd (%s), %zu bytes",
			   what, in->len, p->t.name, o->len, d->ret, strerror(d->err), d->len);
}

static void expect_sent(const struct input *in, struct port *p, struct outcome *o)
{
	static uint8_t buf[2 * ROOM];
	ssize_t got = read(p->t.fd, buf, sizeof(buf));

	if (got < 0 && !o->sure) {
		o->dropped = true;
		return;
	}
	if (got == (ssize_t)o->len)
		settle(&in->xdp, o, buf, o->len);
	if (got != (ssize_t)o->len || memcmp(buf, o->frame, o->len))
		fuzz_wrong("XDP on %s sends back %zu bytes of %zu, read %zd%s", p->t.name, o->len,
			   in->len, got, got == (ssize_t)o->len ? " of other content" : "");
}

/* What the counters gain: in the stack a frame is counted before it meets the program. */
static void count(const struct input *in, struct port *p, const struct outcome *o,
		  struct model_written *w)
{
	bool stack = in->sort == GENERIC || in->sort == GENERIC_TUN, passed, sent;

	passed = !o->dropped && in->xdp.verdict == XDP_PASS;
	sent = !o->dropped && in->xdp.verdict == XDP_TX;
	w->rx_packets = stack || passed || (sent && in->sort == IN_DRIVER);
	w->rx_bytes = !w->rx_packets ? 0 : sent && !stack ? o->len : in->len;
	if (!passed)
		w->rx_dropped = in->sort == IN_DRIVER && !sent;
	port_count(p, w);
}

static void set_xdp(const struct input *in)
{
	struct ebpf_code code;
	int program;

	ebpf_xdp(&in->xdp, &code);
	program = load(BPF_PROG_TYPE_XDP, &code);
	if (bpf_slot_set(&slot, program))
		TH_BAIL("program in a slot: %s", strerror(errno));
	close(program);
}

/* A frame that the driver does not take never meets the program. */
static bool is_refused(const struct input *in)
{
	return in->sort == GENERIC_TUN && in->frame[0] >> 4 != 4 && in->frame[0] >> 4 != 6;
}

static void run_xdp(const struct input *in)
{
	static struct outcome o;
	struct port *p = &ports[in->sort];
	struct model_written w = { 0 };
	struct delivered d = { 0 };
	bool refused = is_refused(in);

	set_xdp(in);
	d.ret = write(p->t.fd, in->frame, in->len);
	d.err = d.ret < 0 ? errno : 0;
	if (d.err != (refused ? EINVAL : 0) || (!refused && d.ret != (ssize_t)in->len))
		fuzz_wrong("write of %zu bytes to XDP on %s: %zd (%s)", in->len, p->t.name, d.ret,
			   strerror(d.err));
	if (refused) {
		w.rx_dropped = 1;
		return port_count(p, &w);
	}
	edit(in, &o);
	if (!o.dropped && in->xdp.verdict == XDP_PASS)
		expect_passed(in, p, &o, &w, &d);
	else if (!o.dropped && in->xdp.verdict == XDP_TX)
		expect_sent(in, p, &o);
	count(in, p, &o, &w);
	fuzz_saw(in->sort << 16 | (in->xdp.verdict & 7) << 8 | (in->xdp.head > 0) << 5 |
		 (in->xdp.head < 0) << 4 | (in->xdp.tail > 0) << 3 | (in->xdp.tail < 0) << 2 |
		 o.dropped);
}

static int run(const uint8_t *data, size_t size)
{
	static struct input in;

	if (!parse(data, size, &in))
		return -1;
	if (in.sort == CLASSIC)
		run_classic(&in);
	else if (in.sort == FILTER)
		run_filter(&in);
	else if (in.sort == STEERING)
		run_steering(&in);
	else
		run_xdp(&in);
	return 0;
}

static void print_insns(FILE *out, const struct input *in)
{
	fputs("\t\tstatic const struct sock_filter insns[] = {\n", out);
	for (size_t i = 0; i < in->n; i++) {
		const struct sock_filter *f = &in->code[i];

		fputs("\t\t\t{ ", out);
		ebpf_print_code(out, f->code, true);
		fprintf(out, ", %u, %u, %#x },\n", f->jt, f->jf, f->k);
	}
	fputs(in->n ? "\t\t};\n" : "\t\t\t{ 0 } /* none */\n\t\t};\n", out);
}

#define FILTERED "device(\"c0\", IFF_TAP | IFF_NO_PI, 0, 0)"

/* The frame goes into the device, and so many bytes come to this file. */
static void print_pass(FILE *out, const struct input *in, const char *file, size_t len)
{
	fprintf(out, "\t\tCHECK(do_send(0, \"%s\", 0x%02x%02x, frame, %zu), ", names[in->sort],
		in->frame[12], in->frame[13], in->len);
	if (!len) {
		fprintf(out, "-ENOBUFS);\n\t\tCHECK(read_frame(%s), -EAGAIN);\n", file);
		return;
	}
	fprintf(out, "%zu);\n\t\tCHECK(read_frame(%s), %zu);\n", in->len, file, len);
	fprintf(out, "\t\tCHECK(memcmp(seen_frame, frame, %zu), 0);\n", len);
}

static void print_classic(FILE *out, const struct input *in)
{
	bool valid = cbpf_valid(in->code, in->n);
	uint32_t value = UINT32_MAX;

	print_insns(out, in);
	fprintf(out, "\n\t\tCHECK(attach_insns(" FILTERED ", insns, %zu), %s);\n", in->n,
		valid ? "0" : "-EINVAL");
	if (valid && !cbpf_run(in->code, in->n, in->frame, in->len, &value))
		fprintf(out,
			"\t\tdo_send(0, \"c0\", 0, frame, %zu);\n\t\tread_frame(" FILTERED ");\n",
			in->len);
	else
		print_pass(out, in, FILTERED, kept(in, value));
	if (valid)
		fputs("\t\tCHECK(set_int(" FILTERED ", TUNDETACHFILTER, 0), 0);\n", out);
}

static void print_ebpf(FILE *out, const struct input *in)
{
	char file[64] = FILTERED;
	struct ebpf_code code;

	ebpf_filter(&in->filter, &code);
	ebpf_print(out, "insns", &code);
	if (in->sort == FILTER) {
		fprintf(out, "\n\t\tCHECK(set_program(%s, TUNSETFILTEREBPF, insns, %zu), 0);\n",
			file, code.n);
		print_pass(out, in, file,
			   kept(in, ebpf_filter_run(&in->filter, in->frame, in->len)));
		fprintf(out, "\t\tCHECK(set_int(%s, TUNSETFILTEREBPF, -1), 0);\n", file);
		return;
	}
	/* The last queue is attached when all are. */
	fprintf(out,
		"\n\t\tCHECK(set_program(queue(\"s0\", %d), TUNSETSTEERINGEBPF, insns, %zu), 0);\n",
		QUEUES - 1, code.n);
	snprintf(file, sizeof(file), "queue(\"s0\", %u)", queue_of(in));
	print_pass(out, in, file, in->len);
}

/* What has to come by @call, the file's own or that of the packet socket. */
static void print_outcome(FILE *out, const char *call, const struct outcome *o, size_t len,
			  bool same)
{
	if (!o->sure) {
		fprintf(out, "\t\t%s; /* if there was room for it */\n", call);
		return;
	}
	if (same)
		print_bytes(out, "edited", o->frame, o->len);
	fprintf(out, "\t\tCHECK(%s, %zu);\n", call, len);
	if (same)
		fprintf(out, "\t\tCHECK(memcmp(seen_frame, edited, %zu), 0);\n", len);
}

static void print_edited(FILE *out, const struct input *in, const struct port *p,
			 const char *device, const struct outcome *o)
{
	struct iovec iov = { (void *)o->frame, o->len };
	struct model_written w;
	char call[128];

	snprintf(call, sizeof(call), "read_frame(%s)", device);
	model_write(&fuzz_abi.kernel, &p->model, &iov, 1, &w);
	if (!o->dropped && in->xdp.verdict == XDP_TX)
		print_outcome(out, call, o, o->len, !o->unset);
	else if (o->dropped || in->xdp.verdict != XDP_PASS || !w.seen)
		fputs("\t\tCHECK(receive(), -EAGAIN);\n", out);
	else
		print_outcome(out, "receive()", o, o->len - (w.vlan ? 4 : 0), !o->unset && !w.vlan);
}

static void print_xdp(FILE *out, const struct input *in)
{
	static struct outcome o;
	const struct port *p = &ports[in->sort];
	struct ebpf_code code;
	char device[96];

	snprintf(device, sizeof(device), "device(\"%s\", %s | IFF_NO_PI, 0, 0)", names[in->sort],
		 flags_of(in->sort));
	ebpf_xdp(&in->xdp, &code);
	edit(in, &o);
	ebpf_print(out, "insns", &code);
	fprintf(out, "\t\tint fd = %s;\n\n", device);
	fprintf(out, "\t\tCHECK(set_xdp(\"%s\", insns, %zu, %s), 0);\n", names[in->sort], code.n,
		is_drivers(in->sort) ? "XDP_FLAGS_DRV_MODE" : "XDP_FLAGS_SKB_MODE");
	if (in->sort == AS_SKB)
		fputs("\t\tCHECK(set_int(fd, TUNSETSNDBUF, INT_MAX - 1), 0);\n", out);
	if (is_refused(in)) {
		fprintf(out, "\t\tCHECK(result(write(fd, frame, %zu)), -EINVAL);\n", in->len);
		return;
	}
	fprintf(out, "\t\tCHECK(result(write(fd, frame, %zu)), %zu);\n", in->len, in->len);
	print_edited(out, in, p, "fd", &o);
}

static void print(FILE *out, const uint8_t *data, size_t size)
{
	static struct input in;

	if (!parse(data, size, &in))
		return;
	print_bytes(out, "frame", in.frame, in.len);
	if (in.sort == CLASSIC)
		print_classic(out, &in);
	else if (in.sort < IN_DRIVER)
		print_ebpf(out, &in);
	else
		print_xdp(out, &in);
}

/* One field of an instruction; a new one is of a code that there is, mostly. */
static void edit_insn(uint8_t *insn, struct draw *draw)
{
	switch (draw->below(draw, 5)) {
	case 0:
	case 1:
		edit_put16(insn, cbpf_codes[draw->below(draw, CBPF_CODES)]);
		break;
	case 2:
		insn[2 + draw->below(draw, 2)] =
			edit_number(0, edit_chance(draw, 80) ? 3 : 8, draw);
		break;
	case 3:
		edit_put32(insn + 4,
			   edit_number(edit_get32(insn + 4), edit_chance(draw, 80) ? 5 : 32, draw));
		break;
	default:
		edit_raw(insn, 8, 8, draw);
	}
}

/* One instruction changed, put in or taken out. */
static size_t edit_insns(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	size_t n = data[1] % (MAX_INSNS + 1), at = 2 + 8 * draw->below(draw, n + 1);

	data[1] = n;
	if (n && edit_chance(draw, 60)) {
		edit_insn(data + 2 + 8 * draw->below(draw, n), draw);
	} else if (n && edit_chance(draw, 50)) {
		at = 2 + 8 * draw->below(draw, n);
		memmove(data + at, data + at + 8, size - at - 8);
		data[1]--;
		return size - 8;
	} else if (n < MAX_INSNS && size + 8 <= max) {
		memmove(data + at + 8, data + at, size - at);
		memset(data + at, 0, 8);
		edit_put16(data + at, cbpf_codes[draw->below(draw, CBPF_CODES)]);
		edit_put32(data + at + 4, edit_number(0, 5, draw));
		data[1]++;
		return size + 8;
	}
	return size;
}

static void edit_numbers(uint8_t *numbers, bool xdp, struct draw *draw)
{
	uint32_t n = draw->below(draw, 7);

	if (n < 2)
		numbers[n] = edit_number(numbers[n], n ? 8 : 2, draw);
	else if (n < 5) /* at, type, head and tail */
		edit_put16(numbers + 2 * n - 2 + 2 * draw->below(draw, 2),
			   edit_number(0, edit_chance(draw, 70) ? 6 : 12, draw) *
				   (edit_chance(draw, 50) ? 1 : -1));
	else if (n < 6 || xdp)
		edit_put32(numbers + 10, edit_number(edit_get32(numbers + 10), xdp ? 3 : 17, draw));
	else
		edit_put32(numbers + 14, edit_number(edit_get32(numbers + 14), 17, draw));
}

static size_t mutate(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	static struct input in;
	bool tap = *data % SORTS != GENERIC_TUN;
	size_t front;

	if (!parse(data, size, &in))
		return edit_raw(data, size, max, draw);
	if (edit_chance(draw, 5) && in.sort >= IN_DRIVER)
		data[0] = IN_DRIVER + draw->below(draw, SORTS - IN_DRIVER);
	front = size - in.len;
	max = max < front + MAX_FRAME ? max : front + MAX_FRAME;
	if (edit_chance(draw, 25))
		return front + edit_frame(data + front, in.len, max - front, tap, draw);
	if (in.sort == CLASSIC)
		return edit_insns(data, size, max, draw);
	edit_numbers(data + 1, in.sort >= IN_DRIVER, draw);
	return size;
}

#define STMT(code, k)	      BPF_STMT(code, k)
#define JUMP(code, k, jt, jf) BPF_JUMP(code, k, jt, jf)

static const struct {
	const char *name;
	struct sock_filter code[6];
	size_t n;
} classic_seeds[] = {
	{ "all", { STMT(BPF_RET | BPF_K, UINT32_MAX) }, 1 },
	{ "none", { STMT(BPF_RET | BPF_K, 0) }, 1 },
	{ "cut", { STMT(BPF_RET | BPF_K, 20) }, 1 },
	{ "length",
	  { STMT(BPF_LD | BPF_W | BPF_LEN, 0), STMT(BPF_ALU | BPF_RSH | BPF_K, 1),
	    STMT(BPF_RET | BPF_A, 0) },
	  3 },
	{ "type",
	  { STMT(BPF_LD | BPF_H | BPF_ABS, 12), JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x800, 0, 1),
	    STMT(BPF_RET | BPF_K, 64), STMT(BPF_RET | BPF_K, 0) },
	  4 },
	{ "behind_ip",
	  { STMT(BPF_LDX | BPF_B | BPF_MSH, 14), STMT(BPF_LD | BPF_H | BPF_IND, 16),
	    STMT(BPF_RET | BPF_A, 0) },
	  3 },
	{ "memory",
	  { STMT(BPF_LD | BPF_B | BPF_ABS, 14), STMT(BPF_ST, 3), STMT(BPF_LDX | BPF_MEM, 3),
	    STMT(BPF_ALU | BPF_MUL | BPF_X, 0), STMT(BPF_RET | BPF_A, 0) },
	  5 },
	{ "divided_by_0",
	  { STMT(BPF_LD | BPF_IMM, 7), STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
	    STMT(BPF_RET | BPF_K, 9) },
	  3 },
	{ "behind_end", { STMT(BPF_LD | BPF_W | BPF_ABS, 2000), STMT(BPF_RET | BPF_K, 9) }, 2 },
	{ "special",
	  { STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PROTOCOL),
	    STMT(BPF_RET | BPF_A, 0) },
	  2 },
	{ "empty", { { 0 } }, 0 },
	{ "no_end", { STMT(BPF_LD | BPF_IMM, 7) }, 1 },
	{ "jump_out", { JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), STMT(BPF_RET | BPF_K, 9) }, 2 },
	{ "unwritten", { STMT(BPF_LD | BPF_MEM, 3), STMT(BPF_RET | BPF_A, 0) }, 2 },
};

static const struct {
	const char *name;
	enum sort first, last;
	uint8_t form, value;
	uint16_t at, type;
	int16_t head, tail;
	uint32_t a, b;
} number_seeds[] = {
	{ "none", FILTER, FILTER, EBPF_CONSTANT, 0, 0, 0, 0, 0, 0, 0 },
	{ "constant", FILTER, STEERING, EBPF_CONSTANT, 0, 0, 0, 0, 0, 0x10014, 0 },
	{ "byte", FILTER, STEERING, EBPF_BYTE, 0, 23, 0, 0, 0, 0, 0 },
	{ "behind_end", FILTER, STEERING, EBPF_BYTE, 0, 2000, 0, 0, 0, 0, 0 },
	{ "length", FILTER, STEERING, EBPF_LENGTH, 0, 0, 0, 0, 0, -10, 0 },
	{ "choice", FILTER, STEERING, EBPF_CHOICE, 0x45, 14, 0, 0, 0, 40, 1 },
	{ "aborted", IN_DRIVER, GENERIC_TUN, 0, 0, 0, 0, 0, 0, XDP_ABORTED, 0 },
	{ "pass", IN_DRIVER, FRAGS, 0, 0, 0, 0, 0, 0, XDP_PASS, 0 },
	{ "tx", IN_DRIVER, FRAGS, 0, 0, 0, 0, 0, 0, XDP_TX, 0 },
	{ "redirect", IN_DRIVER, GENERIC, 0, 0, 0, 0, 0, 0, XDP_REDIRECT, 0 },
	{ "unknown", IN_DRIVER, IN_DRIVER, 0, 0, 0, 0, 0, 0, 77, 0 },
	{ "shorter_pass", IN_DRIVER, FRAGS, 0, 0, 0, 0, 0, -20, XDP_PASS, 0 },
	{ "headless_pass", IN_DRIVER, GENERIC, 1, 0, 0, 0x88b5, 20, 0, XDP_PASS, 0 },
	{ "longer_pass", IN_DRIVER, GENERIC, 1, 0, 0, 0x88b5, -14, 8, XDP_PASS, 0 },
	{ "longer_tx", IN_DRIVER, GENERIC, 1, 0, 0, 0x88b5, -30, 0, XDP_TX, 0 },
	{ "byte_pass", IN_DRIVER, GENERIC_TUN, 2, 99, 22, 0, 0, 0, XDP_PASS, 0 },
};

static size_t classic_seed(unsigned int n, uint8_t *data)
{
	data[0] = CLASSIC;
	data[1] = classic_seeds[n].n;
	for (size_t i = 0; i < classic_seeds[n].n; i++) {
		const struct sock_filter *f = &classic_seeds[n].code[i];
		uint8_t *at = data + 2 + 8 * i;

		edit_put16(at, f->code);
		at[2] = f->jt;
		at[3] = f->jf;
		edit_put32(at + 4, f->k);
	}
	return 2 + 8 * classic_seeds[n].n;
}

/* The seeds of one row are those of its sorts. */
static size_t number_seed(unsigned int n, uint8_t *data, const char **name)
{
	size_t row = 0;
	unsigned int sorts;

	for (; row < ARRAY_SIZE(number_seeds); row++, n -= sorts) {
		sorts = number_seeds[row].last - number_seeds[row].first + 1;
		if (n < sorts)
			break;
	}
	if (row == ARRAY_SIZE(number_seeds))
		return 0;
	data[0] = number_seeds[row].first + n;
	data[1] = number_seeds[row].form;
	data[2] = number_seeds[row].value;
	edit_put16(data + 3, number_seeds[row].at);
	edit_put16(data + 5, number_seeds[row].type);
	edit_put16(data + 7, number_seeds[row].head);
	edit_put16(data + 9, number_seeds[row].tail);
	edit_put32(data + 11, number_seeds[row].a);
	edit_put32(data + 15, number_seeds[row].b);
	*name = number_seeds[row].name;
	return 1 + NUMBERS;
}

static size_t seed(unsigned int n, uint8_t *data, const char **name)
{
	static const char *const sorts[SORTS] = { "classic", "filter",	"steering", "xdp",
						  "xdp_skb", "generic", "tun",	    "frags" };
	static struct seed s;
	static char text[64];
	size_t at;

	if (n < ARRAY_SIZE(classic_seeds)) {
		*name = classic_seeds[n].name;
		at = classic_seed(n, data);
	} else {
		at = number_seed(n - ARRAY_SIZE(classic_seeds), data, name);
	}
	if (!at)
		return 0;
	snprintf(text, sizeof(text), "%s_%s", sorts[*data], *name);
	*name = text;
	seed_frame(n % 2, *data != GENERIC_TUN, &s);
	memcpy(data + at, s.frame.data, s.frame.len);
	return at + s.frame.len;
}

const struct fuzz_target fuzz_target = {
	.name = "filters",
	.format =
		"1 byte: 0 a classic filter, 1 eBPF for TUNSETFILTEREBPF, 2 for "
		"TUNSETSTEERINGEBPF, 3 XDP in the driver, 4 as an skb, 5 generic, 6 generic on a "
		"TUN, 7 with IFF_NAPI_FRAGS. Then for 0 the number of instructions and these, of 8 "
		"bytes each; otherwise form, value (1 byte each), at, type, head, tail (2), a, b "
		"(4), see ebpf.h; all little-endian. Then the frame",
	.max_len = LONGEST,
	.reset_inputs = 20000,
	.begin = begin,
	.end = end,
	.check = check,
	.run = run,
	.print = print,
	.prologue = filters_prologue,
	.mutate = mutate,
	.seed = seed,
};
