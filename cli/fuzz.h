/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CLI_FUZZ_H
#define CLI_FUZZ_H

/* The commands `fuzz`, `replay` and `reproducer`: their exit status. */
int cmd_fuzz(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_reproducer(int argc, char **argv);

#endif /* CLI_FUZZ_H */
