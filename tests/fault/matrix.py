"""Every point of every scene, struck once each: what kill.py and error.py share."""
import os
import re
import sys
import time
import traceback
from harness import SHORT, Root, judge, own, syscall_names, tap
import logins
import scenes

NAMES = syscall_names()
# In the short form these count wherever they stand, the others once a scene
# and kind of process: they change what is on disk or what others know.
WEIGHTY = {"fsync", "fdatasync", "renameat2", "rename", "flock", "linkat", "unlinkat", "pwrite64", "utimensat",
           "sendmsg", "ftruncate"}


def all_scenes(root):
    return scenes.scenes(root) + logins.scenes(root)


def new_root():
    root = Root()
    own(root.top)
    root.controls()
    root.start_sink()
    root.make_queue()
    return root


LIES = {"sendmail": "sendmail", "local": "worker", "direct": "qmail-direct", "listen": "session",
        "login": "session"}
DRY_SECS = 4            # a run without faults takes some hundredths


def taken(run):
    """The answer of SMTP, with the time, to a message that is safe; a log says it, too,
    but not at the beginning of a line."""
    return re.search(r"(?m)^250 2\.0\.0 ok 1", run.text)


class Point:
    """Process, number in it, and among its calls of this kind, name; role: which kind of
    process it is."""

    def __init__(self, proc, number, nr, role, nth):
        self.proc, self.number, self.nr, self.role, self.nth = proc, number, nr, role, nth
        self.name = NAMES.get(nr, str(nr))

    def __str__(self):
        return "%s %d, call %d (%s)" % (self.role, self.proc, self.number, self.name)


def role_of(scene, proc):
    if scene.roles:
        return scene.roles[min(proc, len(scene.roles) - 1)]
    if scene.submission or proc == 0:
        return scene.argv[0]
    if proc == 1:
        return "spawner"
    return "mailbox worker" if ".qmail" in scene.home else "worker"


def dry_run(root, scene):
    """All points of a run without a fault, which itself must do its work."""
    root.stage(scene)
    root.sink.fresh(scene.rules)
    began = time.monotonic()
    r = root.boxed(scene.cmd(), trace=True)
    wrong = [] if r.status == scene.code else ["exit %d, not %d" % (r.status, scene.code)]
    if time.monotonic() - began > DRY_SECS:
        wrong.append("it takes %.1f s: something waits for nothing" % (time.monotonic() - began))
    wrong += scene.check(root, r) + root.finish()
    v = judge(scene.wants, root.local(), root.sink.got(), True, spare=0)
    if v.wrong or wrong:
        tap.say("\n".join(wrong + v.wrong) + "\n" + r.text)
        tap.ok(False, "%s: a run without faults" % scene.name)
        return []
    count, points = {}, []
    for proc, nr in r.trace:
        n, nth = count.get(proc, 0), count.get((proc, nr), 0)
        count[proc], count[(proc, nr)] = n + 1, nth + 1
        # 0, 0 is the box's own execve; without a role it is a witness
        if (proc or n) and role_of(scene, proc):
            points.append(Point(proc, n, nr, role_of(scene, proc), nth))
    neighbours(points)
    return points


def neighbours(points):
    """The place of each: its kind of process, what is done before it and behind it."""
    of = {}
    for p in points:
        of.setdefault(p.proc, []).append(p)
    for row in of.values():
        names = ["", ""] + [p.name for p in row] + ["", ""]
        for i, p in enumerate(row):
            p.place = (p.role,) + tuple(names[i:i + 5])


def sample(points, seen, few):
    """The last one of each kind that no scene before had; the weighty ones all. few: the
    last one of these kinds."""
    last = {}
    if few:
        last = {(p.role, p.name): p for p in points if p.name in few}
        return [p for p in points if last.get((p.role, p.name)) is p]
    for p in points:
        if p.name not in WEIGHTY:
            last[(p.role, p.name)] = p
    keep = {id(p) for k, p in last.items() if k not in seen}
    seen |= set(last)
    weight = set()
    for p in points:
        key = (p.role, p.name, len([x for x in points if x.role == p.role and x.name == p.name
                                    and (x.proc, x.number) <= (p.proc, p.number)]))
        if p.name in WEIGHTY and key not in seen:
            keep.add(id(p))
            weight.add(key)
    seen |= weight
    return [p for p in points if id(p) in keep]


def strike(root, scene, point, fault):
    """One run with one fault, then runs without until the queue is empty."""
    root.stage(scene)
    root.sink.fresh(scene.rules)
    began = time.monotonic()
    where = ["-n", point.nth, "-i"] if scene.listens else ["-n", point.number]
    r = root.boxed(scene.cmd(), ["-p", point.proc, "-c", point.nr] + where + list(fault),
                   witness=scene.listens)
    r.secs = time.monotonic() - began
    wrong = []
    if r.why != "ok":
        wrong.append("the struck run does not end (%s, %d calls)" % (r.why, r.calls))
    if scene.listens and point.role != "listener" and "the listener is dead" in r.text:
        wrong.append("the listener is dead")
    wrong += scene.check(root, r)
    queued = [n for n in root.queue_files() if n.split("/")[0] in ("todo", "info")]
    wrong += root.finish()
    return r, queued, wrong


