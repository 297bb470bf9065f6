#!/bin/sh
# qmail-inject: the checklist's statements 89 to 105 by their numbers, options,
# environment, and what happens to each field.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
new_root
echo board.example.net >"$CONTROLDIR/me"
echo example.net >"$CONTROLDIR/defaultdomain"
echo example.org >"$CONTROLDIR/plusdomain"
echo id7.example.net >"$CONTROLDIR/idhost"
USER=kim
export USER
I=$BIN/qmail-inject

# A queue program that keeps what it is given, and exits as told.
cat >"$TMP/qq" <<END
#!/bin/sh
cat >"$TMP/msg"; cat <&1 >"$TMP/env"
[ ! -f "$TMP/words" ] || cat "$TMP/words" >&6
exit \$(cat "$TMP/code" 2>/dev/null || echo 0)
END
chmod 755 "$TMP/qq"

# show FORMAT [OPTION...]: what -n prints for the message
show() {
	s_text=$1; shift
	# shellcheck disable=SC2059
	printf "$s_text" | "$I" -n "$@" 2>"$TMP/err"
}
# field NAME FORMAT [OPTION...]: that field of what -n prints, unfolded
field() {
	f_name=$1; shift
	show "$@" | sed '/^$/q' | sed -e ':a' -e 'N' -e '$!ba' -e 's/\n  */ /g' | grep -i "^$f_name:"
}
# env_of FORMAT [OPTION...]: the envelope, NUL as |
env_of() {
	e_text=$1; shift
	rm -f "$TMP/msg" "$TMP/env"
	# shellcheck disable=SC2059
	printf "$e_text" | QMAILQUEUE=$TMP/qq "$I" "$@" 2>"$TMP/err"
	e_code=$?
	if [ $e_code -eq 0 ]; then tr '\0' '|' <"$TMP/env"; else echo "exit $e_code"; fi
}
# code_of FORMAT [OPTION...]: the exit code
code_of() {
	c_text=$1; shift
	rm -f "$TMP/msg" "$TMP/env"
	# shellcheck disable=SC2059
	printf "$c_text" | QMAILQUEUE=$TMP/qq "$I" "$@" >"$TMP/out" 2>"$TMP/err"
	echo $?
}
D=@board.example.net

is "89: addresses are completed" "$(field To 'To: a, b@h, c@h.cs+, d@[10.0.0.1]\n')" \
	"To: a$D, b@h.example.net, c@h.cs.example.org, d@[10.0.0.1]"
is "90: group, comment and name stay" "$(field To 'To: Team: ann, bob@x (B);, "Q" <qz>\n')" \
	"To: Team: ann$D, bob@x.example.net (B);, \"Q\" <qz$D>"
is "91: source route" "$(field To 'To: <@r1,@r2:u@d.example>\n')" 'To: <u@d.example>'
is "92: two words are two addresses" "$(field To 'To: djb fred\n')" "To: djb$D, fred$D"

m='From: kim\nTo: t\nCc: c1, c2\nBcc: hid\nbCC : hid2\n\nb\n'
is "93: Bcc is in the envelope with -h" "$(env_of "$m" -h)" \
	"Fkim$D|Tt$D|Tc2$D|Tc1$D|Thid$D|Thid2$D||"
ok "93: and not in the message" sh -c "test -s '$TMP/msg' && ! grep -qi -e '^bcc' -e hid '$TMP/msg'"
is "93: not in the envelope with -a" "$(env_of "$m" -a x)" "Fkim$D|Tx$D||"
ok "93: nor in the message" sh -c "test -s '$TMP/msg' && ! grep -qi -e '^bcc' -e hid '$TMP/msg'"
is "-A with arguments takes them alone" "$(env_of "$m" x)" "Fkim$D|Tx$D||"
is "-A without takes the header" "$(env_of 'To: t\n')" "Fkim$D|Tt$D||"
is "-H takes both, arguments first" "$(env_of 'To: t, u\n' -H x y)" "Fkim$D|Tx$D|Ty$D|Tu$D|Tt$D||"
is "-h ignores arguments" "$(env_of 'To: t\n' -h x)" "Fkim$D|Tt$D||"
is "fields are read from right to left" "$(env_of 'To: g: a@x.y, b@x.y;, c@z.w\n')" \
	"Fkim$D|Tc@z.w|Tb@x.y|Ta@x.y||"
