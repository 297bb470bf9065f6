#!/bin/sh
# mini-smtpd: who may send what to whom: each list of the administrator, every trick that
# has made a relay of some server, and which users exist. One session for each test, by
# descriptors 0 and 1, with the client's address in the variables of tcpserver.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
new_root
C=$CONTROLDIR
[ -e "$BIN/mini-smtpd" ] || skip_all 'no mini-smtpd in this build'
U=$(id -u) G=$(id -g) WHO=$(id -un)
[ "$U" != 0 ] || { U=65534 G=65534 WHO=nobody; }
cd "$TMP" || exit 1

# session [NAME=value...] -- SENDER RCPT...: one reply in short for each recipient; the
# whole of it in $TMP/out, the log in $TMP/err. The client waits for the greeting, as one
# that does not is found out, and pipelines the rest. $HELO, $PARAM: what it says there.
mkfifo "$TMP/to" "$TMP/from"
session() {
	vars=
	while [ "$1" != -- ]; do
		vars="$vars $1"; shift
	done
	printf '%s\r\nMAIL FROM:<%s>%s\r\n' "${HELO-HELO client.example}" "$2" "${PARAM-}" >"$TMP/script"
	shift 2
	for r; do
		printf 'RCPT TO:<%s>\r\n' "$r" >>"$TMP/script"
	done
	printf '%bQUIT\r\n' "${DATA-}" >>"$TMP/script"
	# shellcheck disable=SC2086 # words
	env $vars "$BIN/mini-smtpd" <"$TMP/to" >"$TMP/from" 2>"$TMP/err" &
	exec 3>"$TMP/to" 4<"$TMP/from"
	read -r first <&4
	echo "$first" >"$TMP/out"
	cat "$TMP/script" >&3 2>"$TMP/ignored"
	exec 3>&-
	cat <&4 >>"$TMP/out"
	exec 4<&-
	wait
	tr -d '\r' <"$TMP/out" | sed '1,3d; /^221/,$d; s/^\(... [0-9.]*\).*/\1/' | tr '\n' ',' | sed 's/,$//'
}
out=TCPREMOTEIP=192.0.2.7
# Addresses of a stranger, one line of answers.
stranger() { session "$out" -- you@far.example "$@"; }
NO='553 5.7.1' OK='250 2.1.5' GONE='550 5.1.1'

# ---- nothing without permission ----
is 'no rcpthosts: nothing is taken (118)' "$(stranger a@mx.example.net a@far.example postmaster@mx.example.net root postmaster)" "$NO,$NO,$NO,$NO,$NO"
like 'and the log says what is missing' "$(cat "$TMP/err")" "there is no $C/rcpthosts"
is 'once' "$(grep -c 'there is no' "$TMP/err")" 1
is 'not from a program of this machine, either' "$(session -- a@b a@far.example)" "$NO"
is 'nor from loopback' "$(session TCPREMOTEIP=127.0.0.1 -- a@b a@far.example)" "$NO"
is 'nor by an empty list' "$(: >"$C/relayclients"; stranger a@far.example; rm "$C/relayclients")" "$NO"
echo more.example >"$C/morercpthosts"
"$BIN/qmail-newmrh"
is 'morercpthosts.cdb alone is nothing' "$(stranger a@more.example)" "$NO"
printf '%s\n' 'Plain.Example' '.wild.example' '# no.example' 'gate.example' >"$C/rcpthosts"
: >"$C/locals"
is 'rcpthosts: exact, case-blind, blanks' "$(stranger a@plain.example A@PLAIN.EXAMPLE a@xplain.example a@plain.example.far.example)" \
	"$OK,$OK,$NO,$NO"
is '.wild.example: below it, not itself (118)' "$(stranger a@y.wild.example a@x.y.Wild.example a@wild.example a@awild.example)" \
	"$OK,$OK,$NO,$NO"
