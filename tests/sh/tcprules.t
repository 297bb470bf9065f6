#!/bin/sh
# tcprules: the bytes of the classic, ranges, networks, names, quotes; every mistake in a line
# is named and changes nothing. tcprulescheck: which rule a client meets.
. "$(dirname "$0")/../lib/tap.sh"
[ -x "$BIN/tcprules" ] || skip_all "mini-smtpd is not built in"
cd "$TMP" || exit 1
make_rules() { "$BIN/tcprules" r.cdb r.tmp; }
check() { # ADDRESS [HOST]
	if [ "$2" ]; then
		TCPREMOTEIP=$1 TCPREMOTEHOST=$2 "$BIN/tcprulescheck" r.cdb 2>&1
	else
		env -u TCPREMOTEHOST TCPREMOTEIP="$1" "$BIN/tcprulescheck" r.cdb 2>&1
	fi | tr '\n' '|'
}

cat >rules <<-'R'
	# a comment, an empty line, blanks at an end

	127.0.0.1:allow,RELAYCLIENT="",X='a,b c',Y=z"z  
	10.1.3.5-7:deny
	10.1-3.:deny,A="b"
	10.:allow,P="10"
	10.:deny
	=Mail.example.net:allow,H="1"
	=.example.net:allow,H="s"
	=:allow,H="any"
	joe@10.9.9.9:allow
	:deny
R
make_rules <rules
is "compiles" "$? $(ls)" "0 r.cdb
rules"
is "everybody may read it" "$(stat -c %a r.cdb)" 644
# Of the classic tcprules, for lines that mean the same to both.
printf '%s\n' '127.0.0.1:allow,RELAYCLIENT=""' '10.1.3.5-6:deny' '10.:allow,P="10"' ':deny,A="b"' |
	make_rules
is "the bytes of the classic" "$(sha256sum <r.cdb)" \
	"fc5732d6ebf1464b6efb35cdb282a83c0e0d34df175c56099472244ee2a34493  -"
: | make_rules
is "no rule: an empty cdb" "$(sha256sum <r.cdb)" \
	"ad292543e381bc50175b6b6452ccc06e579755910a528c8dc7d18019279e1f3f  -"
is "which allows" "$(check 192.0.2.1)" 'default:|allow connection|'
make_rules <rules
is "quotes" "$(check 127.0.0.1)" "rule 127.0.0.1:|set environment variable RELAYCLIENT=|\
set environment variable X=a,b c|set environment variable Y=\"|allow connection|"
for i in 5 6 7; do is "a range: $i" "$(check 10.1.3.$i)" "rule 10.1.3.$i:|deny connection|"; done
is "before it" "$(check 10.1.3.4)" 'rule 10.1.:|deny connection|'
is "a range in a prefix" "$(check 10.3.0.1)" 'rule 10.3.:|deny connection|'
is "of two equal ones the first" "$(check 10.4.0.1)" \
	'rule 10.:|set environment variable P=10|allow connection|'
is "a host" "$(check 192.0.2.1 mail.example.net)" \
	'rule =mail.example.net:|set environment variable H=1|allow connection|'
is "a domain" "$(check 192.0.2.1 a.b.example.net)" \
	'rule =.example.net:|set environment variable H=s|allow connection|'
is "not the domain itself" "$(check 192.0.2.1 example.net)" \
	'rule =:|set environment variable H=any|allow connection|'
is "the address goes before the host" "$(check 10.1.3.5 mail.example.net)" \
	'rule 10.1.3.5:|deny connection|'
is "the host before prefixes" "$(check 10.4.0.1 mail.example.net)" \
	'rule =mail.example.net:|set environment variable H=1|allow connection|'
is "prefixes before domains" "$(check 10.4.0.1 a.example.net)" \
	'rule 10.:|set environment variable P=10|allow connection|'
is "nothing else" "$(check 192.0.2.1)" 'rule :|deny connection|'

make_rules <<-'R'
	10.0.0.0/8:allow,N="8"
	10.64.0.0/10:allow,N="10"
	10.64.5.0/24:allow,N="24"
	10.64.5.128/25:allow,N="25"
	10.64.5.200:allow,N="32"
	10.64.5.201/32:allow,N="33"
	192.0.2.0/31:deny
	2001:DB8:0:0::/32:allow,N="s32"
	[2001:db8:0:7::]/64:allow,N="s64"
	2001:db8:0:7::1:allow,N="s128"
	2001:db8:0:7:8000::/65:deny
	::ffff:203.0.113.5:allow,N="mapped"
	::ffff:203.0.114.0/120:allow,N="mappednet"
	0.0.0.0/0:allow,N="v4"
	::/0:allow,N="v6"
	:deny
