# java.sh: JavaMail, and Jakarta Mail, which is its heir by another name, against the server of
# smtpd.t, which sources it. A JVM stays for all cases: Jmail.java reads them from it.
#   java_rows    all of them, or in the short form the first ones of JavaMail
# shellcheck shell=sh disable=SC2154,SC2034,SC2086
jm() { # NAME=VALUE...: a line for Jmail.java; ends and says as that does
	printf '%s\t' host=$HOST port=$START "text=$TMP/letter" roots=$ROOTS to=ann@far.example,bob@example.net "$@" >&8 && echo >&8 || return 98
	read -r jm_exit jm_said <&9 || return 99
	echo "$jm_said" | tee "$TMP/jm.said"
	return "$jm_exit"
}
jm_tls() { jm starttls.required=true ssl.checkserveridentity=true auth=true user=$USER_ "password=$PASSWORD" "$@"; }
jm_ssl() { jm_tls port=$SMTPS ssl.enable=true "$@"; }
jm_on() { # NAME PACKAGE JAR JAR: true when it runs
	need "$1" java /usr/share/java/ecj.jar "$3" "$4" || return 1
	rm -rf "$TMP/java"
	mkdir "$TMP/java"
	sed "s/javax\.mail/$2/" "$TOP/tests/peer/Jmail.java" >"$TMP/java/Jmail.java"
	ok "$1: Jmail.java compiles" timeout 60 java -Xmx64m -cp /usr/share/java/ecj.jar \
		org.eclipse.jdt.internal.compiler.batch.Main -8 -proc:none -cp "$3:$4" -d "$TMP/java" "$TMP/java/Jmail.java"
	[ -e "$TMP/java/Jmail.class" ] || return 1
	mkfifo "$TMP/java/in" "$TMP/java/out"
	timeout 300 java -Xmx64m -cp "$TMP/java:$3:$4" Jmail <"$TMP/java/in" >"$TMP/java/out" & JPID=$!
	exec 8>"$TMP/java/in" 9<"$TMP/java/out"
}
jm_few() { # NAME: what each is asked
	taken "$1" "STARTTLS, PLAIN" "$LOGIN" jm_tls auth.mechanisms=PLAIN
	says "$1" "PLAIN, wrong password" '^1 AuthenticationFailedException: 535 5.7.8' jm_tls auth.mechanisms=PLAIN password=no
	[ -z "$QMTA_SHORT" ] || return 0
	taken "$1" "SSL, what it has first" "$LOGIN" jm_ssl
	says "$1" "no login: relaying refused" '^1 .*553 5.7.1 no mail for that domain' jm starttls.required=true
	says "$1" "sendpartial" '^1 SMTPSendFailed.* sent to \[bob@example.net\].*553' jm sendpartial=true
	is "$1, sendpartial: what is queued" "$(queued 1 "$TMP/letter" bob@example.net)" ""
}
jm_more() { # NAME
	for m in auth.mechanisms=LOGIN sasl.mechanisms=PLAIN sasl.mechanisms=CRAM-MD5; do
		# The second and third are Java's own SASL, which keeps the 535 to itself.
		s=true w='failed to connect'
		case $m in auth*) s=false w='535 5.7.8' ;; *) m="auth.mechanisms=NTLM $m" ;; esac
		taken "$1" "STARTTLS, ${m#* }" "$LOGIN" jm_tls sasl.enable=$s $m
		taken "$1" "SSL, ${m#* }" "$LOGIN" jm_ssl sasl.enable=$s $m
		says "$1" "${m#* }, wrong password" "^1 AuthenticationFailedException: $w" jm_tls sasl.enable=$s $m password=no
		like "$1, ${m#* }, wrong password: the log" "$(cat "$TMP/log")" ': login of kim failed'
	done
	for v in TLSv1.2 TLSv1.3; do
		N=5 taken "$1" "STARTTLS, $v, five sessions" "tls $v user kim" jm_tls ssl.protocols=$v n=5 each=1
		N=5 taken "$1" "SSL, $v, five sessions" "tls $v user kim" jm_ssl ssl.protocols=$v n=5 each=1
	done
	N=60 taken "$1" "60 messages in a session" "$LOGIN" jm_tls n=60
	is "$1: one it was" "$(grep -c '^mini-smtpd: ok' "$TMP/log")" 1
	kept=$(cat "$TMP/jm.said")
	N=60 taken "$1" "60 sessions" "$LOGIN" jm_tls n=60 each=1
	is "$1: they were 60" "$(grep -c '^mini-smtpd: ok' "$TMP/log")" 60
	echo "# $1: in a session $kept, a session each $(cat "$TMP/jm.said")"
	echo 127.0.0.1 >$C/relayclients
	says "$1" "a host and a port alone" '^0 ' jm
	is "$1, a host and a port alone: what is queued" "$(queued 1 "$TMP/letter" $BOTH)" ""
	rm $C/relayclients
	says "$1" "login without TLS, here" '^0 ' jm auth=true user=$USER_ "password=$PASSWORD"
	is "$1, login without TLS: what is queued" "$(queued 1 "$TMP/letter" $BOTH)" ""
	says "$1" "one of two refused" '^1 SendFailedException: .*553' jm to=bob@example.net,refused@example.net
	is "$1, one of two refused: nothing is queued" "$(queued 0 "")" ""
	says "$1" "too big" '^1 .*552' jm to=bob@example.net "text=$TMP/big"
	says "$1" "certificate that it cannot verify" '^1 .*SSLHandshakeException' jm_tls "roots=$TMP/other.pem"
	says "$1" "another name" '^1 .*(identity|SSL)' jm_tls host=localhost
	is "$1: nothing of these is queued" "$(queued 0 "")" ""
	TEXT=$TMP/sent
	head -c 40000 "$BIN/qmta" >"$TMP/file.bin"
	for a in true:8bit false:quoted-printable; do
		rm -f "$TEXT"
		taken "$1" "an attachment, ${a#*:}" "$LOGIN" jm_tls text= "body=$TMP/hard" "file=$TMP/file.bin" \
			allow8bitmime=${a%:*} "copy=$TEXT"
		is "$1: how they are encoded" "$(sed -n 's/^Content-Transfer-Encoding: //p' "$TEXT" | tr '\n' ' ')" "${a#*:} base64 "
	done
	# Its BDAT doubles dots as DATA does: so they are in what it means to send.
	sed 's/^\./../' "$TMP/letter" >"$TEXT"
	echo 1 >$C/chunking
	taken "$1" "BDAT" "$LOGIN" jm_tls chunksize=100
	rm $C/chunking
	TEXT=$TMP/letter
	UTF8=$(printf 'j\303\266rg@b\303\274cher.example')
	says "$1" "allowutf8" '^0 ' jm_tls allowutf8=true "to=$UTF8"
	is "$1, allowutf8: the recipient" "$(queued 1 "$TEXT" "$UTF8")" ""
}
jm_off() { exec 8>&- 9<&-; wait $JPID; is "$1 ends" $? 0; }

java_rows() {
	jars=/usr/share/java
	if jm_on JavaMail javax.mail $jars/javax.mail.jar $jars/javax.activation.jar; then
		jm_few JavaMail
		[ -n "$QMTA_SHORT" ] || jm_more JavaMail
		jm_off JavaMail
	fi
	[ -z "$QMTA_SHORT" ] || return 0
	if jm_on "Jakarta Mail" jakarta.mail $jars/jakarta-mail.jar $jars/jakarta-activation.jar; then
		jm_few "Jakarta Mail"
		jm_off "Jakarta Mail"
	fi
}
