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
QUIET = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
QMQPC = '/usr/sbin/qmail-qmqpc'     # by our build's default


def skip(why):
    print('1..0 # SKIP', why)
    sys.exit(0)


def unpack(work):
    for name in ('nullmailer', 'postfix'):
        if subprocess.call(['apt-get', 'download', name], cwd=work, **QUIET):
            skip('the package %s cannot be fetched' % name)
        for deb in glob.glob('%s/%s_*.deb' % (work, name)):
            subprocess.check_call(['dpkg', '-x', deb, '%s/%s' % (work, name)])


class Sink:
    """qmqp-sink with its running counter"""

    def __init__(self, work):
        lib = dict(os.environ, LD_LIBRARY_PATH=work + '/postfix/usr/lib/postfix')
        self.p = subprocess.Popen([work + '/postfix/usr/sbin/qmqp-sink', '-c', '127.0.0.1:628', '500'],
                                  env=lib, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        os.set_blocking(self.p.stdout.fileno(), False)
        self.buf, self.n = b'', 0
        time.sleep(0.5)
        if self.p.poll() is not None:
            skip('qmqp-sink does not run here (a library is missing)')

    def wait(self, n, secs):
        end = time.monotonic() + secs
        while time.monotonic() < end and self.n < n:
            try:
                self.buf = (self.buf + os.read(self.p.stdout.fileno(), 65536))[-200:]
            except BlockingIOError:
                time.sleep(0.0005)
            for m in re.finditer(rb'(\d+)\r', self.buf):
                self.n = int(m[1])
        return self.n

    def end(self):
        self.p.terminate()
        self.p.wait()


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
    for d in ('etc-up', 'etc-work', 'spool/nullmailer/queue', 'spool/nullmailer/tmp',
              'spool/nullmailer/failed', 'control', 'programs', 'usr-up', 'usr-work'):
        os.makedirs(work + '/' + d)
    with open(work + '/msg', 'wb') as f:
        f.write(MSG)
    # /usr with nullmailer's files, and no qmail-queue of ours to be found.
    subprocess.check_call('mount --make-rprivate / && mount -t overlay overlay -o lowerdir=/etc,'
                          'upperdir=etc-up,workdir=etc-work /etc && mount -t overlay overlay -o '
                          'lowerdir=nullmailer/usr:/usr,upperdir=usr-up,workdir=usr-work /usr && '
                          'mount --bind spool /var/spool && mkdir -p /etc/nullmailer && '
                          'mkfifo -m 622 /var/spool/nullmailer/trigger && '
                          'chown -R mail: /var/spool/nullmailer && ip link set lo up',
                          shell=True, cwd=work)
    for f, t in (('/etc/nullmailer/remotes', '127.0.0.1 qmqp --port=628\n'),
                 ('/etc/mailname', 'bench.test\n'), ('/etc/nullmailer/adminaddr', '\n'),
                 (work + '/control/me', 'bench.test\n'), (work + '/control/qmqpservers', '127.0.0.1\n')):
        with open(f, 'w') as h:
            h.write(t)
    q = work + '/programs/qmta'
    shutil.copy(build + '/qmta', q)
    for a in ('sendmail', 'qmail-qmqpc'):
        os.symlink('qmta', work + '/programs/' + a)
    env, to = dict(CONTROLDIR=work + '/control'), ['-f', 'joe@bench.test', 'to@sink.test']
    ours = work + '/programs/sendmail'
    return (Peer('nullmailer', ['/usr/sbin/sendmail'] + to, {}, ['/usr/sbin/nullmailer-send']),
            Peer('qmta, two programs', [ours] + to, dict(env, QMAILQUEUE=work + '/programs/qmail-qmqpc')),
            Peer('qmta', [ours] + to, dict(env, QMAILQUEUE=QMQPC)))


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
    null, two, one = all_of = peers(work, build)
    bad = 0
    for i in range(int(runs)):
        for p in all_of if i % 2 == 0 else all_of[::-1]:
            good = p.run(work, n)
            bad += not good
            print('%sok - run %d: %s delivered all' % ('' if good else 'not ', i + 1, p.name))
    print('# %.1f times the rate of two programs' % statistics.median(
        b / a for a, b in zip(two.rates, one.rates)))
    r = statistics.median(b / a for a, b in zip(null.rates, one.rates))
    print('%sok - at least twice the rate of nullmailer: %.1f times' % ('' if r >= 2 else 'not ', r))
    print('1..%d' % (3 * int(runs) + 1))
    sys.exit(1 if bad or r < 2 else 0)


main()
