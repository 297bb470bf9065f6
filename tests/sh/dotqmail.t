#!/bin/sh
# shellcheck disable=SC2086,SC2016,SC1091 # $AS is words of a command; scripts
# dot-qmail: the program qmail-local, line by line. Numbers in parentheses are
# those of the checklist.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
runner_root
MSG=$TMP/m
printf 'Received: x\nSubject: t\n\nbody of it\n' >"$MSG"
chmod 644 "$MSG"

# dq FILE TEXT [MODE]: a file in the home, which is the user's.
dq() {
	rm -f "$HOME/$1"
	printf "$2" >"$HOME/$1"
	chmod "${3:-600}" "$HOME/$1"
	[ -z "$AS" ] || chown 65534:65534 "$HOME/$1"
}
# deliver [-n] DASH EXT [SENDER [DEFAULT]]: exit number in EXIT, words in OUT.
deliver() {
	n=-N; [ "$1" != -n ] || { n=-n; shift; }
	EXIT=0
	OUT=$($AS "$RBIN/qmta" qmail-local $n -- joe "$HOME" "joe$1$2" "$1" "$2" v.example.net \
		"${3-s@example.org}" "${4-./Maildir/}" <"$MSG" 2>&1) || EXIT=$?
}
# The envelope of the one message in the queue, which is removed: "F<sender> T<rcpt>..".
envelope() {
	for f in "$QUEUEDIR"/todo/*; do
		[ -f "$f" ] || { echo none; return; }
		tr '\0' '\n' <"$f" | grep '^[FT]' | tr '\n' ' '
		cat "$QUEUEDIR/mess/0/${f##*/}" >"$TMP/forwarded"
		rm -f "$f" "$QUEUEDIR/mess/0/${f##*/}"
	done
}
clean() { rm -rf "${HOME:?}"/.qmail* "${HOME:?}"/*; }

# ---- which file
deliver - a.B-c
is "(51) no file at all: exit 100" "$EXIT" 100
like "(51) and why" "$OUT" '^Sorry, no mailbox here by that name\. \(#5\.1\.1\)$'
dq .qmail-default '|echo default $DEFAULT'
deliver - a.B-c
is "(51) -default last" "$EXIT $OUT" "0 default a.B-c
did 0+0+1"
dq .qmail-a:b-default '|echo a:b-default $DEFAULT'
deliver - a.B-c
is "(51) -a:b-default before it" "$EXIT $OUT" "0 a:b-default c
did 0+0+1"
dq .qmail-a:b-c '|echo a:b-c ${DEFAULT-unset}'
deliver - a.B-c
is "(51) -a:b-c first, without DEFAULT" "$EXIT $OUT" "0 a:b-c unset
did 0+0+1"
dq .qmail-x-default '|echo $DEFAULT'
deliver - x-Default
is "a name that itself ends in default has DEFAULT" "$OUT" "Default
did 0+0+1"
clean
deliver '' ''
is "(52) no .qmail: default delivery" "$EXIT $OUT $(inbox)" "0 did 1+0+0 1"
dq .qmail ''
deliver '' ''
is "(53) empty .qmail: default delivery" "$EXIT $OUT $(inbox)" "0 did 1+0+0 2"
deliver '' '' s@example.org '|echo a program'
is "the default may be any text" "$EXIT $OUT" "0 a program
did 0+0+1"
deliver '' '' s@example.org ./Mailbox
is "./Mailbox as the default" "$EXIT $OUT $(grep -c '^From s@example.org ' "$HOME/Mailbox")" \
	"0 did 1+0+0 1"
dq .qmail '\n./Mailbox\n'
deliver '' ''
is "(54) first line blank: 111" "$EXIT" 111
dq .qmail '# x\n\n./Mailbox  \n'
deliver '' ''
is "(54) a later blank line is nothing" "$EXIT $OUT" "0 did 1+0+0"
dq .qmail './Mailbox' 666
deliver '' ''
is "(55) .qmail 666: 111" "$EXIT" 111
dq .qmail './Mailbox' 664
deliver '' ''
is "(55) .qmail 664: fine" "$EXIT $OUT" "0 did 1+0+0"
chmod 777 "$HOME"; deliver '' ''
is "(56) home 777: 111" "$EXIT" 111
chmod 1755 "$HOME"; deliver '' ''
is "(56) home 1755: 111" "$EXIT" 111
deliver -n '' ''
is "(56) with -n only a warning" "$EXIT $(echo "$OUT" | cut -d: -f1 | head -n 1)" "0 warning"
like "(56) and it goes on" "$OUT" '^mbox \./Mailbox$'
chmod 755 "$HOME"
dq .qmail './Mailbox' 700
deliver '' ''
is "(57) x bit and a file: 111" "$EXIT" 111
like "and the file is named" "$OUT" '^Uh-oh: .qmail has file'
dq .qmail '&a@example.org' 700
deliver '' ''
is "(57) x bit and a forward: fine" "$EXIT $(envelope)" "0 Fs@example.org Ta@example.org "
rm -f "$HOME/Mailbox"
dq .qmail './Mailbox\n+list\n&a@example.org\n+other'
deliver '' ''
is "(58) a file, +list, a forward: fine" "$EXIT $(envelope)" "0 Fs@example.org Ta@example.org "
dq .qmail '+list\n./Mailbox\n'
deliver '' ''
is "(58) +list, a file: 111" "$EXIT $(grep -c '^From s' "$HOME/Mailbox")" "111 1"

# ---- programs and forwards
dq .qmail '&one@example.org\n|exit 99\n&two@example.org\n|echo no\n'
deliver '' ''
is "(59) exit 99: what comes later is skipped" "$EXIT $(echo "$OUT" | head -n 1)" "0 did 0+1+1"
is "(59) what came before is sent" "$(envelope)" "Fs@example.org Tone@example.org "
bad=
for code in 64 65 70 76 77 78 100 112; do
	dq .qmail "|echo sorry; exit $code"; deliver '' ''
	[ "$EXIT $OUT" = "100 sorry" ] || bad="$bad $code"
done
is "(60) exits that are final" "$bad" ""
for code in 1 2 63 66 67 68 69 71 72 73 74 75 79 98 101 111 113 126 127 255; do
	dq .qmail "|exit $code"; deliver '' ''
	[ "$EXIT" = 111 ] || bad="$bad $code"
done
is "(60) exits that are not" "$bad" ""
dq .qmail '|kill -9 $$'; deliver '' ''
is "(60) a signal" "$EXIT $OUT" "111 Aack, child crashed. (#4.3.0)"
dq .qmail '|exit 100'; deliver '' ''
is "(60) an end without a word is told of" "$EXIT $OUT" "100 Program ended with exit 100. (#5.3.0)"
dq .qmail '&a@example.org\n./nowhere/\n'
deliver '' ''
is "(61) a line fails: nothing is forwarded" "$EXIT $(envelope)" "111 none"
like "(61) and why" "$OUT" '#4\.2\.1'
dq .qmail '&a@example.org\n|exit 100\n'
deliver '' ''
is "(61) for good: neither" "$EXIT $(envelope)" "100 none"

printf 'Delivered-To: joe-g@V.example.net\nSubject: x\n\nx\n' >"$MSG"
dq .qmail-g '|cat\n&a@example.org\n'
deliver - g
is "(62) the same Delivered-To: 100" "$EXIT" 100
like "(62) and why" "$OUT" '^This message is looping: .*\(#5\.4\.6\)$'
is "(62) nothing is forwarded" "$(envelope)" none
printf 'Delivered-To: JOE-g@v.example.net\nSubject: x\n\nDelivered-To: joe-g@v.example.net\n' >"$MSG"
deliver - g
is "(62) in other case, or in the body: delivered" "$EXIT" 0
is "Delivered-To: on top of what is forwarded, and no Return-Path" \
	"$(envelope >"$TMP/e"; sed 1d "$TMP/forwarded" | cat - "$TMP/e")" \
	"Delivered-To: joe-g@v.example.net
$(cat "$MSG")
Fs@example.org Ta@example.org "
printf 'Subject: t\n\nbody\n' >"$MSG"
dq .qmail-g-owner x
for s in '' '#@[]'; do
	deliver - g "$s"
	is "(63) sender <$s> is kept" "$EXIT $(envelope)" "0 F$s Ta@example.org "
done
deliver - G
is "(64) -owner" "$EXIT $(envelope)" "0 Fjoe-G-owner@v.example.net Ta@example.org "
dq .qmail-g-owner-default x
deliver - g
is "(64) -owner-default" "$EXIT $(envelope)" "0 Fjoe-g-owner-@v.example.net-@[] Ta@example.org "
clean
dq .qmail '&a@example.org\nb@example.org\n|echo text\n./Maildir/\nc d@example.org'
mkdir "$HOME/Maildir" "$HOME/Maildir/new" "$HOME/Maildir/tmp"
[ -z "$AS" ] || chown -R 65534:65534 "$HOME/Maildir"
deliver '' ''
like "did F+W+P and qp N" "$OUT" '^did 1\+3\+1$'
like "qp N" "$OUT" '^qp [0-9]+$'
is "one message for all" "$(envelope)" \
	"Fs@example.org Ta@example.org Tb@example.org Tc d@example.org "
deliver -n '' ''
is "-n tells" "$EXIT $OUT" "0 forward a@example.org
forward b@example.org
program echo text
maildir ./Maildir/
forward c d@example.org
did 1+3+1"
is "-n does nothing" "$(envelope) $(inbox)" "none 1"
dq .qmail '&a@example.org'
mv "$QUEUEDIR/pid" "$QUEUEDIR/pod"
deliver '' ''
is "no queue: later" "$EXIT" 111
like "no queue: why" "$OUT" '^Unable to forward message: '
mv "$QUEUEDIR/pod" "$QUEUEDIR/pid"
dq .qmail '&a\001@example.org'
deliver '' ''
is "an address that is none: never" "$EXIT" 100
like "an address that is none: why" "$OUT" 'not valid\. \(#5\.1\.3\)$'
is "nothing is left" "$(envelope) $(find "$QUEUEDIR/mess" "$QUEUEDIR/pid" "$QUEUEDIR/intd" -type f | wc -l)" "none 0"
cat >"$TMP/qq" <<-'S'
	#!/bin/sh
	echo Dour own words >&6
	exit 82
S
chmod 755 "$TMP/qq"
QMAILQUEUE=$TMP/qq; export QMAILQUEUE
dq .qmail '&a@example.org'
deliver '' ''
is "words of a queue program" "$EXIT $OUT" "100 Unable to forward message: our own words"
unset QMAILQUEUE

# ---- what a program gets
clean
dq .qmail-default '|env; echo CWD=`pwd`'
SECRET=x; export SECRET
OUT=$($AS "$RBIN/qmta" qmail-local joe "$HOME" joe-virt-Info - virt-Info v.example.net \
	"a\"b 	$(printf '\033')c@example.org" ./Maildir/ <"$MSG" 2>&1)
unset SECRET
quoted=$(printf 'Return-Path: <"a\\"b __c"@example.org>')
echo "$OUT" | grep -v '^PATH=\|^TZ=\|^CONTROLDIR=\|^QUEUEDIR=\|^did\|^PWD=\|^OLDPWD=\|^SHLVL=\|^_=' |
	sed '/^UFLINE=/s/ [A-Z][a-z][a-z] .*/ DATE/' | sort >"$TMP/got"
sort >"$TMP/want" <<S
CWD=$HOME
DEFAULT=virt-Info
DTLINE=Delivered-To: joe-virt-Info@v.example.net

EXT2=Info
EXT3=
EXT4=
EXT=virt-Info
HOME=$HOME
HOST2=v.example
HOST3=v
HOST4=v
HOST=v.example.net
LOCAL=joe-virt-Info
LOGNAME=joe
NEWSENDER=a"b __c@example.org
RECIPIENT=joe-virt-Info@v.example.net
RPLINE=$quoted

SENDER=a"b __c@example.org
SHELL=/bin/sh
UFLINE=From a"b---c@example.org DATE

USER=joe
S
ok "(71) the environment, and nothing else" diff -u "$TMP/want" "$TMP/got"
dq .qmail-default '|ls -l /proc/self/fd | grep -c "[0-9] ->"; cat; sed -n 1p'
OUT=$({ $AS "$RBIN/qmta" qmail-local joe "$HOME" joe-x - x v.example.net s ./Maildir/ \
	7<"$MSG" 9>"$TMP/nine"; } <"$MSG" 2>&1)
is "descriptors 0 to 2 (and ls' own), the message from its beginning, no lines on top" \
	"$OUT" "4
$(cat "$MSG")
did 0+0+1"
dq .qmail-default '|cat\n|cat\n'
deliver - x
is "each program gets it from its beginning" "$OUT" "$(cat "$MSG" "$MSG")
did 0+0+2"
dq .qmail-default '|trap "" PIPE; kill -s PIPE $$; ps -o pid= -o pgid= -o sid= -p $$ | tr -s " "; echo $$'
deliver - x
if command -v ps >/dev/null; then
	is "its own session and group" "$(echo "$OUT" | sed -n 1p | tr ' ' '\n' | grep . | sort -u)" \
		"$(echo "$OUT" | sed -n 2p)"
else
	skip "its own session and group" "no ps"
fi
dq .qmail-default '|head -c 100000 /dev/zero; exit 100'
deliver - x
is "much output: cut, the program is not killed" "$EXIT $(printf '%s' "$OUT" | tr -d '?' | wc -c)" "100 0"
dq .qmail-default '|sleep 10 & echo started'
begin=$(date +%s)
deliver - x
is "a child that is left behind with the pipe is not waited for" "$EXIT $OUT" "0 started
did 0+0+1"
ok "nor its time" [ $(($(date +%s) - begin)) -lt 8 ]

# ---- the program itself
EXIT=0; $AS "$RBIN/qmta" qmail-local joe "$HOME" joe '' '' h s 2>/dev/null <"$MSG" || EXIT=$?
is "too few arguments: 100" "$EXIT" 100
EXIT=0; $AS "$RBIN/qmta" qmail-local joe home joe '' '' h s ./x 2>/dev/null <"$MSG" || EXIT=$?
is "a home that is not absolute: 100" "$EXIT" 100
EXIT=0; $AS "$RBIN/qmta" qmail-local joe "$HOME" joe '' '' h s '|true' '' 2>/dev/null >&2 <"$MSG" || EXIT=$?
is "a ninth argument is IndiMail's" "$EXIT" 0
EXIT=0; OUT=$(echo x | $AS "$RBIN/qmta" qmail-local joe "$HOME" joe '' '' h s ./x) || EXIT=$?
is "a pipe for a message: 111" "$EXIT" 111
if [ "$(id -u)" = 0 ]; then
	EXIT=0; OUT=$("$BIN/qmta" qmail-local joe "$HOME" joe '' '' h s '|id' <"$MSG") || EXIT=$?
	is "(74) as root: later, and nothing is run" "$EXIT $OUT" \
		"111 Not allowed to perform deliveries as root. (#4.3.0)"
else
	skip "(74) as root" "needs root"
fi
done_testing
