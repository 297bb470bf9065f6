#!/bin/sh
# shellcheck disable=SC1091
# maildir-tools.t: maildirmake, maildir2mbox, qail and its kin, maildirwatch, preline.
. "$(dirname "$0")/../lib/tap.sh"
HOME=$TMP/home CONTROLDIR=$TMP
export HOME CONTROLDIR LC_ALL=C
unset MAIL MAILDIR MAILTMP UFLINE RPLINE DTLINE
mkdir "$HOME"
cd "$HOME" || exit 1
exit_of() { code=0; "$@" >"$TMP/out" 2>&1 || code=$?; echo $code; }
files() { find "$1" -type f | wc -l | tr -d ' '; }

# ---- maildirmake ----
is "maildirmake" "$(exit_of "$BIN/maildirmake" Maildir)" 0
is "three directories" "$(find Maildir -type d | sort | tr '\n' ' ')" \
	"Maildir Maildir/cur Maildir/new Maildir/tmp "
is "all 0700" "$(find Maildir -type d ! -perm 700)" ""
is "once more changes nothing" "$(exit_of "$BIN/qmaildirmake" Maildir)" 0
rmdir Maildir/new
is "what is missing is made" "$(exit_of "$BIN/maildirmake" Maildir; ls Maildir | tr '\n' ' ')" \
	"0
cur new tmp "
is "elsewhere, and two at once" \
	"$(exit_of "$BIN/maildirmake" "$TMP/a/" "$TMP/b"; find "$TMP/a/new" "$TMP/b/new" | wc -l | tr -d ' ')" "0
2"
is "nothing else is left" "$(ls -A "$HOME")" Maildir
is "no argument: 100" "$(exit_of "$BIN/maildirmake")" 100
: >file
is "a file of that name: 111" "$(exit_of "$BIN/maildirmake" file)" 111
like "and says why" "$(cat "$TMP/out")" 'Maildir file: Not a directory'
is "no directory above: 111" "$(exit_of "$BIN/maildirmake" none/Maildir)" 111
rm file

# ---- maildir2mbox ----
mail() { # NAME TIME TEXT
	printf '%b' "$3" >"Maildir/$1"
	touch -d "@$2" "Maildir/$1"
}
fill() {
	mail new/3.b 1699056000 'Return-Path: <kim@a.example>\nSubject: three\n\nFrom x\n'
	mail cur/1.a:2,S 1600000000 'Subject: one\n\n>From x\nlast'
	mail new/2.c 1650000000 'Return-Path: <"a b"@c.example>\nSubject: two\n\nend\n'
}
fill
printf 'From old\nSubject: old\n\nno end' >Mailbox
chmod 640 Mailbox
: >Maildir/tmp/young
: >Maildir/tmp/old
touch -d '3 days ago' Maildir/tmp/old
is "maildir2mbox without MAIL: 111" "$(exit_of "$BIN/maildir2mbox")" 111
like "and says so" "$(cat "$TMP/out")" 'set MAIL to'
export MAIL="$HOME/Mailbox" MAILTMP="$HOME/mbox.tmp"
is "maildir2mbox" "$(exit_of "$BIN/maildir2mbox")" 0
is "all is in the mailbox, the oldest first" "$(cat Mailbox)" "$(cat <<'M'
From old
Subject: old

no end

From MAILER-DAEMON Sun Sep 13 12:26:40 2020
Subject: one

>>From x
last

From "a-b"@c.example Fri Apr 15 05:20:00 2022
Return-Path: <"a b"@c.example>
Subject: two

end

From kim@a.example Sat Nov 04 00:00:00 2023
Return-Path: <kim@a.example>
Subject: three

>From x

M
)"
is "the Maildir is empty" "$(files Maildir/new) $(files Maildir/cur)" "0 0"
is "what is old in tmp is gone, what is young is not" "$(ls Maildir/tmp)" young
# shellcheck disable=SC2012 # one known name
is "the mailbox keeps its rights" "$(ls -l Mailbox | cut -c 1-10)" "-rw-r-----"
is "no file is left" "$(ls "$HOME" | tr '\n' ' ')" "Mailbox Maildir "
cp Mailbox before
is "nothing new: nothing is done" "$(exit_of "$BIN/maildir2mbox")" 0
ok "the mailbox is the same" cmp Mailbox before
rm before Maildir/tmp/young

# Faults leave all as it was.
fill
cp Mailbox "$TMP/before"
same() { cmp "$MAIL" "$TMP/before" && [ "$(files Maildir)" = 3 ] && [ ! -e "$MAILTMP" ]; }
chmod 0 Maildir/new/3.b
if [ "$(id -u)" != 0 ]; then
	is "a message that cannot be read: 111" "$(exit_of "$BIN/maildir2mbox")" 111
	ok "all is as it was, first" same
else
	skip "a message that cannot be read" "root reads it"
fi
chmod 600 Maildir/new/3.b
is "MAILTMP is the mailbox: 111" "$(MAILTMP=$MAIL exit_of "$BIN/maildir2mbox")" 111
ok "it is not emptied" same
ln Mailbox hard
is "nor under another name" "$(MAILTMP=$HOME/hard exit_of "$BIN/maildir2mbox")" 111
ok "all is as it was" same
rm hard
if [ "$(id -u)" = 0 ]; then
	: >"$HOME/theirs"; chown 12345 "$HOME/theirs"
	is "MAILTMP is another's: 111" "$(MAILTMP=$HOME/theirs exit_of "$BIN/maildir2mbox")" 111
	is "who gets nothing" "$(stat -c %u,%s "$HOME/theirs")" 12345,0
	rm "$HOME/theirs"
