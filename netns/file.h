/* SPDX-License-Identifier: GPL-2.0-only */
/* Small files of /proc and /sys, one line in, one line out; and what file systems tell. */
#ifndef NETNS_FILE_H
#define NETNS_FILE_H

#include <stddef.h>

/* Writes @text in one write(): 0, or -1 and errno. */
int file_write(const char *path, const char *text);
/* The first line, without its newline and cut to @size - 1 bytes: 0, or -1, errno and "". */
int file_read_line(const char *path, char *line, size_t size);
/* The position of descriptor @fd as fdinfo shows it, -1 and errno if that cannot be read. */
long file_position(int fd);
/*
 * The root of a new file system of @type, which is mounted nowhere: a sysfs shows the links of the
 * namespace that it is made in. -1 and errno if that cannot be.
 */
int file_unmounted(const char *type);

#endif /* NETNS_FILE_H */
