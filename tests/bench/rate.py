#!/usr/bin/env python3
"""rate.py [BUILD [N [RUNS]]]: the time N queued messages of 1 KiB (1000) need to
one smarthost, ours beside dma's, in turns (3 each); TAP. Passes when we use one
connection and deliver at least twice as fast as dma in every run's middle.

Needs root and Debian's packages dma and postfix (its smtp-sink), which are
fetched and unpacked, not installed. Everything happens in a network, mount and
process namespace of its own, where /etc and /var/spool are copies. The kit that
docs/BENCHMARKS.md speaks of measures more; this needs nothing but the tree.
"""
import os
import re
import shutil
import statistics
import subprocess
import time
import box
from box import MSG, QUIET

COUNT = re.compile(rb'sess=(\d+) quit=\d+ mesg=(\d+)')


class Sink(box.Counter):
    """smtp-sink: sessions and messages"""

    def __init__(self, work):
        super().__init__(work, 'smtp-sink', '-u', 'nobody', '127.0.0.1:2525')

    def wait(self, n, secs):
        """until n messages are there: (sessions, messages)"""
        end = time.monotonic() + secs
        sess = mesg = 0
        while time.monotonic() < end and mesg < n:
            for m in COUNT.finditer(self.poll(0.001)):
                sess, mesg = int(m[1]), int(m[2])
        return sess, mesg


class Peer:
    def __init__(self, name, inject, send, env=None):
        self.name, self.inject, self.send = name, inject, send
        self.env = dict(os.environ, **(env or {}))
        self.rates = []

    def run(self, work, n):
        for _ in range(n):
            subprocess.run(self.inject, input=MSG, env=self.env, check=True, **QUIET)
        os.sync()
        sink = Sink(work)
        t = time.perf_counter()
        p = subprocess.Popen(self.send, env=self.env, **QUIET)
        sess, mesg = sink.wait(n, 60)
        t = time.perf_counter() - t
        p.wait(30)
        time.sleep(0.5)
        sess = max(sess, sink.wait(n + 1, 0.1)[0])
        sink.end()
        self.rates.append(n / t)
        print('# %s: %d messages, %d a second' % (self.name, mesg, n / t), flush=True)
        return sess, mesg


def peers(work, build):
    box.mounts(work, ('spool/dma',), 'mkdir -p /etc/dma && chown root:mail /var/spool/dma && '
               'chmod 2775 /var/spool/dma')
    box.write(('/etc/dma/dma.conf', 'MAILNAME bench.test\nSMARTHOST 127.0.0.1\nPORT 2525\nDEFER\n'),
              ('/etc/dma/auth.conf', ''), (work + '/control/me', 'bench.test\n'),
              (work + '/control/smtproutes', ':127.0.0.1:2525\n'))
    for p in ('qmta', 'qmail-queue'):
        shutil.copy(build + '/' + p, work + '/programs/')
    q, env = work + '/programs/qmta', dict(CONTROLDIR=work + '/control', QUEUEDIR=work + '/queue')
    subprocess.check_call([q, 'queue-fix', work + '/queue'], env=dict(os.environ, **env), **QUIET)
    dma = work + '/dma/usr/sbin/dma'
    return (Peer('dma', [dma, '-f', 'joe@bench.test', 'to@sink.test'], [dma, '-q1']),
            Peer('qmta', [q, 'sendmail', '-f', 'joe@bench.test', 'to@sink.test'], [q, 'qmta-send'], env))


def bench(work, build, n, runs):
    dma, qmta = peers(work, build)
    bad = 0
    for i in range(runs):
        for p in (dma, qmta) if i % 2 == 0 else (qmta, dma):
            sess, mesg = p.run(work, n)
            bad += not box.ok(mesg == n and (p is dma or sess == 1), 'run %d: %s delivered all%s' % (
                i + 1, p.name, '' if p is dma else ' over one connection'))
    r = statistics.median(b / a for a, b in zip(dma.rates, qmta.rates))
    bad += not box.ok(r >= 2, 'at least twice the rate of dma: %.1f times' % r)
    print('1..%d' % (2 * runs + 1))
    return bad > 0


box.main(('dma', 'postfix'), bench)
