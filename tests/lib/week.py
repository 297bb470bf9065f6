"""A week of retries, for tests/sh/week.t, which has made the installation.

Two messages: one that the server puts off, one for a home that others may write. Both
clocks stand still but for us. Each try must come at birth + (isqrt(age) + skip)^2 and
not a second earlier, and the file's time must name the next; the first try after
queuelifetime is the last, and the bounce says so. QMTA_SHORT: the first 12 times of the
remote table (and the local ones until then), and the last three."""
import atexit
import fcntl
import glob
import math
import os
import signal
import struct
import subprocess
import sys
import termios
import time

LIFETIME = 604800
SKIP = {"local": 10, "remote": 20}
ENV = os.environ
QUEUE = ENV["QUEUEDIR"]
AS = ENV["AS"].split()
WHO = ENV["WHO"] + "@mx.example.net"
TO = {"local": WHO, "remote": "never@remote.example"}
tests = [0, 0]


def ok(good, name, *why):
    tests[0] += 1
    print("%s %d - %s" % ("ok" if good else "not ok", tests[0], name), flush=True)
    if not good:
        tests[1] += 1
        for w in why:
            print("#   %s" % (w,), file=sys.stderr)
    return good


def table(skip):
    t = [0]
    while t[-1] <= LIFETIME:
        t.append((math.isqrt(t[-1]) + skip) ** 2)
    return t


TABLE = {c: table(s) for c, s in SKIP.items()}


def put(name, text):
    with open(name + ".new", "w") as f:
        f.write(text)
    os.chmod(name + ".new", 0o644)
    os.rename(name + ".new", name)


class Week:
    """One week from birth on; `mono` is the other clock at that moment."""

    def __init__(self, birth):
        self.birth = birth
        self.mono = 1000000000 + (birth - START) * 1000
        self.id = {}
        self.seen = 0
        self.to(0)

    def to(self, t):
        self.idle()
        put(ENV["QMTA_FAKE_CLOCK"], "=%d" % (self.birth + t))
        put(ENV["QMTA_FAKE_MONO"], "=%d" % (self.mono + t * 1000))

    def idle(self):
        pass

    def post(self):
        for c, to in TO.items():
            known = set(os.listdir(QUEUE + "/todo"))
            subprocess.run(AS + [ENV["RBIN"] + "/sendmail", "-i", "-f", "kim@far.example", to],
                           input=b"Subject: %s\n\nx\n" % c.encode(), check=True)
            self.id[c], = set(os.listdir(QUEUE + "/todo")) - known
            f = "%s/todo/%s" % (QUEUE, self.id[c])
            os.utime(f, (self.birth, self.birth))

    def due(self, c):
        """Seconds after birth; None when the file is gone."""
        try:
            return int(os.stat("%s/%s/0/%s" % (QUEUE, c, self.id[c])).st_mtime) - self.birth
        except FileNotFoundError:
            return None

    def started(self):
        """Channels of the deliveries that began since the last call, of our messages."""
        with open(ENV["LOG"]) as f:
            f.seek(self.seen)
            text = f.read()
        whole = text[:text.rfind("\n") + 1]
        self.seen += len(whole)
        return sorted(c for c in TO for line in whole.split("\n")
                      if line.startswith("starting") and line.endswith(" to %s %s" % (c, TO[c])))


class OneShot(Week):
    name = "one-shot"
    exits = set()

    def wake(self):
        self.seen = 0
        with open(ENV["LOG"], "w") as log:
            r = subprocess.run(AS + [ENV["RBIN"] + "/qmta-send"], stderr=log, timeout=60)
        self.exits.add(r.returncode)

    def begin(self):
        pass

    def wait(self, want):
        return self.started()

    def end(self):
        ok(self.exits == {75, 0}, "one-shot: exit 75 while they wait, 0 at the end", self.exits)


