#!/bin/sh
# setup.t: `qmta setup`: each way of setting up, into a directory of its own; mail sent
# through what it wrote; the configuration of four other programs; and what must not
# happen: half a configuration, another file's end, a password on the screen.
# shellcheck disable=SC2086 # $AS is words
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
runner_root
trap 'sink_stop; rm -rf "$TMP"' EXIT
C=$CONTROLDIR
qmta() { $AS "$RBIN/qmta" "$@"; }
# Exit code of a setup; what it said is in out and err.
setup() {
	code=0
	qmta setup "$@" >"$TMP/out" 2>"$TMP/err" || code=$?
	echo $code
}
fresh() { rm -rf "$C"; }
# The files of the directory, each with its lines, on one line.
files_of() {
	(cd "$1" && find . -type f | sort | while read -r f; do
		printf '%s=%s;' "${f#./}" "$(tr '\n' ' ' <"$f" | sed 's/ $//')"
	done)
}
# is_set NAME CODE EXPECTED
is_set() { is "$1" "$2 $(files_of "$C")" "0 $3"; }
NAMES='defaultdomain=example.net;defaulthost=example.net;'

# ---- a relay
fresh
is_set "relay: a new directory" "$(setup relay --host smtp.example.net --me web1.example.net --admin you@example.net)" \
	"adminaddr=you@example.net;${NAMES}locals=;me=web1.example.net;smtproutes=:smtp.example.net;"
is "each file on a line" "$(grep -c "^wrote $C/[a-z]*: [^ ]*" "$TMP/out") $(wc -l <"$TMP/out" | tr -d ' ')" "6 6"
is "nothing else to say" "$(cat "$TMP/err")" ""
is "anybody may read it" "$(stat -c %a "$C" "$C/me" "$C/smtproutes" | tr '\n' ' ')" "755 644 644 "
touch -d '1 hour ago' "$C"/* "$C"; touch -d '1 minute ago' "$TMP/then"
is "again" "$(setup relay --host smtp.example.net --me web1.example.net --admin you@example.net)" 0
is "nothing has changed, and that is said" "$(grep -c ^unchanged "$TMP/out") $(find "$C" -newer "$TMP/then")" "6 "
before=$(files_of "$C")
is "another relay: no" "$(setup relay --host other.example.net --me web1.example.net)" 100
is "the file is named" "$(cat "$TMP/err")" \
	"qmta setup: $C/smtproutes says something else; --force replaces it"
is "another name, too: all are named, none is touched" "$(setup direct --me web2.example.net; wc -l <"$TMP/err" | tr -d ' '
	files_of "$C")" "100
3
$before"
is "--force" "$(setup relay --host other.example.net --me web1.example.net --force)" 0
is "that file alone is written" "$(grep -c '^wrote' "$TMP/out") $(cat "$C/smtproutes" "$C/adminaddr")" \
	"1 :other.example.net
you@example.net"
rm -rf "$C"
is "two at once, in a new directory" "$(qmta setup relay --host a.example.net --me web1.example.net --force >/dev/null & one=$!
	qmta setup relay --host b.example.net --me web1.example.net --force >/dev/null; echo $?
	wait $one; echo $?; find "$C" -name '.*' -type f)" "0
0"
if [ -z "${QMTA_SHORT:-}" ] && command -v flock >/dev/null; then
	flock -o "$C" sleep 20 &
	lock=$!
	sleep 0.5
	is "somebody who keeps it locked: said in the end" "$(timeout 15 $AS "$RBIN/qmta" setup direct --me a.example.net --force 2>"$TMP/err"; echo $?; cut -c-22 "$TMP/err")" "111
qmta setup: unable to "
	kill $lock
fi
fresh
is "relay --dry-run" "$(setup relay --host smtp.example.net:587 --domain example.net --me web1 --dry-run)" 0
like "it shows the lines" "$(cat "$TMP/out")" "^would write $C/smtproutes: :smtp.example.net:587\$"
like "a name without a dot gets the domain" "$(cat "$TMP/out")" "^would write $C/me: web1.example.net\$"
ok "and writes nothing" test ! -e "$C"
is "a directory below one that is missing" "$(setup relay --host 192.0.2.1 --me a.example.net --control "$C/x/y"; cat "$C/x/y/smtproutes")" \
	"0
:192.0.2.1"

# ---- mail through it
fresh
mkdir "$C"; chmod 777 "$C"
sink_start
rm -rf "$C"
is "a relay that is there" "$(setup relay --host "127.0.0.1:$PORT" --domain example.net --me web1 --admin you@far.example)" 0
is "mail for root is taken" "$(printf 'Subject: x\n\nbody\n' | post root; echo $?)" 0
run
is "and arrives with who reads it, from the domain" "$EXIT $(cat "$MAILS"/* | grep -c '^body') $(sed -n 's/.* C \(MAIL\|RCPT\)/\1/p' "$SINKLOG" |
	sed 's/ SIZE.*//' | tr '\n' ' ')" "0 1 MAIL FROM:<$WHO@example.net> RCPT TO:<you@far.example> "
