#!/bin/sh
# sendmail as programs call it: every form of every flag, exit codes, line ends,
# Bcc, and the odd states a caller may be in. What landed in the queue is read
# back from its files.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/rss.sh"
new_root
echo board.example.net >"$CONTROLDIR/me"
USER=kim
export USER
S=$BIN/sendmail
D=@board.example.net

clean() { rm -f "$QUEUEDIR"/mess/*/* "$QUEUEDIR"/todo/* "$TMP/out" "$TMP/err"; }

# send FORMAT [OPTION...]: hands the message in; the exit code, and what it said
# although it succeeded
send() {
	s_text=$1; shift
	clean
	# shellcheck disable=SC2059
	printf "$s_text" | "$S" "$@" >"$TMP/out" 2>"$TMP/err"
	s_code=$?
	[ $s_code -ne 0 ] || [ ! -s "$TMP/out" ] && [ ! -s "$TMP/err" ] || [ $s_code -ne 0 ] ||
		s_code="0 but it talks"
	echo "$s_code"
}
msg() { cat "$QUEUEDIR"/mess/*/* 2>/dev/null; }
body() { msg | sed '1,/^$/d'; }
envelope() { cat "$QUEUEDIR"/todo/* 2>/dev/null | tr '\0' '|' | sed 's/^u[0-9]*|p[0-9]*[^|]*|//'; echo; }
# The same, of one message that was sent with success.
sent() {
	t_code=$(send "$@")
	if [ "$t_code" = 0 ]; then envelope; else echo "exit $t_code: $(cat "$TMP/err")"; fi
}
# shellcheck disable=SC2317 # called by ok
queue_is_empty() {
	[ -z "$(cd "$QUEUEDIR" && find mess todo intd pid -type f)" ]
}
field() { msg | sed '/^$/q' | sed -e ':a' -e 'N' -e '$!ba' -e 's/\n  */ /g' | grep -i "^$1:"; }

# ---- T2, T3, T6, T8: recipients ----
m='From: f@x.y\nTo: a, b@x.y\nCc: c@x.y\nBcc: hid@x.y\nSubject: s\n\nb\n'
is "106: -t and an argument" "$(sent "$m" -t arg@x.y)" "Fkim$D|Targ@x.y|Tb@x.y|Ta$D|Tc@x.y|Thid@x.y|"
ok "T3: Bcc is gone" sh -c "! grep -rqi -e '^bcc' '$QUEUEDIR/mess' && ! grep -rq hid@x.y '$QUEUEDIR/mess'"
is "arguments only" "$(sent "$m" arg@x.y)" "Fkim$D|Targ@x.y|"
ok "T3: Bcc is gone without -t too" sh -c "! grep -rqi -e '^bcc' -e hid@ '$QUEUEDIR/mess'"
is "T3: Resent-Bcc" "$(sent 'Resent-Bcc: r@x.y\nTo: t@x.y\n\n' -t)" "Fkim$D|Tr@x.y|"
ok "T3: Resent-Bcc is gone" sh -c "! grep -rq r@x.y '$QUEUEDIR/mess'"
is "T3: only Bcc" "$(sent 'Bcc: h@x.y\n\nb\n' -t)" "Fkim$D|Th@x.y|"
is "T3: placeholder" "$(field Cc)" 'Cc: recipient list not shown: ;'
is "T6: cron's From" "$(sent 'From: root (Cron Daemon)\nTo: root\n\n' -i -FCronDaemon -B8BITMIME -oem root; field From; field To)" \
	"$(printf '%s\n' "Fkim$D|Troot$D|" "From: root$D (Cron Daemon)" "To: root$D")"
is "T6: anacron's From" "$(sent 'From: Anacron <root>\nTo: root\n\n' -FAnacron -odi root; field From)" \
	"$(printf '%s\n' "Fkim$D|Troot$D|" "From: Anacron <root$D>")"
is "T6: cronie's From" "$(sent 'From: "(Cron Daemon)" <pi>\nTo: a,b\n\n' -FCronDaemon -i -odi -oem -oi -t -f pi; field From)" \
	"$(printf '%s\n' "Fpi$D|Tb$D|Ta$D|" "From: \"(Cron Daemon)\" <pi$D>")"
