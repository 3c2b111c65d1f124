/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel and the reference model in lockstep: every operation is done by both, and what they
 * say of it, and of every device, is compared.
 */
#ifndef DEVICE_LOCKSTEP_H
#define DEVICE_LOCKSTEP_H

#include "device/op.h"

struct lockstep {
	struct model model;
	int fds[MODEL_FILES];
	int netns[MODEL_NETNS]; /* namespaces, and in each a packet socket to send with */
	int sockets[MODEL_NETNS];
	/* one that takes what comes from the device, -1 before anything was written to it there */
	int watchers[MODEL_NETNS][MODEL_DEVICES];
	int sysfs[MODEL_NETNS]; /* what shows its links, -1 if that cannot be made */
	bool has_namespaces;
	int here;			 /* the one that the thread is in */
	int who;			 /* whose ids it has, index into op_creds[] */
	struct op_result expected, seen; /* of the last operation */
	/* "" as long as all is the same; otherwise what is not, in one sentence */
	char mismatch[512];
	/* and if it is a field of a link: which, and its right value, for the C program */
	char link[IFNAMSIZ], field[16];
	int64_t field_expected;
	uint8_t link_netns;
	/* For tests of the comparison: called with every expectation, to make it wrong. */
	void (*spoil)(struct lockstep *ls, const struct op *op);
	int spoil_what; /* for it alone */
};

/*
 * What the probes say of the running kernel. Runs in a test's sandbox; ends the test if it cannot.
 */
struct model_abi lockstep_abi(void);

/*
 * Starts in two new network namespaces, or in those of the lockstep_end() before; the thread that
 * calls is moved into them. Ends the test if that cannot be done. The programs for BPF are loaded
 * once in a process. Of @ls, which is zero when it is used first, only spoil and spoil_what stay.
 */
void lockstep_begin(struct lockstep *ls, const struct model_abi *abi);
/* One operation; false on a mismatch. */
bool lockstep_step(struct lockstep *ls, const struct op *op);
/* The two halves of it: what the operation gives, and what all devices are like. */
bool lockstep_call(struct lockstep *ls, const struct op *op);
bool lockstep_audit(struct lockstep *ls);
/*
 * Closes all files and deletes all devices: false if the model and the kernel do not agree about
 * what is left before that. The namespaces are kept for the next time.
 */
bool lockstep_end(struct lockstep *ls);
/* Closes them, too. */
void lockstep_leave(struct lockstep *ls);

/* A sequence of operations that was found, or is being made shorter. */
struct sequence {
	struct op *ops;
	size_t count;
};

/*
 * In namespaces of its own, draws and runs up to @count operations. False on a mismatch; the
 * operations until then are appended to @sequence (may be NULL), to be freed by the caller.
 */
bool lockstep_run(struct lockstep *ls, const struct model_abi *abi, struct draw *draw, size_t count,
		  struct sequence *sequence);
/*
 * The same, runs @sequence from the beginning; false on a mismatch, of operation @failed_at, and
 * the rest is left out. @results, if not NULL, gets what the model expected of each.
 */
bool lockstep_replay(struct lockstep *ls, const struct model_abi *abi,
		     const struct sequence *sequence, size_t *failed_at, struct op_result *results);
/* Takes away what is not needed for a mismatch; @sequence has one. */
void lockstep_shrink(struct lockstep *ls, const struct model_abi *abi, struct sequence *sequence);
/* How such a program begins: device/op_program.h. */
extern const char op_program[] __attribute__((visibility("hidden")));
/* Writes a program in C that does @sequence and says where the kernel differs from the model. */
void lockstep_program(struct lockstep *ls, const struct model_abi *abi,
		      const struct sequence *sequence, FILE *out);

#endif /* DEVICE_LOCKSTEP_H */
