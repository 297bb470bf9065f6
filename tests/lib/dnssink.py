#!/usr/bin/env python3
"""A small DNS server for tests, on 127.0.0.1 (or ADDRESS) port 53 of a network namespace of
its own (UDP and TCP). Also brings up the loopback device there.

usage: dnssink.py ZONE READYFILE [SECS [ADDRESS]]

ZONE has lines "name TYPE value": A, AAAA, CNAME, PTR, MX ("10 host" or "0 ."), or
TLSA ("3 1 1 HEX"), TXT (text), RCODE number, RCODE6 number (for AAAA only), TC (cut short over UDP), NOTHING (no
reply at all), FORGE address (false answers come first). A name that is
not there does not exist; one with other types has no data. SECURE: what is asked with
the AD bit about this name and all below is answered with it, when every name on the way
is secure; INSECURE ends that."""
import fcntl
import os
import socket
import struct
import sys
import threading
import time

TYPES = {"A": 1, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "TLSA": 52}


def lo_up():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    req = struct.pack("16sh14x", b"lo", 0x49)
    fcntl.ioctl(s, 0x8914, req)


def load(name):
    zone = {}
    for line in open(name):
        word = line.split(None, 2)
        if len(word) >= 2 and not line.startswith("#"):
            zone.setdefault(word[0].lower(), []).append(
                (word[1], word[2].strip() if len(word) > 2 else ""))
    return zone


def wire(name):
    out = b""
    for label in name.rstrip(".").split("."):
        if label:
            out += bytes([len(label)]) + label.encode("latin-1")
    return out + b"\0"


def rdata(kind, value):
    if kind == "A":
        return socket.inet_pton(socket.AF_INET, value)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, value)
    if kind == "MX":
        pref, host = value.split()
        return struct.pack(">H", int(pref)) + wire(host)
    if kind == "TLSA":
        word = value.split()
        return bytes(int(w) for w in word[:3]) + bytes.fromhex(word[3])
    if kind == "TXT":
        parts = [value[i:i + 255].encode() for i in range(0, len(value), 255)]
        return b"".join(bytes([len(p)]) + p for p in parts)
    return wire(value)


def secure(zone, name):
    while name:
        kinds = [k for k, _ in zone.get(name, [])]
        if "SECURE" in kinds or "INSECURE" in kinds:
            return "SECURE" in kinds
        name = name.partition(".")[2]
    return False


def question(q):
    labels, i = [], 12
    while q[i]:
        labels.append(q[i + 1:i + 1 + q[i]].decode("latin-1"))
        i += q[i] + 1
    return ".".join(labels).lower(), struct.unpack(">H", q[i + 1:i + 3])[0], q[12:i + 5]


def answer(zone, q, tcp):
    name, qtype, copy = question(q)
    rcode, flags, records, here = 0, 0x8180 | q[3] & 0x20, [], name
    for _ in range(8):
        if not secure(zone, here):
            flags &= ~0x20
        found = zone.get(here)
        if found is None:
            rcode = 3
            break
        for kind, value in found:
            if kind == "NOTHING":
                return None
            if kind == "RCODE6" and qtype == 28:
                rcode = int(value)
            if kind == "RCODE":
                rcode = int(value)
            if kind == "TC" and not tcp:
                flags |= 0x200
            if TYPES.get(kind) == qtype or kind == "CNAME":
                records.append(wire(here) + struct.pack(">HHI", TYPES[kind], 1, 60)
                               + struct.pack(">H", len(rdata(kind, value))) + rdata(kind, value))
        nxt = [v for k, v in found if k == "CNAME"]
        if not nxt or qtype == 5:
            break
        here = nxt[0].rstrip(".").lower()
    if flags & 0x200:
        records = []
    return (q[:2] + struct.pack(">HHHHH", flags | rcode, 1, len(records), 0, 0)
            + copy + b"".join(records))


def udp(zone, s):
    while True:
        q, peer = s.recvfrom(4096)
        a = answer(zone, q, False)
        for kind, value in zone.get(question(q)[0], []):
            if kind == "FORGE":
                false = answer({question(q)[0]: [("A", value)]}, q, False)
                other = bytearray(false)
                other[15] ^= 1
                s.sendto(bytes([q[0] ^ 1]) + false[1:], peer)
                s.sendto(bytes(other), peer)
                s.sendto(false[:20], peer)
                s.sendto(b"", peer)
        if a:
            s.sendto(a, peer)


def tcp(zone, s):
    while True:
        c, _ = s.accept()
        n = c.recv(2, socket.MSG_WAITALL)
        q = c.recv(struct.unpack(">H", n)[0], socket.MSG_WAITALL)
        a = answer(zone, q, True)
        if a:
            c.sendall(struct.pack(">H", len(a)) + a)
        c.close()


def main():
    lo_up()
    zone = load(sys.argv[1])
    here = sys.argv[4] if len(sys.argv) > 4 else "127.0.0.1"
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.bind((here, 53))
    t = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    t.bind((here, 53))
    t.listen(16)
    for f, s in ((udp, u), (tcp, t)):
        threading.Thread(target=f, args=(zone, s), daemon=True).start()
    open(sys.argv[2], "w").close()
    time.sleep(float(sys.argv[3]) if len(sys.argv) > 3 else 60)
    os._exit(0)


main()
