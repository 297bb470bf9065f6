"""What rate.py and qmqprate.py share: the message, packages that are fetched and unpacked
but not installed, a sink that counts, and the name spaces that all of it happens in."""
import glob
import os
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TEXT = (b'From: joe@bench.test\nTo: to@sink.test\nSubject: bench\n'
        b'Date: Thu, 20 Nov 2025 12:00:00 +0000\nMessage-ID: <1@bench.test>\n\n')
MSG = TEXT + b'x' * (1023 - len(TEXT)) + b'\n'
QUIET = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def skip(why):
    print('1..0 # SKIP', why)
    sys.exit(0)


def unpack(work, names):
    """each package below work/NAME, from the machine's own archive"""
    for name in names:
        if subprocess.call(['apt-get', 'download', name], cwd=work, **QUIET):
            skip('the package %s cannot be fetched' % name)
        for deb in glob.glob('%s/%s_*.deb' % (work, name)):
            subprocess.check_call(['dpkg', '-x', deb, '%s/%s' % (work, name)])


class Counter:
    """one of Postfix's sinks with its running counters; poll() has the end of what it said"""

    def __init__(self, work, name, *args):
        lib = dict(os.environ, LD_LIBRARY_PATH=work + '/postfix/usr/lib/postfix')
        self.p = subprocess.Popen(['%s/postfix/usr/sbin/%s' % (work, name), '-c', *args, '500'],
                                  env=lib, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        os.set_blocking(self.p.stdout.fileno(), False)
        self.buf = b''
        time.sleep(0.5)
        if self.p.poll() is not None:
            skip('%s does not run here (a library is missing)' % name)

    def poll(self, pause):
        try:
            self.buf = (self.buf + os.read(self.p.stdout.fileno(), 65536))[-400:]
        except BlockingIOError:
            time.sleep(pause)
        return self.buf

    def end(self):
        self.p.terminate()
        self.p.wait()


def mounts(work, dirs, shell):
    """these directories, copies of /etc and /var/spool over the machine's, and the commands"""
    for d in ('etc-up', 'etc-work', 'spool', 'control', 'programs') + dirs:
        os.makedirs(work + '/' + d, exist_ok=True)
    subprocess.check_call('mount --make-rprivate / && mount -t overlay overlay -o lowerdir=/etc,'
                          'upperdir=etc-up,workdir=etc-work /etc && mount --bind spool /var/spool && '
                          'ip link set lo up && ' + shell, shell=True, cwd=work)


def write(*files):
    for name, text in files:
        with open(name, 'w') as h:
            h.write(text)


def ok(good, what):
    print('%sok - %s' % ('' if good else 'not ', what))
    return good


def main(packages, bench):
    """bench(work, build, n, runs) in the box: its exit number"""
    build, n, runs = (sys.argv[1:] + [TOP + '/build', '1000', '3'][len(sys.argv) - 1:])[:3]
    if os.getuid():
        skip('needs root')
    if 'RATE_WORK' in os.environ:
        sys.exit(bench(os.environ['RATE_WORK'], build, int(n), int(runs)))
    with tempfile.TemporaryDirectory(dir=os.environ.get('BENCH_WORK', '/var/tmp')) as work:
        os.chmod(work, 0o755)
        unpack(work, packages)
        sys.exit(subprocess.call(['unshare', '-mnpf', '--kill-child', '--mount-proc', sys.executable,
                                  os.path.abspath(sys.argv[0]), os.path.abspath(build), n, runs],
                                 env=dict(os.environ, RATE_WORK=work)))