else
	skip "MAILTMP is another's" "not root"
fi
is "MAILTMP cannot be made: 111" "$(MAILTMP=$HOME/none/x exit_of "$BIN/maildir2mbox")" 111
ok "all is as it was, again" same
ln -s Mailbox link
is "MAIL is a link: 111" "$(MAIL=$HOME/link exit_of "$BIN/maildir2mbox")" 111
like "and says what to do" "$(cat "$TMP/out")" 'link: set MAIL to the file'
rm link
if [ -d /dev/shm ] && [ -w /dev/shm ] &&
	[ "$(stat -c %d /dev/shm)" != "$(stat -c %d "$HOME")" ]; then
	is "MAILTMP elsewhere: 111" \
		"$(MAILTMP=/dev/shm/qmta-$$ exit_of "$BIN/maildir2mbox")" 111
	rm -f "/dev/shm/qmta-$$"
	like "and says what to do" "$(cat "$TMP/out")" 'are they on one file system'
	ok "all is as it was, once more" same
else
	skip "MAILTMP elsewhere" "no second file system"
fi
sh -c 'echo $$ >Mailbox.lock; exec sleep 60' &
holder=$!
i=0
until [ -s Mailbox.lock ] || [ $i -gt 100 ]; do sleep 0.05; i=$((i + 1)); done
echo 0 >"$TMP/mono"
(sleep 1; echo 40000 >"$TMP/mono") &
is "the mailbox is locked: 111" \
	"$(QMTA_FAKE_MONO=$TMP/mono exit_of "$TESTBIN/maildir2mbox")" 111
kill $holder
wait
like "and says so" "$(cat "$TMP/out")" 'Unable to lock mailbox'
ok "all is as it was, at last" same
rm Mailbox.lock

# ---- qail, elq, pinq ----
mkdir bin
for a in mail elm pine; do
	printf '#!/bin/sh\necho "%s $* $(grep -c ^From "$MAIL")"\n' $a >bin/$a
done
chmod 755 bin/*
is "qail converts, and becomes mail" "$(PATH=$HOME/bin:$PATH "$BIN/qail" -n x)" "mail -n x 7"
is "the Maildir is empty, again" "$(files Maildir)" 0
is "elq" "$(PATH=$HOME/bin:$PATH "$BIN/elq")" "elm  7"
is "pinq" "$(PATH=$HOME/bin:$PATH "$BIN/pinq" -f)" "pine -f 7"
is "no such program: 111" "$(PATH=/nowhere exit_of "$BIN/pinq")" 111
like "and names it" "$(cat "$TMP/out")" 'unable to run pine'
is "the mail is not converted: it is not run" \
	"$(MAIL='' PATH=$HOME/bin:$PATH exit_of "$BIN/qail") $(grep -c '^mail' "$TMP/out")" "111 0"

# ---- maildirwatch ----
mail new/5.x 1699056000 'From: ann\033[2J@a.example\nSubject: hello\n\nFrom: body\n'
"$BIN/maildirwatch" >"$TMP/screen" 2>&1 &
watch=$!
i=0
until [ -s "$TMP/screen" ] || [ $i -gt 100 ]; do sleep 0.05; i=$((i + 1)); done
kill $watch
wait $watch 2>/dev/null
like "maildirwatch shows what is new" "$(cat "$TMP/screen")" '^ann\?\[2J@a.example +hello'
like "and how much" "$(cat "$TMP/screen")" '1 new$'
is "it goes when nobody looks" "$(exit_of sh -c '"$1" >/dev/full' sh "$BIN/qmaildirwatch")" 111
is "no Maildir: 111" "$(MAILDIR=/none exit_of "$BIN/maildirwatch")" 111

# ---- preline ----
export UFLINE='From a
' RPLINE='Return-Path: <a>
' DTLINE='Delivered-To: b
'
is "preline" "$(echo body | "$BIN/preline" cat | tr '\n' '|')" \
	"From a|Return-Path: <a>|Delivered-To: b|body|"
is "preline -fd" "$(echo body | "$BIN/preline" -fd cat | tr '\n' '|')" "Return-Path: <a>|body|"
is "preline -frdR" "$(echo body | "$BIN/preline" -frdR cat | tr '\n' '|')" \
	"Return-Path: <a>|body|"
is "its exit number is the command's" "$(exit_of "$BIN/preline" sh -c 'cat; exit 99' </dev/null)" 99
is "arguments" "$(echo x | "$BIN/preline" -frd grep -c x)" 1
is "a command that reads nothing" \
	"$(head -c 200000 /dev/zero | "$BIN/preline" true >"$TMP/out" 2>&1; echo $?)" 0
is "no command: 100" "$(exit_of "$BIN/preline" -f)" 100
is "no such option: 100" "$(exit_of "$BIN/preline" -x cat)" 100
is "no such command: 111" "$(exit_of "$BIN/preline" /none </dev/null)" 111
unset DTLINE
is "not called by qmail-local: 100" "$(exit_of "$BIN/preline" cat </dev/null)" 100
is "what is not wanted need not be there" "$(exit_of "$BIN/preline" -d cat </dev/null)" 0
done_testing
