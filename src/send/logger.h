/* logger.h: where the log goes besides standard error. */
#ifndef SEND_LOGGER_H
#define SEND_LOGGER_H
#include <sys/types.h>

/* argv: "splogger" [tag [facility]] is built in (syslog); any other program gets
 * the log on its standard input and, when started by root, runs as qmaill or else
 * as uid and gid. 0, -1 errno. */
int logger_start(char **argv, uid_t uid, gid_t gid);

#endif
