#!/usr/bin/env python3
"""Messages of all kinds for the test of what is changed in them on their way.

usage: refit.py make DIR COUNT SEED    writes DIR/0001 ...
       refit.py check DIR MAILS MODE   compares them with what arrived in MAILS, one
                                       file for each, as smtpsink.py --lf stores them.
                                       MODE 7: nothing of 8 bits may be in a body;
                                       8: 8-bit bodies may stay
Prints one line for each that is wrong, and then how many are right."""
import email
import email.policy
import os
import random
import re
import sys

WORDS = ["word", "=", "dot.", ".", "From ", "Zürich", "\u4f60\u597d", "a=3D", "tab\t", "--", "-- ", "x" * 80,
         "--b", "--b1--", "\U0001f4e7", "", "end ", "\x01"]


def text(r, eight, long):
    lines = []
    for _ in range(r.randrange(12)):
        line = " ".join(r.choice(WORDS) for _ in range(r.randrange(14)))
        if long and r.random() < .3:
            n = r.choice([900, 997, 998, 999, 1000, 1996, 5000, 100000])
            line = ((line or "y") * n)[:n] if r.random() < .7 else "z" * n
        if not eight:
            line = line.encode("ascii", "replace").decode()
        lines.append(line)
    end = r.choice(["\n", "\n", "\r\n"])
    return end.join(lines).encode("utf-8") + (b"\n" if r.random() < .8 else b"")


def leaf(r, part, eight, long, sealed=False):
    """Header lines and body of something that is not composite."""
    head, kind = [], r.choice(["none", "text", "html", "octet", "qp", "base64"])
    body = text(r, eight and r.random() < .6, long and r.random() < .6)
    if sealed:
        kind, body = "qp", b"only =3D seven bits\n"
    if kind == "text":
        head.append(b"Content-Type: text/plain; charset=utf-8")
    elif kind == "html":
        head.append(b"Content-type: TEXT/HTML;\n\tcharset=\"utf-8\"")
    elif kind == "octet":
        head.append(b"Content-Type: application/octet-stream; name=\"a;b\"")
    elif kind == "qp":
        import quopri
        body = quopri.encodestring(body.replace(b"\r\n", b"\n"), quotetabs=True)
        if long and not sealed:
            body = body.replace(b"=\n", b"") if r.random() < .5 else body
        head += [b"Content-Type: text/plain; charset=utf-8",
                 b"Content-Transfer-Encoding: Quoted-Printable"]
    elif kind == "base64":
        import base64
        body = base64.encodebytes(body)
        if long and r.random() < .5:
            body = body.replace(b"\n", b"") + b"\n"
        head += [b"Content-Type: application/x-thing", b"content-transfer-encoding:base64"
                 if r.random() < .5 else b"Content-Transfer-Encoding: base64"]
    if kind not in ("qp", "base64") and r.random() < .6:
        head.append(r.choice([b"Content-Transfer-Encoding: 8bit",
                              b"Content-Transfer-Encoding:7bit",
                              b"CONTENT-TRANSFER-ENCODING:\n\t binary"]))
    if part and r.random() < .3:
        head.append(b"Content-Disposition: inline; filename=\"x.txt\"")
    r.shuffle(head)
    return head, body


def entity(r, depth, eight, long, part=True):
    if depth > 3 or r.random() < .45:
        return leaf(r, part, eight, long)
    if r.random() < .2:
        head, body = message(r, depth + 1, eight, long)
        out = [b"Content-Type: message/rfc822"]
        if r.random() < .4:
            out.append(b"Content-Transfer-Encoding: 8bit")
        return out, head + b"\n" + body
    sub = r.choice([b"mixed", b"alternative", b"related", b"digest"])
    bound = (b"b" * r.randrange(1, 4) + b"%d" % depth + r.choice([b"", b"=_x", b" y", b"'()+_,-./:=?"]))
    head = [b"Content-Type: multipart/" + sub + r.choice([b"; ", b";\n\t", b"; type=\"text/plain\"; "])
            + r.choice([b"boundary=\"", b"Boundary = \""]) + bound + b"\""]
    if r.random() < .3:
        head.append(b"Content-Transfer-Encoding: 8bit")
    out = [b"This is a multipart message.\n"] if r.random() < .5 else []
    for _ in range(r.randrange(1, 4)):
        out.append(b"--" + bound + r.choice([b"", b"", b"  "]) + b"\n")
        if sub == b"digest":
            h, b = message(r, depth + 1, eight, long)
            out += [b"\n", h, b"\n", b, b"\n"]
            continue
        h, b = entity(r, depth + 1, eight, long)
        out += [line + b"\n" for line in h] + [b"\n", b, b"\n"]
    if r.random() < .9:
        out.append(b"--" + bound + b"--\n")
        if r.random() < .3:
            out.append(b"epilogue\n")
    return head, b"".join(out)


