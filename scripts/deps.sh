#!/bin/sh
# deps.sh musl DIR | mbedtls DIR [MUSL]
# Fetches one of the two libraries of a static build and builds it into DIR. The
# third argument is the musl that Mbed TLS is for; none is the host's libc. The
# sources come by package name from the archive that this machine's own apt is
# configured for, without root and without a change to /etc/apt, and only if
# scripts/deps.sha256 has their sum. What is there already is not fetched again,
# so a second run needs no network. Everything is made under a name of its own
# and renamed when complete, so a run may be killed at any point, and runs side
# by side do no harm.
# Reads CC AR ARCH_FLAGS DEPS MUSL_DIR MBEDTLS_DIR, SMALL (flags of Mbed TLS); needs cc, make, tar, apt.
set -eu
umask 022
LC_ALL=C; export LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
lock=$here/deps.sha256
CC=${CC:-cc} AR=${AR:-ar} ARCH_FLAGS=${ARCH_FLAGS:-}
SMALL=${SMALL:--Os -fno-pie -ffunction-sections -fdata-sections -DCFG_PSK=0 -DCFG_RESUME=0 -DCFG_TLSD=0}
# The caller's flags and make variables are not for musl.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL CFLAGS CPPFLAGS LDFLAGS
unset DESTDIR CROSS_COMPILE TARGET SRC O 2>/dev/null || :
mkdir -p "${DEPS:=.deps}"
DEPS=$(cd "$DEPS" && pwd)
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
tmp=$DEPS/tmp.$$
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

say() { echo "deps: $*" >&2; }
die() { say "$@"; exit 1; }

# Ways out for a machine that cannot fetch.
help='Other ways: MUSL_DIR=... (unpacked musl 1.2.5 or an installed musl),
  MBEDTLS_DIR=... (unpacked Mbed TLS 3.6), or make STATIC=0 for the host libc.'

