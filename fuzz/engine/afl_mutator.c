// SPDX-License-Identifier: GPL-2.0-only
/*
 * A target's mutate() as a custom mutator of AFL++: build/fuzz/TARGET-mutator.so, for
 * AFL_CUSTOM_MUTATOR_LIBRARY. It takes part in the havoc stage only, which changes an input in
 * several places at random: three quarters of the changes are the target's, the rest AFL++'s own,
 * so that no structure is taken for granted.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

/* What AFL++ calls, declared nowhere. */
void *afl_custom_init(void *afl, unsigned int seed);
size_t afl_custom_havoc_mutation(void *state, uint8_t *data, size_t size, uint8_t **out,
				 size_t max);
uint8_t afl_custom_havoc_mutation_probability(void *state);
size_t afl_custom_fuzz(void *state, uint8_t *data, size_t size, uint8_t **out, uint8_t *other,
		       size_t other_size, size_t max);
unsigned int afl_custom_fuzz_count(void *state, const uint8_t *data, size_t size);
void afl_custom_deinit(void *state);

struct state {
	struct draw draw;
	uint8_t data[FUZZ_MAX_LEN];
};

void *afl_custom_init(void *afl, unsigned int seed)
{
	struct state *state = malloc(sizeof(*state));

	(void)afl;
	if (state)
		state->draw = draw_random(seed);
	return state;
}

size_t afl_custom_havoc_mutation(void *state, uint8_t *data, size_t size, uint8_t **out, size_t max)
{
	struct state *s = state;

	if (max > fuzz_target.max_len)
		max = fuzz_target.max_len;
	if (size > max)
		size = max;
	memcpy(s->data, data, size);
	*out = s->data;
	return fuzz_target.mutate(s->data, size, max, &s->draw);
}

/* Percent of the changes; none where the target leaves it all to the engine. */
uint8_t afl_custom_havoc_mutation_probability(void *state)
{
	(void)state;
	return fuzz_target.mutate ? 75 : 0;
}

/* AFL++ wants to have these too. */
size_t afl_custom_fuzz(void *state, uint8_t *data, size_t size, uint8_t **out, uint8_t *other,
		       size_t other_size, size_t max)
{
	(void)other;
	(void)other_size;
	return afl_custom_havoc_mutation(state, data, size, out, max);
}

unsigned int afl_custom_fuzz_count(void *state, const uint8_t *data, size_t size)
{
	(void)state;
	(void)data;
	(void)size;
	return 0;
}

void afl_custom_deinit(void *state)
{
	free(state);
}
