# dialogue.sh: SMTP dialogues with a server on two pipes, and what they leave in the queue
# of new_root; source it after tap.sh. The caller has set SERVER, the program, as words.
#   talk [OPTION...]         the script on standard input, see bsclient.py
#   net                      the same with who listens at $PORT
#   all FORMAT [OPTION...]   all of it at once, with a clean queue: the replies; the exit
#                            code in $TMP/code, what was said on descriptor 2 in $TMP/err
#   codes, numbers           filters: the replies' first nine bytes; the numbers of their ends
#   clean                    takes all messages out of the queue
#   msg, envelope            what is queued
#   count, left              how many messages are queued; how many files there are of any
# shellcheck shell=sh disable=SC2086 # $SERVER is words
talk() { timeout 90 python3 "$TOP/tests/lib/bsclient.py" $SERVER "$@" 2>"$TMP/err"; }
net() { timeout 90 python3 "$TOP/tests/lib/bsclient.py" ":$PORT"; }
all() {
	all_text=$1; shift
	clean
	# shellcheck disable=SC2059
	{ printf "$all_text" | $SERVER "$@" 2>"$TMP/err"; echo $? >"$TMP/code"; } | tr -d '\r'
}
codes() { cut -c1-9 | tr '\n' ' ' | sed 's/ *$//'; echo; }
numbers() { grep '^[0-9]* ' | cut -c1-3 | tr '\n' ' ' | sed 's/ $//'; echo; }
clean() { rm -f "$QUEUEDIR"/mess/*/* "$QUEUEDIR"/todo/* "$QUEUEDIR"/pid/* "$QUEUEDIR"/intd/*; }
msg() { cat "$QUEUEDIR"/mess/*/* 2>/dev/null; }
envelope() { cat "$QUEUEDIR"/todo/* 2>/dev/null | tr '\0' '|' | sed 's/u[0-9]*|p[0-9]*|//g'; echo; }
count() { find "$QUEUEDIR/todo" -type f | wc -l | tr -d ' '; }
left() { find "$QUEUEDIR/todo" "$QUEUEDIR/mess" "$QUEUEDIR/pid" "$QUEUEDIR/intd" -type f | wc -l | tr -d ' '; }
