#!/bin/sh
# mini-smtpd when something is scarce or somebody dies: connections, descriptors, memory,
# disk, time; signals at every moment. What was answered by 250 is in the queue, whole;
# what was not may be; nothing else stays, no file and no process; and the listener lives.
# shellcheck disable=SC2086,SC2046 # lists of pids
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/smtpd.sh"
trap 'smtpd_kill; [ -z "$MOUNTED" ] || umount "$QUEUEDIR"; rm -rf "$TMP"' EXIT
[ -e "$BIN/mini-smtpd" ] || skip_all "no mini-smtpd in this build"
unset RELAYCLIENT TCPREMOTEIP TCPREMOTEHOST TCPLOCALHOST
MOUNTED='' ROOT=$(id -u) AS=
# Limits of nobody's processes are nobody's to set.
[ "$ROOT" != 0 ] || AS="setpriv --reuid=$(id -u nobody) --regid=$(id -g nobody) --clear-groups --"
new_root
cd "$CONTROLDIR" || exit 1
: >locals
echo inside.example.net >rcpthosts
echo 0 >minfree
own() { [ "$ROOT" != 0 ] || chown -R nobody "$QUEUEDIR"; }
own
MANY=200 RACES=150
STATES='greeted mail rcpt data half' FDS='4 5 6 7 8 9 10 12 16' MEM='0 4096 16384 32768 49152 65536 131072 262144'
[ -z "${QMTA_SHORT:-}" ] || RACES=25 STATES='mail half' FDS='5 7 9 16' MEM='0 32768 262144'
TO=a@inside.example.net
{ echo 'Subject: hard'; echo; seq 3000; } >"$TMP/mail"