def message(r, depth, eight, long):
    head, body = entity(r, depth, eight, long, False)
    out = [b"From: a@example.net", b"Subject: s%d" % r.randrange(100)]
    if r.random() < .5:
        out.append(b"MIME-Version: 1.0")
    if r.random() < .2 and long:
        out.append(b"References: " + b" ".join(b"<%d@example.net>" % i for i in range(200)))
    out += head
    if depth:
        r.shuffle(out)
    return b"\n".join(out) + b"\n", body


def make(where, count, seed):
    for i in range(1, count + 1):
        r = random.Random(seed * 100000 + i)
        head, body = message(r, 0, r.random() < .7, r.random() < .5)
        with open(os.path.join(where, "%04d" % i), "wb") as f:
            f.write(head + b"\n" + body)


def lines(b):
    """What a text is but for its line ends; blanks there may go in quoted-printable."""
    return re.sub(rb"\n+$", b"", re.sub(rb"\r\n|\r", b"\n", b))


def same(a, b, where, wrong):
    if a.get_content_type() != b.get_content_type():
        wrong.append("%s: type %s, was %s" % (where, b.get_content_type(), a.get_content_type()))
        return
    for key in a.keys():
        if key.lower() not in ("content-transfer-encoding",):
            x, y = (" ".join(str(m.get(key)).split()) for m in (a, b))
            if x != y:
                wrong.append("%s: field %s" % (where, key))
    if a.is_multipart() != b.is_multipart():
        wrong.append("%s: structure" % where)
    elif a.is_multipart():
        x, y = a.get_payload(), b.get_payload()
        if len(x) != len(y):
            wrong.append("%s: %d parts, were %d" % (where, len(y), len(x)))
        for i, (p, q) in enumerate(zip(x, y)):
            same(p, q, "%s.%d" % (where, i), wrong)
    else:
        x, y = (lines(m.get_payload(decode=True) or b"") for m in (a, b))
        if x != y:
            wrong.append("%s: content: %r, was %r" % (where, y[:100], x[:100]))


def bodies(m):
    if m.is_multipart():
        for p in m.get_payload():
            yield from bodies(p)
    else:
        yield m


def check(where, mails, mode):
    good = changed = 0
    for name in sorted(os.listdir(where)):
        with open(os.path.join(where, name), "rb") as f:
            was = f.read()
        with open(os.path.join(mails, name), "rb") as f:
            now = f.read().split(b"\n\n", 1)[1]
        wrong = []
        # as its lines are to us: a CR alone is an end of line
        was = re.sub(rb"\r\n?", b"\n", was)
        same(email.message_from_bytes(was), email.message_from_bytes(now), "", wrong)
        if any(len(line) > 998 for line in now.split(b"\n")):
            wrong.append("long line")
        # between parts it may stay, where nobody reads it
        if mode == "7" and any(ord(c) > 127 for m in bodies(email.message_from_bytes(now))
                               for c in m.get_payload()):
            wrong.append("8-bit")
        if wrong:
            print("%s: %s" % (name, "; ".join(wrong)))
        else:
            good += 1
        changed += was.rstrip(b"\n") != now.rstrip(b"\n")
    print("%d right, %d changed" % (good, changed))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        check(sys.argv[2], sys.argv[3], sys.argv[4])