is 'a comment is none' "$(stranger a@no.example)" "$NO"
is 'morercpthosts.cdb' "$(stranger a@more.example a@MORE.example a@x.more.example)" "$OK,$OK,$NO"
printf '.MORE.example\nB.Example\n' >"$C/morercpthosts"
is 'qmail-newmrh: done' "$("$BIN/qmail-newmrh" 2>&1; echo $?)" 0
is 'anew: suffixes there, too' "$(stranger a@more.example a@x.y.more.example b@b.EXAMPLE)" "$NO,$OK,$OK"
cp "$C/morercpthosts.cdb" "$TMP/good.cdb"
head -c 2100 "$TMP/good.cdb" >"$C/morercpthosts.cdb"
is 'a damaged one: later, never no' "$(stranger a@b.example a@plain.example)" "451 4.3.0,$OK"
like 'which the log explains' "$(cat "$TMP/err")" 'morercpthosts.*qmail-newmrh'
cp "$TMP/good.cdb" "$C/morercpthosts.cdb"
chmod 666 "$C/morercpthosts.cdb"
is 'one that everybody may write' "$(stranger a@b.example)" '451 4.3.0'
rm "$C/morercpthosts.cdb"
mkdir "$C/morercpthosts.cdb"
is 'one that is no file' "$(stranger a@b.example)" '451 4.3.0'
rmdir "$C/morercpthosts.cdb"
mv "$C/rcpthosts" "$C/x"; mkdir "$C/rcpthosts"
is 'a rcpthosts that cannot be read' "$(stranger a@plain.example)" '451 4.3.0'
rmdir "$C/rcpthosts"; mv "$C/x" "$C/rcpthosts"

# ---- the vector of the family, and bad input ----
printf 'B.Example\n# c\nexample.net  \n' >"$C/morercpthosts"
"$BIN/qmail-newmrh"
is 'qmail-newmrh: the bytes of the classic' "$(sha256sum <"$C/morercpthosts.cdb" | cut -c1-64)" \
	a0a8c67feba2ad6e8fd0cbcf9e878085e04b67e16411e19429ede4d3050a533b
printf 'x.example\nlast.example' >"$C/morercpthosts"
"$BIN/qmail-newmrh"
is 'a last line without an end counts' "$(stranger a@last.example)" "$OK"
printf 'a.example\nb\0.example\n' >"$C/morercpthosts"
is 'a NUL byte: the old one stays' "$("$BIN/qmail-newmrh" 2>&1 | sed "s|$C|C|"; stranger a@last.example)" \
	"qmail-newmrh: C/morercpthosts, line 2: a NUL byte
$OK"
ok 'nothing is left over' test ! -e "$C/morercpthosts.cdb.tmp"
is 'no file' "$(rm "$C/morercpthosts"; "$BIN/qmail-newmrh" 2>/dev/null; echo $?)" 111
is 'another file' "$("$BIN/qmail-newmrh" rcpthosts 2>/dev/null; echo $?)" 100

# ---- no relay by any trick ----
is 'routes are dropped' "$(stranger '@a.example,@plain.example:x@far.example' '@plain.example:x@far.example')" "$NO,$NO"
is '%, !, and quoted @' "$(stranger 'x%far.example@plain.example' 'far.example!x@plain.example' \
	'"x@far.example"@plain.example' '"x%far.example"@plain.example' 'x\@far.example@plain.example' \
	'"x@plain.example"@far.example')" "$NO,$NO,$NO,$NO,$NO,$NO"
like 'a quoted @ and no host, two hosts, an empty host' "$(stranger '"x@far.example"' 'x@far.example@plain.example' 'x@' \
	'@plain.example' '')" '^(5[05][0-9] 5\.1\.[0-9],?){5}$'
is 'no host at all' "$(stranger 'x%far.example' 'far.example!x' 'x%y!z')" "$NO,$NO,$NO"
is 'address literals' "$(stranger 'x@[192.0.2.99]' 'x@[IPv6:2001:db8::1]' 'x%far.example@[127.0.0.1]' 'x@[]')" "$NO,$NO,$NO,$NO"
is 'dots and blanks' "$(stranger x@plain.example. x@far.example.plain.example 'x@.wild.example' | sed 's/501 5.1.3/553 5.7.1/g')" "$NO,$NO,$NO"
is 'in between with brackets' "$(HELO='HELO plain.example' session "$out" TCPREMOTEHOST=plain.example -- \
	x@plain.example x@far.example)" "$NO"
