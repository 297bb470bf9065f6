#!/bin/sh
# qmqpc.t: qmail-qmqpc, and sendmail and its like by QMQP in the same process: the bytes
# on the wire (110: V1 to V7), answers, exit numbers, who is told what, the next server.
# shellcheck disable=SC2086 # options are words
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/qmqp.sh"
trap 'qmqp_stop a b; rm -rf "$TMP"' EXIT
new_root
C=$CONTROLDIR
VARIANT=${VARIANT:-static}
PROG=/usr/sbin/qmail-qmqpc # by the build's default; need not be there
Q=$BIN/qmail-qmqpc
qmqp_start a
A=$QPORT
qmqp_start b
B=$QPORT
servers() { printf '127.0.0.1:%s\n' "$@" >"$C/qmqpservers"; }
forget() { rm -f "$TMP"/a/d/* "$TMP"/b/d/*; }
last() { find "$TMP/a/d" -name '[0-9]*' | sort | tail -n 1; }
# run COMMAND...: exit number, and what it said on descriptor 2 in $TMP/err
run() { code=0; "$@" <"$TMP/m" 1<"$TMP/e" 2>"$TMP/err" || code=$?; echo $code; }
piped() { code=0; cat "$TMP/m" | "$@" 1<"$TMP/e" 2>"$TMP/err" || code=$?; echo $code; }
env_put() { printf "$1" >"$TMP/e"; } # the bytes are printf's own
m_put() { printf "$1" >"$TMP/m"; }
plain() { m_put 'Subject: t\n\nhi\n'; env_put 'Fkim@a.example\0Tann@b.example\0\0'; }
servers "$A"

# ---- the bytes ----

# vector NAME BYTES SHA256: what is sent from a file and from a pipe
vector() {
	forget
	r="$(run "$Q") $(piped "$Q")"
	is "110 $1: both are accepted" "$r" "0 0"
	for f in "$TMP"/a/d/*; do
		is "110 $1: the request (${f##*/})" \
			"$(wc -c <"$f" | tr -d ' ') $(sha256sum <"$f" | cut -c 1-32)" "$2 $3"
	done
}
plain
vector V1 57 0439dfcd70c32026af218b9fadf2ec71
env_put 'Fkim@a.example\0Tann@b.example\0Tbo@c.example\0Tcy@d.example\0\0'
vector V2 89 b7bad213739aa4cb22510ecc49f711b9
env_put 'F\0Tkim@a.example\0\0'
vector V3 43 b1994df9aba614ff8b2bbc22f7e734a0
m_put ''
env_put 'F\0Tx@y\0\0'
vector V4 16 60d5782d2971ca0dedf96e5123f422bb
m_put 'S: \303\251\n\n.\n\0,:\nno-eol'
env_put 'Fk@a.ex\0Tu@b.ex\0\0'
vector V5 45 065c7f8e5ffc5ceff0dd9473a877737c
m_put "$(printf '%078d' 0 | tr 0 x)\\n"
env_put 'F#@[]\0Tpostmaster@board.ex\0\0'
vector V6 118 f0f58a7e35b75083d3a5741a30711f1e
seq 128 | sed 's/.*/abcdefg/' >"$TMP/m"
env_put "Fl-@a.ex-@[]\\0$(printf 'Tu%d@b.ex\\0' 0 1 2 3 4 5 6 7 8 9)\\0"
vector V7 1151 5e089000d9debbd224cff739dcd76743
like "110 a small request comes in one piece" "$(grep recv "$TMP/a/log" | tail -n 1)" 'recv 1151$'
plain
env_put 'Fa@b\0\0'
is "no recipients: sent as they are" "$(run "$Q") $(tail -c 8 "$(last)")" "0 ,3:a@b,,"
plain
dd if="$TMP/m" of="$TMP/half" bs=1 skip=9 2>/dev/null
{ dd bs=1 count=9 of=/dev/null 2>/dev/null; "$Q" 1<"$TMP/e"; } <"$TMP/m"
is "a file from where it stands" "$(qmqp_show "$(last)" | sed '1,/^$/d')" "$(cat "$TMP/half")"
sizes='32768 32769'
[ -n "${QMTA_SHORT:-}" ] || sizes="4084 4085 4086 32767 $sizes 100000"
for n in $sizes; do
	head -c $n /dev/urandom >"$TMP/m"
	r="$(run "$Q") $(piped "$Q")"
	qmqp_show "$(last)" | tail -c $n | cmp -s - "$TMP/m" || r="$r other"
	is "a message of $n bytes" "$r" "0 0"
