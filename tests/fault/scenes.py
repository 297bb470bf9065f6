"""The ways of a message that get struck by faults. A scene is: what lies in the
queue before, one program to run, what must have arrived in the end.

  sendmail    submission, the queue written in process
  smtp        sendmail -bs, a message that its client pipelines; its answer counts
  smtpd       mini-smtpd on its descriptors, likewise
  smtpdprog   the same through qmail-queue
  smtpdqmqp   the same to a QMQP server, and no queue to fall back on
  listen      mini-smtpd -l and a client that tries twice; the listener, the session, and
  listenprog  the same, qmail-queue: each of them is struck
  login       mini-smtpd -l, and one who sends by STARTTLS and AUTH: the session is struck
  nologin     the same without a login, who must get nothing, whatever fails
  wronglogin  with a wrong password, without TLS; in full only, as its answer takes time
  checkpw     with a checkpassword that cannot say
  relay       for another host, from one who may not
  queue       qmail-queue alone, message and envelope on descriptors
  local       qmta-send, one message for the Maildir, straight from todo/
  remote      one message, two recipients, one transaction
  mixed       a local and three remote recipients, one of them later: settled
              first, then both channels with marks
  partly      two remote recipients in one job, one of them later: fates settled
  wish        one recipient refused, one later, and the sender wants no report: that he
              does not must outlive everything
  bounce      refused by the server; the bounce goes to the Maildir
  retry       settled before; now one is taken and one refused: marks, bounce
  mbox        as local, into a mailbox file that holds a message already
  newbox      the same, and the file is not there yet
  forward     a mailbox file and a forward: the new message is queued and goes out
  direct      qmail-direct, message and envelope on descriptors, into the Maildir
  tombox      maildir2mbox: a mailbox and two messages of a Maildir become one file
  program     a program line; the program writes a file
  alias       an alias: the user himself, an address, an included file, another alias
  assign      a user of users/cdb: without the table there is no such user
  newu        qmail-newu: the old users/cdb or the new one
  dsn         as bounce, with the report for programs
  dsnhead     the same, of a message so large that its header alone is enclosed
  viaprog     as bounce, by $BOUNCEPROCESSOR, then through $BOUNCEQUEUE
  twice       the bounce bounces: the double bounce goes to the Maildir
  admin       a user of this host who is two elsewhere
  generic     the sender's name is another elsewhere
  variables   sendmail with defaultqueue and from.envrules: without them the
              message goes where it is lost
  qmqp        sendmail to a QMQP server from its own process, with qmqpfallback
  qmqpc       the same by qmail-qmqpc, from files
  qmqpdead    sendmail, no server: qmqpfallback puts it into the queue
  qmqpcdead   the same by qmail-qmqpc, from a file that changes on its way
  qmqponly    a server, and no queue to fall back on
  sendq       qmta-send, two recipients, one request to a QMQP server
  waitq       one message waits, another one is new: the new one brings the other along
  hold, release, remove, tell   qmta queue, with a second message beside
  taken       qmta-send at its start carries out what is left of those

To add one: a function that returns a Scene, and its place in scenes(); those from login
to relay are in logins.py. `home` is what
lies in the home before (a .qmail, a mailbox); all that must be there in the end, of
that too, is a Want.
"""
import os
from harness import GROUP, HOST, OWNER, TWICE, USER, Qmqp, Want, envelope, letter, mbox_text, own, \
    put_file

ME = "%s@%s" % (USER, HOST)
FAR = "remote.example.org"


class Scene:
    """control, env, files: control files, variables, and files below root.top that
    hold for it alone. commands: lock/commands before. before: what is run first of all
    when the fault is over. codes: all exit codes that are right, where these are not a
    runner's or a submission's. unsure: what was refused may have arrived all the same, as
    a server does not always get to tell. check(root, run): what is wrong right behind the run.
    spare: as judge has it, for one process that is killed. replies: a submission that is
    answered in SMTP, so that exit 0 says nothing. roles: what the processes are, "" for one
    that is not struck. listens: there is a listener, who must outlive his children. few: the
    kinds of call that are struck in the short form, if not those that are new."""

    def __init__(self, name, argv, wants, rules=(), submission=False, code=0,
                 home=None, control=None, env=None, files=None, before=(), codes=(),
                 check=None, spare=1, unsure=False, replies=False, roles=(),
                 listens=False, few=()):
        self.name, self.argv, self.wants, self.rules = name, argv, wants, rules
        self.submission, self.code, self.home = submission, code, home or {}
        self.control, self.env, self.files = control or {}, env or {}, files or {}
        self.before, self.codes, self.commands = list(before), codes, ""
        self.spare, self.unsure, self.replies = spare, unsure, replies
        self.roles, self.listens, self.few = roles, listens, few
        self.check = check or (lambda root, run: [])
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
    data = letter("smtp", ME, at("from"))
    b = Scene("smtp", ["sendmail", "-bs"], [Want(ME, data)], submission=True, replies=True)
    b.stdin = put_file(root, "dialogue", b"MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n%s.\r\nQUIT\r\n" % (
        at("from").encode(), ME.encode(), data.replace(b"\n", b"\r\n")))
    return [s, q, b]


