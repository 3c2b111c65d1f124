// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's log. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netns/klog.h"
#include "netns/netns.h"

int klog_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && lseek(fd, 0, SEEK_END) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int klog_count(int fd, const char *name, const char *text)
{
	char record[4096];
	int count = 0;
	ssize_t n;

	/* EPIPE: records were overwritten before they could be read. */
	while ((n = read(fd, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		record[n > 0 ? n : 0] = '\0';
		if (strstr(record, name) && strstr(record, text))
			count++;
	}
	return count;
}

void klog_link_name(char name[IFNAMSIZ])
{
	snprintf(name, IFNAMSIZ, "log%llx", (unsigned long long)netns_inode(-1) & 0xffffffffff);
}
