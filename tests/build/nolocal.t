#!/bin/sh
# nolocal.t: a build without local delivery: none of its code is there, and mail
# for users of the host goes to adminaddr, or waits and says why.
# shellcheck disable=SC2086,SC2119 # $AS is words; run has options elsewhere
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/tree.sh"
T=$TMP/tree
tree "$T"
ok 'CFG_LOCAL=0' build "$T" CFG_LOCAL=0 CFG_TLS=0
is "what only local delivery says is not in it" \
	"$(grep -ac 'Delivered-To: \|Maildir/tmp\|#4.2.1' "$T/build/qmta")" 0
ok "it is in a whole one" grep -aq 'Delivered-To: ' "$BIN/qmta"
is "its programs answer 100" "$("$T/build/bin/qmta" qmail-local 2>/dev/null; echo $?)" 100

BIN=$T/build/bin
. "$TOP/tests/lib/runner.sh"
RBIN=
runner_root
C=$CONTROLDIR
: >"$C/aliases"
echo ':127.0.0.1:1' >"$C/smtproutes"
to() { sed -n 's/^starting delivery [0-9]*: msg [0-9]* to //p' "$LOG"; }
# direct RECIPIENT: by qmail-queue
direct() {
	rm -rf "$QUEUEDIR"
	$AS "$RBIN/queue-fix" "$QUEUEDIR" >/dev/null 2>&1
	printf 'Fkim@else.example\0T%s\0\0' "$1" >"$TMP/e"
	printf '\n' >"$TMP/m"
	$AS "$RBIN/qmail-queue" <"$TMP/m" 1<"$TMP/e"
	run
}
direct root
is "without adminaddr: it waits" "$EXIT $(queued) $(to)" "75 1 local root@mx.example.net"
like "and says what to do" "$(cat "$LOG")" 'deferral: Local_delivery_is_not_built_in:_control/adminaddr'
echo me@far.example >"$C/adminaddr"
direct root
is "adminaddr" "$(to)" "remote me@far.example"
printf 'news: kim@else.example\nprog: |cat\n' >"$C/aliases"
direct news@mx.example.net
is "an alias, although the domain is local" "$(to)" "remote kim@else.example"
direct prog
is "a program that nobody could run" "$(to)" "remote me@far.example"
done_testing
