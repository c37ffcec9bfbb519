"""A link or monitor that is made by the spawn itself never comes too late."""

from otp import process
from otp.terms import Down, Exit
from tests.conformance.lib import tr


def main():
    process.trap_exit(True)
    tr.p(("spawn_link", sorted({linked() for _ in range(50)})))
    tr.p(("spawn_monitor", sorted({monitored() for _ in range(50)})))
    p1 = process.spawn(process.exit, "instant")
    tr.sleep(0.05)
    tr.p(("late_monitor", tr.gone(p1)))
    process.link(p1)
    tr.p(("late_link", exit_of(p1)))


def linked():
    return exit_of(process.spawn_link(process.exit, "instant"))


def monitored():
    p, ref = process.spawn_monitor(process.exit, "instant")
    return process.receive(lambda m: isinstance(m, Down) and (m.ref, m.pid) == (ref, p)).reason


def exit_of(p):
    return process.receive(lambda m: isinstance(m, Exit) and m.pid == p).reason