umask 022
echo 'geheim 1' >"$TMP/pass"; chmod 600 "$TMP/pass"; [ -z "$AS" ] || chown 65534 "$TMP/pass"
is "with a login" "$(setup relay --host "127.0.0.1:$PORT" --domain example.net --me web1 --user kim --passfile "$TMP/pass" --force)" 0
is "it stands where no host is" "$(cat "$C/smtproutes")" ":127.0.0.1:$PORT kim - passfile=$TMP/pass"
is "what this build cannot do is said" "$(grep -c 'TLS is not built' "$TMP/err")" \
	"$("$BIN/qmta" --version | grep -c 'TLS: none')"
printf 'Subject: x\n\nbody\n' | post you@far.example
run
is "and mail waits for a server that it can log in to" "$EXIT $(mails)" "75 1"
is "the port of a login" "$(setup relay --host smtp.example.net --me a.example.net --user kim --passfile "$TMP/pass" --force; cat "$C/smtproutes")" \
	"0
:smtp.example.net:587 kim - passfile=$TMP/pass"
is "several relays, each with its port" "$(setup relay --host '192.0.2.1,[2001:db8::1]:26,2001:db8::2,b.example.net' --me a.example.net \
	--user 'k%m' --passfile "$TMP/pass" --force; cat "$C/smtproutes")" \
	"0
:192.0.2.1:587,[2001:db8::1]:26,[2001:db8::2]:587,b.example.net:587 k%25m - passfile=$TMP/pass"
for hosts in 'a.example.net,' ',a.example.net' 'a.example.net,,b.example.net' 'a.example.net, b.example.net' '|nc,a.example.net'; do
	is "no relays: $hosts" "$(setup relay --host "$hosts" --me a.example.net --force; cat "$TMP/err")" \
		"100
qmta setup: --host: not a host, or host:port, with commas between: $hosts"
done
chmod 644 "$TMP/pass"
is "a password that all can read: no" "$(setup relay --host smtp.example.net --me a.example.net --user kim --passfile "$TMP/pass" --force)" 100
like "chmod is said" "$(cat "$TMP/err")" 'chmod 600'
is "local mail stays: the relay's files" "$(setup relay --host "127.0.0.1:$PORT" --me mx.example.net --local --force)" 0
like "it says that another name is there" "$(cat "$C/locals")" '^mx.example.net$'
rm "$C/defaulthost" "$C/adminaddr"
: >"$C/aliases"
maildir
printf 'Subject: x\n\nbody\n' | post "$WHO"
touch -d '1 hour ago' "$QUEUEDIR"/remote/0/*
run ./Maildir/
is "mail for a user here" "$EXIT $(inbox) $(mails)" "0 1 2"
sink_stop

# ---- direct
fresh
is_set "direct" "$(setup direct --me mx.example.net)" "defaultdomain=example.net;me=mx.example.net;"
: >"$C/aliases"
printf 'Subject: x\n\nbody\n' | post "$WHO"
run ./Maildir/
is "mail for a user here, without locals" "$EXIT $(inbox)" "0 2"
is "direct behind a relay: no" "$(setup relay --host smtp.example.net --me mx.example.net >/dev/null; setup direct --me mx.example.net)" 100
is "locals and smtproutes are in the way" "$(sed 's/.*control.\([a-z]*\) .*/\1/' "$TMP/err" | tr '\n' ' ')" "locals smtproutes "
is "with --force mail here is local, and no route is left" "$(setup direct --me mx.example.net --force) $(cat "$C/locals") $(wc -c <"$C/smtproutes")" \
	"0 mx.example.net 0"
echo other.example.net >>"$C/locals"
is "direct: more names than ours are no matter" "$(setup direct --me mx.example.net)" 0

