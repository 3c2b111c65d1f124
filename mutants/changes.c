// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tree of the compiler says what is a condition, a statement or a constant, and the file's own
 * text whether it can be changed there: what a macro brings along is not in the text, and is left
 * alone.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mutants/cursor.h"
#include "mutants/names.h"

/* What replaces a statement. */
#define GONE "(void)0"

/* --- sites ------------------------------------------------------------------------------- */

static void leave_alone(struct finder *f, size_t start, size_t end)
{
	f->idle = must(realloc(f->idle, (f->idle_count + 1) * sizeof(*f->idle)));
	f->idle[f->idle_count++] = (struct range){ start, end };
}

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
					      .statement = f->statement,
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

/* --- what is to be changed --------------------------------------------------------------- */

static void negate(struct finder *f, size_t start, size_t end)
{
	add(f, OP_NEGATE, start, end, format("!(%s)", f, start, end));
}

/* The condition @c of @stmt, which begins with @word and has it between @open and @close. */
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
	size_t start, end, next, last;

	if (!place(f, ch->c[0], &start, &end) || !place(f, ch->c[1], &next, &last) || next < end ||
	    !only(f, end, next, word))
		return;
	operand(f, ch->c[0]);
	operand(f, ch->c[1]);
}

/* Both ways: what is just out of the bound is in it, and what is just in it is out. */
static void compare(struct finder *f, const struct children *ch, const char *word,
		    const char *other, char sign)
{
	size_t start, end, next, last;
	char *left, *right, *changed;

	if (!place(f, ch->c[0], &start, &end) || !place(f, ch->c[1], &next, &last) || next < end ||
	    !only(f, end, next, word))
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
	size_t start, end, i;

	for (i = 0; i < sizeof(nothing) / sizeof(*nothing) && place(f, c, &start, &end); i++)
		if (only(f, start, end, nothing[i]))
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

/* True if a statement can begin there: what a macro has as its value stands behind something else.
 */
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

	if (name_is_idle(name) && place(f, c, &start, &end))
		leave_alone(f, start, end);
	free(name);
}

static void walk(struct finder *f, CXCursor c);

/* A statement, if it is one, and what is in it. */
static void walk_statement(struct finder *f, CXCursor c)
{
	size_t outer = f->statement;

	start_of(f, c, &f->statement);
	statement(f, c);
	walk(f, c);
	f->statement = outer;
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
	if (name_is_idle(m.name))
		leave_alone(f, m.start, m.end);
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
			walk_statement(f, ch.c[i]);
	free(ch.c);
	free(f->function);
	return CXChildVisit_Continue;
}

void find_changes(struct finder *f)
{
	clang_visitChildren(clang_getTranslationUnitCursor(f->unit), take_top, f);
	drop_idle(f);
}
