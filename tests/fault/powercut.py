"""The power goes at every moment of submission and of delivery.

Queue and Maildir lie on a small file system of their own on a loop device. The
programs run in the box; before each of their system calls everything stands
still and the image is copied, as far as the kernel has written it, which is what
a disk would hold. Each copy that differs from the one before is then mounted
(the journal does its work), the queue is run to its end, and what arrived is
judged: what was accepted by then is lost nowhere, nothing is half.

Needs root, loop devices and mkfs. Runs in a mount namespace of its own, so that
no mount and no loop device outlives it, however it ends."""
import os
import re
import subprocess
import time
from harness import HOST, SHORT, TWICE, USER, Root, Want, copy_file, envelope, judge, letter, own, \
    put_file, remove_tree, skip_all, syscall_names, tap
from scenes import ME, at, has_smtpd

NAMES = syscall_names()
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
EXT = ["-q", "-F", "-E", "lazy_itable_init=0"]
REFUSE = ["RCPT no@ 550 5.1.1 nobody", "RCPT bad@ 550 5.1.1 nobody"]
LATER = ["RCPT !late@ 451 4.2.0 not now"]


class Kind:
    """A file system: how it is made, mounted, and repaired after a cut."""

    def __init__(self, name, mkfs, fstype, megabytes=24, options="", fsck=None, todo=""):
        self.name, self.mkfs, self.fstype = name, mkfs, fstype
        self.size, self.options, self.fsck = megabytes << 20, options, fsck
        self.todo = todo


E2FSCK = ["e2fsck", "-fy"]
# Without a journal the removal of a name may be lost while its inode is already
# another file's, and the name comes back with that one's contents.
GHOSTS = "names that were removed come back on other files' inodes"
KINDS = [
    Kind("ext4", ["mkfs.ext4"] + EXT + ["-J", "size=4"], "ext4"),
    Kind("ext4 data=writeback", ["mkfs.ext4"] + EXT + ["-J", "size=4"], "ext4",
         options=",data=writeback"),
    Kind("ext4 without journal", ["mkfs.ext4"] + EXT + ["-O", "^has_journal"], "ext4",
         fsck=E2FSCK, todo=GHOSTS),
    Kind("ext2", ["mkfs.ext2", "-q", "-F"], "ext2", fsck=E2FSCK, todo=GHOSTS),
    Kind("xfs", ["mkfs.xfs", "-q", "-f"], "xfs", 320),
    Kind("btrfs", ["mkfs.btrfs", "-q", "-f"], "btrfs", 128),
]


def missing(program):
    return not any(os.access(os.path.join(d, program), os.X_OK) for d in PATH.split(":"))


def tool(argv):
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={"PATH": PATH})


class Disk:
    def __init__(self, kind, image, place):
        self.kind, self.image, self.place = kind, image, place
        os.makedirs(place, exist_ok=True)

    def make(self):
        with open(self.image, "wb") as f:
            f.truncate(self.kind.size)
        return self.say(tool(self.kind.mkfs + [self.image])) or self.mount()

    @staticmethod
    def say(r):
        return "" if r.returncode == 0 else r.stdout.decode("latin-1").strip()

    def mount(self):
        """What is wrong, or "" """
        return self.say(tool(["mount", "-t", self.kind.fstype, "-o", "loop" + self.kind.options,
                              self.image, self.place]))

    def umount(self):
        """What is wrong, or "". What still runs there keeps no later play from the place."""
        wrong = self.say(tool(["umount", self.place]))
        if wrong:
            tool(["umount", "-l", self.place])
        return wrong

    def copy(self):
        """What has reached the device: [(offset, bytes)] without the holes."""
        found, at = [], 0
        fd = os.open(self.image, os.O_RDONLY)
        try:
            while True:
                try:
                    start = os.lseek(fd, at, os.SEEK_DATA)
                except OSError:
                    return found
                at = os.lseek(fd, start, os.SEEK_HOLE)
                found.append((start, os.pread(fd, at - start, start)))
        finally:
            os.close(fd)

    def write(self, data):
        with open(self.image, "wb") as f:
            f.truncate(self.kind.size)
            for at, piece in data:
                f.seek(at)
                f.write(piece)

    def put(self, data):
        """A disk with these bytes, repaired and mounted: what is wrong, or "" """
        self.write(data)
        if self.kind.fsck:
            r = tool(self.kind.fsck + [self.image])
            if r.returncode > 2:
                return r.stdout.decode("latin-1")
        return self.mount()


