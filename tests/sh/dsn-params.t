#!/bin/sh
# What a sender wants to be told (RFC 3461): sendmail -N -R -V, through the queue, to a
# server that offers DSN; and what our own bounces make of it.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/runner.sh
. "$TOP/tests/lib/runner.sh"
SINK=
trap 'sink_stop; rm -rf "$TMP"' EXIT
runner_root
echo 'RCPT later@ 450 4.2.1 later' >"$TMP/script"
echo 'RCPT bad@ 550 5.1.1 nobody here' >>"$TMP/script"
text='Subject: x

text'
# send OPTION... TO: one run; the envelope that arrived
send() {
	rm -f "$MAILS"/*
	: >"$SINKLOG"
	echo "$text" | post -f s@example.net "$@" || echo "exit $?"
	run -a
	cat "$MAILS"/* 2>/dev/null | grep -e ^MAIL -e ^RCPT | sed 's/SIZE=[0-9]*//; s/  */ /g; s/ $//'
}
wish() { tr '\0' '\n' <"$1" | sed -n 's/^p[0-9]*;//p'; }

sink_start --lf --dsn --script "$TMP/script"
is 'nothing is wanted' "$(send a@example.net)" 'MAIL FROM:<s@example.net>
RCPT TO:<a@example.net>'
is '-N never' "$(send -N never a@example.net)" 'MAIL FROM:<s@example.net>
RCPT TO:<a@example.net> NOTIFY=NEVER ORCPT=rfc822;a@example.net'
is 'all of it' "$(send -Nsuccess,DELAY,failure -R HDRS -V 'a+b=c d' a@example.net -- 'x+y@example.net')" \
	'MAIL FROM:<s@example.net> RET=HDRS ENVID=a+2Bb+3Dc+20d
RCPT TO:<a@example.net> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a@example.net
RCPT TO:<x+y@example.net> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;x+2By@example.net'
is '-R full' "$(send -Rfull a@example.net | head -1)" 'MAIL FROM:<s@example.net> RET=FULL'
is 'never is alone' "$(send -N never,success a@example.net | tail -1)" \
	'RCPT TO:<a@example.net> NOTIFY=NEVER ORCPT=rfc822;a@example.net'
is 'words that mean nothing' "$(send -N often a@example.net | tail -1)" \
	'RCPT TO:<a@example.net>'
long=$(printf '%0100d' 0)
is 'a name of 100 bytes' "$(send -V "$long" a@example.net | head -1)" "MAIL FROM:<s@example.net> ENVID=$long"
is 'a longer one is left out' "$(send -V "1$long" a@example.net | head -1) $(send -V "$long$long" a@example.net | head -1)" \
	'MAIL FROM:<s@example.net> MAIL FROM:<s@example.net>'
is 'the caller may say it by a variable' \
	"$(QMTA_DSN=1-id; export QMTA_DSN; send a@example.net | head -1)" 'MAIL FROM:<s@example.net> ENVID=id'
for v in '1' '3-' '@-' '1X' '1-a b' '1-a=b' '1-a+b' '1-+4' "1-$(printf 'a\nRSET')" "1-$(printf 'a\rb')" "1-1$long$long" "1-$(printf '\303\274')"; do
	(QMTA_DSN=$v; export QMTA_DSN; send a@example.net)
done | sort | uniq -c | sed 's/^ *//' >"$TMP/got"
is 'but no nonsense' "$(cat "$TMP/got")" '12 MAIL FROM:<s@example.net>
12 RCPT TO:<a@example.net>'

# --- in the queue ---
is 'it waits in todo' "$(echo "$text" | post -f s@example.net -N never -V id later@example.net; wish "$QUEUEDIR"/todo/*)" '1-id'
run
is '  and settled' "$EXIT $(wish "$(find "$QUEUEDIR/info" -type f)")" '75 1-id'
is '  where readers of one record find the sender' \
	"$(tr '\0' '\n' <"$(find "$QUEUEDIR/info" -type f)" | head -1)" 'Fs@example.net'
ok '  queue-fix has nothing to say' test -z "$($AS "$RBIN/queue-fix" "$QUEUEDIR" 2>&1)"
like '  mailq shows it' "$($AS "$RBIN/qmail-qread")" 's@example.net'
echo '#' >"$TMP/script"
rm -f "$MAILS"/*
run -a
like '  and it is passed on at last' "$EXIT $(cat "$MAILS"/*)" 'NOTIFY=NEVER'
is '  from there, too' "$(grep -c -e 'C MAIL.* ENVID=id' "$SINKLOG")" 2
echo 'RCPT bad@ 550 5.1.1 nobody here' >"$TMP/script"
is 'nothing of it was unasked for' "$(grep -c PARAM "$SINKLOG")" 0

# --- bounces of ours ---
bounces() { cat "$MAILS"/* 2>/dev/null | grep -c '^MAIL FROM:<>'; }
send bad@example.net >/dev/null
is 'who says nothing is told of a failure' "$(bounces) $(queued)" '1 0'
send -N failure bad@example.net >/dev/null
is 'who wants it, too' "$(bounces)" 1
send -N never bad@example.net >/dev/null
is 'who does not is not' "$(bounces) $(queued) $(grep -c 'unwanted bounce: discarding' "$LOG")" '0 0 1'
send -N success,delay bad@example.net >/dev/null
is '  nor who wants other things' "$(bounces) $(queued)" '0 0'
send -R hdrs bad@example.net >/dev/null
is '-R hdrs: the header alone comes back' "$(bounces) $(cat "$MAILS"/* | grep -c '^text')" '1 0'
sink_stop

sink_start --lf
is 'a server without DSN hears nothing of it' "$(send -N never -R full -V id a@example.net)" 'MAIL FROM:<s@example.net>
RCPT TO:<a@example.net>'
is '  at all' "$(grep -c PARAM "$SINKLOG")" 0
sink_stop
done_testing
