#!/bin/sh
# The listener alone, behind which a program shows its variables: sockets of both families,
# its own and systemd's, limits, rules, rights, what it does when something is scarce, and
# how it ends. What it does with addresses that are not loopback is listen-net.t's.
# shellcheck disable=SC2086 # options are words
. "$(dirname "$0")/../lib/tap.sh"
LISTEND=${TESTBIN%/bin}/listend
[ -x "$LISTEND" ] || skip_all "mini-smtpd is not built in"
CLIENT="python3 -S $TOP/tests/lib/listenclient.py"
PORT=$($CLIENT port)
export PORT TMP
LOG=$TMP/log PID='' PRE=''
trap 'kill -9 $PID 2>/dev/null; rm -rf "$TMP"' EXIT

try() { # SECS COMMAND...: until it succeeds
	n=$(($1 * 20)); shift
	while ! "$@" >/dev/null 2>&1; do
		n=$((n - 1)); [ $n -gt 0 ] || return 1
		sleep 0.05
	done
}
# The program itself is $PID; ends when $CLIENT says so or after half a minute.
begin() { # KEY=VALUE...
	: >"$LOG"
	timeout -k 1 120 $PRE "$LISTEND" verbose=1 "$@" 2>>"$LOG" &
	GUARD=$!
	try 5 grep -q 'status: 0/' "$LOG" || { tap_show <"$LOG"; echo "Bail out! no listener"; exit 1; }
	PID=$(cat /proc/$GUARD/task/$GUARD/children)
	PID=${PID% }
}
finish() { kill "$PID"; wait $GUARD; }
show() { $CLIENT show "${1:-127.0.0.1}" "$PORT"; }
fds() { find "/proc/$PID/fd" -type l | wc -l; }
kids() { wc -w <"/proc/$PID/task/$PID/children"; }
none() { [ "$(kids)" -eq 0 ]; }

# --- one connection ---
begin listen=127.0.0.1:$PORT
show >"$TMP/out"
try 5 none
is "the variables of tcpserver, the peer, and nothing else that is open" \
	"$(sed 's/PORT=[0-9]*$/PORT=N/; s/uid.*gid [0-9]*/ids/' "$TMP/out")" "PROTO=TCP
TCPLOCALIP=127.0.0.1
TCPLOCALPORT=N
TCPREMOTEIP=127.0.0.1
TCPREMOTEPORT=N
peer known=1 ip=127.0.0.1 local_ip=127.0.0.1 local=1 host=-
shared -1
ids blocking 0
ready"
FROM=$(sed -n 's/TCPREMOTEPORT=//p' "$TMP/out")
try 5 grep -q end "$LOG"
is "the log lines of tcpserver -v" "$(sed 's/[0-9]* from/P from/; s/\(ok\|end\) [0-9]*/\1 P/' "$LOG" | sort)" \
	"$(sort <<-L
	listend: status: 0/40
	listend: status: 1/40
	listend: pid P from 127.0.0.1
	listend: ok P :127.0.0.1:$PORT :127.0.0.1::$FROM
	listend: end P status 0
	listend: status: 0/40
	L
	)"
is "the pid is the same in all lines" "$(sed -n 's/.* \(pid\|ok\|end\) \([0-9]*\) .*/\2/p' "$LOG" | sort -u | wc -l)" 1
like "a second connection sees what the first has left in the shared page" "$(show)" '^shared 0$'
finish
is "TERM: exit 0" $? 0
like "of two listeners on one port the second says so" "$(
	begin listen=127.0.0.1:$PORT
	"$LISTEND" listen=127.0.0.1:$PORT 2>&1; echo "exit $?"
	finish)" "unable to listen on 127.0.0.1:$PORT: Address .*in use|system error 98"

TCPREMOTEHOST=trusted.example.net TCPREMOTEINFO=x TCPLOCALHOST=y TCPREMOTEIP=10.0.0.1 \
	RELAYCLIENT=kept begin listen=127.0.0.1:$PORT
is "variables of another connection are removed, the administrator's stay" \
	"$(show | grep -E 'TCP.*(HOST|INFO|REMOTEIP)|RELAY')" "RELAYCLIENT=kept
