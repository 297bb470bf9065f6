#!/bin/sh
# tlsattack.t: a server, or somebody on the way to it, that misbehaves at every step of
# STARTTLS, the handshake, the login and the mail. Whatever it does: the login is never in
# the clear, no message is lost, and there is an end in time. With QMTA_SHORT every sixth.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
. "$TOP/tests/lib/tlsca.sh"
. "$TOP/tests/lib/tlssink.sh"
tls_runner 2
tls_cert ip

n=0 nth=0
sink() { # [OPTION...]: what was stored before is kept
	mkdir -p "$TMP/kept"
	for f in "$TMP"/mails/*; do
		[ ! -e "$f" ] || mv "$f" "$TMP/kept/$n-${f##*/}"
	done
	tls_start --cert "$TLSCA/ip.pem" --key "$TLSCA/ip.key" --tls starttls \
		--login 'joe@example.net:sesame' --need-auth "$@"
	route
}
route() {
	echo ":127.0.0.1:$PORT joe@example.net sesame CAFILE=$TLSCA/roots.pem" >"$CONTROLDIR/smtproutes"
	chown "$(stat -c %u "$QUEUEDIR")" "$CONTROLDIR/smtproutes"
	chmod 600 "$CONTROLDIR/smtproutes"
}

# attack SCRIPT...: one more message, and all that wait are tried
attack() {
	nth=$((nth + 1))
	[ -z "${QMTA_SHORT:-}" ] || [ $((nth % 6)) = 1 ] || return 0
	n=$((n + 1))
	name=$(printf '%s ' "$@" | tr '\134' /)
	printf 'To: u%s@far.example\nSubject: m%s\n\ntext\n' $n $n | post -f "$WHO" u$n@far.example
	printf '%s\n' "$@" >"$TMP/script"
	: >"$TMP/wire"
	t=$(date +%s)
	RUN_SECS=40 run -a
	t=$(($(date +%s) - t))
	case $EXIT in
	0|75) is "$name: an end" "$EXIT" "$EXIT" ;;
	*) is "$name: an end" "$EXIT" '0 or 75' ;;
	esac
	ok "$name: in time ($t s)" test $t -le 15
	ok "$name: the login was not in the clear" wire secret sesame joe@example.net
	# What is neither in the queue nor with the server is lost.
	is "$name: nothing is lost" "$(lost)" ''
}
lost() {
	for i in $(seq 1 $n); do
		grep -qs "^RCPT TO:<u$i@" "$TMP"/mails/* "$TMP"/kept/* ||
			grep -rqs "^Subject: m$i$" "$QUEUEDIR/mess" || echo "$i"
	done
}

sink --auth 'PLAIN LOGIN'
attack 'EHLO * strip'
attack 'EHLO * strip' 'MAIL * 250 welcome'
attack 'EHLO * 250 mail.example.net\nAUTH PLAIN LOGIN'
attack 'EHLO * 250 mail.example.net\nAUTH=PLAIN' 'AUTH * 235 2.7.0 welcome'
attack 'EHLO * 502 5.5.1 only HELO here'
attack 'STARTTLS * inject 250 fake.example.net\r\n'
attack 'STARTTLS * inject 250-fake.example.net\r\n250 AUTH PLAIN\r\n235 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n'
is 'injected: nothing was sent' "$(wire clear | grep -c 'MAIL\|AUTH')" 0
attack 'STARTTLS * 454 4.7.0 not now'
attack 'STARTTLS * 500 5.5.1 what'
attack 'STARTTLS * 299 odd'
attack 'STARTTLS * 220-a\n220 b'
for how in 'garbage x' 'garbage 220 mail.example.net ESMTP\r\n250 ok\r\n' \
	'garbage \x16\x03\x01\xff\xff' 'garbage \x16\x03\x03\x00\x02\x02\x00' 'garbage \x15\x03\x03\x00\x02\x01\x00' \
	'garbage \x15\x03\x03\x00\x02\x02\x28' 'garbage \x17\x03\x03\x00\x03abc' \
	'garbage \x16\x03\x03\x40\x00\x02\xff\xff\xff' 'cut 1' 'cut 5' 'cut 100' 'cut 300' \
	'cut 700' 'eat 1' 'corrupt 3' 'corrupt 9' 'corrupt 80' 'corrupt 200' 'corrupt 400'; do
	attack "HANDSHAKE * sleep 0.1 $how"
done
for how in 'cut 1' 'cut 50' 'corrupt 2' 'corrupt 30' 'corrupt 500'; do
	attack "TLS * $how"
done

# --- hung up, reset and silent at each step ---
for verb in CONNECT EHLO STARTTLS HANDSHAKE TLS AUTH AUTHEND MAIL RCPT DATA BODY QUIT; do
	attack "$verb * drop"
	attack "$verb * reset"
done
for verb in CONNECT STARTTLS HANDSHAKE TLS AUTH MAIL; do
	attack "$verb * stall"
done
# --- a byte a second ---
attack 'CONNECT * drip 1 220 mail.example.net ESMTP'
attack 'EHLO * drip 1 250 mail.example.net'
attack 'STARTTLS * drip 1 220 go ahead'
attack 'HANDSHAKE * drip 1 go'
attack 'TLS * drip 1 go'
attack 'AUTH * drip 1 235 2.7.0 welcome'

# --- a server that lies in SCRAM ---
sink --auth SCRAM-SHA-256
for lie in signature nonce nonce-same salt iterations=1 iterations=4294967295 extension error silent twice empty; do
	attack "LIE * $lie"
done
is 'a server that has not proven itself gets no mail' "$(files "$MAILS")" 0

# --- in the end one that behaves ---
sink --auth PLAIN
run -a
is 'all is delivered' "$EXIT $(queued) $(lost)" '0 0 '
done_testing
