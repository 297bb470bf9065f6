#!/bin/sh
# envdir.t: control/defaultqueue and ~/.defaultqueue, the rules by sender and
# recipient, and the snapshot of the control directory.
# shellcheck disable=SC2016,SC2086 # a script's text; $AS is words
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
runner_root
trap 'rm -rf "$TMP"' EXIT

# Directories must be the caller's: the runs may be by nobody.
mine() { chmod -R go-w "$@"; [ -z "$AS" ] || chown -R 65534:65534 "$@"; }
Q2=$TMP/queue2
$AS sh -c 'umask 022; mkdir -p "$1"' sh "$Q2"
$AS "$RBIN/queue-fix" "$Q2" >/dev/null 2>&1
letter() { printf 'Subject: t\n\nhello\n'; }
in_queue() { find "$1/todo" -type f | wc -l | tr -d ' '; }
both() { echo "$(in_queue "$QUEUEDIR") $(in_queue "$Q2")"; }
drain() { find "$QUEUEDIR/todo" "$QUEUEDIR/mess" "$Q2/todo" "$Q2/mess" -type f -exec rm -f {} +; }

is "there is a second queue, both are empty" "$(both)" "0 0"
letter | post -f a@mx.example.net to@far.example
is "without a directory: the queue of the environment" "$? $(both)" "0 1 0"; drain

# ---- control/defaultqueue
D=$CONTROLDIR/defaultqueue
mkdir "$D"; echo "$Q2 " >"$D/QUEUEDIR"; mine "$D"
letter | post -f a@mx.example.net to@far.example
is "control/defaultqueue/QUEUEDIR holds over the environment" "$? $(both)" "0 0 1"
like "qmail-qstat looks there" "$($AS "$RBIN/qmta" qmail-qstat)" '^messages in queue: 1$'
like "qmail-qread, too" "$($AS "$RBIN/qmail-qread")" 'to@far\.example'
like "and mailq" "$($AS "$RBIN/mailq")" 'to@far\.example'
like "and qmail-showctl" "$($AS "$RBIN/qmta" qmail-showctl)" "^queue directory: $Q2 "
$AS "$RBIN/qmta" qmail-tcpto >"$TMP/o" 2>&1
is "and qmail-tcpto" "$?" 0
ok "and qmail-tcpok" $AS "$RBIN/qmta" qmail-tcpok
echo ":127.0.0.1:1" >"$CONTROLDIR/smtproutes"
run
is "and qmta-send: the message was tried" "$EXIT $(grep -c '^starting delivery' "$LOG")" "75 1"
find "$Q2/mess" "$Q2/info" "$Q2/remote" "$Q2/note" -type f -exec rm -f {} +
letter | QUEUE_BASE=/x post -f a@mx.example.net to@far.example
is "QUEUE_BASE in the environment: it is not loaded" "$? $(both)" "0 1 0"; drain

# ---- ~/.defaultqueue; not for root, so this runs as somebody else
H=$HOME/.defaultqueue
if [ "$($AS id -u)" != 0 ]; then
	rm -r "$D"; mkdir "$H"; echo "$Q2" >"$H/QUEUEDIR"; mine "$H"
	letter | post -f a@mx.example.net to@far.example
	is "the home directory's .defaultqueue" "$? $(both)" "0 0 1"; drain
	letter | SKIP_LOCAL_ENVIRONMENT=1 post -f a@mx.example.net to@far.example
	is "SKIP_LOCAL_ENVIRONMENT: not loaded" "$? $(both)" "0 1 0"; drain
	mkdir "$D"; echo "$QUEUEDIR" >"$D/QUEUEDIR"; mine "$D"
	letter | post -f a@mx.example.net to@far.example
	is "what the administrator sets holds over the user's" "$? $(both)" "0 1 0"; drain
	echo /x >"$H/QUEUE_BASE"; mine "$H"
	letter | post -f a@mx.example.net to@far.example 2>"$TMP/e"
	is "QUEUE_BASE there is refused, the administrator's is loaded" "$? $(both)" "0 1 0"; drain
	like "with a warning" "$(cat "$TMP/e")" '^sendmail: warning: nothing of \.defaultqueue.*/QUEUE_BASE: not the name'
	rm -r "$D" "$H/QUEUE_BASE"
	echo x >"$H/LD_PRELOAD"; mine "$H"
	letter | post -f a@mx.example.net to@far.example 2>"$TMP/e"
	is "one bad name: none of its changes, and mail goes" "$? $(both)" "0 1 0"; drain
	like "LD_PRELOAD is named" "$(cat "$TMP/e")" 'LD_PRELOAD: not the name'
	rm "$H/LD_PRELOAD"; chmod 777 "$H"
	letter | post -f a@mx.example.net to@far.example 2>"$TMP/e"
	is "others may write it: not used" "$? $(both)" "0 1 0"; drain
	like "which is said" "$(cat "$TMP/e")" 'writable by nobody else'
	rm -r "$H"
	# Runs as nobody with root's home: nothing to say.
	if [ -n "$AS" ]; then
		mkdir "$TMP/closed"; chmod 700 "$TMP/closed"
		letter | HOME=$TMP/closed post -f a@mx.example.net to@far.example 2>"$TMP/e"
		is "a home that is closed to us: no word" "$? $(both) $(cat "$TMP/e")" "0 1 0 "; drain
		mkdir "$H"; echo "$Q2" >"$H/QUEUEDIR"; chmod -R 755 "$H"; chown -R 1:1 "$H"
		letter | post -f a@mx.example.net to@far.example 2>"$TMP/e"
		is "somebody else's directory: not used" "$? $(both)" "0 1 0"; drain
		rm -r "$H"
	else
		skip "a home that is closed to us: no word" "needs root"
		skip "somebody else's directory: not used" "needs root"
	fi