class Moment:
    """What the world knows at a cut: messages accepted, perhaps accepted, and how
    many files the SMTP server had."""

    def __init__(self, must, may, sunk):
        self.must, self.may, self.sunk = must, may, sunk

    def key(self):
        return tuple(map(id, self.must)), tuple(map(id, self.may)), self.sunk


class Cut:
    def __init__(self, label, images):
        self.first = self.last = label
        self.images, self.moments = images, {}


def judge_moment(m, local, remote):
    """What must be there is there, what may be is whole, nothing else is."""
    v = judge(m.must + m.may, local, remote, None, TWICE)
    must = judge(m.must, local, remote, True, TWICE)
    v.lost = must.lost
    v.wrong += [w for w in must.wrong if w.startswith("lost")]
    return v


class Theatre:
    """A root whose queue (and homes, maybe elsewhere) lie on disks that get cut."""

    def __init__(self, root, kind, apart):
        self.root, self.kind = root, kind
        names = ["a", "b"] if apart else ["a"]
        self.disks = [Disk(kind, os.path.join(root.top, n + ".img"),
                           os.path.join(root.top, n)) for n in names]
        self.after = [Disk(kind, os.path.join(root.top, n + ".cut"),
                           os.path.join(root.top, n + "-cut")) for n in names]
        self.cuts, self.must, self.may = [], [], []
        self.sinks = []         # all the SMTP server ever got, file by file
        self.calls = 0
        self.hear = None        # looks what a client has been told

    def open(self):
        for d in self.disks:
            wrong = d.make()
            if wrong:
                return wrong
            own(d.place)
        self.point_to(self.disks)
        self.root.make_queue()
        os.sync()
        self.root.sink.fresh(REFUSE + LATER)
        return ""

    def point_to(self, disks):
        self.root.queue = os.path.join(disks[0].place, "queue")
        self.root.home = os.path.join(disks[-1].place, "home")

    def close(self):
        """The play is over. Before the copies are looked at: some file systems will
        not be mounted twice, and copies have the same identity."""
        for d in self.disks:
            d.umount()

    # ---- the play ----

    def cut(self, label):
        images = [d.copy() for d in self.disks]
        if not self.cuts or self.cuts[-1].images != images:
            self.cuts.append(Cut(label, images))
        c = self.cuts[-1]
        c.last = label
        self.calls += 1
        if self.hear:
            self.hear()
        m = Moment(list(self.must), list(self.may), len(self.root.sink.got()))
        c.moments.setdefault(m.key(), m)

    def run(self, name, cmd, fault=()):
        count = {}

        def step(proc, nr):
            n = count[proc] = count.get(proc, -1) + 1
            self.cut("%s, process %d before call %d (%s)" % (name, proc, n, NAMES.get(nr, nr)))
        r = self.root.boxed(cmd, fault, step=step)
        return r

    def submit(self, cmd, wants, fault=()):
        self.may = wants
        r = self.run(cmd[0][0], cmd, fault)
        if r.status:
            raise RuntimeError("%s exits %d: %s" % (cmd[0][0], r.status, r.text))
        self.must += wants
        self.may = []
        self.cut(cmd[0][0] + " has exited 0")

    def take(self, env, mails, fault=()):
        """One session of mini-smtpd, a message behind the other: [(data, wants)]. Each is
        promised from its own 250 on, which the client, another machine, has read."""
        root = self.root
        dialogue = b"HELO client.example.org\r\n" + b"".join(mails_of(mails)) + b"QUIT\r\n"
        heard = os.path.join(root.top, "said")

        def hear():
            with open(heard, "rb") as f:
                n = len(re.findall(rb"(?m)^250 2\.0\.0 ok 1", f.read()))
            self.must = before + [w for _, wants in mails[:n] for w in wants]
            self.may = mails[n][1] if n < len(mails) else []
            return n
        before, root.extra, self.hear = list(self.must), env, hear
        try:
            r = self.run("mini-smtpd", (["mini-smtpd"], put_file(root, "dialogue", dialogue), None),
                         fault)
            if r.status or hear() != len(mails):
                raise RuntimeError("mini-smtpd exits %d: %s" % (r.status, r.text))
            self.cut("mini-smtpd has exited 0")
        finally:
            root.extra, self.hear = {}, None

    def deliver(self, argv, fault=()):
        r = self.run(argv[0], (argv, os.devnull, None), fault)
        self.cut("%s has exited %d" % (argv[0], r.status))
        return r.status

    # ---- after it ----

    def look(self, cut):
        """Mounts the copy, runs it to the end. (what is wrong, local, remote)"""
        wrong = []
        for d, data in zip(self.after, cut.images):
            w = d.put(data)
            if w:
                return ["cannot mount: " + w], [], []
        self.point_to(self.after)
        self.root.sink.fresh(REFUSE)
        try:
            wrong += self.root.finish()
            return wrong, self.root.local(), self.root.sink.got()
        except FileNotFoundError as e:
            return ["not there: %s" % e.filename], [], []
        finally:
            for d in self.after:
                w = d.umount()
                if w:
                    wrong.append(w)

    def keep(self, cut, where):
        """The images of a cut that went wrong, to look into."""
        for d, data in zip(self.after, cut.images):
            d.write(data)
            copy_file(d.image, os.path.join(where, "%s-%d" % (
                os.path.basename(d.image), self.cuts.index(cut))))

    def judge(self):
        """(cuts, lost, half, duplicates, what is wrong)"""
        before = self.root.sink.got()
        self.close()
        lost = half = dup = 0
        said = []
        for c in self.cuts:
            wrong, local, remote = self.look(c)
            worst = None
            for m in c.moments.values():
                v = judge_moment(m, local, before[:m.sunk] + remote)
                if worst is None or (v.lost, v.half, len(v.wrong)) > (
                        worst.lost, worst.half, len(worst.wrong)):
                    worst = v
            lost, half, dup = lost + worst.lost, half + worst.half, dup + worst.dup
            if (wrong or worst.wrong) and os.environ.get("FAULT_KEEP"):
                self.keep(c, os.environ["FAULT_KEEP"])
            if wrong or worst.wrong:
                said.append("power cut from: %s\n          to: %s" % (c.first, c.last))
                said += ["    " + w for w in wrong + worst.wrong]
        self.point_to(self.disks)
        return len(self.cuts), lost, half, dup, said


