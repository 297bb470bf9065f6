#!/bin/sh
# qmail-queue.t: the queue program over its descriptors. Numbers are those of the
# family's checklist. Message on descriptor 0, envelope on descriptor 1.
. "$(dirname "$0")/../lib/tap.sh"
new_root
Q=$BIN/qmail-queue
printf 'Subject: x\n\nhello\n' >"$TMP/msg"
printf 'Fkim@a.example\0Tann@b.example\0\0' >"$TMP/env"

# try ENVELOPE(printf): exit code of the program
try() {
	printf "$1" >"$TMP/e" # the bytes are printf's own
	code=0
	"$Q" <"$TMP/msg" 1<"$TMP/e" || code=$?
	echo $code
}
run() { code=0; "$@" <"$TMP/msg" 1<"$TMP/env" || code=$?; echo $code; }
files() { find "$QUEUEDIR" -type f ! -path '*/lock/*' | wc -l | tr -d ' '; }
entries() { find "$QUEUEDIR/todo" -type f | wc -l | tr -d ' '; }
empty() { rm -f "$QUEUEDIR"/mess/*/* "$QUEUEDIR"/todo/* "$QUEUEDIR"/intd/* "$QUEUEDIR"/pid/*; }
long() { head -c "$1" /dev/zero | tr '\0' a; }
address() { # LENGTH as sender, LENGTH as recipient
	{ printf F; long "$1"; printf '\0T'; long "$2"; printf '\0\0'; } >"$TMP/e"
	code=0
	"$Q" <"$TMP/msg" 1<"$TMP/e" || code=$?
	echo $code
}

is "1 an envelope: exit 0" "$(try 'Fa@b\0Tc@d\0\0')" 0
is "1 one entry, two files" "$(entries) $(files)" "1 2"
is "1 envelope as the family writes it" \
	"$(cat "$QUEUEDIR"/todo/* | tr '\0' ' ' | sed 's/p[0-9]*/pN/')" "u$(id -u) pN Fa@b Tc@d "
empty
is "2 envelope that starts with T: 91" "$(try 'Tc@d\0\0')" 91
is "3 record X after the sender: 91" "$(try 'Fa@b\0Xc@d\0\0')" 91
is "4 empty envelope: 54" "$(try '')" 54
is "5 no last NUL: 54" "$(try 'Fa@b\0Tc@d\0')" 54
is "5 no end of a recipient: 54" "$(try 'Fa@b\0Tc@')" 54
is "13 and nothing is left" "$(files)" 0
is "6 recipient of 1002 bytes: 0" "$(address 3 1002)" 0
is "7 sender of 1002 bytes: 0" "$(address 1002 3)" 0
empty
is "6 recipient of 1003 bytes: 11" "$(address 3 1003)" 11
is "6 recipient of 100000 bytes: 11" "$(address 3 100000)" 11
is "7 sender of 1003 bytes: 11" "$(address 1003 3)" 11
is "8 no recipients: 91" "$(try 'Fa@b\0\0')" 91
is "8 empty recipient: 11" "$(try 'Fa@b\0T\0\0')" 11
is "13 nothing is left of 11 and 91" "$(files)" 0
is "9 bytes after the last NUL are not looked at" "$(try 'Fa@b\0Tc@d\0\0Xjunk')" 0
is "empty sender" "$(try 'F\0Tc@d\0\0')" 0
empty
for c in 012 015 001 037 177 011; do
	is "21 byte $c (octal) in an address: 11" \
		"$(try "Fa@b\\0Tc\\${c}x@d\\0\\0") $(try "Fa\\${c}@b\\0Tc@d\\0\\0")" "11 11"
done
is "21 nothing is left" "$(files)" 0

printf 'a: b\n\n\0nul \r cr \r\n\377 no last line feed' >"$TMP/odd"
code=0; "$Q" <"$TMP/odd" 1<"$TMP/env" || code=$?
is "11 odd bytes: exit 0" $code 0
like "10 Received line with the real uid" "$(head -n 1 "$QUEUEDIR"/mess/0/*)" \
	"^Received: \\(qmail [0-9]+ invoked (by uid $(id -u)|by alias|from network|for bounce)\\); [1-9][0-9]? [A-Z][a-z][a-z] [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} -0000\$"
sed 1d "$QUEUEDIR"/mess/0/* | head -c 1000 >"$TMP/got"
ok "11 message bytes are kept" cmp "$TMP/got" "$TMP/odd"
empty
head -c 3000000 /dev/urandom | base64 >"$TMP/big"
code=0; "$Q" <"$TMP/big" 1<"$TMP/env" || code=$?
tail -n +2 "$QUEUEDIR"/mess/0/* >"$TMP/got"
ok "11 four megabytes, too" cmp "$TMP/got" "$TMP/big"
empty

is "12 a limit on file size: 53" "$(ulimit -f 100; "$Q" <"$TMP/big" 1<"$TMP/env"; echo $?)" 53
is "12 nothing is left" "$(files)" 0
echo 1000 >"$CONTROLDIR/databytes"
is "databytes: 37" "$("$Q" <"$TMP/big" 1<"$TMP/env"; echo $?) $(run "$Q")" "37 0"
rm "$CONTROLDIR/databytes"
empty
echo 99999999999999 >"$CONTROLDIR/minfree"
is "minfree: 53 and nothing is written" "$(run "$Q") $(files)" "53 0"
rm "$CONTROLDIR/minfree"
for i in $(seq 100); do echo "Received: $i"; done >"$TMP/loop"
is "100 hops: 36" "$("$Q" <"$TMP/loop" 1<"$TMP/env"; echo $?) $(files)" "36 0"
sed 1d "$TMP/loop" >"$TMP/noloop"
is "99 hops: 0" "$("$Q" <"$TMP/noloop" 1<"$TMP/env"; echo $?)" 0
empty
is "a queue that is missing: 61" "$(QUEUEDIR=$TMP/none run "$Q")" 61
mkdir "$TMP/half"
is "a directory that is no queue: 62" "$(QUEUEDIR=$TMP/half run "$Q")" 62
is "closed descriptors: 54" "$("$Q" <&- >&-; echo $?)" 54
is "control files that cannot be read: 55" \
	"$(mkdir "$CONTROLDIR/databytes"; run "$Q"; rmdir "$CONTROLDIR/databytes")" 55
is "17 no reader on the trigger: 0" "$(run "$Q")" 0
rm "$QUEUEDIR/lock/trigger"
is "17 no trigger: 0" "$(run "$Q")" 0
(umask 0777; run "$Q") >"$TMP/code"
is "umask 0777: 0" "$(cat "$TMP/code")" 0
is "the queue's owner can read all of it" \
	"$(find "$QUEUEDIR/mess" "$QUEUEDIR/todo" -type f ! -perm -0444 | wc -l | tr -d ' ')" 0
empty
"$BIN/queue-fix" "$QUEUEDIR"

# Split and big todo are found without being told.
"$BIN/queue-fix" -s 23 -b 1 "$QUEUEDIR"
run "$Q" >/dev/null
id=$(find "$QUEUEDIR/mess" -type f | sed 's,.*/,,')
ok "split 23: message where it belongs" test -f "$QUEUEDIR/mess/$((id % 23))/$id"
ok "big todo: envelope where it belongs" test -f "$QUEUEDIR/todo/$((id % 23))/$id"
rm -rf "$QUEUEDIR"; "$BIN/queue-fix" "$QUEUEDIR"

# Signals: a writer that is stopped cleans up.
mkfifo "$TMP/slow"
for s in TERM INT HUP ALRM; do
	"$Q" <"$TMP/slow" 1<"$TMP/env" & pid=$!
	exec 9>"$TMP/slow"
	echo text >&9
	i=0; while [ "$(files)" = 0 ] && [ $i -lt 50 ]; do sleep 0.1; i=$((i + 1)); done
	n=$(files)
	# dash starts background jobs with INT ignored; the program resets it
	kill -s $s $pid
	code=0; wait $pid || code=$?
	exec 9>&-
	is "SIG$s while writing: 52, and nothing is left" "$n $code $(files)" "1 52 0"
done

# Callers and the program they are told to run.
if [ -x "$BIN/qmail-inject" ]; then
	mkdir "$TMP/p"
	cat >"$TMP/p/record" <<-'P'
		#!/bin/sh
		echo $# >"$REC/args"; cat >"$REC/msg"; cat <&1 >"$REC/env"
	P
	printf '#!/bin/sh\ncat >/dev/null; cat <&1 >/dev/null; printf "Dno such thing (#5.7.1)" >&6; exit 82\n' >"$TMP/p/custom"
	printf '#!/bin/sh\ncat >/dev/null; cat <&1 >/dev/null; exit 82\n' >"$TMP/p/silent"
	printf '#!/bin/sh\nexit 31\n' >"$TMP/p/early"
	printf '#!/bin/sh\nexit 0\n' >"$TMP/p/liar"
	printf '#!/bin/sh\nkill -9 $$\n' >"$TMP/p/crash"
	chmod 755 "$TMP"/p/*
	mkdir "$TMP/rec"; REC=$TMP/rec; export REC
	inject() { # PROGRAM MESSAGE: exit code
		code=0
		QMAILQUEUE=$1 "$BIN/qmail-inject" -f kim@a.example ann@b.example <"$2" 2>"$TMP/err" || code=$?
		echo $code
	}
	is "18 QMAILQUEUE is run" "$(inject "$TMP/p/record" "$TMP/msg")" 0
	is "18 without arguments" "$(cat "$REC/args")" 0
	is "18 and gets the envelope" "$(tr '\0' ' ' <"$REC/env")" \
		"Fkim@a.example Tann@b.example  "
	is "QMAILQUEUE with an argument" "$(inject "$TMP/p/record x" "$TMP/msg") $(cat "$REC/args")" "0 1"
	is "19 its own reason, permanent: 100" "$(inject "$TMP/p/custom" "$TMP/msg")" 100
	like "19 with its words" "$(cat "$TMP/err")" 'no such thing \(#5.7.1\)'
	is "20 82 without words: 111" "$(inject "$TMP/p/silent" "$TMP/msg")" 111
	is "a program that ends before reading: its number" "$(inject "$TMP/p/early" "$TMP/big")" 100
	is "exit 0 without reading is not believed: 111" "$(inject "$TMP/p/liar" "$TMP/big")" 111
	is "a program that crashes: 111" "$(inject "$TMP/p/crash" "$TMP/msg")" 111
	is "a program that is missing: 111" "$(inject "$TMP/p/none" "$TMP/msg")" 111
fi

# A set-id program with a caller's QUEUEDIR goes on as the caller.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	cp "$(readlink -f "$Q")" "$TMP/sq"; chown 64001:64001 "$TMP/sq"; chmod 6755 "$TMP/sq"
	as() { setpriv --reuid 64002 --regid 64002 --clear-groups "$@"; }
	mkdir "$TMP/theirs" "$TMP/mine"
	chown 64001:64001 "$TMP/theirs"; chown 64002:64002 "$TMP/mine"
	"$BIN/queue-fix" "$TMP/theirs"; "$BIN/queue-fix" "$TMP/mine"
	chmod 644 "$TMP/msg" "$TMP/env"
	like "set-id: no rights on a QUEUEDIR of the caller's choice" \
		"$(QUEUEDIR=$TMP/theirs run as "$TMP/sq")" '^6[0-9]$'
	is "set-id: a private queue works" "$(QUEUEDIR=$TMP/mine run as "$TMP/sq")" 0
	is "set-id: its files are the caller's" \
		"$(find "$TMP/mine/mess" -type f -user 64002 | wc -l | tr -d ' ')" 1
	chown 0:0 "$TMP/sq"; chmod 4755 "$TMP/sq"
	like "set-id root: given up" "$(QUEUEDIR=$TMP/theirs run as "$TMP/sq")" '^6[0-9]$'
else
	skip "set-id rules" "needs root and setpriv"
fi

if ! strace -o /dev/null true 2>/dev/null; then
	skip "14 15 16 faults" "strace does not work here"
	done_testing
fi
if grep -q __asan_init "$Q"; then
	skip "14 15 16 faults" "the sanitizers make system calls of their own"
	done_testing
fi
trace() { strace -o "$TMP/tr" "$@" <"$TMP/msg" 1<"$TMP/env"; }

# 15: the durable order.
trace "$Q"
is "15 fsync three times" "$(grep -c '^fsync' "$TMP/tr")" 3
if grep -q ld-linux "$Q"; then
	skip "at most 60 system calls" "the dynamic loader makes many"
else
	ok "at most 60 system calls" test "$(wc -l <"$TMP/tr")" -le 60
fi
awk '/^openat.*O_DSYNC/ { split($0, a, "= "); env = a[2] }
	/^write\(/ && $0 ~ "^write\\(" env "," { print "write-envelope"; next }
	/^write/ { print "write" } /^fsync/ { print "fsync" }
	/^renameat2.*"todo/ { print "accept" } /^renameat2.*"mess/ { print "name" }
	/^exit/ { print "exit" }' "$TMP/tr" >"$TMP/order"
is "15 in this order" "$(paste -sd' ' "$TMP/order")" \
	"name write write-envelope fsync fsync accept fsync exit"
empty
echo 0 >"$CONTROLDIR/conf-fsync"
trace "$Q"
is "conf-fsync 0: none, and no O_DSYNC" "$(grep -cE '^(fsync|fdatasync)|O_DSYNC' "$TMP/tr")" 0
rm "$CONTROLDIR/conf-fsync"
empty

for e in ENOSYS EINVAL EPERM; do
	is "without renameat2 ($e): linked" \
		"$(run strace -o /dev/null -e "inject=renameat2:error=$e" "$Q") $(files)" "0 2"
	empty
done

# state CODE: "" when the queue is as that exit code promises: accepted means one
# whole message; else no files at all (kill: or invisible, or whole).
tail -n +1 "$TMP/msg" >"$TMP/want"
whole() {
	sed 1d "$QUEUEDIR"/mess/0/"$1" | cmp -s - "$TMP/want" &&
	[ "$(tr '\0' ' ' <"$QUEUEDIR/todo/$1" | sed 's/^u[0-9]* p[0-9]* //')" = \
		"Fkim@a.example Tann@b.example " ]
}
state() {
	id=$(ls "$QUEUEDIR/todo")
	case $1,$id in
	0,) echo "accepted and lost" ;;
	0,*|137,?*) whole "$id" || echo "half" ;;
	137,) ;;
	*) [ "$(files)" = 0 ] || echo "refused with $1, files left: $(find "$QUEUEDIR" -type f)" ;;
	esac
}
# each SYSCALLS: "name n" for each call of the program after it opened the queue
each() { awk -F'(' -v want="$1" '/\/queue"/ { on = 1 } on { n[$1]++ }
	!on { n[$1]++ } on && want ~ " " $1 " " { print $1, n[$1] }' "$TMP/tr"; }
trace "$Q"; empty
each " openat flock fstat newfstatat renameat2 read write fsync close fstatfs getuid exit_group " >"$TMP/calls"
ok "14 calls to stop at are known" test "$(wc -l <"$TMP/calls")" -gt 25
bad='' killed=0
while read -r name n; do
	code=0
	strace -o /dev/null -e "inject=$name:signal=KILL:when=$n" "$Q" <"$TMP/msg" 1<"$TMP/env" 2>/dev/null || code=$?
	[ $code != 137 ] || killed=$((killed + 1))
	s=$(state $code)
	[ -z "$s" ] || bad="$bad $name/$n: $s;"
	# what is left of it can be swept: ours are known by their mode
	[ -z "$(find "$QUEUEDIR/mess" "$QUEUEDIR/pid" -type f ! -perm 0444)" ] || bad="$bad $name/$n: mode;"
	empty
done <"$TMP/calls" 2>/dev/null
is "14 killed at each system call: whole or invisible" "$bad" ""
is "14 it was killed at each" "$killed" "$(wc -l <"$TMP/calls" | tr -d ' ')"
bad='' tried=0 refused=0
for e in EIO ENOSPC ENOMEM EINTR EIO+ ENOSPC+; do # +: from then on
	while read -r name n; do
		case $name in getuid|exit_group) continue ;; esac
		[ $e = EINTR ] && case $name in read|write) ;; *) continue ;; esac
		code=0
		strace -o /dev/null -e "inject=$name:error=${e%+}:when=$n$([ "$e" = "${e%+}" ] || echo +)" "$Q" <"$TMP/msg" 1<"$TMP/env" || code=$?
		tried=$((tried + 1))
		[ $code = 0 ] || refused=$((refused + 1))
		s=$(state $code)
		[ -z "$s" ] || bad="$bad $name/$n/$e: $s;"
		[ $e = EINTR ] && [ $code != 0 ] && bad="$bad $name/$n/EINTR is no error;"
		[ $name = fsync ] && [ $code != 53 ] && bad="$bad fsync/$n gave $code;"
		empty
	done <"$TMP/calls"
done
is "12 16 each call failing ($tried tried, $refused refused): whole, or nothing left" "$bad" ""
ok "16 errors were injected" test "$refused" -gt 30
done_testing
