#!/bin/sh
# nullclient.t: a machine whose mail must arrive with somebody who reads it, under
# an address that the rest of the world knows: adminaddr, allmailfrom, generic,
# through the injector, through qmail-queue, and at the SMTP server.
# shellcheck disable=SC2059,SC2086,SC2016,SC2119,SC2002 # formats of printf; $AS is words; patterns
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
runner_root
runner=
trap 'sink_stop; [ -z "$runner" ] || kill $runner 2>/dev/null; rm -rf "$TMP"' EXIT
C=$CONTROLDIR
echo mx.example.net >"$C/me"
rm -f "$C/aliases"
: >"$C/aliases"	# not the machine's own; of root, where root runs this

# ---- the injector: what a queue program is given
cat >"$TMP/qq" <<END
#!/bin/sh
cat >"$TMP/msg"; cat <&1 >"$TMP/env"
END
chmod 755 "$TMP/qq"
# env_of FORMAT [OPTION...]: the envelope, NUL as |, or the exit code
env_of() {
	e_text=$1; shift
	rm -f "$TMP/msg" "$TMP/env"
	printf "$e_text" | QMAILQUEUE=$TMP/qq "$BIN/sendmail" "$@" 2>"$TMP/err"
	e_code=$?
	if [ $e_code -eq 0 ]; then tr '\0' '|' <"$TMP/env"; else echo "exit $e_code"; fi
}
is "without the files nothing changes" "$(env_of '\n' -f kim root pi@localhost)" \
	'Fkim@mx.example.net|Troot@mx.example.net|Tpi@mx.example.net||'
echo me@far.example >"$C/adminaddr"
is "adminaddr: a bare name" "$(env_of '\n' -f kim root)" 'Fkim@mx.example.net|Tme@far.example||'
is "adminaddr: localhost, and our own name" \
	"$(env_of '\n' -f kim root@localhost) $(env_of '\n' -f kim Pi@MX.example.net)" \
	'Fkim@mx.example.net|Tme@far.example|| Fkim@mx.example.net|Tme@far.example||'
echo also.example >"$C/locals"
is "adminaddr: a name of locals" "$(env_of '\n' -f kim root@ALSO.example)" 'Fkim@mx.example.net|Tme@far.example||'
rm "$C/locals"
is "adminaddr: one copy for one person; nobody else is touched" \
	"$(env_of '\n' -f kim root kim@else.example pi@localhost admin)" \
	'Fkim@mx.example.net|Tme@far.example|Tkim@else.example||'
is "adminaddr: recipients of the header" "$(env_of 'To: root, Ann <ann@else.example>\nBcc: pi\n\nx\n' -t -f kim)" \
	'Fkim@mx.example.net|Tann@else.example|Tme@far.example||'
is "adminaddr: the header shows whom it was written to" "$(grep '^To:' "$TMP/msg")" \
	'To: root@mx.example.net, Ann <ann@else.example>'
is "adminaddr: the null sender too" "$(env_of '\n' -f '' root)" 'F|Tme@far.example||'
echo else.example >"$C/defaulthost"
is "adminaddr: a bare name is ours, whatever defaulthost adds" "$(env_of '\n' -f kim@h.example root)" \
	'Fkim@h.example|Tme@far.example||'
is "adminaddr: the same as an address of that host is not" "$(env_of '\n' -f kim@h.example root@else.example)" \
	'Fkim@h.example|Troot@else.example||'
is "adminaddr: bare in a header too" "$(env_of 'Cc: "r" <root>\n\n' -t -f kim@h.example)" \
	'Fkim@h.example|Tme@far.example||'
rm "$C/defaulthost"
printf ' one@far.example, two@far.example ,pi\n' >"$C/adminaddr"
is "adminaddr: several; a bare one is a user of ours" "$(env_of '\n' -f kim root)" \
	'Fkim@mx.example.net|Tone@far.example|Ttwo@far.example|Tpi@mx.example.net||'
is "adminaddr: one of them is itself" "$(env_of '\n' -f kim pi)" 'Fkim@mx.example.net|Tpi@mx.example.net||'
printf 'not an address <\n' >"$C/adminaddr"
is "adminaddr: nonsense is an error" "$(env_of '\n' -f kim root)" 'exit 75'
like "which names the file" "$(cat "$TMP/err")" "sendmail: unable to read $C/adminaddr: it is not an address"
ok "and nothing was handed on" test ! -s "$TMP/env"

