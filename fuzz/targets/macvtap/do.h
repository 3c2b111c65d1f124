/* SPDX-License-Identifier: GPL-2.0-only */
/* Operations: what the kernel makes of them has to be what was expected, or fuzz_wrong(). */
#ifndef FUZZ_TARGETS_MACVTAP_DO_H
#define FUZZ_TARGETS_MACVTAP_DO_H

#include "fuzz/targets/macvtap/expect.h"

void do_setting(struct side *s, const struct tap_op *o);
void do_query(const struct side *s, const struct tap_op *o);
void do_write(struct side *s, const struct tap_op *o);
void do_send(struct side *s, const struct tap_op *o);

#endif /* FUZZ_TARGETS_MACVTAP_DO_H */
