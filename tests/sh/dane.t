#!/bin/sh
# dane.t: mail exchangers whose certificates are in the DNS (RFC 7672). A resolver and
# exchangers of our own, in two namespaces with a wire between them, as an exchanger that
# is this machine gets no mail. Each case is a domain of its own.
# shellcheck disable=SC2154 # tlsca.sh
if [ -z "$INNER" ]; then
	# shellcheck source=tests/lib/tap.sh
	. "$(dirname "$0")/../lib/tap.sh"
	. "$TOP/tests/lib/tlsca.sh"
	tls_needed
	[ -e "$BIN/qmail-remote" ] || skip_all 'a build without qmail-remote'
	unshare -Urmn sh -c 'ip link add v0 type veth peer name v1' 2>/dev/null ||
		skip_all 'DANE: no namespaces or no virtual network here (ip, unshare)'
	INNER=$TMP
	export INNER
	unshare -Urmn sh "$0"
	exit
fi
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/tlsca.sh"
CONTROLDIR=$TMP/control CERTDIR=$TMP/none
export CONTROLDIR CERTDIR
mkdir "$CONTROLDIR" "$TMP/d"
echo me.example.net >"$CONTROLDIR/me"
printf '5\n' >"$CONTROLDIR/timeoutconnect"
unshare -n sleep 120 &
wire=$!
ends=$wire
trap 'kill $ends 2>/dev/null; rm -rf "$TMP"' EXIT
sleep 0.2
{ ip link add v0 type veth peer name v1 netns "$wire" && ip addr add 192.0.2.254/24 dev v0 &&
	ip link set v0 up && there() { nsenter -t "$wire" -n "$@"; } &&
	there ip link set lo up && there ip link set v1 up; } 2>/dev/null ||
	skip_all 'DANE: no wire between two namespaces'
for i in 1 2 3 4; do there ip addr add 192.0.2.$i/24 dev v1; done

# ---- exchangers: a stranger's certificate, two kinds of chain, and no TLS at all
tls_cert unknown
tls_leaf chain inter2 key=p256 names=DNS:mx.chain.example,DNS:base.example
sink() { # ADDRESS CERT
	if [ -n "$2" ]; then
		set -- "$1" "$TLSCA/$2.pem" "$TLSCA/$2.key"
		SINK_ANY=1 nsenter -t "$wire" -n python3 "$TOP/tests/lib/tlssink.py" --host "$1" --port 25 \
			--dir "$TMP/d/$1" --cert "$2" --key "$3" --portfile "$TMP/$1" --timeout 120 \
			--wire "$TMP/$1.wire" &
	else
		SINK_ANY=1 nsenter -t "$wire" -n python3 "$TOP/tests/lib/smtpsink.py" --host "$1" --port 25 \
			--dir "$TMP/d/$1" --portfile "$TMP/$1" --timeout 120 &
	fi
	ends="$ends $!"
}
sink 192.0.2.1 unknown
sink 192.0.2.2 chain
sink 192.0.2.3 ''

# ---- the DNS
key=$(tls_pin unknown) all=$(tls_certpin unknown)
no=$(printf '%064d' 0)
top=$(openssl x509 -in "$TLSCA/inter1.cert" -outform DER | openssl dgst -sha256 -r | cut -d' ' -f1)
topkey=$(tls_pin inter1)
key512=$(openssl x509 -in "$TLSCA/unknown.cert" -noout -pubkey | openssl pkey -pubin -outform DER |
	openssl dgst -sha512 -r | cut -d' ' -f1)