long=$(awk 'BEGIN { for (i = 1; i < 50; i++) printf "r%d@host.example.com,\\n ", i; print "r50@x.y" }')
is "T8: 50 folded recipients" "$(sent "To: $long\n\n" -t | tr '|' '\n' | grep -c '^Tr[0-9]*@')" 50
is "T8: quoted comma" "$(sent 'To: "Doe, Jane" <j@x.y>, k@x.y\n\n' -t)" "Fkim$D|Tk@x.y|Tj@x.y|"
is "T8: comment" "$(sent 'To: a@x.y (one, two), b@x.y\n\n' -t)" "Fkim$D|Tb@x.y|Ta@x.y|"
is "T8: group" "$(sent 'To: g: a@x.y, b@x.y;\n\n' -t)" "Fkim$D|Tb@x.y|Ta@x.y|"
is "T8: undisclosed" "$(sent 'To: undisclosed-recipients:;\nBcc: a@x.y\n\n' -t)" "Fkim$D|Ta@x.y|"
is "T8: a list in one argument" "$(sent '\n' 'a@x.y,b@x.y, c')" "Fkim$D|Ta@x.y|Tb@x.y|Tc$D|"
is "T8: a name in an argument" "$(sent '\n' 'Jane <j@x.y>')" "Fkim$D|Tj@x.y|"

# ---- T7: flags; each form leaves the recipients as they are ----
for f in -i -oi -oem -oee -oep -odi -odb -odq -odd -om -om -B8BITMIME '-B 8BITMIME' -v -m -n -x -U -G -E -J -Jx \
	'-N success,delay' -Nnever '-R full' -Rhdrs '-V id' -Vid '-L tag' -Ltag '-h 5' -h5 '-p SMTP:h' -pSMTP \
	'-O Timeout=5' -OQueueDirectory=/none '-o Timeout=5' '-o i' -oiTrue -Ac -Am '-A c' -d -d0.1 -em '-e m' -ba -bm '-b m' \
	'-F Name' -FName '-oem -oi -i -v' -iv -vi; do
	# shellcheck disable=SC2086 # words
	is "T7: sendmail $f" "$(sent 'Subject: x\n\n' $f r@x.y)" "Fkim$D|Tr@x.y|"
done
for f in -t -ti -it '-t -i' '-i -t' '-oi -t' '-t -oi -oem' '-t -i -oi -t' -vt '-odq -t'; do
	# shellcheck disable=SC2086
	is "T7: sendmail $f" "$(sent 'To: r@x.y\n\n' $f)" "Fkim$D|Tr@x.y|"
done
for f in -fa@x.y '-f a@x.y' -ra@x.y '-r a@x.y' '-f <a@x.y>' '-i -f a@x.y' -if'a@x.y' '-f b -f a@x.y'; do
	# shellcheck disable=SC2086
	is "T7: sendmail $f" "$(sent 'Subject: x\n\n' $f r@x.y)" "Fa@x.y|Tr@x.y|"
	is "T7: From of sendmail $f" "$(field From)" "From: a@x.y"
done
for f in '' '<>'; do
	is "T7: -f '$f' is the null sender" "$(sent '\n' -f "$f" r@x.y)" "F|Tr@x.y|"
	is "T7: From of -f '$f' is the user's" "$(field From)" "From: kim$D"
done
is "T7: -f after all, and a name" "$(sent '\n' -F 'Jo Q' -f a@x.y r@x.y; field From)" \
	"$(printf '%s\n' "Fa@x.y|Tr@x.y|" 'From: "Jo Q" <a@x.y>')"
