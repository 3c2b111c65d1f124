// SPDX-License-Identifier: GPL-2.0-only
/* The corpus: what it begins with, and what must not stay in it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/campaign_state.h"
#include "cli/common.h"
#include "cli/sha1.h"
#include "fuzz/engine/recorder.h"
#include "harness/output.h"
#include "harness/registry.h"

static bool write_seeds(const struct campaign *c)
{
	char *program = campaign_program(c->target, "-replay"), *command;
	int status;

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

bool corpus_seed(const struct campaign *c)
{
	/* It is there as long as not all are. */
	char *path = join(c->folder, "seeding");
	bool ok = true;
	FILE *mark;

	if (!status_entries(c->corpus) || !access(path, F_OK)) {
		mark = fopen(path, "we");
		ok = mark ? !fclose(mark) : fault(path, "cannot write ");
		ok = ok && write_seeds(c) && (!unlink(path) || fault(path, "cannot remove "));
	}
	free(path);
	return ok;
}

/* One that libFuzzer, or add_input(), has named. */
static bool is_digest(const char *name)
{
	return strlen(name) == 40 && strspn(name, "0123456789abcdef") == 40;
}

void corpus_check(const struct campaign *c)
{
	struct dirent **names;
	int n = scandir(c->corpus, &names, NULL, NULL);
	unsigned int torn = 0;
	char name[41];

	for (int i = 0; i < n; i++) {
		char *path = join(c->corpus, names[i]->d_name);
		struct recording file;

		if (is_digest(names[i]->d_name) && !recording_load(path, &file)) {
			sha1_name(file.inputs[0].data, file.inputs[0].size, name);
			torn += strcmp(name, names[i]->d_name) && !unlink(path);
			recording_free(&file);
		}
		free(path);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	if (torn)
		fprintf(stderr, "%s fuzz: %s: %u inputs are not what their names say: removed\n",
			registry_suite()->name, c->corpus, torn);
}

/* AFL++ has one for each job: their paths, and NULL. */
static char **queues_of(const struct campaign *c)
{
	char *afl = join(c->folder, "afl"), **paths;
	struct dirent **names;
	int n = scandir(afl, &names, NULL, alphasort), count = 0;

	paths = must(calloc(n < 0 ? 1 : n + 1, sizeof(*paths)));
	for (int i = 0; i < n; i++) {
		if (*names[i]->d_name != '.' &&
		    asprintf(&paths[count++], "%s/%s/queue", afl, names[i]->d_name) < 0)
			must(NULL);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	free(afl);
	return paths;
}

/* Into the corpus, unless it is there, by the name that libFuzzer would give it. */
static bool add_input(const struct campaign *c, const struct recorded *input)
{
	char name[42] = ".", *part, *path;
	bool ok = true;
	FILE *out;

	sha1_name(input->data, input->size, name + 1);
	part = join(c->corpus, name);
	path = join(c->corpus, name + 1);
	if (access(path, F_OK)) {
		out = fopen(part, "we");
		ok = out && fwrite(input->data, 1, input->size, out) == input->size;
		if (out && fclose(out))
			ok = false;
		ok = (ok && !rename(part, path)) || fault(path, "cannot write ");
	}
	free(part);
	free(path);
	return ok;
}

/* Those of one queue that were written from @since to @until, and are not from the corpus. */
static bool gather_from(const struct campaign *c, const char *queue, time_t since, time_t until)
{
	struct dirent **names;
	int n = scandir(queue, &names, NULL, alphasort);
	bool ok = true;

	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;
		char *path = join(queue, name);
		struct recording file;
		struct stat st;

		/* AFL++ may rename its queue under our eyes. */
		if (ok && !strncmp(name, "id:", 3) && !strstr(name, ",orig:") && !stat(path, &st) &&
		    st.st_mtime >= since && st.st_mtime <= until && !recording_load(path, &file)) {
			ok = add_input(c, file.inputs);
			recording_free(&file);
		}
		free(path);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return ok;
}

bool corpus_gather(struct state *s)
{
	/* What AFL++ has begun to write is whole a second later. */
	time_t until = time(NULL) - (campaign_jobs_up(s) ? 2 : 0);
	char **queues = queues_of(s->c);
	bool ok = true;

	for (char **queue = queues; *queue; queue++) {
		ok = ok && gather_from(s->c, *queue, s->gathered, until);
		free(*queue);
	}
	free(queues);
	s->gathered = until;
	return ok;
}

static bool is_input(const char *path, const struct recorded *input)
{
	struct recording file;
	struct stat st;
	bool is;

	if (stat(path, &st) || !S_ISREG(st.st_mode) || st.st_size != (off_t)input->size ||
	    recording_load(path, &file))
		return false;
	is = !memcmp(file.inputs[0].data, input->data, input->size);
	recording_free(&file);
	return is;
}

/* From the folder @from to @to, which may be on another disk. */
static void move_input(const char *from, const char *to, const struct recorded *input)
{
	struct dirent **names;
	int n = scandir(from, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char *path = join(from, names[i]->d_name), *target = join(to, names[i]->d_name);

		if (is_input(path, input) && copy_file(path, target))
			unlink(path);
		free(path);
		free(target);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

/*
 * An input of the corpus that makes the kernel fail would end each engine when it begins: it goes
 * to the folder "failing". AFL++ begins with its queue, too.
 */
void corpus_set_aside(const struct campaign *c, const char *recorder)
{
	char *failing = join(c->folder, "failing"), **queues = queues_of(c);
	struct recording r;

	if (!recording_load(recorder, &r) && r.count && output_make_path(failing)) {
		move_input(c->corpus, failing, &r.inputs[r.count - 1]);
		for (char **queue = queues; *queue; queue++)
			move_input(*queue, failing, &r.inputs[r.count - 1]);
	}
	for (char **queue = queues; *queue; queue++)
		free(*queue);
	free(queues);
	recording_free(&r);
	free(failing);
}
