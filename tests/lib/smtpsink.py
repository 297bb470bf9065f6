#!/usr/bin/env python3
"""A small SMTP server for tests: takes mail on loopback, stores it, and can be
told to misbehave at any step.

usage: smtpsink.py [--port 0] [--portfile F] [--host 127.0.0.1|::1] --dir D
       [--timeout SECS] [--script F] [--log F] [--max-rcpts N] [--slow SECS]
       [--size N] [--no-ehlo] [--no-pipelining] [--no-size] [--no-8bitmime]
       [--smtputf8] [--dsn] [--name HOST] [--lf] [--cap LINE]... [--on "VERB MATCH ACTION"]...

Each message becomes D/0001, D/0002, ...: its MAIL line and RCPT lines, an empty
line, then the data without dot stuffing (with CRLF as received; --lf: with LF).
A file appears complete, by rename, before the client gets its answer.

The log has one line an event, with the number of the connection in front:
  1 connect | 1 recv BYTES | 1 C COMMAND | 1 S REPLY | 1 stored 0001 | 1 close
  1 EARLY   the client sent ahead although PIPELINING was not offered
  1 BARE    a CR or LF stood alone in the data
  1 LONG    a line of the data had more than 998 bytes
  1 PARAM X  a parameter of MAIL or RCPT that belongs to nothing that was offered, or
            8-bit bytes in an address without SMTPUTF8

A script has lines "VERB MATCH ACTION"; --on gives single ones. Verbs: CONNECT EHLO HELO MAIL RCPT DATA
RSET NOOP QUIT, BODY (the answer to the final dot), INBODY (during the data,
MATCH is then the number of bytes after which it strikes). MATCH: * always;
#N the Nth time the verb is seen by this server; !TEXT the argument has TEXT,
but only once; @TEXT once for every different argument that has TEXT; else the
argument has TEXT. The first line that matches wins. The script is read again at
every connection; what it counts starts anew when it has changed. ACTION:
  CODE text      this reply; "\\n" in the text makes it one of several lines
  close CODE text   the same, then the connection is closed
  raw TEXT       these bytes, with \\r and \\n
  drop           close at once     reset   the same by RST
  swallow        (BODY) store the message, then close without a reply
  stall          say nothing more     freeze     and read nothing more
  sleep SECS ACTION
"""
import argparse
import os
import signal
import socket
import struct
import sys
import threading
import time


class Gone(Exception):
    pass


