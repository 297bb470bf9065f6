#!/bin/sh
# big.t: a message of 100 MB needs no more memory than one of 1 KiB, neither in
# sendmail nor in the processes that deliver it.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
trap 'sink_stop; rm -rf "$TMP"' EXIT
VARIANT=${VARIANT:-static}
[ "$VARIANT" = static ] || skip_all "memory is measured in the static build"
room=$(df -Pk "$TMP" | awk 'NR == 2 { print $4 }')
[ "$room" -gt 600000 ] || skip_all "needs 600 MB below $TMP"
runner_root

# Feeds a message of SIZE bytes to COMMAND and prints "exit code, VmHWM, VmPeak"
# in KiB, looked up when all but the end of the input was taken.
cat >"$TMP/feed.py" <<'P'
import array, fcntl, re, subprocess, sys, termios, time
size, argv = int(sys.argv[1]), sys.argv[2:]
p = subprocess.Popen(argv, stdin=subprocess.PIPE)
line = b'The quick brown fox jumps over the lazy dog 0123456789 abcdefgh\n'
p.stdin.write(b'To: to@far.example\nSubject: big\n\n')
block = line * 1024
for _ in range(size // len(block)):
    p.stdin.write(block)
p.stdin.write(line * (size % len(block) // len(line)))
p.stdin.flush()
left = array.array('i', [1])
for _ in range(1000):
    fcntl.ioctl(p.stdin, termios.FIONREAD, left)
    if not left[0]:
        break
    time.sleep(0.01)
time.sleep(0.1)
s = open('/proc/%d/status' % p.pid).read()
p.stdin.close()
print(p.wait(), *(int(re.search(k + r':\s*(\d+)', s).group(1)) for k in ('VmHWM', 'VmPeak')))
P
# python as the caller, the program as the runner's user: setpriv becomes the program.
feed() {
	size=$1
	shift
	python3 "$TMP/feed.py" "$size" $AS "$@"
}
mb=104857610	# whole lines of 55 bytes

small=$(feed 1024 "$RBIN/sendmail" -f "$WHO" to@far.example)
big=$(feed $mb "$RBIN/sendmail" -f "$WHO" to@far.example)
echo "# exit code, peak RSS, peak address space (KiB): 1 KiB: $small; 100 MB: $big"
is "exit codes" "${small%% *} ${big%% *}" "0 0"
is "both are in the queue" "$(files "$QUEUEDIR/todo")" 2
ok "the large one is whole" test "$(find "$QUEUEDIR/mess" -type f -size +${mb}c | wc -l)" -eq 1
small=${small#* } big=${big#* }
ok "sendmail: 100 MB need at most 64 KiB more" test $((${big% *} - ${small% *})) -le 64
# Once more with a limit, which also covers what comes after the input's end.
yes 'The quick brown fox jumps over the lazy dog 0123456789' | head -c $mb >"$TMP/big"
# limited KIB COMMAND...
limited() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	$AS sh -c 'ulimit -v "$1" && shift && exec "$@"' sh "$@"
}
runner_root
maildir
limited $((${small#* } + 64)) "$RBIN/sendmail" -f "$WHO" to@far.example "$WHO" <"$TMP/big"
is "sendmail with 64 KiB of address space above the small one's peak" $? 0

# --- delivery ---------------------------------------------------------------------
sink_start --lf
limited 2304 "$RBIN/qmta-send" 2>"$LOG"
is "qmta-send with 2.25 MiB of address space for each process" $? 0
tap_show <"$LOG"
ok "the server has it whole" test "$(find "$MAILS" -type f -size +${mb}c | wc -l)" -eq 1
ok "the Maildir has it whole" test "$(find "$HOME/Maildir/new" -type f -size +${mb}c | wc -l)" -eq 1
tail -c $mb "$HOME"/Maildir/new/* | cmp -s - "$TMP/big"
is "every byte of it" $? 0
done_testing
