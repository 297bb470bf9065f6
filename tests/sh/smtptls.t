#!/bin/sh
# smtptls.t: mail by SMTP over TLS: what a route, control files and IndiMail's CERTDIR ask
# for, and that a server which gives less gets no mail; one handshake for a whole flush.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
. "$TOP/tests/lib/tlsca.sh"
. "$TOP/tests/lib/tlssink.sh"
tls_runner 3
printf 'Subject: test\n\ntext\n' >"$TMP/msg"
tls_cert p256
tls_cert ip
tls_cert unknown
tls_cert client
chmod 755 "$TLSCA"
CA=$TLSCA/roots.pem

key() { echo "--cert $TLSCA/$1.pem --key $TLSCA/$1.key"; }
# A server with this kind of certificate, and options.
# shellcheck disable=SC2046 # words
kind() { k=$1; shift; tls_start --tls starttls $(key "$k") "$@"; }

# route OPTIONS [RELAY]
route() {
	echo ":${2:-127.0.0.1:$PORT} $1" >"$CONTROLDIR/smtproutes"
	: >"$SINKLOG"
	: >"$TMP/wire"
	rm -f "$MAILS"/*
}
remote() { "${Q:-$BIN}/qmail-remote" far.example me@example.net a@far.example <"$TMP/msg" | tr '\0\n' '|/'; }
# goes WHAT TLS-WORDS-OR-EMPTY: the mail arrives, and the report says so
goes() {
	is "$1" "$(remote)" "r|K127.0.0.1 accepted message${2:+ ($2)}./Remote host said: 250 2.0.0 ok/|"
	is "$1: it has arrived" "$(files "$MAILS")" 1
	if [ -n "$2" ]; then
		is "$1: and nothing of it in the clear" "$(sed -n '/ TLS TLS/q; /C MAIL/p' "$SINKLOG")" ''
	fi
}
# waits WHAT PATTERN: it does not, and this is why
waits() {
	like "$1" "$(remote)" "^Z.*$2.*\(#4\.[0-9.]+\)"
	is "$1: nothing was sent" "$(files "$MAILS")$(grep -c 'C MAIL' "$SINKLOG")" 00
}

# --- verified ---
kind p256
V='TLSv1.3, verified'
route "TLS=verify,CAFILE=$CA,TLSNAME=mail.example.net"
goes 'TLS=verify' "$V"
is 'by SNI' "$(wire last sni)" mail.example.net
is 'EHLO before and after it' "$(grep -c 'C EHLO' "$SINKLOG")" 2
is 'in the clear: EHLO and STARTTLS' "$(wire clear)" "EHLO mx.example.net
STARTTLS"
is 'and a proper end' "$(wire closes | grep -c cut)" 0
echo "$CA" >"$CONTROLDIR/cafile"
route TLS=verify,TLSNAME=mail.example.net
goes 'control/cafile' "$V"
route TLS=verify
waits 'another name' 127.0.0.1
echo verify >"$CONTROLDIR/smtptls"
route TLSNAME=mail.example.net
goes 'control/smtptls verify' "$V"
route TLSNAME=www.example.org
waits 'control/smtptls verify: another name' www.example.org
route TLS=must,TLSNAME=www.example.org
like 'the route counts more: must' "$(remote)" '\(TLSv1.3\)'
rm "$CONTROLDIR/smtptls"
route "joe - PASSFILE=/nonexistent,TLSNAME=www.example.org"
waits 'a relay with a login is verified' www.example.org
route "TLS=verify,CAFILE=$TLSCA/unknown.pem,TLSNAME=mail.example.net"
waits 'not by this CA' TLS
route "TLS=verify,CAFILE=/nonexistent,TLSNAME=mail.example.net"
waits 'no such CA file' /nonexistent

# --- pins ---
rm "$CONTROLDIR/cafile"
PIN=$(tls_pin p256)
WRONG=$(tls_pin unknown)
route "TLS=verify,PIN=$PIN"
goes 'PIN=' 'TLSv1.3, pinned'
route "PIN=$PIN"
goes 'PIN= alone' 'TLSv1.3, pinned'
route "PIN=$WRONG"
waits 'a pin that does not fit' TLS
echo "# ours
$WRONG
$PIN" >"$CONTROLDIR/tlspin"
route TLS=verify
goes 'control/tlspin: one of two' 'TLSv1.3, pinned'
route "TLS=verify,PIN=$WRONG"
waits 'the route counts more' TLS
rm "$CONTROLDIR/tlspin"

# --- less than verified ---
route TLS=must
goes 'TLS=must' TLSv1.3
route TLS=may
goes 'TLS=may' TLSv1.3
route
goes 'no word of it: as TLS=may' TLSv1.3
is 'a certificate is asked of nobody' "$(wire last peer)" None
route TLS=none
goes 'TLS=none' ''
is 'STARTTLS was offered' "$(grep -c 'S 250.*STARTTLS' "$SINKLOG")" 1
script 'EHLO * strip'
route TLS=may
goes 'no STARTTLS: TLS=may' ''
for o in TLS=must TLS=verify "PIN=$PIN" "TLS=may,PIN=$PIN" 'joe secret'; do
	case $o in joe*) chmod 600 "$CONTROLDIR/smtproutes" ;; esac
	route "$o"
	waits "no STARTTLS: $o" 'does not offer STARTTLS'
done
chmod 644 "$CONTROLDIR/smtproutes"
script 'STARTTLS * 454 4.7.0 not now'
route TLS=may
goes '454 to STARTTLS: TLS=may' ''
is 'on the same connection' "$(conns)" 1
route TLS=must
like '454 to STARTTLS: TLS=must' "$(remote)" '^Z127.0.0.1 refuses STARTTLS.*#4.7.10.*454 4.7.0 not now'
script 'HANDSHAKE * sleep 0.2 garbage HTTP/1.0 400 what?\r\n\r\n'
route TLS=may
goes 'a handshake that fails: TLS=may' ''
is 'on a new connection' "$(conns)" 2
is 'with no more STARTTLS' "$(wire clear | grep -c STARTTLS)" 1
for o in TLS=must TLS=verify TLS=may,PIN=$PIN; do
	route "$o"
	waits "a handshake that fails: $o" 'TLS with 127.0.0.1.*failed'
done

# --- versions, client certificates ---
script
route TLS=must,TLSMETHOD=TLSv1_2:TLSv1_2
like 'TLSMETHOD=' "$(remote)" 'K127.0.0.1 accepted message \(TLSv1.2\)\.'
echo TLSv1_2:TLSv1_2 >"$CONTROLDIR/tlsclientmethod"
route TLS=must
like 'control/tlsclientmethod' "$(remote)" '\(TLSv1.2\)'
rm "$CONTROLDIR/tlsclientmethod"
for c in TLS_AES_256_GCM_SHA384 TLS_AES_128_GCM_SHA256; do
	route TLS=must,TLSCIPHERS=$c:ECDHE-RSA-AES256-GCM-SHA384
	goes "TLSCIPHERS=$c" TLSv1.3
	is "TLSCIPHERS=$c: it is that one" "$(wire last cipher)" $c
	printf '# as OpenSSL has it\n!aNULL:%s\n' $c >"$CONTROLDIR/tlsclientciphers"
	route TLS=must
	goes "control/tlsclientciphers: $c" TLSv1.3
	is "control/tlsclientciphers: it is $c" "$(wire last cipher)" $c
done
echo RC4-SHA:DES-CBC3-SHA >"$CONTROLDIR/tlsclientciphers"
for o in '' TLS=may TLS=must; do
	route "$o"
	waits "ciphers that we do not have: ${o:-no word}" 'control/tlsclientciphers .*names no cipher of this program'
done
route TLS=may,TLSCIPHERS=DEFAULT
goes 'TLSCIPHERS= is stronger than the file' TLSv1.3
route TLS=none
goes 'without TLS nobody asks for them' ''
rm "$CONTROLDIR/tlsclientciphers"
cat "$TLSCA/client.pem" "$TLSCA/client.key" >"$TMP/client.pem"
chmod 600 "$TMP/client.pem"
kind p256 --client-ca "$CA"
route TLS=must
like 'it wants a certificate of ours: there is none' "$(remote)" \
	'^ZConnected to 127.0.0.1 but the server ended TLS: .*client certificate.*CERT=.* \(#4.4.2\)'
route "TLS=must,CERT=$TMP/client.pem"
goes 'CERT=' TLSv1.3
is 'and that is it' "$(wire last peer)" board.example.net
echo "$TMP/client.pem" >"$CONTROLDIR/clientcert"
route TLS=must
goes 'control/clientcert' TLSv1.3
rm "$CONTROLDIR/clientcert"
mkdir "$CERTDIR"
cp "$TMP/client.pem" "$CERTDIR/clientcert.pem"
route TLS=must
goes 'clientcert.pem' TLSv1.3
rm "$CERTDIR/clientcert.pem"

# --- CERTDIR ---
tls_leaf near eca key=p256 names=DNS:localhost,IP:127.0.0.1
kind near
mkdir "$CERTDIR/tlshosts" "$CERTDIR/notlshosts"
R=127.0.0.1:$PORT
route '' "$R"
goes 'CERTDIR without a word about it' TLSv1.3
cp "$CA" "$CERTDIR/tlshosts/127.0.0.1.pem"
goes_again() { rm -f "$MAILS"/*; : >"$TMP/wire"; : >"$SINKLOG"; goes "$@"; }
goes_again 'tlshosts/HOST.pem' "$V"
cp "$TLSCA/unknown.pem" "$CERTDIR/tlshosts/127.0.0.1.pem"
route '' "$R"
waits 'tlshosts/HOST.pem with another CA' TLS
script 'EHLO * strip'
route '' "$R"
waits 'tlshosts/HOST.pem, and no STARTTLS' STARTTLS
script
: >"$CERTDIR/notlshosts/127.0.0.1"
route '' "$R"
waits 'notlshosts does not undo it' TLS
rm "$CERTDIR/tlshosts/127.0.0.1.pem"
goes_again 'notlshosts/HOST' ''
route TLS=must "$R"
goes 'which does not undo what the route says' TLSv1.3
rm "$CERTDIR/notlshosts/127.0.0.1"
echo 127.0.0.1 >"$CONTROLDIR/notlshosts"
route '' "$R"
goes 'control/notlshosts' ''
rm "$CONTROLDIR/notlshosts"
: >"$CERTDIR/tlshosts/exhaustivelist"
goes_again 'tlshosts/exhaustivelist' ''
cp "$CA" "$CERTDIR/tlshosts/localhost.pem"
route '' "LOCALHOST:$PORT"
goes 'a host of the list, by its name in any case' "$V"
if [ "$(id -u)" = 0 ]; then
	chmod 700 "$CERTDIR/tlshosts"
	chown 0 "$CERTDIR/tlshosts"
	route '' "$R"
	like 'tlshosts that cannot be searched' \
		"$($AS "$RBIN/qmail-remote" far.example me@example.net a@far.example <"$TMP/msg" | tr '\0\n' '|/')" \
		'^ZUnable to look for .*tlshosts/127.0.0.1.pem'
else
	skip 'tlshosts that cannot be searched' 'needs root'
fi
rm -rf "$CERTDIR"

# --- a clock that is not set ---
kind ip
Q=$TESTBIN
echo "=86400" >"$TMP/fake"
QMTA_FAKE_CLOCK=$TMP/fake
export QMTA_FAKE_CLOCK
route "TLS=verify,CAFILE=$CA"
waits 'no clock: verify' '[Cc]lock'
route "TLS=verify,PIN=$(tls_pin ip)"
goes 'no clock: a pin' 'TLSv1.3, pinned'
route TLS=may
goes 'no clock: may' TLSv1.3
unset QMTA_FAKE_CLOCK
Q=$BIN
route "TLS=verify,CAFILE=$CA"
goes 'an address in the certificate' "$V"

# --- port 465 ---
if [ "$(id -u)" = 0 ] && ! grep -q ' [0-9A-F]*:01D1 .* 0A ' /proc/net/tcp; then
	# shellcheck disable=SC2046 # words
	tls_start --tls implicit $(key ip) --port 465
	route "CAFILE=$CA"
	goes 'port 465: verified at once' "$V"
	is 'port 465: without STARTTLS' "$(wire clear)$(grep -c STARTTLS "$SINKLOG")" 0
	route TLS=may
	goes 'port 465: TLS=may' TLSv1.3
	script 'HANDSHAKE * garbage 220 hello\r\n'
	route TLS=may
	waits 'port 465: TLS=may does not mean in clear' 'TLS with 127.0.0.1'
else
	skip 'port 465' 'needs root, and that port'
fi

# --- by the runner ---
fill() { # N
	# shellcheck disable=SC2016 # expanded by the inner shell
	RBIN=$RBIN $AS sh -c 'i=0; while [ $i -lt "$1" ]; do i=$((i + 1))
		printf "To: u$i@far.example\nSubject: for u$i\n\ntext\n" |
		"$RBIN/sendmail" -f "$USER" "u$i@far.example" || exit 1
		done' sh "$1"
}
flush() { # WHAT MESSAGES WORDS [SERVER OPTION...]: by one handshake
	what=$1 n=$2 words=$3
	shift 3
	kind ip "$@"
	route "TLS=verify,CAFILE=$CA"
	ok "$what: $n messages" fill "$n"
	run
	is "$what: exit" "$EXIT" 0
	is "$what: arrived, each once" "$(grep -h '^RCPT' "$MAILS"/* | sort | uniq -c | awk '$1 == 1' | wc -l)" "$n"
	is "$what: connections" "$(conns)" 1
	is "$what: handshakes" "$(wire handshakes | cut -d' ' -f1)" 1
	is "$what: the log says so" "$(grep -c "accepted_message_($words)" "$LOG")" "$n"
}
flush 'one flush' 100 TLSv1.3,_verified
flush 'TLS 1.2, no pipelining' 20 TLSv1.2,_verified --max 1.2 --no-pipelining
flush 'no tickets' 20 TLSv1.3,_verified --no-tickets

# A ticket that comes behind the handshake, and those between messages, are no reason to
# leave; and a server that fails once is not asked for TLS again while the worker lives.
kind ip
route TLS=may
$AS "$RBIN/qmta-send" -d 2>"$LOG" &
SEND=$!
trap 'stop $SEND; sink_stop; rm -rf "$TMP"' EXIT
post_wait() { # N
	fill 1
	tries=0
	until [ "$(files "$MAILS")" = "$1" ] || [ $tries = 100 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	sleep 0.5
}
post_wait 1
post_wait 2
is 'two messages with a pause: one handshake' "$(files "$MAILS") $(wire handshakes | cut -d' ' -f1)" '2 1'
script 'HANDSHAKE * sleep 0.2 garbage HTTP/1.0 400 what?' 'BODY * close 250 2.0.0 ok, and now go'
stop $SEND
route TLS=may
$AS "$RBIN/qmta-send" -d 2>"$LOG" &
SEND=$!
post_wait 1
post_wait 2
is 'a handshake that fails is remembered' "$(files "$MAILS") $(wire clear | grep -c STARTTLS)" '2 1'
done_testing
