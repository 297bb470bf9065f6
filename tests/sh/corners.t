#!/bin/sh
# Corners where a recipient could fall between two chairs: several senders for one
# message, routes that change while it is under way, a server that limits and hangs
# up, addresses that grow, workers that die.
# shellcheck disable=SC2016,SC2086
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
runner_root
trap 'sink_stop; rm -rf "$TMP"' EXIT
letter() { printf 'Subject: x\n\nbody\n'; }
until_log() { for _ in $(seq 200); do grep -Eq "$1" "$LOG" && return 0; sleep 0.05; done; return 1; }
start() { : >"$LOG"; $AS "$RBIN/qmta-send" -d 2>"$LOG" </dev/null & runner=$!; until_log '^status'; }
stop() { kill -TERM $runner; wait $runner; }
recipients() { cat "$MAILS"/* 2>/dev/null | sed -n 's/^RCPT TO:<\([^>]*\)>.*/\1/p' | tr -d '\r' | sort | tr '\n' ' '; }

# ---- VERP: each copy is a job, and one of them is later
echo 'RCPT deferme 451 4.2.0 later' >"$TMP/script"
sink_start --script "$TMP/script"
letter | post -f 'list-@lists.example.net-@[]' deferme@far.example ok@far.example
run
is "VERP: one deferred, one delivered: the first stays" "$EXIT $(queued) $(recipients)" "75 1 ok@far.example "
is "VERP: and only it" "$(cat "$QUEUEDIR"/remote/0/* | tr '\0' ' ')" "Tdeferme@far.example Dok@far.example "
sink_stop

# ---- HUP gives a waiting fresh message two routes
runner_root; sink_start
echo 1 >"$CONTROLDIR/holdremote"
letter | post -f me@mx.example.net a@x.example b@y.example
start
until_log '^info msg'
printf 'x.example:127.0.0.1:1\n:127.0.0.1:%s\n' "$PORT" >"$CONTROLDIR/smtproutes"
rm "$CONTROLDIR/holdremote"
kill -HUP $runner
until_log deferral; until_log success
stop
is "HUP, fresh: who has a dead route now stays" "$(queued) $(cat "$QUEUEDIR"/remote/0/* | tr '\0' ' ')" \
	"1 Ta@x.example Db@y.example "
sink_stop

# ---- HUP during a pass: the new route sorts before the cursor, or behind it
for to in 127.0.0.1 '[127.0.0.1]' '0127.0.0.1' 127.0.0.01; do
	runner_root
	echo 'BODY #1 sleep 1 250 ok' >"$TMP/script"
	sink_start --script "$TMP/script"
	case $to in 0*|*.01) via="[127.0.0.1]:$PORT HELO=$to" ;; *) via="$to:$PORT HELO=x" ;; esac
	printf 'x.example:127.0.0.1:%s HELO=a\ny.example:127.0.0.1:%s HELO=b\n' "$PORT" "$PORT" >"$CONTROLDIR/smtproutes"
	echo 1 >"$CONTROLDIR/concurrencyremote"
	letter | post -f me@mx.example.net a@x.example b@y.example
	start
	until_log 'starting delivery 1'
	printf 'x.example:%s\ny.example:%s,HELO=c\n' "$via" "$via" >"$CONTROLDIR/smtproutes"
	kill -HUP $runner
	until_log '^end msg'
	stop
	is "HUP, settled, to $to: both once" "$(queued) $(recipients)" "0 a@x.example b@y.example "
	sink_stop
done

