#!/usr/bin/env python3
"""smtpsink.py with TLS and logins: takes mail on loopback, and can be told to
misbehave at any step. All of smtpsink.py's options and its script; and

--tls starttls|implicit|none  --cert PEM --key PEM (several: one for each kind of
key)  --client-ca PEM (a client's certificate is required)  --min, --max 1.2|1.3
--ciphers LIST (TLS 1.2)  --curve NAME  --no-tickets
--auth "MECH MECH..."   offered and understood: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1
        SCRAM-SHA-256 (-PLUS: TLS 1.3) XOAUTH2 OAUTHBEARER
--login USER:PASSWORD...  --token USER:TOKEN...   who may come in; read again from
--logins FILE  lines of "USER:PASSWORD", at every login
--need-auth     MAIL without a login: 530       --iterations N (SCRAM)
--auth-clear    AUTH also before TLS            --auth-only-clear  never after it
--cap-clear LINE, --cap-tls LINE   capabilities only before, only after STARTTLS
--wire FILE     what went over the wire, JSON, see below

More verbs of the script, after their MATCH the ACTIONs of smtpsink.py, and:
  EHLO      `strip`: as it would be, but without STARTTLS, which is then unknown
  STARTTLS  `inject TEXT` 220, and TEXT in the same packet in the clear, then TLS
  HANDSHAKE in place of the handshake: `garbage TEXT`; or during it: `cut N` close
            when N bytes of it went out, `eat N` when N bytes came in, `corrupt N`
            byte N that goes out is wrong, `go` as always
  TLS       when it is done; `go`, `cut N`, `corrupt N` as above
  AUTH      (MATCH: the mechanism) in place of the exchange
  AUTHEND   in place of its right answer, 235 or 535
  LIE       what SCRAM says wrongly: signature nonce nonce-same salt iterations=N
            extension error (e= for v=) silent (235 without proof) twice, or empty
and for every verb `drip SECS ACTION`: from then on one byte every SECS.

A line of the wire's log has n, the connection, t, the seconds since the start,
and one of: {"w": "clear"|"tls", "d": "in"|"out", "s": bytes as Latin-1}
  {"w": "cipher", "d": ..., "len": N}     {"e": "handshake", "version", "cipher",
  "resumed", "sni", "peer"}   {"e": "failed", "why"}   {"e": "early", "s"} bytes in
  the clear behind STARTTLS   {"e": "auth", "mech", "user", "ok"}   {"e": "close",
  "how": "goodbye"|"cut"} what the client's end was like.
tlslog.py reads it.
"""
import argparse
import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import json
import os
import socket
import ssl
import sys
import threading
import time
import smtpsink
from smtpsink import Gone


class Log:
    def __init__(self, path):
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) if path else -1
        self.start = time.monotonic()

    def put(self, n, **what):
        if self.fd >= 0:
            line = dict(n=n, t=round(time.monotonic() - self.start, 4), **what)
            os.write(self.fd, (json.dumps(line) + "\n").encode())


