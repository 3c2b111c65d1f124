/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The capture of a test: a pcapng file of the frames that crossed a device file or a packet socket,
 * written to the test's attachment and kept if the test fails.
 */
#ifndef NETNS_CAPTURE_H
#define NETNS_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

/* Link types of pcapng, see the LINKTYPE_ registry of the tcpdump group. */
#define CAPTURE_ETHERNET 1   /* LINKTYPE_ETHERNET */
#define CAPTURE_RAW	 101 /* LINKTYPE_RAW: starts with an IPv4 or IPv6 header */

enum capture_direction {
	CAPTURE_INBOUND = 1,  /* the kernel received it: written to a device file */
	CAPTURE_OUTBOUND = 2, /* the kernel sent it: read from a device file */
};

/* Adds one frame; each (@where, @linktype) becomes an interface of the file. */
void capture_frame(const char *where, int linktype, enum capture_direction direction,
		   const void *frame, size_t len);

/* Sends the capture to @fd in place of the attachment (NULL-safe for programs without tests). */
void capture_to(int fd);

#endif /* NETNS_CAPTURE_H */
