"""kill -9 at every system call of submission and of delivery, in each process.

What was accepted arrives at least once and whole, at most one copy more for each
recipient; what was killed before it was accepted arrives whole or not at all;
and nothing stays in the queue."""
from harness import judge
import matrix


def work(root, scene, point, fault, total, say):
    r, queued, wrong = matrix.strike(root, scene, point, fault)
    if not r.hit:
        total.missed += 1
    accepted = True if not scene.submission or r.status == 0 else None
    if scene.replies:
        accepted = True if matrix.taken(r) else None
    if r.hit and scene.listens and point.role != "listener" and r.status:
        wrong.append("the client's second try was not answered")
    if r.hit and scene.submission and not point.proc and r.status != 256 + 9:
        wrong.append("killed, and ends with %d" % r.status)
    v = judge(scene.wants, root.local(), root.sink.got(), accepted, scene.spare)
    total.add(v, wrong)
    if v.wrong or wrong:
        say("%s, killed at %s:" % (scene.name, point))
        for t in wrong + v.wrong:
            say("    " + t)


matrix.run("kill", lambda point, scene, again: [["-k"]], work)