def mails_of(mails):
    """The part of the dialogue of each."""
    for data, wants in mails:
        yield b"MAIL FROM:<%s>\r\n" % at("from").encode()
        for w in wants:
            yield b"RCPT TO:<%s>\r\n" % w.rcpt.encode()
        yield b"DATA\r\n" + data.replace(b"\n", b"\r\n") + b".\r\n"


SERVED = {"PROTO": "TCP", "TCPREMOTEIP": "192.0.2.7", "RELAYCLIENT": ""}


def served(t, tags=("ten", "eleven"), env=(), fault=()):
    """Two messages in one session of mini-smtpd."""
    mails = []
    for tag, rcpts, size in zip(tags, ([ME], [ME, at("a")]), (9000, 40000)):
        d = letter(tag, rcpts[0], at("from"), size)
        mails.append((d, [Want(r, d, r != ME) for r in rcpts]))
    t.take(dict(SERVED, **dict(env)), mails, fault)


def submissions(t, which=("sendmail", "queue", "far", "refused")):
    root = t.root
    if "sendmail" in which:
        d = letter("one", ME, at("from"))
        t.submit((["sendmail", "-i", "-f", at("from"), ME], put_file(root, "m1", d), None),
                 [Want(ME, d)])
    if "queue" in which:
        d = letter("two", ME, ME)
        t.submit((["qmail-queue"], put_file(root, "m2", d),
                  put_file(root, "e2", envelope(ME, [ME, at("a")]))),
                 [Want(ME, d), Want(at("a"), d, True)])
    if "far" in which:
        d = letter("three", at("b"), ME)
        t.submit((["sendmail", "-i", "-f", ME, at("b"), at("late")], put_file(root, "m3", d),
                  None), [Want(at("b"), d, True), Want(at("late"), d, True)])
    if "refused" in which:
        d = letter("four", at("no"), ME)
        t.submit((["sendmail", "-i", "-f", ME, at("no")], put_file(root, "m4", d), None),
                 [Want(ME, d, failed=at("no"))])


def play(root, kind, apart, name):
    """All of it on this file system."""
    t = Theatre(root, kind, apart)
    wrong = t.open()
    if wrong:
        return tap.skip(name, wrong.splitlines()[-1])
    try:
        submissions(t)
        codes = [t.deliver(["qmta-send"])]
        codes.append(t.deliver(["qmta-send", "-a"]))
        n, lost, half, dup, said = t.judge()
        tap.say("\n".join(said[:12] if kind.todo else said))
        tap.ok(not said and codes == [75, 0] and n > 10,
               "%s: %d different cuts, lost %d, half %d, duplicates %d" % (
                   name, n, lost, half, dup), kind.todo)
        if codes != [75, 0]:
            tap.say("qmta-send exits %s, not 75 and 0" % codes)
    finally:
        t.close()


