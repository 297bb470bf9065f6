#!/bin/sh
# Started by root on a machine with users: who each process is, whose files come
# out of it, and how an ordinary user hands mail to a queue he may not write. Root
# only, in a mount namespace with an /etc/passwd of its own.
# shellcheck disable=SC2016
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
[ "$(id -u)" = 0 ] || skip_all "needs root"
command -v setpriv >/dev/null || skip_all "needs setpriv (util-linux)"
unshare -m true 2>/dev/null || skip_all "no mount namespace here (unshare -m)"
case ${VARIANT:-static} in san) skip_all "a sanitizer's log is not for set-id programs" ;; esac
chmod 755 "$TMP"
P=$TMP/prog
mkdir -p "$P" "$TMP/control" "$TMP/home/joe" "$TMP/home/ann" "$TMP/home/alias" "$TMP/sink"
cp -L "$BIN/qmta" "$BIN/qmail-queue" "$P/"
for a in sendmail qmta-send queue-fix mailq; do ln -s qmta "$P/$a"; done
{
	echo 'root:x:0:0:root:/root:/bin/sh'
	echo 'nobody:x:65534:65534::/nonexistent:/bin/false'
	echo 'qmailq:x:7001:7100::/nonexistent:/bin/false'
	echo 'qmailr:x:7002:7100::/nonexistent:/bin/false'
	echo "joe:x:7011:7011::$TMP/home/joe:/bin/sh"
	echo "ann:x:7012:7012::$TMP/home/ann:/bin/sh"
	echo "alias:x:7013:7100::$TMP/home/alias:/bin/sh"
} >"$TMP/passwd"
printf 'root:x:0:\nqmail:x:7100:\njoe:x:7011:\nann:x:7012:\n' >"$TMP/group"
echo mx.example.net >"$TMP/control/me"
printf './Maildir/\n' >"$TMP/home/alias/.qmail-root"
mkdir -p "$TMP/home/alias/Maildir/new" "$TMP/home/alias/Maildir/tmp" "$TMP/home/alias/Maildir/cur"
chown 7011:7011 "$TMP/home/joe"; chown 7012:7012 "$TMP/home/ann"
chown -R 7013:7100 "$TMP/home/alias"
chmod 700 "$TMP/home/joe" "$TMP/home/ann" "$TMP/home/alias"
# What ann would like root to do: a Maildir that is a link into joe's home.
ln -s "$TMP/home/joe" "$TMP/home/ann/Maildir"
echo 'BODY !slow sleep 3 250 ok' >"$TMP/script"
cat >"$TMP/in.sh" <<'S'
mount --bind "$TMP/passwd" /etc/passwd
mount --bind "$TMP/group" /etc/group
python3 "$TOP/tests/lib/smtpsink.py" --port 0 --portfile "$TMP/port" --dir "$TMP/sink" \
	--timeout 120 --script "$TMP/script" &
sink=$!
n=0; until [ -s "$TMP/port" ]; do n=$((n + 1)); [ $n -lt 200 ] || exit 1; sleep 0.05; done
echo ":127.0.0.1:$(cat "$TMP/port")" >"$TMP/control/smtproutes"
export CONTROLDIR="$TMP/control" QUEUEDIR="$TMP/queue"
"$P/queue-fix" "$QUEUEDIR" || exit 1
stat -c '%U:%G %a' "$QUEUEDIR" "$QUEUEDIR/todo" >"$TMP/owner"
letter() { printf 'Subject: x\n\nbody\n'; }
for r in joe joe-list ann root nosuch; do letter | "$P/sendmail" -f joe@mx.example.net "$r"; done
"$P/qmta-send" 2>"$TMP/log1"; echo $? >"$TMP/exit1"
# who is who while a remote delivery runs
letter | "$P/sendmail" -f joe@mx.example.net slow@far.example
"$P/qmta-send" -d 2>"$TMP/log2" & d=$!
n=0; until grep -q 'to remote slow' "$TMP/log2"; do n=$((n + 1)); [ $n -lt 100 ] || exit 1; sleep 0.05; done
sleep 0.7
spawner=$(cat /proc/$d/task/$d/children)
worker=$(cat /proc/${spawner% }/task/${spawner% }/children)
for p in $d $spawner $worker; do
	awk '/^Uid:/ { u = $2 " " $3 " " $4 } /^Gid:/ { g = $2 } /^Groups:/ { n = NF - 1 } END { print u, g, n }' /proc/$p/status
done >"$TMP/who"
ls -l /proc/${worker% }/fd | awk '/->/ { print $NF }' | grep -c "$QUEUEDIR" >"$TMP/fds"
kill -TERM $d; wait $d
# joe stops who delivers his mail; who looks at his files is his, and cannot be traced
echo "|ls -l /proc/\$PPID/fd >$TMP/home/joe/fds 2>&1; cat /proc/\$PPID/timers >$TMP/home/joe/timers; kill -STOP \$PPID" \
	>"$TMP/home/joe/.qmail-stop"
chown 7011 "$TMP/home/joe/.qmail-stop"
echo 1 >"$TMP/control/timeoutlocal"
letter | "$P/sendmail" -f ann@mx.example.net joe-stop
"$P/qmta-send" -d 2>"$TMP/log3" & d=$!
n=0; until [ -s "$TMP/home/joe/fds" ]; do n=$((n + 1)); [ $n -lt 100 ] || exit 1; sleep 0.05; done
sleep 0.3
for w in $(cat /proc/$d/task/$d/children); do for w in $(cat /proc/$w/task/$w/children); do
	cat "/proc/$w/timers"; grep '^State' "/proc/$w/status"; done; done >"$TMP/timers"
