#!/bin/sh
# qmta check: every step with its words, what providers are known to say, JSON, exit codes,
# and that no secret is ever shown nor any mail sent that was not asked for.
# shellcheck disable=SC2086 # $AS is words
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
. "$TOP/tests/lib/qmqp.sh"
. "$TOP/tests/lib/tlsca.sh"
"$BIN/qmta" check --help >"$TMP/.help" 2>&1 || skip_all "qmta check is not built in"
runner_root
trap 'sink_stop; qmqp_stop q; rm -rf "$TMP"' EXIT
: >"$TMP/all"

put() { # FILE FORMAT ARGUMENT...
	f=$CONTROLDIR/$1; shift
	# shellcheck disable=SC2059
	printf "$@" >"$f"
	chmod 600 "$f"
	[ -z "$AS" ] || chown 65534:65534 "$f"
}
check() { # ARGUMENT...: output in $OUT, exit in $EXIT
	EXIT=0
	OUT=$($AS timeout 60 "$RBIN/qmta" check "$@" 2>&1) || EXIT=$?
	echo "$OUT" >>"$TMP/all"
}
script() { printf '%s\n' "$@" >"$TMP/script"; }

# ---- without TLS
sink_start
check "127.0.0.1:$PORT TLS=none"
is "without TLS: exit 0" "$EXIT" 0
like "connected" "$OUT" "^ok connect   127\.0\.0\.1 port $PORT answers$"
like "in the clear is said" "$OUT" '^-- tls       none: anybody on the way'
like "the recipient" "$OUT" "^ok recipient <$WHO@mx\.example\.net> is taken$"
sink_stop
case $("$BIN/qmta" --version) in
*"Mbed TLS"*) ;;
*)
	check "127.0.0.1:1 kim secretword"
	like "no TLS in this program" "$OUT" '^!! tls .*not built'
	done_testing ;;
esac
command -v openssl >/dev/null || { skip "the rest" "no openssl"; done_testing; }

script '# nothing'
tls_sink p256 --auth "PLAIN SCRAM-SHA-256" --login kim:secretword --need-auth --script "$TMP/script"
V="TLS=verify,CAFILE=$TLSCA/roots.pem,TLSNAME=mail.example.net"
put smtproutes ':127.0.0.1:%s kim secretword %s\n' "$PORT" "$V"

# ---- all is well
check ann@b.example
is "all is well: exit 0" "$EXIT" 0
like "the route, with its user" "$OUT" "^-- route     mail for ann@b\.example goes to 127\.0\.0\.1:$PORT, as kim$"
like "connected" "$OUT" "^ok connect   127\.0\.0\.1 port $PORT answers$"
like "TLS: version and cipher" "$OUT" '^ok tls       TLSv1\.3, TLS1-3-[A-Z0-9-]*, verified by an authority$'
like "the certificate" "$OUT" '^ok name      certificate of mail\.example\.net, issued by Test root eca, good for (89|90) days$'
like "a pin to copy" "$OUT" "^-- pin       PIN=$(tls_pin p256)$"
like "the login" "$OUT" '^ok login     SCRAM-SHA-256 as kim$'
like "the sender" "$OUT" "^ok sender    <$WHO@mx\.example\.net> may send$"
like "the recipient" "$OUT" '^ok recipient <ann@b\.example> is taken$'
is "each in one line" "$(echo "$OUT" | wc -l | tr -d ' ')" 8
is "no mail was sent" "$(mails) $(grep -c 'C DATA' "$SINKLOG")" "0 0"
pin=$(echo "$OUT" | sed -n 's/.*PIN=//p')
put smtproutes ':127.0.0.1:%s kim secretword PIN=%s\n' "$PORT" "$pin"
check ann@b.example
like "that pin, copied" "$OUT" '^ok tls .*verified by its pin$'

