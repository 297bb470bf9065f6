#!/bin/sh
# make size: the gate holds, the gate can fail, and docs/SIZES.md names the
# limits that are in force.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/tree.sh"
# As flags.t builds the other boards. Those of an earlier run may be whole already.
rm -rf "$O/size/client" "$O/size/diskless"
# In short, the lines of four applets.
some=''
[ -z "${QMTA_SHORT:-}" ] || some='FNS=showctl_main send_main sendmail_main setup_main'
got=$(cd "$TOP" && BOARD_CFLAGS=-Werror $MAKE -s --no-print-directory size O="$O" ${some:+"$some"} 2>&1)
code=$?
[ $code -eq 0 ] || printf '%s\n' "$got" | tap_show
is 'make size' $code 0
like 'a line for each program' "$got" '^qmail-queue +[0-9]+$'
like 'a line for each applet' "$got" '^qmta-send +[0-9]+ +[0-9]+$'
like 'a line for each folder' "$got" '^src/queue +[0-9]+ '
like 'a line for each subject' "$got" '^flood limits +[0-9]+$'
is 'each subject has files that are there' "$(printf '%s\n' "$got" | grep ' 0$' |
	grep -v '^src\|^lib\|^mbedtls')" ""
limit_of() { # FILE [BOARD]
	awk -v f="$1" -v b="${2:-}" '$1 == f && $2 == "x86_64" && $3 == "client" && $5 == b { print $4 }' \
		"$TOP/tests/size.limits"
}
for f in qmta qmail-queue; do
	limit=$(limit_of $f)
	like "$f: there is a limit" "$limit" '^[0-9]+$'
	like "$f: docs/SIZES.md names it" "$(cat "$TOP/docs/SIZES.md")" \
		"\| *$f *\|.*\| *$limit *\|"
	case $(uname -m) in
	x86_64)
		n=$(wc -c <"$O/$f")
		ok "$f: $n bytes are less than $limit" test "$n" -lt "$limit" ;;
	*) skip "$f: the limit" "this is not x86_64" ;;
	esac
done
# The programs of two boards have gates as well; they are built with warnings as errors.
for b in client:320000 diskless:59000; do
	limit=${b#*:} b=${b%:*}
	like "board $b, warnings are errors" "$(cat "$O/size/$b/obj/flags")" ' -Werror '
	like "board $b runs" "$("$O/size/$b/bin/sendmail" --version)" '^qmta '
	is "$b: the limit" "$(limit_of qmta "$b")" "$limit"
	like "$b: docs/SIZES.md names it" "$(cat "$TOP/docs/SIZES.md")" \
		"\| *qmta, .*$b.*\|.*\| *$limit *\|"
	case $(uname -m) in
	x86_64) like "$b: it was built and is below" "$got" \
		"^gate: qmta of $b has [0-9]+ bytes, limit $limit: ok$" ;;
	*) skip "$b: the limit" "this is not x86_64" ;;
	esac
done
done_testing
