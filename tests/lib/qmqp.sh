# qmqp.sh: QMQP servers of a test (qmqpsink.py); source it after tap.sh.
#   qmqp_start NAME [OPTION...]  a server of that name: below $TMP/NAME the port, log,
#                    records in d/, and the script it follows. QPORT, QPID
#   qmqp_stop NAME...
#   qmqp_script NAME LINE...     what it does from its next connection on; no LINE: nothing special
#   took NAME        how many requests it has accepted
#   saw NAME         how many of all kinds it has recorded
#   qmqp_show FILE   a record in words
# shellcheck shell=sh
qmqp_start() {
	qmqp_d=$TMP/$1
	shift
	mkdir -p "$qmqp_d/d"
	rm -f "$qmqp_d/port"
	: >>"$qmqp_d/log"
	: >>"$qmqp_d/script"
	python3 "$TOP/tests/lib/qmqpsink.py" --port 0 --portfile "$qmqp_d/port" \
		--dir "$qmqp_d/d" --log "$qmqp_d/log" --script "$qmqp_d/script" \
		--timeout 300 "$@" &
	QPID=$!
	echo $QPID >"$qmqp_d/pid"
	qmqp_n=0
	until [ -s "$qmqp_d/port" ]; do
		qmqp_n=$((qmqp_n + 1))
		[ $qmqp_n -lt 200 ] || { echo "Bail out! the QMQP sink did not start"; exit 1; }
		sleep 0.05
	done
	# shellcheck disable=SC2034 # read by the tests
	QPORT=$(cat "$qmqp_d/port")
}

qmqp_stop() {
	for qmqp_d; do
		qmqp_p=$(cat "$TMP/$qmqp_d/pid" 2>/dev/null) || continue
		kill "$qmqp_p" 2>/dev/null
		wait "$qmqp_p" 2>/dev/null
		rm -f "$TMP/$qmqp_d/pid"
	done
	return 0
}

qmqp_script() {
	qmqp_d=$TMP/$1/script
	shift
	if [ $# = 0 ]; then : >"$qmqp_d.new"; else printf '%s\n' "$@" >"$qmqp_d.new"; fi
	mv "$qmqp_d.new" "$qmqp_d"
}

took() { find "$TMP/$1/d" -name '[0-9]*' ! -name '*.*' 2>/dev/null | wc -l | tr -d ' '; }
saw() { find "$TMP/$1/d" -name '[0-9]*' 2>/dev/null | wc -l | tr -d ' '; }
qmqp_show() { python3 "$TOP/tests/lib/qmqpsink.py" --decode "$1"; }
