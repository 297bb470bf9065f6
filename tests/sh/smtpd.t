#!/bin/sh
# mini-smtpd: the dialogue, each verb and its replies, what strangers may not do, what is
# too much; on two pipes, as inetd starts it, and as a listener. What was queued is read
# back from its files.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/dialogue.sh"
. "$TOP/tests/lib/smtpd.sh"
trap 'smtpd_kill; rm -rf "$TMP"' EXIT
new_root
chmod 755 "$TMP"
S=$BIN/mini-smtpd SERVER=$BIN/mini-smtpd
"$S" -? >"$TMP/out" 2>&1
[ $? -ne 100 ] || ! grep -q 'not built in' "$TMP/out" || skip_all "built without CFG_SMTPD"
unset TCPREMOTEIP TCPREMOTEHOST TCPREMOTEINFO TCPLOCALHOST TCPLOCALIP ALLOW_BARELF HIDE_HOST
RELAYCLIENT=''
export RELAYCLIENT
unset DATABYTES

# The last reply but N.
reply() { tail -n "$((${1:-0} + 1))" | sed q; }
text() { msg | sed '1,3d'; }	# without the two Received fields
received() { msg | sed -n 2,3p | sed 's/; .*//'; }
one='EHLO h.example.org\r\nMAIL FROM:<f@x.y>\r\nRCPT TO:<r@x.y>\r\nDATA\r\n'

# ---- the dialogue ----
got=$(all "${one}Subject: s\r\n\r\nbody\r\n..dot\r\n.\r\nQUIT\r\n")
is "pipelined: every reply" "$(echo "$got" | grep -v '^250-\(STARTTLS\|AUTH\)' | sed 's/ok [0-9]* qp [0-9]*/ok T qp P/')" \
"220 mx.example.net ESMTP
250-mx.example.net
250-PIPELINING
250-8BITMIME
250-ENHANCEDSTATUSCODES
250-SMTPUTF8
250 SIZE 0
250 2.1.0 ok
250 2.1.5 ok
354 go ahead
250 2.0.0 ok T qp P
221 2.0.0 mx.example.net"
is "QUIT: exit 0" "$(cat "$TMP/code")" 0
is "the envelope" "$(envelope)" 'Ff@x.y|Tr@x.y|'
is "the message is as it came" "$(text)" "$(printf 'Subject: s\n\nbody\n.dot')"
is "Received, from a pipe" "$(received)" "Received: from unknown (HELO h.example.org) (unknown)
  by mx.example.net with ESMTP"
like "its date" "$(msg | sed -n 3p)" 'ESMTP; [0-9]+ [A-Z][a-z]+ 20[0-9]+ [0-9:]+ -0000$'
like "the log line" "$(cat "$TMP/err")" "^smtpd: pid [0-9]+ from - helo h.example.org mail <f@x.y> rcpt <r@x.y> size 22: 250 2.0.0 ok [0-9]+ qp [0-9]+\$"
is "one line" "$(wc -l <"$TMP/err" | tr -d ' ')" 1
all 'NOOP\r\n' >/dev/null
is "end of input without QUIT: exit 1" "$(cat "$TMP/code")" 1
clean
is "each byte by itself" "$(talk <<'END' | grep -v '^250-' | codes
R
B EHLO x
B MAIL FROM:<f@x.y> SIZE=10 BODY=8BITMIME
B RCPT TO:<r@x.y>
B DATA
B Subject: s\r\n\r\nbody\r\n..\r\n.
B QUIT
END
)" "220 mx.ex 250 SIZE  250 2.1.0 250 2.1.5 354 go ah 250 2.0.0 221 2.0.0 exit 0"
is "each byte: the text" "$(text | tr '\n' '|')" "Subject: s||body|.|"
is "HELO: SMTP" "$(all 'HELO y\r\nMAIL FROM:<f@x.y>\r\nRCPT TO:<r@x.y>\r\nDATA\r\n.\r\nQUIT\r\n' | numbers; received | tail -1)" \
	"220 250 250 250 354 250 221
  by mx.example.net with SMTP"
