// SPDX-License-Identifier: GPL-2.0-only
#include "cli/remote.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/common.h"
#include "harness/job.h"
#include "harness/journal.h"
#include "harness/kmsg.h"
#include "harness/ktap.h"
#include "harness/output.h"

/* The journal is a file that grows; nothing tells when. */
#define LOOK_MS	    20
/* Beyond a test's time-out, which the guest minds itself: after that the guest is taken to hang. */
#define SILENCE_S   60
/* So much of the console is shown with a test that brought the guest down. */
#define CONSOLE_TAIL (16 << 10)
/* boot's exit status when it cannot boot at all, and has said why. */
#define CANNOT_BOOT 2
/* So many make it worth while to boot one more UML, if a processor is there for it. */
#define TESTS_PER_GUEST 200
/* So long a guest that is told to end may take. */
#define KILL_NS	    10000000000LL

/* Tests to be run by one guest. */
struct batch {
	size_t *indices;
	size_t count;
	unsigned int jobs;
	struct batch *next;
};

struct guest {
	struct batch *batch; /* NULL: idle */
	unsigned int number; /* of the boot, from 1 */
	pid_t pid;
	int pidfd;
	int journal_fd;
	char *line;	     /* the journal's last, still incomplete one */
	size_t len, size;
	char *started;	     /* a file that boot makes when the kernel starts */
	bool booting, begun, ended;
	int64_t heard_ns;    /* when it last said something */
	bool hung;
	int64_t told_ns;     /* when it was told to end */
};

struct fleet {
	struct run *run;
	const struct remote *how;
	struct guest *guests;
	unsigned int count; /* of them */
	struct batch *batches;
	unsigned int boots;
	bool plan_known;
	bool cannot_boot;
	bool broken; /* and that says nothing of the kernel */
	char why[REASON_SIZE];
};

/* --- batches ----------------------------------------------------------------------------- */

static void add_to_batch(struct batch *b, size_t index)
{
	b->indices = must(realloc(b->indices, (b->count + 1) * sizeof(*b->indices)));
	b->indices[b->count++] = index;
}

static struct batch *new_batch(unsigned int jobs)
{
	struct batch *b = must(calloc(1, sizeof(*b)));

	b->jobs = jobs;
	return b;
}

static void free_batch(struct batch *b)
{
	free(b->indices);
	free(b);
}

/* To the front: what is known to be suspect is looked at first. Empty ones are dropped. */
static void push_batch(struct fleet *f, struct batch *b)
{
	if (!b->count) {
		free_batch(b);
		return;
	}
	b->next = f->batches;
	f->batches = b;
}

/* Every guest gets each Nth test, so that long areas are spread. */
static void share_out(struct fleet *f)
{
	unsigned int g, guests = f->count;
	size_t i, count, *queue = run_queue(f->run, &count);
	bool ordered = f->run->options->ordered;
	struct batch *b;

	for (g = 0; g < guests; g++) {
		b = new_batch(f->run->options->jobs);
		for (i = g; i < f->run->count; i += guests)
			add_to_batch(b, ordered ? queue[i] : i);
		push_batch(f, b);
	}
	free(queue);
}

/* --- booting ----------------------------------------------------------------------------- */

