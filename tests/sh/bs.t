#!/bin/sh
# sendmail -bs: SMTP on two pipes with the program that started it. Dialogues whole, in
# lines and in single bytes, what can be forged, what is too much, and what fails behind
# it. What was queued is read back from its files.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/qmqp.sh"
. "$TOP/tests/lib/rss.sh"
. "$TOP/tests/lib/dialogue.sh"
trap 'qmqp_stop a; rm -rf "$TMP"' EXIT
new_root
echo board.example.net >"$CONTROLDIR/me"
USER=kim
export USER
S=$BIN/sendmail
SERVER="$S -bs"
D=@board.example.net
printf 'MAIL FROM:<x>\r\n' | "$S" -bs >"$TMP/out" 2>"$TMP/err"
[ $? -ne 69 ] || skip_all "built without CFG_SMTPD"

code() { all "$1" >"$TMP/out"; cat "$TMP/code"; }
text() { msg | sed '1,2d'; }	# without the two Received lines
one='MAIL FROM:<f@x.y>\r\nRCPT TO:<r@x.y>\r\nDATA\r\n'
H='Date: 1 Jan 2026 00:00:00 -0000\r\nMessage-ID: <1@x.y>\r\nFrom: f@x.y\r\nTo: r@x.y\r\n'

# ---- the dialogue ----
got=$(all "EHLO there\r\n${one}${H}Subject: s\r\n\r\nbody\r\n..dot\r\n.\r\nQUIT\r\n")
is "pipelined: every reply" "$(echo "$got" | sed 's/ok [0-9]* qp [0-9]*/ok T qp P/')" \
"220 board.example.net ESMTP
250-board.example.net
250-PIPELINING
250-8BITMIME
250-ENHANCEDSTATUSCODES
250 SIZE 0
250 2.1.0 ok
250 2.1.5 ok
354 go ahead
250 2.0.0 ok T qp P
221 2.0.0 board.example.net"
is "pipelined: the envelope" "$(envelope)" 'Ff@x.y|Tr@x.y|'
is "a message that is complete stays as it is" "$(text)" "$(printf "${H}Subject: s\r\n\r\nbody\r\n.dot" | tr -d '\r')"
like "it has a Received line that says how it came" "$(msg | sed -n 2p)" \
	"^Received: \\(qmail [0-9]+ invoked by uid $(id -u) via SMTP\\); [0-9]+ [A-Z][a-z]+ 20[0-9]+ "
is "nothing on standard error" "$(cat "$TMP/err")" ''
is "QUIT: exit 0" "$(code "${one}\r\n.\r\nQUIT\r\n")" 0
want=$(printf '%s\n' '220 board.example.net ESMTP' '250 board.example.net' '250 2.1.0 ok' '250 2.1.5 ok' \
	'354 go ahead' '250 2.0.0 ok' '250 2.1.0 ok' '250 2.1.5 ok' '250 2.1.5 ok' '354 go ahead' '250 2.0.0 ok' \
	'221 2.0.0 board.example.net' 'exit 0')
# Symfony's and Swiftmailer's: HELO with an address, a line and its reply, the text in
# pieces, then CR LF . CR LF by itself; several messages on one connection.
clean
is "Symfony's dialogue" "$(talk -i <<'END' | sed 's/ok [0-9].*/ok/'
R
L HELO [127.0.0.1]
L MAIL FROM:<web@example.net>
L RCPT TO:<a@x.y>
L DATA
C From: Web <web@example.net>\r\nTo: a@x.y\r\nSubject: one\r\nMessage-ID: <1@example.net>\r\nMIME-Version: 1.0\r\n
C Date: Sat, 21 Nov 2026 06:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello\r\n..\r\nbye
C \r\n.\r\n
R
L MAIL FROM:<web@example.net>
L RCPT TO:<b@x.y>
L RCPT TO:<c@x.y>
L DATA
C From: web@example.net\r\nTo: b@x.y\r\nSubject: two\r\n\r\nx
C \r\n.\r\n
R
L QUIT
END
)" "$want"
is "two messages" "$(count) $(envelope | tr '|' '\n' | grep -c '^F*T*[abc]@x.y')" "2 3"
ok "the dot is there once" sh -c "cat '$QUEUEDIR'/mess/*/* | grep -qx '[.]'"
clean
is "Swiftmailer's: EHLO first, RSET behind a refusal" "$(talk <<'END' | numbers
R
L EHLO [127.0.0.1]
L MAIL FROM:<web@example.net>
L RCPT TO:<no body@x.y>
L RSET
L MAIL FROM:<web@example.net>
L RCPT TO:<a@x.y>
L DATA
C Subject: x\r\n\r\nx\r\n.\r\n
R
L QUIT
END
)" "220 250 250 501 250 250 250 354 250 221"
clean
is "each byte by itself" "$(talk <<'END' | codes
R
B EHLO x
B MAIL FROM:<f@x.y> SIZE=10
B RCPT TO:<r@x.y>
B DATA
B Subject: s\r\n\r\nbody\r\n..\r\n.
B QUIT
END
)" "220 board 250-board 250-PIPEL 250-8BITM 250-ENHAN 250 SIZE  250 2.1.0 250 2.1.5 354 go ah 250 2.0.0 221 2.0.0 exit 0"
is "each byte: the text" "$(text | sed -e '/^Date/d' -e '/^Message-ID/d' | tr '\n' '|')" \
	"Subject: s|From: f@x.y|Cc: recipient list not shown: ;||body|.|"
