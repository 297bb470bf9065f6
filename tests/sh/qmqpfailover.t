#!/bin/sh
# qmail-qmqpc with two servers, each alive, refusing, full, hanging, resetting or closing
# before, during or after the message, answering Z or D, or too early: the exit number, who
# was given the whole message, and where it is. Nothing is lost with exit 0, and nothing is
# there twice but what a server had whole and never answered.
# shellcheck disable=SC2086 # $AS is words
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
runner_root
PY=/usr/bin/python3	# one that nobody may run
[ -x $PY ] || PY=python3
cp -R "$TOP/tests/lib" "$TMP/pylib"
for z in 0 1; do
	for f in 0 1; do
		d=$TMP/q/control$z$f
		mkdir -p "$d"
		echo mx.example.net >"$d/me"
		echo 1 >"$d/timeoutconnect"
		echo 2 >"$d/timeoutremote"	# a busy machine is no dead server
		echo $z >"$d/qmqpz"
		echo $f >"$d/qmqpfallback"
	done
done
mv "$QUEUEDIR" "$TMP/q/queue"
chmod -R a+rX "$TMP/pylib"
[ -z "$AS" ] || chown -R 65534:65534 "$TMP/q"
short=
[ -z "${QMTA_SHORT:-}" ] || short=--short
PYTHONDONTWRITEBYTECODE=1 $AS timeout -k 5 300 "$PY" "$TMP/pylib/failover.py" $short --client "$RBIN/qmail-qmqpc" \
	--dir "$TMP/q" --table "$TMP/q/table" >"$TMP/rows" 2>"$TMP/err" || cat "$TMP/err" >&2
is "the driver has nothing to say" "$(cat "$TMP/err")" ""
n=0
while IFS='|' read -r name got want; do
	is "$name" "$got" "$want"
	n=$((n + 1))
done <"$TMP/rows"
ok "the table is as long as it has to be" test "$n" -ge 100
sed 's/^/# /' "$TMP/q/table"
done_testing
