#!/usr/bin/env python3
"""TLS with a shared key in front of a plain server on loopback, as Python's ssl has no
such keys: `openssl s_server` for each connection, one after the other.

usage: pskproxy.py PORTFILE TO_PORT ID:HEXKEY [S_SERVER_OPTION...]"""
import os
import signal
import socket
import subprocess
import sys
import threading
import time


def pump(read, write):
    """Until either side has enough."""
    try:
        while True:
            data = read()
            if not data:
                return
            write(data)
    except OSError:
        pass


def connection(port, to, psk, options):
    name, key = psk.split(":")
    p = subprocess.Popen(["openssl", "s_server", "-quiet", "-nocert", "-naccept", "1",
                          "-accept", "127.0.0.1:%d" % port, "-psk_identity", name,
                          "-psk", key] + options, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
    try:
        carry(p, to)
    finally:
        p.kill()
        p.wait()


def carry(p, to):
    first = os.read(p.stdout.fileno(), 65536)
    if first:
        c = socket.create_connection(("127.0.0.1", to))
        c.sendall(first)
        t = threading.Thread(target=pump, daemon=True, args=(
            lambda: os.read(p.stdout.fileno(), 65536), c.sendall))
        t.start()
        pump(lambda: c.recv(65536), lambda data: os.write(p.stdin.fileno(), data))
        time.sleep(0.1)
        c.close()


def main():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
    s.close()
    with open(sys.argv[1] + ".tmp", "w", encoding="ascii") as f:
        f.write("%d\n" % port)
    os.rename(sys.argv[1] + ".tmp", sys.argv[1])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    end = time.monotonic() + 300
    while time.monotonic() < end:
        connection(port, int(sys.argv[2]), sys.argv[3], sys.argv[4:])


main()