TCPREMOTEIP=127.0.0.1"
finish

# --- where ---
if grep -q " lo$" /proc/net/if_inet6 2>/dev/null; then
	begin listen=$PORT
	is "all addresses: IPv6" "$(show ::1 | grep peer)" \
		"peer known=1 ip=::1 local_ip=::1 local=1 host=-"
	is "all addresses: IPv4 is IPv4" "$(show 127.0.0.1 | grep peer)" \
		"peer known=1 ip=127.0.0.1 local_ip=127.0.0.1 local=1 host=-"
	finish
	begin "listen=[::1]:$PORT" listen=127.0.0.1:$PORT
	like "one of each" "$(show ::1; show)" 'ip=::1 local_ip=::1'
	finish
else
	skip "IPv6" "none on this machine"
fi
bad() { # WHERE PATTERN
	like "no socket: $1" "$("$LISTEND" "listen=$1" 2>&1; echo "exit $?")" "$2"
}
bad 127.0.0.1: 'the port is neither'
bad 127.0.0.1:70000 'the port is neither'
bad smtpp 'the port is neither'
bad ::1:25 'write ADDRESS:PORT'
bad localhost:25 'write ADDRESS:PORT'
bad '[::1:25' 'write ADDRESS:PORT'
bad 192.0.2.77:$PORT 'unable to listen on 192.0.2.77'

# --- sockets of systemd ---
: >"$LOG"
pass() { $CLIENT pass "$@" 2>>"$LOG"; }
(exec $CLIENT pass tcp "$LISTEND" inherit=1 verbose=1) 2>>"$LOG" &
PID=$!
try 5 grep -q status "$LOG"
like "LISTEN_FDS: one" "$(cat "$LOG")" 'inherited 1'
OUT=$(show)
like "LISTEN_FDS: serves" "$OUT" '^ready'
is "LISTEN_FDS: a child has neither socket nor variables of it" \
	"$(echo "$OUT" | grep -E 'LISTEN|open')" ""
finish_passed() { kill "$PID"; wait "$PID"; }
finish_passed
is "LISTEN_FDS: ends" $? 0
: >"$LOG"; pass pid "$LISTEND" inherit=1 </dev/null >/dev/null
like "LISTEN_PID is another's" "$(cat "$LOG")" 'inherited 0'
: >"$LOG"
is "a connection (Accept=yes) that is not on descriptor 0" \
	"$(pass taken "$LISTEND" inherit=1 </dev/null | grep -E 'peer|open 3|LISTEN|ready')" \
	"peer known=1 ip=127.0.0.1 local_ip=127.0.0.1 local=1 host=-
ready"
for k in dull unix; do
	: >"$LOG"; pass $k "$LISTEND" inherit=1
	is "LISTEN_FDS: $k: exit" $? 111
	like "LISTEN_FDS: $k: refused" "$(cat "$LOG")" 'is no listening socket of TCP'
done
: >"$LOG"; pass many "$LISTEND" inherit=1
like "LISTEN_FDS: too many" "$(cat "$LOG")" 'too many sockets'

# --- limits ---
begin listen=127.0.0.1:$PORT most=2 peer=1 minute=1 refusal=421
is "most: the third waits, loopback has no limit of its own" \
	"$($CLIENT hold 127.0.0.1 "$PORT" 3 0.5)" "served 2 refused 0 waiting 1
then 1"
try 5 none
is "no more than two at a time" "$(grep -c 'status: 3/' "$LOG")" 0
finish

N=1000; [ "$QMTA_SHORT" ] && N=300
begin listen=127.0.0.1:$PORT most=100
BEFORE=$(fds)
is "$N connections, 50 at a time" "$($CLIENT burst 127.0.0.1 "$PORT" $N 50)" "served $N"
ok "no child is left" try 5 none
is "no descriptor is left" "$(fds)" "$BEFORE"
try 5 grep -q 'status: 0/100' "$LOG"
is "each was logged" "$(grep -c ': ok ' "$LOG") $(grep -c ': end .* status 0' "$LOG")" "$N $N"
like "the memory of a listener that has served" "$(grep VmHWM "/proc/$PID/status")" .
finish

