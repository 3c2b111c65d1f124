// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tree of the compiler says what is a condition, a statement or a constant, and the file's own
 * text whether it can be changed there: what a macro brings along is not in the text, and is left
 * alone.
 */
#include "mutants/sites.h"

#include <clang-c/Index.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mutants/names.h"

const char *const operator_names[OP_COUNT] = {
	"negate", "drop", "errpath", "constant", "errno", "bound", "lock", "reset",
};

/* What replaces a statement. */
#define GONE "(void)0"

/* A macro that is used. */
struct macro {
	char *name;
	size_t start, end;
	bool has_arguments;
};

struct finder {
	struct source *s;
	CXTranslationUnit unit;
	CXFile file;
	char *function;
	struct macro *macros;
	size_t macro_count;
	struct {
		size_t start, end;
	} * idle; /* where nothing is to be changed */
	size_t idle_count;
};

struct children {
	CXCursor *c;
	size_t count;
};

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

/* --- places in the text ------------------------------------------------------------------ */

static bool offset_of(const struct finder *f, CXSourceLocation at, size_t *offset)
{
	CXFile file;
	unsigned int n;

	clang_getFileLocation(at, &file, NULL, NULL, &n);
	*offset = n;
	return file && clang_File_isEqual(file, f->file);
}

static bool start_of(const struct finder *f, CXCursor c, size_t *start)
{
	return offset_of(f, clang_getRangeStart(clang_getCursorExtent(c)), start);
}

/* The end of the string, character or comment that begins at @at, or @at. */
static size_t skip_quoted(const char *text, size_t at, size_t end)
{
	char quote = text[at];

	if (quote == '/' && text[at + 1] == '*') {
		const char *close = strstr(text + at + 2, "*/");

		return close ? (size_t)(close - text) + 2 : end;
	}
	if (quote != '"' && quote != '\'')
		return at;
	for (at++; at < end && text[at] != quote; at++)
		at += text[at] == '\\';
	return at + 1;
}

/*
 * Where the text of @c is. A macro within it makes the compiler's idea of its end go too far, up to
 * the end of the macro that it is an argument of.
 */
static bool place(const struct finder *f, CXCursor c, size_t *start, size_t *end)
{
	const char *text = f->s->text;
	size_t at, next;
	int depth = 0;

	if (!start_of(f, c, start) ||
	    !offset_of(f, clang_getRangeEnd(clang_getCursorExtent(c)), end))
		return false;
	for (at = *start; at < *end; at = next) {
		next = skip_quoted(text, at, *end);
		if (next != at)
			continue;
		next = at + 1;
		depth += !!strchr("([{", text[at]) - !!strchr(")]}", text[at]);
		if (depth < 0 || (!depth && text[at] == ','))
			*end = at;
	}
	while (*end > *start && isspace((unsigned char)text[*end - 1]))
		(*end)--;
	return *end > *start && depth <= 0;
}

static char after(const struct finder *f, size_t at)
{
	while (isspace((unsigned char)f->s->text[at]))
		at++;
	return f->s->text[at];
}

static char before(const struct finder *f, size_t at)
{
	while (at && isspace((unsigned char)f->s->text[at - 1]))
		at--;
	return at ? f->s->text[at - 1] : '\0';
}

static size_t word_end(const struct finder *f, size_t at)
{
	while (isalnum((unsigned char)f->s->text[at]) || f->s->text[at] == '_')
		at++;
	return at;
}

/* The word that begins there, to be freed. */
static char *word_at(const struct finder *f, size_t at)
{
	return must(strndup(f->s->text + at, word_end(f, at) - at));
}

static bool is_word(const struct finder *f, size_t at, const char *word)
{
	size_t len = strlen(word);

	return word_end(f, at) == at + len && !memcmp(f->s->text + at, word, len);
}

/* True if nothing but @word and blanks is there; its offset goes to @at. */
static bool only(const struct finder *f, size_t start, size_t end, const char *word, size_t *at)
{
	const char *text = f->s->text;
	size_t len = strlen(word);

	while (start < end && isspace((unsigned char)text[start]))
		start++;
	while (end > start && isspace((unsigned char)text[end - 1]))
		end--;
	*at = start;
	return end - start == len && !memcmp(text + start, word, len);
}

