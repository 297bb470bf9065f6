/* starttls.c: TLS of mini-smtpd: STARTTLS, or from the first byte (SMTPS). It is offered
 * where IndiMail's servercert.pem can be read, which is looked at closely only when a client
 * asks for TLS: most of a LAN never does. Whoever fails the handshake is not spoken to any
 * more. Clients' certificates are asked for when clientca.pem is there; who cannot prove one
 * is served as one who has none. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config.h"
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/err.h"
#include "../base/log.h"
#include "../base/near.h"
#include "../listen/shared.h"
#include "../net/crypt.h"
#include "../net/tls.h"
#include "../net/tls_file.h"
#include "starttls.h"

enum { HANDSHAKE = 60000, NEW_KEY = 43200000 };	/* milliseconds */

/* Of the listener and all its children. One that looks while another writes has half a key,
 * and gives tickets that nobody takes. */
struct tickets { int64_t at; unsigned char key[TICKET_KEY]; };
static struct tickets *tickets;

static NEAR(0) struct tls_give give;
static struct tls_seen seen;
static NEAR(1) char paths[3][256];
static char method[32];
static NEAR(0) const char *client;
static NEAR(0) int first;	/* TLS begins at once */

void starttls_listen(void)
{
	if (CFG_TLSD)
		tickets = shared_map(sizeof *tickets);
}

/* The key of these hours; a session that was saved under it is lost with it. */
static const unsigned char *ticket_key(void)
{
	int64_t now = clock_mono();

	if (!tickets)
		return 0;
	if (!tickets->at || now - tickets->at > NEW_KEY) {
		tickets->at = 0;
		if (crypt_random(tickets->key, TICKET_KEY) < 0)
			return 0;
		tickets->at = now;
	}
	return tickets->key;
}

/* One of CERTDIR's files: its path, if it is there. 0: it is not. What was asked for by a
 * variable is always: a list of what was taken back that cannot be read proves nobody. */
static const char *find(int i, const char *variable, const char *name)
{
	const char *other = getenv(variable), *dir = getenv("CERTDIR");

	if (other && *other)
		name = other;
	if (*name == '/')
		dir = "";
	else if (!dir || !*dir)
		dir = CERTDIR;
	if (!buf_text(paths[i], sizeof *paths, "%s%s%s", dir, *dir ? "/" : "", name))
		return "/";	/* too long: nobody can read that, either */
	return name == other || !access(paths[i], F_OK) || errno != ENOENT ? paths[i] : 0;
}

/* 1 when descriptors 0 and 1 are one connection, as TLS needs; -1 they do not tell. */
static int one_connection(const struct talk *t)
{
	struct stat a, b;

	if (fstat(t->in, &a) < 0 || fstat(t->out, &b) < 0)
		return -1;
	return S_ISSOCK(a.st_mode) && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

int starttls_load(struct session *s, const char *ip, int listens)
{
	const char *smtps = getenv("SMTPS"), *port = getenv("TCPLOCALPORT");
	int e = 0;

	client = ip;
	first = (smtps && *smtps == '1') || (listens && port && !strcmp(port, "465"));
	if (!CFG_TLSD || (e = one_connection(&s->talk)) <= 0 ||
		!(give.cert = find(0, "SERVERCERT", "servercert.pem")))
		return e < 0 ? -1 : 0;
	if (access(give.cert, R_OK) < 0) {
		e = errno;
		log_line("smtpd: no TLS: unable to read %s: %s", give.cert, err_text(e));
		return file_lasting(e) - 1;
	}
	give.ca = find(1, "CLIENTCA", "clientca.pem");
	give.crl = find(2, "CLIENTCRL", "clientcrl.pem");
	s->starttls = 1;
	return 0;
}

/* What the log hears. */
static void complain(const char *what, const struct buf *why)
{
	log_line("smtpd: pid %d from %s: %s: %.*s", (int)getpid(), client, what, (int)why->len,
		why->s);
}

/* 1 when there can be TLS. */
static int prepare(void)
{
	char words[512];
	struct buf why = BUF_OVER(words), m = BUF_OVER(method);
	int r = control_line(&m, "tlsservermethod");

	if (r < 0)
		buf_puts(&why, control_error());
	else {
		give.method = r ? method : 0;
		give.ticket = ticket_key();
		if (tls_ready(&give, &why))
			return 1;
	}
	complain("no TLS", &why);
	return 0;
}

static int shake(struct session *s)
{
	char words[512];
	struct buf why = BUF_OVER(words);
	int64_t at = clock_mono() + HANDSHAKE;
	int fd = s->talk.in, flags = fcntl(fd, F_GETFL);

	s->tls = 1;	/* nothing in clear from here on, whatever happens */
	s->starttls = 0;
	s->talk.out = fd;
	s->talk.nonblock = 1;
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -1;
	if (tls_accept(fd, &give, at < s->talk.until ? at : s->talk.until, &seen, &why) != TLS_OK) {
		complain("TLS failed", &why);
		return -2;
	}
	if (why.len)
		complain("client certificate not proven", &why);
	s->version = seen.version;
	s->cipher = seen.cipher;
	s->cert = seen.proof == TLS_BY_CHAIN ? seen.subject : 0;
	return 1;
}

int starttls_first(struct session *s)
{
	if (!first)
		return 1;
	if (CFG_TLSD && s->starttls)
		return prepare() ? shake(s) : -2;
	log_line("smtpd: pid %d from %s: TLS from the start, and there is none: is CERTDIR's "
		"servercert.pem there, and TLS built in?", (int)getpid(), client);
	return -2;
}

int starttls_begin(struct session *s)
{
	if (!CFG_TLSD || !prepare()) {
		talk_reply(&s->talk, "454 4.7.0 TLS is not available now");
		return 1;
	}
	talk_reply(&s->talk, "220 2.0.0 ready for TLS");
	return talk_flush(&s->talk) < 0 ? -1 : shake(s);
}

int starttls_needed(const struct session *s)
{
	return !s->tls && getenv("FORCE_TLS");
}
