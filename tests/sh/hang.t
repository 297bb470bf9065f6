#!/bin/sh
# hang.t: a local delivery that does not end, and a user and his home that go in the
# middle of one. The runner gives the delivery up and defers its recipient, sends
# nothing more there meanwhile, and keeps on delivering to others; mail for a user
# who is gone ends at its sender.
# shellcheck disable=SC2086,SC2016,SC2119 # $AS is words; until_ eval
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
. "$TOP/tests/lib/daemon.sh"
RUNNER_BIN=$TESTBIN BIN=$TESTBIN
daemon_root
# Two users: who runs this, and one of users/cdb with the same ids.
[ -z "$AS" ] && ids=$(id -u):$(id -g) || ids=65534:65534
JOE=$TMP/joe
joe() { # is there, with this line of .qmail
	mkdir -p "$JOE/Maildir/new" "$JOE/Maildir/tmp" "$JOE/Maildir/cur" "$ASSIGNDIR"
	[ -z "${1:-}" ] || printf '%s\n' "$1" >"$JOE/.qmail"
	chmod 755 "$JOE"
	[ -z "$AS" ] || chown -R $ids "$JOE"
	printf '=joe:%s:%s:%s:::\n.\n' "$WHO" "$ids" "$JOE" >"$ASSIGNDIR/assign"
	newu
}
nobody_there() { echo . >"$ASSIGNDIR/assign"; newu; }
newu() { "$BIN/qmail-newu" && chmod 755 "$ASSIGNDIR" && chmod 644 "$ASSIGNDIR"/*; }
letter() { printf 'Subject: %s\n\ntext\n' "$1" | post -f "$WHO" "$2"; }
copies() { cat "$HOME"/Maildir/new/* "$JOE"/Maildir/new/* "$TMP/got" 2>/dev/null | grep -c "^Subject: $1\$"; }
is_there() { [ "$(copies "$1")" = 1 ]; }
gone() { [ ! -d "/proc/$1" ]; }
# A program that waits while there is a file, and tells who called it.
PROGRAM="|echo \$PPID >$TMP/w.new; mv $TMP/w.new $TMP/worker; while [ -e $TMP/wait ]; do sleep 0.05; done; cat >>$TMP/got"
begin() { # NAME: a message for joe, whose program then waits; hung: its worker
	rm -f "$TMP/worker"
	: >"$TMP/wait"
	letter "$1" joe@mx.example.net
	until_ test -s "$TMP/worker" && hung=$(cat "$TMP/worker")
}

sink_start
echo 100 >"$CONTROLDIR/timeoutlocal"
joe "$PROGRAM"
daemon_start
both
ok "mail flows" until_ queue_empty

# --- a delivery hangs: its worker is stopped, as in the kernel's hands ------------------
ok "a local delivery has begun, its program runs" begin h1
kill -STOP "$hung"
pass_time 150
sleep 0.2
is "it hangs: not given up before its worker had its time" "$(lines timeoutlocal)" 0
is "its slot is taken" "$(grep '^status' "$LOG" | tail -n 1)" "status: local 1/10 remote 0/20"
pass_time 20
ok "then it is, and the log names the file" until_ says 'deferral: Delivery_has_not_ended.*timeoutlocal'
ok "once" test "$(lines timeoutlocal)" = 1
is "its slot is free" "$(grep '^status' "$LOG" | tail -n 1)" "status: local 0/10 remote 0/20"
letter h2 joe@mx.example.net
both
ok "others get their mail" until_ eval '[ "$(queued)" = 2 ]'
sleep 0.3
is "nothing more is sent where one hangs" "$(lines 'to local joe@')" 1
pass_time 1000
sleep 0.3
is "nor later" "$(lines 'to local joe@')" 1
calm "a delivery hangs"
is "nothing has been lost" "$(queued)" 2
rm "$TMP/wait"
kill -CONT "$hung"
ok "it moves again, and ends" until_ gone "$hung"
pass_time 1000
ok "all is delivered" until_ queue_empty
is "what waited, once" "$(copies h2)" 1
n=$(copies h1)
ok "what hung, once or twice ($n): nobody knows what it had done" \
	test "$n" -ge 1 -a "$n" -le 2

# --- control/timeoutlocal 0 is a day, for the runner, too ------------------------------
echo 0 >"$CONTROLDIR/timeoutlocal"
kill -HUP "$DAEMON"
sleep 0.3
ok "one more has begun" begin h0
kill -STOP "$hung"
pass_time 7200
sleep 0.3
is "timeoutlocal 0: not given up after hours" "$(lines timeoutlocal)" 1
rm "$TMP/wait"
kill -CONT "$hung"
ok "and delivered" until_ queue_empty
is "once" "$(copies h0)" 1
echo 100 >"$CONTROLDIR/timeoutlocal"
kill -HUP "$DAEMON"

# --- and is killed, as at a restart of the machine's file server -----------------------
ok "another one hangs" begin h3
kill -STOP "$hung"
pass_time 170
ok "and is given up" until_ eval '[ "$(lines timeoutlocal)" = 2 ]'
daemon_kill
ok "the runner can end meanwhile" until_ gone "$DAEMON"
wait "$DAEMON"
is "in good order" "$?" 0
kill -KILL "$hung"
rm "$TMP/wait"
daemon_start
pass_time 1000
ok "and its next run delivers" until_ queue_empty
ok "at least once" test "$(copies h3)" -ge 1

# --- a user is deleted in the middle of a delivery -------------------------------------
joe "$PROGRAM
./Maildir/"
ok "a delivery to him is under way" begin d1
nobody_there
rm -r "$JOE"
rm "$TMP/wait"
ok "it cannot end well: deferred" until_ says 'deferral: .*'
letter d2 joe@mx.example.net
pass_time 1000
ok "nothing is left behind" until_ queue_empty
is "the sender is told of both" "$(cat "$HOME"/Maildir/new/* | grep -c '^<joe@mx.example.net>:')" 2
like "why" "$(cat "$HOME"/Maildir/new/*)" 'no mailbox here by that name'

# --- his home goes, and comes back --------------------------------------------------------
joe ./Maildir/
mv "$JOE" "$JOE.away"
letter d3 joe@mx.example.net
ok "a user without his home: deferred" until_ eval '[ "$(lines "deferral: Unable_to_switch_to_")" -ge 1 ]'
calm "no home"
mv "$JOE.away" "$JOE"
pass_time 1000
ok "it is back: delivered" until_ is_there d3
both
ok "mail flows" until_ queue_empty
each_once "the rest"
daemon_stop
is "and an orderly end" "$CODE" 0
done_testing
