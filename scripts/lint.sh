#!/bin/sh
# lint.sh: what tools and house rules have to say about the sources. Each step
# prints its findings; any finding is exit 1. QUICK=1: without gcc's analyser, which takes
# longer than all else.
set -u
cd "$(dirname "$0")/.." || exit 1
MAKE=${MAKE:-make} O=${O:-build} QUICK=${QUICK:-}
sh scripts/need.sh cc:gcc make:make libc:libc6-dev mandoc:mandoc \
	shellcheck:shellcheck cppcheck:cppcheck || exit 1
rc=0
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT

step() { # NAME COMMAND...: silent success, or what it printed
	name=$1; shift
	if "$@" >"$log" 2>&1; then
		echo "lint: $name: clean"
	else
		cat "$log"
		echo "lint: $name: NOT clean"
		rc=1
	fi
}

analyze() {
	$MAKE --no-print-directory -s STATIC=0 SAN=0 O="$O/lint" \
		CFLAGS='-O2 -fanalyzer -Wshadow -Werror' "$1"
}
cpp_check() { # it takes the linker's names for objects of the program
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability \
		--inline-suppr --suppress=missingInclude --suppress=nullPointerRedundantCheck \
		--suppress=comparePointers \
		-j "$(getconf _NPROCESSORS_ONLN)" -I "$O/lint" src
}
shells() { # tests split words on purpose and pass arguments by default
	find scripts .ci tests/run.sh tests/lib tests/peer -type f \( -name '*.sh' -o \
		-name run \) -exec shellcheck -x -e SC1091,SC2317,SC2034,SC2153 {} + || return 1
	find tests -name '*.t' -exec shellcheck -x -S warning \
		-e SC1091,SC2317,SC2034,SC2119,SC2120 {} +
}
pages() {
	for f in docs/man/*.[1578]; do
		[ -f "$f" ] || { echo "no pages in docs/man"; return 1; }
	done
	mandoc -Tlint -W warning docs/man/*.[1578]
}
every_page() {
	sed -n 's/^APPLET("\([^"]*\)".*/\1/p; s/^SUBCOMMAND("\([^"]*\)".*/qmta-\1/p' \
		src/applets.def >"$log.names"
	miss=0
	while read -r a; do
		ls docs/man/"$a".[1-8] >/dev/null 2>&1 || {
			echo "src/applets.def: $a has no page in docs/man"; miss=1; }
		grep -q "Xr $a [1-8]" docs/man/qmta.7 || {
			echo "docs/man/qmta.7 does not list $a"; miss=1; }
	done <"$log.names"
	rm -f "$log.names"
	return "$miss"
}
# The tables "file in `src/ROOM`" of INTERNALS.md; < is missing there, > is no file.
every_file() {
	awk '/^\| file in `src\// { split($0, q, "`"); room = q[2]; next }
	!/^\|/ { room = "" }
	room != "" { split($0, c, "|"); while (match(c[2], /`[a-z0-9_]+\.c`/)) {
		print room "/" substr(c[2], RSTART + 1, RLENGTH - 2)
		c[2] = substr(c[2], RSTART + RLENGTH) } }' docs/INTERNALS.md | sort >"$log.told"
	find src -mindepth 2 -name '*.c' | sort | diff - "$log.told"
	same=$?
	rm -f "$log.told"
	return "$same"
}

step 'includes and #if' sh scripts/includes.sh
step 'a page for each applet' every_page
step 'each file in INTERNALS' every_file
step 'mandoc -Tlint' pages
step shellcheck shells
if [ -n "$QUICK" ]; then
	analyze "$O/lint/config.h"
else
	step 'gcc -fanalyzer' analyze bins
fi
step cppcheck cpp_check	# with the config.h that this has made
exit $rc
