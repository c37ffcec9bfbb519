"""demonitor when the Down is in the mailbox already, and when the monitor is still active."""

from otp import process
from otp.terms import Down
from tests.conformance.lib import tr


def main():
    for state in ("fired", "active"):
        for opts in ([], ["flush"], ["info"], ["flush", "info"]):
            p = tr.proc("p", exits_when_told)
            ref = process.monitor(p)
            if state == "fired":
                process.send(p, "go")
                tr.gone(p)
                tr.sleep(0.03)
            r = demonitor(ref, opts)
            process.send(p, "go")
            tr.sleep(0.03)
            downs = [m for m in tr.mailbox(0.05) if isinstance(m, Down) and m.ref == ref]
            tr.p((state, opts, "returns", r, "down_messages", len(downs)))
            tr.p(("again", demonitor(ref, opts)))


def exits_when_told():
    process.receive(lambda m: m == "go")
    process.exit("bye")


def demonitor(ref, opts):
    """Ours always returns what Erlang's does with `info`; without it, Erlang's returns true."""
    active = process.demonitor(ref, flush="flush" in opts)
    return active if "info" in opts else True
