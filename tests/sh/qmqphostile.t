#!/bin/sh
# qmail-qmqpc among people who mean no good: descriptors that are not what they should be,
# variables from somebody with other rights, a message that changes while it leaves, a
# directory for temporary files full of traps. Nothing is sent that nobody wrote, nothing
# half, nothing is lost with exit 0, and nothing stays behind.
# shellcheck disable=SC2086,SC2094,SC2317 # $AS is words; files that change; functions of try
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
. "$TOP/tests/lib/qmqp.sh"
runner_root
trap 'qmqp_stop a evil; rm -rf "$TMP"' EXIT
C=$CONTROLDIR
echo 2 >"$C/timeoutremote"
echo 1 >"$C/timeoutconnect"
qmqp_start a; A=$QPORT
qmqp_start evil; EVIL=$QPORT
echo "127.0.0.1:$A" >"$C/qmqpservers"
Q=$RBIN/qmail-qmqpc
PY=/usr/bin/python3	# one that nobody may run
[ -x $PY ] || PY=python3
printf 'Subject: t\n\nhi\n' >"$TMP/m"
printf 'Fkim@a.example\0Tann@b.example\0\0' >"$TMP/e"
chmod 777 "$TMP"
# COMMAND...: its exit, and whether the server has one more message
try() {
	before=$(took a) code=0
	"$@" 2>"$TMP/err" || code=$?
	echo "$code $(($(took a) - before))"
}

# ---- descriptors
send() { $AS "$Q" "$@" <"$TMP/m" 1<"$TMP/e"; }
is "as it should be" "$(try send)" "0 1"
no_envelope() { $AS "$Q" <"$TMP/m" >&-; }
is "no descriptor 1" "$(try no_envelope)" "54 0"
write_only() { $AS "$Q" <"$TMP/m" 1>"$TMP/w"; }
is "one that cannot be read" "$(try write_only)" "54 0"
directory() { $AS "$Q" <"$TMP" 1<"$TMP/e"; }
is "a directory for a message" "$(try directory)" "54 0"
not_readable() { $AS "$Q" 0>"$TMP/w" 1<"$TMP/e"; }
is "a message that cannot be read" "$(try not_readable)" "54 0"
half_file() { head -c 29 "$TMP/e" >"$TMP/e1"; $AS "$Q" <"$TMP/m" 1<"$TMP/e1"; }
is "an envelope without its end" "$(try half_file)" "54 0"

# ---- descriptor 6
qmqp_script a 'ANSWER * D no, never'
cat >"$TMP/six.py" <<'P'
"""Descriptor 6 is something else each time; what is told, and the exit."""
import os, socket, subprocess, sys
q, m, e, d = sys.argv[1:]
for _ in range(10):  # 6 must stay free, and 3 be something
    os.open("/dev/null", os.O_RDONLY)
def run(name, fd, end=None):
    os.dup2(fd, 6)
    os.set_inheritable(6, True)
    p = subprocess.run([q], stdin=open(m), stdout=open(e), stderr=subprocess.PIPE,
                       pass_fds=(6,), timeout=20)
    os.dup2(3, 6)
    said = os.read(end, 4096) if end is not None else b""
    print(name, p.returncode, len(p.stderr) > 0, said.decode().split(" ")[0][:1])
r, w = os.pipe(); run("pipe", w, None); print(os.read(r, 1).decode())
r, w = os.pipe(); run("wrong end", r)
r, w = os.pipe(); os.close(r); run("nobody reads", w)
f = os.open(d + "/file", os.O_RDWR | os.O_CREAT); run("file", f); print("file", os.fstat(f).st_size)
a, b = socket.socketpair(); run("socket", a.fileno()); b.setblocking(False)
try:
    print("socket", b.recv(10))
except BlockingIOError:
    print("socket nothing")
run("device", os.open("/dev/null", os.O_RDWR))
run("directory", os.open(d, os.O_RDONLY))
os.mkfifo(d + "/fifo"); f = os.open(d + "/fifo", os.O_RDWR); run("fifo", f, f)
P
mkdir "$TMP/six"; chmod 777 "$TMP/six"
is "descriptor 6: words on a pipe, and else on 2" "$($AS "$PY" "$TMP/six.py" "$Q" "$TMP/m" "$TMP/e" "$TMP/six" 2>&1)" \
"pipe 82 False 
D
wrong end 31 True 
nobody reads 31 True 
file 31 True 
file 0
socket 31 True 
socket nothing
device 31 True 
directory 31 True 
fifo 82 False D"
echo indimail >"$C/conf-exitcodes"
for fd in -1 1 0 7 99 2000 18446744073709551618 x ''; do
	code=0
	ERROR_FD=$fd $AS "$Q" <"$TMP/m" 1<"$TMP/e" 2>"$TMP/err" || code=$?
	is "ERROR_FD '$fd' that is no pipe" $code 31
