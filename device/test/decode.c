// SPDX-License-Identifier: GPL-2.0-only
/* What wireshark's decoder, which knows nothing of this project, says of the frames built here. */
#include <fcntl.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

#include "device/frame.h"
#include "harness/harness.h"
#include "netns/capture.h"
#include "netns/tool.h"

static const uint8_t mac_a[6] = { 0x02, 0, 0, 0, 0, 0xaa };
static const uint8_t mac_b[6] = { 0x02, 0, 0, 0, 0, 0xbb };

static void ether(struct frame *f, uint16_t ethertype)
{
	frame_eth(f, mac_b, mac_a, ethertype);
}

static void ipv4(struct frame *f, uint8_t proto)
{
	frame_ipv4(f, "10.9.0.2", "10.9.0.1", proto);
}

static void ipv6(struct frame *f, uint8_t next_header)
{
	frame_ipv6(f, "fd09::2", "fd09::1", next_header);
}

static void udp(struct frame *f, size_t len)
{
	frame_udp(f, 40000, 40001);
	frame_pattern(f, len, 1);
}

static void tcp(struct frame *f, uint8_t flags, size_t len)
{
	frame_tcp(f, 40000, 40001, 0x11223344, 0x55667788, flags);
	frame_pattern(f, len, 1);
}

static void udp4(struct frame *f)
{
	ether(f, 0x0800);
	ipv4(f, IPPROTO_UDP);
	udp(f, 33);
}

static void udp4_raw(struct frame *f)
{
	ipv4(f, IPPROTO_UDP);
	udp(f, 0);
}

static void udp6(struct frame *f)
{
	ether(f, 0x86dd);
	ipv6(f, IPPROTO_UDP);
	udp(f, 33);
}

static void udp6_raw(struct frame *f)
{
	ipv6(f, IPPROTO_UDP);
	udp(f, 1400);
}

static void tcp4(struct frame *f)
{
	ether(f, 0x0800);
	ipv4(f, IPPROTO_TCP);
	tcp(f, TH_ACK | TH_PUSH, 100);
}

static void tcp4_syn_raw(struct frame *f)
{
	ipv4(f, IPPROTO_TCP);
	tcp(f, TH_SYN, 0);
}

static void tcp6(struct frame *f)
{
	ether(f, 0x86dd);
	ipv6(f, IPPROTO_TCP);
	tcp(f, TH_ACK | TH_FIN, 101);
}

static void tcp6_raw(struct frame *f)
{
	ipv6(f, IPPROTO_TCP);
	tcp(f, TH_RST, 0);
}

static void icmp(struct frame *f)
{
	ether(f, 0x0800);
	ipv4(f, IPPROTO_ICMP);
	frame_icmp(f, 8, 0, 0x1234, 7);
	frame_pattern(f, 55, 1);
}

static void icmpv6(struct frame *f)
{
	ether(f, 0x86dd);
	ipv6(f, IPPROTO_ICMPV6);
	frame_icmp(f, 128, 0, 0x1234, 7);
	frame_pattern(f, 55, 1);
}

static void arp(struct frame *f)
{
	ether(f, 0x0806);
	frame_arp(f, ARPOP_REPLY, mac_a, "10.9.0.2", mac_b, "10.9.0.1");
}

static void vlan(struct frame *f)
{
	ether(f, 0x0800);
	frame_vlan(f, 0x8100, 5 << 13 | 100);
	ipv4(f, IPPROTO_UDP);
	udp(f, 10);
}

static void qinq(struct frame *f)
{
	ether(f, 0x86dd);
	frame_vlan(f, 0x88a8, 300);
	frame_vlan(f, 0x8100, 400);
	ipv6(f, IPPROTO_TCP);
	tcp(f, TH_ACK, 10);
}

static void options6(struct frame *f)
{
	ether(f, 0x86dd);
	ipv6(f, IPPROTO_UDP);
	frame_ipv6_ext(f, IPPROTO_HOPOPTS, 8);
	frame_ipv6_ext(f, IPPROTO_DSTOPTS, 16);
	udp(f, 20);
}

static void atomic_fragment6(struct frame *f)
{
	ipv6(f, IPPROTO_TCP);
	frame_ipv6_ext(f, IPPROTO_FRAGMENT, 8);
	tcp(f, TH_ACK, 20);
}

