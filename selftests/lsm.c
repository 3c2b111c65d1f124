// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a security module is asked, and what becomes of its refusal. The only one in the kernel that
 * answers these questions is SELinux; here BPF programs do.
 */
#include <unistd.h>

#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/lsm.h"

/* No errno of the driver's own. */
#define REFUSED ENOLINK

#define FLAGS (IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE)

static const char *const hooks[] = { "tun_dev_create", "tun_dev_open", "tun_dev_attach",
				     "tun_dev_attach_queue" };

FIXTURE(lsm)
{
	struct tun t; /* a device that is there already, with one queue */
	int fd;	      /* not attached */
};

FIXTURE_VARIANT(lsm)
{
	int (*call)(FIXTURE_DATA(lsm) *self);
	void (*undo)(FIXTURE_DATA(lsm) *self);
	const char *asked[2]; /* the hooks that the call meets */
	bool detached;	      /* the device's queue, before the call */
};

static int create(FIXTURE_DATA(lsm) *self)
{
	return tun_set_iff(self->fd, "t1", FLAGS);
}

static int second_queue(FIXTURE_DATA(lsm) *self)
{
	return tun_set_iff(self->fd, "t0", FLAGS);
}

static void new_file(FIXTURE_DATA(lsm) *self)
{
	close(self->fd);
	self->fd = tun_open();
}

static int attach_queue(FIXTURE_DATA(lsm) *self)
{
	return tun_set_queue(self->t.fd, IFF_ATTACH_QUEUE);
}

static void detach_queue(FIXTURE_DATA(lsm) *self)
{
	if (tun_set_queue(self->t.fd, IFF_DETACH_QUEUE))
		TH_BAIL("IFF_DETACH_QUEUE: %s", strerror(errno));
}

FIXTURE_VARIANT_ADD(lsm, create)
{ create, new_file, { "tun_dev_create", "tun_dev_attach" }, false };
FIXTURE_VARIANT_ADD(lsm, second_queue)
{ second_queue, new_file, { "tun_dev_open", "tun_dev_attach" }, false };
FIXTURE_VARIANT_ADD(lsm, attach_queue)
{ attach_queue, detach_queue, { "tun_dev_attach_queue", "tun_dev_attach" }, true };

FIXTURE_SETUP(lsm)
{
	self->t = tun_create("t0", FLAGS);
	self->fd = tun_open();
	if (variant->detached)
		detach_queue(self);
}

FIXTURE_TEARDOWN(lsm)
{
	close(self->fd);
	tun_close(&self->t);
}

static int deny(const char *hook)
{
	int link = lsm_deny(hook, REFUSED);

	if (link < 0)
		TH_BAIL("program on %s: %s", hook, strerror(errno));
	return link;
}

static bool is_asked(const FIXTURE_VARIANT(lsm) *variant, const char *hook)
{
	return !strcmp(hook, variant->asked[0]) || !strcmp(hook, variant->asked[1]);
}

TEST_F(lsm, refused,
       .title = "what a security module refuses fails with its errno and changes nothing",
       .behaviours = { 562 }, .needs = { "bpf_lsm", "multi_queue" })
{
	struct ifreq ifr;
	struct link l;

	for (size_t i = 0; i < ARRAY_SIZE(variant->asked); i++) {
		int link = deny(variant->asked[i]);

		EXPECT_ERRNO(REFUSED, variant->call(self)) {
			TH_LOG("by %s", variant->asked[i]);
		}
		EXPECT_ERRNO(EBADFD, tun_get_iff(self->fd, &ifr));
		EXPECT_FALSE(link_exists("t1"));
		ASSERT_OK(link_get("t0", &l));
		EXPECT_EQ(!variant->detached, l.data[TUN_LINK_NUM_QUEUES]);
		EXPECT_EQ(variant->detached, l.data[TUN_LINK_NUM_DISABLED_QUEUES]);
		close(link);
	}
	EXPECT_OK(variant->call(self));
}

TEST_F(lsm, not_asked, .title = "a security module is not asked what is not going to happen",
       .behaviours = { 562 }, .needs = { "bpf_lsm", "multi_queue" })
{
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		int link;

		if (is_asked(variant, hooks[i]))
			continue;
		link = deny(hooks[i]);
		EXPECT_OK(variant->call(self)) {
			TH_LOG("refused by %s", hooks[i]);
		}
		variant->undo(self);
		close(link);
	}
}
