#!/bin/sh
# qread.t: qmail-qread, mailq, qmail-qstat, qmail-tcpto, qmail-tcpok, qmail-showctl.
. "$(dirname "$0")/../lib/tap.sh"
new_root
D='[0-9]+ [A-Z][a-z][a-z] [0-9]{4} [0-9:]{8} GMT'
is "empty: qmail-qread is silent" "$("$BIN/qmail-qread")" ""
is "empty: mailq says so" "$("$BIN/mailq")" "Mail queue is empty"
is "empty: qstat" "$("$BIN/qmail-qstat" | paste -sd, )" \
	"messages in queue: 0,messages in queue but not yet preprocessed: 0"
printf 'x\n' >"$TMP/m"
printf 'Fkim@a.example\0Tann@b.example\0\0' >"$TMP/e"
"$BIN/qmail-queue" <"$TMP/m" 1<"$TMP/e"
like "a fresh message" "$("$BIN/qmail-qread" | head -n 1)" "^$D  #[1-9][0-9]*  [1-9][0-9]*  <kim@a\\.example> \$"
is "its recipient" "$("$BIN/qmail-qread" | tail -n 1)" "	todo	ann@b.example"

# A settled message, by hand: as the family's programs write it.
cd "$QUEUEDIR" || exit 1
rm todo/*; id=$(ls mess/0)
printf 'Fkim esc\033@a.example\0' >info/0/$id
printf 'Djoe@a.example\0Tv-x@v.example\0' >local/0/$id
printf 'Tann@b.example\0' >remote/0/$id
printf '<bo@c.example>:\nno\n\n' >bounce/$id
printf '<x@v.example>:\nMailbox \033[2J full.\n\n<ann@b.example>:\nConnected but:\nRemote host said: 450 later\n\n' >note/$id
touch -d '2023-11-14 22:13:20 UTC' info/0/$id
touch -d "$(date -d '+3700 seconds' '+%F %T')" remote/0/$id
touch -d '2023-11-14 22:13:20 UTC' local/0/$id
size=$(stat -c %s mess/0/$id)
is "qmail-qread, byte by byte" "$("$BIN/qmail-qread")" \
"14 Nov 2023 22:13:20 GMT  #$id  $size  <kim_esc_@a.example>  bouncing
  done	local	joe@a.example
	local	v-x@v.example
	remote	ann@b.example"
"$BIN/mailq" >"$TMP/q"
like "mailq: age" "$(head -n 1 "$TMP/q")" '  age [0-9]+d([0-9]+h)?$'
is "mailq: last error of a virtual user" "$(grep -A2 v-x "$TMP/q")" \
"	local	v-x@v.example
		Mailbox _[2J full.
		next try as soon as qmta-send runs"
is "mailq: last error" "$(grep -A1 ann@ "$TMP/q" | tail -n 1)" "		Connected but:"
like "mailq: all lines of it" "$(cat "$TMP/q")" '^		Remote host said: 450 later$'
like "mailq: next try" "$(tail -n 1 "$TMP/q")" '^		next try in 1h(1m)?$'
is "nothing for those that are done" "$(grep -A1 joe "$TMP/q" | tail -n 1)" "	local	v-x@v.example"
if [ -x "$BIN/sendmail" ]; then
	is "sendmail -bp is mailq" "$("$BIN/sendmail" -bp | sed 's/age .*//')" "$(sed 's/age .*//' "$TMP/q")"
fi
is "qstat" "$("$BIN/qmail-qstat" | paste -sd, )" \
	"messages in queue: 1,messages in queue but not yet preprocessed: 0"

printf 'Tann' >remote/0/$id
code=0; "$BIN/qmail-qread" >"$TMP/q" 2>"$TMP/err" || code=$?
is "damaged: 111" $code 111
like "and named" "$(cat "$TMP/err")" "#$id: its files are damaged"
code=0; "$BIN/qmail-qread" >/dev/full 2>&1 || code=$?
is "output that cannot be written: 111" $code 111
is "usage: 100" "$("$BIN/qmail-qread" x 2>/dev/null; echo $?) $("$BIN/qmail-qstat" x 2>/dev/null; echo $?)" "100 100"
is "no queue: 111" "$(QUEUEDIR=$TMP/none "$BIN/qmail-qread" 2>"$TMP/err"; echo $?)" 111
like "and what to do" "$(cat "$TMP/err")" 'queue-fix .* makes it'
cd "$TOP" || exit 1

# lock/tcpto: 32 bytes a record.
{ printf '\002\000\000\000\003\000\000\000'; printf '\000\000\000\145\000\000\000\000'
  printf '\300\000\002\007'; head -c 12 /dev/zero; head -c 2016 /dev/zero; } >"$QUEUEDIR/lock/tcpto"
like "qmail-tcpto" "$("$BIN/qmail-tcpto")" '^192\.0\.2\.7 timed out [0-9]+ seconds ago; # recent timeouts: 3$'
is "qmail-tcpok" "$("$BIN/qmail-tcpok"; echo $?; "$BIN/qmail-tcpto")" 0
is "the file keeps its size" "$(stat -c %s "$QUEUEDIR/lock/tcpto")" 2048

"$BIN/qmail-showctl" >"$TMP/q"; code=$?
is "showctl: 0" $code 0
like "showctl: me" "$(cat "$TMP/q")" '^me: mx.example.net$'
like "showctl: a default" "$(cat "$TMP/q")" '^queuelifetime: 604800 \(default\)$'
echo ':relay.example.net user=secret' >"$CONTROLDIR/smtproutes"
echo 5 >"$CONTROLDIR/concurencyremote"; : >"$CONTROLDIR/locals"; rm "$CONTROLDIR/me"
code=0; "$BIN/qmail-showctl" >"$TMP/q" || code=$?
is "showctl without me: 1" $code 1
like "and says what to write" "$(cat "$TMP/q")" "^!! me: missing.*$CONTROLDIR/me"
like "a name that nothing reads" "$(cat "$TMP/q")" '^concurencyremote: not used'
like "an empty list is not a missing one" "$(cat "$TMP/q")" '^locals: empty$'
is "no more of a route than its host" "$(grep '^smtproutes' "$TMP/q")" "smtproutes: :relay.example.net"
done_testing