# ---- a server that takes one recipient, and hangs up behind its answer
cat >"$TMP/limit.py" <<'P'
import socket, struct, sys, threading
s = socket.socket()
s.bind(('127.0.0.1', 0))
s.listen(5)
s.settimeout(60)
def serve(c, n):
    f = c.makefile('rb')
    say = lambda x: c.sendall(x.encode() + b'\r\n')
    say('220 hi')
    rcpts = mails = 0
    who = ''
    while True:
        t = f.readline().decode('latin-1').strip()
        if not t:
            return
        verb = t[:4].upper()
        if verb == 'EHLO':
            c.sendall(b'250-x\r\n250 PIPELINING\r\n')
        elif verb == 'MAIL':
            rcpts = 0
            say('250 ok')
        elif verb == 'RCPT':
            rcpts += 1
            if rcpts == 1:
                who = t[9:-1]
            say('250 ok' if rcpts == 1 else '452 4.5.3 too many')
        elif verb == 'DATA':
            say('354 go')
            while f.readline() != b'.\r\n':
                pass
            mails += 1
            print(who, flush=True)
            say('250 ok')
            if mails == 2 and n == 1:
                c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                f.close()
                c.close()
                return
        elif verb == 'QUIT':
            say('221 bye')
            return
        else:
            say('250 ok')
open(sys.argv[1], 'w').write(str(s.getsockname()[1]))
n = 0
try:
    while True:
        c, _ = s.accept()
        n += 1
        threading.Thread(target=serve, args=(c, n), daemon=True).start()
except socket.timeout:
    pass
P
runner_root
python3 "$TMP/limit.py" "$TMP/sink/port2" >"$TMP/took" &
export SINK=$!	# for sink_stop
for _ in $(seq 200); do [ -s "$TMP/sink/port2" ] && break; sleep 0.05; done
echo ":127.0.0.1:$(cat "$TMP/sink/port2")" >"$CONTROLDIR/smtproutes"
for k in 1 2 3; do
	{ letter; seq 1500; } | post -f me@mx.example.net a$k@x.example b$k@x.example c$k@x.example
done
run; tries=0
while [ "$EXIT" = 75 ] && [ $tries -lt 8 ]; do run -a; tries=$((tries + 1)); done
is "one recipient a transaction, hung up behind the answer: nobody is left out" \
	"$EXIT $(queued) $(sort -u "$TMP/took" | tr '\n' ' ')" \
	"0 0 a1@x.example a2@x.example a3@x.example b1@x.example b2@x.example b3@x.example c1@x.example c2@x.example c3@x.example "
sink_stop

# ---- an address that a virtual domain makes too long to be delivered
runner_root; sink_start
echo "v.example:$(printf '%030d' 0)" >"$CONTROLDIR/virtualdomains"
long=$(printf '%0985d' 0)
letter >"$TMP/m"
printf 'F%s@mx.example.net\0T%s@v.example\0Tok@far.example\0\0' "$WHO" "$long" >"$TMP/e"
$AS "$RBIN/qmail-queue" <"$TMP/m" 1<"$TMP/e"
run
is "too long when rewritten: the others are delivered, the sender is told" \
	"$EXIT $(queued) $(recipients)$(cat "$HOME"/Maildir/new/* | grep -c 'too long to be delivered')" "0 0 ok@far.example 1"
sink_stop

# ---- a map that cannot be read any more
runner_root; sink_start
start
rm "$CONTROLDIR/smtproutes"; mkdir "$CONTROLDIR/smtproutes"
kill -HUP $runner
until_log 'unable to reread'
letter | post -f me@mx.example.net a@127.0.0.1
until_log '^end msg'
stop
is "HUP with an unreadable smtproutes: the old relay stays" "$(queued) $(mails)" "0 1"
sink_stop

# ---- workers that die at once
runner_root
printf 'x.example:127.0.0.1:1\ny.example:127.0.0.1:2\n' >"$CONTROLDIR/smtproutes"
printf '#!/bin/sh\nkill -9 $PPID\n' >"$TMP/killer"; chmod 755 "$TMP/killer"
letter | post -f 'list-@lists.example.net-@[]' a@x.example b@x.example c@y.example
QMAILREMOTE=$TMP/killer; export QMAILREMOTE
run
unset QMAILREMOTE
is "every worker dies: deferred" "$EXIT $(queued)" "75 1"
ok "and not tried over and over" [ "$(grep -c starting "$LOG")" -le 6 ]
# ---- an envelope that is damaged
runner_root; sink_start
letter | post -f me@mx.example.net a@x.example
printf 'garbage' >"$(ls "$QUEUEDIR"/todo/*)"
run
is "a damaged envelope: nothing is thrown away, exit 75" "$EXIT $(queued)" "75 1"
like "and it is said" "$(cat "$LOG")" '^warning: unable to (open|read the envelope of) msg [0-9]+: Damaged'
sink_stop

