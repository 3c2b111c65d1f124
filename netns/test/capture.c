// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/harness.h"
#include "netns/capture.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/tool.h"

#define ETH_P_TEST 0x88b5

static const uint8_t ethernet[61] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x88, 0xb5, 1 };
static const uint8_t ipv4[20] = {
	0x45, 0, 0, 20, 0, 0, 0, 0, 64, 59, 0, 0, 10, 9, 0, 1, 10, 9, 0, 2
};

static int start(void)
{
	int fd = memfd_create("capture", 0);

	if (fd < 0)
		TH_BAIL("memfd: %s", strerror(errno));
	capture_to(fd);
	return fd;
}

/*
 * What tshark reads in @fd, a line for each frame: number, interface, direction (1 in, 2 out),
 * length and the field asked for. Behind its remarks about running as root, which come first.
 */
static const char *decode(int fd, const char *field)
{
	static char out[65536];
	char *text;

	if (tool_run(out, sizeof(out),
		     "tshark -n -r /proc/%d/fd/%d -T fields -E header=y -E separator=, "
		     "-e frame.number -e frame.interface_name -e frame.packet_flags_direction "
		     "-e frame.len -e %s",
		     getpid(), fd, field))
		TH_BAIL("tshark: %s", out);
	text = strstr(out, "frame.number,");
	if (!text)
		TH_BAIL("tshark printed no header: %s", out);
	return strchr(text, '\n') + 1;
}

TEST(decode, .title = "tshark reads interfaces, directions, lengths and link types of a capture",
     .needs = { "tshark" })
{
	int fd = start();

	capture_frame("x0", CAPTURE_ETHERNET, CAPTURE_INBOUND, ethernet, sizeof(ethernet));
	capture_frame("x0", CAPTURE_RAW, CAPTURE_OUTBOUND, ipv4, sizeof(ipv4));
	capture_frame("y0", CAPTURE_ETHERNET, CAPTURE_OUTBOUND, ethernet, 60);
	capture_frame("x0", CAPTURE_ETHERNET, CAPTURE_OUTBOUND, ethernet, 0);
	EXPECT_STREQ("1,x0,0x00000001,61,eth:ethertype:data\n"
		     "2,x0,0x00000002,20,raw:ip\n"
		     "3,y0,0x00000002,60,eth:ethertype:data\n"
		     "4,x0,0x00000002,0,eth\n",
		     decode(fd, "frame.protocols"));
}

TEST(time, .title = "a frame's time stamp is the time of day", .needs = { "tshark" })
{
	struct timespec now;
	int fd = start();
	const char *line;

	clock_gettime(CLOCK_REALTIME, &now);
	capture_frame("x0", CAPTURE_RAW, CAPTURE_INBOUND, ipv4, sizeof(ipv4));
	line = decode(fd, "frame.time_epoch");
	TH_LOG("%s", line);
	EXPECT_LE(now.tv_sec, atoll(strrchr(line, ',') + 1));
	EXPECT_GE(now.tv_sec + 1, atoll(strrchr(line, ',') + 1));
}

TEST(processes, .title = "frames of children are in the same file, also after one was killed",
     .needs = { "tshark" })
{
	int fd = start(), lines = 0;
	const char *text;
	char where[8];
	pid_t pids[4];

	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		snprintf(where, sizeof(where), "x%d", i % 2);
		for (int n = 0; n < 50; n++)
			capture_frame(where, CAPTURE_RAW, CAPTURE_INBOUND, ipv4, sizeof(ipv4));
		kill(getpid(), SIGKILL);
	}
	for (int i = 0; i < 4; i++)
		waitpid(pids[i], NULL, 0);
	capture_frame("x2", CAPTURE_RAW, CAPTURE_INBOUND, ipv4, sizeof(ipv4));
	text = decode(fd, "frame.protocols");
	EXPECT_NE(NULL, strstr(text, "\n201,x2,"));
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		lines++;
	EXPECT_EQ(201, lines);
}

TEST(limit, .title = "a capture stops at 16 MiB, at the end of a block", .needs = { "tshark" })
{
	static uint8_t frame[65535];
	struct stat st;
	int fd = start();

	for (int i = 0; i < 300; i++)
		capture_frame("x0", CAPTURE_RAW, CAPTURE_INBOUND, frame, sizeof(frame));
	ASSERT_OK(fstat(fd, &st));
	EXPECT_GE(16 << 20, st.st_size);
	EXPECT_LT((16 << 20) - 70000, st.st_size);
	EXPECT_NE(NULL, strstr(decode(fd, "frame.protocols"), "\n255,x0,"));
}

TEST(packet, .title = "what packet sockets send and receive is captured",
     .needs = { "tshark", "packet_socket", "veth" })
{
	int fd = start(), a, b;
	uint8_t buf[128];

	ASSERT_OK(link_add_veth("a", "b"));
	ASSERT_OK(link_up("a"));
	ASSERT_OK(link_up("b"));
	ASSERT_TRUE(link_wait_running("a", true, 2000));
	ASSERT_TRUE(link_wait_running("b", true, 2000));
	a = packet_open("a", 0, 0);
	b = packet_open("b", ETH_P_TEST, PACKET_DGRAM);
	EXPECT_EQ(60, packet_send(a, ethernet, 60));
	EXPECT_EQ(46, packet_recv(b, buf, sizeof(buf), 1000, NULL));
	EXPECT_STREQ("1,packet:a,0x00000002,60,eth:ethertype:data\n"
		     "2,packet:b,0x00000001,46,raw:data\n",
		     decode(fd, "frame.protocols"));
}

TEST(attachment, .title = "without capture_to() the frames go to the test's attachment",
     .needs = { "tshark" })
{
	capture_frame("x0", CAPTURE_RAW, CAPTURE_INBOUND, ipv4, sizeof(ipv4));
	EXPECT_STREQ("1,x0,0x00000001,20,raw:ip\n",
		     decode(harness_attachment(), "frame.protocols"));
}
