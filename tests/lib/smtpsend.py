#!/usr/bin/env python3
"""Clients for tests of mini-smtpd, on 127.0.0.1. Each stops by itself.

usage: smtpsend.py port [LOW HIGH]
                a free port, between these
       smtpsend.py send PORT FILE [-f FROM] [-a SECS] [-s SIZE] [-t SECS] RCPT...
                one message, which is FILE with LF as the ends of lines; prints the code of
                each reply, and the last one whole. -a: when it is refused for now, or the
                connection is cut, again until so many seconds are over, as servers do.
                -s: says so at MAIL. -t: waits so long for an answer, 60
                Exit 0 taken, 75 for now not, 100 never, 111 the connection was cut
       smtpsend.py hold PORT FILE STATE DONE RCPT
                as send, but at STATE (greeted, mail, rcpt, data, half, sent) makes the file
                DONE and stops until the file DONE.go is there; what it prints, and its exit
                code before that, goes to DONE.end
       smtpsend.py crowd PORT N DONE
                N connections at once that say nothing; DONE: how many are greeted after a
                second; after DONE.go those that were greeted end, then the next ones, until
                nobody waits. Prints how many were greeted first, in the end, and heard 421
       smtpsend.py race PORT LISTENER SIGNAL N QUEUE
                N sessions, each with a message whose session's process gets the signal (KILL,
                TERM) around the last byte, and three that get none. Prints how many of
                all were taken, and what must be 0: messages that are taken and not in the
                queue, answered twice, there without their end; files there that are
                no part of a message; and messages that are there twice
       smtpsend.py drip PORT N SECS
                N connections that are greeted and send a command a byte at a time, for so long
"""
import os
import random
import select
import signal
import socket
import sys
import threading
import time

PATIENCE = 60           # for a file, or an answer


def dial(port, patience=PATIENCE):
    s = socket.create_connection(("127.0.0.1", int(port)), 10)
    s.settimeout(patience)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def wait_for(path, secs=PATIENCE):
    end = time.monotonic() + secs
    while not os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.02)


def note(path, text):
    with open(path + ".new", "w") as f:
        f.write(text + "\n")
    os.rename(path + ".new", path)


class Cut(Exception):
    pass


