#!/bin/sh
# mini-smtpd's logins: each mechanism, right and wrong, cut off and damaged; where it is not
# offered; who looks as if he were there; checkpassword programs; `qmta auth`. By clients
# that are not ours, and, with TLS 1.3 and channel binding, by ours.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/tlsca.sh
. "$(dirname "$0")/../lib/tlsca.sh"
PID='' p=''
trap 'for p in $PID; do kill "$p" 2>/dev/null; done; rm -rf "$TMP"' EXIT
new_root
S=$BIN/mini-smtpd
"$BIN/qmta" auth >"$TMP/out" 2>&1
! grep -q 'not built in' "$TMP/out" || skip_all "built without CFG_TLSD"
command -v openssl >/dev/null || skip_all "needs openssl"
unset TCPREMOTEHOST TCPREMOTEINFO TCPLOCALHOST TCPLOCALIP TCPLOCALPORT RELAYCLIENT SMTPS FORCE_TLS \
	SERVERCERT CLIENTCA CLIENTCRL REQUIREAUTH SECURE_AUTH HIDE_HOST
TCPREMOTEIP=127.0.0.1
CERTDIR=$TMP/certs
export TCPREMOTEIP CERTDIR
mkdir "$CERTDIR"
tls_cert ip
(umask 077; cat "$TLSCA/ip.pem" "$TLSCA/ip.key" >"$CERTDIR/servercert.pem")
auth() { "$BIN/qmta" auth "$@" 2>"$TMP/err"; }
# one line of what the steps, separated by '|', give; ARGS: a checkpassword
log_in() { # STEPS [ARG...]
	printf '%s\n' "$1" | tr '|' '\n' >"$TMP/steps.${JOB:-}"; shift
	timeout 90 python3 -IS "$TOP/tests/lib/authclient.py" "${SMTPD:-$S}" "$@" <"$TMP/steps.${JOB:-}" \
		2>"$TMP/err.${JOB:-}" | tr '\n' '|' | sed 's/|$//'
}
said() { cat "$TMP/err.${JOB:-}"; }
# What waits for two seconds for each wrong password runs beside the rest.
job() { # NAME STEPS [ARG...]
	j_name=$1; shift
	(JOB=$j_name log_in "$@" >"$TMP/job.$j_name") & JOBS="$JOBS $!"
}
JOBS=''
jobs_end() { for j in $JOBS; do wait "$j"; done; JOBS=''; }
job_is() { is "$2" "$(cat "$TMP/job.$1")" "$3"; }

# ---- qmta auth ----
is "nobody yet" "$(log_in 'E|T')" "STARTTLS|nothing|exit 1"
echo sesame | auth kim; is "a user" "$?" 0
like "the line" "$(cat "$CONTROLDIR/smtpauth")" '^kim:\{SCRAM-SHA-256\}10000,[A-Za-z0-9+/]{22}==,[A-Za-z0-9+/]{43}=,[A-Za-z0-9+/]{43}=$'
is "for its owner alone" "$(stat -c %a "$CONTROLDIR/smtpauth")" 600
sed -i '1i # by hand\n\nann@example.net:$6$abcdefgh$BPABm5D7ZFU2YVfMLyE5XRqe91qwdcZ6APg7kB/YBeADxUUqXXhg3mlHBbjpyHcrE9xl/9BuqqivCjN2qGEi30' "$CONTROLDIR/smtpauth"
cp "$CONTROLDIR/smtpauth" "$TMP/before"
printf 'open, sesame=' | auth kim
is "a new password: the other lines stay" "$(sed 4d "$CONTROLDIR/smtpauth")" "$(sed 4d "$TMP/before")"
ok "and his does not" sh -c "! cmp -s '$CONTROLDIR/smtpauth' '$TMP/before'"
echo 'p w' | auth 'a,b=c d'
is "all users" "$(auth -l | tr '\n' '|')" "ann@example.net|kim|a,b=c d|"
chmod 640 "$CONTROLDIR/smtpauth"
auth -d 'a,b=c d'
is "one less" "$(auth -l | tr '\n' '|') $(wc -l <"$CONTROLDIR/smtpauth" | tr -d ' ') $(stat -c %a "$CONTROLDIR/smtpauth")" "ann@example.net|kim| 4 640"
chmod 644 "$CONTROLDIR/smtpauth"
echo clear | auth -c zoe
is "with the password itself" "$(tail -1 "$CONTROLDIR/smtpauth") $(stat -c %a "$CONTROLDIR/smtpauth")" "zoe:{PLAIN}clear 640"
auth -d zoe
auth -d zoe; is "nobody to take out" "$? $(cat "$TMP/err")" "100 qmta auth: there is no such user"
cp "$CONTROLDIR/smtpauth" "$TMP/before"
like "-n only shows" "$(echo x | auth -n kim)" '^kim:\{SCRAM-SHA-256\}10000,'
for u in '' a:b '#a' "$(printf 'a\nb')" "$(printf 'a\177')" "$(printf '%0256d' 0)"; do
	echo x | auth "$u"; is "no user: $(printf %.9s "$u" | tr '\n\177' '..')" "$?" 100