n=0; while [ -z "$QMTA_SHORT" ] && [ $n -lt 50 ] && ! grep -q '^delivery' "$TMP/log3"; do n=$((n + 1)); sleep 1; done
kill -KILL $d; wait $d
[ -z "$QMTA_SHORT" ] || kill -KILL "$w"	# else the kernel has done it
rm "$TMP/control/timeoutlocal"
# the owner of the queue lets lock/ lead elsewhere
mkdir "$TMP/victim"
mv "$QUEUEDIR/lock" "$QUEUEDIR/was"; ln -s "$TMP/victim" "$QUEUEDIR/lock"
"$P/qmta-send" 2>"$TMP/log4"
QUEUEDIR="$QUEUEDIR" "$P/qmta" qmail-tcpok 2>>"$TMP/log4"
rm "$QUEUEDIR/lock"; mv "$QUEUEDIR/was" "$QUEUEDIR/lock"
# what root sends
letter | "$P/sendmail" -f joe@mx.example.net later@far.example
find "$QUEUEDIR" -type f -user 0 >"$TMP/roots"
cat "$QUEUEDIR"/mess/0/* | grep -ac '^Received: .* invoked by uid 0' >"$TMP/by"
# an ordinary user: not with the program as it is, but with the set-id one
letter | setpriv --reuid=7011 --regid=7011 --clear-groups env QMAILQUEUE="$P/qmail-queue" \
	"$P/sendmail" -f joe@mx.example.net joe 2>"$TMP/refused"; echo $? >"$TMP/exit2"
chown 7001:7100 "$P/qmail-queue"; chmod 4711 "$P/qmail-queue"
# set-id: QUEUEDIR of the caller is not the built-in one, so the rights go first
letter | setpriv --reuid=7011 --regid=7011 --clear-groups env QMAILQUEUE="$P/qmail-queue" \
	"$P/sendmail" -f joe@mx.example.net joe 2>>"$TMP/refused"; echo $? >"$TMP/exit3"
# what has a password is qmailr's
"$P/qmta" setup relay --host smtp.example.net --control "$TMP/made" --me a.example.net >"$TMP/setup" 2>&1
printf 'mailhub=x\nauthuser=kim\nauthpass=geheim\n' >"$TMP/ssmtp"
for n in 1 2; do
	"$P/qmta" setup --from-ssmtp "$TMP/ssmtp" --control "$TMP/made" --me a.example.net --force >"$TMP/setup" 2>&1
	stat -c '%u %a' "$TMP/made/relaypass"
	chown 0 "$TMP/made/relaypass"
done >"$TMP/relaypass"
kill $sink
exit 0
S
export TMP P TOP
ok "the runs" unshare -m sh "$TMP/in.sh"
is "setup gives a relay's password to qmailr, again if need be" "$(tr '\n' ' ' <"$TMP/relaypass")" "7002 600 7002 600 "
is "queue-fix gives the queue to qmailq" "$(tr '\n' ' ' <"$TMP/owner")" "qmailq:qmail 750 qmailq:qmail 750 "
is "local mail in one run" "$(cat "$TMP/exit1")" 75
is "joe's is joe's" "$(stat -c '%u:%g %a' "$TMP"/home/joe/Maildir/new/* | sort -u)" "7011:7011 600"
is "joe has his own letter and the bounces" "$(cat "$TMP"/home/joe/Maildir/new/* | grep -c '^<.*>:$')" 2
is "root's mail goes to alias" "$(stat -c '%u' "$TMP"/home/alias/Maildir/new/*)" 7013
is "a Maildir that points into another home: nothing was put there" \
	"$(find "$TMP/home/joe" -path '*/new/*' -newer "$TMP/passwd" -user 7012 | wc -l | tr -d ' ')" 0
like "it waits, and says why" "$(cat "$TMP/log1")" 'deferral: .*maildir'
like "an extension that does not exist is refused" "$(cat "$TMP/log1")" 'failure: Sorry,_no_mailbox_here'
is "the runner is the queue's owner, without other groups" "$(sed -n 1p "$TMP/who")" "7001 7001 7001 7100 1"
like "the spawner stays root" "$(sed -n 2p "$TMP/who")" '^0 0 0 '
is "the remote worker is qmailr" "$(sed -n 3p "$TMP/who")" "7002 7002 7002 7100 1"
ok "and holds only the message, its list and tcpto of the queue" [ "$(cat "$TMP/fds")" -le 3 ]
like "a program of joe's cannot look at his delivery's descriptors" "$(cat "$TMP/home/joe/fds")" 'Permission denied'
if [ -e /proc/self/timers ]; then
	like "a local delivery that its user has stopped" "$(cat "$TMP/timers")" '^State:.T'
	like "has a SIGKILL coming" "$(cat "$TMP/timers")" '^signal: 9/'
else
	skip "the end of a stopped delivery" "this kernel does not show timers"
fi
if [ -z "${QMTA_SHORT:-}" ]; then
	like "and makes room for others" "$(cat "$TMP/log3")" '^delivery 1: deferral: Delivery_process_died'
fi
is "root makes nothing where the queue's owner leads him" "$(ls "$TMP/victim")" ""
like "but says what is wrong" "$(cat "$TMP/log4")" 'cannot start: unable to lock'
is "what root sends belongs to the queue's owner" "$(cat "$TMP/roots")" ""
ok "and is root's mail" [ "$(cat "$TMP/by")" -gt 0 ]
like "the message came through" "$(cat "$TMP"/sink/*)" 'RCPT TO:<slow@far.example>'
is "an ordinary user may not write the queue: 75" "$(cat "$TMP/exit2")" 75
is "a set-id program gives up its rights before another QUEUEDIR: 75" "$(cat "$TMP/exit3")" 75
like "in plain words" "$(cat "$TMP/refused")" '^sendmail: .*queue'
done_testing
