#!/bin/sh
# A handshake, and a session behind it, that is cut or damaged at every so many bytes, in
# either direction: always an end, always words, never a crash; the mail waits unless the
# server has it, and the login is never in the clear.
# shellcheck disable=SC2086 # $AS is words
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
. "$TOP/tests/lib/tlsca.sh"
tls_needed
runner_root
trap 'sink_stop; rm -rf "$TMP"' EXIT
STEP=61
[ -z "${QMTA_SHORT:-}" ] || STEP=487
{ echo 'Subject: cut'; echo; seq 1 400; } >"$TMP/letter"
chmod 644 "$TMP/letter"

# once WHAT: one attempt under this line of the script. What is wrong with its outcome is
# added to $TMP/wrong, what it was to $TMP/count.
once() {
	echo "$1" >"$TMP/script"
	before=$(mails)
	code=0
	said=$($AS timeout 20 "$RBIN/qmail-remote" b.example a@a.example b@b.example \
		<"$TMP/letter" 2>&1 | tr '\n\0' ' \n') || code=$?
	said=$(echo "$said" | grep -v '^r$')
	case $code:$said in
	0:K*) fate=K ;;
	0:Z*) fate=Z ;;
	*) fate=wrong ;;
	esac
	# Refused words that say nothing are as bad.
	[ ${#said} -ge 25 ] || fate=wrong
	[ "$fate" != K ] || [ "$(mails)" = $((before + 1)) ] || fate=lost
	[ "$fate" != Z ] || [ "$(mails)" = "$before" ] ||
		case $said in *duplicate*) ;; *) fate=twice ;; esac
	echo "$fate" >>"$TMP/count"
	case $fate in K|Z) ;; *) echo "$1: $fate: exit $code: $said" >>"$TMP/wrong" ;; esac
}

series() { # NAME VERB ACTION FROM TO
	: >"$TMP/wrong"
	: >"$TMP/count"
	i=$4
	while [ "$i" -lt "$5" ]; do
		once "$2 * $3 $i"
		i=$((i + STEP))
	done
	is "$1: $(sort "$TMP/count" | uniq -c | tr -s ' \n' ' ')" "$(cat "$TMP/wrong")" ""
}

echo '# nothing' >"$TMP/script"
for v in 1.2 1.3; do
	tls_sink two --auth "PLAIN SCRAM-SHA-256" --login kim:secretword --need-auth \
		--max $v --script "$TMP/script"
	echo ":127.0.0.1:$PORT kim secretword TLS=verify,CAFILE=$TLSCA/roots.pem,TLSNAME=mail.example.net" \
		>"$CONTROLDIR/smtproutes"
	chmod 600 "$CONTROLDIR/smtproutes"
	echo 3 >"$CONTROLDIR/timeoutremote"
	echo 3 >"$CONTROLDIR/timeoutconnect"
	[ -z "$AS" ] || chown 65534:65534 "$CONTROLDIR"/*
	once '# nothing'
	is "TLS $v: as it should be" "$(tail -n 1 "$TMP/count") $(wire handshakes)" "K 1 0"
	n=$(python3 - "$WIRE" <<-'P'
	import json, sys
	print(sum(x["len"] for x in map(json.loads, open(sys.argv[1])) if x.get("w") == "cipher" and x["d"] == "out"))
	P
	)
	ok "TLS $v: $n bytes from the server" [ "$n" -gt 1500 ]
	series "TLS $v: cut off in the handshake" HANDSHAKE cut 0 2600
	series "TLS $v: closed while we speak" HANDSHAKE eat 1 600
	series "TLS $v: damaged in the handshake" HANDSHAKE corrupt 0 2600
	series "TLS $v: cut off behind it" TLS cut 0 1500
	series "TLS $v: closed behind it" TLS eat 1 2900
	series "TLS $v: damaged behind it" TLS corrupt 0 1500
	ok "TLS $v: the login was never in the clear" wire secret secretword
	sink_stop
done
done_testing
