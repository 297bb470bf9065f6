#!/bin/sh
# Real programs that send mail to mini-smtpd (java.sh has Java's): TLS after STARTTLS and from
# the first byte, each way to log in that they have, what they say when refused, texts that are
# not easy, which must be in the queue byte for byte. Then who may not have TLS: old clients, as
# openssl and hands make them; what sslscan finds; and starts by inetd, tcpserver and systemd.
# shellcheck disable=SC1091,SC2154,SC2317,SC2034,SC2086,SC2089,SC2090,SC2046 # words
. "$(dirname "$0")/peer.sh"
"$BIN/mini-smtpd" -? >"$TMP/out" 2>&1
[ $? -ne 100 ] || ! grep -q 'not built in' "$TMP/out" || skip_all "built without CFG_SMTPD"
needs_root "mini-smtpd" || done_testing
need "TLS" openssl || done_testing
. "$TOP/tests/peer/tlspeer.sh"
C=$CONTROL HOST=mail.example.net
START=10025 SMTPS=465 INETD=10027 PID=''
trap 'for p in $PID; do kill "$p" 2>/dev/null; done; rm -rf "$TMP"' EXIT
PASSWORD='s3cr%t+w/rd"1' BIG=300000
hosts=/etc/hosts
printf '127.0.0.1 localhost\n127.0.0.1 %s\n' $HOST >$hosts
chmod 644 $hosts
unset RELAYCLIENT REQUIREAUTH

# ---- the server: its user is the queue's; who has logged in may relay, nobody else
server() {
	rm -rf $C $QUEUE
	mkdir -p $C/certs $QUEUE
	echo $HOST >$C/me
	: >$C/aliases
	: >$C/locals
	echo example.net >$C/rcpthosts
	echo $BIG >$C/databytes
	echo refused@example.net >$C/badrcptto
	queue-fix $QUEUE/qmta >/dev/null
	chown -R qmailq:qmailq $QUEUE
	tls_cert p256
	cat "$TLSCA/p256.pem" "$TLSCA/p256.key" >$C/certs/servercert.pem
	# A clear password, for CRAM-MD5.
	echo "$PASSWORD" | qmta auth -c $USER_ || echo "Bail out! qmta auth"
	chown -R qmailq:qmailq $C/certs $C/smtpauth
	chmod 600 $C/certs/servercert.pem
	CERTDIR=$C/certs
	export CERTDIR
	mini-smtpd -v -u qmailq -l 127.0.0.1:$START -l 127.0.0.1:$SMTPS 2>>"$TMP/log" & PID=$!
	wait_for is_open $START || { cat "$TMP/log"; echo "Bail out! it does not listen"; exit 1; }
}
# queued N FILE [RECIPIENT...]: what is wrong with the newest N messages: the text behind
# our two Received fields is FILE, the recipients are these; and forgets them
queued() { python3 "$TOP/tests/peer/queued.py" $QUEUE/qmta "$@" 2>&1; }
# "tls TLSv1.3 user kim 250" of the last message's line in the log.
seen() { sed -n 's/.*mail <.* \(tls TLS[^ :]*\)\( user [^ :]*\).*: \(250\) .*/\1\2 \3/p' "$TMP/log" | tail -n 1; }
# says CLIENT WHAT EXPECTED COMMAND...: the exit code, and the last of what was said
says() {
	s_client=$1 s_what=$2 s_want=$3
	shift 3
	s_exit=0
	s_said=$("$@" 2>&1 </dev/null) || s_exit=$?
	# What swaks says of the dialogue's good part is left out.
	row "$s_client" "$s_what" "$s_want" "$s_exit $(printf '%s\n' "$s_said" | tr -d '\r' |
		grep -vE '^(<[-~]+ +(2[25]0[- ]([^2]|2.[0-9].0 ready)|221)|=== (Trying|Conn|TLS (no|peer)))' | tr '\n' ' ' | tail -c 600)"
}
# taken CLIENT WHAT SEEN COMMAND...: it ends with 0, and the log line has SEEN; the messages are
# there as ONE_FILE (LETTER) to its recipients (ann@far.example bob@example.net)
taken() {
	t_client=$1 t_what=$2 t_seen=$3
	shift 3
	: >"$TMP/log"
	t_exit=0
	t_said=$("$@" 2>&1 </dev/null) || t_exit=$?
	[ $t_exit = 0 ] || t_said=$(echo "$t_said" | tr '\n' ' ' | tail -c 300)
	[ $t_exit != 0 ] || t_said=
	row "$t_client" "$t_what" "^0 $t_seen 250\$" \
		"$t_exit ${t_said:-$(seen)}"
	is "$t_client, $t_what: what is queued" "$(queued ${N:-1} "${TEXT-$TMP/letter}" ${TO:-$BOTH})" ""
}
BOTH='ann@far.example bob@example.net'
LOGIN='tls TLSv1.[23] user kim'