static void long_options6(struct frame *f)
{
	ipv6(f, IPPROTO_UDP);
	frame_ipv6_ext(f, IPPROTO_DSTOPTS, 600);
	udp(f, 20);
}

static void vxlan(struct frame *f)
{
	ether(f, 0x0800);
	ipv4(f, IPPROTO_UDP);
	frame_udp(f, 40000, 4789);
	frame_payload(f, "\x08\0\0\0\0\0\x2a\0", 8);
	ether(f, 0x86dd);
	ipv6(f, IPPROTO_UDP);
	udp(f, 30);
}

static void ipip(struct frame *f)
{
	ipv4(f, IPPROTO_IPIP);
	frame_ipv4(f, "192.0.2.1", "192.0.2.2", IPPROTO_TCP);
	tcp(f, TH_ACK, 3);
}

static void bad_checksums(struct frame *f)
{
	udp4(f);
	frame_finish(f);
	f->data[f->l3 + 8]--;
	f->data[f->payload]++;
}

/* What is asked of tshark. A checksum's status is 1 for good, 0 for bad. */
static const char *const fields[] = {
	"frame.number",
	"frame.len",
	"frame.protocols",
	"ieee8021ad.id",
	"vlan.id",
	"vlan.priority",
	"arp.opcode",
	"arp.src.proto_ipv4",
	"arp.dst.proto_ipv4",
	"ip.src",
	"ip.dst",
	"ipv6.src",
	"ipv6.dst",
	"udp.srcport",
	"udp.dstport",
	"udp.length",
	"tcp.srcport",
	"tcp.dstport",
	"tcp.flags",
	"tcp.seq_raw",
	"tcp.ack_raw",
	"tcp.len",
	"icmp.type",
	"icmp.ident",
	"icmp.seq",
	"icmpv6.type",
	"icmpv6.echo.identifier",
	"icmpv6.echo.sequence_number",
	"ip.checksum.status",
	"udp.checksum.status",
	"tcp.checksum.status",
	"icmp.checksum.status",
	"icmpv6.checksum.status",
	"_ws.malformed",
};

