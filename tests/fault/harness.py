"""What the fault tests share: a private root with queue, Maildir and SMTP sink,
programs run in the box (box.c), messages that can be told whole from half, and
the check of what must hold after any fault:

  lost       an accepted message (or the bounce for it) that some recipient did
             not get, and that is not in the queue any more
  half       anything that arrived and is not whole, byte for byte
  duplicate  a copy more than the one that each recipient and fault may cost
  left       something that stays in the queue when all is delivered and old
"""
import argparse
import os
import pwd
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("BIN") or os.path.join(TOP, "build", "bin")
TESTBIN = os.environ.get("TESTBIN") or os.path.join(BIN, "..", "test", "bin")
SHORT = os.environ.get("QMTA_SHORT") == "1"
sys.path.insert(0, os.path.join(TOP, "tests", "lib"))
import qmqpsink  # noqa: E402
import smtpsink  # noqa: E402

HOST = "box.example.net"
OWNER = 65534 if os.geteuid() == 0 else os.geteuid()
GROUP = 65534 if os.geteuid() == 0 else os.getegid()
RUN_SECS = 30
DONE, LEFT, TROUBLE = 0, 75, 111
SLOW = 20000            # system calls no run here comes near: it spins


# ---- TAP ----

class Tap:
    n = bad = 0

    def ok(self, good, name, todo=""):
        self.n += 1
        if not good and not todo:
            self.bad += 1
        print("%sok %d - %s%s" % ("" if good else "not ", self.n, name.replace("#", ""),
                                  " # TODO " + todo if todo else ""), flush=True)
        return good

    def skip(self, name, why):
        self.n += 1
        print("ok %d - %s # SKIP %s" % (self.n, name, why), flush=True)

    def say(self, text):
        for line in str(text).splitlines():
            print("# " + line, flush=True)

    def end(self):
        print("1..%d" % self.n, flush=True)
        sys.exit(1 if self.bad or not self.n else 0)


tap = Tap()
# So that what was made is removed.
for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(sig, lambda n, _: sys.exit(128 + n))


def skip_all(why):
    print("1..0 # SKIP " + why)
    sys.exit(0)


# ---- files; shutil is not in a minimal Python ----

def copy_file(src, dst):
    with open(src, "rb") as i, open(dst, "wb") as o:
        o.write(i.read())


def remove_tree(top):
    for d, dirs, files in os.walk(top, topdown=False):
        for f in files + [x for x in dirs if os.path.islink(os.path.join(d, x))]:
            os.unlink(os.path.join(d, f))
        os.rmdir(d)


# ---- names of system calls ----

def compiler():
    return os.environ.get("CC") or "cc"


def syscall_names():
    """number -> name, for this machine, from its own headers."""
    text = subprocess.run([compiler(), "-E", "-dM", "-include", "sys/syscall.h", "-x", "c",
                           "/dev/null"], capture_output=True, text=True, check=True).stdout
    return {int(n): name for name, n in re.findall(r"#define __NR_(\w+) (\d+)$", text, re.M)}


# ---- messages ----

def letter(tag, to, sender, size=9000):
    """A message with every header field that would be added, so that it arrives
    as it was sent; its last line makes a short one recognisable."""
    head = ("From: %s\nTo: %s\nSubject: fault %s\nMessage-ID: <%s@%s>\n"
            "Date: 20 Nov 2026 10:00:00 +0000\nX-Fault: %s\n\n" %
            (sender, to, tag, tag, HOST, tag))
    lines, n = [], 0
    while n < size:
        lines.append("%s line %05d %s\n" % (tag, len(lines), "x" * 40))
        n += len(lines[-1])
    return (head + "".join(lines) + "%s is the end\n" % tag).encode()


def envelope(sender, rcpts):
    return b"F%s\0" % sender.encode() + b"".join(b"T%s\0" % r.encode() for r in rcpts) + b"\0"


