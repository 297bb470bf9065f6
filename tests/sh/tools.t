#!/bin/sh
# The small tools: forward, condredirect, bouncesaying, except, predate, datemail,
# mailsubj, irmail. Section 4.10 of the qmail family's rules; exit numbers, what
# reaches the queue to the byte, and what hostile arguments and messages cannot do.
# shellcheck source=tests/lib/tap.sh disable=SC2016
. "$(dirname "$0")/../lib/tap.sh"
new_root
USER=kim
export USER
LF='
'
# A queue program that keeps what it is given, and exits as told.
cat >"$TMP/qq" <<END
#!/bin/sh
cat >"$TMP/msg"; cat <&1 >"$TMP/env"
exit \$(cat "$TMP/code" 2>/dev/null || echo 0)
END
chmod 755 "$TMP/qq"
QMAILQUEUE=$TMP/qq NEWSENDER=list-owner@example.net DTLINE="Delivered-To: kim@mx.example.net$LF"
export QMAILQUEUE NEWSENDER DTLINE
printf 'Subject: t\n\nbody\000\r\n\377no end' >"$TMP/letter"

# tool NAME [ARGUMENT...]: runs it on the letter; CODE, $TMP/out and $TMP/err
tool() {
	t_name=$1; shift
	rm -f "$TMP/msg" "$TMP/env"
	CODE=0
	"$BIN/$t_name" "$@" <"${IN:-$TMP/letter}" >"$TMP/out" 2>"$TMP/err" || CODE=$?
}
env_is() { [ ! -e "$TMP/env" ] || tr '\0' '|' <"$TMP/env"; }
sent() { [ -e "$TMP/msg" ] && echo sent || echo not; }

# ---- forward
tool forward ann@far.example -f bo@far.example
is "forward: exit 0" "$CODE" 0
like "forward: says qp" "$(cat "$TMP/out")" '^forward: qp [0-9]+$'
is "forward: sender and addresses as they are" "$(env_is)" \
	"Flist-owner@example.net|Tann@far.example|T-f|Tbo@far.example||"
{ printf '%s' "$DTLINE"; cat "$TMP/letter"; } >"$TMP/want"
ok "forward: Delivered-To, then the message to the byte" cmp "$TMP/want" "$TMP/msg"
NEWSENDER='' tool forward ann@far.example
is "forward: the null sender stays null" "$CODE $(env_is)" "0 F|Tann@far.example||"
NEWSENDER='#@[]' tool forward ann@far.example
is "forward: and #@[] as it is" "$CODE $(env_is)" "0 F#@[]|Tann@far.example||"
(unset NEWSENDER; tool forward ann@far.example; echo "$CODE $(sent)") >"$TMP/r"
is "forward: without NEWSENDER: 100" "$(cat "$TMP/r")" "100 not"
like "forward: which it names" "$(cat "$TMP/err")" 'NEWSENDER is not set'
(unset DTLINE; tool forward ann@far.example; echo "$CODE $(sent)") >"$TMP/r"
is "forward: without DTLINE: 100" "$(cat "$TMP/r")" "100 not"
like "forward: which it names too" "$(cat "$TMP/err")" 'DTLINE is not set'
DTLINE="${DTLINE}X-More: 1$LF" tool forward ann@far.example
is "forward: DTLINE of two lines: 100" "$CODE $(sent)" "100 not"
DTLINE="Delivered-To: a@b.example" tool forward ann@far.example
is "forward: a missing line end is added" "$CODE $(sed -n 2p "$TMP/msg")" "0 Subject: t"
NEWSENDER="a@b.example${LF}X: y" tool forward ann@far.example
is "forward: a sender with a line end: 100" "$CODE $(sent)" "100 not"
for a in "a@b.example${LF}RCPT" "$(printf 'a\177@b.example')" '' "$(printf '%01003d' 1)"; do
	tool forward good@far.example "$a"
	is "forward: a bad address is no address ($(printf %.9s "$a" | tr -c 'a-z0-9@.' _))" \
		"$CODE $(sent)" "100 not"
