#!/bin/sh
# mini-smtpd's TLS: what it takes and what it refuses, by clients that are not ours: Python's
# ssl and openssl. Who has proven a certificate may relay here (control/tlsclients), so
# that a refused recipient tells who has not.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/tlsca.sh
. "$(dirname "$0")/../lib/tlsca.sh"
. "$TOP/tests/lib/smtpd.sh"
trap 'smtpd_kill; rm -rf "$TMP"' EXIT
new_root
S=$BIN/mini-smtpd
"$BIN/qmta" --version | grep -q 'Mbed TLS' || skip_all "built without CFG_TLS"
"$S" -? >"$TMP/out" 2>&1
[ $? -ne 100 ] || ! grep -q 'not built in' "$TMP/out" || skip_all "built without CFG_SMTPD"
command -v openssl >/dev/null || skip_all "needs openssl"
unset TCPREMOTEIP RELAYCLIENT SMTPS FORCE_TLS SERVERCERT CLIENTCA CLIENTCRL REQUIREAUTH SECURE_AUTH
CERTDIR=$TMP/certs
export CERTDIR
LONG=long
[ -z "${QMTA_SHORT:-}" ] || LONG=
mkdir "$CERTDIR"
echo example.net >"$CONTROLDIR/rcpthosts"
echo board@example.net >"$CONTROLDIR/tlsclients"
[ "$(id -u)" != 0 ] || chown -R 65534:65534 "$QUEUEDIR"
WHO='' PORT=''

give() { # FILE KIND...: these certificates and keys become that file of CERTDIR
	g_f=$CERTDIR/$1; shift
	rm -f "$g_f"
	(umask 077; for g_k; do cat "$TLSCA/$g_k"; done >"$g_f")
	[ "$(id -u)" != 0 ] || chown 65534:65534 "$g_f"
}
cert() { tls_cert "$1"; give servercert.pem "$1.pem" "$1.key"; }
listen() { smtpd_start -p "$PORT" -C 0 "$@"; }	# OPTION...; at the same port again
c() { timeout 90 python3 "$TOP/tests/lib/smtptls.py" "$PORT" "$@" </dev/null 2>&1; }
# Commands in TLS; the codes, and what was agreed on
says() {
	printf 'EHLO c.example.net\nMAIL FROM:<a@example.org>\nRCPT TO:<x@example.org>\n%s' "${MORE:-}" |
		timeout 30 python3 "$TOP/tests/lib/smtptls.py" "$PORT" say "$@" 2>&1 |
		grep -v '^250-' | sed 's/^\([0-9]\{3\}\) .*/\1/' | tr '\n' ' ' | sed 's/ $//'
}
logged() { sed -n "s/^smtpd: pid [0-9]* from 127.0.0.1: //p" "$LOG" | tail -n "${1:-1}"; }
openssl_says() { # OPTION...
	printf 'QUIT\r\n' | timeout 20 openssl s_client -ign_eof -connect "127.0.0.1:$PORT" -starttls smtp "$@" 2>&1
}

# ---- not there ----
listen
is "without servercert.pem: not offered" "$(c say | tail -1)" \
	"STARTTLS: 502 5.5.1 TLS is not offered"
cert rsa2048
give servercert.pem rsa2048.pem
is "no key in it: 454" "$(c say | tail -1)" "STARTTLS: 454 4.7.0 TLS is not available now"
like "and why" "$(logged)" '^no TLS: .*servercert.pem: there must be a certificate and its key'
cert rsa2048
chmod 644 "$CERTDIR/servercert.pem"
is "a key that all may read: 454" "$(c say | tail -1)" "STARTTLS: 454 4.7.0 TLS is not available now"
like "and why" "$(logged)" 'other users may read .*servercert.pem: chmod o='
cert rsa2048
if [ "$(id -u)" = 0 ]; then
	chown 12345:65534 "$CERTDIR/servercert.pem"
	is "another's, of mode 0600: not read" "$(c say | tail -1)" "STARTTLS: 502 5.5.1 TLS is not offered"
	chmod 640 "$CERTDIR/servercert.pem"
	is "another's that our group may read" "$(says --tls 1.2 --ciphers ECDHE-RSA-AES128-GCM-SHA256)" \
		"TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 250 250 553"
	cert rsa2048