is "lines that end in LF, as typed by hand" "$(all 'HELO x\nMAIL FROM:<f@x.y>\nRCPT TO:<r@x.y>\nDATA\nSubject: x\n\nb\n\r\n.\r\nQUIT\n' | numbers)" \
	"220 250 250 250 354 250 221"
is "verbs in any case, without <>" "$(all 'helo x\r\nMail from: f@x.y\r\nrcpt To: r@x.y \r\ndata\r\n.\r\nquit\r\n' | numbers)" \
	"220 250 250 250 354 250 221"
is "-f, -t, recipients and -F are nothing to it" "$(all "${one}.\r\nQUIT\r\n" -t -i -f z@x.y -Fme q@x.y | numbers; envelope)" \
	"$(printf '%s\n' "220 250 250 354 250 221" 'Ff@x.y|Tr@x.y|')"
is "other commands" "$(all 'NOOP\r\nnoop x\r\nVRFY kim\r\nHELP\r\nRSET\r\nEXPN l\r\nSTARTTLS\r\nAUTH PLAIN AGEAYg==\r\nBDAT 3 LAST\r\nFOO\r\n\r\nMAILX\r\nQUIT\r\n' | codes)" \
	"220 board 250 2.0.0 250 2.0.0 252 2.5.0 214 2.0.0 250 2.0.0 502 5.5.1 502 5.5.1 502 5.5.1 502 5.5.1 502 5.5.1 502 5.5.1 502 5.5.1 221 2.0.0"
is "the wrong order" "$(talk <<'END' | numbers
R
L DATA
L RCPT TO:<r@x.y>
L MAIL FROM:<f@x.y>
L DATA
L MAIL FROM:<g@x.y>
L RCPT TO:<r@x.y>
L DATA x
L RSET
L DATA
L RCPT TO:<r@x.y>
L MAIL FROM:<f@x.y>
L EHLO x
L RCPT TO:<r@x.y>
L QUIT
END
)" "220 503 503 250 503 503 250 501 250 503 503 250 250 503 221"
is "parameters" "$(all 'MAIL FROM:<a@x.y> BODY=7BIT\r\nRSET\r\nMAIL FROM:<a@x.y> body=8bitmime size=7\r\nRSET\r\nMAIL FROM:<a@x.y> BODY=BINARYMIME\r\nMAIL FROM:<a@x.y> SIZE=\r\nMAIL FROM:<a@x.y> SIZE=x\r\nMAIL FROM:<a@x.y> SIZE=99999999999999999999999\r\nMAIL FROM:<a@x.y> AUTH=<>\r\nMAIL FROM:<a@x.y>SIZE=1\r\nMAIL FROM:<a@x.y>\r\nRCPT TO:<b@x.y> NOTIFY=NEVER\r\nQUIT\r\n' | numbers)" \
	"220 250 250 250 250 501 501 501 501 555 501 250 555 221"

