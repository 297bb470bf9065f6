#!/bin/sh
# Postfix as a judge: what its qmqpd queues is what we were given; its sinks take what we
# send; and what they say when they do not reaches whoever sent it. Only its files are
# here, in the box: no service is installed, and what runs ends with the test.
# shellcheck disable=SC1091,SC2154,SC2317 # $HERE and others are peer.sh's
. "$(dirname "$0")/peer.sh"
. "$TOP/tests/peer/postfix.sh"
QMQPD=10628 CLOSED=10629 TIGHT=10630 SINK=10631
postfix_here qmqpd qmgr

# ---- messages
{
	printf 'From: kim@a.example\nTo: ann@b.example\nDate: Mon, 02 Jan 2023 03:04:05 +0000\n'
	printf 'Message-ID: <one@a.example>\nSubject: Gr\303\274\303\237e, and\n\ta second line\n'
	printf 'X-Odd:no blank \n\n'
	printf '.\n..\n.dot\nFrom here on\n\ttab, blanks  \n\n8 bits: \377\376\200\nCR:\r\nin\rside\n'
	printf 'NUL:\000:\n:,3:Kok,\n'
	head -c 9000 /dev/zero | tr '\0' x
	printf '\n\n\n'
} >"$TMP/odd"
{
	sed '/^$/q' "$TMP/odd"
	i=0
	while [ $i -lt 4000 ]; do
		i=$((i + 1))
		echo "$i: a line as there are many, four thousand of them, of about 80 characters"
	done
} >"$TMP/long"
tr '\r' . <"$TMP/odd" >"$TMP/mail"	# a mailer's CR is a line end
chmod 644 "$TMP/odd" "$TMP/mail" "$TMP/long"
printf 'Fkim@a.example\0Tann@b.example\0Tbo@c.example\0Todd=\303\251@c.example\0\0' >"$TMP/three"
printf 'F\0Tkim@a.example\0\0' >"$TMP/bounce"
{
	printf 'Fkim@a.example\0'
	i=0
	while [ $i -lt 1000 ]; do i=$((i + 1)); printf 'Tuser%d@b.example\0' $i; done
	printf '\0'
} >"$TMP/thousand"
chmod 644 "$TMP/three" "$TMP/bounce" "$TMP/thousand"

# send MESSAGE ENVELOPE PORT: its exit, and what is said
send() {
	send_x=0
	# shellcheck disable=SC2016 # for the inner shell
	as ann sh -c 'qmail-qmqpc "127.0.0.1:$3" <"$1" 1<"$2"' - "$TMP/$1" "$TMP/$2" "$3" \
		2>"$TMP/said" || send_x=$?
	echo "$send_x:$(cat "$TMP/said")"
}

# ---- qmqp-sink
as_qmqp() { # sendmail by the servers on this port
	behind qmqp
	echo "127.0.0.1:$1" >$CONTROL/qmqpservers
}
sink_mail() { as ann sendmail -t <"$TMP/mail"; }
behind qmqp
qmqp-sink -c 127.0.0.1:$SINK 10 >"$TMP/counted" 2>&1 & pid=$!
wait_for is_open $SINK
is "qmqp-sink: a message" "$(send odd three $SINK)" "0:"
is "qmqp-sink: a bounce" "$(send odd bounce $SINK)" "0:"
is "qmqp-sink: 300 KB to 1000 recipients" "$(send long thousand $SINK)" "0:"
as_qmqp $SINK
is "qmqp-sink: by sendmail" "$(sink_mail 2>&1; echo $?)" 0
is "qmqp-sink: by qmail-inject" "$(as ann qmail-inject <"$TMP/mail" 2>&1; echo $?)" 0
end $pid
is "qmqp-sink has counted them" "$(tr '\r' '\n' <"$TMP/counted" | tail -n 1)" 5
is "qmqp-sink that is gone" "$(send odd three $SINK | cut -d: -f1)" 73

# ---- qmqpd, which queues what it gets; nothing ever leaves
postfix_main <<-C
	myhostname = hub.example.net
	mynetworks = 127.0.0.0/8
	cleanup_replace_stray_cr_lf = no
	qmqpd_authorized_clients = 127.0.0.1