done

# ---- answers ----

plain
for x in 'K ok' 'Z not now (#4.3.0)' 'D never (#5.1.1)'; do
	qmqp_script a "ANSWER * bytes $x"
	case $x in K*) want=0 ;; Z*) want=71 ;; *) want=31 ;; esac
	is "111 a byte at a time: $x" "$(run "$Q")" $want
done
n=0
bad=
for i in $(seq 0 25); do
	qmqp_script a "ANSWER * split $i K ok 1700000000 qp 4242"
	[ "$(run "$Q")" = 0 ] || bad="$bad $i"
done
is "110 K, split at every byte" "$bad" ''
for x in '0:,' '4:Xabc,' '3:Kok' '5:Kok,' '2:Kok,' '01:K,' ' 1:K,' '1:K;' 'Kok' \
	'220 mail.KDE.example ESMTP\r\n' '4097:K' '9999999999999:K,'; do
	qmqp_script a "ANSWER * raw $x"
	is "113 no answer: ${x%%\\r*}: 74" "$(run "$Q")" 74
done
qmqp_script a 'CONNECT * raw 220 mail.KDE.example ESMTP\r\n'
is "113 an SMTP server at the port: 74" "$(run "$Q")" 74
for x in drop reset; do
	qmqp_script a "ANSWER * $x"
	is "$x instead of an answer: 74" "$(run "$Q")" 74
done
echo 1 >"$C/timeoutremote"
qmqp_script a "ANSWER * stall"
is "silence: 74" "$(run "$Q")" 74
qmqp_script a "ANSWER * keep K ok"
is "a server that stays is not waited for" "$(run "$Q")" 0
rm "$C/timeoutremote"
qmqp_script a

# ---- exit numbers ----

plain
before=$(saw a)
for e in '' 'Fa@b\0Tc@d\0' 'Fa@b\0Tc@' 'Fa@b'; do
	env_put "$e"
	is "54: the envelope has no end: $e" "$(run "$Q")" 54
done
for e in 'Tc@d\0\0' 'Fa@b\0Xc@d\0\0' '\0' 'X'; do
	env_put "$e"
	is "91: no envelope: $e" "$(run "$Q")" 91
done
for e in 'Fa@b\0T\0\0' 'Fa\nb@c\0Tc@d\0\0' 'Fa@b\0Tc\r@d\0\0' \
	"Fa@b\\0T$(head -c 1003 /dev/zero | tr '\0' a)\\0\\0"; do
	env_put "$e"
	is "11: an address that is none: $(printf %.30s "$e")" "$(run "$Q")" 11
done
is "nothing was sent of these" "$(saw a)" "$before"
plain
is "54: no message to read" "$("$Q" <&- 1<"$TMP/e" 2>/dev/null; echo $?) $("$Q" <"$TMP" 1<"$TMP/e" 2>/dev/null; echo $?)" \
	"0 54"
is "53: nowhere to put a long message" \
	"$(head -c 50000 /dev/zero | TMPDIR=/nonexistent "$Q" 1<"$TMP/e" 2>/dev/null; echo $?)" 53
is "which a file does not need" \
	"$(head -c 50000 /dev/zero >"$TMP/z"; TMPDIR=/nonexistent "$Q" <"$TMP/z" 1<"$TMP/e"; echo $?)" 0
is "nothing is left in TMPDIR" "$(mkdir "$TMP/t"; head -c 50000 /dev/zero | TMPDIR=$TMP/t "$Q" 1<"$TMP/e"
	echo $?; ls -A "$TMP/t")" 0
rm "$C/qmqpservers"
is "111 55: no qmqpservers" "$(run "$Q") $(cat "$TMP/err")" \
	"55 qmail-qmqpc: qmqpservers names no QMQP server (#4.3.0)"
