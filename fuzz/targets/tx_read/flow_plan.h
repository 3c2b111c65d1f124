/* SPDX-License-Identifier: GPL-2.0-only */
/* What an input with READER_FLOWS says: a device, and steps on its files. */
#ifndef FUZZ_TARGETS_TX_READ_FLOW_PLAN_H
#define FUZZ_TARGETS_TX_READ_FLOW_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/op.h"
#include "fuzz/targets/tx_read/flow_steps.h"

/* Two bytes for all, then steps: operation, file, value, how. */
#define FLOW_HEAD    2
#define FLOW_STEP    4
#define FLOW_STEPS   24
#define READER_FLOWS 0x80 /* in the first byte */

/* Bits of the second byte. */
enum { FLOW_TAP = 1, FLOW_PI = 2, FLOW_VNET = 4, FLOW_SINGLE = 8, FLOW_NAPI = 16, FLOW_FRAGS = 32 };

struct flow_plan {
	struct flow flow;
	struct flow_step steps[FLOW_STEPS];
};

/* The kernel lets allocations fail where it is asked to. */
extern bool flow_can_fail;

static inline bool is_flows(const uint8_t *data, size_t size)
{
	return size && data[0] & READER_FLOWS;
}

/* False if it is none. */
bool flow_plan_read(const uint8_t *data, size_t size, struct flow_plan *p);

/* Puts what has to come of each step behind it, and the counters behind all. */
void flow_expect(struct flow_plan *p);

/* fuzz_target's functions, as far as these inputs go. */
void flows_begin(void);
void flows_end(void);
int flows_run(const uint8_t *data, size_t size);
void flows_print(FILE *out, const uint8_t *data, size_t size);
size_t flows_mutate(uint8_t *data, size_t size, size_t max, struct draw *draw);
size_t flows_seed(unsigned int n, uint8_t *data, const char **name);

#endif /* FUZZ_TARGETS_TX_READ_FLOW_PLAN_H */
