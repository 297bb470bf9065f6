"""A client of hostile.py: steps that no mail program would take, and what it heard."""
import os
import re
import select
import socket
import ssl
import struct
import time


class Client:
    measure = staticmethod(lambda: None)    # called between the steps

    def __init__(self, port):
        self.s = socket.create_connection(("127.0.0.1", port), 20)
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data, self.codes, self.over, self.reset, self.tls, self.raw = b"", [], False, False, False, None

    def take(self, piece):
        self.data += piece
        if self.data.startswith(b"\x15\x03"):     # TLS's alert, to who speaks no TLS
            self.data = b""
        while b"\n" in self.data:
            line, self.data = self.data.split(b"\n", 1)
            if not re.match(rb"\d\d\d[ -][ -~]*\r$", line):
                self.codes.append("odd:%r" % line[:60])
            elif line[3:4] == b" ":
                self.codes.append(line[:3].decode())

    def read(self, secs):
        """One piece, if it comes in time."""
        if self.over:
            return False
        if not (self.tls and self.s.pending()) and not select.select([self.s], [], [], secs)[0]:
            return False
        try:
            piece = self.s.recv(65536)
        except (ssl.SSLWantReadError, socket.timeout):
            return True
        except OSError:
            self.reset, piece = True, b""
        if not piece:
            self.over = True
            return False
        self.take(piece)
        return True

    def replies(self, n, secs=30):
        until = time.monotonic() + secs
        while len(self.codes) < n and not self.over and time.monotonic() < until:
            self.read(until - time.monotonic())

    def drain(self, secs=30):
        until = time.monotonic() + secs
        while not self.over and time.monotonic() < until:
            self.read(until - time.monotonic())

    def send(self, data):
        view = memoryview(data)
        while len(view) and not self.over:
            try:
                if self.tls:
                    self.s.sendall(view)
                    return
                r, w, _ = select.select([self.s], [self.s], [], 30)
                if r:
                    self.read(0)
                if w and not self.over:
                    view = view[self.s.send(view[:1 << 18], socket.MSG_DONTWAIT):]
                if not r and not w:
                    return
            except BlockingIOError:
                continue
            except OSError:
                self.reset = True
                self.drain(5)
                return

    def step(self, what):
        if isinstance(what, bytes):
            self.send(what)
        elif isinstance(what, int):
            self.replies(self.want + what)
            self.want += what
        elif what == "eof":
            try:
                self.s.shutdown(socket.SHUT_WR)
            except OSError:
                self.reset = True
        elif what == "rst":
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.s.close()
            self.over = True
        elif what == "tls":
            self.raw = socket.socket(fileno=os.dup(self.s.fileno()))
            c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
            self.s.settimeout(20)
            self.s = c.wrap_socket(self.s, suppress_ragged_eofs=True)
            self.tls = True
        elif what[0] == "raw":
            self.raw.sendall(what[1])
        elif what[0] == "sleep":
            time.sleep(what[1])
        elif what[0] == "pieces":
            for p in what[1:]:
                self.send(p)
                time.sleep(0.004)
        elif what[0] == "drip":
            for i in range(len(what[1])):
                if self.over:
                    break
                self.send(what[1][i:i + 1])
                if what[2]:
                    self.read(what[2])
        elif what[0] == "times":
            block = max(1, 65536 // len(what[1]))
            for i in range(0, what[2], block):
                if self.over:
                    break
                self.send(what[1] * min(block, what[2] - i))

    def run(self, steps, codes, end):
        self.replies(1)
        greeting, self.codes, self.want = self.codes[:1], self.codes[1:], 0
        if greeting != ["220"]:
            return "greeting %s" % greeting
        self.measure()
        for what in steps:
            if self.over and what not in ("eof", "rst"):
                break
            self.step(what)
            self.measure()
        if end == "gone":
            return None
        if end in ("open", "data"):
            self.replies(least(codes))
            self.measure()
            n = len(self.codes)
            if end == "open":
                self.send(b"NOOP\r\n")
                self.replies(n + 1)
                if self.over or self.codes[n:] != ["250"]:
                    return "it does not go on: %s" % self.codes
                self.codes.pop()
            elif self.read(0.1) or self.over:
                return "it takes no text"
            return None
        self.drain()
        return None if self.over else "the connection was not ended: %s" % " ".join(self.codes[-30:])


def tokens(codes):
    for t in codes.split():
        m = re.match(r"([\d/]+)(?:x(\d+)|(\*))?$", t)
        yield m.group(1), int(m.group(2) or 1), bool(m.group(3))


def least(codes):
    return sum(n for _, n, _ in tokens(codes))


def fits(codes, got, reset):
    """reset: the last replies may have been lost on the way."""
    at = 0
    for code, n, more in tokens(codes):
        k = 0
        while at < len(got) and got[at] in code.split("/") and (more or k < n):
            at += 1
            k += 1
        if k < n:
            return reset and at == len(got)
    return at == len(got)
