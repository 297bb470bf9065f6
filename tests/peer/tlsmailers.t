#!/bin/sh
# Exim, whose TLS is GnuTLS, and OpenSMTPD: STARTTLS, TLS from the start, logins, a client's
# certificate, TLS that is broken, and what is said when it is not to be. What Exim takes stays
# in its queue.
# shellcheck disable=SC1091,SC2154,SC2317 # $HERE and others are peer.sh's
. "$(dirname "$0")/peer.sh"
need "TLS" openssl || done_testing
. "$TOP/tests/peer/tlspeer.sh"
E=/usr/peer/exim4-daemon-light/usr/sbin/exim4 O=/usr/peer/opensmtpd/usr
START=10125 SMTPS=465 V12=10126 CLIENT=10128 CLEAR=10130 WRONG=10131 OPEN=10132
EC=10133 UNKNOWN=10134
for k in p256 rsa2048 wrongname unknown client; do tls_cert $k; done
cat "$TLSCA/client.cert" "$TLSCA/client.key" >"$TMP/mine.pem"
chmod 600 "$TMP/mine.pem"
chmod 711 "$TMP"
pids=''
ends() { for p in $pids; do end "$p"; done; pids=''; }
trap 'ends; rm -rf "$TMP"' EXIT

# ---- Exim: a daemon for each set of rules, as macros of one file
exim_test() {
	need "Exim" $E || return 0
	if ldd $E | grep -q 'not found'; then skip "Exim" "libraries that it needs are not here"; return 0; fi
	sed -i '/^Debian-exim:/d' /etc/passwd /etc/group
	echo 'Debian-exim:x:54111:54111::/var/spool/exim4:/bin/false' >>/etc/passwd
	echo 'Debian-exim:x:54111:' >>/etc/group
	mkdir -p /etc/exim4/tls /var/spool/exim4 /var/log/exim4
	cp "$TLSCA"/p256.pem "$TLSCA"/p256.key "$TLSCA"/rsa2048.pem "$TLSCA"/rsa2048.key \
		"$TLSCA"/wrongname.pem "$TLSCA"/wrongname.key "$TLSCA"/roots.pem /etc/exim4/tls/
	chown -R Debian-exim /etc/exim4/tls /var/spool/exim4 /var/log/exim4
	cat >/etc/exim4/exim4.conf <<-C
		primary_hostname = mail.example.net
		local_interfaces = 127.0.0.1
		daemon_smtp_ports = $START : $SMTPS : $V12 : $CLIENT : $CLEAR : $WRONG
		tls_on_connect_ports = $SMTPS
		queue_only = true
		host_lookup =
		rfc1413_hosts =
		log_selector = +tls_cipher +tls_peerdn
		tls_advertise_hosts = \${if eq{\$received_port}{$CLEAR}{}{*}}
		tls_certificate = /etc/exim4/tls/\${if eq{\$received_port}{$WRONG}{wrongname}{\${if eq{\$received_port}{$V12}{rsa2048}{p256}}}}.pem
		tls_privatekey = /etc/exim4/tls/\${if eq{\$received_port}{$WRONG}{wrongname}{\${if eq{\$received_port}{$V12}{rsa2048}{p256}}}}.key
		tls_require_ciphers = NORMAL\${if eq{\$received_port}{$V12}{:-VERS-ALL:+VERS-TLS1.2}}
		tls_verify_certificates = /etc/exim4/tls/roots.pem
		tls_verify_hosts = \${if eq{\$received_port}{$CLIENT}{*}}
		auth_advertise_hosts = \${if or{{!eq{\$tls_in_cipher}{}}{eq{\$received_port}{$CLEAR}}}{*}}
		acl_smtp_rcpt = rcpt
		acl_smtp_data = data
		begin acl
		rcpt:
		  accept authenticated = *
		  accept condition = \${if eq{\$received_port}{$CLIENT}}
		         verify = certificate
		  deny message = you have to log in
		data:
		  accept
		begin authenticators
		plain:
		  driver = plaintext
		  public_name = PLAIN
		  server_condition = \${if and{{eq{\$auth2}{$USER_}}{eq{\$auth3}{$SECRET}}}}
		  server_set_id = \$auth2
		login:
		  driver = plaintext
		  public_name = LOGIN
		  server_prompts = Username:: : Password::
		  server_condition = \${if and{{eq{\$auth1}{$USER_}}{eq{\$auth2}{$SECRET}}}}
		  server_set_id = \$auth1
		cram:
		  driver = cram_md5
		  public_name = CRAM-MD5
		  server_secret = \${if eq{\$auth1}{$USER_}{$SECRET}fail}
		  server_set_id = \$auth1
	C
	cp $E /usr/sbin/exim4
	chmod 4755 /usr/sbin/exim4
	exim4 -bdf >"$TMP/exim" 2>&1 & pids=$!
	wait_for is_open $START || {
		cat "$TMP/exim" /var/log/exim4/*; echo "Bail out! no Exim"; exit 1; }
	logged() { sed -n "s/.* <= .*\($1\).*/\1/p" /var/log/exim4/mainlog | tail -n 1; }

	for m in PLAIN LOGIN CRAM-MD5; do
		row Exim "AUTH_SMTP=$m" '^K' "$(remote "127.0.0.1:$START $USER_ $PASSWORD $VERIFY,AUTH_SMTP=$m")"
		l=$(echo $m | tr "[:upper:]" "[:lower:]")
		is "it was $m" "$(logged 'A=[a-z]*:[a-z]*')" "A=${l%-md5}:$USER_"
		row Exim "$m, wrong password" '^Z.*535' "$(remote "127.0.0.1:$START $USER_ wr0ng $VERIFY,AUTH_SMTP=$m")"
	done
	row Exim "the strongest" '^K' "$(remote "127.0.0.1:$START $USER_ $PASSWORD $VERIFY")"
	is "it was CRAM-MD5" "$(logged 'A=[a-z]*')" "A=cram"
	like "with TLS" "$(logged 'X=[^ ]*')" 'TLS1\.3'
	row Exim "no login: refused" '^h.*550' "$(remote "127.0.0.1:$START $VERIFY")"
	row Exim "TLS from the start, 465" '^K' "$(remote "127.0.0.1:$SMTPS $USER_ $PASSWORD $VERIFY")"
	row Exim "TLS 1.2, RSA" '^K' "$(remote "127.0.0.1:$V12 $USER_ $PASSWORD $VERIFY")"
	like "which it was" "$(logged 'X=[^ ]*')" 'TLS1\.2'
	row Exim "wrong name" '^Z.*www\.example\.org' "$(remote "127.0.0.1:$WRONG $USER_ $PASSWORD $VERIFY")"
	row Exim "wrong name, pinned" '^K' \
		"$(remote "127.0.0.1:$WRONG $USER_ $PASSWORD TLS=verify,PIN=$(tls_pin wrongname)")"
	row Exim "client certificate" '^K' "$(remote "127.0.0.1:$CLIENT $VERIFY,CERT=$TMP/mine.pem")"
	row Exim "client certificate missing" '^Z.*wants a client certificate' "$(remote "127.0.0.1:$CLIENT $VERIFY")"
	row "Exim without TLS" "never a login" '^Z' "$(remote "127.0.0.1:$CLEAR $USER_ $PASSWORD $VERIFY")"
	row "Exim without TLS" "loopback, TLS=none said" '^K' "$(remote "127.0.0.1:$CLEAR $USER_ $PASSWORD TLS=none")"
	rm -f /var/spool/exim4/input/*
	is "Exim: twenty messages in one flush" "$(flush 20 "127.0.0.1:$START $USER_ $PASSWORD $VERIFY")" "0  20 success "
	is "all are in its queue" "$(find /var/spool/exim4/input -name '*-H' | wc -l)" 20
	for f in /var/spool/exim4/input/*-D; do sed 1d "$f"; break; done >"$TMP/got"
	ok "byte for byte" cmp "$TMP/got" "$TMP/body"
	ends
}

# ---- OpenSMTPD: all that it takes is in ann's Maildirs, one for each way in.
smtpd_conf() {
	for k in rsa2048 p256 wrongname unknown; do
		echo "pki $k cert \"$TLSCA/$k.pem\""
		echo "pki $k key \"$TLSCA/$k.key\""
	done
	cat <<-C
		ca roots cert "$TLSCA/roots.pem"
		table creds file:/etc/opensmtpd/creds
		table anybody { "@" = "ann" }
		listen on lo port $START tls-require pki rsa2048 auth <creds>
		listen on lo port $SMTPS smtps pki p256 auth <creds>
		listen on lo port $EC tls-require pki p256 auth <creds>
		listen on lo port $CLIENT tls-require verify pki rsa2048 ca roots
		listen on lo port $WRONG tls-require pki wrongname auth <creds>
		listen on lo port $UNKNOWN tls-require pki unknown auth <creds>
		listen on lo port $OPEN tls pki rsa2048
		action login maildir "/home/ann/login" virtual <anybody>
		action open maildir "/home/ann/open" virtual <anybody>
		match auth from any for any action login
		match from any for any action open
	C
}

# smtpd_start [SETTING...]
smtpd_start() {
	: >"$TMP/smtpd.out"
	env "$@" smtpd -d -f /etc/smtpd.conf >>"$TMP/smtpd.out" 2>&1 & pids=$!
	wait_for is_open $OPEN || { cat "$TMP/smtpd.out"; echo "Bail out! no OpenSMTPD"; exit 1; }
}
smtpd_sick() { openssl s_client -connect 127.0.0.1:$SMTPS </dev/null 2>&1 | grep -q 'alert internal error'; }
smtpd_said() { sed -n "s/.*\($1\).*/\1/p" "$TMP/smtpd.out" | tail -n 1; }
arrived() { find "/home/ann/$1/new" -type f 2>/dev/null | wc -l; }
all_arrived() { [ "$(arrived "$1")" -ge "$2" ]; }

# TLS as it is meant to be.
smtpd_works() {
	n=0
	for m in PLAIN LOGIN; do
		for p in $START $SMTPS; do
			row OpenSMTPD "$p: AUTH_SMTP=$m" '^K' \
				"$(remote "127.0.0.1:$p $USER_ $PASSWORD $VERIFY,AUTH_SMTP=$m")"
			is "it knows who it was" "$(smtpd_said "authentication user=[a-z]* result=[a-z]*")" \
				"authentication user=$USER_ result=ok"
			row OpenSMTPD "$p: $m, wrong password" '^Z.*535' \
				"$(remote "127.0.0.1:$p $USER_ wr0ng $VERIFY,AUTH_SMTP=$m")"
			is "it says so" "$(smtpd_said "authentication user=[a-z]* result=[a-z]*")" \
				"authentication user=$USER_ result=permfail"
			n=$((n + 1))
		done
	done
	row OpenSMTPD "the strongest" '^K' "$(remote "127.0.0.1:$EC $USER_ $PASSWORD $VERIFY")"
	row OpenSMTPD "a mechanism that it has not" '^Z.*does not offer the mechanism' \
		"$(remote "127.0.0.1:$START $USER_ $PASSWORD $VERIFY,AUTH_SMTP=CRAM-MD5")"
	row OpenSMTPD "no login: waits" '^Z.*530' "$(remote "127.0.0.1:$START $VERIFY")"
	row OpenSMTPD "a login, which it does not offer" '^Z' "$(remote "127.0.0.1:$OPEN $USER_ $PASSWORD $VERIFY")"
	row OpenSMTPD "TLS from the start, without verify" '^K' "$(remote "127.0.0.1:$SMTPS $USER_ $PASSWORD TLS=must")"
	row OpenSMTPD "wrong name" '^Z.*www\.example\.org' "$(remote "127.0.0.1:$WRONG $USER_ $PASSWORD $VERIFY")"
	row OpenSMTPD "wrong name, TLS=must said" '^K' "$(remote "127.0.0.1:$WRONG $USER_ $PASSWORD TLS=must")"
	row OpenSMTPD "unknown authority" '^Z' "$(remote "127.0.0.1:$UNKNOWN $USER_ $PASSWORD $VERIFY")"
	row OpenSMTPD "unknown authority, pinned" '^K' \
		"$(remote "127.0.0.1:$UNKNOWN $USER_ $PASSWORD TLS=verify,PIN=$(tls_pin unknown)")"
	row OpenSMTPD "another key than the pinned one" '^Z' \
		"$(remote "127.0.0.1:$START $USER_ $PASSWORD TLS=verify,PIN=$(tls_pin p256)")"
	n=$((n + 4))
	wait_for all_arrived login $n
	is "what was taken with a login has arrived, and nothing else" "$(arrived login)" $n
	row OpenSMTPD "client certificate" '^K' "$(remote "127.0.0.1:$CLIENT $VERIFY,CERT=$TMP/mine.pem")"
	row OpenSMTPD "client certificate missing" '^Z' "$(remote "127.0.0.1:$CLIENT $VERIFY")"
	row OpenSMTPD "TLS=may" '^K' "$(remote "127.0.0.1:$OPEN TLS=may")"
	like "was with TLS" "$(smtpd_said 'smtp tls .*')" TLSv1.3
	wait_for all_arrived open 2
	is "what was taken without one as well" "$(arrived open)" 2
	rm -rf /home/ann/login
	is "OpenSMTPD: twenty messages in one flush" "$(flush 20 "127.0.0.1:$START $USER_ $PASSWORD $VERIFY")" "0  20 success "
	wait_for all_arrived login 20
	is "all have arrived" "$(arrived login)" 20
	is "byte for byte" "$(smtpd_bodies login)" 1
}
# How many different bodies there are, all of them as sent.
smtpd_bodies() {
	for f in "/home/ann/$1/new"/*; do
		sed '1,/^$/d' "$f" | cmp -s - "$TMP/body" || echo "$f is another"
	done
	for f in "/home/ann/$1/new"/*; do sed '1,/^$/d' "$f" | cksum; done | sort -u | wc -l
}

# TLS that ends in the handshake, whoever asks: a server that is like that.
smtpd_broken() {
	row "OpenSMTPD, broken TLS" "TLS=verify: waits" '^Z.*TLS' "$(remote "127.0.0.1:$OPEN $VERIFY")"
	row "OpenSMTPD, broken TLS" "TLS=must: waits" '^Z.*TLS' "$(remote "127.0.0.1:$OPEN TLS=must")"
	row "OpenSMTPD, broken TLS" "a login: waits" '^Z.*TLS' "$(remote "127.0.0.1:$START $USER_ $PASSWORD $VERIFY")"
	row "OpenSMTPD, broken TLS" "a login, 465: waits" '^Z.*TLS' "$(remote "127.0.0.1:$SMTPS $USER_ $PASSWORD $VERIFY")"
	row "OpenSMTPD, broken TLS" "TLS=may: a new connection without it" '^K' "$(remote "127.0.0.1:$OPEN TLS=may")"
	row "OpenSMTPD, broken TLS" "TLS=may, pinned: waits" '^Z.*TLS' \
		"$(remote "127.0.0.1:$OPEN TLS=may,PIN=$(tls_pin rsa2048)")"
	row "OpenSMTPD, broken TLS" "TLS=none" '^K' "$(remote "127.0.0.1:$OPEN TLS=none")"
	wait_for all_arrived open 2
	rm -rf /home/ann/open
	is "OpenSMTPD, broken TLS: twenty messages in one flush" "$(flush 20 "127.0.0.1:$OPEN TLS=may")" "0  20 success "
	wait_for all_arrived open 20
	is "all have arrived" "$(arrived open)" 20
	is "byte for byte, without TLS" "$(smtpd_bodies open)" 1
	rm -rf /home/ann/open
}

# That of Debian 12 looks for its private keys, which another process of it has, in the
# way of OpenSSL 1.1: OpenSSL 3 goes there only when an engine has the public key
# operations (its issue 1171). So it is a server with broken TLS, and one whose TLS works
# when there is such an engine; that of PKCS #11 leaves keys that are not its own alone.
smtpd_engine() {
	cat >/etc/opensmtpd/openssl.cnf <<-C
		openssl_conf = all
		[all]
		engines = engines
		[engines]
		one = one
		[one]
		engine_id = pkcs11
		default_algorithms = PKEY_CRYPTO
		init = 0
	C
	chmod 644 /etc/opensmtpd/openssl.cnf
	ends
	smtpd_start OPENSSL_CONF=/etc/opensmtpd/openssl.cnf
}
smtpd_test() {
	need "OpenSMTPD" $O/sbin/smtpd || return 0
	if ldd $O/sbin/smtpd | grep -q 'not found'; then
		skip "OpenSMTPD" "libraries that it needs are not here"; return 0; fi
	id=54112
	for u in opensmtpd opensmtpq; do
		sed -i "/^$u:/d" /etc/passwd /etc/group
		echo "$u:x:$id:$id::/var/lib/opensmtpd/empty:/bin/false" >>/etc/passwd
		echo "$u:x:$id:" >>/etc/group
		id=$((id + 1))
	done
	mkdir -p /var/lib/opensmtpd/empty /etc/opensmtpd /var/spool/smtpd /run/opensmtpd /usr/libexec
	cp -a $O/sbin/smtpd $O/sbin/smtpctl /usr/sbin/
	cp -a $O/libexec/opensmtpd /usr/libexec/
	echo "$USER_ $(openssl passwd -6 "$SECRET")" >/etc/opensmtpd/creds
	chmod 644 /etc/opensmtpd/creds
	smtpd_conf >/etc/smtpd.conf
	chmod 711 /var/spool/smtpd
	smtpd_start LC_ALL=C
	if smtpd_sick; then
		smtpd_broken
		if need "OpenSMTPD with TLS" "$(openssl version -e | sed 's/.*"\(.*\)"/\1/')/pkcs11.so"; then
			smtpd_engine
			if smtpd_sick; then is "OpenSMTPD with TLS" sick well; else smtpd_works; fi
		fi
	else
		smtpd_works
	fi
	ends
}

sed '1,/^$/d' "$TMP/letter" >"$TMP/body"
exim_test
smtpd_test
table_show
done_testing