# ---- --send, --from, JSON
put smtproutes ':127.0.0.1:%s kim secretword %s\n' "$PORT" "$V"
check --send --from bo@a.example ann@b.example
is "--send: exit 0 and one message" "$EXIT $(mails)" "0 1"
like "--send: said" "$OUT" '^ok message   127\.0\.0\.1 accepted message'
m=$(cat "$MAILS"/0001)
like "its envelope" "$m" '^MAIL FROM:<bo@a\.example>'
like "its header: From" "$m" '^From: bo@a\.example'
like "its header: Date" "$m" '^Date: .*[0-9]{4} [0-9:]{8} '
like "its header: Message-ID" "$m" '^Message-ID: <[^>]+@[^>]+>'
if "$BIN/qmta" --help 2>&1 | grep -q dkim-key; then
	put dkim.key '%s\n' "$(openssl genrsa 2048 2>/dev/null)"
	put dkim 'a.example sel dkim.key\n'
	check --send --from bo@a.example ann@b.example
	is "--send: a message that is to be signed" "$EXIT $(mails)" "0 2"
	like "--send: its signature" "$(cat "$MAILS"/0002)" '^DKIM-Signature: .* d=a\.example; s=sel;'
	rm "$CONTROLDIR/dkim" "$CONTROLDIR/dkim.key"
else
	skip "--send: a message that is to be signed" "CFG_DKIMKEY is 0"
fi
check --json ann@b.example
is "JSON: exit 0" "$EXIT" 0
echo "$OUT" | python3 -c 'import json, sys
o = json.load(sys.stdin)
assert o["ok"] is True
print(*[s["step"] + ":" + str(s["ok"]) for s in o["steps"]])' >"$TMP/json" 2>&1
is "JSON: the steps" "$(cat "$TMP/json")" \
	"route:None connect:True tls:True name:True pin:None login:True sender:True recipient:True"

# ---- what is wrong, and what to do
bad() { # NAME SCRIPT STEP HINT
	script "$2"
	check ann@b.example
	like "$1: the step" "$OUT" "^!! $3 "
	like "$1: what to do" "$OUT" "^   try +.*$4"
	is "$1: exit 1" "$EXIT" 1
}
bad "app password" 'AUTHEND * 534-5.7.9 Application-specific password required.' login 'app password'
bad "wrong password" 'AUTHEND * 535 5.7.8 Username and Password not accepted.' login 'whole address'
bad "Microsoft" 'AUTHEND * 535 5.7.139 Authentication unsuccessful, basic authentication is disabled.' \
	login 'SMTP AUTH is off'
bad "login wanted" 'MAIL * 530 5.7.0 Authentication Required.' sender 'wants a login'
bad "another's sender" 'MAIL * 553 5.7.1 <x@y>: Sender address rejected: not owned by user kim' \
	sender "login's own address"
bad "relay" 'RCPT * 554 5.7.1 <ann@b.example>: Relay access denied' recipient 'does not know us'
bad "block list" 'RCPT * 550 5.7.1 blocked using zen.example' recipient "provider's relay"
bad "several lines" 'RCPT * 450 4.7.1 first\nGreylisted, see web' recipient 'not an error'
script '# nothing'
check 127.0.0.1:1
like "nobody listens" "$OUT" '^!! connect .*refused'
like "and a hint" "$OUT" '^   try .*587'
is "exit 1" "$EXIT" 1
put smtproutes ':127.0.0.1:%s kim wrongword %s\n' "$PORT" "$V"
check ann@b.example
like "a real wrong password" "$OUT" '^!! login .*535'
put smtproutes ':127.0.0.1:%s kim secretword TLS=verify,CAFILE=%s\n' "$PORT" "$TLSCA/roots.pem"
check ann@b.example
like "another name" "$OUT" '^!! tls .*for mail\.example\.net and not for 127\.0\.0\.1'
is "a hash has no hint in it" "$(echo "$OUT" | grep -c '^   try')" 0
script 'EHLO * strip'
put smtproutes ':127.0.0.1:%s kim secretword %s\n' "$PORT" "$V"
check ann@b.example
like "STARTTLS stripped" "$OUT" '^!! tls .*does not offer STARTTLS'
script 'HANDSHAKE * sleep 0.1 garbage hello'
check ann@b.example
like "no TLS there" "$OUT" '^!! tls '
put smtproutes ':127.0.0.1:%s TLS=may\n' "$PORT"
script 'HANDSHAKE * sleep 0.1 garbage hello' 'MAIL * 250 fine'
check ann@b.example
like "may: the handshake fails, and it goes without" "$OUT" '^-- tls .*without TLS, as nobody'
like "which is said" "$OUT" '^-- tls .*anybody on the way'
is "and is good enough" "$EXIT" 0
script 'CONNECT * 554 5.7.1 go away'
check ann@b.example
like "an unfriendly greeting" "$OUT" '^!! greeting .*go away'
script 'MAIL * 250 fine'

