#!/bin/sh
# How qmail-remote finds the servers of a domain, with a DNS server of our own in
# a user and network namespace. No address there can be reached: what it tries,
# and in which order, is read from its system calls.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/dns.sh"
dns_inside 'MX order, null MX, CNAME, A fall-back, own address, SERVFAIL'
CONTROLDIR=$TMP/control
export CONTROLDIR
mkdir "$CONTROLDIR"
echo me.example.net >"$CONTROLDIR/me"
echo 3 >"$CONTROLDIR/timeoutconnect"
cat >"$TMP/zone" <<-Z
	order.example MX 20 mx2.example
	order.example MX 10 mx1.example
	order.example MX 30 mx3.example
	mx1.example A 192.0.2.1
	mx2.example A 192.0.2.2
	mx3.example A 192.0.2.3
	mixed.example MX 10 six.example
	six.example A 192.0.2.4
	six.example A 192.0.2.5
	six.example AAAA 2001:db8::4
	six.example AAAA 2001:db8::5
	null.example MX 0 .
	alias.example CNAME order.example
	aliasmx.example MX 5 aliashost.example
	aliashost.example CNAME mx1.example
	plain.example A 192.0.2.6
	aaaa.example AAAA 2001:db8::6
	empty.example TXT nothing
	lost.example MX 10 gone.example
	fail.example RCODE 2
	refused.example RCODE 5
	halffail.example MX 10 fail.example
	halffail.example MX 20 mx2.example
	allfail.example MX 10 fail.example
	own.example MX 10 own-host.example
	own.example MX 10 mx1.example
	own.example MX 20 mx2.example
	own-host.example A 127.0.0.5
	second.example MX 10 mx1.example
	second.example MX 20 zero-host.example
	second.example MX 30 mx3.example
	zero-host.example A 0.0.0.0
	ownplain.example A 127.0.0.1
	ownsix.example MX 1 six-zero.example
	six-zero.example AAAA ::1
	cut.example TC
	cut.example MX 10 mx1.example
	cut.example MX 20 mx2.example
	mute.example NOTHING
	relay.example A 192.0.2.9
	forged.example A 192.0.2.10
	forged.example FORGE 192.0.2.66
	nosix.example A 192.0.2.11
	nosix.example RCODE6 2
	hub.lan.example A 192.0.2.12
	lone A 192.0.2.13
Z
echo '# the first one is not there
nameserver 127.0.0.2
nameserver	127.0.0.1 # ours
search nowhere.example lan.example
options timeout:1 attempts:1' >"$TMP/resolv.conf"
echo '127.0.0.1 localhost
# 192.0.2.78 hostsfile.example
192.0.2.77	other HostsFile.example	# comment
2001:db8::77 hostsfile.example' >"$TMP/hosts"
dns_over resolv.conf hosts
dns_start
trap 'kill $DNS; rm -rf "$TMP"' EXIT

# tried HOST: the addresses in order (only the last parts); the report is in $TMP/out
tried() {
	strace -f -e trace=connect -o "$TMP/trace" "$BIN/qmail-remote" "$1" s@x "r@$1" \
		</dev/null >"$TMP/out" || return
	sed -n '/htons(25)/s/.*"\([^"]*\)".*/\1/p' "$TMP/trace" | sed 's/.*[.:]//' | tr '\n' ' '
}
report() {
	"$BIN/qmail-remote" "$1" s@x "r@$1" </dev/null | tr '\0\n' '|/'
}
is 'MX in order of preference' "$(tried order.example)" '1 2 3 '
like 'none answers: for now' "$(tr '\0' '|' <"$TMP/out")" '^ZSorry, .* 192.0.2.3 port 25: .*#4.4.1'
like 'IPv6 and IPv4 in turn' "$(tried mixed.example | tr -d ' ')" '^(4455|4554|5445|5544)$'
like 'really two families in turn' "$(sed -n '/htons(25)/s/.*AF_\(INET6*\).*/\1/p' "$TMP/trace" | tr '\n' ' ')" \
	'^(INET6 INET INET6 INET|INET INET6 INET INET6) $'
like 'null MX: never' "$(report null.example)" '^DDomain null.example does not take mail.*#5\.1\.10'
is 'CNAME to a domain with MX' "$(tried alias.example)" '1 2 3 '
is 'MX that is a CNAME' "$(tried aliasmx.example)" '1 '
is 'no MX: its address' "$(tried plain.example)" '6 '
is 'no MX: its IPv6 address' "$(tried aaaa.example)" '6 '
is 'a name of the hosts file' "$(tried hostsfile.example)" '77 77 '
like 'no MX and no address: never' "$(report empty.example)" '^DHost empty.example has neither.*#5\.4\.4'
like 'no such domain: never' "$(report none.example)" '^DThere is no host named none.example.*#5\.1\.2'
like 'MX without addresses: never' "$(report lost.example)" '^DThe mail exchangers of lost.example.*#5\.4\.4'
like 'SERVFAIL: later' "$(report fail.example)" '^ZDNS lookup for fail.example.*#4\.4\.3'
like 'REFUSED: later' "$(report refused.example)" '^ZDNS lookup'
like 'no reply: later' "$(report mute.example)" '^ZDNS lookup'
is 'one MX fails, the next is tried' "$(tried halffail.example)" '2 '
like 'all MX fail: later' "$(report allfail.example)" '^ZDNS lookup'
like 'we are the best MX: a loop' "$(report own.example)" '^DThis machine is the best.*#5\.4\.6'
is 'we are the second MX: only the better ones' "$(tried second.example)" '1 '
like 'our own address without MX' "$(report ownplain.example)" '#5\.4\.6'
like 'our own IPv6 address' "$(report ownsix.example)" '#5\.4\.6'
is 'an answer cut short comes by TCP' "$(tried cut.example)" '1 2 '
is 'forged answers are not believed' "$(tried forged.example)" '10 '
is 'AAAA fails, A is used' "$(tried nosix.example)" '11 '
is 'no search list for a domain' "$(report hub)" 'DThere is no host named hub. (#5.1.2)/|'
is 'a literal needs no DNS' "$(tried '[192.0.2.8]')" '8 '
is 'IPv6 literal' "$(tried '[IPv6:2001:db8::8]')" '8 '
echo ':relay.example' >"$CONTROLDIR/smtproutes"
is 'a relay: its address' "$(tried order.example)" '9 '
echo ':hub' >"$CONTROLDIR/smtproutes"
is 'a relay without a dot: search list' "$(tried order.example)" '12 '
echo ':lone' >"$CONTROLDIR/smtproutes"
is 'or as it is' "$(tried order.example)" '13 '
echo ':order.example' >"$CONTROLDIR/smtproutes"
like 'a relay is not looked up by MX, and a failure is for now' "$(report x.example)" '^ZRelay order.example'
echo ':null.example' >"$CONTROLDIR/smtproutes"
like 'whatever the DNS says' "$(report x.example)" '^ZRelay null.example'
echo ':none.example' >"$CONTROLDIR/smtproutes"
like 'even that there is no such relay' "$(report x.example)" '^ZRelay none.example'
rm "$CONTROLDIR/smtproutes"
echo 192.0.2.200 >"$CONTROLDIR/outgoingip"
like 'an address to leave from that is not ours' "$(report plain.example)" '^ZSorry, .*port 25: .*#4\.4\.1'
kill "$DNS"
wait "$DNS" 2>/dev/null
like 'no DNS server at all: later' "$(report order.example)" '^ZDNS lookup'
trap 'rm -rf "$TMP"' EXIT
done_testing
