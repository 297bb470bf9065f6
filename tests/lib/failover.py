#!/usr/bin/env python3
"""Gives one message after another to two QMQP servers, each of which may be in any
state, and compares what came of it with what the rules say.

usage: failover.py --client qmail-qmqpc --dir D --table F [--short] [--jobs N]

D has a directory control00, control01, control10, control11: $CONTROLDIR for qmqpz 0/1
(first digit) and qmqpfallback 0/1; D/queue is where mail falls back to. Standard output
has one line for each run, "NAME|GOT|EXPECTED", and some about all of them. F gets a table
to read.

The rules, which expect() writes down once more, far from the code under test:
  - nobody has been given the last byte: the next server is asked
  - a whole answer Z: the same with qmqpz, else that is the end
  - anything else behind the last byte is the end
  - the exit number is that of the last who was asked, but a Z outlives a dead server
  - with a fallback, what is temporary ends in the queue, and with 0
"""
import argparse
import concurrent.futures
import os
import socket
import subprocess
import threading
import time

import qmqpsink

BEFORE, AFTER, OK, Z, D, EARLY_Z, EARLY_D, REFUSED, FULL = range(9)
CODE = {BEFORE: 74, AFTER: 74, OK: 0, Z: 71, D: 31, EARLY_Z: 71, EARLY_D: 31,
        REFUSED: 73, FULL: 72}
BIG, SMALL, ANY = 1, 2, 3
# name: what it comes to, the message that shows it, what the sink does. A server that
# does not read gets a small message whole all the same, as far as the client can know.
STATES = {
    "ok": (OK, ANY, None),
    "Z": (Z, ANY, "ANSWER * Z not now"),
    "D": (D, ANY, "ANSWER * D never"),
    "refused": (REFUSED, ANY, None),
    "full": (FULL, ANY, None),
    "hangs before": (BEFORE, BIG, "CONNECT * freeze"),
    "hangs during": (BEFORE, BIG, "IN 100000 freeze"),
    "hangs, unread": (AFTER, SMALL, "CONNECT * freeze"),
    "hangs, half read": (AFTER, SMALL, "IN 20 freeze"),
    "hangs after": (AFTER, ANY, "ANSWER * stall"),
    "resets before": (BEFORE, BIG, "CONNECT * sleep 0.1 reset"),
    "resets during": (BEFORE, BIG, "IN 100000 reset"),
    "resets, half read": (AFTER, SMALL, "IN 20 sleep 0.1 reset"),
    "resets after": (AFTER, ANY, "ANSWER * reset"),
    "closes before": (BEFORE, BIG, "CONNECT * sleep 0.1 drop"),
    "closes during": (BEFORE, BIG, "IN 100000 drop"),
    "closes after": (AFTER, ANY, "ANSWER * drop"),
    "half an answer": (AFTER, ANY, "ANSWER * raw 3:Ko"),
    "early K": (BEFORE, BIG, "IN 100000 raw 3:Kok,"),
    "early Z": (EARLY_Z, BIG, "IN 100000 raw 3:Zno,"),
    "early D": (EARLY_D, BIG, "IN 100000 raw 3:Dno,"),
}


class Server(qmqpsink.Sink):
    """A sink that keeps what matters of a request: whose it was, and its fate."""

    def __init__(self, state, sock, args):
        super().__init__(args)
        self.state, self.sock = state, sock
        self.got = []
        action = STATES[state][2]
        if action:
            self.rules = [tuple(action.split(" ", 2))]

    def load(self):
        pass

    def store(self, n, request, end):
        try:
            qmqpsink.parse(request)
            whole = True
        except ValueError:
            whole = False
        i = request.find(b"<")
        name = request[i + 1:request.find(b">", i)].decode("latin-1") if i >= 0 else ""
        with self.lock:
            self.got.append((name, whole, whole and end == ""))

    def count(self, name):
        """Whole requests, and those of them that it took."""
        with self.lock:
            mine = [g for g in self.got if g[0] == name]
        return sum(g[1] for g in mine), sum(g[2] for g in mine)


def start(state, host, port):
    args = argparse.Namespace(host=host, port=port, full=state == "full", script=None, log=None,
                              dir=None, timeout=40, read=65536, backlog=64)
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, port))
    server = Server(state, s, args)
    server.name = "%s:%d" % (host, s.getsockname()[1])
    if state != "refused":
        s.listen(0 if state == "full" else 64)
        threading.Thread(target=qmqpsink.accept, daemon=True,
                         args=(server, s, time.monotonic() + 600)).start()
    return server


def start_pair(state):
    """The same state on 127.0.0.1 and on 127.0.0.2, on one port."""
    for _ in range(20):
        a = start(state, "127.0.0.1", 0)
        try:
            return a, start(state, "127.0.0.2", a.sock.getsockname()[1])
        except OSError:
            a.sock.close()
    raise OSError("no free port")


def expect(states, z, fallback):
    """(exit, whole requests and taken ones of each server, in the queue)"""
    code, got = 55, []
    for s in states:
        kind = STATES[s][0]
        got.append([int(kind in (OK, Z, D) or (kind == AFTER and STATES[s][1] == ANY)),
                    int(kind == OK)])
        if not (code == 71 and kind in (BEFORE, REFUSED, FULL, EARLY_Z, EARLY_D)):
            code = CODE[kind]
        if kind in (OK, D, AFTER) or (kind == Z and not z):
            break
    got += [[0, 0]] * (len(states) - len(got))
    queued = int(code not in (0, 31) and fallback)
    return (0 if queued else code), got, queued


