/* mime.h: what a part's header says of its body (RFC 2045, 2046). The values are field
 * bodies as C strings, unfolded or not. */
#ifndef MSG_MIME_H
#define MSG_MIME_H
#include <stddef.h>
#include "../base/buf.h"

enum mime_type {
	MIME_LEAF,	/* also what cannot be understood */
	MIME_MESSAGE,	/* message/rfc822: a header comes next */
	MIME_DIGEST,	/* multipart whose parts are messages when they do not say */
	MIME_SEALED,	/* multipart/signed, /encrypted: not a byte may change (RFC 1847) */
	MIME_FIXED,	/* other message/...: never encoded (RFC 2046 5.2) */
	MIME_MULTIPART
};
enum mime_code { MIME_PLAIN /* 7bit, 8bit, binary, nothing */, MIME_QP, MIME_BASE64, MIME_CODED };

enum mime_type mime_type(const char *value);
enum mime_code mime_code(const char *value);
/* The boundary parameter into `to`, without a NUL. Its length; 0: there is none, or it
 * has no room in cap bytes. */
size_t mime_boundary(const char *value, char *to, size_t cap);
/* Appends lead and two digits for the byte: "=3D" of quoted-printable, "+3D" of xtext. */
void mime_hex(struct buf *b, int lead, unsigned char c);

#endif
