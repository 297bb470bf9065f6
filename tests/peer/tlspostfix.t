#!/bin/sh
# Postfix with TLS, and Dovecot behind it to say who may come in: every mechanism that it
# has, each kind of certificate, a client's certificate, and what is said when it is not to
# be. Nothing that it takes leaves; its queue is the judge.
# shellcheck disable=SC1091,SC2154,SC2317 # $HERE and others are peer.sh's
. "$(dirname "$0")/peer.sh"
need "Postfix with TLS" openssl || done_testing
need "Dovecot" /usr/sbin/dovecot || done_testing
. "$TOP/tests/peer/tlspeer.sh"
. "$TOP/tests/peer/postfix.sh"
postfix_here smtpd tlsmgr
START=10025 SMTPS=10465 V12=10026 V13=10027 CLIENT=10028 OPEN=10029 CLEAR=10030
MECHS="plain login cram-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer"

# ---- Dovecot: nothing but its door for Postfix
mkdir -p /run/dovecot /etc/dovecot/keys/default/HS256
echo "$USER_:{PLAIN}$SECRET" >/etc/dovecot/users
# A token is a JWT (RFC 7519) that is signed with this key.
printf 'a key of thirty-two bytes exactly' | head -c 32 | base64 >/etc/dovecot/keys/default/HS256/default
token() { # SUBJECT SECONDS: which ends so long from now
	python3 - "$1" "$2" <<-'P'
	import base64, hashlib, hmac, json, sys, time
	def b64(x): return base64.urlsafe_b64encode(x).rstrip(b"=")
	t = int(time.time())
	head = b64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
	body = b64(json.dumps({"sub": sys.argv[1], "iat": t - 10, "exp": t + int(sys.argv[2])}).encode())
	key = b"a key of thirty-two bytes exactly"[:32]
	print((head + b"." + body + b"." + b64(hmac.digest(key, head + b"." + body, hashlib.sha256))).decode())
	P
}
cat >/etc/dovecot/oauth2 <<-C
	introspection_mode = local
	local_validation_key_dict = fs:posix:prefix=/etc/dovecot/keys/
	username_attribute = sub
C
cat >/etc/dovecot/dovecot.conf <<-C
	protocols =
	ssl = no
	log_path = /var/log/dovecot.log
	auth_verbose = yes
	auth_mechanisms = $MECHS
	auth_failure_delay = 0
	passdb {
	  driver = oauth2
	  mechanisms = xoauth2 oauthbearer
	  args = /etc/dovecot/oauth2
	}
	passdb {
	  driver = passwd-file
	  mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
	  args = scheme=plain username_format=%u /etc/dovecot/users
	}
	userdb {
	  driver = static
	  args = uid=54001 gid=54001 home=/home/ann
	}
	# Or it answers ever later to an address that was wrong once.
	service anvil {
	  unix_listener anvil-auth-penalty {
	    mode = 0
	  }
	}
	service auth {
	  unix_listener /var/spool/postfix/private/auth {
	    mode = 0660
	    user = postfix
	    group = postfix
	  }
	}
C

# ---- Postfix: each port has its own rules
for k in p256 rsa2048 rsa4096 p384 pss two ip wildcard wrongname expired unknown client; do tls_cert $k; done
for k in p256 rsa2048 rsa4096 p384 pss two ip wildcard wrongname expired unknown; do
	cat "$TLSCA/$k.key" "$TLSCA/$k.pem" >"/etc/postfix/$k.pem"
done
cat "$TLSCA/client.cert" "$TLSCA/client.key" >"$TMP/mine.pem"
chmod 600 "$TMP/mine.pem"
postfix_main <<-C
	myhostname = mail.example.net
	mynetworks =
	smtpd_peername_lookup = no
	smtpd_tls_security_level = encrypt
	smtpd_tls_auth_only = yes
	smtpd_tls_loglevel = 1
	smtpd_tls_chain_files = /etc/postfix/rsa2048.pem, /etc/postfix/p256.pem
	smtpd_tls_CAfile = $TLSCA/roots.pem
	smtpd_sasl_auth_enable = yes
	smtpd_sasl_type = dovecot
	smtpd_sasl_path = private/auth
	smtpd_relay_restrictions = permit_sasl_authenticated, reject
	smtpd_recipient_restrictions = permit_sasl_authenticated, reject