# --- rules ---
cat >"$TMP/rules" <<-R
	127.0.0.1:allow,RELAYCLIENT="",DATABYTES="1 000",QMAILQUEUE='/x,y'
	:deny
	R
rules() { "$BIN/tcprules" "$TMP/rules.cdb" "$TMP/rules.tmp" <"$TMP/rules"; }
rules
begin listen=127.0.0.1:$PORT rules="$TMP/rules.cdb" refusal='421 later'
is "variables of a rule" "$(show | grep -E 'RELAY|DATA|QUEUE')" "RELAYCLIENT=
DATABYTES=1 000
QMAILQUEUE=/x,y"
echo ':deny' >"$TMP/rules"; rules
is "deny: from the next connection on, without a word" "$(show)" ""
try 5 none
try 5 grep -q 'status 25600' "$LOG"
like "deny is logged" "$(cat "$LOG")" "deny [0-9]* :127.0.0.1:$PORT :127.0.0.1::[0-9]+$"
like "and is exit 100" "$(cat "$LOG")" 'end [0-9]* status 25600'
echo '10.:deny' >"$TMP/rules"; rules
like "no rule: allow" "$(show)" ready
rm "$TMP/rules.cdb"
is "no file: nobody is served, for now" "$(show)" "421 later"
like "and it is said" "$(cat "$LOG")" 'warning: unable to read .*/rules.cdb, nobody is served: No such file'
head -c 2048 /dev/zero >"$TMP/rules.cdb"
like "an empty table: allow" "$(show)" ready
head -c 2048 /dev/urandom >"$TMP/rules.cdb"
: >"$LOG"
is "damaged: nobody is served, for now" "$(show)" "421 later"
like "and that is said" "$(cat "$LOG")" 'warning: unable to read .*nobody is served'
$CLIENT cdb "$TMP/rules.cdb" 127.0.0.1 +PATH=/tmp+
is "a variable that is not allowed" "$(show)" "421 later"
like "is said" "$(cat "$LOG")" 'sets a variable that it may not set'
$CLIENT cdb "$TMP/rules.cdb" 127.0.0.1 RELAYCLIENT=
is "a rule without its +" "$(show)" "421 later"
chmod 666 "$TMP/rules.cdb"
is "a file that everybody may write" "$(show)" "421 later"
finish

# --- the end ---
begin listen=127.0.0.1:$PORT
busy() { # LINE
	rm -f "$TMP/heard"
	$CLIENT wait 127.0.0.1 "$PORT" "$TMP/heard" "$1" &
	WAITER=$!
	try 5 [ -f "$TMP/heard" ]
}
refused() { ! $CLIENT show 127.0.0.1 "$PORT" 2>/dev/null; }
closed() { [ "$(fds)" -lt "$BEFORE" ]; }
BEFORE=$(fds)
busy wait
kill "$PID"
ok "TERM: its socket is closed" try 5 closed
ok "nobody comes any more" refused
is "the child goes on" "$(kids)" 1
ok "a second TERM" kill "$PID"
wait $GUARD
is "ends it, with exit 0" $? 0
wait $WAITER
like "and the child" "$(cat "$TMP/heard")" '^the end'

begin listen=127.0.0.1:$PORT
busy deaf
try 5 grep -q deaf "$TMP/heard"
kill "$PID"; sleep 0.1; kill "$PID"; sleep 0.3
is "a child that ignores TERM" "$(kids)" 1
kill "$PID"
wait $GUARD
is "is killed by the third" $? 0
wait $WAITER

begin listen=127.0.0.1:$PORT
busy 'exit 0'
finish
is "TERM with a child that ends by itself: exit 0" $? 0
wait $WAITER
like "its end was logged" "$(cat "$LOG")" 'end [0-9]* status 0'

begin listen=127.0.0.1:$PORT
kill -HUP "$PID"; kill -ALRM "$PID"
busy wait
CHILD=$(sed -n 's/.*: pid \([0-9]*\) .*/\1/p' "$LOG")
kill -9 "$PID"
wait $GUARD
ok "HUP and ALRM are nothing; the child of a listener that was killed goes on" kill -0 "$CHILD"
kill "$CHILD"; wait $WAITER
like "until its own end" "$(cat "$TMP/heard")" '^the end'