zone=$TMP/zone
# domain NAME ADDRESS [TLSA...]: a secure domain with one exchanger
domain() {
	domain_n=$1 domain_a=$2
	shift 2
	printf '%s SECURE\n%s MX 10 mx.%s\nmx.%s A %s\n' "$domain_n" "$domain_n" "$domain_n" \
		"$domain_n" "$domain_a" >>"$zone"
	for domain_t; do echo "_25._tcp.mx.$domain_n TLSA $domain_t" >>"$zone"; done
}
domain key.example 192.0.2.1 "3 1 1 $key"
domain cert.example 192.0.2.1 "3 0 1 $all"
domain key512.example 192.0.2.1 "3 1 2 $key512"
domain second.example 192.0.2.1 "3 1 1 $no" "2 0 1 $no" "3 1 1 $key"
domain wrong.example 192.0.2.1 "3 1 1 $no"
domain wrongcert.example 192.0.2.1 "3 0 1 $key"
domain chain.example 192.0.2.2 "2 0 1 $top"
domain unlike.example 192.0.2.2 "2 0 1 $top"
domain wrongtop.example 192.0.2.2 "2 0 1 $no"
domain pkix.example 192.0.2.1 "1 1 1 $no" "0 0 1 $no" "3 1 0 $key"
domain pkixclear.example 192.0.2.3 "1 1 1 $key"
domain clear.example 192.0.2.3 "3 1 1 $key"
domain none.example 192.0.2.3
domain fail.example 192.0.2.1
domain afail.example 192.0.2.1 "3 1 1 $key"
cat >>"$zone" <<-Z
	_25._tcp.mx.fail.example RCODE 2
	mx.afail.example RCODE6 2
	insecure.example MX 10 mx.wrong.example
	unsigned.example SECURE
	unsigned.example MX 10 mx.unsigned.example
	mx.unsigned.example INSECURE
	mx.unsigned.example A 192.0.2.1
	_25._tcp.mx.unsigned.example TLSA 3 1 1 $no
	half.example SECURE
	half.example MX 10 mx.half.example
	mx.half.example A 192.0.2.1
	_25._tcp.mx.half.example INSECURE
	_25._tcp.mx.half.example TLSA 3 1 1 $no
	two.example SECURE
	two.example MX 10 mx.wrong.example
	two.example MX 20 mx.fail.example
	two.example MX 30 mx.key.example
	alias.example SECURE
	alias.example MX 10 mx.alias.example
	mx.alias.example CNAME base.example
	_25._tcp.mx.alias.example TLSA 3 1 1 $no
	base.example SECURE
	base.example A 192.0.2.2
	_25._tcp.base.example TLSA 2 1 1 $topkey
	own.example SECURE
	own.example MX 10 mx.own.example
	mx.own.example CNAME mx.none.example
	_25._tcp.mx.own.example TLSA 3 1 1 $key
	out.example SECURE
	out.example MX 10 mx.out.example
	mx.out.example CNAME mx.insecure.example
	mx.insecure.example A 192.0.2.1
	_25._tcp.mx.out.example TLSA 3 1 1 $no
	_25._tcp.mx.insecure.example TLSA 3 1 1 $key
	far.example SECURE
	far.example MX 10 mx.far.example
	mx.far.example A 192.0.2.1
	_25._tcp.mx.far.example CNAME list.example
	list.example SECURE
	list.example TLSA 3 1 1 $key
	plain.example SECURE
	plain.example A 192.0.2.1
	_25._tcp.plain.example TLSA 3 1 1 $key
	cut.example SECURE
	cut.example MX 10 mx.cut.example
	mx.cut.example A 192.0.2.1
	_25._tcp.mx.cut.example TC
	_25._tcp.mx.cut.example TLSA 3 1 1 $no
	_25._tcp.mx.cut.example TLSA 3 1 1 $key
Z
for a in 127.0.0.1 192.0.2.254; do
	python3 "$TOP/tests/lib/dnssink.py" "$zone" "$TMP/ready.$a" 120 $a &
	ends="$ends $!"
done
resolver() { printf 'nameserver %s\noptions timeout:1 attempts:1\n' "$@" >"$TMP/resolv.conf"; }
resolver 127.0.0.1
mount --bind "$TMP/resolv.conf" /etc/resolv.conf 2>/dev/null || skip_all "cannot mount over /etc/resolv.conf"
for f in ready.127.0.0.1 ready.192.0.2.254 192.0.2.1 192.0.2.2 192.0.2.3; do
	n=0
	until [ -e "$TMP/$f" ] || [ $n = 100 ]; do
		sleep 0.1
		n=$((n + 1))
	done
