/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes a recorded failure smaller: leaves out inputs, then bytes, then makes bytes zero, as long
 * as what is left fails in the same way. Each candidate runs in a process of its own, which a
 * mismatch or a hang ends.
 *
 * If the kernel dies, so do we: whoever boots the next guest makes the file "died" in the folder if
 * it was the same death, or "other" if not, and calls again. Nothing else has to be remembered.
 */
#ifndef FUZZ_ENGINE_SHRINK_H
#define FUZZ_ENGINE_SHRINK_H

/*
 * The folder holds "best", the recording; it becomes the smallest. "trying" and "position" are
 * ours. Returns 0; 1 if the whole does not fail again; 2 after a line if it cannot be tried.
 */
int shrink(const char *dir);

#endif /* FUZZ_ENGINE_SHRINK_H */
