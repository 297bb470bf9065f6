#!/bin/sh
# checklist.sh: which test proves which statement of the checklist of local mail and
# its queue runner. The name of a test cites a statement by "(51)", "(51, 52)" or
# "(51-53)" anywhere in it, or by "51: " or "51 52: " in front. Prints a line for each:
# number, what it says in short, files. Exit 1 when a statement has no test.
set -eu
cd "${1:-$(dirname "$0")/..}"
list() { cat <<'L'
22 bytes of todo/; marks flip in place
23 a second runner: 111, says so
24 todo/ with stale info/, local/: rebuilt once
25 a crash before the mark: one more copy, none lost
26 orphans go when old, stay when young
27 square root schedule, both channels
28 too old: one more try, then the bounce with its line
29 ALRM: all deferred mail is tried at once
30 TERM: waits, writes times, exit 0
31 HUP: new locals, old queuelifetime
32 heap: empty, no minimum
33 heap: one in, the same out once
34 heap: rising and falling insertion come out rising
35 heap: equal times all come out
36 heap: mixed and negative times rise
37 slots: all free, the lowest first, none left, given back
38 growing buffers: exact, kept, overflow leaves all as it was
39 a channel at 0: its mail stays, the other goes
40 VERP
41 VERP: the bounce goes to the list's address
42 one bounce, null sender, to the sender
43 double bounce
44 triple bounce is dropped
45 one failed, one waits: no bounce yet
46 QSBMF
47 an empty line in a report
48 no prefix of a virtual domain in a bounce
49 log lines
50 unsafe bytes of addresses in the log
51 order of the .qmail files
52 no .qmail and no dash: the default
53 an empty .qmail: the default
54 a blank first line
55 who may write .qmail
56 who may write the home; the sticky bit
57 the x bit
58 +list
59 exit 99
60 every exit number of a program
61 a failure after a forward line forwards nothing
62 Delivered-To loops
63 null senders keep their -owner from them
64 -owner and -owner-default
65 mboxrd
66 the From_ line's date
67 a locked mbox
68 Maildir: whole or not at all
69 no Maildir
70 names that collide
71 what programs find in their environment
72 an empty local part
73 assign: exact, then the longest; case-blind
74 never as root
L
}
# "22 file" for each citation. In a shell test the name is the first string of the
# line; in a unit test any string may be one.
cited() {
	awk '
	function cite(from, to) {
		for (from += 0; from <= to + 0 && to < 1000; from++) print from, FILENAME
	}
	function each(s,   p, n, i, q) {
		n = split(s, p, /[ ,]+/)
		for (i = 1; i <= n; i++)
			if (split(p[i], q, "-") == 2) cite(q[1], q[2])
			else cite(p[i], p[i])
	}
	function name(s) {
		if (match(s, /^[0-9][0-9 ]*: /)) each(substr(s, 1, RLENGTH - 2))
		while (match(s, /\([0-9]+([ ,-]+[0-9]+)*\)/)) {
			each(substr(s, RSTART + 1, RLENGTH - 2))
			s = substr(s, RSTART + RLENGTH)
		}
	}
	FILENAME ~ /build\/checklist/ { next }
	FILENAME ~ /\.t$/ && !/^[ \t]*#/ && match($0, /(^|[ \t;|&])[a-z_]+[ \t]+["\047]/) {
		word = substr($0, RSTART, RLENGTH)
		quote = substr(word, RLENGTH)
		s = substr($0, RSTART + RLENGTH)
		end = index(s, quote)
		if (word !~ /(skip|echo|printf)[ \t]/) name(end ? substr(s, 1, end - 1) : s)
	}
	FILENAME ~ /\.c$/ {
		n = split($0, part, "\"")
		for (i = 2; i <= n; i += 2) name(part[i])
	}' tests/unit/*.c tests/sh/*.t tests/fault/*.t tests/build/*.t | sort -u
}
{ cited; list; } | awk '
	$2 ~ /^tests\// { sub(/^tests\//, "", $2); at[$1] = at[$1] " " $2; next }
	{ n = $1; sub(/^[0-9]+ /, ""); missing += !(n in at)
	  printf "%2d  %-58s%s\n", n, $0, n in at ? at[n] : " NO TEST" }
	END { if (missing) print missing " statements have no test"; exit missing > 0 }'