sum_ok() { # FILE NAME: is FILE what the lock file calls NAME?
	want=$(awk -v n="$2" '$2 == n { print $1 }' "$lock")
	[ -n "$want" ] && [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$want" ]
}

locked() { # PACKAGE: the names the lock file has for it, newest first
	awk -v p="${1}_" 'index($2, p) == 1 { print $2 }' "$lock" | sort -Vr
}

# Private apt state for one suite: the machine's archive, source index only.
apt_begin() { # SUITE
	a=$tmp/apt
	rm -rf "$a"
	mkdir -p "$a/lists/partial" "$a/cache/archives/partial" "$a/parts"
	: >"$a/status"
	# shellcheck disable=SC2016 # apt's own names
	apt-get indextargets \
		--format '$(REPO_URI) $(ORIGIN) $(COMPONENT)' 2>/dev/null |
	awk '$2 ~ /^(Debian|Ubuntu|Raspbian)$/ && $3 == "main" &&
		$1 !~ /security/ { print $1; exit }' >"$a/uri"
	read -r uri <"$a/uri" || return 1
	key=
	for k in debian ubuntu raspbian; do
		k=/usr/share/keyrings/$k-archive-keyring.gpg
		[ -r "$k" ] && key="${key:+$key,}$k"
	done
	echo "deb-src ${key:+[signed-by=$key] }$uri $1 main" >"$a/sources.list"
	apt -q update
}
# The dates of an index are not looked at: a mirror may lag, a board's clock may
# be anything, and what is used is known by its sum.
apt() {
	cmd=apt-get
	[ "$1" = showsrc ] && cmd=apt-cache
	"$cmd" -o Dir::Etc::sourcelist="$a/sources.list" \
		-o Dir::Etc::sourceparts="$a/parts" -o Dir::State="$a" \
		-o Dir::State::lists="$a/lists" -o Dir::State::status="$a/status" \
		-o Dir::Cache="$a/cache" -o Debug::NoLocking=1 \
		-o APT::Sandbox::User= -o Acquire::Languages=none \
		-o Acquire::Check-Valid-Until=false -o Acquire::Check-Date=false "$@" \
		>>"$a/log" 2>>"$a/log"
}

# The version in the index whose tarball the lock file knows: NAME VERSION.
apt_pick() { # PACKAGE
	: >"$a/log"
	apt showsrc "$1" || return 1
	awk -v lock="$lock" '
		BEGIN { while ((getline l <lock) > 0) { split(l, f); sum[f[2]] = f[1] } }
		/^Version: / { v = $2 }
		/^Checksums-Sha256:/ { on = 1; next }
		/^[^ ]/ { on = 0 }
		on && $3 ~ /\.orig\.tar\./ && $3 !~ /\.asc$/ {
			if (sum[$3] == $1) { print $3, v; exit }
			other = $3
		}
		END { if (other) print other >"/dev/stderr" }
	' "$a/log" 2>"$a/other"
}

trouble() { # what apt had against it
	[ ! -f "$a/log" ] || grep '^[EW]:' "$a/log" | head -n 2 >&2 || :
}

# Puts the locked tarball of PACKAGE into $DEPS and its path into $got.
fetch() { # PACKAGE SUITE...
	pkg=$1; shift
	for name in $(locked "$pkg"); do
		got=$DEPS/$name
		[ -f "$got" ] && sum_ok "$got" "$name" && return 0
	done
	command -v apt-get >/dev/null ||
		die "$pkg is missing and there is no apt to fetch it with.
  $help"
	seen=
	for suite; do
		say "looking for $pkg in $suite"
		apt_begin "$suite" || { trouble; continue; }
		apt_pick "$pkg" >"$a/pick" || continue
		if ! read -r name version <"$a/pick"; then
			seen="$seen $(cat "$a/other")"
			continue
		fi
		: >"$a/log"
		(cd "$a" && apt -q source --download-only --tar-only "$pkg=$version") ||
			{ trouble; continue; }
		sum_ok "$a/$name" "$name" ||
			die "$name: the SHA-256 is not the one in $lock; not used"
		mv "$a/$name" "$DEPS/$name"
		got=$DEPS/$name
		return 0
	done
	[ -z "$seen" ] || say "the archive has$seen, of which no sum is in $lock"
	die "no usable source of $pkg in the suites: $*
  $help"
}

# Unpacks the tarball into $DEPS/src-NAME unless that is there, path in $src.
unpack() { # TARBALL
	src=$DEPS/src-$(basename "$1" | sed 's/\.orig\.tar.*//')
	[ -d "$src" ] && return 0
	case $1 in
	*.bz2) sh "$here/need.sh" bzip2:bzip2 || exit 1 ;;
	*.xz) sh "$here/need.sh" xz:xz-utils || exit 1 ;;
	esac
	rm -rf "$tmp/x" && mkdir -p "$tmp/x"
	tar -C "$tmp/x" -xf "$1" || die "cannot unpack $1"
	set -- "$tmp/x"/*
	mv -T "$1" "$src" 2>/dev/null || [ -d "$src" ]
}

# Renames a finished directory; another run may have been quicker.
settle() { # FROM TO
	mkdir -p "$(dirname "$2")"
	mv -T "$1" "$2" 2>/dev/null || [ -d "$2" ] || die "cannot make $2"
}

# musl has no <linux/...> of its own; the compiler knows where they are.
# shellcheck disable=SC2086 # the compiler's name and flags are words
kernel_headers() { # INCLUDEDIR
	for h in linux/limits.h asm/unistd.h asm-generic/errno.h; do
		f=$(echo "#include <$h>" | $CC $ARCH_FLAGS -E - 2>/dev/null |
			sed -n "s,^# 1 \"\(/.*/$h\)\".*,\1,p" | sed 1q)
		[ -z "$f" ] || ln -sf "${f%/*}" "$1/${h%/*}"
	done
}

