# tree.sh: for tests of the build itself; source it after tap.sh. tree DIR makes
# a copy of what the build needs, sharing the fetched libraries.
# shellcheck shell=sh
MAKE=${MAKE:-make}
DEPS=${DEPS:-$TOP/.deps}
O=${O:-$TOP/build}
tree() {
	mkdir -p "$1/tests/lib"
	cp -Rp "$TOP/Makefile" "$TOP/config.mk" "$TOP/board" "$TOP/scripts" \
		"$TOP/src" "$1/"
	cp -p "$TOP/tests/lib/clock_fake.c" "$1/tests/lib/"
	[ ! -d "$TOP/docs" ] || cp -Rp "$TOP/docs" "$1/"
}
# build DIR ARGUMENT...: make there, quietly, with two jobs.
build() {
	build_dir=$1; shift
	$MAKE -s --no-print-directory -C "$build_dir" DEPS="$DEPS" O=build -j2 "$@"
}
