#!/bin/sh
# TLS alone, without mail: clocks, TLSA records, pins as people write them, the files that it
# reads, servers that stop in the middle or take a byte a second, and, where they are built,
# keys that both have and tickets. What certificates openssl can make is tlscerts.t's.
# shellcheck disable=SC2086 # options are words
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/tlsca.sh"
. "$TOP/tests/lib/sserver.sh"
DIAL=${TESTBIN%/bin}/tlsdial
[ -x "$DIAL" ] || skip_all "TLS is not built in"
command -v openssl >/dev/null || skip_all "no openssl"
SERVER='' SLOW=''
trap 'stop_server; [ -z "$SLOW" ] || kill $SLOW 2>/dev/null; rm -rf "$TMP"' EXIT
CONTROLDIR=$TMP/control; export CONTROLDIR
mkdir "$CONTROLDIR"

dial() { # KEY=VALUE...
	timeout 20 "$DIAL" 127.0.0.1 "$PORT" "$@" 2>&1
}
first() { dial "$@" | sed 1q; }

# One that looks like the right one and is not: the last digit is another.
other() { printf '%s%s' "${1%?}" "$(printf '%s' "$1" | tail -c 1 | tr 0-9a-f 1-9a-f0)"; }

# --- a clock that is not set ---
serve p256
echo "=86400" >"$TMP/clock"
QMTA_FAKE_CLOCK=$TMP/clock; export QMTA_FAKE_CLOCK
R=$TLSCA/roots.pem; KEY=$(tls_pin p256); CERT=$(tls_certpin p256)
set -- level=verify ca="$R" name=mail.example.net
like "1970: no certificate is taken" "$(first "$@")" '^NOCLOCK the clock of this machine is not set'
like "a pin needs no clock" "$(first "$@" pin=$KEY)" '^OK pin'
like "a wrong pin is wrong without one" "$(first "$@" pin="$(other "$KEY")")" '^REFUSED .*pinned'
like "nor does a TLSA record of the server" "$(first "$@" tlsa="3 1 1 $KEY")" '^OK dane'
like "must asks for no certificate" "$(first level=must)" '^OK not-proven'
echo 40000000 >"$TMP/clock"
like "later than the certificate" "$(first "$@")" '^REFUSED .*; it has expired on .* GMT'
unset QMTA_FAKE_CLOCK

# --- TLSA (RFC 7672 3.1) ---
like "3 1 1" "$(first "$@" tlsa="3 1 1 $KEY")" '^OK dane'
like "3 0 1" "$(first "$@" tlsa="3 0 1 $CERT")" '^OK dane'
like "3 1 1 takes no certificate's sum" "$(first "$@" tlsa="3 1 1 $CERT")" '^REFUSED .*none of the TLSA'
like "3 1 1 of another" "$(first "$@" tlsa="3 1 1 $(other "$KEY")")" '^REFUSED .*none of the TLSA'
like "two, the second fits" "$(first "$@" tlsa="3 1 1 $(other "$KEY")" tlsa="3 1 1 $KEY")" '^OK dane'
like "usage 3 asks for no name" "$(first level=verify name=www.example.org tlsa="3 1 1 $KEY")" '^OK dane'
like "usage 1 is not used: the chain counts" "$(first "$@" tlsa="1 1 1 $(other "$KEY")")" '^OK chain'
like "and with may nothing" "$(first level=may tlsa="1 1 1 $(other "$KEY")")" '^OK not-proven'
like "may with a record that does not fit" "$(first level=may tlsa="3 1 1 $(other "$KEY")")" '^REFUSED'
stop_server
serve two
I=$(tls_pin inter1); W=$(tls_certpin inter2)
like "2 1 1 of an intermediate" "$(first level=may name=mail.example.net tlsa="2 1 1 $I")" '^OK dane'
echo "=86400" >"$TMP/clock"
like "which needs a clock" "$(QMTA_FAKE_CLOCK=$TMP/clock first level=may tlsa="2 1 1 $I")" '^NOCLOCK'
like "2 0 1" "$(first level=may name=mail.example.net tlsa="2 0 1 $W")" '^OK dane'
like "2 1 1 asks for the name" "$(first level=may name=www.example.org tlsa="2 1 1 $I")" \
	'^REFUSED .*not for www.example.org'
