"""qmta where the caller owns the queue (one user's machine, a container, a board
where root sends): sendmail writes the queue in its own process, without set-id."""
import importlib.util
import os

_s = importlib.util.spec_from_file_location('q', os.path.join(os.path.dirname(os.path.abspath(__file__)), 'qmta.py'))
_m = importlib.util.module_from_spec(_s)
_s.loader.exec_module(_m)
globals().update({k: v for k, v in vars(_m).items() if not k.startswith('__')})


def install(c):
    c.sh('groupadd -g 2108 qmail; useradd -u 7795 -g qmail -d / -s /bin/false qmailr')
    programs(c)
    # Made by joe, so it is his; the runner is still started by root, and becomes joe.
    c.sh(f'mkdir -p {os.path.dirname(Q)} && chown 2000:2000 {os.path.dirname(Q)}')
    c.sh(f'queue-fix {Q}', user=2000)
