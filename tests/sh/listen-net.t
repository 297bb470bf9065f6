#!/bin/sh
# The listener in a network of its own, where clients are not on loopback: limits by address
# and by /64, their names by the DNS, rules by address, network and name.
# shellcheck disable=SC2086 # options are words
if [ -z "$INNER" ]; then
	# shellcheck source=tests/lib/tap.sh
	. "$(dirname "$0")/../lib/tap.sh"
	[ -x "${TESTBIN%/bin}/listend" ] || skip_all "mini-smtpd is not built in"
	unshare -Urmn true 2>/dev/null || skip_all 'limits and rules by address: no namespaces here'
	INNER=$TMP
	export INNER
	timeout -k 1 100 unshare -Urmn sh "$0"
	exit
fi
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/dns.sh"
LISTEND=${TESTBIN%/bin}/listend LOG=$TMP/log PID='' DNS='' PORT=2525
CLIENT="python3 -S $TOP/tests/lib/listenclient.py"
trap 'kill -9 $PID $DNS 2>/dev/null; rm -rf "$TMP"' EXIT
rev6() { # the nibbles of 2001:db8:0:N::A
	echo "$2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.$1.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
}
cat >"$TMP/zone" <<-Z
	1.2.0.192.in-addr.arpa PTR Client.Example.NET
	client.example.net A 192.0.2.99
	client.example.net A 192.0.2.1
	2.2.0.192.in-addr.arpa PTR liar.example.net
	liar.example.net A 192.0.2.99
	3.2.0.192.in-addr.arpa PTR odd"name.example.net
	odd"name.example.net A 192.0.2.3
	4.2.0.192.in-addr.arpa RCODE 2
	5.2.0.192.in-addr.arpa CNAME 5.net.example
	5.net.example PTR classless.example.net
	classless.example.net A 192.0.2.5
	6.2.0.192.in-addr.arpa NOTHING
	$(rev6 1 1) PTR six.example.net
	six.example.net A 192.0.2.1
	six.example.net AAAA 2001:db8:0:1::1
Z
echo 'nameserver 127.0.0.1' >"$TMP/resolv.conf"
mount --bind "$TMP/resolv.conf" /etc/resolv.conf || { echo "Bail out! no resolv.conf"; exit 1; }
dns_start 100
for i in 1 2 3 4 5 6 7 8 9; do set -- "$@" 192.0.2.$i; done
$CLIENT address "$@" 2001:db8:0:1::1 2001:db8:0:1::2 2001:db8:0:2::1 ||
	{ echo "Bail out! no addresses"; exit 1; }
SIX=''; grep -q . /proc/net/if_inet6 2>/dev/null && SIX=1

begin() { # KEY=VALUE...
	: >"$LOG"
	"$LISTEND" verbose=1 listen=$PORT "refusal=421 later" "$@" 2>>"$LOG" &
	PID=$!
	n=100
	until grep -q 'status: 0/' "$LOG"; do
		sleep 0.05; n=$((n - 1)); [ $n -gt 0 ] || { echo "Bail out! no listener"; exit 1; }
	done
}
finish() { kill $PID; wait $PID; }
show() { # ADDRESS: to it, from it
	$CLIENT show "$1" $PORT "$1"
}
hold() { # ADDRESS N
	$CLIENT hold "$1" $PORT "$2" 0.5 "$1"
}

# --- limits ---
begin peer=2
is "two at a time of one address, the third hears why not" "$(hold 192.0.2.1 3)" \
	"served 2 refused 1 waiting 0
heard '421 later'"
like "which is logged" "$(cat "$LOG")" ': refuse 192.0.2.1: too many connections at a time'
like "then they may come again" "$(show 192.0.2.1)" ready
is "loopback may have more" "$(hold 127.0.0.1 5)" "served 5 refused 0 waiting 0"
if [ "$SIX" ]; then
	is "IPv6: two of one address" "$(hold 2001:db8:0:1::2 3 | sed 1q)" "served 2 refused 1 waiting 0"
else
	skip "IPv6: two of one address" "no IPv6"
fi
finish

