#!/bin/sh
# qmqp-wire.t: one message for 1000 recipients by QMQP: at most 1 % more bytes on the wire
# than the bare client's of tests/lib/wire.py, which writes the request once and reads the
# answer once; and through 28.8 kbit/s in about 10 seconds, as mini-qmail has promised
# since 1998. Needs network namespaces, of which an ordinary user may have one as well.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
PEER='' SERVER=''
trap 'kill $SERVER $PEER 2>/dev/null; rm -rf "$TMP"' EXIT

# A network of our own: the whole test runs again inside it.
if [ -z "${WIRE_NET:-}" ]; then
	keep=--keep-caps
	[ "$(id -u)" -ne 0 ] || keep=
	# shellcheck disable=SC2086 # no word when root
	set -- unshare -n $keep
	[ -z "$keep" ] || set -- "$@" -U --map-user="$(id -u)" --map-group="$(id -g)"
	"$@" ip link set lo up 2>/dev/null || skip_all "no network namespace here"
	rm -rf "$TMP"
	export WIRE_NET=1
	exec "$@" sh "$0"
fi
ip link set lo up
runner_root

# Two hosts with a wire between them, each packet as it would be sent.
unshare -n sleep 300 &
PEER=$!
there() { nsenter -t "$PEER" -n "$@"; }
i=0
until [ "$(readlink /proc/$PEER/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do
	i=$((i + 1))
	[ $i -lt 100 ] || { echo "Bail out! no second namespace"; exit 1; }
	sleep 0.05
done
{ ip link add w0 type veth peer name w1 && ip link set w1 netns "$PEER" &&
	ip link set w0 gso_max_segs 1 && ip addr add 192.0.2.1/24 dev w0 &&
	ip link set w0 up && there ip addr add 192.0.2.2/24 dev w1 &&
	there ip link set w1 up; } 2>"$TMP/err" || skip_all "no veth pair here: $(head -n 1 "$TMP/err")"
mkdir "$TMP/got"
# Not by there(): what is killed at the end is to be the server itself.
nsenter -t "$PEER" -n python3 "$TOP/tests/lib/wire.py" serve w1 192.0.2.2 628 "$TMP/got" &
SERVER=$!
i=0
until [ -e "$TMP/got/ready" ]; do
	i=$((i + 1))
	[ $i -lt 200 ] || { echo "Bail out! the server did not start"; exit 1; }
	sleep 0.05
done
number=0
counted() { # sets PACKETS and BYTES of the next connection
	number=$((number + 1))
	i=0
	until [ -e "$TMP/got/$number.wire" ]; do
		i=$((i + 1))
		[ $i -lt 200 ] || { echo "Bail out! connection $number is not over"; exit 1; }
		sleep 0.05
	done
	read -r PACKETS BYTES <"$TMP/got/$number.wire"
}
# bare: what the last message costs the bare client; the answer has the same length always.
# How many acknowledgements the other side sends is chance: the most of three times.
bare() {
	most=0 with=0
	for _ in 1 2 3; do
		python3 "$TOP/tests/lib/wire.py" bare 192.0.2.2 628 "$TMP/got/$number" >"$TMP/answer"
		counted
		[ "$BYTES" -le "$most" ] || most=$BYTES with=$PACKETS
	done
	BYTES=$most PACKETS=$with
}
echo 192.0.2.2 >"$CONTROLDIR/qmqpservers"
QMAILQUEUE=/usr/sbin/qmail-qmqpc # by the build's default; need not be there
export QMAILQUEUE

# post NAME BYTES RCPT...: a message of so many bytes, by sendmail
message() { # BYTES
	printf 'From: %s@mx.example.net\nTo: list:;\nSubject: news\nDate: %s\nMessage-ID: %s\n\n' \
		"$WHO" 'Thu, 20 Nov 2025 12:00:00 +0000' '<1@mx.example.net>' >"$TMP/head"
	head -c $(($1 - 1 - $(wc -c <"$TMP/head"))) /dev/zero | tr '\0' x >"$TMP/body"
	echo | cat "$TMP/head" "$TMP/body" -
}
post_to() { # FIRST LAST BYTES
	message "$3" >"$TMP/msg"
	i=$1
	set -- "$2"
	while [ "$i" -lt "$1" ]; do
		i=$((i + 1))
		set -- "$@" "user$((i + 100000))@sink.test"	# 20 bytes
	done
	shift
	$AS "$RBIN/sendmail" -f "$WHO@mx.example.net" "$@" <"$TMP/msg"
}
now() { date +%s%N; }

for n in 1 1000; do
	post_to 0 $n 1024
	is "$n: sendmail's exit code" $? 0
	counted
	ours=$BYTES packets=$PACKETS
	is "$n: recipients" "$(grep -ao '20:user[0-9]*@sink.test,' "$TMP/got/$number" |
		sort -u | wc -l)" $n
	size=$(wc -c <"$TMP/got/$number")
	bare
	echo "# $n: request $size bytes; on the wire $ours in $packets packets," \
		"the bare client $BYTES in $PACKETS"
	ok "$n: the counter counted" test "$BYTES" -gt "$size"
	if [ $n = 1000 ]; then
		ok "$n: at most 1 % more" test $((ours * 100)) -le $((BYTES * 101))
	else
		ok "$n: at most one packet more" test "$packets" -le $((PACKETS + 1))
	fi
done

if ! { tc qdisc add dev w0 root tbf rate 28800bit burst 1600 latency 60s &&
	there tc qdisc add dev w1 root tbf rate 28800bit burst 1600 latency 60s; } 2>"$TMP/err"; then
	skip "28.8 kbit/s" "tc cannot limit here: $(head -n 1 "$TMP/err")"
	done_testing
fi
slow() { # BYTES LIMIT
	t=$(now)
	post_to 0 1000 "$1"
	is "28.8 kbit/s, $1 bytes to 1000 recipients: exit code" $? 0
	t=$((($(now) - t) / 1000000))
	counted
	echo "# $1 bytes to 1000 recipients of 20: $t ms for $(wc -c <"$TMP/got/$number") bytes" \
		"at 28.8 kbit/s, of which $((BYTES * 8 * 10 / 288)) are those of $BYTES on the wire"
	ok "28.8 kbit/s, $1 bytes to 1000 recipients: at most $2 ms" test $t -le "$2"
	ok "28.8 kbit/s, $1 bytes to 1000 recipients: the wire was slow" test $t -ge 5000
}
slow 1024 10000
[ -n "${QMTA_SHORT:-}" ] || slow 8192 11000
done_testing
