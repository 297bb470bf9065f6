# peer.sh: a machine with our sendmail on it, for real programs that call it. A test
# sources it first and is then run in the box of box.sh, where it may do what it
# likes. There are users ann and bob; /usr/sbin/sendmail, /usr/lib/sendmail and
# /var/qmail/bin/qmail-inject are ours, set-id as `make install SETUID=1` has it.
#   need NAME COMMAND|FILE...   true when all are there; else skips NAME, and says why
#   row NAME CLIENT [CHECK...]  the function CLIENT sends mail, in front of each of
#                $BEHIND, or of one in the short form: it ends with 0 and prints
#                nothing, and then the CHECKs (options of mail.py) find no fault in
#                what arrived. If there is a function CLIENT_fails, that is run on a
#                machine without its queue and on one without a QMQP server, and is
#                true when the client did what it does when sendmail fails.
#   as USER COMMAND...          as that user, in his home
#   behind smtp|qmqp|maildir|fallback|noqueue|noserver   that machine, with nothing on
#                its way. fallback: no QMQP server answers, the queue takes the mail, and
#                deliver finds one that does
#   deliver      what is queued goes out
#   faults CHECK...             what is wrong with what arrived
#   needs_root NAME             true in a box that has more than one user
#   syslog       what daemons log is in $TMP/syslog from now on
#   wait_for COMMAND...         until it is true, ten seconds long
#   is_open PORT                something listens there
#   end PID                     it is over
# shellcheck shell=sh disable=SC2034,SC2086,SC1091,SC2154
# What follows removes users, mailboxes and control files, so it must not take place on the
# machine itself: no variable decides that, but a file at the top of the box.
if [ ! -e /in-box ]; then
	TOP=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
	BIN=${BIN:-$TOP/build/bin}
	export TOP BIN
	code=0
	{ why=$(sh "$TOP/tests/peer/box.sh" run sh "/tmp/top/tests/peer/${0##*/}" \
		2>&1 >&3 3>&-) || code=$?; } 3>&1
	[ $code != 90 ] || { echo "1..0 # SKIP $why"; exit 0; }
	[ -z "$why" ] || printf '%s\n' "$why" >&2
	exit $code
fi
. "$TOP/tests/lib/tap.sh"
command -v python3 >/dev/null || skip_all "no python3 in $PATH"
unset ASSIGNDIR
CONTROL=/etc/indimail/control QUEUE=/var/indimail/queue HERE=board.example.net
BEHIND='smtp qmqp maildir' row_n=0
# Local mail reaches nobody else in a box with one user.
[ -z "$ONE_USER" ] || BEHIND='smtp qmqp'

as() {
	as_user=$1
	shift
	if [ -n "$ONE_USER" ]; then
		set -- unshare -U --map-user=54001 --map-group=54001 -- "$@"
	elif [ "$as_user" != root ]; then
		set -- setpriv --reuid="$as_user" --regid="$as_user" --clear-groups -- "$@"
	fi
	as_home=/home/$as_user
	[ "$as_user" != root ] || as_home=/root
	(cd "$as_home" && exec env HOME="$as_home" USER="$as_user" LOGNAME="$as_user" "$@")
}

# ---- the machine

# Users, and the program as it is installed.
system() {
	[ -e /in-box ] || { echo "Bail out! not in the box"; exit 1; }
	for f in passwd group shadow; do
		sed -i '/^\(ann\|bob\|qmail[a-z]*\|alias\):/d' /etc/$f 2>/dev/null
	done
	id=54001
	for u in ann bob; do
		echo "$u:x:$id:$id:$u:/home/$u:/bin/sh" >>/etc/passwd
		echo "$u:x:$id:" >>/etc/group
		echo "$u:*:19000:0:99999:7:::" >>/etc/shadow
		mkdir /home/$u
		[ -n "$ONE_USER" ] || chown $id:$id /home/$u
		id=$((id + 1))
	done
	for u in qmailq qmailr qmaill; do
		echo "$u:x:$id:$id:mail:/:/bin/false" >>/etc/passwd
		echo "$u:x:$id:" >>/etc/group
		id=$((id + 1))
	done
	rm -f /usr/sbin/sendmail /usr/sbin/qmail-queue /usr/sbin/qmta
	cp -L "$BIN/qmta" /usr/sbin/qmta
	for a in "$BIN"/*; do
		a=${a##*/}
		[ "$a" = qmta ] || [ "$a" = qmail-queue ] || ln -sf qmta "/usr/sbin/$a"
	done
	[ -n "$ONE_USER" ] || ln -sf ../sbin/sendmail /usr/lib/sendmail
	mkdir -p /var/qmail/bin
	ln -sf /usr/sbin/qmail-inject /var/qmail/bin/qmail-inject
}

# The port that a server on loopback has told.
port() { # FILE
	wait_for test -s "$1" || { echo "Bail out! a sink did not start"; exit 1; }
	cat "$1"
}

sinks() {
	QPORT=
	MAILS=$TMP/mails
	mkdir "$MAILS"
	python3 "$TOP/tests/lib/smtpsink.py" --port 0 --portfile "$TMP/port" \
		--dir "$MAILS" --timeout 900 &
	PORT=$(port "$TMP/port")
	if [ ! -e "$BIN/qmail-qmqpc" ]; then
		BEHIND=$(echo "$BEHIND" | sed 's/ qmqp//')
		return
	fi
	python3 "$TOP/tests/lib/qmqpsink.py" --port 0 --portfile "$TMP/qport" \
		--dir "$MAILS" --timeout 900 &
	QPORT=$(port "$TMP/qport")
	# The runner sends by QMQP.
	! qmail-showctl 2>/dev/null | grep -q qmqproutes || BEHIND="$BEHIND fallback"
}

