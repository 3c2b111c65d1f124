// SPDX-License-Identifier: GPL-2.0-only
#include "harness/ancestor.h"

#include <stdio.h>
#include <sys/stat.h>

#define PROC_PID_INIT_INO 0xeffffffc /* uapi linux/nsfs.h has had it since 6.18 */
#define GENERATIONS	  32

static bool in_initial_namespace(void)
{
	struct stat st;

	return !stat("/proc/self/ns/pid", &st) && st.st_ino == PROC_PID_INIT_INO;
}

/* Of a process or thread. False if it has gone. */
static bool family(pid_t pid, pid_t *process, pid_t *parent)
{
	char path[32], line[256];
	int found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f))
		found += sscanf(line, "Tgid: %d", process) == 1 ||
			 sscanf(line, "PPid: %d", parent) == 1;
	fclose(f);
	return found == 2;
}

pid_t ancestor(pid_t pid, bool (*is)(void *arg, pid_t pid), void *arg)
{
	pid_t process, parent;

	if (!in_initial_namespace())
		return 0;
	for (int i = 0; i < GENERATIONS && pid > 0 && family(pid, &process, &parent); i++) {
		if (is(arg, process))
			return process;
		pid = parent;
	}
	return 0;
}
