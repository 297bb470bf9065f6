#!/usr/bin/env python3
"""Mail, hands on the queue and restarts of the runner, all at random and all at
once; then everything is released. What was not removed must have arrived, once.

usage: storm.py PROGRAMS SECONDS SEED MAILS [PREFIX...]; PREFIX: the words in front
of each command (setpriv ...). CONTROLDIR and QUEUEDIR in the environment, an SMTP sink that stores in MAILS behind control/smtproutes.
Prints "sent N removed N lost [...] twice [...] left N exit N".
"""
import os
import random
import re
import signal
import subprocess
import sys
import time

bin_, secs, seed, mails = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
prefix = sys.argv[5:]
queue = os.environ["QUEUEDIR"]
quiet = subprocess.DEVNULL
random.seed(seed)


def prog(name, *args, **kw):
    kw.setdefault("stdin", quiet)
    return subprocess.Popen([*prefix, f"{bin_}/{name}", *args], stderr=quiet, **kw)


def ids():
    return os.listdir(queue + "/mess/0")


def subject(number):
    try:
        with open(f"{queue}/mess/0/{number}", "rb") as f:
            m = re.search(rb"^Subject: (m\d+)$", f.read(), re.M)
            return m and m.group(1).decode()
    except OSError:
        return None


def send(n):
    to = [random.choice(["a@fast.example", "b@slow.example", "c@later.example"])]
    if random.random() < 0.3:
        to.append("d@slow.example")
    p = prog("sendmail", "-f", "kim@a.example", *to, stdin=subprocess.PIPE)
    p.communicate(b"Subject: m%d\n\nx\n" % n)
    assert p.returncode == 0


def hands(removed, tools):
    verb = random.choice(["hold", "release", "retry", "remove", "retry", "release",
                          "hold all", "release all", "retry all"])
    there = ids()
    if "all" in verb:
        tools.append(prog("qmta", "queue", *verb.split(), stdout=quiet))
    elif verb == "remove" and there:
        one = random.choice(there)
        who = subject(one)
        out = prog("qmta", "queue", "remove", one, stdout=subprocess.PIPE).communicate()[0]
        if b"removed" in out:
            removed.add(who)
    elif there:
        some = random.sample(there, min(len(there), 3))
        tools.append(prog("qmta", "queue", verb, *some, stdout=quiet))


def storm():
    n, removed, tools = 0, set(), []
    run = prog("qmta-send", "-d")
    end = time.time() + secs
    while time.time() < end:
        for _ in range(random.randint(0, 3)):
            n += 1
            send(n)
        hands(removed, tools)
        if random.random() < 0.04:
            run.send_signal(random.choice([signal.SIGTERM, signal.SIGALRM, signal.SIGHUP]))
            time.sleep(0.1)
        if run.poll() is not None:
            run = prog("qmta-send", "-d")
    for t in tools:
        t.wait()
    run.terminate()
    run.wait()
    return n, removed


def judge(n, removed, code):
    got = {}
    for f in os.listdir(mails):
        with open(f"{mails}/{f}", "rb") as h:
            text = h.read().decode()
        m = re.search(r"^Subject: (m\d+)", text, re.M).group(1)
        for to in re.findall(r"RCPT TO:<(.*?)>", text):
            got[m, to] = got.get((m, to), 0) + 1
    arrived = {m for m, _ in got}
    lost = [f"m{i}" for i in range(1, n + 1) if f"m{i}" not in arrived | removed]
    twice = sorted(k for k, v in got.items() if v > 1)
    print(f"sent {n} removed {len(removed)} lost {lost} twice {twice}",
          f"left {len(ids())} exit {code}")


sent, gone = storm()
for all_ in ("release", "retry"):
    prog("qmta", "queue", all_, "all", stdout=quiet).wait()
judge(sent, gone, prog("qmta-send", "-a").wait())
