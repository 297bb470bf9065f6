#!/usr/bin/env python3
"""A client of an SMTP server's TLS, for tests.

  smtptls.py PORT say [OPTION...]      commands of standard input, inside TLS
  smtptls.py PORT resume [OPTION...]   the same session twice: "full VERSION", "resumed ..."
  smtptls.py PORT ciphers              which suites of TLS 1.2 it takes, one at a time
  smtptls.py PORT WHAT [OPTION...]     old: hellos it must refuse; cut: closes, or says what
                                       is no TLS, after each part of a handshake; drip: a
                                       byte every 50 ms; late: commands behind STARTTLS in
                                       one segment, and in the next one; memory: VmHWM of
                                       the server's child named by --pidof FILE (its log)
Options: --tls 1.2|1.3, --cert FILE --key FILE, --ca FILE --name NAME (else nobody is
verified), --ciphers LIST, --implicit (TLS from the first byte), --times N.
"""
import argparse
import re
import socket
import ssl
import sys
import time

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
p = argparse.ArgumentParser()
p.add_argument("port", type=int)
p.add_argument("what")
for o in ("tls", "cert", "key", "ca", "name", "ciphers", "pidof"):
    p.add_argument("--" + o)
p.add_argument("--implicit", action="store_true")
p.add_argument("--times", type=int, default=1)
A = p.parse_args()


def context(old=False, ciphers=A.ciphers):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = bool(A.name)
    c.verify_mode = ssl.CERT_REQUIRED if A.ca else ssl.CERT_NONE
    if A.ca:
        c.load_verify_locations(A.ca)
    if A.tls:
        c.minimum_version = c.maximum_version = VERSIONS[A.tls]
    if old:
        c.minimum_version = ssl.TLSVersion.TLSv1
    if ciphers:
        c.set_ciphers(ciphers)
    if A.cert:
        c.load_cert_chain(A.cert, A.key)
    return c


def reply(s):
    """All lines of one reply; what there is when it ends earlier."""
    got = b""
    while not re.search(rb"(?:^|\n)\d{3} [^\n]*\n\Z", got):
        try:
            more = s.recv(1)
        except OSError:
            more = b""
        if not more:
            break
        got += more
    return got.decode("latin1").replace("\r", "")


def clear():
    """A connection where the server waits for a ClientHello."""
    s = socket.create_connection(("127.0.0.1", A.port), 20)
    if not A.implicit:
        reply(s)
        s.sendall(b"EHLO test.example.net\r\n")
        reply(s)
        s.sendall(b"STARTTLS\r\n")
        r = reply(s)
        if not r.startswith("220"):
            print("STARTTLS:", r.strip())
            sys.exit(1)
    return s


def dial(c, session=None):
    s = c.wrap_socket(clear(), server_hostname=A.name, session=session)
    if A.implicit:
        reply(s)
    return s


def words(e):
    return e.reason if isinstance(e, ssl.SSLError) and e.reason else type(e).__name__


def say():
    for _ in range(A.times):
        try:
            s = dial(context())
        except OSError as e:
            print("failed", words(e))
            continue
        print(s.version(), s.cipher()[0])
        for line in LINES:
            s.sendall(line.encode("latin1") + b"\r\n")
            print(reply(s).rstrip("\n"))
        s.close()


def resume():
    c = context()
    session = None
    for _ in range(A.times + 1):
        s = dial(c, session)
        s.sendall(b"EHLO test.example.net\r\n")
        reply(s)
        print("resumed" if s.session_reused else "full", s.version())
        session = s.session
        s.sendall(b"QUIT\r\n")
        reply(s)
        s.close()


def ciphers():
    every = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    every.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    names = [x["name"] for x in every.get_ciphers() if not x["name"].startswith("TLS_")]
    A.tls = "1.2"
    taken = []
    for n in names:
        try:
            dial(context(ciphers=n + ":@SECLEVEL=0")).close()
            taken.append(n)
        except OSError:
            pass
    print("tried", "many" if len(names) > 40 else len(names))
    print("\n".join(sorted(taken)))


def end(s):
    """How the server ends a connection: the alert it sends, "closed", or "waits"."""
    s.settimeout(5)
    got = b""
    try:
        while True:
            more = s.recv(4096)
            if not more:
                break
            got += more
    except socket.timeout:
        return "waits"
    except OSError:
        pass
    finally:
        s.close()
    m = re.search(rb"\x15\x03[\x00-\x04]\x00\x02\x02(.)", got, re.S)
    return "alert %d" % m[1][0] if m else "closed" if not got else "said %d bytes" % len(got)


