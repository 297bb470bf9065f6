#!/bin/sh
# Addresses and headers in UTF-8 (RFC 6531): the parameter where it is needed and
# offered, a clear refusal where an address needs it and the server has it not.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/runner.sh
. "$TOP/tests/lib/runner.sh"
SINK=
trap 'sink_stop; rm -rf "$TMP"' EXIT
runner_root
echo 127.0.0.2 >"$CONTROLDIR/locals"
u=$(printf 'j\303\274rgen')
dom=$(printf 'b\303\274cher.example.net')

# deliver FROM TO... : by the sink that runs; the message is standard input
deliver() {
	from=$1
	shift
	: >"$SINKLOG"
	rm -f "$MAILS"/*
	"$BIN/qmail-remote" example.net "$from" "$@" <"$TMP/msg" | tr '\0\n' '|/'
	echo
}
wire() { grep -h -a -e '^MAIL' -e '^RCPT' "$MAILS"/*; }
odd() { grep -c -a -e PARAM -e EARLY "$SINKLOG"; }
printf 'Subject: plain\n\nplain\n' >"$TMP/plain"
printf 'Subject: %s\n\nplain\n' "$u" >"$TMP/utf8"
printf 'Subject: j\374rgen\n\nplain\n' >"$TMP/latin"
printf 'Subject: plain\n\n%s\n' "$u" >"$TMP/body"

sink_start --lf --smtputf8
cp "$TMP/plain" "$TMP/msg"
like 'a recipient in UTF-8' "$(deliver s@x "$u@example.net" b@example.net)" '^r\|r\|K'
is '  is named as he is' "$(wire)" "MAIL FROM:<s@x> SIZE=22 SMTPUTF8
RCPT TO:<$u@example.net>
RCPT TO:<b@example.net>"
like 'a sender' "$(deliver "$u@$dom" b@example.net)" '^r\|K'
is '  too' "$(wire | head -1)" "MAIL FROM:<$u@$dom> SIZE=22 SMTPUTF8"
like 'one that needs quotes as well' "$(deliver "$u x@$dom" b@example.net)" '^r\|K'
is '  gets them' "$(wire | head -1)" "MAIL FROM:<\"$u x\"@$dom> SIZE=22 SMTPUTF8"
deliver s@x b@example.net >/dev/null
is 'without need nothing is said' "$(wire | head -1)" 'MAIL FROM:<s@x> SIZE=22'
for m in utf8 latin body; do
	cp "$TMP/$m" "$TMP/msg"
	deliver s@x b@example.net >/dev/null
	wire | head -1
done >"$TMP/got"
is 'headers: in UTF-8, in another charset; a body' "$(cut -d ' ' -f 4- "$TMP/got")" \
	'BODY=8BITMIME SMTPUTF8
BODY=8BITMIME
BODY=8BITMIME'
is 'all was in order' "$(odd)" 0

sink_stop
sink_start --lf
cp "$TMP/plain" "$TMP/msg"
like 'a server without it: the recipient is refused' "$(deliver s@x a@example.net "$u@example.net" b@example.net)" \
	'^r\|h[^|]*not ASCII[^|]*5\.6\.7\)/\|r\|K'
is '  the others get it' "$(wire | grep -c -a RCPT)" 2
like 'a sender: nobody gets it' "$(deliver "$u@x" b@example.net)" '^DThe mail server takes no address.*\(#5\.6\.7\)/\|$'
is '  and the server hears nothing of it' "$(grep -c -e MAIL "$SINKLOG")" 0
cp "$TMP/utf8" "$TMP/msg"
like 'a header alone travels as ever' "$(deliver s@x b@example.net)" '^r\|K'
is '  as 8 bits' "$(wire | head -1)" "MAIL FROM:<s@x> SIZE=$(wc -c <"$TMP/msg" | tr -d ' ') BODY=8BITMIME"
is '  unchanged' "$(sed '1,/^$/d' "$MAILS"/*)" "$(cat "$TMP/msg")"
is 'no address was sent that must not be' "$(odd)" 0
sink_stop

# --- from one end to the other ---
sink_start --lf --smtputf8
ok 'sendmail takes an argument in UTF-8' post -f "s@example.net" "$u@example.net" <"$TMP/plain"
printf 'To: %s@example.net, =?utf-8?q?J?= <%s@%s>\nSubject: y\n\nz\n' "$u" "$u" "$dom" >"$TMP/msg"
ok '  and such fields' post -f "s@example.net" -t <"$TMP/msg"
run
is 'both are sent' "$EXIT $(mails) $(grep -h -a -c "^RCPT TO:<$u@" "$MAILS"/* | tr '\n' ' ')" '0 2 1 2 '
sink_stop
rm "$CONTROLDIR/smtproutes"
ok 'without a relay' post -f "s@example.net" "a@$dom" <"$TMP/plain"
rm -f "$MAILS"/*
run
like '  such a domain is refused in words' "$(cat "$LOG")" 'failure: .*xn--.*5\.1\.2'
done_testing
