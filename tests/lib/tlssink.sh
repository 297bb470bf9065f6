# tlssink.sh: tlssink.py for tests that deliver; source it after runner.sh and tlsca.sh.
#   tls_runner SECONDS    runner_root, for a program with TLS that is patient so long with
#                         a server, and a CERTDIR in which nothing is; ends the file where
#                         there is no TLS
#   tls_start OPTION...   a server, in place of one that runs; else as sink_start, with the
#                         record of the wire in $TMP/wire and an empty script
#   script LINE...        its script from now on
#   conns                 how many connections
# shellcheck shell=sh disable=SC2034 # read by the tests
tls_runner() {
	tls_needed
	trap 'sink_stop; rm -rf "$TMP"' EXIT
	runner_root
	CERTDIR=$TMP/certs
	export CERTDIR
	echo "$1" >"$CONTROLDIR/timeoutremote"
	echo "$1" >"$CONTROLDIR/timeoutconnect"
	echo 0 >"$CONTROLDIR/conf-fsync"
}
tls_start() {
	sink_stop
	WIRE=$TMP/wire SINKPY=tlssink.py
	: >"$WIRE"
	: >"$TMP/script"
	sink_start --wire "$WIRE" --script "$TMP/script" "$@"
	SINKPY=
}
script() { printf '%s\n' "$@" >"$TMP/script"; }
# Connections since the log was emptied; the record may still get the ends of older ones.
conns() { grep -c ' connect$' "$SINKLOG"; }
