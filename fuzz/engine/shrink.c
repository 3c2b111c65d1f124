// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/engine/shrink.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/engine/engine.h"
#include "fuzz/engine/recorder.h"

/* An input that takes longer hangs. */
#define CANDIDATE_S 30
/* Bytes of inputs longer than this altogether are left alone. */
#define BYTES_MAX   4096

/*
 * Where the search is. It goes on from here in another guest when this one has died: the file has
 * this, then the reason, as text.
 */
struct search {
	enum phase { ALL, ENDS, INPUTS, BYTES, ZEROS, DONE } phase;
	size_t input;	  /* whose bytes */
	size_t chunk, at; /* what is left out, or made zero, of inputs or bytes */
	int scouting;	  /* other candidates were run before in the same process */
	char reason[200]; /* of the failure looked for */
};

static const char *folder;

static char *in_folder(const char *name)
{
	static char path[2][4096];
	static unsigned int turn;
	char *p = path[turn++ & 1];

	snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
	return p;
}

static bool load_search(struct search *s)
{
	FILE *in = fopen(in_folder("position"), "re");
	int phase, n;

	*s = (struct search){ .phase = ALL };
	if (!in)
		return false;
	n = fscanf(in, "%d %zu %zu %zu %d %199[^\n]", &phase, &s->input, &s->chunk, &s->at,
		   &s->scouting, s->reason);
	fclose(in);
	s->phase = phase;
	return n >= 5;
}

/* A file that is whole, or was there before. */
static void save_search(const struct search *s)
{
	char *part = in_folder("position.part");
	FILE *out = fopen(part, "we");

	if (!out ||
	    fprintf(out, "%d %zu %zu %zu %d %s\n", s->phase, s->input, s->chunk, s->at, s->scouting,
		    s->reason) < 0 ||
	    fclose(out) || rename(part, in_folder("position"))) {
		fprintf(stderr, "%s: %s: %s\n", fuzz_target.name, part, strerror(errno));
		exit(2);
	}
}

static void begin_chunks(struct search *s, enum phase phase, size_t count)
{
	s->phase = phase;
	s->chunk = (count + 1) / 2;
	s->at = 0;
	if (phase == ENDS)
		s->chunk = 1;
}

static size_t total_size(const struct recording *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++)
		n += r->inputs[i].size;
	return n;
}

/* The phase after this one, for @best. */
static void next_phase(struct search *s, const struct recording *best)
{
	switch (s->phase) {
	case ALL:
		begin_chunks(s, ENDS, best->count);
		break;
	case ENDS:
		begin_chunks(s, INPUTS, best->count);
		break;
	case BYTES:
		begin_chunks(s, ZEROS, best->inputs[s->input].size);
		break;
	default:
		s->input = s->phase == INPUTS ? 0 : s->input + 1;
		if (total_size(best) > BYTES_MAX || s->input >= best->count)
			s->phase = DONE;
		else
			begin_chunks(s, BYTES, best->inputs[s->input].size);
	}
}

/* What the chunks of this phase are of. */
static size_t extent(const struct search *s, const struct recording *best)
{
	return s->phase == INPUTS ? best->count : best->inputs[s->input].size;
}

/* From a candidate to the next; @success: it failed as looked for, and is @best now. */
static void advance(struct search *s, const struct recording *best, bool success)
{
	if (s->phase == ALL) {
		if (success)
			next_phase(s, best);
		else
			s->phase = DONE;
	} else if (s->phase == ENDS) {
		s->chunk *= 2;
		if (success || s->chunk >= best->count)
			next_phase(s, best);
	} else if (!success || s->phase == ZEROS) {
		s->at += s->chunk;
	}
	while (s->phase >= INPUTS && s->phase < DONE && s->at >= extent(s, best)) {
		s->at = 0;
		s->chunk = s->chunk > 1 ? s->chunk / 2 : 0;
		if (!s->chunk)
			next_phase(s, best);
	}
}

static bool all_zero(const uint8_t *data, size_t n)
{
	while (n--) {
		if (data[n])
			return false;
	}
	return true;
}

