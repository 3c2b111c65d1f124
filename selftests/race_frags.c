// SPDX-License-Identifier: GPL-2.0-only
/*
 * A write on an IFF_NAPI_FRAGS queue fills the one packet that its NAPI has, which the deletion of
 * the device frees (docs/findings.md, F8). The writer is held up in the middle, by memory
 * whose page comes when we say so.
 */
#include <pthread.h>
#include <unistd.h>

#include "device/blocked.h"
#include "device/memory.h"
#include "device/race.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/link.h"

#define TIMEOUT_MS 5000
/* A deletion that waits for the writer does not come so far as is waited for. */
#define GO_ON_MS   300

static void *delete(void *arg)
{
	*(int *)arg = link_del("a0") ? errno : 0;
	return NULL;
}

/* Every close of such a file waits for the lock that a deletion has until the device is undone. */
static void *pass_lock(void *arg)
{
	close(tun_open());
	__atomic_store_n((bool *)arg, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Waits until the device is undone, up to what keeps the writer's reference. */
static void await_undone(int links, pthread_t *passer)
{
	static bool passed;
	int64_t deadline = clock_ms() + GO_ON_MS;

	while (race_links() != links && clock_left(deadline))
		usleep(1000);
	if (pthread_create(passer, NULL, pass_lock, &passed))
		TH_BAIL("cannot start a thread");
	while (!__atomic_load_n(&passed, __ATOMIC_ACQUIRE) && clock_left(deadline))
		usleep(1000);
}

TEST(deleted_meanwhile,
     .title = "a write in fragments outlives the deletion of its device, and gives EIO",
     .behaviours = { 574 }, .needs = { "napi_frags", "userfaultfd" }, .dangerous = true)
{
	int links = race_links(), result = -1;
	struct missing_page m = missing_page();
	struct tun t = tun_create("a0", IFF_TAP | IFF_NO_PI | IFF_NAPI | IFF_NAPI_FRAGS);
	pthread_t deleter, passer;
	struct blocked b;

	ASSERT_OK(link_up("a0"));
	tun_set_blocking(t.fd);
	ASSERT_TRUE(blocked_write(&b, t.fd, m.page, 60));
	ASSERT_EQ(0, pthread_create(&deleter, NULL, delete, &result));
	await_undone(links, &passer);
	missing_page_supply(&m);
	ASSERT_TRUE(blocked_ended(&b, TIMEOUT_MS));
	EXPECT_EQ(-1, b.ret);
	EXPECT_EQ(EIO, b.err);
	pthread_join(deleter, NULL);
	pthread_join(passer, NULL);
	EXPECT_EQ(0, result);
	tun_close(&t);
	race_settled(_metadata, links);
}
