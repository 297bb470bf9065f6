#!/bin/sh
# need.sh COMMAND:PACKAGE...: sees to it that the commands are there. As root on
# a machine with apt, what is missing is installed by package name; otherwise the
# message says what to install, and the exit code is 1. The command "libc"
# stands for the headers of the host's C library.
set -eu

have() {
	case $1 in
	libc) echo '#include <stdio.h>' | ${CC:-cc} -E - >/dev/null 2>&1 ;;
	*) command -v "$1" >/dev/null 2>&1 ;;
	esac
}

missing=
for p; do
	have "${p%%:*}" || missing="$missing ${p#*:}"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "missing:$missing" >&2
	echo "Install these first (Debian's package names):" >&2
	echo "  apt-get install --no-install-recommends$missing" >&2
	exit 1
fi
echo "installing:$missing" >&2
DEBIAN_FRONTEND=noninteractive; export DEBIAN_FRONTEND
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # a list of names
try() { apt-get install -y --no-install-recommends $missing >"$log" 2>&1 </dev/null; }
try || { apt-get update >"$log" 2>&1 && try; } || {
	tail -n 5 "$log" >&2
	echo "could not install:$missing" >&2
	exit 1
}