is 'the null sender' "$(session "$out" -- '' x@far.example x@plain.example)" "$NO,$OK"
echo gate.example >"$C/percenthack"
is 'percenthack: what it makes must be ours' "$(stranger 'a%plain.example@gate.example' 'a%far.example@gate.example' \
	'a%far.example%gate.example@gate.example' 'a%plain.example%gate.example@gate.example' a@gate.example \
	'a%b@plain.example' '"a@far.example%plain.example"@gate.example')" "$OK,$NO,$NO,$OK,$OK,$NO,$NO"
echo other.example >>"$C/percenthack"
is 'percenthack does not make a host ours' "$(stranger 'a%plain.example@other.example')" "$NO"
echo mx.example.net >>"$C/percenthack"
is 'percenthack without a host' "$(stranger 'a%far.example' 'postmaster%far.example')" "$NO,$NO"
rm "$C/percenthack"

# ---- who may relay ----
relay() { session "$@" -- me@plain.example x@far.example; }
is 'RELAYCLIENT' "$(relay "$out" RELAYCLIENT=)" "$OK"
relays() { # the lines of relayclients; then addresses
	printf '%b' "$1" >"$C/relayclients"; shift
	for a; do
		r=$(relay "TCPREMOTEIP=$a")
		[ "$r" = "$OK" ] && printf y || printf n
	done
	rm "$C/relayclients"
}
is 'relayclients: addresses' "$(relays '192.0.2.7\n2001:DB8::7\n' 192.0.2.7 192.0.2.70 192.0.2.8 2001:db8::7 2001:db8::8)" ynnyn
is 'relayclients: beginnings' "$(relays '10.1.\n192.168.5.:\n' 10.1.2.3 10.11.2.3 110.1.2.3 192.168.5.9 192.168.50.1)" ynnyn
is 'relayclients: networks' "$(relays '10.0.0.0/9\n2001:db8:aa00::/40\n' 10.127.0.1 10.128.0.1 2001:db8:aaff::1 2001:db8:ab00::1 2001:db9:aa00::1)" ynynn
is 'relayclients: no such networks' "$(relays '10.0.0.0/33\n10.0.0.0/\n10.0.0.0/x\n/8\n0x0a.0.0.1\n10.1\n' 10.0.0.1 10.1.0.1)" nn
is 'relayclients: all, but for one' "$(relays '0.0.0.0/0\n!192.0.2.7\n' 192.0.2.7 192.0.2.8 2001:db8::1)" nyn
is 'relayclients: IPv4 in IPv6' "$(relays '192.0.2.7\n' ::ffff:192.0.2.7)" y
is 'relayclients: an address that is none' "$(relays '*\n' garbage)" n
echo 192.0.2.7:.via.example >"$C/relayclients"
QQ=$TMP/qq
cat >"$QQ" <<-'Q'
	#!/bin/sh
	cat >/dev/null
	tr '\0' '|' <&1 >>"$TMP/queued"
Q
chmod 755 "$QQ"
export TMP
queued() { # the envelope that arrives of such a session
	rm -f "$TMP/queued"
	: >"$TMP/queued"; chmod 666 "$TMP/queued"
	DATA='DATA\r\nx\r\n.\r\n' session "$out" "QMAILQUEUE=$QQ" -- s@s.example "$@" >"$TMP/ignored"
	cat "$TMP/queued"
}
is 'what relayclients adds to a recipient' "$(queued x@far.example 'y%z@plain.example')" \
	'Fs@s.example|Tx@far.example.via.example|Ty%z@plain.example.via.example||'
rm "$C/relayclients"
is 'a stranger: nothing is added or changed' "$(queued X@Plain.Example postmaster)" \
	'Fs@s.example|TX@Plain.Example|Tpostmaster||'
