"""Whether exits are trapped counts when the signal arrives, not when its message is read."""

from otp import process
from tests.conformance.lib import tr


def main():
    p = tr.proc("toggler", toggler)
    ref = tr.watch(p)
    tr.wait(("was", False))
    process.exit(p, "first")
    tr.p("first_sent")
    tr.wait("ready_for_second")
    process.exit(p, "second")
    tr.p(("died_of", tr.reason_of(ref)))


def toggler():
    tr.p(("was", process.trap_exit(True)))
    tr.wait("first_sent")
    tr.sleep(0.05)
    tr.p(("was", process.trap_exit(False)))
    tr.p(("still_in_mailbox", tr.mailbox(0.05)))
    tr.p("ready_for_second")
    tr.park()
