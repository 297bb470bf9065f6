#!/bin/sh
# Programs that people write mail with: bsd-mailx, GNU mailutils, s-nail, mutt.
# shellcheck disable=SC1091,SC2317
. "$(dirname "$0")/peer.sh"
A=ann@$HERE B=bob@$HERE K=kim@example.net
# What was written is in that file.
kept() { # FILE
	wait_for test -s "$1" && grep -q 'the last line' "$1"
}

mailx() { as ann bsd-mailx -s test -c bob -b $K ann <"$TMP/hard"; }
mailx_fails() { ! mailx >"$TMP/out" 2>&1 && kept /home/ann/dead.letter; }
mailx_from() { as ann bsd-mailx -s "a test" -r bob@example.net -a 'X-A: b' ann bob <"$TMP/plain"; }
mailx_none() { as ann bsd-mailx -t <"$TMP/none"; }
if need "bsd-mailx" bsd-mailx; then
	row "bsd-mailx, Cc and Bcc" mailx --to "$A $B $K" --from $A --mails 1 \
		--body "$TMP/hard" --not kim@
	row "bsd-mailx -r" mailx_from --to "$A $B" --from bob@example.net --mails 1 \
		--body "$TMP/plain" --has '^X-A: b$' --has '^From: .*bob@example.net'
fi

gnu() { as ann mail.mailutils -E 'unset dot' -s test -a 'X-A: b' -a "Cc: bob" -a "Bcc: $K" ann <"$TMP/hard"; }
gnu_fails() { ! gnu >"$TMP/out" 2>&1 && kept /home/ann/dead.letter; }
gnu_from() { as ann mail.mailutils -E 'unset dot' -s test -r bob@example.net ann bob <"$TMP/plain"; }
gnu_file() { as ann mail.mailutils -E 'unset dot' -s test -A "$TMP/hard" ann <"$TMP/plain"; }
if need "GNU mailutils" mail.mailutils; then
	row "GNU mail, Cc and Bcc" gnu --to "$A $B $K" --mails 1 \
		--text "$TMP/hard" --not kim@ --has '^X-A: b$'
	row "GNU mail -r" gnu_from --to "$A $B" --from bob@example.net --mails 1 --body "$TMP/plain"
	row "GNU mail, with a file" gnu_file --to "$A" --mails 1 --has '^Content-Type: multipart/mixed'
fi

snail() { as ann s-nail -s test -c bob -b $K ann <"$TMP/hard"; }
snail_fails() {
	snail >"$TMP/out" 2>&1
	[ $? = 4 ] && kept /home/ann/dead.letter
}
snail_from() { as ann s-nail -s test -r bob@example.net ann bob <"$TMP/plain"; }
if need "s-nail" s-nail; then
	row "s-nail, Cc and Bcc" snail --to "$A $B $K" --from $A --mails 1 \
		--text "$TMP/hard" --not kim@
	row "s-nail -r" snail_from --to "$A $B" --from bob@example.net --mails 1 --body "$TMP/plain"
fi

mutt() { as ann mutt -n -e 'set copy=no send_charset=utf-8' -s test -c bob -b $K ann <"$TMP/hard"; }
mutt_fails() {
	mutt >"$TMP/out" 2>&1
	[ $? = 1 ] && grep -q 'Error sending message.*(Deferred.)' "$TMP/out"
}
mutt_dsn() {
	as ann mutt -n -e 'set copy=no; set use_envelope_from=yes; set from=bob@example.net' \
		-e 'set dsn_notify=success,failure; set dsn_return=hdrs' -s test ann bob <"$TMP/plain"
}
if need mutt /usr/bin/mutt; then
	row "mutt, Cc and Bcc" mutt --to "$A $B $K" --from $A --mails 1 \
		--text "$TMP/hard" --not kim@
	row "mutt -f -N -R" mutt_dsn --to "$A $B" --from bob@example.net --mails 1 --body "$TMP/plain"
fi
done_testing
