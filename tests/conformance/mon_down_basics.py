"""One Down for each monitor, whatever the reason; and a monitor goes one way."""

from otp import process
from otp.terms import Down
from tests.conformance.lib import tr


def main():
    p = tr.proc("p", process.receive)
    r1, r2, r3 = process.monitor(p), process.monitor(p), process.monitor(p)
    for r, n in ((r1, "mon1"), (r2, "mon2"), (r3, "mon3")):
        tr.name(r, n)
    tr.p(("refs_differ", len({r1, r2, r3})))
    tr.p(("demonitor_one", process.demonitor(r2)))
    process.send(p, "go")
    downs = [m for m in tr.mailbox(0.15) if isinstance(m, Down)]
    tr.p(("mailbox", sorted((tr.label(m.ref), "process", m.pid, m.reason) for m in downs)))
    r4 = process.monitor(p)
    tr.name(r4, "mon4")
    tr.p(("dead_target", process.receive()))
    q = tr.proc("q", tr.park)
    w = tr.proc("watcher", watcher, q)
    tr.gone(w)
    tr.sleep(0.05)
    tr.p(("watched_alive", tr.alive(q)))


def watcher(q):
    process.monitor(q)
    process.exit("watcher_bug")
