#!/bin/sh
# Exim, whose TLS is GnuTLS, and OpenSMTPD: STARTTLS, TLS from the start, logins, a client's
# certificate, TLS that is broken, and what is said when it is not to be. What they take stays
# in their queues.
# shellcheck disable=SC1091,SC2154,SC2317 # $HERE and others are peer.sh's
. "$(dirname "$0")/peer.sh"
need "TLS" openssl || done_testing
. "$TOP/tests/peer/tlspeer.sh"
E=/usr/peer/exim4-daemon-light/usr/sbin/exim4 O=/usr/peer/opensmtpd/usr
START=10125 SMTPS=465 V12=10126 CLIENT=10128 CLEAR=10130 WRONG=10131 OPEN=10132
for k in p256 rsa2048 wrongname client; do tls_cert $k; done
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
	row Exim "client certificate missing" '^Z' "$(remote "127.0.0.1:$CLIENT $VERIFY")"
	row "Exim without TLS" "never a login" '^Z' "$(remote "127.0.0.1:$CLEAR $USER_ $PASSWORD $VERIFY")"
	row "Exim without TLS" "loopback, TLS=none said" '^K' "$(remote "127.0.0.1:$CLEAR $USER_ $PASSWORD TLS=none")"
	rm -f /var/spool/exim4/input/*
	is "Exim: twenty messages in one flush" "$(flush 20 "127.0.0.1:$START $USER_ $PASSWORD $VERIFY")" "0  20 success "
	is "all are in its queue" "$(find /var/spool/exim4/input -name '*-H' | wc -l)" 20
	for f in /var/spool/exim4/input/*-D; do sed 1d "$f"; break; done >"$TMP/got"
	ok "byte for byte" cmp "$TMP/got" "$TMP/body"
	ends
}

# ---- OpenSMTPD
smtpd_conf() {
	cat <<-C
		pki rsa cert "$TLSCA/rsa2048.pem"
		pki rsa key "$TLSCA/rsa2048.key"
		pki wrong cert "$TLSCA/wrongname.pem"
		pki wrong key "$TLSCA/wrongname.key"
		ca roots cert "$TLSCA/roots.pem"
		table creds file:/etc/opensmtpd/creds
		listen on lo port $START tls-require pki rsa auth <creds>
		listen on lo port $SMTPS smtps pki rsa auth <creds>
		listen on lo port $CLIENT tls-require verify pki rsa ca roots
		listen on lo port $WRONG tls-require pki wrong auth <creds>
		listen on lo port $OPEN tls pki rsa
		action hold relay host smtp://127.0.0.1:1
		match auth from any for any action hold
		match from any for any action hold
	C
}
# TLS as it is meant to be.
smtpd_works() {
	for m in PLAIN LOGIN; do
		row OpenSMTPD "AUTH_SMTP=$m" '^K' "$(remote "127.0.0.1:$START $USER_ $PASSWORD $VERIFY,AUTH_SMTP=$m")"
		row OpenSMTPD "$m, wrong password" '^Z.*535' "$(remote "127.0.0.1:$START $USER_ wr0ng $VERIFY,AUTH_SMTP=$m")"
	done
	row OpenSMTPD "a mechanism that it has not" '^Z' "$(remote "127.0.0.1:$START $USER_ $PASSWORD $VERIFY,AUTH_SMTP=CRAM-MD5")"
	row OpenSMTPD "no login: refused" '^[Zh]' "$(remote "127.0.0.1:$START $VERIFY")"
	row OpenSMTPD "TLS from the start, 465" '^K' "$(remote "127.0.0.1:$SMTPS $USER_ $PASSWORD $VERIFY")"
	row OpenSMTPD "TLS from the start, without verify" '^K' "$(remote "127.0.0.1:$SMTPS $USER_ $PASSWORD TLS=must")"
	row OpenSMTPD "wrong name" '^Z.*www\.example\.org' "$(remote "127.0.0.1:$WRONG $USER_ $PASSWORD $VERIFY")"
	row OpenSMTPD "wrong name, TLS=must said" '^K' "$(remote "127.0.0.1:$WRONG $USER_ $PASSWORD TLS=must")"
	row OpenSMTPD "client certificate" '^K' "$(remote "127.0.0.1:$CLIENT $VERIFY,CERT=$TMP/mine.pem")"
	row OpenSMTPD "client certificate missing" '^Z' "$(remote "127.0.0.1:$CLIENT $VERIFY")"
	: >"$TMP/smtpd.out"
	is "OpenSMTPD: twenty messages in one flush" "$(flush 20 "127.0.0.1:$START $USER_ $PASSWORD $VERIFY")" "0  20 success "
	is "all have arrived" "$(grep -c 'smtp message.*nrcpt=1' "$TMP/smtpd.out")" 20
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
	row "OpenSMTPD" "TLS=none" '^K' "$(remote "127.0.0.1:$OPEN TLS=none")"
	: >"$TMP/smtpd.out"
	is "OpenSMTPD: twenty messages in one flush" "$(flush 20 "127.0.0.1:$OPEN TLS=may")" "0  20 success "
	is "all have arrived" "$(grep -c 'smtp message.*nrcpt=1' "$TMP/smtpd.out")" 20
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
	smtpd -d -f /etc/smtpd.conf >>"$TMP/smtpd.out" 2>&1 & pids=$!
	wait_for is_open $START || { cat "$TMP/smtpd.out"; echo "Bail out! no OpenSMTPD"; exit 1; }
	logged() { sed -n "s/.*\($1\).*/\1/p" "$TMP/smtpd.out" | tail -n 1; }

	# That of Debian 12 cannot serve TLS: it uses a key in a way that OpenSSL 3 does not
	# allow (its issue 1171), and openssl itself gets no further than we do.
	if openssl s_client -connect 127.0.0.1:$SMTPS </dev/null 2>&1 | grep -q 'alert internal error'; then
		smtpd_broken
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
