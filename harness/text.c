// SPDX-License-Identifier: GPL-2.0-only
#include "harness/text.h"

#include <libxml/xmlstring.h>
#include <stdbool.h>
#include <string.h>

char *text_clean(const char *text, size_t len)
{
	char *copy = strndup(text, len), *p;
	bool utf8 = copy && xmlCheckUTF8((const xmlChar *)copy);

	for (p = copy; p && *p; p++) {
		unsigned char c = *p;

		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || (c >= 0x80 && !utf8))
			*p = '?';
	}
	return copy;
}
