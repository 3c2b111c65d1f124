// SPDX-License-Identifier: GPL-2.0-only
#include "cli/campaign.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/common.h"
#include "cli/crash.h"
#include "cli/dashboard.h"
#include "cli/guest.h"
#include "cli/target.h"
#include "fuzz/engine/recorder.h"
#include "harness/kmsg.h"
#include "harness/output.h"
#include "harness/registry.h"

/* No input for so long: the kernel hangs. Booting and loading a corpus takes its time too. */
#define HANG_S	    120
/* A guest is made afresh after so long, so that what inputs left in the kernel stays bounded. */
#define GUEST_S	    3600
#define STATS_S	    5
/* What a kernel says of itself, and the end that follows mostly, take no longer. */
#define REPORT_S    5
/* So often in a row an engine may end at once before we give up. */
#define BAD_STARTS  3
/* The exit status of boot for a guest that died, and for one that it cannot boot. */
#define GUEST_DIED  3
#define CANNOT_BOOT 2
/* That of a libFuzzer which somebody has ended. */
#define INTERRUPTED 72
/* From here on: env and shells found no program, or it died of a signal. */
#define NOT_RUN	    126

struct job {
	unsigned int number;
	char *folder, *recorder, *console;
	volatile struct recorder_head *head;
	pid_t pid;
	time_t heard;	     /* when it last ran an input */
	uint64_t seen_total; /* of head, when it was last looked at */
	uint64_t before;     /* inputs of the engines that have ended */
	unsigned int bad_starts;
	bool hung;
	long console_read; /* bytes of the console that have been looked at */
	bool reported;	   /* in which the kernel has reported something that it survives */
};

struct state {
	struct campaign *c;
	struct job *jobs;
	time_t begun;
	double passed_before; /* seconds and inputs of what is resumed */
	uint64_t inputs_before, edges;
	unsigned int restarts, failures, pendings;
	pid_t settler; /* the process that looks into a failure, or 0 */
	FILE *stats;
	double last_s;
	uint64_t last_inputs;
	double rate;
};

static volatile sig_atomic_t ended_by;

static void on_signal(int signal)
{
	ended_by = signal;
}

/* --- commands ---------------------------------------------------------------------------- */

char *campaign_program(const char *target, const char *suffix)
{
	char self[PATH_MAX], *path;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len <= 0) {
		fault("/proc/self/exe", "cannot find its own folder: ");
		return NULL;
	}
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	if (asprintf(&path, "%s/fuzz/%s%s", self, target, suffix) < 0)
		path = NULL;
	if (!access(must(path), X_OK))
		return path;
	fault(path, "no program (`make fuzz-programs` makes them) ");
	free(path);
	return NULL;
}

static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return !strncmp(path, folder, n) && (path[n] == '/' || !path[n]);
}

const char **campaign_command(const struct campaign *c, unsigned int job, const char *recorder,
			      const char *const *words)
{
	const char **all, **word;
	static char processor[16];
	size_t n = 0;

	while (words[n])
		n++;
	word = all = must(calloc(n + 24, sizeof(*all)));
	if (c->guest) {
		snprintf(processor, sizeof(processor), "%u", job + 1);
		*word++ = must(guest_script("boot"));
		*word++ = "--share";
		*word++ = c->folder;
		if (!is_below(c->corpus, c->folder)) {
			*word++ = "--share";
			*word++ = c->corpus;
		}
		*word++ = "--processor";
		*word++ = processor;
		*word++ = "--timeout";
		*word++ = "86400";
		/* What the kernel reports is the end, so that the recorder has what led to it. */
		*word++ = "--append";
		*word++ = "panic_on_warn=1 oops=panic";
		*word++ = "--env";
		*word++ = "TUNTESTS_LEAKS=1";
		if (recorder) {
			*word++ = "--memory";
			*word++ = recorder;
		}
		*word++ = c->guest;
		*word++ = "--";
	}
	memcpy(word, words, n * sizeof(*word));
	return all;
}

