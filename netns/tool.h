/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The independent witness: iproute2 and ethtool, run in the test's namespaces. What they print is
 * held against what the ioctls say.
 */
#ifndef NETNS_TOOL_H
#define NETNS_TOOL_H

#include <jansson.h>
#include <stddef.h>

/*
 * Runs a command line (words split at spaces, no shell), and waits up to ten seconds for it.
 * Its standard output and error go to @out (cut to @size - 1 bytes, NUL-terminated), if not NULL.
 * Returns its exit status; 127 if it cannot be run; 128 + the signal that ended it.
 */
int tool_run(char *out, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Runs a command that must succeed; otherwise the test ends as an error with what it said. */
void tool_must(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same for a command that prints JSON; a new reference, the caller's to json_decref(). */
json_t *tool_json(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* `ip -d -s -j link show NAME`: the one object; ends the test if there is none. A new reference. */
json_t *tool_ip_link(const char *name);

/*
 * A value by path, "linkinfo.info_data.type"; keys and array positions ("0") separated by dots.
 * Borrowed; NULL if it is not there.
 */
json_t *tool_get(json_t *json, const char *path);

/* True if the array of strings at @path has @text among them. */
bool tool_has(json_t *json, const char *path, const char *text);

/* A number, string or truth value by path; -1, "" or false if it is not there. */
long long tool_get_int(json_t *json, const char *path);
const char *tool_get_string(json_t *json, const char *path);
bool tool_get_bool(json_t *json, const char *path);

#endif /* NETNS_TOOL_H */
