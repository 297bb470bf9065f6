#!/bin/sh
# virtual.t: how a recipient is rewritten before it is routed (section 9.3 of the
# spec, with its measured examples): envnoathost, percenthack, locals,
# virtualdomains; what HUP reads again; and that such mail arrives.
# shellcheck disable=SC2086,SC2119 # $AS is words; sink_start has options elsewhere
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
runner_root
runner=
trap 'sink_stop; [ -z "$runner" ] || kill $runner 2>/dev/null; rm -rf "$TMP"' EXIT
C=$CONTROLDIR
: >"$C/aliases"	# not the machine's own
sink_start

# direct RECIPIENT...: by qmail-queue, as it stands
direct() {
	printf 'Fkim@else.example\0' >"$TMP/e"
	printf 'T%s\0' "$@" >>"$TMP/e"; printf '\0' >>"$TMP/e"
	printf 'Subject: %s\n\nbody\n' "$1" >"$TMP/m"
	$AS "$RBIN/qmail-queue" <"$TMP/m" 1<"$TMP/e"
}
# goes RECIPIENT: "local ADDRESS" or "remote ADDRESS", as the log has it
goes() {
	direct "$1"
	run
	sed -n 's/^starting delivery [0-9]*: msg [0-9]* to //p' "$LOG"
}
file() { printf '%s\n' "$2" >"$HOME/$1"; [ -z "$AS" ] || chown 65534:65534 "$HOME/$1"; }
file .qmail ./Maildir/
file .qmail-virt-default ./virt/
file .qmail-virt-info ./info/
file .qmail-one-user ./one/
file .qmail-default ./rest/
for d in Maildir virt info one rest; do
	mkdir -p "$HOME/$d/tmp" "$HOME/$d/new" "$HOME/$d/cur"
	[ -z "$AS" ] || chown -R 65534:65534 "$HOME/$d"
done
in_box() { find "$HOME/$1/new" -type f | wc -l | tr -d ' '; }

echo board.example.net >"$C/me"
printf 'board.example.net\nalso.example\n' >"$C/locals"
echo gate >"$C/percenthack"
cat >"$C/virtualdomains" <<END
v.example.net:$WHO-virt
user@w.example.net:$WHO-one
.sub.example.net:$WHO-sub
ex.sub.example.net:
also.example:$WHO-never
END

# ---- the order
is "1: no host: envnoathost, which is me" "$(goes "$WHO")" "local $WHO@board.example.net"
is "2: percenthack" "$(goes ann%remote.example@gate)" "remote ann@remote.example"
is "2: again and again" "$(goes a%b%gate@gate)" "remote a@b"
is "2: until there is no percent sign" "$(goes a%gate@gate)" "remote a@gate"
is "2: then locals" "$(goes "$WHO%board.example.net@GATE")" "local $WHO@board.example.net"
is "3: a local domain stays as it is" "$(goes "$WHO@ALSO.example")" "local $WHO@ALSO.example"
is "4: a virtual domain" "$(goes info@v.example.net)" "local $WHO-virt-info@v.example.net"
is "4: a full address" "$(goes User@W.example.net)" "local $WHO-one-User@W.example.net"
is "4: and no other there" "$(goes else@w.example.net)" "remote else@w.example.net"
is "4: a suffix" "$(goes z@q.sub.example.net)" "local $WHO-sub-z@q.sub.example.net"
is "4: a longer one" "$(goes z@a.q.sub.example.net)" "local $WHO-sub-z@a.q.sub.example.net"
is "4: an exception" "$(goes z@ex.sub.example.net)" "remote z@ex.sub.example.net"
is "4: but what is below it" "$(goes z@in.ex.sub.example.net)" "local $WHO-sub-z@in.ex.sub.example.net"
is "4: a suffix is not its own domain" "$(goes z@sub.example.net)" "remote z@sub.example.net"
is "5: the rest" "$(goes z@far.example)" "remote z@far.example"
is "all of it was delivered" "$(queued)" 0
is "which was remote came to the smarthost" "$(cat "$MAILS"/* | grep -c '^RCPT TO:')" 7

