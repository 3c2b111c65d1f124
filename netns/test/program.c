// SPDX-License-Identifier: GPL-2.0-only
#include <sys/socket.h>
#include <unistd.h>

#include "harness/harness.h"
#include "netns/link.h"
#include "netns/program.h"
#include "netns/sock.h"

FIXTURE(program)
{
	struct program p;
	int from, to; /* what is sent to "to" meets the program */
};

FIXTURE_SETUP(program)
{
	program_start(&self->p, BPF_PROG_TYPE_SOCKET_FILTER);
	if (link_up("lo"))
		TH_BAIL("lo: %s", strerror(errno));
	self->from = udp_open(NULL, 0);
	self->to = udp_open("127.0.0.1", 0);
}

FIXTURE_TEARDOWN(program)
{
	close(self->from);
	close(self->to);
	program_close(&self->p);
}

/* The length left of "hello", behind a UDP header, by the program. -1 if it is dropped. */
static int left_of_hello(FIXTURE_DATA(program) *self)
{
	char buf[16];

	if (setsockopt(self->to, SOL_SOCKET, SO_ATTACH_BPF, &self->p.fd, sizeof(self->p.fd)))
		TH_BAIL("SO_ATTACH_BPF: %s", strerror(errno));
	udp_send(self->from, "hello", 5, "127.0.0.1", sock_port(self->to));
	return udp_recv(self->to, buf, sizeof(buf), 0);
}

TEST_F(program, sees, .title = "a program counts and tells fields, bytes and results",
       .needs = { "bpf" })
{
	struct program *p = &self->p;

	program_count(p, 0);
	program_see(p, 1, PROGRAM_FIELD(struct __sk_buff, len));
	program_see_bytes(p, 2, 8, 4);
	program_call(p, BPF_FUNC_get_socket_cookie, 15);
	program_see_result(p, 3);
	ASSERT_LE(0, program_return(p, 100));
	EXPECT_EQ(0, p->shared[0]);
	EXPECT_EQ(5, left_of_hello(self));
	EXPECT_EQ(5, left_of_hello(self));
	EXPECT_EQ(2, p->shared[0]);
	EXPECT_EQ(8 + 5, p->shared[1]);
	EXPECT_EQ(0, memcmp("hell\0\0\0", (void *)&p->shared[2], 8));
	EXPECT_NE(0, p->shared[3]);
}

TEST_F(program, told, .title = "a program returns what it is told", .needs = { "bpf" })
{
	ASSERT_LE(0, program_return_shared(&self->p, 0));
	self->p.shared[0] = 8 + 3;
	EXPECT_EQ(3, left_of_hello(self));
	self->p.shared[0] = 0;
	EXPECT_EQ(-1, left_of_hello(self));
}

TEST_F(program, refused, .title = "a program that the verifier refuses gives errno",
       .needs = { "bpf" })
{
	/* Not for a filter. */
	program_call(&self->p, BPF_FUNC_xdp_adjust_head, 0);
	EXPECT_ERRNO(EINVAL, program_return_result(&self->p));
}

TEST_F(program, exists, .title = "a program is there until nobody uses it any more",
       .needs = { "bpf_ids" })
{
	uint32_t id;

	ASSERT_LE(0, program_return(&self->p, 0));
	id = program_id(self->p.fd);
	EXPECT_TRUE(program_exists(id));
	EXPECT_FALSE(program_gone(id, 0));
	close(self->p.fd);
	self->p.fd = -1;
	EXPECT_TRUE(program_gone(id, 2000));
	EXPECT_FALSE(program_exists(id));
}
