/* report.h: lines of the log as the qmail family writes them, and the paragraphs
 * of bounces and notes. */
#ifndef SEND_REPORT_H
#define SEND_REPORT_H
#include "slots.h"

/* 1 when trouble of this kind (the text's address and a number) was not said in the
 * last hour, and so may be said now. */
int report_may(const char *what, int code);
/* "warning: unable to WHAT msg ID: errno's words; will try again", for the first
 * message in an hour that has it. */
void report_trouble(const char *what, uint64_t id);
void report_status(int leaving);
void report_new(const struct qinfo *i);
void report_start(uint32_t number, uint64_t id, enum qchan c, const char *addr, size_t n);
/* fate: 'K' success, 'D' failure, 'Z' deferral. */
void report_end(uint32_t number, char fate, const char *text, size_t n);
/* "<addr>:" LF text LF blank line, as in bounce/ID (QSBMF): the address without the
 * virtualdomains prefix, LF in it as _; a blank line inside text becomes "/". 1, 0 no room. */
int report_paragraph(struct buf *b, enum qchan c, const char *addr, size_t n,
	const char *text, size_t len);

#endif