queued() { find "$QUEUEDIR/todo" -type f | wc -l | tr -d ' '; }
files() { find "$QUEUEDIR" -type f ! -path "$QUEUEDIR/lock/*" | wc -l | tr -d ' '; }
# All of the queue's messages are the one that is sent here.
whole() {
	for m in "$QUEUEDIR"/mess/*/*; do
		[ -e "$m" ] || continue
		sed '1,/^  by .*SMTP/d' "$m" | cmp -s - "$TMP/mail" || echo "$m"
	done
}
clean() { find "$QUEUEDIR" -type f ! -path "$QUEUEDIR/lock/*" -exec rm {} +; }
sound() { # NAME COUNT: so many messages, whole, and nothing else
	ok "no process is left: $1" until_ alone
	is "messages, files, and which are not whole: $1" "$(queued) $(files) $(whole)" "$2 $(($2 * 2)) "
	clean
}
good() { send "$TMP/mail" "$@" "$TO" >"$TMP/x"; cat "$TMP/code"; }
# hold STATE: a client that stops there, until go, which says its exit code and what it
# has heard
hold() {
	rm -f "$TMP"/at*
	$SENDER hold "$PORT" "$TMP/mail" "$1" "$TMP/at" $TO >"$TMP/x" 2>&1 &
	until_ test -e "$TMP/at"
}
go() { : >"$TMP/at.go"; until_ test -e "$TMP/at.end"; cat "$TMP/at.end"; }

# ---- many at once ----
smtpd_start -c 20 -C 0 -b 256
$SENDER crowd "$PORT" $MANY "$TMP/crowd" >"$TMP/many" 2>&1 &
crowd=$!
until_ test -e "$TMP/crowd"
is "$MANY connections at once: so many are served as may be" "$(cat "$TMP/crowd") $(procs | wc -l)" "20 21"
: >"$TMP/crowd.go"
wait $crowd
is "the others wait their turn" "$(cat "$TMP/many")" "greeted 20, in the end $MANY, sent away 0"
sound "many" 0
$SENDER drip "$PORT" 19 2.5 >"$TMP/drip" 2>&1 &
drip=$!
sleep 0.5
is "slow clients in all places but one: the good one gets through" "$(good)" 0
ok "while they are there" kill -0 $drip
wait $drip
is "and they were until the end" "$(cat "$TMP/drip")" "19 left"
sound "slow" 1
smtpd_stop

# ---- memory: pages that are one session's own ----
# Fifty sessions are fifty times that, and 25 is what a small one of another server has.
smtpd_start
hold data
child=$(procs | sed -n 2p)
dirty=$(sed -n 's/^Private_Dirty: *\([0-9]*\) kB/\1/p' "/proc/$child/smaps_rollup" 2>/dev/null)
if [ "$VARIANT" != static ] || [ -z "$dirty" ]; then
	skip "a session's own memory" "of the static program; this is $VARIANT, or there is no smaps_rollup"
else
	echo "# a session's own memory behind DATA: $dirty KB"
	ok "it is at most 32 KB" [ "$dirty" -le 32 ]
fi
go >"$TMP/x"
sound "memory" 1
smtpd_stop

# ---- whoever stays too long ----
echo 2 >timeoutsession
smtpd_start
$SENDER drip "$PORT" 5 10 >"$TMP/drip" 2>&1
is "a session's time is over, however busy it is" "$(cat "$TMP/drip")" "0 left"
hold half
is "in the middle of a message, too" "$(sleep 2.5; go)" "75 220 250 250 250 354 421"
rm timeoutsession
sound "over" 0

# ---- signals to the listener ----
hold half
kill -HUP $LISTENER
is "HUP: it goes on, and so do they" "$(go) $(good)" "0 220 250 250 250 354 250 221 0"
sound "HUP" 2
hold half
kill -9 $LISTENER
wait $LISTENER 2>/dev/null
smtpd_start -p "$PORT"
ok "it is killed: another one has its place at once" alone
is "whom it served is served to the end" "$(go)" "0 220 250 250 250 354 250 221"
is "and the other one serves" "$(good)" 0
sound "killed" 2
hold half
kill $LISTENER
sleep 0.2
ok "TERM: it waits for those who are in the middle" kill -0 $LISTENER
ok "nobody else is served" test "$($SENDER send "$PORT" "$TMP/mail" $TO)" = "no connection: [Errno 111] Connection refused"
is "and they end as ever" "$(go)" "0 220 250 250 250 354 250 221"
wait $LISTENER
is "then it ends" $? 0
smtpd_start -p "$PORT"
sound "TERM" 1
for at in $STATES; do
	hold $at
	kill $LISTENER
	sleep 0.1
	kill $LISTENER
	wait $LISTENER
	is "a second TERM ends them ($at), by 421 and nothing else" "$? $(go | sed 's/220 .*421/421/; s/220 421/421/')" \
		"0 75 421"
	smtpd_start -p "$PORT"
	sound "$at" 0
done

# ---- signals to a session, around the moment that decides ----
for sig in TERM KILL; do
	$SENDER race "$PORT" $LISTENER $sig $RACES "$QUEUEDIR" >"$TMP/race" 2>&1
	left=0
	# What is killed leaves what the queue's owner sweeps away; TERM leaves nothing.
	[ $sig = TERM ] || left='[0-9]*'
	like "$sig, $RACES times: $(head -n 1 "$TMP/race"), and it is true" "$(sed 1d "$TMP/race")" \
		"^lost 0, answered twice 0, half 0, left $left, too many 0\$"
	clean
done
sound "sessions were killed" 0

# ---- by way of qmail-queue ----
smtpd_stop
QMAILQUEUE=$BIN/qmail-queue
export QMAILQUEUE
smtpd_start
is "through qmail-queue" "$(good)" 0
sound "qmail-queue" 1
for at in data half; do
	hold $at
	kill -9 $(procs | tail -n 1)
	is "qmail-queue is killed ($at): later" "$(go)" "75 220 250 250 250 354 451 221"
	hold $at
	kill -9 $(procs | sed -n 2p)
	is "its session is killed ($at): nothing is said" "$(go)" "111 220 250 250 250 354"
done
ok "no process is left: qmail-queue" until_ alone
is "no message is there" "$(queued)" 0
clean
smtpd_stop
if [ -z "${QMTA_SHORT:-}" ]; then
	printf '#!/bin/sh\nexec sleep 45\n' >"$TMP/sleeps"
	chmod 755 "$TMP/sleeps"
	QMAILQUEUE=$TMP/sleeps
	smtpd_start
	hold greeted
	: >"$TMP/at.go"
	three() { [ "$(procs | wc -l)" -eq 3 ]; }
	until_ three
	sleeps=$(procs | tail -n 1)
	kill $LISTENER
	sleep 0.1
	kill $LISTENER
	wait $LISTENER
	is "a queue program that hangs does not keep the listener from ending" "$? $(go)" "0 111 220 250 250 250 354"
	kill "$sleeps"
	echo 1 >timeoutsession
	smtpd_start
	is "nor a session from ending: half a minute after its time" "$(good)" 111
	ok "no process is left but that program" until_ alone
	is "no message is there" "$(queued)" 0
	smtpd_stop
	rm timeoutsession
fi
unset QMAILQUEUE

# ---- descriptors, memory ----
scarce() { # NAME PRLIMIT-OPTION N...
	s_name=$1 s_opt=$2 enough=$3 base=$4
	shift 4
	lies='' dead='' taken=0
	for n; do
		smtpd_start
		$AS prlimit --pid "$LISTENER" "$s_opt=$(($(eval "$base") + n)):"
		was=$(queued)
		r=$(good -t 2)
		case $r in
		0) taken=$((taken + 1)); [ $(($(queued) - was)) = 1 ] || lies="$lies $n:lost" ;;
		75|111) [ "$(queued)" = "$was" ] || lies="$lies $n:twice" ;;
		*) lies="$lies $n:$r" ;;
		esac
		# It lives, and is well when there is enough again.
		$AS prlimit --pid "$LISTENER" "$s_opt=$enough:"
		[ "$(good)" = 0 ] || dead="$dead $n"
		until_ alone || dead="$dead $n:left"
		smtpd_stop
	done
	is "$s_name: nobody was told what is not so; the listener lives" "$lies/$dead" /
	is "what was taken is whole" "$(whole)" ""
	clean
}
size() { sed -n 's/^VmSize:[^0-9]*\([0-9]*\) kB/\1 * 1024/p' "/proc/$LISTENER/status" | xargs expr; }
if $AS prlimit --nofile=16: true; then
	scarce "few descriptors" --nofile 1024 'echo 0' $FDS
	ok "16 descriptors are enough: $taken of them" test $taken -ge 1
	case ${VARIANT:-static} in
	san) skip "little memory" "the sanitizer wants it all" ;;
	*) scarce "little memory" --as unlimited size $MEM
	ok "it takes 256 KB at most to take a message" test $taken -ge 1 ;;
	esac
else
	skip "few descriptors, little memory" "no prlimit"
fi

# ---- the clock is not set ----
if [ -x "$TESTBIN/mini-smtpd" ]; then
	QMTA_FAKE_CLOCK=$TMP/wall BIN_WAS=$BIN BIN=$TESTBIN
	export QMTA_FAKE_CLOCK
	echo '=5' >"$TMP/wall"
	smtpd_start
	is "1970: taken" "$(good)" 0
	like "its field says so" "$(cat "$QUEUEDIR"/mess/*/*)" 'SMTP; 1 Jan 1970 00:00:05 [+-]0000$'
	sound "1970" 1
	smtpd_stop
	BIN=$BIN_WAS
	unset QMTA_FAKE_CLOCK
