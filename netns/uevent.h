/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel tells udev of devices in the current network namespace. */
#ifndef NETNS_UEVENT_H
#define NETNS_UEVENT_H

#include <stddef.h>

#define UEVENT_SIZE 4096

/* Listens from now on, the caller's to close. Ends the test if that fails. */
int uevent_open(void);
/*
 * Waits for the uevent with this first line, "add@/devices/virtual/net/t0"; the rest is in @event.
 * Its length, 0 if none comes within @timeout_ms.
 */
size_t uevent_wait(int fd, const char *first, char event[UEVENT_SIZE], int timeout_ms);
/* The value of KEY= in a uevent of @len bytes, or NULL. */
const char *uevent_value(const char *event, size_t len, const char *key);

#endif /* NETNS_UEVENT_H */