done
is "no password: empty" "$(echo | auth kim; echo $?)$(auth kim </dev/null; echo $?)" 100100
is "no password: a control byte, too long, a blank in the file" \
	"$(printf 'a\tb' | auth kim; echo $?)$(printf '%0256d' 0 | auth kim; echo $?)$(echo 'x ' | auth -c kim; echo $?)" 100100100
is "options that are none together" "$(auth -ln; echo $?)$(auth -d -n kim; echo $?)$(auth -l kim; echo $?)" 100100100
ok "and nothing was changed" cmp "$CONTROLDIR/smtpauth" "$TMP/before"
is "nothing is left over" "$(find "$CONTROLDIR" -name '.*' -type f)" ""
rm -rf "$TMP/c2"; mkdir "$TMP/c2"
for i in 1 2 3 4 5 6; do echo x | CONTROLDIR=$TMP/c2 "$BIN/qmta" auth "u$i" 2>/dev/null & JOBS="$JOBS $!"; done
jobs_end
is "six at a time" "$(CONTROLDIR=$TMP/c2 "$BIN/qmta" auth -l | sort | tr '\n' ' ')" "u1 u2 u3 u4 u5 u6 "
is "at a terminal: typed twice, not shown" "$(CONTROLDIR=$TMP/c2 python3 - "$BIN/qmta" <<'P'
import os, pty, sys, time
def run(*typed):
    pid, fd = pty.fork()
    if not pid:
        os.execv(sys.argv[1], ["qmta", "auth", "tty"])
    out = b""
    for t in typed:
        while not out.endswith(b": "):
            out += os.read(fd, 100)
        os.write(fd, t)
        out += b"|"
    try:
        while True:
            out += os.read(fd, 100)
    except OSError:
        pass
    return "%s %d" % (b"sesame" in out or b"other" in out, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
print(run(b"sesame\n", b"sesame\n"), run(b"sesame\n", b"other\n"), run(b"ses\x03"), sep=", ")
P
)" "False 0, False 100, False 100"
is "as the first was" "$(CONTROLDIR=$TMP/c2 "$BIN/qmta" auth -l | grep tty)" tty

