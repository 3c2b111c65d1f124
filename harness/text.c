// SPDX-License-Identifier: GPL-2.0-only
#include "harness/text.h"

#include <libxml/chvalid.h>
#include <libxml/xmlstring.h>
#include <stdbool.h>
#include <string.h>

/* UTF-8 that JSON and XML may hold: the library's check knows nothing of overlong forms. */
static bool is_text(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	int len, c;

	for (; *p; p += len) {
		len = 4;
		c = xmlGetUTF8Char(p, &len);
		if (c < 0 || (c >= 0x20 && !xmlIsCharQ(c)) ||
		    len != (c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4))
			return false;
	}
	return true;
}

char *text_clean(const char *text, size_t len)
{
	char *copy = strndup(text, len), *p;
	bool utf8 = copy && is_text(copy);

	for (p = copy; p && *p; p++) {
		unsigned char c = *p;

		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || (c >= 0x80 && !utf8))
			*p = '?';
	}
	return copy;
}

const char *text_tail(const char *text, size_t max)
{
	size_t len = text ? strlen(text) : 0;
	const char *line;

	if (len <= max)
		return text ? text : "";
	text += len - max;
	line = strchr(text, '\n');
	return line && line[1] ? line + 1 : text;
}
