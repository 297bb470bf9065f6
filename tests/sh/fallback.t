#!/bin/sh
# The queue that steps in: the QMQP servers are down, what is sent waits in a queue, and
# goes out in order when they are back: at one flush, at the next message, at a hint. Long form: 500 messages, else 60.
# shellcheck disable=SC2016,SC2086,SC2154 # patterns; $AS is words; QPORT of qsink.sh
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
. "$TOP/tests/lib/qmqp.sh"
. "$TOP/tests/lib/qsink.sh"
N=500
[ -z "${QMTA_SHORT:-}" ] || N=60
runner_root
trap '[ -z "$DAEMON" ] || kill "$DAEMON"; qsink_stop_all; rm -rf "$TMP"' EXIT
qsink_start one; qsink_start two
printf '127.0.0.1:%s\n127.0.0.1:%s\n' "$(cat "$TMP/one/port")" "$(cat "$TMP/two/port")" \
	>"$CONTROLDIR/qmqpservers"
echo 1 >"$CONTROLDIR/qmqpfallback"
mail direct; mail direct2
is "servers up: nothing comes to the queue" "$(queued) $(taken one | tr '\n' ' ')" "0 direct direct2 "

# ---- all down, the runner is killed, one flush
qsink_fresh one; qmqp_stop two
daemon
ok "a runner without a failure leaves no mark" unmarked
bad=0
for i in $(seq "$N"); do
	mail "$i" || bad=$((bad + 1))
	[ "$i" != $((N / 3)) ] || until_ marked || bad=mark
	[ "$i" != $((N / 2)) ] || daemon_stop -KILL
done
is "servers down: all $N messages are accepted" "$bad" 0
is "and are in the queue" "$(queued)" "$N"
ok "some of them tried, some of them never looked at" test "$(waiting)" -gt 0 -a "$(waiting)" -lt "$N"
qsink_start one; qsink_start two
run -a
is "servers up: one flush" "$EXIT $(queued)" "0 0"
is "all is delivered once, in order" "$(taken one | cksum)" "$(seq "$N" | cksum)"
is "by one of them" "$(taken two)" ""
is "one connection for each message" "$(qconns one)" "$N"
ok "the mark that the killed one had left is gone" unmarked

# ---- a daemon; the server comes back
qsink_fresh one; qmqp_stop two
daemon
for i in 1 2 3 4 5; do mail "$i"; done
ok "all of them wait" until_ waits 5
ok "the mark says so" marked
before=$(grep -c 'starting delivery' "$LOG")
sleep 0.6
qsink_start one
mail 6
ok "server up: the next message is enough" until_ dry
is "and does not overtake the others" "$(taken one | tr '\n' ' ')" "1 2 3 4 5 6 "
ok "the mark goes" until_ unmarked
is "each was tried once more" "$(($(grep -c 'starting delivery' "$LOG") - before))" 6
mail 7
is "and the next one goes directly" "$(queued) $(taken one | tail -n 1)" "0 7"

# ---- the same by a hint
qsink_fresh one
for i in 1 2 3; do mail "$i"; done
until_ waits 3
before=$(grep -c 'starting delivery' "$LOG")
printf u >"$QUEUEDIR/lock/trigger"
started() { [ "$(grep -c 'starting delivery' "$LOG")" = "$1" ]; }
ok "a hint that is wrong: the oldest is tried, alone" until_ started $((before + 1))
sleep 0.5
is "and that is all" "$(($(grep -c 'starting delivery' "$LOG") - before)) $(waiting)" "1 3"
qsink_start one
printf u >"$QUEUEDIR/lock/trigger"
sleep 0.5
is "another one has to wait for a minute" "$(waiting)" 3
kill -HUP "$DAEMON"
ok "unless the administrator means it" until_ dry
is "in order" "$(taken one | tr '\n' ' ')" "1 2 3 "

# ---- end and start with mail that waits
qsink_fresh one
for i in 1 2 3; do mail "$i"; done
until_ waits 3
daemon_stop
ok "the mark goes with the runner" unmarked
daemon
ok "and does not come with it" unmarked
mail 4
ok "until it finds mail failing" until_ marked
qsink_start one
sleep 0.6	# a failure counts for so long
mail 5
ok "and all goes, with the next message" until_ dry
is "in order again" "$(taken one | tr '\n' ' ')" "1 2 3 4 5 "

# ---- one that a server does not want now is no reason to believe that it is down
qsink_fresh one
qsink_start one 'ANSWER poison Z Not this one (#4.3.0)'
for i in poison 1 2; do mail "$i"; done
ok "Z: it waits" until_ waits 1
ok "no mark" unmarked
is "the others go directly" "$(taken one | tr '\n' ' ')" "1 2 "
qsink_fresh one; mail 3; mail 4
until_ waits 3
qsink_start one 'ANSWER poison Z Not this one (#4.3.0)'
sleep 0.6; mail 5
ok "as the oldest of several it holds nobody up" until_ waits 1
ok "the mark goes" until_ unmarked
is "order" "$(taken one | tr '\n' ' ')" "3 4 5 "
qmqp_script one ''
kill -ALRM "$DAEMON"
ok "ALRM" until_ dry
daemon_stop

done_testing
