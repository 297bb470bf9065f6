#!/bin/sh
# DKIM: what qmta-send signs, judged by python3-dkim and by opendkim-testmsg; what it
# does not sign; what cannot be signed waits, and says why.
# shellcheck disable=SC2086 # $AS is words
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
. "$TOP/tests/lib/qmqp.sh"
. "$TOP/tests/lib/tlsca.sh"
for PY in python3 /usr/bin/python3 none; do
	$PY -c 'import dkim' 2>/dev/null && break
done
[ $PY != none ] || skip_all 'signatures: no python3-dkim here'
runner_root
trap 'sink_stop; qmqp_stop q; rm -rf "$TMP"' EXIT
"$BIN/qmta" dkim-key 2>&1 | grep -q usage || skip_all 'DKIM is not built in'

COUNT=100
[ -z "$QMTA_SHORT" ] || COUNT=40
key() { $AS "$RBIN/qmta" dkim-key "$@"; }
key example.net sel >"$TMP/record"
sed -n 2p "$TMP/record" >"$CONTROLDIR/dkim"
KEY=$CONTROLDIR/dkim.example.net.sel
echo 'ann@hidden.lan ann@example.net' >"$CONTROLDIR/generic"
printf 'Fann@example.net\0Tbo@remote.example\0\0' >"$TMP/env"
queue() { $AS "$RBIN/qmail-queue" 1<"$TMP/env"; }

# send SINK-OPTION...: all messages of $TMP/in through the queue to a new sink; plain/ has
# what arrived
send() {
	sink_stop
	sink_start "$@"
	send_all
}
send_all() {
	rm -rf "$TMP/plain"
	mkdir "$TMP/plain"
	for f in "$TMP"/in/*; do
		queue <"$f" || echo "$f was not queued"
	done
	run
	$PY "$TOP/tests/lib/dkimmail.py" check "$MAILS" "$TMP/record" "$TMP/plain" >"$TMP/verdicts"
}

# ---- messages of every kind
mkdir "$TMP/in"
$PY "$TOP/tests/lib/dkimmail.py" make $COUNT "$TMP/in"
ALL=$(files "$TMP/in")
send
is "$ALL messages leave" "$EXIT $(queued) $(mails)" "0 0 $ALL"
is "python3-dkim: each has one good signature, on top" "$(grep -v ' ok$' "$TMP/verdicts")" ''
is "and none was left out" "$(grep -c ' ok$' "$TMP/verdicts")" "$ALL"
is "each message once" "$(sort -n "$TMP/verdicts" | grep -v odd | uniq | wc -l | tr -d ' ')" $COUNT
like "one connection for all" "$(grep -c ' connect$' "$SINKLOG")" '^1$'
first=$(grep -l '^X-Case: 1.$' "$TMP"/plain/*)
spoilt=$($PY "$TOP/tests/lib/dkimmail.py" spoil "$first" "$TMP/record")
is "changes on the way that do no harm" "$(echo "$spoilt" | sed -n 's/: good$//p' | tr '\n' ,)" \
	'nothing,a Received on top,blanks at the end of a line,lines at the end,'
is "changes that do" "$(echo "$spoilt" | sed -n 's/: bad$//p' | wc -l | tr -d ' ')" 6

# opendkim asks the DNS: one of our own, in namespaces.
cat >"$TMP/inner" <<-'I'
	mount --bind "$TMP/resolv.conf" /etc/resolv.conf || exit 1
	python3 "$TOP/tests/lib/dnssink.py" "$TMP/zone" "$TMP/ready" 120 &
	dns=$!
	n=0
	while [ ! -e "$TMP/ready" ] && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
	for f in "$TMP"/plain/*; do
		grep -aq '^X-Case: odd' "$f" && continue
		said=$(opendkim-testmsg <"$f" 2>&1) && echo "ok $said"
	done
	sed 's/^Subject: h/Subject: H/' "$first" | opendkim-testmsg 2>&1
	kill $dns
I
export TMP TOP first
if ! command -v opendkim-testmsg >/dev/null; then
	skip "opendkim-testmsg" "no opendkim-tools here"
elif ! unshare -Urmn true 2>/dev/null; then
	skip "opendkim-testmsg" "no namespaces here"
else
	echo 'nameserver 127.0.0.1' >"$TMP/resolv.conf"
	sed -n 's/^\([^ ]*\)\. IN TXT ( "\([^"]*\)" "\([^"]*\)" )/\1 TXT \2\3/p' "$TMP/record" >"$TMP/zone"
	unshare -Urmn sh "$TMP/inner" >"$TMP/opendkim" 2>&1
	is "opendkim-testmsg: $COUNT good signatures" "$(grep -c '^ok $' "$TMP/opendkim")" $COUNT
	like "it knows a bad one" "$(tail -n 1 "$TMP/opendkim")" 'Bad signature'
	is "and has nothing else to say" "$(grep -vc '^ok $' "$TMP/opendkim")" 1
fi

# ---- the same to a server that needs what is not 8-bit
[ -z "$QMTA_SHORT" ] || rm -f "$TMP"/in/00[2-9]?
ALL=$(files "$TMP/in")
send --no-8bitmime --no-pipelining
is "without 8BITMIME: what is signed is what is sent" \
	"$EXIT $(grep -c ' ok$' "$TMP/verdicts")" "0 $ALL"
like "something was encoded for it" "$(cat "$TMP"/plain/*)" '^8-bit: Gr=C3=BC=C3=9Fe'

# ---- and within TLS, whose memory it shares
if command -v openssl >/dev/null; then
	rm -f "$TMP"/in/00[1-9]? "$TMP"/in/01*
	ALL=$(files "$TMP/in")
	sink_stop
	tls_sink rsa4096
	echo ":127.0.0.1:$PORT TLS=must" >"$CONTROLDIR/smtproutes"
	send_all
	is "over TLS, in one session" "$EXIT $(grep -c ' ok$' "$TMP/verdicts") $(wire handshakes)" "0 $ALL 1 0"
	sink_stop
	sink_start
else
	skip "over TLS, in one session" "no openssl here"
fi

# ---- who signs what
# field HEADER-LINE...: the d= of the message's own signature, or "none"
field() {
	rm -f "$MAILS"/*
	{ printf '%s\n' "$@"; printf 'Date: Sat, 21 Nov 2026 09:00:00 +0000\n\nx\n'; } | queue
	run
	for f in "$MAILS"/*; do
		[ -e "$f" ] || continue
		sed '1,/^$/d' "$f" | sed -n '1s/^DKIM-Signature: .* d=\([^;]*\);.*/\1/p' | grep . || echo none
	done
}
is "another domain's mail: not signed" "$(field 'From: a@example.com')" none
is "a host below the domain: not signed" "$(field 'From: a@www.example.net')" none
is "no From: not signed" "$(field 'Subject: x')" none
is "a From that is no address: not signed" "$(field 'From: nobody at all')" none
is "the domain's name is case-blind" "$(field 'From: a@EXAMPLE.net')" example.net
printf 'example.org nosuch nosuch\n.example.net sel %s\nexample.net other %s\n' "$KEY" "$KEY" \
	>"$CONTROLDIR/dkim"
