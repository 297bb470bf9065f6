#!/bin/sh
# shellcheck disable=SC2086,SC1091,SC2034 # $AS is words of a command; runner.sh reads RUNNER_BIN
# mbox.t: mail for a mailbox file, through a whole installation: the form, the locks,
# and what else a mailbox may be. Numbers are those of the family's checklist.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/runner.sh"
RUNNER_BIN=$TESTBIN
runner_root
BOX=$HOME/Mailbox
ME=$WHO@mx.example.net
put() { $AS sh -c 'cat >"$1"' sh "$1"; }
count() { grep -c '^From ' "$BOX"; }
# Everything waits is tried at once.
again() { run -a; }
echo ./Mailbox | put "$HOME/.qmail"

printf 'Subject: one\n\nFrom x\n>From y\nlast' | post -f kim@a.example "$ME"
run
is "delivered" "$EXIT $(queued)" "0 0"
like "and said so" "$(cat "$LOG")" 'success: did_1\+0\+0'
like "From_ line" "$(head -n 1 "$BOX")" \
	'^From kim@a.example [A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]{2} [0-9:]{8} [0-9]{4}$'
is "Return-Path and Delivered-To come next" "$(sed -n '2,3p' "$BOX")" \
	"Return-Path: <kim@a.example>
Delivered-To: $ME"
is "(65) From lines are quoted, the last LF is added, an empty line ends it" \
	"$(tail -n 4 "$BOX" | tr '\n' '|')" ">From x|>>From y|last||"
# shellcheck disable=SC2012 # one known name
is "mode 0600" "$(ls -l "$BOX" | cut -c 1-10)" "-rw-------"
is "no dot-lock is left" "$(ls "$HOME")" Mailbox

echo "=1699056000" >"$TMP/clock"
printf 'Subject: two\n\n' | post -f '<>' "$ME"
QMTA_FAKE_CLOCK=$TMP/clock run
is "(66) the From_ line of 1699056000, from nobody" "$(grep '^From MAILER' "$BOX")" \
	"From MAILER-DAEMON Sat Nov 04 00:00:00 2023"
is "two messages" "$(count)" 2

# Another process holds the lock: flock, then the dot-lock. The clock of the test
# runs ahead while we wait.
hold() { # COMMAND...: while a process of its own holds it
	cp "$BOX" "$TMP/before"
	printf 'Subject: locked\n\n' | post -f kim@a.example "$ME"
	echo 0 >"$TMP/mono"
	(sleep 1; echo 40000 >"$TMP/mono") &
	waiter=$!
	QMTA_FAKE_MONO=$TMP/mono "$@"
	wait $waiter
}
cat >"$TMP/lock.py" <<'P'
import fcntl, sys, time
f = open(sys.argv[1])
fcntl.flock(f, fcntl.LOCK_EX)
open(sys.argv[2], "w").close()
time.sleep(60)
P
chmod 644 "$BOX" "$TMP/lock.py"
python3 "$TMP/lock.py" "$BOX" "$TMP/held" &
holder=$!
i=0
until [ -e "$TMP/held" ] || [ $i -gt 100 ]; do sleep 0.05; i=$((i + 1)); done
hold run
kill $holder; wait $holder 2>/dev/null
is "(67) locked for 30 s: later" "$EXIT $(queued)" "75 1"
like "(67) and says so" "$(cat "$LOG")" 'deferral: Unable_to_lock_mailbox_./Mailbox:_another'
ok "(67) the mailbox is as it was" cmp "$BOX" "$TMP/before"
again
is "afterwards it arrives" "$EXIT $(count)" "0 3"

echo "$$" | put "$BOX.lock"
hold run
is "(67) the dot-lock of a living process: later" "$EXIT" 75
ok "it stays" test -e "$BOX.lock"
ok "the mailbox is as it was" cmp "$BOX" "$TMP/before"
$AS touch -d '20 minutes ago' "$BOX.lock"
echo 99999999 | put "$BOX.lock.new"
$AS touch -d '20 minutes ago' "$BOX.lock.new"
$AS mv "$BOX.lock.new" "$BOX.lock"
again
is "that of a dead one, when it is old: delivered" "$EXIT $(count)" "0 4"
is "and it is gone" "$(ls "$HOME")" Mailbox

# The directory is closed to the user: flock alone.
mkdir "$TMP/spool"
: >"$TMP/spool/box"
[ -z "$AS" ] || chown 65534 "$TMP/spool/box"
if [ "$(id -u)" = 0 ]; then
	echo "$TMP/spool/box" | put "$HOME/.qmail"
	printf 'Subject: spool\n\n' | post "$ME"
	run
	is "a directory that the user may not write: delivered" \
		"$EXIT $(grep -c '^From ' "$TMP/spool/box")" "0 1"
	is "without a dot-lock" "$(ls "$TMP/spool")" box
else
	skip "a directory that the user may not write" "needs root"
fi

# A mailbox that was damaged, and others that are none.
printf 'From half a message' | put "$HOME/Damaged"
echo ./Damaged | put "$HOME/.qmail"
printf 'Subject: x\n\n' | post "$ME"
run
is "a mailbox without its last LF: an empty line comes first" \
	"$(sed -n '1,3p' "$HOME/Damaged" | cut -c 1-5 | tr '\n' '|')" "From ||From |"
like "and then the message" "$(sed -n 3,4p "$HOME/Damaged" | tr '\n' ' ')" '^From .*Return-Path'
$AS mkfifo "$HOME/pipe"
$AS mkdir "$HOME/dir"
for f in ./pipe ./dir /dev/null; do
	echo $f | put "$HOME/.qmail"
	printf 'Subject: x\n\n' | post "$ME"
	run
	like "$f is refused" "$(cat "$LOG")" 'deferral:.*it_is_not_a_regular_file'
	is "$f: the mail waits" "$EXIT" 75
	rm -rf "$QUEUEDIR"
	$AS "$RBIN/queue-fix" "$QUEUEDIR" >/dev/null
done
$AS ln -s Mailbox "$HOME/link"
echo ./link | put "$HOME/.qmail"
printf 'Subject: x\n\n' | post "$ME"
run
is "a link is followed" "$EXIT $(count)" "0 5"
if [ "$(id -u)" = 0 ]; then
	chown -h 12345 "$HOME/link"
	printf 'Subject: linked\n\n' | post -f kim@a.example "$ME"
	run
	is "but not somebody else's" "$EXIT $(count)" "75 5"
	like "and why" "$(cat "$LOG")" 'deferral: .*it_is_a_link_of_another_user'
	chown -h 0 "$HOME/link"
	again
	is "root's is" "$EXIT $(count)" "0 6"
else
	skip "a link of another's" "not root"
fi

# Many at once: each is whole, none is lost.
n=40
[ -z "$QMTA_SHORT" ] || n=15
$AS rm -f "$BOX"
echo ./Mailbox | put "$HOME/.qmail"
i=0
while [ $i -lt $n ]; do
	i=$((i + 1))
	printf 'Subject: m%s\n\nbody %s\nend\n' $i $i | post "$ME"
done
run
is "$n at once: all are there" "$EXIT $(count) $(grep -c '^end$' "$BOX")" "0 $n $n"
is "and each is whole" "$(grep -A 2 '^Subject: m' "$BOX" | grep -c '^body ')" "$n"
done_testing
