/* passhash_libc.c: crypt(3) of the host's libcrypt. */
#include <crypt.h>
#include <string.h>
#include "passhash.h"

int passhash_same(const char *password, const char *hash)
{
	const char *made = crypt(password, hash);

	return made && *made == '$' && strcmp(made, hash) == 0;
}