is ".domain is for all below it" "$(field 'From: a@www.example.net')" example.net
is "not for the domain itself" "$(field 'From: a@example.net' && grep -ho 's=other' "$MAILS"/*)" \
	"example.net
s=other"
is "nor for a name that ends like it" "$(field 'From: a@wwwexample.net')" none
is "signed already by this domain: left alone" \
	"$(field 'DKIM-Signature: v=1; d=Example.Net; b=x' 'From: a@example.net' | tail -n 1)
$(grep -c '^DKIM-Sig' "$MAILS"/*)" "none
1"
is "by another: signed as well" \
	"$(field 'DKIM-Signature: v=1; d=example.org; b=xd=' 'From: a@example.net')" example.net
printf 'example.net sel %s\n' "$KEY" >"$CONTROLDIR/dkim"
long=$(printf '%-70000s' x | tr ' ' x)
is "a name whose fields have no room is not signed" "$(field 'References: <a@b>' \
	"References: $long" 'From: a@example.net' 'Subject: h')" example.net
sed '1,/^$/d' "$MAILS"/* >"$TMP/one"
is "nowhere in h=" "$(sed '/^[A-Z]/,$d' "$TMP/one" | tr -d '\r\n\t ' | grep -c references)" 0
is "and the signature is good" \
	"$($PY "$TOP/tests/lib/dkimmail.py" spoil "$TMP/one" "$TMP/record" | sed -n 1p)" 'nothing: good'

# ---- what cannot be signed waits
mail='From: a@example.net'
# waits NAME PATTERN: today's mail is not sent, and the log says why
waits() {
	is "$1: it waits" "$(field "$mail")$(mails) $(queued)" '0 1'
	like "$1: and why" "$(cat "$LOG")" "deferral: Message_cannot_be_signed:_$2"
	$AS "$RBIN/qmta" queue remove "$(find "$QUEUEDIR/mess" -type f -printf %f)" >/dev/null
}
echo "example.net sel" >"$CONTROLDIR/dkim"
waits "a line without a file" 'control/dkim:_a_line_is_DOMAIN'
echo "example.net sel nosuch" >"$CONTROLDIR/dkim"
waits "no key" 'unable_to_read_[^ ]*/nosuch:_No_such_file'
echo "example.net sel me" >"$CONTROLDIR/dkim"
chmod 600 "$CONTROLDIR/me"
waits "no key in the file" 'me:_it_is_no_private_key'
chmod 644 "$CONTROLDIR/me"
if [ -n "$AS" ]; then
	cp "$KEY" "$TMP/control/foreign" && chmod 640 "$TMP/control/foreign"
	chown 1:65534 "$TMP/control/foreign"
	echo "example.net sel foreign" >"$CONTROLDIR/dkim"
	waits "somebody else's key" '[^ ]*/foreign_is_user_[0-9]+.s,_and_must_be_root'
	chown 0 "$CONTROLDIR/foreign"
	is "root's key" "$(field "$mail")" example.net
else
	skip "somebody else's key" "needs root"
fi
if command -v openssl >/dev/null; then
	$AS openssl genrsa -out "$CONTROLDIR/short" 768 2>/dev/null
	echo "example.net sel short" >"$CONTROLDIR/dkim"
	waits "a key of 768 bits" 'short:_RSA_keys_have_1024_to_4096_bits'
	for bits in 1024 4096; do
		$AS openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:$bits \
			-out "$CONTROLDIR/k$bits" 2>/dev/null
		echo "example.net sel k$bits" >"$CONTROLDIR/dkim"
		is "PKCS #8 of $bits bits" "$(field "$mail")" example.net
		{ echo "sel._domainkey.example.net. $(key k$bits)"; } >"$TMP/record2"
		sed '1,/^$/d' "$MAILS"/* >"$TMP/one"
		is "which verifies" "$($PY "$TOP/tests/lib/dkimmail.py" spoil "$TMP/one" \
			"$TMP/record2" | sed -n 1p)" 'nothing: good'
	done
else
	skip "other keys" "no openssl here"
fi
printf 'example.net sel %s\n' "$KEY" >"$CONTROLDIR/dkim"
chmod 644 "$KEY"
is "a key that others may read: it waits" "$(field "$mail")$(mails) $(queued)" '0 1'
like "and why" "$(cat "$LOG")" 'Message_cannot_be_signed:_other_users_may_read_[^ ]*/dkim.example.net.sel:_chmod_o='
chmod 600 "$KEY"
$AS "$RBIN/qmta" queue retry all >/dev/null
run
is "made right, it leaves, signed" "$(queued) $(grep -c '^DKIM-Signature' "$MAILS"/*)" "0 1"

# ---- one that waits stands between two others on a connection
echo 'RCPT bad@ 550 5.1.1 nobody here' >"$TMP/script"
sink_stop
sink_start --no-pipelining --script "$TMP/script"
cp "$CONTROLDIR/dkim" "$TMP/keep"
{ cat "$TMP/keep"; echo "example.com sel nosuch"; } >"$CONTROLDIR/dkim"
for d in bad@remote.example:example.org bo@remote.example:example.com bo@remote.example:example.org; do
	printf 'F\0T%s\0\0' "${d%:*}" >"$TMP/env"
	printf 'From: a@%s\n\nx\n' "${d#*:}" | queue
done
run
is "the third is not refused for what the first left open" "$(queued) $(mails) $(
	grep -c ' connect$' "$SINKLOG") $(grep -c ' C RSET' "$SINKLOG") $(grep -c ' 503' "$SINKLOG")" "1 1 1 1 0"
