"""The ways of a message that get struck by faults. A scene is: what lies in the
queue before, one program to run, what must have arrived in the end.

  sendmail    submission, the queue written in process
  queue       qmail-queue alone, message and envelope on descriptors
  local       qmta-send, one message for the Maildir, straight from todo/
  remote      one message, two recipients, one transaction
  mixed       a local and three remote recipients, one of them later: settled
              first, then both channels with marks
  partly      two remote recipients in one job, one of them later: fates settled
  bounce      refused by the server; the bounce goes to the Maildir
  retry       settled before; now one is taken and one refused: marks, bounce
  mbox        as local, into a mailbox file that holds a message already
  newbox      the same, and the file is not there yet
  forward     a mailbox file and a forward: the new message is queued and goes out
  direct      qmail-direct, message and envelope on descriptors, into the Maildir
  tombox      maildir2mbox: a mailbox and two messages of a Maildir become one file

To add one: a function that returns a Scene, and its place in scenes(). `home` is what
lies in the home before (a .qmail, a mailbox); all that must be there in the end, of
that too, is a Want.
"""
import os
from harness import HOST, USER, Want, envelope, letter, mbox_text, put_file

ME = "%s@%s" % (USER, HOST)
FAR = "remote.example.org"


class Scene:
    def __init__(self, name, argv, wants, rules=(), submission=False, code=0,
                 home=None):
        self.name, self.argv, self.wants, self.rules = name, argv, wants, rules
        self.submission, self.code, self.home = submission, code, home or {}
        self.stdin = os.devnull
        self.stdout = None
        self.shot = []

    def cmd(self):
        return self.argv, self.stdin, self.stdout


def submit(root, sender, rcpts, data):
    r = root.plain(["sendmail", "-i", "-f", sender] + rcpts, data)
    if r.returncode:
        raise RuntimeError("sendmail: %d %s" % (r.returncode, r.stdout))


def at(box):
    return "%s@%s" % (box, FAR)


def submissions(root):
    data = letter("sub", ME, at("from"))
    s = Scene("sendmail", ["sendmail", "-i", "-f", at("from"), ME], [Want(ME, data)],
              submission=True)
    q = Scene("queue", ["qmail-queue"], [Want(ME, data)], submission=True)
    s.stdin = q.stdin = put_file(root, "message", data)
    q.stdout = put_file(root, "envelope", envelope(at("from"), [ME]))
    return [s, q]


def fresh(root, name, rcpts, wants, rules=(), code=0, home=None):
    """One message in todo/, then qmta-send. wants: of data -> list."""
    data = letter(name, rcpts[0], ME)
    root.restore([])
    submit(root, ME, rcpts, data)
    s = Scene(name, ["qmta-send"], wants(data), rules, code=code, home=home)
    s.shot = root.snapshot()
    return s


def deliveries(root):
    a, b, c, late, no = at("a"), at("b"), at("c"), at("late"), at("no")
    later = "RCPT !late@ 451 4.2.0 not now"
    refuse = "RCPT no@ 550 5.1.1 nobody"
    return [
        fresh(root, "local", [ME], lambda d: [Want(ME, d)]),
        fresh(root, "remote", [a, b], lambda d: [Want(a, d, True), Want(b, d, True)]),
        fresh(root, "mixed", [ME, a, b, late], lambda d: [Want(ME, d)] +
              [Want(r, d, True) for r in (a, b, late)], [later], 75),
        fresh(root, "partly", [c, late], lambda d: [Want(r, d, True) for r in (c, late)],
              [later], 75),
        fresh(root, "bounce", [no], lambda d: [Want(ME, d, failed=no)], [refuse]),
        retry(root, a, no, refuse),
    ]


def retry(root, good, bad, refuse):
    s = fresh(root, "retry", [good, bad], lambda d: [
        Want(good, d, True), Want(ME, d, failed=bad)], [refuse])
    root.sink.fresh(["RCPT * 451 4.2.0 not now"])
    r = root.plain(["qmta-send"])
    if r.returncode != 75:
        raise RuntimeError("deferral: %d %s" % (r.returncode, r.stdout))
    s.shot = root.snapshot()
    s.argv = ["qmta-send", "-a"]
    return s


def mailboxes(root):
    """Mailbox files, and the Maildir without a queue."""
    old, one, two = (letter(t, ME, ME, 5000) for t in ("old", "one", "two"))
    box, data = {".qmail": b"./Mailbox\n"}, letter("direct", ME, at("from"))
    full = dict(box, Mailbox=mbox_text(ME, old))
    head = b"Return-Path: <>\nDelivered-To: %s\n" % ME.encode()
    d = Scene("direct", ["qmail-direct"], [Want(ME, data)], submission=True)
    d.stdin = put_file(root, "message.direct", data)
    d.stdout = put_file(root, "envelope.direct", envelope(at("from"), [ME]))
    return [
        fresh(root, "mbox", [ME], lambda d: [Want(ME, d), Want(ME, old)], home=full),
        fresh(root, "newbox", [ME], lambda d: [Want(ME, d)], home=box),
        fresh(root, "forward", [ME], lambda d: [Want(ME, d), Want(at("a"), d, True)],
              home={".qmail": b"./Mailbox\n&%s\n" % at("a").encode()}),
        d,
        Scene("tombox", ["maildir2mbox"], [Want(ME, m) for m in (old, one, two)], home={
            "Mailbox": mbox_text(ME, old), "Maildir/new/1.a": head + one,
            "Maildir/new/2.b": head + two}),
    ]


def scenes(root):
    return submissions(root) + deliveries(root) + mailboxes(root)
