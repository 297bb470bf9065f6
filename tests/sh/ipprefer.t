#!/bin/sh
# control/ipprefer and IP=: which family of addresses is tried first, or alone, for mail by
# MX, by relays and by QMQP; with a DNS server of our own in a user and network namespace.
# What is tried is read from the system calls of the program.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/dns.sh"
dns_inside 'IPv4 or IPv6 first'
CONTROLDIR=$TMP/control
export CONTROLDIR
mkdir "$CONTROLDIR"
echo me.example.net >"$CONTROLDIR/me"
echo 3 >"$CONTROLDIR/timeoutconnect"
cat >"$TMP/zone" <<-Z
	mixed.example MX 10 six.example
	six.example A 192.0.2.4
	six.example A 192.0.2.5
	six.example AAAA 2001:db8::4
	six.example AAAA 2001:db8::5
	four.example A 192.0.2.6
	aaaa.example AAAA 2001:db8::6
	two.example MX 10 four.example
	two.example MX 20 aaaa.example
	half.example MX 10 fail.example
	half.example MX 20 four.example
	fail.example RCODE 2
	nosix.example A 192.0.2.11
	nosix.example RCODE6 2
	none.example TXT nothing
	own.example MX 10 own-host.example
	own-host.example A 127.0.0.5
	own-host.example AAAA 2001:db8::7
	here.example A 127.0.0.1
	here.example AAAA ::1
Z
echo 'nameserver 127.0.0.1
options timeout:1 attempts:1' >"$TMP/resolv.conf"
echo '192.0.2.77 hostsfile.example
2001:db8::77 hostsfile.example
2001:db8::78 sixfile.example' >"$TMP/hosts"
dns_over resolv.conf hosts
dns_start
pids=$DNS
trap 'kill $pids; rm -rf "$TMP"' EXIT
printf 'Subject: test\n\ntext\n' >"$TMP/msg"

# The addresses that were tried at a port, as 4 or 6 and the last part.
seen() {
	sed -n "/htons($1)/s/.*AF_INET\\(6*\\).*\"[^\"]*[.:]\\([0-9]*\\)\".*/\\1.\\2/p" "$TMP/trace" |
		sed 's/^\./4./' | tr '\n' ' '
}
tried() { # HOST
	strace -f -e trace=connect -o "$TMP/trace" "$BIN/qmail-remote" "$1" s@x "r@$1" \
		<"$TMP/msg" >"$TMP/out" || return
	seen 25
}
report() { "$BIN/qmail-remote" "$1" s@x "r@$1" <"$TMP/msg" | tr '\0\n' '|/'; }
prefer() { echo "$1" >"$CONTROLDIR/ipprefer"; }

# --- by MX ---
like 'nothing said: both' "$(tried mixed.example)" '^(4.. 6.. 4.. 6..|6.. 4.. 6.. 4..) $'
prefer 4
like '4: IPv4 first, and in turn' "$(tried mixed.example)" '^4.[45] 6.[45] 4.[45] 6.[45] $'
prefer 6
like '6: IPv6 first, and in turn' "$(tried mixed.example)" '^6.[45] 4.[45] 6.[45] 4.[45] $'
is '6: where there is IPv4 alone, that' "$(tried four.example)" '4.6 '
prefer 4
is '4: where there is IPv6 alone, that' "$(tried aaaa.example)" '6.6 '
is '4: MX are in their own order' "$(tried two.example)" '4.6 6.6 '
prefer 6
is '6: MX are in their own order' "$(tried two.example)" '4.6 6.6 '
prefer 4only
like '4only' "$(tried mixed.example)" '^4.[45] 4.[45] $'
is '4only: the MX that has one' "$(tried two.example)" '4.6 '
is '4only: the hosts file' "$(tried hostsfile.example)" '4.77 '
like '4only: IPv6 alone waits, with the reason' "$(report aaaa.example)" \
	'^ZBy control/ipprefer or IP=, aaaa.example has no address\. \(#4\.4\.4\)'
is '4only: an address that is written is used' "$(tried '[IPv6:2001:db8::8]')" '6.8 '
like '4only: ourselves are still seen' "$(report own.example)" '^DThis machine is the best'
prefer 6only
like '6only' "$(tried mixed.example)" '^6.[45] 6.[45] $'
is '6only: the MX that has one' "$(tried two.example)" '6.6 '
is '6only: the hosts file' "$(tried sixfile.example)" '6.78 '
like '6only: IPv4 alone waits' "$(report four.example)" '^ZBy control/ipprefer or IP=, four.example'
like '6only: a DNS that fails is said to' "$(report half.example)" '^ZDNS lookup for half.example'
like 'no such domain: as ever' "$(report gone.example)" '^DThere is no host named gone.example'
# With one family the other is not asked for: a DNS server that chokes on it is no matter.
asks() { strace -f -s 300 -e trace=sendto,sendmsg,write -o "$TMP/trace" "$BIN/qmail-remote" "$1" s@x r@x \
	<"$TMP/msg" >"$TMP/out"; grep -c '\\0\\34\\0\\1"' "$TMP/trace"; }
