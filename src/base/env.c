/* env.c: the environment of this process. The array is replaced by one of our own
 * with room for more; the strings stay where they are, the new ones in their
 * callers' storage. Refuses names that the loader, the C library or a shell would
 * act upon: a file of settings must not choose what code runs. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "env.h"
#include "heap.h"
#include "near.h"

enum { MORE = 32 };

extern char **environ;
static NEAR(0) size_t room;	/* entries of our array, its 0 included; 0: it is not ours yet */

int env_name_ok(const char *s, size_t n)
{
	/* A star: all that begin so. */
	static const char refused[] = "LD_*\0GLIBC_*\0MALLOC_*\0BASH_*\0PATH\0IFS\0ENV\0"
		"HOME\0CONTROLDIR\0QUEUE_BASE\0";
	const char *r;
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned c = (unsigned char)s[i] | 32;

		if ((c < 'a' || c > 'z') && s[i] != '_' && (!i || s[i] < '0' || s[i] > '9'))
			return 0;
	}
	for (r = refused; *r; r += i + 1) {
		i = strlen(r);
		if (r[i - 1] == '*' ? n >= i - 1 && !memcmp(s, r, i - 1) :
			n == i && !memcmp(s, r, i))
			return 0;
	}
	return n > 0;
}

/* An array of our own with room for one more. 0 / -1. */
static int make_room(size_t used)
{
	char **a;

	if (used + 2 <= room)
		return 0;
	if (!(a = heap_grow(room ? environ : 0, room * sizeof *a,
		(used + MORE) * sizeof *a))) {
		errno = ENOMEM;
		return -1;
	}
	if (!room && used)
		memcpy(a, environ, used * sizeof *a);
	a[used] = 0;
	environ = a;
	room = used + MORE;
	return 0;
}

int env_put(char *s)
{
	size_t n = strcspn(s, "="), i, keep = 0;

	if (!env_name_ok(s, n)) {
		errno = EINVAL;
		return -1;
	}
	/* A name that stands there twice goes twice. */
	for (i = 0; environ && environ[i]; i++)
		if (strcspn(environ[i], "=") != n || memcmp(environ[i], s, n))
			environ[keep++] = environ[i];
	if (environ)
		environ[keep] = 0;
	if (!s[n])
		return 0;
	if (make_room(keep) < 0)
		return -1;
	environ[keep] = s;
	environ[keep + 1] = 0;
	return 0;
}

int env_put_all(const struct buf *list)
{
	size_t i;

	for (i = 0; i < list->len; i += strlen(list->s + i) + 1)
		if (env_put(list->s + i) < 0)
			return -1;
	return 0;
}

static NEAR(0) char **kept;
static NEAR(0) size_t kept_count;	/* its 0 included */

int env_keep(void)
{
	size_t n = 0;

	while (environ && environ[n])
		n++;
	if (make_room(n) < 0)
		return -1;
	if (!(kept = heap_grow(0, 0, (n + 1) * sizeof *kept))) {
		errno = ENOMEM;
		return -1;
	}
	if (n)
		memcpy(kept, environ, n * sizeof *kept);
	kept[n] = 0;
	kept_count = n + 1;
	return 0;
}

/* There is room: env_keep() made our array for all of it, and none is ever made smaller. */
void env_back(void)
{
	if (environ)
		memcpy(environ, kept, kept_count * sizeof *kept);
}
