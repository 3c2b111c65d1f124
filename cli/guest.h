/* SPDX-License-Identifier: GPL-2.0-only */
/* `tuntests guest`, and where the scripts of the guest room are. */
#ifndef CLI_GUEST_H
#define CLI_GUEST_H

/*
 * Path of a script of the guest room: beside the tree's build folder, or where `make install` puts
 * it. To be freed; NULL after one line on standard error.
 */
char *guest_script(const char *name);

/* `tuntests guest ...`: becomes the script that does it; returns the exit status if it cannot. */
int cmd_guest(int argc, char **argv);

#endif /* CLI_GUEST_H */
