#!/bin/sh
# box.sh install short|full    the packages of tests/peer/packages, into the box
# box.sh run COMMAND...        a command in it, as its root
# The box is this machine with a layer above its files: what is written there is seen
# there only, and gone at the end, as are the processes and the network, which is a
# loopback of its own. What is installed is a layer between the two, $PEER/root, that
# is kept. So cron, mdadm or unattended-upgrades can be installed and run, and nothing
# of the machine changes. An ordinary user gets a box without packages, in which he is
# the only user. Exit 90: there can be no box here, and standard error says why.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
TOP=${TOP:-$(cd "$here/../.." && pwd)}
PEER=${PEER:-$TOP/.deps/peer}
export TOP PEER

no_box() { echo "no box: $*" >&2; exit 90; }

# ---- in the name spaces: the new root at $BOX/root. Only the directories of programs,
# settings and state are the machine's; a mounted /usr or /var is followed.
# UPPER takes what is written, below WORK it works; LOWER lies between, or is empty.
layers() {
	for d in usr etc var bin sbin lib lib32 lib64 libx32; do
		if [ -L "/$d" ]; then
			cp -P "/$d" "$r/$d"
		elif [ -d "/$d" ]; then
			mkdir -p "$r/$d" "$UPPER/$d" "$WORK/$d"
			o=lowerdir=/$d
			[ -z "$LOWER" ] || [ ! -d "$LOWER/$d" ] || o=lowerdir=$LOWER/$d:/$d
			o=$o,upperdir=$UPPER/$d,workdir=$WORK/$d
			mount -t overlay overlay -o "$o" "$r/$d" 2>/dev/null ||
				no_box "overlay file systems do not work here"
		fi
	done
}

# The same for an ordinary user, who may write no layer above what is not his: programs
# as they are, links to those of /usr/sbin, copies of settings, nothing else.
views() {
	for d in usr bin sbin lib lib32 lib64 libx32; do
		if [ -L "/$d" ]; then
			cp -P "/$d" "$r/$d"
		elif [ -d "/$d" ]; then
			mkdir "$r/$d"
			mount --rbind "/$d" "$r/$d"
		fi
	done
	mkdir "$r/var" "$r/tmp/sbin"
	cp -R /etc "$r/etc" 2>/dev/null || :
	mount --rbind /usr/sbin "$r/tmp/sbin"
	mount -t tmpfs -o mode=755 tmpfs "$r/usr/sbin"
	(cd /usr/sbin && for f in *; do ln -s "/tmp/sbin/$f" "$r/usr/sbin/$f"; done)
}

mounts() {
	mount --make-rprivate /
	mount -t tmpfs -o mode=755 tmpfs "$BOX"
	r=$BOX/root
	mkdir "$r"
	mount --bind "$r" "$r"
	(cd "$r" && mkdir proc sys root home dev tmp run opt)
	[ -n "$UPPER" ] || UPPER=$BOX/up WORK=$BOX/work
	if [ -n "${ONE_USER:-}" ]; then views; else layers; fi
	mount -t proc proc "$r/proc" || no_box "no proc"
	# What the kernel is told there it is told for the whole machine.
	if [ -z "${ONE_USER:-}" ]; then
		for d in sys sysrq-trigger irq bus; do
			[ -e "$r/proc/$d" ] || continue
			mount --bind "$r/proc/$d" "$r/proc/$d"
			mount -o remount,bind,ro "$r/proc/$d"
		done
	fi
	mkdir "$r/dev/pts" "$r/dev/shm" "$r/run/lock"
	for d in null zero full random urandom tty; do
		: >"$r/dev/$d"
		mount --bind "/dev/$d" "$r/dev/$d"
	done
	mount -t devpts -o newinstance,ptmxmode=0666 devpts "$r/dev/pts"
	ln -s pts/ptmx "$r/dev/ptmx"
	ln -s /proc/self/fd "$r/dev/fd"
	chmod 1777 "$r/tmp" "$r/run/lock"
}

inside() {
	mounts
	r=$BOX/root
	if [ -n "${DEBS:-}" ]; then
		rm -f "$r/etc/resolv.conf"
		cat /etc/resolv.conf >"$r/etc/resolv.conf" 2>/dev/null || :
		mount --bind "$DEBS" "$r/var/cache/apt/archives"
	else
		ip link set lo up
		hostname board
	fi
	: >"$r/in-box"	# peer.sh does nothing without it
	mkdir "$r/tmp/top" "$r/tmp/bin"
	mount --bind "$TOP" "$r/tmp/top"
	mount --bind "${BIN:-$TOP}" "$r/tmp/bin"
	# Not chroot(2), in which nobody may make a name space.
	cd "$r"
	mkdir old
	pivot_root . old
	umount -l old
	# Nor are modules, the clock, the disks and the kernel's log the box's.
	exec setpriv --bounding-set=-sys_module,-sys_time,-sys_rawio,-sys_boot,-mknod,-syslog -- \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		LANG=C.UTF-8 TOP=/tmp/top BIN=/tmp/bin/bin ONE_USER="${ONE_USER:-}" \
		QMTA_SHORT="${QMTA_SHORT:-}" VARIANT="${VARIANT:-}" \
		ASAN_OPTIONS="${ASAN_OPTIONS:-}" UBSAN_OPTIONS="${UBSAN_OPTIONS:-}" "$@"
}

