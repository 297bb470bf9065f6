#!/bin/sh
# mini-smtpd's listener and clients that mean ill: hundreds of sessions, each with what it
# must be answered, what may reach the queue, how it ends, and the memory that it takes.
# The table is in tests/lib/hostile.py.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/tlsca.sh
. "$(dirname "$0")/../lib/tlsca.sh"
new_root
chmod 755 "$TMP"
S=$BIN/mini-smtpd
"$S" -? >"$TMP/out" 2>&1
[ $? -ne 100 ] || ! grep -q 'not built in' "$TMP/out" || skip_all "built without CFG_SMTPD"
unset TCPREMOTEIP TCPREMOTEHOST TCPREMOTEINFO TCPLOCALHOST TCPLOCALIP ALLOW_BARELF HIDE_HOST \
	RELAYCLIENT DATABYTES MAXRECIPIENTS SMTPS FORCE_TLS SERVERCERT CLIENTCA CLIENTCRL \
	REQUIREAUTH SECURE_AUTH LISTEN_FDS
[ "$(id -u)" != 0 ] || chown -R 65534:65534 "$QUEUEDIR"
certs=
if "$BIN/qmta" --version | grep -q 'Mbed TLS' && command -v openssl >/dev/null; then
	certs=$TMP/certs
	mkdir "$certs"
	tls_cert p256
	cat "$TLSCA/p256.pem" "$TLSCA/p256.key" >"$certs/servercert.pem"
	chmod 600 "$certs/servercert.pem"
	[ "$(id -u)" != 0 ] || chown 65534:65534 "$certs/servercert.pem"
fi
: >"$CONTROLDIR/locals"
echo mx.example.net >"$CONTROLDIR/locals"
timeout "${HOSTILE_SECS:-800}" python3 "$TOP/tests/lib/hostile.py" "$S" "$CONTROLDIR" "$QUEUEDIR" "$certs"
