/* SPDX-License-Identifier: GPL-2.0-only */
/* A security module of the test's own: BPF programs on LSM hooks. A test needs the feature "bpf_lsm". */
#ifndef NETNS_LSM_H
#define NETNS_LSM_H

/*
 * Has LSM hook @hook ("tun_dev_create") refuse the calling thread with errno @err, nobody else,
 * until the descriptor this returns is closed. It is the caller's; -1 and errno if that cannot be
 * had. Gives the thread a name by which the program knows it.
 */
int lsm_deny(const char *hook, int err);

#endif /* NETNS_LSM_H */