char *source_text(const struct source *s, size_t start, size_t end)
{
	char *text = must(malloc(end - start + 1));
	size_t n = 0;

	for (; start < end; start++) {
		bool blank = isspace((unsigned char)s->text[start]);

		if (!blank || (n && text[n - 1] != ' '))
			text[n++] = blank ? ' ' : s->text[start];
	}
	text[n] = '\0';
	return text;
}

/* --- sites ------------------------------------------------------------------------------- */

static bool is_idle(const struct finder *f, const struct site *site)
{
	size_t i;

	for (i = 0; i < f->idle_count; i++)
		if (site->start >= f->idle[i].start && site->end <= f->idle[i].end)
			return true;
	return false;
}

static void drop_idle(struct finder *f)
{
	struct source *s = f->s;
	size_t i, kept = 0;

	for (i = 0; i < s->count; i++) {
		if (is_idle(f, &s->sites[i])) {
			free(s->sites[i].function);
			free(s->sites[i].replacement);
		} else {
			s->sites[kept++] = s->sites[i];
		}
	}
	s->count = kept;
}

/* Takes over @replacement. The first who finds a change names it. */
static void add(struct finder *f, enum operator op, size_t start, size_t end, char *replacement)
{
	struct source *s = f->s;
	size_t i;

	must(replacement);
	for (i = 0; i < s->count; i++)
		if (s->sites[i].start == start && s->sites[i].end == end &&
		    !strcmp(s->sites[i].replacement, replacement))
			break;
	if (i < s->count) {
		free(replacement);
		return;
	}
	s->sites = must(realloc(s->sites, (s->count + 1) * sizeof(*s->sites)));
	s->sites[s->count++] = (struct site){ .op = op,
					      .function = must(strdup(f->function)),
					      .start = start,
					      .end = end,
					      .replacement = replacement };
}

static char *format(const char *fmt, const struct finder *f, size_t start, size_t end)
{
	char *text = source_text(f->s, start, end), *result;

	if (asprintf(&result, fmt, text) < 0)
		abort();
	free(text);
	return result;
}

/* --- the tree ---------------------------------------------------------------------------- */

static enum CXChildVisitResult take_child(CXCursor c, CXCursor parent, CXClientData data)
{
	struct children *ch = data;

	(void)parent;
	ch->c = must(realloc(ch->c, (ch->count + 1) * sizeof(*ch->c)));
	ch->c[ch->count++] = c;
	return CXChildVisit_Continue;
}

static struct children children_of(CXCursor c)
{
	struct children ch = { 0 };

	clang_visitChildren(c, take_child, &ch);
	return ch;
}

static char *spelling(CXCursor c)
{
	CXString s = clang_getCursorSpelling(c);
	char *text = must(strdup(clang_getCString(s) ? clang_getCString(s) : ""));

	clang_disposeString(s);
	return text;
}

/* Without the conversions that nobody wrote. */
static CXCursor plain(CXCursor c)
{
	while (clang_getCursorKind(c) == CXCursor_UnexposedExpr) {
		struct children ch = children_of(c);
		CXCursor inner = ch.count == 1 ? ch.c[0] : c;

		free(ch.c);
		if (clang_equalCursors(inner, c))
			break;
		c = inner;
	}
	return c;
}

static enum CXBinaryOperatorKind binary(CXCursor c)
{
	c = plain(c);
	return clang_getCursorKind(c) == CXCursor_BinaryOperator ?
		       clang_getCursorBinaryOperatorKind(c) :
		       CXBinaryOperator_Invalid;
}

static bool is_logical(CXCursor c)
{
	return binary(c) == CXBinaryOperator_LAnd || binary(c) == CXBinaryOperator_LOr;
}

/* --- what is to be changed --------------------------------------------------------------- */

static void negate(struct finder *f, size_t start, size_t end)
{
	add(f, OP_NEGATE, start, end, format("!(%s)", f, start, end));
}

/* The condition @c of @stmt, which begins with @word and in whose text @open and @close are around
 * it. */
static bool condition(struct finder *f, CXCursor stmt, const char *word, CXCursor c, char open,
		      char close, size_t *start, size_t *end)
{
	size_t at;

	if (!start_of(f, stmt, &at) || !is_word(f, at, word) || !place(f, c, start, end) ||
	    before(f, *start) != open || after(f, *end) != close)
		return false;
	negate(f, *start, *end);
	return true;
}

static bool leaves(CXCursor stmt)
{
	enum CXCursorKind kind = clang_getCursorKind(stmt);
	struct children ch = children_of(stmt);
	bool result = kind == CXCursor_ReturnStmt || kind == CXCursor_GotoStmt ||
		      (kind == CXCursor_CompoundStmt && ch.count && leaves(ch.c[ch.count - 1]));

	free(ch.c);
	return result;
}