behind() {
	now=$1
	[ -e /in-box ] || { echo "Bail out! not in the box"; exit 1; }
	rm -rf $CONTROL $QUEUE /home/*/Maildir /home/*/dead.letter /root/dead.letter
	rm -f "$MAILS"/[0-9]* /usr/sbin/qmail-queue
	mkdir -p $CONTROL
	echo $HERE >$CONTROL/me
	: >$CONTROL/aliases
	[ "$now" = maildir ] || : >$CONTROL/locals
	case $now in qmqp|noserver)
		ln -s qmail-qmqpc /usr/sbin/qmail-queue
		behind_port=$QPORT
		[ "$now" = qmqp ] || behind_port=1
		echo "127.0.0.1:$behind_port" >$CONTROL/qmqpservers
		return ;;
	esac
	cp -L "$BIN/qmail-queue" /usr/sbin/qmail-queue
	if [ "$now" = fallback ]; then
		mkdir $CONTROL/defaultqueue
		echo /usr/sbin/qmail-qmqpc >$CONTROL/defaultqueue/QMAILQUEUE
		echo 127.0.0.1:1 >$CONTROL/qmqpservers
		echo 1 >$CONTROL/qmqpfallback
	else
		echo ":127.0.0.1:$PORT" >$CONTROL/smtproutes
	fi
	[ "$now" = noqueue ] && return
	[ "$now" != maildir ] || echo 'root: ann' >$CONTROL/aliases
	mkdir -p $QUEUE
	# The sanitizers do not work in a set-id program: then the queue is ann's.
	if [ -n "$ONE_USER" ] || [ "$VARIANT" = san ]; then
		[ -n "$ONE_USER" ] || chown ann:ann $QUEUE
		as ann queue-fix $QUEUE/qmta >/dev/null
	else
		chown qmailq:qmailq /usr/sbin/qmail-queue
		chmod 4711 /usr/sbin/qmail-queue
		queue-fix $QUEUE/qmta >/dev/null
	fi
}

deliver() {
	[ "$now" != qmqp ] || return 0
	[ "$now" != fallback ] || echo "127.0.0.1:$QPORT" >$CONTROL/qmqpservers
	deliver_as=root
	[ -z "$ONE_USER" ] || deliver_as=ann
	as $deliver_as qmta-send 2>"$TMP/send.log" </dev/null || {
		echo "qmta-send: exit $?"
		cat "$TMP/send.log"
	}
}

faults() { python3 "$TOP/tests/peer/mail.py" "$MAILS" /home/ann /home/bob "$@" 2>&1; }

# ---- rows

need() {
	need_name=$1
	shift
	for need_w; do
		case $need_w in
		/*) [ -e "$need_w" ] ;;
		*) command -v "$need_w" >/dev/null ;;
		esac || {
			skip "$need_name" "no $need_w: $need_why"
			return 1
		}
	done
}

needs_root() {
	[ -n "$ONE_USER" ] || return 0
	skip "$1" "needs root"
	return 1
}

syslog() {
	: >"$TMP/syslog"
	python3 - "$TMP/syslog" <<-'P' &
	import os, socket, sys
	s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	s.bind("/dev/log")
	os.chmod("/dev/log", 0o666)
	f = open(sys.argv[1], "ab", 0)
	while True:
	    f.write(s.recv(65536).rstrip(b"\0\n") + b"\n")
	P
	wait_for test -S /dev/log
}

wait_for() {
	wait_n=0
	until "$@"; do
		wait_n=$((wait_n + 1))
		[ $wait_n -lt 200 ] || return 1
		sleep 0.05
	done
}

is_open() { # PORT
	python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1)' \
		"$1" 2>/dev/null
}
end() {
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# In the short form each row has one of them, the next row the next one.
row_behinds() {
	[ -n "$QMTA_SHORT" ] || { echo "$BEHIND"; return; }
	set -- $BEHIND
	shift $((row_n % $#))
	echo "$1"
}

row() {
	row_n=$((row_n + 1))
	row_name=$1 row_client=$2
	shift 2
	for row_b in $(row_behinds); do
		behind "$row_b"
		row_exit=0
		row_said=$($row_client 2>&1 </dev/null) || row_exit=$?
		is "$row_name, $row_b: success, without a word" "$row_exit:$row_said" "0:"
		is "$row_name, $row_b: the mail" "$(deliver; faults "$@")" ""
	done
	if command -v "${row_client}_fails" >/dev/null; then
		for row_b in noqueue ${QPORT:+noserver}; do
			behind $row_b
			ok "$row_name, $row_b: notices it" "${row_client}_fails"
		done
	fi
}

case $(cat /var/lib/peer-form 2>/dev/null) in
full) need_why="its package could not be installed" ;;
short) need_why="make peer installs it" ;;
*) need_why="packages need root, apt and a network" ;;
esac
system
sinks
# A body that is not easy: dots, a line From, 8 bits, blanks at the end, a long line.
{
	printf 'First line.\n.\n..\n.dot\nFrom here on\n>From there\n\ttab, blanks  \n\n'
	printf 'Gr\303\274\303\237e\n'
	head -c 900 /dev/zero | tr '\0' x
	printf '\n.\nthe last line\n'
} >"$TMP/hard"
printf 'First line.\n\n..\n.dot\n.\nthe last line\n' >"$TMP/plain"
chmod 644 "$TMP/hard" "$TMP/plain"