# ---- where it arrives
is "in the user's own mailbox" "$(inbox)" 3
is "by .qmail-virt-info" "$(in_box info)" 1
is "by .qmail-one-user, case-blind" "$(in_box one)" 1
is "by ~/.qmail-default" "$(in_box rest)" 3
direct any@v.example.net; run
is "by .qmail-virt-default" "$(in_box virt)" 1
is "with the whole address on top" "$(grep -h '^Delivered-To:' "$HOME"/virt/new/*)" \
	"Delivered-To: $WHO-virt-any@v.example.net"
rm "$HOME/.qmail-default"
direct nobody@q.sub.example.net; run
is "48: nobody there: a bounce" "$(cat "$MAILS"/* | grep -c '^RCPT TO:<kim@else.example>')" 1
is "48: that does not show the prefix" \
	"$(cat "$MAILS"/* | tr -d '\r' | grep -c '^<nobody@q.sub.example.net>:$') $(cat "$MAILS"/* | grep -c "<$WHO-sub")" "1 0"
file .qmail-default ./rest/

# ---- several recipients of one message, by all ways
rm -f "$MAILS"/*
direct "$WHO" info@v.example.net ann%remote.example@gate user@w.example.net z@ex.sub.example.net
run
is "one message, five ways" "$(sed -n 's/^starting delivery [0-9]*: msg [0-9]* to //p' "$LOG" | sort | tr '\n' ' ')" \
	"local $WHO-one-user@w.example.net local $WHO-virt-info@v.example.net local $WHO@board.example.net remote ann@remote.example remote z@ex.sub.example.net "
is "nothing is left" "$EXIT $(queued) $(in_box info) $(in_box one)" "0 0 2 2"

# ---- the empty key is everybody
echo ":$WHO-all" >>"$C/virtualdomains"
is "the empty key" "$(goes z@far.example)" "local $WHO-all-z@far.example"
is "after the exceptions" "$(goes z@ex.sub.example.net)" "remote z@ex.sub.example.net"
long=$(head -c 990 /dev/zero | tr '\0' u)
is "an address that the prefix makes too long is not cut: the sender is told" \
	"$(goes "$long@v.ex") $(queued) $(in_box rest)" "local $WHO-all-kim@else.example 0 5"
like "why" "$(cat "$HOME"/rest/new/*)" 'too long to be delivered. .#5.1.3'

# ---- HUP
printf 'v.example.net:%s-virt\n' "$WHO" >"$C/virtualdomains"
rm -f "$C/percenthack" "$MAILS"/*
$AS "$RBIN/qmta-send" -d 2>"$LOG" </dev/null & runner=$!
until_log() { # PATTERN: at most 10 s
	for _ in $(seq 200); do grep -Eq "$1" "$LOG" && return 0; sleep 0.05; done
	return 1
}
direct z@new.example
ok "before HUP: remote" until_log 'to remote z@new.example'
echo "new.example:$WHO-virt" >"$C/virtualdomains"
echo hack.example >"$C/percenthack"
echo host.example >"$C/envnoathost"
direct y@new.example
ok "31: nothing is read before HUP" until_log 'to remote y@new.example'
kill -HUP $runner
direct x@new.example
ok "31: HUP: virtualdomains" until_log "to local $WHO-virt-x@new.example"
direct info@v.example.net
ok "31: HUP: what is gone is gone" until_log 'to remote info@v.example.net'
direct a%b.example@hack.example
ok "31: HUP: percenthack" until_log 'to remote a@b.example'
direct bare
ok "31: HUP: envnoathost" until_log 'to remote bare@host.example'
for _ in $(seq 200); do [ "$(queued)" != 0 ] || break; sleep 0.05; done
kill -TERM $runner; wait $runner; r=$? runner=
is "the daemon ends" "$r $(queued)" "0 0"
done_testing
