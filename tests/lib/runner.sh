# runner.sh: a whole private installation to deliver in; source it after tap.sh.
#   runner_root    as new_root, for an ordinary user: mail is not delivered to
#                  root, so a test that runs as root becomes nobody for its runs.
#                  Sets AS (prefix of every command; words), WHO (the user's name)
#                  and RBIN (programs where he reaches them)
#   maildir        makes his ~/Maildir
#   sink_start [OPTION...]   smtpsink.py on loopback, and smtproutes to it; MAILS
#                            its directory, SINKLOG
#   sink_stop
#   free_port      prints a port of 127.0.0.1 where nobody is
#   stop PID                 ends a child of this shell and waits for it
#   files DIRECTORY...       how many plain files are below them
#   run [ARGUMENT...]        qmta-send; its log in $LOG, its exit number in $EXIT
# shellcheck shell=sh disable=SC2034 # read by the tests
runner_root() {
	new_root
	AS='' RBIN=$BIN
	WHO=$(id -un)
	if [ "$(id -u)" = 0 ]; then
		command -v setpriv >/dev/null || skip_all "runs as root need setpriv (util-linux)"
		# A copy, as the tree may lie where nobody may not look.
		RBIN=$TMP/rbin
		[ -d "$RBIN" ] || {
			mkdir -p "$RBIN"
			cp -L "${RUNNER_BIN:-$BIN}/qmta" "${RUNNER_BIN:-$BIN}/qmail-queue" "$RBIN/"
			for a in "$BIN"/*; do
				a=${a##*/}
				[ -e "$RBIN/$a" ] || ln -s qmta "$RBIN/$a"
			done
			chmod 755 "$RBIN" "$RBIN"/*
		}
		AS='setpriv --reuid=65534 --regid=65534 --clear-groups --'
		WHO=nobody
		chown -R 65534:65534 "$CONTROLDIR" "$QUEUEDIR" "$HOME"
	elif [ -n "${RUNNER_BIN:-}" ]; then
		RBIN=$RUNNER_BIN
	fi
	USER=$WHO
	export USER
	LOG=$TMP/log
	mkdir -p "$TMP/sink"
	chmod 777 "$TMP" "$TMP/sink"
	cd "$TMP" || exit 1
}

maildir() { $AS mkdir -p "$HOME/Maildir/new" "$HOME/Maildir/tmp" "$HOME/Maildir/cur"; }

sink_start() {
	rm -rf "$TMP/mails" "$TMP/sink/port"
	mkdir "$TMP/mails"
	MAILS=$TMP/mails SINKLOG=$TMP/sink/log
	: >"$SINKLOG"
	python3 "$TOP/tests/lib/${SINKPY:-smtpsink.py}" --port 0 --portfile "$TMP/sink/port" \
		--dir "$MAILS" --log "$SINKLOG" --timeout 300 "$@" &
	SINK=$!
	sink_n=0
	until [ -s "$TMP/sink/port" ]; do
		sink_n=$((sink_n + 1))
		[ $sink_n -lt 200 ] || { echo "Bail out! the sink did not start"; exit 1; }
		sleep 0.05
	done
	PORT=$(cat "$TMP/sink/port")
	echo ":127.0.0.1:$PORT" >"$CONTROLDIR/smtproutes"
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

stop() {
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

sink_stop() {
	[ -z "${SINK:-}" ] || { kill "$SINK" 2>/dev/null; wait "$SINK" 2>/dev/null; }
	SINK=
}

files() { find "$@" -type f | wc -l | tr -d ' '; }
mails() { find "$MAILS" -type f | wc -l | tr -d ' '; }
inbox() { find "$HOME/Maildir/new" -type f 2>/dev/null | wc -l | tr -d ' '; }
queued() { find "$QUEUEDIR/mess" -type f | wc -l | tr -d ' '; }

# A message on standard input to these recipients.
post() { $AS "$RBIN/sendmail" -i "$@"; }

run() {
	EXIT=0
	$AS timeout -k 5 "${RUN_SECS:-60}" "$RBIN/qmta-send" "$@" 2>"$LOG" </dev/null || EXIT=$?
}
