// SPDX-License-Identifier: GPL-2.0-only
/* What a failure is called. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common.h"
#include "cli/crash.h"
#include "harness/kmsg.h"
#include "harness/registry.h"

/* So many functions of a report's call trace make its name. */
#define FRAMES 3

/* Functions that report, and are not what went wrong. */
static bool reports(const char *function)
{
	static const char *const begins[] = {
		"dump_",	"show_",	"__dump",	 "print_", "kasan_",   "__asan_",
		"__kasan",	"check_region", "panic",	 "__warn", "warn_",    "report_",
		"ubsan_",	"__ubsan",	"handle_",	 "segv",   "sig_",     "hard_",
		"unblock_",	"_raw_spin",	"um_",		 "relay_", "bad_segv", "userspace",
		"fork_handler", "asan_",	"do_error",	 "exc_",   "asm_exc",  "die",
		"oops_",	"new_thread",	"interrupt_end",
	};

	for (size_t i = 0; i < ARRAY_SIZE(begins); i++) {
		if (!strncmp(function, begins[i], strlen(begins[i])))
			return true;
	}
	return false;
}

/*
 * The function in a line of a call trace: "[<...>] tun_get_user+0x1a/0x2b [tun]". One with a
 * question mark in front may be anything that lay on the stack.
 */
static bool frame_of(const char *line, char *function, size_t size)
{
	const char *plus = strstr(line, "+0x"), *from = plus;

	if (!plus || !strchr(plus, '/') || strstr(line, " ? "))
		return false;
	while (from > line && (isalnum((unsigned char)from[-1]) || strchr("_.", from[-1])))
		from--;
	snprintf(function, size, "%.*s", (int)(plus - from), from);
	function[strcspn(function, ".")] = '\0';
	return *function && !reports(function);
}

/*
 * Without the time in front, and what differs each time: numbers, addresses, and all behind a
 * function's name.
 */
static void normalize(const char *line, char *out, size_t size)
{
	size_t n = 0;

	if (*line == '[' && strchr(line, ']'))
		line = strchr(line, ']') + 1;
	while (*line == ' ')
		line++;
	while (*line && *line != '\n' && n + 1 < size && strncmp(line, "+0x", 3)) {
		size_t digits = strspn(line, "0123456789");

		/* Hexadecimal ones have letters. */
		if (!strncmp(line, "0x", 2))
			digits = 2 + strspn(line + 2, "0123456789abcdef");
		out[n++] = digits ? '#' : *line;
		line += digits ? digits : 1;
	}
	out[n] = '\0';
}

static bool says_failure(const char *line)
{
	return strstr(line, ": the kernel does not do what the model says: ") ||
	       strstr(line, "ERROR: libFuzzer: ") || strstr(line, "tuntests: BUG: ");
}

static bool ends_in(const char *text, const char *word)
{
	size_t n = strlen(text), len = strlen(word);

	return n > len && !strcmp(text + n - len, word) && text[n - len - 1] == ' ';
}

char *crash_title(const char *console)
{
	FILE *in = fopen(console, "re");
	char line[1024], title[300] = "", part[200], function[128], *text;
	bool kernel = false, traced = false;
	int frames = 0;

	while (in && fgets(line, sizeof(line), in)) {
		bool report = *line == '[' && kmsg_is_report(line);

		if (!kernel && (report || (!*title && says_failure(line)))) {
			normalize(line, title, sizeof(title));
			kernel = report;
		} else if (kernel && strstr(line, "Call Trace")) {
			traced = true;
		} else if (traced && frames < FRAMES &&
			   frame_of(line, function, sizeof(function))) {
			snprintf(part, sizeof(part), " < %s", function);
			/* The report has named the first. */
			if (!frames && ends_in(title, function))
				continue;
			strncat(title, part, sizeof(title) - strlen(title) - 1);
			frames++;
		}
	}
	if (in)
		fclose(in);
	text = *title ? must(strdup(title)) : NULL;
	return text;
}

bool crash_same_place(const char *a, const char *b)
{
	const char *in_a = strstr(a, " in "), *in_b = strstr(b, " in ");

	return in_a && in_b ? !strcmp(in_a, in_b) : !strcmp(a, b);
}

/* FNV-1a. */
void crash_hash(const char *title, char *hash)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (; *title; title++)
		h = (h ^ (unsigned char)*title) * 0x100000001b3ULL;
	sprintf(hash, "%016" PRIx64, h);
}
