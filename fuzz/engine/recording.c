// SPDX-License-Identifier: GPL-2.0-only
/* What a flight recorder has left. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/engine/recorder.h"

/* Cuts the file into its records; what does not fit any more was being written. */
static void cut(struct recording *r, size_t len)
{
	const struct recorder_head *head = (const void *)r->bytes;
	const uint8_t *at = r->bytes + sizeof(*head), *end = r->bytes + len;
	uint32_t size;

	while (r->count < head->count && end - at >= (ssize_t)sizeof(size)) {
		memcpy(&size, at, sizeof(size));
		at += sizeof(size);
		if (size > end - at)
			return;
		r->inputs[r->count++] = (struct recorded){ at, size };
		at += (size + 3) / 4 * 4;
	}
}

/* No recorder leaves more; a device or a pipe has no size. Else errno says why not. */
static bool is_fit(const struct stat *st)
{
	if (S_ISREG(st->st_mode) && st->st_size <= RECORDER_SIZE)
		return true;
	errno = S_ISDIR(st->st_mode) ? EISDIR : S_ISREG(st->st_mode) ? EFBIG : EINVAL;
	return false;
}

int recording_load(const char *path, struct recording *r)
{
	const struct recorder_head *head;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t len = -1;

	*r = (struct recording){ 0 };
	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && is_fit(&st)) {
		r->bytes = malloc(st.st_size + sizeof(*head));
		len = r->bytes ? read(fd, r->bytes, st.st_size) : -1;
	}
	close(fd);
	if (len < 0)
		return -1;
	head = (const void *)r->bytes;
	if (len >= (ssize_t)sizeof(*head) && head->magic == RECORDER_MAGIC) {
		snprintf(r->target, sizeof(r->target), "%.19s", head->target);
		/* A record has four bytes at least. */
		r->inputs = calloc(len / 4 + 1, sizeof(*r->inputs));
		if (!r->inputs)
			return -1;
		r->recorded = head->count;
		cut(r, len);
		return 0;
	}
	r->inputs = calloc(1, sizeof(*r->inputs));
	if (!r->inputs)
		return -1;
	r->inputs[r->count++] = (struct recorded){ r->bytes, len };
	r->recorded = 1;
	return 0;
}

static bool write_all(FILE *out, const struct recording *r, const char *target)
{
	struct recorder_head head = { .magic = RECORDER_MAGIC,
				      .count = r->count,
				      .total = r->count };
	static const char zeros[4];

	snprintf(head.target, sizeof(head.target), "%s", target);
	for (size_t i = 0; i < r->count; i++)
		head.used += 4 + (r->inputs[i].size + 3) / 4 * 4;
	fwrite(&head, sizeof(head), 1, out);
	for (size_t i = 0; i < r->count; i++) {
		uint32_t size = r->inputs[i].size;

		fwrite(&size, sizeof(size), 1, out);
		fwrite(r->inputs[i].data, 1, size, out);
		fwrite(zeros, 1, -size & 3, out);
	}
	return !ferror(out);
}

int recording_save(const char *path, const struct recording *r, const char *target)
{
	char part[4096];
	FILE *out;
	bool ok;

	snprintf(part, sizeof(part), "%s.part", path);
	out = fopen(part, "we");
	if (!out)
		return -1;
	ok = write_all(out, r, target);
	if (fclose(out) || !ok)
		return -1;
	return rename(part, path);
}

void recording_free(struct recording *r)
{
	free(r->bytes);
	free(r->inputs);
}
