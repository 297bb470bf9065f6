#!/bin/sh
# The runner by the checklist's numbers, 22 to 50, where tests/sh/send.t and the unit
# tests do not show it to the byte: files of the queue, crashes, signals, bounces, log.
# shellcheck disable=SC2016,SC2086 # patterns; $AS is words
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/runner.sh
. "$TOP/tests/lib/runner.sh"
[ ! -x "$TESTBIN/qmta" ] || RUNNER_BIN=$TESTBIN BIN=$TESTBIN
runner_root
runner=
trap '[ -z "$runner" ] || kill -9 $runner; sink_stop; rm -rf "$TMP"' EXIT
letter() { printf 'Subject: %s\n\nbody of %s\n' "$1" "$1"; }
until_log() { # PATTERN: at most 10 s
	for _ in $(seq 200); do grep -Eq "$1" "$LOG" && return 0; sleep 0.05; done
	return 1
}
# Ready when it catches SIGALRM (bit 13), which would end it before.
daemon() {
	: >"$LOG"
	: >"$LOG"	# what an earlier run said is not meant
	$AS "$RBIN/qmta-send" -d 2>"$LOG" & runner=$!
	for _ in $(seq 200); do
		case $(sed -n 's/^SigCgt:.*\(....\)$/\1/p' /proc/$runner/status) in
		[2367abef]*) break ;;
		esac
		sleep 0.05
	done
}
daemon_stop() { kill -TERM $runner; wait $runner; runner=; }
script() { printf '%s\n' "$@" >"$TMP/script"; }
nul() { tr '\0' '|' <"$1"; }
id_of() { basename "$(find "$QUEUEDIR/mess" -type f)"; }
mine() { # stdin to a file of the runner's user
	cat >"$1"
	[ -z "$AS" ] || chown 65534:65534 "$1"
}
ME=$WHO@mx.example.net

# ---- 22: files to the byte
script 'RCPT @later 450 4.2.0 not now'
sink_start --script "$TMP/script"
letter bytes | post -f kim@mx.example.net later1@remote.example later22@remote.example
id=$(id_of)
qp=$(sed -n '1s/^Received: (qmail \([0-9]*\) .*/\1/p' "$QUEUEDIR/mess/0/$id")
uid=$($AS id -u)
is "todo/ to the byte (22)" "$(nul "$QUEUEDIR/todo/$id")" \
	"u$uid|p$qp|Fkim@mx.example.net|Tlater1@remote.example|Tlater22@remote.example|"
run
is "info/ holds the sender (22)" "$(nul "$QUEUEDIR/info/0/$id")" "Fkim@mx.example.net|"
is "remote/ the recipients, none done (22)" "$(nul "$QUEUEDIR/remote/0/$id")" \
	"Tlater1@remote.example|Tlater22@remote.example|"
is "no local/, and todo/ is gone (22)" "$(find "$QUEUEDIR/local" "$QUEUEDIR/todo" -type f | wc -l)" 0
was=$(stat -c '%i %s' "$QUEUEDIR/remote/0/$id")
script 'RCPT later1@ 450 4.2.0 not now'
run -a
is "one mark, in place (22)" "$(nul "$QUEUEDIR/remote/0/$id") $(stat -c '%i %s' "$QUEUEDIR/remote/0/$id")" \
	"Tlater1@remote.example|Dlater22@remote.example| $was"
script ''
run -a
is "delivered, and not a second copy to the marked one (22)" \
	"$EXIT $(queued) $(cat "$MAILS"/* | grep -c '^RCPT TO:<later1@') $(cat "$MAILS"/* | grep -c '^RCPT TO:<later22@')" \
	"0 0 1 1"

