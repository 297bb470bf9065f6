#!/bin/sh
# The firewall of mini-qmail: mini-smtpd takes the mail of the domains in rcpthosts from
# anybody, and hands it inside by QMQP before it says 250. There is no queue: what the
# server inside cannot take now, the client keeps. Nothing of it is root's.
# shellcheck disable=SC2086,SC2046 # lists of pids
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/qmqp.sh"
. "$TOP/tests/lib/smtpd.sh"
trap 'smtpd_kill; qmqp_stop in two; rm -rf "$TMP"' EXIT
[ -e "$BIN/mini-smtpd" ] || skip_all "no mini-smtpd in this build"
unset RELAYCLIENT TCPREMOTEIP TCPREMOTEHOST TCPLOCALHOST
CONTROLDIR=$TMP/control QUEUEDIR=$TMP/none HOME=$TMP TMPDIR=$TMP/spool
QMAILQUEUE=/usr/sbin/qmail-qmqpc
export CONTROLDIR QUEUEDIR HOME TMPDIR QMAILQUEUE
mkdir "$CONTROLDIR" "$TMPDIR"
chmod 1777 "$TMPDIR"
cd "$CONTROLDIR" || exit 1
echo wall.example.net >me
: >locals
printf '%s\n' inside.example.net .inside.example.net >rcpthosts
echo 2 >timeoutremote
echo 2 >timeoutconnect
ROOT=$(id -u)
U=$(id -u nobody) G=$(id -g nobody) ZERO=0000000000000000
NONE="Uid $U $U $U $U,Gid $G $G $G $G,Groups $G,CapPrm $ZERO,CapEff $ZERO,CapAmb $ZERO"

# Bytes of every kind, dots, no Date, a long line; larger than any window.
python3 -S - >"$TMP/mail" <<'P'
import sys
out = sys.stdout.buffer
out.write(b"Subject: through the wall\nX-Odd:  two  blanks\t\n\n.\n..two\n...\nFrom here\n")
out.write(bytes(i for i in range(1, 256) if i not in (10, 13)) + b"\n" + b"x" * 5000 + b"\n\n\n")
for i in range(2000):
    out.write(b"line %d of them, so that this is more than what is held in memory\n" % i)
P
# What the server inside has: "F.. T.. T..", and whether the message is the one that was sent.
inside() {
	qmqp_show "$1" | sed '/^$/q' | paste -sd' ' | sed 's/ $//'
	qmqp_show "$1" | sed '1,/^$/d' >"$TMP/got"
	sed -n 1,2p "$TMP/got" | sed 's/127.0.0.1:[0-9]*/us/; s/;.*//'
	sed 1,2d "$TMP/got" | cmp - "$TMP/mail" && echo same
}
# Is every process of it nobody's, with no right of root's left?
rights() {
	for p in $(procs); do
		sed -n 's/^\(Uid\|Gid\|Groups\|CapPrm\|CapEff\|CapAmb\):[[:blank:]]*/\1 /p' "/proc/$p/status" |
			tr '\t' ' ' | sed 's/ *$//' | paste -sd,
	done | sort -u
}
unprivileged() { # NAME PROCESSES
	if [ "$ROOT" != 0 ]; then
		skip "nothing is root's: $1" "needs root"
		return
	fi
	until_ count_is "$2"
	is "$2 processes: $1" "$(procs | wc -l | tr -d ' ')" "$2"
	is "nothing is root's: $1" "$(rights)" "$NONE"
}
count_is() { [ "$(procs | wc -l)" -eq "$1" ]; }
nothing() { # NAME: no process and no file is left of what was just done
	ok "no process is left: $1" until_ alone
	is "no file is left: $1" "$(ls -A "$TMPDIR"; ls -A "$QUEUEDIR" 2>/dev/null)" ""
}
TO='250 250 250'
no() { printf '%s' "^220 $TO 354 $1 221[|]$2"; }

# ---- the wall stands, nobody is inside ----
low=
[ "$ROOT" != 0 ] || low=$($SENDER port 600 1000)
QPORT=$($SENDER port 0 0)
echo "127.0.0.1:$QPORT" >qmqpservers
if [ -n "$low" ]; then smtpd_start -p "$low"; else smtpd_start; fi
unprivileged "before the first client" 1
like "the server inside is down: 451" "$(send "$TMP/mail" a@inside.example.net)" "$(no 451 '451 4\.4\.1 connection to mail server refused$')"
is "and the client keeps its message" "$(cat "$TMP/code")" 75
like "the log says so" "$(cat "$LOG")" "smtpd: pid [0-9]* from 127.0.0.1 .*rcpt <a@inside.example.net>.* 451 4.4.1"
like "and which server it was, which it does not tell the client" "$(cat "$LOG")" \
	"smtpd: pid [0-9]* qmqp Z127.0.0.1:$QPORT:_Connection_refused"
nothing "down"
like "another domain is nobody's" "$(send "$TMP/mail" a@outside.example.net)" '^220 250 250 553 221[|]553 5.7.1 '
like "nor is the host itself a mailbox for strangers" "$(send "$TMP/mail" root@wall.example.net)" '553 5.7.1 '

