#!/bin/sh
# rcpts.t: one message for 1000 recipients at one smarthost is one transaction,
# or one for each 100 where the server takes no more, on one connection; and at
# most 50 KB on the wire, headers of TCP and IP counted, where this system lets
# us have a network of our own to count in.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
trap 'sink_stop; rm -rf "$TMP"' EXIT

# A network of our own: the whole test runs again inside it.
if [ -z "${RCPTS_NET:-}" ]; then
	keep=--keep-caps
	[ "$(id -u)" -ne 0 ] || keep=
	# shellcheck disable=SC2086 # no word when root
	set -- unshare -n $keep
	[ -z "$keep" ] || set -- "$@" -U --map-user="$(id -u)" --map-group="$(id -g)"
	if "$@" ip link set lo up 2>/dev/null; then
		export RCPTS_NET=1
	else
		export RCPTS_NET=0
		set --
	fi
	rm -rf "$TMP"
	exec "$@" sh "$0"
fi
[ "$RCPTS_NET" = 0 ] || ip link set lo up

lo_bytes() { sed -n 's/^ *lo: *\([0-9]*\) .*/\1/p' /proc/net/dev; }
size() { # bytes of commands, data and replies, from the server's log
	awk '$2 == "recv" { n += $3 }
	$2 == "S" { sub(/^[0-9]+ S /, ""); n += length($0) + 2 + gsub("/", "/") * 5 }
	END { print n + 0 }' "$SINKLOG"
}
n=1000
runner_root

# send WHAT N TRANSACTIONS SINK_ARGUMENT...
send() {
	what=$1 n=$2 t=$3
	shift 3
	sink_start "$@"
	i=0
	set --
	while [ $i -lt "$n" ]; do
		set -- "$@" "u$i@sink.test"
		i=$((i + 1))
	done
	{ printf 'To: list:;\nSubject: news\n\n'; head -c 950 /dev/zero | tr '\0' x; echo; } |
		$AS "$RBIN/sendmail" -f "$WHO" "$@"
	is "$what: sendmail's exit code" $? 0
	is "$what: one message in the queue" "$(files "$QUEUEDIR/mess")" 1
	before=$(lo_bytes)
	run
	is "$what: qmta-send's exit code" "$EXIT" 0
	after=$(lo_bytes)
	is "$what: connections" "$(grep -c ' connect$' "$SINKLOG")" 1
	is "$what: transactions" "$(files "$MAILS")" "$t"
	is "$what: recipients, each once" "$(cat "$MAILS"/[0-9]* | tr -d '\r' |
		sed -n 's/^RCPT TO:<\(.*\)>$/\1/p' | sort -u | wc -l) $(grep -ch '^RCPT' \
		"$MAILS"/[0-9]* | awk '{ n += $1 } END { print n }')" "$n $n"
	is "$what: the queue is empty" "$(files "$QUEUEDIR/mess" "$QUEUEDIR/todo" \
		"$QUEUEDIR/info" "$QUEUEDIR/remote")" 0
	is "$what: deliveries in the log" "$(grep -c '^delivery [0-9]*: success' "$LOG")" "$n"
	echo "# $what: $(size) bytes of SMTP, $((after - before)) bytes with TCP and IP headers"
	sink_stop
}

send "1000 recipients" $n 1
ok "1000 recipients: at most 50000 bytes of SMTP" test "$(size)" -le 50000
ok "1000 recipients: the log was complete" test "$(size)" -gt 20000
if [ "$RCPTS_NET" = 1 ]; then
	ok "1000 recipients: at most 50000 bytes on the wire" \
		test $((after - before)) -le 50000
	ok "1000 recipients: the counter counted" test $((after - before)) -gt 20000
else
	skip "1000 recipients: at most 50000 bytes on the wire" "no network namespace here"
fi
send "a limit of 100" $n 10 --max-rcpts 100
send "a limit of 100, no pipelining" 300 3 --max-rcpts 100 --no-pipelining
done_testing
