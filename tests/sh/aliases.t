#!/bin/sh
# shellcheck disable=SC2086,SC1091,SC2119 # $AS is words of a command
# Aliases: what newaliases says of the file, and what whole deliveries make of it, as
# an ordinary user and, where possible, as root.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/runner.sh"
runner_root
trap 'sink_stop; rm -rf "$TMP"' EXIT
A=$CONTROLDIR/aliases
O=$TMP/sink	# where everybody may write

# ---- newaliases ----
new() { "$BIN/newaliases" >"$TMP/err" 2>&1; echo "$? $(sed "s|$CONTROLDIR/||" "$TMP/err")"; }
echo 'root: ann@example.net' >"$A"
is "T16: a good file: exit 0, in silence" "$(new)" "0 "
is "sendmail -bi" "$("$BIN/sendmail" -bi 2>&1; echo $?)" 0
: >"$A"
is "an empty file" "$(new)" "0 "
cat >"$A" <<X
# every mistake has its line
root: ann bea
nocolon
twice: ann
Twice: bea
a: b
b: c
c: a
quote: "|/bin/true
list: :include:$TMP/no/list
rel: |vacation, "|/bin/sh -c x"
joe@example.net: x
none:
fine: \fine, ann@example.net,
	eve@example.net
again: root, "x
X
is "each mistake by its line" "$(new)" "65 $(cat <<X
newaliases: aliases, line 2: a target with blanks needs quotes around it
newaliases: aliases, line 3: this is not "name: target, target"
newaliases: aliases, line 5: this name has an alias above, which is the one that counts
newaliases: aliases, line 6: this alias leads to itself and nowhere else
newaliases: aliases, line 7: this alias leads to itself and nowhere else
newaliases: aliases, line 8: this alias leads to itself and nowhere else
newaliases: aliases, line 9: a quote that does not end in its line
newaliases: $TMP/no/list: No such file or directory (included by list)
newaliases: aliases, line 11: the program needs an absolute path
newaliases: aliases, line 12: an alias is a name without @
newaliases: aliases, line 13: this alias has no target
newaliases: aliases, line 16: a quote that does not end in its line
X
)"
is "sendmail -bi says the same" "$("$BIN/sendmail" -bi 2>/dev/null; echo $?)" 65
is "and sendmail -I" "$("$BIN/sendmail" -I 2>/dev/null; echo $?)" 65
like "showctl names the file" "$("$BIN/qmail-showctl")" "^aliases: $A\$"
chmod 666 "$A"
like "showctl says what is wrong with it" "$("$BIN/qmail-showctl")" '^!! aliases: .*everybody may write'
is "a file that everybody may write" "$(new)" "65 newaliases: aliases: everybody may write this file"
chmod 644 "$A"
rm "$A"
if [ ! -e /etc/aliases ]; then
	is "T16: no file at all" "$(new)" "0 "
else
	skip "T16: no file at all" "this machine has /etc/aliases"
fi