static void branch(struct finder *f, CXCursor stmt, const struct children *ch)
{
	size_t start, end;

	if (ch->count >= 2 && condition(f, stmt, "if", ch->c[0], '(', ')', &start, &end) &&
	    ch->count == 2 && leaves(ch->c[1]))
		add(f, OP_ERRPATH, start, end, format("(%s) && 0", f, start, end));
}

/* Its condition is the child between the semicolons. */
static void loop(struct finder *f, CXCursor stmt, const struct children *ch)
{
	size_t i, start, end;

	for (i = 0; i + 1 < ch->count; i++)
		if (condition(f, stmt, "for", ch->c[i], ';', ';', &start, &end))
			break;
}

static void operand(struct finder *f, CXCursor c)
{
	size_t start, end;

	if (!is_logical(c) && place(f, c, &start, &end))
		negate(f, start, end);
}

static void logical(struct finder *f, const struct children *ch, const char *word)
{
	size_t start, end, next, last, at;

	if (!place(f, ch->c[0], &start, &end) || !place(f, ch->c[1], &next, &last) || next < end ||
	    !only(f, end, next, word, &at))
		return;
	operand(f, ch->c[0]);
	operand(f, ch->c[1]);
}

/* Both ways: what is just out of the bound is in it, and what is just in it is out. */
static void compare(struct finder *f, const struct children *ch, const char *word,
		    const char *other, char sign)
{
	size_t start, end, next, last, at;
	char *left, *right, *changed;

	if (!place(f, ch->c[0], &start, &end) || !place(f, ch->c[1], &next, &last) || next < end ||
	    !only(f, end, next, word, &at))
		return;
	left = source_text(f->s, start, end);
	right = source_text(f->s, next, last);
	if (asprintf(&changed, "%s %s %s", left, other, right) < 0)
		abort();
	add(f, OP_BOUND, start, last, changed);
	if (asprintf(&changed, strchr(right, ' ') ? "%s %s (%s) %c 1" : "%s %s %s %c 1", left, word,
		     right, sign) < 0)
		abort();
	add(f, OP_BOUND, start, last, changed);
	free(left);
	free(right);
}

static void operation(struct finder *f, CXCursor c, const struct children *ch)
{
	if (ch->count != 2)
		return;
	switch (binary(c)) {
	case CXBinaryOperator_LAnd:
		logical(f, ch, "&&");
		break;
	case CXBinaryOperator_LOr:
		logical(f, ch, "||");
		break;
	case CXBinaryOperator_LT:
		compare(f, ch, "<", "<=", '-');
		break;
	case CXBinaryOperator_LE:
		compare(f, ch, "<=", "<", '+');
		break;
	case CXBinaryOperator_GT:
		compare(f, ch, ">", ">=", '+');
		break;
	case CXBinaryOperator_GE:
		compare(f, ch, ">=", ">", '-');
		break;
	default:
		break;
	}
}

static bool is_nothing(const struct finder *f, CXCursor c)
{
	static const char *const nothing[] = { "0", "NULL", "false", "'\\0'" };
	size_t start, end, i, at;

	for (i = 0; i < sizeof(nothing) / sizeof(*nothing) && place(f, c, &start, &end); i++)
		if (only(f, start, end, nothing[i], &at))
			return true;
	return false;
}

static const struct macro *macro_at(const struct finder *f, size_t start)
{
	size_t i;

	for (i = 0; i < f->macro_count; i++)
		if (f->macros[i].start == start)
			return &f->macros[i];
	return NULL;
}

/* The operator that drops statement @c, or OP_COUNT if it is none that can be dropped. */
static enum operator dropper(const struct finder *f, CXCursor c, size_t start, size_t end)
{
	const struct macro *m = macro_at(f, start);
	struct children ch = children_of(c);
	enum operator op = OP_COUNT;
	char *name;

