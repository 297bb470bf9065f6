#!/bin/sh
# shellcheck disable=SC2086,SC2016,SC1091 # $AS is words of a command; scripts
# Programs and forwards of a .qmail under the runner: what is forwarded is safe before
# the delivery is called done, whoever may write the queue; nothing hangs for ever.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
runner_root
trap 'sink_stop; rm -rf "$TMP"' EXIT
letter() { printf 'Subject: %s\n\nbody of %s\n' "$1" "$1"; }
dq() {
	rm -f "$HOME/$1"
	printf "$2" >"$HOME/$1"
	chmod 600 "$HOME/$1"
	chown "$WHO" "$HOME/$1" 2>/dev/null
}
# The messages in todo/: recipients and sender.
todo() { for f in "$QUEUEDIR"/todo/*; do [ ! -f "$f" ] || tr '\0' '\n' <"$f" | grep '^[FT]' | tr '\n' ' '; done; }

everything() { # NAME
	sink_start
	dq .qmail-list '&ann@remote.example\n|cat >>"$HOME/copy"; echo thanks\nbo@remote.example\n./Maildir/\n'
	dq .qmail-list-owner ''
	mkdir -p "$HOME/Maildir/new" "$HOME/Maildir/tmp" "$HOME/Maildir/cur"
	[ "$(id -u)" != 0 ] || chown -R "$WHO" "$HOME/Maildir"
	letter one | post -f kim@mx.example.net "$WHO-list"
	run
	is "$1: delivered, forwarded, gone" "$EXIT $(queued) $(mails) $(inbox)" "0 0 1 1"
	like "$1: the log has it" "$(cat "$LOG")" \
		'^delivery 1: success: thanks/did_1\+2\+1/qp_[0-9]+/$'
	like "$1: one message to both, from the owner" "$(cat "$MAILS"/*)" \
		"^MAIL FROM:<$WHO-list-owner@mx.example.net>"
	is "$1: both" "$(grep -c '^RCPT TO:<[ab][no]*@remote.example>' "$MAILS"/*)" 2
	like "$1: with our line on top" "$(cat "$MAILS"/*)" "^Delivered-To: $WHO-list@mx.example.net"
	is "$1: without a Return-Path" "$(grep -c '^Return-Path' "$MAILS"/*)" 0
	like "$1: put in for the user" "$(grep '^info msg' "$LOG" | tail -n 1)" " uid $(id -u "$WHO")\$"
	like "$1: as its Received line says" "$(cat "$MAILS"/*)" "^Received: \\(qmail [0-9]+ invoked by uid $(id -u "$WHO")\\)"
	like "$1: qp is who took it in" "$(grep '^info msg' "$LOG" | tail -n 1)" \
		" qp $(sed -n 's/.*qp_\([0-9]*\).*/\1/p' "$LOG") "
	like "$1: the program had the message" "$(cat "$HOME/copy")" '^body of one$'
	sink_stop

	# ---- the queue program of the runner's environment is honoured, and believed
	cat >"$TMP/qq" <<-S
		#!/bin/sh
		cat >/dev/null
		cat <&1 >/dev/null
		id -u >"$TMP/sink/qq.uid"
		echo Zcome again later >&6
		exit 82
	S
	chmod 755 "$TMP/qq"
	dq .qmail-fwd '&ann@remote.example\n'
	rm -f "$TMP/sink/qq.uid"
	letter two | post -f kim@mx.example.net "$WHO-fwd"
	QMAILQUEUE=$TMP/qq run
	is "$1: queue program says later: it stays" "$EXIT $(queued)" "75 1"
	like "$1: with its words" "$(cat "$LOG")" 'deferral: Unable_to_forward_message:_come_again_later'
	is "$1: run as the queue's owner" "$(cat "$TMP/sink/qq.uid")" "$(stat -c %u "$QUEUEDIR")"
	cat >"$TMP/qq" <<-'S'
		#!/bin/sh
		cat >/dev/null
		sleep 30
	S
	echo 1 >"$CONTROLDIR/timeoutlocal"
	begin=$(date +%s)
	QMAILQUEUE=$TMP/qq run -a
	is "$1: queue program hangs: it stays" "$EXIT $(queued)" "75 1"
	ok "$1: and is not waited for" [ $(($(date +%s) - begin)) -lt 20 ]
	rm "$CONTROLDIR/timeoutlocal"
	run -a
	is "$1: then it goes" "$(grep -c '^end msg' "$LOG")" 1
	rm -rf "${QUEUEDIR:?}"/todo/* "$QUEUEDIR"/*/0/* "$QUEUEDIR"/note/*

	# ---- a program that hangs, with a child, both deaf to TERM
	dq .qmail-hang '|trap "" TERM; sleep 60 & echo $$ >"$HOME/pid"; sleep 60; exit 0\n&ann@remote.example\n'
	letter three | post -f kim@mx.example.net "$WHO-hang"
	echo 1 >"$CONTROLDIR/timeoutlocal"
	begin=$(date +%s)
	run
	is "$1: a program that hangs: later" "$EXIT $(queued)" "75 1"
	like "$1: and why" "$(cat "$LOG")" \
		'deferral: Program_or_file_system_took_too_long_\(control/timeoutlocal\)\._\(#4\.3\.0\)/'
	ok "$1: in time" [ $(($(date +%s) - begin)) -lt 12 ]
	ok "$1: all of it is gone" eval '! kill -0 -- -$(cat "$HOME/pid") 2>/dev/null'
	rm "$CONTROLDIR/timeoutlocal"
	rm -rf "${QUEUEDIR:?}"/*/0/* "$QUEUEDIR"/note/*

	# ---- what a program of the runner's has
	printf '|stat -c %%%%u /proc/$PPID/mem >"$HOME/proc"; ls -l /proc/self/fd >"$HOME/fds"; env >"$HOME/env"; cat /proc/self/status >"$HOME/status"' >"$TMP/t"
	dq .qmail-env "$(cat "$TMP/t")"
	letter four | post -f kim@mx.example.net "$WHO-env"
	SECRET=hidden QMAILSECRET=hidden run
	is "$1: delivered" "$EXIT $(queued)" "0 0"
	is "$1: descriptors 0, 1, 2 and ls' own" "$(grep -c '[0-9] ->' "$HOME/fds")" 4
	is "$1: nothing of the runner's environment" "$(grep -c 'hidden\|^QMAIL' "$HOME/env")" 0
	is "$1: as the user" "$(awk '/^[UG]id/ { print $2, $3, $4, $5 }' "$HOME/status" | tr ' ' '\n' | sort -u)" \
		"$(id -u "$WHO")"
	[ "$(id -u "$WHO")" = "$(id -u)" ] || is "$1: who holds the runner's socket cannot be traced" \
		"$(cat "$HOME/proc")" "$2"
	# 32 and 33 belong to C libraries: who called us may have ignored them.
	is "$1: no signal is blocked or ignored" \
		"$(awk '/^Sig(Blk|Ign)/ { sub("00000001800", "00000000000", $2); print $2 }' \
			"$HOME/status" | sort -u)" 0000000000000000

	# ---- the program qmail-local does the same
	[ -e "$RBIN/qmail-local" ] || ln -s qmta "$RBIN/qmail-local"
	dq .qmail-q '|echo by $USER\n./Maildir/\n'
	letter q | post -f kim@mx.example.net "$WHO-q"
	n=$(inbox)
	QMAILLOCAL=$RBIN/qmail-local run
	is "$1: QMAILLOCAL=qmail-local" "$EXIT $(queued) $(inbox)" "0 0 $((n + 1))"
	like "$1: and its words" "$(cat "$LOG")" "success: by_$WHO/did_1\\+0\\+1/\$"

	# ---- a loop by two forwards ends
	echo @ >"$CONTROLDIR/doublebounceto"
	dq .qmail-a "&$WHO-b\n"
	dq .qmail-b "&$WHO-a\n"
	letter five | post -f "" "$WHO-a"
	run
	is "$1: a loop ends" "$EXIT $(queued) $(grep -c 'message_is_looping' "$LOG")" "0 0 1"
}

everything "one user" 65534

# ---- calls fail and processes die, anywhere on the way of a forward: whatever comes
# of it, after a good run it has arrived, and the queue is empty.
# Files of a writer that was killed stay for a while; nobody sees them.
accepted() { find "$QUEUEDIR/todo" "$QUEUEDIR/info" -type f | wc -l | tr -d ' '; }
spoiled() { # CALL HOW N: one message under it
	letter spoiled | post -f kim@mx.example.net "$WHO-fwd"
	EXIT=0
	$AS timeout -k 5 60 strace -f -qq -o "$TMP/trace" -e trace="$1" -e inject="$1:$2:when=$3" \
		"$RBIN/qmta-send" 2>"$LOG" </dev/null || EXIT=$?
	spoilt=$((spoilt + $(grep -c 'INJECTED\|killed by' "$TMP/trace")))
	rm -f "$QUEUEDIR"/pid/*
	run -a
	run -a
	got=$(mails)
	whole=$(grep -l '^body of spoiled' "$MAILS"/* | wc -l | tr -d ' ')
	if [ "$got" -lt $((sent + 1)) ] || [ "$whole" != "$got" ] || [ "$EXIT $(accepted)" != "0 0" ]; then
		echo "# $1 $2 $3: $((got - sent)) arrived, $whole of $got whole, exit $EXIT, $(accepted) in the queue"
		lost=$((lost + 1))
	fi
	rm -rf "${QUEUEDIR:?}"/todo/* "$QUEUEDIR"/*/0/* "$QUEUEDIR"/intd/*
	sent=$got
}
all_spoiled() {
	[ -z "$AS" ] || : >"$TMP/trace"
	chmod 666 "$TMP/trace" 2>/dev/null
	sink_start
	dq .qmail-fwd '&ann@remote.example\n'
	lost=0 sent=0 spoilt=0
	last=12; [ -z "${QMTA_SHORT:-}" ] || last=3
	for call in sendmsg fsync renameat2 write recvmsg; do
		for how in error=EIO signal=KILL; do
			n=1
			while [ $n -le $last ]; do
				spoiled $call $how $n
				n=$((n + 1))
			done
		done
	done
	is "nothing is lost, nothing is stuck" "$lost" 0
	ok "and there was enough to lose it by ($spoilt, $sent arrived)" [ "$spoilt" -ge $((last * 4)) ]
	sink_stop
}
if [ "${VARIANT:-}" != san ] && $AS strace -o "$TMP/trace" true 2>/dev/null; then
	all_spoiled
else
	skip "calls fail" "strace does not work here"
fi

# ---- by root, as a mail host has it: a queue of somebody's, homes of users
by_root() {
	HOSTS=$TMP/passwd
	awk -F: -v home="$HOME" '$1 == "nobody" || $1 == "alias" { next } { print }
		END { print "nobody:x:65534:65534::" home ":/bin/sh" }' /etc/passwd >"$HOSTS"
	rm -rf "$QUEUEDIR"
	setpriv --reuid=54329 --regid=54329 --clear-groups -- mkdir "$QUEUEDIR" 2>/dev/null ||
		{ mkdir "$QUEUEDIR"; chown 54329:54329 "$QUEUEDIR"; }
	setpriv --reuid=54329 --regid=54329 --clear-groups -- "$RBIN/queue-fix" "$QUEUEDIR" >"$TMP/.fix" 2>&1 ||
		{ echo "Bail out! queue-fix"; tap_show <"$TMP/.fix"; exit 1; }
	chown 65534:65534 "$HOME"
	cat >"$TMP/as-root" <<-S
		#!/bin/sh
		mount --bind "$HOSTS" /etc/passwd || exit 99
		exec "\$@"
	S
	chmod 755 "$TMP/as-root"
	AS="unshare -m $TMP/as-root"
}
if [ "$(id -u)" = 0 ]; then
	runner_root
	by_root
	if $AS true 2>/dev/null; then
		everything "by root" 0
	else
		skip "by root" "no name spaces here"
	fi
else
	skip "by root" "needs root"
fi
done_testing