# ---- mini
fresh
Q=defaultqueue/QMAILQUEUE=/usr/sbin/qmail-qmqpc
is_set "mini" "$(setup mini --server 192.0.2.4,192.0.2.5:1628,qmqp.example.net --domain example.net --host web1)" \
	"defaultdomain=example.net;defaulthost=example.net;$Q;idhost=web1.example.net;locals=;me=web1.example.net;plusdomain=example.net;qmqpservers=192.0.2.4 192.0.2.5:1628 qmqp.example.net;"
is "the variable's file is trusted" "$(stat -c %a "$C/defaultqueue" "$C/defaultqueue/QMAILQUEUE" | tr '\n' ' ')" "755 644 "
is "again" "$(setup mini --server 192.0.2.4,192.0.2.5:1628,qmqp.example.net --domain example.net --host web1; grep -vc ^unchanged "$TMP/out")" "0
0"
is "a relay there: only the way out is in the way" "$(setup relay --host smtp.example.net --domain example.net --me web1; cat "$TMP/err")" \
	"100
qmta setup: $C/defaultqueue/QMAILQUEUE says something else; --force replaces it"
is "with --force mail no longer goes to the servers" "$(setup relay --host smtp.example.net --domain example.net --me web1 --force) $(wc -c <"$C/defaultqueue/QMAILQUEUE")" "0 0"
fresh
is_set "mini --fallback" "$(setup mini --server '[2001:db8::1]:628' --domain example.net --host web1 --fallback)" \
	"defaultdomain=example.net;defaulthost=example.net;$Q;idhost=web1.example.net;locals=;me=web1.example.net;plusdomain=example.net;qmqpfallback=1;qmqpservers=[2001:db8::1]:628;"
fresh
is_set "mini SMARTHOST DOMAIN PLUSDOMAIN HOST IP" "$(setup mini smart.example.net example.net example.org web1 192.0.2.4 192.0.2.5)" \
	"defaultdomain=example.net;defaulthost=smart.example.net;$Q;idhost=web1.example.net;locals=;me=web1.example.net;plusdomain=example.org;qmqpservers=192.0.2.4 192.0.2.5;"
is "one operand too few" "$(setup mini smart.example.net example.net example.org web1)" 100
echo ':old.example.net' >"$C/smtproutes"
is "a route would take what the fallback has" "$(setup mini smart.example.net example.net example.org web1 192.0.2.4 192.0.2.5 --fallback; cat "$TMP/err")" \
	"100
qmta setup: $C/smtproutes says something else; --force replaces it"

# Mail through it, where QMQP is built.
if [ -x "$RBIN/qmail-qmqpc" ]; then
	. "$TOP/tests/lib/qmqp.sh"
	trap 'sink_stop; qmqp_stop s; rm -rf "$TMP"' EXIT
	qmqp_start s
	fresh
	is "mini: a server that is there" "$(setup mini --server "127.0.0.1:$QPORT" --domain example.net --me web1 --admin you@far.example)" 0
	is "mail for root is taken, without a queue" "$(printf 'Subject: x\n\nbody\n' | QUEUEDIR=$TMP/none post -f root root; echo $?)" 0
	is "and the server has it" "$(took s) $(qmqp_show "$TMP/s/d/0001" | sed '/^$/,$d' | tr '\n' ' ')" \
		"1 Froot@example.net Tyou@far.example "
	qmqp_stop s
else
	skip "mail by QMQP" "there is no qmail-qmqpc"
fi

# ---- what is refused, before the first file
fresh
refused() { # NAME PATTERN ARGUMENT...
	r_name=$1 r_pattern=$2; shift 2
	r_code=$(setup "$@")
	like "$r_name" "$r_code $(cat "$TMP/err")" "^100 .*$r_pattern"
}
refused "no way of setting up" 'usage: qmta setup mini'
refused "an unknown one" 'usage: qmta setup mini' smart
refused "an unknown option" '--hots: there is no such option' relay --hots x
refused "an option of another way" 'not for this way' direct --host x.example.net
refused "an option without its value" '--me: needs a value' direct --me
refused "mini without a server" 'needs --server' mini --host a.example.net
refused "relay without a host" 'needs --host' relay --me a.example.net
refused "a user without a password" 'needs --passfile' relay --host x --user kim --me a.example.net
refused "a password without a user" 'needs --user' relay --host x --passfile /x --me a.example.net
refused "a password's file that is missing" 'not the whole path' relay --host x --user k --passfile "$TMP/none" --me a.example.net
refused "a path that is none" 'not the whole path' relay --host x --user k --passfile none --me a.example.net
for h in '' ' ' 'a b' 'a..b' '.a' 'a.' '-a' 192.0.2.256 1.2.3 'a:' 'a:0' 'a:65536' 'a:25x' '[2001:db8::1' '[a]:25x' 'a/b' \
	"$(printf 'a\nb')" "$(printf '%0254d' 0)"; do
	refused "a relay \"$(echo "$h" | tr '\n' '_' | cut -c 1-20)\"" 'host' relay --me a.example.net --host "$h"
