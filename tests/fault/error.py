"""Every system call of submission and of delivery fails: once, and from then on.

Submission: exit 0, and the mail arrives; or a temporary exit, and nothing of it
is in the queue or delivered, since the caller will send it again. An interrupted
call (EINTR) is no error at all, where the system may interrupt it.
Delivery: the runner goes on or ends with 75 or 111, never by a signal, never
without end, and never loses anything; at most one copy more."""
import errno
import re
from harness import DONE, LEFT, SHORT, TROUBLE, TWICE, judge
import matrix

TEMPORARY = {"sendmail": {71, 74, 75}, "qmail-queue": set(range(51, 128)),
             "qmail-direct": set(range(51, 128)), "qmail-qmqpc": set(range(51, 128)),
             "mini-smtpd": {1, 111}, "smtpclient": {75}}
# These cannot fail on Linux, or what they return is no error (getpid), or the
# program is not there any more (exit).
CANNOT = {"exit", "exit_group", "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid",
          "getegid", "umask", "alarm", "arch_prctl", "set_tid_address", "set_thread_area",
          "sched_yield", "rt_sigreturn"}
# What a signal may interrupt, and so must go on as if nothing had been.
INTERRUPTED = {"read", "write", "pread64", "pwrite64", "readv", "writev", "poll", "ppoll",
               "recvmsg", "sendmsg", "recvfrom", "sendto", "connect", "wait4", "flock", "accept4"}
DESCRIPTORS = {"open", "openat", "pipe2", "socket", "socketpair", "fcntl", "dup2", "dup3",
               "accept4"}
WRITERS = {"open", "openat", "write", "mkdirat", "linkat", "renameat2", "renameat", "pwrite64",
           "fsync", "fdatasync", "utimensat", "unlinkat", "ftruncate", "fchmod"}


def errors_of(name):
    if name == "wait4":     # cannot fail for those who have children
        return [errno.EINTR]
    e = [errno.EIO, errno.ENOSPC, errno.EINTR, errno.ENOMEM]
    if name in DESCRIPTORS:
        e.append(errno.EMFILE)
    if name in WRITERS:
        e += [errno.EDQUOT, errno.EROFS]
    return e


def faults(point, scene, again):
    """All that may strike here. A poll that never works again makes everybody look all
    the time, until the box has counted enough: that says nothing, so it fails once. Nor
    does a listener hear of TERM who can never read again."""
    found = choose(point, scene, again)
    once = ("poll", "wait4", "read") if scene.listens else ("poll", "wait4")
    return [f for f in found if not ("-r" in f and point.name in once)]


def choose(point, scene, again):
    if point.name in CANNOT:
        return []
    chosen = errors_of(point.name)
    n = point.number + point.proc + len(scene.name)
    if again and not SHORT:
        # All of them once; then each time another one, as there are tens of thousands.
        once, then = chosen[n % len(chosen)], chosen[(n // len(chosen)) % len(chosen)]
        return [["-e", once]] + [["-e", then, "-r"]] * (then != errno.EINTR)
    # In short, what is most likely to hit this kind of call.
    if SHORT:
        n = point.number + point.proc
        chosen = [chosen[0], errno.EINTR if point.name in INTERRUPTED else chosen[n % len(chosen)]]
    found = []
    for e in sorted(set(chosen)):
        found.append(["-e", e])
        if e != errno.EINTR and not (SHORT and (e != errno.EIO or point.name in INTERRUPTED)):
            found.append(["-e", e, "-r"])
    return found


def accepted(scene, r, queued, wrong):
    """As judge wants it: True all arrives, None all or nothing, False nothing."""
    if scene.codes:
        if r.status not in scene.codes:
            wrong.append("%s ends with %d" % (scene.argv[0], r.status))
        return True
    if not scene.submission:
        if r.status == DONE and queued:
            wrong.append(scene.argv[0] + " exits 0, and there is %s" % queued)
        if r.status not in (DONE, LEFT, TROUBLE):
            wrong.append("%s ends with %d" % (scene.argv[0], r.status))
        return True
    if scene.replies:
        return replied(scene, r, wrong)
    if r.status == 0:
        return True
    if r.status < 256 and r.status not in TEMPORARY[scene.argv[0]]:
        wrong.append("exit %d is no temporary error" % r.status)
    return None if scene.unsure else False


def replied(scene, r, wrong):
    """A 250 that could not be written may be that of a message which is safe."""
    if matrix.taken(r):
        return True
    no = re.search(r"(?m)^[45]", r.text)    # what comes behind it is 503
    if r.status not in {0} | TEMPORARY[scene.argv[0]] or no and no.group() == "5":
        wrong.append("exit %d and its replies are no temporary error: %r" % (r.status, r.text[-200:]))
    return None if r.status or scene.unsure else False


def work(root, scene, point, fault, total, say):
    r, queued, wrong = matrix.strike(root, scene, point, fault)
    if not r.hit:
        total.missed += 1
    want = accepted(scene, r, queued, wrong)
    if not want and queued and not (want is None and scene.replies):
        wrong.append("refused with %d, and %s is there" % (r.status, queued))
    if scene.listens and point.role != "listener" and "-r" not in fault and r.status:
        wrong.append("the client's second try was not answered")
    if not want and fault[1] == errno.EINTR and point.name in INTERRUPTED:
        wrong.append("an interrupted call refuses the message (exit %d)" % r.status)
    v = judge(scene.wants, root.local(), root.sink.got(), want, TWICE)
    total.add(v, wrong)
    if v.wrong or wrong:
        say("%s, %s: %s%s; exit %d, %d calls, %.1f s:" % (
            scene.name, point, errno.errorcode[fault[1]],
            " from then on" if "-r" in fault else "", r.status, r.calls, r.secs))
        for t in wrong + v.wrong:
            say("    " + t)


matrix.run("error", faults, work)
