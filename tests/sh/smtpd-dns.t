#!/bin/sh
# mini-smtpd and the DNS: lists of addresses (control/dnsbl, -r, -a), the sender's domain
# (mxcheck), names of clients that may relay. With a DNS server of our own in a network
# namespace; of root's own where root runs this, since the listener then becomes nobody.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/dns.sh"
own=-Urmn
[ "$(id -u)" != 0 ] || ! unshare -mn true 2>/dev/null || own=-mn
dns_inside 'DNSBL, mxcheck, relaydomains' $own
[ -e "$BIN/mini-smtpd" ] || skip_all 'no mini-smtpd in this build'
CONTROLDIR=$TMP/control C=$TMP/control
export CONTROLDIR
mkdir "$C"
echo me.example.net >"$C/me"
echo plain.example >"$C/rcpthosts"
cat >"$TMP/zone" <<-'Z'
	7.2.0.192.bl.example A 127.0.0.2
	7.2.0.192.bl.example TXT see http://bl.example/?192.0.2.7 (\r\n250 ok)
	8.2.0.192.bl.example A 127.0.0.4
	9.2.0.192.bl.example A 192.0.2.1
	10.2.0.192.bl.example A 127.255.255.254
	11.2.0.192.bl.example RCODE 2
	12.2.0.192.bl.example NOTHING
	14.2.0.192.bl.example TXT just words
	15.2.0.192.bl.example TXT x
	15.2.0.192.bl.example A 192.0.2.1
	15.2.0.192.bl.example A 127.0.0.3
	1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.example A 127.0.0.2
	7.2.0.192.other.example A 127.0.0.2
	8.2.0.192.wl.example A 127.0.0.1
	12.2.0.192.wl.example RCODE 2
	mx.example MX 10 host.mx.example
	null.example MX 0 .
	a.example A 192.0.2.1
	text.example TXT nothing
	fail.example RCODE 2
	gate.trusted.example A 192.0.2.20
	gate.trusted.example A 192.0.2.21
Z
seq -f '6.2.0.192.mute%g.example NOTHING' 20 >>"$TMP/zone"
echo 'nameserver 127.0.0.1
options timeout:5 attempts:2' >"$TMP/resolv.conf"
dns_over resolv.conf
dns_start
trap 'kill $DNS; rm -rf "$TMP"' EXIT

