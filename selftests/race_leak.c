// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is left when everything is closed: references to the module, and memory. These are counted
 * for the whole machine, where others make and free things meanwhile: so much has to be done that a
 * leak of one thing each time is more than what they can have.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/race.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/file.h"
#include "netns/link.h"

#define REFCNT	   "/sys/module/tun/refcnt"
#define TAKEN	   500
#define OTHERS	   400 /* references that others may have got meanwhile */
#define CREATORS   16
#define TIMEOUT_MS 20000

/* CREATORS threads make @call, each with a number of its own, for @ms: how often it worked. */
static unsigned int repeat(struct __test_metadata *_metadata,
			   ssize_t (*call)(struct race_role *role), int ms)
{
	struct race_role roles[CREATORS] = { 0 };
	unsigned int done = 0;

	for (int i = 0; i < CREATORS; i++)
		roles[i] = (struct race_role){ .name = "create", .call = call, .number = i };
	race(_metadata, roles, CREATORS, ms);
	for (int i = 0; i < CREATORS; i++)
		done += roles[i].good;
	return done;
}

static long module_refs(void)
{
	char line[32];

	return file_read_line(REFCNT, line, sizeof(line)) ? -1 : atol(line);
}

/* Waits until others may have all that is more than @before; false if it stays more. */
static bool refs_come_back(long before)
{
	int64_t deadline = clock_ms() + TIMEOUT_MS;
	long now = module_refs();

	while (now > before + OTHERS && clock_left(deadline)) {
		usleep(1000);
		now = module_refs();
	}
	TH_LOG("%ld references to the module, %ld before", now, before);
	return now <= before + OTHERS;
}

TEST(module, .title = "every file gives its reference to the module back", .behaviours = { 584 })
{
	long before = module_refs();

	if (before < 0)
		SKIP(return, "the driver is no module, or /sys does not show it");
	for (int i = 0; i < TAKEN; i++)
		close(tun_open());
	EXPECT_TRUE(refs_come_back(before));
}

static ssize_t create_and_delete(struct race_role *role)
{
	char name[IFNAMSIZ];
	int fd = tun_open();

	snprintf(name, sizeof(name), "p%u", role->number);
	if (tun_set_iff(fd, name, IFF_TUN) || tun_set_persist(fd, 1))
		TH_BAIL("no persistent device: %s", strerror(errno));
	close(fd);
	return link_del(name);
}

TEST(persistent,
     .title = "a persistent device that is deleted gives its reference to the module back",
     .behaviours = { 584 })
{
	long before = module_refs();

	if (before < 0)
		SKIP(return, "the driver is no module, or /sys does not show it");
	for (int done = 0; done < TAKEN;)
		done += repeat(_metadata, create_and_delete, RACE_MS);
	EXPECT_TRUE(refs_come_back(before));
}

/* --- memory -------------------------------------------------------------------------------- */

#define CACHES	   128
/* For a hundred thousand devices, where the kernel makes 500 in a second. */
#define CREATE_MS  200000
#define QUEUES	   256
#define ROUNDS	   20

/* Objects in use by the name of their cache: those whose kinds the driver's may be. */
struct slabs {
	struct {
		char name[40];
		long objects;
	} cache[CACHES];
	int count;
};

static bool is_of_interest(const char *name)
{
	return !strncmp(name, "kmalloc", 7) || !strncmp(name, "skbuff", 6) ||
	       !strcmp(name, "sock_inode_cache") || !strcmp(name, "net_namespace");
}

static bool read_slabs(struct slabs *slabs)
{
	FILE *f = fopen("/proc/slabinfo", "re");
	char line[256];

	*slabs = (struct slabs){ 0 };
	while (f && slabs->count < CACHES && fgets(line, sizeof(line), f)) {
		char *name = slabs->cache[slabs->count].name;
		long *objects = &slabs->cache[slabs->count].objects;

		if (sscanf(line, "%39s %ld", name, objects) == 2 && is_of_interest(name))
			slabs->count++;
	}
	if (f)
		fclose(f);
	return slabs->count;
}