done
refused "a server of several" '--server: .*192.0.2.999' mini --host a.example.net --server 192.0.2.4,192.0.2.999
refused "no server at all" '--server: ' mini --host a.example.net --server ,
refused "a domain" '--domain: ' direct --me a.example.net --domain 'a b'
refused "a name" 'not the name of a host' direct --me 'x y.example.net'
refused "localhost" 'not the name of a host' direct --me localhost
refused "a sender of two" 'not a mail address' direct --me a.example.net --from 'a@b.example c@d.example'
refused "a sender of a strange host" 'not a mail address' direct --me a.example.net --from 'a@b_/.example'
refused "an address with a line end" 'not mail address' direct --me a.example.net --admin "$(printf 'a@b.example\nx')"
refused "an empty directory's name" '--control' direct --me a.example.net --control ''
ok "nothing was made" test ! -e "$C"
is "--help" "$(setup --help; head -n 1 "$TMP/out" | cut -c 1-22)" "0
usage: qmta setup mini"
like "all that is wrong is said at once" "$(setup relay --host 'a b' --domain 'c d' --me x.example.net; tr '\n' ' ' <"$TMP/err")" \
	'--domain: .*--host: '
if [ "$(id -u)" = 0 ] && unshare -u true 2>/dev/null; then
	is "this host's name, with the domain" "$(unshare -u sh -c "hostname board7; '$BIN/qmta' setup direct --dry-run --domain example.net" |
		grep -c '/me: board7.example.net')" 1
	is "its own full name" "$(unshare -u sh -c "hostname b.example.org; '$BIN/qmta' setup direct --dry-run" | sed 's/.*control.//' | tr '\n' ' ')" \
		"defaultdomain: example.org me: b.example.org "
	is "none at all: what to do" "$(unshare -u sh -c "hostname nodots-here; '$BIN/qmta' setup direct --dry-run" 2>&1)" \
		"qmta setup: this host's name: a full name has a dot; --me NAME gives it, or --domain DOMAIN the rest of it: nodots-here"
else
	skip "this host's name" "needs root and its own host name"
fi

# ---- sSMTP
S=$TMP/ssmtp
mkdir "$S"
cat >"$S/ssmtp.conf" <<'END'
#
# Config file for sSMTP sendmail
#
# The person who gets all mail for userids < 1000
root=postmaster

mailhub=smtp.example.net:2525
rewriteDomain=example.net
hostname=web1.example.net
FromLineOverride=YES
UseTLS=YES
UseSTARTTLS = YES
AuthUser=kim@example.net
AuthPass=gehe=im#1
AuthMethod=LOGIN
END
printf '# local_account:outgoing_address:mailhub\nroot:you@far.example:smtp.far.example:25\npi:pi@far.example\n' >"$S/revaliases"
chmod -R a+rX "$S"
fresh
is_set "sSMTP" "$(setup --from-ssmtp "$S/ssmtp.conf")" \
	"adminaddr=postmaster@example.net;${NAMES}generic=root@example.net you@far.example root you@far.example pi@example.net pi@far.example pi pi@far.example;locals=;me=web1.example.net;relaypass=gehe=im#1;smtproutes=:smtp.example.net:2525 kim@example.net - passfile=relaypass;"
is "the password is its owner's alone" "$(stat -c %a "$C/relaypass")" 600
is "and on no screen" "$(cat "$TMP/out" "$TMP/err" | grep -c gehe)" 0
is "what is not taken over, and where it stands" "$(sed 's/^qmta setup: //; /TLS is not built/d' "$TMP/err")" \
	"$S/ssmtp.conf, line 15: not used by this release: AuthMethod
