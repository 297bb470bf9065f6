#!/usr/bin/python3
"""bsclient.py PROGRAM [ARG...]: talks with `PROGRAM ARG...` over two pipes as the
script on standard input says, and prints what it answers, then "exit N".

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
import subprocess
import sys
import time


def text(s):
    return codecs.escape_decode(s.encode("latin-1"))[0]


class Client:
    def __init__(self, argv):
        self.p = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
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
    print("exit", c.p.wait())


main()
