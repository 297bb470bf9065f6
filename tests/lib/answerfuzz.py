#!/usr/bin/env python3
"""Random answers of a QMQP server, each a good one with something done to it, and what a
reader of another make says about them.

usage: answerfuzz.py --client qmail-qmqpc --dir D --count N [--seed S]

One line on standard output for each disagreement, and "N answers, G good, seed S" last.
D has the message, "m", and the envelope, "e"; $CONTROLDIR says timeoutremote 1.
"""
import argparse
import concurrent.futures
import os
import random
import re
import socket
import struct
import subprocess
import sys
import threading

import qmqpsink

GOOD = [b"22:Kok 1700000000 qp 4242,", b"37:Zqq write error or disk full (#4.3.0),",
        b"51:Dsorry, I can't accept addresses like that (#5.1.3),", b"1:K,", b"1:Z,", b"1:D,",
        b"100:K" + b"x" * 99 + b",", b"4096:D" + b"y" * 4095 + b","]


def expect(data):
    """74, or what the first netstring says; its length is 1 to 4096."""
    m = re.match(rb"([1-9][0-9]{0,3}):", data)
    if not m or int(m.group(1)) > 4096:
        return 74
    body = data[m.end():m.end() + int(m.group(1)) + 1]
    if len(body) != int(m.group(1)) + 1 or body[-1:] != b",":
        return 74
    return {b"K": 0, b"Z": 71, b"D": 31}.get(body[:1], 74)


def mutate(r):
    data = bytearray(r.choice(GOOD))
    for _ in range(r.choice((0, 1, 1, 1, 2, 3))):
        at = r.randrange(min(len(data), r.choice((3, 8, 5000))) + 1)
        byte = r.choice((r.randrange(256), r.choice(b"0123456789:,KZD \r\n\0")))
        how = r.randrange(5)
        if how == 0:
            data[at:at + 1] = bytes((byte,))
        elif how == 1:
            data[at:at] = bytes((byte,))
        elif how == 2:
            del data[at:at + r.choice((1, 1, 2, 10))]
        elif how == 3:
            del data[at:]
        else:
            data += r.choice(GOOD)
    return bytes(data)


class Server:
    """Answers each message with what the client's run has asked for, in random pieces."""

    def __init__(self):
        self.s = socket.socket()
        self.s.bind(("127.0.0.1", 0))
        self.s.listen(64)
        self.port = self.s.getsockname()[1]
        self.answers = {}
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            c, _ = self.s.accept()
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        c.settimeout(20)
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        got = b""
        while qmqpsink.netstring(got) is None:
            got += c.recv(65536)
        n = int(qmqpsink.parse(got)[1].partition(b"@")[0])
        data = self.answers[n]
        r = random.Random(n)
        try:
            at = 0
            while at < len(data):
                k = r.choice((1, 2, 5, 300, 5000))
                c.sendall(data[at:at + k])
                at += k
            if r.randrange(2):
                c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        c.close()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--client", required=True)
    p.add_argument("--dir", required=True)
    p.add_argument("--count", type=int, required=True)
    p.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    a = p.parse_args()
    r = random.Random(a.seed)
    server = Server()
    server.answers = {n: mutate(r) for n in range(a.count)}

    def run(n):
        e = os.path.join(a.dir, "e%d" % n)
        with open(e, "wb") as f:
            f.write(b"F%d@a.example\0Tann@b.example\0\0" % n)
        with open(os.path.join(a.dir, "m"), "rb") as m, open(e, "rb") as f:
            code = subprocess.run([a.client, "127.0.0.1:%d" % server.port], stdin=m, stdout=f,
                                  stderr=subprocess.PIPE, timeout=60, check=False).returncode
        os.unlink(e)
        return n, code

    good = 0
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for n, code in pool.map(run, range(a.count)):
            want = expect(server.answers[n])
            good += want != 74
            if code != want:
                print("%d for %d: %r" % (code, want, server.answers[n][:80]))
    print("%d answers, %d good, seed %d" % (a.count, good, a.seed))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