/* Bytes of one input taken away, or made zero: false if that changes nothing. */
static bool change_bytes(const struct search *s, struct recording *r)
{
	static uint8_t changed[BYTES_MAX];
	struct recorded *input = &r->inputs[s->input];
	size_t n = s->chunk < input->size - s->at ? s->chunk : input->size - s->at;

	if (!n || (s->phase == ZEROS && all_zero(input->data + s->at, n)))
		return false;
	memcpy(changed, input->data, input->size);
	if (s->phase == ZEROS) {
		memset(changed + s->at, 0, n);
	} else {
		memmove(changed + s->at, changed + s->at + n, input->size - s->at - n);
		input->size -= n;
	}
	input->data = changed;
	return true;
}

/* What is to be tried of @best: in @r, whose inputs are a copy. False if there is nothing to try.
 */
static bool candidate(const struct search *s, const struct recording *best, struct recording *r)
{
	size_t n;

	r->count = best->count;
	memcpy(r->inputs, best->inputs, best->count * sizeof(*r->inputs));
	switch (s->phase) {
	case ALL:
		return true;
	case ENDS:
		if (s->chunk >= r->count)
			return false;
		memmove(r->inputs, r->inputs + r->count - s->chunk, s->chunk * sizeof(*r->inputs));
		r->count = s->chunk;
		return true;
	case INPUTS:
		n = s->chunk < r->count - s->at ? s->chunk : r->count - s->at;
		if (n == r->count)
			return false;
		r->count -= n;
		memmove(r->inputs + s->at, r->inputs + s->at + n,
			(r->count - s->at) * sizeof(*r->inputs));
		return true;
	default:
		return change_bytes(s, r);
	}
}

static struct recording load(const char *name)
{
	struct recording r;

	if (recording_load(in_folder(name), &r)) {
		fprintf(stderr, "%s: %s: %s\n", fuzz_target.name, in_folder(name), strerror(errno));
		exit(2);
	}
	return r;
}

static void save(const char *name, const struct recording *r)
{
	if (recording_save(in_folder(name), r, fuzz_target.name)) {
		fprintf(stderr, "%s: %s: %s\n", fuzz_target.name, in_folder(name), strerror(errno));
		exit(2);
	}
}

static void run_candidate(const struct recording *r, int report)
{
	static uint8_t map[ENGINE_MAP_SIZE];

	dup2(report, STDERR_FILENO);
	alarm(CANDIDATE_S);
	engine_begin(map);
	for (size_t i = 0; i < r->count; i++) {
		alarm(CANDIDATE_S);
		engine_run(r->inputs[i].data, r->inputs[i].size);
	}
	engine_check();
	_exit(0);
}

/*
 * The candidates that change an only input, from @s on, until one fails: where is in @s. They share
 * the devices, which take longer to make than an input takes to run.
 */
static void run_candidates(struct search *s, const struct recording *best, struct recording *r,
			   int report)
{
	static uint8_t map[ENGINE_MAP_SIZE];

	dup2(report, STDERR_FILENO);
	engine_begin(map);
	for (s->scouting = 0; s->phase != DONE; advance(s, best, false)) {
		if (!candidate(s, best, r))
			continue;
		save("trying", r);
		save_search(s);
		s->scouting = 1;
		alarm(CANDIDATE_S);
		engine_run(r->inputs[0].data, r->inputs[0].size);
		engine_check();
	}
	_exit(0);
}

/* The last line that says anything, without its numbers, which differ each time. */
static void read_reason(FILE *in, char *reason, size_t size)
{
	char line[1024];

	while (fgets(line, sizeof(line), in)) {
		size_t n = 0;

		for (const char *c = line; *c && *c != '\n' && n + 1 < size; c++) {
			bool digit = *c >= '0' && *c <= '9';

			if (!digit || !n || reason[n - 1] != '#')
				reason[n++] = digit ? '#' : *c;
		}
		if (n && strstr(line, "the kernel does not do"))
			reason[n] = '\0';
		else
			*reason = '\0';
		if (*reason)
			break;
	}
	while (fgets(line, sizeof(line), in))
		;
}

