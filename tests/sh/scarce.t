#!/bin/sh
# scarce.t: a running daemon without descriptors, room or memory. It says so once,
# does not spin, and when there is enough again all mail arrives, each once.
# shellcheck disable=SC2086,SC2016,SC2119 # $AS is words; until_ eval
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
. "$TOP/tests/lib/daemon.sh"
RUNNER_BIN=$TESTBIN BIN=$TESTBIN
daemon_root
command -v prlimit >/dev/null || skip_all "no prlimit (util-linux)"
# malloc of the host's library, with a small reserve of its own.
export MALLOC_TOP_PAD_=0 GLIBC_TUNABLES=glibc.malloc.top_pad=0

sink_start
daemon_start
both
ok "mail flows" until_ queue_empty

# --- no descriptors -----------------------------------------------------------------------------
limit --nofile=8:
for i in 1 2 3 4 5 6; do both; done
pass_time
sleep 0.5
calm "no descriptors"
ok "no descriptors: at most 3 lines" test "$(lines 'open files')" -le 3
ok "but it is said" says 'open files'
limit --nofile=1024:
pass_time
ok "descriptors again: all is delivered" until_ queue_empty

# --- no room: as on a full disk, nothing can be written (here by the size of files) ----------------
printf 'RCPT @far 450 4.2.0 not now\n' >"$TMP/script"
resink --script "$TMP/script"
limit --fsize=0:
for i in 1 2 3 4 5; do both; done
ok "no room: they were tried" until_ eval '[ "$(lines not_now)" -ge 5 ]'
sleep 0.3
calm "no room"
is "no room: one line for each thing that could not be written" "$(grep 'File too large' "$LOG" |
	sed 's/ msg .*//' | sort | uniq -c | sed 's/^ *//')" "1 warning: unable to keep the last error of
1 warning: unable to settle"
is "all remote ones are still there" "$(queued)" 5
limit --fsize=unlimited:
pass_time 500
pass_time 500
ok "room again: all is delivered" until_ queue_empty
resink

# --- no memory ------------------------------------------------------------------------------------
many=1200 first=1000001
case ${VARIANT:-static} in
san) skip "no memory" "the sanitizers need it"; many=0 ;;
*)
	echo 1 >"$CONTROLDIR/holdremote"
	echo 1 >"$CONTROLDIR/holdlocal"
	kill -HUP "$DAEMON"
	sleep 0.2
	limit --as="$(awk '/^VmSize/ { print $2 * 1024 }' "/proc/$DAEMON/status"):"
	python3 "$TOP/tests/lib/fillqueue.py" "$QUEUEDIR" $many todo 0 $first
	[ -z "$AS" ] || chown -R 65534:65534 "$QUEUEDIR"
	kill -ALRM "$DAEMON"
	ok "no memory: it is said" until_ says 'out of memory'
	for i in 1 2 3 4; do pass_time; sleep 0.2; done
	calm "no memory"
	is "no memory: one line" "$(lines 'out of memory')" 1
	limit --as=unlimited:
	pass_time
	ok "memory again: it is said" until_ says 'memory suffices again'
	rm "$CONTROLDIR/holdremote" "$CONTROLDIR/holdlocal"
	kill -HUP "$DAEMON"
	ok "and all is delivered" until_ queue_empty
	;;
esac
each_once "the sum" $first $many
daemon_stop
is "and an orderly end" "$CODE" 0
done_testing
