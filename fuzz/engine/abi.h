/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the probes say of a kernel, in the file that the environment variable TUNTESTS_ABI names, so
 * that the next program has no need of them. They take seconds in a guest.
 */
#ifndef FUZZ_ENGINE_ABI_H
#define FUZZ_ENGINE_ABI_H

#include "device/model.h"

/*
 * All features are probed, then, and @abi is what lockstep_abi() said. False without the variable
 * or the file, or after a line if it is of another kernel or program. Another driver in the same
 * kernel has to be known to the caller.
 */
bool abi_load(struct model_abi *abi);
/* For the next. A line if that cannot be done. */
void abi_save(const struct model_abi *abi);

#endif /* FUZZ_ENGINE_ABI_H */
