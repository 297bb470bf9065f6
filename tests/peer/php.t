#!/bin/sh
# PHP: mail() itself, PHPMailer in its three ways, Symfony's and Swift's mailers. They
# report what happened by an exception or false, and the scripts end with 1 then.
# shellcheck disable=SC1091,SC2317,SC2016
. "$(dirname "$0")/peer.sh"
A=ann@$HERE B=bob@$HERE K=kim@example.net
ONE=bob@example.net
php_() { as ann php -d display_errors=stderr "$@"; }

# ---- mail(): -t -i through sh -c; the header with CRLF, the body as it is given and an
# empty line behind it
cat >"$TMP/mail.php" <<'P'
<?php
$h = "From: Web <bob@example.net>\r\nBcc: kim@example.net\r\nX-Mailer: PHP";
$body = str_replace("Gr", "with CR\r\nGr", file_get_contents($argv[1]));
exit(mail("ann, Bob <bob>", "a test", $body, $h, $argv[2] ?? "") ? 0 : 1);
P
{ sed 's/^Gr/with CR\nGr/' "$TMP/hard"; echo; } >"$TMP/hard.cr"
{ cat "$TMP/hard"; echo; } >"$TMP/hard.nl"
php_mail() { php_ "$TMP/mail.php" "$TMP/hard"; }
php_mail_f() { php_ "$TMP/mail.php" "$TMP/hard" -fbob@example.net; }
php_mail_fails() {
	php_mail >"$TMP/out" 2>&1
	[ $? = 1 ]
}
if need "PHP mail()" php; then
	row "PHP mail()" php_mail --to "$A $B $K" --from $A --mails 1 --body "$TMP/hard.cr" \
		--not kim@ --has '^From: Web <bob@example.net>$' --has '^X-Mailer: PHP$'
	row "PHP mail() with -f" php_mail_f --to "$A $B $K" --from $ONE --mails 1 \
		--body "$TMP/hard.cr" --not kim@
fi

# ---- PHPMailer
cat >"$TMP/phpmailer.php" <<'P'
<?php
require '/usr/share/php/libphp-phpmailer/autoload.php';
$m = new PHPMailer\PHPMailer\PHPMailer(true);
try {
	$m->{$argv[2]}();
	$m->CharSet = 'utf-8';
	$m->setFrom('bob@example.net', 'Bob');
	$m->addAddress('ann@board.example.net', 'Ann, at home');
	$m->addCC('bob@board.example.net');
	$m->addBCC('kim@example.net');
	$m->Subject = "Gr\u{fc}\u{df}e";
	$m->Body = file_get_contents($argv[1]);
	$m->send();
} catch (Exception $e) {
	fwrite(STDERR, $e->getMessage() . "\n");
	exit(1);
}
P
pm_mail() { php_ "$TMP/phpmailer.php" "$TMP/hard" isMail; }
pm_sendmail() { php_ "$TMP/phpmailer.php" "$TMP/hard" isSendmail; }
pm_qmail() { php_ -d sendmail_path=/var/qmail/bin/qmail-inject "$TMP/phpmailer.php" "$TMP/hard" isQmail; }
pm_notices() {
	"$1" >"$TMP/out" 2>&1
	[ $? = 1 ] && grep -Eqi 'could not' "$TMP/out"
}
pm_mail_fails() { pm_notices pm_mail; }
pm_sendmail_fails() { pm_notices pm_sendmail; }
pm_qmail_fails() { pm_notices pm_qmail; }
if need "PHPMailer" php /usr/share/php/libphp-phpmailer; then
	for w in mail.nl sendmail qmail; do
		text=$TMP/hard${w#"${w%.nl}"} w=${w%.nl}
		row "PHPMailer, $w" pm_$w --to "$A $B $K" --from $ONE --mails 1 --text "$text" \
			--not kim@ --has '^Subject: =\?utf-8'
	done
fi

# ---- Symfony and Swift: by -t, and by SMTP with -bs
cat >"$TMP/symfony.php" <<'P'
<?php
require '/usr/share/php/Symfony/Component/Mailer/autoload.php';
use Symfony\Component\Mailer\Mailer;
use Symfony\Component\Mailer\Transport\SendmailTransport;
use Symfony\Component\Mime\Email;
try {
	$mailer = new Mailer(new SendmailTransport($argv[2]));
	for ($i = 0; $i < ($argv[3] ?? 1); $i++)
		$mailer->send((new Email())->from('bob@example.net')->to('ann@board.example.net')
			->cc('bob@board.example.net')->bcc('kim@example.net')->subject('a test')
			->text(file_get_contents($argv[1]), 'utf-8'));
} catch (Exception $e) {
	fwrite(STDERR, $e->getMessage() . "\n");
	exit(1);
}
P
cat >"$TMP/swift.php" <<'P'
<?php
require '/usr/share/php/Swift/autoload.php';
try {
	$mailer = new Swift_Mailer(new Swift_SendmailTransport($argv[2]));
	for ($i = 0; $i < ($argv[3] ?? 1); $i++)
		$mailer->send((new Swift_Message('a test'))->setFrom('bob@example.net')
			->setTo('ann@board.example.net')->setCc('bob@board.example.net')
			->setBcc('kim@example.net')->setBody(file_get_contents($argv[1])));
} catch (Exception $e) {
	fwrite(STDERR, $e->getMessage() . "\n");
	exit(1);
}
P
symfony_t() { php_ "$TMP/symfony.php" "$TMP/hard" '/usr/sbin/sendmail -t -i'; }
symfony_bs() { php_ "$TMP/symfony.php" "$TMP/hard" '/usr/sbin/sendmail -bs' 3; }
swift_t() { php_ "$TMP/swift.php" "$TMP/hard" '/usr/sbin/sendmail -t -i'; }
swift_bs() { php_ "$TMP/swift.php" "$TMP/hard" '/usr/sbin/sendmail -bs' 3; }
notices() {
	"$1" >"$TMP/out" 2>&1
	[ $? = 1 ] && [ -s "$TMP/out" ]
}
symfony_t_fails() { notices symfony_t; }
symfony_bs_fails() { notices symfony_bs; }
# Swift with -t does not look at the exit number.
swift_bs_fails() { notices swift_bs; }
has_bs() {
	behind smtp
	printf 'QUIT\r\n' | as ann sendmail -bs >"$TMP/out" 2>&1
	grep -q '^220' "$TMP/out"
}
# They write CR LF . CR LF behind a last line that has its end already.
thrice="$A $B $K $A $B $K $A $B $K"
for lib in Symfony/Component/Mailer Swift; do
	name=$(echo ${lib%%/*} | tr SM sm)
	need $name php /usr/share/php/$lib/autoload.php || continue
	row "$name, -t" ${name}_t --to "$A $B $K" --from $ONE --text "$TMP/hard" --not kim@
	if has_bs; then
		row "$name, -bs" ${name}_bs --to "$thrice" --from $ONE --text "$TMP/hard.nl" \
			--not kim@
	else
		skip "$name, -bs" "sendmail -bs is not built in"
	fi
done
done_testing