echo '.trusted.example' >"$C/relaydomains"
is 'relaydomains: a name that the DNS does not confirm' "$(relay "$out" TCPREMOTEHOST=a.trusted.example)" "$NO"
echo localhost >>"$C/relaydomains"
if grep -q '^127.0.0.1.*localhost' /etc/hosts; then
	is 'relaydomains: one that it does' "$(relay TCPREMOTEIP=127.0.0.1 TCPREMOTEHOST=localhost)" "$OK"
	is 'and not from elsewhere' "$(relay TCPREMOTEIP=127.0.0.2 TCPREMOTEHOST=localhost)" "$NO"
else
	skip 'relaydomains: one that it does' 'no localhost in /etc/hosts'
	skip 'and not from elsewhere' 'no localhost in /etc/hosts'
fi
rm "$C/relaydomains"
printf 'boss@plain.example\n@all.example\n' >"$C/relaymailfrom"
is 'relaymailfrom' "$(session "$out" -- Boss@plain.example x@far.example),$(session "$out" -- a@all.example x@far.example),$(relay "$out"),$(session "$out" -- '' x@far.example)" "$OK,$OK,$NO,$NO"
rm "$C/relaymailfrom"

# ---- lists of what is bad ----
printf '%s\n' bad@far.example @worse.example '*@*.worst.example' '!good@x.worst.example' >"$C/badmailfrom"
bad() { session "$out" -- "$1" a@plain.example; }
is 'badmailfrom, at RCPT' "$(bad Bad@far.example),$(bad x@WORSE.example),$(bad x@a.worst.example)" "$NO,$NO,$NO"
is 'badmailfrom: others' "$(bad ok@far.example),$(bad x@a.worse.example),$(bad good@x.worst.example),$(bad '')" "$OK,$OK,$OK,$OK"
is 'badmailfrom: for those who may relay, too' "$(session "$out" RELAYCLIENT= -- bad@far.example a@plain.example)" "$NO"
echo @plain.example >"$TMP/list"
is 'the file that BADMAILFROM names' "$(session "$out" "BADMAILFROM=$TMP/list" -- x@plain.example a@plain.example)" "$NO"
rm "$C/badmailfrom"; mkdir "$C/badmailfrom"
session "$out" -- a@b.example a@plain.example >/dev/null
like 'one that cannot be read' "$(sed -n 3p "$TMP/out")" '^451 4.3.0'
rmdir "$C/badmailfrom"
printf '%s\n' trap@plain.example 'spam-*@*' >"$C/badrcptto"
is 'badrcptto' "$(stranger Trap@plain.example spam-1@plain.example a@plain.example)" "$NO,$NO,$OK"
is 'badrcptto: for those who may relay, too' "$(session "$out" RELAYCLIENT= -- x@y spam-1@far.example)" "$NO"
printf '%s\n' a@plain.example @x.wild.example spam-2@plain.example >"$C/goodrcptto"
is 'goodrcptto shuts nobody out' "$(stranger A@plain.example b@plain.example c@x.wild.example d@y.wild.example)" "$OK,$OK,$OK,$OK"
is 'goodrcptto goes before badrcptto' "$(stranger spam-2@plain.example spam-3@plain.example)" "$OK,$NO"
is 'goodrcptto: for those who may relay, too' "$(session "$out" RELAYCLIENT= -- x@y spam-2@plain.example)" "$OK"
is 'goodrcptto makes no host ours' "$(echo x@far.example >>"$C/goodrcptto"; stranger x@far.example)" "$NO"
rm "$C/badrcptto" "$C/goodrcptto"
printf '%s\n' 'dsl-*.example' .bad.example localhost >"$C/badhelo"
helo() { HELO="$1" session "$out" -- a@b.example a@plain.example >"$TMP/ignored"; sed -n '2s/^\(... [0-9.]*\).*/\1/p' "$TMP/out"; }
is 'badhelo, at HELO where nobody can log in' "$(helo 'HELO DSL-7.example'),$(helo 'EHLO x.bad.example'),$(helo 'HELO localhost')" \
	'550 5.7.1,550 5.7.1,550 5.7.1'
