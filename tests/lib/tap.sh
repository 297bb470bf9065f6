# tap.sh: results of a shell test as prove(1) reads them; source it first.
#   BIN      the directory with the programs' links; TESTBIN the same with the
#            clock of tests/lib/clock_fake.c
#   TMP      a fresh private directory, removed at the end
#   TOP      the top of the source tree
# A test ends with done_testing; one that stops earlier has no plan and fails.
# shellcheck shell=sh
TOP=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
BIN=${BIN:-$TOP/build/bin}
TESTBIN=${TESTBIN:-${BIN%/bin}/test/bin}
TMP=$(mktemp -d "${TMPDIR:-/tmp}/qmta-test.XXXXXX") || exit 1
chmod 755 "$TMP"
trap 'rm -rf "$TMP"' EXIT
trap 'exit 1' HUP INT TERM
# The caller's own mail settings must not decide a test.
unset CONTROLDIR QUEUEDIR QMAILQUEUE QMAILLOCAL QMAILREMOTE MAILUSER MAILHOST \
	MAILNAME NAME QMAILINJECT QMAILMFTFILE QMAILSUSER QMAILSHOST \
	QMAILUSER QMAILNAME QMAILHOST LOGNAME EXTRAQUEUE DATABYTES \
	QUEUE_BASE SKIP_LOCAL_ENVIRONMENT FROMRULES RCPTRULES DOMAINQUEUE \
	BOUNCEQUEUE BOUNCEPROCESSOR BOUNCERULES QMTA_FAKE_CLOCK QMTA_FAKE_MONO \
	PORT_QMQP OUTGOINGIP SMTPROUTE ERROR_FD QMTA_DSN AUTH_SMTP CERTDIR
# Nor may the machine's.
export ASSIGNDIR="$TMP/users"
[ -x "$BIN/qmta" ] || { echo "Bail out! no program in $BIN"; exit 1; }
tap_n=0 tap_bad=0

tap_show() { # what a failed test wrote, as comments that prove lets through
	sed 's/^/#   /' | head -n 40 >&2
}
tap_pass() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $1"; }
tap_fail() {
	tap_n=$((tap_n + 1)) tap_bad=1
	echo "not ok $tap_n - $1"
	echo "# failed in ${0##*/} (${VARIANT:-static}): $1" >&2
}

# ok NAME COMMAND...: passes when the command exits 0.
ok() {
	tap_name=$1; shift
	if "$@" >"$TMP/.tap" 2>&1; then
		tap_pass "$tap_name"
	else
		tap_code=$?
		tap_fail "$tap_name"
		echo "exit $tap_code of: $*" | cat - "$TMP/.tap" | tap_show
	fi
}

# is NAME GOT EXPECTED
is() {
	if [ "$2" = "$3" ]; then
		tap_pass "$1"
	else
		tap_fail "$1"
		printf 'got:      %s\nexpected: %s\n' "$2" "$3" | tap_show
	fi
}

# like NAME GOT PATTERN: a line of GOT matches grep -E PATTERN
like() {
	if printf '%s\n' "$2" | grep -Eq -e "$3"; then
		tap_pass "$1"
	else
		tap_fail "$1"
		printf 'got:     %s\npattern: %s\n' "$2" "$3" | tap_show
	fi
}

skip() { # NAME WHY
	tap_n=$((tap_n + 1)); echo "ok $tap_n - $1 # SKIP $2"
}

skip_all() { # WHY: the whole file, before its first test
	echo "1..0 # SKIP $1"; exit 0
}

done_testing() {
	echo "1..$tap_n"
	[ "$tap_n" -gt 0 ] && [ "$tap_bad" -eq 0 ]
	exit
}

# A fresh control directory, queue and home under TMP; the queue is made by
# queue-fix where that is built.
new_root() {
	CONTROLDIR=$TMP/control QUEUEDIR=$TMP/queue HOME=$TMP/home
	export CONTROLDIR QUEUEDIR HOME
	rm -rf "$CONTROLDIR" "$QUEUEDIR" "$HOME"
	mkdir -p "$CONTROLDIR" "$HOME"
	echo mx.example.net >"$CONTROLDIR/me"
	: >"$CONTROLDIR/aliases"
	"$BIN/queue-fix" "$QUEUEDIR" >"$TMP/.fix" 2>&1 || {
		tap_show <"$TMP/.fix"; echo "Bail out! queue-fix failed"; exit 1; }
}
