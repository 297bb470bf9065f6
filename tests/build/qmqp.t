#!/bin/sh
# qmqp.t: when sendmail goes by QMQP without being told so: mini-qmail's link, a host
# without a queue, a build without one; and what else hangs on SBIN_DIR.
# shellcheck disable=SC2086,SC2119 # $AS is words
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/tree.sh"
. "$TOP/tests/lib/qmqp.sh"
trap 'qmqp_stop a; rm -rf "$TMP"' EXIT
T=$TMP/tree
S=$TMP/sbin
tree "$T"
ok 'a build with directories of its own' build "$T" CFG_TLS=0 "SBINDIR=$S"
BIN=$T/build/bin
. "$TOP/tests/lib/runner.sh"
RBIN=
runner_root
C=$CONTROLDIR
mkdir -p "$S"
chmod 755 "$S"
qmqp_start a
A=$QPORT
printf 'Subject: t\n\nhi\n' >"$TMP/m"
printf 'Fkim@a.example\0Tann@b.example\0\0' >"$TMP/e"
post() { code=0; $AS "$RBIN/sendmail" -f kim@a.example ann@b.example <"$TMP/m" >"$TMP/err" 2>&1 || code=$?; echo $code; }
servers() { echo "127.0.0.1:$1" >"$C/qmqpservers"; }
no_queue() { mv "$QUEUEDIR" "$QUEUEDIR.off"; }
queue() { mv "$QUEUEDIR.off" "$QUEUEDIR"; }

servers "$A"
ln -s qmail-qmqpc "$S/qmail-queue"
is "the link: by QMQP, although there is a queue" "$(post) $(took a) $(queued)" "0 1 0"
rm "$C/qmqpservers"
no_queue
like "the link and no servers" "$(post) $(cat "$TMP/err")" "^75 .*"
servers "$A"
ln -sf somewhere/qmail-qmqpc "$S/qmail-queue"
is "the link, no queue" "$(post) $(took a)" "0 2"
rm "$S/qmail-queue"
is "no qmail-queue, no queue, but servers" "$(post) $(took a)" "0 3"
queue
is "no qmail-queue, but a queue" "$(post) $(took a) $(queued)" "0 3 1"
rm -f "$QUEUEDIR"/todo/* "$QUEUEDIR"/mess/0/*
no_queue
rm "$C/qmqpservers"
is "neither: what is wrong with the queue is told" "$(post) $(cat "$TMP/err")" \
	"75 sendmail: message not accepted: queue directory is missing or not accessible (#4.3.0)"
printf '#!/bin/sh\nexit 53\n' >"$S/qmail-queue"
chmod 755 "$S/qmail-queue"
servers "$A"
is "a qmail-queue of its own, no queue: as without servers" "$(post) $(cat "$TMP/err")" \
	"75 sendmail: message not accepted: queue directory is missing or not accessible (#4.3.0)"
queue

# A queue that is closed to us is reached through qmail-queue, which is told which.
cat >"$S/qmail-queue" <<Q
#!/bin/sh
exec 3<&1 >"$TMP/sink/got"
echo "\$QUEUEDIR"
cat
tr '\\0' ' ' <&3
Q
unset QUEUEDIR
mkdir -p "$TMP/closed/mess/0" "$TMP/closed/todo" "$TMP/closed/pid"
chmod 555 "$TMP/closed/pid"
servers 1
echo "$TMP/closed" >"$C/qmqpfallback"
export QMAILQUEUE="$S/qmail-qmqpc"
is "the queue of qmqpfallback, through qmail-queue" "$(post) $(sed -n '1p; /^hi/,$p' "$TMP/sink/got")" \
	"0 $TMP/closed
hi
Fkim@a.example Tann@b.example  "
rm "$TMP/sink/got"
is "the same for qmail-qmqpc" "$($AS "$RBIN/qmail-qmqpc" <"$TMP/m" 1<"$TMP/e"; echo $?) $(sed -n 1p "$TMP/sink/got")" \
	"0 $TMP/closed"
printf '#!/bin/sh\ncat >/dev/null; echo "Dnot here" >&6; exit 82\n' >"$S/qmail-queue"
is "a qmail-queue that refuses: what the server's trouble was" "$(post) $(cat "$TMP/err")" \
	"75 sendmail: message not accepted: 127.0.0.1:1: Connection refused (#4.4.1)"
ln -sf qmail-qmqpc "$S/qmail-queue"
is "a qmail-queue that is the link is not asked" "$(post) $(cat "$TMP/err")" \
	"75 sendmail: message not accepted: 127.0.0.1:1: Connection refused (#4.4.1)"
rm "$S/qmail-queue"
# A script instead of the link, which leads back to where it was called from.
cat >"$S/qmail-queue" <<Q
#!/bin/sh
echo x >>"$TMP/sink/runs"
[ "\$(wc -l <"$TMP/sink/runs")" -lt 5 ] || exit 53
exec "$RBIN/qmail-qmqpc"
Q
chmod 755 "$S/qmail-queue"
is "a qmail-queue that runs qmail-qmqpc is asked once" \
	"$(post) $(wc -l <"$TMP/sink/runs" | tr -d ' ')" "75 1"
# One that is set-id would take the message to its own queue, where nobody may look for it.
cat >"$S/qmail-queue" <<Q
#!/bin/sh
touch "$TMP/sink/asked"
cat >/dev/null
exec cat <&1 >/dev/null
Q
chmod 4755 "$S/qmail-queue"
is "a set-id qmail-queue is not sent to a directory" "$(post) $(find "$TMP/sink" -name asked)" "75 "
chmod 755 "$S/qmail-queue"
is "the same without that bit" "$(post) $(find "$TMP/sink" -name asked)" "0 $TMP/sink/asked"
unset QMAILQUEUE
rm "$S/qmail-queue" "$C/qmqpfallback"
export QUEUEDIR="$TMP/queue"

# ---- a build without a queue ----

n=$(took a)
servers "$A"
ok 'CFG_QUEUE=0' build "$T" CFG_TLS=0 "SBINDIR=$S" CFG_QUEUE=0
Q=$T/build/bin
is "sendmail goes by QMQP" "$("$Q/sendmail" ann@b.example <"$TMP/m"; echo $?) $(took a)" "0 $((n + 1))"
is "qmail-queue is qmail-qmqpc" "$("$Q/qmail-queue" <"$TMP/m" 1<"$TMP/e"; echo $?) $(took a)" "0 $((n + 2))"
is "and is installed as a link" "$(build "$T" CFG_TLS=0 "SBINDIR=$S" CFG_QUEUE=0 DESTDIR="$TMP/d" install >/dev/null
	readlink "$TMP/d$S/qmail-queue")" qmta
done_testing
