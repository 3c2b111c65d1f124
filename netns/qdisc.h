/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The qdiscs of a link by rtnetlink: the root, and the hooks for BPF. 0, or -1 and the kernel's
 * errno.
 */
#ifndef NETNS_QDISC_H
#define NETNS_QDISC_H

#include <stdint.h>

/* Lets @burst bytes pass at once and then @rate bytes a second; keeps up to @limit bytes. */
int qdisc_add_tbf(const char *link, uint32_t rate, uint32_t burst, uint32_t limit);
/* Changes the tbf. What it keeps stays, and goes by this when the next packet comes. */
int qdisc_change_tbf(const char *link, uint32_t rate, uint32_t burst, uint32_t limit);
/* Keeps up to @limit packets, and does nothing to them. */
int qdisc_add_netem(const char *link, uint32_t limit);
/* Drops what is queued; the link has its default qdisc again. */
int qdisc_del(const char *link);
/* The bytes that it handed on, as it counts them. Ends the test if it cannot be asked. */
uint64_t qdisc_bytes(const char *link);

/* Has what comes in and what goes out meet classifiers. */
int qdisc_add_clsact(const char *link);
enum qdisc_hook { QDISC_INGRESS, QDISC_EGRESS };
/* Such a classifier: @program, of type BPF_PROG_TYPE_SCHED_CLS, gives the verdict (TC_ACT_...). */
int qdisc_add_bpf(const char *link, enum qdisc_hook hook, int program);

#endif /* NETNS_QDISC_H */
