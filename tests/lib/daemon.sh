# daemon.sh: a running qmta-send, troubles for it, and the sum at the end; source it
# after runner.sh and call daemon_root. The clock of tests/lib/clock_fake.c makes
# the pauses short: the caller sets RUNNER_BIN and BIN to $TESTBIN.
#   daemon_root, daemon_start, daemon_stop     DAEMON its pid, CODE its exit number
#   until_ COMMAND...   says PATTERN   lines PATTERN   queue_empty
#   pass_time [SECONDS]      so much (130) is over, and it looks
#   calm NAME                a test: it hardly wakes up in one of three seconds
#   both                     one message here and one there, with the next number
#   resink OPTION...         another SMTP server; what came is kept
#   each_once NAME [FIRST COUNT]   tests: each number came once here, once there; and
#                            there the messages of fillqueue.py
# shellcheck shell=sh disable=SC2034,SC2086 # read by the tests; $AS is words
daemon_root() {
	[ -x "$TESTBIN/qmta" ] || skip_all "no programs with the fake clock in $TESTBIN"
	DAEMON='' SINK='' LOGGER='' CODE='' sent=0 later=0
	trap 'daemon_kill; sink_stop; rm -rf "$TMP"' EXIT
	runner_root
	QMTA_FAKE_CLOCK=$TMP/wall QMTA_FAKE_MONO=$TMP/mono
	export QMTA_FAKE_CLOCK QMTA_FAKE_MONO
	echo 0 >"$TMP/mono"
	: >"$TMP/all"
}

until_() { # for at most 30 seconds
	left=600
	until "$@"; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.05
	done
}
says() { grep -q -e "$1" "$LOG"; }
lines() { grep -c -e "$1" "$LOG"; }
queue_empty() { [ "$(queued)" = 0 ]; }

# Its log goes through a pipe: limits that it gets are not to stop it.
daemon_start() {
	rm -f "$TMP/pipe"
	mkfifo "$TMP/pipe"
	: >"$LOG"
	cat "$TMP/pipe" >"$LOG" &
	LOGGER=$!
	$AS "$RBIN/qmta-send" -d "$@" 2>"$TMP/pipe" </dev/null &
	DAEMON=$!
	until_ says '^status'
}
daemon_kill() { [ -z "$DAEMON" ] || kill "$DAEMON" 2>/dev/null; }
daemon_stop() {
	kill "$DAEMON"
	CODE=0
	wait "$DAEMON" || CODE=$?
	DAEMON=
	wait "$LOGGER"
}

pass_time() {
	later=$((later + ${1:-130} * 1000))
	echo "$later" >"$TMP/mono.new"
	mv "$TMP/mono.new" "$TMP/mono"
	kill -ALRM "$DAEMON"
}

turns() { awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$DAEMON/status"; }
calm() {
	for i in 1 2 3; do	# the first one may have had work
		turns_was=$(turns)
		sleep 1
		n=$(($(turns) - turns_was))
		[ "$n" -gt 10 ] || break
		echo "# $n turns in a second"
	done
	ok "$1: no spinning" test "$n" -le 10
}

both() {
	sent=$((sent + 1))
	printf 'Subject: m%s\n\ntext\n' $sent | post "$WHO" &&
		printf 'Subject: m%s\n\ntext\n' $sent | post "r$sent@far.example"
}

resink() {
	sink_stop
	cat "$MAILS"/* >>"$TMP/all" 2>/dev/null
	sink_start "$@"
	kill -HUP "$DAEMON"
}

numbers() { tr -d '\r' | sed -n 's/^Subject: m\([0-9]*\)$/\1/p' | sort -n; }
each_once() {
	seq "$sent" >"$TMP/want"
	cat "$HOME"/Maildir/new/* 2>/dev/null | numbers >"$TMP/here"
	ok "$1: each arrived once here" diff "$TMP/want" "$TMP/here"
	[ -z "${2:-}" ] || seq "$2" $(($2 + $3 - 1)) >>"$TMP/want"
	cat "$MAILS"/* "$TMP/all" 2>/dev/null | numbers >"$TMP/there"
	ok "$1: and once there" diff "$TMP/want" "$TMP/there"
}

child() { # the first child of PID
	cat /proc/[0-9]*/stat 2>/dev/null |
		sed -n "s/^\([0-9]*\) .*) . $1 .*/\1/p" | head -n 1
}
limit() { $AS prlimit --pid "$DAEMON" "$1"; }
