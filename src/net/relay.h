/* relay.h: what a route says: which relays, in what order, with which login and settings.
 * Where routes come from: routes.h. */
#ifndef NET_RELAY_H
#define NET_RELAY_H
#include <stddef.h>
#include "dns.h"

/* One relay of a value. A value is
 *   relay[,relay...] [user password] [NAME=value,...]
 * and a relay host[:port[:penalty[:max_tolerance]]], [v6]:port..., or |command. The relays
 * are asked in their order. In place of user and password /KEY asks control/remote_auth;
 * /s is made the sender's address by routes.c, /r the recipient's. Wherever a blank, a comma or a percent sign is
 * meant it is written %20, %2C, %25. A value that begins with '!' is words in place of a
 * route that nobody may use. */
struct relay {
	char host[NAME_CAP];	/* name or address, brackets removed; "" for a command */
	const char *command;	/* behind the '|', of command_len bytes, see relay_plain(); or 0 */
	size_t command_len;
	unsigned port;		/* 25 when absent */
	unsigned penalty, tolerance;	/* seconds, 0 not given: see tcpto.h */
	const char *value;	/* the whole value */
};
/* Relay number i, from 0. 1; 0 there are no more; -1 it is not usable: relay_wrong(). */
int relay_at(struct relay *r, const char *value, unsigned i);
/* User and password of the value, %XX undone. 1; 0 there is none; -1 no room. The password is
 * "-" when it is to be found elsewhere; for /KEY the user is "/KEY" and the password "". */
int relay_login(const char *value, char *user, size_t ucap, char *password, size_t pcap);
/* NAME=value of the value's last field, %XX undone. Names: case-blind. 1; 0 not there; -1 no room. */
int relay_option(const char *value, const char *name, char *to, size_t cap);
/* The n bytes at s as a C string, %XX undone. 0; -1 no room, or % without two hex digits. */
int relay_plain(char *to, size_t cap, const char *s, size_t n);
/* Why nobody can use the value, a sentence without its end (it stays as long as the value);
 * 0: it is as it should be. */
const char *relay_wrong(const char *value);
/* 1 when a password stands in the value itself. */
int relay_secret(const char *value);

#endif
