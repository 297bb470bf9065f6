"""Sessions of mini-smtpd with STARTTLS and AUTH: those who may send because they have
logged in, and those who have not and try. The client runs in this process, with Python's
TLS, and not in the box: smtpclient.c, who starts the listener there, hands it each
connection.

A client who has a login uses what he is offered, and goes on without what he is not, as
servers do that send through another one. Who has none never stops asking. What they hear
is written down, each session behind a line that says so; "235" stands there when the login
was right."""
import base64
import copy
import hashlib
import hmac
import os
import socket
import subprocess
import threading
try:
    import ssl
except ImportError:
    ssl = None
from harness import BIN, HOST, SHORT, TOP, Want, judge, letter, own, put_file
from scenes import ME, Scene, at, has_smtpd

WAIT_SECS = 4
BEGIN = "client: a session\n"
ANSWERED = "250 2.0.0 ok 1"
USER, PASSWORD = "kim@example.net", "open sesame"


def plain(password):
    return "AUTH PLAIN " + base64.b64encode(("\0%s\0%s" % (USER, password)).encode()).decode()


def smtpauth():
    """The line of control/smtpauth, as `qmta auth` writes it."""
    salt, rounds = b"sixteen of salt.", 4096
    salted = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt, rounds)
    client, server = (hmac.new(salted, what, hashlib.sha256).digest()
                      for what in (b"Client Key", b"Server Key"))
    return "%s:{SCRAM-SHA-256}%d,%s" % (USER, rounds, ",".join(
        base64.b64encode(x).decode() for x in (salt, hashlib.sha256(client).digest(), server)))


def missing(root):
    """Why there can be no TLS here, or "" """
    if b"not built in" in root.plain(["qmta", "auth", "-l"]).stdout:
        return "TLS for servers is not built in"
    if not ssl:
        return "Python has no ssl here"
    if not any(os.access(os.path.join(d, "openssl"), os.X_OK)
               for d in os.environ.get("PATH", "").split(":")):
        return "openssl is missing"
    return ""


def certificate(root):
    """The directory of certificates, for $CERTDIR; roots.pem in it is the client's."""
    top = os.path.join(root.top, "certs")
    if os.path.isdir(top):
        return top
    os.mkdir(top)
    subprocess.run(["sh", "-c", ". tests/lib/tlsca.sh; tls_cert selfsigned"], cwd=TOP, check=True,
                   env=dict(os.environ, TLSCA=top, TMP=top, BIN=BIN))
    path = os.path.join(top, "servercert.pem")
    with open(path, "wb") as out:
        for name in ("selfsigned.pem", "selfsigned.key"):
            with open(os.path.join(top, name), "rb") as f:
                out.write(f.read())
    os.chmod(path, 0o600)
    own(path)
    return top


class Gone(Exception):
    """The server is, or says nothing."""


class Talk:
    """One session; answered: whether the message was, for good or for now."""

    def __init__(self, conn, ca):
        conn.settimeout(WAIT_SECS)
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.conn, self.ca = conn, ca
        self.text, self.got, self.answered = BEGIN, b"", False
        self.lines = []

    def reply(self):
        """The last line of the next reply; all of them in lines."""
        self.lines = []
        while True:
            while b"\n" not in self.got:
                try:
                    more = self.conn.recv(16384)
                except OSError:
                    more = b""
                if not more:
                    raise Gone
                self.got += more
            line, _, self.got = self.got.partition(b"\n")
            line = line.decode("latin-1").rstrip("\r")
            self.text += line + "\n"
            self.lines.append(line[4:])
            if line[3:4] != "-":
                return line

    def send(self, data):
        try:
            self.conn.sendall(data)
        except OSError:
            pass    # what it said before may still be there

    def say(self, line):
        self.text += "client: %s\n" % line
        self.send(line.encode() + b"\r\n")
        return self.reply()

    def hello(self):
        self.say("EHLO client.example.org")

    def offers(self, word):
        return any(x.split(" ")[0] == word for x in self.lines)

    def tls(self, most="TLSv1_3"):
        """True when there is; what was offered in the clear counts for nothing then."""
        if self.say("STARTTLS")[:3] != "220":
            return False
        context = ssl.create_default_context(cafile=self.ca)
        context.maximum_version = ssl.TLSVersion[most]
        try:
            self.conn = context.wrap_socket(self.conn, server_hostname="mail.example.net")
        except OSError:
            raise Gone
        self.text += "client: %s\n" % self.conn.version()
        self.got = b""
        self.hello()
        return True

    def mail(self, sender, rcpt, data):
        """All of it, whatever is said to its parts."""
        self.say("MAIL FROM:<%s>" % sender)
        self.say("RCPT TO:<%s>" % rcpt)
        if self.say("DATA")[:3] == "354":
            self.send(data.replace(b"\n", b"\r\n") + b".\r\n")
            self.reply()
        self.answered = True


