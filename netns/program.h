/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A BPF program written step by step, and sixteen numbers that it shares with the test: through
 * them it tells what it saw, and is told what to do.
 *
 *	struct program p;
 *
 *	program_start(&p, BPF_PROG_TYPE_XDP);
 *	program_see(&p, 0, PROGRAM_FIELD(struct xdp_md, rx_queue_index));
 *	program_call(&p, BPF_FUNC_xdp_adjust_head, 1);
 *	program_see_result(&p, 2);
 *	program_return(&p, XDP_PASS);
 *	p.shared[1] = -16;
 *	... attach p.fd, a packet comes ...
 *	EXPECT_EQ(0, p.shared[2]);
 *	program_close(&p);
 *
 * Every step appends instructions, so that what a program does is read from top to bottom.
 */
#ifndef NETNS_PROGRAM_H
#define NETNS_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/bpf.h>

#define PROGRAM_SHARED 16
#define PROGRAM_MAX    160 /* instructions */

struct program {
	int fd; /* once it is finished */
	int map;
	volatile int64_t *shared; /* PROGRAM_SHARED numbers, 0 at first; @i below is one of them */
	/* for the steps */
	enum bpf_prog_type type;
	uint32_t flags; /* BPF_F_XDP_HAS_FRAGS, ...: set it before the last step */
	struct bpf_insn code[PROGRAM_MAX];
	size_t n;
};

/* Ends the test if there can be no map. */
void program_start(struct program *p, enum bpf_prog_type type);

/* shared[@i]++ */
void program_count(struct program *p, int i);
/* shared[@i] = a field of the context: PROGRAM_FIELD(struct __sk_buff, len) */
#define PROGRAM_FIELD(context, field) offsetof(context, field), sizeof(((context *)0)->field)
void program_see(struct program *p, int i, size_t offset, size_t size);
/* A field of the context = shared[@i] */
void program_set(struct program *p, int i, size_t offset, size_t size);
/* shared[@i] = the bytes from one field to another, both of the kind of data and data_end */
void program_see_between(struct program *p, int i, size_t start, size_t end);
/* shared[@i] = the @size (at most 8) bytes at @offset of the packet, the first the lowest */
void program_see_bytes(struct program *p, int i, int offset, int size);
/* Overwrites as many bytes of the packet with shared[@i]. */
void program_store_bytes(struct program *p, int i, int offset, int size);
/* shared[@i] = the first 16 bits of the metadata in front of the packet, and the way back */
void program_see_meta(struct program *p, int i);
void program_set_meta(struct program *p, int i);
/* Calls @helper with the context and shared[@i]. */
void program_call(struct program *p, enum bpf_func_id helper, int i);
/* Calls @helper with the numbers @a and @b: redirect(). */
void program_call_with(struct program *p, enum bpf_func_id helper, int64_t a, int64_t b);
/* Calls redirect_map(@map, @key, @flags). */
void program_redirect_map(struct program *p, int map, uint32_t key, uint64_t flags);
/* shared[@i] = what the last call gave */
void program_see_result(struct program *p, int i);

/*
 * The last step, then the program is loaded. It returns @value, shared[@i], or what the last call
 * gave. -1 and errno if the kernel refuses, and the test's log has the verifier's reason.
 */
int program_return(struct program *p, int32_t value);
int program_return_shared(struct program *p, int i);
int program_return_result(struct program *p);

/* The kernel's number for the program at @fd. Ends the test if it has none. */
uint32_t program_id(int fd);
/*
 * True if the kernel has a program of this number, and true once it has none, within @timeout_ms.
 * A test needs the feature "bpf_ids".
 */
bool program_exists(uint32_t id);
bool program_gone(uint32_t id, int timeout_ms);
/* Does nothing to one of zeros, which was never started. */
void program_close(struct program *p);

/*
 * Waits until the number @which that the program shares is @count at least; false after
 * @timeout_ms. What a packet leads to may be left to the kernel's own thread, when a processor is
 * busy.
 */
bool program_wait(const struct program *p, int which, int64_t count, int timeout_ms);

#endif /* NETNS_PROGRAM_H */
