"""Exit signals with five reasons, to a process that traps exits and one that does not."""

from otp import process
from otp.terms import Down
from tests.conformance.lib import tr


def main():
    for trap in (False, True):
        for reason in ("normal", "shutdown", "boom", "killed", "kill"):
            me = process.self()

            def target():
                process.trap_exit(trap)
                process.send(me, "ready")
                tr.p(("got", process.receive()))
                tr.park()

            p = tr.proc("target", target)
            process.receive(lambda m: m == "ready")
            ref = tr.watch(p)
            tr.proc("sender", lambda: process.exit(p, reason))
            try:
                down = process.receive(lambda m: isinstance(m, Down) and m.ref == ref, 0.15)
                r = ("died_of", down.reason)
            except TimeoutError:
                r = "alive"
            tr.p(("trap", trap, "signal", reason, r))
            process.exit(p, "kill")