# ---- addresses ----
rcpt() { # the recipient as it is queued, or the reply
	r_got=$(all "MAIL FROM:<f@x.y>\r\nRCPT TO:$1\r\nDATA\r\n.\r\nQUIT\r\n" | sed -n 3p)
	case $r_got in 250*) envelope;; *) echo "$r_got" | codes;; esac
}
is "a name alone is of this host" "$(rcpt '<root>')" "Ff@x.y|Troot$D|"
is "a host alone is of this domain" "$(rcpt '<a@h>')" "Ff@x.y|Ta@h.board.example.net|"
is "a source route goes" "$(rcpt '<@a,@b:u@x.y>')" "Ff@x.y|Tu@x.y|"
is "quotes go" "$(rcpt '<"a b"@x.y>')" "Ff@x.y|Ta b@x.y|"
is "IPv6" "$(rcpt '<a@[IPv6:2001:db8::1]>')" "Ff@x.y|Ta@[IPv6:2001:db8::1]|"
for a in '<>' '' '<a@b' '<a b@x.y>' '<a@x.y' '<"a@x.y>' '<"a@b">' '<a@b@x.y>' '<a@x..y>' '<a@x.y>b' '< a@x.y>'; do
	is "no recipient: '$a'" "$(rcpt "$a")" "501 5.1.3"
done
is "an argument without its word" "$(all 'MAIL <f@x.y>\r\nMAIL\r\nMAIL FROM\r\nMAIL TO:<x>\r\nQUIT\r\n' | numbers)" "220 501 501 501 501 221"
is "the null sender" "$(all 'MAIL FROM:<>\r\nRCPT TO:<r@x.y>\r\nDATA\r\nSubject: b\r\n.\r\nQUIT\r\n' | numbers; envelope)" \
	"$(printf '%s\n' '220 250 250 354 250 221' 'F|Tr@x.y|')"
is "From of the null sender is the user" "$(msg | grep ^From)" "From: kim$D"
is "a sender without a host" "$(all 'MAIL FROM:<web>\r\nRCPT TO:<r@x.y>\r\nDATA\r\n.\r\nQUIT\r\n' >/dev/null; envelope; msg | grep ^From)" \
	"$(printf '%s\n' "Fweb$D|Tr@x.y|" "From: web$D")"
is "an address of 899 bytes" "$(rcpt "<$(printf '%0895d' 0)@x.y>" | cut -c 1-10)" "Ff@x.y|T00"
is "one of 900" "$(rcpt "<$(printf '%0896d' 0)@x.y>")" "501 5.1.3"
echo admin@far.example >"$CONTROLDIR/adminaddr"
echo 'team: a@x.y, b@x.y' >"$CONTROLDIR/aliases"
echo one@far.example >"$CONTROLDIR/allmailfrom"
is "adminaddr, aliases, allmailfrom" "$(all 'MAIL FROM:<kim>\r\nRCPT TO:<root>\r\nRCPT TO:<pi@localhost>\r\nRCPT TO:<team>\r\nRCPT TO:<o@x.y>\r\nDATA\r\n.\r\nQUIT\r\n' | numbers; envelope; msg | grep ^From)" \
	"$(printf '%s\n' '220 250 250 250 250 250 354 250 221' 'Fone@far.example|Tadmin@far.example|Ta@x.y|Tb@x.y|To@x.y|' "From: kim$D")"
rm "$CONTROLDIR/adminaddr" "$CONTROLDIR/allmailfrom"
: >"$CONTROLDIR/aliases"
mkdir "$TMP/empty"
is "without a name: what is complete passes, the rest waits" "$(CONTROLDIR=$TMP/empty; all "MAIL FROM:<kim>\r\n${one}${H}\r\nb\r\n.\r\n${one}Subject: x\r\n\r\n.\r\nQUIT\r\n" | codes; count)" \
	"220 local 451 4.3.5 250 2.1.0 250 2.1.5 354 go ah 250 2.0.0 250 2.1.0 250 2.1.5 354 go ah 451 4.3.5 221 2.0.0
1"