def play_box(root, kind, apart, name):
    """A mailbox file: a delivery that makes it, one that is added to it; a message that
    qmail-direct puts into the Maildir; and maildir2mbox, which makes one file of all."""
    t = Theatre(root, kind, apart)
    wrong = t.open()
    if wrong:
        return tap.skip(name, wrong.splitlines()[-1])
    try:
        own(put_file(root, os.path.join(root.home, ".qmail"), b"./Mailbox\n"))
        os.sync()
        submissions(t, ("sendmail",))
        codes = [t.deliver(["qmta-send"])]
        d = letter("five", ME, ME)
        t.submit((["qmail-direct"], put_file(root, "m5", d),
                  put_file(root, "e5", envelope(ME, [ME]))), [Want(ME, d)])
        d = letter("six", ME, ME, 30000)
        t.submit((["sendmail", "-i", "-f", ME, ME], put_file(root, "m6", d), None),
                 [Want(ME, d)])
        codes += [t.deliver(["qmta-send"]), t.deliver(["maildir2mbox"])]
        n, lost, half, dup, said = t.judge()
        tap.say("\n".join(said[:12] if kind.todo else said))
        tap.ok(not said and codes == [0, 0, 0] and n > 10,
               "%s: %d different cuts, lost %d, half %d, duplicates %d" % (
                   name, n, lost, half, dup), kind.todo)
    finally:
        t.close()


def play_on(root, kind, apart, name):
    """What makes new messages and files on its way: a mailbox, a program and a forward;
    a bounce with a report, and one that bounces itself."""
    t = Theatre(root, kind, apart)
    root.set_control("bounceformat", "dsn")
    root.set_control("doublebounceto", "%s-told" % USER)
    try:
        wrong = t.open()
        if wrong:
            return tap.skip(name, wrong.splitlines()[-1])
        prog, told = "%s-prog@%s" % (USER, HOST), "%s-told@%s" % (USER, HOST)
        for place, lines in ((".qmail", "./Mailbox\n&%s\n&%s\n" % (at("a"), prog)),
                             (".qmail-prog", "|%s Maildir\n" % root.taker),
                             (".qmail-told", "./Maildir/\n")):
            own(put_file(root, os.path.join(root.home, place), lines.encode()))
        os.sync()
        d = letter("seven", ME, at("from"))
        t.submit((["sendmail", "-i", "-f", at("from"), ME], put_file(root, "m7", d), None),
                 [Want(ME, d), Want(at("a"), d, True, made=True), Want(prog, d, made=True)])
        codes = [t.deliver(["qmta-send"])]
        for tag, sender, failed in (("eight", told, at("no")), ("nine", at("bad"), at("bad"))):
            d = letter(tag, at("no"), sender)
            t.submit((["sendmail", "-i", "-f", sender, at("no")], put_file(root, tag, d), None),
                     [Want(told, d, failed=failed)])
        codes.append(t.deliver(["qmta-send"]))
        n, lost, half, dup, said = t.judge()
        tap.say("\n".join(said[:12] if kind.todo else said))
        tap.ok(not said and codes == [0, 0] and n > 10,
               "%s: %d different cuts, lost %d, half %d, duplicates %d" % (
                   name, n, lost, half, dup), kind.todo)
    finally:
        t.close()
        for f in ("bounceformat", "doublebounceto"):
            os.unlink(os.path.join(root.control, f))


def play_served(root, kind, name):
    """mini-smtpd, which writes the queue itself, and by way of qmail-queue."""
    t = Theatre(root, kind, False)
    wrong = t.open()
    if wrong:
        return tap.skip(name, wrong.splitlines()[-1])
    try:
        served(t)
        if not SHORT:
            served(t, ("twelve", "thirteen"),
                   {"QMAILQUEUE": os.path.join(root.bin, "qmail-queue")})
        n, lost, half, dup, said = t.judge()
        tap.say("\n".join(said[:12] if kind.todo else said))
        # Three of each message: its file, its directory, its name in todo/.
        tap.ok(not said and n > 4 and t.calls > 100,
               "%s: %d calls, %d different cuts, lost %d, half %d, duplicates %d" % (
                   name, t.calls, n, lost, half, dup), kind.todo)
    finally:
        t.close()


# ---- does the test see what it is for? ----

