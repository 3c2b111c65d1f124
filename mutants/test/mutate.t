#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# build/mutate: each operator changes what it says, an id stays when other lines come, and what cannot be
# changed in place is left alone.
. harness/test/tap.sh

[ -x build/mutate ] || skip_all "build/mutate is not built (libclang-19-dev)"

cat > "$work/header.h" <<'END'
static inline int in_header(int x)
{
	return x > 7;
}
END
cat > "$work/small.c" <<'END'
#include <stddef.h>
#include "header.h"
#define EINVAL	22
#define EPERM	1
#define FLAG_ONE 1
#define FLAG_TWO 2
#define ALONE	(3)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define both(a, b) ((a) && (b) < 5)
#define BUILD_BUG_ON(c) ((void)sizeof(char[1 - 2 * !!(c)]))
#define set(p, v) do { *(p) = (v); } while (0)
#define value_of(p) ({ int v__ = 0; v__ = *(p); v__; })
#define for_each(i, n) for (i = 0; i < (n); i++)
enum { RED = 4, GREEN = 5 };
struct thing { int n; void *next; char name[8]; };
void my_lock(int *l);
void my_unlock(int *l);
void pr_info(const char *text, int n);
int work(struct thing *t, int flags);
static int table[] = { 1, FLAG_ONE };

int small(struct thing *t, int flags)
{
	static const int fixed = 9;
	char room[16];
	int err = value_of(&flags), i;

	BUILD_BUG_ON(sizeof(int) != 4);
	pr_info("small", 77);
	my_lock(&t->n);
	if (unlikely(!t))
		return -EINVAL;
	if (flags & FLAG_ONE && t->n < ALONE)
		t->n += sizeof(room) + table[0] + fixed;
	else
		t->next = NULL;
	err = work(t, flags | FLAG_TWO);
	if (err) {
		set(&t->n, 6);
		goto out;
	}
	while (t->n >= i + 1)
		t->n--;
	for (i = 0; i < 10; i++)
		work(t, RED);
	for_each(i, 11)
		work(t, GREEN);
	if (both(err, flags))
		err = flags ? -EPERM : 3;
	switch (flags) {
	case 42:
		err = in_header(1);
	}
out:
	my_unlock(&t->n);
	return err;
}
END

mutate() {
	mutate_what=$1
	shift
	build/mutate "$mutate_what" "$@" -- cc -c "$work/small.c"
}
# changes OPERATOR: what becomes of what.
changes() { grep "/$1/" "$work/list" | cut -f 4,5 | sed 's/	/ => /'; }

exits "the sites are listed" 0 mutate --list "$work/small.c"
cp "$work/out" "$work/list"
is "conditions and their parts are negated" "$(changes negate)" "\
unlikely(!t) => !(unlikely(!t))
flags & FLAG_ONE => !(flags & FLAG_ONE)
flags & FLAG_ONE && t->n < ALONE => !(flags & FLAG_ONE && t->n < ALONE)
t->n < ALONE => !(t->n < ALONE)
err => !(err)
t->n >= i + 1 => !(t->n >= i + 1)
i < 10 => !(i < 10)
both(err, flags) => !(both(err, flags))
flags => !(flags)"
is "statements are dropped" "$(changes drop)" "\
t->n += sizeof(room) + table[0] + fixed => (void)0
err = work(t, flags | FLAG_TWO) => (void)0
set(&t->n, 6) => (void)0
t->n-- => (void)0
work(t, RED) => (void)0
work(t, GREEN) => (void)0
err = flags ? -EPERM : 3 => (void)0
err = in_header(1) => (void)0"
is "what ends in return or goto is not gone into" "$(changes errpath)" "\
unlikely(!t) => (unlikely(!t)) && 0
err => (err) && 0"
is "constants become others" "$(changes constant)" "\
9 => (9 + 1)
FLAG_ONE => FLAG_TWO
ALONE => (ALONE + 1)
0 => 1
FLAG_TWO => FLAG_ONE
6 => (6 + 1)
1 => 0
0 => 1
10 => (10 + 1)
RED => (RED + 1)
11 => (11 + 1)
GREEN => (GREEN + 1)
3 => (3 + 1)
1 => 0"
is "errno become others" "$(changes errno)" "\
EINVAL => EPERM
EPERM => EINVAL"
is "bounds are off by one, both ways" "$(changes bound)" "\
t->n < ALONE => t->n < ALONE - 1
t->n < ALONE => t->n <= ALONE
t->n >= i + 1 => t->n > i + 1
t->n >= i + 1 => t->n >= (i + 1) - 1
i < 10 => i < 10 - 1
i < 10 => i <= 10"
is "locks are dropped" "$(changes lock)" "\
my_lock(&t->n) => (void)0
my_unlock(&t->n) => (void)0"
is "a reset is dropped" "$(changes reset)" "t->next = NULL => (void)0"
ok "nothing else is changed" sh -c "! grep -vE '/(negate|drop|errpath|constant|errno|bound|lock|reset)/' '$work/list'"
is "a site has its line" "$(awk -F '\t' '$4 == "set(&t->n, 6)" { print $2 }' "$work/list")" \
	"$work/small.c:$(grep -n 'set(&t->n, 6)' "$work/small.c" | cut -d: -f1)"
