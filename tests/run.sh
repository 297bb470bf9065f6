#!/bin/sh
# run.sh [TEST...]: what `make check` does. Without arguments every test there
# is; tests/sh/NAME.t, tests/fault/NAME.t, tests/build/NAME.t, tests/peer/NAME.t or
# tests/unit/NAME.c as arguments run those alone. Three builds are tested
# (static, host, san), or the one that make was called for. With arguments the tests run
# in full, else in a short form (QMTA_SHORT=1). Reads O, VARIANT, MAKE, PEER (where
# tests/peer/box.sh keeps what it installs), TEST_SECS (the longest a test may take), JOBS.
# All results come from one prove(1), so that its last line counts every test.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
MAKE=${MAKE:-make} O=${O:-build} VARIANT=${VARIANT:-static}
PEER=${PEER:-$top/.deps/peer}
export PEER

sh scripts/need.sh cc:gcc make:make libc:libc6-dev prove:perl \
	python3:python3-minimal strace:strace unshare:util-linux
# Without them their tests are skipped.
sh scripts/need.sh dkimverify:python3-dkim opendkim-testmsg:opendkim-tools || :
[ $# -gt 0 ] || [ "$VARIANT" != static ] ||
	sh scripts/need.sh mandoc:mandoc shellcheck:shellcheck cppcheck:cppcheck

# A sanitizer's finding is a crash, never an exit code that a test expects. The
# programs end without freeing; only unit tests look for leaks.
ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:disable_coredump=1
UBSAN_OPTIONS=print_stacktrace=1:abort_on_error=1
export ASAN_OPTIONS UBSAN_OPTIONS

flags() { # VARIANT: make's words for it
	case $1 in
	static) echo "STATIC=1 SAN=0 O=$O" ;;
	host) echo "STATIC=0 SAN=0 O=$2" ;;
	san) echo "STATIC=0 SAN=1 O=$2" ;;
	esac
}

out() { # VARIANT: its build directory
	if [ "$1" = "$VARIANT" ]; then echo "$O"; else echo "$O/$1"; fi
}

abs() { case $1 in /*) echo "$1" ;; *) echo "$top/$1" ;; esac }

# Where the tests find the tree. Some become nobody, who cannot reach a tree in
# root's home: then they get a copy of what they need under /tmp. A test of the
# build itself always works on the tree.
place=$top
reachable() {
	[ "$(id -u)" -ne 0 ] || setpriv --reuid=65534 --regid=65534 \
		--clear-groups test -x "$(abs "$O")/qmta" 2>/dev/null
}
copy() {
	place=$(mktemp -d /tmp/qmta-check.XXXXXX)
	trap 'rm -rf "$place"' EXIT
	trap 'exit 1' HUP INT TERM
	chmod 755 "$place"
	cp -R tests src docs scripts Makefile config.mk "$place/"
	for v in $variants; do
		to=$place/build/$v
		mkdir -p "$to"
		(cd "$(out "$v")" && cp -R qmta qmail-queue bin test unit "$to/")
	done
	chmod -R a+rX "$place"
}
prog() { # VARIANT: the directory of its programs, for the tests
	if [ "$place" = "$top" ]; then abs "$(out "$1")"; else echo "$place/build/$1"; fi
}

# A program of one test in one build, for prove to call.
wrap() { # TOP DIR VARIANT KIND NAME COMMAND SETTINGS
	w=$O/t/$3/$4-$5.t
	cat >"$w" <<-W
	#!/bin/sh
	TOP='$1' BIN='$2/bin' TESTBIN='$2/test/bin' VARIANT='$3'
	export TOP BIN TESTBIN VARIANT
	$7 exec timeout -k 5 ${TEST_SECS:-900} $6
	W
	chmod 755 "$w"
	echo "$w" >>"$O/t/list"
}

add() { # VARIANT FILE
	name=$(basename "${2%.*}")
	p=$(prog "$1")
	case $2 in
	*/unit/*) wrap "$place" "$p" "$1" unit "$name" "$p/unit/$name" \
		ASAN_OPTIONS=detect_leaks=1 ;;
	*/sh/*) wrap "$place" "$p" "$1" sh "$name" "sh '$place/$2'" \
		"QMTA_SHORT=$short" ;;
	*/fault/*) wrap "$place" "$p" "$1" fault "$name" "sh '$place/$2'" \
		"QMTA_SHORT=$short MAKE='$MAKE'" ;;
	# In a box of their own, which the tree is put into.
	*/peer/*) wrap "$top" "$(abs "$(out "$1")")" "$1" peer "$name" "sh '$top/$2'" \
		"QMTA_SHORT=$short PEER='$PEER'" ;;
	*/build/*) wrap "$top" "$(abs "$(out "$1")")" "$1" build "$name" \
		"sh '$top/$2'" "O='$(abs "$O")' MAKE='$MAKE' QMTA_SHORT=$short" ;;
	*) echo "run.sh: $2: not a test" >&2; exit 2 ;;
	esac
}

# Of a run of all three builds, the host's C library has the last one as well, with
# sanitizers; without them it runs a few of the long tests (STATIC=0 alone runs all).
among() { # VARIANT FILE
	[ "$VARIANT:$1" = static:host ] || return 0
	case $2 in
	*/unit/* | */send.t | */local.t | */inject.t | */sendmail.t | */tls.t | */smtpd.t | \
		*/smtpd-auth.t | */listen.t | */qmqpc.t) ;;
	*) return 1 ;;
	esac
}

variants=$VARIANT short=
[ $# -gt 0 ] || [ "$VARIANT" != static ] || variants='static host san'
rm -rf "$O/t"
# Without a network it takes long, and the rows are skipped.
peer=
if [ $# -eq 0 ] && [ "$VARIANT" = static ]; then
	timeout -k 5 120 sh tests/peer/box.sh install short &
	peer=$!
fi
jobs=$(getconf _NPROCESSORS_ONLN)
# As many as make was told, or as there are processors.
case ${MAKEFLAGS:-} in *-j*) j= ;; *) j=-j$jobs ;; esac
for v in $variants; do
	mkdir -p "$O/t/$v"
	# shellcheck disable=SC2046,SC2086 # words for make
	$MAKE --no-print-directory -s $j $(flags "$v" "$(out "$v")") bins testbins unit
done
[ -z "$peer" ] || wait "$peer" || :
reachable || copy
if [ $# -gt 0 ]; then
	for t; do add "$VARIANT" "${t#"$top"/}"; done
else
	short=1
	if [ "$VARIANT" = static ]; then
		for t in tests/build/*.t tests/fault/*.t tests/peer/*.t; do
			[ -f "$t" ] && add static "$t"
		done
	fi
	for v in $variants; do
		for t in tests/sh/*.t tests/unit/*.c; do
			[ -f "$t" ] && among "$v" "$t" && add "$v" "$t"
		done
	done
fi
# One more than there are processors, as many tests wait for a clock.
# shellcheck disable=SC2046 # one name a line, without spaces
prove -j "${JOBS:-$((jobs + 1))}" --exec '' $(cat "$O/t/list")
