// SPDX-License-Identifier: GPL-2.0-only
#include "harness/junit.h"

#include <libxml/xmlwriter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/text.h"

#define X(s) ((const xmlChar *)(s))

/* Of a long log, the end: all of it is in its file. */
#define LOG_SIZE (64 << 10)

static char *clean(const char *text)
{
	const char *tail = text_tail(text, LOG_SIZE);

	return text_clean(tail, strlen(tail));
}

static void attribute(xmlTextWriter *w, const char *name, const char *value)
{
	char *safe = clean(value);

	xmlTextWriterWriteAttribute(w, X(name), X(safe));
	free(safe);
}

static void number(xmlTextWriter *w, const char *name, unsigned int value)
{
	xmlTextWriterWriteFormatAttribute(w, X(name), "%u", value);
}

static void seconds(xmlTextWriter *w, int64_t ns)
{
	xmlTextWriterWriteFormatAttribute(w, X("time"), "%.3f", ns / 1e9);
}

static void text_element(xmlTextWriter *w, const char *name, const char *text)
{
	char *safe = clean(text);

	xmlTextWriterWriteElement(w, X(name), X(safe));
	free(safe);
}

static void verdict_element(xmlTextWriter *w, const char *element, const struct record *r)
{
	char *log = clean(r->log);

	xmlTextWriterStartElement(w, X(element));
	attribute(w, "message", r->reason);
	attribute(w, "type", result_name(r->result));
	xmlTextWriterWriteString(w, X(log));
	xmlTextWriterEndElement(w);
	free(log);
}

static void verdict(xmlTextWriter *w, const struct record *r)
{
	switch (r->result) {
	case RESULT_FAIL:
	case RESULT_TIMEOUT:
	case RESULT_CRASH:
		verdict_element(w, "failure", r);
		break;
	case RESULT_ERROR:
		verdict_element(w, "error", r);
		break;
	case RESULT_SKIP:
	case RESULT_XFAIL:
	case RESULT_NOTRUN:
		xmlTextWriterStartElement(w, X("skipped"));
		attribute(w, "message", r->result == RESULT_NOTRUN ? "not run" : r->reason);
		xmlTextWriterEndElement(w);
		break;
	default:
		break;
	}
}

static void testcase(xmlTextWriter *w, const struct record *r)
{
	xmlTextWriterStartElement(w, X("testcase"));
	xmlTextWriterWriteFormatAttribute(w, X("classname"), "%s.%s", registry_suite()->name,
					  r->test->area);
	attribute(w, "name", r->test->id);
	seconds(w, r->duration_ns);
	verdict(w, r);
	if (result_is_bad(r->result) && r->kernel_log)
		text_element(w, "system-err", r->kernel_log);
	xmlTextWriterEndElement(w);
}

static void suite_numbers(xmlTextWriter *w, const struct record *first, size_t count)
{
	unsigned int failures = 0, errors = 0, skipped = 0;
	int64_t ns = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		enum result r = first[i].result;

		errors += r == RESULT_ERROR;
		failures += result_is_bad(r) && r != RESULT_ERROR;
		skipped += r == RESULT_SKIP || r == RESULT_XFAIL || r == RESULT_NOTRUN;
		ns += first[i].duration_ns;
	}
	number(w, "tests", count);
	number(w, "failures", failures);
	number(w, "errors", errors);
	number(w, "skipped", skipped);
	seconds(w, ns);
}

static void testsuite(xmlTextWriter *w, const struct run *run, const struct record *first,
		      size_t count)
{
	char started[32];
	size_t i;

	strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%S", gmtime(&run->started));
	xmlTextWriterStartElement(w, X("testsuite"));
	attribute(w, "name", first->test->area);
	suite_numbers(w, first, count);
	attribute(w, "timestamp", started);
	attribute(w, "hostname", run->kernel.nodename);
	xmlTextWriterStartElement(w, X("properties"));
	xmlTextWriterStartElement(w, X("property"));
	attribute(w, "name", "kernel");
	attribute(w, "value", run->kernel.release);
	xmlTextWriterEndElement(w);
	xmlTextWriterEndElement(w);
	for (i = 0; i < count; i++)
		testcase(w, &first[i]);
	xmlTextWriterEndElement(w);
}

static size_t area_count(const struct run *run, size_t from)
{
	size_t i = from;

	while (i < run->count && !strcmp(run->records[i].test->area, run->records[from].test->area))
		i++;
	return i - from;
}

char *junit_text(const struct run *run)
{
	xmlBuffer *buffer = xmlBufferCreate();
	xmlTextWriter *w = buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL;
	char *text = NULL;
	size_t i, n;

	if (w) {
		xmlTextWriterSetIndent(w, 1);
		xmlTextWriterStartDocument(w, NULL, "UTF-8", NULL);
		xmlTextWriterStartElement(w, X("testsuites"));
		attribute(w, "name", registry_suite()->name);
		for (i = 0; i < run->count; i += n) {
			n = area_count(run, i);
			testsuite(w, run, &run->records[i], n);
		}
		xmlTextWriterEndDocument(w);
		xmlFreeTextWriter(w);
		text = strdup((const char *)xmlBufferContent(buffer));
	}
	if (buffer)
		xmlBufferFree(buffer);
	return text;
}