def smtpd(root):
    """The server: a 250 that its client hears is a promise, whoever of them dies."""
    queue, found, a = os.path.join(root.bin, "qmail-queue"), [], at("a")
    server = Qmqp(root.sink)
    net = {"PROTO": "TCP", "TCPREMOTEIP": "192.0.2.7", "RELAYCLIENT": ""}

    def scene(name, argv, rcpt=ME, env=(), **more):
        data = letter(name, rcpt, at("from"))
        text = "HELO client.example.org\r\nMAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n%s.\r\nQUIT\r\n" % (
            at("from"), rcpt, data.decode().replace("\n", "\r\n"))
        path = put_file(root, "dialogue." + name, text.encode())
        s = Scene(name, [path if x == "DIALOGUE" else x for x in argv], [Want(rcpt, data, rcpt == a)],
                  submission=True, replies=True, env=dict(net, **dict(env)), **more)
        s.stdin = path
        found.append(s)

    listener = ["smtpclient", "DIALOGUE", os.path.join(root.bin, "mini-smtpd"), "-v", "-l", "%"]
    scene("smtpd", ["mini-smtpd"])
    scene("smtpdprog", ["mini-smtpd"], env={"QMAILQUEUE": queue}, roles=("session", "qmail-queue"))
    scene("smtpdqmqp", ["mini-smtpd"], a, {"QMAILQUEUE": "/usr/sbin/qmail-qmqpc"}, unsure=True,
          control={"qmqpservers": "127.0.0.1:%d" % server.port})
    scene("listen", listener, roles=("", "listener", "session"), listens=True)
    scene("listenprog", listener, env={"QMAILQUEUE": queue}, listens=True,
          roles=("", "listener", "session", "qmail-queue"))
    return found


def has_smtpd(root):
    """A build without CFG_SMTPD says so by exit 100 and words."""
    return b"not built in" not in root.plain(["mini-smtpd", "-?"]).stdout


def fresh(root, name, rcpts, wants, rules=(), code=0, home=None, sender=ME, **more):
    """One message in todo/, then qmta-send. wants: of data -> list."""
    data = letter(name, rcpts[0], ME)
    root.restore([])
    submit(root, sender, rcpts, data)
    s = Scene(name, ["qmta-send"], wants(data), rules, code=code, home=home, **more)
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
        fresh(root, "wish", [no, "-Nnever", late], lambda d: [Want(late, d, True)],
              [later, refuse], 75),
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
        fresh(root, "forward", [ME], lambda d: [Want(ME, d), Want(at("a"), d, True, made=True)],
              home={".qmail": b"./Mailbox\n&%s\n" % at("a").encode()}),
        d,
        Scene("tombox", ["maildir2mbox"], [Want(ME, m) for m in (old, one, two)], home={
            "Mailbox": mbox_text(ME, old), "Maildir/new/1.a": head + one,
            "Maildir/new/2.b": head + two}),
    ]


def users(root):
    """Program lines, aliases, users/cdb."""
    kim, x, y, ext = "kim@" + HOST, at("x"), at("y"), USER + "-ext@" + HOST
    users = os.path.join(root.top, "users")
    os.makedirs(users, exist_ok=True)
    own(users)
    record = "=kim:%s:%d:%d:%s:-:kim:\n" % (USER, OWNER, GROUP, root.home)
    table = {"ASSIGNDIR": users}
    return [
        fresh(root, "program", [ME], lambda d: [Want(ME, d)], home={
            ".qmail": b"|%s %s\n" % (root.taker.encode(), maildir(root).encode())}),
        fresh(root, "alias", [ME], lambda d: [Want(ME, d), Want(ext, d, made=True)] + [
            Want(r, d, True, made=True) for r in (at("a"), x, y)],
              home={".qmail-ext": b"./Maildir/\n"},
              files={"list": ("%s\n%s\n" % (x, y)).encode()}, control={
                  "aliases": "%s: %s, %s, :include:%s/list, team\nteam: %s-ext" % (
                      USER, USER, at("a"), root.top, USER)}),
        fresh(root, "assign", [kim], lambda d: [Want(kim, d)], env=table,
              home={".qmail-kim": b"./Maildir/\n"},
              files={"users/cdb": made_table(root, users, record)}),
        newu(root, users, record),
    ]


