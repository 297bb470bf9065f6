/* log.h: lines for the log and for the person at the terminal. One write(2) a
 * line, so that lines of several processes never mix. No time stamps: the
 * logger adds them. */
#ifndef BASE_LOG_H
#define BASE_LOG_H
#include <stddef.h>
#include "buf.h"

/* A line to the log descriptor (2 unless log_to() was called). Cut at LINE_MAX_LOG. */
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same of a line that is made already; its LF takes the last byte if there is no room. */
void log_buf(struct buf *line);
void log_to(int fd);
/* Each line, without its LF, goes to this function instead; it may fall back on
 * log_stderr(). */
void log_sink(void (*line)(const char *s, size_t n));
void log_stderr(const char *s, size_t n);
/* on 1: lines wait in a buffer until log_flush() or until it is full, so that a
 * busy runner pays one write for many lines. Flush before every wait. */
void log_hold(int on);
void log_flush(void);
/* The same, and gives the buffer's memory back through a long wait. */
void log_trim(void);
/* Untrusted bytes made safe (qmail's logsafe): LF becomes /, % and all outside
 * 33..126 become _ . 1/0 as buf_put. */
int log_safe(struct buf *b, const char *s, size_t n);
/* "name: text" to descriptor 2; when fmt ends in ':' the words of errno follow. */
void say(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "name: usage: name" and how, which begins with a blank or is "". EXIT_PERM. */
int say_usage(const char *name, const char *how);

#endif