def show(code, got, queued):
    return "exit %d, whole %s, taken %s, queued %d" % (
        code, " ".join(str(g[0]) for g in got), " ".join(str(g[1]) for g in got), queued)


class Table:
    def __init__(self, a):
        self.a = a
        self.env = os.path.join(a.dir, "envelope")
        with open(self.env, "wb") as f:
            f.write(b"Fkim@a.example\0Tann@b.example\0\0")
        self.servers = {s: start_pair(s) for s in STATES}
        # More than a socket takes that nobody reads from.
        with open("/proc/sys/net/ipv4/tcp_wmem", encoding="ascii") as f:
            self.big = b"y" * (int(f.read().split()[2]) + 2000000)
        time.sleep(0.3)

    def run(self, case):
        n, states, size, z, fallback = case
        name = "case %d" % n
        servers = [self.servers[s][i] for i, s in enumerate(states)]
        message = os.path.join(self.a.dir, "m%d" % n)
        with open(message, "wb") as f:
            f.write(b"Subject: t\n\n<%s>\n" % name.encode())
            if size == BIG:
                f.write(self.big)
        env = dict(os.environ, CONTROLDIR="%s/control%d%d" % (self.a.dir, z, fallback),
                   QUEUEDIR=self.a.dir + "/queue")
        at = time.monotonic()
        with open(message, "rb") as m, open(self.env, "rb") as e:
            p = subprocess.run([self.a.client] + [s.name for s in servers], stdin=m, stdout=e,
                               stderr=subprocess.PIPE, env=env, timeout=60, check=False)
        at = time.monotonic() - at
        os.unlink(message)
        return case, p.returncode, p.stderr, at

    def queued(self):
        found = {}
        for where, _, names in os.walk(self.a.dir + "/queue/mess"):
            for n in names:
                with open(os.path.join(where, n), "rb") as f:
                    head = f.read(400)
                i = head.find(b"<case ")
                name = head[i + 1:head.find(b">", i)].decode()
                found[name] = found.get(name, 0) + 1
        return found


def cases(short):
    n = 0
    for a in STATES:
        for b in [None] + list(STATES):
            states = (a,) if b is None else (a, b)
            sizes = STATES[a][1] & (STATES[b][1] if b else ANY)
            if not sizes:
                continue
            size = SMALL if sizes & SMALL else BIG
            for z in (0, 1):
                for fallback in (0, 1):
                    if short and b not in (None, "ok", "Z", "refused", "hangs after"):
                        continue
                    if short and (z != ("Z" in (a, b)) or (fallback and b == "ok")):
                        continue
                    n += 1
                    yield n, states, size, z, fallback


def write_table(f, results):
    """A matrix for each pair of settings: exit and how many copies there are."""
    for z, fallback in sorted({(r[3], r[4]) for r in results}):
        cells = {r[1]: v for r, v in results.items() if (r[3], r[4]) == (z, fallback)}
        columns = ["alone"] + [b for b in STATES if any(c[-1] == b and len(c) > 1 for c in cells)]
        f.write("qmqpz %d, qmqpfallback %d: exit, by the second server; + taken by a server, "
                "q in the queue, ? whole and unanswered\n" % (z, fallback))
        f.write("%-18s" % "first" + "".join(" %-10.10s" % c for c in columns) + "\n")
        for a in STATES:
            row = [cells.get((a,) if c == "alone" else (a, c), "") for c in columns]
            if any(row):
                f.write("%-18s" % a + "".join(" %-10s" % x for x in row) + "\n")
        f.write("\n")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--client", required=True)
    p.add_argument("--dir", required=True)
    p.add_argument("--table", required=True)
    p.add_argument("--short", action="store_true")
    p.add_argument("--jobs", type=int, default=32)
    t = Table(p.parse_args())
    with concurrent.futures.ThreadPoolExecutor(t.a.jobs) as pool:
        ran = list(pool.map(t.run, cases(t.a.short)))
    time.sleep(1)
    queued, results, lost, twice, unsure, slow = t.queued(), {}, [], [], 0, 0
    for case, code, said, secs in ran:
        n, states, size, z, fallback = case
        name = "case %d" % n
        got = [list(t.servers[s][i].count(name)) for i, s in enumerate(states)]
        here = queued.get(name, 0)
        want = expect(states, z, fallback)
        title = "%s (%s, qmqpz %d, fallback %d)" % (
            ", then ".join(states), "big" if size == BIG else "small", z, fallback)
        print("%s|%s|%s" % (title, show(code, got, here), show(*want)))
        taken = sum(g[1] for g in got)
        # Whoever had the message whole and gave no answer may have kept it.
        maybe = sum(g[0] for g, s in zip(got, states) if STATES[s][0] == AFTER)
        unsure += maybe
        if code == 0 and taken + here == 0:
            lost.append(title)
        if taken + here > 1 or (maybe and taken) or maybe > 1:
            twice.append(title)
        if code and not said:
            lost.append(title + ": no word")
        slow = max(slow, secs)
        results[case] = "%d%s%s%s" % (code, "+" * taken, "q" * here, "?" * maybe)
    print("lost with exit 0, or refused without a word|%s|" % "; ".join(lost))
    print("twice, but for what was whole and unanswered and then fell back|%s|" % "; ".join(twice))
    print("no other message in the queue|%d|0" % len(set(queued) - {"case %d" % c[0][0] for c in ran}))
    print("none took longer than its time-outs|%s|" % ("" if slow < 15 else "%.1f s" % slow))
    with open(t.a.table, "w", encoding="ascii") as f:
        write_table(f, results)
        f.write("%d runs, %d of them left a server with a message it never answered\n"
                % (len(ran), unsure))
    os._exit(0)


if __name__ == "__main__":
    main()