# ---- what is offered, and where ----
auth -d ann@example.net
is "loopback: in clear, too" "$(log_in 'E')" "STARTTLS SCRAM-SHA-256 LOGIN PLAIN|exit 1"
is "with TLS 1.3: bound to it" "$(log_in 'E|T')" "STARTTLS SCRAM-SHA-256 LOGIN PLAIN|SCRAM-SHA-256-PLUS SCRAM-SHA-256 LOGIN PLAIN|exit 1"
is "SECURE_AUTH: not in clear" "$(SECURE_AUTH=1 log_in 'E|M PLAIN kim x|T')" "STARTTLS|PLAIN: 538 5.7.11|SCRAM-SHA-256-PLUS SCRAM-SHA-256 LOGIN PLAIN|exit 1"
TCPREMOTEIP=192.0.2.7
is "another machine: with TLS alone" "$(log_in 'E|M PLAIN kim open,\x20sesame=|M LOGIN kim x|M SCRAM-SHA-256 kim x|T|M PLAIN kim open,\x20sesame=')" \
	"STARTTLS|PLAIN: 538 5.7.11|LOGIN: 538 5.7.11|SCRAM-SHA-256: 538 5.7.11|SCRAM-SHA-256-PLUS SCRAM-SHA-256 LOGIN PLAIN|PLAIN: 235 2.7.0|exit 1"
mv "$CERTDIR/servercert.pem" "$TMP/sc"
is "no TLS here: never" "$(log_in 'E|M PLAIN kim open,\x20sesame=')" "nothing|PLAIN: 502 5.5.1|exit 1"
mv "$TMP/sc" "$CERTDIR/servercert.pem"
TCPREMOTEIP=nonsense
is "an address that is none is not this machine" "$(log_in 'E')" "STARTTLS|exit 1"
TCPREMOTEIP=::1
is "IPv6 loopback" "$(log_in 'E')" "STARTTLS SCRAM-SHA-256 LOGIN PLAIN|exit 1"
TCPREMOTEIP=127.0.0.1
chmod 644 "$CONTROLDIR/smtpauth"
is "a file that others may read is not used" "$(log_in 'E|M PLAIN kim x')" "STARTTLS|PLAIN: 538 5.7.11|exit 1"
like "and why" "$(said)" 'other users may read .*smtpauth: chmod o= '
chmod 600 "$CONTROLDIR/smtpauth"
is "without the file: nobody" "$(CONTROLDIR=$TMP/c3; export CONTROLDIR; mkdir "$TMP/c3"; echo mx >"$TMP/c3/me"; log_in 'E|T')" "STARTTLS|nothing|exit 1"

# ---- right ----
echo 'p w' | auth 'a,b=c d'
good='kim open,\x20sesame='
for m in PLAIN LOGIN SCRAM-SHA-256; do
	is "$m" "$(log_in "E|M $m $good")" "STARTTLS SCRAM-SHA-256 LOGIN PLAIN|$m: 235 2.7.0|exit 1"
	is "$m in TLS; ',' '=' and a blank in the name" "$(log_in "T|M $m a,b=c\\x20d p\\x20w")" \
		"SCRAM-SHA-256-PLUS SCRAM-SHA-256 LOGIN PLAIN|$m: 235 2.7.0|exit 1"
done
is "PLAIN without a first response" "$(log_in 'E|L auth plain|A \0kim\0open, sesame=')" "STARTTLS SCRAM-SHA-256 LOGIN PLAIN|334 |235 2.7.0|exit 1"
is "LOGIN with one; a name for oneself" "$(log_in 'E|L AUTH LOGIN a2lt|A open, sesame=|L QUIT')" \
	"STARTTLS SCRAM-SHA-256 LOGIN PLAIN|334 UGFzc3dvcmQ6|235 2.7.0|221 2.0.0|exit 0"
is "PLAIN as oneself" "$(log_in 'E|L AUTH PLAIN|A kim\0kim\0open, sesame=' | cut -d'|' -f3)" "235 2.7.0"
is "once is enough; nothing within a transaction" "$(log_in "E|M PLAIN $good|M PLAIN $good|L MAIL FROM:<a@x.y>|L RCPT TO:<r@far.example>")" \
	"STARTTLS SCRAM-SHA-256 LOGIN PLAIN|PLAIN: 235 2.7.0|PLAIN: 503 5.5.1|250 2.1.0|250 2.1.5|exit 1"
