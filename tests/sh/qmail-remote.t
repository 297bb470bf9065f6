#!/bin/sh
# qmail-remote as its own program: every class of reply at every step, the
# report's form, timeouts, routes (checklist 81 to 88).
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
CONTROLDIR=$TMP/control
export CONTROLDIR
mkdir "$CONTROLDIR"
echo me.example.net >"$CONTROLDIR/me"
echo 2 >"$CONTROLDIR/timeoutremote"
echo 2 >"$CONTROLDIR/timeoutconnect"
sink=
trap '[ -z "$sink" ] || kill $sink 2>/dev/null; rm -rf "$TMP"' EXIT
printf 'Subject: test\n\n.dot\nend\n' >"$TMP/msg"

# sink [OPTION...]: a fresh server; the script is standard input.
sink() {
	[ -z "$sink" ] || kill "$sink" 2>/dev/null
	rm -rf "$TMP/mail" "$TMP/log" "$TMP/port"
	cat >"$TMP/script"
	python3 "$TOP/tests/lib/smtpsink.py" --portfile "$TMP/port" --dir "$TMP/mail" \
		--log "$TMP/log" --script "$TMP/script" --timeout 60 --lf "$@" &
	sink=$!
	tries=0
	while [ ! -s "$TMP/port" ] && [ $tries -lt 100 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	port=$(cat "$TMP/port")
	echo ":127.0.0.1:$port" >"$CONTROLDIR/smtproutes"
}
# script LINE: the server is told so, its log and mail are emptied
script() {
	printf '%s\n' "$1" >"$TMP/script"
	: >"$TMP/log"
	rm -f "$TMP"/mail/*
}
# remote ARG...: report with | for NUL and / for LF
remote() {
	"$BIN/qmail-remote" "$@" <"${msg:-$TMP/msg}" | tr '\0\n' '|/'
}
run() { remote example.net "$@"; }
log() { grep -c -e "$1" "$TMP/log"; }
mail() { ls "$TMP/mail" | wc -l | tr -d ' '; }

# --- the report ---
sink <<-S
	RCPT hard 550 5.1.1 no such user
	RCPT soft 450 4.2.0 later
	RCPT two 550 5.1.1 one\ntwo
	RCPT odd 250-x
	RCPT not 299 fine
	MAIL hard 553 5.1.7 not you
	MAIL soft 451 4.7.0 wait
	MAIL three 354 what
	BODY bad 554 5.7.1 no
	BODY wait 452 4.3.1 full
	BODY go 354 more
S
ok_tail='K127.0.0.1 accepted message./Remote host said: 250 2.0.0 ok/|'
is 'one recipient' "$(run s@x a@example.net)" "r|$ok_tail"
is 'exit status' "$("$BIN/qmail-remote" example.net s@x hard@x <"$TMP/msg" >/dev/null; echo $?)" 0
is 'stored as sent' "$(cat "$TMP/mail/0001")" 'MAIL FROM:<s@x> SIZE=24
RCPT TO:<a@example.net>

Subject: test

.dot
end'
is '550, 450 and 251 (81)' "$(run s@x hard@x soft@x not@x)" \
	"h127.0.0.1 does not like recipient./Remote host said: 550 5.1.1 no such user/|\
s127.0.0.1 does not like recipient./Remote host said: 450 4.2.0 later/|r|$ok_tail"
is 'all refused (82)' "$(run s@x hard@x)" \
	'h127.0.0.1 does not like recipient./Remote host said: 550 5.1.1 no such user/|DGiving up on 127.0.0.1./|'
is 'all refused for now' "$(run s@x soft@x)" \
	's127.0.0.1 does not like recipient./Remote host said: 450 4.2.0 later/|DGiving up on 127.0.0.1./|'
like 'a reply of several lines' "$(run s@x two@x)" 'said: 550-5.1.1 one/550 two/\|'
is '5xx at MAIL (84)' "$(run hard@x a@x)" \
	'DConnected to 127.0.0.1 but sender was rejected./Remote host said: 553 5.1.7 not you/|'
is '4xx at MAIL' "$(run soft@x a@x)" \
	'ZConnected to 127.0.0.1 but sender was rejected./Remote host said: 451 4.7.0 wait/|'
like '3xx at MAIL is not yes' "$(run three@x a@x)" '^ZConnected'
is '5xx after the data' "$(run bad@x a@x)" \
	'r|D127.0.0.1 failed after I sent the message./Remote host said: 554 5.7.1 no/|'
is '4xx after the data' "$(run wait@x a@x)" \
	'r|Z127.0.0.1 failed after I sent the message./Remote host said: 452 4.3.1 full/|'
like '3xx after the data is not yes' "$(run go@x a@x)" '^r\|Z'
before=$(mail)
is 'null sender' "$(run '' a@x)" "r|$ok_tail"
is 'quoting (88)' "$(run 's p@x' 'x\y@z' 'a"b@z' '.d.@z' "o'k+x@z" noat)" "r|r|r|r|r|$ok_tail"
is 'stored' "$(mail)" $((before + 2))
like 'MAIL FROM:<>' "$(cat "$TMP"/mail/*)" '^MAIL FROM:<> SIZE'
is 'quoted on the wire' "$(grep -h -A6 'MAIL FROM:<"s p"@x>' "$TMP"/mail/* | grep RCPT)" \
	'RCPT TO:<"x\\y"@z>
RCPT TO:<"a\"b"@z>
RCPT TO:<".d."@z>
RCPT TO:<o'"'"'k+x@z>
RCPT TO:<noat>'
bad=$(printf 'a@b\r\nRSET')
like 'CR LF in a recipient' "$(run s@x ok@x "$bad")" '^r\|hRecipient.*5\.1\.3.*\|K'
like 'CR LF in a sender' "$(run "$bad" ok@x)" '^DSender.*5\.1\.7'
is 'neither reached the wire' "$(log RSET)" 0
is 'no other server complaint' "$(grep -c -e BARE -e EARLY "$TMP/log")" 0
is 'partial last line (87)' "$(printf 'x' >"$TMP/part"; msg=$TMP/part run s@x a@x)" "r|$ok_tail"
is 'a pipe' "$(printf 'Subject: p\n\npiped' | "$BIN/qmail-remote" h s@x a@x | tr '\0\n' '|/')" "r|$ok_tail"
like 'arrived whole' "$(cat "$TMP"/mail/*)" '^piped$'
is 'from where the file stands' "$(sh -c 'read -r l; "$0" h s@x a@x' "$BIN/qmail-remote" <"$TMP/msg" |
	tr '\0\n' '|/'; grep -c dot "$TMP/mail/$(ls "$TMP/mail" | tail -1)")" "r|${ok_tail}1"

# --- usage and configuration ---
is 'no recipient' "$(run s@x)" 'DI (qmail-remote) was invoked improperly. (#5.3.5)/|'
mv "$CONTROLDIR/me" "$TMP/me"
like 'no name of our own' "$(run s@x a@x)" '^ZWrite this machine.s name to .*/me\.'
echo helo.example.net >"$CONTROLDIR/helohost"
is 'helohost' "$(run s@x a@x)" "r|$ok_tail"
is 'is what we say' "$(log 'EHLO helo.example.net')" 1
rm "$CONTROLDIR/helohost"
mv "$TMP/me" "$CONTROLDIR/me"
mv "$CONTROLDIR/smtproutes" "$TMP/routes"
ln -s smtproutes "$CONTROLDIR/smtproutes"
like 'unreadable smtproutes' "$(run s@x a@x)" '^ZUnable to read control/smtproutes'
rm "$CONTROLDIR/smtproutes"

# --- routes (85) ---
printf 'a.example:127.0.0.1:%s\nempty.example:\n:127.0.0.1:1\n' "$port" >"$CONTROLDIR/smtproutes"
is 'route of the domain' "$(remote a.example s@x a@x)" "r|$ok_tail"
like 'catch-all with a port' "$(remote b.example s@x a@x)" \
	'^ZSorry, .* SMTP connection to 127.0.0.1 port 1: .* \(#4.4.1\)/\|$'
echo ":localhost:$port" >"$CONTROLDIR/smtproutes"
if grep -Eqw '^127.0.0.1.*localhost' /etc/hosts 2>/dev/null; then
	is 'a name from the hosts file' "$(run s@x a@x)" "r|$ok_tail"
else
	skip 'a name from the hosts file' 'localhost is not in /etc/hosts here'
fi
echo ":no-such-host.invalid:$port" >"$CONTROLDIR/smtproutes"
like 'relay that does not resolve: for now' "$(run s@x a@x)" '^ZRelay no-such-host.invalid'
echo ":[]:$port" >"$CONTROLDIR/smtproutes"
like 'relay that is none' "$(run s@x a@x)" '^ZThe route is not usable: control/smtproutes, ":\[\]:[0-9]*": a relay is'
rm "$CONTROLDIR/smtproutes"
like 'our own address by MX is a loop (86)' "$(remote '[127.0.0.1]' s@x a@x)" '^DThis machine.*#5\.4\.6'
like '0.0.0.0 too' "$(remote 0.0.0.0 s@x a@x)" '#5\.4\.6'
like 'and [IPv6:::1]' "$(remote '[IPv6:::1]' s@x a@x)" '#5\.4\.6'
like 'no such literal' "$(remote '[300.1.1.1]' s@x a@x)" '^DThere is no host'

# --- what the server can do ---
printf 'caf\303\251\n' >"$TMP/eight"
sink </dev/null
msg=$TMP/eight run s@x a@x >"$TMP/out"
is '8BITMIME when there are 8-bit bytes' "$(log 'SIZE=6 BODY=8BITMIME$')" 1
ok 'MAIL, RCPT and DATA in one write' test "$(log recv)" -le 4
sink --no-ehlo </dev/null
is 'HELO only' "$(run s@x a@x b@x)" "r|r|$ok_tail"
is 'no parameters' "$(log 'C MAIL FROM:<s@x>$')" 1
is 'nothing sent early' "$(log EARLY)" 0
sink --no-pipelining --no-8bitmime --no-size </dev/null
is 'no PIPELINING' "$(msg=$TMP/eight run s@x a@x b@x)" "r|r|$ok_tail"
is 'nothing sent early, no parameters' "$(log EARLY) $(log 'C MAIL FROM:<s@x>$')" '0 1'
sink --size 23 </dev/null
like 'too big for the server' "$(run s@x a@x)" '^D127.0.0.1 takes messages of up to 23 bytes.*#5\.3\.4'
is 'not even MAIL was said' "$(log 'C MAIL')" 0
sink --size 24 </dev/null
is 'just not too big' "$(run s@x a@x)" "r|$ok_tail"
sink --max-rcpts 2 </dev/null
like 'too many recipients: for now' "$(run s@x a@x b@x c@x)" '^r\|r\|s127.*452 4.5.3.*\|K'
if python3 -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' 2>/dev/null; then
	sink --host ::1 </dev/null
	echo ":[::1]:$port" >"$CONTROLDIR/smtproutes"
	like 'IPv6 route' "$(run s@x a@x)" '^r\|K::1 accepted message'
else
	skip 'IPv6 route' 'no IPv6 here'
fi
dd if=/dev/zero bs=100000 count=30 2>/dev/null | tr '\0' '.' | fold -w 70 >"$TMP/big"
echo >>"$TMP/big"
sink </dev/null
is 'a large message' "$(msg=$TMP/big run s@x a@x)" "r|$ok_tail"
(sed '1,/^$/d' "$TMP"/mail/0001) >"$TMP/back"
ok 'arrives byte for byte' cmp "$TMP/back" "$TMP/big"

# --- drop, stall, 421 and rubbish at each step ---
sink </dev/null
step() { # NAME VERB ACTION PATTERN
	script "$2 * $3"
	like "$1" "$(run s@x a@x)" "$4"
	is "$1: nothing is stored" "$(mail)" "${5:-0}"
}
died='^ZConnected to 127.0.0.1 but connection died. \(#4.4.2\)/\|$'
for verb in CONNECT EHLO MAIL; do
	step "$verb: drop" $verb drop "$died"
	step "$verb: no answer" $verb stall "$died"
	step "$verb: 421" $verb 'close 421 bye' '^Z.*Remote host said: 421 bye/\|$'
	step "$verb: no reply code" $verb 'raw hello\r\n' '^Z.*Remote host said: hello'
done
step 'RCPT: drop' RCPT drop "$died"
step 'RCPT: 421' RCPT 'close 421 bye' '^Z127.0.0.1 ended the session.*421 bye'
step 'DATA: drop' DATA drop '^r\|ZConnected to 127.0.0.1 but connection died. \(#4'
step 'DATA: 2xx' DATA '250 what' '^r\|Z'
for code in 503 530 534 535 538; do
	step "MAIL: $code is not the mail's fault" MAIL "$code no" "^ZConnected to 127.0.0.1 but sender was rejected./Remote host said: $code no/"
done
step 'DATA: 5xx' DATA '554 no' '^r\|D127.0.0.1 failed on DATA command./Remote host said: 554 no/'
step 'DATA: 4xx' DATA '451 no' '^r\|Z127.0.0.1 failed on DATA command./Remote host said: 451 no/'
step 'dot: drop (83)' BODY drop '^r\|ZConnected to 127.0.0.1 but connection died. Possible duplicate! \(#4.4.2\)/\|$'
step 'dot: swallow' BODY swallow 'Possible duplicate!' 1
step 'dot: 421' BODY 'close 421 bye' '^r\|Z127.0.0.1 failed after I sent.*421 bye'
step 'dot: two digits' BODY 'raw 25 ok\r\n' '^r\|Z'
step 'greeting 554' CONNECT 'close 554 no' '^ZConnected to 127.0.0.1 but greeting failed./Remote host said: 554 no/\|$'
step 'greeting 450' CONNECT 'close 450 no' '^ZConnected to 127.0.0.1 but greeting failed.'
step 'EHLO 450' EHLO '450 no' '^ZConnected to 127.0.0.1 but my name was rejected.'
step 'lines that disagree' RCPT 'raw 250-a\r\n550 b\r\n' '^Z'
step 'control bytes' MAIL "$(printf '550 a\033[31m\007\344\tb')" 'said: 550 a\?\[31m\?\? b/'
step 'a line without end' CONNECT 'raw 220 x' "$died"
python3 -c 'print("MAIL * 550 " + "x" * 5000)' >"$TMP/script"
like 'a very long reply is cut' "$(run s@x a@x | wc -c)" '^ *2[0-9][0-9][0-9]$'
python3 -c 'print("MAIL * 550 " + "\\n".join(["x" * 90] * 1000))' >"$TMP/script"
like 'a reply without end is none' "$(run s@x a@x)" "$died"
script 'INBODY 200000 close 552 5.3.4 too much'
like 'refused in the middle of the data' "$(msg=$TMP/big run s@x a@x)" '^r\|[DZ]'
is 'not stored' "$(mail)" 0
script 'INBODY 1000 freeze'
like 'server stops reading' "$(dd if=/dev/zero bs=1000000 count=20 2>/dev/null | "$BIN/qmail-remote" h s@x a@x |
	tr '\0\n' '|/')" '^r\|ZConnected to 127.0.0.1 but connection died. \(#4.4.2\)'
done_testing