is "T7: -f, then -F" "$(sent '\n' -f a@x.y -FJo r@x.y; field From)" \
	"$(printf '%s\n' "Fa@x.y|Tr@x.y|" 'From: "Jo" <a@x.y>')"
is "T7: -F alone" "$(sent '\n' -F Jo r@x.y; field From)" "$(printf '%s\n' "Fkim$D|Tr@x.y|" "From: \"Jo\" <kim$D>")"
is "T7: the environment's name goes with its user only" "$(NAME=Env sent '\n' -f a@x.y r@x.y; field From)" \
	"$(printf '%s\n' "Fa@x.y|Tr@x.y|" 'From: a@x.y')"
is "107: -f bob@q" "$(QMAILNAME=n QMAILHOST=h.e sent '\n' -f bob@q x@x.y; field From)" \
	"$(printf '%s\n' "Fbob@q.board.example.net|Tx@x.y|" 'From: bob@q.board.example.net')"
is "T7: a From stays with -f" "$(sent 'From: q@x.y\n\n' -f a@x.y r@x.y; field From)" \
	"$(printf '%s\n' "Fa@x.y|Tr@x.y|" 'From: q@x.y')"
is "T7: -- and a dash" "$(sent '\n' -i -f a@x.y -- -r@x.y s@x.y)" "Fa@x.y|T-r@x.y|Ts@x.y|"
is "T7: options behind recipients" "$(sent '\n' r@x.y -f a@x.y s@x.y)" "Fa@x.y|Tr@x.y|Ts@x.y|"
is "T7: VERP sender" "$(sent '\n' -f 'l-@x.y-@[]' r@x.y)" "Fl-@x.y-@[]|Tr@x.y|"

printf 'secret\n' >"$TMP/secret"
is "T7: -C, -X, -D, -O name files" "$(sent 'b\n' -C "$TMP/secret" -X "$TMP/xlog" -D "$TMP/dlog" -O "QueueDirectory=$TMP/qdir" r@x.y)" \
	"Fkim$D|Tr@x.y|"
ok "T7: none of them is written" test ! -e "$TMP/xlog" -a ! -e "$TMP/dlog" -a ! -e "$TMP/qdir"
if command -v strace >/dev/null && strace -o "$TMP/tr" true 2>/dev/null; then
	printf 'b\n' | strace -f -o "$TMP/tr" "$S" -C "$TMP/secret" -X "$TMP/xlog" r@x.y 2>/dev/null
	ok "T7: nor opened" sh -c "grep -q 'execve.*secret' '$TMP/tr' && ! grep -q 'open.*\\(secret\\|xlog\\)' '$TMP/tr'"
else
	skip "T7: nor opened" "no strace"
fi

is "T7: -bv" "$(send '' -bv a 'b@x.y, "C" <c@x.y>'; cat "$TMP/out")" "$(printf '%s\n' '0 but it talks' "a$D" b@x.y c@x.y)"
ok "T7: -bv queues nothing" queue_is_empty
is "T7: -bi" "$(send '' -bi)" 0
is "T7: -bd" "$(send '' -bd)" 64
is "T7: -bD" "$(send '' -bD)" 64
is "T7: -bt" "$(send '' -bt)" 64
is "T7: unknown -b" "$(send '' -bZ)" 64
is "T7: unknown option" "$(send 'To: a\n' -t -Z)" 64
is "T7: missing value" "$(send '\n' r@x.y -f)" 64
ok "T7: nothing was queued by these" queue_is_empty