is "Apparently-To is a recipient" "$(env_of 'Apparently-To: t@x.y\n')" "Fkim$D|Tt@x.y||"
is "-- ends options" "$(env_of 'Subject: x\n' -- -odd@x.y)" "Fkim$D|T-odd@x.y||"
is "an argument is one address" "$(env_of '\n' 'a b@z.q' 'a@z.q,b@z.q')" \
	"Fkim$D|Ta b@z.q|Ta@z.q,b@z.q||"
is "letters bundle" "$(show 'Return-Path: x\n\n' -nsa t | head -n1)" "Return-Path: <kim$D>"

m='Return-Path: <rp@x.y>\nTo: t\n\n'
is "94: Return-Path is the sender" "$(env_of "$m")" "Frp@x.y|Tt$D||"
ok "94: and is removed" sh -c "test -s '$TMP/msg' && ! grep -qi return-path '$TMP/msg'"
is "94: not with letter s" "$(QMAILINJECT=s env_of "$m")" "Fkim$D|Tt$D||"
is "94: nor with -s" "$(env_of "$m" -s)" "Fkim$D|Tt$D||"
is "94: -f is stronger" "$(env_of "$m" -f f@x.y)" "Ff@x.y|Tt$D||"
is "an empty Return-Path is the null sender" "$(env_of 'Return-Path: <>\nTo: t\n')" "F|Tt$D||"
is "-f '' is the null sender" "$(env_of 'To: t\n' -f '')" "F|Tt$D||"
is "-f is completed, the last one wins" "$(env_of 'To: t\n' -fa -f b@h)" "Fb@h.example.net|Tt$D||"

out=$(show 'Resent-Bcc: r@x.y\nTo: t@x.y\n\nb\n')
names=$(printf '%s\n' "$out" | sed '/^$/q' | sed -n 's/^\([A-Za-z-]*\):.*/\1/p' | tr '\n' ' ')
is "95: fields of a resent message" "$names" \
	"Return-Path Resent-Date Resent-Message-ID Resent-From Resent-Cc To "
like "95: hidden list" "$out" '^Resent-Cc: recipient list not shown: ;$'
is "95: Resent recipients alone" "$(env_of 'To: t@x.y\nResent-To: a@x.y\nResent-Bcc: r@x.y\n\n')" \
	"Fkim$D|Ta@x.y|Tr@x.y||"
is "a resent message, and an argument" "$(env_of 'To: t@x.y\nResent-To: a@x.y\n\n' -H z@x.y)" \
	"Fkim$D|Tz@x.y|Ta@x.y||"
like "96: hidden list" "$(show 'Subject: x\n\n')" '^Cc: recipient list not shown: ;$'
is "96: not with a To" "$(field Cc 'To: x\n\n')" ""

is "97: text without a header" "$(show 'first line\nNote: second\n' | sed '1,/^$/d')" \
	"$(printf 'first line\nNote: second')"
is "97: a line that is no field starts the body" "$(show 'Subject: s\nno field here\nTo: x\n' | sed '1,/^$/d')" \
	"$(printf 'no field here\nTo: x')"
is "a first line that starts with a blank is text" "$(show ' indented\n' | sed '1,/^$/d')" " indented"
like "98: mbox line" "$(show 'From joe Sat Nov 04 00:00:00 2023\nTo: x\n\n')" \
	'^MBOX-Line: From joe Sat Nov 04 00:00:00 2023$'
is "98: the header goes on behind it" "$(field To 'From joe x\nTo: x\n\n')" "To: x$D"

like "99: letter m" "$(QMAILINJECT=m env_of 'To: t\n')" '^Fkim-[0-9]{10}\.[0-9]+@board\.example\.net\|'
is "99: letter r" "$(QMAILINJECT=r env_of 'To: t\n')" "Fkim-$D-@[]|Tt$D||"
like "99: both" "$(QMAILINJECT=mr env_of 'To: t\n')" '^Fkim-[0-9]+\.[0-9]+-@board\.example\.net-@\[\]\|'
is "99: r and a Return-Path" "$(QMAILINJECT=r env_of 'Return-Path: <u-@x.y>\nTo: t\n')" "Fu-@x.y-@[]|Tt$D||"
is "99: not with -f" "$(QMAILINJECT=mr env_of 'To: t\n' -f f@x.y)" "Ff@x.y|Tt$D||"
is "100: name" "$(QMAILNAME=K.I.M field From '\n')" "From: \"K.I.M\" <kim$D>"
is "100: letter c" "$(QMAILNAME=K.I.M QMAILINJECT=c field From '\n')" "From: kim$D (K.I.M)"
is "user without a name" "$(field From '\n')" "From: kim$D"
is "QMAILUSER, QMAILHOST" "$(QMAILUSER=u QMAILHOST=h.e MAILUSER=x field From '\n')" "From: u@h.e"
is "MAILUSER, MAILHOST, MAILNAME" "$(MAILUSER=u MAILHOST=h MAILNAME=n field From '\n')" 'From: "n" <u@h.example.net>'
is "LOGNAME" "$(USER='' LOGNAME=log field From '\n')" "From: log$D"
is "QMAILSUSER, QMAILSHOST" "$(QMAILSUSER=s QMAILSHOST=h.e env_of 'To: t\n')" "Fs@h.e|Tt$D||"
is "letter f" "$(QMAILINJECT=f field From 'From: bad@x.y\n\n')" "From: kim$D"
like "letter i" "$(QMAILINJECT=i field Message-ID 'Message-ID: <mine@x>\n\n')" \
	'^Message-ID: <[0-9]{14}\.[0-9]+(\.[0-9a-f]{8})?\.qmail@id7\.example\.net>$'
