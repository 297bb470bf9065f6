#!/bin/sh
# Programs that hand on what others wrote: procmail, bts, reportbug; systemd-cron.
# shellcheck disable=SC1091,SC2317
. "$(dirname "$0")/peer.sh"
A=ann@$HERE B=bob@$HERE K=kim@example.net

# ---- procmail: -oi ADDR, a message that begins with "From ". Only with the flag w does
# it look at the exit number
{
	printf 'From bob@example.net Sat Aug  1 12:00:00 2026\nFrom: Bob <bob@example.net>\n'
	printf 'To: ann\nSubject: a test\n\n'
	cat "$TMP/hard"
} >"$TMP/letter"
printf 'SENDMAIL=/usr/sbin/sendmail\nDEFAULT=$HOME/box\n:0rw\n! kim@example.net bob\n' >"$TMP/rc"
chmod 644 "$TMP/letter" "$TMP/rc"
sort_mail() { as ann procmail "$TMP/rc" <"$TMP/letter"; }
# What cannot be sent on goes to the mailbox, and it says why.
sort_mail_fails() {
	rm -f /home/ann/box
	sort_mail >"$TMP/out" 2>&1
	grep -q 'the last line' /home/ann/box && grep -q 'Program failure (75)' "$TMP/out"
}
if need procmail procmail; then
	row procmail sort_mail --to "$K $B" --mails 1 --body "$TMP/hard" \
		--has '^From: Bob <bob@example.net>$' --not '^From bob@'
fi

# ---- bts: -t; reportbug: -oi -oem -f, by its own function
bts() {
	as ann env DEBEMAIL=bob@example.net DEBFULLNAME=Bob \
		bts --no-conf --no-interactive severity 123456 minor
}
bts_fails() { ! bts >"$TMP/out" 2>&1 && [ -s "$TMP/out" ]; }
printf 'severity 123456 minor\nthanks\n\n' >"$TMP/bts"
if need bts /usr/bin/bts; then
	row bts bts --to control@bugs.debian.org --from $A --mails 1 --body "$TMP/bts" \
		--has '^From: Bob <bob@example.net>$'
fi
cat >"$TMP/report.py" <<'P'
import sys
sys.path.insert(0, "/usr/lib/python3/dist-packages")
from reportbug import submit
sys.exit(bool(submit.send_report(open(sys.argv[1], encoding="utf-8").read(), [], None,
    "Bob <bob@example.net>", "submit@bugs.example.net", "ann@board.example.net", "", [],
    charset="utf-8", mta="/usr/sbin/sendmail", smtphost="", mailing=False)))
P
report() {
	as ann python3 "$TMP/report.py" "$TMP/rb" >"$TMP/rb.out" 2>&1
	rb_code=$?
	grep '^sendmail:' "$TMP/rb.out"
	return $rb_code
}
report_fails() {
	report >"$TMP/out"
	grep -q 'message not accepted' "$TMP/out"
}
printf 'Subject: a test\nPackage: x\n\nFirst line.\n.\nlast line.\n' >"$TMP/rb"
if need reportbug /usr/bin/reportbug; then
	row reportbug report --to "submit@bugs.example.net $A" --mails 1 --has '^last line' \
		--has '^From: Bob <bob@example.net>$'
fi

# ---- systemd-cron's report of a job that failed; systemctl is a stand-in
mkdir "$TMP/sd"
cat >"$TMP/sd/systemctl" <<'S'
#!/bin/sh
case $* in
*property=User) echo User=ann ;;
*property=Env*) echo Environment=MAILTO=root MAILFROM=bob ;;
status*) printf 'cron-x.service: failed\n.\nGr\303\274\303\237e\n'; exit 3 ;;
esac
S
chmod 755 "$TMP/sd/systemctl"
printf 'cron-x.service: failed\n.\nGr\303\274\303\237e\n' >"$TMP/sd/text"
unit_failed() {
	PATH=$TMP/sd:$PATH /usr/peer/systemd-cron/lib/systemd-cron/mail_on_failure cron-x.service
}
if need systemd-cron /usr/peer/systemd-cron/lib/systemd-cron/mail_on_failure; then
	row systemd-cron unit_failed --to root@$HERE --mails 1 --text "$TMP/sd/text" \
		--has "^From: bob@$HERE \(systemd-cron\)$" --has '^Auto-Submitted: auto-generated$'
fi
done_testing
