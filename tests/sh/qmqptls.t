#!/bin/sh
# qmqptls.t: QMQP over TLS: who the server has to be, every way in which it can fail to be
# that, and a conversation that is cut anywhere. Nothing is lost, nothing is sent twice,
# and nothing is ever in clear.
# shellcheck disable=SC2046,SC2086,SC2119,SC2154 # $AS is words; pins are; QPORT of qmqp.sh
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
. "$TOP/tests/lib/qmqp.sh"
. "$TOP/tests/lib/qsink.sh"
. "$TOP/tests/lib/tlsca.sh"
trap 'qmqp_stop a b plain; [ -z "${PROXY:-}" ] || stop $PROXY; sink_stop; rm -rf "$TMP"' EXIT
runner_root
C=$CONTROLDIR
Q=$RBIN/qmail-qmqpc
printf 'Subject: t\n\nthe secret words\n' >"$TMP/m"
printf 'Fkim@a.example\0Tann@b.example\0\0' >"$TMP/e"
# run COMMAND...: exit number, and what it said on descriptor 2 in $TMP/err
run_() { code=0; "$@" <"$TMP/m" 1<"$TMP/e" 2>"$TMP/err" || code=$?; echo $code; }
err() { cat "$TMP/err"; }
case $("$Q" --version 2>&1) in
*TLS*none*) HAVE=0 ;;
*) HAVE=1 ;;
esac
qmqp_start plain
N=$QPORT
if [ $HAVE = 0 ]; then
	is "a build without TLS: nobody gets it" "$(run_ "$Q" tls://127.0.0.1:$N)" 55
	like "and it says so" "$(err)" '^warning: arguments: not QMQP, or needs TLS; left out: tls://127'
	is "not in clear either" "$(wc -c <"$TMP/plain/log" | tr -d ' ')" 0
	done_testing