done
tool forward "$(printf '%01002d' 1)"
is "forward: 1002 bytes are fine" "$CODE" 0
tool forward
is "forward: no address: 100" "$CODE" 100
echo 31 >"$TMP/code"; tool forward ann@far.example
is "forward: refused for good: 100" "$CODE $(cat "$TMP/out")" "100 "
echo 53 >"$TMP/code"; tool forward ann@far.example
is "forward: refused for now: 111" "$CODE" 111
like "forward: and why" "$(cat "$TMP/err")" 'unable to forward message: .*disk full.*4\.3\.0'
rm "$TMP/code"
IN=$TMP tool forward ann@far.example
is "forward: a message that cannot be read: 111" "$CODE" 111
is "forward: no envelope for it" "$(env_is)" ""
(unset QMAILQUEUE; tool forward ann@far.example; echo $CODE) >"$TMP/r"
is "forward: into the queue itself" "$(cat "$TMP/r") $(find "$QUEUEDIR/todo" -type f | wc -l)" "0 1"
(unset QMAILQUEUE; IN=$TMP tool forward ann@far.example; echo $CODE) >"$TMP/r"
is "forward: and half of one is not there" \
	"$(cat "$TMP/r") $(find "$QUEUEDIR/mess" "$QUEUEDIR/pid" -type f | wc -l)" "111 1"
"$BIN/forward" a@far.example <"$TMP/letter" >/dev/full 2>/dev/null
is "forward: safe is safe, though nobody hears qp" "$?" 0

# ---- a command decides
for c in 0:99:100:100 1:0:0:0 99:0:0:0 100:0:0:0 111:111:111:111; do
	IFS=: read -r c red bounce exc <<-F
	$c
	F
	tool condredirect ann@far.example sh -c "exit $c"
	is "condredirect: $c gives $red" "$CODE" "$red"
	[ "$red" = 99 ] || is "condredirect: $c: nothing sent" "$(sent)" not
	tool bouncesaying 'Not you.' sh -c "exit $c"
	is "bouncesaying: $c gives $bounce" "$CODE" "$bounce"
	[ "$bounce" = 100 ] || is "bouncesaying: $c: not a word" "$(cat "$TMP/out" "$TMP/err")" ""
	tool except sh -c "exit $c"
	is "except: $c gives $exc" "$CODE" "$exc"
done
for t in 'condredirect a@b.example' 'bouncesaying text' except; do
	# shellcheck disable=SC2086
	tool $t sh -c 'kill -9 $$'
	is "${t%% *}: a crash: 111" "$CODE $(cat "$TMP/err")" "111 ${t%% *}: child crashed"
	# shellcheck disable=SC2086
	tool $t no-such-command-here
	is "${t%% *}: no such command: 111, not a silent no" "$CODE" 111
	like "${t%% *}: which it names" "$(cat "$TMP/err")" \
		"^${t%% *}: unable to run no-such-command-here: "
	# shellcheck disable=SC2086
	tool $t sh -c 'trap "" USR1; kill -PIPE $$; exit 3'
	is "${t%% *}: commands die of a closed pipe as ever" "$CODE" 111
done
tool condredirect ann@far.example grep -q '^Subject: t'
is "condredirect: redirected" "$CODE $(env_is)" "99 Flist-owner@example.net|Tann@far.example||"
ok "condredirect: all of it, though the command has read it" cmp "$TMP/want" "$TMP/msg"
like "condredirect: says qp" "$(cat "$TMP/out")" '^condredirect: qp [0-9]+$'
tool condredirect ann@far.example sh -c 'head -c 3 >/dev/null; exit 1'
is "condredirect: no: 0" "$CODE $(sent)" "0 not"
{ read -r _; "$BIN/condredirect" ann@far.example sh -c "cat >'$TMP/seen'; exit 1"; } <"$TMP/letter"
ok "condredirect: the command sees the message from its beginning" cmp "$TMP/letter" "$TMP/seen"
echo 31 >"$TMP/code"; tool condredirect ann@far.example true
is "condredirect: the queue's 100" "$CODE" 100
echo 53 >"$TMP/code"; tool condredirect ann@far.example true
is "condredirect: the queue's 111" "$CODE" 111
rm "$TMP/code"
# shellcheck disable=SC2002
cat "$TMP/letter" | "$BIN/condredirect" ann@far.example true 2>"$TMP/err"
is "condredirect: a pipe cannot be read twice: 111" "$?" 111
tool condredirect "a${LF}b" true
is "condredirect: a bad address: 100 before the command runs" "$CODE $(sent)" "100 not"
(unset DTLINE; tool condredirect ann@far.example false; echo $CODE) >"$TMP/r"
is "condredirect: without DTLINE: 100" "$(cat "$TMP/r")" 100
tool condredirect ann@far.example
is "condredirect: usage: 100" "$CODE" 100
tool bouncesaying 'Not you. 100%s'
is "bouncesaying: without a command: 100 and the text" "$CODE $(cat "$TMP/err")" "100 Not you. 100%s"
tool bouncesaying
is "bouncesaying: usage: 100" "$CODE" 100
tool except
is "except: usage: 100" "$CODE" 100
tool bouncesaying 'Members only.' "$BIN/except" grep -q '^X-Member'
is "one inside the other: no member, refused? except gives 0: yes" "$CODE" 100

