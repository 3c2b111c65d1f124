// SPDX-License-Identifier: GPL-2.0-only
/*
 * mutator LIBRARY FILE: loads a custom mutator as afl-fuzz does and lets it change FILE. Prints
 * how many percent of the changes are to be its own, how many of 1000 were changes and how many of
 * these are longer than what was asked for.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX 200

int main(int argc, char **argv)
{
	static uint8_t data[MAX];
	void *library = argc == 3 ? dlopen(argv[1], RTLD_NOW) : NULL;
	void *(*init)(void *, unsigned int);
	uint8_t (*probability)(void *);
	size_t (*mutate)(void *, uint8_t *, size_t, uint8_t **, size_t);
	int fd = argc == 3 ? open(argv[2], O_RDONLY) : -1, changed = 0, too_long = 0;
	ssize_t size = read(fd, data, MAX);
	void *state;

	if (!library || size <= 0) {
		fprintf(stderr, "%s\n", library ? argv[2] : dlerror());
		return 2;
	}
	init = dlsym(library, "afl_custom_init");
	probability = dlsym(library, "afl_custom_havoc_mutation_probability");
	mutate = dlsym(library, "afl_custom_havoc_mutation");
	state = init(NULL, 1);
	for (int i = 0; i < 1000; i++) {
		uint8_t *out;
		size_t n = mutate(state, data, size, &out, MAX);

		changed += n != (size_t)size || memcmp(out, data, n);
		too_long += n > MAX;
	}
	printf("%d%% %s %d\n", probability(state), changed > 800 ? "changed" : "unchanged",
	       too_long);
	return 0;
}