is 'badhelo: who goes on all the same' "$(HELO='HELO localhost' session "$out" -- a@b.example a@plain.example)" "550 5.7.1"
is 'badhelo: others' "$(HELO='HELO x.good.example' session "$out" -- a@b.example a@plain.example)" "$OK"
is 'badhelo: not for those who may relay' "$(HELO='HELO localhost' session "$out" RELAYCLIENT= -- a@b a@plain.example)" "$OK"
rm "$C/badhelo"
first() { session "$@" -- a@b.example a@plain.example >/dev/null; head -n 1 "$TMP/out" | cut -c1-9; }
printf '%s\n' 192.0.2.0/24 '!192.0.2.8' 10.9. '2001:db8::/32' '198.51.100.*' >"$C/badip"
is 'badip, before the greeting' "$(first TCPREMOTEIP=192.0.2.7),$(first TCPREMOTEIP=10.9.1.1),$(first TCPREMOTEIP=2001:db8::1),$(first TCPREMOTEIP=198.51.100.3)" \
	'421 4.7.1,421 4.7.1,421 4.7.1,421 4.7.1'
is 'badip: others' "$(first TCPREMOTEIP=192.0.2.8),$(first TCPREMOTEIP=10.90.1.1),$(first A=1)" '220 mx.ex,220 mx.ex,220 mx.ex'
rm "$C/badip"
echo .dyn.example >"$C/badhost"
is 'badhost' "$(first "$out" TCPREMOTEHOST=a.DYN.example),$(first "$out" TCPREMOTEHOST=dyn.example),$(first "$out")" '554 5.7.1,220 mx.ex,220 mx.ex'
rm "$C/badhost"

# ---- rules by address, for mail from outside ----
for q in a b c; do
	sed "s|queued|queued.$q|" "$QQ" >"$TMP/qq.$q"
	chmod 755 "$TMP/qq.$q"
done
went() { # SENDER RCPT...: which queue program got it
	for q in a b c; do
		rm -f "$TMP/queued.$q"
		: >"$TMP/queued.$q"; chmod 666 "$TMP/queued.$q"
	done
	DATA='DATA\r\nx\r\n.\r\n' session "$out" "QMAILQUEUE=$TMP/qq.c" -- "$@" >"$TMP/ignored"
	for q in a b c; do
		[ ! -s "$TMP/queued.$q" ] || printf %s "$q"
	done
}
echo "y.wild.example:QMAILQUEUE=$TMP/qq.a" >"$C/domainqueue"
is 'domainqueue' "$(went s@s.example u@y.wild.example),$(went s@s.example u@plain.example)" a,c
printf '%s\n' "vip@*:QMAILQUEUE=$TMP/qq.b" >"$C/rcpt.envrules"
is 'rcpt.envrules' "$(went s@s.example Vip@plain.example),$(went s@s.example u@plain.example)" b,c
: >"$TMP/queued.c"
DATA='DATA\r\nx\r\n.\r\nMAIL FROM:<t@t.example>\r\nRCPT TO:<u@plain.example>\r\nDATA\r\nx\r\n.\r\n' \
	session "$out" "QMAILQUEUE=$TMP/qq.c" -- s@s.example vip@plain.example >"$TMP/ignored"
is 'the next message is not that one' "$(cat "$TMP/queued.c")" 'Ft@t.example|Tu@plain.example||'
rm "$C/domainqueue" "$C/rcpt.envrules"
printf '%s\n' "*@s.example:QMAILQUEUE=$TMP/qq.a" >"$TMP/rules"
is 'from.envrules, by FROMRULES' "$(export FROMRULES="$TMP/rules"; went s@s.example u@plain.example; went s@t.example u@plain.example)" ac
cp "$TMP/rules" "$C/from.envrules"
is 'from.envrules' "$(went s@s.example u@plain.example),$(went '' u@plain.example)" a,c
echo '*:PATH=/tmp' >"$C/from.envrules"
is 'a rule that is not allowed: later' "$(went s@s.example u@plain.example)$(grep -c '^451 4.3.0 unable to read control files' "$TMP/out")" 1
rm "$C/from.envrules"