static const struct sample {
	const char *name;
	void (*build)(struct frame *f);
	int linktype;
	const char *expected; /* "field=value" for every field that is there */
} samples[] = {
	{ "udp4", udp4, CAPTURE_ETHERNET,
	  "frame.len=75 frame.protocols=eth:ethertype:ip:udp:data ip.src=10.9.0.2 "
	  "ip.dst=10.9.0.1 udp.srcport=40000 udp.dstport=40001 udp.length=41 "
	  "ip.checksum.status=1 udp.checksum.status=1" },
	{ "udp4_raw", udp4_raw, CAPTURE_RAW,
	  "frame.len=28 frame.protocols=raw:ip:udp ip.src=10.9.0.2 ip.dst=10.9.0.1 "
	  "udp.srcport=40000 udp.dstport=40001 udp.length=8 ip.checksum.status=1 "
	  "udp.checksum.status=1" },
	{ "udp6", udp6, CAPTURE_ETHERNET,
	  "frame.len=95 frame.protocols=eth:ethertype:ipv6:udp:data ipv6.src=fd09::2 "
	  "ipv6.dst=fd09::1 udp.srcport=40000 udp.dstport=40001 udp.length=41 "
	  "udp.checksum.status=1" },
	{ "udp6_raw", udp6_raw, CAPTURE_RAW,
	  "frame.len=1448 frame.protocols=raw:ipv6:udp:data ipv6.src=fd09::2 ipv6.dst=fd09::1 "
	  "udp.srcport=40000 udp.dstport=40001 udp.length=1408 udp.checksum.status=1" },
	{ "tcp4", tcp4, CAPTURE_ETHERNET,
	  "frame.len=154 frame.protocols=eth:ethertype:ip:tcp:data ip.src=10.9.0.2 "
	  "ip.dst=10.9.0.1 tcp.srcport=40000 tcp.dstport=40001 tcp.flags=0x0018 "
	  "tcp.seq_raw=287454020 tcp.ack_raw=1432778632 tcp.len=100 ip.checksum.status=1 "
	  "tcp.checksum.status=1" },
	{ "tcp4_syn_raw", tcp4_syn_raw, CAPTURE_RAW,
	  "frame.len=40 frame.protocols=raw:ip:tcp ip.src=10.9.0.2 ip.dst=10.9.0.1 "
	  "tcp.srcport=40000 tcp.dstport=40001 tcp.flags=0x0002 tcp.seq_raw=287454020 "
	  "tcp.ack_raw=1432778632 tcp.len=0 ip.checksum.status=1 tcp.checksum.status=1" },
	{ "tcp6", tcp6, CAPTURE_ETHERNET,
	  "frame.len=175 frame.protocols=eth:ethertype:ipv6:tcp:data ipv6.src=fd09::2 "
	  "ipv6.dst=fd09::1 tcp.srcport=40000 tcp.dstport=40001 tcp.flags=0x0011 "
	  "tcp.seq_raw=287454020 tcp.ack_raw=1432778632 tcp.len=101 tcp.checksum.status=1" },
	{ "tcp6_raw", tcp6_raw, CAPTURE_RAW,
	  "frame.len=60 frame.protocols=raw:ipv6:tcp ipv6.src=fd09::2 ipv6.dst=fd09::1 "
	  "tcp.srcport=40000 tcp.dstport=40001 tcp.flags=0x0004 tcp.seq_raw=287454020 "
	  "tcp.ack_raw=1432778632 tcp.len=0 tcp.checksum.status=1" },
	{ "icmp", icmp, CAPTURE_ETHERNET,
	  "frame.len=97 frame.protocols=eth:ethertype:ip:icmp:data ip.src=10.9.0.2 "
	  "ip.dst=10.9.0.1 icmp.type=8 icmp.ident=4660 icmp.seq=7 ip.checksum.status=1 "
	  "icmp.checksum.status=1" },
	{ "icmpv6", icmpv6, CAPTURE_ETHERNET,
	  "frame.len=117 frame.protocols=eth:ethertype:ipv6:icmpv6:data ipv6.src=fd09::2 "
	  "ipv6.dst=fd09::1 icmpv6.type=128 icmpv6.echo.identifier=0x1234 "
	  "icmpv6.echo.sequence_number=7 icmpv6.checksum.status=1" },
	{ "arp", arp, CAPTURE_ETHERNET,
	  "frame.len=42 frame.protocols=eth:ethertype:arp arp.opcode=2 "
	  "arp.src.proto_ipv4=10.9.0.2 arp.dst.proto_ipv4=10.9.0.1" },
	{ "vlan", vlan, CAPTURE_ETHERNET,
	  "frame.len=56 frame.protocols=eth:ethertype:vlan:ethertype:ip:udp:data vlan.id=100 "
	  "vlan.priority=5 ip.src=10.9.0.2 ip.dst=10.9.0.1 udp.srcport=40000 udp.dstport=40001 "
	  "udp.length=18 ip.checksum.status=1 udp.checksum.status=1" },
	{ "qinq", qinq, CAPTURE_ETHERNET,
	  "frame.len=92 "
	  "frame.protocols=eth:ethertype:ieee8021ad:ethertype:vlan:ethertype:ipv6:tcp:data "
	  "ieee8021ad.id=300 vlan.id=400 vlan.priority=0 ipv6.src=fd09::2 ipv6.dst=fd09::1 "
	  "tcp.srcport=40000 tcp.dstport=40001 tcp.flags=0x0010 tcp.seq_raw=287454020 "
	  "tcp.ack_raw=1432778632 tcp.len=10 tcp.checksum.status=1" },
	{ "options6", options6, CAPTURE_ETHERNET,
	  "frame.len=106 frame.protocols=eth:ethertype:ipv6:ipv6.hopopts:ipv6.dstopts:udp:data "
	  "ipv6.src=fd09::2 ipv6.dst=fd09::1 udp.srcport=40000 udp.dstport=40001 udp.length=28 "
	  "udp.checksum.status=1" },
	{ "long_options6", long_options6, CAPTURE_RAW,
	  "frame.len=668 frame.protocols=raw:ipv6:ipv6.dstopts:udp:data ipv6.src=fd09::2 "
	  "ipv6.dst=fd09::1 udp.srcport=40000 udp.dstport=40001 udp.length=28 "
	  "udp.checksum.status=1" },
	{ "atomic_fragment6", atomic_fragment6, CAPTURE_RAW,
	  "frame.len=88 frame.protocols=raw:ipv6:ipv6.fraghdr:tcp:data ipv6.src=fd09::2 "
	  "ipv6.dst=fd09::1 tcp.srcport=40000 tcp.dstport=40001 tcp.flags=0x0010 "
	  "tcp.seq_raw=287454020 tcp.ack_raw=1432778632 tcp.len=20 tcp.checksum.status=1" },
	{ "vxlan", vxlan, CAPTURE_ETHERNET,
	  "frame.len=142 frame.protocols=eth:ethertype:ip:udp:vxlan:eth:ethertype:ipv6:udp:data "
	  "ip.src=10.9.0.2 ip.dst=10.9.0.1 ipv6.src=fd09::2 ipv6.dst=fd09::1 "
	  "udp.srcport=40000,40000 udp.dstport=4789,40001 udp.length=108,38 "
	  "ip.checksum.status=1 udp.checksum.status=1,1" },
	{ "ipip", ipip, CAPTURE_RAW,
	  "frame.len=63 frame.protocols=raw:ip:ip:tcp:data ip.src=10.9.0.2,192.0.2.1 "
	  "ip.dst=10.9.0.1,192.0.2.2 tcp.srcport=40000 tcp.dstport=40001 tcp.flags=0x0010 "
	  "tcp.seq_raw=287454020 tcp.ack_raw=1432778632 tcp.len=3 ip.checksum.status=1,1 "
	  "tcp.checksum.status=1" },
	{ "bad_checksums", bad_checksums, CAPTURE_ETHERNET,
	  "frame.len=75 frame.protocols=eth:ethertype:ip:udp:data ip.src=10.9.0.2 "
	  "ip.dst=10.9.0.1 udp.srcport=40000 udp.dstport=40001 udp.length=41 "
	  "ip.checksum.status=0 udp.checksum.status=0" },
};