def teeth_off(root, who, play):
    """With conf-fsync 0 accepted mail must get lost here."""
    root.set_control("conf-fsync", "0")
    t = Theatre(root, KINDS[0], False)
    try:
        if not t.open():
            play(t)
            n, lost, half, dup, _ = t.judge()
            tap.say("teeth: with conf-fsync 0 %d messages of %s get lost in %d cuts%s" % (
                lost, who, n, "" if lost else ": THIS TEST SEES NOTHING"))
    finally:
        t.close()
        os.unlink(os.path.join(root.control, "conf-fsync"))


def syncs(root, cmd):
    """[(process, number)] of each fsync of a run."""
    count, found = {}, []
    for proc, nr in root.boxed(cmd, trace=True).trace:
        n = count[proc] = count.get(proc, -1) + 1
        if NAMES.get(nr) in ("fsync", "fdatasync"):
            found.append((proc, n))
    return found


def teeth_each(root, kind, apart, what):
    """Each fsync of a submission or a delivery left out: is the loss seen?"""
    d = letter("one", ME, at("from"))
    cmd = (["sendmail", "-i", "-f", at("from"), ME], put_file(root, "m1", d), None)
    send = (["qmta-send"], os.devnull, None)
    root.place(root.top)
    root.make_queue()
    points = syncs(root, cmd)
    if what == "delivery":
        points = syncs(root, send)
    if what == "session":
        root.extra = SERVED
        points = syncs(root, (["mini-smtpd"], put_file(root, "s1", b"".join(mails_of(
            [(d, [Want(ME, d)])]))), None))
        root.extra = {}
    remove_tree(root.queue)
    remove_tree(root.home)
    seen = 0
    for p in points:
        skip = ["-p", p[0], "-n", p[1], "-z"]
        t = Theatre(root, kind, apart)
        try:
            if t.open():
                return
            if what == "session":
                t.take(SERVED, [(d, [Want(ME, d)])], skip)
            else:
                t.submit(cmd, [Want(ME, d)], skip if what == "submission" else ())
            if what == "delivery":
                t.deliver(["qmta-send"], skip)
            seen += bool(t.judge()[4])
        finally:
            t.close()
    tap.say("teeth: %s on %s: of %d syncs, each left out once, %d are missed" % (
        what, kind.name + (" with homes apart" if apart else ""), len(points), seen))


def main():
    if os.geteuid() != 0:
        skip_all("power cuts: needs root, for loop devices and mount")
    if not os.path.exists("/dev/loop-control"):
        skip_all("power cuts: no loop devices here")
    if missing("mkfs.ext4"):
        skip_all("power cuts: mkfs.ext4 is missing (package e2fsprogs)")
    began = time.monotonic()
    root = Root()
    try:
        own(root.top)
        root.controls()
        root.start_sink()
        probe = Theatre(root, KINDS[0], False)
        wrong = probe.open()
        probe.close()
        if wrong:
            skip_all("power cuts: cannot mount a loop device: " + wrong.splitlines()[-1])
        only = os.environ.get("FAULT_KINDS")
        for kind in KINDS if not SHORT else []:
            if only and kind.name not in only.split(","):
                continue
            if missing(kind.mkfs[0]):
                tap.skip("power cuts, " + kind.name, kind.mkfs[0] + " is missing")
            else:
                play(root, kind, False, "power cuts, " + kind.name)
                play_box(root, kind, False, "power cuts, mailboxes, " + kind.name)
                if has_smtpd(root):
                    play_served(root, kind, "power cuts, mini-smtpd, " + kind.name)
                if kind.todo:
                    # Each ghost of a lock file is waited for, half a minute a time.
                    tap.skip("power cuts, forwards and bounces, " + kind.name, kind.todo)
                else:
                    play_on(root, kind, False,
                            "power cuts, forwards and bounces, " + kind.name)
        play(root, KINDS[0], True, "power cuts, ext4, homes on another disk")
        play_box(root, KINDS[0], True, "power cuts, mailboxes, ext4, homes on another disk")
        play_on(root, KINDS[0], True,
                "power cuts, forwards and bounces, ext4, homes on another disk")
        teeth_off(root, "sendmail", lambda t: submissions(t, ("sendmail",)))
        if has_smtpd(root):
            if SHORT:
                play_served(root, KINDS[0], "power cuts, mini-smtpd, ext4")
            else:
                teeth_off(root, "mini-smtpd", served)
        if not SHORT and not only:
            for kind in (KINDS[0], KINDS[3]):
                teeth_each(root, kind, False, "submission")
                teeth_each(root, kind, True, "delivery")
                if has_smtpd(root):
                    teeth_each(root, kind, False, "session")
    finally:
        root.remove()
    tap.say("power cuts: %.0f s" % (time.monotonic() - began))
    tap.end()


main()
