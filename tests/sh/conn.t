#!/bin/sh
# conn.t: many queued messages for one smarthost travel over one connection, each
# exactly once. 1000 messages; 300 with QMTA_SHORT=1. Then the same with a server
# that knows nothing of pipelining, and one that hangs up now and then.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
trap 'sink_stop; rm -rf "$TMP"' EXIT
n=1000
[ -z "${QMTA_SHORT:-}" ] || n=300
runner_root
export RBIN
echo 0 >"$CONTROLDIR/conf-fsync"

# fill N: one message each for u1@far.example to uN@far.example; the subject
# names the recipient, so that a mix-up shows.
fill() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	$AS sh -c 'i=0; while [ $i -lt "$1" ]; do i=$((i + 1))
		printf "To: u$i@far.example\nSubject: for u$i\n\ntext\n" |
		"$RBIN/sendmail" -f "$USER" "u$i@far.example" || exit 1
		done' sh "$1"
}
rcpts() { # recipients at the server, one a line, each with its message's subject
	for f in "$MAILS"/[0-9]*; do
		tr -d '\r' <"$f" | sed -n 's/^RCPT TO:<\(.*\)@.*/\1/p; s/^Subject: for //p' |
			sort -u
	done
}
# deliver WHAT N CONNECTIONS
deliver() {
	ok "$1: $2 messages are accepted" fill "$2"
	is "$1: they wait" "$(files "$QUEUEDIR/todo")" "$2"
	t=$(date +%s%N)
	run
	is "$1: qmta-send's exit code" "$EXIT" 0
	t=$((($(date +%s%N) - t) / 1000000))
	echo "# $1: $2 messages in $t ms"
	ok "$1: no pause of 10 seconds in it" test $t -lt 9000
	is "$1: connections" "$(grep -c ' connect$' "$SINKLOG")" "$3"
	is "$1: messages at the server" "$(files "$MAILS")" "$2"
	# One line a message: the recipient's name and the subject's agree.
	rcpts >"$TMP/rcpts"
	is "$1: every recipient has his own, once" \
		"$(sort -u "$TMP/rcpts" | wc -l) $(wc -l <"$TMP/rcpts")" "$2 $2"
	is "$1: nothing is left in the queue" \
		"$(files "$QUEUEDIR/mess" "$QUEUEDIR/todo" "$QUEUEDIR/info" "$QUEUEDIR/remote")" 0
	sink_stop
}

sink_start
deliver "pipelining" "$n" 1
is "no command came too early" "$(grep -c ' EARLY$' "$SINKLOG")" 0
is "no bare CR or LF" "$(grep -c ' BARE$' "$SINKLOG")" 0

sink_start --no-pipelining --no-size --no-8bitmime
deliver "plain SMTP" 100 1
is "plain SMTP: no command came too early" "$(grep -c ' EARLY$' "$SINKLOG")" 0

# Ends the session at the 30th and 60th MAIL: nothing is lost, and what was not
# begun is tried again in the same run on a new connection or waits for the next.
printf '%s\n' 'MAIL #30 close 421 4.3.2 enough for today' 'MAIL #60 drop' >"$TMP/script"
sink_start --script "$TMP/script"
ok "a server that hangs up: 100 messages are accepted" fill 100
run
like "a server that hangs up: exit code" "code $EXIT" 'code (0|75)$'
run -a
is "a server that hangs up: exit code of the second run" "$EXIT" 0
rcpts >"$TMP/rcpts"
is "a server that hangs up: every recipient has his own, once" \
	"$(sort -u "$TMP/rcpts" | wc -l) $(wc -l <"$TMP/rcpts")" "100 100"
sink_stop

# Before an envelope rides behind the end of another message its own is read, and signed:
# that end must not wait for 2 MB, or a slow machine's server would not wait for it.
sink_start
fill 4
yes text | head -c 2000000 | post -f "$USER" big@far.example
fill 1
run
is "a large message holds up nobody's end" "$EXIT $(awk '/ stored / { near = 1 } / recv / { near = 0 }
	/ C MAIL .*SIZE=[0-9][0-9][0-9][0-9][0-9][0-9]/ { bigs += near }
	END { print "big", bigs + 0 }' "$SINKLOG") $(mails)" "0 big 0 6"
done_testing
