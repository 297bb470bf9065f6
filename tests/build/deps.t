#!/bin/sh
# make deps: complete after one run, quiet and without a network in the next,
# particular about sums, and replaced by MUSL_DIR.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/tree.sh"
T=$TMP/tree
tree "$T"
ok 'make deps' build "$T" deps
set -- "$DEPS"/mbedtls-*/lib/libmbedtls.a
ok 'Mbed TLS is there' test -s "$1"
musl=$DEPS/musl-min-$(${CC:-cc} -dumpmachine)
ok 'musl is there' test -s "$musl/lib/libc.a"
ok 'kernel headers are beside it' test -f "$musl/include/linux/limits.h"

# A machine whose apt does nothing but fail.
mkdir "$TMP/path"
for c in apt-get apt-cache; do
	printf '#!/bin/sh\nexit 100\n' >"$TMP/path/$c"
	chmod 755 "$TMP/path/$c"
done
ok 'again, without a network' env PATH="$TMP/path:$PATH" \
	$MAKE -s --no-print-directory -C "$T" DEPS="$DEPS" deps
mkdir "$TMP/empty"
got=$(PATH="$TMP/path:$PATH" build "$T" DEPS="$TMP/empty" 2>&1)
is 'nothing there and no network: exit code' $? 2
like 'the message names MUSL_DIR' "$got" 'MUSL_DIR='
like 'and STATIC=0' "$got" 'STATIC=0'
is 'nothing half is left' "$(find "$TMP/empty" -mindepth 1 ! -name '*.log')" ''

# A source with another sum is not used, whatever its name.
echo rubbish >"$TMP/empty/musl_1.2.5.orig.tar.gz"
got=$(PATH="$TMP/path:$PATH" build "$T" DEPS="$TMP/empty" 2>&1)
is 'a wrong tarball is not unpacked' "$?$(ls -d "$TMP"/empty/src-* 2>/dev/null)" 2

# Without TLS: its library is another matter.
ok 'build with the fetched musl' build "$T" CFG_TLS=0
ok 'MUSL_DIR: an installed musl' env PATH="$TMP/path:$PATH" $MAKE -s \
	--no-print-directory -C "$T" DEPS="$TMP/none" O=b2 MUSL_DIR="$musl" CFG_TLS=0 bins
ok 'gives the same program' cmp "$T/b2/qmta" "$T/build/qmta"
ok 'and fetches nothing' test ! -e "$TMP/none"
got=$(build "$T" DEPS="$TMP/none" MUSL_DIR="$TMP" 2>&1)
is 'MUSL_DIR without a musl: exit code' $? 2
like 'MUSL_DIR without a musl: message' "$got" 'neither unpacked musl sources nor'
done_testing