is "MAIL before HELO, verbs in any case" "$(all 'mail From: f@x.y\r\nRcpt To:r@x.y\r\ndata\r\n.\r\nquit\r\n' | numbers)" "220 250 250 354 250 221"
is "other commands" "$(all 'NOOP\r\nnoop x\r\nVRFY kim\r\nHELP\r\nRSET\r\nEXPN l\r\nETRN x\r\nTURN\r\nBDAT 3 LAST\r\nFOO\r\n\r\nMAILX\r\nQUIT\r\n' | codes)" \
	"220 mx.ex 250 2.0.0 250 2.0.0 252 2.5.0 214 2.0.0 250 2.0.0 502 5.5.1 502 5.5.1 502 5.5.1 502 5.5.1 502 5.5.1 502 5.5.1 502 5.5.1 221 2.0.0"
is "the wrong order" "$(talk <<'END' | numbers
R
L DATA
L RCPT TO:<r@x.y>
L MAIL FROM:<f@x.y>
L DATA
L MAIL FROM:<g@x.y>
L RCPT TO:<r@x.y>
L RSET
L DATA
L EHLO x
L RCPT TO:<r@x.y>
L HELO
L EHLO
L QUIT
END
)" "220 503 503 250 503 503 250 250 503 250 503 501 501 221"
is "DATA that cannot be, with its text behind it: the end" "$(all 'DATA\r\nMAIL FROM:<f@x.y>\r\nRCPT TO:<r@x.y>\r\n' | numbers; cat "$TMP/code")" "220 503
1"

# ---- parameters ----
params() { all "EHLO x\r\nMAIL FROM:<a@x.y> $1\r\nQUIT\r\n" | grep -v ^250- | reply 1 | cut -c1-9; }
for p in 'BODY=7BIT:250 2.1.0' 'body=8bitmime size=7:250 2.1.0' 'BODY=BINARYMIME:501 5.5.4' 'SIZE=:501 5.5.4' \
	'SIZE=x:501 5.5.4' 'SIZE=99999999999999999999999:501 5.5.4' 'AUTH=<>:250 2.1.0' 'AUTH=a+40x.y:250 2.1.0' \
	'RET=FULL:555 5.5.4' 'ENVID=x:555 5.5.4' 'X=1:555 5.5.4' 'SMTPUTF8:250 2.1.0' 'SMTPUTF8=1:555 5.5.4'; do
	is "MAIL ${p%:*}" "$(params "${p%:*}")" "${p##*:}"
done
is "RCPT NOTIFY, ORCPT" "$(all 'MAIL FROM:<a@x.y>\r\nRCPT TO:<r@x.y> NOTIFY=NEVER\r\nRCPT TO:<r@x.y> ORCPT=rfc822;a@b\r\nQUIT\r\n' | numbers)" "220 250 555 555 221"
is "SMTPUTF8: the address needs it" "$(all 'MAIL FROM:<\303\244@x.y>\r\nMAIL FROM:<\303\244@x.y> SMTPUTF8\r\nRCPT TO:<\303\266@x.y>\r\nRCPT TO:<\377@x.y>\r\nRCPT TO:<\300\200@x.y>\r\nRCPT TO:<\355\240\200@x.y>\r\nRCPT TO:<\303>\r\nQUIT\r\n' | cut -c1-9 | grep -v ^220 | tr '\n' ' ')" \
	"553 5.6.7 250 2.1.0 250 2.1.5 553 5.6.7 553 5.6.7 553 5.6.7 553 5.6.7 221 2.0.0 "
is "a recipient too" "$(all 'MAIL FROM:<a@x.y>\r\nRCPT TO:<\303\266@x.y>\r\nQUIT\r\n' | reply 1 | cut -c1-9)" "553 5.6.7"
all 'EHLO x\r\nMAIL FROM:<\303\244@x.y> SMTPUTF8\r\nRCPT TO:<r@x.y>\r\nDATA\r\n.\r\n' >/dev/null
is "Received says so" "$(received | tail -1)" "  by mx.example.net with UTF8SMTP"