static char *path_in_output(const struct fleet *f, const char *what, unsigned int number)
{
	char *relative, *path;

	if (asprintf(&relative, "%s/%s-%u", f->run->dir, what, number) < 0)
		must(NULL);
	close(open(relative, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
	path = realpath(relative, NULL);
	free(relative);
	return path;
}

static void add_word(char ***argv, size_t *n, const char *word)
{
	*argv = must(realloc(*argv, (*n + 2) * sizeof(**argv)));
	(*argv)[(*n)++] = must(strdup(word));
	(*argv)[*n] = NULL;
}

static void add_number(char ***argv, size_t *n, const char *option, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	add_word(argv, n, option);
	add_word(argv, n, text);
}

/*
 * boot --channel JOURNAL --started FILE NAME [FILE] -- PROGRAM run ... ID...
 * A test that is named by its id is run even if it takes long.
 */
static char **command_line(const struct fleet *f, const struct guest *g, const char *journal,
			   const char *started)
{
	const struct batch *b = g->batch;
	const struct run_options *o = f->run->options;
	char program[PATH_MAX], *guest = must(strdup(f->how->guest));
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *file = strchr(guest, ' ');
	char **argv = NULL;
	size_t n = 0, i;

	program[len < 0 ? 0 : len] = '\0';
	add_word(&argv, &n, f->how->boot);
	add_number(&argv, &n, "--timeout", INT_MAX);
	/* those of several guests are not the same, whatever else runs here */
	add_number(&argv, &n, "--processor", getpid() + (g - f->guests));
	add_word(&argv, &n, "--channel");
	add_word(&argv, &n, journal);
	add_word(&argv, &n, "--started");
	add_word(&argv, &n, started);
	if (o->gcov) {
		add_word(&argv, &n, "--share");
		add_word(&argv, &n, o->gcov);
	}
	if (file)
		*file++ = '\0';
	add_word(&argv, &n, guest);
	if (file)
		add_word(&argv, &n, file);
	add_word(&argv, &n, "--");
	add_word(&argv, &n, program);
	add_word(&argv, &n, "run");
	add_word(&argv, &n, "--output");
	add_word(&argv, &n, "/tmp/tuntests");
	add_word(&argv, &n, "--baseline");
	add_word(&argv, &n, "none");
	add_number(&argv, &n, "--jobs", b->jobs);
	add_number(&argv, &n, "--timeout", o->timeout_s);
	add_number(&argv, &n, "--repeat", o->repeat);
	if (o->gcov) {
		add_word(&argv, &n, "--gcov");
		add_word(&argv, &n, o->gcov);
	}
	if (o->shuffle)
		add_number(&argv, &n, "--shuffle", o->shuffle_seed);
	add_number(&argv, &n, "--seed", o->seed);
	if (o->ordered)
		add_word(&argv, &n, "--ordered");
	if (o->verbose)
		add_word(&argv, &n, "--verbose");
	for (i = 0; i < b->count; i++)
		add_word(&argv, &n, f->run->records[b->indices[i]].test->id);
	free(guest);
	return argv;
}

static void __attribute__((noreturn)) become_boot(char **argv, const char *console)
{
	int fd = open(console, O_WRONLY | O_APPEND | O_CLOEXEC);
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	setpgid(0, 0); /* Ctrl-C is for us to pass on */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	execv(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(CANNOT_BOOT);
}

static void free_words(char **argv)
{
	char **word;

	for (word = argv; *word; word++)
		free(*word);
	free(argv);
}

/* No process for a guest, or none that can be watched: nothing will be booted any more. */
static void cannot_start(struct fleet *f, struct guest *g)
{
	fprintf(stderr, "%s: cannot start guest %s: %s\n", registry_suite()->name, f->how->guest,
		strerror(errno));
	if (g->pid > 0) {
		kill(-g->pid, SIGKILL);
		waitpid(g->pid, NULL, 0);
	}
	if (g->journal_fd >= 0)
		close(g->journal_fd);
	free(g->started);
	free_batch(g->batch);
	g->batch = NULL;
	f->cannot_boot = f->broken = true;
}

static void start_guest(struct fleet *f, struct guest *g, struct batch *b)
{
	char *journal, *console, **argv;

	*g = (struct guest){ .batch = b, .number = ++f->boots, .heard_ns = now_ns() };
	journal = path_in_output(f, "guest-journal", g->number);
	console = path_in_output(f, "guest-console", g->number);
	if (!journal || !console) {
		output_failed(f->run, "guest-console");
		f->cannot_boot = true;
		g->batch = NULL;
		return;
	}
	if (asprintf(&g->started, "%s.started", journal) < 0)
		must(NULL);
	unlink(g->started);
	argv = command_line(f, g, journal, g->started);
	g->journal_fd = open(journal, O_RDONLY | O_CLOEXEC);
	fflush(NULL);
	g->pid = fork();
	if (!g->pid)
		become_boot(argv, console);
	if (g->pid > 0)
		setpgid(g->pid, g->pid); /* whoever of the two comes first */
	g->pidfd = g->pid > 0 ? pidfd_open(g->pid, 0) : -1;
	if (g->pidfd < 0)
		cannot_start(f, g);
	free_words(argv);
	free(journal);
	free(console);
}

/* --- what guests say --------------------------------------------------------------------- */

static struct record *find_record(struct fleet *f, const struct batch *b, const char *id)
{
	size_t i;

	for (i = 0; id && i < b->count; i++) {
		struct record *r = &f->run->records[b->indices[i]];

		if (!strcmp(r->test->id, id))
			return r;
	}
	return NULL;
}

static void know_plan(struct fleet *f)
{
	if (!f->plan_known)
		run_plan_known(f->run);
	f->plan_known = true;
}

static void take_event(struct fleet *f, struct guest *g, json_t *event)
{
	const char *kind = json_string_value(json_object_get(event, "event"));
	const char *id = json_string_value(json_object_get(event, "id"));
	json_t *test = json_object_get(event, "test");
	struct record *r;

	if (!kind)
		return;
	if (!strcmp(kind, "begin")) {
		g->begun = true;
		journal_read_begin(f->run, event);
		know_plan(f);
	} else if (!strcmp(kind, "start") && (r = find_record(f, g->batch, id))) {
		r->started_ns = now_ns();
		run_started(f->run, r);
	} else if (!strcmp(kind, "result")) {
		r = find_record(f, g->batch, json_string_value(json_object_get(test, "id")));
		if (r && !r->final && journal_read_result(f->run, r, event))
			run_finish(f->run, r);
	} else if (!strcmp(kind, "end")) {
		g->ended = true;
	}
}

/* A line that was cut by the guest's death is no event. */
static void take_line(struct fleet *f, struct guest *g)
{
	json_t *event = json_loadb(g->line, g->len, 0, NULL);

	g->heard_ns = now_ns();
	if (event)
		take_event(f, g, event);
	json_decref(event);
	g->len = 0;
}

static void listen_to(struct fleet *f, struct guest *g)
{
	char buf[1 << 16];
	ssize_t n, i;

	while ((n = read(g->journal_fd, buf, sizeof(buf))) > 0) {
		for (i = 0; i < n; i++) {
			if (buf[i] == '\n') {
				take_line(f, g);
				continue;
			}
			if (g->len == g->size) {
				g->size = g->size ? g->size * 2 : 4096;
				g->line = must(realloc(g->line, g->size));
			}
			g->line[g->len++] = buf[i];
		}
	}
}

/* --- the end of a guest ------------------------------------------------------------------- */

/* The end of its console, to be freed; "" if there is nothing. */
static char *console_tail(const struct fleet *f, const struct guest *g)
{
	char name[32], *text = must(calloc(1, CONSOLE_TAIL + 1));
	struct stat st;
	int fd;

	snprintf(name, sizeof(name), "guest-console-%u", g->number);
	fd = openat(f->run->dir_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return text;
	if (!fstat(fd, &st) && st.st_size > CONSOLE_TAIL)
		lseek(fd, -CONSOLE_TAIL, SEEK_END);
	if (read(fd, text, CONSOLE_TAIL) < 0)
		*text = '\0';
	close(fd);
	return text;
}

static bool is_of_boot(const char *line)
{
	return !strncmp(line, "boot: ", 6);
}

/*
 * The line that says what happened: the first of a report, otherwise the last one there is, but not
 * boot's own (the guest died) after another's. If the guest is not to blame, boot has the last
 * word.
 */
static void cause(const char *console, bool broken, char *line, size_t size)
{
	const char *p, *found = NULL;

	for (p = console; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		char text[256];

		snprintf(text, sizeof(text), "%.*s", (int)strcspn(p, "\n"), p);
		if (!broken && kmsg_is_report(text)) {
			found = p;
			break;
		}
		if (*text && (broken || !found || !is_of_boot(text) || is_of_boot(found)))
			found = p;
	}
	snprintf(line, size, "%.*s", found ? (int)strcspn(found, "\n") : 0, found ? found : "");
}

static void blame(struct fleet *f, const struct guest *g, struct record *r)
{
	char line[200], *console = console_tail(f, g);

	cause(console, false, line, sizeof(line));
	r->result = g->hung ? RESULT_TIMEOUT : RESULT_CRASH;
	snprintf(r->reason, sizeof(r->reason), "%s: %s",
		 g->hung ? "the guest hung" : "the guest died", line);
	r->duration_ns = now_ns() - r->started_ns;
	r->runs = 1;
	free(r->log);
	free(r->kernel_log);
	r->log = NULL;
	r->kernel_log = console;
	output_evidence(f->run, r, -1);
	run_finish(f->run, r);
}

static void stay_notrun(struct fleet *f, const struct batch *b)
{
	size_t i;

	for (i = 0; i < b->count; i++) {
		struct record *r = &f->run->records[b->indices[i]];

		if (!r->final)
			snprintf(r->reason, sizeof(r->reason), "%s", f->why);
		record_changed(r);
	}
}

static void give_up(struct fleet *f, const struct guest *g)
{
	char line[200], *console = console_tail(f, g);

	cause(console, f->broken, line, sizeof(line));
	if (g->hung && !g->begun)
		snprintf(f->why, sizeof(f->why), "the guest did not come up within %u s",
			 f->how->boot_timeout_s);
	else
		snprintf(f->why, sizeof(f->why), "the guest %s: %s",
			 g->begun ? "cannot go on" : "did not boot", line);
	free(console);
	stay_notrun(f, g->batch);
	fprintf(stderr, "%s: guest %s %s (see %s/guest-console-%u)\n", registry_suite()->name,
		f->how->guest, f->why + strlen("the guest "), f->run->dir, g->number);
	f->cannot_boot = true;
}

/* The guest died with work left: find who did it, or let the suspects run one after the other. */
static void autopsy(struct fleet *f, struct guest *g)
{
	struct batch *suspects = new_batch(1), *rest = new_batch(g->batch->jobs);
	size_t i, done = 0;

	for (i = 0; i < g->batch->count; i++) {
		struct record *r = &f->run->records[g->batch->indices[i]];

		done += r->final;
		if (!r->final)
			add_to_batch(r->started_ns ? suspects : rest, g->batch->indices[i]);
	}
	if (suspects->count == 1)
		blame(f, g, &f->run->records[suspects->indices[0]]);
	for (i = 0; i < suspects->count; i++)
		f->run->records[suspects->indices[i]].started_ns = 0;
	if (suspects->count == 1)
		suspects->count = 0;
	else if (!suspects->count && !done)
		give_up(f, g); /* died in between, and would again */
	push_batch(f, rest);
	push_batch(f, suspects);
}

static void end_guest(struct fleet *f, struct guest *g)
{
	int status = 0;

	waitpid(g->pid, &status, 0);
	listen_to(f, g);
	close(g->pidfd);
	close(g->journal_fd);
	unlink(g->started);
	free(g->started);
	if (!run_over(f->run) && !g->ended) {
		bool broken = WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_BOOT;

		f->broken |= broken;
		if (broken || !g->begun)
			give_up(f, g);
		else
			autopsy(f, g);
	}
	free(g->line);
	free_batch(g->batch);
	g->batch = NULL;
}

/* --- the loop ---------------------------------------------------------------------------- */

/* What boot prepares may take long: the time to come up begins when the kernel starts. */
static void note_start(struct guest *g)
{
	if (g->booting || access(g->started, F_OK))
		return;
	g->booting = true;
	g->heard_ns = now_ns();
}

/* A test may be silent for as long as it may take. */
static unsigned int longest_silence_s(const struct fleet *f, const struct batch *b)
{
	unsigned int most = 0, s;
	size_t i;

	for (i = 0; i < b->count; i++) {
		s = run_timeout_s(f->run->options, f->run->records[b->indices[i]].test);
		most = s > most ? s : most;
	}
	return most + SILENCE_S;
}

static bool silent(const struct fleet *f, const struct guest *g)
{
	unsigned int most = g->begun ? longest_silence_s(f, g->batch) :
				       patience_s(f->how->boot_timeout_s);

	return (g->begun || g->booting) && now_ns() - g->heard_ns > most * 1000000000LL;
}

static unsigned int give_work(struct fleet *f)
{
	unsigned int i, busy = 0;

	for (i = 0; i < f->count; i++) {
		struct batch *b = f->batches;

		if (!f->guests[i].batch && b && !run_over(f->run) && !f->cannot_boot) {
			f->batches = b->next;
			start_guest(f, &f->guests[i], b);
		}
		busy += !!f->guests[i].batch;
	}
	return busy;
}

static void look_at(struct fleet *f, struct guest *g, bool over)
{
	note_start(g);
	listen_to(f, g);
	if (over)
		end_guest(f, g);
	else if ((run_over(f->run) || silent(f, g)) && !g->hung) {
		g->hung = true;
		g->told_ns = now_ns();
		kill(-g->pid, SIGTERM); /* what it is preparing, too */
	} else if (g->hung && now_ns() - g->told_ns > KILL_NS) {
		kill(-g->pid, SIGKILL);
	}
}

static void follow(struct fleet *f)
{
	unsigned int i, n = f->count;
	struct pollfd *polls = must(calloc(n + 1, sizeof(*polls)));

	while (give_work(f)) {
		for (i = 0; i < n; i++)
			polls[i] = (struct pollfd){ f->guests[i].batch ? f->guests[i].pidfd : -1,
						    POLLIN, 0 };
		polls[n] = (struct pollfd){ f->run->signal_fd, POLLIN, 0 };
		if (poll(polls, n + 1, LOOK_MS) < 0)
			continue;
		if (polls[n].revents)
			run_take_signal(f->run);
		for (i = 0; i < n; i++)
			if (f->guests[i].batch)
				look_at(f, &f->guests[i], polls[i].revents);
		run_flush(f->run);
	}
	free(polls);
}

/* UML has one processor, and here may be more. For fewer tests another boot does not pay. */
static unsigned int guests_for(const char *guest, size_t tests)
{
	size_t most = get_nprocs(), wanted = 1 + tests / TESTS_PER_GUEST;

	if (strncmp(guest, "uml-", 4))
		return 1;
	return wanted < most ? wanted : most;
}

bool remote_execute(struct run *run, const struct remote *how)
{
	struct fleet f = { .run = run, .how = how };

	memset(&run->kernel, 0, sizeof(run->kernel));
	f.count = how->guests ? how->guests : guests_for(how->guest, run->count);
	f.guests = must(calloc(f.count, sizeof(*f.guests)));
	share_out(&f);
	follow(&f);
	if (!f.plan_known) {
		snprintf(run->kernel.release, sizeof(run->kernel.release), "%.60s", how->guest);
		snprintf(run->sandbox, sizeof(run->sandbox), "none, the guest did not boot");
		snprintf(run->kernel_log, sizeof(run->kernel_log), "watched");
		know_plan(&f);
	}
	while (f.batches) {
		struct batch *b = f.batches;

		f.batches = b->next;
		if (f.cannot_boot)
			stay_notrun(&f, b);
		free_batch(b);
	}
	free(f.guests);
	return !f.broken;
}
