#!/bin/sh
# Every kind of certificate, key and version that openssl s_server can show, with the
# system's whole bundle in use: what is taken, what is refused and in which words; and
# that a handshake stays below 40 KB whatever it is.
# shellcheck disable=SC2086 # options are words
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/tlsca.sh"
. "$TOP/tests/lib/sserver.sh"
. "$TOP/tests/lib/table.sh"
DIAL=${TESTBIN%/bin}/tlsdial
[ -x "$DIAL" ] || skip_all "TLS is not built in"
command -v openssl >/dev/null || skip_all "no openssl"
trap 'stop_server; rm -rf "$TMP"' EXIT
SERVER=''
BUNDLE=$(tls_bundle)

# What came of it in one line, and the most memory that any took.
dial() { # KEY=VALUE...
	timeout 20 "$DIAL" 127.0.0.1 "$PORT" secs=10 "$@" >"$TMP/dialled" 2>&1
	sed -n 's/^peak //p' "$TMP/dialled" >>"$TMP/peaks"
	sed -n 1p "$TMP/dialled"
	sed -n '/^subject/,/^resumed/d; /^binding/d; 2,$p' "$TMP/dialled" | grep -v '^peak'
}

# One certificate: by name, with TLS 1.2 and with 1.3.
both() { # CERTIFICATE EXPECTED [KEY=VALUE...]
	b_cert=$1 b_want=$2; shift 2
	for v in 1.2 1.3; do
		serve "$b_cert" -tls1_${v#1.}
		got=$(dial level=verify ca="$BUNDLE" name=mail.example.net "$@")
		row "s_server TLS $v" "$b_cert${1:+ $*}" "$(echo "$b_want" | sed "s/@/TLSv$v/")" "$got"
		stop_server
	done
}

both rsa2048 '^OK chain @ '
both rsa4096 '^OK chain @ '
both p256 '^OK chain @ '
both p384 '^OK chain @ '
both pss '^OK chain @ '
# The library knows no such keys, and does not offer to: there is nothing in common.
both rsapss '^BROKEN .*in common'
both two '^OK chain @ '
both short '^REFUSED .*issued by Test intermediate inter2'
both ip '^OK chain @ '
both wildcard '^OK chain @ '
both wrongname '^REFUSED .*for www\.example\.org and not for mail\.example\.net'
both onlyip '^REFUSED .*for 127\.0\.0\.1 and not for mail\.example\.net'
both expired "^REFUSED .*expired.*$(date -u -d yesterday +%b)"
both future '^REFUSED .*not valid before'
both clientonly '^REFUSED .*not meant for a server'
both byleaf '^REFUSED .*no chain leads'
both bymail '^REFUSED .*not meant for a server'
both bylimited '^REFUSED .*limited to some names'
both unknown '^REFUSED .*issued by Test root unknownca'
both selfsigned '^REFUSED .*self-signed'
both sha1 '^(BROKEN|REFUSED) '

# ---- names
serve ip
row s_server "IP SAN, dialled by address" '^OK chain' "$(dial level=verify ca="$BUNDLE")"
row s_server "IP SAN, another address" '^REFUSED .*not for 127\.0\.0\.2' \
	"$(dial level=verify ca="$BUNDLE" name=127.0.0.2)"
row s_server "IPv6 SAN" '^OK chain' "$(dial level=verify ca="$BUNDLE" name=::1)"
row s_server "name in other letters" '^OK chain' \
	"$(dial level=verify ca="$BUNDLE" name=MAIL.Example.NET)"
stop_server
serve wildcard
row s_server "wildcard: two labels" '^REFUSED ' \
	"$(dial level=verify ca="$BUNDLE" name=a.mail.example.net)"
row s_server "wildcard: none" '^REFUSED ' "$(dial level=verify ca="$BUNDLE" name=example.net)"
row s_server "wildcard: other domain" '^REFUSED ' \
	"$(dial level=verify ca="$BUNDLE" name=mail.example.org)"
stop_server

# ---- levels and pins: what they take in place of a chain
for c in selfsigned expired wrongname; do
	serve $c
	row s_server "$c, must" '^OK not-proven' "$(dial level=must ca="$BUNDLE" name=mail.example.net)"
	row s_server "$c, may" '^OK not-proven' "$(dial level=may ca="$BUNDLE" name=mail.example.net)"
	row s_server "$c, key pinned" '^OK pin' \
		"$(dial level=verify ca="$BUNDLE" name=mail.example.net pin="$(tls_pin $c)")"
	row s_server "$c, certificate pinned" '^OK pin' \
		"$(dial level=verify ca="$BUNDLE" name=mail.example.net pin="$(tls_certpin $c)")"
	stop_server
done
serve p256
row s_server "pin of another" '^REFUSED .*pin' \
	"$(dial level=verify ca="$BUNDLE" name=mail.example.net pin="$(tls_pin wrongname)")"
row s_server "pin of another, may" '^REFUSED .*pin' \
	"$(dial level=may ca="$BUNDLE" name=mail.example.net pin="$(tls_pin wrongname)")"
row s_server "two pins, the second fits" '^OK pin' \
	"$(dial level=verify pin="$(tls_pin wrongname),$(tls_pin p256)")"
row s_server "no such bundle" '^(LOCAL|REFUSED) .*nowhere' \
	"$(dial level=verify ca=/nowhere.pem name=mail.example.net)"
: >"$TMP/empty.pem"
row s_server "empty bundle" '^(LOCAL|REFUSED) .*empty.pem' \
	"$(dial level=verify ca="$TMP/empty.pem" name=mail.example.net)"
stop_server

# ---- a client's certificate
tls_cert client
cat "$TLSCA/client.cert" "$TLSCA/client.key" >"$TLSCA/mine.pem"
chmod 600 "$TLSCA/mine.pem"
for v in 1_2 1_3; do
	serve p256 -tls$v -Verify 1 -CAfile "$TLSCA/roots.pem" -verify_return_error
	set -- level=verify ca="$BUNDLE" name=mail.example.net say=hello
	row "s_server -Verify" "tls$v, certificate sent" '^olleh' "$(dial "$@" cert="$TLSCA/mine.pem")"
	row "s_server -Verify" "tls$v, none to send" '(handshake|certificate|reset|closed|ECONN|broke)' "$(dial "$@")"
	stop_server
done

# ---- what it can be talked into
for c in ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-CHACHA20-POLY1305 AES128-GCM-SHA256 \
	ECDHE-RSA-AES256-SHA384 DHE-RSA-AES128-GCM-SHA256; do
	serve rsa2048 -tls1_2 -cipher "$c:@SECLEVEL=0"
	case $c in
	ECDHE-RSA-AES128-GCM*) want='^OK chain TLSv1.2' ;;
	*) want='^BROKEN .*in common' ;;
	esac
	row "s_server TLS 1.2" "$c" "$want" "$(dial level=verify ca="$BUNDLE" name=mail.example.net)"
	stop_server