# ---- sizes (checklist 117) ----
echo 20 >"$CONTROLDIR/databytes"
is "EHLO says how much" "$(all 'EHLO x\r\n' | grep SIZE)" "250 SIZE 20"
is "SIZE= above it: 552 at MAIL" "$(all 'MAIL FROM:<a@x.y> SIZE=21\r\nMAIL FROM:<a@x.y> SIZE=20\r\n' | cut -c1-9 | tr '\n' ' ')" "220 mx.ex 552 5.3.4 250 2.1.0 "
is "databytes bytes pass" "$(all "${one}12345678\r\n123456789\r\n\r\n.\r\nQUIT\r\n" | reply 1 | cut -c1-9) $(count)" "250 2.0.0 1"
is "one more does not" "$(all "${one}12345678\r\n1234567890\r\n\r\n.\r\nQUIT\r\n" | reply 1 | cut -c1-9) $(left)" "552 5.3.4 0"
rm "$CONTROLDIR/databytes"
echo 999999999999999 >"$CONTROLDIR/minfree"
is "no room: 452 at MAIL" "$(all 'MAIL FROM:<a@x.y> SIZE=1\r\nMAIL FROM:<a@x.y>\r\nRCPT TO:<r@x.y>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n' | cut -c1-9 | tr '\n' ' ') $(left)" \
	"220 mx.ex 452 4.3.1 250 2.1.0 250 2.1.5 354 go ah 452 4.3.0 221 2.0.0  0"
rm "$CONTROLDIR/minfree"
hops() { # N [FIELD]: a message with so many
	awk -v n="$1" -v f="${2:-Received}" 'BEGIN { printf "'"$one"'"; for (i = 0; i < n; i++) printf f ": x\r\n  received: folded\r\n"; printf "\r\nReceived: y\r\n.\r\nQUIT\r\n" }' >"$TMP/in"
	clean
	"$S" <"$TMP/in" 2>/dev/null | tr -d '\r' | reply 1 | cut -c1-9
}
is "100 hops: 554" "$(hops 100) $(left)" "554 5.4.6 0"
is "Delivered-To is one" "$(hops 100 delivered-to) $(left)" "554 5.4.6 0"
is "98 pass, and our two fields are the last that can be" "$(hops 98) $(count)" "250 2.0.0 1"

# ---- ends of lines (checklist 116) ----
# The client waits for the answer to its text: nothing behind it must be answered.
smuggle() {
	is "smuggling: $1 $(printf '%s' "$2")" "$(all "${one}Subject: a\r\n\r\nx$2MAIL FROM:<evil@x.y>\r\nRCPT TO:<v@x.y>\r\nDATA\r\nforged\r\n.\r\nQUIT\r\n" | numbers; left)" \
		"$(printf '220 250 250 250 354 550\n0')"
}
smuggle "LF.LF" '\n.\n'
smuggle "LF.CRLF" '\n.\r\n'
smuggle "CR.CR" '\r.\r'
smuggle "CRLF.LF" '\r\n.\n'
smuggle "CRLF.CR" '\r\n.\r'
smuggle "CR.CRLF" '\r.\r\n'
smuggle "CRCRLF.CRCRLF" '\r\r\n.\r\r\n'
smuggle "CRLF.CRCRLF" '\r\n.\r\r\n'
smuggle "LF.CR" '\n.\r'
is "NUL behind a dot: no end" "$(all "${one}a\r\n.\000\r\nMAIL FROM:<evil@x.y>\r\n.\r\nQUIT\r\n" | numbers; left)" "$(printf '220 250 250 250 354 550 221\n0')"
is "NUL alone: refused, and the connection goes on" "$(all "${one}a\000b\r\n.\r\nNOOP\r\nQUIT\r\n" | numbers; left)" "$(printf '220 250 250 250 354 550 250 221\n0')"
is "a line of a command that ends in LF alone" "$(all 'NOOP\nNOOP\r\nQUIT\r\n' | codes)" "220 mx.ex 500 5.5.2 250 2.0.0 221 2.0.0"
is "CR, NUL and others within a command" "$(all 'NO\rOP\r\nNO\000OP\r\nMAIL FROM:<a\001b@x.y>\r\nMAIL FROM:<a\177@x.y>\r\nQUIT\r\n' | codes)" "220 mx.ex 500 5.5.2 500 5.5.2 500 5.5.2 500 5.5.2 221 2.0.0"
echo local >"$CONTROLDIR/barelf"
is "barelf: our own clients may" "$(all 'HELO x\r\nMAIL FROM:<a@x.y>\nRCPT TO:<r@x.y>\nDATA\na\nb\n.c\n.\nx\n\r\n.\r\nQUIT\n' | numbers; text | tr '\n' '|')" "220 250 250 250 354 250 221
a|b|.c|.|x||"
rm "$CONTROLDIR/barelf"
ALLOW_BARELF=1; export ALLOW_BARELF
is "ALLOW_BARELF is the same" "$(all "${one}a\nb\r\n.\r\nQUIT\r\n" | numbers)" "220 250 250 250 354 250 221"
unset ALLOW_BARELF

