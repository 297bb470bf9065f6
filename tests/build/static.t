#!/bin/sh
# What the default build makes: two static, stripped programs and all names.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/tree.sh"
for f in qmta qmail-queue; do
	head=$(readelf -lhW "$O/$f")
	like "$f: an executable" "$head" 'Type: +EXEC'
	is "$f: no dynamic loader" \
		"$(printf '%s\n' "$head" | grep -cE 'INTERP|DYNAMIC')" 0
	is "$f: stripped" "$(readelf -SW "$O/$f" | grep -cE '\.symtab|\.comment|\.note')" 0
	is "$f: no path of the build in it" "$(grep -cF "$TOP" "$O/$f")" 0
	is "$f: no clock of the tests in it" "$(grep -c QMTA_FAKE "$O/$f")" 0
done
like 'the test program has the clock of the tests' \
	"$(grep -c QMTA_FAKE_CLOCK "$O/test/qmta")" '^[1-9]'
is 'qmail-queue knows no DNS' "$(grep -c resolv.conf "$O/qmail-queue")" 0

names=$(sed -n 's/^APPLET."\([^"]*\)".*/\1/p' "$TOP/src/applets.def")
version=$(sed -n 's/^VERSION = //p' "$TOP/config.mk")
tls=none
! grep -q 'CFG_TLS 1' "$O/config.h" || tls=$("$BIN/qmta" --version | sed -n 's/.*(TLS: \(Mbed TLS 3\.[0-9.]*\))$/\1/p')
for a in qmta $names; do
	# The small program has none in any build.
	own=$tls
	[ "$a" != qmail-queue ] || own=none
	is "$a --version" "$("$BIN/$a" --version 2>&1)" "qmta $version (TLS: $own)"
	is "qmta $a --version" "$("$BIN/qmta" "$a" --version 2>&1)" \
		"qmta $version (TLS: $tls)"
done
is 'the link qmail-queue is the small program' "$(readlink "$BIN/qmail-queue")" \
	../qmail-queue
got=$("$BIN/qmta")
is 'qmta alone lists' $? 0
for a in $names; do like "the list has $a" "$got" "^	$a\$"; done
is 'qmta --help is the same' "$("$BIN/qmta" --help)" "$got"
ln -s "$O/qmta" "$TMP/nonesuch"
got=$("$TMP/nonesuch" 2>&1)
is 'an unknown name: exit code' $? 100
like 'an unknown name: message' "$got" '^nonesuch: not built in'
got=$("$BIN/qmta" nonesuch 2>&1)
is 'an unknown argument: exit code' $? 100
ln -s "$O/qmta" "$TMP/-qmta"
is 'a login name' "$("$TMP/-qmta" --version)" "qmta $version (TLS: $tls)"
# With descriptors 0 to 2 closed nothing of ours may land on them, and nothing
# may crash.
"$BIN/qmta" --version <&- >&- 2>&-
like 'closed descriptors: no crash' $? '^(0|100|111)$'
done_testing
