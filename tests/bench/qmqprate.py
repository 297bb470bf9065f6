#!/usr/bin/env python3
"""qmqprate.py [BUILD [N [RUNS]]]: N messages of 1 KiB (1000) by sendmail to a QMQP
server (Postfix's qmqp-sink), one at a time, ours beside nullmailer's, in turns (3 each);
TAP. Passes when all are delivered and we are at least twice as fast in every run's
middle. nullmailer has a queue: the time is that of its sender alone, which finds all
messages there; ours is the whole way from the first sendmail. For comparison our own
programs in the classic way, sendmail with qmail-qmqpc as a program that it starts.

Needs root and Debian's packages nullmailer and postfix, which are fetched and unpacked,
not installed. Everything happens in network, mount and process namespaces of its own,
with copies over /etc, /usr and /var/spool. The kit that docs/BENCHMARKS.md speaks of
measures more, and other programs; this needs nothing but the tree.
"""
import os
import re
import shutil
import statistics
import subprocess
import time
import box
from box import MSG, QUIET

QMQPC = '/usr/sbin/qmail-qmqpc'     # by our build's default


class Sink(box.Counter):
    """qmqp-sink: messages"""

    def __init__(self, work):
        super().__init__(work, 'qmqp-sink', '127.0.0.1:628')
        self.n = 0

    def wait(self, n, secs):
        end = time.monotonic() + secs
        while time.monotonic() < end and self.n < n:
            for m in re.finditer(rb'(\d+)\r', self.poll(0.0005)):
                self.n = int(m[1])
        return self.n


def submit(argv, env, path, n):
    """n times, one behind the other; how many failed"""
    bad = 0
    for _ in range(n):
        pid = os.posix_spawn(argv[0], argv, env, file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, path, os.O_RDONLY, 0)])
        bad += os.waitpid(pid, 0)[1] != 0
    return bad


class Peer:
    def __init__(self, name, inject, env, send=None):
        self.name, self.inject, self.send = name, inject, send
        self.env = dict(os.environ, **env)
        self.rates = []

    def run(self, work, n):
        """1 when all came"""
        bad, daemon = 0, None
        if self.send:
            bad = submit(self.inject, self.env, work + '/msg', n)
        sink = Sink(work)
        t = time.perf_counter()
        if self.send:
            daemon = subprocess.Popen(self.send, env=self.env, **QUIET)
        else:
            bad = submit(self.inject, self.env, work + '/msg', n)
        got = sink.wait(n, 60)
        t = time.perf_counter() - t
        if daemon:
            daemon.terminate()
            daemon.wait()
        sink.end()
        self.rates.append(n / t)
        print('# %s: %d messages, %d refused, %d a second' % (self.name, got, bad, n / t), flush=True)
        return got == n and not bad


def peers(work, build):
    # /usr with nullmailer's files, and no qmail-queue of ours to be found.
    box.mounts(work, ('spool/nullmailer/queue', 'spool/nullmailer/tmp', 'spool/nullmailer/failed',
                      'usr-up', 'usr-work'),
               'mount -t overlay overlay -o lowerdir=nullmailer/usr:/usr,upperdir=usr-up,'
               'workdir=usr-work /usr && mkdir -p /etc/nullmailer && '
               'mkfifo -m 622 /var/spool/nullmailer/trigger && '
               'chown -R mail: /var/spool/nullmailer')
    with open(work + '/msg', 'wb') as f:
        f.write(MSG)
    box.write(('/etc/nullmailer/remotes', '127.0.0.1 qmqp --port=628\n'),
              ('/etc/mailname', 'bench.test\n'), ('/etc/nullmailer/adminaddr', '\n'),
              (work + '/control/me', 'bench.test\n'), (work + '/control/qmqpservers', '127.0.0.1\n'))
    q = work + '/programs/qmta'
    shutil.copy(build + '/qmta', q)
    for a in ('sendmail', 'qmail-qmqpc'):
        os.symlink('qmta', work + '/programs/' + a)
    env, to = dict(CONTROLDIR=work + '/control'), ['-f', 'joe@bench.test', 'to@sink.test']
    ours = work + '/programs/sendmail'
    return (Peer('nullmailer', ['/usr/sbin/sendmail'] + to, {}, ['/usr/sbin/nullmailer-send']),
            Peer('qmta, two programs', [ours] + to, dict(env, QMAILQUEUE=work + '/programs/qmail-qmqpc')),
            Peer('qmta', [ours] + to, dict(env, QMAILQUEUE=QMQPC)))


def bench(work, build, n, runs):
    null, two, one = all_of = peers(work, build)
    bad = 0
    for i in range(runs):
        for p in all_of if i % 2 == 0 else all_of[::-1]:
            bad += not box.ok(p.run(work, n), 'run %d: %s delivered all' % (i + 1, p.name))
    print('# %.1f times the rate of two programs' % statistics.median(
        b / a for a, b in zip(two.rates, one.rates)))
    r = statistics.median(b / a for a, b in zip(null.rates, one.rates))
    bad += not box.ok(r >= 2, 'at least twice the rate of nullmailer: %.1f times' % r)
    print('1..%d' % (3 * runs + 1))
    return bad > 0


box.main(('nullmailer', 'postfix'), bench)