# ---- what is too much ----
long=$(printf '%02000d' 0)
is "a line of 2000 bytes is a command, one of 3000 is read to its end" "$(all "NOOP $long\r\nNOOP $long$long\r\nNOOP\r\nQUIT\r\n" | codes)" "220 mx.ex 250 2.0.0 500 5.5.2 250 2.0.0 221 2.0.0"
flood() { # N COMMAND: so many of them; how many were answered, and the last answer
	awk -v n="$1" -v c="$2" 'BEGIN { for (i = 0; i < n; i++) printf "%s\r\n", c }' >"$TMP/in"
	clean
	"$S" <"$TMP/in" 2>"$TMP/err" | tr -d '\r' | grep -v '^250-\|^220' >"$TMP/out"
	echo "$(wc -l <"$TMP/out" | tr -d ' ') $(tail -1 "$TMP/out" | cut -c1-9)"
}
is "10 wrong commands" "$(flood 50 FOO)" "11 421 4.7.0"
like "are logged" "$(cat "$TMP/err")" ': 421 4.7.0 too many errors$'
is "NOOP for ever" "$(flood 1000 NOOP)" "102 421 4.7.0"
is "RSET for ever" "$(flood 1000 RSET)" "102 421 4.7.0"
is "VRFY for ever" "$(flood 1000 'VRFY a')" "102 421 4.7.0"
is "EHLO for ever" "$(flood 1000 'EHLO a')" "102 421 4.7.0"
unset RELAYCLIENT
{ echo 'MAIL FROM:<a@x.y>'; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do echo "RCPT TO:<r$i@x.y>"; done; } | sed "s/\$/$(printf '\r')/" >"$TMP/in"
is "20 refused recipients in a row" "$("$S" <"$TMP/in" 2>"$TMP/err" | cut -c1-3 | sort | uniq -c | awk '{ printf "%s:%s ", $2, $1 }')" "220:1 250:1 421:1 553:20 "
RELAYCLIENT=''; export RELAYCLIENT
awk 'BEGIN { printf "MAIL FROM:<a@x.y>\r\n"; for (i = 0; i < 5000; i++) printf "RCPT TO:<recipient-%d@some.where.example>\r\n", i; printf "QUIT\r\n" }' >"$TMP/in"
"$S" <"$TMP/in" 2>/dev/null | cut -c1-9 | sort | uniq -c >"$TMP/out"
# 20 KiB of them, whatever their number.
is "recipients have a bound, and the rest is for another time" "$(awk '$2 " " $3 == "250 2.1.5" { ok = $1 > 600 && $1 < 800 } $2 == 452 { n = $1 > 4000 } $2 == 221 { q = 1 } END { print ok, n, q }' "$TMP/out")" "1 1 1"

echo 2 >"$CONTROLDIR/maxrecipients"
is "maxrecipients" "$(all 'EHLO x\r\nMAIL FROM:<a@x.y>\r\nRCPT TO:<a@x.y>\r\nRCPT TO:<b@x.y>\r\nRCPT TO:<c@x.y>\r\nQUIT\r\n' | grep 'LIMITS\|^[245]5[02] [24]' | cut -c1-20 | tr '\n' '|')" \
	"250-LIMITS RCPTMAX=2|250 2.1.0 ok|250 2.1.5 ok|250 2.1.5 ok|452 4.5.3 too many r|"
