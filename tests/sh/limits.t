#!/bin/sh
# limits.t: floods are refused for now, with words, one line in the log, and
# nothing left behind; bounces and mail that is queued already go on.
# shellcheck disable=SC2086 # $AS is words
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
RUNNER_BIN=$TESTBIN
export RUNNER_BIN
[ -x "$TESTBIN/qmta" ] || skip_all "no programs with the clock of the tests"
runner_root
trap 'sink_stop; [ -z "${RUNNER:-}" ] || kill -9 "$RUNNER" 2>/dev/null; rm -rf "$TMP"' EXIT
QMTA_FAKE_CLOCK=$TMP/clock
QMTA_FAKE_MONO=$TMP/mono
export QMTA_FAKE_CLOCK QMTA_FAKE_MONO
echo 0 >"$QMTA_FAKE_MONO"
echo 0 >"$QMTA_FAKE_CLOCK"

letter() { printf 'Subject: flood\n\nbody\n'; }
# try SENDER: exit code and words
try() { letter | post -f "$1" to@remote.example 2>&1; echo "exit $?"; }
files() { find "$QUEUEDIR" -type f ! -path '*/lock/*' | wc -l | tr -d ' '; }
warned() { grep -c "^warning: $1: " "$LOG"; }

# ---- messages of one sender
sink_start
echo 2 >"$CONTROLDIR/sendermax"
is "two go on" "$(try kim@a.example; try Kim@A.example)" "exit 0
exit 0"
refused=$(try kim@a.example)
like "the third: try later" "$refused" '^exit 75$'
like "and which file says so" "$refused" 'control/sendermax'
is "nothing of it is left" "$(queued) $(files)" "2 4"
is "an injector of the family gets 111" \
	"$(letter | $AS "$RBIN/qmail-inject" -f kim@a.example to@remote.example 2>/dev/null; echo $?)" 111
printf 'x\n' >"$TMP/m"
printf 'Fkim@a.example\0Tto@remote.example\0\0' >"$TMP/e"
chmod 644 "$TMP/m" "$TMP/e"
is "qmail-queue: a number of its own, temporary" "$($AS "$RBIN/qmail-queue" <"$TMP/m" 1<"$TMP/e"; echo $?)" 57
is "another sender is free" "$(try bo@a.example)" "exit 0"
printf 'F\0Tto@remote.example\0\0' >"$TMP/e"
is "so is the null sender, as often as it likes" \
	"$(for n in 1 2 3; do $AS "$RBIN/qmail-queue" <"$TMP/m" 1<"$TMP/e"; echo $?; done | paste -sd, )" 0,0,0
run
is "what is in the queue is delivered" "$EXIT $(queued) $(mails)" "0 0 6"
is "one line in the log" "$(warned sendermax)" 1
like "in plain words" "$(cat "$LOG")" \
	'^warning: sendermax: kim@a.example sent more than 2 messages within an hour; further ones are refused for now$'
try kim@a.example >/dev/null
run
is "once a window" "$(warned sendermax)" 0
echo 3601 >"$QMTA_FAKE_CLOCK"
is "an hour later: two more" "$(for n in 1 2 3; do try kim@a.example | tail -n 1; done | paste -sd, )" \
	"exit 0,exit 0,exit 75"
run
is "and one more line" "$(warned sendermax)" 1
echo 0 >"$QMTA_FAKE_CLOCK"
is "the clock is set back: a new window" "$(try kim@a.example)" "exit 0"
run

# ---- a runner that waits hears of it
: >"$LOG"
$AS "$RBIN/qmta-send" -d 2>>"$LOG" </dev/null &
RUNNER=$!
n=0; until grep -q status: "$LOG" || [ $n -gt 100 ]; do n=$((n + 1)); sleep 0.05; done
for n in 1 2 3 4; do try cy@a.example >/dev/null; done
n=0; until [ "$(warned sendermax)" = 1 ] || [ $n -gt 100 ]; do n=$((n + 1)); sleep 0.05; done
is "a waiting runner logs it at once" "$(warned sendermax)" 1
kill "$RUNNER"; wait "$RUNNER" 2>/dev/null; RUNNER=
rm "$CONTROLDIR/sendermax"

