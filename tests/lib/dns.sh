# dns.sh: a network of a test's own, with a DNS server in it; source it after tap.sh.
#   dns_inside WHAT [OPTION]   the test runs in namespaces of its own, by unshare OPTION;
#                        where there are none, WHAT is skipped
#   dns_over FILE...     $TMP/FILE is /etc/FILE there
#   dns_start [SECS]     dnssink.py with $TMP/zone; DNS is its pid, the caller's to end
# shellcheck shell=sh disable=SC2034 # read by the tests
dns_inside() {
	[ -z "${INNER:-}" ] || return 0
	unshare "${2:--Urmn}" true 2>/dev/null || skip_all "$1: no namespaces here"
	INNER=$TMP
	export INNER
	unshare "${2:--Urmn}" sh "$0"
	exit
}

dns_over() {
	for dns_f; do
		mount --bind "$TMP/$dns_f" "/etc/$dns_f" 2>/dev/null ||
			skip_all "cannot mount over /etc/$dns_f"
	done
}

dns_start() {
	rm -f "$TMP/ready"
	python3 "$TOP/tests/lib/dnssink.py" "$TMP/zone" "$TMP/ready" "${1:-120}" &
	DNS=$!
	dns_n=0
	until [ -e "$TMP/ready" ]; do
		dns_n=$((dns_n + 1))
		[ $dns_n -lt 200 ] || { echo "Bail out! no DNS server"; exit 1; }
		sleep 0.05
	done
}
