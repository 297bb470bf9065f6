#!/usr/bin/env python3
"""nc.py PORT: a connection to loopback as standard input and output, for relays that are
commands. Ends with either side, or after half a minute of silence."""
import os
import select
import socket
import sys

s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
while True:
    for f in select.select([0, s], [], [], 30)[0] or sys.exit(1):
        try:
            d = os.read(0, 4096) if f == 0 else s.recv(4096)
        except OSError:
            d = b""
        if not d:
            sys.exit(0)
        s.sendall(d) if f == 0 else os.write(1, d)
