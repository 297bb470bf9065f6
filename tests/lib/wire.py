#!/usr/bin/env python3
"""wire.py: a QMQP server that counts what its port costs on the wire.

wire.py serve INTERFACE ADDRESS PORT DIR   takes messages for two minutes: the
    request of each into DIR/1, DIR/2 ..., and when that connection is over what
    went over INTERFACE since the one before into DIR/1.wire: "PACKETS BYTES", the
    bytes those of IP packets, with their headers, in both directions
wire.py bare ADDRESS PORT FILE             a client as bare as can be: one write of
    FILE, one read of the answer, which it prints

Packets are counted as they are handed to the interface: one that the kernel cuts
later (lo takes 64 KiB) counts as it was. On lo each is seen twice and counted once.
"""
import os
import select
import signal
import socket
import sys
import time

ANSWER = b'Kok 1700000000 qp 4242'
OUTGOING = 4


def netstring(b):
    return b'%d:%s,' % (len(b), b)


def whole(b):
    """are all the bytes of the netstring there?"""
    n, colon, rest = b.partition(b':')
    return bool(colon) and len(rest) > int(n)


class Wire:
    def __init__(self, interface, port):
        self.lo, self.port = interface == 'lo', port
        self.s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.s.bind((interface, 0))
        self.packets = self.bytes = 0

    def drain(self, quiet):
        """counts until nothing came for so long"""
        while select.select([self.s], [], [], quiet)[0]:
            b, where = self.s.recvfrom(70000)
            if where[1] != 0x0800 or (self.lo and where[2] == OUTGOING) or b[9] != 6:
                continue
            tcp = b[(b[0] & 15) * 4:]
            if self.port in (int.from_bytes(tcp[0:2], 'big'), int.from_bytes(tcp[2:4], 'big')):
                self.packets += 1
                self.bytes += int.from_bytes(b[2:4], 'big') or len(b)

    def take(self):
        r = self.packets, self.bytes
        self.packets = self.bytes = 0
        return r


def serve(interface, address, port, where):
    signal.alarm(120)           # whatever becomes of the test
    wire = Wire(interface, port)
    s = socket.create_server((address, port), backlog=128)
    open(where + '/ready', 'w').close()
    n = 0
    while True:
        c, _ = s.accept()
        n += 1
        got = b''
        while not whole(got):
            wire.drain(0)
            more = c.recv(65536)
            if not more:
                break
            got += more
        else:
            c.sendall(netstring(ANSWER))
            c.recv(1)           # the client goes first
        c.close()
        wire.drain(0.3)
        with open('%s/%d' % (where, n), 'wb') as f:
            f.write(got)
        with open('%s/new' % where, 'w') as f:
            print(*wire.take(), file=f)
        os.rename('%s/new' % where, '%s/%d.wire' % (where, n))


def bare(address, port, path):
    with open(path, 'rb') as f:
        b = f.read()
    c = socket.create_connection((address, port), 60)
    c.sendall(b)
    print(c.recv(4096))


def main():
    a = sys.argv[1:]
    if a[0] == 'serve':
        serve(a[1], a[2], int(a[3]), a[4])
    else:
        bare(a[1], int(a[2]), a[3])


main()