is "without: no relay, and no login in a transaction" "$(log_in "E|L MAIL FROM:<a@x.y>|L RCPT TO:<r@far.example>|M PLAIN $good")" \
	"STARTTLS SCRAM-SHA-256 LOGIN PLAIN|250 2.1.0|553 5.7.1|PLAIN: 503 5.5.1|exit 1"
echo 1 >"$CONTROLDIR/requireauth"
is "requireauth; STARTTLS forgets the login" "$(log_in "E|L MAIL FROM:<a@x.y>|M PLAIN $good|L MAIL FROM:<a@x.y>|L RSET|T|L MAIL FROM:<a@x.y>|M PLAIN $good|L MAIL FROM:<a@x.y>")" \
"STARTTLS SCRAM-SHA-256 LOGIN PLAIN|530 5.7.0|PLAIN: 235 2.7.0|250 2.1.0|250 2.0.0|SCRAM-SHA-256-PLUS SCRAM-SHA-256 LOGIN PLAIN|530 5.7.0|PLAIN: 235 2.7.0|250 2.1.0|exit 1"
rm "$CONTROLDIR/requireauth"; mkdir "$CONTROLDIR/requireauth"
is "one that cannot be read lets nobody in" "$(log_in 'E')" "nothing|exit 111"
rmdir "$CONTROLDIR/requireauth"
echo 1 >"$CONTROLDIR/requireauth"
is "REQUIREAUTH=0, for some" "$(REQUIREAUTH=0 log_in "E|L MAIL FROM:<a@x.y>" | cut -d'|' -f2)" "250 2.1.0"
like "qmail-showctl" "$("$BIN/qmail-showctl" 2>&1)" '^requireauth: 1$'
is "which knows smtpauth and shows nothing of it" "$("$BIN/qmail-showctl" 2>&1 | grep -c '[^d]kim\|smtpauth')" 0
rm "$CONTROLDIR/requireauth"
is "REQUIREAUTH; by TLS first" "$(REQUIREAUTH=1 TCPREMOTEIP=192.0.2.7 log_in "E|L MAIL FROM:<a@x.y>")" "STARTTLS|530 5.7.0|exit 1"
is "smtplib" "$(log_in "T|P a,b=c\\x20d p w" | cut -d'|' -f1)$(echo pw | auth lib; log_in 'E|P lib pw')" \
"SCRAM-SHA-256-PLUS SCRAM-SHA-256 LOGIN PLAINSTARTTLS SCRAM-SHA-256 LOGIN PLAIN|smtplib: 235 2.7.0|exit 1"
auth -d lib
if [ "${VARIANT:-static}" = static ]; then
	is "the password leaves memory" "$(echo Xyzzy-plugh-Plover | auth w; log_in 'E|L AUTH PLAIN|A \0w\0Xyzzy-plugh-Plover|F Xyzzy-plugh-Plover' | cut -d'|' -f4)" "found 0"
	is "and LOGIN's" "$(log_in 'E|M LOGIN w Xyzzy-plugh-Plover|F Xyzzy-plugh-Plover' | cut -d'|' -f3)" "found 0"
	echo Xyzzy-plugh-Plover | auth -c w
	is "and those of the file" "$(log_in 'E|F Xyzzy-plugh-Plover|T|M LOGIN w Xyzzy-plugh-Plover|F Xyzzy-plugh-Plover' | cut -d'|' -f2,5)" "found 1|found 0"
	auth -d w
fi

# ---- wrong, damaged, cancelled ----
for m in PLAIN LOGIN SCRAM-SHA-256; do
	job "w$m" "E|D M $m kim wrong|M $m $good"
	job "x$m" "E|D M $m nobody wrong"