def mbox_text(rcpt, data):
    """A message as it stands in a mailbox file."""
    return (b"From MAILER-DAEMON Fri Nov 20 10:00:00 2026\nReturn-Path: <>\nDelivered-To: %s\n" %
            rcpt.encode() + re.sub(rb"(?m)^(>*From )", rb">\1", data) + b"\n")


def mbox_mails(text):
    """The messages of a mailbox file: each begins behind an empty line, and ends in one."""
    mails = []
    for part in re.split(rb"(?m)(?:\A|(?<=\n\n))From .*\n", text)[1:]:
        part = part[:-1] if part.endswith(b"\n\n") else part + b"[no empty line at its end]"
        mails.append(re.sub(rb"(?m)^>(>*From )", rb"\1", part))
    return mails


def put_file(root, name, data):
    path = os.path.join(root.top, name)
    with open(path, "wb") as f:
        f.write(data)
    os.chmod(path, 0o644)
    return path


class Sink:
    """The SMTP server of tests/lib in this process; rules and store per run."""

    def __init__(self, top):
        self.dir = os.path.join(top, "sink")
        os.makedirs(self.dir, exist_ok=True)
        self.listen = socket.socket()
        self.listen.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listen.bind(("127.0.0.1", 0))
        self.listen.listen(64)
        self.port = self.listen.getsockname()[1]
        self.now = None
        threading.Thread(target=self.serve, daemon=True).start()

    def fresh(self, rules=()):
        """Forgets what arrived and takes these rules (as smtpsink's script)."""
        for name in os.listdir(self.dir):
            os.unlink(os.path.join(self.dir, name))
        self.rules(rules)

    def rules(self, rules=()):
        sink = smtpsink.Sink(smtpsink.arguments(argparse.ArgumentParser(), ["--dir", self.dir, "--lf"]))
        sink.rules = [tuple(r.split(None, 2)) for r in rules]
        sink.msgs = len(os.listdir(self.dir))
        self.now = sink

    def serve(self):
        n = 0
        while True:
            try:
                c, _ = self.listen.accept()
            except OSError:
                return
            c.settimeout(30)
            c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            n += 1
            threading.Thread(target=smtpsink.Conn(self.now, c, n).serve, daemon=True).start()

    def got(self):
        """[(recipient, data)] of everything that arrived."""
        found = []
        for name in sorted(os.listdir(self.dir)):
            if name.startswith("."):
                continue
            with open(os.path.join(self.dir, name), "rb") as f:
                head, _, data = f.read().partition(b"\n\n")
            for r in re.findall(rb"(?mi)^RCPT TO:<([^>]*)>", head):
                found.append((r.decode(), data))
        return found


class Qmqp:
    """The QMQP server of tests/lib, which puts what it takes beside what the SMTP server
    got: for a message it is the same whether it left here or from the queue."""

    def __init__(self, sink):
        self.mails = sink.dir
        self.n, self.lock = 0, threading.Lock()
        self.listen = socket.socket()
        self.listen.bind(("127.0.0.1", 0))
        self.listen.listen(64)
        self.port = self.listen.getsockname()[1]
        self.a = argparse.Namespace(read=65536, timeout=30)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                c, _ = self.listen.accept()
            except OSError:
                return
            c.settimeout(30)
            threading.Thread(target=qmqpsink.Conn(self, c, 0).serve, daemon=True).start()

    def rule(self, *_):
        return None

    def strikes(self):
        return []

    def log(self, *_):
        pass

    def store(self, _, request, end):
        """Before it answers. Half a request is none."""
        if end:
            return
        message, sender, rcpts = qmqpsink.parse(request)
        with self.lock:
            self.n += 1
            name = os.path.join(self.mails, "qmqp%d" % self.n)
        with open(name + ".tmp", "wb") as f:
            f.write(b"MAIL FROM:<%s>\n" % sender + b"".join(b"RCPT TO:<%s>\n" % r for r in rcpts) +
                    b"\n" + message)
        os.rename(name + ".tmp", name)


# ---- a private root ----