# ---- the header ----
header() { # what becomes of a text, without what differs each time
	all "${one}$1\r\n.\r\nQUIT\r\n" >/dev/null
	text | sed -e 's/^Date: .*/DATE/' -e 's/^Message-ID: <[0-9]*\.[0-9]*\.qmail@board.example.net>/ID/' \
		-e 's/^Cc: recipient list not shown: ;/CC/' | tr '\n' '|'
}
is "what is missing is added" "$(header 'Subject: s\r\n\r\nb')" 'Subject: s|DATE|ID|From: f@x.y|CC||b|'
is "some of it" "$(header 'To: r@x.y\r\nfrom: q@x.y\r\n\r\nb')" 'To: r@x.y|from: q@x.y|DATE|ID||b|'
is "an empty message" "$(header '')" 'DATE|ID|From: f@x.y|CC||'
is "a text without a header" "$(header 'just text\r\nTo: x')" 'DATE|ID|From: f@x.y|CC||just text|To: x|'
is "a text that begins with a blank" "$(header ' text: x')" 'DATE|ID|From: f@x.y|CC|| text: x|'
is "a header without a body" "$(header 'Subject: s')" 'Subject: s|DATE|ID|From: f@x.y|CC|'
is "Bcc does not go on" "$(header 'BCC: h@x.y,\r\n i@x.y\r\nTo: r@x.y\r\nResent-Bcc: j@x.y\r\nReturn-Path: <k@x.y>\r\nX: y\r\n z\r\n\r\nBcc: body')" \
	'To: r@x.y|X: y| z|DATE|ID|From: f@x.y||Bcc: body|'
is "nor changes who gets it" "$(envelope)" 'Ff@x.y|Tr@x.y|'
is "a CR in the header starts no field" "$(header 'Subject: s\rBcc: e@x.y\r\nTo: t@x.y\r\n\rBcc: f@x.y\r\n\r\na\rb')" \
	'Subject: s Bcc: e@x.y|To: t@x.y| Bcc: f@x.y|DATE|ID|From: f@x.y||a|b|'
is "LF alone ends lines of the text" "$(header 'Subject: s\n\na\n.\n..\nb')" 'Subject: s|DATE|ID|From: f@x.y|CC||a|.|..|b|'
is "eight bits and long lines pass" "$(header "X: y\r\n\r\n\303\244$(printf '%05000d' 0)" >/dev/null; msg | tail -n 1 | wc -c | tr -d ' ')" 5003
clean
"$S" -bs >"$TMP/out" <<END
$(for i in 1 2 3; do printf "${one}Subject: %s\r\n.\r\n" $i; done)
END
is "three messages of one second have three Message-IDs" "$(msg | grep ^Message-ID | sort -u | wc -l | tr -d ' ')" 3

# ---- one message in, one message out ----
n=0
for end in '\n.\n' '\n.\r\n' '\r\n.\n' '\r.\r' '\r.\r\n' '\r\n.\r' '\r\r\n.\r\r\n' '\n\r.\n\r' '\r\n.\r\r\n' '\r\n..\r\n' '\r\n. \r\n' '\r\n.\t\r\n' '.\r\n'; do
	n=$((n + 1))
	got=$(all "${one}To: r@x.y\r\n\r\nfirst${end}MAIL FROM:<evil@x.y>\r\nRCPT TO:<victim@x.y>\r\nDATA\r\nSubject: forged\r\n\r\nx\r\n.\r\nQUIT\r\n" | numbers)
	is "smuggling $n: one message" "$got $(count) $(envelope)" "220 250 250 354 250 221 1 Ff@x.y|Tr@x.y|"
done
for no in 'MAIL FROM:<a b>\r\nRCPT TO:<r@x.y>' 'MAIL FROM:<a@x.y>\r\nRCPT TO:<r r>'; do
	is "a text that was sent without waiting is not taken for commands ($no)" \
		"$(all "$no\r\nDATA\r\nMAIL FROM:<evil@x.y>\r\nRCPT TO:<victim@x.y>\r\nDATA\r\nforged\r\n.\r\nQUIT\r\n" | numbers | cut -c 13-; left)" "503
0"
done
is "not without a queue, either" "$(export QUEUEDIR="$TMP/none"; all "${one}NOOP\r\nNOOP\r\n.\r\nQUIT\r\n" | numbers)" "220 250 250 354 451 221"
is "a NUL byte is refused" "$(all "${one}a\000b\r\n.\r\n${one}ok\r\n.\r\nQUIT\r\n" | codes; count)" \
	"220 board 250 2.1.0 250 2.1.5 354 go ah 550 5.6.0 250 2.1.0 250 2.1.5 354 go ah 250 2.0.0 221 2.0.0
1"
is "control bytes in commands" "$(all 'MAIL FROM:<a\001@x.y>\r\nMAIL FROM:<a\rRCPT TO:<b>@x.y>\r\nMAIL\000 FROM:<a@x.y>\r\nNOOP\t\r\nMAIL FROM:<"a\177"@x.y>\r\nQUIT\r\n' | numbers)" \
	"220 500 500 500 500 500 221"

