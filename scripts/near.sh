#!/bin/sh
# near.sh: writes src/near.ld anew: which functions sessions of mini-smtpd and a worker that
# sends mail run, as callgrind sees them in the programs of $BIN (unstripped, static). The
# sessions are those of smtpd-hostile.t. For large changes; two minutes, as root. Needs
# valgrind, openssl, python3.
TOP=$(cd "$(dirname "$0")/.." && pwd)
BIN=${BIN:-$TOP/build/test/bin}
# shellcheck source=tests/lib/tap.sh
. "$TOP/tests/lib/tap.sh"
# shellcheck source=tests/lib/runner.sh
. "$TOP/tests/lib/runner.sh"
# shellcheck source=tests/lib/tlsca.sh
. "$TOP/tests/lib/tlsca.sh"
# shellcheck disable=SC2034 # runner.sh's
RUNNER_BIN=$BIN
trap 'sink_stop; rm -rf "$TMP"' EXIT
runner_root
SEEN=$TMP/seen
mkdir "$SEEN" "$TMP/slow"
chmod 777 "$SEEN"

# Each process leaves what it ran in $SEEN. That some sessions are too slow now is no matter.
for a in "$RBIN"/*; do ln -s "$a" "$TMP/slow/"; done
rm "$TMP/slow/mini-smtpd"
cat >"$TMP/slow/mini-smtpd" <<END
#!/bin/sh
exec valgrind -q --tool=callgrind --callgrind-out-file=$SEEN/server.%p $RBIN/mini-smtpd "\$@"
END
chmod 755 "$TMP/slow/mini-smtpd"
BIN=$TMP/slow QMTA_SHORT=1 VARIANT=valgrind sh "$TOP/tests/sh/smtpd-hostile.t" >/dev/null 2>&1

# shellcheck disable=SC2086 # $AS is words
worker() {
	tls_sink p256 --auth "PLAIN SCRAM-SHA-256" --login kim:secretword
	printf ':127.0.0.1:%s kim secretword TLS=verify,CAFILE=%s,TLSNAME=mail.example.net\n' \
		"$PORT" "$(tls_bundle)" >"$CONTROLDIR/smtproutes"
	chmod 600 "$CONTROLDIR/smtproutes"
	[ -z "$AS" ] || chown 65534:65534 "$CONTROLDIR/smtproutes"
	echo "Subject: near" | $AS "$RBIN/sendmail" -f kim@a.example to@b.example
	$AS valgrind -q --tool=callgrind --trace-children=yes \
		--callgrind-out-file="$SEEN/worker.%p" "$RBIN/qmta-send" >"$TMP/said" 2>&1
	[ "$(files "$MAILS")" != 0 ] || { cat "$TMP/said"; echo "near.sh: nothing was sent" >&2; exit 1; }
}
worker
python3 "$TOP/scripts/near.py" "$SEEN" "$BIN/qmta" >"$TMP/near.ld" && cat "$TMP/near.ld" >"$TOP/src/near.ld"