def base_dir():
    """Memory where there is some: thousands of runs, and no disk is under test."""
    for d in (os.environ.get("FAULT_DIR"), "/dev/shm", os.environ.get("TMPDIR"), "/tmp"):
        if d and os.access(d, os.W_OK):
            s = os.statvfs(d)
            if s.f_bavail * s.f_frsize > 200 << 20 and not s.f_flag & os.ST_NOEXEC:
                return d
    return None


def user_name():
    """Who owns the private root: passwd's name for it wins in the program too."""
    try:
        return pwd.getpwuid(OWNER).pw_name
    except KeyError:
        return "boxuser"


USER = user_name()


def own(path):
    if os.geteuid() == 0:
        os.chown(path, OWNER, GROUP, follow_symlinks=False)


class Run:
    """How a program ended: status (256 + signal), system calls, whether the fault
    was met, why the box ended it, and what it said."""

    def __init__(self, status, calls, hit, why, text, trace):
        self.status, self.calls, self.hit, self.why = status, calls, hit, why
        self.text, self.trace = text, trace


class Root:
    def __init__(self):
        base = base_dir()
        if not base:
            skip_all("no directory with 200 MB of room for programs and queues")
        self.top = tempfile.mkdtemp(prefix="qmta-fault.", dir=base)
        os.chmod(self.top, 0o755)
        self.pid = os.getpid()
        self.control = os.path.join(self.top, "control")
        self.bin = os.path.join(self.top, "bin")
        self.box = os.path.join(self.top, "box")
        self.taker = os.path.join(self.top, "taker")
        self.extra, self.staged, self.before = {}, [], []
        self.place(self.top)
        self.programs()
        self.sink = None

    def place(self, top):
        self.queue = os.path.join(top, "queue")
        self.home = os.path.join(top, "home")

    def remove(self):
        if os.getpid() == self.pid:
            remove_tree(self.top)

    def programs(self):
        """Copies: the tree may be where only root can look."""
        os.makedirs(self.bin)
        for f in ("qmta", "qmail-queue"):
            copy_file(os.path.join(os.path.realpath(BIN), "..", f), os.path.join(self.top, f))
            os.chmod(os.path.join(self.top, f), 0o755)
        for a in ("qmta", "qmta-send", "sendmail", "queue-fix", "qmail-direct", "maildir2mbox",
                  "qmail-newu", "qmail-qmqpc", "mini-smtpd"):
            os.symlink("../qmta", os.path.join(self.bin, a))
        os.symlink("../qmail-queue", os.path.join(self.bin, "qmail-queue"))
        os.mkdir(os.path.join(self.bin, "test"))
        clocked = os.path.join(self.bin, "test", "qmta-send")
        copy_file(os.path.join(os.path.realpath(TESTBIN), "..", "qmta"), clocked)
        os.chmod(clocked, 0o755)
        self.days = put_file(self, "days", b"%d\n" % (2 * 86400))
        for name, to in (("box", "box"), ("taker", "taker"), ("smtpclient", "bin/smtpclient")):
            subprocess.run([compiler(), "-O1", "-o", os.path.join(self.top, to),
                            os.path.join(TOP, "tests", "fault", name + ".c")], check=True)

    def stage(self, scene):
        """Control files, variables and other files of this scene, and of no other."""
        for name in self.staged:
            os.unlink(os.path.join(self.control, name))
            if "/" in name:
                os.rmdir(os.path.join(self.control, os.path.dirname(name)))
        self.controls()
        for name in scene.control:
            self.set_control(name, scene.control[name])
        self.staged = list(scene.control)
        for name in scene.files:
            own(put_file(self, name, scene.files[name]))
        self.extra, self.before = scene.env, scene.before
        self.restore(scene.shot, scene.home)
        self.commands(scene.commands)

    def commands(self, text):
        """What hands on the queue have left to be done."""
        path = os.path.join(self.queue, "lock/commands")
        if text or os.path.exists(path):
            with open(path, "w") as f:
                f.write(text)
            os.chmod(path, 0o600)
            own(path)

    def env(self):
        return dict(self.base_env(), **self.extra)

    def base_env(self):
        return {"PATH": self.bin + ":/usr/bin:/bin", "CONTROLDIR": self.control,
                "QUEUEDIR": self.queue, "HOME": self.home, "USER": USER, "LOGNAME": USER,
                "MAIL": os.path.join(self.home, "Mailbox"),
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", ""),
                "UBSAN_OPTIONS": os.environ.get("UBSAN_OPTIONS", "")}

    def start_sink(self):
        self.sink = Sink(self.top)
        self.controls()

    def set_control(self, name, text):
        path = os.path.join(self.control, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text + "\n")
        if name == "smtpauth":
            os.chmod(path, 0o600)
            own(path)

    def controls(self):
        for name, text in (("me", HOST), ("timeoutremote", "8"), ("timeoutconnect", "5"),
                           ("bouncefrom", "MAILER-DAEMON"), ("minfree", "0"), ("aliases", "")):
            self.set_control(name, text)
        if self.sink:
            self.set_control("smtproutes", ":127.0.0.1:%d" % self.sink.port)

    def make_queue(self):
        r = self.plain(["queue-fix", self.queue])
        if r.returncode:
            print("Bail out! queue-fix failed: " + r.stdout.decode("latin-1"))
            sys.exit(1)
        for d in ("", "Maildir", "Maildir/tmp", "Maildir/new", "Maildir/cur"):
            p = os.path.join(self.home, d).rstrip("/")
            os.mkdir(p, 0o700)
            own(p)

    def as_owner(self):
        return dict(user=OWNER, group=GROUP, extra_groups=[]) if os.geteuid() == 0 else {}

    def plain(self, argv, stdin=b"", timeout=60, **env):
        """A run without faults and without the box."""
        env.update(self.env())
        argv = [os.path.join(self.bin, argv[0])] + argv[1:]
        parent = os.path.dirname(self.queue)
        if os.path.isdir(parent):
            own(parent)
        p = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, env=env, cwd="/",
                             start_new_session=True, **self.as_owner())
        try:
            out, _ = p.communicate(stdin, timeout)
        except subprocess.TimeoutExpired:
            # Its workers too: one that waits would keep the disk from the next play.
            os.killpg(p.pid, signal.SIGKILL)
            p.communicate()
            raise
        return subprocess.CompletedProcess(argv, p.returncode, out)

    def boxed(self, cmd, fault=(), trace=False, step=None, witness=False):
        """cmd: (argv, stdin file, stdout file or None). step(proc, number): called
        before each system call, with everything standing still. witness: the first
        process is never struck."""
        argv, fdin, fdout = cmd
        log = os.path.join(self.top, "box.log")
        said = os.path.join(self.top, "said")
        full = [self.box, "-t", str(RUN_SECS), "-m", str(SLOW), "-l", log]
        full += ["-u", "%d:%d" % (OWNER, GROUP)] if os.geteuid() == 0 else []
        full += ["-a"] if trace else []
        full += ["-w"] if witness else []
        full += [str(f) for f in fault]
        pipes = []
        if step:
            up, down = os.pipe(), os.pipe()
            pipes = [up[1], down[0]]
            full += ["-s", "%d,%d" % (up[1], down[0]), "-t", "300"]
        full += [os.path.join(self.bin, argv[0])] + argv[1:]
        with open(said, "wb") as out, open(fdin, "rb") as i:
            o = open(fdout, "rb") if fdout else out
            p = subprocess.Popen(full, stdin=i, stdout=o, stderr=out, env=self.env(),
                                 cwd="/", pass_fds=pipes)
            if fdout:
                o.close()
            if step:
                for fd in pipes:
                    os.close(fd)
                self.steps(up[0], down[1], step)
            code = p.wait()
        if code == 3:
            skip_all("this kernel or container has no seccomp user notification")
        if code:
            raise RuntimeError("box exit %d: %s" % (code, open(said).read()))
        with open(log) as f:
            lines = f.read().splitlines()
        with open(said, "rb") as f:
            text = f.read().decode("latin-1")
        end = lines[-1].split()
        calls = [tuple(map(int, x.split())) for x in lines[:-1]]
        return Run(int(end[1]), int(end[2]), int(end[3]), end[4], text, calls)

    def steps(self, up, down, step):
        with os.fdopen(up, "r") as f:
            for line in f:
                proc, nr = line.split()
                step(int(proc), int(nr))
                os.write(down, b".")
        os.close(down)

    # ---- what is there ----

    def queue_files(self):
        found = []
        for d, _, names in os.walk(self.queue):
            sub = os.path.relpath(d, self.queue)
            if sub.split("/")[0] in ("lock", "."):
                continue
            found += [os.path.join(sub, n) for n in names]
        return sorted(found)

    def snapshot(self):
        """The queue's files, to be put back before each run: their numbers then
        are not their inodes any more, which a queue must bear."""
        shot = []
        for name in self.queue_files():
            p = os.path.join(self.queue, name)
            with open(p, "rb") as f:
                st = os.fstat(f.fileno())
                shot.append((p, f.read(), st.st_mode & 0o7777, st.st_mtime))
        return shot

    def restore(self, shot, home=()):
        """home: name below the home -> contents; nothing else is there."""
        for name in self.queue_files():
            os.unlink(os.path.join(self.queue, name))
        for p, data, mode, mtime in shot:
            with open(p, "wb") as f:
                f.write(data)
            os.chmod(p, mode)
            own(p)
            os.utime(p, (mtime, mtime))
        for d in ("", "Maildir/tmp", "Maildir/new", "Maildir/cur"):
            d = os.path.join(self.home, d)
            for name in os.listdir(d):
                if not os.path.isdir(os.path.join(d, name)):
                    os.unlink(os.path.join(d, name))
        for name in home:
            own(put_file(self, os.path.join(self.home, name), home[name]))
        self.forget_tcpto()

    def forget_tcpto(self):
        try:
            os.truncate(os.path.join(self.queue, "lock/tcpto"), 0)
        except FileNotFoundError:
            pass

    def local(self):
        """[(recipient, bytes)] of the Maildir and of the mailbox file."""
        mails, new = [], os.path.join(self.home, "Maildir", "new")
        for name in sorted(os.listdir(new)):
            with open(os.path.join(new, name), "rb") as f:
                mails.append(f.read())
        try:
            with open(os.path.join(self.home, "Mailbox"), "rb") as f:
                mails += mbox_mails(f.read())
        except FileNotFoundError:
            pass
        found = []
        for data in mails:
            m = re.search(rb"(?m)^Delivered-To: (.*)$", data.partition(b"\n\n")[0])
            found.append((m.group(1).decode() if m else "?", data))
        return found

    def age_lock(self):
        """The dot-lock of one that is dead counts for five minutes; they are over."""
        lock = os.path.join(self.home, "Mailbox.lock")
        if os.path.exists(lock):
            then = time.time() - 600
            os.utime(lock, (then, then))

    # ---- to the end without faults ----

    def finish(self):
        """Runs the queue until it is empty. [what is wrong]"""
        wrong, r = [], None
        if self.before:
            self.plain(self.before, timeout=RUN_SECS)
        for _ in range(4):
            self.forget_tcpto()
            self.age_lock()
            try:
                # Half a minute is how long a mailbox's lock is waited for.
                r = self.plain(["qmta-send", "-a"], timeout=3 * RUN_SECS)
            except subprocess.TimeoutExpired as e:
                return ["the run without faults does not end: " +
                        (e.stdout or b"").decode("latin-1")[-600:]]
            if r.returncode == DONE:
                break
        else:
            wrong.append("the run without faults exits %d: %s" %
                         (r.returncode, r.stdout.decode("latin-1")))
        if self.queue_files():
            wrong += self.sweep()
        return wrong

    def sweep(self):
        """What is no message must go when it is two days old: the same program
        with the clock of the tests, two days on."""
        self.plain(["test/qmta-send"], timeout=3 * RUN_SECS, QMTA_FAKE_CLOCK=self.days)
        return ["left in the queue: " + n for n in self.queue_files()]


