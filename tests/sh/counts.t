#!/bin/sh
# counts.t: what one message of 1 KiB costs, counted by strace: the submission by
# a caller who may write the queue, a local delivery, a remote one; and by QMQP.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
. "$TOP/tests/lib/qmqp.sh"
trap 'sink_stop; qmqp_stop qmqp; rm -rf "$TMP"' EXIT
VARIANT=${VARIANT:-static}
runner_root
maildir
$AS strace -f -o /dev/null true 2>/dev/null ||
	skip_all "strace cannot trace here"
mkdir "$TMP/tr" && chmod 777 "$TMP/tr"

message() { # TO: 1024 bytes
	printf 'From: %s@mx.example.net\nTo: %s\nSubject: counts\nDate: %s\nMessage-ID: %s\n\n' \
		"$WHO" "$1" 'Thu, 20 Nov 2025 12:00:00 +0000' '<1@mx.example.net>' >"$TMP/head"
	head -c $((1023 - $(wc -c <"$TMP/head"))) /dev/zero | tr '\0' x >"$TMP/body"
	echo | cat "$TMP/head" "$TMP/body" - >"$TMP/msg"
}
# trace NAME COMMAND...: with children; from the program's own execve on
trace() {
	name=$1; shift
	$AS strace -f -s 64 -o "$TMP/tr/$name" "$@"
}
# count NAME PATTERN: calls that PATTERN (after pid and name) matches and that
# did not fail
count() {
	grep -E "^[0-9]+ +($2)" "$TMP/tr/$1" | grep -Evc ' = -1 |<\.\.\. '
}
calls() { grep -Ec '^[0-9]+ +[a-z_0-9]+\(' "$TMP/tr/$1"; }
execs() { count "$1" 'execve\('; }
# Files made: every queue has its lock files already, so those do not count.
made() {
	grep -E '^[0-9]+ +(openat|open|creat)\(.*O_CREAT' "$TMP/tr/$1" |
		grep -v '"lock/' | grep -vc ' = -1 '
}
# sync_file_range only begins to write, and waits for nothing.
syncs() { grep -Ec '^[0-9]+ +(fsync|fdatasync|sync|syncfs)\(' "$TMP/tr/$1"; }
renames() { count "$1" 'rename|link|linkat'; }
show() { # NAME
	echo "# $1: $(calls "$1") calls, $(execs "$1") execve," \
		"$(made "$1") files made, $(syncs "$1") fsync," \
		"$(grep -Ec 'O_D?SYNC' "$TMP/tr/$1") files opened for synchronous writes," \
		"$(renames "$1") rename or link"
}

# --- submission -----------------------------------------------------------------
message "$WHO@mx.example.net"
is "the message is 1 KiB" "$(wc -c <"$TMP/msg")" 1024
trace submit "$RBIN/sendmail" -f "$WHO" "$WHO" <"$TMP/msg"
is "sendmail's exit code under strace" $? 0
show submit
is "one message is in the queue" "$(files "$QUEUEDIR/todo")" 1
is "submission: control files that are not there are not looked for" \
	"$(grep -c "$CONTROLDIR/.* = -1 " "$TMP/tr/submit") $(grep -c "$CONTROLDIR/me" "$TMP/tr/submit")" "0 1"
is "submission: execve" "$(execs submit)" 1
is "submission: files made" "$(made submit)" 2
ok "submission: at most 3 fsync" test "$(syncs submit)" -le 3
ok "submission: something is synced" test "$(syncs submit)" -ge 1
if [ "$VARIANT" = static ]; then
	ok "submission: at most 60 system calls" test "$(calls submit)" -le 60
else
	skip "submission: at most 60 system calls" "a loader or a sanitizer has its own"
fi

# --- local ----------------------------------------------------------------------
trace local "$RBIN/qmta-send" 2>"$LOG"
is "qmta-send's exit code" $? 0
show local
is "the message is in the Maildir" "$(files "$HOME/Maildir/new")" 1
is "and no longer in the queue" "$(files "$QUEUEDIR/mess" "$QUEUEDIR/todo")" 0
is "local delivery: execve" "$(execs local)" 1
is "local delivery: files made" "$(made local)" 1
ok "local delivery: at most 2 fsync" test "$(syncs local)" -le 2
ok "local delivery: something is synced" test "$(syncs local)" -ge 1

# --- remote ---------------------------------------------------------------------
sink_start
message "to@far.example"
$AS "$RBIN/sendmail" -f "$WHO" to@far.example <"$TMP/msg"
is "a message for elsewhere is queued" "$(files "$QUEUEDIR/todo")" 1
trace remote "$RBIN/qmta-send" 2>"$LOG"
is "qmta-send's exit code" $? 0
show remote
is "the message is at the server" "$(files "$MAILS")" 1
is "and no longer in the queue" "$(files "$QUEUEDIR/mess" "$QUEUEDIR/todo")" 0
is "remote delivery: execve" "$(execs remote)" 1
is "remote delivery: files made" "$(made remote)" 0
is "remote delivery: fsync" "$(syncs remote)" 0

# --- conf-fsync -------------------------------------------------------------------
echo 0 >"$CONTROLDIR/conf-fsync"
trace nosync "$RBIN/sendmail" -f "$WHO" to@far.example <"$TMP/msg"
is "conf-fsync 0: sendmail's exit code" $? 0
show nosync
is "conf-fsync 0: nothing is synced" "$(syncs nosync) $(grep -Ec 'O_D?SYNC' "$TMP/tr/nosync")" "0 0"

# --- QMQP -------------------------------------------------------------------------
qmqp_start qmqp
echo "127.0.0.1:$QPORT" >"$CONTROLDIR/qmqpservers"
before=$(queued)
QMAILQUEUE=/usr/sbin/qmail-qmqpc # by the build's default; need not be there
export QMAILQUEUE
n=0
for p in sendmail qmail-inject; do
	n=$((n + 1))
	trace "qmqp-$p" "$RBIN/$p" to@far.example <"$TMP/msg"
	is "$p by QMQP: exit code under strace" $? 0
	show "qmqp-$p"
	is "$p by QMQP: the server has it" "$(took qmqp)" $n
	is "$p by QMQP: execve, connections" \
		"$(execs "qmqp-$p"), $(grep -c 'connect(.*port=htons' "$TMP/tr/qmqp-$p")" "1, 1"
	is "$p by QMQP: no process, no file, nothing synced" \
		"$(count "qmqp-$p" 'fork|vfork|clone') $(made "qmqp-$p") $(syncs "qmqp-$p")" "0 0 0"
	if [ "$VARIANT" = static ]; then
		ok "$p by QMQP: at most 50 system calls" test "$(calls "qmqp-$p")" -le 50
	else
		skip "$p by QMQP: at most 50 system calls" "a loader or a sanitizer has its own"
	fi
done
is "and the queue has nothing of it" "$(queued)" "$before"
done_testing