else
	skip "1970" "no programs with the clock of the tests"
fi

# ---- the disk is full ----
if [ "$ROOT" = 0 ] && rm -rf "$QUEUEDIR" && mkdir "$QUEUEDIR" &&
	mount -t tmpfs -o size=1m,mode=755 tmpfs "$QUEUEDIR" 2>"$TMP/x"; then
	MOUNTED=1
	"$BIN/queue-fix" "$QUEUEDIR" >"$TMP/x" 2>&1
	own
	smtpd_start
	head -c 3000000 /dev/zero | tr '\0' 'x' | fold -w 70 >"$TMP/large"
	like "a message that does not fit: 452" "$(send "$TMP/large" $TO)" '354 452 221[|]452 4\.3\.'
	sound "it does not fit" 0
	like "its client says so before: 452 at MAIL" "$(send "$TMP/mail" -s 3000000 $TO)" '220 250 452 221[|]452 4\.3\.1'
	head -c 3000000 /dev/zero >"$QUEUEDIR/full" 2>"$TMP/x"
	like "nothing fits" "$(send "$TMP/mail" $TO)" '[|]45[12] 4\.3\.'
	rm "$QUEUEDIR/full"
	sound "full" 0
	is "there is room again" "$(good)" 0
	sound "room" 1
	smtpd_stop
	umount "$QUEUEDIR" && MOUNTED=
else
	skip "the disk is full" "needs root, and mount"
fi
done_testing