rm "$CONTROLDIR/maxrecipients"
echo 2 >"$CONTROLDIR/tarpitcount"
echo 1 >"$CONTROLDIR/tarpitdelay"
echo x.y >"$CONTROLDIR/rcpthosts"
is "tarpit: replies of before are there first" "$(unset RELAYCLIENT; timeout 20 python3 - "$S" <<'END'
import subprocess, sys, time
p = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
p.stdin.write(b"MAIL FROM:<a@x.y>\r\nRCPT TO:<a@x.y>\r\nRCPT TO:<b@x.y>\r\nRCPT TO:<c@x.y>\r\nQUIT\r\n")
p.stdin.flush()
begun = time.time()
for i in range(6):
    p.stdout.readline()
    print(round(time.time() - begun), end=" ")
END
)" "0 0 0 0 1 1 "
rm "$CONTROLDIR/tarpitcount" "$CONTROLDIR/tarpitdelay" "$CONTROLDIR/rcpthosts"

# ---- who we are, and whom we serve ----
echo 'hello there' >"$CONTROLDIR/smtpgreeting"
echo lip.example.net >"$CONTROLDIR/localiphost"
is "smtpgreeting" "$(all 'HELO x\r\nQUIT\r\n' | head -2)" "220 hello there ESMTP
250 hello there"
all 'HELO x\r\nMAIL FROM:<a@[127.0.0.1]>\r\nRCPT TO:<r@[127.0.0.1]>\r\nRCPT TO:<s@[192.0.2.9]>\r\nDATA\r\n.\r\n' >/dev/null
is "our own address in brackets is localiphost" "$(envelope)" "Fa@lip.example.net|Tr@lip.example.net|Ts@[192.0.2.9]|"
rm "$CONTROLDIR/smtpgreeting" "$CONTROLDIR/localiphost"
from() { # VAR=value...: the Received field
	clean
	printf '%b' "${one}.\r\n" | env "$@" "$S" >/dev/null 2>"$TMP/err"
	received | tr '\n' '|'
}
is "Received: address, names" "$(from TCPREMOTEIP=192.0.2.7 TCPREMOTEHOST=h.example.net TCPREMOTEINFO='me "&' TCPLOCALHOST=lh.example.net)" \
	"Received: from h.example.net (HELO h.example.org) (me???@192.0.2.7)|  by lh.example.net with ESMTP|"
is "the same name twice is said once" "$(from TCPREMOTEIP=2001:db8::1 TCPREMOTEHOST=H.example.org)" \
	"Received: from H.example.org (2001:db8::1)|  by mx.example.net with ESMTP|"
is "HIDE_HOST: a client of ours" "$(from TCPREMOTEIP=192.0.2.7 HIDE_HOST=1)" "Received: from mx.example.net (hidden)|  by mx.example.net with ESMTP|"
like "not in the log" "$(cat "$TMP/err")" 'from 192.0.2.7 helo'
is "a stranger's HELO in Received and log" "$(all 'EHLO a;%%s\200(b)\r\nMAIL FROM:<f@x.y>\r\nRCPT TO:<"r %%" @x.y>\r\nRCPT TO:<"r %%"@x.y>\r\nDATA\r\n.\r\n' | numbers; received | sed q; cut -d' ' -f6- "$TMP/err" | sed 's/:.*//')" \
"220 250 250 501 250 354 250
Received: from unknown (HELO a?%s??b?) (unknown)
helo a;_s_(b) mail <f@x.y> rcpt <r__@x.y>"