else
	skip "files of another user" "this is not root"
fi

# ---- versions, keys, ciphers ----
for k in rsa2048 p256 ${LONG:+p384}; do
	cert $k
	a=RSA
	[ $k = rsa2048 ] || a=ECDSA
	is "TLS 1.2, $k" "$(says --tls 1.2 --ca "$TLSCA/roots.pem" --name mail.example.net)" \
		"TLSv1.2 ECDHE-$a-AES128-GCM-SHA256 250 250 553"
	is "TLS 1.3, $k" "$(says --tls 1.3 --ca "$TLSCA/roots.pem" --name mail.example.net)" \
		"TLSv1.3 TLS_AES_256_GCM_SHA384 250 250 553"
done
cert two
is "its chain is sent" "$(says --ca "$TLSCA/roots.pem" --name mail.example.net)" \
	"TLSv1.3 TLS_AES_256_GCM_SHA384 250 250 553"
# All that is sent of ourselves is one piece, and has a bound.
long() { # COPIES of a certificate behind the two intermediates: bytes in all
	# shellcheck disable=SC2046 # words
	set -- two.pem $(yes rsa2048.pem | head -n "$1") two.key
	give servercert.pem "$@"
	sed -n '/BEGIN CERT/,/END CERT/{ /-----/!p; }' "$CERTDIR/servercert.pem" | tr -d '\n' | wc -c
}
tls_cert rsa2048
n=$(long 1)	# in base64
ok "a chain of almost 4 KB: $n" test "$n" -gt 2600 -a "$n" -lt 5300
for v in 1.2 1.3; do
	like "is sent, TLS $v" "$(says --tls $v --ca "$TLSCA/roots.pem" --name mail.example.net)" \
		"^TLSv$v [A-Z0-9_-]* 250 250 553\$"
done
n=$(long 4)
ok "one that is longer: $n" test "$n" -gt 5300
is "cannot be sent: 454" "$(c say | tail -1)" "STARTTLS: 454 4.7.0 TLS is not available now"
like "and why" "$(logged)" '^no TLS: .*servercert.pem: more than [0-9]+ bytes of certificates: leave out '
cert two
is "our order of ciphers" "$(says --tls 1.2 --ciphers ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256)" \
	"TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256 250 250 553"
cert rsa2048
is "of all suites of TLS 1.2, RSA" "$(c ciphers | tr '\n' ' ')" \
	"tried many ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384 "
like "a client of X25519 alone is refused" "$(openssl_says -groups X25519 -tls1_3)" 'Cipher is .NONE.'
like "and why" "$(logged)" 'TLS failed: the client has no cipher, or no curve, in common'
like "openssl's P-384" "$(openssl_says -groups P-384 -tls1_3)" 'Cipher is TLS_AES_256_GCM_SHA384'
is "old clients, and others" "$(c old)" "SSLv2: refused
SSLv3: refused
TLSv1.0: refused
TLSv1.1: refused
RC4: refused
CBC: refused
RSA keys: refused
NULL: refused
no TLS: refused
a flood of nothing: refused
a long record: refused
a huge hello: refused"
is "each has its line in the log" "$(logged 12 | sed 's/(Mbed.*/(.../' | sort | uniq -c | sed 's/^ *//' | sort)" \
"3 TLS failed: the client has neither TLS 1.2 nor 1.3
4 TLS failed: the client has no cipher, or no curve, in common with this program: AES-GCM with ECDHE, P-256 or P-384
5 TLS failed: what the client sent is not TLS"
is "a client that does not like the certificate" "$(says --ca "$TLSCA/eca.cert" --name mail.example.net)" \
	"failed CERTIFICATE_VERIFY_FAILED"
