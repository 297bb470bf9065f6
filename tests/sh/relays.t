#!/bin/sh
# relays.t: a route's relays, one after the other, and relays that are commands; the name
# and the address of our side by route.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
trap 'sink_stop; rm -rf "$TMP"' EXIT
runner_root
echo 1 >"$CONTROLDIR/timeoutremote"
echo 1 >"$CONTROLDIR/timeoutconnect"
echo 0 >"$CONTROLDIR/conf-fsync"
printf 'Subject: test\n\ntext\n' >"$TMP/msg"
cat >"$TMP/nc" <<-N
	#!/bin/sh
	echo \$\$ >>"$TMP/sink/pids"
	[ "\$2" != group ] || { sleep 30 & echo \$! >>"$TMP/sink/pids"; }
	python3 "$TOP/tests/lib/nc.py" "\$1"
N
chmod 755 "$TMP/nc"
# route VALUE, with PORT for the sink's and DEAD for one where nobody is
route() {
	printf ':%s\n' "$1" | sed "s/PORT/$PORT/g; s/DEAD/$DEAD/g; s|NC|$TMP/nc|g" >"$CONTROLDIR/smtproutes"
	chmod "${MODE:-644}" "$CONTROLDIR/smtproutes"
	: >"$SINKLOG"
}
remote() { "$BIN/qmail-remote" far.example me@example.net a@far.example <"$TMP/msg" | tr '\0\n' '|/'; }
log() { grep -c -e "$1" "$SINKLOG"; }
# Whatever the command has started is.
# shellcheck disable=SC2317 # called by ok
gone() {
	while read -r p; do
		tries=0
		while kill -0 "$p" 2>/dev/null && [ $tries -lt 20 ]; do
			sleep 0.1
			tries=$((tries + 1))
		done
		! kill -0 "$p" 2>/dev/null || return 1
	done <"$TMP/sink/pids"
}

: >"$TMP/script"
sink_start --script "$TMP/script"
DEAD=$(free_port)
K='^r\|K127.0.0.1 accepted message'

# --- one after the other ---
route 127.0.0.1:DEAD,127.0.0.1:PORT
like 'nobody at the first: the second' "$(remote)" "$K"
route 127.0.0.1:DEAD,'[::1]:DEAD',a..b:25,127.0.0.1:PORT
like 'two dead ones and a name without address' "$(remote)" "$K"
route 127.0.0.1:PORT,127.0.0.1:DEAD
like 'the first is good: no other' "$(remote)" "$K"
is 'and it is asked once' "$(log ' connect$')" 1
route 127.0.0.1:DEAD,'[::1]:DEAD'
like 'all dead: later' "$(remote)" \
	"^ZSorry, I wasn't able to establish an SMTP connection to ::1 port $DEAD: Connection refused"
echo 'CONNECT #1 close 421 4.3.2 not now' >"$TMP/script"
route 127.0.0.1:PORT,127.0.0.1:PORT
like 'a greeting that is none: the second' "$(remote)" "$K"
is 'both were asked' "$(log ' connect$')" 2
for verb in CONNECT EHLO; do
	for how in 'close 554 5.3.2 never' drop '2x0 odd' '550 5.7.1 no' stall; do
		printf '%s #1 %s\nHELO * 550 5.7.1 no\n' "$verb" "$how" >"$TMP/script"
		route 127.0.0.1:PORT,127.0.0.1:PORT
		like "$verb: $how: the second" "$(remote)" "$K"
	done
done
echo 'CONNECT * close 554 5.3.2 go away' >"$TMP/script"
route 127.0.0.1:PORT,127.0.0.1:DEAD
like "what a server said counts more than that nobody was there" "$(remote)" \
	'^ZConnected to 127.0.0.1 but greeting failed./Remote host said: 554 5.3.2 go away'
route 127.0.0.1:DEAD,127.0.0.1:PORT
like 'in the other order, too' "$(remote)" '^ZConnected to 127.0.0.1 but greeting failed'
echo 'MAIL * 550 5.7.1 not from you' >"$TMP/script"
route 127.0.0.1:PORT,127.0.0.1:PORT
like 'a refusal of the mail is an answer' "$(remote)" '^DConnected to 127.0.0.1 but sender was rejected'
is 'and nobody else is asked' "$(log ' connect$')" 1
: >"$TMP/script"
route '127.0.0.1:PORT,127.0.0.1:99999'
like 'one that is none: nobody is asked' "$(remote)" '^ZThe route is not usable: .*#4.3.5'
is 'nobody' "$(log ' connect$')" 0

