#!/bin/sh
# qmqp-fallback.t: control/qmqpfallback: what no QMQP server takes for now goes into a
# queue, whole and unchanged; what is refused, or is no message, does not.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/qmqp.sh"
trap 'qmqp_stop a; rm -rf "$TMP"' EXIT
new_root
C=$CONTROLDIR
Q=$BIN/qmail-qmqpc
PROG=/usr/sbin/qmail-qmqpc # by the build's default; need not be there
qmqp_start a
A=$QPORT
live() { echo "127.0.0.1:$A" >"$C/qmqpservers"; }
dead() { echo "127.0.0.1:1" >"$C/qmqpservers"; }
run() { code=0; "$@" <"$TMP/m" 1<"$TMP/e" 2>"$TMP/err" || code=$?; echo $code; }
piped() { code=0; cat "$TMP/m" | "$@" 1<"$TMP/e" 2>"$TMP/err" || code=$?; echo $code; }
env_put() { printf "$1" >"$TMP/e"; } # the bytes are printf's own
entries() { find "$QUEUEDIR/todo" -type f | wc -l | tr -d ' '; }
files() { find "$QUEUEDIR" -type f ! -path '*/lock/*' | wc -l | tr -d ' '; }
empty() { rm -f "$QUEUEDIR"/mess/*/* "$QUEUEDIR"/todo/* "$QUEUEDIR"/intd/* "$QUEUEDIR"/pid/*; }
# What lies in the queue: its envelope; and whether the text is that of $TMP/m
queued() {
	tr '\0' ' ' <"$(find "$QUEUEDIR/todo" -type f)" | sed 's/^u[0-9]* p[0-9]* //'
	tail -n +2 "$(find "$QUEUEDIR/mess" -type f)" | cmp -s - "$TMP/m" && echo same
}
printf 'Subject: t\n\nhi\n' >"$TMP/m"
env_put 'Fkim@a.example\0Tann@b.example\0Tbo@b.example\0\0'
whole='Fkim@a.example Tann@b.example Tbo@b.example same'

dead
for x in '' 0; do
	printf '%s\n' "$x" >"$C/qmqpfallback"
	is "without it (\"$x\"): refused" "$(run "$Q") $(files)" "73 0"
done
echo 1 >"$C/qmqpfallback"
is "no server: accepted, in silence" "$(run "$Q") $(entries) $(cat "$TMP/err")" "0 1 "
is "in the queue as it came" "$(queued)" "$whole"
empty
is "from a pipe" "$(piped "$Q") $(queued)" "0 $whole"
empty
for n in 32769 500000; do
	head -c $n /dev/urandom >"$TMP/big"
	cp "$TMP/m" "$TMP/small"
	mv "$TMP/big" "$TMP/m"
	is "$n bytes from a file" "$(run "$Q") $(queued)" "0 $whole"
	empty
	is "$n bytes from a pipe" "$(piped "$Q") $(queued)" "0 $whole"
	empty
	mv "$TMP/small" "$TMP/m"
done
live
for x in 'Z not now' drop reset 'raw 3:Kok' 'raw 3:Kok;' 'raw 220 K\r\n'; do
	qmqp_script a "ANSWER * $x"
	is "a server that does not take it: $x" "$(run "$Q") $(entries)" "0 1"
	empty
done
echo 1 >"$C/timeoutremote"
qmqp_script a 'ANSWER * stall'
is "a server that says nothing" "$(run "$Q") $(entries)" "0 1"
rm "$C/timeoutremote"
empty
qmqp_script a 'ANSWER * D never'
is "a server that refuses for good: so do we" "$(run "$Q") $(cat "$TMP/err") $(files)" \
	"31 qmail-qmqpc: 127.0.0.1:$A says: never 0"
qmqp_script a
is "a server that takes it: not in the queue" "$(run "$Q") $(took a) $(files)" "0 1 0"
dead
for e in 'Fa@b\0Tc@d\0' '' 'X' 'Fa@b\0T\0\0' 'Fa\n@b\0Tc@d\0\0'; do
	env_put "$e"
	case $e in X) want=91 ;; *T\\0* | *\\n*) want=11 ;; *) want=54 ;; esac
	is "no envelope ($e): refused" "$(run "$Q") $(files)" "$want 0"
done
env_put 'Fkim@a.example\0Tann@b.example\0Tbo@b.example\0\0'
is "a message that cannot be read" "$("$Q" <"$TMP" 1<"$TMP/e" 2>/dev/null; echo $?) $(files)" "54 0"
for i in $(seq 100); do echo 'Received: x'; done >"$TMP/loop"
is "a loop stays with the caller" "$("$Q" <"$TMP/loop" 1<"$TMP/e" 2>/dev/null; echo $?) $(files)" "73 0"
rm "$C/qmqpservers"
is "no list of servers" "$(run "$Q") $(queued)" "0 $whole"
empty
mkdir "$C/qmqpservers"
is "one that cannot be read" "$(run "$Q") $(queued)" "0 $whole"
empty
rmdir "$C/qmqpservers"
dead
echo '@a.example @else.example' >"$C/generic"
printf 'From: kim@a.example\n\nhi\n' >"$TMP/m"
is "the queue keeps the names that are known here" "$(run "$Q") $(queued)" "0 $whole"
empty
echo nonsense >"$C/generic"
is "also when they have no sense elsewhere" "$(run "$Q") $(queued)" "0 $whole"
empty
rm "$C/generic"

# ---- a directory ----

other=$TMP/other
"$BIN/queue-fix" "$other" >/dev/null 2>&1
echo "$other" >"$C/qmqpfallback"
is "a queue of its own" "$(run "$Q") $(files) $(find "$other/todo" -type f | wc -l | tr -d ' ')" "0 0 1"
is "whose mail is whole" "$(QUEUEDIR=$other; queued)" "$whole"
rm -f "$other"/todo/* "$other"/mess/0/*
echo "$TMP/nowhere" >"$C/qmqpfallback"
is "a queue that is not there: the server's trouble is told" "$(run "$Q") $(cat "$TMP/err")" \
	"73 qmail-qmqpc: 127.0.0.1:1: Connection refused (#4.4.1)"
echo 1 >"$C/qmqpfallback"
echo 1152921504606846976 >"$C/minfree"
is "a queue without room" "$(run "$Q") $(cat "$TMP/err") $(files)" \
	"73 qmail-qmqpc: 127.0.0.1:1: Connection refused (#4.4.1) 0"
rm "$C/minfree"

# ---- sendmail ----

export QMAILQUEUE=$PROG
post() { code=0; "$BIN/sendmail" -f kim@a.example ann@b.example <"$TMP/m" >"$TMP/err" 2>&1 || code=$?; echo $code; }
is "sendmail: accepted, in silence" "$(post) $(entries) $(cat "$TMP/err")" "0 1 "
empty
rm "$C/qmqpfallback"
is "sendmail without it" "$(post) $(files)" "75 0"
echo 1 >"$C/qmqpfallback"
live
qmqp_script a 'ANSWER * D no such user'
is "sendmail: a refusal" "$(post) $(cat "$TMP/err") $(files)" \
	"69 sendmail: message not accepted: 127.0.0.1:$A says: no such user 0"
qmqp_script a
unset QMAILQUEUE

# ---- order: mail that waits ----

n=$(took a)
: >"$QUEUEDIR/lock/qmqpwait"
is "mail waits, and nobody runs: to the server" "$(run "$Q") $(entries) $(took a)" "0 0 $((n + 1))"
[ -p "$QUEUEDIR/lock/trigger" ] || mkfifo -m 622 "$QUEUEDIR/lock/trigger"
exec 8<>"$QUEUEDIR/lock/trigger"
is "mail waits for a runner: behind it" "$(run "$Q") $(entries) $(took a)" "0 1 $((n + 1))"
is "as it came" "$(queued)" "$whole"
empty
is "the same from a pipe" "$(piped "$Q") $(queued)" "0 $whole"
empty
is "by sendmail" "$(QMAILQUEUE=$PROG post) $(entries) $(took a)" "0 1 $((n + 1))"
empty
echo 1152921504606846976 >"$C/minfree"
is "a queue without room: to the server" "$(run "$Q") $(files) $(took a)" "0 0 $((n + 2))"
rm "$C/minfree"
rm "$QUEUEDIR/lock/qmqpwait"
is "nothing waits: to the server" "$(run "$Q") $(files) $(took a)" "0 0 $((n + 3))"
# What was written to the trigger until now, then what the next one writes.
pulled() { timeout 1 dd bs=100 count=1 <&8 2>/dev/null | od -An -c | tr -d ' \n'; }
pulled >/dev/null
qmqp_script a 'ANSWER * sleep 0.5 K ok'
"$Q" <"$TMP/m" 1<"$TMP/e" &
p=$!
sleep 0.25
: >"$QUEUEDIR/lock/qmqpwait"
wait $p
is "a server took mail while some waits: the runner is told" "$? $(pulled)" "0 u"
exec 8<&-
done_testing