class Client:
    """Speaks as script(talk) for whoever comes to its socket."""

    def __init__(self, root, name, script):
        self.path = os.path.join(root.top, "client." + name)
        self.ca = os.path.join(root.top, "certs", "selfsigned.cert")
        self.script = script
        self.listen = socket.socket(socket.AF_UNIX)
        self.listen.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listen.listen(8)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                asks, _ = self.listen.accept()
            except OSError:
                return
            with asks:
                _, fds, _, _ = socket.recv_fds(asks, 1, 1)
                talk = Talk(socket.socket(fileno=fds[0]), self.ca)
                try:
                    talk.reply()
                    self.script(talk)
                    talk.say("QUIT")
                except Gone:
                    talk.text += "client: gone\n"
                talk.conn.close()
                asks.sendall(("%d" % talk.answered + talk.text).encode("latin-1"))


# ---- who they are ----

def has_login(root, data, rcpt):
    def script(t):
        t.hello()
        if t.offers("STARTTLS") and t.tls() and t.offers("AUTH"):
            t.say(plain(PASSWORD))
        t.mail(at("from"), rcpt, data)
    return script


def no_login(root, data, rcpt):
    """In the clear, where the right password is worth nothing; in TLS without one."""
    def script(t):
        t.hello()
        t.mail(at("from"), rcpt, data)
        t.say(plain(PASSWORD))
        if not t.tls("TLSv1_2"):
            return
        t.mail(at("from"), rcpt, data)
        if t.say("AUTH PLAIN")[:3] == "334":
            t.say("*")
        t.mail(at("from"), rcpt, data)
    return script


def wrong_login(root, data, rcpt):
    def script(t):
        t.hello()
        t.tls()
        t.say(plain("sesame"))
        t.mail(at("from"), rcpt, data)
    return script


def by_login(_, run):
    """Each message that was taken: behind a login, and that one behind TLS."""
    wrong = []
    for part in run.text.split(BEGIN)[1:]:
        before, taken, _ = part.partition("\n" + ANSWERED)
        if taken and "\n235 " not in before.partition("\nclient: TLS")[2]:
            wrong.append("taken without a login: %r" % before[-300:])
    return wrong


def never(_, run):
    return ["a stranger hears %r" % word for word in ("\n235 ", "\n354 ", "\n" + ANSWERED)
            if word in run.text]


def open_door(root, scene):
    """Is it seen when one without a login gets in? He does where no login is asked for."""
    s = copy.copy(scene)
    s.control = {k: v for k, v in scene.control.items() if k != "requireauth"}
    root.stage(s)
    root.sink.fresh()
    r = root.boxed(s.cmd())
    root.finish()
    return s.check(root, r) and judge(s.wants, root.local(), root.sink.got(), True).wrong


def scenes(root):
    if not has_smtpd(root):
        return []
    found = [] if missing(root) else with_tls(root)
    return found + [alone(root, "relay", rcpthosts=HOST, relayclients="192.0.2.8",
                          relaydomains=".net", relaymailfrom="x@y.example")]


def with_tls(root):
    a, found, box = at("a"), [], os.path.join(root.bin, "mini-smtpd")
    net = {"CERTDIR": certificate(root), "SECURE_AUTH": "1"}
    users = {"smtpauth": smtpauth()}

    def scene(name, script, rcpt, good, argv=(), **more):
        data = letter(name, rcpt, at("from"))
        c = Client(root, name, script(root, data, rcpt))
        argv = ["smtpclient", c.path, box, "-v", "-l", "%"] + list(argv)
        more = dict(dict(roles=("", "", "session"), env=net, control=users), **more)
        if good:
            more.update(check=by_login)
        else:
            more.update(check=never, codes={0, 75})
        found.append(Scene(name, argv, [Want(rcpt, data, rcpt == a)] if good else [],
                           submission=True, replies=True, listens=True, **more))

    must = dict(users, requireauth="1", rcpthosts=HOST)
    scene("login", has_login, a, True,
          few={"access", "open", "getrandom", "read", "write", "fsync", "renameat2"})
    scene("nologin", no_login, ME, False, control=must, few={"open", "openat", "fstat"})
    scene("checkpw", wrong_login, a, False, [root.taker], control={},
          few={"pipe2", "fork", "wait4", "execve", "open"},
          roles=("", "", "session", "checkpassword"))
    if not SHORT:
        # It is answered after two seconds.
        found.append(alone(root, "wronglogin", plain("sesame") + "\r\n", "127.0.0.1", **must))
    return found


def alone(root, name, first="", ip="192.0.2.7", **control):
    """One who may not send, without TLS, and mini-smtpd on its descriptors."""
    data = letter(name, at("a"), at("from"))
    s = Scene(name, ["mini-smtpd"], [], submission=True, code=1, replies=True, check=never,
              few={"openat"}, codes={0, 1, 111, 256 + 9}, control=control,
              env={"PROTO": "TCP", "TCPREMOTEIP": ip, "TCPREMOTEHOST": "client.example.org"})
    s.stdin = put_file(root, "dialogue." + name, (
        "EHLO client.example.org\r\n%sMAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n%s.\r\nQUIT\r\n" % (
            first, at("from"), at("a"), data.decode().replace("\n", "\r\n"))).encode())
    return s


