#!/bin/sh
# repro.sh: builds the tree in another directory, with another umask, time zone, language
# and order of jobs, and compares the programs byte by byte with those that are here.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
MAKE=${MAKE:-make}
deps=$(cd "$top" && $MAKE -s --no-print-directory O=build bins >&2 &&
	cd "${DEPS:-.deps}" && pwd)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/qmta-repro.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

there=$tmp/a-longer/name
mkdir -p "$there"
(cd "$top" && cp -Rp Makefile config.mk board scripts src "$there/")
(
	umask 077
	TZ=Pacific/Auckland LANG=C.UTF-8 LC_ALL=C.UTF-8
	export TZ LANG LC_ALL
	cd "$there"
	$MAKE -s --no-print-directory O=build DEPS="$deps" -j1 bins
)
rc=0
for f in qmta qmail-queue; do
	if cmp "$top/build/$f" "$there/build/$f"; then
		echo "repro: $f: identical, $(sha256sum <"$top/build/$f" | cut -d' ' -f1)"
	else
		rc=1
	fi
done
exit $rc
