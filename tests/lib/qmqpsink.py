#!/usr/bin/env python3
"""A small QMQP server for tests: takes mail on loopback, records each request as it
came, and can be told to misbehave at any byte.

usage: qmqpsink.py [--port 0] [--portfile F] [--host 127.0.0.1|::1] --dir D
       [--timeout SECS] [--script F] [--log F] [--read BYTES] [--backlog N] [--full]
       [--tls CERT KEY] [--tls-max 1.2]
       qmqpsink.py --decode FILE    a record in words: F sender, T each recipient,
                                    an empty line, then the message

--full: nobody gets through. The place for those who wait to be let in is taken, so a
connection is neither accepted nor refused, as behind a firewall that drops it.

--tls: TLS from the first byte on. What a script says for CONNECT comes before it, in the
clear. A handshake that fails is logged as `N NOTLS WHY`, one that does as `N TLS VERSION
NAME`, with the name that the client has asked for.

Each request is recorded as D/0001, D/0002, ... : its bytes as they came, complete by
rename before anything is answered. The name ends in .Z or .D when that was the answer,
in .none when nothing or nothing sensible was answered (the client cannot know), and in
.part when the request never became whole. A plain number means: accepted.

The log has one line an event, with the number of the connection in front:
  1 connect | 1 recv BYTES | 1 request BYTES | 1 stored 0001 | 1 answer BYTES
  1 BAD WHY   the request is not QMQP (it is not answered then)
  1 EXTRA     bytes behind the request
  1 close

A script has lines "WHEN MATCH ACTION". WHEN: CONNECT (before anything is read), IN (MATCH
is the number of bytes after which it strikes; reading stops exactly there), ANSWER (the
request is whole). MATCH of the others: * always; #N the Nth time (of a server's life);
!TEXT the request has TEXT, but only once; else the request has TEXT. The first line that
matches wins. The script is read again at every connection. ACTION:
  K TEXT   Z TEXT   D TEXT    a proper answer, with \\n \\r \\t \\0 \\xNN; without a script it
                    is "Kok SECONDS qp PID"
  raw TEXT          these bytes, with \\n \\r \\0 \\xNN, then the connection is closed
  split N ACTION    the first N bytes of what it sends, a moment later the rest
  bytes ACTION      what it sends, byte for byte
  drip SECS ACTION  the same, that far apart
  rst ACTION        the connection ends by RST
  keep ACTION       the connection stays open behind the answer, until the client closes
  drop              close at once     reset   the same by RST
  goodbye           close at once, with TLS's goodbye, which all other ends are without
  clear TEXT        (with --tls) these bytes as they are in place of TLS's, and close
  swallow           (ANSWER) the same as drop: the request is recorded before
  stall             say nothing more     freeze     and read nothing more
  sleep SECS ACTION
  say TEXT          (CONNECT, IN) these bytes, and carry on
  shut              (CONNECT, IN) end its own side, and carry on
  go                (CONNECT, IN) carry on
"""
import argparse
import os
import signal
import socket
import ssl
import struct
import sys
import threading
import time


class Gone(Exception):
    pass


def netstring(data, at=0):
    """(content, index behind it) or None when it is not whole; ValueError: it is none."""
    i = data.find(b":", at, at + 21)
    digits = data[at:i] if i >= 0 else data[at:at + 21]
    if digits and not digits.isdigit() or len(digits) > 20 or (i >= 0 and not digits):
        raise ValueError("length " + repr(digits))
    if len(digits) > 1 and digits[:1] == b"0":
        raise ValueError("leading zero")
    if i < 0:
        return None
    end = i + 1 + int(digits)
    if len(data) <= end:
        return None
    if data[end:end + 1] != b",":
        raise ValueError("no comma")
    return data[i + 1:end], end + 1


def parse(request):
    """Message, sender, recipients of a whole request."""
    got = netstring(request)
    if got is None or got[1] != len(request):
        raise ValueError("not one netstring")
    body, at, parts = got[0], 0, []
    while at < len(body):
        got = netstring(body, at)
        if got is None:
            raise ValueError("an inner netstring is not whole")
        parts.append(got[0])
        at = got[1]
    if len(parts) < 2:
        raise ValueError("no sender")
    return parts[0], parts[1], parts[2:]


def decode(name):
    with open(name, "rb") as f:
        message, sender, rcpts = parse(f.read())
    out = sys.stdout.buffer
    out.write(b"F" + sender + b"\n" + b"".join(b"T" + r + b"\n" for r in rcpts))
    out.write(b"\n" + message)


