/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's tracepoints, by tracefs: what the calling thread meets of one of them, in a buffer
 * of its own. A test needs the feature "tracefs".
 */
#ifndef NETNS_TRACE_H
#define NETNS_TRACE_H

#include <stdbool.h>

struct trace;

/*
 * Starts to record @event ("skb/kfree_skb"). NULL and errno if the kernel does not allow it. The
 * kernel keeps the buffer until trace_close(), whatever becomes of the process.
 */
struct trace *trace_open(const char *event);
/* How many of the records since then, or since the last call, hold @text as whole words. */
int trace_count(struct trace *t, const char *text);
void trace_close(struct trace *t);

#endif /* NETNS_TRACE_H */