def maildir(root):
    return os.path.join(root.home, "Maildir")


def made_table(root, users, lines):
    """users/cdb of these lines."""
    own(put_file(root, "users/assign", (lines + ".\n").encode()))
    root.extra = {"ASSIGNDIR": users}
    r = root.plain(["qmail-newu"])
    root.extra = {}
    if r.returncode:
        raise RuntimeError("qmail-newu: %d %s" % (r.returncode, r.stdout))
    with open(os.path.join(users, "cdb"), "rb") as f:
        return f.read()


def newu(root, users, record):
    more = record + "+:%s:%d:%d:%s:-::\n" % (USER, OWNER, GROUP, root.home)
    old, new = made_table(root, users, record), made_table(root, users, more)

    def check(_, run):
        with open(os.path.join(users, "cdb"), "rb") as f:
            now = f.read()
        if now not in (old, new):
            return ["users/cdb is neither the old one nor the new one: %d bytes" % len(now)]
        if run.status == 0 and now != new:
            return ["exit 0, and users/cdb is the old one"]
        return []
    return Scene("newu", ["qmail-newu"], [], env={"ASSIGNDIR": users}, codes={0, 111, 265},
                 files={"users/assign": (more + ".\n").encode(), "users/cdb": old}, check=check)


def failures(root):
    """The sender is told, in all the ways there are; and names change on the way out."""
    no, bad, a, b = at("no"), at("bad"), at("a"), at("b")
    refuse = ["RCPT no@ 550 5.1.1 nobody", "RCPT bad@ 550 5.1.1 nobody"]
    told = lambda d: [Want(ME, d, failed=no)]  # noqa: E731
    pub = "pub@elsewhere.example.net"
    return [
        fresh(root, "dsn", [no], told, refuse, control={"bounceformat": "dsn"}),
        # Killed while the bounce is in delivery and its maker not yet asked: both again.
        fresh(root, "dsnhead", [no], lambda d: [
            Want(ME, d.partition(b"\n\n")[0] + b"\n", failed=no)], refuse,
              control={"bounceformat": "dsn", "bouncemaxbytes": "3000"}),
        fresh(root, "viaprog", [no], told, refuse, spare=TWICE, env={
            "BOUNCEPROCESSOR": "/bin/cat", "BOUNCEQUEUE": os.path.join(root.bin, "qmail-queue")}),
        fresh(root, "twice", [no], lambda d: [Want(ME, d, failed=bad)], refuse, sender=bad,
              control={"doublebounceto": USER}),
        # While the aliases cannot be read it is left to the local delivery.
        fresh(root, "admin", [ME], lambda d: [
            Want(r, d, True, may=Want(ME, d)) for r in (a, b)],
              control={"adminaddr": "%s, %s" % (a, b)}),
        fresh(root, "generic", [a], lambda d: [
            Want(a, d.replace(b"From: %s" % ME.encode(), b"From: %s" % pub.encode()), True)],
              control={"generic": "%s %s" % (ME, pub)}),
    ]


def variables(root):
    data = letter("variables", ME, at("from"))
    other = os.path.join(root.top, "other")
    r = root.plain(["queue-fix", other])
    if r.returncode:
        raise RuntimeError("queue-fix: %d %s" % (r.returncode, r.stdout))
    s = Scene("variables", ["sendmail", "-i", "-f", at("from"), ME], [Want(ME, data)],
              submission=True, env={"QUEUEDIR": other, "QMAILQUEUE": "/bin/true"},
              control={"defaultqueue/QUEUEDIR": root.queue, "from.envrules": "*:QMAILQUEUE="})
    s.stdin = put_file(root, "message.variables", data)
    return s


def qmqp(root):
    """By QMQP: refused, or taken by the server or the queue, and never lost."""
    a, server = at("a"), Qmqp(root.sink)
    live, dead = "127.0.0.1:%d" % server.port, "127.0.0.1:1"
    pub = "pub@elsewhere.example.net"
    found = []

    def scene(name, servers, argv, **control):
        data = letter(name, a, at("from"))
        out = data
        if control.get("generic"):
            out = data.replace(b"From: %s" % at("from").encode(), b"From: %s" % pub.encode())
        s = Scene(name, argv, [Want(a, out, True)], submission=True, unsure=True,
                  env={"QMAILQUEUE": "/usr/sbin/qmail-qmqpc"},
                  control=dict(control, qmqpservers=servers))
        s.stdin = put_file(root, "message." + name, data)
        if argv == queue:
            s.stdout = put_file(root, "envelope." + name, envelope(at("from"), [a]))
        found.append(s)

    send, queue = ["sendmail", "-i", "-f", at("from"), a], ["qmail-qmqpc"]
    scene("qmqp", live, send, qmqpfallback="1")
    scene("qmqpc", dead + "\n" + live, queue, qmqpfallback="1")
    scene("qmqpdead", dead, send, qmqpfallback=root.queue)
    scene("qmqpcdead", dead, queue, qmqpfallback="1", generic="%s %s" % (at("from"), pub))
    scene("qmqponly", live, queue)
    return found


