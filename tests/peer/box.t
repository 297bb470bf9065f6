#!/bin/sh
# box.sh itself: what is done in the box reaches nothing of the machine.
# shellcheck disable=SC1091
. "$(dirname "$0")/../lib/tap.sh"
box() { sh "$TOP/tests/peer/box.sh" run sh -c "$1" 2>&1; }
box true >"$TMP/why" || skip_all "$(cat "$TMP/why")"
is "root of the box" "$(box 'id -u')" 0
s=/proc/sys/kernel/core_uses_pid
was=$(cat $s)
# The same value again, so that this test is no harm where it fails.
like "no setting of the kernel can be written" "$(box "cat $s >/tmp/was; cat /tmp/was >$s && echo written")" 'cannot create'
is "it is as it was" "$(cat $s)" "$was"
like "no device can be made" "$(box 'mknod /tmp/m c 1 3 && echo made')" 'mknod: '
is "no file is left" "$(box 'echo x >/etc/qmta-box-test; cat /etc/qmta-box-test'; ls /etc/qmta-box-test 2>/dev/null)" x
is "it can be told from the machine, for peer.sh" "$(box 'ls /in-box'; ls /in-box 2>/dev/null)" /in-box
is "name spaces can be made in it" "$(box 'unshare -U -r -m id -u')" 0
done_testing
