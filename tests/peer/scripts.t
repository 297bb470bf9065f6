#!/bin/sh
# What scripts send mail with: Perl's MIME::Lite and Mail::Mailer, Ruby's mail, Python
# by subprocess, git send-email.
# shellcheck disable=SC1091,SC2317
. "$(dirname "$0")/peer.sh"
A=ann@$HERE B=bob@$HERE K=kim@example.net
ONE=bob@example.net
exits() { # NUMBER COMMAND...: it ends with that number, and has said something
	exits_want=$1 exits_code=0
	shift
	"$@" >"$TMP/out" 2>&1 || exits_code=$?
	[ $exits_code = "$exits_want" ] && [ -s "$TMP/out" ]
}

# ---- MIME::Lite: /usr/lib/sendmail -t -oi -oem [-f]; Bcc in the header
cat >"$TMP/lite.pl" <<'P'
use MIME::Lite;
my $body = do { local (@ARGV, $/) = $ARGV[0]; <> };
my $m = MIME::Lite->new(From => 'Bob <bob@example.net>', To => 'ann, Bob <bob>',
	Bcc => 'kim@example.net', Subject => 'a test', Type => 'text/plain; charset=utf-8',
	Encoding => $ARGV[1], Data => $body);
$m->attr('X-A' => 'b');
$m->send;
P
lite() { as ann perl "$TMP/lite.pl" "$TMP/hard" 8bit; }
lite_qp() { as ann perl "$TMP/lite.pl" "$TMP/hard" quoted-printable; }
lite_fails() {
	! lite >"$TMP/out" 2>&1 && [ -s "$TMP/out" ]
}
if needs_root "MIME::Lite" && need "MIME::Lite" perl /usr/share/perl5/MIME/Lite.pm; then
	row "MIME::Lite" lite --to "$A $B $K" --from $ONE --mails 1 --body "$TMP/hard" --not kim@
	row "MIME::Lite, quoted-printable" lite_qp --to "$A $B $K" --from $ONE --mails 1 \
		--text "$TMP/hard" --not kim@
fi

# ---- Mail::Mailer: -t without -i
cat >"$TMP/mailer.pl" <<'P'
use Mail::Mailer;
my $m = Mail::Mailer->new('sendmail');
$m->open({ From => 'bob@example.net', To => ['ann', 'bob'], Bcc => 'kim@example.net',
	Subject => 'a test' });
open my $f, '<', $ARGV[0] or die;
print $m $_ while <$f>;
$m->close or die "not sent\n";
P
mailer() { as ann perl "$TMP/mailer.pl" "$TMP/hard"; }
mailer_fails() { ! mailer >"$TMP/out" 2>&1 && [ -s "$TMP/out" ]; }
if need "Mail::Mailer" perl /usr/share/perl5/Mail/Mailer.pm; then
	row "Mail::Mailer" mailer --to "$A $B $K" --mails 1 --body "$TMP/hard" --not kim@
fi

# ---- Ruby mail: -i -f ADDR -- and all recipients
cat >"$TMP/mail.rb" <<'P'
require 'mail'
Mail.defaults { delivery_method :sendmail }
Mail.deliver do
	from 'bob@example.net'
	to ['ann@board.example.net', 'Bob <bob@board.example.net>']
	bcc 'kim@example.net'
	subject 'a test'
	self.charset = 'UTF-8'
	body File.read(ARGV[0])
end
P
ruby_mail() { as ann ruby -W0 "$TMP/mail.rb" "$TMP/hard"; }
# It does not look at the exit number, but the message is shown.
ruby_mail_fails() {
	ruby_mail >"$TMP/out" 2>&1
	grep -q 'sendmail: message not accepted' "$TMP/out"
}
if need "Ruby mail" ruby /usr/lib/ruby/vendor_ruby/mail.rb; then
	# It encodes the CR that it puts before each LF.
	sed 's/$/\r/' "$TMP/hard" >"$TMP/hard.crlf"
	row "Ruby mail" ruby_mail --to "$A $B $K" --from $ONE --mails 1 --text "$TMP/hard.crlf" \
		--not kim@
fi

# ---- Python: EmailMessage to `sendmail -t -oi` and `sendmail -t`, check=True
cat >"$TMP/mail.py" <<'P'
import subprocess, sys
from email.message import EmailMessage
m = EmailMessage()
m["From"] = "Bob <bob@example.net>"
m["To"] = "ann@board.example.net, Bob <bob@board.example.net>"
m["Bcc"] = "kim@example.net"
m["Subject"] = "Gr\u00fc\u00dfe"
m.set_content(open(sys.argv[1], encoding="utf-8").read(), cte=sys.argv[2])
subprocess.run(["/usr/sbin/sendmail"] + sys.argv[3:], input=m.as_bytes(), check=True)
P
python_t() { as ann python3 "$TMP/mail.py" "$TMP/hard" 8bit -t; }
python_oi() { as ann python3 "$TMP/mail.py" "$TMP/hard" base64 -t -oi; }
python_t_fails() { exits 1 python_t && grep -q 'non-zero exit status 75' "$TMP/out"; }
row "Python, -t" python_t --to "$A $B $K" --from $A --mails 1 --body "$TMP/hard" --not kim@
row "Python, -t -oi" python_oi --to "$A $B $K" --from $A --mails 1 --text "$TMP/hard" --not kim@

# ---- git send-email: -i and all recipients
cat >"$TMP/patch" <<'P'
From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001
From: Bob <bob@example.net>
Date: Sat, 1 Aug 2026 12:00:00 +0000
Subject: [PATCH] a: test

First line.

.
---
 a | 1 +
 1 file changed, 1 insertion(+)

--- a/a
+++ b/a
@@ -0,0 +1 @@
+.
-- 
2.39.5

P
sed '1,/^$/d' "$TMP/patch" >"$TMP/patch.body"
chmod 644 "$TMP/patch"
git_call() {
	as ann git -c user.name=Bob -c user.email=bob@example.net send-email --quiet \
		--confirm=never --suppress-cc=all "$@" --to=ann@board.example.net \
		--cc='Bob <bob@board.example.net>' --bcc=kim@example.net "$TMP/patch"
}
# All but its own "Sent ...", which --quiet does not keep back.
git_mail() {
	git_call "$@" >"$TMP/git" 2>&1
	git_code=$?
	sed '/^Sent \[PATCH\] a: test$/d' "$TMP/git"
	return $git_code
}
git_env() { git_mail --envelope-sender=auto; }
git_mail_fails() { exits 75 git_mail; }
if need "git send-email" git /usr/lib/git-core/git-send-email; then
	row "git send-email" git_mail --to "$A $B $K" --from $A --mails 1 \
		--body "$TMP/patch.body" --not kim@ --has '^From: Bob <bob@example.net>$'
	row "git send-email, envelope sender" git_env --to "$A $B $K" --from $ONE --mails 1 \
		--body "$TMP/patch.body" --not kim@
fi
done_testing
