/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's side of a lockstep. */
#ifndef DEVICE_OP_RUN_H
#define DEVICE_OP_RUN_H

#include "device/lockstep.h"

/* Namespaces and sockets, new if there are none; the thread is in one of them. */
void op_run_prepare(struct lockstep *ls);
/* Does the operation. */
struct op_result op_run(struct lockstep *ls, const struct op *op);
/* Moves the thread into a namespace. */
void op_run_enter(struct lockstep *ls, int netns);
/* Closes the files. */
void op_run_finish(struct lockstep *ls);
/* And the namespaces. */
void op_run_leave(struct lockstep *ls);

#endif /* DEVICE_OP_RUN_H */
