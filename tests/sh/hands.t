#!/bin/sh
# hands.t: `qmta queue`: every verb with nobody running, with a runner that has
# deliveries in flight, and over a restart. Nothing may be lost, and nothing arrive
# twice.
# shellcheck disable=SC2016,SC2086,SC2046 # patterns; $AS and lists are words
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
runner_root
trap 'sink_stop; [ -z "${RUNNER:-}" ] || kill -9 "$RUNNER" 2>/dev/null; rm -rf "$TMP"' EXIT

letter() { printf 'Subject: %s\n\nbody of %s\033[2J\n' "$1" "$1"; }
send_to() { letter "$1" | post -f kim@a.example "$2"; }
q() { $AS "$RBIN/qmta" queue "$@"; }
id_of() { grep -l "^Subject: $1\$" "$QUEUEDIR"/mess/*/* 2>/dev/null | sed 's/.*\///'; }
arrived() { grep -l "^Subject: $1" "$MAILS"/* 2>/dev/null | wc -l | tr -d ' '; }
is_held() { [ -k "$QUEUEDIR/info/0/$1" ]; }
is_empty() { [ "$(queued)" = 0 ]; }
# until_ COMMAND...: for ten seconds
until_() {
	until_n=0
	until "$@"; do
		until_n=$((until_n + 1))
		[ $until_n -lt 200 ] || return 1
		sleep 0.05
	done
}
logged() { grep -q -e "$1" "$LOG"; }
runner() {
	$AS "$RBIN/qmta-send" -d "$@" 2>>"$LOG" </dev/null &
	RUNNER=$!
	until_ flock_taken
}
flock_taken() { ! flock -n "$QUEUEDIR/lock/sendmutex" true; }
runner_stop() { kill "$RUNNER"; wait "$RUNNER" 2>/dev/null; RUNNER=; }

# ---- words
is "no verb: 100" "$(q 2>/dev/null; echo $?)" 100
is "--help: 0" "$(q --help >/dev/null; echo $?)" 0
like "--help says how" "$(q --help)" 'remove \[--bounce\] ID'
is "a verb that is none: 100" "$(q eat 1 2>/dev/null; echo $?)" 100
is "an option that is none: 100" "$(q retry -x 2>/dev/null; echo $?)" 100
is "remove all is too easily said: 100" "$(q remove all 2>/dev/null; echo $?)" 100
is "hold without a number: 100" "$(q hold 2>/dev/null; echo $?)" 100
is "no such message: 1" "$(q remove 4711 2>"$TMP/err"; echo $?)" 1
like "and which" "$(cat "$TMP/err")" '4711: there is no such message'
is "a word for a number: 1" "$(q show ../../etc 2>/dev/null; echo $?)" 1
is "list of an empty queue" "$(q list)" "Mail queue is empty"
is "in JSON" "$(q list --json | python3 -c 'import json,sys; print(json.load(sys.stdin))')" "[]"

# ---- nobody runs
sink_start
send_to stay ann@remote.example; send_to go bo@remote.example; send_to tell "cy@remote.example"
stay=$(id_of stay) go=$(id_of go) tell=$(id_of tell)
is "hold" "$(q hold "$stay")" "$stay: held"
is "remove, and one that is not there: 1" "$(q remove "$go" 4711 2>/dev/null; echo $?)" "$go: removed
1"
is "it is gone without a trace" "$(find "$QUEUEDIR" -name "$go" | wc -l | tr -d ' ')" 0
is "remove --bounce" "$(q remove --bounce "$tell")" "$tell: removed; the next qmta-send tells its sender"
is "retry of what is held" "$(q retry "$stay"; echo $?)" "$stay: is held: release it first
1"
like "show: the envelope" "$(q show "$stay")" "#$stay .*<kim@a.example>  held  age"
like "show: the recipient" "$(q show "$stay")" '	remote	ann@remote.example'
like "show: the header" "$(q show "$stay")" '^Subject: stay$'
is "show: not the body" "$(q show "$stay" | grep -c 'body of')" 0
like "show -b: the body, without what a terminal would obey" "$(q show -b "$stay")" '^body of stay_\[2J$'
run
is "held mail is left over: 75" "$EXIT" 75
is "it was not tried" "$(arrived stay)" 0
is "the one that was removed did not arrive" "$(grep -l 'TO:<[bc][oy]@' "$MAILS"/* | wc -l | tr -d ' ')" 0
is "the sender was told" "$(arrived 'failure notice')" 1
like "what" "$(cat "$MAILS"/*)" 'Removed from the queue by the administrator. \(#5.7.0\)'
like "and about whom" "$(cat "$MAILS"/*)" '^<cy@remote.example>:'
run -a
is "nor is it with -a" "$EXIT $(arrived stay)" "75 0"
touch -d '2024-01-01' "$QUEUEDIR"/info/0/*
run
is "nor does it get too old" "$EXIT $(queued) $(mails)" "75 1 1"
like "mailq shows it" "$($AS "$RBIN/mailq")" "#$stay .* held "
is "JSON shows it" "$(q list --json | python3 -c '
import json, sys
m, = json.load(sys.stdin)
print(m["held"], m["sender"], m["recipients"][0]["address"])')" "True kim@a.example ann@remote.example"
touch "$QUEUEDIR"/info/0/*
is "release" "$(q release "$stay")" "$stay: released"
run
is "it arrives, once" "$EXIT $(arrived stay) $(queued)" "0 1 0"

# retry of what is deferred
printf 'RCPT !later 450 4.2.0 not now\n' >"$TMP/script"
sink_stop; sink_start --script "$TMP/script"
send_to later later@remote.example
run
is "deferred" "$EXIT" 75
run
is "and not due" "$EXIT $(mails)" "75 0"
is "retry" "$(q retry "$(id_of later)")" "$(id_of later): is tried by the next qmta-send"
run
is "is tried" "$EXIT $(arrived later)" "0 1"
for n in 1 2 3; do send_to "all$n" "x$n@remote.example"; done
is "hold all" "$(q hold all)" "done"
run -v
is "holds all" "$EXIT $(queued)" "75 3"
like "and -v says so" "$(cat "$LOG")" '3 messages stay in the queue, held$'
q release all >/dev/null
q retry all >/dev/null
run
is "release all, retry all" "$EXIT $(arrived all)" "0 3"

# ---- somebody runs, with deliveries in flight all the time
cat >"$TMP/script" <<'X'
RCPT slowbad sleep 1.5 450 4.2.0 not now
RCPT slowgood sleep 1.5 250 ok
RCPT !once 450 4.2.0 not now
RCPT never 450 4.2.0 not now
X
sink_stop; sink_start --script "$TMP/script"
: >"$LOG"
runner
N=30
[ -z "${QMTA_SHORT:-}" ] || N=12
(n=0; while [ $n -lt $N ]; do n=$((n + 1)); send_to "load$n." "l$n@remote.example"; sleep 0.1; done) &
load=$!
send_to bad slowbad@remote.example; bad=$(id_of bad)
send_to mid slowbad2@remote.example; mid=$(id_of mid)
send_to once once@remote.example; once=$(id_of once)
send_to never never@remote.example; never=$(id_of never)
ok "a delivery is under way" until_ logged "to remote slowbad@"
is "remove in the middle of a delivery: when that is over" "$(q remove "$bad")" "$bad: removed"
ok "that was not before its answer" logged "deferral: .*"
like "the log says so" "$(cat "$LOG")" "^info: msg $bad was removed by the administrator"
is "it was tried once" "$(grep -c "to remote slowbad@" "$LOG")" 1
send_to good slowgood@remote.example; good=$(id_of good)
until_ logged "to remote slowgood@"
like "one that is just being delivered leaves, once" "$(q remove "$good")" "^$good: removed"
is "it has arrived" "$(arrived good)" 1
until_ logged "to remote slowbad2@"
like "hold in the middle of a delivery" "$(q hold "$mid")" "^$mid: held"
until_ test -f "$QUEUEDIR/remote/0/$once"
like "retry" "$(q retry "$once")" "^$once: (is tried now|has left the queue)\$"
ok "and it is" until_ logged "delivery .*: success"
until_ test -f "$QUEUEDIR/remote/0/$never"
is "remove --bounce" "$(q remove --bounce "$never")" "$never: removed; its sender is told"
wait "$load"
all_there() { [ "$(arrived load)" = "$N" ] && [ "$(arrived once)" = 1 ] && [ "$(arrived failure)" = 1 ]; }
ok "all the other mail arrives" until_ all_there
is "each once" "$(cat "$MAILS"/* | grep '^Subject: load' | sort | uniq -d | wc -l | tr -d ' ')" 0
is "and nothing but the held one is left" "$(ls "$QUEUEDIR/mess/0")" "$mid"
kill -ALRM "$RUNNER"; sleep 0.3
is "ALRM leaves it alone" "$(grep -c "to remote slowbad2@" "$LOG")" 1
ok "it is held" is_held "$mid"
is "nothing waits in lock/commands" "$(wc -c <"$QUEUEDIR/lock/commands" | tr -d ' ')" 0

# ---- over a restart, and a kill
runner_stop
printf 'RCPT stuck stall\n' >"$TMP/script"
: >"$LOG"
runner
is "held over a restart" "$(q retry "$mid")" "$mid: is held: release it first"
send_to stuck stuck@remote.example; stuck=$(id_of stuck)
until_ logged "to remote stuck@"
q remove "$stuck" >"$TMP/out" & tool=$!
wrote() { grep -q "^remove $stuck " "$QUEUEDIR/lock/commands"; }
ok "remove of what hangs waits" until_ wrote
kill -9 "$RUNNER"; wait "$RUNNER" 2>/dev/null; RUNNER=
wait "$tool"
is "the runner is killed: the tool does it" "$(cat "$TMP/out")" "$stuck: removed"
is "it is gone" "$(find "$QUEUEDIR" -name "$stuck" | wc -l | tr -d ' ')" 0
: >"$TMP/script"
is "release" "$(q release "$mid")" "$mid: released"
q retry "$mid" >/dev/null
RUN_SECS=20 run
is "now it arrives, once" "$EXIT $(arrived mid) $(queued)" "0 1 0"

# ---- all of it at random, with restarts
printf 'RCPT slow sleep 0.05 250 ok\nRCPT @later 450 4.2.0 not now\n' >"$TMP/script"
sink_stop; sink_start --script "$TMP/script"
secs=10
[ -z "${QMTA_SHORT:-}" ] || secs=2
storm=$(python3 "$TOP/tests/lib/storm.py" "$RBIN" $secs $$ "$MAILS" $AS 2>&1)
echo "# seed $$: $storm"
like "a storm: what was not removed arrives, once" "$storm" \
	'^sent [1-9][0-9]* removed [0-9]+ lost \[\] twice \[\] left 0 exit 0$'

# ---- the file itself
send_to keep keep@remote.example; keep=$(id_of keep)
(umask 077
printf 'remove %s 1\nbounce %s 1\nhold %s\nrubbish\nremove all 0\nremove 0 0\n\n' "$keep" "$keep" "$keep" \
	>"$QUEUEDIR/lock/commands")
[ -z "$AS" ] || chown 65534:65534 "$QUEUEDIR/lock/commands"
run
is "lines about another message of that number, and rubbish, do nothing" \
	"$EXIT $(arrived keep) $(queued)" "0 1 0"
is "and are gone" "$(wc -c <"$QUEUEDIR/lock/commands" | tr -d ' ')" 0
send_to keep2 keep2@remote.example
ln -sf /etc/hostname "$TMP/link"; rm "$QUEUEDIR/lock/commands"; ln -s "$TMP/victim" "$QUEUEDIR/lock/commands"
: >"$TMP/victim"; chmod 666 "$TMP/victim"
is "a link is not written to: 111" "$(q hold "$(id_of keep2)" 2>/dev/null; echo $?)" 111
is "nothing stands there" "$(wc -c <"$TMP/victim" | tr -d ' ')" 0
rm "$QUEUEDIR/lock/commands"
if [ -n "$AS" ]; then
	is "somebody else: 111" "$(setpriv --reuid=65533 --regid=65533 --clear-groups "$RBIN/qmta" queue hold all 2>"$TMP/err"; echo $?)" 111
	like "and why" "$(cat "$TMP/err")" 'only root and the owner'
	is "root may, too" "$("$RBIN/qmta" queue hold all)" "done"
	is "and leaves files to the owner" "$(stat -c %u "$QUEUEDIR/lock/commands" "$QUEUEDIR"/info/0/* | sort -u)" 65534
fi
like "list speaks under its own name" "$(QUEUEDIR=/nonexistent "$RBIN/qmta" queue list 2>&1)" '^qmta queue: unable'
done_testing
