/* SPDX-License-Identifier: GPL-2.0-only */
/* The page of a campaign: plots over time, and what was found. */
#ifndef CLI_DASHBOARD_H
#define CLI_DASHBOARD_H

#include "cli/campaign.h"

/*
 * Writes index.html from the folder's stats.csv and crashes. @results: what are called edges there
 * are results of calls. @end: how the campaign has ended, NULL if it has not. False after a line.
 */
bool dashboard_write(const struct campaign *c, bool results, const char *end);

#endif /* CLI_DASHBOARD_H */
