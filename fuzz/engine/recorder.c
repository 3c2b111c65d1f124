// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/engine/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

static struct recorder_head *head;
static uint8_t *records;

static void broken(const char *path)
{
	fprintf(stderr, "recorder %s: %s\n", path, strerror(errno));
	exit(2);
}

static void start_head(struct recorder_head *h, uint64_t runs)
{
	memset(h, 0, sizeof(*h));
	h->magic = RECORDER_MAGIC;
	h->runs = runs;
	snprintf(h->target, sizeof(h->target), "%s", fuzz_target.name);
}

void recorder_map(void)
{
	const char *path = getenv("TUNTESTS_RECORDER");
	struct stat st;
	int fd;

	if (!path)
		return;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || fstat(fd, &st))
		broken(path);
	if (S_ISREG(st.st_mode) && ftruncate(fd, RECORDER_SIZE))
		broken(path);
	head = mmap(NULL, RECORDER_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (head == MAP_FAILED)
		broken(path);
	close(fd);
	records = (uint8_t *)(head + 1);
	head->flags = 0;
}

void recorder_open(void)
{
	if (!head)
		recorder_map();
	if (head && head->flags & RECORDER_FAILED)
		head = NULL;
	if (head)
		start_head(head, head->magic == RECORDER_MAGIC ? head->runs + 1 : 1);
}

void recorder_set(uint32_t flag)
{
	if (head)
		head->flags |= flag;
}

static size_t space(size_t size)
{
	return sizeof(uint32_t) + (size + 3) / 4 * 4;
}

bool recorder_has_room(size_t size)
{
	return !head || head->used + space(size) <= RECORDER_SIZE - sizeof(*head);
}

void recorder_add(const uint8_t *data, size_t size)
{
	uint32_t len = size;

	if (!head || !recorder_has_room(size))
		return;
	memcpy(records + head->used, &len, sizeof(len));
	memcpy(records + head->used + sizeof(len), data, size);
	head->used += space(size);
	/* Who reads it after a crash must not find a record that is not there yet. */
	__atomic_store_n(&head->count, head->count + 1, __ATOMIC_RELEASE);
	head->total++;
}

void recorder_reset(void)
{
	if (!head)
		return;
	head->count = head->used = 0;
	head->resets++;
}

void recorder_edges(uint64_t edges)
{
	if (head)
		head->edges = edges;
}
