// SPDX-License-Identifier: GPL-2.0-only
/* Runs the points of a sweep, and says where model and kernel differ. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/if_ether.h>

#include "device/delivered.h"
#include "device/sweep.h"
#include "device/untaken.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define MOST_REPORTS 3 /* of a sweep; the others are counted */
#define ALONE_MS     10000 /* that others may go on taking everything */
#define SLOW_POINTS  500
#define SLOW_NS	     5000 /* a processor of today needs two fifths of it */
#define HEADERS_MAX  (sizeof(struct tun_pi) + 128)

static const bool host_is_be = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

static void set_order(struct sweep *s, const struct sweep_setup *setup)
{
	if (!s->port.vnet_hdr)
		return;
	if (tun_set_vnet_hdr_sz(&s->t, setup->vnet_size))
		TH_BAIL("header size %d: %s", setup->vnet_size, strerror(errno));
	if (setup->big_endian != host_is_be && (setup->big_endian ? tun_set_vnet_be(s->t.fd, 1) :
								  tun_set_vnet_le(s->t.fd, 1)))
		TH_BAIL("byte order: %s", strerror(errno));
}

static unsigned int setup_flags(const struct sweep_setup *setup)
{
	return (setup->tap ? IFF_TAP : IFF_TUN) | (setup->pi ? 0 : IFF_NO_PI) |
	       (setup->vnet_size ? IFF_VNET_HDR : 0) |
	       (setup->napi_frags ? IFF_NAPI | IFF_NAPI_FRAGS : 0);
}

static void bring_up(const struct tun *t)
{
	if (link_up(t->name))
		TH_BAIL("cannot bring %s up: %s", t->name, strerror(errno));
}

void sweep_open(struct sweep *s, const struct sweep_setup *setup)
{
	struct link link;

	*s = (struct sweep){
		.kernel = model_kernel_probed(),
		.thin = 1,
		.port = {
			.attached = true, .tap = setup->tap, .pi = setup->pi,
			.vnet_hdr = setup->vnet_size, .vnet_size = setup->vnet_size,
			.big_endian = setup->big_endian, .up = !setup->down,
			.watched = !setup->unwatched,
			.napi = setup->napi_frags, .napi_frags = setup->napi_frags,
			.nonblock = !setup->blocking,
		},
	};
	s->t = tun_create("sweep0", setup_flags(setup));
	set_order(s, setup);
	if (setup->blocking)
		tun_set_blocking(s->t.fd);
	if (!setup->down)
		bring_up(&s->t);
	if (link_get(s->t.name, &link))
		TH_BAIL("no link %s: %s", s->t.name, strerror(errno));
	memcpy(s->port.mac, link.address, sizeof(s->port.mac));
	s->packet = setup->unwatched ? -1 : packet_open(s->t.name, ETH_P_ALL, PACKET_VNET);
	if (setup->unwatched) {
		s->nobodys = tun_create("nobodys0", IFF_TAP | IFF_NO_PI);
		bring_up(&s->nobodys);
	}
	s->proc = open("/proc/thread-self/net/dev", O_RDONLY | O_CLOEXEC);
	if (s->packet >= 0)
		sock_error(s->packet); /* ENETDOWN, if the device is down */
	s->buffer = malloc(HEADERS_MAX + SWEEP_LEN_MAX);
	sweep_build_frames(s);
}