# ---- predate, datemail
tool predate cat
like "predate: a Date line" "$(sed -n 1p "$TMP/out")" \
	'^Date: [0-9]+ [A-Z][a-z][a-z] 20[0-9][0-9] [0-9:]{8} -0000$'
sed 1d "$TMP/out" >"$TMP/rest"
ok "predate: then the input to the byte" cmp "$TMP/letter" "$TMP/rest"
if [ -x "$TESTBIN/qmta" ]; then
	echo '=1700000000' >"$TMP/clock"
	is "predate: the vector of the rules" "$(QMTA_FAKE_CLOCK=$TMP/clock \
		"$TESTBIN/qmta" predate head -n 1 <"$TMP/letter")" "Date: 14 Nov 2023 22:13:20 -0000"
else
	skip "predate: the vector of the rules" "no programs with the fake clock"
fi
for c in 0 1 75 100 111 255; do
	tool predate sh -c "cat >/dev/null; exit $c"
	is "predate: exit $c is the child's" "$CODE" $c
done
tool predate sh -c 'kill -9 $$'
is "predate: a crash is a crash" "$CODE" 137
tool predate ./no/such
is "predate: no such command: 111" "$CODE" 111
tool predate
is "predate: usage: 100" "$CODE" 100
head -c 3000000 /dev/zero >"$TMP/big"
IN=$TMP/big tool predate true
is "predate: a child that reads nothing is no trouble" "$CODE" 0
IN=$TMP/big tool predate sh -c 'cat | wc -c >&2'
is "predate: 3 MB arrive" "$(($(cat "$TMP/err") - $(printf 'Date: 14 Nov 2023 22:13:20 -0000\n' | wc -c)))" \
	3000000
IN=$TMP tool predate sh -c "cat >/dev/null; echo end >'$TMP/end'"
is "predate: input that cannot be read: the command is killed before it sees an end" \
	"$CODE $(test -e "$TMP/end" && echo end)" "137 "
like "predate: and why" "$(cat "$TMP/err")" '^predate: unable to read the message: '
tool predate sh -c 'echo $PPID; cat >/dev/null'
is "predate: the command is the process that was called" "$(cat "$TMP/out")" "$$"
mkfifo "$TMP/fifo"
"$BIN/predate" sh -c "echo \$\$ >'$TMP/pid'; cat >/dev/null; echo end >'$TMP/end'" <"$TMP/fifo" & p=$!
exec 9>"$TMP/fifo"
echo half >&9
for _ in $(seq 100); do [ -s "$TMP/pid" ] && break; sleep 0.05; done
kill -9 $p; wait $p 2>/dev/null
exec 9>&-
sleep 0.2
is "predate: killed half way, no half of it is sent" \
	"$(test -s "$TMP/pid" && echo ran) $(test -e "$TMP/end" && echo end)" "ran "