pid_t campaign_spawn(const char *const *command, const char *console, const char *recorder)
{
	int fd = open(console, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	pid_t pid = fd < 0 ? -1 : fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		setpgid(0, 0);
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		if (recorder)
			setenv("TUNTESTS_RECORDER", recorder, 1);
		execv(command[0], (char *const *)command);
		fault(command[0], "");
		_exit(CANNOT_BOOT);
	}
	if (fd >= 0)
		close(fd);
	return pid;
}

static unsigned int seconds_left(const struct state *s)
{
	time_t passed = time(NULL) - s->begun;

	if (!s->c->seconds)
		return GUEST_S;
	if (passed >= s->c->seconds)
		return 0;
	return s->c->seconds - passed < GUEST_S ? s->c->seconds - passed : GUEST_S;
}

static pid_t start_libfuzzer(const struct state *s, struct job *j, const char *program)
{
	char time_left[64], artifacts[PATH_MAX], seed[32];
	const char **command;
	pid_t pid;

	snprintf(time_left, sizeof(time_left), "-max_total_time=%u", seconds_left(s));
	snprintf(artifacts, sizeof(artifacts), "-artifact_prefix=%s/", j->folder);
	snprintf(seed, sizeof(seed), "-seed=%u", (unsigned int)time(NULL) + j->number);
	command = campaign_command(s->c, j->number, j->recorder,
				   (const char *[]){ program, time_left, artifacts, seed,
						     "-reload=2", "-timeout=60", "-rss_limit_mb=0",
						     "-max_len=66000", "-print_final_stats=1",
						     s->c->corpus, NULL });
	pid = campaign_spawn(command, j->console, s->c->guest ? NULL : j->recorder);
	free(command);
	return pid;
}

/* Ends at the first crash: the recorder has to be read before the next program uses it. */
static pid_t start_afl(const struct state *s, struct job *j, const char *program)
{
	char seconds[16], name[32], out[PATH_MAX], role[4], mutator[PATH_MAX];
	char *library = campaign_program(s->c->target, "-mutator.so");
	const char **command;
	pid_t pid;

	snprintf(seconds, sizeof(seconds), "%u", seconds_left(s));
	snprintf(name, sizeof(name), "job%u", j->number);
	snprintf(out, sizeof(out), "%s/afl", s->c->folder);
	snprintf(role, sizeof(role), j->number ? "-S" : "-M");
	if (!library)
		return -1;
	snprintf(mutator, sizeof(mutator), "AFL_CUSTOM_MUTATOR_LIBRARY=%s", library);
	free(library);
	command = campaign_command(s->c, j->number, j->recorder,
				   (const char *[]){ "/usr/bin/env",
						     "AFL_BENCH_UNTIL_CRASH=1",
						     "AFL_NO_UI=1",
						     mutator,
						     "AFL_SKIP_CPUFREQ=1",
						     "AFL_NO_AFFINITY=1",
						     "AFL_AUTORESUME=1",
						     "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1",
						     "afl-fuzz",
						     "-i",
						     s->c->corpus,
						     "-o",
						     out,
						     role,
						     name,
						     "-t",
						     "5000+",
						     "-c",
						     "0",
						     "-V",
						     seconds,
						     "--",
						     program,
						     NULL });
	pid = campaign_spawn(command, j->console, s->c->guest ? NULL : j->recorder);
	free(command);
	return pid;
}

static bool start_job(struct state *s, struct job *j)
{
	char *program = campaign_program(s->c->target, s->c->afl ? "-afl" : "");

	if (!program)
		return false;
	/* The console is this engine's alone: an older one has been looked at. */
	unlink(j->console);
	j->before += j->head->total;
	j->seen_total = 0;
	j->head->total = 0;
	j->head->magic = 0;
	j->hung = j->reported = false;
	j->console_read = 0;
	j->heard = time(NULL);
	j->pid = (s->c->afl ? start_afl : start_libfuzzer)(s, j, program);
	free(program);
	return j->pid > 0 || fault(j->console, "cannot start an engine: ");
}

