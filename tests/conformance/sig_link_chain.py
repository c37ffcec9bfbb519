"""Processes a - b - c - d, linked in a chain: how the end of c spreads. Only d traps exits."""

from otp import process
from otp.terms import Down
from tests.conformance.lib import tr


def main():
    for how in ("boom", "normal", "kill"):
        me = process.self()
        d = tr.proc("d", last, me)
        c = tr.proc("c", exiting, d, me, how)
        b = tr.proc("b", parked, c, me)
        a = tr.proc("a", parked, b, me)
        for _ in range(3):
            process.receive(lambda m: m == "ready")
        refs = [(n, tr.watch(p)) for n, p in (("a", a), ("b", b), ("c", c))]
        if how == "kill":
            process.exit(c, "kill")
        else:
            process.send(c, "go")
        process.receive(lambda m: m == "d_done")
        tr.sleep(0.1)
        tr.p((how, [(n, died_of(r)) for n, r in refs], ("d", alive(d))))
        for p in (a, b, d):
            process.exit(p, "kill")


def last(me):
    process.trap_exit(True)
    tr.p(("d_got", process.receive()))
    process.send(me, "d_done")
    tr.park()


def exiting(neighbour, me, how):
    process.link(neighbour)
    process.send(me, "ready")
    process.receive(lambda m: m == "go")
    process.exit(how)


def parked(neighbour, me):
    process.link(neighbour)
    process.send(me, "ready")
    tr.park()


def died_of(ref):
    try:
        return process.receive(lambda m: isinstance(m, Down) and m.ref == ref, 0).reason
    except TimeoutError:
        return "alive"


def alive(p):
    return "alive" if tr.alive(p) else "dead"