class Sink:
    def __init__(self, a):
        self.a = a
        self.lock = threading.Lock()
        self.conns = 0
        self.msgs = 0
        self.seen, self.used = {}, set()
        self.log_fd = None
        if a.log:
            self.log_fd = os.open(a.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self.always = [tuple(r.split(" ", 2)) for r in a.on]
        self.rules = list(self.always)
        self.text = None
        self.load()

    def load(self):
        """Reads the script; at every connection, so that a test may change it."""
        if not self.a.script:
            return
        with open(self.a.script, encoding="latin-1") as f:
            text = f.read()
        if text == self.text:
            return
        self.text, self.rules, self.seen, self.used = text, list(self.always), {}, set()
        for line in text.split("\n"):
            if not line or line.startswith("#"):
                continue
            verb, match, action = line.split(" ", 2)
            self.rules.append((verb.upper(), match, action))

    def log(self, n, text):
        if self.log_fd is not None:
            os.write(self.log_fd, ("%d %s\n" % (n, text)).encode("latin-1"))

    def rule(self, verb, arg):
        """Action for this verb and argument, or None."""
        if not self.rules:
            return None
        with self.lock:
            self.seen[verb] = self.seen.get(verb, 0) + 1
            for i, (v, match, action) in enumerate(self.rules):
                if v != verb:
                    continue
                if match == "*":
                    return action
                if match[0] == "#":
                    if self.seen[verb] == int(match[1:]):
                        return action
                elif match[0] in "!@":
                    key = (i, "" if match[0] == "!" else arg)
                    if match[1:] in arg and key not in self.used:
                        self.used.add(key)
                        return action
                elif match in arg:
                    return action
        return None

    def inbody(self):
        for v, match, action in self.rules:
            if v == "INBODY":
                return int(match), action
        return None

    def store(self, n, mail, rcpts, data):
        with self.lock:
            self.msgs += 1
            name = "%04d" % self.msgs
        if self.a.lf:
            data = data.replace(b"\r\n", b"\n")
        tmp = os.path.join(self.a.dir, ".tmp-" + name)
        with open(tmp, "wb") as f:
            f.write(b"\n".join([mail] + rcpts) + b"\n\n" + data)
        os.rename(tmp, os.path.join(self.a.dir, name))
        self.log(n, "stored " + name)


class Conn:
    def __init__(self, sink, sock, n):
        self.sink, self.sock, self.n = sink, sock, n
        self.buf = b""
        self.out = []
        self.mail, self.rcpts = None, []
        self.pipelining = False

    def flush(self):
        if self.out:
            if self.sink.a.slow:
                time.sleep(self.sink.a.slow)
            data, self.out = b"".join(self.out), []
            self.sock.sendall(data)

    def recv(self):
        self.flush()
        got = self.sock.recv(65536)
        if not got:
            raise Gone()
        self.sink.log(self.n, "recv %d" % len(got))
        self.buf += got

    def line(self):
        while True:
            i = self.buf.find(b"\n")
            if i >= 0:
                line, self.buf = self.buf[:i], self.buf[i + 1:]
                if line.endswith(b"\r"):
                    line = line[:-1]
                else:
                    self.sink.log(self.n, "BARE")
                if self.buf and not self.pipelining:
                    self.sink.log(self.n, "EARLY")
                return line
            if len(self.buf) > 100000:
                raise Gone()
            self.recv()

    def reply(self, text):
        self.sink.log(self.n, "S " + text.replace("\n", "/"))
        code, lines = text[:3], text[4:].split("\n")
        for i, t in enumerate(lines):
            sep = " " if i == len(lines) - 1 else "-"
            self.out.append((code + sep + t + "\r\n").encode("latin-1"))

    def act(self, action, store=None):
        """Does what a script says. Returns the reply's code."""
        word, _, rest = action.partition(" ")
        if word == "sleep":
            secs, _, rest = rest.partition(" ")
            self.flush()
            time.sleep(float(secs))
            return self.act(rest, store)
        if word == "drop":
            self.flush()
            raise Gone()
        if word == "reset":
            self.flush()
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise Gone()
        if word == "swallow":
            if store:
                store()
            raise Gone()
        if word == "stall":
            self.flush()
            while self.sock.recv(65536):
                pass
            raise Gone()
        if word == "freeze":
            self.flush()
            time.sleep(self.sink.a.timeout)
            raise Gone()
        if word == "raw":
            self.out.append(rest.replace("\\r", "\r").replace("\\n", "\n").encode("latin-1"))
            return rest[:3]
        text = (rest if word == "close" else action).replace("\\n", "\n")
        if store and text[0] == "2":
            store()
        self.reply(text)
        if word == "close":
            self.flush()
            raise Gone()
        return text[:3]

    def answer(self, verb, arg, default):
        action = self.sink.rule(verb, arg)
        return self.act(action or default)

    def body(self):
        """Reads up to the end mark and returns the data, unstuffed."""
        parts, strike = [], self.sink.inbody()
        data = self.buf
        while True:
            if data.startswith(b".\r\n"):
                text, self.buf = b"", data[3:]
                break
            i = data.find(b"\r\n.\r\n")
            if i >= 0:
                text, self.buf = data[:i + 2], data[i + 5:]
                break
            if strike and len(data) >= strike[0]:
                self.act(strike[1])
                strike = None
            self.flush()
            got = self.sock.recv(262144)
            if not got:
                raise Gone()
            self.sink.log(self.n, "recv %d" % len(got))
            if len(data) > 1 << 20:
                # long messages: search only what is new
                j = data.rfind(b"\r\n", 0, len(data) - 8)
                if j > 0:
                    parts.append(data[:j])
                    data = data[j:]
            data += got
        text = b"".join(parts) + text
        bare = text.replace(b"\r\n", b"")
        if b"\r" in bare or b"\n" in bare:
            self.sink.log(self.n, "BARE")
        if any(len(line) > 999 for line in text.split(b"\r\n")):
            self.sink.log(self.n, "LONG")  # one more for a doubled dot
        if text.startswith(b"."):
            text = text[1:]
        return text.replace(b"\r\n.", b"\r\n")

    def data(self, arg):
        rcpts = list(self.rcpts)
        action = self.sink.rule("DATA", arg)
        if action is None:
            action = "354 go on" if rcpts else "554 5.5.1 no valid recipients"
        if not self.act(action).startswith("3"):
            return
        data = self.body()
        mail = self.mail or b""
        self.mail, self.rcpts = None, []

        def store():
            self.sink.store(self.n, mail, rcpts, data)
        action = self.sink.rule("BODY", mail.decode("latin-1"))
        if action is None:
            action = "250 2.0.0 ok" if rcpts else "554 5.5.1 no valid recipients"
        self.act(action, store)

    def more_caps(self):
        return []

    def other(self, verb, arg):
        self.reply("502 5.5.1 unknown command")

    def hello(self, verb, arg):
        a = self.sink.a
        self.mail, self.rcpts = None, []
        caps = [a.name]
        if verb == "EHLO" and a.no_ehlo:
            return self.answer(verb, arg, "502 5.5.1 not implemented")
        if verb == "EHLO":
            if not a.no_pipelining:
                caps.append("PIPELINING")
            if not a.no_size:
                caps.append("SIZE %d" % a.size)
            if not a.no_8bitmime:
                caps.append("8BITMIME")
            if a.smtputf8:
                caps.append("SMTPUTF8")
            if a.dsn:
                caps.append("DSN")
            caps += a.cap + self.more_caps()
        code = self.answer(verb, arg, "250 " + "\\n".join(caps))
        if code == "250" and verb == "EHLO":
            self.pipelining = not a.no_pipelining

    def check(self, arg, utf8):
        """Notes what must not be said to a server like this one."""
        a = self.sink.a
        path, _, params = arg.rpartition(">")
        for p in params.split():
            key = p.split("=")[0].upper()
            if not (key == "SIZE" and not a.no_size or
                    key == "BODY" and not a.no_8bitmime or
                    key == "SMTPUTF8" and a.smtputf8 or
                    key in ("RET", "ENVID", "NOTIFY", "ORCPT") and a.dsn):
                self.sink.log(self.n, "PARAM " + p)
        if not utf8 and any(ord(c) > 127 for c in path):
            self.sink.log(self.n, "PARAM " + path)

    def rcpt(self, line, arg):
        a = self.sink.a
        if self.mail is None:
            return self.reply("503 5.5.1 MAIL first")
        if a.max_rcpts and len(self.rcpts) >= a.max_rcpts:
            return self.reply("452 4.5.3 too many recipients")
        self.check(arg, b"SMTPUTF8" in self.mail)
        if self.answer("RCPT", arg, "250 2.1.5 ok")[0] == "2":
            self.rcpts.append(line)

    def run(self):
        a = self.sink.a
        self.answer("CONNECT", "", "220 %s ESMTP" % a.name)
        while True:
            line = self.line()
            text = line.decode("latin-1")
            self.sink.log(self.n, "C " + text)
            verb, _, arg = text.partition(" ")
            verb = verb.upper()
            if verb in ("EHLO", "HELO"):
                self.hello(verb, arg)
            elif verb == "MAIL":
                self.check(arg, " SMTPUTF8" in arg)
                if self.mail is not None:
                    self.reply("503 5.5.1 one MAIL at a time")
                elif self.answer("MAIL", arg, "250 2.1.0 ok")[0] == "2":
                    self.mail, self.rcpts = line, []
            elif verb == "RCPT":
                self.rcpt(line, arg)
            elif verb == "DATA":
                self.data(arg)
            elif verb == "RSET":
                self.mail, self.rcpts = None, []
                self.answer("RSET", arg, "250 2.0.0 ok")
            elif verb == "NOOP":
                self.answer("NOOP", arg, "250 2.0.0 ok")
            elif verb == "QUIT":
                self.answer("QUIT", arg, "close 221 2.0.0 bye")
            else:
                self.other(verb, arg)

    def serve(self):
        try:
            self.run()
        except (Gone, OSError):
            pass
        try:
            self.flush()
        except OSError:
            pass
        self.sink.log(self.n, "close")
        self.sock.close()


def arguments(p, words=None):
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--portfile")
    p.add_argument("--dir", required=True)
    p.add_argument("--timeout", type=float, default=120)
    p.add_argument("--script")
    p.add_argument("--log")
    p.add_argument("--max-rcpts", type=int, default=0)
    p.add_argument("--slow", type=float, default=0)
    p.add_argument("--size", type=int, default=0)
    p.add_argument("--name", default="sink.example.net")
    p.add_argument("--cap", action="append", default=[])
    p.add_argument("--on", action="append", default=[])
    for flag in ("lf", "no-ehlo", "no-pipelining", "no-size", "no-8bitmime", "smtputf8", "dsn"):
        p.add_argument("--" + flag, action="store_true")
    return p.parse_args(words)


def main(p=None, kind=Conn):
    a = arguments(p or argparse.ArgumentParser())
    if not (a.host == "::1" or a.host.startswith("127.") or os.environ.get("SINK_ANY")):
        sys.exit("smtpsink: loopback only")
    os.makedirs(a.dir, exist_ok=True)
    sink = Sink(a)
    s = socket.socket(socket.AF_INET6 if ":" in a.host else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((a.host, a.port))
    s.listen(256)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if a.portfile:
        with open(a.portfile + ".tmp", "w") as f:
            f.write("%d\n" % s.getsockname()[1])
        os.rename(a.portfile + ".tmp", a.portfile)
    end = time.monotonic() + a.timeout
    while True:
        left = end - time.monotonic()
        if left <= 0:
            os._exit(0)
        s.settimeout(left)
        try:
            c, _ = s.accept()
        except OSError:
            continue
        c.settimeout(max(1.0, left))
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sink.load()
        sink.conns += 1
        n = sink.conns
        sink.log(n, "connect")
        threading.Thread(target=kind(sink, c, n).serve, daemon=True).start()


if __name__ == "__main__":
    main()
