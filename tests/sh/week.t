#!/bin/sh
# A week of retries under a clock that stands still: tests/lib/week.py moves it to the
# second before each time of both schedule tables, and to that second, first with a
# one-shot run at each, then under a daemon.
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/runner.sh
. "$TOP/tests/lib/runner.sh"
[ -x "$TESTBIN/qmta" ] || skip_all "no programs with the fake clock in $TESTBIN"
RUNNER_BIN=$TESTBIN BIN=$TESTBIN
runner_root
trap 'sink_stop; rm -rf "$TMP"' EXIT
echo 'RCPT never@ 450 4.2.0 not now' >"$TMP/script"
sink_start --script "$TMP/script"
chmod 777 "$HOME"	# others may write: no delivery to such a home, for now
export AS RBIN WHO LOG MAILS TMP
QMTA_FAKE_CLOCK=$TMP/wall QMTA_FAKE_MONO=$TMP/mono python3 -B "$TOP/tests/lib/week.py"
exit $?
