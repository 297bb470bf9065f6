#!/bin/sh
# A message is made to fit the server that takes it: 8-bit bodies for one without
# 8BITMIME, lines over 998 bytes for all. Messages of all kinds are read back by
# Python's email package: the same parts, fields and contents.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/runner.sh
. "$TOP/tests/lib/runner.sh"
CONTROLDIR=$TMP/control
export CONTROLDIR
mkdir "$CONTROLDIR" "$TMP/sink"
echo me.example.net >"$CONTROLDIR/me"
trap 'sink_stop; rm -rf "$TMP"' EXIT

# sink [OPTION...]: a fresh server
sink() {
	sink_stop
	sink_start --lf "$@"
}
# remote: the message on standard input
remote() {
	cat >"$TMP/msg"
	"$BIN/qmail-remote" h s@example.net a@example.net <"$TMP/msg" | tr '\0\n' '|/'
	echo
}
last() { sed '1,/^$/d' "$MAILS/$(ls "$MAILS" | tail -1)"; }
mail_line() { head -1 "$MAILS/$(ls "$MAILS" | tail -1)"; }
log() { grep -c -e "$1" "$SINKLOG"; }

# --- many ---
count=300
[ -z "${QMTA_SHORT:-}" ] || count=100
for mode in 7 8; do
	[ $mode = 7 ] && set -- --no-8bitmime || set --
	for seed in 1 2; do
		rm -rf "$TMP/in"
		mkdir "$TMP/in"
		sink "$@"
		python3 "$TOP/tests/lib/refit.py" make "$TMP/in" $count $seed
		for f in "$TMP"/in/*; do
			"$BIN/qmail-remote" h s@x a@x <"$f" | tr '\0\n' '|/' | grep -v '^r|K'
		done >"$TMP/refused"
		is "$count messages, mode $mode, seed $seed" "$(cat "$TMP/refused")" ''
		python3 "$TOP/tests/lib/refit.py" check "$TMP/in" "$MAILS" $mode >"$TMP/result"
		like '  are right' "$(cat "$TMP/result")" "^$count right, [1-9][0-9]* changed"
		is '  all of them, and nothing else was wrong' \
			"$(wc -l <"$TMP/result" | tr -d ' ') $(log BARE) $(log LONG) $(log PARAM)" '1 0 0 0'
	done
done

# --- a server without 8BITMIME ---
sink --no-8bitmime
text=$(printf 'Gr\303\274\303\237e')
like 'plain text' "$(printf 'Subject: x\n\n%s\n' "$text" | remote)" '^r\|K'
is '  is quoted-printable, and its fields say so' "$(last)" 'Subject: x
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe'
is '  with nothing said of its size' "$(mail_line)" 'MAIL FROM:<s@example.net>'
printf 'Subject: x\n\nGr\374\n' | remote >/dev/null
like 'text that is not UTF-8' "$(last)" 'charset=unknown-8bit'
printf 'Subject: x\ncontent-TRANSFER-encoding: 8bit\nMIME-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-1\n\nGr\374 \nend' | remote >/dev/null
is 'fields that are there stay, but for one' "$(last)" 'Subject: x
MIME-Version: 1.0
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=20
end'
printf 'Subject: x\n\n7 bits\n' | remote >/dev/null
is 'a text that needs nothing' "$(mail_line)/$(last)" 'MAIL FROM:<s@example.net> SIZE=19/Subject: x

7 bits'
{
	printf 'Subject: x\nContent-Type: multipart/signed; micalg=x;\n\tboundary=b\n\n--b\n'
	printf 'Content-Type: text/plain\n\n%s\n--b--\n' "$text"
} | remote >/dev/null
is 'signed text is not touched' "$(last)" "$(cat "$TMP/msg")"
{
	printf 'Content-Type: multipart/mixed; boundary=b\n\n--b\n\n%s\n--b\n' "$text"
	printf 'Content-Type: message/delivery-status\n\n%s\n--b--\n' "$text"
} | remote >/dev/null
is 'nor is the rest, as the whole stays 8-bit' "$(last)" "$(cat "$TMP/msg")"
printf 'Content-Type: multipart/mixed; boundary=%0200d\n\n--%0200d\n\n%s\n' 0 0 "$text" | remote >/dev/null
is 'nor what is not understood' "$(last)" "$(cat "$TMP/msg")"
is 'a pipe is sent as it is' "$(printf 'Subject: p\n\n%s\n' "$text" | "$BIN/qmail-remote" h s@x a@x | tr '\0\n' '|/' |
	cut -c1-3) $(last)" "r|K Subject: p

$text"

# --- long lines ---
sink
awk 'BEGIN { printf "Subject: x\nReferences:"; for (i = 0; i < 100; i++) printf " <%d@example.net>", i
	printf "\n\nshort\n" }' | remote >/dev/null
is 'a long field' "$(log LONG) $(last | awk '/^ / { n++ } END { print n }')" '0 1'
is '  is only folded' "$(last | sed -e :a -e '$!N;s/\n / /;ta' -e 'P;D')" "$(cat "$TMP/msg")"
awk 'BEGIN { print "Subject: x\nContent-Type: multipart/signed; boundary=b\n\n--b\n"
	for (i = 0; i < 1200; i++) printf "s"; print "\n--b--" }' | remote >/dev/null
is 'a long line in signed text stays' "$(log LONG)" 1
awk 'BEGIN { print "Subject: x\nContent-Type: text/plain\nContent-Transfer-Encoding: x-odd\n"
	for (i = 0; i < 2500; i++) printf "s"; print "" }' | remote >/dev/null
is 'one in a coding of its own is broken' "$(log LONG) $(last | tail -3 | awk '{ printf "%d ", length($0) }')" \
	'1 998 998 506 '
like '  by a blank' "$(last | tail -1)" '^ ss*$'
awk 'BEGIN { print "Subject: x\n"; for (i = 0; i < 100000; i++) printf "0123456789"; print "" }' | remote >/dev/null
is 'a megabyte in a line' "$(last | sed '1,/^$/d' | tr -d '=\n' | wc -c | tr -d ' ') $(log LONG)" '1000000 1'
is 'nothing was ever wrong on the wire' "$(grep -c -e BARE -e EARLY -e PARAM "$SINKLOG")" 0
done_testing
