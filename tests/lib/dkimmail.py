#!/usr/bin/env python3
"""Messages of every kind for DKIM, and what two verifiers say of them.

usage: dkimmail.py make COUNT DIR      DIR/0001 and so on, each with an X-Case field: its
            number, or "odd" for those that RFC 5322 3.6 does not allow
       dkimmail.py check SINKDIR RECORD PLAIN
            of each message that smtpsink.py stored: its case, and "ok" or what is wrong
            with its signature, by python3-dkim and the record in the file RECORD (as
            qmta dkim-key prints it); PLAIN gets the messages alone, for other programs
       dkimmail.py spoil FILE RECORD   changes that must break a signature, and some
            that must not, and what came of each
"""
import os
import random
import re
import sys

import dkim

DATE = "Date: Sat, 21 Nov 2026 09:00:00 +0000\n"
FROM = DATE + "From: Ann <ann@example.net>\n"
HEAD = FROM + "To: bo@remote.example\nSubject: hello\nMessage-ID: <1@example.net>\n"
MIME = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n" \
    "Content-Transfer-Encoding: 8bit\n"
MANY = "To: " + ",\n\t".join("somebody%d@remote.example" % i for i in range(300)) + "\n"

FIXED = [
    HEAD + "\nplain\n",
    HEAD + MIME + "\n8-bit: Gr\u00fc\u00dfe, \u4f60\u597d\nand again: \u00e9\n",
    HEAD + "\n.\n..\n.a\n...b\n.\n.\n",
    HEAD + "\nend\n\n\n\n\n   \n\t\n\n",
    HEAD,
    HEAD + "\n",
    HEAD + "\n\n\n\n",
    FROM + MANY + "Subject: many\n\nmany\n",
    FROM + "Subject:  folded\n\t and \t folded\n  again\t \nTo: a@b.example ,\n  c@d.example\n\nx\n",
    HEAD + "\n a  b\t\tc \t \n\t\tx\t\n   \n \n y\n",
    HEAD + "Received: a\nReceived: b\nComments: c\nComments: d\n\ndup\n",
    (HEAD + "\ncr lf\nin the store \n\n").replace("\n", "\r\n"),
    HEAD + "\nbare\rcr \r\r at\r\n\rthe end\r",
    DATE + "From: \"Al, Bo\" (c) <ann@hidden.lan>\nSender: x@hidden.lan\nSubject: renamed\n\ngeneric\n",
    HEAD + "\n \n\t\n   \n",
    HEAD + "\n\n\nafter empty lines",
    FROM + "Subject:\nCc: \nX-Empty:\nReply-To:   ann@example.net  \n\nno line end",
    "fROM: ann@example.net\nSUBJECT: Case\nto:x@y.example\nDATE:\tSat, 21 Nov 2026 09:00:00 +0000\n\nc\n",
    HEAD + "\n" + "long " * 900 + "\n" + "y" * 3000 + "\nend\n",
    "Subject: 8-bit \u00e4\u00f6\n" + FROM + "\nx\n",
    HEAD + "References: <" + ">\n <".join("%d@example.net" % i for i in range(200)) + ">\n\nr\n",
    HEAD + "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"=_b\"\n\npre\n--=_b\n"
    "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n\u00e4 = \u00f6 \n"
    "--=_b\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n"
    "AAAA\n--=_b--\n\n",
    HEAD + "List-Id: <l.example.net>\nList-Unsubscribe: <https://example.net/u>\n"
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\nX-List-Post: no\n\nlist\n",
    "Received: by here\n" + DATE + "From: ann@example.net (Ann), bo@other.example\nSubject: x\n \n y\n\nz\n",
    HEAD + "\n" + "".join("line %d  of a large body \t\n" % i for i in range(12000)),
    FROM + "Subject: " + "word " * 600 + "\n\nlong line in the header\n",
]

ODD = [
    HEAD + "Subject: second\nTo: c@d.example\nTo: e@f.example\nCc:\nCc:x\n\ndup\n",
    HEAD + "From: bo@example.net\n\ntwo who sent it\n",
    "From: ann@example.net\n\nnothing else\n",
    "From: ann@example.net\nDate:\n\n",
]