	switch (clang_getCursorKind(c)) {
	case CXCursor_CallExpr:
		name = spelling(c);
		op = name_is_lock(name) ? OP_LOCK : OP_DROP;
		if (!strcmp(name, "memset") && ch.count == 4 && is_nothing(f, ch.c[2]))
			op = OP_RESET;
		free(name);
		break;
	case CXCursor_BinaryOperator:
		if (binary(c) == CXBinaryOperator_Assign)
			op = is_nothing(f, ch.c[1]) ? OP_RESET : OP_DROP;
		break;
	case CXCursor_CompoundAssignOperator:
		op = OP_DROP;
		break;
	case CXCursor_UnaryOperator:
		if (clang_getCursorUnaryOperatorKind(c) <= CXUnaryOperator_PreDec)
			op = OP_DROP;
		break;
	default:
		break;
	}
	free(ch.c);
	if (m && m->has_arguments && m->end == end)
		op = name_is_lock(m->name) ? OP_LOCK : op == OP_COUNT ? OP_DROP : op;
	return op;
}

/* True if what stands in front is no part of an expression or declaration, as it is of a macro's
 * value. */
static bool begins(const struct finder *f, size_t start)
{
	size_t at = start;

	while (at && isspace((unsigned char)f->s->text[at - 1]))
		at--;
	return !at || strchr(";{}):/", f->s->text[at - 1]) ||
	       (at >= 4 && is_word(f, at - 4, "else")) || (at >= 2 && is_word(f, at - 2, "do"));
}

static void statement(struct finder *f, CXCursor c)
{
	size_t start, end;
	enum operator op;

	if (!place(f, c, &start, &end) || !begins(f, start) || after(f, end) != ';')
		return;
	op = dropper(f, c, start, end);
	if (op != OP_COUNT)
		add(f, op, start, end, strdup(GONE));
}

static void number(struct finder *f, CXCursor c)
{
	const struct macro *m;
	size_t start, end;

	if (!start_of(f, c, &start))
		return;
	end = word_end(f, start);
	m = macro_at(f, start);
	if (m && !m->has_arguments && name_is_constant(m->name)) {
		if (name_is_errno(m->name) && before(f, start) == '-')
			add(f, OP_ERRNO, start, end,
			    strdup(strcmp(m->name, "EINVAL") ? "EINVAL" : "EPERM"));
		else
			add(f, OP_CONSTANT, start, end, strdup(""));
	} else if (isdigit((unsigned char)f->s->text[start])) {
		if (end == start + 1 && f->s->text[start] <= '1')
			add(f, OP_CONSTANT, start, end,
			    strdup(f->s->text[start] == '0' ? "1" : "0"));
		else
			add(f, OP_CONSTANT, start, end, format("(%s + 1)", f, start, end));
	}
}

static void enumerator(struct finder *f, CXCursor c)
{
	char *name = spelling(c);
	size_t start;

	if (clang_getCursorKind(clang_getCursorReferenced(c)) == CXCursor_EnumConstantDecl &&
	    start_of(f, c, &start) && is_word(f, start, name)) {
		if (!strcmp(name, "true") || !strcmp(name, "false"))
			add(f, OP_CONSTANT, start, start + strlen(name),
			    strdup(*name == 't' ? "false" : "true"));
		else
			add(f, OP_CONSTANT, start, start + strlen(name), strdup(""));
	}
	free(name);
}

static void choice(struct finder *f, CXCursor c)
{
	size_t start, end;

	if (place(f, c, &start, &end) && after(f, end) == '?')
		negate(f, start, end);
}

static void idle_call(struct finder *f, CXCursor c)
{
	char *name = spelling(c);
	size_t start, end;

	if (name_is_idle(name) && place(f, c, &start, &end)) {
		f->idle = must(realloc(f->idle, (f->idle_count + 1) * sizeof(*f->idle)));
		f->idle[f->idle_count].start = start;
		f->idle[f->idle_count++].end = end;
	}
	free(name);
}

static void walk(struct finder *f, CXCursor c);

/* A statement, if it is one, and what is in it. */
static void walk_statement(struct finder *f, CXCursor c)
{
	statement(f, c);
	walk(f, c);
}