done
job three "E|M PLAIN kim 1|M LOGIN nobody 2|M SCRAM-SHA-256 kim 3|W"
job other 'E|L AUTH PLAIN|A kim\0a,b=c d\0p w'
is "forms" "$(log_in 'L AUTH PLAIN x|L HELO x|L AUTH PLAIN x|E|L AUTH|L AUTH GSSAPI|L AUTH CRAM-MD5|L AUTH PLAIN !!!')" \
	"503 5.5.1|250 mx.example.net|503 5.5.1|STARTTLS SCRAM-SHA-256 LOGIN PLAIN|501 5.5.4|504 5.5.4|504 5.5.4|501 5.5.2|exit 1"
is "responses" "$(log_in 'E|L AUTH PLAIN =|L AUTH PLAIN|L *|L AUTH LOGIN|A kim|L *|L AUTH LOGIN|L a|L AUTH LOGIN =|L AUTH PLAIN|A \0kim\0|L AUTH SCRAM-SHA-256|A n,,n=kim|L NOOP')" \
	"STARTTLS SCRAM-SHA-256 LOGIN PLAIN|501 5.5.2|334 |501 5.7.0|334 VXNlcm5hbWU6|334 UGFzc3dvcmQ6|501 5.7.0|334 VXNlcm5hbWU6|501 5.5.2|501 5.5.2|334 |501 5.5.2|334 |501 5.5.2|250 2.0.0|exit 1"
long=$(printf '%012000d' 0)
is "too long: 500 5.5.6, and read to its end" "$(log_in "E|L AUTH PLAIN|L $long|L AUTH LOGIN|L $long|L AUTH PLAIN $long|L NOOP")" \
	"STARTTLS SCRAM-SHA-256 LOGIN PLAIN|334 |500 5.5.6|334 VXNlcm5hbWU6|500 5.5.6|500 5.5.2|250 2.0.0|exit 1"
is "control bytes" "$(log_in 'E|A \0ki\nm\0x|L AUTH PLAIN|A \0ki\nm\0x|L AUTH LOGIN|A ki\0m')" \
	"STARTTLS SCRAM-SHA-256 LOGIN PLAIN|502 5.5.1|334 |501 5.5.2|334 VXNlcm5hbWU6|501 5.5.2|exit 1"
is "ten of them are the end" "$(log_in 'E|L AUTH X|L AUTH X|L AUTH X|L AUTH PLAIN =|L AUTH PLAIN =|L AUTH PLAIN =|L AUTH LOGIN =|L AUTH LOGIN =|L AUTH LOGIN =|L AUTH X|W' | cut -d'|' -f11-)" \
	"504 5.5.4|421 4.7.0|end|exit 1"
jobs_end
is "the log has who, from where" "$(sed 's/pid [0-9]*/pid P/' "$TMP/err.three")" \
"smtpd: pid P from 127.0.0.1: login of kim failed
smtpd: pid P from 127.0.0.1: login of nobody failed
smtpd: pid P from 127.0.0.1: login of kim failed
smtpd: pid P from 127.0.0.1 helo client.example.net: 421 4.7.0 too many logins that failed"
for m in PLAIN LOGIN SCRAM-SHA-256; do
	like "$m: wrong, after a while; then right" "$(cat "$TMP/job.w$m")" "\\|$m: 535 5.7.8 after 2[0-9]{3}\\|$m: 235 2.7.0\\|exit 1\$"
	like "$m: nobody" "$(cat "$TMP/job.x$m")" "\\|$m: 535 5.7.8 after 2[0-9]{3}\\|exit 1\$"
done
job_is three "three wrong ones are the end" "STARTTLS SCRAM-SHA-256 LOGIN PLAIN|PLAIN: 535 5.7.8|LOGIN: 535 5.7.8|SCRAM-SHA-256: 535 5.7.8|421 4.7.0|end|exit 1"
job_is other "nobody logs in as somebody else" "STARTTLS SCRAM-SHA-256 LOGIN PLAIN|334 |535 5.7.8|exit 1"

