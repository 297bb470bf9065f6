# rss.sh: memory that does not grow with a message; source it after tap.sh.
#   rss_ok START END COMMAND...   passes when a command that submits what it reads takes as
#          much memory for 64 MB as for 256 KB; START and END: what is around them
# shellcheck shell=sh
rss_ok() {
	printf '#!/bin/sh\ncat >/dev/null; cat <&1 >/dev/null\n' >"$TMP/rss.queue"
	chmod 755 "$TMP/rss.queue"
	rss_small=$(QMAILQUEUE=$TMP/rss.queue python3 "$TOP/tests/lib/rss.py" 4 "$@")
	rss_large=$(QMAILQUEUE=$TMP/rss.queue python3 "$TOP/tests/lib/rss.py" 1024 "$@")
	ok "64 MB: memory of a small message ($rss_small, $rss_large KiB)" \
		test "${rss_large:-999999}" -le $((${rss_small:-0} + 300))
}