# ---- 24: todo/ beats what an interrupted settling left
sink_stop; sink_start --script "$TMP/script"
script 'RCPT later@ 450 4.2.0 not now'
letter stale | post -f "$ME" "$WHO" ann@remote.example later@remote.example
id=$(id_of)
printf 'Fsomebody@else.example\0' | mine "$QUEUEDIR/info/0/$id"
printf 'T%s\0T%s\0Tnobody-here@mx.example.net\0' "$ME" "$ME" | mine "$QUEUEDIR/local/0/$id"
printf 'Dann@remote.example\0Dlater@remote.example\0Tstale@remote.example\0' | mine "$QUEUEDIR/remote/0/$id"
printf '<stale@remote.example>:\nstale\n\n' | mine "$QUEUEDIR/bounce/$id"
run
is "rebuilt from todo/: each recipient once, marks anew (24)" "$EXIT $(nul "$QUEUEDIR/remote/0/$id")" \
	"75 Dann@remote.example|Tlater@remote.example|"
is "the sender of todo/ too (24)" "$(nul "$QUEUEDIR/info/0/$id")" "F$ME|"
is "and no text of before (24)" "$(find "$QUEUEDIR/bounce" -type f | wc -l)" 0
script ''
run -a
is "everybody got it once, nobody a bounce (24)" "$EXIT $(queued) $(inbox) $(mails) $(cat "$MAILS"/* | grep -c '^RCPT')" \
	"0 0 1 2 2"
rm -rf "$HOME/Maildir"
printf 'T%s\0T%s\0' "$ME" "$ME" >"$TMP/twice"
letter alone | post -f "$ME" "$WHO"
id=$(id_of)
mine "$QUEUEDIR/local/0/$id" <"$TMP/twice"
mine "$QUEUEDIR/remote/0/$id" <"$TMP/twice"
run
is "one that never settles: once, and the leftovers go (24)" \
	"$EXIT $(inbox) $(find "$QUEUEDIR" -type f -name "$id" | wc -l)" "0 1 0"

# ---- 25: a crash between the delivery and its mark
sink_stop; sink_start --script "$TMP/script"
script 'RCPT !late@ 450 4.2.0 not now'
letter crash | post -f "$ME" early@remote.example late@remote.example
run
is "one done and marked, one waits (25)" "$EXIT $(mails)" "75 1"
script 'BODY * sleep 1.5 250 ok'
daemon
kill -ALRM $runner
until_true() { for _ in $(seq 200); do eval "$1" && return 0; sleep 0.05; done; return 1; }
until_true '[ "$(grep -c "C DATA" "$SINKLOG")" = 2 ]'
kill -9 $runner; wait $runner 2>/dev/null
until_true '[ "$(mails)" = 2 ]'	# the worker ends what it has begun
is "killed before the mark: the server has it, the queue does not know (25)" \
	"$(mails) $(nul "$QUEUEDIR"/remote/0/*)" "2 Dearly@remote.example|Tlate@remote.example|"
script ''
for _ in $(seq 60); do
	run -a
	grep -q 'already running' "$LOG" || break
	sleep 0.1
done
is "then one copy more, none lost, none to the marked one (25)" \
	"$EXIT $(queued) $(cat "$MAILS"/* | grep -c '^RCPT TO:<early@') $(cat "$MAILS"/* | grep -c '^RCPT TO:<late@')" \
	"0 0 1 2"

# ---- 30, 31: signals
sink_stop; sink_start --script "$TMP/script"
script 'BODY * sleep 0.7 450 4.3.0 not now'
letter term | post -f "$ME" ann@remote.example
daemon
until_log 'starting delivery 1'
letter second | post -f "$ME" bo@other.example
sleep 0.3
kill -TERM $runner
until_log 'exitasap'
wait $runner; r=$?
like "TERM: the running delivery is waited for (30)" "$(cat "$LOG")" '^delivery 1: deferral: .*not_now'
is "TERM: exit 0 (30)" "$r $(tail -n 1 "$LOG")" "0 status: exiting"
# All that is in flight ends, and nothing is begun after the signal.
is "TERM: nothing is started after it (30)" \
	"$(sed -n '/exitasap/,$p' "$LOG" | grep -c '^starting')" 0
id=$(sed -n 's/^starting delivery 1: msg \([0-9]*\) .*/\1/p' "$LOG")
is "TERM: the next try stands in the file's time (30)" \
	"$(($(stat -c %Y "$QUEUEDIR/remote/0/$id") - $(stat -c %Y "$QUEUEDIR/info/0/$id")))" 400