# ---- T1: exit codes ----
is "T1: no recipients, no -t" "$(send 'To: a\n\n')" 64
like "T1: it is said" "$(cat "$TMP/err")" '^sendmail: no recipients'
is "108: no recipients in the header" "$(send 'Subject: x\n\n' -t)" 64
is "T1: mailx's empty To" "$(send 'To: \nSubject: x\n\n' -i -t)" 64
is "T1: unreadable recipients" "$(send 'To: "a <b@x.y>, c@x.y\n\n' -t)" 65
is "T1: half a list" "$(send 'To: a@x.y>, <c@d.y\n\n' -t)" 65
is "T1: unreadable argument" "$(send '\n' 'a@x.y>')" 65
is "T1: unreadable sender" "$(send '\n' -f 'a@x.y>' r@x.y)" 65
is "T1: line end in an argument" "$(send '\n' "$(printf 'a\nBcc: b@x.y')")" 65
is "T1: line end in the sender" "$(send '\n' -f "$(printf '"a\rb"@x.y')" r@x.y)" 65
is "T1: NUL in the header" "$(send 'Subject: a\000b\n\n' r@x.y)" 65
ok "T1: nothing was queued by these" queue_is_empty
cat >"$TMP/qq" <<END
#!/bin/sh
cat >"$TMP/m"; cat <&1 >"$TMP/e"
exit \$(cat "$TMP/code")
END
chmod 755 "$TMP/qq"
for pair in 0:0 11:65 31:69 36:65 37:65 40:69 115:65 51:75 53:75 54:75 55:75 61:75 66:75 71:75 74:75 81:75 82:75 91:75 100:75; do
	echo "${pair%:*}" >"$TMP/code"
	is "T1: queue program's ${pair%:*}" "$(QMAILQUEUE=$TMP/qq send 'b\n' r@x.y)" "${pair#*:}"
done
is "T1: no queue program" "$(QMAILQUEUE=$TMP/none send 'b\n' r@x.y)" 75
echo 0 >"$TMP/code"
is "T1: queue program takes envelope and message" "$(printf 'To: r@x.y\n\nbody\n' | QMAILQUEUE=$TMP/qq "$S" -t; tr '\0' '|' <"$TMP/e"; tail -n1 "$TMP/m")" \
	"Fkim$D|Tr@x.y||body"
is "T1: queue directory missing" "$(QUEUEDIR=$TMP/none send 'b\n' r@x.y)" 75
mkdir "$TMP/empty"
is "T1: no name" "$(CONTROLDIR=$TMP/empty send 'b\n' r@x.y)" 78
like "T1: which file to write" "$(cat "$TMP/err")" "$TMP/empty/me\$"
is "T1: a directory as message" "$(clean; "$S" r@x.y <"$TMP" 2>"$TMP/err"; echo $?)" 66
ok "T1: nothing was queued by that" queue_is_empty

# ---- T4: line ends ----
is "T4: CRLF" "$(sent 'To: r@x.y\r\nSubject: s\r\n\r\na\r\n\r\nb\r\n' -t)" "Fkim$D|Tr@x.y|"
is "T4: becomes LF" "$(msg | tr -dc '\r' | wc -c | tr -d ' ') $(body | tr '\n' '.')" "0 a..b."
is "T4: PHP's mixture" "$(sent 'To: r@x.y\r\nSubject: s\r\nX: y\r\n\r\na\nb\r\nc' -t; body | tr '\n' '.')" \
	"$(printf '%s\n' "Fkim$D|Tr@x.y|" a.b.c.)"
is "T4: CR alone in the body" "$(sent 'X: y\n\na\rb\r' r@x.y; body | tr '\n' '.')" "$(printf '%s\n' "Fkim$D|Tr@x.y|" a.b.)"
is "T4: CR in the header starts no field" "$(sent 'To: r@x.y\nSubject: s\rBcc: evil@x.y\n\n' -t; field Subject)" \
	"$(printf '%s\n' "Fkim$D|Tr@x.y|" 'Subject: s Bcc: evil@x.y')"
