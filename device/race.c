// SPDX-License-Identifier: GPL-2.0-only
/* Calls that race. */
#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <linux/if_packet.h>

#include "device/race.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/file.h"
#include "netns/link.h"
#include "netns/netns.h"

/* Even in a busy emulated guest a call succeeds for once within this time, and returns in that. */
#define SUCCESS_MS 20000
#define STUCK_S	   60
#define SETTLE_MS  20000
#define PAUSE_US   400

struct race {
	pthread_barrier_t start;
	atomic_bool stop;
	atomic_bool failed; /* there was a result that may not be */
};

/* splitmix64, as good from any seed. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint32_t race_random(struct race_role *role, uint32_t below)
{
	return (next_random(&role->random) >> 32) % below;
}

ssize_t race_result(ssize_t n, size_t len)
{
	if (n == len)
		return 0;
	return n ? n : 1;
}

ssize_t race_transmit(int packet, const char *name)
{
	const uint8_t frame[60] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, ETH_P_LOCAL >> 8,
				    ETH_P_LOCAL & 0xff };
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_LOCAL),
		.sll_ifindex = if_nametoindex(name),
		.sll_halen = 6,
	};

	return race_result(sendto(packet, frame, sizeof(frame), 0, (void *)&to, sizeof(to)),
			   sizeof(frame));
}

/* Now and then at once, now and then after the others had a turn, mostly a little later. */
static void pause_some(struct race_role *role)
{
	int most_us = role->pause_ms ? role->pause_ms * 1000 : PAUSE_US;
	struct timespec pause = { 0 };

	switch (race_random(role, 4)) {
	case 0:
		break;
	case 1:
		sched_yield();
		break;
	default:
		pause.tv_nsec = race_random(role, most_us) * 1000;
		nanosleep(&pause, NULL);
	}
}

static bool may_be(const struct race_role *role, int err)
{
	for (int i = 0; i < RACE_ERRORS && role->errors[i]; i++)
		if (role->errors[i] == err)
			return true;
	return false;
}

static void note(struct race_role *role, ssize_t ret, int err)
{
	if (!ret) {
		__atomic_add_fetch(&role->good, 1, __ATOMIC_RELEASE);
	} else if (ret == -1 && err > 0 && err < (int)ARRAY_SIZE(role->failed)) {
		role->failed[err]++;
	} else if (!role->wrongs++) {
		role->wrong = ret;
	}
	if (ret && (ret != -1 || !may_be(role, err)))
		role->race->failed = true;
	__atomic_add_fetch(&role->calls, 1, __ATOMIC_RELEASE);
}

static void *run_role(void *arg)
{
	struct race_role *role = arg;
	ssize_t ret;

	pthread_barrier_wait(&role->race->start);
	while (!role->race->stop) {
		pause_some(role);
		ret = role->call(role);
		note(role, ret, errno);
	}
	return NULL;
}

/* What the role has to have done. */
static unsigned int done(const struct race_role *role)
{
	return __atomic_load_n(role->may_fail ? &role->calls : &role->good, __ATOMIC_ACQUIRE);
}

static bool all_done(const struct race_role *roles, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!done(&roles[i]))
			return false;
	return true;
}

/* What the role got, as a text; only what may not be, or all of it. */
static const char *results(const struct race_role *role, bool all, char *text, size_t size)
{
	size_t at = 0;

	*text = '\0';
	if (all && role->good)
		at += snprintf(text, size, " success %u", role->good);
	for (int err = 1; err < (int)ARRAY_SIZE(role->failed) && at < size; err++)
		if (role->failed[err] && (all || !may_be(role, err)))
			at += snprintf(text + at, size - at, " %s %u", harness_errno_name(err),
				       role->failed[err]);
	if (role->wrongs && at < size)
		snprintf(text + at, size - at, " %u wrong, the first %zd", role->wrongs,
			 role->wrong);
	return text;
}

static void check(struct __test_metadata *_metadata, const struct race_role *role)
{
	char got[256], wrong[256];

	TH_LOG("%s:%s", role->name, results(role, true, got, sizeof(got)));
	EXPECT_STREQ("", results(role, false, wrong, sizeof(wrong)))
	{
		TH_LOG("... what \"%s\" may not get", role->name);
	}
	/* What has not been done has not been tested. */
	if (!role->race->failed) {
		EXPECT_LT(0, done(role));
	}
}

