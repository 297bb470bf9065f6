#!/bin/sh
# make lint, one result for each of its steps; in short without gcc's analyser.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/tree.sh"
got=$(cd "$TOP" && $MAKE -s --no-print-directory lint O="$O" QUICK="${QMTA_SHORT:-}" 2>&1)
code=$?
[ $code -eq 0 ] || printf '%s\n' "$got" | tap_show
for step in 'includes and #if' 'a page for each applet' 'mandoc -Tlint' \
	shellcheck cppcheck 'gcc -fanalyzer'; do
	[ "${QMTA_SHORT:-}:$step" != '1:gcc -fanalyzer' ] ||
		{ skip "$step" "takes a minute; make lint"; continue; }
	like "$step" "$got" "^lint: $step: clean$"
done
is 'exit code' $code 0

# The layering check itself finds what it is for.
mkdir -p "$TMP/t/scripts" "$TMP/t/src/base" "$TMP/t/src/net" "$TMP/t/src/send"
cp "$TOP/scripts/includes.sh" "$TMP/t/scripts/"
echo '#include "../queue/queue.h"' >"$TMP/t/src/base/up.c"
echo '#include "../deliver/local.h"' >"$TMP/t/src/send/side.c"
printf '#include "../base/io.h"\n#include "config.h"\n' >"$TMP/t/src/net/good.c"
printf '#if 1\n#endif\n' >"$TMP/t/src/net/cond.c"
printf '#ifndef X\n#define X\n#endif\n' >"$TMP/t/src/top.h"
got=$(sh "$TMP/t/scripts/includes.sh")
is 'layering: exit code' $? 1
like 'layering: up' "$got" '^src/base/up.c:1:.*queue'
like 'layering: sideways' "$got" '^src/send/side.c:1:.*deliver'
like 'layering: #if' "$got" '^src/net/cond.c:1:.*#if'
is 'layering: nothing else' "$(printf '%s\n' "$got" | wc -l)" 3
done_testing
