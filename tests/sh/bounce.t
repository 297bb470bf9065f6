#!/bin/sh
# bounce.t: what bounces say and how they go: the classic text and the report of
# RFC 3464, judged by parsers; the administrator's own words; programs for bounces;
# the limit of an hour.
# shellcheck disable=SC2016,SC2086 # a script's text; $AS is words
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
runner_root
trap 'sink_stop; rm -rf "$TMP"' EXIT
printf '%s\n' 'RCPT plain@ 550 no such user' 'RCPT status@ 550 5.1.1 no such user' \
	'RCPT two@ 550 5.7.1 first line\n5.7.1 second line' \
	"RCPT utf@ 550 5.1.1 gr$(printf '\303\274')n" >"$TMP/script"
sink_start --script "$TMP/script"
judge() { # qsbmf|dsn: the one bounce in the Maildir
	python3 "$TOP/tests/lib/bounce.py" "$1" "$HOME"/Maildir/new/* 2>&1
	rm -rf "$HOME/Maildir"
}
fact() { printf '%s\n' "$FACTS" | sed -n "s/^$1 //p" | tr '\n' ';'; }
letter() { printf 'Subject: t\n\nhello\n'; }
ME=$WHO@mx.example.net

# ---- the classic text
letter | post -f "$ME" status@far.example plain@far.example nobody-here@mx.example.net
run
FACTS=$(judge qsbmf)
is "46: QSBMF: nothing breaks its rules" "$(fact BAD)" ""
is "46: the recipients" "$(fact failed | tr ';' '\n' | sort | tr '\n' ' ')" \
	"nobody-here@mx.example.net plain@far.example status@far.example "
like "46: intro" "$(fact intro)" '^Hi\. This is the qmta program at mx\.example\.net\. / Your'
is "42: to the sender" "$(fact to)" "$ME;"
is "subject" "$(fact subject)" "failure notice;"
is "the copy, with Return-Path" "$(fact return-path)$(fact original)" "Return-Path: <$ME>;6 7bit;"
letter | post -f "$ME" plain@far.example
run
cp "$HOME"/Maildir/new/* "$TMP/classic"; rm -rf "$HOME/Maildir"
is "classic: byte for byte" "$(sed '/^Message-ID/d;1,/^From:/d;/^Return-Path/q' "$TMP/classic")" \
"To: $ME
Subject: failure notice
Auto-Submitted: auto-replied
X-Bounced-Address: <plain@far.example>

Hi. This is the qmta program at mx.example.net.
Your message could not be delivered to the addresses below. No more tries
will be made.

<plain@far.example>:
127.0.0.1 does not like recipient.
Remote host said: 550 no such user
Giving up on 127.0.0.1.

--- Below this line is a copy of the message.

Return-Path: <$ME>"

# ---- own words
printf 'Hi. This is the mail of the board.\nNo luck.' >"$CONTROLDIR/bouncemessage"
printf 'Hi. This is the second try.\n\n' >"$CONTROLDIR/doublebouncemessage"
echo "no luck" >"$CONTROLDIR/bouncesubject"
echo "no luck twice" >"$CONTROLDIR/doublebouncesubject"
echo "$WHO" >"$CONTROLDIR/doublebounceto"
letter | post -f "$ME" plain@far.example
run
FACTS=$(judge qsbmf)
is "bouncemessage, bouncesubject" "$(fact BAD)$(fact subject)$(fact intro)$(fact failed)" \
	"no luck;Hi. This is the mail of the board. / No luck.;plain@far.example;"
letter | post -f '<>' plain@far.example
run
FACTS=$(judge qsbmf)
is "doublebouncemessage, doublebouncesubject" "$(fact BAD)$(fact subject)$(fact intro)$(fact failed)" \
	"no luck twice;Hi. This is the second try.;plain@far.example;"
rm -f "$CONTROLDIR"/*bouncemessage "$CONTROLDIR"/*bouncesubject

# ---- RFC 3464
echo dsn >"$CONTROLDIR/bounceformat"
letter | post -f "$ME" plain@far.example
run
FACTS=$(judge dsn)
is "dsn: nothing breaks the rules" "$(fact BAD)" ""
is "dsn: three parts" "$(fact types)" "text/plain message/delivery-status message/rfc822;"
is "dsn: Reporting-MTA" "$(fact reporting)" "dns; mx.example.net;"
is "dsn: the fields of the header" "$(fact to)$(fact subject)$(fact auto-submitted)" \
	"$ME;failure notice;auto-replied;"
is "dsn: no status known: 5.0.0; the server's words" "$(fact dsn)" \
	"rfc822; plain@far.example|failed|5.0.0|smtp; 550 no such user;"
is "dsn: the text for people is QSBMF" "$(fact failed)" "plain@far.example;"
is "dsn: the message" "$(fact return-path)$(fact original)" "Return-Path: <$ME>;6 7bit;"
letter | post -f "$ME" status@far.example two@far.example utf@far.example nobody-here@mx.example.net
run
FACTS=$(judge dsn)
is "dsn: several recipients" "$(fact BAD)$(fact dsn | tr ';' '\n' | grep -c '|failed|')" 4
like "dsn: the server's status" "$(fact dsn)" 'status@far\.example\|failed\|5\.1\.1\|smtp; 550 5\.1\.1 no such user;'
like "dsn: our own status" "$(fact dsn)" 'nobody-here@mx\.example\.net\|failed\|5\.1\.1\|None;'
like "dsn: bytes that are no ASCII" "$(fact dsn)" 'utf@far\.example\|failed\|5\.1\.1\|smtp; 550 5\.1\.1 gr\?\?n;'
printf 'Subject: gr\303\274\303\237e\n\n%s\n--x--\n\nlast line without end' 'gr\303\274' | post -f "$ME" plain@far.example
run
FACTS=$(judge dsn)
is "dsn: eight bits, what looks like a boundary, no last newline" "$(fact BAD)$(fact types)$(fact original)" \
	"text/plain message/delivery-status message/rfc822;40 8bit;"
echo 300 >"$CONTROLDIR/bouncemaxbytes"
{ printf 'Subject: large\nX-Last: here\n\n'; head -c 2000 /dev/zero | tr '\0' x; echo; } | post -f "$ME" plain@far.example
run
FACTS=$(judge dsn)
is "dsn: cut: header fields only" "$(fact BAD)$(fact types)$(fact original)" \
	"text/plain message/delivery-status text/rfc822-headers;no body 7bit;"
letter | post -f '<>' plain@far.example
run
FACTS=$(judge dsn)
is "dsn: a double bounce" "$(fact BAD)$(fact to)" "$WHO@mx.example.net;"
echo nonsense >"$CONTROLDIR/bounceformat"; rm "$CONTROLDIR/bouncemaxbytes"
letter | post -f "$ME" plain@far.example
run
like "an unknown bounceformat is named" "$(cat "$LOG")" '^warning: control/bounceformat is neither'
FACTS=$(judge qsbmf)
is "and means the classic text" "$(fact BAD)$(fact failed)" "plain@far.example;"
rm "$CONTROLDIR/bounceformat"

# ---- BOUNCEQUEUE
cat >"$TMP/bq" <<-EOF
	#!/bin/sh
	exec 3<&1
	echo \$PPID >"$TMP/sink/parent"
	n=\$(cat "$TMP/sink/fail" 2>/dev/null)
	[ "\$n" != slow ] || sleep 2
	cat >"$TMP/sink/msg"
	tr '\\0' ' ' <&3 >"$TMP/sink/env"
	case \$n in [0-9]*) exit \$n ;; esac
	exit 0
EOF
cat >"$TMP/bp" <<-EOF
	#!/bin/sh
	case \$(cat "$TMP/sink/how" 2>/dev/null) in
	fail) cat; exit 1 ;;
	empty) cat >/dev/null ;;
	deaf) exec printf 'Subject: mine\\n\\nown words\\n' ;;
	*) exec sed 's/^Subject: .*/Subject: processed/' ;;
	esac
EOF
chmod 755 "$TMP/bq" "$TMP/bp"
took() { cat "$TMP/sink/env" 2>/dev/null; rm -f "$TMP/sink/env" "$TMP/sink/msg"; }
letter | post -f "$ME" plain@far.example
BOUNCEQUEUE=$TMP/bq run
is "BOUNCEQUEUE: exit, queue, inbox" "$EXIT $(queued) $(inbox)" "0 0 0"
like "it got the bounce" "$(cat "$TMP/sink/msg" 2>/dev/null)" '^<plain@far\.example>:$'
is "and its envelope" "$(took)" "F T$ME  "
like "the log" "$(cat "$LOG")" '^bounce msg [0-9]+ qp [0-9]+$'
letter | post -f "$ME" plain@far.example
echo 71 >"$TMP/sink/fail"
BOUNCEQUEUE=$TMP/bq run
is "it says later: the message stays" "$EXIT $(queued) $(find "$QUEUEDIR/bounce" -type f | wc -l)" "75 1 1"
like "which is logged" "$(cat "$LOG")" '^warning: trouble injecting bounce message of msg [0-9]+: mail server temporarily refuses'
took >/dev/null; rm "$TMP/sink/fail"
BOUNCEQUEUE=$TMP/bq run
is "the next run: it goes" "$EXIT $(queued) $(took)" "0 0 F T$ME  "
BOUNCEQUEUE=/nowhere/at/all
export BOUNCEQUEUE
letter | post -f "$ME" plain@far.example
run
is "a program that is not there: the message stays" "$EXIT $(queued)" "75 1"
unset BOUNCEQUEUE
run
is "without it: the plain bounce" "$EXIT $(queued) $(inbox)" "0 0 1"; rm -rf "$HOME/Maildir"
letter | post -f "$ME" plain@far.example
QMAILQUEUE=$TMP/bq run
is "QMAILQUEUE is not for bounces" "$(took) $(inbox)" " 1"; rm -rf "$HOME/Maildir"

# A slow program does not hold up other mail.
echo slow >"$TMP/sink/fail"
letter | post -f "$ME" plain@far.example
: >"$LOG"	# what an earlier run said is not meant
BOUNCEQUEUE=$TMP/bq $AS "$RBIN/qmta-send" -d 2>"$LOG" & RUNNER=$!
i=0
until [ $i -ge 100 ] || [ "$(grep -c 'failure: ' "$LOG")" = 1 ]; do i=$((i + 1)); sleep 0.05; done
letter | post "$WHO"
i=0
until [ $i -ge 100 ] || [ "$(inbox)" = 1 ]; do i=$((i + 1)); sleep 0.05; done
is "a slow program: other mail is delivered meanwhile" "$(inbox) $(cat "$TMP/sink/env" 2>/dev/null)" "1 "
kill -TERM $RUNNER; wait $RUNNER
is "TERM waits for it" "$(took) $(queued)" "F T$ME   1"
rm "$TMP/sink/fail"; rm -rf "$HOME/Maildir"
run
is "and the bounce is not sent again" "$EXIT $(queued) $(inbox) $(took)" "0 0 0 "

# Somebody removes the message meanwhile.
echo slow >"$TMP/sink/fail"; rm -f "$TMP/sink/parent"
letter | post -f "$ME" plain@far.example
: >"$LOG"	# what an earlier run said is not meant
BOUNCEQUEUE=$TMP/bq $AS "$RBIN/qmta-send" -d 2>"$LOG" & RUNNER=$!
i=0
until [ $i -ge 100 ] || [ -s "$TMP/sink/parent" ]; do i=$((i + 1)); sleep 0.05; done
like "removed while its bounce is made" "$($AS "$RBIN/qmta" queue remove "$(ls "$QUEUEDIR/bounce")" 2>&1)" ': removed$'
is "after that: the bounce went, once, the message is gone" \
	"$(took) $(queued) $(grep -c '^bounce msg' "$LOG")" "F T$ME   0 1"
kill -TERM $RUNNER; wait $RUNNER
rm "$TMP/sink/fail"

# What the alarm does after 10 minutes.
echo slow >"$TMP/sink/fail"; rm -f "$TMP/sink/parent"
letter | post -f "$ME" plain@far.example
BOUNCEQUEUE=$TMP/bq $AS "$RBIN/qmta-send" 2>"$LOG" & RUNNER=$!
i=0
until [ $i -ge 100 ] || [ -s "$TMP/sink/parent" ]; do i=$((i + 1)); sleep 0.05; done
kill -ALRM "$(cat "$TMP/sink/parent")"
wait $RUNNER
is "too slow: the message stays" "$? $(queued) $(find "$QUEUEDIR/bounce" -type f | wc -l)" "75 1 1"
like "too slow: which is logged" "$(cat "$LOG")" '^warning: trouble injecting .*: it took too long'
rm "$TMP/sink/fail"; sleep 2.5
is "too slow: the program is ended" "$(took)" ""
run
is "too slow: the next run sends it" "$EXIT $(queued) $(inbox)" "0 0 1"
took >/dev/null; rm -rf "$HOME/Maildir"

# ---- BOUNCEPROCESSOR
export BOUNCEPROCESSOR="$TMP/bp"
letter | post -f "$ME" plain@far.example
run
FACTS=$(judge qsbmf)
is "BOUNCEPROCESSOR: its output is the bounce" "$EXIT $(fact BAD)$(fact subject)$(fact failed)" \
	"0 processed;plain@far.example;"
echo deaf >"$TMP/sink/how"
{ letter; head -c 200000 /dev/zero | tr '\0' 'x'; } | post -f "$ME" plain@far.example
run
like "it need not read" "$EXIT $(cat "$HOME"/Maildir/new/*)" '^own words$'; rm -rf "$HOME/Maildir"
for how in fail empty; do
	echo $how >"$TMP/sink/how"
	letter | post -f "$ME" plain@far.example
	run
	is "$how: the message stays" "$EXIT $(queued) $(inbox)" "75 1 0"
	like "$how: which is logged" "$(cat "$LOG")" '^warning: trouble injecting .*BOUNCEPROCESSOR'
	rm "$TMP/sink/how"
	run
	is "$how: and goes when it works again" "$EXIT $(queued) $(inbox)" "0 0 1"
	rm -rf "$HOME/Maildir"
done
BOUNCEQUEUE=$TMP/bq
export BOUNCEQUEUE
letter | post -f "$ME" plain@far.example
run
like "both: processed" "$(cat "$TMP/sink/msg")" '^Subject: processed$'
is "both: handed on" "$EXIT $(took)" "0 F T$ME  "
unset BOUNCEQUEUE BOUNCEPROCESSOR

# ---- bounce.envrules
printf '%s\n' "kim@*:BOUNCEQUEUE=$TMP/bq" "bad@*:LD_PRELOAD=x" >"$CONTROLDIR/bounce.envrules"
letter | post -f kim@mx.example.net plain@far.example
letter | post -f "$ME" plain@far.example
run
is "bounce.envrules: one goes here, one there" "$EXIT $(queued) $(inbox) $(took)" \
	"0 0 1 F Tkim@mx.example.net  "; rm -rf "$HOME/Maildir"
printf '%s\n' "*:BOUNCEPROCESSOR=$TMP/bp" >"$CONTROLDIR/other.rules"
letter | post -f "$ME" plain@far.example
BOUNCERULES=other.rules run
FACTS=$(judge qsbmf)
is "BOUNCERULES names another file" "$(fact subject)" "processed;"
letter | post -f bad@mx.example.net plain@far.example
run
is "a rule that sets LD_PRELOAD: the message stays" "$EXIT $(queued)" "75 1"
like "which is logged" "$(cat "$LOG")" 'bounce\.envrules sets what may not be set'
echo >"$CONTROLDIR/bounce.envrules"
run
is "the rule is gone: nothing is left" "$(queued)" 0; rm -rf "$HOME/Maildir"

# ---- at most so many an hour
echo 2 >"$CONTROLDIR/bouncemax"
for i in 1 2 3 4; do letter | post -f "$ME" plain@far.example; done
run
is "bouncemax 2 of 4: two came, two wait" "$EXIT $(queued) $(inbox)" "75 2 2"
is "one line says so" "$(grep -c '^warning: more than 2 bounces an hour' "$LOG")" 1
run
is "the next run: they still wait" "$EXIT $(queued) $(inbox)" "75 2 2"
is "and it is not said again" "$(grep -c 'bounces an hour' "$LOG")" 0
echo 9 >"$CONTROLDIR/bouncemax"
run
is "a higher limit: all came" "$EXIT $(queued) $(inbox)" "0 0 4"
done_testing
