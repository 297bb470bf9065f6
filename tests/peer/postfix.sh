# postfix.sh: Postfix in the box; source it after peer.sh. Only its files are here: no
# service is installed, nothing that it takes leaves, and what runs ends with the test.
#   postfix_here DAEMON...   its programs, settings and user; ends the test, skipped, where
#                    there is none, or libraries that these of its daemons need are not there
#   postfix_main     main.cf; more lines of it on standard input
#   postfix_master   master.cf: the daemons behind those that listen, which are on standard input
#   postfix_start PORT       it runs and listens there; MASTER its pid
# shellcheck shell=sh disable=SC2034,SC2154
postfix_here() {
	postfix_p=/usr/peer/postfix
	need "Postfix" $postfix_p/usr/lib/postfix/sbin/master || done_testing
	cp -a $postfix_p/usr/lib/postfix /usr/lib/
	mkdir -p /etc/postfix /var/lib/postfix /var/spool/postfix/private
	for f in post qmqp-s smtp-s; do cp -a $postfix_p/usr/sbin/$f* /usr/sbin/; done
	cp -a $postfix_p/etc/postfix/* $postfix_p/usr/share/postfix/dynamicmaps.cf /etc/postfix/
	sed -i '/^\(postfix\|postdrop\):/d' /etc/passwd /etc/group
	echo 'postfix:x:54101:54101::/var/spool/postfix:/bin/false' >>/etc/passwd
	printf 'postfix:x:54101:\npostdrop:x:54102:\n' >>/etc/group
	for f; do
		! ldd "/usr/lib/postfix/sbin/$f" | grep -q 'not found' || {
			skip "Postfix" "libraries that $f needs are not here"
			done_testing
		}
	done
}

postfix_main() {
	cat >/etc/postfix/main.cf <<-C
		compatibility_level = 3.6
		mydestination =
		inet_interfaces = 127.0.0.1
		inet_protocols = ipv4
		alias_maps =
		alias_database =
		local_recipient_maps =
		local_header_rewrite_clients =
		maillog_file = /var/log/postfix.log
		defer_transports = smtp, local
	C
	cat >>/etc/postfix/main.cf
}

postfix_master() {
	cat >/etc/postfix/master.cf
	cat >>/etc/postfix/master.cf <<-C
		cleanup unix n - n - 0 cleanup
		qmgr unix n - n 300 1 qmgr
		rewrite unix - - n - - trivial-rewrite
		bounce unix - - n - 0 bounce
		defer unix - - n - 0 bounce
		trace unix - - n - 0 bounce
		error unix - - n - - error
		retry unix - - n - - error
		smtp unix - - n - - smtp
		showq unix n - n - - showq
		postlog unix-dgram n - n - 1 postlogd
	C
}

postfix_start() {
	chown postfix /var/lib/postfix /var/spool/postfix/private
	postfix check >/dev/null 2>&1
	/usr/lib/postfix/sbin/master -c /etc/postfix -d 2>"$TMP/master" & MASTER=$!
	wait_for is_open "$1" || {
		cat "$TMP/master" /var/log/postfix.log
		echo "Bail out! Postfix does not listen"
		exit 1
	}
}