class Wire:
    """A socket that keeps a record, may have TLS, and may be cut."""
    def __init__(self, sock, n, log):
        self.sock, self.n, self.log = sock, n, log
        self.tls = None
        self.drip, self.rude, self.ended = 0.0, False, False
        self.sent = self.came = 0
        self.cut = self.eat = self.corrupt = None

    def count(self, cut=None, eat=None, corrupt=None):
        self.sent = self.came = 0
        self.cut, self.eat, self.corrupt = cut, eat, corrupt

    # -- what is really on the wire
    def raw_send(self, data):
        if self.corrupt is not None and self.sent <= self.corrupt < self.sent + len(data):
            i = self.corrupt - self.sent
            data = data[:i] + bytes([data[i] ^ 0x55]) + data[i + 1:]
        gone = self.cut is not None and self.sent + len(data) >= self.cut
        if gone:
            data = data[:self.cut - self.sent]
        self.sent += len(data)
        if self.drip:
            for i in range(len(data)):
                self.sock.sendall(data[i:i + 1])
                time.sleep(self.drip)
        else:
            self.sock.sendall(data)
        if gone:
            self.rude = True
            raise Gone()

    def raw_recv(self, n):
        data = self.sock.recv(n)
        self.came += len(data)
        if self.eat is not None and self.came >= self.eat:
            self.rude = True
            raise Gone()
        return data

    # -- what smtpsink.Conn uses
    def sendall(self, data):
        kind = "tls" if self.tls else "clear"
        self.log.put(self.n, w=kind, d="out", s=data.decode("latin-1"))
        if not self.tls:
            return self.raw_send(data)
        for i in range(0, len(data), 16384):
            self.tls.write(data[i:i + 16384])
        self.push()

    def recv(self, n):
        if not self.tls:
            data = self.raw_recv(n)
            if data:
                self.log.put(self.n, w="clear", d="in", s=data.decode("latin-1"))
            else:
                self.end("cut")
            return data
        while True:
            try:
                data = self.tls.read(n)
                if data:
                    self.log.put(self.n, w="tls", d="in", s=data.decode("latin-1"))
                else:
                    self.end("goodbye")
                return data
            except ssl.SSLWantReadError:
                self.push()
                if not self.pull():
                    self.end("cut")
                    return b""
            except ssl.SSLError as e:
                self.end("goodbye" if isinstance(e, ssl.SSLZeroReturnError) else str(e))
                return b""

    def settimeout(self, secs):
        self.sock.settimeout(secs)

    def setsockopt(self, *a):
        self.rude = True
        self.sock.setsockopt(*a)

    def end(self, how):
        if not self.ended:
            self.ended = True
            self.log.put(self.n, e="close", how=how)

    def close(self):
        if self.tls and not self.rude:
            try:
                if not self.ended:	# the client's goodbye comes first, for the log
                    self.sock.settimeout(1)
                    self.recv(65536)
                self.tls.unwrap()
            except (Gone, ssl.SSLError, OSError):
                pass
            try:
                self.push()
            except (Gone, OSError):
                pass
        self.sock.close()

    # -- TLS
    def push(self):
        data = self.outgoing.read()
        if data:
            self.log.put(self.n, w="cipher", d="out", len=len(data))
            self.raw_send(data)

    def pull(self):
        data = self.raw_recv(65536)
        if data:
            self.log.put(self.n, w="cipher", d="in", len=len(data))
            self.incoming.write(data)
        return data

    def start(self, ctx):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = ctx.wrap_bio(self.incoming, self.outgoing, server_side=True)
        try:
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    self.push()
                    if not self.pull():
                        raise Gone() from None
            self.push()
        except (ssl.SSLError, Gone) as e:
            self.log.put(self.n, e="failed", why=str(e) or "connection ended")
            try:
                self.push()		# the alert
            except (Gone, OSError):
                pass
            self.rude = True
            raise Gone() from None
        self.tls = tls
        peer = tls.getpeercert() or {}
        peer = [v for rdn in peer.get("subject", ()) for k, v in rdn if k == "commonName"]
        self.log.put(self.n, e="handshake", version=tls.version(), cipher=tls.cipher()[0],
                     resumed=tls.session_reused, sni=getattr(tls, "sni", None),
                     peer=peer[0] if peer else None)

    def exporter(self):
        """tls-exporter (RFC 9266), which ssl of this Python does not have: libssl's own,
        by the SSL pointer behind the head of the object (two words) and its owner."""
        if self.tls is None or self.tls.version() != "TLSv1.3" or not exporter_known():
            return None
        lib = ctypes.CDLL(ctypes.util.find_library("ssl"))
        where = ctypes.c_void_p.from_address(id(self.tls._sslobj) + 3 * ctypes.sizeof(ctypes.c_void_p))
        out, label = ctypes.create_string_buffer(32), b"EXPORTER-Channel-Binding"
        call = lib.SSL_export_keying_material
        call.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p,
                         ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
        return out.raw if call(where.value, out, 32, label, len(label), b"", 0, 1) == 1 else None


def exporter_known():
    return sys.implementation.name == "cpython" and (3, 8) <= sys.version_info[:2] <= (3, 12)


