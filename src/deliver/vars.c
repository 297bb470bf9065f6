/* vars.c: the environment of a program that a user's .qmail names.
 *
 * It is made from nothing, as what the runner was started with is none of his
 * business, and what a stranger wrote into the addresses must do no harm: no control
 * byte passes, and no variable has a name that he chose. The values are his all the
 * same; a script that lets a shell read them again has only itself to blame. */
#include <stdlib.h>
#include <string.h>
#include "config.h"
#include "../base/text.h"
#include "vars.h"

#define ROOM 65536	/* 20 values of an address each, with room to spare */

static void put(struct buf *b, const char *name, const char *s, size_t n)
{
	size_t at;

	buf_puts(b, name);
	at = b->len;
	buf_put(b, s, n);
	letter_tame(b, at);
	buf_putc(b, 0);
}

static void word(struct buf *b, const char *name, const char *s)
{
	if (s)
		put(b, name, s, strlen(s));
}

/* A whole line of ours, whose LF stays. */
static void line(struct buf *b, const char *name, const char *s, size_t n)
{
	put(b, name, s, n);
	if (!b->full)
		b->s[b->len - 2] = '\n';
}

/* HOST2 is HOST before its last dot, HOST3 HOST2 before its last one; without a dot it
 * stays. EXT2 is EXT behind its first dash, EXT3 EXT2 behind its first; then empty. */
static void pieces(struct buf *b, const char *host, const char *ext)
{
	char host_n[] = "HOST2=", ext_n[] = "EXT2=";
	size_t n = strlen(host), dot;
	int i;

	for (i = 0; i < 3; i++) {
		dot = text_rchr(host, n, '.');
		n = dot < n ? dot : n;
		put(b, host_n, host, n);
		host_n[4]++;
		ext += strcspn(ext, "-");
		ext += *ext != 0;
		word(b, ext_n, ext);
		ext_n[3]++;
	}
}

/* Two values, one variable: the second replaces the NUL of the first. */
static void recipient(struct buf *b, const char *local, const char *host)
{
	word(b, "RECIPIENT=", local);
	if (b->len)
		b->len--;
	word(b, "@", host);
}

int vars_make(struct vars *v, const struct visit *t, const char *deflt)
{
	const struct letter *l = &t->letter;
	struct buf *b = &v->b, heap = BUF_HEAP(ROOM);
	size_t n = 0, at;

	*b = heap;
	word(b, "SENDER=", t->sender);
	word(b, "NEWSENDER=", t->newsender);
	recipient(b, t->local, t->host);
	word(b, "USER=", t->who.user);
	word(b, "LOGNAME=", t->who.user);
	word(b, "HOME=", t->who.home);
	word(b, "HOST=", t->host);
	word(b, "LOCAL=", t->local);
	word(b, "EXT=", t->who.ext);
	pieces(b, t->host, t->who.ext);
	word(b, "DEFAULT=", deflt);
	line(b, "RPLINE=", l->head.s, l->rp_len);
	line(b, "DTLINE=", l->head.s + l->rp_len, l->head.len - l->rp_len);
	line(b, "UFLINE=", l->ufline.s, l->ufline.len);
	word(b, "SHELL=", "/bin/sh");
	word(b, "PATH=", BIN_DIR ":" SBIN_DIR ":/usr/local/bin:/usr/bin:/bin");
	word(b, "TZ=", getenv("TZ"));
	/* A private queue: `|forward` must find it too. */
	word(b, "CONTROLDIR=", getenv("CONTROLDIR"));
	word(b, "QUEUEDIR=", getenv("QUEUEDIR"));
	if (b->full) {
		vars_free(v);
		return 0;
	}
	for (at = 0; at < b->len; at += strlen(b->s + at) + 1)
		v->envp[n++] = b->s + at;
	v->envp[n] = 0;
	return 1;
}

void vars_free(struct vars *v)
{
	buf_free(&v->b);
}
