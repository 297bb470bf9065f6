#!/bin/sh
# control.t: the control files that the code opens, those that qmail-showctl knows, and
# those in qmta-control(5) are the same, each once in the page and sorted within its
# section, with the same default in all three.
. "$(dirname "$0")/../lib/tap.sh"
export CONTROLDIR="$TMP/control" QUEUEDIR="$TMP/queue"
mkdir "$CONTROLDIR"
echo mx.example.net >"$CONTROLDIR/me"

# "NAME DEFAULT" of every line that qmail-showctl marks as a default.
"$BIN/qmail-showctl" | sed -n 's/^\([^ ]*\): \(.*\) (default)$/\1 \2/p' |
	sed 's/ (no limit)$//; s/ as / /; s/: remote mail goes.*//; s/: nothing is taken.*//' | sort >"$TMP/shown"
ok "qmail-showctl names many" test "$(wc -l <"$TMP/shown")" -gt 40

# The page: section, name, default. Two names may share an entry.
awk '/^\.S[sh] / { s = $0 }
/^\.It Pa / && s !~ /FILES/ {
	d = $0
	sub(/.*default /, "", d); sub(/\)$/, "", d); sub(/, (at most|never more).*/, "", d)
	if ($0 ~ /no default/) d = "-"
	n = $3; sub(/\.\\&$/, ".NAME", n)
	print s "\t" n "\t" d
}' "$TOP/docs/man/qmta-control.5" >"$TMP/page"
cut -f 2 "$TMP/page" | sort >"$TMP/names"
is "the page has each name once" "$(uniq -d <"$TMP/names")" ""
is "the page is sorted within its sections, me first" "$(awk -F '\t' '
	$1 == s && $2 < n && n != "me" { print $2 " comes after " n } { s = $1; n = $2 }' \
	"$TMP/page")" ""
# What qmail-showctl shows in another way, or for some queues only, has no default there.
others='aliases|concurrencyl.NAME|defaultqueue|me|morercpthosts|morercpthosts.cdb|recipients.cdb'
others="$others|relaypass|remote_auth|remote_auth.cdb|smtpauth"
# That of CFG_RESUME is not in every build.
grep -q '^tlstickets ' "$TMP/shown" || others="$others|tlstickets"
cut -f 2,3 "$TMP/page" | tr '\t' ' ' | grep -Ev "^($others) " | sort >"$TMP/told"
ok "names and defaults of the page are those of qmail-showctl" diff "$TMP/told" "$TMP/shown"
while read -r n; do
	case "|$others|" in *"|$n|"*) [ "$n" != tlstickets ] || continue ;; esac
	[ "$n" = defaultqueue ] && mkdir "$CONTROLDIR/$n" || : >>"$CONTROLDIR/$n"
done <"$TMP/names"
: >"$CONTROLDIR/concurrencyr.NAME"
: >"$CONTROLDIR/adminadr"
is "qmail-showctl knows the files of the page, and no others" \
	"$("$BIN/qmail-showctl" | grep 'not used')" "adminadr: not used by this program"

cat >"$TMP/code.py" <<'P'
import os, re, sys
src = sys.argv[1]
CALL = r'\bcontrol_(?:line|num|list|text|host|exists)\(((?:[^()]|\([^()]*\))*)\)'
# Functions that hand a name on, and tables of names: FILE, pattern.
BEHIND = [('deliver/smtp.c', r'timeout_load\([^"{]*"([^"]+)", (\d+)'),
	('deliver/secure.c', r'"(tlspin|clientcert|tlsclientmethod|tlsclientciphers)"()'),
	('msg/admin.c', r'read_one\([^"{]*"([^"]+)"()'),
	('msg/ident.c', r'\{ "[A-Z]*(?:\\0)?", "([a-z]+)"()'),
	('net/routes.c', r'"(\w+routes)"()'),
	('queue/choose.c', r'\{ "[A-Z]+", "([a-z.]+)"()'),
	('serve/guest.c', r'(?:host|millis|list_num)\([^"{]*"([a-z]+)"()'),
	('serve/policy.c', r'list_(?:has|num)\([^"{]*"([a-z]+)"()'),
	('send/conf.c', r'"BOUNCERULES", "([^"]+)"()'),
	('send/conf.c', r'\{ "([a-z]+)", AT\(\S*, [A-Z]+, \{ *(?:\.number = |")?(\w[^"}]*?)?"? *\}')]
HIDDEN = {'deliver/secure.c', 'send/conf.c', 'deliver/smtp.c', 'msg/admin.c', 'msg/ident.c',
	'base/envrules.c', 'serve/lists.c', 'serve/guest.c', 'net/qmqpconf.c', 'net/login.c', 'net/routes.c', 'tools/check.c'}
names = {}
for d, _, fs in os.walk(src):
	for f in fs:
		path = os.path.relpath(os.path.join(d, f), src)
		if not f.endswith('.c') or path in ('showctl.c', 'base/control.c'):
			continue
		s = re.sub(r'/\*.*?\*/', '', open(os.path.join(d, f)).read(), flags=re.S)
		for m in re.finditer(CALL, s):
			lit = re.match(r'[^"]*?"([^"]*)"', m.group(1))
			if lit:
				names.setdefault(lit.group(1), '')
			elif path not in HIDDEN:
				print('!! %s: which file is control_...(%s' % (path, m.group(1)))
		for where, pattern in BEHIND:
			if where == path:
				for m in re.finditer(pattern, s):
					names[m.group(1)] = m.group(2) or ''
for n in sorted(names):
	v = names[n]
	print(n, {'LIFETIME_SECS': '604800'}.get(v, v), sep='\t')
P
python3 "$TMP/code.py" "$TOP/src" >"$TMP/code"
is "every file that the code opens is named there" "$(grep '^!!' "$TMP/code")" ""
# One file has a name of its own making, /etc/aliases is asked for by path, databases are
# no text, nor is what they are made of read, and a password's file has any name.
cut -f 1 "$TMP/code" | sort >"$TMP/opened"
grep -Ev '^(aliases|concurrencyl.NAME|morercpthosts(.cdb)?|recipients.cdb|relaypass|remote_auth.cdb)$' "$TMP/names" >"$TMP/named"
ok "the code opens the files of the page, and no others" diff "$TMP/named" "$TMP/opened"
# Where a table of the code has a default, it is the one that is shown.
grep -v '^bouncelifetime' "$TMP/code" | awk -F '\t' '$2 != "" && $2 != "0" { print $1 " " $2 }' |
	sort >"$TMP/built"
ok "the code has defaults" test "$(wc -l <"$TMP/built")" -ge 8
is "they are the ones shown" "$(comm -23 "$TMP/built" "$TMP/shown")" ""
done_testing
