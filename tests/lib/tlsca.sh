# tlsca.sh: certificates for tests, made with openssl on first use and kept in $TLSCA
# (default $TMP/ca). Source it after tap.sh.
#   tls_cert KIND   makes $TLSCA/KIND.pem (the leaf, then its intermediates) and
#                   $TLSCA/KIND.key; its root is in $TLSCA/roots.pem but for
#                   "unknown" and "selfsigned". All are for mail.example.net:
#       rsa2048 rsa4096 p256 p384    by the kind of key; signed by an RSA or P-256 root
#       pss          an RSA key, its certificate signed by RSA-PSS
#       rsapss       a key that is for RSA-PSS alone (id-RSASSA-PSS)
#       two          two intermediates between it and the root
#       short        the same, but the server does not send the intermediates
#       ip           also for 127.0.0.1 and ::1, as IP SAN
#       onlyip       for 127.0.0.1 alone
#       wildcard     for *.example.net
#       cnonly       by its CN, without a SAN
#       wrongname    for www.example.org
#       expired      ended yesterday        future   begins tomorrow
#       unknown      its root is unknown.pem alone   selfsigned   its own root
#       clientonly   not for servers
#       client       a client's, CN board.example.net
#       sha1         signed with SHA-1
#       byleaf bymail bylimited   by who is no authority, one for mail's signatures
#                    alone, one for another domain's names alone
#   tls_leaf NAME ROOT [OPTION=VALUE...]   one of your own; options: key= names=
#                   cn= from= to= (days from now) use= md= pss=1; ROOT: ca (RSA) eca (P-256)
#                   inter2 (P-256 below ca) or another made by tls_root or tls_inter
#   tls_crl ROOT DAYS [NAME...]   $TLSCA/ROOT.crl, with these taken back
#   tls_bundle      prints a file with the roots behind the system's own bundle
#   tls_needed      ends the file where TLS is not built in, or openssl not there
#   tls_pin NAME    SHA-256 of its public key, hex      tls_certpin   of all of it
# With runner.sh also:
#   tls_sink KIND [OPTION...]   sink_start with tlssink.py and that certificate; its
#                   smtproutes line is the test's to replace: $PORT
#   wire WHAT...    tlslog.py on what went over the wire since
# shellcheck shell=sh disable=SC2034 # SINKPY is runner.sh's
TLSCA=${TLSCA:-$TMP/ca}

tls_needed() {
	"$BIN/qmta" --version | grep -q 'TLS: Mbed' || skip_all "TLS is not built in"
	command -v openssl >/dev/null || skip_all "no openssl"
}

tls_say() { echo "Bail out! openssl: $*"; tap_show <"$TLSCA/said"; exit 1; }

tls_key() { # FILE KIND
	case $2 in
	rsa*) set -- "$1" -algorithm "$(if [ "$2" = rsapss ]; then echo RSA-PSS; else echo RSA; fi)" \
		-pkeyopt "rsa_keygen_bits:$(if [ "$2" = rsa4096 ]; then echo 4096; else echo 2048; fi)" ;;
	p256) set -- "$1" -algorithm EC -pkeyopt ec_paramgen_curve:P-256 ;;
	p384) set -- "$1" -algorithm EC -pkeyopt ec_paramgen_curve:P-384 ;;
	ed25519) set -- "$1" -algorithm ED25519 ;;
	*) tls_say "no kind of key: $2" ;;
	esac
	tls_f=$1; shift
	openssl genpkey "$@" -out "$tls_f.key" >"$TLSCA/said" 2>&1 || tls_say "$*"
	chmod 600 "$tls_f.key"
}

# What can sign: its own files of `openssl ca` are in $TLSCA/NAME.d.
tls_signer() { # NAME
	mkdir -p "$TLSCA/$1.d"
	: >"$TLSCA/$1.d/index"
	cat >"$TLSCA/$1.d/conf" <<-C
		[ca]
		default_ca = it
		[it]
		database = $TLSCA/$1.d/index
		new_certs_dir = $TLSCA/$1.d
		certificate = $TLSCA/$1.cert
		private_key = $TLSCA/$1.key
		rand_serial = yes
		unique_subject = no
		policy = any
		default_md = sha256
		[any]
		commonName = optional
		emailAddress = optional
	C
}

tls_root() { # NAME KIND: a root, not in roots.pem
	mkdir -p "$TLSCA"
	[ ! -s "$TLSCA/$1.cert" ] || return 0
	tls_key "$TLSCA/$1" "$2"
	openssl req -x509 -new -key "$TLSCA/$1.key" -subj "/CN=Test root $1" -days 400 \
		-addext keyUsage=critical,keyCertSign,cRLSign \
		-out "$TLSCA/$1.cert" >"$TLSCA/said" 2>&1 || tls_say "root $1"
	: >"$TLSCA/$1.chain"
	tls_signer "$1"
}