# ---- nobody is served ----
is "no control/me" "$(mv "$CONTROLDIR/me" "$TMP/me"; all 'NOOP\r\n'; cat "$TMP/code"; mv "$TMP/me" "$CONTROLDIR/me")" "421 4.3.0 unable to read controls
111"
like "it says why" "$(cat "$TMP/err")" 'control/me'
printf 'a\0b\n' >"$CONTROLDIR/timeoutsmtpd"
is "a control file that is none" "$(all 'NOOP\r\n'; cat "$TMP/code")" "421 4.3.0 unable to read controls
111"
echo 1 >"$CONTROLDIR/timeoutsmtpd"
is "silence: 421 after timeoutsmtpd" "$(talk <<'END' | tr '\n' '|'
R
R
R
END
)" "220 mx.example.net ESMTP|421 4.4.2 timeout|(end)|exit 1|"
rm "$CONTROLDIR/timeoutsmtpd"
echo 1 >"$CONTROLDIR/timeoutsession"
is "a slow drip: the session's end" "$(talk <<'END' | tr '\n' '|'
R
L NOOP
N 0.4
L NOOP
N 0.4
C NO
N 0.5
R
R
END
)" "220 mx.example.net ESMTP|250 2.0.0 ok|250 2.0.0 ok|421 4.4.2 timeout|(end)|exit 1|"
rm "$CONTROLDIR/timeoutsession"

# ---- the queue program ----
cat >"$TMP/prog" <<'END'
#!/bin/sh
cat >/dev/null
cat <&1 >/dev/null
[ -z "$SAY" ] || printf '%s' "$SAY" >&6
exit "$CODE"
END
chmod 755 "$TMP/prog"
SAY=''; export SAY
for c in '0:250 2.0.0' '11:554 5.1.3' '31:554 5.3.0' '35:554 5.3.0' '36:554 5.4.6' '37:552 5.3.4' '40:554 5.3.0' '51:451 4.3.0' \
	'52:451 4.3.0' '53:452 4.3.0' '54:451 4.3.0' '55:451 4.3.0' '56:451 4.3.0' '58:452 4.3.1' '59:452 4.3.1' '61:451 4.3.0' '66:451 4.3.0' '71:451 4.3.0' \
	'72:451 4.4.1' '73:451 4.4.1' '74:451 4.4.2' '81:451 4.3.0' '82:451 4.3.0' '91:451 4.3.0' '99:451 4.3.0' '120:451 4.3.0'; do
	is "queue program's ${c%%:*}" "$(export QMAILQUEUE="$TMP/prog" CODE="${c%%:*}"; all "${one}x\r\n.\r\nQUIT\r\n" | reply 1 | cut -c1-9)" "${c#*:}"
done
is "82 with words" "$(export QMAILQUEUE="$TMP/prog" CODE=82 SAY='Dnot today (#5.7.1)'; all "${one}x\r\n.\r\nQUIT\r\n" | reply 1)" "554 5.3.0 not today (#5.7.1)"
is "it is not there" "$(export QMAILQUEUE=/nonexistent; all "${one}x\r\n.\r\nQUIT\r\n" | reply 1 | cut -c1-9)" "451 4.3.0"
is "it is killed" "$(printf '#!/bin/sh\nkill -9 $$\n' >"$TMP/prog2"; chmod 755 "$TMP/prog2"; export QMAILQUEUE="$TMP/prog2"; all "${one}x\r\n.\r\nQUIT\r\n" | reply 1 | cut -c1-9)" "451 4.3.0"
echo "f@x.y:QMAILQUEUE=$TMP/prog,CODE=31" >"$CONTROLDIR/from.envrules"
is "from.envrules chooses for one message" "$(all "${one}x\r\n.\r\nMAIL FROM:<g@x.y>\r\nRCPT TO:<r@x.y>\r\nDATA\r\n.\r\nQUIT\r\n" | numbers; envelope)" "220 250 250 250 354 554 250 250 354 250 221
Fg@x.y|Tr@x.y|"
rm "$CONTROLDIR/from.envrules"
# A program that notes how it ended, for messages that break off.
cat >"$TMP/noted" <<END
#!/bin/sh
cat >/dev/null
cat <&1 | tr '\\0' '|' >"$TMP/noted.env"
echo over >>"$TMP/noted.log"
exit 54
END
chmod 755 "$TMP/noted"
gone() { # NAME DIALOGUE: no process is left, and the envelope has no end
	rm -f "$TMP"/noted.*
	(export QMAILQUEUE="$TMP/noted"; all "$2" >"$TMP/out")
	is "$1: the program has ended, without a whole envelope" "$(cat "$TMP/noted.log"; cat "$TMP/noted.env")" "over"
}
gone "hang-up within the text" "${one}x\r\n"
echo 10 >"$CONTROLDIR/databytes"
gone "too large" "${one}123456789012345\r\n.\r\nNOOP\r\n"
like "and the session has gone on" "$(tail -1 "$TMP/out")" '^250 2.0.0'
rm "$CONTROLDIR/databytes"
gone "lines that end in LF" "${one}a\nb\r\n.\r\n"

