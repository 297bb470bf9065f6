#!/bin/sh
# qmta-send by QMQP: which mail goes that way (smtproutes, qmqproutes, qmqpservers, MX),
# what the servers get, and what becomes of their answers.
# shellcheck disable=SC2016,SC2086,SC2154 # patterns; $AS is words; QPORT of qsink.sh
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
. "$TOP/tests/lib/qmqp.sh"
. "$TOP/tests/lib/qsink.sh"
runner_root
DAEMON=
trap '[ -z "$DAEMON" ] || kill "$DAEMON"; qsink_stop_all; sink_stop; rm -rf "$TMP"' EXIT
letter() { printf 'Subject: %s\n\nbody of %s\n' "$1" "$1"; }
mail() { s=$1; shift; letter "$s" | post -f kim@far.example "$@"; }

# ---- which way
qsink_start one; one=$QPORT
qsink_start two; two=$QPORT
sink_start
printf 'smtp.example:127.0.0.1:%s\n[127.0.0.1]:\n' "$PORT" >"$CONTROLDIR/smtproutes"
printf 'smtp.example:127.0.0.1:1\n.two.example:127.0.0.1:%s\n[127.0.0.2]:\n:127.0.0.1:%s\n' \
	"$two" "$one" >"$CONTROLDIR/qmqproutes"
mail direct a@smtp.example
mail suffix b@x.Two.example
mail rest c@two.example
run
is "all is delivered" "$EXIT $(queued)" "0 0"
is "a line of smtproutes comes first" "$(mails) $(grep -c '^Subject: direct' "$MAILS"/*)" "1 1"
is "qmqproutes: the suffix" "$(taken two)" suffix
is "qmqproutes: the empty key" "$(taken one)" rest
is "one connection for each message" "$(qconns one)" 1
like "the log names the server, and has its words" "$(cat "$LOG")" \
	"^delivery [0-9]+: success: 127.0.0.1:${one}_accepted_message\./Remote_host_said:_ok_[0-9]+_qp_[0-9]+/\$"
maildir
mail mx 'd@[127.0.0.1]' 'e@[127.0.0.2]'
run
like "an empty value in smtproutes: by MX, whatever qmqproutes says" "$(cat "$LOG")" \
	'best_mail_exchanger_for_\[127.0.0.1\]'
like "an empty value in qmqproutes: the same" "$(cat "$LOG")" \
	'best_mail_exchanger_for_\[127.0.0.2\]'

rm "$CONTROLDIR/smtproutes"
printf 'two.example:127.0.0.1:%s\n[127.0.0.1]:\n' "$two" >"$CONTROLDIR/qmqproutes"
printf '127.0.0.1:%s\n' "$one" >"$CONTROLDIR/qmqpservers"
mail lost 'd@[127.0.0.3]'
run
like "qmqpservers without qmqpfallback: by MX" "$(cat "$LOG")" 'best_mail_exchanger_for_\[127.0.0.3\]'
for v in 1 "$QUEUEDIR"; do
	echo "$v" >"$CONTROLDIR/qmqpfallback"
	mail "file $v" a@far.example
	run
	is "with qmqpfallback ${v%%/*}: qmqpservers" "$EXIT $(taken one | tail -n 1)" "0 file $v"
done
mail more a@far.example b@else.example c@two.example 'd@[127.0.0.1]'
run
like "beside them what goes by MX" "$(cat "$LOG")" 'best_mail_exchanger_for_\[127.0.0.1\]'
is "each route of a message gets its recipients" "$(taken two | tail -n 1)" more
is "those of one route together" "$(qshow one more | grep -c '^T')" 2

# ---- what the server gets
before=$(qconns one)
mail "one request" $(seq -f 'r%g@far.example' 1000)
run
is "1000 recipients: one request" "$EXIT $(taken one | tail -n 1) $(qshow one "one request" | grep -c '^Tr')" \
	"0 one request 1000"
is "in their order" "$(qshow one "one request" | sed -n 's/^T//p' | cksum)" "$(seq -f 'r%g@far.example' 1000 | cksum)"
is "on one connection" $(($(qconns one) - before)) 1
letter verp | post -f 'list-@far.example-@[]' a@far.example b@far.example
run
is "VERP is the server's to expand" "$EXIT $(qshow one verp | sed -n 1,3p | tr '\n' ' ')" \
	"0 Flist-@far.example-@[] Ta@far.example Tb@far.example "
printf '@inner.example:@outer.example\n' >"$CONTROLDIR/generic"
printf 'From: Kim <kim@inner.example>\nSubject: names\n\n.\nlast' | post -f kim@inner.example a@far.example
run
is "control/generic: the sender" "$EXIT $(qshow one names | sed -n 1p)" "0 Fkim@outer.example"
like "and the header" "$(qshow one names)" '^From: Kim <kim@outer.example>$'
is "the rest byte for byte" "$(qshow one names | tail -c 8 | od -An -c | tr -s ' ')" ' \n . \n l a s t \n'
letter verp2 | post -f 'list-@inner.example-@[]' a@far.example
run
is "control/generic: in front of VERP's mark" "$(qshow one verp2 | sed -n 1p)" 'Flist-@outer.example-@[]'
head -c 300000 /dev/urandom | od -An -tx1 >"$TMP/big"
{ printf 'From: Kim <kim@inner.example>\nSubject: big\n\n'; cat "$TMP/big"; } | post -f kim@inner.example a@far.example
run
is "a large one" "$EXIT $(qshow one big | sed '1,/^$/d' | sed '1,/^$/d' | cksum)" "0 $(cksum <"$TMP/big")"
rm "$CONTROLDIR/generic"