/* --- how far it is ----------------------------------------------------------------------- */

static double passed(const struct state *s)
{
	return s->passed_before + difftime(time(NULL), s->begun);
}

/* Of all jobs together, since the campaign began. */
static uint64_t inputs(const struct state *s)
{
	uint64_t n = s->inputs_before;

	for (struct job *j = s->jobs; j < s->jobs + s->c->jobs; j++)
		n += j->before + j->head->total;
	return n;
}

/* --- what a job has left ----------------------------------------------------------------- */

static bool copy_file(const char *from, const char *to)
{
	char buf[65536];
	FILE *in = fopen(from, "re"), *out = in ? fopen(to, "we") : NULL;
	bool ok = in && out;
	size_t n;

	if (!in)
		return fault(from, "cannot read ");
	while (ok && (n = fread(buf, 1, sizeof(buf), in)))
		ok = fwrite(buf, 1, n, out) == n;
	if (in)
		fclose(in);
	if (out && fclose(out))
		ok = false;
	return ok || fault(to, "cannot write ");
}

/*
 * An input of the corpus that makes the kernel fail would end each engine when it begins: it goes
 * to the folder "failing".
 */
static void set_aside(const struct campaign *c, const char *recorder)
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

/* When it was found, for the report. */
static bool write_found(const struct state *s, const char *folder)
{
	char *path = join(folder, "found");
	FILE *out = fopen(path, "we");
	bool ok = out && fprintf(out, "%.0f s, %" PRIu64 " inputs\n", passed(s), inputs(s)) > 0;

	if (out && fclose(out))
		ok = false;
	if (!ok)
		fault(path, "cannot write ");
	free(path);
	return ok;
}

/* The folder pending-N: its recorder and its console, before the next engine uses them. */
static bool keep_failure(struct state *s, const struct job *j)
{
	char *folder, *record, *console;
	bool ok;

	do {
		if (asprintf(&folder, "%s/pending-%u", s->c->folder, s->pendings++) < 0)
			return false;
		ok = !mkdir(folder, 0755);
		if (!ok && errno != EEXIST)
			return fault(folder, "cannot make ");
		if (!ok)
			free(folder);
	} while (!ok);
	console = join(folder, "console");
	ok = copy_file(j->console, console);
	if (ok && j->hung) {
		FILE *out = fopen(console, "ae");

		if (out) {
			fputs("\ntuntests: BUG: no input was finished for a long time: a hang\n",
			      out);
			fclose(out);
		}
	}
	ok = ok && write_found(s, folder);
	record = join(folder, "best.part");
	ok = ok && copy_file(j->recorder, record);
	free(console);
	console = join(folder, "best");
	ok = ok && (!rename(record, console) || fault(console, "cannot write "));
	/* What is kept is not kept once more when the campaign is resumed. */
	if (ok) {
		set_aside(s->c, console);
		j->head->magic = 0;
	}
	free(record);
	free(console);
	free(folder);
	return ok;
}