printf '# none\n\n' >"$C/qmqpservers"
is "55: an empty one" "$(run "$Q")" 55
printf 'a/b\n' >"$C/qmqpservers"
like "55: one without sense, which is named" "$(run "$Q") $(head -n 1 "$TMP/err")" \
	'^55 warning: qmqpservers: not .*left out: a/b$'
mkdir "$C/timeoutremote"
servers "$A"
is "55: a control file that cannot be read, which is named" \
	"$(run "$Q") $(cat "$TMP/err")" \
	"55 qmail-qmqpc: unable to read $C/timeoutremote: Is a directory (#4.3.0)"
rmdir "$C/timeoutremote"
if [ "$VARIANT" != san ] && strace -o "$TMP/trace" true 2>/dev/null; then
	is "56: no socket" "$(strace -o "$TMP/trace" -e inject=socket:error=EMFILE "$Q" <"$TMP/m" 1<"$TMP/e" 2>/dev/null
		echo $?)" 56
else
	skip "56: no socket" "no strace"
fi
servers 1
is "111 73: refused" "$(run "$Q") $(cat "$TMP/err")" \
	"73 qmail-qmqpc: 127.0.0.1:1: Connection refused (#4.4.1)"
is "73: a name without an address" "$(run "$Q" nowhere.invalid) $(cat "$TMP/err")" \
	"73 qmail-qmqpc: nowhere.invalid: no address can be found (#4.4.1)"
# A listener whose queue is full takes no connection and refuses none.
python3 -c '
import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(0)
c = []
for i in range(3):
	x = socket.socket(); x.setblocking(False); x.connect_ex(s.getsockname()); c.append(x)
print(s.getsockname()[1], flush=True); time.sleep(20)' >"$TMP/full" &
FULL=$!
until [ -s "$TMP/full" ]; do sleep 0.05; done
echo 1 >"$C/timeoutconnect"
is "72: no connection in time" "$(run "$Q" "127.0.0.1:$(cat "$TMP/full")")" 72
rm "$C/timeoutconnect"

# ---- the next server ----

servers 1 "$A"
forget
is "112 the next one after a refused connection" "$(run "$Q") $(took a)" "0 1"
servers "$(cat "$TMP/full")" "$A"
echo 1 >"$C/timeoutconnect"
is "and after one that was never made" "$(run "$Q") $(took a)" "0 2"
rm "$C/timeoutconnect"
kill $FULL
servers "$A" "$B"
forget
where='0 30' n=8
[ -z "${QMTA_SHORT:-}" ] || where=30 n=4
for x in drop reset 'raw 3:Kok,' 'raw 3:Dno,'; do
	for at in $where; do
		truncate -s 40M "$TMP/m"
		qmqp_script a "IN $at $x"
		is "and after it broke before the end: $x at $at" "$(run "$Q") $(took a)" "0 0"
	done