class Daemon(Week):
    name = "daemon"
    child = None

    def idle(self):
        """Until it sleeps: awake it could see one clock moved and the other not yet."""
        was, same, until = None, 0, time.time() + 20
        while self.child and same < 4 and time.time() < until:
            with open("/proc/%d/status" % self.child.pid) as f:
                now = [s for s in f if s.startswith(("State", "voluntary"))]
            same = same + 1 if now == was and "S" in now[0].split()[1] else 0
            was = now
            time.sleep(0.003)

    def begin(self):
        log = open(ENV["LOG"], "w")
        self.child = subprocess.Popen(AS + [ENV["RBIN"] + "/qmta-send", "-d"], stderr=log)
        atexit.register(self.child.kill)
        until = time.time() + 20
        while time.time() < until:
            try:
                self.trigger = os.open(QUEUE + "/lock/trigger", os.O_WRONLY | os.O_NONBLOCK)
                return
            except OSError:
                time.sleep(0.02)
        raise SystemExit("Bail out! the daemon does not listen")

    def wake(self):
        """Two turns of its loop: when the second byte is taken the first turn is over."""
        for _ in range(2):
            os.write(self.trigger, b"x")
            until = time.time() + 20
            while struct.unpack("i", fcntl.ioctl(self.trigger, termios.FIONREAD, b"1234"))[0]:
                if time.time() > until or self.child.poll() is not None:
                    raise SystemExit("Bail out! the daemon does not answer")
                time.sleep(0.002)

    def wait(self, want):
        got, until = self.started(), time.time() + 20
        while len(got) < len(want) and time.time() < until:
            time.sleep(0.005)
            got = sorted(got + self.started())
        return got

    def end(self):
        self.child.send_signal(signal.SIGTERM)
        ok(self.child.wait(20) == 0, "daemon: ends when told")


def settled(week, c, want):
    """The file's time once the delivery is over; None: the channel is finished."""
    until = time.time() + 20
    while week.due(c) != want and time.time() < until:
        time.sleep(0.005)
    return week.due(c)


def live(week, times):
    """Goes through the times; the table's entries that were met, by channel."""
    met = {c: [] for c in TO}
    week.post()
    week.begin()
    last = -1
    for t in times:
        on = sorted(c for c in TO if t in TABLE[c])
        skipped = any(last < x < t for x in TABLE["local"])
        if t and not skipped:
            week.to(t - 1)
            week.wake()
            got = week.started()
            ok(not got, "%s: nothing at %d" % (week.name, t - 1), got)
        week.to(t)
        week.wake()
        got = week.wait(on)
        good = ok(got == on, "%s: %s at %d" % (week.name, " and ".join(on), t), got)
        for c in on:
            i = TABLE[c].index(t)
            then = TABLE[c][i + 1] if i + 1 < len(TABLE[c]) else None
            is_due = settled(week, c, then)
            good &= ok(is_due == then, "%s: next %s try: %s" % (week.name, c, then or "none"), is_due)
            if good:
                met[c].append(t)
        last = t
        if tests[1]:
            break  # the rest would only wait in vain
    return met


def bounced(week, before):
    """Waits for the two bounces at the server, and the end of the queue."""
    until = time.time() + 20
    new = set()
    while time.time() < until and (len(new) < 2 or glob.glob(QUEUE + "/mess/0/*")):
        if isinstance(week, OneShot):
            week.wake()
        time.sleep(0.05)
        new = set(glob.glob(ENV["MAILS"] + "/*")) - before
    texts = [open(f, encoding="latin-1", newline="").read().replace("\r\n", "\n") for f in new]
    ok(len(new) == 2 and not glob.glob(QUEUE + "/mess/0/*"),
       "%s: two bounces, and the queue is empty" % week.name, len(new))
    for c, to in TO.items():
        line = "\nI'm not going to try again; this message has been in the queue too long.\n"
        mine = [t for t in texts if "\n<%s>:\n" % to in t]
        ok(len(mine) == 1 and line in mine[0] and mine[0].startswith("MAIL FROM:<>"),
           "%s: (28) the %s one says that it was too long" % (week.name, c))


START = int(time.time())
ok(len(TABLE["local"]) - 2 == 77 and len(TABLE["remote"]) - 2 == 38 and
   TABLE["local"][-1] == TABLE["remote"][-1] == 608400, "(27) 77 and 38 retries in a week, then one")
if ENV.get("QMTA_SHORT"):
    times = [t for t in TABLE["local"] if t <= TABLE["remote"][11]] + [577600, 592900, 608400]
else:
    times = TABLE["local"]
for kind, birth in ((OneShot, START), (Daemon, START + 700000)):
    before = set(glob.glob(ENV["MAILS"] + "/*"))
    week = kind(birth)
    met = live(week, times)
    for c in TO:
        want = [t for t in TABLE[c] if t in times]
        ok(met[c] == want and len(want) >= 14, "%s: (27) %d %s tries to the second" %
           (week.name, len(want), c), [t for t in want if t not in met[c]][:5])
    if not tests[1]:
        bounced(week, before)
    week.end()
    if tests[1]:
        break
print("1..%d" % tests[0])
sys.exit(tests[1] > 0)
