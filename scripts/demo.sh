#!/bin/sh
# demo.sh: shows the whole way of two messages. Builds, makes a private root
# under build/demo (no file of the system is touched), hands one message for an
# alias of a local user and one for somebody far away to sendmail, shows the queue,
# runs qmta-send once, and shows both where they arrived. The last line says whether
# everything did.
#
# The mail part never runs as root, because mail is not delivered to uid 0: the
# owner of the run is whoever called, or user nobody when that was root.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
MAKE=${MAKE:-make} O=${O:-build}
case $O in /*) ;; *) O=$top/$O ;; esac
D=$O/demo
sh scripts/need.sh cc:gcc make:make libc:libc6-dev python3:python3-minimal \
	setpriv:util-linux
$MAKE --no-print-directory

title() { printf '\n== %s\n' "$*"; }
show() { sed 's/\r$//; s/^/   | /' "$1"; }

sink=
end() { [ -z "$sink" ] || kill "$sink" 2>/dev/null || :; }
trap end EXIT
trap 'exit 1' HUP INT TERM

# --- A root of our own, and a server that takes mail on loopback -------------
rm -rf "$D"
mkdir -p "$D/control" "$D/sink" "$D/home/Maildir/tmp" "$D/home/Maildir/new" \
	"$D/home/Maildir/cur"
python3 tests/lib/smtpsink.py --port 0 --portfile "$D/port" --dir "$D/sink" \
	--timeout 60 &
sink=$!
i=0
while [ ! -s "$D/port" ]; do
	i=$((i + 1))
	[ $i -lt 100 ] || { echo "demo: the SMTP server did not start"; exit 1; }
	sleep 0.1
done
port=$(cat "$D/port")
echo board.example.net >"$D/control/me"
echo ":127.0.0.1:$port" >"$D/control/smtproutes"

# --- Who runs it ----------------------------------------------------------------
# run COMMAND...: as the caller, or, when that is root, as nobody: by setpriv
# where nobody can reach this directory, else in a user namespace in which root's
# files belong to nobody, else with the one capability that lets him pass.
user=$(id -un) uid=$(id -u)
how=self
if [ "$uid" -eq 0 ]; then
	user=nobody uid=$(id -u nobody) gid=$(id -g nobody)
	if setpriv --reuid="$uid" --regid="$gid" --clear-groups \
		test -x "$O/qmta" 2>/dev/null; then
		how=setpriv
	elif unshare -U --map-user="$uid" --map-group="$gid" true 2>/dev/null; then
		how=unshare
	else
		how=capability
	fi
	[ $how = unshare ] || chown -R "$uid:$gid" "$D/control" "$D/home"
	[ $how = unshare ] || chown "$uid:$gid" "$D"
fi
echo "alarm: $user" >"$D/control/aliases"
run() {
	case $how in
	self) "$@" ;;
	setpriv) setpriv --reuid="$uid" --regid="$gid" --clear-groups "$@" ;;
	unshare) unshare -U --map-user="$uid" --map-group="$gid" "$@" ;;
	capability) setpriv --reuid="$uid" --regid="$gid" --clear-groups \
		--inh-caps=+dac_override --ambient-caps=+dac_override "$@" ;;
	esac
}
CONTROLDIR=$D/control QUEUEDIR=$D/queue HOME=$D/home USER=$user LOGNAME=$user
export CONTROLDIR QUEUEDIR HOME USER LOGNAME
PATH=$O/bin:$PATH; export PATH
unset QMAILQUEUE QMAILLOCAL QMAILREMOTE MAILUSER MAILHOST MAILNAME QMAILINJECT \
	QMAILUSER QMAILHOST QMAILNAME QMAILSUSER QMAILSHOST

title "The queue: queue-fix $QUEUEDIR (as user $user)"
run queue-fix "$QUEUEDIR"

title "An alias for a user of this machine, in control/aliases"
show "$D/control/aliases"
run newaliases

title "sendmail -t, for that alias"
cat >"$D/local.txt" <<M
To: alarm
Subject: disk /dev/sda1 is 91 % full

This is what cron has to say.
M
show "$D/local.txt"
run sendmail -t <"$D/local.txt"

title "sendmail -t, for somebody far away"
cat >"$D/remote.txt" <<M
From: Demo <$user@board.example.net>
To: someone@remote.example
Bcc: hidden@remote.example
Subject: hello from the board

A line of one dot is no trouble:
.
That was it.
M
show "$D/remote.txt"
run sendmail -t -i <"$D/remote.txt"

title "qmta queue list"
run qmta queue list

title "qmta-send, once; its log:"
code=0
run qmta-send 2>"$D/log" >"$D/log.out" || code=$?
cat "$D/log.out" >>"$D/log"
show "$D/log"
echo "   exit code $code"

title "qmta status"
run qmta status

# --- What came of it ---------------------------------------------------------------
bad=
miss() { bad="$bad
  - $*"; }
title "In the Maildir"
set -- "$D"/home/Maildir/new/*
if [ -f "$1" ]; then
	echo "   $1"
	show "$1"
	grep -q 'This is what cron has to say' "$1" || miss "the local text"
	grep -qx 'Delivered-To: alarm@board.example.net' "$1" || miss "the alias"
	[ $# -eq 1 ] || miss "one local file, not $#"
else
	miss "the local message"
fi
title "At the SMTP server"
set -- "$D"/sink/[0-9]*
if [ -f "$1" ]; then
	show "$1"
	tr -d '\r' <"$1" >"$D/sink.txt"
	grep -qx '\.' "$D/sink.txt" || miss "the line of one dot"
	grep -q 'someone@remote.example' "$D/sink.txt" || miss "the recipient"
	grep -qi '^bcc:' "$D/sink.txt" && miss "silence about Bcc"
	[ $# -eq 1 ] || miss "one transaction, not $#"
else
	miss "the remote message"
fi
[ "$code" -eq 0 ] || miss "exit code 0 of qmta-send, not $code"
left=$(find "$QUEUEDIR/mess" "$QUEUEDIR/todo" -type f | wc -l)
[ "$left" -eq 0 ] || miss "an empty queue, $left files are left"

if [ -n "$bad" ]; then
	printf '\nDEMO FAILED; missing:%s\n' "$bad"
	exit 1
fi
printf '\nDEMO OK: both messages arrived, the queue is empty, nothing outside %s was written.\n' "$D"
