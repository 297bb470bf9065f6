"""qmta for the side-by-side kit: python3 kit.py run relay dma .../tests/bench/qmta.py

BENCH_BUILD names the directory that make built in (build). As installed on a
system with many users: the queue is qmailq's, and a caller who may not write it
hands his mail to a qmail-queue that is set-id. qmta-own.py is the other set-up.
"""
import os
import shutil
import time

QUEUE = True
PROTOS = ('smtp',)
SERVES = ('smtp',)
EXES = ['/usr/sbin/qmta', '/usr/sbin/qmail-queue']
SBIN, CONTROL = '/usr/sbin', '/etc/indimail/control'
Q = '/var/indimail/queue/qmta'
USERS = (('alias', 7790, 'nofiles'), ('qmailq', 7794, 'qmail'), ('qmailr', 7795, 'qmail'))


def programs(c):
    build = os.environ['BENCH_BUILD']
    for p in ('qmta', 'qmail-queue'):
        shutil.copy(os.path.join(build, p), c.p(f'{SBIN}/{p}'))
        os.chmod(c.p(f'{SBIN}/{p}'), 0o755)
    for a in os.listdir(os.path.join(build, 'bin')):
        if a[0] != '.' and a not in ('qmta', 'qmail-queue'):
            c.sh(f'ln -sf qmta {SBIN}/{a}')
    c.write(CONTROL + '/me', 'bench.test\n')


def install(c):
    c.sh('groupadd -g 2108 qmail; groupadd -g 2109 nofiles')
    for u, i, g in USERS:
        c.sh(f'useradd -u {i} -g {g} -d /var/indimail/{u} -s /bin/false {u}')
    programs(c)
    c.sh(f'chown qmailq:qmail {SBIN}/qmail-queue; chmod 4711 {SBIN}/qmail-queue; '
         f'mkdir -p {os.path.dirname(Q)}; queue-fix {Q}')


def relay(c, proto, port):
    c.write(CONTROL + '/smtproutes', f':127.0.0.1:{port}\n')


def local(c):
    relay(c, 'smtp', 2525)


def inject(c):
    return [SBIN + '/sendmail', '-f', 'joe@bench.test'] + c.rcpts


def start(c):
    c.spawn([SBIN + '/qmta-send', '-d', './Maildir/'])


def serve(c, kind):
    # Who is not the queue's owner starts a qmail-queue for each message; so it is him.
    c.write(CONTROL + '/rcpthosts', 'bench.test\nsink.test\n')
    owner = os.stat(c.p(Q))
    c.spawn([SBIN + '/mini-smtpd', '-c', '60', '-u', str(owner.st_uid), '-g', str(owner.st_gid),
             '-l', '127.0.0.1:2526'])
    return 2526


def queue_len(c):
    return c.count(Q + '/mess')


def clean(c):
    for d in ('mess', 'info', 'local', 'remote', 'todo', 'intd', 'bounce', 'pid'):
        c.rmfiles(f'{Q}/{d}')


def mkqueue(c, n):
    """n settled messages (info, remote, mess), the next try of each tomorrow"""
    msg = b'Received: (qmail 1 invoked by uid 2000); 20 Nov 2025 12:00:00 -0000\n' + b'x' * 950 + b'\n'
    own, now = os.stat(c.p(Q)), time.time()

    def put(path, text):
        with open(path, 'xb') as f:
            f.write(text)
            os.fchown(f.fileno(), own.st_uid, own.st_gid)
            return os.fstat(f.fileno()).st_ino
    for _ in range(n):
        tmp = c.p(Q + '/pid/bench')
        i = put(tmp, msg)
        os.rename(tmp, c.p(f'{Q}/mess/0/{i}'))
        put(c.p(f'{Q}/info/0/{i}'), b'Fjoe@bench.test\0')
        put(c.p(f'{Q}/remote/0/{i}'), b'Tto@sink.test\0')
        os.utime(c.p(f'{Q}/remote/0/{i}'), (now, now + 86400))