# half NAME COMMAND...: COMMAND on the fifo, killed when it has read half
half() {
	h_name=$1; shift
	(unset QMAILQUEUE; exec "$@") <"$TMP/fifo" & p=$!
	exec 9>"$TMP/fifo"
	head -c 6000 /dev/zero | tr '\0' x >&9
	h_seen=
	for _ in $(seq 100); do
		h_seen=$(find "$QUEUEDIR/pid" "$QUEUEDIR/mess" -type f -size +4k)
		[ -z "$h_seen" ] || break
		sleep 0.05
	done
	kill -9 $p; wait $p 2>/dev/null
	exec 9>&-
	sleep 0.1
	is "$h_name: killed half way, nothing is in the queue" "${h_seen:+half} $(find "$QUEUEDIR/todo" -type f | wc -l)" "half 1"
	rm -f "$h_seen"
}
half datemail "$BIN/datemail" ann@far.example
half mailsubj "$BIN/mailsubj" half ann@far.example
tool datemail -i -f bo@far.example -- ann@far.example -x@far.example
is "datemail: sendmail's arguments" "$CODE $(env_is)" "0 Fbo@far.example|Tann@far.example|T-x@far.example||"
is "datemail: one Date" "$(grep -ac '^Date: ' "$TMP/msg")" 1
like "datemail: the body" "$(cat -v "$TMP/msg")" '^M-\^\?no end$'
echo 53 >"$TMP/code"; tool datemail ann@far.example
is "datemail: 75 of sendmail" "$CODE" 75
rm "$TMP/code"
tool datemail
is "datemail: no recipients: 64 of sendmail" "$CODE" 64
IN=$TMP tool datemail ann@far.example
is "datemail: a message that cannot be read is not sent" "$CODE $(env_is)" "66 "

# ---- mailsubj
header() { sed '/^$/q' "$TMP/msg"; }
tool mailsubj 'A subject' ann@far.example 'Bo <bo@far.example>' -f cy
is "mailsubj: exit and envelope" "$CODE $(env_is | tr '|' '\n' | sort | tr '\n' ' ')" \
	"0  Fkim@mx.example.net T-f@mx.example.net Tann@far.example Tbo@far.example Tcy@mx.example.net "
like "mailsubj: Subject" "$(header)" '^Subject: A subject$'
is "mailsubj: all are in To" "$(header | tr -d '\n\t ' | grep -c 'To:ann@far.example,Bo<bo@far.example>,-f@mx')" 1
sed '1,/^$/d' "$TMP/msg" >"$TMP/body"
{ tr -d '\r' <"$TMP/letter"; echo; } >"$TMP/want"	# as qmail-inject writes it
ok "mailsubj: standard input is the body, whatever it looks like" cmp "$TMP/want" "$TMP/body"
tool mailsubj "one${LF}Bcc: spy@far.example$(printf '\r\t')x" ann@far.example
is "mailsubj: no line of the header from a subject" "$CODE $(env_is)" "0 Fkim@mx.example.net|Tann@far.example||"
like "mailsubj: blanks instead" "$(header)" '^Subject: one Bcc: spy@far.example  x$'
for a in "a@b.example${LF}Bcc: spy@far.example" '' "$(printf '%01003d' 1)"; do
	tool mailsubj s ann@far.example "$a"
	is "mailsubj: a bad recipient is refused ($(printf %.5s "$a"))" "$CODE $(sent)" "100 not"
done
tool mailsubj s 'a@b.example, ('
is "mailsubj: one that cannot be read: 100" "$CODE $(env_is)" "100 "
# shellcheck disable=SC2046 # words
tool mailsubj many $(seq -f 'rcpt%03.0f@far.example' 400)
is "mailsubj: 400 recipients" "$CODE $(env_is | tr '|' '\n' | grep -c '^Trcpt')" "0 400"
sed '1,/^$/d' "$TMP/msg" >"$TMP/body"
ok "mailsubj: and the body behind them" cmp "$TMP/want" "$TMP/body"
IN=$TMP/big tool mailsubj big ann@far.example
is "mailsubj: 3 MB" "$CODE $(sed '1,/^$/d' "$TMP/msg" | wc -c)" "0 3000001"
tool mailsubj '' ann@far.example
is "mailsubj: an empty subject" "$CODE" 0
tool mailsubj only
is "mailsubj: usage: 100" "$CODE" 100
echo 53 >"$TMP/code"; tool mailsubj s ann@far.example
is "mailsubj: 111 of qmail-inject" "$CODE" 111
rm "$TMP/code"
IN=$TMP tool mailsubj s ann@far.example
is "mailsubj: a body that cannot be read is not sent" "$CODE $(env_is)" "111 "

