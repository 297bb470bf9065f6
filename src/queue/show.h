/* show.h: what the programs that show the queue have in common. */
#ifndef QUEUE_SHOW_H
#define QUEUE_SHOW_H
#include "queue.h"

/* Opens the queue for a program without arguments, called argv[0]. 0, or the exit
 * code: what is wrong was said then. */
int show_begin(struct queue *q, int argc, char **argv);
/* Message id as mailq shows it, its header, and with body 1 the rest; bytes that could
 * do something to a terminal as '_'. 1, 0 there is none, -1 errno. */
int show_one(struct queue *q, const char *name, uint64_t id, int body);
/* Bytes that could do something to a terminal as '_'. from: the lowest that is shown as
 * it is. */
void show_safe(struct out *o, const char *s, size_t n, int from);
/* before, then the two largest units of a time: 3d4h, 2h13m, 12s. */
void show_span(struct out *o, const char *before, int64_t secs);
/* The last error of this recipient of the message that is shown, whole lines up to a
 * blank one; 0 none. */
const char *show_note(const struct qrcpt *rc);
/* The whole queue as one JSON array. Exit code. */
int show_json(struct queue *q);
/* The beginning of a message's object, up to its recipients; one of them. due: wall
 * seconds of its next try, 0 none. */
void json_head(struct out *o, const struct qinfo *i);
void json_rcpt(struct out *o, const struct qrcpt *rc, const char *channel, int64_t due);
/* A JSON string. Bytes above 126 become \u00XX, so that it is valid whatever they are. */
void json_string(struct out *o, const char *s, size_t n);

#endif