#define NUM_FIELDS  ARRAY_SIZE(fields)
#define NUM_SAMPLES ARRAY_SIZE(samples)

FEATURE(tshark, "tshark is not installed")
{
	return tool_run(NULL, 0, "tshark --version") == 0;
}

static void write_samples(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

	if (fd < 0)
		TH_BAIL("cannot create %s: %s", path, strerror(errno));
	capture_to(fd);
	for (size_t i = 0; i < NUM_SAMPLES; i++) {
		struct frame f;

		frame_start(&f);
		samples[i].build(&f);
		if (samples[i].build != bad_checksums)
			frame_finish(&f);
		capture_frame("samples", samples[i].linktype, CAPTURE_INBOUND, f.data, f.len);
	}
	close(fd);
}

static void run_tshark(const char *path, char *out, size_t size)
{
	char options[1024];
	size_t len = 0;
	int status;

	for (size_t i = 0; i < NUM_FIELDS; i++)
		len += snprintf(options + len, sizeof(options) - len, " -e%s", fields[i]);
	status = tool_run(out, size,
			  "tshark -n -r %s -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE "
			  "-o tcp.check_checksum:TRUE -o tcp.analyze_sequence_numbers:FALSE "
			  "-T fields%s",
			  path, options);
	if (status)
		TH_BAIL("tshark: status %d: %s", status, out);
}

/* The line of frame @number in tshark's output, which may start with remarks of its own. */
static const char *line_of(const char *output, int number)
{
	char start[16];

	snprintf(start, sizeof(start), "\n%d\t", number);
	output = strstr(output, start);
	return output ? output + strlen(start) : NULL;
}

/* "field=value ..." from a line of tab-separated values behind frame.number, empty ones left out.
 */
static void name_fields(char *out, size_t size, const char *line)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 1; i < NUM_FIELDS; i++) {
		int n = strcspn(line, "\t\n");

		if (n)
			len += snprintf(out + len, size - len, "%s%s=%.*s", len ? " " : "",
					fields[i], n, line);
		line += n + (line[n] == '\t');
	}
}

TEST(tshark, .title = "tshark decodes every kind of frame as what it was built to be",
     .needs = { "tshark" })
{
	static char output[64 * 1024];

	output[0] = '\n'; /* also before the first line */
	write_samples("/tmp/samples.pcapng");
	run_tshark("/tmp/samples.pcapng", output + 1, sizeof(output) - 1);
	for (size_t i = 0; i < NUM_SAMPLES; i++) {
		const char *line = line_of(output, i + 1);
		char seen[1024];

		ASSERT_NE(NULL, line) TH_LOG("%s: not in tshark's output", samples[i].name);
		name_fields(seen, sizeof(seen), line);
		EXPECT_STREQ(samples[i].expected, seen) TH_LOG("%s", samples[i].name);
	}
}