def context(a):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
    ctx.minimum_version, ctx.maximum_version = version[a.min], version[a.max]
    for cert, key in zip(a.cert, a.key):
        ctx.load_cert_chain(cert, key)
    if a.client_ca:
        ctx.load_verify_locations(a.client_ca)
        ctx.verify_mode = ssl.CERT_REQUIRED
    if a.ciphers:
        ctx.set_ciphers(a.ciphers)
    if a.curve:
        ctx.set_ecdh_curve(a.curve)
    if a.no_tickets:
        ctx.options |= ssl.OP_NO_TICKET
        ctx.num_tickets = 0

    def sni(tls, name, _):
        tls.sni = name
    ctx.sni_callback = sni
    return ctx


class Secrets:
    """Who may come in."""
    def __init__(self, a):
        self.a = a

    def all(self):
        pairs = list(self.a.login)
        if self.a.logins:
            with open(self.a.logins, encoding="utf-8") as f:
                pairs += f.read().split("\n")
        return dict(p.split(":", 1) for p in pairs if ":" in p)

    def password(self, user):
        return self.all().get(user)

    def token(self, user, token):
        pairs = self.all() if self.a.logins else {}
        pairs.update(p.split(":", 1) for p in self.a.token)
        return pairs.get(user) == token


class Cancel(Exception):
    pass


class Auth:
    """One exchange. run() returns 1 or 0: the login is right or not."""
    def __init__(self, conn, mech, first):
        self.conn, self.mech, self.first = conn, mech, first
        self.secrets = Secrets(conn.sink.a)
        self.user = None

    def ask(self, challenge):
        self.conn.reply("334 " + base64.b64encode(challenge).decode())
        return self.answer()

    def answer(self):
        line = self.conn.line()
        self.conn.sink.log(self.conn.n, "C " + line.decode("latin-1"))
        if line == b"*":
            raise Cancel()
        return base64.b64decode(line, validate=True)

    def initial(self):
        if self.first is None:
            return self.ask(b"")
        return b"" if self.first == "=" else base64.b64decode(self.first, validate=True)

    def run(self):
        kind = {"PLAIN": self.plain, "LOGIN": self.plain_login, "CRAM-MD5": self.cram,
                "XOAUTH2": self.bearer, "OAUTHBEARER": self.bearer}.get(self.mech, self.scram)
        return kind()

    def check(self, user, password):
        self.user = user.decode("utf-8", "replace")
        want = self.secrets.password(self.user)
        return want is not None and want.encode() == password

    def plain(self):
        _, user, password = self.initial().split(b"\0")
        return self.check(user, password)

    def plain_login(self):
        user = self.ask(b"Username:") if self.first is None else self.initial()
        return self.check(user, self.ask(b"Password:"))

    def cram(self):
        challenge = b"<%d.%d@sink.example.net>" % (os.getpid(), time.monotonic_ns())
        user, _, mac = self.ask(challenge).rpartition(b" ")
        self.user = user.decode()
        want = self.secrets.password(self.user)
        return want is not None and mac == hmac.new(want.encode(), challenge, "md5").hexdigest().encode()

    def bearer(self):
        fields = self.initial().split(b"\x01")
        words = dict(f.split(b"=", 1) for f in fields if b"=" in f)
        if self.mech == "XOAUTH2":
            self.user = words[b"user"].decode()
        else:
            gs2 = fields[0].split(b",")
            if gs2[0] != b"n" or not gs2[1].startswith(b"a="):
                return 0
            self.user = gs2[1][2:].decode().replace("=2C", ",").replace("=3D", "=")
        scheme, _, token = words.get(b"auth", b"").partition(b" ")
        if scheme.lower() == b"bearer" and self.secrets.token(self.user, token.decode()):
            return 1
        try:
            self.ask(b'{"status":"400","schemes":"Bearer","scope":"https://mail.example.net/"}')
        except Cancel:
            pass
        return 0

    def lie(self):
        return self.conn.sink.rule("LIE", self.mech) or ""

    def scram(self):
        lie, a = self.lie(), self.conn.sink.a
        algo = "sha256" if "256" in self.mech else "sha1"
        first = self.initial().decode()
        gs2, bare = first.split(",", 2)[:2], first.split(",", 2)[2]
        binding = b""
        if self.mech.endswith("-PLUS"):
            binding = self.conn.sock.exporter()
            if gs2[0] != "p=tls-exporter" or binding is None:
                return 0
        elif gs2[0] not in ("n", "y"):
            return 0
        elif gs2[0] == "y" and any(m.endswith("-PLUS") for m in a.auth.split()):
            return 0		# RFC 5802 6: it was stripped on the way
        part = dict(p.split("=", 1) for p in bare.split(","))
        self.user = part["n"].replace("=2C", ",").replace("=3D", "=")
        password = (self.secrets.password(self.user) or os.urandom(9).hex()).encode()
        nonce = part["r"] + base64.b64encode(os.urandom(12)).decode()
        if lie == "nonce":
            nonce = "x" + nonce[1:]
        if lie == "nonce-same":
            nonce = part["r"]
        salt, rounds = os.urandom(16), a.iterations
        said = ("!!" if lie == "salt" else base64.b64encode(salt).decode(), str(rounds))
        if lie.startswith("iterations="):
            said = (said[0], lie.split("=", 1)[1])
        server = "%sr=%s,s=%s,i=%s" % ("m=odd," if lie == "extension" else "", nonce, *said)
        if lie == "empty":
            server = ""
        final = self.ask(server.encode()).decode()
        bare_final, _, proof = final.rpartition(",p=")
        words = dict(p.split("=", 1) for p in bare_final.split(","))
        bound = base64.b64encode((",".join(gs2) + ",").encode() + binding).decode()
        salted = hashlib.pbkdf2_hmac(algo, password, salt, rounds)
        key = hmac.digest(salted, b"Client Key", algo)
        message = ",".join((bare, server, bare_final)).encode()
        sign = hmac.digest(hashlib.new(algo, key).digest(), message, algo)
        right = bytes(x ^ y for x, y in zip(key, sign))
        if words.get("c") != bound or words.get("r") != nonce or base64.b64decode(proof) != right:
            if lie == "error":
                self.ask(b"e=invalid-proof")
            return 0
        v = hmac.digest(hmac.digest(salted, b"Server Key", algo), message, algo)
        if lie == "signature":
            v = bytes([v[0] ^ 1]) + v[1:]
        text = b"e=other-error" if lie == "error" else b"v=" + base64.b64encode(v)
        if lie != "silent":
            self.ask(text)
        if lie == "twice":
            self.ask(text)
        return 1