/* A process of its own for the first failure that waits. */
static void settle_next(struct state *s)
{
	struct dirent **names;
	int n, i;

	if (s->settler || ended_by)
		return;
	n = scandir(s->c->folder, &names, NULL, alphasort);
	for (i = 0; i < n; i++) {
		char *path = join(s->c->folder, names[i]->d_name);

		if (!s->settler && !strncmp(names[i]->d_name, "pending-", 8)) {
			s->settler = fork();
			if (!s->settler) {
				prctl(PR_SET_PDEATHSIG, SIGTERM);
				close(fileno(s->stats)); /* and the lock with it */
				signal(SIGINT, SIG_IGN);
				signal(SIGTERM, SIG_DFL);
				_exit(crash_settle(s->c, path) ? 0 : 2);
			}
		}
		free(path);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

/* The settler's end. False if it could not do its work: then the rest would not either. */
static bool settled(struct state *s, int status)
{
	s->settler = 0;
	if ((WIFEXITED(status) && !WEXITSTATUS(status)) || ended_by)
		return true;
	fprintf(stderr,
		"%s fuzz: a failure could not be looked into (%s %d): it stays in %s/pending-*, and "
		"--resume begins with it\n",
		registry_suite()->name, WIFSIGNALED(status) ? "signal" : "exit status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), s->c->folder);
	return false;
}

/* What a folder holds. */
static unsigned int entries(const char *folder)
{
	DIR *dir = opendir(folder);
	unsigned int n = 0;
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		n += *e->d_name != '.';
	if (dir)
		closedir(dir);
	return n;
}

static unsigned int crashes(const struct state *s)
{
	char *path = join(s->c->folder, "crashes");
	unsigned int n = entries(path);

	free(path);
	return n;
}

/* An exit status of something that nobody else has ended. */
static bool is_failure(int code)
{
	return code != GUEST_DIED && code != CANNOT_BOOT && code != INTERRUPTED && code < NOT_RUN;
}

/* An engine that has ended: in order, with a failure, or because it could not begin. */
static bool job_ended(struct state *s, struct job *j, int status)
{
	bool ran = j->head->magic == RECORDER_MAGIC && j->head->total;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : GUEST_DIED;
	char *title;

	j->pid = 0;
	if (ended_by)
		return true;
	if (!code && !j->hung) {
		j->bad_starts = ran ? 0 : j->bad_starts + 1;
	} else {
		title = crash_title(j->console);
		/* Killed by somebody: nothing was found, and the corpus is where it was. */
		if (title || j->hung || is_failure(code)) {
			if (!keep_failure(s, j)) {
				free(title);
				return false;
			}
			s->failures++;
		}
		free(title);
		s->restarts++;
		j->bad_starts = ran ? 0 : j->bad_starts + 1;
	}
	if (j->bad_starts >= BAD_STARTS) {
		fprintf(stderr, "%s fuzz: %s does not start (exit status %d): see %s\n",
			registry_suite()->name, s->c->target, code, j->console);
		return false;
	}
	if (s->c->first && s->failures)
		return true;
	return !seconds_left(s) || start_job(s, j);
}

/* Not every report makes a kernel panic: one that waits for a device to be unused goes on. */
static bool has_report(struct job *j)
{
	FILE *in = fopen(j->console, "re");
	char line[1024];
	bool found = false;

	if (!in)
		return false;
	if (!fseek(in, j->console_read, SEEK_SET)) {
		while (!found && fgets(line, sizeof(line), in) && strchr(line, '\n')) {
			/* The kernel begins with the time, libFuzzer has warnings too. */
			found = *line == '[' && kmsg_is_report(line);
			j->console_read = ftell(in);
		}
	}
	fclose(in);
	return found;
}

static void watch_job(struct job *j)
{
	time_t now = time(NULL);

	/* AFL++ begins a process anew, and that its numbers. */
	if (j->head->total < j->seen_total) {
		j->before += j->seen_total;
		j->seen_total = 0;
	}
	if (j->pid && !j->reported && has_report(j)) {
		/* Let it finish what it says; mostly it dies by itself. */
		j->reported = true;
		j->heard = now - HANG_S + REPORT_S;
		return;
	}
	if (j->head->total != j->seen_total && !j->reported) {
		j->seen_total = j->head->total;
		j->heard = now;
	} else if (j->pid && !j->hung && now - j->heard > HANG_S) {
		j->hung = !j->reported;
		kill(j->pid, SIGTERM);
	}
}

/* --- what is said of it ------------------------------------------------------------------ */

static void measure(struct state *s)
{
	uint64_t now = inputs(s);
	double t = passed(s);

	for (struct job *j = s->jobs; j < s->jobs + s->c->jobs; j++) {
		if (j->head->magic == RECORDER_MAGIC && j->head->edges > s->edges)
			s->edges = j->head->edges;
	}
	if (t > s->last_s)
		s->rate = (now - s->last_inputs) / (t - s->last_s);
	s->last_s = t;
	s->last_inputs = now;
}

static unsigned int guests_up(const struct state *s)
{
	unsigned int n = 0;

	for (struct job *j = s->jobs; j < s->jobs + s->c->jobs; j++)
		n += j->pid > 0;
	return n;
}

static void say_status(const struct state *s, bool last)
{
	static time_t said;
	bool terminal = isatty(STDERR_FILENO);
	unsigned int t = passed(s);

	if (!last && !terminal && time(NULL) - said < 60)
		return;
	said = time(NULL);
	fprintf(stderr,
		"%s%s %u:%02u:%02u  %.0f inputs/s, %" PRIu64 " inputs, %" PRIu64
		" edges, corpus %u, crashes %u (%u times), %s %u, restarted %u%s",
		terminal ? "\r\033[K" : "", s->c->target, t / 3600, t / 60 % 60, t % 60, s->rate,
		inputs(s), s->edges, entries(s->c->corpus), crashes(s), s->failures,
		s->c->guest ? "guests" : "engines", guests_up(s), s->restarts,
		terminal && !last ? "" : "\n");
}

/* A line for the plots. False if it cannot be written. */
static bool write_stats(struct state *s)
{
	char *path = join(s->c->folder, "stats.csv");
	bool ok;

	fprintf(s->stats, "%.0f,%" PRIu64 ",%.0f,%" PRIu64 ",%u,%u,%u,%u\n", passed(s), inputs(s),
		s->rate, s->edges, entries(s->c->corpus), crashes(s), s->failures, s->restarts);
	ok = !fflush(s->stats) || fault(path, "cannot write ");
	free(path);
	return ok && dashboard_write(s->c);
}

/* --- begin and end ----------------------------------------------------------------------- */

/* The failure that a campaign had no time or no room to keep before it ended. */
static bool keep_left(struct state *s, struct job *j)
{
	char *title = j->head->magic == RECORDER_MAGIC ? crash_title(j->console) : NULL;
	bool ok = !title || keep_failure(s, j);

	s->failures += title && ok;
	free(title);
	return ok;
}

static bool prepare_job(struct state *s, unsigned int number)
{
	struct job *j = &s->jobs[number];
	char name[32];
	int fd;

	j->number = number;
	snprintf(name, sizeof(name), "job-%u", number);
	j->folder = join(s->c->folder, name);
	if (!output_make_path(j->folder))
		return fault(j->folder, "cannot make ");
	j->recorder = join(j->folder, "recorder");
	j->console = join(j->folder, "console");
	fd = open(j->recorder, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || (errno = posix_fallocate(fd, 0, RECORDER_SIZE)))
		return fault(j->recorder, "cannot make ");
	j->head = mmap(NULL, sizeof(*j->head), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (j->head == MAP_FAILED)
		return fault(j->recorder, "cannot map ");
	if (!keep_left(s, j))
		return false;
	j->head->total = 0;
	return true;
}

/* Seeds of the target into a corpus that is empty. */
static bool seed_corpus(const struct campaign *c)
{
	char *program, *command;
	int status;

	if (entries(c->corpus))
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

/* Where the last line of the statistics leaves off. */
static void take_up(struct state *s, const char *path)
{
	FILE *in = fopen(path, "re");
	char line[256];

	while (in && fgets(line, sizeof(line), in))
		sscanf(line, "%lf,%" SCNu64 ",%*f,%" SCNu64 ",%*u,%*u,%u,%u", &s->passed_before,
		       &s->inputs_before, &s->edges, &s->failures, &s->restarts);
	if (in)
		fclose(in);
	s->last_s = s->passed_before;
	s->last_inputs = s->inputs_before;
}

static bool prepare(struct state *s)
{
	char *path = join(s->c->folder, "stats.csv");
	bool there = !access(path, F_OK);

	if (there && !s->c->resume) {
		fprintf(stderr,
			"%s fuzz: %s has a campaign already: --resume goes on with it, --output names "
			"another folder\n",
			registry_suite()->name, s->c->folder);
		free(path);
		return false;
	}
	if (there)
		take_up(s, path);
	s->stats = fopen(path, "ae");
	if (!s->stats)
		return fault(path, "cannot write ");
	free(path);
	if (flock(fileno(s->stats), LOCK_EX | LOCK_NB)) {
		fprintf(stderr, "%s fuzz: a campaign is at work in %s\n", registry_suite()->name,
			s->c->folder);
		return false;
	}
	if (!there)
		fputs("seconds,inputs,rate,edges,corpus,crashes,failures,restarts\n", s->stats);
	for (unsigned int i = 0; i < s->c->jobs; i++) {
		if (!prepare_job(s, i))
			return false;
	}
	return seed_corpus(s->c);
}

/* Its end, however often we are told to end ourselves. */
static void wait_end(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void end_jobs(struct state *s)
{
	for (struct job *j = s->jobs; j < s->jobs + s->c->jobs; j++) {
		if (!j->pid)
			continue;
		kill(-j->pid, SIGTERM);
		kill(j->pid, SIGTERM);
		wait_end(j->pid);
		j->pid = 0;
	}
}

/* All children that have ended. False if the campaign cannot go on. */
static bool reap(struct state *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == s->settler && !settled(s, status))
			return false;
		for (struct job *j = s->jobs; j < s->jobs + s->c->jobs; j++) {
			if (j->pid == pid && !job_ended(s, j, status))
				return false;
		}
	}
	return true;
}

static bool work(struct state *s)
{
	time_t next = time(NULL) + STATS_S;

	for (struct job *j = s->jobs; j < s->jobs + s->c->jobs; j++) {
		if (!start_job(s, j))
			return false;
	}
	/* What was found is settled after the time, too. */
	while (!ended_by && (guests_up(s) || s->settler)) {
		struct timespec second = { .tv_sec = 1 };

		nanosleep(&second, NULL);
		if (!reap(s))
			return false;
		for (struct job *j = s->jobs; j < s->jobs + s->c->jobs; j++)
			watch_job(j);
		settle_next(s);
		if (s->c->first && s->failures)
			end_jobs(s);
		if (time(NULL) < next)
			continue;
		next = time(NULL) + STATS_S;
		measure(s);
		say_status(s, false);
		if (!write_stats(s))
			return false;
	}
	return true;
}

int campaign_run(struct campaign *c)
{
	struct state s = { .c = c, .begun = time(NULL) };
	struct sigaction action = { .sa_handler = on_signal }, hangup;
	bool ok;

	s.jobs = must(calloc(c->jobs, sizeof(*s.jobs)));
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* Under nohup it is none. */
	if (!sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
	if (!prepare(&s))
		return 2;
	ok = work(&s);
	end_jobs(&s);
	if (s.settler) {
		kill(s.settler, SIGTERM);
		wait_end(s.settler);
	}
	measure(&s);
	ok = write_stats(&s) && ok;
	say_status(&s, true);
	fprintf(stderr, "%s fuzz: corpus in %s, page in %s/index.html\n", registry_suite()->name,
		c->corpus, c->folder);
	if (!ok)
		return 2;
	if (ended_by) {
		signal(ended_by, SIG_DFL);
		raise(ended_by);
	}
	if (crashes(&s))
		return 1;
	if (inputs(&s) > s.inputs_before)
		return 0;
	fprintf(stderr, "%s fuzz: no input was run in this time: see %s\n", registry_suite()->name,
		s.jobs->console);
	return 2;
}