unsigned int sweep_slowness(struct sweep *s)
{
	struct timespec before, after;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	sweep_random(s, SLOW_POINTS, SLOW_POINTS);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	return 1 + ((after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec -
		    before.tv_nsec) / (SLOW_POINTS * SLOW_NS);
}

void sweep_close(struct sweep *s)
{
	sweep_flush(s);
	for (int i = 0; i < SWEEP_TAP_FRAMES; i++)
		free(s->frames[i]);
	free(s->buffer);
	if (s->packet >= 0)
		close(s->packet);
	else
		tun_close(&s->nobodys);
	close(s->proc);
	tun_close(&s->t);
}

bool sweep_over(const struct sweep *s)
{
	return s->quiet && s->mismatches;
}

void sweep_again(struct sweep *s)
{
	struct delivered o = { .seen = s->packet >= 0 };

	while (o.seen)
		delivered_receive(s->packet, &o);
	s->queued = 0;
	s->mismatches = 0;
	s->disturbed = false;
}

/* The bytes of a point, in s->buffer and s->iov. */
static void prepare(struct sweep *s, const struct sweep_point *point)
{
	uint8_t *at = s->buffer;
	uint16_t proto = htons(point->pi_proto);

	if (s->port.pi) {
		memcpy(at, &point->pi_flags, 2);
		memcpy(at + 2, &proto, 2);
		at += sizeof(struct tun_pi);
	}
	if (s->port.vnet_hdr) {
		vnet_encode(&point->v, at, s->port.vnet_size, s->port.big_endian);
		at += s->port.vnet_size;
	}
	memcpy(at, s->frames[point->frame], point->len);
	sweep_cut(s, point->shape, at + point->len - s->buffer);
}

static void log_vnet(const char *what, const struct vnet *v)
{
	TH_LOG("  %s flags %#x type %#x hdr_len %u size %u csum %u + %u", what, v->flags,
	       v->gso_type, v->hdr_len, v->gso_size, v->csum_start, v->csum_offset);
}

static void report(struct sweep *s, const struct sweep_point *p, const struct model_written *m,
		   const struct delivered *o, const char *what)
{
	const struct vnet *v = &p->v;

	s->mismatches++;
	if (s->quiet || s->mismatches > MOST_REPORTS)
		return;
	TH_LOG("%s differs:", what);
	log_vnet("written", v);
	TH_LOG("  expected: ret %zd %s seen %d protocol %#x type %d tag %d", m->ret,
	       harness_errno_name(m->err), m->seen, m->seen_protocol, m->pkt_type, m->vlan);
	log_vnet("expected", &m->vnet);
	TH_LOG("  seen: ret %zd %s seen %d (%s, %zu bytes) protocol %#x type %d", o->ret,
	       harness_errno_name(o->err), o->seen, harness_errno_name(o->recv_err), o->len,
	       ntohs(o->info.from.sll_protocol), o->info.from.sll_pkttype);
	log_vnet("seen", &o->vnet);
	TH_LOG("  { .frame = SWEEP_%s, .len = %u, .pi_flags = %#x, .pi_proto = %#x, .shape = %u, "
	       ".v = { .flags = %#x, .gso_type = %#x, .hdr_len = %u, .gso_size = %u, "
	       ".csum_start = %u, .csum_offset = %u, .outer_th_offset = %u, "
	       ".inner_nh_offset = %u } },",
	       sweep_frame_name(p->frame), p->len, p->pi_flags, p->pi_proto, p->shape, v->flags,
	       v->gso_type, v->hdr_len, v->gso_size, v->csum_start, v->csum_offset,
	       v->outer_th_offset, v->inner_nh_offset);
}

/* Runs one point: true if it shows nothing but what the model says, which is in @m. */
static bool run(struct sweep *s, const struct sweep_point *point, struct model_written *m)
{
	struct delivered o = { 0 };
	const char *what;

	prepare(s, point);
	model_write(&s->kernel, &s->port, s->iov, s->iovcnt, m);
	o.ret = s->iovcnt == 1 ? write(s->t.fd, s->iov->iov_base, s->iov->iov_len) :
				 writev(s->t.fd, s->iov, s->iovcnt);
	o.err = o.ret < 0 ? errno : 0;
	/* A frame that should not be there is met by the next one that should. */
	if (s->packet >= 0 && (m->seen || o.ret != m->ret))
		delivered_receive(s->packet, &o);
	what = delivered_difference(m, s->buffer + m->at, &o, s->packet >= 0);
	if (what)
		report(s, point, m, &o, what);
	s->points++;
	return !what;
}

/* The counters, of the model or of the device. */
struct sums {
	uint64_t packets, bytes, dropped, errors;
};

/* From /proc, which asks for no lock that somebody else may hold for long, as rtnetlink does. */
static struct sums counters(const struct sweep *s)
{
	unsigned long long packets, bytes, dropped, errors;
	char text[4096], name[IFNAMSIZ + 3];
	ssize_t n = pread(s->proc, text, sizeof(text) - 1, 0);
	const char *line;

	text[n > 0 ? n : 0] = 0;
	snprintf(name, sizeof(name), "%s:", s->t.name);
	line = strstr(text, name);
	if (!line || sscanf(line + strlen(name), "%llu %llu %*u %llu %*u %llu", &bytes, &packets,
			    &dropped, &errors) != 4)
		TH_BAIL("no counters of %s", s->t.name);
	return (struct sums){ packets, bytes, dropped, errors };
}

static struct sums since(const struct sweep *s, const struct sums *before)
{
	struct sums now = counters(s);

	now.packets -= before->packets;
	now.bytes -= before->bytes;
	now.dropped -= before->dropped;
	now.errors -= before->errors;
	return now;
}

static void add(struct sums *sums, const struct model_written *m)
{
	sums->packets += m->rx_packets;
	sums->bytes += m->rx_bytes;
	sums->dropped += m->rx_dropped;
	sums->errors += m->rx_frame_errors;
}

static bool same_sums(const struct sums *a, const struct sums *b)
{
	return a->packets == b->packets && a->bytes == b->bytes && a->dropped == b->dropped &&
	       a->errors == b->errors;
}

/* Nobody else can change what the model says of the counters. */
static bool is_alone(const struct sweep *s)
{
	return s->packet >= 0 || untaken_is_dropped(&s->nobodys);
}

/* run(), and what it counts, of a time in which it was alone; otherwise it was disturbed. */
static bool run_alone(struct sweep *s, const struct sweep_point *point, struct model_written *m,
		      struct sums *seen)
{
	int64_t deadline = clock_ms() + ALONE_MS;

	do {
		bool alone = is_alone(s);
		struct sums before = counters(s);

		if (!run(s, point, m))
			return false;
		*seen = since(s, &before);
		if (alone && is_alone(s))
			return true;
	} while (clock_left(deadline));
	s->disturbed = true;
	return false;
}

/* Runs again with the counters read each time. */
static void narrow(struct sweep *s)
{
	unsigned int before = s->mismatches;

	for (unsigned int i = 0; i < s->queued && !s->disturbed; i++) {
		struct sums sums = { 0 }, stats;
		struct delivered none = { 0 };
		struct model_written m;

		if (!run_alone(s, &s->block[i], &m, &stats))
			continue;
		add(&sums, &m);
		if (same_sums(&sums, &stats))
			continue;
		report(s, &s->block[i], &m, &none, "counter");
		if (!s->quiet && s->mismatches <= MOST_REPORTS)
			TH_LOG("  rx_packets %u/%ju rx_bytes %ju/%ju dropped %u/%ju errors %u/%ju",
			       m.rx_packets, stats.packets, m.rx_bytes, stats.bytes, m.rx_dropped,
			       stats.dropped, m.rx_frame_errors, stats.errors);
	}
	/* Otherwise it was somebody who is gone. */
	if (s->mismatches == before && s->packet >= 0) {
		s->mismatches++;
		if (!s->quiet)
			TH_LOG("counters of a block differ, those of its points do not");
	}
}

void sweep_flush(struct sweep *s)
{
	struct sums sums = { 0 }, stats;
	struct model_written m;
	struct delivered rest = { 0 };
	unsigned int bad = 0;

	if (!s->queued || sweep_over(s)) {
		s->queued = 0;
		return;
	}
	stats = counters(s);
	for (unsigned int i = 0; i < s->queued; i++) {
		bad += !run(s, &s->block[i], &m);
		add(&sums, &m);
	}
	if (s->packet >= 0)
		delivered_receive(s->packet, &rest);
	stats = since(s, &stats);
	if (!bad && !s->disturbed && (rest.seen || !same_sums(&sums, &stats)))
		narrow(s);
	s->queued = 0;
}

void sweep_add(struct sweep *s, const struct sweep_point *point)
{
	s->block[s->queued++] = *point;
	if (s->queued == ARRAY_SIZE(s->block))
		sweep_flush(s);
}