# The text: dots, blanks, 8 bits, a long line, from's; its lines end with LF here.
{
	printf 'From: kim@a.example\nTo: ann@far.example, bob@example.net\n'
	printf 'Date: Mon, 02 Jan 2023 03:04:05 +0000\nMessage-ID: <one@a.example>\n'
	printf 'Subject: a test\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n'
	printf 'Content-Transfer-Encoding: 8bit\n\n'
	cat "$TMP/hard"
} >"$TMP/letter"
sed 's/$/\r/' "$TMP/letter" >"$TMP/letter.crlf"
{ sed '/^$/q' "$TMP/letter"; head -c $BIG /dev/zero | tr '\0' x | fold -w 70; echo; } >"$TMP/big"
chmod 644 "$TMP"/letter* "$TMP/big"
chmod 755 "$TMP"
ROOTS=$TLSCA/roots.pem
chmod 644 $ROOTS
{ cat "$TMP/letter"; echo; } >"$TMP/letter.nl"
tls_root other p256
cp "$TLSCA/other.cert" "$TMP/other.pem"
chmod 644 "$TMP/other.pem"
server

# ---- swaks
swaks_() { timeout 60 swaks --server $HOST:$START --from kim@a.example --to ann@far.example,bob@example.net \
	--data @"$TMP/letter" --tls-ca-path $ROOTS --tls-verify --hide-send "$@"; }
AUTH="--auth-user $USER_ --auth-password $PASSWORD"
if need swaks swaks; then
	TEXT=$TMP/letter.nl	# an empty line more is swaks' own
	for m in PLAIN LOGIN CRAM-MD5; do
		taken swaks "STARTTLS, $m" "$LOGIN" swaks_ --tls --auth $m $AUTH
		taken swaks "465, $m" "$LOGIN" swaks_ --server $HOST:$SMTPS --tls-on-connect --auth $m $AUTH
		says swaks "$m, wrong password" '^28 .*535 5.7.8' swaks_ --tls --auth $m --auth-user $USER_ --auth-password no
	done
	taken swaks "pipelining" "$LOGIN" swaks_ --tls --pipeline --auth PLAIN $AUTH
	says swaks "TLS 1.2 alone" '^0 .*TLSv1.2' swaks_ --tls --tls-protocol tlsv1_2 --auth PLAIN $AUTH
	is "swaks: what is queued" "$(queued 1 "$TEXT" $BOTH)" ""
	says swaks "no login: relaying refused" '^24 .*553 5.7.1 no mail for that domain' \
		swaks_ --tls --to ann@far.example
	says swaks "refused recipient, one of two" '^0 .*553 5\.[17]\.1.*250 2.0.0' \
		swaks_ --to refused@example.net,bob@example.net
	is "swaks: what is queued" "$(queued 1 "$TEXT" bob@example.net)" ""
	says swaks "too big" '^2[0-9] .*552 5.3.4' swaks_ --tls --data @"$TMP/big" --to bob@example.net
	says swaks "AUTH without TLS, here" '^0 ' swaks_ --auth PLAIN $AUTH
	is "swaks: what is queued" "$(queued 1 "$TEXT" $BOTH)" ""
	says swaks "certificate that it cannot verify" '^29 .*(verif|certificate)' \
		swaks_ --tls --tls-ca-path "$TMP/other.pem"
	TEXT=$TMP/letter
fi

# ---- curl
curl_() { timeout 60 curl -sS --crlf --cacert $ROOTS --mail-from kim@a.example --mail-rcpt ann@far.example \
	--mail-rcpt bob@example.net -T "$TMP/letter" "$@"; }
