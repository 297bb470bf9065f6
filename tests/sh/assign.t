#!/bin/sh
# users/assign, qmail-newu, users/cdb and qmail-getpw: the table itself, compared
# with one that an independent writer makes, and whole deliveries by it. As root the
# mail is delivered to uid 65534, else to whoever runs this.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
new_root
mkdir "$ASSIGNDIR"
A=$ASSIGNDIR/assign
NEWU=$BIN/qmail-newu
U=$(id -u) G=$(id -g) USER=$(id -un)
[ "$U" != 0 ] || { U=65534 G=65534; }
export USER
newu() { "$NEWU" 2>"$TMP/err"; echo "$? $(sed "s|$ASSIGNDIR|D|g" "$TMP/err")"; }
# shellcheck disable=SC2059 # the text is a format
assign() { printf "$1" >"$A"; }

# ---- the table ----
cat >"$TMP/ref.py" <<'P'
import struct, sys
def h(k):
    v = 5381
    for c in k: v = (v * 33 ^ c) & 0xffffffff
    return v
recs, wild = [], b""
for line in open(sys.argv[1], "rb").read().split(b"\n"):
    if line.startswith(b"."): break
    f = line[1:].split(b":")
    k = b"!" + f[0].lower() + (b"\0" if line[:1] == b"=" else b"")
    if line[:1] == b"+" and f[0] and f[0][-1:].lower() not in wild:
        wild += f[0][-1:].lower()
    recs.append((k, b"\0".join(f[1:7])))
recs.append((b"", wild))
out, tab = b"", [[] for _ in range(256)]
for k, d in recs:
    tab[h(k) & 255].append((h(k), 2048 + len(out)))
    out += struct.pack("<II", len(k), len(d)) + k + d
head, tail = b"", b""
for t in tab:
    n = 2 * len(t)
    head += struct.pack("<II", 2048 + len(out) + len(tail), n)
    slots = [(0, 0)] * n
    for v, p in t:
        i = (v >> 8) % n
        while slots[i][1]: i = (i + 1) % n
        slots[i] = (v, p)
    tail += b"".join(struct.pack("<II", *s) for s in slots)
sys.stdout.buffer.write(head + out + tail)
P
same() { python3 "$TMP/ref.py" "$A" >"$TMP/ref" && cmp "$TMP/ref" "$ASSIGNDIR/cdb"; }

is "no users/assign" "$(newu)" "111 qmail-newu: unable to read D/assign: No such file or directory"
showctl() { "$BIN/qmail-showctl" | sed -n "s|$ASSIGNDIR|D|g; /users.cdb/p"; }
is "showctl: no table" "$(showctl)" "users/cdb: none; users are those of /etc/passwd"
is "an argument" "$("$NEWU" x 2>/dev/null; echo $?)" 100
assign '.\n'
old='!! users/cdb: missing or older than D/assign: run qmail-newu'
is "showctl: no table of it yet" "$(showctl)" "$old"
is "an empty table" "$(newu)" "0 "
ok "and its bytes" same
is "showctl: a table" "$(showctl)" "users/cdb: D/cdb, asked before /etc/passwd"
touch -d '2020-01-01' "$ASSIGNDIR/cdb"
is "showctl: a table that is old" "$(showctl)" "$old"
H=$TMP/h
{
	echo "+:all:$U:$G:$H/all:-::"
	echo "+Joe-:list:$U:$G:$H/list:-:pre.:"
	echo "=joe:joe:$U:$G:$H/joe::::more:"
	echo "=joe:second:$U:$G:$H/all:::"
	echo "+ann+:ann:$U:$G:$H/joe:+::"
	echo "+anna+:ann:$U:$G:$H/joe:+::"
	echo "=toor:root:0:0:$H/joe:::"
	echo "=gone:gone:$U:$G:$H/gone:::"
	echo .
	echo "this is not looked at"
} >"$A"
is "a table" "$(newu)" "0 "
ok "and its bytes are those of another writer" same
is "who may read it" "$(stat -c %a "$ASSIGNDIR/cdb")" 644
awk 'BEGIN { for (i = 0; i < 3000; i++) printf "=u%d:u%d:%d:%d:/home/u%d:::\n", i, i, i, i, i; print "." }' >"$A.big"
cp "$A" "$A.keep"; cp "$ASSIGNDIR/cdb" "$TMP/good"
mv "$A.big" "$A"
is "3000 users" "$(newu)" "0 "
ok "and their bytes" same

