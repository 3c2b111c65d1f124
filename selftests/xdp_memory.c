// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that end in a TAP's XDP program leave no memory behind.
 *
 * In the driver a frame of that length takes a page, so that what is lost would be seen in
 * MemAvailable. That is the whole machine's, and others take and give at the same time: a leak is
 * what is lost in every try. One is missed if in one of the tries others give back 4 MiB.
 */
#include <net/ethernet.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "device/xdp.h"
#include "harness/harness.h"
#include "netns/fault.h"
#include "netns/link.h"
#include "netns/program.h"

#define SIZE	 3000
#define FRAMES	 2048 /* of one try */
#define TRIES	 10
#define PAGE_KIB 4 /* at least */

FIXTURE(xdp_memory)
{
	struct tun t;
	uint8_t frame[SIZE], got[SIZE];
	struct program p;
};

FIXTURE_VARIANT(xdp_memory)
{
	int verdict;
};

FIXTURE_VARIANT_ADD(xdp_memory, drop){ XDP_DROP };
FIXTURE_VARIANT_ADD(xdp_memory, aborted){ XDP_ABORTED };
FIXTURE_VARIANT_ADD(xdp_memory, tx){ XDP_TX };
/* Which fails, as it has no target. */
FIXTURE_VARIANT_ADD(xdp_memory, redirect){ XDP_REDIRECT };
FIXTURE_VARIANT_ADD(xdp_memory, pass){ XDP_PASS };

FIXTURE_SETUP(xdp_memory)
{
	self->t = tun_create("t0", IFF_TAP | IFF_NO_PI);
	program_start(&self->p, BPF_PROG_TYPE_XDP);
	xdp_attach(&self->t, program_return(&self->p, variant->verdict), XDP_IN_DRIVER);
	if (link_up("t0"))
		TH_BAIL("t0: %s", strerror(errno));
}

FIXTURE_TEARDOWN(xdp_memory)
{
	tun_close(&self->t);
	program_close(&self->p);
}

TEST_F(xdp_memory, kept, .title = "no memory is lost to frames that a program takes",
       .behaviours = { 453 }, .needs = { "xdp" })
{
	bool lost = true;

	for (int try = 0; lost && try < TRIES; try++) {
		long before = fault_available();

		for (int i = 0; i < FRAMES; i++) {
			ASSERT_EQ(SIZE, write(self->t.fd, self->frame, SIZE));
			if (variant->verdict == XDP_TX)
				ASSERT_EQ(SIZE, read(self->t.fd, self->got, SIZE));
		}
		lost = before - fault_available() > FRAMES * PAGE_KIB / 2;
	}
	EXPECT_FALSE(lost);
}
