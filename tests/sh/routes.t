#!/bin/sh
# routes.t: who takes the mail: by the sender, by an ordered list of relays, and what a line
# that nobody can use does; over SIGHUP and retries.
# shellcheck disable=SC2016,SC2086,SC2154 # patterns; $AS is words
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
runner_root
DAEMON='' SINKS=''
trap '[ -z "$DAEMON" ] || kill $DAEMON; [ -z "$SINKS" ] || kill $SINKS; rm -rf "$TMP"' EXIT
echo 0 >"$CONTROLDIR/conf-fsync"

# another NAME: a server with a script $TMP/NAME/script; its port in p_NAME
another() {
	mkdir -p "$TMP/$1/mail"
	: >>"$TMP/$1/script"
	python3 "$TOP/tests/lib/smtpsink.py" --portfile "$TMP/$1/port" --dir "$TMP/$1/mail" --lf \
		--log "$TMP/$1/log" --script "$TMP/$1/script" --timeout 300 &
	SINKS="$SINKS $!"
	for _ in $(seq 200); do [ ! -s "$TMP/$1/port" ] || break; sleep 0.05; done
	eval "p_$1=$(cat "$TMP/$1/port")"
}
# mail SUBJECT SENDER RECIPIENT...
mail() { s=$1; from=$2; shift 2; printf 'Subject: %s\n\nbody\n' "$s" | post -f "$from" "$@"; }
# took NAME: the subjects it got since the last question
took() {
	cat "$TMP/$1/mail"/* 2>/dev/null | sed -n 's/^Subject: //p' | sort | tr '\n' ' '
	rm -f "$TMP/$1/mail"/*
}
# control FILE: its lines on standard input, for the runner alone
control() {
	cat >"$CONTROLDIR/$1"
	chmod 600 "$CONTROLDIR/$1"
	[ -z "$AS" ] || chown 65534:65534 "$CONTROLDIR/$1"
}
until_log() { for _ in $(seq 200); do grep -Eq -e "$1" "$LOG" && return 0; sleep 0.05; done; return 1; }
start() { : >"$LOG"; $AS "$RBIN/qmta-send" -d 2>"$LOG" </dev/null & DAEMON=$!; until_log '^status'; }
stop() { kill -TERM $DAEMON; wait $DAEMON; DAEMON=; }

another one; another two; another rest
R1=127.0.0.1:$p_one R2=127.0.0.1:$p_two REST=127.0.0.1:$p_rest
DEAD=127.0.0.1:$(free_port)

# ---- by sender
control smtproutes <<-E
	to.example:$R2
	@ann@board.example.net:$R1
	@own.example:$R1
	!@:$R2
	:$REST
E
control senderroutes <<-E
	bob@board.example.net:$R2
	web.example:$R2
	@log.example:$R1
E
mail ann ann@board.example.net x@far.example y@far.example
mail bob BOB@board.example.net x@far.example
mail own joe@own.example x@far.example
mail web joe@web.example x@far.example
mail log joe@log.example x@far.example
mail joe joe@board.example.net x@far.example
mail null '<>' x@far.example
mail both ann@board.example.net x@far.example z@to.example
run
is "all is delivered" "$EXIT $(queued)" "0 0"
is "lines of smtproutes with @, a domain in senderroutes" "$(took one)" "ann both log own "
is "lines of senderroutes, the null sender, a line about the recipient's domain" "$(took two)" "bob both null web "
is "the empty key has the rest" "$(took rest)" "joe "

mail verp 'ann@board.example.net-@[]' x@far.example
rm "$CONTROLDIR/senderroutes"
printf 'root ann@board.example.net\n' >"$CONTROLDIR/generic"
mail generic root@mx.example.net x@far.example
mail bob bob@board.example.net x@far.example
run
is "one who wants VERP; who is somebody else outside" "$(took one) $(took two) $(took rest)" "generic verp   bob "
rm "$CONTROLDIR/generic"

# ---- what waits for one relay holds up nobody else's
echo 'RCPT #1 sleep 2 250 ok' >"$TMP/one/script"
mail slow ann@board.example.net x@far.example
start
until_log '^starting delivery 1'
mail quick joe@board.example.net x@far.example
until_log success
is "another sender's mail goes on" "$(took one) $(took rest)" " quick "
for _ in $(seq 100); do [ "$(queued)" != 0 ] || break; sleep 0.05; done
stop
is "and the slow one's ends" "$(took one)$(queued)" "slow 0"
: >"$TMP/one/script"

# ---- retries and HUP
control smtproutes <<-E
	@ann@board.example.net:$DEAD
	:$REST
E
mail late ann@board.example.net x@far.example y@to.example
mail joe joe@board.example.net x@far.example
run
is "a sender's dead relay: his mail waits, nobody else's" "$EXIT $(queued) $(took rest)" "75 1 joe "
start
control senderroutes <<-E
	ann@board.example.net:$R2
E
control smtproutes <<-E
	:$REST
E
kill -HUP $DAEMON; kill -ALRM $DAEMON
until_log '^end msg'
is "HUP gives him another" "$(took two)$(queued)" "late 0"
mail again ann@board.example.net x@far.example
until_log 'info msg .* from <ann@board'
for _ in $(seq 100); do [ "$(queued)" != 0 ] || break; sleep 0.05; done
stop
is "and what comes then" "$(took two)" "again "

# ---- a list of relays
control smtproutes <<-E
	@ann@board.example.net:$DEAD,no.such.host.invalid,$R2
	:$R1,$REST
E
rm "$CONTROLDIR/senderroutes"
echo 'CONNECT #1 close 421 4.3.2 not now' >"$TMP/one/script"
mail ann ann@board.example.net x@far.example
mail joe joe@board.example.net x@far.example
run
is "the next relay when one is not there, has no address, or does not want to" \
	"$EXIT $(took one)$(took two)$(took rest)" "0 ann joe "
: >"$TMP/one/script"

# ---- penalty: the kernel says nothing from an address that is nobody's
cat >"$TMP/record.py" <<'P'
import sys, time
t = int(time.time()) - 200
r = bytes([2, 0, 0, 0, 2, 0, 0, 0]) + t.to_bytes(4, "little") + bytes(4) + bytes([127, 0, 0, 1]) + bytes(12)
open(sys.argv[1], "r+b").write(r)
P
control smtproutes <<-E
	:127.0.0.1:$p_one:600
E
python3 "$TMP/record.py" "$QUEUEDIR/lock/tcpto"
mail joe joe@board.example.net x@far.example
run
is "a relay with a penalty that timed out: left alone" "$EXIT $(took one)$(grep -c 'timed_out_lately' "$LOG")" "75 1"
control smtproutes <<-E
	:127.0.0.1:$p_one:100,[127.0.0.1]:$p_two:0
E
touch -d '1 hour ago' "$QUEUEDIR"/remote/0/*
run
is "one whose penalty is over: asked" "$EXIT $(took one)$(took two)" "0 joe "
control smtproutes <<-E
	:127.0.0.1:$p_one:3600,127.0.0.1:$p_two
E
python3 "$TMP/record.py" "$QUEUEDIR/lock/tcpto"
mail joe joe@board.example.net x@far.example
run
is "without a penalty there is no such memory" "$EXIT $(took one)$(took two)" "0 joe "

# ---- lines that nobody can use
control smtproutes <<-E
	bad.example:127.0.0.1:port
	opt.example:$R1 TSL=none
	half.example:$R1 kim geheim x y
	@bob@board.example.net:[::1
	:$REST
E
mail bad joe@board.example.net x@bad.example
mail half joe@board.example.net x@half.example
mail bob bob@board.example.net x@far.example
mail joe joe@board.example.net x@far.example
start
until_log 'end msg'; until_log 'deferral.*bob@board'
is "the runner says it at its start, once" "$(grep 'waits$' "$LOG")" \
	"warning: control/smtproutes, \"bad.example:127.0.0.1:port\": a relay is host:port, [IPv6]:port, or |command; its mail waits
warning: control/smtproutes, \"opt.example:$R1\": an option is none of those in qmta-control(5); its mail waits
warning: control/smtproutes, \"half.example:$R1\": it has too many fields (%20 is a blank in one); its mail waits
warning: control/smtproutes, \"@bob@board.example.net:[::1\": a relay is host:port, [IPv6]:port, or |command; its mail waits"
is "their mail waits, and not by MX" "$(grep -c 'deferral: The_route_is_not_usable:_control/smtproutes' "$LOG") $(queued)" "3 3"
is "what is well goes on" "$(took rest)" "joe "
$AS "$RBIN/mailq" >"$TMP/mailq"
ok "mailq says why" grep -q 'not usable: control/smtproutes, "@bob' "$TMP/mailq"
"$BIN/qmail-showctl" >"$TMP/ctl"
is "so does qmail-showctl" "$? $(grep -c '^!! control/smtproutes, ".*its mail waits' "$TMP/ctl")" "1 4"
is "the password is shown nowhere" "$(cat "$LOG" "$TMP/mailq" "$TMP/ctl" | grep -c geheim)" 0
control smtproutes <<-E
	:$REST
E
kill -HUP $DAEMON; kill -ALRM $DAEMON
for _ in $(seq 200); do [ "$(queued)" != 0 ] || break; sleep 0.05; done
stop
is "and it goes when they are mended" "$(took rest)" "bad bob half "

# ---- a password that others may read
for f in smtproutes senderroutes; do
	key=; [ $f = smtproutes ] || key=board.example.net
	: >"$CONTROLDIR/smtproutes"
	printf '%s:%s kim geheim\nother.example:%s kim - PASSFILE=x\n' "$key" "$REST" "$REST" | control $f
	chmod 604 "$CONTROLDIR/$f"
	mail open joe@board.example.net x@far.example
	run
	is "$f: its mail waits" "$EXIT $(took rest)$(queued)" "75 1"
	like "$f: and it is said why" "$(cat "$LOG")" \
		"deferral: The_route_is_not_usable:_control/$f,_\"$key:$REST\":_it_has_a_password,_and_others_may_read_the_file_\(chmod_o-r\)"
	is "$f: one warning" "$(grep -c 'waits$' "$LOG")" 1
	chmod 640 "$CONTROLDIR/$f"
	touch -d '1 hour ago' "$QUEUEDIR"/remote/0/*
	run
	is "$f: no longer after chmod" "$(grep -c others_may_read "$LOG")" 0
	is "$f: the password is not in the log" "$(grep -c geheim "$LOG")" 0
	runner_root
done

# ---- qmail-remote alone
control smtproutes <<-E
	@ann@board.example.net:$R1
	!@:$R2
	:$REST
E
printf 'Subject: alone\n\nbody\n' >"$TMP/msg"
alone() { $AS "$RBIN/qmail-remote" far.example "$1" x@far.example <"$TMP/msg" | tr '\0\n' '|/'; }
alone ann@board.example.net >/dev/null; alone '' >/dev/null; alone x@y >/dev/null
is "qmail-remote: by sender" "$(took one)$(took two)$(took rest)" "alone alone alone "
SMTPROUTE=$R2; export SMTPROUTE
alone ann@board.example.net >/dev/null
is "SMTPROUTE comes before all files" "$(took one)$(took two)" "alone "
SMTPROUTE="127.0.0.1:0 kim geheim"
is "SMTPROUTE: nonsense" "$(alone x@y)" \
	'ZThe route is not usable: $SMTPROUTE, "127.0.0.1:0": a relay is host:port, [IPv6]:port, or |command. (#4.3.5)/|'
unset SMTPROUTE
done_testing
