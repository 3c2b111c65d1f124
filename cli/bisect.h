/* SPDX-License-Identifier: GPL-2.0-only */
/* Since when a test fails: in kernels of a distribution, or step by step for `git bisect run`. */
#ifndef CLI_BISECT_H
#define CLI_BISECT_H

/* `bisect`. The exit status: 0 found, 1 kernels that cannot be tested hide it, 2 anything else. */
int bisect_command(int argc, char **argv);

/* `bisect-run`. The exit status, for git: 0 good, 1 bad, 125 cannot say, 128 it has to stop. */
int bisect_run_command(int argc, char **argv);

#endif /* CLI_BISECT_H */