# ---- which routes
put smtproutes ':127.0.0.1:1,127.0.0.1:%s TLS=must\n' "$PORT"
check ann@b.example
like "two relays: the first is dead" "$OUT" '^!! connect '
is "the second takes it" "$EXIT" 0
like "not verified is said" "$OUT" '^-- tls .*anybody could have answered'
put smtproutes 'b.example:127.0.0.1:%s TLS=must\nc.example:127.0.0.1:1\nd.example:127.0.0.1:1\n:127.0.0.1:%s TLS=none\n' \
	"$PORT" "$PORT"
check
is "all routes: one is dead: 1" "$EXIT" 1
is "each value once" "$(echo "$OUT" | grep -c '^-- route')" 3
like "each by its name" "$OUT" '^-- route     mail for all others goes to'
check b.example
like "a domain: its postmaster" "$OUT" '^ok recipient <postmaster@b\.example>'
put senderroutes 'lee@a.example:127.0.0.1:%s lee otherword TLS=must\n' "$PORT"
check --from lee@a.example ann@elsewhere.example
like "the sender's own relay" "$OUT" '^-- route .*as lee$'
check
like "all routes: senders, too" "$OUT" '^-- route     mail for lee@a\.example goes to .*as lee$'
rm "$CONTROLDIR/senderroutes"
put smtproutes ':127.0.0.1:%s kim secretword TLS=perhaps\n' "$PORT"
check ann@b.example
like "a setting that makes no sense" "$OUT" '^!! config .*TLS= is none, may'
put smtproutes ':127.0.0.1:%s kim secretword %s\n' "$PORT" "$V"
chmod 644 "$CONTROLDIR/smtproutes"
check ann@b.example
like "a password that others may read" "$OUT" '^!! config .*smtproutes'
is "exit 1" "$EXIT" 1
rm "$CONTROLDIR/smtproutes"
check
is "no relay: nothing to check" "$EXIT" 0
like "which is said" "$OUT" '^-- route .*mail exchangers'
check "127.0.0.1:$PORT kim secretword $V"
is "a route on the command line" "$EXIT" 0
check '|exec%20false'
like "a command that ends" "$OUT" '^!! greeting '

# ---- never as root, to whom everything is readable
if [ -n "$AS" ]; then
	put smtproutes ':127.0.0.1:%s kim - PASSCMD=id%%20-u>&2;exit%%203,%s\n' "$PORT" "$V"
	EXIT=0
	OUT=$(timeout 60 "$RBIN/qmta" check ann@b.example 2>&1) || EXIT=$?
	like "root: a worker runs the commands" "$OUT" \
		"^!! login .*exit code 3: $(id -u qmailr 2>/dev/null || echo 65534)[.]"
	is "root: exit 1" "$EXIT" 1
	put smtproutes ':127.0.0.1:%s kim - PASSFILE=pass,%s\n' "$PORT" "$V"
	put pass 'secretword\n'
	chown 0:0 "$CONTROLDIR/pass"
	EXIT=0
	OUT=$(timeout 60 "$RBIN/qmta" check --json ann@b.example 2>&1) || EXIT=$?
	like "root: what no worker may read is not read" "$OUT" '"login","ok":false,.*pass'
	ok "root: JSON is whole" python3 -c 'import json, sys; json.loads(sys.argv[1])' "$OUT"
	put pass 'secretword\n'
	chown "$(id -u qmailr 2>/dev/null || echo 65534)" "$CONTROLDIR/pass"
	is "root: what he may is" "$(timeout 60 "$RBIN/qmta" check ann@b.example | grep -c '^ok login')" 1
	rm "$CONTROLDIR/smtproutes"