# ---- BDAT ----
is "not offered" "$(all 'EHLO x\r\n' | grep -c CHUNKING)" 0
is "offered to whom a variable says so" "$(CHUNKING=1; export CHUNKING; all 'EHLO x\r\n' | grep -c CHUNKING)" 1
echo 1 >"$CONTROLDIR/chunking"
is "offered" "$(all 'EHLO x\r\n' | grep -c CHUNKING)" 1
two='EHLO x\r\nMAIL FROM:<f@x.y>\r\nRCPT TO:<r@x.y>\r\n'
is "in pieces" "$(all "${two}BDAT 12\r\nSubject: s\r\nBDAT 6\r\n\r\n.\r\nxBDAT 0\r\nBDAT 3 last\r\n\r\nyNOOP\r\nQUIT\r\n" | numbers; text | tr '\n' '|')" \
	"220 250 250 250 250 250 250 250 250 221
Subject: s||.|x|y"
is "nothing at all" "$(all "${two}BDAT 0 LAST\r\nQUIT\r\n" | numbers) $(count)" "220 250 250 250 250 221 1"
is "refused: what was announced is swallowed" "$(all 'EHLO x\r\nBDAT 6 LAST\r\nQUIT\r\nMAIL FROM:<f@x.y>\r\nBDAT 4\r\nabcdQUIT\r\n' | numbers)" "220 250 503 250 503 221"
is "DATA behind BDAT" "$(all "${two}BDAT 1\r\naDATA\r\n" | numbers) $(left)" "220 250 250 250 250 503 0"
is "RCPT behind BDAT" "$(all "${two}BDAT 1\r\naRCPT TO:<q@x.y>\r\nBDAT 0 LAST\r\nQUIT\r\n" | numbers) $(envelope)" "220 250 250 250 250 503 250 221 Ff@x.y|Tr@x.y|"
is "RSET forgets" "$(all "${two}BDAT 1\r\naRSET\r\nBDAT 1 LAST\r\naQUIT\r\n" | numbers) $(left)" "220 250 250 250 250 250 503 221 0"
is "QUIT within" "$(all "${two}BDAT 1\r\naQUIT\r\n" | numbers) $(left)" "220 250 250 250 250 221 0"
for n in x -1 99999999999999999999999 '' '5 LASTS' 5x 0x5; do
	is "length '$n': the end" "$(all "${two}BDAT $n\r\nNOOP\r\n" | numbers) $(left)" "220 250 250 250 501 0"
done
is "LF alone" "$(all "${two}BDAT 4 LAST\r\na\nb\nNOOP\r\n" | numbers) $(left)" "220 250 250 250 550 0"
is "a CR at the end of a piece, the LF in the next" "$(all "${two}BDAT 2\r\na\rBDAT 2 LAST\r\n\nbQUIT\r\n" | numbers; text | tr '\n' '|')" "220 250 250 250 250 250 221
a|b"
is "a CR at the very end" "$(all "${two}BDAT 2 LAST\r\na\rNOOP\r\n" | numbers) $(left)" "220 250 250 250 550 0"
echo 5 >"$CONTROLDIR/databytes"
is "databytes" "$(all "${two}BDAT 4\r\nabcdBDAT 4\r\nabcdBDAT 1 LAST\r\naQUIT\r\n" | numbers) $(left)" "220 250 250 250 250 552 552 221 0"
rm "$CONTROLDIR/databytes" "$CONTROLDIR/chunking"

# ---- as a listener ----
if [ "$(id -u)" = 0 ]; then
	chown -R 65534:65534 "$QUEUEDIR"