if need curl curl; then
	for m in PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256; do
		if [ $m = SCRAM-SHA-256 ] && ! curl -V | grep -qi gsasl; then
			skip "curl, $m" "this curl has no GSASL"
			continue
		fi
		taken curl "--ssl-reqd, $m" "$LOGIN" curl_ --ssl-reqd --login-options AUTH=$m \
			-u "$USER_:$PASSWORD" smtp://$HOST:$START/client.example.net
		taken curl "smtps://, $m" "$LOGIN" curl_ --login-options AUTH=$m \
			-u "$USER_:$PASSWORD" smtps://$HOST:$SMTPS/client.example.net
		says curl "$m, wrong password" '^67 .*(denied|authenticat)' curl_ --ssl-reqd --login-options AUTH=$m \
			-u "$USER_:no" smtp://$HOST:$START
	done
	taken curl "the strongest that it has" "$LOGIN" curl_ --ssl-reqd -u "$USER_:$PASSWORD" smtp://$HOST:$START
	says curl "refused recipient" '^55 .*553' curl_ --mail-rcpt refused@example.net smtp://$HOST:$START
	says curl "too big" '^(55|56|8) .*552' timeout 60 curl -sS --crlf --mail-from kim@a.example \
		--mail-rcpt bob@example.net -T "$TMP/big" smtp://$HOST:$START
	says curl "certificate that it cannot verify" '^60 ' curl -sS --cacert "$TMP/other.pem" --ssl-reqd \
		--mail-from a@b.example --mail-rcpt bob@example.net -T "$TMP/letter" smtp://$HOST:$START
	says curl "another name" '^60 ' curl_ --ssl-reqd smtp://localhost:$START
fi

# ---- msmtp
msmtp_() { timeout 60 msmtp -C /dev/null --host=$HOST --port=$START --tls=on --tls-trust-file=$ROOTS \
	--from=kim@a.example --user=$USER_ --passwordeval="printf %s '$PASSWORD'" --domain=c.example.net \
	"$@" <"$TMP/letter"; }
msmtp_to() { msmtp_ "$@" ann@far.example bob@example.net; }
if need msmtp msmtp; then
	for m in plain login cram-md5 scram-sha-256 on; do
		taken msmtp "STARTTLS, auth $m" "$LOGIN" msmtp_to --auth=$m
		taken msmtp "465, auth $m" "$LOGIN" msmtp_to --auth=$m --port=$SMTPS --tls-starttls=off
		[ $m = on ] || says msmtp "$m, wrong password" '^77 .*535' msmtp_to --auth=$m --passwordeval='echo no'
	done
	says msmtp "no login: relaying refused" '^65 .*553' msmtp_to --auth=off
	says msmtp "refused recipient" '^65 .*refused@example.net' msmtp_ --auth=off refused@example.net
	says msmtp "certificate that it cannot verify" '^69 .*(not trusted|certificate)' \
		msmtp_to --tls-trust-file="$TMP/other.pem"
	msmtp_big() { msmtp_ "$@" <"$TMP/big"; }
	TEXT='' ; says msmtp "too big" '^(65|69|70|73) .*(552|larger|size)' sh -c "msmtp -C /dev/null --host=$HOST \
		--port=$START --from=kim@a.example --auth=off bob@example.net <'$TMP/big'"
	TEXT=$TMP/letter
fi

# ---- Python's smtplib
py() { timeout 60 python3 "$TOP/tests/peer/smtplib_.py" "$HOST" "$ROOTS" "$TMP/letter" $USER_ "$PASSWORD" "$@"; }
for m in PLAIN LOGIN CRAM-MD5; do
	taken smtplib "STARTTLS, $m" "$LOGIN" py $START starttls $m
	taken smtplib "SMTP_SSL, $m" "$LOGIN" py $SMTPS ssl $m
	says smtplib "$m, wrong password" '^1 .*SMTPAuthenticationError.*535' py $START starttls $m wrong
done
N=60 taken smtplib "60 messages in a session" "$LOGIN" py $START starttls PLAIN many
says smtplib "send_message, SMTPUTF8" '^0 ' py $START starttls PLAIN utf8
is "smtplib, SMTPUTF8: the recipient" "$(queued 1 "" "$(printf 'j\303\266rg@b\303\274cher.example')")" ""
like "smtplib, SMTPUTF8: the log" "$(seen)" 'user kim 250'
says smtplib "LF alone, as sendmail() has it for bytes" '^1 .*SMTPDataError.*550.*lines must end in CR LF' \
	py $START starttls PLAIN lf
says smtplib "refused recipients, all" '^1 .*SMTPRecipientsRefused.*553' py $START clear none refused
says smtplib "refused recipients, one" "^0 .*refused@example.net.*553" py $START clear none one
is "smtplib, refused recipients, one: what is queued" "$(queued 1 "$TMP/letter" bob@example.net)" ""
says smtplib "too big" '^1 .*SMTP(SenderRefused|DataError|ResponseException).*552' py $START clear none big
says smtplib "certificate that it cannot verify" '^1 .*CERTIFICATE_VERIFY_FAILED' \
	python3 "$TOP/tests/peer/smtplib_.py" "$HOST" "$TMP/other.pem" "$TMP/letter" $USER_ no $START starttls none

