#!/bin/sh
# noqueue.t: board diskless: no code of a queue is in the program, which hands each
# message to a QMQP server or to the program that $QMAILQUEUE names, and says so when it
# can do neither.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/tree.sh"
. "$TOP/tests/lib/qmqp.sh"
trap 'qmqp_stop got; rm -rf "$TMP"' EXIT
T=$TMP/tree
tree "$T"
# LTO as that board has it: then most of it is the board's as well.
ok 'CFG_QUEUE=0 alone' build "$T" CFG_QUEUE=0 CFG_TLS=0 LTO=1
like 'has no runner either' "$("$T/build/bin/qmta" qmta-send 2>&1)" \
	'^qmta-send: not built in'
rm -r "$T/build/bin" "$T"/build/qm*
ok 'BOARD=diskless' build "$T" BOARD=diskless
n=$(wc -c <"$T/build/qmta")
case $(uname -m) in
x86_64) ok "$n bytes: less than 59000" test "$n" -lt 59000 ;;
*) skip "less than 59000 bytes" "this is not x86_64" ;;
esac
ok 'there is no second program' test ! -e "$T/build/qmail-queue"
for w in lock/trigger todo mess/ queuemax minfree queuelifetime; do
	is "'$w' of the queue and the runner is not in it" "$(grep -acF "$w" "$T/build/qmta")" 0
done
ok 'a whole one has them' grep -aqF lock/trigger "$BIN/qmta"
got=$(build "$T" CFG_QUEUE=0 CFG_SEND=1 2>&1)
is 'a runner without a queue: refused' $? 2
like 'a runner without a queue: says why' "$got" 'CFG_SEND=1 needs CFG_QUEUE=1'
ok 'make install' build "$T" BOARD=diskless install DESTDIR="$TMP/dest"
is 'qmail-queue is a link to the program' "$(readlink "$TMP/dest/usr/sbin/qmail-queue")" qmta

B=$T/build/bin
CONTROLDIR=$TMP/control HOME=$TMP/home QUEUEDIR=$TMP/queue
export CONTROLDIR HOME QUEUEDIR
mkdir "$CONTROLDIR" "$HOME"
echo mx.example.net >"$CONTROLDIR/me"
: >"$CONTROLDIR/aliases"
qmqp_start got
PORT=$QPORT
count() { took got; }
last() { qmqp_show "$(find "$TMP/got/d" -type f | sort | tail -n 1)"; }
send() { # PROGRAM ARGUMENT...
	printf 'To: kim@else.example\nSubject: t\n\nhi\n' | "$@" 2>"$TMP/err"
}

send "$B/sendmail" -t
is 'no server is named: 75 or 78' "$(echo $? | sed 's/75/78/')" 78
like 'and the reason' "$(cat "$TMP/err")" 'qmqpservers'
echo "127.0.0.1:$PORT" >"$CONTROLDIR/qmqpservers"
send "$B/sendmail" -t
is 'sendmail: taken' "$? $(count)" '0 1'
like 'whole' "$(last)" '^Subject: t$'
printf 'root: me@far.example\n' >"$CONTROLDIR/aliases"
echo one@far.example >"$CONTROLDIR/allmailfrom"
echo "kim: kim@far.example" >"$CONTROLDIR/generic"
printf 'From: kim\n\nhi\n' | "$B/sendmail" root
is 'aliases: taken' "$? $(count)" '0 2'
like 'allmailfrom' "$(last)" 'one@far.example$'
like 'aliases' "$(last)" 'me@far.example$'
like 'generic' "$(last)" '^From: kim@far.example$'
rm "$CONTROLDIR/generic" "$CONTROLDIR/allmailfrom"
echo two@far.example >"$CONTROLDIR/adminaddr"
: >"$CONTROLDIR/aliases"
echo hi | "$B/sendmail" root
is 'adminaddr: taken' "$? $(count)" '0 3'
like 'adminaddr' "$(last)" 'two@far.example$'
printf '::1\n127.0.0.1:1\nlocalhost:%s\n' "$PORT" >"$CONTROLDIR/qmqpservers"
send "$B/qmail-inject"
is 'dead servers, then a name: taken' "$? $(count)" '0 4'
printf 'hi\n' >"$TMP/m"
printf 'Fkim@else.example\0Tme@far.example\0\0' >"$TMP/e"
"$B/qmail-qmqpc" <"$TMP/m" 1<"$TMP/e"
is 'qmail-qmqpc: taken' "$? $(count)" '0 5'
"$B/qmail-queue" <"$TMP/m" 1<"$TMP/e"
is 'qmail-queue is the same' "$? $(count)" '0 6'
mkdir "$CONTROLDIR/defaultqueue"
echo "$TMP/prog" >"$CONTROLDIR/defaultqueue/QMAILQUEUE"
printf '#!/bin/sh\ncat >%s/took\n' "$TMP" >"$TMP/prog"
chmod 755 "$TMP/prog" "$CONTROLDIR/defaultqueue"
chmod 644 "$CONTROLDIR/defaultqueue/QMAILQUEUE"
send "$B/sendmail" -t
is 'defaultqueue/QMAILQUEUE: the program has it' "$? $(grep -c '^hi$' "$TMP/took") $(count)" '0 1 6'
rm -r "$CONTROLDIR/defaultqueue"
ok 'no queue was made' test ! -e "$QUEUEDIR"
"$B/mailq" >/dev/null 2>"$TMP/err"
is 'mailq: not built in' "$? $(grep -c 'not built in' "$TMP/err")" '69 1'
echo 1 >"$CONTROLDIR/queuemax"
got=$("$B/qmail-showctl")
is 'qmail-showctl: exit code' $? 0
like 'qmail-showctl: what no applet reads' "$got" '^queuemax: not used by this program$'
is 'qmail-showctl: nothing of a queue' "$(printf '%s\n' "$got" | grep -c '^queue\|^user \|minfree')" 1
qmqp_stop got
sleep 0.1
send "$B/sendmail" -t
is 'the server is gone: 75' $? 75
like 'and the reason' "$(cat "$TMP/err")" 'refused'
done_testing
