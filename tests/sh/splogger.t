#!/bin/sh
# The built-in splogger: lines of the log as datagrams at /dev/log, in a mount
# namespace of its own with a /dev of its own.
# shellcheck disable=SC2016
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
NS='unshare -m'
[ "$(id -u)" = 0 ] || NS='unshare -Urm'
$NS sh -c 'mount -t tmpfs none /dev' 2>/dev/null ||
	skip_all "no mount namespace here (unshare -m)"
new_root
cat >"$TMP/syslogd.py" <<'P'
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('/dev/log')
s.settimeout(20)
open(sys.argv[1], 'w').close()
with open(sys.argv[2], 'w') as f:
    while True:
        d = s.recv(5000)
        if d == b'end':
            break
        f.write(d.decode('latin-1') + '\n')
        f.flush()
P
cat >"$TMP/in.sh" <<'S'
touch "$TMP/null"
mount --bind /dev/null "$TMP/null"
mount -t tmpfs none /dev
touch /dev/null
mount --bind "$TMP/null" /dev/null
python3 "$TMP/syslogd.py" "$TMP/ready" "$TMP/lines" & d=$!
n=0
until [ -e "$TMP/ready" ]; do n=$((n + 1)); [ $n -lt 200 ] || exit 1; sleep 0.05; done
echo ':127.0.0.1:1' >"$CONTROLDIR/smtproutes"
long=$(printf '%0900d' 0)
printf 'x\n' | "$BIN/sendmail" -f k@mx.example.net "$long@remote.example"
"$BIN/qmta-send" ./Maildir/ splogger qmta 2>"$TMP/err"
echo $? >"$TMP/exit"
echo 0 >"$CONTROLDIR/conf-fsync"
"$BIN/qmta-send" ./Maildir/ /usr/sbin/splogger qmta 3 2>>"$TMP/err"
python3 -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"end", "/dev/log")'
wait $d
rm /dev/log
"$BIN/qmta-send" ./Maildir/ splogger 2>"$TMP/nolog"
exit 0
S
export TMP
ok "the runs" $NS sh "$TMP/in.sh"
lines=$(cat "$TMP/lines")
is "the runner's exit is its own" "$(cat "$TMP/exit")" 75
is "nothing on standard error" "$(cat "$TMP/err")" ""
like "facility mail, level info, the tag" "$lines" '^<22>qmta: new msg [0-9]+$'
like "a long line goes on" "$lines" '^<22>qmta: \+'
is "no datagram is longer than a line may be" "$(awk 'length > 900' "$TMP/lines")" ""
like "facility and level of a warning" "$lines" '^<28>qmta: warning: conf-fsync is 0'
like "without syslogd: standard error" "$(cat "$TMP/nolog")" '^warning: conf-fsync is 0'
done_testing