/*
 * Runs @r, or with @s what can be made of @best, in a process of its own. True if it failed, and
 * why. If the kernel dies, nobody is told.
 */
static bool fails(struct search *s, const struct recording *best, struct recording *r, char *reason,
		  size_t size)
{
	int report[2], status;
	FILE *in;
	pid_t pid;

	*reason = '\0';
	if (pipe(report) || (pid = fork()) < 0) {
		fprintf(stderr, "%s: a process for an input: %s\n", fuzz_target.name,
			strerror(errno));
		exit(2);
	}
	if (!pid && s)
		run_candidates(s, best, r, report[1]);
	if (!pid)
		run_candidate(r, report[1]);
	close(report[1]);
	in = fdopen(report[0], "r");
	read_reason(in, reason, size);
	fclose(in);
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2) {
		fprintf(stderr, "%s: cannot begin\n", fuzz_target.name);
		exit(2);
	}
	if (!*reason && WIFSIGNALED(status))
		snprintf(reason, size, "%s",
			 WTERMSIG(status) == SIGALRM ? "hang" : strsignal(WTERMSIG(status)));
	return WIFSIGNALED(status);
}

/*
 * What a guest that died during a candidate has left: the one who boots has judged it. False if it
 * is the whole that did not do the same again; @again: the candidate is to be tried once more,
 * without those that ran before it.
 */
static bool take_up(struct search *s, struct recording *best, bool *again)
{
	bool died = !access(in_folder("died"), F_OK), other = !access(in_folder("other"), F_OK);
	bool all = s->phase == ALL;

	*again = died && s->scouting;
	if (!died && !other)
		return true;
	if (died && !*again) {
		recording_free(best);
		*best = load("trying");
		save("best", best);
	}
	if (!*again)
		advance(s, best, died);
	s->scouting = 0;
	save_search(s);
	unlink(in_folder("died"));
	unlink(in_folder("other"));
	return died || !all;
}

/* Goes on to the next candidate that fails after those before it, or to the end. */
static void scout(struct search *s, const struct recording *best, struct recording *r)
{
	static struct search *shared;
	char reason[sizeof(s->reason)];

	if (!shared)
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		fprintf(stderr, "%s: mmap: %s\n", fuzz_target.name, strerror(errno));
		exit(2);
	}
	*shared = *s;
	fails(shared, best, r, reason, sizeof(reason));
	*s = *shared;
	s->scouting = 0;
}

static int not_again(const struct recording *best)
{
	printf("%s: %zu inputs do not fail again\n", fuzz_target.name, best->count);
	return 1;
}

static bool try(struct search *s, struct recording *best, struct recording *r)
{
	char reason[sizeof(s->reason)];

	save("trying", r);
	save_search(s);
	if (!fails(NULL, NULL, r, reason, sizeof(reason)))
		return false;
	if (s->phase == ALL)
		strcpy(s->reason, reason);
	else if (strcmp(s->reason, reason))
		return false;
	save("best", r);
	recording_free(best);
	*best = load("best");
	return true;
}

int shrink(const char *dir)
{
	struct recording best, r;
	struct search s;
	bool again;

	folder = dir;
	unsetenv("TUNTESTS_RECORDER");
	engine_learn();
	best = load("best");
	load_search(&s);
	if (!take_up(&s, &best, &again))
		return not_again(&best);
	r.inputs = malloc((best.count + 1) * sizeof(*r.inputs));
	if (!r.inputs)
		return 2;
	while (s.phase != DONE) {
		bool all = s.phase == ALL, success;

		if (best.count == 1 && (s.phase == BYTES || s.phase == ZEROS) && !again)
			scout(&s, &best, &r);
		again = false;
		if (s.phase == DONE)
			break;
		success = candidate(&s, &best, &r) && try(&s, &best, &r);
		if (all && !success)
			return not_again(&best);
		advance(&s, &best, success);
	}
	save_search(&s);
	printf("%s: %zu inputs, %zu bytes: %s\n", fuzz_target.name, best.count, total_size(&best),
	       *s.reason ? s.reason : "the kernel died");
	free(r.inputs);
	return 0;
}