C
postfix_master <<-C
	$QMQPD inet n - n - - qmqpd
	$CLOSED inet n - n - - qmqpd -o qmqpd_authorized_clients=192.0.2.1
	$TIGHT inet n - n - - qmqpd -o message_size_limit=20000
C
postfix_start $QMQPD
trap 'end $MASTER; rm -rf "$TMP"' EXIT

# What lies in its queue, once, and is then removed: a line for the sender and one for each
# recipient; the message, without the field that it adds, goes to $TMP/got.
queued() {
	wait_for sh -c 'postqueue -j | grep -q queue_id' || { echo nothing; return; }
	for id in $(postqueue -j | sed 's/.*"queue_id": "\([^"]*\)".*/\1/'); do
		postcat -eq "$id" | sed -n 's/^sender: /F/p; s/^recipient: /T/p; s/^sender:$/F/p'
		postcat -bhq "$id" >"$TMP/raw"
		sed '1,/(UTC)$/d' "$TMP/raw" >"$TMP/got"
		postsuper -d "$id" >/dev/null 2>&1
	done
}
words_of() { tr '\0' '\n' <"$TMP/$1" | sed '/^$/d'; } # ENVELOPE

is "qmqpd: a message, 8 bits and all" "$(send odd three $QMQPD)" "0:"
is "its envelope in the queue" "$(queued)" "$(words_of three)"
ok "its bytes in the queue" cmp "$TMP/odd" "$TMP/got"
is "qmqpd: a bounce" "$(send odd bounce $QMQPD)" "0:"
is "the sender who is nobody" "$(queued)" "$(printf 'F\nTkim@a.example')"
is "qmqpd: 300 KB to 1000 recipients" "$(send long thousand $QMQPD)" "0:"
is "all of them, in order" "$(queued | cksum)" "$(words_of thousand | cksum)"
ok "all of it" cmp "$TMP/long" "$TMP/got"

as_qmqp $QMQPD
is "sendmail to qmqpd" "$(as ann sendmail -oi ann@b.example bo <"$TMP/mail" 2>&1; echo $?)" 0
is "sendmail's envelope" "$(queued)" "$(printf 'Fann@%s\nTann@b.example\nTbo@%s' $HERE $HERE)"
ok "sendmail's bytes" cmp "$TMP/mail" "$TMP/got"
as_qmqp $QMQPD
printf 'Subject: t\n\nno end' | as ann sendmail ann@b.example
queued >/dev/null
like "a last line without an end" "$(tail -n 1 "$TMP/got")" '^no end$'

# ---- one that refuses this host: its words reach the user
no='localhost\[127\.0\.0\.1\] is not authorized to use this service'
r=$(send odd three $CLOSED)
like "qmqpd that does not know us: 31, and why" "$r" "^31:qmail-qmqpc: 127\.0\.0\.1:$CLOSED says: Error: $no"
r=$(send long thousand $CLOSED)
like "the same for a long message" "$r" "^31:.*$no"
as_qmqp $CLOSED
r=$(as ann sendmail ann@b.example <"$TMP/mail" 2>&1; echo "exit $?")
like "sendmail's user reads it" "$r" "127\.0\.0\.1:$CLOSED says: .*$no"
is "once" "$(echo "$r" | grep -c authorized)" 1
like "and gets 69" "$r" '^exit 69$'
r=$(send long three $TIGHT)
like "too long for qmqpd: 31, and why" "$r" '^31:.*netstring length exceeds storage limit'
is "what is short enough for it" "$(send odd three $TIGHT)" "0:"
is "nothing else was queued" "$(queued)" "$(words_of three)"
echo "127.0.0.1:$QMQPD" >>$CONTROL/qmqpservers
r=$(as ann sendmail ann@b.example <"$TMP/mail" 2>&1; echo "exit $?")
like "D is the end, a second server or not" "$r" '^exit 69$'
printf '127.0.0.1:%d\n' 1 $QMQPD >$CONTROL/qmqpservers
is "the second server when the first is dead" "$(as ann sendmail ann@b.example <"$TMP/mail" 2>&1; echo $?)" 0
is "it has it" "$(queued)" "$(printf 'Fann@%s\nTann@b.example' $HERE)"