else
	skip "the home directory's .defaultqueue" "this user is root"
fi

# ---- errors in the administrator's directory stop everything
rm -rf "$D"; mkdir "$D"; echo x >"$D/BAD-NAME"; mine "$D"
letter | post -f a@mx.example.net to@far.example 2>"$TMP/e"
is "a bad name in control/defaultqueue: 75, no message" "$? $(both)" "75 0 0"
like "the file is named" "$(cat "$TMP/e")" '^sendmail: unable to load variables: .*/defaultqueue/BAD-NAME: not the name'
letter | $AS "$RBIN/qmail-inject" to@far.example 2>/dev/null
is "qmail-inject: 111" "$? $(both)" "111 0 0"
run
is "qmta-send: 111" "$EXIT" 111
like "qmta-send says it" "$(cat "$LOG")" '^qmta-send: unable to load variables: .*/defaultqueue/BAD-NAME: not the name'
$AS "$RBIN/qmail-qread" >/dev/null 2>&1
is "qmail-qread: 111" "$?" 111
rm "$D/BAD-NAME"; chmod 777 "$D"
letter | post -f a@mx.example.net to@far.example 2>"$TMP/e"
is "others may write control/defaultqueue: 75" "$? $(both)" "75 0 0"
rm -rf "$D"

# ---- a set-id program loads nothing
mkdir "$D"; echo "$Q2" >"$D/QUEUEDIR"; chmod -R 755 "$D"; chown -R 0:0 "$D" 2>/dev/null
setid=''
if [ -n "$AS" ] && [ "${VARIANT:-static}" = static ]; then
	cp "$(command -v id)" "$TMP/id"; mkdir "$TMP/setid"; cp "$RBIN/qmta" "$TMP/setid/"
	chown 1:1 "$TMP/id" "$TMP/setid/qmta"; chmod 6755 "$TMP/id" "$TMP/setid/qmta"
	[ "$($AS "$TMP/id" -u)" = 1 ] && setid=1	# not where set-id bits mean nothing
fi
looks() { $AS "$1" qmail-showctl | sed -n 's/^\(!! \)*queue directory:* \([^ :]*\).*/\2/p'; }
is "without such a bit: loaded" "$(looks "$RBIN/qmta")" "$Q2"
if [ -n "$setid" ]; then
	like "set-user-id: not loaded, and no QUEUEDIR of the caller" "$(looks "$TMP/setid/qmta")" '^/var/'
else
	skip "set-user-id: not loaded, and no QUEUEDIR of the caller" "needs root, and set-id bits that count"
fi
rm -rf "$D"

# ---- rules
program() { # NAME: a queue program that notes its name, what it got, and $MARK
	cat >"$TMP/$1" <<-EOF
		#!/bin/sh
		exec 3<&1
		cat >/dev/null
		{ printf '%s %s ' $1 "\$MARK"; tr '\\0' ' ' <&3; echo; } >>"$TMP/sink/ran"
	EOF
	chmod 755 "$TMP/$1"
}
program one; program two; program three
ran() { cat "$TMP/sink/ran" 2>/dev/null; rm -f "$TMP/sink/ran"; }
printf '%s\n' "# who" "kim@*:QMAILQUEUE=$TMP/one,MARK=kims" "*@mx.example.net:MARK=any" \
	>"$CONTROLDIR/from.envrules"
