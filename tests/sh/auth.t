#!/bin/sh
# auth.t: logins to a relay: every mechanism, where the secret comes from, and that it is
# shown to nobody who has not proven who he is. A login that fails is never the end of a
# mail, and no mail goes without it.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
. "$TOP/tests/lib/tlsca.sh"
. "$TOP/tests/lib/tlssink.sh"
tls_runner 3
printf 'Subject: test\n\ntext\n' >"$TMP/msg"
tls_cert ip
SECRET='sesame%20and%2C%25'	# as the route has it
PLAIN='sesame and,%'
LONG=$(python3 -c 'print("t0ken." * 1900, end="")')	# 11400 bytes
printf '%s\n' "joe@example.net:$PLAIN" "tok:$LONG" "tok2:fresh-token" "short:s3cret-token" >"$TMP/logins"

tls() {
	tls_start --cert "$TLSCA/ip.pem" --key "$TLSCA/ip.key" --logins "$TMP/logins" --need-auth "$@"
}
# route LOGIN-AND-OPTIONS
route() {
	echo ":127.0.0.1:$PORT $1" >"$CONTROLDIR/smtproutes"
	chmod 600 "$CONTROLDIR/smtproutes"
	: >"$SINKLOG"
	: >"$TMP/wire"
	rm -f "$MAILS"/*
}
remote() { "$BIN/qmail-remote" far.example me@example.net a@far.example <"$TMP/msg" | tr '\0\n' '|/'; }
goes() { # WHAT MECHANISM [USER]
	like "$1" "$(remote)" '^r\|K127.0.0.1 accepted message'
	is "$1: how" "$(wire auth)" "$2 ${3:-joe@example.net} ok"
	is "$1: it has arrived" "$(files "$MAILS")" 1
}
safe() { ok "$1: the secret was nowhere in the clear" wire secret sesame and,% joe@example t0ken; }
waits() { # WHAT PATTERN
	like "$1" "$(remote)" "^Z.*$2"
	is "$1: no mail went" "$(files "$MAILS")$(grep -c 'C MAIL' "$SINKLOG")" 00
}
CA=CAFILE=$TLSCA/roots.pem
LOGIN="joe@example.net $SECRET"

# --- mechanisms ---
all='PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256'
tls --tls starttls --auth "$all SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS GSSAPI"
route "$LOGIN $CA"
goes 'the strongest' SCRAM-SHA-256-PLUS
safe 'the strongest'
for m in SCRAM-SHA-1-PLUS $all; do
	route "$LOGIN $CA,AUTH_SMTP=$m"
	case $m in
	SCRAM-SHA-1|SCRAM-SHA-256) continue ;;	# a server with -PLUS takes none of it
	esac
	goes "AUTH_SMTP=$m" "$m"
	safe "AUTH_SMTP=$m"
done
route "$LOGIN $CA,AUTH_SMTP=GSSAPI"
waits 'a mechanism that is not ours' 'No login'
route "$LOGIN $CA"
AUTH_SMTP=PLAIN
export AUTH_SMTP
goes 'AUTH_SMTP of the environment' PLAIN
unset AUTH_SMTP
for m in $all; do
	[ -z "${QMTA_SHORT:-}" ] || [ $m = LOGIN ] || continue
	tls --tls starttls --auth "$m"
	route "$LOGIN $CA"
	goes "only $m" "$m"
done
tls --tls starttls --auth "$all" --max 1.2
route "$LOGIN $CA"
goes 'TLS 1.2' SCRAM-SHA-256
tls --tls starttls --cap-tls "AUTH=PLAIN"  --auth ''
route "$LOGIN $CA"
waits 'AUTH= is heard, too' 'login|accept'
like 'and PLAIN is what was tried' "$(cat "$SINKLOG")" 'C AUTH PLAIN'
tls --tls starttls
route "$LOGIN $CA"
waits 'no AUTH at all' 'No login at 127.0.0.1: .*#4\.7\.0'
tls --tls starttls --auth PLAIN --auth-only-clear --auth-clear
route "$LOGIN $CA"
waits 'what was offered before TLS does not count' 'No login'
safe 'what was offered before TLS does not count'

# --- refused ---
tls --tls starttls --auth "PLAIN LOGIN"
route "joe@example.net wrong $CA"
waits 'a wrong password' 'app password.*#4.7.8.*Remote host said: 535'
is 'once' "$(wire auth)" 'PLAIN joe@example.net no'
if [ -n "${QMTA_SHORT:-}" ]; then
	set -- '454 4.7.0 later' '500 5.5.1 what' drop '334 !!!'
else
	set -- '535 5.7.8 no' '534 5.7.9 app password' '454 4.7.0 later' '538 5.7.11 TLS' '530 5.7.0 no' \
	'500 5.5.1 what' '503 5.5.1 no' '504 5.5.4 no' '432 4.7.12 change it' '354 go on' \
	'close 421 4.7.0 bye' drop 'raw nonsense' '334 !!!' '334 YQ==' stall
fi
for code; do
	script "AUTH * $code"
	route "$LOGIN $CA"
	waits "AUTH: $code" '127.0.0.1.*#4\.'
done
echo_of=$(printf '\0joe@example.net\0%s' "$PLAIN" | base64 | tr -d '\n')
for code in 500 501 502; do
	script "AUTH * $code-5.5.1 Command unrecognized:\\n$code AUTH PLAIN $echo_of"
	got=$(remote)
	like "$code: waits" "$got" "^Z.*does not accept.*$code"
	is "$code: what the server repeats is not shown" "$(echo "$got" | grep -c "$echo_of")" 0
done
script 'AUTHEND * 250 2.0.0 strange'
route "$LOGIN $CA"
like 'a yes that was none: the mail waits for the login' "$(remote)" '^Z.*530 5.7.0 Authentication required'
script 'AUTHEND * close 535 5.7.8 no'
route "$LOGIN $CA"
waits 'refused at the end' '535 5.7.8 no'

# --- secrets from elsewhere ---
tls --tls starttls --auth "PLAIN OAUTHBEARER XOAUTH2"
printf '%s\n' "$PLAIN" >"$TMP/pass"
chmod 600 "$TMP/pass"
route "joe@example.net - passfile=$TMP/pass,$CA"
goes 'passfile=' PLAIN
safe 'passfile='
chmod 644 "$TMP/pass"
route "joe@example.net - PASSFILE=$TMP/pass,$CA"
waits 'a file that others may read' "$TMP/pass"
is 'nothing was said of the login' "$(wire auth)" ''
route "joe@example.net - PASSFILE=$TMP/none,$CA"
waits 'no such file' "$TMP/none"
cat >"$TMP/cmd" <<-C
	#!/bin/sh
	echo x >>"$TMP/runs"
	[ "\$QMTA_REFRESH" = 1 ] && echo '$PLAIN' || echo stale
C
chmod 755 "$TMP/cmd"
: >"$TMP/runs"
route "joe@example.net - PASSCMD=$TMP/cmd,$CA"
like 'PASSCMD=, refreshed once' "$(remote)" '^r.K'
is 'on the same connection' "$(conns) $(wire auth | tr '\n' ' ')" \
	'1 PLAIN joe@example.net no PLAIN joe@example.net ok '
is 'the command ran twice' "$(wc -l <"$TMP/runs")" 2
echo 'echo wrong; echo x >>'"$TMP/runs" >"$TMP/cmd2"
: >"$TMP/runs"
route "joe@example.net - PASSCMD=sh%20$TMP/cmd2,$CA"
waits 'PASSCMD= with a wrong one' '535'
is 'not more than twice' "$(wc -l <"$TMP/runs") $(wire auth | wc -l)" '2 2'
: >"$TMP/runs"
script 'AUTHEND * close 535 5.7.8 no'
route "joe@example.net - PASSCMD=$TMP/cmd,$CA"
waits '535 and gone' '127.0.0.1'
is 'the command is told all the same' "$(wc -l <"$TMP/runs")" 2
script
route "short - TOKENCMD=printf%20s3cret-token,$CA"
goes 'TOKENCMD=' OAUTHBEARER short
route "short - TOKENCMD=printf%20s3cret-token,AUTH_SMTP=XOAUTH2,$CA"
goes 'XOAUTH2' XOAUTH2 short
route "tok2 - TOKENCMD=echo%20\${QMTA_REFRESH:+fresh-token},$CA"
waits 'TOKENCMD= that has none at first' 'there is no token in what the command says'
route "tok2 - TOKENCMD=echo%20\${QMTA_REFRESH:+fresh-}token,$CA"
like 'a token, refreshed once' "$(remote)" '^r.K'
is 'on the same connection, too' "$(conns) $(wire auth | tr '\n' ' ')" \
	'1 OAUTHBEARER tok2 no OAUTHBEARER tok2 ok '
printf '%s' "$LONG" >"$TMP/token"
chmod 600 "$TMP/token"
for m in OAUTHBEARER XOAUTH2; do
	route "tok - TOKENFILE=$TMP/token,AUTH_SMTP=$m,$CA"
	goes "a token of ${#LONG} bytes, $m" "$m" tok
	is "$m: not in the AUTH line" "$(grep -c "C AUTH $m$" "$SINKLOG")" 1
done
safe 'a long token'

# --- to whom ---
tls --tls starttls --auth "$all" --auth-clear
for o in "" TLS=verify TLS=may TLS=must,PIN=$(printf %064d 0); do
	route "$LOGIN ${o:-HELO=x}"
	waits "not verified: ${o:-no word}" 'TLS'
	safe "not verified: ${o:-no word}"
done
route "$LOGIN TLS=may"
waits 'TLS=may' 'only to a server that TLS has verified'
is 'TLS was on' "$(wire handshakes | cut -d' ' -f1)" 1
is 'and no AUTH' "$(wire tls | grep -c AUTH)" 0
echo must >"$CONTROLDIR/smtptls"
route "$LOGIN"
waits 'must, but not by the route' 'only to a server that TLS has verified'
rm "$CONTROLDIR/smtptls"
route "$LOGIN TLS=must"
like 'TLS=must by the route' "$(remote)" '^r.K'
safe 'TLS=must'
route "$LOGIN PIN=$(tls_pin ip)"
like 'a pin' "$(remote)" '^r.K'
tls --tls none --auth PLAIN
route "$LOGIN"
waits 'no TLS' 'STARTTLS'
safe 'no TLS'
route "$LOGIN TLS=may"
waits 'no TLS, TLS=may' 'only to a server'
safe 'no TLS, TLS=may'
route "$LOGIN TLS=none"
like 'no TLS on loopback, and the route says so' "$(remote)" '^r.K'
is 'it is plain' "$(wire clear | grep -c 'AUTH PLAIN')" 1
echo "127.0.0.1 relay.example.org localhost" >"$TMP/hosts"
named() { # HOST: where any name may be the loopback's
	echo ":$1:$PORT $LOGIN TLS=none" >"$CONTROLDIR/smtproutes"
	: >"$TMP/wire"
	unshare -m sh -c "mount --bind '$TMP/hosts' /etc/hosts && exec '$BIN/qmail-remote' far.example \
		me@example.net a@far.example" <"$TMP/msg" 2>/dev/null | tr '\0\n' '|/'
}
got=$(named localhost)
case $got in
'')	skip 'a name that is said to be this machine' 'no mounts here' ;;
*)	like 'localhost' "$got" '^r.K'
	like 'a name that is said to be this machine' "$(named relay.example.org)" '^Z.*only to a server'
	safe 'a name that is said to be this machine' ;;
esac
NC=python3%20$TOP/tests/lib/nc.py%20
echo ":|$NC$PORT $LOGIN" >"$CONTROLDIR/smtproutes"
rm -f "$MAILS"/*
like 'a command: no network in between' "$(remote)" "^r.Kthe relay's command accepted message\\."
tls --tls starttls --auth PLAIN
echo ":|$NC$PORT $LOGIN TLS=verify,TLSNAME=mail.example.net,$CA" >"$CONTROLDIR/smtproutes"
like 'TLS through a command' "$(remote)" "^r.Kthe relay's command accepted message \\(TLSv1.3, verified\\)"
echo ":|$NC$PORT $LOGIN TLS=verify,$CA" >"$CONTROLDIR/smtproutes"
like "TLS through a command, and no name to verify" "$(remote)" "^ZA relay that is a command is verified by TLSNAME="

# --- one relay after the other ---
echo ":127.0.0.1:1,127.0.0.1:$PORT $LOGIN $CA" >"$CONTROLDIR/smtproutes"
like 'the second relay gets the login' "$(remote)" '^r.K'
script 'AUTH #1 454 4.7.0 not now'
: >"$SINKLOG"
echo ":127.0.0.1:$PORT,127.0.0.1:$PORT $LOGIN $CA" >"$CONTROLDIR/smtproutes"
like 'a login that fails at the first' "$(remote)" '^r.K'
is 'two connections' "$(grep -c ' connect$' "$SINKLOG")" 2

# --- by the runner: it waits, and what it has said is in the log ---
script
route "joe@example.net - PASSFILE=$TMP/runpass,$CA"
chown "$(stat -c %u "$QUEUEDIR")" "$CONTROLDIR/smtproutes"
echo wrong >"$TMP/runpass"
chmod 600 "$TMP/runpass"
chown "$(stat -c %u "$QUEUEDIR")" "$TMP/runpass"
printf 'To: a@far.example\n\ntext\n' | post -f "$WHO" a@far.example
run
is 'a wrong password: it stays in the queue' "$EXIT $(queued)" '75 1'
like 'and the log says why' "$(cat "$LOG")" 'deferral:.*does_not_accept_the_login.*535'
printf '%s\n' "$PLAIN" >"$TMP/runpass"
run -a
is 'the right one: it goes' "$EXIT $(queued) $(files "$MAILS")" '0 0 1'
is 'no secret in the log' "$(grep -c -e sesame -e "$PLAIN" "$LOG")" 0

# --- /r: each recipient has the login that remote_auth has for him ---
WORKER=$(stat -c %u "$QUEUEDIR")
cat >"$CONTROLDIR/remote_auth" <<-R
	ann@far.example:joe@example.net $SECRET
	bob@far.example:short s3cret-token
	@third.example:short s3cret-token
R
tls --tls starttls --auth PLAIN
route "/r $CA"
for f in remote_auth smtproutes; do
	chmod 600 "$CONTROLDIR/$f"
	chown "$WORKER" "$CONTROLDIR/$f"
done
# Who logged in for whom, a line for each connection that got as far.
who() {
	awk '/C AUTH/ { n[$1] = $5 } /C RCPT/ { print n[$1], $4 }' "$SINKLOG" | while read -r a r; do
		echo "$(echo "$a" | base64 -d | tr '\0' ' ' | cut -d' ' -f2) $r"
	done | sort | tr '\n' '|'
}
post -f "$WHO" bob@far.example eve@else.example ann@far.example x@third.example <"$TMP/msg"
run
is '/r: three go, one has no login and waits' "$EXIT $(queued) $(files "$MAILS")" '75 1 3'
is '/r: each with his own' "$(who)" \
	'joe@example.net TO:<ann@far.example>|short TO:<bob@far.example>|short TO:<x@third.example>|'
is '/r: a login for each' "$(grep -c 'C AUTH' "$SINKLOG")" 3
is '/r: the log says who has none' "$(grep -c 'deferral:.*remote_auth_has_no_login_for_eve@else.example' "$LOG")" 1
echo ':joe@example.net '"$SECRET" >>"$CONTROLDIR/remote_auth"
: >"$SINKLOG"
run -a
is '/r: he goes when there is a login for all others' "$EXIT $(queued) $(who)" \
	'0 0 joe@example.net TO:<eve@else.example>|'
: >"$SINKLOG"
for i in 1 2 3; do
	post -f "$WHO" ann@far.example <"$TMP/msg"
	post -f "$WHO" bob@far.example <"$TMP/msg"
done
run
is '/r: six messages, two logins, two connections' \
	"$EXIT $(queued) $(conns) $(grep -c 'C AUTH' "$SINKLOG") $(grep -c 'C RCPT' "$SINKLOG")" '0 0 2 2 6'
is '/r: and none with the login of another' "$(who | tr '|' '\n' | uniq -c | tr -s ' ' | tr '\n' '|')" \
	' 3 joe@example.net TO:<ann@far.example>| 3 short TO:<bob@far.example>|'
several() { "$BIN/qmail-remote" far.example me@example.net "$@" <"$TMP/msg" | tr '\0\n' '|/'; }
chown "$(id -u)" "$CONTROLDIR/remote_auth"
like '/r: qmail-remote, one' "$(several bob@far.example)" '^r\|K'
: >"$SINKLOG"
like '/r: qmail-remote, several: later' "$(several bob@far.example ann@far.example)" \
	'^ZEach recipient has a login of his own .*one at a time'
is '/r: and nobody was asked' "$(conns)" 0
rm "$CONTROLDIR/remote_auth"
done_testing
