/* run.h: the state of one injection, private to inject.c, header.c,
 * take.c, compose.c and end.c. */
#ifndef INJECT_RUN_H
#define INJECT_RUN_H
#include "../msg/ident.h"
#include "../queue/submit.h"
#include "fate.h"
#include "inject.h"
#include "reader.h"

/* One injection. Whoever meets the first trouble says it and sets `fate`, by
 * one of the end functions; everybody above just returns 0. What is used most
 * stands first and the large arrays last: that makes shorter code. */
struct run {
	const struct inject *o;
	struct buf *into;	/* where the present field's addresses go, or 0 */
	struct buf *first;	/* where the first of them goes, when it is a sender; or 0 */
	int found;		/* how many there were */
	int listed;		/* they go to to_cc too */
	int badrcpt;		/* one of them cannot be in an envelope */
	enum fate fate;
	int from_header, follow;
	unsigned letters;	/* LETTER_ */
	unsigned seen;		/* bit 1 << field: this field is there */
	int resent;		/* FIELD_RESENT, or 0 */
	int have_path;
	int64_t now;
	struct addr_list list;
	struct addr_rules rules;
	struct buf field;	/* the field being collected, then the line behind it */
	struct buf out;		/* the header as it goes on */
	struct buf head;	/* what is added in front of it */
	struct buf args;	/* recipients: from arguments */
	struct buf rcpts;	/* To, Cc, Bcc, Apparently-To */
	struct buf again;	/* Resent-To, Resent-Cc, Resent-Bcc */
	struct buf to_cc;	/* for Mail-Followup-To */
	struct buf more;	/* what one recipient becomes, see admin_expand() */
	struct buf sender, path;
	struct out show;
	struct ident id;
	struct reader in;
	struct submit submit;
	/* Enough for the mail of a board, so that the heap is seldom needed; what
	 * most messages lack (path, again, to_cc) is there from the start. */
	char field_space[2048], out_space[4096], head_space[1024];
	char args_space[1024], rcpts_space[1024];
	char sender_space[ADDR_CAP + 8];
	char show_window[WINDOW];
};

/* ---- end.c: all say what is wrong, set fate and return 0 ---- */
int end_text(struct run *r, enum fate f, const char *text);
/* text, then the first bytes of what is complained about. */
int end_shown(struct run *r, enum fate f, const char *text, const char *what, size_t n);
/* A heap buffer that took no more: its bound, or the memory's. */
int end_full(struct run *r, const struct buf *b);
/* errno of reading the message. */
int end_read(struct run *r);
/* But this one returns 1 for ADDR_OK. */
int end_addr(struct run *r, enum addr_result e, const char *text, const char *what, size_t n);
/* The submission's number. */
int end_queue(struct run *r, int code);

/* ---- take.c: addresses into the run. 1, 0 ended ---- */
int take_arg(struct run *r, const char *arg);
/* The sender the caller gave, completed, as a C string. */
int take_sender(struct run *r);
/* The first n bytes of r->field are one whole field. */
int take_field(struct run *r, size_t n);

/* ---- compose.c: ADDR_ results; ADDR_BAD: the user's name or host cannot be
 * an address ---- */
/* Into r->head: the fields that must be added, in the classic order. */
enum addr_result compose_fields(struct run *r);
/* Into r->sender, when the caller gave none: from the Return-Path field if there
 * was one, else from the environment; with QMAILINJECT's r and m. */
enum addr_result compose_sender(struct run *r);

/* ---- header.c ---- */
/* The whole header into r->out, with the empty line if there is one or is to
 * be one. Afterwards r->field holds the first bytes of the body. 1, 0 ended. */
int header_read(struct run *r);

#endif
