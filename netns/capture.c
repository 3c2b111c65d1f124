// SPDX-License-Identifier: GPL-2.0-only
/*
 * The capture of a test, in pcapng (draft-ietf-opsawg-pcapng).
 *
 * What has been written so far is known to all processes of the test through shared memory: they
 * write to one file, and an interface may be described in it only once.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>

#include "harness/harness.h"
#include "netns/capture.h"

#define MAX_BYTES      (16 << 20)
#define MAX_INTERFACES 64

struct interface {
	char where[32];
	int linktype;
};

struct state {
	pthread_mutex_t lock;
	size_t bytes;
	bool stopped;
	int count;
	struct interface interfaces[MAX_INTERFACES];
};

static struct state *state;
static int chosen_fd = -1;

static struct state *new_state(void)
{
	struct state *s =
		mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t attr;

	if (s == MAP_FAILED)
		TH_BAIL("memory for the capture: %s", strerror(errno));
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	/* A test may kill a process of its own in the middle of a write. */
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&s->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	return s;
}

/* The state exists from the first frame or the first fork() of a test on, whichever is earlier. */
static void ensure_state(void)
{
	struct state *s, *none = NULL;

	if (state || (chosen_fd == -1 && harness_attachment() == -1))
		return;
	s = new_state();
	if (!__atomic_compare_exchange_n(&state, &none, s, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		munmap(s, sizeof(*s));
}

static __attribute__((constructor)) void share_with_children(void)
{
	pthread_atfork(ensure_state, NULL, NULL);
}

void capture_to(int fd)
{
	if (state)
		munmap(state, sizeof(*state));
	state = NULL;
	chosen_fd = fd;
}

/*
 * Writes one block: type and length in front, length again behind. One system call, so that a
 * killed test leaves whole blocks.
 */
static void write_block(uint32_t type, const struct iovec *body, int parts)
{
	uint32_t head[2] = { type, sizeof(head) + sizeof(uint32_t) };
	struct iovec iov[6] = { { head, sizeof(head) } };

	for (int i = 0; i < parts; i++) {
		iov[1 + i] = body[i];
		head[1] += body[i].iov_len;
	}
	iov[1 + parts] = (struct iovec){ &head[1], sizeof(head[1]) };
	if (state->bytes + head[1] > MAX_BYTES ||
	    writev(chosen_fd == -1 ? harness_attachment() : chosen_fd, iov, parts + 2) != head[1])
		state->stopped = true;
	state->bytes += head[1];
}

/* Section Header Block. */
static void write_header(void)
{
	struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t length[2]; /* of the section: not known */
		struct {
			uint16_t code, len;
			char text[8];
		} userappl;
		uint32_t end;
	} body = {
		.magic = 0x1a2b3c4d,
		.major = 1,
		.length = { UINT32_MAX, UINT32_MAX },
		.userappl = { 4, 8, "tuntests" },
	};

	write_block(0x0a0d0d0a, &(struct iovec){ &body, sizeof(body) }, 1);
}

/* Interface Description Block. */
static void write_interface(const struct interface *i)
{
	struct {
		uint16_t linktype, reserved;
		uint32_t snaplen; /* no limit */
		struct {
			uint16_t code, len;
			uint8_t exponent, pad[3];
		} tsresol;
		struct {
			uint16_t code, len;
			char text[sizeof(i->where)];
		} name;
		uint32_t end;
	} body = {
		.linktype = i->linktype,
		.tsresol = { 9, 1, 9, { 0 } }, /* nanoseconds */
		.name = { 2, sizeof(i->where), "" },
	};

	memcpy(body.name.text, i->where, sizeof(i->where));
	write_block(1, &(struct iovec){ &body, sizeof(body) }, 1);
}

/* Its number in the file, described there first if it is new; -1 if there are too many. */
static int find_interface(const char *where, int linktype)
{
	struct interface new = { .linktype = linktype };

	snprintf(new.where, sizeof(new.where), "%s", where);
	for (int i = 0; i < state->count; i++) {
		if (!memcmp(&state->interfaces[i], &new, sizeof(new)))
			return i;
	}
	if (state->count == MAX_INTERFACES)
		return -1;
	write_interface(&new);
	state->interfaces[state->count] = new;
	return state->count++;
}

/* Enhanced Packet Block. */
static void write_frame(uint32_t interface, enum capture_direction direction, const void *frame,
			size_t len)
{
	struct timespec ts;
	struct {
		uint32_t interface, ts_high, ts_low, captured, original;
	} head = { .interface = interface, .captured = len, .original = len };
	struct {
		uint16_t code, len;
		uint32_t flags, end;
	} tail = { 2, 4, direction, 0 };
	uint64_t ns;

	clock_gettime(CLOCK_REALTIME, &ts);
	ns = ts.tv_sec * 1000000000ULL + ts.tv_nsec;
	head.ts_high = ns >> 32;
	head.ts_low = ns;
	write_block(6,
		    (struct iovec[]){ { &head, sizeof(head) },
				      { (void *)frame, len },
				      { "\0\0", -len & 3 },
				      { &tail, sizeof(tail) } },
		    4);
}

static void lock(void)
{
	if (pthread_mutex_lock(&state->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&state->lock);
}

void capture_frame(const char *where, int linktype, enum capture_direction direction,
		   const void *frame, size_t len)
{
	int interface, err = errno;

	ensure_state();
	if (!state)
		return;
	lock();
	if (!state->bytes)
		write_header();
	interface = state->stopped ? -1 : find_interface(where, linktype);
	if (interface != -1 && !state->stopped)
		write_frame(interface, direction, frame, len);
	pthread_mutex_unlock(&state->lock);
	errno = err;
}