static void walk(struct finder *f, CXCursor c)
{
	enum CXCursorKind kind = clang_getCursorKind(c);
	struct children ch = children_of(c);
	size_t i, first = 0, bodies = 0, start, end;

	switch (kind) {
	case CXCursor_VarDecl:
		/* The size of an array is no number to be changed. */
		free(ch.c);
		c = clang_Cursor_getVarDeclInitializer(c);
		if (!clang_Cursor_isNull(c))
			walk(f, c);
		return;
	case CXCursor_UnaryExpr: /* sizeof */
	case CXCursor_GCCAsmStmt:
		free(ch.c);
		return;
	case CXCursor_IfStmt:
		branch(f, c, &ch);
		bodies = ch.count - 1;
		break;
	case CXCursor_WhileStmt:
		condition(f, c, "while", ch.c[0], '(', ')', &start, &end);
		bodies = 1;
		break;
	case CXCursor_DoStmt:
		condition(f, c, "do", ch.c[1], '(', ')', &start, &end);
		statement(f, ch.c[0]);
		break;
	case CXCursor_ForStmt:
		loop(f, c, &ch);
		bodies = 1;
		break;
	case CXCursor_CompoundStmt:
		bodies = ch.count;
		break;
	case CXCursor_CaseStmt: /* another label would often be there twice */
	case CXCursor_DefaultStmt:
	case CXCursor_LabelStmt:
		first = ch.count - 1;
		bodies = 1;
		break;
	case CXCursor_ConditionalOperator:
		choice(f, ch.c[0]);
		break;
	case CXCursor_BinaryOperator:
		operation(f, c, &ch);
		break;
	case CXCursor_CallExpr:
		idle_call(f, c);
		break;
	case CXCursor_IntegerLiteral:
		number(f, c);
		break;
	case CXCursor_DeclRefExpr:
		enumerator(f, c);
		break;
	default:
		break;
	}
	for (i = first; i < ch.count; i++)
		if (i + bodies >= ch.count)
			walk_statement(f, ch.c[i]);
		else
			walk(f, ch.c[i]);
	free(ch.c);
}

/* --- the whole file ---------------------------------------------------------------------- */

static void take_macro(struct finder *f, CXCursor c)
{
	struct macro m;

	if (!start_of(f, c, &m.start) ||
	    !offset_of(f, clang_getRangeEnd(clang_getCursorExtent(c)), &m.end))
		return;
	m.name = word_at(f, m.start);
	m.has_arguments = m.end > word_end(f, m.start);
	f->macros = must(realloc(f->macros, (f->macro_count + 1) * sizeof(*f->macros)));
	f->macros[f->macro_count++] = m;
	if (!name_is_idle(m.name))
		return;
	f->idle = must(realloc(f->idle, (f->idle_count + 1) * sizeof(*f->idle)));
	f->idle[f->idle_count].start = m.start;
	f->idle[f->idle_count++].end = m.end;
}

/* All macros come before all else. */
static enum CXChildVisitResult take_top(CXCursor c, CXCursor parent, CXClientData data)
{
	struct finder *f = data;
	struct children ch;
	size_t at, i;

	(void)parent;
	if (clang_getCursorKind(c) == CXCursor_MacroExpansion)
		take_macro(f, c);
	if (clang_getCursorKind(c) != CXCursor_FunctionDecl || !clang_isCursorDefinition(c) ||
	    !start_of(f, c, &at))
		return CXChildVisit_Continue;
	f->function = spelling(c);
	ch = children_of(c);
	for (i = 0; i < ch.count; i++)
		if (clang_getCursorKind(ch.c[i]) == CXCursor_CompoundStmt)
			walk(f, ch.c[i]);
	free(ch.c);
	free(f->function);
	return CXChildVisit_Continue;
}

static int by_place(const void *left, const void *right)
{
	const struct site *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->end != b->end)
		return a->end < b->end ? -1 : 1;
	return strcmp(a->replacement, b->replacement);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_open(const struct site *s)
{
	return s->op == OP_CONSTANT && !*s->replacement;
}

/* The one behind @name, round the list, among those nearest of kin; NULL if it stands alone. */
static const char *relative(char *const *names, size_t count, const char *name)
{
	const char *best = NULL;
	unsigned int most = 0;
	size_t i, at = 0;

	while (strcmp(names[at], name))
		at++;
	for (i = 1; i < count; i++) {
		const char *other = names[(at + i) % count];
		unsigned int kinship = strcmp(other, name) ? name_kinship(other, name) : 0;

		if (kinship > most) {
			most = kinship;
			best = other;
		}
	}
	return best;
}