# ---- what it answers
qmqp_script one 'ANSWER no@ D Nobody of that name here (#5.1.1)
ANSWER later@ Z The disk is full (#4.3.0)
ANSWER odd@ raw 3:Kok'
rm -rf "$HOME/Maildir"; maildir
letter refused | post -f "$WHO" no@far.example yes@far.example
run
is "D: it is over for all of its recipients" "$EXIT $(queued)" "0 0"
bounce=$(cat "$HOME"/Maildir/new/*)
like "the bounce names them" "$bounce" '^<yes@far.example>:$'
like "and who refused" "$bounce" "^127.0.0.1:$one refused the message\.\$"
like "in which words" "$bounce" '^Remote host said: Nobody of that name here \(#5.1.1\)$'
mail wait later@far.example
run
is "Z: it stays" "$EXIT $(queued)" "75 1"
like "and the log says why" "$(cat "$LOG")" 'deferral: 127.0.0.1:[0-9]+_refused_the_message./Remote_host_said:_The_disk_is_full'
qmqp_script one ''
run -a
is "and goes later" "$EXIT $(taken one | tail -n 1)" "0 wait"
qmqp_script one 'ANSWER odd@ raw 3:Kok'
mail odd odd@far.example
run
is "half an answer is none" "$EXIT $(queued)" "75 1"
like "it may be there all the same" "$(cat "$LOG")" 'deferral: .*Possible_duplicate!_\(#4.4.2\)'
qmqp_script one ''
run -a
printf '127.0.0.1:1\n127.0.0.1:%s\n' "$one" >"$CONTROLDIR/qmqpservers"
mail second a@far.example
run
is "the first server is dead: the second one" "$EXIT $(taken one | tail -n 1)" "0 second"
echo '...' >"$CONTROLDIR/qmqpservers"
mail none a@far.example
run
like "no server that can be used: later, and why" "$EXIT $(cat "$LOG")" 'deferral: .*qmqpservers_names_no_QMQP_server'
printf '127.0.0.1:%s\n' "$one" >"$CONTROLDIR/qmqpservers"
run -a
is "which can be mended" "$EXIT $(taken one | tail -n 1)" "0 none"

# ---- HUP
$AS "$RBIN/qmta-send" -d 2>"$LOG" </dev/null & DAEMON=$!
until_() { n=0; until "$@"; do n=$((n + 1)); [ $n -lt 200 ] || return 1; sleep 0.05; done; }
has() { [ "$(taken "$1" | tail -n 1)" = "$2" ]; }
until_ grep -q '^status' "$LOG"
mail h1 a@far.example
ok "a daemon" until_ has one h1
printf '127.0.0.1:%s\n' "$two" >"$CONTROLDIR/qmqpservers"
kill -HUP "$DAEMON"
sleep 0.3
mail h2 a@far.example
ok "HUP: other servers, though the worker still waits for work" until_ has two h2
printf 'far.example:127.0.0.1:%s\n' "$one" >"$CONTROLDIR/qmqproutes"
kill -HUP "$DAEMON"
sleep 0.3
mail h3 a@far.example
ok "HUP: other routes" until_ has one h3
kill "$DAEMON"; wait "$DAEMON"; DAEMON=
# ---- new mail for dead QMQP servers hastens what waits for these, and nothing else
printf 'smtp.example:127.0.0.1:1\n' >"$CONTROLDIR/smtproutes"
printf ':127.0.0.1:1\n' >"$CONTROLDIR/qmqproutes"
mail other a@smtp.example
run
sleep 0.1
mail first a@far.example
run -a
is "both wait" "$EXIT $(queued)" "75 2"
$AS "$RBIN/qmta-send" -d 2>"$LOG" </dev/null & DAEMON=$!
until_ grep -q '^status' "$LOG"
tries() { grep -c "starting delivery.* to remote $1" "$LOG"; }
new() { [ "$(tries "n$1@far.example")" = 1 ]; }
got_it() { taken "$1" | grep -qx "$2"; }
deferred() { [ "$(grep -c ' deferral: ' "$LOG")" -ge "$1" ]; }
for i in 1 2 3 4 5; do
	mail "n$i" "n$i@far.example"
	until_ new "$i"
	sleep 0.6
done
is "by SMTP: once at most, as its route is not known before" "$(tries a@smtp.example)" 1
ok "by QMQP: before new mail" test "$(tries a@far.example)" -ge 3
kill "$DAEMON"; wait "$DAEMON"; DAEMON=
run -a
printf ':127.0.0.1:%s\n' "$one" >"$CONTROLDIR/qmqproutes"
rm "$CONTROLDIR/smtproutes"
run -a
# ---- a message for dead relays and for dead QMQP servers: whichever route came last
for i in $(seq 60); do echo "s$i.example:127.0.1.$i:1"; done >"$CONTROLDIR/smtproutes"
qmqp_stop one
$AS "$RBIN/qmta-send" -d 2>"$LOG" </dev/null & DAEMON=$!
until_ grep -q '^status' "$LOG"
mail mixed $(seq -f 'a@s%g.example' 60) a@far.example
ok "61 routes: all deferred" until_ deferred 61
qsink_start one
sleep 0.6 # the worker believes that they are dead
mail after a@far.example
ok "the server is back: new mail goes" until_ got_it one after
ok "and what waited" until_ got_it one mixed
kill "$DAEMON"; wait "$DAEMON"; DAEMON=
rm "$CONTROLDIR/smtproutes"
run -a
is "it leaves nothing behind" "$(queued) $(find "$QUEUEDIR/lock" -name qmqpwait | wc -l | tr -d ' ')" "0 0"
done_testing
