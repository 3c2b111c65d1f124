// SPDX-License-Identifier: GPL-2.0-only
/* The byte order of the vnet header, asked for or set where there is no memory. */
#include <sys/ioctl.h>

#include "device/tun.h"
#include "harness/harness.h"

/* The kernel's own half of the address space. */
#define KERNEL_POINTER ((void *)-4096L)

TEST(byte_order_pointers,
     .title =
	     "TUNGETVNETLE, TUNSETVNETLE and those of BE give EFAULT for what is no memory, and set nothing",
     .behaviours = { 168, 170 })
{
	static const unsigned long requests[] = { TUNGETVNETLE, TUNSETVNETLE, TUNGETVNETBE,
						  TUNSETVNETBE };
	const bool has_be = harness_feature("vnet_be");
	struct tun t = tun_create("v0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	int le, be;

	for (int on = 0; on <= 1; on++) {
		ASSERT_OK(tun_set_vnet_le(t.fd, on));
		if (has_be)
			ASSERT_OK(tun_set_vnet_be(t.fd, !on));
		for (size_t i = 0; i < (has_be ? 4 : 2); i++) {
			EXPECT_ERRNO(EFAULT, ioctl(t.fd, requests[i], NULL));
			EXPECT_ERRNO(EFAULT, ioctl(t.fd, requests[i], KERNEL_POINTER));
		}
		EXPECT_OK(tun_get_vnet_le(t.fd, &le));
		EXPECT_EQ(on, le);
		if (has_be) {
			EXPECT_OK(tun_get_vnet_be(t.fd, &be));
			EXPECT_EQ(!on, be);
		}
	}
	tun_close(&t);
}
