/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that the kernel does not give back, seen over many resets: each leaves a namespace with
 * all that the inputs made in it, after which as much should be in use as before.
 */
#ifndef FUZZ_ENGINE_LEAK_H
#define FUZZ_ENGINE_LEAK_H

/*
 * To be called at each reset. fuzz_wrong() when the kernel's slabs have grown all the time. Only
 * with TUNTESTS_LEAKS in the environment: on a machine that does other things too they grow anyway.
 */
void leak_check(void);

#endif /* FUZZ_ENGINE_LEAK_H */
