#!/bin/sh
# Every statement of the checklist that scripts/checklist.sh lists has a test that
# cites it; and the script itself finds one that has none.
. "$(dirname "$0")/../lib/tap.sh"
got=$(sh "$TOP/scripts/checklist.sh")
is 'exit code' $? 0
for n in $(seq 22 74); do
	like "$n has a test" "$got" "^$n .*[a-z]/[a-z-]+[.][ct]( |\$)"
done

mkdir -p "$TMP/t/tests/unit" "$TMP/t/tests/sh" "$TMP/t/tests/fault" "$TMP/t/tests/build"
cat >"$TMP/t/tests/sh/a.t" <<'T'
is "22: in front" 1 1
ok "23 24: two in front" true
	[ -z "$x" ] || like 'deep (25), inside (26-28) the name' "$y" "(51)"
is "not at the end $(cmd) (29, 30)" "$(echo (52))" 1
# is "(53) a comment" 1 1
skip "54: skipped" "why"
echo "(55)"
is "a number alone 56 is none" 1 1
T
cat >"$TMP/t/tests/unit/b.c" <<'T'
	ok(f(x), "57: a unit test");
	ok(f("a", b),
		"its name (58) on a line of its own");
T
for k in fault/f.t build/b.t; do echo >"$TMP/t/tests/$k"; done
got=$(sh "$TOP/scripts/checklist.sh" "$TMP/t")
is 'a tree without some: exit code' $? 1
is 'those that are cited are found, and no others' \
	"$(printf '%s\n' "$got" | sed -n 's/^\([0-9][0-9]\) .* [a-z]*\/[ab][.][ct]$/\1/p' | tr '\n' ' ')" \
	'22 23 24 25 26 27 28 29 30 57 58 '
like 'and how many are not' "$got" '^42 statements have no test$'
done_testing