echo me@far.example >"$C/adminaddr"
printf 'news: kim@else.example, ann@else.example\nops: root\nlist: "|prog"\nboth: x@y.example, /file\n' >"$C/aliases"
is "aliases first: addresses" "$(env_of '\n' -f kim News)" \
	'Fkim@mx.example.net|Tkim@else.example|Tann@else.example||'
is "aliases first: a name of ours is adminaddr" "$(env_of '\n' -f kim ops)" 'Fkim@mx.example.net|Tme@far.example||'
is "aliases first: programs and files are for the local delivery" "$(env_of '\n' -f kim list both)" \
	'Fkim@mx.example.net|Tlist@mx.example.net|Tboth@mx.example.net||'
printf 'team: kim@else.example\nowner-team: kim\n' >>"$C/aliases"
is "so is a list that has an owner" "$(env_of '\n' -f kim team)" 'Fkim@mx.example.net|Tteam@mx.example.net||'
is "an alias is no one else's name" "$(env_of '\n' -f kim news@else.example)" \
	'Fkim@mx.example.net|Tnews@else.example||'
rm "$C/adminaddr"
is "aliases without adminaddr" "$(env_of '\n' -f kim news ops)" \
	'Fkim@mx.example.net|Tkim@else.example|Tann@else.example|Tops@mx.example.net||'
printf 'news: ring\nring: news\n' >"$C/aliases"
is "aliases with a mistake are in nobody's way: the local delivery finds it" "$(env_of '\n' -f kim news)" \
	'Fkim@mx.example.net|Tnews@mx.example.net||'
echo me@far.example >"$C/adminaddr"
is "and adminaddr gets it, where there is one" "$(env_of '\n' -f kim news)" 'Fkim@mx.example.net|Tme@far.example||'
rm "$C/adminaddr"
: >"$C/aliases"

echo ' ' >"$C/allmailfrom"
is "allmailfrom: empty is none" "$(env_of '\n' -f kim x@y.example)" 'Fkim@mx.example.net|Tx@y.example||'
echo box@isp.example >"$C/allmailfrom"
is "allmailfrom: every sender" "$(env_of 'From: Kim <kim>\n\n' -f kim x@y.example)" 'Fbox@isp.example|Tx@y.example||'
is "allmailfrom: the header stays" "$(grep '^From:' "$TMP/msg")" 'From: Kim <kim@mx.example.net>'
is "allmailfrom: the null sender stays" "$(env_of '\n' -f '<>' x@y.example)" 'F|Tx@y.example||'
is "allmailfrom: VERP" "$(printf '\n' | QMAILINJECT=r QMAILQUEUE=$TMP/qq "$BIN/qmail-inject" x@y.example &&
	tr '\0' '|' <"$TMP/env")" 'Fbox@isp.example|Tx@y.example||'
echo 'two words' >"$C/allmailfrom"
is "allmailfrom: nonsense is an error" "$(env_of '\n' -f kim x@y.example)" 'exit 75'
rm "$C/allmailfrom"