build_musl() { # PREFIX
	[ ! -f "$1/lib/libc.a" ] || return 0
	src=${MUSL_DIR:-}
	if [ -n "$src" ]; then
		[ -x "$src/configure" ] || die "MUSL_DIR=$src: neither unpacked" \
			"musl sources nor an installed musl (no lib/libc.a)"
		src=$(cd "$src" && pwd)
	else
		fetch musl trixie forky sid bookworm
		unpack "$got"
	fi
	say "building $(basename "$src") (about half a minute)"
	# 350 bytes less in each program. gcc before 12 does not know -Oz.
	small=-Oz
	# shellcheck disable=SC2086 # the compiler's name and flags are words
	$CC $ARCH_FLAGS $small -E -x c /dev/null >/dev/null 2>&1 || small=-Os
	rm -rf "$tmp/b" && mkdir -p "$tmp/b"
	(
		cd "$tmp/b"
		CC="$CC $ARCH_FLAGS" AR="$AR" CFLAGS="$small -fno-pie -pipe" "$src/configure" \
			--prefix=/ --syslibdir=/lib --disable-shared \
			--disable-wrapper --enable-optimize=no
		make -j"$jobs" AR="$AR" RANLIB="$AR s"
		make install-headers install-libs DESTDIR="$tmp/musl"
	) >"$DEPS/musl.log" 2>&1 || {
		tail -n 5 "$DEPS/musl.log" >&2
		die "musl does not build; the whole log is $DEPS/musl.log"
	}
	kernel_headers "$tmp/musl/include"
	settle "$tmp/musl" "$1"
}

# Mbed TLS needs only cc and ar: its tarball has the generated files.
build_mbedtls() { # DIR, with musl's prefix in $musl ("" = the host's libc)
	src=${MBEDTLS_DIR:-}
	if [ -n "$src" ]; then
		[ ! -f "$src/lib/libmbedtls.a" ] || return 0
		[ -f "$src/library/ssl_tls.c" ] ||
			die "MBEDTLS_DIR=$src: no Mbed TLS sources, no lib/libmbedtls.a"
		src=$(cd "$src" && pwd)
	else
		fetch mbedtls forky sid trixie
		unpack "$got"
	fi
	conf=$here/../src/net
	stamp=$(echo "$src $SMALL" | cat - "$here/deps.sh" "$conf"/tls_config.h "$conf"/tls_psa.h | sha256sum)
	[ "$(cat "$1/stamp" 2>/dev/null)" != "$stamp" ] || return 0
	say "building $(basename "$src")"
	rm -rf "$tmp/m" && mkdir -p "$tmp/m/o" "$tmp/m/lib"
	inc=
	[ -z "$musl" ] || inc="-nostdinc -isystem $musl/include -isystem
		$($CC -print-file-name=include)"
	export CC ARCH_FLAGS SMALL inc src conf tmp
	# shellcheck disable=SC2016 # the inner shell expands these
	for f in "$src"/library/*.c; do echo "$f"; done |
	xargs -n 1 -P "$jobs" sh -c '$CC $SMALL $ARCH_FLAGS $inc \
		-ffile-prefix-map="$src"=mbedtls -frandom-seed="${1##*/}" -D_GNU_SOURCE \
		-DMBEDTLS_CONFIG_FILE="\"tls_config.h\"" -I"$conf" \
		-I"$src/include" -I"$src/library" -c "$1" \
		-o "$tmp/m/o/$(basename "$1" .c).o"' sh \
		>"$DEPS/mbedtls.log" 2>&1 || {
		tail -n 5 "$DEPS/mbedtls.log" >&2
		die "Mbed TLS does not build; the log is $DEPS/mbedtls.log"
	}
	(cd "$tmp/m/o" && "$AR" rcsD ../lib/libmbedtls.a ./*.o)
	rm -rf "$tmp/m/o"
	ln -s "$src/include" "$tmp/m/include"
	echo "$stamp" >"$tmp/m/stamp"
	rm -rf "$1"
	settle "$tmp/m" "$1"
}

# What a killed run left behind.
for d in "$DEPS"/tmp.*; do
	[ ! -d "$d" ] || kill -0 "${d##*.}" 2>/dev/null || rm -rf "$d"
done
mkdir -p "$tmp"
case $1 in
musl)
	build_musl "$2" ;;
mbedtls)
	musl=${3:-}
	build_mbedtls "$2" ;;
*)
	die "usage: deps.sh musl DIR | mbedtls DIR [MUSL]" ;;
esac