# ---- killed while it settled, and then todo/ cannot be read
runner_root; sink_start
echo mx.example.net >"$CONTROLDIR/locals"
$AS mkdir "$QUEUEDIR/todo/0" "$QUEUEDIR/todo/1"
letter | post -f me@mx.example.net "$WHO@mx.example.net" a@far.example
id=$(cd "$QUEUEDIR/todo" && echo */*); sub=$QUEUEDIR/todo/${id%/*}; id=${id#*/}
$AS sh -c "umask 077; cd '$QUEUEDIR'; printf 'Fme@mx.example.net\0' >info/0/$id
	printf 'T$WHO@mx.example.net\0' >local/0/$id"
chmod 300 "$sub"
run
is "half settled, todo/ not readable: it is left alone" "$EXIT $(queued) $(inbox)" "111 1 0"
chmod 750 "$sub"
run
is "and then delivered to all" "$EXIT $(queued) $(inbox) $(recipients)" "0 0 1 a@far.example "
sink_stop

# ---- an alias that is gone when its mail's turn comes: all of adminaddr get it
runner_root; sink_start
echo mx.example.net >"$CONTROLDIR/locals"
echo 1 >"$CONTROLDIR/concurrencylocal"
echo "$WHO@mx.example.net, two@far.example" >"$CONTROLDIR/adminaddr"
echo "pi: $WHO" >"$CONTROLDIR/aliases"
printf '|sleep 1\n./Maildir/\n' >"$HOME/.qmail"
$AS mkdir -p "$HOME/Maildir/new" "$HOME/Maildir/tmp" "$HOME/Maildir/cur"
letter >"$TMP/m"
start
for to in "$WHO" pi; do
	printf 'Fme@mx.example.net\0T%s@mx.example.net\0\0' "$to" >"$TMP/e"
	$AS "$RBIN/qmail-queue" <"$TMP/m" 1<"$TMP/e"
	until_log 'starting delivery 1'
done
for _ in $(seq 100); do [ "$(grep -c '^info msg' "$LOG")" = 2 ] && break; sleep 0.02; done
: >"$CONTROLDIR/aliases"
for _ in $(seq 200); do [ "$(queued)" = 0 ] && break; sleep 0.05; done
stop
is "adminaddr in place of an alias that is gone: both" "$(queued) $(inbox) $(recipients)" "0 2 two@far.example "
sink_stop

# ---- a mark that cannot be written
runner_root; sink_start
letter | post -f me@mx.example.net a@x.example b@x.example
port=$PORT; echo ":127.0.0.1:1" >"$CONTROLDIR/smtproutes"
run
echo ":127.0.0.1:$port" >"$CONTROLDIR/smtproutes"
chmod 400 "$QUEUEDIR"/remote/0/*
run -a; run -a
is "marks that cannot be written: it came once, and is gone" "$EXIT $(queued) $(mails)" "0 0 1"
sink_stop

# ---- a null client, and an alias that cannot be used: its mail waits for the repair
runner_root; sink_start
: >"$CONTROLDIR/locals"
printf 'Fme@mx.example.net\0Troot@mx.example.net\0\0' >"$TMP/e"
letter >"$TMP/m"
for mode in 644 666; do
	echo 'root: two words' >"$CONTROLDIR/aliases"
	chmod $mode "$CONTROLDIR/aliases"
	$AS "$RBIN/qmail-queue" <"$TMP/m" 1<"$TMP/e"
	run
	like "null client, alias in error (mode $mode): it is said" "$EXIT $(cat "$LOG")" 'unable to use an alias'
done
echo 'root: kim@far.example' >"$CONTROLDIR/aliases"
chmod 644 "$CONTROLDIR/aliases"
run
is "and it waits for the repair" "$EXIT $(queued) $(recipients)" "0 0 kim@far.example kim@far.example "
sink_stop
done_testing
