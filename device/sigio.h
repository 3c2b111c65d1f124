/* SPDX-License-Identifier: GPL-2.0-only */
/* The signals of O_ASYNC: left pending, and taken one by one. */
#ifndef DEVICE_SIGIO_H
#define DEVICE_SIGIO_H

/* Blocks @sig, SIGIO or that of F_SETSIG, in this thread. Ends the test if that fails. */
void sigio_block(int sig);
/*
 * Takes the next blocked @sig that comes within @timeout_ms: its si_code, which is SI_KERNEL for a
 * plain SIGIO and with F_SETSIG says why: POLL_IN, POLL_OUT, ... 0 if none comes, -1 if it is about
 * another descriptor than @fd.
 */
int sigio_next(int sig, int fd, int timeout_ms);

#endif /* DEVICE_SIGIO_H */