like "and why" "$(logged)" 'TLS failed: the client (ended TLS: it does not know who issued our certificate|closed)'
is "and one of openssl's" "$(openssl_says -tls1_3 -CAfile "$TLSCA/eca.cert" -verify_return_error | grep -c '^250 ')" 0
like "and why" "$(logged)" 'TLS failed: the client (ended TLS: it does not know who issued our certificate|closed)'
echo TLSv1_3 >"$CONTROLDIR/tlsservermethod"
like "tlsservermethod: 1.3 alone" "$(says --tls 1.2)" 'failed .*VERSION'
like "and why" "$(logged)" 'neither TLS 1.2 nor 1.3|the client'
echo TLSv1_2:TLSv1_2 >"$CONTROLDIR/tlsservermethod"
like "tlsservermethod: 1.2 alone" "$(says --tls 1.3)" 'failed .*(VERSION|HANDSHAKE)'
rm "$CONTROLDIR/tlsservermethod"

# ---- the dialogue ----
is "inside: not offered again" "$(printf 'EHLO x\n' |
	timeout 20 python3 "$TOP/tests/lib/smtptls.py" "$PORT" say --tls 1.3 | grep -c '^250.STARTTLS')" 0
MORE='STARTTLS
'
is "nor taken again: 503" "$(says --tls 1.3)" "TLSv1.3 TLS_AES_256_GCM_SHA384 250 250 553 503"
MORE=''
is "injection: not answered, here or inside" "$(c late)" \
	"503 5.5.1 STARTTLS must be the last command | closed
closed"
is "cut or garbage anywhere" "$(c cut)" "ended 42"

# ---- tickets ----
for v in 1.2 1.3; do
	is "tickets, TLS $v" "$(c resume --tls $v --times 2 | tr '\n' ' ')" \
		"full TLSv$v resumed TLSv$v resumed TLSv$v "
done
openssl_says -tls1_3 -sess_out "$TMP/session" >"$TMP/out"
like "a ticket of this certificate" "$(openssl_says -tls1_3 -sess_in "$TMP/session")" '^Reused, TLSv1.3'
openssl_says -tls1_2 -sess_out "$TMP/session2" >"$TMP/out"
cert p256
like "is none for another" "$(openssl_says -tls1_3 -sess_in "$TMP/session")" '^New, TLSv1.3'
like "of TLS 1.2 neither" "$(openssl_says -tls1_2 -sess_in "$TMP/session2")" '^New, TLSv1.2'
cert rsa2048

# ---- clients' certificates ----
tls_root boards p256
tls_leaf good boards key=p256 use=clientAuth names=email:board@example.net cn=board
tls_leaf goodrsa boards key=rsa2048 use=clientAuth names= cn=board/emailAddress=board@example.net
tls_leaf name boards key=p256 use=clientAuth names= cn=board@example.net
tls_leaf other boards key=p256 use=clientAuth names=email:other@example.net cn=board@example.net
tls_leaf gone boards key=p256 use=clientAuth names=email:board@example.net cn=gone
tls_leaf late boards key=p256 use=clientAuth names=email:board@example.net from=-9 to=-1
tls_leaf server boards key=p256 use=serverAuth names=email:board@example.net
tls_cert unknown
tls_leaf stranger unknownca key=p256 use=clientAuth names=email:board@example.net
shows() { v=$1 n=$2; shift 2; says --tls "$v" --cert "$TLSCA/$n.pem" --key "$TLSCA/$n.key" "$@" | sed 's/.* //'; }
is "no clientca.pem: nobody is asked" "$(shows 1.3 good)" 553
give clientca.pem boards.cert
for v in 1.2 1.3; do
	is "TLS $v: proven, may relay" "$(shows $v good)" 250
	is "TLS $v: by RSA and the address in its subject" "$(shows $v goodrsa)" 250
	is "TLS $v: by its name" "$(shows $v name)" 250
	is "TLS $v: another's" "$(shows $v other)" 553
	is "TLS $v: none" "$(says --tls $v | sed 's/.* //')" 553
	[ "$v$LONG" != 1.2 ] || continue
	for n in late:'has expired' server:'not meant for clients' stranger:'no authority in .*clientca.pem'; do
		is "TLS $v: ${n%%:*} proves nothing" "$(shows $v "${n%%:*}")" 553
		like "and why" "$(logged)" "client certificate not proven: .*${n#*:}"
	done
	is "TLS $v: no tickets where certificates are asked for" "$(c resume --tls $v | tail -1)" "full TLSv$v"
	is "TLS $v: without a list all are good" "$(shows $v gone)" 250
