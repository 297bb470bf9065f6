/* refit.h: a message made to fit the server that takes it: 8-bit bodies as
 * quoted-printable for one without 8BITMIME (RFC 6152 3), lines over 998 bytes in a
 * form that no server cuts (RFC 5321 4.5.3.1.6).
 *
 * It goes through twice, with bounded memory: refit_begin(study 1) and all bytes find
 * out what there is, plan->what is set to what must be mended, and refit_begin(study 0)
 * and the same bytes give the result, as often as wanted and always the same. Nothing
 * changes when plan->what is 0. deliver/body.c does all of this. */
#ifndef MSG_REFIT_H
#define MSG_REFIT_H
#include <stddef.h>
#include "../base/buf.h"

/* RFC 5322 2.1.1: bytes of a line, its end not counted. */
#define REFIT_LINE 998
/* Beyond these the rest is left as it is: parts, and how deep they lie. */
#define REFIT_PARTS 256
#define REFIT_DEPTH 8
#define REFIT_BOUNDARY 120	/* RFC 2046 5.1.1 allows 70 */

/* What is found or to be mended: bytes of 128 and more; lines too long. Found only: those
 * bytes are not UTF-8. */
enum { REFIT_EIGHT = 1, REFIT_LONG = 2, REFIT_BAD = 4 };
/* Where: in headers; in bodies that can be encoded; in others; between parts. */
enum { IN_HEADER, IN_BODY, IN_FIXED, IN_NOTHING, REFIT_ZONES };

struct refit_plan {
	unsigned what;			/* to be mended */
	unsigned char in[REFIT_ZONES];	/* found there */
	unsigned char part[REFIT_PARTS];	/* private: found in each part, and what it is */
};

/* What is used most stands first: the code for it is shorter. */
struct refit {
	/* private: the line that is being read */
	struct refit_plan *plan;
	unsigned char *here;	/* of plan->part */
	size_t len;
	int study, cr, inside;	/* a CR was last; its beginning is done with */
	/* where it stands */
	unsigned zone, mode, depth, seen, field, type, code, parts;
	int top, drop;
	unsigned col, more;	/* of the encoded line; bytes that a character lacks */
	struct buf out;		/* what refit_put() has made, over outbuf; empty when studying */
	struct buf value;	/* of the field, over valuebuf */
	struct { size_t n; int digest; char s[REFIT_BOUNDARY]; } bound[REFIT_DEPTH];
	char line[REFIT_LINE], valuebuf[1024], outbuf[4096];
};

/* plan: zeroed before the first study. */
void refit_begin(struct refit *r, struct refit_plan *plan, int study);
/* Takes bytes at p, at most up to an end of a line: how many, and none when a long line
 * has filled its room. LF, CR LF and a CR alone each end a line; out has LF. n 0: the
 * message is over. */
size_t refit_put(struct refit *r, const char *p, size_t n);

#endif