# ---- mail that came another way
# direct SENDER RECIPIENT...: by qmail-queue
direct() {
	printf 'F%s\0' "$1" >"$TMP/e"; shift
	printf 'T%s\0' "$@" >>"$TMP/e"; printf '\0' >>"$TMP/e"
	printf 'From: kim@mx.example.net\nTo: root@localhost\nSubject: d\n\nbody\n' >"$TMP/m"
	$AS "$RBIN/qmail-queue" <"$TMP/m" 1<"$TMP/e"
}
envelope() { sed '/^$/q' "$MAILS"/* | tr '\n' ' '; }
again() { rm -f "$MAILS"/*; }
sink_start
echo me@far.example >"$C/adminaddr"
direct kim@mx.example.net root@mx.example.net; run
is "qmail-queue: adminaddr, our own name" "$EXIT $(queued) $(envelope | sed 's/ SIZE=[0-9]*//')" \
	"0 0 MAIL FROM:<kim@mx.example.net> RCPT TO:<me@far.example>  "
again
direct '' root@localhost bare x@else.example; run
is "qmail-queue: localhost and bare, the null sender" "$(envelope | grep -o 'RCPT TO:<[^>]*>' | sort | tr '\n' ' ')" \
	"RCPT TO:<me@far.example> RCPT TO:<me@far.example> RCPT TO:<x@else.example> "
again
printf 'one@far.example,two@far.example,%s\n' "$WHO" >"$C/adminaddr"
direct kim@mx.example.net root@mx.example.net; run
is "qmail-queue: several of adminaddr" "$EXIT $(queued) $(inbox) $(envelope | grep -o 'RCPT TO:<[^>]*>' | sort | tr '\n' ' ')" \
	"0 0 1 RCPT TO:<one@far.example> RCPT TO:<two@far.example> "
again
echo "$WHO" >"$C/adminaddr"
direct kim@mx.example.net root@mx.example.net "$WHO@localhost"; run
is "qmail-queue: adminaddr is a user of ours: no loop" "$EXIT $(queued) $(inbox) $(mails)" "0 0 3 0"
echo me@far.example >"$C/adminaddr"
: >"$C/locals"
direct kim@mx.example.net root@mx.example.net; run
is "no local domain at all: our name goes to adminaddr" "$EXIT $(queued) $(envelope | grep -c '<me@far.example>')" "0 0 1"
again
echo 'v.example:pi' >"$C/virtualdomains"; rm "$C/locals"
direct kim@mx.example.net x@v.example; run
like "a virtual domain is left alone" "$(cat "$LOG")" 'to local pi-x@v.example'
rm "$C/virtualdomains" "$C/adminaddr"
rm -rf "$QUEUEDIR"; $AS "$RBIN/queue-fix" "$QUEUEDIR" >/dev/null 2>&1
again
echo box@isp.example >"$C/allmailfrom"
direct kim@mx.example.net x@else.example "$WHO@mx.example.net"; run
like "qmail-queue: allmailfrom, for what leaves" "$(cat "$MAILS"/*)" '^MAIL FROM:<box@isp.example>'
like "and local mail shows who sent it" "$(cat "$HOME"/Maildir/new/*)" '^Return-Path: <kim@mx.example.net>'
again
direct 'list-@mx.example.net-@[]' x@else.example y@else.example; run
is "allmailfrom: VERP expanded, then replaced" "$(cat "$MAILS"/* | grep -c '^MAIL FROM:<box@isp.example>')" 2
again
direct '' x@else.example; run
like "allmailfrom: bounces keep the null sender" "$(cat "$MAILS"/*)" '^MAIL FROM:<>'
again
rm "$C/allmailfrom"

# ---- generic
cat >"$C/generic" <<END
# what the smarthost knows us by
kim@mx.example.net   kim.k@isp.example
root: board7@isp.example
@mx.example.net	@isp.example
END
# sent FORMAT [OPTION...]: what the server gets for a message given to sendmail
sent() {
	s_text=$1; shift
	again
	printf "$s_text" | post "$@"
	cat "$QUEUEDIR"/mess/*/* >"$TMP/queued"
	run
	cat "$MAILS"/* 2>/dev/null | tr -d '\r'
}
out=$(sent 'From: "Kim, K." <kim> (she)\nReply-To: Team: root, (hm) ann@else.example;\nSender: pi\nTo: root\nSubject: s\n\nFrom: kim@mx.example.net\n.\n' \
	-f kim x@else.example)
like "generic: the sender" "$out" '^MAIL FROM:<kim.k@isp.example> '
like "generic: From with name and comment" "$out" '^From: "Kim, K\." <kim\.k@isp\.example> \(she\)$'
like "generic: a group; user at a host of ours" "$out" '^Reply-To: Team: board7@isp\.example, ann@else\.example \(hm\);$'
like "generic: @host" "$out" '^Sender: pi@isp.example$'
like "generic: recipients stay" "$out" '^To: root@mx.example.net$'
is "generic: the body stays" "$(printf '%s\n' "$out" | tail -n 2 | tr '\n' '|')" 'From: kim@mx.example.net|.|'
is "generic: the size told is the size sent" \
	"$(printf '%s\n' "$out" | sed -n 's/^MAIL.* SIZE=\([0-9]*\).*/\1/p')" \
	"$(printf '%s\n' "$out" | sed '1,/^$/d' | wc -c | tr -d ' ')"
is "generic: the queue's file has the old names" "$(grep -c 'kim@mx.example.net' "$TMP/queued")" 2
rm -rf "$HOME/Maildir"
out=$(sent 'From: kim\nSubject: s\n\n' -f kim "$WHO")
is "generic: local mail keeps the names that are known here" "$(mails) $(cat "$HOME"/Maildir/new/* |
	grep -c '^From: kim@mx.example.net$')" "0 1"
out=$(sent 'From: kim\n\n' -f '' x@else.example)
like "generic: the null sender stays" "$out" '^MAIL FROM:<> '
out=$(sent 'From: kim@else.example\n\n' -f root@else.example x@else.example)
is "generic: somebody else's mail is not touched" "$(printf '%s\n' "$out" | grep -c 'MAIL FROM:<root@else.example>\|^From: kim@else.example$')" 2

# Raw headers, as other programs leave them in the queue.
# raw FORMAT: what the server gets, without envelope and Received lines
raw() {
	again
	printf "$1" >"$TMP/m"
	printf 'Fkim@mx.example.net\0Tx@else.example\0\0' >"$TMP/e"
	$AS "$RBIN/qmail-queue" <"$TMP/m" 1<"$TMP/e"
	run
	cat "$MAILS"/* | tr -d '\r' | sed '1,/^$/d' | sed 1d
}
is "generic: folded, encoded, bare" "$(raw 'From:\n =?utf-8?q?J=C3=B6rg?=\n\t=?utf-8?q?_K?= <kim@mx.example.net>\nTo: root\n\nx\n')" \
	"$(printf 'From:\n =?utf-8?q?J=C3=B6rg?=\n\t=?utf-8?q?_K?= <kim.k@isp.example>\nTo: root\n\nx\n')"
is "generic: a From that is no list stays byte for byte" "$(raw 'From: kim@mx.example.net (open\nSender: kim\n\nx\n')" \
	"$(printf 'From: kim@mx.example.net (open\nSender: kim.k@isp.example\n\nx\n')"
is "generic: 8-bit bytes around it stay" "$(raw 'From: J\303\266 <kim@mx.example.net>\n\n\303\266\n')" \
	"$(printf 'From: J\303\266 <kim.k@isp.example>\n\n\303\266\n')"
like "and 8BITMIME is asked for" "$(cat "$MAILS"/*)" '^MAIL FROM:<kim.k@isp.example> .*BODY=8BITMIME'
big=$(head -c 40000 /dev/zero | tr '\0' 'x' | fold -w 100 | sed 's/^/ /')
is "generic: behind a huge field" "$(raw "X-Big: a\n$big\nFrom: kim@mx.example.net\n\nx\n" | tail -n 3)" \
	"$(printf 'From: kim.k@isp.example\n\nx\n')"
many=$(awk 'BEGIN { for (i = 0; i < 1000; i++) printf "u%04d@h.example,\\n ", i }')
is "generic: a From of more than 16 KB stays" "$(raw "From: $many kim@mx.example.net\nReply-To: kim\n\nx\n" | tail -n 4)" \
	"$(printf '  kim@mx.example.net\nReply-To: kim.k@isp.example\n\nx\n')"
long=$(head -c 980 /dev/zero | tr '\0' u)
is "generic: an address of 995 bytes, whose line would be too long" \
	"$(raw "From: <$long@mx.example.net>\n\nx\n")" "$(printf "From:\n <$long@isp.example>\n\nx\n")"
echo 1 >"$C/originalfrom"
is "originalfrom: the old one is kept" "$(raw 'From: Kim\n <kim>\nSender: kim\n\nx\n')" \
	"$(printf 'From: Kim\n <kim.k@isp.example>\nX-Original-From: Kim\n <kim>\nSender: kim.k@isp.example\n\nx\n')"
rm "$C/originalfrom"
again
direct 'list-@mx.example.net-@[]' x@else.example; run
like "generic: after VERP" "$(cat "$MAILS"/*)" '^MAIL FROM:<list-x=else.example@isp.example>'
again
echo box@mx.example.net >"$C/allmailfrom"
direct kim@mx.example.net x@else.example; run
like "generic: after allmailfrom" "$(cat "$MAILS"/*)" '^MAIL FROM:<box@isp.example>'
rm "$C/allmailfrom"
again
echo 'kim@mx.example.net' >"$C/generic"
direct kim@mx.example.net x@else.example; run
is "generic: a line that makes no sense: mail waits" "$EXIT $(queued) $(mails)" "75 1 0"
like "and the log says which" "$(cat "$LOG")" "deferral: .*/generic:_a_line_must_be:_key_address;_one_begins_with_\"kim@mx.example.net\""
echo 'kim@mx.example.net k@isp.example' >"$C/generic"
run -a
is "put right, it goes" "$EXIT $(queued) $(cat "$MAILS"/* | grep -c '^MAIL FROM:<k@isp.example>\|^From: k@isp.example')" "0 0 2"

# ---- two messages on one connection: each has its own
again
direct kim@mx.example.net x@else.example
direct root@mx.example.net x@else.example
printf 'kim@mx.example.net k@isp.example\nroot r@isp.example\n' >"$C/generic"
run
is "two on one connection" "$(cat "$MAILS"/* | grep '^MAIL' | cut -d' ' -f2 | sort | tr '\n' ' ')" \
	"FROM:<k@isp.example> FROM:<r@isp.example> "

# ---- qmail-remote by hand
again
printf 'From: kim@mx.example.net\n\nx\n' >"$TMP/m"
$AS "$RBIN/qmail-remote" else.example kim@mx.example.net x@else.example <"$TMP/m" >"$TMP/out"
is "qmail-remote: a file" "$(cat "$MAILS"/* | tr -d '\r' | grep -c 'k@isp.example')" 2
again
$AS "$RBIN/qmail-remote" else.example kim@mx.example.net x@else.example >"$TMP/out" <<END
From: kim@mx.example.net

x
END
ok "qmail-remote: some input" test "$(mails)" = 1
again
cat "$TMP/m" | $AS "$RBIN/qmail-remote" else.example kim@mx.example.net x@else.example >"$TMP/out"
is "qmail-remote: a pipe: the sender only" "$(cat "$MAILS"/* | tr -d '\r' | grep -c 'k@isp.example')" 1

# ---- HUP
rm -f "$C/adminaddr" "$C/allmailfrom" "$C/generic"
again
$AS "$RBIN/qmta-send" -d 2>"$LOG" </dev/null & runner=$!
until_log() { # PATTERN: at most 10 s
	for _ in $(seq 200); do grep -Eq "$1" "$LOG" && return 0; sleep 0.05; done
	return 1
}
direct kim@mx.example.net "$WHO@mx.example.net"
ok "a daemon without the files: local" until_log "to local $WHO@mx.example.net"
echo me@far.example >"$C/adminaddr"
echo one@isp.example >"$C/allmailfrom"
kill -HUP $runner
direct kim@mx.example.net "$WHO@mx.example.net"
ok "31: HUP: adminaddr is used" until_log 'to remote me@far.example'
ok "and it arrives" until_log 'success: 127.0.0.1_accepted'
like "HUP: allmailfrom is used" "$(cat "$MAILS"/*)" '^MAIL FROM:<one@isp.example>'
echo 'a b<' >"$C/adminaddr"
like "qmail-showctl: nonsense is in the way of mail" "$("$BIN/qmail-showctl")" \
	'^!! .*adminaddr: it is not an address'
kill -HUP $runner
ok "HUP: nonsense is said" until_log 'adminaddr: it is not an address'
direct kim@mx.example.net "root@mx.example.net"
ok "and the old address stays in force" until_log 'starting delivery 3: msg [0-9]+ to remote me@far.example'
mv "$C/me" "$TMP/me"; : >"$C/me"
kill -HUP $runner
ok "HUP without me is said" until_log '/me: write this host.s full name into it; the old ones stay'
mv "$TMP/me" "$C/me"
kill -TERM $runner; wait $runner; runner=
rm "$C/adminaddr" "$C/allmailfrom"
run	# what was under way
printf 'kim@mx.example.net k@isp.example\n' >"$C/generic"

# ---- a board without a clock: Date and From in one message
if [ -x "$TESTBIN/qmta" ]; then
	again
	[ -z "$AS" ] || { cp -L "$TESTBIN/qmta" "$RBIN/new" && mv "$RBIN/new" "$RBIN/qmta"; }
	[ -n "$AS" ] || RBIN=$TESTBIN
	echo "-$(($(date +%s) - 100))" >"$TMP/wall"
	chmod 644 "$TMP/wall"
	QMTA_FAKE_CLOCK=$TMP/wall; export QMTA_FAKE_CLOCK
	printf 'From: kim\nSubject: s\n\nx\n' | post -f kim x@else.example
	like "queued with a Date of 1970" "$(cat "$QUEUEDIR"/mess/*/*)" '^Date: 1 Jan 1970 '
	echo 0 >"$TMP/wall"
	run
	is "Date and From corrected together" "$(mails) $(cat "$MAILS"/* | tr -d '\r' |
		grep -Ec "^(Date: .* $(date -u +%Y) .*|From: k@isp.example)\$")" "1 2"
	is "and the size is right" "$(sed -n 's/^MAIL.* SIZE=\([0-9]*\).*/\1/p' "$MAILS"/*)" \
		"$(cat "$MAILS"/* | tr -d '\r' | sed '1,/^$/d' | wc -c | tr -d ' ')"
	unset QMTA_FAKE_CLOCK
fi
done_testing