# ---- deliveries, everything as one user ----
sink_start
mkdir -p "$O/d/tmp" "$O/d/new" "$O/d/cur"
chmod -R 777 "$O"
cat >"$A" <<X
root: $WHO
Chain: root
one: far@far.example
staff: $WHO, far@far.example, "far two"@far.example
$WHO: $WHO, copy@far.example
slash: \\$WHO
prog: "|cat >$O/prog; echo \"\$LOCAL\" >$O/local"
files: $O/box, $O/d/
void: /dev/null
incl: :include:$O/list
list: far@far.example
owner-list: one
broken: a b
ring: ring2
ring2: ring
X
printf '# people\nbea@far.example\n cid@far.example\n' >"$O/list"
chmod 644 "$A" "$O/list"
# Mail to these; the sink's and the inbox' count, the exit, what is left in the queue.
mail_to() {
	rm -rf "${MAILS:?}"/* "$HOME/Maildir"
	printf 'Subject: t\n\nbody\n' | post -f s@example.net "$@"
	run
	echo "sink $(mails) inbox $(inbox) exit $EXIT left $(queued)"
}
rcpts() { cat "$MAILS"/* | sed -n 's/^RCPT TO:<\([^>]*\)>.*/\1/p' | sort | tr '\n' ' '; }
sender() { cat "$MAILS"/* | sed -n 's/^MAIL FROM:<\([^>]*\)>.*/\1/p' | tr '\n' ' '; }

is "an alias for an address" "$(mail_to one)" "sink 1 inbox 0 exit 0 left 0"
is "the address" "$(rcpts)$(sender)" "far@far.example s@example.net "
is "root is this user, who has a copy elsewhere" "$(mail_to ROOT)" "sink 1 inbox 1 exit 0 left 0"
is "the copy" "$(rcpts)" "copy@far.example "
is "through two aliases" "$(mail_to chain)" "sink 1 inbox 1 exit 0 left 0"
is "the user's own name" "$(mail_to "$WHO")" "sink 1 inbox 1 exit 0 left 0"
is "a backslash: no aliases any more" "$(mail_to slash)" "sink 0 inbox 1 exit 0 left 0"
is "several, some of them twice" "$(mail_to staff)" "sink 1 inbox 1 exit 0 left 0"
is "all of them" "$(rcpts)" '"far two"@far.example copy@far.example far@far.example '
is "a program" "$(mail_to prog)" "sink 0 inbox 0 exit 0 left 0"
like "that got the message" "$(cat "$O/prog")" '^body$'
is "and its name" "$(cat "$O/local")" prog
is "files" "$(mail_to files)" "sink 0 inbox 0 exit 0 left 0"
is "an mbox and a Maildir" "$(grep -c '^body' "$O/box") $(find "$O/d/new" -type f | wc -l | tr -d ' ')" "1 1"
is "away with it" "$(mail_to void)" "sink 0 inbox 0 exit 0 left 0"
is "an included file" "$(mail_to incl)" "sink 1 inbox 0 exit 0 left 0"
is "its addresses" "$(rcpts)" "bea@far.example cid@far.example "
like "with our line" "$(cat "$MAILS"/*)" '^Delivered-To: incl@mx.example.net'
is "a list with an owner" "$(mail_to list)" "sink 1 inbox 0 exit 0 left 0"
is "its sender is the owner" "$(sender)" "owner-list@mx.example.net "
is "an unknown name is no alias" "$(mail_to no.such.name >/dev/null; grep -c '^delivery.*failure: Sorry' "$LOG")" 1
find "$QUEUEDIR" -type f -path '*/[0-9]*' -delete

later() { # NAME WHO WORDS: the mail waits and is not lost
	is "$1: it waits" "$(mail_to "$2")" "sink 0 inbox 0 exit 75 left 1"
	like "$1: and says why" "$(cat "$LOG")" "deferral: .*$3"
	find "$QUEUEDIR" -type f -path '*/[0-9]*' -delete
}
later "a line in error" broken 'aliases,_line_13:_a_target_with_blanks'
later "a ring" ring 'aliases,_line_14:_this_alias_leads_to_itself'
is "other aliases are not hurt" "$(mail_to one)" "sink 1 inbox 0 exit 0 left 0"
rm "$O/list"
later "a missing list" incl 'No_such_file'
chmod 666 "$A"
later "a file that everybody may write" one 'everybody_may_write'
chmod 644 "$A"
sink_stop

# ---- by root: never with his rights ----
if [ "$(id -u)" = 0 ] && ! id alias >/dev/null 2>&1; then
	new_root
	chmod 755 "$TMP" "$TMP"/control
	cat >"$A" <<X
prog: "|id -u >$O/id"
joe: \\joe, "|id -u >$O/joe.id"
toor: \\root
secret: :include:$O/secret
open: :include:$O/open
list: "|id -u >$O/list.id", :include:$O/list
ann: fam, "|id -u >$O/ann.id"
fam: :include:$O/fam
X
	printf '%s\n' '\joe' '\ivy' >"$O/list"
	printf '%s\n' '\ann' >"$O/fam"
	echo "|/bin/true" >"$O/open"
	echo me@far.example >"$O/secret"
	chmod 600 "$O/secret"
	mkdir -p "$ASSIGNDIR" "$TMP/joe/Maildir/new" "$TMP/joe/Maildir/tmp" "$TMP/ann"
	chown -R 4321:4321 "$TMP/joe"
	chown 4322:4322 "$TMP/ann"
	printf '=joe:joe:4321:4321:%s:::\n=root:root:0:0:/root:::\n=ivy:ivy:4322:4322:%s:::\n=ann:ann:4322:4322:%s:::\n.\n' "$TMP/joe" "$TMP/ann" "$TMP/ann" >"$ASSIGNDIR/assign"
	"$BIN/qmail-newu"
	root_mail() {
		rm -rf "$QUEUEDIR"/mess/*/* "$QUEUEDIR"/todo/* "$QUEUEDIR"/info/*/*
		printf 'Subject: t\n\nbody\n' | "$BIN/sendmail" -i -f s@example.net "$1"
		timeout -k 5 60 "$BIN/qmta-send" >"$LOG" 2>&1 </dev/null
		sed -n 's/^delivery [0-9]*: //p' "$LOG" | head -n 1
	}
	like "a program" "$(root_mail prog)" '^success'
	is "runs as nobody" "$(cat "$O/id")" "$(id -u nobody)"
	like "a user and a program" "$(root_mail joe)" '^success: did_1\+0\+1'
	is "run as that user" "$(cat "$O/joe.id") $(find "$TMP/joe/Maildir/new" -type f | wc -l | tr -d ' ')" "4321 1"
	like "root's own mailbox is nobody's" "$(root_mail toor)" '^deferral: Not_allowed_to_perform_deliveries_as_root'
	like "a list that only root reads" "$(root_mail secret)" '^deferral: .*secret:_Permission_denied'
	like "newaliases finds the same" "$("$BIN/newaliases" 2>&1)" 'secret: Permission denied \(included by secret\)$'
	like "and goes on" "$("$BIN/newaliases" 2>&1)" 'open, line 1: only addresses'
	like "a list that runs a program" "$(root_mail open)" '^deferral: .*open,_line_1:_only_addresses'
	rm -f "$TMP"/joe/Maildir/new/*
	like "a list that names \\users" "$(root_mail list)" '^success: did_0\+2\+1'
	is "is not carried out by one of them, and they have it all the same" \
		"$(cat "$O/list.id") $(find "$TMP/joe/Maildir/new" "$TMP/ann/Maildir/new" -type f | wc -l | tr -d ' ')" \
		"$(id -u nobody) 2"
	like "one that names the alias that led to it" "$(root_mail ann)" '^success: did_1\+0\+1'
	is "is carried out by that user" "$(cat "$O/ann.id")" 4322
	if unshare -m true 2>/dev/null; then
		rm "$A"
		echo "etc: \"|$(command -v id) -u >$O/etc.id\"" >"$TMP/etc-aliases"
		cat >"$TMP/ns.sh" <<-'S'
			mkdir "$1/etc" && cp /etc/passwd /etc/group "$1/etc" &&
				cp "$1/etc-aliases" "$1/etc/aliases" &&
				mount --bind "$1/etc" /etc || exit 99
			"$2/newaliases" && printf 'x\n\nx\n' | "$2/sendmail" -i -f s@example.net etc &&
				timeout -k 5 60 "$2/qmta-send"
		S
		unshare -m sh "$TMP/ns.sh" "$TMP" "$BIN" >"$LOG" 2>&1 </dev/null
		case $? in
		99) skip "/etc/aliases" "no bind mount here" ;;
		*) is "/etc/aliases, where there is no control/aliases" "$(cat "$O/etc.id" "$LOG" | head -n 1)" "$(id -u nobody)" ;;
		esac
		: >"$A"
		rm -rf "$O/etc.id" "${TMP:?}/etc"
		unshare -m sh "$TMP/ns.sh" "$TMP" "$BIN" >"$LOG" 2>&1 </dev/null
		like "an empty control/aliases hides it" "$(cat "$LOG")" '^delivery.*failure: Sorry'
	else
		skip "/etc/aliases" "no name spaces here"
	fi
else
	skip "by root" "not root, or there is a user alias"
fi
done_testing