# ---- how much ----
echo 2 >"$C/maxrecipients"
is 'maxrecipients' "$(stranger a@plain.example b@plain.example c@plain.example)" "$OK,$OK,452 4.5.3"
is 'MAXRECIPIENTS goes before it' "$(session "$out" MAXRECIPIENTS=3 -- x@y.example a@plain.example b@plain.example c@plain.example)" "$OK,$OK,$OK"
rm "$C/maxrecipients"
size() {
	HELO='EHLO x' PARAM=' SIZE=2000' session "$out" ${1+"$1"} -- a@b.example a@plain.example >"$TMP/ignored"
	tr -d '\r' <"$TMP/out" | grep -o '^[0-9 -]*SIZE.*\|^552 5.3.4' | tr '\n' ' '
}
is 'no databytes' "$(size)" '250 SIZE 0 '
echo 1000 >"$C/databytes"
is 'databytes' "$(size)" '250 SIZE 1000 552 5.3.4 '
is 'DATABYTES goes before it' "$(size DATABYTES=5000)" '250 SIZE 5000 '
is 'DATABYTES 0' "$(size DATABYTES=0)" '250 SIZE 0 '
rm "$C/databytes"

# ---- RBLSMTPD ----
is 'RBLSMTPD with words' "$(session "$out" RBLSMTPD=go_away -- x@y.example a@plain.example)" '451 4.7.1'
like 'they are said' "$(tr -d '\r' <"$TMP/out")" '^451 4.7.1 go_away$'
is 'RBLSMTPD with a dash: for good' "$(session "$out" RBLSMTPD=-go_away -- x@y.example a@plain.example)" '553 5.7.1'
is 'RBLSMTPD, empty' "$(session "$out" RBLSMTPD= -- x@y.example a@plain.example)" "$OK"
is 'RBLSMTPD: not for those who may relay' "$(session "$out" RBLSMTPD=x RELAYCLIENT= -- x@y.example a@far.example)" "$OK"

# ---- who is there ----
echo mx.example.net >>"$C/rcpthosts"
rm "$C/locals"
echo '@mx.example.net' >"$C/recipients"
is 'recipients: all of a host' "$(stranger any@mx.example.net)" "$OK"
printf '%s\n' 'Joe@mx.example.net' sue >"$C/recipients"
is 'recipients: these' "$(stranger joe@mx.example.net JOE-list@MX.example.net SUE@mx.example.net sue-x-y@mx.example.net bob@mx.example.net joex@mx.example.net)" \
	"$OK,$OK,$OK,$OK,$GONE,$GONE"
is 'recipients: postmaster always' "$(stranger postmaster@mx.example.net PostMaster mailer-daemon@mx.example.net postmaster-x@mx.example.net)" "$OK,$OK,$OK,$GONE"
is 'recipients: a name without a host' "$(stranger joe bob 'joe%far.example')" "$OK,$GONE,$NO"
is 'recipients: not for hosts that are elsewhere' "$(stranger bob@plain.example)" "$OK"
is 'recipients: for those who may relay, too' "$(session "$out" RELAYCLIENT= -- x@y bob@mx.example.net joe@mx.example.net bob@far.example)" "$GONE,$OK,$OK"
is 'recipients.cdb' "$("$BIN/qmail-newmrh" recipients; : >"$C/recipients"; stranger joe@mx.example.net sue@mx.example.net bob@mx.example.net)" "$OK,$OK,$GONE"
rm "$C/recipients"
is 'recipients.cdb alone' "$(stranger joe@mx.example.net bob@mx.example.net)" "$OK,$GONE"
echo >"$C/recipients.cdb"
is 'recipients.cdb, damaged' "$(stranger joe@mx.example.net)" '451 4.3.0'
rm "$C/recipients.cdb"

