// SPDX-License-Identifier: GPL-2.0-only
/* Uevents by netlink: strings one after the other, the first of them ACTION@PATH. */
#include <poll.h>
#include <sys/socket.h>
#include <linux/netlink.h>

#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/sock.h"
#include "netns/uevent.h"

int uevent_open(void)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (void *)&nl, sizeof(nl)))
		TH_BAIL("uevent socket: %s", strerror(errno));
	return fd;
}

const char *uevent_value(const char *event, size_t len, const char *key)
{
	size_t n = strlen(key);

	for (const char *s = event; s < event + len; s += strlen(s) + 1) {
		if (!strncmp(s, key, n) && s[n] == '=')
			return s + n + 1;
	}
	return NULL;
}

size_t uevent_wait(int fd, const char *first, char event[UEVENT_SIZE], int timeout_ms)
{
	int64_t deadline = clock_ms() + timeout_ms;
	ssize_t n;

	while (sock_wait(fd, POLLIN, clock_left(deadline))) {
		n = recv(fd, event, UEVENT_SIZE - 1, 0);
		if (n <= 0)
			continue;
		event[n] = '\0';
		if (!strcmp(event, first))
			return n;
	}
	return 0;
}
