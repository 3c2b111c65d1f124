// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/tx_read/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device/peer.h"
#include "fuzz/fuzz.h"
#include "harness/harness.h"
#include "netns/addr.h"
#include "netns/link.h"
#include "netns/program.h"
#include "netns/qdisc.h"
#include "netns/sock.h"

struct reader readers[READERS];
struct model_kernel kernel;
bool has_redirect;

static void redirect(const char *from, const char *to)
{
	struct program p;

	program_start(&p, BPF_PROG_TYPE_SCHED_CLS);
	program_call_with(&p, BPF_FUNC_redirect, if_nametoindex(to), 0);
	if (program_return_result(&p) < 0 || qdisc_add_clsact(from) ||
	    qdisc_add_bpf(from, QDISC_INGRESS, p.fd))
		TH_BAIL("cannot send what %s gets to %s: %s", from, to, strerror(errno));
	program_close(&p);
}

static void open_reader(struct reader *r, unsigned int n)
{
	bool tap = n & READER_TAP;
	char name[IFNAMSIZ], cidr[24];
	int on = 1;

	*r = (struct reader){ 0 };
	snprintf(name, sizeof(name), "r%u", n);
	port_create(&r->port, name, tap, n & READER_PI, n & READER_VNET ? VNET_SIZE_LEGACY : 0);
	if (link_set_mtu(name, READER_MTU) || link_set_txqueuelen(name, READER_QUEUE))
		TH_BAIL("cannot set up %s: %s", name, strerror(errno));
	port_up(&r->port);
	snprintf(r->ip, sizeof(r->ip), "10.9.%u.1", n);
	snprintf(r->peer, sizeof(r->peer), "10.9.%u.2", n);
	snprintf(cidr, sizeof(cidr), "%s/24", r->ip);
	if (addr_add(name, cidr) || (tap && neigh_add(name, r->peer, peer_mac)))
		TH_BAIL("no address on %s: %s", name, strerror(errno));
	r->packet = packet_open(name, 0, PACKET_VNET);
	r->udp = udp_open(r->ip, 0);
	if (setsockopt(r->udp, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)))
		TH_BAIL("SO_ZEROCOPY: %s", strerror(errno));
	if (!has_redirect)
		return;
	snprintf(name, sizeof(name), "i%u", n);
	port_create(&r->in, name, tap, false, PORT_HEADER);
	r->in.model.watched = true; /* the classifier comes before whoever takes it */
	port_up(&r->in);
	redirect(name, r->port.t.name);
}

void readers_begin(void)
{
	kernel = fuzz_abi.kernel;
	/* A known fault of kernels before 6.15 is none if they are to be held against today's. */
	if (getenv("TUNTESTS_STRICT"))
		kernel.zeroed_tail = true;
	has_redirect = harness_feature("tc_bpf");
	for (unsigned int n = 0; n < READERS; n++)
		open_reader(&readers[n], n);
}

void readers_check(void)
{
	for (struct reader *r = readers; r < readers + READERS; r++) {
		struct rtnl_link_stats64 s = link_stats(r->port.t.name);

		if (s.tx_packets != r->tx_packets || s.tx_bytes != r->tx_bytes)
			fuzz_wrong(
				"tx_packets and tx_bytes of %s: model %llu %llu, kernel %llu %llu",
				r->port.t.name, (unsigned long long)r->tx_packets,
				(unsigned long long)r->tx_bytes, s.tx_packets, s.tx_bytes);
	}
}

void readers_end(void)
{
	for (struct reader *r = readers; r < readers + READERS; r++) {
		close(r->packet);
		close(r->udp);
		if (has_redirect)
			port_close(&r->in);
		port_close(&r->port);
	}
}