# ---- a sender that wants to write lines
echo 1 >"$CONTROLDIR/sendermax"
printf 'Fremove 1 %%s\033@a.example\0Tto@remote.example\0\0' >"$TMP/e"
$AS "$RBIN/qmail-queue" <"$TMP/m" 1<"$TMP/e"
printf 'Fall 0\\nx %%s@a.example\0Tto@remote.example\0\0' >"$TMP/e"
$AS "$RBIN/qmail-queue" <"$TMP/m" 1<"$TMP/e"; $AS "$RBIN/qmail-queue" <"$TMP/m" 1<"$TMP/e"
run
like "a strange sender is made safe in the log" "$(cat "$LOG")" '^warning: sendermax: all_0.nx__s@a.example sent'

# ---- a caller whose umask would close the counts to everybody, and a flood of floods
rm -f "$QUEUEDIR/lock/rates" "$QUEUEDIR/lock/commands"
over() { printf 'F%s@a.example\0Tto@remote.example\0\0' "$1" >"$TMP/e"
	(umask 777; exec $AS "$RBIN/qmail-queue" <"$TMP/m" 1<"$TMP/e"); echo $?; }
is "whatever the umask: counted" "$(over ed; over ed)" "0
57"
is "and open to the next" "$(stat -c %a "$QUEUEDIR/lock/rates" "$QUEUEDIR/lock/commands" | paste -sd, )" 600,600
yes over sendermax 1 ed@a.example | head -c 33000 | $AS tee "$QUEUEDIR/lock/commands" >/dev/null
is "many lines wait already: refused all the same" "$(over al; over al)" "0
57"
is "without a line more" "$(wc -c <"$QUEUEDIR/lock/commands" | tr -d ' ')" 33000
rm -f "$QUEUEDIR/lock/commands"
run
rm "$CONTROLDIR/sendermax"

# ---- a full queue
sink_stop
echo ":127.0.0.1:1" >"$CONTROLDIR/smtproutes"
echo 3 >"$CONTROLDIR/queuemax"
is "three fit" "$(for n in 1 2 3 4; do try d$n@a.example | tail -n 1; done | paste -sd, )" \
	"exit 0,exit 0,exit 0,exit 75"
like "the words name the file" "$(try e@a.example)" 'control/queuemax'
is "nothing is left of the fourth" "$(queued) $(files)" "3 6"
run
is "deferred, and one line" "$EXIT $(warned queuemax)" "75 1"
echo 1 >"$CONTROLDIR/queuelifetime"
echo 100000 >"$QMTA_FAKE_CLOCK"; echo 100000000 >"$QMTA_FAKE_MONO"
echo 1 >"$CONTROLDIR/sendermax"
run
is "bounces go in all the same" "$(grep -c '^bounce msg' "$LOG")" 3
rm "$CONTROLDIR/queuelifetime" "$CONTROLDIR/sendermax" "$CONTROLDIR/queuemax"
rm -rf "$QUEUEDIR"; $AS "$RBIN/queue-fix" "$QUEUEDIR" >/dev/null 2>&1 || { mkdir "$QUEUEDIR"; chown 65534:65534 "$QUEUEDIR"; $AS "$RBIN/queue-fix" "$QUEUEDIR" >/dev/null; }

echo 1000 >"$CONTROLDIR/queuemaxbytes"
big() { { letter; head -c "$1" /dev/zero | tr '\0' x; } | post -f f@a.example to@remote.example 2>&1; echo "exit $?"; }
is "a small one fits" "$(big 300)" "exit 0"
like "a larger one does not" "$(big 700)" 'control/queuemaxbytes'
is "nothing is left of it" "$(queued) $(files)" "1 2"
is "a small one still does" "$(big 10)" "exit 0"
run
is "and one line" "$(warned queuemaxbytes)" 1
is "none are refused without the files" "$(rm "$CONTROLDIR/queuemaxbytes"; big 5000)" "exit 0"
done_testing
