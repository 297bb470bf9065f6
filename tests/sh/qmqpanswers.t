#!/bin/sh
# qmail-qmqpc and what servers answer: none of the many answers that are no answer is
# success, nor a reason to ask somebody else; the good ones are understood in whatever
# pieces they come; and words are shown only when they are safe to show.
# shellcheck disable=SC2016,SC2086 # patterns; $AS is words
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
. "$TOP/tests/lib/qmqp.sh"
runner_root
PY=/usr/bin/python3	# one that nobody may run
[ -x $PY ] || PY=python3
trap 'qmqp_stop bad next early shut; rm -rf "$TMP"' EXIT
echo 2 >"$CONTROLDIR/timeoutremote"
echo 1 >"$CONTROLDIR/timeoutconnect"
mkdir "$TMP/r"; chmod 777 "$TMP/r"
qmqp_start bad; BAD=127.0.0.1:$QPORT
qmqp_start next; NEXT=127.0.0.1:$QPORT

xs() { head -c "$1" /dev/zero | tr '\0' "${2:-x}"; }

# A message of its own for each case, so that the script can tell them apart.
give() { # CASE SERVER...
	c=$1; shift
	printf 'Subject: t\n\n<%s>\n' "$c" >"$TMP/r/$c.m"
	printf 'Fkim@a.example\0Tann@b.example\0\0' >"$TMP/r/$c.e"
	code=0
	$AS timeout -k 5 30 "$RBIN/qmail-qmqpc" "$@" <"$TMP/r/$c.m" 1<"$TMP/r/$c.e" \
		2>"$TMP/r/$c.2" || code=$?
	echo $code >"$TMP/r/$c.x"
}
exit_of() { cat "$TMP/r/$1.x"; }

