#!/usr/bin/env python3
"""smtpd.py [BUILD [N [RUNS]]]: N messages of 1 KiB (1000) by Postfix's smtp-source into
mini-smtpd -l, 1, 10 and 50 sessions at a time, a session for each message and then many
messages in a session; beside Postfix, OpenSMTPD and notqmail's qmail-smtpd under tcpserver,
in turns (3 each); TAP. Passes when all are queued and we are ahead of each at each number
of sessions, in memory and in the middle of the runs: of OpenSMTPD, which syncs nothing,
without syncing.

Needs root, loop devices, cgroup2 and Debian's packages postfix, opensmtpd, ucspi-tcp,
which are fetched and unpacked, not installed. notqmail has no package: BENCH_NOTQMAIL is
the directory it was built in (static, with musl, at best). Without it the bar is what it
did beside Postfix once. All queues are on one ext4 image of their own: SMTPD_IMAGE names a
directory for it, so that it can be in memory. CPU is that of all processes of a server, by
its cgroup; PSS their largest sum, and flushes the image's, in a run of its own. BENCH_ONLY: names of servers.
"""
import os
import re
import shutil
import socket
import statistics
import subprocess
import threading
import time
import box
from box import QUIET, write

PORT, HERE = 2526, '127.0.0.1'
CONC = (1, 10, 50)
NOTQMAIL = {1: 0.96, 10: 1.94, 50: 1.80}    # times Postfix's rate, in one run of the kit
USERS = [('alias', 7790), ('qmaild', 7791), ('qmaill', 7792), ('qmailp', 7793), ('qmailq', 7794),
         ('qmailr', 7795), ('qmails', 7796), ('postfix', 7801), ('opensmtpd', 7802), ('opensmtpq', 7803)]
GROUPS = [('qmail', 2108), ('nofiles', 2109), ('postfix', 7801), ('postdrop', 7804), ('opensmtpd', 7802),
          ('opensmtpq', 7803)]


def sh(text, **more):
    subprocess.check_call(text, shell=True, **{**QUIET, **more})


class Cgroup:
    """all processes of one server"""

    def __init__(self, name):
        top = next(l.split()[1] for l in open('/proc/mounts') if l.split()[2] == 'cgroup2')
        self.dir = '%s/qmta-bench-%s-%d' % (top, name, time.time_ns())
        os.mkdir(self.dir)

    def enter(self):
        write((self.dir + '/cgroup.procs', '0'))

    def cpu(self):
        return int(re.search(r'usage_usec (\d+)', open(self.dir + '/cpu.stat').read())[1])

    def pids(self):
        return [p for p in open(self.dir + '/cgroup.procs').read().split() if p != '0']

    def pss(self):
        """(KiB, processes)"""
        kib = n = 0
        for p in self.pids():
            try:
                kib += int(re.search(r'^Pss:\s+(\d+)', open('/proc/%s/smaps_rollup' % p).read(), re.M)[1])
                n += 1
            except (OSError, TypeError):
                pass
        return kib, n

    def end(self):
        for sig in (15, 9):
            for _ in range(40):
                for p in self.pids():
                    try:
                        os.kill(int(p), sig)
                    except OSError:
                        pass
                    if sig == 15:
                        break       # the first one, its master
                try:
                    while os.waitpid(-1, os.WNOHANG)[0]:
                        pass
                except ChildProcessError:
                    pass
                if not self.pids():
                    os.rmdir(self.dir)
                    return
                time.sleep(0.1)


class Server:
    def __init__(self, name, argv, queue, env=None, then=None):
        self.name, self.argv, self.queue, self.then = name, argv, queue, then
        self.env = dict(os.environ, **(env or {}))
        self.got = {}

    def start(self):
        self.cg = Cgroup(re.sub(r'\W', '', self.name))
        subprocess.Popen(self.argv, env=self.env, preexec_fn=self.cg.enter, stdin=subprocess.DEVNULL, **QUIET)
        for _ in range(250):
            try:
                socket.create_connection((HERE, PORT), 1).close()
                break
            except OSError:
                time.sleep(0.04)
        time.sleep(0.7)
        if self.then:
            sh(self.then)

    def queued(self):
        return sum(len(f) for d in self.queue for _, _, f in os.walk(d))


