/* SPDX-License-Identifier: GPL-2.0-only */
/* A frame and a program: what becomes of it has to be what was expected, or fuzz_wrong(). */
#ifndef FUZZ_TARGETS_FILTERS_DO_H
#define FUZZ_TARGETS_FILTERS_DO_H

#include <stddef.h>

#include "fuzz/targets/filters/plan.h"

void do_classic(const struct plan *plan);
void do_filter(const struct plan *plan);
void do_steering(const struct plan *plan);
void do_xdp(const struct plan *plan);
void do_addresses(const struct plan *plan);
void do_attaching(const struct plan *plan);

/* The program's descriptor. */
int do_load(enum bpf_prog_type type, const struct ebpf_code *code);

#endif /* FUZZ_TARGETS_FILTERS_DO_H */
