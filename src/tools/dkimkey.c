/* dkimkey.c: `qmta dkim-key`: a key for DKIM, with what has to be published in the DNS and
 * what has to stand in control/dkim. A file that is there is never touched, only shown, so
 * the same command again says the same again. Refuses names that no DNS record can have. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "../applet.h"
#include "../base/control.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/passwd.h"
#include "../base/text.h"
#include "../exits.h"
#include "../net/crypt.h"
#include "../net/tls_file.h"
#include "../queue/queue.h"

#define NAME "qmta dkim-key"
enum { BITS = 2048, STRING_MAX = 255 };	/* RFC 8301 3.2, RFC 1035 3.3 */

static char pemspace[4096], window[1024];
static struct buf pem = BUF_STATIC(pemspace);
static struct out out = OUT_STATIC(1, window);

/* The key is for whom the remote workers run as. 0 / -1. */
static int hand_over(int fd)
{
	struct user u;

	if (geteuid())
		return 0;
	queue_worker(&u);
	return fchown(fd, u.uid, u.gid);
}

/* A new key in a new file, in one go. path is lost. */
static int make(char *path)
{
	int fd = -1;

	errno = ENOMEM;
	if (!key_make(BITS, &pem) &&
		(fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) >= 0 &&
		hand_over(fd) == 0 && io_write(fd, pem.s, pem.len) == 0 && fsync(fd) == 0) {
		path[text_dir(path)] = 0;
		if (io_syncdir(AT_FDCWD, path) == 0)
			return EXIT_DONE;
	}
	say(NAME, "unable to make %s:", path);
	if (fd >= 0)
		unlink(path);
	return EXIT_TEMP;
}

/* The value of the record (RFC 6376 3.6.1) of the key in the file, in strings. Exit code. */
static int show(const char *name)
{
	static char derspace[600], text[1000];
	struct buf der = BUF_OVER(derspace), b = BUF_OVER(text);
	const char *why;
	size_t i, n;

	if (secret_read(name, &pem, &b) < 0 || (key_public(pem.s, pem.len + 1, &der, &why) < 0 &&
		buf_fmt(&b, "%s: %s", name, why))) {
		say(NAME, "%.*s", (int)b.len, b.s);
		return EXIT_PERM;
	}
	buf_puts(&b, "v=DKIM1; k=rsa; p=");
	base64_put(&b, der.s, der.len);
	out_puts(&out, "IN TXT (");
	for (i = 0; i < b.len; i += n) {
		n = b.len - i < STRING_MAX ? b.len - i : STRING_MAX;
		out_fmt(&out, " \"%.*s\"", (int)n, b.s + i);
	}
	out_puts(&out, " )\n");
	return EXIT_DONE;
}

/* 1 when it may stand in a name of the DNS, and in a file's. */
static int is_name(const char *s)
{
	return *s && *s != '.' && strlen(s) < 200 && !s[strcspn(s, " \t/;\"()")];
}

/* Makes the key that is not there, and says what is to be done with it. */
static int key(const char *domain, const char *selector, const char *file)
{
	char space[512], path[1024];
	int code = EXIT_DONE;

	if (!is_name(domain) || !is_name(selector)) {
		say(NAME, "%s, %s: not a domain and a selector", domain, selector);
		return EXIT_PERM;
	}
	if (!file) {
		buf_text(space, sizeof space, "dkim.%s.%s", domain, selector);
		file = space;
	}
	buf_text(path, sizeof path, "%s/%s", *file == '/' ? "" : control_dir(), file);
	if (access(path, F_OK) == 0)
		say(NAME, "%s is there already; this is that key", path);
	else
		code = make(path);
	if (!code) {
		out_fmt(&out, "%s._domainkey.%s. ", selector, domain);
		code = show(file);
		out_fmt(&out, "%s %s %s\n", domain, selector, file);
	}
	return code;
}

int dkimkey_main(int argc, char **argv)
{
	int code;

	if (argc < 2 || argc > 4 || *argv[1] == '-')
		return say_usage(NAME, " DOMAIN SELECTOR [FILE]\n       " NAME " FILE");
	code = argc == 2 ? show(argv[1]) : key(argv[1], argv[2], argv[3]);
	return out_flush(&out) < 0 && !code ? EXIT_TEMP : code;
}
