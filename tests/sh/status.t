#!/bin/sh
# status.t: `qmta status` for monit, procd and Docker: exit code and one line, and
# lock/status, which the runner writes seldom.
# shellcheck disable=SC2086 # $AS is words
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
[ -x "$TESTBIN/qmta" ] || skip_all "no programs with the clock of the tests"
RUNNER_BIN=$TESTBIN
export RUNNER_BIN
runner_root
trap 'sink_stop; [ -z "${RUNNER:-}" ] || kill -9 "$RUNNER" 2>/dev/null; rm -rf "$TMP"' EXIT
QMTA_FAKE_CLOCK=$TMP/clock
export QMTA_FAKE_CLOCK
echo 0 >"$QMTA_FAKE_CLOCK"

status() { $AS "$RBIN/qmta" status "$@" 2>&1; echo "exit $?"; }
code() { status "$@" | tail -n 1; }
field() { $AS "$RBIN/qmta" status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
letter() { printf 'Subject: x\n\nbody\n' | post -f kim@a.example "$1"; }

like "a fresh system" "$(status)" '^ok; not running now, 0 new, 0 deferred, 0 held; [0-9]+ KiB free$'
is "is healthy" "$(code)" "exit 0"
is "one line" "$($AS "$RBIN/qmta" status | wc -l | tr -d ' ')" 1
is "with --daemon it is not" "$(code --daemon)" "exit 1"
like "and why" "$(status --daemon)" '^trouble: qmta-send is not running;'
is "unknown words: 100" "$(code --maxage 3)" "exit 100"
is "a word for a number: 100" "$(code --max-age 3d)" "exit 100"
is "a number that is missing: 100" "$(code --max-queue)" "exit 100"
is "--help: 0" "$(code --help)" "exit 0"

sink_start
letter a@remote.example
run
like "last success" "$(status)" '; last success [0-9]+s ago;'
is "in JSON" "$(field running) $(field healthy) $(field new)$(field deferred)$(field held)" "False True 000"
ok "its time" test "$(field last_success)" -ge "$(($(date +%s) - 60))"
sink_stop
letter b@remote.example
is "a new one" "$(field new)" 1
run
is "deferred" "$(field new) $(field deferred)" "0 1"
like "last error, in words" "$(status)" '; last error [0-9]+s ago: Sorry, I wasn.t able'
like "the last success is not forgotten by another run" "$(status)" '; last success [0-9]+s ago;'
echo 500 >"$QMTA_FAKE_CLOCK"
is "--max-age" "$(code --max-age 400) $(code --max-age 600)" "exit 1 exit 0"
like "in words" "$(status --max-age 400)" '^trouble: mail waits too long; .* oldest 8m'
is "--max-queue" "$(code --max-queue 0) $(code --max-queue 1)" "exit 1 exit 0"
$AS "$RBIN/qmta" queue hold all >/dev/null
is "held mail is counted, and is no trouble" "$(field held) $(code --max-age 400 --max-queue 0)" "1 exit 0"
echo "=100000" >"$QMTA_FAKE_CLOCK"
is "the clock is not set" "$(code) $(field clock_set)" "exit 1 False"
like "in words" "$(status)" '^trouble: the clock is not set'
echo 0 >"$QMTA_FAKE_CLOCK"
echo 999999999999999 >"$CONTROLDIR/minfree"
is "the disk is nearly full" "$(code)" "exit 1"
rm "$CONTROLDIR/minfree"

# ---- a runner
: >"$LOG"
$AS "$RBIN/qmta-send" -d 2>>"$LOG" </dev/null &
RUNNER=$!
n=0; until grep -q status: "$LOG" || [ $n -gt 100 ]; do n=$((n + 1)); sleep 0.05; done
is "running" "$(code --daemon) $(field running)" "exit 0 True"
before=$(stat -c %y "$QUEUEDIR/lock/status")
sleep 1
is "a runner with nothing to do writes nothing" "$(stat -c %y "$QUEUEDIR/lock/status")" "$before"
kill "$RUNNER"; wait "$RUNNER" 2>/dev/null; RUNNER=

# Looking does not keep a runner from starting.
(n=0; while [ $n -lt 60 ]; do n=$((n + 1)); $AS "$RBIN/qmta" status >/dev/null; done) &
look=$!
bad=0
for n in 1 2 3 4 5 6 7 8; do run; [ "$EXIT" = 75 ] || bad=$((bad + 1)); done
wait "$look"
is "runs beside many looks all start" "$bad" 0

# ---- what may stand in the file
printf 'error 12 \033]0;x\007 %%s\nsuccess 99999999999999999999\n' >"$QUEUEDIR/lock/status"
is "rubbish in it is shown safely" "$(status | tr -d '\n[:print:]' | wc -c | tr -d ' ')" 0
head -c 9000 /dev/urandom >"$QUEUEDIR/lock/status"
like "and harms nobody" "$(status)" '^ok; '
mv "$QUEUEDIR/todo" "$QUEUEDIR/gone"
is "no queue: not healthy" "$(code)" "exit 1"
is "in the words of every trouble" "$($AS "$RBIN/qmta" status 2>/dev/null)" "trouble: unable to read the queue"
is "and said to a program, too" "$(field healthy 2>/dev/null)" False
like "and why" "$(status)" 'unable to read the queue'
done_testing
