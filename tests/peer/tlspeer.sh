# tlspeer.sh: what the tests of TLS and logins with real servers share; source it after
# peer.sh.
#   USER_ PASSWORD       who may log in
#   CERTS                tlsca.sh's directory, and ROOTS its roots
#   remote ROUTE         a message by qmail-remote, with this value in smtproutes: what it
#                        reports, a line each
#   flush N ROUTE        N messages by one qmta-send: its exit and how they went
# shellcheck shell=sh disable=SC2034,SC2154,SC2086
. "$TOP/tests/lib/tlsca.sh"
. "$TOP/tests/lib/table.sh"
USER_=kim PASSWORD='s3cr%25t+w/rd' ; SECRET='s3cr%t+w/rd'
tls_roots
ROOTS=$(tls_bundle)
VERIFY=TLS=verify,CAFILE=$ROOTS,TLSNAME=mail.example.net
case $(qmta --version 2>/dev/null) in
*"Mbed TLS"*) ;;
*) skip_all "TLS is not built in" ;;
esac

{
	printf 'From: kim@a.example\nTo: ann@b.example\nDate: Mon, 02 Jan 2023 03:04:05 +0000\n'
	printf 'Message-ID: <one@a.example>\nSubject: a secret way\n\n'
	cat "$TMP/plain"
	i=0
	while [ $i -lt 400 ]; do
		i=$((i + 1))
		echo "$i: so long that it is more than one record of TLS, which ends at 16384 bytes"
	done
} >"$TMP/letter"
chmod 644 "$TMP/letter"

remote() {
	behind smtp
	echo ":$1" >$CONTROL/smtproutes
	chmod 600 $CONTROL/smtproutes
	echo 10 >$CONTROL/timeoutremote
	as root timeout 60 qmail-remote b.example kim@a.example ann@b.example <"$TMP/letter" 2>&1 |
		tr '\n\0' ' \n'
}

flush() {
	behind smtp
	echo ":$2" >$CONTROL/smtproutes
	chmod 640 $CONTROL/smtproutes
	chgrp qmailr $CONTROL/smtproutes
	i=0
	while [ $i -lt "$1" ]; do
		i=$((i + 1))
		as ann sendmail -f kim@a.example "to$i@b.example" <"$TMP/letter"
	done
	flush_x=0
	as root timeout 120 qmta-send 2>"$TMP/send.log" </dev/null || flush_x=$?
	echo "$flush_x $(sed -n 's/^delivery [0-9]*: \([a-z]*\):.*/\1/p' "$TMP/send.log" | sort | uniq -c |
		tr -s ' \n' ' ')"
}