# --- what is scarce ---
if command -v prlimit >/dev/null; then
	begin listen=127.0.0.1:$PORT
	n=3; while [ -e "/proc/$PID/fd/$n" ]; do n=$((n + 1)); done
	prlimit --pid "$PID" --nofile=$n:100
	show >"$TMP/out" 2>&1 &
	SHOW=$!
	ok "no descriptor: said" try 5 grep -q 'warning: unable to take a connection' "$LOG"
	sleep 1.5
	is "once" "$(grep -c warning "$LOG")" 1
	T=$(awk '{ print $14 + $15 }' "/proc/$PID/stat")
	ok "and it does not spin" [ "$T" -lt 20 ]
	prlimit --pid "$PID" --nofile=100:100
	wait $SHOW
	like "then it is served" "$(cat "$TMP/out")" ready
	finish

	U=''; [ "$(id -u)" -eq 0 ] && U=user=65534
	PRE='prlimit --nproc=1:1'
	begin listen=127.0.0.1:$PORT refusal='421 later' $U
	PRE=''
	is "no process: told to come later" "$(show)" "421 later"
	like "and it is said" "$(cat "$LOG")" 'warning: unable to fork, will try again: '
	finish
else
	skip "what is scarce" "no prlimit"
fi

# --- rights ---
if [ "$(id -u)" -eq 0 ]; then
	begin listen=127.0.0.1:$PORT user=nobody
	like "a user and his group" "$(show)" "uid $(id -u nobody) gid $(id -g nobody) "
	is "no group of root's is kept" "$(grep Groups "/proc/$PID/status" | tr -d '\t ')" \
		"Groups:$(id -g nobody)"
	finish
	begin listen=127.0.0.1:$PORT user=1234 group=2345
	like "numbers" "$(show)" "uid 1234 gid 2345 "
	is "for good" "$(grep -E '^[UG]id' "/proc/$PID/status" | tr -s '\t ' ' ')" \
		"Uid: 1234 1234 1234 1234
Gid: 2345 2345 2345 2345"
	finish
else
	skip "users" "not root"
	begin listen=127.0.0.1:$PORT user="$(id -u)"
	like "who we are already is no change" "$(show)" "uid $(id -u) "
	finish
fi
like "root does not serve: 100" "$("$LISTEND" listen=127.0.0.1:$PORT user=0 2>&1; echo "exit $?")" \
	'user 0: root does not talk to strangers
exit 100$'
like "no such user" "$("$LISTEND" listen=127.0.0.1:$PORT user=nosuch 2>&1; echo "exit $?")" 'user nosuch'
like "no such group" "$("$LISTEND" listen=127.0.0.1:$PORT group=nosuch 2>&1; echo "exit $?")" 'group nosuch'
like "a number without a group" "$("$LISTEND" listen=127.0.0.1:$PORT user=54321 2>&1; echo "exit $?")" \
	'group of user 54321'

# --- what it costs ---
begin listen=127.0.0.1:$PORT verbose=0 verbose=1
if strace -o "$TMP/probe" true 2>/dev/null; then
	strace -q -o "$TMP/strace" -p "$PID" 2>/dev/null &
	S=$!
	sleep 0.5
	$CLIENT burst 127.0.0.1 "$PORT" 50 >/dev/null
	try 5 none
	kill -INT $S; wait $S
	CALLS=$(grep -Ec '^(poll|fork|clone|accept4|read|wait4|close|write|rt_sig)' "$TMP/strace")
	ok "system calls a connection, its log lines included: $CALLS / 50" \
		[ "$CALLS" -gt 250 -a "$CALLS" -le 600 ]
else
	skip "system calls" "no strace"
fi
sleep 1.2
echo "# idle: $(grep -E '^(Rss|Pss):' "/proc/$PID/smaps_rollup" 2>/dev/null | tr -s '\n ' ' ')"
finish
done_testing