fi
PORT=$($SENDER port 0 0)
# It goes to /, and would look there for each client.
is "rules that are not found from everywhere: 100" "$(cd "$TMP" && timeout 5 "$S" -l "127.0.0.1:$PORT" -x rules.cdb 2>&1 |
	grep -c 'usage: .*-x /rules.cdb'; "$S" -x rules.cdb </dev/null >"$TMP/out" 2>&1; echo $?)" "1
100"
clean
WHO=''
smtpd_start
is "by TCP" "$(net <<'END' | numbers
R
L EHLO x
L MAIL FROM:<f@x.y>
L RCPT TO:<r@x.y>
L DATA
L x\r\n.
L QUIT
END
)" "220 250 250 250 354 250 221"
is "Received has the address" "$(received | sed q)" "Received: from unknown (HELO x) (127.0.0.1)"
if [ "$(id -u)" = 0 ]; then
	like "root has become the queue's owner" "$(msg | sed q)" 'invoked by uid 65534\)'
else
	skip "root becomes the queue's owner" "this is not root"
fi
is "TERM within a text: 421, nothing stays" "$(clean; timeout 20 python3 - "$PORT" "$LOG" <<'END'
import os, re, socket, sys, time
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.settimeout(10)
f = s.makefile("rwb")
for c in (b"", b"MAIL FROM:<f@x.y>\r\n", b"RCPT TO:<r@x.y>\r\n", b"DATA\r\n"):
    f.write(c)
    f.flush()
    print(f.readline()[:9].decode(), end=" ")
f.write(b"x\r\n")
f.flush()
time.sleep(0.2)
os.kill(int(re.findall(r"pid (\d+) from", open(sys.argv[2]).read())[-1]), 15)
print(f.readline()[:9].decode(), f.readline())
END
)$(left)" "220 mx.ex 250 2.1.0 250 2.1.5 354 go ah 421 4.3.2 b''0"
smtpd_stop
is "TERM ends the listener" "$CODE" 0
# Variables: the administrator's, read at the start; then the client's.
echo ':allow,DATABYTES="111"' | "$BIN/tcprules" "$TMP/rules.cdb" "$TMP/rules.tmp"
size() { printf 'R\nL EHLO x\nL QUIT\n' | net | sed -n 's/^250 SIZE //p' | tr -d '\r'; }
smtpd_start -x "$TMP/rules.cdb"
mkdir "$CONTROLDIR/defaultqueue"
echo 999 >"$CONTROLDIR/defaultqueue/DATABYTES"
is "a rule's variable, with a defaultqueue that came later" "$(size)" 111
smtpd_stop
smtpd_start -x "$TMP/rules.cdb"
is "and with one that was there" "$(size)" 111
smtpd_stop
smtpd_start
is "which counts for all others" "$(size)" 999
smtpd_stop
rm -r "$CONTROLDIR/defaultqueue"
# The client's side of a connection; what is there already when the program starts.
early() { # DELAY IP
	echo "$1" >"$CONTROLDIR/greetdelay"
	timeout 20 env TCPREMOTEIP="$2" python3 - "$S" "$3" <<'END'
import socket, subprocess, sys, time
a, b = socket.socketpair()
a.settimeout(10)
if sys.argv[2] == "before":
    a.sendall(b"NOOP\r\n")
p = subprocess.Popen([sys.argv[1]], stdin=b, stdout=b, stderr=subprocess.DEVNULL)
b.close()
if sys.argv[2] == "while":
    time.sleep(0.4)
    a.sendall(b"NOOP\r\n")
begun = time.time()
got = a.recv(4096)
print(got[:3].decode(), "late" if time.time() - begun > 0.8 else "soon")
a.close()
p.wait()
END
}
is "who speaks before the greeting" "$(early 0 192.0.2.7 before)" "554 soon"
is "the same from this machine" "$(early 1 127.0.0.1 before)" "554 soon"
is "who speaks while greetdelay lasts" "$(early 2 192.0.2.7 while)" "554 soon"
is "who waits is greeted after it" "$(early 1 192.0.2.7 never)" "220 late"
is "clients of this machine need not wait" "$(early 5 127.0.0.1 never)" "220 soon"
done_testing