is "a Message-ID stays" "$(field Message-ID 'Message-ID: <mine@x>\n\n')" 'Message-ID: <mine@x>'
is "QMAILDEFAULTHOST and QMAILPLUSDOMAIN" \
	"$(QMAILDEFAULTHOST=dh+ QMAILPLUSDOMAIN=pd.example field To 'To: a\n')" 'To: a@dh.pd.example'
is "QMAILDEFAULTDOMAIN" "$(QMAILDEFAULTDOMAIN=dd.example field To 'To: a@h\n')" 'To: a@h.dd.example'
like "QMAILIDHOST" "$(QMAILIDHOST=ih.example field Message-ID '\n')" '\.qmail@ih\.example>$'

printf 'other@x.y\nLIST@H.EXAMPLE.net\n' >"$TMP/mft"
m='To: list@h, a@x.y\nCc: c@x.y\n'
is "101: Mail-Followup-To" "$(QMAILMFTFILE=$TMP/mft field Mail-Followup-To "$m")" \
	'Mail-Followup-To: c@x.y, list@h.example.net, a@x.y'
is "101: not twice" "$(QMAILMFTFILE=$TMP/mft field Mail-Followup-To "Mail-Followup-To: me@x.y\n$m")" \
	'Mail-Followup-To: me@x.y'
is "101: not without a list" "$(QMAILMFTFILE=$TMP/mft field Mail-Followup-To 'To: a@x.y\n')" ""
is "101: no file, no field" "$(QMAILMFTFILE=$TMP/none field Mail-Followup-To "$m")" ""
like "102: Date" "$(show '\n')" '^Date: [1-9][0-9]? (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) 20[0-9][0-9] [0-9:]{8} -0000$'
if [ -x "$TESTBIN/qmail-inject" ]; then
	echo '=1700000000' >"$TMP/clock"
	out=$(printf '\n' | QMTA_FAKE_CLOCK=$TMP/clock "$TESTBIN/qmail-inject" -n)
	like "102: Date with a fixed clock" "$out" '^Date: 14 Nov 2023 22:13:20 -0000$'
	# 2023 is before this program was built: such a clock repeats at every boot
	like "102: Message-ID of a clock that is not set" "$out" \
		'^Message-ID: <20231114221320\.[0-9]+\.[0-9a-f]{8}\.qmail@id7\.example\.net>$'
else
	skip "102: fixed clock" "no test build"
fi

is "103: open quote in From" "$(code_of 'From: "x <a@b>\nTo: t\n')" 100
like "103: the line is shown" "$(cat "$TMP/err")" '^qmail-inject: fatal: unable to parse this line: From: "x <a@b>$'
is "103: open quote in To" "$(code_of 'To: "x <a@b>, c@d.e\n')" 100
ok "103: nothing was queued" test ! -e "$TMP/msg"
is "103: half a list" "$(code_of 'To: a@b.example>, <c@d.example\n')" 100
is "103: but a To nobody is to get mail from stays" "$(field To 'To: "x <a@b>\n' -a t)" 'To: "x <a@b>'
is "a Bcc that cannot be read goes all the same" "$(show 'Bcc: "x <a@b>\n\n' -a t | grep -ci bcc)" 0
is "104: last line gets its end" "$(show '\nbody' | tail -c 5 | od -An -c | tr -d ' ')" 'body\n'
is "104: a lone dot is text" "$(show '\na\n.\nb\n' | sed '1,/^$/d')" "$(printf 'a\n.\nb')"
echo 31 >"$TMP/code"
is "105: queue says never" "$(code_of 'To: t\n')" 100
like "105: in its words" "$(cat "$TMP/err")" '^qmail-inject: fatal: message not accepted: mail server permanently refuses the message \(#5\.3\.0\)$'
echo 53 >"$TMP/code"
is "105: queue says later" "$(code_of 'To: t\n')" 111
echo 82 >"$TMP/code"
is "20: 82 without text" "$(code_of 'To: t\n')" 111
printf 'Dno such luck (#5.7.1)' >"$TMP/words"
is "19: 82 with D" "$(code_of 'To: t\n')" 100
like "19: its own words" "$(cat "$TMP/err")" 'message not accepted: no such luck \(#5\.7\.1\)$'
printf 'Zcome again' >"$TMP/words"
is "19: 82 with Z" "$(code_of 'To: t\n')" 111
rm -f "$TMP/code" "$TMP/words"

