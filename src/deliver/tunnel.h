/* tunnel.h: a relay that is a command: ssh, a proxy, anything whose input and output lead
 * to an SMTP server. */
#ifndef DELIVER_TUNNEL_H
#define DELIVER_TUNNEL_H
#include <sys/types.h>

/* Starts it by /bin/sh, with our rights. The other end of its input and output: a
 * descriptor, non-blocking, close-on-exec, and its process group in *pid; -1 errno. */
int tunnel_open(const char *command, pid_t *pid);
/* Ends all of it. */
void tunnel_close(pid_t pid);

#endif