# ---- who is not there looks as if he were ----
slow=$(python3 -c 'import base64, hashlib; s = b"salty salt"
print("300000,%s,%s,%s" % tuple(base64.b64encode(x).decode() for x in (s, bytes(32), bytes(32))))')
cp "$CONTROLDIR/smtpauth" "$TMP/before"
printf '%s\n' "slow:{SCRAM-SHA-256}$slow" "#ghost:{PLAIN}boo" 'odd:{PLAIN}x' >"$CONTROLDIR/smtpauth"
sed -i 3d "$CONTROLDIR/smtpauth"
job known "E|D M PLAIN slow x"
job unknown "E|D M PLAIN nobody x"
job ghost 'E|M PLAIN #ghost boo'
job salt1 'E|S SCRAM-SHA-256 slow x'
(SALT=1; export SALT; job salt2 'E|S SCRAM-SHA-256 nobody x'; job salt3 'E|S SCRAM-SHA-256 nobody x'; jobs_end)
jobs_end
is "rounds and the salt's length are those of a user" "$(cut -d'|' -f2 "$TMP/job.salt1")" "i=300000 salt of 10"
like "and those of nobody" "$(cut -d'|' -f2 "$TMP/job.salt2")" '^i=300000 salt of 10 [A-Za-z0-9+/]{14}==$'
is "each time the same salt" "$(cat "$TMP/job.salt3")" "$(cat "$TMP/job.salt2")"
ok "which is not the user's" sh -c "! grep -q \"\$(echo '$slow' | cut -d, -f2)\" '$TMP/job.salt2'"
a=$(sed 's/.*after \([0-9]*\).*/\1/' "$TMP/job.known") b=$(sed 's/.*after \([0-9]*\).*/\1/' "$TMP/job.unknown")
ok "and they take as long ($a, $b)" [ "$a" -gt 2100 -a "$b" -gt "$((2000 + (a - 2000) / 2))" ]
is "a line of comment is no user" "$(cut -d'|' -f2 "$TMP/job.ghost")" "PLAIN: 535 5.7.8"
printf '%s\n' 'odd:$1$abc$def' 'none' ':{PLAIN}x' 'clear:{PLAIN}pass' >"$CONTROLDIR/smtpauth"
job cram 'E|D M CRAM-MD5 clear wrong|D M CRAM-MD5 nobody pass|M CRAM-MD5 clear pass'
job odd 'E|M PLAIN odd x'
is "clear passwords alone: CRAM-MD5" "$(log_in 'E|M CRAM-MD5 clear pass')" "STARTTLS SCRAM-SHA-256 CRAM-MD5 LOGIN PLAIN|CRAM-MD5: 235 2.7.0|exit 1"
is "with smtplib, which takes it first" "$(log_in 'E|P clear pass' | cut -d'|' -f2)" "smtplib: 235 2.7.0"
is "SCRAM from one" "$(log_in 'E|M SCRAM-SHA-256 clear pass' | cut -d'|' -f2)" "SCRAM-SHA-256: 235 2.7.0"
is "lines that are none are named" "$(said | sed 's/ is no.*//')" "mini-smtpd: control/smtpauth: line 1
mini-smtpd: control/smtpauth: line 2
mini-smtpd: control/smtpauth: line 3"
is "CRAM-MD5: forms" "$(log_in 'E|L AUTH CRAM-MD5 eA==|L AUTH CRAM-MD5|A clear|L AUTH CRAM-MD5|A clear 00112233445566778899aabbccddeef' | sed 's/334 [^|]*/334/g')" \
	"STARTTLS SCRAM-SHA-256 CRAM-MD5 LOGIN PLAIN|501 5.5.2|334|501 5.5.2|334|501 5.5.2|exit 1"
jobs_end
like "CRAM-MD5: wrong, nobody, right" "$(cat "$TMP/job.cram")" '\|CRAM-MD5: 535 5.7.8 after 2[0-9]*\|CRAM-MD5: 535 5.7.8 after 2[0-9]*\|CRAM-MD5: 235 2.7.0\|'
is "a line that is none lets nobody in" "$(cut -d'|' -f2 "$TMP/job.odd")" "PLAIN: 535 5.7.8"
cat >"$CONTROLDIR/smtpauth" <<'L'
hash:$6$abcdefgh$BPABm5D7ZFU2YVfMLyE5XRqe91qwdcZ6APg7kB/YBeADxUUqXXhg3mlHBbjpyHcrE9xl/9BuqqivCjN2qGEi30
clear:{PLAIN}pass
L
is "crypt(3): SCRAM is not for all, and so for none" "$(log_in 'E|M PLAIN hash pencil')$(log_in 'E|M LOGIN clear pass')" \
	"STARTTLS LOGIN PLAIN|PLAIN: 235 2.7.0|exit 1STARTTLS LOGIN PLAIN|LOGIN: 235 2.7.0|exit 1"
cp "$TMP/before" "$CONTROLDIR/smtpauth"

# ---- checkpassword ----
cat >"$TMP/checkpassword" <<'P'
#!/usr/bin/python3
import os, sys
user, password, stamp, end = os.read(3, 513).split(b"\0")
assert int(stamp) > 1000000000 and not end
with open(os.environ["SEEN"], "ab") as f:
    f.write(b"%s %s %s\n" % (user, password, os.readlink("/proc/self/fd/0").encode() + os.readlink("/proc/self/fd/1").encode()))
if user == b"signal":
    os.kill(os.getpid(), 9)
code = {b"no": 1, b"two": 2, b"later": 111}.get(user, 0 if password == b"p w" else 1)
if code:
    sys.exit(code)
os.execvp(sys.argv[1], sys.argv[1:])
P
chmod 755 "$TMP/checkpassword"
SEEN=$TMP/seen
export SEEN
: >"$SEEN"
chk() { log_in "E|$1" "$TMP/checkpassword" /bin/true; }
is "a program: only what shows it the password" "$(chk 'M PLAIN joe p\x20w')" "STARTTLS LOGIN PLAIN|PLAIN: 235 2.7.0|exit 1"
is "what it got" "$(cat "$SEEN")" "joe p w /dev/null/dev/null"
is "LOGIN" "$(chk 'M LOGIN joe p\x20w')" "STARTTLS LOGIN PLAIN|LOGIN: 235 2.7.0|exit 1"
job no 'E|M PLAIN joe x' "$TMP/checkpassword" /bin/true
job one 'E|M PLAIN no p\x20w' "$TMP/checkpassword" /bin/true
job false 'E|M PLAIN joe p\x20w' "$TMP/checkpassword" /bin/false
job big "E|M PLAIN joe $(printf '%0600d' 0)" "$TMP/checkpassword" /bin/true
is "111, 2, killed, not there: later" "$(chk 'M PLAIN later x|M PLAIN two x|M PLAIN signal x')$(log_in 'E|M PLAIN x x' /nonexistent/program)" \
	"STARTTLS LOGIN PLAIN|PLAIN: 454 4.7.0|PLAIN: 454 4.7.0|PLAIN: 454 4.7.0|exit 1STARTTLS LOGIN PLAIN|PLAIN: 454 4.7.0|exit 1"
like "that is said" "$(said)" 'unable to run /nonexistent/program: No such file'
is "one that reads nothing has said yes" "$(log_in 'E|M PLAIN x x' /bin/true)" "STARTTLS LOGIN PLAIN|PLAIN: 235 2.7.0|exit 1"
printf '#!/bin/sh\ntrap "" ALRM TERM\necho $$ >>"$SEEN"\nsleep 300 & echo $! >>"$SEEN"\nwait\n' >"$TMP/hang"
chmod 755 "$TMP/hang"
: >"$SEEN"
: >"$TMP/mono"
QMTA_FAKE_MONO=$TMP/mono
export QMTA_FAKE_MONO
SMTPD=$TESTBIN/mini-smtpd job hang 'E|M PLAIN x x|L NOOP' "$TMP/hang"
unset QMTA_FAKE_MONO
n=0
until [ "$(wc -l <"$SEEN")" -ge 2 ] || [ $n -gt 200 ]; do sleep 0.05; n=$((n + 1)); done
echo 61000 >"$TMP/mono.new"; mv "$TMP/mono.new" "$TMP/mono"
jobs_end
job_is hang "one that hangs has a minute" "STARTTLS LOGIN PLAIN|PLAIN: 454 4.7.0|250 2.0.0|exit 1"
gone() { # all that it has started
	g_n=0
	while [ $g_n -lt 40 ]; do
		# shellcheck disable=SC2046
		kill -0 $(cat "$SEEN") 2>/dev/null || return 0
		sleep 0.05; g_n=$((g_n + 1))
	done
	return 1
}
is "it was there" "$(wc -l <"$SEEN" | tr -d ' ')" 2
ok "and is gone, with what it has started" gone
job_is no "wrong" "STARTTLS LOGIN PLAIN|PLAIN: 535 5.7.8|exit 1"
job_is one "1 is no" "STARTTLS LOGIN PLAIN|PLAIN: 535 5.7.8|exit 1"
job_is false "and so is its own program's" "STARTTLS LOGIN PLAIN|PLAIN: 535 5.7.8|exit 1"
job_is big "more than the 512 bytes it may get: wrong" "STARTTLS LOGIN PLAIN|PLAIN: 535 5.7.8|exit 1"

# ---- our own client, over TLS 1.3 ----
[ "$(id -u)" != 0 ] || chown -R 65534:65534 "$QUEUEDIR" "$CERTDIR"
rm "$CONTROLDIR/smtpauth"
echo sesame | auth kim
[ "$(id -u)" != 0 ] || is "root's file is for whom mini-smtpd becomes" "$(stat -c %u "$CONTROLDIR/smtpauth")" 65534
unset TCPREMOTEIP
PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$S" -v -l "127.0.0.1:$PORT" 2>"$TMP/log" & PID=$!
n=0
until grep -q 'status: 0' "$TMP/log" || [ $n -gt 200 ]; do sleep 0.05; n=$((n + 1)); done
remote() { # LOGIN MECHANISM
	echo ":127.0.0.1:$PORT $1 CAFILE=$TLSCA/roots.pem,AUTH_SMTP=$2" >"$TMP/c2/smtproutes"
	chmod 600 "$TMP/c2/smtproutes"
	echo client.example.net >"$TMP/c2/me"
	printf 'Subject: %s\n\ntext\n' "$2" | CONTROLDIR=$TMP/c2 "$BIN/qmail-remote" far.example me@example.net a@far.example | tr '\0\n' '|/'
}
for m in SCRAM-SHA-256-PLUS SCRAM-SHA-256 LOGIN PLAIN; do
	[ $m != SCRAM-SHA-256 ] || continue	# where there is -PLUS ours takes that
	like "ours, $m" "$(remote 'kim sesame' $m)" '^r\|K127.0.0.1 accepted message'
	like "ours, $m: the log" "$(grep 'user kim' "$TMP/log" | tail -1)" 'helo client.example.net mail <me@example.net> rcpt <a@far.example> size [0-9]+ tls TLSv1.3 user kim: 250 2.0.0 ok'
done
like "Received" "$(cat "$QUEUEDIR"/mess/*/* | grep 'by mx' | sort -u | sed 's/; .*//')" '^  by mx.example.net with ESMTPSA \(TLSv1.3 TLS[A-Z0-9_-]*\)$'
like "ours, a wrong password waits" "$(remote 'kim wrong' SCRAM-SHA-256-PLUS)" '^Z.*535'
kill "$PID"; wait "$PID"; PID=''

done_testing