def chance(r, n):
    """A message out of pieces that are hard on a canonicaliser."""
    once = set()
    words = ["a", "bc", ".", "..", " ", "  ", "\t", " \t ", "=", "\u00e9", "word", "From "]
    names = ["Subject", "To", "Cc", "Date", "Reply-To", "X-A", "Received", "In-Reply-To", "List-Id",
             "MIME-Version", "Comments", "Sender", "content-type", "List-Post"]

    def text(k):
        return "".join(r.choice(words) for _ in range(r.randrange(k)))

    out = []
    for _ in range(r.randrange(12)):
        value = r.choice(["", " ", "\t", "  "]) + text(8).replace("\u00e9", "e")
        for _ in range(r.randrange(3)):
            value += "\n" + r.choice([" ", "\t", "  \t"]) + "x" + text(6).replace("\u00e9", "e")
        name = r.choice(names)
        if name in ("X-A", "Received", "Comments") or name not in once:
            out.append(name + ":" + value + "\n")
        once.add(name)
    out.insert(r.randrange(len(out) + 1), r.choice([
        "From: ann@example.net\n", "FROM:\n <ann@example.net>\n", "From:\"A\" <ann@example.net>\n"]))
    if "Date" not in once:
        out.append(DATE)
    body = "".join(text(20) + r.choice(["\n", "\n", "\n\n", " \n", "\n\n\n"])
                   for _ in range(r.randrange(30)))
    whole = "".join(out) + ("" if n % 17 == 0 else "\n" + body)
    return whole.replace("\n", "\r\n") if n % 5 == 0 else whole


def make(count, to):
    r = random.Random(6376)
    mails = [(str(i), FIXED[i - 1] if i <= len(FIXED) else chance(r, i))
             for i in range(1, count + 1)] + [("odd", m) for m in ODD]
    for i, (case, text) in enumerate(mails, 1):
        with open(os.path.join(to, "%04d" % i), "wb") as f:
            f.write(("X-Case: %s\n" % case).encode() + text.encode("utf-8"))


def lookup(record):
    text = open(record).read()
    name = text.split(None, 1)[0].encode()
    value = "".join(re.findall('"([^"]*)"', text)).encode()
    return lambda q, timeout=5: value if q == name else None


def wrong(message, dns):
    """"ok", or what is wrong."""
    head = message.split(b"\r\n\r\n", 1)[0] + b"\r\n"
    if not message.startswith(b"DKIM-Signature: "):
        return "no signature on top"
    lines = message.split(b"\r\n")
    end = next(i for i in range(1, len(lines)) if lines[i][:1] not in (b" ", b"\t"))
    if max(len(x) for x in lines[:end]) > 100:
        return "our field has a long line"
    field = re.sub(rb"\s", b"", b"".join(lines[:end]))
    tag = dict(t.split(b"=", 1) for t in field.split(b":", 1)[1].split(b";"))
    names = tag[b"h"].lower().split(b":")
    for must in (b"from", b"subject", b"to", b"cc", b"date"):
        there = len(re.findall(rb"(?im)^" + must + rb"[ \t]*:", head))
        if names.count(must) != there + 1:
            return "%s is signed %d times" % (must.decode(), names.count(must))
    if b"received" in names or b"dkim-signature" in names:
        return "too much is signed"
    want = {b"v": b"1", b"a": b"rsa-sha256", b"c": b"relaxed/relaxed", b"d": b"example.net"}
    for k, v in want.items():
        if tag.get(k) != v:
            return "tag %s is %s" % (k, tag.get(k))
    try:
        return "ok" if dkim.verify(message, dnsfunc=dns) else "not verified"
    except Exception as e:
        return "not verified: %s" % e


def check(sink, record, plain):
    dns = lookup(record)
    for name in sorted(os.listdir(sink)):
        message = open(os.path.join(sink, name), "rb").read().split(b"\n\n", 1)[1]
        case = re.search(rb"(?m)^X-Case: (\w+)", message)
        print(case.group(1).decode() if case else "?", wrong(message, dns))
        with open(os.path.join(plain, name), "wb") as f:
            f.write(message)


def spoil(name, record):
    m = open(name, "rb").read()
    dns = lookup(record)
    head, body = m.split(b"\r\n\r\n", 1)
    said = []
    for what, text in [
            ("nothing", m),
            ("a Received on top", b"Received: x\r\n" + m),
            ("blanks at the end of a line", m + b" \t\r\n"),
            ("lines at the end", m + b"\r\n\r\n"),
            ("another From", b"From: evil@example.com\r\n" + m),
            ("another Subject", b"Subject: evil\r\n" + m),
            ("a Cc that was not there", b"Cc: x@example.com\r\n" + m),
            ("a byte of the Subject", m.replace(b"Subject: h", b"Subject: H", 1)),
            ("a byte of the body", head + b"\r\n\r\nX" + body),
            ("a line of the body", m + b"x\r\n")]:
        try:
            r = dkim.verify(text, dnsfunc=dns)
        except dkim.DKIMException:
            r = False
        said.append(what + (": good" if r else ": bad"))
    print("\n".join(said))


if sys.argv[1] == "make":
    make(int(sys.argv[2]), sys.argv[3])
elif sys.argv[1] == "check":
    check(*sys.argv[2:])
else:
    spoil(*sys.argv[2:])
