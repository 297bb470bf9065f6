#!/bin/sh
# mini-smtpd: what a stranger, his host's name or his ident says does not push the address
# out of the field Received, nor make a line of its own; and what comes behind the last
# recipient that has room leads to an end.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
new_root
S=$BIN/mini-smtpd
"$S" -? >"$TMP/out" 2>&1
[ $? -ne 100 ] || ! grep -q 'not built in' "$TMP/out" || skip_all "built without CFG_SMTPD"
unset TCPREMOTEHOST TCPREMOTEINFO TCPLOCALHOST TCPLOCALIP HIDE_HOST
RELAYCLIENT='' TCPREMOTEIP=203.0.113.7
export RELAYCLIENT TCPREMOTEIP

start='EHLO h.example.org\r\nMAIL FROM:<f@example.org>\r\nRCPT TO:<r@example.org>\r\n'
# said TEXT [NAME=VALUE...]: the replies' numbers; the message in $TMP/msg
said() {
	s_text=$1; shift
	rm -f "$QUEUEDIR"/mess/*/* "$QUEUEDIR"/todo/*
	# shellcheck disable=SC2059
	printf "$s_text" | env "$@" "$S" 2>"$TMP/err" | grep '^[0-9]* ' | cut -c1-3 | tr '\n' ' ' | sed 's/ $//'
	cat "$QUEUEDIR"/mess/*/* >"$TMP/msg" 2>/dev/null
}
text="${start}DATA\r\nSubject: s\r\n\r\nb\r\n.\r\nQUIT\r\n"
long=$(printf '%03000d' 0)

is "words of 3000 bytes: taken" "$(said "$text" "TCPREMOTEHOST=$long" "TCPREMOTEINFO=$long" "TCPLOCALHOST=$long")" \
	"220 250 250 250 354 250 221"
like "the address is there" "$(cat "$TMP/msg")" '0@203\.0\.113\.7\)$'
like "the field has its end" "$(cat "$TMP/msg")" '^  by 0+ with ESMTP; .* -0000$'
is "and the message its own line" "$(sed -n 4p "$TMP/msg")" "Subject: s"
is "our name with a line of somebody else's: taken" "$(said "$text" "TCPLOCALHOST=$(printf 'mx\nBcc: v@example.org')")" \
	"220 250 250 250 354 250 221"
like "it is a word" "$(cat "$TMP/msg")" '^  by mx\?Bcc:\?v@example\.org with ESMTP; '
is "and no field" "$(grep -c '^Bcc' "$TMP/msg")" 0

# A recipient behind the first piece would pass by the rules that chose the queue.
echo 1 >"$CONTROLDIR/chunking"
is "RCPT within BDAT" "$(said "${start}BDAT 1\r\naRCPT TO:<s@example.org>\r\nBDAT 1 LAST\r\nbQUIT\r\n")" \
	"220 250 250 250 250 503 250 221"
like "one recipient" "$(cat "$TMP/err")" ' rcpt <r@example\.org> size 2: 250 '
rm "$CONTROLDIR/chunking"

echo 1 >"$CONTROLDIR/maxrecipients"
flood() { # N
	{
		printf 'EHLO h.example.org\r\nMAIL FROM:<f@example.org>\r\n'
		yes "$(printf 'RCPT TO:<r@example.org>\r')" | head -n "$1"
		printf 'QUIT\r\n'
	} | "$S" 2>"$TMP/err" | cut -c1-9 | uniq -c | sed 's/^ *//' | tail -n 2 | tr '\n' ' '
}
is "9000 recipients too many: each is answered" "$(flood 9001)" "9000 452 4.5.3 1 221 2.0.0 "
like "without an end: the end" "$(flood 30000)" '^9[0-9]{3} 452 4\.5\.3 1 421 4\.7\.0 $'
done_testing