is "T4: NUL in the body stays" "$(sent '\na\000b\n' r@x.y; body | od -An -c | tr -d ' ')" "$(printf '%s\n' "Fkim$D|Tr@x.y|" 'a\0b\n')"
is "T4: empty input" "$(sent '' r@x.y)" "Fkim$D|Tr@x.y|"
ok "T4: has a header of its own" sh -c "grep -rq '^Message-ID:' '$QUEUEDIR/mess'"
is "T4: body without a header" "$(sent 'just text\n' r@x.y; body)" "$(printf '%s\n' "Fkim$D|Tr@x.y|" 'just text')"
is "T4: mbox line" "$(sent 'From a@x.y Sat Nov  4 00:00:00 2023\nSubject: s\n\nb\n' r@x.y; field MBOX-Line)" \
	"$(printf '%s\n' "Fkim$D|Tr@x.y|" 'MBOX-Line: From a@x.y Sat Nov  4 00:00:00 2023')"
is "T12: a line of 5000 bytes stays" "$(sent "\n$(printf '%05000d' 0)\n" r@x.y >/dev/null; body | wc -c | tr -d ' ')" 5001

# ---- T5: dots ----
for f in '' -i -oi; do
	# shellcheck disable=SC2086
	is "T5: a lone dot is text with '$f'" "$(sent '\na\n.\nb\n' $f r@x.y; body | tr '\n' '|')" \
		"$(printf '%s\n' "Fkim$D|Tr@x.y|" 'a|.|b|')"
done
# A terminal: the message typed, then a dot; then with -i, where only ^D ends it.
cat >"$TMP/typist.py" <<'END'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
os.write(fd, b"Subject: tty\n\nline\n.\nafter\n\x04")
try:
    while os.read(fd, 1000):
        pass
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
clean
ok "T5: from a terminal" timeout 20 python3 "$TMP/typist.py" "$S" r@x.y
is "T5: a dot ends it" "$(body)" line
clean
ok "T5: from a terminal with -i" timeout 20 python3 "$TMP/typist.py" "$S" -i r@x.y
is "T5: a dot is text" "$(body | tr '\n' '|')" 'line|.|after|'

# ---- T9: callers in odd states ----
one="Fkim$D|Tr@x.y|"
clean; printf 'b\n' | "$S" r@x.y >&- 2>&-
is "T9: descriptors 1 and 2 closed" "$(envelope; body)" "$(printf '%s\n' "$one" b)"
clean; "$S" r@x.y <&- 2>/dev/null
is "T9: descriptor 0 closed: an empty message at most" "$(body)" ""
ok "T9: and nothing of ours in it" sh -c "! cat '$QUEUEDIR'/mess/*/* 2>/dev/null | grep -q '|T'"
# shellcheck disable=SC2016
clean; python3 - "$S" "$QUEUEDIR" <<'END'
import os, signal, subprocess, sys
def odd():
    for s in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGHUP, signal.SIGINT):
        signal.signal(s, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
p = subprocess.run([sys.argv[1], "-i", "r@x.y"], input=b"b\n", preexec_fn=odd)
sys.exit(p.returncode)
END
is "T9: signals ignored and blocked" "$? $(envelope)" "0 $one"
echo 0 >"$TMP/code"
QMAILQUEUE=$TMP/qq python3 - "$S" <<'END'
import signal, subprocess, sys
def odd():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD, signal.SIGTSTP])
sys.exit(subprocess.run([sys.argv[1], "r@x.y"], input=b"b\n", preexec_fn=odd).returncode)
END
is "T9: ignored SIGCHLD and a queue program" $? 0
name=$(sed -n "s/^\([^:]*\):[^:]*:$(id -u):.*/\1/p" /etc/passwd | head -n1)
clean
printf 'b\n' | env -i CONTROLDIR="$CONTROLDIR" QUEUEDIR="$QUEUEDIR" "$S" r@x.y
is "T9: no HOME, USER, LOGNAME, PATH" "$(envelope)" "F${name:-anonymous}$D|Tr@x.y|"
if [ "$(id -u)" = 0 ]; then
	chmod 777 "$TMP"
	# A uid without an entry in /etc/passwd, as containers have.
	rm -f "$TMP/m" "$TMP/e"
	printf 'b\n' | env -i CONTROLDIR="$CONTROLDIR" QMAILQUEUE="$TMP/qq" python3 -c '
