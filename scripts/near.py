#!/usr/bin/env python3
"""What near.sh makes of what callgrind saw.

usage: near.py DIRECTORY PROGRAM    prints the linker's script; PROGRAM is that of callgrind
"""
import glob
import os
import re
import subprocess
import sys

HEAD = """/* near.ld: functions that run in the same process lie together. The kernel maps a file's
 * pages in windows of 64 KB, so what is spread costs each process nearly the whole program:
 * a session of mini-smtpd 370 KB of it instead of 190. A name that is not there does no
 * harm, and one that is missing costs memory only. First what all of them need:
 * what an idle daemon runs (wait.o of the Makefile), constants, and what has no name. At the
 * end the variables that a session writes (base/near.h). Made by scripts/near.sh. */
"""


# What is written: base/near.h has the order. Those of the C library have no rank.
TAIL = """
SECTIONS
{
.near.data : { *(.data.near) }
.near.bss (NOLOAD) : {
	*(.bss.near.0) */wait.o(.bss .bss.* COMMON) *:__init_tls.o(.bss .bss.* COMMON)
	*:sigaction.o(.bss .bss.*) *:__environ.o(.bss .bss.*) *(.bss.near.1) *(.bss.near.2)
}
}
INSERT AFTER .data;"""


def functions(path):
    """The names of what ran, as callgrind writes them: "fn=(12) name", later "fn=(12)"."""
    names, ran = {}, set()
    with open(path, encoding="ascii") as f:
        for line in f:
            m = re.match(r"c?fn=\((\d+)\)(?: (\S+))?", line)
            if m:
                if m.group(2):
                    names[m.group(1)] = m.group(2)
                if line.startswith("f"):
                    ran.add(m.group(1))
    found = (re.sub(r"['.].*", "", names[n]) for n in ran)
    return {n for n in found if re.fullmatch(r"[A-Za-z_]\w*", n)}


def aliases(program):
    """For each name all names of that place: a section has but one of them."""
    places = {}
    for line in subprocess.check_output(["nm", program], text=True).splitlines():
        at, kind, name = line.rsplit(maxsplit=2)
        if kind in "tTwW":
            places.setdefault(at, set()).add(re.sub(r"[.].*", "", name))
    names = {}
    for same in places.values():
        for n in same:
            names.setdefault(n, set()).update(same)
    return names


def main():
    seen = sys.argv[1]
    also = aliases(sys.argv[2])
    plain, secure = set(), set()
    for path in glob.glob(os.path.join(seen, "server.*")):
        names = functions(path)
        if "tls_accept" in names:
            secure |= names
        else:
            plain |= names
    worker = functions(max(glob.glob(os.path.join(seen, "worker.*")), key=os.path.getsize))
    print(HEAD + "SECTIONS\n{\n.const : { */wait.o(.text .text.*) *(.rodata .rodata.*) }\n"
          ".near : {\n\t*(.text)")
    for what, names in (("A server's TLS.", secure - plain - worker),
                        ("A session.", plain - worker),
                        ("All of them.", plain & worker),
                        ("TLS.", secure & worker - plain),
                        ("A worker.", worker - plain - secure)):
        print("\t/* %s */\n\t*(" % what)
        line = "\t\t"
        for word in [w for n in sorted(set().union(*(also.get(n, {n}) for n in names))) for w in (".text." + n, ".text.%s.*" % n)]:
            if len(line) + len(word) > 84:
                print(line.rstrip())
                line = "\t\t"
            line += word + " "
        print(line.rstrip() + ")")
    print("}\n}\nINSERT BEFORE .text;" + TAIL)


main()