done
is "each was taken once" "$(took b)" $n
rm "$TMP"/b/d/*
plain
forget
for x in drop reset 'raw 3:Kok' 'D no' 'Z later'; do
	qmqp_script a "ANSWER * $x"
	run "$Q" >/dev/null
done
is "112 never after the last byte" "$(took b) $(saw b)" "0 0"
echo 1 >"$C/qmqpz"
is "with qmqpz: after Z" "$(run "$Q") $(took b)" "0 1"
qmqp_script a "ANSWER * raw 3:Zno"
is "but not after half of one" "$(run "$Q") $(took b)" "74 1"
qmqp_script a "ANSWER * Z later"
servers "$A" 1
is "Z says more than a dead server" "$(run "$Q") $(cat "$TMP/err")" \
	"71 qmail-qmqpc: 127.0.0.1:$A says: later"
rm "$C/qmqpz"
servers "$A"
truncate -s 40M "$TMP/m"
qmqp_script a 'IN 30 raw 13:Dtoo large...,'
is "words of a server that closed early are kept" "$(run "$Q") $(cat "$TMP/err")" \
	"31 qmail-qmqpc: 127.0.0.1:$A says: too large..."
qmqp_script a 'IN 30 raw 3:Kok,'
is "but a K for half a message is no success" "$(run "$Q")" 74
qmqp_script a
plain
forget
servers "$A" "$B"
for i in 1 2 3 4; do run "$Q" >/dev/null; done
is "in order" "$(took a) $(took b)" "4 0"
chmod +t "$C/qmqpservers"
for i in $(seq 24); do run "$Q" >/dev/null; done
ok "sticky bit: anywhere" [ "$(took a)" -gt 4 ]
ok "sticky bit: anywhere else" [ "$(took b)" -gt 0 ]
servers 1 "$A"
echo 1 >"$C/qmqpbalance"
bad=
for i in 1 2 3 4 5 6; do [ "$(run "$Q")" = 0 ] || bad=1; done
is "qmqpbalance: all are asked from there on" "$bad" ''
rm "$C/qmqpbalance" "$C/qmqpservers"
forget
is "arguments replace the file" "$(run "$Q" 127.0.0.1:1 "127.0.0.1:$A") $(took a)" "0 1"
echo localhost >"$C/qmqpservers"
is "PORT_QMQP, and a name of /etc/hosts" "$(PORT_QMQP=$A run "$Q") $(took a)" "0 2"
is "a port that is none" "$(PORT_QMQP=x run "$Q")" 55
is "OUTGOINGIP" "$(OUTGOINGIP=127.0.0.1 run "$Q" "127.0.0.1:$A") $(OUTGOINGIP=me run "$Q" "127.0.0.1:$A")" "0 55"
echo 192.0.2.1 >"$C/outgoingip"
is "outgoingip that is not ours" "$(run "$Q" "127.0.0.1:$A") $(cat "$TMP/err")" \
	"73 qmail-qmqpc: 127.0.0.1:$A: Address not available (#4.4.1)"
rm "$C/outgoingip"

# ---- who is told what ----

servers "$A"
qmqp_script a 'ANSWER * D no\tsuch\nuser \303'
# told [ENV...]: exit number, then what came on a pipe at descriptor 6, then on 2
told() {
	{ code=0; env "$@" "$Q" 6>&1 <"$TMP/m" 1<"$TMP/e" 2>"$TMP/err" || code=$?; echo " $code" >"$TMP/code"; } |
		cat >"$TMP/six"
	echo "$(cat "$TMP/code") [$(cat "$TMP/six")] [$(cat "$TMP/err")]"
}
words="127.0.0.1:$A says: no?such user ?"
is "descriptor 6: 82 and the words there alone" "$(told A=1)" " 82 [D$words] []"
is "a file at 6 is nobody who listens" "$(run "$Q" 6>"$TMP/six"; cat "$TMP/err")" \
	"31
qmail-qmqpc: $words"
is "nor is a pipe that is read" "$(echo x | { exec 6<&0; run "$Q"; })" 31
qmqp_script a 'ANSWER * Z'
is "a server without words" "$(told A=1)" \
	" 82 [Z127.0.0.1:$A says: mail server temporarily refuses the message] []"
qmqp_script a 'ANSWER * drop'
is "what no server said is told by the number" "$(told A=1)" " 74 [] []"
echo indimail >"$C/conf-exitcodes"
qmqp_script a 'ANSWER * D never'
words="127.0.0.1:$A says: never"
r=$({ "$Q" <"$TMP/m" 3>&1 1<"$TMP/e" 2>&3; echo " $?" >"$TMP/code"; } | cat)
is "indimail: 88 and words on descriptor 2" "$(cat "$TMP/code") $r" " 88 D$words"
r=$({ ERROR_FD=5 "$Q" <"$TMP/m" 5>&1 1<"$TMP/e" 2>"$TMP/err"; echo " $?" >"$TMP/code"; } | cat)
is "indimail: on ERROR_FD" "$(cat "$TMP/code") $r $(cat "$TMP/err")" " 88 D$words "
is "indimail: ERROR_FD -1" "$(ERROR_FD=-1 run "$Q") $(cat "$TMP/err")" "31 qmail-qmqpc: $words"
env_put 'X'
is "indimail: 79 for the envelope" "$(run "$Q")" 79
rm "$C/conf-exitcodes"
qmqp_script a
plain

# ---- by sendmail and others ----

post() { code=0; "$@" <"$TMP/m" >"$TMP/out" 2>"$TMP/err" || code=$?; echo $code; }
sender() { qmqp_show "$(last)" | sed -n '/^$/q; p' | tr '\n' ' '; }
forget
export QMAILQUEUE=$PROG
is "sendmail" "$(post "$BIN/sendmail" -f kim@a.example ann@b.example) $(cat "$TMP/out" "$TMP/err")$(sender)" \
	"0 Fkim@a.example Tann@b.example "
is "qmail-inject" "$(post "$BIN/qmail-inject" -f kim@a.example bo@b.example) $(sender)" \
	"0 Fkim@a.example Tbo@b.example "
is "forward" "$(DTLINE='Delivered-To: x
' NEWSENDER=l-@a.example-@[] post "$BIN/forward" cy@b.example) $(sender)" "0 Fl-@a.example-@[] Tcy@b.example "
rm "$C/qmqpservers"
QMAILQUEUE="$PROG 127.0.0.1:1	127.0.0.1:$A"
is "servers behind it" "$(post "$BIN/sendmail" ann@b.example) $(took a)" "0 4"
qmqp_script a 'ANSWER * D no such user (#5.1.1)'
is "a refusal: the words, once" "$(post "$BIN/sendmail" ann@b.example) $(cat "$TMP/out" "$TMP/err")" \
	"69 sendmail: message not accepted: 127.0.0.1:$A says: no such user (#5.1.1)"
is "by forward" "$(DTLINE='Delivered-To: x
' NEWSENDER='' post "$BIN/forward" cy@b.example) $(cat "$TMP/out" "$TMP/err")" \
	"100 forward: unable to forward message: 127.0.0.1:$A says: no such user (#5.1.1)"
is "by qmail-inject" "$(post "$BIN/qmail-inject" ann@b.example) $(cat "$TMP/out" "$TMP/err")" \
	"100 qmail-inject: fatal: message not accepted: 127.0.0.1:$A says: no such user (#5.1.1)"
qmqp_script a 'ANSWER * Z busy (#4.3.2)'
is "not now" "$(post "$BIN/sendmail" ann@b.example) $(cat "$TMP/out" "$TMP/err")" \
	"75 sendmail: message not accepted: 127.0.0.1:$A says: busy (#4.3.2)"
QMAILQUEUE="$PROG 127.0.0.1:1"
is "nobody there" "$(post "$BIN/sendmail" ann@b.example) $(cat "$TMP/out" "$TMP/err")" \
	"75 sendmail: message not accepted: 127.0.0.1:1: Connection refused (#4.4.1)"
# By a program of its own, which says it on descriptor 6.
QMAILQUEUE="$Q 127.0.0.1:$A"
is "the same by exec" "$(post "$BIN/sendmail" ann@b.example) $(cat "$TMP/out" "$TMP/err")" \
	"75 sendmail: message not accepted: 127.0.0.1:$A says: busy (#4.3.2)"
qmqp_script a
is "and taken" "$(post "$BIN/sendmail" ann@b.example)" 0
unset QMAILQUEUE
servers "$A"
mkdir "$C/defaultqueue"
echo "$PROG" >"$C/defaultqueue/QMAILQUEUE"
forget
is "control/defaultqueue/QMAILQUEUE" "$(post "$BIN/sendmail" ann@b.example) $(took a)" "0 1"
rm -r "$C/defaultqueue"
is "a list of servers alone leaves a queue in use" \
	"$(post "$BIN/sendmail" ann@b.example) $(took a) $(find "$QUEUEDIR/todo" -type f | wc -l | tr -d ' ')" "0 1 1"
rm -f "$QUEUEDIR"/todo/* "$QUEUEDIR"/mess/0/*
# As a link in the place of qmail-queue, by a program with pipes on 0 and 1.
mkdir "$TMP/sbin"
ln -s "$BIN/qmta" "$TMP/sbin/qmail-qmqpc"
ln -s qmail-qmqpc "$TMP/sbin/qmail-queue"
ln -s qmail-qmqpc "$TMP/sbin/ezmlm-queue"
for p in qmail-queue qmail-qmqpc ezmlm-queue; do
	forget
	r=$(python3 - "$TMP/sbin/$p" <<'P'
import os, sys
m, e = os.pipe(), os.pipe()
pid = os.fork()
if not pid:
    os.dup2(m[0], 0)
    os.dup2(e[0], 1)
    os.closerange(3, 20)
    os.execv(sys.argv[1], [sys.argv[1]])
os.close(m[0])
os.close(e[0])
os.write(m[1], b"Subject: t\n\nhi\n")
os.close(m[1])
os.write(e[1], b"Fkim@a.example\0Tann@b.example\0\0")
os.close(e[1])
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
P
	)
	is "a program that runs $p, a link" "$r $(sha256sum "$(last)" | cut -c 1-32)" \
		"0 0439dfcd70c32026af218b9fadf2ec71"
done
is "qmail-queue by another way is the queue" "$(run "$BIN/qmta" qmail-queue) $(took a)" "0 1"
rm -f "$QUEUEDIR"/todo/* "$QUEUEDIR"/mess/0/*

# ---- names on the way out ----

forget
env_put 'Fkim@mx.example.net\0Troot@mx.example.net\0Troot\0Tann@b.example\0\0'
m_put 'From: kim@mx.example.net\nSubject: t\n\nkim@mx.example.net\n'
echo me@far.example >"$C/adminaddr"
is "adminaddr" "$(run "$Q") $(sender)" "0 Fkim@mx.example.net Tme@far.example Tann@b.example "
echo all@far.example >"$C/allmailfrom"
is "allmailfrom" "$(run "$Q") $(sender)" "0 Fall@far.example Tme@far.example Tann@b.example "
rm "$C/allmailfrom" "$C/adminaddr"
echo 'kim@mx.example.net pub@else.example' >"$C/generic"
want='0 Fpub@else.example Troot@mx.example.net Troot Tann@b.example 
From: pub@else.example
Subject: t

kim@mx.example.net'
is "generic, from a file" "$(run "$Q") $(sender)
$(qmqp_show "$(last)" | sed '1,/^$/d')" "$want"
is "generic, from a pipe" "$(piped "$Q") $(sender)
$(qmqp_show "$(last)" | sed '1,/^$/d')" "$want"
echo '@mx.example.net @else.example' >"$C/generic"
env_put 'Fl-@mx.example.net-@[]\0Tann@b.example\0\0'
is "generic, of a VERP sender" "$(run "$Q") $(sender)" "0 Fl-@else.example-@[] Tann@b.example "
echo 'nothing' >"$C/generic"
is "generic without sense: the mail waits" "$(run "$Q") $(took a)" "55 5"
rm "$C/generic"

# ---- memory ----

if [ "$VARIANT" = static ]; then
	MB=20
	[ -n "${QMTA_SHORT:-}" ] || MB=100
	truncate -s ${MB}M "$TMP/m"
	env_put 'Fkim@a.example\0Tann@b.example\0\0'
	qmqp_script a 'ANSWER * sleep 0.6 K ok'
	for how in none file pipe; do
		if [ $how = none ]; then
			"$Q" </dev/null 1<"$TMP/e" &
		elif [ $how = file ]; then
			"$Q" <"$TMP/m" 1<"$TMP/e" &
		else
			mkfifo "$TMP/fifo"
			cat "$TMP/m" >"$TMP/fifo" &
			"$Q" <"$TMP/fifo" 1<"$TMP/e" &
		fi
		p=$!
		: >"$TMP/a/log"
		n=0
		until grep -q request "$TMP/a/log" || [ $((n += 1)) -gt 400 ]; do sleep 0.05; done
		kb=$(sed -n 's/^RssAnon:[^0-9]*\([0-9]*\).*/\1/p' /proc/$p/status)
		wait $p
		code=$?
		if [ $how = none ]; then
			base=${kb:-999}
			is "an empty message: sent" "$code" 0
			continue
		fi
		is "$MB MB from a $how: sent" "$code" 0
		ok "less than 64 KB of memory more than for none ($base, ${kb:-none} KB)" \
			[ $((${kb:-9999} - base)) -lt 64 ]
	done
	rm -f "$TMP"/a/d/*
else
	skip "memory" "measured in the static build"
fi
done_testing
