#!/usr/bin/python3
"""bsclient.py PROGRAM [ARG...]: talks with `PROGRAM ARG...` over two pipes as the
script on standard input says, and prints what it answers, then "exit N".
bsclient.py :PORT: the same with who listens on 127.0.0.1, then "closed" when that
one has closed the connection, "open" when it has not.

  C text      sends the text, \\r \\n \\0 \\xNN and \\\\ as in C, and nothing else
  L text      sends it with CR LF behind it, and reads one reply
  B text      as L, a byte at a time, each in a write of its own
  F n text    sends it n times
  R           reads one reply
  E           ends the input; reads what is left
  K           kills the program (SIGKILL)
  N seconds   waits
  P           closes our end of its output
"""
import codecs
import os
import signal
import socket
import subprocess
import sys
import time


def text(s):
    return codecs.escape_decode(s.encode("latin-1"))[0]


class Connection:
    """What Client uses of a subprocess."""

    def __init__(self, port):
        self.s = socket.create_connection(("127.0.0.1", port))
        self.stdin = os.fdopen(os.dup(self.s.fileno()), "wb", buffering=0)
        self.stdout = os.fdopen(os.dup(self.s.fileno()), "rb", buffering=0)

    def wait(self):
        self.s.settimeout(0.3)
        try:
            while self.s.recv(4096):
                pass
        except socket.timeout:
            return "open"
        except ConnectionResetError:
            pass
        return "closed"


class Client:
    def __init__(self, argv):
        if argv[0][0] == ":":
            self.p = Connection(int(argv[0][1:]))
        else:
            self.p = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      bufsize=0)
        self.got = b""

    def send(self, data):
        while data:
            data = data[os.write(self.p.stdin.fileno(), data):]

    def line(self):
        while b"\n" not in self.got:
            more = os.read(self.p.stdout.fileno(), 4096)
            if not more:
                return None
            self.got += more
        line, self.got = self.got.split(b"\n", 1)
        return line.decode("latin-1") + "\n"

    def reply(self):
        while True:
            line = self.line()
            if line is None:
                print("(end)")
                return
            print(line.rstrip("\r\n") if line.endswith("\r\n") else "no CR: " + line.rstrip("\n"))
            if line[3:4] != "-":
                return

    def step(self, line):
        what, rest = line[:1], line[2:]
        if what == "C":
            self.send(text(rest))
        elif what == "L":
            self.send(text(rest) + b"\r\n")
            self.reply()
        elif what == "B":
            for c in text(rest) + b"\r\n":
                self.send(bytes([c]))
                time.sleep(0.0005)
            self.reply()
        elif what == "F":
            count, rest = rest.split(" ", 1)
            self.send(text(rest) * int(count))
        elif what == "R":
            self.reply()
        elif what == "E":
            if isinstance(self.p, Connection):
                self.p.s.shutdown(socket.SHUT_WR)
            self.p.stdin.close()
            while self.got or self.peek():
                self.reply()
        elif what == "K":
            self.p.send_signal(signal.SIGKILL)
        elif what == "N":
            time.sleep(float(rest))
        elif what == "P":
            self.p.stdout.close()

    def peek(self):
        self.got += os.read(self.p.stdout.fileno(), 4096)
        return self.got


def main():
    signal.alarm(60)
    c = Client(sys.argv[1:])
    for line in sys.stdin.read().split("\n"):
        if line:
            try:
                c.step(line)
            except BrokenPipeError:
                print("(closed)")
    if not c.p.stdin.closed:
        try:
            c.p.stdin.close()
        except BrokenPipeError:
            pass
    if isinstance(c.p, Connection):
        print(c.p.wait())
    else:
        print("exit", c.p.wait())


main()
