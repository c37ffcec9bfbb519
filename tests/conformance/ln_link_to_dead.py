"""Linking to a process that is dead: an Exit for who traps exits, an error for who does not."""

from otp import process
from tests.conformance.lib import tr


def main():
    dead = tr.proc("dead", process.exit, "original_reason")
    tr.gone(dead)
    tr.sleep(0.05)
    for trap in (True, False):
        p = tr.proc("linker", linker, trap, dead)
        ref = tr.watch(p)
        process.send(p, "go")
        tr.p(("trap", trap, "linker_died_of", tr.reason_of(ref)))
    tr.gone(tr.proc("careful", lambda: tr.p(("caught", tr.attempt(process.link, dead)))))


def linker(trap, dead):
    process.trap_exit(trap)
    process.receive(lambda m: m == "go")
    r = tr.true(process.link, dead)
    tr.sleep(0.1)
    tr.p(("link_returned", r, "mailbox", tr.mailbox(0.05)))