fi
command -v openssl >/dev/null || { skip "the rest" "no openssl"; done_testing; }
for k in ip wrongname expired unknown; do tls_cert $k; done
qmqp_start a --tls "$TLSCA/ip.pem" "$TLSCA/ip.key"
A=tls://127.0.0.1:$QPORT
cat "$TLSCA/roots.pem" >"$C/cafile.pem"
echo "$C/cafile.pem" >"$C/cafile"
new() { # CERT [OPTION...]: server b with that certificate, B
	qmqp_stop b
	new_c=$1
	shift
	qmqp_start b --tls "$TLSCA/$new_c.pem" "$TLSCA/$new_c.key" "$@"
	B=tls://127.0.0.1:$QPORT
}
forget() { for f; do rm -f "$TMP/$f"/d/*; done; }
# What servers have: "ACCEPTED OTHERS"
has() { echo "$(took $1) $(($(saw $1) - $(took $1)))"; }
last() { find "$TMP/$1/d" -name '[0-9]*' | sort | tail -n 1; }

# ---- who it is
is "verified by its chain, and by its address" "$(run_ "$Q" $A) $(has a)" "0 1 0"
is "the request is what it would be in clear" "$(cat "$(last a)")" \
	"$(run_ "$Q" 127.0.0.1:$N >/dev/null; cat "$(last plain)")"
like "no name is asked for with an address" "$(cat "$TMP/a/log")" '^1 TLS TLSv1\.3 None$'
is "verified by another name" "$(run_ "$Q" $A,TLSNAME=mail.example.net) $(has a)" "0 2 0"
like "which is asked for" "$(cat "$TMP/a/log")" '^2 TLS TLSv1\.3 mail\.example\.net$'
is "and not by a wrong one" "$(run_ "$Q" $A,TLSNAME=www.example.net) $(has a)" "73 2 0"
like "which is said" "$(err)" "^qmail-qmqpc: $A: .*mail\\.example\\.net.*not for www\\.example\\.net"
rm "$C/cafile"
is "not by this machine's authorities" "$(run_ "$Q" $A) $(has a)" "73 2 0"
is "but by a bundle of its own" "$(run_ "$Q" $A,CAFILE="$C/cafile.pem") $(has a)" "0 3 0"
echo "$C/cafile.pem" >"$C/cafile"
p=$(tls_pin ip)
is "pinned by its key" "$(run_ "$Q" $A,PIN=$p) $(has a)" "0 4 0"
is "pinned by its certificate" "$(run_ "$Q" $A,PIN=$(tls_certpin ip)) $(has a)" "0 5 0"
is "one of two pins" "$(run_ "$Q" $A,PIN=$(tls_pin expired)%20$p) $(has a)" "0 6 0"
is "a wrong pin, with a chain that is right" "$(run_ "$Q" $A,PIN=$(tls_pin expired)) $(has a)" "73 6 0"
like "names the right one" "$(err)" "pin.*$p"
is "a pin that is none" "$(run_ "$Q" $A,PIN=12) $(has a)" "55 6 0"
is "an option that does not exist" "$(run_ "$Q" $A,PINS=$p) $(has a)" "55 6 0"
like "which is said" "$(err)" 'left out: tls://127\.0\.0\.1'
is "a bad %XX" "$(run_ "$Q" $A,PIN=%g0) $(has a)" "55 6 0"
for k in wrongname expired unknown; do
	new $k
	is "$k: refused" "$(run_ "$Q" $B) $(has b)" "73 0 0"
	like "$k: and nothing was said to it" "$(cat "$TMP/b/log")" 'close$'
	is "$k: but for its pin" "$(run_ "$Q" $B,PIN=$(tls_pin $k)) $(has b)" "0 1 0"
	rm -f "$TMP"/b/d/*
done
new ip --tls-max 1.2
is "TLS 1.2" "$(run_ "$Q" $B) $(has b) $(grep -c 'TLS TLSv1.2' "$TMP/b/log")" "0 1 0 1"

# ---- not who it should be: the next one
echo "$B,PIN=$(tls_pin expired) # wrong" | tr , ' ' >"$C/qmqpservers"
echo "$A  TLSNAME=mail.example.net,PIN=$p	# right" >>"$C/qmqpservers"
is "the next server of the file, with options behind blanks" "$(run_ "$Q") $(has b) $(has a)" "0 1 0 7 0"
echo "# $A" >>"$C/qmqpservers"
is "a comment is none" "$(run_ "$Q") $(has a)" "0 8 0"
echo "$A and more" >"$C/qmqpservers"
is "neither is what is no option" "$(run_ "$Q") $(has a)" "55 8 0"

# ---- no TLS there
is "a server in clear" "$(run_ "$Q" tls://127.0.0.1:$N | tr 3 4) $(has plain)" "74 1 1"
ok "it has seen nothing of the message" test -z "$(grep -l secret "$TMP"/plain/d/*.part)"
qmqp_script a 'CONNECT * raw 220 mail.example.net ESMTP\r\n'
is "a greeting in clear" "$(run_ "$Q" $A | tr 3 4) $(took a)" "74 8"
qmqp_script a 'CONNECT * stall'
echo 1 >"$C/timeoutremote"
is "nothing at all" "$(run_ "$Q" $A | tr 234 4) $(took a)" "74 8"
rm "$C/timeoutremote"
qmqp_script a 'CONNECT * reset'
is "a connection cut at once" "$(run_ "$Q" $A $A,PIN=$p | tr 3 4) $(took a)" "74 8"
is "and to the server in clear it goes in clear" "$(run_ "$Q" $A 127.0.0.1:$N) $(took plain)" "0 2"

# ---- a conversation that is cut
qmqp_script a
head -c 16000000 /dev/urandom >"$TMP/big"
for max in 1.2 1.3; do
	new ip --tls-max $max
	cp "$TMP/big" "$TMP/m"
	r=$(run_ "$Q" $B)
	qmqp_show "$(last b)" | sed '1,/^$/d' | cmp -s - "$TMP/big" || r="$r other"
	is "TLS $max: 16 MB" "$r $(has b)" "0 1 0"
	forget b
done
# Before the end is out the next one gets it. (What the kernel takes is out.)
n=0 want=0
ats=4097
[ -n "${QMTA_SHORT:-}" ] || ats='1 100 4097 20000 300000 2500000'
for at in $ats; do
	for how in drop reset goodbye 'say 2:K1,' 'raw 2:K1,' 'clear 220 x\r\n'; do
		qmqp_script a "IN $at $how" 'ANSWER * drop'
		forget a b
		r=$(run_ "$Q" $A $B)
		want=$((want + 1))
		if [ "$r $(took a)" = "0 0" ] && [ "$(took b)" = 1 ]; then
			n=$((n + 1))
		else
			echo "# at $at $how: $r, $(has a), $(has b): $(err)" >&2
		fi
	done
done
is "cut before the end: the next server has it, whole, once" "$n" "$want"
# A small message is one write: whoever has not answered may have it.
printf 'Subject: t\n\nthe secret words\n' >"$TMP/m"
n=0 want=0
for what in 'IN 0 drop' 'IN 1 drop' 'IN 40 reset' 'IN 40 goodbye' 'ANSWER * drop' 'ANSWER * reset' \
	'ANSWER * goodbye' 'ANSWER * raw 5:Kok,' 'ANSWER * raw 3:Xok,' 'ANSWER * raw 3:Kok' \
	'ANSWER * clear 3:Kok,' 'ANSWER * raw 3:KokX' 'ANSWER * split 3 raw 4:Kok,'; do
	qmqp_script a "$what"
	forget a b
	r=$(run_ "$Q" $A $B)
	want=$((want + 1))
	if [ "$r $(took b)" = "74 0" ]; then
		n=$((n + 1))
	else
		echo "# $what: $r, $(has a), $(has b): $(err)" >&2
	fi
done
is "cut behind the end: nobody else is asked" "$n" "$want"
echo 1 >"$C/timeoutremote"
qmqp_script a 'ANSWER * stall'
is "no answer: the same" "$(run_ "$Q" $A $B) $(took b)" "74 0"
rm "$C/timeoutremote"
n=''
for what in 'K ok' 'Z not now' 'D never' 'bytes K ok' 'split 4 D no'; do
	qmqp_script a "ANSWER * $what"
	n="$n $(run_ "$Q" $A $B)"
done
is "answers, also byte by byte" "$n $(took b)" " 0 71 31 0 31 0"
like "the server's words" "$(err)" "^qmail-qmqpc: $A says: no"
echo 1 >"$C/qmqpz"
qmqp_script a "ANSWER * Z not now"
is "qmqpz: a Z asks the next one" "$(run_ "$Q" $A $B) $(took b)" "0 1"
rm "$C/qmqpz"

# ---- the queue steps in, and the runner's worker speaks TLS too
qmqp_script a
forget a b plain
echo 1 >"$C/qmqpfallback"
echo "$A PIN=$(tls_pin expired)" >"$C/qmqpservers"
is "refused, and into the queue" "$(run_ $AS "$Q") $(queued) $(has a)" "0 1 0 0"
run
is "where it stays" "$EXIT $(queued) $(has a)" "75 1 0 0"
like "with the words" "$(cat "$LOG")" "deferral: $A:_no_QMQP_server_has_taken_the_message:.*pin.*$p"
echo "$A PIN=$p" >"$C/qmqpservers"
printf 'one.example:%s,PIN=%s %s,PIN=%s\n' "$A" "$(tls_pin expired)" "$B" "$p" >"$C/qmqproutes"
sink_start
echo "smtp.example:127.0.0.1:$PORT" >"$C/smtproutes"
for i in 1 2 3; do
	printf 'Subject: %s\n\n' $i | post -f kim@a.example u@one.example u@smtp.example u@else.example
done
qp=$(find "$QUEUEDIR/mess" -type f | wc -l)
touch -d '2 hours ago' "$QUEUEDIR"/info/0/* "$QUEUEDIR"/mess/0/*
run
is "with the right pin it leaves, beside mail by SMTP" \
	"$qp $EXIT $(queued) $(has a) $(has b) $(mails)" "4 0 0 4 0 3 0 3"
rm "$C/qmqpfallback" "$C/qmqproutes" "$C/smtproutes"

# ---- a key that both have
qmqp_script plain
forget plain
k=00112233445566778899aabbccddeeff
python3 "$TOP/tests/lib/pskproxy.py" "$TMP/proxy" "$N" board.example.net:$k &
PROXY=$!
echo board.example.net:$k >"$C/good"
echo board.example.net:11$k >"$C/wrong"
chmod 600 "$C/good" "$C/wrong"
ok "a server with a key starts" until_ test -s "$TMP/proxy"
P=tls://127.0.0.1:$(cat "$TMP/proxy")
# The server takes one connection and is then started again.
psk() {
	for _ in $(seq 100); do
		psk_r=$(run_ "${X:-$Q}" "$@")
		grep -q 'onnection refused' "$TMP/err" || break
		sleep 0.1
	done
	echo "$psk_r"
}
r=$(psk "$P,PSKFILE=$C/good")
case $(err) in
*'not built'*) is "a key, in a build without: nobody gets it" "$r $(has plain)" "55 0 0" ;;
*)
	is "a key" "$r $(has plain)" "0 1 0"
	is "another key" "$(psk "$P,PSKFILE=$C/wrong" | tr 3 4) $(has plain)" "74 1 0"
	is "no key" "$(psk $P | tr 3 4) $(has plain)" "74 1 0"
	is "a server with a certificate" "$(run_ "$Q" "$A,PSKFILE=$C/good" | tr 3 4) $(has plain)" "74 1 0"
	chmod 644 "$C/good"
	is "a key that others may read" "$(psk "$P,PSKFILE=$C/good") $(has plain)" "55 1 0"
	chmod 600 "$C/good"
	;;
esac

# ---- a board without a clock
forget a
export QMTA_FAKE_CLOCK="$TMP/wall"
echo '=1000' >"$TMP/wall"
T=$TESTBIN/qmail-qmqpc
if [ -x "$T" ]; then
	is "1970: nobody can be verified" "$(run_ "$T" $A) $(has a)" "73 0 0"
	like "which is said" "$(err)" 'clock'
	is "1970: but pinned" "$(run_ "$T" $A,PIN=$p) $(has a)" "0 1 0"
	[ "$r" != 0 ] || is "1970: but with a key" "$(X=$T; psk "$P,PSKFILE=$C/good")" 0
fi
unset QMTA_FAKE_CLOCK
# ---- ciphers
forget a b
new ip
is "TLSCIPHERS=" "$(run_ "$Q" "$B,CAFILE=$C/cafile.pem,TLSCIPHERS=TLS_AES_256_GCM_SHA384:HIGH") $(took b)" "0 1"
run_ "$Q" "$B,CAFILE=$C/cafile.pem,TLSCIPHERS=RC4-SHA" >"$TMP/code"
like "none of ours: for now" "$(cat "$TMP/code") $(took b)" '^(5[1-9]|7[1-9]) 1$'
like "and it is said" "$(err)" 'names no cipher of this program'
done_testing