def unescape(text):
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


class Sink:
    def __init__(self, a):
        self.a = a
        self.lock = threading.Lock()
        self.conns = self.msgs = 0
        self.seen, self.used = {}, set()
        self.rules, self.text = [], None
        self.log_fd = None
        if a.log:
            self.log_fd = os.open(a.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def load(self):
        text = ""
        if self.a.script and os.path.exists(self.a.script):
            with open(self.a.script, encoding="latin-1") as f:
                text = f.read()
        if text == self.text:
            return
        self.text, self.rules, self.seen, self.used = text, [], {}, set()
        for line in text.split("\n"):
            if line and not line.startswith("#"):
                when, match, action = line.split(" ", 2)
                self.rules.append((when.upper(), match, action))

    def log(self, n, text):
        if self.log_fd is not None:
            os.write(self.log_fd, ("%d %s\n" % (n, text)).encode("latin-1", "replace"))

    def rule(self, when, request=b""):
        with self.lock:
            self.seen[when] = self.seen.get(when, 0) + 1
            for i, (w, match, action) in enumerate(self.rules):
                text = match.encode("latin-1")
                if w != when:
                    continue
                if match == "*":
                    return action
                if match[0] == "#":
                    if self.seen[when] == int(match[1:]):
                        return action
                elif match[0] == "!":
                    if text[1:] in request and i not in self.used:
                        self.used.add(i)
                        return action
                elif text in request:
                    return action
        return None

    def strikes(self):
        return sorted((int(m), i, act) for i, (w, m, act) in enumerate(self.rules) if w == "IN")

    def store(self, n, request, end):
        with self.lock:
            self.msgs += 1
            name = "%04d%s" % (self.msgs, end)
        tmp = os.path.join(self.a.dir, ".tmp-" + name)
        with open(tmp, "wb") as f:
            f.write(request)
        os.rename(tmp, os.path.join(self.a.dir, name))
        self.log(n, "stored " + name)


class Conn:
    def __init__(self, sink, sock, n):
        self.sink, self.sock, self.n = sink, sock, n
        self.parts, self.have, self.head = [], 0, b""
        self.stored = False
        self.strikes = sink.strikes()

    def request(self):
        return b"".join(self.parts)

    def recv(self, room):
        got = self.sock.recv(min(room, self.sink.a.read))
        if not got:
            raise Gone()
        self.sink.log(self.n, "recv %d" % len(got))
        self.parts.append(got)
        self.have += len(got)
        if len(self.head) < 32:
            self.head = (self.head + got)[:32]

    def size(self):
        """Bytes of the whole request, None as long as that cannot be known."""
        i = self.head.find(b":")
        if i < 0 and len(self.head) < 21 and (not self.head or self.head.isdigit()):
            return None
        if i <= 0 or not self.head[:i].isdigit() or (i > 1 and self.head[:1] == b"0"):
            raise ValueError("outer length " + repr(self.head[:21]))
        return i + 1 + int(self.head[:i]) + 1

    def read_request(self):
        while True:
            size = self.size()
            if size is not None and self.have >= size:
                return size
            room = 65536 if size is None else size - self.have
            if self.strikes:
                at, _, action = self.strikes[0]
                if self.have >= at:
                    self.strikes.pop(0)
                    self.act(action)
                    continue
                room = min(room, at - self.have)
            self.recv(room)

    def send(self, data, how):
        self.sink.log(self.n, "answer %d" % len(data))
        pieces, pause = [data], 0.02
        if isinstance(how, float):
            pieces, pause = [data[i:i + 1] for i in range(len(data))], how
        elif how is not None:
            pieces = [data[:how], data[how:]]
        for i, piece in enumerate(pieces):
            if i:
                time.sleep(pause)
            if piece:
                self.sock.sendall(piece)

    def carry_on(self, word, rest):
        """Whether it only did something in passing."""
        if word == "say":
            self.send(unescape(rest), None)
        elif word == "shut":
            self.sock.shutdown(socket.SHUT_WR)
        return word in ("say", "shut", "go")

    def act(self, action, whole=False):
        how, keep, rst = None, False, False
        while True:
            word, _, rest = action.partition(" ")
            if word == "split":
                how, _, action = rest.partition(" ")
                how = int(how)
            elif word == "bytes":
                how, action = 0.001, rest
            elif word == "drip":
                how, _, action = rest.partition(" ")
                how = float(how)
            elif word == "rst":
                rst, action = True, rest
            elif word == "keep":
                keep, action = True, rest
            elif word == "sleep":
                secs, _, action = rest.partition(" ")
                time.sleep(float(secs))
            else:
                break
        if self.carry_on(word, rest):
            return
        if word in ("K", "Z", "D"):
            text = unescape(word + rest)
            data = b"%d:%s," % (len(text), text)
        else:
            data = unescape(rest) if word == "raw" else b""
        if not self.stored:
            end = ".part" if not whole else {"K": "", "Z": ".Z", "D": ".D"}.get(word, ".none")
            self.sink.store(self.n, self.request(), end)
            self.stored = True
        if data:
            self.send(data, how)
        if word == "goodbye":
            self.sock.unwrap()
        if word == "clear":
            os.write(self.sock.fileno(), unescape(rest))
        if rst or word == "reset":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if word == "freeze":
            time.sleep(self.sink.a.timeout)
        if word == "stall" or keep:
            while self.sock.recv(65536):
                pass
        raise Gone()

    def secure(self):
        names = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.sink.a.tls)
        if self.sink.a.tls_max == "1.2":
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.sni_callback = lambda sock, name, _: names.append(name)
        try:
            self.sock = context.wrap_socket(self.sock, server_side=True)
        except OSError as why:
            self.sink.log(self.n, "NOTLS %s" % why)
            raise Gone() from why
        self.sink.log(self.n, "TLS %s %s" % (self.sock.version(), names[0] if names else None))

    def run(self):
        action = self.sink.rule("CONNECT")
        if action:
            self.act(action)
        if getattr(self.sink.a, "tls", None):
            self.secure()
        try:
            size = self.read_request()
            self.sink.log(self.n, "request %d" % size)
            request = self.request()
            parse(request)
        except ValueError as why:
            self.sink.log(self.n, "BAD %s" % why)
            raise Gone() from why
        self.sock.setblocking(False)
        try:
            if self.sock.recv(1):
                self.sink.log(self.n, "EXTRA")
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        self.sock.setblocking(True)
        self.sock.settimeout(self.sink.a.timeout)
        ok = "K ok %d qp %d" % (time.time(), os.getpid())
        self.act(self.sink.rule("ANSWER", request) or ok, True)

    def serve(self):
        try:
            self.run()
        except (Gone, OSError):
            pass
        if not self.stored and self.have:
            self.sink.store(self.n, self.request(), ".part")
        self.sink.log(self.n, "close")
        self.sock.close()


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--portfile")
    p.add_argument("--dir")
    p.add_argument("--timeout", type=float, default=120)
    p.add_argument("--script")
    p.add_argument("--log")
    p.add_argument("--read", type=int, default=65536)
    p.add_argument("--backlog", type=int, default=256)
    p.add_argument("--full", action="store_true")
    p.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    p.add_argument("--tls-max")
    p.add_argument("--decode")
    return p.parse_args()


