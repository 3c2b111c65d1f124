// SPDX-License-Identifier: GPL-2.0-only
/* What of the kernel's log is a complaint about itself. */
#include "harness/harness.h"
#include "harness/kmsg.h"

TEST(kernel_names_process, .title = "the process in which a report came about is the one it names")
{
	EXPECT_EQ(4526, kmsg_process("CPU: 0 UID: 0 PID: 4526 Comm: vhost-4523 Tainted: G"));
	EXPECT_EQ(7, kmsg_process("CPU: 3 PID: 7 Comm: a b Tainted: G        W"));
	EXPECT_EQ(0, kmsg_process("WARNING: CPU: 0 PID: 119 at net/core/xdp.c:181 f+0xe5/0x1a5"));
	EXPECT_EQ(0, kmsg_process("CPU: 0 PID: 0 Comm: swapper/0"));
	EXPECT_EQ(0, kmsg_process("tun: no PID here"));
}

TEST(kernel_complains, .title = "a fault of the kernel's is a report, that of a program is none")
{
	EXPECT_TRUE(kmsg_is_report("BUG: KASAN: slab-use-after-free in tun_chr_read_iter"));
	EXPECT_TRUE(kmsg_is_report("Oops: general protection fault, probably for non-canonical "
				   "address 0xdead000000000108"));
	EXPECT_FALSE(kmsg_is_report("traps: demo[12] general protection fault ip:5570471e332c "
				    "sp:7ffd1dc9bda0 error:402 in demo[6632c,5570471bf000+127000]"));
}