done
cp "$TMP/e" "$TMP/e2"
ERROR_FD=1 $AS "$Q" <"$TMP/m" 1<>"$TMP/e2" 2>/dev/null
ok "the envelope is not written to" cmp "$TMP/e" "$TMP/e2"
rm "$C/conf-exitcodes"
qmqp_script a

# ---- a message that changes under way
head -c 9000000 /dev/zero | tr '\0' y >"$TMP/big"
slow() { # COMMAND: half a second after the first bytes have left
	cp "$TMP/big" "$TMP/moving"
	qmqp_script a 'IN 100000 sleep 0.6 go'
	(sleep 0.3; "$@") & other=$!
	code=0
	$AS "$Q" <"$TMP/moving" 1<"$TMP/e" 2>"$TMP/err" || code=$?
	wait $other
	qmqp_script a
	echo $code
}
shorter() { head -c 1000000 "$TMP/big" >"$TMP/moving"; }
longer() { echo more >>"$TMP/moving"; }
n=$(took a)
is "a message that gets shorter: 54, and nobody has it" "$(slow shorter) $(took a)" "54 $n"
like "which says so" "$(cat "$TMP/err")" 'the message cannot be read, or changes'
echo 1 >"$C/qmqpfallback"
is "nor has the queue a part of it" "$(slow shorter) $(took a) $(queued)" "54 $n 0"
rm "$C/qmqpfallback"
is "one that gets longer is what it was" "$(slow longer) $(took a)" "0 $((n + 1))"
is "byte for byte" "$(for f in "$TMP"/a/d/*[0-9]; do :; done; qmqp_show "$f" | sed '1,/^$/d' | cksum)" "$(cksum <"$TMP/big")"

# ---- temporary files
mkdir "$TMP/t"; chmod 777 "$TMP/t"
pipe() { head -c 100000 "$TMP/big" | $AS "$@" "$Q" 1<"$TMP/e"; }
: >"$TMP/victim"
ln -s "$TMP/victim" "$TMP/t/link"
is "TMPDIR is a link to a file" "$(try pipe env "TMPDIR=$TMP/t/link")" "53 0"
is "TMPDIR is not there" "$(try pipe env TMPDIR=/nonexistent)" "53 0"
is "TMPDIR is too long" "$(try pipe env "TMPDIR=/$(head -c 5000 /dev/zero | tr '\0' x)")" "53 0"
is "TMPDIR is empty: /tmp" "$(try pipe env TMPDIR=)" "0 1"
is "no more than so many bytes in a file" "$(try pipe sh -c 'ulimit -f 20; exec "$@"' -)" "53 0"
is "the same with a signal that kills" "$(try pipe sh -c 'trap - XFSZ; ulimit -f 20; exec "$@"' -)" "53 0"
is "what lay there is as it was" "$(wc -c <"$TMP/victim" | tr -d ' ') $(ls "$TMP/t")" "0 link"
(head -c 100000 "$TMP/big"; sleep 5) | TMPDIR=$TMP/t $AS "$Q" 1<"$TMP/e" & pid=$!
sleep 0.3
is "while it waits there is no name" "$(ls "$TMP/t")" link
kill -9 $pid
wait $pid 2>/dev/null
is "and nothing is left when it dies" "$(ls "$TMP/t")" link

# ---- somebody else's rights
if [ "$(id -u)" = 0 ]; then
	mkdir "$TMP/set"; cp -L "$BIN/qmta" "$TMP/set/qmta"
	chmod 755 "$TMP/set"; chown 65533:65533 "$TMP/set/qmta"; chmod 6755 "$TMP/set/qmta"
	for a in qmail-qmqpc sendmail; do ln -s qmta "$TMP/set/$a"; done
	n=$(saw evil)
	export QMAILQUEUE="$Q 127.0.0.1:$EVIL" PORT_QMQP="$EVIL" OUTGOINGIP=192.0.2.1
	set_id() { $AS env "TMPDIR=$TMP/t" "$TMP/set/$1" ${2:-} <"$TMP/m" 1<"$TMP/e" 2>"$TMP/err"; }
	set_id qmail-qmqpc; x=$?
	like "set-id: none of the caller's control files, ports, programs" "$x $(cat "$TMP/err")" '^[1-9]'
	set_id sendmail ann@b.example
	is "nor by sendmail" "$(saw evil)" "$n"
	unset QMAILQUEUE PORT_QMQP OUTGOINGIP
	# With its rights given away it is the caller, who may ask whom he wants.
	set_id qmail-qmqpc "127.0.0.1:$EVIL"
	is "set-id: a server as an argument" "$? $(saw evil)" "0 $((n + 1))"
else
	skip "set-id programs" "needs root"
fi
done_testing