def hello(version, suites, record=b"\x03\x01"):
    extensions = bytes.fromhex("000a00080006001700180019" "000b00020100" "000d00080006040105010403")
    body = version + bytes(32) + b"\x00" + len(suites).to_bytes(2, "big") + suites + b"\x01\x00"
    body += len(extensions).to_bytes(2, "big") + extensions
    shake = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16" + record + len(shake).to_bytes(2, "big") + shake


def old():
    aead = b"\xc0\x2f\xc0\x2b"
    for name, text in (
        ("SSLv2", b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + b"\x01\x00\x80" * 7 + bytes(16)),
        ("SSLv3", hello(b"\x03\x00", aead, b"\x03\x00")),
        ("TLSv1.0", hello(b"\x03\x01", aead)),
        ("TLSv1.1", hello(b"\x03\x02", aead)),
        ("RC4", hello(b"\x03\x03", b"\x00\x05")),
        ("CBC", hello(b"\x03\x03", b"\xc0\x13\xc0\x14\x00\x2f\x00\x35")),
        ("RSA keys", hello(b"\x03\x03", b"\x00\x9c\x00\x9d")),
        ("NULL", hello(b"\x03\x03", b"\x00\x01\x00\x02")),
        ("no TLS", b"EHLO test.example.net\r\n"),
        ("a flood of nothing", b"\x16\x03\x01\x00\x00" * 2000),
        ("a long record", b"\x16\x03\x01\xff\xff" + bytes(70000)),
        ("a huge hello", b"\x16\x03\x01\x40\x00\x01\xff\xff\xff" + bytes(16380) + b"\x16\x03\x01\x40\x00" + bytes(16384)),
    ):
        s = clear()
        try:
            s.sendall(text)
            r = end(s)
        except OSError:
            r = "closed"
        print(name + ":", "refused" if r == "closed" or r.startswith("alert") else r)


def flights(c):
    """Yields what a client would send, one flight after the other, while it does."""
    s, into, out = clear(), ssl.MemoryBIO(), ssl.MemoryBIO()
    o = c.wrap_bio(into, out)
    while True:
        try:
            o.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            done = False
        yield s, out.read()
        if done:
            return
        into.write(s.recv(16384))


def cut():
    """Closes after n bytes of a flight, or goes on with other bytes."""
    counts = {}
    for nth in (0, 1):
        for part in (0, 1, 5, 6, 40, -1, None):
            for junk in (b"", b"\xff" * 300, b"\x15\x03\x03\x00\x02\x02\x28"):
                for i, (s, data) in enumerate(flights(context())):
                    if i < nth:
                        s.sendall(data)
                        continue
                    try:
                        s.sendall(data[:part] + junk)
                        s.shutdown(socket.SHUT_WR)
                    except OSError:
                        pass    # it has ended that already
                    r = end(s)
                    counts["waits" if r == "waits" else "ended"] = 1 + counts.get(
                        "waits" if r == "waits" else "ended", 0)
                    break
    print(" ".join("%s %d" % x for x in sorted(counts.items())))


def drip():
    for s, data in flights(context()):
        t = time.monotonic()
        try:
            while time.monotonic() - t < 15:
                for b in data[:-1]:
                    s.sendall(bytes([b]))
                    time.sleep(0.05)
        except OSError:
            pass
        took = time.monotonic() - t
        print("ended in time" if took < 8 else "after %.1f s" % took)
        return


def late():
    s = socket.create_connection(("127.0.0.1", A.port), 20)
    reply(s)
    s.sendall(b"EHLO test.example.net\r\n")
    reply(s)
    s.sendall(b"STARTTLS\r\nNOOP\r\n")
    print(reply(s).strip(), "|", reply(s) or "closed")
    s = clear()
    s.sendall(b"NOOP\r\nRSET\r\n")
    print(end(s).split()[0])


def memory():
    with open(A.pidof) as f:
        n = len(f.read())
    s = dial(context())
    f = s.makefile("rwb")
    with open(A.pidof) as log:
        log.seek(n)
        pid = re.search(r"pid (\d+) from", log.read())[1]
    for line in LINES:
        f.write(line.encode("latin1") + b"\r\n")
        f.flush()
        reply(s)
    try:
        for _ in range(1000):
            f.write(b"x" * 998 + b"\r\n")
        f.flush()
    except OSError:
        pass
    with open("/proc/%s/status" % pid) as status:
        print(re.search(r"VmHWM:\s+(\d+)", status.read())[1])


LINES = sys.stdin.read().splitlines() if A.what in ("say", "memory") else []
globals()[A.what]()