$S/revaliases, line 2: not used by this release: :smtp.far.example:25"
is "again" "$(setup --from-ssmtp "$S/ssmtp.conf"; grep -vc ^unchanged "$TMP/out")" "0
0"
chmod 644 "$C/relaypass"
is "a password that others could read is written anew" "$(setup --from-ssmtp "$S/ssmtp.conf") $(stat -c %a "$C/relaypass")" "0 600"
is "generic works" "$(qmta qmail-showctl | grep -c '^generic: ')" 4
is "nothing strange is in the directory" "$(qmta qmail-showctl | grep -c 'not used')" 0
fresh
is "the command line is heard first" "$(setup --from-ssmtp "$S/ssmtp.conf" --host other.example.net --domain example.org --admin me@far.example) \
$(cat "$C/smtproutes" "$C/defaulthost" "$C/adminaddr" | tr '\n' ' ')" "0 :other.example.net kim@example.net - passfile=relaypass example.org me@far.example "

# ---- msmtp
cat >"$TMP/msmtprc" <<'END'
# Example for a user configuration file
defaults
port 587
tls on
tls_starttls on
logfile ~/.msmtp.log

account freemail
host smtp.freemail.example
from joe_smith@freemail.example
auth on
user joe.smith
password "geheim zwei"
tls_fingerprint 00:11

account freemail2 : freemail
from joey@freemail.example

account company
host mail.company.example
passwordeval gpg2 -q -d geheim.gpg

account default: freemail2
domain web1.example.net
allow_from_override off
END
fresh
is_set "msmtp" "$(setup --from-msmtp "$TMP/msmtprc" --me web1.example.net)" \
	"allmailfrom=joey@freemail.example;${NAMES}helohost=web1.example.net;locals=;me=web1.example.net;relaypass=geheim zwei;smtproutes=:smtp.freemail.example:587 joe.smith - passfile=relaypass;"
is "what is not taken over is said once" "$(sed 's/^qmta setup: .*, line/line/; /TLS is not built/d' "$TMP/err")" \
	"line 6: not used by this release: logfile
line 14: not used by this release: tls_fingerprint
line 19: not used by this release: account company"
is "and no password is shown" "$(cat "$TMP/out" "$TMP/err" | grep -c geheim)" 0
printf 'host smtp.example.net\nfrom %%U@example.org\ntls on\ntls_starttls off\nauth off\nuser x\n' >"$TMP/msmtprc"
fresh
is_set "msmtp without accounts, TLS from the first byte, a pattern for users" "$(setup --from-msmtp "$TMP/msmtprc" --me web1.example.net)" \
	"defaultdomain=example.org;defaulthost=example.org;locals=;me=web1.example.net;smtproutes=:smtp.example.net:465 TLS=verify;"
printf 'account a\nhost a.example.net\nuser kim\nauth plain\npasswordeval cat geheim\neval echo x\n\naccount b\nhost b.example.net\n' >"$TMP/msmtprc"
fresh
is_set "no default: the first; no password: no login" "$(setup --from-msmtp "$TMP/msmtprc" --me web1.example.net)" \
	"${NAMES}locals=;me=web1.example.net;smtproutes=:a.example.net;"
is "all of it is said" "$(sed 's/^qmta setup: .*, line/line/; s/,.*//' "$TMP/err")" \
	"line 5: not used by this release: passwordeval
line 6: not used by this release: eval
line 8: not used by this release: account b
line 4: not used by this release: auth
line 3: there is no password for this user"
is "an account that names itself" "$(printf 'account a : a\nhost x\n' >"$TMP/msmtprc"; setup --from-msmtp "$TMP/msmtprc" --me a.example.net; cat "$TMP/err")" \
	"100
qmta setup: $TMP/msmtprc, line 1: this names an account that is not above"
{ echo 'account a0'; i=0; while [ $i -lt 30 ]; do echo "account a$((i + 1)) : a$i, a$i"; i=$((i + 1)); done
	echo 'account default : a30'; } >"$TMP/msmtprc"
is "accounts that grow without end" "$(setup --from-msmtp "$TMP/msmtprc" --me a.example.net; sed 's/.*: //' "$TMP/err")" \
	"100
too many accounts"

printf 'host x\nfrom a@x\npassword=geheim\npassword:geheim\n' >"$TMP/msmtprc"
fresh
is "a password behind no blank is not shown" "$(setup --from-msmtp "$TMP/msmtprc" --me a.example.net --dry-run; sed 's/.*, line/line/' "$TMP/err")" \
	"0
line 3: not used by this release: password
line 4: not used by this release: password"

