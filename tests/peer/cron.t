#!/bin/sh
# Programs that mail what jobs print: cron, at, anacron as they are; those that cannot
# be installed by their calls, as they were recorded.
# shellcheck disable=SC1091,SC2317,SC2046
. "$(dirname "$0")/peer.sh"
A=ann@$HERE B=bob@$HERE
syslog
sent() { [ -n "$(find $QUEUE/qmta/todo "$MAILS" -type f 2>/dev/null)" ]; }
# A daemon in the foreground until mail is on its way; what it says is our output.
until_sent() {
	"$@" >"$TMP/daemon" 2>&1 </dev/null &
	d=$!
	wait_for sent || echo "no mail"
	kill $d
	wait $d 2>/dev/null
	cat "$TMP/daemon"
}

# ---- cron: a job at the start of the daemon
tab() { # MAILTO line, then the command
	rm -f /run/crond.reboot /var/spool/cron/crontabs/*
	printf '%s\n@reboot %s\n' "$1" "$2" >/var/spool/cron/crontabs/ann
	chown ann:crontab /var/spool/cron/crontabs/ann
	chmod 600 /var/spool/cron/crontabs/ann
}
vixie() {
	tab '' "cat $TMP/hard"
	until_sent /usr/sbin/cron -f
}
vixie_fails() {
	: >"$TMP/syslog"
	tab '' "cat $TMP/hard"
	/usr/sbin/cron -f >/dev/null 2>&1 &
	d=$!
	wait_for grep -q 'MAIL (mailed .*status 0x004b' "$TMP/syslog"
	r=$?
	kill $d
	wait $d 2>/dev/null
	return $r
}
vixie_list() {
	tab "MAILTO=bob,kim@example.net" "echo a job; exit 3"
	until_sent /usr/sbin/cron -f
}
if needs_root cron && need cron /usr/sbin/cron; then
	row cron vixie --to $A --from $A --mails 1 --body "$TMP/hard" \
		--has "^From: root@$HERE \(Cron Daemon\)$" --has "^To: $A$" \
		--has '^Subject: Cron <ann@board> cat'
	row "cron, MAILTO is a list" vixie_list --to "$B kim@example.net" --mails 1 \
		--has '^a job$'
fi

# ---- at
at_job() {
	rm -rf /var/spool/cron/atjobs/[a-z]* /var/spool/cron/atspool/*
	as ann at -m now <"$TMP/job" 2>/dev/null || echo "at: exit $?"
	until_sent /usr/sbin/atd -f
}
echo "cat $TMP/hard" >"$TMP/job"
if needs_root at && need at /usr/bin/at /usr/sbin/atd; then
	row at at_job --to $A --mails 1 --body "$TMP/hard" --has '^Subject: Output from your job'
fi

# ---- anacron
mkdir "$TMP/ana"
printf 'SHELL=/bin/sh\nPATH=/usr/bin:/bin\n1 0 job cat %s\n' "$TMP/hard" >"$TMP/anacrontab"
run_anacron() { anacron -d -q -f -n -t "$TMP/anacrontab" -S "$TMP/ana"; }
run_anacron_fails() {
	: >"$TMP/syslog"
	run_anacron >/dev/null 2>&1
	wait_for grep -q 'mailer process (/usr/sbin/sendmail) exited with status 75' "$TMP/syslog"
}
R=root@$HERE
if needs_root anacron && need anacron anacron; then
	row anacron run_anacron --to $R --mails 1 --body "$TMP/hard" \
		--has "^From: Anacron <root@$HERE>$"
fi
done_testing
