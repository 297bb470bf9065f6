#!/usr/bin/env python3
"""Looks at the mail that arrived, and prints what is wrong with it: a line for each
fault, nothing when there is none.

usage: mail.py DIR|HOME... [CHECK...]

DIR has the files of smtpsink.py or qmqpsink.py; a HOME has a Maildir. Always checked: each recipient got one copy; From,
Date, Message-ID, and To or Cc are there, the first three once; each address in them
is complete; no Bcc; no CR and no LF alone, no NUL.

  --to 'ADDRESS ...'  these recipients and no others     (always needed)
  --from ADDRESS      the envelope sender; '' is the null sender
  --mails N           so many messages (files), by SMTP and QMQP
  --body FILE         the body is FILE, byte for byte, with LF for line ends
  --text FILE         the same after decoding quoted-printable or base64
  --has REGEX         a line of the message matches (of the header, of the body)
  --not REGEX         no line does
"""
import argparse
import email
import email.policy
import email.utils
import glob
import os
import re
import sys


def from_smtp(whole):
    """(sender, recipients, data with LF, faults of the line ends). Lines MAIL and
    RCPT, an empty line, the data as it was on the wire."""
    head, data = whole.split(b"\n\n", 1)
    names = re.findall("^(?:MAIL|RCPT)[^<]*<(.*?)>", head.decode("latin-1"), re.M)
    faults = []
    rest = data.replace(b"\r\n", b"")
    if b"\n" in rest or b"\r" in rest or b"\0" in rest:
        faults.append("a CR or LF alone, or a NUL, on the wire")
    return names[0], names[1:], data.replace(b"\r\n", b"\n"), faults


def netstring(s):
    n, rest = s.split(b":", 1)
    n = int(n)
    if rest[n:n + 1] != b",":
        raise ValueError("not a netstring")
    return rest[:n], rest[n + 1:]


def from_qmqp(whole):
    """The same of a request as it was on the wire."""
    rest, behind = netstring(whole)
    parts = []
    while rest:
        part, rest = netstring(rest)
        parts.append(part)
    faults = ["bytes behind the request"] if behind else []
    if b"\r" in parts[0] or b"\0" in parts[0]:
        faults.append("a CR or NUL in the message")
    names = [p.decode("latin-1") for p in parts[1:]]
    return names[0], names[1:], parts[0], faults


def from_sink(path):
    with open(path, "rb") as f:
        whole = f.read()
    try:
        return (from_qmqp if whole[:1].isdigit() else from_smtp)(whole)
    except (ValueError, IndexError) as e:
        return "?", ["?"], b"", ["it cannot be read: %s" % e]


def from_maildir(path):
    with open(path, "rb") as f:
        data = f.read()
    path_, to, data = data.split(b"\n", 2)
    sender = re.fullmatch(b"Return-Path: <(.*)>", path_)
    rcpt = re.fullmatch(b"Delivered-To: (.*)", to)
    if not sender or not rcpt:
        return "?", ["?"], data, ["no Return-Path and Delivered-To on top"]
    return sender.group(1).decode(), [rcpt.group(1).decode()], data, []


def find(places):
    """All that arrived, as (name, is a sink's, sender, recipients, data, faults)."""
    for p in places:
        for f in sorted(glob.glob(os.path.join(p, "Maildir/new/*"))):
            yield (f, False) + from_maildir(f)
        for f in sorted(glob.glob(os.path.join(p, "[0-9]*"))):
            yield (f, True) + from_sink(f)


def header_faults(m):
    for name in ("From", "Date", "Message-ID"):
        n = len(m.get_all(name, []))
        if n != 1:
            yield "%d %s fields" % (n, name)
    if not m.get_all("To") and not m.get_all("Cc"):
        yield "neither To nor Cc"
    if m.get_all("Bcc"):
        yield "Bcc is there"
    for name in ("From", "To", "Cc", "Reply-To", "Sender"):
        for _, a in email.utils.getaddresses(m.get_all(name, [])):
            if a and "@" not in a:
                yield "%s has an incomplete address: %s" % (name, a)
    if m.get("Date") and not email.utils.parsedate(m["Date"]):
        yield "a Date that cannot be read: " + m["Date"]
    if m.get("Message-ID") and not re.fullmatch(r"\s*<[^<>@\s]+@[^<>@\s]+>", m["Message-ID"]):
        yield "a strange Message-ID: " + m["Message-ID"]


def body_faults(want, got, what):
    with open(want, "rb") as f:
        want = f.read()
    if got == want:
        return
    n = next((i for i, (x, y) in enumerate(zip(want, got)) if x != y),
             min(len(want), len(got)))
    yield "%s: %d bytes instead of %d, other from byte %d on: %r, not %r" % (
        what, len(got), len(want), n, got[n:n + 60], want[n:n + 60])


def message_faults(a, sender, data):
    m = email.message_from_bytes(data, policy=email.policy.compat32)
    yield from header_faults(m)
    if m.defects:
        yield "the parser complains: %s" % m.defects
    if a.sender is not None and sender != a.sender:
        yield "the sender is <%s>, not <%s>" % (sender, a.sender)
    if a.body:
        yield from body_faults(a.body, data.split(b"\n\n", 1)[-1], "body")
    if a.text:
        yield from body_faults(a.text, m.get_payload(decode=True) or b"", "text")
    text = data.decode("utf-8", "replace")
    for r in a.has:
        if not re.search(r, text, re.M):
            yield "nothing matches " + r
    for r in a.nots:
        if re.search(r, text, re.M):
            yield "there is " + re.search(r, text, re.M).group(0)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("places", nargs="+")
    p.add_argument("--to", required=True)
    p.add_argument("--from", dest="sender")
    p.add_argument("--mails", type=int)
    p.add_argument("--body")
    p.add_argument("--text")
    p.add_argument("--has", action="append", default=[])
    p.add_argument("--not", dest="nots", action="append", default=[])
    a = p.parse_args()
    got, sinks = [], 0
    for name, sink, sender, rcpts, data, faults in find(a.places):
        got += rcpts
        sinks += sink
        faults = faults + list(message_faults(a, sender, data))
        for f in faults:
            print("%s: %s" % (os.path.basename(name), f))
        if faults:
            for line in data.decode("utf-8", "replace").split("\n")[:20]:
                print("  | " + line[:100])
    if sorted(got) != sorted(a.to.split()):
        print("it came to: %s; not to: %s" % (" ".join(sorted(got)), a.to))
    if a.mails is not None and sinks and sinks != a.mails:
        print("%d messages, not %d" % (sinks, a.mails))


if __name__ == "__main__":
    sys.exit(main())
