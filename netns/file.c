// SPDX-License-Identifier: GPL-2.0-only
/* Small files of /proc and /sys. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "netns/file.h"

/* Closes @fd and gives what the call on it gave. */
static int finish(int fd, int err)
{
	close(fd);
	errno = err;
	return err ? -1 : 0;
}

int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	return finish(fd, write(fd, text, strlen(text)) < 0 ? errno : 0);
}

int file_read_line(const char *path, char *line, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	line[0] = '\0';
	if (fd < 0)
		return -1;
	n = read(fd, line, size - 1);
	if (n < 0)
		return finish(fd, errno);
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return finish(fd, 0);
}

long file_position(int fd)
{
	char path[32], line[64];
	long position = -1;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (file_read_line(path, line, sizeof(line)))
		return -1;
	if (sscanf(line, "pos: %ld", &position) != 1)
		errno = EPROTO;
	return position;
}

int file_unmounted(const char *type)
{
	int context = fsopen(type, FSOPEN_CLOEXEC), root = -1;

	if (context >= 0 && !fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		root = fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (context >= 0)
		close(context);
	return root;
}