done

# ---- what becomes of mail for them
printf 'Subject: x\n\nsecret\n' >"$TMP/m"
mails() { find "$TMP/d" -type f | wc -l | tr -d ' '; }
report() { "$BIN/qmail-remote" "$1" s@x "r@$1" <"$TMP/m" 2>&1 | tr '\0\n' '|/'; }
# sent NAME DOMAIN HOW: it arrives, and so
sent() {
	sent_n=$(mails)
	like "$1" "$(report "$2") $(($(mails) - sent_n))" "\\|K192\\.0\\.2\\.[0-9] accepted message$3.* 1\$"
}
# waits NAME DOMAIN WORDS: it does not
waits() {
	sent_n=$(mails)
	like "$1" "$(report "$2") $(($(mails) - sent_n))" "^[^K]*Z.*$3.* 0\$"
}
sent "3 1 1: its key, whoever has signed it" key.example ' \(TLSv1\.3, DANE\)'
sent "3 0 1: its certificate" cert.example ' \(TLSv1\.3, DANE\)'
sent "3 1 2: with SHA-512" key512.example ' \(TLSv1\.3, DANE\)'
sent "one of several records" second.example ' \(TLSv1\.3, DANE\)'
waits "none fits" wrong.example 'TLSA'
waits "a key's digest for a certificate's" wrongcert.example 'TLSA'
sent "2 0 1: an authority in its chain" chain.example ' \(TLSv1\.3, DANE\)'
waits "2 0 1: but for another name" unlike.example 'mx\.unlike\.example'
waits "2 0 1: none that is in its chain" wrongtop.example 'TLSA'
sent "records that cannot be used: TLS, whoever it is" pkix.example ' \(TLSv1\.3\)'
waits "and not in clear" pkixclear.example 'TLS'
waits "records, and a server without TLS" clear.example 'TLS'
sent "no records: in clear" none.example '\.'
waits "the records cannot be found" fail.example 'TLSA'
sent "the list is not secure: as without DANE" insecure.example ' \(TLSv1\.3\)'
sent "the address is not" unsigned.example ' \(TLSv1\.3\)'
sent "the records are not" half.example ' \(TLSv1\.3\)'
sent "the third exchanger, when neither of the others can be trusted" two.example ' \(TLSv1\.3, DANE\)'
sent "an alias has the records of its end" alias.example ' \(TLSv1\.3, DANE\)'
like "and its name is asked for" \
	"$(python3 "$TOP/tests/lib/tlslog.py" "$TMP/192.0.2.2.wire" last sni)" '^base\.example$'
waits "else its own" own.example 'TLS'
waits "an alias to what is not secure: its own" out.example 'TLSA'
sent "records behind an alias" far.example ' \(TLSv1\.3, DANE\)'
sent "a domain without exchangers" plain.example ' \(TLSv1\.3, DANE\)'
sent "a long answer, by TCP" cut.example ' \(TLSv1\.3, DANE\)'
sent "AAAA that fails is no matter" afail.example ' \(TLSv1\.3, DANE\)'

# ---- for whom, and whose word counts
echo key.example >"$CONTROLDIR/tlsadomains"
sent "tlsadomains: not for others" wrong.example ' \(TLSv1\.3\)'
sent "tlsadomains: for its domains" key.example ' \(TLSv1\.3, DANE\)'
echo WRONG.example >>"$CONTROLDIR/tlsadomains"
waits "tlsadomains: in any case" wrong.example 'TLSA'
rm "$CONTROLDIR/tlsadomains"
resolver 192.0.2.254
sent "a resolver elsewhere is not believed" wrong.example ' \(TLSv1\.3\)'
sent "nor for records that fit" key.example ' \(TLSv1\.3\)'
resolver 127.0.0.9
waits "no resolver at all" key.example 'DNS'
done_testing
