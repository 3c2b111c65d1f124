/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executes a run in guest kernels. A guest runs this same program, which tells by its journal what
 * happens; when a guest dies, the test that was running gets the blame and the rest goes on in a
 * fresh guest.
 */
#ifndef CLI_REMOTE_H
#define CLI_REMOTE_H

#include "harness/run.h"

struct remote {
	const char *boot;    /* the script that boots: guest/boot */
	const char *guest;   /* its name, with the file it may need after a blank: "bzimage PATH" */
	unsigned int guests; /* at a time; 0: of UML, for many tests, one for each processor */
	unsigned int boot_timeout_s; /* from the start of its kernel to that of the run in it */
};

/*
 * Runs the plan of @run until its end or a signal. What could not be run since no guest would boot
 * stays notrun, with the reason. False if that is this machine's fault: no such guest, a full disk.
 */
bool remote_execute(struct run *run, const struct remote *how);

#endif /* CLI_REMOTE_H */
