#!/usr/bin/env python3
"""bounce.py qsbmf|dsn FILE: takes a bounce apart by its own reading of the rules and
prints what it found, one fact a line; what breaks a rule is a line "BAD ...".

qsbmf  cr.yp.to/proto/qsbmf.txt: intro, recipient paragraphs, break, message
dsn    RFC 3464 and RFC 6522, by the email package of Python
"""
import email
import email.policy
import re
import sys


def qsbmf(body):
    """body: the bytes behind the empty line. Prints addresses and the message."""
    if not body.startswith(b"Hi. This is the"):
        print("BAD does not begin with the magic")
    seen_break = False
    rest = body
    number = 0
    while rest and not seen_break:
        paragraph, gap, rest = rest.partition(b"\n\n")
        if not gap:
            print("BAD no blank line behind a paragraph")
        lines = paragraph.split(b"\n")
        if not all(lines):
            print("BAD empty line inside a paragraph")
        first = lines[0]
        if first.startswith(b"-"):
            seen_break = True
        elif first.startswith(b"<"):
            if not first.endswith(b">:"):
                print("BAD recipient paragraph", first)
            print("failed", first[1:-2].decode("utf-8", "replace"))
            print("text", b" / ".join(lines[1:]).decode("utf-8", "replace"))
        elif number:
            print("BAD paragraph that is reserved", first)
        else:
            print("intro", b" / ".join(lines).decode("utf-8", "replace"))
        number += 1
    if not seen_break:
        print("BAD no break paragraph")
    return rest


def original(raw):
    head, gap, body = raw.partition(b"\n\n")
    print("return-path", head.split(b"\n")[0].decode("utf-8", "replace"))
    print("original", len(body) if gap else "no body",
          "8bit" if any(c > 127 for c in raw) else "7bit")


def fields(message):
    for name in ("From", "To", "Subject", "Auto-Submitted", "X-Bounced-Address"):
        for value in message.get_all(name, []):
            print(name.lower(), value)
    for name in ("Date", "Message-ID", "From", "To"):
        if len(message.get_all(name, [])) != 1:
            print("BAD not one", name)


def dsn(raw):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    fields(message)
    if message.get_content_type() != "multipart/report":
        print("BAD type", message.get_content_type())
    if message.get_param("report-type") != "delivery-status":
        print("BAD report-type", message.get_param("report-type"))
    for part in message.walk():
        if part.defects:
            print("BAD defects", part.defects)
    boundary = ("\n--" + message.get_boundary()).encode()
    pieces = raw.partition(b"\n\n")[2].join((b"\n", b"")).split(boundary)
    if len(pieces) != 5 or pieces[4] != b"--\n":
        print("BAD parts", len(pieces), pieces[-1])
        return
    parts = list(message.iter_parts())
    print("types", " ".join(p.get_content_type() for p in parts))
    if qsbmf(pieces[1].partition(b"\n\n")[2] + b"\n"):
        print("BAD something behind the break paragraph")
    status = pieces[2].partition(b"\n\n")[2]
    if any(c > 126 for c in status) or max(map(len, status.split(b"\n"))) > 998:
        print("BAD delivery-status is not short lines of ASCII")
    groups = parts[1].get_payload()
    for name in ("Reporting-MTA", "Arrival-Date"):
        if len(groups[0].get_all(name, [])) != 1:
            print("BAD not one", name)
    print("reporting", groups[0]["Reporting-MTA"])
    for group in groups[1:]:
        for name in ("Final-Recipient", "Action", "Status"):
            if len(group.get_all(name, [])) != 1:
                print("BAD not one", name)
        if not re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", group["Status"]):
            print("BAD status", group["Status"])
        print("dsn", "|".join(str(group[n]) for n in (
            "Final-Recipient", "Action", "Status", "Diagnostic-Code")))
    original(pieces[3].partition(b"\n\n")[2])


def main():
    with open(sys.argv[2], "rb") as f:
        raw = f.read()
    # What local delivery put on top is not the bounce's.
    while raw.startswith((b"Return-Path:", b"Delivered-To:", b"Received:", b" ", b"\t")):
        raw = raw.partition(b"\n")[2]
    if sys.argv[1] == "dsn":
        dsn(raw)
        return
    fields(email.message_from_bytes(raw, policy=email.policy.default))
    original(qsbmf(raw.partition(b"\n\n")[2]))


main()
