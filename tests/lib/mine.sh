# mine.sh: for tests that deliver mail; source it after tap.sh. The mail part
# never runs as root, because mail is not delivered to uid 0: it runs as whoever
# called, or as nobody when that was root.
#   ME ME_UID   that user;  B  the programs where he can reach them (copies)
#   run COMMAND...     as him;  my_root  control, queue, home and Maildir of his
#   sink ARGUMENT...   starts smtpsink.py, points smtproutes at it; SINK is its
#                      pid, its mail is in $TMP/sink and its log in $TMP/sink.log
#   stop PID           ends a child of this shell and waits for it
# shellcheck shell=sh
B=$TMP/programs
mkdir "$B"
cp "$BIN/../qmta" "$BIN/../qmail-queue" "$B/"
for mine_a in "$BIN"/*; do
	mine_a=${mine_a##*/}
	case $mine_a in
	qmta | qmail-queue) ;;
	*) ln -s qmta "$B/$mine_a" ;;
	esac
done
chmod -R a+rX "$B"
ME=$(id -un 2>/dev/null) ME_UID=$(id -u) mine_gid='' SINK=''
if [ "$ME_UID" -eq 0 ]; then
	ME=nobody ME_UID=$(id -u nobody) mine_gid=$(id -g nobody)
fi
run() {
	if [ -n "$mine_gid" ]; then
		setpriv --reuid="$ME_UID" --regid="$mine_gid" --clear-groups "$@"
	else
		"$@"
	fi
}
if ! run true 2>/dev/null; then
	skip_all "setpriv cannot change to user nobody here"
fi

my_root() {
	CONTROLDIR=$TMP/control QUEUEDIR=$TMP/my/queue HOME=$TMP/my/home
	USER=$ME LOGNAME=$ME QMTA=$B
	export CONTROLDIR QUEUEDIR HOME USER LOGNAME QMTA
	rm -rf "$CONTROLDIR" "$TMP/my"
	mkdir -p "$CONTROLDIR" "$HOME/Maildir/tmp" "$HOME/Maildir/new" \
		"$HOME/Maildir/cur"
	echo mx.example.net >"$CONTROLDIR/me"
	: >"$CONTROLDIR/aliases"
	chmod 755 "$CONTROLDIR" "$TMP/my"
	[ -z "$mine_gid" ] || chown -R "$ME_UID:$mine_gid" "$TMP/my"
	run "$B/queue-fix" "$QUEUEDIR" >"$TMP/.fix" 2>&1 || {
		tap_show <"$TMP/.fix"; echo "Bail out! queue-fix failed"; exit 1; }
}

sink() {
	rm -rf "$TMP/sink" "$TMP/sink.log" "$TMP/port"
	python3 "$TOP/tests/lib/smtpsink.py" --portfile "$TMP/port" \
		--dir "$TMP/sink" --log "$TMP/sink.log" --timeout 300 "$@" &
	SINK=$!
	mine_i=0
	while [ ! -s "$TMP/port" ]; do
		mine_i=$((mine_i + 1))
		[ $mine_i -lt 100 ] || { echo "Bail out! no SMTP server"; exit 1; }
		sleep 0.1
	done
	echo ":127.0.0.1:$(cat "$TMP/port")" >"$CONTROLDIR/smtproutes"
}

stop() {
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# files DIRECTORY...: how many plain files are below them
files() { find "$@" -type f | wc -l; }
