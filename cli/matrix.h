/* SPDX-License-Identifier: GPL-2.0-only */
/* `tuntests matrix`: the results of several kernels side by side, as JSON and as a page. */
#ifndef CLI_MATRIX_H
#define CLI_MATRIX_H

/*
 * The whole command with its options; @argv[0] is its name. The exit status: 0, 1 if some test is
 * bad or was not run in some kernel, 2 for wrong usage, a bad folder, or a set-up that is broken.
 */
int matrix_command(int argc, char **argv);

#endif /* CLI_MATRIX_H */