$AS "$RBIN/qmta" queue remove "$(find "$QUEUEDIR/mess" -type f -printf %f)" >/dev/null
cp "$TMP/keep" "$CONTROLDIR/dkim"
printf 'Fann@example.net\0Tbo@remote.example\0\0' >"$TMP/env"

# ---- what is not for us to sign
qmqp_start q
echo ":127.0.0.1:$QPORT" >"$CONTROLDIR/qmqproutes"
rm -f "$CONTROLDIR/smtproutes" "$MAILS"/*
field "$mail" >/dev/null 2>&1
is "by QMQP: our own server signs" "$(queued) $(took q) $(grep -c DKIM "$TMP"/q/d/*)" "0 1 0"

# ---- qmail-remote
rm -f "$CONTROLDIR/qmqproutes"
echo ":127.0.0.1:$PORT" >"$CONTROLDIR/smtproutes"
printf 'From: a@example.net\nSubject: h\n\nx\n' >"$TMP/one"
remote() {
	rm -f "$MAILS"/*
	$AS "$@" remote.example a@example.net b@remote.example | tr '\0' '\n' | tail -n 2
}
like "qmail-remote signs a file" "$(remote "$RBIN/qmail-remote" <"$TMP/one")
$(cat "$MAILS"/*)" '^DKIM-Signature: '
now=$(sed -n 's/.*[[:space:]]t=\([0-9]*\);.*/\1/p' "$MAILS"/*)
ok "with the time" test "$((now + 600))" -gt "$(date +%s)"
# shellcheck disable=SC2002 # a pipe is meant
is "what comes from a pipe waits" "$(cat "$TMP/one" | remote "$RBIN/qmail-remote")" \
	"ZMessage cannot be signed: it comes from a pipe and can be read only once. (#4.3.5)"
echo '=1000' >"$TMP/wall"
QMTA_FAKE_CLOCK=$TMP/wall remote "$TESTBIN/qmail-remote" <"$TMP/one" >/dev/null
is "a clock that is not set: no time" "$(grep -c '^DKIM-Signature: ' "$MAILS"/*) $(
	grep -c '[[:space:]]t=' "$MAILS"/*)" "1 0"
done_testing
