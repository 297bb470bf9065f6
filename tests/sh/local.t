#!/bin/sh
# shellcheck disable=SC2086,SC1091 # $AS and $ns are words of a command
# Local delivery: what it costs and what a full disk does, by the driver that
# tests/unit/local.c is when it has arguments.
. "$(dirname "$0")/../lib/tap.sh"
DRIVE=${BIN%/bin}/unit/local
[ -x "$DRIVE" ] || { echo "Bail out! no $DRIVE"; exit 1; }
export HOME="$TMP/home" CONTROLDIR="$TMP" USER=pi
mkdir "$HOME"
: >"$TMP/aliases"
# The driver delivers as an ordinary user; root becomes one, by number.
AS=
if [ "$(id -u)" = 0 ]; then
	AS='setpriv --reuid=54321 --regid=54321 --clear-groups'
	chown 54321:54321 "$HOME"
fi
{ printf 'Received: x\nSubject: t\n\n'; head -c 900 /dev/zero | tr '\0' x; echo; } >"$TMP/m"
chmod 644 "$TMP/m"
drive() { $AS "$DRIVE" "$TMP/m" s@example.net pi@example.net; }
count() { find "$1" -type f 2>/dev/null | wc -l | tr -d ' '; }

is "first delivery" "$(drive)" "Kdid 1+0+0"
is "one file" "$(count "$HOME")" 1

# Counts of the second one: the Maildir is there.
: >"$TMP/trace"
[ -z "$AS" ] || chown 54321 "$TMP/trace"
if [ "${VARIANT:-}" != san ] && $AS strace -o "$TMP/trace" true 2>/dev/null; then
	is "traced delivery" "$($AS strace -f -o "$TMP/trace" \
		"$DRIVE" "$TMP/m" s@example.net pi@example.net)" "Kdid 1+0+0"
	is "two files" "$(count "$HOME")" 2
	is "two fsync" "$(grep -c 'fsync(\|fdatasync(' "$TMP/trace")" 2
	is "one file made" "$(grep -c O_CREAT "$TMP/trace")" 1
	# The child's calls, from the fork to its end.
	child=$(sed -n 's/^\([0-9]*\) .*O_CREAT.*/\1/p' "$TMP/trace")
	n=$(grep -c "^$child " "$TMP/trace")
	echo "# $n system calls of the worker"
	ok "at most 60 system calls" [ "$n" -le 60 ]
	order=$(sed -n "s/^$child *\(fsync\|rename\|link\|send\)[a-z0-9]*(.*/\1/p" \
		"$TMP/trace" | tr '\n' ' ')
	is "synced, named, synced, told" "$order" "fsync rename fsync send "
else
	skip "counts" "strace does not work here"
fi

# Many at once: every name is its own.
before=$(count "$HOME/Maildir/new")
i=0
while [ $i -lt 40 ]; do drive >/dev/null & i=$((i + 1)); done
wait
left=$(count "$HOME/Maildir/new")
is "40 at once are 40 files" "$((left - before))" 40
is "tmp is empty" "$(count "$HOME/Maildir/tmp")" 0

# Each write, sync and rename fails once, and from then on: later, nothing left.
if [ "${VARIANT:-}" != san ] && $AS strace -o "$TMP/trace" true 2>/dev/null; then
	bad=0
	for call in write fsync renameat2 openat; do
		for e in ENOSPC EIO EDQUOT; do
			rm -rf "$HOME/Maildir/new" "$HOME/Maildir/tmp"
			$AS mkdir "$HOME/Maildir/new" "$HOME/Maildir/tmp"
			$AS strace -f -qq -o "$TMP/trace" -e trace=$call \
				-e inject=$call:error=$e:when=1+ \
				"$DRIVE" "$TMP/m" s@example.net pi@example.net >"$TMP/out" 2>&1
			rc=$?
			if [ "$rc" = 0 ] && [ "$(count "$HOME/Maildir")" != 1 ]; then
				echo "# $call $e: exit 0 and no message"; bad=1
			fi
			if [ "$rc" != 0 ] && [ "$(count "$HOME/Maildir")" != 0 ]; then
				echo "# $call $e: exit $rc and a file left"; bad=1
			fi
			grep -q INJECTED "$TMP/trace" || {
				echo "# $call $e: nothing was injected"; bad=1; }
		done
	done
	is "failing calls: never success without, never a file left" "$bad" 0
else
	skip "failing calls" "strace does not work here"
fi

# A disk that is full: a small tmpfs in a name space of our own. There an
# ordinary user is root, and becomes one again to deliver.
ns='unshare -m' as=$AS opt=uid=54321,gid=54321
if [ "$(id -u)" != 0 ]; then
	ns='unshare -Urm' as='unshare -U --map-user=1000 --map-group=1000' opt=uid=0
fi
if $ns $as true 2>/dev/null; then
	head -c 200000 /dev/zero | tr '\0' x >>"$TMP/m"
	cat >"$TMP/full.sh" <<-'S'
	mount -t tmpfs -o size=64k,mode=755,"$1" tmpfs "$HOME" || exit 99
	shift
	"$@"; echo "exit $?"
	find "$HOME" -type f | wc -l
	S
	out=$($ns sh "$TMP/full.sh" "$opt" \
		env $as "$DRIVE" "$TMP/m" s@example.net pi@example.net 2>&1)
	case $out in
	*"exit 99"*|*mount*) skip "full disk" "no tmpfs: $out" ;;
	*)	like "full disk is later" "$out" '^Z./Maildir/: Disk full'
		like "by exit 111" "$out" '^exit 111'
		is "nothing left on it" "$(echo "$out" | tail -n 1 | tr -d ' ')" 0 ;;
	esac
else
	skip "full disk" "no name spaces here"
fi
done_testing