like "2 1 1 of who is not in the chain" "$(first level=may name=mail.example.net tlsa="2 1 1 $KEY")" \
	'^REFUSED .*none of the TLSA'
like "the record of one authority is not that of another" \
	"$(first level=may name=mail.example.net tlsa="3 1 1 $I")" '^REFUSED'
stop_server
serve expired
like "usage 3 asks for no date" "$(first level=may tlsa="3 1 1 $(tls_pin expired)")" '^OK dane'
stop_server

# --- pins ---
serve p256
C=$(echo "$KEY" | sed 's/../&:/g; s/:$//' | tr a-f A-F)
B=$(openssl x509 -in "$TLSCA/p256.cert" -noout -pubkey | openssl pkey -pubin -outform DER |
	openssl dgst -sha256 -binary | openssl base64)
for p in "$C" "$B" "sha256//$B" "$CERT" " $CERT, " "$(other "$KEY") $KEY"; do
	like "pin $p" "$(first level=verify pin="$p")" '^OK pin'
done
like "blanks are no pin" "$(first "$@" pin=" , ")" '^OK chain'
like "what is no pin" "$(first "$@" pin="$KEY abc")" '^OK pin'
like "what is no pin, first" "$(first "$@" pin="abc $KEY")" '^LOCAL the pin abc is no SHA-256'

# --- files ---
like "a bundle that is not there" "$(first level=verify ca=/none.pem)" '^LOCAL unable to read /none.pem'
cp "$R" "$CONTROLDIR/mine.pem"
like "a path below the control directory" "$(first level=verify ca=mine.pem name=mail.example.net)" '^OK chain'
echo mine.pem >"$CONTROLDIR/cafile"
like "control/cafile" "$(first level=verify name=mail.example.net)" '^OK chain'
echo gone.pem >"$CONTROLDIR/cafile"
like "control/cafile names nothing" "$(first level=verify name=mail.example.net)" \
	"^LOCAL unable to read $CONTROLDIR/gone.pem"
rm "$CONTROLDIR/cafile"
{ echo "a line of words"; openssl x509 -in "$TLSCA/p256.cert" -text; head -c 3000 /dev/urandom;
	echo; sed 's/$/\r/' "$R"; } >"$CONTROLDIR/odd.pem"
like "words, rubbish and CRs between certificates" \
	"$(first level=verify ca=odd.pem name=mail.example.net)" '^OK chain'
sed '/^-----/!{s/.$/!/}' "$R" >"$CONTROLDIR/bad.pem"
like "a damaged bundle is no authority" "$(first level=verify ca=bad.pem name=mail.example.net)" '^REFUSED'
tls_cert client
cat "$TLSCA/client.cert" "$TLSCA/client.key" >"$TMP/client.pem"
chmod 644 "$TMP/client.pem"
like "a key that everybody may read" "$(first level=must cert="$TMP/client.pem")" \
	'^LOCAL other users may read .*client.pem: chmod o='
chmod 600 "$TLSCA/client.cert"
like "a certificate without its key" "$(first level=must cert="$TLSCA/client.cert")" \
	'^LOCAL .*a certificate and its key'
like "no such file" "$(first level=must cert=/none)" '^LOCAL unable to read /none'
stop_server

# --- an address is no name for SNI (RFC 6066 3) ---
serve ip -tlsextdebug
first level=verify ca="$R" >"$TMP/by-address"
dial level=verify ca="$R" name=mail.example.net >"$TMP/by-name"
stop_server
like "by address" "$(cat "$TMP/by-address")" '^OK chain'
is "only the name was sent" "$(grep -c 'server name' "$TMP/served")" 1

