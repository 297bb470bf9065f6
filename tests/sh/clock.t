#!/bin/sh
# Boards without a clock: 1970 at boot, a step of 50 years while messages wait,
# file times from the future. Nothing expires, nothing is lost. The programs run
# with the clock of tests/lib/clock_fake.c.
# shellcheck disable=SC2016,SC2086
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
[ -x "$TESTBIN/qmta" ] || skip_all "no programs with the fake clock in $TESTBIN"
RUNNER_BIN=$TESTBIN BIN=$TESTBIN
runner_root
trap 'sink_stop; rm -rf "$TMP"' EXIT
QMTA_FAKE_CLOCK=$TMP/wall QMTA_FAKE_MONO=$TMP/mono
export QMTA_FAKE_CLOCK QMTA_FAKE_MONO
letter() { printf 'Subject: %s\n\nbody of %s\n' "$1" "$1"; }
real=$(date +%s)
years50=1577836800
set_wall() { echo "$1" >"$TMP/wall.new"; mv "$TMP/wall.new" "$TMP/wall"; }
wall_to() { set_wall $(($1 - $(date +%s))); }	# the clock runs on from there
echo 0 >"$TMP/mono"
no_server() { printf ':127.0.0.1:1\n' >"$CONTROLDIR/smtproutes"; }
birth() { stat -c %Y "$QUEUEDIR"/info/0/*; }

# ---- 1970
wall_to 60
no_server
letter one | post ann@remote.example
run
is "1970: no server: stays" "$EXIT $(queued)" "75 1"
like "the Date of a board without a clock" "$(cat "$QUEUEDIR"/mess/0/*)" '^Date: 1 Jan 1970 '
letter local | post "$WHO"
run
is "1970: local delivery goes on" "$(inbox)" 1
# ---- a daemon lives through the first answer of a time server
echo 600 >"$CONTROLDIR/queuelifetime"
: >"$LOG"	# what an earlier run said is not meant
$AS "$RBIN/qmta-send" -d 2>"$LOG" & runner=$!
until_log() { for _ in $(seq 200); do grep -Eq "$1" "$LOG" && return 0; sleep 0.05; done; return 1; }
until_log 'deferral'

set_wall 0
kill -ALRM $runner
ok "the step is seen" until_log 'the clock was set by [0-9]+ seconds; the ages of 1 messages are kept'
until_log 'starting delivery 2'
kill -TERM $runner; wait $runner
like "the message is as old as it was" "$(($(date +%s) - $(birth)))" '^[0-9]$'
rm "$CONTROLDIR/queuelifetime"
sink_start
run -a
is "delivered, not bounced" "$EXIT $(queued) $(mails)" "0 0 1"
is "with the Date corrected on its way" "$(cat "$MAILS"/* | grep -c '^Date: 1 Jan 1970')" 0
like "to this year" "$(cat "$MAILS"/*)" "^Date: [0-9]+ [A-Z][a-z][a-z] $(date -u +%Y) "
sink_stop

# ---- forward by 50 years between two one-shot runs of the same boot
set_wall 0
no_server
letter two | post ann@remote.example
run
is "today: stays" "$EXIT $(queued)" "75 1"
set_wall $years50
run -a
is "50 years later: tried, stays, no bounce" "$EXIT $(queued) $(grep -c I.m_not_going "$LOG")" "75 1 0"
set_wall 0
run -a
is "and back again" "$EXIT $(queued) $(grep -c I.m_not_going "$LOG")" "75 1 0"
# ---- and while a daemon waits
: >"$LOG"	# what an earlier run said is not meant
$AS "$RBIN/qmta-send" -d 2>"$LOG" & runner=$!
sleep 0.5
set_wall $years50
kill -ALRM $runner; sleep 0.5; kill -ALRM $runner
until_log 'deferral'
set_wall -$years50
kill -ALRM $runner; sleep 0.5
kill -TERM $runner; wait $runner
is "50 years forward and 100 back under a daemon: still there" "$(queued)" 1
is "nobody was told that it is too late" "$(grep -c I.m_not_going "$LOG")" 0
set_wall 0
# ---- file times from nowhere
for t in 0 4294967296 2147483648 $((real + 3600)); do
	find "$QUEUEDIR" -type f -path '*/0/*' -exec touch -d "@$t" {} +
	run -a
	is "file times of $t: tried and kept" "$EXIT $(queued) $(grep -c 'deferral' "$LOG") $(grep -c I.m_not_going "$LOG")" "75 1 1 0"
done
sink_start
touch -d @4000000000 "$QUEUEDIR"/remote/0/*
run
is "a due time in the far future does not hold it for ever" "$EXIT $(queued) $(mails)" "0 0 1"

# ---- the retry schedule under the clock: nothing sleeps
sink_stop
no_server
letter three | post ann@remote.example
run
due() { echo $(($(stat -c %Y "$QUEUEDIR"/remote/0/*) - $(birth))); }
like "first retry 400 s after birth" "$(due)" '^(399|400|401)$'
set_wall 401; echo 401000 >"$TMP/mono"
run
like "second at 1600 s" "$(due)" '^(1599|1600|1601|1602)$'
set_wall 500; echo 500000 >"$TMP/mono"
run
is "not before its time" "$EXIT $(grep -c starting "$LOG")" "75 0"
set_wall 1602; echo 1602000 >"$TMP/mono"
run
like "third at 3600 s" "$(due)" '^(3600|360[1-9])$'
set_wall 604900; echo 604900000 >"$TMP/mono"
run
like "after a week the last try fails for good" "$(cat "$LOG")" "failure: .*I'm_not_going_to_try_again"

# ---- days ahead at boot, set right soon after: who waits was born under a right clock
runner_root
no_server
set_wall 2000000; echo 0 >"$TMP/mono"
letter four | post ann@remote.example
run
born=$(birth)
rm -f "$QUEUEDIR/lock/clock"	# of another boot
set_wall 2400000
: >"$LOG"	# what an earlier run said is not meant
$AS "$RBIN/qmta-send" -d 2>"$LOG" & runner=$!
until_log '^delivery 1: deferral'
set_wall 2000000
kill -ALRM $runner
until_log 'the clock was set by -'
kill -TERM $runner; wait $runner
is "it has not become older" "$(($(birth) - born))" 0

# ---- a host that is up for 1 and for 16 years: still one try a turn
for d in 400 6000; do
	runner_root
	no_server
	set_wall 0; echo $((d * 86400000)) >"$TMP/mono"
	letter long | post ann@remote.example
	timeout 10 $AS "$RBIN/qmta-send" 2>"$LOG"
	is "up for $d days: one try, then it waits" "$? $(grep -c starting "$LOG")" "75 1"
	timeout 10 $AS "$RBIN/qmta-send" 2>"$LOG"
	is "up for $d days: and not before its time" "$? $(grep -c starting "$LOG")" "75 0"
done

# ---- a bounce that waits: bouncelifetime is queuelifetime, or less
runner_root
no_server
days() { set_wall $(($1 * 86400)); echo $(($1 * 86400000)) >"$TMP/mono"; }
days 0
echo 1209600 >"$CONTROLDIR/queuelifetime"
letter five | post -f '<>' ann@remote.example
run
days 10
run
is "28: no bouncelifetime: a bounce waits as long as queuelifetime says" \
	"$EXIT $(queued) $(grep -c 'deferral' "$LOG")" "75 1 1"
echo 604800 >"$CONTROLDIR/bouncelifetime"
run -a
like "28: no longer than bouncelifetime" "$(cat "$LOG")" "failure: .*I'm_not_going_to_try_again"
done_testing