# ---- nullmailer
N=$TMP/nullmailer
mkdir "$N"
printf 'smtp.example.net smtp --port=587 --starttls --user=kim --pass='"'gehe im'"'\nbackup.example.net smtp\n' >"$N/remotes"
echo web1.example.net >"$N/me"
echo 'you@far.example,they@far.example' >"$N/adminaddr"
echo example.org >"$N/defaulthost"
echo example.net >"$N/defaultdomain"
echo web1.id >"$N/idhost"
echo boards@far.example >"$N/allmailfrom"
echo 86400 >"$N/queuelifetime"
echo 300 >"$N/sendtimeout"
fresh
is_set "nullmailer" "$(setup --from-nullmailer "$N")" \
	"adminaddr=you@far.example they@far.example;allmailfrom=boards@far.example;defaultdomain=example.net;defaulthost=example.org;idhost=web1.id;locals=;me=web1.example.net;queuelifetime=86400;relaypass=gehe im;smtproutes=:smtp.example.net:587 kim - passfile=relaypass;"
is "what is not taken over" "$(sed 's/^qmta setup: //; /TLS is not built/d' "$TMP/err")" \
	"$N/: not used by this release: sendtimeout
$N/remotes, line 2: not used by this release: backup.example.net"
is "and no password is shown" "$(cat "$TMP/out" "$TMP/err" | grep -c gehe)" 0
printf '192.0.2.4 qmqp\n2001:db8::1 qmqp port=1628\nrelay.example.net smtp\n' >"$N/remotes"
fresh
is "nullmailer by QMQP, with its queue" "$(setup --from-nullmailer "$N") $(tr '\n' ' ' <"$C/qmqpservers")$(cat "$C/defaultqueue/QMAILQUEUE" "$C/qmqpfallback" | tr '\n' ' ')" \
	"0 192.0.2.4 [2001:db8::1]:1628 /usr/sbin/qmail-qmqpc 1 "
like "its relay is not used" "$(cat "$TMP/err")" 'remotes, line 3: not used by this release: relay.example.net'
fresh
printf "smtp.example.net smtp 'open\n" >"$N/remotes"
is "nullmailer: a bad number" "$(echo 1d >"$N/queuelifetime"; setup --from-nullmailer "$N"; grep -c 'queuelifetime, line 1: not a number: 1d' "$TMP/err")" "100
1"

rm "$N/queuelifetime" "$N/sendtimeout"
printf 'smtp.example.net smtp --user=kim --pass geheim\n' >"$N/remotes"
fresh
is "nullmailer: a password behind a blank" "$(setup --from-nullmailer "$N" --dry-run; cat "$TMP/err")" "100
qmta setup: $N/remotes, line 1: user, pass, port and source need =VALUE"
printf 'smtp.example.net smtp --pass:geheim\n' >"$N/remotes"
setup --from-nullmailer "$N" --dry-run >/dev/null
is "or behind a colon" "$(grep -c geheim "$TMP/err")" 0
{ echo smtp.example.net; printf %0320d 0; echo; } >"$N/remotes"
is "nullmailer: a long host" "$(setup --from-nullmailer "$N" --dry-run; cat "$TMP/err")" "100
qmta setup: $N/remotes, line 2: this is not HOST, then smtp or qmqp, then options"

# ---- dma
D=$TMP/dma
mkdir "$D"
cat >"$D/dma.conf" <<END
# Your smarthost
SMARTHOST smtp.example.net
PORT 587
AUTHPATH $D/auth.conf
SECURETRANSFER
STARTTLS
#SECURE
MASQUERADE example.net
MAILNAME $D/mailname
FINGERPRINT 1234
NULLCLIENT
END
echo 'web1.example.org' >"$D/mailname"
printf '# logins\nother|mail.far.example:geheim0\nkim|smtp.example.net:ge:heim|1\n' >"$D/auth.conf"
chmod -R a+rX "$D"
fresh
is_set "dma" "$(setup --from-dma "$D")" \
	"${NAMES}locals=;me=web1.example.org;relaypass=ge:heim|1;smtproutes=:smtp.example.net:587 kim - passfile=relaypass;"
is "what is not taken over" "$(sed "s,^qmta setup: $TMP/dma/,,; /TLS is not built/d" "$TMP/err")" \
	"dma.conf, line 10: not used by this release: FINGERPRINT
auth.conf, line 2: not used by this release: mail.far.example"
is "and no password is shown" "$(cat "$TMP/out" "$TMP/err" | grep -c heim)" 0
printf 'MAILNAME web1.example.net\nMASQUERADE kim@\n' >"$D/dma.conf"
fresh
is_set "dma without a smarthost" "$(setup --from-dma "$D")" \
	"allmailfrom=kim@web1.example.net;defaultdomain=example.net;me=web1.example.net;"

