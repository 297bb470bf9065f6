/* record.h: the records of an answer of the DNS, which may be anything. */
#ifndef NET_RECORD_H
#define NET_RECORD_H
#include <stddef.h>
#include "dns.h"

/* Of two bytes in the order of the network. */
unsigned record_get16(const unsigned char *p);
/* Reads the name at p + at, in a packet of n bytes, as text (RFC 1035 4.1.4; root is "").
 * Returns the bytes it occupies there, 0 when damaged. */
size_t record_name(const unsigned char *p, size_t n, size_t at, char out[static NAME_CAP]);

/* The records of an answer (class IN), one after the other. */
struct records {
	const unsigned char *packet;
	size_t end, at;
	unsigned left, answers;	/* questions and answers still to come; answers */
	unsigned type;
	size_t from, len;	/* where the record's data is */
	char name[NAME_CAP];
};
/* Begins with an answer of n bytes, at least 12, that stay where they are. */
void records_open(struct records *r, const unsigned char *p, size_t n);
/* 1 the next record is there, 0 there are no more, -1 the packet is damaged or cut. */
int records_next(struct records *r);

#endif