script 'RCPT * 450 4.2.0 not now'
daemon
echo 1 >"$CONTROLDIR/queuelifetime"
echo newly.example >"$CONTROLDIR/locals"
kill -HUP $runner
letter hup | post -f "$ME" "$WHO@newly.example"
ok "HUP: new locals (31)" until_log "to local $WHO@newly.example"
find "$QUEUEDIR/info" -type f -exec touch -d '1 hour ago' {} +
daemon_stop; rm "$CONTROLDIR/queuelifetime"; daemon
echo 1 >"$CONTROLDIR/queuelifetime"
kill -HUP $runner; kill -ALRM $runner
ok "ALRM: deferred mail is tried at once (29)" until_log 'deferral: .*not_now'
sleep 0.3
is "HUP: but not a new queuelifetime (31)" "$(grep -c 'failure\|not_going' "$LOG")" 0
daemon_stop
run -a
is "which the next start reads: one more try, then never (28)" \
	"$(grep -c "failure: .*I'm_not_going_to_try_again;_this_message_has_been_in_the_queue_too_long" "$LOG")" 2
rm -f "$CONTROLDIR/queuelifetime" "$CONTROLDIR/locals"

# ---- 39: a channel on hold
find "$QUEUEDIR/mess" "$QUEUEDIR/todo" "$QUEUEDIR/info" "$QUEUEDIR/local" "$QUEUEDIR/remote" \
	"$QUEUEDIR/bounce" -type f -delete
rm -rf "$HOME/Maildir"; script ''
sink_stop; sink_start --script "$TMP/script"
echo 0 >"$CONTROLDIR/concurrencylocal"
letter hold | post -f "$ME" "$WHO" ann@remote.example
run
is "local 0: stays, remote goes (39)" "$EXIT $(queued) $(inbox) $(mails)" "75 1 0 1"
like "local 0: the status says so (39)" "$(cat "$LOG")" '^status: local 0/0 remote 1/20'
rm "$CONTROLDIR/concurrencylocal"
run
is "and goes when it may (39)" "$EXIT $(queued) $(inbox) $(mails)" "0 0 1 1"

# ---- 41: a list's bounces
script 'RCPT never 550 5.1.1 no such user'
sink_stop; sink_start --script "$TMP/script"
letter verp | post -f 'list-@a.example-@[]' never@remote.example
run
is "a list's bounce goes to the list, from nobody (41)" \
	"$EXIT $(queued) $(sed -n 's/^\(MAIL\|RCPT\)\([^>]*>\).*/\1\2/p' "$MAILS"/* | tr '\n' ' ')" \
	"0 0 MAIL FROM:<> RCPT TO:<list-@a.example> "
like "and the copy names the sender as it was (41)" "$(cat "$MAILS"/*)" '^Return-Path: <"list-@a.example-"@\[\]>'

# ---- 42, 45, 46: one bounce, when both channels are finished
rm -rf "$HOME/Maildir"
script 'RCPT never 550-<fake@x.example>:\n550--- and more\n550 5.1.1 no such user' \
	'RCPT !later 450 4.2.0 not now'