# ---- mistakes: the line is named, the old table stays ----
cp "$TMP/good" "$ASSIGNDIR/cdb"
ends="111 qmail-newu: D/assign, line"
form='this is not ...:user:uid:gid:/home:dash:ext:'
mistake() { # NAME TEXT EXPECTED
	# shellcheck disable=SC2059
	printf "$2" >"$A"
	is "$1" "$(newu)" "$ends $3"
}
good='=a:a:1:1:/:::\n'
mistake "no dot" "$good" "2: the file ends here, but not with a line of one dot"
mistake "an empty file" "" "1: the file ends here, but not with a line of one dot"
mistake "the last line does not end" "$good." "2: this line does not end"
mistake "five colons" "$good=b:b:1:1:/::\n.\n" "2: $form"
mistake "a uid in letters" "=b:b:one:1:/:::\n.\n" "1: $form"
mistake "no gid" "=b:b:1::/:::\n.\n" "1: $form"
mistake "a uid too big" "=b:b:4294967295:1:/:::\n.\n" "1: $form"
mistake "no user" "=b::1:1:/:::\n.\n" "1: $form"
mistake "a home that is not absolute" "=b:b:1:1:home:::\n.\n" "1: $form"
mistake "neither = nor +" "$good${good}b:b:1:1:/:::\n.\n" "3: this is not =name:... or +beginning:..."
mistake "an empty line" "\n.\n" "1: this is not =name:... or +beginning:..."
mistake "a NUL byte" '=a:a:1:1:/:::\0\n.\n' "1: a NUL byte"
mistake "a line without end" "=$(printf '%05000d' 0)\n.\n" "1: too long"
ok "the old table is still there" cmp "$TMP/good" "$ASSIGNDIR/cdb"
is "and nothing else" "$(cd "$ASSIGNDIR" && echo ./*)" "./assign ./assign.keep ./cdb"

# ---- each call that can fail ----
mv "$A.keep" "$A"
if [ "${VARIANT:-}" != san ] && strace -o "$TMP/trace" true 2>/dev/null; then
	bad='' n=0
	assign '=other:o:1:1:/:::\n.\n'
	for call in write pwrite64 ftruncate fsync rename; do
		for e in ENOSPC EIO; do
			strace -f -qq -o "$TMP/trace" -e trace=$call \
				-e inject=$call:error=$e:when=1 "$NEWU" 2>/dev/null
			rc=$?
			grep -q INJECTED "$TMP/trace" || bad="$bad $call:not-called"
			[ $rc = 111 ] || bad="$bad $call:$e:exit-$rc"
			cmp -s "$TMP/good" "$ASSIGNDIR/cdb" || bad="$bad $call:$e:changed"
			[ ! -e "$ASSIGNDIR/cdb.tmp" ] || bad="$bad $call:$e:left"
			n=$((n + 1))
		done
	done
	is "failing calls leave the old table" "$n:$bad" 10:
	strace -qq -o "$TMP/trace" -e trace=fsync,rename "$NEWU"
	is "synced, renamed, synced" "$(sed 's/(.*//' "$TMP/trace" | tr '\n' ' ')" "fsync rename fsync "
else
	skip "failing calls" "strace does not work here"
fi
cp "$TMP/good" "$ASSIGNDIR/cdb"