/* A constant becomes another that the file uses, if it can. */
static void choose_constants(struct source *s)
{
	char **names = must(calloc(s->count + 1, sizeof(*names)));
	size_t i, count = 0;

	for (i = 0; i < s->count; i++)
		if (is_open(&s->sites[i]))
			names[count++] = source_text(s, s->sites[i].start, s->sites[i].end);
	qsort(names, count, sizeof(*names), by_name);
	for (i = 0; i < s->count; i++) {
		struct site *site = &s->sites[i];
		const char *other;
		char *name;

		if (!is_open(site))
			continue;
		name = source_text(s, site->start, site->end);
		other = relative(names, count, name);
		free(site->replacement);
		if (other)
			site->replacement = must(strdup(other));
		else if (asprintf(&site->replacement, "(%s + 1)", name) < 0)
			abort();
		free(name);
	}
	for (i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static uint32_t hash_text(uint32_t hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char)*text) * 0x01000193;
	while (*text++);
	return hash;
}

static unsigned int line_of(const struct source *s, size_t at)
{
	unsigned int line = 1;
	size_t i;

	for (i = 0; i < at; i++)
		line += s->text[i] == '\n';
	return line;
}

/* Lines, hashes and numbers. */
static void describe(struct source *s)
{
	size_t i, j;

	for (i = 0; i < s->count; i++) {
		struct site *site = &s->sites[i];
		size_t start = site->start, end = site->start;
		char *line, *text = source_text(s, site->start, site->end);

		while (start && s->text[start - 1] != '\n')
			start--;
		while (s->text[end] && s->text[end] != '\n')
			end++;
		line = source_text(s, start, end);
		site->hash =
			hash_text(hash_text(hash_text(0x811c9dc5, line), text), site->replacement);
		site->line = line_of(s, site->start);
		site->last_line = line_of(s, site->end);
		site->number = 1;
		for (j = 0; j < i; j++)
			site->number += s->sites[j].hash == site->hash &&
					s->sites[j].op == site->op &&
					!strcmp(s->sites[j].function, site->function);
		free(line);
		free(text);
	}
}

static bool read_text(struct source *s)
{
	FILE *file = fopen(s->path, "re");
	ssize_t n = file ? getdelim(&s->text, &s->size, '\0', file) : -1;

	if (file)
		fclose(file);
	if (n < 0)
		fprintf(stderr, "mutate: cannot read %s\n", s->path);
	s->size = n < 0 ? 0 : n;
	return n >= 0;
}

/* One line for the first error that the compiler sees. */
static bool is_sound(CXTranslationUnit unit)
{
	unsigned int i, n = clang_getNumDiagnostics(unit);

	for (i = 0; i < n; i++) {
		CXDiagnostic d = clang_getDiagnostic(unit, i);
		bool error = clang_getDiagnosticSeverity(d) >= CXDiagnostic_Error;
		CXString text = clang_formatDiagnostic(d, CXDiagnostic_DisplaySourceLocation);

		if (error)
			fprintf(stderr, "mutate: %s\n", clang_getCString(text));
		clang_disposeString(text);
		clang_disposeDiagnostic(d);
		if (error)
			return false;
	}
	return true;
}

static bool is_compiled(struct finder *f)
{
	f->file = clang_getFile(f->unit, f->s->path);
	return f->file && !clang_equalLocations(clang_getLocationForOffset(f->unit, f->file, 0),
						clang_getNullLocation());
}

bool sites_find(struct source *s, const char *path, int argc, const char *const *argv)
{
	struct finder f = { .s = s };
	CXIndex index = clang_createIndex(0, 0);
	bool good = false;
	size_t i;

	*s = (struct source){ .path = path };
	if (!read_text(s))
		return false;
	if (clang_parseTranslationUnit2FullArgv(index, NULL, argv, argc, NULL, 0,
						CXTranslationUnit_DetailedPreprocessingRecord,
						&f.unit) != CXError_Success)
		fprintf(stderr, "mutate: this is no command that compiles a file: %s ...\n",
			argv[0]);
	else if (is_sound(f.unit) && !(good = is_compiled(&f)))
		fprintf(stderr, "mutate: %s is not what the command compiles\n", path);
	if (good) {
		clang_visitChildren(clang_getTranslationUnitCursor(f.unit), take_top, &f);
		drop_idle(&f);
		if (s->count)
			qsort(s->sites, s->count, sizeof(*s->sites), by_place);
		choose_constants(s);
		describe(s);
	}
	for (i = 0; i < f.macro_count; i++)
		free(f.macros[i].name);
	free(f.macros);
	free(f.idle);
	if (f.unit)
		clang_disposeTranslationUnit(f.unit);
	clang_disposeIndex(index);
	return good;
}

void sites_free(struct source *s)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		free(s->sites[i].function);
		free(s->sites[i].replacement);
	}
	free(s->sites);
	free(s->text);
}