# ---- s-nail makes the message itself: what it is about must be in it
snail() { timeout 60 s-nail -:/ -Sv15-compat -S from=kim@a.example -S "tls-ca-file=$ROOTS" -S tls-ca-no-defaults \
	-S tls-verify=strict -S smtp-hostname=a.example -S ttycharset=utf-8 -S sendwait -s "a test" "$@" \
	ann@far.example bob@example.net <"$TMP/hard"; }
url() { printf '%s://%s:%s@%s:%s' "$1" "$USER_" "$(python3 -c 'import sys, urllib.parse
print(urllib.parse.quote(sys.argv[1], safe=""))' "$PASSWORD")" "$HOST" "$2"; }
if need s-nail s-nail; then
	TEXT=''
	for m in plain login cram-md5; do
		taken s-nail "smtp://, $m" "$LOGIN" snail -S "mta=$(url smtp $START)" -S smtp-use-starttls -S smtp-auth=$m
		taken s-nail "smtps://, $m" "$LOGIN" snail -S "mta=$(url smtps $SMTPS)" -S smtp-auth=$m
		says s-nail "$m, wrong password" '^[1-9].*535' snail -S "mta=smtp://kim:no@$HOST:$START" \
			-S smtp-use-starttls -S smtp-auth=$m
	done
	says s-nail "no login: relaying refused" '^[1-9].*553' snail -S "mta=smtp://$HOST:$START" -S smtp-auth=none
	says s-nail "certificate that it cannot verify" '^[1-9].*ertificate' snail -S "mta=$(url smtp $START)" \
		-S smtp-use-starttls -S smtp-auth=plain -S "tls-ca-file=$TMP/other.pem"
	TEXT=$TMP/letter
fi

# ---- PHPMailer
cat >"$TMP/pm.php" <<'P'
<?php
require '/usr/share/php/libphp-phpmailer/autoload.php';
list(, $host, $port, $roots, $user, $password, $secure, $auth, $text, $to) = $argv;
$m = new PHPMailer\PHPMailer\PHPMailer(true);
try {
	$m->isSMTP();
	$m->Host = $host;
	$m->Port = (int)$port;
	$m->SMTPSecure = $secure;
	$m->SMTPAutoTLS = $secure != '';
	$m->SMTPOptions = ['ssl' => ['cafile' => $roots]];
	if ($auth != 'none') {
		$m->SMTPAuth = true;
		$m->AuthType = $auth;
		$m->Username = $user;
		$m->Password = $password;
	}
	$m->CharSet = 'utf-8';
	$m->setFrom('kim@a.example');
	foreach (explode(' ', $to) as $a)
		$m->addAddress($a);
	$m->Subject = "Gr\u{fc}\u{df}e";
	$m->Encoding = '8bit';
	$m->Body = file_get_contents($text);
	$m->send();
} catch (Exception $e) {
	fwrite(STDERR, $e->getMessage() . "\n");
	exit(1);
}
P
pm() { timeout 60 php "$TMP/pm.php" $HOST "$1" "${ROOTFILE:-$ROOTS}" $USER_ "${SECRET_:-$PASSWORD}" "$2" "$3" \
	"${BODY:-$TMP/plain}" "${RCPTS:-$BOTH}"; }
if need PHPMailer php /usr/share/php/libphp-phpmailer; then
	TEXT=''
	for m in PLAIN LOGIN CRAM-MD5; do
		taken PHPMailer "STARTTLS, $m" "$LOGIN" pm $START tls $m
		taken PHPMailer "465, $m" "$LOGIN" pm $SMTPS ssl $m
		SECRET_=no says PHPMailer "$m, wrong password" '^1 .*(authenticate|Authentication)' pm $START tls $m
	done
	says PHPMailer "no login: relaying refused" '^1 .*ann@far.example: no mail for that domain' pm $START tls none
	is "PHPMailer, no login: the other one gets it" "$(queued 1 "" bob@example.net)" ""
	BODY=$TMP/big RCPTS=bob@example.net says PHPMailer "too big" '^1 .*(552|data not accepted|larger)' pm $START tls none
	ROOTFILE=$TMP/other.pem says PHPMailer "certificate that it cannot verify" '^1 .*(connect|TLS)' pm $START tls PLAIN
	TEXT=$TMP/letter
fi

# ---- Perl's Net::SMTP
cat >"$TMP/net.pl" <<'P'
use Net::SMTP;
use Authen::SASL;
my ($host, $port, $roots, $user, $password, $how, $mech, $file, @to) = @ARGV;
my $s = Net::SMTP->new($host, Port => $port, Hello => 'c.example.net', SSL => $how eq 'ssl',
	SSL_ca_file => $roots, Timeout => 20) or die "no connection: $@\n";
$how ne 'starttls' or $s->starttls(SSL_ca_file => $roots) or die 'starttls: ' . $s->message . $@;
if ($mech ne 'none') {
	my $sasl = Authen::SASL->new(mechanism => $mech, callback => { user => $user, pass => $password,
		authname => '' });
	$s->auth($sasl) or die 'auth: ' . $s->code . ' ' . $s->message;
}
open my $f, '<', $file or die;
my $text = do { local $/; <$f> };
$s->mail('kim@a.example') or die 'mail: ' . $s->code . ' ' . $s->message;
for (@to) { $s->to($_) or die 'to: ' . $s->code . ' ' . $s->message }
$s->data([$text]) or die 'data: ' . $s->code . ' ' . $s->message;
$s->quit;
P
net() { timeout 60 perl "$TMP/net.pl" $HOST "$1" $ROOTS $USER_ "${SECRET_:-$PASSWORD}" "$2" "$3" "${BODY:-$TMP/letter}" \
	${RCPTS:-$BOTH}; }
if need "Net::SMTP" perl /usr/share/perl5/Authen/SASL.pm /usr/share/perl5/IO/Socket/SSL.pm; then
	for m in PLAIN LOGIN CRAM-MD5; do
		[ $m != CRAM-MD5 ] || need "Net::SMTP, $m" /usr/share/perl5/Digest/HMAC_MD5.pm || continue
		taken Net::SMTP "STARTTLS, $m" "$LOGIN" net $START starttls $m
		taken Net::SMTP "SSL, $m" "$LOGIN" net $SMTPS ssl $m
		SECRET_=no says Net::SMTP "$m, wrong password" '^[1-9].*auth: 535' net $START starttls $m
	done
	RCPTS=refused@example.net says Net::SMTP "refused recipient" '^[1-9].*to: 553' net $START starttls none
	BODY=$TMP/big RCPTS=bob@example.net says Net::SMTP "too big" '^[1-9].*552' net $START clear none
fi

# ---- Django, which is smtplib with settings
if need Django /usr/lib/python3/dist-packages/django; then
	TEXT=''
	for p in $START $SMTPS; do
		taken Django "port $p" "$LOGIN" env SSL_CERT_FILE=$ROOTS /usr/bin/python3 -c '
import sys, django
from django.conf import settings
port = int(sys.argv[2])
settings.configure(EMAIL_HOST=sys.argv[1], EMAIL_PORT=port, EMAIL_USE_TLS=port != 465,
    EMAIL_USE_SSL=port == 465, EMAIL_HOST_USER="kim", EMAIL_HOST_PASSWORD=sys.argv[3])
from django.core.mail import send_mail
send_mail("Gr\u00fc\u00dfe", "text", "kim@a.example", ["ann@far.example", "bob@example.net"])' $HOST $p "$PASSWORD"
	done
	TEXT=$TMP/letter
fi

# ---- Java
. "$TOP/tests/peer/java.sh"
java_rows

# ---- who has no TLS that can be had; each is told to the log
old() { # WHAT LOGGED OPTION...
	o_what=$1 o_want=$2
	shift 2
	: >"$TMP/log"
	says "openssl" "$o_what" '^1 .*no peer certificate' \
		timeout 20 openssl s_client -connect 127.0.0.1:$SMTPS "$@"
	wait_for grep -q 'TLS failed' "$TMP/log"
	like "$o_what: the log" "$(grep 'TLS failed' "$TMP/log")" "$o_want"
}
W='TLS failed: .'
for v in ssl3 tls1 tls1_1; do
	openssl s_client -help 2>&1 | grep -q -- "-$v " || { skip "openssl -$v" "it has none"; continue; }
	old "$v" "$W" -$v -cipher ALL@SECLEVEL=0
done
for c in AES128-SHA AES128-GCM-SHA256 ECDHE-ECDSA-AES128-SHA ECDHE-ECDSA-AES128-SHA256 DHE-RSA-AES128-GCM-SHA256; do
	old "$c" "$W" -tls1_2 -cipher $c@SECLEVEL=0
done
hand() { # WHAT BYTES: to 465
	: >"$TMP/log"
	h_got=$(timeout 20 python3 -c '
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
s.settimeout(10)
s.sendall(bytes.fromhex(sys.argv[2]))
try:
    got = b""
    while len(got) < 200:
        b = s.recv(200)
        if not b:
            break
        got += b
    print("end behind", got.hex())
except ConnectionResetError:
    print("end, reset")
except OSError as e:
    print("no end:", e)' $SMTPS "$2")
	row "by hand" "$1" '^end' "$h_got"
	wait_for grep -q 'TLS failed' "$TMP/log"
	like "$1: the log" "$(cat "$TMP/log")" "$W"
}
hand "SSLv2 hello" 802e0100020015000000100100800200800300800400800500800600400700c00a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a
hand "SSLv3 hello, RC4 alone" 160300002f0100002b0300$(printf '5%.0s' $(seq 64))000004000500040100
hand "TLS 1.0 hello, RC4 alone" 160301002f0100002b0301$(printf '5%.0s' $(seq 64))000004000500040100
hand "HTTP" 474554202f20485454502f312e300d0a0d0a
hand "EHLO in clear" 45484c4f20780d0a
like "the others are served" "$({ sleep 0.5; printf 'QUIT\r\n'; sleep 0.5; } | timeout 10 openssl s_client -quiet -connect 127.0.0.1:$SMTPS 2>&1)" '^220 '

if need sslscan sslscan; then
	for a in "--starttls-smtp 127.0.0.1:$START" "127.0.0.1:$SMTPS"; do
		sslscan --no-colour $a >"$TMP/scan" 2>&1
		is "sslscan $a: protocols" "$(grep -E '^(SSL|TLS)v.* enabled' "$TMP/scan" | tr -s ' \n' ' ')" "TLSv1.2 enabled TLSv1.3 enabled "
		row sslscan "$a" '^AEAD only: ' "$(sed -n 's/^\(Preferred\|Accepted\) *\(TLSv[0-9.]*\) *[0-9]* bits *\([^ ]*\).*/\2 \3/p' "$TMP/scan" |
			awk '/GCM|CHACHA20|CCM/ && ($1 == "TLSv1.3" || /ECDHE|DHE/) { good = good " " $2; next } { bad = bad " " $0 }
			END { print bad ? "others:" bad : good ? "AEAD only:" good : "none" }')"
		is "sslscan $a: vulnerable to nothing" "$(grep vulnerable "$TMP/scan" | grep -vc 'not vulnerable')" 0
	done
fi
kill $PID; wait $PID; PID=''

# ---- started by others: inetd, tcpserver, systemd; who it was is in Received
: >$C/relayclients
echo 127.0.0.1 >$C/relayclients
by() { # WHAT COMMAND...
	b_what=$1
	shift
	"$@" >"$TMP/by" 2>&1 </dev/null & PID=$!
	wait_for is_open $INETD || { tap_show <"$TMP/by"; ok "$b_what starts" false; return; }
	says "$b_what" "a message by smtplib" '^0 ' python3 -c '
import smtplib, sys
s = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), "c.example.net", 10)
s.sendmail("kim@a.example", ["bob@example.net"], open(sys.argv[2], "rb").read())
s.quit()' $INETD "$TMP/letter.crlf"
	is "$b_what: what is queued" "$(queued 1 "$TMP/letter" bob@example.net)" ""
	kill $PID; wait $PID 2>/dev/null; PID=''
}
M=/usr/sbin/mini-smtpd
if need tcpserver tcpserver; then
	by tcpserver tcpserver -RHl0 -u "$(id -u qmailq)" -g "$(id -g qmailq)" 127.0.0.1 $INETD $M; fi
if need systemd systemd-socket-activate; then
	by "systemd, Accept=no" setpriv --reuid=qmailq --regid=qmailq --clear-groups \
		systemd-socket-activate -l 127.0.0.1:$INETD $M
	by "systemd, Accept=yes" setpriv --reuid=qmailq --regid=qmailq --clear-groups \
		systemd-socket-activate -a --inetd -l 127.0.0.1:$INETD $M
fi
if need inetd /usr/sbin/inetd; then
	echo "127.0.0.1:$INETD stream tcp nowait qmailq $M mini-smtpd" >"$TMP/inetd.conf"
	by inetd /usr/sbin/inetd -i "$TMP/inetd.conf"; fi
table_show
done_testing