# ---- limits ----
is "a line of 100,000 bytes" "$(clean; { printf 'NOOP '; printf '%0100000d' 0; printf '\r\nNOOP\r\nQUIT\r\n'; } | "$S" -bs | codes)" \
	"220 board 500 5.5.2 250 2.0.0 221 2.0.0"
is "a line of 2048 bytes is one too many" "$({ printf 'NOOP %02041d\r\n' 0; printf 'NOOP %02042d\r\nQUIT\r\n' 0; } | "$S" -bs | codes)" \
	"220 board 250 2.0.0 500 5.5.2 221 2.0.0"
awk 'BEGIN { for (i = 0; i < 150; i++) printf "FOO\r\n" }' >"$TMP/in"
is "100 wrong commands and no more" "$("$S" -bs <"$TMP/in" >"$TMP/out"; echo $?; grep -c ^502 "$TMP/out"; tail -n1 "$TMP/out" | cut -c1-9)" \
	"$(printf '%s\n' 69 100 "421 4.7.0")"
awk 'BEGIN { printf "MAIL FROM:<f@x.y>\r\n"; for (i = 0; i < 1000; i++) printf "RCPT TO:<r%d@x.y>\r\n", i
	printf "DATA\r\nSubject: x\r\n\r\nb\r\n.\r\nQUIT\r\n" }' >"$TMP/in"
clean
is "1000 recipients" "$("$S" -bs <"$TMP/in" >"$TMP/out"; echo $?; grep -c '^250 2.1.5' "$TMP/out"; envelope | tr '|' '\n' | grep -c '^Tr[0-9]*@x.y$')" \
	"$(printf '%s\n' 0 1000 1000)"
echo 1000 >"$CONTROLDIR/databytes"
is "SIZE is announced, and kept" "$(all "EHLO x\r\nMAIL FROM:<a@x.y> SIZE=1001\r\nMAIL FROM:<a@x.y> SIZE=1000\r\nQUIT\r\n" | codes)" \
	"220 board 250-board 250-PIPEL 250-8BITM 250-ENHAN 250 SIZE  552 5.3.4 250 2.1.0 221 2.0.0"
is "a text that is too large; the next one passes" "$(all "${one}$(printf '%0900d\\r\\n%0900d' 0 0)\r\n.\r\n${one}small\r\n.\r\nQUIT\r\n" | numbers; count)" \
	"220 250 250 354 552 250 250 354 250 221
1"
rm "$CONTROLDIR/databytes"
hops() { h_i=0; while [ $h_i -lt "$1" ]; do printf 'Received: x\\r\\n\tDelivered-To: folded\\r\\n'; h_i=$((h_i + 1)); done; }
is "98 hops pass" "$(all "${one}$(hops 97)delivered-to: x\r\n\r\nReceived: x\r\n.\r\nQUIT\r\n" | numbers)" "220 250 250 354 250 221"
is "100 are a loop" "$(all "${one}$(hops 99)delivered-to: x\r\n\r\nb\r\n.\r\nQUIT\r\n" | codes; left)" \
	"220 board 250 2.1.0 250 2.1.5 354 go ah 554 5.4.6 221 2.0.0
0"

