#!/bin/sh
# size.sh: the bytes of the program, by applet, by folder and by subject, and the gate
# of tests/size.limits. Called by `make size`, which has linked the variants:
# without one applet (the difference is what its option saves), with it alone
# (what the smallest program with it would be), and whole with a linker map.
# Reads O ARCH TLS VARIANT FNS MAKE BOARD_CFLAGS (more flags for those of boards).
set -eu
cd "$(dirname "$0")/.."
bytes() { wc -c <"$1" | tr -d ' '; }
whole=$(bytes "$O/size/whole")

names() { # FUNCTION: the applets that it is
	sed -n "s/^[A-Z]*.\"\([^\"]*\)\".*[ ,]$1)\$/\1/p" src/applets.def |
		tr '\n' ' ' | sed 's/ $//'
}

: "${ARCH:?}" "${TLS:?}" "${VARIANT:?}"
echo "program      bytes   ($ARCH, $VARIANT, TLS: $TLS)"
for f in qmta qmail-queue; do printf '%-11s %6d\n' "$f" "$(bytes "$O/$f")"; done
echo
echo "applet                            adds   alone"
for fn in $FNS; do
	printf '%-32s %5d  %6d\n' "$(names "$fn")" \
		$((whole - $(bytes "$O/size/without-$fn"))) \
		"$(bytes "$O/size/alone-$fn")"
done
echo
# Which files make a subject; what is named nowhere counts for its folder.
subjects() { cat <<'L'
local: delivery, Maildir: deliver/local deliver/who deliver/visit deliver/dotqmail deliver/letter deliver/maildir deliver/qlocal
local: mailbox files: deliver/mbox
local: programs: deliver/program deliver/vars
local: forwards: deliver/forward queue/handin
local: aliases: msg/alias msg/aliasfile deliver/divert tools/newaliases
local: users/cdb, qmail-newu: base/cdb base/cdbmake deliver/assign tools/newu tools/getpw
listener: listen/server listen/client listen/sockets listen/crowd listen/rules listen/host listen/peer listen/shared
listener: tcprules: listen/tcprules listen/rulescheck
tools: forward, except and kin: tools/forward tools/decide tools/child
tools: Maildirs: tools/maildir tools/mailbox tools/maillist
tools: qmail-direct: tools/direct
tools: senders: inject/front inject/irmail tools/predate tools/preline
adminaddr, allmailfrom: msg/admin msg/ours
generic: msg/generic msg/outgoing
variables from files: base/env base/envdir base/envrules base/defaults queue/choose
bounces: send/bounce send/notice
bounces: dsn: send/dsn
bounces: programs: send/viaprog
qmta queue: send/hands send/command send/remove queue/shared queue/showjson
qmta status: send/status send/health
flood limits: queue/limit
QMQP client: net/qmqp queue/spool queue/viaqmqp queue/qqmqpc
SMTP client: deliver/remote deliver/qremote deliver/smtp deliver/transact deliver/dialog deliver/wire deliver/body deliver/blast deliver/external
messages that fit: msg/refit msg/mime
routes: net/routes net/relay net/hosts
TLS, the library not counted: net/tls_mbed net/tls_trust net/tls_roots net/tls_say net/tls_suites net/tls_file net/tls_pool net/tls_psa net/tls_crypt net/tls_psk net/tls_ticket net/tls_none deliver/secure
logins: net/sasl net/sasl_scram net/login net/login_cmd deliver/auth
a relay that is a command: deliver/tunnel
DANE: net/dane
QMQP over TLS: net/qmqptls
DKIM: msg/dkim deliver/sign net/tls_key tools/dkimkey
what a sender wants to be told: queue/wish
qmta check: tools/check tools/checktry tools/checkqmqp tools/checksay
qmta setup: tools/setup tools/setupwords tools/setupcheck tools/setupfrom tools/setupfile
qmail-showctl: showctl
L
}
# Sections that were kept, summed by where they come from. A line of the map is
# " .section  address  size  file"; a long name has the rest on the next line.
echo "folder      code+const    data     bss"
subjects | awk '
FILENAME == "-" {
	n = split($0, p, ": ")
	s = substr($0, 1, length($0) - length(p[n]) - 2)
	order[++subjects] = s
	n = split(p[n], q, " ")
	for (i = 1; i <= n; i++) subject[q[i]] = s
	next
}
/^Linker script and memory map/ { on = 1 }
!on { next }
/^ \.[^ ]+$/ { held = $1; next }
/^ \.[^ ]+ +0x/ { take($1, $2, $3, $4); held = ""; next }
/^ +0x[0-9a-f]+ +0x[0-9a-f]+ / && held != "" { take(held, $1, $2, $3); held = ""; next }
{ held = "" }
function hex(s,   i, v) {
	v = 0
	for (i = 3; i <= length(s); i++)
		v = v * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
	return v
}
function take(sec, addr, size, file,   kind, from, p, n) {
	if (addr ~ /^0x0+$/ || hex(size) == 0) return
	if (sec ~ /^\.(text|rodata|init|fini|eh_frame|note)/) kind = "t"
	else if (sec ~ /^\.(data|init_array|fini_array|got|tdata)/) kind = "d"
	else if (sec ~ /^\.(bss|tbss)/ ) kind = "b"
	else return
	n = split(file, p, "/")
	if (file ~ /\/obj\/src\//) {
		sub(/.*\/obj\/src\//, "", file)
		sub(/\.o$/, "", file)
		if (file in subject && kind != "b") cost[subject[file]] += hex(size)
		from = file ~ /\// ? "src/" substr(file, 1, index(file, "/") - 1) : "src"
	} else if (file ~ /\.d\/applet\.o$/) from = "src"
	else if (file ~ /libgcc/) from = "libgcc"
	else if (file ~ /mbed/) from = "mbedtls"
	else from = "libc"
	sum[from, kind] += hex(size); seen[from] = 1
	sum["all", kind] += hex(size)
}
END {
	for (f in seen)
		printf "%-12s %9d %7d %7d\n", f, sum[f, "t"], sum[f, "d"], sum[f, "b"] | "sort"
	close("sort")
	printf "%-12s %9d %7d %7d\n", "all", sum["all", "t"], sum["all", "d"], sum["all", "b"]
	print "\nsubject                         code, constants, data"
	for (i = 1; i <= subjects; i++) {
		printf "%-31s %6d\n", order[i], cost[order[i]]
		rest += cost[order[i]]
	}
	printf "%-31s %6d\n", "the rest", sum["all", "t"] + sum["all", "d"] - rest
}
' - "$O/size/whole.map"
echo
rc=0
while read -r f arch tls limit board; do
	case $f in \#* | '') continue ;; esac
	[ "$arch/$tls/$VARIANT" = "$ARCH/$TLS/static" ] || continue
	d=$O what=$f
	if [ -n "$board" ]; then
		d=$O/size/$board what="$f of $board"
		${MAKE:-make} -s --no-print-directory BOARD="$board" O="$d" \
			${BOARD_CFLAGS:+CFLAGS="$BOARD_CFLAGS"} bins
	fi
	n=$(bytes "$d/$f")
	if [ "$n" -lt "$limit" ]; then
		echo "gate: $what has $n bytes, limit $limit: ok"
	else
		echo "gate: $what has $n bytes, limit $limit: TOO BIG"
		rc=1
	fi
done <tests/size.limits
exit $rc