# --- what the server sends before it stops, or slowly ---
cat >"$TMP/relay.py" <<'PY'
# relay.py PORT HOW N: passes one connection on to a real server; of what that says it cuts
# all after N bytes (cut), sends one byte each N hundredths (slow), or changes byte N (turn).
import select, socket, sys, time
port, how, n = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
l = socket.create_server(("127.0.0.1", 0))
print(l.getsockname()[1], flush=True)
l.settimeout(20)
a = l.accept()[0]
b = socket.create_connection(("127.0.0.1", port))
a.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
end, passed, live = time.time() + 20, 0, True
while live and time.time() < end:
    for s in select.select([a, b], [], [], 1)[0]:
        try:
            d = s.recv(4096)
        except OSError:
            d = b""
        if not d:
            live = False
        elif s is a:
            b.sendall(d)
        else:
            if how == "cut":
                d = d[:n - passed]
                live = passed + len(d) < n
            elif how == "turn" and passed <= n < passed + len(d):
                d = d[:n - passed] + bytes([d[n - passed] ^ 1]) + d[n - passed + 1:]
            passed += len(d)
            try:
                for i in range(len(d)) if how == "slow" else [0]:
                    a.sendall(d[i:i + 1] if how == "slow" else d)
                    if how == "slow":
                        time.sleep(n / 100)
            except OSError:
                live = False
PY
through() { # HOW N KEY=VALUE...
	: >"$TMP/port"
	python3 "$TMP/relay.py" "$PORT" "$1" "$2" >"$TMP/port" & SLOW=$!
	shift 2
	until [ -s "$TMP/port" ]; do sleep 0.02; done
	timeout 20 "$DIAL" 127.0.0.1 "$(cat "$TMP/port")" level=verify ca="$R" name=mail.example.net \
		"$@" 2>&1 | sed 1q
	kill $SLOW 2>/dev/null
	wait $SLOW 2>/dev/null
	SLOW=
}
cuts='6 130 400' turns='3 50 300'
[ -n "${QMTA_SHORT:-}" ] || { cuts='1 5 6 60 100 127 130 200 400 700' turns='0 3 5 9 20 50 90 140 300 500 650'; }
for v in 2 3; do
	serve p256 -tls1_$v
	bad=''
	for n in $cuts; do
		got=$(through cut $n secs=5)
		case $got in BROKEN*closed*|BROKEN*reset*) ;; *) bad="$bad $n:$got" ;; esac
	done
	is "TLS 1.$v: cut anywhere in the handshake, it is broken and over" "$bad" ""
	bad=''
	for n in $turns; do
		got=$(through turn $n secs=1)
		case $got in BROKEN*|REFUSED*) ;; *) bad="$bad $n:$got" ;; esac
	done
	is "TLS 1.$v: a bit changed anywhere in the handshake, it fails" "$bad" ""
	from=$(date +%s)
	like "TLS 1.$v: a byte a tenth of a second ends in time" "$(through slow 10 secs=1)" \
		'^BROKEN .*[Tt]imed out'
	ok "which was one second" [ $(($(date +%s) - from)) -le 4 ]
	stop_server
done

# --- no TLS at all ---
cat >"$TMP/say.py" <<'PY'
import socket, sys, time
l = socket.create_server(("127.0.0.1", 0))
print(l.getsockname()[1], flush=True)
l.settimeout(20)
a = l.accept()[0]
a.sendall(sys.argv[1].encode("latin-1").decode("unicode_escape").encode("latin-1"))
a.settimeout(20)
try:
    while a.recv(4096):
        pass
except OSError:
    pass
PY
against() { # BYTES
	: >"$TMP/port"
	python3 "$TMP/say.py" "$1" >"$TMP/port" & SLOW=$!
	until [ -s "$TMP/port" ]; do sleep 0.02; done
	timeout 20 "$DIAL" 127.0.0.1 "$(cat "$TMP/port")" level=may secs=1 2>&1 | sed 1q
	kill $SLOW 2>/dev/null
	wait $SLOW 2>/dev/null
	SLOW=
}
like "clear text" "$(against '220 mail.example.net ESMTP\r\n')" '^BROKEN what the server sent is not TLS'
like "zeros" "$(against '\0\0\0\0\0\0\0\0\0\0')" '^BROKEN'
like "a record of 64 KB" "$(against '\x16\x03\x03\xff\xff\x02')" '^BROKEN'
like "an alert" "$(against '\x15\x03\x03\0\x02\x02\x70')" '^BROKEN .*no certificate for that name'
like "silence" "$(against '')" '^BROKEN .*[Tt]imed out'

