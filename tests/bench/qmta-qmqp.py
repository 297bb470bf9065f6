"""qmta as a null client: no queue, sendmail hands each message to the QMQP server itself.
BENCH_BUILD names a directory that make built in; that of BOARD=diskless will do."""
import os

QUEUE = False
PROTOS = ('qmqp',)
PORTS = {'qmqp': 628}
EXES = ['/usr/sbin/qmta']
CONTROL = '/etc/indimail/control'


def install(c):
    import shutil
    build = os.environ['BENCH_BUILD']
    shutil.copy(os.path.join(build, 'qmta'), c.p('/usr/sbin/qmta'))
    os.chmod(c.p('/usr/sbin/qmta'), 0o755)
    for a in ('sendmail', 'qmail-qmqpc'):
        c.sh(f'ln -sf qmta /usr/sbin/{a}')
    # mini-qmail's way, also where the build could keep a queue.
    c.sh('ln -sf qmail-qmqpc /usr/sbin/qmail-queue')
    c.write(CONTROL + '/me', 'bench.test\n')
    c.write(CONTROL + '/qmqpservers', '127.0.0.1\n')


def relay(c, proto, port):
    pass


def inject(c):
    return ['/usr/sbin/sendmail', '-f', 'joe@bench.test'] + c.rcpts
