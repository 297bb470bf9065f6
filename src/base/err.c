/* err.c: errno in words, for the errors that files, sockets and processes of a mail
 * system can meet. */
#include <errno.h>
#include <string.h>
#include "buf.h"
#include "err.h"

/* The numbers, and their words in the same order. */
#define ERRORS(E) \
	E(EPERM, "Operation not permitted") \
	E(ENOENT, "No such file or directory") \
	E(EINTR, "Interrupted") \
	E(EIO, "I/O error") \
	E(ENOEXEC, "Not a program") \
	E(EAGAIN, "Not available now") \
	E(ENOMEM, "Out of memory") \
	E(EACCES, "Permission denied") \
	E(EEXIST, "File exists") \
	E(ENOTDIR, "Not a directory") \
	E(EISDIR, "Is a directory") \
	E(EINVAL, "Invalid argument") \
	E(ENFILE, "Too many open files here") \
	E(EMFILE, "Too many open files") \
	E(EFBIG, "File too large") \
	E(ENOSPC, "No space left on device") \
	E(EROFS, "Read-only file system") \
	E(EPIPE, "Broken pipe") \
	E(ENAMETOOLONG, "Name too long") \
	E(ELOOP, "Symbolic link loop") \
	E(EBADMSG, "Damaged") \
	E(EMSGSIZE, "Too long") \
	E(EADDRNOTAVAIL, "Address not available") \
	E(ENETUNREACH, "Network unreachable") \
	E(ECONNRESET, "Connection reset by peer") \
	E(ETIMEDOUT, "Connection timed out") \
	E(ECONNREFUSED, "Connection refused") \
	E(EHOSTUNREACH, "Host is unreachable") \
	E(ESTALE, "Stale file handle") \
	E(EDQUOT, "Quota exceeded")
static const unsigned short numbers[] = {
#define E(no, text) no,
	ERRORS(E)
#undef E
};
static const char words[] =
#define E(no, text) text "\0"
	ERRORS(E);

const char *err_text(int e)
{
	static char text[32];
	const char *s = words;
	unsigned i;

	for (i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		if (numbers[i] == e)
			return s;
		s += strlen(s) + 1;
	}
	buf_text(text, sizeof text, "system error %d", e);
	return text;
}