if [ -e "$BIN/qmail-newu" ]; then
	mkdir -p "$ASSIGNDIR" "$TMP/joe" "$TMP/shut"
	chmod 755 "$TMP/joe" "$ASSIGNDIR"
	cat >"$ASSIGNDIR/assign" <<-A
		=joe:$WHO:$U:$G:$TMP/joe:::
		+joe-:$WHO:$U:$G:$TMP/joe:-::
		+shut-:$WHO:$U:$G:$TMP/shut:-::
		+virt-:$WHO:$U:$G:$TMP/joe:-:v-:
		.
	A
	"$BIN/qmail-newu"
	for f in list list-owner ext-default v-info dot:ted; do : >"$TMP/joe/.qmail-$f"; done
	printf 'news: far@far.example\nprog: "|x"\nsecret: :include:%s\nowner-news: joe\n' "$TMP/none" >"$C/aliases"
	is 'users/cdb' "$(stranger joe@mx.example.net Joe@mx.example.net jo@mx.example.net joey@mx.example.net)" "$OK,$OK,$GONE,$GONE"
	is 'extensions by .qmail files' "$(stranger joe-list@mx.example.net joe-LIST-owner@mx.example.net joe-ext-a-b@mx.example.net \
		joe-ext@mx.example.net joe-dot.ted@mx.example.net joe-other@mx.example.net joe-list-x@mx.example.net joe-@mx.example.net)" "$OK,$OK,$OK,$GONE,$OK,$GONE,$GONE,$GONE"
	: >"$TMP/joe/.qmail-list-owner-default"
	is 'VERP' "$(stranger joe-list-owner-bob=far.example@mx.example.net)" "$OK"
	is 'aliases' "$(stranger news@mx.example.net NEWS@mx.example.net prog@mx.example.net secret@mx.example.net owner-news@mx.example.net nonews@mx.example.net)" \
		"$OK,$OK,$OK,$OK,$OK,$GONE"
	is 'postmaster' "$(stranger postmaster@mx.example.net POSTMASTER)" "$OK,$OK"
	echo 'x: y z "' >>"$C/aliases"
	is 'a mistake in the aliases is nobody else s' "$(stranger joe@mx.example.net)" "$OK"
	: >"$C/aliases"
	chmod 0 "$TMP/shut"
	if [ "$(id -u)" = 0 ] || [ ! -r "$TMP/shut" ]; then
		is 'a home that is closed to us: perhaps' "$(chown 1:1 "$TMP/shut" 2>/dev/null; stranger shut-any@mx.example.net)" "$OK"
	fi
	chmod 755 "$TMP/shut"
	cp "$ASSIGNDIR/cdb" "$TMP/cdb"
	head -c 2200 "$TMP/cdb" >"$ASSIGNDIR/cdb"
	is 'a users/cdb that is damaged: later' "$(stranger joe@mx.example.net)" '451 4.3.0'
	cp "$TMP/cdb" "$ASSIGNDIR/cdb"
	printf 'v.example:virt\nnone.v.example:\n' >"$C/virtualdomains"
	printf 'v.example\nnone.v.example\n' >>"$C/rcpthosts"
	is 'virtualdomains' "$(stranger info@v.example INFO@V.example other@v.example any@none.v.example)" "$OK,$OK,$GONE,$OK"
	rm "$C/virtualdomains"
	is 'a long address with many dashes' "$(stranger "$(seq -s- 200)@mx.example.net")" "$GONE"
	echo 'me@far.example' >"$C/adminaddr"
	is 'adminaddr gets what is for anybody here' "$(stranger nobodyatall@mx.example.net)" "$OK"
	rm "$C/adminaddr"
	mkdir "$C/virtualdomains"
	is 'virtualdomains that cannot be read' "$(stranger other@v.example)" '451 4.3.0'
	rmdir "$C/virtualdomains"
	echo other.example.net >"$C/locals"
	is 'a host of rcpthosts that is not local' "$(stranger nobodyatall@mx.example.net)" "$OK"
	is 'a local host that is not in rcpthosts' "$(stranger joe@other.example.net)" "$NO"
	echo other.example.net >"$C/envnoathost"
	is 'but without a host it is envnoathost s' "$(stranger joe nobodyatall)" "$OK,$GONE"
fi

done_testing
