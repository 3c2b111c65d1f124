/* SPDX-License-Identifier: GPL-2.0-only */
/* eBPF programs of a fixed form, in which only numbers differ; and both sorts of BPF as text. */
#ifndef FUZZ_TARGETS_FILTERS_EBPF_H
#define FUZZ_TARGETS_FILTERS_EBPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define EBPF_MAX 40

struct ebpf_code {
	struct bpf_insn insns[EBPF_MAX];
	size_t n;
	size_t redirect; /* which of them has the ifindex of bpf_redirect(), 0 for none */
};

/* A socket filter. */
enum { EBPF_CONSTANT, EBPF_BYTE, EBPF_LENGTH, EBPF_CHOICE, EBPF_FORMS };
struct ebpf_filter {
	uint8_t form;
	uint16_t at;   /* of a byte of the packet, behind whose end the program returns 0 */
	uint8_t value; /* EBPF_CHOICE: that byte as this returns a, otherwise b */
	uint32_t a, b; /* EBPF_CONSTANT: a; EBPF_LENGTH: the packet's length plus a */
};

void ebpf_filter(const struct ebpf_filter *f, struct ebpf_code *code);
/* What it returns. */
uint32_t ebpf_filter_run(const struct ebpf_filter *f, const uint8_t *packet, size_t len);

/* Where a frame is redirected to. */
enum ebpf_to {
	TO_NONE, /* nothing is said of it */
	TO_TAP,
	TO_VNET,    /* a TAP with a vnet header */
	TO_NO_FILE, /* a TAP without a queue */
	TO_DOWN,
	TO_MISSING, /* there is no such device */
	TO_PLACES
};

/* Whether the file waits in write() and read(). */
enum ebpf_wait {
	WAIT_NEVER,   /* O_NONBLOCK */
	WAIT_NOT_NOW, /* RWF_NOWAIT keeps it from that */
	WAIT_ALWAYS,  /* it does, but there is nothing to wait for */
};

/*
 * An XDP program: moves the head and the tail, XDP_DROP if that fails, writes an Ethernet header,
 * then a byte if the frame is so long.
 */
struct ebpf_xdp {
	int16_t head, tail;
	bool header, byte;
	uint16_t type; /* of the header */
	uint16_t at;   /* of the byte */
	uint8_t value;
	int32_t verdict;
	enum ebpf_to to; /* of XDP_REDIRECT */
	/* Not the program's: there is no room in the ring that a frame is sent on to. */
	bool full;
	enum ebpf_wait wait;
};

/* The addresses of the header. */
extern const uint8_t ebpf_xdp_addresses[12];

/* @ifindex: that of the device that is redirected to. */
void ebpf_xdp(const struct ebpf_xdp *x, int ifindex, struct ebpf_code *code);

/* "static const struct bpf_insn NAME[] = { ... };" */
void ebpf_print(FILE *out, const char *name, const struct ebpf_code *code);
/* "BPF_LD | BPF_W | BPF_ABS", of an instruction of eBPF or classic BPF */
void ebpf_print_code(FILE *out, uint16_t code, bool classic);

#endif /* FUZZ_TARGETS_FILTERS_EBPF_H */
