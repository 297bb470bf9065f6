#!/bin/sh
# full.t: a queue on a file system that is full to its last byte, a small tmpfs in a
# name space of our own. What has been delivered is not delivered again while that
# cannot be written down, new mail is refused, and when there is room all is as it
# should be: nobody gets a message twice, and no bounce is missing.
# shellcheck disable=SC2015,SC2016,SC2119 # $1 is the inner shell's
if [ -z "${FULL:-}" ]; then
	FULL=$(mktemp -d "${TMPDIR:-/tmp}/qmta-full.XXXXXX") || exit 1
	export FULL
	if [ "$(id -u)" = 0 ]; then
		ns='unshare -m' back='' opt=uid=65534,gid=65534
	else
		ns='unshare -Urm' back="unshare -U --map-user=$(id -u) --map-group=$(id -g)" opt=uid=0
	fi
	CODE=0
	if $ns sh -c 'mount -t tmpfs -o "size=512k,mode=755,$1" tmpfs "$FULL" && $2 true' \
		sh "$opt" "$back" 2>/dev/null; then
		$ns sh -c 'mount -t tmpfs -o "size=512k,mode=755,$1" tmpfs "$FULL" && exec $2 sh "$3"' \
			sh "$opt" "$back" "$0" || CODE=$?
	else
		echo "1..0 # SKIP no tmpfs of our own here"
	fi
	rmdir "$FULL"
	exit $CODE
fi
# shellcheck disable=SC2086,SC2016,SC2119 # $AS is words; until_ eval
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
. "$TOP/tests/lib/daemon.sh"
RUNNER_BIN=$TESTBIN BIN=$TESTBIN
daemon_root
QUEUEDIR=$FULL/queue
$AS "$RBIN/queue-fix" "$QUEUEDIR" >"$TMP/fix" 2>&1 || { tap_show <"$TMP/fix"; exit 1; }
echo 0 >"$CONTROLDIR/minfree"
fill() { # to the last byte
	$AS sh -c 'cat /dev/zero >>"$FULL/ballast.$1"; : >"$FULL/one"; echo x >"$FULL/one"' sh "$1" 2>/dev/null
	[ "$(stat -f -c %f "$FULL")" = 0 ]
}
hold() { # 0 or 1
	rm -f "$CONTROLDIR/holdlocal" "$CONTROLDIR/holdremote"
	[ "$1" = 0 ] || echo 1 | tee "$CONTROLDIR/holdlocal" >"$CONTROLDIR/holdremote"
	kill -HUP "$DAEMON"
}
came() { cat "$MAILS"/* 2>/dev/null | grep -c "^RCPT TO:<$1"; }

cat >"$TMP/script" <<'S'
RCPT @half 450 4.2.0 not now
RCPT never 550 5.1.1 nobody
S
sink_start --script "$TMP/script"
daemon_start
both
ok "mail flows" until_ queue_empty
hold 1
N=4
for i in 1 2 3 4; do
	printf 'Subject: two%s\n\ntext\n' "$i" | post -f "$WHO" "yes$i@far.example" "half$i@far.example"
	printf 'Subject: bad%s\n\ntext\n' "$i" | post -f "$WHO" "never$i@far.example"
done
is "all is in the queue" "$(queued)" $((2 * N))
ok "then it is full" fill 1
hold 0
ok "what can be delivered is" until_ eval '[ "$(came yes)" = '$N' ]'
until_ eval '[ "$(lines "^delivery .*Remote_host_said:_550")" -ge '$N' ]'
pass_time
calm "full"
ok "it still is" fill 2
ok "new mail is refused, for now" sh -c \
	"echo x | $AS $RBIN/sendmail x@far.example 2>$TMP/err; [ \$? = 75 ]"
like "and why" "$(cat "$TMP/err")" 'space|full'
is "what waits for room" "$(queued)" $((2 * N))
for i in 1 2 3; do pass_time; sleep 0.2; done
is "nobody gets it again" "$(came yes)" $N
is "it is said, one line for each thing that could not be written" "$(grep 'No space left' "$LOG" |
	sed 's/ msg .*//' | sort | uniq -c | sed 's/^ *//')" "1 warning: unable to append to the bounce of
1 warning: unable to keep the last error of
1 warning: unable to settle"
rm -f "$FULL"/ballast.* "$FULL/one"
both
for i in 1 2 3; do pass_time; sleep 0.2; done
pass_time 500
ok "room again: all leaves" until_ queue_empty
is "each who took it has it once" "$(came yes)" $N
is "and each of the others" "$(came half)" $N
is "and each sender was told once" "$(cat "$HOME"/Maildir/new/* | grep -c '^Subject: failure notice')" $N
both
ok "mail flows" until_ queue_empty
each_once "the rest"
daemon_stop
is "and an orderly end" "$CODE" 0
done_testing
