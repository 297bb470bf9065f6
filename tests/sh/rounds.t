#!/bin/sh
# rounds.t: 20 times 300 queued messages (3 times with QMTA_SHORT=1), local and
# remote mixed: some the server defers once, some it refuses, some for users that
# do not exist, some with several recipients. One qmta-send a round: everything
# deliverable arrives exactly once, finished messages and bounces are gone, the
# exit number says whether anything waits. A second one gets the rest out.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
trap 'sink_stop; rm -rf "$TMP"' EXIT
rounds=20
[ -z "${QMTA_SHORT:-}" ] || rounds=3
RUN_SECS=300

# What is sent, 300 messages by number modulo 20. The subject is the message's
# name; "want" has a line "where name" for each copy that must arrive.
cat >"$TMP/fill.sh" <<'F'
send() { # NAME FROM RCPT...
	name=$1 from=$2
	shift 2
	printf 'Subject: %s\n\ntext of %s\n.\n' "$name" "$name" |
		"$RBIN/sendmail" -i -f "$from" "$@" || exit 1
}
i=0
while [ $i -lt 300 ]; do
	m=m$i far=far.example me=$USER@mx.example.net
	case $((i % 20)) in
	0 | 1 | 2 | 3 | 4 | 5)
		send $m "$me" "$USER"; echo "local $m" ;;
	6 | 7 | 8 | 9 | 10)
		send $m "$me" "r$i@$far"; echo "far $m r$i" ;;
	11)	# two recipients there, one here
		send $m "$me" "r$i@$far" "$USER" "s$i@$far"
		echo "far $m r$i"; echo "far $m s$i"; echo "local $m" ;;
	12)	# deferred once
		send $m "$me" "defer$i@$far"; echo "later $m defer$i" ;;
	13)	# deferred once, with others that are not
		send $m "$me" "r$i@$far" "defer$i@$far" "$USER"
		echo "far $m r$i"; echo "later $m defer$i"; echo "local $m" ;;
	14)	# the server's final "no"
		send $m "$me" "refuse$i@$far"; echo "bounce refuse$i@$far" ;;
	15)	# no such user here
		send $m "$me" "nosuch$i@mx.example.net"
		echo "bounce nosuch$i@mx.example.net" ;;
	16)	# a bit of everything
		send $m "$me" "nosuch$i@mx.example.net" "r$i@$far" "refuse$i@$far" "$USER"
		echo "bounce nosuch$i@mx.example.net"; echo "bounce refuse$i@$far"
		echo "far $m r$i"; echo "local $m" ;;
	17)	# bounces go abroad
		send $m "back$i@$far" "nosuch$i@mx.example.net"; echo "farbounce back$i" ;;
	18)	# a bounce cannot be returned: it goes to the postmaster
		send $m "nosuch-sender$i@mx.example.net" "refuse$i@$far"; echo "double $i" ;;
	19)	# from nobody to nobody: one message to the postmaster
		send $m '<>' "nosuch$i@mx.example.net"; echo "double $i" ;;
	esac
	i=$((i + 1))
done
F

# The Maildir: "local NAME", "bounce ADDRESS" for each recipient a bounce names,
# "double" for each double bounce.
here() {
	for f in "$HOME"/Maildir/new/*; do
		[ -f "$f" ] || continue
		if grep -q '^Subject: m[0-9]' "$f" && ! grep -q 'MAILER-DAEMON' "$f"; then
			sed -n 's/^Subject: \(m.*\)/local \1/p;T;q' "$f"
		elif grep -qi '^Return-Path: <#@\[\]>' "$f"; then
			echo double
		else
			sed -n 's/^<\(.*\)>:$/bounce \1/p' "$f"
		fi
	done
}
# The server: "far NAME RECIPIENT", "farbounce RECIPIENT"
there() {
	for f in "$MAILS"/[0-9]*; do
		tr -d '\r' <"$f" | awk '/^RCPT TO:</ && !body { sub(/^RCPT TO:</, "");
			sub(/@.*/, ""); r[n++] = $0 }
		/^$/ { body = 1 }
		body && /^Subject: / && !s { s = $2 }
		END { for (i = 0; i < n; i++)
			print s ~ /^m[0-9]/ ? "far " s " " r[i] : "farbounce " r[i] }'
	done
}
queue_files() {
	files "$QUEUEDIR/mess" "$QUEUEDIR/todo" "$QUEUEDIR/info" "$QUEUEDIR/local" \
		"$QUEUEDIR/remote" "$QUEUEDIR/bounce" "$QUEUEDIR/intd" "$QUEUEDIR/pid"
}
# same NAME FILE1 FILE2: as sorted lists
same() {
	sort "$2" >"$2.s"
	sort "$3" >"$3.s"
	ok "$1" diff "$2.s" "$3.s"
}

printf '%s\n' 'RCPT @defer 450 4.2.1 not now' 'RCPT refuse 550 5.1.1 nobody here' \
	>"$TMP/script"
round=0
while [ $round -lt $rounds ]; do
	round=$((round + 1))
	r="round $round"
	runner_root
	maildir
	export RBIN
	# Every other round without waiting for the disk: then much more happens at once.
	[ $((round % 2)) -eq 1 ] || echo 0 >"$CONTROLDIR/conf-fsync"
	sink_start --script "$TMP/script"
	$AS sh "$TMP/fill.sh" >"$TMP/want"
	is "$r: 300 messages wait" $? "$(($(files "$QUEUEDIR/todo") - 300))"
	grep -E '^(local|bounce)' "$TMP/want" >"$TMP/want.here"
	grep '^double' "$TMP/want" | sed 's/ .*//' >>"$TMP/want.here"
	grep -E '^(far|farbounce)' "$TMP/want" >"$TMP/want.there"
	grep '^later' "$TMP/want" | sed 's/later/far/' >"$TMP/want.later"

	t=$(date +%s)
	run
	is "$r: exit 75, as 30 messages are deferred" "$EXIT" 75
	echo "# $(($(date +%s) - t)) seconds, $(wc -l <"$LOG") lines of log"
	here >"$TMP/got.here"
	same "$r: all that is for here is here, once" "$TMP/want.here" "$TMP/got.here"
	there >"$TMP/got.there"
	same "$r: all that is for there is there, once" "$TMP/want.there" "$TMP/got.there"
	is "$r: 30 messages stay, each with mess, info and remote, nothing else does" \
		"$(files "$QUEUEDIR/mess") $(files "$QUEUEDIR/info") $(files "$QUEUEDIR/remote") $(files \
		"$QUEUEDIR/todo" "$QUEUEDIR/local" "$QUEUEDIR/intd" "$QUEUEDIR/pid")" "30 30 30 0"

	run -a
	is "$r: exit 0 when the rest is out" "$EXIT" 0
	there >"$TMP/got.there"
	cat "$TMP/want.later" >>"$TMP/want.there"
	same "$r: and everything is there, once" "$TMP/want.there" "$TMP/got.there"
	here >"$TMP/got.here"
	same "$r: and here" "$TMP/want.here" "$TMP/got.here"
	is "$r: the queue is empty" "$(queue_files)" 0
	sink_stop
done
done_testing
