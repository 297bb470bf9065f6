#!/bin/sh
# mail.py itself, which judges all the others: mail with nothing wrong, and then each
# fault by itself.
# shellcheck disable=SC1091
. "$(dirname "$0")/../lib/tap.sh"
D=$TMP/in
mkdir -p "$D" "$TMP/home/Maildir/new"
HEAD='From: a@x.y\nDate: 21 Nov 2026 06:17:53 -0000\nMessage-ID: <1@x.y>\n'
ENV='MAIL FROM:<a@x.y>\nRCPT TO:<b@x.y>\nRCPT TO:<c@x.y>\n\n'
judge() { python3 "$TOP/tests/peer/mail.py" "$D" "$TMP/home" "$@" 2>&1; }
# smtp HEADER-AND-BODY: CRLF for each LF; the rest as judge
smtp() {
	# shellcheck disable=SC2059
	printf "$ENV$(printf '%s' "$1" | sed 's/\\n/\\r\\n/g')" >"$D/0001"
	shift
	judge --to 'b@x.y c@x.y' "$@"
}
printf 'one\n.\n' >"$TMP/body"
is "nothing wrong" "$(smtp "${HEAD}To: b@x.y\n\none\n.\n" --from a@x.y --mails 1 --body "$TMP/body" \
	--text "$TMP/body" --has '^one$' --not two)" ""
fault() { # NAME MESSAGE PATTERN [CHECK...]
	f_name=$1 f_text=$2 f_want=$3
	shift 3
	like "$f_name" "$(smtp "$f_text" "$@")" "$f_want"
}
fault "no From" 'Date: 1 Jan 2026 00:00:00 -0000\nMessage-ID: <1@x.y>\nTo: b@x.y\n\n' '0 From fields'
fault "no Date" 'From: a@x.y\nMessage-ID: <1@x.y>\nTo: b@x.y\n\n' '0 Date fields'
fault "two of them" "${HEAD}Message-ID: <2@x.y>\nTo: b@x.y\n\n" '2 Message-ID fields'
fault "no To, no Cc" "$HEAD\n" 'neither To nor Cc'
fault "Bcc" "${HEAD}To: b@x.y\nBcc: c@x.y\n\n" 'Bcc is there'
fault "a bare name" "${HEAD}To: b@x.y, Bob <bob>\n\n" 'incomplete address: bob'
fault "another body" "${HEAD}To: b@x.y\n\none\n" 'body: 4 bytes instead of 6' --body "$TMP/body"
fault "another text" "${HEAD}To: b@x.y\n\none\n..\n" 'text: 7 bytes' --text "$TMP/body"
fault "another sender" "${HEAD}To: b@x.y\n\n" 'the sender is <a@x.y>, not <>' --from ''
fault "what is to be there" "${HEAD}To: b@x.y\n\none\n" 'nothing matches two' --has two
fault "what is not to be there" "${HEAD}To: b@x.y\n\none\n" 'there is one' --not one
fault "more messages" "${HEAD}To: b@x.y\n\none\n" '1 messages, not 2' --mails 2
# shellcheck disable=SC2059
printf "$ENV${HEAD}To: b@x.y\n\n" >"$D/0001"
like "LF alone" "$(judge --to 'b@x.y c@x.y')" 'CR or LF alone'
like "somebody without a copy" "$(judge --to 'b@x.y c@x.y d@x.y')" '^it came to: b@x.y c@x.y; not to: b@x.y c@x.y d@x.y$'
like "two copies" "$(judge --to 'b@x.y c@x.y c@x.y')" '^it came to:'
rm "$D/0001"
like "nothing came" "$(judge --to b@x.y)" '^it came to: ; not to'

# ---- by QMQP and in a Maildir
net() { printf '%s:%s,' "${#1}" "$1"; }
# shellcheck disable=SC2059
m=$(printf "${HEAD}To: b@x.y\n\none\n.\n.")
m=${m%.}
net "$(net "$m")$(net a@x.y)$(net b@x.y)$(net c@x.y)" >"$D/0001"
is "a request" "$(judge --to 'b@x.y c@x.y' --from a@x.y --mails 1 --body "$TMP/body")" ""
mv "$D/0001" "$D/0001.part"
head -c 100 "$D/0001.part" >"$D/0002"
like "a part of one" "$(judge --to b@x.y)" 'cannot be read'
rm "$D"/*
printf 'Return-Path: <a@x.y>\nDelivered-To: b@x.y\n%s' "$m" >"$TMP/home/Maildir/new/1"
is "a file in a Maildir" "$(judge --to b@x.y --from a@x.y --body "$TMP/body")" ""
printf '%s' "$m" >"$TMP/home/Maildir/new/1"
like "one without an envelope" "$(judge --to b@x.y)" 'no Return-Path'
done_testing