C
{
	cat <<-C
		$START inet n - n - - smtpd
		$SMTPS inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
		$V12 inet n - n - - smtpd -o smtpd_tls_mandatory_protocols=TLSv1.2
		$V13 inet n - n - - smtpd -o smtpd_tls_mandatory_protocols=TLSv1.3
		$CLIENT inet n - n - - smtpd -o smtpd_tls_req_ccert=yes
		 -o smtpd_relay_restrictions=permit_tls_all_clientcerts,reject
		 -o smtpd_recipient_restrictions=permit_tls_all_clientcerts,reject
		$OPEN inet n - n - - smtpd -o smtpd_tls_security_level=may
		 -o mynetworks=127.0.0.0/8 -o smtpd_relay_restrictions=permit_mynetworks,reject
		 -o smtpd_recipient_restrictions=permit_mynetworks,reject
		$CLEAR inet n - n - - smtpd -o smtpd_tls_security_level=none -o smtpd_tls_auth_only=no
		tlsmgr unix - - n 1000? 1 tlsmgr
		anvil unix - - n - 1 anvil
	C
	n=10040
	for k in rsa4096 p384 pss two ip wildcard wrongname expired unknown; do
		echo "$n inet n - n - - smtpd -o smtpd_tls_chain_files=/etc/postfix/$k.pem"
		n=$((n + 1))
	done
} | postfix_master
dovecot -F -c /etc/dovecot/dovecot.conf 2>"$TMP/dovecot" & dove=$!
wait_for test -S /var/spool/postfix/private/auth || {
	cat "$TMP/dovecot" /var/log/dovecot.log; echo "Bail out! no Dovecot"; exit 1; }
trap 'end $dove; rm -rf "$TMP"' EXIT
postfix_start $START
trap 'end $MASTER; end $dove; rm -rf "$TMP"' EXIT

# What its log says of the last connection.
logged() { sed -n "s/.*\($1\).*/\1/p" /var/log/postfix.log | tail -n 1; }
drop_all() { postsuper -d ALL >/dev/null 2>&1; }
good="127.0.0.1:$START $USER_ $PASSWORD"

# ---- every mechanism
for m in PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256; do
	row "Postfix + Dovecot" "AUTH_SMTP=$m" '^K' "$(remote "$good $VERIFY,AUTH_SMTP=$m")"
	is "it was $m" "$(logged 'sasl_method=[^,]*')" "sasl_method=$m"
	row "Postfix + Dovecot" "$m, wrong password" '^Z.*535' \
		"$(remote "127.0.0.1:$START $USER_ wr0ng $VERIFY,AUTH_SMTP=$m")"
done
row "Postfix + Dovecot" "the strongest" '^K' "$(remote "$good $VERIFY")"
is "it was SCRAM-SHA-256" "$(logged 'sasl_method=[^,]*')" "sasl_method=SCRAM-SHA-256"
row "Postfix + Dovecot" "unknown user" '^Z.*535' "$(remote "127.0.0.1:$START nobody x $VERIFY")"
row "Postfix + Dovecot" "no login: 554 or 530" '^[hD].*5[35][04]' "$(remote "127.0.0.1:$START $VERIFY")"
row "Postfix + Dovecot" "a mechanism that it has not" '^Z' "$(remote "$good $VERIFY,AUTH_SMTP=SCRAM-SHA-256-PLUS")"
for m in XOAUTH2 OAUTHBEARER; do
	token $USER_ 600 >"$TMP/token"
	chmod 600 "$TMP/token"
	row "Postfix + Dovecot" "$m" '^K' \
		"$(remote "127.0.0.1:$START $USER_ - $VERIFY,AUTH_SMTP=$m,TOKENFILE=$TMP/token")"
	is "it was $m" "$(logged 'sasl_method=[^,]*')" "sasl_method=$m"
	token $USER_ -5 >"$TMP/token"
	row "Postfix + Dovecot" "$m, expired" '^Z.*535' \
		"$(remote "127.0.0.1:$START $USER_ - $VERIFY,AUTH_SMTP=$m,TOKENFILE=$TMP/token")"
	# A command that is asked again when the first is refused.
	cat >"$TMP/tokencmd" <<-C
		#!/bin/sh
		if [ -n "\${QMTA_REFRESH:-}" ]; then cat $TMP/fresh; else cat $TMP/token; fi
	C
	chmod 755 "$TMP/tokencmd"
	token $USER_ 600 >"$TMP/fresh"
	chmod 644 "$TMP/token" "$TMP/fresh"
	row "Postfix + Dovecot" "$m, refreshed on 535" '^K' \
		"$(remote "127.0.0.1:$START $USER_ - $VERIFY,AUTH_SMTP=$m,TOKENCMD=$TMP/tokencmd")"
done

# ---- the way in
drop_all
row "Postfix smtps" "port said, implicit TLS only on 465: waits" '^Z' \
	"$(remote "127.0.0.1:$SMTPS $USER_ $PASSWORD $VERIFY")"