is "... and those of its statement" "$(awk -F '\t' '$4 == "11" { print $3 }' "$work/list")" \
	"$(grep -n 'for_each(i, 11)' "$work/small.c" | sed 's/^\([0-9]*\):.*/\1-\1/')"
ok "each id is there once" sh -c "! cut -f 1 '$work/list' | sort | uniq -d | grep ."
mutate --list "$work/small.c" > "$work/again"
ok "the list is the same again" cmp "$work/list" "$work/again"

# Each change is made in its place, and what comes of it compiles.
while IFS='	' read -r site where lines text replacement bytes; do
	build/mutate --apply "$site" "$work/small.c" < "$work/list" > "$work/changed.c" &&
		diff "$work/small.c" "$work/changed.c" > "$work/diff"
	grep -qF -- "$replacement" "$work/diff" && [ "$(grep -c '^<' "$work/diff")" -eq 1 ] &&
		cc -c -I"$work" -o "$work/changed.o" "$work/changed.c" 2> "$work/cc" || echo "$site"
done < "$work/list" > "$work/bad"
is "each is applied and compiles" "$(cat "$work/bad")" ""

# More lines above, and in the function itself.
sed -e 's/^int small/int more(int x)\n{\n\treturn x < 10 ? -EINVAL : 1;\n}\n\n&/' -e 's/^	my_lock/	work(t, 1);\n&/' \
	"$work/small.c" > "$work/longer.c"
cut -f 1 "$work/list" | sort > "$work/ids"
cp "$work/longer.c" "$work/small.c"
mutate --list "$work/small.c" | cut -f 1 | sort > "$work/longer"
is "no id changes with the lines above" "$(comm -23 "$work/ids" "$work/longer")" ""
ok "... and new lines have some" test "$(wc -l < "$work/longer")" -gt "$(wc -l < "$work/ids")"

exits "a header's sites" 0 mutate --list "$work/header.h"
is "... are found through what includes it" "$(cut -f 4,5 "$work/out" | sed 's/	/ => /')" "\
x > 7 => x > 7 + 1
x > 7 => x >= 7
7 => (7 + 1)"

for n in 5 10; do
	head -n 30 "$work/list" | build/mutate --shuffle 1 | head -n $n > "$work/$n"
done
is "a longer sample begins with the shorter one" "$(head -n 5 "$work/10")" "$(cat "$work/5")"
ok "... of lines of the list" grep -qxFf "$work/10" "$work/list"
head -n 30 "$work/list" | tac | build/mutate --shuffle 1 | head -n 5 > "$work/tac"
ok "... whatever their order was" cmp "$work/5" "$work/tac"
head -n 30 "$work/list" | build/mutate --shuffle 2 | head -n 5 > "$work/two"
ok "another seed gives another" sh -c "! cmp -s '$work/5' '$work/two'"

apply() { build/mutate --apply "$1" "$work/small.c" < "$work/list"; }
exits "an id that is not there" 2 apply small.c/small/drop/1-000000
one_line "... is told" "the list has no site small.c/small/drop/1-000000"
exits "a list of another file, for it has grown" 2 apply "$(tail -n 1 "$work/list" | cut -f 1)"
one_line "... is told" "the list is not of $work/small.c"
ok "... and nothing is printed" test ! -s "$work/out"
exits "a file that is not there" 2 mutate --list "$work/nosuch.c"
one_line "... is told" "cannot read $work/nosuch.c"
exits "a file that is not compiled" 2 mutate --list README.md
one_line "... is told" "README.md is not what the command compiles"
echo 'int f( {' > "$work/small.c"
exits "a source that does not compile" 2 mutate --list "$work/small.c"
one_line "... is told" "small.c:1:.* error"
exits "a seed that is no number" 2 build/mutate --shuffle x
one_line "... shows how to use it" "^usage: mutate"
exits "neither list nor apply" 2 build/mutate "$work/small.c" -- cc -c "$work/small.c"
one_line "... shows how to use it" "^usage: mutate"
exits "a full standard output" 2 sh -c "build/mutate --list '$work/header.h' -- cc -c '$work/header.h' > /dev/full"
done_testing
