#!/bin/sh
# repro.sh: builds the tree in two other directories, with another umask, time
# zone, language and order of jobs, and compares the programs byte by byte.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
MAKE=${MAKE:-make}
deps=$(cd "$top" && $MAKE -s --no-print-directory bins >&2 &&
	cd "${DEPS:-.deps}" && pwd)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/qmta-repro.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

tree() { # DIR UMASK TZ LANG JOBS
	mkdir -p "$tmp/$1"
	(
		umask "$2"
		TZ=$3 LANG=$4 LC_ALL=$4
		export TZ LANG LC_ALL
		cp -Rp "$tmp/now/." "$tmp/$1/"
		cd "$tmp/$1"
		$MAKE -s --no-print-directory O=build DEPS="$deps" -j"$5" bins
	)
}
mkdir "$tmp/now"
(cd "$top" && cp -Rp Makefile config.mk board scripts src "$tmp/now/")
tree one 022 UTC C 1
tree a-longer/name 077 Pacific/Auckland C.UTF-8 2
rc=0
for f in qmta qmail-queue; do
	if cmp "$tmp/one/build/$f" "$tmp/a-longer/name/build/$f"; then
		echo "repro: $f: identical, $(sha256sum <"$tmp/one/build/$f" | cut -d' ' -f1)"
	else
		rc=1
	fi
done
exit $rc