row "Postfix" "TLS 1.2 only" '^K' "$(remote "127.0.0.1:$V12 $USER_ $PASSWORD $VERIFY")"
like "which it was" "$(logged 'TLS connection established.*')" 'TLSv1\.2'
row "Postfix" "TLS 1.3 only" '^K' "$(remote "127.0.0.1:$V13 $USER_ $PASSWORD $VERIFY")"
like "which it was" "$(logged 'TLS connection established.*')" 'TLSv1\.3'
row "Postfix" "client certificate" '^K' "$(remote "127.0.0.1:$CLIENT $VERIFY,CERT=$TMP/mine.pem")"
row "Postfix" "client certificate missing" '^[ZD]' "$(remote "127.0.0.1:$CLIENT $VERIFY")"
row "Postfix" "TLS=may, no login, any certificate" '^K' "$(remote "127.0.0.1:$OPEN TLS=may,TLSNAME=other.example")"
like "and it was TLS" "$(logged 'TLS connection established.*')" 'TLSv1\.3'
row "Postfix" "TLS=none, no login" '^K' "$(remote "127.0.0.1:$OPEN TLS=none")"
row "Postfix without TLS" "TLS=may" '^[hD].*5[35][04]' "$(remote "127.0.0.1:$CLEAR TLS=may")"
row "Postfix without TLS" "TLS=verify: never a login" '^Z' "$(remote "127.0.0.1:$CLEAR $USER_ $PASSWORD $VERIFY")"
row "Postfix without TLS" "TLS=must: never a login" '^Z' "$(remote "127.0.0.1:$CLEAR $USER_ $PASSWORD TLS=must")"
row "Postfix without TLS" "loopback, TLS=none said" '^K' "$(remote "127.0.0.1:$CLEAR $USER_ $PASSWORD TLS=none")"

# ---- certificates
n=10040
for k in rsa4096 p384 pss two ip wildcard wrongname expired unknown; do
	case $k in
	wrongname) want='^Z.*www\.example\.org' ;;
	expired) want='^Z.*expired' ;;
	unknown) want='^Z.*unknownca' ;;
	*) want='^K' ;;
	esac
	row "Postfix" "$k, verify" "$want" "$(remote "127.0.0.1:$n $USER_ $PASSWORD $VERIFY")"
	case $k in wrongname|expired|unknown)
		row "Postfix" "$k, pinned" '^K' \
			"$(remote "127.0.0.1:$n $USER_ $PASSWORD TLS=verify,PIN=$(tls_pin $k)")"
		row "Postfix" "$k, TLS=must said" '^K' "$(remote "127.0.0.1:$n $USER_ $PASSWORD TLS=must")" ;;
	ip) row "Postfix" "$k, by address" '^K' "$(remote "127.0.0.1:$n $USER_ $PASSWORD TLS=verify,CAFILE=$ROOTS")" ;;
	esac
	n=$((n + 1))
done

# ---- qmta check, against the real one
checked() { # ROUTE: its exit, and what it says of the login
	check_x=0
	as root timeout 60 qmta check --from kim@a.example "$1" >"$TMP/checked" 2>&1 || check_x=$?
	echo "$check_x $(grep -c "$SECRET" "$TMP/checked")"
	grep '^.. \(login\|tls\|recipient\)' "$TMP/checked"
}
row "Postfix, qmta check" "all is well" '^ok recipient' "$(checked "$good $VERIFY")"
row "Postfix, qmta check" "the login" '^ok login     SCRAM-SHA-256 as kim' "$(checked "$good $VERIFY")"
row "Postfix, qmta check" "wrong password" '^!! login .*535' "$(checked "127.0.0.1:$START $USER_ wr0ng $VERIFY")"
row "Postfix, qmta check" "exit 1, no secret" '^1 0$' "$(checked "127.0.0.1:$SMTPS $USER_ $PASSWORD $VERIFY")"
row "Postfix, qmta check" "expired" '^!! tls .*expired' "$(checked "127.0.0.1:10047 $USER_ $PASSWORD $VERIFY")"
is "nothing was queued by it" "$(drop_all; checked "$good $VERIFY" >/dev/null; postqueue -j | grep -c queue_id)" 0

# ---- what arrives, and how often it says hello
drop_all
remote "$good $VERIFY" >/dev/null
id=$(postqueue -j | sed -n 's/.*"queue_id": "\([^"]*\)".*/\1/p')
postcat -bhq "$id" >"$TMP/raw"
sed '1,/(UTC)$/d' "$TMP/raw" >"$TMP/got"
ok "its queue has the message, byte for byte" cmp "$TMP/letter" "$TMP/got"
drop_all
before=$(grep -c 'TLS connection established' /var/log/postfix.log)
is "twenty messages in one flush" "$(flush 20 "$good $VERIFY")" "0  20 success "
is "one handshake" "$(($(grep -c 'TLS connection established' /var/log/postfix.log) - before))" 1
is "twenty in its queue" "$(postqueue -j | grep -c queue_id)" 20
table_show
done_testing
