#!/usr/bin/env python3
"""Hostile sessions with a real listener, for tests/sh/smtpd-hostile.t.

usage: hostile.py PROGRAM CONTROLDIR QUEUEDIR CERTS
CERTS: a directory with servercert.pem, "" without TLS. QMTA_SHORT: what takes long is done
in small. HOSTILE: only the sessions with this in their name. VARIANT static: peaks are
gated. HOSTILE_PEAKS: that of each session is shown. Prints TAP.

A session (function row) is a set-up, steps, the codes of all replies behind the greeting,
what reached the queue (none, one whole message, exactly n), and its end:
  quit  we said so     cut   by the server     gone  by us
  open  it goes on, as a NOOP shows            data  it still takes a message's text
Steps: bytes (one write); a number (reads so many replies more); ("drip", bytes, seconds);
("times", bytes, n); ("pieces", bytes, ...) (with pauses); "eof" (half-closed), "rst", "tls",
("raw", bytes) (below TLS), ("sleep", seconds). A code may be 250x10, 250* (one or more), 220/503.
"""
import base64
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

from hostilenet import Client, fits

SHORT = bool(os.environ.get("QMTA_SHORT"))
PROGRAM, CONTROL, QUEUE, CERTS = sys.argv[1:5]
PEAK_KB = {False: 400, True: 900}
rows = []


def big(full, short):
    return short if SHORT else full


MB64 = big(64 << 20, 1 << 20)
SETUPS = {
    "stranger": {"rcpthosts": "mx.example.net\ngate.example\n", "recipients": "kim@mx.example.net\n"},
    "none": {},
    "empty": {"rcpthosts": ""},
    "percent": {"rcpthosts": "mx.example.net\ngate.example\n", "percenthack": "gate.example\n",
                "recipients": "kim@mx.example.net\n"},
    "relay": {"relayclients": "127.0.0.1\n"},
    "lines": {"relayclients": "127.0.0.1\n", "barelf": "local\n"},
    "chunks": {"relayclients": "127.0.0.1\n", "chunking": "1\n"},
    "small": {"relayclients": "127.0.0.1\n", "databytes": "1000\n", "chunking": "1\n"},
    "brief": {"relayclients": "127.0.0.1\n", "timeoutsession": "2\n", "timeoutsmtpd": "1\n"},
    "login": {"smtpauth": "kim:{PLAIN}secret\n"},
    "tls": {"relayclients": "127.0.0.1\n", "smtpauth": "kim:{PLAIN}secret\n"},
}


def row(name, setup, steps, codes, queued=0, end="quit", text=None):
    """text: what the message has below our Received, or a list of them."""
    rows.append((name, setup, steps, codes, queued, end, text))


# ---- the table ----

def env(sender=b"f@far.example", rcpt=b"r@gate.example", hello=b"EHLO h.example\r\n"):
    return hello + b"MAIL FROM:<" + sender + b">\r\nRCPT TO:<" + rcpt + b">\r\nDATA\r\n"


ENV, MAIL = env(), b"Subject: s\r\n\r\nbody\r\n"
STORED = b"Subject: s\n\nbody\n"
FORGED = (b"MAIL FROM:<evil@far.example>\r\nRCPT TO:<v@gate.example>\r\nDATA\r\n"
          b"forged\r\n.\r\nQUIT\r\n")
ENDS = [("LF.LF", b"\n.\n"), ("LF.CRLF", b"\n.\r\n"), ("CRLF.LF", b"\r\n.\n"), ("CR.CR", b"\r.\r"),
        ("CR.CRLF", b"\r.\r\n"), ("CRLF.CR", b"\r\n.\r"), ("CRCRLF.CRCRLF", b"\r\r\n.\r\r\n"),
        ("CRLF.CRCRLF", b"\r\n.\r\r\n"), ("CRCRLF.CRLF", b"\r\r\n.\r\n\n"), ("LF.CR", b"\n.\r"),
        ("LFCR.LFCR", b"\n\r.\n\r"), ("CR.LF", b"\r.\n")]
ODD = [("CRLF.NUL CRLF", b"\r\n.\0\r\n"), ("CRLF NUL.CRLF", b"\r\n\0.\r\n"),
       ("NUL CRLF.NUL", b"\0\r\n.\0")]


