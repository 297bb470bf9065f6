#!/bin/sh
# includes.sh: lists every #include in src/ that points up or sideways, and every
# #if in a .c file. Nothing to list is exit 0.
#
#   src/*.c  ->  tools  ->  inject send deliver serve  ->  queue  ->  net msg  ->  base
#                                               serve  ->  listen  ->  net
#
# Any room may include the headers of src/ itself that are only numbers and
# names (limits.h, exits.h); the four siblings never include each other, nor do
# net and msg. tools/ (the small programs of a mail user) stands on deliver and
# below, and reaches the others as applets only.
set -eu
cd "$(dirname "$0")/.."
awk '
function may(from, to) {
	if (from == to || from == "top") return 1
	if (to == "base") return 1
	if (from == "listen") return to == "net"
	if (from == "serve" && to == "listen") return 1
	if (from == "queue") return to == "net" || to == "msg"
	if (from == "tools") return to ~ /^(deliver|queue|msg|net)$/
	if (from ~ /^(inject|send|deliver|serve)$/)
		return to == "queue" || to == "net" || to == "msg"
	return 0
}
function bad(why) { printf "%s:%d: %s\n", FILENAME, FNR, why; n++ }
FNR == 1 {
	parts = split(FILENAME, p, "/")
	room = parts == 3 ? p[2] : "top"
}
/^[ \t]*#[ \t]*(if|ifdef|ifndef|elif)/ && FILENAME ~ /\.c$/ {
	bad("#if in a .c file: options are constants in plain if")
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, q, "\"")
	to = q[2]
	if (to == "config.h") next
	if (to ~ /^tls_config\.h$/) next
	if (to ~ /\// && to !~ /^\.\.\//) {
		if (room != "top") bad("name the room from above: ../" to)
		next
	}
	if (to !~ /^\.\.\//) next
	sub(/^\.\.\//, "", to)
	if (to ~ /^\.\./) { bad("includes from outside src/: " to); next }
	if (to !~ /\//) {
		if (to !~ /^(limits\.h|exits\.h|exits\.def|applet\.h)$/)
			bad(room " includes " to " of the top")
		next
	}
	sub(/\/.*/, "", to)
	if (!may(room, to)) bad(room " includes " to ", which is not below it")
}
/^[ \t]*#[ \t]*include[ \t]*<(mbedtls|psa)\// &&
(FILENAME !~ /^src\/net\/tls_[a-z_]*\.[ch]$/ || FILENAME ~ /_none/) {
	bad("only net/tls_*.c know Mbed TLS")
}
END { exit n > 0 }
' src/*.[ch] src/*/*.[ch]
