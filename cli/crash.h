/* SPDX-License-Identifier: GPL-2.0-only */
/* What a campaign has found: named by where it happened, made small, and told as a program in C. */
#ifndef CLI_CRASH_H
#define CLI_CRASH_H

#include "cli/campaign.h"

/*
 * What a console says of a failure, in one line that stays the same when it happens again: the
 * kernel's report and the functions it was in, or what the kernel did that the model does not. To
 * be freed; NULL if there is nothing of that kind.
 */
char *crash_title(const char *console);
/*
 * The same functions: one who writes where nothing of his is meets a free object as well as the end
 * of one in use.
 */
bool crash_same_place(const char *a, const char *b);
/* 16 hexadecimal digits of a title. */
void crash_hash(const char *title, char *hash);

/*
 * @pending: a folder with "best", the recording, and "console". Makes crashes/HASH of it, unless
 * that is there, and then only counts; removes @pending. Boots guests for it. False after a line if
 * that could not be done, and @pending stays.
 */
bool crash_settle(const struct campaign *c, const char *pending);

#endif /* CLI_CRASH_H */
