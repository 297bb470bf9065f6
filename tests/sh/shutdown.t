#!/bin/sh
# qmta-send with QMQP servers that hang, and with a deadline: -t, as a machine without a
# disk calls it when it goes down.
# shellcheck disable=SC2016,SC2086,SC2154 # patterns; $AS is words; QPORT of qmqp.sh
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
. "$TOP/tests/lib/qmqp.sh"
. "$TOP/tests/lib/qsink.sh"
runner_root
SHM=''
trap 'qsink_stop_all; rm -rf "$TMP" ${SHM:+"$SHM"}' EXIT
qsink_start one
echo "127.0.0.1:$QPORT" >"$CONTROLDIR/qmqpservers"
echo 1 >"$CONTROLDIR/qmqpfallback"

# ---- a server that hangs
qmqp_script one 'CONNECT * stall'
echo 2 >"$CONTROLDIR/timeoutremote"
for i in 1 2 3 4 5 6; do printf 'Subject: %s\n\nx\n' "$i" | post -f kim@far.example a@far.example; done
from=$(date +%s)
run
is "hangs: all stay" "$EXIT $(waiting)" "75 6"
ok "which costs the time-out once or twice, not six times" test $(($(date +%s) - from)) -le 5
is "there was one connection, or two" "$(qconns one)" 1
rm "$CONTROLDIR/timeoutremote"
is "in flight: one" "$(awk '/^status/ { if ($5 > max) max = $5 } END { print max }' "$LOG")" 1/20

# ---- diskless: a queue in memory, offered to the servers at shutdown
run_secs() { from=$(date +%s%N); run "$@"; took=$((($(date +%s%N) - from) / 1000000)); }
run_secs -t 2
is "-t: a server that hangs: all stay" "$EXIT $(waiting)" "75 6"
echo "# $took ms"
ok "it ends within two seconds of its time" test "$took" -ge 1900 -a "$took" -le 4000
ok "none of its processes lives on" until_ sh -c '! pgrep -f "^[^ ]*qmta-send -t 2" >/dev/null'
qmqp_script one ''
run_secs -t 5
is "-t: servers up: all goes" "$EXIT $(queued) $(taken one | tr '\n' ' ')" "0 0 1 2 3 4 5 6 "
ok "at once" test "$took" -lt 4000
is "-t: no number" "$($AS "$RBIN/qmta-send" -t x 2>&1 | head -c 17; $AS "$RBIN/qmta-send" -d -t 5 2>&1 | head -c 17)" \
	"qmta-send: usage:qmta-send: usage:"
if SHM=$(mktemp -d /dev/shm/qmta-test.XXXXXX 2>/dev/null); then
	[ -z "$AS" ] || chown 65534:65534 "$SHM"
	QUEUEDIR=$SHM/queue; export QUEUEDIR
	$AS "$RBIN/queue-fix" "$QUEUEDIR" >"$TMP/fix" 2>&1
	echo "$QUEUEDIR" >"$CONTROLDIR/qmqpfallback"
	echo 0 >"$CONTROLDIR/conf-fsync"
	echo 100000 >"$CONTROLDIR/queuemaxbytes"
	qsink_fresh one
	for i in 1 2 3 4 5; do mail "$i"; done
	is "tmpfs: mail waits in memory" "$(queued)" 5
	{ printf 'Subject: big\n\n'; head -c 150000 /dev/zero | tr '\0' x; } |
		QMAILQUEUE="$RBIN/qmail-qmqpc" post -f kim@far.example a@far.example 2>"$TMP/err"
	is "as much as it may" "$? $(queued)" "75 5"
	run_secs -t 2
	is "shutdown, the servers refuse: at once over, all stay" "$EXIT $(queued)" "75 5"
	ok "in no time" test "$took" -lt 1500
	qsink_start one
	run -t 5
	is "shutdown, servers up: nothing is left" "$EXIT $(queued)" "0 0"
	is "all came, in order" "$(taken one | tr '\n' ' ')" "1 2 3 4 5 "
else
	skip "a queue in memory" "no /dev/shm"
fi
done_testing
