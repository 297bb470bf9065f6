#!/bin/sh
# What TLS costs: 100 messages in one flush are one handshake and one login; the memory of
# the worker that holds the connection, at the last of them; its pool and its stack.
# shellcheck disable=SC2086 # $AS is words
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
. "$TOP/tests/lib/tlsca.sh"
tls_needed
trap 'sink_stop; rm -rf "$TMP"' EXIT
runner_root
N=100
PROGRAM=$(readlink -f "$RBIN/qmta")
# The last waits until it has been looked at.
echo "BODY #$N sleep 2 250 ok" >"$TMP/script"

flush() { # CERTIFICATE SINK-OPTION...
	tls_sink "$@" --auth "PLAIN SCRAM-SHA-256" --login kim:secretword --script "$TMP/script"
	printf ':127.0.0.1:%s kim secretword TLS=verify,CAFILE=%s,TLSNAME=mail.example.net\n' \
		"$PORT" "$(tls_bundle)" >"$CONTROLDIR/smtproutes"
	chmod 600 "$CONTROLDIR/smtproutes"
	[ -z "$AS" ] || chown 65534:65534 "$CONTROLDIR/smtproutes"
	i=0
	while [ $i -lt $N ]; do
		i=$((i + 1))
		echo "Subject: $i" | post -f kim@a.example "to$i@b.example"
	done
	run & runner=$!
	WORKER=''
	[ "${VARIANT:-static}" = static ] || { wait $runner; return; }
	n=0
	until [ "$(mails)" = $((N - 1)) ] || [ $n -ge 400 ]; do n=$((n + 1)); sleep 0.05; done
	# The one with the connection is the child of a child of the runner.
	for p in /proc/[0-9]*; do
		case $(readlink "$p/exe" 2>/dev/null) in "$PROGRAM") ;; *) continue ;; esac
		pp=$(awk '/^PPid:/ { print $2 }' "$p/status")
		case $(readlink "/proc/$pp/exe") in "$PROGRAM") ;; *) continue ;; esac
		pp=$(awk '/^PPid:/ { print $2 }' "/proc/$pp/status")
		case $(readlink "/proc/$pp/exe") in "$PROGRAM") WORKER=$p ;; esac
	done
	if [ -n "$WORKER" ]; then
		cat "$WORKER/smaps_rollup" >"$TMP/rollup"
		cat "$WORKER/smaps" >"$TMP/smaps"
	fi
	wait $runner
}
kb() { awk -v k="$1:" '$1 == k { print $2 }' "$TMP/rollup"; }
stack() { awk '/\[stack\]/ { on = 1 } on && $1 == "Rss:" { print $2; exit }' "$TMP/smaps"; }

[ -n "${QMTA_SHORT:-}" ] && kinds=two || kinds='rsa2048 two'
for c in $kinds; do
	rm -f "$TMP/rollup"
	flush $c
	is "$c: $N messages in one flush" "$(queued) $(mails)" "0 $N"
	is "$c: one connection" "$(wire connections)" 1
	is "$c: one handshake" "$(wire handshakes)" "1 0"
	is "$c: one login" "$(wire auth)" "SCRAM-SHA-256 kim ok"
	is "$c: which said goodbye" "$(wire closes)" goodbye
	ok "$c: nothing of it in the clear" wire secret secretword
	if [ "${VARIANT:-static}" = static ]; then
		ok "$c: the worker was there to look at" [ -s "$TMP/rollup" ]
		echo "# $c: worker: RSS $(kb Rss) KB, PSS $(kb Pss) KB, anonymous $(kb Anonymous) KB, stack $(stack) KB"
		ok "$c: RSS at most 600 KB" [ "$(kb Rss)" -le 600 ]
		# With its arguments and environment, in whole pages.
		ok "$c: stack at most 20 KB" [ "$(stack)" -le 20 ]
	fi
	sink_stop
done
done_testing