echo "=1000" >"$TMP/mono"
QMTA_FAKE_MONO=$TMP/mono; export QMTA_FAKE_MONO
begin minute=3
for i in 1 2 3; do show 192.0.2.1 | tail -1; done >"$TMP/out"
is "three in a minute" "$(uniq -c <"$TMP/out" | tr -s ' ')" " 3 ready"
is "the fourth is one too many" "$(show 192.0.2.1)" "421 later"
like "which is logged" "$(cat "$LOG")" ': refuse 192.0.2.1: too many connections in a minute'
like "others are not concerned" "$(show 192.0.2.2)" ready
for i in 1 2 3 4; do show 127.0.0.1 | tail -1; done >"$TMP/out"
is "nor is loopback" "$(uniq -c <"$TMP/out" | tr -s ' ')" " 4 ready"
if [ "$SIX" ]; then
	for i in 1::1 1::2 1::1 1::2 2::1; do
		echo "$(show 2001:db8:0:$i | tail -1)"
	done >"$TMP/out"
	is "a /64 counts as one address" "$(tr '\n' ' ' <"$TMP/out")" "ready ready ready 421 later ready "
else
	skip "a /64 counts as one address" "no IPv6"
fi
echo "=60500" >"$TMP/mono"
is "59 seconds later: not yet" "$(show 192.0.2.1)" "421 later"
echo "=61000" >"$TMP/mono"
like "a minute later" "$(show 192.0.2.1)" ready
finish
unset QMTA_FAKE_MONO

# --- names ---
begin hosts=2
host() { # ADDRESS
	show "$1" | sed -n 's/TCPREMOTEHOST=//p'
}
is "a name that says the same, in small letters" "$(host 192.0.2.1)" client.example.net
is "one whose own zone says something else" "$(host 192.0.2.2)" ""
is "one with a byte that no host has" "$(host 192.0.2.3)" ""
is "an error of the DNS" "$(host 192.0.2.4)" ""
is "by way of an alias (RFC 2317)" "$(host 192.0.2.5)" classless.example.net
is "no name" "$(host 192.0.2.7)" ""
T=$(date +%s)
is "no answer at all" "$(host 192.0.2.6)" ""
T=$(($(date +%s) - T))
ok "within some seconds: $T" [ $T -ge 1 -a $T -le 6 ]
if [ "$SIX" ]; then
	is "IPv6" "$(host 2001:db8:0:1::1)" six.example.net
else
	skip "IPv6" "no IPv6"
fi
finish
begin hosts=1
T=$(date +%s%3N)
is "with less patience" "$(host 192.0.2.6)" ""
T=$(($(date +%s%3N) - T))
ok "a second for each answer: $T ms" [ $T -ge 1000 -a $T -le 1990 ]
is "and there is a name" "$(host 192.0.2.1)" client.example.net
like "the log has it" "$(cat "$LOG")" ' ok [0-9]* :192.0.2.1:2525 client.example.net:192.0.2.1::[0-9]+$'
finish

# --- rules ---
cat >"$TMP/rules" <<-R
	192.0.2.1:allow,DATABYTES="1"
	=classless.example.net:allow,DATABYTES="2"
	192.0.2.8/31:allow,DATABYTES="3"
	192.0.2.0/25:allow,DATABYTES="4"
	192.0.2.4:deny
	2001:db8::/32:deny
	2001:db8:0:1::/64:allow,DATABYTES="5"
	2001:db8:0:1::2:allow,DATABYTES="6"
	=.example.net:allow,DATABYTES="7"
R
"$BIN/tcprules" "$TMP/rules.cdb" "$TMP/rules.tmp" <"$TMP/rules"
begin rules="$TMP/rules.cdb" hosts=1
rule() { # ADDRESS RULE
	is "rule for $1" "$(show "$1" | sed -n 's/DATABYTES=//p')" "$2"
}
rule 192.0.2.1 1
rule 192.0.2.5 2
rule 192.0.2.9 3
rule 192.0.2.7 4
is "rule for 192.0.2.4" "$(show 192.0.2.4)" ""
is "rule for 127.0.0.1" "$(show 127.0.0.1 | tail -1)" ready
if [ "$SIX" ]; then
	rule 2001:db8:0:1::2 6
	rule 2001:db8:0:1::1 5
	is "rule for 2001:db8:0:2::1" "$(show 2001:db8:0:2::1)" ""
else
	skip "rules for IPv6" "no IPv6"
fi
finish
done_testing
