/* login_cmd.h: the secret that a command prints, for login.c alone. */
#ifndef NET_LOGIN_CMD_H
#define NET_LOGIN_CMD_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "../base/buf.h"

/* Runs `/bin/sh -c command` with nothing to read and gives what it says on 1, less than
 * cap bytes. Their number; -1 with words in why: it failed (with the last line of what it
 * said on 2), said too much, or had not ended at `at`; then it is killed with all it has
 * started. */
ssize_t login_command(char *command, char *to, size_t cap, int64_t at, struct buf *why);

#endif