# Many at once, since some have to wait: give_all SERVERS CASE...
give_all() {
	to=$1 pids=''; shift
	for c; do
		give "$c" $to & pids="$pids $!"
		[ $((${c#?} % 12)) != 0 ] || { wait $pids; pids=''; }
	done
	wait $pids
}
asked() { grep -c connect "$TMP/$1/log"; }

# ---- 74: what it says is no answer to this message. NAME|ACTION of qmqpsink.py
cat >"$TMP/cases" <<C
nothing: closed behind the message|drop
nothing: reset behind the message|reset
nothing at all for longer than timeoutremote|stall
an empty netstring|raw 0:,
an empty netstring, then a good answer|raw 0:,3:Kok,
an unknown letter|raw 4:Xabc,
a small k|raw 3:kok,
a small k, alone|raw 1:k,
a blank in front of the letter|raw 4: Kok,
a line end in front of the letter|raw 4:\\nKok,
a NUL for a letter|raw 3:\\x00ok,
an 8-bit letter|raw 3:\\xcbok,
SMTP numbers in a netstring|raw 6:250 ok,
a netstring in a netstring|raw 6:3:Kok,,
a comma is missing, then closed|raw 3:Kok
a comma is missing, then reset|rst raw 3:Kok
a comma is missing, then silence|keep raw 3:Kok
a length too long, then closed|raw 5:Kok,
a length too long, then reset|rst raw 5:Kok,
a length too long, then silence|keep raw 5:Kok,
a length too long by one: the comma is eaten|raw 4:Kok,
a length too short|raw 2:Kok,
a length too short by much|raw 1:Kok 1700000000 qp 4242,
another byte for the comma|raw 3:Kok;
a line end for the comma|raw 3:Kok\\n
a NUL for the comma|raw 3:Kok\\x00
no length|raw :Kok,
no length, no colon|raw Kok,
K alone|raw K
K alone, for ever|keep raw K
1:K, then closed|raw 1:K
1:K, then reset|rst raw 1:K
1:K, then silence|keep raw 1:K
a digit, then closed|raw 1
a length, then closed|raw 3:
a length, then silence|keep raw 3:
no colon|raw 3Kok,
a semicolon for the colon|raw 3;Kok,
a leading zero|raw 03:Kok,
many leading zeros|raw 00000000000000000003:Kok,
zero, and then something|raw 0:Kok,
2^32 + 3|raw 4294967299:Kok,
2^64 + 3|raw 18446744073709551619:Kok,
20 digits|raw 33333333333333333333:Kok,
a minus|raw -3:Kok,
a plus|raw +3:Kok,
a hexadecimal length|raw 0x3:Kok,
a blank in front|raw  3:Kok,
a blank behind the length|raw 3 :Kok,
a line end in front|raw \\r\\n3:Kok,
a byte order mark in front|raw \\xef\\xbb\\xbf3:Kok,
UTF-16|raw 3\\x00:\\x00K\\x00o\\x00k\\x00,\\x00
Arabic digits|raw \\xd9\\xa3:Kok,
one more than is read at most|raw 4097:K$(xs 4096),
a megabyte, well-formed|raw 1000000:K$(xs 999999),
a megabyte of digits|raw $(xs 1000000 1)
a megabyte of K|raw $(xs 1000000 K)
a megabyte of NULs|raw $(xs 1000 Z | sed 's/Z/\\x00/g')
SMTP, with a K in it|raw 220 mail.KDE.example ESMTP\\r\\n
SMTP, with a K in front|raw 220 K\\r\\n221 K\\r\\n
SMTP over a netstring's length|raw 220:KDE.example,\\r\\n
SMTP, and it stays|keep raw 220 mail.KDE.example ESMTP\\r\\n
SMTP that complains|raw 220 KDE\\r\\n500 5.5.2 Error: bad syntax K\\r\\n
HTTP|raw HTTP/1.1 400 Bad Request\\r\\nServer: K:3:Kok,\\r\\n\\r\\n
a TLS alert|raw \\x15\\x03\\x01\\x00\\x02\\x02\\x46
SSH|raw SSH-2.0-OpenSSH_9.2 K\\r\\n
POP3|raw +OK K ready\\r\\n
IMAP|raw * OK [CAPABILITY] K\\r\\n
FTP|raw 220 (K) ready\\r\\n
a shell that echoes|raw 57:15:Subject: t\\n\\nhi\\n,13:kim@a.example,13:ann@b.example,,
a whole answer, too slowly|drip 0.1 raw 22:Kok 1700000000 qp 4242,
D, cut off: no reason to give up|raw 5:Dno,
D, without its comma|raw 3:Dno
D, with another byte for it|raw 3:Dno;
Z, cut off|raw 5:Zno,
Z, without its comma, then reset|rst raw 3:Zno
C
n=0 list=''
while IFS='|' read -r name action; do
	n=$((n + 1)) list="$list b$n"
	printf 'ANSWER <b%d> %s\n' $n "$action"
done <"$TMP/cases" >"$TMP/new"
mv "$TMP/new" "$TMP/bad/script"
give_all "$BAD $NEXT" $list
n=0
while IFS='|' read -r name action; do
	n=$((n + 1))
	is "74, $n: $name" "$(exit_of b$n)" 74
done <"$TMP/cases"
ok "at least 40 of them" test "$n" -ge 40
is "each had been given its message whole, once" "$(saw bad) $(find "$TMP/bad/d" -name '*.none' |
	wc -l | tr -d ' ')" "$n $n"
is "nobody else was asked" "$(asked next)" 0
like "an SMTP server is told from a broken line" "$(cat "$TMP"/r/b*.2 | sort -u)" \
	'what it answers is not QMQP'
like "and names the server" "$(cat "$TMP/r/b6.2")" "$BAD"
is "all with no more than one line" "$(wc -l "$TMP"/r/b*.2 | sed 's/^ *//; /^[01] /d; /total$/d')" ""

# ---- said before it was asked: that is nothing about this message. Either it was seen
# early enough, and then another server may be asked, or it was not, and then nobody.
qmqp_start early --read 1000; EARLY=127.0.0.1:$QPORT
qmqp_script early 'CONNECT * say 3:Kok,' 'ANSWER * drop'
head -c 9000000 /dev/zero | tr '\0' y >"$TMP/big"
big() { # ARGUMENT...
	code=0
	$AS timeout -k 5 30 "$RBIN/qmail-qmqpc" "$@" <"$TMP/big" 1<"$TMP/r/b1.e" 2>"$TMP/big.2" || code=$?
	echo $code
}
is "an answer before the request: 74" "$(big "$EARLY")" 74
qmqp_script early 'CONNECT * say 220 mail.KDE.example ESMTP\r\n' 'ANSWER * drop'
is "a greeting before the request: 74" "$(big "$EARLY")" 74
qmqp_script early 'IN 70000 raw 3:Kok,'
is "K to a part of a message, and closed: 74" "$(big "$EARLY")" 74
qmqp_script early 'IN 70000 say 3:Kok,' 'ANSWER * drop'
is "K to a part of a message that it goes on to read: 74" "$(big "$EARLY")" 74
qmqp_script early 'IN 70000 say 3:Kok,' 'IN 90000 reset'
is "K to a part of a message, and reset: 74" "$(big "$EARLY")" 74
is "the next server gets a message that no other had whole" \
	"$(big "$EARLY" "$NEXT") $(took next)" "0 1"
qmqp_start shut; qmqp_script shut 'CONNECT * shut' 'ANSWER * drop'
is "no answer will ever come: the next server" "$(big "127.0.0.1:$QPORT" "$NEXT") $(took next)" "0 2"

# ---- the good ones, in two pieces at every byte, and byte for byte
good='K ok 1700000000 qp 4242
Z qq write error or disk full (#4.3.0)
D sorry, I can'\''t accept addresses like that (#5.1.3)
K
Z
D'
step=1
[ -z "${QMTA_SHORT:-}" ] || step=3
: >"$TMP/new"; : >"$TMP/want"
n=0 list=''
printf '%s\n' "$good" >"$TMP/good"
while read -r letter text; do
	case $letter in K) x=0 ;; Z) x=71 ;; D) x=31 ;; esac
	t="$letter$text"
	whole=$((${#t} + 2)); whole=$((whole + $(printf %s ${#t} | wc -c)))
	i=1
	while [ $i -le $whole ]; do
		n=$((n + 1)) list="$list g$n"
		how="split $i"
		[ $i -lt $whole ] || how=bytes
		echo "ANSWER <g$n> $how $letter $text" >>"$TMP/new"
		echo "$x $letter $how" >>"$TMP/want"
		[ $i -lt $whole ] || break
		i=$((i + step)); [ $i -lt $whole ] || i=$whole
	done
done <"$TMP/good"
cat >>"$TMP/new" <<C
ANSWER <w1> raw 3:Kok,3:Dno,
ANSWER <w2> raw 3:Kok,\\r\\n
ANSWER <w3> rst raw 3:Kok,
ANSWER <w4> keep raw 3:Kok,
ANSWER <w5> raw 4096:K$(xs 4095),
ANSWER <w6> raw 9:K\\x00\\x01\\xff\\n,:3:,
ANSWER <w7> sleep 0.6 K ok
ANSWER <w8> keep D no
C
mv "$TMP/new" "$TMP/bad/script"
give_all "$BAD $NEXT" $list
is "$n answers in pieces" "$(n=0; while read -r x letter how; do n=$((n + 1))
	[ "$(exit_of g$n)" = "$x" ] || echo "$letter $how: $(exit_of g$n)"
	done <"$TMP/want")" ""
give_all "$BAD $NEXT" w1 w2 w3 w4 w5 w6 w7 w8
is "what follows a whole answer does not matter" "$(exit_of w1) $(exit_of w2)" "0 0"
is "a reset behind it neither" "$(exit_of w3)" 0
is "nor that the connection stays" "$(exit_of w4) $(exit_of w8)" "0 31"
is "the longest there may be" "$(exit_of w5)" 0
is "any bytes behind the letter" "$(exit_of w6)" 0
is "an answer that takes its time" "$(exit_of w7)" 0
is "and still nobody else was asked" "$(asked next)" 2
is "success is silent" "$(cat "$TMP"/r/w[1-7].2)" ""

# ---- and what nobody thought of
mkdir "$TMP/fuzz"; chmod 777 "$TMP/fuzz"; cp "$TMP/r/b1.m" "$TMP/fuzz/m"
cp "$TOP"/tests/lib/answerfuzz.py "$TOP"/tests/lib/qmqpsink.py "$TMP/fuzz/"; chmod a+r "$TMP"/fuzz/*
count=3000
[ -z "${QMTA_SHORT:-}" ] || count=200
echo 20 >"$CONTROLDIR/timeoutremote"	# each of these closes: none has to wait
$AS timeout -k 5 120 "$PY" -B "$TMP/fuzz/answerfuzz.py" --client "$RBIN/qmail-qmqpc" \
	--dir "$TMP/fuzz" --count $count >"$TMP/fuzz.out" 2>&1
is "random answers: two readers agree" "$(sed '$d' "$TMP/fuzz.out")" ""
like "in all of them" "$(tail -n 1 "$TMP/fuzz.out")" "^$count answers, [1-9][0-9]+ good, seed"
echo 2 >"$CONTROLDIR/timeoutremote"

# ---- words
cat >"$TMP/bad/script" <<C
ANSWER <v1> raw 19:D\\x1b]0;own\\x07\\x1b[2Jno\\r\\n\\x00!,
ANSWER <v2> raw 8:D\\xc3\\xa9\\xff\\x9b\\x7fno,
ANSWER <v3> raw 4000:D$(xs 3999 w),
ANSWER <v4> D two   words %s %n (#5.7.1)
ANSWER <v5> raw 14:Dmore\\nlines\\nhm,
ANSWER <v6> Z wait a little (#4.3.0)
ANSWER * K
C
# With somebody on descriptor 6: what he reads.
six() { # CASE
	printf 'Subject: t\n\n<%s>\n' "$1" >"$TMP/r/$1.m"
	{
		code=0
		$AS "$RBIN/qmail-qmqpc" "$BAD" <"$TMP/r/$1.m" 6>&1 1<"$TMP/r/b1.e" \
			2>"$TMP/r/$1.2" || code=$?
		echo $code >"$TMP/r/$1.x"
	} | cat >"$TMP/r/$1.6"
}
for c in v1 v2 v3 v4 v5 v6 v7; do give $c "$BAD"; cp "$TMP/r/$c.2" "$TMP/r/$c.plain"; done
is "their exits" "$(cat "$TMP"/r/v[1-7].x | tr '\n' ' ')" "31 31 31 31 31 71 0 "
for c in v1 v2 v3 v4 v5 v6; do
	is "$c: one line of printable bytes" \
		"$(wc -l <"$TMP/r/$c.plain" | tr -d ' ') $(tr -d '\n\040-\176' <"$TMP/r/$c.plain" | wc -c | tr -d ' ')" "1 0"
done
ok "v3: no longer than 700 bytes" test "$(wc -c <"$TMP/r/v3.plain")" -le 700
like "v4: word for word" "$(cat "$TMP/r/v4.plain")" 'two   words %s %n \(#5\.7\.1\)$'
like "v5: lines become one" "$(cat "$TMP/r/v5.plain")" 'more lines hm$'
for c in v1 v2 v3 v4 v5 v6 v7; do six $c; done
is "on descriptor 6: 82 when there are words" "$(cat "$TMP"/r/v[1-7].x | tr '\n' ' ')" "82 82 82 82 82 82 0 "
is "and nothing on descriptor 2" "$(cat "$TMP"/r/v[1-7].2)" ""
for c in v1 v2 v3 v4 v5 v6; do
	is "$c: printable there, too" "$(tr -d '\040-\176' <"$TMP/r/$c.6" | wc -c | tr -d ' ')" 0
done
like "v4: D, the server, its words" "$(cat "$TMP/r/v4.6")" "^D$BAD says: two   words %s %n \(#5\.7\.1\)$"
like "v6: Z" "$(cat "$TMP/r/v6.6")" "^Z$BAD says: wait a little \(#4\.3\.0\)$"
is "nothing for success" "$(cat "$TMP/r/v7.6")" ""
# sendmail's user
echo "$BAD" >"$CONTROLDIR/qmqpservers"
for c in v1 v4 v6; do
	printf 'To: ann@b.example\n\n<%s>\n' "$c" |
		QMAILQUEUE=$RBIN/qmail-qmqpc $AS "$RBIN/sendmail" -t 2>"$TMP/r/$c.s" >&2
	echo $? >"$TMP/r/$c.x"
	is "$c: sendmail: what it shows is printable" "$(tr -d '\n\040-\176' <"$TMP/r/$c.s" | wc -c | tr -d ' ')" 0
done
is "sendmail's exits" "$(cat "$TMP/r/v1.x" "$TMP/r/v4.x" "$TMP/r/v6.x" | tr '\n' ' ')" "69 69 75 "
is "the words, once" "$(grep -c 'two   words %s %n (#5.7.1)' "$TMP/r/v4.s")" 1
done_testing