# One by another: the extensions are lines on standard input.
tls_sign() { # NAME SIGNER FROM TO MD CN [SIGOPT...]
	tls_n=$1 tls_s=$2 tls_f=$3 tls_t=$4 tls_m=$5 tls_c=$6
	shift 6
	cat >"$TLSCA/$tls_n.ext"
	openssl req -new -key "$TLSCA/$tls_n.key" -subj "/CN=$tls_c" -out "$TLSCA/$tls_n.req" \
		>"$TLSCA/said" 2>&1 || tls_say "request $tls_n"
	openssl ca -batch -notext -config "$TLSCA/$tls_s.d/conf" -in "$TLSCA/$tls_n.req" -md "$tls_m" \
		-startdate "$(date -u -d "@$(($(date +%s) + tls_f * 86400))" +%Y%m%d%H%M%SZ)" \
		-enddate "$(date -u -d "@$(($(date +%s) + tls_t * 86400))" +%Y%m%d%H%M%SZ)" \
		-extfile "$TLSCA/$tls_n.ext" -out "$TLSCA/$tls_n.cert" "$@" >"$TLSCA/said" 2>&1 || tls_say "sign $tls_n"
}

tls_inter() { # NAME SIGNER KIND [LINE]: an intermediate; one more extension
	tls_key "$TLSCA/$1" "$3"
	tls_sign "$1" "$2" -1 300 sha256 "Test intermediate $1" <<-C
		basicConstraints = critical,CA:TRUE
		keyUsage = critical,keyCertSign,cRLSign
		subjectKeyIdentifier = hash
		authorityKeyIdentifier = keyid
		${4:-}
	C
	cat "$TLSCA/$1.cert" "$TLSCA/$2.chain" >"$TLSCA/$1.chain"
	tls_signer "$1"
}

tls_roots() {
	[ ! -s "$TLSCA/roots.pem" ] || return 0
	tls_root ca rsa2048
	tls_root eca p256
	cat "$TLSCA/ca.cert" "$TLSCA/eca.cert" >"$TLSCA/roots.pem"
}

tls_leaf() {
	tls_name=$1 tls_by=$2; shift 2
	tls_kind=rsa2048 tls_names=DNS:mail.example.net tls_cn=mail.example.net
	tls_from=-1 tls_to=90 tls_use=serverAuth tls_md=sha256 tls_pss=
	for tls_o; do
		case $tls_o in
		key=*) tls_kind=${tls_o#*=} ;;
		names=*) tls_names=${tls_o#*=} ;;
		cn=*) tls_cn=${tls_o#*=} ;;
		from=*) tls_from=${tls_o#*=} ;;
		to=*) tls_to=${tls_o#*=} ;;
		use=*) tls_use=${tls_o#*=} ;;
		md=*) tls_md=${tls_o#*=} ;;
		pss=*) tls_pss='-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1' ;;
		*) tls_say "no option: $tls_o" ;;
		esac
	done
	tls_roots
	case $tls_by in
	inter2)
		[ -s "$TLSCA/inter2.cert" ] || { tls_inter inter1 ca rsa2048; tls_inter inter2 inter1 p256; } ;;
	esac
	tls_key "$TLSCA/$tls_name" "$tls_kind"
	{
		echo "basicConstraints = CA:FALSE"
		echo "extendedKeyUsage = $tls_use"
		[ -z "$tls_names" ] || echo "subjectAltName = $tls_names"
	} >"$TLSCA/$tls_name.conf"
	# shellcheck disable=SC2086 # words
	tls_sign "$tls_name" "$tls_by" "$tls_from" "$tls_to" "$tls_md" "$tls_cn" $tls_pss \
		<"$TLSCA/$tls_name.conf"
	cat "$TLSCA/$tls_name.cert" "$TLSCA/$tls_by.chain" >"$TLSCA/$tls_name.pem"
}