# ---- it tries again, and one comes up ----
$SENDER send "$PORT" "$TMP/mail" -a 20 -f '' a@inside.example.net b@x.inside.example.net >"$TMP/again" 2>&1 &
again=$!
sleep 0.7
qmqp_start in --port "$QPORT"
wait $again
is "the client tries again, and the server inside is up: taken" $? 0
like "more than once" "$(tail -n 1 "$TMP/again")" 'tries ([2-9]|[1-9][0-9])$'
is "delivered once, envelope and every byte" "$(took in; inside "$TMP/in/d/0001")" "1
F Ta@inside.example.net Tb@x.inside.example.net
Received: from unknown (HELO client.example.org) (127.0.0.1)
  by wall.example.net with ESMTP
same"
nothing "delivered"
like "250 says whose it is" "$(send "$TMP/mail" c@inside.example.net)" "$(no 250 '250 2\.0\.0 ok [0-9]* qp [0-9]*')"
is "the next one" "$(took in)" 2

# ---- what it answers ----
answers() { # NAME RULE CODES PATTERN
	n=$(took in)
	qmqp_script in "$2"
	like "$1" "$(send "$TMP/mail" d@inside.example.net)" "$(no "$3" "$4")"
	is "not taken: $1" "$(took in)" "$n"
	nothing "$1"
}
answers "no for good" 'ANSWER * D not for us (#5.7.1)' 554 '554 5.3.0 not for us \(#5.7.1\)$'
answers "no for now" 'ANSWER * Z come later (#4.3.0)' 451 '451 4.3.0 come later \(#4.3.0\)$'
answers "nonsense" 'ANSWER * raw 250 ok\r\n' 451 '451 4\.'
answers "half an answer" 'ANSWER * raw 20:Kok' 451 '451 4\.'
answers "an answer of no kind" 'ANSWER * raw 4:Xok.,' 451 '451 4\.'
answers "an empty answer" 'ANSWER * raw 0:,' 451 '451 4\.'
answers "it dies in the middle" 'IN 40000 drop' 451 '451 4\.'
answers "the connection breaks in the middle" 'IN 100000 reset' 451 '451 4\.'
answers "it dies before the answer" 'ANSWER * rst drop' 451 '451 4\.'
answers "it dies at once" 'CONNECT * drop' 451 '451 4\.'
answers "it hangs in the middle" 'IN 40000 freeze' 451 '451 4\.'

# ---- one waits for a server that hangs; others do not ----
asked() { [ "$(grep -c request "$TMP/in/log")" -gt "$n" ]; }
n=$(grep -c request "$TMP/in/log")
qmqp_script in 'ANSWER #1 stall'
$SENDER send "$PORT" "$TMP/mail" e@inside.example.net >"$TMP/hangs" 2>&1 &
hangs=$!
until_ asked
unprivileged "while the message waits for its answer" 2
is "another client is served meanwhile" "$(send "$TMP/mail" f@inside.example.net >"$TMP/x"; cat "$TMP/code")" 0
wait $hangs
is "it is not taken, and it was not said to be" $? 75
qmqp_script in
nothing "it hangs"

# ---- the client goes ----
n=$(saw in)
for at in rcpt data half; do
	rm -f "$TMP"/at*
	$SENDER hold "$PORT" "$TMP/mail" $at "$TMP/at" g@inside.example.net >"$TMP/x" 2>&1 &
	gone=$!
	until_ test -e "$TMP/at"
	unprivileged "a client in its session ($at)" 2
	kill -9 $gone
	wait $gone 2>/dev/null
	nothing "the client dies ($at)"
done
is "nothing of it goes inside" "$(saw in)" "$n"
is "a child that is killed takes nobody with it" "$(
	rm -f "$TMP"/at*
	$SENDER hold "$PORT" "$TMP/mail" half "$TMP/at" g@inside.example.net >"$TMP/x" 2>&1 &
	until_ test -e "$TMP/at"
	kill -9 $(procs | sed 1d)
	: >"$TMP/at.go"
	wait $!
	echo $?
	send "$TMP/mail" h@inside.example.net >"$TMP/x"
	cat "$TMP/code")" "111
0"
nothing "killed"

# ---- two servers ----
qmqp_start two
printf '127.0.0.1:%s\n127.0.0.1:%s\n' "$(cat "$TMP/two/port")" "$(cat "$TMP/in/port")" >qmqpservers
qmqp_stop two
n=$(took in)
is "the first one is down: the second has it, and no restart was needed" \
	"$(send "$TMP/mail" i@inside.example.net >"$TMP/x"; cat "$TMP/code") $(($(took in) - n))" "0 1"

# ---- settings that are wrong ----
rm qmqpservers
like "no server at all: for now, not for good" "$(send "$TMP/mail" j@inside.example.net)" '[|]451 4\.'
echo "127.0.0.1:$(cat "$TMP/in/port")" >qmqpservers
mv rcpthosts r
like "no rcpthosts: nothing is taken" "$(send "$TMP/mail" j@inside.example.net)" '[|]553 5.7.1 '
mv r rcpthosts
chmod 0 "$TMPDIR"
if [ "$ROOT" = 0 ]; then
	like "nowhere to keep a long message meanwhile: later" "$(send "$TMP/mail" j@inside.example.net)" '[|]45[12] 4\.'
else
	skip "nowhere to keep a long message meanwhile: later" "needs root"
fi
chmod 1777 "$TMPDIR"
is "and all is well again" "$(send "$TMP/mail" j@inside.example.net >"$TMP/x"; cat "$TMP/code")" 0

unprivileged "at the end" 1
smtpd_stop
is "TERM: exit 0" $CODE 0
done_testing
