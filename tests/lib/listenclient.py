#!/usr/bin/env python3
"""Clients for tests of the listener (tests/lib/listend.c).

usage: listenclient.py port                      a free port
       listenclient.py show HOST PORT [FROM]     what one connection is told
       listenclient.py hold HOST PORT N SECS [FROM]
                         opens N at a time, says after SECS how many were greeted, then
                         ends the first and says how many are greeted now, then ends all
       listenclient.py burst HOST PORT N [ABREAST]    N connections, so many at a time
       listenclient.py wait HOST PORT FILE LINE  one that says LINE, then shows what it hears
                         and waits for its end; what it hears goes to FILE
       listenclient.py pass KIND PROGRAM ARGS    runs a program with LISTEN_FDS: tcp, tcp6,
                         pid (another one's), dull (does not listen), unix, many, taken (a
                         connection; its client shows what it hears)
       listenclient.py address ADDR...           gives the loopback device these, and is up
       listenclient.py cdb FILE KEY DATA         a cdb of one record; + in DATA at the end: NUL
"""
import fcntl
import os
import select
import socket
import struct
import sys


def connect(host, port, source=None):
    return socket.create_connection((host, int(port)), 10, (source, 0) if source else None)


def told(s):
    """All until "ready" or the end."""
    s.settimeout(15)
    data = b""
    while not data.endswith(b"ready\n"):
        try:
            piece = s.recv(4096)
        except ConnectionResetError:
            break
        if not piece:
            break
        data += piece
    return data.decode("latin-1")


def end(s):
    s.sendall(b"exit 0\n")
    s.settimeout(15)
    try:
        while s.recv(4096):
            pass
    except ConnectionResetError:
        pass
    s.close()


def show(host, port, source=None):
    s = connect(host, port, source)
    text = told(s)
    sys.stdout.write(text)
    if text.endswith("ready\n"):
        end(s)


def greeted(socks, secs):
    """Which of them hear something within secs."""
    poll, heard = select.poll(), set()
    for s in socks:
        poll.register(s, select.POLLIN)
    while len(heard) < len(socks):
        ready = poll.poll(secs * 1000)
        if not ready:
            break
        for fd, _ in ready:
            poll.unregister(fd)
            heard.add(fd)
    return [s for s in socks if s.fileno() in heard]


def hold(host, port, n, secs, source=None):
    socks = [connect(host, port, source) for _ in range(int(n))]
    first = greeted(socks, float(secs))
    words = [told(s) for s in first]
    served = [s for s, w in zip(first, words) if w.endswith("ready\n")]
    refused = [w for w in words if not w.endswith("ready\n")]
    print("served", len(served), "refused", len(refused), "waiting", len(socks) - len(first))
    for w in sorted(set(refused)):
        print("heard", repr(w))
    if served and len(first) < len(socks):
        end(served.pop(0))
        rest = [s for s in socks if s not in first]
        then = greeted(rest, float(secs))
        print("then", len(then))
        served += [s for s in then if told(s).endswith("ready\n")]
        for s in rest:
            if s not in then:
                s.close()
    for s in served:
        end(s)


def burst(host, port, n, abreast="1"):
    n, abreast, good = int(n), int(abreast), 0
    while n > 0:
        socks = [connect(host, port) for _ in range(min(n, abreast))]
        for s in socks:
            good += told(s).endswith("ready\n")
            end(s)
        n -= len(socks)
    print("served", good)


def wait(host, port, name, line):
    s = connect(host, port)
    with open(name + ".new", "w") as f:
        f.write(told(s))
    os.rename(name + ".new", name)
    s.sendall(line.encode() + b"\n")
    s.settimeout(30)
    while True:
        try:
            piece = s.recv(4096)
        except ConnectionResetError:
            piece = b""
        with open(name, "a") as f:
            f.write(piece.decode("latin-1") or "the end\n")
        if not piece:
            break


def run_passed(kind, program, *args):
    family = {"tcp6": socket.AF_INET6, "unix": socket.AF_UNIX}.get(kind, socket.AF_INET)
    s = socket.socket(family)
    if kind == "unix":
        s.bind(os.path.join(os.environ["TMP"], "local"))
    else:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("::1" if kind == "tcp6" else "127.0.0.1", int(os.environ["PORT"])))
    if kind != "dull":
        s.listen(128)
    if kind == "taken":
        client = connect("127.0.0.1", os.environ["PORT"])
        s, _ = s.accept()
        if os.fork() == 0:
            s.close()
            sys.stdout.write(told(client))
            sys.stdout.flush()
            end(client)
            os._exit(0)
        client.close()
    fd = os.dup(s.fileno()) if s.fileno() != 3 else 3
    os.dup2(fd, 3)
    os.set_inheritable(3, True)
    os.environ["LISTEN_FDS"] = "17" if kind == "many" else "1"
    os.environ["LISTEN_FDNAMES"] = "mail"
    os.environ["LISTEN_PID"] = str(os.getpid() + (kind == "pid"))
    os.execv(program, (program,) + args)


def address(*addrs):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 0x49))
    for i, a in enumerate(addrs):
        if ":" in a:
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six:
                fcntl.ioctl(six, 0x8916, socket.inet_pton(socket.AF_INET6, a) +
                            struct.pack("Ii", 128, 1))
        else:
            fcntl.ioctl(s, 0x8916, struct.pack("16sHH4s8x", b"lo:%d" % i, socket.AF_INET, 0,
                                               socket.inet_aton(a)))


def cdb(name, key, data):
    key = key.encode()
    data = (data[:-1] + "\0" if data.endswith("+") else data).encode()
    h = 5381
    for c in key:
        h = (h * 33 ^ c) & 0xffffffff
    record = struct.pack("<II", len(key), len(data)) + key + data
    at = 2048 + len(record)
    head = b"".join(struct.pack("<II", at if t <= (h & 255) else at + 16,
                                2 if t == (h & 255) else 0) for t in range(256))
    slots = [b"\0" * 8, b"\0" * 8]
    slots[(h >> 8) % 2] = struct.pack("<II", h, 2048)
    with open(name, "wb") as f:
        f.write(head + record + b"".join(slots))


def port():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    print(s.getsockname()[1])


if __name__ == "__main__":
    {"port": port, "show": show, "hold": hold, "burst": burst, "wait": wait,
     "pass": run_passed, "address": address, "cdb": cdb}[sys.argv[1]](*sys.argv[2:])
