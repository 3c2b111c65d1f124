// SPDX-License-Identifier: GPL-2.0-only
/* The features of this kernel, for programs that run no tests. */
#include "harness/probe.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/job.h"
#include "harness/registry.h"

#define TIMEOUT_S 60

static void conclude(struct feature *f, struct job *j)
{
	struct pollfd end = { .fd = j->pidfd, .events = POLLIN };
	char reason[REASON_SIZE];

	if (poll(&end, 1, TIMEOUT_S * 1000) != 1)
		job_kill(j);
	job_end(j);
	f->present = job_verdict(j, reason) == RESULT_PASS && j->shared->present;
	snprintf(f->reason, sizeof(f->reason), "%s",
		 *j->shared->skip ? j->shared->skip : f->missing);
	job_free(j);
}

bool probe_all(void)
{
	char why[REASON_SIZE];
	enum sandbox_kind kind = sandbox_probe(why);
	size_t count = 0, i = 0;
	struct feature *f;
	struct job *jobs;

	if (kind == SANDBOX_NONE) {
		fprintf(stderr, "%s\n", why);
		return false;
	}
	for (f = registry_features(); f; f = f->next)
		count++;
	jobs = calloc(count, sizeof(*jobs));
	if (!jobs) {
		fprintf(stderr, "out of memory\n");
		return false;
	}
	for (f = registry_features(); f; f = f->next, i++) {
		jobs[i] = (struct job){ .probe = f, .timeout_s = TIMEOUT_S };
		f->probed = job_start(&jobs[i], kind, why);
	}
	i = 0;
	for (f = registry_features(); f; f = f->next, i++) {
		if (f->probed)
			conclude(f, &jobs[i]);
		f->probed = true;
	}
	free(jobs);
	return true;
}