done
tls_crl boards 30 gone
give clientcrl.pem boards.crl
is "with a list: good" "$(shows 1.3 good)" 250
is "taken back" "$(shows 1.2 gone) $(shows 1.3 gone)" "553 553"
like "and why" "$(logged)" 'not proven: it was taken back'
tls_crl boards -1
give clientcrl.pem boards.crl
is "an old list proves nothing" "$(shows 1.3 good)" 553
like "and why" "$(logged)" 'not proven: clientcrl.pem is too old'
tls_crl unknownca 30
give clientcrl.pem unknownca.crl
is "nor does another's" "$(shows 1.3 good)" 553
like "and why" "$(logged)" 'not proven: clientcrl.pem is not its authority'
echo junk >"$CERTDIR/clientcrl.pem"
is "nor a damaged one" "$(shows 1.3 good)" 553
like "and why" "$(logged)" 'not proven: .*clientcrl.pem is no list'
rm "$CERTDIR/clientcrl.pem"
smtpd_stop
CLIENTCRL=$TMP/nowhere.pem listen
is "nor one that is asked for and not there" "$(shows 1.3 good)" 553
like "and why" "$(logged)" 'not proven: unable to read .*nowhere.pem'
smtpd_stop
CLIENTCRL=/$(printf '%0300d' 0) listen
is "nor one with a path that is too long" "$(shows 1.3 good)" 553
smtpd_stop
listen
is "without one it is proven again" "$(shows 1.3 good)" 250
rm "$CERTDIR/clientca.pem"
printf 'EHLO x\nMAIL FROM:<a@b.c>\nRCPT TO:<x@example.net>\nDATA\n' >"$TMP/lines"
if [ "${VARIANT:-static}" = static ]; then
	hwm=$(timeout 60 python3 "$TOP/tests/lib/smtptls.py" "$PORT" memory --pidof "$LOG" <"$TMP/lines")
	echo "# VmHWM of a connection with TLS: $hwm KiB"
	ok "memory" test "$hwm" -gt 100 -a "$hwm" -lt 900
fi
smtpd_stop

# ---- settings ----
SERVERCERT=$TMP/mine.pem
export SERVERCERT
cp -p "$CERTDIR/servercert.pem" "$SERVERCERT"
rm "$CERTDIR/servercert.pem"
FORCE_TLS=1 listen
is "SERVERCERT" "$(says --tls 1.3)" "TLSv1.3 TLS_AES_256_GCM_SHA384 250 250 553"
is "FORCE_TLS, without" "$(printf 'R\nL EHLO x\nL MAIL FROM:<a@b.c>\nL QUIT\n' |
	timeout 20 python3 "$TOP/tests/lib/bsclient.py" ":$PORT" | grep '^530')" \
	"530 5.7.0 Must issue a STARTTLS command first"
smtpd_stop
echo 2 >"$CONTROLDIR/timeoutsession"
listen
is "a byte now and then: the whole handshake has an end" "$(c drip)" "ended in time"
like "and why" "$(logged)" 'TLS failed: .*timed out.* in the TLS handshake'
rm "$CONTROLDIR/timeoutsession"
smtpd_stop
SMTPS=1 listen
is "SMTPS=1" "$(says --tls 1.3 --implicit)" "TLSv1.3 TLS_AES_256_GCM_SHA384 250 250 553"
is "SMTPS=1, 1.2" "$(says --tls 1.2 --implicit)" "TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 250 250 553"
is "SMTPS=1: tickets" "$(c resume --tls 1.3 --implicit | tr '\n' ' ')" "full TLSv1.3 resumed TLSv1.3 "
is "SMTPS=1: others hear nothing in clear" "$(c old --implicit | grep -vc refused)" 0
rm "$SERVERCERT"
is "SMTPS=1 without the file: nothing in clear" "$(c say --implicit | sed 's/ .*//')" failed
like "and why" "$(logged)" 'TLS from the start, and there is none'
is "no child is left" "$(sleep 0.2; ps -o pid= --ppid "$LISTENER" | wc -l | tr -d ' ')" 0
smtpd_stop
done_testing