letter bounce | post -f "$ME" never@remote.example nobody-here@mx.example.net later@remote.example
run
is "one waits: no bounce yet (45)" "$EXIT $(inbox) $(grep -c '^bounce msg' "$LOG")" "75 0 0"
is "both failures are kept (45)" "$(grep -c '^<\(never@remote\|nobody-here@mx\)\.example\(\.net\)*>:$' "$QUEUEDIR"/bounce/*)" 2
run -a
is "then one bounce for both channels (42)" "$EXIT $(queued) $(inbox) $(grep -c '^bounce msg' "$LOG")" "0 0 1 1"
b=$(echo "$HOME"/Maildir/new/*)
like "from nobody (42)" "$(sed -n 1p "$b")" '^Return-Path: <>$'
like "to the sender (42)" "$(cat "$b")" "^To: $ME$"
cat >"$TMP/qsbmf.py" <<'P'
"""Reads a bounce by the grammar of QSBMF; prints the failed addresses."""
import sys
head, body = open(sys.argv[1], encoding="latin-1").read().split("\n\n", 1)
assert body.startswith("Hi. This is the"), "intro"
paragraphs = body.split("\n\n")
failed = []
for i, p in enumerate(paragraphs):
    assert p and not p.startswith("\n"), "an empty paragraph"
    lines = p.split("\n")
    assert all(lines), "a blank line inside"
    if p.startswith("-"):
        break
    if i == 0:
        continue
    assert p.startswith("<") and lines[0].endswith(">:"), "paragraph: " + lines[0]
    failed.append(lines[0][1:-2])
else:
    raise SystemExit("no break paragraph")
rest = "\n\n".join(paragraphs[i + 1:])
assert rest.startswith("Return-Path: <"), "the copy"
assert "\nbody of " in rest, "the message"
print(" ".join(failed))
P
is "the grammar holds, whatever a server says (46)" "$(python3 "$TMP/qsbmf.py" "$b" 2>&1)" \
	"nobody-here@mx.example.net never@remote.example"
like "its words are there (46)" "$(cat "$b")" '^Remote host said: 550-<fake@x.example>:'
letter quoted | post -f '"a b"@far.example' never@remote.example
run
like "a sender that needs quotes gets them in To (42)" "$(cat "$MAILS"/*)" '^To: "a b"@far.example'

# ---- 43, 44: bounces of bounces
rm -rf "$HOME/Maildir"
echo "$WHO" >"$CONTROLDIR/doublebounceto"
letter double | post -f '' never@remote.example
run
b=$(cat "$HOME"/Maildir/new/*)
like "a double bounce, from #@[] (43)" "$b" '^Return-Path: <#@\[\]>$'
like "to doublebounceto at doublebouncehost (43)" "$b" "^To: $ME$"
letter triple | post -f '#@[]' never@remote.example
run
is "a failing double bounce is dropped (44)" "$EXIT $(queued) $(inbox) $(find "$QUEUEDIR/bounce" -type f | wc -l)" "0 0 1 0"
like "which the log tells (44)" "$(cat "$LOG")" '^triple bounce: discarding bounce/[0-9]+$'
rm "$CONTROLDIR/doublebounceto"

# ---- 47, 48: the words of a local program; virtual domains
rm -rf "$HOME/Maildir"
printf '#!/bin/sh\nprintf "a\\n\\nb\\n"\nexit 100\n' >"$TMP/says"
chmod 755 "$TMP/says"
printf 'virt.example:%s-virt\n' "$WHO" >"$CONTROLDIR/virtualdomains"
letter blank | post -f '<>' "$WHO" "x.y@virt.example"
: >"$CONTROLDIR/doublebounceto"	# the text is looked at where it is kept
echo 0 >"$CONTROLDIR/concurrencyremote"
letter keep | post -f "$ME" "$WHO" "x.y@virt.example" ann@remote.example
QMAILLOCAL=$TMP/says run
is "an empty line of a report is no end of a paragraph (47)" \
	"$(tr '\n' '|' <"$(find "$QUEUEDIR/bounce" -type f)" | sed "s/<x.y@virt.example>:/<$ME>:/")" \
	"<$ME>:|a|/b||<$ME>:|a|/b||"
is "the prefix of a virtual domain is not shown (48)" \
	"$(sed -n 's/^<\(x[^>]*\)>:$/\1/p' "$QUEUEDIR"/bounce/*)" "x.y@virt.example"
like "though it was delivered with it (48)" "$(cat "$LOG")" "to local $WHO-virt-x.y@virt.example\$"
rm "$CONTROLDIR/concurrencyremote" "$CONTROLDIR/virtualdomains"
# ---- 49, 50: the log
script 'RCPT odd 550 5.1.1 100% no\ttab' 'RCPT later 450 not now'
: >"$TMP/all"
run -a; cat "$LOG" >>"$TMP/all"
odd=$(printf 'o%%d\303\251odd')
printf 'Subject: odd\n\nx\n' >"$TMP/m"
{ printf 'F%s@x.example\0T%s@remote.example\0\0' "$odd" "$odd"; } >"$TMP/e"
$AS "$RBIN/qmail-queue" <"$TMP/m" 1<"$TMP/e"
letter later | post -f "$ME" later@remote.example "$WHO"
letter odd | post -f "$ME" odd@remote.example
run; cat "$LOG" >>"$TMP/all"
like "percent and 8-bit bytes of a sender become _ (50)" "$(cat "$LOG")" '^info msg [0-9]+: bytes [0-9]+ from <o_d__odd@x\.example> qp '
like "and of a recipient (50)" "$(cat "$LOG")" '^starting delivery [0-9]+: msg [0-9]+ to remote o_d__odd@remote\.example$'
like "and of what a server says (50)" "$(cat "$LOG")" '_100__no'
is "no byte outside 32 to 126 (50)" "$(LC_ALL=C tr -d '\040-\176\n' <"$TMP/all" | wc -c)" 0
is "every line has one of the forms (49)" "$(grep -Evc -e '^status: local [0-9]+/[0-9]+ remote [0-9]+/[0-9]+( exitasap)?$' \
	-e '^status: exiting$' -e '^new msg [0-9]+$' \
	-e '^info msg [0-9]+: bytes [0-9]+ from <[!-~]*> qp [0-9]+ uid [0-9]+$' \
	-e '^starting delivery [0-9]+: msg [0-9]+ to (local|remote) [!-~]+$' \
	-e '^delivery [0-9]+: (success|failure|deferral): [!-~]*$' \
	-e '^(double|triple) bounce: discarding bounce/[0-9]+$' \
	-e '^bounce msg [0-9]+ qp [0-9]+$' -e '^end msg [0-9]+$' "$TMP/all")" 0
for l in 'new msg' 'info msg' 'starting delivery' 'delivery .*success' 'delivery .*failure' \
	'delivery .*deferral' 'bounce msg' 'end msg' 'status'; do
	ok "of which there is '$l' (49)" grep -q "^$l" "$TMP/all"
done
# Each message: new, info, start, end of each delivery, bounce, end msg, in this order.
ok "in the order that analysers need (49)" awk '
	/^new msg/ { if ($3 in open) exit 1; open[$3] = 1 }
	/^info msg/ { sub(":", "", $3); if (open[$3] != 1) exit 1; open[$3] = 2 }
	/^starting/ { sub(":", "", $3); m[$3] = $5; run[$5]++ }
	/^delivery/ { sub(":", "", $2); if (!($2 in m)) exit 1; run[m[$2]]--; delete m[$2] }
	/^(bounce|end) msg/ { if (run[$3]) exit 1 }
	/^end msg/ { ends++; delete open[$3] }
	END { if (!ends) exit 1 }' "$LOG"

# ---- 26: what dead writers left, by a runner
find "$QUEUEDIR" -type f ! -path '*/lock/*' -delete
for f in mess/0/71 mess/0/72 mess/0/73 mess/0/74 pid/75 pid/76; do : | mine "$QUEUEDIR/$f"; done
chmod 644 "$QUEUEDIR/mess/0/71" "$QUEUEDIR/mess/0/72" "$QUEUEDIR/pid/75" "$QUEUEDIR/pid/76"
chmod 444 "$QUEUEDIR/mess/0/73" "$QUEUEDIR/mess/0/74"
wall=$(($(date +%s) + 864000))	# later than this program was built
echo 864000 >"$TMP/wall"; chmod 644 "$TMP/wall"
old() { touch -d "@$((wall - $1))" "$2" ${3:+"$3"}; }
old $((37 * 3600)) "$QUEUEDIR/mess/0/71" "$QUEUEDIR/pid/75"
old $((35 * 3600)) "$QUEUEDIR/mess/0/72" "$QUEUEDIR/pid/76"
old 960 "$QUEUEDIR/mess/0/73"
old 840 "$QUEUEDIR/mess/0/74"
if [ -x "$TESTBIN/qmta" ]; then
	QMTA_FAKE_CLOCK=$TMP/wall run
	is "another program's after 36 hours, ours after 15 minutes, the younger stay (26)" \
		"$(cd "$QUEUEDIR" && find mess pid -type f | sort | tr '\n' ' ')" "mess/0/72 mess/0/74 pid/76 "
else
	skip "the sweep" "no programs with the fake clock in $TESTBIN"
fi
done_testing
