/* SPDX-License-Identifier: GPL-2.0-only */
/* What the test may do: its capabilities, and children in user namespaces of their own. */
#ifndef NETNS_CREDS_H
#define NETNS_CREDS_H

#include <stdbool.h>

struct __test_metadata;

/* Puts all of the thread's capabilities into force, or none. They stay permitted. */
void creds_capable(bool on);
/* The same for CAP_NET_ADMIN alone. */
void creds_net_admin(bool on);

/*
 * Moves the process, which has one thread, into a new user namespace, whose root it is and which
 * knows no other id, and into new ones of the kinds in @more (CLONE_NEWNET, ...), which belong to
 * it. 0, or -1 and errno. A test needs the feature "user_namespaces".
 */
int creds_unshare(int more);

/* What a child does; expectations in it count for the test. */
typedef void creds_body(struct __test_metadata *_metadata, void *arg);

/* Runs @body in a child process, which may change its ids and namespaces for good, and waits. */
void creds_child(struct __test_metadata *_metadata, creds_body *body, void *arg);
/* The same in a child that has done creds_unshare(@more). */
void creds_userns_child(struct __test_metadata *_metadata, int more, creds_body *body, void *arg);

#endif /* NETNS_CREDS_H */
