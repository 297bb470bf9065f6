#!/bin/sh
# survive.t: a running daemon and what a machine does to it: the queue's directory
# goes away, or is another one, todo/, the trigger or the lock is removed, the
# spawner and workers are killed. While a trouble lasts the log has one line of it
# and the daemon does not spin; when it has passed, all mail arrives, each once.
# (scarce.t: what there is too little of; hang.t: deliveries that do not end.)
# shellcheck disable=SC2086,SC2016,SC2119 # $AS is words; until_ eval
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
. "$TOP/tests/lib/daemon.sh"
RUNNER_BIN=$TESTBIN BIN=$TESTBIN
daemon_root

sink_start
daemon_start
both
ok "mail flows" until_ queue_empty

# --- the queue goes away and comes back ---------------------------------------------
mv "$QUEUEDIR" "$QUEUEDIR.away"
ok "no queue: new mail is refused" sh -c "! echo x | $AS $RBIN/sendmail $WHO 2>/dev/null"
calm "no queue"
mv "$QUEUEDIR.away" "$QUEUEDIR"
both
ok "the queue was away: all is delivered" until_ queue_empty

# --- no todo/ -------------------------------------------------------------------------
rm -r "$QUEUEDIR/todo"
for i in 1 2 3 4 5; do
	pass_time
	sleep 0.1
done
calm "no todo/"
is "no todo/: one line" "$(lines 'unable to read todo')" 1
$AS mkdir "$QUEUEDIR/todo"
$AS chmod 750 "$QUEUEDIR/todo"
pass_time
ok "todo/ is there again: it says so" until_ says 'todo can be read again'
both
ok "and delivers" until_ queue_empty

# --- the trigger is removed ------------------------------------------------------------
rm "$QUEUEDIR/lock/trigger"
both
calm "no trigger"
kill -ALRM "$DAEMON"
ok "no trigger: found at the next look" until_ queue_empty
ok "and there is a new trigger" test -p "$QUEUEDIR/lock/trigger"
both
ok "which works" until_ queue_empty

# --- the lock is removed ---------------------------------------------------------------
second() { # a second runner, the tools that ask for the first one
	EXIT=0
	$AS timeout 5 "$RBIN/qmta-send" 2>"$TMP/second" </dev/null || EXIT=$?
}
rm "$QUEUEDIR/lock/sendmutex"
second
is "no lock/sendmutex: no second runner" "$EXIT" 111
like "and why" "$(cat "$TMP/second")" 'already running'
rm -f "$QUEUEDIR/lock/sendmutex"
ok "queue-fix knows of it" sh -c "$AS $RBIN/queue-fix $QUEUEDIR 2>&1 | grep -q 'stop it first'"
like "the status as well" "$($AS "$RBIN/qmta" status)" ' running'
rm -f "$QUEUEDIR/lock/sendmutex"
both
kill -ALRM "$DAEMON"
ok "it delivers" until_ queue_empty
taken() { [ -e "$QUEUEDIR/lock/sendmutex" ] && ! flock -n "$QUEUEDIR/lock/sendmutex" true; }
ok "and locks a new file, for other programs of the family" until_ taken

# --- another queue in its place -----------------------------------------------------------
mv "$QUEUEDIR" "$QUEUEDIR.old"
mkdir "$QUEUEDIR"
[ -z "$AS" ] || chown 65534:65534 "$QUEUEDIR"
$AS "$RBIN/queue-fix" "$QUEUEDIR" >/dev/null 2>&1
both
kill -ALRM "$DAEMON"
ok "another queue: it goes over" until_ says 'is another directory now'
ok "and delivers what is there" until_ queue_empty
both
ok "and what comes, at once" until_ queue_empty
second
is "and holds its lock" "$EXIT" 111
is "one line" "$(lines 'another directory')" 1
ok "the old one is nobody's" flock -n "$QUEUEDIR.old/mess/0" true

# --- the spawner dies, workers die -----------------------------------------------------------
kill -9 "$(child "$DAEMON")"
ok "the spawner is killed: another one is started" until_ says 'there is another one now'
both
ok "and all is delivered" until_ queue_empty
is "one line" "$(lines 'spawner')" 1
printf 'MAIL #1 stall\n' >"$TMP/script"
resink --script "$TMP/script"
both
ok "a worker waits for its server" until_ grep -q 'C MAIL' "$SINKLOG"
spawner=$(child "$DAEMON")
kill -9 "$(child "$spawner")"
ok "it is killed: deferred" until_ says 'Delivery_process_died'
pass_time 500
ok "and delivered at the next try" until_ queue_empty

each_once "the sum"
daemon_stop
is "and an orderly end" "$CODE" 0
done_testing
