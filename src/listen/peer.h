/* peer.h: who is at the other end of descriptor 0, as tcpserver's variables tell it,
 * or the socket itself where nobody has set them. */
#ifndef LISTEN_PEER_H
#define LISTEN_PEER_H
#include "../net/addr.h"

struct peer {
	int known;		/* 1: addr and ip are an address; 0: a pipe, a local socket */
	struct addr addr;	/* of the client; ::ffff:a.b.c.d is the IPv4 address it stands for */
	char ip[ADDR_TEXT];	/* as text, RFC 5952; "" when not known */
	const char *host;	/* $TCPREMOTEHOST, or 0; a stranger's words */
	const char *info;	/* $TCPREMOTEINFO, or 0; a stranger's words */
	const char *local_host;	/* $TCPLOCALHOST, or 0 */
	char local_ip[ADDR_TEXT];	/* "" when not known */
	/* 1: the client is on this machine: loopback, or a pipe, a local socket. 0 for one
	 * from the network whose address is not known: it has gone, or $TCPREMOTEIP is none. */
	int local;
};

/* From the environment where it has TCPREMOTEIP, else from the socket on descriptor 0. */
void peer_load(struct peer *p);

/* ---- for the listener, too ---- */
/* ::ffff:a.b.c.d becomes the IPv4 address that it stands for; the port stays. */
void peer_plain(struct addr *a);
/* 1 when it is 127.0.0.0/8 or ::1. */
int peer_loopback(const struct addr *a);
/* Both ends of a connection, plain. 1; 0 fd is none of IP; -1 it is, but there is nobody
 * at the other end any more (*us is right). */
int peer_socket(int fd, struct addr *us, struct addr *them);

#endif