# ---- irmail
# uucp NAME FORMAT ENVELOPE [RECIPIENT...]
uucp() {
	u_name=$1 u_want=$3
	# shellcheck disable=SC2059
	printf "$2" >"$TMP/uucp"
	shift 3
	[ $# -gt 0 ] || set -- ann@far.example
	IN=$TMP/uucp tool irmail "$@"
	is "irmail: $u_name" "$CODE $(env_is)" "$u_want"
}
M=@mx.example.net
uucp "one relay" 'From kim Fri Nov 20 10:00:00 2026 remote from near\nSubject: t\n\nb\n' \
	"0 Fnear!kim$M|Tann@far.example||"
is "irmail: the line is gone" "$(grep -c remote "$TMP/msg")" 0
like "irmail: the rest is there" "$(cat "$TMP/msg")" '^Subject: t$'
uucp "two relays" 'From uucp Fri remote from near\n>From a!kim Fri remote from far\nSubject: t\n\nb\n' \
	"0 Fnear!far!a!kim$M|Tann@far.example||"
uucp "no relay named" 'From kim@far.example Fri Nov 20\n\nFrom body\n' \
	"0 Fkim@far.example|Tann@far.example||"
like "irmail: only lines on top" "$(cat "$TMP/msg")" '^From body$'
uucp "null sender" 'From <> Fri remote from near\n\nb\n' "0 F|Tann@far.example||"
uucp "a sender like an option is a sender" 'From -q Fri\n\nb\n' "0 F-q$M|Tann@far.example||"
uucp "and -t" 'From -t remote from -bp\n\nb\n' "0 F-bp!-t$M|Tann@far.example||"
uucp "a recipient like an option is a recipient" 'From kim Fri\n\nb\n' \
	"0 Fkim$M|T-bp$M|T-t$M|T--$M||" -bp -t --
uucp "no end of line" 'From kim Fri' "65 "
like "irmail: says what it wants" "$(cat "$TMP/err")" 'remote from host'
uucp "no From line" 'Subject: t\n\nb\n' "65 "
uucp "nothing at all" '' "65 "
uucp "no sender in it" 'From  \n\nb\n' "65 "
uucp "a control byte" 'From k\001m Fri\n\nb\n' "65 "
uucp "one in the host" 'From kim Fri remote from n\033ear\n\nb\n' "65 "
uucp "a tab is one" 'From kim\tx Fri\n\nb\n' "65 "
uucp "a list of senders is none" 'From a,b Fri\n\nb\n' "65 "
uucp "too long an address" "From $(printf '%01003d' 1) Fri\\n\\nb\\n" "65 "
uucp "too long a line" "From kim $(printf '%05000d' 1)\\n\\nb\\n" "65 "
uucp "a long first line of the message" "From kim Fri\\n$(printf '%09000d' 1)\\nend\\n" \
	"0 Fkim$M|Tann@far.example||"
is "irmail: arrives whole" "$(grep -c "^$(printf '%09000d' 1)\$" "$TMP/msg") $(tail -n 1 "$TMP/msg")" "1 end"
{ printf 'From kim Fri\nSubject: big\n\n'; cat "$TMP/letter"; } >"$TMP/uucp"
IN=$TMP/uucp tool irmail ann@far.example
like "irmail: bytes as they are" "$(cat -v "$TMP/msg")" '^body\^@$'
tool irmail
is "irmail: usage: 64" "$CODE" 64
# shellcheck disable=SC2046 # words
IN=$TMP/uucp tool irmail $(seq -f 'r%g@far.example' 1000)
is "irmail: as many as it says" "$CODE $(env_is | tr -dc '|' | wc -c | tr -d ' ')" "0 1002"
# shellcheck disable=SC2046
IN=$TMP/uucp tool irmail $(seq -f 'r%g@far.example' 1001)
is "irmail: and no more" "$CODE" 64
IN=$TMP tool irmail ann@far.example
is "irmail: a message that cannot be read: 75" "$CODE $(env_is)" "75 "
echo 31 >"$TMP/code"
IN=$TMP/uucp tool irmail ann@far.example
is "irmail: sendmail's exit" "$CODE" 69
rm "$TMP/code"
done_testing
