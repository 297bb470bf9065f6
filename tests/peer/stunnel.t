#!/bin/sh
# stunnel in front of a QMQP server that knows no TLS, as the manual has it: by certificate,
# with one of the client's own, by a key that both have; and when it is killed.
# shellcheck disable=SC1091,SC2154 # of peer.sh and qmqp.sh
. "$(dirname "$0")/peer.sh"
. "$TOP/tests/lib/qmqp.sh"
. "$TOP/tests/lib/tlsca.sh"
need "stunnel" stunnel4 openssl || done_testing
needs_root "stunnel" || done_testing
trap 'for p in $pids; do kill $p; done 2>/dev/null; qmqp_stop a; rm -rf "$TMP"' EXIT
pids=
new_root
Q=$BIN/qmail-qmqpc
tls_cert ip
tls_cert client
tls_cert unknown
cat "$TLSCA/client.pem" "$TLSCA/client.key" >"$TMP/client.pem"
cat "$TLSCA/unknown.pem" "$TLSCA/unknown.key" >"$TMP/unknown.pem"
echo "$TLSCA/roots.pem" >"$CONTROLDIR/cafile"
echo 'board.example.net:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff' >"$TMP/psk"
echo 'board.example.net:ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff' >"$TMP/psk.wrong"
sed 's/^board/other/' "$TMP/psk" >"$TMP/psk.other"
chmod 600 "$TMP/psk" "$TMP/psk.wrong" "$TMP/psk.other" "$TMP/client.pem" "$TMP/unknown.pem"
qmqp_start a
# tunnel LINE...: a stunnel with these settings: PORT, PID
tunnel() {
	PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	{
		printf 'foreground = yes\npid =\n[qmqps]\naccept = 127.0.0.1:%s\n' "$PORT"
		printf 'connect = 127.0.0.1:%s\n' "$QPORT"
		printf '%s\n' "$@"
	} >"$TMP/conf.$PORT"
	stunnel4 "$TMP/conf.$PORT" >"$TMP/log.$PORT" 2>&1 &
	PID=$!
	pids="$pids $PID"
	wait_for is_open "$PORT"
	T=tls://127.0.0.1:$PORT
}
printf 'Subject: t\n\nthe secret words\n' >"$TMP/m"
printf 'Fkim@a.example\0Tann@b.example\0\0' >"$TMP/e"
send() { code=0; "$Q" "$@" <"$TMP/m" 1<"$TMP/e" 2>"$TMP/err" || code=$?; echo $code; }
# What is there is what was sent.
same() {
	qmqp_show "$(find "$TMP/a/d" -name '[0-9]*' | sort | tail -n 1)" | sed '1,/^$/d' |
		cmp -s - "$TMP/m" && echo same
}

for method in TLSv1.3 TLSv1.2; do
	tunnel "cert = $TLSCA/ip.pem" "key = $TLSCA/ip.key" "sslVersion = $method"
	is "$method: a small message" "$(send "$T") $(same)" "0 same"
	head -c 2000000 /dev/urandom >"$TMP/m"
	is "$method: a large one" "$(send "$T") $(same)" "0 same"
	printf 'Subject: t\n\nthe secret words\n' >"$TMP/m"
	is "$method: pinned" "$(send "$T,PIN=$(tls_pin ip)") $(same)" "0 same"
	is "$method: not this one" "$(send "$T,PIN=$(tls_pin unknown)")" 73
done
before=$(saw a)
qmqp_script a 'IN 5000 freeze'
head -c 40000000 /dev/zero >"$TMP/m" # more than the kernel holds on the way
"$Q" "$T" "127.0.0.1:1" <"$TMP/m" 1<"$TMP/e" 2>"$TMP/err" &
q=$!
sleep 1
kill -9 "$PID"
wait "$q"
is "stunnel dies in the middle: for now, and for certain not sent" "$? $(($(took a) - before))" "73 0"
qmqp_script a 'ANSWER * stall'
printf 'Subject: t\n\nthe secret words\n' >"$TMP/m"
tunnel "cert = $TLSCA/ip.pem" "key = $TLSCA/ip.key"
"$Q" "$T" <"$TMP/m" 1<"$TMP/e" 2>"$TMP/err" &
q=$!
sleep 1
kill -9 "$PID"
wait "$q"
is "and before the answer: it may have been" "$?" 74
qmqp_script a

tunnel "cert = $TLSCA/ip.pem" "key = $TLSCA/ip.key" "CAfile = $TLSCA/roots.pem" 'verifyChain = yes' \
	'requireCert = yes'
before=$(took a)
is "a client's certificate" "$(send "$T,CERT=$TMP/client.pem") $(same)" "0 same"
is "one of a stranger" "$(send "$T,CERT=$TMP/unknown.pem" | tr 3 4)" 74
is "none" "$(send "$T" | tr 3 4) $(($(took a) - before))" "74 1"

tunnel 'ciphers = PSK' "PSKsecrets = $TMP/psk"
r=$(send "$T,PSKFILE=$TMP/psk")
if grep -q 'not built' "$TMP/err"; then
	is "a key that both have, in a build without: not sent" "$r" 55
	done_testing
fi
before=$(took a)
is "a key that both have" "$r $(same) $(send "$T,PSKFILE=$TMP/psk")" "0 same 0"
is "another key" "$(send "$T,PSKFILE=$TMP/psk.wrong" | tr 3 4)" 74
is "another name" "$(send "$T,PSKFILE=$TMP/psk.other" | tr 3 4)" 74
is "no key" "$(send "$T" | tr 3 4) $(($(took a) - before))" "74 1"
chmod 644 "$TMP/psk"
is "a key that others may read" "$(send "$T,PSKFILE=$TMP/psk") $(($(took a) - before))" "55 1"
chmod 600 "$TMP/psk"
tunnel 'ciphers = PSK' "PSKsecrets = $TMP/psk" 'sslVersion = TLSv1.2'
is "TLS 1.2: not with a key" \
	"$(send "$T,PSKFILE=$TMP/psk" | tr 3 4) $(($(took a) - before))" "74 1"
tunnel "cert = $TLSCA/ip.pem" "key = $TLSCA/ip.key"
is "a server with a certificate, which proves nothing here" \
	"$(send "$T,PSKFILE=$TMP/psk" | tr 3 4) $(($(took a) - before))" "74 1"
done_testing