def by_qmqp(root):
    """The runner's way to a QMQP server."""
    a, b, server = at("a"), at("b"), Qmqp(root.sink)
    live = {"smtproutes": "", "qmqproutes": ":127.0.0.1:%d" % server.port}
    now = fresh(root, "sendq", [a, b], lambda d: [Want(r, d, True) for r in (a, b)],
                control=live)
    wait = fresh(root, "waitq", [a], lambda d: [Want(a, d, True)], control=live)
    root.set_control("smtproutes", ":127.0.0.1:1")
    r = root.plain(["qmta-send"])
    root.controls()
    if r.returncode != 75:
        raise RuntimeError("no deferral: %d %s" % (r.returncode, r.stdout))
    data = letter("waitq2", b, ME)
    submit(root, ME, [b], data)
    wait.wants.append(Want(b, data, True))
    wait.shot = root.snapshot()
    return [now, wait]


def hands(root):
    """qmta queue, on a message with one recipient here and one elsewhere; another one
    must not be touched."""
    a = at("a")
    root.restore([])
    mails = {t: letter(t, ME, ME) for t in ("one", "keep", "gone", "told")}
    found = []

    def lie(*tags):
        root.restore([])
        for t in tags:
            submit(root, ME, [ME, a], mails[t])
        return root.snapshot()

    def number(tag):
        for n in root.queue_files():
            with open(os.path.join(root.queue, n), "rb") as f:
                if n.startswith("mess/") and b"X-Fault: %s\n" % tag.encode() in f.read():
                    return n.split("/")[-1]
        raise RuntimeError("no message " + tag)

    def both(tag):
        return [Want(ME, mails[tag]), Want(a, mails[tag], True)]

    def told(tag):
        return [Want(ME, mails[tag], may=Want(ME, mails[tag], failed=ME)),
                Want(a, mails[tag], True, may=Want(ME, mails[tag], failed=a))]

    def removed(tag):
        return [Want(w.rcpt, w.data, w.remote, may=True) for w in both(tag)]

    def scene(name, verb, wants, shot, held=None):
        root.restore(shot)
        n = number("one")

        def check(_, run):
            info = os.path.join(root.queue, "info/0", n)
            if run.status or "%s: %s\n" % (n, name + "d" if held is None else
                                           "held" if held else "released") not in run.text:
                return []
            if held is None:
                return ["removed, and it is there"] if os.path.exists(info) else []
            if bool(os.stat(info).st_mode & 0o1000) != held:
                return ["it says %s, and that is not so" % run.text]
            return []
        s = Scene(name, ["qmta", "queue"] + verb + [n], wants + both("keep"),
                  before=["qmta", "queue", "release", "all"], codes={0, 1, 111, 265}, check=check)
        s.shot = shot
        found.append(s)

    shot = lie("one", "keep")
    scene("hold", ["hold"], both("one"), shot, held=True)
    root.plain(["qmta", "queue", "hold", "all"])
    scene("release", ["release"], both("one"), root.snapshot(), held=False)
    scene("remove", ["remove"], removed("one"), shot)
    root.restore(shot)
    later(root)
    scene("tell", ["remove", "--bounce"], told("one"), root.snapshot())
    s = Scene("taken", ["qmta-send"], both("one") + both("keep") + removed("gone") + told("told"),
              code=75, before=["qmta", "queue", "release", "all"])
    s.shot = lie("one", "keep", "gone", "told")
    root.restore(s.shot)
    for verb, tag in (("hold", "one"), ("remove", "gone"), ("bounce", "told")):
        st = os.stat(os.path.join(root.queue, "mess/0", number(tag)))
        s.commands += "%s %s %d\n" % (verb, number(tag), st.st_mtime_ns + st.st_size)
    found.append(s)
    return found


def later(root):
    """Settles what is in the queue: nobody takes it, here and elsewhere."""
    root.sink.fresh(["RCPT * 451 4.2.0 not now"])
    own(put_file(root, os.path.join(root.home, ".qmail"), b"|exit 111\n"))
    r = root.plain(["qmta-send"])
    if r.returncode != 75:
        raise RuntimeError("deferral: %d %s" % (r.returncode, r.stdout))


def scenes(root):
    return submissions(root) + (smtpd(root) if has_smtpd(root) else []) + deliveries(root) + mailboxes(root) + users(root) + \
        failures(root) + [variables(root)] + qmqp(root) + by_qmqp(root) + hands(root)