letter | post -f KIM@mx.example.net to@far.example
is "from.envrules: the first line that matches" "$? $(ran)" \
	"0 one kims FKIM@mx.example.net Tto@far.example  "
letter | post -f lee@mx.example.net to@far.example
is "another sender: the queue" "$? $(both) $(ran)" "0 1 0 "; drain
printf '%s\n' "boss@*:QMAILQUEUE=$TMP/two" "to@*:QMAILQUEUE=$TMP/three,MARK=" \
	>"$CONTROLDIR/rcpt.envrules"
letter | MARK=x post -f lee@mx.example.net else@far.example to@far.example boss@far.example
is "rcpt.envrules: the first recipient that a line matches" "$? $(ran)" \
	"0 three  Flee@mx.example.net Telse@far.example Tto@far.example Tboss@far.example  "
printf 'To: boss@far.example\n\nx\n' | post -t -f kim@mx.example.net
is "recipients of the header count; they beat the sender" "$? $(ran)" \
	"0 two kims Fkim@mx.example.net Tboss@far.example  "
printf '%s\n' "*.example:QMAILQUEUE=$TMP/one" >"$CONTROLDIR/domainqueue"
letter | MARK=x post -f lee@mx.example.net to@FAR.example
is "domainqueue beats both" "$? $(ran)" "0 one  Flee@mx.example.net Tto@FAR.example  "
echo "lee@*:QMAILQUEUE=$TMP/two" >"$CONTROLDIR/other"
rm "$CONTROLDIR/domainqueue" "$CONTROLDIR/rcpt.envrules"
letter | MARK=x FROMRULES=other post -f lee@mx.example.net to@far.example
is "FROMRULES names another control file" "$? $(ran)" "0 two x Flee@mx.example.net Tto@far.example  "
letter | MARK=x FROMRULES=$CONTROLDIR/other post -f lee@mx.example.net to@far.example
is "or a whole path" "$? $(ran)" "0 two x Flee@mx.example.net Tto@far.example  "
echo "lee@*:PATH=/x" >"$CONTROLDIR/from.envrules"
letter | post -f lee@mx.example.net to@far.example 2>"$TMP/e"
is "a rule that sets PATH: 75, no message" "$? $(both)" "75 0 0"
like "the file is named" "$(cat "$TMP/e")" 'from\.envrules: it sets what may not be set'
letter | $AS "$RBIN/qmail-inject" -f 'x:PATH=/x,@mx.example.net' to@far.example 2>"$TMP/e"
is "an address that looks like a rule is just an address" "$? $(both)" "0 1 0"; drain
rm "$CONTROLDIR/from.envrules"

# ---- the snapshot
n=0; while [ $n -lt 150 ]; do : >"$CONTROLDIR/a-name-that-fills-the-snapshot-$n"; n=$((n + 1)); done
echo 10 >"$CONTROLDIR/databytes"
letter | post -f lee@mx.example.net to@far.example 2>"$TMP/e"
is "more files than the snapshot holds: settings still count" "$? $(both)" "65 0 0"
rm "$CONTROLDIR"/a-name*
letter | post -f lee@mx.example.net to@far.example 2>"$TMP/e"
is "and with few files" "$? $(both)" "65 0 0"
if [ -n "$AS" ]; then
	chmod 711 "$CONTROLDIR"; chown 0 "$CONTROLDIR"
	letter | post -f lee@mx.example.net to@far.example 2>"$TMP/e"
	is "and when the directory cannot be listed" "$? $(both)" "65 0 0"
	chmod 755 "$CONTROLDIR"
else
	skip "and when the directory cannot be listed" "needs root"
fi
rm "$CONTROLDIR/databytes"

# ---- limits of one queue among several
echo 3 >"$CONTROLDIR/concurrencylocal"; echo 4 >"$CONTROLDIR/concurrencyremote"
echo 7 >"$CONTROLDIR/concurrencyl.queue"; echo 8 >"$CONTROLDIR/concurrencyr.queue"
echo 9 >"$CONTROLDIR/concurrencyl.queue2"
letter | post -f a@mx.example.net to@far.example
run -a
like "concurrencyl.NAME and concurrencyr.NAME" "$(cat "$LOG")" '^status: local 0/7 remote 1/8$'
QUEUEDIR=$QUEUEDIR/ run -a
like "a slash at the end is no name" "$(cat "$LOG")" '^status: local 0/7 remote 1/8$'
echo 1 >"$CONTROLDIR/holdlocal"
run -a
like "hold beats them" "$(cat "$LOG")" '^status: local 0/0 remote 1/8$'
done_testing