import os, sys
os.setgid(54321); os.setuid(54321)
os.execv(sys.argv[1], sys.argv[1:])' "$S" r@x.y 2>"$TMP/err9"
	if grep -qi 'permission' "$TMP/err9"; then
		skip "T9: uid without a passwd entry" "the programs lie where others cannot read"
	else
		is "T9: uid without a passwd entry is anonymous" "$(tr '\0' '|' <"$TMP/e")" \
			"Fanonymous$D|Tr@x.y||"
	fi
else
	skip "T9: uid without a passwd entry" "needs root"
fi
for u in 077 000 777; do
	clean; (umask $u; printf 'b\n' | "$S" r@x.y)
	is "T9: umask $u" "$(envelope) $(find "$QUEUEDIR/mess" "$QUEUEDIR/todo" -type f -perm -022 | wc -l | tr -d ' ') \
$(find "$QUEUEDIR/mess" "$QUEUEDIR/todo" -type f -perm -0400 | wc -l | tr -d ' ')" "$one 0 2"
done
mkdir "$TMP/gone"; clean
(cd "$TMP/gone" && rmdir "$TMP/gone" && printf 'b\n' | "$S" r@x.y)
is "T9: the working directory is gone" "$(envelope)" "$one"
clean
# shellcheck disable=SC3045 # dash and busybox sh have it
(ulimit -f 8; awk 'BEGIN { for (i = 0; i < 2000; i++) printf "%0100d\n", i }' | "$S" r@x.y 2>"$TMP/err")
is "T9: file size limit" $? 75
ok "T9: leaves nothing behind" queue_is_empty
clean
(cd "$BIN" && printf 'b\n' | PATH=$BIN:$PATH sendmail r@x.y)
is "T9: called without a path" "$(envelope)" "$one"
clean
awk 'BEGIN { print "Subject: x"; for (i = 0; i < 40000; i++) printf "X-%d: %090d\n", i, i; print "\nb" }' | "$S" r@x.y
is "T9: 4 MB of header" "$(envelope) $(msg | grep -c ^X-)" "$one 40000"

# ---- T10: nobody to wake ----
rm -f "$QUEUEDIR/lock/trigger"
is "T10: no trigger" "$(sent 'b\n' r@x.y)" "$one"
mkfifo "$QUEUEDIR/lock/trigger"
clean; printf 'b\n' | timeout 10 "$S" r@x.y
is "T10: a trigger without a reader" "$? $(envelope)" "0 $one"

# ---- T16 ----
clean
is "T16: newaliases" "$("$BIN/newaliases" 2>&1; echo $?)" 0
is "109: mailq by name, nothing waits" "$("$BIN/mailq")" "Mail queue is empty"
is "109: sendmail -bp" "$("$S" -bp)" "Mail queue is empty"
printf 'b\n' | "$S" r@x.y
like "109: mailq shows the message" "$("$BIN/mailq")" 'r@x\.y'

# ---- what fails leaves an open file where it was: bsd-mailx reads on there ----
printf 'read\nSubject: s\n\nbody\n' >"$TMP/letter"
left() { (read -r _; "$@" 2>/dev/null; echo "exit $?"; cat) <"$TMP/letter"; }
is "a refused letter can be read again" "$(QUEUEDIR=$TMP/no left "$S" r@x.y)" \
	"$(printf 'exit 75\nSubject: s\n\nbody')"
is "one that is safe is at its end" "$(left "$S" r@x.y)" "exit 0"
clean

# ---- -q runs the queue ----
clean
is "-q on an empty queue" "$(timeout 30 "$S" -q >/dev/null 2>&1; echo $?)" 0

# ---- streaming: as much memory for 64 MB as for 256 KB ----
rss_ok 'Subject: s\r\n\r\n' '' "$S" r@x.y
done_testing
