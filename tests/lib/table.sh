# table.sh: results that are also a table, for whoever reads them; source after tap.sh.
#   row SERVER SETTING EXPECTED GOT   passes when a line of GOT matches EXPECTED (grep -E)
#   table_show                        the table as comments; to standard error, where
#                                     prove lets it through, when the form is long
# shellcheck shell=sh
row() {
	printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$(printf '%s' "$4" | tr '\n\t' '  ' | cut -c 1-150)" \
		>>"$TMP/.table"
	like "$1, $2" "$4" "$3"
}

table_show() {
	[ -s "$TMP/.table" ] || return 0
	awk -F'\t' 'BEGIN { print "# server | setting | expected | got" }
		{ print "# " $1 " | " $2 " | " $3 " | " $4 }' "$TMP/.table" >"$TMP/.shown"
	cat "$TMP/.shown"
	[ -n "${QMTA_SHORT:-}" ] || cat "$TMP/.shown" >&2
}
