#!/bin/sh
# make install into DESTDIR, with a umask that must not matter.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/tree.sh"
T=$TMP/tree D=$TMP/dest
tree "$T"
umask 077
ok 'make install' build "$T" CFG_TLS=0 install DESTDIR="$D"
mode() { stat -c %a "$D$1"; }
is 'qmta: mode' "$(mode /usr/sbin/qmta)" 755
is 'qmail-queue: no set-id bit' "$(mode /usr/sbin/qmail-queue)" 755
is 'directories: mode' "$(mode /usr/sbin)$(mode /usr/bin)$(mode /usr/lib)" 755755755
ok 'the same bytes as built' cmp "$D/usr/sbin/qmta" "$T/build/qmta"
is 'DESTDIR is not compiled in' "$(grep -cF "$D" "$D/usr/sbin/qmta")" 0
for a in $(sed -n 's/^APPLET."\([^"]*\)".*/\1/p' "$TOP/src/applets.def"); do
	case $a in mailq | newaliases | qmail-inject | elq | maildir* | pinq | preline | qail | \
		qmaildir*) d=/usr/bin ;; *) d=/usr/sbin ;; esac
	if [ $a = qmail-queue ]; then
		ok "$a is a program" test -f "$D$d/$a" -a ! -L "$D$d/$a"
		continue
	fi
	to=$(readlink "$D$d/$a")
	case $to in /*) ;; *) to=$d/$to ;; esac
	is "$d/$a leads to the program" "$to" /usr/sbin/qmta
done
is '/usr/lib/sendmail' "$(readlink "$D/usr/lib/sendmail")" /usr/sbin/sendmail
for p in "$TOP"/docs/man/*.[1578]; do
	is "page $(basename "$p")" \
		"$(mode "/usr/share/man/man${p##*.}/$(basename "$p")")" 644
done
if [ "$(id -u)" -eq 0 ]; then
	ok 'SETUID=1' build "$T" CFG_TLS=0 install DESTDIR="$TMP/d3" SETUID=1 \
		QMAILQ=nobody QMAIL_GROUP="$(id -gn nobody)"
	is 'SETUID=1: mode and owner' \
		"$(stat -c '%a %U' "$TMP/d3/usr/sbin/qmail-queue")" '4711 nobody'
else
	skip 'SETUID=1' 'only root can give files away'
fi
ok 'a second time over the first' build "$T" CFG_TLS=0 install DESTDIR="$D"
ok 'another prefix' build "$T" CFG_TLS=0 install DESTDIR="$TMP/d2" PREFIX=/opt/q
ok 'goes there' test -x "$TMP/d2/opt/q/sbin/qmta" -a ! -e "$TMP/d2/usr"
done_testing
