# qsink.sh: QMQP servers that come and go, for tests that deliver; source it after
# runner.sh and qmqp.sh.
#   qsink_start NAME [LINE...]  a server with this script; again after qmqp_stop: at the
#                         port it had. QPORT
#   qsink_stop_all        all of them are down
#   qsink_fresh NAME      it is down, and has got nothing
#   taken NAME            subjects of the messages it has accepted, in order, one a line
#   qshow NAME SUBJECT    such a message in words
#   qconns NAME           how many connections it had
#   mail SUBJECT [RECIPIENT...]  a message by way of qmail-qmqpc
#   daemon, daemon_stop [SIGNAL]   qmta-send -d; DAEMON its pid
#   marked, unmarked, waits N, dry, until_ COMMAND...
# shellcheck shell=sh disable=SC2086,SC2154 # $AS is words; of runner.sh
DAEMON=''
QSINKS=''
qsink_start() {
	qsink_p=$(cat "$TMP/$1/port" 2>/dev/null)
	qsink_q=$1
	shift
	mkdir -p "$TMP/$qsink_q"
	[ $# = 0 ] || qmqp_script "$qsink_q" "$@"
	qmqp_start "$qsink_q" --port "${qsink_p:-0}"
	QSINKS="$QSINKS $qsink_q"
}
qsink_stop_all() { qmqp_stop $QSINKS; }
qsink_fresh() {
	qmqp_stop "$1"
	rm -rf "$TMP/$1/d" "$TMP/$1/log" "$TMP/$1/script"
}
taken() {
	find "$TMP/$1/d" -name '[0-9]*' ! -name '*.*' | sort | while read -r qsink_f; do
		sed -n '/^Subject: /{s///p;q;}' "$qsink_f"
	done
}
qshow() { qmqp_show "$(grep -alx "Subject: $2" "$TMP/$1"/d/* | head -n 1)"; }
qconns() { grep -c ' connect' "$TMP/$1/log"; }
until_() { n=0; until "$@"; do n=$((n + 1)); [ $n -lt 200 ] || return 1; sleep 0.05; done; }
mail() { # SUBJECT [RECIPIENT...]
	s=$1; shift
	printf 'Subject: %s\n\nbody\n' "$s" |
		QMAILQUEUE="$RBIN/qmail-qmqpc" post -f kim@far.example "${@:-a@far.example}"
}
daemon() {
	$AS "$RBIN/qmta-send" -d 2>"$LOG" </dev/null & DAEMON=$!
	until_ grep -q '^status' "$LOG"
}
daemon_stop() { kill "${1:--TERM}" "$DAEMON"; wait "$DAEMON" 2>/dev/null; DAEMON=; }
marked() { [ -e "$QUEUEDIR/lock/qmqpwait" ]; }
unmarked() { ! marked; }
waiting() { find "$QUEUEDIR/remote" -type f | wc -l | tr -d ' '; }
waits() { [ "$(waiting)" = "$1" ]; }
dry() { [ "$(queued)" = 0 ]; }
