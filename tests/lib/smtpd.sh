# smtpd.sh: a running mini-smtpd and its processes; source it after tap.sh. The caller has
# set CONTROLDIR and what else it needs, and ends with smtpd_kill.
#   WHO              -u for the listener as root: nobody. "" as an ordinary user
#   smtpd_start [-p PORT] ARG...   LISTENER its pid, PORT, LOG its log. By way of $PRE.
#   smtpd_stop       TERM, and CODE
#   procs            the listener and all below it, as pids
#   alone            the listener is there and has no child
#   until_ COMMAND...              for at most 20 seconds
#   send FILE RCPT...              one message: `codes | reply`; the exit code in $TMP/code
# shellcheck shell=sh disable=SC2034,SC2086,SC2153 # read by the tests; $PRE, $WHO are words
SENDER="python3 -S -B $TOP/tests/lib/smtpsend.py"
LISTENER='' PRE='' WHO='' CODE=''
[ "$(id -u)" != 0 ] || WHO='-u nobody'

until_() {
	until_n=400
	until "$@" >"$TMP/.until" 2>&1; do
		until_n=$((until_n - 1))
		[ $until_n -gt 0 ] || return 1
		sleep 0.05
	done
}
# For each of the pids: it and all below it.
below() {
	for below_p; do
		[ -e "/proc/$below_p" ] || continue
		echo "$below_p"
		# shellcheck disable=SC2046
		below $(cat /proc/"$below_p"/task/*/children 2>/dev/null)
	done
}
procs() { below $LISTENER; }
alone() { [ "$(procs)" = "$LISTENER" ]; }
smtpd_ready() { ! kill -0 "$LISTENER" || grep -q 'status: 0/' "$LOG"; }
smtpd_start() {
	PORT=
	[ "$1" != -p ] || { PORT=$2; shift 2; }
	PORT=${PORT:-$($SENDER port 0 0)}
	LOG=$TMP/smtpd.log
	: >"$LOG"
	# Not as a child of a shell of ours: $! is the listener itself.
	$PRE "$BIN/mini-smtpd" -v $WHO -l "127.0.0.1:$PORT" "$@" 2>>"$LOG" </dev/null >"$TMP/smtpd.out" &
	LISTENER=$!
	until_ smtpd_ready
	kill -0 "$LISTENER" 2>/dev/null || { tap_show <"$LOG"; echo "Bail out! no listener"; exit 1; }
}
smtpd_stop() {
	kill "$LISTENER"
	CODE=0
	wait "$LISTENER" || CODE=$?
	LISTENER=
}
smtpd_kill() { # shellcheck disable=SC2046
	[ -z "$LISTENER" ] || kill -9 $(procs) 2>/dev/null
	LISTENER=
}
send() {
	$SENDER send "$PORT" "$@" >"$TMP/sent" 2>&1
	echo $? >"$TMP/code"
	paste -sd'|' "$TMP/sent"
}