/* A thread that does not come back uses what is the caller's: the test is at its end then. */
static void join(struct __test_metadata *_metadata, struct race_role *role)
{
	struct timespec end;
	int err;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += STUCK_S;
	err = pthread_timedjoin_np(role->thread, NULL, &end);
	ASSERT_EQ(0, err)
	{
		TH_LOG("\"%s\" is stuck in its call", role->name);
	}
}

void race(struct __test_metadata *_metadata, struct race_role *roles, size_t count, int ms)
{
	int64_t deadline = clock_ms() + ms;
	struct race race = { 0 };

	pthread_barrier_init(&race.start, NULL, count);
	for (size_t i = 0; i < count; i++) {
		roles[i].race = &race;
		roles[i].random = harness_seed() + i;
		if (pthread_create(&roles[i].thread, NULL, run_role, &roles[i]))
			TH_BAIL("cannot start a thread");
	}
	while (clock_left(deadline) || (!all_done(roles, count) && !race.failed &&
					clock_left(deadline + SUCCESS_MS)))
		usleep(1000);
	race.stop = true;
	for (size_t i = 0; i < count; i++)
		join(_metadata, &roles[i]);
	pthread_barrier_destroy(&race.start);
	for (size_t i = 0; i < count; i++)
		check(_metadata, &roles[i]);
}

/* Both numbers are read from /proc: to ask in another way would take a socket. */
int race_links(void)
{
	FILE *f = fopen("/proc/thread-self/net/dev", "re");
	char line[512];
	int lines = 0;

	if (!f)
		TH_BAIL("/proc/thread-self/net/dev: %s", strerror(errno));
	while (fgets(line, sizeof(line), f))
		lines++;
	fclose(f);
	return lines - 2; /* of headings */
}

static int sockets(void)
{
	char line[64];
	int n = -1;

	if (file_read_line("/proc/thread-self/net/sockstat", line, sizeof(line)) ||
	    sscanf(line, "sockets: used %d", &n) != 1)
		TH_BAIL("/proc/thread-self/net/sockstat says '%s'", line);
	return n;
}

void race_settled(struct __test_metadata *_metadata, int links)
{
	int64_t deadline = clock_ms() + SETTLE_MS;

	/* The kernel frees some later than they are closed, as those of frames under way. */
	while ((sockets() || race_links() != links) && clock_left(deadline))
		usleep(1000);
	EXPECT_EQ(links, race_links());
	EXPECT_EQ(0, sockets());
}

/* A namespace, and a file whose device is in it: what becomes of the device shows its end. */
struct watched {
	int netns;
	struct tun witness;
};

static struct watched watched_new(void)
{
	struct watched w = { .netns = netns_new(),
			     .witness = tun_create("witness", IFF_TUN | IFF_NO_PI) };

	if (link_set_netns("witness", w.netns))
		TH_BAIL("cannot move a device: %s", strerror(errno));
	return w;
}

static void expect_end(struct __test_metadata *_metadata, struct watched *w)
{
	struct pollfd p = { .fd = w->witness.fd, .events = POLLIN };

	close(w->netns);
	ASSERT_EQ(1, poll(&p, 1, SETTLE_MS));
	ASSERT_EQ(POLLERR, p.revents);
	tun_close(&w->witness);
}

struct child {
	struct watched watched;
	creds_body *body;
	void *arg;
};

static void enter_and_run(struct __test_metadata *_metadata, void *arg)
{
	struct child *child = arg;

	netns_enter(child->watched.netns);
	close(child->watched.netns);
	tun_close(&child->watched.witness);
	child->body(_metadata, child->arg);
}

void race_in_netns(struct __test_metadata *_metadata, creds_body *body, void *arg)
{
	struct child child = { .watched = watched_new(), .body = body, .arg = arg };
	struct watched next;

	creds_child(_metadata, enter_and_run, &child);
	expect_end(_metadata, &child.watched);
	/*
	 * That it began to go does not tell that it went. Namespaces go one batch after the other:
	 * when the end of the next one begins, this one's is over.
	 */
	next = watched_new();
	expect_end(_metadata, &next);
}