else
	skip "a check by root" "not root"
fi

# ---- nonsense
for a in 'ann@' '@' '' 'a b@c'; do
	check "$a"
	is "\"$a\" is refused" "$([ $EXIT != 0 ] && echo no)" no
done
check "$(printf 'ann@b.example\r\nRSET')"
like "a line end in an address" "$OUT" 'no address'
is "is not said to anybody" "$(grep -c 'C RSET' "$SINKLOG")" 0
check --what; is "usage: 100" "$EXIT" 100
check one two; is "two arguments: 100" "$EXIT" 100
check --from; is "--from without: 100" "$EXIT" 100

# ---- QMQP
qmqp_start q
put qmqproutes 'q.example:127.0.0.1:%s\n' "$QPORT"
check ann@q.example
like "by QMQP" "$OUT" '^-- route .*QMQP'
is "a server that answers" "$EXIT" 0
# As `qmta setup mini` writes it: nothing goes into a queue.
S=$("$BIN/qmta" setup mini --server 192.0.2.4 --me mx.example.net --control "$TMP/mini" --dry-run |
	sed -n 's/.*QMAILQUEUE: //p')
like "qmta setup mini names a program" "$S" '/qmail-qmqpc$'
$AS mkdir "$CONTROLDIR/defaultqueue"
put defaultqueue/QMAILQUEUE '%s\n' "$S"
put qmqpservers '127.0.0.1:%s\n' "$QPORT"
for a in '' ann@b.example; do
	check $a
	like "no queue: the servers of the file $a" "$OUT" '^-- route     mail goes to QMQP: control/qmqpservers$'
	is "and they answer $a" "$EXIT $(echo "$OUT" | grep -c '^ok connect')" "0 1"
done
put defaultqueue/QMAILQUEUE '%s 127.0.0.1:%s\n' "$S" "$QPORT"
check
like "no queue: servers behind the program" "$OUT" "^-- route     mail goes to QMQP: 127\.0\.0\.1:$QPORT\$"
put defaultqueue/QMAILQUEUE '%s-of-ours\n' "$S"
check
is "another program is none of ours" "$(echo "$OUT" | grep -c QMQP)" 0
chmod 666 "$CONTROLDIR/defaultqueue/QMAILQUEUE"
check
is "variables that anybody may write: 111" "$EXIT" 111
rm -r "$CONTROLDIR/defaultqueue"
qmqp_stop q
check ann@q.example
is "one that does not" "$EXIT $(echo "$OUT" | grep -c '^!! connect')" "1 1"

# ---- a client's certificate
ok "no secret was on the wire in the clear" wire secret secretword otherword wrongword
sink_stop
tls_cert client
cat "$TLSCA/client.cert" "$TLSCA/client.key" >"$TMP/mine.pem"
chmod 600 "$TMP/mine.pem"
[ -z "$AS" ] || chown 65534:65534 "$TMP/mine.pem"
tls_sink p256 --client-ca "$TLSCA/roots.pem"
check "127.0.0.1:$PORT $V"
is "a certificate of ours is wanted: exit 1" "$EXIT" 1
like "and that is said" "$OUT" '^!! greeting .* but the server ended TLS: .*client certificate.*CERT='
check "127.0.0.1:$PORT $V,CERT=$TMP/mine.pem"
is "shown" "$EXIT $(wire last peer)" "0 board.example.net"

# ---- and never
is "no secret was shown" "$(grep -Ec 'secretword|otherword|wrongword' "$TMP/all")" 0
done_testing
