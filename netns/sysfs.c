// SPDX-License-Identifier: GPL-2.0-only
/* A link's files in /sys/class/net. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/harness.h"
#include "netns/file.h"
#include "netns/sysfs.h"

static const char *path_of(const char *link, const char *file)
{
	static __thread char path[256];

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", link, file);
	return path;
}

const char *sysfs_get(const char *link, const char *file)
{
	static __thread char line[128];

	if (file_read_line(path_of(link, file), line, sizeof(line)))
		snprintf(line, sizeof(line), "(%s)", harness_errno_name(errno));
	return line;
}

long long sysfs_number(const char *link, const char *file)
{
	const char *line = sysfs_get(link, file);
	char *end;
	long long number = strtoll(line, &end, 0);

	if (end != line && !*end)
		return number;
	TH_LOG("%s: no number but '%s'", path_of(link, file), line);
	return -1;
}

int sysfs_set(const char *link, const char *file, const char *value)
{
	return file_write(path_of(link, file), value);
}

int sysfs_queues(const char *link, const char *prefix)
{
	const char *path = path_of(link, "queues");
	DIR *dir = opendir(path);
	struct dirent *entry;
	int n = 0;

	if (!dir)
		TH_BAIL("%s: %s", path, strerror(errno));
	while ((entry = readdir(dir)))
		n += !strncmp(entry->d_name, prefix, strlen(prefix));
	closedir(dir);
	return n;
}
