// SPDX-License-Identifier: GPL-2.0-only
/* The corpus: what it begins with, and what must not stay in it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/campaign_state.h"
#include "cli/common.h"
#include "fuzz/engine/recorder.h"
#include "harness/output.h"
#include "harness/registry.h"

bool corpus_seed(const struct campaign *c)
{
	char *program, *command;
	int status;

	if (status_entries(c->corpus))
		return true;
	program = campaign_program(c->target, "-replay");
	if (!program)
		return false;
	if (asprintf(&command, "'%s' --seeds '%s'", program, c->corpus) < 0)
		return false;
	status = system(command);
	free(command);
	free(program);
	if (status)
		fprintf(stderr, "%s fuzz: cannot write seeds to %s\n", registry_suite()->name,
			c->corpus);
	return !status;
}

/*
 * An input of the corpus that makes the kernel fail would end each engine when it begins: it goes
 * to the folder "failing".
 */
void corpus_set_aside(const struct campaign *c, const char *recorder)
{
	char *failing = join(c->folder, "failing");
	struct recording r, file;
	struct dirent **names;
	int n = scandir(c->corpus, &names, NULL, alphasort);
	bool known = !recording_load(recorder, &r) && r.count && output_make_path(failing);

	for (int i = 0; i < n; i++) {
		char *from = join(c->corpus, names[i]->d_name),
		     *to = join(failing, names[i]->d_name);
		struct stat st;

		if (known && !stat(from, &st) && S_ISREG(st.st_mode) &&
		    st.st_size == (off_t)r.inputs[r.count - 1].size &&
		    !recording_load(from, &file)) {
			if (!memcmp(file.inputs[0].data, r.inputs[r.count - 1].data, st.st_size))
				rename(from, to);
			recording_free(&file);
		}
		free(from);
		free(to);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	recording_free(&r);
	free(failing);
}
