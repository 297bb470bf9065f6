#!/bin/sh
# qmta dkim-key: keys that openssl finds good, the record of each, and files that stay as
# they are. What is signed with them: dkim.t.
. "$(dirname "$0")/../lib/tap.sh"
"$BIN/qmta" dkim-key 2>&1 | grep -q usage || skip_all 'DKIM is not built in'
CONTROLDIR=$TMP/control
export CONTROLDIR
mkdir "$CONTROLDIR"
# key ARGUMENT...: $out, $err, $code
key() {
	out=$("$BIN/qmta" dkim-key "$@" 2>"$TMP/err")
	code=$?
	err=$(cat "$TMP/err")
}
value() { sed 's/.*IN TXT ( "//; s/" "//g; s/" )$//'; }

key example.net sel
is "a key is made" "$code $err" "0 "
is "two lines" "$(printf '%s\n' "$out" | wc -l | tr -d ' ')" 2
like "a record for a zone file" "$out" \
	'^sel\._domainkey\.example\.net\. IN TXT \( "v=DKIM1; k=rsa; p=[A-Za-z0-9+/]{237}" "[A-Za-z0-9+/]{155}" \)$'
is "a line for control/dkim" "$(printf '%s\n' "$out" | tail -n 1)" "example.net sel dkim.example.net.sel"
file=$CONTROLDIR/dkim.example.net.sel
is "for its owner alone" "$(stat -c %a "$file")" 600
if [ "$(id -u)" -eq 0 ]; then
	user=$(id -un qmailr 2>/dev/null || echo nobody)
	is "which is who sends" "$(stat -c %U "$file")" "$user"
	mkdir "$TMP/another"
	chown 1:1 "$TMP/another"
	QUEUEDIR=$TMP/another "$BIN/qmta" dkim-key example.net owner >/dev/null
	user=$(id -u qmailr 2>/dev/null || echo 1)
	is "or the owner of the queue" "$(stat -c %u "$CONTROLDIR/dkim.example.net.owner")" "$user"
else
	skip "which is who sends" "needs root"
fi
first=$out sum=$(cksum <"$file")
key example.net sel
is "the same again: the same record" "$code $out" "0 $first"
like "and it says so" "$err" 'is there already'
is "the file is as it was" "$(cksum <"$file")" "$sum"
key dkim.example.net.sel
is "shown alone" "$code $(printf '%s\n' "$out" | value)" "0 $(printf '%s\n' "$first" | sed 1q | value)"
key example.net other "$TMP/elsewhere"
is "another file, by its path" "$code $(printf '%s\n' "$out" | tail -n 1)" \
	"0 example.net other $TMP/elsewhere"
ok "another key" sh -c "! cmp -s '$file' '$TMP/elsewhere'"

if command -v openssl >/dev/null; then
	n=0 good=0 many=6
	[ -z "$QMTA_SHORT" ] || many=2
	while [ $n -lt $many ]; do
		n=$((n + 1))
		key example.net "s$n"
		f=$CONTROLDIR/dkim.example.net.s$n
		openssl rsa -in "$f" -check -noout 2>&1 | grep -q '^RSA key ok' || continue
		[ "$(openssl rsa -in "$f" -noout -text | sed -n 's/.*(\([0-9]* bit\).*/\1/p')" = "2048 bit" ] ||
			continue
		[ "$(printf '%s\n' "$out" | sed 1q | value | sed 's/.*p=//')" = \
			"$(openssl rsa -in "$f" -pubout -outform DER 2>/dev/null | openssl base64 -A)" ] || continue
		good=$((good + 1))
	done
	is "openssl: new keys are good, and so are their records" $good $many
	for bits in 1024 3072 4096; do
		openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:$bits -out "$CONTROLDIR/k" 2>/dev/null
		chmod 600 "$CONTROLDIR/k"
		key k
		is "the record of one of $bits bits" "$(printf '%s\n' "$out" | value | sed 's/.*p=//')" \
			"$(openssl rsa -in "$CONTROLDIR/k" -pubout -outform DER 2>/dev/null | openssl base64 -A)"
		ok "no string is too long" sh -c "! printf '%s\n' '$out' | grep -q '[^\"]\{256\}'"
	done
	openssl genrsa -out "$CONTROLDIR/short" 768 2>/dev/null
	openssl ecparam -genkey -name prime256v1 -noout -out "$CONTROLDIR/ec" 2>/dev/null
	openssl rsa -in "$file" -aes128 -passout pass:x -out "$CONTROLDIR/locked" 2>/dev/null
	openssl rsa -in "$file" -pubout -out "$CONTROLDIR/public" 2>/dev/null
	chmod 600 "$CONTROLDIR"/*
	key short; like "768 bits" "$code $err" '^100 .*short: RSA keys have 1024 to 4096 bits'
	key ec; like "no RSA" "$code $err" '^100 .*ec: it is no RSA key'
	key locked; like "with a password" "$code $err" '^100 .*locked: it is no private key'
	key public; like "half of one" "$code $err" '^100 .*public: it is no private key'
else
	skip "openssl" "no openssl here"
fi
sed 10d "$file" >"$CONTROLDIR/damaged"
chmod 600 "$CONTROLDIR/damaged"
key damaged; like "a damaged one" "$code $err" '^100 .*damaged: it is no private key'
key nosuch; like "none" "$code $err" '^100 .*unable to read .*/nosuch: No such file'
: >"$CONTROLDIR/empty"
chmod 600 "$CONTROLDIR/empty"
key example.net sel empty; like "an empty file is not filled" "$code $err" '^100'
is "but left" "$(wc -c <"$CONTROLDIR/empty" | tr -d ' ')" 0
chmod 604 "$file"
key dkim.example.net.sel; like "others may read it" "$code $err" '^100 .*other users may read .*chmod o='
for bad in "" .example.net "a b" a/../b 'x"y' "a;b"; do
	key "$bad" sel
	like "no domain: '$bad'" "$code $err" '^100 .*not a domain and a selector'
done
key; like "no argument" "$code $err" '^100 .*usage'
key a b c d; like "too many" "$code $err" '^100 .*usage'
key --help; like "an option" "$code $err" '^100 .*usage'
key example.net sel "$TMP/no/such/place"
like "no directory: no key" "$code $err" '^111 .*unable to make '
"$BIN/qmta" dkim-key example.net full >/dev/full 2>"$TMP/err"
is "what it says does not arrive: exit code" $? 111
done_testing
