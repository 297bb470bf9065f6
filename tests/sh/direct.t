#!/bin/sh
# shellcheck disable=SC1091,SC2086 # $AS is words of a command
# direct.t: qmail-direct, the queue program without a queue: alone on its descriptors
# and behind sendmail. Every byte must arrive, whatever the length of the message.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/runner.sh"
runner_root
rm -rf "$QUEUEDIR"
D="$RBIN/qmta qmail-direct"
printf 'Fkim@a.example\0Tann@b.example\0Ta b@c.example\0\0' >"$TMP/env"
try() { # MESSAGE ENVELOPE
	code=0
	$AS $D <"$1" 1<"$2" || code=$?
	echo $code
}
new() { find "$HOME/Maildir/new" -type f; }
count() { find "$HOME" -type f | wc -l | tr -d ' '; }
clear() { rm -f "$HOME"/Maildir/*/*; }

printf 'Subject: x\n\nhello\n' >"$TMP/m"
is "a message: 0" "$(try "$TMP/m" "$TMP/env")" 0
is "one file in new/, none in tmp/" "$(count) $(new | wc -l | tr -d ' ')" "1 1"
is "what is in it" "$(sed 's/qmail [0-9]* /qmail N /; s/uid [0-9]*); .*/uid U/' "$(new)")" \
"Return-Path: <kim@a.example>
Delivered-To: $WHO@mx.example.net
X-Recipients: ann@b.example,
	\"a b\"@c.example
Received: (qmail N invoked by uid U
Subject: x

hello"
# shellcheck disable=SC2012 # one known name
is "mode 0600" "$(ls -l "$(new)" | cut -c 1-10)" "-rw-------"
is "the Maildir is private" "$(find "$HOME/Maildir" -type d ! -perm 700)" ""
clear

# Each length near the sizes of buffers, and each alone.
bad=0
lengths='0 1 14 50 120 160 255 256 257 400 1900 1964 2000 2047 2048 2049 2050 2150 2250 2500
2704 4000 4095 4096 4097 8192 12289 100000'
for n in $lengths; do
	{ printf 'S: x\n\n'; head -c "$n" /dev/zero | tr '\0' x; } >"$TMP/m"
	code=$(try "$TMP/m" "$TMP/env")
	[ "$code" = 0 ] && tail -c "$(wc -c <"$TMP/m")" "$(new)" | cmp -s - "$TMP/m" || {
		echo "# $n: exit $code"; bad=1; }
	clear
done
is "messages of many lengths arrive byte for byte" $bad 0
: >"$TMP/m"
is "an empty message" "$(try "$TMP/m" "$TMP/env") $(count)" "0 1"
clear
printf 'a: b\n\n\0nul \r cr \377 no last line feed' >"$TMP/m"
is "odd bytes" "$(try "$TMP/m" "$TMP/env")" 0
tail -c "$(wc -c <"$TMP/m")" "$(new)" >"$TMP/got"
ok "are kept" cmp "$TMP/got" "$TMP/m"
clear

env_is() { # NAME ENVELOPE(printf) CODE
	printf "$2" >"$TMP/e" # the bytes are printf's own
	is "$1: $3" "$(try "$TMP/m" "$TMP/e") $(count)" "$3 0"
}
env_is "no last NUL" 'Fa@b\0Tc@d\0' 54
env_is "no envelope" '' 54
env_is "no sender" 'Tc@d\0\0' 91
env_is "no recipient" 'Fa@b\0\0' 91
env_is "a strange record" 'Fa@b\0Xc@d\0\0' 91
env_is "a line feed in the sender" 'Fa@b\012x: y\0Tc@d\0\0' 11
env_is "a line feed in a recipient" 'Fa@b\0Tc@d\012x: y\0\0' 11
{ printf 'F\0'; i=0; while [ $i -lt 300 ]; do
	i=$((i + 1)); printf 'Tsomebody-with-a-long-name-%s@example.net\0' $i; done; printf '\0'; } >"$TMP/e"
is "300 recipients, no sender" "$(try "$TMP/m" "$TMP/e")" 0
is "all are written down" "$(grep -c 'somebody-with.*example.net' "$(new)")" 300
is "and the sender" "$(head -n 1 "$(new)")" "Return-Path: <>"
clear

# Behind the programs that send.
printf 'Subject: t\n\nbody\n' | QMAILQUEUE=$D post -f cam@mx.example.net boss@far.example
is "sendmail with QMAILQUEUE: 0" "$? $(count)" "0 1"
like "for whom it was" "$(cat "$(new)")" '^X-Recipients: boss@far.example$'
ok "there is no queue" test ! -e "$TMP/queue"
clear

# Whose home.
printf 'Subject: x\n\n' >"$TMP/m"
is "no home: 61" "$(HOME=/nonexistent/x try "$TMP/m" "$TMP/env")" 61
$AS chmod 777 "$HOME"
is "a home that all may write: 61" "$(try "$TMP/m" "$TMP/env") $(count)" "61 0"
$AS chmod 755 "$HOME"
is "another's home: 61" "$(HOME=/ try "$TMP/m" "$TMP/env")" 61
$AS rm -r "$HOME/Maildir"
echo >"$TMP/file"
$AS ln -s /nonexistent/x "$HOME/Maildir"
is "a link to nowhere: 61" "$(try "$TMP/m" "$TMP/env")" 61
rm -rf "$HOME/Maildir"

if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	# A passwd file of ours: root delivers as the user that USER names.
	printf 'root:x:0:0::%s/root:/bin/sh\nkim:x:54321:54321::%s/kim:/bin/sh\n' "$TMP" "$TMP" \
		>"$TMP/passwd"
	mkdir -m 700 "$TMP/kim" "$TMP/root"
	chown 54321:54321 "$TMP/kim"
	cat >"$TMP/as.sh" <<-'S'
	mount --bind "$1/passwd" /etc/passwd || exit 99
	exec "$2" qmail-direct <"$1/m" 1<"$1/env"
	S
	root() { # USER
		code=0
		USER=$1 HOME=$TMP/root unshare -m sh "$TMP/as.sh" "$TMP" "$RBIN/qmta" || code=$?
		echo $code
	}
	r=$(root kim)
	if [ "$r" = 99 ]; then
		skip "root and USER" "no bind mounts"
	else
		is "root, and USER=kim: 0" "$r" 0
		is "kim's Maildir has it, and it is kim's" \
			"$(find "$TMP/kim" -type f -user 54321 -perm 600 | wc -l | tr -d ' ')" 1
		is "all below is kim's" "$(find "$TMP/kim" ! -user 54321)" ""
		like "it says who called" "$(cat "$TMP"/kim/Maildir/new/*)" 'invoked by uid 0\)'
		chown 0 "$TMP/kim"
		is "a home that is not kim's: 61" "$(root kim)" 61
		is "a user that is not there: 55, and who" "$(root nobodyhere 2>&1)" \
			"qmail-direct: USER is nobodyhere, who is not in /etc/passwd
55"
		is "root's own" "$(root root) $(find "$TMP/root" -type f -user 0 | wc -l | tr -d ' ')" \
			"0 1"
	fi
else
	skip "root and USER" "needs root and mount namespaces"
fi

# The disk is full, and a limit on the size of files.
if [ "${VARIANT:-}" != san ]; then
	head -c 300000 /dev/zero | tr '\0' x >"$TMP/m"
	is "a file that grows too large: 53" \
		"$(ulimit -f 100; try "$TMP/m" "$TMP/env") $(count)" "53 0"
else
	skip "a file that grows too large" "the sanitizer maps files"
fi
if $AS strace -o "$TMP/sink/trace" true 2>/dev/null && [ "${VARIANT:-}" != san ]; then
	printf 'Subject: x\n\n' >"$TMP/m"
	rm -rf "$HOME/Maildir"
	$AS $D <"$TMP/m" 1<"$TMP/env"
	rm -f "$TMP/sink/trace"
	$AS strace -o "$TMP/sink/trace" $D <"$TMP/m" 1<"$TMP/env"
	is "synced, named, synced" "$(sed -n 's/^\(fsync\|rename\|link\)[a-z0-9]*(.*/\1/p' \
		"$TMP/sink/trace" | tr '\n' ' ')" "fsync rename fsync "
else
	skip "synced, named, synced" "strace does not work here"
fi
done_testing