def teeth(root, scene, points, role):
    """A lie that no program can survive: the last renaming of this kind of process
    (into todo/, into new/) is not done, and says it was. The loss must be seen."""
    renames = [p for p in points if p.name == "renameat2" and p.role == role]
    if not renames:
        return tap.ok(False, "%s: there is a renaming to leave out" % scene.name)
    r, _, _ = strike(root, scene, renames[-1], ["-z"])
    v = judge(scene.wants, root.local(), root.sink.got(), True)
    return tap.ok(r.hit and v.lost == 1, "a message that %s loses is missed" % role)


class Sum:
    """The line at the end of a matrix; also travels between processes as text."""
    FIELDS = ("points", "missed", "lost", "half", "dup", "bad", "note")

    def __init__(self):
        for f in self.FIELDS:
            setattr(self, f, 0)

    def add(self, v, wrong):
        self.points += 1
        self.lost += v.lost
        self.half += v.half
        self.dup += v.dup
        self.bad += bool(v.wrong or wrong)

    def __str__(self):
        t = "%d points, lost %d, half %d, duplicates %d" % (
            self.points, self.lost, self.half, self.dup)
        return t + (", %d not reached" % self.missed if self.missed else "")


def shard(jobs, tasks, work):
    """work(root, task, sum, say) for all tasks, in some processes with a root each."""
    pipes = []
    sys.stdout.flush()
    for i in range(jobs):
        r, w = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(r)
            code = 1
            try:
                code = child(w, tasks[i::jobs], work)
            except Exception:
                os.write(w, ("! " + traceback.format_exc().replace("\n", "\n! ") + "\n").encode())
            os._exit(code)
        os.close(w)
        pipes.append((pid, r))
    return pipes


def child(w, tasks, work):
    root, sums = new_root(), {}
    try:
        made = {s.name: s for s in all_scenes(root)}
        with os.fdopen(w, "w", buffering=1) as out:
            for scene, point, extra in tasks:
                s = sums.setdefault(scene, Sum())
                work(root, made[scene], point, extra, s, lambda t: out.write("# %s\n" % t))
            for scene, s in sums.items():
                out.write("= %s %s\n" % (scene, " ".join(str(getattr(s, f)) for f in Sum.FIELDS)))
    finally:
        root.remove()
    return 0


def collect(pipes):
    sums, broken = {}, 0
    for pid, r in pipes:
        with os.fdopen(r) as f:
            for line in f:
                if line[0] == "=":
                    words = line.split()
                    s = sums.setdefault(words[1], Sum())
                    for field, n in zip(Sum.FIELDS, words[2:]):
                        setattr(s, field, getattr(s, field) + int(n))
                else:
                    tap.say(line[2:].rstrip("\n"))
        _, status = os.waitpid(pid, 0)
        broken += status != 0
    return sums, broken


def run(title, faults, work):
    """faults(point, scene, again) -> list of faults for it; again: the same call stood
    between the same two in this kind of process before."""
    jobs = int(os.environ.get("FAULT_JOBS") or (1 if SHORT else os.cpu_count() or 1))
    root, tasks, seen, kinds, known = new_root(), [], set(), set(), set()
    began = time.monotonic()
    try:
        only = os.environ.get("FAULT_SCENES", "").split()
        if scenes.has_smtpd(root) and logins.missing(root):
            tap.skip(title + ": sessions with TLS and logins", logins.missing(root))
        for scene in all_scenes(root):
            if only and scene.name not in only:
                continue
            points = dry_run(root, scene)
            kinds |= {p.name for p in points}
            if scene.name in LIES:
                teeth(root, scene, points, LIES[scene.name])
            if scene.name == "nologin":
                tap.ok(logins.open_door(root, scene), "one who gets in without a login is missed")
            if SHORT:
                points = sample(points, seen, scene.few)
            for p in points:
                tasks += [(scene.name, p, f) for f in faults(p, scene, p.place in known)]
                known.add(p.place)
    finally:
        root.remove()
    sums, broken = collect(shard(jobs, tasks, work))
    total = Sum()
    for name, s in sums.items():
        tap.ok(not s.bad, "%s %s: %s" % (title, name, s))
        for f in Sum.FIELDS:
            setattr(total, f, getattr(total, f) + getattr(s, f))
    tap.ok(not broken and total.points > 0 and total.missed * 10 <= total.points,
           "%s: nearly all points were reached" % title)
    tap.say("%s: %s; %d kinds of call, %.0f s" % (title, total, len(kinds),
                                                  time.monotonic() - began))
    tap.end()
