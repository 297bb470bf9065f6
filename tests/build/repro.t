#!/bin/sh
# Two builds in two directories are the same bytes.
. "$(dirname "$0")/../lib/tap.sh"
. "$TOP/tests/lib/tree.sh"
got=$(cd "$TOP" && DEPS=$DEPS $MAKE -s --no-print-directory repro 2>&1)
is 'make repro' $? 0
like qmta "$got" '^repro: qmta: identical'
like qmail-queue "$got" '^repro: qmail-queue: identical'
done_testing
