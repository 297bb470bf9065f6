#!/usr/bin/python3
"""authclient.py PROGRAM [ARG...]: starts `PROGRAM ARG...` on one socket, as inetd does,
logs in as the script on standard input says, and prints a line for each step:

  E                      EHLO: "STARTTLS" if it is offered, and the mechanisms
  T                      STARTTLS, and EHLO
  L text                 sends the line; the code and status of the reply
  A text                 the same in base64; text as in C: \\0 \\r \\xNN
  M mech user password   the whole of it; user and password as in C
  P user password        Python's smtplib: login()
  W                      reads on to the end of it
  S mech user password   the same: what the server has said of rounds and salt
  D step                 the step, and how many milliseconds it took
  F text                 how often the program's memory has the text, or its base64
  N seconds              waits

then "exit N". SCRAM is this file's own, from RFC 5802, and checks the server's proof."""
import base64
import codecs
import hashlib
import hmac
import os
import signal
import socket
import sys
import time


def text(s):
    return codecs.escape_decode(s.encode("latin-1"))[0]


def b64(b):
    return base64.b64encode(b).decode()


def mac(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


class Client:
    def __init__(self, argv):
        self.s, there = socket.socketpair()
        self.p = os.fork()
        if not self.p:
            os.dup2(there.fileno(), 0)
            os.dup2(there.fileno(), 1)
            signal.alarm(0)
            os.execv(argv[0], argv)
        there.close()
        self.got = b""
        self.reply()

    def reply(self):
        """Code and status of the last line; "end"."""
        self.lines = []
        while True:
            while b"\n" not in self.got:
                try:
                    more = self.s.recv(4096)
                except (ConnectionResetError, BrokenPipeError):
                    more = b""
                if not more:
                    return "end"
                self.got += more
            line, self.got = self.got.split(b"\n", 1)
            line = line.decode("latin-1").rstrip("\r")
            self.lines.append(line)
            if line[3:4] != "-":
                return line if line[:3] == "334" else " ".join(line.split(" ")[:2])

    def say(self, line):
        try:
            self.s.sendall(line.encode("latin-1") + b"\r\n")
        except (ConnectionResetError, BrokenPipeError):
            pass
        return self.reply()

    def ehlo(self):
        self.say("EHLO client.example.net")
        words = [x[4:] for x in self.lines]
        return " ".join(["STARTTLS"] * ("STARTTLS" in words) +
                        [x[5:] for x in words if x.startswith("AUTH ")]) or "nothing"

    def tls(self):
        answer = self.say("STARTTLS")
        if answer[:3] != "220":
            return answer
        import ssl      # here, as it takes longer than a login
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.s = context.wrap_socket(self.s)
        return self.ehlo()

    def challenge(self, answer):
        return base64.b64decode(answer[4:], validate=True)

    def scram(self, user, password):
        name = user.replace(b"=", b"=3D").replace(b",", b"=2C")
        nonce = b64(os.urandom(12)).encode()
        bare = b"n=" + name + b",r=" + nonce
        answer = self.say("AUTH SCRAM-SHA-256 " + b64(b"n,," + bare))
        if answer[:3] != "334":
            return answer
        first = self.challenge(answer)
        part = dict(x.split(b"=", 1) for x in first.split(b","))
        assert part[b"r"].startswith(nonce) and len(part[b"r"]) > len(nonce)
        salted = hashlib.pbkdf2_hmac("sha256", password, base64.b64decode(part[b"s"]),
                                     int(part[b"i"]))
        key = mac(salted, b"Client Key")
        final = b"c=biws,r=" + part[b"r"]
        auth = bare + b"," + first + b"," + final
        proof = bytes(a ^ b for a, b in zip(key, mac(hashlib.sha256(key).digest(), auth)))
        self.seen = "i=%d salt of %d" % (int(part[b"i"]), len(base64.b64decode(part[b"s"])))
        self.salt = part[b"s"].decode()
        answer = self.say(b64(final + b",p=" + b64(proof).encode()))
        if answer[:3] != "334":
            return answer
        if self.challenge(answer) != b"v=" + b64(mac(mac(salted, b"Server Key"), auth)).encode():
            return "the server's proof is wrong"
        return self.say("")

    def log_in(self, mech, user, password):
        if mech == "PLAIN":
            return self.say("AUTH PLAIN " + b64(b"\0" + user + b"\0" + password))
        if mech.startswith("SCRAM"):
            return self.scram(user, password)
        answer = self.say("AUTH " + mech)
        if answer[:3] == "334" and mech == "CRAM-MD5":
            digest = hmac.new(password, self.challenge(answer), hashlib.md5).hexdigest()
            return self.say(b64(user + b" " + digest.encode()))
        if answer[:3] == "334":
            answer = self.say(b64(user))
        return self.say(b64(password)) if answer[:3] == "334" else answer

    def smtplib(self, user, password):
        import smtplib
        c = smtplib.SMTP(local_hostname="client.example.net")
        c.sock, c.file = self.s, None
        try:
            return "%d %s" % tuple(x if isinstance(x, int) else x.decode().split(" ")[0]
                                   for x in c.login(user, password))
        except smtplib.SMTPAuthenticationError as e:
            return "%d %s" % (e.smtp_code, e.smtp_error.decode().split(" ")[0])

    def found(self, what):
        count = 0
        with open("/proc/%d/maps" % self.p) as maps, \
                open("/proc/%d/mem" % self.p, "rb") as mem:
            for area in maps:
                if " rw" in area:
                    at, end = (int(x, 16) for x in area.split(" ")[0].split("-"))
                    mem.seek(at)
                    here = mem.read(end - at)
                    # Where it begins in base64 depends on what stands before it.
                    count += sum(here.count(x) for x in [what] +
                                 [base64.b64encode(b"x" * i + what)[4:-4] for i in (1, 2, 3)])
        return count

    def step(self, line):
        what, rest = line[:1], line[2:]
        if what == "E":
            return self.ehlo()
        if what == "T":
            return self.tls()
        if what == "L":
            return self.say(rest)
        if what == "A":
            return self.say(b64(text(rest)))
        if what == "M":
            mech, user, password = rest.split(" ")
            return mech + ": " + self.log_in(mech, text(user), text(password))
        if what == "S":
            mech, user, password = rest.split(" ")
            self.log_in(mech, text(user), text(password))
            return self.seen + (" " + self.salt if os.environ.get("SALT") else "")
        if what == "P":
            return "smtplib: " + self.smtplib(*rest.split(" "))
        if what == "N":
            time.sleep(float(rest))
            return "waited"
        if what == "D":
            at = time.monotonic()
            return "%s after %d" % (self.step(rest), round((time.monotonic() - at) * 1000))
        if what == "F":
            return "found %d" % self.found(text(rest))
        while True:
            answer = self.reply()
            if answer == "end":
                return answer
            print(answer)


def main():
    signal.alarm(int(os.environ.get("CLIENT_SECS", 60)))
    c = Client(sys.argv[1:])
    for line in sys.stdin.read().split("\n"):
        if line:
            print(c.step(line), flush=True)
    c.s.close()
    print("exit", os.waitstatus_to_exitcode(os.waitpid(c.p, 0)[1]))


main()