# ---- what must arrive ----

class Want:
    """One recipient's message. failed: not the message but the report that `failed`
    did not get it. made: it is handed in again on its way, as a forward is.
    Somebody asked that it be removed: may is True, it need not arrive; or may is
    another Want, and one of the two must."""

    def __init__(self, rcpt, data, remote=False, failed=None, made=False, may=None):
        self.rcpt, self.data, self.remote, self.failed = rcpt, data, remote, failed
        self.made, self.may = made, may

    def is_this(self, rcpt, got):
        if rcpt != self.rcpt or bool(self.failed) != is_bounce(got):
            return False
        if self.failed and b"\nX-Bounced-Address: <%s>" % self.failed.encode() not in got:
            return False
        return tag_of(got) == tag_of(self.data)

    def whole(self, got):
        # A report ends with its boundary, and one that bounced with another one.
        end = re.search(rb"\n(\n--=_[^\n]*--\n)+\Z", got) if self.failed else None
        return (got[:end.start() + 1] if end else got).endswith(self.data)


def is_bounce(data):
    return b"\nAuto-Submitted: auto-replied\n" in data.partition(b"\n\n")[0]


def tag_of(data):
    m = re.search(rb"(?m)^X-Fault: (.*)$", data)
    return m.group(1) if m else None


