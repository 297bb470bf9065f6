#!/bin/sh
# Flags, options and boards: the user's never break the build, a change is seen,
# and what cannot be is said. A build takes ten seconds of a processor, and half of that
# without TLS; after an option alone has changed, a third.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/tree.sh"
T=$TMP/tree
tree "$T"
ok 'no flags' build "$T" CFG_TLS=0
before=$(sha256sum <"$T/build/qmta")
ok 'the flags of a distribution' build "$T" CC=gcc AR=ar \
	CFLAGS='-O2 -g -fstack-protector-strong -Wformat -Werror=format-security -fPIE' \
	CPPFLAGS='-Wdate-time -D_FORTIFY_SOURCE=2' \
	LDFLAGS='-static -pie -Wl,-z,relro -Wl,-z,now'
like 'and the program runs' "$("$T/build/bin/sendmail" --version)" '^qmta '
is 'and is not position independent all the same' \
	"$(readelf -hW "$T/build/qmta" | grep -c 'Type: *EXEC')" 1
ok 'without them' build "$T" CFG_TLS=0
is 'the program is that of the first build' "$(sha256sum <"$T/build/qmta")" "$before"
whole=$(wc -c <"$T/build/qmta")
touch "$TMP/stamp"
ok 'once more' build "$T" CFG_TLS=0
is 'and nothing is built' "$(find "$T/build" -newer "$TMP/stamp" -name '*.o')" ''
ok 'SOURCE_DATE_EPOCH' env SOURCE_DATE_EPOCH=1800000000 \
	$MAKE -s --no-print-directory -C "$T" DEPS="$DEPS" O=build CFG_TLS=0 bins
like 'is compiled in' "$(cat "$T/build/config.h")" '^#define BUILD_DATE 1800000000$'
ok 'paths' build "$T" CFG_TLS=0 PREFIX=/opt/mail CONTROL_DIR=/flash/qmta USERS_DIR=/flash/users
like 'PREFIX' "$(cat "$T/build/config.h")" '^#define SBIN_DIR "/opt/mail/sbin"$'
ok 'the control directory is in the program' grep -q /flash/qmta "$T/build/qmta"
ok 'and that of users/cdb' grep -q /flash/users "$T/build/qmta"

ok 'no runner' build "$T" CFG_TLS=0 CFG_SEND=0
got=$("$T/build/qmta" qmta-send 2>&1)
is 'no runner: exit code' $? 100
like 'no runner: message' "$got" '^qmta-send: not built in'
ok 'no runner: no link' test ! -e "$T/build/bin/qmta-send"
ok 'no runner: smaller' test \
	"$(wc -c <"$T/build/qmta")" -lt "$whole"
ok 'no SMTP server' build "$T" CFG_TLS=0 CFG_BS=0
got=$("$T/build/bin/sendmail" -bs </dev/null 2>&1)
is 'no SMTP server: exit code of -bs' $? 69
is 'no SMTP server: message' "$got" 'sendmail: an SMTP server (-bs) is not built in; use -t or arguments'
ok 'no SMTP server: smaller' test "$(wc -c <"$T/build/qmta")" -lt "$whole"
ok 'TLS can be switched on' build "$T" CFG_TLS=1
like 'and is named' "$("$T/build/bin/sendmail" --version)" 'TLS: Mbed TLS 3\.6\.'
ok 'and the queue program has none' sh -c \
	"'$T/build/qmail-queue' --version | grep -q 'TLS: none'"

for bad in CFG_SEND=2 CFG_SMTPD=2 CFG_LOCAL=yes CFG_SEND= STATIC=x 'CFG_TLS=0 1'; do
	got=$(build "$T" "$bad" 2>&1)
	is "$bad: refused" $? 2
	like "$bad: says why" "$got" "${bad%%=*} must be 0 or 1"
done
got=$(build "$T" CFG_SEND=0 CFG_LOCAL=1 2>&1)
is 'local without send: refused' $? 2
like 'local without send: says why' "$got" 'CFG_LOCAL=1 needs CFG_SEND=1'
got=$(build "$T" CFG_TLS=0 CFG_DKIM=1 2>&1)
is 'DKIM without TLS: refused' $? 2
like 'DKIM without TLS: says why' "$got" 'CFG_DKIM=1 needs CFG_TLS=1'
got=$(build "$T" CFG_TLS=0 CFG_DANE=1 2>&1)
like 'DANE without TLS: says why' "$got" 'CFG_DANE=1.* need CFG_TLS=1'
got=$(build "$T" CFG_DKIM=0 CFG_DKIMKEY=1 2>&1)
like 'keys for DKIM without it: says why' "$got" 'CFG_DKIMKEY=1 needs CFG_DKIM=1'
got=$(build "$T" BOARD=toaster 2>&1)
is 'an unknown board: refused' $? 2
like 'an unknown board: says what there is' "$got" 'router'

# Two more boards have a gate for their size, and are built in size.t.
for b in "$TOP"/board/*.mk; do
	b=$(basename "$b" .mk)
	! grep -q " $b\$" "$TOP/tests/size.limits" || continue
	case ${QMTA_SHORT:-}:$b in
	:* | 1:server) ;;
	*) skip "board $b" "in the long form, make check T=tests/build/flags.t"; continue ;;
	esac
	ok "board $b, warnings are errors" build "$T" BOARD="$b" CFLAGS=-Werror
	like "board $b runs" "$("$T/build/bin/sendmail" --version)" '^qmta '
done
done_testing
