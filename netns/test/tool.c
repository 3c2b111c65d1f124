// SPDX-License-Identifier: GPL-2.0-only
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/link.h"
#include "netns/tool.h"

TEST(status, .title = "the exit status is the command's, 127 if there is none")
{
	EXPECT_EQ(0, tool_run(NULL, 0, "true"));
	EXPECT_EQ(1, tool_run(NULL, 0, "false"));
	EXPECT_EQ(127, tool_run(NULL, 0, "no-such-command"));
	EXPECT_EQ(127, tool_run(NULL, 0, "%s", ""));
}

TEST(output, .title = "what a command prints is kept, cut to the buffer")
{
	char out[32], cut[6];

	EXPECT_EQ(0, tool_run(out, sizeof(out), "echo one  %s %d", "two", 3));
	EXPECT_STREQ("one two 3\n", out);
	EXPECT_EQ(0, tool_run(cut, sizeof(cut), "echo 123456789"));
	EXPECT_STREQ("12345", cut);
	EXPECT_NE(0, tool_run(out, sizeof(out), "ls /no-such-directory"));
	EXPECT_NE(0, strlen(out));
}

TEST(large_output, .title = "a command that prints more than a pipe holds comes to its end")
{
	EXPECT_EQ(0, tool_run(NULL, 0, "head -c 1000000 /dev/zero"));
}

TEST(time_out, .title = "a command that does not end is killed after ten seconds")
{
	int64_t start = clock_ms();

	EXPECT_EQ(128 + SIGKILL, tool_run(NULL, 0, "sleep 60"));
	EXPECT_LE(9900, clock_ms() - start);
}

TEST(ip_link, .title = "ip and rtnetlink agree about a link", .needs = { "iproute2", "veth" })
{
	struct link link;
	json_t *json;

	ASSERT_OK(link_add_veth("a", "b"));
	ASSERT_OK(link_set_mtu("a", 1400));
	ASSERT_OK(link_get("a", &link));
	json = tool_ip_link("a");
	EXPECT_EQ(link.index, tool_get_int(json, "ifindex"));
	EXPECT_EQ(1400, tool_get_int(json, "mtu"));
	EXPECT_EQ(link.max_mtu, tool_get_int(json, "max_mtu"));
	EXPECT_EQ(link.num_tx_queues, tool_get_int(json, "num_tx_queues"));
	EXPECT_EQ(link.gso_max_size, tool_get_int(json, "gso_max_size"));
	EXPECT_EQ(0, tool_get_int(json, "stats64.rx.packets"));
	EXPECT_STREQ(link.kind, tool_get_string(json, "linkinfo.info_kind"));
	EXPECT_STREQ("BROADCAST", tool_get_string(json, "flags.0"));
	json_decref(json);
}

TEST(json_nothing, .title = "a command that prints nothing gives an empty list")
{
	json_t *json = tool_json("true");

	EXPECT_TRUE(json_is_array(json));
	EXPECT_EQ(0, json_array_size(json));
	json_decref(json);
}

TEST(get, .title = "values are found by path, and a missing one gives what stands for it")
{
	json_t *json = json_loads("{\"a\":[{\"b\":5},{\"c\":\"x\",\"d\":true}]}", 0, NULL);

	EXPECT_EQ(5, tool_get_int(json, "a.0.b"));
	EXPECT_STREQ("x", tool_get_string(json, "a.1.c"));
	EXPECT_TRUE(tool_get_bool(json, "a.1.d"));
	EXPECT_EQ(-1, tool_get_int(json, "a.2.b"));
	EXPECT_STREQ("", tool_get_string(json, "a.0.b"));
	EXPECT_FALSE(tool_get_bool(json, "z"));
	EXPECT_NULL(tool_get(json, "a.b.c.d"));
	json_decref(json);
}

TEST(has, .title = "a text is found in an array, whole and nowhere else")
{
	json_t *json = json_loads("{\"flags\":[\"UP\",7,\"LOWER_UP\"],\"name\":\"UP\"}", 0, NULL);

	EXPECT_TRUE(tool_has(json, "flags", "UP"));
	EXPECT_TRUE(tool_has(json, "flags", "LOWER_UP"));
	EXPECT_FALSE(tool_has(json, "flags", "LOWER"));
	EXPECT_FALSE(tool_has(json, "name", "UP"));
	EXPECT_FALSE(tool_has(json, "nothing", "UP"));
	json_decref(json);
}
