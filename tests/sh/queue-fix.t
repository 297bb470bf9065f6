#!/bin/sh
# queue-fix.t: making and repairing a queue; nothing that could be mail is lost.
. "$(dirname "$0")/../lib/tap.sh"
new_root
fix() { code=0; "$BIN/queue-fix" "$@" >"$TMP/out" 2>&1 || code=$?; echo $code; }
tree() { (cd "$1" && find . | sort | paste -sd' '); }
put() { printf 'x\n' >"$TMP/m"; printf 'Fa@b\0Tc@d\0\0' >"$TMP/e"; "$BIN/qmail-queue" <"$TMP/m" 1<"$TMP/e"; }
mode() { stat -c %a "$QUEUEDIR/$1"; }

rm -rf "$QUEUEDIR"
is "a dry run on nothing finds something" "$(fix -N "$QUEUEDIR")" 1
ok "and makes nothing" test ! -e "$QUEUEDIR"
is "a new queue" "$(fix "$QUEUEDIR")" 0
is "says nothing without -v" "$(cat "$TMP/out")" ""
is "has these files and no others" "$(tree "$QUEUEDIR")" \
". ./bounce ./info ./info/0 ./intd ./local ./local/0 ./lock ./lock/sendmutex ./lock/tcpto ./lock/trigger ./mess ./mess/0 ./note ./pid ./remote ./remote/0 ./todo"
is "a second time there is nothing to do" "$(fix -N -v "$QUEUEDIR")" 0
is "private: nobody else may look in" "$(mode .) $(mode lock/trigger)" "700 600"
is "rights of the directories" "$(mode mess/0) $(mode todo) $(mode info/0) $(mode pid) $(mode lock/sendmutex)" "750 750 700 700 600"
is "tcpto is 2048 bytes" "$(stat -c %s "$QUEUEDIR/lock/tcpto")" 2048

chmod 777 "$QUEUEDIR/info"; rmdir "$QUEUEDIR/note"; rm "$QUEUEDIR/lock/trigger"
echo x >"$QUEUEDIR/lock/trigger"
is "-N counts the problems" "$(fix -N "$QUEUEDIR")" 3
is "and changes nothing" "$(mode info)" 777
is "they are mended" "$(fix -v "$QUEUEDIR") $(fix -N "$QUEUEDIR") $(mode info)" "0 0 700"
ok "trigger is a FIFO" test -p "$QUEUEDIR/lock/trigger"
is "usage: 100" "$(fix) $(fix a b) $(fix -x a) $(fix -s 0 a) $(fix -s) $(fix -b 2 a) $(fix '')" \
	"100 100 100 100 100 100 100"
mkdir "$TMP/home2"; echo precious >"$TMP/home2/file"; chmod 755 "$TMP/home2"
is "a directory with other things in it is left alone" "$(fix "$TMP/home2") $(stat -c %a "$TMP/home2")" "111 755"
is "a place that is not there: 111" "$(fix "$TMP/no/such/place")" 111

# Split up and down, with mail in it.
for i in 1 2 3 4 5; do put; done
ids=$(find "$QUEUEDIR/mess" -type f | sed 's,.*/,,' | sort)
is "split 23" "$(fix -s 23 "$QUEUEDIR")" 0
bad=
for i in $ids; do [ -f "$QUEUEDIR/mess/$((i % 23))/$i" ] || bad="$bad $i"; done
is "each message is in its sub-directory" "$bad" ""
put
is "big todo" "$(fix -b 1 "$QUEUEDIR")" 0
for i in $ids; do [ -f "$QUEUEDIR/todo/$((i % 23))/$i" ] || bad="$bad $i"; done
is "each entry is in its sub-directory" "$bad" ""
put
is "seven messages are seen" "$("$BIN/qmail-qstat" | head -n 1)" "messages in queue: 7"
is "back to split 1, flat todo" "$(fix -s1 -b0 "$QUEUEDIR")" 0
is "directories that are not needed are gone" "$(cd "$QUEUEDIR" && find . -name '[1-9]*' -type d)" ""
is "all seven are still there" "$("$BIN/qmail-qstat" | head -n 1) $(find "$QUEUEDIR/mess/0" -type f | wc -l | tr -d ' ')" "messages in queue: 7 7"
is "nothing is left to do" "$(fix -N "$QUEUEDIR")" 0

# Names that are taken are not replaced.
mkdir "$QUEUEDIR/mess/1"; id=$(ls "$QUEUEDIR/mess/0" | head -n 1); echo other >"$QUEUEDIR/mess/1/$id"
is "two files of one name: 111" "$(fix -s 1 "$QUEUEDIR")" 111
is "both stay" "$(cat "$QUEUEDIR/mess/1/$id")" other
rm -r "$QUEUEDIR/mess/1"

# Entries without their message.
rm -f "$QUEUEDIR/mess/0/$id"
is "an entry without a message is reported" "$(fix "$QUEUEDIR")" 0
like "by its name" "$(cat "$TMP/out")" "todo/$id: its message is missing; -i removes"
ok "and stays" test -f "$QUEUEDIR/todo/$id"
is "-i removes it" "$(fix -i "$QUEUEDIR"; ls "$QUEUEDIR/todo" | wc -l | tr -d ' ')" "0
6"
is "a queue that was copied works" "$(cp -a "$QUEUEDIR" "$TMP/copy"; fix -v "$TMP/copy"; QUEUEDIR=$TMP/copy "$BIN/qmail-qstat" | head -n 1)" "0
messages in queue: 6"

if command -v flock >/dev/null; then
	is "refused while a runner is alive" \
		"$(flock "$QUEUEDIR/lock/sendmutex" "$BIN/queue-fix" "$QUEUEDIR" 2>"$TMP/out"; echo $?)" 111
	like "and says so" "$(cat "$TMP/out")" 'stop it first'
else
	skip "refused while a runner is alive" "no flock(1)"
fi

if [ "$(id -u)" = 0 ]; then
	mkdir "$TMP/theirs"; chown 64001:64001 "$TMP/theirs"
	is "root repairs a user's queue" "$(fix "$TMP/theirs")" 0
	is "and all of it is the user's" "$(find "$TMP/theirs" ! -user 64001 | wc -l | tr -d ' ')" 0
	echo precious >"$TMP/secret"; chmod 600 "$TMP/secret"
	ln "$TMP/secret" "$TMP/theirs/mess/0/12"; ln -s "$TMP/secret" "$TMP/theirs/todo/13"
	rm "$TMP/theirs/lock/tcpto"; ln -s "$TMP/secret" "$TMP/theirs/lock/tcpto"
	is "never a file with another name, or behind a link" \
		"$(fix "$TMP/theirs" >/dev/null; stat -c '%u %a' "$TMP/secret"; cat "$TMP/secret")" "0 600
precious"
else
	skip "owners" "needs root"
fi
done_testing
