# sserver.sh: openssl s_server with a certificate of tlsca.sh; source it after that.
#   serve CERTIFICATE OPTION...   one that turns around what it reads; PORT, SERVER its pid
#   stop_server
# shellcheck shell=sh disable=SC2034,SC2154
SERVER=
serve() { # CERTIFICATE OPTION...
	cert=$1; shift
	tls_cert "$cert"
	: >"$TMP/served"
	openssl s_server -accept 127.0.0.1:0 -cert "$TLSCA/$cert.cert" -key "$TLSCA/$cert.key" \
		-cert_chain "$TLSCA/$cert.pem" -cipher DEFAULT@SECLEVEL=0 -rev "$@" \
		>"$TMP/served" 2>&1 </dev/null & SERVER=$!
	n=0
	until grep -q '^ACCEPT' "$TMP/served"; do
		n=$((n + 1))
		if [ $n -ge 200 ] || ! kill -0 "$SERVER" 2>/dev/null; then
			tap_show <"$TMP/served"
			echo "Bail out! no s_server with $cert"
			exit 1
		fi
		sleep 0.02
	done
	PORT=$(sed -n 's/^ACCEPT.*:\([0-9]*\)$/\1/p' "$TMP/served")
}
stop_server() {
	[ -z "$SERVER" ] || { kill "$SERVER"; wait "$SERVER"; } 2>/dev/null
	SERVER=
}