# ---- files that are none
fresh
head -c 3000 /bin/sh >"$TMP/bin"
for p in ssmtp msmtp; do
	is "$p: a program's file" "$(setup --from-$p "$TMP/bin" --me a.example.net; grep -c "NUL byte" "$TMP/err")" "100
1"
	is "$p: nothing in it" "$(: >"$TMP/empty"; setup --from-$p "$TMP/empty" --me a.example.net; cat "$TMP/err")" "100
qmta setup: $p: no server to send to is named there"
	is "$p: no such file" "$(setup --from-$p "$TMP/none"; cat "$TMP/err")" "100
qmta setup: $TMP/none: there is no such file"
	is "$p: a directory" "$(setup --from-$p "$TMP"; cat "$TMP/err")" "111
qmta setup: $TMP: Is a directory"
done
is "ssmtp: a line that is none" "$(printf 'mailhub=x\ngeheim\n' >"$TMP/bad"; setup --from-ssmtp "$TMP/bad"; cat "$TMP/err")" "100
qmta setup: $TMP/bad, line 2: this is not NAME=VALUE"
is "ssmtp: a bad value, with its line" "$(printf 'mailhub=x y\n' >"$TMP/bad"; setup --from-ssmtp "$TMP/bad" --me a.example.net; cat "$TMP/err")" "100
qmta setup: $TMP/bad, line 1: not a host, or host:port, with commas between: x y"
is "ssmtp: a bad alias" "$(printf 'mailhub=x\n' >"$S/ssmtp.conf"; echo 'root you@x.example' >"$S/revaliases"
	setup --from-ssmtp "$S/ssmtp.conf" --me a.example.net; cat "$TMP/err")" "100
qmta setup: $S/revaliases, line 1: this is not user:address or user:address:server"
{ echo mailhub=x; i=0; while [ $i -lt 300 ]; do echo "root=u$i@$(printf '%0200d' $i).example.net"; i=$((i + 1)); done; } >"$S/ssmtp.conf"
i=0; while [ $i -lt 200 ]; do echo "user$i:user$i@far$i.example.net"; i=$((i + 1)); done >"$S/revaliases"
is "more than there is room for" "$(setup --from-ssmtp "$S/ssmtp.conf" --me a.example.net; cat "$TMP/err"; ls "$C" 2>/dev/null)" "100
qmta setup: there is too much of it"
is "a name that is none" "$(printf 'mailhub=x\nhostname=a b\n' >"$TMP/bad"; setup --from-ssmtp "$TMP/bad"; sed 's/: .*line/: line/' "$TMP/err")" "100
qmta setup: line 2: not a host name: a b
qmta setup: line 2: not the name of a host; --me NAME gives it: a b"
is "a password without a user" "$(printf 'mailhub=x\nauthpass=geheim\n' >"$TMP/bad"; setup --from-ssmtp "$TMP/bad" --me a.example.net --dry-run; sed 's/: .*line/: line/' "$TMP/err"
	cat "$TMP/out" "$TMP/err" | grep -c 'geheim\|relaypass')" "0
qmta setup: line 2: there is no user for this password, so it is left out
0"
is "dma: a login that is none" "$(printf 'SMARTHOST x\nAUTHPATH %s\n' "$TMP/bad" >"$D/dma.conf"; echo 'kim:geheim' >"$TMP/bad"
	setup --from-dma "$D" --me a.example.net; cat "$TMP/err")" "100
qmta setup: $TMP/bad, line 1: this is not user|host:password"
is "nullmailer: no directory" "$(setup --from-nullmailer "$TMP/none"; cat "$TMP/err")" "100
qmta setup: $TMP/none/: No such file or directory"
is "another program" "$(setup --from-exim)" 100
# No bytes at all may make it crash, hang or write.
cat >"$TMP/noise.py" <<'P'
import random, sys
random.seed(int(sys.argv[1]))
words = [b"account ", b"default", b"defaults\n", b": ", b"host ", b"port", b"user", b"root=", b"mailhub=",
	b"\n", b"\n", b" ", b"=", b"%", b"@", b"'", b'"', b"hostname=", b"MAILNAME ", b"SMARTHOST ", b"PORT ", b"MASQUERADE ", b"#", b"\\", b"smtp", b"qmqp", b"[", b"]", b"::", b"|", b"\xff", b"a.b", b"tls"]