R
n() { is "network of $1" "$(check "$1")" "rule $2:|set environment variable N=$3|allow connection|"; }
n 10.1.1.1 10. 8
n 10.127.255.255 10.64.0.0/10 10
n 10.128.0.0 10. 8
n 10.64.5.127 10.64.5. 24
n 10.64.5.128 10.64.5.128/25 25
n 10.64.5.200 10.64.5.200 32
n 10.64.5.201 10.64.5.201 33
n 11.0.0.1 0.0.0.0/0 v4
n 2001:db8:1::1 2001:db8::/32 s32
n 2001:db8:0:7::2 2001:db8:0:7::/64 s64
n 2001:db8::7:0:0:0:1 2001:db8:0:7::1 s128
n 2001:db9::1 ::/0 v6
n 203.0.113.5 203.0.113.5 mapped
n ::ffff:203.0.114.9 203.0.114. mappednet
is "network of 192.0.2.1" "$(check 192.0.2.1)" 'rule 192.0.2.0/31:|deny connection|'
is "network of 2001:db8:0:7:8001::" "$(check 2001:db8:0:7:8001::)" \
	'rule 2001:db8:0:7:8000::/65:|deny connection|'

BEFORE=$(sha256sum <r.cdb)
bad() { # LINE WORDS
	printf ':deny\n%s\n:deny\n' "$1" | make_rules 2>err
	is "$1: exit" "$? $(ls r.*)" "100 r.cdb"
	like "$1: why" "$(cat err)" "^[^ ]*tcprules: line 2: .*$2"
}
bad 10.1:allow 'not an address'
bad localhost:allow 'not an address'
bad 256.:deny 'not an address'
bad 010.:deny 'not an address'
bad 1.2.3.4.:deny 'not an address'
bad 1.2.3.4.5:deny 'not an address'
bad 1.2.3.9-5:deny 'not an address'
bad 1.2.3.-5:deny 'not an address'
bad 1..2.:deny 'not an address'
bad .:deny 'not an address'
bad fe80::1%eth0:deny 'not an address'
bad 2001:db8::1::2:deny 'not an address'
bad ' 10.:deny' 'not an address'
bad 0-255.0-255.0-255.:deny 'more than 65536'
bad 0-255.0-255.0-255.0-255:deny 'more than 65536'
bad 10.1.2.3/24:deny 'bits behind'
bad 2001:db8::1/64:deny 'bits behind'
bad 10.0.0.0/33:deny 'so many bits'
bad ::/129:deny 'so many bits'
bad 10./8:deny 'not ADDRESS/BITS'
bad /:deny 'not ADDRESS/BITS'
bad 10.0.0.0/:deny 'not ADDRESS/BITS'
bad '=a b:deny' 'no such byte'
bad '=a:25:deny' 'no such byte'
bad 10. 'not ADDRESS:allow'
bad 10.:alow 'not ADDRESS:allow'
bad '10.: allow' 'not ADDRESS:allow'
bad 10.:allow, 'NAME='
bad '10.:allow,A' 'NAME='
bad '10.:allow,A=' 'NAME='
bad '10.:allow,A="x' 'NAME='
bad '10.:allow,A="x"B="y"' 'NAME='
bad '10.:allow,="x"' 'name that is not allowed'
bad '10.:allow,PATH="/tmp"' 'name that is not allowed'
bad '10.:allow,LD_PRELOAD="x"' 'name that is not allowed'
printf ':deny\n10.\0:allow\n' | make_rules 2>err
like "a NUL byte" "$? $(cat err)" 'line 2: a NUL byte'
{ printf ':allow,A="'; head -c 5000 /dev/zero | tr '\0' x; echo '"'; } | make_rules 2>err
like "a line that is too long" "$(cat err)" 'line 1: too long'
is "nothing of it has changed the file" "$(sha256sum <r.cdb)" "$BEFORE"
make_rules <"$TMP" 2>err
like "input that cannot be read" "$? $(cat err)" '^111 .*unable to read the rules'
printf ':deny' | make_rules
is "a last line without its end counts" "$(check 10.1.1.1)" 'rule :|deny connection|'
"$BIN/tcprules" r.cdb nosuch/r.tmp </dev/null 2>err
like "no directory" "$? $(cat err)" '^111 .*unable to make nosuch/r.tmp: '
"$BIN/tcprules" nosuch/r.cdb r.tmp </dev/null 2>err
like "no directory for the result" "$? $(cat err) $(ls)" '^111 .*unable to rename to nosuch/r.cdb: '
is "no temporary file is left" "$(ls r.*)" r.cdb
"$BIN/tcprules" r.cdb r.cdb </dev/null 2>err
is "one name for both" $? 100
is "is refused" "$(check 10.1.1.1)" 'rule :|deny connection|'
is "tcprulescheck without an address" "$(check '' | grep -c usage)" 1
rm r.cdb
like "without a file" "$(check 10.1.1.1)" 'unable to use r.cdb: No such file'
done_testing
