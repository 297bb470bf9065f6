/* qq.c: the queue program's exit numbers in words. Numbers that nobody has
 * defined have a class all the same: 11 to 40 permanent, the rest temporary. */
#include <string.h>
#include "config.h"
#include "../exits.h"
#include "submit.h"

/* Side by side: each number, and its status and text one behind the other; at the end
 * those of a number that is unknown. */
#define NUM_0(num)
#define NUM_1(num) num,
#define WORDS_0(status, text)
#define WORDS_1(status, text) status "\0" text "\0"
#define IF_(what, on) what##on
#define IF(what, on) IF_(what, on)
static const unsigned char numbers[] = {
#define QQ(name, num, perm, status, text) num,
#define QQ_OWN(name, num, perm, status, text) IF(NUM_, CFG_QUEUE)(num)
#include "../exits.def"
#undef QQ
};
static const char words[] =
#define QQ(name, num, perm, status, text) WORDS_1(status, text)
#define QQ_OWN(name, num, perm, status, text) IF(WORDS_, CFG_QUEUE)(status, text)
#include "../exits.def"
#undef QQ
	"4.3.0\0queue program reports a temporary problem";
static const char never[] = "5.3.0\0queue program reports a permanent problem";
enum { STATUS = sizeof "4.3.0" };	/* the text is that far behind its status */

#define QQ(name, num, perm, status, text) \
	_Static_assert((num >= 11 && num <= 40) == perm && sizeof status == STATUS, status);
#include "../exits.def"
#undef QQ

int qq_permanent(int code)
{
	return (code >= 11 && code <= 40) || code == 115;
}

const char *qq_status(int code)
{
	const char *s = words;
	size_t i;

	if (code == 115)	/* the old name of 11 */
		code = QQ_TOOLONG;
	for (i = 0; i < sizeof numbers; i++) {
		if (numbers[i] == code)
			return s;
		s += STATUS;
		s += strlen(s) + 1;
	}
	return qq_permanent(code) ? never : s;
}

const char *qq_words(int code)
{
	return qq_status(code) + STATUS;
}