# Into new name spaces with $BOX for the mounts. SPACES: further options of unshare.
enter() {
	BOX=$(mktemp -d "${TMPDIR:-/tmp}/qmta-box.XXXXXX")
	export BOX UPPER WORK LOWER
	trap 'rmdir "$BOX" 2>/dev/null' EXIT
	trap 'exit 1' HUP INT TERM
	code=0
	# shellcheck disable=SC2086 # words
	unshare $SPACES -m -p -f -i -u --kill-child sh "$here/box.sh" inside "$@" || code=$?
	return $code
}

run() {
	UPPER='' WORK='' LOWER='' SPACES=-n
	BIN=${BIN:+${BIN%/bin}}
	export BIN
	if [ "$(id -u)" != 0 ]; then
		SPACES='-n -U -r' ONE_USER=1
		export ONE_USER
	elif [ -f "$PEER/made" ]; then
		LOWER=$PEER/root
	fi
	# shellcheck disable=SC2086 # words
	unshare $SPACES -m true 2>/dev/null || no_box "no name spaces here"
	command -v ip >/dev/null || no_box "needs ip (iproute2)"
	command -v setpriv >/dev/null || no_box "needs setpriv (util-linux)"
	enter "$@"
}

# ---- packages

# What the layer lies on, and what is to be in it: when that has changed, it is made anew.
state() { cat /var/lib/dpkg/status /etc/debian_version "$here/packages" | cksum; }

# In the box: what /tmp/want says is to be there. No package brings a mail system
# along, as an empty one says that it is one; no daemon is started.
install_inside() {
	export DEBIAN_FRONTEND=noninteractive
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
	chmod 755 /usr/sbin/policy-rc.d
	printf '%s\n' force-unsafe-io 'path-exclude=/usr/share/man/*' 'path-exclude=/usr/share/doc/*' \
		'path-exclude=/usr/share/locale/*' >/etc/dpkg/dpkg.cfg.d/peer
	d=/tmp/peer-mta
	mkdir -p $d/DEBIAN
	printf '%s\n' 'Package: peer-mta' 'Version: 1' 'Architecture: all' \
		'Maintainer: none <none@example.net>' 'Provides: mail-transport-agent' \
		'Description: stands for the program under test' >$d/DEBIAN/control
	dpkg-deb -b $d $d.deb >/dev/null && dpkg -i $d.deb >/dev/null || return 1
	get() { apt-get install -y --no-install-recommends "$@" </dev/null; }
	# shellcheck disable=SC2046 # names
	set -- $(sed -n 's/^in //p' /tmp/want)
	# One that is not there must not keep the others away.
	get "$@" || { apt-get update && { get "$@" || for p; do get "$p"; done; }; } || return 1
	cd /var/cache/apt/archives || return 1
	sed -n 's/^beside //p' /tmp/want | while read -r p; do
		ls "$p"_*.deb >/dev/null 2>&1 || apt-get download "$p" </dev/null || continue
		mkdir -p "/usr/peer/$p"
		dpkg -x "$p"_*.deb "/usr/peer/$p"
	done
	return 0
}

install() {
	[ "$(id -u)" = 0 ] || no_box "packages need root"
	command -v apt-get >/dev/null || no_box "packages need apt"
	mkdir -p "$PEER/debs"
	now=$(state) made=$(cat "$PEER/made" 2>/dev/null) || :
	[ "$made" != "full $now" ] && [ "$made" != "$1 $now" ] || return 0
	rm -rf "$PEER/root" "$PEER/work" "$PEER/made"
	mkdir -p "$PEER/root" "$PEER/work"
	chmod 755 "$PEER/root"
	UPPER=$PEER/root WORK=$PEER/work LOWER='' SPACES='' DEBS=$PEER/debs
	export DEBS
	echo "installing real programs for tests/peer ($1), in $PEER only" >&2
	enter sh /tmp/top/tests/peer/box.sh packages "$1" >"$PEER/log" 2>&1 || {
		tail -n 3 "$PEER/log" >&2
		rm -rf "$PEER/root"
		no_box "the packages could not be installed; see $PEER/log"
	}
	echo "$1 $now" >"$PEER/made"
}

case $1 in
inside) shift; inside "$@" ;;
run) shift; run "$@" ;;
install) install "$2" ;;
packages)
	sed -e '/^#/d' -e 's/^short /in /' "$here/packages" >/tmp/want
	case $2 in
	full) sed -i 's/^full /in /' /tmp/want ;;
	*) sed -i '/^full\|^beside/d' /tmp/want ;;
	esac
	sed -i "s/^unpacked /beside /" /tmp/want
	install_inside
	echo "$2" >/var/lib/peer-form
	rm -rf /var/lib/apt/lists/* ;;
esac