tls_cert() { # KIND
	[ ! -s "$TLSCA/$1.pem" ] || return 0
	mkdir -p "$TLSCA"
	chmod 755 "$TLSCA"
	case $1 in
	rsa2048|rsa4096|rsapss) tls_leaf "$1" ca key="$1" ;;
	pss) tls_leaf pss ca pss=1 ;;
	p256|p384) tls_leaf "$1" eca key="$1" ;;
	two) tls_leaf two inter2 key=p256 ;;
	short) tls_leaf short inter2 key=p256; cp "$TLSCA/short.cert" "$TLSCA/short.pem" ;;
	ip) tls_leaf ip eca key=p256 names=DNS:mail.example.net,IP:127.0.0.1,IP:::1 ;;
	onlyip) tls_leaf onlyip eca key=p256 names=IP:127.0.0.1 cn=127.0.0.1 ;;
	wildcard) tls_leaf wildcard eca key=p256 "names=DNS:*.example.net" "cn=*.example.net" ;;
	cnonly) tls_leaf cnonly eca key=p256 names= ;;
	wrongname) tls_leaf wrongname eca key=p256 names=DNS:www.example.org cn=www.example.org ;;
	expired) tls_leaf expired eca key=p256 from=-90 to=-1 ;;
	future) tls_leaf future eca key=p256 from=1 to=90 ;;
	clientonly) tls_leaf clientonly eca key=p256 use=clientAuth ;;
	byleaf)	# signed by one that is no authority
		tls_cert p256
		cp "$TLSCA/p256.cert" "$TLSCA/p256.chain"
		tls_signer p256
		tls_leaf byleaf p256 key=p256 cn=byleaf ;;
	bymail)
		tls_roots
		tls_inter mailonly eca p256 "extendedKeyUsage = emailProtection"
		tls_leaf bymail mailonly key=p256 ;;
	bylimited)
		tls_roots
		tls_inter limited eca p256 "nameConstraints = permitted;DNS:example.org"
		tls_leaf bylimited limited key=p256 ;;
	sha1) tls_leaf sha1 ca md=sha1 ;;
	unknown) tls_root unknownca p256; tls_leaf unknown unknownca key=p256 ;;
	client) tls_leaf client eca key=p256 use=clientAuth names=DNS:board.example.net cn=board.example.net ;;
	selfsigned)
		tls_key "$TLSCA/selfsigned" p256
		openssl req -x509 -new -key "$TLSCA/selfsigned.key" -subj /CN=mail.example.net -days 90 \
			-addext subjectAltName=DNS:mail.example.net -out "$TLSCA/selfsigned.cert" \
			>"$TLSCA/said" 2>&1 || tls_say selfsigned
		cp "$TLSCA/selfsigned.cert" "$TLSCA/selfsigned.pem" ;;
	*) tls_say "no kind of certificate: $1" ;;
	esac
}

# What a root took back: its list is $TLSCA/NAME.crl; days from now until it is too old.
tls_crl() { # ROOT DAYS [NAME...]
	tls_s=$1 tls_t=$2; shift 2
	for tls_n; do
		openssl ca -config "$TLSCA/$tls_s.d/conf" -revoke "$TLSCA/$tls_n.cert" \
			>"$TLSCA/said" 2>&1 || tls_say "revoke $tls_n"
	done
	openssl ca -gencrl -config "$TLSCA/$tls_s.d/conf" -out "$TLSCA/$tls_s.crl" \
		-crl_lastupdate "$(date -u -d "@$(($(date +%s) - 30 * 86400))" +%Y%m%d%H%M%SZ)" \
		-crl_nextupdate "$(date -u -d "@$(($(date +%s) + tls_t * 86400))" +%Y%m%d%H%M%SZ)" \
		>"$TLSCA/said" 2>&1 || tls_say "crl $tls_s"
}

tls_bundle() {
	tls_roots
	if [ ! -s "$TLSCA/bundle.pem" ]; then
		cat /etc/ssl/certs/ca-certificates.crt "$TLSCA/roots.pem" >"$TLSCA/bundle.pem" 2>/dev/null ||
			cp "$TLSCA/roots.pem" "$TLSCA/bundle.pem"
		chmod 644 "$TLSCA/bundle.pem"
	fi
	echo "$TLSCA/bundle.pem"
}

tls_pin() {
	openssl x509 -in "$TLSCA/$1.cert" -noout -pubkey | openssl pkey -pubin -outform DER |
		openssl dgst -sha256 -r | cut -d' ' -f1
}
tls_certpin() { openssl x509 -in "$TLSCA/$1.cert" -outform DER | openssl dgst -sha256 -r | cut -d' ' -f1; }

tls_sink() {
	tls_k=$1; shift
	tls_cert "$tls_k"
	WIRE=$TMP/sink/wire
	: >"$WIRE"
	SINKPY=tlssink.py
	sink_start --cert "$TLSCA/$tls_k.pem" --key "$TLSCA/$tls_k.key" --wire "$WIRE" "$@"
	SINKPY=
}
wire() { python3 "$TOP/tests/lib/tlslog.py" "$WIRE" "$@"; }