class TlsConn(smtpsink.Conn):
    def __init__(self, sink, sock, n):
        super().__init__(sink, Wire(sock, n, sink.a.wirelog), n)
        self.authed = self.stripped = False

    # -- what is offered
    def more_caps(self):
        a, caps = self.sink.a, []
        clear = self.sock.tls is None
        if clear and a.tls == "starttls" and not self.stripped:
            caps.append("STARTTLS")
        if a.auth and (a.tls == "none" or (a.auth_clear or a.auth_only_clear if clear
                                            else not a.auth_only_clear)):
            caps.append("AUTH " + a.auth)
        return caps + (a.cap_clear if clear else a.cap_tls)

    def answer(self, verb, arg, default):
        a = self.sink.a
        if verb == "MAIL" and a.need_auth and not self.authed:
            default = "530 5.7.0 Authentication required"
        action = self.sink.rule(verb, arg)
        if verb == "EHLO" and action == "strip":
            self.stripped, action = True, None
            default = default.replace("\\nSTARTTLS", "")
        return self.act(action or default)

    def act(self, action, store=None):
        word, _, rest = action.partition(" ")
        if word == "drip":
            secs, _, rest = rest.partition(" ")
            self.flush()
            self.sock.drip = float(secs)
            return self.act(rest, store)
        if word in ("drop", "swallow", "freeze", "stall"):
            self.flush()
            self.sock.rude = True
        return super().act(action, store)

    def other(self, verb, arg):
        a = self.sink.a
        if verb == "STARTTLS" and a.tls == "starttls" and not self.stripped and not self.sock.tls:
            return self.starttls(arg)
        if verb == "AUTH" and a.auth:
            return self.auth(arg)
        super().other(verb, arg)

    # -- TLS
    def starttls(self, arg):
        action = self.sink.rule("STARTTLS", arg) or "220 2.0.0 go ahead"
        if action.startswith("inject "):
            self.reply("220 2.0.0 go ahead")
            text = action[7:].replace("\\r", "\r").replace("\\n", "\n")
            self.out.append(text.encode("latin-1"))
        elif self.act(action) != "220":
            return
        self.flush()
        if self.buf:
            self.sock.log.put(self.n, e="early", s=self.buf.decode("latin-1"))
            self.buf = b""
        self.handshake()
        self.mail, self.rcpts, self.authed, self.pipelining = None, [], False, False

    # One action of HANDSHAKE or TLS; a reply's code is nothing that can be said here.
    def strike(self, verb):
        action = self.sink.rule(verb, "") or "go"
        while action.startswith(("drip ", "sleep ")):
            word, secs, action = action.split(" ", 2)
            if word == "drip":
                self.sock.drip = float(secs)
            else:
                time.sleep(float(secs))
        word, _, rest = action.partition(" ")
        if word in ("cut", "eat", "corrupt"):
            self.sock.count(**{word: int(rest)})
        elif word == "garbage":
            self.sock.rude = True
            self.sock.raw_recv(65536)	# the client's hello: what came before would be in the clear
            self.sock.raw_send(rest.replace("\\r", "\r").replace("\\n", "\n")
                               .encode("latin-1").decode("unicode_escape").encode("latin-1"))
            while self.sock.raw_recv(65536):
                pass
            raise Gone()
        elif word != "go":
            self.act(action)

    def handshake(self):
        self.sock.count()
        self.strike("HANDSHAKE")
        self.sock.start(self.sink.a.ctx)
        self.sink.log(self.n, "TLS " + self.sock.tls.version())
        self.sock.count()
        self.strike("TLS")

    # -- logins
    def auth(self, arg):
        a = self.sink.a
        mech, _, first = arg.partition(" ")
        mech = mech.upper()
        if self.sock.tls is None and not (a.auth_clear or a.auth_only_clear or a.tls == "none"):
            return self.reply("530 5.7.0 Must issue a STARTTLS command first")
        action = self.sink.rule("AUTH", mech)
        if action:
            return self.act(action)
        if self.authed or mech not in a.auth.upper().split():
            return self.reply("503 5.5.1 authenticated already" if self.authed
                              else "504 5.5.4 no such mechanism")
        one = Auth(self, mech, first or None)
        try:
            good = one.run()
        except Cancel:
            self.sock.log.put(self.n, e="auth", mech=mech, user=one.user, ok=False, cancelled=True)
            return self.reply("501 5.7.0 cancelled")
        except (ValueError, KeyError, IndexError) as e:
            self.sock.log.put(self.n, e="auth", mech=mech, user=one.user, ok=False, bad=str(e))
            return self.reply("501 5.5.2 cannot be decoded")
        self.sock.log.put(self.n, e="auth", mech=mech, user=one.user, ok=bool(good))
        code = self.act(self.sink.rule("AUTHEND", mech) or
                        ("235 2.7.0 welcome" if good else "535 5.7.8 Error: authentication failed"))
        self.authed = code == "235"

    def run(self):
        if self.sink.a.tls == "implicit":
            self.handshake()
        super().run()

    def serve(self):
        try:
            super().serve()
        finally:
            self.sock.end("ours")


def main():
    p = argparse.ArgumentParser(allow_abbrev=False)
    p.add_argument("--tls", choices=("starttls", "implicit", "none"), default="starttls")
    for name in ("--cert", "--key", "--login", "--token", "--cap-clear", "--cap-tls"):
        p.add_argument(name, action="append", default=[])
    for name in ("--client-ca", "--ciphers", "--curve", "--wire", "--logins"):
        p.add_argument(name)
    p.add_argument("--min", default="1.2")
    p.add_argument("--max", default="1.3")
    p.add_argument("--auth", default="")
    p.add_argument("--iterations", type=int, default=4096)
    for name in ("--no-tickets", "--need-auth", "--auth-clear", "--auth-only-clear"):
        p.add_argument(name, action="store_true")
    # What is needed once is read here, before anything can connect.
    a, _ = p.parse_known_args()
    made = argparse.Namespace(ctx=None if a.tls == "none" else context(a), wirelog=Log(a.wire))
    p.set_defaults(**vars(made))
    smtpsink.main(p, TlsConn)


if __name__ == "__main__":
    main()
