#!/bin/sh
# What tells root about the machine: mdadm, unattended-upgrades, apt-listchanges,
# fail2ban, logwatch, smartd.
# shellcheck disable=SC1091,SC2317,SC2016
. "$(dirname "$0")/peer.sh"
R=root@$HERE
syslog
needs_root "mdadm, unattended-upgrades, apt-listchanges, fail2ban, logwatch, smartd" ||
	done_testing

# ---- mdadm: -t without -i, of an array that is not there
monitor() { mdadm --monitor --test --oneshot --mail root /dev/md9; }
if need "mdadm --monitor" mdadm; then
	row "mdadm --monitor" monitor --to $R --from $R --mails 1 \
		--has "^From: mdadm monitoring <root@$HERE>$" --has '^Faithfully yours, etc.$'
fi

# ---- unattended-upgrades: its own functions, as its run at night calls them; -oi -t
cat >"$TMP/uu.py" <<'P'
import importlib.machinery, importlib.util, sys
loader = importlib.machinery.SourceFileLoader("uu", "/usr/bin/unattended-upgrade")
uu = importlib.util.module_from_spec(importlib.util.spec_from_loader("uu", loader))
loader.exec_module(uu)
sys.exit(uu._send_mail_using_sendmail("root", "root",
    "[package on hold] unattended-upgrades result for board",
    open(sys.argv[1], encoding="utf-8").read()))
P
upgrades() { python3 "$TMP/uu.py" "$TMP/hard"; }
upgrades_fails() {
	upgrades >"$TMP/out" 2>&1
	[ $? = 75 ]
}
if need "unattended-upgrades" /usr/bin/unattended-upgrade; then
	row "unattended-upgrades" upgrades --to $R --from $R --mails 1 --text "$TMP/hard" \
		--has '^Auto-Submitted: auto-generated$' --has "^From: root@$HERE"
fi

# ---- apt-listchanges, as apt calls it for a package with news; -oi -t, and a
# warning when it fails
d=$TMP/deb
mkdir -p "$d/DEBIAN" "$d/usr/share/doc/peer-news"
printf '%s\n' 'Package: peer-news' 'Version: 2' 'Architecture: all' \
	'Maintainer: none <none@example.net>' 'Description: has news' >"$d/DEBIAN/control"
cat >"$TMP/news" <<'N'
peer-news (2) unstable; urgency=low

  * The news is this.
  .
  * After a line with a dot.

 -- none <none@example.net>  Sat, 01 Aug 2026 12:00:00 +0000
N
gzip -9nc "$TMP/news" >"$d/usr/share/doc/peer-news/changelog.gz"
listchanges() {
	LC_ALL=C apt-listchanges --profile=none --frontend=mail --email-address=root \
		--which=both --show-all "$TMP/news.deb" >"$TMP/err" 2>&1
	code=$?
	# All but what it says it is doing.
	grep -v '^apt-listchanges: \(Reading changelogs\|Mailing root\)' "$TMP/err"
	return $code
}
listchanges_fails() {
	listchanges >"$TMP/out" 2>&1
	grep -q 'Failed to send mail to root: .*exit status 75' "$TMP/out"
}
if need "apt-listchanges" apt-listchanges dpkg-deb; then
	dpkg-deb -b "$d" "$TMP/news.deb" >/dev/null
	row "apt-listchanges" listchanges --to $R --mails 1 --has 'The news is this' \
		--has 'After a line with a dot'
fi

# ---- fail2ban's action: -f "SENDER" "DEST", no newline at the end
mkdir -p "$TMP/f2b" /run/fail2ban
cat >"$TMP/jail" <<J
[peer]
enabled = true
filter = sshd
backend = polling
logpath = $TMP/auth.log
action = sendmail[name=peer, dest="root", sender="fail2ban@$HERE", sendername="Fail2Ban"]
J
ban() {
	rm -f /run/fail2ban/* /var/lib/fail2ban/* "$TMP/f2b/log"
	: >"$TMP/auth.log"
	fail2ban-server -f -c /etc/fail2ban --logtarget "$TMP/f2b/log" start \
		>"$TMP/daemon" 2>&1 &
	d=$!
	wait_for fail2ban-client ping >/dev/null 2>&1 || echo "it does not start"
	fail2ban-client set peer banip 192.0.2.7 >/dev/null
	wait_for grep -q 'NOTICE *\[peer\] Ban 192.0.2.7' "$TMP/f2b/log" || echo "no ban"
	fail2ban-client stop >/dev/null
	wait $d
	grep -E ' (ERROR|CRITICAL) ' "$TMP/f2b/log"
	grep -v -e 'Server ready' -e allowipv6 "$TMP/daemon"
	return 0
}
ban_fails() {
	ban >"$TMP/out" 2>&1
	grep -Eq 'ERROR.*(returned 75|exec|Error)' "$TMP/out"
}
if need "fail2ban" fail2ban-server; then
	rm -f /etc/fail2ban/jail.d/*
	cp "$TMP/jail" /etc/fail2ban/jail.d/peer.conf
	row "fail2ban" ban --to "$R $R $R" --from fail2ban@$HERE --mails 3 \
		--has '^From: Fail2Ban <fail2ban@' --has '^Fail2Ban$' --has '\[Fail2Ban\] peer: '
fi

# ---- logwatch: -t without -i
watch() {
	logwatch --output mail --mailto root --service zz-disk_space --range all \
		--detail high
}
if need "logwatch" logwatch; then
	mkdir -p /var/cache/logwatch
	row "logwatch" watch --to $R --mails 1 --has '^Subject: Logwatch for board' \
		--has 'Logwatch End'
fi

# ---- smartd: its script runs mail(1); what that prints would be logged as a fault
smart() {
	/usr/share/smartmontools/smartd-runner -s 'SMART error' root <"$TMP/plain"
}
if need "smartd" /usr/share/smartmontools/smartd-runner mail; then
	row "smartd" smart --to $R --mails 1 --body "$TMP/plain" --has '^Subject: SMART error'
fi
done_testing
