/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The coverage of threads of the kernel that work for us: vhost's workers. KCOV counts those that
 * were begun by a thread which has asked for them, and such a thread is not counted itself, so that
 * it is another one.
 */
#ifndef FUZZ_COVERAGE_REMOTE_H
#define FUZZ_COVERAGE_REMOTE_H

#include <stdint.h>

/*
 * Calls @run(@arg) in that thread and our network namespace, and waits for its end. Kernels
 * before 5.6, and those without KCOV, count nothing then.
 */
void remote_call(void (*run)(void *arg), void *arg);

/* From here on their locations count. */
void remote_start(void);

/* What they came by since then, as KCOV has it; NULL if there never was a remote_call(). */
const uint64_t *remote_words(void);

#endif /* FUZZ_COVERAGE_REMOTE_H */
