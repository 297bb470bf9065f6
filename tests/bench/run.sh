#!/bin/sh
# run.sh KIT [RUNS]: measures this build beside dma with the side-by-side kit
# (KIT is its kit.py; it is not part of this tree). Needs root, loop devices and
# cgroup2. BENCH_WORK (default /var/tmp/mta-bench) keeps images and results,
# BENCH_BUILD (default build) has the programs. The tables of docs/BENCHMARKS.md
# are what this prints.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
if [ $# -lt 1 ] || [ ! -f "$1" ]; then
	echo "usage: run.sh path/to/kit.py [runs]" >&2
	exit 2
fi
kit=$1 runs=${2:-3}
BENCH_WORK=${BENCH_WORK:-/var/tmp/mta-bench}
BENCH_BUILD=${BENCH_BUILD:-$top/build}
PYTHONDONTWRITEBYTECODE=1
export BENCH_WORK BENCH_BUILD PYTHONDONTWRITEBYTECODE
us="$top/tests/bench/qmta.py $top/tests/bench/qmta-own.py"
k() { python3 "$kit" "$@"; }
out=$BENCH_WORK/qmta.jsonl
rm -f "$out"

[ -x "$BENCH_WORK/tools/usr/sbin/smtp-sink" ] || k tools
k base
[ -f "$BENCH_WORK/img/dma.img" ] || k root dma
# shellcheck disable=SC2086 # two words
k root $us

run() { # LABEL TEST ARGUMENT...: dma and ours, alternately
	label=$1 test=$2
	shift 2
	# shellcheck disable=SC2086 # two words
	k run "$test" dma $us --out "$out" --label "$label" "$@"
}
run disk relay --runs "$runs" --n 1000
run disk inject --runs "$runs" --n 200 --sizes 1024 --conc 1,8
run disk calls --runs 1
run disk lifecalls --runs 1 --n 20
run disk mem --runs 1 --idle 60
run disk once --runs 1 --rcpts 1000 --protos smtp
run disk local --runs "$runs" --n 500
# By QMQP, into qmqp-sink: beside nullmailer, and beside notqmail's mini client where
# BENCH_NOTQMAIL names its programs (the kit's qmqpc.py).
qmqp="nullmailer ${BENCH_NOTQMAIL:+qmqpc} $top/tests/bench/qmta-qmqp.py"
for p in nullmailer ${BENCH_NOTQMAIL:+qmqpc}; do
	[ -f "$BENCH_WORK/img/$p.img" ] || k root "$p"
done
k root "$top/tests/bench/qmta-qmqp.py"
qmqp() { # TEST ARGUMENT...
	test=$1
	shift
	# shellcheck disable=SC2086 # words
	k run "$test" $qmqp --out "$BENCH_WORK/qmqp.jsonl" --label qmqp "$@"
}
rm -f "$BENCH_WORK/qmqp.jsonl"
qmqp relay --proto qmqp --runs "$runs" --n 1000 --conc 1,8
qmqp calls --runs 1
qmqp once --runs 1 --rcpts 1000 --protos qmqp
k report "$BENCH_WORK/qmqp.jsonl"

# Without dma, which starts one process for each queued message.
# shellcheck disable=SC2086 # two words
k run growth $us --out "$out" --label disk --runs 1 --queue 0,10000

# The same images in memory: what is left is work and waiting, not the disk.
ram=/dev/shm/qmta-bench
mkdir -p "$ram"
trap 'rm -rf "$ram"' EXIT
cp --sparse=always "$BENCH_WORK/img/dma.img" "$BENCH_WORK"/img/qmta*.img "$ram/"
BENCH_IMG=$ram; export BENCH_IMG
run ram relay --runs "$runs" --n 1000
run ram inject --runs "$runs" --n 200 --sizes 1024 --conc 1,8
run ram local --runs "$runs" --n 500
k report --ref dma "$out"