# ---- ends ----
is "no input at all" "$(code '')" 0
is "the end behind a message" "$(code "${one}.\r\n")" 0
is "the end behind EHLO" "$(code 'EHLO x\r\n')" 0
is "the end behind MAIL: 75" "$(code 'MAIL FROM:<a@x.y>\r\n') $(left)" "75 0"
is "behind RCPT: 75" "$(code 'MAIL FROM:<a@x.y>\r\nRCPT TO:<b@x.y>\r\n') $(left)" "75 0"
is "in the text: 75, nothing is left" "$(code "${one}Subject: x\r\n\r\nhalf") $(left)" "75 0"
is "before the last LF: 75" "$(code "${one}Subject: x\r\n\r\nhalf\r\n.\r") $(left)" "75 0"
is "behind RSET: 0" "$(code 'MAIL FROM:<a@x.y>\r\nRSET\r\n')" 0
clean
talk >"$TMP/out" <<'END'
R
L MAIL FROM:<a@x.y>
L RCPT TO:<b@x.y>
L DATA
C Subject: x\r\n\r\nfirst\r\n.\r\n
R
L MAIL FROM:<a@x.y>
L RCPT TO:<b@x.y>
L DATA
F 2000 text text text\r\n
N 0.2
K
END
is "killed in the second text: the first is queued, the second not" "$(tail -n1 "$TMP/out") $(count)" "exit -9 1"
clean
is "a client that reads no more" "$(talk <<'END' | tail -n 1
R
L MAIL FROM:<a@x.y>
L RCPT TO:<b@x.y>
L DATA
P
C Subject: x\r\n\r\nfirst\r\n.\r\n
N 0.3
END
) $(count)" "exit 74 1"
echo 1 >"$CONTROLDIR/timeoutsmtpd"
is "silence: 421, 74" "$(talk <<'END'
R
R
E
END
)" "220 board.example.net ESMTP
421 4.4.2 timeout
exit 74"
clean
is "silence in the text: 421, 75" "$(talk <<'END' | codes
R
L MAIL FROM:<a@x.y>
L RCPT TO:<b@x.y>
L DATA
C Subject: x\r\n
R
E
END
) $(left)" "220 board 250 2.1.0 250 2.1.5 354 go ah 421 4.4.2 exit 75 0"
is "replies that nobody takes: it goes" "$(talk <<'END' | tail -n 1
F 60000 HELP\r\n
N 0
END
)" "exit 74"
rm "$CONTROLDIR/timeoutsmtpd"

