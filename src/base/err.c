/* err.c: errno in words, for the errors that files, sockets and processes of a mail
 * system can meet. */
#include <errno.h>
#include "buf.h"
#include "err.h"

static const struct { unsigned short no; char text[26]; } known[] = {
	{ EPERM, "Operation not permitted" },
	{ ENOENT, "No such file or directory" },
	{ EINTR, "Interrupted" },
	{ EIO, "I/O error" },
	{ ENOEXEC, "Not a program" },
	{ EAGAIN, "Not available now" },
	{ ENOMEM, "Out of memory" },
	{ EACCES, "Permission denied" },
	{ EEXIST, "File exists" },
	{ ENOTDIR, "Not a directory" },
	{ EISDIR, "Is a directory" },
	{ EINVAL, "Invalid argument" },
	{ ENFILE, "Too many open files here" },
	{ EMFILE, "Too many open files" },
	{ EFBIG, "File too large" },
	{ ENOSPC, "No space left on device" },
	{ EROFS, "Read-only file system" },
	{ EPIPE, "Broken pipe" },
	{ ENAMETOOLONG, "Name too long" },
	{ ELOOP, "Symbolic link loop" },
	{ EBADMSG, "Damaged" },
	{ EMSGSIZE, "Too long" },
	{ EADDRNOTAVAIL, "Address not available" },
	{ ENETUNREACH, "Network unreachable" },
	{ ECONNRESET, "Connection reset by peer" },
	{ ETIMEDOUT, "Connection timed out" },
	{ ECONNREFUSED, "Connection refused" },
	{ EHOSTUNREACH, "Host is unreachable" },
	{ ESTALE, "Stale file handle" },
	{ EDQUOT, "Quota exceeded" },
};

const char *err_text(int e)
{
	static char text[32];
	unsigned i;

	for (i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].no == e)
			return known[i].text;
	buf_text(text, sizeof text, "system error %d", e);
	return text;
}
