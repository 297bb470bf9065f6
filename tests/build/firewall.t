#!/bin/sh
# firewall.t: board diskless with mini-smtpd: the whole program of a firewall that keeps
# nothing, and does what tests/sh/smtpd-firewall.t asks of one.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/tree.sh"
T=$TMP/tree
tree "$T"
ok 'BOARD=diskless CFG_BS=1 CFG_SMTPD=1' build "$T" BOARD=diskless CFG_BS=1 CFG_SMTPD=1
n=$(wc -c <"$T/build/qmta")
case $(uname -m) in
x86_64) ok "$n bytes: less than 108000" test "$n" -lt 108000 ;;
*) skip "less than 108000 bytes" "this is not x86_64" ;;
esac
ok 'there is no second program' test ! -e "$T/build/qmail-queue"
for w in lock/trigger mess/ Delivered-To Maildir; do
	is "'$w' of queue and local delivery is not in it" "$(grep -acF "$w" "$T/build/qmta")" 0
done
ok 'a whole one has them' grep -aqF Delivered-To "$BIN/qmta"
chmod -R a+rX "$TMP"
BIN=$T/build/bin
export BIN
sh "$TOP/tests/sh/smtpd-firewall.t" >"$TMP/run" 2>&1
is 'it is a firewall: each test holds' "$? $(grep '^not ok' "$TMP/run")" '0 '
ok 'and there were tests' test "$(grep -c '^ok' "$TMP/run")" -gt 80
done_testing