class Verdict:
    def __init__(self):
        self.lost = self.half = self.dup = 0
        self.wrong = []


def too_many(w, copies, spare):
    """A bounce and a forward are messages of their own: where their writing may be
    repeated (twice) each of them may arrive twice."""
    if w.made and spare == TWICE:
        return len(copies) > 4
    if not w.failed or spare != TWICE:
        return len(copies) > 1 + min(spare, 1)
    ids = [re.search(rb"(?m)^Message-ID: (.*)$", c).group(1) for c in copies]
    return len(set(ids)) > 2 or any(ids.count(i) > 2 for i in ids)


TWICE = 2


def judge(wants, got_local, got_remote, accepted, spare=1):
    """accepted: True all must arrive; None all or nothing; False nothing may.
    spare: copies more than one that each recipient may get (0, 1), or TWICE."""
    v = Verdict()
    claimed = set()
    pools = {False: got_local, True: got_remote}
    for w in wants:
        n = copies(w, pools, claimed, v, spare)
        if isinstance(w.may, Want):
            n += copies(w.may, pools, claimed, v, spare)
        if accepted and not n and w.may is not True:
            v.lost += 1
            v.wrong.append("lost: %s%s" % (w.rcpt, " (bounce)" if w.failed else ""))
        if accepted is False and n:
            v.wrong.append("refused, and delivered to %s all the same" % w.rcpt)
    for remote, pool in pools.items():
        for k, (r, d) in enumerate(pool):
            if (remote, k) not in claimed:
                v.half += 1
                v.wrong.append("not what was sent: %d bytes for %s: %r" % (len(d), r, d[:300]))
    return v


def copies(w, pools, claimed, v, spare):
    """How many whole ones of it there are; the rest into v."""
    pool = pools[w.remote]
    mine = [k for k, (r, d) in enumerate(pool) if w.is_this(r, d)]
    claimed |= {(w.remote, k) for k in mine}
    bad = [k for k in mine if not w.whole(pool[k][1])]
    v.half += len(bad)
    if bad:
        v.wrong.append("half: %s got %d of %d bytes" % (
            w.rcpt, len(pool[bad[0]][1]), len(w.data)))
    n = len(mine) - len(bad)
    v.dup += max(n - 1, 0)
    if too_many(w, [pool[k][1] for k in mine], spare):
        v.wrong.append("%d copies for %s" % (n, w.rcpt))
    return n
