#!/bin/sh
# Programs that cannot be installed here, or not be made to send: the very calls that
# they make, with the input that they give, as recorded from them.
# shellcheck disable=SC1091,SC2016,SC2034,SC2317 # used by eval
. "$(dirname "$0")/peer.sh"
A=ann@$HERE B=bob@$HERE R=root@$HERE

# call NAME 'CHECKS' INPUT ARGUMENT...: printf makes the input; as ann
call() {
	call_name=$1 call_checks=$2
	# shellcheck disable=SC2059
	printf "$3" >"$TMP/in"
	shift 3
	printf '%s\n' "$@" >"$TMP/args"
	eval "set -- $call_checks"
	row "as $call_name" recorded "$@"
}
recorded() {
	set --
	while IFS= read -r a; do set -- "$@" "$a"; done <"$TMP/args"
	as ann /usr/sbin/sendmail "$@" <"$TMP/in"
}
recorded_fails() {
	recorded >"$TMP/out" 2>&1
	[ $? = 75 ] && [ "$(wc -l <"$TMP/out")" = 1 ]
}
skip "cronie" "Debian 12 has no such package; what it calls is here"
skip "busybox crond" "Debian's busybox has none; what it calls is here"

call "cronie calls it" '--to "$A $B" --from $A --mails 1 --has "^From: \"\(Cron Daemon\)\" <ann@$HERE>$" --has "^a job$"' \
	'From: "(Cron Daemon)" <ann>\nTo: ann,bob\nSubject: Cron <ann@board> job\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\nAuto-Submitted: auto-generated\nPrecedence: bulk\nX-Cron-Env: <LANG=C.UTF-8>\n\na job\n.\n' \
	-FCronDaemon -i -odi -oem -oi -t -f ann
call "busybox crond calls it" '--to "$A" --from $A --mails 1 --has "^cron: job$|^Subject: cron: job$"' \
	'To: ann\nSubject: cron: job\n\n.\nline\n' -ti
call "arpwatch calls it" '--to "$R" --mails 1' \
	'From: arpwatch (Arpwatch board)\nTo: root\nSubject: new station\n\n.\nline\n' -odi root
call "popularity-contest calls it" '--to "survey@popcon.example.net" --from bob@example.net --mails 1' \
	'To: survey@popcon.example.net\nSubject: popcon\n\n.\nline\n' -oi -f bob@example.net survey@popcon.example.net
call "fail2ban calls it where nobody set it up" '--to "$R" --from fail2ban@$HERE --has "^To: root@$HERE$"' \
	'Subject: [Fail2Ban] banned\nFrom: Fail2Ban <fail2ban@board>\nTo: root@localhost\n\nHi,' -f fail2ban@board root@localhost
call "kuvert calls it" '--to "$A" --from bob@example.net' \
	'To: ann\n\n.\nline\n' -om -oi -oem -f bob@example.net -it
call "ripit calls it" '--to "$A" --from bob@example.net' \
	'To: ann\n\nline\n' -r bob@example.net -t
call "fwlogwatch calls it" '--to "$A" --has "^From: \"?Watch\"? <ann@$HERE>$"' \
	'Subject: s\n\nline\n' -F Watch ann
call "Dovecot calls it" '--to "$A" --from ""' \
	'From: bob@example.net\nTo: ann\n\nline\n' -i -f '<>' -- ann
call "Courier calls it" '--to "$A" --from bob@example.net' \
	'From: bob@example.net\nTo: ann\n\nline\n' -oi -t -Nsuccess,delay,failure -f bob@example.net
call "a Postfix filter calls it" '--to "$A $B" --from bob@example.net' \
	'From: bob@example.net\nTo: else@example.net\n\nline' -G -i -f bob@example.net -- ann bob
call "a test robot calls it" '--to "$A"' 'From: ann\nTo: ann\n\nline\n' -oi -t -odq
call "a UPS monitor calls it" '--to "$R" --has "^on battery$"' \
	'To: root\r\nSubject: ups\r\n\r\non battery\r\nline\n' -t
call "Laravel calls it with -t" '--to "$A kim@example.net" --from bob@example.net --not kim@' \
	'From: bob@example.net\r\nTo: ann\r\nBcc: kim@example.net\r\nSubject: s\r\n\r\n.\r\nline' \
	-t -i -fbob@example.net
call "a script with a list in one argument calls it" '--to "$A $B"' \
	'Subject: s\n\nline' -f ann@board 'ann, Bob <bob>'
done_testing