# ---- deliveries ----
mkdir -p "$H/all" "$H/list" "$H/joe"
echo ./Maildir/ >"$H/all/.qmail-default"
echo ./Maildir/ >"$H/list/.qmail-default"
echo ./Special/ >"$H/list/.qmail-pre:x"
echo ./Plus/ >"$H/joe/.qmail+default"
for d in all/Maildir list/Maildir list/Special joe/Plus; do
	mkdir -p "$H/$d/tmp" "$H/$d/new" "$H/$d/cur"
done
[ "$(id -u)" != 0 ] || chown -R "$U:$G" "$H"
chmod -R a+rX "$TMP" "$H"
SEND="timeout -k 5 60 $BIN/qmta-send"
# What lands where after mail to this name: directories below $H; else the log's words.
mail_to() {
	find "$H" -type f -path '*/new/*' -delete
	printf 'Subject: t\n\n' | "$BIN/sendmail" -f s@example.net -i "$1"
	$SEND >"$TMP/log" 2>&1
	m_got=$(cd "$H" && find . -type f -path '*/new/*' | sed 's|^./||; s|/new/.*||')
	echo "${m_got:-$(sed -n 's/^delivery [0-9]*: //p' "$TMP/log" | head -n 1)}"
}
is "(73) =joe beats +joe- and +" "$(mail_to joe)" joe/Maildir
is "(73) +joe- beats +" "$(mail_to joe-ann)" list/Maildir
is "(73) case does not count" "$(mail_to JOE)" joe/Maildir
is "(73) nor in a beginning" "$(mail_to Joe-X)" list/Special
is "(73) + takes the rest" "$(mail_to joey)" all/Maildir
is "another delimiter" "$(mail_to ann+x)" joe/Plus
is "a longer beginning that is none" "$(mail_to ann-x)" all/Maildir
root="deferral: Not_allowed_to_perform_deliveries_as_root._(#4.3.0)/"
[ "$(id -u)" = 0 ] || root="deferral: Only_a_qmta-send_of_root's_can_deliver_to_this_user._(#4.3.5)/"
is "(74) uid 0 is refused, and waits" "$(mail_to toor)" "$root"
is "(74) nothing is lost" "$(find "$QUEUEDIR/mess" -type f | wc -l | tr -d ' ')" 1
find "$QUEUEDIR" -type f -path '*/[0-9]*' -delete
like "a home that is gone is later" "$(mail_to gone)" '^deferral: Unable_to_switch_to'
find "$QUEUEDIR" -type f -path '*/[0-9]*' -delete
head -c 1000 /dev/zero >"$ASSIGNDIR/cdb"
like "a damaged table is later" "$(mail_to joe)" '^deferral: Unable_to_read_users/cdb'
cp "$TMP/good" "$ASSIGNDIR/cdb"
$SEND -a >"$TMP/log" 2>&1
ok "and delivered once it is whole" [ -n "$(find "$H/joe/Maildir/new" -type f)" ]

# ---- qmail-getpw ----
fields() { "$BIN/qmail-getpw" "$1" 2>"$TMP/err" | tr '\0' '|'; }
is "getpw: usage" "$("$BIN/qmail-getpw" 2>/dev/null; echo $?)" 100
P=$(awk -F: '$3 > 0 && $1 !~ /-/ { print $1 ":" $3 ":" $4 ":" $6 }' /etc/passwd |
	while IFS=: read -r u i g h; do
		[ "$(stat -c %u "$h" 2>/dev/null)" != "$i" ] || echo "$u:$i:$g:$h"
	done | head -n 1)
if [ -n "$P" ]; then
	IFS=: read -r u i g h <<-X
	$P
	X
	is "getpw: a user" "$(fields "$u")" "$u|$i|$g|$h|||"
	is "getpw: an extension" "$(fields "$u-Ext-b")" "$u|$i|$g|$h|-|Ext-b|"
else
	skip "getpw: a user" "no user here owns his home"
fi
if ! id alias >/dev/null 2>&1; then
	is "getpw: nobody" "$(fields no.such.user-x)" ""
	like "getpw: says so" "$(cat "$TMP/err")" 'no such user'
fi
done_testing