is "108: no recipients" "$(code_of 'Subject: x\n\n')" 100
is "108: none in the arguments" "$(code_of 'To: t\n' -a)" 100
is "108: an empty group is nobody" "$(code_of 'To: x:;\nBcc:\n\n')" 100
like "108: it is said" "$(cat "$TMP/err")" 'no recipients'
is "unknown option" "$(code_of 'To: t\n' -z)" 100
is "-f without a value" "$(code_of 'To: t\n' -f)" 100
is "control byte in an argument" "$(code_of '\n' "$(printf 'a\nb@x.y')")" 100
is "control byte in the sender" "$(code_of 'To: t\n' -f "$(printf 'a\rb@x.y')")" 100
is "control byte in the user name" "$(USER=$(printf 'a\nBcc: b') code_of 'To: t\n')" 100
is "a NUL in the header" "$(code_of 'Subject: a\000b\nTo: t\n')" 100
is "a NUL in the body stays" "$(show '\na\000b\n' | tail -c 4 | od -An -c | tr -d ' ')" 'a\0b\n'
is "an address that is too long" "$(code_of "To: $(printf '%01000d' 0)@x.y\n")" 100
is "Content-Length goes" "$(field Content-Length 'Content-Length: 5\n\n')" ""
is "other fields stay byte for byte" "$(show 'Subject:  a\n\t b  \nx-y :z\n\n' | sed '1,/^Cc:/d' | sed '/^$/q')" \
	"$(printf 'Subject:  a\n\t b  \nx-y :z')"
is "order: added fields first" "$(show 'Subject: s\nTo: t\n\n' | sed -n 's/^\([A-Za-z-]*\):.*/\1/p' | tr '\n' ' ')" \
	"Return-Path Date Message-ID From Subject To "
is "header without a body" "$(show 'To: t' | tail -n 1)" "To: t$D"
is "every sender field is completed" "$(show 'Sender: s\nReply-To: r\nErrors-To: e\nReturn-Receipt-To: rr\n\n' |
	grep -c '^[SRE].*: [a-z]*@board.example.net$')" 4

mkdir "$TMP/empty"
is "without me: temporary" "$(CONTROLDIR=$TMP/empty code_of 'To: t\n')" 111
like "without me: which file to write" "$(cat "$TMP/err")" "write its full name into $TMP/empty/me\$"
ok "without me: nothing is queued" test ! -e "$TMP/msg"
is "without me, but with all that is needed" \
	"$(CONTROLDIR=$TMP/empty QMAILIDHOST=i.e QMAILHOST=h.e code_of 'To: t@x.y\n')" 0
echo 'two words' >"$TMP/empty/me"
is "a me that is no name" "$(CONTROLDIR=$TMP/empty code_of 'To: t\n')" 111

awk 'BEGIN { printf "To: a@x.y\nX: "; for (i = 0; i < 70000; i++) printf "%0100d", 0; print "\n\nb" }' >"$TMP/big"
is "a header of 7 MB is refused" "$("$I" -n <"$TMP/big" >/dev/null 2>"$TMP/err"; echo $?)" 100
like "and it is said why" "$(cat "$TMP/err")" 'header is too large'
awk 'BEGIN { printf "To: "; for (i = 0; i < 5000; i++) printf "user%d@host.example.com,\n ", i; print "last@x.y\n\nb" }' >"$TMP/many"
is "5001 recipients" "$(QMAILQUEUE=$TMP/qq "$I" <"$TMP/many"; tr '\0' '\n' <"$TMP/env" | grep -c ^T)" 5001
is "in a header of short lines" "$(awk 'length > 81' "$TMP/msg" | wc -l | tr -d ' ')" 0
done_testing