class Image:
    """the file system that all queues are on"""

    def __init__(self, work):
        image = os.environ.get('SMTPD_IMAGE', work) + '/queues-%d.img' % os.getpid()
        sh('truncate -s 1500M %s && mkfs.ext4 -qF %s && mkdir -p %s/disk' % (image, image, work))
        self.dev = subprocess.check_output(['losetup', '-f', '--show', image], text=True).strip()
        sh('mount %s %s/disk' % (self.dev, work))
        os.unlink(image)

    def flushes(self):
        return int(open('/sys/block/%s/stat' % os.path.basename(self.dev)).read().split()[15])


def source(work, n, conc, keep):
    argv = [work + '/postfix/usr/sbin/smtp-source', '-l', '1024', '-m', str(n), '-s', str(conc)]
    argv += ['-d'] * keep + ['-f', 'joe@bench.test', '-t', 'to@sink.test', '%s:%d' % (HERE, PORT)]
    r = subprocess.run(argv, env=dict(os.environ, LD_LIBRARY_PATH=work + '/postfix/usr/lib/postfix'),
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    return r.returncode, r.stdout.decode(errors='replace')[-200:]


def timed(s, work, n, conc, keep):
    """1 when all were queued"""
    os.sync()
    q, u, t = s.queued(), s.cg.cpu(), time.perf_counter()
    code, said = source(work, n, conc, keep)
    t = time.perf_counter() - t
    time.sleep(0.1)
    u, q = s.cg.cpu() - u, s.queued() - q
    s.got.setdefault((conc, keep), []).append((n / t, u / n))
    print('# %s, %d sessions%s: %d a second, %d us%s' % (
        s.name, conc, ', kept' * keep, n / t, u / n, '' if not code else ' ' + said), flush=True)
    return code == 0 and q >= n


def weighed(s, image, work, n, conc):
    """(flushes a message, PSS in KiB, processes)"""
    best, go = [0, 0], True

    def watch():
        while go:
            best[:] = map(max, zip(best, s.cg.pss()))
            time.sleep(0.01)
    os.sync()
    time.sleep(0.2)
    f, t = image.flushes(), threading.Thread(target=watch)
    t.start()
    source(work, n, conc, 0)
    go = False
    t.join()
    return [(image.flushes() - f) / n] + best


# ---- the servers, and their machine

def dns():
    """a name server that knows nobody"""
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.bind((HERE, 53))
    while True:
        q, who = u.recvfrom(512)
        u.sendto(q[:2] + b'\x81\x83' + q[4:6] + bytes(6) + q[12:q.index(b'\0', 12) + 5], who)


def machine(work, image):
    box.mounts(work, ('usr-up', 'usr-work', 'var-up', 'var-work'),
               'mount -t overlay overlay -o lowerdir=postfix/usr:opensmtpd/usr:ucspi-tcp/usr:/usr,'
               'upperdir=usr-up,workdir=usr-work /usr && '
               'mount --rbind %s /mnt && mount -t overlay overlay -o lowerdir=/var,upperdir=var-up,workdir=var-work /var && '
               'mount --rbind /mnt %s' % (work, work))
    sh('cd %s/disk && mkdir qmail spool queue && mkdir -p /var/qmail /var/spool /var/log && '
       'mount --bind qmail /var/qmail && mount --bind spool /var/spool && chmod 755 . /var/qmail' % work)
    with open('/etc/passwd', 'a') as f:
        f.writelines('%s:x:%d:%d::/var/qmail%s:/bin/false\n' % (
            u, i, 2108 if u in ('qmailq', 'qmailr', 'qmails') else 2109 if i < 7800 else i,
            '/alias' if u == 'alias' else '') for u, i in USERS)
    with open('/etc/group', 'a') as f:
        f.writelines('%s:x:%d:\n' % g for g in GROUPS)
    write(('/etc/resolv.conf', 'nameserver 127.0.0.1\n'), ('/etc/mailname', 'bench.test\n'),
          ('/etc/hosts', '127.0.0.1 localhost bench.test\n'))
    threading.Thread(target=dns, daemon=True).start()


def notqmail(work):
    tree = os.environ.get('BENCH_NOTQMAIL')
    if not tree:
        return []
    b, q, c = '/var/qmail/bin', '/var/qmail/queue', '/var/qmail/control'
    sh('mkdir -p %s %s /var/qmail/alias /var/qmail/users' % (b, c))
    for p in ('qmail-smtpd', 'qmail-queue'):
        shutil.copy(os.path.join(tree, p), b)
    sh('chown qmailq:qmail {b}/qmail-queue; chmod 4711 {b}/qmail-queue; '
       'for d in lock pid intd todo bounce; do mkdir -p {q}/$d; done; '
       'for d in mess info local remote; do for i in $(seq 0 22); do mkdir -p {q}/$d/$i; done; done; '
       'chown -R qmailq:qmail {q}; cd {q}; chown -R qmails:qmail info local remote bounce; '
       'chmod 750 . lock mess mess/* todo; chmod 700 pid intd; mkfifo lock/trigger; : >lock/sendmutex; '
       'chown qmails:qmail lock/*; chmod 622 lock/trigger'.format(b=b, q=q))
    write((c + '/me', 'bench.test\n'), (c + '/rcpthosts', 'sink.test\n'))
    argv = ['tcpserver', '-R', '-H', '-l', '0', '-c', '60', '-b', '128', '-u', '7791', '-g', '2109',
            HERE, str(PORT), b + '/qmail-smtpd']
    return [Server('notqmail', argv, [q + '/mess'])]


def postfix(work):
    sh('mkdir -p /etc/postfix /var/lib/postfix /var/spool/postfix; cp -a {w}/postfix/etc/postfix/* '
       '{w}/postfix/usr/share/postfix/dynamicmaps.cf /etc/postfix; chown postfix /var/lib/postfix'.format(w=work))
    write(('/etc/postfix/main.cf', '''compatibility_level = 3.6
myhostname = bench.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
mynetworks = 127.0.0.0/8
smtpd_client_connection_count_limit = 0
maillog_file = /var/log/postfix.log
defer_transports = smtp, local
'''), ('/etc/postfix/master.cf', '''%d inet n - n - - smtpd
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
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
''' % PORT))
    subprocess.call(['postfix', 'check'], **QUIET)
    q = '/var/spool/postfix/'
    return [Server('Postfix', ['/usr/lib/postfix/sbin/master', '-c', '/etc/postfix', '-d'],
                   [q + d for d in ('incoming', 'active', 'deferred')])]


def opensmtpd(work):
    write(('/etc/smtpd.conf', 'smtp max-message-size 35M\nsmtp limit max-mails 1000000\n'
           'listen on 127.0.0.1 port %d\nlisten on socket\n'
           'action "relay" relay host smtp+notls://127.0.0.1:2525\n'
           'match from any for any action "relay"\n' % PORT))
    sh('mkdir -p /var/lib/opensmtpd/empty /var/spool/smtpd /run/opensmtpd /etc/opensmtpd; '
       'chmod 711 /var/spool/smtpd; chgrp opensmtpq /usr/sbin/smtpctl; chmod 2755 /usr/sbin/smtpctl')
    return [Server('OpenSMTPD', ['/usr/sbin/smtpd', '-d'], ['/var/spool/smtpd/queue'],
                   then='smtpctl pause mta')]


def ours(work, build):
    """its user is the queue's; one that syncs as little as OpenSMTPD"""
    shutil.copy(build + '/qmta', work + '/programs/')
    os.symlink('qmta', work + '/programs/mini-smtpd')
    all_of = []
    for name, sync in (('qmta', 1), ('qmta, no sync', 0)):
        c, q = '%s/control%d' % (work, sync), '%s/disk/queue/%d' % (work, sync)
        os.mkdir(c)
        write((c + '/me', 'bench.test\n'), (c + '/rcpthosts', 'sink.test\n'), (c + '/conf-fsync', '%d\n' % sync))
        env = dict(CONTROLDIR=c, QUEUEDIR=q)
        sh('programs/qmta queue-fix %s && chown -R qmailq:qmail %s' % (q, q), cwd=work,
           env=dict(os.environ, **env))
        argv = [work + '/programs/mini-smtpd', '-c', '60', '-u', 'qmailq', '-l', '%s:%d' % (HERE, PORT)]
        all_of.append(Server(name, argv, [q + '/mess'], env))
    return all_of


# ---- the run

def middle(a, b, key):
    return statistics.median(x[0] / y[0] for x, y in zip(a.got[key], b.got[key]))


def memory(servers, weights):
    bad = 0
    for s, c in [(s, c) for s in servers if not s.name.startswith('qmta') for c in CONC]:
        ours, theirs = weights['qmta', c][1], weights[s.name, c][1]
        bad += not box.ok(ours < theirs, '%d sessions: %d KiB, less than the %d of %s' % (c, ours, theirs, s.name))
    return bad


def verdicts(servers):
    by = {s.name: s for s in servers}
    bad = 0
    for key in sorted(servers[0].got, key=lambda k: (k[1], k[0])):
        how = '%d sessions%s' % (key[0], ', kept' * key[1])
        for s in servers:
            us = by['qmta, no sync' if s.name == 'OpenSMTPD' else 'qmta']
            if s.name.startswith('qmta'):
                continue
            r = middle(us, s, key)
            bad += not box.ok(r > 1, '%s: ahead of %s: %.2f times' % (how, s.name, r))
        if 'notqmail' not in by and 'Postfix' in by and not key[1]:
            r = middle(by['qmta'], by['Postfix'], key) / NOTQMAIL[key[0]]
            bad += not box.ok(r > 1, '%s: ahead of notqmail as it was beside Postfix: %.2f times' % (how, r))
    return bad


def table(servers, weights):
    print('# server | sessions | messages/s (lowest, highest) | CPU us | kept: messages/s, CPU us | '
          'peak PSS KiB | processes | flushes a message')
    for s in servers:
        for c in CONC:
            new, kept = s.got[c, 0], s.got[c, 1]
            rates = [r for r, _ in new]
            print('# %s | %d | %d (%d, %d) | %d | %d, %d | %d | %d | %.1f' % (
                s.name, c, statistics.median(rates), min(rates), max(rates),
                statistics.median(u for _, u in new), statistics.median(r for r, _ in kept),
                statistics.median(u for _, u in kept), weights[s.name, c][1], weights[s.name, c][2],
                weights[s.name, c][0]))


def bench(work, build, n, runs):
    image = Image(work)
    try:
        return measure(work, build, n, runs, image)
    finally:
        subprocess.call('umount -R /var/qmail /var/spool; umount -l %s/disk; losetup -d %s' % (
            work, image.dev), shell=True, **QUIET)


def measure(work, build, n, runs, image):
    machine(work, image)
    servers = ours(work, build) + notqmail(work) + postfix(work) + opensmtpd(work)
    only = os.environ.get('BENCH_ONLY')
    servers = [s for s in servers if not only or s.name in only.split('/')]
    if not any(s.name == 'notqmail' for s in servers):
        print('# notqmail is missing: BENCH_NOTQMAIL names no directory')
    bad, count, weights = 0, 0, {}
    for i in range(runs):
        for s in servers if i % 2 == 0 else servers[::-1]:
            s.start()
            source(work, 20, 2, 0)
            # Its listen queue is short: at 50 it takes some seven in a second.
            good = [timed(s, work, n // 10 if s.name == 'OpenSMTPD' and c > 10 else n, c, k)
                    for k in (0, 1) for c in CONC]
            if not i:
                weights.update({(s.name, c): weighed(s, image, work, max(50, n // (30 if s.name == 'OpenSMTPD' else 3)), c) for c in CONC})
            s.cg.end()
            for q in s.queue:
                sh('find %s -type f -delete' % (q if 'qmta' not in s.name and s.name != 'notqmail'
                                                else os.path.dirname(q) + ' ! -path "*/lock/*"'))
            bad += not box.ok(all(good), 'run %d: %s has taken all' % (i + 1, s.name))
            count += 1
    if not only:
        bad += verdicts(servers) + memory(servers, weights)
    table(servers, weights)
    return bad > 0


box.main(('postfix', 'opensmtpd', 'ucspi-tcp'), bench)
