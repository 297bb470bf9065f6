#!/usr/bin/env python3
"""rate.py [BUILD [N [RUNS]]]: the time N queued messages of 1 KiB (1000) need to
one smarthost, ours beside dma's, in turns (3 each); TAP. Passes when we use one
connection and deliver at least twice as fast as dma in every run's middle.

Needs root and Debian's packages dma and postfix (its smtp-sink), which are
fetched and unpacked, not installed. Everything happens in a network, mount and
process namespace of its own, where /etc and /var/spool are copies. The kit that
docs/BENCHMARKS.md speaks of measures more; this needs nothing but the tree.
"""
import glob
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TEXT = (b'From: joe@bench.test\nTo: to@sink.test\nSubject: bench\n'
        b'Date: Thu, 20 Nov 2025 12:00:00 +0000\nMessage-ID: <1@bench.test>\n\n')
MSG = TEXT + b'x' * (1023 - len(TEXT)) + b'\n'
COUNT = re.compile(rb'sess=(\d+) quit=\d+ mesg=(\d+)')
QUIET = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def skip(why):
    print('1..0 # SKIP', why)
    sys.exit(0)


def unpack(work):
    """dma and smtp-sink below work/peers, from the machine's own archive"""
    for name in ('dma', 'postfix'):
        if subprocess.call(['apt-get', 'download', name], cwd=work, **QUIET):
            skip('the package %s cannot be fetched' % name)
        for deb in glob.glob('%s/%s_*.deb' % (work, name)):
            subprocess.check_call(['dpkg', '-x', deb, work + '/peers'])


class Sink:
    """smtp-sink with its running counters: sessions and messages"""

    def __init__(self, work):
        lib = dict(os.environ, LD_LIBRARY_PATH=work + '/peers/usr/lib/postfix')
        self.p = subprocess.Popen([work + '/peers/usr/sbin/smtp-sink', '-c', '-u', 'nobody',
                                   '127.0.0.1:2525', '500'], env=lib, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        self.fd = self.p.stdout.fileno()
        self.buf = b''
        time.sleep(0.5)
        if self.p.poll() is not None:
            skip('smtp-sink does not run here (a library is missing)')

    def wait(self, n, secs):
        """until n messages are there: (sessions, messages)"""
        end = time.monotonic() + secs
        os.set_blocking(self.fd, False)
        sess = mesg = 0
        while time.monotonic() < end and mesg < n:
            try:
                self.buf = (self.buf + os.read(self.fd, 65536))[-400:]
            except BlockingIOError:
                time.sleep(0.001)
            for m in COUNT.finditer(self.buf):
                sess, mesg = int(m[1]), int(m[2])
        return sess, mesg

    def end(self):
        self.p.terminate()
        self.p.wait()


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
    for d in ('etc-up', 'etc-work', 'spool/dma', 'control', 'programs'):
        os.makedirs(work + '/' + d)
    subprocess.check_call('mount --make-rprivate / && mount -t overlay overlay -o lowerdir=/etc,'
                          'upperdir=etc-up,workdir=etc-work /etc && mount --bind spool /var/spool && '
                          'mkdir -p /etc/dma && chown root:mail /var/spool/dma && '
                          'chmod 2775 /var/spool/dma && ip link set lo up', shell=True, cwd=work)
    for f, t in (('/etc/dma/dma.conf', 'MAILNAME bench.test\nSMARTHOST 127.0.0.1\nPORT 2525\nDEFER\n'),
                 ('/etc/dma/auth.conf', ''), (work + '/control/me', 'bench.test\n'),
                 (work + '/control/smtproutes', ':127.0.0.1:2525\n')):
        with open(f, 'w') as h:
            h.write(t)
    for p in ('qmta', 'qmail-queue'):
        shutil.copy(build + '/' + p, work + '/programs/')
    q, env = work + '/programs/qmta', dict(CONTROLDIR=work + '/control', QUEUEDIR=work + '/queue')
    subprocess.check_call([q, 'queue-fix', work + '/queue'], env=dict(os.environ, **env), **QUIET)
    dma = work + '/peers/usr/sbin/dma'
    return (Peer('dma', [dma, '-f', 'joe@bench.test', 'to@sink.test'], [dma, '-q1']),
            Peer('qmta', [q, 'sendmail', '-f', 'joe@bench.test', 'to@sink.test'], [q, 'qmta-send'], env))


def main():
    build, n, runs = (sys.argv[1:] + [TOP + '/build', '1000', '3'][len(sys.argv) - 1:])[:3]
    if os.getuid():
        skip('needs root')
    if 'RATE_WORK' not in os.environ:
        with tempfile.TemporaryDirectory(dir=os.environ.get('BENCH_WORK', '/var/tmp')) as work:
            os.chmod(work, 0o755)
            unpack(work)
            sys.exit(subprocess.call(['unshare', '-mnpf', '--kill-child', '--mount-proc', sys.executable,
                                      os.path.abspath(__file__), os.path.abspath(build), n, runs],
                                     env=dict(os.environ, RATE_WORK=work)))
    work, n = os.environ['RATE_WORK'], int(n)
    dma, qmta = peers(work, build)
    bad = 0
    for i in range(int(runs)):
        for p in (dma, qmta) if i % 2 == 0 else (qmta, dma):
            sess, mesg = p.run(work, n)
            good = mesg == n and (p is dma or sess == 1)
            bad += not good
            print('%sok - run %d: %s delivered all%s' % ('' if good else 'not ', i + 1, p.name,
                                                         '' if p is dma else ' over one connection'))
    r = statistics.median(b / a for a, b in zip(dma.rates, qmta.rates))
    print('%sok - at least twice the rate of dma: %.1f times' % ('' if r >= 2 else 'not ', r))
    print('1..%d' % (2 * int(runs) + 1))
    sys.exit(1 if bad or r < 2 else 0)


main()