done
for g in P-256 P-384 X25519; do
	serve p256 -tls1_3 -groups $g
	[ $g = X25519 ] && want='^BROKEN .*in common' || want='^OK chain TLSv1.3'
	row "s_server TLS 1.3" "group $g" "$want" \
		"$(dial level=verify ca="$BUNDLE" name=mail.example.net)"
	stop_server
done
serve rsa2048 -tls1_1 -cipher ALL:@SECLEVEL=0
row "s_server TLS 1.1" "nothing older" '^BROKEN ' "$(dial level=must)"
stop_server
serve p256
row s_server "method TLSv1_2" '^OK chain TLSv1.3' \
	"$(dial level=verify ca="$BUNDLE" name=mail.example.net method=TLSv1_2)"
row s_server "method TLSv1_2:TLSv1_2" '^OK chain TLSv1.2' \
	"$(dial level=verify ca="$BUNDLE" name=mail.example.net method=TLSv1_2:TLSv1_2)"
row s_server "method TLSv1_3" '^OK chain TLSv1.3' \
	"$(dial level=verify ca="$BUNDLE" name=mail.example.net method=TLSv1_3)"
stop_server

# ---- tlsclientciphers: s_server takes the first of ours that it has, and says what was offered
offers() { # EXPECTED CIPHERS [OPTION...]: the one that is used, and all that the server saw
	o_want=$1 o_words=$2; shift 2
	serve rsa2048 -trace "$@"
	got=$(dial level=must ciphers="$o_words" | cut -d' ' -f1,3,4)
	got="$got; $(sed -n '/cipher_suites/,/compression/s/.*} \(TLS_[A-Z0-9_]*\).*/\1/p' "$TMP/served" |
		grep -v SCSV | tr '\n' ' ')"
	row "s_server ciphers" "$o_words${1:+ $*}" "$o_want" "$got"
	stop_server
}
C2=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 C1=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
offers "^OK TLSv1.2 .*; $C2 " ECDHE-RSA-AES256-GCM-SHA384 -tls1_2
offers "^OK TLSv1.2 .*RSA.*128.*; $C1 $C2 " "$C1:$C2" -tls1_2
offers "^OK TLSv1.2 .*RSA.*256.*; $C2 $C1 " "$C2 $C1" -tls1_2
offers '^OK TLSv1.3 .*256.*; TLS_AES_256_GCM_SHA384 TLS_ECDHE_[^;]*$' TLS_AES_256_GCM_SHA384
offers '^OK TLSv1.3 .*128.*; TLS_AES_128_GCM_SHA256 TLS_ECDHE_[^;]*$' TLS_AES_128_GCM_SHA256
offers "^OK TLSv1.3 .*; $C2 TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 \$" ECDHE-RSA-AES256-GCM-SHA384
offers '^OK TLSv1.3 .*; TLS_AES_128_GCM_SHA256 ([A-Z0-9_]* ){5}$' HIGH:!aNULL:@STRENGTH
serve rsa2048
row s_server "ciphers: none of ours" '^LOCAL .*names no cipher of this program .*: RC4-SHA:DES-CBC3-SHA' \
	"$(dial level=may ciphers=RC4-SHA:DES-CBC3-SHA)"
stop_server

table_show
PEAK=$(sort -n "$TMP/peaks" | tail -n 1)
if [ "${VARIANT:-static}" = static ]; then
	ok "no handshake takes more than 40 KB of the pool (most: $PEAK)" [ "$PEAK" -le 40960 ]
	ok "and that was measured" [ "$PEAK" -gt 10000 ]
fi
done_testing