# --- commands ---
K='^r\|Kthe relay.s command accepted message'
route '|NC%20PORT'
like 'a command' "$(remote)" "$K"
ok 'it has ended' gone
route '|NC%20PORT%20group'
like 'one that starts others' "$(remote)" "$K"
ok 'they have ended' gone
route '|exit%201,|NC%20PORT'
like 'one that ends at once: the next' "$(remote)" "$K"
route '|sleep%2030,127.0.0.1:PORT'
like 'one that says nothing: the next, in time' "$(remote)" '^r\|K127.0.0.1 accepted'
route '|exit%201'
like 'nothing else: later' "$(remote)" "^ZConnected to the relay's command but connection died"
route '|cat%20/proc/self/status%20>&2'
like 'the command has our rights, and its errors are ours' "$(remote 2>&1)" "Uid:[^/]*[^0-9]$(id -u)"
# The descriptors it has: a directory's own one is the last.
route "|ls%20-l%20/proc/self/fd%20>$TMP/sink/fds"
remote >"$TMP/out"
is 'it has no descriptor of ours but 0 to 2' \
	"$(awk '$NF !~ /\/proc\/.*fd$/ && $(NF - 2) ~ /^[0-9]+$/ && $(NF - 2) > 2' "$TMP/sink/fds" | wc -l)" 0

# --- by the runner: one command for many messages ---
route '|NC%20PORT'
rm -f "$TMP/sink/pids"
for i in 1 2 3 4 5; do
	printf 'To: u%s@far.example\n\ntext\n' "$i" | post -f "$WHO" "u$i@far.example"
done
run
is 'the runner: exit' "$EXIT" 0
is 'all arrived' "$(grep -l '^RCPT TO:<u' "$MAILS"/* | wc -l)" 5
is 'one connection' "$(log ' connect$')" 1
ok 'its processes have ended' gone

# --- our name and address ---
route '127.0.0.1:PORT HELO=other.example.net'
remote >"$TMP/out"
is 'HELO=' "$(log 'C EHLO other.example.net$')" 1
route '127.0.0.1:PORT OUTGOINGIP=127.0.0.9,HELO=x.example.net'
like 'OUTGOINGIP=' "$(remote)" '^r\|K'
route '127.0.0.1:PORT OUTGOINGIP=192.0.2.200'
like 'an address that is not ours' "$(remote)" '^ZSorry.*(Cannot|not avail|system error)'
sink_stop

# --- what asks for TLS does not go without ---
: >"$TMP/script"
sink_start --script "$TMP/script"
K='^r\|K127.0.0.1 accepted message\.'
route '127.0.0.1:PORT TLS=none'
like 'TLS=none' "$(remote)" "$K"
route '127.0.0.1:PORT TLS=may'
like 'TLS=may' "$(remote)" "$K"
MODE=600
for o in TLS=must TLS=verify tls=VERIFY 'joe secret' 'joe secret TLS=may' TLS=must,HELO=x TLS=may,PIN=00 PSKFILE=/x; do
	route "127.0.0.1:PORT $o"
	like "$o" "$(remote)" '^Z.*TLS'
	is "$o: no mail went" "$(log 'C MAIL')" 0
	is "$o: no secret went" "$(log 'secret\|C AUTH')" 0
done
for w in must verify; do
	route 127.0.0.1:PORT
	echo $w >"$CONTROLDIR/smtptls"
	like "control/smtptls $w" "$(remote)" '^Z.*TLS'
	is "$w: no mail went" "$(log 'C MAIL')" 0
done
echo certainly >"$CONTROLDIR/smtptls"
like 'control/smtptls with another word' "$(remote)" '^Zcontrol/smtptls must be none, may, must or verify, not "certainly"'
route '127.0.0.1:PORT TLS=none'
like 'the route itself counts more' "$(remote)" "$K"
done_testing