def smuggling():
    for name, form in ENDS:
        all_ = MAIL[:-2] + form + FORGED
        if form.find(b"\r\n.\r\n") >= 0:     # a true end behind an odd line: what follows is odd
            row("smuggling " + name, "stranger", [ENV, 4, all_], "250x3 354 550", 0, "cut")
            continue
        row("smuggling %s, in one piece" % name, "stranger", [ENV + all_], "250x3 354 550", 0, "cut")
        row("smuggling %s, after 354" % name, "stranger", [ENV, 4, all_], "250x3 354 550", 0, "cut")
        row("smuggling %s, cut in the middle" % name, "stranger",
            [ENV, 4, ("pieces", MAIL[:-2] + form[:len(form) // 2], form[len(form) // 2:], FORGED)],
            "250x3 354 550", 0, "cut")
        row("smuggling %s, byte by byte" % name, "stranger", [ENV, 4, ("drip", all_, 0)],
            "250x3 354 550", 0, "cut")
    for name, form in ODD:
        row("smuggling %s" % name, "stranger", [ENV, 4, MAIL[:-2] + form + FORGED],
            "250x3 354 550 221")
        row("smuggling %s, byte by byte" % name, "stranger",
            [ENV, 4, ("drip", MAIL[:-2] + form + FORGED, 0)], "250x3 354 550 221")
    for name, form in (("U+2028", b"\xe2\x80\xa8.\xe2\x80\xa8"), ("NEL", b"\x85.\x85"),
                       ("8-bit LF", b"\x8d\x8a.\x8d\x8a"), ("VT, FF", b"\x0b.\x0c"),
                       ("8-bit dot", b"\r\n\xae\r\n")):
        row("smuggling %s: just text" % name, "stranger", [ENV, 4, MAIL[:-2] + form + FORGED],
            "250x3 354 250 221", 1, "quit",
            STORED[:-1] + form.replace(b"\r", b"") + FORGED[:-9].replace(b"\r", b""))
    for name, form in ENDS[:3]:
        row("smuggling %s: a client whose LFs we take" % name, "lines",
            [ENV, 4, MAIL[:-2] + form + FORGED], "250x3 354 250 221", 1, "quit",
            STORED[:-1] + b"\n.\n" + FORGED[:-9].replace(b"\r", b""))
    whole = MAIL + b"..\r\n...a\r\n.\r\nQUIT\r\n"
    kept = STORED + b".\n..a\n"
    for cut in range(1, len(whole)):
        if cut < len(MAIL) - 4 and SHORT:
            continue
        row("a message cut after %d bytes" % cut, "stranger",
            [ENV, 4, ("pieces", whole[:cut], whole[cut:])], "250x3 354 250 221", 1, "quit", kept)
    row("a message byte by byte", "stranger", [("drip", ENV, 0), 4, ("drip", whole, 0)],
        "250x3 354 250 221", 1, "quit", kept)
    row("a message and its envelope in one piece", "stranger", [ENV + whole],
        "250x3 354 250 221", 1, "quit", kept)


def chunks():
    e = b"EHLO h\r\nMAIL FROM:<f@x.y>\r\nRCPT TO:<r@x.y>\r\n"
    row("BDAT in two", "chunks", [e + b"BDAT 12\r\nSubject: s\r\nBDAT 8 LAST\r\n\r\nbody\r\nQUIT\r\n"],
        "250x5 221", 1, "quit", STORED)
    row("BDAT 0 LAST", "chunks", [e + b"BDAT 20\r\n" + MAIL + b"BDAT 0 LAST\r\nQUIT\r\n"],
        "250x5 221", 1, "quit", STORED)
    row("BDAT: dots are dots", "chunks", [e + b"BDAT 13 LAST\r\na\r\n.\r\n..b\r\n" + b"\r\nQUIT\r\n"],
        "250x4 221", 1, "quit", b"a\n.\n..b\n\n")
    for name, form in ENDS:
        if b"\r\n.\r\n" in form:
            continue
        t = MAIL[:-2] + form + b"MAIL FROM:<e@x.y>\r\n"
        row("BDAT with " + name, "chunks", [e + b"BDAT %d LAST\r\n" % len(t) + t + b"NOOP\r\n"],
            "250x3 550", 0, "cut")
    row("BDAT with CR at a chunk's end", "chunks",
        [e + b"BDAT 3\r\na:\rBDAT 4 LAST\r\n\nb\r\nQUIT\r\n"], "250x5 221", 1, "quit", b"a:\nb\n")
    row("BDAT ends in CR", "chunks", [e + b"BDAT 3 LAST\r\na:\r"], "250x3 550", 0, "cut")
    row("BDAT with a NUL", "chunks", [e + b"BDAT 3 LAST\r\na\0bQUIT\r\n"], "250x3 550 221")
    row("BDAT, then DATA", "chunks", [e + b"BDAT 1\r\naDATA\r\n", 5, b"QUIT\r\n"], "250x4 503 221")
    row("BDAT, then DATA with text behind it", "chunks", [e + b"BDAT 1\r\naDATA\r\nx\r\n.\r\n"],
        "250x4 503", 0, "cut")
    row("BDAT, then RSET", "chunks", [e + b"BDAT 1\r\naRSET\r\nQUIT\r\n"], "250x5 221")
    row("BDAT, then QUIT", "chunks", [e + b"BDAT 1\r\naQUIT\r\n"], "250x4 221")
    row("BDAT without RCPT swallows its bytes", "chunks",
        [b"EHLO h\r\nMAIL FROM:<f@x.y>\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\nQUIT\r\n"], "250x2 503 250 221")
    row("BDAT without MAIL swallows its bytes", "chunks", [b"BDAT 6\r\nNOOP\r\nQUIT\r\n"], "503 221")
    for arg in (b"18446744073709551616", b"99999999999999999999999", b"-1", b"0x10", b"", b"1 LAST x",
                b"1LAST", b"+1", b"1 2"):
        row("BDAT %s" % arg.decode(), "chunks", [e + b"BDAT " + arg + b"\r\nNOOP\r\n"],
            "250x3 501", 0, "cut")
    row("BDAT of more than there will be", "chunks",
        [e + b"BDAT 18446744073709551615 LAST\r\nx\r\n"], "250x3", 0, "data")
    row("BDAT above databytes is swallowed", "small",
        [e + b"BDAT 5000 LAST\r\n" + b"x" * 5000 + b"QUIT\r\n"], "250x3 552 221")
    row("BDAT 0 for ever", "chunks", [e + b"BDAT 0\r\n" * 300], "250* 421", 0, "cut")
    row("BDAT where it is not offered", "relay", [e, 3, b"BDAT 3 LAST\r\nabc"], "250x3 502", 0, "data")


def tls():
    if not CERTS:
        return
    hi, start = b"EHLO h\r\n", b"STARTTLS\r\n"
    e = b"EHLO h\r\nMAIL FROM:<f@x.y>\r\nRCPT TO:<r@x.y>\r\nDATA\r\n"
    login = b"AUTH PLAIN " + base64.b64encode(b"\0kim\0secret") + b"\r\n"
    row("STARTTLS, a message", "tls", [hi + start, 2, "tls", e, 4, MAIL + b".\r\n", 1, b"QUIT\r\n"],
        "250 220 250x3 354 250 221", 1, "quit", STORED)
    for name, behind in (("NOOP", b"NOOP\r\n"), ("EHLO", hi), ("AUTH", login), ("RSET", b"RSET\r\n"),
                         ("half a command", b"M"), ("MAIL", b"MAIL FROM:<evil@x.y>\r\n"), ("NUL", b"\0")):
        row("STARTTLS, injected in one piece: " + name, "tls", [hi, 1, start + behind, ],
            "250 503", 0, "cut")
        row("STARTTLS, injected behind 220: " + name, "tls", [hi + start, 2, behind * 40, "eof"],
            "250 220", 0, "cut")
    row("STARTTLS, injected byte by byte", "tls", [hi, 1, ("drip", start + b"NOOP\r\n", 0), "eof"],
        "250 220/503", 0, "cut")
    row("STARTTLS twice", "tls", [hi + start, 2, "tls", hi + start, 2, b"QUIT\r\n"], "250 220 250 503 221")
    row("STARTTLS with an argument", "tls", [hi + b"STARTTLS now\r\nQUIT\r\n"], "250 501 221")
    row("STARTTLS without EHLO", "tls", [start, 1, "tls", b"NOOP\r\nQUIT\r\n"], "220 250 221")
    row("STARTTLS with LF", "tls", [hi + b"STARTTLS\nQUIT\r\n"], "250 500 221")
    row("STARTTLS forgets the sender", "tls",
        [hi + b"MAIL FROM:<f@x.y>\r\n", 2, start, 1, "tls", b"RCPT TO:<r@x.y>\r\n", 1, b"QUIT\r\n"],
        "250x2 220 503 221")
    row("STARTTLS forgets EHLO: AUTH", "tls", [hi + start, 2, "tls", login, 1, b"QUIT\r\n"], "250 220 503 221")
    row("STARTTLS forgets the login", "tls",
        [hi + login, 2, start, 1, "tls", hi, 1, b"QUIT\r\n"], "250 235 220 250 221")
    for name, junk in (("words", b"EHLO h\r\n"), ("zeros", b"\0" * 300), ("ones", b"\xff" * 300),
                       ("SSLv2", b"\x80\x2e\1\0\2\0\x15\0\0\0\x10" + b"\5\0\x80" * 7 + b"x" * 16),
                       ("a record of 64 KB", b"\x16\3\1\xff\xff" + b"x" * 65535),
                       ("half a record", b"\x16\3\1\2\0\1\0\1\xfc"),
                       ("an alert", b"\x15\3\3\0\2\2\x28"),
                       ("application data", b"\x17\3\3\0\5hello")):
        row("instead of a handshake: " + name, "tls", [hi + start, 2, junk, "eof"], "250 220", 0, "cut")
    row("the end instead of a handshake", "tls", [hi + start, 2, "eof"], "250 220", 0, "cut")
    row("RST instead of a handshake", "tls", [hi + start, 2, "rst"], "250 220", 0, "gone")
    row("clear text within TLS", "tls", [hi + start, 2, "tls", hi, 1, ("raw", b"NOOP\r\n" * 9)],
        "250 220 250", 0, "cut")
    row("smuggling within TLS", "tls", [hi + start, 2, "tls", e, 4, MAIL[:-2] + b"\n.\r\n" + FORGED],
        "250 220 250x3 354 550", 0, "cut")
    row("RST within TLS, in a text", "tls", [hi + start, 2, "tls", e, 4, b"x\r\n", ("sleep", 0.05), "rst"],
        "250 220 250x3 354", 0, "gone")
    row("a long line within TLS", "tls", [hi + start, 2, "tls", ("times", b"N" * 8192, MB64 >> 14), b"\r\nQUIT\r\n"],
        "250 220 500 221")
    row("NOOP for ever within TLS", "tls", [hi + start, 2, "tls", ("times", b"NOOP\r\n", 110)],
        "250 220 250* 421", 0, "cut")
    row("a long line of a message within TLS", "tls",
        [hi + start, 2, "tls", e, 4, ("times", b"N" * 8192, MB64 >> 14), b"\r\n.\r\nQUIT\r\n"],
        "250 220 250x3 354 250 221", 1, "quit", b"N" * ((MB64 >> 14) * 8192) + b"\n")


def floods():
    n = big(10000, 300)
    for name, line, codes in (("NOOP", b"NOOP", "250x101 421"), ("RSET", b"RSET", "250x101 421"),
                              ("VRFY", b"VRFY kim", "252x101 421"), ("HELP", b"HELP", "214x101 421"),
                              ("EHLO", b"EHLO a", "250x101 421"), ("HELO", b"HELO a", "250x101 421"),
                              ("an unknown verb", b"FOO bar", "502x10 421"),
                              ("an empty line", b"", "502x10 421"), ("NULs", b"\0\0\0", "500x10 421"),
                              ("EXPN", b"EXPN l", "502x10 421"), ("AUTH", b"AUTH PLAIN x", "502/503x10 421"),
                              ("RCPT before MAIL", b"RCPT TO:<a@b.c>", "503x10 421"),
                              ("bad MAIL", b"MAIL FROM:<@>", "501x10 421")):
        row("flood of " + name, "stranger", [("times", line + b"\r\n", n)], codes, 0, "cut")
    row("flood of MAIL, RSET", "stranger", [("times", b"MAIL FROM:<a@b.c>\r\nRSET\r\n", n // 2)],
        "250x101 421", 0, "cut")
    row("flood of MAIL that is refused", "stranger", [("times", b"MAIL FROM:<a@b.c> SIZE=9999999999999999999\r\n", n)],
        "452x101 421", 0, "cut")
    row("flood of RCPT that are refused", "stranger",
        [b"MAIL FROM:<a@b.c>\r\n", ("times", b"RCPT TO:<a@far.example>\r\n", n)], "250 553x20 421", 0, "cut")
    row("flood of RCPT, every second refused", "stranger",
        [b"MAIL FROM:<a@b.c>\r\n", ("times", b"RCPT TO:<a@far.example>\r\nRCPT TO:<a@gate.example>\r\n", 150)],
        "250 " + "553 250 " * 99 + "553 421", 0, "cut")
    row("flood of RCPT", "relay",
        [b"MAIL FROM:<a@b.c>\r\n", ("times", b"RCPT TO:<recipient-of-mail@gate.example>\r\n", big(9000, 3000)),
         b"QUIT\r\n"], "250* 452* 221")
    row("flood of RCPT of 899 bytes", "relay",
        [b"MAIL FROM:<a@b.c>\r\n", ("times", b"RCPT TO:<" + b"a" * 886 + b"@gate.example>\r\n", 200),
         b"QUIT\r\n"], "250* 452* 221")
    row("DATA refused for ever", "stranger", [b"MAIL FROM:<a@b.c>\r\n", 1] + [b"DATA\r\n", 1] * 10,
        "250 503x10 421", 0, "cut")
    row("message after message", "stranger", [b"EHLO h\r\n"] + [ENV[16:] + MAIL + b".\r\n"] * 20 + [b"QUIT\r\n"],
        "250 " + "250x2 354 250 " * 20 + "221", 20, "quit", [STORED] * 20)
    for what, steps in (("as a command", [("times", b"N" * 65536, MB64 >> 16), b"\r\nQUIT\r\n"]),
                        ("of NULs", [("times", b"\0" * 65536, MB64 >> 16), b"\r\nQUIT\r\n"]),
                        ("of CRs", [("times", b"\r" * 65536, MB64 >> 16), b"\nQUIT\r\n"])):
        row("a long line " + what, "stranger", steps, "500 221")
    row("a long line without an end", "stranger", [("times", b"N" * 65536, MB64 >> 16), "eof"], "", 0, "cut")
    row("a long line as a header", "stranger",
        [ENV, 4, b"Subject: ", ("times", b"N" * 65536, MB64 >> 16), b"\r\n\r\n.\r\nQUIT\r\n"],
        "250x3 354 250 221", 1, "quit", b"Subject: " + b"N" * MB64 + b"\n\n")
    row("a long line as a body", "stranger",
        [ENV, 4, b"\r\n", ("times", b"." * 65536, MB64 >> 16), b"\r\n.\r\nQUIT\r\n"],
        "250x3 354 250 221", 1, "quit", b"\n" + b"." * (MB64 - 1) + b"\n")
    row("a field's name of 1 MB", "stranger",
        [ENV, 4, b"x" * (1 << 20) + b": y\r\n\r\n.\r\nQUIT\r\n"], "250x3 354 250 221", 1, "quit",
        b"x" * (1 << 20) + b": y\n\n")
    row("a message far above databytes", "small",
        [ENV, 4, ("times", b"x" * 62 + b"\r\n", MB64 >> 6), b".\r\nQUIT\r\n"], "250x3 354 552 221")
    row("very many header fields", "stranger",
        [ENV, 4, ("times", b"X: y\r\n", big(1000000, 20000)), b"\r\n.\r\nQUIT\r\n"], "250x3 354 250 221", 1, "quit",
        b"X: y\n" * big(1000000, 20000) + b"\n")


def slow():
    row("silence", "brief", [], "421", 0, "cut")
    row("a slow drip of commands", "brief", [("drip", b"NOOP\r\n" * 20, 0.2)], "250* 421", 0, "cut")
    row("a slow drip of one line", "brief", [("drip", b"N" * 100, 0.2)], "421", 0, "cut")
    row("a slow drip of a text", "brief", [ENV, 4, ("drip", b"x\r\n" * 50, 0.2)], "250x3 354 421", 0, "cut")
    row("a text that stops", "brief", [ENV, 4, b"x\r\n.\r"], "250x3 354 421", 0, "cut")


def order():
    text = MAIL + b".\r\n"
    row("DATA first, and its text", "stranger", [b"DATA\r\n" + text], "503", 0, "cut")
    row("DATA without RCPT, and its text", "stranger",
        [b"EHLO h\r\nMAIL FROM:<a@b.c>\r\nDATA\r\n" + FORGED], "250x2 503", 0, "cut")
    row("DATA when all RCPTs were refused, and its text", "stranger",
        [b"EHLO h\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<x@far.example>\r\nDATA\r\n" + FORGED], "250x2 553 503", 0, "cut")
    row("DATA with an argument, and its text", "stranger", [ENV[:-2] + b" now\r\n" + FORGED], "250x3 501", 0, "cut")
    row("RCPT first", "stranger", [b"RCPT TO:<kim@mx.example.net>\r\nQUIT\r\n"], "503 221")
    row("MAIL twice", "stranger", [b"MAIL FROM:<a@b.c>\r\nMAIL FROM:<d@b.c>\r\nQUIT\r\n"], "250 503 221")
    row("EHLO ends a transaction", "stranger", [ENV[:-6] + b"EHLO h\r\nDATA\r\n", 5, b"QUIT\r\n"], "250x4 503 221")
    row("RSET ends a transaction", "stranger", [ENV[:-6] + b"RSET\r\nRCPT TO:<a@gate.example>\r\nQUIT\r\n"], "250x4 503 221")
    row("after DATA it is over", "stranger", [ENV, 4, text + b"RCPT TO:<a@gate.example>\r\nQUIT\r\n"],
        "250x3 354 250 503 221", 1, "quit", STORED)
    row("HELO, EHLO without a name", "stranger", [b"HELO\r\nEHLO\r\nHELO \r\nQUIT\r\n"], "501x3 221")
    row("a name of 300 bytes", "stranger", [b"EHLO " + b"h" * 300 + b"\r\nQUIT\r\n"], "501 221")
    row("QUIT in DATA is text", "stranger", [ENV, 4, b"QUIT\r\n"], "250x3 354", 0, "data")
    row("commands in DATA are text", "stranger", [ENV, 4, FORGED], "250x3 354 250 221", 1, "quit",
        FORGED[:-9].replace(b"\r", b""))
    row("behind QUIT nothing is done", "stranger", [b"QUIT\r\n" + ENV + text], "221")
    row("AUTH where nobody can", "stranger", [b"EHLO h\r\nAUTH PLAIN\r\nQUIT\r\n"], "250 502 221")
    row("STARTTLS where it is not", "stranger", [b"EHLO h\r\nSTARTTLS\r\nQUIT\r\n"], "250 502 221")
    row("commands of others", "stranger", [b"HELO h\r\nTURN\r\nETRN x\r\nEXPN x\r\nXCLIENT ADDR=127.0.0.1\r\n"
        b"XFORWARD ADDR=1\r\nBDAT\r\nSEND FROM:<a@b>\r\nQUIT\r\n"], "250 502x7 221")
    row("HTTP", "stranger", [b"POST / HTTP/1.1\r\nHost: x\r\nA: b\r\nC: d\r\n\r\n"], "502x5", 0, "open")
    row("blanks before a verb", "stranger", [b" NOOP\r\nQUIT\r\n"], "502 221")
    row("commands with LF, CR, tabs", "stranger",
        [b"NOOP\nNO\rOP\r\nNOOP\tx\r\nNOOP\r\r\nMAIL FROM:<a@b.c>\nQUIT\r\n"], "500x5 221")
    # Half-closed and cut, in each state.
    states = [("before EHLO", b"", 0, ""), ("behind EHLO", b"EHLO h\r\n", 1, "250"), ("in a command", b"EHL", 0, ""),
              ("behind MAIL", ENV[:ENV.find(b"RCPT")], 2, "250x2"), ("behind RCPT", ENV[:-6], 3, "250x3"),
              ("behind DATA", ENV, 4, "250x3 354")]
    for name, text_, n, codes in states:
        row("half-closed " + name, "stranger", [text_, n, "eof"], codes, 0, "cut")
        row("RST " + name, "stranger", [text_, n, "rst"], codes, 0, "gone")
    for name, part in (("in a text", MAIL), ("behind CRLF", MAIL + b"\r\n"), ("behind its dot", MAIL + b"."),
                       ("between its CR and LF", MAIL + b".\r")):
        row("half-closed " + name, "stranger", [ENV, 4, part, "eof"], "250x3 354", 0, "cut")
        row("RST " + name, "stranger", [ENV, 4, part, ("sleep", 0.03), "rst"], "250x3 354", 0, "gone")
    row("half-closed behind a message", "stranger", [ENV, 4, text, "eof"], "250x3 354 250", 1, "cut", STORED)


def addresses():
    long_ = b"@gate.example"
    for path, code in ((b"<kim@mx.example.net>", 250), (b"<who@mx.example.net>", 550), (b"<a@gate.example>", 250),
                       (b"<A@GATE.EXAMPLE>", 250), (b'<"a b"@gate.example>', 250), (b'<"a\\"b"@gate.example>', 250),
                       (b"a@gate.example", 250), (b" <a@gate.example>", 250), (b"<a@gate.example>   ", 250),
                       (b"<Postmaster>", 250), (b"<kim>", 250), (b"<who>", 550),
                       (b'<""@gate.example>', 501), (b"<>", 501), (b"", 501), (b"< >", 501), (b"<", 501), (b">", 501),
                       (b"<@>", 501), (b"<@@>", 501), (b"<a@>", 501), (b"<@gate.example>", 501),
                       (b"<a@@gate.example>", 501), (b"<a@far.example@gate.example>", 501),
                       (b"<a@gate.example@far.example>", 501), (b'<"a@far.example">', 501),
                       (b'<"a@far.example"@gate.example>', 553), (b'<"a\\@far.example"@gate.example>', 553),
                       (b"<a\\@far.example@gate.example>", 553), (b"<a%far.example@gate.example>", 553),
                       (b'<"a%far.example"@gate.example>', 553), (b"<a%far.example>", 553),
                       (b"<a%far.example%gate.example@mx.example.net>", 553), (b"<a@far.example%gate.example>", 553),
                       (b"<far.example!a@gate.example>", 553), (b"<far.example!a>", 553), (b"<gate.example!far.example!a>", 553),
                       (b"<@gate.example:a@far.example>", 553), (b"<@far.example:a@gate.example>", 250),
                       (b"<@gate.example,@far.example:a@far.example>", 553), (b"<@gate.example:@far.example:a@b.c>", 501),
                       (b"<@gate.example a@far.example>", 501), (b"<@gate.example:>", 501),
                       (b"<a@far.example>", 553), (b"<a@xgate.example>", 553), (b"<a@gate.example.far.example>", 553),
                       (b"<a@gate.example.>", 553), (b"<kim@mx.example.net.>", 553), (b"<a@.gate.example>", 501),
                       (b"<a@gate..example>", 501), (b"<kim@[127.0.0.1]>", 250), (b"<who@[127.0.0.1]>", 550),
                       (b"<a@[192.0.2.99]>", 553), (b"<a@127.0.0.1>", 553), (b"<a@[]>", 553), (b"<a@[127.0.0.1>", 501),
                       (b"<a@[127.0.0.1].far.example>", 501), (b"<a@[IPv6:2001:db8::1]>", 553),
                       (b"<a@[gate.example]>", 553), (b"<a@2130706433>", 553), (b"<a@0177.0.0.1>", 553),
                       (b"<kim@mx.example.net", 501), (b"kim@mx.example.net>", 501), (b"<<kim@mx.example.net>>", 501),
                       (b"<a@gate.example>x", 501), (b"<a@gate.example> X=1", 555), (b"<a@gate.example> NOTIFY=NEVER", 555),
                       (b"<a@gate.example>,<b@far.example>", 501), (b"<a@gate.example,b@far.example>", 501),
                       (b"<a,b@gate.example>", 501), (b"<a;b@gate.example>", 501), (b"<a:b@gate.example>", 501),
                       (b"<a(c)@gate.example>", 501), (b"<a@gate.example(c)>", 501), (b"<a@gate.example:25>", 501),
                       (b"<a b@gate.example>", 501), (b"<a@gate example>", 501), (b'<"a@gate.example>', 501),
                       (b"<|/bin/sh@mx.example.net>", 550), (b"<../../etc/passwd@mx.example.net>", 550),
                       (b"<`id`@mx.example.net>", 550), (b"<-f@mx.example.net>", 550), (b"<$(id)@mx.example.net>", 501),
                       (b"<" + b"a" * (899 - len(long_)) + long_ + b">", 250), (b"<" + b"a" * (900 - len(long_)) + long_ + b">", 501),
                       (b"<a@" + b"b" * 900 + b">", 501), (b"<a@" + b"b." * 400 + b"gate.example>", 553),
                       (b"<a\0b@gate.example>", 500), (b"<a@gate.example\0.far.example>", 500), (b"<a\1@gate.example>", 500),
                       (b"<a\x7f@gate.example>", 500), (b"<a\t@gate.example>", 500), (b"<a\r@gate.example>", 500),
                       (b"<a@gate.example\r>", 500), (b'<"a\0"@gate.example>', 500), (b"<\xe4@gate.example>", 553),
                       (b"<\xc3\xa4@gate.example>", 553), (b"<a@g\xc3\xa4te.example>", 553)):
        row("RCPT TO:" + path[:50].decode("latin-1"), "stranger",
            [b"EHLO h\r\nMAIL FROM:<f@far.example>\r\nRCPT TO:" + path + b"\r\nQUIT\r\n"], "250x2 %d 221" % code)
    for path, code in ((b"<\xc3\xa4@gate.example>", 250), (b"<\xf0\x9f\x98\x80@gate.example>", 250), (b"<\xe4@gate.example>", 553),
                       (b"<\xc0\xaf@gate.example>", 553), (b"<\xed\xa0\x80@gate.example>", 553),
                       (b"<\xf4\x90\x80\x80@gate.example>", 553), (b"<\xe2\x82@gate.example>", 553), (b"<a@g\xc3\xa4te.example>", 553)):
        row("with SMTPUTF8: RCPT TO:" + path.decode("latin-1"), "stranger",
            [b"EHLO h\r\nMAIL FROM:<f@far.example> SMTPUTF8\r\nRCPT TO:" + path + b"\r\nQUIT\r\n"], "250x2 %d 221" % code)
    tricks = [b"a@far.example", b"kim@mx.example.net", b"a%far.example@mx.example.net", b'"a@far.example"@mx.example.net',
              b"@mx.example.net:a@far.example", b"far.example!a@mx.example.net", b"a@[127.0.0.1]", b"a@localhost", b"who",
              b"a%far.example"]
    for setup in ("none", "empty"):
        row("rcpthosts %s: nothing is taken" % setup, setup, [b"EHLO h\r\nMAIL FROM:<kim@mx.example.net>\r\n" +
            b"".join(b"RCPT TO:<" + t + b">\r\n" for t in tricks) + b"DATA\r\n", 13, b"QUIT\r\n"],
            "250x2 553x10 503 221" if setup == "none" else "250x2 553x8 550 553 503 221")
    for path, code in ((b"a%far.example@gate.example", 553), (b"a%b%far.example@gate.example", 553), (b"kim%mx.example.net@gate.example", 250),
                       (b"a%far.example%gate.example@gate.example", 553), (b'"a@far.example%gate.example"@gate.example', 553),
                       (b"who%mx.example.net@gate.example", 550), (b"a%@gate.example", 553)):
        row("with percenthack: " + path.decode(), "percent",
            [b"MAIL FROM:<f@far.example>\r\nRCPT TO:<" + path + b">\r\nQUIT\r\n"], "250 %d 221" % code)
    row("a client that may relay", "relay", [b"MAIL FROM:<f@far.example>\r\n" + b"".join(
        b"RCPT TO:<" + t + b">\r\n" for t in (b"a@far.example", b"a%b@far.example", b"a@[192.0.2.99]", b"a!b@c.d")) + b"QUIT\r\n"],
        "250x5 221")
    for arg, code in ((b"FROM:<>", 250), (b"FROM: <a@b.c>", 250), (b"from:<a@b.c>", 250), (b"FROM:<a@b.c>", 250), (b"FROM:", 501),
                      (b"", 501), (b"FROM <a@b.c>", 501), (b"TO:<a@b.c>", 501), (b"FROM:<a@b.c", 501), (b"FROM:<a@@b>", 501),
                      (b"FROM:<a@b.c> SIZE=18446744073709551615", 452), (b"FROM:<a@b.c> SIZE=18446744073709551616", 501),
                      (b"FROM:<a@b.c> SIZE=99999999999999999999", 501), (b"FROM:<a@b.c> SIZE=-1", 501), (b"FROM:<a@b.c> SIZE=", 501),
                      (b"FROM:<a@b.c> SIZE", 555), (b"FROM:<a@b.c> SIZE=1 SIZE=2", 250), (b"FROM:<a@b.c> SIZE=1x", 501),
                      (b"FROM:<a@b.c> SIZE=+1", 501), (b"FROM:<a@b.c> BODY=8BITMIME", 250), (b"FROM:<a@b.c> BODY=BINARYMIME", 501),
                      (b"FROM:<a@b.c> BODY=", 501), (b"FROM:<a@b.c> BODY", 555), (b"FROM:<a@b.c> FOO=BAR", 555), (b"FROM:<a@b.c> =", 555),
                      (b"FROM:<a@b.c>SIZE=1", 501), (b"FROM:<a@b.c> AUTH=<>", 250), (b"FROM:<a@b.c> RET=FULL", 555),
                      (b"FROM:<a@b.c> SMTPUTF8=1", 555), (b"FROM:<a@b.c> " + b"X" * 1500, 555), (b"FROM:<a@b.c> " + b"X" * 3000, 500),
                      (b"FROM:<\xc3\xa4@b.c> SMTPUTF8", 250), (b"FROM:<\xc3\xa4@b.c>", 553), (b"FROM:<\xc0\x80@b.c> SMTPUTF8", 553)):
        row("MAIL " + arg[:50].decode("latin-1"), "stranger", [b"EHLO h\r\nMAIL " + arg + b"\r\nQUIT\r\n"], "250 %d 221" % code)
    row("SIZE above databytes", "small", [b"MAIL FROM:<a@b.c> SIZE=1001\r\nMAIL FROM:<a@b.c> SIZE=1000\r\nQUIT\r\n"], "552 250 221")


def headers():
    for name, text, code, n in (
            ("no header", b"just text\r\n", 250, 1), ("only a header", b"Subject: s\r\n", 250, 1), ("nothing at all", b"", 250, 1),
            ("a blank first", b" Subject: s\r\n\r\nx\r\n", 250, 1), ("a colon first", b": s\r\n\r\nx\r\n", 250, 1),
            ("a NUL in its name", b"Sub\0ject: s\r\n\r\n", 550, 0), ("a NUL in the body", b"\r\n\0\r\n", 550, 0),
            ("Received folded 200 times", b"Received: x\r\n" + b"\treceived: y\r\n" * 200 + b"\r\n", 250, 1),
            ("98 hops", b"Received: x\r\n" * 98 + b"\r\n", 250, 1), ("100 hops", b"Received: x\r\n" * 100 + b"\r\n", 554, 0),
            ("100 hops, in any case", b"rEcEiVeD : x\r\n" * 50 + b"DELIVERED-TO: y\r\n" * 50, 554, 0),
            ("100 hops in the body", b"\r\n" + b"Received: x\r\n" * 100, 250, 1), ("8 bits", b"\xff\xfe: \x80\r\n\r\n\x80\xff\r\n", 250, 1),
            ("very many dots", b"." * 1000 + b"\r\n", 250, 1)):
        row("header: " + name, "stranger", [ENV, 4, text + b".\r\nQUIT\r\n"], "250x3 354 %d 221" % code, n, "quit",
            (text[1:] if text[:1] == b"." else text).replace(b"\r\n", b"\n"))


def logins():
    if not CERTS:
        return
    plain = base64.b64encode(b"\0kim\0secret")
    bad = base64.b64encode(b"\0kim\0wrong")
    hi = b"EHLO h\r\n"
    def auth(name, lines, codes, end="quit"):
        steps = [hi, 1]
        for l in lines:
            steps += [l + b"\r\n", 1]
        row("AUTH " + name, "login", steps + ([b"QUIT\r\n"] if end == "quit" else []), "250 " + codes + (" 221" if end == "quit" else ""), 0, end)
    auth("and nothing", [b"AUTH"], "501")
    auth("FOO", [b"AUTH FOO"], "504")
    auth("PLAIN, right", [b"AUTH PLAIN " + plain], "235")
    auth("twice", [b"AUTH PLAIN " + plain, b"AUTH PLAIN " + plain], "235 503")
    auth("PLAIN, wrong", [b"AUTH PLAIN " + bad], "535")
    auth("PLAIN =", [b"AUTH PLAIN ="], "501")
    auth("PLAIN, no base64", [b"AUTH PLAIN !!!!"], "501")
    auth("PLAIN, half of base64", [b"AUTH PLAIN " + plain[:-3]], "501")
    auth("PLAIN, two words", [b"AUTH PLAIN " + plain + b" x"], "501")
    auth("PLAIN, cancelled", [b"AUTH PLAIN", b"*"], "334 501")
    auth("PLAIN, a command instead", [b"AUTH PLAIN", b"NOOP"], "334 501")
    auth("PLAIN, an empty answer", [b"AUTH PLAIN", b""], "334 501")
    auth("PLAIN, NULs alone", [b"AUTH PLAIN " + base64.b64encode(b"\0" * 900)], "501")
    auth("PLAIN, another's name to act for", [b"AUTH PLAIN " + base64.b64encode(b"root\0kim\0secret")], "535")
    auth("PLAIN, a control byte", [b"AUTH PLAIN " + base64.b64encode(b"\0ki\nm\0secret")], "501")
    auth("PLAIN, a name of 600 bytes", [b"AUTH PLAIN " + base64.b64encode(b"\0" + b"k" * 600 + b"\0x")], "501")
    auth("PLAIN, an answer of 12288 bytes", [b"AUTH PLAIN", b"A" * 12288], "334 500")
    auth("PLAIN, a line of 3000 bytes", [b"AUTH PLAIN " + b"A" * 3000], "500")
    auth("LOGIN, cancelled late", [b"AUTH LOGIN", base64.b64encode(b"kim"), b"*"], "334 334 501")
    auth("LOGIN, a NUL in the password", [b"AUTH LOGIN", base64.b64encode(b"kim"), base64.b64encode(b"secret\0")], "334 334 501")
    auth("CRAM-MD5, garbage", [b"AUTH CRAM-MD5", base64.b64encode(b"kim 00")], "334 501")
    auth("CRAM-MD5, with an answer", [b"AUTH CRAM-MD5 " + plain], "501")
    auth("SCRAM, garbage", [b"AUTH SCRAM-SHA-256", base64.b64encode(b"x" * 1000)], "334 501")
    auth("SCRAM, no proof", [b"AUTH SCRAM-SHA-256 " + base64.b64encode(b"n,,n=kim,r=abc"), base64.b64encode(b"c=biws,r=abc,p=AAAA")], "334 501")
    auth("SCRAM, for somebody else", [b"AUTH SCRAM-SHA-256 " + base64.b64encode(b"n,a=root,n=kim,r=abc")], "501")
    auth("SCRAM-PLUS without TLS", [b"AUTH SCRAM-SHA-256-PLUS " + plain], "504")
    auth("and then RCPT for everybody", [b"AUTH PLAIN " + plain, b"MAIL FROM:<a@b.c>", b"RCPT TO:<a@far.example>"], "235 250x2")
    auth("failed, and then RCPT", [b"AUTH PLAIN x", b"MAIL FROM:<a@b.c>", b"RCPT TO:<a@far.example>"], "501 250 553")
    auth("within a transaction", [b"MAIL FROM:<a@b.c>", b"AUTH PLAIN " + plain], "250 503")
    row("AUTH without EHLO", "login", [b"HELO h\r\nAUTH PLAIN " + plain + b"\r\nQUIT\r\n"], "250 503 221")
    row("AUTH, half-closed in it", "login", [hi + b"AUTH PLAIN\r\n", 2, "eof"], "250 334", 0, "cut")
    row("AUTH, RST in it", "login", [hi + b"AUTH LOGIN\r\n", 2, "rst"], "250 334", 0, "gone")
    row("AUTH with a very long answer", "login", [hi + b"AUTH PLAIN\r\n", 2, ("times", b"A" * 65536, MB64 >> 16), b"\r\nQUIT\r\n"],
        "250 334 500 221")
    row("AUTH damaged for ever", "login", [hi, 1, ("times", b"AUTH PLAIN !\r\n", 100)], "250 501x10 421", 0, "cut")
    if not SHORT:
        row("three wrong passwords", "login", [hi] + [b"AUTH PLAIN " + bad + b"\r\n"] * 3, "250 535x3 421", 0, "cut")


# ---- the server ----

listener = None
port = 0
peak = 0


def children():
    try:
        with open("/proc/%d/task/%d/children" % (listener.pid, listener.pid), encoding="ascii") as f:
            return f.read().split()
    except OSError:
        return []


def measure():
    global peak
    for pid in children():
        try:
            with open("/proc/%s/status" % pid, encoding="ascii") as f:
                m = re.search(r"VmHWM:\s*(\d+)", f.read())
        except OSError:
            continue
        if m:
            peak = max(peak, int(m.group(1)))


def sampler():
    while True:
        if listener:
            measure()
        time.sleep(0.004)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(name):
    global listener, port
    for f in os.listdir(CONTROL):
        if f not in ("me", "aliases", "locals"):
            os.unlink(os.path.join(CONTROL, f))
    for f, text in SETUPS[name].items():
        path = os.path.join(CONTROL, f)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600 if f == "smtpauth" else 0o644), "w", encoding="ascii") as o:
            o.write(text)
        if os.getuid() == 0:
            os.chown(path, 65534, 65534)
    port = free_port()
    env_ = dict(os.environ, CERTDIR=CERTS if name == "tls" else "/nonexistent")
    listener = subprocess.Popen([PROGRAM, "-v", "-c", "200", "-C", "0", "-l", "127.0.0.1:%d" % port] +
                                (["-u", "nobody"] if os.getuid() == 0 else []), env=env_, stdin=subprocess.DEVNULL,
                                stderr=open(os.path.join(os.path.dirname(CONTROL), "log." + name), "wb"))
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            Client(port).drain(0.01)
            return
        except OSError:
            time.sleep(0.02)


def alone(secs=10):
    until = time.monotonic() + secs
    while children() and time.monotonic() < until:
        time.sleep(0.002)
    return not children()


def stop():
    """Its exit code."""
    global listener
    was, listener = listener, None
    was.terminate()
    try:
        return was.wait(15)
    except subprocess.TimeoutExpired:
        was.kill()
        return was.wait()


def files(name):
    found = []
    for d, _, names in os.walk(os.path.join(QUEUE, name)):
        found += [os.path.join(d, n) for n in names]
    return found


def queue(text, n):
    """What is wrong with it, and empties it."""
    todo, mess, other = files("todo"), files("mess"), files("pid") + files("intd")
    why = None
    want = text if isinstance(text, list) else [text] * n
    if len(todo) != n or len(mess) != n or other:
        why = "queue: todo %d, mess %d, other %d; %d expected" % (len(todo), len(mess), len(other), n)
    elif n and text is not None:
        got = []
        for m in mess:
            with open(m, "rb") as f:
                got.append(f.read().split(b"\n", 3))
        if [g[3] for g in got] != want or any(not g[1].startswith(b"Received: from ") for g in got):
            why = "another text: %r" % [g[3][:300] for g in got][:2]
    for f in todo + mess + other:
        os.unlink(f)
    return why


# ---- the tests ----

count = bad = 0
unmeasured = []


def ok(fact, name, why=""):
    global count, bad
    count += 1
    name = "".join(c if " " <= c <= "~" and c != "#" else "?" for c in name)
    print("%sok %d - %s" % ("" if fact else "not ", count, name), flush=True)
    if not fact:
        bad += 1
        print("# failed: %s: %s" % (name, why), file=sys.stderr, flush=True)


def early():
    """Bytes that are there before the session's process is."""
    for name, words in (("a command", b"EHLO h\r\n"), ("a whole session", ENV + MAIL + b".\r\nQUIT\r\n"), ("one byte", b"\0")):
        os.kill(listener.pid, signal.SIGSTOP)
        c = Client(port)
        c.send(words)
        os.kill(listener.pid, signal.SIGCONT)
        c.drain(10)
        c.s.close()
        ok(c.over and (c.codes == ["554"] or (c.reset and not c.codes)) and alone() and not queue(None, 0),
            "early talker: " + name, str(c.codes))


def silent():
    """Many that say nothing, and one that sends mail."""
    n = big(100, 50)
    many = [Client(port) for _ in range(n)]
    c = Client(port)
    why = c.run([ENV, 4, MAIL + b".\r\nQUIT\r\n"], "", "quit")
    greeted = sum(1 for m in many if not m.replies(1) and m.codes == ["220"])
    for m in many:
        m.s.close()
    c.s.close()
    ok(not why and c.codes[-2:] == ["250", "221"] and greeted == n and alone() and not queue(STORED, 1),
        "%d that say nothing, and one that sends mail" % n, "%s %s %d" % (why, c.codes, greeted))


def main():
    global peak, count
    Client.measure = staticmethod(measure)
    for part in (smuggling, chunks, order, addresses, headers, floods, logins, slow, tls):
        part()
    only = os.environ.get("HOSTILE", "")
    table = [r for r in rows if only in r[0]]
    threading.Thread(target=sampler, daemon=True).start()
    worst = {}
    sessions = 0
    for setup in SETUPS:
        mine = [r for r in table if r[1] == setup]
        if not mine:
            continue
        start(setup)
        alone()
        for name, _, steps, codes, queued, end, text in mine:
            sessions += 1
            peak = 0
            c = Client(port)
            try:
                why = c.run(steps, codes, end)
            except (OSError, ssl.SSLError) as e:
                why = "%s" % e
            c.s.close()
            if c.raw:
                c.raw.close()
            if not why and end != "gone" and not fits(codes, c.codes, c.reset):
                why = "replies %s, expected %s" % (" ".join(c.codes[-40:]), codes)
            if not alone():
                why = "%s; a process is left" % why
            why = queue(text, queued) or why
            ok(not why, "%s: %s" % (setup, name), why)
            kind = setup == "tls"
            if peak == 0:
                unmeasured.append(name)
            if only or os.environ.get("HOSTILE_PEAKS"):
                print("# peak %d KB" % peak)
            if peak > worst.get(kind, (0,))[0]:
                worst[kind] = (peak, name)
        if setup == "stranger" and not only:
            early()
            silent()
        code = stop()
        ok(code == 0 and not queue(None, 0), "%s: TERM ends the listener, nothing is left" % setup, "exit %s" % code)
    print("# %d sessions" % sessions)
    for kind, (kb, name) in sorted(worst.items()):
        words = "peak RSS of a session with%s TLS: %d KB (%s)" % ("" if kind else "out", kb, name)
        if os.environ.get("VARIANT", "static") == "static":
            ok(kb <= PEAK_KB[kind], words, "more than %d KB" % PEAK_KB[kind])
        print("# " + words, file=sys.stderr)
    ok(len(unmeasured) * 10 <= sessions, "memory was measured in %d of %d sessions" % (sessions - len(unmeasured), sessions), str(unmeasured[:9]))
    print("1..%d" % count)
    return bad > 0


sys.exit(main())
