/* passhash.h: crypt(3), of which only SHA-512 ($6$) is here: all of it is 14 KB. */
#ifndef BASE_PASSHASH_H
#define BASE_PASSHASH_H

/* 1 when the password is the one of this hash, which begins with "$6$"; else 0. */
int passhash_same(const char *password, const char *hash);

#endif
