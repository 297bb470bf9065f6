#!/usr/bin/env python3
"""Reads the record that tlssink.py --wire keeps.

usage: tlslog.py FILE handshakes          how many, and how many of them resumed: "3 2"
       tlslog.py FILE connections
       tlslog.py FILE clear|tls           what the client said so, with LF
       tlslog.py FILE auth                "MECH USER ok|no|cancelled" for each login
       tlslog.py FILE last KEY            of the last handshake: version cipher sni peer
       tlslog.py FILE failed              why handshakes failed, as the server has it
       tlslog.py FILE closes              how connections ended: goodbye, cut, ours
       tlslog.py FILE secret WORD...      exit 0 when none of the words was on the wire
                 in the clear in any form, nor any AUTH; else 1 and where
"""
import base64
import json
import sys


def forms(word):
    """A word as it is, and what of its base64 does not depend on what is around it."""
    w = word.encode()
    yield w
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + w)
        first = 0 if shift == 0 else shift + 1
        whole = (shift + len(w)) * 8 // 6
        if whole - first >= 6:
            yield text[first:whole]


def main():
    path, what, words = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(path, encoding="utf-8") as f:
        lines = [json.loads(x) for x in f if x.endswith("\n")]
    hands = [x for x in lines if x.get("e") == "handshake"]

    def said(kind, direction="in"):
        return "".join(x["s"] for x in lines if x.get("w") == kind and x["d"] == direction)
    if what == "handshakes":
        print(len(hands), sum(1 for x in hands if x["resumed"]))
    elif what == "connections":
        print(len({x["n"] for x in lines}))
    elif what in ("clear", "tls"):
        sys.stdout.write(said(what).replace("\r\n", "\n"))
    elif what == "auth":
        for x in lines:
            if x.get("e") == "auth":
                how = "ok" if x["ok"] else "cancelled" if x.get("cancelled") else "no"
                print(x["mech"], x["user"], how)
    elif what == "last":
        print(hands[-1][words[0]] if hands else "")
    elif what == "failed":
        for x in lines:
            if x.get("e") == "failed":
                print(x["why"])
    elif what == "closes":
        for x in lines:
            if x.get("e") == "close":
                print(x["how"])
    elif what == "secret":
        if not words or not lines:
            sys.exit("tlslog: nothing to look for, or nothing on the wire")
        clear = said("clear") + "".join(x["s"] for x in lines if x.get("e") == "early")
        data, bad = clear.encode("latin-1"), []
        for word in words:
            bad += [f for f in forms(word) if f in data]
        if any(x.upper().startswith("AUTH ") for x in clear.split("\n")):
            bad.append(b"AUTH")
        if bad:
            print("in the clear:", *bad)
            sys.exit(1)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
