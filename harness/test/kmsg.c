// SPDX-License-Identifier: GPL-2.0-only
/* What of the kernel's log is a complaint about itself. */
#include "harness/harness.h"
#include "harness/kmsg.h"

TEST(kernel_complains, .title = "a fault of the kernel's is a report, that of a program is none")
{
	EXPECT_TRUE(kmsg_is_report("BUG: KASAN: slab-use-after-free in tun_chr_read_iter"));
	EXPECT_TRUE(kmsg_is_report("Oops: general protection fault, probably for non-canonical "
				   "address 0xdead000000000108"));
	EXPECT_FALSE(kmsg_is_report("traps: demo[12] general protection fault ip:5570471e332c "
				    "sp:7ffd1dc9bda0 error:402 in demo[6632c,5570471bf000+127000]"));
}