class Client:
    """One session; pause(state) is called on its way."""

    def __init__(self, port, pause=lambda state: None, patience=PATIENCE):
        self.pause, self.codes, self.last, self.got = pause, [], "", b""
        self.s = dial(port, patience)

    def reply(self):
        while True:
            line, lf, rest = self.got.partition(b"\n")
            if lf:
                self.got = rest
                if line[3:4] != b"-":
                    self.last = line.decode("latin-1").rstrip("\r")
                    self.codes.append(self.last[:3])
                    return self.last[:1]
                continue
            try:
                piece = self.s.recv(4096)
            except OSError:
                piece = b""
            if not piece:
                raise Cut
            self.got += piece

    def say(self, text):
        try:
            self.s.sendall(text)
        except OSError:
            pass            # what it has said before stands in our buffer

    def ask(self, text):
        self.say(text.encode("latin-1") + b"\r\n")
        return self.reply()

    def message(self, data, sender, rcpts, size=""):
        """The first digit that decides."""
        r = self.reply()
        self.pause("greeted")
        for cmd, state in [("EHLO client.example.org", "ehlo"), ("MAIL FROM:<%s>%s" % (sender, size), "mail")] + [
                ("RCPT TO:<%s>" % x, "rcpt") for x in rcpts]:
            if r != "2":
                return r
            r = self.ask(cmd)
            self.pause(state)
        if r == "2" and self.ask("DATA") != "3":
            return self.last[:1]
        if r != "2":
            return r
        self.pause("data")
        lines = [b"." + x if x.startswith(b".") else x for x in data.split(b"\n")]
        if not lines[-1]:
            lines.pop()
        text = b"\r\n".join(lines) + b"\r\n"
        self.say(text[:len(text) // 2])
        self.pause("half")
        self.say(text[len(text) // 2:])
        self.say(b".\r\n")
        self.pause("sent")
        return self.reply()


def attempt(port, data, sender, rcpts, pause=lambda state: None, size="", patience=PATIENCE):
    """(exit code, client)"""
    try:
        c = Client(port, pause, patience)
    except OSError as e:
        print("no connection: %s" % e)
        return 111, None
    try:
        code = {"2": 0, "5": 100}.get(c.message(data, sender, rcpts, size), 75)
        decided = c.last
        c.ask("QUIT")
        c.last = decided
    except Cut:
        code = code if "code" in locals() else 111
    c.s.close()
    return code, c


def send(port, name, *args):
    sender, secs, size, patience = "from@far.example.net", 0, "", PATIENCE
    rcpts, args = [], list(args)
    while args:
        a = args.pop(0)
        if a == "-f":
            sender = args.pop(0)
        elif a == "-a":
            secs = float(args.pop(0))
        elif a == "-t":
            patience = float(args.pop(0))
        elif a == "-s":
            size = " SIZE=" + args.pop(0)
        else:
            rcpts.append(a)
    with open(name, "rb") as f:
        data = f.read()
    end, tries = time.monotonic() + secs, 0
    while True:
        tries += 1
        code, c = attempt(port, data, sender, rcpts, size=size, patience=patience)
        if code in (0, 100) or time.monotonic() > end:
            break
        time.sleep(0.2)
    if c:
        print(" ".join(c.codes))
        print(c.last)
    if secs:
        print("tries %d" % tries)
    return code


def hold(port, name, state, done, rcpt):
    def pause(at):
        if at == state:
            note(done, state)
            wait_for(done + ".go")
    with open(name, "rb") as f:
        code, c = attempt(port, f.read(), "from@far.example.net", [rcpt], pause)
    note(done + ".end", "%d %s" % (code, " ".join(c.codes) if c else ""))
    return code


def greeted(socks, secs):
    """{socket: what it heard} within secs."""
    heard, end = {}, time.monotonic() + secs
    poll = select.poll()
    of = {s.fileno(): s for s in socks}
    for fd in of:
        poll.register(fd, select.POLLIN)
    while len(heard) < len(socks) and time.monotonic() < end:
        for fd, _ in poll.poll(100):
            poll.unregister(fd)
            try:
                heard[of[fd]] = of[fd].recv(100)
            except OSError:
                heard[of[fd]] = b""
    return heard


def crowd(port, n, done):
    socks = [dial(port) for _ in range(int(n))]
    heard = greeted(socks, 1)
    first, then, away, quiet = None, 0, 0, 0
    while socks and quiet < 50:
        good = len([s for s in heard if heard[s][:3] == b"220"])
        away += len([s for s in heard if heard[s][:3] == b"421"])
        if first is None:
            first = good
            note(done, "%d" % first)
            wait_for(done + ".go")
        then += good
        for s in heard:
            s.close()
        socks = [s for s in socks if s not in heard]
        heard = greeted(socks, 0.1)
        quiet = 0 if heard else quiet + 1
    print("greeted %s, in the end %d, sent away %d" % (first, then, away))
    return 0


def children(pid):
    with open("/proc/%s/task/%s/children" % (pid, pid)) as f:
        return [int(x) for x in f.read().split()]


def struck(port, listener, sig, i, delay):
    """(replies behind DATA and their words, seconds they took). delay: behind "half"."""
    text = b"X-Race: %d.\n" % i + b"a line of it\n" * 400 + b"end of %d.\n" % i
    old, threads, began = set(children(listener)), [], []

    def strike(pids):
        time.sleep(delay)
        for pid in pids:
            try:
                os.kill(pid, sig)
            except ProcessLookupError:
                pass

    def pause(state):
        if state == "half":
            began.append(time.monotonic())
            if sig:
                threads.append(threading.Thread(target=strike, args=[set(children(listener)) - old]))
                threads[0].start()
    c = Client(port, pause)
    try:
        c.message(text, "from@far.example.net", ["a@inside.example.net"])
        secs = time.monotonic() - began[0]
        c.codes.append(c.last)
        c.ask("QUIT")
    except Cut:
        secs = time.monotonic() - began[0]
    c.s.close()
    for t in threads:
        t.join()
    return c.codes[c.codes.index("354") + 1:], secs


def race(port, listener, sig, n, queue):
    sig, answers, secs = getattr(signal, "SIG" + sig), {}, []
    for i in range(-3, int(n)):
        answers[i], took = struck(port, listener, sig if i >= 0 else 0, i,
                                  random.random() * 1.5 * sum(secs) / max(len(secs), 1))
        if i < 0 or answers[i][:1] == ["250"]:
            secs = (secs + [took])[-5:]
        end = time.monotonic() + 5
        while children(listener) and time.monotonic() < end:
            time.sleep(0.005)
    found, odd = {}, 0
    for d, _, names in os.walk(queue):
        for name in names:
            path = os.path.join(d, name)
            part = os.path.relpath(path, queue).split("/")[0]
            if part == "mess" and os.path.exists(os.path.join(queue, "todo", name)):
                with open(path, "rb") as f:
                    data = f.read()
                i = int(data.partition(b"X-Race: ")[2].partition(b".")[0])
                found.setdefault(i, []).append(data.endswith(b"end of %d.\n" % i))
            elif part not in ("lock", "todo"):
                odd += 1
    taken = [i for i in answers if answers[i][:1] == ["250"]]
    print("%d taken" % len(taken))
    print("lost %d, answered twice %d, half %d, left %d, too many %d" % (
        len([i for i in taken if i not in found]),
        # The code of the answer, its text, and then QUIT's or the goodbye's.
        len([i for i in answers if len(answers[i]) > 3]),
        len([i for i in found if not all(found[i])]), odd,
        len([i for i in found if len(found[i]) > 1])))
    return 0


def drip(port, n, secs):
    socks = list(greeted([dial(port) for _ in range(int(n))], 5))
    end = time.monotonic() + float(secs)
    while socks and time.monotonic() < end:
        for s in list(socks):
            try:
                s.send(b"N")
            except OSError:
                socks.remove(s)
        time.sleep(0.1)
    print("%d left" % len(socks))
    return 0


def port(low=0, high=0):
    for p in range(int(low), int(high) + 1):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", p))
            except OSError:
                continue
            print(s.getsockname()[1])
            return 0
    return 1


if __name__ == "__main__":
    sys.exit({"port": port, "send": send, "hold": hold, "crowd": crowd,
          "race": race, "drip": drip}[sys.argv[1]](*sys.argv[2:]))
