#!/bin/sh
# run.sh NAME [SECONDS [OPTION...]]: builds the target NAME (smtpd, address, data, header,
# saslserve, rules) with clang and libFuzzer, sanitizers included, and runs it on its corpus
# for so long (600). What it finds new goes into $FUZZ/NAME (default /tmp/qmta-fuzz), not
# into the tree; a finding is a file there, too.
set -eu
cd "$(dirname "$0")/../.."
name=$1 secs=${2:-600}
shift; [ $# -eq 0 ] || shift
FUZZ=${FUZZ:-/tmp/qmta-fuzz}
mkdir -p "$FUZZ/$name"
san='-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-sanitize=pointer-overflow'
make -s STATIC=0 SAN=1 CC=clang O="$FUZZ/build" SANFLAGS="$san -fsanitize=fuzzer-no-link" bins
libs="$FUZZ/build/obj/libqmta.a $(echo .deps/mbedtls-*-host-srv/lib/libmbedtls.a)"
# shellcheck disable=SC2086 # words
clang -g -O1 -std=c11 -D_GNU_SOURCE $san -fsanitize=fuzzer -I"$FUZZ/build" \
	-o "$FUZZ/$name.bin" "tests/fuzz/$name.c" $libs $libs -Wl,--gc-sections -lcrypt -lresolv
dict=tests/fuzz/$name.dict
[ -f "$dict" ] || dict=tests/fuzz/smtp.dict
exec "$FUZZ/$name.bin" -dict="$dict" -max_total_time="$secs" -artifact_prefix="$FUZZ/$name-" \
	-print_final_stats=1 -timeout=20 -rss_limit_mb=1024 "$@" "$FUZZ/$name" "tests/fuzz/corpus/$name"
