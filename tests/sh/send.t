#!/bin/sh
# qmta-send: one-shot and daemon, every fate a recipient can have, the log, the
# bounces, signals. Numbers in names are those of the checklist.
# shellcheck disable=SC2016,SC2086 # patterns; $AS is words
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
runner_root
trap 'sink_stop; rm -rf "$TMP"' EXIT

letter() { printf 'Subject: %s\n\nbody of %s\n' "$1" "$1"; }

# ---- nothing to do, and no second runner
run
is "an empty queue: exit 0" "$EXIT" 0
is "and not a word" "$(cat "$LOG")" ""
$AS sh -c "exec 9<>'$QUEUEDIR/lock/sendmutex'; flock 9; exec sleep 5" & holder=$!
sleep 0.3
run
is "23: a second runner: exit 111" "$EXIT" 111
like "23: which says so" "$(cat "$LOG")" 'already running'
kill $holder; wait $holder 2>/dev/null

# ---- one local, one remote
sink_start
letter one | post "$WHO"
run
is "local delivery: exit 0, queue empty" "$EXIT $(queued)" "0 0"
is "one file in the Maildir" "$(inbox)" 1
m=$(cat "$HOME"/Maildir/new/*)
like "Return-Path on top" "$(printf '%s\n' "$m" | sed -n 1p)" '^Return-Path: <.*@mx.example.net>$'
like "then Delivered-To" "$(printf '%s\n' "$m" | sed -n 2p)" "^Delivered-To: $WHO@mx.example.net$"
like "the body" "$m" '^body of one$'
id=$(sed -n 's/^new msg \([0-9]*\)$/\1/p' "$LOG")
like "49: new msg" "$(sed -n 1p "$LOG")" '^new msg [0-9]+$'
like "49: info msg" "$(sed -n 2p "$LOG")" \
	"^info msg $id: bytes [0-9]+ from <[^>]*@mx.example.net> qp [0-9]+ uid [0-9]+$"
like "49: starting delivery" "$(cat "$LOG")" "^starting delivery 1: msg $id to local $WHO@mx.example.net$"
like "49: success" "$(cat "$LOG")" '^delivery 1: success: did_1\+0\+0/$'
like "49: status" "$(cat "$LOG")" '^status: local 1/10 remote 0/20$'
is "49: the last line but the status" "$(grep -c "^end msg $id\$" "$LOG")" 1

letter two | post -f kim@mx.example.net ann@remote.example bo@other.example
run
is "two remote recipients by the smarthost: one message" "$EXIT $(queued) $(mails)" "0 0 1"
like "with both" "$(cat "$MAILS"/*)" 'RCPT TO:<ann@remote.example>'
like "in one transaction" "$(cat "$MAILS"/*)" 'RCPT TO:<bo@other.example>'
like "success in the log" "$(cat "$LOG")" '^delivery 2: success: 127.0.0.1_accepted_message'
like "both were numbered" "$(cat "$LOG")" '^starting delivery 1: msg [0-9]+ to remote ann@remote.example$'

# ---- mixed, 450 once, 550, and the bounce
printf 'RCPT !later@ 450 4.2.0 not now\nRCPT never@ 550 5.1.1 no such user\n' >"$TMP/script"
sink_stop; sink_start --script "$TMP/script"
letter three | post -f "$WHO@mx.example.net" "$WHO" later@remote.example never@remote.example good@remote.example
rm -rf "$HOME/Maildir"
run
is "one deferred: exit 75" "$EXIT" 75
is "45: it stays, with its failure kept, no bounce yet" \
	"$(queued) $(cat "$QUEUEDIR"/bounce/* | grep -c never@remote.example)" "1 1"
like "49: failure, with _ for blanks" "$(cat "$LOG")" \
	'^delivery [0-9]+: failure: 127.0.0.1_does_not_like_recipient\./Remote_host_said:_550_5.1.1_no_such_user'
like "49: deferral" "$(cat "$LOG")" '^delivery [0-9]+: deferral: .*450_4.2.0_not_now'
is "22: marks in place" "$(cat "$QUEUEDIR"/remote/0/* | tr '\0' ' ')" \
	"Tlater@remote.example Dnever@remote.example Dgood@remote.example "
like "mailq tells the error and the next try" "$($AS "$RBIN/mailq")" '450 4.2.0 not now'
run
is "not due yet: exit 75, nothing tried" "$EXIT $(grep -c starting "$LOG")" "75 0"
run -a
is "29: -a tries all: exit 0" "$EXIT $(queued)" "0 0"
is "the bounce came back, once, with the first message" "$(inbox)" 2
b=$(cat "$(grep -l 'failure notice' "$HOME"/Maildir/new/*)")
like "42: empty sender" "$b" '^Return-Path: <>$'
like "42: To the sender" "$b" "^To: $WHO@mx.example.net$"
like "Message-ID" "$b" '^Message-ID: <[^>]+@mx.example.net>$'
like "Auto-Submitted" "$b" '^Auto-Submitted: auto-replied$'
like "X-Bounced-Address" "$b" '^X-Bounced-Address: <never@remote.example>$'
like "46: QSBMF" "$b" '^Hi\. This is the '
like "46: paragraph" "$b" '^<never@remote.example>:$'
like "46: break" "$b" '^--- Below this line is a copy of the message\.$'
like "the copy" "$b" '^body of three$'
is "good went out once, later once" "$(cat "$MAILS"/* | grep -c '^RCPT')" 2

# ---- bounces of bounces
echo nobody-here@mx.example.net >"$CONTROLDIR/doublebounceto"
letter four | post -f '' never@remote.example
printf 'nobody-here\n' >"$CONTROLDIR/doublebounceto"
run
is "43 44: double and triple bounce end by themselves" "$EXIT $(queued)" "0 0"
like "44: triple bounce in the log" "$(cat "$LOG")" '^triple bounce: discarding bounce/[0-9]+$'
is "43: one double bounce" "$(grep -c '^bounce msg' "$LOG")" 1
echo "$WHO" >"$CONTROLDIR/doublebounceto"; rm -rf "$HOME/Maildir"
letter five | post -f '<>' never@remote.example
run
like "43: sender #@[] to doublebounceto" "$(cat "$HOME"/Maildir/new/*)" '^Return-Path: <#@\[\]>$'
: >"$CONTROLDIR/doublebounceto"
letter six | post -f '' never@remote.example
run
like "an empty doublebounceto discards" "$(cat "$LOG")" '^double bounce: discarding'
rm -f "$CONTROLDIR/doublebounceto"

# ---- VERP
letter seven | post -f 'list-@mx.example.net-@[]' ann@remote.example bo@other.example
sink_stop; sink_start
run
is "40: VERP" "$(cat "$MAILS"/* | grep '^MAIL' | sed 's/> .*/>/' | sort | tr '\n' ' ')" \
	"MAIL FROM:<list-ann=remote.example@mx.example.net> MAIL FROM:<list-bo=other.example@mx.example.net> "
sink_stop

# ---- expiry
printf ':127.0.0.1:1\n' >"$CONTROLDIR/smtproutes"
echo 3 >"$CONTROLDIR/queuelifetime"
rm -rf "$HOME/Maildir"
letter eight | post -f "$WHO@mx.example.net" ann@remote.example
run
is "28: refused connection: deferred" "$EXIT $(queued)" "75 1"
sleep 4.1
run -a
like "28: one more try, then the end" "$(cat "$LOG")" "failure: .*I'm_not_going_to_try_again"
is "28: and the bounce" "$EXIT $(queued) $(inbox)" "0 0 1"
rm "$CONTROLDIR/queuelifetime"

# ---- holds
echo 0 >"$CONTROLDIR/concurrencyremote"
letter nine | post ann@remote.example "$WHO"
run
is "39: remote 0: stays, local goes" "$EXIT $(queued) $(inbox)" "75 1 2"
like "39: status" "$(cat "$LOG")" 'remote 0/0'
rm "$CONTROLDIR/concurrencyremote"

# ---- the daemon: trigger, ALRM, HUP, TERM
sink_start
: >"$LOG"	# what an earlier run said is not meant
$AS "$RBIN/qmta-send" -d 2>"$LOG" & runner=$!
until_log() { # PATTERN: at most 10 s
	for _ in $(seq 200); do grep -Eq "$1" "$LOG" && return 0; sleep 0.05; done
	return 1
}
ok "a daemon takes up what lay there" until_log '^end msg'
letter ten | post ann@remote.example
ok "the trigger wakes it" until_log 'delivery 2: success'
sink_stop
letter eleven | post ann@remote.example
ok "no server: deferred" until_log 'delivery 3: deferral'
sink_start
echo ":127.0.0.1:$PORT" >"$CONTROLDIR/smtproutes"
echo newly.example >"$CONTROLDIR/locals"
kill -HUP $runner
letter twelve | post "$WHO@newly.example"
ok "31: HUP: new locals are used" until_log "to local $WHO@newly.example"
kill -ALRM $runner
ok "29: ALRM: tried at once" until_log '^delivery 5: success|^delivery 6: success'
printf 'BODY * sleep 2 250 ok\n' >"$TMP/script"
sink_stop; sink_start --script "$TMP/script"
kill -HUP $runner
letter thirteen | post slow@remote.example
until_log 'to remote slow@'
kill -TERM $runner
wait $runner; r=$?
like "30: TERM waits for the running delivery" "$(cat "$LOG")" '^delivery [0-9]+: success: .*accepted'
like "30: status: exiting" "$(cat "$LOG")" '^status: exiting$'
is "30: exit 0, nothing left" "$r $(queued)" "0 0"
sink_stop

# ---- a message that waits when HUP makes its domain local
echo 0 >"$CONTROLDIR/concurrencyremote"
rm -rf "$HOME/Maildir"; : >"$LOG"
: >"$LOG"	# what an earlier run said is not meant
$AS "$RBIN/qmta-send" -d 2>"$LOG" & runner=$!
letter waits | post "$WHO@late.example"
until_log '^info msg'
printf 'mx.example.net\nlate.example\n' >"$CONTROLDIR/locals"
rm "$CONTROLDIR/concurrencyremote"
kill -HUP $runner
ok "HUP: a waiting message takes the new way" until_log '^end msg'
kill -TERM $runner; wait $runner
is "which is the local one, once" "$(inbox) $(queued) $(grep -c 'to local' "$LOG")" "1 0 1"

# ---- a logger of one's own
rm "$CONTROLDIR/locals"
letter fourteen | post "$WHO"
run ./Maildir/ sh -c "cat >$TMP/mylog"
sleep 0.3
like "a logger program gets the log" "$(cat "$TMP/mylog")" '^end msg'
is "and standard error nothing" "$(cat "$LOG")" ""
run -x
is "usage: exit 100" "$EXIT" 100
letter fifteen | post "$WHO"
run -f -b -s 7 -l -r -c -v ./Maildir/
is "options of IndiMail's qmta-send are accepted, -f repairs, -s splits" \
	"$EXIT $(queued) $(ls "$QUEUEDIR/mess" | wc -l | tr -d ' ')" "0 0 7"
like "-v says how it ended" "$(cat "$LOG")" '^info: qmta-send: the queue is empty'
rm -rf "$HOME/Maildir"; mkdir -p "$HOME/Other/tmp" "$HOME/Other/new" "$HOME/Other/cur"
[ -z "$AS" ] || chown -R 65534:65534 "$HOME/Other"
printf '# where mail goes\n./Other/\n' >"$CONTROLDIR/defaultdelivery"
letter sixteen | post "$WHO"
run
is "control/defaultdelivery" "$EXIT $(find "$HOME/Other/new" -type f | wc -l | tr -d ' ')" "0 1"
letter seventeen | post "$WHO"
run ./Maildir/
is "the argument wins" "$EXIT $(inbox)" "0 1"
rm "$CONTROLDIR/me"
run
is "no me, no locals: exit 111" "$EXIT" 111
like "with the file to write" "$(cat "$LOG")" "control/me"
done_testing
