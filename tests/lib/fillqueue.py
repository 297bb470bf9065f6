#!/usr/bin/env python3
"""Puts COUNT messages into a queue (split 1) by writing its files, much faster
than the program would: fillqueue.py QUEUE COUNT KIND [DUE [FIRST]]. KIND remote,
local or both: settled, next try in DUE seconds. KIND todo: fresh. Message numbers
begin at FIRST; the message with number N is for rN@far.example, or for $USER."""
import os
import sys
import time

queue, count, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
due = time.time() + float(sys.argv[4] if len(sys.argv) > 4 else 3000)
first = int(sys.argv[5] if len(sys.argv) > 5 else 1000001)
born = time.time() - 60
here = os.environ.get("USER", "nobody") + "@mx.example.net"
os.chdir(queue)


def write(path, data, mode, when):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    os.write(fd, data)
    os.utime(fd, (when, when))
    os.close(fd)


for i in range(first, first + count):
    there = "r%d@far.example" % i
    write("mess/0/%d" % i, b"Subject: m%d\n\ntext\n" % i, 0o444, born)
    if kind == "todo":
        write("todo/%d" % i, b"u0\0p1\0F%s\0T%s\0" % (here.encode(), there.encode()),
              0o644, born)
        continue
    write("info/0/%d" % i, b"F%s\0" % here.encode(), 0o600, born)
    if kind in ("remote", "both"):
        write("remote/0/%d" % i, b"T%s\0" % there.encode(), 0o600, due)
    if kind in ("local", "both"):
        write("local/0/%d" % i, b"T%s\0" % here.encode(), 0o600, due)