def listen(a):
    s = socket.socket(socket.AF_INET6 if ":" in a.host else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((a.host, a.port))
    s.listen(0 if a.full else a.backlog)
    return s


def fill(listener):
    """Takes the places of those who wait. What it returns must be kept."""
    crowd = []
    for _ in range(8):
        c = socket.socket(listener.family)
        c.setblocking(False)
        c.connect_ex(listener.getsockname())
        crowd.append(c)
    time.sleep(0.1)
    return crowd


def accept(sink, listener, end):
    """Serves until then."""
    crowd = fill(listener) if sink.a.full else []
    while True:
        left = end - time.monotonic()
        if left <= 0:
            return
        if crowd:
            time.sleep(left)
            continue
        listener.settimeout(left)
        try:
            c, _ = listener.accept()
        except OSError:
            continue
        c.settimeout(max(1.0, left))
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sink.load()
        sink.conns += 1
        sink.log(sink.conns, "connect")
        threading.Thread(target=Conn(sink, c, sink.conns).serve, daemon=True).start()


def main():
    a = arguments()
    if a.decode:
        return decode(a.decode)
    if not (a.host == "::1" or a.host.startswith("127.") or os.environ.get("SINK_ANY")):
        sys.exit("qmqpsink: loopback only")
    os.makedirs(a.dir, exist_ok=True)
    sink = Sink(a)
    s = listen(a)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if a.portfile:
        with open(a.portfile + ".tmp", "w", encoding="ascii") as f:
            f.write("%d\n" % s.getsockname()[1])
        os.rename(a.portfile + ".tmp", a.portfile)
    accept(sink, s, time.monotonic() + a.timeout)
    os._exit(0)


if __name__ == "__main__":
    main()