# ---- what fails behind it ----
cat >"$TMP/qq" <<END
#!/bin/sh
cat >"$TMP/m"; cat <&1 >"$TMP/e"
[ ! -s "$TMP/words" ] || cat "$TMP/words" >&6
exit \$(cat "$TMP/fate")
END
chmod 755 "$TMP/qq"
fate() { # EXIT [WORDS]
	echo "$1" >"$TMP/fate"; printf '%s' "${2-}" >"$TMP/words"
	(QMAILQUEUE=$TMP/qq; export QMAILQUEUE; all "${one}x\r\n.\r\nNOOP\r\nQUIT\r\n") | sed -n 5,6p
}
for pair in 11:554-5.1.3 31:554-5.3.0 36:554-5.4.6 37:552-5.3.4 40:554-5.3.0 115:554-5.1.3 51:451-4.3.0 52:451-4.3.0 \
	53:452-4.3.0 54:451-4.3.0 57:451-4.7.0 58:452-4.3.1 59:452-4.3.1 61:451-4.3.0 66:451-4.3.0 71:451-4.3.0 \
	72:451-4.4.1 74:451-4.4.2 81:451-4.3.0 82:451-4.3.0 91:451-4.3.0 99:451-4.3.0 120:451-4.3.0; do
	is "the queue program's ${pair%:*}" "$(fate "${pair%:*}" | codes)" "$(echo "${pair#*:}" | tr - ' ') 250 2.0.0"
done
is "0" "$(fate 0 | codes)" "250 2.0.0 250 2.0.0"
is "words of its own: D" "$(fate 82 'Dyou are not welcome (#5.7.1)' | head -n1)" "554 5.3.0 you are not welcome (#5.7.1)"
is "words of its own: Z, cleaned" "$(fate 82 "$(printf 'Zlater\r\n250 forged\tx\001')" | head -n1)" "451 4.3.0 later  250 forged x "
is "no queue program" "$(export QMAILQUEUE="$TMP/none"; all "${one}x\r\n.\r\nQUIT\r\n" | numbers)" "220 250 250 354 451 221"
is "no queue" "$(export QUEUEDIR="$TMP/none"; all "${one}x\r\n.\r\nQUIT\r\n" | codes)" "220 board 250 2.1.0 250 2.1.5 354 go ah 451 4.3.0 221 2.0.0"
cat >"$TMP/qearly" <<END
#!/bin/sh
exit 31
END
chmod 755 "$TMP/qearly"
# shellcheck disable=SC2059
is "a queue program that ends early" "$(export QMAILQUEUE="$TMP/qearly"; clean; { printf "$one"; awk 'BEGIN { for (i = 0; i < 20000; i++) printf "text text text\r\n" }'; printf '.\r\nQUIT\r\n'; } | "$S" -bs | numbers)" \
	"220 250 250 354 554 221"
echo 99999999999999 >"$CONTROLDIR/minfree"
is "a full disk: 452" "$(all "${one}x\r\n.\r\nQUIT\r\n" | codes; left)" "220 board 250 2.1.0 250 2.1.5 354 go ah 452 4.3.0 221 2.0.0
0"
rm "$CONTROLDIR/minfree"

# ---- rules for a sender hold for his message alone ----
echo 0 >"$TMP/fate"; : >"$TMP/words"
echo "lee@*:QMAILQUEUE=$TMP/qq" >"$CONTROLDIR/from.envrules"
is "the second of three messages goes elsewhere" "$(all "${one}x\r\n.\r\nMAIL FROM:<lee@x.y>\r\nRCPT TO:<l@x.y>\r\nDATA\r\n\r\nlee\r\n.\r\n${one}x\r\n.\r\nQUIT\r\n" | numbers; count; tr '\0' '|' <"$TMP/e"; tail -n 1 "$TMP/m")" \
	"220 250 250 354 250 250 250 354 250 250 250 354 250 221
2
Flee@x.y|Tl@x.y||lee"
if [ "$(id -u)" = 0 ]; then
	"$BIN/queue-fix" "$TMP/rootq" >/dev/null
	chmod 700 "$TMP/rootq"
	chown -R 65534:65534 "$QUEUEDIR"
	echo "lee@*:QUEUEDIR=$TMP/rootq" >"$CONTROLDIR/from.envrules"
	is "root, and a queue of another user: for the next message he is root again" "$(all "${one}x\r\n.\r\nMAIL FROM:<lee@x.y>\r\nRCPT TO:<l@x.y>\r\nDATA\r\n.\r\n${one}x\r\n.\r\nQUIT\r\n" | numbers; find "$TMP/rootq/todo" -type f -user root | wc -l | tr -d ' '; find "$QUEUEDIR/todo" "$QUEUEDIR/mess" -type f -user 65534 | wc -l | tr -d ' ')" \
		"220 250 250 354 250 250 250 354 250 250 250 354 250 221
1
4"
	chown -R root "$QUEUEDIR"
else
	skip "root, and a queue of another user" "needs root"
fi
echo "lee@*:PATH=x" >"$CONTROLDIR/from.envrules"
is "a rule that is wrong: later" "$(all "MAIL FROM:<lee@x.y>\r\nRCPT TO:<l@x.y>\r\nDATA\r\n\r\n.\r\n${one}x\r\n.\r\nQUIT\r\n" | numbers)" "220 250 250 354 451 250 250 354 250 221"
rm "$CONTROLDIR/from.envrules"
mkdir "$CONTROLDIR/databytes"
is "control files that cannot be read" "$(code "${one}"; cut -c1-9 "$TMP/out")" "$(printf '%s\n' 75 "421 4.3.0")"
rmdir "$CONTROLDIR/databytes"

# ---- by QMQP, in this process ----
qmqp_start a
QMAILQUEUE="/usr/sbin/qmail-qmqpc 127.0.0.1:$QPORT"
export QMAILQUEUE
qmqp_script a 'ANSWER !later Z come again' 'ANSWER !never D go away'
is "by QMQP: each message has its own answer" "$(all "${one}Subject: 1\r\n.\r\n${one}Subject: later\r\n.\r\n${one}Subject: never\r\n.\r\nMAIL FROM:<kim>\r\nRCPT TO:<root>\r\nDATA\r\n.\r\nQUIT\r\n" |
	grep -e '^250 2.0.0' -e '^[45]' | sed -e 's/ok [0-9].*/ok/' -e "s/:$QPORT//"; took a)" \
"250 2.0.0 ok
451 4.3.0 127.0.0.1 says: come again
554 5.3.0 127.0.0.1 says: go away
250 2.0.0 ok
2"
is "by QMQP: the envelope of the last" "$(qmqp_show "$TMP/a/d/0004" | sed -n 1,2p | tr '\n' ' ')" "Fkim$D Troot$D "
like "by QMQP: the server's queue sees who sent it" "$(qmqp_show "$TMP/a/d/0004")" "^Received: \(qmail [0-9]+ invoked by uid $(id -u) via SMTP\); "
unset QMAILQUEUE

# ---- as much memory for 64 MB as for 256 KB ----
rss_ok 'MAIL FROM:<a@x.y>\r\nRCPT TO:<b@x.y>\r\nDATA\r\nSubject: s\r\n\r\n' '.\r\n' "$S" -bs
done_testing