# --- a key that both have ---
printf 'board:%s\n' 00112233445566778899aabbccddeeff >"$TMP/psk"
chmod 600 "$TMP/psk"
serve p256 -psk 00112233445566778899aabbccddeeff -psk_identity board
got=$(first psk="$TMP/psk")
case $got in
LOCAL*not\ built\ in*) skip "pre-shared keys" "not built in" ;;
*)
	like "PSK" "$got" '^OK psk TLSv1.3'
	QMTA_FAKE_CLOCK=$TMP/clock; export QMTA_FAKE_CLOCK
	echo "=86400" >"$TMP/clock"
	like "PSK without a clock" "$(first level=verify psk="$TMP/psk")" '^OK psk'
	unset QMTA_FAKE_CLOCK
	chmod 644 "$TMP/psk"
	like "PSK that everybody may read" "$(first psk="$TMP/psk")" '^LOCAL other users may read .*: chmod o='
	for s in board board: :00112233445566778899aabbccddeeff board:0011 \
		board:0011223344556677889900112233445z; do
		echo "$s" >"$TMP/psk2"; chmod 600 "$TMP/psk2"
		like "no PSK: $s" "$(first psk="$TMP/psk2")" '^LOCAL .*identity:key'
	done
	echo board:ff112233445566778899aabbccddeeff >"$TMP/psk2"
	like "another key" "$(first psk="$TMP/psk2")" '^BROKEN .*pskfile'
	stop_server
	serve p256
	like "a server with a certificate only" "$(first psk="$TMP/psk2")" '^BROKEN .*pskfile' ;;
esac
stop_server

# --- one who never stops sending what means nothing ---
for kind in warnings:1503030002015a ccs:140303000101; do
	: >"$TMP/served"
	python3 - "${kind#*:}" >"$TMP/served" 2>/dev/null <<'END' & SLOW=$!
import socket, sys, threading, os
threading.Timer(30, os._exit, [1]).start()
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(1)
print(s.getsockname()[1], flush=True)
c = s.accept()[0]
try:
    while True:
        c.sendall(bytes.fromhex(sys.argv[1]) * 4096)
except OSError:
    os._exit(0)
END
	until [ -s "$TMP/served" ]; do sleep 0.02; done
	PORT=$(cat "$TMP/served")
	t=$(date +%s)
	like "${kind%:*} without an end: an end" "$(first level=must secs=2)" '^BROKEN '
	ok "${kind%:*} without an end: in time" test $(($(date +%s) - t)) -le 5
	kill $SLOW 2>/dev/null; wait $SLOW 2>/dev/null
	SLOW=
done

# --- tickets ---
resumed() { sed -n 's/^resumed //p' | tr -d '\n'; }
serve p256
got=$(dial "$@" say=hello times=2 | resumed)
if [ "$got" = 00 ]; then
	skip "tickets" "not built in"
else
	is "the second connection of a process" "$got" 01
	is "not that of another" "$(dial "$@" say=hello | resumed)" 0
	mkdir -m 700 "$TMP/tickets"
	echo "$TMP/tickets" >"$CONTROLDIR/tlstickets"
	is "kept in a directory" "$(dial "$@" say=hello | resumed)" 0
	is "one file, of ours alone" "$(stat -c '%a %F' "$TMP/tickets"/*)" "600 regular file"
	is "and taken up by the next" "$(dial "$@" say=hello | resumed)" 1
	is "not for another name" "$(dial level=verify ca="$R" name=www.example.org say=hello |
		sed 1q | cut -d' ' -f1)" REFUSED
	is "nor with pins" "$(dial "$@" pin=$KEY say=hello | resumed)" 0
	for f in "$TMP/tickets"/*; do
		for n in 3 60 500 1000; do
			cp "$f" "$TMP/t"
			printf '\377' | dd of="$TMP/t" bs=1 seek=$n conv=notrunc 2>/dev/null
			cp "$TMP/t" "$f"
		done
	done
	is "a damaged file is none" "$(dial "$@" say=hello | resumed)" 0
	is "then there is a good one" "$(dial "$@" say=hello | resumed)" 1
	chmod 644 "$TMP/tickets"/*
	is "one that others may read is none" "$(dial "$@" say=hello | resumed)" 0
	echo 90000 >"$TMP/clock"
	is "nor is one of yesterday" \
		"$(QMTA_FAKE_CLOCK=$TMP/clock dial "$@" say=hello | resumed)" 0
fi
stop_server
done_testing
