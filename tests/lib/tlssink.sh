# tlssink.sh: tlssink.py for tests that deliver; source it after runner.sh.
#   tls_start OPTION...   a server, in place of one that runs; MAILS, SINKLOG, PORT as
#                         sink_start; its script is emptied
#   script LINE...        its script from now on
#   wire WORD...          tlslog.py about what it saw
#   conns                 how many connections
# shellcheck shell=sh disable=SC2034 # read by the tests
tls_start() {
	sink_stop
	rm -rf "$TMP/sink/port" "$TMP/wire"
	mkdir -p "$TMP/mails"
	MAILS=$TMP/mails SINKLOG=$TMP/sink/log
	: >"$SINKLOG"
	: >"$TMP/script"
	python3 "$TOP/tests/lib/tlssink.py" --portfile "$TMP/sink/port" --dir "$MAILS" \
		--log "$SINKLOG" --wire "$TMP/wire" --script "$TMP/script" --timeout 300 "$@" &
	SINK=$!
	sink_n=0
	until [ -s "$TMP/sink/port" ]; do
		sink_n=$((sink_n + 1))
		[ $sink_n -lt 200 ] || { echo "Bail out! the sink did not start"; exit 1; }
		sleep 0.05
	done
	PORT=$(cat "$TMP/sink/port")
}
wire() { python3 "$TOP/tests/lib/tlslog.py" "$TMP/wire" "$@"; }
script() { printf '%s\n' "$@" >"$TMP/script"; }
# Connections since the log was emptied; the record may still get the ends of older ones.
conns() { grep -c ' connect$' "$SINKLOG"; }
