/* handin.c: mail that a local delivery forwards, on its way back into the queue.
 *
 * The local worker is the recipient by then and may not write the queue, and on
 * many boards there is no set-id program that may. So the runner has a process of
 * the queue's owner started, and the two talk by packets. Neither believes the
 * other: the message is accepted only after its end was asked for in the right
 * order, and forwarded mail counts as safe only when that was said. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <signal.h>
#include "../base/clock.h"
#include "../base/proc.h"
#include "../exits.h"
#include "handin.h"
#include "submit.h"

enum { START_SECS = 60, DAY = 86400 };

static struct submit mail;	/* a process has one message to hand in */

static char verdict(int code, struct buf *text)
{
	if (!code) {
		buf_fmt(text, "%d", (int)submit_qp(&mail));
		return 'K';
	}
	buf_puts(text, submit_words(&mail, code));
	if (code != QQ_CUSTOM)
		buf_fmt(text, ". (#%s)", qq_status(code));
	return submit_permanent(&mail, code) ? 'D' : 'Z';
}

/* ---- who has the message ---- */

/* The other side may be gone, or this side out of memory. No packet may follow one
 * that was not sent: the message would have a gap. Then nobody answers handin_end. */
static void put(struct handin *h, char letter, const void *p, size_t n)
{
	static char packet[1 + WINDOW];
	const char *s = p;
	size_t k;

	do {
		k = n < WINDOW ? n : WINDOW;
		packet[0] = letter;
		if (k)
			memcpy(packet + 1, s, k);
		if (pass_send(h->sock, packet, 1 + k, 0, 0) < 0) {
			shutdown(h->sock, SHUT_RDWR);
			return;
		}
		s += k;
		n -= k;
	} while (n);
}

void handin_begin(struct handin *h, int sock, int64_t until)
{
	uint32_t head[2] = { (uint32_t)geteuid(), 0 };
	int64_t secs = (until - clock_mono()) / 1000;

	h->sock = sock;
	if (sock < 0) {
		submit_begin(&mail, PUT_UID);
		return;
	}
	head[1] = secs > DAY ? DAY : secs > 1 ? (uint32_t)secs : 1;
	put(h, 'B', head, sizeof head);
}

void handin_data(struct handin *h, const void *p, size_t n)
{
	if (h->sock < 0)
		submit_data(&mail, p, n);
	else if (n)
		put(h, 'D', p, n);
}

void handin_address(struct handin *h, char letter, const char *a)
{
	size_t n = strlen(a);

	if (h->sock >= 0)
		put(h, letter, a, n);
	else if (letter == 'S')
		submit_sender(&mail, a, n);
	else
		submit_rcpt(&mail, a, n);
}

/* Waits as long as the other side may live, which was told how long that is. */
char handin_end(struct handin *h, struct buf *text)
{
	char said[512];
	int nfds = 0;
	ssize_t n;

	if (h->sock < 0)
		return verdict(submit_end(&mail), text);
	put(h, 'E', "", 0);
	n = pass_recv(h->sock, said, sizeof said, 0, &nfds, 0);
	handin_abort(h);
	if (n < 2 || !memchr("KZD", said[0], 3)) {
		buf_puts(text, "no answer from who takes it in. (#4.3.0)");
		return 'Z';
	}
	buf_put(text, said + 1, (size_t)n - 1);
	return said[0];
}

void handin_abort(struct handin *h)
{
	if (h->sock < 0)
		submit_abort(&mail);
	h->sock = io_close(h->sock);
}

/* ---- who takes it ---- */

/* A queue program that hangs must not stay behind. */
static void late(void)
{
	if (mail.pid > 0)
		kill(mail.pid, SIGKILL);
	_exit(EXIT_TEMP);
}

static void begin(const char *p)
{
	uint32_t head[2];

	memcpy(head, p, sizeof head);
	if (!head[1] || head[1] > DAY)
		head[1] = DAY;
	proc_limit(head[1], late);
	qput_for(head[0]);
	submit_begin(&mail, PUT_UID);
}

enum turn { BEGIN, DATA, RCPT, MORE };

/* One packet. 1 go on, 0 it was the end, -1 it is out of its turn. Errors of the
 * queue stick in mail, and are told at the end. */
static int take(enum turn *t, const char *p, size_t n)
{
	char letter = *p++;

	n--;
	switch (*t) {
	case BEGIN:
		if (letter != 'B' || n != 2 * sizeof(uint32_t))
			return -1;
		begin(p);
		*t = DATA;
		return 1;
	case DATA:
		if (letter == 'S') {
			submit_sender(&mail, p, n);
			*t = RCPT;
		} else
			submit_data(&mail, p, n);
		return letter == 'S' || letter == 'D' ? 1 : -1;
	case MORE:
		if (letter == 'E')
			return 0;
		/* fall through */
	case RCPT:
		submit_rcpt(&mail, p, n);
		*t = MORE;
		return letter == 'T' ? 1 : -1;
	}
	return -1;
}

int handin_serve(int sock)
{
	static char packet[1 + WINDOW];
	struct buf text = BUF_AT(packet, 1, sizeof packet);
	enum turn turn = BEGIN;
	ssize_t n;
	int r = 1, nfds;

	proc_limit(START_SECS, late);
	while (r > 0 && (nfds = 0, n = pass_recv(sock, packet, sizeof packet, 0, &nfds, 0)) > 0)
		r = take(&turn, packet, (size_t)n);
	if (r) {
		if (turn != BEGIN)
			submit_abort(&mail);
		return EXIT_TEMP;
	}
	packet[0] = verdict(submit_end(&mail), &text);
	pass_send(sock, packet, text.len, 0, 0);
	return EXIT_DONE;
}
