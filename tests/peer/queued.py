#!/usr/bin/env python3
"""queued.py QUEUE N FILE [RECIPIENT...]: prints what is wrong with the messages in the queue,
which are then removed: there are N, each to these recipients, and the text behind our
two Received fields is FILE, byte for byte ("": any)."""
import glob
import os
import sys

queue, n, want, rcpts = sys.argv[1], int(sys.argv[2]), sys.argv[3], [os.fsencode(a) for a in sys.argv[4:]]
text = open(want, "rb").read() if want else None
found = glob.glob(queue + "/todo/*")
if len(found) != n:
    print("%d messages, not %d" % (len(found), n))
for name in found:
    records = open(name, "rb").read().split(b"\0")
    to = [r[1:] for r in records if r[:1] == b"T"]
    if to != rcpts:
        print("to %r, not %r" % (to, rcpts))
    (path,) = glob.glob("%s/mess/*/%s" % (queue, os.path.basename(name)))
    got = open(path, "rb").read()
    fields = 0
    while got[:9] == b"Received:" and fields < 2:
        got = got[got.index(b"\n") + 1:]
        while got[:1] in (b" ", b"\t"):
            got = got[got.index(b"\n") + 1:]
        fields += 1
    if fields != 2:
        print("%d Received fields" % fields)
    if text is not None and got != text:
        at = next((i for i, (a, b) in enumerate(zip(got, text)) if a != b), min(len(got), len(text)))
        print("%d bytes instead of %d, other from %d on: %r, not %r" % (
            len(got), len(text), at, got[at:at + 50], text[at:at + 50]))
    os.unlink(name)
    os.unlink(path)