sys.stdout.buffer.write(b"".join(random.choice(words) for _ in range(random.randrange(400))))
P
crashed=
i=0
most=150; [ -z "${QMTA_SHORT:-}" ] || most=6
while [ $i -lt $most ]; do
	python3 "$TMP/noise.py" $i >"$TMP/noise"
	mkdir -p "$TMP/noised"; cp "$TMP/noise" "$TMP/noised/remotes"; cp "$TMP/noise" "$TMP/noised/dma.conf"
	for p in ssmtp msmtp nullmailer dma; do
		case $p in [nd]*) f=$TMP/noised ;; *) f=$TMP/noise ;; esac
		r=$(setup --from-$p "$f" --me a.example.net --dry-run)
		case $r in 0 | 100) ;; *) crashed="$crashed $i:$p:$r" ;; esac
	done
	i=$((i + 1))
done
is "noise" "$crashed" ""

# ---- what the machine can do to it
fresh
mkdir "$C"; [ -z "$AS" ] || chown 65534 "$C"
echo x >"$C/me"; chmod 0 "$C/me"
if [ -n "$AS" ]; then chown 0 "$C/me"; fi
if [ -n "$AS" ] || [ "$(id -u)" != 0 ]; then
	is "a file that cannot be read" "$(setup direct --me a.example.net --force; sed 's/.*control.me/me/' "$TMP/err")" "111
me: Permission denied"
fi
rm -f "$C/me"
mkdir "$C/me"
is "a directory in a file's place" "$(setup direct --me a.example.net --force; ls -A "$C")" "111
me"
rmdir "$C/me"
chmod 555 "$C"
is "a directory that cannot be written" "$(setup direct --me a.example.net; ls -A "$C")" "111"
chmod 755 "$C"
is "a disk that is full" "$( (ulimit -f 0; trap '' XFSZ; setup relay --host smtp.example.net --me a.example.net); ls -A "$C")" "111"

if [ "${VARIANT:-}" != san ] && $AS strace -o "$TMP/trace" true 2>/dev/null; then
	# Killed before each call that matters, over a directory that works already and
	# over none. Its parts are counted by the name of the call.
	old_one() { rm -rf "$C"; cp -a "$TMP/old" "$C"; }
	new_words='relay --host new.example.net --me b.example.net --admin you@example.net --force'
	fresh; setup relay --host old.example.net --me a.example.net >/dev/null
	old=$(files_of "$C")
	mv "$C" "$TMP/old"
	setup $new_words >/dev/null; new=$(files_of "$C")
	killed=0 whole=0 strange=''
	kill_at() { # FROM CALL NUMBER: 1 it was over before
		if [ "$1" = old ]; then old_one; else fresh; fi
		k_code=0
		$AS strace -qq -o "$TMP/trace" -e trace="$2" -e inject="$2:signal=KILL:when=$3" \
			"$RBIN/qmta" setup $new_words >/dev/null 2>&1 || k_code=$?
		[ $k_code != 0 ] || return 1
		killed=$((killed + 1))
		k_now=$(rm -f "$C"/.setup.*; [ ! -d "$C" ] || files_of "$C")
		case $1:$k_now in
		"old:$old" | *":$new") whole=$((whole + 1)) ;;
		"new:"*";me="*) strange="$strange $2:$3:early-me" ;;
		new:*) ;;
		# The relay is the first of all, and takes what is for the others.
		*"smtproutes=:new.example.net;"*) ;;
		*) strange="$strange $2:$3:$k_now" ;;
		esac
		[ "$(setup $new_words)" = 0 ] && [ "$(files_of "$C")" = "$new" ] &&
			[ -z "$(find "$C" -name '.*' -type f)" ] || strange="$strange again:$2:$3"
		return 0
	}
	calls='rename fsync write openat mkdir'
	[ -z "${QMTA_SHORT:-}" ] || calls='rename write'
	for from in old new; do
		for call in $calls; do
			n=1
			while kill_at $from $call $n; do n=$((n + 1)); done
		done
	done
	ok "killed at many places ($killed)" test "$killed" -gt 12
	ok "at many of them all was as before, or as after ($whole)" test $((whole * 5)) -gt "$killed"
	is "never a name of a new machine without its files, nor another relay; and it can be run again" "$strange" ""
else
	skip "killed at each call" "needs strace"
fi
done_testing
