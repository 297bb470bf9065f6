/* exits.h: exit numbers as names. The queue program's come from exits.def;
 * the others are the classic 0/100/111 of the qmail family and sysexits(3). */
#ifndef EXITS_H
#define EXITS_H

enum qq {
	QQ_OK = 0,
#define QQ(name, num, perm, status, text) name = num,
#include "exits.def"
#undef QQ
};

/* qmail family programs. */
enum { EXIT_DONE = 0, EXIT_PERM = 100, EXIT_TEMP = 111, EXIT_LEFT = 75 };

/* sendmail(8), as its callers test it. */
enum {
	SM_OK = 0, SM_USAGE = 64, SM_DATAERR = 65, SM_NOINPUT = 66,
	SM_UNAVAILABLE = 69, SM_SOFTWARE = 70, SM_OSERR = 71, SM_CANTCREAT = 73,
	SM_IOERR = 74, SM_TEMPFAIL = 75, SM_NOPERM = 77, SM_CONFIG = 78
};

#endif