static long objects_of(const struct slabs *slabs, const char *name)
{
	for (int i = 0; i < slabs->count; i++)
		if (!strcmp(slabs->cache[i].name, name))
			return slabs->cache[i].objects;
	return 0;
}

/* The most that any cache has grown. */
static long growth(const struct slabs *before, const char **name)
{
	static struct slabs now;
	long most = 0, more;

	read_slabs(&now);
	for (int i = 0; i < now.count; i++) {
		more = now.cache[i].objects - objects_of(before, now.cache[i].name);
		if (more > most) {
			most = more;
			*name = now.cache[i].name;
		}
	}
	return most;
}

/* A field of /proc/meminfo, in kB. */
static long meminfo(const char *field)
{
	FILE *f = fopen("/proc/meminfo", "re");
	size_t len = strlen(field);
	char line[128];
	long kb = 0;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, field, len) && line[len] == ':')
			kb = atol(line + len + 1);
	if (f)
		fclose(f);
	return kb;
}

static ssize_t create(struct race_role *role)
{
	static const unsigned int flags[] = { IFF_TUN, IFF_TAP, IFF_TAP | IFF_NAPI };
	char name[IFNAMSIZ];
	int fd = tun_open(), result;

	snprintf(name, sizeof(name), "a%u", role->number);
	result = tun_set_iff(fd, name, flags[race_random(role, ARRAY_SIZE(flags))]);
	close(fd);
	return result;
}

TEST(devices, .title = "devices that were made and closed leave no memory taken",
     .behaviours = { 584, 585 }, .needs = { "napi" }, .takes_long = true)
{
	static struct slabs before;
	const char *name = "";
	int64_t deadline;
	long percpu, most;
	unsigned int done;

	if (!read_slabs(&before))
		SKIP(return, "/proc/slabinfo cannot be read");
	/* What is set up once, and what lies in lists for the next time. */
	repeat(_metadata, create, RACE_LONG_MS);
	read_slabs(&before);
	percpu = meminfo("Percpu");
	done = repeat(_metadata, create, CREATE_MS);
	deadline = clock_ms() + TIMEOUT_MS;
	do {
		usleep(10000);
		most = growth(&before, &name);
	} while (most > done / 2 && clock_left(deadline));
	TH_LOG("%u devices; %s has grown by %ld objects; memory for processors by %ld kB", done,
	       name, most, meminfo("Percpu") - percpu);
	EXPECT_LT(most, done / 2);
	/* Statistics of 16 bytes or more for each processor, or a kilobyte in the end. */
	EXPECT_LT(meminfo("Percpu") - percpu, done / 64 + 1024);
}

/* All memory that a device can be in, in kB. */
static long kernel_memory(void)
{
	return meminfo("Slab") + meminfo("VmallocUsed") + meminfo("Percpu");
}

/* Makes a device with all its queues, and ends it: what is taken while it is there. */
static long take_queues(void)
{
	int fd[QUEUES];
	long taken;

	for (int i = 0; i < QUEUES; i++)
		fd[i] = tun_create("a0", IFF_TAP | IFF_MULTI_QUEUE).fd;
	taken = kernel_memory();
	for (int i = 0; i < QUEUES; i++)
		close(fd[i]);
	return taken;
}

TEST(queues, .title = "a queue takes less than a megabyte, and gives it back",
     .behaviours = { 585 }, .needs = { "multi_queue" }, .takes_long = true)
{
	long before, most = 0, taken, after;
	int64_t deadline;

	take_queues();
	before = kernel_memory();
	for (int i = 0; i < ROUNDS; i++) {
		taken = take_queues();
		most = taken > most ? taken : most;
	}
	deadline = clock_ms() + TIMEOUT_MS;
	do {
		usleep(10000);
		after = kernel_memory();
	} while (after > before + ROUNDS * 1024 && clock_left(deadline));
	TH_LOG("%ld kB with %d queues, %ld kB left", most - before, QUEUES, after - before);
	EXPECT_GT(QUEUES * 1024, most - before);
	/* A ring of 1000 pointers that each queue left behind would be twice that. */
	EXPECT_GT(ROUNDS * 1024, after - before);
}