mkfifo "$TMP/to" "$TMP/from"
# talk IP SENDER [NAME=value...] [-- OPTION...]: the reply to RCPT (or to MAIL, where that
# is refused), without CR
talk() {
	ip=$1 sender=$2 vars=
	shift 2
	while [ $# != 0 ] && [ "$1" != -- ]; do
		vars="$vars $1"; shift
	done
	[ $# = 0 ] || shift
	# shellcheck disable=SC2086 # words
	env TCPREMOTEIP="$ip" $vars "$BIN/mini-smtpd" "$@" <"$TMP/to" >"$TMP/from" 2>"$TMP/err" &
	pid=$!
	exec 3>"$TMP/to" 4<"$TMP/from"
	read -r _ <&4
	printf 'HELO x\r\nMAIL FROM:<%s>\r\nRCPT TO:<x@%s>\r\nQUIT\r\n' "$sender" "${TO-plain.example}" >&3 2>/dev/null
	exec 3>&-
	tr -d '\r' <&4 | sed '/^250 me/d; /^250 2.1.0/d; /^503/d; /^221/d'
	exec 4<&-
	wait $pid
}
OK='250 2.1.5 ok'
from() { talk "$1" s@a.example; }

# ---- control/dnsbl ----
echo bl.example >"$C/dnsbl"
is 'listed: for now, with the words of the zone, in one line' "$(from 192.0.2.7)" \
	'451 4.7.1 see http://bl.example/?192.0.2.7 (\r\n250 ok)'
is 'listed without words' "$(from 192.0.2.8)" '451 4.7.1 your address is listed by bl.example'
is 'not listed' "$(from 192.0.2.6)" "$OK"
is 'IPv6' "$(from 2001:db8::1)" '451 4.7.1 your address is listed by bl.example'
is 'another IPv6' "$(from 2001:db8::2)" "$OK"
is 'an answer outside 127.0.0.0/8 is none' "$(from 192.0.2.9)" "$OK"
is 'an answer of trouble is none' "$(from 192.0.2.10)" "$OK"
is 'words alone are none' "$(from 192.0.2.14)" "$OK"
is 'one of several answers' "$(from 192.0.2.15)" '451 4.7.1 x'
is 'the zone fails: let in' "$(from 192.0.2.11)" "$OK"
t=$(date +%s)
is 'the zone does not answer: let in' "$(from 192.0.2.12)" "$OK"
ok 'after a short time' test $(($(date +%s) - t)) -le 5
is 'loopback is not asked for' "$(from 127.0.0.2)" "$OK"
is 'nor those who may relay' "$(TO=far.example talk 192.0.2.7 s@a.example RELAYCLIENT=)" "$OK"
is 'nor where rcpthosts says no' "$(TO=far.example from 192.0.2.7 | cut -c1-9)" '553 5.7.1'
is 'RBLSMTPD, empty, lets in' "$(talk 192.0.2.7 s@a.example RBLSMTPD=)" "$OK"
dnsbl() { printf '%b' "$1" >"$C/dnsbl"; from "$2"; }
is 'words of the file' "$(dnsbl 'bl.example go away\n' 192.0.2.7)" '451 4.7.1 go away'
is 'with a colon' "$(dnsbl 'bl.example:go away\n' 192.0.2.7)" '451 4.7.1 go away'
is 'for good, by the words' "$(dnsbl 'bl.example -go away\n' 192.0.2.7)" '553 5.7.1 go away'
is 'for good, by the zone' "$(dnsbl '-bl.example\n' 192.0.2.8)" '553 5.7.1 your address is listed by bl.example'
is 'the second zone' "$(dnsbl 'none.example\nother.example two\nbl.example three\n' 192.0.2.7)" '451 4.7.1 two'
is 'a zone that allows' "$(dnsbl '+wl.example\nbl.example\n' 192.0.2.8)" "$OK"
is 'behind one that refuses' "$(dnsbl 'bl.example\n+wl.example\n' 192.0.2.8 | cut -c1-9)" '451 4.7.1'
is 'one that allows fails: let in' "$(dnsbl '+wl.example\nbl.example no\n' 192.0.2.12)" "$OK"
is 'a zone that cannot be' "$(dnsbl 'a..b\n.\nbl.example no\n' 192.0.2.7)" '451 4.7.1 no'
if [ -n "$QMTA_SHORT" ]; then
	skip 'many zones that do not answer' 'takes 6 seconds'
else
	seq -f 'mute%g.example' 20 >"$C/dnsbl"
	t=$(date +%s)
	is 'many zones that do not answer: let in' "$(from 192.0.2.6)" "$OK"
	ok 'after ten seconds at most' test $(($(date +%s) - t)) -le 10
fi
rm "$C/dnsbl"

# ---- -r and -a ----
is '-r' "$(talk 192.0.2.7 s@a.example -- -r bl.example | cut -c1-13)" '451 4.7.1 see'
is '-a before it' "$(talk 192.0.2.8 s@a.example -- -a wl.example -r bl.example)" "$OK"
is '-r, for good' "$(talk 192.0.2.8 s@a.example -- -r none.example -r -bl.example | cut -c1-9)" '553 5.7.1'
is 'eight of them' "$("$BIN/mini-smtpd" -r a -r b -r c -r d -r e -r f -r g -r h -r i </dev/null >/dev/null 2>&1; echo $?)" 100

# ---- answers are shared ----
cat >"$TMP/from.py" <<'P'
import fcntl, socket, struct, sys
ip, port = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(s, 0x8916, struct.pack("16sH2s4s8x", b"lo:1", socket.AF_INET, b"", socket.inet_aton(ip)))
for i in range(100):
    try:
        c = socket.create_connection(("127.0.0.1", port), 10, (ip, 0))
        break
    except ConnectionRefusedError:
        import time
        time.sleep(0.05)
f = c.makefile(newline="")
f.readline()
c.sendall(b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<x@plain.example>\r\nQUIT\r\n")
print([l for l in f.read().split("\r\n") if l][2][:9])
P
if [ "$INNER" = -mn ]; then
	printf '%s\n' bl.example '-other.example' >"$C/dnsbl"
	"$BIN/mini-smtpd" -l 127.0.0.1:2525 -u 65534 -g 65534 2>"$TMP/err" &
	listener=$!
	is 'a listener: a client that is listed' "$(python3 "$TMP/from.py" 192.0.2.8 2525)" '451 4.7.1'
	is 'one that is not' "$(python3 "$TMP/from.py" 192.0.2.6 2525)" '250 2.1.5'
	kill "$DNS"
	wait "$DNS" 2>/dev/null
	is 'known without the DNS' "$(python3 "$TMP/from.py" 192.0.2.8 2525)" '451 4.7.1'
	is 'both' "$(python3 "$TMP/from.py" 192.0.2.6 2525)" '250 2.1.5'
	is 'others are let in' "$(python3 "$TMP/from.py" 192.0.2.7 2525)" '250 2.1.5'
	dns_start
	is 'that was not an answer: asked anew' "$(python3 "$TMP/from.py" 192.0.2.7 2525)" '451 4.7.1'
	kill $listener
	wait $listener
	rm "$C/dnsbl"
else
	skip 'a listener: answers are shared' 'needs root, who can become somebody else'
fi

# ---- mxcheck ----
is 'mxcheck is off' "$(talk 192.0.2.6 s@none.example)" "$OK"
echo 1 >"$C/mxcheck"
is 'an MX' "$(talk 192.0.2.6 s@mx.example)" "$OK"
is 'an address' "$(talk 192.0.2.6 s@a.example)" "$OK"
is 'the null sender' "$(talk 192.0.2.6 '')" "$OK"
is 'no such domain' "$(talk 192.0.2.6 s@none.example | cut -c1-9)" '553 5.1.8'
is 'neither' "$(talk 192.0.2.6 s@text.example | cut -c1-9)" '553 5.1.8'
is 'null MX' "$(talk 192.0.2.6 s@null.example | cut -c1-9)" '553 5.1.8'
is 'no domain' "$(talk 192.0.2.6 s | cut -c1-9)" '553 5.1.8'
is 'it cannot be told' "$(talk 192.0.2.6 s@fail.example | cut -c1-9)" '451 4.4.3'
is 'not of those who may relay' "$(talk 192.0.2.6 s@none.example RELAYCLIENT=)" "$OK"
is 'MXCHECK goes before it' "$(talk 192.0.2.6 s@none.example MXCHECK=0)" "$OK"
rm "$C/mxcheck"

# ---- relaydomains ----
echo .trusted.example >"$C/relaydomains"
named() { TO=far.example talk "$1" s@a.example TCPREMOTEHOST="$2"; }
is 'a name that leads back' "$(named 192.0.2.21 gate.trusted.example)" "$OK"
is 'one that leads elsewhere' "$(named 192.0.2.22 gate.trusted.example | cut -c1-9)" '553 5.7.1'
is 'one that leads nowhere' "$(named 192.0.2.20 x.trusted.example | cut -c1-9)" '553 5.7.1'
is 'one that is not in the list' "$(named 192.0.2.1 a.example | cut -c1-9)" '553 5.7.1'

done_testing