prefer 4
like '4: AAAA is asked for' "$(asks four.example)" '^[1-9]'
prefer 4only
is '4only: it is not' "$(asks four.example)" 0
is '4only: a server that fails on AAAA' "$(tried nosix.example)" '4.11 '
for v in 5 46 only 4ONLYx; do
	prefer $v
	like "$v: waits, and the file is named" "$(report four.example)" '^ZUnable to read .*ipprefer: not 4, 6, 4only, 6only\. \(#4\.3\.5\)'
done
: >"$CONTROLDIR/ipprefer"
is 'an empty file is none' "$(tried four.example)" '4.6 '

# --- relays ---
prefer 4
echo ':six.example' >"$CONTROLDIR/smtproutes"
like 'a relay: IPv4 first' "$(tried x.example)" '^4.[45] 6.[45] 4.[45] 6.[45] $'
echo ':six.example IP=6' >"$CONTROLDIR/smtproutes"
like 'IP=6 in its route' "$(tried x.example)" '^6.[45] 4.[45] 6.[45] 4.[45] $'
echo ':six.example HELO=x,ip=6ONLY' >"$CONTROLDIR/smtproutes"
like 'ip=6ONLY' "$(tried x.example)" '^6.[45] 6.[45] $'
echo ':four.example,aaaa.example IP=6only' >"$CONTROLDIR/smtproutes"
is 'IP=6only: the relay that has one' "$(tried x.example)" '6.6 '
echo ':aaaa.example IP=4only' >"$CONTROLDIR/smtproutes"
like 'IP=4only: waits' "$(report x.example)" '^ZBy control/ipprefer or IP=, aaaa.example has no address'
echo ':none.example IP=6only' >"$CONTROLDIR/smtproutes"
like 'no such relay' "$(report x.example)" '^Z'
echo ':six.example IP=5' >"$CONTROLDIR/smtproutes"
like 'IP=5: waits' "$(report x.example)" '^ZThe route is not usable: .*IP= is not 4, 6, 4only, 6only'

# --- a server that is there ---
for h in 127.0.0.1 ::1; do
	python3 "$TOP/tests/lib/smtpsink.py" --host $h --port 2525 --portfile "$TMP/port$h" \
		--dir "$TMP" --log "$TMP/sink$h" --timeout 100 &
	pids="$pids $!"
	tries=0
	until [ -s "$TMP/port$h" ] || [ $tries -ge 100 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
done
who() { # who gets the mail
	: >"$TMP/sink127.0.0.1"
	: >"$TMP/sink::1"
	report x.example >"$TMP/out"
	(cd "$TMP" && grep -l stored sink127.0.0.1 sink::1)
}
echo ':here.example:2525' >"$CONTROLDIR/smtproutes"
for v in 4:127.0.0.1 6:::1 4only:127.0.0.1 6only:::1; do
	prefer "${v%%:*}"
	is "ipprefer ${v%%:*}: who gets it" "$(who)" "sink${v#*:}"
done
echo ':here.example:2525 IP=4' >"$CONTROLDIR/smtproutes"
is 'IP=4 is stronger than ipprefer 6only' "$(who)" sink127.0.0.1
rm "$CONTROLDIR/smtproutes"

# --- QMQP ---
printf 'six.example\n' >"$CONTROLDIR/qmqpservers"
queue() {
	printf 'Fs@x\0Tr@x\0\0' >"$TMP/env"
	strace -f -e trace=connect -o "$TMP/trace" "$BIN/qmail-qmqpc" <"$TMP/msg" 1<"$TMP/env" 2>/dev/null
	echo $?
	seen 628
}
prefer 4
like 'QMQP: 4' "$(queue | tr '\n' ' ')" '^73 4.[45] 6.[45] 4.[45] 6.[45] $'
prefer 6only
like 'QMQP: 6only' "$(queue | tr '\n' ' ')" '^73 6.[45] 6.[45] $'
export OUTGOINGIP=127.0.0.1
like 'QMQP: beside the variable OUTGOINGIP' "$(queue | tr '\n' ' ')" '^73 6.[45] 6.[45] $'
unset OUTGOINGIP
echo four.example >"$CONTROLDIR/qmqpservers"
like 'QMQP: 6only and IPv4 alone: later' "$(queue | tr '\n' ' ')" '^73 $'
prefer 5
like 'QMQP: a wrong word: for now' "$(queue | tr '\n' ' ')" '^55 $'
done_testing
