#!/bin/sh
# scale.t: large queues: what a message that waits costs in system calls, in
# instructions and in memory, at a start over 1k, 10k and 100k of them (fewer with
# QMTA_SHORT=1, and in other builds than the static one). What one more costs must not
# depend on how many there are (15 %), and must stay below a bound that is said here.
# The queues are written by tests/lib/fillqueue.py.
# shellcheck disable=SC2086,SC2119
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
command -v strace >/dev/null || skip_all "no strace"
DAEMON=
trap '[ -z "$DAEMON" ] || kill "$DAEMON"; sink_stop; rm -rf "$TMP"' EXIT
VARIANT=${VARIANT:-static}
# Entries of the plan have 16 bytes, so these fill whole pages: nothing is rounded.
sizes='1024 10240 102400'
[ -z "${QMTA_SHORT:-}" ] || sizes='256 1024'
[ "$VARIANT" = static ] || sizes='100 500'

empty() {
	runner_root
	no_server
}
fill() { # COUNT KIND [DUE [FIRST]]
	python3 "$TOP/tests/lib/fillqueue.py" "$QUEUEDIR" "$@" || exit 1
	[ -z "$AS" ] || chown -R 65534:65534 "$QUEUEDIR"
}
no_server() { echo ":127.0.0.1:1" >"$CONTROLDIR/smtproutes"; }
# calls COMMAND...: system calls of it and its children
calls() {
	$AS strace -f -c -o "$TMP/strace" "$@" >"$TMP/out" 2>"$LOG" </dev/null
	awk '$NF == "total" { print $4 }' "$TMP/strace"
}
# instructions COMMAND...: of the process itself, by callgrind
instructions() {
	$AS valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" \
		2>"$TMP/valgrind" >"$TMP/out" </dev/null
	sed -n 's/.*Collected *: *//p' "$TMP/valgrind" | sort -n | tail -1
}
# Its own memory; text that it shares with other processes comes and goes.
memory() { awk '/^Anonymous:/ { print $2 * 1024 }' "/proc/$DAEMON/smaps_rollup"; }
cpu() { sed 's/.*) //' "/proc/$DAEMON/stat" | awk '{ print $12 + $13 }'; }
turns() { awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$DAEMON/status"; }
# A daemon that has seen all of its queue sleeps. One that works beside the walk, or
# waits for a processor, has no turns either: so it must be asleep both times.
state() { sed 's/.*) //; s/ .*//' "/proc/$DAEMON/stat"; }
settle_down() {
	was=x now="$(state) $(turns) $(cpu)"
	until [ "$was" = "$now" ] && [ "${now%% *}" = S ]; do
		sleep 0.25
		was=$now now="$(state) $(turns) $(cpu)"
	done
}
daemon() {
	$AS "$RBIN/qmta-send" -d 2>"$LOG" </dev/null &
	DAEMON=$!
	until grep -q '^status' "$LOG"; do sleep 0.05; done
	settle_down
}
daemon_stop() { kill "$DAEMON"; wait "$DAEMON"; DAEMON=; }

# each WHAT BOUND <LINES: "messages count" for each size: what one more costs
each() {
	awk -v what="$1" -v bound="$2" '
		NR > 1 { c = ($2 - last) / ($1 - n)
			printf "# %s, from %d to %d messages: %.2f each\n", what, n, $1, c
			if (c > bound || c <= 0) bad = 1
			if (NR > 2 && (c > first * 1.15 || c < first / 1.15)) bad = 1
			if (NR == 2) first = c }
		{ n = $1; last = $2 }
		END { print NR < 3 || bad ? "bad" : "good" }' >"$TMP/each"
	grep '^#' "$TMP/each"
	is "$1: at most $2 a message, the same for all sizes" "$(tail -n 1 "$TMP/each")" good
}

grind=
[ "$VARIANT" != static ] || ! command -v valgrind >/dev/null || grind=1

# of_a_daemon: the memory of one that has seen all of its queue
of_a_daemon() {
	[ "$1" = local ] || echo 1 >"$CONTROLDIR/holdremote"
	daemon
	memory >"$TMP/memory"
}

# All of it at once, again and again: nothing but the plan is touched.
signals() { # COUNT
	before=$(cpu)
	for i in 1 2 3 4 5 6 7 8 9 10; do
		kill -ALRM "$DAEMON"
		kill -HUP "$DAEMON"
		sleep 0.02
	done
	settle_down
	ok "$1 deferred: 20 signals cost at most 0.3 s" test $(($(cpu) - before)) -le 30
}

# over KIND CALLS INSTRUCTIONS: at most so many for each message
over() {
	: >"$TMP/calls"
	: >"$TMP/instructions"
	: >"$TMP/mailq"
	for n in 1 $sizes; do
		empty
		# Between half of them and all of them: what every runner needs is in both.
		half=$((n / 2))
		if [ "$VARIANT" = static ] && [ "$half" -ge 512 ]; then
			fill $half "$1"
			of_a_daemon "$1"
			daemon_stop
			less=$(cat "$TMP/memory")
			rm -f "$CONTROLDIR/holdremote"
			fill $half "$1" 3000 $((1000001 + half))
			[ $half -lt 5000 ] || sync
		else
			fill "$n" "$1"
		fi
		[ "$1" != todo ] || echo 1 >"$CONTROLDIR/holdremote"
		echo "$n $(calls "$RBIN/qmta-send")" >>"$TMP/calls"
		[ -z "$grind" ] || [ "$n" -gt 12000 ] ||
			echo "$n $(instructions "$RBIN/qmta-send")" >>"$TMP/instructions"
		is "$n $1: all are left" "$(queued)" "$n"
		echo "$n $(calls "$RBIN/mailq")" >>"$TMP/mailq"
		is "$n $1: mailq shows them" "$(grep -c 'far.example' "$TMP/out")" "$n"
		[ "$n" != 1 ] || continue
		of_a_daemon "$1"
		[ "$1" != remote ] || signals "$n"
		daemon_stop
		if [ "$VARIANT" != static ] || [ "$half" -lt 512 ]; then continue; fi
		more=$(($(cat "$TMP/memory") - less))
		echo "# $1, from $half to $n messages: $more bytes, $((more * 100 / half)) hundredths each"
		# Two entries have just 32: a page of its stack may come on top.
		page=0
		[ "$1" != both ] || page=4096
		ok "$n $1: memory: at most 32 bytes a message" test "$more" -gt 0 -a \
			"$more" -le $((32 * half + page))
	done
	each "start over $1, system calls" "$2" <"$TMP/calls"
	[ -z "$grind" ] || each "start over $1, instructions" "$3" <"$TMP/instructions"
	each "mailq over $1, system calls" 25 <"$TMP/mailq"
}
over remote 1.5 6500
over todo 14 20000
[ -n "${QMTA_SHORT:-}" ] || over both 2.5 9500

# --- new mail beside a large queue -------------------------------------------------
# One message is in todo/ when the program starts: it is handed to a worker before
# any of the deferred ones is looked at.
many=1000
[ -n "${QMTA_SHORT:-}" ] || many=100000
empty
fill $many remote
printf 'Subject: new\n\ntext\n' | post "$WHO"
# looks FILE: how many of remote/ before the job, and in all. Descriptors are sent three
# times: to the spawner at its start, for a worker, with the job.
looks() {
	awk '/newfstatat.*"remote\/0/ { n++ }
		/^sendmsg.*SCM_RIGHTS/ && ++told == 3 { printf "%d ", n }
		END { print n + 0 }' "$1"
}
$AS strace -o "$TMP/trace" "$RBIN/qmta-send" 2>"$LOG" </dev/null
# The new one is looked at as well, when it is done.
is "new mail is handed out before a look at any of $many deferred messages" \
	"$(looks "$TMP/trace")" "0 $((many + 1))"
is "and is delivered" "$(inbox)" 1

# It comes while they are walked over, slowed down: it is handed out after one slice
# of 256 at most.
: >"$TMP/trace"
[ -z "$AS" ] || chown 65534 "$TMP/trace"
slow='inject=newfstatat:delay_exit=1500'
if [ "$VARIANT" = static ] && $AS strace -e "$slow" true 2>/dev/null; then
	empty
	fill 1500 remote
	$AS strace -o "$TMP/trace" -e "$slow" "$RBIN/qmta-send" -d 2>"$LOG" </dev/null &
	tracer=$!
	begun() { [ "$(grep -c '"remote/0' "$TMP/trace")" -ge 300 ]; }
	n=0
	until begun || [ $((n += 1)) -gt 100 ]; do sleep 0.05; done
	printf 'Subject: new\n\ntext\n' | post "$WHO"
	came=$(grep -c '"remote/0' "$TMP/trace")
	n=0
	until [ "$(inbox)" = 1 ] || [ $((n += 1)) -gt 100 ]; do sleep 0.05; done
	DAEMON=$(cat /proc/$tracer/task/$tracer/children)
	seen=$(looks "$TMP/trace")
	seen=${seen%% *}
	kill $DAEMON
	wait $tracer
	DAEMON=
	is "mail that comes during the walk is delivered" "$(inbox)" 1
	echo "# it came after $came looks, and was handed out after $seen"
	ok "one slice later at most" test "$seen" -lt 1500 -a $((seen - came)) -le 300
else
	skip "mail that comes during the walk" "strace cannot delay calls here"
fi

# --- memory goes back ----------------------------------------------------------------
if [ "$VARIANT" = static ]; then
	many=1024
	[ -n "${QMTA_SHORT:-}" ] || many=10240
	runner_root
	sink_start
	daemon
	echo x | post "$WHO"
	until [ "$(queued)" = 0 ]; do sleep 0.05; done
	settle_down
	before=$(memory)
	echo 1 >"$CONTROLDIR/holdremote"
	kill -HUP "$DAEMON"
	fill $many todo
	kill -ALRM "$DAEMON"
	settle_down
	full=$(memory)
	rm "$CONTROLDIR/holdremote"
	kill -HUP "$DAEMON"
	n=0
	until [ "$(queued)" = 0 ] || [ $((n += 1)) -gt 600 ]; do sleep 0.1; done
	is "$many messages are delivered" "$(mails)" "$many"
	settle_down
	echo "# $before bytes before, $full with $many messages, $(memory) after"
	ok "with them it had more" test $((full - before)) -ge $((many * 16))
	ok "which it has given back" test $(($(memory) - before)) -le 20480
	daemon_stop
fi
done_testing