# ---- its restart: what comes meanwhile waits in our queue
behind smtp
echo "127.0.0.1:$QMQPD" >$CONTROL/qmqpservers
echo 1 >$CONTROL/qmqpfallback
rm $CONTROL/smtproutes
echo 5 >$CONTROL/timeoutremote
end $MASTER
is_gone() { ! is_open $QMQPD; }
wait_for is_gone
by_qmqpc() { as ann env QMAILQUEUE=/usr/sbin/qmail-qmqpc sendmail "$@"; }
is "qmqpd is down: exit 0" "$(by_qmqpc ann@b.example <"$TMP/mail" 2>&1; echo $?)" 0
postfix_start $QMQPD
deliver
is "qmqpd is back: it has it" "$(queued)" "$(printf 'Fann@%s\nTann@b.example' $HERE)"
sed '1{/^Received: (qmail/d;}; 2{/^  by uid/d;}' "$TMP/got" >"$TMP/ours"
ok "byte for byte, behind our own line" cmp "$TMP/mail" "$TMP/ours"
is "nothing stays with us" "$(find $QUEUE/qmta/mess -type f 2>/dev/null | wc -l)" 0
end $MASTER

# ---- smtp-sink, as the smarthost of the queue
hand_on() { # OPTION...: the exit of the runner, and what became of two recipients
	behind smtp
	echo ":127.0.0.1:$SINK" >$CONTROL/smtproutes
	: >$CONTROL/doublebounceto
	rm -f "$TMP"/dump/*
	smtp-sink -u postfix -d "$TMP/dump/m." "$@" 127.0.0.1:$SINK 10 >/dev/null 2>&1 & pid=$!
	wait_for is_open $SINK
	as ann sendmail -f "${FROM-kim@a.example}" ann@b.example bo@c.example <"$TMP/hard2"
	x=0
	as root qmta-send 2>"$TMP/send.log" </dev/null || x=$?
	end $pid
	echo "$x $(sed -n 's/^delivery [0-9]*: \([a-z]*\):.*/\1/p' "$TMP/send.log" | sort | uniq -c |
		tr -s ' \n' ' ')"
}
mkdir "$TMP/dump"
chown postfix "$TMP/dump"
{ sed '/^$/q' "$TMP/odd"; cat "$TMP/hard"; } >"$TMP/hard2"
chmod 644 "$TMP/hard2"
dumped() { cat "$TMP"/dump/m.* | tr -d '\r'; }
# Where 8 bits are not taken the body comes as quoted-printable.
body() {
	dumped >"$TMP/dumped"
	if sed '/^$/q' "$TMP/dumped" | grep -q '^Content-Transfer-Encoding: quoted-printable$'; then
		sed '1,/^$/d' "$TMP/dumped" | python3 -c 'import quopri, sys
quopri.decode(sys.stdin.buffer, sys.stdout.buffer)'
	else
		sed '1,/^$/d' "$TMP/dumped"
	fi
}
# With an empty line behind it, as the sink has it.
sinks_with() { # NAME OPTION...
	n=$1; shift
	is "smtp-sink $n: taken" "$(hand_on "$@")" "0  2 success "
	is "smtp-sink $n: the body" "$(body | cksum)" "$({ cat "$TMP/hard"; echo; } | cksum)"
	is "smtp-sink $n: once, for both" "$(dumped | grep -c '^X-Rcpt-Args: <\(ann@b\|bo@c\)\.example>')" 2
}
sinks_with "as it is"
sinks_with "-e, without ESMTP" -e
sinks_with "-p, without PIPELINING" -p
sinks_with "-8, without 8BITMIME" -8
sinks_with "-F, without many things" -F
[ -n "${QMTA_SHORT:-}" ] || sinks_with "-w, slow" -w 1
for c in CONNECT MAIL RCPT DATA .; do
	like "smtp-sink -r $c: later" "$(hand_on -r $c)" '^75  2 deferral'
	[ -z "${QMTA_SHORT:-}" ] || continue
	like "smtp-sink -q $c: closed: later" "$(hand_on -q $c)" '^75  2 deferral'
done
for c in MAIL RCPT DATA .; do
	like "smtp-sink -f $c: never" "$(FROM='' hand_on -f $c)" '^0  2 failure'
done

# ---- not here
skip "qmqp-source" "there is no QMQP server of ours"
skip "smtp-source" "there is no SMTP server of ours that listens"
skip "notqmail's and IndiMail's qmail-qmqpd" "they are not packaged"
done_testing
