#!/bin/sh
# idle.t: qmta-send -d after its work, with all workers gone: at most 200 KB of
# memory in all its processes together (proportional set size), and not one
# wake-up in a minute (10 seconds with QMTA_SHORT=1). Then a message delivered at
# once, because the trigger was pulled, and an orderly end.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
DAEMON=
trap '[ -z "$DAEMON" ] || stop "$DAEMON"; sink_stop
	rm -rf "$TMP"' EXIT
VARIANT=${VARIANT:-static}
secs=60
[ -z "${QMTA_SHORT:-}" ] || secs=10

# tree PID: it and all its descendants
tree() {
	echo "$1"
	for s in /proc/[0-9]*/stat; do
		parent=$(sed 's/.*) . \([0-9]*\) .*/\1/' "$s" 2>/dev/null)
		[ "$parent" != "$1" ] || { s=${s#/proc/}; tree "${s%/stat}"; }
	done
}
pss() { # PID...: KiB
	for p; do cat "/proc/$p/smaps_rollup" 2>/dev/null || :; done |
		awk '/^Pss:/ { n += $2 } END { print n + 0 }'
}
switches() { # PID...
	for p; do cat "/proc/$p/status" 2>/dev/null || :; done |
		awk '/ctxt_switches/ { n += $2 } END { print n + 0 }'
}
# until SECS COMMAND...: waits for it to succeed
until_() {
	left=$(($1 * 20))
	shift
	until "$@"; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.05
	done
}
have() { [ "$(files "$1")" -eq "$2" ]; }
processes() { [ "$(tree "$DAEMON" | wc -l)" -eq "$1" ]; }
log_says() { grep -q "$1" "$LOG"; }

runner_root
maildir
sink_start
# Not through run(), whose timeout(1) would be one more process; exec makes the
# subshell, setpriv and the daemon one.
(
	exec $AS "$RBIN/qmta-send" -d
) 2>"$LOG" </dev/null &
DAEMON=$!
ok "the daemon starts" until_ 5 log_says '^status: '

# --- some work --------------------------------------------------------------------
printf 'Subject: one\n\ntext\n' | $AS "$RBIN/sendmail" "$WHO"
printf 'Subject: two\n\ntext\n' | $AS "$RBIN/sendmail" to@far.example
ok "a local message is delivered" until_ 5 have "$HOME/Maildir/new" 1
ok "a remote message is delivered" until_ 5 have "$MAILS" 1
ok "the queue is empty" until_ 5 have "$QUEUEDIR/mess" 0
ok "only the runner and its spawner stay" until_ 20 processes 2

# --- idle -------------------------------------------------------------------------
# shellcheck disable=SC2046 # process numbers
set -- $(tree "$DAEMON")
sleep 1
before=$(switches "$@")
kb=$(pss "$@")
echo "# $# processes, PSS $kb KiB, $before context switches so far"
ok "the memory was readable" test "$kb" -gt 0
if [ "$VARIANT" = static ]; then
	ok "at most 200 KiB of PSS in all processes" test "$kb" -le 200
else
	skip "at most 200 KiB of PSS in all processes" "the static build alone is meant to be small"
fi
sleep "$secs"
is "no wake-up in $secs seconds" "$(switches "$@")" "$before"
is "the same processes are there" "$(tree "$DAEMON" | tr '\n' ' ')" "$* "

# --- and awake again --------------------------------------------------------------
printf 'Subject: three\n\ntext\n' | $AS "$RBIN/sendmail" "$WHO"
ok "the next message is delivered within 2 seconds" until_ 2 have "$HOME/Maildir/new" 2
kill -TERM "$DAEMON"
wait "$DAEMON"
is "TERM: exit code" $? 0
DAEMON=
like "TERM: the log" "$(cat "$LOG")" '^status: exiting$'
# Whose parent is slow to take note of it has ended all the same.
alive() { grep -qs '^State:.[^ZX]' "/proc/$1/status"; }
gone() { for p; do ! alive "$p" || return 1; done; }
ok "TERM: no process is left" until_ 20 gone "$@"
done_testing
