/* SPDX-License-Identifier: GPL-2.0-only */
/* Values that the driver and the stack look for, as a dictionary for the engines. */
#ifndef FUZZ_ENGINE_DICTIONARY_H
#define FUZZ_ENGINE_DICTIONARY_H

#include <stdio.h>

/* In the format that libFuzzer (-dict) and AFL++ (-x) read. */
void dictionary_print(FILE *out);

#endif /* FUZZ_ENGINE_DICTIONARY_H */
